/* What a Map's ItemReader makes of data that is given in place of its source: JSON (an array, or an
 * object's members; ItemsPointer finds the place), JSON Lines, CSV. Serves: ASL spec "ItemReader".
 */
#include <stdlib.h>
#include <string.h>

#include "engine/api/test_state/test_state.h"

static bool fail(struct test_state *t, const char *cause)
{
    t->read_failure = cause;
    return false;
}

/* ---- JSON ---- */

/* RFC 6901; NULL when there is no such place. */
static const asl_value *at_pointer(const asl_value *v, struct asl_text pointer)
{
    size_t at = 0;
    while (v && at < pointer.size && pointer.data[at] == '/') {
        struct asl_buffer token;
        asl_buffer_init(&token, 65536);
        for (at++; at < pointer.size && pointer.data[at] != '/'; at++) {
            char c = pointer.data[at], after = at + 1 < pointer.size ? pointer.data[at + 1] : '\0';
            bool escape = c == '~' && (after == '0' || after == '1');
            asl_buffer_putc(&token, (char)(!escape ? c : after == '0' ? '~' : '/'));
            at += escape;
        }
        char *end = NULL;
        const char *name = token.data ? token.data : "";
        unsigned long index = strtoul(name, &end, 10);
        if (value_kind(v) == VALUE_ARRAY)
            v = *name && !*end && index < value_count(v) ? value_at(v, index) : NULL;
        else
            v = value_get(v, asl_buffer_text(&token));
        asl_buffer_free(&token);
    }
    return at == pointer.size ? v : NULL;
}

static bool read_json(struct test_state *t, struct asl_text data, const asl_value *config)
{
    asl_value *whole = value_parse(data, 0, 0, NULL);
    const asl_value *pointer = api_get(config, "ItemsPointer");
    const asl_value *place = pointer && whole ? at_pointer(whole, value_as_text(pointer)) : whole;
    if (place && pointer)
        t->pointed = value_retain(place);
    if (place && value_kind(place) == VALUE_ARRAY)
        t->items = value_retain(place);
    else if (place && value_kind(place) == VALUE_OBJECT)
        t->items = value_members(place);
    value_release(whole);
    return t->items || fail(t, "Attempting to map over non-iterable node.");
}

/* ---- lines ---- */

/* The next line without its end; false behind the last. */
static bool next_line(struct asl_text *rest, struct asl_text *line)
{
    if (rest->size == 0)
        return false;
    const char *end = memchr(rest->data, '\n', rest->size);
    line->data = rest->data;
    line->size = end ? (size_t)(end - rest->data) : rest->size;
    size_t used = line->size + (end != NULL);
    rest->data += used;
    rest->size -= used;
    if (line->size > 0 && line->data[line->size - 1] == '\r')
        line->size--;
    return true;
}

static bool read_jsonl(struct test_state *t, struct asl_text data)
{
    struct asl_text line;
    asl_value *items = value_empty_array();
    while (next_line(&data, &line)) {
        asl_value *item = line.size ? value_parse(line, 0, 0, NULL) : NULL;
        if (!item && line.size) {
            value_release(items);
            return fail(t, "The JSON Lines data has a line that is not valid JSON.");
        }
        if (item)
            items = value_append_take(items, item);
    }
    t->items = items;
    return true;
}

/* ---- CSV ---- */

/* One record, quotes undone, to strings; yours. False behind the last. */
static bool next_record(struct asl_text *rest, char delimiter, asl_value **fields)
{
    struct asl_buffer field;
    bool quoted = false, ended = false;
    size_t at = 0;
    if (rest->size == 0)
        return false;
    asl_buffer_init(&field, ASL_BUFFER_MAXIMUM);
    *fields = value_empty_array();
    for (; !ended && at <= rest->size; at++) {
        char c = at < rest->size ? rest->data[at] : '\n';
        bool doubled = quoted && c == '"' && at + 1 < rest->size && rest->data[at + 1] == '"';
        if (doubled) {
            asl_buffer_putc(&field, '"');
            at++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted || at == rest->size) {
            ended = c == '\n';
            if (c == delimiter || ended) {
                *fields = value_append_take(*fields, value_string(asl_buffer_text(&field)));
                asl_buffer_clear(&field);
            } else if (c != '\r') {
                asl_buffer_putc(&field, c);
            }
        } else {
            asl_buffer_putc(&field, c);
        }
    }
    at = at > rest->size ? rest->size : at;
    rest->data += at;
    rest->size -= at;
    asl_buffer_free(&field);
    return true;
}

static asl_value *row_of(const asl_value *header, const asl_value *fields)
{
    struct value_list row;
    value_list_init(&row);
    for (size_t i = 0; i < value_count(header); i++)
        value_list_push_member_take(&row, value_retain(value_at(header, i)),
                                    i < value_count(fields) ? value_retain(value_at(fields, i))
                                                            : value_string_z(""));
    return value_object_take(&row);
}

static bool repeats(const asl_value *header)
{
    for (size_t i = 0; i < value_count(header); i++)
        for (size_t k = 0; k < i; k++)
            if (value_equal(value_at(header, i), value_at(header, k)))
                return true;
    return false;
}

static char delimiter_of(const asl_value *config)
{
    static const struct {
        const char *name;
        char c;
    } names[] = {{"COMMA", ','}, {"PIPE", '|'}, {"SEMICOLON", ';'}, {"SPACE", ' '}, {"TAB", '\t'}};
    const asl_value *given = api_get(config, "CSVDelimiter");
    for (size_t i = 0; given && i < sizeof names / sizeof *names; i++)
        if (asl_text_is(value_as_text(given), names[i].name))
            return names[i].c;
    return ',';
}

static bool read_csv(struct test_state *t, struct asl_text data, const asl_value *config)
{
    const asl_value *location = api_get(config, "CSVHeaderLocation");
    const asl_value *given = api_get(config, "CSVHeaders");
    char delimiter = delimiter_of(config);
    asl_value *header = NULL, *fields;
    if (location && asl_text_is(value_as_text(location), "GIVEN") && given)
        header = value_retain(given);
    else if (!next_record(&data, delimiter, &header))
        header = value_empty_array();
    if (repeats(header)) {
        value_release(header);
        return fail(t, "CSV headers cannot contain duplicates.");
    }
    asl_value *items = value_empty_array();
    while (next_record(&data, delimiter, &fields)) {
        items = value_append_take(items, row_of(header, fields));
        value_release(fields);
    }
    value_release(header);
    t->items = items;
    return true;
}

bool test_state_read_items(struct test_state *t, struct asl_text data)
{
    const asl_value *config = t->tested->of.map.reader.config;
    const asl_value *type = api_get(config, "InputType");
    struct asl_text name = type ? value_as_text(type) : ASL_TEXT("JSON");
    if (asl_text_is(name, "CSV"))
        return read_csv(t, data, config);
    if (asl_text_is(name, "JSONL"))
        return read_jsonl(t, data);
    return read_json(t, data, config);
}

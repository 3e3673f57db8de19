/* What a rule's target gets of an event: the event, a part of it (InputPath), a text (Input), or a
 * text with parts of the event in it (InputTransformer).
 *
 * In a template "<name>" stands for what the path of that name found. Within quotes a string goes
 * in as it is, escaped, and other values as their JSON; outside of quotes every value as JSON, so
 * that
 * {"n": <n>} is JSON again. Of a path that finds nothing AWS's page does not tell: nothing within
 * quotes, null outside. */
#include <string.h>

#include "events.h"
#include "model.h"

#define NAME_MAXIMUM 256

/* "$.detail.order" of an event; NULL when there is no such place. */
static const asl_value *at_path(const asl_value *event, struct asl_text path)
{
    const asl_value *v = event;
    size_t at = 1;
    if (!path.size || path.data[0] != '$')
        return NULL;
    while (v && at < path.size && path.data[at] == '.') {
        size_t start = ++at;
        while (at < path.size && path.data[at] != '.')
            at++;
        v = value_get(v, (struct asl_text){path.data + start, at - start});
    }
    return at == path.size ? v : NULL;
}

struct filling {
    const asl_value *paths, *event, *rule;
};

static asl_value *without_detail(const asl_value *event)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < value_count(event); i++)
        if (!asl_text_is(value_as_text(value_key_at(event, i)), "detail"))
            value_list_push_member_take(&l, value_retain(value_key_at(event, i)),
                                        value_retain(value_at(event, i)));
    return value_object_take(&l);
}

/* What AWS itself defines; NULL for other names; yours. */
static asl_value *reserved(const struct filling *f, struct asl_text name)
{
    if (asl_text_is(name, "aws.events.event.json"))
        return value_retain(f->event);
    if (asl_text_is(name, "aws.events.event"))
        return without_detail(f->event);
    if (asl_text_is(name, "aws.events.event.ingestion-time"))
        return value_string(model_text(f->event, "time"));
    if (asl_text_is(name, "aws.events.rule-name"))
        return value_string(model_text(f->rule, "Name"));
    return NULL;
}

static void put_value(const asl_value *v, bool is_quoted, struct asl_buffer *out)
{
    struct asl_buffer text;
    if (!is_quoted || !v || value_kind(v) != VALUE_STRING) {
        if (v)
            value_print(v, out);
        else if (!is_quoted)
            asl_buffer_puts(out, "null");
        return;
    }
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    value_print(v, &text);
    asl_buffer_put(out, text.data + 1, text.size - 2);
    asl_buffer_free(&text);
}

/* "<name>" at the beginning of `t`; its size, or 0 when it names nothing of ours. */
static size_t put_name(const struct filling *f, struct asl_text t, bool is_quoted,
                       struct asl_buffer *out)
{
    size_t most = t.size < NAME_MAXIMUM ? t.size : NAME_MAXIMUM;
    const char *end = memchr(t.data, '>', most);
    if (!end)
        return 0;
    struct asl_text name = {t.data + 1, (size_t)(end - t.data) - 1};
    const asl_value *path = f->paths ? value_get(f->paths, name) : NULL;
    asl_value *own = path ? NULL : reserved(f, name);
    if (!path && !own)
        return 0;
    put_value(own ? own : at_path(f->event, value_as_text(path)), is_quoted, out);
    value_release(own);
    return name.size + 2;
}

static void fill(const struct filling *f, struct asl_text template, struct asl_buffer *out)
{
    bool is_quoted = false;
    for (size_t i = 0; i < template.size; i++) {
        char c = template.data[i];
        size_t taken = c == '<'
                           ? put_name(f, (struct asl_text){template.data + i, template.size - i},
                                      is_quoted, out)
                           : 0;
        if (taken) {
            i += taken - 1;
            continue;
        }
        asl_buffer_putc(out, c);
        if (c == '\\' && is_quoted && i + 1 < template.size)
            asl_buffer_putc(out, template.data[++i]);
        else if (c == '"')
            is_quoted = !is_quoted;
    }
}

void events_input(const asl_value *rule, const asl_value *target, const asl_value *event,
                  struct asl_buffer *out)
{
    const asl_value *transformer = model_get(target, "InputTransformer");
    struct asl_text input = model_text(target, "Input"), path = model_text(target, "InputPath");
    const asl_value *part = path.size ? at_path(event, path) : event;
    if (transformer) {
        const struct filling f = {model_get(transformer, "InputPathsMap"), event, rule};
        fill(&f, model_text(transformer, "InputTemplate"), out);
    } else if (input.size)
        asl_buffer_put_text(out, input);
    else if (part)
        value_print(part, out);
    else
        asl_buffer_puts(out, "{}");
}

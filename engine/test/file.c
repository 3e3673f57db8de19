/* Reading a test file; see file.h. In order: the JSON, the shapes, the definition, what is read
 * beside it, and then every name against the machine. */
#include "engine/test/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asl/definition/guess.h"
#include "asl/definition/machine.h"
#include "asl/definition/substitute.h"
#include "engine/test/names.h"
#include "engine/test/shape.h"

/* Payloads nest at most that deep for AWS; a test file holds some. */
#define DEPTH_MAXIMUM  200
#define BESIDE_MAXIMUM 1000

/* ---- small things ---- */

struct asl_text json_span(struct asl_text text, size_t start)
{
    size_t depth = 0, end = start;
    bool in_string = false;
    for (; end < text.size; end++) {
        char c = text.data[end];
        if (in_string) {
            end += c == '\\';
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            depth++;
            continue;
        } else if (c == ']' || c == '}') {
            if (!depth)
                break;
            depth--;
        } else if (!depth && strchr(", \t\r\n", c)) {
            break;
        } else {
            continue;
        }
        if (!depth && !in_string) { /* a string's, array's or object's end */
            end++;
            break;
        }
    }
    end = end < text.size ? end : text.size;
    return (struct asl_text){text.data + start, end - start};
}

const asl_value *test_member(const struct test_file *f, const struct test_case *t, const char *name)
{
    const asl_value *own = value_get_z(t->value, name);
    return own ? own : value_get_z(f->root, name);
}

bool member_is_true(const asl_value *owner, const char *name)
{
    const asl_value *v = value_get_z(owner, name);
    return v && value_is_true(v);
}

static char *beside_path(const struct test_file *f, struct asl_text name)
{
    struct asl_buffer path;
    asl_buffer_init(&path, 65536);
    if (!asl_text_starts(name, "/"))
        asl_buffer_puts(&path, f->folder);
    asl_buffer_put_text(&path, name);
    return path.data ? asl_buffer_take(&path, NULL) : asl_copy_text(name);
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return asl_copy_text((struct asl_text){path, slash ? (size_t)(slash - path) + 1 : 0});
}

/* ---- the definition ---- */

/* What fills the ${Name}s, and which were used. */
struct filling {
    struct test_file *f;
    const asl_value *substitutions; /* or NULL */
    bool *used;
    struct asl_text missing[8];
    size_t missing_count;
};

static bool fill(void *filling, struct asl_text name, struct asl_text *value)
{
    struct filling *fill = filling;
    size_t i = fill->substitutions ? value_find(fill->substitutions, name) : SIZE_MAX;
    if (i == SIZE_MAX) {
        bool known = fill->missing_count == sizeof fill->missing / sizeof *fill->missing;
        for (size_t k = 0; k < fill->missing_count; k++)
            known |= asl_text_equal(fill->missing[k], name);
        if (!known)
            fill->missing[fill->missing_count++] = name;
        return false;
    }
    const asl_value *v = value_at(fill->substitutions, i);
    fill->used[i] = true;
    *value = value_kind(v) != VALUE_BOOLEAN ? value_as_text(v)
             : value_is_true(v)             ? ASL_TEXT("true")
                                            : ASL_TEXT("false");
    return true;
}

static void tell_filling(const struct filling *fill, const struct step *root)
{
    struct complaints *c = &fill->f->complaints;
    struct step substitutions = step_key(root, ASL_TEXT("substitutions"));
    for (size_t i = 0; i < fill->missing_count; i++) {
        struct step place =
            fill->substitutions ? substitutions : step_key(root, ASL_TEXT("definition"));
        complain(c, &place, true, "the definition has ${%.*s}, which no substitution fills",
                 ASL_TEXT_ARGS(fill->missing[i]));
    }
    for (size_t i = 0; fill->substitutions && i < value_count(fill->substitutions); i++) {
        struct asl_text name = value_as_text(value_key_at(fill->substitutions, i));
        struct guess g = {.wrong = name};
        struct asl_buffer hint;
        struct step place = step_key(&substitutions, name);
        if (fill->used[i])
            continue;
        asl_buffer_init(&hint, 4096);
        for (size_t k = 0; k < fill->missing_count; k++)
            guess_try(&g, fill->missing[k]);
        put_guess(&g, &hint);
        complain(c, &place, true, "the definition has no ${%.*s}%s", ASL_TEXT_ARGS(name),
                 hint.data ? hint.data : "");
        asl_buffer_free(&hint);
    }
}

/* The definition's text, as it stands in a file or in this one. */
static bool definition_text(struct test_file *f, const struct reader *reader,
                            const struct step *root, struct asl_buffer *out, size_t *first_line)
{
    const asl_value *named = value_get_z(f->root, "definition");
    struct step place = step_key(root, ASL_TEXT("definition"));
    char message[256];
    *first_line = 1;
    if (value_kind(named) == VALUE_OBJECT) {
        struct value_place where = {0};
        value_locate(asl_buffer_text(&f->text), ASL_TEXT("/definition"), false, &where);
        asl_buffer_put_text(out, json_span(asl_buffer_text(&f->text), where.offset));
        f->definition_path = asl_copy_text(asl_text(f->path));
        *first_line = where.line;
        return true;
    }
    f->definition_path = beside_path(f, value_as_text(named));
    if (reader->read(reader->state, f->definition_path, DEFINITION_MAXIMUM, out, message))
        return true;
    complain(&f->complaints, &place, false, "%s", message);
    return false;
}

static void tell_diagnostics(struct test_file *f, const struct asl_diagnostics *d,
                             size_t first_line)
{
    struct step root = {0}, place = step_key(&root, ASL_TEXT("definition"));
    for (size_t i = 0; i < d->count; i++) {
        const struct asl_diagnostic *g = &d->items[i];
        char where[64] = "";
        if (g->severity != ASL_ERROR)
            continue;
        if (g->line)
            snprintf(where, sizeof where, ":%zu:%zu", g->line + first_line - 1, g->column);
        complain(&f->complaints, &place, false,
                 "the definition does not compile: %s%s: %s: %s%s%s%s%s%s", f->definition_path,
                 where, g->code, g->message, g->location ? " at " : "",
                 g->location ? g->location : "", g->hint ? " (" : "", g->hint ? g->hint : "",
                 g->hint ? ")" : "");
    }
}

static void read_definition(struct test_file *f, const struct reader *reader)
{
    struct step root = {0};
    struct asl_buffer text;
    struct asl_diagnostics diagnostics = {0};
    const asl_value *type = value_get_z(f->root, "type");
    struct filling filling = {.f = f, .substitutions = value_get_z(f->root, "substitutions")};
    struct substitution by = {&filling, fill};
    size_t first_line;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    if (definition_text(f, reader, &root, &text, &first_line)) {
        size_t count = filling.substitutions ? value_count(filling.substitutions) : 0;
        filling.used = asl_allocate_zeroed(count + 1, sizeof *filling.used);
        asl_substitute(asl_buffer_text(&text), &by, &f->definition);
        tell_filling(&filling, &root);
        free(filling.used);
        f->machine = asl_machine_compile_with(asl_buffer_text(&f->definition),
                                              type && asl_text_is(value_as_text(type), "EXPRESS"),
                                              reader->catalogue, &diagnostics);
        if (!f->machine)
            tell_diagnostics(f, &diagnostics, first_line);
    }
    asl_diagnostics_free(&diagnostics);
    asl_buffer_free(&text);
}

/* ---- what stands beside it ---- */

const struct beside *test_file_beside(const struct test_file *f, struct asl_text name)
{
    for (size_t i = 0; i < f->beside_count; i++)
        if (asl_text_is(name, f->beside[i].name))
            return &f->beside[i];
    return NULL;
}

static bool parse_beside(struct beside *b, struct asl_text text, bool is_history, char message[256])
{
    struct value_error error;
    if (is_history) {
        asl_value *events = recording_parse(text, message);
        return events && recording_take(&b->recording, events, message);
    }
    b->json = value_parse(text, 0, 0, &error);
    if (!b->json)
        snprintf(message, 256, "line %zu, column %zu: %s", error.line, error.column, error.message);
    return b->json != NULL;
}

static void read_beside(struct test_file *f, const struct reader *reader, const asl_value *named,
                        bool is_history, const struct step *at)
{
    char message[256];
    struct asl_buffer text;
    struct beside b = {0};
    struct asl_text name = value_as_text(named);
    const struct beside *known = test_file_beside(f, name);
    if (known && is_history == (known->recording.events != NULL))
        return;
    if (known || f->beside_count == BESIDE_MAXIMUM) {
        complain(&f->complaints, at, false,
                 known ? "%.*s is a history here and JSON elsewhere"
                       : "%.*s: too many files are named",
                 ASL_TEXT_ARGS(name));
        return;
    }
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    char *path = beside_path(f, name);
    bool read = reader->read(reader->state, path, RECORDING_FILE_MAXIMUM, &text, message);
    if (read && parse_beside(&b, asl_buffer_text(&text), is_history, message)) {
        b.name = asl_copy_text(name);
        f->beside = asl_reallocate(f->beside, (f->beside_count + 1) * sizeof *f->beside);
        f->beside[f->beside_count++] = b;
    } else {
        complain(&f->complaints, at, false, "%s%s%s", read ? path : "", read ? ": " : "", message);
    }
    free(path);
    asl_buffer_free(&text);
}

static void read_member_beside(struct test_file *f, const struct reader *reader,
                               const asl_value *owner, const char *member, const struct step *at)
{
    const asl_value *named = value_get_z(owner, member);
    struct step place = step_key(at, asl_text(member));
    if (named)
        read_beside(f, reader, named, strcmp(member, "history") == 0, &place);
}

static void read_beside_mocks(struct test_file *f, const struct reader *reader,
                              const asl_value *owner, const struct step *at)
{
    const asl_value *mocks = value_get_z(owner, "mocks");
    struct step all = step_key(at, ASL_TEXT("mocks"));
    for (size_t i = 0; mocks && i < value_count(mocks); i++) {
        const asl_value *of_state = value_at(mocks, i);
        struct step state = step_key(&all, value_as_text(value_key_at(mocks, i)));
        bool list = value_kind(of_state) == VALUE_ARRAY;
        for (size_t k = 0; k < (list ? value_count(of_state) : 1); k++) {
            const asl_value *mock = list ? value_at(of_state, k) : of_state;
            struct step element = list ? step_index(&state, k) : state;
            read_member_beside(f, reader, mock, "history", &element);
            read_member_beside(f, reader, mock, "resultFile", &element);
        }
    }
    read_member_beside(f, reader, owner, "history", at);
    read_member_beside(f, reader, owner, "inputFile", at);
}

/* ---- the tests ---- */

static void read_tests(struct test_file *f, const struct reader *reader)
{
    const asl_value *tests = value_get_z(f->root, "tests");
    struct step root = {0}, all = step_key(&root, ASL_TEXT("tests"));
    read_beside_mocks(f, reader, f->root, &root);
    size_t count = value_count(tests);
    if (count == 0)
        complain(&f->complaints, &all, false, "there are no tests in this file");
    if (count > TESTS_MAXIMUM) {
        complain(&f->complaints, &all, false, "%zu tests; at most %d stand in one file", count,
                 TESTS_MAXIMUM);
        return;
    }
    f->tests = asl_allocate_zeroed(count + 1, sizeof *f->tests);
    f->count = count;
    for (size_t i = 0; i < count; i++) {
        struct step at = step_index(&all, i);
        f->tests[i].value = value_at(tests, i);
        f->tests[i].name = value_as_text(value_get_z(f->tests[i].value, "name"));
        read_beside_mocks(f, reader, f->tests[i].value, &at);
    }
}

/* ---- the whole ---- */

void test_file_parse(struct test_file *f, const char *path, struct asl_text text,
                     const struct reader *reader)
{
    struct value_error error;
    struct step root = {0};
    *f = (struct test_file){.path = asl_copy_text(asl_text(path)), .folder = folder_of(path)};
    asl_buffer_init(&f->text, TEST_FILE_MAXIMUM + 1);
    asl_buffer_init(&f->definition, ASL_BUFFER_MAXIMUM);
    asl_buffer_put_text(&f->text, text);
    f->complaints.text = asl_buffer_text(&f->text);
    f->root = value_parse(f->complaints.text, VALUE_REFUSE_DUPLICATES, TEST_FILE_MAXIMUM, &error);
    if (!f->root) {
        complain(&f->complaints, &root, false, "this is no JSON: %s", error.message);
        f->complaints.items[0].line = error.line;
        f->complaints.items[0].column = error.column;
        return;
    }
    if (value_depth(f->root) > DEPTH_MAXIMUM) {
        complain(&f->complaints, &root, false, "it is nested more than %d deep", DEPTH_MAXIMUM);
        return;
    }
    form_check(f->root, &shape_file, &root, &f->complaints);
    if (f->complaints.count)
        return;
    read_definition(f, reader);
    read_tests(f, reader);
    if (f->machine)
        names_check(f, reader);
}

void test_file_open(struct test_file *f, const char *path, const struct reader *reader)
{
    struct asl_buffer text;
    char message[256];
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    if (reader->read(reader->state, path, TEST_FILE_MAXIMUM, &text, message)) {
        test_file_parse(f, path, asl_buffer_text(&text), reader);
    } else {
        test_file_parse(f, path, ASL_TEXT("null"), reader);
        complaints_free(&f->complaints);
        complain_at(&f->complaints, ASL_TEXT(""), false, message);
        f->complaints.items[0].line = 0;
    }
    asl_buffer_free(&text);
}

void test_file_close(struct test_file *f)
{
    for (size_t i = 0; i < f->beside_count; i++) {
        free(f->beside[i].name);
        recording_free(&f->beside[i].recording);
        value_release(f->beside[i].json);
    }
    free(f->beside);
    free(f->tests);
    asl_machine_release(f->machine);
    value_release(f->root);
    asl_buffer_free(&f->text);
    asl_buffer_free(&f->definition);
    complaints_free(&f->complaints);
    free(f->path);
    free(f->folder);
    free(f->definition_path);
    *f = (struct test_file){0};
}

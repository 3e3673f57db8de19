/* The JSONata reference suite (../shared/conformance/jsonata, TESTSUITE.md there), read where it
 * stands. Prints a table of the groups that have misses, and fails below FLOOR. `--list` names the
 * cases, `-v` tells what each miss gave, a word picks the groups whose name holds it.
 */
#include "asl/jsonata/jsonata.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SUITE "../shared/conformance/jsonata"
#define TOTAL 1686
#define FLOOR 1686

struct suite {
    bool list, verbose;
    const char *only;
    size_t seen, passed, group_seen, group_passed;
};

static char *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    struct asl_buffer b;
    asl_buffer_init(&b, ASL_BUFFER_MAXIMUM);
    char part[65536];
    for (size_t got; (got = fread(part, 1, sizeof part, f)) > 0;)
        asl_buffer_put(&b, part, got);
    fclose(f);
    asl_buffer_putc(&b, '\0');
    char *data = asl_buffer_take(&b, size);
    --*size;
    return data;
}

/* Two cases hold a lone surrogate, which our strict JSON refuses. There the escape is handed on to
 * JSONata's string literal around it: the backslash is doubled. */
static asl_value *parse_with_surrogate(struct asl_text text, struct value_error *error)
{
    struct asl_buffer b;
    asl_buffer_init(&b, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; i < text.size; i++) {
        if (i + 4 < text.size && strncmp(text.data + i, "\\uD8", 4) == 0)
            asl_buffer_putc(&b, '\\');
        asl_buffer_putc(&b, text.data[i]);
    }
    asl_value *v = value_parse(asl_buffer_text(&b), 0, 0, error);
    asl_buffer_free(&b);
    return v;
}

static asl_value *read_json(const char *path)
{
    size_t size;
    char *text = read_file(path, &size);
    if (!text)
        return NULL;
    struct value_error error;
    asl_value *v = value_parse((struct asl_text){text, size}, 0, 0, &error);
    if (!v && error.problem == VALUE_BAD_ESCAPE)
        v = parse_with_surrogate((struct asl_text){text, size}, &error);
    if (!v)
        printf("%s: %s\n", path, error.message);
    free(text);
    return v;
}

static const asl_value *variable(void *state, struct asl_text name)
{
    const asl_value *bindings = state;
    return bindings ? value_get(bindings, name) : NULL;
}

static double half(void *state)
{
    (void)state;
    return 0.5;
}

static bool equal_unordered(const asl_value *a, const asl_value *b)
{
    if (value_kind(a) != VALUE_ARRAY || value_kind(b) != VALUE_ARRAY ||
        value_count(a) != value_count(b))
        return value_equal(a, b);
    for (size_t i = 0; i < value_count(a); i++) {
        bool found = false;
        for (size_t j = 0; j < value_count(b) && !found; j++)
            found = value_equal(value_at(a, i), value_at(b, j));
        if (!found)
            return false;
    }
    return true;
}

struct result {
    bool compiled;
    enum jsonata_outcome outcome;
    asl_value *value;
    struct jsonata_error error;
};

static asl_value *data_of(const asl_value *test)
{
    const asl_value *data = value_get_z(test, "data"), *set = value_get_z(test, "dataset");
    char path[600];
    if (data)
        return value_retain(data);
    if (!set || value_kind(set) != VALUE_STRING)
        return NULL;
    snprintf(path, sizeof path, SUITE "/datasets/%.*s.json", ASL_TEXT_ARGS(value_as_text(set)));
    return read_json(path);
}

static void evaluate(const asl_value *test, struct asl_text expression, struct result *r)
{
    const asl_value *depth = value_get_z(test, "depth");
    struct jsonata_env env = {
        .state = (void *)value_get_z(test, "bindings"),
        .variable = variable,
        .now_ms = 1600000000000,
        .random = half,
        .memory_maximum = (size_t)1 << 30, /* ranges of 10^7 are asked for */
        .depth_maximum = depth ? (size_t)value_as_double(depth) : 0,
    };
    if (!asl_text_starts(expression, "[1"))
        env.memory_maximum = 0;
    struct jsonata *e = jsonata_compile(expression, 0, &r->error);
    r->compiled = e != NULL;
    if (!e)
        return;
    asl_value *data = data_of(test);
    r->outcome = jsonata_evaluate(e, data, &env, &r->value, &r->error);
    value_release(data);
    jsonata_free(e);
}

static bool matches_error(const asl_value *test, const struct result *r)
{
    const asl_value *error = value_get_z(test, "error"), *code = value_get_z(test, "code");
    const asl_value *token = value_get_z(test, "token"), *message = NULL;
    if (error) {
        code = value_get_z(error, "code");
        token = value_get_z(error, "token");
        message = value_get_z(error, "message");
    }
    if (r->compiled && r->outcome != JSONATA_FAILED)
        return false;
    if (code && !asl_text_is(value_as_text(code), r->error.code))
        return false;
    if (token && !asl_text_equal(value_as_text(token), asl_buffer_text(&r->error.token)))
        return false;
    return !message || asl_text_equal(value_as_text(message), asl_buffer_text(&r->error.message));
}

static bool matches(const asl_value *test, const struct result *r)
{
    const asl_value *expected = value_get_z(test, "result");
    if (value_get_z(test, "code") || value_get_z(test, "error"))
        return matches_error(test, r);
    if (!r->compiled || r->outcome == JSONATA_FAILED)
        return false;
    if (value_get_z(test, "undefinedResult"))
        return r->outcome == JSONATA_UNDEFINED;
    if (!expected || r->outcome != JSONATA_VALUE)
        return false;
    return value_get_z(test, "unordered") ? equal_unordered(expected, r->value)
                                          : value_equal(expected, r->value);
}

static void tell(const char *name, struct asl_text expression, const struct result *r)
{
    struct asl_buffer b;
    asl_buffer_init(&b, ASL_BUFFER_MAXIMUM);
    if (r->value)
        value_print(r->value, &b);
    printf("  %s: %.*s\n    gave %d %s @%zd '%s' %.300s\n", name, ASL_TEXT_ARGS(expression),
           (int)r->outcome, r->error.code, (ssize_t)r->error.position,
           r->error.message.data ? r->error.message.data : "", b.data ? b.data : "");
    asl_buffer_free(&b);
}

static void run_case(struct suite *s, const char *folder, const char *name, const asl_value *test)
{
    const asl_value *expression = value_get_z(test, "expr"), *file = value_get_z(test, "expr-file");
    struct asl_text text = expression ? value_as_text(expression) : ASL_TEXT("");
    char *from_file = NULL;
    if (file) {
        char path[600];
        snprintf(path, sizeof path, "%s/%.*s", folder, ASL_TEXT_ARGS(value_as_text(file)));
        from_file = read_file(path, &text.size);
        text.data = from_file ? from_file : "";
    }
    struct result r = {.outcome = JSONATA_FAILED};
    evaluate(test, text, &r);
    bool ok = matches(test, &r);
    s->seen++;
    s->group_seen++;
    s->passed += ok;
    s->group_passed += ok;
    if (s->list)
        printf("%s/%s %s\n", folder + strlen(SUITE "/groups/"), name, ok ? "ok" : "MISS");
    if (!ok && s->verbose)
        tell(name, text, &r);
    value_release(r.value);
    jsonata_error_free(&r.error);
    free(from_file);
}

static void run_file(struct suite *s, const char *folder, const char *name)
{
    char path[600], numbered[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    asl_value *tests = read_json(path);
    if (!tests)
        return;
    if (value_kind(tests) != VALUE_ARRAY) {
        run_case(s, folder, name, tests);
    } else {
        for (size_t i = 0; i < value_count(tests); i++) {
            snprintf(numbered, sizeof numbered, "%s[%zu]", name, i);
            run_case(s, folder, numbered, value_at(tests, i));
        }
    }
    value_release(tests);
}

static int is_json(const struct dirent *d)
{
    size_t size = strlen(d->d_name);
    return size > 5 && strcmp(d->d_name + size - 5, ".json") == 0;
}

static int is_visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static void run_group(struct suite *s, const char *name)
{
    char folder[300];
    struct dirent **files;
    snprintf(folder, sizeof folder, SUITE "/groups/%s", name);
    s->group_seen = s->group_passed = 0;
    int count = scandir(folder, &files, is_json, alphasort);
    for (int i = 0; i < count; i++) {
        run_file(s, folder, files[i]->d_name);
        free(files[i]);
    }
    if (count >= 0)
        free(files);
    if (s->group_passed < s->group_seen)
        printf("%-40s %4zu of %4zu, %zu missed\n", name, s->group_passed, s->group_seen,
               s->group_seen - s->group_passed);
}

int main(int argc, char **argv)
{
    struct suite s = {0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0)
            s.list = true;
        else if (strcmp(argv[i], "-v") == 0)
            s.verbose = true;
        else
            s.only = argv[i];
    }
    struct dirent **groups;
    int count = scandir(SUITE "/groups", &groups, is_visible, alphasort);
    if (count < 0) {
        printf("skipped: %s is not here\n0 passed, 0 failed, 1 skipped\n", SUITE);
        return 0;
    }
    for (int i = 0; i < count; i++) {
        if (!s.only || strstr(groups[i]->d_name, s.only))
            run_group(&s, groups[i]->d_name);
        free(groups[i]);
    }
    free(groups);
    printf("jsonata-suite: %zu passed, %zu failed\n", s.passed, s.seen - s.passed);
    if (s.only)
        return s.passed < s.seen;
    return s.passed < FLOOR || s.seen < TOTAL;
}

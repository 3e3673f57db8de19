/* Schedules as people read them: a line each, or one with all its members and what they mean. */
#include "engine/cli/schedule_look.h"

#include <string.h>
#include <time.h>

struct listing {
    const char *only;        /* NULL: all */
    struct value_list items; /* with "name" */
};

static struct asl_text text_of(const asl_value *v, const char *name)
{
    const asl_value *m = value_get_z(v, name);
    return m && value_kind(m) == VALUE_STRING ? value_as_text(m) : (struct asl_text){NULL, 0};
}

static int64_t number_of(const asl_value *v, const char *name)
{
    int64_t n = 0;
    const asl_value *m = value_get_z(v, name);
    return m && value_as_integer(m, &n) ? n : 0;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* To the second; "-": never. */
static void format_moment(int64_t ms, char out[32])
{
    if (ms)
        cli_format_time(ms, out);
    out[ms ? 19 : 0] = '\0';
    if (!ms)
        memcpy(out, "-", 2);
}

static bool keep(void *state, const char *key, struct store_bytes bytes)
{
    struct listing *l = state;
    asl_value *v = value_parse((struct asl_text){bytes.data, bytes.size}, 0, 0, NULL);
    if (v && (!l->only || strcmp(key, l->only) == 0))
        value_list_push_take(&l->items, value_with_take(value_retain(v), value_string_z("name"),
                                                        value_string_z(key)));
    value_release(v);
    return true;
}

/* "arn:...:stateMachine:export" is `export` to people. */
static struct asl_text machine_name(const asl_value *v)
{
    static const char mark[] = ":stateMachine:";
    struct asl_text arn = text_of(v, "machine");
    const char *at = arn.data ? strstr(arn.data, mark) : NULL;
    return at ? asl_text(at + sizeof mark - 1) : arn;
}

static void print_line(const asl_value *v)
{
    char next[32];
    struct asl_text name = text_of(v, "name"), expression = text_of(v, "expression");
    struct asl_text machine = machine_name(v), state = text_of(v, "state");
    format_moment(number_of(v, "next"), next);
    bool is_paused = asl_text_is(state, "DISABLED");
    printf("%-24.*s %-28.*s %-20.*s %s%s\n", ASL_TEXT_ARGS(name), ASL_TEXT_ARGS(expression),
           ASL_TEXT_ARGS(machine), is_paused ? "paused" : next,
           value_get_z(v, "lastError") && text_of(v, "lastError").size ? "  (the last start failed)"
                                                                       : "");
}

static void print_list(const asl_value *all)
{
    if (!value_count(all)) {
        printf("there are no schedules; `stepwell schedule add NAME EXPRESSION --machine NAME` "
               "makes one\n");
        return;
    }
    printf("%-24s %-28s %-20s %s\n", "NAME", "EXPRESSION", "STARTS", "NEXT");
    for (size_t i = 0; i < value_count(all); i++)
        print_line(value_at(all, i));
}

static void print_member(const char *word, struct asl_text text, const char *unless)
{
    if (!text.size)
        text = asl_text(unless);
    if (text.size)
        printf("  %-12s %.*s\n", word, ASL_TEXT_ARGS(text));
}

static void print_time(const char *word, int64_t ms, bool ahead)
{
    char when[32], away[32];
    if (!ms)
        return;
    format_moment(ms, when);
    int64_t left = ms - now_ms();
    cli_format_duration(left < 0 ? -left : left, away);
    if (ahead)
        printf("  %-12s %s (%s%s)\n", word, when, left < 0 ? "due since " : "in ", away);
    else
        printf("  %-12s %s\n", word, when);
}

static void print_one(const asl_value *v)
{
    struct asl_text name = text_of(v, "name"), expression = text_of(v, "expression");
    struct asl_text machine = machine_name(v);
    int64_t next = number_of(v, "next"), retries = number_of(v, "retries");
    bool is_paused = asl_text_is(text_of(v, "state"), "DISABLED");
    printf("%.*s: %.*s starts %.*s%s\n", ASL_TEXT_ARGS(name), ASL_TEXT_ARGS(expression),
           ASL_TEXT_ARGS(machine),
           is_paused ? " (paused)"
           : next    ? ""
                     : " (no more)");
    if (!is_paused)
        print_time("next", next, true);
    print_time("last", number_of(v, "last"), false);
    print_member("last error", text_of(v, "lastError"), "");
    print_member("zone", text_of(v, "zone"), "UTC");
    print_time("not before", number_of(v, "start"), false);
    print_time("not after", number_of(v, "end"), false);
    print_member("missed", text_of(v, "missed"), "latest");
    if (retries)
        printf("  %-12s %lld\n", "retries", (long long)retries);
    print_member("dead letter", text_of(v, "deadLetter"), "");
    print_member("input", text_of(v, "input"), "{}");
    print_member("machine", text_of(v, "machine"), "-");
}

int schedule_missing(const char *name)
{
    return cli_fail(EXIT_WRONG_USAGE,
                    "there is no schedule '%s'; `stepwell schedule list` shows them", name);
}

int schedule_look(const char *db, const char *only, bool json)
{
    struct listing l = {.only = only};
    struct store *s = cli_open_reader(db ? db : DEFAULT_DB);
    if (!s)
        return EXIT_STORE;
    value_list_init(&l.items);
    store_each_document(s, "schedule", NULL, SIZE_MAX, keep, &l);
    store_close(s);
    asl_value *all = value_array_take(&l.items);
    bool is_missing = only && !value_count(all);
    if (!is_missing && json)
        cli_print_json(only ? value_at(all, 0) : all);
    else if (!is_missing && only)
        print_one(value_at(all, 0));
    else if (!is_missing)
        print_list(all);
    value_release(all);
    return is_missing ? schedule_missing(only) : EXIT_FINE;
}

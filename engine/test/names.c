/* The file against its machine; see names.h. */
#include "engine/test/names.h"

#include <stdlib.h>

#include "asl/definition/guess.h"
#include "asl/definition/machine.h"
#include "engine/mock/check.h"
#include "engine/test/match.h"
#include "engine/test/shape.h"

/* What the checks share. */
struct check {
    struct test_file *f;
    const struct reader *reader;
    struct constraint_checker *checker;
};

/* ---- states ---- */

const struct state *test_file_state(const struct test_file *f, struct asl_text name)
{
    for (size_t i = 0; i < f->machine->state_count; i++)
        if (asl_text_equal(value_as_text(f->machine->by_id[i]->name), name))
            return f->machine->by_id[i];
    return NULL;
}

static bool is_within(const struct states *scope, const struct states *outer)
{
    while (scope && scope != outer)
        scope = scope->outer;
    return scope != NULL;
}

bool state_is_in_map(const asl_machine *m, const struct state *s)
{
    for (size_t i = 0; i < m->state_count; i++)
        if (m->by_id[i]->kind == STATE_MAP && is_within(s->owner, m->by_id[i]->of.map.processor))
            return true;
    return false;
}

/* The state of that name; else it complains, at the name (`key`) or the value. */
static const struct state *find_state(struct check *k, struct asl_text name, const struct step *at,
                                      bool key)
{
    const struct state *s = test_file_state(k->f, name);
    struct guess g = {.wrong = name};
    struct asl_buffer hint;
    if (s)
        return s;
    asl_buffer_init(&hint, 65536);
    for (size_t i = 0; i < k->f->machine->state_count; i++)
        guess_try(&g, value_as_text(k->f->machine->by_id[i]->name));
    put_guess(&g, &hint);
    complain(&k->f->complaints, at, key, "the definition has no state \"%.*s\"%s",
             (int)(name.size < 100 ? name.size : 100), name.data, hint.data ? hint.data : "");
    asl_buffer_free(&hint);
    return NULL;
}

/* Members named after states: visits, durations. */
static void check_by_state(struct check *k, const asl_value *v, const struct step *at)
{
    for (size_t i = 0; v && i < value_count(v); i++) {
        struct asl_text name = value_as_text(value_key_at(v, i));
        struct step place = step_key(at, name);
        find_state(k, name, &place, true);
    }
}

/* ---- mocks ---- */

static void check_model(struct check *k, const struct state *s, const asl_value *mock,
                        const struct step *at)
{
    const asl_value *mode_name = value_get_z(mock, "check"), *error = value_get_z(mock, "error");
    const asl_value *result = value_get_z(mock, "result"), *file = value_get_z(mock, "resultFile");
    const struct resource *resource = &s->of.task.resource;
    enum mock_mode mode = !mode_name                                         ? MOCK_STRICT
                          : asl_text_is(value_as_text(mode_name), "present") ? MOCK_PRESENT
                          : asl_text_is(value_as_text(mode_name), "none")    ? MOCK_NONE
                                                                             : MOCK_STRICT;
    const struct beside *beside = file ? test_file_beside(k->f, value_as_text(file)) : NULL;
    struct step place = step_key(at, error  ? ASL_TEXT("error")
                                     : file ? ASL_TEXT("resultFile")
                                            : ASL_TEXT("result"));
    struct asl_buffer message;
    if (beside)
        result = beside->json;
    if (!k->reader->models || mode == MOCK_NONE)
        return;
    asl_buffer_init(&message, 65536);
    bool fine = true;
    if (result)
        fine = mock_check_result(k->checker, k->reader->models, resource, mode, result, &message);
    else if (error)
        fine = mock_check_error(k->reader->models, resource, value_as_text(error), &message);
    if (!fine)
        complain(&k->f->complaints, &place, false, "%s%s%s (\"check\": \"none\" lets it pass)",
                 result ? resource->arn : "", result ? " could not answer that: " : "",
                 message.data);
    asl_buffer_free(&message);
}

static bool has_any(const asl_value *v, const char *const *names, const char **found)
{
    for (; *names; names++)
        if (value_get_z(v, *names)) {
            *found = *names;
            return true;
        }
    return false;
}

/* What makes no sense for this task. */
static void check_mock_sense(struct check *k, const struct state *s, const asl_value *mock,
                             const struct step *at)
{
    static const char *const of_answers[] = {"after", "heartbeatEvery", "submitted", NULL};
    const struct resource *resource = &s->of.task.resource;
    struct complaints *c = &k->f->complaints;
    bool answers = value_get_z(mock, "result") || value_get_z(mock, "resultFile") ||
                   value_get_z(mock, "error");
    bool calls = value_get_z(mock, "call") != NULL;
    const char *found;
    if (value_get_z(mock, "cause") && !value_get_z(mock, "error"))
        complain(c, at, false, "a \"cause\" goes with an \"error\"");
    if (value_get_z(mock, "submitted") && resource->pattern == TASK_REQUEST_RESPONSE)
        complain(c, at, false,
                 "\"submitted\" is for .sync and .waitForTaskToken; %s answers at once",
                 resource->arn);
    if (value_get_z(mock, "heartbeatFor") && !value_get_z(mock, "heartbeatEvery"))
        complain(c, at, false, "\"heartbeatFor\" goes with \"heartbeatEvery\"");
    if (!answers && !value_get_z(mock, "never") && has_any(mock, of_answers, &found))
        complain(c, at, false, "\"%s\" goes with a result, an error or never", found);
    if (value_get_z(mock, "index") && !state_is_in_map(k->f->machine, s))
        complain(c, at, false, "\"index\": the state is in no Map");
    if (calls && resource->family == TASK_ACTIVITY)
        complain(c, at, false, "an activity is called by nobody: give a result or an error");
    else if (calls && resource->pattern == TASK_CALLBACK)
        complain(c, at, false, "nobody would send the token back: give a result or an error");
    struct step inner = step_key(at, ASL_TEXT("never"));
    if (value_get_z(mock, "never") && !value_is_true(value_get_z(mock, "never")))
        complain(c, &inner, false, "\"never\" is true, or left out");
    inner = step_key(at, ASL_TEXT("call"));
    if (calls && !value_is_true(value_get_z(mock, "call")))
        complain(c, &inner, false, "\"call\" is true, or left out");
}

/* Does a history know this state's calls? */
static bool has_calls_of(const struct recording *r, struct asl_text state)
{
    int64_t iteration;
    for (size_t i = 0; i < value_count(r->events); i++) {
        const asl_value *event = value_at(r->events, i);
        if (!asl_text_ends(event_type(event), "Scheduled"))
            continue;
        const asl_value *name = event_state(r->events, event, &iteration);
        if (name && asl_text_equal(value_as_text(name), state))
            return true;
    }
    return false;
}

static void check_mock(struct check *k, const struct state *s, const asl_value *mock,
                       const struct step *at)
{
    const asl_value *history = value_get_z(mock, "history");
    const struct beside *b = history ? test_file_beside(k->f, value_as_text(history)) : NULL;
    struct step place = step_key(at, ASL_TEXT("history"));
    if (b && !has_calls_of(&b->recording, value_as_text(s->name)))
        complain(&k->f->complaints, &place, false,
                 "that history holds no call of %.*s: is it of another machine?",
                 ASL_TEXT_ARGS(value_as_text(s->name)));
    check_mock_sense(k, s, mock, at);
    check_model(k, s, mock, at);
}

static void check_mocks(struct check *k, const asl_value *owner, const struct step *at)
{
    const asl_value *mocks = value_get_z(owner, "mocks");
    struct step all = step_key(at, ASL_TEXT("mocks"));
    for (size_t i = 0; mocks && i < value_count(mocks); i++) {
        struct asl_text name = value_as_text(value_key_at(mocks, i));
        const asl_value *of_state = value_at(mocks, i);
        struct step place = step_key(&all, name);
        const struct state *s = find_state(k, name, &place, true);
        if (s && s->kind != STATE_TASK) {
            complain(&k->f->complaints, &place, true,
                     "%.*s calls nobody: only Task states are mocked", ASL_TEXT_ARGS(name));
            continue;
        }
        bool list = value_kind(of_state) == VALUE_ARRAY;
        for (size_t m = 0; s && m < (list ? value_count(of_state) : 1); m++) {
            struct step element = list ? step_index(&place, m) : place;
            check_mock(k, s, list ? value_at(of_state, m) : of_state, &element);
        }
    }
}

/* A history that is to answer calls must be of a machine with some of these states. */
static void check_history(struct check *k, const asl_value *owner, const struct step *at)
{
    const asl_value *named = value_get_z(owner, "history");
    const struct beside *b = named ? test_file_beside(k->f, value_as_text(named)) : NULL;
    struct step place = step_key(at, ASL_TEXT("history"));
    int64_t iteration;
    size_t calls = 0, known = 0;
    for (size_t i = 0; b && i < value_count(b->recording.events); i++) {
        const asl_value *event = value_at(b->recording.events, i);
        if (!asl_text_ends(event_type(event), "Scheduled"))
            continue;
        const asl_value *name = event_state(b->recording.events, event, &iteration);
        calls++;
        known += name && test_file_state(k->f, value_as_text(name));
    }
    if (b && (!calls || !known))
        complain(&k->f->complaints, &place, false,
                 calls ? "that history is of another machine: it has none of the states of this one"
                       : "that history holds no call: there is nothing to answer with");
}

/* ---- expectations ---- */

static void check_path(struct check *k, const asl_value *path, const struct step *at)
{
    for (size_t i = 0; value_kind(path) == VALUE_ARRAY && i < value_count(path); i++) {
        const asl_value *element = value_at(path, i);
        struct step place = step_index(at, i);
        bool nested = value_kind(element) == VALUE_OBJECT;
        struct asl_text name = value_as_text(nested ? value_key_at(element, 0) : element);
        if (!nested && asl_text_is(name, "..."))
            continue;
        const struct state *s = find_state(k, name, &place, false);
        if (!nested || !s)
            continue;
        struct step inner = step_key(&place, name);
        if (s->kind != STATE_MAP && s->kind != STATE_PARALLEL)
            complain(&k->f->complaints, &inner, true,
                     "%.*s is no Map and no Parallel: there is nothing to look into",
                     ASL_TEXT_ARGS(name));
        for (size_t b = 0; b < value_count(value_at(element, 0)); b++) {
            struct step branch = step_index(&inner, b);
            check_path(k, value_at(value_at(element, 0), b), &branch);
        }
    }
}

static void check_choices(struct check *k, const asl_value *choices, const struct step *at)
{
    for (size_t i = 0; i < value_count(choices); i++) {
        struct asl_text name = value_as_text(value_key_at(choices, i));
        struct step place = step_key(at, name);
        const struct state *s = find_state(k, name, &place, true);
        if (s && s->kind != STATE_CHOICE)
            complain(&k->f->complaints, &place, true, "%.*s is no Choice", ASL_TEXT_ARGS(name));
    }
}

static void check_calls(struct check *k, const asl_value *calls, const struct step *at)
{
    if (value_kind(calls) == VALUE_OBJECT && !match_is_record(calls))
        check_by_state(k, calls, at);
    for (size_t i = 0; value_kind(calls) == VALUE_ARRAY && i < value_count(calls); i++) {
        const asl_value *state = value_get_z(value_at(calls, i), "state");
        struct step element = step_index(at, i), place = step_key(&element, ASL_TEXT("state"));
        if (state)
            find_state(k, value_as_text(state), &place, false);
    }
}

static void check_expect(struct check *k, const asl_value *expect, const struct step *at)
{
    static const struct {
        const char *member;
        void (*check)(struct check *k, const asl_value *v, const struct step *at);
    } parts[] = {
        {"path", check_path},       {"visits", check_by_state}, {"durations", check_by_state},
        {"choices", check_choices}, {"calls", check_calls},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const asl_value *v = value_get_z(expect, parts[i].member);
        struct step place = step_key(at, asl_text(parts[i].member));
        if (v)
            parts[i].check(k, v, &place);
    }
    const asl_value *status = value_get_z(expect, "status");
    struct step place = step_key(at, ASL_TEXT("status"));
    bool fails = value_get_z(expect, "error") || value_get_z(expect, "cause");
    if (fails && value_get_z(expect, "output"))
        complain(&k->f->complaints, at, false,
                 "an execution ends with an output or an error, not both");
    else if (fails && status && asl_text_is(value_as_text(status), "SUCCEEDED"))
        complain(&k->f->complaints, &place, false, "what SUCCEEDED has no error and no cause");
}

/* ---- the whole ---- */

/* Where a name stands in the table of those seen, or belongs (FNV-1a, open addressing): files may
 * hold tens of thousands of tests. */
static const struct asl_text **slot_of(struct asl_text name, const struct asl_text **seen,
                                       size_t size)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (size_t i = 0; i < name.size; i++)
        hash = (hash ^ (unsigned char)name.data[i]) * 0x100000001B3u;
    size_t slot = (size_t)hash & (size - 1);
    while (seen[slot] && !asl_text_equal(*seen[slot], name))
        slot = (slot + 1) & (size - 1);
    return &seen[slot];
}

static void check_test_names(struct test_file *f, const struct step *all)
{
    size_t size = 16;
    while (size < f->count * 2)
        size *= 2;
    const struct asl_text **seen = asl_allocate_zeroed(size, sizeof(struct asl_text *));
    for (size_t i = 0; i < f->count; i++) {
        struct step test = step_index(all, i), name = step_key(&test, ASL_TEXT("name"));
        const struct asl_text **slot = slot_of(f->tests[i].name, seen, size);
        if (*slot)
            complain(&f->complaints, &name, false, "another test of this file has that name");
        *slot = &f->tests[i].name;
    }
    free((void *)seen);
}

void names_check(struct test_file *f, const struct reader *reader)
{
    struct check k = {f, reader, constraint_checker_new()};
    struct step root = {0}, all = step_key(&root, ASL_TEXT("tests"));
    check_mocks(&k, f->root, &root);
    check_history(&k, f->root, &root);
    check_test_names(f, &all);
    for (size_t i = 0; i < f->count; i++) {
        const asl_value *test = f->tests[i].value, *expect = value_get_z(test, "expect");
        struct step at = step_index(&all, i), place = step_key(&at, ASL_TEXT("expect"));
        check_mocks(&k, test, &at);
        check_history(&k, test, &at);
        if (expect)
            check_expect(&k, expect, &place);
    }
    constraint_checker_free(k.checker);
}

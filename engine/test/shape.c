/* The tables of a test file's members, and the walk that checks by them; see shape.h. */
#include "engine/test/shape.h"

#include <math.h>
#include <string.h>

#include "asl/definition/guess.h"
#include "engine/test/duration.h"
#include "engine/test/match.h"

/* ---- the tables ---- */

static const struct member mock_members[] = {
    {"result", "The task succeeds with this output, as the service would answer.", FORM_ANY,
     LAYOUT_ONE, NULL, NULL, false},
    {"resultFile", "The same, read from a JSON file beside this one.", FORM_TEXT, LAYOUT_ONE, NULL,
     NULL, false},
    {"error", "The task fails with this error name.", FORM_TEXT, LAYOUT_ONE, NULL, NULL, false},
    {"cause", "The failure's cause; what is no text becomes JSON text.", FORM_ANY, LAYOUT_ONE, NULL,
     NULL, false},
    {"never", "No answer ever comes: a timeout, a lost heartbeat or a stop ends the task.",
     FORM_FLAG, LAYOUT_ONE, NULL, NULL, false},
    {"history",
     "The outcome recorded for this call in a history: a file as `aws stepfunctions "
     "get-execution-history` prints it.",
     FORM_TEXT, LAYOUT_ONE, NULL, NULL, false},
    {"call", "The call is really made, to where \"routes\" or the command's options lead.",
     FORM_FLAG, LAYOUT_ONE, NULL, NULL, false},
    {"after", "How long the answer takes, in virtual time: " DURATION_WORDS ".", FORM_DURATION,
     LAYOUT_ONE, NULL, NULL, false},
    {"heartbeatEvery", "The worker sends a heartbeat that often while it works.", FORM_DURATION,
     LAYOUT_ONE, NULL, NULL, false},
    {"heartbeatFor", "The heartbeats stop after that time, though the task goes on.", FORM_DURATION,
     LAYOUT_ONE, NULL, NULL, false},
    {"submitted", "What the service answers when it takes a .sync or .waitForTaskToken task.",
     FORM_ANY, LAYOUT_ONE, NULL, NULL, false},
    {"index", "Only for these iterations of the Map around the state, from 0.", FORM_COUNT,
     LAYOUT_ONE_OR_LIST, NULL, NULL, false},
    {"attempt", "Only for these attempts: 1 is the first, 2 the first retry.", FORM_ORDINAL,
     LAYOUT_ONE_OR_LIST, NULL, NULL, false},
    {"input", "Only for calls whose parameters match this.", FORM_MATCHER, LAYOUT_ONE, NULL, NULL,
     false},
    {"times", "How many calls it answers; default: in a list once, alone any number.", FORM_TIMES,
     LAYOUT_ONE, NULL, NULL, false},
    {"optional", "It may stay unused; without this, a mock nobody called fails the test.",
     FORM_FLAG, LAYOUT_ONE, NULL, NULL, false},
    {"check",
     "How result and error are held against the service's model: strict (default), present "
     "(what is missing may be), none.",
     FORM_WORDS, LAYOUT_ONE, NULL, "strict|present|none", false},
    {"comment", "For readers.", FORM_TEXT, LAYOUT_ONE, NULL, NULL, false},
    {0},
};
static const struct shape shape_mock = {"mock", mock_members,
                                        "result|resultFile|error|never|history|call", NULL};

static const struct member execution_members[] = {
    {"name", "$$.Execution.Name (default: made from the test's name).", FORM_TEXT, LAYOUT_ONE, NULL,
     NULL, false},
    {"machine", "$$.StateMachine.Name (default: made from the definition's file).", FORM_TEXT,
     LAYOUT_ONE, NULL, NULL, false},
    {"role", "$$.Execution.RoleArn.", FORM_TEXT, LAYOUT_ONE, NULL, NULL, false},
    {"region", "In ARNs (default: us-east-1).", FORM_TEXT, LAYOUT_ONE, NULL, NULL, false},
    {"account", "In ARNs (default: 123456789012).", FORM_TEXT, LAYOUT_ONE, NULL, NULL, false},
    {0},
};
static const struct shape shape_execution = {"execution", execution_members, NULL, NULL};

static const struct member stop_members[] = {
    {"after", "When StopExecution is called, from the start: " DURATION_WORDS ".", FORM_DURATION,
     LAYOUT_ONE, NULL, NULL, true},
    {"error", "StopExecution's error.", FORM_TEXT, LAYOUT_ONE, NULL, NULL, false},
    {"cause", "StopExecution's cause.", FORM_TEXT, LAYOUT_ONE, NULL, NULL, false},
    {0},
};
static const struct shape shape_stop = {"stop", stop_members, NULL, NULL};

static const struct member call_members[] = {
    {"state", "The state that made the call.", FORM_TEXT, LAYOUT_ONE, NULL, NULL, false},
    {"resource", "Its Resource.", FORM_MATCHER, LAYOUT_ONE, NULL, NULL, false},
    {"parameters", "What the service got.", FORM_MATCHER, LAYOUT_ONE, NULL, NULL, false},
    {"index", "The iteration of the Map around the state, from 0.", FORM_MATCHER, LAYOUT_ONE, NULL,
     NULL, false},
    {"attempt", "1: the first, 2: the first retry.", FORM_MATCHER, LAYOUT_ONE, NULL, NULL, false},
    {"at", "When it was made, from the start, in virtual time.", FORM_LASTING, LAYOUT_ONE, NULL,
     NULL, false},
    {"timeout", "TimeoutSeconds as it came out; 0: none.", FORM_MATCHER, LAYOUT_ONE, NULL, NULL,
     false},
    {"heartbeat", "HeartbeatSeconds as it came out; 0: none.", FORM_MATCHER, LAYOUT_ONE, NULL, NULL,
     false},
    {0},
};
const struct shape shape_call = {"call", call_members, NULL, NULL};

#define STATUS_WORDS "SUCCEEDED|FAILED|TIMED_OUT|ABORTED|RUNNING"

static const struct member expect_members[] = {
    {"status",
     "How it ends; RUNNING: it waits for ever. Default: SUCCEEDED, or a failure where an "
     "error or cause is expected.",
     FORM_WORDS, LAYOUT_ONE, NULL, STATUS_WORDS, false},
    {"output", "The execution's output: whole, or with matchers as {\"$partial\": {...}}.",
     FORM_MATCHER, LAYOUT_ONE, NULL, NULL, false},
    {"error", "The error it ends with.", FORM_MATCHER, LAYOUT_ONE, NULL, NULL, false},
    {"cause", "The cause it ends with.", FORM_MATCHER, LAYOUT_ONE, NULL, NULL, false},
    {"path",
     "The states entered, in order; \"...\" stands for any number of them, and {\"Map\": "
     "[[...], [...]]} looks into the iterations or branches of a Map or Parallel.",
     FORM_PATH, LAYOUT_ONE, NULL, NULL, false},
    {"visits", "How often each of these states was entered; 0: never.", FORM_MATCHER,
     LAYOUT_BY_NAME, NULL, NULL, false},
    {"choices",
     "Which way each of these Choice states went, visit by visit: the number of the rule, "
     "from 0, or \"default\".",
     FORM_MATCHER, LAYOUT_BY_NAME, NULL, NULL, false},
    {"calls",
     "The calls made: all of them in order, or by state how many or with what "
     "parameters.",
     FORM_CALLS, LAYOUT_ONE, NULL, NULL, false},
    {"events",
     "Events of the history that must be there in this order, others between them; each "
     "names the members that count, in the form of GetExecutionHistory.",
     FORM_MATCHER, LAYOUT_LIST, NULL, NULL, false},
    {"duration", "From start to end in virtual time: " DURATION_WORDS ", or a matcher of seconds.",
     FORM_LASTING, LAYOUT_ONE, NULL, NULL, false},
    {"durations", "How long these states took, retries included, all visits together.",
     FORM_LASTING, LAYOUT_BY_NAME, NULL, NULL, false},
    {0},
};
static const struct shape shape_expect = {"expect", expect_members, NULL, NULL};

/* What stands in a file for all its tests, and in a test for that one. */
#define SHARED_MEMBERS                                                                             \
    {"mocks",     "What tasks answer, by state: one mock, or a list of which each answers once.",  \
     FORM_OBJECT, LAYOUT_BY_NAME_ONE_OR_LIST,                                                      \
     &shape_mock, NULL,                                                                            \
     false},                                                                                       \
        {"history", "A recorded execution: what it holds answers the calls that no mock does.",    \
         FORM_TEXT, LAYOUT_ONE,                                                                    \
         NULL,      NULL,                                                                          \
         false},                                                                                   \
        {"routes",                                                                                 \
         "Where calls that are really made go: {\"dynamodb\": \"http://localhost:8000\"}; "        \
         "\"*\" is every service.",                                                                \
         FORM_TEXT,                                                                                \
         LAYOUT_BY_NAME,                                                                           \
         NULL,                                                                                     \
         NULL,                                                                                     \
         false},                                                                                   \
        {"clock",   "When the execution starts (default: 2026-01-01T00:00:00Z).",                  \
         FORM_TIME, LAYOUT_ONE,                                                                    \
         NULL,      NULL,                                                                          \
         false},                                                                                   \
        {"execution",                                                                              \
         "Names that the context object shows.",                                                   \
         FORM_OBJECT,                                                                              \
         LAYOUT_ONE,                                                                               \
         &shape_execution,                                                                         \
         NULL,                                                                                     \
         false},                                                                                   \
    {                                                                                              \
        "comment", "For readers.", FORM_TEXT, LAYOUT_ONE, NULL, NULL, false                        \
    }

static const struct member test_members[] = {
    {"name", "Says what should happen; --filter selects by it.", FORM_TEXT, LAYOUT_ONE, NULL, NULL,
     true},
    {"input", "The execution's input (default: {}).", FORM_ANY, LAYOUT_ONE, NULL, NULL, false},
    {"inputFile", "The same, read from a JSON file beside this one.", FORM_TEXT, LAYOUT_ONE, NULL,
     NULL, false},
    SHARED_MEMBERS,
    {"stop", "StopExecution is called while it runs.", FORM_OBJECT, LAYOUT_ONE, &shape_stop, NULL,
     false},
    {"skip", "Not run, for this reason.", FORM_TEXT, LAYOUT_ONE, NULL, NULL, false},
    {"expect", "What must come of it.", FORM_OBJECT, LAYOUT_ONE, &shape_expect, NULL, false},
    {0},
};
static const struct shape shape_test = {"test", test_members, NULL, "input|inputFile"};

static const struct member file_members[] = {
    {"$schema", "For editors: `stepwell test --schema` prints it.", FORM_TEXT, LAYOUT_ONE, NULL,
     NULL, false},
    {"definition", "The definition: a file beside this one, or the definition itself.",
     FORM_DEFINITION, LAYOUT_ONE, NULL, NULL, true},
    {"type", "Of the state machine (default: STANDARD).", FORM_WORDS, LAYOUT_ONE, NULL,
     "STANDARD|EXPRESS", false},
    {"substitutions", "For each ${Name} in the definition, as a deployment fills it.", FORM_SCALAR,
     LAYOUT_BY_NAME, NULL, NULL, false},
    SHARED_MEMBERS,
    {"tests", "Each is an execution of its own.", FORM_OBJECT, LAYOUT_LIST, &shape_test, NULL,
     true},
    {0},
};
const struct shape shape_file = {"file", file_members, NULL, NULL};

/* ---- checking a scalar ---- */

static bool is_whole(const asl_value *v, int64_t least)
{
    int64_t n;
    return value_kind(v) == VALUE_NUMBER && value_as_integer(v, &n) && n >= least && n <= INT32_MAX;
}

static bool is_one_of(const asl_value *v, const char *words)
{
    struct asl_text t = value_as_text(v);
    for (; value_kind(v) == VALUE_STRING; words += strcspn(words, "|") + 1) {
        if (asl_text_equal(t, (struct asl_text){words, strcspn(words, "|")}))
            return true;
        if (!words[strcspn(words, "|")])
            break;
    }
    return false;
}

/* What fits each form, in words; the forms that are looked into have none. */
static const char *const wanted[FORMS] = {
    [FORM_TEXT] = "a text that is not empty",
    [FORM_FLAG] = "true or false",
    [FORM_COUNT] = "a whole number from 0",
    [FORM_ORDINAL] = "a whole number from 1",
    [FORM_TIMES] = "a whole number from 1, or \"any\"",
    [FORM_SCALAR] = "a text, a number, true or false",
    [FORM_TIME] = "a moment as \"2026-01-31T08:00:00Z\"",
    [FORM_DURATION] = DURATION_WORDS,
    [FORM_LASTING] = DURATION_WORDS ", or a matcher of seconds",
    [FORM_DEFINITION] = "a file's name, or a definition",
};

static bool is_matcher_of_seconds(const asl_value *v)
{
    return value_kind(v) == VALUE_OBJECT && match_is_matcher(v);
}

static bool fits(const asl_value *v, const struct member *m)
{
    enum value_kind kind = value_kind(v);
    int64_t ms;
    switch (m->form) {
    case FORM_TEXT:
        return kind == VALUE_STRING && value_as_text(v).size > 0;
    case FORM_WORDS:
        return is_one_of(v, m->words);
    case FORM_FLAG:
        return kind == VALUE_BOOLEAN;
    case FORM_COUNT:
        return is_whole(v, 0);
    case FORM_ORDINAL:
        return is_whole(v, 1);
    case FORM_TIMES:
        return is_whole(v, 1) || is_one_of(v, "any");
    case FORM_SCALAR:
        return kind == VALUE_STRING || kind == VALUE_NUMBER || kind == VALUE_BOOLEAN;
    case FORM_TIME:
        return kind == VALUE_STRING && moment_read(v, &ms);
    case FORM_DURATION:
        return duration_read(v, &ms);
    case FORM_LASTING:
        return is_matcher_of_seconds(v) || duration_read(v, &ms);
    case FORM_DEFINITION:
        return kind == VALUE_OBJECT || (kind == VALUE_STRING && value_as_text(v).size > 0);
    default:
        return true;
    }
}

static void complain_form(struct complaints *c, const struct step *at, const char *name,
                          const char *what, const asl_value *v)
{
    struct asl_buffer shown;
    asl_buffer_init(&shown, 65536);
    if (value_size(v) <= 60)
        value_print(v, &shown);
    else
        asl_buffer_printf(&shown, "this %s", value_kind_name(value_kind(v)));
    complain(c, at, false, "\"%s\" wants %s, not %s", name, what, shown.data);
    asl_buffer_free(&shown);
}

/* "A|B" as "A, B or C". */
static void put_words(const char *words, struct asl_buffer *out)
{
    while (*words) {
        size_t size = strcspn(words, "|");
        asl_buffer_put(out, words, size);
        words += size + (words[size] == '|');
        if (*words)
            asl_buffer_puts(out, strchr(words, '|') ? ", " : " or ");
    }
}

static void complain_words(struct complaints *c, const struct step *at, const struct member *m,
                           const asl_value *v)
{
    struct asl_buffer words;
    asl_buffer_init(&words, 4096);
    put_words(m->words, &words);
    complain_form(c, at, m->name, words.data, v);
    asl_buffer_free(&words);
}

/* ---- paths and calls ---- */

static void check_path(const asl_value *v, const struct step *at, struct complaints *c);

static void check_path_element(const asl_value *v, const struct step *at, struct complaints *c)
{
    if (value_kind(v) == VALUE_STRING && value_as_text(v).size)
        return;
    const asl_value *branches =
        value_kind(v) == VALUE_OBJECT && value_count(v) == 1 ? value_at(v, 0) : NULL;
    if (!branches || value_kind(branches) != VALUE_ARRAY) {
        complain(c, at, false,
                 "a path holds names of states, \"...\", and {\"Map\": [[...], [...]]} "
                 "to look into a Map or Parallel");
        return;
    }
    struct step inner = step_key(at, value_as_text(value_key_at(v, 0)));
    for (size_t i = 0; i < value_count(branches); i++) {
        struct step branch = step_index(&inner, i);
        check_path(value_at(branches, i), &branch, c);
    }
}

static void check_path(const asl_value *v, const struct step *at, struct complaints *c)
{
    if (match_is_record(v))
        return;
    if (value_kind(v) != VALUE_ARRAY) {
        complain(c, at, false, "a path is a list: [\"First\", \"...\", \"Last\"]");
        return;
    }
    if (value_depth(v) > SHAPE_PATH_DEPTH) {
        complain(c, at, false, "the path is nested more than %d deep", SHAPE_PATH_DEPTH);
        return;
    }
    for (size_t i = 0; i < value_count(v); i++) {
        struct step element = step_index(at, i);
        check_path_element(value_at(v, i), &element, c);
    }
}

/* By state: how many, or a list of parameters. */
static void check_calls_of(const asl_value *v, const struct step *at, struct complaints *c)
{
    if (value_kind(v) == VALUE_ARRAY)
        for (size_t i = 0; i < value_count(v); i++) {
            struct step element = step_index(at, i);
            match_check(value_at(v, i), &element, c);
        }
    else if (!is_whole(v, 0))
        complain(c, at, false,
                 "by state, \"calls\" wants how many there are, or a list of their "
                 "parameters");
}

static void check_calls(const asl_value *v, const struct step *at, struct complaints *c)
{
    if (match_is_record(v))
        return;
    if (value_kind(v) != VALUE_ARRAY && value_kind(v) != VALUE_OBJECT) {
        complain_form(c, at, "calls", "a list of calls, or an object by state", v);
        return;
    }
    for (size_t i = 0; i < value_count(v); i++) {
        struct step inner = value_kind(v) == VALUE_ARRAY
                                ? step_index(at, i)
                                : step_key(at, value_as_text(value_key_at(v, i)));
        if (value_kind(v) == VALUE_ARRAY)
            form_check(value_at(v, i), &shape_call, &inner, c);
        else
            check_calls_of(value_at(v, i), &inner, c);
    }
}

/* ---- the walk ---- */

static void check_one(const asl_value *v, const struct member *m, const struct step *at,
                      struct complaints *c)
{
    if (m->form == FORM_OBJECT)
        form_check(v, m->shape, at, c);
    else if (m->form == FORM_PATH)
        check_path(v, at, c);
    else if (m->form == FORM_CALLS)
        check_calls(v, at, c);
    else if (!fits(v, m))
        m->form == FORM_WORDS ? complain_words(c, at, m, v)
                              : complain_form(c, at, m->name, wanted[m->form], v);
    else if (m->form == FORM_MATCHER || (m->form == FORM_LASTING && value_kind(v) == VALUE_OBJECT))
        match_check(v, at, c);
}

static void check_list(const asl_value *v, const struct member *m, const struct step *at,
                       struct complaints *c)
{
    for (size_t i = 0; i < value_count(v); i++) {
        struct step element = step_index(at, i);
        check_one(value_at(v, i), m, &element, c);
    }
}

static void check_value(const asl_value *v, const struct member *m, enum layout layout,
                        const struct step *at, struct complaints *c)
{
    bool list = value_kind(v) == VALUE_ARRAY;
    if (layout == LAYOUT_ONE || (layout == LAYOUT_ONE_OR_LIST && !list)) {
        check_one(v, m, at, c);
    } else if (layout == LAYOUT_LIST || layout == LAYOUT_ONE_OR_LIST) {
        if (!list)
            complain_form(c, at, m->name, "a list", v);
        else if (layout == LAYOUT_ONE_OR_LIST && !value_count(v))
            complain(c, at, false, "this list is empty: leave it out, or put something into it");
        else
            check_list(v, m, at, c);
    } else if (value_kind(v) != VALUE_OBJECT) {
        complain_form(c, at, m->name, "an object, by name", v);
    } else {
        for (size_t i = 0; i < value_count(v); i++) {
            struct step named = step_key(at, value_as_text(value_key_at(v, i)));
            check_value(value_at(v, i), m,
                        layout == LAYOUT_BY_NAME ? LAYOUT_ONE : LAYOUT_ONE_OR_LIST, &named, c);
        }
    }
}

static const struct member *find_member(const struct shape *shape, struct asl_text name)
{
    for (const struct member *m = shape->members; m->name; m++)
        if (asl_text_is(name, m->name))
            return m;
    return NULL;
}

static void complain_unknown(const struct shape *shape, struct asl_text name, const struct step *at,
                             struct complaints *c)
{
    struct guess g = {.wrong = name};
    struct asl_buffer hint;
    asl_buffer_init(&hint, 65536);
    for (const struct member *m = shape->members; m->name; m++)
        guess_try(&g, asl_text(m->name));
    put_guess(&g, &hint);
    if (!hint.size) {
        asl_buffer_puts(&hint, "; there are ");
        for (const struct member *m = shape->members; m->name; m++)
            asl_buffer_printf(&hint, "%s%s", m == shape->members ? "" : ", ", m->name);
    }
    complain(c, at, true, "a %s has no member \"%.*s\"%s", shape->name,
             (int)(name.size < 80 ? name.size : 80), name.data, hint.data);
    asl_buffer_free(&hint);
}

static size_t count_present(const asl_value *v, const char *names)
{
    size_t count = 0;
    while (*names) {
        size_t size = strcspn(names, "|");
        count += value_get(v, (struct asl_text){names, size}) != NULL;
        names += size + (names[size] == '|');
    }
    return count;
}

static void check_choice(const asl_value *v, const struct shape *shape, const struct step *at,
                         struct complaints *c)
{
    const char *names = shape->one_of ? shape->one_of : shape->at_most_one;
    size_t count = names ? count_present(v, names) : 0;
    struct asl_buffer words;
    if (!names || count == 1 || (count == 0 && !shape->one_of))
        return;
    asl_buffer_init(&words, 4096);
    put_words(names, &words);
    complain(c, at, false, count ? "a %s has only one of %s" : "a %s has one of %s", shape->name,
             words.data);
    asl_buffer_free(&words);
}

void form_check(const asl_value *v, const struct shape *shape, const struct step *at,
                struct complaints *c)
{
    if (value_kind(v) != VALUE_OBJECT) {
        complain(c, at, false, "a %s is an object, not %s", shape->name,
                 value_kind_name(value_kind(v)));
        return;
    }
    for (size_t i = 0; i < value_count(v); i++) {
        struct asl_text name = value_as_text(value_key_at(v, i));
        const struct member *m = find_member(shape, name);
        struct step inner = step_key(at, name);
        if (m)
            check_value(value_at(v, i), m, m->layout, &inner, c);
        else
            complain_unknown(shape, name, &inner, c);
    }
    for (const struct member *m = shape->members; m->name; m++)
        if (m->required && !value_get_z(v, m->name))
            complain(c, at, false, "\"%s\" is missing: %s", m->name, m->help);
    check_choice(v, shape, at, c);
}

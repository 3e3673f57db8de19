/* The edits; see edits.h. One function an edit: it gets an object with StartAt and States and the
 * name of one of the states, and gives the object back edited, or NULL when it does not fit. */
#include "tests/replay/edits.h"

#include <stdio.h>
#include <string.h>

/* ---- values ---- */

static const char *text_of(const asl_value *object, const char *name)
{
    const asl_value *v = value_get_z(object, name);
    return v && value_kind(v) == VALUE_STRING ? value_as_text(v).data : "";
}

static bool is_type(const asl_value *state, const char *type)
{
    return strcmp(text_of(state, "Type"), type) == 0;
}

static asl_value *with(const asl_value *object, const char *name, asl_value *v_take)
{
    return value_with_take(value_retain(object), value_string_z(name), v_take);
}

static asl_value *without(const asl_value *object, const char *name)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < value_count(object); i++)
        if (!asl_text_is(value_as_text(value_key_at(object, i)), name))
            value_list_push_member_take(&l, value_retain(value_key_at(object, i)),
                                        value_retain(value_at(object, i)));
    return value_object_take(&l);
}

static const asl_value *state_of(const asl_value *scope, const char *name)
{
    return value_get_z(value_get_z(scope, "States"), name);
}

static asl_value *with_state(const asl_value *scope, const char *name, asl_value *state_take)
{
    return with(scope, "States", with(value_get_z(scope, "States"), name, state_take));
}

static asl_value *integer(struct dice *d, uint64_t least, uint64_t most)
{
    return value_integer((int64_t)(least + dice_below(d, most - least + 1)));
}

/* Another state of the scope. */
static const char *any_state(struct dice *d, const asl_value *scope)
{
    const asl_value *states = value_get_z(scope, "States");
    return value_as_text(value_key_at(states, (size_t)dice_below(d, value_count(states)))).data;
}

/* Every transition to `from` leads to `to`. */
static asl_value *redirect(const asl_value *v, const char *from, const char *to)
{
    static const char *const members[] = {"Next", "Default", "StartAt"};
    struct value_list l;
    if (value_kind(v) != VALUE_OBJECT && value_kind(v) != VALUE_ARRAY)
        return value_retain(v);
    value_list_init(&l);
    for (size_t i = 0; i < value_count(v); i++) {
        asl_value *inner = redirect(value_at(v, i), from, to);
        if (value_kind(v) == VALUE_ARRAY) {
            value_list_push_take(&l, inner);
            continue;
        }
        bool leads = false;
        for (size_t k = 0; k < 3; k++)
            leads = leads || asl_text_is(value_as_text(value_key_at(v, i)), members[k]);
        if (leads && asl_text_is(value_as_text(inner), from)) {
            value_release(inner);
            inner = value_string_z(to);
        }
        value_list_push_member_take(&l, value_retain(value_key_at(v, i)), inner);
    }
    return value_kind(v) == VALUE_ARRAY ? value_array_take(&l) : value_object_take(&l);
}

/* ---- the edits ---- */

typedef asl_value *edit_function(struct dice *d, const asl_value *scope, const char *name);

static asl_value *comment(struct dice *d, const asl_value *scope, const char *name)
{
    (void)d;
    return with_state(scope, name, with(state_of(scope, name), "Comment", value_string_z("seen")));
}

static asl_value *reorder(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *states = value_get_z(scope, "States");
    struct value_list l;
    (void)d, (void)name;
    value_list_init(&l);
    for (size_t i = value_count(states); i-- > 0;)
        value_list_push_member_take(&l, value_retain(value_key_at(states, i)),
                                    value_retain(value_at(states, i)));
    return with(scope, "States", value_object_take(&l));
}

static asl_value *other_result(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name);
    if (!is_type(s, "Pass") || value_get_z(s, "QueryLanguage") || value_get_z(s, "Parameters"))
        return NULL;
    asl_value *first = with(s, "Result", integer(d, 0, 9));
    asl_value *both = with(first, "ResultPath", value_string_z("$.edited"));
    value_release(first);
    return with_state(scope, name, both);
}

static asl_value *rename_state(struct dice *d, const asl_value *scope, const char *name)
{
    char other[100];
    (void)d;
    snprintf(other, sizeof other, "Renamed%s", name);
    asl_value *led = redirect(scope, name, other);
    asl_value *added = with_state(led, other, value_retain(state_of(led, name)));
    asl_value *states = without(value_get_z(added, "States"), name);
    asl_value *done = with(added, "States", states);
    value_release(led);
    value_release(added);
    return done;
}

static asl_value *other_limit(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name);
    if (!is_type(s, "Choice"))
        return NULL;
    const asl_value *rule = value_at(value_get_z(s, "Choices"), 0),
                    *both = value_get_z(rule, "And");
    asl_value *limit = with(value_at(both, 1), "NumericLessThan", integer(d, 1, 6));
    asl_value *changed = with(rule, "And", value_with_element_take(value_retain(both), 1, limit));
    return with_state(
        scope, name,
        with(s, "Choices",
             value_with_element_take(value_retain(value_get_z(s, "Choices")), 0, changed)));
}

static asl_value *other_default(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name);
    return is_type(s, "Choice")
               ? with_state(scope, name, with(s, "Default", value_string_z(any_state(d, scope))))
               : NULL;
}

static asl_value *other_attempts(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name), *retry = value_get_z(s, "Retry");
    if (!retry)
        return NULL;
    asl_value *first = with(value_at(retry, 0), "MaxAttempts", integer(d, 0, 4));
    return with_state(scope, name,
                      with(s, "Retry", value_with_element_take(value_retain(retry), 0, first)));
}

static asl_value *other_interval(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name), *retry = value_get_z(s, "Retry");
    if (!retry)
        return NULL;
    asl_value *first = with(value_at(retry, 0), "IntervalSeconds", integer(d, 1, 30));
    return with_state(scope, name,
                      with(s, "Retry", value_with_element_take(value_retain(retry), 0, first)));
}

static asl_value *no_retry(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name);
    (void)d;
    return value_get_z(s, "Retry") ? with_state(scope, name, without(s, "Retry")) : NULL;
}

static asl_value *no_catch(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name);
    (void)d;
    return value_get_z(s, "Catch") ? with_state(scope, name, without(s, "Catch")) : NULL;
}

static asl_value *a_catch(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name);
    if (!(is_type(s, "Task") || is_type(s, "Map") || is_type(s, "Parallel")) ||
        value_get_z(s, "QueryLanguage"))
        return NULL;
    struct asl_buffer text;
    asl_buffer_init(&text, 4096);
    asl_buffer_printf(&text,
                      "[{\"ErrorEquals\": [\"States.ALL\"], \"ResultPath\": \"$.caught\", "
                      "\"Next\": \"%s\"}]",
                      any_state(d, scope));
    asl_value *catch = value_literal(text.data);
    asl_buffer_free(&text);
    return with_state(scope, name, with(s, "Catch", catch));
}

static asl_value *a_retry(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name);
    if (!(is_type(s, "Task") || is_type(s, "Map") || is_type(s, "Parallel")))
        return NULL;
    (void)d;
    return with_state(scope, name,
                      with(s, "Retry",
                           value_literal("[{\"ErrorEquals\": [\"States.ALL\"], "
                                         "\"MaxAttempts\": 2}]")));
}

static asl_value *other_parameters(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name), *parameters = value_get_z(s, "Parameters");
    if (!is_type(s, "Task") || !parameters || value_get_z(parameters, "FunctionName") ||
        value_get_z(parameters, "QueueUrl") || value_get_z(parameters, "StateMachineArn"))
        return NULL;
    return with_state(scope, name,
                      with(s, "Parameters", with(parameters, "extra", integer(d, 1, 9))));
}

static asl_value *a_pass(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name);
    char other[100];
    if (!*text_of(s, "Next"))
        return NULL;
    (void)d;
    snprintf(other, sizeof other, "After%s", name);
    asl_value *pass = value_literal("{\"Type\": \"Pass\"}");
    asl_value *first =
        with_state(scope, other, with(pass, "Next", value_retain(value_get_z(s, "Next"))));
    asl_value *done = with_state(first, name, with(s, "Next", value_string_z(other)));
    value_release(pass);
    value_release(first);
    return done;
}

static asl_value *a_wait(struct dice *d, const asl_value *scope, const char *name)
{
    asl_value *passed = a_pass(d, scope, name);
    char other[100];
    if (!passed)
        return NULL;
    snprintf(other, sizeof other, "After%s", name);
    asl_value *typed = with(state_of(passed, other), "Type", value_string_z("Wait"));
    asl_value *timed = with(typed, "Seconds", integer(d, 1, 40));
    asl_value *done = with_state(passed, other, timed);
    value_release(passed);
    value_release(typed);
    return done;
}

static asl_value *taken_out(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name);
    (void)d;
    if (!*text_of(s, "Next") || strcmp(text_of(s, "Next"), name) == 0)
        return NULL;
    asl_value *led = redirect(scope, name, text_of(s, "Next"));
    asl_value *done = with(led, "States", without(value_get_z(led, "States"), name));
    value_release(led);
    return done;
}

static asl_value *other_next(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name);
    return *text_of(s, "Next")
               ? with_state(scope, name, with(s, "Next", value_string_z(any_state(d, scope))))
               : NULL;
}

static asl_value *an_end(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name);
    (void)d;
    if (!*text_of(s, "Next"))
        return NULL;
    asl_value *open = without(s, "Next");
    asl_value *done = with_state(scope, name, with(open, "End", value_boolean(true)));
    value_release(open);
    return done;
}

static asl_value *other_timeout(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name);
    if (!is_type(s, "Task") || value_get_z(s, "HeartbeatSeconds") ||
        value_get_z(s, "QueryLanguage"))
        return NULL;
    return with_state(scope, name,
                      dice_says(d, 30) ? without(s, "TimeoutSeconds")
                                       : with(s, "TimeoutSeconds", integer(d, 1, 12)));
}

static asl_value *other_heartbeat(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name);
    if (!value_get_z(s, "HeartbeatSeconds"))
        return NULL;
    return with_state(scope, name,
                      dice_says(d, 50) ? without(s, "HeartbeatSeconds")
                                       : with(s, "HeartbeatSeconds", integer(d, 1, 4)));
}

static asl_value *other_wait(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name);
    return is_type(s, "Wait") && value_get_z(s, "Seconds") && !value_get_z(s, "QueryLanguage")
               ? with_state(scope, name, with(s, "Seconds", integer(d, 0, 40)))
               : NULL;
}

static asl_value *other_concurrency(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name);
    return is_type(s, "Map") ? with_state(scope, name, with(s, "MaxConcurrency", integer(d, 0, 3)))
                             : NULL;
}

static asl_value *other_result_path(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name);
    if (!value_get_z(s, "ResultPath"))
        return NULL;
    return with_state(
        scope, name,
        with(s, "ResultPath", dice_says(d, 50) ? value_null() : value_string_z("$.elsewhere")));
}

static asl_value *a_fail(struct dice *d, const asl_value *scope, const char *name)
{
    (void)d;
    return with_state(scope, name, value_literal("{\"Type\": \"Fail\", \"Error\": \"Edited\"}"));
}

static asl_value *branch_out(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name), *branches = value_get_z(s, "Branches");
    struct value_list l;
    if (!branches || value_count(branches) < 2)
        return NULL;
    size_t out = (size_t)dice_below(d, value_count(branches));
    value_list_init(&l);
    for (size_t i = 0; i < value_count(branches); i++)
        if (i != out)
            value_list_push_take(&l, value_retain(value_at(branches, i)));
    return with_state(scope, name, with(s, "Branches", value_array_take(&l)));
}

static asl_value *branch_in(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name), *branches = value_get_z(s, "Branches");
    if (!branches)
        return NULL;
    (void)d;
    return with_state(
        scope, name,
        with(s, "Branches",
             value_append_take(
                 value_retain(branches),
                 value_literal("{\"StartAt\": \"Extra\", \"States\": {\"Extra\": "
                               "{\"Type\": \"Wait\", \"Seconds\": 1, \"End\": true}}}"))));
}

static asl_value *other_selector(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name), *selector = value_get_z(s, "ItemSelector");
    return selector ? with_state(scope, name,
                                 with(s, "ItemSelector", with(selector, "extra", integer(d, 1, 3))))
                    : NULL;
}

static asl_value *no_items(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name);
    (void)d;
    return is_type(s, "Map")
               ? with_state(scope, name, with(s, "ItemsPath", value_string_z("$.none")))
               : NULL;
}

static asl_value *other_output(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name);
    (void)d;
    return is_type(s, "Pass") && value_get_z(s, "Output")
               ? with_state(scope, name,
                            with(s, "Output",
                                 value_string_z("{% $merge([$states.input, {'pass': "
                                                "'edited'}]) %}")))
               : NULL;
}

static asl_value *a_variable(struct dice *d, const asl_value *scope, const char *name)
{
    const asl_value *s = state_of(scope, name);
    (void)d;
    return is_type(s, "Pass") && !value_get_z(s, "QueryLanguage") && !value_get_z(s, "Assign")
               ? with_state(scope, name, with(s, "Assign", value_literal("{\"edited\": [1, 2]}")))
               : NULL;
}

static const struct edit {
    const char *name;
    edit_function *apply;
} edits[] = {
    {"comment", comment},
    {"states in another order", reorder},
    {"another Result", other_result},
    {"a state renamed", rename_state},
    {"another limit in a Choice", other_limit},
    {"another Default", other_default},
    {"another MaxAttempts", other_attempts},
    {"another IntervalSeconds", other_interval},
    {"no Retry", no_retry},
    {"no Catch", no_catch},
    {"a Catch", a_catch},
    {"a Retry", a_retry},
    {"other Parameters", other_parameters},
    {"a Pass in between", a_pass},
    {"a Wait in between", a_wait},
    {"a state taken out", taken_out},
    {"another Next", other_next},
    {"an End", an_end},
    {"another TimeoutSeconds", other_timeout},
    {"another HeartbeatSeconds", other_heartbeat},
    {"another Wait", other_wait},
    {"another MaxConcurrency", other_concurrency},
    {"another ResultPath", other_result_path},
    {"a Fail instead", a_fail},
    {"a branch out", branch_out},
    {"a branch in", branch_in},
    {"another ItemSelector", other_selector},
    {"items that are not there", no_items},
    {"another Output", other_output},
    {"a variable", a_variable},
};
const size_t edit_count = sizeof edits / sizeof *edits;

const char *edit_name(size_t edit)
{
    return edits[edit].name;
}

/* ---- where ---- */

struct search {
    size_t edit;
    struct dice *dice;
    size_t seen, wanted; /* states it fits, in the order met */
    bool applied;
};

static asl_value *search_scope(struct search *s, const asl_value *scope);

/* A Map's processor, a Parallel's branches. */
static asl_value *search_state(struct search *s, const asl_value *state)
{
    const asl_value *processor = value_get_z(state, "ItemProcessor");
    const asl_value *branches = value_get_z(state, "Branches");
    if (processor)
        return with(state, "ItemProcessor", search_scope(s, processor));
    if (!branches)
        return value_retain(state);
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < value_count(branches); i++)
        value_list_push_take(&l, search_scope(s, value_at(branches, i)));
    return with(state, "Branches", value_array_take(&l));
}

static asl_value *search_scope(struct search *s, const asl_value *scope)
{
    asl_value *here = value_retain(scope);
    for (size_t i = 0; i < value_count(value_get_z(scope, "States")) && !s->applied; i++) {
        const char *name = value_as_text(value_key_at(value_get_z(scope, "States"), i)).data;
        asl_value *edited = edits[s->edit].apply(s->dice, here, name);
        if (edited && s->seen++ == s->wanted) {
            s->applied = true;
            value_release(here);
            return edited;
        }
        value_release(edited);
        asl_value *inner = search_state(s, state_of(here, name));
        asl_value *next = with_state(here, name, inner);
        value_release(here);
        here = next;
    }
    return here;
}

asl_value *edit_apply(size_t edit, struct dice *dice, const asl_value *definition)
{
    struct search count = {edit, dice, 0, SIZE_MAX, false};
    value_release(search_scope(&count, definition));
    if (!count.seen)
        return NULL;
    struct search s = {edit, dice, 0, (size_t)dice_below(dice, count.seen), false};
    return search_scope(&s, definition);
}

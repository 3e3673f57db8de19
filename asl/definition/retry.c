/* Retriers and catchers.
 * Serves: ASL spec "Errors"; facts 3.9.
 */
#include "compile.h"

#include <stdlib.h>

#include "fields.h"

#define INTERVAL_DEFAULT 1
#define ATTEMPTS_DEFAULT 3
#define RATE_DEFAULT     2.0

static void compile_errors(const asl_value *v, asl_value ***errors, size_t *count)
{
    const asl_value *list = value_get_z(v, "ErrorEquals");
    size_t size = list == NULL ? 0 : value_count(list);
    *errors = asl_allocate_zeroed(size + 1, sizeof **errors);
    for (size_t i = 0; i < size; i++) {
        if (value_kind(value_at(list, i)) == VALUE_STRING) {
            (*errors)[(*count)++] = value_retain(value_at(list, i));
        }
    }
}

static int64_t integer_member(const asl_value *v, const char *name, int64_t fallback)
{
    const asl_value *member = value_get_z(v, name);
    int64_t i;
    return member != NULL && value_as_integer(member, &i) ? i : fallback;
}

/* "States.ALL" stands alone, and in the last entry. */
static void check_all(struct compiler *c, const asl_value *v, bool last, const struct place *place)
{
    const asl_value *list = value_get_z(v, "ErrorEquals");
    struct place inner = place_key(place, ASL_TEXT("ErrorEquals"));
    for (size_t i = 0; list != NULL && value_kind(list) == VALUE_ARRAY && i < value_count(list);
         i++) {
        struct place here = place_index(&inner, i);
        if (value_kind(value_at(list, i)) != VALUE_STRING) {
            report(c, CODE_SCHEMA, &here, "Expected value of type [STRING]");
        } else if (asl_text_is(value_as_text(value_at(list, i)), "States.ALL") &&
                   (!last || value_count(list) > 1)) {
            report(c, CODE_SCHEMA, &here, "States.ALL must appear alone and at end of list");
        }
    }
}

static void compile_retrier(const asl_value *v, struct retrier *r)
{
    compile_errors(v, &r->errors, &r->error_count);
    r->interval_seconds = integer_member(v, "IntervalSeconds", INTERVAL_DEFAULT);
    r->max_attempts = integer_member(v, "MaxAttempts", ATTEMPTS_DEFAULT);
    r->max_delay_seconds = integer_member(v, "MaxDelaySeconds", 0);
    const asl_value *rate = value_get_z(v, "BackoffRate");
    bool given = rate != NULL && value_kind(rate) == VALUE_NUMBER;
    r->backoff_rate = given ? value_as_double(rate) : RATE_DEFAULT;
    const asl_value *jitter = value_get_z(v, "JitterStrategy");
    r->full_jitter = jitter != NULL && asl_text_is(value_as_text(jitter), "FULL");
}

void retry_compile(struct compiler *c, const asl_value *v, const struct place *place,
                   struct state *state)
{
    const asl_value *list = value_get_z(v, "Retry");
    if (list == NULL || value_kind(list) != VALUE_ARRAY) {
        return;
    }
    state->retrier_count = value_count(list);
    state->retriers = asl_allocate_zeroed(state->retrier_count + 1, sizeof *state->retriers);
    struct place inner = place_key(place, ASL_TEXT("Retry"));
    for (size_t i = 0; i < state->retrier_count; i++) {
        struct place here = place_index(&inner, i);
        fields_check(c, value_at(list, i), &here, &shape_retrier, 0);
        check_all(c, value_at(list, i), i + 1 == state->retrier_count, &here);
        compile_retrier(value_at(list, i), &state->retriers[i]);
    }
}

static void compile_catcher(struct compiler *c, const asl_value *v, const struct place *place,
                            struct catcher *catcher)
{
    compile_errors(v, &catcher->errors, &catcher->error_count);
    c->data = DATA_ERROR;
    if (c->language == LANGUAGE_JSONATA) {
        catcher->output = template_member(c, v, "Output", place);
    } else {
        const asl_value *result = value_get_z(v, "ResultPath");
        catcher->discard = result != NULL && value_kind(result) == VALUE_NULL;
        catcher->result_path =
            path_member(c, v, "ResultPath", PATH_REFERENCE, START_NO_CONTEXT, place);
    }
    assign_check(c, v, place);
    catcher->assign = template_member(c, v, "Assign", place);
    c->data = 0;
    catcher->next = target_member(c, v, "Next");
}

void catch_compile(struct compiler *c, const asl_value *v, const struct place *place,
                   struct state *state)
{
    const asl_value *list = value_get_z(v, "Catch");
    if (list == NULL || value_kind(list) != VALUE_ARRAY) {
        return;
    }
    struct place inner = place_key(place, ASL_TEXT("Catch"));
    state->catcher_count = value_count(list);
    state->catchers = asl_allocate_zeroed(state->catcher_count + 1, sizeof *state->catchers);
    for (size_t i = 0; i < state->catcher_count; i++) {
        struct place here = place_index(&inner, i);
        fields_check(c, value_at(list, i), &here, &shape_catcher, 0);
        check_all(c, value_at(list, i), i + 1 == state->catcher_count, &here);
        compile_catcher(c, value_at(list, i), &here, &state->catchers[i]);
    }
}

static void free_errors(asl_value **errors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        value_release(errors[i]);
    }
    free(errors);
}

void retry_free(struct state *state)
{
    for (size_t i = 0; i < state->retrier_count; i++) {
        free_errors(state->retriers[i].errors, state->retriers[i].error_count);
    }
    free(state->retriers);
    for (size_t i = 0; i < state->catcher_count; i++) {
        struct catcher *catcher = &state->catchers[i];
        free_errors(catcher->errors, catcher->error_count);
        path_free(catcher->result_path);
        template_free(catcher->assign);
        template_free(catcher->output);
    }
    free(state->catchers);
}

/* The small states: Pass, Wait, Succeed, Fail.
 * Serves: ASL spec "Pass State", "Wait State", "Succeed State", "Fail State"; facts 3.1, 3.8. */
#include "run.h"

#include <stdio.h>

#define WAIT_SECONDS_MAXIMUM 99999999
/* "Wait state delay is too long.": seconds ahead must fit 32 bits (facts 3.8). */
#define WAIT_AHEAD_MAXIMUM ((int64_t)INT32_MAX * 1000)

static bool leave_with(struct run *r, struct frame *f, const asl_value *result)
{
    return flow_leave(r, f, f->state->output, f->state->assign, result, f->state->next);
}

bool work_pass(struct run *r, struct frame *f)
{
    const struct state *s = f->state;
    asl_value *effective = flow_of(s)->effective_input(r, f);
    if (!effective)
        return false;
    asl_value *result;
    if (s->of.pass.result)
        result = value_retain(s->of.pass.result);
    else if (s->parameters)
        result = flow_template(r, s->parameters, effective);
    else
        result = value_retain(effective);
    if (result)
        run_show_value(r, s, s->of.pass.result ? ASL_SEE_RESULT : ASL_SEE_PARAMETERS, result);
    bool fine = result && leave_with(r, f, result);
    value_release(result);
    value_release(effective);
    return fine;
}

bool work_succeed(struct run *r, struct frame *f)
{
    asl_value *effective = flow_of(f->state)->effective_input(r, f);
    bool fine = effective && leave_with(r, f, effective);
    value_release(effective);
    return fine;
}

/* ---- Fail ---- */

/* Error or Cause: a text, or what its path or expression gives. NULL: absent. */
static bool fail_text(struct run *r, const struct setting *s, const asl_value *input,
                      asl_value **text)
{
    *text = NULL;
    if (!flow_is_set(s))
        return true;
    *text = s->template ? flow_template(r, s->template, input) : value_retain(s->value);
    if (!*text)
        return false;
    if (value_kind(*text) == VALUE_STRING)
        return true;
    struct asl_buffer shown;
    asl_buffer_init(&shown, PAYLOAD_MAXIMUM * 2);
    value_print(*text, &shown);
    if (s->template && s->template->kind == TEMPLATE_JSONATA)
        fail_evaluation(r, s->name,
                        "The JSONata expression '%.*s' specified for the field '%s' returned an "
                        "unexpected result type. Expected 'string', but was '%s' for value: %.*s",
                        ASL_TEXT_ARGS(jsonata_source(s->template->of.jsonata)), s->name,
                        value_kind_name(value_kind(*text)), ASL_TEXT_ARGS(asl_buffer_text(&shown)));
    else
        fail_runtime(r, "The %s field does not refer to a string: %.*s", s->name,
                     ASL_TEXT_ARGS(asl_buffer_text(&shown)));
    asl_buffer_free(&shown);
    return false;
}

bool work_fail(struct run *r, struct frame *f)
{
    const struct state *s = f->state;
    asl_value *error = NULL, *cause = NULL;
    run_show_value(r, s, ASL_SEE_INPUT_PATH, f->input); /* it has no InputPath */
    if (fail_text(r, &s->of.fail.error, f->input, &error) &&
        fail_text(r, &s->of.fail.cause, f->input, &cause)) {
        struct asl_text none = {NULL, 0};
        fail_with(r, error ? value_as_text(error) : none, cause ? value_as_text(cause) : none);
        r->failure.is_terminal = false; /* a Fail state's own word, whatever it says */
    }
    value_release(error);
    value_release(cause);
    return false;
}

/* ---- Wait ---- */

static const char *setting_path(const struct setting *s, char text[256])
{
    struct asl_text source = path_source(s->template->of.path);
    snprintf(text, 256, "%.*s", ASL_TEXT_ARGS(source));
    return text;
}

static bool wait_seconds_path(struct run *r, const struct setting *s, const asl_value *input,
                              int64_t *ms)
{
    char path[256];
    setting_path(s, path);
    asl_value *v = flow_path(r, s->template->of.path, input, NULL);
    if (!v)
        return fail_runtime(r, "The SecondsPath parameter does not reference an input value: %s",
                            path);
    struct asl_buffer shown;
    asl_buffer_init(&shown, 8192);
    value_print(v, &shown);
    struct asl_text text =
        value_kind(v) == VALUE_STRING ? value_as_text(v) : asl_buffer_text(&shown);
    int64_t seconds = 0;
    bool fine = false;
    if (!value_as_integer(v, &seconds))
        fail_runtime(r, "The SecondsPath parameter cannot be parsed as a long value: %s == %.*s",
                     path, ASL_TEXT_ARGS(text));
    else if (seconds < 0)
        fail_runtime(r, "The SecondsPath parameter references a negative value: %s == %.*s", path,
                     ASL_TEXT_ARGS(text));
    else if (seconds > WAIT_AHEAD_MAXIMUM / 1000)
        fail_runtime(r, "Wait state delay is too long.");
    else
        fine = true;
    *ms = seconds * 1000;
    asl_buffer_free(&shown);
    value_release(v);
    return fine;
}

static bool fail_timestamp(struct run *r, const struct setting *s, const asl_value *v)
{
    struct asl_buffer shown;
    asl_buffer_init(&shown, 8192);
    if (value_kind(v) == VALUE_STRING)
        asl_buffer_put_text(&shown, value_as_text(v));
    else
        value_print(v, &shown);
    struct asl_text text = asl_buffer_text(&shown);
    char path[256];
    if (s->template && s->template->kind == TEMPLATE_PATH)
        fail_runtime(r,
                     "The TimestampPath parameter does not reference a valid ISO-8601 extended "
                     "offset date-time format string: %s == %.*s",
                     setting_path(s, path), ASL_TEXT_ARGS(text));
    else if (s->template && value_kind(v) != VALUE_STRING)
        fail_evaluation(
            r, "Timestamp",
            "The JSONata expression '%.*s' specified for the field 'Timestamp' returned "
            "an unexpected result type. Expected 'string', but was '%s' for value: %.*s",
            ASL_TEXT_ARGS(jsonata_source(s->template->of.jsonata)), value_kind_name(value_kind(v)),
            ASL_TEXT_ARGS(text));
    else
        fail_evaluation(r, "Timestamp",
                        "The Timestamp field cannot be parsed as an ISO-8601 extended offset "
                        "date-time format string: %.*s",
                        ASL_TEXT_ARGS(text));
    asl_buffer_free(&shown);
    return false;
}

static bool wait_timestamp(struct run *r, const struct setting *s, const asl_value *input,
                           int64_t *until)
{
    asl_value *v = NULL;
    if (s->template && s->template->kind == TEMPLATE_PATH) {
        v = flow_path(r, s->template->of.path, input, NULL);
        if (!v)
            return fail_runtime(
                r, "The TimestampPath parameter does not reference an input value: %.*s",
                ASL_TEXT_ARGS(path_source(s->template->of.path)));
    } else {
        v = flow_setting(r, s, input);
    }
    int32_t nanoseconds;
    bool fine = v && value_kind(v) == VALUE_STRING &&
                timestamp_parse(value_as_text(v), until, &nanoseconds);
    if (v && !fine)
        fail_timestamp(r, s, v);
    value_release(v);
    return fine;
}

static bool wait_until(struct run *r, const struct state *s, const asl_value *input, int64_t *due)
{
    const struct setting *seconds = &s->of.wait.seconds;
    int64_t now = run_now(r), delay = 0;
    if (!flow_is_set(seconds)) {
        if (!wait_timestamp(r, &s->of.wait.timestamp, input, due))
            return false;
        return *due - now <= WAIT_AHEAD_MAXIMUM || fail_runtime(r, "Wait state delay is too long.");
    }
    if (seconds->template && seconds->template->kind == TEMPLATE_PATH) {
        if (!wait_seconds_path(r, seconds, input, &delay))
            return false;
    } else {
        if (!flow_integer(r, seconds, input, 0, WAIT_SECONDS_MAXIMUM, 0, &delay))
            return false;
        delay *= 1000;
    }
    *due = now + delay;
    return true;
}

bool work_wait(struct run *r, struct frame *f)
{
    asl_value *effective = flow_of(f->state)->effective_input(r, f);
    int64_t due;
    bool fine = effective && wait_until(r, f->state, effective, &due);
    value_release(effective);
    if (!fine)
        return false;
    f->due = due;
    f->phase = FRAME_WAIT;
    if (due <= run_now(r))
        wait_is_over(r, f); /* a moment that has passed: no turn of the clock is needed */
    return true;
}

void wait_is_over(struct run *r, struct frame *f)
{
    f->due = NEVER;
    asl_value *effective = flow_of(f->state)->effective_input(r, f);
    if (!effective || !leave_with(r, f, effective))
        state_fail(r, f);
    value_release(effective);
}

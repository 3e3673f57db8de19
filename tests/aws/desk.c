/* See desk.h. */
#include "desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of skipped time: so long that a machine may stall meanwhile and no real clock comes there first.
 */
#define LONG_MS (10 * 60 * 1000)

struct task {
    struct desk *desk;
    bool callback;
};

static bool serve(void *state, int fd, size_t number, const char *request)
{
    const struct desk *d = state;
    size_t i = 0;
    (void)request;
    while (i < number - d->first && d->replies[i + 1].body)
        i++;
    const struct desk_reply *r = &d->replies[i];
    size_t size = r->body == d->raw ? d->raw_size : strlen(r->body);
    return r->status != 0 && peer_answer_bytes(fd, r->status, r->headers, r->body, size);
}

/* ---- the engine's part ----
 *
 * Weak: where a test brings the engine itself, its task_report_* count. */
#define STAND_IN __attribute__((weak))

static void say(struct task *t, const char *what, const asl_value *output, struct asl_text error,
                struct asl_text cause)
{
    struct asl_buffer *b = &t->desk->said;
    asl_buffer_puts(b, what);
    if (output) {
        asl_buffer_putc(b, ' ');
        value_print(output, b);
    }
    if (error.data)
        asl_buffer_printf(b, " %.*s | %.*s", ASL_TEXT_ARGS(error), ASL_TEXT_ARGS(cause));
    asl_buffer_putc(b, '\n');
}

static const struct asl_text none;

static void end(struct task *t)
{
    loop_stop(t->desk->loop);
}

STAND_IN void task_report_started(struct task *task, struct asl_text worker)
{
    (void)worker;
    say(task, "STARTED", NULL, none, none);
}

STAND_IN void task_report_submitted(struct task *task, const asl_value *output)
{
    say(task, "SUBMITTED", output, none, none);
    if (task->callback)
        end(task);
}

STAND_IN void task_report_succeeded(struct task *task, const asl_value *output)
{
    say(task, "SUCCEEDED", output, none, none);
    end(task);
}

STAND_IN void task_report_failed(struct task *task, struct asl_text error, struct asl_text cause)
{
    say(task, "FAILED", NULL, error, cause);
    end(task);
}

STAND_IN void task_report_submit_failed(struct task *task, struct asl_text error,
                                        struct asl_text cause)
{
    say(task, "SUBMIT_FAILED", NULL, error, cause);
    end(task);
}

STAND_IN void task_report_start_failed(struct task *task, struct asl_text error,
                                       struct asl_text cause)
{
    say(task, "START_FAILED", NULL, error, cause);
    end(task);
}

STAND_IN bool task_is_inspected(const struct task *task)
{
    (void)task;
    return false;
}

STAND_IN bool task_reveals_secrets(const struct task *task)
{
    (void)task;
    return false;
}

STAND_IN void task_report_exchange(struct task *task, const asl_value *request,
                                   const asl_value *response)
{
    (void)task;
    (void)request;
    (void)response;
}

/* ---- resources ---- */

static const struct {
    const char *suffix;
    enum task_pattern pattern;
} patterns[] = {
    {".sync:2", TASK_SYNC_2},
    {".sync", TASK_SYNC},
    {".waitForTaskToken", TASK_CALLBACK},
};

struct resource desk_resource(const char *arn)
{
    struct resource r = {.arn = strdup(arn), .family = TASK_SERVICE};
    if (strstr(arn, ":lambda:") && strstr(arn, ":function:")) {
        r.family = TASK_LAMBDA;
        r.type = strdup("lambda");
        r.name = strdup("");
        r.action = strdup("");
        return r;
    }
    const char *rest = strstr(arn, ":states:::") + strlen(":states:::");
    const char *colon = strchr(rest, ':');
    if (strncmp(rest, "aws-sdk:", 8) == 0)
        colon = strchr(colon + 1, ':');
    r.type = strndup(rest, (size_t)(colon - rest));
    r.name = strdup(colon + 1);
    r.action = strdup(colon + 1);
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        char *at = strstr(r.action, patterns[i].suffix);
        if (at && at[strlen(patterns[i].suffix)] == '\0') {
            *at = '\0';
            r.pattern = patterns[i].pattern;
            break;
        }
    }
    return r;
}

void desk_resource_free(struct resource *r)
{
    free(r->arn);
    free(r->type);
    free(r->name);
    free(r->action);
}

/* ---- running ---- */

int desk_open(void **state)
{
    static const char *const environment[] = {"AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
                                              "AWS_SECRET_ACCESS_KEY=canary",
                                              "AWS_REGION=us-east-1", "AWS_MAX_ATTEMPTS=2", NULL};
    struct desk *d = calloc(1, sizeof *d);
    char url[64], message[512];
    d->loop = loop_new(LOOP_SKIP, 1);
    d->http = http_out_new(d->loop, 0, 0);
    d->catalogue = catalogue_new();
    d->peer = peer_start(serve, d);
    struct aws_options o = {
        .loop = d->loop, .http = d->http, .catalogue = d->catalogue, .environment = environment};
    d->aws = aws_new(&o, message);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", peer_port(d->peer));
    if (!d->aws || !aws_route(d->aws, "*", url, message))
        abort();
    d->shared = (struct connectors){.loop = d->loop,
                                    .http = d->http,
                                    .aws = d->aws,
                                    .region = "us-east-1",
                                    .account = "111111111111"};
    asl_buffer_init(&d->said, ASL_BUFFER_MAXIMUM);
    *state = d;
    return 0;
}

int desk_close(void **state)
{
    struct desk *d = *state;
    aws_free(d->aws);
    peer_stop(d->peer);
    http_out_free(d->http);
    catalogue_free(d->catalogue);
    loop_free(d->loop);
    asl_buffer_free(&d->said);
    free(d);
    return 0;
}

static struct task_request request_of(const struct desk *d, const struct resource *r,
                                      const asl_value *parameters)
{
    return (struct task_request){
        .resource = r,
        .parameters = parameters,
        .execution_arn = "arn:aws:states:us-east-1:111111111111:execution:M:e",
        .machine_arn = "arn:aws:states:us-east-1:111111111111:stateMachine:M",
        .role_arn = "arn:aws:iam::111111111111:role/M",
        .token = r->pattern == TASK_REQUEST_RESPONSE ? "" : "TOKEN",
        .event_id = 3,
        .again = d->again,
        .state_name = d->state_name,
        .submitted = d->submitted,
    };
}

const char *desk_run(struct desk *d, const char *resource_arn, const char *parameters,
                     const struct desk_reply *replies)
{
    struct resource r = desk_resource(resource_arn);
    struct task task = {d, r.pattern == TASK_CALLBACK};
    asl_value *p = value_literal(parameters);
    struct task_request request = request_of(d, &r, p);
    const struct connector *c = connector_for(&r);
    asl_buffer_clear(&d->said);
    d->replies = replies;
    d->first = peer_request_count(d->peer);
    if (c) {
        c->start(&d->shared, &task, &request);
        value_release(p);
        p = NULL;
        loop_run(d->loop);
    } else {
        asl_buffer_puts(&d->said, "no connector\n");
    }
    value_release(p);
    desk_resource_free(&r);
    return d->said.data;
}

static void on_timer(void *state)
{
    loop_stop(state);
}

static void run_for(struct desk *d, int milliseconds)
{
    struct loop_timer *timer = loop_timer_new(d->loop, on_timer, d->loop);
    loop_timer_arm(timer, loop_now(d->loop) + milliseconds);
    loop_run(d->loop);
    loop_timer_free(timer);
}

static void end_after(struct desk *d, const char *resource_arn, const char *parameters,
                      const struct desk_reply *replies, int milliseconds, bool stops)
{
    struct resource r = desk_resource(resource_arn);
    struct task task = {d, false};
    asl_value *p = value_literal(parameters);
    struct task_request request = request_of(d, &r, p);
    const struct connector *c = connector_for(&r);
    asl_buffer_clear(&d->said);
    d->replies = replies;
    d->first = peer_request_count(d->peer);
    void *handle = c->start(&d->shared, &task, &request);
    run_for(d, milliseconds);
    bool has_ended = d->said.size > 0 && strncmp(d->said.data, "SUBMITTED", 9) != 0;
    if (!has_ended && stops && c->stop)
        c->stop(handle);
    else if (!has_ended) /* else the handle is gone with it */
        c->cancel(handle);
    if (stops)
        run_for(d, LONG_MS);
    value_release(p);
    desk_resource_free(&r);
}

void desk_cancel_after(struct desk *d, const char *resource_arn, const char *parameters,
                       const struct desk_reply *replies, int milliseconds)
{
    end_after(d, resource_arn, parameters, replies, milliseconds, false);
}

void desk_stop(struct desk *d, const char *resource_arn, const char *parameters,
               const struct desk_reply *replies)
{
    end_after(d, resource_arn, parameters, replies, LONG_MS, true);
}

/* See engine_desk.h. */
#include "tests/aws/engine_desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A run that does not end is a failure of its own. */
#define SECONDS_MAXIMUM 60
#define VARIABLES       32

static void die(const char *message)
{
    fprintf(stderr, "%s\n", message);
    exit(1);
}

static bool see_event(void *state, int64_t id, const asl_value *event)
{
    struct engine_desk *d = state;
    d->events = value_append_take(d->events, value_retain(event));
    if (d->see)
        d->see(d->see_state, id, event);
    return true;
}

static void watch(void *state, int64_t execution, struct store_bytes chunk, enum asl_status status)
{
    struct engine_desk *d = state;
    char message[160];
    d->execution = execution;
    d->status = status;
    if (chunk.data)
        asl_history_read(chunk.data, chunk.size, true, see_event, d, message);
    else
        loop_stop(d->loop);
}

static void on_started(void *state, const struct engine_started *started)
{
    (void)state;
    if (started->outcome != ENGINE_OK)
        die(started->message ? started->message : "the execution did not start");
}

static char *filled(const struct engine_desk *d, const char *text)
{
    struct asl_buffer b;
    asl_buffer_init(&b, 8192);
    for (; *text; text++)
        if (*text == '@')
            asl_buffer_puts(&b, d->url);
        else if (*text == '^') /* this machine under a name that is not known to be it */
            asl_buffer_printf(&b, "http://0.0.0.0:%u", peer_port(d->peer));
        else if (*text == '~')
            asl_buffer_puts(&b, d->folder);
        else
            asl_buffer_putc(&b, *text);
    char *copy = asl_copy_text(asl_buffer_text(&b));
    asl_buffer_free(&b);
    return copy;
}

static void open_aws(struct engine_desk *d, const char *const *environment)
{
    static const char *const usual[] = {"AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
                                        "AWS_SECRET_ACCESS_KEY=secret",
                                        "AWS_REGION=" ENGINE_DESK_REGION, NULL};
    char *variables[VARIABLES + 1] = {0}, message[512];
    const char *const *given = environment ? environment : usual;
    for (size_t i = 0; given[i] && i < VARIABLES; i++)
        variables[i] = filled(d, given[i]);
    struct aws_options o = {.loop = d->loop,
                            .http = d->http,
                            .catalogue = d->catalogue,
                            .environment = (const char *const *)variables};
    d->aws = aws_new(&o, message);
    if (!d->aws || (!d->unrouted && !aws_route(d->aws, "*", d->url, message)))
        die(message);
    for (size_t i = 0; variables[i]; i++)
        free(variables[i]);
}

void engine_desk_open(struct engine_desk *d, enum loop_time time, const char *const *environment)
{
    char path[96];
    struct store_error error;
    d->events = value_empty_array();
    d->loop = loop_new(time, 1);
    d->http = http_out_new(d->loop, 0, 0);
    d->peer = peer_start(d->serve, d->state);
    snprintf(d->url, sizeof d->url, "http://127.0.0.1:%u", peer_port(d->peer));
    if (!d->folder[0]) {
        strcpy(d->folder, "/tmp/stepwell-desk-XXXXXX");
        if (!mkdtemp(d->folder))
            die("no folder can be made in /tmp");
    }
    open_aws(d, environment);
    snprintf(path, sizeof path, "%s/t.db", d->folder);
    struct engine_options options = {
        .loop = d->loop,
        .store_path = path,
        .connectors = {.loop = d->loop,
                       .http = d->http,
                       .aws = d->aws,
                       .connections = d->connections,
                       .region = ENGINE_DESK_REGION,
                       .account = ENGINE_DESK_ACCOUNT},
    };
    d->engine = engine_open(&options, &error);
    if (!d->engine)
        die(error.message);
    engine_watch(d->engine, 0, watch, d);
}

bool engine_desk_run(struct engine_desk *d, const char *name, struct asl_text definition,
                     struct asl_text input)
{
    struct asl_diagnostics diagnostics = {0};
    value_release(d->events);
    d->events = value_empty_array();
    int64_t machine =
        engine_put_machine(d->engine, name, definition, false, ENGINE_DESK_ROLE, &diagnostics);
    if (machine < 0)
        fprintf(stderr, "%s\n", diagnostics.items[0].message);
    asl_diagnostics_free(&diagnostics);
    if (machine < 0)
        return false;
    struct engine_start start = {.machine = machine, .name = "execution-name", .input = input};
    engine_start(d->engine, &start, on_started, d);
    alarm(SECONDS_MAXIMUM);
    loop_run(d->loop);
    alarm(0);
    return true;
}

const asl_value *engine_desk_last(const struct engine_desk *d, const char *type)
{
    for (size_t i = value_count(d->events); i-- > 0;) {
        const asl_value *event = value_at(d->events, i);
        if (!asl_text_is(value_as_text(value_get_z(event, "type")), type))
            continue;
        for (size_t k = 0; k < value_count(event); k++)
            if (asl_text_ends(value_as_text(value_key_at(event, k)), "EventDetails"))
                return value_at(event, k);
    }
    return NULL;
}

void engine_desk_stop(struct engine_desk *d)
{
    engine_close(d->engine);
    d->engine = NULL;
    aws_free(d->aws);
    peer_stop(d->peer);
    http_out_free(d->http);
    loop_free(d->loop);
}

void engine_desk_close(struct engine_desk *d)
{
    char command[128];
    if (d->engine)
        engine_desk_stop(d);
    value_release(d->events);
    snprintf(command, sizeof command, "rm -r %s", d->folder);
    if (system(command) != 0)
        die("the test's folder cannot be removed");
}

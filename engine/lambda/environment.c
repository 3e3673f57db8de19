/* What a function sees of the world: the variables that Lambda sets, a few of ours that every
 * program needs (PATH), and what its own configuration says. Credentials of ours, and the files
 * they lie in, only where they were asked for; the stand-ins take any. */
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Passed on as they are; those that end in '_' with all that begin so. */
static const char *const passed[] = {"PATH=",   "HOME=", "LANG=",   "LC_",
                                     "TMPDIR=", "USER=", "LOGNAME="};

struct variables {
    char **items;
    size_t count;
};

static void put(struct variables *v, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct variables *v, const char *format, ...)
{
    struct asl_buffer text;
    va_list arguments;
    asl_buffer_init(&text, 1 << 17);
    va_start(arguments, format);
    asl_buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    if (text.full || !text.data) {
        asl_buffer_free(&text);
        return;
    }
    /* the last one of a name wins */
    size_t name = strcspn(text.data, "=") + 1;
    for (size_t i = 0; i < v->count; i++)
        if (strncmp(v->items[i], text.data, name) == 0) {
            free(v->items[i]);
            v->items[i] = asl_buffer_take(&text, NULL);
            return;
        }
    v->items = asl_reallocate(v->items, (v->count + 2) * sizeof *v->items);
    v->items[v->count++] = asl_buffer_take(&text, NULL);
    v->items[v->count] = NULL;
}

static void put_ours(struct variables *v, const struct function *f)
{
    for (const char *const *e = f->lambda->environment; e && *e; e++) {
        for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
            if (strncmp(*e, passed[i], strlen(passed[i])) == 0)
                put(v, "%s", *e);
        if (f->with_credentials && strncmp(*e, "AWS_", 4) == 0)
            put(v, "%s", *e);
    }
}

static void put_credentials(struct variables *v, const struct lambda *l)
{
    const char *endpoint = l->endpoint ? l->endpoint(l->state) : NULL;
    put(v, "AWS_ACCESS_KEY_ID=local");
    put(v, "AWS_SECRET_ACCESS_KEY=local");
    put(v, "AWS_CONFIG_FILE=/dev/null");
    put(v, "AWS_SHARED_CREDENTIALS_FILE=/dev/null");
    put(v, "AWS_EC2_METADATA_DISABLED=true");
    if (endpoint)
        put(v, "AWS_ENDPOINT_URL=%s", endpoint);
}

/* The name it was called by: a sandbox that is started serves the first call of its queue. */
static const struct lambda_invocation *first_call(const struct sandbox *s)
{
    return s->invocation ? s->invocation : s->function->first;
}

static void put_lambdas(struct variables *v, const struct sandbox *s)
{
    const struct function *f = s->function;
    const struct lambda_invocation *i = first_call(s);
    const char *name = i ? i->name : f->key;
    put(v, "AWS_REGION=%s", f->lambda->region);
    put(v, "AWS_DEFAULT_REGION=%s", f->lambda->region);
    put(v, "AWS_EXECUTION_ENV=%s", f->runner->identity);
    put(v, "AWS_LAMBDA_FUNCTION_NAME=%s", name);
    put(v, "AWS_LAMBDA_FUNCTION_VERSION=%s",
        i && i->qualifier[0] >= '0' && i->qualifier[0] <= '9' ? i->qualifier : "$LATEST");
    put(v, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=%lld", (long long)f->memory_mb);
    put(v, "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand");
    put(v, "AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/%s", name);
    put(v, "AWS_LAMBDA_LOG_STREAM_NAME=%s", s->log_stream);
    put(v, "LAMBDA_TASK_ROOT=%s", f->folder);
    put(v, "LAMBDA_RUNTIME_DIR=%s", f->folder);
    put(v, "_HANDLER=%s", f->handler);
    put(v, "TZ=:UTC");
    put(v, "PYTHONUNBUFFERED=1"); /* what it prints is seen when it prints it */
    if (s->api)
        put(v, "AWS_LAMBDA_RUNTIME_API=127.0.0.1:%u", (unsigned)http_in_port(s->api));
    else if (i) { /* a program has no headers to read these from */
        put(v, "AWS_LAMBDA_REQUEST_ID=%s", i->id);
        put(v, "AWS_LAMBDA_DEADLINE_MS=%lld", (long long)(lambda_real_ms() + f->timeout_ms));
    }
}

char **environment_of(const struct sandbox *s)
{
    struct variables v = {0};
    const asl_value *own = s->function->environment;
    if (!s->function->with_credentials)
        put_credentials(&v, s->function->lambda);
    put_ours(&v, s->function);
    put_lambdas(&v, s);
    for (size_t i = 0; own && i < value_count(own); i++)
        put(&v, "%.*s=%.*s", ASL_TEXT_ARGS(value_as_text(value_key_at(own, i))),
            ASL_TEXT_ARGS(value_as_text(value_at(own, i))));
    return v.items;
}

void environment_free(char **environment)
{
    for (size_t i = 0; environment && environment[i]; i++)
        free(environment[i]);
    free(environment);
}

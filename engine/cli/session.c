/* A running engine with all it needs; see session.h. Closed in the mirror order of opening. */
#include "engine/cli/session.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/un.h>

#include "engine/api/api.h"
#include "engine/aws/aws.h"
#include "engine/cli/ask.h"
#include "engine/cli/routes.h"
#include "engine/local/local.h"
#include "engine/mock/desk.h"
#include "engine/task/connections.h"
#include "engine/task/tokens.h"

extern char **environ;

#define REQUESTS_IN_ALL        1000
#define REQUESTS_PER_HOST      256
#define EXPORT_SECONDS_DEFAULT 90
#define ACCOUNT_DEFAULT        "123456789012"

static bool start_api(struct session *s);

/* ---- the stand-ins, from their first call on ---- */

static int64_t engine_time(void *session)
{
    return loop_now(((struct session *)session)->loop);
}

/* What a stand-in tells a state machine or a function: asked of the service's API, wherever that
 * is. */
struct telling {
    struct session *session;
    struct telling *next;
    struct aws_call *call;
    void (*done)(void *state, bool is_done);
    void *state;
};

static void telling_free(struct telling *t)
{
    struct telling **at = &t->session->tellings;
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    free(t);
}

/* Done, too, when it will never be: an input that is none, a function that is not routed. */
static void on_told(void *state, const struct aws_outcome *outcome)
{
    struct telling *t = state;
    const struct aws_answer *a = &outcome->answer;
    bool is_done = !a->failed || strcmp(a->code, "ExecutionAlreadyExists") == 0;
    bool is_lost =
        outcome->trouble == AWS_REFUSED ||
        (outcome->trouble == AWS_ANSWERED && a->failed && a->status < 500 && a->status != 429 &&
         !is_done && strcmp(a->code, "StateMachineDoesNotExist") != 0);
    if (is_lost)
        cli_note("a rule or a topic cannot reach its target: %s", a->message);
    t->done(t->state, is_done || is_lost);
    telling_free(t);
}

static void tell(void *session, const char *arn, const char *name, struct asl_text input,
                 void (*done)(void *state, bool is_done), void *state)
{
    struct session *s = session;
    struct value_list l;
    char region[64] = "";
    bool is_function = strstr(arn, ":function:") != NULL;
    sscanf(arn, "arn:%*[^:]:%*[^:]:%63[^:]:", region); /* where the target is */
    const struct catalogue_service *service =
        catalogue_service(s->catalogue, is_function ? ASL_TEXT("lambda") : ASL_TEXT("sfn"));
    struct telling *t = asl_allocate_zeroed(1, sizeof *t);
    value_list_init(&l);
    value_list_set_take(&l, is_function ? "FunctionName" : "stateMachineArn", value_string_z(arn));
    value_list_set_take(&l, is_function ? "InvocationType" : "name",
                        value_string_z(is_function ? "Event" : name));
    value_list_set_take(&l, is_function ? "Payload" : "input", value_string(input));
    asl_value *parameters = value_object_take(&l);
    *t = (struct telling){.session = s, .next = s->tellings, .done = done, .state = state};
    s->tellings = t;
    const struct aws_ask ask = {
        .operation = catalogue_operation(service, is_function ? ASL_TEXT("Invoke")
                                                              : ASL_TEXT("StartExecution")),
        .names = PROTOCOL_NATIVE,
        .parameters = parameters,
        .region = region[0] ? region : NULL,
    };
    t->call = aws_call(s->aws, &ask, on_told, t);
    value_release(parameters);
}

/* ---- asynchronous calls of functions: kept by the stand-ins' database, made here ---- */

struct calling {
    struct session *session;
    struct calling *next;
    void (*done)(void *state, enum local_call_end end);
    void *state;
};

static void calling_free(struct calling *c)
{
    struct calling **at = &c->session->callings;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    free(c);
}

static void on_called(void *state, const struct lambda_result *r)
{
    struct calling *c = state;
    c->done(c->state, r->function_error ? LOCAL_CALL_FAILED : LOCAL_CALL_DONE);
    calling_free(c);
}

static void call_function(void *session, const struct local_function_call *call,
                          void (*done)(void *state, enum local_call_end end), void *state)
{
    struct session *s = session;
    bool busy;
    struct calling *c = asl_allocate_zeroed(1, sizeof *c);
    *c = (struct calling){s, s->callings, done, state};
    s->callings = c;
    const struct lambda_call of = {.key = call->key,
                                   .name = call->name,
                                   .qualifier = call->qualifier,
                                   .payload = call->payload,
                                   .client_context =
                                       call->context.size ? call->context.data : NULL};
    if (lambda_invoke(s->lambda, &of, on_called, c, &busy))
        return;
    calling_free(c);
    done(state, busy ? LOCAL_CALL_BUSY : LOCAL_CALL_LOST);
}

static bool keep_call(void *session, const struct lambda_call *call)
{
    struct session *s = session;
    const struct local_function_call kept = {
        call->key, call->name, call->qualifier,
        call->client_context ? asl_text(call->client_context) : ASL_TEXT(""), call->payload};
    return session_stand_ins(s) && local_keep_call(s->local, &kept);
}

static bool start_stand_ins(struct session *s)
{
    char message[512];
    struct local_options options = {
        .directory = s->data,
        .loop = s->loop,
        .now = engine_time,
        .now_state = s,
        .export_ms = s->export_ms,
        .account = s->account,
        .region = aws_region(s->aws),
        .catalogue = s->catalogue,
        .tell = tell,
        .tell_state = s,
        .call = call_function,
        .call_state = s,
    };
    s->local = local_new(&options, message);
    if (!s->local) {
        cli_note("the stand-ins cannot start: %s", message);
        return false;
    }
    s->listener =
        http_in_new(s->loop, "127.0.0.1", 0, NULL, NULL, session_stand_in_handle, s, message);
    if (!s->listener) {
        cli_note("the stand-ins cannot listen: %s", message);
        return false;
    }
    snprintf(s->stand_in_url, sizeof s->stand_in_url, "http://127.0.0.1:%u",
             (unsigned)http_in_port(s->listener));
    return true;
}

bool session_is_for_stand_in(const struct http_received *request)
{
    char service[64];
    local_service_of(request, service);
    return local_offers(service) || strcmp(service, "lambda") == 0 ||
           (service[0] == '\0' && strncmp(request->path, "/2015-03-31/", 12) == 0);
}

asl_value *session_pattern_rules(void *session, const char *region, const asl_value *parameters)
{
    struct session *s = session;
    struct asl_buffer text;
    struct local_answer answer;
    struct value_error error;
    if (!session_stand_ins(s))
        return NULL;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    local_answer_init(&answer);
    local_request_in(s->local, region, "events", "ListRules", value_compact(parameters, &text),
                     &answer);
    asl_value *shown = value_parse(asl_buffer_text(&answer.body), 0, 0, &error);
    const asl_value *rules = shown ? value_get_z(shown, "Rules") : NULL;
    asl_value *copy = rules ? value_retain(rules) : NULL;
    value_release(shown);
    local_answer_free(&answer);
    asl_buffer_free(&text);
    return copy;
}

bool session_is_for_events(struct session *s, const struct http_received *request)
{
    const char *target = http_headers_get(&request->headers, "X-Amz-Target");
    return target && strncmp(target, "AWSEvents.", 10) == 0 && session_stand_ins(s) &&
           local_takes_events(s->local, request);
}

void session_stand_in_handle(void *session, struct http_exchange *x,
                             const struct http_received *request)
{
    struct session *s = session;
    char service[64];
    local_service_of(request, service);
    const char *target = http_headers_get(&request->headers, "X-Amz-Target");
    if (target && strncmp(target, "AWSStepFunctions.", 17) == 0 && (s->inner || start_api(s)))
        api_handle(s->api, x, request); /* a function of `run` that answers a task token */
    else if (lambda_is_path(request->path) && (!service[0] || strcmp(service, "lambda") == 0))
        lambda_handle(s->lambda, x, request);
    else
        local_handle(s->local, x, request);
}

bool session_stand_ins(struct session *s)
{
    return s->listener || start_stand_ins(s);
}

/* ---- the engine's own API, for its machines ---- */

static bool start_api(struct session *s)
{
    char message[512];
    struct sockaddr_un where;
    unsigned size;
    const struct api_options options = {
        .engine = s->engine, .catalogue = s->catalogue, .without_schedules = true};
    if (!s->api)
        s->api = api_new(&options, message);
    if (!s->api) {
        cli_note("the engine's own API cannot start: %s", message);
        return false;
    }
    s->inner = http_in_inner(s->loop, api_handle_inner, s->api, &where, &size);
    http_out_set_inner(s->http, &where, size);
    return true;
}

void session_wake_stand_ins(struct session *s)
{
    struct asl_buffer path;
    asl_buffer_init(&path, 65536);
    asl_buffer_printf(&path, "%s/local.db", s->data);
    if (path.data && access(path.data, F_OK) == 0)
        session_stand_ins(s);
    asl_buffer_free(&path);
}

static const char *stand_in(void *session, const char *service)
{
    struct session *s = session;
    if (strcmp(service, "sfn") == 0 && s->engine && (s->inner || start_api(s)))
        return HTTP_OUT_INNER;
    if ((!local_offers(service) && strcmp(service, "lambda") != 0) || !session_stand_ins(s))
        return NULL;
    return s->stand_in_url;
}

/* ---- settings ---- */

static bool read_settings(struct session *s, const struct session_settings *settings,
                          struct engine_options *options, enum loop_time *time, double *scale)
{
    if (!cli_time(settings->time, time, scale))
        return false;
    options->in_flight = ENGINE_IN_FLIGHT_RETRY;
    if (settings->in_flight && strcmp(settings->in_flight, "fail") == 0)
        options->in_flight = ENGINE_IN_FLIGHT_FAIL;
    else if (settings->in_flight && strcmp(settings->in_flight, "retry") != 0) {
        cli_fail(EXIT_WRONG_USAGE, "--in-flight is retry or fail, not '%s'", settings->in_flight);
        return false;
    }
    s->account = settings->account ? settings->account : ACCOUNT_DEFAULT;
    if (strlen(s->account) != 12 || strspn(s->account, "0123456789") != 12) {
        cli_fail(EXIT_WRONG_USAGE, "--account is twelve digits, not '%s'", s->account);
        return false;
    }
    double seconds = EXPORT_SECONDS_DEFAULT;
    if (settings->export_seconds) {
        char *end;
        seconds = strtod(settings->export_seconds, &end);
        if (*end || end == settings->export_seconds || !(seconds >= 0 && seconds <= 86400)) {
            cli_fail(EXIT_WRONG_USAGE, "--export-seconds is a number from 0 to 86400, not '%s'",
                     settings->export_seconds);
            return false;
        }
    }
    s->export_ms = (int64_t)(seconds * 1000);
    if (s->export_ms == 0)
        s->export_ms = 1; /* 0 means the default there */
    return true;
}

/* ---- functions ---- */

static const char *endpoint_of_functions(void *session)
{
    struct session *s = session;
    if (s->api_url[0])
        return s->api_url;
    return session_stand_ins(s) ? s->stand_in_url : NULL;
}

/* "function:price" is shown as "price". */
static void show_line(void *session, const char *function, struct asl_text line)
{
    const struct session *s = session;
    if (!s->is_quiet)
        fprintf(stderr, "%*s| %s: %.*s\n", 13, "",
                strncmp(function, "function:", 9) == 0 ? function + 9 : function,
                ASL_TEXT_ARGS(line));
}

static void open_functions(struct session *s)
{
    struct asl_buffer logs;
    asl_buffer_init(&logs, 65536);
    asl_buffer_printf(&logs, "%s/lambda", s->data);
    const struct lambda_options options = {
        .loop = s->loop,
        .region = aws_region(s->aws),
        .account = s->account,
        .environment = (const char *const *)environ,
        .endpoint = endpoint_of_functions,
        .log = show_line,
        .keep = keep_call,
        .state = s,
        .log_folder = logs.data,
    };
    s->lambda = lambda_new(&options);
    asl_buffer_free(&logs);
}

static bool open_aws(struct session *s, const struct session_settings *settings)
{
    char message[512];
    struct aws_options options = {
        .loop = s->loop,
        .http = s->http,
        .catalogue = s->catalogue,
        .environment = (const char *const *)environ,
        .profile = settings->profile,
        .region = settings->region,
        .real = settings->aws,
        .stand_in = stand_in,
        .stand_in_state = s,
        .ask_code = cli_ask_code,
    };
    s->aws = aws_new(&options, message);
    if (!s->aws) {
        cli_fail(EXIT_WRONG_USAGE, "%s", message);
        return false;
    }
    open_functions(s);
    return routes_read(s->aws, s->lambda, &settings->routes, settings->routes_file);
}

static bool open_connections(struct session *s, const char *path)
{
    char message[512];
    if (!path)
        return true;
    s->connections = connections_load(path, message);
    if (!s->connections)
        cli_fail(EXIT_WRONG_USAGE, "--connections: %s", message);
    else
        s->tokens = tokens_open();
    return s->connections != NULL;
}

static bool open_mocks(struct session *s, const char *path)
{
    struct asl_buffer message;
    const char *set = getenv("SFN_MOCK_CONFIG");
    asl_buffer_init(&message, 65536);
    if (!path && set && *set)
        path = set;
    s->mocks = mock_desk_new(s->engine, path, &message);
    if (!s->mocks)
        cli_fail(EXIT_WRONG_USAGE, "the mock file is wrong:\n%s", message.data);
    asl_buffer_free(&message);
    return s->mocks != NULL;
}

/* ---- signals ---- */

static void interrupted(struct session *s, int signal_number)
{
    s->caught_signal = signal_number;
    loop_stop(s->loop);
}

static void on_int(void *session)
{
    interrupted(session, SIGINT);
}

static void on_term(void *session)
{
    interrupted(session, SIGTERM);
}

/* ---- life ---- */

static char *default_data(const char *db)
{
    struct asl_buffer path;
    asl_buffer_init(&path, 65536);
    asl_buffer_printf(&path, "%s.data", db);
    return asl_buffer_take(&path, NULL);
}

bool session_open(struct session *s, const struct session_settings *settings, int *status)
{
    struct engine_options options = {0};
    struct store_error error;
    enum loop_time time;
    double scale;
    *s = (struct session){0};
    *status = EXIT_WRONG_USAGE;
    s->is_quiet = settings->quiet;
    if (!read_settings(s, settings, &options, &time, &scale))
        return false;
    const char *db = settings->db ? settings->db : DEFAULT_DB;
    s->data = settings->data ? asl_copy_text(asl_text(settings->data)) : default_data(db);
    signal(SIGPIPE, SIG_IGN);
    s->loop = loop_new(time, scale);
    s->http = http_out_new(s->loop, REQUESTS_IN_ALL, REQUESTS_PER_HOST);
    s->catalogue = catalogue_new();
    if (!open_aws(s, settings) || !open_connections(s, settings->connections)) {
        session_close(s);
        return false;
    }
    options.complain = settings->complain;
    options.complain_state = settings->complain_state;
    options.loop = s->loop;
    options.store_path = db;
    options.connectors = (struct connectors){
        .loop = s->loop,
        .http = s->http,
        .aws = s->aws,
        .region = aws_region(s->aws),
        .account = s->account,
        .connections = s->connections,
        .tokens = s->tokens,
    };
    s->engine = engine_open(&options, &error);
    if (!s->engine) {
        *status = cli_fail(EXIT_STORE, "%s", error.message);
        session_close(s);
        return false;
    }
    if (!open_mocks(s, settings->mock_config)) {
        session_close(s);
        return false;
    }
    loop_on_signal(s->loop, SIGINT, on_int, s);
    loop_on_signal(s->loop, SIGTERM, on_term, s);
    return true;
}

void session_run(struct session *s)
{
    loop_run(s->loop);
}

void session_close(struct session *s)
{
    engine_close(s->engine);
    if (!s->is_api_borrowed)
        api_free(s->api);
    http_in_free(s->inner);
    mock_desk_free(s->mocks);
    while (s->tellings) {
        aws_call_cancel(s->tellings->call);
        telling_free(s->tellings);
    }
    if (s->listener)
        http_in_free(s->listener); /* who waits for a function goes before the functions do */
    lambda_free(s->lambda);
    while (s->callings)
        calling_free(s->callings);
    if (s->local)
        local_free(s->local);
    if (s->aws)
        aws_free(s->aws);
    tokens_close(s->tokens);
    value_release(s->connections);
    catalogue_free(s->catalogue);
    if (s->http)
        http_out_free(s->http);
    loop_free(s->loop);
    free(s->data);
    *s = (struct session){.caught_signal = s->caught_signal};
}

void session_settings_free(struct session_settings *settings)
{
    texts_free(&settings->routes);
}

/* stepwell serve: the Step Functions API, with the stand-ins behind the same port.
 *
 * A graceful end (SIGTERM, SIGINT): no new requests, long polls answered, what was asked is
 * finished and answered, then the store is closed. What still runs is taken up by the next start.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/api/api.h"
#include "engine/api/signature.h"
#include "engine/aws/config.h"
#include "engine/cli/log.h"
#include "engine/cli/notify.h"
#include "engine/cli/serve_files.h"
#include "engine/cli/session.h"
#include "engine/local/local.h"
#include "engine/loop/address.h"
#include "engine/loop/unix_socket.h"

#define CLOSING_MS      10000 /* for what is being answered */
#define CLOSING_STEP_MS 20

struct server {
    struct session session;
    struct log log;
    struct api *api;
    struct http_in *http;
    struct signature_keys *keys; /* requests must be signed by one of them; NULL: by anyone */
    struct notify *notify;
    struct loop_timer *closing;
    int64_t closing_until;
    int quiet_steps;
};

/* ---- routes ---- */

static void answer_text(struct http_exchange *x, int status, const char *type, struct asl_text text)
{
    struct http_headers headers;
    http_headers_init(&headers);
    http_headers_add(&headers, "Content-Type", asl_text(type));
    http_headers_add(&headers, "Cache-Control", ASL_TEXT("no-store"));
    http_headers_add(&headers, "X-Content-Type-Options", ASL_TEXT("nosniff"));
    http_exchange_answer(x, status, &headers, text);
    http_headers_free(&headers);
}

static void answer_health(struct server *s, struct http_exchange *x)
{
    (void)s;
    answer_text(x, 200, "text/plain; charset=utf-8", ASL_TEXT("ok\n"));
}

static void answer_metrics(struct server *s, struct http_exchange *x)
{
    struct asl_buffer text;
    asl_buffer_init(&text, 1 << 20);
    api_metrics(s->api, &text);
    answer_text(x, 200, "text/plain; version=0.0.4; charset=utf-8", asl_buffer_text(&text));
    asl_buffer_free(&text);
}

static const struct {
    const char *path;
    void (*answer)(struct server *s, struct http_exchange *x);
} pages[] = {{"/healthz", answer_health}, {"/metrics", answer_metrics}};

static bool is_read(const struct http_received *request)
{
    return strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
}

static int64_t wall_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* False after answering: the signature does not hold. */
static bool is_let_in(struct server *s, struct http_exchange *x,
                      const struct http_received *request)
{
    struct signature_refusal refusal;
    if (!s->keys || signature_verify(s->keys, request, wall_clock(), &refusal))
        return true;
    signature_answer(x, request, &refusal);
    return false;
}

/* Signed for a stand-in: its own answer, errors included. Everything else is the API's. */
static void serve_request(struct server *s, struct http_exchange *x,
                          const struct http_received *request)
{
    if ((!api_is_meant(request) || session_is_for_events(&s->session, request)) &&
        session_is_for_stand_in(request) && session_stand_ins(&s->session)) {
        session_stand_in_handle(&s->session, x, request);
        return;
    }
    api_handle(s->api, x, request);
}

static void handle(void *state, struct http_exchange *x, const struct http_received *request)
{
    struct server *s = state;
    for (size_t i = 0; is_read(request) && i < sizeof pages / sizeof *pages; i++)
        if (strcmp(request->path, pages[i].path) == 0 &&
            !http_headers_get(&request->headers, "Authorization")) {
            pages[i].answer(s, x);
            return;
        }
    if (is_let_in(s, x, request))
        serve_request(s, x, request);
}

/* ---- the end ---- */

/* Answers need some turns of the loop to leave. */
static void go_on_closing(void *state)
{
    struct server *s = state;
    s->quiet_steps = api_close(s->api) ? s->quiet_steps + 1 : 0;
    s->closing_until -= CLOSING_STEP_MS;
    if (s->quiet_steps > 3 || s->closing_until <= 0)
        loop_stop(s->session.loop);
    else
        loop_timer_arm(s->closing, loop_now(s->session.loop) + CLOSING_STEP_MS);
}

static void on_signal(void *state)
{
    struct server *s = state;
    if (s->closing) { /* asked twice: at once */
        loop_stop(s->session.loop);
        return;
    }
    notify_stopping(s->notify);
    http_in_close(s->http);
    s->closing = loop_timer_new(s->session.loop, go_on_closing, s);
    s->closing_until = CLOSING_MS;
    go_on_closing(s);
}

/* ---- begin ---- */

struct listening {
    const char *address, *port; /* or "unix:<path>" */
    struct texts hosts;
    struct quotas quotas;
    struct serve_files files;
    const char *keys; /* a file; NULL: AWS's own configuration has them */
    bool insecure, require_signature;
};

static const char *socket_path(const struct listening *l)
{
    return strncmp(l->address, "unix:", 5) == 0 ? l->address + 5 : NULL;
}

static bool read_port(const char *text, uint16_t *port)
{
    char *end;
    long number = strtol(text, &end, 10);
    *port = (uint16_t)number;
    return *text && !*end && number >= 0 && number <= 65535;
}

/* ---- keys ---- */

/* Those of AWS's own configuration that stand there as text. */
static void add_own_keys(struct signature_keys *keys, const struct session_settings *settings)
{
    struct config config;
    char message[512];
    extern char **environ;
    if (!config_load(&config, (const char *const *)environ, settings->profile, message))
        return;
    const char *id = config_variable(&config, "AWS_ACCESS_KEY_ID");
    const char *secret = config_variable(&config, "AWS_SECRET_ACCESS_KEY");
    if (id && secret)
        signature_keys_add(keys, id, secret, config_variable(&config, "AWS_SESSION_TOKEN"));
    id = config_value(&config, config.profile, "aws_access_key_id");
    secret = config_value(&config, config.profile, "aws_secret_access_key");
    if (id && secret)
        signature_keys_add(keys, id, secret,
                           config_value(&config, config.profile, "aws_session_token"));
    config_free(&config);
}

static bool read_keys(struct server *s, const struct listening *l,
                      const struct session_settings *settings)
{
    char message[512];
    if (!l->require_signature && !l->keys)
        return true;
    s->keys = signature_keys_new();
    if (l->keys && !signature_keys_read(s->keys, l->keys, message)) {
        cli_fail(EXIT_WRONG_USAGE, "--keys: %s", message);
        return false;
    }
    if (!l->keys)
        add_own_keys(s->keys, settings);
    if (signature_keys_count(s->keys))
        return true;
    cli_fail(EXIT_WRONG_USAGE,
             "--require-signature wants keys: --keys FILE (as ~/.aws/credentials), "
             "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile's");
    return false;
}

/* ---- listening ---- */

/* Functions are other processes: they come in by the door, signed as everybody. */
static void tell_functions(struct server *s, const char *address)
{
    bool six = strchr(address, ':') != NULL;
    if (!address_host_is_loopback(address))
        address = six ? "::1" : "127.0.0.1"; /* listening on all of them, or routed */
    snprintf(s->session.api_url, sizeof s->session.api_url, "http://%s%s%s:%u", six ? "[" : "",
             address, six ? "]" : "", (unsigned)http_in_port(s->http));
}

static bool open_doors(struct server *s, const struct listening *l, uint16_t port,
                       char message[512])
{
    struct texts hosts = {0};
    const char *path = socket_path(l);
    texts_add(&hosts, "sync-localhost"); /* the host prefix of StartSyncExecution and TestState */
    texts_add(&hosts, "sync-127.0.0.1");
    for (size_t i = 0; i < l->hosts.count; i++)
        texts_add(&hosts, l->hosts.items[i]);
    texts_add(&hosts, NULL);
    if (path) {
        int listening = unix_socket_listen(path, message);
        if (listening >= 0)
            s->http = http_in_on_socket(s->session.loop, listening, hosts.items, NULL, handle, s);
    } else {
        s->http =
            http_in_new(s->session.loop, l->address, port, hosts.items, NULL, handle, s, message);
    }
    texts_free(&hosts);
    if (s->http && !path)
        tell_functions(s, l->address);
    return s->http != NULL;
}

static void tell_where(const struct server *s, const struct listening *l)
{
    bool six = strchr(l->address, ':') != NULL;
    if (socket_path(l))
        cli_note("serving the Step Functions API on %s", l->address);
    else
        cli_note("serving the Step Functions API on http://%s%s%s:%u", six ? "[" : "", l->address,
                 six ? "]" : "", (unsigned)http_in_port(s->http));
}

static int listen_and_run(struct server *s, const struct listening *l, uint16_t port)
{
    char message[512];
    const struct api_options options = {
        .engine = s->session.engine,
        .catalogue = s->session.catalogue,
        .mocks = s->session.mocks,
        .pattern_rules = session_pattern_rules,
        .pattern_state = &s->session,
        .aws = s->session.aws,
        .quotas = &l->quotas,
        .log = log_line,
        .log_state = &s->log,
        .log_level = s->log.level,
    };
    s->api = api_new(&options, message);
    if (!s->api)
        return cli_fail(EXIT_STORE, "%s", message);
    s->session.api = s->api;
    s->session.is_api_borrowed = true;
    if (!serve_files_put(&l->files, s->api, s->session.catalogue))
        return EXIT_WRONG_USAGE;
    if (!open_doors(s, l, port, message))
        return cli_fail(EXIT_WRONG_USAGE, "%s", message);
    loop_on_signal(s->session.loop, SIGTERM, on_signal, s);
    loop_on_signal(s->session.loop, SIGINT, on_signal, s);
    tell_where(s, l);
    session_wake_stand_ins(&s->session);
    s->notify = notify_ready(s->session.loop);
    session_run(&s->session);
    if (socket_path(l))
        unlink(socket_path(l));
    return EXIT_FINE;
}

static bool check_listening(struct listening *l, uint16_t *port)
{
    struct sockaddr_storage address;
    if (strcmp(l->address, "localhost") == 0)
        l->address = "127.0.0.1";
    if (!read_port(l->port, port)) {
        cli_fail(EXIT_WRONG_USAGE, "--port is a number from 0 to 65535, not '%s'", l->port);
        return false;
    }
    if (!socket_path(l) && !address_from_text(l->address, *port, &address)) {
        cli_fail(
            EXIT_WRONG_USAGE,
            "--listen is a numeric address (127.0.0.1, ::1), localhost or unix:PATH, not '%s'; "
            "the port is said with --port",
            l->address);
        return false;
    }
    bool lets_in = !socket_path(l) && !address_host_is_loopback(l->address);
    if (lets_in && !l->insecure && !l->require_signature && !l->keys) {
        cli_fail(
            EXIT_WRONG_USAGE,
            "--listen %s lets others in, and signatures are not verified; say "
            "--require-signature, put a proxy in front of it, or say --insecure if the network "
            "is yours alone",
            l->address);
        return false;
    }
    return true;
}

static int serve(struct session_settings *settings, struct listening *l, const char *log_format,
                 const char *log_level)
{
    struct server s = {.api = NULL};
    uint16_t port;
    int status = EXIT_WRONG_USAGE;
    if (!check_listening(l, &port) || !log_open(&s.log, log_format, log_level))
        return status;
    settings->complain = log_warning;
    settings->complain_state = &s.log;
    if (!read_keys(&s, l, settings) || !session_open(&s.session, settings, &status)) {
        signature_keys_free(s.keys);
        cli_notes_to(NULL, NULL);
        return status;
    }
    status = listen_and_run(&s, l, port);
    engine_close(s.session.engine);
    s.session.engine = NULL;
    api_free(s.api);
    http_in_free(s.http);
    if (s.closing)
        loop_timer_free(s.closing);
    notify_free(s.notify);
    session_close(&s.session);
    signature_keys_free(s.keys);
    cli_notes_to(NULL, NULL);
    return status;
}

static bool read_quotas(const struct texts *given, struct quotas *quotas)
{
    char message[256];
    quotas_init(quotas);
    for (size_t i = 0; i < given->count; i++)
        if (!quotas_set(quotas, given->items[i], message)) {
            cli_fail(EXIT_WRONG_USAGE, "--quota: %s", message);
            return false;
        }
    return true;
}

static int command(const struct command *c, int argc, char **argv)
{
    struct session_settings settings = {0};
    struct listening l = {.address = "127.0.0.1", .port = "8083"};
    struct texts quotas = {0};
    const char *log_format = NULL, *log_level = NULL;
    const struct option options[] = {
        {"var", OPTION_LIST, "NAME=VALUE", "for ${NAME} in the definitions", &l.files.variables},
        {"type", OPTION_TEXT, "TYPE",
         "of their machines: STANDARD (default) or EXPRESS; NAME.express.asl.json says it too",
         &l.files.type},
        {"port", OPTION_TEXT, "N", "default: 8083; 0: any, told on stderr", &l.port},
        {"listen", OPTION_TEXT, "ADDR", "default: 127.0.0.1; or unix:PATH, a socket of yours alone",
         &l.address},
        {"allow-host", OPTION_LIST, "NAME", "a further name that Host may give; *.x: all under x",
         &l.hosts},
        {"insecure", OPTION_FLAG, NULL, "let others in with --listen, unverified", &l.insecure},
        {"require-signature", OPTION_FLAG, NULL, "serve what is signed by a known key only",
         &l.require_signature},
        {"keys", OPTION_TEXT, "FILE",
         "the known keys, as ~/.aws/credentials has them (default: yours)", &l.keys},
        {"quota", OPTION_LIST, "NAME=N",
         "fewer than AWS gives: activities, aliases, executions, machines, tags, versions, workers",
         &quotas},
        {"log-format", OPTION_TEXT, "FORM", "plain (default) or json, on stderr", &log_format},
        {"log-level", OPTION_TEXT, "LEVEL", "error, warn, info (default) or debug: every request",
         &log_level},
        SESSION_OPTIONS(&settings),
        {0},
    };
    int status = cli_options(c, options, argc, argv, &l.files.paths);
    if (status < 0 && l.files.type && strcmp(l.files.type, "STANDARD") != 0 &&
        strcmp(l.files.type, "EXPRESS") != 0)
        status =
            cli_fail(EXIT_WRONG_USAGE, "--type is STANDARD or EXPRESS, not '%s'", l.files.type);
    if (status < 0 && !read_quotas(&quotas, &l.quotas))
        status = EXIT_WRONG_USAGE;
    if (status < 0)
        status = serve(&settings, &l, log_format, log_level);
    texts_free(&l.files.paths);
    texts_free(&l.files.variables);
    texts_free(&l.hosts);
    texts_free(&quotas);
    session_settings_free(&settings);
    return status;
}

const struct command command_serve = {
    "serve",
    "[FILE|FOLDER...]",
    "answers the Step Functions API on port 8083",
    "Definitions given (of a folder, every *.asl.json and *.asl below it) are its machines from "
    "the start,\n"
    "named after their files: export.asl.json and export/machine.asl.json are `export`. One that "
    "has changed\n"
    "since becomes the machine's new revision.\n"
    "Answers on loopback only; signatures are taken unverified there, unless --require-signature. "
    "GET /healthz tells when it is\n"
    "ready, GET /metrics its figures. The stand-ins answer on the same port. SIGTERM ends\n"
    "it gracefully: 0; what runs goes on with the next start.\n"
    "\n"
    "example:\n"
    "  stepwell serve jobs/ --db jobs.db &\n"
    "  aws stepfunctions list-state-machines --endpoint-url http://localhost:8083",
    command,
};

/* stepwell serve: the Step Functions API, with the stand-ins behind the same port.
 *
 * A graceful end (SIGTERM, SIGINT): no new requests, long polls answered, what was asked is finished
 * and answered, then the store is closed. What still runs is taken up by the next start.
 */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/api/api.h"
#include "engine/cli/session.h"
#include "engine/local/local.h"

#define CLOSING_MS 10000 /* for what is being answered */
#define CLOSING_STEP_MS 20

struct server {
    struct session session;
    struct api *api;
    struct http_in *http;
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

/* Signed for a stand-in: its own answer, errors included. Everything else is the API's. */
static void handle(void *state, struct http_exchange *x, const struct http_received *request)
{
    struct server *s = state;
    char service[64];
    if (!api_is_meant(request)) {
        local_service_of(request, service);
        if (local_offers(service) && session_stand_ins(&s->session)) {
            local_handle(s->session.local, x, request);
            return;
        }
    }
    for (size_t i = 0; is_read(request) && i < sizeof pages / sizeof *pages; i++)
        if (strcmp(request->path, pages[i].path) == 0) {
            pages[i].answer(s, x);
            return;
        }
    api_handle(s->api, x, request);
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
    http_in_close(s->http);
    s->closing = loop_timer_new(s->session.loop, go_on_closing, s);
    s->closing_until = CLOSING_MS;
    go_on_closing(s);
}

/* systemd's word that the service is ready (sd_notify); nothing where nobody asked for it. */
static void notify_ready(void)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    if (!path || !*path || strlen(path) >= sizeof where.sun_path)
        return;
    memcpy(where.sun_path, path, strlen(path));
    if (where.sun_path[0] == '@')
        where.sun_path[0] = '\0';
    int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    if (s >= 0 && sendto(s, "READY=1", 7, MSG_NOSIGNAL, (struct sockaddr *)&where, size) < 0)
        cli_note("systemd cannot be told that the server is ready");
    if (s >= 0)
        close(s);
}

/* ---- begin ---- */

struct listening {
    const char *address, *port;
    struct texts hosts;
    bool insecure;
};

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

static bool read_port(const char *text, uint16_t *port)
{
    char *end;
    long number = strtol(text, &end, 10);
    *port = (uint16_t)number;
    return *text && !*end && number >= 0 && number <= 65535;
}

/* Where the machines' own calls of Step Functions go: here, unless they are routed. */
static void be_the_stand_in(struct server *s, const char *address)
{
    bool six = strchr(address, ':') != NULL;
    if (!is_loopback(address))
        address = six ? "::1" : "127.0.0.1"; /* listening on all of them, or routed */
    snprintf(s->session.api_url, sizeof s->session.api_url, "http://%s%s%s:%u", six ? "[" : "",
             address, six ? "]" : "", (unsigned)http_in_port(s->http));
}

static int listen_and_run(struct server *s, const struct listening *l, uint16_t port)
{
    char message[512];
    struct texts hosts = {0};
    const struct api_options options = {
        .engine = s->session.engine, .catalogue = s->session.catalogue,
        .mocks = s->session.mocks, .aws = s->session.aws};
    s->api = api_new(&options, message);
    if (!s->api)
        return cli_fail(EXIT_STORE, "%s", message);
    texts_add(&hosts, "sync-localhost"); /* the host prefix of StartSyncExecution and TestState */
    texts_add(&hosts, "sync-127.0.0.1");
    for (size_t i = 0; i < l->hosts.count; i++)
        texts_add(&hosts, l->hosts.items[i]);
    texts_add(&hosts, NULL);
    s->http = http_in_new(s->session.loop, l->address, port, hosts.items, NULL, handle, s, message);
    texts_free(&hosts);
    if (!s->http)
        return cli_fail(EXIT_WRONG_USAGE, "%s", message);
    be_the_stand_in(s, l->address);
    loop_on_signal(s->session.loop, SIGTERM, on_signal, s);
    loop_on_signal(s->session.loop, SIGINT, on_signal, s);
    cli_note("serving the Step Functions API on http://%s%s%s:%u",
             strchr(l->address, ':') ? "[" : "", l->address, strchr(l->address, ':') ? "]" : "",
             (unsigned)http_in_port(s->http));
    notify_ready();
    session_run(&s->session);
    return EXIT_FINE;
}

static int serve(const struct session_settings *settings, const struct listening *l)
{
    struct server s = {.api = NULL};
    uint16_t port;
    int status;
    if (!read_port(l->port, &port))
        return cli_fail(EXIT_WRONG_USAGE, "--port is a number from 0 to 65535, not '%s'", l->port);
    if (!is_loopback(l->address) && !l->insecure)
        return cli_fail(EXIT_WRONG_USAGE,
                        "--listen %s lets others in, and signatures are not verified; put a proxy "
                        "in front of it, or say --insecure if the network is yours alone",
                        l->address);
    if (!session_open(&s.session, settings, &status))
        return status;
    status = listen_and_run(&s, l, port);
    engine_close(s.session.engine);
    s.session.engine = NULL;
    api_free(s.api);
    http_in_free(s.http);
    if (s.closing)
        loop_timer_free(s.closing);
    session_close(&s.session);
    return status;
}

static int command(const struct command *c, int argc, char **argv)
{
    struct session_settings settings = {0};
    struct listening l = {.address = "127.0.0.1", .port = "8083"};
    struct texts rest = {0};
    const struct option options[] = {
        {"port", OPTION_TEXT, "N", "default: 8083; 0: any, told on stderr", &l.port},
        {"listen", OPTION_TEXT, "ADDR", "default: 127.0.0.1", &l.address},
        {"allow-host", OPTION_LIST, "NAME", "a further name that Host may give; *.x: all under x",
         &l.hosts},
        {"insecure", OPTION_FLAG, NULL, "let others in with --listen, unverified", &l.insecure},
        SESSION_OPTIONS(&settings),
        {0},
    };
    int status = cli_options(c, options, argc, argv, &rest);
    if (status < 0 && rest.count)
        status = cli_fail(EXIT_WRONG_USAGE, "serve takes no arguments, only options");
    if (status < 0)
        status = serve(&settings, &l);
    texts_free(&rest);
    texts_free(&l.hosts);
    session_settings_free(&settings);
    return status;
}

const struct command command_serve = {
    "serve", "", "answers the Step Functions API on port 8083",
    "Answers on loopback only; signatures are taken unverified there. GET /healthz tells when it is\n"
    "ready, GET /metrics its figures. DynamoDB and S3 stand-ins answer on the same port. SIGTERM ends\n"
    "it gracefully: 0; what runs goes on with the next start.\n"
    "\n"
    "example:\n"
    "  stepwell serve --db jobs.db &\n"
    "  aws stepfunctions list-state-machines --endpoint-url http://localhost:8083",
    command,
};

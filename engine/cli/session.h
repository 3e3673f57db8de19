/* A running engine with all it needs: loop, HTTP out, AWS, and the embedded stand-ins, which begin
 * to listen with the first call that is meant for them. */
#ifndef ENGINE_CLI_SESSION_H
#define ENGINE_CLI_SESSION_H

#include "engine/cli/cli.h"
#include "engine/loop/http_in.h"
#include "engine/run/engine.h"

/* Options that every command with an engine takes: SESSION_OPTIONS(&settings). */
struct session_settings {
    const char *db;        /* NULL: DEFAULT_DB */
    const char *data;      /* NULL: "<db>.data" */
    const char *time;      /* NULL: real */
    const char *in_flight; /* NULL: retry */
    const char *region, *profile, *account;
    const char *export_seconds;
    const char *connections; /* a file; NULL: none */
    const char *mock_config; /* a file; NULL: SFN_MOCK_CONFIG's, or none */
    struct texts routes;     /* WHERE=TO */
    const char *routes_file; /* NULL: none */
    bool aws;
    bool quiet; /* what functions write goes to their logs only */
    void (*complain)(void *state, const char *line); /* the engine's: see engine_options; or NULL */
    void *complain_state;
};

#define SESSION_OPTIONS(s)                                                                         \
    {"db", OPTION_TEXT, "FILE", "the store (default: " DEFAULT_DB ")", &(s)->db},                  \
        {"data", OPTION_TEXT, "FOLDER", "what the stand-ins keep (default: <db>.data)",            \
         &(s)->data},                                                                              \
        {"time", OPTION_TEXT, "CLOCK", "real (default), skip: no waiting, xN: N times as fast",    \
         &(s)->time},                                                                              \
        {"in-flight", OPTION_TEXT, "POLICY",                                                       \
         "a task a crash left unknown: retry (default) or fail", &(s)->in_flight},                 \
        {"route", OPTION_LIST, "WHERE=TO",                                                         \
         "dynamodb=http://localhost:8000, s3=aws, function:f=node:f/index.handler", &(s)->routes}, \
        {"routes", OPTION_TEXT, "FILE", "routes as JSON: {\"WHERE\": \"TO\", ...}",                \
         &(s)->routes_file},                                                                       \
        {"connections", OPTION_TEXT, "FILE",                                                       \
         "how HTTP Tasks authenticate: JSON, by connection name", &(s)->connections},              \
        {"mock-config", OPTION_TEXT, "FILE",                                                       \
         "Step Functions Local's mock file (default: SFN_MOCK_CONFIG)", &(s)->mock_config},        \
        {"aws", OPTION_FLAG, NULL, "calls may go to real AWS", &(s)->aws},                         \
        {"profile", OPTION_TEXT, "NAME", "of the AWS configuration files", &(s)->profile},         \
        {"region", OPTION_TEXT, "NAME", "default: the AWS configuration's, else us-east-1",        \
         &(s)->region},                                                                            \
        {"account", OPTION_TEXT, "NUMBER", "in ARNs (default: 123456789012)", &(s)->account},      \
    {                                                                                              \
        "export-seconds", OPTION_TEXT, "N", "how long the stand-in's exports take (default: 90)",  \
            &(s)->export_seconds                                                                   \
    }

struct session {
    struct loop *loop;
    struct http_out *http;
    struct catalogue *catalogue;
    struct aws *aws;
    asl_value *connections; /* or NULL */
    struct tokens *tokens;  /* of those; or NULL */
    struct engine *engine;
    struct mock_desk *mocks;
    struct local *local;
    struct lambda *lambda;
    struct http_in *listener;
    char *data;
    char stand_in_url[64];
    char api_url[64]; /* where functions, other processes, find the API; "": nowhere */
    /* the engine's own: made by `serve`, else when a machine first asks it */
    struct api *api;
    bool is_api_borrowed;  /* serve frees it */
    struct http_in *inner; /* what machines ask of it, over no port */
    int64_t export_ms;
    const char *account;
    struct telling *tellings; /* of state machines and functions, by stand-ins */
    struct calling *callings; /* asynchronous calls of functions that are under way */
    bool is_quiet;
    int caught_signal; /* SIGINT or SIGTERM came */
};

/* True when it stands; else it has complained and *status is the exit status. */
bool session_open(struct session *s, const struct session_settings *settings, int *status);
void session_close(struct session *s);
/* Runs the loop until loop_stop or a signal. */
void session_run(struct session *s);
/* The stand-ins, started if they were not: s->local is there. False after complaining. */
bool session_stand_ins(struct session *s);
/* Whether a request means a stand-in, by signature, target or path. */
bool session_is_for_stand_in(const struct http_received *request);
/* Fit for api_options: ListRules of the stand-in. */
asl_value *session_pattern_rules(void *session, const char *region, const asl_value *parameters);
/* Of what means EventBridge: whether it is the stand-in's, and not about schedules. */
bool session_is_for_events(struct session *s, const struct http_received *request);
/* Fit for http_in_handle, once session_stand_ins was true: the stand-ins, Lambda's among them. */
void session_stand_in_handle(void *session, struct http_exchange *x,
                             const struct http_received *request);
/* Starts them if they were used before: what waits to be told to a target is told then. */
void session_wake_stand_ins(struct session *s);
void session_settings_free(struct session_settings *settings);

#endif

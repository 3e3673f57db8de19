/* Secrets from every source stay secret: after executions that succeed, fail and break, each canary
 * is looked for in all that was written: the database with its history, stderr, the events (issue
 * 6, bar 5). Breaks when: a message, a log line or a column says what only the wire may know.
 *
 * The peer counts as another machine (0.0.0.0), for services on this one need no credentials. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/aws/engine_desk.h"

/* The secret as it is, and within base64 at each of its three phases. */
static const char *const canaries[] = {"canary", "Y2FuYXJ5", "jYW5hcn", "NhbmFye"};

#define KEYS                                                                                       \
    "\"AccessKeyId\":\"AKID\",\"SecretAccessKey\":\"canarySecret\",\"Token\":\"canaryToken\","     \
    "\"SessionToken\":\"canaryToken\",\"Expiration\":\"2999-01-01T00:00:00Z\""

/* ---- the peer: every service that gives credentials, and one that takes them ---- */

static const struct {
    const char *asked;
    int status;
    const char *headers, *body;
} answers[] = {
    {"Action=AssumeRole", 200, "",
     "<R><AssumeRoleResult><Credentials><AccessKeyId>AKID</"
     "AccessKeyId><SecretAccessKey>canarySecret"
     "</SecretAccessKey><SessionToken>canaryToken</SessionToken><Expiration>2999-01-01T00:00:00Z"
     "</Expiration></Credentials></AssumeRoleResult><AssumeRoleWithWebIdentityResult><Credentials>"
     "<AccessKeyId>AKID</AccessKeyId><SecretAccessKey>canarySecret</SecretAccessKey><SessionToken>"
     "canaryToken</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>"
     "</AssumeRoleWithWebIdentityResult></R>"},
    {"POST /token ", 200, "",
     "{\"accessToken\":\"canaryAccess\",\"expiresIn\":3600,\"refreshToken\":\"canaryNext\"}"},
    {"GET /federation/credentials", 200, "",
     "{\"roleCredentials\":{\"accessKeyId\":\"AKID\",\"secretAccessKey\":\"canarySecret\","
     "\"sessionToken\":\"canaryToken\",\"expiration\":32472144000000}}"},
    {"PUT /latest/api/token", 200, "", "canaryMetadata"},
    {"security-credentials/role ", 200, "", "{\"Code\":\"Success\"," KEYS "}"},
    {"security-credentials/ ", 200, "", "role"},
    {"GET /container", 200, "", "{" KEYS "}"},
    {"POST /oauth", 200, "", "{\"access_token\":\"canaryOAuth\",\"expires_in\":60}"},
    {"\"TableName\":\"good\"", 200, "", "{\"Item\":{\"k\":{\"S\":\"v\"}}}"},
    {"\"TableName\":\"bad\"", 400, "x-amzn-RequestId: R\r\n",
     "{\"__type\":\"UnrecognizedClientException\",\"message\":\"The security token included in the "
     "request is invalid.\"}"},
    {"GET /api", 200, "", "{}"},
    {"GET /wrong", 403, "", "{\"message\":\"no\"}"},
};

struct world {
    struct engine_desk desk;
    int stderr_kept;
    size_t signed_requests;
};

static bool serve(void *state, int fd, size_t number, const char *request)
{
    (void)state;
    (void)number;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        if (strstr(request, answers[i].asked))
            return peer_answer(fd, answers[i].status, answers[i].headers, answers[i].body);
    return false; /* cuts the connection */
}

/* ---- sources ---- */

struct source {
    const char *name;
    const char *environment[8];
    const char *config, *keys;
    const char *file[2];
    bool is_broken; /* it gives none: the message is what is looked at */
};

/* SHA-1 of "s" */
#define SSO_CACHE ".aws/sso/cache/a0f1490a20d0211c997b44bc357e1972deab8ae3.json"
#define PROFILE   "AWS_PROFILE=p"

static const struct source sources[] = {
    {"environment",
     {"AWS_ACCESS_KEY_ID=AKID", "AWS_SECRET_ACCESS_KEY=canarySecret",
      "AWS_SESSION_TOKEN=canaryToken"},
     0,
     0,
     {0},
     false},
    {"shared files",
     {PROFILE},
     0,
     "[p]\naws_access_key_id=AKID\naws_secret_access_key=canarySecret\naws_session_token="
     "canaryToken\n",
     {0},
     false},
    {"role of a profile",
     {PROFILE},
     "[profile p]\nrole_arn=arn:aws:iam::1:role/r\nsource_profile=b\nexternal_id=canaryExternal\n",
     "[b]\naws_access_key_id=AKID\naws_secret_access_key=canarySecret\n",
     {0},
     false},
    {"role behind a role",
     {PROFILE},
     "[profile p]\nrole_arn=arn:aws:iam::1:role/r\nsource_profile=q\n[profile q]\n"
     "role_arn=arn:aws:iam::1:role/q\nsource_profile=b\n",
     "[b]\naws_access_key_id=AKID\naws_secret_access_key=canarySecret\n",
     {0},
     false},
    {"web identity",
     {"AWS_WEB_IDENTITY_TOKEN_FILE=~/home/web", "AWS_ROLE_ARN=arn:aws:iam::1:role/r"},
     0,
     0,
     {"web", "canaryWebToken"},
     false},
    {"SSO",
     {PROFILE},
     "[profile p]\nsso_session=s\nsso_account_id=1\nsso_role_name=R\n[sso-session s]\n"
     "sso_region=eu-west-1\n",
     0,
     {SSO_CACHE,
      "{\"accessToken\":\"canaryOld\",\"expiresAt\":\"2015-01-01T00:00:00Z\",\"clientId\":"
      "\"i\",\"clientSecret\":\"canaryClient\",\"refreshToken\":\"canaryRefresh\","
      "\"registrationExpiresAt\":\"2999-01-01T00:00:00Z\"}"},
     false},
    {"process",
     {PROFILE},
     "[profile p]\ncredential_process = cat \"~/home/out\"\n",
     0,
     {"out", "{\"Version\":1," KEYS "}"},
     false},
    {"process that prints something else",
     {PROFILE},
     "[profile p]\ncredential_process = echo canarySecret\n",
     0,
     {0},
     true},
    {"process that fails",
     {PROFILE},
     "[profile p]\ncredential_process = sh -c 'echo canarySecret; exit 3'\n",
     0,
     {0},
     true},
    {"keys with a line break",
     {PROFILE},
     0,
     "[p]\naws_access_key_id=AKID\naws_secret_access_key=canary\x01Secret\n",
     {0},
     true},
    {"container",
     {"AWS_CONTAINER_CREDENTIALS_FULL_URI=@/container",
      "AWS_CONTAINER_AUTHORIZATION_TOKEN=canaryAuthorization"},
     0,
     0,
     {0},
     false},
    {"instance metadata", {"AWS_EC2_METADATA_SERVICE_ENDPOINT=@"}, 0, 0, {0}, false},
};

/* ---- the world ---- */

static void write_file(const struct world *w, const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof path, "%s/home/%s", w->desk.folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    for (; text && *text; text++)
        if (*text == '~')
            fputs(w->desk.folder, f);
        else
            fputc(*text, f);
    fclose(f);
}

static void make_home(struct world *w, const struct source *s)
{
    static const char *const folders[] = {"home", "home/.aws", "home/.aws/sso",
                                          "home/.aws/sso/cache"};
    strcpy(w->desk.folder, "/tmp/stepwell-canary-XXXXXX");
    assert_non_null(mkdtemp(w->desk.folder));
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[160];
        snprintf(path, sizeof path, "%s/%s", w->desk.folder, folders[i]);
        mkdir(path, 0700);
    }
    write_file(w, ".aws/config", s->config);
    write_file(w, ".aws/credentials", s->keys);
    if (s->file[0])
        write_file(w, s->file[0], s->file[1]);
}

static void catch_stderr(struct world *w)
{
    char path[160];
    snprintf(path, sizeof path, "%s/stderr", w->desk.folder);
    fflush(stderr);
    w->stderr_kept = dup(2);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(fd, 2);
    close(fd);
}

static void give_stderr_back(struct world *w)
{
    fflush(stderr);
    dup2(w->stderr_kept, 2);
    close(w->stderr_kept);
}

/* ---- looking ---- */

static void look_at(const char *text, size_t size, const char *where, const char *source)
{
    for (size_t i = 0; i < sizeof canaries / sizeof *canaries; i++)
        if (memmem(text, size, canaries[i], strlen(canaries[i])))
            fail_msg("%s: '%s' stands in %s", source, canaries[i], where);
}

static void look_at_file(const char *path, const char *source)
{
    struct asl_buffer text;
    char block[65536];
    size_t n;
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    while ((n = fread(block, 1, sizeof block, f)) > 0)
        asl_buffer_put(&text, block, n);
    fclose(f);
    if (text.size)
        look_at(text.data, text.size, path, source);
    asl_buffer_free(&text);
}

/* All but the home, where the secrets come from. */
static size_t look_everywhere(const struct world *w, const char *source)
{
    DIR *folder = opendir(w->desk.folder);
    size_t files = 0;
    assert_non_null(folder);
    for (struct dirent *e; (e = readdir(folder));) {
        char path[400];
        struct stat info;
        snprintf(path, sizeof path, "%s/%s", w->desk.folder, e->d_name);
        if (stat(path, &info) == 0 && S_ISREG(info.st_mode)) {
            look_at_file(path, source);
            files++;
        }
    }
    closedir(folder);
    return files;
}

static void look_at_events(const struct world *w, const char *source)
{
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    value_print(w->desk.events, &text);
    look_at(text.data, text.size, "the events", source);
    asl_buffer_free(&text);
}

/* ---- running ---- */

#define CALL(table, more)                                                                          \
    "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::aws-" \
    "sdk:"                                                                                         \
    "dynamodb:getItem\",\"Parameters\":{\"TableName\":\"" table "\",\"Key\":{}}" more              \
    ",\"End\":true}}}"

static const struct {
    const char *name, *definition;
    bool succeeds;
} machines[] = {
    {"good", CALL("good", ""), true},
    {"bad", CALL("bad", ""), false},
    {"cut", CALL("cut", ""), false},
    {"role", CALL("good", ",\"Credentials\":{\"RoleArn\":\"arn:aws:iam::1:role/other\"}"), true},
};

static void run_source(const struct source *s)
{
    struct world w = {0};
    const char *environment[16] = {"HOME=~/home", "AWS_REGION=us-east-1", "AWS_MAX_ATTEMPTS=2",
                                   "AWS_ENDPOINT_URL=^"};
    for (size_t i = 0; i < 8 && s->environment[i]; i++)
        environment[4 + i] = s->environment[i];
    make_home(&w, s);
    w.desk.catalogue = catalogue_new();
    w.desk.serve = serve;
    w.desk.unrouted = true;
    catch_stderr(&w);
    engine_desk_open(&w.desk, LOOP_SKIP, environment);
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
        assert_true(engine_desk_run(&w.desk, machines[i].name, asl_text(machines[i].definition),
                                    ASL_TEXT("{}")));
        bool succeeded = w.desk.status == ASL_SUCCEEDED;
        if (succeeded != (machines[i].succeeds && !s->is_broken)) {
            const asl_value *d = engine_desk_last(&w.desk, "ExecutionFailed");
            const asl_value *cause = d ? value_get_z(d, "cause") : NULL;
            fail_msg("%s, %s: %.*s", s->name, machines[i].name,
                     ASL_TEXT_ARGS(cause ? value_as_text(cause) : ASL_TEXT("no cause")));
        }
        look_at_events(&w, s->name);
    }
    engine_desk_stop(&w.desk);
    give_stderr_back(&w);
    assert_true(look_everywhere(&w, s->name) >= 2); /* the database, stderr */
    engine_desk_close(&w.desk);
    catalogue_free(w.desk.catalogue);
}

static void keeps_credentials_secret(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        run_source(&sources[i]);
}

/* ---- connections of HTTP Tasks ---- */

#define AUTHORIZED(kind, parameters)                                                               \
    "{\"AuthorizationType\":\"" kind "\",\"AuthParameters\":{" parameters "}}"
static const char connections[] = "{\"basic\":" AUTHORIZED(
    "BASIC", "\"BasicAuthParameters\":{\"Username\":\"u\",\"Password\":"
             "\"canaryPassword\"}") ","
                                    "\"key\":" AUTHORIZED(
                                        "API_KEY", "\"ApiKeyAuthParameters\":{\"ApiKeyName\":\"X-"
                                                   "Key\","
                                                   "\"ApiKeyValue\":{\"env\":\"STEPWELL_CANARY\"}"
                                                   "}") ","
                                                        "\"oauth\":" AUTHORIZED(
                                                            "OAUTH_CLIENT_CREDENTIALS",
                                                            "\"OAuthParameters\":{"
                                                            "\"AuthorizationEndpoint\":\"http://"
                                                            "127.0.0.1:%u/oauth\","
                                                            "\"ClientParameters\":{\"ClientID\":"
                                                            "\"i\",\"ClientSecret\":"
                                                            "\"canaryClient\"}}") "}";

static void run_connection(struct world *w, const char *connection, const char *path)
{
    char name[64], definition[1024];
    snprintf(name, sizeof name, "%s-%s", connection, path);
    snprintf(
        definition, sizeof definition,
        "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::"
        "http:invoke\",\"Parameters\":{\"ApiEndpoint\":\"https://api.example/%s\",\"Method\":"
        "\"GET\",\"Authentication\":{\"ConnectionArn\":\"arn:aws:events:r:1:connection/%s/u\"}},"
        "\"End\":true}}}",
        path, connection);
    assert_true(engine_desk_run(&w->desk, name, asl_text(definition), ASL_TEXT("{}")));
    if ((w->desk.status == ASL_SUCCEEDED) != (strcmp(path, "api") == 0))
        fail_msg("%s: %s", name, "another end than expected");
    look_at_events(w, connection);
}

static void keeps_connections_secret(void **state)
{
    static const char *const kinds[] = {"basic", "key", "oauth"};
    static const char *const paths[] = {"api", "wrong", "cut"};
    static const struct source none = {0};
    struct world w = {0};
    char text[4096], message[512];
    (void)state;
    setenv("STEPWELL_CANARY", "canaryKey", 1);
    make_home(&w, &none);
    w.desk.catalogue = catalogue_new();
    w.desk.serve = serve;
    struct peer *token_peer = peer_start(serve, NULL);
    snprintf(text, sizeof text, connections, peer_port(token_peer));
    asl_value *made = value_literal(text);
    w.desk.connections = made;
    catch_stderr(&w);
    engine_desk_open(&w.desk, LOOP_SKIP, NULL);
    assert_true(aws_route(w.desk.aws, "http", w.desk.url, message));
    for (size_t i = 0; i < 3; i++)
        for (size_t p = 0; p < 3; p++)
            run_connection(&w, kinds[i], paths[p]);
    engine_desk_stop(&w.desk);
    give_stderr_back(&w);
    look_everywhere(&w, "connections");
    peer_stop(token_peer);
    engine_desk_close(&w.desk);
    value_release(made);
    catalogue_free(w.desk.catalogue);
}

/* The looking itself must find. */
static void would_find_a_canary(void **state)
{
    struct world w = {0};
    static const struct source none = {0};
    bool found = false;
    char path[160], text[64];
    (void)state;
    make_home(&w, &none);
    snprintf(path, sizeof path, "%s/log", w.desk.folder);
    FILE *f = fopen(path, "w");
    fputs("Authorization: Basic dTpjYW5hcnk=\n", f);
    fclose(f);
    f = fopen(path, "r");
    assert_non_null(fgets(text, sizeof text, f));
    fclose(f);
    for (size_t i = 0; i < sizeof canaries / sizeof *canaries; i++)
        found = found || strstr(text, canaries[i]);
    assert_true(found);
    w.desk.events = value_empty_array();
    snprintf(path, sizeof path, "rm -r %s", w.desk.folder);
    assert_int_equal(system(path), 0);
    value_release(w.desk.events);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(would_find_a_canary),
        cmocka_unit_test(keeps_credentials_secret),
        cmocka_unit_test(keeps_connections_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

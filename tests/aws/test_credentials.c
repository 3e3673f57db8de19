/* Each source of credentials, and the chain. Breaks when: a file of engine/aws/credentials/
 * finds what it should not, misses what it should find, falls through to somebody else's keys,
 * or tells a secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/aws/aws_internal.h"
#include "engine/loop/loop.h"
#include "tests/aws/peer.h"

#define NOW INT64_C(1440938160000) /* 2015-08-30T12:36:00Z */

/* What the peer answers to a request that holds `asked`. */
struct reply {
    const char *asked;
    int status;
    const char *body;
};

struct world {
    struct loop *loop;
    struct http_out *http;
    struct catalogue *catalogue;
    struct peer *peer;
    char home[64];
    const struct reply *replies;
    enum credentials_result result;
    char said[1024]; /* "AKID/secret/token/expires", or the message */
};

static bool serve(void *state, int fd, size_t number, const char *request)
{
    const struct world *w = state;
    (void)number;
    for (const struct reply *r = w->replies; r && r->asked; r++)
        if (strstr(request, r->asked))
            return peer_answer(fd, r->status, "", r->body);
    return peer_answer(fd, 404, "", "");
}

static int64_t clock_of_then(void *state)
{
    (void)state;
    return NOW;
}

static void write_file(const struct world *w, const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", w->home, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    char path[160];
    static const char *const folders[] = {".aws", ".aws/sso", ".aws/sso/cache"};
    w->loop = loop_new(LOOP_REAL, 1);
    w->http = http_out_new(w->loop, 0, 0);
    w->catalogue = catalogue_new();
    w->peer = peer_start(serve, w);
    snprintf(w->home, sizeof w->home, "/tmp/stepwell-credentials-XXXXXX");
    assert_non_null(mkdtemp(w->home));
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", w->home, folders[i]);
        mkdir(path, 0700);
    }
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    char command[128];
    peer_stop(w->peer);
    http_out_free(w->http);
    catalogue_free(w->catalogue);
    loop_free(w->loop);
    snprintf(command, sizeof command, "rm -r %s", w->home);
    assert_int_equal(system(command), 0);
    free(w);
    return 0;
}

static void keep(void *state, struct credentials_search *s, enum credentials_result result)
{
    struct world *w = state;
    w->result = result;
    if (result == CREDENTIALS_FOUND)
        snprintf(w->said, sizeof w->said, "%.100s/%.100s/%.100s/%lld", s->found.access_key_id,
                 s->found.secret_access_key, s->found.session_token ? s->found.session_token : "",
                 (long long)(s->found.expires_ms == INT64_MAX ? -1 : s->found.expires_ms));
    else
        snprintf(w->said, sizeof w->said, "%s", result == CREDENTIALS_NONE ? "none" : s->message);
    loop_stop(w->loop);
}

/* SHA-1 of "s" */
#define SSO_CACHE ".aws/sso/cache/a0f1490a20d0211c997b44bc357e1972deab8ae3.json"
#define SSO_PROFILE                                                                                \
    "[profile p]\nsso_session=s\nsso_account_id=1\nsso_role_name=R\n[sso-session s]\n"             \
    "sso_region=eu-west-1\n"
#define SSO_CLIENT                                                                                 \
    "\"clientId\":\"id\",\"clientSecret\":\"canarysecret\",\"refreshToken\":\"canaryrefresh\","    \
    "\"registrationExpiresAt\":\"2015-09-30T12:00:00Z\",\"region\":\"eu-west-1\""
#define SSO_ROLE                                                                                   \
    "{\"roleCredentials\":{\"accessKeyId\":\"ASIASSO\",\"secretAccessKey\":\"s\","                 \
    "\"sessionToken\":\"t\",\"expiration\":" HOUR_LATER "}}"

struct search_case {
    const char *name;
    const char *environment[6]; /* @ stands for the peer's address, ~ for the home */
    const char *config, *keys;
    const char *file[2]; /* a further one: name below home, text */
    struct reply replies[4];
    const char *said;
};

/* What a person types who is asked for a code ("MFA=" in a case's environment); NULL: nobody is
 * there. */
static const char *typed(const struct search_case *c)
{
    for (size_t i = 0; i < 6 && c->environment[i]; i++)
        if (strncmp(c->environment[i], "MFA=", 4) == 0)
            return c->environment[i] + 4;
    return NULL;
}

static bool type_code(void *state, const char *profile, const char *device, char code[16])
{
    assert_string_equal(profile, "r");
    assert_string_equal(device, "arn:mfa");
    snprintf(code, 16, "%s", typed(state));
    return code[0] != '\0';
}

static char *filled(const struct world *w, const char *text)
{
    struct asl_buffer b;
    asl_buffer_init(&b, 65536);
    for (; *text; text++) {
        if (*text == '@')
            asl_buffer_printf(&b, "http://127.0.0.1:%u", peer_port(w->peer));
        else if (*text == '~')
            asl_buffer_puts(&b, w->home);
        else
            asl_buffer_putc(&b, *text);
    }
    return asl_buffer_take(&b, &(size_t){0});
}

static struct aws *open_aws(struct world *w, const struct search_case *c)
{
    char *environment[9] = {0}, home[80], url[64], message[512] = "";
    size_t n = 0;
    snprintf(home, sizeof home, "HOME=%s", w->home);
    environment[n++] = strdup(home);
    environment[n++] = strdup("AWS_REGION=us-east-1");
    for (size_t i = 0; i < 6 && c->environment[i]; i++)
        environment[n++] = filled(w, c->environment[i]);
    struct aws_options o = {.loop = w->loop,
                            .http = w->http,
                            .catalogue = w->catalogue,
                            .environment = (const char *const *)environment,
                            .wall_clock = clock_of_then,
                            .ask_code = typed(c) ? type_code : NULL,
                            .ask_state = (void *)c};
    struct aws *a = aws_new(&o, message);
    if (!a)
        fail_msg("%s: %s", c->name, message);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", peer_port(w->peer));
    assert_true(aws_route(a, "*", url, message));
    for (size_t i = 0; i < n; i++)
        free(environment[i]);
    return a;
}

static void run_case(struct world *w, const struct search_case *c)
{
    char *config = filled(w, c->config ? c->config : "");
    char *text = c->file[1] ? filled(w, c->file[1]) : NULL;
    write_file(w, ".aws/config", config);
    write_file(w, ".aws/credentials", c->keys ? c->keys : "");
    if (text)
        write_file(w, c->file[0], text);
    free(config);
    free(text);
    w->replies = c->replies;
    struct aws *a = open_aws(w, c);
    struct credentials_search *s = credentials_search_new(a, a->config.profile);
    s->use_environment = true;
    w->result = CREDENTIALS_LATER;
    credentials_search_run(s, keep, w);
    if (w->result == CREDENTIALS_LATER)
        loop_run(w->loop);
    credentials_search_free(s);
    aws_free(a);
    if (strncmp(w->said, c->said, strlen(c->said)) != 0)
        fail_msg("%s\n--- wanted\n%s\n--- got\n%s", c->name, c->said, w->said);
    if (w->result != CREDENTIALS_FOUND && strstr(w->said, "canary"))
        fail_msg("%s tells a secret: %s", c->name, w->said);
}

#define NO_IMDS "AWS_EC2_METADATA_DISABLED=true"
#define STS(id)                                                                                    \
    "<R><AssumeRoleResult><Credentials><AccessKeyId>" id "</AccessKeyId><SecretAccessKey>s"        \
    "</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2015-08-30T13:36:00Z</"           \
    "Expiration>"                                                                                  \
    "</Credentials></AssumeRoleResult></R>"
#define WEB                                                                                        \
    "<R><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAWEB</AccessKeyId>"          \
    "<SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"                           \
    "<Expiration>2015-08-30T13:36:00Z</Expiration></Credentials></"                                \
    "AssumeRoleWithWebIdentityResult></R>"
#define JSON_KEYS                                                                                  \
    "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"s\",\"Token\":\"t\",\"Expiration\":"             \
    "\"2015-08-30T13:36:00Z\"}"
#define HOUR_LATER "1440941760000"

static const struct search_case cases[] = {
    {"environment",
     {"AWS_ACCESS_KEY_ID=A", "AWS_SECRET_ACCESS_KEY=s", "AWS_SESSION_TOKEN=t",
      "AWS_CREDENTIAL_EXPIRATION=2015-08-30T13:36:00Z"},
     NULL,
     "[default]\naws_access_key_id=B\naws_secret_access_key=u\n",
     {0},
     {{0}},
     "A/s/t/" HOUR_LATER},
    {"environment, half",
     {"AWS_ACCESS_KEY_ID=A"},
     NULL,
     "[default]\naws_access_key_id=B\naws_secret_access_key=u\n",
     {0},
     {{0}},
     "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not: set both or neither"},
    {"environment, expired",
     {"AWS_ACCESS_KEY_ID=A", "AWS_SECRET_ACCESS_KEY=canary",
      "AWS_CREDENTIAL_EXPIRATION=2015-08-30T12:35:00Z"},
     NULL,
     NULL,
     {0},
     {{0}},
     "environment: the credentials expired at 2015-08-30T12:35:00Z; renew them"},
    {"credentials file",
     {0},
     NULL,
     "[default]\naws_access_key_id=B\naws_secret_access_key=u\n",
     {0},
     {{0}},
     "B/u//-1"},
    {"config file",
     {"AWS_PROFILE=p"},
     "[profile p]\naws_access_key_id=C\naws_secret_access_key=v\naws_session_token=w\n",
     NULL,
     {0},
     {{0}},
     "C/v/w/-1"},
    {"a key without a secret",
     {0},
     NULL,
     "[default]\naws_access_key_id=B\n",
     {0},
     {{0}},
     "~/.aws/credentials: [default] has aws_access_key_id but no aws_secret_access_key"},
    {"nothing", {NO_IMDS}, NULL, NULL, {0}, {{0}}, "none"},
    {"role",
     {"AWS_PROFILE=r"},
     "[profile r]\nrole_arn=arn:r\nsource_profile=b\nexternal_id=x9\nrole_session_name=me\n",
     "[b]\naws_access_key_id=B\naws_secret_access_key=u\n",
     {0},
     {{"ExternalId=x9", 200, STS("ASIAROLE")}},
     "ASIAROLE/s/t/" HOUR_LATER},
    {"role of a role",
     {"AWS_PROFILE=r"},
     "[profile r]\nrole_arn=arn:r\nsource_profile=q\n[profile "
     "q]\nrole_arn=arn:q\nsource_profile=q\n"
     "aws_access_key_id=Q\naws_secret_access_key=u\n",
     NULL,
     {0},
     {{"RoleArn=arn%3Aq", 200, STS("ASIAQ")}, {"Credential=ASIAQ/", 200, STS("ASIAR")}},
     "ASIAR/s/t/"},
    {"role that goes round",
     {"AWS_PROFILE=r"},
     "[profile r]\nrole_arn=arn:r\nsource_profile=q\n[profile "
     "q]\nrole_arn=arn:q\nsource_profile=r\n",
     NULL,
     {0},
     {{0}},
     "profile r: source_profile leads through more than 8 profiles"},
    {"role refused",
     {"AWS_PROFILE=r"},
     "[profile r]\nrole_arn=arn:r\nsource_profile=b\n",
     "[b]\naws_access_key_id=B\naws_secret_access_key=canary\n",
     {0},
     {{"AssumeRole", 403, "<E><Error><Code>AccessDenied</Code><Message>no</Message></Error></E>"}},
     "role arn:r could not be assumed: no"},
    {"role with an empty answer",
     {"AWS_PROFILE=r"},
     "[profile r]\nrole_arn=arn:r\nsource_profile=b\n",
     "[b]\naws_access_key_id=B\naws_secret_access_key=canary\n",
     {0},
     {{"AssumeRole", 200, "<R><AssumeRoleResult></AssumeRoleResult></R>"}},
     "role arn:r could not be assumed: the access key id is missing"},
    {"role without a source",
     {"AWS_PROFILE=r", NO_IMDS},
     "[profile r]\nrole_arn=arn:r\n",
     NULL,
     {0},
     {{0}},
     "profile r has a role_arn but neither source_profile nor a credential_source"},
    {"role with a source that has nothing",
     {"AWS_PROFILE=r", NO_IMDS},
     "[profile r]\nrole_arn=arn:r\nsource_profile=b\n",
     "[b]\n",
     {0},
     {{0}},
     "profile r: there are no credentials to assume its role with"},
    {"role from the environment",
     {"AWS_PROFILE=r", "AWS_ACCESS_KEY_ID=A", "AWS_SECRET_ACCESS_KEY=s"},
     "[profile r]\nrole_arn=arn:r\ncredential_source=Environment\n",
     NULL,
     {0},
     {{"AssumeRole", 200, STS("ASIAENV")}},
     "A/s//-1"},
    {"role of an instance",
     {"AWS_PROFILE=r", "AWS_EC2_METADATA_SERVICE_ENDPOINT=@/"},
     "[profile r]\nrole_arn=arn:r\ncredential_source=Ec2InstanceMetadata\n",
     NULL,
     {0},
     {{"PUT /latest/api/token", 200, "T"},
      {"credentials/R ", 200, JSON_KEYS},
      {"credentials/ ", 200, "R\n"},
      {"Action=AssumeRole", 200, STS("ASIAEC2")}},
     "ASIAEC2/s/t/"},
    {"role with MFA",
     {"AWS_PROFILE=r"},
     "[profile r]\nrole_arn=arn:r\nsource_profile=r\nmfa_serial=m\n",
     NULL,
     {0},
     {{0}},
     "profile r has an mfa_serial, and nobody can be asked for the code here: get a session first "
     "with `aws configure export-credentials --profile r --format env`, which asks"},
    {"role with MFA, asked for",
     {"AWS_PROFILE=r", "MFA=123456"},
     "[profile r]\nrole_arn=arn:r\nsource_profile=b\nmfa_serial=arn:mfa\n",
     "[b]\naws_access_key_id=B\naws_secret_access_key=u\n",
     {0},
     {{"SerialNumber=arn%3Amfa&TokenCode=123456", 200, STS("ASIAMFA")}},
     "ASIAMFA/s/t/" HOUR_LATER},
    {"role with MFA, asked for and not answered",
     {"AWS_PROFILE=r", "MFA="},
     "[profile r]\nrole_arn=arn:r\nsource_profile=b\nmfa_serial=arn:mfa\n",
     "[b]\naws_access_key_id=B\naws_secret_access_key=u\n",
     {0},
     {{0}},
     "profile r has an mfa_serial, and nobody can be asked for the code here: "},
    {"web identity",
     {"AWS_WEB_IDENTITY_TOKEN_FILE=~/token", "AWS_ROLE_ARN=arn:w"},
     NULL,
     NULL,
     {"token", "canary.jwt\n"},
     {{"WebIdentityToken=canary.jwt", 200, WEB}},
     "ASIAWEB/s/t/" HOUR_LATER},
    {"web identity, no file",
     {"AWS_WEB_IDENTITY_TOKEN_FILE=/no/such", "AWS_ROLE_ARN=arn:w"},
     NULL,
     NULL,
     {0},
     {{0}},
     "web identity: the token file /no/such cannot be read: No such file or directory"},
    {"web identity refused",
     {"AWS_WEB_IDENTITY_TOKEN_FILE=~/token", "AWS_ROLE_ARN=arn:w"},
     NULL,
     NULL,
     {"token", "canary.jwt\n"},
     {{0}},
     "role arn:w could not be assumed: "},
    {"web identity, no role",
     {"AWS_PROFILE=p"},
     "[profile p]\nweb_identity_token_file=/x\n",
     NULL,
     {0},
     {{0}},
     "web identity: there is a token file but no role"},
    /* SHA-1 of "s": a0f1490a20d0211c997b44bc357e1972deab8ae3 */
    {"SSO",
     {"AWS_PROFILE=p"},
     "[profile p]\nsso_session=s\nsso_account_id=1\nsso_role_name=R\n[sso-session s]\n"
     "sso_region=eu-west-1\nsso_start_url=https://x\n",
     NULL,
     {".aws/sso/cache/a0f1490a20d0211c997b44bc357e1972deab8ae3.json",
      "{\"accessToken\":\"canarytoken\",\"expiresAt\":\"2015-08-30T13:00:00Z\"}"},
     {{"canarytoken", 200,
       "{\"roleCredentials\":{\"accessKeyId\":\"ASIASSO\",\"secretAccessKey\":\"s\","
       "\"sessionToken\":\"t\",\"expiration\":" HOUR_LATER "}}"}},
     "ASIASSO/s/t/" HOUR_LATER},
    {"SSO, expired",
     {"AWS_PROFILE=p"},
     "[profile p]\nsso_session=s\nsso_account_id=1\nsso_role_name=R\n[sso-session s]\n"
     "sso_region=eu-west-1\n",
     NULL,
     {".aws/sso/cache/a0f1490a20d0211c997b44bc357e1972deab8ae3.json",
      "{\"accessToken\":\"canarytoken\",\"expiresAt\":\"2015-08-30T12:00:00UTC\"}"},
     {{0}},
     "SSO: the session has expired or was never begun: run `aws sso login --profile p`"},
    {"SSO, refreshed",
     {"AWS_PROFILE=p"},
     SSO_PROFILE,
     NULL,
     {SSO_CACHE, "{\"accessToken\":\"old\",\"expiresAt\":\"2015-08-30T12:00:00Z\"," SSO_CLIENT "}"},
     {{"\"refreshToken\":\"canaryrefresh\",\"grantType\":\"refresh_token\"", 200,
       "{\"accessToken\":\"canarynew\",\"expiresIn\":28800,\"refreshToken\":\"canarynext\"}"},
      {"x-amz-sso_bearer_token: canarynew", 200, SSO_ROLE}},
     "ASIASSO/s/t/" HOUR_LATER},
    {"SSO, refused a new token while the old one lasts",
     {"AWS_PROFILE=p"},
     SSO_PROFILE,
     NULL,
     {SSO_CACHE, "{\"accessToken\":\"old\",\"expiresAt\":\"2015-08-30T12:40:00Z\"," SSO_CLIENT "}"},
     {{"refresh_token", 400, "{\"error\":\"invalid_grant\"}"},
      {"x-amz-sso_bearer_token: old", 200, SSO_ROLE}},
     "ASIASSO/s/t/" HOUR_LATER},
    {"SSO, refused a new token",
     {"AWS_PROFILE=p"},
     SSO_PROFILE,
     NULL,
     {SSO_CACHE, "{\"accessToken\":\"old\",\"expiresAt\":\"2015-08-30T12:00:00Z\"," SSO_CLIENT "}"},
     {{"refresh_token", 400, "{\"error\":\"invalid_grant\"}"}},
     "SSO: the session has expired or was never begun: run `aws sso login --profile p`"},
    {"SSO, no session",
     {"AWS_PROFILE=p"},
     "[profile p]\nsso_session=zz\nsso_account_id=1\nsso_role_name=R\n",
     NULL,
     {0},
     {{0}},
     "SSO: profile p names the sso-session zz, which "},
    {"process",
     {"AWS_PROFILE=p"},
     "[profile p]\ncredential_process = sh -c 'cat \"$0\"' \"~/out\"\n",
     NULL,
     {"out", "{\"Version\":1,\"AccessKeyId\":\"P\",\"SecretAccessKey\":\"s\"}"},
     {{0}},
     "P/s//-1"},
    {"process that fails",
     {"AWS_PROFILE=p"},
     "[profile p]\ncredential_process = sh -c 'echo canary; exit 3'\n",
     NULL,
     {0},
     {{0}},
     "credential_process of profile p failed (exit status 3)"},
    {"process that is not there",
     {"AWS_PROFILE=p"},
     "[profile p]\ncredential_process = /no/such x\n",
     NULL,
     {0},
     {{0}},
     "credential_process of profile p cannot be run: No such file or directory"},
    {"process that prints something else",
     {"AWS_PROFILE=p"},
     "[profile p]\ncredential_process = echo canary\n",
     NULL,
     {0},
     {{0}},
     "credential_process: the answer is no JSON"},
    {"process without end",
     {"AWS_PROFILE=p"},
     "[profile p]\ncredential_process = yes canary\n",
     NULL,
     {0},
     {{0}},
     "credential_process prints more than 65536 bytes"},
    {"container",
     {"AWS_CONTAINER_CREDENTIALS_FULL_URI=@/c", "AWS_CONTAINER_AUTHORIZATION_TOKEN=tok"},
     NULL,
     NULL,
     {0},
     {{"Authorization: tok\r\n", 200, JSON_KEYS}},
     "A/s/t/" HOUR_LATER},
    {"container, token in a file",
     {"AWS_CONTAINER_CREDENTIALS_FULL_URI=@/c", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=~/token"},
     NULL,
     NULL,
     {"token", "filetok"},
     {{"Authorization: filetok\r\n", 200, JSON_KEYS}},
     "A/s/t/"},
    {"container, elsewhere",
     {"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://192.0.2.1/c"},
     NULL,
     NULL,
     {0},
     {{0}},
     "container: the address in AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor"},
    {"container, a name like a number of ours",
     {"AWS_CONTAINER_CREDENTIALS_FULL_URI=http://127.example.com/c"},
     NULL,
     NULL,
     {0},
     {{0}},
     "container: the address in AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor"},
    {"container, error",
     {"AWS_CONTAINER_CREDENTIALS_FULL_URI=@/c"},
     NULL,
     NULL,
     {0},
     {{"GET /c", 500, "canary"}},
     "container: the agent answered with status 500"},
    {"container, relative to nowhere",
     {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=@evil"},
     NULL,
     NULL,
     {0},
     {{0}},
     "container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is no path"},
    {"instance",
     {"AWS_EC2_METADATA_SERVICE_ENDPOINT=@"},
     NULL,
     NULL,
     {0},
     {{"X-aws-ec2-metadata-token-ttl-seconds: 21600", 200, "T"},
      {"credentials/R ", 200, JSON_KEYS},
      {"X-aws-ec2-metadata-token: T", 200, "R"}},
     "A/s/t/" HOUR_LATER},
    {"instance without a role",
     {"AWS_EC2_METADATA_SERVICE_ENDPOINT=@"},
     NULL,
     NULL,
     {0},
     {{"PUT /latest/api/token", 200, "T"}},
     "none"},
    {"instance with a strange role",
     {"AWS_EC2_METADATA_SERVICE_ENDPOINT=@"},
     NULL,
     NULL,
     {0},
     {{"PUT /latest/api/token", 200, "T"}, {"credentials/ ", 200, "../../x"}},
     "none"},
    {"no instance",
     {"AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:1"},
     NULL,
     NULL,
     {0},
     {{0}},
     "none"},
};

static void finds_what_is_configured(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct search_case c = cases[i];
        char *said = c.said[0] == '~' ? filled(w, c.said) : strdup(c.said);
        c.said = said;
        run_case(w, &c);
        free(said);
    }
}

/* The token bought goes back where the AWS CLI finds it, with all else it keeps there. */
static void keeps_a_refreshed_token(void **state)
{
    struct world *w = *state;
    char path[160], text[2048] = "";
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (strcmp(cases[i].name, "SSO, refreshed") == 0)
            run_case(w, &cases[i]);
    snprintf(path, sizeof path, "%s/" SSO_CACHE, w->home);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_true(fread(text, 1, sizeof text - 1, f) > 0);
    fclose(f);
    assert_string_equal(text,
                        "{\"accessToken\":\"canarynew\",\"expiresAt\":\"2015-08-30T20:36:00Z\","
                        "\"clientId\":\"id\",\"clientSecret\":\"canarysecret\","
                        "\"refreshToken\":\"canarynext\",\"registrationExpiresAt\":"
                        "\"2015-09-30T12:00:00Z\",\"region\":\"eu-west-1\"}");
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

/* What is under way when nobody wants it any more leaves nothing behind. */
static void gives_up_quietly(void **state)
{
    struct world *w = *state;
    static const char *const named[] = {"role",    "web identity", "SSO",     "SSO, refreshed",
                                        "process", "container",    "instance"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool is_named = false;
        for (size_t n = 0; n < sizeof named / sizeof *named; n++)
            is_named = is_named || strcmp(cases[i].name, named[n]) == 0;
        if (!is_named)
            continue;
        char *config = filled(w, cases[i].config ? cases[i].config : "");
        write_file(w, ".aws/config", config);
        write_file(w, ".aws/credentials", cases[i].keys ? cases[i].keys : "");
        if (cases[i].file[0])
            write_file(w, cases[i].file[0], cases[i].file[1]);
        free(config);
        struct aws *a = open_aws(w, &cases[i]);
        struct credentials_search *s = credentials_search_new(a, a->config.profile);
        s->use_environment = true;
        w->result = CREDENTIALS_LATER;
        credentials_search_run(s, keep, w);
        if (w->result != CREDENTIALS_LATER)
            fail_msg("%s: %s", cases[i].name, w->said);
        credentials_search_free(s);
        aws_free(a);
    }
}

static void reads_moments(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: none */
    } moments[] = {
        {"2015-08-30T12:36:00Z", NOW},
        {"2015-08-30T12:36:00.123456Z", NOW},
        {"2015-08-30T14:36:00+02:00", NOW},
        {"2015-08-30T07:06:00-0530", NOW},
        {"2015-08-30T12:36:00UTC", NOW},
        {"2015-08-30", -1},
        {"", -1},
        {"tomorrow", -1},
        {"2015-08-30T12:36:00Zx", -1},
        {"2015-08-30T12:36:00", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
        int64_t ms = -1;
        bool good = credentials_moment(moments[i].text, &ms);
        assert_int_equal(good, moments[i].ms != -1);
        if (good)
            assert_int_equal(ms, moments[i].ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_what_is_configured, set_up, tear_down),
        cmocka_unit_test_setup_teardown(gives_up_quietly, set_up, tear_down),
        cmocka_unit_test_setup_teardown(keeps_a_refreshed_token, set_up, tear_down),
        cmocka_unit_test(reads_moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

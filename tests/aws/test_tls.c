/* TLS against a server of our own, with good and bad certificates made on the spot. Breaks when:
 * engine/loop/http_out.c lets a peer through that cannot prove who it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "engine/loop/http_out.h"
#include "engine/loop/loop.h"
#include "tests/aws/peer.h"

/* ---- certificates ---- */

struct identity {
    EVP_PKEY *key;
    X509 *certificate;
};

static void identity_free(struct identity *i)
{
    EVP_PKEY_free(i->key);
    X509_free(i->certificate);
    *i = (struct identity){0};
}

static void add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    assert_non_null(e);
    X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
}

struct recipe {
    const char *name;         /* common name */
    const char *alternatives; /* subjectAltName, or NULL */
    bool is_authority;
    long from, until; /* seconds from now */
    bool small_key, old_hash;
    const char *usage; /* extended key usage, or NULL */
};

/* Signed by `issuer`, by itself when that is NULL. */
static struct identity make(const struct recipe *r, const struct identity *issuer)
{
    static long serial = 1;
    struct identity i = {r->small_key ? EVP_RSA_gen(1024) : EVP_EC_gen("P-256"), X509_new()};
    X509_NAME *name = X509_get_subject_name(i.certificate);
    assert_non_null(i.key);
    X509_set_version(i.certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(i.certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(i.certificate), r->from);
    X509_gmtime_adj(X509_getm_notAfter(i.certificate), r->until);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)r->name, -1, -1, 0);
    X509_set_pubkey(i.certificate, i.key);
    X509 *by = issuer ? issuer->certificate : i.certificate;
    X509_set_issuer_name(i.certificate, X509_get_subject_name(by));
    add_extension(i.certificate, by, NID_basic_constraints,
                  r->is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    if (r->alternatives)
        add_extension(i.certificate, by, NID_subject_alt_name, r->alternatives);
    if (r->usage)
        add_extension(i.certificate, by, NID_ext_key_usage, r->usage);
    assert_true(X509_sign(i.certificate, issuer ? issuer->key : i.key,
                          r->old_hash ? EVP_sha1() : EVP_sha256()) > 0);
    return i;
}

/* ---- the server ---- */

struct server {
    SSL_CTX *context;
    int listener;
    uint16_t port;
    pthread_t thread;
};

static void serve(SSL *ssl)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
    char request[4096];
    if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof request) > 0)
        SSL_write(ssl, answer, sizeof answer - 1);
    SSL_shutdown(ssl);
}

static void *run(void *state)
{
    struct server *s = state;
    for (int fd; (fd = accept(s->listener, NULL, NULL)) >= 0; close(fd)) {
        SSL *ssl = SSL_new(s->context);
        SSL_set_fd(ssl, fd);
        serve(ssl);
        SSL_free(ssl);
        ERR_clear_error();
    }
    return NULL;
}

static void server_start(struct server *s, const struct identity *who, const struct identity *via,
                         int newest)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    s->context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_security_level(s->context, 0); /* the bad ones must be able to offer themselves */
    SSL_CTX_set_min_proto_version(s->context, TLS1_VERSION);
    if (newest)
        SSL_CTX_set_max_proto_version(s->context, newest);
    assert_int_equal(SSL_CTX_use_certificate(s->context, who->certificate), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(s->context, who->key), 1);
    if (via && via->certificate)
        SSL_CTX_add1_chain_cert(s->context, via->certificate);
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(s->listener, 16), 0);
    getsockname(s->listener, (struct sockaddr *)&a, &size);
    s->port = ntohs(a.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, run, s), 0);
}

static void server_stop(struct server *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->listener);
    SSL_CTX_free(s->context);
}

/* ---- cases ---- */

#define DAY   86400L
#define NAMES "DNS:localhost,IP:127.0.0.1"

enum issuer { BY_ROOT, BY_ITSELF, BY_STRANGER, BY_MIDDLE, BY_UNSENT_MIDDLE, BY_LEAF };

static const struct tls_case {
    const char *name;
    struct recipe recipe;
    enum issuer issuer;
    int newest; /* TLS version; 0: any */
    enum http_failure failure;
} cases[] = {
    {"good", {"localhost", NAMES, false, -DAY, DAY, false, false, NULL}, BY_ROOT, 0, HTTP_DONE},
    {"good, through another",
     {"localhost", NAMES, false, -DAY, DAY, false, false, NULL},
     BY_MIDDLE,
     0,
     HTTP_DONE},
    {"good, TLS 1.2",
     {"localhost", NAMES, false, -DAY, DAY, false, false, NULL},
     BY_ROOT,
     TLS1_2_VERSION,
     HTTP_DONE},
    {"signed by itself",
     {"localhost", NAMES, false, -DAY, DAY, false, false, NULL},
     BY_ITSELF,
     0,
     HTTP_TLS},
    {"signed by a stranger",
     {"localhost", NAMES, false, -DAY, DAY, false, false, NULL},
     BY_STRANGER,
     0,
     HTTP_TLS},
    {"another's name",
     {"other", "DNS:other.example", false, -DAY, DAY, false, false, NULL},
     BY_ROOT,
     0,
     HTTP_TLS},
    {"no name but the common one",
     {"other", NULL, false, -DAY, DAY, false, false, NULL},
     BY_ROOT,
     0,
     HTTP_TLS},
    {"expired",
     {"localhost", NAMES, false, -2 * DAY, -DAY, false, false, NULL},
     BY_ROOT,
     0,
     HTTP_TLS},
    {"not yet valid",
     {"localhost", NAMES, false, DAY, 2 * DAY, false, false, NULL},
     BY_ROOT,
     0,
     HTTP_TLS},
    {"a link is missing",
     {"localhost", NAMES, false, -DAY, DAY, false, false, NULL},
     BY_UNSENT_MIDDLE,
     0,
     HTTP_TLS},
    {"signed by one who may not",
     {"localhost", NAMES, false, -DAY, DAY, false, false, NULL},
     BY_LEAF,
     0,
     HTTP_TLS},
    {"a key too small",
     {"localhost", NAMES, false, -DAY, DAY, true, false, NULL},
     BY_ROOT,
     0,
     HTTP_TLS},
    {"an old hash",
     {"localhost", NAMES, false, -DAY, DAY, false, true, NULL},
     BY_ROOT,
     0,
     HTTP_TLS},
    {"for clients only",
     {"localhost", NAMES, false, -DAY, DAY, false, false, "clientAuth"},
     BY_ROOT,
     0,
     HTTP_TLS},
    {"TLS 1.1",
     {"localhost", NAMES, false, -DAY, DAY, false, false, NULL},
     BY_ROOT,
     TLS1_1_VERSION,
     HTTP_TLS},
};

struct world {
    struct loop *loop;
    struct http_out *http;
    struct identity root, stranger, middle, leaf;
    char bundle[64];
};

static int set_up(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    const struct recipe authority = {"root", NULL, true, -DAY, DAY, false, false, NULL};
    const struct recipe other = {"stranger", NULL, true, -DAY, DAY, false, false, NULL};
    const struct recipe middle = {"middle", NULL, true, -DAY, DAY, false, false, NULL};
    const struct recipe leaf = {"leaf", NAMES, false, -DAY, DAY, false, false, NULL};
    w->loop = loop_new(LOOP_REAL, 1);
    w->http = http_out_new(w->loop, 0, 0);
    w->root = make(&authority, NULL);
    w->stranger = make(&other, NULL);
    w->middle = make(&middle, &w->root);
    w->leaf = make(&leaf, &w->root);
    snprintf(w->bundle, sizeof w->bundle, "/tmp/stepwell-tls-XXXXXX");
    int fd = mkstemp(w->bundle);
    FILE *f = fdopen(fd, "w");
    PEM_write_X509(f, w->root.certificate);
    fclose(f);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    http_out_free(w->http);
    loop_free(w->loop);
    identity_free(&w->root);
    identity_free(&w->stranger);
    identity_free(&w->middle);
    identity_free(&w->leaf);
    unlink(w->bundle);
    free(w);
    return 0;
}

static void ask(struct world *w, uint16_t port, const char *bundle, const char *name,
                enum http_failure failure)
{
    char url[64];
    snprintf(url, sizeof url, "https://localhost:%u/", port);
    struct http_request r = {.method = "GET", .url = url, .timeout_ms = 60000, .ca_bundle = bundle};
    struct http_answer a = peer_wait(w->loop, w->http, &r);
    if (a.failure != failure)
        fail_msg("%s: failure %d (%s)", name, a.failure, a.message);
    peer_answer_free(&a);
}

static void run_case(struct world *w, const struct tls_case *c)
{
    const struct identity *issuers[] = {&w->root,   NULL,       &w->stranger,
                                        &w->middle, &w->middle, &w->leaf};
    const struct identity *sent[] = {NULL, NULL, &w->stranger, &w->middle, NULL, &w->leaf};
    struct identity who = make(&c->recipe, issuers[c->issuer]);
    struct server s;
    server_start(&s, &who, sent[c->issuer], c->newest);
    ask(w, s.port, w->bundle, c->name, c->failure);
    if (c->failure == HTTP_DONE) /* the same server, but the system's authorities do not know it */
        ask(w, s.port, NULL, c->name, HTTP_TLS);
    server_stop(&s);
    identity_free(&who);
}

static void trusts_only_who_can_prove_it(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        run_case(*state, &cases[i]);
}

static void fails_without_its_authorities(void **state)
{
    struct world *w = *state;
    struct identity who = make(&cases[0].recipe, &w->root);
    struct server s;
    server_start(&s, &who, NULL, 0);
    ask(w, s.port, "/no/such/bundle.pem", "a bundle that is not there", HTTP_TLS);
    server_stop(&s);
    identity_free(&who);
}

static bool serve_plainly(void *state, int fd, size_t number, const char *request)
{
    (void)state;
    (void)number;
    (void)request;
    return peer_answer(fd, 200, "", "{}");
}

/* A server that speaks plain HTTP where TLS is asked for. */
static void does_not_fall_back(void **state)
{
    struct world *w = *state;
    struct peer *p = peer_start(serve_plainly, NULL);
    struct http_answer a;
    char url[64];
    snprintf(url, sizeof url, "https://127.0.0.1:%u/", peer_port(p));
    struct http_request r = {.method = "GET", .url = url, .timeout_ms = 500};
    a = peer_wait(w->loop, w->http, &r);
    assert_true(a.failure == HTTP_TLS || a.failure == HTTP_TIMED_OUT);
    peer_answer_free(&a);
    peer_stop(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(trusts_only_who_can_prove_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fails_without_its_authorities, set_up, tear_down),
        cmocka_unit_test_setup_teardown(does_not_fall_back, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

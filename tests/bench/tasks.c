/* Tasks: a thousand at once, each a call that a server answers after 50 ms; durable, through the
 * engine, and beside it the same calls bare: the same libcurl loop, the same server, no engine,
 * nothing signed, nothing kept. Each side tells how much of a core it took (all its threads
 * together).
 *
 * Once with the program's own limit of calls to one host; once with all thousand on the wire, each
 * task an execution of its own (two waits for the disk a task: its start and its end); and once in
 * workflows of ten tasks, a thousand of these at once (one wait: a task's end and the next one's
 * start are one commit).
 *
 * What the figures can be. A thousand at once that take 50 ms each are 20,000 a second at most, and
 * no core is as quick as that: libcurl's own work on a request and the kernel's are some 45 us, so
 * the network alone comes to 12,000 to 17,000 a second. Both sides keep a thousand tasks open, not
 * a thousand requests: of the engine's some always wait for the disk, before they are sent and
 * after they are answered, so its rate is a thousand divided by 50 ms and by those waits. With 256
 * on the wire the network is the limit (5,120 a second), and the disk's waits fall beside it. The
 * server takes a part of a core itself: on two cores, both busy with other things, the ratio tells
 * of those.
 *
 * BENCH_TASKS=20000 makes it shorter. The rounds take turns and medians are compared.
 */
#include "tests/bench/bench.h"
#include "tests/bench/load.h"

#include "engine/aws/aws.h"
#include "engine/loop/http_in.h"
#include "engine/loop/http_out.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { AT_ONCE = 1000, ROUNDS = 3, TASKS = 100000, DELAY_MS = 50, IN_WORKFLOW = 10 };

/* ---- the server: answers in the order of arrival, each after its delay ---- */

struct late {
    struct late *next;
    struct http_exchange *exchange;
    int64_t due;
};

struct slow {
    struct loop *loop;
    struct loop_timer *timer;
    struct late *first, *last;
};

static void answer_due(void *state)
{
    struct slow *s = state;
    struct http_headers headers;
    http_headers_init(&headers);
    http_headers_add(&headers, "Content-Type", ASL_TEXT("application/x-amz-json-1.0"));
    while (s->first && s->first->due <= loop_now(s->loop)) {
        struct late *l = s->first;
        s->first = l->next;
        http_exchange_answer(l->exchange, 200, &headers,
                             ASL_TEXT("{\"Item\":{\"id\":{\"S\":\"1\"},\"n\":{\"N\":\"7\"}}}"));
        free(l);
    }
    http_headers_free(&headers);
    if (s->first)
        loop_timer_arm(s->timer, s->first->due);
}

static void take(void *state, struct http_exchange *x, const struct http_received *request)
{
    struct slow *s = state;
    struct late *l = asl_allocate(sizeof *l);
    (void)request;
    *l = (struct late){NULL, x, loop_now(s->loop) + DELAY_MS};
    if (s->first)
        s->last->next = l;
    else
        loop_timer_arm(s->timer, l->due);
    *(s->first ? &s->last->next : &s->first) = l;
    s->last = l;
}

static void stop(void *loop)
{
    loop_stop(loop);
}

int bench_slow_child(const char *port)
{
    char message[256];
    struct slow s = {.loop = loop_new(LOOP_REAL, 1)};
    s.timer = loop_timer_new(s.loop, answer_due, &s);
    struct http_in *h =
        http_in_new(s.loop, "127.0.0.1", (uint16_t)atoi(port), NULL, NULL, take, &s, message);
    if (!h) {
        fprintf(stderr, "%s\n", message);
        return 1;
    }
    loop_on_signal(s.loop, SIGTERM, stop, s.loop);
    loop_run(s.loop);
    http_in_free(h);
    loop_timer_free(s.timer);
    loop_free(s.loop);
    return 0;
}

/* ---- figures ---- */

struct side {
    double rate;  /* tasks a second */
    double cores; /* processor seconds a second */
};

static double processor(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* ---- bare ---- */

struct bare {
    struct loop *loop;
    struct http_out *http;
    struct http_request request;
    size_t left, running, failed;
};

static void send_more(struct bare *b);

static void is_answered(void *state, const struct http_answer *answer)
{
    struct bare *b = state;
    b->failed += answer->failure != HTTP_DONE || answer->status != 200;
    b->running--;
    send_more(b);
    if (!b->running)
        loop_stop(b->loop);
}

static void send_more(struct bare *b)
{
    while (b->left && b->running < AT_ONCE) {
        b->left--;
        b->running++;
        http_out_send(b->http, &b->request, is_answered, b);
    }
}

/* The headers of a signed call of DynamoDB, as many bytes as the engine's. */
static void add_headers(struct http_headers *h)
{
    http_headers_init(h);
    http_headers_add(h, "Content-Type", ASL_TEXT("application/x-amz-json-1.0"));
    http_headers_add(h, "X-Amz-Target", ASL_TEXT("DynamoDB_20120810.GetItem"));
    http_headers_add(h, "X-Amz-Date", ASL_TEXT("20260101T000000Z"));
    http_headers_add(
        h, "Authorization",
        ASL_TEXT("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-east-1/dynamodb/"
                 "aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target,"
                 " Signature=000000000000000000000000000000000000000000000000000000000000"
                 "0000"));
}

static struct side run_bare(const char *url, size_t count, size_t per_host)
{
    struct bare b = {.loop = loop_new(LOOP_REAL, 1), .left = count};
    b.http = http_out_new(b.loop, AT_ONCE, per_host);
    b.request = (struct http_request){
        .method = "POST",
        .url = url,
        .body = ASL_TEXT("{\"TableName\":\"Jobs\",\"Key\":{\"id\":{\"S\":\"1\"}}}"),
    };
    add_headers(&b.request.headers);
    double began = bench_now(), used = processor();
    send_more(&b);
    loop_run(b.loop);
    double took = bench_now() - began;
    struct side side = {(double)count / took, (processor() - used) / took};
    if (b.failed) {
        fprintf(stderr, "bench: %zu bare calls failed\n", b.failed);
        exit(1);
    }
    http_headers_free(&b.request.headers);
    http_out_free(b.http);
    loop_free(b.loop);
    return side;
}

/* ---- through the engine ---- */

/* A workflow of so many Tasks, one behind the other. Free it. */
static char *chain(size_t tasks)
{
    struct asl_buffer out;
    asl_buffer_init(&out, 1 << 20);
    asl_buffer_puts(&out, "{\"StartAt\":\"T1\",\"States\":{");
    for (size_t i = 1; i <= tasks; i++) {
        asl_buffer_printf(&out,
                          "%s\"T%zu\":{\"Type\":\"Task\","
                          "\"Resource\":\"arn:aws:states:::aws-sdk:dynamodb:getItem\","
                          "\"Parameters\":{\"TableName\":\"Jobs\",\"Key\":{\"id\":{\"S\":\"1\"}}},",
                          i > 1 ? "," : "", i);
        if (i < tasks)
            asl_buffer_printf(&out, "\"Next\":\"T%zu\"}", i + 1);
        else
            asl_buffer_puts(&out, "\"End\":true}");
    }
    asl_buffer_puts(&out, "}}");
    return asl_buffer_take(&out, NULL);
}

static const char *const environment[] = {"AWS_ACCESS_KEY_ID=AKIDEXAMPLE",
                                          "AWS_SECRET_ACCESS_KEY=secret", NULL};

static struct engine *open_engine(struct loop *loop, struct connectors *c, const char *url,
                                  size_t per_host)
{
    char message[512];
    struct store_error error;
    *c = (struct connectors){.loop = loop,
                             .http = http_out_new(loop, AT_ONCE, per_host),
                             .region = "us-east-1",
                             .account = "123456789012"};
    struct aws_options options = {.loop = loop,
                                  .http = c->http,
                                  .catalogue = catalogue_new(),
                                  .environment = environment,
                                  .region = "us-east-1"};
    c->aws = aws_new(&options, message);
    if (!c->aws || !aws_route(c->aws, "dynamodb", url, message)) {
        fprintf(stderr, "%s\n", message);
        exit(1);
    }
    struct engine_options engine = {
        .loop = loop, .store_path = bench_database("tasks", 1), .connectors = *c};
    struct engine *e = engine_open(&engine, &error);
    if (!e) {
        fprintf(stderr, "%s\n", error.message);
        exit(1);
    }
    return e;
}

/* `count` tasks, `each` of them in an execution. */
static struct side run_engine(const char *url, size_t count, size_t each, size_t per_host)
{
    struct connectors c;
    struct loop *loop = loop_new(LOOP_REAL, 1);
    struct engine *e = open_engine(loop, &c, url, per_host);
    char *definition = chain(each);
    int64_t machine = bench_machine(e, "Task", definition);
    free(definition);
    double began = bench_now(), used = processor();
    bench_run_all(e, machine, "{}", count / each, AT_ONCE);
    double took = bench_now() - began;
    struct side side = {(double)count / took, (processor() - used) / took};
    int64_t done = store_count_executions(engine_store(e), NULL, ASL_SUCCEEDED);
    if (done != (int64_t)(count / each)) {
        fprintf(stderr, "bench: %lld of %zu executions succeeded\n", (long long)done, count / each);
        exit(1);
    }
    engine_close(e);
    struct catalogue *catalogue = aws_catalogue(c.aws);
    aws_free(c.aws);
    catalogue_free(catalogue);
    http_out_free(c.http);
    loop_free(loop);
    return side;
}

/* `per_host` 0: the default. */
static void compare(const char *name, const char *url, size_t count, size_t each, size_t per_host)
{
    double bare[ROUNDS], ours[ROUNDS], ratio[ROUNDS], bare_cores[ROUNDS], cores[ROUNDS];
    char full[64];
    count = count / ROUNDS / each * each;
    for (int i = 0; i < ROUNDS; i++) {
        struct side side = run_bare(url, count, per_host);
        bare[i] = side.rate;
        bare_cores[i] = side.cores;
        side = run_engine(url, count, each, per_host);
        ours[i] = side.rate;
        cores[i] = side.cores;
        ratio[i] = ours[i] / bare[i];
    }
    snprintf(full, sizeof full, "%s_network_alone", name);
    bench_report(full, bench_median(bare, ROUNDS), "tasks/s", -1, NULL);
    snprintf(full, sizeof full, "%s_network_alone_processor", name);
    bench_report(full, bench_median(bare_cores, ROUNDS) * 100, "% of a core", -1, NULL);
    snprintf(full, sizeof full, "%s_durable", name);
    bench_report(full, bench_median(ours, ROUNDS), "tasks/s", bench_median(ratio, ROUNDS),
                 "the network alone");
    snprintf(full, sizeof full, "%s_durable_processor", name);
    bench_report(full, bench_median(cores, ROUNDS) * 100, "% of a core",
                 bench_median(cores, ROUNDS), "one core");
}

void bench_tasks(void)
{
    char port[8], url[64];
    const char *wanted = getenv("BENCH_TASKS");
    size_t count = wanted ? strtoul(wanted, NULL, 10) : TASKS;
    uint16_t number = load_free_port();
    snprintf(port, sizeof port, "%u", (unsigned)number);
    snprintf(url, sizeof url, "http://127.0.0.1:%s/", port);
    pid_t server = load_server((const char *[]){bench_program_path(), "--slow", port, NULL},
                               "build/bench/slow.log", number, 10);
    if (server < 0 || count < AT_ONCE) {
        bench_note("tasks: the server does not start (build/bench/slow.log), or too few tasks");
        return;
    }
    compare("tasks", url, count, 1, 0);
    compare("tasks_all_on_the_wire", url, count, 1, AT_ONCE);
    compare("tasks_in_workflows", url, count, IN_WORKFLOW, AT_ONCE);
    load_end(server);
}

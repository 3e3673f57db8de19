/* JSONata against its reference implementation (npm's jsonata): evaluation of compiled expressions,
 * ten typical ones and those of the reference suite that do something (EXPRESSION_LEAST characters,
 * data to work on, a result).
 *
 * Node answers at the other end of a pipe. Both sides measure the same case in turns, ROUNDS times,
 * in processor time (others may be at work on the machine), and the least of each side counts.
 */
#include "tests/bench/bench.h"

#include "asl/jsonata/jsonata.h"

#include <dirent.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SUITE  "../shared/conformance/jsonata"
#define SCRIPT "tests/bench/jsonata.mjs"
#define INSTALL                                                                                    \
    "test -d build/npm/jsonata/node_modules/jsonata || { command -v npm >/dev/null && mkdir -p "   \
    "build/npm/jsonata && npm install --prefix build/npm/jsonata --no-audit --no-fund --silent "   \
    "jsonata@2.2 >build/npm/jsonata.log 2>&1; }"
#define EXPRESSION_LEAST 20
#define CASES_MOST       2000
#define SECONDS_EACH     0.004 /* a round of one side */
#define SECONDS_TYPICAL  0.04
#define ROUNDS           4

static const struct {
    const char *name, *expression;
} typical[] = {
    {"sum over items", "$sum(items.(price * quantity))"},
    {"filter and map", "items[price > 500].{'id': id, 'total': price * quantity}"},
    {"grouping", "items{category: $sum(price)}"},
    {"sort 1,000 items", "items^(>price, name)"},
    {"string building", "$join(items.(name & '-' & $string(id)), ',')"},
    {"regex", "items[name ~> /item 1[0-9]*$/].$replace(name, /(item) (\\d+)/, '$2 $1')"},
    {"date formatting", "items.$fromMillis(stamp, '[Y0001]-[M01]-[D01] [H01]:[m01]:[s01]')"},
    {"higher order", "$map($filter(items, function($i){$i.quantity > 5}), function($i){$i.price})"
                     " ~> $reduce(function($a, $b){$a + $b})"},
    {"transform", "$ ~> |items|{'price': price * 1.1}, 'stamp'|"},
    {"task arguments",
     "{'TableName': 'orders', 'Key': {'id': items[0].name}, 'Count': $count(items),"
     " 'Flags': [items[[0..2]].category], 'When': $now()}"},
};
#define TYPICAL (sizeof typical / sizeof typical[0])

struct bench_case {
    asl_value *expression, *data, *bindings;
    double ours, theirs; /* nanoseconds */
};

static struct bench_case *cases;
static size_t case_count;

static void add_case(const asl_value *expression, asl_value *data_take, const asl_value *bindings)
{
    if (case_count == CASES_MOST) {
        value_release(data_take);
        return;
    }
    cases[case_count++] =
        (struct bench_case){value_retain(expression), data_take,
                            bindings ? value_retain(bindings) : value_empty_object(), 0, 0};
}

/* A thousand order lines. */
static asl_value *orders(void)
{
    static const char *const categories[] = {"tools", "books", "toys", "food", "garden"};
    struct value_list items = {0}, whole = {0};
    for (int i = 0; i < 1000; i++) {
        struct value_list o = {0};
        char name[32];
        snprintf(name, sizeof name, "item %d", i * 7919 % 1000);
        value_list_set_take(&o, "id", value_integer(i));
        value_list_set_take(&o, "name", value_string_z(name));
        value_list_set_take(&o, "category", value_string_z(categories[i % 5]));
        value_list_set_take(&o, "price", value_double(i * 7907 % 1000 + 0.25));
        value_list_set_take(&o, "quantity", value_integer(i % 10));
        value_list_set_take(&o, "stamp", value_integer(1500000000000 + (int64_t)i * 86461001));
        value_list_push_take(&items, value_object_take(&o));
    }
    value_list_set_take(&whole, "items", value_array_take(&items));
    return value_object_take(&whole);
}

static asl_value *read_json(const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    struct asl_buffer b;
    struct value_error error;
    char part[65536];
    asl_buffer_init(&b, ASL_BUFFER_MAXIMUM);
    for (size_t got; (got = fread(part, 1, sizeof part, f)) > 0;)
        asl_buffer_put(&b, part, got);
    fclose(f);
    asl_value *v = b.data ? value_parse(asl_buffer_text(&b), 0, 0, &error) : NULL;
    asl_buffer_free(&b);
    return v;
}

static void add_suite_case(const asl_value *test)
{
    const asl_value *expression = value_get_z(test, "expr"), *data = value_get_z(test, "data");
    const asl_value *set = value_get_z(test, "dataset");
    if (!expression || !value_get_z(test, "result") || value_get_z(test, "timelimit") ||
        value_as_text(expression).size < EXPRESSION_LEAST)
        return;
    asl_value *input = data ? value_retain(data) : NULL;
    if (!input && set && value_kind(set) == VALUE_STRING) {
        char path[600];
        snprintf(path, sizeof path, SUITE "/datasets/%.*s.json", ASL_TEXT_ARGS(value_as_text(set)));
        input = read_json(path);
    }
    if (input)
        add_case(expression, input, value_get_z(test, "bindings"));
}

static int is_visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static void add_group(const char *group)
{
    char folder[300], path[600];
    struct dirent **files;
    snprintf(folder, sizeof folder, SUITE "/groups/%s", group);
    int count = scandir(folder, &files, is_visible, alphasort);
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]->d_name);
        asl_value *tests = read_json(path);
        if (tests && value_kind(tests) == VALUE_ARRAY)
            for (size_t at = 0; at < value_count(tests); at++)
                add_suite_case(value_at(tests, at));
        else if (tests)
            add_suite_case(tests);
        value_release(tests);
        free(files[i]);
    }
    if (count >= 0)
        free(files);
}

static void add_suite(void)
{
    struct dirent **groups;
    int count = scandir(SUITE "/groups", &groups, is_visible, alphasort);
    if (count < 0)
        bench_note("jsonata: the reference suite is not here; typical expressions only");
    for (int i = 0; i < count; i++) {
        add_group(groups[i]->d_name);
        free(groups[i]);
    }
    if (count >= 0)
        free(groups);
}

static const asl_value *variable(void *state, struct asl_text name)
{
    return value_get(state, name);
}

static double some(void *state)
{
    (void)state;
    return 0.5;
}

static double processor_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Nanoseconds for one evaluation. */
static double measure_round(const struct jsonata *e, const struct bench_case *c,
                            const struct jsonata_env *env, double seconds)
{
    struct jsonata_error error;
    double began = processor_seconds(), took = 0;
    size_t times = 0;
    for (size_t batch = 1; took < seconds; batch *= 2) {
        for (size_t i = 0; i < batch; i++) {
            asl_value *result = NULL;
            if (jsonata_evaluate(e, c->data, env, &result, &error) == JSONATA_FAILED)
                jsonata_error_free(&error);
            value_release(result);
        }
        times += batch;
        took = processor_seconds() - began;
    }
    return took / (double)times * 1e9;
}

/* ---- the other side ---- */

struct peer {
    FILE *to, *from; /* NULL: it is not here */
    pid_t pid;
};

static double answer(struct peer *p)
{
    double value = 0;
    if (!p->to || fflush(p->to) != 0 || fscanf(p->from, "%lf", &value) != 1)
        return 0;
    return value;
}

static void prepare(struct peer *p, const struct bench_case *c)
{
    struct value_list o = {0};
    struct asl_buffer b;
    if (!p->to)
        return;
    value_list_set_take(&o, "expr", value_retain(c->expression));
    value_list_set_take(&o, "data", value_retain(c->data));
    value_list_set_take(&o, "bindings", value_retain(c->bindings));
    asl_value *line = value_object_take(&o);
    asl_buffer_init(&b, ASL_BUFFER_MAXIMUM);
    value_print(line, &b);
    fprintf(p->to, "%s\n", b.data);
    asl_buffer_free(&b);
    value_release(line);
    answer(p);
}

static double ask(struct peer *p, double seconds)
{
    if (p->to)
        fprintf(p->to, "%g\n", seconds);
    return answer(p);
}

static struct peer start(void)
{
    struct peer p = {0};
    int to[2], from[2];
    if (system(INSTALL) != 0 || pipe(to) != 0 || pipe(from) != 0)
        return p;
    signal(SIGPIPE, SIG_IGN);
    p.pid = fork();
    if (p.pid == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        close(to[1]);
        close(from[0]);
        execlp("node", "node", SCRIPT, (char *)NULL);
        _exit(1);
    }
    close(to[0]);
    close(from[1]);
    p.to = fdopen(to[1], "w");
    p.from = fdopen(from[0], "r");
    return p;
}

static void stop(struct peer *p)
{
    if (!p->to)
        return;
    fclose(p->to);
    fclose(p->from);
    waitpid(p->pid, NULL, 0);
}

static double lesser(double a, double b)
{
    return a > 0 && a < b ? a : b;
}

/* Both sides in turns; 0 where one of them fails. */
static void measure(struct bench_case *c, struct peer *peer, double seconds)
{
    struct jsonata_error error = {0};
    struct jsonata *e = jsonata_compile(value_as_text(c->expression), 0, &error);
    if (!e) {
        jsonata_error_free(&error);
        return;
    }
    struct jsonata_env env = {
        .state = c->bindings, .variable = variable, .now_ms = 1600000000000, .random = some};
    prepare(peer, c);
    for (int round = 0; round < ROUNDS; round++) {
        double theirs = ask(peer, seconds), ours = measure_round(e, c, &env, seconds);
        c->theirs = round == 0 ? theirs : lesser(theirs, c->theirs);
        c->ours = round == 0 ? ours : lesser(ours, c->ours);
    }
    jsonata_free(e);
}

struct ratios {
    double logarithms, least;
    size_t count;
    const struct bench_case *worst;
};

static void add_ratio(struct ratios *r, const struct bench_case *c)
{
    if (!(c->ours > 0) || !(c->theirs > 0))
        return;
    double ratio = c->theirs / c->ours;
    r->logarithms += log(ratio);
    if (r->count++ == 0 || ratio < r->least) {
        r->least = ratio;
        r->worst = c;
    }
}

static void report_ratios(const char *name, const struct ratios *r)
{
    char text[96];
    if (r->count == 0)
        return;
    snprintf(text, sizeof text, "jsonata: %s, geometric mean", name);
    double mean = exp(r->logarithms / (double)r->count);
    bench_report(text, (double)r->count, "expressions", mean, "npm jsonata");
    snprintf(text, sizeof text, "jsonata: %s, slowest of them", name);
    bench_report(text, r->worst->ours, "ns", r->least, "npm jsonata");
    printf("    %.*s\n", ASL_TEXT_ARGS(value_as_text(r->worst->expression)));
}

static void report(struct peer *peer)
{
    struct ratios typical_ratios = {0}, suite_ratios = {0};
    for (size_t i = 0; i < case_count; i++) {
        measure(&cases[i], peer, i < TYPICAL ? SECONDS_TYPICAL : SECONDS_EACH);
        bool compared = cases[i].theirs > 0;
        if (i < TYPICAL) {
            char name[96];
            snprintf(name, sizeof name, "jsonata: %s", typical[i].name);
            bench_report(name, cases[i].ours / 1000, "us",
                         compared ? cases[i].theirs / cases[i].ours : -1,
                         compared ? "npm jsonata" : NULL);
        }
        if (getenv("JSONATA_BENCH_EACH"))
            printf("%8.2f %8.0f ns  %.*s\n", cases[i].theirs / cases[i].ours, cases[i].ours,
                   ASL_TEXT_ARGS(value_as_text(cases[i].expression)));
        add_ratio(i < TYPICAL ? &typical_ratios : &suite_ratios, &cases[i]);
    }
    report_ratios("typical", &typical_ratios);
    report_ratios("reference suite", &suite_ratios);
    if (typical_ratios.count == 0)
        bench_note("jsonata: not compared: node or npm's jsonata (npm i jsonata; NODE_PATH) is not "
                   "here");
}

void bench_jsonata(void)
{
    cases = asl_allocate_zeroed(CASES_MOST, sizeof *cases);
    asl_value *data = orders();
    for (size_t i = 0; i < TYPICAL; i++) {
        asl_value *expression = value_string_z(typical[i].expression);
        add_case(expression, value_retain(data), NULL);
        value_release(expression);
    }
    value_release(data);
    add_suite();
    struct peer peer = start();
    report(&peer);
    stop(&peer);
    for (size_t i = 0; i < case_count; i++) {
        value_release(cases[i].expression);
        value_release(cases[i].data);
        value_release(cases[i].bindings);
    }
    free(cases);
    case_count = 0;
}

/* What of a definition was reached: states, transitions, each Choice rule true and false and each
 * operand in it, each Retry and Catch clause, each Map with none, one and many items.
 *
 * A collector belongs to one definition's text. It looks on while executions run:
 *
 *     struct coverage *c = coverage_new(machine, text, "export.asl.json", message);
 *     coverage_watch(c, &env);          any number of environments, of one thread
 *     ... asl_step(x, &event, &env, &result) ...
 *     coverage_count(c);                one execution more
 *
 * The executions' machine may be another compilation of the same text. A collector belongs to one
 * thread, as the values do; from other threads and processes it goes as JSON (coverage_json,
 * coverage_add_json) or is merged once they are done. Counts stop at the largest number.
 *
 * Every point has one, two or three outcomes; each of them is a goal, reached or not. What a
 * percentage counts are goals.
 */
#ifndef ENGINE_COVERAGE_COVERAGE_H
#define ENGINE_COVERAGE_COVERAGE_H

#include "asl/definition/machine.h"
#include "asl/asl.h"

enum coverage_kind {
    COVERAGE_STATE,      /* entered */
    COVERAGE_TRANSITION, /* taken: Next, End, Default, the Next of a rule or a catcher */
    COVERAGE_RULE,       /* a rule of a Choice: true, false */
    COVERAGE_OPERAND,    /* a comparison within And, Or, Not: true, false */
    COVERAGE_RETRY,      /* a retrier decided */
    COVERAGE_CATCH,      /* a catcher took an error */
    COVERAGE_MAP,        /* a Map over none, one, many items */
    COVERAGE_KINDS,
};
/* "states", "transitions", "rules", "operands", "retries", "catches", "maps" */
const char *coverage_kind_name(enum coverage_kind kind);

#define COVERAGE_OUTCOMES_MAXIMUM 3 /* of a Map */

struct coverage_point {
    enum coverage_kind kind;
    const struct state *state;
    const struct choice_rule *rule; /* of RULE and OPERAND, else NULL */
    size_t index;                   /* rule, retrier or catcher it belongs to */
    enum asl_way way;               /* of TRANSITION */
    const struct state *to;         /* of TRANSITION; NULL: the end */
    char *location;                 /* JSON Pointer into the text: "/States/A/Choices/0" */
    size_t line;                    /* of the text, from 1 */
    size_t outcomes;
    uint64_t hits[COVERAGE_OUTCOMES_MAXIMUM];
};
/* What the outcome is called: "entered", "true", "false", "none", "one", "many" ... */
const char *coverage_outcome_name(enum coverage_kind kind, size_t outcome);

struct coverage;

/* Holds the machine; copies the text. `name` is what reports call the definition, best its file's
 * path as people gave it. NULL and a message when the text is not what the machine was made from.
 */
struct coverage *coverage_new(asl_machine *machine, struct asl_text definition, const char *name,
                              char message[256]);
void coverage_free(struct coverage *c); /* NULL is allowed */
/* The collector looks on at every step with this environment. */
void coverage_watch(struct coverage *c, struct asl_env *env);
void coverage_count(struct coverage *c); /* one execution more was watched */

/* Adds the counts of another collector of the same text. False: it is of another text. */
bool coverage_merge(struct coverage *into, const struct coverage *from);
/* {"definition": name, "sha256": of the text, "executions": n, "points": [{"kind", "location",
 * "state", "line", "hits": {"true": n, "false": n}}]}; yours. */
asl_value *coverage_json(const struct coverage *c);
/* Adds what coverage_json() gave, maybe in another process. Nothing is added and a message says why
 * when it is of another definition, or damaged. */
bool coverage_add_json(struct coverage *c, const asl_value *json, char message[256]);

/* ---- looking ---- */

const char *coverage_name(const struct coverage *c);
asl_machine *coverage_machine(const struct coverage *c);
struct asl_text coverage_definition(const struct coverage *c);
uint64_t coverage_executions(const struct coverage *c);
size_t coverage_point_count(const struct coverage *c);
const struct coverage_point *coverage_point(const struct coverage *c, size_t index);
/* How often the state was entered, and left by the way given (number `index` of these). */
uint64_t coverage_entered(const struct coverage *c, size_t state_id);
uint64_t coverage_left(const struct coverage *c, size_t state_id, enum asl_way way, size_t index);

struct coverage_sum {
    size_t reached, goals;
};
/* Goals of a kind; COVERAGE_KINDS: of all. */
struct coverage_sum coverage_sum(const struct coverage *c, enum coverage_kind kind);
/* 0 to 100; 100 where there are no goals. */
double coverage_percent(struct coverage_sum sum);

/* ---- reports over one or more definitions (report.c, lcov.c, page.c) ---- */

/* For a person: sums, then each goal that was not reached, with its line. */
void coverage_report_text(struct coverage *const *all, size_t count, struct asl_buffer *out);
/* {"percent", "kinds": {"states": {"reached", "goals", "percent"}}, "definitions": [...]}; yours.
 */
asl_value *coverage_report_json(struct coverage *const *all, size_t count);
/* lcov's tracefile (geninfo(1)): states are functions, what has several outcomes are branches. */
void coverage_report_lcov(struct coverage *const *all, size_t count, struct asl_buffer *out);

/* A page of its own: no network, no script. */
void coverage_report_html(struct coverage *const *all, size_t count, struct asl_buffer *out);

/* What must be reached: "90", or "states=100,rules=80"; in per cent of the goals of all definitions
 * together. */
struct coverage_threshold {
    double least[COVERAGE_KINDS + 1]; /* -1: not asked for; the last: of all kinds together */
};
bool coverage_threshold_read(const char *text, struct coverage_threshold *t, char message[256]);
/* True when it is reached. Else a line for each that is not, appended to `out`. */
bool coverage_threshold_met(const struct coverage_threshold *t, struct coverage *const *all,
                            size_t count, struct asl_buffer *out);

#endif

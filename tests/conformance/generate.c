/* A States object is written state by state, each pointing to the next; what a state needs to find
 * in its input (`n`, `items`, `wait`) every state passes on. See generate.h. */
#include "tests/conformance/generate.h"

#include <stdio.h>

#define DEPTH_MAXIMUM 3
#define LOOP_ROUNDS   3

const char *const generated_errors[] = {"Broken", "Lambda.TooManyRequestsException",
                                        "States.TaskFailed", "Bad.Thing"};

uint64_t dice_roll(struct dice *d)
{
    uint64_t z = d->state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

uint64_t dice_below(struct dice *d, uint64_t limit)
{
    return dice_roll(d) % limit;
}

bool dice_says(struct dice *d, unsigned percent)
{
    return dice_below(d, 100) < percent;
}

struct generator {
    struct dice *dice;
    struct asl_buffer *out;
    unsigned names; /* states named so far, all scopes */
    unsigned variables;
};

/* One States object while it is written. */
struct scope {
    unsigned first, count; /* names S<first> ... */
    unsigned at;           /* the state at hand, 0.. */
    unsigned depth;
    unsigned variable; /* assigned by an earlier state of this scope; 0: none */
};

static void put_states(struct generator *g, unsigned depth);

static void put_next(struct generator *g, const struct scope *s)
{
    if (s->at + 1 < s->count)
        asl_buffer_printf(g->out, ", \"Next\": \"S%u\"", s->first + s->at + 1);
    else
        asl_buffer_puts(g->out, ", \"End\": true");
}

static void put_error_list(struct generator *g)
{
    static const char *const names[] = {"Broken", "Bad.Thing", "States.TaskFailed",
                                        "States.Timeout", "States.HeartbeatTimeout"};
    asl_buffer_printf(g->out, "\"ErrorEquals\": [\"%s\"]", names[dice_below(g->dice, 5)]);
}

static void put_retry(struct generator *g)
{
    if (!dice_says(g->dice, 50))
        return;
    asl_buffer_puts(g->out, ", \"Retry\": [{");
    put_error_list(g);
    asl_buffer_printf(g->out,
                      ", \"IntervalSeconds\": %u, \"MaxAttempts\": %u, \"BackoffRate\": 1.5%s}",
                      (unsigned)dice_below(g->dice, 3) + 1, (unsigned)dice_below(g->dice, 3),
                      dice_says(g->dice, 30) ? ", \"JitterStrategy\": \"FULL\"" : "");
    if (dice_says(g->dice, 40))
        asl_buffer_puts(g->out, ", {\"ErrorEquals\": [\"States.ALL\"], \"MaxAttempts\": 1, "
                                "\"MaxDelaySeconds\": 5}");
    asl_buffer_putc(g->out, ']');
}

/* Only forward, so that loops are the Choice's alone; the last state cannot catch. */
static void put_catch(struct generator *g, const struct scope *s)
{
    unsigned later = s->count - s->at - 1;
    if (later == 0 || !dice_says(g->dice, 60))
        return;
    unsigned next = s->first + s->at + 1 + (unsigned)dice_below(g->dice, later);
    asl_buffer_puts(g->out, ", \"Catch\": [{");
    if (dice_says(g->dice, 70))
        asl_buffer_puts(g->out, "\"ErrorEquals\": [\"States.ALL\"]");
    else
        put_error_list(g);
    asl_buffer_printf(g->out, ", \"ResultPath\": %s, \"Next\": \"S%u\"}]",
                      dice_says(g->dice, 50) ? "\"$.caught\"" : "null", next);
}

static void put_assign(struct generator *g, struct scope *s)
{
    if (s->variable || !dice_says(g->dice, 20))
        return;
    s->variable = ++g->variables;
    asl_buffer_printf(g->out, ", \"Assign\": {\"v%u.$\": \"$\", \"c%u\": [1, {\"a\": null}]}",
                      s->variable, s->variable);
}

/* ---- one a kind ---- */

static void put_pass(struct generator *g, struct scope *s)
{
    asl_buffer_puts(g->out, "\"Type\": \"Pass\"");
    switch (dice_below(g->dice, 4)) {
    case 0:
        asl_buffer_puts(g->out, ", \"Result\": {\"a\": [1, 2, 3]}, \"ResultPath\": \"$.pass\"");
        break;
    case 1:
        asl_buffer_puts(g->out, ", \"Parameters\": {\"u.$\": \"States.UUID()\", \"f.$\": "
                                "\"States.Format('{}-{}', $.n, $$.State.Name)\"}, \"ResultPath\": "
                                "\"$.pass\"");
        break;
    case 2:
        if (s->variable) {
            asl_buffer_printf(g->out,
                              ", \"Parameters\": {\"seen.$\": \"$v%u.n\"}, \"ResultPath\": "
                              "\"$.pass\"",
                              s->variable);
            break;
        } /* fall through */
    default:
        asl_buffer_puts(g->out, ", \"ResultPath\": null");
    }
    put_assign(g, s);
    put_next(g, s);
}

static void put_task(struct generator *g, struct scope *s)
{
    static const char *const resources[] = {
        "arn:aws:states:::lambda:invoke",
        "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "arn:aws:states:::states:startExecution.sync:2",
        "arn:aws:lambda:us-east-1:123456789012:function:f",
        "arn:aws:states:us-east-1:123456789012:activity:a",
    };
    static const char *const parameters[] = {
        "{\"FunctionName\": \"f\", \"Payload.$\": \"$\"}",
        "{\"QueueUrl\": \"q\", \"MessageBody\": {\"t.$\": \"$$.Task.Token\"}}",
        "{\"StateMachineArn\": \"m\", \"Input\": {\"n.$\": \"$.n\"}}",
        "{\"n.$\": \"$.n\", \"retries.$\": \"$$.State.RetryCount\"}",
        "{\"n.$\": \"$.n\"}",
    };
    size_t kind = (size_t)dice_below(g->dice, 5);
    asl_buffer_printf(g->out, "\"Type\": \"Task\", \"Resource\": \"%s\", \"Parameters\": %s",
                      resources[kind], parameters[kind]);
    if (dice_says(g->dice, 60))
        asl_buffer_printf(g->out, ", \"TimeoutSeconds\": %u",
                          (unsigned)dice_below(g->dice, 20) + 5);
    if (dice_says(g->dice, 20))
        asl_buffer_puts(g->out, ", \"HeartbeatSeconds\": 3");
    asl_buffer_printf(g->out, ", \"ResultPath\": %s",
                      dice_says(g->dice, 70) ? "\"$.task\"" : "null");
    put_retry(g);
    put_catch(g, s);
    put_next(g, s);
}

static void put_wait(struct generator *g, struct scope *s)
{
    static const char *const waits[] = {"\"Seconds\": 3", "\"SecondsPath\": \"$.wait\"",
                                        "\"Timestamp\": \"2023-11-14T22:20:00Z\""};
    asl_buffer_printf(g->out, "\"Type\": \"Wait\", %s", waits[dice_below(g->dice, 3)]);
    put_next(g, s);
}

/* Goes back to the state before it, which counts, until `n` is large enough. */
static void put_loop(struct generator *g, const struct scope *s)
{
    asl_buffer_printf(g->out,
                      "\"Type\": \"Choice\", \"Choices\": [{\"And\": [{\"Variable\": \"$.n\", "
                      "\"IsPresent\": true}, {\"Variable\": \"$.n\", \"NumericLessThan\": %d}], "
                      "\"Next\": \"S%u\"}], \"Default\": \"S%u\"",
                      LOOP_ROUNDS, s->first + s->at - 1, s->first + s->at + 1);
}

static void put_counter(struct generator *g, const struct scope *s)
{
    asl_buffer_puts(g->out,
                    "\"Type\": \"Pass\", \"Parameters\": {\"n.$\": \"States.MathAdd($.n, 1)\", "
                    "\"items.$\": \"$.items\", \"wait.$\": \"$.wait\"}");
    put_next(g, s);
}

static void put_parallel(struct generator *g, struct scope *s)
{
    unsigned branches = (unsigned)dice_below(g->dice, 3) + 1;
    asl_buffer_puts(g->out, "\"Type\": \"Parallel\", \"Branches\": [");
    for (unsigned i = 0; i < branches; i++) {
        asl_buffer_puts(g->out, i ? ", {" : "{");
        put_states(g, s->depth + 1);
        asl_buffer_putc(g->out, '}');
    }
    asl_buffer_puts(g->out, "], \"ResultPath\": \"$.parallel\", \"ResultSelector\": {\"first.$\": "
                            "\"$[0].n\"}");
    put_retry(g);
    put_catch(g, s);
    put_next(g, s);
}

static void put_map(struct generator *g, struct scope *s)
{
    bool distributed = s->depth == 0 && dice_says(g->dice, 40);
    asl_buffer_printf(g->out,
                      "\"Type\": \"Map\", \"ItemsPath\": \"$.items\", \"MaxConcurrency\": %u, "
                      "\"ItemSelector\": {\"n\": 0, \"items.$\": \"$.items\", \"wait.$\": "
                      "\"$.wait\", \"item.$\": \"$$.Map.Item.Value\", \"index.$\": "
                      "\"$$.Map.Item.Index\"}, \"ItemProcessor\": {\"ProcessorConfig\": {\"Mode\": "
                      "\"%s\"%s}, ",
                      (unsigned)dice_below(g->dice, 4), distributed ? "DISTRIBUTED" : "INLINE",
                      distributed ? ", \"ExecutionType\": \"STANDARD\"" : "");
    put_states(g, s->depth + 1);
    asl_buffer_printf(g->out, "}, \"ResultPath\": \"$.map\"%s",
                      distributed && dice_says(g->dice, 50) ? ", \"ToleratedFailureCount\": 1"
                                                            : "");
    put_retry(g);
    put_catch(g, s);
    put_next(g, s);
}

/* A state of the other query language in between: variables, chance, an error that can be caught.
 */
static void put_jsonata(struct generator *g, struct scope *s)
{
    static const char *const bodies[] = {
        "\"Type\": \"Pass\", \"Output\": \"{% $merge([$states.input, {'pass': $uuid(), 'n': "
        "$number($states.input.n)}]) %}\"",
        "\"Type\": \"Wait\", \"Seconds\": \"{% $states.input.wait %}\"",
        "\"Type\": \"Task\", \"Resource\": \"arn:aws:states:::lambda:invoke\", \"Arguments\": "
        "{\"FunctionName\": \"f\", \"Payload\": \"{% $states.context.State %}\"}, "
        "\"TimeoutSeconds\": \"{% 7 %}\", \"Output\": \"{% $merge([$states.input, {'task': "
        "$states.result}]) %}\", \"Retry\": [{\"ErrorEquals\": [\"States.ALL\"], "
        "\"MaxAttempts\": 1}]",
        "\"Type\": \"Pass\", \"Output\": \"{% $merge([$states.input, {'r': $random()}]) %}\"",
    };
    asl_buffer_printf(g->out, "%s, \"QueryLanguage\": \"JSONata\"", bodies[dice_below(g->dice, 4)]);
    if (!s->variable && dice_says(g->dice, 40)) {
        s->variable = ++g->variables;
        asl_buffer_printf(g->out, ", \"Assign\": {\"v%u\": \"{%% $states.input %%}\"}",
                          s->variable);
    }
    put_next(g, s);
}

static void put_fail(struct generator *g, struct scope *s)
{
    (void)s;
    asl_buffer_printf(g->out, "\"Type\": \"Fail\", \"Error\": \"%s\", \"Cause\": \"by design\"",
                      generated_errors[dice_below(g->dice, GENERATED_ERRORS)]);
}

static void put_succeed(struct generator *g, struct scope *s)
{
    (void)g, (void)s;
    asl_buffer_puts(g->out, "\"Type\": \"Succeed\"");
}

/* ---- scopes ---- */

typedef void put_state(struct generator *g, struct scope *s);

static put_state *choose(struct generator *g, const struct scope *s)
{
    static put_state *const plain[] = {put_pass, put_task, put_task,
                                       put_wait, put_pass, put_jsonata};
    bool last = s->at + 1 == s->count;
    if (last && dice_says(g->dice, s->depth ? 8 : 15))
        return put_fail;
    if (last && dice_says(g->dice, 15))
        return put_succeed;
    if (s->depth < DEPTH_MAXIMUM && dice_says(g->dice, 30))
        return dice_says(g->dice, 50) ? put_parallel : put_map;
    return plain[dice_below(g->dice, sizeof plain / sizeof *plain)];
}

static void put_states(struct generator *g, unsigned depth)
{
    struct scope s = {.depth = depth, .count = 1 + (unsigned)dice_below(g->dice, 4)};
    bool loops = s.count >= 3 && dice_says(g->dice, 40); /* S<first> counts, the next goes back */
    s.first = g->names + 1;
    g->names += s.count;
    asl_buffer_printf(g->out, "\"StartAt\": \"S%u\", \"States\": {", s.first);
    for (s.at = 0; s.at < s.count; s.at++) {
        asl_buffer_printf(g->out, "%s\"S%u\": {", s.at ? ", " : "", s.first + s.at);
        if (loops && s.at == 0)
            put_counter(g, &s);
        else if (loops && s.at == 1)
            put_loop(g, &s);
        else
            choose(g, &s)(g, &s);
        asl_buffer_putc(g->out, '}');
    }
    asl_buffer_putc(g->out, '}');
}

void generate_definition(struct dice *d, struct asl_buffer *out)
{
    struct generator g = {.dice = d, .out = out};
    asl_buffer_puts(out, "{");
    if (dice_says(d, 15))
        asl_buffer_printf(out, "\"TimeoutSeconds\": %u, ", (unsigned)dice_below(d, 60) + 10);
    put_states(&g, 0);
    asl_buffer_puts(out, "}");
}

/* Coverage for people, for machines, and against a threshold; see coverage.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/coverage/coverage.h"
#include "engine/graph/words.h"

#define RULE_MAXIMUM 100 /* bytes of a rule in a line: more wraps on a terminal */

static struct coverage_sum sum_of(struct coverage *const *all, size_t count,
                                  enum coverage_kind kind)
{
    struct coverage_sum sum = {0};
    for (size_t i = 0; i < count; i++) {
        struct coverage_sum one = coverage_sum(all[i], kind);
        sum.reached += one.reached;
        sum.goals += one.goals;
    }
    return sum;
}

/* 99.96 % is not 100 %: shares are cut, not rounded up, at the top. */
static double shown_percent(struct coverage_sum sum)
{
    return floor(coverage_percent(sum) * 10) / 10;
}

/* ---- for people ---- */

static void put_target(struct asl_buffer *out, const struct coverage_point *p)
{
    if (p->to)
        asl_buffer_printf(out, "to %.*s", ASL_TEXT_ARGS(value_as_text(p->to->name)));
    else
        asl_buffer_puts(out, "to the end");
}

static void put_transition(struct asl_buffer *out, const struct coverage_point *p)
{
    put_target(out, p);
    if (p->way == ASL_BY_RULE)
        asl_buffer_printf(out, " by rule %zu", p->index + 1);
    else if (p->way == ASL_BY_DEFAULT)
        asl_buffer_puts(out, " by Default");
    else if (p->way == ASL_BY_CATCHER)
        asl_buffer_printf(out, " by Catch %zu", p->index + 1);
    asl_buffer_puts(out, " was never taken");
}

static void put_rule(struct asl_buffer *out, const struct coverage_point *p, size_t outcome)
{
    struct asl_buffer rule;
    asl_buffer_init(&rule, ASL_BUFFER_MAXIMUM);
    words_put_rule(&rule, p->rule);
    words_shorten(&rule, RULE_MAXIMUM);
    asl_buffer_printf(out, "%s %zu, %s, was never %s",
                      p->kind == COVERAGE_RULE ? "rule" : "in rule", p->index + 1,
                      rule.data ? rule.data : "", outcome ? "false" : "true");
    asl_buffer_free(&rule);
}

static void put_clause(struct asl_buffer *out, const struct coverage_point *p)
{
    const struct state *s = p->state;
    bool retry = p->kind == COVERAGE_RETRY;
    asl_buffer_printf(out, "%s %zu of ", retry ? "Retry" : "Catch", p->index + 1);
    if (retry)
        words_put_errors(out, s->retriers[p->index].errors, s->retriers[p->index].error_count);
    else
        words_put_errors(out, s->catchers[p->index].errors, s->catchers[p->index].error_count);
    asl_buffer_puts(out, " was never used");
}

static void put_missed(struct asl_buffer *out, const struct coverage_point *p, size_t outcome)
{
    static const char *const items[] = {"no items", "one item", "many items"};
    switch (p->kind) {
    case COVERAGE_STATE:
        asl_buffer_puts(out, "was never entered");
        return;
    case COVERAGE_TRANSITION:
        put_transition(out, p);
        return;
    case COVERAGE_RULE:
    case COVERAGE_OPERAND:
        put_rule(out, p, outcome);
        return;
    case COVERAGE_MAP:
        asl_buffer_printf(out, "never had %s", items[outcome]);
        return;
    default:
        put_clause(out, p);
    }
}

/* Of a state that was never entered, that alone is told: all else follows. */
static bool follows(const struct coverage *c, const struct coverage_point *p)
{
    return p->kind != COVERAGE_STATE && !coverage_entered(c, p->state->id);
}

static void put_point(const struct coverage *c, const struct coverage_point *p,
                      struct asl_buffer *out)
{
    for (size_t i = 0; i < p->outcomes && !follows(c, p); i++) {
        if (p->hits[i])
            continue;
        asl_buffer_printf(out, "  %s:%zu: %.*s ", coverage_name(c), p->line,
                          ASL_TEXT_ARGS(value_as_text(p->state->name)));
        put_missed(out, p, i);
        asl_buffer_putc(out, '\n');
    }
}

static void put_sum(struct asl_buffer *out, const char *name, struct coverage_sum sum)
{
    if (sum.goals)
        asl_buffer_printf(out, "  %-12s %6.1f %%  %zu of %zu\n", name, shown_percent(sum),
                          sum.reached, sum.goals);
}

static void put_definition(const struct coverage *c, struct asl_buffer *out)
{
    struct coverage_sum all = coverage_sum(c, COVERAGE_KINDS);
    asl_buffer_printf(out, "%s: %.1f %% of %zu goals reached by %llu execution%s\n",
                      coverage_name(c), shown_percent(all), all.goals,
                      (unsigned long long)coverage_executions(c),
                      coverage_executions(c) == 1 ? "" : "s");
    for (int k = 0; k < COVERAGE_KINDS; k++)
        put_sum(out, coverage_kind_name((enum coverage_kind)k),
                coverage_sum(c, (enum coverage_kind)k));
    if (all.reached == all.goals)
        return;
    asl_buffer_puts(out, "not reached:\n");
    for (size_t i = 0; i < coverage_point_count(c); i++)
        put_point(c, coverage_point(c, i), out);
}

void coverage_report_text(struct coverage *const *all, size_t count, struct asl_buffer *out)
{
    for (size_t i = 0; i < count; i++)
        put_definition(all[i], out);
    if (count < 2)
        return;
    asl_buffer_printf(out, "all %zu definitions: %.1f %%\n", count,
                      shown_percent(sum_of(all, count, COVERAGE_KINDS)));
    for (int k = 0; k < COVERAGE_KINDS; k++)
        put_sum(out, coverage_kind_name((enum coverage_kind)k),
                sum_of(all, count, (enum coverage_kind)k));
}

/* ---- for machines ---- */

static void set_sum(struct value_list *l, struct coverage_sum sum)
{
    value_list_set_take(l, "percent", value_double(shown_percent(sum)));
    value_list_set_take(l, "reached", value_integer((int64_t)sum.reached));
    value_list_set_take(l, "goals", value_integer((int64_t)sum.goals));
}

static asl_value *kinds_json(struct coverage *const *all, size_t count)
{
    struct value_list kinds;
    value_list_init(&kinds);
    for (int k = 0; k < COVERAGE_KINDS; k++) {
        struct value_list one;
        value_list_init(&one);
        set_sum(&one, sum_of(all, count, (enum coverage_kind)k));
        value_list_set_take(&kinds, coverage_kind_name((enum coverage_kind)k),
                            value_object_take(&one));
    }
    return value_object_take(&kinds);
}

asl_value *coverage_report_json(struct coverage *const *all, size_t count)
{
    struct value_list l, definitions;
    value_list_init(&l);
    value_list_init(&definitions);
    set_sum(&l, sum_of(all, count, COVERAGE_KINDS));
    value_list_set_take(&l, "kinds", kinds_json(all, count));
    for (size_t i = 0; i < count; i++)
        value_list_push_take(&definitions, coverage_json(all[i]));
    value_list_set_take(&l, "definitions", value_array_take(&definitions));
    return value_object_take(&l);
}

/* ---- thresholds ---- */

static int kind_of(const char *name, size_t size)
{
    for (int k = 0; k < COVERAGE_KINDS; k++) {
        const char *known = coverage_kind_name((enum coverage_kind)k);
        if (strlen(known) == size && strncmp(known, name, size) == 0)
            return k;
    }
    return -1;
}

bool coverage_threshold_read(const char *text, struct coverage_threshold *t, char message[256])
{
    for (int k = 0; k <= COVERAGE_KINDS; k++)
        t->least[k] = -1;
    while (*text) {
        size_t size = strcspn(text, ","), name = strcspn(text, "=,");
        int kind = name < size ? kind_of(text, name) : COVERAGE_KINDS;
        const char *number = name < size ? text + name + 1 : text;
        char *end = NULL;
        double percent = strtod(number, &end);
        if (kind < 0 || end == number || end != text + size || !(percent >= 0 && percent <= 100)) {
            snprintf(message, 256,
                     "a threshold is a number from 0 to 100, or KIND=NUMBER,... with states, "
                     "transitions, rules, operands, retries, catches, maps; not '%.*s'",
                     (int)(size > 60 ? 60 : size), text);
            return false;
        }
        t->least[kind] = percent;
        text += size + (text[size] == ',');
    }
    return true;
}

bool coverage_threshold_met(const struct coverage_threshold *t, struct coverage *const *all,
                            size_t count, struct asl_buffer *out)
{
    bool met = true;
    for (int k = 0; k <= COVERAGE_KINDS; k++) {
        struct coverage_sum sum = sum_of(all, count, (enum coverage_kind)k);
        if (t->least[k] < 0 || coverage_percent(sum) >= t->least[k])
            continue;
        met = false;
        asl_buffer_printf(out, "%s%scovered %.1f %%, wanted %.1f %%\n",
                          k < COVERAGE_KINDS ? coverage_kind_name((enum coverage_kind)k) : "",
                          k < COVERAGE_KINDS ? ": " : "", shown_percent(sum), t->least[k]);
    }
    return met;
}

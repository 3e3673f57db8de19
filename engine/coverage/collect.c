/* The collector: points made from a machine and its text, counted while steps run; see coverage.h.
 *
 * Points stand in the order of the machine's states. An observation names a state and a number
 * within it; `struct spots` says for each state where its points begin, so that counting is one
 * addition. */
#include "engine/coverage/coverage.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/coverage/lines.h"

#define NO_SPOT     SIZE_MAX
#define DIGEST_SIZE 64 /* hexadecimal */

/* Where a state's points begin. The rules' transitions stand behind `left`, in their order, then
 * the catchers'; `rules` is indexed by a rule's number, for And, Or and Not may have no point. */
struct spots {
    size_t entered, left, rule_ways, retriers, catchers, catcher_ways, items;
    size_t *rules, rule_count;
};

struct coverage {
    asl_machine *machine;
    char *name, *text;
    size_t text_size;
    char digest[DIGEST_SIZE + 1];
    struct coverage_point *points;
    size_t count, capacity;
    struct spots *spots; /* by state id */
    uint64_t executions;
};

const char *coverage_kind_name(enum coverage_kind kind)
{
    static const char *const names[COVERAGE_KINDS] = {"states",  "transitions", "rules", "operands",
                                                      "retries", "catches",     "maps"};
    return names[kind];
}

const char *coverage_outcome_name(enum coverage_kind kind, size_t outcome)
{
    static const char *const names[COVERAGE_KINDS][COVERAGE_OUTCOMES_MAXIMUM] = {
        [COVERAGE_STATE] = {"entered"},
        [COVERAGE_TRANSITION] = {"taken"},
        [COVERAGE_RULE] = {"true", "false"},
        [COVERAGE_OPERAND] = {"true", "false"},
        [COVERAGE_RETRY] = {"used"},
        [COVERAGE_CATCH] = {"used"},
        [COVERAGE_MAP] = {"none", "one", "many"},
    };
    return names[kind][outcome];
}

static size_t outcomes_of(enum coverage_kind kind)
{
    size_t count = 0;
    while (count < COVERAGE_OUTCOMES_MAXIMUM && coverage_outcome_name(kind, count))
        count++;
    return count;
}

/* ---- making the points ---- */

/* The walk over the machine, the text's value and its pointer at once. */
struct maker {
    struct coverage *c;
    struct asl_buffer pointer;
    bool fits; /* the value has what the machine has */
};

static struct coverage_point *add_point(struct maker *m, enum coverage_kind kind,
                                        const struct state *s)
{
    struct coverage *c = m->c;
    if (c->count == c->capacity) {
        c->capacity = c->capacity ? c->capacity * 2 : 64;
        c->points = asl_reallocate(c->points, c->capacity * sizeof *c->points);
    }
    struct coverage_point *p = &c->points[c->count++];
    *p = (struct coverage_point){.kind = kind,
                                 .state = s,
                                 .location = asl_copy_text(asl_buffer_text(&m->pointer)),
                                 .outcomes = outcomes_of(kind)};
    return p;
}

/* Into a member or an element; the pointer's size before, to come back to. */
static size_t enter_member(struct maker *m, const asl_value **at, const char *name)
{
    size_t size = m->pointer.size;
    lines_put_step(&m->pointer, asl_text(name));
    *at = *at ? value_get_z(*at, name) : NULL;
    m->fits = m->fits && *at;
    return size;
}

static size_t enter_element(struct maker *m, const asl_value **at, size_t index)
{
    size_t size = m->pointer.size;
    asl_buffer_printf(&m->pointer, "/%zu", index);
    *at = *at && index < value_count(*at) ? value_at(*at, index) : NULL;
    m->fits = m->fits && *at;
    return size;
}

static void come_back(struct maker *m, size_t size)
{
    m->pointer.size = size;
    m->pointer.data[size] = '\0';
}

static void add_way(struct maker *m, const asl_value *at, const struct state *s, const char *member,
                    enum asl_way way, size_t index, const struct state *to)
{
    size_t size = enter_member(m, &at, member);
    struct coverage_point *p = add_point(m, COVERAGE_TRANSITION, s);
    p->way = way;
    p->index = index;
    p->to = to;
    come_back(m, size);
}

static const char *member_of(enum choice_operator operator)
{
    static const char *const names[] = {
        [CHOICE_AND] = "And", [CHOICE_OR] = "Or", [CHOICE_NOT] = "Not"};
    return names[operator];
}

static void add_rule(struct maker *m, const asl_value *at, const struct state *s,
                     const struct choice_rule *rule, size_t top, bool is_top)
{
    struct spots *spots = &m->c->spots[s->id];
    bool inner = rule->operator<= CHOICE_NOT;
    if (is_top || !inner) {
        spots->rules[rule->number] = m->c->count;
        struct coverage_point *p = add_point(m, is_top ? COVERAGE_RULE : COVERAGE_OPERAND, s);
        p->rule = rule;
        p->index = top;
    }
    if (!inner)
        return;
    size_t size = enter_member(m, &at, member_of(rule->operator));
    for (size_t i = 0; i < rule->rule_count; i++) {
        const asl_value *operand = at;
        size_t before =
            rule->operator== CHOICE_NOT ? m->pointer.size : enter_element(m, &operand, i);
        add_rule(m, operand, s, &rule->rules[i], top, false);
        come_back(m, before);
    }
    come_back(m, size);
}

static size_t rules_below(const struct choice_rule *rules, size_t count)
{
    size_t all = count;
    for (size_t i = 0; i < count; i++)
        all += rules_below(rules[i].rules, rules[i].rule_count);
    return all;
}

static void add_choice(struct maker *m, const asl_value *at, const struct state *s)
{
    struct spots *spots = &m->c->spots[s->id];
    const asl_value *rules = at;
    spots->rule_count = rules_below(s->of.choice.rules, s->of.choice.count);
    spots->rules = asl_allocate(spots->rule_count * sizeof *spots->rules + 1);
    for (size_t i = 0; i < spots->rule_count; i++)
        spots->rules[i] = NO_SPOT;
    size_t size = enter_member(m, &rules, "Choices");
    for (size_t i = 0; i < s->of.choice.count; i++) {
        const asl_value *rule = rules;
        size_t before = enter_element(m, &rule, i);
        add_rule(m, rule, s, &s->of.choice.rules[i], i, true);
        come_back(m, before);
    }
    spots->rule_ways = m->c->count;
    for (size_t i = 0; i < s->of.choice.count; i++) {
        const asl_value *rule = rules;
        size_t before = enter_element(m, &rule, i);
        add_way(m, rule, s, "Next", ASL_BY_RULE, i, s->of.choice.rules[i].next);
        come_back(m, before);
    }
    come_back(m, size);
    if (s->of.choice.default_next) {
        spots->left = m->c->count;
        add_way(m, at, s, "Default", ASL_BY_DEFAULT, 0, s->of.choice.default_next);
    }
}

/* Points of a list of clauses, one each. */
static void add_clauses(struct maker *m, const asl_value *at, const struct state *s,
                        enum coverage_kind kind, size_t count)
{
    if (!count)
        return;
    size_t size = enter_member(m, &at, kind == COVERAGE_RETRY ? "Retry" : "Catch");
    for (size_t i = 0; i < count; i++) {
        const asl_value *clause = at;
        size_t before = enter_element(m, &clause, i);
        add_point(m, kind, s)->index = i;
        come_back(m, before);
    }
    come_back(m, size);
}

static void add_catcher_ways(struct maker *m, const asl_value *at, const struct state *s)
{
    if (!s->catcher_count)
        return;
    size_t size = enter_member(m, &at, "Catch");
    for (size_t i = 0; i < s->catcher_count; i++) {
        const asl_value *clause = at;
        size_t before = enter_element(m, &clause, i);
        add_way(m, clause, s, "Next", ASL_BY_CATCHER, i, s->catchers[i].next);
        come_back(m, before);
    }
    come_back(m, size);
}

static void add_states(struct maker *m, const asl_value *at, const struct states *all);

static void add_inner(struct maker *m, const asl_value *at, const struct state *s)
{
    if (s->kind == STATE_MAP) {
        bool legacy = at && !value_get_z(at, "ItemProcessor");
        size_t size = enter_member(m, &at, legacy ? "Iterator" : "ItemProcessor");
        add_states(m, at, s->of.map.processor);
        come_back(m, size);
        return;
    }
    size_t size = enter_member(m, &at, "Branches");
    for (size_t i = 0; i < s->of.parallel.count; i++) {
        const asl_value *branch = at;
        size_t before = enter_element(m, &branch, i);
        add_states(m, branch, s->of.parallel.branches[i]);
        come_back(m, before);
    }
    come_back(m, size);
}

static void add_state(struct maker *m, const asl_value *at, const struct state *s)
{
    struct spots *spots = &m->c->spots[s->id];
    spots->left = NO_SPOT;
    spots->entered = m->c->count;
    add_point(m, COVERAGE_STATE, s);
    if (s->kind == STATE_MAP) {
        spots->items = m->c->count;
        add_point(m, COVERAGE_MAP, s);
    }
    if (s->kind == STATE_CHOICE) {
        add_choice(m, at, s);
    } else if (s->kind != STATE_SUCCEED && s->kind != STATE_FAIL) {
        spots->left = m->c->count;
        add_way(m, at, s, s->next ? "Next" : "End", ASL_BY_NEXT, 0, s->next);
    }
    spots->retriers = m->c->count;
    add_clauses(m, at, s, COVERAGE_RETRY, s->retrier_count);
    spots->catchers = m->c->count;
    add_clauses(m, at, s, COVERAGE_CATCH, s->catcher_count);
    spots->catcher_ways = m->c->count;
    add_catcher_ways(m, at, s);
    if (s->kind == STATE_MAP || s->kind == STATE_PARALLEL)
        add_inner(m, at, s);
}

static void add_states(struct maker *m, const asl_value *at, const struct states *all)
{
    size_t size = enter_member(m, &at, "States");
    for (size_t i = 0; i < all->count; i++) {
        const asl_value *state = at ? value_get(at, value_as_text(all->states[i]->name)) : NULL;
        m->fits = m->fits && state;
        size_t before = m->pointer.size;
        lines_put_step(&m->pointer, value_as_text(all->states[i]->name));
        add_state(m, state, all->states[i]);
        come_back(m, before);
    }
    come_back(m, size);
}

static void find_lines(struct coverage *c)
{
    struct lines_wanted *wanted = asl_allocate_zeroed(c->count + 1, sizeof *wanted);
    for (size_t i = 0; i < c->count; i++)
        wanted[i].location = c->points[i].location;
    lines_find(coverage_definition(c), wanted, c->count);
    /* sorted by location now: look each point up */
    for (size_t i = 0; i < c->count; i++) {
        size_t low = 0, high = c->count;
        while (low + 1 < high) {
            size_t middle = (low + high) / 2;
            if (strcmp(wanted[middle].location, c->points[i].location) <= 0)
                low = middle;
            else
                high = middle;
        }
        c->points[i].line = wanted[low].line ? wanted[low].line : 1;
    }
    free(wanted);
}

static void digest_text(struct coverage *c)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_Digest(c->text, c->text_size, digest, &size, EVP_sha256(), NULL);
    for (unsigned i = 0; i < size && i < DIGEST_SIZE / 2; i++)
        snprintf(c->digest + 2 * (size_t)i, 3, "%02x", digest[i]);
}

struct coverage *coverage_new(asl_machine *machine, struct asl_text definition, const char *name,
                              char message[256])
{
    struct value_error error;
    asl_value *text = value_parse(definition, 0, 0, &error);
    struct coverage *c = asl_allocate_zeroed(1, sizeof *c);
    c->machine = asl_machine_retain(machine);
    c->name = asl_copy_text(asl_text(name));
    c->text = asl_copy_text(definition);
    c->text_size = definition.size;
    c->spots = asl_allocate_zeroed(machine->state_count + 1, sizeof *c->spots);
    struct maker m = {.c = c, .fits = text != NULL};
    asl_buffer_init(&m.pointer, ASL_BUFFER_MAXIMUM);
    asl_buffer_puts(&m.pointer, "");
    if (m.fits)
        add_states(&m, text, &machine->root);
    asl_buffer_free(&m.pointer);
    value_release(text);
    if (!m.fits) {
        snprintf(message, 256, "%s is not the text its machine was made from", name);
        coverage_free(c);
        return NULL;
    }
    digest_text(c);
    find_lines(c);
    return c;
}

void coverage_free(struct coverage *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++)
        free(c->points[i].location);
    for (size_t i = 0; i < c->machine->state_count; i++)
        free(c->spots[i].rules);
    asl_machine_release(c->machine);
    free(c->points);
    free(c->spots);
    free(c->name);
    free(c->text);
    free(c);
}

/* ---- counting ---- */

static void add(uint64_t *counter, uint64_t n)
{
    *counter = n > UINT64_MAX - *counter ? UINT64_MAX : *counter + n;
}

static size_t spot_of_way(const struct coverage *c, size_t state, enum asl_way way, size_t index)
{
    const struct spots *s = &c->spots[state];
    const struct state *of = c->machine->by_id[state];
    switch (way) {
    case ASL_BY_RULE:
        return of->kind == STATE_CHOICE && index < of->of.choice.count ? s->rule_ways + index
                                                                       : NO_SPOT;
    case ASL_BY_CATCHER:
        return index < of->catcher_count ? s->catcher_ways + index : NO_SPOT;
    default:
        return s->left;
    }
}

/* Which point, and which of its outcomes; NO_SPOT: none. */
static size_t spot_of(const struct coverage *c, const struct asl_observation *o, size_t *outcome)
{
    const struct spots *s = &c->spots[o->state->id];
    *outcome = 0;
    switch (o->sight) {
    case ASL_SEE_ENTERED:
        return s->entered;
    case ASL_SEE_LEFT:
        return spot_of_way(c, o->state->id, o->way, o->index);
    case ASL_SEE_RULE:
        *outcome = o->yes ? 0 : 1;
        return o->index < s->rule_count ? s->rules[o->index] : NO_SPOT;
    case ASL_SEE_RETRIER:
        return s->retriers + o->index;
    case ASL_SEE_CATCHER:
        return s->catchers + o->index;
    case ASL_SEE_ITEMS:
        *outcome = o->index < 2 ? o->index : 2;
        return s->items;
    default: /* what the data became: no way that could be missed */
        return NO_SPOT;
    }
}

static void see(void *coverage, const struct asl_observation *o)
{
    struct coverage *c = coverage;
    size_t outcome;
    if (o->state->id >= c->machine->state_count)
        return;
    size_t spot = spot_of(c, o, &outcome);
    if (spot < c->count && outcome < c->points[spot].outcomes)
        add(&c->points[spot].hits[outcome], 1);
}

void coverage_watch(struct coverage *c, struct asl_env *env)
{
    env->see = see;
    env->onlooker = c;
}

void coverage_count(struct coverage *c)
{
    add(&c->executions, 1);
}

bool coverage_merge(struct coverage *into, const struct coverage *from)
{
    if (strcmp(into->digest, from->digest) != 0 || into->count != from->count)
        return false;
    for (size_t i = 0; i < into->count; i++)
        for (size_t k = 0; k < into->points[i].outcomes; k++)
            add(&into->points[i].hits[k], from->points[i].hits[k]);
    add(&into->executions, from->executions);
    return true;
}

/* ---- as JSON ---- */

static asl_value *point_json(const struct coverage_point *p)
{
    struct value_list l, hits;
    value_list_init(&l);
    value_list_init(&hits);
    for (size_t i = 0; i < p->outcomes; i++)
        value_list_set_take(
            &hits, coverage_outcome_name(p->kind, i),
            value_integer(p->hits[i] > INT64_MAX ? INT64_MAX : (int64_t)p->hits[i]));
    value_list_set_take(&l, "kind", value_string_z(coverage_kind_name(p->kind)));
    value_list_set_take(&l, "location", value_string_z(p->location));
    value_list_set_take(&l, "state", value_retain(p->state->name));
    value_list_set_take(&l, "line", value_integer((int64_t)p->line));
    value_list_set_take(&l, "hits", value_object_take(&hits));
    return value_object_take(&l);
}

asl_value *coverage_json(const struct coverage *c)
{
    struct value_list l, points;
    value_list_init(&l);
    value_list_init(&points);
    for (size_t i = 0; i < c->count; i++)
        value_list_push_take(&points, point_json(&c->points[i]));
    value_list_set_take(&l, "definition", value_string_z(c->name));
    value_list_set_take(&l, "sha256", value_string_z(c->digest));
    value_list_set_take(
        &l, "executions",
        value_integer(c->executions > INT64_MAX ? INT64_MAX : (int64_t)c->executions));
    value_list_set_take(&l, "points", value_array_take(&points));
    return value_object_take(&l);
}

static bool read_count(const asl_value *object, const char *name, uint64_t *n)
{
    int64_t read = -1;
    const asl_value *v = value_get_z(object, name);
    if (!v || !value_as_integer(v, &read) || read < 0)
        return false;
    *n = (uint64_t)read;
    return true;
}

static bool is_text(const asl_value *object, const char *name, const char *text)
{
    const asl_value *v = value_get_z(object, name);
    return v && value_kind(v) == VALUE_STRING && asl_text_is(value_as_text(v), text);
}

/* The hits of one point, in its place: the points of one text come in one order. */
static bool read_point(const struct coverage_point *p, const asl_value *json, uint64_t *hits)
{
    const asl_value *counts = json ? value_get_z(json, "hits") : NULL;
    bool fine = counts && is_text(json, "kind", coverage_kind_name(p->kind)) &&
                is_text(json, "location", p->location);
    for (size_t i = 0; fine && i < p->outcomes; i++)
        fine = read_count(counts, coverage_outcome_name(p->kind, i), &hits[i]);
    return fine;
}

bool coverage_add_json(struct coverage *c, const asl_value *json, char message[256])
{
    const asl_value *points = value_get_z(json, "points");
    uint64_t executions;
    if (!value_get_z(json, "sha256") || !points || value_kind(points) != VALUE_ARRAY ||
        !read_count(json, "executions", &executions)) {
        snprintf(message, 256, "this is no coverage: sha256, executions or points are missing");
        return false;
    }
    if (!is_text(json, "sha256", c->digest)) {
        snprintf(message, 256,
                 "this is the coverage of another definition than %s: its text has "
                 "changed since",
                 c->name);
        return false;
    }
    struct coverage other = {.count = c->count, .executions = executions};
    memcpy(other.digest, c->digest, sizeof other.digest);
    other.points = asl_allocate_zeroed(c->count + 1, sizeof *other.points);
    bool fine = value_count(points) == c->count;
    size_t at = 0;
    for (; fine && at < c->count; at++)
        fine = read_point(&c->points[at], value_at(points, at), other.points[at].hits);
    if (fine)
        coverage_merge(c, &other);
    else
        snprintf(message, 256, "this coverage is damaged: points[%zu] is not %s of %s",
                 at ? at - 1 : 0,
                 c->count ? coverage_kind_name(c->points[at ? at - 1 : 0].kind) : "",
                 c->count ? c->points[at ? at - 1 : 0].location : c->name);
    free(other.points);
    return fine;
}

/* ---- looking ---- */

const char *coverage_name(const struct coverage *c)
{
    return c->name;
}

asl_machine *coverage_machine(const struct coverage *c)
{
    return c->machine;
}

struct asl_text coverage_definition(const struct coverage *c)
{
    return (struct asl_text){c->text, c->text_size};
}

uint64_t coverage_executions(const struct coverage *c)
{
    return c->executions;
}

size_t coverage_point_count(const struct coverage *c)
{
    return c->count;
}

const struct coverage_point *coverage_point(const struct coverage *c, size_t index)
{
    return &c->points[index];
}

uint64_t coverage_entered(const struct coverage *c, size_t state_id)
{
    return c->points[c->spots[state_id].entered].hits[0];
}

uint64_t coverage_left(const struct coverage *c, size_t state_id, enum asl_way way, size_t index)
{
    size_t spot = spot_of_way(c, state_id, way, index);
    return spot < c->count ? c->points[spot].hits[0] : 0;
}

struct coverage_sum coverage_sum(const struct coverage *c, enum coverage_kind kind)
{
    struct coverage_sum sum = {0};
    for (size_t i = 0; i < c->count; i++) {
        if (kind != COVERAGE_KINDS && c->points[i].kind != kind)
            continue;
        sum.goals += c->points[i].outcomes;
        for (size_t k = 0; k < c->points[i].outcomes; k++)
            sum.reached += c->points[i].hits[k] > 0;
    }
    return sum;
}

double coverage_percent(struct coverage_sum sum)
{
    return sum.goals ? 100.0 * (double)sum.reached / (double)sum.goals : 100.0;
}

/* See regex.h. The machine: a place in the program, a place in the subject, registers (where groups
 * begin and end, how often loops went round), and a stack of choices.
 *
 * Whatever is done goes onto that stack: a choice with the other way to go, a register with what
 * was in it. To go back is to take from the stack, putting registers back, until there is a choice.
 * A lookaround leaves a mark there: once it has found what it looks for, the choices above the mark
 * are taken out (it will not look again), but what it caught stays to be put back.
 */
#include "regex_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum choice_kind {
    CHOICE_REGISTER, /* number: register; place: what was in it */
    CHOICE_WAY,      /* number: instruction; place */
    CHOICE_LESS,     /* number: of an OP_RUN; place: its end; rest: units that it may give back */
    CHOICE_MORE,     /* number: of an OP_RUN; place: its end; rest: units that it may still take */
    CHOICE_LOOK,     /* number: of an OP_LOOK; place: where it began; rest: the mark below */
};

struct regex_choice {
    uint32_t kind, number;
    size_t place, rest;
};

/* 24 MiB of them. */
#define CHOICES_MAXIMUM ((size_t)1 << 20)
/* More than so many are given back behind a match. */
#define CHOICES_KEPT 4096
/* Units that a run takes, or that are passed over in search of a beginning, at the price of one. */
#define UNITS_A_STEP 16

struct machine {
    struct regex *r;
    const unsigned char *text;
    size_t size, count; /* count: of choices */
    size_t mark;        /* of the innermost lookaround */
    size_t budget;
    bool is_over;
};

#define NO_UNIT UINT32_MAX
#define NO_MARK SIZE_MAX

/* ---- units of the subject ---- */

static bool is_middle(const struct machine *m, size_t place)
{
    return place < m->size && (m->text[place] & 0xc0) == 0x80;
}

static uint32_t wide(const unsigned char *four)
{
    return (uint32_t)(four[0] & 7) << 18 | (uint32_t)(four[1] & 63) << 12 |
           (uint32_t)(four[2] & 63) << 6 | (uint32_t)(four[3] & 63);
}

/* The unit at *place, which moves behind it. */
static uint32_t next_beyond_ascii(const struct machine *m, size_t *place)
{
    const unsigned char *at = m->text + *place;
    unsigned char c = *at;
    size_t left = m->size - *place;
    if (c < 0xc0) { /* in the middle of a character */
        *place += 2;
        return 0xdc00 | (wide(at - 2) & 0x3ff);
    }
    if (c >= 0xf0 && left >= 4) {
        *place += 2;
        return 0xd7c0 + (wide(at) >> 10);
    }
    if (c >= 0xe0 && left >= 3) {
        *place += 3;
        return (uint32_t)(c & 15) << 12 | (uint32_t)(at[1] & 63) << 6 | (uint32_t)(at[2] & 63);
    }
    *place += left < 2 ? left : 2;
    return left < 2 ? NO_UNIT : (uint32_t)(c & 31) << 6 | (uint32_t)(at[1] & 63);
}

static inline uint32_t next_unit(const struct machine *m, size_t *place)
{
    if (*place >= m->size)
        return NO_UNIT;
    unsigned char c = m->text[*place];
    if (c >= 0x80)
        return next_beyond_ascii(m, place);
    ++*place;
    return c;
}

/* The unit before *place, which moves in front of it. */
static uint32_t unit_before(const struct machine *m, size_t *place)
{
    if (*place == 0)
        return NO_UNIT;
    size_t at = *place - 1;
    if (is_middle(m, *place)) {
        at = *place -= 2;
        return next_beyond_ascii(m, &at);
    }
    while (at > 0 && (m->text[at] & 0xc0) == 0x80)
        at--;
    if (m->text[at] >= 0xf0)
        at += 2;
    *place = at;
    return next_unit(m, &at);
}

static inline uint32_t step(const struct machine *m, size_t *place, bool is_behind)
{
    return is_behind ? unit_before(m, place) : next_unit(m, place);
}

static inline bool is_one_of(const struct machine *m, bool is_set, uint32_t which, uint32_t unit)
{
    if (unit == NO_UNIT)
        return false;
    return is_set ? regex_set_holds(&m->r->sets[which], unit) : unit == which;
}

static bool is_line_end(uint32_t unit)
{
    return unit == '\n' || unit == '\r' || unit == 0x2028 || unit == 0x2029;
}

static bool is_word_unit(uint32_t unit)
{
    return (unit >= '0' && unit <= '9') || unit == '_' ||
           ((unit | 0x20) >= 'a' && (unit | 0x20) <= 'z');
}

/* Where ^ or $ stands, seen from what is on its side: NO_UNIT at the subject's end. */
static bool is_at_end(uint32_t beside, bool is_multiline)
{
    return beside == NO_UNIT || (is_multiline && is_line_end(beside));
}

static bool is_between_words(const struct machine *m, size_t place)
{
    size_t before = place, behind = place;
    return is_word_unit(unit_before(m, &before)) != is_word_unit(next_unit(m, &behind));
}

/* ---- choices ---- */

static void pay(struct machine *m, size_t steps)
{
    m->is_over = m->is_over || steps >= m->budget;
    m->budget -= steps < m->budget ? steps : m->budget;
}

static void push(struct machine *m, enum choice_kind kind, uint32_t number, size_t place,
                 size_t rest)
{
    struct regex *r = m->r;
    if (m->count == r->choice_capacity) {
        if (m->count >= CHOICES_MAXIMUM) {
            m->is_over = true;
            return;
        }
        r->choice_capacity = r->choice_capacity ? 2 * r->choice_capacity : 64;
        r->choices = asl_reallocate(r->choices, r->choice_capacity * sizeof *r->choices);
    }
    r->choices[m->count++] = (struct regex_choice){(uint32_t)kind, number, place, rest};
}

static void push_way(struct machine *m, enum choice_kind kind, uint32_t number, size_t place,
                     size_t rest)
{
    pay(m, 1);
    push(m, kind, number, place, rest);
}

static void set_register(struct machine *m, uint32_t number, size_t value)
{
    size_t *old = &m->r->registers[number];
    if (*old == value)
        return;
    if (m->count > 0) /* else nothing can come back to what it was */
        push(m, CHOICE_REGISTER, number, *old, 0);
    *old = value;
}

/* Takes the mark and what is above it from the stack. */
static void drop_to_mark(struct machine *m)
{
    while (m->count - 1 > m->mark) {
        const struct regex_choice *c = &m->r->choices[--m->count];
        if (c->kind == CHOICE_REGISTER)
            m->r->registers[c->number] = c->place;
    }
    m->mark = m->r->choices[--m->count].rest;
}

/* The same, but what was caught above the mark stays, to be put back when all is gone back on. */
static void close_mark(struct machine *m)
{
    struct regex_choice *all = m->r->choices;
    size_t to = m->mark, below = all[m->mark].rest;
    for (size_t i = m->mark + 1; i < m->count; i++)
        if (all[i].kind == CHOICE_REGISTER)
            all[to++] = all[i];
    pay(m, (m->count - m->mark) / UNITS_A_STEP);
    m->count = to;
    m->mark = below;
}

/* ---- instructions ---- */

static uint32_t tmp_register(const struct machine *m, uint32_t group)
{
    return 2 * (m->r->groups + 1) + group;
}

static void close_group(struct machine *m, const struct regex_instruction *i, size_t place)
{
    size_t open = m->r->registers[tmp_register(m, i->a)];
    set_register(m, 2 * i->a, i->is_behind ? place : open);
    set_register(m, 2 * i->a + 1, i->is_behind ? open : place);
}

static void forget(struct machine *m, uint32_t first, uint32_t last)
{
    for (uint32_t group = first; group <= last; group++) {
        set_register(m, 2 * group, REGEX_UNSET);
        set_register(m, 2 * group + 1, REGEX_UNSET);
    }
}

/* The run at *place, as long as it may be (lazily: as short); false when it is too short. */
static bool run(struct machine *m, uint32_t number, size_t *place)
{
    const struct regex_instruction *i = &m->r->code[number];
    size_t most = i->is_lazy ? i->b : i->c, taken = 0, at = *place, next = at;
    while (taken < most && is_one_of(m, i->is_set, i->a, step(m, &next, i->is_behind))) {
        taken++;
        at = next;
    }
    pay(m, taken / UNITS_A_STEP);
    *place = at;
    if (taken < i->b)
        return false;
    if (i->is_lazy && i->c > i->b)
        push_way(m, CHOICE_MORE, number, at, i->c - i->b);
    else if (taken > i->b)
        push_way(m, CHOICE_LESS, number, at, taken - i->b);
    return true;
}

static bool back_reference(struct machine *m, const struct regex_instruction *i, bool is_caseless,
                           size_t *place)
{
    size_t start = m->r->registers[2 * i->a], end = m->r->registers[2 * i->a + 1];
    if (start == REGEX_UNSET || end == REGEX_UNSET)
        return true;
    pay(m, (end - start) / UNITS_A_STEP);
    size_t at = i->is_behind ? end : start, stop = i->is_behind ? start : end;
    while (at != stop) {
        uint32_t wanted = step(m, &at, i->is_behind), found = step(m, place, i->is_behind);
        bool is_same = wanted == found || (is_caseless && found != NO_UNIT &&
                                           regex_canonical(wanted) == regex_canonical(found));
        if (!is_same)
            return false;
    }
    return true;
}

/* At the head of a loop: where to go on. */
static uint32_t loop(struct machine *m, const struct regex_loop *l, size_t place)
{
    size_t count = m->r->registers[l->count];
    if (l->maximum != REPEAT_FOREVER && count >= l->maximum)
        return l->exit;
    pay(m, 1);
    if (count >= l->minimum && l->is_lazy) { /* the round, for later */
        push_way(m, CHOICE_WAY, l->head, place, 1);
        return l->exit;
    }
    if (count >= l->minimum)
        push_way(m, CHOICE_WAY, l->exit, place, 0);
    return l->head;
}

static void begin_round(struct machine *m, const struct regex_loop *l, size_t place)
{
    set_register(m, l->count, m->r->registers[l->count] + 1);
    set_register(m, l->start, place);
    forget(m, l->first_group, l->last_group);
}

/* A round beyond those that must be, and that took nothing, does not count. */
static bool is_round_in_vain(const struct machine *m, const struct regex_loop *l, size_t place)
{
    return m->r->registers[l->start] == place && m->r->registers[l->count] > l->minimum;
}

/* ---- the machine ---- */

struct position {
    uint32_t at; /* instruction */
    size_t place;
};

/* Gives a run less, or more; false when that cannot be. */
static bool change_run(struct machine *m, struct regex_choice *c, struct position *p)
{
    const struct regex_instruction *i = &m->r->code[c->number];
    size_t place = c->place;
    if (c->kind == CHOICE_LESS)
        step(m, &place, !i->is_behind);
    else if (!is_one_of(m, i->is_set, i->a, step(m, &place, i->is_behind)))
        return false;
    c->place = place;
    *p = (struct position){c->number + 1, place};
    return true;
}

/* To the choice made last; false when there is none any more. */
static bool go_back(struct machine *m, struct position *p)
{
    while (m->count > 0 && !m->is_over) {
        struct regex_choice *c = &m->r->choices[m->count - 1];
        switch ((enum choice_kind)c->kind) {
        case CHOICE_REGISTER:
            m->r->registers[c->number] = c->place;
            m->count--;
            break;
        case CHOICE_WAY:
            *p = (struct position){c->number, c->place};
            m->count--;
            if (c->rest) { /* a round that was put off */
                begin_round(m, &m->r->loops[m->r->code[c->number].a], c->place);
                p->at++;
            }
            return true;
        case CHOICE_LESS:
        case CHOICE_MORE: {
            pay(m, 1);
            bool is_last = --c->rest == 0;
            bool is_changed = change_run(m, c, p);
            if (is_last || !is_changed)
                m->count--;
            if (is_changed)
                return true;
            break;
        }
        case CHOICE_LOOK:
            m->mark = c->rest;
            m->count--;
            if (m->r->code[c->number].is_negative) { /* nothing was found: good */
                *p = (struct position){m->r->code[c->number].a, c->place};
                return true;
            }
        }
    }
    return false;
}

/* One instruction; false when it does not match. */
static bool execute(struct machine *m, struct position *p, bool is_caseless)
{
    const struct regex_instruction *i = &m->r->code[p->at++];
    size_t place = p->place;
    switch ((enum regex_op)i->op) {
    case OP_UNIT:
    case OP_SET:
        return is_one_of(m, i->op == OP_SET, i->a, step(m, &p->place, i->is_behind));
    case OP_RUN:
        return run(m, p->at - 1, &p->place);
    case OP_START:
        return is_at_end(unit_before(m, &place), i->a);
    case OP_END:
        return is_at_end(next_unit(m, &place), i->a);
    case OP_WORD:
        return is_between_words(m, place) != i->a;
    case OP_OPEN:
        set_register(m, tmp_register(m, i->a), place);
        return true;
    case OP_CLOSE:
        close_group(m, i, place);
        return true;
    case OP_BACK:
        return back_reference(m, i, is_caseless, &p->place);
    case OP_FORGET:
        forget(m, i->a, i->b);
        return true;
    case OP_SPLIT:
        if (i->has_first && !is_one_of(m, i->is_set, i->b, next_unit(m, &place))) {
            p->at = i->a;
            return true;
        }
        push_way(m, CHOICE_WAY, i->is_lazy ? p->at : i->a, p->place, 0);
        p->at = i->is_lazy ? i->a : p->at;
        return true;
    case OP_JUMP:
        p->at = i->a;
        return true;
    case OP_ENTER:
        set_register(m, m->r->loops[i->a].count, 0);
        return true;
    case OP_LOOP:
        p->at = loop(m, &m->r->loops[i->a], place);
        if (p->at == m->r->loops[i->a].head) {
            begin_round(m, &m->r->loops[i->a], place);
            p->at++;
        }
        return true;
    case OP_ROUND:
        p->at = m->r->loops[i->a].head;
        return !is_round_in_vain(m, &m->r->loops[i->a], place);
    case OP_LOOK:
        push_way(m, CHOICE_LOOK, p->at - 1, place, m->mark);
        m->mark = m->count - 1;
        return true;
    case OP_LOOKED: {
        struct regex_choice look = m->r->choices[m->mark];
        if (m->r->code[look.number].is_negative) {
            drop_to_mark(m);
            return false;
        }
        close_mark(m);
        p->place = look.place;
        return true;
    }
    case OP_MATCH:
        break;
    }
    return true;
}

/* A match that begins at `place`. */
static bool match_at(struct machine *m, size_t place)
{
    struct regex *r = m->r;
    struct position p = {0, place};
    for (uint32_t i = 0; i < r->register_count; i++)
        r->registers[i] = REGEX_UNSET;
    m->count = 0;
    m->mark = NO_MARK;
    while (!m->is_over) {
        if (r->code[p.at].op == OP_MATCH) {
            r->registers[0] = place;
            r->registers[1] = p.place;
            return true;
        }
        if (!execute(m, &p, r->is_caseless) && !go_back(m, &p))
            return false;
    }
    return false;
}

/* The next place, from *place on, where a match may begin. */
static bool find_start(struct machine *m, size_t *place)
{
    const struct regex *r = m->r;
    size_t from = *place;
    if (!r->has_starts)
        return true;
    if (r->only_start >= 0) {
        const unsigned char *found =
            from < m->size ? memchr(m->text + from, r->only_start, m->size - from) : NULL;
        *place = found ? (size_t)(found - m->text) : m->size;
    } else {
        while (*place < m->size && !r->starts[m->text[*place]])
            next_unit(m, place);
    }
    pay(m, (*place - from) / UNITS_A_STEP / 4);
    return *place < m->size;
}

static bool match_from(struct machine *m, size_t place)
{
    for (;;) {
        if (!find_start(m, &place) || m->is_over)
            return false;
        pay(m, 1);
        if (match_at(m, place))
            return true;
        if (m->r->is_anchored || place >= m->size || m->is_over)
            return false;
        next_unit(m, &place);
    }
}

enum regex_outcome jsonata_regex_match(struct regex *r, struct asl_text subject, size_t from,
                                       size_t *budget)
{
    struct machine m = {.r = r,
                        .text = (const unsigned char *)subject.data,
                        .size = subject.size,
                        .budget = *budget};
    bool is_found = match_from(&m, from);
    *budget = m.budget;
    if (r->choice_capacity > CHOICES_KEPT) {
        free(r->choices);
        r->choices = NULL;
        r->choice_capacity = 0;
    }
    return m.is_over ? REGEX_TOO_LONG : is_found ? REGEX_MATCH : REGEX_NO_MATCH;
}

void jsonata_regex_group(const struct regex *r, size_t group, size_t *start, size_t *end)
{
    bool is_unset = group > r->groups || r->registers[2 * group + 1] == REGEX_UNSET;
    *start = is_unset ? REGEX_UNSET : r->registers[2 * group];
    *end = is_unset ? REGEX_UNSET : r->registers[2 * group + 1];
}

/* ---- compiling ---- */

struct regex *jsonata_regex_compile(struct asl_text pattern, unsigned flags, char why[REGEX_WHY])
{
    struct parsed parsed;
    const char *reason;
    struct regex *r = asl_allocate_zeroed(1, sizeof *r);
    bool is_pattern = regex_parse(pattern, flags, &parsed, &reason);
    if (is_pattern) {
        regex_assemble(r, &parsed, flags);
        r->is_caseless = flags & REGEX_CASELESS;
        r->registers = asl_allocate(r->register_count * sizeof *r->registers);
    } else { /* the sets go with it */
        r->sets = parsed.sets;
        r->set_count = parsed.set_count;
    }
    regex_parsed_free(&parsed);
    if (is_pattern)
        return r;
    snprintf(why, REGEX_WHY, "Invalid regular expression: {{token}}: %s", reason);
    jsonata_regex_free(r);
    return NULL;
}

void jsonata_regex_free(struct regex *r)
{
    if (!r)
        return;
    for (uint32_t i = 0; i < r->set_count; i++)
        free(r->sets[i].ranges);
    free(r->sets);
    free(r->code);
    free(r->loops);
    free(r->registers);
    free(r->choices);
    free(r);
}

void jsonata_regex_free_all(struct regex *list)
{
    for (struct regex *next; list; list = next) {
        next = list->next;
        jsonata_regex_free(list);
    }
}

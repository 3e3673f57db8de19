/* Patterns to trees: ECMA-262's grammar as annex B loosens it. What means nothing in JavaScript
 * stands for itself there: braces that are no quantifier, escapes of other letters, \8.
 */
#include "regex_program.h"

#include <stdlib.h>
#include <string.h>

/* So deep may groups stand in one another. */
#define DEPTH_MAXIMUM 250
/* More groups than this no pattern of V8 has either. */
#define GROUPS_MAXIMUM 65535
#define NAME_MAXIMUM   64

struct name {
    uint32_t at, size, group;
    struct name *next;
};

struct parser {
    struct parsed *out;
    unsigned flags;
    uint16_t *units;
    uint32_t size, at;
    uint32_t groups; /* opened so far */
    uint32_t all_groups;
    struct name *names;
    uint32_t depth;
    const char *why;
};

static struct tree *parse_choice(struct parser *p);

/* ---- units ---- */

#define NOTHING UINT32_MAX

static uint32_t peek(const struct parser *p, uint32_t ahead)
{
    return p->at + ahead < p->size ? p->units[p->at + ahead] : NOTHING;
}

static bool take(struct parser *p, uint32_t unit)
{
    bool is_there = peek(p, 0) == unit;
    p->at += is_there;
    return is_there;
}

static bool fail(struct parser *p, const char *why)
{
    if (!p->why)
        p->why = why;
    return false;
}

static bool is_digit(uint32_t unit)
{
    return unit >= '0' && unit <= '9';
}

static bool is_letter(uint32_t unit)
{
    return (unit | 0x20) >= 'a' && (unit | 0x20) <= 'z';
}

/* The pattern as units; a pattern has fewer of them than bytes. */
static void read_units(struct parser *p, struct asl_text t)
{
    p->units = asl_allocate((t.size + 1) * sizeof *p->units);
    for (size_t at = 0; at < t.size;) {
        unsigned char c = (unsigned char)t.data[at];
        uint32_t size = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        uint32_t value = size == 1 ? c : c & (0x7fu >> size);
        for (uint32_t i = 1; i < size && at + i < t.size; i++)
            value = value << 6 | ((unsigned char)t.data[at + i] & 0x3f);
        at += size;
        if (value >= 0x10000)
            p->units[p->size++] = (uint16_t)(0xd7c0 + (value >> 10));
        p->units[p->size++] = (uint16_t)(value < 0x10000 ? value : 0xdc00 + (value & 0x3ff));
    }
}

/* ---- trees ---- */

static struct tree *make(struct parser *p, enum tree_type type, bool may_be_empty)
{
    struct tree *t = asl_allocate_zeroed(1, sizeof *t);
    t->type = type;
    t->may_be_empty = may_be_empty;
    t->made_before = p->out->all;
    p->out->all = t;
    return t;
}

static struct tree *make_unit(struct parser *p, uint32_t unit)
{
    struct tree *t = make(p, TREE_UNIT, false);
    t->value = unit;
    return t;
}

/* Takes the set, finished or not. */
static struct tree *make_set(struct parser *p, struct unit_set set)
{
    struct tree *t = make(p, TREE_SET, false);
    struct parsed *out = p->out;
    out->sets = asl_reallocate(out->sets, (out->set_count + 1) * sizeof *out->sets);
    t->value = out->set_count++;
    out->sets[t->value] = set;
    return t;
}

/* A unit, or all that are the same but for case. */
static struct tree *literal(struct parser *p, uint32_t unit)
{
    if (!(p->flags & REGEX_CASELESS) || (unit < 128 && !is_letter(unit)))
        return make_unit(p, unit);
    struct unit_set set = {0};
    regex_set_add(&set, unit, unit);
    regex_set_finish(&set, true, false);
    if (set.count > 1 || set.ranges[0].first != set.ranges[0].last)
        return make_set(p, set);
    free(set.ranges);
    return make_unit(p, unit);
}

/* Everything but the four line ends. */
static struct tree *make_dot(struct parser *p)
{
    struct unit_set set = {0};
    regex_set_add(&set, '\n', '\n');
    regex_set_add(&set, '\r', '\r');
    regex_set_add(&set, 0x2028, 0x2029);
    regex_set_finish(&set, false, true);
    return make_set(p, set);
}

/* ---- groups and their names, counted before anything is parsed ---- */

static bool is_name_unit(uint32_t unit, bool is_first)
{
    return is_letter(unit) || unit == '_' || unit == '$' || (unit >= 0x80 && unit != NOTHING) ||
           (!is_first && is_digit(unit));
}

/* The name at `at`, behind `<`; its size, or 0 where there is none that ends in `>`. */
static uint32_t name_size(const struct parser *p, uint32_t at)
{
    uint32_t size = 0;
    while (at + size < p->size && is_name_unit(p->units[at + size], size == 0))
        size++;
    return at + size < p->size && p->units[at + size] == '>' ? size : 0;
}

static struct name *find_name(const struct parser *p, uint32_t at, uint32_t size)
{
    for (struct name *n = p->names; n; n = n->next)
        if (n->size == size &&
            memcmp(p->units + n->at, p->units + at, size * sizeof *p->units) == 0)
            return n;
    return NULL;
}

static bool add_name(struct parser *p, uint32_t at)
{
    uint32_t size = name_size(p, at);
    if (size == 0)
        return fail(p, "Invalid capture group name");
    if (find_name(p, at, size))
        return fail(p, "Duplicate capture group name");
    struct name *n = asl_allocate_zeroed(1, sizeof *n);
    *n = (struct name){at, size, p->all_groups, p->names};
    p->names = n;
    return true;
}

static void count_groups(struct parser *p)
{
    bool is_in_class = false;
    for (uint32_t i = 0; i < p->size && !p->why; i++) {
        uint32_t unit = p->units[i];
        p->at = i;
        if (unit == '\\') {
            i++;
        } else if (is_in_class) {
            is_in_class = unit != ']';
        } else if (unit == '[') {
            is_in_class = true;
        } else if (unit == '(') {
            bool is_named =
                peek(p, 1) == '?' && peek(p, 2) == '<' && peek(p, 3) != '=' && peek(p, 3) != '!';
            p->all_groups += is_named || peek(p, 1) != '?';
            if (is_named)
                add_name(p, i + 3);
        }
    }
    p->at = 0;
    if (p->all_groups > GROUPS_MAXIMUM)
        fail(p, "Too many captures");
}

/* ---- escapes ---- */

/* The value of `count` hexadecimal digits from `ahead` on, or NOTHING. */
static uint32_t hexadecimal(const struct parser *p, uint32_t ahead, uint32_t count)
{
    uint32_t value = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t unit = peek(p, ahead + i), letter = unit | 0x20;
        if (is_digit(unit))
            value = value * 16 + unit - '0';
        else if (letter >= 'a' && letter <= 'f')
            value = value * 16 + letter - 'a' + 10;
        else
            return NOTHING;
    }
    return value;
}

static uint32_t octal(struct parser *p)
{
    uint32_t value = 0;
    for (int i = 0; i < 3 && peek(p, 0) >= '0' && peek(p, 0) <= '7'; i++) {
        if (value * 8 + peek(p, 0) - '0' > 255)
            break;
        value = value * 8 + peek(p, 0) - '0';
        p->at++;
    }
    return value;
}

/* What an escape stands for that is one unit, from behind the backslash on. */
static uint32_t unit_escape(struct parser *p)
{
    static const char letters[] = "f\fn\nr\rt\tv\v";
    uint32_t unit = peek(p, 0);
    if (unit >= '0' && unit <= '7')
        return octal(p);
    uint32_t digits = unit == 'x' ? 2 : unit == 'u' ? 4 : 0;
    uint32_t value = digits > 0 ? hexadecimal(p, 1, digits) : NOTHING;
    p->at++;
    if (value != NOTHING) {
        p->at += digits;
        return value;
    }
    for (const char *l = letters; *l; l += 2)
        if (unit == (unsigned char)*l)
            return (unsigned char)l[1];
    return unit;
}

/* \c and a letter (in a class a digit or _ too) is a control character, else the backslash stands
 * for itself and c follows. */
static uint32_t control_escape(struct parser *p, bool is_in_class)
{
    uint32_t unit = peek(p, 1);
    if (!is_letter(unit) && !(is_in_class && (is_digit(unit) || unit == '_')))
        return '\\';
    p->at += 2;
    return unit & 31;
}

static struct tree *back_reference(struct parser *p, uint32_t group)
{
    struct tree *t = make(p, TREE_BACK, true);
    t->value = group;
    return t;
}

/* \1 and on, where there are as many groups; 0: it is none. */
static uint32_t group_number(struct parser *p)
{
    uint32_t value = 0, ahead = 0;
    if (peek(p, 0) == '0')
        return 0;
    while (is_digit(peek(p, ahead)) && value <= p->all_groups)
        value = value * 10 + peek(p, ahead++) - '0';
    if (value > p->all_groups)
        return 0;
    p->at += ahead;
    return value;
}

static struct tree *named_reference(struct parser *p)
{
    uint32_t size = peek(p, 1) == '<' ? name_size(p, p->at + 2) : 0;
    struct name *n = size > 0 ? find_name(p, p->at + 2, size) : NULL;
    if (!n)
        fail(p, size > 0 ? "Invalid named capture referenced" : "Invalid named reference");
    p->at += size + 3;
    return back_reference(p, n ? n->group : 0);
}

static bool is_class_letter(uint32_t unit)
{
    return unit < 128 && unit > 0 && strchr("dDsSwW", (int)unit);
}

static struct tree *escape(struct parser *p)
{
    uint32_t unit = peek(p, 0), group;
    if (unit == NOTHING) {
        fail(p, "\\ at end of pattern");
        return make(p, TREE_EMPTY, true);
    }
    if (is_class_letter(unit)) {
        struct unit_set set = {0};
        regex_set_add_class(&set, (char)unit);
        regex_set_finish(&set, false, false);
        p->at++;
        return make_set(p, set);
    }
    if (is_digit(unit) && (group = group_number(p)) > 0)
        return back_reference(p, group);
    if (unit == 'k' && p->names)
        return named_reference(p);
    return literal(p, unit == 'c' ? control_escape(p, false) : unit_escape(p));
}

/* ---- classes ---- */

/* One unit of a class, or an escape that is a class of its own, added to the set: then NOTHING. */
static uint32_t class_atom(struct parser *p, struct unit_set *set)
{
    uint32_t unit = peek(p, 0);
    p->at++;
    if (unit != '\\')
        return unit;
    unit = peek(p, 0);
    if (unit == NOTHING) {
        fail(p, "\\ at end of pattern");
        return 0;
    }
    if (is_class_letter(unit)) {
        regex_set_add_class(set, (char)unit);
        p->at++;
        return NOTHING;
    }
    if (unit == 'b') {
        p->at++;
        return '\b';
    }
    if (unit == 'k' && p->names)
        fail(p, "Invalid escape");
    return unit == 'c' ? control_escape(p, true) : unit_escape(p);
}

static void add_unit(struct unit_set *set, uint32_t unit)
{
    if (unit != NOTHING)
        regex_set_add(set, unit, unit);
}

/* Units, and a-z; where an end is a class of its own the hyphen stands for itself. */
static void class_range(struct parser *p, struct unit_set *set)
{
    uint32_t first = class_atom(p, set);
    if (peek(p, 0) != '-' || peek(p, 1) == ']' || peek(p, 1) == NOTHING) {
        add_unit(set, first);
        return;
    }
    p->at++;
    uint32_t last = class_atom(p, set);
    if (first == NOTHING || last == NOTHING) {
        add_unit(set, first);
        add_unit(set, '-');
        add_unit(set, last);
    } else if (first > last) {
        fail(p, "Range out of order in character class");
    } else {
        regex_set_add(set, first, last);
    }
}

static struct tree *character_class(struct parser *p)
{
    struct unit_set set = {0};
    bool is_negated = take(p, '^');
    while (p->at < p->size && peek(p, 0) != ']' && !p->why)
        class_range(p, &set);
    if (!take(p, ']'))
        fail(p, "Unterminated character class");
    regex_set_finish(&set, p->flags & REGEX_CASELESS, is_negated);
    return make_set(p, set);
}

/* ---- groups ---- */

/* Up to the bracket. */
static struct tree *inside(struct parser *p)
{
    struct tree *t = NULL;
    if (++p->depth > DEPTH_MAXIMUM)
        fail(p, "Regular expression too large");
    else
        t = parse_choice(p);
    p->depth--;
    if (!take(p, ')'))
        fail(p, "Unterminated group");
    return t ? t : make(p, TREE_EMPTY, true);
}

static struct tree *capturing_group(struct parser *p)
{
    struct tree *t = make(p, TREE_GROUP, true);
    t->value = ++p->groups;
    t->child = inside(p);
    t->may_be_empty = t->child->may_be_empty;
    return t;
}

static struct tree *look(struct parser *p, bool is_behind, bool is_negative)
{
    struct tree *t = make(p, TREE_LOOK, true);
    t->is_behind = is_behind;
    t->is_negative = is_negative;
    t->child = inside(p);
    return t;
}

static struct tree *group(struct parser *p)
{
    if (!take(p, '?'))
        return capturing_group(p);
    if (take(p, ':')) { /* a row, so that (?:^)* is no repeated ^ */
        struct tree *row = make(p, TREE_ROW, true);
        row->child = inside(p);
        row->may_be_empty = row->child->may_be_empty;
        return row;
    }
    if (peek(p, 0) == '=' || peek(p, 0) == '!')
        return look(p, false, p->units[p->at++] == '!');
    if (peek(p, 0) == '<' && (peek(p, 1) == '=' || peek(p, 1) == '!')) {
        p->at += 2;
        return look(p, true, p->units[p->at - 1] == '!');
    }
    if (peek(p, 0) == '<') {
        p->at += name_size(p, p->at + 1) + 2;
        return capturing_group(p);
    }
    fail(p, "Invalid group");
    return make(p, TREE_EMPTY, true);
}

/* ---- quantifiers ---- */

/* Digits from `ahead` on; REPEAT_FOREVER stands for what is too many to tell. */
static uint32_t read_count(const struct parser *p, uint32_t *ahead)
{
    uint64_t value = 0;
    while (is_digit(peek(p, *ahead))) {
        value = value * 10 + peek(p, (*ahead)++) - '0';
        if (value > REPEAT_FOREVER)
            value = REPEAT_FOREVER;
    }
    return (uint32_t)value;
}

/* {2}, {2,} or {2,3}: its size, or 0. */
static uint32_t braces(const struct parser *p, uint32_t *minimum, uint32_t *maximum)
{
    uint32_t ahead = 1;
    if (peek(p, 0) != '{' || !is_digit(peek(p, 1)))
        return 0;
    *maximum = *minimum = read_count(p, &ahead);
    if (peek(p, ahead) == ',') {
        ahead++;
        *maximum = is_digit(peek(p, ahead)) ? read_count(p, &ahead) : REPEAT_FOREVER;
    }
    return peek(p, ahead) == '}' ? ahead + 1 : 0;
}

/* The size of the quantifier that follows, or 0. */
static uint32_t quantifier(const struct parser *p, uint32_t *minimum, uint32_t *maximum)
{
    *minimum = peek(p, 0) == '+';
    *maximum = peek(p, 0) == '?' ? 1 : REPEAT_FOREVER;
    if (peek(p, 0) == '*' || peek(p, 0) == '+' || peek(p, 0) == '?')
        return 1;
    return braces(p, minimum, maximum);
}

static struct tree *repeated(struct parser *p, struct tree *child, uint32_t groups_before)
{
    uint32_t minimum, maximum, size = quantifier(p, &minimum, &maximum);
    if (size == 0)
        return child;
    bool is_fixed = child->type == TREE_START || child->type == TREE_END ||
                    child->type == TREE_WORD || child->type == TREE_NOT_WORD ||
                    (child->type == TREE_LOOK && child->is_behind);
    if (is_fixed)
        fail(p, "Nothing to repeat");
    if (minimum > maximum)
        fail(p, "numbers out of order in {} quantifier");
    p->at += size;
    struct tree *t = make(p, TREE_REPEAT, minimum == 0 || child->may_be_empty);
    t->child = child;
    t->minimum = minimum;
    t->maximum = maximum;
    t->is_lazy = take(p, '?');
    t->first_group = groups_before + 1;
    t->last_group = p->groups;
    return t;
}

/* ---- the grammar ---- */

static struct tree *atom(struct parser *p)
{
    uint32_t unit = peek(p, 0), minimum, maximum;
    if (quantifier(p, &minimum, &maximum) > 0)
        fail(p, "Nothing to repeat");
    p->at++;
    switch (unit) {
    case '\\':
        if (take(p, 'b'))
            return make(p, TREE_WORD, true);
        return take(p, 'B') ? make(p, TREE_NOT_WORD, true) : escape(p);
    case '[':
        return character_class(p);
    case '(':
        return group(p);
    case '.':
        return make_dot(p);
    case '^':
        return make(p, TREE_START, true);
    case '$':
        return make(p, TREE_END, true);
    default:
        return literal(p, unit);
    }
}

static struct tree *parse_row(struct parser *p)
{
    struct tree *row = make(p, TREE_ROW, true), **end = &row->child;
    while (p->at < p->size && peek(p, 0) != '|' && peek(p, 0) != ')' && !p->why) {
        uint32_t groups_before = p->groups;
        *end = repeated(p, atom(p), groups_before);
        row->may_be_empty = row->may_be_empty && (*end)->may_be_empty;
        end = &(*end)->next;
    }
    return row->child && !row->child->next ? row->child : row;
}

static struct tree *parse_choice(struct parser *p)
{
    struct tree *first = parse_row(p);
    if (peek(p, 0) != '|')
        return first;
    struct tree *choice = make(p, TREE_CHOICE, first->may_be_empty), **end = &first->next;
    choice->child = first;
    while (take(p, '|') && !p->why) {
        *end = parse_row(p);
        choice->may_be_empty = choice->may_be_empty || (*end)->may_be_empty;
        end = &(*end)->next;
    }
    return choice;
}

bool regex_parse(struct asl_text pattern, unsigned flags, struct parsed *out, const char **why)
{
    struct parser p = {.out = out, .flags = flags};
    *out = (struct parsed){0};
    read_units(&p, pattern);
    count_groups(&p);
    if (!p.why)
        out->root = parse_choice(&p);
    if (!p.why && p.at < p.size)
        fail(&p, "Unmatched ')'");
    out->groups = p.all_groups;
    for (struct name *next; p.names; p.names = next) {
        next = p.names->next;
        free(p.names);
    }
    free(p.units);
    *why = p.why;
    return !p.why;
}

void regex_parsed_free(struct parsed *p)
{
    for (struct tree *before; p->all; p->all = before) {
        before = p->all->made_before;
        free(p->all);
    }
    p->root = NULL;
}

/* A signature works like a regular expression over the letters of the arguments' types (that is how
 * the reference does it): each parameter takes one letter, an optional one may take none, a `+` one
 * takes as many as it can, and what was taken too greedily is given back.
 */
#include "signature.h"

#include <string.h>

enum letter {
    LETTER_ARRAY = 1,
    LETTER_STRING = 2,
    LETTER_NUMBER = 4,
    LETTER_BOOLEAN = 8,
    LETTER_NULL = 16,
    LETTER_FUNCTION = 32,
    LETTER_OBJECT = 64,
    LETTER_MISSING = 128,
};

#define LETTERS_ANY 255

static unsigned letter_bit(char letter)
{
    switch (letter) {
    case 'a':
        return LETTER_ARRAY;
    case 's':
        return LETTER_STRING;
    case 'n':
        return LETTER_NUMBER;
    case 'b':
        return LETTER_BOOLEAN;
    case 'l':
        return LETTER_NULL;
    case 'f':
        return LETTER_FUNCTION;
    case 'o':
        return LETTER_OBJECT;
    case 'm':
        return LETTER_MISSING;
    default:
        return 0;
    }
}

static char letter_of(item i)
{
    switch (i.kind) {
    case ITEM_NULL:
        return 'l';
    case ITEM_BOOLEAN:
        return 'b';
    case ITEM_NUMBER:
        return 'n';
    case ITEM_STRING:
        return 's';
    case ITEM_ARRAY:
        return 'a';
    case ITEM_OBJECT:
    case ITEM_JSON_OBJECT:
        return 'o';
    case ITEM_FUNCTION:
        return 'f';
    default:
        return 'm';
    }
}

bool jsonata_accepts(const struct parameter *p, item i)
{
    return (p->accepts & letter_bit(letter_of(i))) != 0 || item_is_undefined(i);
}

/* ---- parsing ---- */

/* The place of the bracket that closes the one at `open`, or the end. */
static size_t closing(struct asl_text t, size_t open, char opens, char closes)
{
    int depth = 1;
    size_t at = open + 1;
    for (; at < t.size; at++) {
        if (t.data[at] == closes && --depth == 0)
            break;
        if (t.data[at] == opens)
            depth++;
    }
    return at;
}

static struct asl_text between(struct asl_text t, size_t open, size_t close)
{
    size_t start = open + 1 < t.size ? open + 1 : t.size;
    return (struct asl_text){t.data + start, close > start ? close - start : 0};
}

static bool refuse(struct failure *f, const char *code, item value, size_t at, size_t *offset)
{
    *f = (struct failure){.value = value};
    strcpy(f->code, code);
    *offset = at;
    return false;
}

static bool parse_choice(struct asl_text choice, struct parameter *p)
{
    p->type = '(';
    p->choice = choice;
    p->accepts = LETTER_MISSING;
    for (size_t i = 0; i < choice.size; i++) {
        if (choice.data[i] == '<')
            return false;
        p->accepts |= (uint16_t)letter_bit(choice.data[i]);
    }
    return true;
}

static uint16_t accepted_by(char type)
{
    switch (type) {
    case 'a':
    case 'x':
        return LETTERS_ANY;
    case 'j':
        return LETTERS_ANY & ~LETTER_FUNCTION;
    case 'f':
        return LETTER_FUNCTION;
    default:
        return (uint16_t)(letter_bit(type) | LETTER_MISSING);
    }
}

/* As an error tells it: the letter, or the choice with its parentheses. */
static item type_of(const struct parameter *p)
{
    if (p->type == '(')
        return item_text((struct asl_text){p->choice.data - 1, p->choice.size + 2});
    return p->type ? item_text((struct asl_text){&p->type, 1}) : item_undefined();
}

/* The reference tests a context with the pattern as it stands before the mark: an optional one fits
 * anything, one without a letter only the word undefined. */
static uint16_t context_accepted_by(const struct parameter *p)
{
    bool is_marked = p->optional || p->many;
    if (!p->type)
        return is_marked ? 0 : LETTERS_ANY;
    return p->optional ? LETTERS_ANY : p->accepts;
}

static bool parse_modifier(struct asl_text t, size_t *at, struct parameter *p, struct failure *f,
                           size_t *offset)
{
    switch (t.data[*at]) {
    case '-':
        p->context = true;
        p->context_accepts = context_accepted_by(p);
        /* fall through */
    case '?':
        p->overloaded = p->overloaded || p->lazy;
        p->lazy = p->many || p->optional;
        p->optional = !p->many;
        return true;
    case '+':
        p->overloaded = p->overloaded || p->many || p->optional;
        p->many = true;
        return true;
    case '<': {
        if (p->type != 'a' && p->type != 'f')
            return refuse(f, "S0401", type_of(p), *at, offset);
        size_t end = closing(t, *at, '<', '>');
        p->subtype = between(t, *at, end);
        p->has_subtype = true;
        *at = end;
        return true;
    }
    default:
        return true; /* the reference passes over what it does not know */
    }
}

/* Of what a modifier said before the first letter only the context stays. */
static struct parameter *next_parameter(struct signature *s)
{
    struct parameter *p = &s->parameters[s->count++];
    *p = s->count == 1
             ? (struct parameter){.context = p->context, .context_accepts = p->context_accepts}
             : (struct parameter){0};
    return p;
}

const struct signature *jsonata_signature(struct heap *h, struct asl_text t,
                                          struct failure *failure, size_t *offset)
{
    struct signature *s =
        jsonata_arena_allocate(&h->arena, sizeof *s + (t.size + 1) * sizeof s->parameters[0]);
    if (!s) {
        refuse(failure, "D2015", item_undefined(), 0, offset);
        return NULL;
    }
    struct parameter *last = &s->parameters[0]; /* a modifier may stand before the first letter */
    *last = (struct parameter){0};
    s->count = 0;
    for (size_t at = 1; at < t.size && t.data[at] != ':'; at++) {
        char c = t.data[at];
        if (c == '(') {
            size_t end = closing(t, at, '(', ')');
            last = next_parameter(s);
            if (!parse_choice(between(t, at, end), last)) {
                refuse(failure, "S0402", item_text(between(t, at, end)), at, offset);
                return NULL;
            }
            at = end;
        } else if (c && strchr("snbloafjx", c)) {
            last = next_parameter(s);
            last->type = c;
            last->accepts = accepted_by(c);
        } else if (!parse_modifier(t, &at, last, failure, offset)) {
            return NULL;
        }
    }
    for (uint32_t i = 0; i < s->count; i++)
        if (s->parameters[i].overloaded) {
            refuse(failure, "S0403", item_text(t), 0, offset);
            return NULL;
        }
    return s;
}

/* ---- checking ---- */

#define ARGUMENTS_MAXIMUM 63 /* of a checked call, and of a signature: a bit each */

/* The places from which `p` and what comes behind it can take the rest, given those (`after`) from
 * which what comes behind can. */
static uint64_t places_before(const struct parameter *p, const item *arguments, size_t count,
                              uint64_t after)
{
    uint64_t places = p->optional ? after : 0;
    for (size_t at = count; at-- > 0;) {
        if (!(p->accepts & letter_bit(letter_of(arguments[at]))))
            continue;
        uint64_t next = (uint64_t)1 << (at + 1);
        if ((after & next) || (p->many && (places & next)))
            places |= (uint64_t)1 << at;
    }
    return places;
}

/* How many arguments each parameter takes, the first as many as it can; false when they cannot be
 * shared out. `whole`: nothing may be left over. */
static bool share_out(const struct signature *s, uint32_t parameters, const item *arguments,
                      size_t count, bool whole, size_t *taken)
{
    uint64_t places[ARGUMENTS_MAXIMUM + 1];
    places[parameters] = whole ? (uint64_t)1 << count : UINT64_MAX;
    for (uint32_t i = parameters; i-- > 0;)
        places[i] = places_before(&s->parameters[i], arguments, count, places[i + 1]);
    if (!(places[0] & 1))
        return false;
    size_t at = 0;
    for (uint32_t i = 0; i < parameters; i++) {
        const struct parameter *p = &s->parameters[i];
        size_t best = 0, limit = p->many ? count - at : at < count;
        for (size_t take = 1; take <= limit; take++) {
            if (!(p->accepts & letter_bit(letter_of(arguments[at + take - 1]))))
                break;
            if (places[i + 1] & ((uint64_t)1 << (at + take)))
                best = take;
            if (best && p->lazy)
                break;
        }
        if (p->lazy && p->optional && (places[i + 1] & ((uint64_t)1 << at)))
            best = 0;
        taken[i] = best;
        at += best;
    }
    return true;
}

static const item *mismatch(const struct signature *s, const item *arguments, size_t count,
                            struct failure *f)
{
    size_t good = 0, parameters = s->count > ARGUMENTS_MAXIMUM ? 0 : s->count;
    if (count > ARGUMENTS_MAXIMUM)
        count = ARGUMENTS_MAXIMUM;
    for (uint32_t i = 0; i < parameters; i++) {
        size_t taken[ARGUMENTS_MAXIMUM + 1];
        if (!share_out(s, i + 1, arguments, count, false, taken))
            break;
        good = 0;
        for (uint32_t j = 0; j <= i; j++)
            good += taken[j];
    }
    *f = (struct failure){.code = "T0410", .index = (int64_t)good + 1};
    f->value = good < count ? arguments[good] : item_undefined();
    return NULL;
}

static const char *plural(char type)
{
    switch (type) {
    case 'a':
        return "arrays";
    case 'b':
        return "booleans";
    case 'f':
        return "functions";
    case 'n':
        return "numbers";
    case 'o':
        return "objects";
    case 's':
        return "strings";
    default:
        return NULL;
    }
}

/* The letters of what the parameter took are its subtype, letter by letter: so an item of the type
 * stands for an array of it, but `a<n>+` takes only arrays once it takes two. */
static bool spells_subtype(const struct parameter *p, const item *arguments, size_t taken)
{
    for (size_t i = 0; i < taken && taken == p->subtype.size; i++)
        if (p->subtype.data[i] != letter_of(arguments[i]))
            return false;
    return taken == p->subtype.size;
}

/* An argument for an `a` parameter that took `letter`: its elements' type checked, a single item
 * wrapped. */
static bool check_array(struct heap *h, const struct parameter *p, char letter,
                        bool may_stand_alone, item *argument)
{
    if (letter == 'm')
        *argument = item_undefined();
    if (letter == 'm')
        return true;
    if (letter != 'a' && !may_stand_alone)
        return false;
    if (letter != 'a') {
        struct array *wrapped = jsonata_array(h, 1);
        jsonata_push(h, wrapped, *argument);
        *argument = item_array(wrapped);
        return true;
    }
    const struct array *a = argument->kind == ITEM_ARRAY ? argument->as.array : NULL;
    for (uint32_t i = 0; a && p->has_subtype && i < a->count; i++)
        if (p->subtype.size == 0 || letter_of(jsonata_at(h, a, i)) != p->subtype.data[0])
            return false;
    return true;
}

struct check {
    struct heap *heap;
    const item *arguments;
    size_t count;
    size_t at;     /* next argument; an optional parameter that took none has had one, too */
    size_t letter; /* next argument whose letter is taken */
    item *out;
    size_t filled;
    item context;
    struct failure *failure;
};

static bool fill_missing(struct check *c, const struct parameter *p)
{
    if (!p->context) {
        c->out[c->filled++] = c->at < c->count ? c->arguments[c->at] : item_undefined();
        c->at++;
        return true;
    }
    if (!(p->context_accepts & letter_bit(letter_of(c->context)))) {
        *c->failure =
            (struct failure){.code = "T0411", .value = c->context, .index = (int64_t)c->at + 1};
        return false;
    }
    c->out[c->filled++] = c->context;
    return true;
}

static bool fill_taken(struct check *c, const struct parameter *p, size_t taken)
{
    bool typed = p->type == 'a' && p->has_subtype;
    const item *matched = c->arguments + c->letter;
    bool may_stand_alone = !typed || spells_subtype(p, matched, taken);
    c->letter += taken;
    for (size_t i = 0; i < taken; i++) {
        item argument = c->at < c->count ? c->arguments[c->at] : item_undefined();
        if (p->type == 'a' &&
            !check_array(c->heap, p, letter_of(matched[i]), may_stand_alone, &argument)) {
            *c->failure =
                (struct failure){.code = "T0412",
                                 .value = argument,
                                 .index = (int64_t)c->at + 1,
                                 .type = p->subtype.size == 1 ? plural(p->subtype.data[0]) : NULL};
            return false;
        }
        c->out[c->filled++] = argument;
        c->at++;
    }
    return true;
}

/* The common call: each argument meets the parameter at its place, and what is missing may be. (It
 * is what sharing out would find too: the first parameters take all they can.) */
static bool fits_in_order(const struct signature *s, const item *arguments, size_t count)
{
    if (count > s->count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (s->parameters[i].many || s->parameters[i].lazy ||
            !(s->parameters[i].accepts & letter_bit(letter_of(arguments[i]))))
            return false;
    for (size_t i = count; i < s->count; i++)
        if (!s->parameters[i].optional || s->parameters[i].context)
            return false;
    return true;
}

/* True when nothing has to be made of arguments that fit in order. */
static bool stay_as_they_are(const struct signature *s, const item *arguments, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (s->parameters[i].type == 'a' &&
            (arguments[i].kind != ITEM_ARRAY || s->parameters[i].has_subtype))
            return false;
    return count == s->count;
}

const item *jsonata_check_arguments(struct heap *h, const struct signature *s,
                                    const item *arguments, size_t *count, item context,
                                    struct failure *failure)
{
    size_t taken[ARGUMENTS_MAXIMUM + 1];
    if (fits_in_order(s, arguments, *count) && s->count <= ARGUMENTS_MAXIMUM) {
        if (stay_as_they_are(s, arguments, *count))
            return arguments;
        for (size_t i = 0; i < s->count; i++)
            taken[i] = i < *count;
    } else if (s->count > ARGUMENTS_MAXIMUM || *count > ARGUMENTS_MAXIMUM ||
               !share_out(s, s->count, arguments, *count, true, taken)) {
        return mismatch(s, arguments, *count, failure);
    }
    struct check c = {
        .heap = h, .arguments = arguments, .count = *count, .context = context, .failure = failure};
    c.out = jsonata_arena_allocate(&h->arena, (s->count + *count + 1) * sizeof *c.out);
    if (!c.out)
        return mismatch(s, arguments, *count, failure);
    for (uint32_t i = 0; i < s->count; i++) {
        bool ok = taken[i] == 0 ? fill_missing(&c, &s->parameters[i])
                                : fill_taken(&c, &s->parameters[i], taken[i]);
        if (!ok)
            return NULL;
    }
    *count = c.filled;
    return c.out;
}

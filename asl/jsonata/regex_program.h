/* The inside of a regular expression: the tree that a pattern is parsed into, the sets its classes
 * become, and the program that matches.
 *
 * Patterns and subjects are rows of UTF-16 units, as they are in JavaScript without flag u. A
 * subject stays in UTF-8 (halves of characters in WTF-8) and its places are offsets of bytes: that
 * of a character; and, between the two halves of one beyond U+FFFF, the middle of its four bytes.
 */
#ifndef ASL_JSONATA_REGEX_PROGRAM_H
#define ASL_JSONATA_REGEX_PROGRAM_H

#include "regex.h"

/* ---- sets of units ---- */

struct unit_range {
    uint16_t first, last;
};

struct unit_set {
    struct unit_range *ranges; /* when finished: sorted, apart from each other */
    uint32_t count, capacity;
    uint32_t ascii[4]; /* when finished: a bit for each below 128 */
};

void regex_set_add(struct unit_set *s, uint32_t first, uint32_t last);
/* All of \d, \s or \w, or of their opposites \D, \S, \W. */
void regex_set_add_class(struct unit_set *s, char letter);
/* Puts it in order. When `caseless` it holds all that are the same but for case; when `negated` all
 * the others. */
void regex_set_finish(struct unit_set *s, bool caseless, bool negated);
bool regex_set_holds_beyond_ascii(const struct unit_set *s, uint32_t unit);
static inline bool regex_set_holds(const struct unit_set *s, uint32_t unit)
{
    return unit < 128 ? s->ascii[unit / 32] >> unit % 32 & 1
                      : regex_set_holds_beyond_ascii(s, unit);
}
/* ECMA-262 Canonicalize without flag u. */
uint32_t regex_canonical(uint32_t unit);

/* ---- the tree ---- */

enum tree_type {
    TREE_EMPTY,
    TREE_UNIT,     /* value */
    TREE_SET,      /* value: its number */
    TREE_START,    /* ^ */
    TREE_END,      /* $ */
    TREE_WORD,     /* \b */
    TREE_NOT_WORD, /* \B */
    TREE_GROUP,    /* value: its number; one child */
    TREE_BACK,     /* value: the group's number */
    TREE_LOOK,     /* is_behind, is_negative; one child */
    TREE_CHOICE,   /* children */
    TREE_ROW,      /* children */
    TREE_REPEAT,   /* minimum, maximum, is_lazy, the groups within; one child */
};

#define REPEAT_FOREVER UINT32_MAX

struct tree {
    enum tree_type type;
    bool is_behind, is_negative, is_lazy;
    bool may_be_empty;
    uint32_t value, minimum, maximum;
    uint32_t first_group, last_group; /* last below first: none */
    struct tree *child, *next;
    struct tree *made_before; /* the list of all */
};

struct parsed {
    struct tree *root, *all;
    struct unit_set *sets;
    uint32_t set_count, groups;
};

/* False and the reason when it is no pattern; free it in either case. */
bool regex_parse(struct asl_text pattern, unsigned flags, struct parsed *p, const char **why);
void regex_parsed_free(struct parsed *p); /* the tree; the sets are left to the program */

/* ---- the program ---- */

enum regex_op {
    OP_UNIT,   /* a */
    OP_SET,    /* a */
    OP_RUN,    /* b to c of the unit a, or of the set a when is_set */
    OP_START,  /* a: at any line's */
    OP_END,    /* a: at any line's */
    OP_WORD,   /* a: 1 for \B */
    OP_OPEN,   /* a: group */
    OP_CLOSE,  /* a: group */
    OP_BACK,   /* a: group */
    OP_FORGET, /* groups a to b */
    OP_SPLIT,  /* goes on, or else at a; at a only where has_first and no unit b (set b) follows */
    OP_JUMP,   /* a */
    OP_ENTER,  /* a: loop */
    OP_LOOP,   /* a: loop; its round follows */
    OP_ROUND,  /* a: loop; ends a round */
    OP_LOOK,   /* a: behind the OP_LOOKED; is_negative */
    OP_LOOKED,
    OP_MATCH,
};

struct regex_instruction {
    uint8_t op;
    bool is_set, is_lazy, is_negative, is_behind, has_first;
    uint32_t a, b, c;
};

struct regex_loop {
    uint32_t minimum, maximum, exit, head;
    uint32_t first_group, last_group;
    uint32_t count, start; /* registers */
    bool is_lazy;
};

/* From `p`, which keeps its tree and loses its sets. */
void regex_assemble(struct regex *r, struct parsed *p, unsigned flags);

#endif

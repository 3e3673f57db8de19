/* JavaScript's regular expressions (ECMA-262, without flag u, with annex B), matched by
 * backtracking in the order that ECMA-262 prescribes.
 *
 * Matching works on UTF-8; offsets are bytes, and one may stand in the middle of the four bytes of
 * a character beyond U+FFFF, which JavaScript sees as two (regex_program.h). Matching is bounded:
 * backtracking costs steps and memory, and a pattern that eats more than is left fails.
 *
 * regex_parse.c makes a tree of a pattern, regex_set.c sets of its classes, regex_assemble.c a
 * program of the tree, regex.c matches.
 */
#ifndef ASL_JSONATA_REGEX_H
#define ASL_JSONATA_REGEX_H

#include "../value/text.h"

enum { REGEX_CASELESS = 1, REGEX_MULTILINE = 2 };

struct regex {
    struct regex *next; /* of the program's list */
    struct regex_instruction *code;
    struct unit_set *sets;
    struct regex_loop *loops;
    uint32_t code_count, code_capacity, set_count, loop_count;
    uint32_t groups, register_count;
    bool is_caseless;
    bool is_anchored; /* it matches at the very beginning only */
    bool has_starts;  /* `starts` holds the bytes a match may begin with */
    unsigned char starts[256];
    int only_start;               /* the only one of them, or -1 */
    size_t *registers;            /* of the last match */
    struct regex_choice *choices; /* room for backtracking, kept from match to match */
    size_t choice_capacity;
};

enum regex_outcome { REGEX_MATCH, REGEX_NO_MATCH, REGEX_TOO_LONG };

#define REGEX_UNSET SIZE_MAX

#define REGEX_WHY 160

/* NULL and the reason, as a message's template ({{token}} is the pattern). */
struct regex *jsonata_regex_compile(struct asl_text pattern, unsigned flags, char why[REGEX_WHY]);
void jsonata_regex_free(struct regex *r);
void jsonata_regex_free_all(struct regex *list);
/* Looks from offset `from` on; the subject must be valid UTF-8 or WTF-8, as it is not looked over.
 * *budget counts backtracking down, and is what stops it. */
enum regex_outcome jsonata_regex_match(struct regex *r, struct asl_text subject, size_t from,
                                       size_t *budget);
/* Of the last match: group 0 is the whole. REGEX_UNSET when the group took no part. */
void jsonata_regex_group(const struct regex *r, size_t group, size_t *start, size_t *end);

#endif

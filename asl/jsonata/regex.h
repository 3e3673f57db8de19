/* JavaScript's regular expressions on PCRE2.
 *
 * The pattern is rewritten where the two differ (translate in regex.c tells where); matching works
 * on UTF-8, offsets are bytes. Matching is bounded: backtracking costs steps, and a pattern that
 * eats more than is left fails.
 */
#ifndef ASL_JSONATA_REGEX_H
#define ASL_JSONATA_REGEX_H

#include "../value/text.h"

enum { REGEX_CASELESS = 1, REGEX_MULTILINE = 2 };

struct regex {
    struct regex *next; /* of the program's list */
    void *code;         /* pcre2_code */
    void *data;         /* pcre2_match_data */
    void *context;      /* pcre2_match_context */
    size_t groups;
};

enum regex_outcome { REGEX_MATCH, REGEX_NO_MATCH, REGEX_TOO_LONG };

#define REGEX_UNSET SIZE_MAX

#define REGEX_WHY 160

/* NULL and the reason, as a message's template ({{token}} is the pattern). */
struct regex *jsonata_regex_compile(struct asl_text pattern, unsigned flags, char why[REGEX_WHY]);
void jsonata_regex_free(struct regex *r);
void jsonata_regex_free_all(struct regex *list);
/* Looks from byte `from` (where a character begins) on; the subject must be valid UTF-8, as it is
 * not looked over. *budget counts backtracking down, and is what stops it. */
enum regex_outcome jsonata_regex_match(struct regex *r, struct asl_text subject, size_t from,
                                       size_t *budget);
/* Of the last match: group 0 is the whole. REGEX_UNSET when the group took no part. */
void jsonata_regex_group(const struct regex *r, size_t group, size_t *start, size_t *end);

#endif

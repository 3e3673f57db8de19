/* What is expected of a value, and where what came differs from it.
 *
 * An expectation is a JSON value, equal in whole, but for matchers: objects whose members all begin
 * with "$", {"$above": 3, "$below": 5}, of which all must hold. `match_table` lists them; what
 * merely looks like one stands in {"$literal": ...}.
 */
#ifndef ENGINE_TEST_MATCH_H
#define ENGINE_TEST_MATCH_H

#include "engine/test/complaint.h"

struct mismatch {
    char *pointer;         /* JSON Pointer within the expectation */
    char *place;           /* in what came: "$.items[2].price" */
    char *expected, *came; /* in words, or as JSON */
};

/* More differences of one value are counted, not kept. */
#define MISMATCHES_MAXIMUM 20

struct mismatches {
    struct mismatch *items;
    size_t count, more;
};
void mismatches_free(struct mismatches *m);
/* The texts are copied. */
void mismatches_add(struct mismatches *m, const struct step *expectation,
                    const struct step *came_at, struct asl_text expected, struct asl_text came);

/* Does `came` (NULL: nothing came) meet the expectation? Differences are added to `m` (may be
 * NULL); `at` is the expectation's place, `came_at` that of what came. */
bool match_value(const asl_value *expected, const asl_value *came, const struct step *at,
                 const struct step *came_at, struct mismatches *m);
/* The same, where objects may have members that are not expected. */
bool match_part(const asl_value *expected, const asl_value *came, const struct step *at,
                const struct step *came_at, struct mismatches *m);

bool match_is_matcher(const asl_value *v);
bool match_is_record(const asl_value *v); /* {"$record": true}: to be filled by --update */
/* Complains about matchers that there are not, and wrong operands. */
void match_check(const asl_value *expected, const struct step *at, struct complaints *c);

/* What to write in place of the expectation, so that it is met: whatever is met stays as it is,
 * matchers too. Appends {"pointer", "value"} for each smallest part that changes. */
void match_edits(const asl_value *expected, const asl_value *came, const struct step *at,
                 struct value_list *edits);

/* Appends {"pointer": `at`'s, "value"}. */
void match_edit_take(struct value_list *edits, const struct step *at, asl_value *value);

/* The matchers, for the schema: name and help; false at the end. */
bool match_describe(size_t index, const char **name, const char **help);
asl_value *match_operand_schema(size_t index); /* of its operand; yours */

#endif

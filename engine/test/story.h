/* What an execution's events tell: the path through the machine, how often each state was entered,
 * how long each took.
 *
 * A path is a list of states in the order in which they were entered; a Map or Parallel stands as
 * {"name": [[...], [...]]} with the path of each iteration or branch, so that the order in which
 * branches took turns does not show. What happens in a distributed Map's children is another
 * execution's history and is not in the path.
 */
#ifndef ENGINE_TEST_STORY_H
#define ENGINE_TEST_STORY_H

#include "engine/test/match.h"

struct visit {
    const asl_value *state; /* name: of the events */
    size_t count;
    int64_t ms; /* from entering to leaving, all visits together */
};

struct story {
    asl_value *path;
    struct visit *visits; /* in the order of the first entering */
    size_t visit_count;
};
/* `end`: the moment up to which a state that was not left counts. */
void story_read(struct story *s, const asl_value *events, int64_t end);
void story_free(struct story *s);
/* NULL: it was never entered. */
const struct visit *story_visit(const struct story *s, struct asl_text state);

/* Is it the expected path ("..." stands for any number of states)? The difference is added to `m`.
 */
bool path_match(const asl_value *expected, const asl_value *came, const struct step *at,
                struct mismatches *m);
/* "A > B > Map[C > D | C > E] > F", cut in the middle when it is longer than `maximum`. */
void path_print(const asl_value *path, size_t maximum, struct asl_buffer *out);

#endif

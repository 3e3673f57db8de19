/* What the conformance runners share: finding and reading the recordings, counting by group, the
 * table at the end and the floors that may only rise.
 *
 * The recordings stand in ../shared/conformance, seen from the project's root; nothing of them is
 * copied. Floors are numbers in tests/conformance/floors.txt: "<suite>/<group> <passed>" a line.
 */
#ifndef TESTS_CONFORMANCE_SUITE_H
#define TESTS_CONFORMANCE_SUITE_H

#include "asl/value/value.h"

struct suite {
    const char *name;   /* "histories": the folder, and the floors' prefix */
    const char *filter; /* run only what contains it; NULL: all */
    bool list, verbose;
    struct suite_group *groups;
    size_t group_count;
    size_t passed, failed, skipped;
};

/* One judgement about one case. `note`: the reason of a skip, the diff of a miss. */
enum suite_verdict { SUITE_PASSED, SUITE_FAILED, SUITE_SKIPPED };

/* Takes the arguments (--list, -v, a name filter). False: they are wrong; usage was printed. */
bool suite_init(struct suite *s, const char *name, int count, char **arguments);
/* Reads every .json file of the suite's folder in order of path, and calls `see` with its name
 * (from the folder, without ".json") and value. False where the folder is absent; says "skipped".
 */
bool suite_each(struct suite *s, void (*see)(void *state, const char *name, const asl_value *v),
                void *state);
/* Is the case wanted? Lists it, and answers no, under --list. */
bool suite_wants(struct suite *s, const char *name);
void suite_judge(struct suite *s, const char *group, const char *name, enum suite_verdict verdict,
                 const char *note);
/* Table, floors, closing count. The exit status: 0 when no group fell below its floor. */
int suite_close(struct suite *s);

#endif

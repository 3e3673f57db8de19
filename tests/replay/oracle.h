/* What the verdict of a replay should be, found out by really running the edited definition on the
 * stage with the recorded outcomes, and comparing the two histories in a way of its own. The rules
 * are those that engine/replay documents (replay.h, outcomes.h); the code is not. */
#ifndef TESTS_REPLAY_ORACLE_H
#define TESTS_REPLAY_ORACLE_H

#include "engine/replay/replay.h"
#include "tests/replay/stage.h"

/* An execution as it was recorded, ended or open. */
struct recorded {
    asl_machine *machine; /* that it ran under */
    char *input;
    asl_value *events;
    bool ended;
    char (*stands)[STAGE_WHERE]; /* of an open one: "M[2]/Call" each, as the frames told */
    size_t stand_count;
};

enum replay_verdict oracle_verdict(const struct recorded *r, asl_machine *edited,
                                   struct asl_buffer *why);

#endif

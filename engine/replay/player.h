/* One execution under a virtual clock: what strict following (follow.c) and the free run (rerun.c)
 * have in common. The world it shows the core is made up, but for what the recording tells. */
#ifndef ENGINE_REPLAY_PLAYER_H
#define ENGINE_REPLAY_PLAYER_H

#include "engine/replay/compare.h"
#include "engine/replay/recording.h"
#include "engine/replay/replay.h"

/* Of more branches than this nobody is watched for: looking is quadratic in them. */
#define PLAYER_WAITING 64

struct player {
    const struct recording *recording; /* NULL: there is none */
    asl_execution *x;
    struct asl_env env;
    struct asl_result result; /* of the last step */
    struct asl_history *history;
    asl_value *events; /* what came out: array, as GetExecutionHistory shows them */
    int64_t now;
    uint64_t random;
    unsigned uuids;
    bool drew_random;
    bool forced; /* follow: the recording shows no way on, the first branch goes */
    /* follow: branches that could go on and whose turn did not come; since when */
    struct waiting {
        int64_t last, since;
        const asl_value *state;
    } waiting[PLAYER_WAITING];
    size_t waiting_count;
    const asl_value *starved; /* follow: the state of one that waited too long */
    int64_t *dead; /* tasks whose worker was recorded to have gone silent, or to be too slow */
    size_t dead_count, dead_capacity;
    struct catalogue *models; /* of a test: they refuse parameters; NULL: the recording does */
    char region[32];
    char message[256]; /* why it could not be opened */
};

/* An execution that was never recorded: of a test. `region`: in TaskScheduled. False when the input
 * is refused (`message`). */
bool player_be_born(struct player *p, asl_machine *machine, const struct asl_birth *birth,
                    const char *region, int64_t now);
/* False when the recorded input is refused (`message`). */
bool player_open(struct player *p, asl_machine *machine, const struct recording *r,
                 const struct replay_identity *identity);
void player_close(struct player *p);
/* One step; its events are appended to `events`, its commands stand in `result` until the next. */
bool player_step(struct player *p, const struct asl_event *event);
bool player_step_kind(struct player *p, enum asl_event_kind kind);
/* Moves the clock to `at`, never back. */
void player_wait(struct player *p, int64_t at);
/* Feeds the outcome that a recorded event shows to `task`. */
bool player_feed(struct player *p, const asl_value *recorded, int64_t task);
/* Tells every open task but those that were recorded to have timed out that its worker lives. */
void player_heartbeats(struct player *p);
void player_dies(struct player *p, int64_t task); /* that task was recorded to have timed out */

/* ---- the two ways ---- */

/* Follows the recording, event by event, and stops at the first difference, which is told in
 * `difference`; *at gets its id. True: all events came out as recorded. */
bool follow(struct player *p, struct comparison *c, struct asl_buffer *difference, int64_t *at);

/* How a free run ended. */
enum rerun_end {
    RERUN_ENDED,
    RERUN_OPEN,  /* as far as the recording goes, which had not ended either */
    RERUN_NEEDS, /* an outcome that was never recorded */
    RERUN_LONG,  /* it does not come to an end */
};
/* Runs with the recorded outcomes, given by state, Map iteration and parameters. Tells `standing`
 * (of the recording) what was reached. *task gets the Scheduled event (id) that has no outcome. */
struct standing;
enum rerun_end rerun(struct player *p, struct standing *standing, int64_t *task);

#endif

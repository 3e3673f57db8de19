/* Replays a history that was just played, fed as the AWS CLI would print it. */
#ifndef TESTS_REPLAY_AGAIN_H
#define TESTS_REPLAY_AGAIN_H

#include "asl/asl.h"

/* False and a note when `stepwell replay`'s verdict is not "same" or not every event came out as it
 * was. `events` as GetExecutionHistory shows them. */
bool replay_again(struct asl_text definition, bool express, const asl_value *events,
                  struct asl_buffer *note);

#endif

/* A stand-in made of a recorded history: what each of its Tasks' services answered, serialised as
 * the service's protocol has it, so that the engine's own HTTP calls can be answered again.
 *
 * The answers are made beforehand, as bytes: the peer's threads touch no value. A request takes the
 * first visit that is not taken yet; answers leave in the order in which the recording shows their
 * outcomes. */
#ifndef TESTS_AWS_RECORDED_H
#define TESTS_AWS_RECORDED_H

#include "asl/value/value.h"
#include "engine/aws/catalogue.h"

struct recorded;

/* Looks at `events` while it lives. NULL and why when an outcome cannot be put on the wire. */
struct recorded *recorded_new(struct catalogue *c, const asl_value *events, char why[512]);
void recorded_free(struct recorded *r);

/* For peer_start(). */
bool recorded_serve(void *state, int fd, size_t number, const char *request);

/* What somebody outside said of a task once it was submitted (its token came back): the outcome's
 * event, by the id of TaskSubmitted; NULL: nobody said anything. */
const asl_value *recorded_said(const struct recorded *r, int64_t submitted, int64_t *scheduled);
/* A host that must not exist, which a recorded failure names; or NULL. */
const char *recorded_missing_host(const struct recorded *r);
/* Requests that no visit was left for. */
size_t recorded_strays(struct recorded *r);

#endif

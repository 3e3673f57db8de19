/* Exports that end by themselves: what the turn and the timer call. */
#ifndef ENGINE_LOCAL_DYNAMODB_EXPORT_H
#define ENGINE_LOCAL_DYNAMODB_EXPORT_H

struct local;

/* Sets the timer to the next export that is to end. */
void export_arm(struct local *l);
/* Ends what is due, in a turn of its own. `state` is the struct local. */
void export_on_timer(void *state);
/* Ends what is due, inside the present turn. */
void export_finish_due(struct local *l);

#endif

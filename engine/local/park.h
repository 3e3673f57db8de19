/* Requests that wait for something to happen (SQS's long polls). For the files of this folder. */
#ifndef ENGINE_LOCAL_PARK_H
#define ENGINE_LOCAL_PARK_H

#include "service.h"

/* True: there is room for one more, and a loop to wake it. */
bool park_may(const struct local *l);
/* Keeps a copy of the request; `wish` says how long, and when to look again. */
void park(struct local *l, struct http_exchange *x, const struct local_service *service,
          const struct http_received *request, const struct local_answer *wish);
/* Something changed: all that wait are carried out again. */
void park_look_again(struct local *l);
/* Answers what waits, with what there is. */
void park_end(struct local *l);

#endif

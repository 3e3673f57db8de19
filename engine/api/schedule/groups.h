/* EventBridge Scheduler's schedule groups, for scheduler.c: its operations, and whether there is
 * one. */
#ifndef ENGINE_API_SCHEDULE_GROUPS_H
#define ENGINE_API_SCHEDULE_GROUPS_H

#include "engine/api/internal.h"

#define GROUPS_PAGE                                                                                \
    100 /* what ListSchedules and ListScheduleGroups show at most, and by default                  \
         */

/* Is there such a group in the caller's region? "default" always is. */
bool groups_has(const struct api_call *call, struct asl_text name);
/* Sets "NextToken" to what goes on behind `place`. */
void groups_set_next(struct api_call *call, struct value_list *l, const char *place);
/* What "NextToken" says; false after refusing it. */
bool groups_page_begin(struct api_call *call, char after[API_ARN_BYTES]);

void groups_create(struct api_call *call);
void groups_get(struct api_call *call);
void groups_list(struct api_call *call);
void groups_delete(struct api_call *call); /* with its schedules, at once */
void groups_tag(struct api_call *call);
void groups_untag(struct api_call *call);
void groups_list_tags(struct api_call *call);

#endif

/* The form of a history chunk, shared by its writer (history.c) and its reader (history_read.c). */
#ifndef ASL_RUN_HISTORY_INTERNAL_H
#define ASL_RUN_HISTORY_INTERNAL_H

#include "history.h"

#define HISTORY_VERSION 1
#define HISTORY_FIELDS  7 /* at most, of one event: the mask is a byte */

enum history_field {
    F_END,
    F_NAME,
    F_PAYLOAD,    /* input or output: with its ...Details, left out without data */
    F_PARAMETERS, /* TaskScheduled's: always shown */
    F_RAW_PAYLOAD,
    F_ERROR,
    F_CAUSE,
    F_RESOURCE,
    F_TYPE,
    F_REGION,
    F_ROLE,
    F_ALIAS,
    F_VERSION,
    F_WORKER,
    F_LOCATION,
    F_MAP_RUN,
    F_ASSIGNED,
    F_CREDENTIALS,
    F_NUMBER,
    F_TIMEOUT,
    F_HEARTBEAT,
};

enum history_form { FORM_TEXT, FORM_NUMBER, FORM_NAME, FORM_VALUE, FORM_ASSIGNED };

static inline enum history_form history_field_form(enum history_field field)
{
    switch (field) {
    case F_NAME:
        return FORM_NAME;
    case F_PAYLOAD:
    case F_PARAMETERS:
    case F_CREDENTIALS:
        return FORM_VALUE;
    case F_ASSIGNED:
        return FORM_ASSIGNED;
    case F_NUMBER:
    case F_TIMEOUT:
    case F_HEARTBEAT:
        return FORM_NUMBER;
    default:
        return FORM_TEXT;
    }
}

struct history_field_shape {
    enum history_field field;
    const char *name; /* as GetExecutionHistory shows it */
};

struct history_shape {
    const char *name;
    const char *details; /* NULL: the event has none */
    struct history_field_shape fields[HISTORY_FIELDS];
};

extern const struct history_shape history_shapes[EVENT_TYPES];

#endif

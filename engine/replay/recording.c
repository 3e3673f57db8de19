/* Reading histories; see recording.h. */
#include "engine/replay/recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- looking at events ---- */

const asl_value *recording_event(const struct recording *r, int64_t id)
{
    return id >= 1 && (size_t)id <= value_count(r->events) ? value_at(r->events, (size_t)id - 1)
                                                           : NULL;
}

static int64_t integer_of(const asl_value *event, const char *name)
{
    int64_t n = 0;
    const asl_value *v = value_get_z(event, name);
    return v && value_as_integer(v, &n) ? n : 0;
}

struct asl_text event_type(const asl_value *event)
{
    const asl_value *v = value_get_z(event, "type");
    return v ? value_as_text(v) : (struct asl_text){"", 0};
}

int64_t event_id(const asl_value *event)
{
    return integer_of(event, "id");
}

int64_t event_previous(const asl_value *event)
{
    return integer_of(event, "previousEventId");
}

/* "2024-05-01T10:00:00.123000+02:00", as the AWS CLI prints times. */
static int64_t iso_time(struct asl_text t)
{
    char text[64];
    struct tm parts = {0};
    double seconds = 0;
    int year, month, hours = 0, minutes = 0, used = 0;
    char sign = 0;
    snprintf(text, sizeof text, "%.*s", ASL_TEXT_ARGS(t));
    if (t.size >= sizeof text ||
        sscanf(text, "%4d-%2d-%2dT%2d:%2d:%lf%n", &year, &month, &parts.tm_mday, &parts.tm_hour,
               &parts.tm_min, &seconds, &used) != 6 ||
        !(seconds >= 0 && seconds < 61))
        return -1;
    if (sscanf(text + used, "%c%2d:%2d", &sign, &hours, &minutes) < 1 || !strchr("Z+-", sign))
        return -1;
    parts.tm_year = year - 1900;
    parts.tm_mon = month - 1;
    int64_t offset = ((int64_t)hours * 60 + minutes) * 60000;
    return (int64_t)timegm(&parts) * 1000 + (int64_t)(seconds * 1000 + 0.5) -
           (sign == '-' ? -offset : offset);
}

int64_t recording_time(const asl_value *v)
{
    if (value_kind(v) == VALUE_STRING)
        return iso_time(value_as_text(v));
    double seconds = value_kind(v) == VALUE_NUMBER ? value_as_double(v) : -1;
    return seconds >= 0 && seconds < 1e11 ? (int64_t)(seconds * 1000 + 0.5) : -1;
}

int64_t event_time(const asl_value *event)
{
    const asl_value *v = value_get_z(event, "timestamp");
    return v ? recording_time(v) : -1;
}

const asl_value *event_details(const asl_value *event)
{
    for (size_t i = 0; i < value_count(event); i++)
        if (asl_text_ends(value_as_text(value_key_at(event, i)), "EventDetails"))
            return value_at(event, i);
    return NULL;
}

const asl_value *event_detail(const asl_value *event, const char *name)
{
    const asl_value *details = event_details(event);
    return details ? value_get_z(details, name) : NULL;
}

struct asl_text event_detail_text(const asl_value *event, const char *name)
{
    const asl_value *v = event_detail(event, name);
    return v && value_kind(v) == VALUE_STRING ? value_as_text(v) : (struct asl_text){NULL, 0};
}

asl_value *event_payload(const asl_value *event, const char *name)
{
    const asl_value *v = event_detail(event, name);
    struct value_error error;
    if (!v)
        return NULL;
    asl_value *parsed =
        value_kind(v) == VALUE_STRING ? value_parse(value_as_text(v), 0, 0, &error) : NULL;
    return parsed ? parsed : value_retain(v);
}

static const struct outside {
    const char *type;
    enum asl_event_kind kind;
} outsides[] = {
    {"TaskStarted", ASL_TASK_STARTED},
    {"LambdaFunctionStarted", ASL_TASK_STARTED},
    {"ActivityStarted", ASL_TASK_STARTED},
    {"TaskSubmitted", ASL_TASK_SUBMITTED},
    {"TaskSucceeded", ASL_TASK_SUCCEEDED},
    {"LambdaFunctionSucceeded", ASL_TASK_SUCCEEDED},
    {"ActivitySucceeded", ASL_TASK_SUCCEEDED},
    {"TaskFailed", ASL_TASK_FAILED},
    {"LambdaFunctionFailed", ASL_TASK_FAILED},
    {"ActivityFailed", ASL_TASK_FAILED},
    {"TaskStartFailed", ASL_TASK_START_FAILED},
    {"LambdaFunctionStartFailed", ASL_TASK_START_FAILED},
    {"LambdaFunctionScheduleFailed", ASL_TASK_START_FAILED},
    {"ActivityScheduleFailed", ASL_TASK_START_FAILED},
    {"TaskSubmitFailed", ASL_TASK_SUBMIT_FAILED},
    {"TaskTimedOut", ASL_TASK_TIMED_OUT},
    {"LambdaFunctionTimedOut", ASL_TASK_TIMED_OUT},
    {"ActivityTimedOut", ASL_TASK_TIMED_OUT},
    {"ExecutionAborted", ASL_STOP},
    {"ExecutionRedriven", ASL_REDRIVE},
};

enum asl_event_kind event_outside(const asl_value *event)
{
    struct asl_text type = event_type(event);
    for (size_t i = 0; i < sizeof outsides / sizeof *outsides; i++)
        if (asl_text_is(type, outsides[i].type))
            return outsides[i].kind;
    return ASL_START;
}

static const asl_value *at(const asl_value *events, int64_t id)
{
    return id >= 1 && (size_t)id <= value_count(events) ? value_at(events, (size_t)id - 1) : NULL;
}

int64_t event_task(const asl_value *events, const asl_value *event)
{
    enum { FURTHEST = 10 }; /* Scheduled, Started, Submitted, the end: few steps */
    int64_t id = event_previous(event);
    for (int hops = 0; hops < FURTHEST; hops++) {
        const asl_value *before = at(events, id);
        if (!before)
            break;
        if (asl_text_ends(event_type(before), "Scheduled"))
            return id;
        id = event_previous(before);
    }
    return 0;
}

/* Chains end: previousEventId is below the id. */
int64_t event_entry(const asl_value *events, const asl_value *event)
{
    struct asl_text name = event_detail_text(event, "name");
    for (int64_t id = event_previous(event); id >= 1;) {
        const asl_value *before = at(events, id);
        if (!before)
            break;
        if (asl_text_ends(event_type(before), "StateEntered") &&
            asl_text_equal(event_detail_text(before, "name"), name))
            return id;
        id = event_previous(before);
    }
    return 0;
}

/* A container that was left is passed by at its entry: what happened in it is another place. */
static const asl_value *outwards(const asl_value *events, const asl_value *event)
{
    struct asl_text type = event_type(event);
    bool left = asl_text_is(type, "MapStateExited") || asl_text_is(type, "ParallelStateExited");
    int64_t entry = left ? event_entry(events, event) : 0;
    return at(events, entry ? entry : event_previous(event));
}

const asl_value *event_state(const asl_value *events, const asl_value *event, int64_t *iteration)
{
    const asl_value *name = NULL;
    *iteration = -1;
    for (; event; event = outwards(events, event)) {
        struct asl_text type = event_type(event);
        if (!name && (asl_text_ends(type, "StateEntered") || asl_text_ends(type, "StateExited")))
            name = event_detail(event, "name");
        if (asl_text_is(type, "MapIterationStarted")) {
            const asl_value *index = event_detail(event, "index");
            if (index)
                value_as_integer(index, iteration);
            break;
        }
    }
    return name;
}

/* ---- taking ---- */

static int by_id(const void *a, const void *b)
{
    int64_t x = event_id(*(asl_value *const *)a), y = event_id(*(asl_value *const *)b);
    return x < y ? -1 : x > y;
}

static asl_value *sort_take(asl_value *events)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < value_count(events); i++)
        value_list_push_take(&l, value_retain(value_at(events, i)));
    if (l.count)
        qsort(l.items, l.count, sizeof *l.items, by_id);
    value_release(events);
    return value_array_take(&l);
}

static bool is_end(struct asl_text type)
{
    static const char *const ends[] = {"ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted",
                                       "ExecutionTimedOut"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (asl_text_is(type, ends[i]))
            return true;
    return false;
}

static bool check_event(const asl_value *event, size_t index, char message[256])
{
    if (value_kind(event) != VALUE_OBJECT || !event_type(event).size)
        snprintf(message, 256, "event %zu is no event: {\"id\", \"type\", ...} is wanted",
                 index + 1);
    else if (event_id(event) != (int64_t)index + 1)
        snprintf(message, 256,
                 "the history is cut: event %zu is missing (found id %lld); take all its pages",
                 index + 1, (long long)event_id(event));
    else if (event_previous(event) < 0 || event_previous(event) > (int64_t)index)
        snprintf(message, 256, "event %zu: previousEventId %lld is none before it", index + 1,
                 (long long)event_previous(event));
    else if (event_details(event) && value_kind(event_details(event)) != VALUE_OBJECT)
        snprintf(message, 256, "event %zu: its details are no object", index + 1);
    else
        return true;
    return false;
}

static bool check_first(const asl_value *first, char message[256])
{
    if (!asl_text_is(event_type(first), "ExecutionStarted"))
        snprintf(message, 256, "a history begins with ExecutionStarted, not %.*s",
                 (int)(event_type(first).size < 40 ? event_type(first).size : 40),
                 event_type(first).data);
    else if (!event_detail(first, "input"))
        snprintf(message, 256,
                 "the history was taken without its data (no input in ExecutionStarted): take it "
                 "with --include-execution-data");
    else
        return true;
    return false;
}

static bool read_times(const asl_value *events)
{
    int64_t last = 0;
    for (size_t i = 0; i < value_count(events); i++) {
        int64_t now = event_time(value_at(events, i));
        if (now < last)
            return false;
        last = now;
    }
    return last > 0;
}

bool recording_take(struct recording *r, asl_value *events, char message[256])
{
    size_t count = value_count(events);
    *r = (struct recording){.events = events};
    if (count == 0)
        snprintf(message, 256, "the history has no events");
    else if (count > RECORDING_EVENT_MAXIMUM)
        snprintf(message, 256, "the history has %zu events; at most %d are read", count,
                 RECORDING_EVENT_MAXIMUM);
    bool fine = count > 0 && count <= RECORDING_EVENT_MAXIMUM;
    if (fine)
        r->events = sort_take(r->events);
    for (size_t i = 0; fine && i < count; i++)
        fine = check_event(value_at(r->events, i), i, message);
    fine = fine && check_first(value_at(r->events, 0), message);
    if (!fine) {
        recording_free(r);
        return false;
    }
    r->ended = is_end(event_type(value_at(r->events, count - 1)));
    r->timed = read_times(r->events);
    return true;
}

void recording_free(struct recording *r)
{
    value_release(r->events);
    *r = (struct recording){0};
}

/* ---- parsing ---- */

/* Where the document that begins at `from` ends: brackets are counted outside of strings. */
static size_t document_end(struct asl_text text, size_t from)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = from; i < text.size; i++) {
        char c = text.data[i];
        if (in_string) {
            i += c == '\\';
            in_string = c != '"';
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            depth++;
        } else if ((c == ']' || c == '}') && --depth == 0) {
            return i + 1;
        } else if (!depth && !strchr(" \t\r\n", c)) {
            break;
        }
    }
    return text.size;
}

/* Appends the events of a page, an array of events, or an array of pages. */
static bool gather(const asl_value *v, asl_value **events, int depth)
{
    const asl_value *page = value_kind(v) == VALUE_OBJECT ? value_get_z(v, "events") : NULL;
    if (page)
        v = page;
    if (value_kind(v) != VALUE_ARRAY || depth > 2)
        return false;
    for (size_t i = 0; i < value_count(v); i++) {
        const asl_value *item = value_at(v, i);
        if (value_get_z(item, "type"))
            *events = value_append_take(*events, value_retain(item));
        else if (page || !gather(item, events, depth + 1))
            return false;
    }
    return true;
}

static bool parse_document(struct asl_text whole, size_t from, size_t to, asl_value **events,
                           char message[256])
{
    struct value_error error;
    asl_value *v = value_parse((struct asl_text){whole.data + from, to - from}, 0, 0, &error);
    size_t line = 1;
    for (size_t i = 0; i < from; i++)
        line += whole.data[i] == '\n';
    bool fine = v && gather(v, events, 0);
    if (!v)
        snprintf(message, 256, "line %zu, column %zu: %s", line + error.line - 1, error.column,
                 error.message);
    else if (!fine)
        snprintf(message, 256,
                 "line %zu: this is no answer of get-execution-history: {\"events\": [...]} is "
                 "wanted",
                 line);
    value_release(v);
    return fine;
}

asl_value *recording_parse(struct asl_text text, char message[256])
{
    asl_value *events = value_empty_array();
    bool fine = true, any = false;
    for (size_t at_byte = 0; fine && at_byte < text.size;) {
        if (strchr(" \t\r\n", text.data[at_byte])) {
            at_byte++;
            continue;
        }
        size_t end = document_end(text, at_byte);
        fine = parse_document(text, at_byte, end, &events, message);
        at_byte = end;
        any = true;
    }
    if (!any)
        snprintf(message, 256, "the file is empty");
    if (fine && any)
        return events;
    value_release(events);
    return NULL;
}

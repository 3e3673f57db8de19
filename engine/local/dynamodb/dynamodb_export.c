/* ExportTableToPointInTime, DescribeExport, ListExports, and exports that end.
 *
 * An export is asked for, stays IN_PROGRESS for local_options.export_ms, and then ends: the loop's
 * timer ends it, or whoever asks about it first. What it holds was fixed when it was asked for: the
 * change log is append-only, and an export looks at the past only. So an export interrupted by a
 * crash is simply ended again. The files are export_files.c's. */
#include "dynamodb.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "export_files.h"

#define MINUTE_MS         60000
#define WINDOW_MINIMUM_MS (15 * MINUTE_MS) /* DynamoDB: an incremental export's window */
#define WINDOW_MAXIMUM_MS (24 * 60 * MINUTE_MS)
#define TOKEN_MS          (8LL * 60 * MINUTE_MS) /* DynamoDB: how long a client token is good */
#define LISTED            25

/* ---- times ---- */

/* Whole seconds, as the service takes them (a fraction is cut). */
static int64_t time_member(const asl_value *object, const char *name, int64_t otherwise)
{
    const asl_value *v = object ? dynamodb_member(object, name) : NULL;
    if (!v)
        return otherwise;
    double seconds = value_as_double(v);
    if (!(seconds > -1e11 && seconds < 1e11))
        return INT64_MAX;
    return (int64_t)seconds * 1000;
}

static asl_value *seconds(int64_t ms)
{
    return value_double((double)ms / 1000);
}

struct window {
    bool is_incremental;
    int64_t from, to; /* of a full export: the moment is `to` */
};

static bool check_in_recovery(struct dynamodb_call *c, int64_t time, int64_t since,
                              const char *what)
{
    int64_t now = local_now(c->local);
    int64_t earliest = since > now - DYNAMODB_RECOVERY_MS ? since : now - DYNAMODB_RECOVERY_MS;
    if (time > now)
        return dynamodb_refuse(c, DYNAMODB_INVALID_EXPORT_TIME, "%s cannot be in the future", what);
    /* Times are given in whole seconds: the second in which recovery was switched on will do. */
    return time >= earliest - earliest % 1000 ||
           dynamodb_refuse(c, DYNAMODB_INVALID_EXPORT_TIME,
                           "%s is outside of the point in time recovery window", what);
}

static bool read_window(struct dynamodb_call *c, int64_t since, struct window *w)
{
    int64_t now = local_now(c->local);
    const asl_value *request = c->request;
    const asl_value *window = dynamodb_member(request, "IncrementalExportSpecification");
    w->is_incremental = dynamodb_is(request, "ExportType", "INCREMENTAL_EXPORT");
    if (!w->is_incremental) {
        if (window)
            return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                                   "IncrementalExportSpecification can only be "
                                   "specified when ExportType is INCREMENTAL_EXPORT");
        w->from = 0;
        w->to = time_member(request, "ExportTime", now);
        return check_in_recovery(c, w->to, since, "ExportTime");
    }
    if (dynamodb_member(request, "ExportTime"))
        return dynamodb_refuse(
            c, DYNAMODB_VALIDATION,
            "ExportTime cannot be specified when ExportType is INCREMENTAL_EXPORT");
    if (!window || !dynamodb_member(window, "ExportFromTime"))
        return dynamodb_refuse(
            c, DYNAMODB_VALIDATION,
            "IncrementalExportSpecification with ExportFromTime is required when "
            "ExportType is INCREMENTAL_EXPORT");
    w->from = time_member(window, "ExportFromTime", 0);
    w->to = time_member(window, "ExportToTime", now - now % 1000);
    if (w->from >= w->to)
        return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                               "ExportFromTime must be before ExportToTime");
    if (!check_in_recovery(c, w->to, since, "ExportToTime") ||
        !check_in_recovery(c, w->from, since, "ExportFromTime"))
        return false;
    if (w->to - w->from < WINDOW_MINIMUM_MS)
        return dynamodb_refuse(
            c, DYNAMODB_VALIDATION,
            "The difference between ExportFromTime and ExportToTime is less than 15 "
            "minutes, the shortest period of an incremental export");
    return w->to - w->from <= WINDOW_MAXIMUM_MS ||
           dynamodb_refuse(
               c, DYNAMODB_VALIDATION,
               "The difference between ExportFromTime and ExportToTime is more than 24 hours, "
               "the longest period of an incremental export");
}

/* ---- asking for one ---- */

/* The name in "arn:aws:dynamodb:<region>:<account>:table/<name>"; empty when it is none. */
static struct asl_text table_of(struct asl_text arn)
{
    int colons = 0;
    for (size_t i = 0; i < arn.size; i++) {
        colons += arn.data[i] == ':';
        struct asl_text rest = {arn.data + i + 1, arn.size - i - 1};
        if (colons == 5 && arn.data[i] == ':')
            return asl_text_starts(rest, "table/") ? (struct asl_text){rest.data + 6, rest.size - 6}
                                                   : ASL_TEXT("");
    }
    return ASL_TEXT("");
}

/* The request without its token, to tell the same one sent again from another one. */
static void put_request(const asl_value *request, struct asl_buffer *out)
{
    struct value_list list;
    value_list_init(&list);
    for (size_t i = 0; i < value_count(request); i++)
        if (!asl_text_is(value_as_text(value_key_at(request, i)), "ClientToken"))
            value_list_push_member_take(&list, value_retain(value_key_at(request, i)),
                                        value_retain(value_at(request, i)));
    asl_value *v = value_object_take(&list);
    value_print(v, out);
    value_release(v);
}

static void answer_description(struct dynamodb_call *c, asl_value *description)
{
    struct value_list answer;
    value_list_init(&answer);
    value_list_set_take(&answer, "ExportDescription", description);
    c->answer = value_object_take(&answer);
}

/* A token seen within its time answers with its export, or refuses when the request is another. */
static bool is_sent_again(struct dynamodb_call *c, struct asl_text token, struct asl_text request,
                          const struct dynamodb_table *t)
{
    struct value_error error;
    bool found = false;
    sqlite3_stmt *s = database_query(
        c->db,
        "SELECT request, description FROM ddb_export WHERE token = ? AND started > ? AND "
        "table_id = ?",
        "tii", token, local_now(c->local) - TOKEN_MS, t->id);
    while (database_step(c->db, s)) {
        found = true;
        if (c->answer || c->is_refused)
            continue;
        if (asl_text_equal(database_text(s, 0), request))
            answer_description(c, value_parse(database_text(s, 1), 0, 0, &error));
        else
            dynamodb_refuse(
                c, DYNAMODB_EXPORT_CONFLICT,
                "There was a conflict when writing to the specified S3 bucket: the client token "
                "was used for another export within the last 8 hours");
    }
    return found;
}

static void copy_members(struct value_list *list, const asl_value *request)
{
    static const char *const names[] = {"S3Bucket", "S3BucketOwner", "S3Prefix", "S3SseKmsKeyId"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const asl_value *v = dynamodb_member(request, names[i]);
        if (v)
            value_list_set_take(list, names[i], value_retain(v));
    }
}

static asl_value *describe(struct dynamodb_call *c, const struct dynamodb_table *t,
                           const struct window *w, const char *arn, struct asl_text token)
{
    const asl_value *given = dynamodb_member(c->request, "IncrementalExportSpecification");
    struct asl_text algorithm = dynamodb_text(c->request, "S3SseAlgorithm");
    struct value_list list;
    value_list_init(&list);
    value_list_set_take(&list, "ExportArn", value_string_z(arn));
    value_list_set_take(&list, "ExportStatus", value_string_z("IN_PROGRESS"));
    value_list_set_take(&list, "StartTime", seconds(local_now(c->local)));
    value_list_set_take(&list, "TableArn", value_retain(value_get_z(t->description, "TableArn")));
    value_list_set_take(&list, "TableId", value_retain(value_get_z(t->description, "TableId")));
    if (!w->is_incremental)
        value_list_set_take(&list, "ExportTime", seconds(w->to));
    value_list_set_take(&list, "ClientToken", value_string(token));
    copy_members(&list, c->request);
    value_list_set_take(&list, "S3SseAlgorithm",
                        algorithm.size ? value_string(algorithm) : value_string_z("AES256"));
    value_list_set_take(&list, "ExportFormat", value_string_z("DYNAMODB_JSON"));
    value_list_set_take(&list, "ExportType",
                        value_string_z(w->is_incremental ? "INCREMENTAL_EXPORT" : "FULL_EXPORT"));
    if (w->is_incremental) {
        struct value_list window;
        struct asl_text view = dynamodb_text(given, "ExportViewType");
        value_list_init(&window);
        value_list_set_take(&window, "ExportFromTime", seconds(w->from));
        value_list_set_take(&window, "ExportToTime", seconds(w->to));
        value_list_set_take(&window, "ExportViewType",
                            view.size ? value_string(view) : value_string_z("NEW_AND_OLD_IMAGES"));
        value_list_set_take(&list, "IncrementalExportSpecification", value_object_take(&window));
    }
    return value_object_take(&list);
}

/* "<table ARN>/export/<14 digits of ms>-<8 hex digits>" */
static char *new_arn(struct dynamodb_call *c, const struct dynamodb_table *t)
{
    char letters[9];
    struct asl_buffer arn;
    local_random(letters, sizeof letters, "0123456789abcdef");
    asl_buffer_init(&arn, 2048);
    asl_buffer_printf(&arn, "%.*s/export/%014lld-%s",
                      ASL_TEXT_ARGS(dynamodb_text(t->description, "TableArn")),
                      (long long)local_now(c->local), letters);
    return asl_buffer_take(&arn, NULL);
}

static void store(struct dynamodb_call *c, const struct dynamodb_table *t, const char *arn,
                  struct asl_text token, struct asl_text request, const asl_value *description)
{
    struct asl_buffer text;
    int64_t now = local_now(c->local);
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    value_print(description, &text);
    database_run(c->db, "INSERT INTO ddb_export VALUES(?, ?, ?, ?, 'IN_PROGRESS', ?, ?, ?, ?)",
                 "ztitiitt", arn, dynamodb_text(t->description, "TableArn"), t->id, token, now,
                 now + c->local->export_ms, request, asl_buffer_text(&text));
    asl_buffer_free(&text);
}

static bool begin(struct dynamodb_call *c, const struct dynamodb_table *t)
{
    struct window w = {0};
    char made[37];
    struct asl_buffer request;
    struct asl_text token = dynamodb_text(c->request, "ClientToken");
    asl_buffer_init(&request, ASL_BUFFER_MAXIMUM);
    put_request(c->request, &request);
    bool again = token.size && is_sent_again(c, token, asl_buffer_text(&request), t);
    bool is_fine = again ? !c->is_refused : read_window(c, t->recovery_since, &w);
    if (is_fine && !again) {
        local_random(made, sizeof made, "0123456789abcdef");
        if (token.size == 0)
            token = asl_text(made);
        char *arn = new_arn(c, t);
        asl_value *description = describe(c, t, &w, arn, token);
        store(c, t, arn, token, asl_buffer_text(&request), description);
        answer_description(c, description);
        free(arn);
    }
    asl_buffer_free(&request);
    return is_fine;
}

/* Recovery reaches back 35 days: what is older is of no use to any export. */
static void forget_old_changes(struct dynamodb_call *c, const struct dynamodb_table *t)
{
    database_run(c->db, "DELETE FROM ddb_change WHERE table_id = ? AND micros < ?", "ii", t->id,
                 (local_now(c->local) - DYNAMODB_RECOVERY_MS) * 1000);
}

bool dynamodb_export_table(struct dynamodb_call *c)
{
    struct dynamodb_table t;
    struct asl_text arn = dynamodb_text(c->request, "TableArn");
    struct asl_text name = table_of(arn);
    export_finish_due(c->local);
    if (name.size == 0)
        return dynamodb_refuse(c, DYNAMODB_VALIDATION, "Invalid TableArn: %.*s",
                               ASL_TEXT_ARGS(arn));
    if (dynamodb_is(c->request, "ExportFormat", "ION"))
        return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                               "The export format ION is not offered by this "
                               "stand-in; use DYNAMODB_JSON");
    if (!dynamodb_find_table(c, arn, &t))
        return dynamodb_refuse(c, DYNAMODB_TABLE_NOT_FOUND, "Table not found: %.*s",
                               ASL_TEXT_ARGS(name));
    forget_old_changes(c, &t);
    bool is_done = t.recovery_since != 0 && begin(c, &t);
    if (t.recovery_since == 0)
        dynamodb_refuse(c, DYNAMODB_RECOVERY_UNAVAILABLE,
                        "Point in time recovery is not enabled for table '%.*s'",
                        ASL_TEXT_ARGS(name));
    dynamodb_close_table(&t);
    return is_done;
}

/* ---- asking about them ---- */

bool dynamodb_describe_export(struct dynamodb_call *c)
{
    struct value_error error;
    struct asl_text arn = dynamodb_text(c->request, "ExportArn");
    export_finish_due(c->local);
    sqlite3_stmt *s =
        database_query(c->db, "SELECT description FROM ddb_export WHERE arn = ?", "t", arn);
    while (database_step(c->db, s))
        if (!c->answer)
            answer_description(c, value_parse(database_text(s, 0), 0, 0, &error));
    return c->answer || dynamodb_refuse(c, DYNAMODB_EXPORT_NOT_FOUND, "Export not found: %.*s",
                                        ASL_TEXT_ARGS(arn));
}

bool dynamodb_list_exports(struct dynamodb_call *c)
{
    int64_t limit = LISTED;
    struct value_error error;
    struct value_list all, answer;
    const asl_value *given = dynamodb_member(c->request, "MaxResults");
    struct asl_text table = dynamodb_text(c->request, "TableArn"), last = {0};
    char *last_arn = NULL;
    bool has_more = false;
    if (given)
        value_as_integer(given, &limit);
    export_finish_due(c->local);
    value_list_init(&all);
    value_list_init(&answer);
    sqlite3_stmt *s = database_query(
        c->db,
        "SELECT arn, description FROM ddb_export WHERE arn > ?1 AND (?2 = '' OR table_arn = ?2) "
        "AND instr(arn, ':dynamodb:' || ?4 || ':') > 0 ORDER BY arn LIMIT ?3",
        "ttiz", dynamodb_text(c->request, "NextToken"), table, limit + 1, c->local->region);
    while (database_step(c->db, s)) {
        if (all.count == (size_t)limit) {
            has_more = true;
            continue;
        }
        struct value_list one;
        static const char *const shown[] = {"ExportArn", "ExportStatus", "ExportType"};
        asl_value *description = value_parse(database_text(s, 1), 0, 0, &error);
        value_list_init(&one);
        for (size_t i = 0; i < 3; i++)
            value_list_set_take(&one, shown[i], value_retain(value_get_z(description, shown[i])));
        value_list_push_take(&all, value_object_take(&one));
        value_release(description);
        free(last_arn);
        last_arn = asl_copy_text(database_text(s, 0));
    }
    last = asl_text(last_arn ? last_arn : "");
    value_list_set_take(&answer, "ExportSummaries", value_array_take(&all));
    if (has_more)
        value_list_set_take(&answer, "NextToken", value_string(last));
    c->answer = value_object_take(&answer);
    free(last_arn);
    return true;
}

/* ---- ending ---- */

static asl_value *with(asl_value *object, const char *key, asl_value *v)
{
    return value_with_take(object, value_string_z(key), v);
}

static asl_value *completed(asl_value *v, int64_t due, const struct export_result *result)
{
    v = with(v, "EndTime", seconds(due));
    if (result->failure_code) {
        v = with(v, "ExportStatus", value_string_z("FAILED"));
        v = with(v, "FailureCode", value_string_z(result->failure_code));
        return with(v, "FailureMessage", value_string_z(result->failure_message));
    }
    v = with(v, "ExportStatus", value_string_z("COMPLETED"));
    v = with(v, "ExportManifest", value_string_z(result->manifest));
    v = with(v, "BilledSizeBytes", value_integer(result->bytes));
    return with(v, "ItemCount", value_integer(result->items));
}

/* Ends one export that is due; false when there is none. */
static bool finish_one(struct local *l)
{
    struct database *d = l->database;
    struct value_error error;
    asl_value *description = NULL;
    int64_t due = 0, table = 0;
    sqlite3_stmt *s =
        database_query(d,
                       "SELECT description, due, table_id FROM ddb_export WHERE status = "
                       "'IN_PROGRESS' AND due <= ? ORDER BY due LIMIT 1",
                       "i", local_now(l));
    while (database_step(d, s)) {
        value_release(description);
        description = value_parse(database_text(s, 0), 0, 0, &error);
        due = sqlite3_column_int64(s, 1);
        table = sqlite3_column_int64(s, 2);
    }
    if (!description)
        return false;
    struct export_result result = {0};
    export_write_files(l, table, description, due, &result);
    char *arn = asl_copy_text(dynamodb_text(description, "ExportArn"));
    description = completed(description, due, &result);
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    value_print(description, &text);
    database_run(d, "UPDATE ddb_export SET status = ?, description = ? WHERE arn = ?", "ttz",
                 dynamodb_text(description, "ExportStatus"), asl_buffer_text(&text), arn);
    asl_buffer_free(&text);
    value_release(description);
    free(arn);
    return !database_has_failed(d);
}

void export_finish_due(struct local *l)
{
    while (finish_one(l))
        ;
}

void export_on_timer(void *state)
{
    static const char describe_nothing[] = "{}";
    struct local *l = state;
    struct local_answer answer;
    local_answer_init(&answer);
    /* A call like any other: it begins a turn, ends what is due, and commits. */
    local_request(l, "dynamodb", "ListExports", asl_text(describe_nothing), &answer);
    local_answer_free(&answer);
}

void export_arm(struct local *l)
{
    if (!l->export_timer)
        return;
    sqlite3_stmt *s = database_query(
        l->database, "SELECT MIN(due) FROM ddb_export WHERE status = 'IN_PROGRESS'", "");
    loop_timer_disarm(l->export_timer);
    while (database_step(l->database, s))
        if (sqlite3_column_type(s, 0) == SQLITE_INTEGER)
            loop_timer_arm(l->export_timer, sqlite3_column_int64(s, 0));
    database_failure(l->database);
}

/* TransactWriteItems and TransactGetItems. All parts are prepared, then all are worked out against
 * the items as they are; only when every one may go are they stored. A part that may not cancels
 * all, and the answer names the reason of each. */
#include "dynamodb.h"

#include <stdlib.h>
#include <string.h>

#define PARTS_MAXIMUM 100
#define TOKEN_MS      (10 * 60 * 1000) /* DynamoDB: how long a client token is remembered */

static const struct {
    const char *member;
    char verb;
} verbs[] = {{"ConditionCheck", 'C'}, {"Put", 'P'}, {"Delete", 'D'}, {"Update", 'U'}};

struct part {
    const asl_value *request;
    char verb;
    bool is_prepared;
    struct dynamodb_write write;
    asl_value *reason; /* why it may not go, or NULL */
};

struct transaction {
    struct dynamodb_call *c;
    struct part parts[PARTS_MAXIMUM];
    size_t count;
};

static bool find_verb(struct dynamodb_call *c, const asl_value *item, struct part *part)
{
    size_t found = 0;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        const asl_value *request = dynamodb_member(item, verbs[i].member);
        if (!request)
            continue;
        part->request = request;
        part->verb = verbs[i].verb;
        found++;
    }
    return found == 1 || dynamodb_refuse(c, DYNAMODB_VALIDATION,
                                         "TransactItems can only contain one of "
                                         "Check, Put, Update or Delete");
}

static bool is_same_item(const struct dynamodb_write *a, const struct dynamodb_write *b)
{
    return a->table.id == b->table.id &&
           asl_text_equal(asl_buffer_text(&a->place.hash), asl_buffer_text(&b->place.hash)) &&
           asl_text_equal(asl_buffer_text(&a->place.range), asl_buffer_text(&b->place.range));
}

static bool prepare(struct transaction *t, const asl_value *items)
{
    struct dynamodb_call *c = t->c;
    for (size_t i = 0; i < value_count(items); i++) {
        struct part *p = &t->parts[t->count];
        if (!find_verb(c, value_at(items, i), p))
            return false;
        t->count++;
        p->is_prepared = true;
        if (!dynamodb_prepare_write(c, p->request, p->verb, &p->write))
            return false;
    }
    for (size_t i = 1; i < t->count; i++)
        for (size_t k = 0; k < i; k++)
            if (is_same_item(&t->parts[i].write, &t->parts[k].write))
                return dynamodb_refuse(c, DYNAMODB_VALIDATION,
                                       "Transaction request cannot include multiple "
                                       "operations on one item");
    return true;
}

/* Turns a part's refusal into its reason. */
static asl_value *take_reason(struct dynamodb_call *c)
{
    struct value_list reason;
    value_list_init(&reason);
    value_list_set_take(&reason, "Code",
                        value_string_z(c->error == DYNAMODB_CONDITION_FAILED
                                           ? "ConditionalCheckFailed"
                                           : "ValidationError"));
    value_list_set_take(&reason, "Message", value_string_z(c->message));
    if (c->extra)
        value_list_set_take(&reason, "Item", c->extra);
    c->extra = NULL;
    c->is_refused = false;
    return value_object_take(&reason);
}

static bool cancel(struct transaction *t)
{
    struct value_list reasons;
    struct asl_buffer codes;
    value_list_init(&reasons);
    asl_buffer_init(&codes, 4000);
    for (size_t i = 0; i < t->count; i++) {
        asl_value *reason = t->parts[i].reason;
        asl_buffer_puts(&codes, i ? ", " : "");
        asl_buffer_put_text(&codes, reason ? dynamodb_text(reason, "Code") : ASL_TEXT("None"));
        value_list_push_take(&reasons,
                             reason ? value_retain(reason) : value_literal("{\"Code\":\"None\"}"));
    }
    t->c->extra = value_array_take(&reasons);
    t->c->extra_name = "CancellationReasons";
    dynamodb_refuse(t->c, DYNAMODB_TRANSACTION_CANCELED,
                    "Transaction cancelled, please refer cancellation "
                    "reasons for specific reasons [%.*s]",
                    ASL_TEXT_ARGS(asl_buffer_text(&codes)));
    asl_buffer_free(&codes);
    return false;
}

static bool work_out(struct transaction *t)
{
    bool may_go = true;
    for (size_t i = 0; i < t->count; i++) {
        struct part *p = &t->parts[i];
        if (dynamodb_work_out_write(t->c, p->request, p->verb, &p->write))
            continue;
        p->reason = take_reason(t->c);
        may_go = false;
    }
    return may_go || cancel(t);
}

static void store(struct transaction *t)
{
    for (size_t i = 0; i < t->count; i++) {
        struct part *p = &t->parts[i];
        if (p->verb != 'C')
            dynamodb_write_item(t->c, &p->write.table, &p->write.place, p->write.old, p->write.now);
    }
}

/* Whether this token has been seen: *again, with the same request; refuses for another one. */
static bool check_token(struct dynamodb_call *c, bool *again)
{
    *again = false;
    struct asl_text token = dynamodb_text(c->request, "ClientRequestToken");
    if (token.size == 0)
        return true;
    bool is_same = true;
    struct asl_buffer request;
    asl_buffer_init(&request, ASL_BUFFER_MAXIMUM);
    value_print(c->request, &request);
    int64_t now = local_now(c->local);
    database_run(c->db, "DELETE FROM ddb_token WHERE made < ?", "i", now - TOKEN_MS);
    sqlite3_stmt *s =
        database_query(c->db, "SELECT request FROM ddb_token WHERE region = ? AND token = ?", "zt",
                       c->local->region, token);
    while (database_step(c->db, s)) {
        *again = true;
        is_same = asl_text_equal(database_text(s, 0), asl_buffer_text(&request));
    }
    if (!*again)
        database_run(c->db, "INSERT INTO ddb_token VALUES(?, ?, ?, ?)", "ztti", c->local->region,
                     token, asl_buffer_text(&request), now);
    asl_buffer_free(&request);
    return is_same || dynamodb_refuse(c, DYNAMODB_IDEMPOTENT_MISMATCH,
                                      "The request uses the same client token as a previous, but "
                                      "non-identical request.");
}

bool dynamodb_transact_write(struct dynamodb_call *c)
{
    struct transaction *t = asl_allocate_zeroed(1, sizeof *t);
    bool again;
    t->c = c;
    bool is_done =
        prepare(t, dynamodb_member(c->request, "TransactItems")) && check_token(c, &again);
    if (is_done && !again) {
        is_done = work_out(t);
        if (is_done)
            store(t);
    }
    if (is_done)
        c->answer = value_empty_object();
    for (size_t i = 0; i < t->count; i++) {
        value_release(t->parts[i].reason);
        if (t->parts[i].is_prepared)
            dynamodb_free_write(&t->parts[i].write);
    }
    free(t);
    return is_done;
}

/* ---- TransactGetItems ---- */

static bool get_part(struct dynamodb_call *c, const asl_value *request,
                     struct value_list *responses)
{
    char complaint[ATTRIBUTE_COMPLAINT];
    struct dynamodb_expressions e = {0};
    struct dynamodb_table t = {0};
    struct dynamodb_place p;
    asl_value *key = attribute_accept_map(dynamodb_member(request, "Key"), complaint);
    if (!key)
        return dynamodb_refuse(c, DYNAMODB_VALIDATION, "%s", complaint);
    dynamodb_place_init(&p);
    bool is_fine = dynamodb_check_expressions(c, request, DYNAMODB_PROJECTION) &&
                   dynamodb_read_expressions(c, request, DYNAMODB_PROJECTION, &e) &&
                   dynamodb_open_table(c, dynamodb_text(request, "TableName"), &t) &&
                   dynamodb_check_key(c, &t, key) && dynamodb_check_nesting(c, &t, e.projection);
    if (is_fine) {
        struct value_list response;
        value_list_init(&response);
        dynamodb_place_of(&p, &t.keys, key);
        asl_value *item = dynamodb_read_item(c, &t, &p);
        if (item)
            value_list_set_take(&response, "Item",
                                e.projection ? expression_project(e.projection->paths,
                                                                  e.projection->path_count, item)
                                             : value_retain(item));
        value_release(item);
        value_list_push_take(responses, value_object_take(&response));
    }
    dynamodb_place_free(&p);
    dynamodb_free_expressions(&e);
    dynamodb_close_table(&t);
    value_release(key);
    return is_fine;
}

bool dynamodb_transact_get(struct dynamodb_call *c)
{
    const asl_value *items = dynamodb_member(c->request, "TransactItems");
    struct value_list responses, answer;
    value_list_init(&responses);
    value_list_init(&answer);
    for (size_t i = 0; i < value_count(items); i++)
        if (!get_part(c, dynamodb_member(value_at(items, i), "Get"), &responses)) {
            value_list_free(&responses);
            return false;
        }
    value_list_set_take(&answer, "Responses", value_array_take(&responses));
    c->answer = value_object_take(&answer);
    return true;
}

/* BatchGetItem and BatchWriteItem: everything is checked before anything is done. Nothing is ever
 * left unprocessed but what does not fit an answer of 16 MB. */
#include "dynamodb.h"

#include <stdlib.h>
#include <string.h>

#define WRITES_MAXIMUM 25
#define READS_MAXIMUM  100
#define ANSWER_BYTES   (16 * 1024 * 1024)

static bool invalid(struct dynamodb_call *c, const char *what)
{
    return dynamodb_refuse(c, DYNAMODB_VALIDATION, "%s", what);
}

/* The places a call has named, to find one named twice. */
struct places {
    struct asl_buffer *items;
    size_t count;
};

static bool add_place(struct dynamodb_call *c, struct places *all, const struct dynamodb_table *t,
                      const struct dynamodb_place *p)
{
    struct asl_buffer one;
    asl_buffer_init(&one, 16384);
    asl_buffer_printf(&one, "%lld %zu ", (long long)t->id, p->hash.size);
    asl_buffer_put_text(&one, asl_buffer_text(&p->hash));
    asl_buffer_put_text(&one, asl_buffer_text(&p->range));
    for (size_t i = 0; i < all->count; i++)
        if (asl_text_equal(asl_buffer_text(&all->items[i]), asl_buffer_text(&one))) {
            asl_buffer_free(&one);
            return invalid(c, "Provided list of item keys contains duplicates");
        }
    all->items = asl_reallocate(all->items, (all->count + 1) * sizeof *all->items);
    all->items[all->count++] = one;
    return true;
}

static void free_places(struct places *all)
{
    for (size_t i = 0; i < all->count; i++)
        asl_buffer_free(&all->items[i]);
    free(all->items);
}

/* ConsumedCapacity of a batch is a list, one a table. */
static void add_capacity(struct dynamodb_call *c, struct value_list *all, struct asl_text table,
                         double units)
{
    struct value_list one;
    value_list_init(&one);
    dynamodb_add_capacity(c, &one, table, units);
    if (one.count) {
        asl_value *v = value_object_take(&one);
        value_list_push_take(all, value_retain(value_at(v, 0)));
        value_release(v);
    }
    value_list_free(&one);
}

static void put_capacities(struct value_list *answer, struct value_list *all)
{
    if (all->count)
        value_list_set_take(answer, "ConsumedCapacity", value_array_take(all));
    value_list_free(all);
}

/* ---- BatchGetItem ---- */

struct get {
    struct dynamodb_table table;
    struct dynamodb_expressions expressions;
    asl_value **keys;
    size_t count;
    const asl_value *request;
};

static bool accept_keys(struct dynamodb_call *c, struct get *g, size_t *total)
{
    char complaint[ATTRIBUTE_COMPLAINT];
    const asl_value *keys = value_get_z(g->request, "Keys");
    g->keys = asl_allocate_zeroed(value_count(keys), sizeof *g->keys);
    for (size_t i = 0; i < value_count(keys); i++) {
        asl_value *key = attribute_accept_map(value_at(keys, i), complaint);
        if (!key)
            return dynamodb_refuse(c, DYNAMODB_VALIDATION, "%s", complaint);
        g->keys[g->count++] = key;
        if (++*total > READS_MAXIMUM)
            return invalid(c, "Too many items requested for the BatchGetItem call");
    }
    return true;
}

static bool prepare_get(struct dynamodb_call *c, struct get *g, struct asl_text name, size_t *total,
                        struct places *places)
{
    bool is_fine = dynamodb_check_expressions(c, g->request, DYNAMODB_PROJECTION) &&
                   dynamodb_read_expressions(c, g->request, DYNAMODB_PROJECTION, &g->expressions) &&
                   accept_keys(c, g, total) && dynamodb_open_table(c, name, &g->table);
    struct dynamodb_place p;
    dynamodb_place_init(&p);
    for (size_t i = 0; is_fine && i < g->count; i++) {
        is_fine = dynamodb_check_key(c, &g->table, g->keys[i]);
        if (is_fine)
            dynamodb_place_of(&p, &g->table.keys, g->keys[i]);
        is_fine = is_fine && add_place(c, places, &g->table, &p);
    }
    dynamodb_place_free(&p);
    return is_fine && dynamodb_check_nesting(c, &g->table, g->expressions.projection);
}

/* The items found; what would make the answer too large is left in `unread`. */
static asl_value *get_all(struct dynamodb_call *c, struct get *g, size_t *bytes, double *units,
                          struct value_list *unread)
{
    struct value_list items;
    struct dynamodb_place p;
    const struct expression *projection = g->expressions.projection;
    value_list_init(&items);
    dynamodb_place_init(&p);
    for (size_t i = 0; i < g->count; i++) {
        dynamodb_place_of(&p, &g->table.keys, g->keys[i]);
        asl_value *item = dynamodb_read_item(c, &g->table, &p);
        size_t size = item ? attribute_item_size(item) : 0;
        *units += dynamodb_units(item, true, dynamodb_flag(g->request, "ConsistentRead"));
        if (*bytes + size > ANSWER_BYTES)
            value_list_push_take(unread, value_retain(g->keys[i]));
        else if (item)
            value_list_push_take(
                &items, projection
                            ? expression_project(projection->paths, projection->path_count, item)
                            : value_retain(item));
        *bytes += size;
        value_release(item);
    }
    dynamodb_place_free(&p);
    return value_array_take(&items);
}

static void answer_gets(struct dynamodb_call *c, struct get *gets, size_t count,
                        const asl_value *requests)
{
    struct value_list answer, responses, unprocessed, capacities;
    size_t bytes = 0;
    value_list_init(&answer);
    value_list_init(&responses);
    value_list_init(&unprocessed);
    value_list_init(&capacities);
    for (size_t i = 0; i < count; i++) {
        struct value_list unread;
        double units = 0;
        value_list_init(&unread);
        value_list_push_member_take(&responses, value_retain(value_key_at(requests, i)),
                                    get_all(c, &gets[i], &bytes, &units, &unread));
        add_capacity(c, &capacities, gets[i].table.name, units);
        if (unread.count)
            value_list_push_member_take(&unprocessed, value_retain(value_key_at(requests, i)),
                                        value_with_take(value_retain(gets[i].request),
                                                        value_string_z("Keys"),
                                                        value_array_take(&unread)));
        value_list_free(&unread);
    }
    value_list_set_take(&answer, "Responses", value_object_take(&responses));
    value_list_set_take(&answer, "UnprocessedKeys", value_object_take(&unprocessed));
    put_capacities(&answer, &capacities);
    c->answer = value_object_take(&answer);
}

bool dynamodb_batch_get(struct dynamodb_call *c)
{
    const asl_value *requests = dynamodb_member(c->request, "RequestItems");
    size_t count = value_count(requests), total = 0;
    struct get *gets = asl_allocate_zeroed(count, sizeof *gets);
    struct places places = {0};
    bool is_fine = true;
    for (size_t i = 0; i < count && is_fine; i++) {
        gets[i].request = value_at(requests, i);
        is_fine =
            prepare_get(c, &gets[i], value_as_text(value_key_at(requests, i)), &total, &places);
    }
    if (is_fine)
        answer_gets(c, gets, count, requests);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < gets[i].count; k++)
            value_release(gets[i].keys[k]);
        free(gets[i].keys);
        dynamodb_free_expressions(&gets[i].expressions);
        dynamodb_close_table(&gets[i].table);
    }
    free(gets);
    free_places(&places);
    return is_fine;
}

/* ---- BatchWriteItem ---- */

struct batch_write {
    size_t table; /* among the request's */
    struct dynamodb_place place;
    asl_value *given;
    bool is_put;
};

struct batch {
    struct dynamodb_call *c;
    const asl_value *requests;
    struct dynamodb_table *tables;
    struct batch_write writes[WRITES_MAXIMUM];
    size_t count;
};

/* Takes one request's item or key in. */
static bool accept_write(struct batch *b, const asl_value *request, size_t table)
{
    char complaint[ATTRIBUTE_COMPLAINT];
    struct dynamodb_call *c = b->c;
    const asl_value *put = dynamodb_member(request, "PutRequest");
    const asl_value *delete = dynamodb_member(request, "DeleteRequest");
    if (!put == !delete)
        return invalid(
            c, "Supplied AttributeValue has more than one datatypes set, must contain exactly "
               "one of the supported datatypes");
    if (b->count == WRITES_MAXIMUM)
        return invalid(c, "Too many items requested for the BatchWriteItem call");
    struct batch_write *w = &b->writes[b->count];
    w->table = table;
    w->is_put = put != NULL;
    w->given = attribute_accept_map(
        put ? dynamodb_member(put, "Item") : dynamodb_member(delete, "Key"), complaint);
    if (!w->given)
        return dynamodb_refuse(c, DYNAMODB_VALIDATION, "%s", complaint);
    dynamodb_place_init(&w->place);
    b->count++;
    return attribute_item_size(w->given) <= ATTRIBUTE_ITEM_BYTES ||
           invalid(c, "Item size has exceeded the maximum allowed size");
}

static bool accept_writes(struct batch *b)
{
    for (size_t t = 0; t < value_count(b->requests); t++) {
        const asl_value *list = value_at(b->requests, t);
        if (value_count(list) == 0)
            return invalid(
                b->c, "1 validation error detected: Value '{}' at 'requestItems' failed to "
                      "satisfy constraint: Map value must satisfy constraint: [Member must have "
                      "length less than or equal to 25, Member must have length greater than or "
                      "equal to 1]");
        for (size_t i = 0; i < value_count(list); i++)
            if (!accept_write(b, value_at(list, i), t))
                return false;
    }
    return true;
}

/* A batch says less about a wrong key than a single put does. */
static bool check_write(struct batch *b, struct batch_write *w, struct places *places)
{
    struct dynamodb_table *t = &b->tables[w->table];
    for (size_t i = 0; i < t->keys.count; i++) {
        const asl_value *v = value_get(w->given, t->keys.attributes[i].name);
        if (!v || attribute_type(v) != t->keys.attributes[i].type)
            return invalid(b->c, "The provided key element does not match the schema");
    }
    if (w->is_put ? !dynamodb_check_item(b->c, t, w->given)
                  : !dynamodb_check_key(b->c, t, w->given))
        return false;
    dynamodb_place_of(&w->place, &t->keys, w->given);
    return add_place(b->c, places, t, &w->place);
}

static void store_writes(struct batch *b)
{
    struct value_list answer, capacities;
    value_list_init(&answer);
    value_list_init(&capacities);
    for (size_t t = 0; t < value_count(b->requests); t++) {
        double units = 0;
        for (size_t i = 0; i < b->count; i++) {
            struct batch_write *w = &b->writes[i];
            if (w->table != t)
                continue;
            asl_value *old = dynamodb_read_item(b->c, &b->tables[t], &w->place);
            const asl_value *now = w->is_put ? w->given : NULL;
            dynamodb_write_item(b->c, &b->tables[t], &w->place, old, now);
            double before = dynamodb_units(old, false, true),
                   after = dynamodb_units(now, false, true);
            units += before > after ? before : after;
            value_release(old);
        }
        add_capacity(b->c, &capacities, b->tables[t].name, units);
    }
    value_list_set_take(&answer, "UnprocessedItems", value_empty_object());
    put_capacities(&answer, &capacities);
    b->c->answer = value_object_take(&answer);
}

bool dynamodb_batch_write(struct dynamodb_call *c)
{
    struct batch *b = asl_allocate_zeroed(1, sizeof *b);
    struct places places = {0};
    b->c = c;
    b->requests = dynamodb_member(c->request, "RequestItems");
    size_t tables = value_count(b->requests);
    b->tables = asl_allocate_zeroed(tables, sizeof *b->tables);
    bool is_fine = accept_writes(b);
    for (size_t t = 0; t < tables && is_fine; t++)
        is_fine =
            dynamodb_open_table(c, value_as_text(value_key_at(b->requests, t)), &b->tables[t]);
    for (size_t i = 0; i < b->count && is_fine; i++)
        is_fine = check_write(b, &b->writes[i], &places);
    if (is_fine)
        store_writes(b);
    for (size_t i = 0; i < b->count; i++) {
        value_release(b->writes[i].given);
        dynamodb_place_free(&b->writes[i].place);
    }
    for (size_t t = 0; t < tables; t++)
        dynamodb_close_table(&b->tables[t]);
    free(b->tables);
    free(b);
    free_places(&places);
    return is_fine;
}

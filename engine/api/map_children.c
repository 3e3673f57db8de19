/* The executions of a distributed Map's children, as they are shown. Serves: facts 1.2, 1.4.
 *
 * They run inside of the Map's execution, and their events are kept beside its own (engine.h, map
 * runs); a child is what its events say: begun with ExecutionStarted, ended with the last of
 * Execution{Succeeded,Failed,Aborted}, unless ExecutionRedriven came behind it. Of EXPRESS children
 * those are kept, and not what happened between: they are listed and described, and have no
 * history.
 *
 * A child's name is a UUID that holds execution, run and index, masked and checked by a hash of the
 * machine's ARN with the label, so that nothing has to be kept to find it.
 */
#include "engine/api/map_runs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/aws/sigv4.h"

/* ---- names ---- */

#define UUID_BYTES 37

/* Of a text's hash: 32, 16, 12, 32 and 16 bits. */
static void hash_parts(const char *text, unsigned parts[5])
{
    char hex[65];
    static const struct {
        int at, size;
    } cut[] = {{0, 8}, {8, 4}, {12, 3}, {16, 8}, {24, 4}};
    sigv4_hash(asl_text(text), hex);
    for (size_t i = 0; i < 5; i++) {
        char part[9];
        snprintf(part, sizeof part, "%.*s", cut[i].size, hex + cut[i].at);
        parts[i] = (unsigned)strtoul(part, NULL, 16);
    }
}

static void family_of(const struct arn *arn, char out[API_ARN_BYTES])
{
    char name[2 * API_NAME_BYTES];
    snprintf(name, sizeof name, "%s/%s", arn->name, arn->label);
    api_make_arn(&arn->scope, "stateMachine", name, NULL, out);
}

static void make_name(const char *family, int64_t execution, int64_t started, int64_t index,
                      char out[UUID_BYTES])
{
    unsigned mask[5], check[5];
    char text[API_ARN_BYTES + 80];
    hash_parts(family, mask);
    snprintf(text, sizeof text, "%s|%" PRId64 "|%" PRId64 "|%" PRId64, family, execution, started,
             index);
    hash_parts(text, check);
    snprintf(out, UUID_BYTES, "%08x-%04x-8%03x-%04x-%08x%04x", mask[0] ^ (unsigned)execution,
             mask[1] ^ (unsigned)(started & 0xFFFF), mask[2] ^ (unsigned)(execution >> 32 & 0xFFF),
             0x8000u | (check[1] & 0x3FFF), mask[3] ^ (unsigned)index, check[4]);
}

bool map_child_of(struct asl_text text, struct map_child *child)
{
    unsigned mask[5], low, middle, high, variant, index, check;
    char family[API_ARN_BYTES], name[UUID_BYTES];
    if (!arn_read(text, &child->arn) || !child->arn.label[0] ||
        (child->arn.kind != ARN_EXECUTION && child->arn.kind != ARN_EXPRESS) ||
        strlen(child->arn.qualifier) != UUID_BYTES - 1 ||
        sscanf(child->arn.qualifier, "%8x-%4x-8%3x-%4x-%8x%4x", &low, &middle, &high, &variant,
               &index, &check) != 6)
        return false;
    family_of(&child->arn, family);
    hash_parts(family, mask);
    child->execution = (int64_t)(low ^ mask[0]) | (int64_t)(high ^ mask[2]) << 32;
    child->started = middle ^ mask[1];
    child->index = index ^ mask[3];
    make_name(family, child->execution, child->started, child->index, name);
    return strcmp(name, child->arn.qualifier) == 0;
}

/* ---- events ---- */

struct scan {
    char prefix[24]; /* of the keys */
    bool include_data;
    bool (*see)(void *state, const struct asl_child_event *which, const asl_value *event);
    void *state;
};

static bool scan_chunk(void *state, const char *key, struct store_bytes value)
{
    struct scan *s = state;
    char message[160];
    return strncmp(key, s->prefix, strlen(s->prefix)) == 0 &&
           asl_children_read(value.data, value.size, s->include_data, s->see, s->state, message);
}

static void scan_events(struct api *a, int64_t execution, struct scan *s)
{
    snprintf(s->prefix, sizeof s->prefix, "%019" PRId64 ":", execution);
    store_each_document(engine_store(a->engine), ENGINE_MAP_CHILDREN, s->prefix, SIZE_MAX,
                        scan_chunk, s);
}

struct renumbering {
    const struct map_child *child;
    int64_t *numbers; /* of its events so far */
    size_t count, capacity;
    bool is_stopped;
    bool (*see)(void *state, int64_t id, const asl_value *event);
    void *state;
};

static bool renumber(void *state, const struct asl_child_event *which, const asl_value *event)
{
    struct renumbering *n = state;
    if (n->is_stopped || which->run != n->child->started || which->index != n->child->index)
        return true;
    int64_t previous = (int64_t)n->count;
    while (previous > 0 && n->numbers[previous - 1] != which->previous)
        previous--;
    if (n->count == n->capacity) {
        n->capacity = n->capacity ? n->capacity * 2 : 16;
        n->numbers = asl_reallocate(n->numbers, n->capacity * sizeof *n->numbers);
    }
    n->numbers[n->count++] = which->number;
    asl_value *own = value_retain(event);
    own = api_with_take(own, "id", value_integer((int64_t)n->count));
    own = api_with_take(own, "previousEventId", value_integer(previous));
    n->is_stopped = !n->see(n->state, (int64_t)n->count, own);
    value_release(own);
    return true;
}

static bool is_express(const struct map_run *run)
{
    const asl_value *v = api_get(run->beginning, "isExpress");
    return v && value_is_true(v);
}

/* Its run may be another's that left the same place, or of another type than the ARN says. */
static bool is_of_its_run(struct api *a, const struct map_child *child)
{
    struct map_run run;
    if (!map_run_read(a, child->execution, child->started, &run))
        return false;
    bool fits = is_express(&run) == (child->arn.kind == ARN_EXPRESS);
    map_run_free(&run);
    return fits;
}

bool map_child_events(struct api *a, const struct map_child *child, bool include_data,
                      bool (*see)(void *state, int64_t id, const asl_value *event), void *state)
{
    struct renumbering n = {.child = child, .see = see, .state = state};
    struct scan s = {.include_data = include_data, .see = renumber, .state = &n};
    if (!is_of_its_run(a, child))
        return false;
    scan_events(a, child->execution, &s);
    free(n.numbers);
    return n.count > 0;
}

/* ---- what the events say ---- */

struct child_now {
    enum asl_status status;
    const asl_value *started, *stopped, *redriven; /* timestamps; held */
    asl_value *input, *output, *error, *cause;
    int64_t redrives;
};

static void hold(const asl_value **to, const asl_value *v)
{
    value_release((asl_value *)*to);
    *to = v ? value_retain(v) : NULL;
}

static void child_now_free(struct child_now *c)
{
    hold(&c->started, NULL);
    hold(&c->stopped, NULL);
    hold(&c->redriven, NULL);
    value_release(c->input);
    value_release(c->output);
    value_release(c->error);
    value_release(c->cause);
}

/* One that ended before its run was redriven, in a run that goes on, waits for its turn. */
static void await_redrive(struct child_now *c, const struct map_run *run)
{
    bool unsuccessful = c->status == ASL_FAILED || c->status == ASL_ABORTED;
    int64_t redriven = api_document_integer(run->redriven, "redriveDate");
    if (unsuccessful && run->is_live && !run->is_over && c->stopped &&
        value_as_double(c->stopped) * 1000 < (double)redriven)
        c->status = ASL_PENDING_REDRIVE;
}

static const struct {
    const char *type, *details;
    enum asl_status status;
} turning[] = {
    {"ExecutionStarted", "executionStartedEventDetails", ASL_RUNNING},
    {"ExecutionSucceeded", "executionSucceededEventDetails", ASL_SUCCEEDED},
    {"ExecutionFailed", "executionFailedEventDetails", ASL_FAILED},
    {"ExecutionAborted", "executionAbortedEventDetails", ASL_ABORTED},
    {"ExecutionRedriven", "executionRedrivenEventDetails", ASL_RUNNING},
};

static void take_detail(asl_value **to, const asl_value *details, const char *member)
{
    const asl_value *v = api_get(details, member);
    if (!v)
        return;
    value_release(*to);
    *to = value_retain(v);
}

static void turn(struct child_now *c, const asl_value *event)
{
    struct asl_text type = value_as_text(api_get(event, "type"));
    const asl_value *at = api_get(event, "timestamp");
    for (size_t i = 0; i < sizeof turning / sizeof *turning; i++) {
        if (!asl_text_is(type, turning[i].type))
            continue;
        const asl_value *details = api_get(event, turning[i].details);
        bool is_redriven = i + 1 == sizeof turning / sizeof *turning;
        if (c->started && i == 0) { /* an EXPRESS one begins anew */
            child_now_free(c);
            *c = (struct child_now){.status = ASL_RUNNING};
        }
        c->status = turning[i].status;
        c->redrives += is_redriven;
        hold(i == 0 ? &c->started : is_redriven ? &c->redriven : &c->stopped, at);
        if (is_redriven)
            hold(&c->stopped, NULL);
        take_detail(&c->input, details, "input");
        take_detail(&c->output, details, "output");
        take_detail(&c->error, details, "error");
        take_detail(&c->cause, details, "cause");
    }
}

static bool see_turn(void *state, int64_t id, const asl_value *event)
{
    (void)id;
    turn(state, event);
    return true;
}

/* ---- showing ---- */

static void set_child(struct value_list *l, const struct arn *family, const char *name,
                      const struct map_run *run, const struct child_now *c)
{
    char arn[API_ARN_BYTES], both[2 * API_NAME_BYTES];
    snprintf(both, sizeof both, "%s/%s", family->name, family->label);
    api_make_arn(&family->scope, is_express(run) ? "express" : "execution", both, name, arn);
    value_list_set_take(l, "executionArn", value_string_z(arn));
    family_of(family, arn);
    value_list_set_take(l, "stateMachineArn", value_string_z(arn));
    value_list_set_take(l, "name", value_string_z(name));
    value_list_set_take(l, "status", value_string_z(asl_status_name(c->status)));
    value_list_set_take(l, "startDate", value_retain(c->started));
    if (c->stopped)
        value_list_set_take(l, "stopDate", value_retain(c->stopped));
    api_copy_member(l, run->beginning, "mapRunArn");
    value_list_set_take(l, "redriveCount", value_integer(c->redrives));
    if (c->redriven)
        value_list_set_take(l, "redriveDate", value_retain(c->redriven));
}

static void set_data(struct value_list *l, const char *name, const asl_value *v, bool is_hidden)
{
    char details[24];
    if (!v)
        return;
    snprintf(details, sizeof details, "%sDetails", name);
    if (!is_hidden)
        value_list_set_take(l, name, value_retain(v));
    value_list_set_take(l, details,
                        value_literal(is_hidden ? "{\"included\":false}" : "{\"included\":true}"));
}

static void set_redrive(struct value_list *l, enum asl_status status, const struct map_run *run)
{
    char reason[128];
    bool is_final = describe_status_reason(status, reason), can = !is_final && !run->why_not[0];
    if (!is_final)
        memcpy(reason, run->why_not, sizeof reason);
    value_list_set_take(l, "redriveStatus",
                        value_string_z(can ? "REDRIVABLE_BY_MAP_RUN" : "NOT_REDRIVABLE"));
    if (can)
        return;
    value_list_set_take(l, "redriveStatusReason", value_string_z(reason));
}

void map_child_describe(struct api_call *call, const struct map_child *child)
{
    struct child_now c = {.status = ASL_RUNNING};
    struct map_run run;
    bool is_hidden = asl_text_is(api_text(call, "includedData"), "METADATA_ONLY");
    if (!map_child_events(call->api, child, true, see_turn, &c) ||
        !map_run_read(call->api, child->execution, child->started, &run)) {
        child_now_free(&c);
        api_fail(call, "ExecutionDoesNotExist", "Execution Does Not Exist: '%.*s'",
                 ASL_TEXT_ARGS(api_text(call, "executionArn")));
        return;
    }
    await_redrive(&c, &run);
    struct value_list l;
    value_list_init(&l);
    set_child(&l, &child->arn, child->arn.qualifier, &run, &c);
    set_data(&l, "input", c.input, is_hidden);
    set_data(&l, "output", c.output, is_hidden);
    set_redrive(&l, c.status, &run);
    if (c.error && c.status == ASL_FAILED)
        value_list_set_take(&l, "error", value_retain(c.error));
    if (c.cause && c.status == ASL_FAILED)
        value_list_set_take(&l, "cause", value_retain(c.cause));
    map_run_free(&run);
    child_now_free(&c);
    api_answer_take(call, value_object_take(&l));
}

void map_child_add_machine(struct api *a, const struct map_child *child, struct value_list *l)
{
    struct map_run run;
    char family[API_ARN_BYTES];
    if (!map_run_read(a, child->execution, child->started, &run))
        return;
    family_of(&child->arn, family);
    value_list_set_take(l, "stateMachineArn", value_string_z(family));
    api_copy_member(l, run.beginning, "mapRunArn");
    value_list_set_take(l, "label", value_string_z(child->arn.label));
    map_run_free(&run);
}

/* ---- ListExecutions ---- */

struct children {
    int64_t started;
    struct child_now *items; /* by index; `started` NULL: not begun */
    size_t count;
};

static bool see_child(void *state, const struct asl_child_event *which, const asl_value *event)
{
    struct children *all = state;
    if (which->run == all->started && which->index >= 0 && (size_t)which->index < all->count)
        turn(&all->items[which->index], event);
    return true;
}

static bool is_wanted(const struct api_call *call, const struct child_now *c)
{
    struct asl_text status = api_text(call, "statusFilter"),
                    redrive = api_text(call, "redriveFilter");
    return c->started && (!status.data || asl_text_is(status, asl_status_name(c->status))) &&
           (!redrive.data || asl_text_is(redrive, "REDRIVEN") == (c->redrives > 0));
}

/* Newest first. */
static void show_page(struct api_call *call, const struct map_run *run, const struct children *all,
                      size_t from)
{
    struct arn arn;
    struct value_list items, item, l;
    char family[API_ARN_BYTES], name[UUID_BYTES], place[24];
    const asl_value *run_arn = api_get(run->beginning, "mapRunArn");
    size_t size = page_size(call), i = from;
    arn_read(value_as_text(run_arn), &arn);
    family_of(&arn, family);
    value_list_init(&items);
    value_list_init(&l);
    for (; i > 0; i--) {
        struct child_now *c = &all->items[i - 1];
        await_redrive(c, run);
        if (!is_wanted(call, c))
            continue;
        if (items.count == size)
            break;
        make_name(family, run->execution, run->started, (int64_t)i - 1, name);
        value_list_init(&item);
        set_child(&item, &arn, name, run, c);
        value_list_set_take(&item, "itemCount", value_integer(1));
        value_list_push_take(&items, value_object_take(&item));
    }
    value_list_set_take(&l, "executions", value_array_take(&items));
    if (i > 0) {
        snprintf(place, sizeof place, "%zu", i);
        page_set_next(call, &l, place);
    }
    api_answer_take(call, value_object_take(&l));
}

void map_children_list(struct api_call *call)
{
    struct map_run run;
    char after[API_ARN_BYTES];
    if (!map_run_find(call, &run))
        return;
    if (!page_begin(call, after)) {
        map_run_free(&run);
        return;
    }
    struct children all = {.started = run.started,
                           .count = (size_t)api_document_integer(run.beginning, "total")};
    all.items = asl_allocate_zeroed(all.count + 1, sizeof *all.items);
    struct scan s = {.see = see_child, .state = &all};
    scan_events(call->api, run.execution, &s);
    size_t from = after[0] ? (size_t)strtoull(after, NULL, 10) : all.count;
    show_page(call, &run, &all, from < all.count ? from : all.count);
    for (size_t i = 0; i < all.count; i++)
        child_now_free(&all.items[i]);
    free(all.items);
    map_run_free(&run);
}

/* State machines as they are shown: described, for an execution, listed. Serves: facts 1.2, 1.6. */
#include "engine/api/machines.h"
#include "engine/api/map_runs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const configurations[] = {MACHINE_CONFIGURATIONS};
#define CONFIGURATIONS (sizeof configurations / sizeof *configurations)

/* ---- revisions ---- */

/* What a row's newest revision was, for executions that began with it. */
#define REVISIONS "revision"

static void revision_key(int64_t row, char key[24])
{
    snprintf(key, 24, "%019" PRId64, row);
}

void machine_keep_revision(struct api *a, const asl_value *machine)
{
    char key[24];
    struct asl_buffer scratch;
    asl_buffer_init(&scratch, 1 << 20);
    revision_key(api_document_integer(machine, "row"), key);
    struct asl_text text = value_compact(machine, &scratch);
    engine_put_document(a->engine, REVISIONS, key, (struct store_bytes){text.data, text.size});
    asl_buffer_free(&scratch);
}

/* ---- describing ---- */

/* What DescribeStateMachine and DescribeStateMachineForExecution have in common. */
static void add_revision(struct value_list *l, struct api *a, const char *name,
                         const asl_value *revision, int64_t row, struct asl_text definition)
{
    value_list_set_take(l, "name", value_string_z(name));
    value_list_set_take(l, "definition", value_string(definition));
    api_copy_member(l, revision, "roleArn");
    for (size_t i = 0; i < CONFIGURATIONS; i++)
        api_copy_member(l, revision, configurations[i]);
    api_copy_member(l, revision, "revisionId");
    asl_machine *compiled = engine_machine(a->engine, row);
    asl_value *references = compiled ? asl_machine_variable_references(compiled) : NULL;
    if (references && api_count(references))
        value_list_set_take(l, "variableReferences", value_retain(references));
    value_release(references);
}

/* "If called with includedData = METADATA_ONLY, the returned definition will be {}." */
static struct asl_text shown_definition(const struct api_call *call, const struct asl_buffer *text)
{
    bool hidden = asl_text_is(api_text(call, "includedData"), "METADATA_ONLY");
    return hidden ? ASL_TEXT("{}") : asl_buffer_text(text);
}

void api_DescribeStateMachine(struct api_call *call)
{
    struct target t;
    struct definition d;
    if (!api_target(call, "stateMachineArn", &t) ||
        !machine_need_definition(call, target_row(&t), &d))
        return;
    const asl_value *revision = target_revision(&t);
    struct value_list l;
    value_list_init(&l);
    api_copy_member(&l, call->in, "stateMachineArn");
    value_list_set_take(&l, "status",
                        value_string_z(machine_is_deleting(t.machine) ? "DELETING" : "ACTIVE"));
    api_copy_member(&l, revision, "type");
    api_copy_time(&l, revision, "creationDate");
    api_copy_member(&l, revision, "description");
    add_revision(&l, call->api, t.arn.name, revision, target_row(&t),
                 shown_definition(call, &d.text));
    api_answer_take(call, value_object_take(&l));
    asl_buffer_free(&d.text);
}

struct for_execution {
    int64_t row;
    char *version_arn; /* or NULL */
};

static void see_version(void *state, const asl_execution *x)
{
    struct asl_text version = asl_execution_version_arn(x);
    ((struct for_execution *)state)->version_arn = version.size ? asl_copy_text(version) : NULL;
}

static bool see_row_of(void *state, const struct store_execution *row)
{
    ((struct for_execution *)state)->row = row->machine;
    return false;
}

struct row {
    char name[API_NAME_BYTES];
    char *arn, *role;
    int64_t created;
    struct asl_buffer definition;
};

static bool see_machine(void *state, const struct store_machine *row)
{
    struct row *r = state;
    snprintf(r->name, sizeof r->name, "%s", row->name);
    r->arn = asl_copy_text(asl_text(row->arn));
    r->role = asl_copy_text(asl_text(row->role_arn));
    r->created = row->created;
    asl_buffer_put(&r->definition, row->definition.data, row->definition.size);
    return false;
}

static bool take_document(void *state, const char *key, struct store_bytes value)
{
    (void)key;
    *(asl_value **)state = value_parse((struct asl_text){value.data, value.size}, 0, 0, NULL);
    return false;
}

/* The document of the revision that an execution began with: its version's, the machine's if it is
 * still that, what was kept of it; else (the command line made it) its row's words and the
 * defaults. Yours. */
static asl_value *revision_of(struct api *a, const struct for_execution *f, const struct row *r)
{
    struct target t;
    char key[24];
    asl_value *kept = NULL;
    const asl_value *machine = shelf_get(&a->machines, r->arn);
    if (f->version_arn && target_find(a, asl_text(f->version_arn), &t))
        return value_retain(t.version);
    if (machine && api_document_integer(machine, "row") == f->row)
        return value_retain(machine);
    revision_key(f->row, key);
    store_get_document(engine_store(a->engine), REVISIONS, key, take_document, &kept);
    if (kept)
        return kept;
    kept = api_with_take(value_empty_object(), "roleArn", value_string_z(r->role));
    for (size_t i = 0; i < CONFIGURATIONS; i++)
        kept = api_with_take(kept, configurations[i], machine_default_of(configurations[i]));
    return api_with_take(kept, "updateDate", value_integer(r->created));
}

void api_DescribeStateMachineForExecution(struct api_call *call)
{
    struct api *a = call->api;
    struct for_execution f = {.row = 0};
    struct row r = {.created = 0};
    struct map_child child;
    bool is_child = map_child_of(api_text(call, "executionArn"), &child) &&
                    child.arn.kind == ARN_EXECUTION && api_is_here(call, &child.arn);
    int64_t execution = is_child ? child.execution : api_execution(call, "executionArn");
    if (!execution)
        return;
    asl_buffer_init(&r.definition, ASL_BUFFER_MAXIMUM);
    engine_look(a->engine, execution, see_version, &f);
    store_get_execution(engine_store(a->engine), execution, see_row_of, &f);
    if (store_get_machine(engine_store(a->engine), f.row, see_machine, &r) == STORE_OK && r.arn) {
        asl_value *revision = revision_of(a, &f, &r);
        struct value_list l;
        value_list_init(&l);
        if (is_child)
            map_child_add_machine(a, &child, &l);
        else
            value_list_set_take(&l, "stateMachineArn", value_string_z(r.arn));
        add_revision(&l, a, r.name, revision, f.row, shown_definition(call, &r.definition));
        api_copy_time(&l, revision, "updateDate");
        api_answer_take(call, value_object_take(&l));
        value_release(revision);
    } else {
        api_fail(call, "ExecutionDoesNotExist",
                 "The definition of this execution is missing from the store");
    }
    asl_buffer_free(&r.definition);
    free(f.version_arn);
    free(r.arn);
    free(r.role);
}

/* ---- ListStateMachines ---- */

static asl_value *list_item(const char *arn, const asl_value *machine)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "stateMachineArn", value_string_z(arn));
    value_list_set_take(&l, "name", value_string_z(arn_name(arn)));
    api_copy_member(&l, machine, "type");
    api_copy_time(&l, machine, "creationDate");
    return value_object_take(&l);
}

void api_ListStateMachines(struct api_call *call)
{
    struct scope_walk w;
    char after[API_ARN_BYTES];
    struct value_list items, l;
    if (!page_begin(call, after))
        return;
    value_list_init(&items);
    value_list_init(&l);
    scope_walk_begin(&w, &call->api->machines, &call->scope, "stateMachine", after);
    size_t size = page_size(call);
    const char *last = NULL;
    bool more = false;
    for (const struct shelf_item *it; !more && (it = scope_walk_next(&w)) != NULL;) {
        if (machine_is_deleted(it->document))
            continue;
        more = items.count == size;
        if (!more) {
            last = it->key;
            value_list_push_take(&items, list_item(last, it->document));
        }
    }
    value_list_set_take(&l, "stateMachines", value_array_take(&items));
    if (more)
        page_set_next(call, &l, last);
    api_answer_take(call, value_object_take(&l));
}

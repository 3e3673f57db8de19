/* The door of this room: text to machine, and the machine's life. */
#include "compile.h"

#include <stdlib.h>

#include "complaint.h"
#include "fields.h"

/* CreateStateMachine's limit (facts 1.3). */
#define DEFINITION_MAXIMUM 1048576

/* What AWS's TestState calls a state that is given without a name. */
#define STATE_ALONE "StateName"

/* Exactly "JSONPath" or absent; see state.c. */
static enum query_language language_of(const asl_value *root)
{
    const asl_value *v = value_get_z(root, "QueryLanguage");
    bool jsonpath =
        v == NULL || (value_kind(v) == VALUE_STRING && asl_text_is(value_as_text(v), "JSONPath"));
    return jsonpath ? LANGUAGE_JSONPATH : LANGUAGE_JSONATA;
}

static void compile_machine(struct compiler *c, const asl_value *root)
{
    struct asl_machine *m = c->machine;
    struct place place = {0};
    m->language = c->language = language_of(root);
    fields_check(c, root, &place, &shape_machine, 0);
    const asl_value *timeout = value_get_z(root, "TimeoutSeconds");
    if (timeout != NULL) {
        value_as_integer(timeout, &m->timeout_seconds);
    }
    const asl_value *comment = value_get_z(root, "Comment");
    if (comment != NULL && value_kind(comment) == VALUE_STRING) {
        m->comment = asl_copy_text(value_as_text(comment));
    }
    states_compile(c, root, &place, NULL, &m->root);
    graph_check(c, root);
    variables_check(c, root);
    m->variable_references = references_finish(c);
}

static bool mark_stands(struct asl_text t, size_t at)
{
    return at + 1 < t.size && t.data[at] == '$' && t.data[at + 1] == '{';
}

/* A text that is no JSON: Jackson's words and place; line, column and advice are ours. */
static void report_text(struct compiler *c, const struct value_error *error)
{
    struct asl_buffer message, place;
    asl_buffer_init(&message, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&place, ASL_BUFFER_MAXIMUM);
    if (complaint_of(c->text, &message, &place)) {
        report(c, CODE_JSON, NULL, "%s\n at %s", message.data, place.data);
        c->diagnostics->items[c->last].location = asl_buffer_take(&place, NULL);
    } else {
        report(c, CODE_JSON, NULL, "%s", error->message);
    }
    struct asl_diagnostic *d = &c->diagnostics->items[c->last];
    d->line = error->line;
    d->column = error->column;
    bool awaits = mark_stands(c->text, error->offset);
    d->hint =
        asl_copy_text(awaits ? ASL_TEXT("a ${Name} that stands outside of quotes has no value "
                                        "yet; give it one with --var Name=VALUE")
                             : asl_text(error->message));
    asl_buffer_free(&message);
    asl_buffer_free(&place);
}

static asl_value *parse(struct compiler *c)
{
    struct value_error error;
    if (c->text.size > DEFINITION_MAXIMUM) {
        report(c, CODE_SCHEMA, NULL, "The definition has %zu bytes; a definition has at most %d",
               c->text.size, DEFINITION_MAXIMUM);
        return NULL;
    }
    asl_value *root = value_parse(c->text, 0, DEFINITION_MAXIMUM, &error);
    if (root == NULL && error.problem != VALUE_EMPTY_TEXT) {
        report_text(c, &error);
        return NULL;
    }
    if (root == NULL || value_kind(root) != VALUE_OBJECT) {
        report(c, CODE_SCHEMA, NULL, "Definition must be a valid JSON object");
        value_release(root);
        return NULL;
    }
    return root;
}

static asl_machine *compile_root(struct compiler *c, const asl_value *root)
{
    c->machine = asl_allocate_zeroed(1, sizeof *c->machine);
    c->machine->references = 1;
    c->machine->express = c->express;
    compile_machine(c, root);
    name_set_free(&c->state_names);
    name_set_free(&c->labels);
    if (c->errors > 0) {
        asl_machine_release(c->machine);
        return NULL;
    }
    return c->machine;
}

asl_machine *asl_machine_compile_with(struct asl_text definition, bool express,
                                      const struct asl_catalogue *catalogue,
                                      struct asl_diagnostics *diagnostics)
{
    struct compiler c = {.text = definition,
                         .express = express,
                         .catalogue = catalogue,
                         .diagnostics = diagnostics,
                         .last = SIZE_MAX};
    asl_value *root = parse(&c);
    if (root == NULL) {
        return NULL;
    }
    asl_machine *m = compile_root(&c, root);
    value_release(root);
    return m;
}

asl_machine *asl_template_compile(struct asl_text definition, bool express,
                                  const struct asl_catalogue *catalogue,
                                  struct asl_diagnostics *diagnostics, asl_value **out)
{
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    substitution_quote(definition, &text);
    struct compiler c = {.text = asl_buffer_text(&text),
                         .express = express,
                         .is_template = true,
                         .catalogue = catalogue,
                         .diagnostics = diagnostics,
                         .last = SIZE_MAX};
    asl_value *root = parse(&c);
    asl_machine *m = root == NULL ? NULL : compile_root(&c, root);
    if (m != NULL && out != NULL) {
        *out = value_retain(root);
    }
    value_release(root);
    asl_buffer_free(&text);
    return m;
}

bool asl_template_check(struct asl_text definition, bool express,
                        const struct asl_catalogue *catalogue, struct asl_diagnostics *diagnostics)
{
    asl_machine *m = asl_template_compile(definition, express, catalogue, diagnostics, NULL);
    bool sound = m != NULL;
    asl_machine_release(m);
    return sound;
}

asl_machine *asl_machine_compile(struct asl_text definition, bool express,
                                 struct asl_diagnostics *diagnostics)
{
    return asl_machine_compile_with(definition, express, NULL, diagnostics);
}

/* ---- one state alone ---- */

/* A state that `name` may go to: it ends there. */
static void add_stub(struct value_list *states, const asl_value *name)
{
    if (name == NULL || value_kind(name) != VALUE_STRING ||
        asl_text_is(value_as_text(name), STATE_ALONE)) {
        return;
    }
    struct value_list stub;
    value_list_init(&stub);
    value_list_set_take(&stub, "Type", value_string_z("Succeed"));
    value_list_push_member_take(states, value_retain(name), value_object_take(&stub));
}

static void add_stubs(struct value_list *states, const asl_value *state)
{
    static const char *const lists[] = {"Choices", "Catch"};
    add_stub(states, value_get_z(state, "Next"));
    add_stub(states, value_get_z(state, "Default"));
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const asl_value *list = value_get_z(state, lists[i]);
        for (size_t j = 0; list != NULL && value_kind(list) == VALUE_ARRAY && j < value_count(list);
             j++) {
            add_stub(states, value_get_z(value_at(list, j), "Next"));
        }
    }
}

static asl_value *wrap(asl_value *state_take)
{
    struct value_list states, machine;
    value_list_init(&states);
    value_list_init(&machine);
    value_list_set_take(&states, STATE_ALONE, value_retain(state_take));
    add_stubs(&states, state_take);
    value_list_set_take(&machine, "StartAt", value_string_z(STATE_ALONE));
    value_list_set_take(&machine, "States", value_object_take(&states));
    value_release(state_take);
    return value_object_take(&machine);
}

asl_machine *asl_machine_compile_state(struct asl_text state, struct asl_diagnostics *diagnostics)
{
    struct compiler c = {.text = state, .wrapped = 2, .diagnostics = diagnostics, .last = SIZE_MAX};
    asl_value *v = parse(&c);
    if (v == NULL) {
        return NULL;
    }
    asl_value *root = wrap(v);
    asl_machine *m = compile_root(&c, root);
    value_release(root);
    return m;
}

asl_machine *asl_machine_retain(asl_machine *m)
{
    m->references++;
    return m;
}

void asl_machine_release(asl_machine *m)
{
    if (m == NULL || --m->references > 0) {
        return;
    }
    states_free(&m->root);
    value_release(m->variable_references);
    for (size_t i = 0; i < MACHINE_TOLD; i++)
        value_release(m->told[i]);
    free(m->by_id);
    free(m->comment);
    free(m);
}

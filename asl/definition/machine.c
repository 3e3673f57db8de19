/* The door of this room: text to machine, and the machine's life. */
#include "compile.h"

#include <stdlib.h>

#include "fields.h"
#include "jackson.h"

/* CreateStateMachine's limit (facts 1.3). */
#define DEFINITION_MAXIMUM 1048576

/* Exactly "JSONPath" or absent; see state.c. */
static enum query_language language_of(const asl_value *root)
{
    const asl_value *v = value_get_z(root, "QueryLanguage");
    bool jsonpath = v == NULL || (value_kind(v) == VALUE_STRING &&
                                  asl_text_is(value_as_text(v), "JSONPath"));
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
    m->variable_references = value_object_take(&c->all_references);
}

/* A text that is no JSON: Jackson's words and place, and ours for line and column. */
static void report_text(struct compiler *c, const struct value_error *error)
{
    struct asl_buffer message;
    asl_buffer_init(&message, ASL_BUFFER_MAXIMUM);
    jackson_place(c->text, error, &message);
    char *place = asl_buffer_take(&message, NULL);
    jackson_message(c->text, error, &message);
    report(c, CODE_JSON, NULL, "%s\n at %s", message.data, place);
    struct asl_diagnostic *d = &c->diagnostics->items[c->last];
    d->location = place;
    d->line = error->line;
    d->column = error->column;
    d->hint = asl_copy_text(asl_text(error->message));
    asl_buffer_free(&message);
}

static asl_value *parse(struct compiler *c)
{
    struct value_error error;
    if (c->text.size > DEFINITION_MAXIMUM) {
        report(c, CODE_SCHEMA, NULL,
               "The definition has %zu bytes; a definition has at most %d", c->text.size,
               DEFINITION_MAXIMUM);
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

asl_machine *asl_machine_compile(struct asl_text definition, bool express,
                                 struct asl_diagnostics *diagnostics)
{
    struct compiler c = {.text = definition, .express = express, .diagnostics = diagnostics,
                         .last = SIZE_MAX};
    asl_value *root = parse(&c);
    if (root == NULL) {
        return NULL;
    }
    c.machine = asl_allocate_zeroed(1, sizeof *c.machine);
    c.machine->references = 1;
    c.machine->express = express;
    compile_machine(&c, root);
    name_set_free(&c.state_names);
    name_set_free(&c.labels);
    value_release(root);
    if (c.errors > 0) {
        asl_machine_release(c.machine);
        return NULL;
    }
    return c.machine;
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
    free(m->by_id);
    free(m->comment);
    free(m);
}

/* The door of this room: text to machine, and the machine's life. */
#include "compile.h"

#include <stdlib.h>

/* CreateStateMachine's limit (facts 1.3). */
#define DEFINITION_MAXIMUM 1048576

static void compile_machine(struct compiler *c, const asl_value *root)
{
    struct asl_machine *m = c->machine;
    struct place place = {0};
    const asl_value *language = value_get_z(root, "QueryLanguage");
    bool jsonata = language != NULL && asl_text_is(value_as_text(language), "JSONata");
    m->language = jsonata ? LANGUAGE_JSONATA : LANGUAGE_JSONPATH;
    c->language = m->language;
    const asl_value *timeout = value_get_z(root, "TimeoutSeconds");
    if (timeout != NULL) {
        value_as_integer(timeout, &m->timeout_seconds);
    }
    const asl_value *comment = value_get_z(root, "Comment");
    if (comment != NULL && value_kind(comment) == VALUE_STRING) {
        m->comment = asl_copy_text(value_as_text(comment));
    }
    states_compile(c, root, &place, NULL, &m->root);
    m->variable_references = value_object_take(&c->all_references);
}

asl_machine *asl_machine_compile(struct asl_text definition, bool express,
                                 struct asl_diagnostics *diagnostics)
{
    struct compiler c = {.text = definition, .express = express, .diagnostics = diagnostics};
    struct value_error error;
    asl_value *root = value_parse(definition, 0, DEFINITION_MAXIMUM, &error);
    if (root == NULL) {
        report(&c, CODE_JSON, NULL, "%s", error.message);
        return NULL;
    }
    c.machine = asl_allocate_zeroed(1, sizeof *c.machine);
    c.machine->references = 1;
    c.machine->express = express;
    compile_machine(&c, root);
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

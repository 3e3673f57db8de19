/* Holds the place of the JSONata evaluator until it lands: every expression is refused at compilation.
 * The evaluator's first commit deletes this file. */
#include "states_functions.h"

#include <string.h>

const struct jsonata_native jsonata_states_functions[] = {{0}};

struct jsonata *jsonata_compile(struct asl_text source, unsigned flags, struct jsonata_error *error)
{
    (void)source, (void)flags;
    memset(error, 0, sizeof *error);
    memcpy(error->code, "S0500", 6);
    asl_buffer_init(&error->message, 128);
    asl_buffer_puts(&error->message, "JSONata is not part of this build");
    return NULL;
}

void jsonata_free(struct jsonata *e)
{
    (void)e;
}

struct asl_text jsonata_source(const struct jsonata *e)
{
    (void)e;
    return ASL_TEXT("");
}

void jsonata_each_reference(const struct jsonata *e,
                            void (*see)(void *state, enum jsonata_reference_kind kind,
                                        struct asl_text name, struct asl_text path,
                                        size_t position),
                            void *state)
{
    (void)e, (void)see, (void)state;
}

enum jsonata_outcome jsonata_evaluate(const struct jsonata *e, const asl_value *input,
                                      const struct jsonata_env *env, asl_value **result,
                                      struct jsonata_error *error)
{
    (void)e, (void)input, (void)env, (void)result, (void)error;
    return JSONATA_UNDEFINED;
}

void jsonata_error_free(struct jsonata_error *error)
{
    asl_buffer_free(&error->message);
}

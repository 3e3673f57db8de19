/* Fuzzes JSONata: the first line is an expression, the rest a JSON document (or none: a fixed one).
 * Looks for crashes, leaks and evaluations without end, and for promises broken: a failure has a
 * code and a message, a value prints as JSON that parses again, evaluating twice gives the same.
 */
#include <stdlib.h>
#include <string.h>

#include "asl/jsonata/jsonata.h"
#include "asl/jsonata/states_functions.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static double random_half(void *state)
{
    (void)state;
    return 0.5;
}

static void see(void *state, enum jsonata_reference_kind kind, struct asl_text name,
                struct asl_text path, size_t position)
{
    (void)kind, (void)position;
    *(size_t *)state += name.size + path.size;
}

static enum jsonata_outcome evaluate(const struct jsonata *e, const asl_value *input,
                                     struct asl_buffer *printed)
{
    static const struct jsonata_env env = {
        .now_ms = 1600000000000,
        .random = random_half,
        .natives = jsonata_states_functions,
        .step_maximum = 20000,
        .memory_maximum = (size_t)8 << 20,
    };
    struct jsonata_error error;
    asl_value *value = NULL;
    enum jsonata_outcome outcome = jsonata_evaluate(e, input, &env, &value, &error);
    asl_buffer_init(printed, ASL_BUFFER_MAXIMUM);
    if (outcome == JSONATA_FAILED) {
        demand(error.code[0] != '\0');
        jsonata_error_free(&error);
    }
    if (outcome == JSONATA_VALUE)
        value_print(value, printed);
    value_release(value);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *end = memchr(text, '\n', size);
    size_t first = end ? (size_t)(end - text) : size;
    struct jsonata_error error;
    struct value_error problem;
    struct jsonata *e = jsonata_compile((struct asl_text){text, first}, 0, &error);
    if (!e) {
        demand(error.code[0] != '\0' && error.message.size > 0);
        jsonata_error_free(&error);
        return 0;
    }
    asl_value *input =
        end ? value_parse((struct asl_text){end + 1, size - first - 1}, 0, 0, &problem) : NULL;
    if (!input)
        input =
            value_literal("{\"a\":{\"b\":[1,2,{\"c\":\"x\"}]},\"items\":[{\"n\":\"q\",\"p\":1.5},"
                          "{\"n\":\"r\",\"p\":2,\"t\":[\"u\"]}],\"s\":\"text\",\"m\":0}");
    size_t seen = 0;
    struct asl_buffer once, again;
    jsonata_each_reference(e, see, &seen);
    enum jsonata_outcome outcome = evaluate(e, input, &once);
    demand(evaluate(e, input, &again) == outcome);
    demand(asl_text_equal(asl_buffer_text(&once), asl_buffer_text(&again)));
    if (outcome == JSONATA_VALUE) {
        asl_value *parsed = value_parse(asl_buffer_text(&once), 0, 0, &problem);
        demand(parsed || problem.problem == VALUE_TOO_DEEP);
        value_release(parsed);
    }
    asl_buffer_free(&once);
    asl_buffer_free(&again);
    value_release(input);
    jsonata_free(e);
    return 0;
}

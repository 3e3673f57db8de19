/* A compiled call computed: arguments first, left to right, innermost first; then the function.
 *
 * Two failures are told apart, both with the whole expression as it was written: a path that finds
 * nothing, and a function that does not take what it got.
 */
#include "intrinsic_internal.h"

#include <stdlib.h>

struct evaluation {
    const struct intrinsic *whole;
    const struct path_scope *scope;
    const struct intrinsic_env *env;
    struct asl_buffer *message;
    size_t *failed_at; /* may be NULL */
};

static asl_value *evaluate(struct evaluation *e, const struct intrinsic_node *node);

static asl_value *say_missing(struct evaluation *e, const struct intrinsic_node *node)
{
    const struct path *p = node->path;
    if (e->failed_at) {
        *e->failed_at = node->offset + path_missed_at(p, e->scope);
    }
    asl_buffer_puts(e->message, "The function '");
    asl_buffer_put_text(e->message, intrinsic_source(e->whole));
    asl_buffer_puts(e->message, "' had the following error: The JsonPath argument for the field '");
    asl_buffer_put_text(e->message, path_source(p));
    asl_buffer_puts(e->message, "' could not be found in the input '");
    if (e->scope->input) {
        value_print(e->scope->input, e->message);
    }
    asl_buffer_putc(e->message, '\'');
    return NULL;
}

static asl_value *say_failed(struct evaluation *e, const struct intrinsic_node *node,
                             const char *suffix, const struct asl_buffer *complaint)
{
    if (e->failed_at) {
        *e->failed_at = node->offset;
    }
    asl_buffer_puts(e->message, "There was an error while evaluating the intrinsic function: ");
    asl_buffer_put_text(e->message, intrinsic_source(e->whole));
    asl_buffer_puts(e->message, ". ");
    if (complaint && complaint->size > 0) {
        asl_buffer_put_text(e->message, asl_buffer_text(complaint));
    } else {
        asl_buffer_printf(e->message, "Invalid arguments in %s%s", node->function->name,
                          suffix ? suffix : "");
    }
    return NULL;
}

static asl_value *call(struct evaluation *e, const struct intrinsic_node *node, asl_value **args)
{
    const struct intrinsic_function *f = node->function;
    if (node->count < f->least || node->count > f->most) {
        return say_failed(e, node, f->arity_suffix, NULL);
    }
    struct asl_buffer complaint;
    asl_buffer_init(&complaint, INTRINSIC_SOURCE_MAXIMUM);
    struct intrinsic_call c = {
        .args = args, .count = node->count, .env = e->env, .complaint = &complaint};
    if (node->count > 0) {
        const struct intrinsic_node *first = &node->args[0];
        c.format = first->format ? (struct asl_text){first->format, first->format_size}
                                 : value_as_text(args[0]);
    }
    asl_value *result = f->call(&c);
    if (result && value_depth(result) > VALUE_DEPTH_MAXIMUM) {
        value_release(result);
        result = NULL;
    }
    if (!result) {
        say_failed(e, node, NULL, &complaint);
    }
    asl_buffer_free(&complaint);
    return result;
}

static asl_value *evaluate_call(struct evaluation *e, const struct intrinsic_node *node)
{
    asl_value **args = asl_allocate_zeroed(node->count + 1, sizeof *args);
    size_t ready = 0;
    while (ready < node->count && (args[ready] = evaluate(e, &node->args[ready]))) {
        ready++;
    }
    asl_value *result = ready == node->count ? call(e, node, args) : NULL;
    for (size_t i = 0; i < ready; i++) {
        value_release(args[i]);
    }
    free(args);
    return result;
}

static asl_value *evaluate(struct evaluation *e, const struct intrinsic_node *node)
{
    if (node->kind == NODE_VALUE) {
        return value_retain(node->value);
    }
    if (node->kind == NODE_PATH) {
        asl_value *v = path_get(node->path, e->scope, NULL);
        return v ? v : say_missing(e, node);
    }
    return evaluate_call(e, node);
}

asl_value *intrinsic_evaluate(const struct intrinsic *i, const struct path_scope *scope,
                              const struct intrinsic_env *env, struct asl_buffer *message,
                              size_t *failed_at)
{
    struct evaluation e = {
        .whole = i, .scope = scope, .env = env, .message = message, .failed_at = failed_at};
    asl_buffer_init(message, ASL_BUFFER_MAXIMUM);
    return evaluate(&e, &i->call);
}

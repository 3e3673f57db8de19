/* ResultPath: a document with a value put at a Reference Path.
 *
 * The document is rebuilt along the path only; everything beside it is shared. Missing objects on
 * the way are made. What is there and is no object (for a name) or has no such element (for an
 * index) is in the way: AWS fails the state with States.ReferencePathConflict, "Unable to apply
 * ReferencePath
 * $.someTaskResult to input \"input1\"" (reported).
 */
#include "path_internal.h"

#include <stdio.h>

void path_describe_conflict(const struct path *p, const asl_value *document, struct asl_buffer *out)
{
    asl_buffer_puts(out, "Unable to apply ReferencePath ");
    asl_buffer_put_text(out, path_source(p));
    asl_buffer_puts(out, " to input ");
    value_print(document, out);
}

/* The first step that leads nowhere. */
static const struct path_step *lost_step(const struct path *p, const asl_value *here)
{
    for (size_t at = 0; at < p->count; at++) {
        const struct path_step *step = &p->steps[at];
        if (step->kind == STEP_NAMES)
            here = value_get(here, value_as_text(step->as.names[0]));
        else if (value_kind(here) == VALUE_ARRAY && (size_t)step->as.indices[0] < value_count(here))
            here = value_at(here, (size_t)step->as.indices[0]);
        else
            here = NULL;
        if (!here)
            return step;
    }
    return p->count ? &p->steps[p->count - 1] : NULL;
}

void path_describe_step(const struct path *p, const asl_value *document, struct asl_buffer *out)
{
    const struct path_step *step = lost_step(p, document);
    asl_buffer_puts(out, "Unable to apply step \"");
    if (step && step->kind == STEP_NAMES)
        asl_buffer_put_text(out, value_as_text(step->as.names[0]));
    else if (step)
        asl_buffer_printf(out, "%lld", (long long)step->as.indices[0]);
    asl_buffer_puts(out, "\" to input ");
    value_print(document, out);
}

/* Is every place on the way one where the value, or an object for the rest, can stand? */
static bool can_put(const struct path *p, const asl_value *here)
{
    for (size_t at = 0; at < p->count && here; at++) {
        const struct path_step *step = &p->steps[at];
        if (step->kind == STEP_NAMES) {
            if (value_kind(here) != VALUE_OBJECT) {
                return false;
            }
            here = value_get(here, value_as_text(step->as.names[0]));
        } else {
            size_t index = (size_t)step->as.indices[0];
            if (value_kind(here) != VALUE_ARRAY || index >= value_count(here)) {
                return false;
            }
            here = value_at(here, index);
        }
        if (!here) { /* objects are made from here on, arrays are not */
            for (at++; at < p->count; at++) {
                if (p->steps[at].kind != STEP_NAMES) {
                    return false;
                }
            }
        }
    }
    return true;
}

/* `here` may be NULL: nothing is there yet. Consumes both. */
static asl_value *put_take(const struct path *p, size_t at, asl_value *here, asl_value *v)
{
    if (at == p->count) {
        value_release(here);
        return v;
    }
    const struct path_step *step = &p->steps[at];
    if (step->kind == STEP_NAMES) {
        asl_value *object = here ? here : value_empty_object();
        const asl_value *old = value_get(object, value_as_text(step->as.names[0]));
        asl_value *inner = put_take(p, at + 1, old ? value_retain(old) : NULL, v);
        return value_with_take(object, value_retain(step->as.names[0]), inner);
    }
    size_t index = (size_t)step->as.indices[0];
    asl_value *inner = put_take(p, at + 1, value_retain(value_at(here, index)), v);
    return value_with_element_take(here, index, inner);
}

asl_value *path_set_take(const struct path *p, asl_value *document, asl_value *v,
                         struct path_miss *miss)
{
    if (path_is_reference(p) && can_put(p, document)) {
        return put_take(p, 0, document, v);
    }
    if (miss) {
        struct asl_buffer text;
        asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
        path_describe_conflict(p, document, &text);
        snprintf(miss->message, sizeof miss->message, "%.*s",
                 ASL_TEXT_ARGS(asl_buffer_text(&text)));
        asl_buffer_free(&text);
    }
    value_release(document);
    value_release(v);
    return NULL;
}

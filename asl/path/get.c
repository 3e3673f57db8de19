/* Walking a value along a path's steps.
 *
 * Jayway's order and its ways with what is missing:
 *   - where every step so far named one place, a missing member that further steps need, or a value
 * of the wrong kind, ends the walk: a definite path then fails, any other gives [] (recorded for
 *     `$.items[*]`, `$.items[1:].itemValue` over {});
 *   - behind an indefinite step what does not fit is passed over;
 *   - a missing last member, or an index out of bounds, is no result, and a definite path without
 *     result says "No results for path".
 * `..` walks objects and arrays from the outside in, members in their order; where a further step
 * follows what it scans for, an array that matches hands all its elements on (so `$..[0].a` is
 * every element's `a`, as with Jayway).
 */
#include "path_internal.h"

#include <stdio.h>

#include "java_text.h"

struct cursor {
    struct path_walk *w;
    const struct path *p;
    struct path_miss *miss; /* may be NULL */
    enum path_outcome outcome;
};

bool path_spend(struct path_walk *w, size_t amount)
{
    if (w->work < amount) {
        w->work = 0;
        return false;
    }
    w->work -= amount;
    return true;
}

/* ---- as Jayway writes paths ---- */

static void print_names(const struct path_step *step, struct asl_buffer *out)
{
    for (size_t i = 0; i < step->count; i++) {
        asl_buffer_puts(out, i > 0 ? ", '" : "'");
        asl_buffer_put_text(out, value_as_text(step->as.names[i]));
        asl_buffer_putc(out, '\'');
    }
}

static void print_indices(const struct path_step *step, struct asl_buffer *out)
{
    asl_buffer_puts(out, step->is_from_end ? "@.size()" : "");
    for (size_t i = 0; i < step->count; i++) {
        asl_buffer_printf(out, "%s%lld", i > 0 ? "," : "", (long long)step->as.indices[i]);
    }
}

static void print_slice(const struct path_slice *slice, struct asl_buffer *out)
{
    if (slice->has_from) {
        asl_buffer_printf(out, "%lld", (long long)slice->from);
    }
    asl_buffer_putc(out, ':');
    if (slice->has_to) {
        asl_buffer_printf(out, "%lld", (long long)slice->to);
    }
}

static void print_step(const struct path_step *step, struct asl_buffer *out)
{
    if (step->kind == STEP_SCAN) {
        asl_buffer_puts(out, "..");
        return;
    }
    asl_buffer_putc(out, '[');
    if (step->kind == STEP_NAMES) {
        print_names(step, out);
    } else if (step->kind == STEP_INDICES) {
        print_indices(step, out);
    } else if (step->kind == STEP_SLICE) {
        print_slice(&step->as.slice, out);
    } else {
        asl_buffer_putc(out, step->kind == STEP_WILDCARD ? '*' : '?');
    }
    asl_buffer_putc(out, ']');
}

void path_print_steps(const struct path *p, size_t first, size_t count, struct asl_buffer *out)
{
    for (size_t i = first; i < first + count; i++) {
        print_step(&p->steps[i], out);
    }
}

/* ---- misses ---- */

/* Ends the walk with Jayway's words: `before`, the path up to `count` steps, `last` if any. */
static void miss(struct cursor *c, const char *before, size_t count, const asl_value *last)
{
    c->outcome = PATH_MISSED;
    if (!c->miss) {
        return;
    }
    struct asl_buffer text;
    asl_buffer_init(&text, PATH_TEXT_MAXIMUM * 2);
    asl_buffer_puts(&text, before);
    asl_buffer_putc(&text, '$');
    path_print_steps(c->p, 0, count, &text);
    if (last) {
        asl_buffer_puts(&text, "['");
        asl_buffer_put_text(&text, value_as_text(last));
        asl_buffer_puts(&text, "']");
    }
    snprintf(c->miss->message, sizeof c->miss->message, "%.*s",
             ASL_TEXT_ARGS(asl_buffer_text(&text)));
    asl_buffer_free(&text);
}

static void miss_not_object(struct cursor *c, size_t at)
{
    struct asl_buffer text;
    asl_buffer_init(&text, PATH_TEXT_MAXIMUM * 2);
    asl_buffer_puts(&text, "Property ");
    path_print_steps(c->p, at, 1, &text);
    asl_buffer_puts(&text, " not found in path ");
    miss(c, text.full ? "" : text.data, at, NULL);
    asl_buffer_free(&text);
}

static void miss_not_array(struct cursor *c, size_t at, const asl_value *v)
{
    if (value_kind(v) == VALUE_NULL) {
        struct path_miss *said = c->miss;
        miss(c, "The path ", at, NULL);
        if (said) {
            size_t size = asl_text(said->message).size;
            snprintf(said->message + size, sizeof said->message - size, " is null");
        }
        return;
    }
    c->outcome = PATH_MISSED;
    if (!c->miss) {
        return;
    }
    struct asl_buffer text;
    asl_buffer_init(&text, sizeof c->miss->message); /* the rest is not shown: do not write it */
    asl_buffer_puts(&text, "Filter: ");
    path_print_steps(c->p, at, c->p->count - at, &text);
    asl_buffer_puts(&text, " can only be applied to arrays. Current context is: ");
    java_text(v, &text);
    snprintf(c->miss->message, sizeof c->miss->message, "%.*s",
             ASL_TEXT_ARGS(asl_buffer_text(&text)));
    asl_buffer_free(&text);
}

/* ---- steps ---- */

static void walk(struct cursor *c, size_t at, const asl_value *v);

static bool is_strict(const struct cursor *c, size_t at)
{
    return at <= c->p->definite;
}

static void walk_name(struct cursor *c, size_t at, const asl_value *v, const asl_value *name)
{
    const asl_value *member = value_get(v, value_as_text(name));
    if (member) {
        walk(c, at + 1, member);
    } else if (at + 1 < c->p->count && at < c->p->definite) {
        miss(c, "Missing property in path ", at, name);
    }
}

static void take_merged(struct cursor *c, const struct path_step *step, const asl_value *v)
{
    struct value_list members;
    value_list_init(&members);
    for (size_t i = 0; i < step->count; i++) {
        const asl_value *member = value_get(v, value_as_text(step->as.names[i]));
        if (member) {
            value_list_push_member_take(&members, value_retain(step->as.names[i]),
                                        value_retain(member));
        }
    }
    value_list_push_take(&c->w->found, value_object_take(&members));
}

static void walk_names(struct cursor *c, size_t at, const asl_value *v)
{
    const struct path_step *step = &c->p->steps[at];
    if (value_kind(v) != VALUE_OBJECT) {
        if (is_strict(c, at)) {
            miss_not_object(c, at);
        }
        return;
    }
    if (step->count > 1 && at + 1 == c->p->count) {
        if (path_spend(c->w, step->count)) {
            take_merged(c, step, v);
        }
        return;
    }
    for (size_t i = 0; i < step->count && c->outcome == PATH_FOUND; i++) {
        walk_name(c, at, v, step->as.names[i]);
    }
}

/* A negative index is out of bounds like any other (reported: `$.array[-1].name` finds nothing). */
static void walk_index(struct cursor *c, size_t at, const asl_value *v, int64_t index)
{
    if (index >= 0 && (uint64_t)index < value_count(v)) {
        walk(c, at + 1, value_at(v, (size_t)index));
    }
}

/* False when `v` is no array; the walk has then ended if it must. */
static bool is_array_for(struct cursor *c, size_t at, const asl_value *v)
{
    if (value_kind(v) == VALUE_ARRAY) {
        return true;
    }
    if (is_strict(c, at)) {
        miss_not_array(c, at, v);
    }
    return false;
}

static void walk_indices(struct cursor *c, size_t at, const asl_value *v)
{
    const struct path_step *step = &c->p->steps[at];
    if (!is_array_for(c, at, v) || !path_spend(c->w, step->count)) {
        return;
    }
    int64_t base = step->is_from_end ? (int64_t)value_count(v) : 0;
    for (size_t i = 0; i < step->count && c->outcome == PATH_FOUND; i++) {
        walk_index(c, at, v, base + step->as.indices[i]);
    }
}

/* [-2:] and [:-1] count from the end; with both bounds none does ([0:-1] and [-3:-1] are empty). */
static void walk_slice(struct cursor *c, size_t at, const asl_value *v)
{
    const struct path_slice *slice = &c->p->steps[at].as.slice;
    if (!is_array_for(c, at, v)) {
        return;
    }
    int64_t count = (int64_t)value_count(v);
    int64_t from = slice->has_from ? slice->from : 0;
    int64_t to = slice->has_to ? slice->to : count;
    if (!slice->has_to && from < 0) {
        from += count;
    }
    if (!slice->has_from && to < 0) {
        to += count;
    }
    from = from < 0 ? 0 : from;
    to = to > count ? count : to;
    for (int64_t i = from; i < to && c->outcome == PATH_FOUND; i += slice->by) {
        walk_index(c, at, v, i);
    }
}

static void walk_wildcard(struct cursor *c, size_t at, const asl_value *v)
{
    for (size_t i = 0; i < value_count(v) && c->outcome == PATH_FOUND; i++) {
        walk(c, at + 1, value_at(v, i));
    }
}

static void walk_filter(struct cursor *c, size_t at, const asl_value *v)
{
    const struct path_filter *filter = c->p->steps[at].as.filter;
    if (value_kind(v) == VALUE_OBJECT) {
        if (path_filter_accepts(filter, c->w, v)) {
            walk(c, at + 1, v);
        }
        return;
    }
    if (value_kind(v) != VALUE_ARRAY) {
        return;
    }
    for (size_t i = 0; i < value_count(v) && c->outcome == PATH_FOUND; i++) {
        if (path_filter_accepts(filter, c->w, value_at(v, i))) {
            walk(c, at + 1, value_at(v, i));
        }
    }
}

/* ---- deep scan ---- */

static bool has_all_names(const struct path_step *step, const asl_value *v)
{
    for (size_t i = 0; i < step->count; i++) {
        if (!value_get(v, value_as_text(step->as.names[i]))) {
            return false;
        }
    }
    return true;
}

/* Does what is scanned for (the step at `at`) concern this value? */
static bool scan_matches(struct cursor *c, size_t at, const asl_value *v)
{
    const struct path_step *step = &c->p->steps[at];
    switch (step->kind) {
    case STEP_NAMES:
        return value_kind(v) == VALUE_OBJECT &&
               ((step->count > 1 && at + 1 < c->p->count) || has_all_names(step, v));
    case STEP_INDICES:
    case STEP_SLICE:
        return value_kind(v) == VALUE_ARRAY;
    case STEP_WILDCARD:
        return true;
    case STEP_FILTER:
        return path_filter_accepts(step->as.filter, c->w, v);
    case STEP_SCAN:
        return false;
    }
    return false;
}

static bool enter(struct cursor *c)
{
    if (c->w->calls == 0 || !path_spend(c->w, 1)) {
        c->w->work = 0;
    }
    if (c->w->work == 0) {
        c->outcome = PATH_EXHAUSTED;
    }
    if (c->outcome != PATH_FOUND) {
        return false;
    }
    c->w->calls--;
    return true;
}

static void scan(struct cursor *c, size_t at, const asl_value *v)
{
    if (value_kind(v) < VALUE_ARRAY || !enter(c)) {
        return;
    }
    if (scan_matches(c, at, v)) {
        bool hands_on = value_kind(v) == VALUE_ARRAY && at + 1 < c->p->count;
        for (size_t i = 0; hands_on && i < value_count(v) && c->outcome == PATH_FOUND; i++) {
            walk(c, at + 1, value_at(v, i));
        }
        if (!hands_on) {
            walk(c, at, v);
        }
    }
    for (size_t i = 0; i < value_count(v) && c->outcome == PATH_FOUND; i++) {
        scan(c, at, value_at(v, i));
    }
    c->w->calls++;
}

static void walk_scan(struct cursor *c, size_t at, const asl_value *v)
{
    scan(c, at + 1, v);
}

static void walk(struct cursor *c, size_t at, const asl_value *v)
{
    static void (*const steps[])(struct cursor *, size_t, const asl_value *) = {
        [STEP_NAMES] = walk_names,       [STEP_INDICES] = walk_indices, [STEP_SLICE] = walk_slice,
        [STEP_WILDCARD] = walk_wildcard, [STEP_SCAN] = walk_scan,       [STEP_FILTER] = walk_filter,
    };
    if (!enter(c)) {
        return;
    }
    if (at == c->p->count) {
        value_list_push_take(&c->w->found, value_retain(v));
    } else {
        steps[c->p->steps[at].kind](c, at, v);
    }
    c->w->calls++;
}

enum path_outcome path_walk_from(struct path_walk *w, const struct path *p, const asl_value *start,
                                 struct path_miss *miss_out)
{
    struct cursor c = {.w = w, .p = p, .miss = miss_out, .outcome = PATH_FOUND};
    walk(&c, 0, start);
    return c.outcome;
}

/* ---- the door ---- */

const asl_value *path_start(const struct path *p, const struct path_scope *scope)
{
    switch (p->root) {
    case PATH_INPUT:
        return scope->input;
    case PATH_CONTEXT:
        return scope->context ? scope->context(scope->state) : NULL;
    case PATH_VARIABLE:
        return scope->variable ? scope->variable(scope->state, p->variable) : NULL;
    }
    return NULL;
}

static asl_value *say_no_results(const struct path *p, struct path_miss *said)
{
    struct cursor c = {.p = p, .miss = said};
    miss(&c, "No results for path: ", p->count, NULL);
    return NULL;
}

static asl_value *say_too_much(struct path_miss *said)
{
    if (said) {
        snprintf(said->message, sizeof said->message,
                 "the path looks at more than %d values; narrow it down, above all '..' in filters",
                 (int)PATH_WORK_MAXIMUM);
    }
    return NULL;
}

/* What nearly every path of a definition is: single names and indices, all there. NULL when it is
 * not so simple; the walk then finds out what to give or say. */
static const asl_value *get_plainly(const struct path *p, const asl_value *v)
{
    for (size_t i = 0; i < p->count && v; i++) {
        const struct path_step *step = &p->steps[i];
        if (step->count != 1) {
            return NULL;
        }
        if (step->kind == STEP_NAMES) {
            v = value_get(v, value_as_text(step->as.names[0]));
        } else if (step->kind == STEP_INDICES && value_kind(v) == VALUE_ARRAY &&
                   step->as.indices[0] >= 0 && (size_t)step->as.indices[0] < value_count(v)) {
            v = value_at(v, (size_t)step->as.indices[0]);
        } else {
            return NULL;
        }
    }
    return v;
}

asl_value *path_get(const struct path *p, const struct path_scope *scope, struct path_miss *said)
{
    const asl_value *start = path_start(p, scope);
    if (!start) {
        return say_no_results(p, said);
    }
    const asl_value *plain = get_plainly(p, start);
    if (plain) {
        return value_retain(plain);
    }
    struct path_walk w = {
        .scope = scope, .root = start, .work = PATH_WORK_MAXIMUM, .calls = PATH_CALLS_MAXIMUM};
    value_list_init(&w.found);
    enum path_outcome outcome = path_walk_from(&w, p, start, said);
    asl_value *result = NULL;
    if (w.work == 0) {
        say_too_much(said);
    } else if (!path_is_definite(p)) {
        if (outcome == PATH_MISSED) {
            value_list_free(&w.found);
        }
        return value_array_take(&w.found);
    } else if (outcome == PATH_FOUND && w.found.count == 0) {
        say_no_results(p, said);
    } else if (outcome == PATH_FOUND) {
        result = value_retain(w.found.items[0]);
    }
    value_list_free(&w.found);
    return result;
}

size_t path_missed_at(const struct path *p, const struct path_scope *scope)
{
    struct path beginning = *p; /* looked at, never freed */
    for (beginning.count = 0; beginning.count <= p->count; beginning.count++) {
        if (beginning.count && p->steps[beginning.count - 1].kind == STEP_SCAN) {
            continue; /* `..` is nothing without what it scans for */
        }
        beginning.definite = beginning.count < p->definite ? beginning.count : p->definite;
        asl_value *v = path_get(&beginning, scope, NULL);
        if (!v) {
            return beginning.count ? p->steps[beginning.count - 1].offset : 0;
        }
        value_release(v);
    }
    return p->source_size;
}

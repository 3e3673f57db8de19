/* Paths: each step is evaluated for every item of the one before, results are flattened by one
 * level. Paths of nothing but names take a short way that makes no sequences for single objects.
 */
#include "evaluate.h"

#include <math.h>
#include <stdio.h>

/* ---- names ---- */

static void collect_name(struct run *run, item input, struct asl_text name, struct array *out)
{
    if (input.kind != ITEM_ARRAY) {
        item found = jsonata_get(&run->heap, input, name);
        if (item_is_undefined(found))
            return;
        if (found.kind == ITEM_ARRAY)
            jsonata_push_all(&run->heap, out, found.as.array);
        else
            jsonata_push(&run->heap, out, found);
        return;
    }
    const struct array *a = input.as.array;
    jsonata_charge(run, a->count / 4);
    for (uint32_t i = 0; i < a->count && !jsonata_is_over(run); i++)
        collect_name(run, jsonata_at(&run->heap, a, i), name, out);
}

item jsonata_step_name(struct run *run, item input, struct asl_text name)
{
    if (input.kind != ITEM_ARRAY)
        return jsonata_get(&run->heap, input, name);
    struct array *out = jsonata_sequence(&run->heap);
    collect_name(run, input, name, out);
    return jsonata_is_over(run) ? jsonata_fail_limit(run) : item_array(out);
}

/* What evaluating the name gives: a sequence collapses. */
static item collapsed_name(struct run *run, item input, const struct node *name)
{
    if (input.kind != ITEM_ARRAY)
        return jsonata_get_hinted(&run->heap, input, item_string(name->value),
                                  &((struct node *)name)->hint);
    item found = jsonata_step_name(run, input, item_string(name->value));
    return item_is_failed(found) ? found : jsonata_collapsed(run, found);
}

/* ---- steps ---- */

/* The results of one step. The first is kept apart: when it stays alone, is an array and the step
 * is the last, it is the result itself. */
struct results {
    item first;
    struct array *out; /* NULL while there is only the first */
    uint32_t count;
};

static void spread(struct run *run, struct array *out, item i)
{
    if (i.kind == ITEM_ARRAY && !i.as.array->cons) {
        jsonata_charge(run, i.as.array->count / 16);
        jsonata_push_all(&run->heap, out, i.as.array);
    } else {
        jsonata_push(&run->heap, out, i);
    }
}

static void add_result(struct run *run, struct results *r, item i)
{
    if (r->count++ == 0) {
        r->first = i;
        return;
    }
    if (!r->out) {
        r->out = jsonata_sequence(&run->heap);
        spread(run, r->out, r->first);
    }
    spread(run, r->out, i);
}

static item finish_results(struct run *run, struct results *r, bool last)
{
    if (r->count == 1 && last && r->first.kind == ITEM_ARRAY && !r->first.as.array->sequence)
        return r->first;
    if (!r->out) {
        r->out = jsonata_sequence(&run->heap);
        if (r->count == 1)
            spread(run, r->out, r->first);
    }
    return item_array(r->out);
}

static bool is_bare_name(const struct node *step)
{
    return step->type == NODE_NAME && !step->predicates && !step->group && !step->keep_array;
}

static item evaluate_step(struct run *run, const struct node *step, struct array *in,
                          struct frame *frame, bool last)
{
    if (step->type == NODE_SORT) {
        item sorted = jsonata_evaluate_sort(run, step, in, frame);
        return step->stages && !item_is_failed(sorted)
                   ? jsonata_evaluate_stages(run, step->stages, sorted, frame)
                   : sorted;
    }
    struct results results = {0};
    bool bare_name = is_bare_name(step);
    for (uint32_t i = 0; i < in->count; i++) {
        item input = jsonata_at(&run->heap, in, i), result;
        run->steps++;
        result = bare_name ? collapsed_name(run, input, step)
                           : jsonata_evaluate_node(run, step, input, frame);
        if (step->stages && !item_is_failed(result))
            result = jsonata_evaluate_stages(run, step->stages, result, frame);
        if (item_is_failed(result))
            return result;
        if (!item_is_undefined(result))
            add_result(run, &results, result);
    }
    if (jsonata_is_over(run))
        return jsonata_fail_limit(run);
    return finish_results(run, &results, last);
}

static item step_over(struct run *run, const struct node *path, uint32_t from, struct array *in,
                      struct frame *frame)
{
    item result = item_undefined();
    for (uint32_t i = from; i < path->count; i++) {
        result = evaluate_step(run, path->items[i], in, frame, i == path->count - 1);
        if (item_is_failed(result) || result.as.array->count == 0)
            return result;
        in = result.as.array;
    }
    return result;
}

/* Names only: as long as there is one object there is no sequence to make. */
static item evaluate_plain_path(struct run *run, const struct node *path, item input,
                                struct frame *frame)
{
    for (uint32_t i = 0; i < path->count; i++) {
        if (input.kind == ITEM_ARRAY)
            return step_over(run, path, i, input.as.array, frame);
        run->steps++;
        input = collapsed_name(run, input, path->items[i]);
        if (item_is_undefined(input))
            return input;
    }
    /* an array kept by `[]` when it was made is not kept by this path */
    if (input.kind == ITEM_ARRAY && input.as.array->keep_singleton && input.as.array->count == 1)
        return jsonata_at(&run->heap, input.as.array, 0);
    return input;
}

/* A function that the reference wraps, or the `next` of a match: what it calls its length is 0. */
static bool is_wrapped(item i)
{
    return i.kind == ITEM_FUNCTION && (i.borrowed || i.as.function->kind == FUNCTION_NEXT);
}

/* JavaScript's `length` of what is no array. */
static double length_of(struct run *run, item i)
{
    if (i.kind == ITEM_FUNCTION)
        return i.as.function->kind == FUNCTION_REGEX ? 2 : 0;
    item length = jsonata_get(&run->heap, i, ASL_TEXT("length"));
    return length.kind == ITEM_NUMBER ? length.as.number : 0;
}

/* What the reference iterates over when a first step was no array after all (`["ab"][0].x`): the
 * characters of a string, as many members of an object as its member `length` says. */
static struct array *iterate(struct run *run, item i)
{
    if (i.kind == ITEM_ARRAY)
        return i.as.array;
    struct array *a = jsonata_array(&run->heap, 4);
    for (size_t at = 0; i.kind == ITEM_STRING && at < i.size;) {
        struct asl_text rest = {i.as.text + at, i.size - at};
        rest.size = jsonata_code_point_offset(rest, 1);
        jsonata_push(&run->heap, a, item_text(rest));
        at += rest.size;
    }
    double length = length_of(run, i);
    for (int at = 0; at < length && !jsonata_is_over(run); at++) {
        char key[16];
        int size = snprintf(key, sizeof key, "%d", at);
        jsonata_push(&run->heap, a,
                     jsonata_get(&run->heap, i, (struct asl_text){key, (size_t)size}));
        jsonata_charge(run, 4);
    }
    return a;
}

/* Sorting what is no array gives it back. */
static item evaluate_step_of(struct run *run, const struct node *step, item from,
                             struct frame *frame, bool last)
{
    if (step->type != NODE_SORT || from.kind == ITEM_ARRAY)
        return evaluate_step(run, step, iterate(run, from), frame, last);
    return step->stages ? jsonata_evaluate_stages(run, step->stages, from, frame) : from;
}

static item rows_to_items(struct run *run, const struct array *rows)
{
    struct array *out = jsonata_sequence(&run->heap);
    for (uint32_t i = 0; rows && i < rows->count; i++) {
        item row = jsonata_at(&run->heap, rows, i);
        const struct tuple *t = jsonata_row(row);
        jsonata_push(&run->heap, out, t ? t->at : row);
    }
    return item_array(out);
}

static item finish_path(struct run *run, const struct node *path, item result, struct array *rows,
                        bool has_rows, struct frame *frame)
{
    if (has_rows)
        result = path->tuple && rows ? item_array(rows) : rows_to_items(run, rows);
    if (path->keep_singleton && result.kind == ITEM_ARRAY) {
        if (result.as.array->cons && !result.as.array->sequence) {
            struct array *around = jsonata_sequence(&run->heap);
            jsonata_push(&run->heap, around, result);
            result = item_array(around);
        }
        result.as.array->keep_singleton = true;
    }
    if (path->group)
        result = jsonata_evaluate_group(run, path->group,
                                        has_rows && rows ? item_array(rows) : result, frame);
    return result;
}

static bool is_nothing(item i)
{
    return i.kind == ITEM_UNDEFINED || (i.kind == ITEM_ARRAY && i.as.array->count == 0) ||
           (i.kind == ITEM_STRING && i.size == 0) || is_wrapped(i);
}

static bool is_object_of_length_zero(struct run *run, item i)
{
    if (!item_is_object(i))
        return false;
    item length = jsonata_get(&run->heap, i, ASL_TEXT("length"));
    return length.kind == ITEM_NUMBER && length.as.number == 0;
}

/* `[]` is noted on what can carry a note. */
static bool can_carry_note(item i)
{
    return i.kind == ITEM_ARRAY || i.kind == ITEM_FUNCTION || item_is_object(i);
}

static item fail_to_go_on(struct run *run, item from)
{
    return jsonata_fail_value(run, "T2015", from);
}

/* The items that the first step begins with. */
static item first_input(struct run *run, const struct node *path, item input)
{
    if (input.kind == ITEM_ARRAY && path->items[0]->type != NODE_VARIABLE)
        return input;
    struct array *in = jsonata_array(&run->heap, 1);
    in->sequence = true;
    jsonata_push(&run->heap, in, input);
    return item_array(in);
}

item jsonata_evaluate_path(struct run *run, const struct node *n, item input, struct frame *frame)
{
    if (n->plain_path && !n->group)
        return evaluate_plain_path(run, n, input, frame);
    item in = first_input(run, n, input), result = item_undefined();
    struct array *rows = NULL;
    bool has_rows = false;
    for (uint32_t i = 0; i < n->count; i++) {
        const struct node *step = n->items[i];
        has_rows = has_rows || step->tuple;
        if (i == 0 && step->cons_array) {
            result = jsonata_evaluate_node(run, step, in, frame);
        } else if (has_rows) {
            if (!rows && step->type != NODE_SORT && in.kind != ITEM_ARRAY)
                return fail_to_go_on(run, in);
            item next = jsonata_evaluate_tuple_step(run, step, iterate(run, in), rows, frame);
            if (item_is_failed(next))
                return next;
            rows = next.as.array;
            continue;
        } else {
            result = evaluate_step_of(run, step, in, frame, i == n->count - 1);
        }
        if (item_is_failed(result))
            return result;
        if (!has_rows && result.kind == ITEM_NULL)
            return fail_to_go_on(run, result);
        if (!has_rows && (is_nothing(result) || is_object_of_length_zero(run, result)))
            break;
        if (!step->focus) /* what @ binds leaves the context as it was */
            in = result;
    }
    if ((has_rows && !rows) || (n->keep_singleton && !has_rows && !can_carry_note(result)))
        return fail_to_go_on(run, result);
    return finish_path(run, n, result, rows, has_rows, frame);
}

/* ---- predicates ---- */

static item filter_by_place(struct run *run, double place, struct array *input, struct array *out)
{
    double index = floor(place);
    if (index < 0)
        index += input->count;
    if (!(index >= 0 && index < input->count))
        return item_array(out);
    item found = jsonata_at(&run->heap, input, (size_t)index);
    if (found.kind == ITEM_ARRAY)
        return found;
    if (!item_is_undefined(found))
        jsonata_push(&run->heap, out, found);
    return item_array(out);
}

/* Keeps `candidate` once for every number that names its place. False: not all are numbers (or one
 * is infinite, then *failed). */
static bool keep_by_places(struct run *run, item result, uint32_t index, uint32_t count,
                           item candidate, struct array *out, bool *failed)
{
    const struct array *places = result.kind == ITEM_ARRAY ? result.as.array : NULL;
    uint32_t many = places ? places->count : 1;
    for (uint32_t i = 0; i < many; i++)
        if (!jsonata_is_number(run, places ? jsonata_at(&run->heap, places, i) : result, failed))
            return false;
    for (uint32_t i = 0; i < many; i++) {
        item place = places ? jsonata_at(&run->heap, places, i) : result;
        double at = floor(place.as.number);
        if (at < 0)
            at += count;
        if (at == index)
            jsonata_push(&run->heap, out, candidate);
    }
    jsonata_charge(run, many / 8);
    return true;
}

static item filter_by_expression(struct run *run, const struct node *predicate, struct array *input,
                                 struct array *out, struct frame *frame)
{
    struct frame *inner;
    for (uint32_t i = 0; i < input->count; i++) {
        item candidate = jsonata_at(&run->heap, input, i);
        item context = jsonata_row_context(run, input, candidate, &inner, frame);
        item result = jsonata_evaluate_node(run, predicate, context, inner);
        if (item_is_failed(result))
            return result;
        bool failed = false;
        if ((result.kind == ITEM_NUMBER || result.kind == ITEM_ARRAY) &&
            keep_by_places(run, result, i, input->count, candidate, out, &failed))
            continue;
        enum truth truth = failed ? TRUTH_FAILED : jsonata_truth(run, result);
        if (truth == TRUTH_FAILED)
            return item_failed();
        if (truth == TRUTH_YES)
            jsonata_push(&run->heap, out, candidate);
    }
    return item_array(out);
}

item jsonata_evaluate_filter(struct run *run, const struct node *predicate, item input,
                             struct frame *frame)
{
    struct array *out = jsonata_sequence(&run->heap);
    struct array *in = jsonata_as_array(&run->heap, input);
    out->tuples = in->tuples;
    if (predicate->type == NODE_NUMBER)
        return filter_by_place(run, predicate->value.as.number, in, out);
    return filter_by_expression(run, predicate, in, out, frame);
}

item jsonata_evaluate_stages(struct run *run, const struct stages *stages, item input,
                             struct frame *frame)
{
    for (uint32_t i = 0; i < stages->count && !item_is_failed(input); i++) {
        const struct stage *stage = &stages->items[i];
        if (stage->filter) {
            input = jsonata_evaluate_filter(run, stage->filter, input, frame);
            continue;
        }
        struct array *rows = input.kind == ITEM_ARRAY ? input.as.array : NULL;
        for (uint32_t row = 0; rows && row < rows->count; row++) {
            item old = jsonata_at(&run->heap, rows, row);
            if (jsonata_row(old))
                jsonata_tuple_set(run, jsonata_row(old), stage->index, item_number(row));
        }
    }
    return input;
}

/* ---- wildcards ---- */

static void flatten(struct run *run, item i, struct array *out)
{
    if (jsonata_is_over(run))
        return;
    if (i.kind != ITEM_ARRAY) {
        jsonata_push(&run->heap, out, i);
        return;
    }
    for (uint32_t at = 0; at < i.as.array->count; at++)
        flatten(run, jsonata_at(&run->heap, i.as.array, at), out);
}

static void wildcard_add(struct run *run, struct array *out, item value)
{
    if (value.kind == ITEM_ARRAY) {
        flatten(run, value, out);
        out->sequence = false; /* the reference's append makes a plain array of it */
    } else {
        jsonata_push(&run->heap, out, value);
    }
}

item jsonata_evaluate_wildcard(struct run *run, item input)
{
    struct array *out = jsonata_sequence(&run->heap);
    if (input.kind == ITEM_ARRAY && input.as.array->outer_wrapper && input.as.array->count > 0)
        input = jsonata_at(&run->heap, input.as.array, 0);
    if (input.kind == ITEM_ARRAY) {
        for (uint32_t i = 0; i < input.as.array->count; i++)
            wildcard_add(run, out, jsonata_at(&run->heap, input.as.array, i));
    } else if (item_is_object(input)) {
        struct members m = jsonata_members(&run->heap, input);
        for (size_t i = 0; i < m.count; i++)
            wildcard_add(run, out, jsonata_member_value(&run->heap, &m, i));
    }
    jsonata_charge(run, out->count / 4);
    return jsonata_is_over(run) ? jsonata_fail_limit(run) : item_array(out);
}

static void collect_descendants(struct run *run, item input, struct array *out)
{
    run->steps++;
    if (jsonata_is_over(run))
        return;
    if (input.kind == ITEM_ARRAY) {
        for (uint32_t i = 0; i < input.as.array->count; i++)
            collect_descendants(run, jsonata_at(&run->heap, input.as.array, i), out);
        return;
    }
    jsonata_push(&run->heap, out, input);
    if (item_is_object(input)) {
        struct members m = jsonata_members(&run->heap, input);
        for (size_t i = 0; i < m.count; i++)
            collect_descendants(run, jsonata_member_value(&run->heap, &m, i), out);
    }
}

item jsonata_evaluate_descendants(struct run *run, item input)
{
    if (item_is_undefined(input))
        return input;
    struct array *out = jsonata_sequence(&run->heap);
    collect_descendants(run, input, out);
    if (jsonata_is_over(run))
        return jsonata_fail_limit(run);
    return out->count == 1 ? jsonata_at(&run->heap, out, 0) : item_array(out);
}

/* Steps that carry bindings: every result is a row of the context (`@`) and what @, # and % bound
 * on the way to it. Rows are the frames of what is evaluated for them.
 */
#include "evaluate.h"

#include <string.h>

/* A copy with room for `more` bindings. */
struct tuple *jsonata_tuple(struct run *run, const struct tuple *from, item at, uint32_t more)
{
    uint32_t count = from ? from->count : 0;
    struct tuple *t = jsonata_arena_allocate(
        &run->heap.arena, sizeof *t + ((size_t)count + more) * sizeof(struct binding));
    if (!t) { /* exhausted; the evaluation fails at the next node */
        t = jsonata_arena_allocate(&run->heap.arena, sizeof *t);
        count = more = 0;
    }
    *t = (struct tuple){at, (struct binding *)(t + 1), count, count + more, NULL};
    if (count)
        memcpy(t->bindings, from->bindings, count * sizeof *t->bindings);
    return t;
}

void jsonata_tuple_set(struct run *run, struct tuple *t, uint32_t symbol, item value)
{
    if (t->value)
        jsonata_set(&run->heap, t->value, run->symbols->items[symbol].name, value);
    for (uint32_t i = 0; i < t->count; i++)
        if (t->bindings[i].symbol == symbol) {
            t->bindings[i].value = value;
            return;
        }
    if (t->count == t->capacity) {
        struct tuple *larger = jsonata_tuple(run, t, t->at, t->count + 4);
        if (larger->capacity == 0)
            return;
        *t = *larger;
    }
    t->bindings[t->count++] = (struct binding){symbol, value};
}

item jsonata_row_value(struct run *run, item row)
{
    if (row.kind != ITEM_TUPLE)
        return row;
    struct tuple *t = row.as.tuple;
    if (!t->value) {
        t->value = jsonata_object(&run->heap, (size_t)t->count + 1);
        t->value->row = t;
        if (!item_is_undefined(t->at))
            jsonata_set(&run->heap, t->value, ASL_TEXT("@"), t->at);
        for (uint32_t i = 0; i < t->count; i++)
            jsonata_set(&run->heap, t->value, run->symbols->items[t->bindings[i].symbol].name,
                        t->bindings[i].value);
    }
    return item_object(t->value);
}

item jsonata_row_context(struct run *run, const struct array *among, item one, struct frame **frame,
                         struct frame *outer)
{
    const struct tuple *t = among->tuples ? jsonata_row(one) : NULL;
    *frame = t ? jsonata_row_frame(run, outer, t) : outer;
    return t ? t->at : jsonata_row_value(run, one);
}

/* Index stages bind after the row is made; rows are born with room for them. */
static uint32_t room(const struct node *step)
{
    return 3 + (step->stages ? step->stages->count : 0);
}

static item row_item(struct tuple *t)
{
    return (item){.kind = ITEM_TUPLE, .as.tuple = t};
}

static struct array *new_rows(struct run *run)
{
    struct array *rows = jsonata_sequence(&run->heap);
    rows->tuples = true;
    return rows;
}

static item sort_rows(struct run *run, const struct node *step, struct array *input,
                      struct array *rows, struct frame *frame)
{
    item sorted = jsonata_evaluate_sort(run, step, rows ? rows : input, frame);
    if (item_is_failed(sorted))
        return sorted;
    if (!rows) {
        struct array *numbered = new_rows(run);
        for (uint32_t i = 0; i < sorted.as.array->count; i++) {
            struct tuple *t =
                jsonata_tuple(run, NULL, jsonata_at(&run->heap, sorted.as.array, i), room(step));
            /* without an index of its own the reference writes to the one called undefined */
            jsonata_tuple_set(run, t, step->index ? step->index : SYMBOL_UNDEFINED, item_number(i));
            jsonata_push(&run->heap, numbered, row_item(t));
        }
        sorted = item_array(numbered);
    }
    return step->stages ? jsonata_evaluate_stages(run, step->stages, sorted, frame) : sorted;
}

/* One result of the step for the row `from`. */
static struct tuple *result_row(struct run *run, const struct node *step, const struct tuple *from,
                                item result, bool is_row, uint32_t place)
{
    if (is_row) {
        const struct tuple *inner = jsonata_row(result);
        struct tuple *t = jsonata_tuple(run, from, inner->at, inner->count + room(step));
        for (uint32_t i = 0; i < inner->count; i++)
            jsonata_tuple_set(run, t, inner->bindings[i].symbol, inner->bindings[i].value);
        return t;
    }
    struct tuple *t = jsonata_tuple(run, from, step->focus ? from->at : result, room(step));
    if (step->focus)
        jsonata_tuple_set(run, t, step->focus, result);
    if (step->index)
        jsonata_tuple_set(run, t, step->index, item_number(place));
    if (step->ancestor)
        jsonata_tuple_set(run, t, step->ancestor->label, from->at);
    return t;
}

static bool step_row(struct run *run, const struct node *step, const struct tuple *from,
                     struct array *out, struct frame *frame)
{
    struct frame *inner = jsonata_row_frame(run, frame, from);
    item result = jsonata_evaluate_rows(run, step, from->at, inner);
    if (item_is_failed(result))
        return false;
    if (item_is_undefined(result))
        return true;
    struct array *results = jsonata_as_array(&run->heap, result);
    for (uint32_t i = 0; i < results->count; i++) {
        item one = jsonata_at(&run->heap, results, i);
        bool is_row = results->tuples && jsonata_row(one);
        jsonata_push(&run->heap, out, row_item(result_row(run, step, from, one, is_row, i)));
        run->steps++;
    }
    return true;
}

item jsonata_evaluate_tuple_step(struct run *run, const struct node *step, struct array *input,
                                 struct array *rows, struct frame *frame)
{
    if (step->type == NODE_SORT)
        return sort_rows(run, step, input, rows, frame);
    struct array *out = new_rows(run);
    struct array *from = rows ? rows : input;
    for (uint32_t i = 0; i < from->count; i++) {
        item row = jsonata_at(&run->heap, from, i);
        const struct tuple *t = rows ? jsonata_row(row) : NULL;
        if (!t)
            t = jsonata_tuple(run, NULL, row, 0);
        if (!step_row(run, step, t, out, frame))
            return item_failed();
    }
    return step->stages ? jsonata_evaluate_stages(run, step->stages, item_array(out), frame)
                        : item_array(out);
}

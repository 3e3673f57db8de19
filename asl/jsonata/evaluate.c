/* One node: what it is decides who evaluates it; what hangs on it (predicates, grouping, `[]`) is
 * applied to the result; sequences of one item collapse.
 */
#include "evaluate.h"

#include <math.h>
#include <string.h>

/* ---- failing ---- */

item jsonata_fail_value(struct run *run, const char *code, item value)
{
    run->failure = (struct failure){.value = value};
    strncpy(run->failure.code, code, sizeof run->failure.code - 1);
    return item_failed();
}

item jsonata_fail(struct run *run, const char *code)
{
    return jsonata_fail_value(run, code, item_undefined());
}

item jsonata_fail_missing(struct run *run, int64_t index)
{
    item failed = jsonata_fail(run, "T0410");
    run->failure.index = index;
    return failed;
}

item jsonata_fail_limit(struct run *run)
{
    if (run->heap.arena.exhausted) {
        item failed =
            jsonata_fail_value(run, "D2015", item_number((double)run->heap.arena.maximum));
        run->failure.words = "The evaluation needs more than {{value}} bytes of memory";
        return failed;
    }
    item failed = jsonata_fail(run, "U1001");
    run->failure.words =
        run->steps > run->step_maximum
            ? "Expression evaluation timeout: Check for infinite loop"
            : "Stack overflow error: Check for non-terminating recursive function.  Consider "
              "rewriting as tail-recursive";
    return failed;
}

/* ---- frames ---- */

struct frame *jsonata_frame(struct run *run, struct frame *parent, uint32_t capacity)
{
    struct frame *f =
        jsonata_arena_allocate(&run->heap.arena, sizeof *f + capacity * sizeof(struct binding));
    *f = (struct frame){parent, (struct binding *)(f + 1), 0, capacity};
    return f;
}

struct frame *jsonata_row_frame(struct run *run, struct frame *parent, const struct tuple *t)
{
    struct frame *f = jsonata_arena_allocate(&run->heap.arena, sizeof *f);
    *f = (struct frame){parent, t->bindings, t->count, 0};
    return f;
}

static void grow_frame(struct run *run, struct frame *f)
{
    uint32_t capacity = f->count < 4 ? 4 : 2 * f->count;
    struct binding *more = jsonata_arena_allocate(&run->heap.arena, capacity * sizeof *more);
    if (!more)
        return;
    if (f->count)
        memcpy(more, f->bindings, f->count * sizeof *more);
    f->bindings = more;
    f->capacity = capacity;
}

void jsonata_bind(struct run *run, struct frame *f, uint32_t symbol, item value)
{
    if (f->capacity == 0)
        grow_frame(run, f);
    for (uint32_t i = 0; i < f->count; i++)
        if (f->bindings[i].symbol == symbol) {
            f->bindings[i].value = value;
            return;
        }
    if (f->count >= f->capacity)
        grow_frame(run, f);
    if (f->count < f->capacity)
        f->bindings[f->count++] = (struct binding){symbol, value};
}

/* What was not bound by the expression: the caller's variable, the caller's function, the
 * library's. Looked for once. */
static item global(struct run *run, uint32_t symbol)
{
    const struct symbol *s = &run->symbols->items[symbol];
    const asl_value *given =
        run->env->variable ? run->env->variable(run->env->state, s->name) : NULL;
    if (given)
        return jsonata_from_json(&run->heap, given);
    for (const struct jsonata_native *n = run->env->natives; n && n->name; n++)
        if (asl_text_is(s->name, n->name)) {
            size_t offset;
            struct failure none;
            struct function *f = jsonata_function(run, FUNCTION_FOREIGN, 1);
            f->as.foreign = n;
            f->token = item_text(s->name);
            if (n->signature)
                f->signature =
                    jsonata_signature(&run->heap, asl_text(n->signature), &none, &offset);
            if (f->signature)
                f->arity = (uint8_t)f->signature->count;
            return item_function(f);
        }
    if (!s->native)
        return item_undefined();
    if ((run->program->flags & JSONATA_NO_EVAL) && asl_text_is(s->name, "eval"))
        return item_undefined();
    struct function *f = jsonata_function(run, FUNCTION_NATIVE, s->native->arity);
    f->as.native = s->native;
    f->signature = s->signature;
    f->token = item_text(s->name);
    return item_function(f);
}

item jsonata_lookup(struct run *run, const struct frame *f, uint32_t symbol)
{
    if (run->symbols->items[symbol].bound)
        for (; f; f = f->parent)
            for (uint32_t i = 0; i < f->count; i++)
                if (f->bindings[i].symbol == symbol)
                    return f->bindings[i].value;
    if (run->globals[symbol].kind == ITEM_UNBOUND)
        run->globals[symbol] = global(run, symbol);
    return run->globals[symbol];
}

/* ---- operators ---- */

static item at_operator(struct run *run, const struct node *n)
{
    run->failure.has_position = true;
    run->failure.position = n->position;
    run->failure.token = n->value;
    return item_failed();
}

static item numeric(struct run *run, uint8_t op, item a, item b)
{
    bool failed = false;
    if (!item_is_undefined(a) && !jsonata_is_number(run, a, &failed))
        return failed ? item_failed() : jsonata_fail_value(run, "T2001", a);
    if (!item_is_undefined(b) && !jsonata_is_number(run, b, &failed))
        return failed ? item_failed() : jsonata_fail_value(run, "T2002", b);
    if (item_is_undefined(a) || item_is_undefined(b))
        return item_undefined();
    switch (op) {
    case SYMBOL_PLUS:
        return item_number(a.as.number + b.as.number);
    case SYMBOL_MINUS:
        return item_number(a.as.number - b.as.number);
    case SYMBOL_STAR:
        return item_number(a.as.number * b.as.number);
    case SYMBOL_SLASH:
        return item_number(a.as.number / b.as.number);
    default:
        return item_number(fmod(a.as.number, b.as.number));
    }
}

static bool is_comparable(item i)
{
    return i.kind == ITEM_UNDEFINED || i.kind == ITEM_STRING || i.kind == ITEM_NUMBER;
}

static bool holds(uint8_t op, int order)
{
    switch (op) {
    case SYMBOL_LESS:
        return order < 0;
    case SYMBOL_LESS_EQUAL:
        return order <= 0;
    case SYMBOL_GREATER:
        return order > 0;
    default:
        return order >= 0;
    }
}

static item comparison(struct run *run, uint8_t op, item a, item b)
{
    if (!is_comparable(a) || !is_comparable(b)) {
        bool left = a.kind == ITEM_STRING || a.kind == ITEM_NUMBER;
        return jsonata_fail_value(run, "T2010", left ? b : a);
    }
    if (item_is_undefined(a) || item_is_undefined(b))
        return item_undefined();
    if (a.kind != b.kind) {
        item failed = jsonata_fail_value(run, "T2009", a);
        run->failure.value2 = b;
        return failed;
    }
    if (a.kind == ITEM_STRING)
        return item_boolean(holds(op, jsonata_compare_strings(item_string(a), item_string(b))));
    if (isnan(a.as.number) || isnan(b.as.number))
        return item_boolean(false);
    return item_boolean(holds(op, (a.as.number > b.as.number) - (a.as.number < b.as.number)));
}

static item equality(struct run *run, uint8_t op, item a, item b)
{
    if (item_is_undefined(a) || item_is_undefined(b))
        return item_boolean(false);
    return item_boolean(jsonata_equal(run, a, b) == (op == SYMBOL_EQUAL));
}

static item includes(struct run *run, item a, item b)
{
    if (item_is_undefined(a) || item_is_undefined(b))
        return item_boolean(false);
    if (b.kind != ITEM_ARRAY)
        return item_boolean(jsonata_is_same(a, b));
    for (uint32_t i = 0; i < b.as.array->count; i++)
        if (jsonata_is_same(jsonata_at(&run->heap, b.as.array, i), a))
            return item_boolean(true);
    jsonata_charge(run, b.as.array->count / 8);
    return item_boolean(false);
}

static item concatenate(struct run *run, item a, item b)
{
    item left = jsonata_to_string(run, a, false);
    if (item_is_failed(left))
        return left;
    item right = jsonata_to_string(run, b, false);
    if (item_is_failed(right))
        return right;
    struct builder text;
    jsonata_builder_init(&text, &run->heap);
    jsonata_charge_bytes(run, (size_t)left.size + right.size);
    if (left.kind == ITEM_STRING)
        jsonata_builder_put(&text, item_string(left));
    if (right.kind == ITEM_STRING)
        jsonata_builder_put(&text, item_string(right));
    return jsonata_builder_item(&text);
}

static bool is_integer(item i)
{
    return i.kind == ITEM_NUMBER && isfinite(i.as.number) && i.as.number == floor(i.as.number);
}

#define RANGE_MAXIMUM 1e7

static item range(struct run *run, item a, item b)
{
    if (!item_is_undefined(a) && !is_integer(a))
        return jsonata_fail_value(run, "T2003", a);
    if (!item_is_undefined(b) && !is_integer(b))
        return jsonata_fail_value(run, "T2004", b);
    if (item_is_undefined(a) || item_is_undefined(b) || a.as.number > b.as.number)
        return item_undefined();
    double size = b.as.number - a.as.number + 1;
    if (size > RANGE_MAXIMUM)
        return jsonata_fail_value(run, "D2014", item_number(size));
    struct array *result = jsonata_array(&run->heap, (size_t)size);
    if (run->heap.arena.exhausted)
        return jsonata_fail_limit(run);
    jsonata_charge(run, (size_t)size / 8);
    for (size_t i = 0; i < (size_t)size; i++)
        result->items[i] = item_number(a.as.number + (double)i);
    result->count = (uint32_t)size;
    result->sequence = true;
    return item_array(result);
}

static item evaluate_and_or(struct run *run, const struct node *n, item left, item input,
                            struct frame *frame)
{
    enum truth truth = jsonata_truth(run, left);
    if (truth == TRUTH_FAILED)
        return at_operator(run, n);
    if ((truth == TRUTH_YES) == (n->op == SYMBOL_OR))
        return item_boolean(truth == TRUTH_YES);
    item right = jsonata_evaluate_node(run, n->rhs, input, frame);
    if (item_is_failed(right))
        return at_operator(run, n);
    truth = jsonata_truth(run, right);
    return truth == TRUTH_FAILED ? at_operator(run, n) : item_boolean(truth == TRUTH_YES);
}

static item evaluate_binary(struct run *run, const struct node *n, item input, struct frame *frame)
{
    item a = jsonata_evaluate_operand(run, n->lhs, input, frame);
    if (item_is_failed(a))
        return a;
    if (n->op == SYMBOL_AND || n->op == SYMBOL_OR)
        return evaluate_and_or(run, n, a, input, frame);
    item b = jsonata_evaluate_operand(run, n->rhs, input, frame);
    if (item_is_failed(b))
        return b;
    item result;
    switch (n->op) {
    case SYMBOL_PLUS:
    case SYMBOL_MINUS:
    case SYMBOL_STAR:
    case SYMBOL_SLASH:
    case SYMBOL_PERCENT:
        result = numeric(run, n->op, a, b);
        break;
    case SYMBOL_EQUAL:
    case SYMBOL_NOT_EQUAL:
        result = equality(run, n->op, a, b);
        break;
    case SYMBOL_LESS:
    case SYMBOL_LESS_EQUAL:
    case SYMBOL_GREATER:
    case SYMBOL_GREATER_EQUAL:
        result = comparison(run, n->op, a, b);
        break;
    case SYMBOL_AMPERSAND:
        result = concatenate(run, a, b);
        break;
    case SYMBOL_RANGE:
        result = range(run, a, b);
        break;
    default:
        result = includes(run, a, b);
        break;
    }
    return item_is_failed(result) ? at_operator(run, n) : result;
}

/* ---- constructors ---- */

static item evaluate_negation(struct run *run, const struct node *n, item input,
                              struct frame *frame)
{
    item value = jsonata_evaluate_node(run, n->lhs, input, frame);
    if (item_is_failed(value) || item_is_undefined(value))
        return value;
    bool failed = false;
    if (jsonata_is_number(run, value, &failed))
        return item_number(-value.as.number);
    if (failed)
        return item_failed();
    jsonata_fail_value(run, "D1002", value);
    return at_operator(run, n);
}

/* Nested constructors, and a string literal "[" (a quirk of the reference that changes nothing). */
static bool keeps_its_array(const struct node *n)
{
    return n->type == NODE_UNARY && n->op == SYMBOL_BRACKET;
}

static item evaluate_array(struct run *run, const struct node *n, item input, struct frame *frame)
{
    struct array *result = jsonata_array(&run->heap, n->count);
    for (uint32_t i = 0; i < n->count; i++) {
        item value = jsonata_evaluate_node(run, n->items[i], input, frame);
        if (item_is_failed(value))
            return value;
        if (item_is_undefined(value))
            continue;
        if (keeps_its_array(n->items[i]) || value.kind != ITEM_ARRAY) {
            jsonata_push(&run->heap, result, value);
        } else if (n->count == 1 && value.as.array->sequence && value.as.array->items) {
            /* [1..n] and [path]: the fresh sequence's items serve as they are */
            result->items = value.as.array->items;
            result->count = result->capacity = value.as.array->count;
        } else {
            jsonata_charge(run, value.as.array->count / 16);
            jsonata_push_all(&run->heap, result, value.as.array);
        }
    }
    result->cons = n->cons_array;
    return item_array(result);
}

static item evaluate_unary(struct run *run, const struct node *n, item input, struct frame *frame)
{
    if (n->op == SYMBOL_MINUS)
        return evaluate_negation(run, n, input, frame);
    if (n->op == SYMBOL_BRACKET)
        return evaluate_array(run, n, input, frame);
    struct group pairs = {n->items, n->count, n->position};
    return jsonata_evaluate_group(run, &pairs, input, frame);
}

/* ---- control ---- */

static item evaluate_condition(struct run *run, const struct node *n, item input,
                               struct frame *frame)
{
    item condition = jsonata_evaluate_node(run, n->lhs, input, frame);
    if (item_is_failed(condition))
        return condition;
    enum truth truth = jsonata_truth(run, condition);
    if (truth == TRUTH_FAILED)
        return item_failed();
    if (truth == TRUTH_YES)
        return jsonata_evaluate_node(run, n->rhs, input, frame);
    return n->third ? jsonata_evaluate_node(run, n->third, input, frame) : item_undefined();
}

static item finish_node(struct run *run, const struct node *n, item result, struct frame *frame);

/* In tail position the reference evaluates a call on the left again for its result, as a tail call:
 * nothing that hangs on it counts then. Here it is made once, and its result is both. */
static item evaluate_default(struct run *run, const struct node *n, item input, struct frame *frame)
{
    item value, result;
    if (n->tail) {
        result = jsonata_evaluate_call(run, n->lhs, input, frame, NULL);
        value = item_is_failed(result) ? result : finish_node(run, n->lhs, result, frame);
    } else {
        result = value = jsonata_evaluate_node(run, n->lhs, input, frame);
    }
    if (item_is_failed(value))
        return value;
    enum truth taken = n->type == NODE_ELVIS      ? jsonata_truth(run, value)
                       : item_is_undefined(value) ? TRUTH_NO
                                                  : TRUTH_YES;
    if (taken == TRUTH_FAILED)
        return item_failed();
    return taken == TRUTH_YES ? result : jsonata_evaluate_node(run, n->rhs, input, frame);
}

static item evaluate_block(struct run *run, const struct node *n, item input, struct frame *frame)
{
    struct frame *inner = frame;
    if (run->program->binds)
        inner = jsonata_frame(run, frame, n->count > 1 ? (n->count < 32 ? n->count : 32) : 0);
    item result = item_undefined();
    for (uint32_t i = 0; i < n->count; i++) {
        result = i < n->count - 1 ? jsonata_evaluate_node(run, n->items[i], input, inner)
                                  : jsonata_evaluate_rows(run, n->items[i], input, inner);
        if (item_is_failed(result))
            break;
    }
    return result;
}

static item evaluate_bind(struct run *run, const struct node *n, item input, struct frame *frame)
{
    item value = jsonata_evaluate_node(run, n->rhs, input, frame);
    if (!item_is_failed(value))
        jsonata_bind(run, frame, n->lhs->symbol, value);
    return value;
}

static item evaluate_variable(struct run *run, const struct node *n, item input,
                              const struct frame *frame)
{
    if (n->value.size > 0)
        return jsonata_lookup(run, frame, n->symbol);
    if (input.kind == ITEM_ARRAY && input.as.array->outer_wrapper)
        return jsonata_at(&run->heap, input.as.array, 0);
    return input;
}

static item evaluate_lambda(struct run *run, const struct node *n, item input, struct frame *frame)
{
    struct function *f = jsonata_function(run, FUNCTION_LAMBDA, n->count);
    f->signature = n->signature;
    f->as.lambda.body = n->lhs;
    f->as.lambda.parameters = n->items;
    f->as.lambda.count = n->count;
    f->as.lambda.frame = frame;
    f->as.lambda.input = input;
    return item_function(f);
}

static item make_regex(struct run *run, const struct node *n)
{
    struct function *f = jsonata_function(run, FUNCTION_REGEX, 2);
    f->as.regex.regex = n->regex;
    f->as.regex.position = n->position;
    f->as.regex.pattern = n->value;
    return item_function(f);
}

static item make_transform(struct run *run, const struct node *n, struct frame *frame)
{
    static const char signature[] = "<(oa):o>";
    struct function *f = jsonata_function(run, FUNCTION_TRANSFORM, 1);
    struct failure none;
    size_t offset;
    f->signature = jsonata_signature(&run->heap, asl_text(signature), &none, &offset);
    f->as.transform.node = n;
    f->as.transform.frame = frame;
    return item_function(f);
}

/* ---- one node ---- */

static item dispatch(struct run *run, const struct node *n, item input, struct frame *frame)
{
    switch ((enum node_type)n->type) {
    case NODE_PATH:
        return jsonata_evaluate_path(run, n, input, frame);
    case NODE_VARIABLE:
        return evaluate_variable(run, n, input, frame);
    case NODE_STRING:
    case NODE_NUMBER:
    case NODE_VALUE:
        return n->value;
    case NODE_BINARY:
        return evaluate_binary(run, n, input, frame);
    case NODE_FUNCTION:
        return n->tail ? jsonata_defer_call(run, n, input, frame)
                       : jsonata_evaluate_call(run, n, input, frame, NULL);
    case NODE_UNARY:
        return evaluate_unary(run, n, input, frame);
    case NODE_NAME:
        return jsonata_step_name(run, input, item_string(n->value));
    case NODE_CONDITION:
        return evaluate_condition(run, n, input, frame);
    case NODE_ELVIS:
    case NODE_COALESCE:
        return evaluate_default(run, n, input, frame);
    case NODE_BLOCK:
        return evaluate_block(run, n, input, frame);
    case NODE_BIND:
        return evaluate_bind(run, n, input, frame);
    case NODE_LAMBDA:
        return evaluate_lambda(run, n, input, frame);
    case NODE_WILDCARD:
        return jsonata_evaluate_wildcard(run, input);
    case NODE_DESCENDANT:
        return jsonata_evaluate_descendants(run, input);
    case NODE_PARENT:
        return jsonata_lookup(run, frame, n->slot->label);
    case NODE_REGEX:
        return make_regex(run, n);
    case NODE_PARTIAL:
        return jsonata_evaluate_partial(run, n, input, frame);
    case NODE_APPLY:
        return jsonata_evaluate_chain(run, n, input, frame);
    case NODE_TRANSFORM:
        return make_transform(run, n, frame);
    default:
        return item_undefined(); /* a `?` outside a call's arguments has no value */
    }
}

static item apply_attachments(struct run *run, const struct node *n, item result,
                              struct frame *frame)
{
    for (uint32_t i = 0; n->predicates && i < n->predicates->count; i++) {
        result = jsonata_evaluate_filter(run, n->predicates->items[i].filter, result, frame);
        if (item_is_failed(result))
            return result;
    }
    if (n->group && n->type != NODE_PATH)
        result = jsonata_evaluate_group(run, n->group, result, frame);
    if (n->keep_array && result.kind == ITEM_ARRAY && result.as.array->sequence &&
        !result.as.array->tuples)
        result.as.array->keep_singleton = true;
    return result;
}

item jsonata_evaluate_operand(struct run *run, const struct node *n, item input,
                              struct frame *frame)
{
    if (n->predicates || n->group || n->keep_array || run->depth >= run->depth_maximum)
        return jsonata_evaluate_node(run, n, input, frame);
    switch (n->type) {
    case NODE_NUMBER:
    case NODE_STRING:
    case NODE_VALUE:
        run->steps++;
        return n->value;
    case NODE_VARIABLE:
        run->steps++;
        return jsonata_collapsed(run, evaluate_variable(run, n, input, frame));
    case NODE_PATH: {
        if (!n->plain_path)
            return jsonata_evaluate_node(run, n, input, frame);
        item result = jsonata_evaluate_path(run, n, input, frame);
        return jsonata_collapsed(run, result);
    }
    default:
        return jsonata_evaluate_node(run, n, input, frame);
    }
}

item jsonata_collapsed(struct run *run, item result)
{
    const struct array *a = result.kind == ITEM_ARRAY ? result.as.array : NULL;
    if (!a || !a->sequence || a->tuples)
        return result;
    if (a->count == 0)
        return item_undefined();
    return a->count == 1 && !a->keep_singleton ? jsonata_at(&run->heap, a, 0) : result;
}

/* What hangs on a call in tail position is lost, as in the reference; what hangs on a block around
 * it takes the call that is still to be made for a function. Where that comes through alone the
 * call is made after all. */
static item attach_to_tail(struct run *run, const struct node *n, item tail, struct frame *frame)
{
    if (n->type == NODE_FUNCTION)
        return tail;
    item shown = jsonata_tail_function(run, tail);
    if (item_is_failed(shown))
        return shown;
    item result = apply_attachments(run, n, shown, frame);
    if (result.kind == ITEM_ARRAY)
        result = jsonata_collapsed(run, result);
    return result.kind == ITEM_FUNCTION && result.as.function == shown.as.function ? tail : result;
}

static item fail_value_limit(struct run *run)
{
    item failed = jsonata_fail_value(run, "D2015", item_number((double)run->string_maximum));
    run->failure.words = "A value of the evaluation takes more than {{value}} bytes";
    return failed;
}

static item finish_node(struct run *run, const struct node *n, item result, struct frame *frame)
{
    if ((n->predicates || n->group || n->keep_array) && !item_is_failed(result))
        result = result.kind == ITEM_TAIL ? attach_to_tail(run, n, result, frame)
                                          : apply_attachments(run, n, result, frame);
    if (result.kind == ITEM_STRING)
        return result.size <= run->string_maximum ? result : fail_value_limit(run);
    if (result.kind != ITEM_ARRAY)
        return result;
    if (result.as.array->count > run->array_maximum)
        return fail_value_limit(run);
    return jsonata_collapsed(run, result);
}

item jsonata_evaluate_rows(struct run *run, const struct node *n, item input, struct frame *frame)
{
    run->depth++;
    run->steps++;
    if (jsonata_is_over(run))
        return jsonata_fail_limit(run);
    item result = finish_node(run, n, dispatch(run, n, input, frame), frame);
    run->depth--;
    return result;
}

item jsonata_evaluate_node(struct run *run, const struct node *n, item input, struct frame *frame)
{
    item result = jsonata_evaluate_rows(run, n, input, frame);
    struct array *rows =
        result.kind == ITEM_ARRAY && result.as.array->tuples ? result.as.array : NULL;
    for (uint32_t i = 0; rows && i < rows->count; i++)
        rows->items[i] = jsonata_row_value(run, rows->items[i]);
    return result;
}

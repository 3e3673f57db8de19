/* Functions: what is called, with what, and what comes back.
 *
 * A call in tail position is not made but handed back (ITEM_TAIL) to the call that is about to
 * return, which makes it in its own place: recursion in tail position runs in constant C stack.
 */
#include "evaluate.h"
#include "regex.h"

#include <string.h>

struct tail {
    const struct node *node;
    item input;
    struct frame *frame;
};

struct function *jsonata_function(struct run *run, enum function_kind kind, unsigned arity)
{
    struct function *f = jsonata_arena_allocate(&run->heap.arena, sizeof *f);
    memset(f, 0, sizeof *f);
    f->kind = (uint8_t)kind;
    f->arity = (uint8_t)(arity > 255 ? 255 : arity);
    f->position = JSONATA_NO_POSITION;
    return f;
}

size_t jsonata_arity(item function)
{
    return function.kind == ITEM_FUNCTION ? function.as.function->arity : 0;
}

/* ---- the kinds ---- */

static item call_lambda(struct run *run, const struct function *f, const item *arguments,
                        size_t count)
{
    uint32_t parameters = f->as.lambda.count;
    struct frame *frame = jsonata_frame(run, f->as.lambda.frame, parameters < 64 ? parameters : 64);
    for (uint32_t i = 0; i < parameters; i++)
        jsonata_bind(run, frame, f->as.lambda.parameters[i]->symbol,
                     i < count ? arguments[i] : item_undefined());
    return jsonata_evaluate_node(run, f->as.lambda.body, f->as.lambda.input, frame);
}

static item call_whole(struct run *run, struct function *f, const item *arguments, size_t count,
                       const struct call *call);

static item call_partial(struct run *run, const struct function *f, const item *arguments,
                         size_t count, const struct call *call)
{
    size_t total = f->as.partial.count, next = 0;
    struct function *whole = f->as.partial.whole.as.function;
    size_t room = total < 4 ? 4 : total;
    item *all = jsonata_arena_allocate(&run->heap.arena, room * sizeof *all);
    if (!all)
        return jsonata_fail_limit(run);
    for (size_t i = 0; i < total; i++) {
        all[i] = f->as.partial.arguments[i];
        if (all[i].kind == ITEM_UNBOUND)
            all[i] = next < count ? arguments[next++] : item_undefined();
    }
    for (size_t i = total; i < room; i++)
        all[i] = item_undefined();
    if (whole->kind == FUNCTION_NATIVE)
        return jsonata_call_unchecked(run, whole, all, total, call);
    const item *checked = all;
    if (whole->signature) { /* a function of the host, which trusts it */
        struct failure failure;
        checked = jsonata_check_arguments(&run->heap, whole->signature, all, &total,
                                          (item){.kind = ITEM_NULL}, &failure);
        if (!checked)
            return run->failure = failure, item_failed();
    }
    return call_whole(run, whole, checked, total, call);
}

static asl_value *foreign_argument(struct run *run, item i, bool *failed)
{
    asl_value *v = NULL;
    if (!item_is_undefined(i) && !jsonata_to_value(run, i, &v))
        *failed = true;
    return v;
}

static item fail_foreign(struct run *run, struct jsonata_error *error)
{
    item failed = jsonata_fail(run, error->code);
    item message = jsonata_string_copy(&run->heap, asl_buffer_text(&error->message));
    if (message.size > 0) {
        run->failure.extra = message;
        run->failure.words = "{{{message}}}";
    }
    jsonata_error_free(error);
    return failed;
}

#define FOREIGN_ARGUMENTS 16

static item call_foreign(struct run *run, const struct jsonata_native *native,
                         const item *arguments, size_t count)
{
    asl_value *given[FOREIGN_ARGUMENTS] = {0};
    struct jsonata_error error = {.position = JSONATA_NO_POSITION};
    bool failed = false;
    if (count > FOREIGN_ARGUMENTS)
        count = FOREIGN_ARGUMENTS;
    for (size_t i = 0; i < count && !failed; i++)
        given[i] = foreign_argument(run, arguments[i], &failed);
    asl_value *result = NULL;
    if (!failed)
        result = native->call(run->env, (const asl_value *const *)given, count, &error);
    for (size_t i = 0; i < count; i++)
        value_release(given[i]);
    if (failed)
        return item_failed();
    if (error.code[0]) {
        value_release(result);
        return fail_foreign(run, &error);
    }
    if (!result)
        return item_undefined();
    value_list_push_take(&run->owned, result);
    jsonata_charge_bytes(run, value_count(result));
    return jsonata_from_json(&run->heap, result);
}

static item first_or_undefined(const item *arguments, size_t count)
{
    return count > 0 ? arguments[0] : item_undefined();
}

/* f ~> g is function($x){ $g($f($x)) } to the reference, compiled from a source of its own: errors
 * have their places in that. */
enum { CHAIN_FIRST_POSITION = 39, CHAIN_SECOND_POSITION = 35 };

static void name_for_chain(item function, const char *name, size_t position)
{
    if (function.kind == ITEM_FUNCTION && !function.borrowed) {
        function.as.function->token = jsonata_string_z(name);
        function.as.function->position = position;
    }
}

/* The first is called within that function, where there is no context; the second in its tail
 * position, where the context is that of the call. */
static item call_chain(struct run *run, const struct function *f, item argument,
                       const struct call *call)
{
    item null = {.kind = ITEM_NULL}, second = f->as.chain.second;
    /* the one in tail position gets its name before its argument is computed, in which it may be
     * called by another */
    name_for_chain(second, "g", CHAIN_SECOND_POSITION);
    name_for_chain(f->as.chain.first, "f", CHAIN_FIRST_POSITION);
    item between = jsonata_apply(run, f->as.chain.first, &argument, 1, null, call->frame);
    if (item_is_failed(between))
        return between;
    between = jsonata_collapsed(run, between);
    item result = jsonata_apply(run, second, &between, 1, call->input, call->frame);
    if (item_is_failed(result) && second.borrowed) {
        if (item_is_undefined(run->failure.token))
            run->failure.token = jsonata_string_z("g");
        run->failure.has_position = true;
        run->failure.position = CHAIN_SECOND_POSITION;
    }
    return result;
}

static item call_whole(struct run *run, struct function *f, const item *arguments, size_t count,
                       const struct call *call)
{
    switch ((enum function_kind)f->kind) {
    case FUNCTION_LAMBDA:
        return call_lambda(run, f, arguments, count);
    case FUNCTION_NATIVE:
        return f->as.native->call(run, arguments, count, call);
    case FUNCTION_FOREIGN:
        return call_foreign(run, f->as.foreign, arguments, count);
    case FUNCTION_PARTIAL:
        return call_partial(run, f, arguments, count, call);
    case FUNCTION_REGEX:
        return jsonata_regex_apply(run, f, first_or_undefined(arguments, count),
                                   count > 1 ? arguments[1] : item_undefined());
    case FUNCTION_NEXT:
        return jsonata_regex_next(run, f);
    case FUNCTION_TRANSFORM:
        return jsonata_transform(run, f->as.transform.node, f->as.transform.frame,
                                 first_or_undefined(arguments, count));
    case FUNCTION_CHAIN:
        return call_chain(run, f, first_or_undefined(arguments, count), call);
    }
    return item_undefined();
}

static item called_from(struct run *run, const struct function *f)
{
    if (item_is_undefined(run->failure.token))
        run->failure.token = f->token;
    if (f->position != JSONATA_NO_POSITION) {
        run->failure.has_position = true;
        run->failure.position = f->position;
    }
    return item_failed();
}

static item call_once(struct run *run, item function, const item *arguments, size_t count,
                      item input, struct frame *frame)
{
    if (jsonata_is_over(run))
        return jsonata_fail_limit(run);
    if (function.kind != ITEM_FUNCTION)
        return jsonata_fail(run, "T1006");
    struct function *f = function.as.function;
    struct call call = {function.borrowed ? (item){.kind = ITEM_NULL} : input, frame};
    if (f->signature) {
        struct failure failure;
        arguments = jsonata_check_arguments(&run->heap, f->signature, arguments, &count, call.input,
                                            &failure);
        if (!arguments) {
            run->failure = failure;
            return called_from(run, f);
        }
    }
    item result = call_whole(run, f, arguments, count, &call);
    return item_is_failed(result) && f->kind != FUNCTION_CHAIN ? called_from(run, f) : result;
}

/* ---- arguments ---- */

/* Calls with no more arguments than this keep them on the C stack. */
#define ARGUMENTS_FEW 6

/* A function given as an argument is `borrowed`: the reference wraps it, so that calling it by the
 * parameter's name does not change the name and place that its errors tell, and gives it no
 * context. It does not where it applies partially, nor in tail position. */
enum lending { KEEP_FUNCTIONS, BORROW_FUNCTIONS };

/* The evaluated arguments, behind `context` when there is one; NULL when one failed. */
static item *evaluate_arguments(struct run *run, const struct node *n, item input,
                                struct frame *frame, const item *context, enum lending lending,
                                item *few, size_t *count)
{
    size_t total = n->count + (context != NULL);
    item *all = few;
    if (total > ARGUMENTS_FEW)
        all = jsonata_arena_allocate(&run->heap.arena, total * sizeof *all);
    if (!all)
        return jsonata_fail_limit(run), NULL;
    *count = 0;
    if (context)
        all[(*count)++] = *context;
    for (uint32_t i = 0; i < n->count; i++) {
        item argument = {.kind = ITEM_UNBOUND};
        if (n->items[i]->type != NODE_OPERATOR)
            argument = jsonata_evaluate_operand(run, n->items[i], input, frame);
        if (item_is_failed(argument))
            return NULL;
        if (argument.kind == ITEM_FUNCTION && lending == BORROW_FUNCTIONS)
            argument.borrowed = 1;
        all[(*count)++] = argument;
    }
    return all;
}

/* ---- the trampoline ---- */

item jsonata_defer_call(struct run *run, const struct node *n, item input, struct frame *frame)
{
    struct tail *t = jsonata_arena_allocate(&run->heap.arena, sizeof *t);
    *t = (struct tail){n, input, frame};
    return (item){.kind = ITEM_TAIL, .as.tail = t};
}

item jsonata_tail_function(struct run *run, item tail)
{
    const struct tail *t = tail.as.tail;
    struct node *call = jsonata_arena_allocate(&run->heap.arena, sizeof *call);
    struct function *f = jsonata_function(run, FUNCTION_LAMBDA, 0);
    if (!call)
        return jsonata_fail_limit(run);
    *call = *t->node;
    call->tail = false;
    f->as.lambda.body = call;
    f->as.lambda.frame = t->frame;
    f->as.lambda.input = t->input;
    return item_function(f);
}

/* What the reference writes on whatever it is about to call, be it no function at all. */
static void called_in_tail(struct run *run, const struct node *procedure, item called)
{
    if (called.kind != ITEM_FUNCTION && called.kind != ITEM_ARRAY && !item_is_object(called))
        return;
    if (procedure->type == NODE_VARIABLE && item_is_undefined(run->failure.token))
        run->failure.token = procedure->value;
    if (procedure->position == JSONATA_NO_POSITION)
        return;
    run->failure.has_position = true;
    run->failure.position = procedure->position;
}

/* What a chain of tail calls has come through. A function that was an argument is wrapped by the
 * reference, and what is called within it, however far, is called within the wrapper: it has no
 * context, and its errors are told of the place where the outermost wrapper was called. */
struct lent_calls {
    const struct node *first, *last; /* the procedures, NULL before there was one */
};

static item make_tail_call(struct run *run, const struct tail *t, item input, struct frame *frame,
                           struct lent_calls *lent)
{
    const struct node *procedure = t->node->lhs;
    item few[ARGUMENTS_FEW], next = jsonata_evaluate_node(run, procedure, t->input, t->frame);
    size_t count;
    if (item_is_failed(next))
        return next;
    if (next.kind == ITEM_FUNCTION) {
        if (procedure->type == NODE_VARIABLE && !next.borrowed)
            next.as.function->token = procedure->value;
        next.as.function->position = procedure->position;
    }
    item *arguments =
        evaluate_arguments(run, t->node, t->input, t->frame, NULL, KEEP_FUNCTIONS, few, &count);
    run->steps += 2; /* an endless loop shall run out of time before it runs out of memory */
    if (!arguments)
        return item_failed();
    if (lent->first)
        input = (item){.kind = ITEM_NULL};
    item result = call_once(run, next, arguments, count, input, frame);
    if (item_is_failed(result) && (next.kind != ITEM_FUNCTION || next.borrowed))
        called_in_tail(run, procedure, next);
    if (result.kind == ITEM_TAIL && next.borrowed)
        *lent = (struct lent_calls){lent->first ? lent->first : procedure, procedure};
    return result;
}

static void called_when_lent(struct run *run, const struct lent_calls *lent)
{
    if (lent->last->type == NODE_VARIABLE && item_is_undefined(run->failure.token))
        run->failure.token = lent->last->value;
    if (lent->first->position != JSONATA_NO_POSITION) {
        run->failure.has_position = true;
        run->failure.position = lent->first->position;
    }
}

item jsonata_apply(struct run *run, item function, const item *arguments, size_t count, item input,
                   struct frame *frame)
{
    item result = call_once(run, function, arguments, count, input, frame);
    struct lent_calls lent = {NULL, NULL};
    while (result.kind == ITEM_TAIL)
        result = make_tail_call(run, result.as.tail, input, frame, &lent);
    if (item_is_failed(result) && lent.first)
        called_when_lent(run, &lent);
    return result;
}

/* What the reference has not wrapped, as it was no argument or one of a call in tail position, is
 * to JavaScript an object that describes a function. */
static bool is_described(item function)
{
    if (function.kind != ITEM_FUNCTION || function.borrowed)
        return false;
    uint8_t kind = function.as.function->kind;
    return kind == FUNCTION_NATIVE || kind == FUNCTION_FOREIGN || kind == FUNCTION_TRANSFORM;
}

item jsonata_call_back(struct run *run, item function, const item *arguments, size_t count)
{
    if (is_described(function))
        return jsonata_fail(run, "T1006");
    return jsonata_apply(run, function, arguments, count, (item){.kind = ITEM_NULL}, NULL);
}

item jsonata_apply_some(struct run *run, item function, const item *arguments, size_t most)
{
    size_t arity = jsonata_arity(function);
    size_t count = arity < 1 ? 1 : arity < most ? arity : most;
    return jsonata_call_back(run, function, arguments, count);
}

/* ---- nodes ---- */

static item name_of(const struct node *procedure)
{
    switch (procedure->type) {
    case NODE_PATH:
        return name_of(procedure->items[0]);
    case NODE_BLOCK:
    case NODE_LAMBDA:
    case NODE_CONDITION:
    case NODE_TRANSFORM:
        return item_undefined();
    default:
        return procedure->value;
    }
}

/* `name(...)` where `$name` exists. */
static bool is_missing_dollar(struct run *run, const struct node *n, item procedure,
                              const struct frame *frame)
{
    return item_is_undefined(procedure) && n->symbol &&
           !item_is_undefined(jsonata_lookup(run, frame, n->symbol));
}

static item fail_call(struct run *run, const struct node *n, const char *code)
{
    item failed = jsonata_fail(run, code);
    run->failure.token = name_of(n->lhs);
    run->failure.has_position = true;
    run->failure.position = n->position;
    return failed;
}

item jsonata_evaluate_call(struct run *run, const struct node *n, item input, struct frame *frame,
                           const item *context)
{
    item procedure = jsonata_evaluate_operand(run, n->lhs, input, frame), few[ARGUMENTS_FEW];
    if (item_is_failed(procedure))
        return procedure;
    if (is_missing_dollar(run, n, procedure, frame))
        return fail_call(run, n, "T1005");
    size_t count;
    item *arguments =
        evaluate_arguments(run, n, input, frame, context, BORROW_FUNCTIONS, few, &count);
    if (!arguments)
        return item_failed();
    if (procedure.kind == ITEM_FUNCTION && !procedure.borrowed &&
        procedure.as.function->kind != FUNCTION_REGEX &&
        procedure.as.function->kind != FUNCTION_NEXT) {
        procedure.as.function->token = name_of(n->lhs);
        procedure.as.function->position = n->position;
    }
    item result = jsonata_apply(run, procedure, arguments, count, input, frame);
    if (item_is_failed(result)) {
        if (!run->failure.has_position || run->failure.position == 0) {
            run->failure.has_position = true;
            run->failure.position = n->position;
        }
        if (item_is_undefined(run->failure.token))
            run->failure.token = name_of(n->lhs);
    }
    return result;
}

/* A lambda keeps its body; what was given is bound in a frame of its own. */
static item partial_lambda(struct run *run, const struct function *f, const item *arguments,
                           size_t count)
{
    uint32_t parameters = f->as.lambda.count;
    struct node **open =
        jsonata_arena_allocate(&run->heap.arena, ((size_t)parameters + 1) * sizeof *open);
    if (!open)
        return jsonata_fail_limit(run);
    struct function *partial = jsonata_function(run, FUNCTION_LAMBDA, 0);
    partial->as.lambda = f->as.lambda;
    partial->as.lambda.frame = jsonata_frame(run, f->as.lambda.frame, 4);
    partial->as.lambda.parameters = open;
    partial->as.lambda.count = 0;
    for (uint32_t i = 0; i < parameters; i++) {
        if (i < count && arguments[i].kind == ITEM_UNBOUND)
            open[partial->as.lambda.count++] = f->as.lambda.parameters[i];
        else
            jsonata_bind(run, partial->as.lambda.frame, f->as.lambda.parameters[i]->symbol,
                         i < count ? arguments[i] : item_undefined());
    }
    partial->arity = (uint8_t)partial->as.lambda.count;
    return item_function(partial);
}

static size_t formal_parameters(const struct function *f)
{
    return f->kind == FUNCTION_NATIVE ? f->as.native->parameters : f->arity;
}

/* The reference reads the parameters' names out of a function's source text and compiles a function
 * of the same parameters. Of what it wraps that text is `(...params)`, of $string it is
 * `(arg, prettify = false)`: it fails at what does not belong there. */
static item fail_partial(struct run *run, bool is_wrapped)
{
    item failed = jsonata_fail_value(run, is_wrapped ? "S0202" : "S0208",
                                     is_wrapped ? jsonata_string_z(")") : item_number(2));
    run->failure.token = jsonata_string_z(is_wrapped ? ".." : "=");
    run->failure.has_position = true;
    run->failure.position = is_wrapped ? 12 : 26;
    return failed;
}

static bool is_string_function(const struct function *f)
{
    return f->kind == FUNCTION_NATIVE && strcmp(f->as.native->name, "string") == 0;
}

static item partial_other(struct run *run, item function, const item *arguments, size_t count)
{
    size_t parameters = formal_parameters(function.as.function), open = 0;
    item *kept = jsonata_arena_allocate(&run->heap.arena, (parameters + 1) * sizeof *kept);
    for (size_t i = 0; i < parameters; i++) {
        kept[i] = i < count ? arguments[i] : item_undefined();
        open += kept[i].kind == ITEM_UNBOUND;
    }
    struct function *partial = jsonata_function(run, FUNCTION_PARTIAL, (unsigned)open);
    partial->as.partial.whole = function;
    partial->as.partial.arguments = kept;
    partial->as.partial.count = (uint32_t)parameters;
    return item_function(partial);
}

item jsonata_evaluate_partial(struct run *run, const struct node *n, item input,
                              struct frame *frame)
{
    item few[ARGUMENTS_FEW];
    size_t count;
    item *arguments = evaluate_arguments(run, n, input, frame, NULL, KEEP_FUNCTIONS, few, &count);
    if (!arguments)
        return item_failed();
    item procedure = jsonata_evaluate_node(run, n->lhs, input, frame);
    if (item_is_failed(procedure))
        return procedure;
    if (is_missing_dollar(run, n, procedure, frame))
        return fail_call(run, n, "T1007");
    if (procedure.kind != ITEM_FUNCTION)
        return fail_call(run, n, "T1008");
    if (procedure.borrowed || is_string_function(procedure.as.function))
        return fail_partial(run, procedure.borrowed);
    if (procedure.as.function->kind == FUNCTION_LAMBDA)
        return partial_lambda(run, procedure.as.function, arguments, count);
    return partial_other(run, procedure, arguments, count);
}

item jsonata_evaluate_chain(struct run *run, const struct node *n, item input, struct frame *frame)
{
    item left = jsonata_evaluate_node(run, n->lhs, input, frame);
    if (item_is_failed(left))
        return left;
    if (n->rhs->type == NODE_FUNCTION)
        return jsonata_evaluate_call(run, n->rhs, input, frame, &left);
    item function = jsonata_evaluate_node(run, n->rhs, input, frame);
    if (item_is_failed(function))
        return function;
    if (function.kind != ITEM_FUNCTION) {
        item failed = jsonata_fail_value(run, "T2006", function);
        run->failure.has_position = true;
        run->failure.position = n->position;
        return failed;
    }
    if (left.kind == ITEM_FUNCTION) {
        struct function *chain = jsonata_function(run, FUNCTION_CHAIN, 1);
        chain->as.chain.first = left;
        chain->as.chain.second = function;
        return item_function(chain);
    }
    return jsonata_apply(run, function, &left, 1, (item){.kind = ITEM_NULL}, frame);
}

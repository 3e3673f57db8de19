/* Compiling and running: what stands between the public header and the rooms inside. */
#include "evaluate.h"
#include "regex.h"
#include "time_picture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A node takes about a hundred times its shortest spelling. */
#define COMPILE_MEMORY ((size_t)128 << 20)

/* ---- symbols ---- */

static uint32_t add_symbol(struct heap *h, struct symbols *s, struct asl_text name)
{
    if (s->count == s->capacity) {
        uint32_t capacity = s->capacity ? 2 * s->capacity : 16;
        struct symbol *more = jsonata_arena_grow(&h->arena, s->items, s->capacity * sizeof *more,
                                                 capacity * sizeof *more);
        if (!more)
            return 0; /* exhausted: compilation fails */
        s->items = more;
        s->capacity = capacity;
    }
    s->items[s->count] = (struct symbol){.name = name};
    return s->count++;
}

uint32_t jsonata_symbol_new(struct heap *h, struct symbols *s)
{
    char name[16];
    int size = snprintf(name, sizeof name, "!%u", s->made++);
    uint32_t symbol = add_symbol(
        h, s, item_string(jsonata_string_copy(h, (struct asl_text){name, (size_t)size})));
    s->items[symbol].bound = true;
    return symbol;
}

uint32_t jsonata_symbol(struct heap *h, struct symbols *s, struct asl_text name)
{
    uint32_t known = jsonata_find(s->numbers, name);
    if (known != UINT32_MAX)
        return (uint32_t)s->numbers->members[known].value.as.number;
    uint32_t number = add_symbol(h, s, name);
    struct symbol *symbol = &s->items[number];
    jsonata_set(h, s->numbers, name, item_number(number));
    symbol->native = jsonata_library_find(name);
    if (symbol->native) {
        struct failure none;
        size_t offset;
        symbol->signature =
            jsonata_signature(h, asl_text(symbol->native->signature), &none, &offset);
    }
    return number;
}

static void init_symbols(struct heap *h, struct symbols *s)
{
    *s = (struct symbols){.numbers = jsonata_object(h, 8)};
    add_symbol(h, s, ASL_TEXT("")); /* nobody's */
    jsonata_symbol(h, s, ASL_TEXT("$"));
    jsonata_symbol(h, s, ASL_TEXT("undefined"));
}

static void copy_symbols(struct heap *h, struct symbols *to, const struct symbols *from)
{
    *to = (struct symbols){.numbers = jsonata_object(h, from->count)};
    for (uint32_t i = 0; i < from->count; i++) {
        uint32_t number = add_symbol(h, to, from->items[i].name);
        to->items[number] = from->items[i];
        if (from->items[i].name.size > 0)
            jsonata_set(h, to->numbers, from->items[i].name, item_number(number));
    }
}

/* ---- compiling ---- */

static struct jsonata *new_program(struct asl_text source, unsigned flags)
{
    struct jsonata *e = asl_allocate_zeroed(1, sizeof *e);
    jsonata_arena_init(&e->heap.arena, COMPILE_MEMORY);
    e->flags = flags;
    e->source = (struct asl_text){asl_copy_text(source), source.size};
    return e;
}

void jsonata_free(struct jsonata *e)
{
    if (!e)
        return;
    jsonata_arena_free_chunk(e->spare);
    jsonata_regex_free_all(e->regexes);
    jsonata_pictures_free(e->pictures);
    value_list_free(&e->literals);
    jsonata_arena_free(&e->heap.arena);
    free((char *)e->source.data);
    free(e);
}

struct jsonata *jsonata_compile(struct asl_text source, unsigned flags, struct jsonata_error *error)
{
    struct jsonata *e = new_program(source, flags);
    struct failure failure = {0};
    init_symbols(&e->heap, &e->symbols);
    if (source.size > UINT32_MAX / 4 || !value_utf8_valid(source)) {
        jsonata_fail_syntax(&failure, "S0205", 0, item_undefined());
        failure.words = "The expression is not a text in UTF-8";
    } else {
        e->root = jsonata_parse(e, e->source, &failure);
    }
    if (e->root)
        return e;
    jsonata_failure_export(&failure, &e->heap, error);
    jsonata_free(e);
    return NULL;
}

struct asl_text jsonata_source(const struct jsonata *e)
{
    return e->source;
}

/* ---- the way out ---- */

/* About what a value takes besides its text. */
#define VALUE_BYTES 64

static bool to_value(struct run *run, item i, size_t depth, asl_value **value);

static bool too_large(struct run *run)
{
    run->heap.arena.exhausted = true;
    jsonata_fail_limit(run);
    return true;
}

static inline bool is_too_large(struct run *run, size_t bytes)
{
    run->result_size += bytes;
    return run->result_size > run->heap.arena.maximum && too_large(run);
}

static asl_value *string_value(struct asl_text t)
{
    if (!t.size || !memchr(t.data, 0xed, t.size))
        return value_string(t);
    struct asl_buffer clean;
    asl_buffer_init(&clean, t.size);
    jsonata_put_well_formed(&clean, t);
    asl_value *v = value_string(asl_buffer_text(&clean));
    asl_buffer_free(&clean);
    return v;
}

static asl_value *number_value(struct run *run, item i)
{
    if (i.size > 0 && i.size <= run->heap.exact_count)
        return value_retain(run->heap.exact[i.size - 1]);
    double d = i.as.number;
    if (isfinite(d) && d == floor(d) && fabs(d) < 1e15)
        return value_integer((int64_t)d);
    if (!isfinite(d) && (run->program->flags & JSONATA_NON_FINITE_TEXT)) {
        char text[32];
        return value_string((struct asl_text){text, jsonata_print_number(d, false, text)});
    }
    return value_double(d);
}

/* Most of what leaves are leaves. */
static inline bool leaf_or_value(struct run *run, item i, size_t depth, asl_value **value)
{
    bool known_number = i.kind == ITEM_NUMBER && i.size > 0;
    if (!known_number && !(i.kind == ITEM_STRING && i.borrowed))
        return to_value(run, i, depth, value);
    if (is_too_large(run, VALUE_BYTES + (known_number ? 0 : i.size)))
        return false;
    *value = known_number ? number_value(run, i) : value_retain(value_of_text(i.as.text));
    return true;
}

static bool array_value(struct run *run, const struct array *a, size_t depth, asl_value **value)
{
    if (!a->items && a->json) {
        *value = value_retain(a->json);
        return true;
    }
    struct value_list list = {0};
    if (a->count > 0) {
        list.items = asl_allocate(a->count * sizeof *list.items);
        list.capacity = a->count;
    }
    for (uint32_t i = 0; i < a->count; i++) {
        asl_value *element = NULL;
        if (!leaf_or_value(run, a->items[i], depth + 1, &element)) {
            value_list_free(&list);
            return false;
        }
        value_list_push_take(&list, element ? element : value_null());
    }
    *value = value_array_take(&list);
    return true;
}

/* Members of many objects have the same key at the same place in memory: it becomes one value. */
static asl_value *key_value(struct run *run, struct asl_text key)
{
    if (!run->known_keys)
        run->known_keys = asl_allocate_zeroed(KEY_VALUES, sizeof *run->known_keys);
    size_t slot = ((uintptr_t)key.data >> 4 ^ (uintptr_t)key.data >> 10) % KEY_VALUES;
    struct known_key *known = &run->known_keys[slot];
    if (known->value && known->text.data == key.data && known->text.size == key.size)
        return value_retain(known->value);
    value_release(known->value);
    *known = (struct known_key){key, string_value(key)};
    return value_retain(known->value);
}

/* The key and the value of a member; *value is NULL for one that does not leave. */
static bool member_value(struct run *run, struct asl_text key, bool borrowed, item i, size_t depth,
                         asl_value **key_out, asl_value **value)
{
    if (is_too_large(run, VALUE_BYTES + key.size) || !leaf_or_value(run, i, depth + 1, value))
        return false;
    if (*value)
        *key_out = borrowed ? value_retain(value_of_text(key.data)) : key_value(run, key);
    return true;
}

static bool push_member(struct run *run, struct value_list *list, struct asl_text key,
                        bool borrowed, item value, size_t depth)
{
    asl_value *member_key, *member = NULL;
    if (!member_value(run, key, borrowed, value, depth, &member_key, &member))
        return false;
    if (member)
        value_list_push_member_take(list, member_key, member);
    return true;
}

static bool few_members_value(struct run *run, const struct object *o, size_t depth,
                              asl_value **value)
{
    asl_value *slots[2 * VALUE_FEW], *member;
    size_t count = 0;
    bool fine = true;
    for (uint32_t i = 0; i < o->count && fine; i++) {
        const struct member *m = &o->members[i];
        member = NULL;
        fine = member_value(run, (struct asl_text){m->key, m->key_size}, m->key_borrowed, m->value,
                            depth, &slots[count], &member);
        if (!member)
            continue;
        slots[count + 1] = member;
        count += 2;
    }
    if (fine)
        *value = value_few_members_take(slots, count / 2);
    while (!fine && count > 0)
        value_release(slots[--count]);
    return fine;
}

static bool object_value(struct run *run, const struct object *o, size_t depth, asl_value **value)
{
    struct value_list list = {0};
    bool fine = true;
    if (o->count <= VALUE_FEW && !(o->has_index_keys && o->count > 1))
        return few_members_value(run, o, depth, value);
    if (o->count > 0) {
        list.items = asl_allocate(2 * (size_t)o->count * sizeof *list.items);
        list.capacity = 2 * (size_t)o->count;
    }
    if (o->has_index_keys && o->count > 1) { /* JavaScript has an order of its own for those */
        struct members m = jsonata_members(&run->heap, item_object((struct object *)o));
        for (size_t i = 0; i < m.count && fine; i++)
            fine = push_member(run, &list, jsonata_member_key(&m, i),
                               jsonata_member_key_is_borrowed(&m, i),
                               jsonata_member_value(&run->heap, &m, i), depth);
    } else {
        for (uint32_t i = 0; i < o->count && fine; i++) {
            const struct member *m = &o->members[i];
            fine = push_member(run, &list, (struct asl_text){m->key, m->key_size}, m->key_borrowed,
                               m->value, depth);
        }
    }
    if (!fine) {
        value_list_free(&list);
        return false;
    }
    *value = value_object_take(&list);
    return true;
}

static bool to_value(struct run *run, item i, size_t depth, asl_value **value)
{
    *value = NULL;
    if (is_too_large(run, VALUE_BYTES + (i.kind == ITEM_STRING ? i.size : 0)))
        return false;
    if (depth > ITEM_DEPTH_MAXIMUM) {
        run->depth = run->depth_maximum + 1;
        jsonata_fail_limit(run);
        return false;
    }
    switch (i.kind) {
    case ITEM_NULL:
        *value = value_null();
        return true;
    case ITEM_BOOLEAN:
        *value = value_boolean(i.as.boolean);
        return true;
    case ITEM_NUMBER:
        *value = number_value(run, i);
        return true;
    case ITEM_STRING:
        *value = i.borrowed ? value_retain(value_of_text(i.as.text)) : string_value(item_string(i));
        return true;
    case ITEM_ARRAY:
        return array_value(run, i.as.array, depth, value);
    case ITEM_OBJECT:
        return object_value(run, i.as.object, depth, value);
    case ITEM_JSON_OBJECT:
        *value = value_retain(i.as.json);
        return true;
    case ITEM_UNDEFINED:
        return true;
    default:
        run->has_function = true;
        return true;
    }
}

bool jsonata_to_value(struct run *run, item i, asl_value **value)
{
    return to_value(run, i, 0, value);
}

/* ---- running ---- */

/* So many variables find their place in the arena. */
#define GLOBALS_FEW 32

/* What an element of an array counts for in value_maximum. */
#define ELEMENT_BYTES 8

static size_t or_default(size_t given, size_t usual)
{
    return given ? given : usual;
}

static void begin(struct run *run, const struct jsonata *e, const struct jsonata_env *env,
                  const asl_value *input)
{
    /* member by member: clearing all of it takes longer than a small expression */
    run->program = (struct jsonata *)e;
    run->env = env;
    run->symbols = &run->program->symbols;
    run->depth = run->steps = run->result_size = 0;
    run->failure.code[0] = '\0';
    run->owned = (struct value_list){0};
    run->own_symbols = (struct symbols){0};
    run->evaluated = NULL;
    run->has_function = false;
    run->known_keys = NULL;
    run->picture = NULL;
    run->picture_text = NULL;
    run->checked = (struct asl_text){0};
    run->heap.exact = NULL;
    run->heap.exact_count = run->heap.exact_capacity = 0;
    jsonata_arena_init(&run->heap.arena, or_default(env->memory_maximum, JSONATA_MEMORY_MAXIMUM));
    jsonata_arena_reuse(&run->heap.arena, run->program->spare);
    run->program->spare = NULL;
    run->depth_maximum = or_default(env->depth_maximum, JSONATA_DEPTH_MAXIMUM);
    run->step_maximum = or_default(env->step_maximum, JSONATA_STEP_MAXIMUM);
    run->string_maximum = or_default(env->value_maximum, SIZE_MAX);
    run->array_maximum = run->string_maximum / ELEMENT_BYTES;
    run->stack_limit = (const char *)__builtin_frame_address(0) -
                       or_default(env->stack_maximum, JSONATA_STACK_MAXIMUM);
    run->global_count = run->symbols->count;
    run->globals =
        run->global_count <= GLOBALS_FEW
            ? jsonata_arena_allocate(&run->heap.arena, GLOBALS_FEW * sizeof *run->globals)
            : asl_allocate(run->global_count * sizeof *run->globals);
    for (uint32_t i = 0; i < run->global_count; i++)
        run->globals[i] = (item){.kind = ITEM_UNBOUND};
    run->input = input ? jsonata_from_json(&run->heap, input) : item_undefined();
    run->globals[SYMBOL_ROOT] = run->input;
}

static void forget_keys(struct run *run)
{
    for (size_t i = 0; i < KEY_VALUES; i++)
        value_release(run->known_keys[i].value);
    free(run->known_keys);
}

static void end(struct run *run)
{
    if (run->known_keys)
        forget_keys(run);
    if (run->owned.items)
        value_list_free(&run->owned);
    for (struct jsonata *e = run->evaluated, *next; e; e = next) {
        next = e->next;
        jsonata_free(e);
    }
    if (run->global_count > GLOBALS_FEW)
        free(run->globals);
    if (run->program->spare) /* a native evaluated the same expression meanwhile */
        jsonata_arena_free_chunk(run->program->spare);
    run->program->spare = jsonata_arena_free_but_first(&run->heap.arena);
}

/* An input that is an array is one context item, not many. */
static item wrapped(struct run *run, item input)
{
    if (input.kind != ITEM_ARRAY)
        return input;
    struct array *around = jsonata_array(&run->heap, 1);
    around->sequence = around->outer_wrapper = true;
    jsonata_push(&run->heap, around, input);
    return item_array(around);
}

static enum jsonata_outcome finish(struct run *run, item result, asl_value **value)
{
    if (!item_is_failed(result) && jsonata_is_over(run))
        result = jsonata_fail_limit(run);
    if (item_is_failed(result) || !jsonata_to_value(run, result, value))
        return JSONATA_FAILED;
    if (run->has_function) {
        value_release(*value);
        *value = NULL;
        return JSONATA_FUNCTION;
    }
    return *value ? JSONATA_VALUE : JSONATA_UNDEFINED;
}

enum jsonata_outcome jsonata_evaluate(const struct jsonata *e, const asl_value *input,
                                      const struct jsonata_env *env, asl_value **result,
                                      struct jsonata_error *error)
{
    struct run run;
    begin(&run, e, env, input);
    *result = NULL;
    item value = jsonata_evaluate_node(&run, e->root, wrapped(&run, run.input),
                                       jsonata_frame(&run, NULL, 4));
    enum jsonata_outcome outcome = finish(&run, value, result);
    if (outcome == JSONATA_FAILED)
        jsonata_failure_export(&run.failure, &run.heap, error);
    end(&run);
    return outcome;
}

/* ---- $eval ---- */

static struct node *parse_for_eval(struct run *run, struct asl_text source, struct failure *failure)
{
    struct jsonata *e = new_program(source, run->program->flags);
    e->next = run->evaluated;
    run->evaluated = e;
    if (run->symbols != &run->own_symbols) {
        copy_symbols(&run->heap, &run->own_symbols, run->symbols);
        run->symbols = &run->own_symbols;
    }
    e->symbols = run->own_symbols;
    struct node *root = jsonata_parse(e, e->source, failure);
    run->own_symbols = e->symbols;
    e->symbols = (struct symbols){0};
    run->heap.arena.total += e->heap.arena.total;
    if (run->own_symbols.count > GLOBALS_FEW) {
        item *old = run->globals;
        run->globals = asl_allocate(run->own_symbols.count * sizeof *run->globals);
        memcpy(run->globals, old, run->global_count * sizeof *run->globals);
        if (run->global_count > GLOBALS_FEW)
            free(old);
    }
    while (run->global_count < run->own_symbols.count)
        run->globals[run->global_count++] = (item){.kind = ITEM_UNBOUND};
    jsonata_charge_bytes(run, 64 * source.size);
    return root;
}

item jsonata_eval(struct run *run, item source, item input, struct frame *frame)
{
    struct failure failure = {0};
    if (run->heap.arena.total > run->heap.arena.maximum)
        run->heap.arena.exhausted = true;
    if (jsonata_is_over(run))
        return jsonata_fail_limit(run);
    struct node *root = parse_for_eval(run, item_string(source), &failure);
    if (!root)
        return jsonata_fail_value(run, "D3120", jsonata_failure_message(&failure, &run->heap));
    item result = jsonata_evaluate_node(run, root, input, frame);
    if (item_is_failed(result) && !jsonata_is_over(run)) {
        failure = run->failure;
        return jsonata_fail_value(run, "D3121", jsonata_failure_message(&failure, &run->heap));
    }
    return result;
}

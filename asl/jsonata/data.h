/* The data model of an evaluation: what JSONata computes with.
 *
 * An `item` is 16 bytes and travels by value. JSON that came in stays where it is and is wrapped as
 * it is reached (ITEM_JSON_OBJECT, arrays with `json` set); what is made on the way lives in the
 * arena and may be changed by its maker. Arrays carry the marks that the reference hangs on them:
 * a sequence collapses to its only item when an expression ends, `keep_singleton` stops that,
 * `cons` (made by an array constructor in a path) stops flattening, `outer_wrapper` is the sequence
 * around an input that is itself an array, `tuples` holds the rows of @ and # bindings.
 *
 * Strings are UTF-8 where a lone surrogate, which JavaScript can hold, stands as its three bytes
 * (WTF-8) until the result leaves.
 */
#ifndef ASL_JSONATA_DATA_H
#define ASL_JSONATA_DATA_H

#include "../value/value.h"
#include "arena.h"

enum item_kind {
    ITEM_UNDEFINED,
    ITEM_NULL,
    ITEM_BOOLEAN,
    ITEM_NUMBER,
    ITEM_STRING,
    ITEM_ARRAY,
    ITEM_OBJECT,      /* made here */
    ITEM_JSON_OBJECT, /* came in */
    ITEM_FUNCTION,
    ITEM_TUPLE,   /* only inside arrays marked `tuples` */
    ITEM_TAIL,    /* a call in tail position, for the trampoline in call.c only */
    ITEM_UNBOUND, /* a variable that was not looked up yet */
    ITEM_FAILED,  /* the evaluation failed; the error is in the run */
};

struct array;
struct object;
struct function;
struct tuple;

typedef struct item {
    uint8_t kind;
    uint8_t borrowed; /* of a string: the whole text of a value that came in; of a function: it was
                         given as an argument, see call.c */
    uint32_t size; /* of a string: bytes; of a number: 1 + its place among the exact ones, or 0 */
    union {
        bool boolean;
        double number;
        const char *text;
        struct array *array;
        struct object *object;
        const asl_value *json;
        struct function *function;
        struct tuple *tuple;
        void *tail;
    } as;
} item;

struct array {
    item *items;           /* NULL while the elements are still in `json` */
    const asl_value *json; /* or NULL */
    uint32_t count, capacity;
    bool sequence, keep_singleton, outer_wrapper, cons, tuples;
};

struct member {
    const char *key;
    uint32_t key_size;
    bool key_borrowed; /* it is the whole text of a value that came in */
    item value;
};

struct key_index;

struct object {
    struct member *members; /* in the order of insertion */
    uint32_t count, capacity;
    bool has_index_keys;     /* a key spells an array index: JavaScript lists those first */
    struct key_index *index; /* or NULL while the object is small */
    struct tuple *row;       /* the row of a path that this shows as a value, or NULL */
};

/* The arena and what else building values needs. */
struct heap {
    struct arena arena;
    const asl_value **exact; /* numbers that came in: untouched they leave as they came */
    uint32_t exact_count, exact_capacity;
};

/* ---- making ---- */
static inline item item_undefined(void)
{
    return (item){.kind = ITEM_UNDEFINED};
}
static inline item item_number(double d)
{
    return (item){.kind = ITEM_NUMBER, .as.number = d};
}
static inline item item_boolean(bool b)
{
    return (item){.kind = ITEM_BOOLEAN, .as.boolean = b};
}
static inline item item_text(struct asl_text t)
{
    return (item){.kind = ITEM_STRING, .size = (uint32_t)t.size, .as.text = t.data};
}
static inline item item_array(struct array *a)
{
    return (item){.kind = ITEM_ARRAY, .as.array = a};
}
static inline item item_object(struct object *o)
{
    return (item){.kind = ITEM_OBJECT, .as.object = o};
}
static inline item item_function(struct function *f)
{
    return (item){.kind = ITEM_FUNCTION, .as.function = f};
}

static inline item item_failed(void)
{
    return (item){.kind = ITEM_FAILED};
}

/* ---- asking ---- */
static inline bool item_is_undefined(item i)
{
    return i.kind == ITEM_UNDEFINED;
}
static inline bool item_is_failed(item i)
{
    return i.kind == ITEM_FAILED;
}
static inline bool item_is_object(item i)
{
    return i.kind == ITEM_OBJECT || i.kind == ITEM_JSON_OBJECT;
}
static inline struct asl_text item_string(item i)
{
    return (struct asl_text){i.as.text, i.size};
}

/* JSON as an item: one level at a time; `v` must outlive the heap. */
item jsonata_from_json(struct heap *h, const asl_value *v);

/* ---- strings ---- */
/* A copy of the bytes in the arena; the empty string when the arena is exhausted. */
item jsonata_string_copy(struct heap *h, struct asl_text t);
item jsonata_string_z(const char *literal);                        /* not copied */
int jsonata_compare_strings(struct asl_text a, struct asl_text b); /* by UTF-16 units */
size_t jsonata_count_code_points(struct asl_text t);
size_t jsonata_count_units(struct asl_text t); /* UTF-16 */
/* Bytes before code point number `n`, or the whole size. */
size_t jsonata_code_point_offset(struct asl_text t, size_t n);

/* For what leaves: U+FFFD in place of lone surrogates, which have no UTF-8. */
void jsonata_put_well_formed(struct asl_buffer *out, struct asl_text t);

/* Where `what` begins in `in`, or NULL. Linear time. */
const char *jsonata_search(struct heap *h, struct asl_text in, struct asl_text what);

/* A string under construction, in the arena. Joins surrogates that meet. */
struct builder {
    struct heap *heap;
    char *data;
    size_t size, capacity;
    bool full; /* exhausted: what is in it is not whole, the evaluation will fail */
};
void jsonata_builder_init(struct builder *b, struct heap *h);
void jsonata_builder_put(struct builder *b, struct asl_text t);
void jsonata_builder_putc(struct builder *b, char c);
void jsonata_builder_unit(struct builder *b, uint32_t code_point_or_surrogate);
item jsonata_builder_item(struct builder *b);

/* ---- arrays ---- */
struct array *jsonata_array(struct heap *h, size_t capacity); /* plain, never NULL */
struct array *jsonata_sequence(struct heap *h);
void jsonata_push(struct heap *h, struct array *a, item i); /* dropped when exhausted */
void jsonata_push_all(struct heap *h, struct array *a, struct array *more);
item jsonata_json_element(struct heap *h, const struct array *a, size_t index);
static inline item jsonata_at(struct heap *h, const struct array *a, size_t index)
{
    return a->items ? a->items[index] : jsonata_json_element(h, a, index);
}
/* The array, or a sequence of the one item. */
struct array *jsonata_as_array(struct heap *h, item i);
/* JSONata's append: undefined counts as nothing, others are joined into a plain array. */
item jsonata_append(struct heap *h, item a, item b);

/* ---- objects ---- */
struct object *jsonata_object(struct heap *h, size_t capacity);
void jsonata_set(struct heap *h, struct object *o, struct asl_text key, item value);
/* The same with the key as a string item. */
void jsonata_set_item(struct heap *h, struct object *o, item key, item value);
/* For a key that is known to be new. */
void jsonata_add(struct heap *h, struct object *o, item key, item value);
void jsonata_delete(struct object *o, struct asl_text key);
/* The place of the member in `members`, or UINT32_MAX. */
uint32_t jsonata_find(const struct object *o, struct asl_text key);
/* The member's value, or undefined; undefined for what is no object. */
item jsonata_get(struct heap *h, item object, struct asl_text key);
/* The same with a place to look at first, see value_get_hinted(). */
item jsonata_get_hinted(struct heap *h, item object, struct asl_text key, uint32_t *hint);
size_t jsonata_member_count(item object);

/* The members in JavaScript's order. */
struct members {
    item object;
    size_t count;
    const uint32_t *order; /* NULL: as they stand */
};
struct members jsonata_members(struct heap *h, item object);
struct asl_text jsonata_member_key(const struct members *m, size_t index);
bool jsonata_member_key_is_borrowed(const struct members *m, size_t index);
/* The key as a string item. */
item jsonata_member_key_item(const struct members *m, size_t index);
item jsonata_member_value(struct heap *h, const struct members *m, size_t index);

#endif

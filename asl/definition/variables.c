/* Variables: the names an Assign may use, and scopes.
 *
 * A States object is a scope. An inner scope reads what an outer one assigned but may not assign
 * the same name, wherever the two stand in the text. A distributed Map's children do not see the
 * outer scope at all, so theirs is a fresh one. Serves: ASL spec "Assign"; facts 1.8, 3.6.
 */
#include "compile.h"

#include <stdlib.h>

#define VARIABLE_MAXIMUM 80 /* characters */

/* ---- names ---- */

/* In JSONPath the member "x.$" assigns x. */
static struct asl_text variable_name(bool jsonata, struct asl_text key)
{
    if (!jsonata && asl_text_ends(key, ".$")) {
        key.size -= 2;
    }
    return key;
}

static bool is_letter(unsigned char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_' || ch >= 0x80;
}

/* ID_Start, then ID_Continue; beyond ASCII every character is taken for a letter, so that no name
 * of AWS's is refused. */
static bool is_identifier(struct asl_text name)
{
    if (name.size == 0 || !is_letter((unsigned char)name.data[0])) {
        return false;
    }
    for (size_t i = 1; i < name.size; i++) {
        unsigned char ch = (unsigned char)name.data[i];
        if (!is_letter(ch) && !(ch >= '0' && ch <= '9')) {
            return false;
        }
    }
    return true;
}

void assign_check(struct compiler *c, const asl_value *object, const struct place *place)
{
    const asl_value *assign = value_get_z(object, "Assign");
    if (assign == NULL || value_kind(assign) != VALUE_OBJECT) {
        return;
    }
    struct place here = place_key(place, ASL_TEXT("Assign"));
    for (size_t i = 0; i < value_count(assign); i++) {
        struct asl_text key = value_as_text(value_key_at(assign, i));
        struct asl_text name = variable_name(c->language == LANGUAGE_JSONATA, key);
        if (asl_text_is(name, "states")) {
            report(c, CODE_RESERVED, &here, "Cannot assign to reserved variable '$states'.");
        } else if (!is_identifier(name)) {
            report(c, CODE_VARIABLE, &here,
                   "Invalid variable name '%.*s': the variable name contains invalid characters.",
                   ASL_TEXT_ARGS(name));
        } else if (characters(name) > VARIABLE_MAXIMUM) {
            report(c, CODE_VARIABLE, &here,
                   "Invalid variable name '%.*s': the variable name exceeds the maximum length of "
                   "%d characters.",
                   ASL_TEXT_ARGS(name), VARIABLE_MAXIMUM);
        } else {
            references_assign(c, name);
            continue;
        }
        point_at_member(c, &here, key);
    }
}

/* ---- scopes ---- */

struct assigned {
    struct asl_text name;
};

struct scope {
    const struct scope *outer;
    struct assigned *names; /* sorted once all are in */
    size_t count, capacity;
};

struct walk {
    struct compiler *compiler;
    bool jsonata; /* the machine's own language */
    struct scope *scope;
};

/* Calls `see` for every Assign object of a state: its own, its rules', its catchers'. */
static void each_assign(struct walk *w, const asl_value *v, const struct place *place,
                        void (*see)(struct walk *w, const asl_value *assign, bool jsonata,
                                    const struct place *place))
{
    static const char *const lists[] = {"Choices", "Catch"};
    const asl_value *own = value_get_z(v, "QueryLanguage");
    bool jsonata = own == NULL ? w->jsonata
                               : value_kind(own) != VALUE_STRING ||
                                     !asl_text_is(value_as_text(own), "JSONPath");
    const asl_value *assign = value_get_z(v, "Assign");
    if (assign != NULL) {
        struct place here = place_key(place, ASL_TEXT("Assign"));
        see(w, assign, jsonata, &here);
    }
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        const asl_value *list = value_get_z(v, lists[i]);
        struct place inner = place_key(place, asl_text(lists[i]));
        for (size_t j = 0; list != NULL && value_kind(list) == VALUE_ARRAY && j < value_count(list);
             j++) {
            assign = value_get_z(value_at(list, j), "Assign");
            if (assign != NULL) {
                struct place element = place_index(&inner, j);
                struct place here = place_key(&element, ASL_TEXT("Assign"));
                see(w, assign, jsonata, &here);
            }
        }
    }
}

static void collect(struct walk *w, const asl_value *assign, bool jsonata,
                    const struct place *place)
{
    (void)place;
    struct scope *s = w->scope;
    for (size_t i = 0; value_kind(assign) == VALUE_OBJECT && i < value_count(assign); i++) {
        if (s->count == s->capacity) {
            s->capacity = s->capacity == 0 ? 8 : 2 * s->capacity;
            s->names = asl_reallocate(s->names, s->capacity * sizeof *s->names);
        }
        struct asl_text key = value_as_text(value_key_at(assign, i));
        s->names[s->count++].name = variable_name(jsonata, key);
    }
}

static int compare(const void *a, const void *b)
{
    return asl_text_compare(((const struct assigned *)a)->name, ((const struct assigned *)b)->name);
}

static bool is_assigned(const struct scope *s, struct asl_text name)
{
    struct assigned key = {name};
    for (; s != NULL; s = s->outer) {
        if (s->count > 0 && bsearch(&key, s->names, s->count, sizeof key, compare) != NULL) {
            return true;
        }
    }
    return false;
}

static void complain(struct walk *w, const asl_value *assign, bool jsonata,
                     const struct place *place)
{
    for (size_t i = 0; value_kind(assign) == VALUE_OBJECT && i < value_count(assign); i++) {
        struct asl_text key = value_as_text(value_key_at(assign, i));
        struct asl_text name = variable_name(jsonata, key);
        if (is_assigned(w->scope->outer, name)) {
            report(w->compiler, CODE_SCHEMA, place,
                   "The variable name '%.*s' was already defined in a parent scope.",
                   ASL_TEXT_ARGS(name));
            point_at_member(w->compiler, place, key);
        }
    }
}

static void walk_container(struct walk *w, const asl_value *object, const struct place *place,
                           const struct scope *outer, size_t depth);

static bool is_distributed(const asl_value *processor)
{
    const asl_value *config = value_get_z(processor, "ProcessorConfig");
    const asl_value *mode = config == NULL ? NULL : value_get_z(config, "Mode");
    return mode != NULL && asl_text_is(value_as_text(mode), "DISTRIBUTED");
}

static void walk_inner(struct walk *w, const asl_value *v, const struct place *place,
                       const struct scope *scope, size_t depth)
{
    static const char *const processors[] = {"ItemProcessor", "Iterator"};
    const asl_value *branches = value_get_z(v, "Branches");
    struct place inner = place_key(place, ASL_TEXT("Branches"));
    for (size_t i = 0;
         branches != NULL && value_kind(branches) == VALUE_ARRAY && i < value_count(branches);
         i++) {
        struct place here = place_index(&inner, i);
        walk_container(w, value_at(branches, i), &here, scope, depth);
    }
    for (size_t i = 0; i < sizeof processors / sizeof *processors; i++) {
        const asl_value *processor = value_get_z(v, processors[i]);
        struct place here = place_key(place, asl_text(processors[i]));
        if (processor != NULL) {
            walk_container(w, processor, &here, is_distributed(processor) ? NULL : scope, depth);
        }
    }
}

static void walk_container(struct walk *w, const asl_value *object, const struct place *place,
                           const struct scope *outer, size_t depth)
{
    const asl_value *list = value_get_z(object, "States");
    if (depth == 0 || list == NULL || value_kind(list) != VALUE_OBJECT) {
        return;
    }
    struct scope scope = {.outer = outer};
    struct scope *before = w->scope;
    struct place states = place_key(place, ASL_TEXT("States"));
    w->scope = &scope;
    for (size_t i = 0; i < value_count(list); i++) {
        each_assign(w, value_at(list, i), &states, collect);
    }
    if (scope.count > 0) {
        qsort(scope.names, scope.count, sizeof *scope.names, compare);
    }
    for (size_t i = 0; i < value_count(list); i++) {
        struct place here = place_key(&states, value_as_text(value_key_at(list, i)));
        each_assign(w, value_at(list, i), &here, complain);
        walk_inner(w, value_at(list, i), &here, &scope, depth - 1);
        w->scope = &scope;
    }
    free(scope.names);
    w->scope = before;
}

void variables_check(struct compiler *c, const asl_value *root)
{
    struct place place = {0};
    struct walk w = {.compiler = c, .jsonata = c->machine->language == LANGUAGE_JSONATA};
    walk_container(&w, root, &place, NULL, VALUE_DEPTH_MAXIMUM);
}

/* What the files of this folder share while a definition is compiled; nobody else includes it.
 *
 * One pass over the value tree builds the machine and reports mistakes as it meets them (schema
 * mistakes, in the order of the text); a second one over the built machine checks what only the
 * whole can tell (transition targets, reachability, terminal states, variable scopes). A mistake
 * never stops the pass: the damaged field stays empty and the machine is thrown away at the end.
 */
#ifndef ASL_DEFINITION_COMPILE_H
#define ASL_DEFINITION_COMPILE_H

#include "../asl.h"
#include "machine.h"

/* Where the compiler stands: a chain of steps from the root, living on the stack. */
struct place {
    const struct place *parent; /* NULL: the root */
    struct asl_text key;        /* member name; unused when `element` */
    size_t index;
    bool element;
};

static inline struct place place_key(const struct place *parent, struct asl_text key)
{
    return (struct place){.parent = parent, .key = key};
}

static inline struct place place_index(const struct place *parent, size_t index)
{
    return (struct place){.parent = parent, .index = index, .element = true};
}

struct compiler {
    struct asl_text text;
    bool express;
    struct asl_diagnostics *diagnostics;
    size_t errors;
    struct asl_machine *machine;
    size_t state_capacity;

    /* of the state at hand */
    struct state *state;
    const struct place *state_place;
    enum query_language language;
    struct value_list references; /* names of variables, as they were met */
    struct value_list all_references; /* state name, array of variable names, ... */
};

/* ---- diagnostics.c ---- */

/* The codes of ValidateStateMachineDefinition (facts 1.8). */
#define CODE_JSON "INVALID_JSON_DESCRIPTION"
#define CODE_SCHEMA "SCHEMA_VALIDATION_FAILED"
#define CODE_TARGET "MISSING_TRANSITION_TARGET"
#define CODE_END "MISSING_END_STATE"
#define CODE_JSONATA "INVALID_JSONATA_EXPRESSION"
#define CODE_JSONATA_UNSUPPORTED "UNSUPPORTED_JSONATA_EXPRESSION"

/* Adds an error at `place`. */
void report(struct compiler *c, const char *code, const struct place *place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The place as AWS writes it ("/States/X/Choices[0]/Next"), relative to `from` when that is an
 * ancestor (then without the leading slash: "Choices[0]/Next"). NULL: from the root. */
void place_print(const struct place *place, const struct place *from, struct asl_buffer *out);

/* ---- template.c ---- */

/* A payload template in the language at hand: yours, never NULL (a literal when it is wrong). */
struct template *template_compile(struct compiler *c, const asl_value *v, const struct place *place);
void template_free(struct template *t); /* NULL is allowed */
/* The member `name` of `object` as a template, or NULL where it is absent. */
struct template *template_member(struct compiler *c, const asl_value *object, const char *name,
                                 const struct place *place);
/* The member as a path; NULL where it is absent or wrong. */
struct path *path_member(struct compiler *c, const asl_value *object, const char *name,
                         unsigned flags, const struct place *place);
/* "Name" as a constant or JSONata expression, or (JSONPath) "NamePath" as a path. */
void setting_compile(struct compiler *c, const asl_value *object, const char *name,
                     const char *path_name, const struct place *place, struct setting *out);
void setting_free(struct setting *s);
/* True for a string that is a JSONata expression: exactly "{%" ... "%}". */
bool is_expression(const asl_value *v);

/* ---- states.c ---- */

/* Fills `states` from an object with StartAt and States. */
void states_compile(struct compiler *c, const asl_value *object, const struct place *place,
                    struct states *outer, struct states *states);
void states_free(struct states *states); /* what is in it */
/* The state of that name in the States object at hand, or NULL. */
struct state *states_find(const struct states *states, struct asl_text name);
/* The target named by `object`'s member `name`; NULL and a report where there is none. */
struct state *target_member(struct compiler *c, const asl_value *object, const char *name,
                            const struct place *place);

/* ---- references.c ---- */

/* The state at hand refers to this variable. */
void references_add(struct compiler *c, struct asl_text name);
/* The same for a path; its shape fits intrinsic_each_path(). */
void references_add_path(void *compiler, const struct path *path);
/* The state at hand is done. */
void references_close(struct compiler *c);

/* ---- one file a subject ---- */

void state_compile(struct compiler *c, const asl_value *v, const struct place *place,
                   struct state *state);
void state_free(struct state *state);
void choice_compile(struct compiler *c, const asl_value *v, const struct place *place,
                    struct state *state);
void choice_free(struct state *state);
void map_compile(struct compiler *c, const asl_value *v, const struct place *place,
                 struct state *state);
void map_free(struct state *state);
void retry_compile(struct compiler *c, const asl_value *v, const struct place *place,
                   struct state *state);
void catch_compile(struct compiler *c, const asl_value *v, const struct place *place,
                   struct state *state);
void retry_free(struct state *state);
void resource_compile(struct asl_text arn, struct resource *resource);
void resource_free(struct resource *resource);

#endif

/* What the files of this folder share while a definition is compiled; nobody else includes it.
 *
 * One pass over the value tree builds the machine and reports mistakes as it meets them (schema
 * mistakes, in the order of the text); a second one over the built machine checks what only the
 * whole can tell (transition targets, reachability, terminal states, variable scopes). A mistake
 * never stops the pass: the damaged field stays empty and the machine is thrown away at the end.
 */
#ifndef ASL_DEFINITION_COMPILE_H
#define ASL_DEFINITION_COMPILE_H

#include <stdint.h>

#include "../asl.h"
#include "guess.h"
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

/* What $states may be asked for where an expression stands. */
enum state_data { DATA_RESULT = 1, DATA_ERROR = 2 };

/* Names met so far in the whole machine, to find those that come twice. */
struct name_set {
    const asl_value **slots; /* open addressing */
    size_t capacity, count;
};

struct compiler {
    struct asl_text text;
    size_t wrapped; /* steps of a place that are not in the text: 2 for "/States/StateName" */
    bool express;
    bool is_template; /* what awaits a substitution is let pass, with a warning */
    const struct asl_catalogue *catalogue; /* or NULL */
    struct asl_diagnostics *diagnostics;
    size_t errors;
    size_t last; /* index of the diagnostic just added, or SIZE_MAX */
    struct asl_machine *machine;
    size_t state_capacity;
    struct name_set state_names, labels;

    /* of the state at hand */
    struct state *state;
    const struct place *state_place;
    enum query_language language;
    bool downgraded; /* JSONPath in a JSONata machine: that is said, its fields are not complained
                        of */
    unsigned data;   /* enum state_data: what $states holds in the field at hand */
    size_t depth;    /* of States objects */
    const asl_value *list;            /* the States object at hand */
    struct value_list references;     /* names of variables, as they were met */
    struct value_list all_references; /* state name, array of variable names, ... */
    struct value_list assigned;       /* owns the names in assigned_names */
    struct name_set assigned_names;
};

/* ---- diagnostics.c ---- */

/* The codes of ValidateStateMachineDefinition (facts 1.8, and as met on AWS since). */
#define CODE_JSON                "INVALID_JSON_DESCRIPTION"
#define CODE_SCHEMA              "SCHEMA_VALIDATION_FAILED"
#define CODE_TARGET              "MISSING_TRANSITION_TARGET"
#define CODE_END                 "MISSING_END_STATE"
#define CODE_DUPLICATE_STATE     "DUPLICATE_STATE_NAME"
#define CODE_STATE_NAME          "INVALID_STATE_NAME"
#define CODE_DUPLICATE_LABEL     "DUPLICATE_LABEL_NAME"
#define CODE_LABEL               "INVALID_LABEL_NAME"
#define CODE_DEEP                "TOO_DEEPLY_NESTED"
#define CODE_JSONATA             "INVALID_JSONATA_EXPRESSION"
#define CODE_JSONATA_UNSUPPORTED "UNSUPPORTED_JSONATA_EXPRESSION"
#define CODE_VARIABLE            "INVALID_VARIABLE_NAME"
#define CODE_RESERVED            "RESERVED_VARIABLE_NAME"
#define CODE_NO_DOLLAR           "NO_DOLLAR"
#define CODE_NO_PATH             "NO_PATH"
#define CODE_STATIC              "PASS_RESULT_IS_STATIC"
/* Ours alone: AWS never sees an unsubstituted template. */
#define CODE_SUBSTITUTION "AWAITS_SUBSTITUTION"

/* Adds an error at `place`; NULL: AWS gives no location. */
void report(struct compiler *c, const char *code, const struct place *place, const char *format,
            ...) __attribute__((format(printf, 4, 5)));
/* The same as a warning: it does not refuse the definition. */
void warn(struct compiler *c, const char *code, const struct place *place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The mistake just reported is about this member's name: line and column point there, while AWS's
 * location stays the object. */
void point_at_member(struct compiler *c, const struct place *object, struct asl_text name);

/* Adds "did you mean 'X'?" to the mistake just reported, when there is a good guess. */
void guess_tell(struct compiler *c, const struct guess *g);
/* False when nothing can come of guessing: nothing was reported, or too much already. */
bool guess_helps(const struct compiler *c);
/* A hint in words of one's own. */
void hint_tell(struct compiler *c, struct asl_text hint);
/* All three in one, for candidates in a list "A|B|C". */
void suggest(struct compiler *c, struct asl_text wrong, const char *names);

/* The place as AWS writes it ("/States/X/Choices[0]/Next"), relative to `from` when that is an
 * ancestor (then without the leading slash: "Choices[0]/Next"). NULL: from the root. */
void place_print(const struct place *place, const struct place *from, struct asl_buffer *out);

/* ---- template.c ---- */

void template_free(struct template *t); /* NULL is allowed */
/* The member `name` of `object` as a payload template in the language at hand, yours; NULL where it
 * is absent. */
struct template *template_member(struct compiler *c, const asl_value *object, const char *name,
                                 const struct place *place);
/* The member as a path; NULL where it is absent, null or wrong (reported in AWS's words for that
 * kind of path). PATH_REFERENCE: a Reference Path; with PATH_READ one that is only read, never
 * written. `from`: where it may start. */
enum { PATH_READ = 256 };
enum path_start { START_ANYWHERE, START_NO_CONTEXT };
struct path *path_member(struct compiler *c, const asl_value *object, const char *name,
                         unsigned flags, enum path_start from, const struct place *place);
/* "Name" as a constant or JSONata expression, or (JSONPath) "NamePath" as a path. */
enum setting_path {
    SETTING_REFERENCE, /* a Reference Path, not into the context object */
    SETTING_CONTEXT,   /* a Reference Path, the context object too */
    SETTING_INTRINSIC, /* any path, or an intrinsic function */
};
void setting_compile(struct compiler *c, const asl_value *object, const char *name,
                     const char *path_name, enum setting_path kind, const struct place *place,
                     struct setting *out);
void setting_free(struct setting *s);
/* True for a string that a person meant as a path or an intrinsic. */
bool looks_like_reference(const asl_value *v);
/* True for a string that is a JSONata expression: exactly "{%" ... "%}". */
bool is_expression(const asl_value *v);

/* ---- states.c ---- */

/* Fills `states` from an object with StartAt and States (already checked as such). */
void states_compile(struct compiler *c, const asl_value *object, const struct place *place,
                    struct states *outer, struct states *states);
void states_free(struct states *states); /* what is in it */
/* The state named by `object`'s member `name`, next to the state at hand; NULL where there is none
 * (graph.c complains). */
struct state *target_member(struct compiler *c, const asl_value *object, const char *name);

/* ---- names.c ---- */

/* True when the name (a string value that outlives the set) was there before. */
bool name_set_add(struct name_set *set, const asl_value *name);
bool name_set_has(const struct name_set *set, const asl_value *name);
void name_set_free(struct name_set *set);
size_t characters(struct asl_text t); /* code points */

/* ---- substitution.c ---- */

/* A "${" is in it. */
bool awaits_substitution(struct asl_text t);
/* A template is checked, and this value is a string that awaits a substitution. */
bool is_awaited(const struct compiler *c, const asl_value *v);
/* Says so. */
void warn_substitution(struct compiler *c, const struct place *place);
/* Appends the text with every bare ${Name} made a string that is_awaited(), of the same length. */
void substitution_quote(struct asl_text t, struct asl_buffer *out);

/* ---- what only the whole can tell ---- */

/* graph.c: targets, terminal states, reachability. */
void graph_check(struct compiler *c, const asl_value *root);
/* variables.c: names assigned in an inner scope that an outer one has. */
void variables_check(struct compiler *c, const asl_value *root);
/* The names in an Assign object. */
void assign_check(struct compiler *c, const asl_value *object, const struct place *place);

/* ---- references.c ---- */

/* The state at hand refers to this variable. */
void references_add(struct compiler *c, struct asl_text name);
/* The same for a path; its shape fits intrinsic_each_path(). */
void references_add_path(void *compiler, const struct path *path);
/* The machine assigns this variable. */
void references_assign(struct compiler *c, struct asl_text name);
/* The state at hand is done. */
void references_close(struct compiler *c);
/* All states are done: variableReferences; yours. */
asl_value *references_finish(struct compiler *c);

/* ---- one file a subject ---- */

void state_compile(struct compiler *c, const asl_value *v, const struct place *place,
                   struct state *state);
void state_free(struct state *state);
void choice_compile(struct compiler *c, const asl_value *v, const struct place *place,
                    struct state *state);
void choice_free(struct state *state);
/* reader.c: ItemReader, ItemBatcher and ResultWriter of a Map. */
void reader_compile(struct compiler *c, const asl_value *map, const struct place *place,
                    struct state *state);
void reader_free(struct state *state);
void map_compile(struct compiler *c, const asl_value *v, const struct place *place,
                 struct state *state);
void map_free(struct state *state);
void retry_compile(struct compiler *c, const asl_value *v, const struct place *place,
                   struct state *state);
void catch_compile(struct compiler *c, const asl_value *v, const struct place *place,
                   struct state *state);
void retry_free(struct state *state);
void resource_compile(struct asl_text arn, struct resource *resource);
/* integrations.c: what AWS says of a Task's Resource, and of its Parameters or Arguments. */
void resource_check(struct compiler *c, const asl_value *state, const struct place *place,
                    const struct resource *resource);
void resource_free(struct resource *resource);

#endif

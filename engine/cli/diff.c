/* stepwell diff: what changed from one definition to another, in the definition's own terms: states
 * that came, went, were renamed or lead elsewhere, and fields that changed.
 *
 * Works on the JSON as written, so that definitions which do not compile yet can be compared.
 * States are matched by name within their scope; a state that went and one that came with the same
 * body are one renamed state, and transitions to it count as unchanged.
 */
#include "engine/cli/cli.h"

#include <string.h>

#define DEFINITION_MAXIMUM (1 << 20)
#define SHOWN_MAXIMUM      120 /* bytes of a value in a line */
/* pairs of bodies to compare: beyond, nothing counts as renamed */
#define RENAMES_MAXIMUM 2000000

struct diff {
    bool json;
    size_t changes;
    struct value_list list;
};

/* A "States" object on both sides, and where it stands. */
struct scope {
    const asl_value *before, *after;
    asl_value *renames, *came; /* {"old": "new"}, {"new": true}: see find_renames */
    struct asl_text path;      /* "", or "Map State/", "Parallel State[1]/" */
};

/* ---- telling ---- */

static void tell_json(struct diff *d, const char *change, struct asl_text state,
                      struct asl_text field, const asl_value *before, const asl_value *after)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "change", value_string_z(change));
    if (state.size)
        value_list_set_take(&l, "state", value_string(state));
    if (field.size)
        value_list_set_take(&l, "field", value_string(field));
    if (before)
        value_list_set_take(&l, "before", value_retain(before));
    if (after)
        value_list_set_take(&l, "after", value_retain(after));
    value_list_push_take(&d->list, value_object_take(&l));
}

static void tell(struct diff *d, const char *change, struct asl_text state, struct asl_text field,
                 const asl_value *before, const asl_value *after)
{
    d->changes++;
    if (d->json) {
        tell_json(d, change, state, field, before, after);
        return;
    }
    struct asl_buffer line;
    asl_buffer_init(&line, ASL_BUFFER_MAXIMUM);
    asl_buffer_printf(&line, "%-8s ", change);
    asl_buffer_put_text(&line, state.size ? state : ASL_TEXT("(machine)"));
    if (field.size) {
        asl_buffer_printf(&line, ": %.*s: ", ASL_TEXT_ARGS(field));
        value_print_short(before, SHOWN_MAXIMUM, &line);
        asl_buffer_puts(&line, " -> ");
        value_print_short(after, SHOWN_MAXIMUM, &line);
    } else if (after && value_kind(after) == VALUE_STRING) {
        asl_buffer_puts(&line, " -> ");
        asl_buffer_put_text(&line, value_as_text(after));
    }
    printf("%.*s\n", ASL_TEXT_ARGS(asl_buffer_text(&line)));
    asl_buffer_free(&line);
}

/* ---- names ---- */

static const asl_value *type_of(const asl_value *state)
{
    return value_get_z(state, "Type");
}

/* Names that are on one side only. */
static asl_value *lone_names(const asl_value *here, const asl_value *there)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < value_count(here); i++)
        if (!value_get(there, value_as_text(value_key_at(here, i))))
            value_list_push_take(&l, value_retain(value_key_at(here, i)));
    return value_array_take(&l);
}

/* Pairs those that went with those that came, by equal bodies. */
static void find_renames(struct scope *s)
{
    asl_value *went = lone_names(s->before, s->after), *came = lone_names(s->after, s->before);
    s->renames = value_empty_object();
    s->came = value_empty_object();
    bool few = value_count(went) * value_count(came) <= RENAMES_MAXIMUM;
    for (size_t i = 0; few && i < value_count(went); i++) {
        const asl_value *old = value_at(went, i);
        const asl_value *body = value_get(s->before, value_as_text(old));
        for (size_t k = 0; k < value_count(came); k++) {
            const asl_value *now = value_at(came, k);
            if (value_get(s->came, value_as_text(now)) ||
                !value_equal(body, value_get(s->after, value_as_text(now))))
                continue;
            s->renames = value_with_take(s->renames, value_retain(old), value_retain(now));
            s->came = value_with_take(s->came, value_retain(now), value_boolean(true));
            break;
        }
    }
    value_release(went);
    value_release(came);
}

/* The name that a state of the old side has now, when it was renamed; else NULL. */
static const asl_value *renamed(const struct scope *s, const asl_value *name)
{
    return value_get(s->renames, value_as_text(name));
}

/* Do both lead to the same state? */
static bool same_target(const struct scope *s, const asl_value *before, const asl_value *after)
{
    const asl_value *now = before && value_kind(before) == VALUE_STRING ? renamed(s, before) : NULL;
    return after && now && value_equal(now, after);
}

/* ---- fields ---- */

/* `within`: the field it is in; what is named so in a payload is no transition. */
static bool is_transition(struct asl_text field, struct asl_text within)
{
    if (within.size && !asl_text_starts(within, "Choices") && !asl_text_starts(within, "Catch"))
        return false;
    static const char *const names[] = {"Next", "End", "Default", "StartAt"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (asl_text_is(field, names[i]))
            return true;
    return false;
}

static void diff_machine(struct diff *d, struct asl_text path, const asl_value *before,
                         const asl_value *after);

struct field {
    const struct scope *scope;
    struct asl_text state; /* with its path */
    struct asl_buffer name;
};

static void diff_value(struct diff *d, struct field *f, const asl_value *before,
                       const asl_value *after);

/* Goes one member down, and back up again. */
static void diff_member(struct diff *d, struct field *f, struct asl_text key,
                        const asl_value *before, const asl_value *after)
{
    size_t size = f->name.size;
    bool transition = is_transition(key, asl_buffer_text(&f->name));
    asl_buffer_printf(&f->name, "%s%.*s", size ? "." : "", ASL_TEXT_ARGS(key));
    if (!transition)
        diff_value(d, f, before, after);
    else if (!(before && after && value_equal(before, after)) &&
             !same_target(f->scope, before, after))
        tell(d, "rewired", f->state, asl_buffer_text(&f->name), before, after);
    f->name.size = size;
}

static void diff_members(struct diff *d, struct field *f, const asl_value *before,
                         const asl_value *after)
{
    for (size_t i = 0; i < value_count(before); i++) {
        struct asl_text key = value_as_text(value_key_at(before, i));
        diff_member(d, f, key, value_at(before, i), value_get(after, key));
    }
    for (size_t i = 0; i < value_count(after); i++) {
        struct asl_text key = value_as_text(value_key_at(after, i));
        if (!value_get(before, key))
            diff_member(d, f, key, NULL, value_at(after, i));
    }
}

static void diff_elements(struct diff *d, struct field *f, const asl_value *before,
                          const asl_value *after)
{
    for (size_t i = 0; i < value_count(before); i++) {
        size_t size = f->name.size;
        asl_buffer_printf(&f->name, "[%zu]", i);
        diff_value(d, f, value_at(before, i), value_at(after, i));
        f->name.size = size;
    }
}

static void diff_value(struct diff *d, struct field *f, const asl_value *before,
                       const asl_value *after)
{
    if (before && after && value_kind(before) == VALUE_OBJECT && value_kind(after) == VALUE_OBJECT)
        diff_members(d, f, before, after);
    else if (before && after && value_kind(before) == VALUE_ARRAY &&
             value_kind(after) == VALUE_ARRAY && value_count(before) == value_count(after))
        diff_elements(d, f, before, after);
    else if (!(before && after && value_equal(before, after)))
        tell(d, "changed", f->state, asl_buffer_text(&f->name), before, after);
}

/* ---- states ---- */

static bool is_machine(const asl_value *v)
{
    return v && value_get_z(v, "States") && value_kind(value_get_z(v, "States")) == VALUE_OBJECT;
}

/* A Map's processor or a Parallel's branches: scopes of their own. True when it was one. */
static bool diff_inner(struct diff *d, struct asl_text state, struct asl_text key,
                       const asl_value *before, const asl_value *after)
{
    struct asl_buffer path;
    bool branches = asl_text_is(key, "Branches");
    bool processor = asl_text_is(key, "ItemProcessor") || asl_text_is(key, "Iterator");
    if (!before || !after ||
        !(branches ? value_kind(before) == VALUE_ARRAY && value_kind(after) == VALUE_ARRAY &&
                         value_count(before) == value_count(after)
                   : processor && is_machine(before) && is_machine(after)))
        return false;
    asl_buffer_init(&path, ASL_BUFFER_MAXIMUM);
    if (processor) {
        asl_buffer_printf(&path, "%.*s/", ASL_TEXT_ARGS(state));
        diff_machine(d, asl_buffer_text(&path), before, after);
    }
    for (size_t i = 0; branches && i < value_count(before); i++) {
        asl_buffer_clear(&path);
        asl_buffer_printf(&path, "%.*s[%zu]/", ASL_TEXT_ARGS(state), i);
        diff_machine(d, asl_buffer_text(&path), value_at(before, i), value_at(after, i));
    }
    asl_buffer_free(&path);
    return true;
}

static void diff_state(struct diff *d, const struct scope *s, struct asl_text name,
                       const asl_value *before, const asl_value *after)
{
    struct asl_buffer whole;
    asl_buffer_init(&whole, ASL_BUFFER_MAXIMUM);
    asl_buffer_printf(&whole, "%.*s%.*s", ASL_TEXT_ARGS(s->path), ASL_TEXT_ARGS(name));
    struct field f = {.scope = s, .state = asl_buffer_text(&whole)};
    asl_buffer_init(&f.name, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; i < value_count(before); i++) {
        struct asl_text key = value_as_text(value_key_at(before, i));
        const asl_value *other = value_get(after, key);
        if (!diff_inner(d, f.state, key, value_at(before, i), other))
            diff_member(d, &f, key, value_at(before, i), other);
    }
    for (size_t i = 0; i < value_count(after); i++) {
        struct asl_text key = value_as_text(value_key_at(after, i));
        if (!value_get(before, key))
            diff_member(d, &f, key, NULL, value_at(after, i));
    }
    asl_buffer_free(&f.name);
    asl_buffer_free(&whole);
}

/* A state that is on one side only. */
static void tell_lone(struct diff *d, const struct scope *s, const asl_value *name, bool came)
{
    struct asl_buffer whole;
    asl_buffer_init(&whole, ASL_BUFFER_MAXIMUM);
    asl_buffer_printf(&whole, "%.*s%.*s", ASL_TEXT_ARGS(s->path),
                      ASL_TEXT_ARGS(value_as_text(name)));
    const asl_value *now = came ? NULL : renamed(s, name);
    const asl_value *type = type_of(value_get(came ? s->after : s->before, value_as_text(name)));
    if (!now && type && value_kind(type) == VALUE_STRING && !d->json)
        asl_buffer_printf(&whole, " (%.*s)", ASL_TEXT_ARGS(value_as_text(type)));
    tell(d,
         now    ? "renamed"
         : came ? "added"
                : "removed",
         asl_buffer_text(&whole), ASL_TEXT(""), NULL, now);
    asl_buffer_free(&whole);
}

static void diff_states(struct diff *d, const struct scope *s)
{
    for (size_t i = 0; i < value_count(s->before); i++) {
        const asl_value *name = value_key_at(s->before, i);
        const asl_value *other = value_get(s->after, value_as_text(name));
        if (other)
            diff_state(d, s, value_as_text(name), value_at(s->before, i), other);
        else
            tell_lone(d, s, name, false);
    }
    for (size_t i = 0; i < value_count(s->after); i++) {
        const asl_value *name = value_key_at(s->after, i);
        if (!value_get(s->before, value_as_text(name)) && !value_get(s->came, value_as_text(name)))
            tell_lone(d, s, name, true);
    }
}

/* Anything with StartAt and States: the whole, a branch, a processor. */
static void diff_machine(struct diff *d, struct asl_text path, const asl_value *before,
                         const asl_value *after)
{
    struct asl_text owner = {path.data, path.size ? path.size - 1 : 0};
    struct scope s = {value_get_z(before, "States"), value_get_z(after, "States"), NULL, NULL,
                      path};
    find_renames(&s);
    struct field f = {.scope = &s, .state = owner};
    asl_buffer_init(&f.name, ASL_BUFFER_MAXIMUM);
    for (int side = 0; side < 2; side++) {
        const asl_value *here = side ? after : before, *there = side ? before : after;
        for (size_t i = 0; i < value_count(here); i++) {
            struct asl_text key = value_as_text(value_key_at(here, i));
            const asl_value *other = value_get(there, key);
            if (asl_text_is(key, "States") || (side && other))
                continue;
            diff_member(d, &f, key, side ? NULL : value_at(here, i),
                        side ? value_at(here, i) : other);
        }
    }
    asl_buffer_free(&f.name);
    diff_states(d, &s);
    value_release(s.renames);
    value_release(s.came);
}

/* ---- the command ---- */

static asl_value *read_machine(const char *path, const struct texts *variables)
{
    struct asl_buffer text;
    struct value_error error;
    asl_value *v = NULL;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    if (cli_read_file(path, DEFINITION_MAXIMUM, &text) &&
        (!variables->count || cli_substitute(variables, &text))) {
        v = value_parse(asl_buffer_text(&text), 0, DEFINITION_MAXIMUM, &error);
        if (!v)
            cli_fail(EXIT_WRONG_USAGE, "%s:%zu:%zu: %s", path, error.line, error.column,
                     error.message);
    }
    asl_buffer_free(&text);
    if (v && !is_machine(v)) {
        cli_fail(EXIT_WRONG_USAGE, "%s is no definition: it has no States", path);
        value_release(v);
        v = NULL;
    }
    return v;
}

static int diff(struct diff *d, const struct texts *paths, const struct texts *variables)
{
    asl_value *before = read_machine(paths->items[0], variables);
    asl_value *after = before ? read_machine(paths->items[1], variables) : NULL;
    int status = EXIT_WRONG_USAGE;
    if (after) {
        value_list_init(&d->list);
        diff_machine(d, ASL_TEXT(""), before, after);
        asl_value *list = value_array_take(&d->list);
        if (d->json)
            cli_print_json(list);
        value_release(list);
        status = d->changes ? EXIT_REFUSED : EXIT_FINE;
    }
    value_release(before);
    value_release(after);
    return status;
}

static int command(const struct command *c, int argc, char **argv)
{
    struct texts rest = {0}, variables = {0};
    struct diff d = {0};
    const struct option options[] = {
        {"var", OPTION_LIST, "NAME=VALUE", "for ${NAME} in both; again for more", &variables},
        {"json", OPTION_FLAG, NULL, "an array of {change, state, field, before, after}", &d.json},
        {0},
    };
    int status = cli_options(c, options, argc, argv, &rest);
    if (status < 0 && rest.count != 2)
        status = cli_fail(EXIT_WRONG_USAGE, "diff wants two definition files");
    if (status < 0)
        status = diff(&d, &rest, &variables);
    texts_free(&rest);
    texts_free(&variables);
    return status;
}

const struct command command_diff = {
    "diff",
    "BEFORE AFTER",
    "tells what changed between two definitions",
    "States added, removed, renamed, rewired (Next, End, Default, StartAt), and fields changed;\n"
    "\"Map State/Inner\" is a state in another. Ends with 0 when nothing changed, 1 when something "
    "did.\n"
    "\n"
    "example:\n"
    "  stepwell diff export.asl.json edited.asl.json",
    command,
};

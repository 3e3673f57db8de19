/* Do the tests of definitions/incremental-export notice what is taken away from it? Each Catch,
 * each Choice rule, each Default, each transition is deleted or turned elsewhere, one at a time,
 * and the tests run against that mutant: at least one must fail, or the definition be refused. In
 * process, the mutant handed to the reader instead of the file. MUTANTS=all turns each transition
 * to every other state (286 mutants); without it to one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/aws/catalogue/definition.h"
#include "engine/test/suite.h"

#define HERE       "definitions/incremental-export"
#define DEFINITION HERE "/machine.asl.json"
#define TESTS      HERE "/export.test.json"

static struct asl_buffer original; /* the definition's text */
static struct asl_text mutant;
static struct catalogue *catalogue;
static bool all_turns;
static size_t turned_so_far;
static unsigned killed, refused, survived;

static bool read_file(void *state, const char *path, size_t maximum, struct asl_buffer *out,
                      char message[256])
{
    char block[4096];
    size_t size;
    (void)state, (void)maximum;
    if (mutant.data && strcmp(path, DEFINITION) == 0) {
        asl_buffer_put_text(out, mutant);
        return true;
    }
    FILE *f = fopen(path, "rb");
    snprintf(message, 256, "%.200s cannot be read", path);
    while (f && (size = fread(block, 1, sizeof block, f)) > 0)
        asl_buffer_put(out, block, size);
    if (f)
        fclose(f);
    return f != NULL;
}

/* Many mutants run in circles. */
static void open_world(void *state, struct world *world)
{
    (void)state;
    world->events_maximum = 300;
}

/* Tests that fail; -1: the definition is refused. */
static int failures(void)
{
    static const char *const paths[] = {TESTS};
    struct asl_catalogue known = catalogue_for_definitions(catalogue);
    struct asl_buffer out;
    struct suite s;
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    struct suite_options options = {
        .reader = {NULL, read_file, &known, catalogue},
        .paths = paths,
        .path_count = 1,
        .form = &report_json,
        .out = &out,
        .open_world = open_world,
    };
    bool ran = test_suite_open(&s, &options) && !s.tally.wrong_files && test_suite_run(&s);
    int failed = ran ? (int)s.tally.failed : -1;
    test_suite_close(&s);
    asl_buffer_free(&out);
    return failed;
}

/* `what` says how the mutant differs. Consumes it. */
static void try_mutant(asl_value *machine_taken, const char *what, struct asl_text where)
{
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    value_print(machine_taken, &text);
    mutant = asl_buffer_text(&text);
    int failed = failures();
    if (failed > 0)
        killed++;
    else if (failed < 0)
        refused++;
    else {
        survived++;
        printf("FAILED: no test notices: %.*s: %s\n", ASL_TEXT_ARGS(where), what);
    }
    mutant = (struct asl_text){NULL, 0};
    value_release(machine_taken);
    asl_buffer_free(&text);
}

/* ---- making mutants ---- */

static asl_value *without(const asl_value *v, const char *member)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < value_count(v); i++)
        if (!asl_text_is(value_as_text(value_key_at(v, i)), member))
            value_list_push_member_take(&l, value_retain(value_key_at(v, i)),
                                        value_retain(value_at(v, i)));
    return value_object_take(&l);
}

static asl_value *without_element(const asl_value *list, size_t index)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < value_count(list); i++)
        if (i != index)
            value_list_push_take(&l, value_retain(value_at(list, i)));
    return value_array_take(&l);
}

static asl_value *with(const asl_value *v, const char *member, asl_value *value_taken)
{
    return value_with_take(value_retain(v), value_string_z(member), value_taken);
}

static asl_value *with_state(const asl_value *machine, const asl_value *name,
                             asl_value *state_taken)
{
    asl_value *states = value_with_take(value_retain(value_get_z(machine, "States")),
                                        value_retain(name), state_taken);
    return with(machine, "States", states);
}

/* The list without one element; where that was the last one, without the list. */
static asl_value *shortened(const asl_value *state, const char *member, size_t index)
{
    const asl_value *list = value_get_z(state, member);
    return value_count(list) == 1 ? without(state, member)
                                  : with(state, member, without_element(list, index));
}

/* A Choice without its only rule always takes its Default. */
static asl_value *without_rule(const asl_value *state, size_t index)
{
    struct value_list l;
    if (value_count(value_get_z(state, "Choices")) > 1)
        return shortened(state, "Choices", index);
    value_list_init(&l);
    value_list_set_take(&l, "Type", value_string_z("Pass"));
    value_list_set_take(&l, "Next", value_retain(value_get_z(state, "Default")));
    return value_object_take(&l);
}

/* Each transition of this object ("Next", "Default") turned to every other state. */
static void turn(const asl_value *machine, const asl_value *name, const asl_value *state,
                 const char *list, size_t index, const char *member)
{
    const asl_value *states = value_get_z(machine, "States");
    const asl_value *owner = list ? value_at(value_get_z(state, list), index) : state;
    const asl_value *to = value_get_z(owner, member);
    char what[200];
    size_t tried = 0;
    for (size_t i = 0; to && i < value_count(states); i++) {
        const asl_value *other = value_key_at(states, (i + turned_so_far) % value_count(states));
        if (value_equal(other, to) || (tried && !all_turns))
            continue;
        tried++;
        asl_value *turned = with(owner, member, value_retain(other));
        if (list)
            turned = with(
                state, list,
                value_with_element_take(value_retain(value_get_z(state, list)), index, turned));
        snprintf(what, sizeof what, "%s%s goes to %.*s", list ? list : "", member,
                 ASL_TEXT_ARGS(value_as_text(other)));
        try_mutant(with_state(machine, name, turned), what, value_as_text(name));
    }
}

static void mutate_state(const asl_value *machine, const asl_value *name, const asl_value *state)
{
    const asl_value *catchers = value_get_z(state, "Catch"), *rules = value_get_z(state, "Choices");
    struct asl_text where = value_as_text(name);
    for (size_t i = 0; catchers && i < value_count(catchers); i++) {
        try_mutant(with_state(machine, name, shortened(state, "Catch", i)), "without a Catch",
                   where);
        turn(machine, name, state, "Catch", i, "Next");
    }
    for (size_t i = 0; rules && i < value_count(rules); i++) {
        try_mutant(with_state(machine, name, without_rule(state, i)), "without a Choice rule",
                   where);
        turn(machine, name, state, "Choices", i, "Next");
    }
    if (value_get_z(state, "Default"))
        try_mutant(with_state(machine, name, without(state, "Default")), "without its Default",
                   where);
    if (value_get_z(state, "Next")) {
        asl_value *ends = with_state(machine, name, without(state, "Next"));
        asl_value *last =
            with(value_get(value_get_z(ends, "States"), where), "End", value_boolean(true));
        try_mutant(with_state(ends, name, last), "ends instead of going on", where);
        value_release(ends);
    }
    turned_so_far += 5; /* another one each time */
    turn(machine, name, state, NULL, 0, "Next");
    turn(machine, name, state, NULL, 0, "Default");
}

int main(void)
{
    struct value_error error;
    char message[256];
    all_turns = getenv("MUTANTS") != NULL;
    catalogue = catalogue_new();
    asl_buffer_init(&original, ASL_BUFFER_MAXIMUM);
    if (!read_file(NULL, DEFINITION, 0, &original, message)) {
        printf("%s\n0 passed, 1 failed\n", message);
        return 1;
    }
    asl_value *machine = value_parse(asl_buffer_text(&original), 0, 0, &error);
    const asl_value *states = machine ? value_get_z(machine, "States") : NULL;
    int unharmed = failures();
    if (!states || unharmed != 0) {
        printf("the tests of %s do not pass as it stands\n0 passed, 1 failed\n", HERE);
        return 1;
    }
    for (size_t i = 0; i < value_count(states); i++)
        mutate_state(machine, value_key_at(states, i), value_at(states, i));
    value_release(machine);
    asl_buffer_free(&original);
    catalogue_free(catalogue);
    printf("%u mutants: %u made a test fail, %u were refused as definitions\n",
           killed + refused + survived, killed, refused);
    printf("%u passed, %u failed\n", killed + refused, survived);
    return survived || !killed;
}

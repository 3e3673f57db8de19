/* See case.h. */
#include "tests/conformance/case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conformance/play.h"

const asl_value *case_inputs(const struct case_file *f, size_t machine)
{
    return value_get_z(value_at(f->machines, machine), "inputs");
}

void case_open(struct case_file *f, const asl_value *v)
{
    *f = (struct case_file){.machines = value_get_z(v, "stateMachines"), .inputs_maximum = 1};
    size_t machines = f->machines ? value_count(f->machines) : 0;
    for (size_t m = 0; m < machines; m++)
        if (case_inputs(f, m) && value_count(case_inputs(f, m)) > f->inputs_maximum)
            f->inputs_maximum = value_count(case_inputs(f, m));
    f->used = asl_allocate_zeroed(machines * f->inputs_maximum + 1, sizeof *f->used);
}

void case_close(struct case_file *f)
{
    free(f->used);
}

struct asl_text case_text(const asl_value *v, const char *name)
{
    const asl_value *member = value_get_z(v, name);
    return member ? value_as_text(member) : (struct asl_text){"", 0};
}

/* JSON as the recorder's client (Python's json.dumps) spaced it: the caller's own text. */
static void print_spaced(const asl_value *v, struct asl_buffer *out)
{
    enum value_kind kind = value_kind(v);
    if (kind != VALUE_ARRAY && kind != VALUE_OBJECT) {
        value_print(v, out);
        return;
    }
    asl_buffer_putc(out, kind == VALUE_ARRAY ? '[' : '{');
    for (size_t i = 0; i < value_count(v); i++) {
        if (i)
            asl_buffer_puts(out, ", ");
        if (kind == VALUE_OBJECT) {
            value_print(value_key_at(v, i), out);
            asl_buffer_puts(out, ": ");
        }
        print_spaced(value_at(v, i), out);
    }
    asl_buffer_putc(out, kind == VALUE_ARRAY ? ']' : '}');
}

void case_choose(struct case_file *f, struct case_chosen *c, size_t machine, size_t input)
{
    f->used[machine * f->inputs_maximum + input] = true;
    c->machine = value_at(f->machines, machine);
    c->input = value_at(case_inputs(f, machine), input);
    asl_buffer_init(&c->input_text, ASL_BUFFER_MAXIMUM);
    print_spaced(c->input, &c->input_text);
    snprintf(c->name, sizeof c->name, "%.*s", ASL_TEXT_ARGS(case_text(c->machine, "name")));
}

/* The recorder's word for an activity that the definition names. */
static void know_activity(struct unify *u, struct asl_text definition)
{
    static const char prefix[] = PLAY_PREFIX "activity:";
    for (size_t i = 0; i + sizeof prefix <= definition.size; i++) {
        if (memcmp(definition.data + i, prefix, sizeof prefix - 1) != 0)
            continue;
        size_t size = 0;
        while (i + size < definition.size && definition.data[i + size] != '"')
            size++;
        char *arn = asl_copy_text((struct asl_text){definition.data + i, size});
        unify_know(u, "activity_arn", arn);
        free(arn);
        return;
    }
}

void case_know_the_world(struct unify *u, const struct case_chosen *c)
{
    unify_init(u);
    u->exact_numbers = true;
    unify_know(u, "111111111111", PLAY_ACCOUNT);
    unify_know(u, "<partition>", "aws");
    unify_know(u, "<region>", PLAY_REGION);
    unify_know(u, "<ArnPart_0idx>", c->name);
    know_activity(u, case_text(c->machine, "definition"));
}

/* The first unused machine and input that the recorded input can be of. */
bool case_find_input(struct case_file *f, const asl_value *recorded, struct case_chosen *c,
                     struct unify *u)
{
    for (size_t m = 0; m < value_count(f->machines); m++)
        for (size_t i = 0; case_inputs(f, m) && i < value_count(case_inputs(f, m)); i++) {
            if (f->used[m * f->inputs_maximum + i])
                continue;
            case_choose(f, c, m, i);
            case_know_the_world(u, c);
            if (unify_learn(u, recorded, c->input))
                return true;
            unify_free(u);
            asl_buffer_free(&c->input_text);
            f->used[m * f->inputs_maximum + i] = false;
        }
    return false;
}

/* The recorder shows an id that it did not want to tell as a list: `[0]`. */
bool case_is_blurred(const asl_value *events)
{
    for (size_t i = 0; i < value_count(events); i++) {
        const asl_value *id = value_get_z(value_at(events, i), "id");
        if (!id || value_kind(id) != VALUE_NUMBER)
            return true;
    }
    return false;
}

/* The recorder sorted such a list: each recorded event must be one of ours. */
bool case_compare_blurred(struct unify *u, const asl_value *recorded, const asl_value *events,
                          struct asl_buffer *note)
{
    bool *taken = asl_allocate_zeroed(value_count(events) + 1, sizeof *taken);
    bool fine = true;
    for (size_t i = 0; fine && i < value_count(recorded); i++) {
        bool found = false;
        for (size_t k = 0; !found && k < value_count(events); k++) {
            size_t before = u->count;
            if (taken[k])
                continue;
            found = unify_event(u, value_at(recorded, i), value_at(events, k), true, NULL);
            taken[k] = found;
            if (!found)
                unify_rewind(u, before);
        }
        if (!found)
            asl_buffer_printf(note, "blurred ids: recorded event %zu (%.*s) is none of ours", i + 1,
                              ASL_TEXT_ARGS(case_text(value_at(recorded, i), "type")));
        fine = found;
    }
    free(taken);
    return fine;
}

/* Until November 2024 a distributed Map's Exited pointed at MapRunSucceeded, since then at
 * MapRunStarted (facts 2.3): an older recording is read as today's. */
static asl_value *of_today(const asl_value *recorded, size_t i)
{
    const asl_value *event = value_at(recorded, i);
    int64_t run = 0, started = 0;
    if (asl_text_is(case_text(event, "type"), "MapStateExited") &&
        value_as_integer(value_get_z(event, "previousEventId"), &run) && run > 0 &&
        (size_t)run <= i &&
        asl_text_is(case_text(value_at(recorded, (size_t)run - 1), "type"), "MapRunSucceeded") &&
        value_as_integer(value_get_z(value_at(recorded, (size_t)run - 1), "previousEventId"),
                         &started))
        return value_with_take(value_retain(event), value_string_z("previousEventId"),
                               value_integer(started));
    return value_retain(event);
}

bool case_compare_events(struct unify *u, const asl_value *recorded, const asl_value *events,
                         struct asl_buffer *note)
{
    size_t count = value_count(recorded), ours = value_count(events);
    for (size_t i = 0; i < count || i < ours; i++) {
        if (i >= count || i >= ours) {
            asl_buffer_printf(note, "event %zu: expected %.*s, got %.*s", i + 1,
                              ASL_TEXT_ARGS(i < count ? case_text(value_at(recorded, i), "type")
                                                      : ASL_TEXT("nothing more")),
                              ASL_TEXT_ARGS(i < ours ? case_text(value_at(events, i), "type")
                                                     : ASL_TEXT("nothing more")));
            return false;
        }
        struct asl_buffer difference;
        asl_buffer_init(&difference, 65536);
        asl_value *expected = of_today(recorded, i);
        bool same = unify_event(u, expected, value_at(events, i), false, &difference);
        value_release(expected);
        if (!same)
            asl_buffer_printf(note, "event %zu %.*s%.*s", i + 1,
                              ASL_TEXT_ARGS(case_text(value_at(recorded, i), "type")),
                              ASL_TEXT_ARGS(asl_buffer_text(&difference)));
        asl_buffer_free(&difference);
        if (!same)
            return false;
    }
    return true;
}

const asl_value *case_recorded_input(const asl_value *events)
{
    const asl_value *started = value_get_z(value_at(events, 0), "executionStartedEventDetails");
    return started ? value_get_z(started, "input") : NULL;
}

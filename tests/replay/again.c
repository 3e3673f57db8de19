/* Prints, reads, judges; see again.h. */
#include "tests/replay/again.h"

#include <stdio.h>
#include <time.h>

#include "engine/replay/player.h"

/* The AWS CLI prints times as ISO 8601 with an offset, and all in one document. */
static asl_value *as_the_cli_prints(const asl_value *event)
{
    char text[64], whole[40];
    int64_t ms = event_time(event);
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    strftime(whole, sizeof whole, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text, sizeof text, "%s.%03d000+00:00", whole, (int)(ms % 1000));
    return value_with_take(value_retain(event), value_string_z("timestamp"), value_string_z(text));
}

static void print_history(const asl_value *events, struct asl_buffer *out)
{
    struct value_list page, list;
    value_list_init(&page);
    value_list_init(&list);
    for (size_t i = 0; i < value_count(events); i++)
        value_list_push_take(&list, as_the_cli_prints(value_at(events, i)));
    value_list_set_take(&page, "events", value_array_take(&list));
    asl_value *v = value_object_take(&page);
    value_print_pretty(v, out);
    value_release(v);
}

static bool judge(asl_machine *machine, const struct recording *r, struct asl_buffer *note)
{
    const struct replay_identity unknown = {0};
    struct replay_judgement j;
    char message[256];
    if (!replay_judge(machine, r, &unknown, &j, message)) {
        asl_buffer_printf(note, "replay: %s", message);
        replay_judgement_free(&j);
        return false;
    }
    bool same = j.verdict == REPLAY_SAME && !j.difference.size;
    if (!same)
        asl_buffer_printf(note, "replay: %s, event %lld: %.*s", replay_verdict_name(j.verdict),
                          (long long)j.event, ASL_TEXT_ARGS(asl_buffer_text(&j.difference)));
    replay_judgement_free(&j);
    return same;
}

bool replay_again(struct asl_text definition, bool express, const asl_value *events,
                  struct asl_buffer *note)
{
    struct asl_diagnostics diagnostics = {0};
    struct asl_buffer text;
    struct recording r = {0};
    char message[256] = "";
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    print_history(events, &text);
    asl_machine *machine = asl_machine_compile(definition, express, &diagnostics);
    asl_value *parsed = recording_parse(asl_buffer_text(&text), message);
    bool read = machine && parsed && recording_take(&r, parsed, message);
    if (!read)
        asl_buffer_printf(note, "replay: not read: %s", message);
    bool same = read && judge(machine, &r, note);
    recording_free(&r);
    asl_machine_release(machine);
    asl_diagnostics_free(&diagnostics);
    asl_buffer_free(&text);
    return same;
}

/* The virtual world; see player.h. */
#include "engine/replay/player.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/task/accept.h"

/* Where the recording tells no time, and no account. */
#define BEGINNING INT64_C(1700000000000)
#define ACCOUNT   "123456789012"
#define REGION    "us-east-1"

static int64_t now(void *player)
{
    return ((struct player *)player)->now;
}

static uint64_t random_bits(void *player)
{
    struct player *p = player;
    uint64_t z = p->random += 0x9E3779B97F4A7C15u; /* splitmix64 */
    p->drew_random = true;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static void uuid(void *player, char out[37])
{
    struct player *p = player;
    snprintf(out, 37, MARK_UUID "%012u", ++p->uuids);
}

static void token(void *player, int64_t event, char out[1025])
{
    (void)player;
    snprintf(out, 1025, MARK_PREFIX "%012lld", 1000 + (long long)event);
}

/* Only the recorded failure tells that an activity had been deleted. */
static bool has_activity(void *player, struct asl_text arn)
{
    struct player *p = player;
    const asl_value *next =
        p->recording ? recording_event(p->recording, asl_execution_last_event(p->x) + 1) : NULL;
    (void)arn;
    return !next || !asl_text_is(event_type(next), "ExecutionFailed") ||
           !asl_text_ends(event_detail_text(next, "cause"), "does not exist.");
}

/* Nor does anybody but the recording know what the service's model was at the time; a test is
 * played with the models of today. */
static bool accepts(void *player, const struct resource *resource, const asl_value *parameters,
                    struct asl_buffer *problems)
{
    static const char before[] = "could not be used to start the Task: [";
    struct player *p = player;
    const asl_value *next =
        p->recording ? recording_event(p->recording, asl_execution_last_event(p->x) + 1) : NULL;
    struct asl_text cause = next && asl_text_is(event_type(next), "ExecutionFailed")
                                ? event_detail_text(next, "cause")
                                : ASL_TEXT("");
    const char *at = memmem(cause.data, cause.size, before, sizeof before - 1);
    if (p->models)
        return accept_parameters(p->models, resource, parameters, problems);
    if (!at || !asl_text_ends(cause, "]"))
        return true;
    at += sizeof before - 1;
    asl_buffer_put(problems, at, (size_t)(cause.data + cause.size - 1 - at));
    return false;
}

/* ---- birth ---- */

/* The fifth part of an ARN, when it looks like an account. */
static void account_of(struct asl_text arn, char out[32])
{
    size_t colons = 0, at = 0, size = 0;
    while (at < arn.size && colons < 4)
        colons += arn.data[at++] == ':';
    while (at + size < arn.size && size < 31 && arn.data[at + size] != ':')
        size++;
    if (colons == 4 && size)
        snprintf(out, 32, "%.*s", (int)size, arn.data + at);
    else
        snprintf(out, 32, "%s", ACCOUNT);
}

static void find_region(const struct recording *r, char out[32])
{
    snprintf(out, 32, "%s", REGION);
    for (size_t i = 0; i < value_count(r->events); i++) {
        struct asl_text region = event_detail_text(value_at(r->events, i), "region");
        if (!region.size || region.size >= 32)
            continue;
        snprintf(out, 32, "%.*s", ASL_TEXT_ARGS(region));
        return;
    }
}

/* The input's own text, as the caller gave it. */
static struct asl_text input_text(const asl_value *first, struct asl_buffer *scratch)
{
    const asl_value *input = event_detail(first, "input");
    struct value_error error;
    asl_value *parsed =
        value_kind(input) == VALUE_STRING ? value_parse(value_as_text(input), 0, 0, &error) : NULL;
    value_release(parsed);
    if (parsed)
        return value_as_text(input);
    value_print(input, scratch);
    return asl_buffer_text(scratch);
}

static const char *known_or(const char *known, const char *made_up)
{
    return known ? known : made_up;
}

bool player_be_born(struct player *p, asl_machine *machine, const struct asl_birth *birth,
                    const char *region, int64_t at)
{
    struct value_error error;
    *p = (struct player){.now = at};
    p->events = value_empty_array();
    p->history = asl_history_new();
    snprintf(p->region, sizeof p->region, "%s", region);
    asl_result_init(&p->result, p->history);
    p->env = (struct asl_env){
        .state = p,
        .now = now,
        .random = random_bits,
        .uuid = uuid,
        .token = token,
        .has_activity = has_activity,
        .accepts = accepts,
        .region = p->region,
    };
    p->x = asl_execution_new(machine, birth, &error);
    if (!p->x)
        snprintf(p->message, sizeof p->message, "the input is refused: %s", error.message);
    return p->x != NULL;
}

bool player_open(struct player *p, asl_machine *machine, const struct recording *r,
                 const struct replay_identity *identity)
{
    const asl_value *first = value_at(r->events, 0);
    char account[32], region[32], machine_arn[512], arn[768];
    const char *machine_name = known_or(identity->machine_name, MARK_PREFIX "000000000001");
    const char *name = known_or(identity->name, MARK_PREFIX "000000000002");
    account_of(event_detail_text(first, "roleArn"), account);
    find_region(r, region);
    snprintf(machine_arn, sizeof machine_arn, "arn:aws:states:%s:%s:stateMachine:%s", region,
             account, machine_name);
    snprintf(arn, sizeof arn, "arn:aws:states:%s:%s:%s:%s:%s%s", region, account,
             identity->express ? "express" : "execution", machine_name, name,
             identity->express ? ":" MARK_UUID "999999999999" : "");
    struct asl_buffer input;
    asl_buffer_init(&input, ASL_BUFFER_MAXIMUM);
    struct asl_birth birth = {
        .arn = asl_text(known_or(identity->arn, arn)),
        .name = asl_text(name),
        .role_arn = event_detail_text(first, "roleArn"),
        .machine_arn = asl_text(known_or(identity->machine_arn, machine_arn)),
        .machine_name = asl_text(machine_name),
        .version_arn = event_detail_text(first, "stateMachineVersionArn"),
        .alias_arn = event_detail_text(first, "stateMachineAliasArn"),
        .input = input_text(first, &input),
        .start = asl_text(identity->from ? identity->from : ""),
        .variables = identity->variables,
    };
    bool born =
        player_be_born(p, machine, &birth, region, r->timed ? event_time(first) : BEGINNING);
    p->recording = r;
    asl_buffer_free(&input);
    return born;
}

void player_close(struct player *p)
{
    asl_execution_free(p->x);
    asl_result_free(&p->result);
    asl_history_free(p->history);
    value_release(p->events);
    free(p->dead);
    *p = (struct player){0};
}

/* ---- stepping ---- */

static bool collect(void *player, int64_t id, const asl_value *event)
{
    struct player *p = player;
    (void)id;
    p->events = value_append_take(p->events, value_retain(event));
    return true;
}

bool player_step(struct player *p, const struct asl_event *event)
{
    char message[160];
    asl_result_clear(&p->result);
    asl_history_clear(p->history);
    bool taken = asl_step(p->x, event, &p->env, &p->result);
    struct asl_text bytes = asl_history_bytes(p->history);
    if (asl_history_count(p->history))
        asl_history_read(bytes.data, bytes.size, true, collect, p, message);
    return taken;
}

bool player_step_kind(struct player *p, enum asl_event_kind kind)
{
    struct asl_event event = {.kind = kind};
    return player_step(p, &event);
}

void player_wait(struct player *p, int64_t at)
{
    if (at > p->now && at != INT64_MAX)
        p->now = at;
}

/* Error and cause as texts: a cause that was shown parsed is printed again. */
static struct asl_text text_detail(const asl_value *event, const char *name,
                                   struct asl_buffer *scratch)
{
    const asl_value *v = event_detail(event, name);
    if (!v)
        return (struct asl_text){NULL, 0};
    if (value_kind(v) == VALUE_STRING)
        return value_as_text(v);
    value_print(v, scratch);
    return asl_buffer_text(scratch);
}

bool player_feed(struct player *p, const asl_value *recorded, int64_t task)
{
    struct asl_buffer cause;
    asl_buffer_init(&cause, ASL_BUFFER_MAXIMUM);
    asl_value *output = event_payload(recorded, "output");
    if (!output)
        output = value_null();
    struct asl_event event = {
        .kind = event_outside(recorded),
        .task = task,
        .output = output,
        .error = event_detail_text(recorded, "error"),
        .cause = text_detail(recorded, "cause", &cause),
        .worker = event_detail_text(recorded, "workerName"),
    };
    bool taken = player_step(p, &event);
    value_release(output);
    asl_buffer_free(&cause);
    return taken;
}

void player_dies(struct player *p, int64_t task)
{
    if (p->dead_count == p->dead_capacity) {
        p->dead_capacity = p->dead_capacity ? p->dead_capacity * 2 : 16;
        p->dead = asl_reallocate(p->dead, p->dead_capacity * sizeof *p->dead);
    }
    p->dead[p->dead_count++] = task;
}

static bool is_dead(const struct player *p, int64_t task)
{
    for (size_t i = p->dead_count; i-- > 0;)
        if (p->dead[i] == task)
            return true;
    return false;
}

void player_heartbeats(struct player *p)
{
    struct asl_result open;
    asl_result_init(&open, NULL);
    asl_execution_open_commands(p->x, &p->env, &open);
    for (size_t i = 0; i < open.count; i++)
        if (open.commands[i].heartbeat_seconds > 0 && !is_dead(p, open.commands[i].task)) {
            struct asl_event beat = {.kind = ASL_TASK_HEARTBEAT, .task = open.commands[i].task};
            player_step(p, &beat);
        }
    asl_result_free(&open);
}

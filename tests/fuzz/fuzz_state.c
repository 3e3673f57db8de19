/* Saved executions and history chunks come from a file: whatever they hold, reading them ends in a
 * message or in an execution that goes on, never in a crash, a leak or a hang.
 *
 * The first byte picks the door. Raw: the rest is the bytes themselves. Bent: the rest is a
 * machine's seed, how far it runs before it is saved, and then what to change in the saved bytes;
 * so the fuzzer begins deep inside the format.
 */
#include <stdio.h>
#include <string.h>

#include "asl/asl.h"
#include "tests/conformance/generate.c" /* a fuzz target links the rooms only */

#define MOVES_MAXIMUM 40
#define SEEDS         512

struct world {
    struct dice dice;
    int64_t now;
};

static int64_t world_now(void *state)
{
    return ((struct world *)state)->now += 3;
}

static uint64_t world_random(void *state)
{
    return dice_roll(&((struct world *)state)->dice);
}

static void world_uuid(void *state, char out[37])
{
    (void)state;
    strcpy(out, "00000000-0000-4000-8000-000000000000");
}

struct input {
    const uint8_t *data;
    size_t size;
};

static unsigned next_byte(struct input *in)
{
    if (in->size == 0)
        return 0;
    in->size--;
    return *in->data++;
}

static bool see_event(void *state, int64_t id, const asl_value *event)
{
    size_t *count = state;
    (void)id;
    *count += value_count(event);
    return true;
}

static void read_history(const void *bytes, size_t size)
{
    size_t seen = 0;
    char message[160];
    asl_history_read(bytes, size, true, see_event, &seen, message);
    asl_history_read(bytes, size, false, see_event, &seen, message);
}

static asl_machine *machine_of(uint64_t seed)
{
    struct dice dice = {seed};
    struct asl_buffer definition;
    struct asl_diagnostics diagnostics = {0};
    asl_buffer_init(&definition, ASL_BUFFER_MAXIMUM);
    generate_definition(&dice, &definition);
    asl_machine *m = asl_machine_compile(asl_buffer_text(&definition), false, &diagnostics);
    asl_diagnostics_free(&diagnostics);
    asl_buffer_free(&definition);
    return m;
}

/* Goes on in every way there is: what it can, what is open, what is due. */
static void move_on(asl_execution *x, const struct asl_env *env, size_t moves,
                    struct asl_history *history)
{
    struct world *w = env->state;
    struct asl_result result, open;
    asl_value *output = value_literal("{\"n\": 1}");
    asl_result_init(&result, history);
    for (size_t i = 0; i < moves && asl_execution_status(x) == ASL_RUNNING; i++) {
        struct asl_event event = {.kind = asl_execution_last_event(x) ? ASL_CONTINUE : ASL_START,
                                  .output = output};
        asl_result_clear(&result);
        if (asl_step(x, &event, env, &result))
            continue;
        asl_result_init(&open, NULL);
        asl_execution_open_commands(x, env, &open);
        if (open.count && dice_says(&w->dice, 70)) {
            event.kind = dice_says(&w->dice, 30) ? ASL_TASK_FAILED : ASL_TASK_SUCCEEDED;
            event.task = open.commands[dice_below(&w->dice, open.count)].task;
            event.error = ASL_TEXT("Broken");
        } else {
            int64_t due = asl_execution_due(x);
            w->now = due != INT64_MAX && due > w->now ? due : w->now;
            event.kind = ASL_TICK;
        }
        asl_result_free(&open);
        asl_step(x, &event, env, &result);
    }
    asl_result_free(&result);
    value_release(output);
}

/* What the keeper of the bytes knows beside them. */
static const struct asl_identity identity = {
    ASL_TEXT("arn:aws:states:us-east-1:123456789012:execution:m:x"),  ASL_TEXT("x"), ASL_TEXT("r"),
    ASL_TEXT("arn:aws:states:us-east-1:123456789012:stateMachine:m"), ASL_TEXT("m"),
};

static void load_and_go_on(asl_machine *m, const struct asl_identity *known, const void *bytes,
                           size_t size, const struct asl_env *env)
{
    char message[160];
    asl_execution *x = asl_execution_load(m, known, bytes, size, message);
    if (!x)
        return;
    struct asl_history *history = asl_history_new();
    struct asl_buffer again;
    asl_buffer_init(&again, (size_t)1 << 24);
    move_on(x, env, MOVES_MAXIMUM, history);
    struct asl_result result;
    struct asl_event event = {.kind = ASL_REDRIVE};
    asl_result_init(&result, history);
    if (asl_step(x, &event, env, &result)) /* it had ended, and may go on */
        move_on(x, env, MOVES_MAXIMUM, history);
    asl_result_free(&result);
    asl_execution_save(x, known, &again);
    struct asl_text chunk = asl_history_bytes(history);
    if (asl_history_count(history))
        read_history(chunk.data, chunk.size);
    asl_buffer_free(&again);
    asl_history_free(history);
    asl_execution_free(x);
}

/* Overwrites, cuts and doubles, as the input says. */
static void bend(struct asl_buffer *b, struct input *in)
{
    while (in->size >= 3 && b->size) {
        size_t at = (next_byte(in) << 8 | next_byte(in)) % b->size;
        unsigned how = next_byte(in);
        if (how == 0)
            b->size = at;
        else
            b->data[at] = (char)(b->data[at] ^ (int)how);
    }
}

static void load_bent(asl_machine *m, struct input *in, const struct asl_env *env)
{
    struct asl_birth birth = {
        .arn = identity.arn,
        .name = identity.name,
        .role_arn = identity.role_arn,
        .machine_arn = identity.machine_arn,
        .machine_name = identity.machine_name,
        .input = ASL_TEXT(GENERATED_INPUT),
    };
    struct value_error error;
    asl_execution *x = asl_execution_new(m, &birth, &error);
    struct asl_history *history = asl_history_new();
    struct asl_env slow = *env;
    slow.budget = 1 + next_byte(in) % 3;
    move_on(x, &slow, next_byte(in) % 64, history);
    struct asl_buffer saved, chunk;
    asl_buffer_init(&saved, (size_t)1 << 24);
    asl_buffer_init(&chunk, (size_t)1 << 24);
    const struct asl_identity *known = next_byte(in) & 1 ? &identity : NULL;
    asl_execution_save(x, known, &saved);
    asl_buffer_put_text(&chunk, asl_history_bytes(history));
    struct input same = *in;
    bend(&saved, in);
    bend(&chunk, &same);
    load_and_go_on(m, known, saved.data, saved.size, env);
    read_history(chunk.data, chunk.size);
    asl_buffer_free(&saved);
    asl_buffer_free(&chunk);
    asl_history_free(history);
    asl_execution_free(x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    unsigned door = next_byte(&in) % 3;
    struct world world = {.dice = {1}, .now = INT64_C(1700000000000)};
    struct asl_env env = {.state = &world,
                          .now = world_now,
                          .random = world_random,
                          .uuid = world_uuid,
                          .region = "us-east-1",
                          .budget = 50};
    if (door == 0) {
        read_history(in.data, in.size);
        return 0;
    }
    asl_machine *m = machine_of((next_byte(&in) << 8 | next_byte(&in)) % SEEDS);
    if (m && door == 1)
        load_and_go_on(m, &identity, in.data, in.size, &env);
    else if (m)
        load_bent(m, &in, &env);
    asl_machine_release(m);
    return 0;
}

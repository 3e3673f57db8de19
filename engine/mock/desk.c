/* See desk.h. One document an execution: {"machine", "case", "counts": {"<state>": n}}. */
#include "desk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "config.h"
#include "engine/api/shelf.h"

#define KIND      "mock"
#define KEY_BYTES 24

struct mock_desk {
    struct engine *engine;
    char *path; /* or NULL */
    struct mock_config *config;
    struct timespec modified;
    off_t size;
    struct shelf played; /* by execution */
    asl_value *said;     /* what the last answer pointed to */
    struct asl_buffer complaint;
};

static void key_of(int64_t execution, char key[KEY_BYTES])
{
    snprintf(key, KEY_BYTES, "%019" PRId64, execution);
}

/* ---- the file ---- */

/* Reads the file where it is new or has changed. False: it is wrong; what was read before stays. */
static bool refresh(struct mock_desk *d, struct asl_buffer *message)
{
    struct stat now;
    if (!d->path) {
        asl_buffer_clear(message);
        asl_buffer_puts(message, "no mock file is set: --mock-config FILE, or SFN_MOCK_CONFIG");
        return false;
    }
    bool there = stat(d->path, &now) == 0;
    if (d->config && there && now.st_mtim.tv_sec == d->modified.tv_sec &&
        now.st_mtim.tv_nsec == d->modified.tv_nsec && now.st_size == d->size)
        return true;
    struct mock_config *c = mock_config_load(d->path, message);
    if (!c)
        return false;
    mock_config_free(d->config);
    d->config = c;
    d->modified = there ? now.st_mtim : (struct timespec){0};
    d->size = there ? now.st_size : 0;
    return true;
}

/* ---- starting ---- */

bool mock_desk_check(struct mock_desk *d, const char *machine_name, const char *test_case,
                     const asl_machine *machine, struct asl_buffer *message)
{
    return refresh(d, message) &&
           mock_config_check(d->config, machine_name, test_case, machine, message);
}

static void made(void *desk, int64_t execution, const struct engine_mark *mark)
{
    struct mock_desk *d = desk;
    char key[KEY_BYTES];
    key_of(execution, key);
    shelf_put_take(&d->played, key,
                   value_parse((struct asl_text){mark->value.data, mark->value.size}, 0, 0, NULL));
}

void mock_desk_mark(struct mock_desk *d, const char *machine_name, const char *test_case,
                    struct engine_mark *mark)
{
    struct value_list l;
    struct asl_buffer text;
    value_list_init(&l);
    value_list_set_take(&l, "machine", value_string_z(machine_name));
    value_list_set_take(&l, "case", value_string_z(test_case));
    value_list_set_take(&l, "counts", value_empty_object());
    asl_value *v = value_object_take(&l);
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    value_print(v, &text);
    value_release(v);
    *mark = (struct engine_mark){.kind = KIND, .made = made, .state = d};
    mark->value.data = asl_buffer_take(&text, &mark->value.size);
}

void mock_desk_unmark(struct engine_mark *mark)
{
    free((void *)mark->value.data);
}

/* ---- answering ---- */

/* The state has asked `n` times now. In memory at once, and in the commit that takes the answer. */
static void count(struct mock_desk *d, const char *key, const asl_value *state, int64_t n)
{
    const asl_value *old = shelf_get(&d->played, key);
    struct asl_buffer scratch;
    asl_value *counts = value_with_take(value_retain(value_get_z(old, "counts")),
                                        value_retain(state), value_integer(n));
    asl_value *played = value_with_take(value_retain(old), value_string_z("counts"), counts);
    asl_buffer_init(&scratch, ASL_BUFFER_MAXIMUM);
    struct asl_text text = value_compact(played, &scratch);
    engine_put_document(d->engine, KIND, key, (struct store_bytes){text.data, text.size});
    asl_buffer_free(&scratch);
    shelf_put_take(&d->played, key, played);
}

static int64_t asked_before(const asl_value *played, const asl_value *state)
{
    const asl_value *seen = value_get(value_get_z(played, "counts"), value_as_text(state));
    int64_t n = 0;
    if (seen)
        value_as_integer(seen, &n);
    return n;
}

static void fail(struct mock_desk *d, struct asl_event *event)
{
    event->kind = ASL_TASK_FAILED;
    event->error = ASL_TEXT("States.Runtime");
    event->cause = asl_buffer_text(&d->complaint);
}

static struct asl_text text_of(const asl_value *v)
{
    return v ? value_as_text(v) : (struct asl_text){NULL, 0};
}

static bool answers(void *desk, int64_t execution, const asl_value *state, struct asl_event *event)
{
    struct mock_desk *d = desk;
    char key[KEY_BYTES];
    key_of(execution, key);
    const asl_value *played = shelf_get(&d->played, key);
    if (!played)
        return false;
    struct asl_text machine = text_of(value_get_z(played, "machine"));
    struct asl_text test_case = text_of(value_get_z(played, "case"));
    struct asl_text response = {NULL, 0};
    const asl_value *value = NULL;
    int64_t n = asked_before(played, state);
    *event = (struct asl_event){.kind = ASL_TASK_SUCCEEDED};
    if (!refresh(d, &d->complaint) && !d->config) {
        fail(d, event);
        return true;
    }
    enum mock_answer answer = mock_config_answer(d->config, machine, test_case,
                                                 value_as_text(state), n, &value, &response);
    if (answer == MOCK_REAL)
        return false;
    value_release(d->said); /* a file that is read again may not take it away */
    d->said = value ? value_retain(value) : NULL;
    if (answer == MOCK_RETURNS) {
        event->output = d->said;
    } else if (answer == MOCK_THROWS) {
        event->kind = ASL_TASK_FAILED;
        event->error = text_of(value_get_z(d->said, "Error"));
        event->cause = text_of(value_get_z(d->said, "Cause"));
    } else {
        asl_buffer_clear(&d->complaint);
        asl_buffer_printf(&d->complaint,
                          "The mocked response '%.*s' has nothing for invocation %" PRId64
                          " of the state '%.*s'",
                          ASL_TEXT_ARGS(response), n, ASL_TEXT_ARGS(value_as_text(state)));
        fail(d, event);
    }
    count(d, key, state, n + 1);
    return true;
}

/* ---- life ---- */

struct mock_desk *mock_desk_new(struct engine *engine, const char *path, struct asl_buffer *message)
{
    struct mock_desk *d = asl_allocate_zeroed(1, sizeof *d);
    const struct engine_stand_in stand_in = {.state = d, .answers = answers};
    d->engine = engine;
    d->path = path ? asl_copy_text(asl_text(path)) : NULL;
    asl_buffer_init(&d->complaint, 65536);
    asl_buffer_clear(message);
    if (path && !refresh(d, message)) {
        mock_desk_free(d);
        return NULL;
    }
    if (!shelf_load(&d->played, KIND, engine_store(engine))) {
        asl_buffer_puts(message, "the store's documents of kind '" KIND "' do not read back");
        mock_desk_free(d);
        return NULL;
    }
    engine_set_stand_in(engine, &stand_in);
    return d;
}

void mock_desk_free(struct mock_desk *d)
{
    if (!d)
        return;
    shelf_free(&d->played);
    mock_config_free(d->config);
    value_release(d->said);
    asl_buffer_free(&d->complaint);
    free(d->path);
    free(d);
}

/* Executions to bytes and back: all that is needed to go on, with a version.
 *
 * The tree of frames in order, parents first; values as compact text, each once; the ready queue as
 * places in that order, so that an execution goes on exactly as it would have without the pause.
 * The bytes come from a file: the reader checks every number against the machine before it is used.
 */
#include "run.h"

#include "codec.h"
#include "shared.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* 1 had no run of a distributed Map: its last event is taken for it. Before 3 nothing was known
 * beside the bytes. Before 4 a run could not tell its ARN and redrives, and forgot failures that it
 * tolerated. */
#define SAVE_VERSION 4

enum { KNOWN = 5, ALL_KNOWN = (1 << KNOWN) - 1 }; /* texts of an asl_identity */

static void identity_texts(const struct asl_identity *known, struct asl_text texts[KNOWN])
{
    const struct asl_text in_order[KNOWN] = {known->arn, known->name, known->role_arn,
                                             known->machine_arn, known->machine_name};
    memcpy(texts, in_order, sizeof in_order);
}

/* ---- writing ---- */

struct writer {
    struct asl_buffer *out;
    struct asl_buffer scratch;
    struct shared seen;
    size_t frames;
};

/* 0: none; 1 and a text: a new one; 2 + index: one that stands before. */
static void put_value(struct writer *w, const asl_value *v)
{
    uint32_t index;
    if (!v) {
        codec_put_number(w->out, 0);
    } else if (shared_seen(&w->seen, v, false, &index)) {
        codec_put_number(w->out, (uint64_t)index + 2);
    } else {
        codec_put_number(w->out, 1);
        codec_put_text(w->out, value_compact(v, &w->scratch));
    }
}

static void put_optional_text(struct writer *w, const char *text)
{
    asl_buffer_putc(w->out, text != NULL);
    if (text)
        codec_put_text(w->out, asl_text(text));
}

static void put_task(struct writer *w, const struct open_task *t)
{
    bool any = t->id || t->parameters;
    asl_buffer_putc(w->out, any);
    if (!any)
        return;
    const int64_t numbers[] = {t->id, t->deadline, t->heartbeat_deadline, t->timeout_seconds,
                               t->heartbeat_seconds};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        codec_put_signed(w->out, numbers[i]);
    put_value(w, t->parameters);
    put_value(w, t->credentials);
    put_optional_text(w, t->token);
    asl_buffer_putc(w->out, (char)(t->started | t->submitted << 1));
}

static void put_frame(struct writer *w, struct frame *f);

static void put_map_run(struct writer *w, const struct frame *f)
{
    codec_put_signed(w->out, f->run);
    codec_put_signed(w->out, f->run_redrives);
    codec_put_number(w->out, f->begun);
    put_value(w, f->run_arn);
}

/* Behind it no child has been. */
static size_t begun_children(const struct frame *f)
{
    return f->begun > f->next_child ? f->begun : f->next_child;
}

static void put_children(struct writer *w, struct frame *f)
{
    const size_t numbers[] = {f->child_count, f->next_child,  f->running,
                              f->failed,      f->concurrency, f->tolerated};
    codec_put_number(w->out, f->child_count);
    if (f->child_count == 0)
        return;
    for (size_t i = 1; i < sizeof numbers / sizeof *numbers; i++)
        codec_put_number(w->out, numbers[i]);
    put_value(w, f->items);
    if (frame_is_distributed(f))
        put_map_run(w, f);
    size_t count = begun_children(f);
    for (size_t i = 0; i < count; i++) {
        const struct frame *child = f->children[i];
        asl_buffer_putc(w->out, (char)((child != NULL) | (f->results[i] != NULL) << 1 |
                                       (child && child->over) << 2));
        if (child && frame_is_distributed(f))
            codec_put_signed(w->out, child->redrives);
        if (child)
            put_frame(w, f->children[i]);
        if (f->results[i])
            put_value(w, f->results[i]);
    }
}

static void put_frame(struct writer *w, struct frame *f)
{
    f->number = w->frames++;
    codec_put_number(w->out, f->state->id);
    asl_buffer_putc(w->out, (char)(f->phase << 1 | f->silent));
    const int64_t numbers[] = {f->entered_at, f->entered_event, f->before_entered,
                               f->last,       f->due,           f->retry_count};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        codec_put_signed(w->out, numbers[i]);
    put_value(w, f->input);
    put_value(w, f->variables);
    asl_buffer_putc(w->out, f->retries != NULL);
    for (size_t i = 0; f->retries && i < f->state->retrier_count; i++)
        codec_put_number(w->out, f->retries[i]);
    put_task(w, &f->task);
    put_children(w, f);
}

static void put_ready(struct writer *w, const asl_execution *x)
{
    size_t count = 0;
    for (const struct frame *f = x->ready_head; f; f = f->ready_next)
        count++;
    codec_put_number(w->out, count);
    for (const struct frame *f = x->ready_head; f; f = f->ready_next)
        codec_put_number(w->out, f->number);
}

/* A bit for each text that the keeper knows, and those he does not. */
static void put_identity(struct writer *w, const asl_execution *x, const struct asl_identity *known)
{
    const asl_value *const own[KNOWN] = {x->arn, x->name, x->role_arn, x->machine_arn,
                                         x->machine_name};
    struct asl_text texts[KNOWN];
    unsigned bits = 0;
    if (known)
        identity_texts(known, texts);
    for (unsigned i = 0; known && i < KNOWN; i++)
        bits |= (unsigned)asl_text_equal(value_as_text(own[i]), texts[i]) << i;
    asl_buffer_putc(w->out, (char)bits);
    for (unsigned i = 0; i < KNOWN; i++)
        if (!(bits >> i & 1))
            put_value(w, own[i]);
}

void asl_execution_save(const asl_execution *x, const struct asl_identity *known,
                        struct asl_buffer *out)
{
    struct writer w = {.out = out};
    asl_buffer_init(&w.scratch, ASL_BUFFER_MAXIMUM);
    asl_buffer_putc(out, SAVE_VERSION);
    codec_put_number(out, x->machine->state_count);
    codec_put_number(out, x->status);
    asl_buffer_putc(out, x->synchronous);
    const int64_t numbers[] = {x->started,     x->stopped,  x->deadline,   x->last_event,
                               x->last_silent, x->redrives, x->redriven_at};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        codec_put_signed(out, numbers[i]);
    put_identity(&w, x, known);
    const asl_value *values[] = {x->version_arn, x->alias_arn, x->input, x->output};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        put_value(&w, values[i]);
    put_optional_text(&w, x->error);
    put_optional_text(&w, x->cause);
    asl_buffer_putc(out, x->raw_input != NULL);
    if (x->raw_input)
        codec_put_text(out, (struct asl_text){x->raw_input, x->raw_input_size});
    asl_buffer_putc(out, x->root != NULL);
    if (x->root) {
        put_frame(&w, x->root);
        put_ready(&w, x);
    }
    shared_clear(&w.seen);
    asl_buffer_free(&w.scratch);
}

/* ---- reading ---- */

struct loader {
    struct codec_reader bytes;
    unsigned version;
    asl_machine *machine;
    const struct asl_identity *known;
    struct value_list seen;
    struct frame **frames; /* in order */
    size_t frame_count, frame_capacity;
};

static asl_value *get_value(struct loader *l)
{
    uint64_t reference = codec_number(&l->bytes);
    if (reference == 0)
        return NULL;
    if (reference >= 2) {
        if (reference - 2 < l->seen.count)
            return value_retain(l->seen.items[reference - 2]);
        l->bytes.damaged = true;
        return NULL;
    }
    asl_value *v = value_parse(codec_text(&l->bytes), 0, 0, NULL);
    if (!v) {
        l->bytes.damaged = true;
        return NULL;
    }
    value_list_push_take(&l->seen, value_retain(v));
    return v;
}

static char *get_optional_text(struct loader *l)
{
    return codec_byte(&l->bytes) ? asl_copy_text(codec_text(&l->bytes)) : NULL;
}

static void get_numbers(struct loader *l, int64_t *const *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        *numbers[i] = codec_signed(&l->bytes);
}

static void get_task(struct loader *l, struct open_task *t)
{
    if (!codec_byte(&l->bytes))
        return;
    int64_t *const numbers[] = {&t->id, &t->deadline, &t->heartbeat_deadline, &t->timeout_seconds,
                                &t->heartbeat_seconds};
    get_numbers(l, numbers, sizeof numbers / sizeof *numbers);
    t->parameters = get_value(l);
    t->credentials = get_value(l);
    t->token = get_optional_text(l);
    unsigned marks = codec_byte(&l->bytes);
    t->started = marks & 1;
    t->submitted = marks >> 1 & 1;
    if (!t->parameters)
        l->bytes.damaged = true;
}

static struct frame *get_frame(struct loader *l, struct frame *parent, size_t index,
                               struct states *scope);

/* How many children a container of that kind has: what the bytes say must agree. */
static bool child_count_fits(const struct frame *f)
{
    if (f->state->kind == STATE_PARALLEL)
        return f->child_count == f->state->of.parallel.count;
    return f->state->kind == STATE_MAP && f->items && value_kind(f->items) == VALUE_ARRAY &&
           f->child_count == value_count(f->items);
}

static void get_map_run(struct loader *l, struct frame *f)
{
    f->run = codec_signed(&l->bytes);
    if (l->version < 4)
        return;
    f->run_redrives = codec_signed(&l->bytes);
    f->begun = (size_t)codec_number(&l->bytes);
    f->run_arn = get_value(l);
    if (f->run_redrives < 0 || (f->run_arn && value_kind(f->run_arn) != VALUE_STRING))
        l->bytes.damaged = true;
}

static void get_children(struct loader *l, struct frame *f)
{
    size_t *const numbers[] = {&f->next_child, &f->running, &f->failed, &f->concurrency,
                               &f->tolerated};
    size_t count = (size_t)codec_number(&l->bytes);
    if (count == 0)
        return;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        *numbers[i] = (size_t)codec_number(&l->bytes);
    f->items = get_value(l);
    if (l->version >= 2 && frame_is_distributed(f))
        get_map_run(l, f);
    f->child_count = count;
    if (l->bytes.damaged || !child_count_fits(f) || begun_children(f) > count) {
        f->child_count = 0; /* nothing is allocated for it yet */
        l->bytes.damaged = true;
        return;
    }
    f->children = asl_allocate_zeroed(count, sizeof *f->children);
    f->results = asl_allocate_zeroed(count, sizeof *f->results);
    size_t running = 0;
    for (size_t i = 0; i < begun_children(f) && !l->bytes.damaged; i++) {
        unsigned marks = codec_byte(&l->bytes);
        struct states *scope = f->state->kind == STATE_MAP ? f->state->of.map.processor
                                                           : f->state->of.parallel.branches[i];
        if (marks & 1) {
            bool tells = l->version >= 4 && frame_is_distributed(f);
            int64_t redrives = tells ? codec_signed(&l->bytes) : 0;
            f->children[i] = get_frame(l, f, i, scope);
            f->children[i]->redrives = redrives;
            f->children[i]->over = tells && (marks & 4);
            running += !f->children[i]->over;
        }
        if (marks & 2)
            f->results[i] = get_value(l);
    }
    if (running != f->running)
        l->bytes.damaged = true;
}

/* A phase only its kind of state can be in. */
static bool phase_fits(const struct frame *f)
{
    bool container = f->state->kind == STATE_MAP || f->state->kind == STATE_PARALLEL;
    switch (f->phase) {
    case FRAME_TASK:
        return f->state->kind == STATE_TASK && f->task.id != 0;
    case FRAME_WAIT:
        return f->state->kind == STATE_WAIT;
    case FRAME_SPAWN:
        return f->state->kind == STATE_MAP && f->items;
    case FRAME_CHILDREN:
    case FRAME_COLLECT:
        return container;
    default:
        return f->phase < FRAME_PHASES;
    }
}

static void note_frame(struct loader *l, struct frame *f)
{
    if (l->frame_count == l->frame_capacity) {
        l->frame_capacity = l->frame_capacity ? l->frame_capacity * 2 : 16;
        l->frames = asl_reallocate(l->frames, l->frame_capacity * sizeof *l->frames);
    }
    l->frames[l->frame_count++] = f;
}

static struct frame *get_frame(struct loader *l, struct frame *parent, size_t index,
                               struct states *scope)
{
    struct frame *f = frame_new(parent, index, scope);
    note_frame(l, f);
    uint64_t id = codec_number(&l->bytes);
    unsigned marks = codec_byte(&l->bytes);
    f->silent = marks & 1;
    f->phase = (enum frame_phase)(marks >> 1);
    if (id >= l->machine->state_count || l->machine->by_id[id]->owner != scope) {
        l->bytes.damaged = true;
        f->state = scope->start;
        return f;
    }
    f->state = l->machine->by_id[id];
    int64_t *const numbers[] = {&f->entered_at, &f->entered_event, &f->before_entered,
                                &f->last,       &f->due,           &f->retry_count};
    get_numbers(l, numbers, sizeof numbers / sizeof *numbers);
    f->input = get_value(l);
    f->variables = get_value(l);
    if (codec_byte(&l->bytes)) {
        f->retries = asl_allocate_zeroed(f->state->retrier_count, sizeof *f->retries);
        for (size_t i = 0; i < f->state->retrier_count; i++)
            f->retries[i] = (uint32_t)codec_number(&l->bytes);
    }
    get_task(l, &f->task);
    f->run = f->last;
    if (!l->bytes.damaged)
        get_children(l, f);
    bool variables_fit = !f->variables || value_kind(f->variables) == VALUE_OBJECT;
    if (!f->input || !variables_fit || !phase_fits(f))
        l->bytes.damaged = true;
    return f;
}

static bool is_runnable(const struct frame *f)
{
    return f->phase == FRAME_ENTER || f->phase == FRAME_WORK || f->phase == FRAME_SPAWN ||
           f->phase == FRAME_COLLECT;
}

static void get_ready(struct loader *l, asl_execution *x)
{
    uint64_t count = codec_number(&l->bytes);
    for (uint64_t i = 0; i < count && !l->bytes.damaged; i++) {
        uint64_t number = codec_number(&l->bytes);
        if (number >= l->frame_count || l->frames[number]->ready || !is_runnable(l->frames[number]))
            l->bytes.damaged = true;
        else
            ready_push(x, l->frames[number]);
    }
}

static void see_unrest(void *damaged, struct frame *f)
{
    if (f->ready || f->phase == FRAME_TASK || f->phase == FRAME_WAIT || f->phase == FRAME_RETRY)
        *(bool *)damaged = true;
}

/* What is over waits for a redrive, as all does of an execution that has ended: nothing of it may
 * run. */
static void check_rest(struct loader *l, const asl_execution *x)
{
    for (size_t i = 0; i < l->frame_count; i++)
        if (l->frames[i]->over)
            frame_each(l->frames[i], see_unrest, &l->bytes.damaged);
    if (x->status != ASL_RUNNING && x->ready_head)
        l->bytes.damaged = true;
}

static void get_identity(struct loader *l, asl_execution *x)
{
    asl_value **const own[KNOWN] = {&x->arn, &x->name, &x->role_arn, &x->machine_arn,
                                    &x->machine_name};
    struct asl_text texts[KNOWN];
    unsigned bits = l->version >= 3 ? codec_byte(&l->bytes) : 0;
    if (bits > ALL_KNOWN || (bits && !l->known)) {
        l->bytes.damaged = true;
        return;
    }
    if (l->known)
        identity_texts(l->known, texts);
    for (unsigned i = 0; i < KNOWN; i++) {
        if (!(bits >> i & 1))
            *own[i] = get_value(l);
        else if (i < 2)
            *own[i] = value_string(texts[i]);
        else
            *own[i] = execution_text(l->machine, i - 2 + MACHINE_ROLE_ARN, texts[i]);
        if (!*own[i] || value_kind(*own[i]) != VALUE_STRING)
            l->bytes.damaged = true;
    }
}

static void get_execution(struct loader *l, asl_execution *x)
{
    uint64_t status = codec_number(&l->bytes);
    x->synchronous = codec_byte(&l->bytes) != 0;
    x->status = status <= ASL_PENDING_REDRIVE ? (enum asl_status)status : ASL_RUNNING;
    int64_t *const numbers[] = {&x->started,     &x->stopped,  &x->deadline,   &x->last_event,
                                &x->last_silent, &x->redrives, &x->redriven_at};
    get_numbers(l, numbers, sizeof numbers / sizeof *numbers);
    get_identity(l, x);
    asl_value **const values[] = {&x->version_arn, &x->alias_arn, &x->input, &x->output};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        *values[i] = get_value(l);
    x->error = get_optional_text(l);
    x->cause = get_optional_text(l);
    if (codec_byte(&l->bytes)) {
        struct asl_text raw = codec_text(&l->bytes);
        x->raw_input = asl_copy_text(raw);
        x->raw_input_size = raw.size;
    }
    if (!x->input || status > ASL_PENDING_REDRIVE)
        l->bytes.damaged = true;
    if (codec_byte(&l->bytes) && !l->bytes.damaged) {
        x->root = get_frame(l, NULL, 0, &x->machine->root);
        get_ready(l, x);
        check_rest(l, x);
    }
    /* One that has begun runs in its root frame; before, only a fork has one, which waits. */
    bool begun = x->last_event > 0;
    bool waits =
        !x->root || (x->root->phase == FRAME_ENTER && !x->root->ready && !x->root->child_count);
    if (x->last_event < 0 || (x->status == ASL_RUNNING && (begun ? !x->root : !waits)))
        l->bytes.damaged = true;
    if (l->bytes.at != l->bytes.end)
        l->bytes.damaged = true;
}

asl_execution *asl_execution_load(asl_machine *machine, const struct asl_identity *known,
                                  const void *bytes, size_t size, char message[160])
{
    struct loader l = {.bytes = {bytes, (const unsigned char *)bytes + size, false},
                       .machine = machine,
                       .known = known};
    l.version = codec_byte(&l.bytes);
    if (l.version == 0 || l.version > SAVE_VERSION) {
        snprintf(message, 160,
                 "the execution's state has an unknown version: written by a newer "
                 "Stepwell, or damaged");
        return NULL;
    }
    if (codec_number(&l.bytes) != machine->state_count) {
        snprintf(message, 160, "the execution's state belongs to another definition");
        return NULL;
    }
    asl_execution *x = asl_allocate_zeroed(1, sizeof *x);
    x->machine = asl_machine_retain(machine);
    get_execution(&l, x);
    value_list_free(&l.seen);
    free(l.frames);
    if (!l.bytes.damaged)
        return x;
    snprintf(message, 160, "the execution's state is damaged");
    asl_execution_free(x);
    return NULL;
}

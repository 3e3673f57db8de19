/* What is to be written, as bytes: operations in order and one arena for all they carry. Knows no
 * database, so that a batch can be filled on one thread and committed on another, and tried again
 * after a full disk.
 */
#include "internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void *store_memory(void *old, size_t size)
{
    void *memory = realloc(old, size ? size : 1);
    if (!memory)
        abort(); /* what matters is on disk; half-handled exhaustion is worse than a restart */
    return memory;
}

struct store_batch *store_batch_new(void)
{
    struct store_batch *b = store_memory(NULL, sizeof *b);
    *b = (struct store_batch){0};
    return b;
}

void store_batch_free(struct store_batch *b)
{
    if (!b)
        return;
    free(b->ops);
    free(b->bytes);
    free(b);
}

bool store_batch_is_empty(const struct store_batch *b)
{
    return b->count == 0;
}

size_t store_batch_bytes(const struct store_batch *b)
{
    return b->size + b->count * sizeof *b->ops;
}

static struct op *add(struct store_batch *b, enum op_kind kind)
{
    if (b->count == b->capacity) {
        b->capacity = b->capacity ? 2 * b->capacity : 64;
        b->ops = store_memory(b->ops, b->capacity * sizeof *b->ops);
    }
    struct op *op = &b->ops[b->count++];
    op->kind = kind;
    return op;
}

static struct span keep(struct store_batch *b, const void *data, size_t size)
{
    if (b->room - b->size <= size) {
        size_t room = b->room ? b->room : 4096;
        while (room - b->size <= size)
            room *= 2;
        b->bytes = store_memory(b->bytes, room);
        b->room = room;
    }
    struct span span = {b->size, size};
    if (size)
        memcpy(b->bytes + b->size, data, size);
    b->bytes[b->size + size] = '\0';
    b->size += size + 1;
    return span;
}

static struct span keep_text(struct store_batch *b, const char *text)
{
    return keep(b, text, text ? strlen(text) : 0);
}

static struct span keep_bytes(struct store_batch *b, struct store_bytes bytes)
{
    return keep(b, bytes.data, bytes.size);
}

void store_put_machine(struct store_batch *b, const struct store_machine *m)
{
    struct op *op = add(b, OP_MACHINE);
    op->of.machine.id = m->id;
    op->of.machine.created = m->created;
    op->of.machine.express = m->express;
    op->of.machine.name = keep_text(b, m->name);
    op->of.machine.arn = keep_text(b, m->arn);
    op->of.machine.role_arn = keep_text(b, m->role_arn);
    op->of.machine.definition = keep_bytes(b, m->definition);
}

static struct op *put_execution(struct store_batch *b, enum op_kind kind,
                                const struct store_execution *x)
{
    assert(x->status >= 0 && x->status <= STORE_STATUS_MAXIMUM);
    struct op *op = add(b, kind);
    op->of.execution.id = x->id;
    op->of.execution.machine = x->machine;
    op->of.execution.started = x->started;
    op->of.execution.stopped = x->stopped;
    op->of.execution.due = x->due;
    op->of.execution.open_tasks = x->open_tasks;
    op->of.execution.last_event = x->last_event;
    op->of.execution.status = x->status;
    op->of.execution.state = keep_bytes(b, x->state);
    op->of.execution.head_count = 0;
    return op;
}

void store_insert_execution(struct store_batch *b, const struct store_execution *x)
{
    struct op *op = put_execution(b, OP_INSERT_EXECUTION, x);
    op->of.execution.arn = keep_text(b, x->arn);
    op->of.execution.name = keep_text(b, x->name);
}

void store_update_execution(struct store_batch *b, const struct store_execution *x)
{
    put_execution(b, OP_UPDATE_EXECUTION, x);
}

/* The events an execution was born with stand in its own row: one insertion and one page less in
 * the commit. Of one that goes on only as far as they are few bytes, for its row is written again
 * and again. */
enum { FEW_BYTES = 1024 };

static bool put_head(struct store_batch *b, int64_t execution, int64_t count,
                     struct store_bytes chunk)
{
    struct op *op = b->count ? &b->ops[b->count - 1] : NULL;
    bool fits = op && op->kind == OP_INSERT_EXECUTION && op->of.execution.id == execution &&
                op->of.execution.head_count == 0 &&
                (op->of.execution.status != 0 || chunk.size <= FEW_BYTES);
    if (fits) {
        op->of.execution.head_count = count;
        op->of.execution.head = keep_bytes(b, chunk);
    }
    return fits;
}

void store_append_history(struct store_batch *b, int64_t execution, int64_t first_event,
                          int64_t count, struct store_bytes chunk)
{
    assert(first_event > 0 && first_event <= STORE_EVENT_MAXIMUM && count > 0);
    if (first_event == 1 && put_head(b, execution, count, chunk))
        return;
    struct op *op = add(b, OP_HISTORY);
    op->of.history.execution = execution;
    op->of.history.first_event = first_event;
    op->of.history.count = count;
    op->of.history.chunk = keep_bytes(b, chunk);
}

void store_put_document(struct store_batch *b, const char *kind, const char *key,
                        struct store_bytes value)
{
    struct op *op = add(b, OP_DOCUMENT);
    op->of.document.kind = keep_text(b, kind);
    op->of.document.key = keep_text(b, key);
    op->of.document.value = keep_bytes(b, value);
}

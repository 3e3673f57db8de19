/* What functions write: by lines to whoever listens and to a file a function; the last of it goes
 * with the answer of a call that wants it (LogType Tail). */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAXIMUM 65536
#define FILE_MAXIMUM ((off_t)16 << 20) /* then it begins anew, beside one ".old" */

static void keep_tail(struct lambda_invocation *i, struct asl_text text)
{
    if (text.size >= LOG_TAIL) {
        memcpy(i->tail, text.data + text.size - LOG_TAIL, LOG_TAIL);
        i->tail_size = LOG_TAIL;
        return;
    }
    size_t room = LOG_TAIL - i->tail_size;
    if (text.size > room) {
        size_t gone = text.size - room;
        memmove(i->tail, i->tail + gone, i->tail_size - gone);
        i->tail_size -= gone;
    }
    memcpy(i->tail + i->tail_size, text.data, text.size);
    i->tail_size += text.size;
}

/* A function's name as a file's: what a path cannot hold becomes '_'. */
static void file_of(const struct sandbox *s, struct asl_buffer *path)
{
    const char *key = s->function->key;
    asl_buffer_printf(path, "%s/", s->function->lambda->log_folder);
    if (strncmp(key, "function:", 9) == 0)
        key += 9;
    for (; *key; key++)
        asl_buffer_putc(path, *key > ' ' && *key < 127 && !strchr("/:*\\", *key) ? *key : '_');
    asl_buffer_puts(path, ".log");
}

static int open_log(const struct sandbox *s)
{
    struct asl_buffer path, old;
    struct stat now;
    asl_buffer_init(&path, 65536);
    asl_buffer_init(&old, 65536);
    if (mkdir(s->function->lambda->log_folder, 0700) != 0 && errno != EEXIST)
        return -1;
    file_of(s, &path);
    asl_buffer_printf(&old, "%s.old", path.data);
    if (stat(path.data, &now) == 0 && now.st_size > FILE_MAXIMUM)
        rename(path.data, old.data);
    int fd = open(path.data, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    asl_buffer_free(&path);
    asl_buffer_free(&old);
    return fd;
}

static void put_line(struct sandbox *s, struct asl_text line, bool is_its_own)
{
    const struct lambda *l = s->function->lambda;
    if (s->invocation) {
        keep_tail(s->invocation, line);
        keep_tail(s->invocation, ASL_TEXT("\n"));
    }
    if (l->log && is_its_own)
        l->log(l->state, s->function->key, line);
    int fd = l->log_folder ? open_log(s) : -1;
    if (fd < 0)
        return;
    struct asl_buffer text;
    asl_buffer_init(&text, LINE_MAXIMUM + 2);
    asl_buffer_put_text(&text, line);
    asl_buffer_putc(&text, '\n');
    if (write(fd, text.data, text.size) < 0) {
        /* a full disk: the function goes on, its log does not */
    }
    asl_buffer_free(&text);
    close(fd);
}

void log_write(struct sandbox *s, struct asl_buffer *line, struct asl_text text)
{
    while (text.size) {
        const char *end = memchr(text.data, '\n', text.size);
        size_t size = end ? (size_t)(end - text.data) : text.size;
        bool is_long = line->size + size > LINE_MAXIMUM;
        if (is_long)
            size = LINE_MAXIMUM - line->size;
        asl_buffer_put(line, text.data, size);
        if (end || is_long) {
            put_line(s, asl_buffer_text(line), true);
            asl_buffer_clear(line);
        }
        size += end && !is_long;
        text = (struct asl_text){text.data + size, text.size - size};
    }
}

void log_flush(struct sandbox *s, struct asl_buffer *line)
{
    if (line->size)
        put_line(s, asl_buffer_text(line), true);
    asl_buffer_clear(line);
}

void log_printf(struct sandbox *s, const char *format, ...)
{
    struct asl_buffer line;
    va_list arguments;
    asl_buffer_init(&line, LINE_MAXIMUM);
    va_start(arguments, format);
    asl_buffer_vprintf(&line, format, arguments);
    va_end(arguments);
    put_line(s, asl_buffer_text(&line), false);
    asl_buffer_free(&line);
}

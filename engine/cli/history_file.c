/* Opening is: the folder, made where it is missing; the file, checked; its entries, read; and a
 * shorter file in its place when there are too many. Whatever fails on the way is said once, and
 * the prompt goes on without.
 */
#include "engine/cli/history_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/cli/cli.h"

/* Of a file that something else has filled, only the end is read. */
#define READ_MAXIMUM ((off_t)4 * (off_t)HISTORY_BYTES_MAXIMUM)

struct history_file {
    int fd;
    size_t size; /* bytes in the file, by our count */
    char path[PATH_MAX];
};

static void say_none(const char *path, const char *reason)
{
    cli_note("no history is kept: %s%s%s (STEPWELL_NO_HISTORY=1 says that none is wanted)", path,
             *path ? ": " : "", reason);
}

/* ---- the place ---- */

/* Makes the folders on the way to the file. */
static bool make_folders(char *path)
{
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int made = mkdir(path, 0700);
        int why = errno;
        *slash = '/';
        if (made != 0 && why != EEXIST) {
            errno = why;
            return false;
        }
    }
    return true;
}

/* Relative folders are not taken: the specification of XDG says so, and HOME must not be one. */
static bool find_place(char path[PATH_MAX])
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int size;
    if (state && state[0] == '/')
        size = snprintf(path, PATH_MAX, "%s/stepwell/eval_history", state);
    else if (home && home[0] == '/')
        size = snprintf(path, PATH_MAX, "%s/.local/state/stepwell/eval_history", home);
    else {
        say_none("", "neither XDG_STATE_HOME nor HOME names a folder");
        return false;
    }
    if (size >= PATH_MAX) {
        say_none("", strerror(ENAMETOOLONG));
        return false;
    }
    return true;
}

static bool open_file(struct history_file *f)
{
    struct stat status;
    if (!make_folders(f->path))
        return false;
    /* O_NONBLOCK: a pipe in its place must not hold us up. */
    f->fd = open(f->path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (f->fd < 0 || fstat(f->fd, &status) != 0)
        return false;
    if (!S_ISREG(status.st_mode) || status.st_uid != geteuid()) {
        errno = EPERM;
        return false;
    }
    f->size = (size_t)status.st_size;
    return !(status.st_mode & 077) || fchmod(f->fd, 0600) == 0;
}

/* ---- entries ---- */

/* The end of the file; all of it, where it is ours alone. */
static bool read_end(const struct history_file *f, struct asl_buffer *out)
{
    off_t size = (off_t)f->size, from = size > READ_MAXIMUM ? size - READ_MAXIMUM : 0;
    char block[65536];
    ssize_t got;
    for (off_t at = from; (got = pread(f->fd, block, sizeof block, at)) > 0 && at < size; at += got)
        asl_buffer_put(out, block, (size_t)got);
    return got >= 0;
}

/* Where that begins which stays: 0, or the first whole line of the newest half. */
static size_t newest(struct asl_text text)
{
    if (text.size <= HISTORY_BYTES_MAXIMUM)
        return 0;
    size_t at = text.size - HISTORY_BYTES_MAXIMUM / 2;
    const char *end = memchr(text.data + at, '\n', text.size - at);
    return end ? (size_t)(end - text.data) + 1 : text.size;
}

static void see_entries(struct asl_text text, void (*see)(void *, struct asl_text), void *state)
{
    while (text.size) {
        const char *end = memchr(text.data, '\n', text.size);
        size_t size = end ? (size_t)(end - text.data) : text.size;
        struct value_error error;
        asl_value *v = value_parse((struct asl_text){text.data, size}, 0, 0, &error);
        if (v && value_kind(v) == VALUE_STRING && value_as_text(v).size <= HISTORY_ENTRY_MAXIMUM)
            see(state, value_as_text(v));
        /* what is no JSON text is passed over: a line cut in two, a foreign one */
        value_release(v);
        size += size < text.size;
        text = (struct asl_text){text.data + size, text.size - size};
    }
}

/* Puts a file with `text` in the place of the old one. */
static bool replace(struct history_file *f, struct asl_text text)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s.%ld", f->path, (long)getpid());
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    if (write(fd, text.data, text.size) != (ssize_t)text.size || rename(path, f->path) != 0) {
        close(fd);
        unlink(path);
        return false;
    }
    close(f->fd);
    f->fd = fd;
    f->size = text.size;
    return true;
}

/* Shortens the file where it is too long; the entries that stay go to `see` (may be NULL). */
static bool shorten(struct history_file *f, void (*see)(void *, struct asl_text), void *state)
{
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    bool is_fine = read_end(f, &text);
    struct asl_text whole = asl_buffer_text(&text);
    size_t begin = newest(whole);
    struct asl_text kept = {whole.data + begin, whole.size - begin};
    if (is_fine && see)
        see_entries(kept, see, state);
    if (is_fine && kept.size < f->size)
        is_fine = replace(f, kept);
    asl_buffer_free(&text);
    return is_fine;
}

/* ---- the door ---- */

struct history_file *history_file_open(void (*see)(void *, struct asl_text), void *state)
{
    const char *unwanted = getenv("STEPWELL_NO_HISTORY");
    if (unwanted && *unwanted)
        return NULL;
    struct history_file *f = asl_allocate_zeroed(1, sizeof *f);
    f->fd = -1;
    if (!find_place(f->path)) {
        free(f);
        return NULL;
    }
    if (!open_file(f) || !shorten(f, see, state)) {
        say_none(f->path, strerror(errno));
        history_file_close(f);
        return NULL;
    }
    return f;
}

void history_file_close(struct history_file *f)
{
    if (f && f->fd >= 0)
        close(f->fd);
    free(f);
}

void history_file_add(struct history_file *f, struct asl_text entry)
{
    if (!f || f->fd < 0 || entry.size > HISTORY_ENTRY_MAXIMUM || !value_utf8_valid(entry))
        return;
    struct asl_buffer line;
    asl_buffer_init(&line, ASL_BUFFER_MAXIMUM);
    asl_value *v = value_string(entry);
    value_print(v, &line);
    asl_buffer_putc(&line, '\n');
    bool is_written = write(f->fd, line.data, line.size) == (ssize_t)line.size;
    f->size += line.size;
    if (!is_written || (f->size > HISTORY_BYTES_MAXIMUM && !shorten(f, NULL, NULL))) {
        say_none(f->path, strerror(errno));
        close(f->fd);
        f->fd = -1;
    }
    value_release(v);
    asl_buffer_free(&line);
}

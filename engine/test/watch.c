/* inotify on the folders; see watch.h. Editors write beside and rename: folders see both. */
#include "engine/test/watch.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

/* Several writes of one saving are one change. */
#define QUIET_MS 50
#define CHANGES  (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)

static void watch_folder_of(int watch, const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) : 0;
    if (size >= sizeof folder)
        return;
    memcpy(folder, path, size);
    folder[size] = '\0';
    inotify_add_watch(watch, size ? folder : slash ? "/" : ".", CHANGES);
}

int watch_open(const struct suite *s)
{
    int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch < 0)
        return -1;
    for (size_t i = 0; i < s->options->path_count; i++) {
        inotify_add_watch(watch, s->options->paths[i], CHANGES); /* a folder, or a file */
    }
    for (size_t i = 0; i < s->file_count; i++) {
        const struct test_file *f = &s->files[i];
        watch_folder_of(watch, f->path);
        if (f->definition_path)
            watch_folder_of(watch, f->definition_path);
        for (size_t k = 0; k < f->beside_count; k++) {
            char path[PATH_MAX];
            if (f->beside[k].name[0] != '/' &&
                strlen(f->folder) + strlen(f->beside[k].name) < sizeof path) {
                strcpy(path, f->folder);
                strcat(path, f->beside[k].name);
                watch_folder_of(watch, path);
            }
        }
    }
    return watch;
}

static bool ends_with(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/');
    return strcmp(slash ? slash + 1 : path, name) == 0;
}

/* Is it a file that the tests read, or a test file that is new? */
static bool counts(const struct suite *s, const char *name)
{
    if (!*name || test_suite_is_file(name))
        return true;
    for (size_t i = 0; i < s->file_count; i++) {
        const struct test_file *f = &s->files[i];
        if (ends_with(f->path, name) || (f->definition_path && ends_with(f->definition_path, name)))
            return true;
        for (size_t k = 0; k < f->beside_count; k++)
            if (ends_with(f->beside[k].name, name))
                return true;
    }
    return false;
}

/* Reads what there is; true when any of it counts. */
static bool drain(int watch, const struct suite *s)
{
    _Alignas(struct inotify_event) char bytes[16384];
    bool any = false;
    for (ssize_t n; (n = read(watch, bytes, sizeof bytes)) > 0;)
        for (char *at = bytes; at < bytes + n;) {
            const struct inotify_event *event = (const struct inotify_event *)(const void *)at;
            any |= counts(s, event->len ? event->name : "");
            at += sizeof *event + event->len;
        }
    return any;
}

bool watch_wait(int watch, const struct suite *s)
{
    struct pollfd polled = {.fd = watch, .events = POLLIN};
    bool changed = false;
    for (;;) {
        int ready = poll(&polled, 1, changed ? QUIET_MS : -1);
        if (ready < 0)
            return false; /* a signal */
        if (ready == 0)
            return true;
        changed = drain(watch, s) || changed;
    }
}

/* Writing a test file from what happened; see test_record.h. */
#include "engine/cli/test_record.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/cli/stored.h"
#include "engine/test/from_history.h"

static asl_value *substitutions_of(const struct texts *variables)
{
    struct value_list l;
    value_list_init(&l);
    for (size_t i = 0; i < variables->count; i++) {
        const char *v = variables->items[i], *equals = strchr(v, '=');
        if (equals)
            value_list_push_member_take(&l,
                                        value_string((struct asl_text){v, (size_t)(equals - v)}),
                                        value_string_z(equals + 1));
    }
    return value_object_take(&l);
}

/* The definition's file as a file in `folder` names it. */
static void put_relative(const char *definition, const char *folder, struct asl_buffer *out)
{
    char to[PATH_MAX], from[PATH_MAX];
    if (!realpath(definition, to) || !realpath(folder, from)) {
        asl_buffer_puts(out, definition);
        return;
    }
    size_t same = 0, slash = 0;
    while (to[same] && to[same] == from[same]) {
        slash = to[same] == '/' ? same : slash;
        same++;
    }
    if (!from[same] && to[same] == '/')
        slash = same;
    for (const char *rest = from + slash; *rest; rest++)
        if (*rest == '/' && rest[1])
            asl_buffer_puts(out, "../");
    asl_buffer_puts(out, to + slash + (to[slash] == '/'));
}

static void folder_of(const char *path, struct asl_buffer *out)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    if (slash == path && slash)
        asl_buffer_puts(out, "/");
    else if (slash)
        asl_buffer_put(out, path, (size_t)(slash - path));
    else
        asl_buffer_puts(out, ".");
}

static int write_out(const char *path, const struct asl_buffer *text)
{
    FILE *f = path ? fopen(path, "wbx") : stdout;
    bool fine = f && fwrite(text->data, 1, text->size, f) == text->size;
    if (path && f)
        fine = fclose(f) == 0 && fine;
    return fine ? EXIT_FINE
                : cli_fail(EXIT_WRONG_USAGE, "%s: %s", path ? path : "stdout",
                           errno == EEXIST ? "it is there already, and stays as it is"
                                           : strerror(errno));
}

static int write_test(const struct record_options *o, struct from_history *h)
{
    struct asl_buffer text, notes, named, folder;
    char message[512];
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&notes, 65536);
    asl_buffer_init(&named, 65536);
    asl_buffer_init(&folder, 65536);
    folder_of(o->output, &folder);
    if (o->definition) {
        put_relative(o->definition, folder.data, &named);
        h->definition = value_string(asl_buffer_text(&named));
    }
    h->path = o->output ? o->output : "history.test.json";
    h->reader = o->reader;
    h->substitutions = o->variables.count ? substitutions_of(&o->variables) : NULL;
    int status = test_from_history(h, &text, &notes, message)
                     ? write_out(o->output, &text)
                     : cli_fail(EXIT_WRONG_USAGE, "%s", message);
    if (status == EXIT_FINE && notes.size)
        cli_note("%s", notes.data);
    value_release(h->definition);
    value_release(h->substitutions);
    asl_buffer_free(&text);
    asl_buffer_free(&notes);
    asl_buffer_free(&named);
    asl_buffer_free(&folder);
    return status;
}

/* "histories/run-7.json": "as in run-7". */
static void name_of(const char *source, char out[160])
{
    const char *slash = strrchr(source, '/'), *base = slash ? slash + 1 : source;
    size_t size = strcspn(base, ".");
    snprintf(out, 160, "as in %.*s", (int)(size < 120 ? size : 120), base);
}

static int from_file(const struct record_options *o, struct from_history *h)
{
    struct asl_buffer text;
    struct recording r = {0};
    char message[256];
    int status = EXIT_WRONG_USAGE;
    if (!o->definition)
        return cli_fail(EXIT_WRONG_USAGE,
                        "%s does not say what it ran: give the definition with --definition",
                        o->source);
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    if (cli_read_file(o->source, RECORDING_FILE_MAXIMUM, &text)) {
        asl_value *events = recording_parse(asl_buffer_text(&text), message);
        if (events && recording_take(&r, events, message)) {
            h->recording = &r;
            status = write_test(o, h);
            recording_free(&r);
        } else {
            cli_fail(EXIT_WRONG_USAGE, "%s: %s", o->source, message);
        }
    }
    asl_buffer_free(&text);
    return status;
}

static int from_store(const struct record_options *o, struct from_history *h)
{
    struct stored x;
    struct recording r = {0};
    struct value_error error;
    char message[256];
    struct store *store = cli_open_reader(o->db ? o->db : DEFAULT_DB);
    int64_t id = store ? cli_find_execution(store, o->source) : 0;
    int status = store ? EXIT_WRONG_USAGE : EXIT_STORE;
    if (id) {
        bool read = stored_load(&x, store, id);
        h->express = x.express;
        h->execution = x.name;
        h->machine = x.machine_name;
        if (!o->definition)
            h->definition = value_parse(asl_buffer_text(&x.definition), 0, 0, &error);
        if (read && recording_take(&r, value_retain(x.events), message)) {
            h->recording = &r;
            status = write_test(o, h);
            recording_free(&r);
        } else if (read) {
            cli_fail(EXIT_WRONG_USAGE, "%s: %s", o->source, message);
        }
        stored_free(&x);
    }
    store_close(store);
    return status;
}

int test_record(const struct record_options *o)
{
    struct stat info;
    char name[160];
    struct from_history h = {.name = o->name ? o->name : name,
                             .express = o->type && strcmp(o->type, "EXPRESS") == 0};
    name_of(o->source, name);
    return stat(o->source, &info) == 0 ? from_file(o, &h) : from_store(o, &h);
}

/* Two passes: every file is read and checked, then all are put; so a mistake in one changes
 * nothing. */
#include "engine/cli/serve_files.h"

#include <stdlib.h>
#include <string.h>

#include "engine/aws/catalogue/definition.h"

#define DEFINITION_MAXIMUM (1 << 20)

struct found {
    char *path;
    char name[81];
    bool express;
    struct asl_buffer text;
};

struct reading {
    const struct serve_files *files;
    struct asl_catalogue known;
    struct found *items;
    size_t count;
    bool fine;
};

/* "thumbnail.express.asl.json" */
static bool is_express(const struct serve_files *files, const char *path)
{
    struct asl_text t = asl_text(path);
    return asl_text_ends(t, ".express.asl.json") || asl_text_ends(t, ".express.asl") ||
           (files->type && strcmp(files->type, "EXPRESS") == 0);
}

static void check_name(struct reading *r, const struct found *f)
{
    for (const struct found *other = r->items; other < f; other++)
        if (strcmp(other->name, f->name) == 0) {
            cli_fail(EXIT_WRONG_USAGE, "%s and %s would both be the machine '%s': rename one",
                     other->path, f->path, f->name);
            r->fine = false;
            return;
        }
}

static void read_one(void *state, const char *path)
{
    struct reading *r = state;
    struct asl_diagnostics diagnostics = {0};
    r->items = asl_reallocate(r->items, (r->count + 1) * sizeof *r->items);
    struct found *f = &r->items[r->count++];
    *f = (struct found){.path = asl_copy_text(asl_text(path)),
                        .express = is_express(r->files, path)};
    cli_machine_name(path, f->name);
    asl_buffer_init(&f->text, ASL_BUFFER_MAXIMUM);
    check_name(r, f);
    if (!cli_read_file(path, DEFINITION_MAXIMUM, &f->text) ||
        !cli_substitute(&r->files->variables, &f->text)) {
        r->fine = false;
        return;
    }
    asl_machine *m =
        asl_machine_compile_with(asl_buffer_text(&f->text), f->express, &r->known, &diagnostics);
    if (!m) {
        cli_print_diagnostics(stderr, path, &diagnostics);
        r->fine = false;
    }
    asl_machine_release(m);
    asl_diagnostics_free(&diagnostics);
}

static bool put_one(struct api *api, const struct found *f)
{
    static const char *const words[] = {
        [API_CREATED] = "is new", [API_UPDATED] = "has changed", [API_UNCHANGED] = "is as it was"};
    struct asl_diagnostics diagnostics = {0};
    char message[256];
    enum api_placed placed = api_place_definition(api, f->name, asl_buffer_text(&f->text),
                                                  f->express, &diagnostics, message);
    if (placed == API_REFUSED && message[0])
        cli_fail(EXIT_WRONG_USAGE, "%s: %s", f->path, message);
    else if (placed == API_REFUSED)
        cli_print_diagnostics(stderr, f->path, &diagnostics);
    else
        cli_note("machine %s%s (%s) %s", f->name, f->express ? ", EXPRESS" : "", f->path,
                 words[placed]);
    asl_diagnostics_free(&diagnostics);
    return placed != API_REFUSED;
}

bool serve_files_put(const struct serve_files *files, struct api *api, struct catalogue *catalogue)
{
    struct reading r = {
        .files = files, .known = catalogue_for_definitions(catalogue), .fine = true};
    for (size_t i = 0; i < files->paths.count; i++)
        r.fine = cli_each_definition(files->paths.items[i], read_one, &r) && r.fine;
    if (r.fine && files->paths.count && !r.count) {
        cli_fail(EXIT_WRONG_USAGE, "%s: there is no definition (*.asl.json, *.asl) in it",
                 files->paths.items[0]);
        r.fine = false;
    }
    if (!r.fine)
        cli_note("nothing was changed, and nothing is served: mend what is above first");
    for (size_t i = 0; r.fine && i < r.count; i++)
        r.fine = put_one(api, &r.items[i]);
    for (size_t i = 0; i < r.count; i++) {
        asl_buffer_free(&r.items[i].text);
        free(r.items[i].path);
    }
    free(r.items);
    return r.fine;
}

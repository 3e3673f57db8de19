/* Where definitions stand: files, and folders of them. */
#include "engine/cli/cli.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER_DEPTH_MAXIMUM 32

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool is_definition_name(const char *name)
{
    struct asl_text t = asl_text(name);
    return asl_text_ends(t, ".asl.json") || asl_text_ends(t, ".asl");
}

bool cli_is_yaml(const char *name)
{
    static const char *const endings[] = {".yaml", ".yml"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (asl_text_ends(asl_text(name), endings[i]))
            return true;
    return false;
}

/* A folder's definitions that are not looked at are told of. */
static void tell_yaml(const char *path)
{
    if (cli_is_yaml(path) && strstr(path, ".asl.y"))
        cli_note("%s is left out: YAML is not read; make it JSON first", path);
}

static bool each(const char *path, int depth, void (*see)(void *state, const char *file),
                 void *state)
{
    struct stat info;
    struct dirent **entries;
    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) {
        see(state, path);
        return true;
    }
    int count = depth < FOLDER_DEPTH_MAXIMUM ? scandir(path, &entries, NULL, by_name) : -1;
    bool fine = count >= 0;
    if (!fine)
        cli_fail(EXIT_WRONG_USAGE, "%s: the folder cannot be read", path);
    for (int i = 0; i < count; i++) {
        struct asl_buffer inner;
        asl_buffer_init(&inner, 65536);
        asl_buffer_printf(&inner, "%s/%s", path, entries[i]->d_name);
        bool hidden = entries[i]->d_name[0] == '.';
        bool is_folder = !hidden && stat(inner.data, &info) == 0 && S_ISDIR(info.st_mode);
        if (is_folder || (!hidden && is_definition_name(entries[i]->d_name)))
            fine = each(inner.data, depth + 1, see, state) && fine;
        else if (!hidden)
            tell_yaml(inner.data);
        asl_buffer_free(&inner);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return fine;
}

bool cli_each_definition(const char *path, void (*see)(void *state, const char *file), void *state)
{
    return each(path, 0, see, state);
}

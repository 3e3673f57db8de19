/* Files, counts and floors of the conformance runners; see suite.h. */
#include "tests/conformance/suite.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define RECORDINGS "../shared/conformance"
#define FLOORS     "tests/conformance/floors.txt"

struct suite_group {
    char *name;
    size_t passed, failed, skipped, floor;
};

bool suite_init(struct suite *s, const char *name, int count, char **arguments)
{
    *s = (struct suite){.name = name};
    for (int i = 1; i < count; i++) {
        if (strcmp(arguments[i], "--list") == 0)
            s->list = true;
        else if (strcmp(arguments[i], "-v") == 0)
            s->verbose = true;
        else if (arguments[i][0] != '-' && !s->filter)
            s->filter = arguments[i];
        else {
            fprintf(stderr, "usage: %s [--list] [-v] [part of a case's name]\n", arguments[0]);
            return false;
        }
    }
    return true;
}

/* ---- files ---- */

static asl_value *read_json(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    char block[65536];
    size_t size;
    while ((size = fread(block, 1, sizeof block, file)) > 0)
        asl_buffer_put(&text, block, size);
    fclose(file);
    struct value_error error;
    asl_value *v = value_parse(asl_buffer_text(&text), 0, 0, &error);
    if (!v)
        fprintf(stderr, "%s:%zu: %s\n", path, error.line, error.message);
    asl_buffer_free(&text);
    return v;
}

struct walk {
    size_t root; /* bytes of the folder's path, with its slash */
    void (*see)(void *state, const char *name, const asl_value *v);
    void *state;
};

static void walk_file(const struct walk *w, const char *path)
{
    size_t size = strlen(path);
    if (size < 5 || strcmp(path + size - 5, ".json") != 0)
        return;
    asl_value *v = read_json(path);
    char *name = asl_copy_text((struct asl_text){path + w->root, size - 5 - w->root});
    if (v)
        w->see(w->state, name, v);
    free(name);
    value_release(v);
}

static void walk_folder(const struct walk *w, const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char path[4096];
        struct stat info;
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' && stat(path, &info) == 0) {
            if (S_ISDIR(info.st_mode))
                walk_folder(w, path);
            else
                walk_file(w, path);
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

bool suite_each(struct suite *s, void (*see)(void *state, const char *name, const asl_value *v),
                void *state)
{
    char folder[256];
    struct stat info;
    snprintf(folder, sizeof folder, RECORDINGS "/%s", s->name);
    if (stat(folder, &info) != 0) {
        printf("skipped: %s is not there\n", folder);
        return false;
    }
    struct walk w = {strlen(folder) + 1, see, state};
    walk_folder(&w, folder);
    return true;
}

/* ---- counting ---- */

bool suite_wants(struct suite *s, const char *name)
{
    if (s->filter && !strstr(name, s->filter))
        return false;
    if (s->list)
        printf("%s\n", name);
    return !s->list;
}

static struct suite_group *group_of(struct suite *s, const char *name)
{
    for (size_t i = 0; i < s->group_count; i++)
        if (strcmp(s->groups[i].name, name) == 0)
            return &s->groups[i];
    s->groups = asl_reallocate(s->groups, (s->group_count + 1) * sizeof *s->groups);
    struct suite_group *g = &s->groups[s->group_count++];
    *g = (struct suite_group){.name = asl_copy_text(asl_text(name))};
    return g;
}

void suite_judge(struct suite *s, const char *group, const char *name, enum suite_verdict verdict,
                 const char *note)
{
    static const char *const words[] = {"ok", "MISS", "skip"};
    struct suite_group *g = group_of(s, group);
    size_t *of_group[] = {&g->passed, &g->failed, &g->skipped};
    size_t *of_suite[] = {&s->passed, &s->failed, &s->skipped};
    ++*of_group[verdict];
    ++*of_suite[verdict];
    if (verdict == SUITE_FAILED || s->verbose)
        printf("%-4s %s%s%s\n", words[verdict], name, note && *note ? "\n     " : "",
               note ? note : "");
}

/* ---- the end ---- */

static void read_floors(struct suite *s)
{
    FILE *file = fopen(FLOORS, "r");
    if (!file) {
        fprintf(stderr, "%s is missing: run from the project's root\n", FLOORS);
        return;
    }
    char line[512], name[400];
    size_t size = strlen(s->name), floor;
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "%399s %zu", name, &floor) == 2 && strncmp(name, s->name, size) == 0 &&
            name[size] == '/')
            group_of(s, name + size + 1)->floor = floor;
    fclose(file);
}

static void print_table(const struct suite *s)
{
    printf("\n%-36s %7s %6s %8s %6s\n", s->name, "passed", "of", "skipped", "floor");
    for (size_t i = 0; i < s->group_count; i++) {
        const struct suite_group *g = &s->groups[i];
        printf("%-36s %7zu %6zu %8zu %6zu%s\n", g->name, g->passed, g->passed + g->failed,
               g->skipped, g->floor, g->passed < g->floor ? "  BELOW ITS FLOOR" : "");
    }
    printf("%-36s %7zu %6zu %8zu\n", "all", s->passed, s->passed + s->failed, s->skipped);
}

int suite_close(struct suite *s)
{
    size_t below = 0;
    if (s->list)
        return 0;
    if (!s->filter)
        read_floors(s);
    print_table(s);
    for (size_t i = 0; i < s->group_count; i++) {
        if (s->groups[i].passed < s->groups[i].floor)
            below += s->groups[i].floor - s->groups[i].passed;
        free(s->groups[i].name);
    }
    free(s->groups);
    if (!s->filter) /* a known miss stands in the table; what was lost fails the run */
        printf("%s: %zu passed, %zu failed, %zu skipped\n", s->name, s->passed, below, s->skipped);
    return below ? 1 : 0;
}

/* stepwell validate: what AWS would say of definitions, with the lines they stand in. */
#include "engine/aws/catalogue/definition.h"
#include "engine/cli/cli.h"

#include <stdlib.h>
#include <string.h>

#define DEFINITION_MAXIMUM (1 << 20)

struct validate {
    struct texts variables;
    struct value_list results;
    bool json, express;
    size_t files, failed;
    bool unreadable;
    struct asl_catalogue known; /* SDK calls that exist */
};

static asl_value *diagnostic_value(const char *file, const struct asl_diagnostic *d)
{
    const char *hint = cli_hint_of(file, d);
    asl_value *v = asl_diagnostic_value(d, true);
    return hint ? value_with_take(v, value_string_z("hint"), value_string_z(hint)) : v;
}

static void add_result(struct validate *v, const char *file, bool fine,
                       const struct asl_diagnostics *d)
{
    struct value_list l, list;
    value_list_init(&l);
    value_list_init(&list);
    for (size_t i = 0; i < d->count; i++)
        value_list_push_take(&list, diagnostic_value(file, &d->items[i]));
    value_list_set_take(&l, "file", value_string_z(file));
    value_list_set_take(&l, "result", value_string_z(fine ? "OK" : "FAIL"));
    value_list_set_take(&l, "diagnostics", value_array_take(&list));
    value_list_push_take(&v->results, value_object_take(&l));
}

static void validate_file(void *state, const char *path)
{
    struct validate *v = state;
    struct asl_buffer text;
    struct asl_diagnostics diagnostics = {0};
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    if (!cli_read_file(path, DEFINITION_MAXIMUM, &text) || !cli_substitute(&v->variables, &text)) {
        v->unreadable = true;
        asl_buffer_free(&text);
        return;
    }
    bool fine = asl_template_check(asl_buffer_text(&text), v->express, &v->known, &diagnostics);
    v->files++;
    v->failed += !fine;
    if (v->json) {
        add_result(v, path, fine, &diagnostics);
    } else {
        cli_print_diagnostics(stdout, path, &diagnostics);
        printf("%s: %s\n", path, fine ? "OK" : "FAIL");
    }
    asl_diagnostics_free(&diagnostics);
    asl_buffer_free(&text);
}

static int validate(struct validate *v, const struct texts *paths)
{
    struct catalogue *catalogue = catalogue_new();
    v->known = catalogue_for_definitions(catalogue);
    value_list_init(&v->results);
    for (size_t i = 0; i < paths->count; i++)
        if (!cli_each_definition(paths->items[i], validate_file, v))
            v->unreadable = true;
    catalogue_free(catalogue);
    asl_value *results = value_array_take(&v->results);
    if (v->json)
        cli_print_json(results);
    else if (v->files != 1)
        printf("%zu definition%s, %zu with errors\n", v->files, v->files == 1 ? "" : "s",
               v->failed);
    value_release(results);
    if (v->unreadable)
        return EXIT_WRONG_USAGE;
    if (v->files == 0)
        return cli_fail(EXIT_WRONG_USAGE, "no definition (*.asl.json, *.asl) was found there");
    return v->failed ? EXIT_REFUSED : EXIT_FINE;
}

static int command(const struct command *c, int argc, char **argv)
{
    struct validate v = {0};
    struct texts rest = {0};
    const char *type = "STANDARD";
    const struct option options[] = {
        {"var", OPTION_LIST, "NAME=VALUE", "for ${NAME} in the definitions", &v.variables},
        {"type", OPTION_TEXT, "TYPE", "STANDARD (default) or EXPRESS", &type},
        {"json", OPTION_FLAG, NULL, "an array on stdout", &v.json},
        {0},
    };
    int status = cli_options(c, options, argc, argv, &rest);
    v.express = strcmp(type, "EXPRESS") == 0;
    if (status < 0 && !v.express && strcmp(type, "STANDARD") != 0)
        status = cli_fail(EXIT_WRONG_USAGE, "--type is STANDARD or EXPRESS, not '%s'", type);
    if (status < 0 && rest.count == 0)
        status = cli_fail(EXIT_WRONG_USAGE, "validate wants definition files or folders");
    if (status < 0)
        status = validate(&v, &rest);
    texts_free(&rest);
    texts_free(&v.variables);
    return status;
}

const struct command command_validate = {
    "validate",
    "FILE|FOLDER...",
    "checks definitions as AWS does, with line and column",
    "Of a folder, every *.asl.json and *.asl below it. Ends with 0 when all are fine, 1 when any "
    "has\n"
    "an error, 2 when a file cannot be read.\n"
    "\n"
    "example:\n"
    "  stepwell validate definitions/ --json",
    command,
};

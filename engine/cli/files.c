/* What commands read: files, JSON arguments, definitions with substitutions. */
#include "engine/cli/cli.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "asl/definition/substitute.h"

bool cli_read_file(const char *path, size_t maximum, struct asl_buffer *out)
{
    bool standard = strcmp(path, "-") == 0;
    FILE *f = standard ? stdin : fopen(path, "rb");
    if (!f) {
        cli_fail(EXIT_WRONG_USAGE, "%s: %s", path, strerror(errno));
        return false;
    }
    char block[65536];
    size_t size;
    bool fine = true;
    while (fine && (size = fread(block, 1, sizeof block, f)) > 0) {
        asl_buffer_put(out, block, size);
        if (out->size > maximum) {
            cli_fail(EXIT_WRONG_USAGE, "%s is too large: at most %zu bytes are allowed", path,
                     maximum);
            fine = false;
        }
    }
    if (fine && ferror(f)) {
        cli_fail(EXIT_WRONG_USAGE, "%s: %s", path, strerror(errno));
        fine = false;
    }
    if (!standard)
        fclose(f);
    return fine;
}

bool cli_read_json(const char *argument, size_t maximum, struct asl_buffer *out)
{
    if (argument[0] == '@')
        return cli_read_file(argument + 1, maximum, out);
    asl_buffer_puts(out, argument);
    if (out->size <= maximum)
        return true;
    cli_fail(EXIT_WRONG_USAGE, "the JSON given is too large: %zu bytes, at most %zu are allowed",
             out->size, maximum);
    return false;
}

/* ---- ${Name} ---- */

static bool check_variables(const struct texts *variables)
{
    for (size_t i = 0; i < variables->count; i++) {
        const char *equals = strchr(variables->items[i], '=');
        if (!equals || equals == variables->items[i]) {
            cli_fail(EXIT_WRONG_USAGE, "--var wants Name=Value, not '%s'", variables->items[i]);
            return false;
        }
    }
    return true;
}

struct lookup {
    const struct texts *variables;
    struct asl_text *told; /* names in the definition that have no value, each once */
    size_t count;
};

static void tell_missing(struct lookup *l, struct asl_text name)
{
    for (size_t i = 0; i < l->count; i++)
        if (asl_text_equal(name, l->told[i]))
            return;
    l->told = asl_reallocate(l->told, (l->count + 1) * sizeof *l->told);
    l->told[l->count++] = name;
    cli_note("${%.*s} has no --var and stays as it is", ASL_TEXT_ARGS(name));
}

/* The last one given wins; a name that was not given is told, and stays. */
static bool find_variable(void *state, struct asl_text name, struct asl_text *value)
{
    struct lookup *l = state;
    const struct texts *all = l->variables;
    for (size_t i = all->count; i-- > 0;) {
        const char *v = all->items[i];
        if (strncmp(v, name.data, name.size) == 0 && v[name.size] == '=') {
            *value = asl_text(v + name.size + 1);
            return true;
        }
    }
    tell_missing(l, name);
    return false;
}

bool cli_substitute(const struct texts *variables, struct asl_buffer *definition)
{
    if (!check_variables(variables))
        return false;
    struct lookup lookup = {.variables = variables};
    struct asl_buffer out;
    asl_buffer_init(&out, definition->maximum);
    asl_substitute(asl_buffer_text(definition), &(struct substitution){&lookup, find_variable},
                   &out);
    free(lookup.told);
    asl_buffer_free(definition);
    *definition = out;
    return true;
}

/* ---- names ---- */

static bool is_name_character(char c)
{
    return isalnum((unsigned char)c) || c == '-' || c == '_' || c == '.' || (c & 0x80);
}

void cli_machine_name(const char *path, char out[81])
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path, *end = base + strcspn(base, ".");
    if (slash && strncmp(base, "machine.", 8) == 0) {
        end = slash;
        for (base = slash; base > path && base[-1] != '/';)
            base--;
    }
    size_t size = 0;
    for (; base < end && size < 80; base++)
        out[size++] = is_name_character(*base) ? *base : '-';
    out[size] = '\0';
    if (strspn(out, ".") >= size) /* nothing, or the folder one stands in */
        memcpy(out, "machine", size = 7);
    out[size] = '\0';
}

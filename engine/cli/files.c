/* What commands read: files, JSON arguments, definitions with substitutions. */
#include "engine/cli/cli.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

static const char *value_of(const struct texts *variables, const char *name, size_t size)
{
    for (size_t i = variables->count; i-- > 0;) { /* the last one given wins */
        const char *v = variables->items[i];
        if (strncmp(v, name, size) == 0 && v[size] == '=')
            return v + size + 1;
    }
    return NULL;
}

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

/* The value as it stands within a JSON string. */
static void put_escaped(struct asl_buffer *out, const char *value)
{
    struct asl_buffer quoted;
    asl_buffer_init(&quoted, ASL_BUFFER_MAXIMUM);
    value_print_string(asl_text(value), &quoted);
    asl_buffer_put(out, quoted.data + 1, quoted.size - 2);
    asl_buffer_free(&quoted);
}

bool cli_substitute(const struct texts *variables, struct asl_buffer *definition)
{
    if (!check_variables(variables))
        return false;
    struct asl_buffer out;
    asl_buffer_init(&out, definition->maximum);
    const char *at = definition->data ? definition->data : "";
    const char *end = at + definition->size;
    while (at < end) {
        const char *open = memmem(at, (size_t)(end - at), "${", 2);
        if (!open) {
            asl_buffer_put(&out, at, (size_t)(end - at));
            break;
        }
        asl_buffer_put(&out, at, (size_t)(open - at));
        const char *name = open + 2, *close = name;
        while (close < end && (isalnum((unsigned char)*close) || strchr("_.:-", *close)))
            close++;
        const char *value = NULL;
        if (close < end && *close == '}' && close > name)
            value = value_of(variables, name, (size_t)(close - name));
        if (value) {
            put_escaped(&out, value);
            at = close + 1;
            continue;
        }
        if (close < end && *close == '}' && close > name)
            cli_note("${%.*s} has no --var and stays as it is", (int)(close - name), name);
        asl_buffer_put(&out, "${", 2);
        at = name;
    }
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
    if (size == 0)
        memcpy(out, "machine", size = 7);
    out[size] = '\0';
}

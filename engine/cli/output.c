/* How commands print: JSON, times, diagnostics. */
#include "engine/cli/cli.h"

#include <string.h>
#include <time.h>

void cli_print_json(const asl_value *v)
{
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    value_print_pretty(v, &text);
    fwrite(text.data, 1, text.size, stdout);
    putchar('\n');
    asl_buffer_free(&text);
}

void cli_format_time(int64_t ms, char out[32])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm local;
    localtime_r(&seconds, &local);
    size_t size = strftime(out, 32, "%Y-%m-%d %H:%M:%S", &local);
    snprintf(out + size, 32 - size, ".%03d", (int)(ms % 1000));
}

void cli_format_duration(int64_t ms, char out[32])
{
    if (ms < 0)
        ms = 0;
    int64_t seconds = ms / 1000;
    if (ms < 1000)
        snprintf(out, 32, "%d ms", (int)ms);
    else if (ms < 60000)
        snprintf(out, 32, "%d.%d s", (int)(ms / 1000), (int)(ms % 1000 / 100));
    else if (seconds < 3600)
        snprintf(out, 32, "%d min %d s", (int)(seconds / 60), (int)(seconds % 60));
    else if (seconds < 86400 * 2)
        snprintf(out, 32, "%d h %d min", (int)(seconds / 3600), (int)(seconds / 60 % 60));
    else
        snprintf(out, 32, "%lld d %d h", (long long)(seconds / 86400), (int)(seconds / 3600 % 24));
}

/* What is no JSON is often a definition that SAM would turn into it. */
const char *cli_hint_of(const char *file, const struct asl_diagnostic *d)
{
    bool is_json = strcmp(d->code, "INVALID_JSON_DESCRIPTION") != 0;
    return is_json || !cli_is_yaml(file)
               ? d->hint
               : "YAML is not read: AWS takes JSON, and SAM makes it of YAML before it deploys; do "
                 "the same here, with yq or the like: yq . FILE >NAME.asl.json";
}

void cli_print_diagnostics(FILE *out, const char *file, const struct asl_diagnostics *d)
{
    for (size_t i = 0; i < d->count; i++) {
        const struct asl_diagnostic *g = &d->items[i];
        if (g->line)
            fprintf(out, "%s:%zu:%zu: ", file, g->line, g->column);
        else
            fprintf(out, "%s: ", file);
        fprintf(out, "%s: %s: %s", g->severity == ASL_ERROR ? "error" : "warning", g->code,
                g->message);
        if (g->location && !asl_text_ends(asl_text(g->message), g->location))
            fprintf(out, " at %s", g->location);
        fputc('\n', out);
        const char *hint = cli_hint_of(file, g);
        if (hint)
            fprintf(out, "    hint: %s\n", hint);
    }
}

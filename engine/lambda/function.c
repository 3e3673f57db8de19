/* Functions: from the text that names what runs them to words, folder and handler; and how they are
 * found by the names that callers give. */
#include "internal.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/loop/command_line.h"

#define TIMEOUT_MS          (15 * 60 * 1000)
#define MEMORY_MB           128
#define CONCURRENCY         10
#define CONCURRENCY_MAXIMUM 1000

static const struct runner runners[] = {
    {"exec:", false, false, NULL, NULL, "AWS_Lambda_provided.al2023"},
    {"sh:", false, false, "/bin/sh", "-c", "AWS_Lambda_provided.al2023"},
    {"node:", true, true, "node", "-e", "AWS_Lambda_nodejs20.x"},
    {"python:", true, true, "python3", "-c", "AWS_Lambda_python3.12"},
    {"runtime:", true, false, NULL, NULL, "AWS_Lambda_provided.al2023"},
};

static const struct runner *runner_of(const char *runs)
{
    for (size_t i = 0; i < sizeof runners / sizeof *runners; i++)
        if (strncmp(runs, runners[i].prefix, strlen(runners[i].prefix)) == 0)
            return &runners[i];
    return NULL;
}

bool lambda_can_run(const char *runs)
{
    return runner_of(runs) != NULL;
}

/* ---- words ---- */

static void take_words(struct function *f, char *const *words, size_t count)
{
    f->words = asl_allocate((count + 1) * sizeof *f->words);
    memcpy(f->words, words, count * sizeof *words);
    f->words[count] = NULL;
}

/* ---- files ---- */

static char *join(const char *folder, const char *path)
{
    struct asl_buffer b;
    asl_buffer_init(&b, 65536);
    if (path[0] == '/')
        asl_buffer_puts(&b, path);
    else
        asl_buffer_printf(&b, "%s/%s", folder, path);
    return asl_buffer_take(&b, NULL);
}

static char *absolute(const char *folder)
{
    char *path = realpath(folder ? folder : ".", NULL);
    return path;
}

static bool has_module(const char *folder, const char *module, size_t size,
                       const char *const *extensions)
{
    struct stat s;
    struct asl_buffer path;
    bool found = false;
    for (size_t i = 0; extensions[i] && !found; i++) {
        asl_buffer_init(&path, 65536);
        asl_buffer_printf(&path, "%s/%.*s%s", folder, (int)size, module, extensions[i]);
        found = path.data && stat(path.data, &s) == 0;
        asl_buffer_free(&path);
    }
    return found;
}

/* "src/index.handler": where it stands, and what remains is Lambda's handler name. */
static bool read_handler(struct function *f, const char *text, const char *base, char *message)
{
    static const char *const node[] = {".js", ".mjs", ".cjs", NULL}, *const python[] = {
                                                                         ".py", "/__init__.py",
                                                                         NULL};
    const char *slash = strrchr(text, '/'), *name = slash ? slash + 1 : text;
    const char *dot = strchr(name, '.');
    char *path =
        slash ? asl_copy_text((struct asl_text){text, (size_t)(slash - text + (slash == text))})
              : asl_copy_text(ASL_TEXT("."));
    char *joined = join(base, path);
    f->folder = absolute(joined);
    f->handler = asl_copy_text(asl_text(name));
    bool is_node = strcmp(f->runner->prefix, "node:") == 0;
    bool fine = f->folder && dot && dot > name && dot[1] &&
                has_module(f->folder, name, (size_t)(dot - name), is_node ? node : python);
    if (!dot || dot == name || !dot[1])
        snprintf(message, 512, "'%s' is no handler: it is FILE.NAME, such as price/index.handler",
                 text);
    else if (!fine)
        snprintf(message, 512, "there is no %.200s/%.*s.%s", joined, (int)(dot - name), name,
                 is_node ? "js (.mjs, .cjs)" : "py");
    free(joined);
    free(path);
    char *words[] = {(char *)(uintptr_t)f->runner->program, (char *)(uintptr_t)f->runner->bootstrap,
                     (char *)(uintptr_t)bootstrap_of(f->runner)};
    take_words(f, words, 3);
    return fine;
}

static bool read_command(struct function *f, const char *text, const char *base, char *message)
{
    char *words[COMMAND_LINE_WORDS + 1];
    f->folder = absolute(base);
    f->handler = asl_copy_text(ASL_TEXT("bootstrap"));
    f->word_bytes = asl_copy_text(asl_text(text));
    size_t count = 1;
    if (f->runner->program) {
        char *shell[] = {(char *)(uintptr_t)f->runner->program,
                         (char *)(uintptr_t)f->runner->bootstrap, f->word_bytes};
        take_words(f, shell, 3);
        count = strspn(text, " \t") < strlen(text);
    } else if ((count = command_line_split(f->word_bytes, words)) > 0)
        take_words(f, words, count);
    if (count == 0)
        snprintf(message, 512, "'%s%s' names no program, or its quotes are open", f->runner->prefix,
                 text);
    else if (!f->folder)
        snprintf(message, 512, "there is no folder %.200s", base);
    return count > 0 && f->folder;
}

/* ---- life ---- */

void function_free(struct function *f)
{
    free(f->key);
    free(f->runs);
    free(f->words);
    free(f->word_bytes);
    free(f->folder);
    free(f->handler);
    value_release(f->environment);
    free(f);
}

struct function *function_of(const struct lambda *l, const char *key)
{
    for (struct function *f = l->functions; f; f = f->next)
        if (strcmp(f->key, key) == 0)
            return f;
    return NULL;
}

const char *lambda_runs(const struct lambda *l, const char *key)
{
    const struct function *f = function_of(l, key);
    return f ? f->runs : NULL;
}

static bool check_environment(const asl_value *environment, char *message)
{
    for (size_t i = 0; environment && i < value_count(environment); i++) {
        struct asl_text name = value_as_text(value_key_at(environment, i)),
                        value = value_as_text(value_at(environment, i));
        bool fine = value_kind(environment) == VALUE_OBJECT &&
                    value_kind(value_at(environment, i)) == VALUE_STRING && name.size > 0 &&
                    !memchr(name.data, '=', name.size) && !memchr(name.data, '\0', name.size) &&
                    !memchr(value.data, '\0', value.size);
        if (!fine) {
            snprintf(message, 512, "\"environment\" is an object of strings");
            return false;
        }
    }
    return true;
}

bool lambda_add(struct lambda *l, const struct lambda_function *o, char message[512])
{
    const struct runner *runner = runner_of(o->runs);
    message[0] = '\0';
    if (!runner || !check_environment(o->environment, message)) {
        if (!runner)
            snprintf(message, 512,
                     "'%s' runs nothing: exec:, sh:, node:, python: or runtime:", o->runs);
        return false;
    }
    struct function *f = asl_allocate_zeroed(1, sizeof *f), *old = function_of(l, o->key);
    const char *text = o->runs + strlen(runner->prefix), *base = o->folder ? o->folder : ".";
    f->lambda = l;
    f->runner = runner;
    f->key = asl_copy_text(asl_text(o->key));
    f->runs = asl_copy_text(asl_text(o->runs));
    f->timeout_ms = o->timeout_ms > 0 ? o->timeout_ms : TIMEOUT_MS;
    f->memory_mb = o->memory_mb > 0 ? o->memory_mb : MEMORY_MB;
    f->concurrency = o->concurrency ? o->concurrency : CONCURRENCY;
    if (f->concurrency > CONCURRENCY_MAXIMUM)
        f->concurrency = CONCURRENCY_MAXIMUM;
    f->environment = o->environment ? value_retain(o->environment) : NULL;
    f->with_credentials = o->with_credentials;
    if (!(runner->is_handler ? read_handler : read_command)(f, text, base, message)) {
        function_free(f);
        return false;
    }
    if (old) { /* before any call: tables are read once */
        struct function **at = &l->functions;
        while (*at != old)
            at = &(*at)->next;
        *at = old->next;
        function_free(old);
    }
    f->next = l->functions;
    l->functions = f;
    return true;
}

/* ---- names ---- */

static bool is_name(struct asl_text t)
{
    for (size_t i = 0; i < t.size; i++)
        if (!isalnum((unsigned char)t.data[i]) && !strchr("-_$.", t.data[i]))
            return false;
    return t.size > 0 && t.size <= 140;
}

bool lambda_read_name(struct asl_text given, struct asl_text *name, struct asl_text *qualifier)
{
    struct asl_text parts[9];
    size_t count = 0, first = 0;
    for (struct asl_text left = given; count < 9; count++) {
        const char *colon = left.size ? memchr(left.data, ':', left.size) : NULL;
        size_t size = colon ? (size_t)(colon - left.data) : left.size;
        parts[count] = (struct asl_text){left.data, size};
        if (!colon) {
            count++;
            break;
        }
        left = (struct asl_text){colon + 1, left.size - size - 1};
    }
    for (size_t i = 0; i + 1 < count; i++)
        if (asl_text_is(parts[i], "function"))
            first = i + 1;
    *qualifier = (struct asl_text){"", 0};
    if (count - first > 2 || (first == 0 && count > 2) || !is_name(parts[first]))
        return false;
    *name = parts[first];
    if (count - first == 2)
        *qualifier = parts[first + 1];
    return count - first == 1 || is_name(*qualifier);
}

const char *lambda_key_of(const struct lambda *l, struct asl_text name, struct asl_text qualifier)
{
    char keys[3][320];
    snprintf(keys[0], sizeof keys[0], "function:%.*s:%.*s",
             (int)(name.size < 150 ? name.size : 150), name.data,
             (int)(qualifier.size < 150 ? qualifier.size : 150), qualifier.data);
    snprintf(keys[1], sizeof keys[1], "function:%.*s", (int)(name.size < 150 ? name.size : 150),
             name.data);
    snprintf(keys[2], sizeof keys[2], "function:*");
    for (size_t i = qualifier.size == 0; i < 3; i++) {
        const struct function *f = function_of(l, keys[i]);
        if (f)
            return f->key;
    }
    return NULL;
}

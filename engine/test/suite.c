/* The run of all files; see suite.h. */
#include "engine/test/suite.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/test/write.h"

#define FOLDER_DEPTH_MAXIMUM 32

/* ---- finding ---- */

bool test_suite_is_file(const char *name)
{
    return asl_text_ends(asl_text(name), ".test.json") && name[0] != '.';
}

static void add_file(struct suite *s, const char *path)
{
    for (size_t i = 0; i < s->file_count; i++)
        if (strcmp(s->files[i].path, path) == 0)
            return; /* named twice */
    s->files = asl_reallocate(s->files, (s->file_count + 1) * sizeof *s->files);
    test_file_open(&s->files[s->file_count++], path, &s->options->reader);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool is_worth_a_look(const char *name)
{
    return name[0] != '.' && strcmp(name, "node_modules") != 0;
}

static bool add_path(struct suite *s, const char *path, int depth)
{
    struct stat info;
    struct dirent **entries;
    bool exists = stat(path, &info) == 0, fine = true;
    if (!exists || !S_ISDIR(info.st_mode)) {
        if (exists)
            add_file(s, path);
        else
            snprintf(s->message, sizeof s->message, "%.300s: %s", path, strerror(errno));
        return exists;
    }
    int count = depth < FOLDER_DEPTH_MAXIMUM ? scandir(path, &entries, NULL, by_name) : -1;
    if (count < 0) {
        snprintf(s->message, sizeof s->message, "%.300s: the folder cannot be read", path);
        return false;
    }
    bool here = strcmp(path, ".") == 0;
    size_t size = strlen(path);
    for (int i = 0; i < count; i++) {
        struct asl_buffer inner;
        const char *name = entries[i]->d_name;
        asl_buffer_init(&inner, 65536);
        if (!here)
            asl_buffer_printf(&inner, "%s%s", path, path[size - 1] == '/' ? "" : "/");
        asl_buffer_puts(&inner, name);
        bool folder =
            is_worth_a_look(name) && lstat(inner.data, &info) == 0 && S_ISDIR(info.st_mode);
        if (fine && (folder || test_suite_is_file(name)))
            fine = add_path(s, inner.data, depth + 1);
        asl_buffer_free(&inner);
        free(entries[i]);
    }
    free(entries);
    return fine;
}

/* ---- selecting ---- */

static bool is_selected(const struct suite *s, const struct test_file *f, const struct test_case *t)
{
    struct asl_buffer whole;
    bool found = s->options->filter_count == 0;
    asl_buffer_init(&whole, ASL_BUFFER_MAXIMUM);
    asl_buffer_printf(&whole, "%s: %.*s", f->path, ASL_TEXT_ARGS(t->name));
    for (size_t i = 0; !found && i < s->options->filter_count; i++)
        found = strcasestr(whole.data, s->options->filters[i]) != NULL;
    asl_buffer_free(&whole);
    return found;
}

static void add_job(struct suite *s, size_t file, size_t test)
{
    const struct test_case *t = &s->files[file].tests[test];
    const asl_value *skip = value_get_z(t->value, "skip");
    if (!is_selected(s, &s->files[file], t))
        return;
    if ((s->job_count & (s->job_count - 1)) == 0)
        s->jobs = asl_reallocate(s->jobs, (s->job_count ? 2 * s->job_count : 1) * sizeof *s->jobs);
    s->jobs[s->job_count++] =
        (struct job){&s->files[file], file, test, skip ? value_as_text(skip).data : NULL};
}

static void select_tests(struct suite *s)
{
    s->results = asl_allocate_zeroed(s->file_count + 1, sizeof *s->results);
    for (size_t i = 0; i < s->file_count; i++) {
        const struct test_file *f = &s->files[i];
        s->results[i] = asl_allocate_zeroed(f->count + 1, sizeof(asl_value *));
        s->tally.wrong_files += f->complaints.count > 0;
        for (size_t k = 0; k < f->count && !f->complaints.count; k++)
            add_job(s, i, k);
    }
}

bool test_suite_open(struct suite *s, const struct suite_options *options)
{
    *s = (struct suite){.options = options};
    for (size_t i = 0; i < options->path_count; i++)
        if (!add_path(s, options->paths[i], 0))
            return false;
    if (!s->file_count) {
        snprintf(s->message, sizeof s->message, "no test file (*.test.json) was found there");
        return false;
    }
    select_tests(s);
    if (!s->job_count && !s->tally.wrong_files) {
        snprintf(s->message, sizeof s->message,
                 "no test's name contains that; `stepwell test --list` shows them all");
        return false;
    }
    return true;
}

void test_suite_list(const struct suite *s, struct asl_buffer *out)
{
    for (size_t i = 0; i < s->job_count; i++)
        asl_buffer_printf(out, "%s: %.*s\n", s->jobs[i].file->path,
                          ASL_TEXT_ARGS(s->jobs[i].file->tests[s->jobs[i].test].name));
}

/* ---- a file as a whole ---- */

static bool is_used(const struct suite *s, size_t file, const char *pointer)
{
    for (size_t t = 0; t < s->files[file].count; t++) {
        const asl_value *used = value_get_z(s->results[file][t], "used");
        for (size_t i = 0; used && i < value_count(used); i++)
            if (asl_text_is(value_as_text(value_at(used, i)), pointer))
                return true;
    }
    return false;
}

/* Every test was played, and passed: then what the file mocks for all of them was needed by one. */
static bool all_passed(const struct suite *s, size_t file)
{
    for (size_t t = 0; t < s->files[file].count; t++)
        if (!s->results[file][t] || !result_has(s->results[file][t], "passed"))
            return false;
    return s->files[file].count > 0;
}

static void check_shared_mock(const struct suite *s, size_t file, const asl_value *mock,
                              const struct step *at, struct value_list *failures)
{
    struct asl_buffer pointer;
    struct value_place place = {0};
    struct value_list l;
    asl_buffer_init(&pointer, ASL_BUFFER_MAXIMUM);
    step_pointer(at, &pointer);
    if (!member_is_true(mock, "optional") && !is_used(s, file, pointer.data)) {
        value_locate(asl_buffer_text(&s->files[file].text), asl_buffer_text(&pointer), false,
                     &place);
        value_list_init(&l);
        value_list_set_take(&l, "what", value_string_z("mocks"));
        value_list_set_take(&l, "message",
                            value_string_z("no test ever called this mock (\"optional\": true lets "
                                           "it be)"));
        value_list_set_take(&l, "line", value_integer((int64_t)place.line));
        value_list_set_take(&l, "column", value_integer((int64_t)place.column));
        value_list_push_take(failures, value_object_take(&l));
    }
    asl_buffer_free(&pointer);
}

static asl_value *check_shared_mocks(const struct suite *s, size_t file)
{
    const asl_value *mocks = all_passed(s, file) ? value_get_z(s->files[file].root, "mocks") : NULL;
    struct step root = {0}, all = step_key(&root, ASL_TEXT("mocks"));
    struct value_list failures;
    value_list_init(&failures);
    for (size_t i = 0; mocks && i < value_count(mocks); i++) {
        const asl_value *of_state = value_at(mocks, i);
        struct step state = step_key(&all, value_as_text(value_key_at(mocks, i)));
        bool list = value_kind(of_state) == VALUE_ARRAY;
        for (size_t k = 0; k < (list ? value_count(of_state) : 1); k++) {
            struct step element = list ? step_index(&state, k) : state;
            check_shared_mock(s, file, list ? value_at(of_state, k) : of_state, &element,
                              &failures);
        }
    }
    return value_array_take(&failures);
}

/* ---- rewriting ---- */

/* Beside it and then in its place: a crash leaves the one or the other. Nobody else's edit is lost.
 */
static bool replace_file(const char *path, struct asl_text before, struct asl_text after,
                         const struct reader *reader, char message[256])
{
    struct asl_buffer now, beside;
    struct stat info;
    asl_buffer_init(&now, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&beside, 65536);
    asl_buffer_printf(&beside, "%s.new", path);
    bool fine = reader->read(reader->state, path, TEST_FILE_MAXIMUM, &now, message);
    if (fine && !asl_text_equal(asl_buffer_text(&now), before)) {
        snprintf(message, 256, "it was changed while its tests ran");
        fine = false;
    }
    FILE *f = fine ? fopen(beside.data, "wb") : NULL;
    if (fine) {
        fine = f && fwrite(after.data, 1, after.size, f) == after.size;
        fine = f && fclose(f) == 0 && fine;
        fine = fine && stat(path, &info) == 0 && chmod(beside.data, info.st_mode & 07777) == 0 &&
               rename(beside.data, path) == 0;
        if (!fine)
            snprintf(message, 256, "%s", strerror(errno));
    }
    asl_buffer_free(&now);
    asl_buffer_free(&beside);
    return fine;
}

static asl_value *edits_of(const struct suite *s, size_t file)
{
    struct value_list all;
    value_list_init(&all);
    for (size_t t = 0; t < s->files[file].count; t++) {
        const asl_value *result = s->results[file][t];
        const asl_value *edits = result ? value_get_z(result, "edits") : NULL;
        for (size_t i = 0; edits && i < value_count(edits); i++)
            value_list_push_take(&all, value_retain(value_at(edits, i)));
    }
    return value_array_take(&all);
}

static bool update_file(struct suite *s, size_t file)
{
    struct test_file *f = &s->files[file];
    struct asl_buffer text;
    char message[256];
    asl_value *edits = edits_of(s, file);
    bool fine = true;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    if (value_count(edits)) {
        fine = write_edited(asl_buffer_text(&f->text), edits, &text) &&
               replace_file(f->path, asl_buffer_text(&f->text), asl_buffer_text(&text),
                            &s->options->reader, message);
        if (fine)
            s->updated += value_count(edits);
        else
            snprintf(s->message, sizeof s->message, "%.200s could not be updated: %s", f->path,
                     message);
    }
    value_release(edits);
    asl_buffer_free(&text);
    return fine;
}

/* ---- playing ---- */

static void see_result(void *suite, size_t job, const asl_value *result)
{
    struct suite *s = suite;
    asl_value **place = &s->results[s->jobs[job].file_number][s->jobs[job].test];
    value_release(*place);
    *place = value_retain(result);
}

static bool has_calls(const struct suite *s)
{
    for (size_t i = 0; i < s->file_count; i++)
        if (asl_buffer_text(&s->files[i].text).size &&
            memmem(s->files[i].text.data, s->files[i].text.size, "\"call\"", 6))
            return true;
    return false;
}

/* ---- coverage ---- */

/* Files that test the same definition count together. */
static bool open_coverage(struct suite *s)
{
    char message[256];
    s->coverage_of = asl_allocate_zeroed(s->file_count + 1, sizeof *s->coverage_of);
    s->coverage = asl_allocate_zeroed(s->file_count + 1, sizeof(struct coverage *));
    for (size_t i = 0; i < s->file_count; i++) {
        const struct test_file *f = &s->files[i];
        struct asl_text text = asl_buffer_text(&f->definition);
        size_t k = 0;
        if (!f->machine)
            continue;
        while (k < s->coverage_count &&
               (strcmp(coverage_name(s->coverage[k]), f->definition_path) != 0 ||
                !asl_text_equal(coverage_definition(s->coverage[k]), text)))
            k++;
        s->coverage_of[i] = k;
        if (k < s->coverage_count)
            continue;
        s->coverage[k] = coverage_new(f->machine, text, f->definition_path, message);
        if (!s->coverage[k]) {
            snprintf(s->message, sizeof s->message, "%.200s: %s", f->definition_path, message);
            return false;
        }
        s->coverage_count++;
    }
    return true;
}

static void enter_file(void *suite, struct world *world, size_t file)
{
    struct suite *s = suite;
    world->coverage = s->coverage ? s->coverage[s->coverage_of[file]] : NULL;
}

static asl_value *account(void *suite, size_t number)
{
    struct suite *s = suite;
    return number < s->coverage_count ? coverage_json(s->coverage[number]) : NULL;
}

static void see_account(void *suite, size_t number, const asl_value *counts)
{
    struct suite *s = suite;
    char message[256];
    if (number < s->coverage_count && !coverage_add_json(s->coverage[number], counts, message))
        snprintf(s->message, sizeof s->message, "coverage: %s", message);
}

static void open_world(void *suite, struct world *world)
{
    struct suite *s = suite;
    world->models = s->options->reader.models;
    if (s->options->open_world)
        s->options->open_world(s->options->world_state, world);
}

static void close_world(void *suite, struct world *world)
{
    struct suite *s = suite;
    if (s->options->close_world)
        s->options->close_world(s->options->world_state, world);
}

static void count(struct suite *s, const asl_value *result)
{
    if (!result)
        return;
    s->tally.passed += result_has(result, "passed");
    s->tally.failed += result_has(result, "failed");
    s->tally.skipped += result_has(result, "skipped");
}

static void report(struct suite *s, const struct report_form *form, struct asl_buffer *out,
                   asl_value *const *failures)
{
    struct report r = {
        .form = form,
        .out = out,
        .colour = s->options->colour,
        .verbose = s->options->verbose,
        .update = s->options->update,
        .tests_in_all = s->job_count,
    };
    if (!form)
        return;
    form->begin(&r);
    for (size_t i = 0; i < s->file_count; i++)
        form->file(&r, &s->files[i], s->results[i], failures[i]);
    form->end(&r, &s->tally);
}

static double now_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool tell(struct suite *s, double began)
{
    asl_value **failures = asl_allocate_zeroed(s->file_count + 1, sizeof(asl_value *));
    bool fine = true;
    for (size_t i = 0; i < s->file_count; i++) {
        failures[i] = check_shared_mocks(s, i);
        s->tally.failed += value_count(failures[i]) > 0;
        for (size_t t = 0; t < s->files[i].count; t++)
            count(s, s->results[i][t]);
        fine = (!s->options->update || update_file(s, i)) && fine;
    }
    s->tally.files = s->file_count;
    s->tally.seconds = now_seconds() - began;
    report(s, s->options->form, s->options->out, failures);
    report(s, s->options->second_form, s->options->second_out, failures);
    for (size_t i = 0; i < s->file_count; i++)
        value_release(failures[i]);
    free((void *)failures);
    return fine;
}

bool test_suite_run(struct suite *s)
{
    double began = now_seconds();
    const struct pool pool = {
        .jobs = s->jobs,
        .count = s->job_count,
        .workers = s->options->workers,
        .update = s->options->update,
        .seconds = has_calls(s) ? TEST_SECONDS_WITH_CALLS : TEST_SECONDS_MAXIMUM,
        .state = s,
        .open = open_world,
        .close = close_world,
        .enter = enter_file,
        .account = account,
        .see = see_result,
        .see_account = see_account,
    };
    if (s->options->coverage && !open_coverage(s))
        return false;
    return pool_run(&pool, s->message) && tell(s, began);
}

void test_suite_close(struct suite *s)
{
    for (size_t i = 0; i < s->file_count; i++) {
        for (size_t t = 0; s->results && t < s->files[i].count; t++)
            value_release(s->results[i][t]);
        if (s->results)
            free((void *)s->results[i]);
        test_file_close(&s->files[i]);
    }
    for (size_t i = 0; i < s->coverage_count; i++)
        coverage_free(s->coverage[i]);
    free((void *)s->coverage);
    free(s->coverage_of);
    free((void *)s->results);
    free(s->files);
    free(s->jobs);
}

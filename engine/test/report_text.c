/* For people: a line a file, what failed with its place, and a closing count; see report.h. */
#include "engine/test/report.h"

#include "engine/test/duration.h"

/* Up to so many tests, each is named; of more, only those that failed. */
#define NAMED_MAXIMUM 60

static void put_mark(struct report *r, const char *mark, const char *colour)
{
    if (r->colour)
        asl_buffer_printf(r->out, "\033[%sm%s\033[0m", colour, mark);
    else
        asl_buffer_puts(r->out, mark);
}

static void begin(struct report *r)
{
    (void)r;
}

static void tell_complaints(struct report *r, const struct test_file *f)
{
    for (size_t i = 0; i < f->complaints.count; i++) {
        const struct complaint *c = &f->complaints.items[i];
        asl_buffer_printf(r->out, "  %s", f->path);
        if (c->line)
            asl_buffer_printf(r->out, ":%zu:%zu", c->line, c->column);
        asl_buffer_printf(r->out, ": %s\n", c->message);
    }
}

static void tell_failed(struct report *r, const struct test_file *f, const asl_value *result)
{
    const asl_value *failures = value_get_z(result, "failures");
    struct asl_text path = result_text(result, "path");
    bool shown = false;
    for (size_t i = 0; failures && i < value_count(failures); i++) {
        put_failure(f, value_at(failures, i), "          ", r->out);
        shown |= asl_text_is(result_text(value_at(failures, i), "what"), "path");
    }
    if (path.size && !shown)
        asl_buffer_printf(r->out, "          path: %.*s\n", ASL_TEXT_ARGS(path));
}

static void tell_test(struct report *r, const struct test_file *f, const asl_value *result)
{
    bool passed = result_has(result, "passed"), skipped = result_has(result, "skipped");
    int64_t ms = (int64_t)(result_real(result, "seconds") * 1000 + 0.5);
    if ((passed || skipped) && r->tests_in_all > NAMED_MAXIMUM && !r->verbose)
        return;
    asl_buffer_puts(r->out, "  ");
    put_mark(r,
             passed    ? "ok    "
             : skipped ? "skip  "
                       : "FAIL  ",
             passed    ? "32"
             : skipped ? "33"
                       : "31");
    asl_buffer_put_text(r->out, result_text(result, "name"));
    if (passed && ms) {
        asl_buffer_puts(r->out, "  (");
        duration_print(ms, r->out);
        asl_buffer_puts(r->out, ")");
    }
    if (skipped)
        asl_buffer_printf(r->out, ": %.*s", ASL_TEXT_ARGS(result_text(result, "why")));
    asl_buffer_putc(r->out, '\n');
    if (!passed && !skipped)
        tell_failed(r, f, result);
}

static void file(struct report *r, const struct test_file *f, asl_value *const *results,
                 const asl_value *failures)
{
    size_t all = 0, failed = 0;
    for (size_t i = 0; i < f->count && results; i++) {
        all += results[i] != NULL;
        failed += results[i] && result_has(results[i], "failed");
    }
    bool fine = !f->complaints.count && !failed && !value_count(failures);
    if (!all && fine)
        return;
    put_mark(r, f->complaints.count ? "WRONG " : fine ? "ok    " : "FAIL  ", fine ? "32" : "31");
    asl_buffer_puts(r->out, f->path);
    if (all)
        asl_buffer_printf(r->out, ": %zu test%s", all, all == 1 ? "" : "s");
    if (failed)
        asl_buffer_printf(r->out, ", %zu failed", failed);
    asl_buffer_putc(r->out, '\n');
    tell_complaints(r, f);
    for (size_t i = 0; i < value_count(failures); i++)
        put_failure(f, value_at(failures, i), "  ", r->out);
    for (size_t i = 0; i < f->count && results; i++)
        if (results[i])
            tell_test(r, f, results[i]);
}

static void end(struct report *r, const struct tally *t)
{
    asl_buffer_printf(r->out, "%zu passed, %zu failed", t->passed, t->failed);
    if (t->skipped)
        asl_buffer_printf(r->out, ", %zu skipped", t->skipped);
    if (t->wrong_files)
        asl_buffer_printf(r->out, ", %zu file%s wrong", t->wrong_files,
                          t->wrong_files == 1 ? "" : "s");
    asl_buffer_printf(r->out, " in %.2f s\n", t->seconds);
}

const struct report_form report_text = {"text", begin, file, end};

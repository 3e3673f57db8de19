/* TAP version 14 (testanything.org): for prove and its kin. A wrong file is a test that failed. */
#include "engine/test/report.h"

static void begin(struct report *r)
{
    asl_buffer_puts(r->out, "TAP version 14\n");
}

/* "#" and "\" are escaped in a description. */
static void put_escaped(struct asl_text t, struct asl_buffer *out)
{
    for (size_t i = 0; i < t.size; i++) {
        if (t.data[i] == '#' || t.data[i] == '\\')
            asl_buffer_putc(out, '\\');
        asl_buffer_putc(out, (unsigned char)t.data[i] < ' ' ? ' ' : t.data[i]);
    }
}

static void put_line(struct report *r, bool fine, const struct test_file *f, struct asl_text name)
{
    asl_buffer_printf(r->out, "%sok %zu - ", fine ? "" : "not ", ++r->number);
    put_escaped(asl_text(f->path), r->out);
    asl_buffer_puts(r->out, ": ");
    put_escaped(name, r->out);
}

/* YAML: a block of text keeps whatever is in it. */
static void put_block(struct report *r, const struct asl_buffer *lines)
{
    asl_buffer_puts(r->out, "\n  ---\n  message: |\n");
    asl_buffer_put_text(r->out, asl_buffer_text(lines));
    asl_buffer_puts(r->out, "  ...\n");
}

static void tell_failures(struct report *r, const struct test_file *f, const asl_value *failures)
{
    struct asl_buffer lines;
    asl_buffer_init(&lines, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; failures && i < value_count(failures); i++)
        put_failure(f, value_at(failures, i), "    ", &lines);
    put_block(r, &lines);
    asl_buffer_free(&lines);
}

static void tell_complaints(struct report *r, const struct test_file *f)
{
    struct asl_buffer lines;
    asl_buffer_init(&lines, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; i < f->complaints.count; i++)
        asl_buffer_printf(&lines, "    %s:%zu:%zu: %s\n", f->path, f->complaints.items[i].line,
                          f->complaints.items[i].column, f->complaints.items[i].message);
    put_line(r, false, f, ASL_TEXT("the file is wrong"));
    put_block(r, &lines);
    asl_buffer_free(&lines);
}

static void file(struct report *r, const struct test_file *f, asl_value *const *results,
                 const asl_value *failures)
{
    if (f->complaints.count)
        tell_complaints(r, f);
    for (size_t i = 0; i < f->count && results; i++) {
        const asl_value *result = results[i];
        if (!result)
            continue;
        bool failed = result_has(result, "failed");
        put_line(r, !failed, f, result_text(result, "name"));
        if (result_has(result, "skipped")) {
            asl_buffer_puts(r->out, " # SKIP ");
            put_escaped(result_text(result, "why"), r->out);
        }
        if (failed)
            tell_failures(r, f, value_get_z(result, "failures"));
        else
            asl_buffer_putc(r->out, '\n');
    }
    if (value_count(failures)) {
        put_line(r, false, f, ASL_TEXT("the file as a whole"));
        tell_failures(r, f, failures);
    }
}

static void end(struct report *r, const struct tally *t)
{
    (void)t;
    asl_buffer_printf(r->out, "1..%zu\n", r->number);
}

const struct report_form report_tap = {"tap", begin, file, end};

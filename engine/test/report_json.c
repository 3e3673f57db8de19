/* For machines: {"files": [{"file", "complaints", "failures", "tests": [...]}], "passed", "failed",
 * "skipped", "wrongFiles", "seconds"}; a test is what expect.h says. */
#include "engine/test/report.h"

static void begin(struct report *r)
{
    value_list_init(&r->list);
}

static asl_value *complaints_of(const struct test_file *f)
{
    struct value_list all, l;
    value_list_init(&all);
    for (size_t i = 0; i < f->complaints.count; i++) {
        const struct complaint *c = &f->complaints.items[i];
        value_list_init(&l);
        value_list_set_take(&l, "message", value_string_z(c->message));
        if (c->line) {
            value_list_set_take(&l, "line", value_integer((int64_t)c->line));
            value_list_set_take(&l, "column", value_integer((int64_t)c->column));
        }
        value_list_push_take(&all, value_object_take(&l));
    }
    return value_array_take(&all);
}

static void file(struct report *r, const struct test_file *f, asl_value *const *results,
                 const asl_value *failures)
{
    struct value_list l, tests;
    value_list_init(&l);
    value_list_init(&tests);
    for (size_t i = 0; i < f->count && results; i++)
        if (results[i])
            value_list_push_take(&tests, value_retain(results[i]));
    value_list_set_take(&l, "file", value_string_z(f->path));
    value_list_set_take(&l, "complaints", complaints_of(f));
    value_list_set_take(&l, "failures", value_retain(failures));
    value_list_set_take(&l, "tests", value_array_take(&tests));
    value_list_push_take(&r->list, value_object_take(&l));
}

static void end(struct report *r, const struct tally *t)
{
    struct value_list l;
    value_list_init(&l);
    value_list_set_take(&l, "files", value_array_take(&r->list));
    value_list_set_take(&l, "passed", value_integer((int64_t)t->passed));
    value_list_set_take(&l, "failed", value_integer((int64_t)t->failed));
    value_list_set_take(&l, "skipped", value_integer((int64_t)t->skipped));
    value_list_set_take(&l, "wrongFiles", value_integer((int64_t)t->wrong_files));
    value_list_set_take(&l, "seconds", value_double(t->seconds));
    asl_value *v = value_object_take(&l);
    value_print_pretty(v, r->out);
    asl_buffer_putc(r->out, '\n');
    value_release(v);
}

const struct report_form report_json = {"json", begin, file, end};

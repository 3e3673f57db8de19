/* JUnit's XML as Ant wrote it first and CI servers read it: a suite a file, a case a test. What is
 * wrong about a file is a case with an error. Valid under the stricter of the schemas in use
 * (tests/test_command/junit.xsd): no attributes on <testsuites>, <properties/> and both outputs
 * there. */
#include "engine/test/report.h"

#include <time.h>

static void begin(struct report *r)
{
    asl_buffer_puts(r->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
}

/* XML 1.0 knows no control characters but these, and no U+FFFE, U+FFFF. */
static bool is_character(int32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= ' ' && c != 0xFFFE && c != 0xFFFF);
}

static void put_xml(struct asl_text t, struct asl_buffer *out)
{
    static const char *const escapes[128] = {
        ['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\n'] = "&#10;",
    };
    for (size_t at = 0; at < t.size;) {
        size_t from = at;
        int32_t c = value_utf8_next(t, &at);
        if (c < 0 || !is_character(c))
            asl_buffer_puts(out, "\xEF\xBF\xBD");
        else if (c < 128 && escapes[c])
            asl_buffer_puts(out, escapes[c]);
        else
            asl_buffer_put(out, t.data + from, at - from);
    }
}

static void open_case(struct report *r, const struct test_file *f, struct asl_text name,
                      double seconds)
{
    asl_buffer_puts(r->out, "    <testcase name=\"");
    put_xml(name, r->out);
    asl_buffer_puts(r->out, "\" classname=\"");
    put_xml(asl_text(f->path), r->out);
    asl_buffer_printf(r->out, "\" time=\"%.3f\"", seconds);
}

static void put_problem(struct report *r, const char *element, struct asl_text type,
                        const struct asl_buffer *lines)
{
    asl_buffer_printf(r->out, ">\n      <%s type=\"", element);
    put_xml(type, r->out);
    asl_buffer_puts(r->out, "\">");
    put_xml(asl_buffer_text(lines), r->out);
    asl_buffer_printf(r->out, "</%s>\n    </testcase>\n", element);
}

static void put_failures(struct report *r, const struct test_file *f, const asl_value *failures,
                         struct asl_text path)
{
    struct asl_buffer lines;
    asl_buffer_init(&lines, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; failures && i < value_count(failures); i++)
        put_failure(f, value_at(failures, i), "", &lines);
    if (path.size)
        asl_buffer_printf(&lines, "path: %.*s\n", ASL_TEXT_ARGS(path));
    put_problem(r, "failure",
                failures && value_count(failures) ? result_text(value_at(failures, 0), "what")
                                                  : ASL_TEXT("failure"),
                &lines);
    asl_buffer_free(&lines);
}

static void put_case(struct report *r, const struct test_file *f, const asl_value *result)
{
    open_case(r, f, result_text(result, "name"), result_real(result, "wallMs") / 1000);
    if (result_has(result, "skipped")) {
        asl_buffer_puts(r->out, "><skipped>");
        put_xml(result_text(result, "why"), r->out);
        asl_buffer_puts(r->out, "</skipped></testcase>\n");
    } else if (result_has(result, "failed")) {
        put_failures(r, f, value_get_z(result, "failures"), result_text(result, "path"));
    } else {
        asl_buffer_puts(r->out, "/>\n");
    }
}

static void put_wrong(struct report *r, const struct test_file *f)
{
    struct asl_buffer lines;
    asl_buffer_init(&lines, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; i < f->complaints.count; i++)
        asl_buffer_printf(&lines, "%s:%zu:%zu: %s\n", f->path, f->complaints.items[i].line,
                          f->complaints.items[i].column, f->complaints.items[i].message);
    open_case(r, f, ASL_TEXT("the file"), 0);
    put_problem(r, "error", ASL_TEXT("test file"), &lines);
    asl_buffer_free(&lines);
}

static void file(struct report *r, const struct test_file *f, asl_value *const *results,
                 const asl_value *failures)
{
    size_t all = 0, failed = 0, skipped = 0, errors = f->complaints.count > 0;
    double seconds = 0;
    char now[32];
    time_t t = time(NULL);
    struct tm parts;
    for (size_t i = 0; i < f->count && results; i++) {
        all += results[i] != NULL;
        failed += results[i] && result_has(results[i], "failed");
        skipped += results[i] && result_has(results[i], "skipped");
        seconds += results[i] ? result_real(results[i], "wallMs") / 1000 : 0;
    }
    failed += value_count(failures) > 0;
    all += errors + (value_count(failures) > 0);
    if (!all)
        return;
    strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%S", gmtime_r(&t, &parts));
    asl_buffer_puts(r->out, "  <testsuite name=\"");
    put_xml(asl_text(f->path), r->out);
    asl_buffer_printf(r->out,
                      "\" package=\"\" id=\"%zu\" timestamp=\"%s\" hostname=\"localhost\" "
                      "tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" "
                      "time=\"%.3f\">\n    <properties/>\n",
                      r->files++, now, all, failed, errors, skipped, seconds);
    if (errors)
        put_wrong(r, f);
    for (size_t i = 0; i < f->count && results; i++)
        if (results[i])
            put_case(r, f, results[i]);
    if (value_count(failures)) {
        open_case(r, f, ASL_TEXT("the file as a whole"), 0);
        put_failures(r, f, failures, ASL_TEXT(""));
    }
    asl_buffer_puts(r->out, "    <system-out/>\n    <system-err/>\n  </testsuite>\n");
}

static void end(struct report *r, const struct tally *t)
{
    (void)t;
    asl_buffer_puts(r->out, "</testsuites>\n");
}

const struct report_form report_junit = {"junit", begin, file, end};

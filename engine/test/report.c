/* What all reports share: a failure in words. See report.h. */
#include "engine/test/report.h"

#include <string.h>

/* Texts that differ far inside are shown with a mark under the place. */
#define MARKED_FROM 12
#define MARKED_TO   100

int64_t result_number(const asl_value *result, const char *member)
{
    const asl_value *v = value_get_z(result, member);
    int64_t n = 0;
    return v && value_as_integer(v, &n) ? n : 0;
}

double result_real(const asl_value *result, const char *member)
{
    const asl_value *v = value_get_z(result, member);
    return v && value_kind(v) == VALUE_NUMBER ? value_as_double(v) : 0;
}

struct asl_text result_text(const asl_value *v, const char *member)
{
    const asl_value *text = value_get_z(v, member);
    return text && value_kind(text) == VALUE_STRING ? value_as_text(text) : ASL_TEXT("");
}

void put_place_of(const struct test_file *f, const asl_value *failure, struct asl_buffer *out)
{
    asl_buffer_puts(out, f->path);
    if (result_number(failure, "line"))
        asl_buffer_printf(out, ":%lld:%lld", (long long)result_number(failure, "line"),
                          (long long)result_number(failure, "column"));
}

/* Bytes that both begin with. */
static size_t common(struct asl_text a, struct asl_text b)
{
    size_t i = 0;
    while (i < a.size && i < b.size && a.data[i] == b.data[i])
        i++;
    while (i > 0 && i < a.size && ((unsigned char)a.data[i] & 0xC0) == 0x80)
        i--;
    return i;
}

/* Where both begin alike for long, that part is cut away. */
static void put_cut(struct asl_text t, size_t from, struct asl_buffer *out)
{
    size_t begin = from > MARKED_TO ? from - 40 : 0;
    while (begin > 0 && ((unsigned char)t.data[begin] & 0xC0) == 0x80)
        begin--;
    if (begin)
        asl_buffer_puts(out, "...");
    asl_buffer_put(out, t.data + begin, t.size - begin);
}

static size_t columns(struct asl_text t, size_t to)
{
    size_t count = 0;
    for (size_t i = 0; i < to && i < t.size; i++)
        count += ((unsigned char)t.data[i] & 0xC0) != 0x80;
    return count;
}

static void put_both(struct asl_text expected, struct asl_text came, const char *indent,
                     struct asl_buffer *out)
{
    size_t same = common(expected, came);
    asl_buffer_printf(out, "%s  expected  ", indent);
    put_cut(expected, same, out);
    asl_buffer_printf(out, "\n%s  came      ", indent);
    put_cut(came, same, out);
    asl_buffer_putc(out, '\n');
    if (same < MARKED_FROM || (expected.size < 30 && came.size < 30))
        return;
    size_t begin = same > MARKED_TO ? same - 40 : 0;
    size_t mark = columns(came, same) - columns(came, begin) + (begin ? 3 : 0);
    asl_buffer_printf(out, "%s            %*s^ from here on\n", indent, (int)mark, "");
}

void put_failure(const struct test_file *f, const asl_value *failure, const char *indent,
                 struct asl_buffer *out)
{
    struct asl_text what = result_text(failure, "what"), place = result_text(failure, "place");
    struct asl_text message = result_text(failure, "message");
    asl_buffer_printf(out, "%s%.*s", indent, ASL_TEXT_ARGS(what));
    if (place.size > 1)
        asl_buffer_printf(out, " %.*s", ASL_TEXT_ARGS(place));
    asl_buffer_puts(out, "  (");
    put_place_of(f, failure, out);
    asl_buffer_puts(out, ")\n");
    if (message.size)
        asl_buffer_printf(out, "%s  %.*s\n", indent, ASL_TEXT_ARGS(message));
    else
        put_both(result_text(failure, "expected"), result_text(failure, "came"), indent, out);
}

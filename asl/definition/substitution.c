/* Templates: definitions in which a "${Name}" still awaits its substitution (SAM, CDK, Terraform).
 *
 * AWS never sees one, so nothing can be said of a value that holds such a mark but that it was not
 * checked. In a string the mark is found where the value is looked at; a bare one ("Seconds":
 * ${Wait}) is no JSON at all, so the text is made JSON first: the mark becomes a string of the same
 * length, and lines and columns stay what they were.
 */
#include "compile.h"

#include <string.h>

#define MARK_MINIMUM 4 /* "${X}": what a quoted "${" needs */

bool awaits_substitution(struct asl_text t)
{
    for (size_t i = 0; i + 1 < t.size; i++) {
        if (t.data[i] == '$' && t.data[i + 1] == '{') {
            return true;
        }
    }
    return false;
}

bool is_awaited(const struct compiler *c, const asl_value *v)
{
    return c->is_template && value_kind(v) == VALUE_STRING && awaits_substitution(value_as_text(v));
}

void warn_substitution(struct compiler *c, const struct place *place)
{
    warn(c, CODE_SUBSTITUTION, place, "This is not checked until its ${...} is substituted");
}

/* The size of the mark that starts at `at`, its inner braces included; 0: none, or it does not end
 * on its line. */
static size_t mark_size(struct asl_text t, size_t at)
{
    size_t depth = 0;
    if (at + 1 >= t.size || t.data[at] != '$' || t.data[at + 1] != '{') {
        return 0;
    }
    for (size_t i = at + 1; i < t.size && t.data[i] != '\n'; i++) {
        depth += t.data[i] == '{';
        depth -= t.data[i] == '}';
        if (depth == 0) {
            return i + 1 - at;
        }
    }
    return 0;
}

static void put_string(size_t size, struct asl_buffer *out)
{
    asl_buffer_puts(out, "\"${");
    for (size_t i = MARK_MINIMUM; i < size; i++) {
        asl_buffer_putc(out, '_');
    }
    asl_buffer_putc(out, '"');
}

void substitution_quote(struct asl_text t, struct asl_buffer *out)
{
    bool quoted = false;
    for (size_t i = 0; i < t.size; i++) {
        size_t mark = quoted ? 0 : mark_size(t, i);
        if (mark >= MARK_MINIMUM) {
            put_string(mark, out);
            i += mark - 1;
            continue;
        }
        asl_buffer_putc(out, t.data[i]);
        if (quoted && t.data[i] == '\\' && i + 1 < t.size) {
            asl_buffer_putc(out, t.data[++i]);
        } else if (t.data[i] == '"') {
            quoted = !quoted;
        }
    }
}

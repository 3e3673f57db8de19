/* See java_text.h: java.util.AbstractMap's and AbstractCollection's forms. */
#include "java_text.h"

static void members_text(const asl_value *v, struct asl_buffer *out)
{
    for (size_t i = 0; i < value_count(v); i++) {
        if (i > 0) {
            asl_buffer_puts(out, ", ");
        }
        if (value_kind(v) == VALUE_OBJECT) {
            asl_buffer_put_text(out, value_as_text(value_key_at(v, i)));
            asl_buffer_putc(out, '=');
        }
        java_text(value_at(v, i), out);
    }
}

void java_text(const asl_value *v, struct asl_buffer *out)
{
    switch (value_kind(v)) {
    case VALUE_STRING:
    case VALUE_NUMBER:
        asl_buffer_put_text(out, value_as_text(v));
        break;
    case VALUE_OBJECT:
        asl_buffer_putc(out, '{');
        members_text(v, out);
        asl_buffer_putc(out, '}');
        break;
    case VALUE_ARRAY:
        asl_buffer_putc(out, '[');
        members_text(v, out);
        asl_buffer_putc(out, ']');
        break;
    case VALUE_NULL:
    case VALUE_BOOLEAN:
        value_print(v, out);
        break;
    }
}

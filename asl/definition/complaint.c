/* Jackson's complaint as it reads where an older Jackson was given a Java string: the intrinsic
 * functions' one (which hides its source) with the source put back. Up to 2.16, and a Jackson that
 * shows its source is older than that, an unexpected character is placed one column behind itself.
 */
#include "complaint.h"

#include <stdlib.h>
#include <string.h>

#include "../intrinsic/jackson.h"
#include "../value/value.h"

#define SOURCE_MAXIMUM 500 /* characters of the text that Jackson repeats */

static const char hidden[] =
    "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)";
static const char at[] = "\n at ";

static bool starts_character(char ch)
{
    return ((unsigned char)ch & 0xc0) != 0x80;
}

/* `(String)"the first 500 characters"[truncated 12 chars]` */
static void print_source(struct asl_text text, struct asl_buffer *out)
{
    size_t end = 0, shown = 0, rest = 0;
    while (end < text.size && !(starts_character(text.data[end]) && shown == SOURCE_MAXIMUM)) {
        shown += starts_character(text.data[end++]);
    }
    for (size_t i = end; i < text.size; i++) {
        rest += starts_character(text.data[i]);
    }
    asl_buffer_puts(out, "[Source: (String)\"");
    asl_buffer_put(out, text.data, end);
    asl_buffer_puts(out, "\"");
    if (rest > 0) {
        asl_buffer_printf(out, "[truncated %zu chars]", rest);
    }
}

/* Appends `part`, each hidden source shown. */
static void show(struct asl_text text, const char *part, size_t size, struct asl_buffer *out)
{
    const char *end = part + size, *found;
    while ((found = strstr(part, hidden)) != NULL && found < end) {
        asl_buffer_put(out, part, (size_t)(found - part));
        print_source(text, out);
        part = found + sizeof hidden - 1;
    }
    asl_buffer_put(out, part, (size_t)(end - part));
}

static bool is_late(const struct asl_buffer *message)
{
    static const char *const starts[] = {"Unexpected character", "Unexpected close marker",
                                         "Illegal unquoted character",
                                         "Unrecognized character escape"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        if (asl_text_starts(asl_buffer_text(message), starts[i])) {
            return true;
        }
    }
    return false;
}

/* "...; line: 1, column: 4]" from there on, the column put right. */
static void show_place(struct asl_text text, const char *place, bool late, struct asl_buffer *out)
{
    static const char column[] = "column: ";
    const char *number = strstr(place, column);
    if (number == NULL) {
        show(text, place, strlen(place), out);
        return;
    }
    number += sizeof column - 1;
    show(text, place, (size_t)(number - place), out);
    asl_buffer_printf(out, "%lu]", strtoul(number, NULL, 10) + late);
}

bool complaint_of(struct asl_text text, struct asl_buffer *message, struct asl_buffer *place)
{
    struct asl_buffer why;
    size_t end;
    asl_buffer_init(&why, ASL_BUFFER_MAXIMUM);
    bool fault = !jackson_check(text, &end, &why);
    const char *last = NULL;
    for (const char *p = why.data; fault && p != NULL && (p = strstr(p, at)) != NULL; p++) {
        last = p;
    }
    if (fault && last != NULL) {
        show(text, why.data, (size_t)(last - why.data), message);
        show_place(text, last + sizeof at - 1, is_late(message), place);
    }
    asl_buffer_free(&why);
    return fault && last != NULL;
}

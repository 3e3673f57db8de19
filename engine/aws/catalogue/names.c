/* Names as the AWS SDK for Java makes them, which is what Step Functions shows: service prefixes,
 * exception classes, member names. Pure text rules (facts 4.2 to 4.4), so they stand apart from the
 * table and are checked against the published list of services.
 *
 * Words are found by the passes that the SDK's code generator makes with regular expressions; each
 * pass here is one function that copies from one buffer to the next. Names are ASCII and short:
 * what does not fit NAME_MAXIMUM is cut, at the same place every time.
 */
#include "format.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NAME_MAXIMUM = 256 };

struct word_text {
    char data[NAME_MAXIMUM];
    size_t size;
};

static bool upper(char c)
{
    return c >= 'A' && c <= 'Z';
}
static bool lower(char c)
{
    return c >= 'a' && c <= 'z';
}
static bool digit(char c)
{
    return c >= '0' && c <= '9';
}
static char to_upper(char c)
{
    return lower(c) ? (char)(c - 32) : c;
}
static char to_lower(char c)
{
    return upper(c) ? (char)(c + 32) : c;
}

static void put(struct word_text *t, char c)
{
    if (t->size < NAME_MAXIMUM - 1)
        t->data[t->size++] = c;
    t->data[t->size] = '\0';
}

static char at(const struct word_text *t, size_t i)
{
    return i < t->size ? t->data[i] : '\0';
}

/* [^A-Za-z0-9]+ -> " " */
static void spaces(const struct word_text *in, struct word_text *out)
{
    for (size_t i = 0; i < in->size; i++) {
        bool letter = isalnum((unsigned char)in->data[i]);
        if (letter || out->size == 0 || out->data[out->size - 1] != ' ')
            put(out, letter ? in->data[i] : ' ');
    }
}

/* ([^a-z]{2,})v([0-9]+) -> "$1 v$2 ": a version behind a run without letters of the mark's case. */
static void versions(const struct word_text *in, struct word_text *out, char mark,
                     bool (*same_case)(char))
{
    size_t run = 0; /* characters not of the mark's case just before i */
    for (size_t i = 0; i < in->size; i++) {
        char c = in->data[i];
        if (c == mark && run >= 2 && digit(at(in, i + 1))) {
            put(out, ' ');
            put(out, c);
            while (digit(at(in, i + 1)))
                put(out, in->data[++i]);
            put(out, ' ');
            run = 0;
            continue;
        }
        put(out, c);
        run = same_case(c) ? 0 : run + 1;
    }
}

/* Between a lower-case letter and an upper-case one that a letter or digit follows. */
static void camel_case(const struct word_text *in, struct word_text *out)
{
    for (size_t i = 0; i < in->size; i++) {
        if (i > 0 && lower(in->data[i - 1]) && upper(in->data[i]) &&
            isalnum((unsigned char)at(in, i + 1)))
            put(out, ' ');
        put(out, in->data[i]);
    }
}

/* ([A-Z]+)([A-Z][a-z]) -> "$1 $2": a word behind an acronym. */
static void acronyms(const struct word_text *in, struct word_text *out)
{
    for (size_t i = 0; i < in->size; i++) {
        if (i > 0 && upper(in->data[i - 1]) && upper(in->data[i]) && lower(at(in, i + 1)))
            put(out, ' ');
        put(out, in->data[i]);
    }
}

/* ([0-9])([a-zA-Z]) -> "$1 $2" */
static void numbers(const struct word_text *in, struct word_text *out)
{
    for (size_t i = 0; i < in->size; i++) {
        if (i > 0 && digit(in->data[i - 1]) && isalpha((unsigned char)in->data[i]))
            put(out, ' ');
        put(out, in->data[i]);
    }
}

void catalogue_pascal(struct asl_text words, char *out, size_t size)
{
    struct word_text a = {{0}, 0}, b = {{0}, 0};
    for (size_t i = 0; i < words.size; i++)
        put(&a, words.data[i]);
    spaces(&a, &b);
    a = (struct word_text){{0}, 0};
    versions(&b, &a, 'v', lower);
    b = (struct word_text){{0}, 0};
    versions(&a, &b, 'V', upper);
    a = (struct word_text){{0}, 0};
    camel_case(&b, &a);
    b = (struct word_text){{0}, 0};
    acronyms(&a, &b);
    a = (struct word_text){{0}, 0};
    numbers(&b, &a);
    size_t n = 0;
    bool first = true;
    for (size_t i = 0; i < a.size && n + 1 < size; i++) {
        if (a.data[i] != ' ')
            out[n++] = first ? to_upper(a.data[i]) : to_lower(a.data[i]);
        first = a.data[i] == ' ';
    }
    out[n] = '\0';
}

void catalogue_error_prefix(const char *service_id, char *out, size_t size)
{
    catalogue_pascal(asl_text(service_id), out, size);
    static const char *const fronts[] = {"Amazon", "Aws"};
    for (size_t i = 0; i < sizeof fronts / sizeof *fronts; i++) {
        size_t n = strlen(fronts[i]);
        if (strncmp(out, fronts[i], n) == 0 && out[n] != '\0')
            memmove(out, out + n, strlen(out + n) + 1);
    }
    size_t n = strlen(out), tail = strlen("Service");
    if (n > tail && strcmp(out + n - tail, "Service") == 0)
        out[n - tail] = '\0';
}

/* Java's keywords and the methods of its objects: a member of that name gets the suffix Value. */
static bool is_taken_in_java(const char *name)
{
    static const char *const taken[] = {
        "abstract", "assert",     "boolean",  "break",     "byte",     "case",
        "catch",    "char",       "class",    "const",     "continue", "default",
        "do",       "double",     "else",     "enum",      "extends",  "final",
        "finally",  "float",      "for",      "goto",      "if",       "implements",
        "import",   "instanceof", "int",      "interface", "long",     "native",
        "new",      "package",    "private",  "protected", "public",   "return",
        "short",    "static",     "strictfp", "super",     "switch",   "synchronized",
        "this",     "throw",      "throws",   "transient", "try",      "void",
        "volatile", "while",      "true",     "null",      "false",    "_",
        "equals",   "finalize",   "getClass", "hashCode",  "notify",   "notifyAll",
        "toString", "wait",
    };
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (name[0] == taken[i][0] && strcmp(name, taken[i]) == 0) /* asked of every member shown */
            return true;
    return false;
}

/* What the SDK's own configuration calls otherwise ("emitPropertyName"). */
const char *catalogue_renamed(const struct catalogue_service *s,
                              const struct catalogue_shape *structure, const char *member)
{
    static const struct {
        const char *service, *member;
        const char *beside; /* a member that the structure has, too; NULL: any structure */
        const char *bean;
    } table[] = {
        {"cloudformation", "StackStatusFilter", NULL, "StackStatusFilters"},
        {"dynamodb", "NULL", NULL, "Nul"},
        {"dynamodbstreams", "NULL", NULL, "Nul"},
        {"ec2", "Public", "FpgaImageId", "IsPublic"},
        {"ec2", "Public", "ImageId", "PublicLaunchPermissions"},
        {"sns", "AWSAccountId", NULL, "AwsAccountIds"},
        {"sns", "ActionName", NULL, "ActionNames"},
    };
    for (size_t i = 0; s != NULL && i < sizeof table / sizeof *table; i++)
        if (member[0] == table[i].member[0] && strcmp(member, table[i].member) == 0 &&
            strcmp(s->arn_name, table[i].service) == 0 &&
            (table[i].beside == NULL ||
             (structure != NULL && catalogue_member(structure, asl_text(table[i].beside)) != NULL)))
            return table[i].bean;
    return NULL;
}

size_t catalogue_bean_name(const struct catalogue_service *s,
                           const struct catalogue_shape *structure, const char *member, char *out,
                           size_t size)
{
    const char *renamed = catalogue_renamed(s, structure, member);
    if (renamed != NULL)
        return (size_t)snprintf(out, size, "%s", renamed);
    size_t n = 0;
    for (bool lowering = true; member[n] != '\0' && n + 1 < size; n++) {
        out[n] = lowering ? to_lower(member[n]) : member[n];
        /* Keep lowering while the next one is upper-case and no word of its own begins there. */
        lowering = lowering && upper(member[n + 1]) && !lower(member[n + 2]);
    }
    out[n] = '\0';
    bool clashes =
        is_taken_in_java(out) ||
        (structure != NULL && (structure->flags & CATALOGUE_UNION) && strcmp(out, "type") == 0);
    if (clashes)
        n += (size_t)snprintf(out + n, size - n, "Value");
    out[0] = to_upper(out[0]);
    return n < size ? n : size - 1;
}

/* The class of a modelled exception: ...Fault and bare names become ...Exception. */
static void exception_class(const char *shape, char *out, size_t size)
{
    struct asl_text name = asl_text(shape);
    bool whole = asl_text_ends(name, "Exception");
    if (asl_text_ends(name, "Fault"))
        name.size -= strlen("Fault");
    catalogue_pascal(name, out, size);
    if (!whole) {
        size_t n = strlen(out);
        snprintf(out + n, size - n, "Exception");
    }
}

size_t catalogue_error_name(const struct catalogue_service *s, struct asl_text code, char *out,
                            size_t size)
{
    const struct catalogue_shape *exception = catalogue_exception(s, code);
    char class[NAME_MAXIMUM + 16];
    if (exception != NULL)
        exception_class(exception->name, class, sizeof class);
    else
        snprintf(class, sizeof class, "%sException", s->error_prefix);
    int n = snprintf(out, size, "%s.%s", s->error_prefix, class);
    return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

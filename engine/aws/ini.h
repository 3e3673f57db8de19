/* The INI of AWS's shared files: sections, properties, and properties nested one level deep.
 *
 *   [services local]
 *   dynamodb =
 *     endpoint_url = http://localhost:8000
 *
 * Serves "Shared config and credentials files" of the SDK reference guide. A line that is none
 * of a comment, section, property or continuation is an error with its number: a typing mistake
 * in a file of keys must not be passed over.
 */
#ifndef ENGINE_AWS_INI_H
#define ENGINE_AWS_INI_H

#include "asl/value/text.h"

struct ini_property {
    char *key;                   /* lower case */
    char *value;                 /* trimmed; may be "" */
    struct ini_property *nested; /* of an empty value with indented lines below it */
    size_t nested_count;
    size_t line;
};

struct ini_section {
    char *name;                      /* as written, inner white space made single: "profile dev" */
    struct ini_property *properties; /* a repeated key keeps its last value */
    size_t count;
    size_t line;
};

struct ini {
    struct ini_section *sections; /* a repeated section goes on with the first */
    size_t count;
};

/* False and "<name>:<line>: <what>" in `message` when the text is none; never quotes a value. */
bool ini_parse(struct asl_text text, const char *name, struct ini *out, char message[512]);
void ini_free(struct ini *i);

const struct ini_section *ini_section(const struct ini *i, const char *name); /* or NULL */
/* Of a section (NULL allowed): the property, or NULL. */
const struct ini_property *ini_property(const struct ini_section *s, const char *key);
const struct ini_property *ini_nested(const struct ini_property *p, const char *key);

#endif

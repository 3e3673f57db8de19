/* All functions by name. */
#include "library.h"

#include <string.h>

static const struct native *const tables[] = {
    jsonata_string_functions, jsonata_match_functions,  jsonata_encode_functions,
    jsonata_number_functions, jsonata_format_functions, jsonata_array_functions,
    jsonata_object_functions, jsonata_higher_functions, jsonata_general_functions,
    jsonata_time_functions,
};

const struct native *jsonata_library_find(struct asl_text name)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct native *n = tables[i]; n->name; n++)
            if (asl_text_is(name, n->name))
                return n;
    return NULL;
}

bool jsonata_is_function(struct asl_text name)
{
    return jsonata_library_find(name) != NULL;
}

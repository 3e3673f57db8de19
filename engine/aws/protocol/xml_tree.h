/* An XML document as a tree, as far as AWS's answers need it: names without prefixes, attributes,
 * text. Documents with a DOCTYPE, deeper than XML_DEPTH_MAXIMUM or with more elements than
 * XML_NODES_MAXIMUM are refused: no answer of AWS has them, and attackers do.
 */
#ifndef PROTOCOL_XML_TREE_H
#define PROTOCOL_XML_TREE_H

#include "asl/value/value.h"

enum { XML_DEPTH_MAXIMUM = 200, XML_NODES_MAXIMUM = 500000 };

struct xml_node {
    char *name;             /* without its prefix */
    char **attributes;      /* name, value, ... NULL; names with their prefix */
    struct asl_buffer text; /* directly in it, all pieces together */
    struct xml_node *parent, *first, *last, *next;
};

/* The root, or NULL with the reason. Free with xml_free. */
struct xml_node *xml_parse(struct asl_text text, char *problem, size_t size);
void xml_free(struct xml_node *root); /* NULL is allowed */

/* The first child of that name at or behind `from`: xml_named(n->first, "Code"). NULL when none. */
const struct xml_node *xml_named(const struct xml_node *from, const char *name);
const char *xml_attribute(const struct xml_node *n, const char *name);

#endif

/* expat's events become a tree. */
#include "xml_tree.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct building {
    XML_Parser parser;
    struct xml_node *root, *current;
    size_t depth, nodes;
    const char *refused; /* why it was stopped, or NULL */
};

static void stop(struct building *b, const char *why)
{
    b->refused = why;
    XML_StopParser(b->parser, XML_FALSE);
}

static const char *without_prefix(const char *name)
{
    const char *colon = strchr(name, ':');
    return colon != NULL ? colon + 1 : name;
}

static char **copy_attributes(const XML_Char **attributes)
{
    size_t count = 0;
    while (attributes[count] != NULL)
        count++;
    if (count == 0)
        return NULL;
    char **copy = asl_allocate_zeroed(count + 1, sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = asl_copy_text(asl_text(attributes[i]));
    return copy;
}

static void on_start(void *data, const XML_Char *name, const XML_Char **attributes)
{
    struct building *b = data;
    if (b->refused != NULL)
        return;
    if (++b->depth > XML_DEPTH_MAXIMUM || ++b->nodes > XML_NODES_MAXIMUM) {
        stop(b,
             b->depth > XML_DEPTH_MAXIMUM ? "nested deeper than 200" : "more than 500000 elements");
        return;
    }
    struct xml_node *n = asl_allocate_zeroed(1, sizeof *n);
    n->name = asl_copy_text(asl_text(without_prefix(name)));
    n->attributes = copy_attributes(attributes);
    n->parent = b->current;
    asl_buffer_init(&n->text, ASL_BUFFER_MAXIMUM);
    if (b->current == NULL)
        b->root = n;
    else if (b->current->last == NULL)
        b->current->first = b->current->last = n;
    else
        b->current->last = b->current->last->next = n;
    b->current = n;
}

static void on_end(void *data, const XML_Char *name)
{
    struct building *b = data;
    (void)name;
    if (b->refused != NULL || b->current == NULL)
        return;
    b->depth--;
    b->current = b->current->parent;
}

static void on_text(void *data, const XML_Char *text, int size)
{
    struct building *b = data;
    if (b->refused == NULL && b->current != NULL && size > 0)
        asl_buffer_put(&b->current->text, text, (size_t)size);
}

static void on_doctype(void *data, const XML_Char *name, const XML_Char *system,
                       const XML_Char *public, int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    stop(data, "a DOCTYPE, which no answer of AWS has");
}

struct xml_node *xml_parse(struct asl_text text, char *problem, size_t size)
{
    struct building b = {.parser = XML_ParserCreate("UTF-8")};
    if (b.parser == NULL)
        asl_out_of_memory();
    XML_SetUserData(b.parser, &b);
    XML_SetElementHandler(b.parser, on_start, on_end);
    XML_SetCharacterDataHandler(b.parser, on_text);
    XML_SetStartDoctypeDeclHandler(b.parser, on_doctype);
    bool fine = text.size < ASL_BUFFER_MAXIMUM &&
                XML_Parse(b.parser, text.data, (int)text.size, 1) == XML_STATUS_OK;
    if (!fine)
        snprintf(problem, size, "line %lu: %s", (unsigned long)XML_GetCurrentLineNumber(b.parser),
                 b.refused != NULL ? b.refused : XML_ErrorString(XML_GetErrorCode(b.parser)));
    XML_ParserFree(b.parser);
    if (fine)
        return b.root;
    xml_free(b.root);
    return NULL;
}

static void free_node(struct xml_node *n)
{
    for (size_t i = 0; n->attributes != NULL && n->attributes[i] != NULL; i++)
        free(n->attributes[i]);
    free(n->attributes);
    asl_buffer_free(&n->text);
    free(n->name);
    free(n);
}

/* Children first, without recursion: the tree's own links lead the way. */
void xml_free(struct xml_node *root)
{
    for (struct xml_node *n = root; n != NULL;) {
        if (n->first != NULL) {
            struct xml_node *child = n->first;
            n->first = child->next;
            n = child;
            continue;
        }
        struct xml_node *parent = n == root ? NULL : n->parent;
        free_node(n);
        n = parent;
    }
}

const struct xml_node *xml_named(const struct xml_node *from, const char *name)
{
    for (; from != NULL; from = from->next)
        if (strcmp(from->name, name) == 0)
            return from;
    return NULL;
}

const char *xml_attribute(const struct xml_node *n, const char *name)
{
    for (size_t i = 0; n->attributes != NULL && n->attributes[i] != NULL; i += 2)
        if (strcmp(n->attributes[i], name) == 0)
            return n->attributes[i + 1];
    return NULL;
}

/* The table: finding a service without reading the others.
 *
 * Opening checks the head and nothing else. A service is found by binary search in the fixed-width
 * entries, inflated at first use (well under a millisecond for most, a few for EC2) and kept.
 */
#include "format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

enum { SERVICE_MAXIMUM = 64 << 20 };

struct opened {
    char *bytes;
    struct catalogue_service *service;
};

struct catalogue {
    struct asl_text file;
    uint32_t count, dictionary_size;
    struct opened *opened; /* by index; service NULL: not yet */
};

struct entry {
    const char *name;
    uint32_t offset, packed, size;
};

_Noreturn static void damaged(const char *what)
{
    fprintf(stderr,
            "stepwell: the service catalogue inside this program is damaged (%s); "
            "install the program again\n",
            what);
    abort();
}

static uint32_t u32(const struct catalogue *c, size_t offset)
{
    const unsigned char *p = (const unsigned char *)c->file.data + offset;
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static struct entry entry_at(const struct catalogue *c, size_t index)
{
    size_t at = FORMAT_HEAD + index * FORMAT_ENTRY;
    struct entry e = {NULL, u32(c, at + 4), u32(c, at + 8), u32(c, at + 12)};
    uint32_t name = u32(c, at);
    if (name >= c->file.size || memchr(c->file.data + name, '\0', c->file.size - name) == NULL ||
        e.offset > c->file.size || e.packed > c->file.size - e.offset || e.size > SERVICE_MAXIMUM)
        damaged("an entry points outside");
    e.name = c->file.data + name;
    return e;
}

struct catalogue *catalogue_new(void)
{
    struct catalogue *c = asl_allocate_zeroed(1, sizeof *c);
    c->file = catalogue_embedded();
    if (c->file.size < FORMAT_HEAD || memcmp(c->file.data, FORMAT_MAGIC, 8) != 0)
        damaged("no catalogue");
    c->count = u32(c, 8);
    c->dictionary_size = u32(c, 12);
    if (c->count > (c->file.size - FORMAT_HEAD) / FORMAT_ENTRY ||
        c->dictionary_size > c->file.size - FORMAT_HEAD - c->count * FORMAT_ENTRY)
        damaged("cut off");
    c->opened = asl_allocate_zeroed(c->count, sizeof *c->opened);
    return c;
}

void catalogue_free(struct catalogue *c)
{
    if (c == NULL)
        return;
    for (uint32_t i = 0; i < c->count; i++) {
        catalogue_decoded_free(c->opened[i].service);
        free(c->opened[i].bytes);
    }
    free(c->opened);
    free(c);
}

size_t catalogue_count(const struct catalogue *c)
{
    return c->count;
}

const char *catalogue_name_at(const struct catalogue *c, size_t index)
{
    return entry_at(c, index).name;
}

static bool unpack(const struct catalogue *c, const struct entry *e, char *bytes)
{
    z_stream z = {.next_in = (Bytef *)(c->file.data + e->offset),
                  .avail_in = e->packed,
                  .next_out = (Bytef *)bytes,
                  .avail_out = e->size};
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
        asl_out_of_memory();
    const char *dictionary = c->file.data + FORMAT_HEAD + c->count * FORMAT_ENTRY;
    bool fine = inflateSetDictionary(&z, (const Bytef *)dictionary, c->dictionary_size) == Z_OK &&
                inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_out == 0;
    inflateEnd(&z);
    return fine;
}

static const struct catalogue_service *opened(struct catalogue *c, size_t index)
{
    struct opened *o = &c->opened[index];
    if (o->service != NULL)
        return o->service;
    struct entry e = entry_at(c, index);
    o->bytes = asl_allocate(e.size + 1);
    if (unpack(c, &e, o->bytes))
        o->service = catalogue_decode((struct asl_text){o->bytes, e.size});
    if (o->service == NULL)
        damaged(e.name);
    return o->service;
}

/* strcasecmp of a text against a name. */
static int compare_text(struct asl_text t, const char *name)
{
    int order = strncasecmp(t.data, name, t.size);
    return order != 0 ? order : name[t.size] != '\0' ? -1 : 0;
}

const struct catalogue_service *catalogue_service(struct catalogue *c, struct asl_text arn_name)
{
    size_t low = 0, high = c->count;
    while (low < high && arn_name.size > 0) {
        size_t middle = low + (high - low) / 2;
        int order = compare_text(arn_name, entry_at(c, middle).name);
        if (order == 0)
            return opened(c, middle);
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* ---- operations ---- */
static bool spells(const struct catalogue_operation *o, struct asl_text action)
{
    size_t size = strlen(o->name);
    return action.size == size && size > 0 && strncasecmp(action.data, o->name, 1) == 0 &&
           memcmp(action.data + 1, o->name + 1, size - 1) == 0;
}

const struct catalogue_operation *catalogue_operation(const struct catalogue_service *s,
                                                      struct asl_text action)
{
    for (uint32_t i = 0; i < s->operation_count; i++)
        if (spells(&s->operations[i], action))
            return &s->operations[i];
    return NULL;
}

char *catalogue_action(const struct catalogue_operation *o, char *out, size_t size)
{
    snprintf(out, size, "%s", o->name);
    if (out[0] >= 'A' && out[0] <= 'Z')
        out[0] = (char)(out[0] + 32);
    return out;
}

/* ---- members and exceptions ---- */
const struct catalogue_member *catalogue_member(const struct catalogue_shape *structure,
                                                struct asl_text name)
{
    for (uint32_t i = 0; i < structure->member_count; i++)
        if (asl_text_is(name, structure->members[i].name))
            return &structure->members[i];
    return NULL;
}

/* The bean form differs from the model's in case only, but for the few that the SDK renames, and
 * those that clash in Java and gain "Value". Only for these is it worth making. */
static bool spells_member(const struct catalogue_service *s,
                          const struct catalogue_shape *structure, const struct catalogue_member *m,
                          struct asl_text name)
{
    size_t size = strlen(m->name);
    if (name.size == size)
        return compare_text(name, m->name) == 0;
    char bean[256];
    if (name.size != size + strlen("Value") && catalogue_renamed(s, structure, m->name) == NULL)
        return false;
    catalogue_bean_name(s, structure, m->name, bean, sizeof bean);
    return compare_text(name, bean) == 0;
}

const struct catalogue_member *catalogue_member_spelt(const struct catalogue_service *s,
                                                      const struct catalogue_shape *structure,
                                                      struct asl_text name)
{
    const struct catalogue_member *found = catalogue_member(structure, name);
    for (uint32_t i = 0; found == NULL && i < structure->member_count; i++)
        if (spells_member(s, structure, &structure->members[i], name))
            found = &structure->members[i];
    return found;
}

const struct catalogue_shape *catalogue_exception(const struct catalogue_service *s,
                                                  struct asl_text code)
{
    const struct catalogue_shape *by_name = NULL;
    for (uint32_t i = 0; i < s->exception_count; i++) {
        const struct catalogue_shape *e = s->exceptions[i];
        if (e->error_code != NULL && asl_text_is(code, e->error_code))
            return e;
        if (asl_text_is(code, e->name))
            by_name = e;
    }
    return by_name;
}

/* ---- names of the enumerations ---- */
const char *catalogue_protocol_name(enum catalogue_protocol p)
{
    static const char *const names[CATALOGUE_PROTOCOLS] = {
        [CATALOGUE_JSON] = "json",         [CATALOGUE_REST_JSON] = "rest-json",
        [CATALOGUE_REST_XML] = "rest-xml", [CATALOGUE_QUERY] = "query",
        [CATALOGUE_EC2] = "ec2",           [CATALOGUE_CBOR] = "smithy-rpc-v2-cbor",
    };
    return names[p];
}

const char *catalogue_type_name(enum catalogue_type t)
{
    static const char *const names[CATALOGUE_TYPES] = {
        [CATALOGUE_STRUCTURE] = "structure",
        [CATALOGUE_LIST] = "list",
        [CATALOGUE_MAP] = "map",
        [CATALOGUE_STRING] = "string",
        [CATALOGUE_BLOB] = "blob",
        [CATALOGUE_BOOLEAN] = "boolean",
        [CATALOGUE_INTEGER] = "integer",
        [CATALOGUE_LONG] = "long",
        [CATALOGUE_FLOAT] = "float",
        [CATALOGUE_DOUBLE] = "double",
        [CATALOGUE_TIMESTAMP] = "timestamp",
    };
    return names[t];
}

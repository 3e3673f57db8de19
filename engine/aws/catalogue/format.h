/* The catalogue's bytes: what encode.c writes and decode.c reads, and nothing else knows.
 *
 * The file:
 *   "SWCAT002"                      magic and version
 *   u32 services, u32 dictionary    how many; bytes of the deflate dictionary
 *   services x { u32 name, u32 offset, u32 packed, u32 size }   by ARN name; offsets from the start
 *   dictionary, names (NUL-terminated), then each service deflated with that dictionary
 * All u32 little-endian. The dictionary holds the strings that most services share: it makes small
 * services a third smaller.
 *
 * A service, inflated: varints (LEB128) and one block of strings.
 *   varint strings, bytes; the strings, NUL-terminated, in the order of their first use
 *   varint shapes, members, operations, exceptions, values      totals, for one allocation each
 *   the service's own fields, operations, exceptions, then the shapes in order of first use
 * References to strings and shapes: 0 none, 1 the next one not seen yet, n+2 number n. Because both
 * stand in order of first use, most references are the byte 1, which deflate likes.
 */
#ifndef CATALOGUE_FORMAT_H
#define CATALOGUE_FORMAT_H

#include "asl/value/value.h"
#include "engine/aws/catalogue.h"

#define FORMAT_MAGIC "SWCAT002"
enum { FORMAT_HEAD = 16, FORMAT_ENTRY = 16, FORMAT_DICTIONARY_MAXIMUM = 32 * 1024 };

/* Which optional fields follow; kept apart from the flags that readers see. */
enum format_member {
    FORMAT_MEMBER_LOCATION_NAME = 1 << 0,
    FORMAT_MEMBER_QUERY_NAME = 1 << 1,
    FORMAT_MEMBER_NAMESPACE = 1 << 2,
    FORMAT_MEMBER_TRAVELS = 1 << 3, /* location, time */
    FORMAT_MEMBER_FLAGS_SHIFT = 4,  /* enum catalogue_member_flags from here on */
};
enum format_shape {
    FORMAT_SHAPE_MINIMUM = 1 << 0,
    FORMAT_SHAPE_MAXIMUM = 1 << 1,
    FORMAT_SHAPE_PATTERN = 1 << 2,
    FORMAT_SHAPE_VALUES = 1 << 3,
    FORMAT_SHAPE_PAYLOAD = 1 << 4,
    FORMAT_SHAPE_ERROR = 1 << 5, /* code, status */
    FORMAT_SHAPE_NAME = 1 << 6,
    FORMAT_SHAPE_FLAGS_SHIFT = 7,
};

/* One service model (botocore form) as its inflated bytes. False: `problem` says why. Takes part
 * only in the tool that renews the catalogue and in tests that bring models of their own. */
bool catalogue_encode(const asl_value *model, struct asl_buffer *out, char *problem, size_t size);

/* The structs of a service from its inflated bytes, which must outlive it. NULL when the bytes are
 * damaged. Free with catalogue_decoded_free. */
struct catalogue_service *catalogue_decode(struct asl_text bytes);
void catalogue_decoded_free(struct catalogue_service *s);

/* serviceId -> "DynamoDb" (facts 4.2). */
void catalogue_error_prefix(const char *service_id, char *out, size_t size);
/* "DBInstanceNotFound" -> "DbInstanceNotFound": Java's PascalCase of an exception's words. */
void catalogue_pascal(struct asl_text words, char *out, size_t size);
/* The bean name of a member that AWS's SDK for Java calls otherwise than its rules say; else NULL.
 */
const char *catalogue_renamed(const struct catalogue_service *s,
                              const struct catalogue_shape *structure, const char *member);

/* The bytes of the file that the program carries (embed.c). */
struct asl_text catalogue_embedded(void);

#endif

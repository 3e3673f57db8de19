/* What the protocols share while they walk a shape and a value together.
 *
 * Writing collects every problem of the parameters and goes on; reading stops at the first
 * contradiction between answer and model. Both recurse along the value, whose depth
 * VALUE_DEPTH_MAXIMUM bounds (XML trees: XML_DEPTH_MAXIMUM), never along the model alone.
 */
#ifndef PROTOCOL_WALK_H
#define PROTOCOL_WALK_H

#include "engine/aws/protocol.h"

struct writing {
    const struct catalogue_operation *operation;
    enum protocol_names names;
    struct asl_buffer *problems;
    struct asl_text field; /* the member being written, as the parameters spell it */
    bool failed;
};

void writing_unsupported(struct writing *w, struct asl_text field);
void writing_missing(struct writing *w, const char *field);
void writing_malformed(struct writing *w); /* the current field's value has an invalid format */
/* The member that a key means; NULL, with the problem noted, when there is none. */
const struct catalogue_member *
writing_member(struct writing *w, const struct catalogue_shape *structure, const asl_value *key);
/* Is the value of that kind? Notes the problem if not. */
bool writing_expects(struct writing *w, const asl_value *v, enum value_kind kind);
/* Appends a scalar as text: what stands in XML, a query, a header; blobs as base64, timestamps in
 * the use's format, else `time`. False, with the problem noted, when the value does not fit. */
bool writing_text(struct writing *w, const struct catalogue_member *use, const asl_value *v,
                  enum catalogue_time time, struct asl_buffer *out);
/* Appends a blob's bytes or a string's text as they are: HTTP bodies. */
bool writing_bytes(struct writing *w, const asl_value *v, struct asl_buffer *out);
/* The value of the input member of that name in parameters of any accepted spelling, or NULL. */
const asl_value *writing_find(const struct writing *w, const struct catalogue_shape *structure,
                              const asl_value *parameters, const struct catalogue_member *member);

struct reading {
    const struct catalogue_operation *operation;
    enum protocol_names names;
    bool failed;
    char why[256];
};

void reading_fail(struct reading *r, const struct catalogue_member *use, const char *found);
/* A scalar from its text, by the use's type. NULL and failed when it does not fit. */
asl_value *reading_scalar(struct reading *r, const struct catalogue_member *use,
                          struct asl_text text);
/* Bytes that are not base64 on the wire: HTTP bodies. */
asl_value *reading_bytes(struct reading *r, struct asl_text bytes);
/* Adds a member under the name that this reader shows. Takes the value; NULL is left out. */
void reading_put(struct reading *r, const struct catalogue_shape *structure,
                 const struct catalogue_member *member, asl_value *v, struct value_list *into);
/* Text that may hold anything (a header, a message) as valid UTF-8. */
asl_value *reading_string(struct asl_text bytes);
/* The same into an array, cut between characters where it is too long. */
void reading_copy(struct asl_text bytes, char *out, size_t size);

static inline const char *wire_name(const struct catalogue_member *m, const char *otherwise)
{
    return m->location_name != NULL ? m->location_name : otherwise;
}

static inline const struct catalogue_member *element_of(const struct catalogue_shape *list)
{
    return &list->members[0];
}

static inline const struct catalogue_member *key_of(const struct catalogue_shape *map)
{
    return &map->members[0];
}

static inline const struct catalogue_member *value_of(const struct catalogue_shape *map)
{
    return &map->members[1];
}

/* Does a member of an answer stand in its body? Bindings to path and query mean requests only. */
static inline bool is_in_answer_body(const struct catalogue_member *m)
{
    return m->location == CATALOGUE_IN_BODY || m->location == CATALOGUE_IN_URI ||
           m->location == CATALOGUE_IN_QUERY;
}

/* ---- one protocol: a row of the table in protocol.c ---- */
struct protocol {
    void (*serialize)(struct writing *w, const asl_value *parameters, struct aws_request *request);
    /* The members of `shape` (an output or an exception; never NULL) from an answer. */
    asl_value *(*parse)(struct reading *r, const struct catalogue_member *use, int status,
                        const struct http_headers *headers, struct asl_text body);
    /* Code, message and request id of a failure, as far as the answer tells. */
    void (*parse_error)(const struct catalogue_service *service, const struct http_headers *headers,
                        struct asl_text body, struct aws_answer *answer);
    /* The request id of a success that stands in the body and not in a header. */
    void (*request_id)(struct asl_text body, struct aws_answer *answer);
};
extern const struct protocol protocol_json, protocol_rest_json, protocol_rest_xml, protocol_query,
    protocol_ec2, protocol_cbor;

/* ---- pieces shared by two protocols ---- */
/* body_json.c */
void json_write(struct writing *w, const struct catalogue_member *use, const asl_value *v,
                struct asl_buffer *out);
asl_value *json_read(struct reading *r, const struct catalogue_member *use, const asl_value *v);
/* A whole body; an empty one is {}. */
asl_value *json_parse_body(struct reading *r, struct asl_text body);
void json_parse_error(const struct catalogue_service *service, const struct http_headers *headers,
                      struct asl_text body, struct aws_answer *answer);

/* rest.c: what rest-json and rest-xml do alike; the body is theirs. */
struct rest_body {
    /* Writes a structure or any payload use as the body. */
    void (*write)(struct writing *w, const struct catalogue_member *use, const asl_value *v,
                  struct asl_buffer *out);
    const char *content_type;
    const char *empty; /* the body where members could stand and none do */
    /* Members of the body into `into`; `use` is the structure, or a payload's own use. */
    asl_value *(*read)(struct reading *r, const struct catalogue_member *use, struct asl_text body);
};
void rest_serialize(struct writing *w, const asl_value *parameters, struct aws_request *request,
                    const struct rest_body *body);
asl_value *rest_parse(struct reading *r, const struct catalogue_member *use, int status,
                      const struct http_headers *headers, struct asl_text bytes,
                      const struct rest_body *body);

/* event_stream.c: a whole answer of events as an array of {Event: members}, in their order; an
 * exception among them is a member like any. `use` is the stream. */
asl_value *event_stream_read(struct reading *r, const struct catalogue_member *use,
                             struct asl_text bytes, const struct rest_body *body);

/* query.c: EC2 differs in names and lists only. */
void query_serialize(struct writing *w, const asl_value *parameters, struct aws_request *request,
                     bool ec2);

/* body_xml.c */
void xml_write(struct writing *w, const struct catalogue_member *use, const char *name,
               const asl_value *v, struct asl_buffer *out);
/* A whole body; an empty one is an empty structure. `wrapper` (or NULL) names the child of the root
 * that holds the members; an exception's members stand in the Error element, wherever that is. */
asl_value *xml_parse_body(struct reading *r, const struct catalogue_member *use,
                          const char *wrapper, struct asl_text body);
/* Code, message, request id from any of the error forms of XML services. */
void xml_parse_error(const struct catalogue_service *service, const struct http_headers *headers,
                     struct asl_text body, struct aws_answer *answer);

void xml_request_id(struct asl_text body, struct aws_answer *answer);

/* cbor.c: a whole body as the JSON that says the same; NULL when it is damaged. */
asl_value *cbor_read_body(struct asl_text body);

/* text.c */
void percent_encode(struct asl_text text, bool keep_slashes, struct asl_buffer *out);
bool time_write(int64_t seconds, int32_t nanoseconds, enum catalogue_time format,
                struct asl_buffer *out);

/* checksum.c: adds the checksum header that the operation or the parameters ask for. */
void checksum_add(struct writing *w, const asl_value *parameters, struct aws_request *request);

#endif

/* The catalogue of AWS services: what the service models say, compiled into the program.
 *
 * One table holds every service (engine/aws/catalogue/catalogue.bin; its README tells where it
 * comes from and how it is renewed). Opening it reads nothing; a service is inflated when it is
 * first asked for and kept until the catalogue is freed. A catalogue belongs to one thread.
 *
 * Everything found in it is borrowed and lives as long as the catalogue. Strings are
 * NUL-terminated; a string that the model does not give is NULL unless said otherwise.
 */
#ifndef ENGINE_AWS_CATALOGUE_H
#define ENGINE_AWS_CATALOGUE_H

#include "asl/value/value.h"

struct catalogue;

enum catalogue_protocol {
    CATALOGUE_JSON, /* AWS JSON 1.0 and 1.1 */
    CATALOGUE_REST_JSON,
    CATALOGUE_REST_XML,
    CATALOGUE_QUERY,
    CATALOGUE_EC2,
    CATALOGUE_CBOR, /* Smithy RPC v2 CBOR: only where a service speaks nothing else */
    CATALOGUE_PROTOCOLS,
};
const char *catalogue_protocol_name(enum catalogue_protocol p); /* "rest-json" */

enum catalogue_type {
    CATALOGUE_STRUCTURE,
    CATALOGUE_LIST,
    CATALOGUE_MAP,
    CATALOGUE_STRING,
    CATALOGUE_BLOB,
    CATALOGUE_BOOLEAN,
    CATALOGUE_INTEGER,
    CATALOGUE_LONG,
    CATALOGUE_FLOAT,
    CATALOGUE_DOUBLE,
    CATALOGUE_TIMESTAMP,
    CATALOGUE_TYPES,
};
const char *catalogue_type_name(enum catalogue_type t); /* "structure" */

enum catalogue_location { /* where a member travels */
                          CATALOGUE_IN_BODY,
                          CATALOGUE_IN_URI,
                          CATALOGUE_IN_QUERY,
                          CATALOGUE_IN_HEADER,
                          CATALOGUE_IN_HEADERS, /* a map; location_name is the prefix */
                          CATALOGUE_IN_STATUS_CODE,
};

enum catalogue_time {
    CATALOGUE_TIME_DEFAULT,
    CATALOGUE_TIME_ISO8601,
    CATALOGUE_TIME_UNIX,
    CATALOGUE_TIME_RFC822
};

enum catalogue_service_flags {
    CATALOGUE_QUERY_COMPATIBLE =
        1,                /* awsQueryCompatible: error codes come in a header of their own */
    CATALOGUE_BEARER = 2, /* signs with a bearer token, not SigV4 */
};

enum catalogue_operation_flags {
    CATALOGUE_UNSIGNED = 1, /* authtype none: no signature */
    CATALOGUE_UNSIGNED_PAYLOAD = 2,
    CATALOGUE_CHECKSUM_REQUIRED = 4, /* Content-MD5 or an x-amz-checksum-* header */
    CATALOGUE_READ_ONLY = 8,       /* marked so, or judged by its name: may be sent again freely */
    CATALOGUE_IDEMPOTENT = 16,     /* the model says so */
    CATALOGUE_STREAMS_EVENTS = 32, /* an event stream goes in or out */
    CATALOGUE_UNSUPPORTED = 64,    /* Step Functions does not offer it */
    CATALOGUE_DEPRECATED = 128,
    CATALOGUE_NEEDS_DISCOVERY = 256, /* endpoint discovery is required */
    CATALOGUE_COMPRESSES = 512,      /* the model allows a gzipped request */
};

enum catalogue_shape_flags {
    CATALOGUE_UNION = 1,
    CATALOGUE_DOCUMENT = 2, /* any JSON */
    CATALOGUE_EXCEPTION = 4,
    CATALOGUE_EVENTSTREAM = 8,
    CATALOGUE_SPARSE = 16, /* null elements are kept */
    CATALOGUE_SENSITIVE = 32,
    CATALOGUE_BOXED = 64,
    CATALOGUE_FAULT = 128, /* an exception that is the service's fault */
    CATALOGUE_RETRYABLE = 256,
};

enum catalogue_member_flags {
    CATALOGUE_REQUIRED = 1,
    CATALOGUE_TOKEN = 2,      /* an idempotency token */
    CATALOGUE_FLATTENED = 4,  /* the list or map has no element around its entries */
    CATALOGUE_JSON_VALUE = 8, /* JSON, base64 in a header */
    CATALOGUE_XML_ATTRIBUTE = 16,
    CATALOGUE_STREAMING = 32,
    CATALOGUE_HOST_LABEL = 64,
};

/* A use of a shape: a structure's member, a list's element, a map's key or value, an operation's
 * input or output. What the use does not say for itself is taken from the shape already. */
struct catalogue_member {
    const char *name; /* the model's own; "" where uses have no name */
    const struct catalogue_shape *shape;
    const char *location_name; /* name on the wire where it differs */
    const char *query_name;    /* EC2 */
    const char *namespace_uri, *namespace_prefix;
    uint8_t location, time; /* enum catalogue_location, enum catalogue_time */
    uint16_t flags;
};

struct catalogue_shape {
    uint8_t type; /* enum catalogue_type */
    uint16_t flags;
    uint32_t member_count;
    /* structure: its members in the model's order; list: the element; map: key, value */
    const struct catalogue_member *members;
    const struct catalogue_member
        *payload; /* structure: the member that is the HTTP body, or NULL */
    /* constraints, as the model writes them */
    const char *minimum, *maximum, *pattern;
    const char *const *values; /* enum */
    uint32_t value_count;
    /* exceptions only */
    const char *name;       /* "QueueDoesNotExist" */
    const char *error_code; /* where it differs from the name */
    uint16_t http_status;   /* 0: not told */
};

struct catalogue_operation {
    const struct catalogue_service *service;
    const char *name;   /* "PutItem" */
    const char *method; /* "POST" */
    const char *uri;    /* "/{Bucket}/{Key+}?tagging" */
    uint16_t flags;
    struct catalogue_member input, output; /* shape NULL: takes or gives nothing */
    const char *result_wrapper;            /* query */
    const char *host_prefix;               /* "{AccountId}." */
    const char *checksum_member;           /* the input member that picks the algorithm */
};

struct catalogue_service {
    const char *id;           /* serviceId, "DynamoDB" */
    const char *arn_name;     /* "dynamodb": what stands in aws-sdk:<here>:action */
    const char *error_prefix; /* "DynamoDb" */
    const char *endpoint_prefix, *signing_name, *api_version, *uid;
    const char *signature_version;
    const char *target_prefix; /* JSON, CBOR */
    const char *json_version;  /* "1.0", "1.1" */
    const char *xml_namespace;
    const char *global_endpoint; /* "iam.amazonaws.com" */
    uint8_t protocol;            /* enum catalogue_protocol */
    uint16_t flags;
    const struct catalogue_operation *operations; /* by name */
    uint32_t operation_count;
    const struct catalogue_shape *const *exceptions;
    uint32_t exception_count;
    const struct catalogue_shape *shapes;
    uint32_t shape_count, member_count;
};

/* ---- the table ---- */
/* The table that the program carries. Ends the process when the program was built with a damaged
 * one. Costs a few microseconds. */
struct catalogue *catalogue_new(void);
void catalogue_free(struct catalogue *c); /* NULL is allowed */

size_t catalogue_count(const struct catalogue *c);
/* ARN names in alphabetical order; reads no service. */
const char *catalogue_name_at(const struct catalogue *c, size_t index);
/* By ARN name, any case ("dynamodb"; "sfn", not "stepfunctions"); NULL when there is none. Inflates
 * the service at first use. */
const struct catalogue_service *catalogue_service(struct catalogue *c, struct asl_text arn_name);

/* By action ("putItem") or by the model's name ("PutItem"); only the first letter's case is free.
 */
const struct catalogue_operation *catalogue_operation(const struct catalogue_service *s,
                                                      struct asl_text action);
/* The action's spelling in a resource: first letter lower-cased. Returns `out`. */
char *catalogue_action(const struct catalogue_operation *o, char *out, size_t size);

/* The full name of a service that older models had under this ARN name and today's do not: AWS
 * ended it. NULL when it is none of them. */
const char *catalogue_ended(struct asl_text arn_name);
/* What was probably meant: the nearest service or action. Services also by their common names
 * ("stepfunctions" gives "sfn", "logs" gives "cloudwatchlogs"). False when nothing is near. */
bool catalogue_suggest_service(struct catalogue *c, struct asl_text wrong, char *out, size_t size);
bool catalogue_suggest_action(const struct catalogue_service *s, struct asl_text wrong, char *out,
                              size_t size);

/* Letters to change, add or drop to make one word of the other, case apart; 64 when either is
 * longer than that. */
size_t catalogue_word_distance(struct asl_text a, const char *b);

/* ---- shapes ---- */
/* The member of a structure by its exact name, or NULL. */
const struct catalogue_member *catalogue_member(const struct catalogue_shape *structure,
                                                struct asl_text name);
/* The member by any spelling that Step Functions takes: the exact name, else the capitalised or
 * bean form in any case; or NULL. */
const struct catalogue_member *catalogue_member_spelt(const struct catalogue_service *s,
                                                      const struct catalogue_shape *structure,
                                                      struct asl_text name);
/* The exception by the code that a service answers with (its error code, else its name), or NULL.
 */
const struct catalogue_shape *catalogue_exception(const struct catalogue_service *s,
                                                  struct asl_text code);

/* ---- names ---- */
/* The name under which Step Functions shows a member (facts 4.3): the Java bean's, first letter
 * upper: DBInstanceIdentifier -> DbInstanceIdentifier. Returns its length; always terminates. */
size_t catalogue_bean_name(const struct catalogue_service *s,
                           const struct catalogue_shape *structure, const char *member, char *out,
                           size_t size);
/* The error name of an aws-sdk task (facts 4.4): "S3.NoSuchKeyException" for a code that the model
 * knows, else "S3.S3Exception". */
size_t catalogue_error_name(const struct catalogue_service *s, struct asl_text code, char *out,
                            size_t size);

#endif

/* The service models' own constraints: required members, types, lengths, ranges, patterns, enums.
 *
 * One walk over a value and its shape, two ways to say what it found: as a service answers a
 * request (our own API by Step Functions' model) and as TestState answers a mock. What a check may
 * cost is bounded by the value; patterns run under PCRE2's match limit.
 */
#ifndef ENGINE_AWS_CONSTRAINT_H
#define ENGINE_AWS_CONSTRAINT_H

#include "engine/aws/catalogue.h"
#include "engine/aws/protocol.h"

/* Keeps the compiled patterns; one a thread. Must not outlive the catalogue. */
struct constraint_checker;
struct constraint_checker *constraint_checker_new(void);
void constraint_checker_free(struct constraint_checker *c); /* NULL is allowed */

enum constraint_kind {
    CONSTRAINT_MISSING, /* a required member is absent or null */
    CONSTRAINT_TYPE,
    CONSTRAINT_SHORT, /* string, blob, list or map below its length */
    CONSTRAINT_LONG,
    CONSTRAINT_SMALL, /* number below its range */
    CONSTRAINT_LARGE,
    CONSTRAINT_PATTERN,
    CONSTRAINT_ENUM,
};

struct constraint_breach {
    enum constraint_kind kind;
    const struct catalogue_member *use;
    const char *field;      /* the member's name as this reader shows it */
    struct asl_text path;   /* "routingConfiguration.1.member.weight" */
    const asl_value *value; /* NULL when it is missing */
};

/* Calls `tell` for each breach, in the model's order, until it returns false. Members are looked up
 * by the names of `names` exactly; unknown ones are passed over. `required` false leaves absent
 * members alone. `value` an object, `structure` its shape. */
void constraint_check(struct constraint_checker *c, const struct catalogue_service *service,
                      const struct catalogue_shape *structure, const asl_value *value,
                      enum protocol_names names, bool required,
                      bool (*tell)(void *state, const struct constraint_breach *b), void *state);

enum constraint_verdict {
    CONSTRAINT_FINE,
    CONSTRAINT_INVALID,    /* ValidationException */
    CONSTRAINT_UNREADABLE, /* SerializationException: a value of another type */
};
/* The parameters of a request by its model, names as on the wire (facts 1.1). `message` gets
 * "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy constraint: Member
 * must have value less than or equal to 1000"; several stand behind each other with "; ". Values of
 * sensitive members are not shown. */
enum constraint_verdict constraint_check_request(struct constraint_checker *c,
                                                 const struct catalogue_operation *o,
                                                 const asl_value *parameters,
                                                 struct asl_buffer *message);

/* The mocked result of a Task by the shape of what it would be (facts 1.7): names as the
 * integration shows them (PROTOCOL_STATES or PROTOCOL_V1), timestamps and blobs as strings.
 * `strict` asks for required members too; `any` names members whose values are not looked at
 * ("Input Output"; NULL: none). False: `message` is "Mock result schema validation error: Field
 * 'MemorySize' exceeds the maximum value", the first that was found. */
bool constraint_check_mock(struct constraint_checker *c, const struct catalogue_service *service,
                           const struct catalogue_shape *structure, enum protocol_names names,
                           bool strict, const char *any, const asl_value *result,
                           struct asl_buffer *message);

#endif

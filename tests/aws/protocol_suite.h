/* Other people's protocol cases, turned into calls of ours: shared by the test and by nothing else.
 */
#ifndef TESTS_AWS_PROTOCOL_SUITE_H
#define TESTS_AWS_PROTOCOL_SUITE_H

#include "asl/value/value.h"
#include "engine/aws/catalogue.h"

/* A service made of one case's operation and the suite's shapes. */
struct suite_service {
    struct asl_buffer bytes;
    struct catalogue_service *service;
};
bool suite_service_make(const asl_value *suite, const asl_value *one, struct suite_service *out);
void suite_service_free(struct suite_service *s);

/* The file as text (NULL when it is not there). Free the buffer. */
bool suite_read(const char *path, struct asl_buffer *out);

#endif

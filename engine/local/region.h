/* Whose a request is, read from its signature's scope,
 * "AKID/20260101/us-east-1/dynamodb/aws4_request". For local.c; what the services use of regions
 * stands in service.h. */
#ifndef ENGINE_LOCAL_REGION_H
#define ENGINE_LOCAL_REGION_H

#include "service.h"

/* The part behind `slashes` slashes, of the header or of a presigned URL; "" when there is none.
 * Cut at its size. */
void region_scope_part(const struct http_received *request, int slashes, char out[REGION_BYTES]);

#endif

/* An HTTP exchange as TestState shows it (InspectionDataRequest, InspectionDataResponse): texts,
 * headers as "[name: [value, value], ...]". */
#ifndef ENGINE_TASK_EXCHANGE_H
#define ENGINE_TASK_EXCHANGE_H

#include "asl/value/value.h"
#include "engine/loop/http_out.h"

/* {"protocol", "method", "url", "headers", "body"}: yours. An empty body is left out. */
asl_value *exchange_request(const char *method, const char *url, const struct http_headers *headers,
                            struct asl_text body);
/* {"protocol", "statusCode", "statusMessage", "headers", "body"}: yours. */
asl_value *exchange_response(const char *url, const struct http_answer *answer);

#endif

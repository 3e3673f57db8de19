/* EventBridge connections, off-cloud: a JSON file of the user's says how an HTTP Task
 * authenticates.
 *
 *   {"my-connection": {"AuthorizationType": "API_KEY",
 *                      "AuthParameters": {"ApiKeyAuthParameters": {
 *                          "ApiKeyName": "X-Key", "ApiKeyValue": {"env": "MY_KEY"}}}}}
 *
 * Each value has the shape of events:CreateConnection. A secret is a text, or {"env": "NAME"},
 * or {"file": "PATH"}, read when it is needed and never shown. A connection is found by its ARN
 * or its name. "AllowPrivate": true lets it reach private and loopback addresses. */
#ifndef ENGINE_TASK_CONNECTIONS_H
#define ENGINE_TASK_CONNECTIONS_H

#include "asl/value/value.h"
#include "engine/loop/http_out.h"

/* NULL and a message when the file cannot be read or is none of the above; yours. */
asl_value *connections_load(const char *path, char message[512]);
/* The connection that an ARN names; NULL when there is none. */
const asl_value *connections_find(const asl_value *connections, struct asl_text arn);

/* A member of an object that may be missing (NULL) itself. */
const asl_value *connection_get(const asl_value *object, const char *key);

enum connection_kind { CONNECTION_API_KEY, CONNECTION_BASIC, CONNECTION_OAUTH };
enum connection_kind connection_kind(const asl_value *connection);

/* A secret's text; false and a message (without it) when it cannot be had. Appends. */
bool connection_secret(const asl_value *secret, struct asl_buffer *out, char message[512]);
/* Adds the header that API_KEY and BASIC ask for. */
bool connection_authorize(const asl_value *connection, struct http_headers *headers,
                          char message[512]);
/* Adds what a list of {Key, Value} says:
 * AuthParameters.InvocationHttpParameters.HeaderParameters and its like; to headers, or to a
 * query or form ("a=b&c=d", encoded). */
bool connection_put_headers(const asl_value *list, struct http_headers *headers, char message[512]);
bool connection_put_pairs(const asl_value *list, struct asl_buffer *out, char message[512]);
/* An object's members (`given` may be NULL or null) with the pairs of such a list in their place;
 * yours; NULL and a message when a secret cannot be had. */
asl_value *connection_merged(const asl_value *given, const asl_value *list, char message[512]);

#endif

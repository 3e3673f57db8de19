/* Where calls go by the user's word: --route and --routes. */
#ifndef ENGINE_CLI_ROUTES_H
#define ENGINE_CLI_ROUTES_H

#include "engine/aws/aws.h"
#include "engine/cli/cli.h"
#include "engine/lambda/lambda.h"

/* The texts of --route (WHERE=TO), then the file of --routes (NULL: none): an object from WHERE to
 * TO, or to {"to": TO, "timeout": seconds, "memory": MB, "concurrency": n, "environment": {...},
 * "credentials": true}. Paths in the file begin at its folder. False after complaining. */
bool routes_read(struct aws *aws, struct lambda *lambda, const struct texts *routes,
                 const char *file);

#endif

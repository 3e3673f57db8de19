/* The catalogue as definitions ask it: does aws-sdk:<service>:<action> exist, and what was meant?
 * Serves: facts 1.8 (unknown resources are refused at creation), 4.2.
 */
#ifndef ENGINE_AWS_CATALOGUE_DEFINITION_H
#define ENGINE_AWS_CATALOGUE_DEFINITION_H

#include "asl/asl.h"
#include "engine/aws/catalogue.h"

/* For asl_machine_compile_with(); valid while `c` is. */
struct asl_catalogue catalogue_for_definitions(struct catalogue *c);

#endif

/* An execution as DescribeExecution shows it; the command line and the API share it.
 * Serves: DescribeExecution; facts 1.6. */
#ifndef ENGINE_API_DESCRIBE_H
#define ENGINE_API_DESCRIBE_H

#include "asl/asl.h"

/* Members as AWS names them; times in epoch seconds. Yours. `include_data` false: without input and
 * output (includedData METADATA_ONLY). `now`, in ms since 1970, decides whether it can be redriven.
 */
asl_value *describe_execution(const asl_execution *x, int64_t now, bool include_data);
/* Why an execution of that status cannot be redriven whenever it is asked; false: it can. */
bool describe_status_reason(enum asl_status status, char reason[128]);
/* The same for an execution `now`: its status, its events, its age. What its machine says is not
 * asked. */
bool describe_not_redrivable(const asl_execution *x, int64_t now, char reason[128]);
/* Epoch seconds with milliseconds, as JSON 1.0 bodies carry times. */
asl_value *describe_time(int64_t ms);

#endif

/* An execution as DescribeExecution shows it; the command line and the API share it.
 * Serves: DescribeExecution; facts 1.6. */
#ifndef ENGINE_API_DESCRIBE_H
#define ENGINE_API_DESCRIBE_H

#include "asl/asl.h"

/* Members as AWS names them; times in epoch seconds. Yours. `include_data` false: without input and
 * output (includedData METADATA_ONLY). */
asl_value *describe_execution(const asl_execution *x, bool include_data);
/* Epoch seconds with milliseconds, as JSON 1.0 bodies carry times. */
asl_value *describe_time(int64_t ms);

#endif

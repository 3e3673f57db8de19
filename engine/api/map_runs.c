/* Map runs, as far as there are any: the store holds none yet, so that every name is unknown and every
 * list empty. Serves: facts 1.2. */
#include "engine/api/internal.h"

static void refuse_unknown(struct api_call *call)
{
    struct arn arn;
    struct asl_text text = api_text(call, "mapRunArn");
    if (api_arn(call, "mapRunArn", 1u << ARN_MAP_RUN, &arn))
        api_fail_with(call, "ResourceNotFound", "resourceName", text.data,
                      "Resource not found: '%.*s'", ASL_TEXT_ARGS(text));
}

void api_DescribeMapRun(struct api_call *call)
{
    refuse_unknown(call);
}

void api_UpdateMapRun(struct api_call *call)
{
    refuse_unknown(call);
}

void api_ListMapRuns(struct api_call *call)
{
    struct value_list l;
    if (!api_execution(call, "executionArn"))
        return;
    value_list_init(&l);
    value_list_set_take(&l, "mapRuns", value_empty_array());
    api_answer_take(call, value_object_take(&l));
}

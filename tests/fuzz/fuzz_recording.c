/* Histories as the AWS CLI prints them, bent: read, and replayed under a definition that has every
 * kind of state. Nothing may crash, hang or leak, whatever the file says happened. */
#include "engine/replay/replay.h"

static const char definition[] =
    "{\"StartAt\":\"A\",\"States\":{"
    "\"A\":{\"Type\":\"Pass\",\"Next\":\"W\"},"
    "\"W\":{\"Type\":\"Wait\",\"Seconds\":5,\"Next\":\"T\"},"
    "\"T\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::lambda:invoke\",\"Parameters\":"
    "{\"FunctionName\":\"f\"},\"TimeoutSeconds\":9,\"HeartbeatSeconds\":3,\"ResultPath\":\"$.t\","
    "\"Retry\":[{\"ErrorEquals\":[\"E\"],\"MaxAttempts\":2}],"
    "\"Catch\":[{\"ErrorEquals\":[\"States.ALL\"],\"ResultPath\":\"$.e\",\"Next\":\"P\"}],\"Next\":"
    "\"M\"},"
    "\"M\":{\"Type\":\"Map\",\"ItemsPath\":\"$.items\",\"ResultPath\":\"$.m\",\"ItemProcessor\":{"
    "\"StartAt\":\"I\",\"States\":{\"I\":{\"Type\":\"Task\",\"Resource\":"
    "\"arn:aws:lambda:us-east-1:123456789012:function:g\",\"End\":true}}},\"Next\":\"P\"},"
    "\"P\":{\"Type\":\"Parallel\",\"Branches\":[{\"StartAt\":\"B\",\"States\":{\"B\":{\"Type\":"
    "\"Pass\","
    "\"End\":true}}},{\"StartAt\":\"C\",\"States\":{\"C\":{\"Type\":\"Wait\",\"Seconds\":1,\"End\":"
    "true}}}],"
    "\"ResultPath\":null,\"Next\":\"H\"},"
    "\"H\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.x\",\"IsPresent\":true,\"Next\":"
    "\"F\"}],"
    "\"Default\":\"S\"},"
    "\"F\":{\"Type\":\"Fail\"},\"S\":{\"Type\":\"Succeed\"}}}";

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static asl_machine *machine;
    struct asl_diagnostics diagnostics = {0};
    const struct replay_identity unknown = {0};
    struct recording r;
    struct replay_judgement j;
    char message[256];
    if (!machine)
        machine = asl_machine_compile(asl_text(definition), false, &diagnostics);
    asl_diagnostics_free(&diagnostics);
    asl_value *events = recording_parse((struct asl_text){(const char *)data, size}, message);
    if (!machine || !events || !recording_take(&r, events, message))
        return 0;
    replay_judge(machine, &r, &unknown, &j, message);
    replay_judgement_free(&j);
    recording_free(&r);
    return 0;
}

/* Test files, bent: read with what they name beside them, and played where they are right. Nothing
 * may crash, hang or leak, whatever a file says. */
#include "engine/test/expect.h"

static const char definition[] =
    "{\"StartAt\":\"A\",\"States\":{"
    "\"A\":{\"Type\":\"Pass\",\"Result\":{\"n\":[1,2]},\"Next\":\"T\"},"
    "\"T\":{\"Type\":\"Task\",\"Resource\":\"arn:aws:states:::lambda:invoke.waitForTaskToken\","
    "\"Parameters\":{\"FunctionName\":\"f\",\"Payload\":{\"t.$\":\"$$.Task.Token\"}},"
    "\"TimeoutSeconds\":9,\"HeartbeatSeconds\":3,\"ResultPath\":\"$.t\","
    "\"Retry\":[{\"ErrorEquals\":[\"E\"],\"MaxAttempts\":2}],"
    "\"Catch\":[{\"ErrorEquals\":[\"States.ALL\"],\"ResultPath\":\"$.e\",\"Next\":\"M\"}],\"Next\":"
    "\"M\"},"
    "\"M\":{\"Type\":\"Map\",\"ItemsPath\":\"$.n\",\"ResultPath\":\"$.m\",\"ItemProcessor\":{"
    "\"StartAt\":\"I\",\"States\":{\"I\":{\"Type\":\"Task\",\"Resource\":"
    "\"arn:aws:lambda:us-east-1:123456789012:function:g\",\"End\":true}}},\"Next\":\"H\"},"
    "\"H\":{\"Type\":\"Choice\",\"Choices\":[{\"Variable\":\"$.x\",\"IsPresent\":true,\"Next\":"
    "\"F\"}],"
    "\"Default\":\"S\"},\"F\":{\"Type\":\"Fail\"},\"S\":{\"Type\":\"Succeed\"}}}";

static const char history[] =
    "{\"events\":[{\"timestamp\":1,\"type\":\"ExecutionStarted\",\"id\":1,\"previousEventId\":0,"
    "\"executionStartedEventDetails\":{\"input\":\"{}\"}},"
    "{\"timestamp\":1,\"type\":\"TaskStateEntered\",\"id\":2,\"previousEventId\":1,"
    "\"stateEnteredEventDetails\":{\"name\":\"T\",\"input\":\"{}\"}},"
    "{\"timestamp\":1,\"type\":\"TaskScheduled\",\"id\":3,\"previousEventId\":2,"
    "\"taskScheduledEventDetails\":{\"resource\":\"invoke\",\"parameters\":\"{}\"}},"
    "{\"timestamp\":2,\"type\":\"TaskSucceeded\",\"id\":4,\"previousEventId\":3,"
    "\"taskSucceededEventDetails\":{\"output\":\"7\"}}]}";

static bool read_beside(void *state, const char *path, size_t maximum, struct asl_buffer *out,
                        char message[256])
{
    (void)state, (void)maximum, (void)message;
    asl_buffer_puts(out, asl_text_ends(asl_text(path), ".json") ? history : definition);
    return true;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const struct reader reader = {.read = read_beside};
    const struct world world = {.events_maximum = 300};
    struct test_file f;
    test_file_parse(&f, "x/y.test.json", (struct asl_text){(const char *)data, size}, &reader);
    for (size_t i = 0; !f.complaints.count && i < f.count && i < 3; i++)
        value_release(test_judge(&f, &f.tests[i], &world, true));
    test_file_close(&f);
    return 0;
}

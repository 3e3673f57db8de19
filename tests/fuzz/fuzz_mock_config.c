/* Fuzzes mock files. Looks for crashes, leaks, and for promises broken: a file that is refused says
 * why, one that is taken answers every invocation that it names. */
#include <stdlib.h>

#include "engine/mock/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct asl_buffer message;
    const asl_value *value = NULL;
    struct asl_text response;
    asl_buffer_init(&message, 1 << 20);
    struct mock_config *c =
        mock_config_read("f", (struct asl_text){(const char *)data, size}, &message);
    if (!c && message.size == 0)
        abort();
    if (c) {
        mock_config_check(c, "M", "C", NULL, &message);
        for (int64_t i = 0; i < 4; i++)
            if (mock_config_answer(c, ASL_TEXT("M"), ASL_TEXT("C"), ASL_TEXT("A"), i, &value,
                                   &response) == MOCK_RETURNS &&
                !value)
                abort();
    }
    mock_config_free(c);
    asl_buffer_free(&message);
    return 0;
}

/* The AWS CLI against the stand-ins: what people type works. */
#include "local/host.h"

int main(void)
{
    return host_run("sh tests/local/awscli.sh");
}

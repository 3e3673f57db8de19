/* The AWS CLI against the modelled stand-ins: what people type works. */
#include "local/host.h"

int main(void)
{
    return host_run("sh tests/local/awscli_services.sh");
}

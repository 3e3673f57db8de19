/* The same calls to dynalite and to the stand-in: the same answers. dynalite comes from npm into a
 * folder below build/; where npm gives nothing the test is skipped and says so. */
#include "local/host.h"

int main(void)
{
    return host_run("sh tests/local/dynalite/run.sh");
}

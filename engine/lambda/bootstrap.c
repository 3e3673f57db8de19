/* The bootstraps' texts inside the program, given to `node -e` and `python3 -c`: nothing has to be
 * installed or written to a file. The paths are seen from the top of the tree, where make runs. */
#include "internal.h"

#include <string.h>

__asm__(".section .rodata\n"
        "bootstrap_node:\n"
        ".incbin \"engine/lambda/bootstrap/node.js\"\n"
        ".byte 0\n"
        "bootstrap_python:\n"
        ".incbin \"engine/lambda/bootstrap/python.py\"\n"
        ".byte 0\n"
        ".previous\n");

extern const char bootstrap_node[], bootstrap_python[];

const char *bootstrap_of(const struct runner *r)
{
    return strcmp(r->prefix, "node:") == 0 ? bootstrap_node : bootstrap_python;
}

/* The catalogue's bytes inside the program: the assembler takes the file in as it is, so that two
 * megabytes cost neither compile time nor start-up (the pages are read when they are touched).
 * The path is seen from the top of the tree, where make runs. */
#include "format.h"

__asm__(".section .rodata\n"
        ".balign 16\n"
        "catalogue_begin:\n"
        ".incbin \"engine/aws/catalogue/catalogue.bin\"\n"
        "catalogue_end:\n"
        ".byte 0\n"
        ".previous\n");

extern const char catalogue_begin[], catalogue_end[];

struct asl_text catalogue_embedded(void)
{
    return (struct asl_text){catalogue_begin, (size_t)(catalogue_end - catalogue_begin)};
}

/* What was probably meant: the nearest of the candidates tried, when it is near enough. */
#ifndef ASL_DEFINITION_GUESS_H
#define ASL_DEFINITION_GUESS_H

#include "../value/text.h"

struct guess {
    struct asl_text wrong, best; /* best: empty as long as nothing is near */
    size_t distance;
};
void guess_try(struct guess *g, struct asl_text candidate);

#endif

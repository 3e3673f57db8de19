/* Upper and lower case of all of Unicode, as JavaScript's toUpperCase and toLowerCase make them
 * (full mappings, final sigma, no locale). */
#ifndef ASL_JSONATA_CASE_H
#define ASL_JSONATA_CASE_H

#include "data.h"

void jsonata_to_lower(struct builder *b, struct asl_text t);
void jsonata_to_upper(struct builder *b, struct asl_text t);

/* Runs of code points, every `step`th of which is moved by `delta`; sorted. */
struct case_run {
    uint32_t first, last;
    int32_t delta;
    uint32_t step;
};
/* One code point that becomes several. */
struct case_special {
    uint32_t from;
    const char *to;
};
extern const struct case_run jsonata_lower_runs[], jsonata_upper_runs[];
extern const size_t jsonata_lower_run_count, jsonata_upper_run_count;
extern const struct case_special jsonata_upper_specials[];
extern const size_t jsonata_upper_special_count;
/* Letters and marks around a final sigma: those with case, and those that are passed over. */
struct case_range {
    uint32_t first, last;
};
extern const struct case_range jsonata_cased[], jsonata_ignorable[];
extern const size_t jsonata_cased_count, jsonata_ignorable_count;

#endif

/* Partitions, and hosts that follow no rule: the shape of endpoint_table.c, which is generated. */
#ifndef ENGINE_AWS_ENDPOINT_TABLE_H
#define ENGINE_AWS_ENDPOINT_TABLE_H

#include <stddef.h>

struct endpoint_partition {
    const char *name;        /* "aws" */
    const char *prefixes;    /* of its regions, "us|eu": then come "-word-number" */
    const char *suffix;      /* "amazonaws.com" */
    const char *dual_suffix; /* for dualstack, "api.aws"; "" where there is none */
};
extern const struct endpoint_partition endpoint_partitions[];
extern const size_t endpoint_partition_count;

struct endpoint_row {
    const char *partition, *service; /* service: the model's endpoint prefix */
    const char *region;              /* or "*" */
    const char *kind;                /* "", "fips", "dualstack", "fips,dualstack" */
    const char *host;                /* may hold {region} */
    const char *signing_region;      /* "": the region itself */
};
extern const struct endpoint_row endpoint_rows[];
extern const size_t endpoint_row_count;

#endif

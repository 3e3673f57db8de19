/* The files of an export, as the service lays them out in a bucket. */
#ifndef ENGINE_LOCAL_DYNAMODB_EXPORT_FILES_H
#define ENGINE_LOCAL_DYNAMODB_EXPORT_FILES_H

#include "asl/value/value.h"
#include "engine/local/service.h"

struct export_result {
    char manifest[1200]; /* key of manifest-summary.json */
    int64_t items, bytes;
    const char *failure_code; /* NULL: it went well; "S3NoSuchBucket" */
    char failure_message[512];
};

/* Writes what `description` (ExportDescription) asks for. */
void export_write_files(struct local *l, int64_t table, const asl_value *description,
                        int64_t end_ms, struct export_result *result);

#endif

/* Documents: what the stand-ins keep few of and look up by name, as JSON by region,
 * kind and key: those of the region that the request is of (service.h). */
#include "model.h"

asl_value *document_get(struct database *d, const char *kind, struct asl_text key)
{
    struct value_error error;
    asl_value *v = NULL;
    sqlite3_stmt *s =
        database_query(d, "SELECT body FROM document WHERE region = ? AND kind = ? AND key = ?",
                       "zzt", database_region(d), kind, key);
    while (database_step(d, s))
        v = value_parse(database_text(s, 0), 0, 0, &error);
    return v;
}

void document_put(struct database *d, const char *kind, struct asl_text key,
                  const asl_value *document)
{
    struct asl_buffer scratch;
    asl_buffer_init(&scratch, ASL_BUFFER_MAXIMUM);
    database_run(d, "INSERT OR REPLACE INTO document(region, kind, key, body) VALUES(?, ?, ?, ?)",
                 "zztt", database_region(d), kind, key, value_compact(document, &scratch));
    asl_buffer_free(&scratch);
}

void document_remove(struct database *d, const char *kind, struct asl_text key)
{
    database_run(d, "DELETE FROM document WHERE region = ? AND kind = ? AND key = ?", "zzt",
                 database_region(d), kind, key);
}

bool document_next(struct database *d, const char *kind, struct asl_text prefix,
                   struct asl_text after, struct asl_buffer *key)
{
    bool found = false;
    sqlite3_stmt *s =
        database_query(d,
                       "SELECT key FROM document WHERE region = ?4 AND kind = ?1 AND key > ?2"
                       " AND key >= ?3 AND substr(key, 1, length(?3)) = ?3 ORDER BY key LIMIT 1",
                       "zttz", kind, after, prefix, database_region(d));
    while (database_step(d, s)) {
        /* `after` may be what stands in `key` */
        struct asl_text text = database_text(s, 0);
        asl_buffer_clear(key);
        asl_buffer_put_text(key, text);
        found = true;
    }
    return found;
}

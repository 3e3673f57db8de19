/* Writes an export's files: data (gzipped JSON lines), manifests, their checksums.
 *
 *   <prefix>/AWSDynamoDB/<export id>/_started
 *                                    manifest-summary.json, .md5
 *                                    manifest-files.json, .md5
 *   <prefix>/AWSDynamoDB/<export id>/data/<name>.json.gz     of a full export
 *   <prefix>/AWSDynamoDB/data/<name>.json.gz                 of incremental ones, which share a
 * folder
 *
 * (Developer Guide, "DynamoDB table export output format".) The summary is written last: where it
 * is, the export is whole. Names derive from the export's id, so that an export ended twice (a
 * crash in between) writes the same files twice. */
#include "export_files.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "dynamodb.h"
#include "engine/local/s3/bucket.h"

struct writing {
    struct local *l;
    int64_t table;
    const asl_value *description;
    struct export_result *result;
    struct asl_text bucket;
    struct asl_buffer folder; /* "<prefix>/AWSDynamoDB/<id>" */
    struct asl_buffer lines;  /* of the data file */
    const asl_value *window;  /* NULL: a full export */
    bool with_old;
    struct dynamodb_keys keys;
    asl_value *table_description;
};

/* ---- small things ---- */

static void put_time(struct asl_buffer *out, int64_t ms)
{
    struct tm utc;
    char text[32];
    time_t whole = (time_t)(ms / 1000);
    gmtime_r(&whole, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    asl_buffer_printf(out, "%s.%03dZ", text, (int)(ms % 1000));
}

static asl_value *time_text(int64_t ms)
{
    struct asl_buffer text;
    asl_buffer_init(&text, 64);
    put_time(&text, ms);
    asl_value *v = value_string(asl_buffer_text(&text));
    asl_buffer_free(&text);
    return v;
}

static int64_t time_of(const asl_value *object, const char *name)
{
    const asl_value *v = dynamodb_member(object, name);
    return v ? (int64_t)(value_as_double(v) * 1000 + 0.5) : 0;
}

static bool digest(struct asl_text bytes, unsigned char md5[EVP_MAX_MD_SIZE])
{
    return EVP_Digest(bytes.data, bytes.size, md5, NULL, EVP_md5(), NULL) == 1;
}

static void put_base64(struct asl_buffer *out, const unsigned char md5[16])
{
    unsigned char text[32];
    EVP_EncodeBlock(text, md5, 16);
    asl_buffer_puts(out, (const char *)text);
}

static bool compress_lines(struct asl_text lines, struct asl_buffer *out)
{
    z_stream z = {0};
    if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return false;
    size_t bound = deflateBound(&z, lines.size);
    char *room = asl_buffer_room(out, bound);
    z.next_in = (unsigned char *)(uintptr_t)lines.data;
    z.avail_in = (unsigned)lines.size;
    z.next_out = (unsigned char *)room;
    z.avail_out = (unsigned)bound;
    bool is_done = room && deflate(&z, Z_FINISH) == Z_STREAM_END;
    out->size += is_done ? z.total_out : 0;
    asl_buffer_put(out, "", 0); /* the NUL behind it */
    deflateEnd(&z);
    return is_done;
}

static bool put_object(struct writing *w, struct asl_text key, struct asl_text body)
{
    char why[256];
    if (w->result->failure_code)
        return false;
    if (bucket_put(w->l, w->bucket, key, body, NULL, why))
        return true;
    w->result->failure_code = "S3WriteFailed";
    snprintf(w->result->failure_message, sizeof w->result->failure_message, "%s", why);
    return false;
}

static void put_in_folder(struct writing *w, const char *name, struct asl_text body)
{
    struct asl_buffer key;
    asl_buffer_init(&key, 2048);
    asl_buffer_put_text(&key, asl_buffer_text(&w->folder));
    asl_buffer_putc(&key, '/');
    asl_buffer_puts(&key, name);
    put_object(w, asl_buffer_text(&key), body);
    asl_buffer_free(&key);
}

/* A manifest and its base64 MD5 beside it. */
static void put_manifest(struct writing *w, const char *name, struct asl_text body)
{
    unsigned char md5[EVP_MAX_MD_SIZE];
    struct asl_buffer sum, checksum_name;
    asl_buffer_init(&sum, 64);
    asl_buffer_init(&checksum_name, 64);
    if (digest(body, md5))
        put_base64(&sum, md5);
    asl_buffer_printf(&checksum_name, "%s.md5", name);
    put_in_folder(w, checksum_name.data, asl_buffer_text(&sum));
    asl_buffer_clear(&checksum_name);
    asl_buffer_printf(&checksum_name, "%s.json", name);
    put_in_folder(w, checksum_name.data, body);
    asl_buffer_free(&sum);
    asl_buffer_free(&checksum_name);
}

/* ---- data ---- */

static void add_line(struct writing *w, struct value_list *record)
{
    asl_value *v = value_object_take(record);
    size_t before = w->lines.size;
    value_print(v, &w->lines);
    asl_buffer_putc(&w->lines, '\n');
    w->result->items++;
    w->result->bytes += (int64_t)(w->lines.size - before);
    value_release(v);
}

static void add_item(struct writing *w, struct asl_text text)
{
    struct value_error error;
    struct value_list record;
    asl_value *item = value_parse(text, 0, 0, &error);
    if (!item)
        return;
    value_list_init(&record);
    value_list_set_take(&record, "Item", item);
    add_line(w, &record);
}

/* The table as it was: items that did not change since then as they are, the others as the first
 * change since then found them. */
static void add_full(struct writing *w, int64_t at_ms)
{
    struct database *d = w->l->database;
    sqlite3_stmt *s = database_query(
        d,
        "SELECT item FROM ddb_item i WHERE table_id = ?1 AND NOT EXISTS (SELECT 1 FROM ddb_change "
        "c "
        "WHERE c.table_id = ?1 AND c.hash = i.hash AND c.range = i.range AND c.micros >= ?2) "
        "UNION ALL SELECT old FROM ddb_change c WHERE table_id = ?1 AND micros >= ?2 AND old IS "
        "NOT NULL "
        "AND NOT EXISTS (SELECT 1 FROM ddb_change e WHERE e.table_id = ?1 AND e.hash = c.hash AND "
        "e.range = c.range AND e.micros >= ?2 AND e.micros < c.micros)",
        "ii", w->table, at_ms * 1000);
    while (database_step(d, s))
        add_item(w, database_text(s, 0));
}

static asl_value *keys_of(const struct writing *w, const asl_value *image)
{
    struct value_list list;
    value_list_init(&list);
    for (size_t i = 0; i < w->keys.count; i++) {
        struct asl_text name = w->keys.attributes[i].name;
        value_list_push_member_take(&list, value_string(name),
                                    value_retain(value_get(image, name)));
    }
    return value_object_take(&list);
}

/* One record an item: from what it was before the window to what the window left. Nothing for an
 * item that was neither there before nor after. */
static void add_change(struct writing *w, int64_t micros, const asl_value *old,
                       const asl_value *now)
{
    struct value_list metadata, written, record;
    char text[32];
    if (!old && !now)
        return;
    value_list_init(&metadata);
    value_list_init(&written);
    value_list_init(&record);
    snprintf(text, sizeof text, "%lld", (long long)micros);
    value_list_set_take(&written, "N", value_string_z(text));
    value_list_set_take(&metadata, "WriteTimestampMicros", value_object_take(&written));
    value_list_set_take(&record, "Metadata", value_object_take(&metadata));
    value_list_set_take(&record, "Keys", keys_of(w, now ? now : old));
    if (old && w->with_old)
        value_list_set_take(&record, "OldImage", value_retain(old));
    if (now)
        value_list_set_take(&record, "NewImage", value_retain(now));
    add_line(w, &record);
}

/* SQLite fills a bare column from the row of the one MAX or MIN of its query. */
static void add_incremental(struct writing *w, int64_t from_ms, int64_t to_ms)
{
    struct database *d = w->l->database;
    struct value_error error;
    sqlite3_stmt *s = database_query(
        d,
        "SELECT l.micros, f.old, l.new FROM "
        "(SELECT hash, range, MAX(micros) AS micros, new FROM ddb_change WHERE table_id = ?1 AND "
        "micros >= ?2 AND micros < ?3 GROUP BY hash, range) l JOIN "
        "(SELECT hash, range, MIN(micros) AS micros, old FROM ddb_change WHERE table_id = ?1 AND "
        "micros >= ?2 AND micros < ?3 GROUP BY hash, range) f "
        "ON f.hash = l.hash AND f.range = l.range ORDER BY l.hash, l.range",
        "iii", w->table, from_ms * 1000, to_ms * 1000);
    while (database_step(d, s)) {
        bool has_old = sqlite3_column_type(s, 1) != SQLITE_NULL;
        bool has_new = sqlite3_column_type(s, 2) != SQLITE_NULL;
        asl_value *old = has_old ? value_parse(database_text(s, 1), 0, 0, &error) : NULL;
        asl_value *now = has_new ? value_parse(database_text(s, 2), 0, 0, &error) : NULL;
        add_change(w, sqlite3_column_int64(s, 0), old, now);
        value_release(old);
        value_release(now);
    }
}

/* ---- manifests ---- */

/* A data file's name: random to the eye, but the same for the same export. */
static void put_data_key(struct writing *w, struct asl_text id, struct asl_buffer *out)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned char md5[EVP_MAX_MD_SIZE] = {0};
    digest(dynamodb_text(w->description, "ExportArn"), md5);
    struct asl_text folder = asl_buffer_text(&w->folder);
    if (w->window)
        folder.size -= id.size + 1; /* the folder that incremental exports share */
    asl_buffer_put_text(out, folder);
    asl_buffer_puts(out, "/data/");
    for (size_t i = 0; i < 16; i++) {
        asl_buffer_putc(out, alphabet[md5[i] & 31]);
        if (i % 2)
            asl_buffer_putc(out, alphabet[md5[i] >> 3]);
    }
    asl_buffer_puts(out, ".json.gz");
}

static void write_data(struct writing *w, struct asl_text id)
{
    struct asl_buffer zipped, key, line, sum;
    unsigned char md5[EVP_MAX_MD_SIZE] = {0};
    char etag[40];
    struct value_list file;
    asl_buffer_init(&zipped, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&key, 2048);
    asl_buffer_init(&line, 8192);
    asl_buffer_init(&sum, 64);
    put_data_key(w, id, &key);
    if (!compress_lines(asl_buffer_text(&w->lines), &zipped)) {
        w->result->failure_code = "InternalServerError";
        snprintf(w->result->failure_message, sizeof w->result->failure_message,
                 "the data could not be compressed");
    }
    put_object(w, asl_buffer_text(&key), asl_buffer_text(&zipped));
    digest(asl_buffer_text(&zipped), md5);
    put_base64(&sum, md5);
    for (size_t i = 0; i < 16; i++)
        snprintf(etag + 2 * i, 3, "%02x", md5[i]);
    value_list_init(&file);
    value_list_set_take(&file, "itemCount", value_integer(w->result->items));
    value_list_set_take(&file, "md5Checksum", value_string(asl_buffer_text(&sum)));
    value_list_set_take(&file, "etag", value_string_z(etag));
    value_list_set_take(&file, "dataFileS3Key", value_string(asl_buffer_text(&key)));
    asl_value *v = value_object_take(&file);
    value_print(v, &line);
    asl_buffer_putc(&line, '\n');
    put_manifest(w, "manifest-files", asl_buffer_text(&line));
    value_release(v);
    asl_buffer_free(&zipped);
    asl_buffer_free(&key);
    asl_buffer_free(&line);
    asl_buffer_free(&sum);
}

static asl_value *member_or_null(const asl_value *object, const char *name)
{
    const asl_value *v = dynamodb_member(object, name);
    return v ? value_retain(v) : value_null();
}

static void write_summary(struct writing *w, int64_t end_ms)
{
    struct value_list list;
    struct asl_buffer text, key;
    const asl_value *d = w->description;
    value_list_init(&list);
    asl_buffer_init(&text, 65536);
    asl_buffer_init(&key, 2048);
    asl_buffer_put_text(&key, asl_buffer_text(&w->folder));
    asl_buffer_puts(&key, "/manifest-files.json");
    value_list_set_take(&list, "version", value_string_z(w->window ? "2023-08-01" : "2020-06-30"));
    value_list_set_take(&list, "exportArn", member_or_null(d, "ExportArn"));
    value_list_set_take(&list, "startTime", time_text(time_of(d, "StartTime")));
    value_list_set_take(&list, "endTime", time_text(end_ms));
    value_list_set_take(&list, "tableArn", member_or_null(d, "TableArn"));
    value_list_set_take(&list, "tableId", member_or_null(d, "TableId"));
    if (w->window) {
        value_list_set_take(&list, "exportFromTime",
                            time_text(time_of(w->window, "ExportFromTime")));
        value_list_set_take(&list, "exportToTime", time_text(time_of(w->window, "ExportToTime")));
    } else
        value_list_set_take(&list, "exportTime", time_text(time_of(d, "ExportTime")));
    value_list_set_take(&list, "s3Bucket", member_or_null(d, "S3Bucket"));
    value_list_set_take(&list, "s3Prefix", member_or_null(d, "S3Prefix"));
    value_list_set_take(&list, "s3SseAlgorithm", member_or_null(d, "S3SseAlgorithm"));
    value_list_set_take(&list, "s3SseKmsKeyId", member_or_null(d, "S3SseKmsKeyId"));
    value_list_set_take(&list, "manifestFilesS3Key", value_string(asl_buffer_text(&key)));
    value_list_set_take(&list, "billedSizeBytes", value_integer(w->result->bytes));
    value_list_set_take(&list, "itemCount", value_integer(w->result->items));
    value_list_set_take(&list, "outputFormat", member_or_null(d, "ExportFormat"));
    if (w->window)
        value_list_set_take(&list, "outputView", member_or_null(w->window, "ExportViewType"));
    value_list_set_take(&list, "exportType", member_or_null(d, "ExportType"));
    asl_value *v = value_object_take(&list);
    value_print(v, &text);
    put_manifest(w, "manifest-summary", asl_buffer_text(&text));
    value_release(v);
    asl_buffer_free(&text);
    asl_buffer_free(&key);
}

/* ---- all together ---- */

/* The table may be gone: its keys then come from what the log says (nothing), and the export holds
 * nothing. */
static void read_table(struct writing *w)
{
    struct value_error error;
    sqlite3_stmt *s = database_query(
        w->l->database, "SELECT description FROM ddb_table WHERE id = ?", "i", w->table);
    while (database_step(w->l->database, s))
        w->table_description = value_parse(database_text(s, 0), 0, 0, &error);
    if (w->table_description)
        w->keys = dynamodb_read_keys(w->table_description,
                                     value_get_z(w->table_description, "KeySchema"));
}

static void write_all(struct writing *w, struct asl_text id, int64_t end_ms)
{
    put_in_folder(w, "_started", ASL_TEXT(""));
    read_table(w);
    if (w->window)
        add_incremental(w, time_of(w->window, "ExportFromTime"),
                        time_of(w->window, "ExportToTime"));
    else
        add_full(w, time_of(w->description, "ExportTime"));
    write_data(w, id);
    write_summary(w, end_ms);
    snprintf(w->result->manifest, sizeof w->result->manifest, "%.*s/manifest-summary.json",
             ASL_TEXT_ARGS(asl_buffer_text(&w->folder)));
}

void export_write_files(struct local *l, int64_t table, const asl_value *description,
                        int64_t end_ms, struct export_result *result)
{
    struct writing w = {.l = l, .table = table, .description = description, .result = result};
    struct asl_text arn = dynamodb_text(description, "ExportArn"), id = arn;
    struct asl_text prefix = dynamodb_text(description, "S3Prefix");
    for (size_t i = 0; i < arn.size; i++)
        if (arn.data[i] == '/')
            id = (struct asl_text){arn.data + i + 1, arn.size - i - 1};
    w.bucket = dynamodb_text(description, "S3Bucket");
    w.window = dynamodb_member(description, "IncrementalExportSpecification");
    w.with_old = w.window && dynamodb_is(w.window, "ExportViewType", "NEW_AND_OLD_IMAGES");
    asl_buffer_init(&w.folder, 2048);
    asl_buffer_init(&w.lines, ASL_BUFFER_MAXIMUM);
    if (prefix.size)
        asl_buffer_printf(&w.folder, "%.*s/", ASL_TEXT_ARGS(prefix));
    asl_buffer_printf(&w.folder, "AWSDynamoDB/%.*s", ASL_TEXT_ARGS(id));
    if (bucket_exists(l, w.bucket))
        write_all(&w, id, end_ms);
    else {
        result->failure_code = "S3NoSuchBucket";
        snprintf(result->failure_message, sizeof result->failure_message,
                 "The specified bucket does not exist");
    }
    asl_buffer_free(&w.folder);
    asl_buffer_free(&w.lines);
    value_release(w.table_description);
}

/* Files and folders of the S3 stand-in. */
#include "bucket.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PATH_BYTES   4096
#define FOLDERS_DEEP 512 /* parts of the longest key; a bound for the walk */

static void put_root(const struct local *l, struct asl_text bucket, struct asl_buffer *path)
{
    asl_buffer_init(path, 3 * PATH_BYTES);
    asl_buffer_printf(path, "%s/s3/%.*s", l->directory, ASL_TEXT_ARGS(bucket));
}

static bool explain(char why[256], const char *what, const char *path)
{
    snprintf(why, 256, "%s %.150s: %s", what, path, strerror(errno));
    return false;
}

void object_free(struct object *o)
{
    free(o->path);
    value_release(o->headers);
    *o = (struct object){0};
}

/* ---- buckets ---- */

bool bucket_name_is_valid(struct asl_text name)
{
    if (name.size < 3 || name.size > 63)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        bool is_edge = i == 0 || i + 1 == name.size;
        if (!is_plain && (is_edge || (c != '-' && c != '.')))
            return false;
        if (c == '.' && name.data[i - 1] == '.')
            return false;
    }
    return true;
}

bool bucket_exists(const struct local *l, struct asl_text name)
{
    struct stat st;
    struct asl_buffer root;
    if (!bucket_name_is_valid(name))
        return false;
    put_root(l, name, &root);
    bool exists = stat(root.data, &st) == 0 && S_ISDIR(st.st_mode);
    asl_buffer_free(&root);
    return exists;
}

static bool sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_done = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return is_done;
}

bool bucket_create(struct local *l, struct asl_text name, const char *region, char why[256])
{
    struct asl_buffer root, above;
    put_root(l, name, &root);
    put_root(l, ASL_TEXT(""), &above);
    bool is_done = mkdir(root.data, 0700) == 0 || errno == EEXIST;
    is_done = (is_done && sync_folder(above.data)) || explain(why, "cannot make", root.data);
    asl_buffer_free(&root);
    asl_buffer_free(&above);
    if (is_done)
        database_run(l->database, "INSERT OR IGNORE INTO s3_bucket VALUES(?, ?, ?)", "tiz", name,
                     local_now(l), region);
    return is_done;
}

bool bucket_delete(struct local *l, struct asl_text name, char why[256])
{
    struct asl_buffer root;
    why[0] = '\0';
    put_root(l, name, &root);
    bool is_done = rmdir(root.data) == 0;
    if (!is_done && errno != ENOTEMPTY && errno != EEXIST)
        explain(why, "cannot remove", root.data);
    asl_buffer_free(&root);
    if (is_done) {
        database_run(l->database, "DELETE FROM s3_bucket WHERE name = ?", "t", name);
        database_run(l->database, "DELETE FROM s3_object WHERE bucket = ?", "t", name);
    }
    return is_done;
}

int64_t bucket_created(struct local *l, struct asl_text name)
{
    int64_t created = 0;
    sqlite3_stmt *s =
        database_query(l->database, "SELECT created FROM s3_bucket WHERE name = ?", "t", name);
    while (database_step(l->database, s))
        created = sqlite3_column_int64(s, 0);
    return created; /* a folder made by hand: 1970 */
}

void bucket_region(struct local *l, struct asl_text name, char out[REGION_BYTES])
{
    memcpy(out, l->region, REGION_BYTES);
    sqlite3_stmt *s =
        database_query(l->database, "SELECT region FROM s3_bucket WHERE name = ?", "t", name);
    while (database_step(l->database, s))
        snprintf(out, REGION_BYTES, "%.*s", ASL_TEXT_ARGS(database_text(s, 0)));
}

static int compare_strings(const void *a, const void *b)
{
    return asl_text_compare(value_as_text(*(asl_value *const *)a),
                            value_as_text(*(asl_value *const *)b));
}

static asl_value *sorted_take(struct value_list *list)
{
    if (list->count)
        qsort(list->items, list->count, sizeof *list->items, compare_strings);
    return value_array_take(list);
}

asl_value *bucket_list(struct local *l)
{
    struct asl_buffer above;
    struct value_list names;
    value_list_init(&names);
    put_root(l, ASL_TEXT(""), &above);
    DIR *folder = opendir(above.data);
    for (struct dirent *e; folder && (e = readdir(folder));)
        if (bucket_exists(l, asl_text(e->d_name)))
            value_list_push_take(&names, value_string_z(e->d_name));
    if (folder)
        closedir(folder);
    asl_buffer_free(&above);
    return sorted_take(&names);
}

/* ---- putting ---- */

/* A path of this key whose file exists, or where it would be. */
static bool find_path(const struct local *l, struct asl_text bucket, struct asl_text key,
                      struct asl_buffer *path, struct stat *st)
{
    put_root(l, bucket, path);
    asl_buffer_putc(path, '/');
    if (!key_to_path(key, path))
        return false;
    if (lstat(path->data, st) == 0 && S_ISREG(st->st_mode))
        return true;
    bool is_folder = errno != ENOTDIR && lstat(path->data, st) == 0 && S_ISDIR(st->st_mode);
    asl_buffer_putc(path, '%');
    if (lstat(path->data, st) == 0 && S_ISREG(st->st_mode))
        return true;
    if (!is_folder)
        path->data[--path->size] = '\0';
    st->st_size = -1; /* there is none yet */
    return true;
}

/* Makes the folders above a path. A file that stands in the way is an object whose key another one
 * begins with: it moves to its second place. */
static bool make_folders(struct asl_buffer *path, size_t root_size, char why[256])
{
    for (size_t i = root_size + 1; i < path->size; i++) {
        if (path->data[i] != '/')
            continue;
        path->data[i] = '\0';
        struct stat st;
        bool is_done = true;
        if (lstat(path->data, &st) == 0 && S_ISREG(st.st_mode)) {
            char aside[3 * PATH_BYTES + 2];
            snprintf(aside, sizeof aside, "%s%%", path->data);
            is_done = rename(path->data, aside) == 0;
        }
        is_done = is_done && (mkdir(path->data, 0700) == 0 || errno == EEXIST);
        if (!is_done)
            explain(why, "cannot make", path->data);
        path->data[i] = '/';
        if (!is_done)
            return false;
    }
    return true;
}

static bool write_file(const char *path, struct asl_text body)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    size_t done = 0;
    while (done < body.size) {
        ssize_t n = write(fd, body.data + done, body.size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    bool is_done = done == body.size && fsync(fd) == 0;
    return close(fd) == 0 && is_done;
}

/* Written under another name, synced, and renamed: a reader sees the old object or the new one. */
static bool replace_file(const struct local *l, const char *path, struct asl_text body,
                         char why[256])
{
    char letters[17];
    struct asl_buffer temporary, folder;
    local_random(letters, sizeof letters, "abcdefghijklmnopqrstuvwxyz");
    put_root(l, ASL_TEXT(".new-"), &temporary);
    asl_buffer_puts(&temporary, letters);
    asl_buffer_init(&folder, 3 * PATH_BYTES);
    asl_buffer_put(&folder, path, (size_t)(strrchr(path, '/') - path));
    bool is_done = write_file(temporary.data, body) && rename(temporary.data, path) == 0 &&
                   sync_folder(folder.data);
    if (!is_done) {
        explain(why, "cannot write", path);
        unlink(temporary.data);
    }
    asl_buffer_free(&temporary);
    asl_buffer_free(&folder);
    return is_done;
}

void bucket_sweep(struct local *l)
{
    struct asl_buffer path;
    struct stat st;
    put_root(l, ASL_TEXT(""), &path);
    DIR *folder = opendir(path.data);
    size_t size = path.size;
    for (struct dirent *e; folder && (e = readdir(folder));) {
        if (strncmp(e->d_name, ".new-", 5) != 0)
            continue;
        asl_buffer_puts(&path, e->d_name);
        /* File times are the real clock's; a younger one may be another process's put on its way.
         */
        if (lstat(path.data, &st) == 0 && time(NULL) - st.st_mtime > 3600)
            unlink(path.data);
        path.size = size;
        path.data[size] = '\0';
    }
    if (folder)
        closedir(folder);
    asl_buffer_free(&path);
}

static void put_md5(struct asl_text body, char etag[40])
{
    unsigned char md5[EVP_MAX_MD_SIZE] = {0};
    EVP_Digest(body.data ? body.data : "", body.size, md5, NULL, EVP_md5(), NULL);
    for (size_t i = 0; i < 16; i++)
        snprintf(etag + 2 * i, 3, "%02x", md5[i]);
}

static int64_t stamp_of(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

static void remember(struct local *l, struct asl_text bucket, struct asl_text key,
                     const struct stat *st, const char *etag, int64_t modified,
                     const asl_value *headers)
{
    struct asl_buffer text;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    if (headers)
        value_print(headers, &text);
    else
        asl_buffer_puts(&text, "{}");
    database_run(l->database, "INSERT OR REPLACE INTO s3_object VALUES(?, ?, ?, ?, ?, ?, ?)",
                 "tbziiit", bucket, key, etag, (int64_t)st->st_size, modified, stamp_of(st),
                 asl_buffer_text(&text));
    asl_buffer_free(&text);
}

bool bucket_put(struct local *l, struct asl_text bucket, struct asl_text key, struct asl_text body,
                const asl_value *headers, char why[256])
{
    struct asl_buffer path;
    struct stat st;
    char etag[40];
    size_t root_size = strlen(l->directory) + 4 + bucket.size;
    bool is_done = find_path(l, bucket, key, &path, &st);
    if (!is_done)
        snprintf(why, 256, "the key is empty, too long or no UTF-8");
    is_done = is_done && make_folders(&path, root_size, why) &&
              replace_file(l, path.data, body, why) &&
              (lstat(path.data, &st) == 0 || explain(why, "cannot read", path.data));
    if (is_done) {
        put_md5(body, etag);
        remember(l, bucket, key, &st, etag, local_now(l), headers);
    }
    asl_buffer_free(&path);
    return is_done;
}

/* ---- finding ---- */

static bool recall(struct local *l, struct asl_text bucket, struct asl_text key,
                   const struct stat *st, struct object *o)
{
    struct value_error error;
    sqlite3_stmt *s = database_query(l->database,
                                     "SELECT etag, modified, headers, size, stamp FROM "
                                     "s3_object WHERE bucket = ? AND key = ?",
                                     "tb", bucket, key);
    while (database_step(l->database, s)) {
        if (o->headers || sqlite3_column_int64(s, 3) != st->st_size ||
            sqlite3_column_int64(s, 4) != stamp_of(st))
            continue;
        snprintf(o->etag, sizeof o->etag, "%.*s", ASL_TEXT_ARGS(database_text(s, 0)));
        o->modified = sqlite3_column_int64(s, 1);
        o->headers = value_parse(database_text(s, 2), 0, 0, &error);
    }
    return o->headers != NULL;
}

bool object_read(const struct object *o, int64_t offset, int64_t size, struct asl_buffer *out)
{
    int fd = open(o->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char *room = fd >= 0 ? asl_buffer_room(out, (size_t)size) : NULL;
    int64_t done = 0;
    while (room && done < size) {
        ssize_t n = pread(fd, room + done, (size_t)(size - done), offset + done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        done += n;
    }
    out->size += room ? (size_t)done : 0;
    asl_buffer_put(out, "", 0); /* the NUL behind it */
    if (fd >= 0)
        close(fd);
    return room && done == size;
}

/* A file put there by hand, or changed: what it is like is worked out once. */
static bool study(struct local *l, struct asl_text bucket, struct asl_text key,
                  const struct stat *st, struct object *o)
{
    struct asl_buffer body;
    asl_buffer_init(&body, ASL_BUFFER_MAXIMUM);
    bool is_read = object_read(o, 0, o->size, &body);
    if (is_read) {
        put_md5(asl_buffer_text(&body), o->etag);
        o->modified = stamp_of(st) / 1000000;
        o->headers = value_empty_object();
        remember(l, bucket, key, st, o->etag, o->modified, o->headers);
    }
    asl_buffer_free(&body);
    return is_read;
}

bool bucket_find(struct local *l, struct asl_text bucket, struct asl_text key, struct object *o)
{
    struct asl_buffer path;
    struct stat st;
    *o = (struct object){0};
    bool is_found = find_path(l, bucket, key, &path, &st) && st.st_size >= 0;
    if (is_found) {
        o->path = asl_buffer_take(&path, NULL);
        o->size = st.st_size;
        is_found = recall(l, bucket, key, &st, o) || study(l, bucket, key, &st, o);
    }
    asl_buffer_free(&path);
    if (!is_found)
        object_free(o);
    return is_found;
}

bool bucket_remove(struct local *l, struct asl_text bucket, struct asl_text key, char why[256])
{
    struct asl_buffer path;
    struct stat st;
    bool is_done = true;
    if (find_path(l, bucket, key, &path, &st) && st.st_size >= 0)
        is_done =
            unlink(path.data) == 0 || errno == ENOENT || explain(why, "cannot remove", path.data);
    size_t root_size = strlen(l->directory) + 4 + bucket.size;
    /* Folders that are empty now go too, for S3 has none. */
    for (char *slash; is_done && path.size && (slash = strrchr(path.data, '/')) &&
                      (size_t)(slash - path.data) > root_size;) {
        *slash = '\0';
        if (rmdir(path.data) != 0)
            break;
    }
    asl_buffer_free(&path);
    if (is_done)
        database_run(l->database, "DELETE FROM s3_object WHERE bucket = ? AND key = ?", "tb",
                     bucket, key);
    return is_done;
}

/* ---- listing ---- */

struct walk {
    struct value_list keys;
    struct asl_text prefix;
    size_t root_size;
};

static void add_key(struct walk *w, const struct asl_buffer *path)
{
    struct asl_buffer key;
    asl_buffer_init(&key, 3 * PATH_BYTES);
    path_to_key((struct asl_text){path->data + w->root_size + 1, path->size - w->root_size - 1},
                &key);
    struct asl_text text = asl_buffer_text(&key);
    bool matches = text.size >= w->prefix.size &&
                   (w->prefix.size == 0 || memcmp(text.data, w->prefix.data, w->prefix.size) == 0);
    if (matches && value_utf8_valid(text))
        value_list_push_take(&w->keys, value_string(text));
    asl_buffer_free(&key);
}

static void walk(struct walk *w, struct asl_buffer *path, size_t depth)
{
    DIR *folder = depth < FOLDERS_DEEP ? opendir(path->data) : NULL;
    size_t size = path->size;
    for (struct dirent *e; folder && (e = readdir(folder));) {
        struct stat st;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        asl_buffer_putc(path, '/');
        asl_buffer_puts(path, e->d_name);
        if (!path->full && lstat(path->data, &st) == 0) {
            if (S_ISDIR(st.st_mode))
                walk(w, path, depth + 1);
            else if (S_ISREG(st.st_mode))
                add_key(w, path);
        }
        path->full = false;
        path->size = size;
        path->data[size] = '\0';
    }
    if (folder)
        closedir(folder);
}

asl_value *bucket_keys(struct local *l, struct asl_text bucket, struct asl_text prefix)
{
    struct asl_buffer path;
    struct walk w = {.prefix = prefix};
    value_list_init(&w.keys);
    put_root(l, bucket, &path);
    w.root_size = path.size;
    walk(&w, &path, 0);
    asl_buffer_free(&path);
    return sorted_take(&w.keys);
}

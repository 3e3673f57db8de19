/* The way into a database: take the lease, see whose file it is, bring it up to date.
 *
 * Order matters. The lease comes first, because nothing may touch a file that another process owns
 * (and because closing any descriptor of a database drops SQLite's own POSIX locks on it, should
 * this process have it open). Nothing is written before the file is known to be empty or ours: a
 * foreign file stays as it was, to the byte.
 *
 * The lease is flock() on `<file>-lease`, which holds the owner's pid. The kernel gives it up when
 * the process ends, however it ends; the file is removed on close. Whoever gets the lock makes sure
 * that the file he locked is still the one of that name.
 */
#include "internal.h"
#include "wal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Bounds what the page cache may hold; a process that does little uses little of it. */
#define CACHE_KIB        "24576"
#define READER_CACHE_KIB "8192"
/* A WAL left larger than this by a burst is cut back. */
#define WAL_LIMIT_BYTES "134217728"

/* A reader, or SQLite's shell, may hold a lock for a moment. */
enum { BUSY_MS = 5000 };

/* ---- failure in words ---- */

struct fault {
    enum store_status status;
    const char *what, *todo;
};

static const struct fault faults[] = {
    {STORE_NOT_FOUND, "there is no such file or folder", "check --db, or run a workflow first"},
    {STORE_CONFLICT, "a name is taken", "choose another name"},
    {STORE_BUSY, "another program is using it", "stop that program, or use another --db"},
    {STORE_FULL, "the disk is full; nothing was written", "free some space"},
    {STORE_READ_ONLY, "it may not be written",
     "allow writing to the file and its folder, or use another --db"},
    {STORE_FOREIGN, "it is not a Stepwell database, and was left as it is", "use another --db"},
    {STORE_DAMAGED, "the database is damaged or cut off",
     "keep a copy of it, then restore a backup or use another --db"},
    {STORE_BROKEN, "the disk failed", "see the system log, check the disk, then start again"},
};

static const struct fault *fault_of(enum store_status status)
{
    size_t i = 0;
    while (i + 1 < sizeof faults / sizeof *faults && faults[i].status != status)
        i++;
    return &faults[i];
}

enum store_status store_status_of(int result)
{
    switch (result & 0xFF) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return STORE_OK;
    case SQLITE_CONSTRAINT:
        return STORE_CONFLICT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return STORE_BUSY;
    case SQLITE_FULL:
        return STORE_FULL;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
        return STORE_READ_ONLY;
    case SQLITE_NOTADB:
        return STORE_FOREIGN;
    case SQLITE_CORRUPT:
    case SQLITE_FORMAT:
    case SQLITE_ERROR: /* a table or column is missing: a schema that is not what it says */
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
        return STORE_DAMAGED;
    case SQLITE_IOERR:
        /* The WAL's index is a file too, and cannot grow on a full disk; nothing was synced yet. */
        if (result == SQLITE_IOERR_SHMSIZE)
            return STORE_FULL;
        return result == SQLITE_IOERR_SHORT_READ ? STORE_DAMAGED : STORE_BROKEN;
    default:
        return STORE_BROKEN;
    }
}

/* `detail` is somebody else's words, or NULL. */
static enum store_status explain(const char *path, struct store_error *error,
                                 enum store_status status, const char *doing, const char *detail)
{
    const struct fault *fault = fault_of(status);
    error->status = status;
    snprintf(error->message, sizeof error->message, "%s %s: %s%s%s%s; %s", doing, path, fault->what,
             detail ? " (" : "", detail ? detail : "", detail ? ")" : "", fault->todo);
    return status;
}

enum store_status store_fail(const struct store *s, sqlite3 *db, struct store_error *error,
                             int result, const char *doing)
{
    return explain(s->path, error, store_status_of(result), doing, db ? sqlite3_errmsg(db) : NULL);
}

static enum store_status status_of_errno(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return STORE_NOT_FOUND;
    case ENOSPC:
    case EDQUOT:
        return STORE_FULL;
    case EACCES:
    case EPERM:
    case EROFS:
        return STORE_READ_ONLY;
    case EISDIR:
        return STORE_FOREIGN;
    default:
        return STORE_BROKEN;
    }
}

static bool fail_errno(const char *path, struct store_error *error, const char *doing)
{
    int number = errno;
    explain(path, error, status_of_errno(number), doing, strerror(number));
    return false;
}

/* ---- the lease ---- */

static char *lease_path(const char *path)
{
    size_t size = strlen(path);
    char *lease = store_memory(NULL, size + sizeof "-lease");
    memcpy(lease, path, size);
    memcpy(lease + size, "-lease", sizeof "-lease");
    return lease;
}

static void name_the_owner(const char *path, int fd, struct store_error *error)
{
    char pid[32] = "", detail[64] = "";
    ssize_t got = pread(fd, pid, sizeof pid - 1, 0);
    long number = got > 0 ? strtol(pid, NULL, 10) : 0;
    if (number > 0)
        snprintf(detail, sizeof detail, "process %ld", number);
    explain(path, error, STORE_BUSY, "opening", number > 0 ? detail : NULL);
}

static bool is_still_named(int fd, const char *lease)
{
    struct stat ours, named;
    return fstat(fd, &ours) == 0 && stat(lease, &named) == 0 && ours.st_ino == named.st_ino &&
           ours.st_dev == named.st_dev;
}

static bool take_lease(struct store *s, struct store_error *error)
{
    char *lease = lease_path(s->path);
    bool taken = false;
    for (;;) {
        int fd = open(lease, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0) {
            fail_errno(s->path, error, "opening");
            break;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            name_the_owner(s->path, fd, error);
            close(fd);
            break;
        }
        if (!is_still_named(fd, lease)) { /* its owner removed it a moment ago */
            close(fd);
            continue;
        }
        char pid[32];
        int size = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
        /* The pid is for people; the lock holds without it (a full disk, say). */
        if (ftruncate(fd, 0) == 0 && pwrite(fd, pid, (size_t)size, 0) != size)
            errno = 0;
        s->lease = fd;
        taken = true;
        break;
    }
    free(lease);
    return taken;
}

static void give_up_lease(struct store *s)
{
    if (s->lease < 0)
        return;
    char *lease = lease_path(s->path);
    unlink(lease);
    free(lease);
    close(s->lease);
    s->lease = -1;
}

/* ---- the file ---- */

/* Creates it, or looks whether it can be ours at all. */
static bool prepare_file(const char *path, struct store_error *error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(path, error, "opening");
    bool fine = false;
    struct stat about;
    char head[16];
    ssize_t got = 0;
    if (fstat(fd, &about) != 0) {
        fail_errno(path, error, "opening");
    } else if (!S_ISREG(about.st_mode)) {
        explain(path, error, STORE_FOREIGN, "opening", "not a regular file");
    } else if ((got = pread(fd, head, sizeof head, 0)) < 0) {
        fail_errno(path, error, "opening");
    } else if (got > 0 && (got < 16 || memcmp(head, "SQLite format 3", 16) != 0)) {
        explain(path, error, STORE_FOREIGN, "opening", NULL);
    } else if ((about.st_mode & 077) != 0 && fchmod(fd, 0600) != 0) {
        fail_errno(path, error, "closing to others");
    } else {
        fine = true;
    }
    close(fd);
    return fine;
}

/* ---- the connection ---- */

static int number_of(sqlite3 *db, const char *sql, int64_t *number)
{
    sqlite3_stmt *statement;
    int result = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (result == SQLITE_OK) {
        result = sqlite3_step(statement);
        *number = result == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    }
    int finished = sqlite3_finalize(statement);
    return finished != SQLITE_OK ? finished : result == SQLITE_ROW ? SQLITE_OK : result;
}

/* True when it is empty (*version 0) or ours and not newer. Writes nothing. */
static bool is_ours(struct store *s, int64_t *version, struct store_error *error)
{
    int64_t application = 0, tables = 0;
    int result = number_of(s->db, "SELECT count(*) FROM sqlite_schema", &tables);
    if (result == SQLITE_OK)
        result = number_of(s->db, "PRAGMA application_id", &application);
    if (result == SQLITE_OK)
        result = number_of(s->db, "PRAGMA user_version", version);
    if (result != SQLITE_OK) {
        store_fail(s, s->db, error, result, "opening");
        return false;
    }
    if (tables == 0 && application == 0 && *version == 0)
        return true;
    if (application != SCHEMA_APPLICATION_ID) {
        explain(s->path, error, STORE_FOREIGN, "opening", NULL);
        return false;
    }
    if (*version > schema_version) {
        char detail[96];
        snprintf(detail, sizeof detail,
                 "schema %lld, this program knows %d: written by a newer one", (long long)*version,
                 schema_version);
        explain(s->path, error, STORE_FOREIGN, "opening", detail);
        return false;
    }
    return true;
}

static int migrate_to(sqlite3 *db, const struct schema_migration *migration)
{
    char head[128];
    sqlite3_snprintf(sizeof head, head, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
                     SCHEMA_APPLICATION_ID, migration->version);
    int result = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_exec(db, migration->sql, NULL, NULL, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_exec(db, head, NULL, NULL, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    if (result != SQLITE_OK && !sqlite3_get_autocommit(db)) {
        /* The first failure is the one to tell; what could not be rolled back, recovery does. */
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    }
    return result;
}

static bool migrate(struct store *s, int64_t version, struct store_error *error)
{
    for (const struct schema_migration *m = schema_migrations; m->sql; m++) {
        if (m->version <= version)
            continue;
        int result = migrate_to(s->db, m);
        if (result != SQLITE_OK) {
            store_fail(s, s->db, error, result, "preparing");
            return false;
        }
    }
    return true;
}

static int count_frames(void *state, sqlite3 *db, const char *name, int frames)
{
    (void)db, (void)name;
    ((struct store *)state)->wal_frames = frames;
    return SQLITE_OK;
}

static bool configure(struct store *s, struct store_error *error)
{
    static const char settings[] =
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -" CACHE_KIB ";"
        "PRAGMA journal_size_limit = " WAL_LIMIT_BYTES "; PRAGMA temp_store = MEMORY;"
        "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;";
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    int result = sqlite3_exec(s->db, settings, NULL, NULL, NULL);
    if (result != SQLITE_OK) {
        store_fail(s, s->db, error, result, "opening");
        return false;
    }
    /* Checkpoints are commit.c's: SQLite's own would swallow their errors. */
    sqlite3_wal_hook(s->db, count_frames, s);
    return true;
}

static bool connect_with(struct store *s, sqlite3 **db, const char *name, int flags,
                         const char *vfs, struct store_error *error)
{
    int result =
        sqlite3_open_v2(name, db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs);
    if (result != SQLITE_OK) {
        store_fail(s, *db, error, result, "opening");
        return false;
    }
    sqlite3_busy_timeout(*db, BUSY_MS);
    return true;
}

static bool connect_to(struct store *s, sqlite3 **db, const char *name, int flags,
                       struct store_error *error)
{
    return connect_with(s, db, name, flags, NULL, error);
}

static bool read_next_ids(struct store *s, struct store_error *error)
{
    int64_t execution = 0, machine = 0;
    int result = number_of(s->db, schema_sql[SQL_MAX_EXECUTION], &execution);
    if (result == SQLITE_OK)
        result = number_of(s->db, schema_sql[SQL_MAX_MACHINE], &machine);
    s->next_execution = execution + 1;
    s->next_machine = machine + 1;
    if (result != SQLITE_OK)
        store_fail(s, s->db, error, result, "opening");
    return result == SQLITE_OK;
}

/* ---- public ---- */

/* A second connection, to read with while a commit is under way; a small cache, for each commit
 * makes it read anew. */
static bool open_reading(struct store *s, struct store_error *error)
{
    static const char settings[] =
        "PRAGMA query_only = ON; PRAGMA cache_size = -" READER_CACHE_KIB ";"
        "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;";
    if (!connect_to(s, &s->reader, s->path, SQLITE_OPEN_READWRITE, error))
        return false;
    int result = sqlite3_exec(s->reader, settings, NULL, NULL, NULL);
    if (result != SQLITE_OK)
        store_fail(s, s->reader, error, result, "opening");
    return result == SQLITE_OK;
}

static struct store *allocate(const char *path)
{
    struct store *s = store_memory(NULL, sizeof *s);
    *s = (struct store){.lease = -1};
    /* One file, one lease, by whatever name or link it is reached. */
    s->path = realpath(path, NULL);
    if (!s->path) {
        s->path = store_memory(NULL, strlen(path) + 1);
        memcpy(s->path, path, strlen(path) + 1);
    }
    return s;
}

struct store *store_open(const char *path, struct store_error *error)
{
    bool in_memory = strcmp(path, ":memory:") == 0;
    struct store *s = allocate(path);
    int64_t version = 0;
    *error = (struct store_error){0};
    if (!in_memory && (!take_lease(s, error) || !prepare_file(s->path, error)))
        goto refused;
    if (!connect_with(s, &s->db, s->path, SQLITE_OPEN_READWRITE, wal_file_vfs(), error) ||
        !is_ours(s, &version, error))
        goto refused;
    if (sqlite3_db_readonly(s->db, "main") == 1) {
        explain(s->path, error, STORE_READ_ONLY, "opening", NULL);
        goto refused;
    }
    if (!configure(s, error) || !migrate(s, version, error) || !read_next_ids(s, error))
        goto refused;
    if (!in_memory && !open_reading(s, error))
        goto refused;
    return s;
refused:
    store_close(s);
    return NULL;
}

/* A folder that may not be written holds no WAL that anybody could add to: such a file is read as
 * it lies. */
static char *immutable_name(const char *path)
{
    char *name = sqlite3_mprintf("%s-wal", path);
    bool has_wal = name && access(name, F_OK) == 0;
    sqlite3_free(name);
    if (has_wal)
        return NULL;
    sqlite3_str *uri = sqlite3_str_new(NULL);
    sqlite3_str_appendall(uri, "file:");
    for (const unsigned char *c = (const unsigned char *)path; *c; c++) {
        if (*c == '%' || *c == '?' || *c == '#' || *c < 0x21)
            sqlite3_str_appendf(uri, "%%%02X", *c);
        else
            sqlite3_str_appendchar(uri, 1, (char)*c);
    }
    sqlite3_str_appendall(uri, "?immutable=1");
    return sqlite3_str_finish(uri);
}

struct store *store_open_reader(const char *path, struct store_error *error)
{
    struct store *s = allocate(path);
    int64_t version = 0;
    *error = (struct store_error){0};
    if (access(s->path, R_OK) != 0) {
        fail_errno(s->path, error, "reading");
        goto refused;
    }
    if (connect_to(s, &s->db, s->path, SQLITE_OPEN_READONLY, error) && is_ours(s, &version, error))
        goto opened;
    if (error->status == STORE_READ_ONLY) {
        sqlite3_close(s->db);
        s->db = NULL;
        char *name = immutable_name(s->path);
        bool fine = name &&
                    connect_to(s, &s->db, name, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, error) &&
                    is_ours(s, &version, error);
        sqlite3_free(name);
        if (fine)
            goto opened;
    }
refused:
    store_close(s);
    return NULL;
opened:
    if (version == 0) {
        explain(s->path, error, STORE_NOT_FOUND, "reading", "an empty file");
        goto refused;
    }
    *error = (struct store_error){0};
    return s;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    store_checkpoint_end(s);
    for (size_t i = 0; i < SQL_LAST; i++)
        sqlite3_finalize(s->statements[i]);
    sqlite3_close(s->reader);
    sqlite3_close(s->db);
    give_up_lease(s);
    store_forget(s);
    free(s->path);
    free(s);
}

bool store_reads_beside_commits(const struct store *s)
{
    return s->reader != NULL;
}

const char *store_path(const struct store *s)
{
    return s->path;
}

const struct store_error *store_last_error(const struct store *s)
{
    return &s->error;
}

int64_t store_next_execution_id(struct store *s)
{
    return s->next_execution++;
}

int64_t store_next_machine_id(struct store *s)
{
    return s->next_machine++;
}

sqlite3_stmt *store_statement(struct store *s, enum sql which)
{
    sqlite3_stmt **statement = &s->statements[which];
    sqlite3 *db = which >= SQL_FIRST_READ && s->reader ? s->reader : s->db;
    if (!*statement)
        sqlite3_prepare_v3(db, schema_sql[which], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
    return *statement;
}

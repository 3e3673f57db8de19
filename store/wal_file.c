/* See wal_file.h.
 *
 * Invariants
 *   - Between two transactions nothing is gathered: SQLite tells other connections of a commit
 *     behind xSync only, and they read the file.
 *   - xSync gives SQLITE_OK only when all that was written since the last one is durable; the first
 *     one syncs the whole file, for whoever was killed before may have left more than was synced.
 *   - What is gathered is one piece without a gap. A write elsewhere, a read, a truncation writes
 *     it first (not yet durably): rare, when a transaction outgrows SQLite's cache.
 *   - After a failure what was gathered is forgotten: SQLite rolls the transaction back, and writes
 *     the next one over the same place.
 *
 * Growing. A write that makes a file longer syncs its inode as well: another write, and a wait. So
 * a WAL that has passed GROW_FROM is made longer by GROW of zeros at a time; SQLite's recovery ends
 * at the first frame whose checksum is wrong, and a frame of zeros is that.
 */
#include "wal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define GATHERED_MAXIMUM ((size_t)4 << 20)
#define GROW_FROM        (256 << 10)
/* each time a write, a wait and an inode: few times; and a millisecond at most */
#define GROW   (1 << 20)
#define SUFFIX "-wal"

struct wal_file {
    sqlite3_file base;
    int fd;
    int folder; /* to be synced once, when the file was made here; -1: not */
    char *data; /* gathered */
    size_t size, capacity;
    off_t at;         /* where it goes */
    off_t allocated;  /* bytes of the file that are durably its own */
    bool is_unsynced; /* something was written, but not durably */
};

/* ---- the disk ---- */

static int write_some(int fd, const struct iovec *piece, off_t at, bool durably, ssize_t *written)
{
    *written = -1;
    if (durably) {
        *written = pwritev2(fd, piece, 1, at, RWF_DSYNC);
        if (*written >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL))
            return *written < 0 ? errno : 0;
    }
    *written = pwrite(fd, piece->iov_base, piece->iov_len, at);
    if (*written < 0 || (durably && fdatasync(fd) != 0))
        return errno;
    return 0;
}

static int write_all(int fd, const void *data, size_t size, off_t at, bool durably)
{
    while (size) {
        ssize_t written;
        struct iovec piece = {(void *)(uintptr_t)data, size};
        int failure = write_some(fd, &piece, at, durably, &written);
        if (failure && failure != EINTR)
            return failure;
        if (failure)
            continue;
        data = (const char *)data + written;
        at += written;
        size -= (size_t)written;
    }
    return 0;
}

static int sync_all(int fd)
{
    return fdatasync(fd) == 0 ? 0 : errno;
}

struct wal_file_calls wal_file_calls = {write_all, sync_all};

static int result_of(int failure, int otherwise)
{
    if (failure == 0)
        return SQLITE_OK;
    return failure == ENOSPC || failure == EDQUOT ? SQLITE_FULL : otherwise;
}

/* ---- gathering ---- */

static struct wal_file *of(sqlite3_file *f)
{
    return (struct wal_file *)f;
}

static int write_gathered(struct wal_file *w, bool durably)
{
    size_t size = w->size;
    w->size = 0; /* also when it fails */
    if (size == 0)
        return 0;
    if (!durably)
        w->is_unsynced = true;
    return wal_file_calls.write(w->fd, w->data, size, w->at, durably);
}

static int put_aside(struct wal_file *w)
{
    return result_of(write_gathered(w, false), SQLITE_IOERR_WRITE);
}

static bool has_room(struct wal_file *w, size_t size)
{
    if (w->size + size <= w->capacity)
        return true;
    size_t capacity = w->capacity ? w->capacity : 64 << 10;
    while (capacity < w->size + size)
        capacity *= 2;
    char *data = sqlite3_realloc64(w->data, capacity);
    if (!data)
        return false;
    w->data = data;
    w->capacity = capacity;
    return true;
}

static int file_write(sqlite3_file *f, const void *data, int size, sqlite3_int64 at)
{
    struct wal_file *w = of(f);
    bool follows = w->size == 0 || at == w->at + (off_t)w->size;
    if (!follows || w->size + (size_t)size > GATHERED_MAXIMUM) {
        int result = put_aside(w);
        if (result != SQLITE_OK)
            return result;
    }
    if (!has_room(w, (size_t)size))
        return SQLITE_IOERR_NOMEM;
    if (w->size == 0)
        w->at = at;
    memcpy(w->data + w->size, data, (size_t)size);
    w->size += (size_t)size;
    return SQLITE_OK;
}

/* Longer by zeros, durably, so that the next commits need no new inode. That it does not work is no
 * failure: the commit will tell. */
static void grow(struct wal_file *w, off_t end)
{
    struct stat about;
    if (end <= w->allocated || end < GROW_FROM || fstat(w->fd, &about) != 0)
        return;
    w->allocated = about.st_size;
    off_t wanted = end > about.st_size ? end + GROW : 0;
    /* never written; memory of its own would be faulted in anew each time */
    static char zeros[GROW];
    for (off_t at = about.st_size; at < wanted; at += GROW)
        if (wal_file_calls.write(w->fd, zeros, (size_t)(wanted - at < GROW ? wanted - at : GROW),
                                 at, true) == 0)
            w->allocated = wanted - at < GROW ? wanted : at + GROW;
        else
            break;
}

/* ---- SQLite's methods ---- */

static int file_close(sqlite3_file *f)
{
    struct wal_file *w = of(f);
    int result = put_aside(w);
    sqlite3_free(w->data);
    if (w->folder >= 0)
        close(w->folder);
    close(w->fd);
    return result;
}

static int file_read(sqlite3_file *f, void *data, int size, sqlite3_int64 at)
{
    struct wal_file *w = of(f);
    int result = put_aside(w);
    if (result != SQLITE_OK)
        return result;
    size_t done = 0;
    while (done < (size_t)size) {
        ssize_t got = pread(w->fd, (char *)data + done, (size_t)size - done, at + (off_t)done);
        if (got < 0 && errno != EINTR)
            return SQLITE_IOERR_READ;
        if (got == 0)
            break;
        done += got > 0 ? (size_t)got : 0;
    }
    memset((char *)data + done, 0, (size_t)size - done);
    return done == (size_t)size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    struct wal_file *w = of(f);
    int result = put_aside(w);
    if (result != SQLITE_OK)
        return result;
    if (w->allocated > size)
        w->allocated = size;
    w->is_unsynced = true;
    return ftruncate(w->fd, size) == 0 ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

static int file_sync(sqlite3_file *f, int flags)
{
    struct wal_file *w = of(f);
    (void)flags;
    if (w->size)
        grow(w, w->at + (off_t)w->size);
    bool at_once = !w->is_unsynced;
    int failure = write_gathered(w, at_once);
    if (!failure && w->is_unsynced)
        failure = wal_file_calls.sync(w->fd);
    if (!failure && w->folder >= 0) {
        failure = fsync(w->folder) == 0 ? 0 : errno;
        close(w->folder);
        w->folder = -1;
    }
    if (!failure)
        w->is_unsynced = false;
    return result_of(failure, SQLITE_IOERR_FSYNC);
}

static int file_size(sqlite3_file *f, sqlite3_int64 *size)
{
    struct stat about;
    int result = put_aside(of(f));
    if (result == SQLITE_OK && fstat(of(f)->fd, &about) != 0)
        result = SQLITE_IOERR_FSTAT;
    if (result == SQLITE_OK)
        *size = about.st_size;
    return result;
}

/* Nobody locks a WAL: the database's file and its shared memory are locked. */
static int file_lock(sqlite3_file *f, int level)
{
    (void)f, (void)level;
    return SQLITE_OK;
}

static int file_check_lock(sqlite3_file *f, int *reserved)
{
    (void)f;
    *reserved = 0;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *f, int op, void *argument)
{
    (void)f, (void)op, (void)argument;
    return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *f)
{
    (void)f;
    return 4096;
}

static int file_characteristics(sqlite3_file *f)
{
    (void)f;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* as SQLite's own says of this system */
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_lock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_characteristics,
};

/* ---- opening ---- */

static sqlite3_vfs *parent;

/* A WAL belongs to whom its database belongs. */
static void take_after(int fd, const char *name)
{
    struct stat about;
    size_t size = strlen(name) - strlen(SUFFIX);
    char *database = strndup(name, size);
    if (database && stat(database, &about) == 0) {
        fchmod(fd, about.st_mode & 0777);
        if (geteuid() == 0 && fchown(fd, about.st_uid, about.st_gid) != 0)
            errno = 0; /* as SQLite does: then it is ours */
    }
    free(database);
}

static int open_folder(const char *name)
{
    const char *slash = strrchr(name, '/');
    char *folder = slash ? strndup(name, (size_t)(slash - name) + 1) : strdup(".");
    int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    free(folder);
    return fd;
}

static int open_wal(const char *name, struct wal_file *w)
{
    *w = (struct wal_file){.fd = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW), .folder = -1};
    if (w->fd < 0 && errno == ENOENT) {
        w->fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (w->fd >= 0) {
            take_after(w->fd, name);
            w->folder = open_folder(name);
        }
    } else
        w->is_unsynced = true; /* what another process wrote before it was killed, perhaps */
    if (w->fd < 0)
        return errno == ENOSPC || errno == EDQUOT ? SQLITE_FULL : SQLITE_CANTOPEN;
    w->base.pMethods = &methods;
    return SQLITE_OK;
}

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    (void)vfs;
    size_t size = name ? strlen(name) : 0;
    bool is_wal = flags & SQLITE_OPEN_WAL && size > strlen(SUFFIX) &&
                  strcmp(name + size - strlen(SUFFIX), SUFFIX) == 0;
    if (!is_wal)
        return parent->xOpen(parent, name, f, flags, out);
    if (out)
        *out = flags;
    return open_wal(name, (struct wal_file *)f);
}

static void begin(void)
{
    static sqlite3_vfs vfs;
    /* a lock an allocation, for figures that nobody reads */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    parent = sqlite3_vfs_find(NULL);
    vfs = *parent;
    vfs.zName = "stepwell";
    vfs.pNext = NULL;
    vfs.xOpen = vfs_open;
    if (vfs.szOsFile < (int)sizeof(struct wal_file))
        vfs.szOsFile = (int)sizeof(struct wal_file);
    sqlite3_vfs_register(&vfs, 0);
}

const char *wal_file_vfs(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, begin);
    return "stepwell";
}

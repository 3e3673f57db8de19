#include "tests/store/fault_vfs.h"

#include "store/wal_file.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

static struct {
    enum fault_kind kind;
    int countdown, for_ever, hit;
} fault;

struct fault_file {
    sqlite3_file base;
    sqlite3_file *real; /* behind it in the same memory */
};

static sqlite3_vfs *real_vfs;

static int strikes(enum fault_kind kind)
{
    if (fault.kind != kind || fault.countdown == 0)
        return 0;
    if (--fault.countdown > 0)
        return 0;
    fault.hit = 1;
    fault.countdown = fault.for_ever ? 1 : 0;
    return 1;
}

static sqlite3_file *real(sqlite3_file *f)
{
    return ((struct fault_file *)f)->real;
}

static int file_close(sqlite3_file *f)
{
    return real(f)->pMethods->xClose(real(f));
}

static int file_read(sqlite3_file *f, void *data, int size, sqlite3_int64 at)
{
    return real(f)->pMethods->xRead(real(f), data, size, at);
}

static int file_write(sqlite3_file *f, const void *data, int size, sqlite3_int64 at)
{
    if (strikes(FAULT_KILL_WRITE)) {
        real(f)->pMethods->xWrite(real(f), data, size / 2, at);
        raise(SIGKILL);
    }
    if (strikes(FAULT_WRITE_IO))
        return SQLITE_IOERR_WRITE;
    if (strikes(FAULT_WRITE_FULL))
        return SQLITE_FULL;
    return real(f)->pMethods->xWrite(real(f), data, size, at);
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return real(f)->pMethods->xTruncate(real(f), size);
}

static int file_sync(sqlite3_file *f, int flags)
{
    if (strikes(FAULT_KILL_SYNC))
        raise(SIGKILL);
    if (strikes(FAULT_SYNC_IO))
        return SQLITE_IOERR_FSYNC;
    return real(f)->pMethods->xSync(real(f), flags);
}

static int file_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return real(f)->pMethods->xFileSize(real(f), size);
}

static int file_lock(sqlite3_file *f, int level)
{
    return real(f)->pMethods->xLock(real(f), level);
}

static int file_unlock(sqlite3_file *f, int level)
{
    return real(f)->pMethods->xUnlock(real(f), level);
}

static int file_check_lock(sqlite3_file *f, int *reserved)
{
    return real(f)->pMethods->xCheckReservedLock(real(f), reserved);
}

static int file_control(sqlite3_file *f, int op, void *argument)
{
    return real(f)->pMethods->xFileControl(real(f), op, argument);
}

static int file_sector(sqlite3_file *f)
{
    return real(f)->pMethods->xSectorSize(real(f));
}

static int file_characteristics(sqlite3_file *f)
{
    return real(f)->pMethods->xDeviceCharacteristics(real(f));
}

static int file_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **where)
{
    return real(f)->pMethods->xShmMap(real(f), page, size, extend, where);
}

static int file_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *f)
{
    real(f)->pMethods->xShmBarrier(real(f));
}

static int file_shm_unmap(sqlite3_file *f, int delete)
{
    return real(f)->pMethods->xShmUnmap(real(f), delete);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    struct fault_file *file = (struct fault_file *)f;
    (void)vfs;
    file->real = (sqlite3_file *)(file + 1);
    memset(file->real, 0, (size_t)real_vfs->szOsFile);
    int result = real_vfs->xOpen(real_vfs, name, file->real, flags, out);
    file->base.pMethods = file->real->pMethods ? &methods : NULL;
    return result;
}

/* ---- the WAL of the writer, which is no file of SQLite's (store/wal_file.h) ---- */

static struct wal_file_calls real_calls;
static size_t unsynced, durable; /* bytes written, since the last sync, and in all */

static int wal_write(int fd, const void *data, size_t size, off_t at, bool durably)
{
    if (strikes(FAULT_KILL_WRITE)) {
        real_calls.write(fd, data, size / 2, at, false);
        raise(SIGKILL);
    }
    if (strikes(FAULT_WRITE_IO))
        return EIO;
    if (strikes(FAULT_WRITE_FULL))
        return ENOSPC;
    if (durably && strikes(FAULT_KILL_SYNC)) {
        real_calls.write(fd, data, size, at, false);
        raise(SIGKILL);
    }
    if (durably && strikes(FAULT_SYNC_IO))
        return EIO;
    if (durably)
        durable += size;
    else
        unsynced += size;
    return real_calls.write(fd, data, size, at, durably);
}

static int wal_sync(int fd)
{
    if (strikes(FAULT_KILL_SYNC))
        raise(SIGKILL);
    if (strikes(FAULT_SYNC_IO))
        return EIO;
    durable += unsynced;
    unsynced = 0;
    return real_calls.sync(fd);
}

size_t fault_vfs_unsynced(void)
{
    return unsynced;
}

size_t fault_vfs_durable(void)
{
    return durable;
}

void fault_vfs_register(void)
{
    static sqlite3_vfs vfs;
    if (real_vfs)
        return;
    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.zName = "fault";
    vfs.szOsFile = (int)sizeof(struct fault_file) + real_vfs->szOsFile;
    vfs.xOpen = vfs_open;
    sqlite3_vfs_register(&vfs, 1);
    real_calls = wal_file_calls;
    wal_file_calls = (struct wal_file_calls){wal_write, wal_sync};
}

void fault_vfs_arm(enum fault_kind kind, int n, int for_ever)
{
    fault.kind = kind;
    fault.countdown = n;
    fault.for_ever = for_ever;
    fault.hit = 0;
}

int fault_vfs_was_hit(void)
{
    return fault.hit;
}

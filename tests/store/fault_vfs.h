/* Breaks the disk by number: a layer over SQLite's own file system, and under the store's WAL, that
 * fails, or kills the process at, the n-th write or sync. Registered as the default.
 */
#ifndef TESTS_STORE_FAULT_VFS_H
#define TESTS_STORE_FAULT_VFS_H

#include <stddef.h>

enum fault_kind {
    FAULT_NONE,
    FAULT_WRITE_IO,   /* the write fails */
    FAULT_WRITE_FULL, /* the disk is full */
    FAULT_SYNC_IO,    /* the sync fails */
    FAULT_KILL_WRITE, /* kill -9 before the write, half of it written */
    FAULT_KILL_SYNC,  /* kill -9 before the sync */
};

void fault_vfs_register(void);
/* The n-th call from now on (from 1) is hit; with `for_ever` every later one too. */
void fault_vfs_arm(enum fault_kind kind, int n, int for_ever);
/* True when the fault was hit since it was armed. */
int fault_vfs_was_hit(void);
/* Bytes of the writer's WAL that were written and not synced since, and that were made durable. */
size_t fault_vfs_unsynced(void);
size_t fault_vfs_durable(void);

#endif

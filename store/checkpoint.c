/* Copying the WAL back into the database, beside the commits.
 *
 * A checkpoint writes pages all over the file and syncs it: a tenth of a second or more, in which
 * nobody may wait for a commit. So a thread with a connection of its own does it while commits go
 * on (WAL allows that). It starts when there is first something to copy; an idle store has no
 * thread.
 *
 * Under a load that never pauses the thread never catches up to the WAL's end, and only a WAL that
 * was copied whole is begun anew. So beyond a hard limit a commit copies the rest itself: little is
 * left then. That bounds the WAL, and with it the time a restart takes.
 *
 *   frames   0 ...... soft ......................... hard
 *            commit   commit, thread copies beside   commit, waits for the thread, copies the rest
 *
 * The thread is asked each time a quarter of `soft` was added: each pass syncs twice, and writes
 * pages that the next pass writes again.
 *
 * A checkpoint that fails to sync makes the next commit STORE_BROKEN, whatever that commit's own
 * fate: the kernel may have dropped pages it could not write.
 */
#include "internal.h"

#include <pthread.h>
#include <stdlib.h>

/* Frames are pages of 4 KiB: 32 MiB and 128 MiB. */
enum { SOFT_FRAMES = 8192, HARD_FRAMES = 32768, PASSES_PER_SOFT = 4 };

struct checkpoint {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    sqlite3 *db;
    int failure;  /* SQLite's result of what broke, or SQLITE_OK */
    int asked_at; /* the WAL's frames when it was last asked */
    bool is_asked, is_busy, is_ending;
};

/* A full disk is no reason to stop (the WAL stays and is tried again), nor is a reader. */
static int copy_back(sqlite3 *db)
{
    int result = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return store_status_of(result) == STORE_BROKEN ? result : SQLITE_OK;
}

static void *work(void *state)
{
    struct checkpoint *c = state;
    pthread_mutex_lock(&c->mutex);
    for (;;) {
        while (!c->is_asked && !c->is_ending)
            pthread_cond_wait(&c->changed, &c->mutex);
        if (c->is_ending)
            break;
        c->is_asked = false;
        c->is_busy = true;
        pthread_mutex_unlock(&c->mutex);
        int result = copy_back(c->db);
        pthread_mutex_lock(&c->mutex);
        c->is_busy = false;
        if (result != SQLITE_OK)
            c->failure = result;
        pthread_cond_broadcast(&c->changed);
    }
    pthread_mutex_unlock(&c->mutex);
    return NULL;
}

/* NULL when there can be no second connection (":memory:") or thread: then commits do it all. */
static struct checkpoint *begin(const struct store *s)
{
    struct checkpoint *c = store_memory(NULL, sizeof *c);
    *c = (struct checkpoint){.failure = SQLITE_OK};
    int result =
        sqlite3_open_v2(s->path, &c->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_exec(c->db, "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0",
                              NULL, NULL, NULL);
    if (result != SQLITE_OK)
        goto no_connection;
    pthread_mutex_init(&c->mutex, NULL);
    pthread_cond_init(&c->changed, NULL);
    if (pthread_create(&c->thread, NULL, work, c) != 0)
        goto no_thread;
    return c;
no_thread:
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->mutex);
no_connection:
    sqlite3_close(c->db);
    free(c);
    return NULL;
}

void store_checkpoint_end(struct store *s)
{
    struct checkpoint *c = s->checkpoint;
    if (!c)
        return;
    pthread_mutex_lock(&c->mutex);
    c->is_ending = true;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->mutex);
    pthread_join(c->thread, NULL);
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->mutex);
    sqlite3_close(c->db);
    free(c);
    s->checkpoint = NULL;
}

/* Less than at the last time: the WAL was begun anew since. */
static bool is_time(const struct checkpoint *c, int frames, int soft)
{
    return frames >= soft && !c->is_busy &&
           (frames < c->asked_at || frames - c->asked_at >= soft / PASSES_PER_SOFT);
}

static void ask(struct checkpoint *c, int frames)
{
    c->asked_at = frames;
    c->is_asked = true;
    pthread_cond_broadcast(&c->changed);
}

static void wait_until_idle(struct checkpoint *c)
{
    while (c->is_asked || c->is_busy)
        pthread_cond_wait(&c->changed, &c->mutex);
}

int store_checkpoint(struct store *s)
{
    int soft = s->soft_frames ? s->soft_frames : SOFT_FRAMES;
    int hard = s->hard_frames ? s->hard_frames : HARD_FRAMES;
    if (!s->checkpoint && s->wal_frames >= soft)
        s->checkpoint = begin(s);
    struct checkpoint *c = s->checkpoint;
    int failure = SQLITE_OK;
    if (c) {
        pthread_mutex_lock(&c->mutex);
        if (s->wal_frames >= hard)
            wait_until_idle(c);
        else if (is_time(c, s->wal_frames, soft))
            ask(c, s->wal_frames);
        failure = c->failure;
        pthread_mutex_unlock(&c->mutex);
    }
    if (failure == SQLITE_OK && s->wal_frames >= hard)
        failure = copy_back(s->db);
    return failure;
}

void store_set_checkpoint(struct store *s, int soft_frames, int hard_frames)
{
    s->soft_frames = soft_frames;
    s->hard_frames = hard_frames;
}

/* The workers; see pool.h.
 *
 * What goes through a pipe are frames: kind, number, size, and so many bytes of JSON. A worker
 * whose pipe ends before it said that it was done has died: the test it was at fails, and another
 * worker takes its place.
 */
#include "engine/test/pool.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum frame_kind { FRAME_RESULT, FRAME_ACCOUNT, FRAME_DONE };

struct frame {
    uint32_t kind, number, size;
};

/* Seen by all processes. */
struct board {
    atomic_size_t next;                /* the first test that nobody took */
    atomic_size_t at[WORKERS_MAXIMUM]; /* what each worker is at, plus one; 0: nothing */
};

struct worker {
    pid_t pid;
    int pipe; /* -1: it is over */
    bool done;
    struct asl_buffer read;
};

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* ---- in the worker ---- */

static bool write_all(int fd, const void *data, size_t size)
{
    const char *at = data;
    while (size) {
        ssize_t n = write(fd, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static void send_frame(int fd, enum frame_kind kind, size_t number, const asl_value *v)
{
    struct asl_buffer b;
    struct frame head = {(uint32_t)kind, (uint32_t)number, 0};
    asl_buffer_init(&b, ASL_BUFFER_MAXIMUM);
    asl_buffer_put(&b, &head, sizeof head);
    if (v)
        value_print(v, &b);
    head.size = (uint32_t)(b.size - sizeof head);
    memcpy(b.data, &head, sizeof head);
    if (!write_all(fd, b.data, b.size))
        _exit(1); /* nobody listens any more */
    asl_buffer_free(&b);
}

static asl_value *judge(const struct pool *p, size_t i, struct world *world)
{
    const struct job *job = &p->jobs[i];
    const struct test_case *t = &job->file->tests[job->test];
    double began = now_ms();
    if (job->skip)
        return test_skipped(t, asl_text(job->skip));
    if (p->enter)
        p->enter(p->state, world, job->file_number);
    asl_value *result = test_judge(job->file, t, world, p->update);
    return value_with_take(result, value_string_z("wallMs"), value_double(now_ms() - began));
}

static _Noreturn void work(const struct pool *p, struct board *board, size_t self, int fd)
{
    struct world world = {0};
    signal(SIGALRM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    if (p->open)
        p->open(p->state, &world);
    for (;;) {
        size_t i = atomic_fetch_add(&board->next, 1);
        if (i >= p->count)
            break;
        atomic_store(&board->at[self], i + 1);
        alarm(p->seconds);
        asl_value *result = judge(p, i, &world);
        alarm(0);
        send_frame(fd, FRAME_RESULT, i, result);
        atomic_store(&board->at[self], 0);
        value_release(result);
    }
    asl_value *account;
    for (size_t i = 0; p->account && (account = p->account(p->state, i)); i++) {
        send_frame(fd, FRAME_ACCOUNT, i, account);
        value_release(account);
    }
    if (p->close)
        p->close(p->state, &world);
    send_frame(fd, FRAME_DONE, 0, NULL);
    _exit(0);
}

/* ---- here ---- */

static bool start_worker(const struct pool *p, struct board *board, struct worker *workers,
                         size_t self, char message[256])
{
    int ends[2];
    fflush(NULL);
    atomic_store(&board->at[self], 0);
    pid_t pid = pipe(ends) == 0 ? fork() : -1;
    if (pid < 0) {
        snprintf(message, 256, "no process for the tests: %s", strerror(errno));
        return false;
    }
    if (pid == 0) {
        for (size_t i = 0; i < self; i++)
            if (workers[i].pipe >= 0)
                close(workers[i].pipe);
        close(ends[0]);
        work(p, board, self, ends[1]);
    }
    close(ends[1]);
    workers[self] = (struct worker){.pid = pid, .pipe = ends[0]};
    asl_buffer_init(&workers[self].read, ASL_BUFFER_MAXIMUM);
    return true;
}

static void see_frame(const struct pool *p, struct worker *w, const struct frame *head,
                      struct asl_text body)
{
    struct value_error error;
    if (head->kind == FRAME_DONE) {
        w->done = true;
        return;
    }
    asl_value *v = value_parse(body, 0, 0, &error);
    if (v && head->kind == FRAME_RESULT && head->number < p->count)
        p->see(p->state, head->number, v);
    else if (v && head->kind == FRAME_ACCOUNT && p->see_account)
        p->see_account(p->state, head->number, v);
    value_release(v);
}

static void take_frames(const struct pool *p, struct worker *w)
{
    size_t at = 0;
    struct frame head;
    while (w->read.size - at >= sizeof head) {
        memcpy(&head, w->read.data + at, sizeof head);
        if (w->read.size - at - sizeof head < head.size)
            break;
        see_frame(p, w, &head, (struct asl_text){w->read.data + at + sizeof head, head.size});
        at += sizeof head + head.size;
    }
    if (at) {
        memmove(w->read.data, w->read.data + at, w->read.size - at);
        w->read.size -= at;
    }
}

/* How a worker died, in words. */
static void tell_death(const struct pool *p, int status, char out[160])
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        snprintf(out, 160, "it had not come to its end after %u s of real time", p->seconds);
    else if (WIFSIGNALED(status))
        snprintf(out, 160, "its process was ended by %s: please report this",
                 strsignal(WTERMSIG(status)));
    else
        snprintf(out, 160, "its process ended with %d: please report this", WEXITSTATUS(status));
}

/* The pipe has ended. True: tests are left that nobody plays. */
static bool bury(const struct pool *p, struct board *board, struct worker *w, size_t self)
{
    int status = 0;
    char death[160];
    close(w->pipe);
    w->pipe = -1;
    waitpid(w->pid, &status, 0);
    asl_buffer_free(&w->read);
    if (w->done)
        return false;
    size_t at = atomic_load(&board->at[self]);
    tell_death(p, status, death);
    if (at) {
        const struct job *job = &p->jobs[at - 1];
        asl_value *result = test_broken(job->file, job->test, death);
        p->see(p->state, at - 1, result);
        value_release(result);
    }
    return atomic_load(&board->next) < p->count;
}

static bool read_worker(const struct pool *p, struct worker *w)
{
    char *room = asl_buffer_room(&w->read, 65536);
    ssize_t n = room ? read(w->pipe, room, 65536) : -1;
    if (n < 0 && errno == EINTR)
        return true;
    if (n <= 0)
        return false;
    w->read.size += (size_t)n;
    take_frames(p, w);
    return true;
}

static bool attend(const struct pool *p, struct board *board, struct worker *workers, size_t count,
                   char message[256])
{
    struct pollfd polled[WORKERS_MAXIMUM];
    for (;;) {
        size_t open = 0;
        for (size_t i = 0; i < count; i++) {
            polled[i] = (struct pollfd){.fd = workers[i].pipe, .events = POLLIN};
            open += workers[i].pipe >= 0;
        }
        if (!open)
            return true;
        if (poll(polled, count, -1) < 0 && errno != EINTR)
            return true;
        for (size_t i = 0; i < count; i++)
            if (polled[i].fd >= 0 && polled[i].revents && !read_worker(p, &workers[i]) &&
                bury(p, board, &workers[i], i) && !start_worker(p, board, workers, i, message))
                return false;
    }
}

static void run_here(const struct pool *p)
{
    struct world world = {0};
    if (p->open)
        p->open(p->state, &world);
    for (size_t i = 0; i < p->count; i++) {
        asl_value *result = judge(p, i, &world);
        p->see(p->state, i, result);
        value_release(result);
    }
    if (p->close)
        p->close(p->state, &world);
}

bool pool_run(const struct pool *p, char message[256])
{
    struct worker workers[WORKERS_MAXIMUM];
    size_t count = (size_t)p->workers < p->count ? (size_t)p->workers : p->count;
    if (p->workers <= 0) {
        run_here(p);
        return true;
    }
    struct board *board =
        mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED) {
        snprintf(message, 256, "no memory to share: %s", strerror(errno));
        return false;
    }
    if (count > WORKERS_MAXIMUM)
        count = WORKERS_MAXIMUM;
    for (size_t i = 0; i < count; i++)
        workers[i].pipe = -1;
    bool fine = true;
    for (size_t i = 0; fine && i < count; i++)
        fine = start_worker(p, board, workers, i, message);
    fine = attend(p, board, workers, count, message) && fine;
    munmap(board, sizeof *board);
    return fine;
}

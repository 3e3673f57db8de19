/* The prompt of `stepwell eval`, typed at as a person does: each test has the program on a terminal
 * of its own (a pty), types, and waits for what must appear. Breaks when editing, continuation,
 * Ctrl-C, Ctrl-D or the history between sessions does, or when history is kept where it must not
 * be.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 10000 /* for what must appear, on a machine with much to do */
#define UP          "\033[A"
#define INTERRUPT   "\003"
#define END         "\004"

static char program[PATH_MAX], home[PATH_MAX - 64];

struct session {
    pid_t pid;
    int terminal;
    char seen[1 << 16]; /* all that came */
    size_t size, looked_at;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static char *kept(void)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/stepwell/eval_history", home);
    return path;
}

/* ---- a session ---- */

/* More of what the terminal shows; false at its end, or after the deadline. */
static bool more(struct session *s, int64_t deadline)
{
    struct pollfd p = {.fd = s->terminal, .events = POLLIN};
    int64_t left = deadline - now_ms();
    if (left <= 0 || poll(&p, 1, (int)left) <= 0)
        return false;
    ssize_t got = read(s->terminal, s->seen + s->size, sizeof s->seen - 1 - s->size);
    if (got <= 0)
        return false; /* EIO: nobody is on the other side any more */
    s->size += (size_t)got;
    s->seen[s->size] = '\0';
    return true;
}

/* Waits until `text` has appeared behind what was waited for before. */
static void await(struct session *s, const char *text)
{
    int64_t deadline = now_ms() + PATIENCE_MS;
    char *found;
    while (!(found = strstr(s->seen + s->looked_at, text)))
        if (!more(s, deadline))
            fail_msg("'%s' did not appear; there is: %s", text, s->seen + s->looked_at);
    s->looked_at = (size_t)(found - s->seen) + strlen(text);
}

static void type(struct session *s, const char *keys)
{
    assert_int_equal(write(s->terminal, keys, strlen(keys)), (ssize_t)strlen(keys));
}

static void begin(struct session *s, const char *variable, const char *value)
{
    memset(s, 0, sizeof *s);
    s->pid = forkpty(&s->terminal, NULL, NULL, NULL);
    assert_true(s->pid >= 0);
    if (s->pid == 0) {
        setenv("TERM", "xterm", 1);
        setenv("LC_ALL", "C.UTF-8", 1);
        setenv("XDG_STATE_HOME", home, 1);
        unsetenv("STEPWELL_NO_HISTORY");
        if (variable && value)
            setenv(variable, value, 1);
        execl(program, "stepwell", "eval", "--input", "{\"n\": 20}", (char *)NULL);
        _exit(127);
    }
    await(s, "Ctrl-D leaves");
    await(s, "> ");
}

/* Ctrl-D at the prompt (before it, the terminal would swallow it), and it ends with 0. */
static void finish(struct session *s)
{
    int status = -1;
    await(s, "> ");
    type(s, END);
    int64_t deadline = now_ms() + PATIENCE_MS;
    while (more(s, deadline))
        ;
    if (now_ms() >= deadline)
        kill(s->pid, SIGKILL);
    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    close(s->terminal);
}

/* ---- files ---- */

static size_t file_size(void)
{
    struct stat status;
    return stat(kept(), &status) == 0 ? (size_t)status.st_size : 0;
}

static bool file_has(const char *text)
{
    static char content[4 << 20];
    FILE *f = fopen(kept(), "r");
    if (!f)
        return false;
    size_t size = fread(content, 1, sizeof content - 1, f);
    content[size] = '\0';
    fclose(f);
    return strstr(content, text) != NULL;
}

static int set_up(void **state)
{
    (void)state;
    strcpy(home, "/tmp/stepwell-prompt-XXXXXX");
    return mkdtemp(home) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char folder[PATH_MAX];
    unlink(kept());
    snprintf(folder, sizeof folder, "%s/stepwell", home);
    rmdir(folder);
    return rmdir(home);
}

/* ---- tests ---- */

static void evaluates(void **state)
{
    (void)state;
    struct session s;
    begin(&s, NULL, NULL);
    type(&s, "$states.input.n + 1\r");
    await(&s, "\n21\r\n");
    type(&s, ":let x 5\r$x & \"日本\"\r"); /* typed ahead */
    await(&s, "\n\"5日本\"\r\n");
    type(&s, "States.MathAdd($.n, 2)\r");
    await(&s, "\n22\r\n");
    type(&s, "1 + \"日本\"\r");
    await(&s, "T2002");
    await(&s, "\n    ^\r\n");
    type(&s, ":input {\"n\": 3}\r:input\r");
    await(&s, "\"n\": 3");
    type(&s, ":language jsonpath\r$.n\r");
    await(&s, "\n3\r\n");
    type(&s, ":nothing\r");
    await(&s, "no command :nothing");
    type(&s, ":help\r");
    await(&s, ":quit");
    finish(&s);
}

static void edits(void **state)
{
    (void)state;
    struct session s;
    begin(&s, NULL, NULL);
    type(&s, "1 + 13\033[D\177 2\r"); /* a step back, the 1 goes, "1 + " " 23" */
    await(&s, "\n24\r\n");
    type(&s, "100\001 1\005 + 1\r"); /* to the beginning, to the end */
    await(&s, "\n1101\r\n");
    finish(&s);
}

static void goes_on_in_the_next_line(void **state)
{
    (void)state;
    struct session s;
    begin(&s, NULL, NULL);
    type(&s, "$sum([1,\r");
    await(&s, ". ");
    type(&s, "40])\r");
    await(&s, "\n41\r\n");
    type(&s, "{% 2 *\r");
    await(&s, ". ");
    type(&s, "3 %}\r");
    await(&s, "\n6\r\n");
    type(&s, "1 +\r");
    await(&s, ". ");
    type(&s, "\r"); /* nothing more comes */
    await(&s, "S0207");
    type(&s, "States.Array(7,\r");
    await(&s, ". ");
    type(&s, "8)\r");
    await(&s, "8");
    finish(&s);
    assert_true(file_has("\"$sum([1,\\n40])\"\n"));
}

static void interrupt_clears_the_line(void **state)
{
    (void)state;
    struct session s;
    begin(&s, NULL, NULL);
    type(&s, "$sum([1,\r");
    await(&s, ". ");
    type(&s, "2" INTERRUPT);
    await(&s, "^C");
    await(&s, "> ");
    type(&s, "70 + 7\r");
    await(&s, "\n77\r\n");
    finish(&s);
    assert_false(file_has("$sum"));
}

static void remembers(void **state)
{
    (void)state;
    struct session s;
    struct stat status;
    char folder[PATH_MAX];
    begin(&s, NULL, NULL);
    type(&s, "40 + 2\r");
    await(&s, "\n42\r\n");
    type(&s, " \"a secret\"\r"); /* begins with a blank */
    await(&s, "\n\"a secret\"\r\n");
    kill(s.pid, SIGKILL); /* nothing is lost */
    waitpid(s.pid, NULL, 0);
    close(s.terminal);
    assert_true(file_has("\"40 + 2\"\n"));
    assert_false(file_has("secret"));
    assert_int_equal(stat(kept(), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    snprintf(folder, sizeof folder, "%s/stepwell", home);
    assert_int_equal(stat(folder, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);

    begin(&s, NULL, NULL);
    type(&s, UP "\r");
    await(&s, "\n42\r\n");
    finish(&s);
}

static void keeps_none_when_told(void **state)
{
    (void)state;
    struct session s;
    begin(&s, "STEPWELL_NO_HISTORY", "1");
    type(&s, "40 + 2\r");
    await(&s, "\n42\r\n");
    type(&s, UP "\r"); /* within the session there is one */
    await(&s, "\n42\r\n");
    finish(&s);
    assert_null(strstr(s.seen, "no history"));
    assert_int_equal(access(kept(), F_OK), -1);
}

static size_t occurrences(const char *text, const char *of)
{
    size_t count = 0;
    for (; (text = strstr(text, of)); text += strlen(of))
        count++;
    return count;
}

static void goes_on_without(void **state)
{
    (void)state;
    struct session s;
    begin(&s, "XDG_STATE_HOME", "/proc/none"); /* nobody can make a folder there */
    type(&s, "40 + 2\r");
    await(&s, "\n42\r\n");
    type(&s, UP "\r");
    await(&s, "\n42\r\n");
    finish(&s);
    assert_int_equal(occurrences(s.seen, "no history is kept"), 1);
}

/* What stands in the file's place and is no file of ours. */
static void leaves_others_alone(void **state)
{
    (void)state;
    struct session s;
    char folder[PATH_MAX], other[PATH_MAX];
    snprintf(folder, sizeof folder, "%s/stepwell", home);
    snprintf(other, sizeof other, "%s/other", home);
    assert_int_equal(mkdir(folder, 0700), 0);
    int fd = open(other, O_CREAT | O_WRONLY, 0644);
    assert_true(fd >= 0);
    close(fd);
    for (int kind = 0; kind < 2; kind++) {
        assert_int_equal(kind == 0 ? symlink(other, kept()) : mkfifo(kept(), 0600), 0);
        begin(&s, NULL, NULL);
        type(&s, "40 + 2\r");
        await(&s, "\n42\r\n");
        finish(&s);
        assert_int_equal(occurrences(s.seen, "no history is kept"), 1);
        unlink(kept());
    }
    struct stat status;
    assert_int_equal(stat(other, &status), 0);
    assert_int_equal(status.st_size, 0);
    unlink(other);
}

static void stays_bounded(void **state)
{
    (void)state;
    struct session s;
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s/stepwell", home);
    assert_int_equal(mkdir(folder, 0700), 0);
    FILE *f = fopen(kept(), "w");
    assert_non_null(f);
    for (int i = 0; i < 300000; i++)
        fprintf(f, "\"%d\"\nno JSON\n", i);
    fclose(f);
    chmod(kept(), 0644);
    begin(&s, NULL, NULL);
    type(&s, UP " + 1\r");
    await(&s, "\n300000\r\n");
    finish(&s);
    assert_true(file_size() < 1 << 20);
    assert_true(file_has("\"299999\"\n"));
    struct stat status;
    assert_int_equal(stat(kept(), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void works_on_a_poor_terminal(void **state)
{
    (void)state;
    struct session s;
    begin(&s, "TERM", "dumb");
    type(&s, "40 + 2\r");
    await(&s, "42\r\n");
    finish(&s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

/* A bare container may have none: /dev/pts is not mounted. */
static bool has_terminals(void)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    bool has = terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0;
    int name = has ? open(ptsname(terminal), O_RDWR | O_NOCTTY) : -1, error = errno;
    if (name >= 0)
        close(name);
    if (terminal >= 0)
        close(terminal);
    errno = error;
    return name >= 0;
}

int main(void)
{
    const char *given = getenv("STEPWELL");
    if (!realpath("build/asan/stepwell", program) && !(given && realpath(given, program))) {
        puts("skipped: neither build/asan/stepwell nor STEPWELL is there");
        puts("0 passed, 0 failed, 1 skipped");
        return 0;
    }
    if (!has_terminals()) {
        printf("skipped: no pseudo terminal is to be had: %s\n", strerror(errno));
        puts("0 passed, 0 failed, 1 skipped");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        TEST(evaluates),
        TEST(edits),
        TEST(goes_on_in_the_next_line),
        TEST(interrupt_clears_the_line),
        TEST(remembers),
        TEST(keeps_none_when_told),
        TEST(goes_on_without),
        TEST(leaves_others_alone),
        TEST(stays_bounded),
        TEST(works_on_a_poor_terminal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

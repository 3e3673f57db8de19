/* libedit (editline), wrapped: keys as in every shell (~/.editrc may change them), Ctrl-R searches
 * backwards. Ctrl-C comes as a signal, which ends the reading of the line: it is let through only
 * while we wait for a key, so that none is lost between a look at the flag and the wait.
 */
#include "engine/cli/line.h"

#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

#include "engine/cli/cli.h"
#include "engine/cli/history_file.h"

/* Entries that the arrow keys reach. */
#define REMEMBERED 1000

struct line_reader {
    EditLine *editor;
    History *history;
    struct history_file *file; /* NULL: none is kept */
    const char *prompt;
    struct sigaction before; /* what SIGINT did */
    sigset_t blocked_before;
    sigset_t waiting; /* blocked while we wait for a key: all that was, but not SIGINT */
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

static struct line_reader *reader_of(EditLine *editor)
{
    struct line_reader *r = NULL;
    el_get(editor, EL_CLIENTDATA, &r);
    return r;
}

static char *prompt_of(EditLine *editor)
{
    return (char *)(uintptr_t)reader_of(editor)->prompt; /* libedit's type; it only looks */
}

/* A byte of the terminal: 1, or 0 at its end and when interrupted. */
static int next_byte(const struct line_reader *r, char *byte)
{
    while (!interrupted) {
        struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
        ssize_t got = ppoll(&p, 1, NULL, &r->waiting) > 0 ? read(STDIN_FILENO, byte, 1) : -1;
        if (got >= 0)
            return (int)got;
        if (errno != EINTR && errno != EAGAIN)
            return 0;
    }
    return 0;
}

static int next_character(EditLine *editor, wchar_t *c)
{
    const struct line_reader *r = reader_of(editor);
    mbstate_t state = {0};
    char byte;
    while (next_byte(r, &byte)) {
        size_t size = mbrtowc(c, &byte, 1, &state);
        if (size == 0 || size == 1)
            return 1;
        if (size == (size_t)-1) /* no UTF-8: passed over */
            state = (mbstate_t){0};
    }
    return 0;
}

static void enter(void *reader, struct asl_text entry)
{
    struct line_reader *r = reader;
    HistEvent event;
    char *text = asl_copy_text(entry); /* ends with NUL */
    history(r->history, &event, H_ENTER, text);
    free(text);
}

static void set_up(struct line_reader *r)
{
    HistEvent event;
    history(r->history, &event, H_SETSIZE, REMEMBERED);
    history(r->history, &event, H_SETUNIQUE, 1);
    el_set(r->editor, EL_CLIENTDATA, r);
    el_set(r->editor, EL_PROMPT, prompt_of);
    el_set(r->editor, EL_GETCFN, next_character);
    el_set(r->editor, EL_SIGNAL, 1); /* the terminal is put right when stopped, resized, ended */
    el_set(r->editor, EL_HIST, history, r->history);
    el_set(r->editor, EL_EDITOR, "emacs");
    el_set(r->editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_source(r->editor, NULL);
}

static void take_interrupts(struct line_reader *r)
{
    sigset_t interrupt;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    sigprocmask(SIG_BLOCK, &interrupt, &r->blocked_before);
    r->waiting = r->blocked_before;
    sigdelset(&r->waiting, SIGINT);
    sigaction(SIGINT, &(struct sigaction){.sa_handler = on_interrupt}, &r->before);
}

struct line_reader *line_open(void)
{
    struct line_reader *r = asl_allocate_zeroed(1, sizeof *r);
    /* What is asked for goes to stdout; where that is a file, the prompt must not go there. */
    FILE *shown = isatty(STDOUT_FILENO) ? stdout : stderr;
    r->history = history_init();
    r->editor = r->history ? el_init("stepwell", stdin, shown, stderr) : NULL;
    if (!r->editor) {
        cli_fail(EXIT_REFUSED, "the terminal cannot be used: %s", strerror(errno));
        line_close(r);
        return NULL;
    }
    set_up(r);
    r->file = history_file_open(enter, r);
    take_interrupts(r);
    return r;
}

void line_close(struct line_reader *r)
{
    if (!r)
        return;
    if (r->editor) {
        sigaction(SIGINT, &r->before, NULL);
        sigprocmask(SIG_SETMASK, &r->blocked_before, NULL);
        el_end(r->editor);
    }
    if (r->history)
        history_end(r->history);
    history_file_close(r->file);
    free(r);
}

enum line_outcome line_read(struct line_reader *r, const char *prompt, struct asl_buffer *out)
{
    int size = 0;
    r->prompt = prompt;
    interrupted = 0;
    /* Before the prompt shows, else a quick Ctrl-D behind it is the terminal's and not ours. */
    el_set(r->editor, EL_PREP_TERM, 1);
    const char *line = el_gets(r->editor, &size);
    if (interrupted)
        return LINE_CLEARED;
    if (!line || size <= 0)
        return LINE_END;
    asl_buffer_put(out, line, (size_t)size - (line[size - 1] == '\n'));
    return LINE_READ;
}

void line_remember(struct line_reader *r, struct asl_text text)
{
    enter(r, text);
    history_file_add(r->file, text);
}

/* A line becomes cells, a character each, with its width on the terminal; a window of cells around
 * the caret is printed, then blanks as wide as what stands before the caret. Nothing of the source
 * reaches the terminal but printable characters: it may be a file of somebody else's.
 */
#include "engine/cli/caret.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#define TAB_WIDTH 4 /* a tab is shown as so many blanks, wherever it stands */
/* Columns where stderr is no terminal; and the least that makes sense where it is one. */
#define USUAL_COLUMNS 100
#define LEAST_COLUMNS 40

struct line {
    struct asl_text text; /* without its end */
    size_t number;        /* from 1 */
    size_t at;            /* the caret's byte in it */
};

void caret_use_locale(void)
{
    if (!setlocale(LC_CTYPE, "") || MB_CUR_MAX == 1)
        setlocale(LC_CTYPE, "C.UTF-8");
}

static struct line line_of(struct asl_text source, size_t at)
{
    struct line l = {.number = 1};
    size_t begin = 0, end;
    if (at > source.size)
        at = source.size;
    for (size_t i = 0; i < at; i++)
        if (source.data[i] == '\n') {
            begin = i + 1;
            l.number++;
        }
    for (end = at; end < source.size && source.data[end] != '\n'; end++)
        ;
    if (end > begin && source.data[end - 1] == '\r')
        end--;
    l.text = (struct asl_text){source.data + begin, end - begin};
    l.at = at - begin < l.text.size ? at - begin : l.text.size;
    return l;
}

static size_t width(int32_t c)
{
    if (c == '\t')
        return TAB_WIDTH;
    int w = wcwidth((wchar_t)c);
    return w < 0 ? 1 : (size_t)w; /* a control character: shown as ? */
}

static size_t width_of(struct asl_text t)
{
    size_t sum = 0;
    for (size_t i = 0; i < t.size;)
        sum += width(value_utf8_next(t, &i));
    return sum;
}

static void print_character(struct asl_text t, size_t begin, size_t end, int32_t c)
{
    if (c == '\t')
        fprintf(stderr, "%*s", TAB_WIDTH, "");
    else if (wcwidth((wchar_t)c) < 0)
        fputc('?', stderr);
    else
        fwrite(t.data + begin, 1, end - begin, stderr);
}

/* The columns [from, to) of a line. */
static void print_columns(struct asl_text t, size_t from, size_t to)
{
    for (size_t i = 0, column = 0; i < t.size && column < to;) {
        size_t begin = i;
        int32_t c = value_utf8_next(t, &i);
        if (column >= from && column + width(c) <= to)
            print_character(t, begin, i, c);
        else if (column < from && column + width(c) > from) /* half of it is cut away */
            fprintf(stderr, "%*s", (int)(column + width(c) - from), "");
        column += width(c);
    }
}

static size_t terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return USUAL_COLUMNS;
    return size.ws_col < LEAST_COLUMNS ? LEAST_COLUMNS : size.ws_col;
}

void caret_show(struct asl_text source, size_t at)
{
    struct line l = line_of(source, at);
    char number[32] = "  ";
    if (memchr(source.data, '\n', source.size))
        snprintf(number, sizeof number, "%4zu | ", l.number);
    size_t margin = strlen(number), whole = width_of(l.text);
    size_t caret = width_of((struct asl_text){l.text.data, l.at});
    size_t room = terminal_columns() - margin - 1, from = 0;
    const char *cut_before = "", *cut_behind = "";
    if (whole > room) {
        room -= 2 * strlen("...");
        from = caret < room * 2 / 3 ? 0 : caret - room * 2 / 3;
        cut_before = from > 0 ? "..." : "";
        cut_behind = from + room < whole ? "..." : "";
    }
    fprintf(stderr, "%s%s", number, cut_before);
    print_columns(l.text, from, from + room);
    fprintf(stderr, "%s\n", cut_behind);
    if (margin > 2)
        snprintf(number, sizeof number, "%4s | ", "");
    fprintf(stderr, "%s%*s^\n", number, (int)(strlen(cut_before) + caret - from), "");
}

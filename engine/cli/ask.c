/* A question to the person at the terminal; see ask.h. */
#include "engine/cli/ask.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define PATIENCE_MS 60000 /* everything else waits as long */

static bool read_line(int terminal, char *out, size_t size)
{
    struct pollfd p = {.fd = terminal, .events = POLLIN};
    if (poll(&p, 1, PATIENCE_MS) != 1)
        return false;
    ssize_t n = read(terminal, out, size - 1);
    if (n <= 0)
        return false;
    out[n] = '\0';
    out[strcspn(out, "\r\n")] = '\0';
    return out[0] != '\0';
}

bool cli_ask_code(void *state, const char *profile, const char *device, char code[16])
{
    struct termios shown, hidden;
    (void)state;
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0)
        return false;
    bool is_ours = tcgetpgrp(terminal) == getpgrp(); /* else asking would stop us */
    if (!is_ours || tcgetattr(terminal, &shown) != 0) {
        close(terminal);
        return false;
    }
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(terminal, TCSAFLUSH, &hidden);
    dprintf(terminal, "MFA code of %s, for profile %s: ", device, profile);
    bool answered = read_line(terminal, code, 16);
    tcsetattr(terminal, TCSAFLUSH, &shown);
    dprintf(terminal, "\n");
    close(terminal);
    return answered;
}

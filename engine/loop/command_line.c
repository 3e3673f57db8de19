/* Programs that settings name are run without a shell: this parts their words; see command_line.h.
 */
#include "engine/loop/command_line.h"

size_t command_line_split(char *line, char *words[COMMAND_LINE_WORDS + 1])
{
    size_t count = 0;
    for (char *at = line; *at;) {
        char *to = at, quote = '\0';
        while (*at == ' ' || *at == '\t')
            to = ++at;
        if (!*at)
            break;
        if (count == COMMAND_LINE_WORDS)
            return 0;
        words[count++] = to;
        for (; *at && (quote || (*at != ' ' && *at != '\t')); at++) {
            if (!quote && (*at == '"' || *at == '\''))
                quote = *at;
            else if (*at == quote)
                quote = '\0';
            else if (*at == '\\' && at[1] && quote != '\'')
                *to++ = *++at;
            else
                *to++ = *at;
        }
        if (quote)
            return 0;
        at += *at != '\0';
        *to = '\0';
    }
    words[count] = NULL;
    return count;
}

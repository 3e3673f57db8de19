/* Every Resource of resources.txt is compiled in a Task: it resolves, or is refused in AWS's words,
 * as the file says, with the hint behind " # ". Breaks when: the table of integrations, the
 * catalogue or the reading of ARNs and of templates' marks loses a form that people deploy. */
#include <stdio.h>
#include <string.h>

#include "asl/asl.h"
#include "engine/aws/catalogue/definition.h"

#define LIST "tests/aws/resources.txt"

/* What any of the integrations asks for. */
#define PARAMETERS                                                                                 \
    "{\"FunctionName\":\"f\",\"QueueUrl\":\"q\",\"MessageBody\":\"b\",\"Message\":\"m\","          \
    "\"TableName\":\"t\",\"Key\":{},\"Item\":{},\"StateMachineArn\":\"a\",\"Entries\":[],"         \
    "\"TaskDefinition\":\"d\",\"JobName\":\"j\"}"

static bool resolves(struct catalogue *c, const char *resource, struct asl_buffer *words,
                     struct asl_buffer *hint)
{
    struct asl_diagnostics diagnostics = {0};
    struct asl_catalogue catalogue = catalogue_for_definitions(c);
    struct asl_buffer text;
    asl_buffer_init(&text, 8192);
    asl_buffer_puts(&text, "{\"StartAt\":\"T\",\"States\":{\"T\":{\"Type\":\"Task\",\"Resource\":");
    value_print_string(asl_text(resource), &text);
    asl_buffer_puts(&text, ",\"Parameters\":" PARAMETERS ",\"End\":true}}}");
    bool good = asl_template_check(asl_buffer_text(&text), false, &catalogue, &diagnostics);
    for (size_t i = 0; i < diagnostics.count; i++)
        if (diagnostics.items[i].severity == ASL_ERROR) {
            asl_buffer_puts(words, diagnostics.items[i].message);
            asl_buffer_puts(hint, diagnostics.items[i].hint ? diagnostics.items[i].hint : "");
        }
    asl_diagnostics_free(&diagnostics);
    asl_buffer_free(&text);
    return good;
}

static bool judge(struct catalogue *c, char *line)
{
    bool is_refused = strncmp(line, "- ", 2) == 0;
    const char *resource = line + (is_refused ? 2 : 0);
    char wanted[512], *mark = strstr(line, " # ");
    const char *advice = mark ? mark + 3 : NULL;
    struct asl_buffer words, hint;
    if (mark)
        *mark = '\0';
    asl_buffer_init(&words, 8192);
    asl_buffer_init(&hint, 8192);
    bool good = resolves(c, resource, &words, &hint);
    snprintf(
        wanted, sizeof wanted,
        "The resource provided %s is not recognized. The value is not a valid resource ARN, or "
        "the resource is not available in this region.",
        resource);
    bool right = is_refused ? !good && strcmp(words.data, wanted) == 0 : good;
    right = right && (!advice || (hint.size && strcmp(hint.data, advice) == 0));
    if (!right)
        printf("%s: %s # %s\n", line, words.size ? words.data : "taken",
               hint.size ? hint.data : "");
    asl_buffer_free(&words);
    asl_buffer_free(&hint);
    return right;
}

int main(void)
{
    char line[512];
    size_t passed = 0, failed = 0;
    FILE *list = fopen(LIST, "r");
    struct catalogue *c = catalogue_new();
    if (!list) {
        printf("%s is missing: run from the project's root\n", LIST);
        return 2;
    }
    while (fgets(line, sizeof line, list)) {
        line[strcspn(line, "\n")] = '\0';
        if (line[0] == '#' || !line[0])
            continue;
        *(judge(c, line) ? &passed : &failed) += 1;
    }
    fclose(list);
    catalogue_free(c);
    printf("resources: %zu passed, %zu failed\n", passed, failed);
    return failed > 0;
}

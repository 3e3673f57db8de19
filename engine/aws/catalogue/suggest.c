/* "Did you mean": the nearest name to one that is not there.
 *
 * Two sources: names that people know services by and that Step Functions does not (a table), and
 * the edit distance, case apart, accepted up to a third of the word's length.
 */
#include "engine/aws/catalogue.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { WORD_MAXIMUM = 64 };

static int lowered(char c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* Levenshtein, two rows; words longer than WORD_MAXIMUM are far from everything. */
size_t catalogue_word_distance(struct asl_text a, const char *b)
{
    size_t rows[2][WORD_MAXIMUM + 1], columns = strlen(b);
    if (a.size > WORD_MAXIMUM || columns > WORD_MAXIMUM)
        return WORD_MAXIMUM;
    for (size_t j = 0; j <= columns; j++)
        rows[0][j] = j;
    for (size_t i = 0; i < a.size; i++) {
        size_t *above = rows[i % 2], *row = rows[(i + 1) % 2];
        row[0] = i + 1;
        for (size_t j = 0; j < columns; j++) {
            size_t change = above[j] + (lowered(a.data[i]) != lowered(b[j]));
            size_t grow = row[j] + 1, shrink = above[j + 1] + 1;
            size_t least = change < grow ? change : grow;
            row[j + 1] = least < shrink ? least : shrink;
        }
    }
    return rows[a.size % 2][columns];
}

struct best {
    const char *name;
    size_t distance;
};

static void consider(struct best *best, struct asl_text wrong, const char *name)
{
    size_t d = catalogue_word_distance(wrong, name);
    if (d < best->distance)
        *best = (struct best){name, d};
}

static bool near_enough(const struct best *best, struct asl_text wrong)
{
    return best->name != NULL && best->distance <= (wrong.size + 2) / 3;
}

bool catalogue_suggest_service(struct catalogue *c, struct asl_text wrong, char *out, size_t size)
{
    static const struct {
        const char *known_as, *arn_name;
    } common[] = {
        {"stepfunctions", "sfn"},
        {"states", "sfn"},
        {"events", "eventbridge"},
        {"cloudwatchevents", "eventbridge"},
        {"logs", "cloudwatchlogs"},
        {"monitoring", "cloudwatch"},
        {"email", "ses"},
        {"elasticmapreduce", "emr"},
        {"elasticfilesystem", "efs"},
        {"cognito-idp", "cognitoidentityprovider"},
        {"elb", "elasticloadbalancing"},
        {"elbv2", "elasticloadbalancingv2"},
        {"dms", "databasemigration"},
        {"es", "elasticsearch"},
        {"kinesisfirehose", "firehose"},
        {"parameterstore", "ssm"},
        {"systemsmanager", "ssm"},
        {"apigw", "apigateway"},
    };
    for (size_t i = 0; i < sizeof common / sizeof *common; i++) {
        if (wrong.size == strlen(common[i].known_as) &&
            strncasecmp(wrong.data, common[i].known_as, wrong.size) == 0) {
            snprintf(out, size, "%s", common[i].arn_name);
            return true;
        }
    }
    /* The separators that people write (secrets-manager) are no part of an ARN name. */
    char plain[WORD_MAXIMUM];
    size_t n = 0;
    for (size_t i = 0; i < wrong.size && n < sizeof plain; i++)
        if (strchr("-_ .", wrong.data[i]) == NULL)
            plain[n++] = wrong.data[i];
    struct asl_text word = {plain, n};
    struct best best = {NULL, WORD_MAXIMUM};
    for (size_t i = 0; i < catalogue_count(c); i++)
        consider(&best, word, catalogue_name_at(c, i));
    if (!near_enough(&best, word))
        return false;
    snprintf(out, size, "%s", best.name);
    return true;
}

bool catalogue_suggest_action(const struct catalogue_service *s, struct asl_text wrong, char *out,
                              size_t size)
{
    struct best best = {NULL, WORD_MAXIMUM};
    for (uint32_t i = 0; i < s->operation_count; i++)
        consider(&best, wrong, s->operations[i].name);
    if (!near_enough(&best, wrong))
        return false;
    snprintf(out, size, "%c%s", lowered(best.name[0]), best.name + 1);
    return true;
}

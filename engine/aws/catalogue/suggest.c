/* "Did you mean": the nearest name to one that is not there.
 *
 * An ended service, which old workflows still name, is told as such. Else two sources: names that
 * people know services by and that Step Functions does not (a table), and the edit distance, case
 * apart, accepted up to a third of the word's length.
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

const char *catalogue_ended(struct asl_text arn_name)
{
    static const struct {
        const char *arn_name, *full_name;
    } ended[] = {
        {"alexaforbusiness", "Alexa for Business"},
        {"codestar", "AWS CodeStar"},
        {"elasticinference", "Amazon Elastic Inference"},
        {"elastictranscoder", "Amazon Elastic Transcoder"},
        {"evidently", "Amazon CloudWatch Evidently"},
        {"finspace", "Amazon FinSpace"},
        {"finspacedata", "Amazon FinSpace data"},
        {"gamesparks", "Amazon GameSparks"},
        {"honeycode", "Amazon Honeycode"},
        {"iot1clickdevices", "AWS IoT 1-Click Devices"},
        {"iot1clickprojects", "AWS IoT 1-Click Projects"},
        {"iotanalytics", "AWS IoT Analytics"},
        {"iotevents", "AWS IoT Events"},
        {"ioteventsdata", "AWS IoT Events data"},
        {"iotfleethub", "AWS IoT Fleet Hub"},
        {"iotroborunner", "AWS IoT RoboRunner"},
        {"lookoutmetrics", "Amazon Lookout for Metrics"},
        {"lookoutvision", "Amazon Lookout for Vision"},
        {"macie", "Amazon Macie Classic"},
        {"mobile", "AWS Mobile"},
        {"nimble", "Amazon Nimble Studio"},
        {"opsworks", "AWS OpsWorks"},
        {"opsworkscm", "AWS OpsWorks CM"},
        {"panorama", "AWS Panorama"},
        {"privatenetworks", "AWS Private 5G"},
        {"qldb", "Amazon QLDB"},
        {"qldbsession", "Amazon QLDB sessions"},
        {"robomaker", "AWS RoboMaker"},
        {"simspaceweaver", "AWS SimSpace Weaver"},
        {"sms", "AWS Server Migration Service"},
        {"tnb", "AWS Telco Network Builder"},
        {"worklink", "Amazon WorkLink"},
    };
    for (size_t i = 0; i < sizeof ended / sizeof *ended; i++)
        if (arn_name.size == strlen(ended[i].arn_name) &&
            strncasecmp(arn_name.data, ended[i].arn_name, arn_name.size) == 0)
            return ended[i].full_name;
    return NULL;
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
        {"sdb", "simpledb"},
        {"ce", "costexplorer"},
        {"ddb", "dynamodb"},
        {"cognito", "cognitoidentityprovider"},
        {"tagging", "resourcegroupstaggingapi"},
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
        if (!(s->operations[i].flags & (CATALOGUE_UNSUPPORTED | CATALOGUE_STREAMS_EVENTS)))
            consider(&best, wrong, s->operations[i].name);
    if (!near_enough(&best, wrong))
        return false;
    snprintf(out, size, "%c%s", lowered(best.name[0]), best.name + 1);
    return true;
}

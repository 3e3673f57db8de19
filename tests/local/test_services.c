/* The modelled stand-ins by a clock of our own: visibility, delays, dead letters, FIFO order and
 * deduplication, filters and patterns, what the query protocol says, and that nothing that was
 * acknowledged is lost by kill -9 between send and receive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "asl/value/value.h"
#include "engine/local/local.h"
#include "engine/local/pattern.h"

#define ARN "arn:aws:sqs:us-east-1:123456789012:"

struct place {
    char folder[40];
    struct local *local;
    int64_t now;
    int status;
    char text[65536];
};

static int64_t clock_of(void *state)
{
    return ((struct place *)state)->now;
}

static void open_place(struct place *p)
{
    char message[512] = "";
    struct local_options options = {.directory = p->folder, .now = clock_of, .now_state = p};
    p->local = local_new(&options, message);
    if (!p->local)
        fail_msg("%s", message);
}

static int begin(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    snprintf(p->folder, sizeof p->folder, "/tmp/stand-in-XXXXXX");
    p->now = INT64_C(1795000000000);
    assert_non_null(mkdtemp(p->folder));
    open_place(p);
    *state = p;
    return 0;
}

static int end(void **state)
{
    struct place *p = *state;
    char command[64];
    local_free(p->local);
    snprintf(command, sizeof command, "rm -rf '%s'", p->folder);
    assert_int_equal(system(command), 0);
    free(p);
    return 0;
}

/* Calls; single quotes stand for double ones. The answer's text is kept. */
static const char *call(struct place *p, const char *service, const char *operation,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));
static const char *call(struct place *p, const char *service, const char *operation,
                        const char *format, ...)
{
    struct asl_buffer text;
    struct local_answer answer;
    va_list arguments;
    asl_buffer_init(&text, 1 << 21);
    va_start(arguments, format);
    asl_buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == '\'')
            text.data[i] = '"';
    local_answer_init(&answer);
    local_request(p->local, service, operation, asl_buffer_text(&text), &answer);
    p->status = answer.status;
    snprintf(p->text, sizeof p->text, "%.*s", ASL_TEXT_ARGS(asl_buffer_text(&answer.body)));
    local_answer_free(&answer);
    asl_buffer_free(&text);
    return p->text;
}

#define SQS(operation, ...) call(p, "sqs", operation, __VA_ARGS__)

static void says(const char *text, const char *wanted)
{
    if (!strstr(text, wanted))
        fail_msg("wanted %s, got %s", wanted, text);
}

static void says_not(const char *text, const char *unwanted)
{
    if (strstr(text, unwanted))
        fail_msg("did not want %s, got %s", unwanted, text);
}

/* A string member of the answer's first message, "" where there is none. */
static void first(struct place *p, const char *member, char out[256])
{
    struct value_error error;
    asl_value *v = value_parse(asl_text(p->text), 0, 0, &error);
    const asl_value *messages = v ? value_get_z(v, "Messages") : NULL;
    const asl_value *m = messages ? value_get_z(value_at(messages, 0), member) : NULL;
    snprintf(out, 256, "%.*s", m ? (int)value_as_text(m).size : 0, m ? value_as_text(m).data : "");
    value_release(v);
}

/* ---- SQS ---- */

static void a_message_is_hidden_and_comes_again(void **state)
{
    struct place *p = *state;
    char receipt[256];
    SQS("CreateQueue", "{'QueueName':'q','Attributes':{'VisibilityTimeout':'10'}}");
    SQS("SendMessage", "{'QueueUrl':'q','MessageBody':'one'}");
    says(SQS("ReceiveMessage", "{'QueueUrl':'q'}"), "\"Body\":\"one\"");
    assert_string_equal(SQS("ReceiveMessage", "{'QueueUrl':'q'}"), "{}");
    p->now += 9999;
    assert_string_equal(SQS("ReceiveMessage", "{'QueueUrl':'q'}"), "{}");
    p->now += 1;
    says(SQS("ReceiveMessage", "{'QueueUrl':'q','AttributeNames':['All']}"),
         "\"ApproximateReceiveCount\":\"2\"");
    first(p, "ReceiptHandle", receipt);
    SQS("ChangeMessageVisibility", "{'QueueUrl':'q','ReceiptHandle':'%s','VisibilityTimeout':60}",
        receipt);
    assert_int_equal(p->status, 200);
    p->now += 59999;
    assert_string_equal(SQS("ReceiveMessage", "{'QueueUrl':'q'}"), "{}");
    SQS("DeleteMessage", "{'QueueUrl':'q','ReceiptHandle':'%s'}", receipt);
    p->now += 60000;
    assert_string_equal(SQS("ReceiveMessage", "{'QueueUrl':'q'}"), "{}");
    says(SQS("ChangeMessageVisibility",
             "{'QueueUrl':'q','ReceiptHandle':'%s','VisibilityTimeout':60}", receipt),
         "MessageNotInflight");
}

static void a_message_is_delayed_and_forgotten(void **state)
{
    struct place *p = *state;
    SQS("CreateQueue", "{'QueueName':'q','Attributes':{'MessageRetentionPeriod':'60'}}");
    SQS("SendMessage", "{'QueueUrl':'q','MessageBody':'late','DelaySeconds':5}");
    says(SQS("GetQueueAttributes", "{'QueueUrl':'q','AttributeNames':['All']}"),
         "\"ApproximateNumberOfMessagesDelayed\":\"1\"");
    p->now += 4999;
    assert_string_equal(SQS("ReceiveMessage", "{'QueueUrl':'q'}"), "{}");
    p->now += 1;
    says(SQS("ReceiveMessage", "{'QueueUrl':'q','VisibilityTimeout':0}"), "late");
    p->now += 55001;
    assert_string_equal(SQS("ReceiveMessage", "{'QueueUrl':'q'}"), "{}");
}

static void what_comes_too_often_goes_to_the_dead_letters(void **state)
{
    struct place *p = *state;
    SQS("CreateQueue", "{'QueueName':'dead'}");
    SQS("CreateQueue",
        "{'QueueName':'q','Attributes':{'VisibilityTimeout':'1','RedrivePolicy':"
        "'{\\'deadLetterTargetArn\\':\\'" ARN "dead\\',\\'maxReceiveCount\\':\\'2\\'}'}}");
    assert_int_equal(p->status, 200);
    SQS("SendMessage", "{'QueueUrl':'q','MessageBody':'bad'}");
    for (int i = 0; i < 2; i++, p->now += 1000)
        says(SQS("ReceiveMessage", "{'QueueUrl':'q'}"), "bad");
    assert_string_equal(SQS("ReceiveMessage", "{'QueueUrl':'q'}"), "{}");
    says(SQS("ReceiveMessage", "{'QueueUrl':'dead','AttributeNames':['All']}"),
         "\"DeadLetterQueueSourceArn\":\"" ARN "q\"");
    says(SQS("ListDeadLetterSourceQueues", "{'QueueUrl':'dead'}"), "/q\"");
    says(SQS("CreateQueue",
             "{'QueueName':'x','Attributes':{'RedrivePolicy':"
             "'{\\'deadLetterTargetArn\\':\\'" ARN "none\\',\\'maxReceiveCount\\':2}'}}"),
         "Dead letter target does not exist");
}

static void a_fifo_queue_keeps_order_and_drops_repetitions(void **state)
{
    struct place *p = *state;
    char receipt[256];
    SQS("CreateQueue", "{'QueueName':'f.fifo','Attributes':{'FifoQueue':'true',"
                       "'ContentBasedDeduplication':'true'}}");
    assert_int_equal(p->status, 200);
    SQS("SendMessage", "{'QueueUrl':'f.fifo','MessageBody':'a1','MessageGroupId':'a'}");
    SQS("SendMessage", "{'QueueUrl':'f.fifo','MessageBody':'a2','MessageGroupId':'a'}");
    says(SQS("SendMessage", "{'QueueUrl':'f.fifo','MessageBody':'a1','MessageGroupId':'a'}"),
         "\"SequenceNumber\":\"00000000000000000001\""); /* the first one's answer */
    SQS("SendMessage", "{'QueueUrl':'f.fifo','MessageBody':'b1','MessageGroupId':'b'}");
    says(SQS("SendMessage", "{'QueueUrl':'f.fifo','MessageBody':'b2'}"), "MessageGroupId");
    says(SQS("ReceiveMessage", "{'QueueUrl':'f.fifo'}"), "\"Body\":\"a1\"");
    first(p, "ReceiptHandle", receipt);
    says(SQS("ReceiveMessage", "{'QueueUrl':'f.fifo'}"), "\"Body\":\"b1\""); /* a2 waits for a1 */
    assert_string_equal(SQS("ReceiveMessage", "{'QueueUrl':'f.fifo'}"), "{}");
    SQS("DeleteMessage", "{'QueueUrl':'f.fifo','ReceiptHandle':'%s'}", receipt);
    says(SQS("ReceiveMessage", "{'QueueUrl':'f.fifo'}"), "\"Body\":\"a2\"");
    p->now += 300001; /* forgotten: it is another message */
    says(SQS("SendMessage", "{'QueueUrl':'f.fifo','MessageBody':'a1','MessageGroupId':'a'}"),
         "\"SequenceNumber\":\"00000000000000000004\"");
}

static void what_sqs_refuses(void **state)
{
    struct place *p = *state;
    static const struct {
        const char *operation, *body, *says;
    } cases[] = {
        {"SendMessage", "{'QueueUrl':'q','MessageBody':''}", "MissingParameter"},
        {"SendMessage", "{'QueueUrl':'q','MessageBody':'\\u0001'}", "InvalidMessageContents"},
        {"SendMessage", "{'QueueUrl':'none','MessageBody':'x'}", "QueueDoesNotExist"},
        {"SendMessage", "{'QueueUrl':'q','MessageBody':'x','DelaySeconds':901}", "DelaySeconds"},
        {"SendMessage",
         "{'QueueUrl':'q','MessageBody':'x','MessageAttributes':{'a':{'DataType':'Odd',"
         "'StringValue':'x'}}}",
         "supported type prefixes"},
        {"ReceiveMessage", "{'QueueUrl':'q','MaxNumberOfMessages':11}", "InvalidParameterValue"},
        {"ReceiveMessage", "{'QueueUrl':'q','WaitTimeSeconds':21}", "InvalidParameterValue"},
        {"CreateQueue", "{'QueueName':'a b'}", "alphanumeric"},
        {"CreateQueue", "{'QueueName':'x','Attributes':{'VisibilityTimeout':'43201'}}",
         "InvalidAttributeValue"},
        {"CreateQueue", "{'QueueName':'x','Attributes':{'Nothing':'1'}}", "Nothing"},
        {"CreateQueue", "{'QueueName':'q','Attributes':{'DelaySeconds':'1'}}", "QueueNameExists"},
        {"SendMessageBatch", "{'QueueUrl':'q','Entries':[]}", "EmptyBatchRequest"},
        {"DeleteMessage", "{'QueueUrl':'q','ReceiptHandle':'x'}", "ReceiptHandleIsInvalid"},
        {"AddPermission",
         "{'QueueUrl':'q','Label':'l','AWSAccountIds':['1'],'Actions':['SendMessage']}",
         "not offered by this stand-in"},
    };
    SQS("CreateQueue", "{'QueueName':'q'}");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        says(SQS(cases[i].operation, "%s", cases[i].body), cases[i].says);
        assert_int_equal(p->status, 400);
    }
}

/* What old clients send and read. */
static void the_query_protocol_is_spoken(void **state)
{
    struct place *p = *state;
    static const struct {
        const char *form, *says; /* "path?form" where it does not go to "/" */
    } cases[] = {
        {"Action=CreateQueue&QueueName=old&Attribute.1.Name=DelaySeconds&Attribute.1.Value=0",
         "<CreateQueueResult><QueueUrl>http://localhost/123456789012/old</QueueUrl>"},
        {"Action=SendMessage&QueueUrl=old&MessageBody=a%26b+c&MessageAttribute.1.Name=n&"
         "MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=v",
         "<MD5OfMessageBody>"},
        {"Action=ReceiveMessage&QueueUrl=old&MessageAttributeName.1=All&AttributeName.1=All",
         "<Body>a&amp;b c</Body>"},
        {"Action=ReceiveMessage&QueueUrl=none",
         "<Type>Sender</Type><Code>AWS.SimpleQueueService.NonExistentQueue</Code>"},
        {"Action=SendMessageBatch&QueueUrl=old&SendMessageBatchRequestEntry.1.Id=a&"
         "SendMessageBatchRequestEntry.1.MessageBody=x",
         "<SendMessageBatchResult><SendMessageBatchResultEntry><Id>a</Id>"},
        {"Action=DeleteMessageBatch&QueueUrl=old&DeleteMessageBatchRequestEntry.1.Id=a&"
         "DeleteMessageBatchRequestEntry.1.ReceiptHandle=none",
         "<DeleteMessageBatchResult><BatchResultErrorEntry>"},
        {"Action=ChangeMessageVisibilityBatch&QueueUrl=old&"
         "ChangeMessageVisibilityBatchRequestEntry.1.Id=a&"
         "ChangeMessageVisibilityBatchRequestEntry.1.VisibilityTimeout=0&"
         "ChangeMessageVisibilityBatchRequestEntry.1.ReceiptHandle=none",
         "<ChangeMessageVisibilityBatchResult><BatchResultErrorEntry>"},
        {"Action=CreateQueue&QueueName=dead", "<QueueUrl>"},
        {"Action=SetQueueAttributes&QueueUrl=old&Attribute.1.Name=RedrivePolicy&Attribute.1.Value="
         "{%22deadLetterTargetArn%22:%22arn:aws:sqs:us-east-1:123456789012:dead%22,"
         "%22maxReceiveCount%22:3}",
         "<SetQueueAttributesResponse"},
        {"Action=ListDeadLetterSourceQueues&QueueUrl=dead",
         "<ListDeadLetterSourceQueuesResult><QueueUrl>http://localhost/123456789012/old</"
         "QueueUrl>"},
        {"/123456789012/old/?Action=SendMessage&MessageBody=x", "<MD5OfMessageBody>"},
        {"/123456789012/other?Action=SendMessage&MessageBody=x", "NonExistentQueue"},
        {"Action=SendMessage&MessageBody=x", "Value null at 'queueUrl'"},
        {"/123456789012/old?Action=ListQueues",
         "<QueueUrl>http://localhost/123456789012/dead</QueueUrl>"},
        {"Action=Nothing", "<Code>UnknownOperationException</Code>"},
        {"&&=&.=..&Action.1.2=%zz&%", "<Code>"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct local_answer answer;
        const char *form = strchr(cases[i].form, '?');
        char *path = form ? strndup(cases[i].form, (size_t)(form - cases[i].form)) : strdup("/");
        struct http_received request = {.method = "POST",
                                        .path = path,
                                        .query = "",
                                        .host = "localhost",
                                        .body = asl_text(form ? form + 1 : cases[i].form)};
        http_headers_add(&request.headers, "Content-Type",
                         ASL_TEXT("application/x-www-form-urlencoded"));
        http_headers_add(
            &request.headers, "Authorization",
            ASL_TEXT("AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/sqs/aws4_request"));
        local_answer_init(&answer);
        local_call(p->local, &request, &answer);
        says(answer.body.data, cases[i].says);
        if (i == 2)
            says(answer.body.data, "<MessageAttribute><Name>n</Name><Value><DataType>String");
        local_answer_free(&answer);
        http_headers_free(&request.headers);
        free(path);
    }
}

/* ---- patterns ---- */

static void patterns_match_as_eventbridge_tells(void **state)
{
    static const struct {
        const char *pattern, *event;
        bool matches;
    } cases[] = {
        {"{'a':['x']}", "{'a':'x','b':1}", true},
        {"{'a':['x']}", "{'a':'y'}", false},
        {"{'a':['x']}", "{}", false},
        {"{'a':['x']}", "{'a':['y','x']}", true},
        {"{'a':[1]}", "{'a':1.0}", true},
        {"{'a':[null]}", "{'a':null}", true},
        {"{'a':['']}", "{'a':null}", false},
        {"{'a':{'b':['x']}}", "{'a':{'b':'x'}}", true},
        {"{'a':{'b':['x']}}", "{'a':'x'}", false},
        {"{'a':{'b':['x']}}", "{'a':[{'b':'y'},{'b':'x'}]}", true},
        {"{'a':[{'prefix':'ab'}]}", "{'a':'abc'}", true},
        {"{'a':[{'prefix':'ab'}]}", "{'a':'a'}", false},
        {"{'a':[{'prefix':{'equals-ignore-case':'AB'}}]}", "{'a':'abc'}", true},
        {"{'a':[{'suffix':'.png'}]}", "{'a':'x.png'}", true},
        {"{'a':[{'equals-ignore-case':'ABC'}]}", "{'a':'abc'}", true},
        {"{'a':[{'wildcard':'*/x/*.txt'}]}", "{'a':'a/b/x/c.txt'}", true},
        {"{'a':[{'wildcard':'*a'}]}", "{'a':'bab'}", false},
        {"{'a':[{'wildcard':'a\\\\*'}]}", "{'a':'a*'}", true},
        {"{'a':[{'wildcard':'a\\\\*'}]}", "{'a':'ab'}", false},
        {"{'a':[{'anything-but':'x'}]}", "{'a':'y'}", true},
        {"{'a':[{'anything-but':['x','y']}]}", "{'a':'y'}", false},
        {"{'a':[{'anything-but':{'prefix':'x'}}]}", "{'a':'xy'}", false},
        {"{'a':[{'anything-but':{'prefix':['x','y']}}]}", "{'a':'yy'}", false},
        {"{'a':[{'anything-but':{'wildcard':'*z'}}]}", "{'a':'yy'}", true},
        {"{'a':[{'anything-but':'x'}]}", "{}", false},
        {"{'a':[{'numeric':['>',0,'<=',5]}]}", "{'a':5}", true},
        {"{'a':[{'numeric':['>',0,'<=',5]}]}", "{'a':0}", false},
        {"{'a':[{'numeric':['=',3.018e2]}]}", "{'a':301.8}", true},
        {"{'a':[{'numeric':['=',1]}]}", "{'a':'1'}", false},
        {"{'a':[{'exists':true}]}", "{'a':0}", true},
        {"{'a':[{'exists':true}]}", "{}", false},
        {"{'a':[{'exists':false}]}", "{}", true},
        {"{'a':[{'exists':false}]}", "{'a':1}", false},
        {"{'a':[{'cidr':'10.0.0.0/24'}]}", "{'a':'10.0.0.255'}", true},
        {"{'a':[{'cidr':'10.0.0.0/23'}]}", "{'a':'10.0.2.0'}", false},
        {"{'$or':[{'a':[1]},{'b':[2]}]}", "{'b':2}", true},
        {"{'$or':[{'a':[1]},{'b':[2]}],'c':[3]}", "{'b':2}", false},
    };
    static const char *const wrong[] = {
        "[]",
        "{}",
        "{'a':'x'}",
        "{'a':[]}",
        "{'a':[{'odd':1}]}",
        "{'a':[{'numeric':['>']}]}",
        "{'a':[{'numeric':['!',1]}]}",
        "{'a':[{'exists':1}]}",
        "{'a':[{'prefix':1}]}",
        "{'a':[['x']]}",
        "{'a':[{'anything-but':[]}]}",
        "{'a':{}}",
    };
    char text[512], message[256];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        asl_value *v[2];
        for (size_t k = 0; k < 2; k++) {
            snprintf(text, sizeof text, "%s", k ? cases[i].event : cases[i].pattern);
            for (char *c = text; *c; c++)
                *c = *c == '\'' ? '"' : *c;
            v[k] = value_literal(text);
        }
        if (!pattern_check(v[0], message) || pattern_matches(v[0], v[1]) != cases[i].matches)
            fail_msg("%s on %s", cases[i].pattern, cases[i].event);
        value_release(v[0]);
        value_release(v[1]);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snprintf(text, sizeof text, "%s", wrong[i]);
        for (char *c = text; *c; c++)
            *c = *c == '\'' ? '"' : *c;
        asl_value *v = value_literal(text);
        if (pattern_check(v, message))
            fail_msg("%s was taken", wrong[i]);
        value_release(v);
    }
}

/* ---- SNS, EventBridge ---- */

#define TOPIC "arn:aws:sns:us-east-1:123456789012:t"

static void a_topic_tells_its_queues(void **state)
{
    struct place *p = *state;
    SQS("CreateQueue", "{'QueueName':'all'}");
    SQS("CreateQueue", "{'QueueName':'some'}");
    call(p, "sns", "CreateTopic", "{'Name':'t'}");
    call(p, "sns", "Subscribe",
         "{'TopicArn':'" TOPIC "','Protocol':'sqs','Endpoint':'" ARN "all'}");
    says(call(p, "sns", "Subscribe",
              "{'TopicArn':'" TOPIC "','Protocol':'sqs','Endpoint':'" ARN "some','Attributes':"
              "{'RawMessageDelivery':'true','FilterPolicy':'{\\'n\\':[{\\'numeric\\':[\\'>\\',1]}]}"
              "'}}"),
         TOPIC ":");
    call(p, "sns", "Publish", "{'TopicArn':'" TOPIC "','Message':'one','Subject':'S'}");
    call(p, "sns", "Publish",
         "{'TopicArn':'" TOPIC "','Message':'two','MessageAttributes':{'n':{'DataType':'Number',"
         "'StringValue':'2'}}}");
    SQS("ReceiveMessage",
        "{'QueueUrl':'some','MaxNumberOfMessages':10,'MessageAttributeNames':['All']}");
    says(p->text, "\"Body\":\"two\"");
    says(p->text, "\"StringValue\":\"2\"");
    says_not(p->text, "one");
    SQS("ReceiveMessage", "{'QueueUrl':'all','MaxNumberOfMessages':10}");
    says(p->text, "\\\"Type\\\":\\\"Notification\\\"");
    says(p->text, "\\\"Subject\\\":\\\"S\\\",\\\"Message\\\":\\\"one\\\"");
    says(call(p, "sns", "Publish",
              "{'TopicArn':'arn:aws:sns:us-east-1:123456789012:x','Message':'m'}"),
         "<Code>NotFound</Code>");
    says(call(p, "sns", "Subscribe", "{'TopicArn':'" TOPIC "','Protocol':'pigeon','Endpoint':'e'}"),
         "Does not support this protocol");
    call(p, "sns", "DeleteTopic", "{'TopicArn':'" TOPIC "'}");
    says(call(p, "sns", "ListSubscriptions", "{}"), "\"Subscriptions\":[]");
}

static void a_rule_tells_its_targets(void **state)
{
    struct place *p = *state;
    SQS("CreateQueue", "{'QueueName':'q'}");
    call(p, "events", "PutRule",
         "{'Name':'r','EventPattern':'{\\'source\\':[\\'shop\\'],\\'detail\\':{\\'n\\':[1]}}'}");
    assert_int_equal(p->status, 200);
    says(call(p, "events", "PutTargets",
              "{'Rule':'r','Targets':[{'Id':'a','Arn':'" ARN "q'},{'Id':'b','Arn':"
              "'arn:aws:ecs:us-east-1:123456789012:cluster/c'}]}"),
         "\"FailedEntryCount\":1");
    says(call(p, "events", "PutEvents",
              "{'Entries':[{'Source':'shop','DetailType':'D','Detail':'{\\'n\\':1}'},"
              "{'Source':'shop','DetailType':'D','Detail':'{\\'n\\':2}'}]}"),
         "\"FailedEntryCount\":0");
    SQS("ReceiveMessage", "{'QueueUrl':'q','MaxNumberOfMessages':10}");
    says(p->text, "\\\"detail-type\\\":\\\"D\\\",\\\"source\\\":\\\"shop\\\"");
    says_not(p->text, "\\\"n\\\":2");
    call(p, "events", "DisableRule", "{'Name':'r'}");
    call(p, "events", "PutEvents",
         "{'Entries':[{'Source':'shop','DetailType':'D','Detail':'{\\'n\\':1}'}]}");
    assert_string_equal(SQS("ReceiveMessage", "{'QueueUrl':'q'}"), "{}");
    says(call(p, "events", "DeleteRule", "{'Name':'r'}"), "has targets");
    says(call(p, "events", "PutRule", "{'Name':'s','ScheduleExpression':'rate(1 hour)'}"),
         "stepwell schedule");
}

/* A topic behind a rule, and what a template makes of the event. */
static void a_rule_transforms_its_input(void **state)
{
    struct place *p = *state;
    SQS("CreateQueue", "{'QueueName':'q'}");
    call(p, "sns", "CreateTopic", "{'Name':'t'}");
    call(p, "sns", "Subscribe",
         "{'TopicArn':'" TOPIC "','Protocol':'sqs','Endpoint':'" ARN
         "q','Attributes':{'RawMessageDelivery':'true'}}");
    says(call(p, "sns", "Subscribe", "{'TopicArn':'" TOPIC "','Protocol':'lambda','Endpoint':'f'}"),
         "Lambda endpoint ARN");
    call(p, "events", "PutRule", "{'Name':'r','EventPattern':'{\\'source\\':[\\'shop\\']}'}");
    says(call(p, "events", "PutTargets",
              "{'Rule':'r','Targets':[{'Id':'a','Arn':'" TOPIC "','InputTransformer':{"
              "'InputPathsMap':{'n':'$.detail.n','who':'$.detail.who','none':'$.detail.none'},"
              "'InputTemplate':'{\\'n\\': <n>, \\'who\\': <who>, \\'text\\': "
              "\\'<who> <n> <none>.\\', \\'none\\': <none>, \\'rule\\': "
              "<aws.events.rule-name>, \\'x\\': \\'a<b\\'}'}}]}"),
         "\"FailedEntryCount\":0");
    call(p, "events", "PutEvents",
         "{'Entries':[{'Source':'shop','DetailType':'D','Detail':'{\\'n\\':1,\\'who\\':"
         "\\'A \\\\\\'B\\\\\\'\\'}'}]}");
    SQS("ReceiveMessage", "{'QueueUrl':'q'}");
    says(p->text, "{\\\"n\\\": 1, \\\"who\\\": \\\"A \\\\\\\"B\\\\\\\"\\\", \\\"text\\\": "
                  "\\\"A \\\\\\\"B\\\\\\\" 1 .\\\", \\\"none\\\": null, \\\"rule\\\": \\\"r\\\", "
                  "\\\"x\\\": \\\"a<b\\\"}");
}

/* ---- kill -9 ---- */

/* Sends number after number, and says each once it is acknowledged; receives and deletes some. */
static void send_until_killed(struct place *p, int say)
{
    open_place(p);
    for (int64_t i = 0;; i++) {
        SQS("SendMessage", "{'QueueUrl':'q','MessageBody':'n%lld'}", (long long)i);
        if (p->status != 200 || write(say, &i, sizeof i) != sizeof i)
            _exit(1);
        if (i % 3 == 0)
            SQS("ReceiveMessage", "{'QueueUrl':'q','VisibilityTimeout':5}");
    }
}

static void nothing_acknowledged_is_lost(void **state)
{
    struct place *p = *state;
    int pipes[2];
    int64_t last = -1;
    SQS("CreateQueue", "{'QueueName':'q'}");
    local_free(p->local);
    assert_int_equal(pipe(pipes), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        send_until_killed(p, pipes[1]);
    close(pipes[1]);
    while (last < 20)
        assert_int_equal(read(pipes[0], &last, sizeof last), sizeof last);
    kill(child, SIGKILL);
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
    while (read(pipes[0], &last, sizeof last) == sizeof last)
        ;
    close(pipes[0]);
    open_place(p);
    p->now += 6000; /* what was received and not deleted is there again */
    char *seen = calloc((size_t)last + 2, 1);
    for (int64_t more = 1; more;) {
        struct value_error error;
        SQS("ReceiveMessage", "{'QueueUrl':'q','MaxNumberOfMessages':10,'VisibilityTimeout':900}");
        asl_value *v = value_parse(asl_text(p->text), 0, 0, &error);
        const asl_value *messages = value_get_z(v, "Messages");
        more = messages ? (int64_t)value_count(messages) : 0;
        for (int64_t i = 0; i < more; i++) {
            long long n =
                atoll(value_as_text(value_get_z(value_at(messages, (size_t)i), "Body")).data + 1);
            assert_true(n >= 0 && n <= last + 1);
            assert_int_equal(seen[n]++, 0); /* once */
        }
        value_release(v);
    }
    for (int64_t i = 0; i <= last; i++)
        assert_int_equal(seen[i], 1);
    free(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_message_is_hidden_and_comes_again, begin, end),
        cmocka_unit_test_setup_teardown(a_message_is_delayed_and_forgotten, begin, end),
        cmocka_unit_test_setup_teardown(what_comes_too_often_goes_to_the_dead_letters, begin, end),
        cmocka_unit_test_setup_teardown(a_fifo_queue_keeps_order_and_drops_repetitions, begin, end),
        cmocka_unit_test_setup_teardown(what_sqs_refuses, begin, end),
        cmocka_unit_test_setup_teardown(the_query_protocol_is_spoken, begin, end),
        cmocka_unit_test(patterns_match_as_eventbridge_tells),
        cmocka_unit_test_setup_teardown(a_topic_tells_its_queues, begin, end),
        cmocka_unit_test_setup_teardown(a_rule_tells_its_targets, begin, end),
        cmocka_unit_test_setup_teardown(a_rule_transforms_its_input, begin, end),
        cmocka_unit_test_setup_teardown(nothing_acknowledged_is_lost, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Requests and answers against botocore's own serializers and parsers, operation by operation
 * (compare.py and compare_answers.py tell how).
 *
 * Three programs in one: without arguments the test (skipped where Python has no botocore or the
 * models are not here; BOTOCORE_ROUNDS says how often parameters are generated anew); `--drive`
 * answers the scripts line by line; `--names` prints each service's ARN name and serviceId. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/aws/protocol.h"

#define MODELS "../shared/aws-models.tar.xz"

static const char *self;

/* ---- --drive ---- */
static asl_value *request_value(const struct aws_request *r)
{
    struct value_list out, headers;
    struct asl_buffer uri, body;
    value_list_init(&out);
    value_list_init(&headers);
    asl_buffer_init(&uri, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&body, ASL_BUFFER_MAXIMUM);
    asl_buffer_put_text(&uri, asl_buffer_text(&r->path));
    if (r->query.size > 0)
        asl_buffer_putc(&uri, '?');
    asl_buffer_put_text(&uri, asl_buffer_text(&r->query));
    protocol_base64_encode(asl_buffer_text(&r->body), &body);
    for (size_t i = 0; i < r->headers.count; i++)
        value_list_set_take(&headers, r->headers.items[i].name,
                            value_string_z(r->headers.items[i].value));
    value_list_set_take(&out, "method", value_string_z(r->method));
    value_list_set_take(&out, "host_prefix", value_string_z(r->host_prefix));
    value_list_set_take(&out, "uri", value_string(asl_buffer_text(&uri)));
    value_list_set_take(&out, "headers", value_object_take(&headers));
    value_list_set_take(&out, "body", value_string(asl_buffer_text(&body)));
    asl_buffer_free(&uri);
    asl_buffer_free(&body);
    return value_object_take(&out);
}

/* A call with a body is an answer to read: gives its output, or {"failed": message}. */
static asl_value *read_call(const struct catalogue_operation *o, const asl_value *call)
{
    const asl_value *given = value_get_z(call, "headers");
    struct asl_buffer body;
    struct http_headers headers;
    struct aws_answer answer;
    struct value_list failed;
    http_headers_init(&headers);
    value_list_init(&failed);
    asl_buffer_init(&body, ASL_BUFFER_MAXIMUM);
    protocol_base64_decode(value_as_text(value_get_z(call, "body")), &body);
    for (size_t i = 0; i < value_count(given); i++)
        http_headers_add(&headers, value_as_text(value_key_at(given, i)).data,
                         value_as_text(value_at(given, i)));
    protocol_parse(o, PROTOCOL_NATIVE, 200, &headers, asl_buffer_text(&body), &answer);
    if (answer.failed)
        value_list_set_take(&failed, "failed", value_string_z(answer.message));
    asl_value *out = answer.failed ? value_object_take(&failed) : value_retain(answer.output);
    aws_answer_free(&answer);
    asl_buffer_free(&body);
    http_headers_free(&headers);
    return out;
}

static asl_value *answer_call(struct catalogue *c, const asl_value *call)
{
    const struct catalogue_service *s =
        catalogue_service(c, value_as_text(value_get_z(call, "service")));
    const struct catalogue_operation *o =
        s != NULL ? catalogue_operation(s, value_as_text(value_get_z(call, "operation"))) : NULL;
    if (o != NULL && value_get_z(call, "body") != NULL)
        return read_call(o, call);
    struct asl_buffer problems;
    struct aws_request request;
    struct value_list refused;
    value_list_init(&refused);
    asl_buffer_init(&problems, 65536);
    aws_request_init(&request);
    bool made = false;
    if (o == NULL)
        asl_buffer_puts(&problems, "not in the catalogue");
    else
        made =
            protocol_serialize(o, PROTOCOL_NATIVE, value_get_z(call, "parameters"),
                               value_as_text(value_get_z(call, "token")).data, &request, &problems);
    if (!made)
        value_list_set_take(&refused, "problem", value_string(asl_buffer_text(&problems)));
    asl_value *answer = made ? request_value(&request) : value_object_take(&refused);
    aws_request_free(&request);
    asl_buffer_free(&problems);
    return answer;
}

static int drive(void)
{
    struct catalogue *c = catalogue_new();
    struct asl_buffer out;
    char *line = NULL;
    size_t capacity = 0;
    asl_buffer_init(&out, ASL_BUFFER_MAXIMUM);
    for (ssize_t n; (n = getline(&line, &capacity, stdin)) > 0;) {
        struct value_error problem;
        asl_value *call = value_parse((struct asl_text){line, (size_t)n}, 0, 0, &problem);
        if (call == NULL)
            return 2;
        asl_value *answer = answer_call(c, call);
        asl_buffer_clear(&out);
        value_print(answer, &out);
        puts(out.data);
        fflush(stdout);
        value_release(answer);
        value_release(call);
    }
    free(line);
    asl_buffer_free(&out);
    catalogue_free(c);
    return 0;
}

static int print_names(void)
{
    struct catalogue *c = catalogue_new();
    for (size_t i = 0; i < catalogue_count(c); i++) {
        const char *name = catalogue_name_at(c, i);
        printf("%s\t%s\n", name, catalogue_service(c, asl_text(name))->id);
    }
    catalogue_free(c);
    return 0;
}

/* ---- the test ---- */
static int run_python(const char *const *arguments)
{
    pid_t child = fork();
    if (child == 0) {
        execvp("python3", (char *const *)arguments);
        _exit(127);
    }
    int status = 0;
    assert_true(child > 0 && waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void run_script(const char *script)
{
    /* Older ones lack CBOR, and rules that AWS's services rely on since. */
    static const char *const probe[] = {"python3", "-c",
                                        "import sys, botocore.serialize as s; "
                                        "sys.exit('smithy-rpc-v2-cbor' not in s.SERIALIZERS)",
                                        NULL};
    if (access(MODELS, R_OK) != 0 || run_python(probe) != 0) {
        printf("skipped: %s or a botocore for Python from 1.37 on is not here\n", MODELS);
        skip();
    }
    const char *rounds = getenv("BOTOCORE_ROUNDS");
    const char *const arguments[] = {"python3", script, self, MODELS, rounds ? rounds : "1", NULL};
    fflush(stdout);
    assert_int_equal(run_python(arguments), 0);
}

static void writes_what_botocore_writes(void **state)
{
    (void)state;
    run_script("tests/aws/botocore/compare.py");
}

static void reads_what_botocore_reads(void **state)
{
    (void)state;
    run_script("tests/aws/botocore/compare_answers.py");
}

int main(int count, char **arguments)
{
    self = arguments[0];
    if (count > 1 && strcmp(arguments[1], "--drive") == 0)
        return drive();
    if (count > 1 && strcmp(arguments[1], "--names") == 0)
        return print_names();
    const struct CMUnitTest tests[] = {cmocka_unit_test(writes_what_botocore_writes),
                                       cmocka_unit_test(reads_what_botocore_reads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The wire protocols against botocore's own protocol cases (../shared/conformance/aws-protocols),
 * its list of ignored cases honoured and nothing else left out. Breaks when: a serializer puts a
 * member elsewhere or spells it otherwise, a parser loses one, or the encoder of models drops what
 * either needs.
 *
 * Bodies are compared by what they say: JSON as values, XML as trees, forms as their pairs, CBOR as
 * values; everything else byte by byte. Headers: all that a case names are there and say the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/aws/protocol.h"
#include "engine/aws/protocol/walk.h"
#include "engine/aws/protocol/xml_tree.h"
#include "tests/aws/protocol_suite.h"

#define SUITES "../shared/conformance/aws-protocols"

static struct {
    size_t passed, failed, ignored;
    size_t all_passed, all_failed, all_ignored;
    asl_value *ignore;
} run;

static const char *text_of(const asl_value *v)
{
    return v != NULL && value_kind(v) == VALUE_STRING ? value_as_text(v).data : "";
}

static asl_value *read_json(const char *path)
{
    struct asl_buffer text;
    struct value_error problem;
    asl_value *v =
        suite_read(path, &text) ? value_parse(asl_buffer_text(&text), 0, 0, &problem) : NULL;
    asl_buffer_free(&text);
    return v;
}

/* ---- what is ignored ---- */
static bool lists(const asl_value *v, const char *kind, const char *what)
{
    const asl_value *list = v != NULL ? value_get_z(v, kind) : NULL;
    for (size_t i = 0; list != NULL && i < value_count(list); i++)
        if (strcmp(text_of(value_at(list, i)), what) == 0)
            return true;
    return false;
}

static bool is_ignored(const char *direction, const char *protocol, const asl_value *suite,
                       const asl_value *one)
{
    const asl_value *general = value_get_z(run.ignore, "general");
    const asl_value *own = value_get_z(value_get_z(run.ignore, "protocols"), protocol);
    const asl_value *parts[] = {value_get_z(general, direction),
                                own ? value_get_z(own, direction) : NULL};
    const char *description = text_of(value_get_z(suite, "description"));
    const char *id = text_of(value_get_z(one, "id"));
    for (size_t i = 0; i < 2; i++)
        if (lists(parts[i], "suites", description) || lists(parts[i], "cases", id))
            return true;
    return false;
}

/* ---- comparing bodies ---- */
static bool same_tree(const struct xml_node *a, const struct xml_node *b)
{
    if (strcmp(a->name, b->name) != 0)
        return false;
    for (size_t i = 0; a->attributes != NULL && a->attributes[i] != NULL; i += 2) {
        const char *other = xml_attribute(b, a->attributes[i]);
        if (other == NULL || strcmp(other, a->attributes[i + 1]) != 0)
            return false;
    }
    if (a->first == NULL && b->first == NULL)
        return asl_text_equal(asl_buffer_text(&a->text), asl_buffer_text(&b->text));
    size_t children[2] = {0, 0};
    for (const struct xml_node *n = a->first; n != NULL; n = n->next)
        children[0]++;
    for (const struct xml_node *n = b->first; n != NULL; n = n->next)
        children[1]++;
    /* Members may stand in any order, repeated ones keep theirs among themselves. */
    const struct xml_node *from[2] = {a->first, b->first};
    for (const struct xml_node *n = a->first; n != NULL && children[0] == children[1];
         n = n->next) {
        size_t nth = 0;
        for (const struct xml_node *m = from[0]; m != n; m = m->next)
            nth += strcmp(m->name, n->name) == 0;
        const struct xml_node *other = xml_named(from[1], n->name);
        while (other != NULL && nth-- > 0)
            other = xml_named(other->next, n->name);
        if (other == NULL || !same_tree(n, other) || !same_tree(other, n))
            return false;
    }
    return children[0] == children[1];
}

static bool same_xml(struct asl_text a, struct asl_text b)
{
    char problem[160];
    struct xml_node *x = xml_parse(a, problem, sizeof problem),
                    *y = xml_parse(b, problem, sizeof problem);
    bool same = x != NULL && y != NULL && same_tree(x, y) && same_tree(y, x);
    xml_free(x);
    xml_free(y);
    return same;
}

static bool same_json(struct asl_text a, struct asl_text b)
{
    struct value_error problem;
    asl_value *x = value_parse(a, 0, 0, &problem), *y = value_parse(b, 0, 0, &problem);
    bool same = x != NULL && y != NULL && value_equal(x, y);
    value_release(x);
    value_release(y);
    return same;
}

/* Every pair of one form stands in the other. */
static bool holds_pairs(struct asl_text whole, struct asl_text parts)
{
    for (size_t at = 0; at < parts.size;) {
        const char *start = parts.data + at, *stop = memchr(start, '&', parts.size - at);
        size_t size = stop != NULL ? (size_t)(stop - start) : parts.size - at;
        bool found = false;
        for (size_t i = 0; i + size <= whole.size && !found; i++)
            found = memcmp(whole.data + i, start, size) == 0 &&
                    (i == 0 || whole.data[i - 1] == '&') &&
                    (i + size == whole.size || whole.data[i + size] == '&');
        if (!found)
            return false;
        at += size + 1;
    }
    return true;
}

static bool same_form(struct asl_text a, struct asl_text b)
{
    return a.size == b.size && holds_pairs(a, b) && holds_pairs(b, a);
}

static bool same_cbor(struct asl_text ours, struct asl_text base64)
{
    struct asl_buffer theirs;
    asl_buffer_init(&theirs, ASL_BUFFER_MAXIMUM);
    assert_true(protocol_base64_decode(base64, &theirs));
    asl_value *x = cbor_read_body(ours), *y = cbor_read_body(asl_buffer_text(&theirs));
    bool same =
        (ours.size == 0 && theirs.size == 0) || (x != NULL && y != NULL && value_equal(x, y));
    value_release(x);
    value_release(y);
    asl_buffer_free(&theirs);
    return same;
}

static bool same_body(const struct catalogue_operation *o, struct asl_text ours,
                      struct asl_text theirs)
{
    if (asl_text_equal(ours, theirs))
        return true;
    switch ((enum catalogue_protocol)o->service->protocol) {
    case CATALOGUE_JSON:
    case CATALOGUE_REST_JSON:
        return same_json(ours, theirs);
    case CATALOGUE_REST_XML:
        return same_xml(ours, theirs);
    case CATALOGUE_QUERY:
    case CATALOGUE_EC2:
        return same_form(ours, theirs);
    case CATALOGUE_CBOR:
        return same_cbor(ours, theirs);
    case CATALOGUE_PROTOCOLS:
        break;
    }
    return false;
}

/* ---- input cases ---- */
static bool report(const char *file, const asl_value *one, const char *what, struct asl_text ours,
                   struct asl_text theirs)
{
    fprintf(stderr, "%s %s: %s\n  ours:   %.*s\n  theirs: %.*s\n", file,
            text_of(value_get_z(one, "id")), what, ASL_TEXT_ARGS(ours), ASL_TEXT_ARGS(theirs));
    return false;
}

static bool check_headers(const char *file, const asl_value *one,
                          const struct http_headers *headers)
{
    const asl_value *wanted = value_get_z(value_get_z(one, "serialized"), "headers");
    const asl_value *forbidden = value_get_z(value_get_z(one, "serialized"), "forbidHeaders");
    for (size_t i = 0; wanted != NULL && i < value_count(wanted); i++) {
        const char *name = text_of(value_key_at(wanted, i)),
                   *ours = http_headers_get(headers, name);
        struct asl_text theirs = value_as_text(value_at(wanted, i));
        if (ours == NULL || !asl_text_is(theirs, ours))
            return report(file, one, name, asl_text(ours != NULL ? ours : "(none)"), theirs);
    }
    for (size_t i = 0; forbidden != NULL && i < value_count(forbidden); i++)
        if (http_headers_get(headers, text_of(value_at(forbidden, i))) != NULL)
            return report(file, one, "a forbidden header", value_as_text(value_at(forbidden, i)),
                          ASL_TEXT(""));
    return true;
}

static bool check_request(const char *file, const asl_value *one,
                          const struct catalogue_operation *o, const struct aws_request *request)
{
    const asl_value *wanted = value_get_z(one, "serialized"), *v;
    struct asl_buffer uri;
    bool same = true;
    asl_buffer_init(&uri, ASL_BUFFER_MAXIMUM);
    asl_buffer_put_text(&uri, asl_buffer_text(&request->path));
    if (request->query.size > 0)
        asl_buffer_putc(&uri, '?');
    asl_buffer_put_text(&uri, asl_buffer_text(&request->query));
    if ((v = value_get_z(wanted, "uri")) != NULL &&
        !asl_text_equal(asl_buffer_text(&uri), value_as_text(v)))
        same = report(file, one, "uri", asl_buffer_text(&uri), value_as_text(v));
    asl_buffer_free(&uri);
    if ((v = value_get_z(wanted, "method")) != NULL && strcmp(request->method, text_of(v)) != 0)
        same = report(file, one, "method", asl_text(request->method), value_as_text(v));
    if ((v = value_get_z(wanted, "body")) != NULL &&
        !same_body(o, asl_buffer_text(&request->body), value_as_text(v)))
        same = report(file, one, "body", asl_buffer_text(&request->body), value_as_text(v));
    const asl_value *host = value_get_z(wanted, "host");
    if (host != NULL && !asl_text_starts(value_as_text(host), request->host_prefix))
        same = report(file, one, "host", asl_text(request->host_prefix), value_as_text(host));
    return check_headers(file, one, &request->headers) && same;
}

static bool run_input(const char *file, const asl_value *suite, const asl_value *one)
{
    struct suite_service made;
    struct aws_request request;
    struct asl_buffer problems;
    if (!suite_service_make(suite, one, &made))
        return report(file, one, "the model is not understood", ASL_TEXT(""), ASL_TEXT(""));
    aws_request_init(&request);
    asl_buffer_init(&problems, 65536);
    const struct catalogue_operation *o = &made.service->operations[0];
    bool same = protocol_serialize(o, PROTOCOL_NATIVE, value_get_z(one, "params"),
                                   "00000000-0000-4000-8000-000000000000", &request, &problems);
    if (!same)
        report(file, one, "refused", asl_buffer_text(&problems), ASL_TEXT(""));
    else
        same = check_request(file, one, o, &request);
    aws_request_free(&request);
    asl_buffer_free(&problems);
    suite_service_free(&made);
    return same;
}

/* ---- output cases ---- */
/* Times are shown as epoch seconds; the cases write them so too, and blobs as their text. */
static bool check_output(const char *file, const asl_value *one, const struct aws_answer *answer)
{
    const asl_value *error = value_get_z(one, "error"), *code = value_get_z(one, "errorCode");
    const asl_value *message = value_get_z(one, "errorMessage"),
                    *result = value_get_z(one, "result");
    const asl_value *wanted = code != NULL || error != NULL ? error : result;
    struct asl_buffer ours, theirs;
    bool same = answer->failed == (code != NULL || error != NULL);
    if (!same)
        report(file, one, "failed or not", asl_text(answer->message), asl_text(answer->code));
    if (code != NULL && strcmp(answer->code, text_of(code)) != 0)
        same = report(file, one, "code", asl_text(answer->code), value_as_text(code));
    if (message != NULL && strcmp(answer->message, text_of(message)) != 0)
        same = report(file, one, "message", asl_text(answer->message), value_as_text(message));
    if (wanted == NULL || !same)
        return same;
    asl_buffer_init(&ours, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&theirs, ASL_BUFFER_MAXIMUM);
    if (answer->output != NULL)
        value_print(answer->output, &ours);
    value_print(wanted, &theirs);
    bool nothing = answer->output == NULL && value_count(wanted) == 0;
    if (!nothing && (answer->output == NULL || !value_equal(answer->output, wanted)))
        same = report(file, one, "result", asl_buffer_text(&ours), asl_buffer_text(&theirs));
    asl_buffer_free(&ours);
    asl_buffer_free(&theirs);
    return same;
}

static void answer_of(const struct catalogue_operation *o, const asl_value *response,
                      struct aws_answer *answer)
{
    const asl_value *headers = value_get_z(response, "headers"),
                    *body = value_get_z(response, "body");
    struct http_headers list;
    struct asl_buffer decoded;
    int64_t status = 200;
    http_headers_init(&list);
    asl_buffer_init(&decoded, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; headers != NULL && i < value_count(headers); i++)
        http_headers_add(&list, text_of(value_key_at(headers, i)),
                         value_as_text(value_at(headers, i)));
    if (value_get_z(response, "status_code") != NULL)
        value_as_integer(value_get_z(response, "status_code"), &status);
    struct asl_text text = body != NULL ? value_as_text(body) : ASL_TEXT("");
    if (o->service->protocol == CATALOGUE_CBOR && protocol_base64_decode(text, &decoded))
        text = asl_buffer_text(&decoded);
    protocol_parse(o, PROTOCOL_NATIVE, (int)status, &list, text, answer);
    http_headers_free(&list);
    asl_buffer_free(&decoded);
}

static bool run_output(const char *file, const asl_value *suite, const asl_value *one)
{
    struct suite_service made;
    struct aws_answer answer;
    if (!suite_service_make(suite, one, &made))
        return report(file, one, "the model is not understood", ASL_TEXT(""), ASL_TEXT(""));
    answer_of(&made.service->operations[0], value_get_z(one, "response"), &answer);
    bool same = check_output(file, one, &answer);
    aws_answer_free(&answer);
    suite_service_free(&made);
    return same;
}

/* ---- running them all ---- */
static void run_file(const char *direction, const char *file)
{
    char path[512], protocol[128];
    snprintf(path, sizeof path, SUITES "/%s/%s", direction, file);
    snprintf(protocol, sizeof protocol, "%.*s", (int)(strlen(file) - 5), file);
    asl_value *suites = read_json(path);
    assert_non_null(suites);
    for (size_t i = 0; i < value_count(suites); i++) {
        const asl_value *suite = value_at(suites, i), *cases = value_get_z(suite, "cases");
        for (size_t k = 0; k < value_count(cases); k++) {
            const asl_value *one = value_at(cases, k);
            if (is_ignored(direction, protocol, suite, one)) {
                run.ignored++;
                continue;
            }
            bool same = strcmp(direction, "input") == 0 ? run_input(file, suite, one)
                                                        : run_output(file, suite, one);
            run.passed += same;
            run.failed += !same;
        }
    }
    value_release(suites);
}

static void run_direction(const char *direction)
{
    char folder[256];
    snprintf(folder, sizeof folder, SUITES "/%s", direction);
    run.ignore = read_json(SUITES "/protocol-tests-ignore-list.json");
    DIR *d = opendir(folder);
    if (d == NULL || run.ignore == NULL) {
        printf("skipped: %s is not here\n", folder);
        if (d != NULL)
            closedir(d);
        value_release(run.ignore);
        skip();
    }
    run.passed = run.failed = run.ignored = 0;
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        if (strstr(e->d_name, ".json") != NULL)
            run_file(direction, e->d_name);
    closedir(d);
    value_release(run.ignore);
    printf("%s: %zu passed, %zu failed, %zu ignored by botocore's list\n", direction, run.passed,
           run.failed, run.ignored);
    run.all_passed += run.passed;
    run.all_failed += run.failed;
    run.all_ignored += run.ignored;
    assert_int_equal(run.failed, 0);
    assert_true(run.passed > 300);
}

static void serializes_as_botocores_cases(void **state)
{
    (void)state;
    run_direction("input");
}

static void parses_as_botocores_cases(void **state)
{
    (void)state;
    run_direction("output");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serializes_as_botocores_cases),
        cmocka_unit_test(parses_as_botocores_cases),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (run.all_passed + run.all_failed > 0)
        printf("%zu passed, %zu failed, %zu skipped\n", run.all_passed, run.all_failed,
               run.all_ignored);
    return failed;
}

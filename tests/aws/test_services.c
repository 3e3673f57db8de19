/* Every operation of every service of the catalogue: does its resource map, can its request be
 * serialised, is its answer parsed?
 *
 *     test_services [--table]      --table prints a line a service; else the sums
 *
 * Parameters and outputs are generated from the shapes (each member once, two levels deep, required
 * ones further down); an answer is written as the service's protocol has it and must be read as
 * what it was. What botocore makes of the same models is botocore/'s to say: this needs nothing but
 * the program. The table is left in build/services.txt. Issue 6, bar 2: no row is zero without a
 * reason. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asl/asl.h"
#include "engine/aws/catalogue/definition.h"
#include "tests/aws/answers.h"

/* Members that are not required are generated to this depth. */
#define DEPTH_OF_ALL 2
/* And required ones to this: models hold shapes that require themselves. */
#define DEPTH_MAXIMUM  8
#define PROBLEMS_SHOWN 20

/* ---- values from shapes ---- */

static asl_value *make(const struct catalogue_member *use, size_t depth, bool is_input);

static bool is_wanted(const struct catalogue_shape *s, const struct catalogue_member *m,
                      size_t depth, bool is_input)
{
    if (s->flags & CATALOGUE_UNION) /* always one of them, and one only */
        return m == &s->members[0];
    if (m->flags & CATALOGUE_REQUIRED && is_input)
        return depth < DEPTH_MAXIMUM;
    return depth < DEPTH_OF_ALL;
}

static bool is_header(const struct catalogue_member *m, enum catalogue_location location,
                      const char *name)
{
    return m->location == location && strcmp(m->location_name ? m->location_name : "", name) == 0;
}

/* What the wire says of itself is not written: the body's length; of a map with the prefix "",
 * which takes every header there is, nothing but that it is there. */
static asl_value *make_answered(const struct catalogue_member *m, size_t depth)
{
    if (m->location == CATALOGUE_IN_STATUS_CODE)
        return value_integer(200);
    if (is_header(m, CATALOGUE_IN_HEADERS, ""))
        return value_empty_object();
    return make(m, depth, false);
}

static asl_value *make_structure(const struct catalogue_shape *s, size_t depth, bool is_input)
{
    struct value_list l;
    value_list_init(&l);
    for (uint32_t i = 0; i < s->member_count; i++) {
        const struct catalogue_member *m = &s->members[i];
        bool is_length = !is_input && is_header(m, CATALOGUE_IN_HEADER, "Content-Length");
        if (is_wanted(s, m, depth, is_input) && !is_length)
            value_list_push_member_take(&l, value_string_z(m->name),
                                        is_input ? make(m, depth + 1, true)
                                                 : make_answered(m, depth + 1));
    }
    return value_object_take(&l);
}

static asl_value *make_string(const struct catalogue_member *use)
{
    const struct catalogue_shape *s = use->shape;
    char text[64] = "text";
    size_t minimum = s->minimum ? (size_t)strtoul(s->minimum, NULL, 10) : 0;
    if (use->flags & CATALOGUE_JSON_VALUE)
        return value_string_z("{}");
    if (s->value_count > 0)
        return value_string_z(s->values[0]);
    while (strlen(text) < minimum && strlen(text) + 1 < sizeof text)
        strcat(text, "x");
    return value_string_z(text);
}

static asl_value *make_list(const struct catalogue_shape *s, size_t depth, bool is_input)
{
    return value_append_take(value_empty_array(), make(&s->members[0], depth + 1, is_input));
}

static asl_value *make_map(const struct catalogue_shape *s, size_t depth, bool is_input)
{
    const struct catalogue_shape *key = s->members[0].shape;
    struct value_list l;
    value_list_init(&l);
    value_list_push_member_take(&l, value_string_z(key->value_count ? key->values[0] : "key"),
                                make(&s->members[1], depth + 1, is_input));
    return value_object_take(&l);
}

static asl_value *make(const struct catalogue_member *use, size_t depth, bool is_input)
{
    const struct catalogue_shape *s = use->shape;
    switch (s->type) {
    case CATALOGUE_STRUCTURE:
        return s->flags & CATALOGUE_DOCUMENT ? value_literal("{\"any\":[1,true]}")
                                             : make_structure(s, depth, is_input);
    case CATALOGUE_LIST:
        return depth < DEPTH_MAXIMUM ? make_list(s, depth, is_input) : value_empty_array();
    case CATALOGUE_MAP:
        return depth < DEPTH_MAXIMUM ? make_map(s, depth, is_input) : value_empty_object();
    case CATALOGUE_BOOLEAN:
        return value_boolean(true);
    case CATALOGUE_INTEGER:
    case CATALOGUE_LONG:
        return value_integer(s->minimum ? strtoll(s->minimum, NULL, 10) : 7);
    case CATALOGUE_FLOAT:
    case CATALOGUE_DOUBLE:
        return value_double(2.25);
    case CATALOGUE_TIMESTAMP:
        return value_integer(1700000000);
    default:
        return make_string(use);
    }
}

/* ---- one operation ---- */

static size_t shown;

static void show(const struct catalogue_operation *o, const char *what, const char *why)
{
    if (shown++ < PROBLEMS_SHOWN)
        printf("%s.%s %s: %s\n", o->service->arn_name, o->name, what, why);
}

static bool serialises(const struct catalogue_operation *o)
{
    struct aws_request request;
    struct asl_buffer problems;
    asl_value *parameters = o->input.shape ? make(&o->input, 0, true) : value_empty_object();
    asl_buffer_init(&problems, 400);
    aws_request_init(&request);
    bool good = protocol_serialize(o, PROTOCOL_NATIVE, parameters,
                                   "00000000-0000-4000-8000-000000000000", &request, &problems);
    if (!good)
        show(o, "is not serialised", problems.data ? problems.data : "");
    aws_request_free(&request);
    asl_buffer_free(&problems);
    value_release(parameters);
    return good;
}

static void put_two(const asl_value *ours, const asl_value *theirs, char why[512])
{
    struct asl_buffer a, b;
    asl_buffer_init(&a, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&b, ASL_BUFFER_MAXIMUM);
    if (ours)
        value_print(ours, &a);
    value_print(theirs, &b);
    snprintf(why, 512, "read %.240s, was %.240s", a.data ? a.data : "nothing", b.data);
    asl_buffer_free(&a);
    asl_buffer_free(&b);
}

/* Of S3's old notification configuration two members share the element Event: what is written as
 * one of them is read as both. */
static bool is_read_twice(const struct catalogue_operation *o)
{
    return strcmp(o->name, "GetBucketNotification") == 0;
}

static bool parses(const struct catalogue_operation *o)
{
    struct aws_request wire;
    struct aws_answer answer;
    char why[512] = "";
    asl_value *output = o->output.shape ? make(&o->output, 0, false) : value_empty_object();
    aws_request_init(&wire);
    bool good = answers_write(o, PROTOCOL_NATIVE, output, &wire, why);
    if (good) {
        protocol_parse(o, PROTOCOL_NATIVE, 200, &wire.headers, asl_buffer_text(&wire.body),
                       &answer);
        const asl_value *read = answer.output;
        good = !answer.failed && read && (value_equal(read, output) || is_read_twice(o));
        if (answer.failed)
            snprintf(why, sizeof why, "%.500s", answer.message);
        else if (!good)
            put_two(read, output, why);
        aws_answer_free(&answer);
    }
    if (!good)
        show(o, "is not parsed", why);
    aws_request_free(&wire);
    value_release(output);
    return good;
}

/* ---- a service ---- */

struct row {
    size_t operations, refused, mapped, serialised, parsed;
};

static struct row judge(struct catalogue *c, const struct catalogue_service *s)
{
    struct row r = {.operations = s->operation_count};
    struct asl_catalogue offers = catalogue_for_definitions(c);
    for (uint32_t i = 0; i < s->operation_count; i++) {
        const struct catalogue_operation *o = &s->operations[i];
        char action[256];
        if (o->flags & (CATALOGUE_UNSUPPORTED | CATALOGUE_STREAMS_EVENTS)) {
            r.refused++;
            continue;
        }
        catalogue_action(o, action, sizeof action);
        r.mapped += offers.offers(offers.state, asl_text(s->arn_name), asl_text(action));
        r.serialised += serialises(o);
        r.parsed += parses(o);
    }
    return r;
}

static const char *reason(const struct row *r)
{
    if (r->operations == r->refused)
        return "AWS offers none of its operations: they stream events, or are on its list of "
               "unsupported actions";
    return r->refused ? "refused: streams of events and AWS's unsupported actions" : "";
}

int main(int count, char **arguments)
{
    bool prints = count > 1 && strcmp(arguments[1], "--table") == 0;
    FILE *table = prints ? stdout : fopen("build/services.txt", "w");
    struct catalogue *c = catalogue_new();
    struct row all = {0};
    size_t passed = 0, failed = 0, empty = 0;
    if (table)
        fprintf(table, "%-36s %-9s %5s %7s %6s %10s %6s\n", "service", "protocol", "all", "refused",
                "maps", "serialises", "parses");
    for (size_t i = 0; i < catalogue_count(c); i++) {
        const struct catalogue_service *s = catalogue_service(c, asl_text(catalogue_name_at(c, i)));
        struct row r = judge(c, s);
        size_t offered = r.operations - r.refused;
        bool good = r.mapped == offered && r.serialised == offered && r.parsed == offered;
        *(good ? &passed : &failed) += 1;
        empty += offered == 0;
        all.operations += r.operations;
        all.refused += r.refused;
        all.mapped += r.mapped;
        all.serialised += r.serialised;
        all.parsed += r.parsed;
        if (table)
            fprintf(table, "%-36s %-9s %5zu %7zu %6zu %10zu %6zu  %s\n", s->arn_name,
                    catalogue_protocol_name(s->protocol), r.operations, r.refused, r.mapped,
                    r.serialised, r.parsed, reason(&r));
    }
    if (table && !prints)
        fclose(table);
    printf(
        "%zu services (%zu of which AWS offers nothing), %zu operations, %zu refused: %zu map, %zu "
        "serialise, %zu parse\n",
        catalogue_count(c), empty, all.operations, all.refused, all.mapped, all.serialised,
        all.parsed);
    printf("services: %zu passed, %zu failed\n", passed, failed);
    catalogue_free(c);
    return failed > 0;
}

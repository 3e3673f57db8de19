/* A service model (botocore form) becomes the bytes that decode.c reads.
 *
 * Runs when the catalogue is renewed, and in tests that bring models of their own; the program
 * itself never calls it. Shapes are numbered when they are first reached from an operation or an
 * exception, so what nothing reaches is left out; shapes without members that say the same are one.
 * What the uses of a shape inherit from it is merged here.
 */
#include "format.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STREAM_MAXIMUM = 64 << 20 };

/* Text to number, first come first numbered. Open addressing, half full at most. */
struct interned {
    struct asl_text *slots; /* data NULL: free */
    uint32_t *numbers;
    size_t capacity, count;
};

struct encoder {
    const asl_value *model, *shapes, *operations;
    struct asl_buffer strings, stream;
    struct interned string_numbers, shape_numbers, leaf_numbers;
    const asl_value **order; /* shapes by number */
    const asl_value **order_names;
    size_t order_count, order_capacity;
    uint32_t members, values;
    struct asl_buffer scratch;
    char *problem;
    size_t problem_size;
    bool names_structures;
    bool failed;
};

static uint64_t hash(struct asl_text t)
{
    uint64_t h = 1469598103934665603u; /* FNV-1a */
    for (size_t i = 0; i < t.size; i++)
        h = (h ^ (unsigned char)t.data[i]) * 1099511628211u;
    return h;
}

static size_t slot_of(const struct interned *in, struct asl_text t)
{
    size_t i = hash(t) & (in->capacity - 1);
    while (in->slots[i].data != NULL && !asl_text_equal(in->slots[i], t))
        i = (i + 1) & (in->capacity - 1);
    return i;
}

static void grow(struct interned *in)
{
    struct interned old = *in;
    in->capacity = old.capacity == 0 ? 1024 : old.capacity * 2;
    in->slots = asl_allocate_zeroed(in->capacity, sizeof *in->slots);
    in->numbers = asl_allocate_zeroed(in->capacity, sizeof *in->numbers);
    for (size_t i = 0; i < old.capacity; i++) {
        if (old.slots[i].data == NULL)
            continue;
        size_t to = slot_of(in, old.slots[i]);
        in->slots[to] = old.slots[i];
        in->numbers[to] = old.numbers[i];
    }
    free(old.slots);
    free(old.numbers);
}

/* The number of `t`; `fresh` tells whether it got it just now, and then it is `number`. Copies. */
static uint32_t intern(struct interned *in, struct asl_text t, uint32_t number, bool *fresh)
{
    if (2 * (in->count + 1) > in->capacity)
        grow(in);
    size_t i = slot_of(in, t);
    *fresh = in->slots[i].data == NULL;
    if (*fresh) {
        in->slots[i] = (struct asl_text){asl_copy_text(t), t.size};
        in->numbers[i] = number;
        in->count++;
    }
    return in->numbers[i];
}

static void interned_free(struct interned *in)
{
    for (size_t i = 0; i < in->capacity; i++)
        free((char *)in->slots[i].data);
    free(in->slots);
    free(in->numbers);
}

static void fail(struct encoder *e, const char *what, struct asl_text which)
{
    if (!e->failed)
        snprintf(e->problem, e->problem_size, "%s: %.*s", what, ASL_TEXT_ARGS(which));
    e->failed = true;
}

/* ---- writing ---- */
static void number_to(struct asl_buffer *b, uint32_t n)
{
    for (; n >= 0x80; n >>= 7)
        asl_buffer_putc(b, (char)(n | 0x80));
    asl_buffer_putc(b, (char)n);
}

static void number(struct encoder *e, uint32_t n)
{
    number_to(&e->stream, n);
}

static void string(struct encoder *e, struct asl_text t, bool present)
{
    if (!present) {
        number(e, 0);
        return;
    }
    if (memchr(t.data, '\0', t.size) != NULL)
        fail(e, "a string holds U+0000", t);
    bool fresh;
    uint32_t next = (uint32_t)e->string_numbers.count;
    uint32_t n = intern(&e->string_numbers, t, next, &fresh);
    number(e, fresh ? 1 : n + 2);
    if (fresh) {
        asl_buffer_put_text(&e->strings, t);
        asl_buffer_putc(&e->strings, '\0');
    }
}

static void string_of(struct encoder *e, const asl_value *v)
{
    bool present = v != NULL && (value_kind(v) == VALUE_STRING || value_kind(v) == VALUE_NUMBER);
    string(e, present ? value_as_text(v) : ASL_TEXT(""), present);
}

static const asl_value *get(const asl_value *v, const char *key)
{
    return v == NULL ? NULL : value_get_z(v, key);
}

static bool is_true(const asl_value *v, const char *key)
{
    const asl_value *found = get(v, key);
    return found != NULL && value_is_true(found);
}

/* ---- enumerations, each as a table ---- */
struct word {
    const char *text;
    uint32_t value;
};

static bool look_up(const struct word *table, size_t count, struct asl_text t, uint32_t *out)
{
    for (size_t i = 0; i < count; i++) {
        if (asl_text_is(t, table[i].text)) {
            *out = table[i].value;
            return true;
        }
    }
    return false;
}
#define LOOK_UP(table, text, out) look_up(table, sizeof(table) / sizeof *(table), text, out)

/* Preferred first: JSON before CBOR where a service lists both. */
static const struct word protocols[] = {
    {"json", CATALOGUE_JSON},         {"rest-json", CATALOGUE_REST_JSON},
    {"rest-xml", CATALOGUE_REST_XML}, {"query", CATALOGUE_QUERY},
    {"ec2", CATALOGUE_EC2},           {"smithy-rpc-v2-cbor", CATALOGUE_CBOR},
};

static const struct word types[] = {
    {"structure", CATALOGUE_STRUCTURE},
    {"list", CATALOGUE_LIST},
    {"map", CATALOGUE_MAP},
    {"string", CATALOGUE_STRING},
    {"character", CATALOGUE_STRING},
    {"blob", CATALOGUE_BLOB},
    {"boolean", CATALOGUE_BOOLEAN},
    {"integer", CATALOGUE_INTEGER},
    {"short", CATALOGUE_INTEGER},
    {"byte", CATALOGUE_INTEGER},
    {"long", CATALOGUE_LONG},
    {"float", CATALOGUE_FLOAT},
    {"double", CATALOGUE_DOUBLE},
    {"timestamp", CATALOGUE_TIMESTAMP},
    {"bigdecimal", CATALOGUE_DOUBLE},
    {"biginteger", CATALOGUE_LONG},
};

static const struct word locations[] = {
    {"uri", CATALOGUE_IN_URI},
    {"querystring", CATALOGUE_IN_QUERY},
    {"header", CATALOGUE_IN_HEADER},
    {"headers", CATALOGUE_IN_HEADERS},
    {"statusCode", CATALOGUE_IN_STATUS_CODE},
};

static const struct word times[] = {
    {"iso8601", CATALOGUE_TIME_ISO8601},
    {"unixTimestamp", CATALOGUE_TIME_UNIX},
    {"rfc822", CATALOGUE_TIME_RFC822},
};

static const struct word use_flags[] = {
    {"idempotencyToken", CATALOGUE_TOKEN}, {"flattened", CATALOGUE_FLATTENED},
    {"jsonvalue", CATALOGUE_JSON_VALUE},   {"xmlAttribute", CATALOGUE_XML_ATTRIBUTE},
    {"streaming", CATALOGUE_STREAMING},    {"hostLabel", CATALOGUE_HOST_LABEL},
};

static const struct word shape_flags[] = {
    {"union", CATALOGUE_UNION},         {"document", CATALOGUE_DOCUMENT},
    {"exception", CATALOGUE_EXCEPTION}, {"eventstream", CATALOGUE_EVENTSTREAM},
    {"sparse", CATALOGUE_SPARSE},       {"sensitive", CATALOGUE_SENSITIVE},
    {"box", CATALOGUE_BOXED},           {"fault", CATALOGUE_FAULT},
};

static uint32_t flags_of(const struct word *table, size_t count, const asl_value *v,
                         const asl_value *fallback)
{
    uint32_t flags = 0;
    for (size_t i = 0; i < count; i++)
        if (is_true(v, table[i].text) || is_true(fallback, table[i].text))
            flags |= table[i].value;
    return flags;
}
#define FLAGS_OF(table, v, fallback) flags_of(table, sizeof(table) / sizeof *(table), v, fallback)

/* ---- shapes ---- */
static bool is_leaf(const asl_value *shape)
{
    return get(shape, "members") == NULL && get(shape, "member") == NULL &&
           get(shape, "key") == NULL;
}

static void shape_reference(struct encoder *e, const asl_value *name)
{
    if (name == NULL) {
        number(e, 0);
        return;
    }
    const asl_value *shape = value_get(e->shapes, value_as_text(name));
    if (shape == NULL) {
        fail(e, "no such shape", value_as_text(name));
        return;
    }
    bool fresh;
    uint32_t next = (uint32_t)e->order_count;
    /* A leaf is known by what it says, anything else by its name. */
    uint32_t n = is_leaf(shape) && !is_true(shape, "exception")
                     ? intern(&e->leaf_numbers, value_compact(shape, &e->scratch), next, &fresh)
                     : intern(&e->shape_numbers, value_as_text(name), next, &fresh);
    number(e, fresh ? 1 : n + 2);
    if (!fresh)
        return;
    if (e->order_count == e->order_capacity) {
        e->order_capacity = e->order_capacity == 0 ? 256 : 2 * e->order_capacity;
        e->order = asl_reallocate(e->order, e->order_capacity * sizeof *e->order);
        e->order_names = asl_reallocate(e->order_names, e->order_capacity * sizeof *e->order_names);
    }
    e->order[e->order_count] = shape;
    e->order_names[e->order_count++] = name;
}

/* What the use says, or else its shape. */
static const asl_value *said(const asl_value *use, const asl_value *shape, const char *key)
{
    const asl_value *v = get(use, key);
    return v != NULL ? v : get(shape, key);
}

static void write_use(struct encoder *e, const asl_value *name, const asl_value *use, bool required)
{
    const asl_value *shape_name = get(use, "shape");
    const asl_value *shape = shape_name ? value_get(e->shapes, value_as_text(shape_name)) : NULL;
    const asl_value *location_name = said(use, shape, "locationName");
    const asl_value *query_name = said(use, shape, "queryName");
    const asl_value *space = said(use, shape, "xmlNamespace");
    const asl_value *where = said(use, shape, "location"),
                    *when = said(use, shape, "timestampFormat");
    uint32_t location = 0, time = 0;
    if (where != NULL && !LOOK_UP(locations, value_as_text(where), &location))
        fail(e, "unknown location", value_as_text(where));
    if (when != NULL && !LOOK_UP(times, value_as_text(when), &time))
        fail(e, "unknown timestampFormat", value_as_text(when));
    uint32_t flags = FLAGS_OF(use_flags, use, shape) | (required ? CATALOGUE_REQUIRED : 0);
    number(e, (location_name ? FORMAT_MEMBER_LOCATION_NAME : 0u) |
                  (query_name ? FORMAT_MEMBER_QUERY_NAME : 0u) |
                  (space ? FORMAT_MEMBER_NAMESPACE : 0u) |
                  (location || time ? FORMAT_MEMBER_TRAVELS : 0u) |
                  flags << FORMAT_MEMBER_FLAGS_SHIFT);
    string_of(e, name);
    shape_reference(e, shape_name);
    if (location_name != NULL)
        string_of(e, location_name);
    if (query_name != NULL)
        string_of(e, query_name);
    if (space != NULL) {
        string_of(e, value_kind(space) == VALUE_STRING ? space : get(space, "uri"));
        string_of(e, get(space, "prefix"));
    }
    if (location || time) {
        number(e, location);
        number(e, time);
    }
}

static bool holds(const asl_value *array, struct asl_text t)
{
    for (size_t i = 0; array != NULL && i < value_count(array); i++)
        if (asl_text_equal(value_as_text(value_at(array, i)), t))
            return true;
    return false;
}

static void write_structure(struct encoder *e, const asl_value *shape)
{
    const asl_value *members = get(shape, "members"), *required = get(shape, "required");
    size_t count = members == NULL ? 0 : value_count(members);
    number(e, (uint32_t)count);
    e->members += (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        const asl_value *name = value_key_at(members, i);
        write_use(e, name, value_at(members, i), holds(required, value_as_text(name)));
    }
}

static void write_members(struct encoder *e, const asl_value *shape, uint32_t type)
{
    if (type == CATALOGUE_STRUCTURE) {
        write_structure(e, shape);
    } else if (type == CATALOGUE_LIST) {
        e->members++;
        write_use(e, NULL, get(shape, "member"), false);
    } else if (type == CATALOGUE_MAP) {
        e->members += 2;
        write_use(e, NULL, get(shape, "key"), false);
        write_use(e, NULL, get(shape, "value"), false);
    }
}

static void write_values(struct encoder *e, const asl_value *values)
{
    number(e, (uint32_t)value_count(values));
    e->values += (uint32_t)value_count(values);
    for (size_t i = 0; i < value_count(values); i++)
        string_of(e, value_at(values, i));
}

static void write_error(struct encoder *e, const asl_value *shape)
{
    const asl_value *error = get(shape, "error");
    const asl_value *status = get(error, "httpStatusCode");
    int64_t code = 0;
    if (status != NULL)
        value_as_integer(status, &code);
    string_of(e, get(error, "code"));
    number(e, (uint32_t)code);
}

static void write_shape(struct encoder *e, const asl_value *name, const asl_value *shape)
{
    uint32_t type = 0;
    const asl_value *type_name = get(shape, "type");
    if (type_name == NULL || !LOOK_UP(types, value_as_text(type_name), &type))
        fail(e, "unknown type of shape", value_as_text(name));
    const asl_value *values = get(shape, "enum"), *payload = get(shape, "payload");
    uint32_t flags = FLAGS_OF(shape_flags, shape, NULL);
    if (get(shape, "retryable") != NULL)
        flags |= CATALOGUE_RETRYABLE;
    size_t payload_at =
        payload ? value_find(get(shape, "members"), value_as_text(payload)) : SIZE_MAX;
    /* Exceptions are known by their names; of the service that we offer ourselves, structures too:
     * its validation messages print them. */
    bool named =
        flags & CATALOGUE_EXCEPTION || (e->names_structures && type == CATALOGUE_STRUCTURE);
    number(e, type);
    number(e, (get(shape, "min") ? FORMAT_SHAPE_MINIMUM : 0u) |
                  (get(shape, "max") ? FORMAT_SHAPE_MAXIMUM : 0u) |
                  (get(shape, "pattern") ? FORMAT_SHAPE_PATTERN : 0u) |
                  (values ? FORMAT_SHAPE_VALUES : 0u) |
                  (payload_at != SIZE_MAX ? FORMAT_SHAPE_PAYLOAD : 0u) |
                  (flags & CATALOGUE_EXCEPTION ? FORMAT_SHAPE_ERROR : 0u) |
                  (named ? FORMAT_SHAPE_NAME : 0u) | flags << FORMAT_SHAPE_FLAGS_SHIFT);
    write_members(e, shape, type);
    static const char *const constraints[] = {"min", "max", "pattern"};
    for (size_t i = 0; i < sizeof constraints / sizeof *constraints; i++)
        if (get(shape, constraints[i]) != NULL)
            string_of(e, get(shape, constraints[i]));
    if (values != NULL)
        write_values(e, values);
    if (payload_at != SIZE_MAX)
        number(e, (uint32_t)payload_at);
    if (named)
        string_of(e, name);
    if (flags & CATALOGUE_EXCEPTION)
        write_error(e, shape);
}

/* ---- operations ---- */
/* Reading by its name: what begins so changes nothing, but for the few that hand out work or move a
 * cursor on. Used to send calls again whose outcome a crash has hidden (DESIGN, invariant 5). */
static bool reads_only(struct asl_text name, const asl_value *operation)
{
    static const char *const fronts[] = {"Get",      "List",          "Describe", "Head",
                                         "BatchGet", "BatchDescribe", "Search",   "Query",
                                         "Scan",     "Lookup",        "Estimate", "Validate"};
    static const char *const movers[] = {"GetActivityTask", "GetLatestConfiguration"};
    if (is_true(operation, "readonly"))
        return true;
    for (size_t i = 0; i < sizeof movers / sizeof *movers; i++)
        if (asl_text_is(name, movers[i]))
            return false;
    for (size_t i = 0; i < sizeof fronts / sizeof *fronts; i++) {
        size_t n = strlen(fronts[i]);
        if (asl_text_starts(name, fronts[i]) &&
            (name.size == n || (name.data[n] >= 'A' && name.data[n] <= 'Z')))
            return true;
    }
    return false;
}

/* Published as "unsupported operations" with the list of services ("Learning to use AWS service SDK
 * integrations"); event streams besides. */
static bool is_refused(const char *service_id, struct asl_text name)
{
    static const struct {
        const char *service, *operation; /* a '*' at the end: all that begin so */
    } refused[] = {
        {"Application Discovery Service", "DescribeExportConfigurations"},
        {"Application Discovery Service", "ExportConfigurations"},
        {"CodeDeploy", "BatchGetDeploymentInstances"},
        {"CodeDeploy", "GetDeploymentInstance"},
        {"CodeDeploy", "ListDeploymentInstances"},
        {"CodeDeploy", "SkipWaitTimeForInstanceTermination"},
        {"ComprehendMedical", "DetectEntities"},
        {"DataExchange", "SendApiAsset"},
        {"Direct Connect", "AllocateConnectionOnInterconnect"},
        {"Direct Connect", "DescribeConnectionLoa"},
        {"Direct Connect", "DescribeConnectionsOnInterconnect"},
        {"Direct Connect", "DescribeInterconnectLoa"},
        {"EFS", "CreateTags"},
        {"EMR", "DescribeJobFlows"},
        {"IoT", "AttachPrincipalPolicy"},
        {"IoT", "DetachPrincipalPolicy"},
        {"IoT", "ListPolicyPrincipals"},
        {"IoT", "ListPrincipalPolicies"},
        {"Kinesis", "SubscribeToShard"},
        {"Lambda", "InvokeAsync"},
        {"Lex Runtime V2", "StartConversation"},
        {"MediaPackage", "RotateChannelCredentials"},
        {"QBusiness", "Chat"},
        {"RDS Data", "ExecuteSql"},
        {"S3", "SelectObjectContent"},
        {"STS", "AssumeRole*"},
        {"Shield", "DeleteSubscription"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const char *operation = refused[i].operation;
        size_t n = strlen(operation);
        bool front = operation[n - 1] == '*';
        if (strcmp(service_id, refused[i].service) == 0 && name.size >= n - front &&
            memcmp(name.data, operation, n - front) == 0 && (front || name.size == n))
            return true;
    }
    return false;
}

/* Does an event stream stand among the members of what this use names? */
static bool streams_events(const struct encoder *e, const asl_value *use)
{
    const asl_value *name = get(use, "shape");
    const asl_value *members =
        name ? get(value_get(e->shapes, value_as_text(name)), "members") : NULL;
    for (size_t i = 0; members != NULL && i < value_count(members); i++) {
        const asl_value *member = get(value_at(members, i), "shape");
        if (member != NULL && is_true(value_get(e->shapes, value_as_text(member)), "eventstream"))
            return true;
    }
    return false;
}

static bool text_of_is(const asl_value *v, const char *text)
{
    return v != NULL && asl_text_is(value_as_text(v), text);
}

static uint32_t operation_flags(const struct encoder *e, const char *service_id,
                                struct asl_text name, const asl_value *o)
{
    const asl_value *auth = get(o, "authtype"), *checksum = get(o, "httpChecksum");
    bool streams = streams_events(e, get(o, "input")) || streams_events(e, get(o, "output"));
    const struct {
        bool is;
        uint32_t flag;
    } table[] = {
        {text_of_is(auth, "none"), CATALOGUE_UNSIGNED},
        {is_true(o, "unsignedPayload") || text_of_is(auth, "v4-unsigned-body"),
         CATALOGUE_UNSIGNED_PAYLOAD},
        {is_true(o, "httpChecksumRequired") || is_true(checksum, "requestChecksumRequired"),
         CATALOGUE_CHECKSUM_REQUIRED},
        {reads_only(name, o), CATALOGUE_READ_ONLY},
        {is_true(o, "idempotent"), CATALOGUE_IDEMPOTENT},
        {streams, CATALOGUE_STREAMS_EVENTS},
        {streams || is_refused(service_id, name), CATALOGUE_UNSUPPORTED},
        {is_true(o, "deprecated"), CATALOGUE_DEPRECATED},
        {is_true(get(o, "endpointdiscovery"), "required"), CATALOGUE_NEEDS_DISCOVERY},
        {get(o, "requestcompression") != NULL, CATALOGUE_COMPRESSES},
    };
    uint32_t flags = 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        flags |= table[i].is ? table[i].flag : 0;
    return flags;
}

static void write_operation(struct encoder *e, const char *service_id, const asl_value *name,
                            const asl_value *o)
{
    const asl_value *http = get(o, "http");
    string_of(e, name);
    string_of(e, get(http, "method"));
    const asl_value *uri = get(http, "requestUri");
    string(e, uri != NULL ? value_as_text(uri) : ASL_TEXT("/"), true);
    number(e, operation_flags(e, service_id, value_as_text(name), o));
    write_use(e, NULL, get(o, "input"), false);
    write_use(e, NULL, get(o, "output"), false);
    string_of(e, get(get(o, "output"), "resultWrapper"));
    string_of(e, get(get(o, "endpoint"), "hostPrefix"));
    string_of(e, get(get(o, "httpChecksum"), "requestAlgorithmMember"));
}

static int by_name(const void *a, const void *b, void *operations)
{
    const asl_value *keys = operations;
    return asl_text_compare(value_as_text(value_key_at(keys, *(const uint32_t *)a)),
                            value_as_text(value_key_at(keys, *(const uint32_t *)b)));
}

static void write_operations(struct encoder *e, const char *service_id)
{
    size_t count = value_count(e->operations);
    uint32_t *order = asl_allocate((count + 1) * sizeof *order);
    for (size_t i = 0; i < count; i++)
        order[i] = (uint32_t)i;
    qsort_r(order, count, sizeof *order, by_name, (void *)e->operations);
    for (size_t i = 0; i < count; i++)
        write_operation(e, service_id, value_key_at(e->operations, order[i]),
                        value_at(e->operations, order[i]));
    free(order);
}

static uint32_t write_exceptions(struct encoder *e)
{
    uint32_t count = 0;
    for (size_t i = 0; i < value_count(e->shapes); i++) {
        if (is_true(value_at(e->shapes, i), "exception")) {
            shape_reference(e, value_key_at(e->shapes, i));
            count++;
        }
    }
    return count;
}

/* ---- the service ---- */
static uint32_t protocol_of(struct encoder *e, const asl_value *metadata)
{
    const asl_value *listed = get(metadata, "protocols"), *only = get(metadata, "protocol");
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++)
        if (holds(listed, asl_text(protocols[i].text)))
            return protocols[i].value;
    uint32_t value = 0;
    if (only == NULL || !LOOK_UP(protocols, value_as_text(only), &value))
        fail(e, "unknown protocol", only ? value_as_text(only) : ASL_TEXT("none"));
    return value;
}

static void write_service(struct encoder *e, const asl_value *metadata, const char *service_id)
{
    char prefix[128], arn_name[128];
    catalogue_error_prefix(service_id, prefix, sizeof prefix);
    size_t n = 0;
    for (; prefix[n] != '\0'; n++)
        arn_name[n] = (char)(prefix[n] >= 'A' && prefix[n] <= 'Z' ? prefix[n] + 32 : prefix[n]);
    arn_name[n] = '\0';
    string(e, asl_text(service_id), true);
    string(e, asl_text(arn_name), true);
    string(e, asl_text(prefix), true);
    string_of(e, get(metadata, "endpointPrefix"));
    const asl_value *signing = get(metadata, "signingName");
    string_of(e, signing != NULL ? signing : get(metadata, "endpointPrefix"));
    static const char *const rest[] = {"apiVersion",    "uid",         "signatureVersion",
                                       "targetPrefix",  "jsonVersion", "xmlNamespace",
                                       "globalEndpoint"};
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        string_of(e, get(metadata, rest[i]));
    number(e, protocol_of(e, metadata));
    number(e,
           (get(metadata, "awsQueryCompatible") != NULL ? CATALOGUE_QUERY_COMPATIBLE : 0u) |
               (text_of_is(get(metadata, "signatureVersion"), "bearer") ? CATALOGUE_BEARER : 0u));
}

static void encode(struct encoder *e, struct asl_buffer *out)
{
    const asl_value *metadata = get(e->model, "metadata");
    const asl_value *id = get(metadata, "serviceId");
    char service_id[128];
    snprintf(service_id, sizeof service_id, "%.*s",
             ASL_TEXT_ARGS(id != NULL ? value_as_text(id) : ASL_TEXT("Unnamed")));
    e->names_structures = strcmp(service_id, "SFN") == 0;
    write_service(e, metadata, service_id);
    write_operations(e, service_id);
    uint32_t exceptions = write_exceptions(e);
    for (size_t i = 0; i < e->order_count && !e->failed; i++)
        write_shape(e, e->order_names[i], e->order[i]);
    const uint32_t head[] = {(uint32_t)e->string_numbers.count, (uint32_t)e->strings.size};
    const uint32_t totals[] = {(uint32_t)e->order_count, e->members,
                               (uint32_t)value_count(e->operations), exceptions, e->values};
    for (size_t i = 0; i < sizeof head / sizeof *head; i++)
        number_to(out, head[i]);
    asl_buffer_put_text(out, asl_buffer_text(&e->strings));
    for (size_t i = 0; i < sizeof totals / sizeof *totals; i++)
        number_to(out, totals[i]);
    asl_buffer_put_text(out, asl_buffer_text(&e->stream));
    if (e->strings.full || e->stream.full || out->full)
        fail(e, "larger than the format allows", asl_text(service_id));
}

bool catalogue_encode(const asl_value *model, struct asl_buffer *out, char *problem, size_t size)
{
    struct encoder e = {.model = model,
                        .shapes = get(model, "shapes"),
                        .operations = get(model, "operations"),
                        .problem = problem,
                        .problem_size = size};
    asl_buffer_init(&e.strings, STREAM_MAXIMUM);
    asl_buffer_init(&e.stream, STREAM_MAXIMUM);
    asl_buffer_init(&e.scratch, STREAM_MAXIMUM);
    if (get(model, "metadata") == NULL || e.shapes == NULL || e.operations == NULL)
        fail(&e, "no service model", ASL_TEXT("metadata, operations and shapes are needed"));
    else
        encode(&e, out);
    asl_buffer_free(&e.strings);
    asl_buffer_free(&e.stream);
    asl_buffer_free(&e.scratch);
    interned_free(&e.string_numbers);
    interned_free(&e.shape_numbers);
    interned_free(&e.leaf_numbers);
    free(e.order);
    free(e.order_names);
    return !e.failed;
}

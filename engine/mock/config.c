/* Mock files: read, checked whole, asked. The checks walk the file once and know the place of each
 * complaint by its JSON Pointer; asking walks the tree again: a file is small, and asked once a
 * call.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asl/definition/machine.h"
#include "engine/aws/catalogue.h"

#define COMPLAINTS_MAXIMUM 20
#define POINTER_MAXIMUM    65536

struct mock_config {
    char *name, *text;
    size_t size;
    asl_value *root;
};

/* ---- complaints, with their place ---- */

struct place {
    const struct place *outer;
    struct asl_text key;
};

struct check {
    const struct mock_config *config;
    struct asl_buffer *message;
    size_t count;
};

static void put_pointer(const struct place *p, struct asl_buffer *out)
{
    if (!p)
        return;
    put_pointer(p->outer, out);
    asl_buffer_putc(out, '/');
    for (size_t i = 0; i < p->key.size; i++) {
        char c = p->key.data[i];
        if (c == '~' || c == '/')
            asl_buffer_puts(out, c == '~' ? "~0" : "~1");
        else
            asl_buffer_putc(out, c);
    }
}

/* Begins a line: "file:3:9: ". `key`: the place of the member's name. */
static bool begin_complaint(struct check *c, const struct place *p, bool key)
{
    struct asl_buffer pointer;
    struct value_place at = {0, 1, 1};
    if (c->count++ >= COMPLAINTS_MAXIMUM)
        return false;
    asl_buffer_init(&pointer, POINTER_MAXIMUM);
    put_pointer(p, &pointer);
    value_locate((struct asl_text){c->config->text, c->config->size}, asl_buffer_text(&pointer),
                 key, &at);
    asl_buffer_free(&pointer);
    asl_buffer_printf(c->message, "%s%s:%zu:%zu: ", c->message->size ? "\n" : "", c->config->name,
                      at.line, at.column);
    return true;
}

__attribute__((format(printf, 4, 5))) static bool complain(struct check *c, const struct place *p,
                                                           bool key, const char *format, ...)
{
    va_list arguments;
    if (begin_complaint(c, p, key)) {
        va_start(arguments, format);
        asl_buffer_vprintf(c->message, format, arguments);
        va_end(arguments);
    }
    return false;
}

/* "; did you mean 'X'?", or what there is. */
static void put_names(struct check *c, const asl_value *object, struct asl_text wrong)
{
    size_t nearest = SIZE_MAX, best = 0, count = object ? value_count(object) : 0;
    for (size_t i = 0; i < count; i++) {
        size_t d = catalogue_word_distance(wrong, value_as_text(value_key_at(object, i)).data);
        if (d < nearest) {
            nearest = d;
            best = i;
        }
    }
    if (count == 0)
        asl_buffer_puts(c->message, "; there is none");
    else if (nearest <= (wrong.size + 2) / 3)
        asl_buffer_printf(c->message, "; did you mean '%.*s'?",
                          ASL_TEXT_ARGS(value_as_text(value_key_at(object, best))));
    for (size_t i = 0; nearest > (wrong.size + 2) / 3 && i < count && i < 8; i++)
        asl_buffer_printf(c->message, "%s'%.*s'", i ? ", " : "; there are: ",
                          ASL_TEXT_ARGS(value_as_text(value_key_at(object, i))));
}

/* "an object" */
static const char *kind_of(const asl_value *v)
{
    static const char *const kinds[] = {"null",     "a boolean", "a number",
                                        "a string", "an array",  "an object"};
    return kinds[value_kind(v)];
}

static bool is_object(struct check *c, const struct place *p, const asl_value *v, const char *what)
{
    return value_kind(v) == VALUE_OBJECT ||
           complain(c, p, false, "%s must be an object, not %s", what, kind_of(v));
}

/* Calls `see` for each member of an object. */
static void each(struct check *c, const struct place *p, const asl_value *object, const char *what,
                 void (*see)(struct check *c, const struct place *p, const asl_value *v))
{
    if (!is_object(c, p, object, what))
        return;
    for (size_t i = 0; i < value_count(object); i++) {
        struct place inner = {p, value_as_text(value_key_at(object, i))};
        see(c, &inner, value_at(object, i));
    }
}

/* ---- responses ---- */

struct range {
    int64_t first, last;
};

static bool read_number(struct asl_text *t, int64_t *n)
{
    size_t i = 0;
    *n = 0;
    while (i < t->size && i < 10 && t->data[i] >= '0' && t->data[i] <= '9')
        *n = *n * 10 + (t->data[i++] - '0');
    t->data += i;
    t->size -= i;
    return i > 0;
}

/* "0" or "1-2" */
static bool read_range(struct asl_text t, struct range *r)
{
    if (!read_number(&t, &r->first))
        return false;
    r->last = r->first;
    if (t.size == 0)
        return true;
    if (t.data[0] != '-')
        return false;
    t.data++;
    t.size--;
    return read_number(&t, &r->last) && t.size == 0;
}

static void check_throw(struct check *c, const struct place *p, const asl_value *v)
{
    static const char *const members[] = {"Error", "Cause"};
    if (!is_object(c, p, v, "Throw"))
        return;
    if (!value_get_z(v, "Error"))
        complain(c, p, false, "Throw wants an \"Error\"");
    for (size_t i = 0; i < 2; i++) {
        const asl_value *text = value_get_z(v, members[i]);
        struct place at = {p, asl_text(members[i])};
        if (text && value_kind(text) != VALUE_STRING)
            complain(c, &at, false, "%s must be a string, not %s", members[i], kind_of(text));
    }
}

static void check_entry(struct check *c, const struct place *p, const asl_value *v)
{
    struct range r;
    if (!read_range(p->key, &r))
        complain(c, p, true,
                 "'%.*s' is no invocation: \"0\" is the first, \"1-2\" the two behind it",
                 ASL_TEXT_ARGS(p->key));
    else if (r.last < r.first)
        complain(c, p, true, "the range '%.*s' runs backwards", ASL_TEXT_ARGS(p->key));
    if (!is_object(c, p, v, "an invocation's response"))
        return;
    const asl_value *thrown = value_get_z(v, "Throw");
    if ((value_get_z(v, "Return") != NULL) == (thrown != NULL) || value_count(v) != 1)
        complain(c, p, false, "a response has either \"Return\" or \"Throw\", and nothing else");
    if (thrown) {
        struct place at = {p, ASL_TEXT("Throw")};
        check_throw(c, &at, thrown);
    }
}

/* Invocations that have two responses. */
static void check_overlaps(struct check *c, const struct place *p, const asl_value *v)
{
    for (size_t i = 0; i < value_count(v); i++)
        for (size_t k = 0; k < i; k++) {
            struct asl_text a = value_as_text(value_key_at(v, i));
            struct asl_text b = value_as_text(value_key_at(v, k));
            struct range x, y;
            struct place at = {p, a};
            if (read_range(a, &x) && read_range(b, &y) && x.first <= y.last && y.first <= x.last)
                complain(c, &at, true, "the invocations '%.*s' overlap '%.*s'", ASL_TEXT_ARGS(a),
                         ASL_TEXT_ARGS(b));
        }
}

static void check_response(struct check *c, const struct place *p, const asl_value *v)
{
    each(c, p, v, "a mocked response", check_entry);
    if (value_kind(v) != VALUE_OBJECT)
        return;
    if (value_count(v) == 0)
        complain(c, p, false, "the mocked response '%.*s' has no invocation",
                 ASL_TEXT_ARGS(p->key));
    check_overlaps(c, p, v);
}

/* ---- machines ---- */

static void check_use(struct check *c, const struct place *p, const asl_value *v)
{
    const asl_value *responses = value_get_z(c->config->root, "MockedResponses");
    if (value_kind(v) != VALUE_STRING) {
        complain(c, p, false, "the state '%.*s' wants the name of a mocked response, not %s",
                 ASL_TEXT_ARGS(p->key), kind_of(v));
        return;
    }
    if (responses && value_get(responses, value_as_text(v)))
        return;
    complain(c, p, false, "there is no mocked response '%.*s'", ASL_TEXT_ARGS(value_as_text(v)));
    if (c->count <= COMPLAINTS_MAXIMUM)
        put_names(c, responses, value_as_text(v));
}

static void check_case(struct check *c, const struct place *p, const asl_value *v)
{
    each(c, p, v, "a test case", check_use);
}

static void check_machine(struct check *c, const struct place *p, const asl_value *v)
{
    const asl_value *cases = value_get_z(v, "TestCases");
    struct place at = {p, ASL_TEXT("TestCases")};
    if (!is_object(c, p, v, "a state machine"))
        return;
    if (!cases)
        complain(c, p, false, "the state machine '%.*s' wants \"TestCases\"",
                 ASL_TEXT_ARGS(p->key));
    else
        each(c, &at, cases, "TestCases", check_case);
}

static void check_root(struct check *c)
{
    static const struct {
        const char *member;
        void (*see)(struct check *c, const struct place *p, const asl_value *v);
    } parts[] = {{"StateMachines", check_machine}, {"MockedResponses", check_response}};
    const asl_value *root = c->config->root;
    if (!is_object(c, NULL, root, "a mock file"))
        return;
    for (size_t i = 0; i < 2; i++) {
        struct place at = {NULL, asl_text(parts[i].member)};
        const asl_value *part = value_get_z(root, parts[i].member);
        if (part)
            each(c, &at, part, parts[i].member, parts[i].see);
        else
            complain(c, NULL, false, "the file wants \"%s\"", parts[i].member);
    }
}

/* ---- reading ---- */

struct mock_config *mock_config_read(const char *name, struct asl_text text,
                                     struct asl_buffer *message)
{
    struct value_error error;
    struct mock_config *c = asl_allocate_zeroed(1, sizeof *c);
    asl_buffer_clear(message);
    c->name = asl_copy_text(asl_text(name));
    c->text = asl_copy_text(text);
    c->size = text.size;
    c->root = value_parse(text, VALUE_REFUSE_DUPLICATES, MOCK_CONFIG_MAXIMUM, &error);
    if (!c->root) {
        asl_buffer_printf(message, "%s:%zu:%zu: %s", name, error.line, error.column, error.message);
    } else {
        struct check check = {c, message, 0};
        check_root(&check);
        if (check.count > COMPLAINTS_MAXIMUM)
            asl_buffer_printf(message, "\n%s: and %zu more", name,
                              check.count - COMPLAINTS_MAXIMUM);
        if (check.count == 0)
            return c;
    }
    mock_config_free(c);
    return NULL;
}

struct mock_config *mock_config_load(const char *path, struct asl_buffer *message)
{
    struct asl_buffer text;
    char chunk[65536];
    size_t got;
    asl_buffer_clear(message);
    FILE *file = fopen(path, "rb");
    if (!file) {
        asl_buffer_printf(message, "%s: %s", path, strerror(errno));
        return NULL;
    }
    asl_buffer_init(&text, MOCK_CONFIG_MAXIMUM);
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
        asl_buffer_put(&text, chunk, got);
    bool failed = ferror(file) != 0;
    fclose(file);
    struct mock_config *c = NULL;
    if (failed)
        asl_buffer_printf(message, "%s: it cannot be read", path);
    else if (text.full)
        asl_buffer_printf(message, "%s: larger than %zu bytes", path, MOCK_CONFIG_MAXIMUM);
    else
        c = mock_config_read(path, asl_buffer_text(&text), message);
    asl_buffer_free(&text);
    return c;
}

void mock_config_free(struct mock_config *c)
{
    if (!c)
        return;
    value_release(c->root);
    free(c->name);
    free(c->text);
    free(c);
}

/* ---- asking ---- */

static const asl_value *cases_of(const struct mock_config *c, struct asl_text machine)
{
    const asl_value *machines = value_get_z(c->root, "StateMachines");
    const asl_value *found = value_get(machines, machine);
    return found ? value_get_z(found, "TestCases") : NULL;
}

static const struct state *state_named(const asl_machine *m, struct asl_text name)
{
    for (size_t i = 0; i < m->state_count; i++)
        if (asl_text_equal(value_as_text(m->by_id[i]->name), name))
            return m->by_id[i];
    return NULL;
}

static void check_states(struct check *check, const struct place *p, const asl_value *uses,
                         const asl_machine *machine)
{
    for (size_t i = 0; i < value_count(uses); i++) {
        struct asl_text name = value_as_text(value_key_at(uses, i));
        const struct state *s = state_named(machine, name);
        struct place at = {p, name};
        if (!s)
            complain(check, &at, true, "the state machine has no state '%.*s'",
                     ASL_TEXT_ARGS(name));
        else if (s->kind != STATE_TASK)
            complain(check, &at, true, "the state '%.*s' is no Task: only Tasks are mocked",
                     ASL_TEXT_ARGS(name));
    }
}

bool mock_config_check(const struct mock_config *c, const char *machine_name, const char *test_case,
                       const asl_machine *machine, struct asl_buffer *message)
{
    struct check check = {c, message, 0};
    asl_buffer_clear(message);
    const asl_value *machines = value_get_z(c->root, "StateMachines");
    const asl_value *cases = cases_of(c, asl_text(machine_name));
    const asl_value *uses = cases ? value_get_z(cases, test_case) : NULL;
    struct place root = {NULL, ASL_TEXT("StateMachines")};
    struct place one = {&root, asl_text(machine_name)}, inner = {&one, ASL_TEXT("TestCases")};
    struct place at = {&inner, asl_text(test_case)};
    if (!cases) {
        complain(&check, &root, true, "there is no state machine '%s'", machine_name);
        put_names(&check, machines, asl_text(machine_name));
    } else if (!uses) {
        complain(&check, &inner, true, "the state machine '%s' has no test case '%s'", machine_name,
                 test_case);
        put_names(&check, cases, asl_text(test_case));
    } else if (machine) {
        check_states(&check, &at, uses, machine);
    }
    return check.count == 0;
}

enum mock_answer mock_config_answer(const struct mock_config *c, struct asl_text machine_name,
                                    struct asl_text test_case, struct asl_text state,
                                    int64_t invocation, const asl_value **value,
                                    struct asl_text *response)
{
    const asl_value *cases = cases_of(c, machine_name);
    const asl_value *uses = cases ? value_get(cases, test_case) : NULL;
    const asl_value *name = uses ? value_get(uses, state) : NULL;
    if (!name)
        return MOCK_REAL;
    *response = value_as_text(name);
    const asl_value *entries = value_get(value_get_z(c->root, "MockedResponses"), *response);
    for (size_t i = 0; entries && i < value_count(entries); i++) {
        struct range r;
        if (!read_range(value_as_text(value_key_at(entries, i)), &r) || invocation < r.first ||
            invocation > r.last)
            continue;
        const asl_value *returned = value_get_z(value_at(entries, i), "Return");
        *value = returned ? returned : value_get_z(value_at(entries, i), "Throw");
        return returned ? MOCK_RETURNS : MOCK_THROWS;
    }
    return MOCK_MISSING;
}

/* From events to the path; see story.h.
 *
 * Every event stands on a line: the root's, a branch's, an iteration's. A line's last state is the
 * one that is open. Where a Map or Parallel ends, the story goes back to the line it stands on;
 * which line an event is on follows from that of the event before it, in one pass.
 */
#include "engine/test/story.h"

#include <stdlib.h>
#include <string.h>

#include "engine/replay/recording.h"

struct line;

struct place_in_line {
    const asl_value *name;
    int64_t entered;
    bool is_container, open; /* open: its branches are under way */
    struct line **branches;
    size_t branch_count, branch_capacity;
};

struct line {
    struct line *outer;
    struct place_in_line *places;
    size_t count, capacity;
    struct line *next; /* of all, to free them */
};

struct telling {
    struct story *s;
    const asl_value *events;
    struct line *root, *all;
    struct line **lines; /* by event */
};

static struct line *new_line(struct telling *t, struct line *outer)
{
    struct line *l = asl_allocate_zeroed(1, sizeof *l);
    l->outer = outer;
    l->next = t->all;
    t->all = l;
    return l;
}

static struct place_in_line *last_of(struct line *l)
{
    return l && l->count ? &l->places[l->count - 1] : NULL;
}

static void add_place(struct line *l, const asl_value *name, bool is_container, int64_t entered)
{
    if (l->count == l->capacity) {
        l->capacity = l->capacity ? l->capacity * 2 : 8;
        l->places = asl_reallocate(l->places, l->capacity * sizeof *l->places);
    }
    l->places[l->count++] =
        (struct place_in_line){.name = name, .is_container = is_container, .entered = entered};
}

static struct line *add_branch(struct telling *t, struct line *owner)
{
    struct place_in_line *p = last_of(owner);
    struct line *branch = new_line(t, owner);
    if (!p)
        return branch;
    if (p->branch_count == p->branch_capacity) {
        p->branch_capacity = p->branch_capacity ? p->branch_capacity * 2 : 4;
        p->branches = asl_reallocate(p->branches, p->branch_capacity * sizeof(struct line *));
    }
    return p->branches[p->branch_count++] = branch;
}

static struct visit *visit_of(struct story *s, const asl_value *name)
{
    struct asl_text text = value_as_text(name);
    for (size_t i = 0; i < s->visit_count; i++)
        if (asl_text_equal(value_as_text(s->visits[i].state), text))
            return &s->visits[i];
    s->visits = asl_reallocate(s->visits, (s->visit_count + 1) * sizeof *s->visits);
    s->visits[s->visit_count] = (struct visit){.state = name};
    return &s->visits[s->visit_count++];
}

/* The line on which the innermost open container at `l` stands. */
static struct line *line_of_open(struct line *l)
{
    while (l->outer && !(last_of(l) && last_of(l)->open))
        l = l->outer;
    return l;
}

static bool is_type(struct asl_text type, const char *end)
{
    return asl_text_ends(type, end) &&
           (asl_text_starts(type, "Map") || asl_text_starts(type, "Parallel"));
}

static void enter(struct telling *t, size_t i, const asl_value *event, struct line *before)
{
    int64_t previous = event_previous(event);
    const asl_value *name = event_detail(event, "name");
    bool branch =
        previous >= 1 &&
        asl_text_is(event_type(value_at(t->events, (size_t)previous - 1)), "ParallelStateStarted");
    t->lines[i] = branch ? add_branch(t, before) : before;
    if (!name)
        return;
    struct asl_text type = event_type(event);
    add_place(t->lines[i], name, is_type(type, "StateEntered"), event_time(event));
    visit_of(t->s, name)->count++;
}

/* The line on which the state of that name is the last: a container is left behind its last branch.
 */
static struct line *line_of_name(struct line *l, const asl_value *name)
{
    struct line *found = l;
    while (name && found &&
           !(last_of(found) &&
             asl_text_equal(value_as_text(last_of(found)->name), value_as_text(name))))
        found = found->outer;
    return found ? found : l;
}

static void leave(struct telling *t, struct line *l, int64_t now)
{
    struct place_in_line *p = last_of(l);
    if (!p || p->entered < 0)
        return;
    visit_of(t->s, p->name)->ms += now - p->entered;
    p->entered = -1;
    p->open = false;
}

static void tell_event(struct telling *t, size_t i)
{
    const asl_value *event = value_at(t->events, i);
    struct asl_text type = event_type(event);
    int64_t previous = event_previous(event);
    struct line *l = previous >= 1 && (size_t)previous <= i ? t->lines[previous - 1] : t->root;
    t->lines[i] = l;
    if (asl_text_ends(type, "StateEntered")) {
        enter(t, i, event, l);
    } else if (asl_text_ends(type, "StateExited")) {
        t->lines[i] = line_of_name(l, event_detail(event, "name"));
        leave(t, t->lines[i], event_time(event));
    } else if (is_type(type, "StateStarted")) {
        if (last_of(l))
            last_of(l)->open = true;
    } else if (asl_text_is(type, "MapIterationStarted")) {
        t->lines[i] = add_branch(t, line_of_open(l));
    } else if (is_type(type, "StateSucceeded") || is_type(type, "StateFailed") ||
               is_type(type, "StateAborted")) {
        t->lines[i] = line_of_open(l);
        if (last_of(t->lines[i]))
            last_of(t->lines[i])->open = false;
    }
}

static asl_value *path_of(const struct line *l)
{
    struct value_list path, branches, whole;
    value_list_init(&path);
    for (size_t i = 0; i < l->count; i++) {
        const struct place_in_line *p = &l->places[i];
        if (!p->is_container) {
            value_list_push_take(&path, value_retain(p->name));
            continue;
        }
        value_list_init(&branches);
        value_list_init(&whole);
        for (size_t b = 0; b < p->branch_count; b++)
            value_list_push_take(&branches, path_of(p->branches[b]));
        value_list_push_member_take(&whole, value_retain(p->name), value_array_take(&branches));
        value_list_push_take(&path, value_object_take(&whole));
    }
    return value_array_take(&path);
}

static void end_open(struct telling *t, int64_t end)
{
    for (struct line *l = t->all; l; l = l->next)
        if (last_of(l) && last_of(l)->entered >= 0 && end >= last_of(l)->entered)
            leave(t, l, end);
}

void story_read(struct story *s, const asl_value *events, int64_t end)
{
    struct telling t = {.s = s, .events = events};
    *s = (struct story){0};
    t.root = new_line(&t, NULL);
    t.lines = asl_allocate_zeroed(value_count(events) + 1, sizeof(struct line *));
    for (size_t i = 0; i < value_count(events); i++)
        tell_event(&t, i);
    end_open(&t, end);
    s->path = path_of(t.root);
    while (t.all) {
        struct line *l = t.all;
        t.all = l->next;
        for (size_t i = 0; i < l->count; i++)
            free((void *)l->places[i].branches);
        free(l->places);
        free(l);
    }
    free((void *)t.lines);
}

void story_free(struct story *s)
{
    value_release(s->path);
    free(s->visits);
    *s = (struct story){0};
}

const struct visit *story_visit(const struct story *s, struct asl_text state)
{
    for (size_t i = 0; i < s->visit_count; i++)
        if (asl_text_equal(value_as_text(s->visits[i].state), state))
            return &s->visits[i];
    return NULL;
}

/* ---- comparing ---- */

static struct asl_text name_of(const asl_value *element)
{
    return value_as_text(value_kind(element) == VALUE_OBJECT ? value_key_at(element, 0) : element);
}

static bool is_gap(const asl_value *element)
{
    return value_kind(element) == VALUE_STRING && asl_text_is(value_as_text(element), "...");
}

static bool paths_fit(const asl_value *expected, const asl_value *came, size_t *furthest);

static bool elements_fit(const asl_value *expected, const asl_value *came)
{
    if (!asl_text_equal(name_of(expected), name_of(came)))
        return false;
    if (value_kind(expected) != VALUE_OBJECT)
        return true;
    const asl_value *wanted = value_at(expected, 0);
    const asl_value *got = value_kind(came) == VALUE_OBJECT ? value_at(came, 0) : NULL;
    size_t ignored;
    bool fine = got && value_count(got) == value_count(wanted);
    for (size_t i = 0; fine && i < value_count(wanted); i++)
        fine = paths_fit(value_at(wanted, i), value_at(got, i), &ignored);
    return fine;
}

/* With gaps, as a glob: after a mismatch the last gap takes one state more. `furthest` gets how
 * many states of `came` fitted at most. */
static bool paths_fit(const asl_value *expected, const asl_value *came, size_t *furthest)
{
    size_t wanted = value_count(expected), got = value_count(came);
    size_t e = 0, c = 0, gap = SIZE_MAX, resume = 0;
    *furthest = 0;
    for (;;) {
        if (e < wanted && is_gap(value_at(expected, e))) {
            gap = e++;
            resume = c;
        } else if (e < wanted && c < got &&
                   elements_fit(value_at(expected, e), value_at(came, c))) {
            e++, c++;
        } else if (e == wanted && c == got) {
            return true;
        } else if (gap != SIZE_MAX && resume < got) {
            e = gap + 1;
            c = ++resume;
        } else {
            return false;
        }
        if (c > *furthest)
            *furthest = c;
    }
}

bool path_match(const asl_value *expected, const asl_value *came, const struct step *at,
                struct mismatches *m)
{
    struct asl_buffer wanted, got;
    struct step root = {0};
    size_t furthest;
    if (value_kind(expected) == VALUE_ARRAY && paths_fit(expected, came, &furthest))
        return true;
    asl_buffer_init(&wanted, 65536);
    asl_buffer_init(&got, 65536);
    if (value_kind(expected) == VALUE_ARRAY)
        path_print(expected, 1500, &wanted);
    else
        asl_buffer_puts(&wanted, "(nothing is recorded yet: run with --update)");
    path_print(came, 1500, &got);
    mismatches_add(m, at, &root, asl_buffer_text(&wanted), asl_buffer_text(&got));
    asl_buffer_free(&wanted);
    asl_buffer_free(&got);
    return false;
}

/* ---- printing ---- */

static void print_path(const asl_value *path, struct asl_buffer *out)
{
    for (size_t i = 0; i < value_count(path); i++) {
        const asl_value *element = value_at(path, i);
        asl_buffer_puts(out, i ? " > " : "");
        asl_buffer_put_text(out, name_of(element));
        const asl_value *branches =
            value_kind(element) == VALUE_OBJECT ? value_at(element, 0) : NULL;
        if (!branches)
            continue;
        asl_buffer_puts(out, "[");
        for (size_t b = 0; b < value_count(branches); b++) {
            asl_buffer_puts(out, b ? " | " : "");
            print_path(value_at(branches, b), out);
        }
        asl_buffer_puts(out, "]");
    }
}

/* Not within a UTF-8 sequence. */
static size_t character_at(struct asl_text t, size_t at)
{
    while (at > 0 && at < t.size && ((unsigned char)t.data[at] & 0xC0) == 0x80)
        at--;
    return at;
}

void path_print(const asl_value *path, size_t maximum, struct asl_buffer *out)
{
    struct asl_buffer whole;
    asl_buffer_init(&whole, ASL_BUFFER_MAXIMUM);
    print_path(path, &whole);
    struct asl_text t = asl_buffer_text(&whole);
    if (t.size <= maximum) {
        asl_buffer_put_text(out, t);
    } else {
        size_t head = character_at(t, maximum / 3);
        size_t tail = character_at(t, t.size - (maximum - head));
        asl_buffer_put(out, t.data, head);
        asl_buffer_puts(out, " ... ");
        asl_buffer_put(out, t.data + tail, t.size - tail);
    }
    asl_buffer_free(&whole);
}

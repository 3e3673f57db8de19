/* stepwell graph: a machine as SVG (engine/graph), or as Mermaid or DOT text for whatever draws
 * them.
 *
 * One walk over the compiled machine, two printers of one shape (struct drawing). A Map or Parallel
 * state is a node with a group around it that holds its inner states; the node leads to where the
 * inner states begin, so that both languages draw it alike. With an execution, the states it
 * entered are coloured, and the one it failed in.
 */
#include "engine/cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/graph/svg.h"
#include "engine/graph/words.h"
#include "engine/replay/recording.h"

#define DEFINITION_MAXIMUM (1 << 20)
#define LABEL_MAXIMUM      60 /* bytes of a rule on an edge: more does not fit between two boxes */

enum edge_kind { EDGE_NEXT, EDGE_CHOICE, EDGE_CATCH, EDGE_INTO };

struct graph {
    const struct drawing *drawing;
    struct asl_buffer out;
    /* behind all nodes: a node that an edge names first would leave its group */
    struct asl_buffer edges;
    asl_value *entered; /* {"State": "entered"|"failed"}, or NULL */
    asl_value *steps;   /* {"State\nState": true}: what followed upon what */
    asl_value *last;    /* name by id of the event, of states left; while a history is read */
    size_t groups;
};

struct drawing {
    const char *name;
    void (*begin)(struct graph *g);
    void (*node)(struct graph *g, const struct state *s, int depth);
    void (*edge)(struct graph *g, const char *from, const char *to, enum edge_kind kind,
                 struct asl_text label);
    void (*point)(struct graph *g, const char *id, bool start, int depth);
    void (*open)(struct graph *g, struct asl_text title, int depth);
    void (*close)(struct graph *g, int depth);
    void (*end)(struct graph *g);
};

static void indent(struct asl_buffer *out, int depth)
{
    for (int i = 0; i < depth; i++)
        asl_buffer_puts(out, "  ");
}

static struct asl_text name_of(const struct state *s)
{
    return value_as_text(s->name);
}

/* "entered", "failed", or empty. */
static struct asl_text mark_of(const struct graph *g, const struct state *s)
{
    const asl_value *mark = g->entered ? value_get(g->entered, name_of(s)) : NULL;
    return mark ? value_as_text(mark) : (struct asl_text){"", 0};
}

/* ---- Mermaid ---- */

/* Its labels are Markdown and HTML: all that means something there goes as #code; */
static void put_mermaid_text(struct asl_buffer *out, struct asl_text t)
{
    for (size_t i = 0; i < t.size; i++) {
        unsigned char c = (unsigned char)t.data[i];
        if (c < 0x20)
            asl_buffer_putc(out, ' ');
        else if (strchr("\"#<>&;`*_[]{}()|\\", c))
            asl_buffer_printf(out, "#%d;", c);
        else
            asl_buffer_putc(out, (char)c);
    }
}

static void mermaid_begin(struct graph *g)
{
    asl_buffer_puts(&g->out, "flowchart TD\n");
}

static void mermaid_node(struct graph *g, const struct state *s, int depth)
{
    bool choice = s->kind == STATE_CHOICE;
    struct asl_buffer subtitle;
    asl_buffer_init(&subtitle, 4096);
    words_put_subtitle(&subtitle, s);
    indent(&g->out, depth);
    asl_buffer_printf(&g->out, "s%zu%s\"", s->id, choice ? "{" : "[");
    put_mermaid_text(&g->out, name_of(s));
    asl_buffer_puts(&g->out, "<br/><small>");
    put_mermaid_text(&g->out, asl_buffer_text(&subtitle));
    asl_buffer_printf(&g->out, "</small>\"%s", choice ? "}" : "]");
    struct asl_text mark = mark_of(g, s);
    if (mark.size)
        asl_buffer_printf(&g->out, ":::%.*s", ASL_TEXT_ARGS(mark));
    asl_buffer_putc(&g->out, '\n');
    asl_buffer_free(&subtitle);
}

static void mermaid_edge(struct graph *g, const char *from, const char *to, enum edge_kind kind,
                         struct asl_text label)
{
    asl_buffer_printf(&g->edges, "  %s %s", from,
                      kind == EDGE_CATCH || kind == EDGE_INTO ? "-.->" : "-->");
    if (label.size) {
        asl_buffer_puts(&g->edges, "|\"");
        put_mermaid_text(&g->edges, label);
        asl_buffer_puts(&g->edges, "\"|");
    }
    asl_buffer_printf(&g->edges, " %s\n", to);
}

static void mermaid_point(struct graph *g, const char *id, bool start, int depth)
{
    indent(&g->out, depth);
    asl_buffer_printf(&g->out, start ? "%s((\" \"))\n" : "%s(((\" \")))\n", id);
}

static void mermaid_open(struct graph *g, struct asl_text title, int depth)
{
    indent(&g->out, depth);
    asl_buffer_printf(&g->out, "subgraph g%zu[\"", ++g->groups);
    put_mermaid_text(&g->out, title);
    asl_buffer_puts(&g->out, "\"]\n");
}

static void mermaid_close(struct graph *g, int depth)
{
    indent(&g->out, depth);
    asl_buffer_puts(&g->out, "end\n");
}

static void mermaid_end(struct graph *g)
{
    asl_buffer_put_text(&g->out, asl_buffer_text(&g->edges));
    if (g->entered)
        asl_buffer_puts(&g->out, "  classDef entered fill:#d5f0d5,stroke:#2a7a2a\n"
                                 "  classDef failed fill:#f6d0d0,stroke:#b02020\n");
}

/* ---- DOT ---- */

static void put_dot_text(struct asl_buffer *out, struct asl_text t)
{
    for (size_t i = 0; i < t.size; i++) {
        unsigned char c = (unsigned char)t.data[i];
        if (c == '"' || c == '\\')
            asl_buffer_putc(out, '\\');
        asl_buffer_putc(out, c < 0x20 ? ' ' : (char)c);
    }
}

static void dot_begin(struct graph *g)
{
    asl_buffer_puts(&g->out, "digraph machine {\n"
                             "  graph [fontname=\"sans-serif\", fontsize=11]\n"
                             "  node [shape=box, style=\"rounded,filled\", fillcolor=white, "
                             "fontname=\"sans-serif\", fontsize=11]\n"
                             "  edge [fontname=\"sans-serif\", fontsize=9]\n");
}

static void dot_node(struct graph *g, const struct state *s, int depth)
{
    struct asl_buffer subtitle;
    asl_buffer_init(&subtitle, 4096);
    words_put_subtitle(&subtitle, s);
    indent(&g->out, depth);
    asl_buffer_printf(&g->out, "s%zu [label=\"", s->id);
    put_dot_text(&g->out, name_of(s));
    asl_buffer_puts(&g->out, "\\n");
    put_dot_text(&g->out, asl_buffer_text(&subtitle));
    asl_buffer_puts(&g->out, "\"");
    if (s->kind == STATE_CHOICE)
        asl_buffer_puts(&g->out, ", shape=diamond, style=filled");
    struct asl_text mark = mark_of(g, s);
    if (mark.size)
        asl_buffer_printf(&g->out, ", fillcolor=\"%s\"",
                          asl_text_is(mark, "failed") ? "#f6d0d0" : "#d5f0d5");
    asl_buffer_puts(&g->out, "]\n");
    asl_buffer_free(&subtitle);
}

static void dot_edge(struct graph *g, const char *from, const char *to, enum edge_kind kind,
                     struct asl_text label)
{
    asl_buffer_printf(&g->edges, "  %s -> %s [label=\"", from, to);
    put_dot_text(&g->edges, label);
    asl_buffer_printf(&g->edges, "\"%s]\n",
                      kind == EDGE_CATCH  ? ", style=dashed, color=\"#b02020\""
                      : kind == EDGE_INTO ? ", style=dotted"
                                          : "");
}

static void dot_point(struct graph *g, const char *id, bool start, int depth)
{
    indent(&g->out, depth);
    asl_buffer_printf(&g->out,
                      "%s [label=\"\", shape=%s, width=0.2, style=filled, "
                      "fillcolor=black]\n",
                      id, start ? "circle" : "doublecircle");
}

static void dot_open(struct graph *g, struct asl_text title, int depth)
{
    indent(&g->out, depth);
    asl_buffer_printf(&g->out, "subgraph cluster_%zu {\n", ++g->groups);
    indent(&g->out, depth + 1);
    asl_buffer_puts(&g->out, "label=\"");
    put_dot_text(&g->out, title);
    asl_buffer_puts(&g->out, "\"\n");
}

static void dot_close(struct graph *g, int depth)
{
    indent(&g->out, depth);
    asl_buffer_puts(&g->out, "}\n");
}

static void dot_end(struct graph *g)
{
    asl_buffer_put_text(&g->out, asl_buffer_text(&g->edges));
    asl_buffer_puts(&g->out, "}\n");
}

static const struct drawing drawings[] = {
    {"mermaid", mermaid_begin, mermaid_node, mermaid_edge, mermaid_point, mermaid_open,
     mermaid_close, mermaid_end},
    {"dot", dot_begin, dot_node, dot_edge, dot_point, dot_open, dot_close, dot_end},
};

/* ---- the walk ---- */

static void draw_states(struct graph *g, const struct states *all, const char *from, int depth);

static void link_states(struct graph *g, const struct state *from, const struct state *to,
                        enum edge_kind kind, struct asl_text label)
{
    char a[32], b[32];
    snprintf(a, sizeof a, "s%zu", from->id);
    snprintf(b, sizeof b, "s%zu", to->id);
    g->drawing->edge(g, a, b, kind, label);
}

static struct asl_text shortened(struct asl_buffer *label)
{
    words_shorten(label, LABEL_MAXIMUM);
    return asl_buffer_text(label);
}

static void draw_choices(struct graph *g, const struct state *s)
{
    struct asl_buffer label;
    asl_buffer_init(&label, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; i < s->of.choice.count; i++) {
        asl_buffer_clear(&label);
        words_put_rule(&label, &s->of.choice.rules[i]);
        link_states(g, s, s->of.choice.rules[i].next, EDGE_CHOICE, shortened(&label));
    }
    if (s->of.choice.default_next)
        link_states(g, s, s->of.choice.default_next, EDGE_CHOICE, ASL_TEXT("default"));
    asl_buffer_free(&label);
}

static void draw_catchers(struct graph *g, const struct state *s)
{
    struct asl_buffer label;
    asl_buffer_init(&label, ASL_BUFFER_MAXIMUM);
    for (size_t i = 0; i < s->catcher_count; i++) {
        const struct catcher *c = &s->catchers[i];
        asl_buffer_clear(&label);
        words_put_errors(&label, c->errors, c->error_count);
        link_states(g, s, c->next, EDGE_CATCH, shortened(&label));
    }
    asl_buffer_free(&label);
}

/* A container's group: its node, then what is in it. */
static void draw_container(struct graph *g, const struct state *s, int depth)
{
    char id[32];
    snprintf(id, sizeof id, "s%zu", s->id);
    g->drawing->open(g, name_of(s), depth);
    g->drawing->node(g, s, depth + 1);
    if (s->kind == STATE_MAP)
        draw_states(g, s->of.map.processor, id, depth + 1);
    for (size_t i = 0; s->kind == STATE_PARALLEL && i < s->of.parallel.count; i++) {
        char title[32];
        snprintf(title, sizeof title, "branch %zu", i + 1);
        g->drawing->open(g, asl_text(title), depth + 1);
        draw_states(g, s->of.parallel.branches[i], id, depth + 2);
        g->drawing->close(g, depth + 1);
    }
    g->drawing->close(g, depth);
}

static void draw_state(struct graph *g, const struct state *s, const char *end, int depth)
{
    char id[32];
    snprintf(id, sizeof id, "s%zu", s->id);
    if (s->kind == STATE_MAP || s->kind == STATE_PARALLEL)
        draw_container(g, s, depth);
    else
        g->drawing->node(g, s, depth);
    if (s->kind == STATE_CHOICE)
        draw_choices(g, s);
    else if (s->next)
        link_states(g, s, s->next, EDGE_NEXT, ASL_TEXT(""));
    else if (s->kind != STATE_FAIL && end)
        g->drawing->edge(g, id, end, EDGE_NEXT, ASL_TEXT(""));
    draw_catchers(g, s);
}

/* `from`: the container they are in, or NULL for the machine's own, which get a start and an end.
 */
static void draw_states(struct graph *g, const struct states *all, const char *from, int depth)
{
    char start[32];
    snprintf(start, sizeof start, "s%zu", all->start->id);
    if (!from)
        g->drawing->point(g, "start", true, depth);
    g->drawing->edge(g, from ? from : "start", start, from ? EDGE_INTO : EDGE_NEXT, ASL_TEXT(""));
    for (size_t i = 0; i < all->count; i++)
        draw_state(g, all->states[i], from ? NULL : "finish", depth);
    if (!from)
        g->drawing->point(g, "finish", false, depth);
}

/* ---- an execution's path ---- */

static void put_step(struct asl_buffer *out, struct asl_text from, struct asl_text to)
{
    asl_buffer_put_text(out, from);
    asl_buffer_putc(out, '\n');
    asl_buffer_put_text(out, to);
}

/* A state that was entered behind one that was left; behind none: the first of its level. */
static void add_step(struct graph *g, const asl_value *event, const asl_value *name)
{
    struct asl_buffer key;
    int64_t before = event_previous(event);
    const asl_value *left = before >= 1 && (size_t)before <= value_count(g->last)
                                ? value_at(g->last, (size_t)before - 1)
                                : NULL;
    bool is_first = !left || value_kind(left) != VALUE_STRING;
    asl_buffer_init(&key, 1024);
    put_step(&key, is_first ? (struct asl_text){"", 0} : value_as_text(left), value_as_text(name));
    g->steps = value_with_take(g->steps, value_string(asl_buffer_text(&key)), value_boolean(true));
    asl_buffer_free(&key);
}

static bool see_event(void *graph, int64_t id, const asl_value *event)
{
    struct graph *g = graph;
    (void)id;
    struct asl_text type = event_type(event);
    const asl_value *name = event_detail(event, "name");
    g->last = value_append_take(
        g->last, name && asl_text_ends(type, "StateExited") ? value_retain(name) : value_null());
    if (name && asl_text_ends(type, "StateEntered"))
        add_step(g, event, name);
    if (name && asl_text_ends(type, "StateEntered"))
        g->entered = value_with_take(g->entered, value_retain(name), value_string_z("failed"));
    else if (name && asl_text_ends(type, "StateExited"))
        g->entered = value_with_take(g->entered, value_retain(name), value_string_z("entered"));
    return true;
}

static bool see_chunk(void *graph, int64_t first, int64_t count, struct store_bytes chunk)
{
    char message[160];
    (void)first, (void)count;
    return asl_history_read(chunk.data, chunk.size, false, see_event, graph, message);
}

/* A state that was entered and not left is where it failed, or where it stands. */
static bool read_path(struct graph *g, const char *db, const char *execution)
{
    struct store *s = cli_open_reader(db);
    int64_t id = s ? cli_find_execution(s, execution) : 0;
    g->entered = value_empty_object();
    g->steps = value_empty_object();
    g->last = value_empty_array();
    if (id)
        store_read_history(s, id, 1, false, see_chunk, g);
    value_release(g->last);
    g->last = NULL;
    store_close(s);
    return id != 0;
}

/* ---- SVG ---- */

static enum svg_mark state_mark(void *graph, const struct state *s, char note[32])
{
    struct asl_text mark = mark_of(graph, s);
    (void)note;
    return asl_text_is(mark, "entered")  ? SVG_REACHED
           : asl_text_is(mark, "failed") ? SVG_FAILED
                                         : SVG_PLAIN;
}

static enum svg_mark edge_mark(void *graph, const struct scene_edge *e)
{
    const struct graph *g = graph;
    struct asl_buffer key;
    asl_buffer_init(&key, 1024);
    put_step(&key, e->from ? value_as_text(e->from->name) : (struct asl_text){"", 0},
             value_as_text(e->to->name));
    bool taken = value_get(g->steps, asl_buffer_text(&key)) != NULL;
    asl_buffer_free(&key);
    return taken ? SVG_REACHED : SVG_PLAIN;
}

static void draw_svg(struct graph *g, const asl_machine *machine, const char *path)
{
    char name[81];
    const struct svg_marks marks = {g, state_mark, edge_mark};
    cli_machine_name(path, name);
    svg_put(&g->out, machine, name, g->entered ? &marks : NULL);
}

/* ---- the command ---- */

static int graph(struct graph *g, const char *path, const struct texts *variables)
{
    struct asl_buffer text;
    struct asl_diagnostics diagnostics = {0};
    asl_machine *machine = NULL;
    asl_buffer_init(&text, ASL_BUFFER_MAXIMUM);
    if (cli_read_file(path, DEFINITION_MAXIMUM, &text) && cli_substitute(variables, &text)) {
        machine = asl_machine_compile(asl_buffer_text(&text), false, &diagnostics);
        if (!machine)
            cli_print_diagnostics(stderr, path, &diagnostics);
    }
    if (machine) {
        if (g->drawing) {
            g->drawing->begin(g);
            draw_states(g, &machine->root, NULL, 1);
            g->drawing->end(g);
        } else {
            draw_svg(g, machine, path);
        }
        fwrite(g->out.data, 1, g->out.size, stdout);
    }
    asl_diagnostics_free(&diagnostics);
    asl_buffer_free(&text);
    int status = machine ? EXIT_FINE : EXIT_WRONG_USAGE;
    asl_machine_release(machine);
    return status;
}

static const struct drawing *find_drawing(const char *name)
{
    for (size_t i = 0; i < sizeof drawings / sizeof *drawings; i++)
        if (strcmp(drawings[i].name, name) == 0)
            return &drawings[i];
    if (strcmp(name, "svg") != 0)
        cli_fail(EXIT_WRONG_USAGE, "--format is svg, mermaid or dot, not '%s'", name);
    return NULL;
}

static int command(const struct command *c, int argc, char **argv)
{
    struct texts rest = {0}, variables = {0};
    const char *format = "mermaid", *db = DEFAULT_DB, *execution = NULL;
    struct graph g = {0};
    const struct option options[] = {
        {"format", OPTION_TEXT, "NAME", "mermaid (default), dot or svg", &format},
        {"execution", OPTION_TEXT, "EXECUTION", "colour the states it entered", &execution},
        {"db", OPTION_TEXT, "FILE", "the store (default: " DEFAULT_DB ")", &db},
        {"var", OPTION_LIST, "NAME=VALUE", "for ${NAME} in the definition; again for more",
         &variables},
        {0},
    };
    int status = cli_options(c, options, argc, argv, &rest);
    if (status < 0 && rest.count != 1)
        status = cli_fail(EXIT_WRONG_USAGE, "graph wants one definition file");
    if (status < 0 && !(g.drawing = find_drawing(format)) && strcmp(format, "svg") != 0)
        status = EXIT_WRONG_USAGE;
    asl_buffer_init(&g.out, ASL_BUFFER_MAXIMUM);
    asl_buffer_init(&g.edges, ASL_BUFFER_MAXIMUM);
    if (status < 0 && execution && !read_path(&g, db, execution))
        status = EXIT_WRONG_USAGE;
    if (status < 0)
        status = graph(&g, rest.items[0], &variables);
    asl_buffer_free(&g.out);
    asl_buffer_free(&g.edges);
    value_release(g.entered);
    value_release(g.steps);
    texts_free(&rest);
    texts_free(&variables);
    return status;
}

const struct command command_graph = {
    "graph",
    "DEFINITION",
    "draws a machine as SVG, Mermaid or DOT",
    "Solid: Next and Choice; dashed: Catch; dotted: into a Map or a Parallel.\n"
    "\n"
    "examples:\n"
    "  stepwell graph export.asl.json --format svg --execution 7c0e >export.svg\n"
    "  stepwell graph export.asl.json --format dot | dot -Tsvg >export.svg",
    command,
};

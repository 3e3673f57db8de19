/* AWS shows what passes through a state untouched as it was written ("[1, 1, 1]", recorded). Values
 * print compactly; here the text and the tree read from it are walked side by side, and a part that
 * is the very same value gives its place in the text.
 */
#include <string.h>

#include "engine/api/test_state/test_state.h"

struct walk {
    struct asl_text text;
    size_t at;
    const asl_value *wanted;
    struct asl_text found;
    bool lost; /* text and tree differ: a repeated key */
};

static char here(const struct walk *w)
{
    return w->at < w->text.size ? w->text.data[w->at] : '\0';
}

static void skip_space(struct walk *w)
{
    while (here(w) == ' ' || here(w) == '\t' || here(w) == '\n' || here(w) == '\r')
        w->at++;
}

static void expect(struct walk *w, char c)
{
    skip_space(w);
    if (here(w) == c)
        w->at++;
    else
        w->lost = true;
}

static void skip_string(struct walk *w)
{
    expect(w, '"');
    while (w->at < w->text.size && here(w) != '"')
        w->at += here(w) == '\\' ? 2 : 1;
    w->at++;
}

static void skip_scalar(struct walk *w)
{
    if (here(w) == '"') {
        skip_string(w);
        return;
    }
    while (w->at < w->text.size && !strchr(",]} \t\r\n", here(w)))
        w->at++;
}

static void visit(struct walk *w, const asl_value *v);

static void visit_children(struct walk *w, const asl_value *v)
{
    bool is_object = value_kind(v) == VALUE_OBJECT;
    expect(w, is_object ? '{' : '[');
    for (size_t i = 0; i < value_count(v) && !w->lost && !w->found.data; i++) {
        if (i > 0)
            expect(w, ',');
        if (is_object) {
            skip_string(w);
            expect(w, ':');
        }
        visit(w, value_at(v, i));
    }
    if (!w->found.data)
        expect(w, is_object ? '}' : ']');
}

static void visit(struct walk *w, const asl_value *v)
{
    skip_space(w);
    size_t start = w->at;
    if (value_kind(v) == VALUE_OBJECT || value_kind(v) == VALUE_ARRAY)
        visit_children(w, v);
    else
        skip_scalar(w);
    if (v == w->wanted && !w->lost && !w->found.data && w->at <= w->text.size)
        w->found = (struct asl_text){w->text.data + start, w->at - start};
}

struct asl_text source_text(struct asl_text text, const asl_value *whole, const asl_value *part)
{
    struct walk w = {.text = text, .wanted = part};
    if (whole && (value_kind(part) == VALUE_ARRAY || value_kind(part) == VALUE_OBJECT))
        visit(&w, whole);
    return w.lost ? (struct asl_text){NULL, 0} : w.found;
}

/* What a machine's parts are called; see words.h. */
#include "engine/graph/words.h"

const char *words_kind(enum state_kind kind)
{
    static const char *const names[] = {
        [STATE_PASS] = "Pass", [STATE_TASK] = "Task",         [STATE_CHOICE] = "Choice",
        [STATE_WAIT] = "Wait", [STATE_SUCCEED] = "Succeed",   [STATE_FAIL] = "Fail",
        [STATE_MAP] = "Map",   [STATE_PARALLEL] = "Parallel",
    };
    return names[kind];
}

void words_put_subtitle(struct asl_buffer *out, const struct state *s)
{
    const struct resource *r = s->kind == STATE_TASK ? &s->of.task.resource : NULL;
    if (r && r->type && r->name && r->family == TASK_SERVICE)
        asl_buffer_printf(out, "%s:%s", r->type, r->name);
    else
        asl_buffer_puts(out, words_kind(s->kind));
}

/* ---- rules ---- */

static const char *operator_text(const struct choice_rule *r)
{
    static const char *const texts[] = {
        [CHOICE_EQUALS] = "=",          [CHOICE_LESS] = "<",
        [CHOICE_LESS_EQUALS] = "<=",    [CHOICE_GREATER] = ">",
        [CHOICE_GREATER_EQUALS] = ">=", [CHOICE_MATCHES] = "matches",
    };
    return r->operator<= CHOICE_MATCHES ? texts[r->operator] : "";
}

static void put_is(struct asl_buffer *out, const struct choice_rule *r)
{
    static const char *const types[] = {
        [CHOICE_STRING] = "a string",   [CHOICE_NUMERIC] = "a number",
        [CHOICE_BOOLEAN] = "a boolean", [CHOICE_TIMESTAMP] = "a timestamp",
        [CHOICE_NULL] = "null",         [CHOICE_PRESENT] = "present",
    };
    asl_buffer_printf(out, " is %s%s", r->expected ? "" : "not ", types[r->type]);
}

static void put_rules(struct asl_buffer *out, const struct choice_rule *r, const char *between)
{
    for (size_t i = 0; i < r->rule_count; i++) {
        asl_buffer_puts(out, i ? between : "(");
        words_put_rule(out, &r->rules[i]);
    }
    asl_buffer_putc(out, ')');
}

static void put_condition(struct asl_buffer *out, const struct template *t)
{
    if (t && t->kind == TEMPLATE_JSONATA)
        asl_buffer_put_text(out, jsonata_source(t->of.jsonata));
    else if (t && t->kind == TEMPLATE_LITERAL)
        value_print(t->of.literal, out);
}

/* Depth is the definition's, which the compiler bounds. */
void words_put_rule(struct asl_buffer *out, const struct choice_rule *r)
{
    if (r->operator== CHOICE_CONDITION) {
        put_condition(out, r->condition);
        return;
    }
    if (r->operator<= CHOICE_NOT) {
        if (r->operator== CHOICE_NOT)
            asl_buffer_puts(out, "not ");
        put_rules(out, r, r->operator== CHOICE_OR ? " or " : " and ");
        return;
    }
    if (r->variable)
        asl_buffer_put_text(out, path_source(r->variable));
    if (r->operator== CHOICE_IS) {
        put_is(out, r);
        return;
    }
    asl_buffer_printf(out, " %s ", operator_text(r));
    if (r->operand_path)
        asl_buffer_put_text(out, path_source(r->operand_path));
    else if (r->operand)
        value_print(r->operand, out);
}

/* ---- errors, and cutting ---- */

void words_put_errors(struct asl_buffer *out, asl_value *const *errors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        asl_buffer_puts(out, i ? ", " : "");
        asl_buffer_put_text(out, value_as_text(errors[i]));
    }
}

void words_shorten(struct asl_buffer *text, size_t maximum)
{
    if (text->size <= maximum)
        return;
    size_t size = maximum;
    while (size && ((unsigned char)text->data[size] & 0xc0) == 0x80)
        size--;
    text->size = size;
    asl_buffer_puts(text, "...");
}

/* JSONPath in AWS's dialect. Breaks when: the grammar takes what it should not or the reverse, a
 * path finds other values or says a miss in other words, ResultPath writes elsewhere, or hostile
 * paths are not bounded.
 *
 * Cases are rows: a path, a document, and the JSON expected; `!` before it means the words of a
 * miss.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asl/path/path.h"

struct row {
    const char *path, *document, *expected;
};

static const char store[] =
    "{\"store\":{\"book\":["
    "{\"category\":\"reference\",\"author\":\"Rees\",\"title\":\"Sayings\",\"price\":8.95},"
    "{\"category\":\"fiction\",\"author\":\"Waugh\",\"title\":\"Sword\",\"price\":12.99},"
    "{\"category\":\"fiction\",\"author\":\"Melville\",\"title\":\"Moby\",\"isbn\":\"0-553\","
    "\"price\":8.99},"
    "{\"category\":\"fiction\",\"author\":\"Tolkien\",\"title\":\"Lord\",\"isbn\":\"0-395\","
    "\"price\":22.99}],"
    "\"bicycle\":{\"color\":\"red\",\"price\":19.95}},\"expensive\":10}";

static const struct row definite[] = {
    {"$", "[1]", "[1]"},
    {"$", "null", "null"},
    {"$.a", "{\"a\":null}", "null"},
    {"$.a.b", "{\"a\":{\"b\":0.10}}", "0.10"},
    {"$['a']['b']", "{\"a\":{\"b\":1}}", "1"},
    {"$[\"a\"].b", "{\"a\":{\"b\":1}}", "1"},
    {"$.a.['b c']", "{\"a\":{\"b c\":1}}", "1"},
    {"$.[0]", "[7]", "7"},
    {"$['delivery-partner'].name", "{\"delivery-partner\":{\"name\":\"dhl\"}}", "\"dhl\""},
    {"$.delivery-partner.name", "{\"delivery-partner\":{\"name\":\"dhl\"}}", "\"dhl\""},
    {"$.\xC3\xA9t\xC3\xA9.\xE6\x97\xA5", "{\"\xC3\xA9t\xC3\xA9\":{\"\xE6\x97\xA5\":1}}", "1"},
    {"$['Test\\\"\"Name\"']", "{\"Test\\\\\\\"\\\"Name\\\"\":\"found\"}", "\"found\""},
    {"$['it\\'s']", "{\"it's\":1}", "1"},
    {"$[ 'a' ]", "{\"a\":1}", "1"},
    {"$.a ", "{\"a\":1}", "1"},
    {"$.a[1]", "{\"a\":[1,2]}", "2"},
    /* no dot: as deployed, and Jayway takes it */
    {"$.a[0]b.c", "{\"a\":[{\"b\":{\"c\":2}}]}", "2"},
    {"$.a[(@.length-1)]", "{\"a\":[1,2]}", "2"},
    {"$.a[(@.length() - 2)].b", "{\"a\":[{\"b\":5},2]}", "5"},
    {"$.$id", "{\"$id\":1}", "1"},
    {"$.a@b:c", "{\"a@b:c\":1}", "1"},
    {"$['a','b']", "{\"a\":1,\"b\":2,\"c\":3}", "{\"a\":1,\"b\":2}"},
    {"$['a','z']", "{\"a\":1,\"b\":2}", "{\"a\":1}"},
    {"$.x.length()", "{\"x\":{\"length()\":4}}", "4"},
    /* recorded, or reported from AWS */
    {"$.NoSuchInputPath", "{}", "!No results for path: $['NoSuchInputPath']"},
    {"$.no.such.result.path", "{}", "!Missing property in path $['no']"},
    {"$.array[-1].name", "{\"array\":[{\"name\":1}]}",
     "!No results for path: $['array'][-1]['name']"},
    {"$.list.length()", "{\"list\":[1]}", "!Property ['length()'] not found in path $['list']"},
    /* Jayway's */
    {"$.a.b", "{\"a\":null}", "!Property ['b'] not found in path $['a']"},
    {"$.a.b.c", "{\"a\":{\"b\":5}}", "!Property ['c'] not found in path $['a']['b']"},
    {"$.a.b.c", "{\"a\":{\"x\":5}}", "!Missing property in path $['a']['b']"},
    {"$.a[3].b", "{\"a\":[1]}", "!No results for path: $['a'][3]['b']"},
    {"$[0]", "null", "!The path $ is null"},
    {"$.a[0]", "{\"a\":{\"b\":[true]}}",
     "!Filter: [0] can only be applied to arrays. Current context is: {b=[true]}"},
    {"$$.a", "{}", "!No results for path: $['a']"},
    {"$name.a", "{}", "!No results for path: $['a']"},
};

static const struct row indefinite[] = {
    {"$.items[*]", "{}", "[]"},
    {"$[*].type", "{}", "[]"},
    {"$.items[1:]", "{}", "[]"},
    {"$.item.items[1:5].itemValue", "{}", "[]"},
    {"$.items[*].v", "{\"items\":[{\"v\":1},{},{\"v\":null},3,null]}", "[1,null]"},
    {"$.items[*].v.w", "{\"items\":[{\"v\":{\"w\":1}},{},{\"v\":2}]}", "[1]"},
    {"$.*", "{\"a\":1,\"b\":[2]}", "[1,[2]]"},
    {"$[*]", "[3,4]", "[3,4]"},
    {"$[*][*]", "[[1,2],[3],4]", "[1,2,3]"},
    {"$[0,2,9]", "[\"a\",\"b\",\"c\"]", "[\"a\",\"c\"]"},
    {"$[0:2]", "[1,2,3]", "[1,2]"},
    {"$[1:]", "[1,2,3]", "[2,3]"},
    {"$[-2:]", "[1,2,3]", "[2,3]"},
    {"$[-9:]", "[1,2,3]", "[1,2,3]"},
    {"$[:-1]", "[1,2,3]", "[1,2]"},
    {"$[0:-1]", "[1,2,3]", "[]"},
    {"$[-3:-1]", "[1,2,3,4]", "[]"},
    {"$[0,-1]", "[1,2]", "[1]"},
    {"$..b[(@.length-1)].c", "{\"b\":[{\"c\":1},{\"c\":2}],\"x\":[{\"b\":[{\"c\":3}]}]}", "[2,3]"},
    {"$[2:1]", "[1,2,3]", "[]"},
    {"$[0:5:2]", "[1,2,3,4,5]", "[1,3,5]"},
    {"$['a','b'].c", "{\"a\":{\"c\":1},\"b\":{\"c\":2},\"d\":{\"c\":3}}", "[1,2]"},
    {"$..a", "{\"a\":1,\"b\":[{\"a\":2},{\"c\":{\"a\":{\"a\":3}}}]}", "[1,2,{\"a\":3},3]"},
    {"$..*", "{\"a\":{\"b\":1},\"c\":[2]}", "[{\"b\":1},[2],1,2]"},
    {"$..[0]", "[[1,2],[3]]", "[[1,2],1,3]"},
    {"$..[0].a", "[{\"a\":1},{\"a\":2}]", "[1,2]"},
    {"$..zzz", "{}", "[]"},
};

static const struct row books[] = {
    {"$.store.book[*].author", store, "[\"Rees\",\"Waugh\",\"Melville\",\"Tolkien\"]"},
    {"$..author", store, "[\"Rees\",\"Waugh\",\"Melville\",\"Tolkien\"]"},
    {"$.store..price", store, "[8.95,12.99,8.99,22.99,19.95]"},
    {"$..book[2].title", store, "[\"Moby\"]"},
    {"$..book[-2:].title", store, "[\"Moby\",\"Lord\"]"},
    {"$..book[0,1].title", store, "[\"Sayings\",\"Sword\"]"},
    {"$..book[?(@.isbn)].title", store, "[\"Moby\",\"Lord\"]"},
    {"$..book[?(!@.isbn)].title", store, "[\"Sayings\",\"Sword\"]"},
    {"$.store.book[?(@.price < 10)].title", store, "[\"Sayings\",\"Moby\"]"},
    {"$.store.book[?(@.price<$.expensive)].title", store, "[\"Sayings\",\"Moby\"]"},
    {"$..book[?(@.price < .9e1)].title", store, "[\"Sayings\",\"Moby\"]"},
    {"$.e[?(@.s > .85)].s", "{\"e\":[{\"s\":0.9},{\"s\":0.1}]}", "[0.9]"},
    {"$.e[?(-.5 < @.s)].s", "{\"e\":[{\"s\":0.9},{\"s\":-1}]}", "[0.9]"},
    {"$.e[?(@.s <= 1.)].s", "{\"e\":[{\"s\":1},{\"s\":1.5}]}", "[1]"},
    {"$.e[?(@.s == +3)].s", "{\"e\":[{\"s\":3},{\"s\":\"+3\"}]}", "[3,\"+3\"]"},
    {"$.e[?(@.s > 1..)].s", "{\"e\":[{\"s\":2}]}", "[]"},
    {"$.e[?(@.s > .)].s", "{\"e\":[{\"s\":2}]}", "[]"},
    {"$..book[?(@.price <= $['expensive'])].title", store, "[\"Sayings\",\"Moby\"]"},
    {"$..book[?(@.author =~ /.*EES/i)].title", store, "[\"Sayings\"]"},
    {"$..book[?(@.author =~ /ees/)].title", store, "[]"},
    {"$..book[?(@['category']=='fiction' && @.price>20)].title", store, "[\"Lord\"]"},
    {"$..book[?(@.category=='reference' || @.price>20)].title", store, "[\"Sayings\",\"Lord\"]"},
    {"$..book[?((@.price > 20 || @.price < 8.96) && @.isbn)].title", store, "[\"Lord\"]"},
    {"$..book[?(!(@.price > 10))].title", store, "[\"Sayings\",\"Moby\"]"},
    {"$..book[?(@.author in ['Rees','Tolkien'])].title", store, "[\"Sayings\",\"Lord\"]"},
    {"$..book[?(@.author nin [\"Rees\",\"Tolkien\"])].title", store, "[\"Sword\",\"Moby\"]"},
    {"$..book[?(@.isbn != '0-553')].title", store, "[\"Lord\"]"},
    {"$..book[?(@.author size 5)].title", store, "[\"Sword\"]"},
    {"$..[?(@.color)].price", store, "[19.95]"},
    {"$.store[?(@.color == red)].price", store, "[]"},
    {"$.store.bicycle[?(@.color == red)].price", store, "[19.95]"},
};

static const struct row filters[] = {
    {"$[?(@ > 2)]", "[1,2,3]", "[]"},
    {"$[?(@ == 'x')]", "[\"x\",\"y\"]", "[]"},
    {"$[?(@)]", "[1,{},[]]", "[{},[]]"},
    {"$[?(@.a==null)]", "[{\"a\":null},{},{\"a\":1}]", "[{\"a\":null}]"},
    {"$[?(@.a!=null)]", "[{\"a\":null},{},{\"a\":1}]", "[{\"a\":1}]"},
    {"$[?(@.a)]", "[{\"a\":null},{},{\"a\":false}]", "[{\"a\":false}]"},
    {"$[?(@.a==true)]", "[{\"a\":true},{\"a\":\"true\"},{\"a\":1}]",
     "[{\"a\":true},{\"a\":\"true\"}]"},
    {"$[?(@.a=='5')]", "[{\"a\":5},{\"a\":\"5\"},{\"a\":5.0},{\"a\":[5]}]",
     "[{\"a\":5},{\"a\":\"5\"},{\"a\":5.0}]"},
    {"$[?(@.a != 5)]", "[{\"a\":5},{\"a\":6},{\"a\":\"z\"},{\"a\":{}}]",
     "[{\"a\":6},{\"a\":\"z\"}]"},
    {"$[?(5 < @.a)]", "[{\"a\":5},{\"a\":6}]", "[{\"a\":6}]"},
    {"$[?(@.a == @.b)]", "[{\"a\":1,\"b\":1},{\"a\":1,\"b\":2}]", "[{\"a\":1,\"b\":1}]"},
    {"$[?(@.a == 9007199254740993)]", "[{\"a\":9007199254740993},{\"a\":9007199254740992}]",
     "[{\"a\":9007199254740993}]"},
    {"$[?(@.tags contains 'b')]", "[{\"tags\":[\"a\",\"b\"]},{\"tags\":\"abc\"},{\"tags\":\"x\"}]",
     "[{\"tags\":[\"a\",\"b\"]},{\"tags\":\"abc\"}]"},
    {"$[?('b' in @.tags)]", "[{\"tags\":[\"a\",\"b\"]},{\"tags\":[]}]",
     "[{\"tags\":[\"a\",\"b\"]}]"},
    {"$[?(@.t subsetof ['a','b'])]", "[{\"t\":[\"a\"]},{\"t\":[\"c\"]},{\"t\":[]}]",
     "[{\"t\":[\"a\"]},{\"t\":[]}]"},
    {"$[?(@.t anyof ['a','b'])]", "[{\"t\":[\"a\",\"c\"]},{\"t\":[\"c\"]}]",
     "[{\"t\":[\"a\",\"c\"]}]"},
    {"$[?(@.t noneof ['a','b'])]", "[{\"t\":[\"a\",\"c\"]},{\"t\":[\"c\"]}]", "[{\"t\":[\"c\"]}]"},
    {"$[?(@.t empty true)]", "[{\"t\":[]},{\"t\":\"\"},{\"t\":[1]},{\"t\":1}]",
     "[{\"t\":[]},{\"t\":\"\"}]"},
    {"$[?(@.t size 2)]", "[{\"t\":[1,2]},{\"t\":\"ab\"},{\"t\":[1]}]",
     "[{\"t\":[1,2]},{\"t\":\"ab\"}]"},
    {"$[?(@.a[0].b > 1)]", "[{\"a\":[{\"b\":2}]},{\"a\":[]}]", "[{\"a\":[{\"b\":2}]}]"},
    {"$[?(@.a-b == 1)]", "[{\"a-b\":1}]", "[{\"a-b\":1}]"},
    {"$[?(@.s == 'a\\'b')]", "[{\"s\":\"a'b\"}]", "[{\"s\":\"a'b\"}]"},
    {"$[?(@.s =~ /a+b?/)]", "[{\"s\":\"aab\"},{\"s\":\"xaab\"}]", "[{\"s\":\"aab\"}]"},
    {"$[?(@.n =~ /1\\d/)]", "[{\"n\":12},{\"n\":2}]", "[{\"n\":12}]"},
    {"$.o[?(@.x == 1)]", "{\"o\":{\"x\":1,\"y\":2}}", "[{\"x\":1,\"y\":2}]"},
    {"$..[?(@.x == 1)].y", "{\"o\":{\"x\":1,\"y\":2},\"p\":[{\"x\":1,\"y\":3}]}", "[2,3]"},
    {"$.no[?(@.x == 1)]", "{}", "[]"},
    {"$.Payload[?(@.st==done)]..id",
     "{\"Payload\":[{\"st\":\"done\",\"id\":1},{\"st\":\"x\",\"id\":2}]}", "[1]"},
    {"$[?(@.a[?(@.b == 1)])].c", "[{\"a\":[{\"b\":1}],\"c\":1},{\"a\":[],\"c\":2}]", "[1]"},
    /* spellings of definitions that run on AWS, and results reported from there */
    {"$.items[?(!@.session)]",
     "{\"items\":[{\"id\":1,\"session\":null},{\"id\":2,\"session\":{}},{\"id\":3}]}",
     "[{\"id\":1,\"session\":null},{\"id\":3}]"},
    {"$.list[?(@.keep)]", "{\"list\":[{\"keep\":true},{\"keep\":false},{\"other\":1}]}",
     "[{\"keep\":true},{\"keep\":false}]"},
    {"$.d..a", "{\"d\":{\"x\":{\"a\":[1,2]}}}", "[[1,2]]"},
    {"$.d..a[*]", "{\"d\":{\"x\":{\"a\":[1,2]}}}", "[1,2]"},
    {"$.jar[?(@.a >= 5)]", "{\"jar\":[{\"a\":1},{\"a\":5},{\"a\":2},{\"a\":7},{\"a\":3}]}",
     "[{\"a\":5},{\"a\":7}]"},
    {"$.input.detail.Parameters[?(@.Name==/eggs/cooked/like)].Value",
     "{\"input\":{\"detail\":{\"Parameters\":[{\"Name\":\"/eggs/cooked/"
     "like\",\"Value\":\"poached\"}]}}}",
     "[\"poached\"]"},
    {"$..interests[?(@.category==home)]",
     "{\"a\":{\"interests\":[{\"category\":\"home\"},{\"category\":\"auto\"}]}}",
     "[{\"category\":\"home\"}]"},
    {"$[?(@.a == two words )]", "[{\"a\":\"two words\"},{\"a\":\"two\"}]",
     "[{\"a\":\"two words\"}]"},
    {"$[?(@.a == x|y && @.b == 1)]", "[{\"a\":\"x|y\",\"b\":1}]", "[{\"a\":\"x|y\",\"b\":1}]"},
    {"$.[?(@.valueToConcat != ' ')].value",
     "[{\"valueToConcat\":\" \",\"value\":1},{\"valueToConcat\":\"x\",\"value\":2}]", "[2]"},
    {"$.*.valueToConcat", "[{\"valueToConcat\":1},{\"valueToConcat\":2}]", "[1,2]"},
    {"$.[?(@.Error)].Cause.failure", "[{\"Error\":\"E\",\"Cause\":{\"failure\":1}},{\"ok\":1}]",
     "[1]"},
    {"$[?(@.Status != '201')]", "[{\"Status\":\"201\"},{\"Status\":\"500\"}]",
     "[{\"Status\":\"500\"}]"},
    {"$..arrays[?(@.length == 1)]", "{\"arrays\":[{\"length\":1},{\"length\":2}]}",
     "[{\"length\":1}]"},
    {"$.items[?(@.a == true && @.b == true)]", "{\"items\":[{\"a\":true,\"b\":true},{\"a\":true}]}",
     "[{\"a\":true,\"b\":true}]"},
    {"$.vars.filterArray[*][*][*]", "{\"vars\":{\"filterArray\":[[[1,2],[3]],[[4]]]}}",
     "[1,2,3,4]"},
    {"$[?(@.p =~ /a\\/b/)]", "[{\"p\":\"a/b\"}]", "[{\"p\":\"a/b\"}]"},
    {"$[?(@.p =~ /a/b/i)]", "[{\"p\":\"A/b\"}]", "[{\"p\":\"A/b\"}]"},
    {"$[?(/a.*/ =~ @.p)]", "[{\"p\":\"ab\"},{\"p\":\"b\"}]", "[{\"p\":\"ab\"}]"},
    {"$[?(@.v == $who)]", "[{\"v\":\"me\"},{\"v\":\"you\"}]", "[{\"v\":\"me\"}]"},
    {"$[?(@.v == $$.Name)]", "[{\"v\":\"me\"},{\"v\":\"ctx\"}]", "[{\"v\":\"ctx\"}]"},
};

static const asl_value *context_of(void *state)
{
    return ((const asl_value **)state)[0];
}

static const asl_value *variable_of(void *state, struct asl_text name)
{
    return value_get(((const asl_value **)state)[1], name);
}

static void check_row(const struct row *row)
{
    struct path_error error;
    struct path_miss miss = {""};
    struct path *p = path_compile(asl_text(row->path), 0, &error);
    if (!p) {
        fail_msg("%s: %s at %zu", row->path, error.message, error.offset);
    }
    asl_value *document = value_literal(row->document);
    asl_value *context = value_literal("{\"Name\":\"ctx\"}");
    asl_value *variables = value_literal("{\"name\":{},\"who\":\"me\"}");
    const asl_value *around[] = {context, variables};
    struct path_scope scope = {document, context_of, variable_of, around};
    asl_value *v = path_get(p, &scope, &miss);
    struct asl_buffer got;
    asl_buffer_init(&got, ASL_BUFFER_MAXIMUM);
    if (v) {
        value_print(v, &got);
    } else {
        asl_buffer_printf(&got, "!%s", miss.message);
    }
    if (strcmp(got.data, row->expected) != 0) {
        fail_msg("%s over %s\n  expected %s\n  got      %s", row->path, row->document,
                 row->expected, got.data);
    }
    asl_buffer_free(&got);
    value_release(v);
    value_release(document);
    value_release(context);
    value_release(variables);
    path_free(p);
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_row(&rows[i]);
    }
}
#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof *(rows))

static void definite_paths(void **state)
{
    (void)state;
    CHECK(definite);
}

static void indefinite_paths(void **state)
{
    (void)state;
    CHECK(indefinite);
    CHECK(books);
}

static void filters_choose(void **state)
{
    (void)state;
    CHECK(filters);
}

static void refuses_what_is_no_path(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        " ",
        "a",
        " $.a",
        "$.",
        "$..",
        "$.a.",
        "$.a..",
        "$...a",
        "$a b",
        "$.a b",
        "$[",
        "$[]",
        "$['a",
        "$['a'",
        "$['a',]",
        "$[1",
        "$[1,]",
        "$[1,'a']",
        "$[:]",
        "$[1:2:0]",
        "$[1:2:-1]",
        "$[99999999999]",
        "$[-]",
        "$[*",
        "$[?]",
        "$[?()]",
        "$[?(@.a]",
        "$[?(@.a ==)]",
        "$[?(@.a == 'x)]",

        "$[?(@.a ~ 1)]",
        "$[?('a')]",
        "$[?(@.a =~ /[/)]",
        "$[?(@.a =~ /a)]",
        "$[?(@.a && )]",
        "$[?(@.a in [1,)]",
        "$[?(@.a frob 1)]",
        "$[(@.length)]",
        "$[(@.length-0)]",
        "$[(@.size-1]",
        "$ .a",
        "$.a.*b c",
        "$-1",
        "@.a",
        "$[?((@.a)]",
        "$[?(@.a == 1]",
        "$[?(@.a(1) == 1)]",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct path_error error = {0};
        struct path *p = path_compile(asl_text(wrong[i]), 0, &error);
        if (p) {
            fail_msg("taken for a path: %s", wrong[i]);
        }
        assert_true(strlen(error.message) > 0 && error.offset <= strlen(wrong[i]));
    }
}

static void knows_reference_paths(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        bool is_reference;
    } cases[] = {
        {"$", true},
        {"$.a.b", true},
        {"$['a']['b c']", true},
        {"$.ledgers.branch[0].pending.count", true},
        {"$.ledgers[0][22][315].foo", true},
        {"$['store'][0]['book']", true},
        {"$.&\xD0\x96\xE4\xB8\xAD", true},
        {"$$.Execution", true},
        {"$v.a", true},
        {"$.a[*]", false},
        {"$..a", false},
        {"$.a[-1]", false},
        {"$.a[0,1]", false},
        {"$.a[0:1]", false},
        {"$['a','b']", false},
        {"$.a[?(@.b)]", false},
        {"$.*", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct path_error error = {0};
        struct path *p = path_compile(asl_text(cases[i].path), PATH_REFERENCE, &error);
        if ((p != NULL) != cases[i].is_reference) {
            fail_msg("%s: %s", cases[i].path, error.message);
        }
        path_free(p);
    }
}

static void tells_what_a_path_is(void **state)
{
    (void)state;
    struct path_error error;
    struct path *p = path_compile(ASL_TEXT("$name.a[0]"), 0, &error);
    assert_int_equal(path_root(p), PATH_VARIABLE);
    assert_true(asl_text_is(path_variable(p), "name"));
    assert_true(asl_text_is(path_source(p), "$name.a[0]"));
    assert_false(path_is_root(p));
    assert_true(path_is_definite(p) && path_is_reference(p));
    path_free(p);
    p = path_compile(ASL_TEXT("$$"), 0, &error);
    assert_int_equal(path_root(p), PATH_CONTEXT);
    assert_true(path_is_root(p));
    path_free(p);
    p = path_compile(ASL_TEXT("$[*]"), 0, &error);
    assert_int_equal(path_root(p), PATH_INPUT);
    assert_false(path_is_definite(p));
    path_free(p);
}

/* Reference Paths' escapes, from the specification's list. */
static void reference_paths_escape(void **state)
{
    (void)state;
    static const struct row cases[] = {
        {"$.store\\.book", "{\"store.book\":1}", "1"},
        {"$.\\stor\\e.boo\\k", "{\"store\":{\"book\":1}}", "1"},
        {"$.foo.\\.bar", "{\"foo\":{\".bar\":1}}", "1"},
        {"$.foo\\@bar.baz\\[\\[.\\?pretty", "{\"foo@bar\":{\"baz[[\":{\"?pretty\":1}}}", "1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct path_error error;
        struct path *p = path_compile(asl_text(cases[i].path), PATH_REFERENCE, &error);
        assert_non_null(p);
        asl_value *document = value_literal(cases[i].document);
        struct path_scope scope = {.input = document};
        asl_value *v = path_get(p, &scope, NULL);
        assert_non_null(v);
        value_release(v);
        value_release(document);
        path_free(p);
    }
}

static void result_path_puts(void **state)
{
    (void)state;
    static const struct row cases[] = {
        /* the value put is 7 */
        {"$", "{\"a\":1}", "7"},
        {"$.a", "{\"a\":1,\"b\":2}", "{\"a\":7,\"b\":2}"},
        {"$.c", "{\"a\":1}", "{\"a\":1,\"c\":7}"},
        {"$.a.b.c", "{}", "{\"a\":{\"b\":{\"c\":7}}}"},
        {"$.a.b", "{\"a\":{\"x\":1}}", "{\"a\":{\"x\":1,\"b\":7}}"},
        {"$.a[1]", "{\"a\":[1,2,3]}", "{\"a\":[1,7,3]}"},
        {"$[0].b", "[{\"a\":1}]", "[{\"a\":1,\"b\":7}]"},
        {"$.someTaskResult", "\"input1\"",
         "!Unable to apply ReferencePath $.someTaskResult to input \"input1\""},
        {"$.a", "[1]", "!Unable to apply ReferencePath $.a to input [1]"},
        {"$.a.b", "{\"a\":5}", "!Unable to apply ReferencePath $.a.b to input {\"a\":5}"},
        {"$.a[3]", "{\"a\":[1]}", "!Unable to apply ReferencePath $.a[3] to input {\"a\":[1]}"},
        {"$.a[0]", "{}", "!Unable to apply ReferencePath $.a[0] to input {}"},
        {"$.a.b[0]", "{}", "!Unable to apply ReferencePath $.a.b[0] to input {}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct path_error error;
        struct path_miss miss;
        struct path *p = path_compile(asl_text(cases[i].path), PATH_REFERENCE, &error);
        assert_non_null(p);
        asl_value *kept = value_literal(cases[i].document);
        asl_value *v = path_set_take(p, value_retain(kept), value_integer(7), &miss);
        struct asl_buffer got, before;
        asl_buffer_init(&got, ASL_BUFFER_MAXIMUM);
        asl_buffer_init(&before, ASL_BUFFER_MAXIMUM);
        if (v) {
            value_print(v, &got);
        } else {
            asl_buffer_printf(&got, "!%s", miss.message);
        }
        assert_string_equal(got.data, cases[i].expected);
        value_print(kept, &before);
        assert_string_equal(before.data, cases[i].document); /* what others hold stays as it was */
        asl_buffer_free(&got);
        asl_buffer_free(&before);
        value_release(v);
        value_release(kept);
        path_free(p);
    }
}

static asl_value *nested(size_t depth)
{
    asl_value *v = value_integer(1);
    for (size_t i = 0; i < depth; i++) {
        struct value_list l;
        value_list_init(&l);
        value_list_set_take(&l, "a", v);
        v = value_object_take(&l);
    }
    return v;
}

static void expect_bounded(const char *path, const asl_value *document)
{
    struct path_error error;
    struct path_miss miss = {""};
    struct path *p = path_compile(asl_text(path), 0, &error);
    assert_non_null(p);
    struct path_scope scope = {.input = document};
    asl_value *v = path_get(p, &scope, &miss);
    if (!v && !strstr(miss.message, "narrow it down")) {
        fail_msg("%s: %s", path, miss.message);
    }
    value_release(v);
    path_free(p);
}

static char *repeated(const char *before, const char *part, size_t count, const char *after)
{
    struct asl_buffer b;
    asl_buffer_init(&b, ASL_BUFFER_MAXIMUM);
    asl_buffer_puts(&b, before);
    for (size_t i = 0; i < count; i++) {
        asl_buffer_puts(&b, part);
    }
    asl_buffer_puts(&b, after);
    return asl_buffer_take(&b, NULL);
}

static void hostile_paths_are_bounded(void **state)
{
    (void)state;
    asl_value *deep = nested(VALUE_DEPTH_MAXIMUM);
    expect_bounded("$..a", deep);
    expect_bounded("$..a..a..a", deep);
    expect_bounded("$..*..*..*..*", deep);
    expect_bounded("$..[?($..[?($..[?($..a)])])]", deep);
    char *scans = repeated("$", "..[?(@.a)]", 250, "");
    expect_bounded(scans, deep);
    free(scans);
    char *names = repeated("$", ".a", 500, "");
    expect_bounded(names, deep);
    free(names);
    value_release(deep);

    char *many = repeated("[\"", "a", 20000, "!\",1]");
    asl_value *text = value_literal(many);
    free(many);
    expect_bounded("$[?(@ =~ /(a|aa)+b/)]", text);
    expect_bounded("$[?(@ =~ /(a+)+b/)]", text);
    value_release(text);

    struct path_error error;
    static const struct {
        const char *before, *part, *after;
        size_t count;
    } refused[] = {
        {"$", ".a", "", 501},
        {"$[?", "(", "@.a", 100},
        {"$[?(@.a", " || @.a", ")]", 600},
        {"$['", "aaaaaaaaaa", "']", 7000},
        {"$", "[?(@", ".a", 1000},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char *path =
            repeated(refused[i].before, refused[i].part, refused[i].count, refused[i].after);
        assert_null(path_compile(asl_text(path), 0, &error));
        free(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(definite_paths),
        cmocka_unit_test(indefinite_paths),
        cmocka_unit_test(filters_choose),
        cmocka_unit_test(refuses_what_is_no_path),
        cmocka_unit_test(knows_reference_paths),
        cmocka_unit_test(tells_what_a_path_is),
        cmocka_unit_test(reference_paths_escape),
        cmocka_unit_test(result_path_puts),
        cmocka_unit_test(hostile_paths_are_bounded),
    };
    return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}

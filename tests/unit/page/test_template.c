/* SPDX-License-Identifier: MIT */
#include "template.h"

#include <math.h>

#include "page/template/escape.h"
#include "page/template/template.h"

/* Compiling. */

static void check_refused(const char *text, bool lambdas, const char *want)
{
    sac_template *made = NULL;
    sac_err err = {.text = ""};

    if (sac__template_compile(sac_str_of(text), lambdas, NULL, &made, &err) != SAC_ESYNTAX ||
        strcmp(err.text, want) != 0)
        print_error("%s\nwant: %s\ngot:  %s\n", text, want, err.text);
    CHECK(made == NULL);
    CHECK_INT(err.code, SAC_ESYNTAX);
    assert_string_equal(err.text, want);
    CHECK(err.pos < strlen(text));
}

static void test_template__names_the_line_of_an_error(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"a\n{{b", "line 2: a tag that is not closed"},
        {"{{", "line 1: a tag that is not closed"},
        {"\n\n{{{a}}", "line 3: a tag that is not closed"},
        {"{{!", "line 1: a tag that is not closed"},
        {"{{=<% %>}}", "line 1: a tag that is not closed"},
        {"{{=}}", "line 1: a tag that is not closed"},
        {"{{}}", "line 1: a tag without a name"},
        {"{{ \n }}", "line 1: a tag without a name"},
        {"{{#}}{{/}}", "line 1: a tag without a name"},
        {"{{>}}", "line 1: a tag without a name"},
        {"\r\n{{a b}}", "line 2: \"a b\" is no name"},
        {"{{a\nb}}", "line 1: \"a\nb\" is no name"},
        {"{{> a b}}", "line 1: \"a b\" is no name"},
        {"{{a..b}}", "line 1: \"a..b\" is no name"},
        {"{{.a}}", "line 1: \".a\" is no name"},
        {"{{a.}}", "line 1: \"a.\" is no name"},
        {"{{..}}", "line 1: \"..\" is no name"},
        {"{{#a}}\n\n", "line 1: section \"a\" is not closed"},
        {"x\n{{#a}}{{^b}}{{/b}}", "line 2: section \"a\" is not closed"},
        {"x\n{{/a}}", "line 2: \"a\" is closed and was not opened"},
        {"{{#a}}\n{{#b}}\n{{/a}}{{/b}}", "line 3: \"a\" is closed, but \"b\" of line 2 is open"},
        {"\n{{#a}}{{/b}}", "line 2: \"b\" is closed, but \"a\" of line 2 is open"},
        {"{{=a=}}", "line 1: delimiters are two words"},
        {"{{=a b c=}}", "line 1: delimiters are two words"},
        {"{{= =}}", "line 1: delimiters are two words"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_refused(cases[i].text, false, cases[i].want);
}

static void test_template__says_where_an_error_is(void **state)
{
    sac_template *made;
    sac_err err = {.pos = 99};

    (void)state;
    CHECK_INT(sac_template_new(sac_str_of("ab\n {{c d}}"), NULL, &made, &err), SAC_ESYNTAX);
    CHECK_INT(err.pos, 4);
    CHECK_INT(sac_template_new(sac_str_of("{{c d}}"), NULL, &made, NULL), SAC_ESYNTAX);
}

static void test_template__refuses_lambdas_that_are_none(void **state)
{
    (void)state;
    check_refused("{{#json}}a", true, "line 1: section \"json\" is not closed");
    check_refused("\n{{#raw}}{{#a}}{{/a}}", true, "line 2: section \"raw\" is not closed");
    check_refused("{{#json}}{{a}}{{/json}}", true, "line 1: \"{{a}}\" is no name");
}

static void test_template__keeps_names_short_of_a_limit(void **state)
{
    char text[4 * SAC__TEMPLATE_KEYS];
    sac_template *made;
    sac_err err;
    size_t n = 2;

    (void)state;
    memcpy(text, "{{", 2);
    for (int i = 0; i < SAC__TEMPLATE_KEYS; i++, n += 2)
        memcpy(text + n, "a.", 2);
    memcpy(text + n - 1, "}}", 2);
    sac_template_free(compile(sac_str_n(text, n + 1)));
    memcpy(text + n - 1, ".a}}", 4);
    CHECK_INT(sac_template_new(sac_str_n(text, n + 3), NULL, &made, &err), SAC_ESYNTAX);
}

static sac_str nested(char *text, size_t levels)
{
    size_t n = 0;

    for (size_t i = 0; i < levels; i++, n += 6)
        memcpy(text + n, "{{#a}}", 6);
    text[n++] = 'x';
    for (size_t i = 0; i < levels; i++, n += 6)
        memcpy(text + n, "{{/a}}", 6);
    return sac_str_n(text, n);
}

static void test_template__nests_sections_to_a_limit(void **state)
{
    char text[16 * SAC__TEMPLATE_DEPTH];
    sac_template *made = NULL;
    sac_err err;

    (void)state;
    sac_template_free(compile(nested(text, SAC__TEMPLATE_DEPTH)));
    CHECK_INT(sac_template_new(nested(text, SAC__TEMPLATE_DEPTH + 1), NULL, &made, &err),
              SAC_ELIMIT);
    assert_string_equal(err.text, "line 1: sections nested deeper than 64");
    CHECK(made == NULL);
}

static void test_template__copies_its_text(void **state)
{
    char text[] = "{{a.b}}!";
    sac_template *made = compile(sac_str_of(text));
    const sac_str data = bson_of("{\"a\": {\"b\": 1}}");
    const sac_rendering with = SAC_RENDERING(.data = data);
    sac__buf got;

    (void)state;
    memset(text, 'x', sizeof text - 1);
    sac__buf_init(&got, NULL, SIZE_MAX);
    CHECK_INT(sac_template_render(made, &with, collect, &got, NULL), SAC_OK);
    CHECK_STR(sac__buf_str(&got), "1!");
    sac__buf_fini(&got);
    sac_template_free(made);
    sac_template_free(NULL);
    free_bytes(data);
}

/* Rendering. */

static void check_render(const char *text, const sac_rendering *with, const char *want)
{
    sac_template *made = compile(sac_str_of(text));
    sac__buf got;

    sac__buf_init(&got, NULL, SIZE_MAX);
    CHECK_INT(sac_template_render(made, with, collect, &got, NULL), SAC_OK);
    CHECK_STR(sac__buf_str(&got), want);
    sac__buf_fini(&got);
    sac_template_free(made);
}

static void check(const char *text, const char *json, const char *want)
{
    const sac_str data = bson_of(json);
    const sac_rendering with = SAC_RENDERING(.data = data);

    check_render(text, &with, want);
    free_bytes(data);
}

static void test_template__renders_without_data(void **state)
{
    const sac_rendering none = SAC_RENDERING(.partial = NULL);

    (void)state;
    check_render("a{{b}}{{#c}}d{{/c}}{{^e}}f{{/e}}{{> g}}.{{.}}", &none, "af.{}");
    check_render("a{{b}}", NULL, "a");
    check_render("", &none, "");
}

static void test_template__refuses_a_newer_table(void **state)
{
    const sac_rendering newer = {.size = sizeof newer + 1};
    sac_template *made = compile(sac_str_of("a"));

    (void)state;
    CHECK_INT(sac_template_render(made, &newer, collect, NULL, NULL), SAC_EVERSION);
    sac_template_free(made);
}

static void add_types(sac_bson *doc)
{
    const uint8_t decimal[16] = {0x7b, [14] = 0x3e, [15] = 0x30}; /* 12.3 */
    const sac_oid oid = {{0x50, 0x7f, 0x1f, 0x77, 0xbc, 0xf8, 0x6c, 0xd7, 0x99, 0x43, 0x90, 0x11}};
    const char stamp[8] = {2, 0, 0, 0, 1, 0, 0, 0};

    sac_bson_add_double(doc, "half", 0.5);
    sac_bson_add_double(doc, "whole", 85.0);
    sac_bson_add_double(doc, "large", 1e21);
    sac_bson_add_double(doc, "small", -1.5e-9);
    sac_bson_add_double(doc, "none", (double)NAN);
    sac_bson_add_double(doc, "much", (double)-INFINITY);
    sac_bson_add_double(doc, "more", (double)INFINITY);
    sac_bson_add_int32(doc, "int", -7);
    sac_bson_add_int64(doc, "long", INT64_MIN);
    sac_bson_add_oid(doc, "oid", &oid);
    sac_bson_add_date(doc, "date", 1234567890123);
    sac_bson_add_date(doc, "far", INT64_MAX);
    sac_bson_add_bool(doc, "yes", true);
    sac_bson_add_bool(doc, "no", false);
    sac_bson_add_null(doc, "null");
    sac_bson_add_binary(doc, "uuid", 4, sac_str_of("0123456789abcdef"));
    sac_bson_add_binary(doc, "bytes", 0, sac_str_of("abcd"));
    sac_bson_add_value(doc, sac_str_of("dec"),
                       (sac_value){SAC_BSON_DECIMAL128, sac_str_n(decimal, 16)});
    sac_bson_add_value(doc, sac_str_of("code"),
                       (sac_value){SAC_BSON_CODE, sac_str_n("\2\0\0\0<", 6)});
    sac_bson_add_value(doc, sac_str_of("undefined"), (sac_value){.type = SAC_BSON_UNDEFINED});
    sac_bson_add_value(doc, sac_str_of("stamp"),
                       (sac_value){SAC_BSON_TIMESTAMP, sac_str_n(stamp, 8)});
    sac_bson_begin_array(doc, sac_str_of("list"));
    sac_bson_add_str(doc, "", sac_str_of("<"));
    sac_bson_add_int32(doc, "", 1);
    sac_bson_end(doc);
}

static void test_template__shows_every_type_as_text(void **state)
{
    static const char text[] =
        "{{half}} {{whole}} {{large}} {{small}} {{none}} {{much}} {{more}} {{int}} {{long}}\n"
        "{{oid}} {{date}} {{far}} {{yes}} {{no}} {{null}} {{undefined}} {{uuid}} {{bytes}}\n"
        "{{dec}} {{code}} {{{stamp}}} {{list}} {{&list}} {{list.1}} {{half.x}}";
    sac_rendering with = SAC_RENDERING(.partial = NULL);
    sac_bson doc;

    (void)state;
    sac_bson_init(&doc, NULL, 0);
    add_types(&doc);
    CHECK_INT(sac_bson_finish(&doc, &with.data), SAC_OK);
    check_render(text, &with,
                 "0.5 85 1e21 -1.5e-9 NaN -Infinity Infinity -7 -9223372036854775808\n"
                 "507f1f77bcf86cd799439011 2009-02-13T23:31:30.123Z 9223372036854775807 true "
                 "false   30313233-3435-3637-3839-616263646566 YWJjZA==\n"
                 "12.3 &lt; {\"$timestamp\":{\"t\":1,\"i\":2}} "
                 "[&quot;\\u003c&quot;,1] [\"\\u003c\",1] 1 ");
    sac_bson_fini(&doc);
}

static void test_template__tells_true_from_false(void **state)
{
    static const char *const falsy[] = {"null", "false", "\"\"", "0", "0.0", "-0.0", "[]"};
    static const char *const truthy[] = {"true", "\"0\"", "\" \"", "1", "0.1", "[0]", "{}"};
    static const char text[] = "{{#a}}T{{/a}}{{^a}}F{{/a}}";
    char json[64];

    (void)state;
    check(text, "{}", "F");
    for (size_t i = 0; i < sizeof falsy / sizeof *falsy; i++) {
        snprintf(json, sizeof json, "{\"a\": %s}", falsy[i]);
        check(text, json, "F");
    }
    for (size_t i = 0; i < sizeof truthy / sizeof *truthy; i++) {
        snprintf(json, sizeof json, "{\"a\": %s}", truthy[i]);
        check(text, json, "T");
    }
}

static void test_template__tells_true_from_false_of_other_types(void **state)
{
    sac_rendering with = SAC_RENDERING(.partial = NULL);
    sac_bson doc;

    (void)state;
    sac_bson_init(&doc, NULL, 0);
    add_types(&doc);
    sac_bson_add_value(
        &doc, sac_str_of("zero"),
        (sac_value){SAC_BSON_DECIMAL128, sac_str_n("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\x30", 16)});
    CHECK_INT(sac_bson_finish(&doc, &with.data), SAC_OK);
    check_render("{{^none}}1{{/none}}{{#much}}2{{/much}}{{#dec}}3{{/dec}}{{^zero}}4{{/zero}}"
                 "{{#oid}}5{{/oid}}{{#date}}6{{/date}}{{^undefined}}7{{/undefined}}"
                 "{{#code}}8{{/code}}{{#bytes}}9{{/bytes}}",
                 &with, "123456789");
    sac_bson_fini(&doc);
}

/* What escaping is, a byte at a time. */
static sac_str escape_slowly(sac_str s, char *out)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        const char *entity = s.p[i] == '&'    ? "&amp;"
                             : s.p[i] == '<'  ? "&lt;"
                             : s.p[i] == '>'  ? "&gt;"
                             : s.p[i] == '"'  ? "&quot;"
                             : s.p[i] == '\'' ? "&#39;"
                                              : NULL;

        if (entity) {
            memcpy(out + n, entity, strlen(entity));
            n += strlen(entity);
        } else {
            out[n++] = s.p[i];
        }
    }
    return sac_str_n(out, n);
}

static void test_template__escapes_every_byte_at_every_place(void **state)
{
    (void)state;
    for (size_t n = 1; n < 40; n++)
        for (size_t at = 0; at < n; at++)
            for (int byte = 0; byte < 256; byte++) {
                char want[400], got[400];
                char *text = malloc(n); /* its end is seen by ASan */
                sac_str escaped;

                CHECK(text != NULL);
                memset(text, 'x', n);
                text[n / 2] = '<';
                text[at] = (char)byte;
                escaped = escape_slowly(sac_str_n(text, n), want);
                CHECK_INT(sac__html_escape(got, sac_str_n(text, n)) - got, escaped.n);
                CHECK(memcmp(got, want, escaped.n) == 0);
                free(text);
            }
}

static void test_template__escapes_what_is_in_the_data(void **state)
{
    static const char json[] =
        "{\"a\": \"<script>alert('1')</script>\", \"b\": \"\\\" onload=\\\"x\", "
        "\"c\": \"&lt;\", \"d\": [\"<!--\"], \"e\": {\"<\": \"'\"}}";

    (void)state;
    check("{{a}}", json, "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;");
    check("<a href=\"{{b}}\">", json, "<a href=\"&quot; onload=&quot;x\">");
    check("{{c}} {{{c}}}", json, "&amp;lt; &lt;");
    check("{{#d}}{{.}}{{/d}} {{d}}", json, "&lt;!-- [&quot;\\u003c!--&quot;]");
    check("{{e}}", json, "{&quot;\\u003c&quot;:&quot;&#39;&quot;}");
}

static void test_template__escapes_long_texts(void **state)
{
    enum { N = 100000 };
    char *json = malloc(N + 32), *want = malloc(6 * N + 1);
    size_t n = 0;

    (void)state;
    CHECK(json && want);
    memcpy(json, "{\"a\": \"", 7);
    for (size_t i = 0; i < N; i++)
        json[7 + i] = "abc<defg'hijklmnopqrstuvw&xyz"[i % 29];
    memcpy(json + 7 + N, "\"}", 3);
    n = escape_slowly(sac_str_n(json + 7, N), want).n;
    want[n] = '\0';
    check("{{a}}", json, want);
    json[7 + N] = '\0';
    strcpy(want, json + 7);
    memcpy(json + 7 + N, "\"}", 3);
    check("{{{a}}}", json, want);
    free(json);
    free(want);
}

static void test_template__finds_names_in_what_is_around(void **state)
{
    static const char json[] =
        "{\"a\": 1, \"b\": {\"a\": 2, \"c\": [{\"d\": 3}, {\"a\": 4}, 5]}, \"e\": {\"f\": null}, "
        "\"f\": 6}";

    (void)state;
    check("{{#b}}{{#c}}{{a}}{{d}} {{/c}}{{/b}}", json, "23 4 2 ");
    check("{{#b.c}}{{a}}{{d}}{{.}} {{/b.c}}", json, "13{&quot;d&quot;:3} 4{&quot;a&quot;:4} 15 ");
    check("{{#e}}[{{f}}]{{/e}}{{f}}", json, "[]6");
    check("{{#b}}{{b.a}}{{/b}}", json, "2");
    check("{{#a}}{{#a}}{{a}}{{.}}{{/a}}{{/a}}", json, "11");
    check("{{b.c.1.a}}{{b.c.9.a}}{{b.c.a}}", json, "4");
    check("{{l}}{{l.0}}{{#l.0}}x{{/l.0}}", "{\"l\": []}", "");
}

static void test_template__allows_blanks_and_lines_in_tags(void **state)
{
    (void)state;
    check("{{ # a }}x{{ / a }}{{\n^\nb\n}}y{{/\tb}}{{ & a }}{{ { a }}}", "{\"a\": 1}", "xy11");
    check("{{\n a\n }}{{!\n}} }}", "{\"a\": 1}", "1 }}");
}

static void test_template__takes_any_delimiters(void **state)
{
    (void)state;
    check("{{=<% %>=}}<%a%>{{a}}<%={{ }}=%>{{a}}", "{\"a\": 1}", "1{{a}}1");
    check("{{=| |=}}|a||#b|x|/b|| a |", "{\"a\": 1, \"b\": true}", "1x1");
    check("{{=<< >>=}}<<{a}>><<&a>><<!a>>", "{\"a\": \"<\"}", "<<");
    check("{{=$ $=}}$a$", "{\"a\": 1}", "1");
    check("{{#a}}{{=[ ]=}}[/a][b]", "{\"a\": 1, \"b\": 2}", "2");
    check("{{=\xc2\xab \xc2\xbb=}}\xc2\xab"
          "a\xc2\xbb",
          "{\"a\": 1}", "1");
}

static void test_template__leaves_braces_that_are_no_tags(void **state)
{
    (void)state;
    check("{ {a} { {a}} }} }}}", "{\"a\": 1}", "{ {a} { {a}} }} }}}");
    check("a{", "{}", "a{");
    check("{{{a}}}}", "{\"a\": 1}", "1}");
    check("{{a}}}", "{\"a\": 1}", "1}");
}

static void test_template__takes_lines_of_tags_out(void **state)
{
    static const char json[] = "{\"a\": [1, 2], \"f\": false}";

    (void)state;
    check("1\n{{#a}}\n2\n{{/a}}\n3\n", json, "1\n2\n2\n3\n");
    check("1\r\n {{#a}}\t\r\n2\r\n{{/a}}  \r\n3\r\n", json, "1\r\n2\r\n2\r\n3\r\n");
    check(" {{#a}}{{/a}} \n", json, "  \n");
    check("{{#a}} \nx{{/a}}", json, "xx");
    check("{{#a}}x {{/a}}\n", json, "x x \n");
    check("{{#a}}\r{{/a}}", json, "\r\r");
    check("{{#f}}\n{{/f}}", json, "");
    check("{{! a\n b }}  \n{{! c }}", json, "");
    check("a {{! b\n c }}\nd", json, "a \nd");
    check("{{=<% %>=}}\n<%={{ }}=%>\nx", json, "x");
    check("{{#a}}\n\n{{/a}}\n", json, "\n\n");
}

/* Partials. */

static void check_partials(const char *text, const char *const *pairs, const char *json,
                           const char *want)
{
    const sac_str data = bson_of(json);
    shelf partials = {.n = 0};
    const sac_rendering with = SAC_RENDERING(.data = data, .partial = shelf_find,
                                             .partial_self = &partials);

    for (size_t i = 0; pairs[i]; i += 2)
        shelf_add(&partials, sac_str_of(pairs[i]), sac_str_of(pairs[i + 1]));
    check_render(text, &with, want);
    shelf_clear(&partials);
    free_bytes(data);
}

static void test_template__indents_the_lines_of_a_partial(void **state)
{
    static const char *const pairs[] = {"lines", "a\n\nb\n",
                                        "crlf",  "a\r\nb\r\n",
                                        "tags",  "{{#t}}\nx{{v}}\n{{/t}}\n{{v}}\n{{#t}}y{{/t}}\n",
                                        "outer", "o\n  {{>lines}}\n{{v}} {{>lines}}.\n",
                                        "list",  "{{#l}}\n- {{.}}\n{{/l}}\n{{^l}}{{/l}}z",
                                        "none",  "",
                                        "note",  "{{! a }}\nb\n {{! c }} d\n",
                                        NULL};
    static const char json[] = "{\"t\": true, \"v\": \"1\\n2\", \"l\": [1, 2]}";

    (void)state;
    check_partials(" {{>lines}}\nc", pairs, json, " a\n \n b\nc");
    check_partials("\t{{>crlf}}\r\nc", pairs, json, "\ta\r\n\tb\r\nc");
    check_partials("  {{>tags}}\n", pairs, json, "  x1\n2\n  1\n2\n  y\n");
    check_partials(" {{>outer}}\n", pairs, json, " o\n   a\n   \n   b\n 1\n2 a\n\nb\n.\n");
    check_partials(" {{>list}}\n", pairs, json, " - 1\n - 2\n z");
    check_partials("a\n  {{>none}}\nb", pairs, json, "a\nb");
    check_partials("  {{>note}}\n", pairs, json, "  b\n    d\n");
    check_partials("  {{>lines}} x\n", pairs, json, "  a\n\nb\n x\n");
    check_partials("{{#l}}\n {{>lines}}\n{{/l}}\n", pairs, json, " a\n \n b\n a\n \n b\n");
}

static void test_template__gives_partials_their_own_delimiters(void **state)
{
    static const char *const pairs[] = {"p", "{{a}}{{=| |=}}|a|", NULL};

    (void)state;
    check_partials("{{=< >=}}<>p>{{a}}<a>", pairs, "{\"a\": 1}", "11{{a}}1");
}

static void test_template__nests_partials_to_a_limit(void **state)
{
    sac_str data = bson_of("{}");
    shelf partials = {.n = 0};
    const sac_rendering with = SAC_RENDERING(.data = data, .partial = shelf_find,
                                             .partial_self = &partials);
    sac_err err = {.text = ""};
    sac__buf got;

    (void)state;
    shelf_add(&partials, sac_str_of("a"), sac_str_of("x\n  {{> a }}\n{{> a }}"));
    sac__buf_init(&got, NULL, SIZE_MAX);
    CHECK_INT(sac_template_render(partials.partials[0], &with, collect, &got, &err), SAC_ELIMIT);
    assert_string_equal(err.text, "line 2: partials nested deeper than 64");
    sac__buf_fini(&got);
    shelf_clear(&partials);
    free_bytes(data);
}

/* Sections in partials in sections: as deep as the data, at most 64 partials. */
static void test_template__renders_deep_trees(void **state)
{
    static const char node[] = "({{#a}}{{#b}}{{v}}{{>n}}{{/b}}{{/a}})";
    char json[2048] = "", want[512] = "";
    shelf partials = {.n = 0};
    sac_rendering with = SAC_RENDERING(.partial = shelf_find, .partial_self = &partials);
    const int levels = 30;

    (void)state;
    for (int i = 0; i < levels; i++) {
        strcat(json, "{\"v\": 1, \"a\": [{\"b\": ");
        strcat(want, i ? "1(" : "(");
    }
    strcat(json, "null");
    for (int i = 0; i < levels; i++) {
        strcat(json, "}]}");
        strcat(want, ")");
    }
    CHECK(strlen(json) < sizeof json && strlen(want) < sizeof want);
    with.data = bson_of(json);
    shelf_add(&partials, sac_str_of("n"), sac_str_of(node));
    check_render("{{>n}}", &with, want);
    free_bytes(with.data);
    shelf_clear(&partials);
}

/* Limits and errors. */

static int count(void *self, sac_str text)
{
    *(size_t *)self += text.n;
    return SAC_OK;
}

static int refuse(void *self, sac_str text)
{
    size_t *left = self;

    if (*left < text.n)
        return SAC_ECLOSED;
    *left -= text.n;
    return SAC_OK;
}

static void test_template__renders_long_lists(void **state)
{
    enum { N = 100000 };
    sac_template *made = compile(sac_str_of("{{#l}}{{.}};{{/l}}"));
    sac_rendering with = SAC_RENDERING(.partial = NULL);
    size_t n = 0;
    sac_bson doc;

    (void)state;
    sac_bson_init(&doc, NULL, 0);
    sac_bson_begin_array(&doc, sac_str_of("l"));
    for (int i = 0; i < N; i++)
        sac_bson_add_int32(&doc, "", 100000 + i);
    sac_bson_end(&doc);
    CHECK_INT(sac_bson_finish(&doc, &with.data), SAC_OK);
    CHECK_INT(sac_template_render(made, &with, count, &n, NULL), SAC_OK);
    CHECK_INT(n, 7 * N);
    n = 6 * N;
    CHECK_INT(sac_template_render(made, &with, refuse, &n, NULL), SAC_ECLOSED);
    sac_bson_fini(&doc);
    sac_template_free(made);
}

static void test_template__renders_text_to_a_limit(void **state)
{
    enum { N = 1 << 20 };
    char *text = malloc(N);
    sac_template *made;
    const sac_str data = bson_of("{\"l\": [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}");
    const sac_rendering with = SAC_RENDERING(.data = data);
    sac_err err = {.text = ""};
    size_t n = 0;

    (void)state;
    CHECK(text != NULL);
    memset(text, 'x', N);
    memcpy(text, "{{#l}}", 6);
    memcpy(text + N - 6, "{{/l}}", 6);
    made = compile(sac_str_n(text, N));
    CHECK_INT(sac_template_render(made, &with, count, &n, NULL), SAC_OK);
    CHECK_INT(n, 16 * (N - 12));
    sac_template_free(made);
    memcpy(text + N - 7, "{{/l}}y", 7);
    memcpy(text, "{{#l}}{{#l}}", 12);
    memcpy(text + N - 13, "{{/l}}{{/l}}y", 13);
    made = compile(sac_str_n(text, N));
    n = 0;
    CHECK_INT(sac_template_render(made, &with, count, &n, &err), SAC_ELIMIT);
    CHECK(n <= SAC__TEMPLATE_MAX);
    assert_string_equal(err.text, "line 1: the text is too large");
    sac_template_free(made);
    CHECK_INT(sac_template_new(sac_str_n(text, SAC__TEMPLATE_MAX + 1), NULL, &made, NULL),
              SAC_ELIMIT);
    free_bytes(data);
    free(text);
}

/* Without a byte of text, twice the work a level. */
static void test_template__ends_what_goes_on_and_on(void **state)
{
    char json[1024] = "";
    shelf partials = {.n = 0};
    sac_rendering with = SAC_RENDERING(.partial = shelf_find, .partial_self = &partials);
    sac_err err = {.text = ""};
    size_t n = 0;

    (void)state;
    for (int i = 0; i < 50; i++)
        strcat(json, "{\"a\": ");
    strcat(json, "0");
    for (int i = 0; i < 50; i++)
        strcat(json, "}");
    with.data = bson_of(json);
    shelf_add(&partials, sac_str_of("p"), sac_str_of("{{#a}}{{>p}}{{>p}}{{/a}}"));
    CHECK_INT(sac_template_render(partials.partials[0], &with, count, &n, &err), SAC_ELIMIT);
    assert_string_equal(err.text, "line 1: it goes on and on");
    CHECK_INT(n, 0);
    free_bytes(with.data);
    shelf_clear(&partials);
}

static void test_template__refuses_damaged_data(void **state)
{
    static const char *const texts[] = {"{{b}}",        "{{#a}}{{b}}{{/a}}", "{{a.b}}",
                                        "{{#b}}{{/b}}", "{{#a}}{{.}}{{/a}}", "{{^b}}{{/b}}"};
    const sac_str data = bson_of("{\"a\": [[1], {\"x\": \"yy\"}]}");
    char *bytes = (char *)(uintptr_t)data.p;
    sac_rendering with = SAC_RENDERING(.data = data);

    (void)state;
    for (size_t cut = 0; cut < data.n; cut++)
        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
            sac_template *made = compile(sac_str_of(texts[i]));
            size_t n = 0;
            int rc;

            bytes[cut] = (char)(bytes[cut] ^ 0x55);
            rc = sac_template_render(made, &with, count, &n, NULL);
            CHECK(rc == SAC_OK || rc == SAC_ECORRUPT);
            bytes[cut] = (char)(bytes[cut] ^ 0x55);
            with.data.n = cut;
            rc = sac_template_render(made, &with, count, &n, NULL);
            CHECK_INT(rc, cut ? SAC_ECORRUPT : SAC_OK);
            with.data.n = data.n;
            sac_template_free(made);
        }
    free_bytes(data);
}

static void test_template__survives_oom(void **state)
{
    static const char text[] = "{{#a}}{{#b}}{{#c}}{{v}}{{{d}}}\n  {{>p}}\n{{/c}}{{/b}}{{/a}}"
                               "{{=| |=}}|x.y.z||!c||^n|-|/n|";
    const sac_str data = bson_of("{\"a\":{\"b\":{\"c\":[1,2]}},\"v\":\"<\",\"d\":{\"e\":1}}");
    shelf partials = {.n = 0};
    const sac_rendering with = SAC_RENDERING(.data = data, .partial = shelf_find,
                                             .partial_self = &partials);
    int rc = SAC_ENOMEM;

    (void)state;
    shelf_add(&partials, sac_str_of("p"), sac_str_of("q\n{{#a}}{{>r}}{{/a}}\n"));
    shelf_add(&partials, sac_str_of("r"),
              sac_str_of("{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}"
                         "{{#a}}{{#a}}{{#a}}{{#a}}{{#a}}{{v}}{{/a}}{{/a}}{{/a}}{{/a}}{{/a}}"
                         "{{/a}}{{/a}}{{/a}}{{/a}}{{/a}}{{/a}}{{/a}}{{/a}}{{/a}}{{/a}}{{/a}}"));
    for (long n = 0; rc != SAC_OK; n++) {
        sac_template *made = NULL;
        fault_alloc fault;
        sac__buf got;
        sac_err err;

        CHECK(n < 100);
        rc = sac_template_new(sac_str_of(text), fault_alloc_init(&fault, n), &made, &err);
        CHECK(rc == SAC_OK || (rc == SAC_ENOMEM && !made));
        sac__buf_init(&got, NULL, SIZE_MAX);
        if (rc == SAC_OK)
            rc = sac_template_render(made, &with, collect, &got, &err);
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        if (rc == SAC_OK)
            CHECK_STR(sac__buf_str(&got),
                      "&lt;{\"e\":1}\n  q\n  &lt;\n&lt;{\"e\":1}\n  q\n  &lt;\n-");
        sac__buf_fini(&got);
        sac_template_free(made);
        CHECK_INT(fault.live, 0);
    }
    shelf_clear(&partials);
    free_bytes(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_template__names_the_line_of_an_error),
        cmocka_unit_test(test_template__says_where_an_error_is),
        cmocka_unit_test(test_template__refuses_lambdas_that_are_none),
        cmocka_unit_test(test_template__keeps_names_short_of_a_limit),
        cmocka_unit_test(test_template__nests_sections_to_a_limit),
        cmocka_unit_test(test_template__copies_its_text),
        cmocka_unit_test(test_template__renders_without_data),
        cmocka_unit_test(test_template__refuses_a_newer_table),
        cmocka_unit_test(test_template__shows_every_type_as_text),
        cmocka_unit_test(test_template__tells_true_from_false),
        cmocka_unit_test(test_template__tells_true_from_false_of_other_types),
        cmocka_unit_test(test_template__escapes_every_byte_at_every_place),
        cmocka_unit_test(test_template__escapes_what_is_in_the_data),
        cmocka_unit_test(test_template__escapes_long_texts),
        cmocka_unit_test(test_template__finds_names_in_what_is_around),
        cmocka_unit_test(test_template__allows_blanks_and_lines_in_tags),
        cmocka_unit_test(test_template__takes_any_delimiters),
        cmocka_unit_test(test_template__leaves_braces_that_are_no_tags),
        cmocka_unit_test(test_template__takes_lines_of_tags_out),
        cmocka_unit_test(test_template__indents_the_lines_of_a_partial),
        cmocka_unit_test(test_template__gives_partials_their_own_delimiters),
        cmocka_unit_test(test_template__nests_partials_to_a_limit),
        cmocka_unit_test(test_template__renders_deep_trees),
        cmocka_unit_test(test_template__renders_long_lists),
        cmocka_unit_test(test_template__renders_text_to_a_limit),
        cmocka_unit_test(test_template__ends_what_goes_on_and_on),
        cmocka_unit_test(test_template__refuses_damaged_data),
        cmocka_unit_test(test_template__survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

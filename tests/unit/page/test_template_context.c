/* SPDX-License-Identifier: MIT */
#include "templates.h"

#include <sacrum/csrf.h>
#include <sacrum/identity.h>
#include <sacrum/session.h>

/* What stands beside the data of an app's templates. */

/* Lambdas. */

static void test_templates__build_paths_of_views(void **state)
{
    static const char json[] =
        "{\"id\": \"a b/c?d&e=f#%25\\\"<'\", \"n\": 7, \"v\": \"note\", \"u\": \"\xc3\xa9\", "
        "\"list\": [1, 2], \"no\": null}";
    sac_app *debug = make_debug();

    (void)state;
    check_text(debug, "{{#url_for}}show{{/url_for}}", json, "/app/show");
    check_text(debug, "{{#url_for}}note id=5{{/url_for}}", json, "/app/notes/5");
    check_text(debug, "{{#url_for}} {{v}}\n id={{n}}\t{{/url_for}}", json, "/app/notes/7");
    check_text(debug, "{{#url_for}}note id={{id}}{{/url_for}}", json,
               "/app/notes/a%20b%2Fc%3Fd%26e%3Df%23%2525%22%3C%27");
    check_text(debug, "{{#url_for}}note id={{&u}}{{/url_for}}", json, "/app/notes/%C3%A9");
    check_text(debug, "{{#url_for}}note id=1 q={{id}} r=2{{/url_for}}", json,
               "/app/notes/1?q=a%20b%2Fc%3Fd%26e%3Df%23%2525%22%3C%27&amp;r=2");
    check_text(debug, "{{#url_for}}note id=a%20b=c{{/url_for}}", json, "/app/notes/a%2520b%3Dc");
    check_text(debug,
               "{{#url_for}}show{{#list}} p{{.}}={{.}}{{/list}}{{^no}} x=y{{/no}}{{/url_for}}",
               json, "/app/show?p1=1&amp;p2=2&amp;x=y");
    check_text(debug, "  {{#url_for}}\n    number n={{n}}\n  {{/url_for}}\n", json,
               "/app/numbers/7");
    check_text(debug, "{{#url_for}}note id={{! x }}1{{/url_for}}", json, "/app/notes/1");
    put_page_back(debug);
}

static void test_templates__fail_for_paths_that_there_are_not(void **state)
{
    static const char *const texts[] = {
        "{{#url_for}}{{/url_for}}",
        "{{#url_for}}none{{/url_for}}",
        "{{#url_for}}note{{/url_for}}",
        "{{#url_for}}note id{{/url_for}}",
        "{{#url_for}}note =5{{/url_for}}",
        "{{#url_for}}note id={{none}}{{/url_for}}",
        "{{#url_for}}number n=x{{/url_for}}",
        "{{#url_for}}{{bad}}{{/url_for}}",
        "{{#url_for}}note id={{nul}}{{/url_for}}",
        "{{#url_for}}show a= b= c= d= e= f= g= h= i= j= k= l= m= n= o= p= q={{/url_for}}"};
    sac_app *debug = make_debug();

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CHECK_INT(get_text(debug, texts[i], "{\"bad\": \"<b>\", \"nul\": \"a\\u0000b\"}"), 500);
        CHECK(shows("page.html, line 1: url_for: "));
        CHECK(!shows("<b>"));
    }
    put_page_back(debug);
}

static void test_templates__embed_json(void **state)
{
    static const char json[] =
        "{\"notes\": [{\"t\": \"</script><!--<script>&'\\\"\\u2028\\u2029\"}], \"n\": 1.5, "
        "\"s\": \"x\", \"d\": {\"e\": null}}";
    sac_app *debug = make_debug();

    (void)state;
    check_text(debug, "<script>var n = {{#json}}notes{{/json}};</script>", json,
               "<script>var n = [{\"t\":\"\\u003c/script\\u003e\\u003c!--\\u003cscript\\u003e"
               "\\u0026'\\\"\\u2028\\u2029\"}];</script>");
    check_text(debug, "{{#json}} n {{/json}} {{# json }}s{{/ json }} {{#json}}d.e{{/json}}", json,
               "1.5 \"x\" null");
    check_text(debug, "{{#json}}none{{/json}} {{#json}}d.none.x{{/json}}", json, "null null");
    check_text(debug, "{{#notes}}{{#d}}{{#json}}.{{/json}}{{/d}}{{/notes}}", json, "{\"e\":null}");
    check_text(debug, "{{#json}}\n  d\n{{/json}}\n", json, "{\"e\":null}");
    put_page_back(debug);
}

static void test_templates__leave_raw_text_alone(void **state)
{
    sac_app *debug = make_debug();

    (void)state;
    check_text(debug, "{{#raw}}<b>{{name}} {{#each}}{{/each}} {{{x}}}{{/raw}}{{a}}", "{\"a\": 1}",
               "<b>{{name}} {{#each}}{{/each}} {{{x}}}1");
    check_text(debug, "<script>\n  {{#raw}}\n  {{x}}\n  {{/raw}}\n</script>\n", "{}",
               "<script>\n  {{x}}\n</script>\n");
    check_text(debug, "{{#raw}}{{=<% %>=}}{{/raw}}{{a}}", "{\"a\": 1}", "{{=<% %>=}}1");
    check_text(debug, "{{=<% %>=}}<%#raw%>{{/raw}}<%a%><%/raw%>", "{\"a\": 1}", "{{/raw}}<%a%>");
    check_text(debug, "{{#raw}}{{/raw}}", "{}", "");
    put_page_back(debug);
}

/* The data's own names come first, but not before the sections of the library. */
static void test_templates__let_data_win(void **state)
{
    sac_app *debug = make_debug();

    (void)state;
    check_text(debug, "{{request.path}} {{request}}{{#json}}user{{/json}}",
               "{\"request\": \"r\", \"user\": 3, \"json\": 4}", " r3");
    check_text(debug, "{{json}}{{raw}}{{url_for}}", "{\"json\": 1, \"raw\": 2, \"url_for\": 3}",
               "123");
    assert_string_equal(header("vary"), "");
    put_page_back(debug);
}

/* Who asks, and the session. */

static int identify(void *self, sac_req *req, sac_identity *out)
{
    const sac_str name = sac_req_header(req, "x-user");
    sac_bson doc;

    (void)self;
    if (!name.p)
        return 0;
    if (sac_str_is(name, "broken"))
        return SAC_EUNAVAILABLE;
    sac_bson_init(&doc, sac_req_allocator(req), 0);
    sac_bson_add_int32(&doc, "_id", 5);
    sac_bson_add_int32(&doc, "id", 6);
    sac_bson_add_str(&doc, "role", sac_str_of("<admin>"));
    out->id = sac_req_int_value(req, 5);
    out->name = name;
    return sac_bson_finish(&doc, &out->user) == SAC_OK ? 1 : SAC_ENOMEM;
}

static const sac_authenticator_ops by_header = SAC_AUTHENTICATOR_OPS(.name = "header",
                                                                     .flags = SAC_INLINE,
                                                                     .identify = identify);

static int sign(void *self, sac_req *req)
{
    int rc = sac_session_set_str(req, "colour", sac_str_of("<red>"));

    (void)self;
    if (rc == SAC_OK && !sac_csrf_token(req).p)
        rc = SAC_ENOMEM;
    if (rc == SAC_OK)
        rc = sac_flash(req, "info", sac_str_of("saved & done"));
    return rc == SAC_OK ? sac_reply_empty(req, 204) : rc;
}

static const sac_view_ops sign_ops = SAC_VIEW_OPS(.name = "sign", .flags = SAC_INLINE, .get = sign);

static sac_app *make_with_session(void)
{
    const sac_templates templates = both_folders(true);
    sac_app *made = make_app(&templates);

    CHECK_INT(sac_app_sessions(made, NULL, NULL), SAC_OK);
    CHECK_INT(sac_app_authenticator(made, &by_header, NULL, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(made, "/sign", &sign_ops, NULL, NULL), SAC_OK);
    seal(made);
    return made;
}

static void test_templates__tell_who_asks(void **state)
{
    static const char text[] = "{{#user}}{{id}} {{name}} {{role}}{{/user}}{{^user}}nobody{{/user}}";
    const sac_header alice = {{"X-User", 6}, {"<Alice>", 7}},
                     broken = {{"X-User", 6}, {"broken", 6}};
    sac_app *made = make_with_session();

    (void)state;
    check_text(made, text, "{}", "nobody");
    CHECK(strstr(header("vary"), "Cookie") != NULL);
    assert_string_equal(header("cache-control"), "private, no-cache");
    CHECK_INT(send(made, "GET", "/show", &alice, 1), 200);
    check_body("5 &lt;Alice&gt; &lt;admin&gt;");
    CHECK_INT(send(made, "GET", "/show", &broken, 1), 503);
    check_text(made, "{{#json}}user{{/json}}", "{}", "null");
    CHECK_INT(send(made, "GET", "/show", &alice, 1), 200);
    check_body(
        "{\"id\":5,\"name\":\"\\u003cAlice\\u003e\",\"_id\":5,\"role\":\"\\u003cadmin\\u003e\"}");
    put_page_back(made);
}

static void get_cookie(sac_app *made, char *cookie, size_t size)
{
    char *end;

    CHECK_INT(send(made, "GET", "/sign", NULL, 0), 204);
    snprintf(cookie, size, "%s", header("set-cookie"));
    end = strchr(cookie, ';');
    CHECK(end != NULL);
    *end = '\0';
}

static void test_templates__show_the_session(void **state)
{
    static const char text[] = "{{session.colour}}|{{session._csrf}}|{{#json}}session{{/json}}|"
                               "{{#flashes}}{{category}}: {{message}}{{/flashes}}";
    sac_app *made = make_with_session();
    char cookie[1024];
    sac_header field;

    (void)state;
    get_cookie(made, cookie, sizeof cookie);
    field = (sac_header){{"Cookie", 6}, sac_str_of(cookie)};
    check_text(made, text, "{}", "||{}|");
    CHECK_INT(send(made, "GET", "/show", &field, 1), 200);
    check_body("&lt;red&gt;||{\"colour\":\"\\u003cred\\u003e\"}|info: saved &amp; done");
    CHECK(strstr(header("vary"), "Cookie") != NULL);
    put_page_back(made);
}

static void test_templates__look_at_the_session_only_when_asked_to(void **state)
{
    sac_app *made = make_with_session();
    char cookie[1024];
    sac_header field;

    (void)state;
    get_cookie(made, cookie, sizeof cookie);
    field = (sac_header){{"Cookie", 6}, sac_str_of(cookie)};
    put_file("first/page.html", "{{a}}{{#no}}{{session}}{{user}}{{csrf_token}}{{/no}}");
    shown = "page";
    CHECK_INT(send(made, "GET", "/show", &field, 1), 200);
    assert_string_equal(header("vary"), "");
    assert_string_equal(header("cache-control"), "no-cache");
    assert_string_equal(header("set-cookie"), "");
    put_page_back(made);
}

static void test_templates__carry_the_token(void **state)
{
    sac_app *made = make_with_session();
    char first[256];

    (void)state;
    CHECK_INT(get_text(made, "{{csrf_token}}", "{}"), 200);
    CHECK(reply.n > 20 && reply.n < sizeof first);
    memcpy(first, reply.body, reply.n);
    first[reply.n] = '\0';
    assert_string_equal(header("etag"), "");
    CHECK(strstr(header("set-cookie"), "session=") != NULL);
    CHECK(strstr(header("cache-control"), "no-store") != NULL);
    CHECK_INT(get_text(made, "{{csrf_token}} {{csrf_token}}", "{}"), 200);
    CHECK(reply.n % 2 == 1 && reply.body[reply.n / 2] == ' ');
    CHECK(memcmp(reply.body, reply.body + reply.n / 2 + 1, reply.n / 2) == 0);
    put_page_back(made);
}

static void test_templates__know_the_request(void **state)
{
    sac_app *made = make_debug();

    (void)state;
    check_text(made, "{{request.method}} {{request.path}} {{request.origin}}{{request.none}}", "{}",
               "GET /show http://example.org");
    put_file("first/page.html", "{{request.path}}");
    CHECK_INT(send(made, "GET", "/notes/%3Cb%3E", NULL, 0), 200);
    check_body("/notes/&lt;b&gt;");
    put_page_back(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_templates__build_paths_of_views),
        cmocka_unit_test(test_templates__fail_for_paths_that_there_are_not),
        cmocka_unit_test(test_templates__embed_json),
        cmocka_unit_test(test_templates__leave_raw_text_alone),
        cmocka_unit_test(test_templates__let_data_win),
        cmocka_unit_test(test_templates__tell_who_asks),
        cmocka_unit_test(test_templates__show_the_session),
        cmocka_unit_test(test_templates__look_at_the_session_only_when_asked_to),
        cmocka_unit_test(test_templates__carry_the_token),
        cmocka_unit_test(test_templates__know_the_request),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

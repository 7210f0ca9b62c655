/* SPDX-License-Identifier: MIT */
#include "templates.h"

#include <cjson/cJSON.h>

#include <sacrum/cjson.h>
#include <sacrum/session.h>

/* Names and folders. */

static void test_templates__answer_with_a_page(void **state)
{
    (void)state;
    CHECK_INT(get_shown(app, "page", "{\"a\": \"<\"}"), 200);
    check_body("<p>&lt;</p>\n");
    assert_string_equal(header("content-type"), "text/html; charset=utf-8");
    assert_string_equal(header("cache-control"), "no-cache");
    assert_string_equal(header("x-content-type-options"), "nosniff");
    assert_string_equal(header("vary"), "");
    CHECK_INT(send(app, "HEAD", "/show", NULL, 0), 200);
    CHECK_INT(reply.length, 12);
    CHECK(reply.head);
}

static void test_templates__tag_what_they_answer(void **state)
{
    char tag[64];

    (void)state;
    CHECK_INT(get_shown(app, "page", "{\"a\": 1}"), 200);
    snprintf(tag, sizeof tag, "%s", header("etag"));
    CHECK(strlen(tag) > 10);
    CHECK_INT(get_with("/show", "If-None-Match", tag), 304);
    assert_string_equal(header("etag"), tag);
    CHECK_INT(reply.n, 0);
    CHECK_INT(get_with("/show", "If-None-Match", "\"other\""), 200);
    data_json = "{\"a\": 2}";
    CHECK_INT(get_with("/show", "If-None-Match", tag), 200);
    CHECK(strcmp(header("etag"), tag) != 0);
    CHECK_INT(send(app, "POST", "/show", NULL, 0), 200);
    assert_string_equal(header("etag"), "");
    shown_status = 404;
    CHECK_INT(get("/show"), 404);
    assert_string_equal(header("etag"), "");
    shown_status = 200;
}

static void test_templates__are_looked_for_in_order(void **state)
{
    (void)state;
    CHECK_INT(get_shown(app, "both", "{}"), 200);
    check_body("first");
    CHECK_INT(get_shown(app, "only", "{\"a\": \"you\"}"), 200);
    check_body("Hello you!");
    CHECK_INT(get_shown(app, "mail/welcome", "{}"), 200);
    check_body("Hello ");
    CHECK_INT(get_shown(app, "linked", "{}"), 200);
    check_body("<p></p>\n");
    CHECK(sac_app_has_template(app, "mail/welcome"));
    CHECK(!sac_app_has_template(app, "mail"));
}

static void test_templates__know_only_their_own_names(void **state)
{
    static const char *const names[] = {
        "",       ".",          "..",        "../secret", "/page",       "page.html",
        "none",   ".x",         ".hidden/x", "mail/",     "mail/..",     "mail/../page",
        "page\n", "first/page", "folder",    "pipe",      "circle/page", "mail\\x",
        "./page"};
    sac_app *debug = make_debug();

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CHECK_INT(get_shown(app, names[i], "{}"), 500);
        CHECK(!sac_app_has_template(app, names[i]));
        if (strcmp(names[i], "circle/page") != 0)
            CHECK_INT(get_shown(debug, names[i], "{}"), 500);
    }
    sac_app_free(debug);
}

static void test_templates__log_a_partial_that_is_missing(void **state)
{
    sac_templates templates = both_folders(false);
    sac_app *made = make_app(&templates);

    (void)state;
    seal(made);
    assert_string_equal(logged, "template only.html, line 1: there is no partial \"none\"\n");
    CHECK_INT(get_shown(made, "only", "{}"), 200);
    CHECK_INT(strlen(strchr(logged, '\n')), 1);
    sac_app_free(made);
}

static void check_seal_fails(int code, const char *part)
{
    sac_templates templates = both_folders(false);
    sac_app *made = make_app(&templates);
    sac_err err = {.text = ""};

    CHECK_INT(sac_app_seal(made, &err), code);
    if (!strstr(err.text, part))
        print_error("want: %s\ngot:  %s\n", part, err.text);
    CHECK(strstr(err.text, part) != NULL);
    sac_app_free(made);
}

static void test_templates__name_file_and_line_at_the_seal(void **state)
{
    char aside[4096];

    (void)state;
    put_file("second/bad.html", "a\n{{#b}}\n");
    check_seal_fails(SAC_ESYNTAX, "template bad.html, line 2: section \"b\" is not closed");
    CHECK_INT(unlink(in_top("second/bad.html")), 0);
    CHECK_INT(symlink("../secret.html", in_top("second/out.html")), 0);
    check_seal_fails(SAC_EIO, "template out.html");
    CHECK_INT(unlink(in_top("second/out.html")), 0);
    snprintf(aside, sizeof aside, "%s", in_top("third"));
    CHECK_INT(rename(in_top("second"), aside), 0);
    check_seal_fails(SAC_EIO, "/second: No such file");
    CHECK_INT(rename(aside, in_top("second")), 0);
}

static void test_templates__can_be_sealed_once_they_are_right(void **state)
{
    sac_templates templates = both_folders(false);
    sac_app *made = make_app(&templates);
    sac_err err;

    (void)state;
    put_file("second/z.html", "{{a");
    CHECK_INT(sac_app_seal(made, &err), SAC_ESYNTAX);
    CHECK(!sac_app_has_template(made, "page"));
    put_file("second/z.html", "{{a}}");
    seal(made);
    CHECK_INT(get_shown(made, "z", "{\"a\": 3}"), 200);
    check_body("3");
    sac_app_free(made);
    CHECK_INT(unlink(in_top("second/z.html")), 0);
}

static void test_templates__are_given_once_and_right(void **state)
{
    static const char *const none[] = {NULL};
    const char *many[18];
    const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS);
    sac_templates templates = both_folders(false);
    sac_app *made = NULL;
    sac_err err;

    (void)state;
    for (size_t i = 0; i < 17; i++)
        many[i] = "x";
    many[17] = NULL;
    CHECK_INT(sac_app_new(&config, &made, &err), SAC_OK);
    CHECK(!sac_app_has_template(made, "page"));
    CHECK_INT(sac_app_templates(made, NULL, &err), SAC_EINVAL);
    templates.ending = "html";
    CHECK_INT(sac_app_templates(made, &templates, &err), SAC_EINVAL);
    templates.ending = "./x";
    CHECK_INT(sac_app_templates(made, &templates, &err), SAC_EINVAL);
    templates.ending = NULL;
    templates.folders = none;
    CHECK_INT(sac_app_templates(made, &templates, &err), SAC_EINVAL);
    templates.folders = many;
    CHECK_INT(sac_app_templates(made, &templates, &err), SAC_EINVAL);
    templates.folders = NULL;
    CHECK_INT(sac_app_templates(made, &templates, &err), SAC_EINVAL);
    templates.folders = folders;
    templates.size++;
    CHECK_INT(sac_app_templates(made, &templates, &err), SAC_EVERSION);
    templates.size--;
    CHECK_INT(sac_app_templates(made, &templates, &err), SAC_OK);
    CHECK_INT(sac_app_templates(made, &templates, &err), SAC_EEXIST);
    seal(made);
    CHECK(sac_app_has_template(made, "page"));
    CHECK_INT(sac_app_templates(made, &templates, &err), SAC_EINVAL);
    sac_app_free(made);
}

static void test_templates__are_not_there_without_folders(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS);
    sac_app *made = NULL;

    (void)state;
    CHECK_INT(sac_app_new(&config, &made, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(made, "/show", &show_ops, NULL, NULL), SAC_OK);
    seal(made);
    CHECK_INT(get_shown(made, "page", "{}"), 500);
    sac_app_free(made);
}

/* Errors. */

static void test_templates__hide_what_is_wrong(void **state)
{
    (void)state;
    logged[0] = '\0';
    CHECK_INT(get_shown(app, "no-such-template", "{}"), 500);
    CHECK(!shows("no-such-template"));
    assert_string_equal(header("content-type"), "application/problem+json");
    CHECK(strstr(logged, "no-such-template") != NULL);
}

static void test_templates__show_what_is_wrong_in_debug(void **state)
{
    sac_app *debug = make_debug();

    (void)state;
    CHECK_INT(get_text(debug, "\n{{#<script>}}", "{}"), 500);
    CHECK(shows("page.html, line 2: section &quot;&lt;script&gt;&quot;"));
    assert_string_equal(header("content-type"), "text/html; charset=utf-8");
    CHECK(strstr(logged, "line 2") != NULL);
    CHECK_INT(get_text(debug, "{{>page}}", "{}"), 500);
    CHECK(shows("partials nested deeper"));
    put_file("second/part.html", "{{");
    CHECK_INT(get_text(debug, "a{{>part}}", "{}"), 500);
    CHECK(shows("part.html, line 1: a tag that is not closed"));
    CHECK_INT(unlink(in_top("second/part.html")), 0);
    check_text(debug, "a{{>part}}", "{}", "a");
    put_page_back(debug);
}

static void test_templates__are_read_again_in_debug(void **state)
{
    sac_app *debug = make_debug();

    (void)state;
    check_text(debug, "one{{>mail/welcome}}", "{}", "oneHello ");
    check_text(debug, "two{{>mail/welcome}}", "{}", "twoHello ");
    put_file("first/mail/welcome.html", "Bye {{a}}{{>new}}{{>new}}");
    put_file("second/new.html", "{{a}}");
    CHECK_INT(send(debug, "GET", "/show", NULL, 0), 200);
    check_body("twoBye ");
    CHECK_INT(get_shown(debug, "page", "{\"a\": 1}"), 200);
    check_body("twoBye 111");
    CHECK_INT(unlink(in_top("second/new.html")), 0);
    put_file("first/mail/welcome.html", "Hello {{a}}");
    CHECK_INT(get_shown(app, "page", "{\"a\": 1}"), 200);
    check_body("<p>1</p>\n"); /* not in debug: as it was */
    put_page_back(debug);
}

static int show_damaged(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_template(req, 200, "page", sac_str_n("\x0a\0\0\0\x02x", 6));
}

static void test_templates__refuse_damaged_data(void **state)
{
    static const sac_view_ops damaged = SAC_VIEW_OPS(.name = "damaged", .flags = SAC_INLINE,
                                                     .get = show_damaged);
    const sac_templates templates = both_folders(false);
    sac_app *made = make_app(&templates);

    (void)state;
    CHECK_INT(sac_app_mount(made, "/damaged", &damaged, NULL, NULL), SAC_OK);
    seal(made);
    CHECK_INT(send(made, "GET", "/damaged", NULL, 0), 500);
    CHECK(strstr(logged, "template page: page.html, line 1: the data is damaged") != NULL);
    sac_app_free(made);
}

/* Pages. */

static char yes[] = "yes", title[] = "title";

static int add_title(void *self, sac_req *req, sac_bson *data)
{
    const sac_str query = sac_req_query(req, "a");

    sac_bson_add_str(data, "a", query.p ? query : sac_str_of(self));
    if (sac_str_is(query, "gone"))
        return sac_fail(req, SAC_ENOTFOUND, "it is gone");
    if (sac_str_is(query, "bad"))
        sac_bson_add_str(data, "b\0c", sac_str_n("d", SAC_BSON_MAX));
    return SAC_OK;
}

/* What is set before stays. */
static int mark(void *self, sac_req *req, const sac_next *next)
{
    int rc = sac_reply_header(req, "ETag", sac_str_of("\"own\""));

    if (rc == SAC_OK)
        rc = sac_reply_header(req, "Cache-Control", sac_str_of("no-store"));
    if (rc == SAC_OK)
        rc = sac_next_run(next, req);
    return rc == SAC_OK ? sac_reply_header(req, "X-Mark", sac_str_of(self)) : rc;
}

static void test_page__renders_its_template(void **state)
{
    static const sac_decorator decorators[] = {{.fn = mark, .self = yes}, {.fn = NULL}};
    static const sac_page titled = SAC_PAGE(.name = "page", .decorators = decorators,
                                            .data = add_title, .self = title);
    static const sac_page plain = SAC_PAGE(.name = "both");
    const sac_templates templates = both_folders(false);
    sac_app *made = make_app(&templates);
    char url[64];

    (void)state;
    CHECK_INT(sac_app_page(made, "/titled", &titled, NULL), SAC_OK);
    CHECK_INT(sac_app_page(made, "/plain", &plain, NULL), SAC_OK);
    CHECK_INT(sac_app_page(made, "/plain", &plain, NULL), SAC_EEXIST);
    seal(made);
    CHECK_INT(send(made, "GET", "/titled", NULL, 0), 200);
    check_body("<p>title</p>\n");
    assert_string_equal(header("x-mark"), "yes");
    assert_string_equal(header("etag"), "\"own\"");
    assert_string_equal(header("cache-control"), "no-store");
    CHECK_INT(send(made, "GET", "/titled?a=%3C", NULL, 0), 200);
    check_body("<p>&lt;</p>\n");
    CHECK_INT(send(made, "GET", "/titled?a=gone", NULL, 0), 404);
    CHECK_INT(send(made, "HEAD", "/plain", NULL, 0), 200);
    CHECK_INT(reply.length, 5);
    CHECK_INT(send(made, "POST", "/plain", NULL, 0), 405);
    assert_string_equal(header("allow"), "GET, HEAD, OPTIONS");
    CHECK_INT(sac_app_url_for(made, url, sizeof url, "both", (char *)NULL), SAC_OK);
    assert_string_equal(url, "/plain");
    sac_app_free(made);
}

static void test_page__wants_its_template_at_the_seal(void **state)
{
    static const sac_page page = SAC_PAGE(.name = "none"), nameless = SAC_PAGE(.name = NULL);
    const sac_page newer = {.size = sizeof newer + 1, .name = "x"};
    const sac_templates templates = both_folders(false);
    sac_app *made = NULL;
    sac_err err = {.text = ""};

    (void)state;
    CHECK_INT(sac_app_new(NULL, &made, NULL), SAC_OK);
    CHECK_INT(sac_app_page(made, "/", &nameless, &err), SAC_EINVAL);
    CHECK_INT(sac_app_page(made, "/", NULL, &err), SAC_EINVAL);
    CHECK_INT(sac_app_page(made, "/", &newer, &err), SAC_EVERSION);
    CHECK_INT(sac_app_page(made, "/", &page, &err), SAC_OK);
    CHECK_INT(sac_app_templates(made, &templates, &err), SAC_OK);
    CHECK_INT(sac_app_seal(made, &err), SAC_ENOTFOUND);
    CHECK(strstr(err.text, "\"none\"") != NULL);
    put_file("second/none.html", "here");
    CHECK_INT(sac_app_seal(made, &err), SAC_OK);
    CHECK_INT(send(made, "GET", "/", NULL, 0), 200);
    check_body("here");
    sac_app_free(made);
    CHECK_INT(unlink(in_top("second/none.html")), 0);
}

/* Trees of cJSON. */

static int show_tree(void *self, sac_req *req)
{
    cJSON *tree = cJSON_CreateObject();
    int rc;

    (void)self;
    cJSON_AddStringToObject(tree, "a", "x");
    if (sac_req_query(req, "raw").p)
        cJSON_AddRawToObject(tree, "b", "{");
    rc = sac_reply_template_cjson(req, 201, "page", sac_req_query(req, "none").p ? NULL : tree);
    cJSON_Delete(tree);
    return rc;
}

static void test_templates__take_trees(void **state)
{
    static const sac_view_ops tree_ops = SAC_VIEW_OPS(.name = "tree", .flags = SAC_INLINE,
                                                      .get = show_tree);
    const sac_templates templates = both_folders(false);
    sac_app *made = make_app(&templates);

    (void)state;
    CHECK_INT(sac_app_mount(made, "/tree", &tree_ops, NULL, NULL), SAC_OK);
    seal(made);
    CHECK_INT(send(made, "GET", "/tree", NULL, 0), 201);
    check_body("<p>x</p>\n");
    CHECK_INT(send(made, "GET", "/tree?none", NULL, 0), 201);
    check_body("<p></p>\n");
    CHECK_INT(send(made, "GET", "/tree?raw", NULL, 0), 500);
    sac_app_free(made);
}

/* Memory. */

static int build(const sac_alloc *alloc, bool debug, sac_app **out)
{
    static const sac_page page = SAC_PAGE(.name = "only", .data = add_title, .self = title);
    const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS, .alloc = alloc,
                                                 .secret = "0123456789abcdef");
    const sac_templates templates = both_folders(debug);
    sac_err err;
    int rc = sac_app_new(&config, out, &err);

    if (rc == SAC_OK)
        rc = sac_app_templates(*out, &templates, &err);
    if (rc == SAC_OK)
        rc = sac_app_sessions(*out, NULL, &err);
    if (rc == SAC_OK)
        rc = sac_app_page(*out, "/only", &page, &err);
    if (rc == SAC_OK)
        rc = sac_app_mount(*out, "/show", &show_ops, NULL, &err);
    return rc == SAC_OK ? sac_app_seal(*out, &err) : rc;
}

static void test_templates__survive_oom_when_built(void **state)
{
    int rc = SAC_ENOMEM;

    (void)state;
    for (long n = 0; rc != SAC_OK; n++) {
        sac_app *made = NULL;
        fault_alloc fault;

        CHECK(n < 1000);
        rc = build(fault_alloc_init(&fault, n), false, &made);
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        fault.left = -1;
        if (rc == SAC_OK)
            CHECK_INT(send(made, "GET", "/only", NULL, 0), 200);
        sac_app_free(made);
        CHECK_INT(fault.live, 0);
    }
}

static void check_page_survives(bool debug)
{
    sac_app *made = NULL;
    fault_alloc fault;
    int status = 500;

    CHECK_INT(build(fault_alloc_init(&fault, -1), debug, &made), SAC_OK);
    put_file("first/page.html",
             "{{#l}}{{#l}}{{request.path}}{{#url_for}}show a={{.}}{{/url_for}}{{/l}}{{/l}}"
             "{{#json}}session{{/json}}{{csrf_token}}{{user.name}}{{flashes}}{{>both}}");
    shown = debug ? "page" : "only";
    data_json = "{\"l\": [1, 2, 3], \"a\": {\"b\": [4]}}";
    for (long n = 1; n < 60; n++) { /* the first one is the exchange's */
        fault.left = n;
        status = send(made, "GET", "/show", NULL, 0);
        CHECK(status == 200 || status == 500);
    }
    CHECK_INT(status, 200);
    fault.left = -1;
    sac_app_free(made);
    CHECK_INT(fault.live, 0);
    put_file("first/page.html", "<p>{{a}}</p>\n");
}

static void test_templates__survive_oom_when_asked(void **state)
{
    (void)state;
    check_page_survives(false);
    check_page_survives(true);
}

static void test_templates__leak_no_descriptor(void **state)
{
    const int before = dup(0);
    int after;

    (void)state;
    close(before);
    test_templates__name_file_and_line_at_the_seal(state);
    test_templates__can_be_sealed_once_they_are_right(state);
    test_templates__are_read_again_in_debug(state);
    test_templates__know_only_their_own_names(state);
    after = dup(0);
    close(after);
    CHECK_INT(before, after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_templates__answer_with_a_page),
        cmocka_unit_test(test_templates__tag_what_they_answer),
        cmocka_unit_test(test_templates__are_looked_for_in_order),
        cmocka_unit_test(test_templates__know_only_their_own_names),
        cmocka_unit_test(test_templates__log_a_partial_that_is_missing),
        cmocka_unit_test(test_templates__name_file_and_line_at_the_seal),
        cmocka_unit_test(test_templates__can_be_sealed_once_they_are_right),
        cmocka_unit_test(test_templates__are_given_once_and_right),
        cmocka_unit_test(test_templates__are_not_there_without_folders),
        cmocka_unit_test(test_templates__hide_what_is_wrong),
        cmocka_unit_test(test_templates__show_what_is_wrong_in_debug),
        cmocka_unit_test(test_templates__are_read_again_in_debug),
        cmocka_unit_test(test_templates__refuse_damaged_data),
        cmocka_unit_test(test_page__renders_its_template),
        cmocka_unit_test(test_page__wants_its_template_at_the_seal),
        cmocka_unit_test(test_templates__take_trees),
        cmocka_unit_test(test_templates__survive_oom_when_built),
        cmocka_unit_test(test_templates__survive_oom_when_asked),
        cmocka_unit_test(test_templates__leak_no_descriptor),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

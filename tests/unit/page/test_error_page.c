/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "app/app.h"
#include "app/page.h"

static const char *templates[4]; /* those that there are */
static bool breaks;              /* rendering fails */
static char logged[1024];

static bool has_page(const sac_app *of, const char *name)
{
    (void)of;
    for (size_t i = 0; i < 4 && templates[i]; i++)
        if (strcmp(templates[i], name) == 0)
            return true;
    return false;
}

static int render(sac_req *req, int status, const char *name, sac_str data)
{
    const sac_str code = sac_bson_get_str(data, "code"), title = sac_bson_get_str(data, "title"),
                  detail = sac_bson_get_str(data, "detail");
    const sac_str text = sac_req_printf(req, "%s %d %.*s|%.*s|%.*s", name,
                                        (int)sac_bson_get_int(data, "status", 0), (int)code.n,
                                        code.p, (int)title.n, title.p, (int)detail.n, detail.p);

    if (breaks)
        return sac_fail(req, SAC_EIO, "line 3: the secret of the template");
    return text.p ? sac_reply_static(req, status, "text/html; charset=utf-8", text) : SAC_ENOMEM;
}

static void keep_line(void *self, sac_log_level level, sac_str line)
{
    (void)self;
    (void)level;
    snprintf(logged, sizeof logged, "%.*s", (int)line.n, line.p);
}

/* Fails as the query says. */
static int fail_as_told(void *self, sac_req *req)
{
    const sac_str how = sac_req_query(req, "how");

    (void)self;
    if (sac_str_is(how, "secret"))
        return sac_fail(req, SAC_EIO, "disk 7 of secret.example is broken");
    if (sac_str_is(how, "script"))
        return sac_fail(req, SAC_ECONFLICT, "<script>alert('%.*s')</script>\"&", (int)how.n, how.p);
    if (sac_str_is(how, "busy"))
        return sac_fail(req, SAC_EUNAVAILABLE, "secret");
    if (sac_str_is(how, "file")) {
        CHECK_INT(sac_reply_attachment(req, sac_str_of("x.pdf")), SAC_OK);
        return sac_fail(req, SAC_EFORBIDDEN, "no");
    }
    return sac_reply_text(req, 404, "the view's own");
}

static int own_word(void *self, sac_req *req)
{
    return self ? sac_reply_text(req, 418, self) : SAC_OK;
}

static const sac_view_ops view = SAC_VIEW_OPS(.name = "view", .flags = SAC_INLINE,
                                              .get = fail_as_told, .post = fail_as_told);
static char teapot[] = "teapot";

static int build(const sac_alloc *alloc, sac_app **out)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS, .alloc = alloc,
                                                 .log = keep_line, .log_level = SAC_LOG_DEBUG);
    sac_err err = {.code = 0};
    sac_app *group = NULL;
    int rc = sac_app_new(&config, out, &err);

    if (rc == SAC_OK)
        rc = sac_app_error_pages(*out, NULL, &err);
    if (rc == SAC_OK)
        sac__app_set_page(*out, render, has_page);
    if (rc == SAC_OK)
        rc = sac_app_mount(*out, "/view", &view, NULL, &err);
    if (rc == SAC_OK)
        rc = sac_app_mount(*out, "/api/things", &view, NULL, &err);
    if (rc == SAC_OK)
        rc = sac__app_fence(*out, "/api", &err);
    if (rc == SAC_OK)
        rc = sac_app_group(*out, "/own", &group, &err);
    if (rc == SAC_OK)
        rc = sac_app_on_error(group, 404, own_word, teapot, &err);
    if (rc == SAC_OK)
        rc = sac_app_on_error(group, 409, own_word, NULL, &err);
    if (rc == SAC_OK)
        rc = sac_app_mount(group, "/view", &view, NULL, &err);
    return rc == SAC_OK ? sac_app_seal(*out, &err) : rc;
}

static int setup(void **state)
{
    (void)state;
    make_tree();
    return build(NULL, &app);
}

static int teardown(void **state)
{
    (void)state;
    sac_app_free(app);
    return remove_tree();
}

static int reset(void **state)
{
    (void)state;
    memset(templates, 0, sizeof templates);
    breaks = false;
    logged[0] = '\0';
    return 0;
}

static const char browser[] = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

static int browse(const char *target)
{
    return get_with(target, "Accept", browser);
}

static bool is_page(void)
{
    return strcmp(header("content-type"), "text/html; charset=utf-8") == 0;
}

static bool is_problem(void)
{
    return strcmp(header("content-type"), "application/problem+json") == 0;
}

static void test_error_page__is_for_who_loads_a_page(void **state)
{
    (void)state;
    CHECK_INT(browse("/missing"), 404);
    CHECK(is_page());
    CHECK(memmem(reply.body, reply.n, "<h1>Not found</h1>", 18));
    assert_string_equal(header("cache-control"), "no-cache");
    assert_string_equal(header("vary"), "Accept");
    assert_string_equal(header("x-content-type-options"), "nosniff");
    CHECK_INT(get_with("/missing", "Accept", "text/html"), 404);
    CHECK(is_page());
    CHECK_INT(get_with("/missing", "Accept", "text/*;q=0.5, application/json;q=0.1"), 404);
    CHECK(is_page());
}

static void test_error_page__is_not_for_scripts(void **state)
{
    static const char *const accepts[] = {"*/*",
                                          "application/json",
                                          "application/json, text/javascript, */*; q=0.01",
                                          "text/html;q=0",
                                          "text/html;q=0.5, application/json",
                                          "application/json, text/html",
                                          "image/webp",
                                          ""};
    static const sac_header script[][2] = {
        {{{"Accept", 6}, {"text/html", 9}}, {{"X-Requested-With", 16}, {"XMLHttpRequest", 14}}},
        {{{"Accept", 6}, {"text/html", 9}}, {{"Sec-Fetch-Mode", 14}, {"cors", 4}}},
        {{{"Accept", 6}, {"text/html", 9}}, {{"Sec-Fetch-Mode", 14}, {"no-cors", 7}}}};
    const sac_header page[] = {{{"Accept", 6}, {"text/html", 9}},
                               {{"Sec-Fetch-Mode", 14}, {"navigate", 8}}};

    (void)state;
    for (size_t i = 0; i < sizeof accepts / sizeof *accepts; i++) {
        CHECK_INT(get_with("/missing", "Accept", accepts[i]), 404);
        CHECK(is_problem());
        assert_string_equal(header("vary"), "Accept");
    }
    CHECK_INT(get("/missing"), 404);
    CHECK(is_problem());
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(send(app, "GET", "/missing", script[i], 2), 404);
        CHECK(is_problem());
    }
    CHECK_INT(send(app, "GET", "/missing", page, 2), 404);
    CHECK(is_page());
}

static void test_error_page__is_not_for_the_api(void **state)
{
    static const char *const targets[] = {"/api", "/api/none", "/api/things?how=script",
                                          "/api/things/1", "/%61pi/none"};

    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        CHECK(browse(targets[i]) >= 400);
        CHECK(is_problem());
        assert_string_equal(header("vary"), "");
    }
}

static void test_error_page__is_a_template_where_there_is_one(void **state)
{
    (void)state;
    templates[0] = "error";
    CHECK_INT(browse("/missing"), 404);
    check_body("error 404 not_found|Not found|");
    CHECK_INT(browse("/view?how=file"), 403);
    check_body("error 403 forbidden|Not allowed|no");
    templates[1] = "error_404";
    CHECK_INT(browse("/missing"), 404);
    check_body("error_404 404 not_found|Not found|");
    CHECK_INT(send(app, "PUT", "/view", (sac_header[]){{{"Accept", 6}, {"text/html", 9}}}, 1), 405);
    check_body("error 405 method_not_allowed|Method not allowed|");
    CHECK(strstr(header("allow"), "POST") != NULL);
}

static void test_error_page__keeps_the_secrets_of_the_server(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        CHECK_INT(browse("/view?how=secret"), 500);
        CHECK(is_page());
        CHECK(!memmem(reply.body, reply.n, "secret", 6));
        CHECK(memmem(reply.body, reply.n, "error ", 6)); /* and the number of the log's line */
        CHECK(strstr(logged, "secret.example") != NULL);
        templates[0] = "error";
    }
    CHECK_INT(browse("/view?how=busy"), 503);
    CHECK(!memmem(reply.body, reply.n, "secret", 6));
    assert_string_equal(header("retry-after"), "1");
}

static void test_error_page__escapes_what_it_shows(void **state)
{
    (void)state;
    CHECK_INT(browse("/view?how=script"), 409);
    CHECK(is_page());
    CHECK(memmem(reply.body, reply.n,
                 "&lt;script&gt;alert(&#39;script&#39;)&lt;/script&gt;&quot;&amp;", 63));
    CHECK(!memmem(reply.body, reply.n, "<script", 7));
    CHECK_INT(browse("/%3Cscript%3Ealert(1)%3C/script%3E"), 404);
    CHECK(!memmem(reply.body, reply.n, "script", 6));
}

static void test_error_page__has_no_field_of_another_body(void **state)
{
    (void)state;
    CHECK_INT(browse("/view?how=file"), 403);
    CHECK(is_page());
    assert_string_equal(header("content-disposition"), "");
}

static void test_error_page__leaves_the_programs_own_word(void **state)
{
    (void)state;
    CHECK_INT(browse("/own/missing"), 418);
    check_body("teapot");
    CHECK_INT(browse("/own/view?how=script"), 409); /* it left that one to the library */
    CHECK(is_page());
    CHECK_INT(browse("/view"), 404);
    check_body("the view's own");
}

static void test_error_page__does_without_a_template_that_fails(void **state)
{
    (void)state;
    templates[0] = "error";
    templates[1] = "error_404";
    breaks = true;
    CHECK_INT(browse("/missing"), 404);
    CHECK(is_page());
    CHECK(memmem(reply.body, reply.n, "<h1>Not found</h1>", 18));
    CHECK(!memmem(reply.body, reply.n, "secret", 6));
    CHECK(strstr(logged, "error page") != NULL);
}

static void test_error_page__answers_head_alike(void **state)
{
    const sac_header accept = {{"Accept", 6}, sac_str_of(browser)};

    (void)state;
    CHECK_INT(send(app, "HEAD", "/missing", &accept, 1), 404);
    CHECK(reply.head);
    CHECK(is_page());
}

static void test_error_page__judges_what_it_is_given(void **state)
{
    char name[200];
    sac_app *other = NULL;
    sac_err err = {.code = 0};

    (void)state;
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    CHECK_INT(sac_app_new(NULL, &other, &err), SAC_OK);
    CHECK_INT(sac_app_error_pages(other, "", &err), SAC_EINVAL);
    CHECK_INT(sac_app_error_pages(other, name, &err), SAC_EINVAL);
    CHECK_INT(sac_app_error_pages(other, "oops", &err), SAC_OK);
    CHECK_INT(sac_app_error_pages(other, NULL, &err), SAC_EEXIST);
    sac_app_free(other);
    CHECK_INT(sac_app_error_pages(app, "x", &err), SAC_EINVAL);
}

static void test_error_page__survives_oom(void **state)
{
    const sac_header accept = {{"Accept", 6}, sac_str_of(browser)};
    fault_alloc fault;
    sac_app *made = NULL;
    int rc = SAC_ENOMEM;

    (void)state;
    templates[0] = "error";
    for (long n = 0; rc != SAC_OK; n++) {
        CHECK(n < 1000);
        made = NULL;
        rc = build(fault_alloc_init(&fault, n), &made);
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        if (rc != SAC_OK) {
            sac_app_free(made);
            CHECK_INT(fault.live, 0);
        }
    }
    for (long n = 1; n < 20; n++) {
        fault.left = n;
        (void)send(made, "GET", "/view?how=script", &accept, 1);
        CHECK(reply.status == 409 || reply.status == 500);
    }
    fault.left = -1;
    sac_app_free(made);
    CHECK_INT(fault.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_error_page__is_for_who_loads_a_page, reset),
        cmocka_unit_test_setup(test_error_page__is_not_for_scripts, reset),
        cmocka_unit_test_setup(test_error_page__is_not_for_the_api, reset),
        cmocka_unit_test_setup(test_error_page__is_a_template_where_there_is_one, reset),
        cmocka_unit_test_setup(test_error_page__keeps_the_secrets_of_the_server, reset),
        cmocka_unit_test_setup(test_error_page__escapes_what_it_shows, reset),
        cmocka_unit_test_setup(test_error_page__has_no_field_of_another_body, reset),
        cmocka_unit_test_setup(test_error_page__leaves_the_programs_own_word, reset),
        cmocka_unit_test_setup(test_error_page__does_without_a_template_that_fails, reset),
        cmocka_unit_test_setup(test_error_page__answers_head_alike, reset),
        cmocka_unit_test_setup(test_error_page__judges_what_it_is_given, reset),
        cmocka_unit_test_setup(test_error_page__survives_oom, reset),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

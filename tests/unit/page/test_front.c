/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "app/app.h"
#include "app/page.h"

static const char *folders[3];
static char hello[] = "hello";
static const char *const immutable[] = {"assets/", NULL};
static bool signed_in;
static sac_app *plain_app, *long_app, *sub_app;

static int guard(void *self, sac_req *req, const sac_next *next)
{
    (void)self;
    return signed_in ? sac_next_run(next, req) : sac_fail(req, SAC_EUNAUTHORIZED, "who is there?");
}

static const sac_decorator guarded[] = {{.fn = guard, .flags = SAC_INLINE | SAC_GUARD},
                                        {.fn = NULL}};

static int greet(void *self, sac_req *req, sac_bson *data)
{
    (void)req;
    sac_bson_add_str(data, "greeting", sac_str_of(self));
    return sac_req_query(req, "fail").p ? sac_fail(req, SAC_ECONFLICT, "not now") : 0;
}

/* In place of templates: prints what it was given. */
static int render(sac_req *req, int status, const char *name, sac_str data)
{
    const sac_str greeting = sac_bson_get_str(data, "greeting");
    const sac_str text = sac_req_printf(req, "<%s: %.*s>", name, (int)greeting.n,
                                        greeting.p ? greeting.p : "");

    return text.p ? sac_reply_static(req, status, "text/html; charset=utf-8", text) : SAC_ENOMEM;
}

static bool has_page(const sac_app *of, const char *name)
{
    (void)of;
    return strcmp(name, "index") == 0;
}

static int logout(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_empty(req, 204);
}

static const sac_view_ops logout_view = SAC_VIEW_OPS(.name = "logout", .flags = SAC_INLINE,
                                                     .post = logout);
static const sac_view_ops about_view = SAC_VIEW_OPS(.name = "about", .flags = SAC_INLINE,
                                                    .get = logout);

/* A tree of two folders, of which the second is looked into for what the first lacks. */
static void make_folders(void)
{
    make_tree();
    CHECK_INT(mkdir(in_top("more"), 0700) + mkdir(in_top("more/sub"), 0700) +
                  mkdir(in_top("more/app.css"), 0700) + mkdir(in_top("more/assets"), 0700) +
                  mkdir(in_top("public/only"), 0700) +
                  symlink("index.html", in_top("public/alias")),
              0);
    write_file("more/index.html", "<h1>second</h1>", MTIME);
    write_file("more/app.js", "second", MTIME);
    write_file("more/other.js", "other", MTIME);
    write_file("more/only", "a file", MTIME);
    write_file("more/sub/page.html", "<p>", MTIME);
    write_file("more/assets/app-1f2e.js", "hashed", MTIME);
    write_file("public/app.css", "body{}", MTIME);
    write_file("public/index.html.gz", "packed index", MTIME);
    folders[0] = strdup(in_top("public"));
    folders[1] = strdup(in_top("more"));
}

static int make(sac_app **out, const sac_alloc *alloc, const char *path, const sac_front *front)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS, .alloc = alloc);
    sac_err err = {.code = 0};
    sac_app *made = NULL;
    int rc = sac_app_new(&config, &made, &err);

    if (rc != SAC_OK)
        return rc;
    *out = made;
    rc = sac_app_front(made, path, front, &err);
    sac__app_set_page(made, render, has_page);
    if (rc == SAC_OK)
        rc = sac_app_mount(made, "/logout", &logout_view, NULL, &err);
    if (rc == SAC_OK)
        rc = sac_app_mount(made, "/about", &about_view, NULL, &err);
    if (rc == SAC_OK)
        rc = sac__app_fence(made, "/api", &err);
    return rc == SAC_OK ? sac_app_seal(made, &err) : rc;
}

static int setup(void **state)
{
    const sac_front page = SAC_FRONT(.folders = folders, .index = "index", .single_page = true,
                                     .decorators = guarded, .data = greet, .self = hello,
                                     .immutable = immutable);
    const sac_front plain = SAC_FRONT(.folders = folders);
    const sac_front files = SAC_FRONT(.folders = folders, .single_page = true,
                                      .decorators = guarded, .max_age = 60, .immutable = immutable);

    (void)state;
    make_folders();
    return make(&app, NULL, "/", &page) || make(&plain_app, NULL, "/", &plain) ||
           make(&long_app, NULL, "/", &files) || make(&sub_app, NULL, "/front/", &page);
}

static int teardown(void **state)
{
    (void)state;
    sac_app_free(app);
    sac_app_free(plain_app);
    sac_app_free(long_app);
    sac_app_free(sub_app);
    free((void *)folders[0]);
    free((void *)folders[1]);
    return remove_tree();
}

static int ask(sac_app *of, const char *target)
{
    return send(of, "GET", target, NULL, 0);
}

static void test_front__answers_its_index_with_a_template(void **state)
{
    (void)state;
    signed_in = true;
    CHECK_INT(get("/"), 200);
    check_body("<index: hello>");
    assert_string_equal(header("content-type"), "text/html; charset=utf-8");
    CHECK(strstr(header("cache-control"), "no-cache") != NULL);
    assert_string_equal(header("etag"), "");
    CHECK_INT(get("/?fail=1"), 409);
    CHECK_INT(send(app, "HEAD", "/", NULL, 0), 200);
    CHECK(reply.head);
    CHECK_INT(send(app, "POST", "/", NULL, 0), 405);
}

static void test_front__never_serves_the_file_in_the_place_of_the_template(void **state)
{
    static const char *const targets[] = {
        "/", "/?x", "/todos", "/index.html", "/index.html/", "/index.html.gz", "/index.html.br"};

    (void)state;
    signed_in = true;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        (void)get(targets[i]);
        CHECK(!memmem(reply.body, reply.n, "<h1>", 4));
    }
    CHECK_INT(get("/index.html?a=b"), 302);
    assert_string_equal(header("location"), "/app/?a=b");
    CHECK_INT(get("/index.html/"), 404);
    CHECK_INT(get("/index.html.gz"), 404);
    CHECK_INT(ask(sub_app, "/front/index.html"), 302);
    assert_string_equal(header("location"), "/app/front/");
}

static void test_front__looks_into_its_folders_in_order(void **state)
{
    (void)state;
    CHECK_INT(get("/app.js"), 200);
    check_body("0123456789");
    CHECK_INT(get("/other.js"), 200);
    check_body("other");
    CHECK_INT(get("/app.css"), 200);
    check_body("body{}");
    CHECK_INT(get("/sub/page.html"), 200);
    CHECK_INT(get("/only"), 200); /* a folder without an index hides no file */
    check_body("a file");
    CHECK_INT(get("/sub/"), 200);
    check_body("<h1>sub</h1>");
    CHECK_INT(get("/sub?x=1"), 301);
    assert_string_equal(header("location"), "/app/sub/?x=1");
    CHECK_INT(ask(plain_app, "/"), 200);
    check_body("<h1>top</h1>");
}

static void test_front__guards_pages_and_serves_files_to_anybody(void **state)
{
    (void)state;
    signed_in = false;
    CHECK_INT(get("/"), 401);
    CHECK_INT(get("/todos/5"), 401);
    CHECK_INT(send(app, "HEAD", "/todos/5", NULL, 0), 401);
    CHECK_INT(ask(long_app, "/"), 401);
    CHECK_INT(ask(long_app, "/index.html"), 401);
    CHECK_INT(ask(long_app, "/index.html.gz"), 404);
    CHECK_INT(ask(long_app, "/anything"), 401);
    CHECK_INT(get("/app.js"), 200);
    CHECK(strstr(header("cache-control"), "private") == NULL);
    CHECK_INT(get("/missing.js"), 404);
    signed_in = true;
    CHECK_INT(ask(long_app, "/"), 200);
    check_body("<h1>top</h1>");
    CHECK_INT(ask(long_app, "/index.html"), 200);
    check_body("<h1>top</h1>");
}

static void test_front__answers_page_paths_with_the_index(void **state)
{
    static const char *const pages[] = {"/todos", "/todos/5", "/todos/", "/v1.2/list",
                                        "/a%20b", "/empty",   "/empty/", "/fifo"};

    (void)state;
    signed_in = true;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        CHECK_INT(get(pages[i]), 200);
        check_body("<index: hello>");
        CHECK_INT(ask(plain_app, pages[i]), 404);
    }
    CHECK_INT(send(app, "HEAD", "/todos/5", NULL, 0), 200);
    CHECK_INT(send(app, "POST", "/todos/5", NULL, 0), 405);
    CHECK_INT(ask(sub_app, "/front/todos/5"), 200);
    CHECK_INT(ask(sub_app, "/todos/5"), 404);
}

static void test_front__leaves_what_is_not_its_own(void **state)
{
    static const char *const missing[] = {
        "/api",        "/api/",           "/api/todos",  "/api/todos/a%2Fb", "/missing.js",
        "/todos/5.5",  "/favicon.ico",    "/a.",         "/app.js/",         "/todos/x.json/",
        "/app.js/x.y", "/api/index.html", "/api/app.js", "/todos/index.html"};

    (void)state;
    signed_in = true;
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        if (get(missing[i]) != 404)
            print_error("%s: %d\n", missing[i], reply.status);
        CHECK_INT(reply.status, 404);
        assert_string_equal(header("content-type"), "application/problem+json");
    }
    CHECK_INT(get("/about"), 204);
    CHECK_INT(get("/logout"), 405);
    CHECK(strstr(header("allow"), "POST") != NULL);
    CHECK(strstr(header("allow"), "GET") == NULL);
    CHECK_INT(send(app, "POST", "/logout", NULL, 0), 204);
}

static void test_front__serves_nothing_else(void **state)
{
    static const char *const targets[] = {"/../secret",
                                          "/sub/../../secret",
                                          "/%2e%2e/secret",
                                          "/%2E%2E%2Fsecret",
                                          "/..%2fsecret",
                                          "/sub%2findex.html",
                                          "/..%5csecret",
                                          "/..\\secret",
                                          "/a\\b",
                                          "/a%5Cb",
                                          "/app.js%00",
                                          "/app.js%00.html",
                                          "/.env",
                                          "/.git/config",
                                          "/sub/.",
                                          "/sub/..",
                                          "/.",
                                          "/..",
                                          "/./app.js",
                                          "/sub//index.html",
                                          "/%ff",
                                          "/%",
                                          "/app.js%0a",
                                          "/todos/.hidden",
                                          "/.well-known/x",
                                          "/todos//5",
                                          "//index.html",
                                          "/todos%2f5",
                                          "/todos/%2e%2e/x",
                                          "/todos%00",
                                          "/todos/../secret",
                                          "/sub/../index.html",
                                          "/%2findex.html",
                                          "/./index.html",
                                          "/.%2findex.html",
                                          "/x/..%2findex.html"};

    (void)state;
    signed_in = true;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        sac_app *const all[] = {app, plain_app, long_app};

        for (size_t k = 0; k < 3; k++) {
            if (ask(all[k], targets[i]) != 404)
                print_error("%s: %d\n", targets[i], reply.status);
            CHECK_INT(reply.status, 404);
            CHECK(!memmem(reply.body, reply.n, "secret", 6));
        }
    }
    CHECK_INT(ask(plain_app, "/out"), 404);
    CHECK_INT(ask(plain_app, "/absolute"), 404);
    CHECK_INT(ask(plain_app, "/fifo"), 404);
}

static void test_front__is_under_its_path_alone(void **state)
{
    (void)state;
    signed_in = true;
    CHECK_INT(ask(sub_app, "/front?x=1"), 301);
    assert_string_equal(header("location"), "/app/front/?x=1");
    CHECK_INT(ask(sub_app, "/front/"), 200);
    check_body("<index: hello>");
    CHECK_INT(ask(sub_app, "/front/app.js"), 200);
    CHECK_INT(ask(sub_app, "/app.js"), 404);
    CHECK_INT(ask(sub_app, "/frontier"), 404);
}

static void test_front__says_how_long_files_are_kept(void **state)
{
    char etag[64];

    (void)state;
    signed_in = true;
    CHECK_INT(get("/app.js"), 200);
    assert_string_equal(header("cache-control"), "no-cache");
    CHECK_INT(get("/assets/app-1f2e.js"), 200);
    assert_string_equal(header("cache-control"), "public, max-age=31536000, immutable");
    CHECK_INT(ask(long_app, "/app.js"), 200);
    assert_string_equal(header("cache-control"), "public, max-age=60");
    snprintf(etag, sizeof etag, "%s", header("etag"));
    {
        const sac_header same = {{"If-None-Match", 13}, sac_str_of(etag)};

        CHECK_INT(send(long_app, "GET", "/app.js", &same, 1), 304);
        assert_string_equal(header("cache-control"), "public, max-age=60");
    }
    CHECK_INT(ask(long_app, "/assets/app-1f2e.js"), 200);
    assert_string_equal(header("cache-control"), "public, max-age=31536000, immutable");
    CHECK_INT(ask(long_app, "/"), 200);
    CHECK(strstr(header("cache-control"), "no-cache") != NULL);
    CHECK_INT(ask(long_app, "/assets/none.js"), 404);
    assert_string_equal(header("cache-control"), "no-cache");
}

static void test_front__stands_in_a_group(void **state)
{
    const sac_front front = SAC_FRONT(.folders = folders, .single_page = true);
    sac_app *other = NULL, *group = NULL;
    sac_err err = {.code = 0};

    (void)state;
    CHECK_INT(sac_app_new(NULL, &other, &err), SAC_OK);
    CHECK_INT(sac_app_group(other, "/g", &group, &err), SAC_OK);
    CHECK_INT(sac_app_front(group, "/", &front, &err), SAC_OK);
    CHECK_INT(sac_app_seal(other, &err), SAC_OK);
    CHECK_INT(ask(other, "/g/app.js"), 200);
    CHECK_INT(ask(other, "/g/"), 200);
    check_body("<h1>top</h1>");
    CHECK_INT(ask(other, "/g"), 301);
    assert_string_equal(header("location"), "/app/g/");
    CHECK_INT(ask(other, "/g/todos/5"), 200);
    CHECK_INT(ask(other, "/app.js"), 404);
    sac_app_free(other);
}

/* What may wait is around the pages: files are answered where they are asked for. */
static void test_front__serves_files_without_a_worker(void **state)
{
    static const sac_host_ops host = {
        .size = sizeof(sac_host_ops), .name = "test", .wake = no_wake};
    static const sac_decorator waiting[] = {{.fn = guard}, {.fn = NULL}};
    const sac_app_config config = SAC_APP_CONFIG(.workers = 1);
    const sac_front front = SAC_FRONT(.folders = folders, .single_page = true,
                                      .decorators = waiting);
    const sac_head file = SAC_HEAD_INIT(.method = {"GET", 3}, .target = {"/app.js", 7});
    const sac_head page = SAC_HEAD_INIT(.method = {"GET", 3}, .target = {"/todos", 6});
    const sac_answer *answer = NULL;
    sac_exchange *exchange = NULL;
    sac_app *other = NULL;
    sac_err err = {.code = 0};
    int rc;

    (void)state;
    signed_in = true;
    CHECK_INT(sac_app_new(&config, &other, &err), SAC_OK);
    CHECK_INT(sac_app_front(other, "/", &front, &err), SAC_OK);
    CHECK_INT(sac_app_seal(other, &err), SAC_OK);
    CHECK_INT(sac_exchange_open(other, &host, NULL, &exchange), SAC_OK);
    CHECK_INT(sac_exchange_head(exchange, &file), 0);
    CHECK_INT(sac_exchange_end(exchange), SAC_OK);
    CHECK_INT(sac_exchange_answer(exchange, &answer), SAC_OK);
    CHECK_INT(answer->status, 200);
    sac_exchange_close(exchange);
    CHECK_INT(sac_exchange_open(other, &host, NULL, &exchange), SAC_OK);
    CHECK_INT(sac_exchange_head(exchange, &page), 0);
    CHECK_INT(sac_exchange_end(exchange), SAC_OK);
    while ((rc = sac_exchange_answer(exchange, &answer)) == SAC_LATER)
        usleep(1000);
    CHECK_INT(rc, SAC_OK);
    CHECK_STR(answer->bytes, "<h1>top</h1>");
    sac_exchange_close(exchange);
    sac_app_free(other);
}

static void test_front__judges_what_it_is_given(void **state)
{
    static const char *const none[] = {NULL}, *const missing[] = {"/nonexistent/public", NULL};
    static const char *const climbing[] = {"../x", NULL};
    const sac_front bad[] = {SAC_FRONT(.index = "index"),
                             SAC_FRONT(.folders = none),
                             SAC_FRONT(.folders = folders, .index = ""),
                             SAC_FRONT(.folders = folders, .data = greet),
                             SAC_FRONT(.folders = folders, .max_age = -1),
                             SAC_FRONT(.folders = folders, .max_age = INT64_MAX),
                             SAC_FRONT(.folders = folders, .immutable = climbing)};
    const sac_front gone = SAC_FRONT(.folders = missing), good = SAC_FRONT(.folders = folders),
                    untitled = SAC_FRONT(.folders = folders, .index = "untitled");
    sac_front newer = SAC_FRONT(.folders = folders);
    sac_app *other = NULL;
    sac_err err = {.code = 0};

    (void)state;
    CHECK_INT(sac_app_new(NULL, &other, &err), SAC_OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_INT(sac_app_front(other, "/", &bad[i], &err), SAC_EINVAL);
    newer.size++;
    CHECK_INT(sac_app_front(other, "/", &newer, &err), SAC_EVERSION);
    newer.size = 0;
    CHECK_INT(sac_app_front(other, "/", &newer, &err), SAC_EINVAL);
    CHECK_INT(sac_app_front(other, "x", &good, &err), SAC_EINVAL);
    CHECK_INT(sac_app_front(other, "/", NULL, &err), SAC_EINVAL);
    CHECK_INT(sac_app_front(other, "/", &gone, &err), SAC_EIO);
    CHECK(strstr(err.text, "/nonexistent/public") != NULL);
    CHECK_INT(sac_app_mount(other, "/", &about_view, NULL, &err), SAC_OK);
    CHECK_INT(sac_app_front(other, "/", &good, &err), SAC_EEXIST);
    CHECK_INT(sac_app_front(other, "/x", &good, &err), SAC_OK);
    CHECK_INT(sac_app_front(other, "/x", &good, &err), SAC_EEXIST);
    CHECK_INT(sac_app_front(other, "/y", &untitled, &err), SAC_OK);
    CHECK_INT(sac_app_seal(other, &err), SAC_ENOTFOUND);
    CHECK(strstr(err.text, "untitled") != NULL);
    sac_app_free(other);
    CHECK_INT(sac_app_front(app, "/z", &good, &err), SAC_EINVAL);
}

static void test_front__leaks_no_descriptor(void **state)
{
    const int before = dup(0);
    int after;

    close(before);
    test_front__looks_into_its_folders_in_order(state);
    test_front__guards_pages_and_serves_files_to_anybody(state);
    test_front__answers_page_paths_with_the_index(state);
    test_front__leaves_what_is_not_its_own(state);
    test_front__serves_nothing_else(state);
    test_front__judges_what_it_is_given(state);
    after = dup(0);
    close(after);
    CHECK_INT(before, after);
}

static void test_front__survives_oom(void **state)
{
    const sac_front front = SAC_FRONT(.folders = folders, .index = "index", .single_page = true,
                                      .decorators = guarded, .data = greet, .self = hello);
    int rc = SAC_ENOMEM;

    (void)state;
    signed_in = true;
    for (long n = 0; rc != SAC_OK; n++) {
        sac_app *made = NULL;
        fault_alloc fault;

        CHECK(n < 1000);
        rc = make(&made, fault_alloc_init(&fault, n), "/", &front);
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        fault.left = -1;
        if (rc == SAC_OK)
            CHECK_INT(send(made, "GET", "/sub/", NULL, 0), 200);
        sac_app_free(made);
        CHECK_INT(fault.live, 0);
    }
}

/* A request's own memory is what ends. */
static void test_front__survives_oom_of_a_request(void **state)
{
    static const char *const targets[] = {"/app.js", "/sub/", "/sub", "/todos/5", "/", "/x.js"};
    const sac_front front = SAC_FRONT(.folders = folders, .index = "index", .single_page = true,
                                      .data = greet, .self = hello);
    fault_alloc fault;
    sac_app *made = NULL;

    (void)state;
    CHECK_INT(make(&made, fault_alloc_init(&fault, -1), "/", &front), SAC_OK);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        int status;

        fault.left = -1;
        status = send(made, "GET", targets[i], NULL, 0);
        for (long n = 1; n < 40; n++) {
            fault.left = n;
            (void)send(made, "GET", targets[i], NULL, 0);
            CHECK(reply.status == status || reply.status == 500);
        }
    }
    fault.left = -1;
    sac_app_free(made);
    CHECK_INT(fault.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_front__answers_its_index_with_a_template),
        cmocka_unit_test(test_front__never_serves_the_file_in_the_place_of_the_template),
        cmocka_unit_test(test_front__looks_into_its_folders_in_order),
        cmocka_unit_test(test_front__guards_pages_and_serves_files_to_anybody),
        cmocka_unit_test(test_front__answers_page_paths_with_the_index),
        cmocka_unit_test(test_front__leaves_what_is_not_its_own),
        cmocka_unit_test(test_front__serves_nothing_else),
        cmocka_unit_test(test_front__is_under_its_path_alone),
        cmocka_unit_test(test_front__says_how_long_files_are_kept),
        cmocka_unit_test(test_front__stands_in_a_group),
        cmocka_unit_test(test_front__serves_files_without_a_worker),
        cmocka_unit_test(test_front__judges_what_it_is_given),
        cmocka_unit_test(test_front__leaks_no_descriptor),
        cmocka_unit_test(test_front__survives_oom),
        cmocka_unit_test(test_front__survives_oom_of_a_request),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

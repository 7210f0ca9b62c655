/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "http/precondition.h"

static int setup(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS);
    sac_err err = {.code = 0};

    (void)state;
    make_tree();
    return sac_app_new(&config, &app, &err) || sac_app_static(app, "/", in_top("public"), &err) ||
           sac_app_static(app, "/assets/", in_top("public"), &err) || sac_app_seal(app, &err);
}

static int teardown(void **state)
{
    (void)state;
    sac_app_free(app);
    return remove_tree();
}

static void test_static__serves_a_file_with_its_headers(void **state)
{
    (void)state;
    CHECK_INT(get("/app.js?v=1"), 200);
    check_body("0123456789");
    CHECK_INT(reply.length, 10);
    assert_string_equal(header("content-type"), "text/javascript; charset=utf-8");
    assert_string_equal(header("last-modified"), "Tue, 14 Nov 2023 22:13:20 GMT");
    assert_string_equal(header("cache-control"), "no-cache");
    assert_string_equal(header("accept-ranges"), "bytes");
    assert_string_equal(header("x-content-type-options"), "nosniff");
    CHECK(header("etag")[0] == '"');
    CHECK_INT(get("/assets/app.js"), 200);
    check_body("0123456789");
    CHECK_INT(get("/a%20b%C3%A9.txt"), 200);
    check_body("blank");
    CHECK_INT(get("/none"), 200);
    CHECK_INT(reply.length, 0);
    assert_string_equal(header("content-type"), "application/octet-stream");
}

static void test_static__never_dates_a_file_in_the_future(void **state)
{
    int64_t seconds = 0;

    (void)state;
    CHECK_INT(get("/future.css"), 200);
    CHECK(sac__http_date_parse(sac_str_of(header("last-modified")), &seconds));
    CHECK(seconds < 4000000000);
}

static void test_static__answers_the_index_of_a_folder(void **state)
{
    (void)state;
    CHECK_INT(get("/"), 200);
    check_body("<h1>top</h1>");
    assert_string_equal(header("content-type"), "text/html; charset=utf-8");
    CHECK_INT(get("/sub/"), 200);
    check_body("<h1>sub</h1>");
    CHECK_INT(get("/assets/"), 200);
    check_body("<h1>top</h1>");
    CHECK_INT(get("/empty/"), 404);
    CHECK_INT(get("/empty"), 404);
    CHECK_INT(get("/index/"), 404);
}

static void test_static__sends_a_folder_to_its_slash(void **state)
{
    (void)state;
    CHECK_INT(get("/sub?a=b"), 301);
    assert_string_equal(header("location"), "/app/sub/?a=b");
    CHECK_INT(get("/assets"), 301);
    assert_string_equal(header("location"), "/app/assets/");
    CHECK_INT(get("//sub"), 404);
    CHECK_INT(get("//evil.example/sub"), 404);
}

static void test_static__serves_nothing_else(void **state)
{
    static const char *const targets[] = {"/../secret",
                                          "/sub/../../secret",
                                          "/%2e%2e/secret",
                                          "/%2E%2E%2Fsecret",
                                          "/..%2fsecret",
                                          "/sub%2findex.html",
                                          "/sub%2Findex.html",
                                          "/..%5csecret",
                                          "/..\\secret",
                                          "/sub\\index.html",
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
                                          "/app.js/",
                                          "/app.js/x",
                                          "/fifo",
                                          "/out",
                                          "/absolute",
                                          "/missing",
                                          "/missing/",
                                          "/assets/../secret",
                                          "/assets/.env",
                                          "/app.js%0a",
                                          "/%ff",
                                          "/%",
                                          "/APP.JS",
                                          "/assets//app.js",
                                          "/index/index.html"};

    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        if (get(targets[i]) != 404)
            print_error("%s: %d\n", targets[i], reply.status);
        CHECK_INT(reply.status, 404);
        CHECK(!reply.is_file);
        CHECK(!memmem(reply.body, reply.n, "secret", 6));
    }
}

static void test_static__survives_long_paths(void **state)
{
    char target[6000];

    (void)state;
    memset(target, 'a', sizeof target - 1);
    target[0] = '/';
    target[sizeof target - 1] = '\0';
    CHECK_INT(get(target), 404);
    for (size_t i = 0; i < sizeof target - 1; i += 2)
        target[i] = '/';
    CHECK_INT(get(target), 404);
}

/* Where a file does not fit into memory of the request, the host sends it. */
static void test_static__leaves_large_files_to_the_host(void **state)
{
    enum { SIZE = 100000 };
    char *text = malloc(SIZE + 1);

    (void)state;
    memset(text, 'x', SIZE);
    text[SIZE] = '\0';
    write_file("public/large.txt", text, MTIME);
    CHECK_INT(get("/large.txt"), 200);
    CHECK(reply.is_file);
    CHECK_INT(reply.length, SIZE);
    CHECK(memcmp(reply.body, text, SIZE) == 0);
    CHECK_INT(get_with("/large.txt", "Range", "bytes=-70000"), 206);
    CHECK(reply.is_file);
    CHECK_INT(reply.length, 70000);
    CHECK_INT(get_with("/large.txt", "Range", "bytes=99990-"), 206);
    check_body("xxxxxxxxxx");
    CHECK(!reply.is_file);
    CHECK_INT(send(app, "HEAD", "/large.txt", NULL, 0), 200);
    CHECK_INT(reply.length, SIZE);
    free(text);
}

static void test_static__takes_get_and_head_only(void **state)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE"};

    (void)state;
    CHECK_INT(send(app, "HEAD", "/app.js", NULL, 0), 200);
    CHECK(reply.head);
    CHECK_INT(reply.length, 10);
    for (size_t i = 0; i < 4; i++) {
        CHECK_INT(send(app, methods[i], "/app.js", NULL, 0), 405);
        CHECK(strstr(header("allow"), "GET") != NULL);
    }
}

static void test_static__answers_304_by_tag(void **state)
{
    char etag[64], list[160];

    (void)state;
    CHECK_INT(get("/app.js"), 200);
    snprintf(etag, sizeof etag, "%s", header("etag"));
    CHECK_INT(get_with("/app.js", "If-None-Match", etag), 304);
    assert_string_equal(header("etag"), etag);
    assert_string_equal(header("cache-control"), "no-cache");
    CHECK_INT(reply.n, 0);
    snprintf(list, sizeof list, "\"x\", W/%s", etag);
    CHECK_INT(get_with("/app.js", "If-None-Match", list), 304);
    CHECK_INT(get_with("/app.js", "If-None-Match", "*"), 304);
    CHECK_INT(get_with("/app.js", "If-None-Match", "\"x\""), 200);
    CHECK_INT(get_with("/app.js", "If-None-Match", "nonsense"), 200);
    CHECK_INT(get_with("/index.html", "If-None-Match", etag), 200);
    write_file("public/app.js", "9876543210", MTIME + 1);
    CHECK_INT(get_with("/app.js", "If-None-Match", etag), 200);
    check_body("9876543210");
    write_file("public/app.js", "0123456789", MTIME);
}

static void test_static__answers_304_by_date(void **state)
{
    const sac_header both[] = {{{"If-Modified-Since", 17}, {"Tue, 14 Nov 2023 22:13:20 GMT", 29}},
                               {{"If-None-Match", 13}, {"\"x\"", 3}}};

    (void)state;
    CHECK_INT(get_with("/app.js", "If-Modified-Since", "Tue, 14 Nov 2023 22:13:20 GMT"), 304);
    CHECK_INT(get_with("/app.js", "If-Modified-Since", "Wed, 15 Nov 2023 22:13:20 GMT"), 304);
    CHECK_INT(get_with("/app.js", "If-Modified-Since", "Tue, 14 Nov 2023 22:13:19 GMT"), 200);
    CHECK_INT(get_with("/app.js", "If-Modified-Since", "yesterday"), 200);
    CHECK_INT(send(app, "GET", "/app.js", both, 2), 200);
    CHECK_INT(send(app, "HEAD", "/app.js", both, 1), 304);
}

static void test_static__answers_412(void **state)
{
    const sac_header both[] = {{{"If-Unmodified-Since", 19}, {"Tue, 14 Nov 2023 22:13:19 GMT", 29}},
                               {{"If-Match", 8}, {"*", 1}}};

    (void)state;
    CHECK_INT(send(app, "GET", "/app.js", both, 2), 200);
    CHECK_INT(send(app, "GET", "/app.js", both, 1), 412);
    CHECK_INT(get_with("/app.js", "If-Match", "\"x\""), 412);
    CHECK_INT(get_with("/app.js", "If-Match", "x"), 412);
    CHECK_INT(get_with("/app.js", "If-Match", "*"), 200);
    CHECK_INT(get_with("/app.js", "If-Unmodified-Since", "Tue, 14 Nov 2023 22:13:19 GMT"), 412);
    CHECK_INT(get_with("/app.js", "If-Unmodified-Since", "Tue, 14 Nov 2023 22:13:20 GMT"), 200);
}

static void test_static__sends_one_range(void **state)
{
    (void)state;
    CHECK_INT(get_with("/app.js", "Range", "bytes=2-4"), 206);
    check_body("234");
    assert_string_equal(header("content-range"), "bytes 2-4/10");
    CHECK_INT(get_with("/app.js", "Range", "bytes=-2"), 206);
    check_body("89");
    CHECK_INT(get_with("/app.js", "Range", "bytes=0-1,3-4"), 200);
    check_body("0123456789");
    CHECK_INT(get_with("/app.js", "Range", "bytes=10-"), 416);
    assert_string_equal(header("content-range"), "bytes */10");
    assert_string_equal(header("content-type"), "application/problem+json");
    CHECK(memmem(reply.body, reply.n, "\"status\":416", 12) != NULL);
    CHECK(!reply.is_file);
    CHECK_INT(get_with("/none", "Range", "bytes=0-"), 416);
}

static void test_static__ranges_are_for_get_alone(void **state)
{
    const sac_header range = {{"Range", 5}, {"bytes=2-4", 9}};

    (void)state;
    CHECK_INT(send(app, "HEAD", "/app.js", &range, 1), 200);
    CHECK_INT(reply.length, 10);
    assert_string_equal(header("content-range"), "");
}

static int get_if_range(const char *condition)
{
    const sac_header headers[] = {{{"Range", 5}, {"bytes=2-4", 9}},
                                  {{"If-Range", 8}, sac_str_of(condition)}};

    return send(app, "GET", "/app.js", headers, 2);
}

static void test_static__sends_a_range_of_the_same_file_only(void **state)
{
    char etag[64], weak[80];

    (void)state;
    CHECK_INT(get("/app.js"), 200);
    snprintf(etag, sizeof etag, "%s", header("etag"));
    snprintf(weak, sizeof weak, "W/%s", etag);
    CHECK_INT(get_if_range(etag), 206);
    CHECK_INT(get_if_range(weak), 200);
    CHECK_INT(get_if_range("\"x\""), 200);
    CHECK_INT(get_if_range("Tue, 14 Nov 2023 22:13:20 GMT"), 206);
    CHECK_INT(get_if_range("Tue, 14 Nov 2023 22:13:21 GMT"), 200);
    CHECK_INT(get_if_range("nonsense"), 200);
}

static int page(void *self, sac_req *req)
{
    (void)self;
    (void)req;
    return -1;
}

static void test_static__names_a_folder_that_is_missing(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS);
    static const sac_view_ops index = SAC_VIEW_OPS(.name = "index", .get = page);
    sac_app *other = NULL;
    sac_err err = {.code = 0};

    (void)state;
    CHECK_INT(sac_app_new(&config, &other, &err), SAC_OK);
    CHECK_INT(sac_app_static(other, "/", "/nonexistent/public", &err), SAC_EIO);
    CHECK(strstr(err.text, "/nonexistent/public") != NULL);
    CHECK_INT(sac_app_static(other, "/", in_top("secret"), &err), SAC_EIO);
    CHECK_INT(sac_app_static(other, "x", top, &err), SAC_EINVAL);
    CHECK_INT(sac_app_static(other, NULL, top, &err), SAC_EINVAL);
    CHECK_INT(sac_app_static(other, "/", NULL, &err), SAC_EINVAL);
    err.code = 0;
    CHECK_INT(sac_app_mount(other, "/", &index, NULL, &err), SAC_OK);
    CHECK_INT(sac_app_static(other, "/", top, &err), SAC_OK);
    CHECK_INT(err.code, 0);
    CHECK_INT(sac_app_static(other, "/", top, &err), SAC_EEXIST);
    sac_app_free(other);
}

static void test_static__leaks_no_descriptor(void **state)
{
    const int before = dup(0);
    int after;

    (void)state;
    close(before);
    test_static__sends_one_range(state);
    test_static__answers_304_by_tag(state);
    test_static__answers_412(state);
    test_static__answers_the_index_of_a_folder(state);
    test_static__sends_a_folder_to_its_slash(state);
    test_static__names_a_folder_that_is_missing(state);
    get("/fifo");
    after = dup(0);
    close(after);
    CHECK_INT(before, after);
}

static int build(const sac_alloc *alloc, sac_app **out)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS, .alloc = alloc);
    sac_err err;
    int rc = sac_app_new(&config, out, &err);

    if (rc == SAC_OK)
        rc = sac_app_static(*out, "/", in_top("public"), &err);
    return rc == SAC_OK ? sac_app_seal(*out, &err) : rc;
}

static void test_static__survives_oom(void **state)
{
    int rc = SAC_ENOMEM;

    (void)state;
    for (long n = 0; rc != SAC_OK; n++) {
        sac_app *made = NULL;
        fault_alloc fault;

        CHECK(n < 1000);
        rc = build(fault_alloc_init(&fault, n), &made);
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        fault.left = -1;
        if (rc == SAC_OK)
            CHECK_INT(send(made, "GET", "/app.js", NULL, 0), 200);
        sac_app_free(made);
        CHECK_INT(fault.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_static__serves_a_file_with_its_headers),
        cmocka_unit_test(test_static__never_dates_a_file_in_the_future),
        cmocka_unit_test(test_static__answers_the_index_of_a_folder),
        cmocka_unit_test(test_static__sends_a_folder_to_its_slash),
        cmocka_unit_test(test_static__serves_nothing_else),
        cmocka_unit_test(test_static__survives_long_paths),
        cmocka_unit_test(test_static__leaves_large_files_to_the_host),
        cmocka_unit_test(test_static__takes_get_and_head_only),
        cmocka_unit_test(test_static__answers_304_by_tag),
        cmocka_unit_test(test_static__answers_304_by_date),
        cmocka_unit_test(test_static__answers_412),
        cmocka_unit_test(test_static__sends_one_range),
        cmocka_unit_test(test_static__ranges_are_for_get_alone),
        cmocka_unit_test(test_static__sends_a_range_of_the_same_file_only),
        cmocka_unit_test(test_static__names_a_folder_that_is_missing),
        cmocka_unit_test(test_static__leaks_no_descriptor),
        cmocka_unit_test(test_static__survives_oom),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

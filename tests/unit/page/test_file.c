/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <sacrum/req.h>

static const sac_folder *folder;
static int (*before)(sac_req *req); /* what the view does first */
static const char *type;
static sac_str fixed; /* the path, if set */

static int file_any(void *self, sac_req *req)
{
    const int rc = before ? before(req) : 0;

    (void)self;
    return rc ? rc
              : sac_reply_file_in(req, folder, fixed.p ? fixed : sac_req_param(req, "path"), type);
}

static const sac_view_ops files = SAC_VIEW_OPS(.name = "files", .flags = SAC_INLINE,
                                               .get = file_any, .post = file_any);

static int setup(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS);
    sac_err err = {.code = 0};

    (void)state;
    make_tree();
    return sac_app_new(&config, &app, &err) ||
           sac_app_folder(app, in_top("public"), &folder, &err) ||
           sac_app_mount(app, "/f/{path:path}", &files, NULL, &err) ||
           sac_app_mount(app, "/fixed", &files, NULL, &err) || sac_app_seal(app, &err);
}

static int teardown(void **state)
{
    (void)state;
    sac_app_free(app);
    return remove_tree();
}

static void test_reply_file_in__answers_as_a_static_file(void **state)
{
    char etag[64];

    (void)state;
    CHECK_INT(get("/f/app.js"), 200);
    check_body("0123456789");
    assert_string_equal(header("content-type"), "text/javascript; charset=utf-8");
    assert_string_equal(header("last-modified"), "Tue, 14 Nov 2023 22:13:20 GMT");
    assert_string_equal(header("cache-control"), "no-cache");
    assert_string_equal(header("accept-ranges"), "bytes");
    snprintf(etag, sizeof etag, "%s", header("etag"));
    CHECK_INT(get_with("/f/app.js", "If-None-Match", etag), 304);
    CHECK_INT(get_with("/f/app.js", "If-Match", "\"x\""), 412);
    CHECK_INT(get_with("/f/app.js", "Range", "bytes=2-4"), 206);
    check_body("234");
    CHECK_INT(get("/f/sub/index.html"), 200);
    CHECK_INT(get("/f/a%20b%C3%A9.txt"), 200);
    CHECK_INT(send(app, "HEAD", "/f/app.js", NULL, 0), 200);
    CHECK_INT(reply.length, 10);
    CHECK(reply.head);
    type = "text/x-own";
    CHECK_INT(get("/f/app.js"), 200);
    assert_string_equal(header("content-type"), "text/x-own");
    type = NULL;
}

static void test_reply_file_in__sends_nothing_else(void **state)
{
    static const sac_str paths[] = {{"", 0},
                                    {"../secret", 9},
                                    {"sub/../app.js", 13},
                                    {"sub/../../secret", 16},
                                    {"/etc/passwd", 11},
                                    {"//etc/passwd", 12},
                                    {".env", 4},
                                    {".git/config", 11},
                                    {"./app.js", 8},
                                    {"sub/.", 5},
                                    {"sub", 3},
                                    {"sub/", 4},
                                    {"sub//index.html", 15},
                                    {"empty", 5},
                                    {"app.js/", 7},
                                    {"app.js/x", 8},
                                    {"app.js\0", 7},
                                    {"app.js\0.html", 12},
                                    {"a\\b", 3},
                                    {"sub\\index.html", 14},
                                    {"app.js\n", 7},
                                    {"fifo", 4},
                                    {"out", 3},
                                    {"absolute", 8},
                                    {"missing", 7},
                                    {"sub%2findex.html", 16}};

    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        fixed = paths[i];
        if (get("/fixed") != 404)
            print_error("%s: %d\n", paths[i].p, reply.status);
        CHECK_INT(reply.status, 404);
        CHECK(!reply.is_file);
        CHECK(!memmem(reply.body, reply.n, "secret", 6));
    }
    fixed = sac_str_n("app.jsX", 6); /* ends where its length says */
    CHECK_INT(get("/fixed"), 200);
    fixed = sac_str_of(NULL);
    CHECK_INT(get("/f/..%2fsecret"), 404);
    CHECK_INT(get("/f/%2e%2e/secret"), 404);
    CHECK_INT(get("/f/app.js%00"), 404);
}

static int set_fields(sac_req *req)
{
    const int rc = sac_reply_header(req, "Cache-Control", sac_str_of("private, no-store"));

    return rc ? rc : sac_reply_attachment(req, sac_str_of("app.js"));
}

static void test_reply_file_in__keeps_fields_that_were_set(void **state)
{
    (void)state;
    before = set_fields;
    CHECK_INT(get("/f/app.js"), 200);
    assert_string_equal(header("cache-control"), "private, no-store");
    assert_string_equal(header("content-disposition"), "attachment; filename=\"app.js\"");
    CHECK_INT(get_with("/f/app.js", "Range", "bytes=10-"), 416);
    assert_string_equal(header("content-disposition"), "");
    CHECK_INT(get("/f/missing"), 404);
    assert_string_equal(header("content-disposition"), "");
    before = NULL;
}

static void test_reply_file_in__of_a_post_is_the_whole_file(void **state)
{
    const sac_header fields[] = {{{"Range", 5}, {"bytes=2-4", 9}},
                                 {{"If-None-Match", 13}, {"*", 1}}};

    (void)state;
    CHECK_INT(send(app, "POST", "/f/app.js", fields, 2), 200);
    check_body("0123456789");
    assert_string_equal(header("etag"), "");
    CHECK_INT(send(app, "POST", "/f/missing", NULL, 0), 404);
}

static void test_app_folder__names_what_is_missing(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS);
    const sac_folder *none = NULL;
    sac_app *other = NULL;
    sac_err err = {.code = 0};

    (void)state;
    CHECK_INT(sac_app_new(&config, &other, &err), SAC_OK);
    CHECK_INT(sac_app_folder(other, "/nonexistent/folder", &none, &err), SAC_EIO);
    CHECK(strstr(err.text, "/nonexistent/folder") != NULL);
    CHECK_INT(sac_app_folder(other, in_top("secret"), &none, &err), SAC_EIO);
    CHECK_INT(sac_app_folder(other, NULL, &none, &err), SAC_EINVAL);
    CHECK_INT(sac_app_folder(app, top, &none, &err), SAC_EINVAL);
    CHECK(strstr(err.text, "sealed") != NULL);
    CHECK(none == NULL);
    sac_app_free(other);
}

static void test_reply_file_in__leaks_no_descriptor(void **state)
{
    const int first = dup(0);
    int after;

    (void)state;
    close(first);
    test_reply_file_in__answers_as_a_static_file(state);
    test_reply_file_in__sends_nothing_else(state);
    test_reply_file_in__of_a_post_is_the_whole_file(state);
    test_app_folder__names_what_is_missing(state);
    after = dup(0);
    close(after);
    CHECK_INT(first, after);
}

static int build(const sac_alloc *alloc, sac_app **out)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS, .alloc = alloc);
    sac_err err;
    int rc = sac_app_new(&config, out, &err);

    if (rc == SAC_OK)
        rc = sac_app_folder(*out, in_top("public"), &folder, &err);
    if (rc == SAC_OK)
        rc = sac_app_mount(*out, "/f/{path:path}", &files, NULL, &err);
    return rc == SAC_OK ? sac_app_seal(*out, &err) : rc;
}

static void test_app_folder__survives_oom(void **state)
{
    const sac_folder *kept = folder;
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
            CHECK_INT(send(made, "GET", "/f/app.js", NULL, 0), 200);
        sac_app_free(made);
        CHECK_INT(fault.live, 0);
    }
    folder = kept;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reply_file_in__answers_as_a_static_file),
        cmocka_unit_test(test_reply_file_in__sends_nothing_else),
        cmocka_unit_test(test_reply_file_in__keeps_fields_that_were_set),
        cmocka_unit_test(test_reply_file_in__of_a_post_is_the_whole_file),
        cmocka_unit_test(test_app_folder__names_what_is_missing),
        cmocka_unit_test(test_reply_file_in__leaks_no_descriptor),
        cmocka_unit_test(test_app_folder__survives_oom),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

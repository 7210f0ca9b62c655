/* SPDX-License-Identifier: MIT */
#include "fixture.h"

typedef int act(sac_req *req);

typedef struct play {
    act *get;
} play;

static play now;

static int run(void *self, sac_req *req)
{
    const int rc = ((play *)self)->get(req);

    return rc ? rc : sac_reply_text(req, 200, "ok");
}

static const sac_view_ops view = SAC_VIEW_OPS(.name = "act", .flags = SAC_INLINE, .get = run,
                                              .post = run);

static int perform(fixture *fx, const sac_app_config *config, act *get)
{
    now.get = get;
    fixture_new(fx, config);
    fixture_mount(fx, "/act", &view, &now);
    fixture_mount(fx, "/books/{isbn}/pages/{n:int}", &view, &now);
    return 0;
}

static int sees_path(sac_req *req)
{
    int64_t n = 0;

    CHECK_INT(sac_req_method(req), SAC_HEAD);
    CHECK_STR(sac_req_path(req), "/books/a b/pages/12");
    CHECK_STR(sac_req_param(req, "isbn"), "a b");
    CHECK(!sac_req_param(req, "none").p);
    CHECK(!sac_req_param_int(req, "isbn", &n));
    CHECK(sac_req_param_int(req, "n", &n));
    CHECK_INT(n, 12);
    CHECK_STR(sac_req_peer(req), "127.0.0.1");
    return 0;
}

static void test_req__tells_its_path(void **state)
{
    fixture fx;

    (void)state;
    perform(&fx, NULL, sees_path);
    CHECK_INT(fixture_get(&fx, "HEAD", "/books/a%20b/pages/12?x"), 200);
    fixture_free(&fx);
}

static int sees_oid(sac_req *req)
{
    sac_oid oid;
    sac_oid made;

    CHECK(sac_req_param_oid(req, "isbn", &oid));
    CHECK(!sac_req_param_oid(req, "n", &oid));
    sac_req_oid(req, &oid);
    sac_req_oid(req, &made);
    CHECK(memcmp(&oid, &made, sizeof oid) < 0);
    return 0;
}

static void test_req__reads_ids(void **state)
{
    fixture fx;

    (void)state;
    perform(&fx, NULL, sees_oid);
    CHECK_INT(fixture_get(&fx, "GET", "/books/507f1f77bcf86cd799439011/pages/1"), 200);
    fixture_free(&fx);
}

static int sees_query(sac_req *req)
{
    int64_t n = 0;
    int rc;

    CHECK_STR(sac_req_query(req, "a"), "1 2");
    CHECK_STR(sac_req_query(req, "flag"), "");
    CHECK(sac_req_query(req, "flag").p != NULL);
    CHECK(!sac_req_query(req, "none").p);
    CHECK_INT(sac_req_query_int(req, "n", -9, 9, 5, &n), 0);
    CHECK_INT(n, -7);
    CHECK_INT(sac_req_query_int(req, "none", 0, 9, 5, &n), 0);
    CHECK_INT(n, 5);
    CHECK_INT(sac_req_query_int(req, "min", INT64_MIN, 0, 5, &n), 0);
    CHECK(n == INT64_MIN);
    CHECK_INT(sac_req_query_int(req, "over", INT64_MIN, INT64_MAX, 5, &n), SAC_EINVAL);
    CHECK_INT(sac_req_query_int(req, "flag", 0, 9, 5, &n), SAC_EINVAL);
    rc = sac_req_query_int(req, "n", 0, 9, 5, &n);
    CHECK_INT(rc, SAC_EINVAL);
    return rc;
}

static void test_req__reads_the_query(void **state)
{
    fixture fx;

    (void)state;
    perform(&fx, NULL, sees_query);
    CHECK_INT(fixture_get(&fx, "GET",
                          "/act?a=1+2&flag&n=-7&a=3&min=-9223372036854775808"
                          "&over=9223372036854775808"),
              400);
    CHECK(contains(fx.reply.body, "\"bad_parameter\""));
    CHECK(contains(fx.reply.body, "n is not an integer from 0 to 9"));
    fixture_free(&fx);
}

static int sees_bad_query(sac_req *req)
{
    int64_t n;

    CHECK(!sac_req_query(req, "a").p);
    return sac_req_query_int(req, "a", 0, 1, 0, &n);
}

static void test_req__refuses_a_bad_query(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.max_params = 2);
    fixture fx;

    (void)state;
    perform(&fx, &config, sees_bad_query);
    CHECK_INT(fixture_get(&fx, "GET", "/act?a=%zz"), 400);
    CHECK_INT(fixture_get(&fx, "GET", "/act?x=1&a=1&c=1"), 400);
    CHECK(contains(fx.reply.body, "too many query parameters"));
    fixture_free(&fx);
}

static int sees_fields(sac_req *req)
{
    CHECK_STR(sac_req_header(req, "x-one"), "1");
    CHECK(!sac_req_header(req, "x-two").p);
    CHECK_STR(sac_req_cookie(req, "b"), "2");
    CHECK(!sac_req_cookie(req, "c").p);
    CHECK_STR(sac_req_cookie(req, "d"), "4");
    return 0;
}

static void test_req__reads_fields_and_cookies(void **state)
{
    const char *const lines[] = {"X-One: 1 ", "X-ONE: 2", "Cookie: a=1; b=2", "cookie: d=4", NULL};
    const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "GET", .target = "/act",
                                                          .headers = lines);
    fixture fx;

    (void)state;
    perform(&fx, NULL, sees_fields);
    CHECK_INT(fixture_ask(&fx, &ask), 200);
    fixture_free(&fx);
}

static int uses_memory(sac_req *req)
{
    const sac_alloc *alloc = sac_req_allocator(req);
    char *p = alloc->resize(alloc->self, NULL, 0, 100);

    CHECK(p != NULL);
    CHECK_STR(sac_req_printf(req, "%d-%s", 5, "x"), "5-x");
    CHECK(sac_req_alloc(req, 1000) != NULL);
    CHECK(sac_req_alloc(req, 100000) == NULL); /* past max_memory */
    sac_req_log(req, SAC_LOG_INFO, "saw\n%d", 7);
    CHECK(sac_req_state(req) == &now);
    CHECK(sac_req_app(req) != NULL);
    return 0;
}

static void test_req__has_memory_and_a_log(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.max_memory = 65536, .state = &now);
    fixture fx;

    (void)state;
    perform(&fx, &config, uses_memory);
    CHECK_INT(fixture_get(&fx, "GET", "/act"), 200);
    assert_string_equal(fx.log, "GET /act: saw\\x0a7\n");
    fixture_free(&fx);
}

static int makes_urls(sac_req *req)
{
    char path[64];

    CHECK_STR(sac_req_url_for(req, "act", "q", "1", NULL), "/act?q=1");
    CHECK_STR(sac_req_url_for(req, "act", "isbn", "a/b", "n", "3", NULL), "/books/a%2Fb/pages/3");
    CHECK(!sac_req_url_for(req, "none", NULL).p);
    CHECK_INT(sac_app_url_for(sac_req_app(req), path, sizeof path, "act", NULL), SAC_OK);
    assert_string_equal(path, "/act");
    CHECK_INT(sac_app_url_for(sac_req_app(req), path, 3, "act", NULL), SAC_ETOOBIG);
    return 0;
}

static void test_req__builds_urls(void **state)
{
    fixture fx;

    (void)state;
    perform(&fx, NULL, makes_urls);
    CHECK_INT(fixture_get(&fx, "GET", "/act"), 200);
    fixture_free(&fx);
}

static const char *want_origin;

static int sees_origin(sac_req *req)
{
    CHECK_STR(sac_req_origin(req), want_origin);
    return 0;
}

static void test_req__knows_its_origin(void **state)
{
    static const char *const hosts[] = {"a.example", "b.example:81", NULL};
    const sac_app_config listed = SAC_APP_CONFIG(.hosts = hosts);
    const sac_app_config fixed = SAC_APP_CONFIG(.origin = "https://front.example");
    fixture fx;

    (void)state;
    perform(&fx, NULL, sees_origin);
    want_origin = "";
    CHECK_INT(fixture_get(&fx, "GET", "/act"), 200);
    CHECK_INT(fixture_get_with(&fx, "GET", "/act", "Host: evil.example"), 200);
    want_origin = "http://localhost:8080";
    CHECK_INT(fixture_get_with(&fx, "GET", "/act", "Host: localhost:8080"), 200);
    fixture_free(&fx);

    perform(&fx, &listed, sees_origin);
    want_origin = "http://A.example";
    CHECK_INT(fixture_get_with(&fx, "GET", "/act", "Host: A.example"), 200);
    want_origin = "http://b.example:81";
    CHECK_INT(fixture_get_with(&fx, "GET", "/act", "Host: b.example:81"), 200);
    CHECK_INT(fixture_get_with(&fx, "GET", "/act", "Host: b.example"), 400);
    CHECK(contains(fx.reply.body, "\"bad_host\""));
    CHECK_INT(fixture_get_with(&fx, "GET", "/act", "Host: a.example.evil"), 400);
    CHECK_INT(fixture_get_with(&fx, "GET", "http://evil.example/act", "Host: a.example"), 400);
    fixture_free(&fx);

    perform(&fx, &fixed, sees_origin);
    want_origin = "https://front.example";
    CHECK_INT(fixture_get_with(&fx, "GET", "/act", "Host: evil.example"), 200);
    fixture_free(&fx);
}

static void test_head__checks_come_in_order(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.max_target = 20, .max_headers = 2);
    const char *const two_hosts[] = {"Host: a", "Host: a", NULL};
    const char *const three[] = {"A: 1", "B: 2", "C: 3", NULL};
    const sac_loopback_request hosts = SAC_LOOPBACK_REQUEST(.method = "GET", .target = "/act",
                                                            .headers = two_hosts);
    const sac_loopback_request fields = SAC_LOOPBACK_REQUEST(.method = "BREW", .target = "/act",
                                                             .headers = three);
    fixture fx;

    (void)state;
    perform(&fx, &config, sees_origin);
    want_origin = "";
    CHECK_INT(fixture_ask(&fx, &hosts), 400);
    CHECK(contains(fx.reply.body, "\"bad_host\""));
    CHECK_INT(fixture_ask(&fx, &fields), 431);
    CHECK_INT(fixture_get(&fx, "BREW", "/act/and/so/on/and/so"), 414);
    CHECK_INT(fixture_get_with(&fx, "BREW", "/act", "Host: a b"), 400);
    CHECK_INT(fixture_get(&fx, "BREW", "nonsense"), 501);
    CHECK_INT(fixture_get(&fx, "GET", "nonsense"), 400);
    CHECK_INT(fixture_get(&fx, "GET", "/a\x01"), 400);
    CHECK_INT(fixture_get(&fx, "GET", "/%ff"), 404);
    CHECK_INT(fixture_get(&fx, "DELETE", "/act"), 405);
    CHECK_INT(fixture_get(&fx, "GET", "/act/"), 200);
    fixture_free(&fx);
}

static int makes_values(sac_req *req)
{
    const sac_value text = sac_req_str_value(req, sac_str_of("ab"));
    const sac_value small = sac_req_int_value(req, INT32_MIN);
    const sac_value large = sac_req_int_value(req, (int64_t)INT32_MAX + 1);
    const sac_str copy = sac_req_dup(req, sac_str_n("abc", 2));
    sac_oid oid, back;
    sac_value id;
    sac_str s;
    int64_t n;

    CHECK(sac_value_str(&text, &s));
    CHECK_STR(s, "ab");
    CHECK_INT(text.raw.n, 7);
    CHECK(small.type == SAC_BSON_INT32 && sac_value_int(&small, &n) && n == INT32_MIN);
    CHECK(large.type == SAC_BSON_INT64 && sac_value_int(&large, &n) && n == (int64_t)INT32_MAX + 1);
    sac_req_oid(req, &oid);
    id = sac_req_oid_value(req, &oid);
    CHECK(sac_value_oid(&id, &back) && memcmp(&oid, &back, sizeof oid) == 0);
    CHECK(strcmp(copy.p, "ab") == 0);
    CHECK(sac_req_now(req) > INT64_C(1700000000000));
    return 0;
}

static void test_req__makes_values_and_copies(void **state)
{
    fixture fx;

    (void)state;
    perform(&fx, NULL, makes_values);
    CHECK_INT(fixture_get(&fx, "GET", "/act"), 200);
    fixture_free(&fx);
}

static int finds_no_memory_for_values(sac_req *req)
{
    const sac_oid oid = {{0}};

    while (sac_req_alloc(req, 8192))
        ;
    while (sac_req_alloc(req, 1))
        ;
    CHECK_INT(sac_req_str_value(req, sac_str_of("ab")).type, SAC_BSON_MISSING);
    CHECK_INT(sac_req_oid_value(req, &oid).type, SAC_BSON_MISSING);
    CHECK_INT(sac_req_int_value(req, 1).type, SAC_BSON_MISSING);
    CHECK(!sac_req_dup(req, sac_str_of("a")).p);
    return 0;
}

static void test_req__values_without_memory_are_missing(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.max_memory = 65536);
    fixture fx;

    (void)state;
    perform(&fx, &config, finds_no_memory_for_values);
    CHECK_INT(fixture_get(&fx, "GET", "/act"), 500);
    fixture_free(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req__makes_values_and_copies),
        cmocka_unit_test(test_req__values_without_memory_are_missing),
        cmocka_unit_test(test_req__tells_its_path),
        cmocka_unit_test(test_req__reads_ids),
        cmocka_unit_test(test_req__reads_the_query),
        cmocka_unit_test(test_req__refuses_a_bad_query),
        cmocka_unit_test(test_req__reads_fields_and_cookies),
        cmocka_unit_test(test_req__has_memory_and_a_log),
        cmocka_unit_test(test_req__builds_urls),
        cmocka_unit_test(test_req__knows_its_origin),
        cmocka_unit_test(test_head__checks_come_in_order)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

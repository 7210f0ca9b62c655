/* SPDX-License-Identifier: MIT */
#include "support/todos.h"

static const char *const origins[] = {"https://front.example", "http://localhost:3333", NULL};

#define LISTED "Origin: https://front.example"
#define PREFLIGHT "Access-Control-Request-Method: PUT"

static void open_with(todos *t, const sac_cors *cors)
{
    sac_err err = {.code = 0};

    todos_begin(t);
    todos_make(t);
    if (sac_app_cors(t->app, cors, &err) != 0)
        fail_msg("%s", err.text);
    CHECK_INT(sac_app_resource(t->app, "/api/todos", &todo_resource, &err), 0);
    todos_serve(t);
}

static int open_app(void **state)
{
    static const sac_cors cors = SAC_CORS(.origins = origins, .credentials = true);
    static todos t;

    open_with(&t, &cors);
    *state = &t;
    return 0;
}

static int close_app(void **state)
{
    todos_close(*state);
    return 0;
}

static void check_allowed(todos *t, const char *origin)
{
    assert_string_equal(todos_header(t, "access-control-allow-origin"), origin);
    assert_string_equal(todos_header(t, "access-control-allow-credentials"), "true");
    CHECK(strstr(todos_header(t, "access-control-expose-headers"), "X-Total-Count"));
    CHECK(strstr(todos_header(t, "vary"), "Origin"));
}

static void check_not_allowed(todos *t)
{
    CHECK(todos_header(t, "access-control-allow-origin") == NULL);
    CHECK(todos_header(t, "access-control-allow-credentials") == NULL);
    assert_non_null(strstr(todos_header(t, "vary"), "Origin"));
}

static void test_cors__every_answer_has_the_headers(void **state)
{
    todos *t = *state;
    char line[128];

    CHECK_INT(todos_ask_with(t, "GET", "/api/todos", NULL, WITH(LISTED)), 200);
    check_allowed(t, "https://front.example");
    assert_string_equal(todos_header(t, "vary"), "Origin, Accept");
    CHECK_INT(
        todos_ask_with(t, "POST", "/api/todos", "{\"_id\":\"a\",\"title\":\"x\"}",
                       WITH("Origin: http://localhost:3333", "Content-Type: application/json")),
        201);
    check_allowed(t, "http://localhost:3333");
    snprintf(line, sizeof line, "If-None-Match: %s", todos_header(t, "etag"));
    CHECK_INT(todos_ask_with(t, "GET", "/api/todos/a", NULL, WITH(LISTED, line)), 304);
    check_allowed(t, "https://front.example");
    CHECK_INT(todos_ask_with(t, "GET", "/api/todos/q", NULL, WITH(LISTED)), 404);
    check_allowed(t, "https://front.example");
    CHECK_INT(todos_ask_with(t, "GET", "/nothing", NULL, WITH(LISTED)), 404);
    check_allowed(t, "https://front.example");
    CHECK_INT(todos_ask_with(t, "PUT", "/api/todos", "{}", WITH(LISTED)), 405);
    check_allowed(t, "https://front.example");
    CHECK_INT(todos_ask_with(t, "FETCH", "/api/todos", NULL, WITH(LISTED)), 501);
    check_allowed(t, "https://front.example");
    CHECK_INT(todos_ask_with(t, "PUT", "/api/todos/a", "{nonsense",
                             WITH(LISTED, "Content-Type: application/json")),
              400);
    check_allowed(t, "https://front.example");
}

static void test_cors__other_origins_get_none(void **state)
{
    static const char *const others[] = {
        "Origin: https://evil.example",       "Origin: null",
        "Origin: https://front.example.evil", "Origin: http://front.example",
        "Origin: https://front.example:443",  "Origin: https://FRONT.example",
        "Origin: https://sub.front.example",  "X-None: x"};
    todos *t = *state;

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        CHECK_INT(todos_ask_with(t, "GET", "/api/todos", NULL, WITH(others[i])), 200);
        check_not_allowed(t);
    }
}

static void test_cors__preflights_are_answered(void **state)
{
    todos *t = *state;

    CHECK_INT(todos_ask_with(t, "OPTIONS", "/api/todos/a", NULL, WITH(LISTED, PREFLIGHT)), 204);
    check_allowed(t, "https://front.example");
    assert_string_equal(todos_header(t, "access-control-allow-methods"),
                        "GET, HEAD, PUT, PATCH, DELETE, OPTIONS");
    assert_string_equal(todos_header(t, "access-control-max-age"), "600");
    assert_string_equal(
        todos_header(t, "access-control-allow-headers"),
        "Content-Type, Authorization, If-Match, If-None-Match, Prefer, X-CSRF-Token, "
        "X-HTTP-Method-Override, X-Requested-With, Idempotency-Key");
    CHECK_INT(todos_ask_with(t, "OPTIONS", "/api/todos", NULL, WITH(LISTED, PREFLIGHT)), 204);
    assert_string_equal(todos_header(t, "access-control-allow-methods"),
                        "GET, HEAD, POST, OPTIONS");
    CHECK_INT(todos_ask_with(t, "OPTIONS", "/nothing", NULL, WITH(LISTED, PREFLIGHT)), 404);
    CHECK_INT(todos_ask_with(t, "OPTIONS", "/api/todos", NULL, WITH(LISTED)), 204);
    CHECK(todos_header(t, "access-control-allow-methods") == NULL);
    assert_string_equal(todos_header(t, "allow"), "GET, HEAD, POST, OPTIONS");
}

static void test_cors__preflights_of_others_are_refused(void **state)
{
    todos *t = *state;

    CHECK_INT(todos_ask_with(t, "OPTIONS", "/api/todos", NULL,
                             WITH("Origin: https://evil.example", PREFLIGHT)),
              403);
    CHECK(todos_problem(t, "bad_origin"));
    check_not_allowed(t);
    CHECK_INT(todos_ask_with(t, "OPTIONS", "/api/todos", NULL, WITH("Origin: null", PREFLIGHT)),
              403);
}

static int refuse(void *self, sac_req *req, const sac_next *next)
{
    (void)self;
    (void)next;
    return sac_fail(req, SAC_EUNAUTHORIZED, "log in");
}

static void test_cors__preflights_need_no_login(void **state)
{
    static const sac_decorator guards[] = {{.fn = refuse, .flags = SAC_INLINE}, {.fn = NULL}};
    static const sac_cors cors = SAC_CORS(.origins = origins);
    sac_resource resource = todo_resource;
    sac_err err;
    todos t;

    (void)state;
    resource.decorators = guards;
    todos_begin(&t);
    todos_make(&t);
    CHECK_INT(sac_app_cors(t.app, &cors, &err), 0);
    CHECK_INT(sac_app_resource(t.app, "/api/todos", &resource, &err), 0);
    todos_serve(&t);
    CHECK_INT(todos_ask_with(&t, "OPTIONS", "/api/todos", NULL, WITH(LISTED, PREFLIGHT)), 204);
    CHECK_INT(todos_ask_with(&t, "GET", "/api/todos", NULL, WITH(LISTED)), 401);
    assert_string_equal(todos_header(&t, "access-control-allow-origin"), "https://front.example");
    CHECK(todos_header(&t, "access-control-allow-credentials") == NULL);
    todos_close(&t);
}

static int vary(void *self, sac_req *req)
{
    const int rc = sac_reply_header(req, "Vary", sac_str_of("Accept-Encoding"));

    (void)self;
    return rc ? rc : sac_reply_text(req, 200, "hello");
}

static void test_cors__keeps_its_vary(void **state)
{
    static const sac_view_ops hello = SAC_VIEW_OPS(.name = "hello", .get = vary,
                                                   .flags = SAC_INLINE);
    static const sac_cors cors = SAC_CORS(.origins = origins);
    sac_err err;
    todos t;

    (void)state;
    todos_begin(&t);
    todos_make(&t);
    CHECK_INT(sac_app_cors(t.app, &cors, &err), 0);
    CHECK_INT(sac_app_mount(t.app, "/hello", &hello, NULL, &err), 0);
    todos_serve(&t);
    CHECK_INT(todos_ask(&t, "GET", "/hello", NULL), 200);
    assert_string_equal(todos_header(&t, "vary"), "Accept-Encoding, Origin");
    todos_close(&t);
}

static void test_cors__own_headers_are_added(void **state)
{
    static const char *const headers[] = {"X-Mine", NULL}, *const expose[] = {"X-Yours", NULL};
    static const sac_cors cors = SAC_CORS(.origins = origins, .headers = headers, .expose = expose,
                                          .max_age = 60);
    todos t;

    (void)state;
    open_with(&t, &cors);
    CHECK_INT(todos_ask_with(&t, "OPTIONS", "/api/todos", NULL, WITH(LISTED, PREFLIGHT)), 204);
    CHECK(strstr(todos_header(&t, "access-control-allow-headers"), "Idempotency-Key, X-Mine"));
    CHECK(strstr(todos_header(&t, "access-control-expose-headers"), "X-Total-Pages, X-Yours"));
    assert_string_equal(todos_header(&t, "access-control-max-age"), "60");
    todos_close(&t);
}

static void test_cors__any_origin_never_has_credentials(void **state)
{
    static const char *const any[] = {"*", NULL};
    sac_cors cors = SAC_CORS(.origins = any);
    sac_err err;
    todos t;

    (void)state;
    open_with(&t, &cors);
    CHECK_INT(todos_ask_with(&t, "GET", "/api/todos", NULL, WITH("Origin: https://x.example")),
              200);
    assert_string_equal(todos_header(&t, "access-control-allow-origin"), "*");
    CHECK(todos_header(&t, "access-control-allow-credentials") == NULL);
    CHECK_INT(todos_ask_with(&t, "OPTIONS", "/api/todos", NULL,
                             WITH("Origin: https://x.example", PREFLIGHT)),
              204);
    todos_close(&t);
    cors.credentials = true;
    todos_begin(&t);
    todos_make(&t);
    CHECK_INT(sac_app_cors(t.app, &cors, &err), SAC_EINVAL);
    CHECK(strstr(err.text, "credentials"));
    todos_close(&t);
}

static void test_cors__says_which_origin_is_none(void **state)
{
    static const char *const bad[] = {"null",
                                      "https://x.example/",
                                      "x.example",
                                      "https://x.example/path",
                                      "https://*.example",
                                      "",
                                      "*"};
    sac_cors cors = SAC_CORS(.origins = NULL);
    sac_err err;
    todos t;

    (void)state;
    todos_begin(&t);
    todos_make(&t);
    CHECK_INT(sac_app_cors(t.app, &cors, &err), SAC_EINVAL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *const list[] = {"https://ok.example", bad[i], NULL};

        cors.origins = list;
        CHECK_INT(sac_app_cors(t.app, &cors, &err), SAC_EINVAL);
        CHECK(strstr(err.text, bad[i]));
    }
    {
        const char *const headers[] = {"X-Bad: x", NULL};

        cors.origins = origins;
        cors.headers = headers;
        CHECK_INT(sac_app_cors(t.app, &cors, &err), SAC_EINVAL);
        cors.size++;
        CHECK_INT(sac_app_cors(t.app, &cors, &err), SAC_EVERSION);
        CHECK(strstr(err.text, "sac_cors of a newer libsacrum: "));
    }
    todos_close(&t);
}

static void test_cors__copies_its_table(void **state)
{
    char origin[] = "https://front.example";
    const char *list[] = {origin, NULL};
    const sac_cors cors = SAC_CORS(.origins = list);
    todos t;

    (void)state;
    open_with(&t, &cors);
    origin[8] = 'x';
    list[0] = NULL;
    CHECK_INT(todos_ask_with(&t, "GET", "/api/todos", NULL, WITH(LISTED)), 200);
    assert_string_equal(todos_header(&t, "access-control-allow-origin"), "https://front.example");
    todos_close(&t);
}

static void test_cors__registration_survives_oom(void **state)
{
    static const sac_cors cors = SAC_CORS(.origins = origins);
    fault_alloc fault;
    long n = 0;
    int rc;

    (void)state;
    do {
        sac_err err;
        todos t;

        CHECK(n < 500);
        todos_begin(&t);
        t.config.alloc = fault_alloc_init(&fault, n++);
        rc = sac_app_new(&t.config, &t.app, &err);
        if (rc == 0)
            rc = sac_app_cors(t.app, &cors, &err);
        CHECK(rc == 0 || rc == SAC_ENOMEM);
        todos_close(&t);
        CHECK_INT(fault.live, 0);
    } while (rc != 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_app, close_app)
    const struct CMUnitTest tests[] = {
        TEST(test_cors__every_answer_has_the_headers),
        TEST(test_cors__other_origins_get_none),
        TEST(test_cors__preflights_are_answered),
        TEST(test_cors__preflights_of_others_are_refused),
        cmocka_unit_test(test_cors__preflights_need_no_login),
        cmocka_unit_test(test_cors__keeps_its_vary),
        cmocka_unit_test(test_cors__own_headers_are_added),
        cmocka_unit_test(test_cors__any_origin_never_has_credentials),
        cmocka_unit_test(test_cors__says_which_origin_is_none),
        cmocka_unit_test(test_cors__copies_its_table),
        cmocka_unit_test(test_cors__registration_survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

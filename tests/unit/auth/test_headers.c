/* SPDX-License-Identifier: MIT */
#include <sacrum/cors.h>
#include <sacrum/csrf.h>
#include <sacrum/limit.h>

#include "guarded.h"

static int answer_ok(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_text(req, 200, "ok");
}

static int answer_own(void *self, sac_req *req)
{
    (void)self;
    CHECK_INT(sac_reply_header(req, "content-security-policy", sac_str_of("default-src *")), 0);
    CHECK_INT(sac_reply_header(req, "X-Frame-Options", sac_str_of("DENY")), 0);
    return sac_reply_text(req, 200, "ok");
}

static int answer_not_modified(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_empty(req, 304);
}

static int answer_broken(void *self, sac_req *req)
{
    (void)self;
    return sac_fail(req, SAC_EIO, "broken");
}

static const sac_view_ops view = SAC_VIEW_OPS(.name = "view", .flags = SAC_INLINE, .get = answer_ok,
                                              .post = answer_own, .put = answer_not_modified,
                                              .del = answer_broken);

static const char policy[] = "default-src 'self'; object-src 'none'; base-uri 'self'; "
                             "frame-ancestors 'self'; form-action 'self'";

static void begin(guarded *g, const sac_app_config *app, const sac_secure_headers *config)
{
    sac_err err = {.code = 0};

    guarded_new(g, app);
    if (sac_app_secure_headers(g->app, config, &err) != SAC_OK)
        fail_msg("%s", err.text);
    CHECK_INT(sac_app_mount(g->app, "/view", &view, NULL, NULL), SAC_OK);
}

static int ask(guarded *g, const char *method, const char *target, bool secure)
{
    const asking one = {.method = method, .target = target, .secure = secure};

    return guarded_ask(g, &one);
}

static void check_defaults(const guarded *g)
{
    CHECK_STR(guarded_field(g, "content-security-policy"), policy);
    CHECK_STR(guarded_field(g, "referrer-policy"), "strict-origin-when-cross-origin");
    CHECK_STR(guarded_field(g, "x-frame-options"), "SAMEORIGIN");
    CHECK_STR(guarded_field(g, "cross-origin-opener-policy"), "same-origin");
    CHECK_STR(guarded_field(g, "x-content-type-options"), "nosniff");
    CHECK(!guarded_field(g, "permissions-policy").p);
    CHECK(!guarded_field(g, "strict-transport-security").p);
}

static void test_headers__every_answer_has_them(void **state)
{
    static const struct {
        const char *method, *target;
        int status;
    } rows[] = {{"GET", "/view", 200},    {"HEAD", "/view", 200},  {"PUT", "/view", 304},
                {"DELETE", "/view", 500}, {"PATCH", "/view", 405}, {"OPTIONS", "/view", 204},
                {"GET", "/none", 404},    {"FETCH", "/view", 501}, {"GET", "/%zz", 404},
                {"GET", "view", 400}};
    const asking bad_host = {.method = "GET", .target = "/view", .lines = LINES("host", "a b")};
    guarded g;

    (void)state;
    begin(&g, NULL, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_INT(ask(&g, rows[i].method, rows[i].target, true), rows[i].status);
        check_defaults(&g);
    }
    CHECK_INT(guarded_ask(&g, &bad_host), 400);
    check_defaults(&g);
    guarded_free(&g);
}

/* Whatever stands around the views, and in whatever order it was put there. */
static void test_headers__answers_of_middleware_have_them(void **state)
{
    static const char *const origins[] = {"https://front.example", NULL};
    const sac_cors cors = SAC_CORS(.origins = origins);
    const sac_limit limit = SAC_LIMIT(.requests = 1, .seconds = 3600, .methods = SAC_GET);
    const asking preflight = {
        .method = "OPTIONS",
        .target = "/view",
        .lines = LINES("origin", "https://front.example", "access-control-request-method", "PUT")};
    const asking foreign = {
        .method = "POST", .target = "/view", .lines = LINES("origin", "https://evil.example")};
    guarded g;

    (void)state;
    guarded_new(&g, NULL);
    CHECK_INT(sac_app_cors(g.app, &cors, NULL), SAC_OK);
    CHECK_INT(sac_app_limit(g.app, &limit, NULL), SAC_OK);
    CHECK_INT(sac_app_csrf(g.app, NULL, NULL), SAC_OK);
    CHECK_INT(sac_app_secure_headers(g.app, NULL, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(g.app, "/view", &view, NULL, NULL), SAC_OK);
    CHECK_INT(guarded_ask(&g, &preflight), 204);
    check_defaults(&g);
    CHECK_INT(guarded_ask(&g, &foreign), 403);
    check_defaults(&g);
    CHECK_INT(ask(&g, "GET", "/view", false), 200);
    CHECK_INT(ask(&g, "GET", "/view", false), 429);
    check_defaults(&g);
    guarded_free(&g);
}

static void test_headers__a_views_own_stay(void **state)
{
    guarded g;

    (void)state;
    begin(&g, NULL, NULL);
    CHECK_INT(ask(&g, "POST", "/view", false), 200);
    CHECK_STR(guarded_field(&g, "content-security-policy"), "default-src *");
    CHECK_STR(guarded_field(&g, "x-frame-options"), "DENY");
    CHECK_STR(guarded_field(&g, "cross-origin-opener-policy"), "same-origin");
    CHECK_INT(sac__headers_count(g.answer->headers, g.answer->n_headers, "x-frame-options"), 1);
    CHECK_INT(sac__headers_count(g.answer->headers, g.answer->n_headers, "content-security-policy"),
              1);
    guarded_free(&g);
}

static void test_headers__each_can_be_set_or_left_out(void **state)
{
    const sac_secure_headers config =
        SAC_SECURE_HEADERS(.content_security_policy = "default-src 'none'",
                           .referrer_policy = "no-referrer", .frame_options = "",
                           .opener_policy = "", .permissions_policy = "camera=()");
    guarded g;

    (void)state;
    begin(&g, NULL, &config);
    CHECK_INT(ask(&g, "GET", "/view", false), 200);
    CHECK_STR(guarded_field(&g, "content-security-policy"), "default-src 'none'");
    CHECK_STR(guarded_field(&g, "referrer-policy"), "no-referrer");
    CHECK_STR(guarded_field(&g, "permissions-policy"), "camera=()");
    CHECK(!guarded_field(&g, "x-frame-options").p);
    CHECK(!guarded_field(&g, "cross-origin-opener-policy").p);
    guarded_free(&g);
}

static void test_headers__hsts_goes_over_https_alone(void **state)
{
    const sac_secure_headers year = SAC_SECURE_HEADERS(.hsts = 31536000, .hsts_subdomains = true);
    const sac_secure_headers day = SAC_SECURE_HEADERS(.hsts = 86400);
    const sac_app_config behind_tls = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS,
                                                     .origin = "https://sacrum.example");
    guarded g;

    (void)state;
    begin(&g, NULL, &year);
    CHECK_INT(ask(&g, "GET", "/view", false), 200);
    CHECK(!guarded_field(&g, "strict-transport-security").p);
    CHECK_INT(ask(&g, "GET", "/view", true), 200);
    CHECK_STR(guarded_field(&g, "strict-transport-security"),
              "max-age=31536000; includeSubDomains");
    guarded_free(&g);
    begin(&g, &behind_tls, &day);
    CHECK_INT(ask(&g, "GET", "/none", false), 404);
    CHECK_STR(guarded_field(&g, "strict-transport-security"), "max-age=86400");
    guarded_free(&g);
}

static void test_headers__a_groups_own_go_before_the_apps(void **state)
{
    const sac_secure_headers config = SAC_SECURE_HEADERS(.content_security_policy = "",
                                                         .frame_options = "DENY");
    sac_app *group;
    sac_app *inner;
    guarded g;

    (void)state;
    begin(&g, NULL, NULL);
    CHECK_INT(sac_app_group(g.app, "/group", &group, NULL), SAC_OK);
    CHECK_INT(sac_app_group(group, "/inner", &inner, NULL), SAC_OK);
    CHECK_INT(sac_app_secure_headers(group, &config, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(inner, "/view", &view, NULL, NULL), SAC_OK);
    CHECK_INT(ask(&g, "GET", "/group/inner/view", false), 200);
    CHECK(!guarded_field(&g, "content-security-policy").p);
    CHECK_STR(guarded_field(&g, "x-frame-options"), "DENY");
    CHECK_INT(ask(&g, "GET", "/group/none", false), 404);
    CHECK_STR(guarded_field(&g, "x-frame-options"), "DENY");
    CHECK_INT(ask(&g, "GET", "/view", false), 200);
    check_defaults(&g);
    guarded_free(&g);
}

static void test_headers__what_is_no_value_is_refused(void **state)
{
    static const sac_secure_headers bad[] = {
        SAC_SECURE_HEADERS(.content_security_policy = "default-src\r\nSet-Cookie: a=b"),
        SAC_SECURE_HEADERS(.referrer_policy = "no\nreferrer"),
        SAC_SECURE_HEADERS(.frame_options = " DENY"),
        SAC_SECURE_HEADERS(.permissions_policy = "camera=()\x7f"),
        SAC_SECURE_HEADERS(.hsts = -1),
        {.size = 0},
    };
    const sac_secure_headers newer = {.size = sizeof newer + 8};
    sac_err err;
    guarded g;

    (void)state;
    guarded_new(&g, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_INT(sac_app_secure_headers(g.app, &bad[i], &err), SAC_EINVAL);
    CHECK_INT(sac_app_secure_headers(g.app, &newer, &err), SAC_EVERSION);
    CHECK_INT(ask(&g, "GET", "/view", false), 404);
    CHECK(!guarded_field(&g, "x-frame-options").p);
    CHECK_INT(sac_app_secure_headers(g.app, NULL, &err), SAC_EINVAL);
    guarded_free(&g);
}

static int set_up(sac_app *app)
{
    const sac_secure_headers config = SAC_SECURE_HEADERS(.hsts = 1, .permissions_policy = "a=()");
    int rc = SAC_OK;

    for (int i = 0; i < 64 && rc == SAC_OK; i++) /* more than one block of memory */
        rc = sac_app_secure_headers(app, &config, NULL);
    return rc;
}

static void test_headers__setting_up_survives_oom(void **state)
{
    (void)state;
    guarded_survive_oom(set_up);
}

static void test_headers__a_request_survives_oom(void **state)
{
    fault_alloc fault;
    const sac_app_config app = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS,
                                              .alloc = fault_alloc_init(&fault, -1));
    int status = 0;
    guarded g;

    (void)state;
    begin(&g, &app, NULL);
    CHECK_INT(ask(&g, "GET", "/view", false), 200);
    for (long n = 2; status != 200; n++) {
        fault.left = n;
        status = ask(&g, "GET", "/view", false);
        fault.left = -1;
        CHECK(status == 200 || status == 500);
        CHECK(n < 100);
    }
    check_defaults(&g);
    guarded_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers__every_answer_has_them),
        cmocka_unit_test(test_headers__answers_of_middleware_have_them),
        cmocka_unit_test(test_headers__a_views_own_stay),
        cmocka_unit_test(test_headers__each_can_be_set_or_left_out),
        cmocka_unit_test(test_headers__hsts_goes_over_https_alone),
        cmocka_unit_test(test_headers__a_groups_own_go_before_the_apps),
        cmocka_unit_test(test_headers__what_is_no_value_is_refused),
        cmocka_unit_test(test_headers__setting_up_survives_oom),
        cmocka_unit_test(test_headers__a_request_survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

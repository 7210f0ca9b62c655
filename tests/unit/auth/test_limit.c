/* SPDX-License-Identifier: MIT */
#include <sacrum/limit.h>

#include "guarded.h"

static int answer_ok(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_text(req, 200, "ok");
}

static const sac_view_ops view = SAC_VIEW_OPS(.name = "view", .flags = SAC_INLINE, .get = answer_ok,
                                              .post = answer_ok);

static void begin(guarded *g, const sac_limit *limit)
{
    sac_err err = {.code = 0};

    guarded_new(g, NULL);
    guarded_identities(g);
    if (sac_app_limit(g->app, limit, &err) != SAC_OK)
        fail_msg("%s", err.text);
    CHECK_INT(sac_app_mount(g->app, "/view", &view, NULL, NULL), SAC_OK);
}

static int ask(guarded *g, const char *method, const char *peer, const char *user)
{
    const char *const lines[] = {"x-user", user, NULL};
    const asking one = {
        .method = method, .target = "/view", .peer = peer, .lines = user ? lines : NULL};

    return guarded_ask(g, &one);
}

static void test_limit__over_the_rate_is_429_with_retry_after(void **state)
{
    const sac_limit limit = SAC_LIMIT(.requests = 3, .seconds = 3600);
    guarded g;

    (void)state;
    begin(&g, &limit);
    for (int i = 0; i < 3; i++)
        CHECK_INT(ask(&g, "GET", "10.0.0.1", NULL), 200);
    CHECK(!guarded_field(&g, "retry-after").p);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(ask(&g, "GET", "10.0.0.1", NULL), 429);
        CHECK(guarded_problem(&g, "too_many_requests"));
        CHECK_STR(guarded_field(&g, "retry-after"), "1200");
    }
    CHECK_INT(ask(&g, "GET", "10.0.0.2", NULL), 200);
    guarded_free(&g);
}

static void test_limit__a_part_of_a_second_is_a_whole_one(void **state)
{
    const sac_limit limit = SAC_LIMIT(.requests = 1000, .seconds = 3999, .burst = 1);
    guarded g;

    (void)state;
    begin(&g, &limit);
    CHECK_INT(ask(&g, "GET", "10.0.0.1", NULL), 200);
    CHECK_INT(ask(&g, "GET", "10.0.0.1", NULL), 429);
    CHECK_STR(guarded_field(&g, "retry-after"), "4");
    guarded_free(&g);
}

static void test_limit__users_are_counted_wherever_they_are(void **state)
{
    const sac_limit limit = SAC_LIMIT(.requests = 2, .seconds = 3600);
    guarded g;

    (void)state;
    begin(&g, &limit);
    CHECK_INT(ask(&g, "GET", "10.0.0.1", "ann"), 200);
    CHECK_INT(ask(&g, "GET", "10.0.0.2", "ann"), 200);
    CHECK_INT(ask(&g, "GET", "10.0.0.3", "ann"), 429);
    CHECK_INT(ask(&g, "GET", "10.0.0.1", "bob"), 200);
    CHECK_INT(ask(&g, "GET", "10.0.0.1", NULL), 200);
    CHECK_INT(ask(&g, "GET", "10.0.0.1", "nobody"), 200);
    CHECK_INT(ask(&g, "GET", "10.0.0.1", "nobody"), 429);
    CHECK_INT(ask(&g, "GET", "10.0.0.1", NULL), 429);
    CHECK_INT(ask(&g, "GET", "10.0.0.1", "away"), 503);
    guarded_free(&g);
}

static void test_limit__by_address_names_do_not_count(void **state)
{
    const sac_limit limit = SAC_LIMIT(.requests = 2, .seconds = 3600, .by = SAC_LIMIT_BY_ADDRESS);
    guarded g;

    (void)state;
    begin(&g, &limit);
    CHECK_INT(ask(&g, "GET", "2001:db8::1", "ann"), 200);
    CHECK_INT(ask(&g, "GET", "2001:db8::2", "bob"), 200);
    CHECK_INT(ask(&g, "GET", "2001:db8::3", "cat"), 429);
    CHECK_INT(ask(&g, "GET", "2001:db8:1::1", "cat"), 200);
    CHECK_INT(ask(&g, "GET", NULL, "ann"), 200);
    CHECK_INT(ask(&g, "GET", "", NULL), 200);
    CHECK_INT(ask(&g, "GET", "unix:", NULL), 429);
    guarded_free(&g);
}

static void test_limit__counts_the_methods_it_is_told(void **state)
{
    const sac_limit posts = SAC_LIMIT(.requests = 1, .seconds = 3600, .methods = SAC_POST);
    const sac_limit gets = SAC_LIMIT(.requests = 2, .seconds = 3600, .methods = SAC_GET);
    guarded g;

    (void)state;
    begin(&g, &posts);
    CHECK_INT(sac_app_limit(g.app, &gets, NULL), SAC_OK);
    CHECK_INT(ask(&g, "POST", "10.0.0.1", NULL), 200);
    CHECK_INT(ask(&g, "POST", "10.0.0.1", NULL), 429);
    CHECK_INT(ask(&g, "GET", "10.0.0.1", NULL), 200);
    CHECK_INT(ask(&g, "HEAD", "10.0.0.1", NULL), 200);
    CHECK_INT(ask(&g, "HEAD", "10.0.0.1", NULL), 429);
    CHECK_INT(ask(&g, "GET", "10.0.0.1", NULL), 429);
    CHECK_INT(ask(&g, "OPTIONS", "10.0.0.1", NULL), 204);
    guarded_free(&g);
}

/* What is not there and what is no method are requests as well. */
static void test_limit__counts_what_no_view_answers(void **state)
{
    const sac_limit limit = SAC_LIMIT(.requests = 3, .seconds = 3600);
    const asking none = {.method = "GET", .target = "/none", .peer = "10.0.0.1"};
    guarded g;

    (void)state;
    begin(&g, &limit);
    CHECK_INT(guarded_ask(&g, &none), 404);
    CHECK_INT(ask(&g, "PUT", "10.0.0.1", NULL), 405);
    CHECK_INT(ask(&g, "OPTIONS", "10.0.0.1", NULL), 204);
    CHECK_INT(ask(&g, "FETCH", "10.0.0.1", NULL), 501);
    CHECK_INT(guarded_ask(&g, &none), 429);
    CHECK_INT(ask(&g, "OPTIONS", "10.0.0.1", NULL), 204);
    guarded_free(&g);
}

static void test_limit__several_hold(void **state)
{
    const sac_limit hour = SAC_LIMIT(.requests = 3, .seconds = 3600);
    const sac_limit group_hour = SAC_LIMIT(.requests = 1, .seconds = 3600);
    const asking inner = {.method = "GET", .target = "/group/view", .peer = "10.0.0.1"};
    sac_app *group;
    guarded g;

    (void)state;
    begin(&g, &hour);
    CHECK_INT(sac_app_group(g.app, "/group", &group, NULL), SAC_OK);
    CHECK_INT(sac_app_limit(group, &group_hour, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(group, "/view", &view, NULL, NULL), SAC_OK);
    CHECK_INT(guarded_ask(&g, &inner), 200);
    CHECK_INT(guarded_ask(&g, &inner), 429);
    CHECK_INT(ask(&g, "GET", "10.0.0.1", NULL), 200);
    CHECK_INT(ask(&g, "GET", "10.0.0.1", NULL), 429);
    guarded_free(&g);
}

static void test_limit__what_cannot_be_is_refused(void **state)
{
    static const sac_limit bad[] = {
        SAC_LIMIT(.requests = 0),
        SAC_LIMIT(.requests = 1, .methods = 1 << 20),
        SAC_LIMIT(.requests = 1, .by = (sac_limit_by)7),
        SAC_LIMIT(.requests = 1, .max_keys = SIZE_MAX / 16),
        SAC_LIMIT(.requests = 4000000000u, .seconds = 1),
        {.size = 0, .requests = 1},
    };
    const sac_limit newer = {.size = sizeof(sac_limit) + 8, .requests = 1};
    const sac_limit good = SAC_LIMIT(.requests = 1);
    sac_err err;
    guarded g;

    (void)state;
    guarded_new(&g, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err.text[0] = '\0';
        CHECK_INT(sac_app_limit(g.app, &bad[i], &err), SAC_EINVAL);
        CHECK(err.text[0] != '\0');
    }
    CHECK_INT(sac_app_limit(g.app, &newer, NULL), SAC_EVERSION);
    CHECK_INT(sac_app_seal(g.app, NULL), SAC_OK);
    CHECK_INT(sac_app_limit(g.app, &good, NULL), SAC_EINVAL);
    guarded_free(&g);
}

static int set_up(sac_app *app)
{
    const sac_limit limit = SAC_LIMIT(.requests = 2, .seconds = 3600, .max_keys = 100);

    return sac_app_limit(app, &limit, NULL);
}

static void test_limit__setting_up_survives_oom(void **state)
{
    (void)state;
    guarded_survive_oom(set_up);
}

static void test_limit__a_request_survives_oom(void **state)
{
    const sac_limit limit = SAC_LIMIT(.requests = 1, .seconds = 3600);
    fault_alloc fault;
    const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS,
                                                 .alloc = fault_alloc_init(&fault, -1));
    const asking one = {.method = "GET", .target = "/view", .peer = "10.0.0.1"};
    int status = 0;
    guarded g;

    (void)state;
    guarded_new(&g, &config);
    CHECK_INT(sac_app_limit(g.app, &limit, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(g.app, "/view", &view, NULL, NULL), SAC_OK);
    CHECK_INT(guarded_ask(&g, &one), 200);
    for (long n = 2; status != 429; n++) { /* the exchange itself takes two */
        fault.left = n;
        status = guarded_ask(&g, &one);
        fault.left = -1;
        CHECK(status == 429 || status == 500);
        CHECK(n < 100);
    }
    guarded_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limit__over_the_rate_is_429_with_retry_after),
        cmocka_unit_test(test_limit__a_part_of_a_second_is_a_whole_one),
        cmocka_unit_test(test_limit__users_are_counted_wherever_they_are),
        cmocka_unit_test(test_limit__by_address_names_do_not_count),
        cmocka_unit_test(test_limit__counts_the_methods_it_is_told),
        cmocka_unit_test(test_limit__counts_what_no_view_answers),
        cmocka_unit_test(test_limit__several_hold),
        cmocka_unit_test(test_limit__what_cannot_be_is_refused),
        cmocka_unit_test(test_limit__setting_up_survives_oom),
        cmocka_unit_test(test_limit__a_request_survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

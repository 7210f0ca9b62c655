/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include "app/app.h"

/* What ran, in order, as letters. */
typedef struct trace {
    char text[128];
} trace;

static void add(trace *t, const char *what)
{
    const size_t n = strlen(t->text);

    snprintf(t->text + n, sizeof t->text - n, "%s ", what);
}

static const char trace_key;

#define TRACED(name, what)                    \
    static int name(void *self, sac_req *req) \
    {                                         \
        (void)req;                            \
        add(self, what);                      \
        return 0;                             \
    }
TRACED(app_before, "A")
TRACED(app_after, "a")
TRACED(app_teardown, "ta")
TRACED(group_before, "G")
TRACED(group_after, "g")
TRACED(group_teardown, "tg")
TRACED(view_before, "V")
TRACED(view_after, "v")
TRACED(view_teardown, "tv")

static int view_get(void *self, sac_req *req)
{
    add(self, "get");
    return sac_reply_text(req, 200, "got");
}

static int view_post(void *self, sac_req *req)
{
    add(self, "post");
    return sac_reply_text(req, 201, "posted");
}

static int wrap_outer(void *self, sac_req *req, const sac_next *next)
{
    int rc;

    add(self, "(");
    rc = sac_next_run(next, req);
    add(self, ")");
    return rc;
}

static int wrap_inner(void *self, sac_req *req, const sac_next *next)
{
    int rc;

    add(self, "[");
    rc = sac_next_run(next, req);
    add(self, "]");
    return rc;
}

static const sac_middleware_ops app_mw = SAC_MIDDLEWARE_OPS(.name = "app_mw", .flags = SAC_INLINE,
                                                            .before = app_before,
                                                            .after = app_after,
                                                            .teardown = app_teardown);
static const sac_middleware_ops group_mw = SAC_MIDDLEWARE_OPS(.name = "group_mw",
                                                              .flags = SAC_INLINE,
                                                              .before = group_before,
                                                              .after = group_after,
                                                              .teardown = group_teardown);

static trace seen;

static const sac_decorator wraps[] = {
    {.fn = wrap_outer, .self = &seen, .flags = SAC_INLINE},
    {.fn = wrap_inner, .self = &seen, .methods = SAC_GET, .flags = SAC_INLINE},
    {.fn = NULL},
};
static const sac_view_ops view = SAC_VIEW_OPS(.name = "view", .flags = SAC_INLINE,
                                              .decorators = wraps, .get = view_get,
                                              .post = view_post, .before = view_before,
                                              .after = view_after, .teardown = view_teardown);

static void start(fixture *fx, const sac_app_config *config, const sac_view_ops *ops)
{
    sac_app *group;

    memset(&seen, 0, sizeof seen);
    fixture_new(fx, config);
    CHECK_INT(sac_app_use(fx->app, &app_mw, &seen, NULL), SAC_OK);
    CHECK_INT(sac_app_group(fx->app, "/g", &group, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(group, "/view", ops, &seen, NULL), SAC_OK);
    CHECK_INT(sac_app_use(group, &group_mw, &seen, NULL), SAC_OK);
}

static void test_dispatch__runs_everything_in_order(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, NULL, &view);
    CHECK_INT(fixture_get(&fx, "GET", "/g/view"), 200);
    assert_string_equal(seen.text, "A G V ( [ get ] ) v g a tv tg ta ");
    seen.text[0] = '\0';
    CHECK_INT(fixture_get(&fx, "POST", "/g/view"), 201);
    assert_string_equal(seen.text, "A G V ( post ) v g a tv tg ta ");
    fixture_free(&fx);
}

static void test_dispatch__runs_alike_on_workers_and_without(void **state)
{
    const sac_app_config without = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS);
    const sac_app_config with = SAC_APP_CONFIG(.workers = 1);
    sac_view_ops blocking = view;
    fixture fx;

    (void)state;
    blocking.flags = 0;
    for (int i = 0; i < 2; i++) {
        start(&fx, i ? &without : &with, &blocking);
        CHECK_INT(fixture_get(&fx, "GET", "/g/view"), 200);
        assert_string_equal(seen.text, "A G V ( [ get ] ) v g a tv tg ta ");
        fixture_free(&fx);
    }
}

static void test_dispatch__runs_middleware_for_404_of_a_group(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, NULL, &view);
    CHECK_INT(fixture_get(&fx, "GET", "/g/none"), 404);
    assert_string_equal(seen.text, "A G g a tg ta ");
    CHECK_FIELD(&fx, "content-type", "application/problem+json");
    seen.text[0] = '\0';
    CHECK_INT(fixture_get(&fx, "GET", "/gnome"), 404);
    assert_string_equal(seen.text, "A a ta ");
    fixture_free(&fx);
}

static void test_dispatch__answers_405_with_allow(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, NULL, &view);
    CHECK_INT(fixture_get(&fx, "DELETE", "/g/view"), 405);
    CHECK_FIELD(&fx, "allow", "GET, HEAD, POST, OPTIONS");
    CHECK_FIELD(&fx, "content-type", "application/problem+json");
    assert_string_equal(seen.text, "A G g a tg ta ");
    fixture_free(&fx);
}

static void test_dispatch__answers_501_for_an_unknown_method(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, NULL, &view);
    CHECK_INT(fixture_get(&fx, "BREW", "/g/view"), 501);
    CHECK(contains(fx.reply.body, "\"not_implemented\""));
    CHECK_INT(fixture_get(&fx, "get", "/g/view"), 501);
    assert_string_equal(fx.log, "");
    fixture_free(&fx);
}

static void test_dispatch__answers_options(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, NULL, &view);
    CHECK_INT(fixture_get(&fx, "OPTIONS", "/g/view"), 204);
    CHECK_FIELD(&fx, "allow", "GET, HEAD, POST, OPTIONS");
    CHECK_INT(fx.reply.body.n, 0);
    CHECK_NO_FIELD(&fx, "content-type");
    assert_string_equal(seen.text, "A G g a tg ta ");
    fixture_free(&fx);
}

static void test_dispatch__runs_get_for_head(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, NULL, &view);
    CHECK_INT(fixture_get(&fx, "HEAD", "/g/view"), 200);
    CHECK_INT(fx.reply.body.n, 0);
    CHECK_FIELD(&fx, "content-length", "3");
    assert_string_equal(seen.text, "A G V ( [ get ] ) v g a tv tg ta ");
    fixture_free(&fx);
}

static int refusing_before(void *self, sac_req *req)
{
    add(self, "no");
    return sac_fail(req, SAC_EUNAUTHORIZED, "sign in");
}

static int answering_before(void *self, sac_req *req)
{
    add(self, "yes");
    return sac_reply_text(req, 203, "instead");
}

static void test_dispatch__skips_the_rest_after_a_refusal(void **state)
{
    const sac_middleware_ops mw = SAC_MIDDLEWARE_OPS(.name = "guard", .flags = SAC_INLINE,
                                                     .before = refusing_before, .after = app_after);
    fixture fx;

    (void)state;
    memset(&seen, 0, sizeof seen);
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_use(fx.app, &group_mw, &seen, NULL), SAC_OK);
    CHECK_INT(sac_app_use(fx.app, &mw, &seen, NULL), SAC_OK);
    CHECK_INT(sac_app_use(fx.app, &app_mw, &seen, NULL), SAC_OK);
    fixture_mount(&fx, "/view", &view, &seen);
    CHECK_INT(fixture_get(&fx, "GET", "/view"), 401);
    assert_string_equal(seen.text, "G no a g tv ta tg ");
    CHECK(contains(fx.reply.body, "sign in"));
    fixture_free(&fx);
}

static void test_dispatch__takes_the_answer_of_a_before(void **state)
{
    sac_view_ops early = view;
    fixture fx;

    (void)state;
    early.before = answering_before;
    start(&fx, NULL, &early);
    CHECK_INT(fixture_get(&fx, "GET", "/g/view"), 203);
    CHECK_STR(fx.reply.body, "instead");
    assert_string_equal(seen.text, "A G yes v g a tv tg ta ");
    fixture_free(&fx);
}

static void test_dispatch__lets_middleware_answer_for_a_404(void **state)
{
    const sac_middleware_ops mw = SAC_MIDDLEWARE_OPS(.name = "preflight", .flags = SAC_INLINE,
                                                     .before = answering_before);
    fixture fx;

    (void)state;
    memset(&seen, 0, sizeof seen);
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_use(fx.app, &mw, &seen, NULL), SAC_OK);
    CHECK_INT(fixture_get(&fx, "OPTIONS", "/none"), 203);
    CHECK_INT(fixture_get(&fx, "BREW", "/none"), 203);
    fixture_free(&fx);
}

static int silent(void *self, sac_req *req)
{
    (void)self;
    (void)req;
    return 0;
}

static int bare_error(void *self, sac_req *req)
{
    (void)req;
    return *(const int *)self;
}

static int later(void *self, sac_req *req)
{
    (void)self;
    (void)req;
    return SAC_LATER;
}

static void test_dispatch__logs_a_handler_without_an_answer(void **state)
{
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "mute", .flags = SAC_INLINE, .get = silent,
                                          .post = later);
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/mute", &ops, NULL);
    CHECK_INT(fixture_get(&fx, "GET", "/mute"), 500);
    CHECK(strstr(fx.log, "GET /mute: 500, error "));
    CHECK(strstr(fx.log, "view mute: the handler returned without an answer"));
    CHECK(!contains(fx.reply.body, "mute"));
    CHECK(contains(fx.reply.body, "\"detail\":\"error "));
    CHECK_INT(fixture_get(&fx, "POST", "/mute"), 500);
    fixture_free(&fx);
}

static void test_dispatch__maps_a_bare_error_to_its_status(void **state)
{
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "bare", .flags = SAC_INLINE, .get = bare_error);
    int code = SAC_ENOTFOUND;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/bare", &ops, &code);
    CHECK_INT(fixture_get(&fx, "GET", "/bare"), 404);
    assert_string_equal(fx.log, "");
    code = SAC_ECONFLICT;
    CHECK_INT(fixture_get(&fx, "GET", "/bare"), 409);
    CHECK(contains(fx.reply.body, "\"conflict\""));
    code = SAC_EIO;
    CHECK_INT(fixture_get(&fx, "GET", "/bare"), 500);
    CHECK(strstr(fx.log, "view bare: handler: input/output error"));
    code = 7;
    CHECK_INT(fixture_get(&fx, "GET", "/bare"), 500);
    code = -12345;
    CHECK_INT(fixture_get(&fx, "GET", "/bare"), 500);
    fixture_free(&fx);
}

static int passing(void *self, sac_req *req, const sac_next *next)
{
    (void)self;
    return sac_next_run(next, req);
}

static int super_get(void *self, sac_req *req)
{
    add(self, "top");
    return sac_super(self, req);
}

static int middle_get(void *self, sac_req *req)
{
    int rc;

    add(self, "mid");
    rc = sac_super(self, req);
    CHECK_INT(rc, 0);
    return sac_reply_header(req, "X-Mid", sac_str_of("1"));
}

static int bottom_get(void *self, sac_req *req)
{
    add(self, "low");
    CHECK_INT(sac_super(self, req), SAC_EMETHOD);
    return sac_reply_text(req, 200, "low");
}

static void test_super__goes_down_the_tables(void **state)
{
    const sac_view_ops low = SAC_VIEW_OPS(.name = "low", .get = bottom_get, .put = view_get);
    const sac_view_ops mid = SAC_VIEW_OPS(.name = "mid", .super = &low, .get = middle_get);
    const sac_view_ops gap = SAC_VIEW_OPS(.name = "gap", .super = &mid);
    const sac_view_ops top = SAC_VIEW_OPS(.name = "top", .super = &gap, .get = super_get);
    fixture fx;

    (void)state;
    memset(&seen, 0, sizeof seen);
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/top", &top, &seen);
    CHECK_INT(fixture_get(&fx, "GET", "/top"), 200);
    assert_string_equal(seen.text, "top mid low ");
    CHECK_FIELD(&fx, "x-mid", "1");
    CHECK_INT(fixture_get(&fx, "PUT", "/top"), 200);
    CHECK_INT(fixture_get(&fx, "OPTIONS", "/top"), 204);
    CHECK_FIELD(&fx, "allow", "GET, HEAD, PUT, OPTIONS");
    fixture_free(&fx);
}

static pthread_t main_thread;

static int where_get(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_text(req, 200, pthread_equal(pthread_self(), main_thread) ? "here" : "away");
}

static void test_dispatch__runs_inline_chains_on_the_hosts_thread(void **state)
{
    const sac_decorator blocking_row[] = {{.fn = passing}, {.fn = NULL}};
    const sac_decorator post_row[] = {{.fn = passing, .methods = SAC_POST}, {.fn = NULL}};
    const sac_view_ops in = SAC_VIEW_OPS(.name = "in", .flags = SAC_INLINE, .get = where_get);
    const sac_view_ops out = SAC_VIEW_OPS(.name = "out", .get = where_get);
    const sac_view_ops wrapped = SAC_VIEW_OPS(.name = "wrapped", .flags = SAC_INLINE,
                                              .get = where_get, .decorators = blocking_row);
    const sac_view_ops other = SAC_VIEW_OPS(.name = "other", .flags = SAC_INLINE, .get = where_get,
                                            .decorators = post_row);
    const sac_view_ops derived = SAC_VIEW_OPS(.name = "derived", .super = &out, .flags = SAC_INLINE,
                                              .post = where_get);
    const sac_middleware_ops slow = SAC_MIDDLEWARE_OPS(.name = "slow", .after = silent);
    sac_app *group;
    fixture fx;

    (void)state;
    main_thread = pthread_self();
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/in", &in, NULL);
    fixture_mount(&fx, "/out", &out, NULL);
    fixture_mount(&fx, "/wrapped", &wrapped, NULL);
    fixture_mount(&fx, "/other", &other, NULL);
    fixture_mount(&fx, "/derived", &derived, NULL);
    CHECK_INT(sac_app_group(fx.app, "/slow", &group, NULL), SAC_OK);
    CHECK_INT(sac_app_use(group, &slow, NULL, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(group, "/in", &in, NULL, NULL), SAC_OK);

    CHECK_INT(fixture_get(&fx, "GET", "/in"), 200);
    CHECK_STR(fx.reply.body, "here");
    CHECK_INT(fixture_get(&fx, "GET", "/out"), 200);
    CHECK_STR(fx.reply.body, "away");
    CHECK_INT(fixture_get(&fx, "GET", "/wrapped"), 200);
    CHECK_STR(fx.reply.body, "away");
    CHECK_INT(fixture_get(&fx, "GET", "/other"), 200);
    CHECK_STR(fx.reply.body, "here");
    CHECK_INT(fixture_get(&fx, "GET", "/derived"), 200);
    CHECK_STR(fx.reply.body, "away");
    CHECK_INT(fixture_get(&fx, "POST", "/derived"), 200);
    CHECK_STR(fx.reply.body, "here");
    CHECK_INT(fixture_get(&fx, "GET", "/slow/in"), 200);
    CHECK_STR(fx.reply.body, "away");
    CHECK_INT(fixture_get(&fx, "GET", "/slow/none"), 404);
    fixture_free(&fx);
}

static void test_mount__of_the_library_says_what_does_not_wait(void **state)
{
    const sac_view_ops own = SAC_VIEW_OPS(.name = "own", .get = where_get, .post = where_get);
    fixture fx;

    (void)state;
    main_thread = pthread_self();
    fixture_new(&fx, NULL);
    CHECK_INT(sac__app_mount(fx.app, "/own", &own, NULL, SAC_GET, NULL), SAC_OK);
    CHECK_INT(fixture_get(&fx, "GET", "/own"), 200);
    CHECK_STR(fx.reply.body, "here");
    CHECK_INT(fixture_get(&fx, "POST", "/own"), 200);
    CHECK_STR(fx.reply.body, "away");
    fixture_free(&fx);
}

static void test_group__is_found_by_its_longest_prefix(void **state)
{
    static trace t;
    sac_app *outer;
    sac_app *inner;
    fixture fx;

    (void)state;
    memset(&t, 0, sizeof t);
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_group(fx.app, "/a/{tenant}", &outer, NULL), SAC_OK);
    CHECK_INT(sac_app_group(outer, "/b", &inner, NULL), SAC_OK);
    CHECK_INT(sac_app_use(outer, &app_mw, &t, NULL), SAC_OK);
    CHECK_INT(sac_app_use(inner, &group_mw, &t, NULL), SAC_OK);
    CHECK_INT(fixture_get(&fx, "GET", "/a"), 404);
    assert_string_equal(t.text, "");
    CHECK_INT(fixture_get(&fx, "GET", "/a/x/none"), 404);
    assert_string_equal(t.text, "A a ta ");
    t.text[0] = '\0';
    CHECK_INT(fixture_get(&fx, "GET", "/a/x/b/none"), 404);
    assert_string_equal(t.text, "A G g a tg ta ");
    t.text[0] = '\0';
    CHECK_INT(fixture_get(&fx, "GET", "/a/x/bc"), 404);
    assert_string_equal(t.text, "A a ta ");
    t.text[0] = '\0';
    CHECK_INT(fixture_get(&fx, "GET", "/%61/x/%62/none"), 404);
    assert_string_equal(t.text, "A G g a tg ta ");
    fixture_free(&fx);
}

static int kept_before(void *self, sac_req *req)
{
    return sac_req_set(req, &trace_key, self);
}

static int kept_get(void *self, sac_req *req)
{
    CHECK(sac_req_get(req, &trace_key) == self);
    CHECK(sac_req_get(req, self) == NULL);
    CHECK_INT(sac_req_set(req, &trace_key, NULL), SAC_OK);
    CHECK(sac_req_get(req, &trace_key) == NULL);
    return sac_reply_text(req, 200, "kept");
}

static void test_req__keeps_values(void **state)
{
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "kept", .flags = SAC_INLINE,
                                          .before = kept_before, .get = kept_get);
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/kept", &ops, &fx);
    CHECK_INT(fixture_get(&fx, "GET", "/kept"), 200);
    fixture_free(&fx);
}

static int failing_after(void *self, sac_req *req)
{
    (void)self;
    return sac_fail(req, SAC_EIO, "after broke");
}

static void test_dispatch__an_after_may_fail(void **state)
{
    const sac_middleware_ops mw = SAC_MIDDLEWARE_OPS(.name = "bad", .flags = SAC_INLINE,
                                                     .after = failing_after);
    fixture fx;

    (void)state;
    memset(&seen, 0, sizeof seen);
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_use(fx.app, &app_mw, &seen, NULL), SAC_OK);
    CHECK_INT(sac_app_use(fx.app, &mw, NULL, NULL), SAC_OK);
    fixture_mount(&fx, "/view", &view, &seen);
    CHECK_INT(fixture_get(&fx, "GET", "/view"), 500);
    CHECK(strstr(fx.log, "after broke"));
    assert_string_equal(seen.text, "A V ( [ get ] ) v a tv ta ");
    fixture_free(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dispatch__runs_everything_in_order),
        cmocka_unit_test(test_dispatch__runs_alike_on_workers_and_without),
        cmocka_unit_test(test_dispatch__runs_middleware_for_404_of_a_group),
        cmocka_unit_test(test_dispatch__answers_405_with_allow),
        cmocka_unit_test(test_dispatch__answers_501_for_an_unknown_method),
        cmocka_unit_test(test_dispatch__answers_options),
        cmocka_unit_test(test_dispatch__runs_get_for_head),
        cmocka_unit_test(test_dispatch__skips_the_rest_after_a_refusal),
        cmocka_unit_test(test_dispatch__takes_the_answer_of_a_before),
        cmocka_unit_test(test_dispatch__lets_middleware_answer_for_a_404),
        cmocka_unit_test(test_dispatch__logs_a_handler_without_an_answer),
        cmocka_unit_test(test_dispatch__maps_a_bare_error_to_its_status),
        cmocka_unit_test(test_super__goes_down_the_tables),
        cmocka_unit_test(test_dispatch__runs_inline_chains_on_the_hosts_thread),
        cmocka_unit_test(test_mount__of_the_library_says_what_does_not_wait),
        cmocka_unit_test(test_group__is_found_by_its_longest_prefix),
        cmocka_unit_test(test_req__keeps_values),
        cmocka_unit_test(test_dispatch__an_after_may_fail)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

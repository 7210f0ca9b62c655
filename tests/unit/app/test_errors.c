/* SPDX-License-Identifier: MIT */
#include "raw_host.h"

/* The program's own words on errors: which handler runs, what it is told, what it may do. */

typedef struct page {
    const char *name; /* what it answers with; NULL: it leaves it to the library */
    int calls;
    sac_problem_info seen;
    char detail[200], fields[200];
} page;

static void see(page *p, sac_req *req)
{
    const sac_problem_info *info = sac_req_problem(req);
    sac_str field, message;
    size_t n = 0;

    CHECK(info != NULL);
    p->seen = *info;
    CHECK_INT(p->seen.size, sizeof p->seen);
    CHECK_INT(p->seen.status, sac_reply_status(req));
    snprintf(p->detail, sizeof p->detail, "%.*s", (int)p->seen.detail.n,
             p->seen.detail.p ? p->seen.detail.p : "");
    p->fields[0] = '\0';
    for (size_t i = 0; sac_req_problem_field(req, i, &field, &message); i++)
        n += (size_t)snprintf(p->fields + n, sizeof p->fields - n, "%.*s=%.*s;", (int)field.n,
                              field.p, (int)message.n, message.p);
}

static int show(void *self, sac_req *req)
{
    page *p = self;

    p->calls++;
    see(p, req);
    return p->name ? sac_reply_text(req, p->seen.status, p->name) : 0;
}

/* The path says how it fails. */
static int fail_get(void *self, sac_req *req)
{
    const sac_str how = sac_req_param(req, "how");

    (void)self;
    CHECK(!sac_req_problem(req));
    CHECK(!sac_req_problem_field(req, 0, NULL, NULL));
    if (sac_str_is(how, "missing"))
        return sac_fail(req, SAC_ENOTFOUND, "no such thing");
    if (sac_str_is(how, "long"))
        return sac_problem(req, "list_too_long", NULL);
    if (sac_str_is(how, "fields")) {
        (void)sac_fail_field(req, "a", "is %s", "bad");
        return sac_fail_field(req, "b.c", "too");
    }
    if (sac_str_is(how, "broken"))
        return sac_fail(req, SAC_EIO, "the secret pipe burst");
    return sac_reply_text(req, 200, "fine");
}

static const sac_view_ops view = SAC_VIEW_OPS(.name = "fails", .flags = SAC_INLINE,
                                              .get = fail_get);

static void on_error(sac_app *app, int status, page *p, const char *name)
{
    p->name = name;
    CHECK_INT(sac_app_on_error(app, status, show, p, NULL), SAC_OK);
}

static void on_problem(sac_app *app, const char *code, page *p, const char *name)
{
    p->name = name;
    CHECK_INT(sac_app_on_problem(app, code, show, p, NULL), SAC_OK);
}

static void check_page(fixture *fx, const char *target, int status, const char *body)
{
    CHECK_INT(fixture_get(fx, "GET", target), status);
    CHECK_STR(fx->reply.body, body);
    CHECK_FIELD(fx, "content-type", "text/plain; charset=utf-8");
}

static void test_error_handler__is_the_one_that_fits_best(void **state)
{
    page any = {.name = NULL}, gone = {.name = NULL}, bad = {.name = NULL}, lists = {.name = NULL};
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/{how}", &view, NULL);
    on_problem(fx.app, "list_too_long", &lists, "lists");
    on_error(fx.app, 0, &any, "any");
    on_error(fx.app, 400, &bad, "bad");
    on_error(fx.app, 404, &gone, "gone");
    check_page(&fx, "/long", 400, "lists");
    check_page(&fx, "/missing", 404, "gone");
    check_page(&fx, "/fields", 422, "any");
    check_page(&fx, "/missing/too", 404, "gone");
    CHECK_INT(fixture_get_with(&fx, "GET", "/missing", "Host: a b"), 400);
    CHECK_STR(fx.reply.body, "bad");
    CHECK_INT(fixture_get(&fx, "DELETE", "/missing"), 405);
    CHECK_STR(fx.reply.body, "any");
    CHECK_FIELD(&fx, "allow", "GET, HEAD, OPTIONS");
    CHECK_INT(fixture_get(&fx, "GET", "/fine"), 200);
    CHECK_STR(fx.reply.body, "fine");
    CHECK_INT(any.calls, 2);
    fixture_free(&fx);
}

static void test_error_handler__is_the_innermost_groups(void **state)
{
    page app_any = {.name = NULL}, app_gone = {.name = NULL}, outer_any = {.name = NULL},
         inner_gone = {.name = NULL};
    sac_app *outer, *inner;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_group(fx.app, "/o/{tenant}", &outer, NULL), SAC_OK);
    CHECK_INT(sac_app_group(outer, "/i", &inner, NULL), SAC_OK);
    fixture_mount(&fx, "/{how}", &view, NULL);
    CHECK_INT(sac_app_mount(outer, "/{how}", &view, NULL, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(inner, "/{how}", &view, NULL, NULL), SAC_OK);
    on_error(fx.app, 0, &app_any, "app");
    on_problem(fx.app, "not_found", &app_gone, "app 404");
    on_error(outer, 0, &outer_any, "outer");
    on_error(inner, 404, &inner_gone, "inner 404");
    check_page(&fx, "/missing", 404, "app 404");
    check_page(&fx, "/fields", 422, "app");
    check_page(&fx, "/o/x/missing", 404, "outer"); /* before a better fit further out */
    check_page(&fx, "/o/x/i/missing", 404, "inner 404");
    check_page(&fx, "/o/x/i/fields", 422, "outer");
    /* Without a route too. */
    check_page(&fx, "/o/x/i/no/such", 404, "inner 404");
    check_page(&fx, "/o/x/no/such", 404, "outer");
    check_page(&fx, "/x/y", 404, "app 404");
    CHECK_INT(fixture_get(&fx, "PUT", "/o/x/i/missing"), 405);
    CHECK_STR(fx.reply.body, "outer");
    CHECK_INT(fixture_get(&fx, "BREW", "/o/x/i/missing"), 501);
    CHECK_STR(fx.reply.body, "outer");
    fixture_free(&fx);
}

static void test_error_handler__is_told_what_happened(void **state)
{
    page p = {.name = NULL};
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/{how}", &view, NULL);
    on_error(fx.app, 0, &p, NULL);
    CHECK_INT(fixture_get(&fx, "GET", "/fields"), 422);
    assert_string_equal(p.seen.code, "validation");
    assert_string_equal(p.seen.title, "Validation failed");
    assert_string_equal(p.fields, "a=is bad;b.c=too;");
    CHECK_INT(p.seen.n_errors, 2);
    /* It left the answer to the library. */
    CHECK(contains(fx.reply.body, "\"errors\":{\"a\":[\"is bad\"],\"b.c\":[\"too\"]}"));
    CHECK_INT(fixture_get(&fx, "GET", "/missing"), 404);
    assert_string_equal(p.detail, "no such thing");
    CHECK_INT(p.seen.n_errors, 0);
    CHECK_INT(fixture_get(&fx, "GET", "/broken"), 500);
    assert_string_equal(p.seen.code, "internal");
    CHECK(strncmp(p.detail, "error ", 6) == 0); /* its id; the rest is in the log */
    CHECK(strstr(fx.log, p.detail) && strstr(fx.log, "the secret pipe burst"));
    CHECK_INT(p.calls, 3);
    fixture_free(&fx);
}

static int fail_in_after(void *self, sac_req *req)
{
    const sac_problem_info *info = sac_req_problem(req);

    if (info && info->status == 404)
        *(int *)self += 1;
    return sac_problem(req, "conflict", "after");
}

static int fail_behind(void *self, sac_req *req, const sac_next *next)
{
    (void)self;
    (void)!sac_next_run(next, req);
    return sac_problem(req, "too_many_requests", "decorator");
}

static int recover(void *self, sac_req *req, const sac_next *next)
{
    const sac_problem_info *info;

    (void)self;
    CHECK(sac_next_run(next, req) < 0);
    info = sac_req_problem(req);
    CHECK(info != NULL);
    if (info->status == 500)
        CHECK(!info->detail.p); /* not even before it is logged */
    CHECK_INT(sac_reply_text(req, 200, "recovered"), 0);
    CHECK(!sac_req_problem(req));
    return 0;
}

/* Whoever sets a problem, and whenever: its handler runs. */
static void test_error_handler__runs_for_every_problem(void **state)
{
    const sac_decorator behind_rows[] = {{.fn = fail_behind, .flags = SAC_INLINE}, {.fn = NULL}};
    const sac_decorator recover_rows[] = {{.fn = recover, .flags = SAC_INLINE}, {.fn = NULL}};
    const sac_view_ops behind = SAC_VIEW_OPS(.name = "behind", .super = &view, .flags = SAC_INLINE,
                                             .decorators = behind_rows);
    const sac_view_ops recovers = SAC_VIEW_OPS(.name = "recovers", .super = &view,
                                               .flags = SAC_INLINE, .decorators = recover_rows);
    const sac_view_ops after = SAC_VIEW_OPS(.name = "after", .flags = SAC_INLINE, .get = fail_get,
                                            .after = fail_in_after);
    const sac_middleware_ops mw = SAC_MIDDLEWARE_OPS(.name = "mw", .flags = SAC_INLINE,
                                                     .after = fail_in_after);
    page conflict = {.name = NULL}, many = {.name = NULL}, gone = {.name = NULL};
    int saw_404 = 0, mw_saw = 0;
    sac_app *group;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_group(fx.app, "/g", &group, NULL), SAC_OK);
    CHECK_INT(sac_app_use(group, &mw, &mw_saw, NULL), SAC_OK);
    fixture_mount(&fx, "/behind/{how}", &behind, NULL);
    fixture_mount(&fx, "/recovers/{how}", &recovers, NULL);
    fixture_mount(&fx, "/after/{how}", &after, &saw_404);
    CHECK_INT(sac_app_mount(group, "/{how}", &view, NULL, NULL), SAC_OK);
    on_problem(fx.app, "conflict", &conflict, "conflict");
    on_error(fx.app, 429, &many, "many");
    on_error(fx.app, 404, &gone, "gone");
    check_page(&fx, "/behind/missing", 429, "many");
    CHECK_INT(gone.calls, 0);
    check_page(&fx, "/recovers/missing", 200, "recovered");
    check_page(&fx, "/recovers/broken", 200, "recovered");
    CHECK_INT(gone.calls, 0);
    assert_string_equal(fx.log, "");
    check_page(&fx, "/after/fine", 409, "conflict");
    check_page(&fx, "/after/missing", 409, "conflict");
    CHECK_INT(gone.calls, 1);
    CHECK_INT(saw_404, 1); /* though a handler has answered it by then */
    check_page(&fx, "/g/missing", 409, "conflict");
    check_page(&fx, "/g/none/at/all", 409, "conflict");
    CHECK_INT(mw_saw, 2);
    fixture_free(&fx);
}

static int bad_handler(void *self, sac_req *req)
{
    const int *how = self;

    switch (*how) {
    case 0: return SAC_EIO;
    case 1: return sac_fail(req, SAC_ENOTFOUND, "again");
    case 2: return SAC_LATER;
    default: (void)!sac_reply_text(req, 200, "half"); return SAC_EIO;
    }
}

static void test_error_handler__that_fails_is_500(void **state)
{
    page internal = {.name = NULL};

    (void)state;
    for (int how = 0; how < 4; how++) {
        fixture fx;

        fixture_new(&fx, NULL);
        fixture_mount(&fx, "/{how}", &view, NULL);
        on_problem(fx.app, "internal", &internal, "internal");
        CHECK_INT(sac_app_on_error(fx.app, 0, bad_handler, &how, NULL), SAC_OK);
        CHECK_INT(fixture_get(&fx, "GET", "/missing"), 500);
        CHECK_FIELD(&fx, "content-type", "application/problem+json");
        CHECK(contains(fx.reply.body, "\"code\":\"internal\""));
        CHECK(strstr(fx.log, "view fails: the error handler of not_found failed: "));
        CHECK_INT(internal.calls, 0); /* no handler for its failure */
        fixture_free(&fx);
    }
}

static int park_handler(void *self, sac_req *req)
{
    sac_ticket *ticket;

    CHECK_INT(sac_req_park(req, self ? NULL : park_handler, NULL, &ticket), SAC_EINVAL);
    return sac_reply_text(req, 404, "waited not");
}

static void test_error_handler__may_not_park(void **state)
{
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_on_error(fx.app, 404, park_handler, NULL, NULL), SAC_OK);
    check_page(&fx, "/none", 404, "waited not");
    fixture_free(&fx);
}

static int slow_after(void *self, sac_req *req)
{
    (void)self;
    (void)req;
    return 0;
}

static int stall(void *self, sac_req *req)
{
    gate_wait(self);
    return sac_reply_text(req, 200, "went on");
}

/* Middleware that may wait is passed over when there is no worker; the handler is not. */
static void test_error_handler__runs_when_the_queue_is_full(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = 1, .max_jobs = 1);
    const sac_middleware_ops slow = SAC_MIDDLEWARE_OPS(.name = "slow", .after = slow_after);
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "stall", .get = stall);
    sac_exchange *exchange[6];
    int refused = 0;
    page full = {.name = NULL};
    sac_app *group;
    raw_host host;
    fixture fx;
    gate go;

    (void)state;
    gate_init(&go);
    raw_init(&host);
    fixture_new(&fx, &config);
    CHECK_INT(sac_app_group(fx.app, "/g", &group, NULL), SAC_OK);
    CHECK_INT(sac_app_use(group, &slow, NULL, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(group, "/x", &ops, &go, NULL), SAC_OK);
    on_error(group, 503, &full, "full");
    CHECK_INT(sac_app_seal(fx.app, NULL), SAC_OK);
    for (int i = 0; i < 6; i++) {
        exchange[i] = raw_open(&host, fx.app);
        CHECK_INT(raw_head(exchange[i], "GET", "/g/x", 0), SAC_OK);
        CHECK_INT(sac_exchange_end(exchange[i]), SAC_OK);
    }
    gate_open(&go);
    for (int i = 0; i < 6; i++) {
        const sac_answer *answer = raw_answer(&host, exchange[i]);

        if (answer->status == 503) {
            CHECK_STR(answer->bytes, "full");
            refused++;
        }
        sac_exchange_close(exchange[i]);
    }
    CHECK(refused >= 3);
    CHECK_INT(full.calls, refused);
    fixture_free(&fx);
    raw_fini(&host);
    gate_fini(&go);
}

static void test_error_handler__is_checked(void **state)
{
    sac_err err = {.code = 0};
    page p = {.name = NULL};
    sac_app *group;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_group(fx.app, "/g", &group, NULL), SAC_OK);
    CHECK_INT(sac_app_on_error(fx.app, 404, NULL, &p, NULL), SAC_EINVAL);
    CHECK_INT(sac_app_on_error(fx.app, 399, show, &p, NULL), SAC_EINVAL);
    CHECK_INT(sac_app_on_error(fx.app, 600, show, &p, &err), SAC_EINVAL);
    CHECK(strstr(err.text, "400 to 599"));
    CHECK_INT(sac_app_on_problem(fx.app, "not_found", NULL, &p, NULL), SAC_EINVAL);
    CHECK_INT(sac_app_on_problem(fx.app, NULL, show, &p, NULL), SAC_EINVAL);
    CHECK_INT(sac_app_on_problem(fx.app, "no_such", show, &p, &err), SAC_EINVAL);
    CHECK(strstr(err.text, "no_such"));
    CHECK_INT(sac_app_on_error(fx.app, 404, show, &p, NULL), SAC_OK);
    CHECK_INT(sac_app_on_error(group, 404, show, &p, NULL), SAC_OK);
    CHECK_INT(sac_app_on_problem(fx.app, "not_found", show, &p, NULL), SAC_OK);
    CHECK_INT(sac_app_on_error(fx.app, 404, show, &p, &err), SAC_EEXIST);
    CHECK(strstr(err.text, "404"));
    CHECK_INT(sac_app_on_problem(fx.app, "not_found", show, &p, &err), SAC_EEXIST);
    CHECK(strstr(err.text, "not_found"));
    CHECK_INT(sac_app_seal(fx.app, NULL), SAC_OK);
    CHECK_INT(sac_app_on_error(fx.app, 500, show, &p, NULL), SAC_EINVAL);
    CHECK_INT(sac_app_on_problem(fx.app, "internal", show, &p, NULL), SAC_EINVAL);
    fixture_free(&fx);
}

static int build(const sac_alloc *alloc, page *p, sac_app **app)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS, .alloc = alloc);
    sac_app *group;
    int rc = sac_app_new(&config, app, NULL);

    if (rc == SAC_OK)
        rc = sac_app_group(*app, "/g", &group, NULL);
    if (rc == SAC_OK)
        rc = sac_app_mount(group, "/{how}", &view, NULL, NULL);
    for (int status = 400; status < 500 && rc == SAC_OK; status++)
        rc = sac_app_on_error(group, status, show, p, NULL);
    if (rc == SAC_OK)
        rc = sac_app_on_problem(group, "validation", show, p, NULL);
    return rc == SAC_OK ? sac_app_seal(*app, NULL) : rc;
}

/* While the app is built, then while it answers. */
static void test_error_handler__survives_oom(void **state)
{
    int rc = SAC_ENOMEM;
    fault_alloc fault;
    bool whole = false;

    (void)state;
    for (long n = 0; rc != SAC_OK; n++) {
        page p = {.name = "page"};
        sac_app *app = NULL;

        CHECK(n < 100);
        rc = build(fault_alloc_init(&fault, n), &p, &app);
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        sac_app_free(app);
        CHECK_INT(fault.live, 0);
    }
    for (long n = 0; !whole; n++) {
        const sac_answer *answer;
        page p = {.name = "page"};
        sac_exchange *exchange = NULL;
        sac_app *app;
        raw_host host;

        CHECK(n < 100);
        CHECK_INT(build(fault_alloc_init(&fault, -1), &p, &app), SAC_OK);
        raw_init(&host);
        fault.left = n;
        rc = sac_exchange_open(app, &raw_ops, &host, &exchange);
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        if (rc == SAC_OK) {
            if (raw_head(exchange, "GET", "/g/fields", 0) == SAC_OK)
                CHECK_INT(sac_exchange_end(exchange), SAC_OK);
            answer = raw_answer(&host, exchange);
            whole = answer->status == 422;
            CHECK(whole || answer->status == 500);
            if (whole)
                CHECK_STR(answer->bytes, "page");
        }
        sac_exchange_close(exchange);
        sac_app_free(app);
        raw_fini(&host);
        CHECK_INT(fault.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_handler__is_the_one_that_fits_best),
        cmocka_unit_test(test_error_handler__is_the_innermost_groups),
        cmocka_unit_test(test_error_handler__is_told_what_happened),
        cmocka_unit_test(test_error_handler__runs_for_every_problem),
        cmocka_unit_test(test_error_handler__that_fails_is_500),
        cmocka_unit_test(test_error_handler__may_not_park),
        cmocka_unit_test(test_error_handler__runs_when_the_queue_is_full),
        cmocka_unit_test(test_error_handler__is_checked),
        cmocka_unit_test(test_error_handler__survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

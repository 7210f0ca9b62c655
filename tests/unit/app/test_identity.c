/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <pthread.h>

#include <sacrum/identity.h>

#include "app/app.h"
#include "app/identity/identity.h"
#include "app/req.h"

/* Authenticators that read a header, and what stands before the views. */

static const sac_str admin_roles[] = {{"staff", 5}, {"admin", 5}};
static const sac_str read_scopes[] = {{"read", 4}};

/* What an authenticator was asked. */
typedef struct asked {
    int times;
    bool on_worker;
} asked;

/* `X-User: ann`, `!…` is wrong, `?…` breaks, `root` has roles, `token` is limited. */
static int identify_user(void *self, sac_req *req, sac_identity *out)
{
    const sac_str user = sac_req_header(req, "x-user");
    asked *seen = self;

    if (seen)
        seen->times++;
    if (seen)
        seen->on_worker = sac__req_may_wait(req);
    if (!user.p)
        return 0;
    if (user.p[0] == '!')
        return sac_fail(req, SAC_EUNAUTHORIZED, "a wrong one");
    if (user.p[0] == '?')
        return SAC_EUNAVAILABLE;
    if (user.p[0] == '*')
        return sac_problem(req, "too_many_requests", NULL);
    out->id = sac_req_str_value(req, user);
    out->name = user;
    if (sac_str_is(user, "root")) {
        out->roles = admin_roles;
        out->n_roles = 2;
    }
    if (sac_str_is(user, "token")) {
        out->scopes = read_scopes;
        out->n_scopes = 1;
        out->scoped = true;
    }
    return 1;
}

static int identify_other(void *self, sac_req *req, sac_identity *out)
{
    const sac_str user = sac_req_header(req, "x-other");

    (void)self;
    if (!user.p)
        return 0;
    out->name = user;
    out->ambient = true;
    return 1;
}

static const sac_authenticator_ops by_user = SAC_AUTHENTICATOR_OPS(.name = "user",
                                                                   .flags = SAC_INLINE,
                                                                   .identify = identify_user);
static const sac_authenticator_ops by_bearer = SAC_AUTHENTICATOR_OPS(.name = "bearer",
                                                                     .flags = SAC_INLINE,
                                                                     .identify = identify_user,
                                                                     .challenge = "Bearer");
static const sac_authenticator_ops by_other = SAC_AUTHENTICATOR_OPS(.name = "other",
                                                                    .flags = SAC_INLINE,
                                                                    .identify = identify_other,
                                                                    .challenge = "Other");
static const sac_authenticator_ops by_waiting = SAC_AUTHENTICATOR_OPS(.name = "waiting",
                                                                      .identify = identify_user);

static int say_who(void *self, sac_req *req)
{
    const sac_identity *who = sac_req_identity(req);

    (void)self;
    if (who != sac_req_identity(req))
        return SAC_EIO;
    return who ? sac_reply_jsonf(req, 200, "{\"who\": \"%.*s\", \"by\": \"%s\"}", (int)who->name.n,
                                 who->name.p, who->scheme)
               : sac_reply_json(req, 200, sac_str_of("{\"who\": null}"));
}

static int say_hello(void *self, sac_req *req)
{
    int rc = 0;

    if (self)
        rc = sac_reply_header(req, "Cache-Control", sac_str_of(self));
    return rc ? rc : sac_reply_text(req, 200, "hello");
}

static int change(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_text(req, 200, "changed");
}

static const sac_view_ops open_view = SAC_VIEW_OPS(.name = "open", .flags = SAC_INLINE,
                                                   .get = say_who);
static const sac_decorator members_only[] = {SAC_LOGIN_REQUIRED, {.fn = NULL}};
static const sac_decorator writers_only[] = {
    {.fn = sac_login_required, .methods = SAC_POST, .flags = SAC_INLINE | SAC_GUARD}, {.fn = NULL}};
static const sac_decorator page_only[] = {SAC_LOGIN_REQUIRED_PAGE, {.fn = NULL}};
static const sac_decorator admins_only[] = {SAC_ROLE_REQUIRED("admin"), {.fn = NULL}};
static const sac_decorator readers_only[] = {SAC_SCOPE_REQUIRED("read"), {.fn = NULL}};
static const sac_decorator robots_only[] = {SAC_SCOPE_REQUIRED("write"), {.fn = NULL}};

#define GUARDED(view, rows)                                                             \
    static const sac_view_ops view = SAC_VIEW_OPS(.name = #view, .flags = SAC_INLINE,   \
                                                  .decorators = rows, .get = say_hello, \
                                                  .post = change)
GUARDED(members, members_only);
GUARDED(writers, writers_only);
GUARDED(pages, page_only);
GUARDED(admins, admins_only);
GUARDED(readers, readers_only);
GUARDED(robots, robots_only);

static void add_way(fixture *fx, const sac_authenticator_ops *ops, void *self)
{
    CHECK_INT(sac_app_authenticator(fx->app, ops, self, NULL), SAC_OK);
}

static void start(fixture *fx, const sac_authenticator_ops *first, void *self)
{
    fixture_new(fx, NULL);
    if (first)
        add_way(fx, first, self);
    fixture_mount(fx, "/open", &open_view, NULL);
    fixture_mount(fx, "/members", &members, NULL);
    fixture_mount(fx, "/writers", &writers, NULL);
    fixture_mount(fx, "/admins", &admins, NULL);
    fixture_mount(fx, "/readers", &readers, NULL);
    fixture_mount(fx, "/robots", &robots, NULL);
    fixture_mount(fx, "/page/{path:path}", &pages, NULL);
}

static void check_private(const fixture *fx)
{
    CHECK_FIELD(fx, "cache-control", "private, no-cache");
    CHECK_FIELD(fx, "vary", "Cookie, Authorization");
}

static void test_identity__is_nobody_without_authenticators(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, NULL, NULL);
    CHECK_INT(fixture_get_with(&fx, "GET", "/open", "X-User: ann"), 200);
    CHECK_STR(fx.reply.body, "{\"who\": null}");
    CHECK_INT(fixture_get(&fx, "GET", "/members"), 401);
    fixture_free(&fx);
}

static void test_identity__is_found_out_once(void **state)
{
    asked seen = {.times = 0};
    fixture fx;

    (void)state;
    start(&fx, &by_user, &seen);
    CHECK_INT(fixture_get_with(&fx, "GET", "/open", "X-User: ann"), 200);
    CHECK_STR(fx.reply.body, "{\"who\": \"ann\", \"by\": \"user\"}");
    CHECK_INT(seen.times, 1);
    CHECK(!seen.on_worker);
    CHECK_FIELD(&fx, "vary", "Cookie, Authorization");
    CHECK_NO_FIELD(&fx, "cache-control");
    CHECK_INT(fixture_get(&fx, "GET", "/open"), 200);
    CHECK_STR(fx.reply.body, "{\"who\": null}");
    CHECK_INT(seen.times, 2);
    fixture_free(&fx);
}

static void test_identity__is_asked_in_order_and_wrong_ones_end_it(void **state)
{
    static const char *const both[] = {"X-User: ann", "X-Other: bob", NULL};
    static const char *const wrong[] = {"X-User: !ann", "X-Other: bob", NULL};
    sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "GET", .target = "/open");
    fixture fx;

    (void)state;
    start(&fx, &by_user, NULL);
    add_way(&fx, &by_other, NULL);
    CHECK_INT(fixture_get_with(&fx, "GET", "/open", "X-Other: bob"), 200);
    CHECK_STR(fx.reply.body, "{\"who\": \"bob\", \"by\": \"other\"}");
    ask.headers = both;
    CHECK_INT(fixture_ask(&fx, &ask), 200);
    CHECK_STR(fx.reply.body, "{\"who\": \"ann\", \"by\": \"user\"}");
    ask.headers = wrong;
    CHECK_INT(fixture_ask(&fx, &ask), 200);
    CHECK_STR(fx.reply.body, "{\"who\": null}");
    ask.target = "/members";
    CHECK_INT(fixture_ask(&fx, &ask), 401);
    CHECK(!contains(fx.reply.body, "a wrong one"));
    fixture_free(&fx);
}

static int look(void *self, sac_req *req)
{
    (void)self;
    (void)sac_req_identity(req);
    return 0;
}

static void test_identity__wrong_credentials_do_not_close_an_open_view(void **state)
{
    static const sac_middleware_ops looks = SAC_MIDDLEWARE_OPS(.name = "looks", .flags = SAC_INLINE,
                                                               .before = look);
    fixture fx;

    (void)state;
    start(&fx, &by_user, NULL);
    CHECK_INT(sac_app_use(fx.app, &looks, NULL, NULL), SAC_OK);
    CHECK_INT(fixture_get_with(&fx, "GET", "/open", "X-User: !ann"), 200);
    CHECK_STR(fx.reply.body, "{\"who\": null}");
    fixture_free(&fx);
}

static void test_identity__fails_the_request_when_it_cannot_be_found_out(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, &by_user, NULL);
    CHECK_INT(fixture_get_with(&fx, "GET", "/open", "X-User: ?"), 503);
    CHECK(contains(fx.reply.body, "\"unavailable\""));
    CHECK(strstr(fx.log, "who asks: user"));
    CHECK_INT(fixture_get_with(&fx, "GET", "/members", "X-User: ?"), 503);
    check_private(&fx);
    CHECK_INT(fixture_get_with(&fx, "GET", "/page/a", "X-User: ?"), 503);
    CHECK_INT(fixture_get_with(&fx, "GET", "/open", "X-User: *"), 429);
    CHECK_INT(fixture_get_with(&fx, "GET", "/admins", "X-User: *"), 429);
    fixture_free(&fx);
}

static int sign_in(void *self, sac_req *req)
{
    const sac_identity *before = sac_req_identity(req);
    const sac_identity *after;

    (void)self;
    sac__req_forget_identity(req);
    after = sac_req_identity(req);
    sac__req_forget_identity(req);
    return sac_reply_jsonf(req, 200, "[%d, %d]", before != NULL, after != NULL);
}

static void test_identity__is_found_out_anew_when_forgotten(void **state)
{
    static const sac_view_ops view = SAC_VIEW_OPS(.name = "in", .flags = SAC_INLINE,
                                                  .get = sign_in);
    asked seen = {.times = 0};
    fixture fx;

    (void)state;
    start(&fx, &by_user, &seen);
    fixture_mount(&fx, "/in", &view, NULL);
    CHECK_INT(fixture_get_with(&fx, "GET", "/in", "X-User: ann"), 200);
    CHECK_STR(fx.reply.body, "[1, 1]");
    CHECK_INT(seen.times, 2);
    CHECK_FIELD(&fx, "vary", "Cookie, Authorization");
    fixture_free(&fx);
}

static int identify_by_asking(void *self, sac_req *req, sac_identity *out)
{
    (void)self;
    (void)out;
    return sac_req_identity(req) ? SAC_EIO : 0;
}

static void test_identity__of_an_authenticator_that_asks_is_nobody(void **state)
{
    static const sac_authenticator_ops ops = SAC_AUTHENTICATOR_OPS(.name = "asking",
                                                                   .flags = SAC_INLINE,
                                                                   .identify = identify_by_asking);
    fixture fx;

    (void)state;
    start(&fx, &ops, NULL);
    CHECK_INT(fixture_get(&fx, "GET", "/open"), 200);
    fixture_free(&fx);
}

static void test_identity__that_waits_runs_on_workers(void **state)
{
    asked seen = {.times = 0};
    fixture fx;

    (void)state;
    start(&fx, &by_waiting, &seen);
    CHECK_INT(fixture_get_with(&fx, "GET", "/open", "X-User: ann"), 200);
    CHECK(seen.on_worker);
    CHECK_INT(fixture_get(&fx, "OPTIONS", "/open"), 204);
    CHECK_INT(fixture_get(&fx, "GET", "/none"), 404);
    fixture_free(&fx);
}

static int say_at_seal(void *self, sac_app *app, sac_err *err)
{
    (void)self;
    (void)err;
    sac__app_identity_waits(app);
    return SAC_OK;
}

static void test_identity__may_turn_out_to_wait_when_the_app_is_sealed(void **state)
{
    asked seen = {.times = 0};
    fixture fx;

    (void)state;
    start(&fx, &by_user, &seen);
    CHECK_INT(sac__app_at_seal(fx.app, say_at_seal, NULL, NULL), SAC_OK);
    CHECK_INT(fixture_get_with(&fx, "GET", "/open", "X-User: ann"), 200);
    CHECK(seen.on_worker);
    fixture_free(&fx);
}

static void test_identity__knows_roles_and_scopes(void **state)
{
    const sac_identity free_one = SAC_IDENTITY(.roles = admin_roles, .n_roles = 2);
    const sac_identity limited = SAC_IDENTITY(.scopes = read_scopes, .n_scopes = 1, .scoped = true);

    (void)state;
    CHECK(sac_identity_has_role(&free_one, "admin"));
    CHECK(!sac_identity_has_role(&free_one, "adm"));
    CHECK(!sac_identity_has_role(&free_one, "administrator"));
    CHECK(!sac_identity_has_role(NULL, "admin"));
    CHECK(sac_identity_has_scope(&free_one, "write"));
    CHECK(sac_identity_has_scope(&limited, "read"));
    CHECK(!sac_identity_has_scope(&limited, "write"));
    CHECK(!sac_identity_has_scope(NULL, "read"));
}

static void test_authenticator__is_refused_when_it_is_no_good(void **state)
{
    sac_authenticator_ops ops = by_user;
    sac_err err = {.code = 0};
    fixture fx;

    (void)state;
    start(&fx, NULL, NULL);
    ops.name = "";
    CHECK_INT(sac_app_authenticator(fx.app, &ops, NULL, &err), SAC_EINVAL);
    ops = by_user;
    ops.identify = NULL;
    CHECK_INT(sac_app_authenticator(fx.app, &ops, NULL, &err), SAC_EINVAL);
    CHECK(strstr(err.text, "identify"));
    ops = by_user;
    ops.size = 0;
    CHECK_INT(sac_app_authenticator(fx.app, &ops, NULL, &err), SAC_EINVAL);
    ops.size = sizeof ops + 8;
    CHECK_INT(sac_app_authenticator(fx.app, &ops, NULL, &err), SAC_EVERSION);
    ops = by_user;
    ops.challenge = "Never";
    ops.size = offsetof(sac_authenticator_ops, challenge);
    CHECK_INT(sac_app_authenticator(fx.app, &ops, NULL, &err), SAC_OK);
    CHECK_INT(fixture_get(&fx, "GET", "/members"), 401);
    CHECK_FIELD(&fx, "www-authenticate", "Cookie realm=\"app\"");
    CHECK_INT(sac_app_authenticator(fx.app, &by_user, NULL, &err), SAC_EINVAL);
    fixture_free(&fx);
}

/* The guards. */

static void check_refused(const fixture *fx, const char *challenge)
{
    CHECK_INT(fx->reply.status, 401);
    CHECK(contains(fx->reply.body, "\"unauthorized\""));
    CHECK_FIELD(fx, "content-type", "application/problem+json");
    CHECK_FIELD(fx, "www-authenticate", challenge);
    CHECK_FIELD(fx, "cache-control", "no-store");
    CHECK_FIELD(fx, "vary", "Cookie, Authorization");
}

static void test_login_required__lets_in_who_is_signed_in(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, &by_user, NULL);
    fixture_get(&fx, "GET", "/members");
    check_refused(&fx, "Cookie realm=\"app\"");
    fixture_get_with(&fx, "POST", "/members", "X-User: !ann");
    check_refused(&fx, "Cookie realm=\"app\"");
    fixture_get(&fx, "HEAD", "/members");
    CHECK_INT(fx.reply.status, 401);
    CHECK_INT(fixture_get_with(&fx, "GET", "/members", "X-User: ann"), 200);
    CHECK_STR(fx.reply.body, "hello");
    check_private(&fx);
    CHECK_INT(fixture_get(&fx, "OPTIONS", "/members"), 204);
    CHECK_NO_FIELD(&fx, "cache-control");
    fixture_free(&fx);
}

static void test_login_required__stands_before_its_methods_alone(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, &by_user, NULL);
    CHECK_INT(fixture_get(&fx, "GET", "/writers"), 200);
    CHECK_NO_FIELD(&fx, "vary");
    CHECK_INT(fixture_get(&fx, "POST", "/writers"), 401);
    CHECK_INT(fixture_get_with(&fx, "POST", "/writers", "X-User: ann"), 200);
    check_private(&fx);
    fixture_free(&fx);
}

/* 401 before 413 and 415: what a stranger sends is not looked at. */
static void test_login_required__comes_before_what_is_said_of_a_body(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = 2, .max_body = 16);
    static const char *const coded[] = {"Content-Encoding: gzip", NULL};
    static const char *const ann[] = {"X-User: ann", "Content-Encoding: gzip", NULL};
    sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "POST", .target = "/members",
                                                    .body = {"12345678901234567", 17});
    fixture fx;

    (void)state;
    fixture_new(&fx, &config);
    add_way(&fx, &by_user, NULL);
    fixture_mount(&fx, "/members", &members, NULL);
    fixture_mount(&fx, "/writers", &writers, NULL);
    for (int chunked = 0; chunked < 2; chunked++) {
        ask.chunked = chunked;
        ask.headers = NULL;
        fixture_ask(&fx, &ask);
        check_refused(&fx, "Cookie realm=\"app\"");
        ask.headers = (const char *const[]){"X-User: ann", NULL};
        CHECK_INT(fixture_ask(&fx, &ask), 413);
        ask.headers = (const char *const[]){"X-User: ?", NULL};
        CHECK_INT(fixture_ask(&fx, &ask), 503);
    }
    ask.chunked = false;
    ask.body.n = 1;
    ask.headers = coded;
    fixture_ask(&fx, &ask);
    check_refused(&fx, "Cookie realm=\"app\"");
    ask.headers = ann;
    CHECK_INT(fixture_ask(&fx, &ask), 415);
    ask.target = "/none";
    ask.headers = coded;
    CHECK_INT(fixture_ask(&fx, &ask), 404);
    fixture_free(&fx);
}

static void test_login_required__names_every_challenge(void **state)
{
    size_t n = 0;
    fixture fx;

    (void)state;
    start(&fx, &by_user, NULL);
    add_way(&fx, &by_bearer, NULL);
    add_way(&fx, &by_other, NULL);
    fixture_get(&fx, "GET", "/members");
    check_refused(&fx, "Bearer");
    for (size_t i = 0; i < fx.reply.n_headers; i++)
        n += sac_str_is(fx.reply.headers[i].name, "WWW-Authenticate");
    CHECK_INT(n, 2);
    fixture_free(&fx);
}

static void test_guards__keep_what_is_stricter(void **state)
{
    static const struct {
        const char *said, *sent;
    } rows[] = {{"no-store", "no-store"},
                {"no-store, max-age=0", "no-store, max-age=0"},
                {"private, max-age=60", "private, max-age=60"},
                {"no-cache", "private, no-cache"},
                {"public, max-age=3600", "private, no-cache"},
                {"max-age=60", "private, no-cache"}};
    fixture fx;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fixture_new(&fx, NULL);
        add_way(&fx, &by_user, NULL);
        fixture_mount(&fx, "/said", &members, (void *)rows[i].said);
        CHECK_INT(fixture_get_with(&fx, "GET", "/said", "X-User: ann"), 200);
        CHECK_FIELD(&fx, "cache-control", rows[i].sent);
        fixture_free(&fx);
    }
}

static int vary_more(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_header(req, "Vary", sac_str_of("Accept, cookie"));
}

static void test_guards__merge_into_vary(void **state)
{
    static const sac_middleware_ops varies = SAC_MIDDLEWARE_OPS(.name = "varies",
                                                                .flags = SAC_INLINE,
                                                                .after = vary_more);
    fixture fx;

    (void)state;
    start(&fx, &by_user, NULL);
    CHECK_INT(sac_app_use(fx.app, &varies, NULL, NULL), SAC_OK);
    CHECK_INT(fixture_get_with(&fx, "GET", "/members", "X-User: ann"), 200);
    CHECK_FIELD(&fx, "vary", "Accept, cookie, Authorization");
    fixture_free(&fx);
}

static int own_guard(void *self, sac_req *req, const sac_next *next)
{
    (void)self;
    return sac_next_run(next, req);
}

static void test_guards__of_your_own_make_answers_private(void **state)
{
    static const sac_decorator rows[] = {{.fn = own_guard, .flags = SAC_INLINE | SAC_GUARD},
                                         {.fn = NULL}};
    static const sac_view_ops view = SAC_VIEW_OPS(.name = "own", .flags = SAC_INLINE,
                                                  .decorators = rows, .get = say_hello);
    fixture fx;

    (void)state;
    start(&fx, NULL, NULL);
    fixture_mount(&fx, "/own", &view, NULL);
    CHECK_INT(fixture_get(&fx, "GET", "/own"), 200);
    check_private(&fx);
    fixture_free(&fx);
}

static int tell_guard(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_header(req, "X-Guard", sac_str_of(sac__req_has_guard(req) ? "yes" : "no"));
}

static void test_guards__are_known_before_they_run(void **state)
{
    static const sac_middleware_ops tells = SAC_MIDDLEWARE_OPS(.name = "tells", .flags = SAC_INLINE,
                                                               .before = tell_guard);
    static const struct {
        const char *method, *path, *guarded;
    } rows[] = {{"GET", "/members", "yes"},    {"HEAD", "/members", "yes"},
                {"GET", "/writers", "no"},     {"POST", "/writers", "yes"},
                {"OPTIONS", "/members", "no"}, {"GET", "/open", "no"},
                {"PUT", "/members", "no"},     {"GET", "/none", "no"},
                {"GET", "/page/x", "yes"},     {"GET", "/said", "yes"}};
    fixture fx;

    (void)state;
    start(&fx, &by_user, NULL);
    fixture_mount(&fx, "/said", &open_view, &fx);
    sac__app_set_guarded(fx.app, &fx, SAC_GET);
    CHECK_INT(sac_app_use(fx.app, &tells, NULL, NULL), SAC_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fixture_get(&fx, rows[i].method, rows[i].path);
        CHECK_FIELD(&fx, "x-guard", rows[i].guarded);
    }
    fixture_free(&fx);
}

static void test_role_required__is_401_then_403(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, &by_user, NULL);
    CHECK_INT(fixture_get(&fx, "GET", "/admins"), 401);
    CHECK_INT(fixture_get_with(&fx, "GET", "/admins", "X-User: ann"), 403);
    CHECK(contains(fx.reply.body, "\"forbidden\""));
    CHECK_NO_FIELD(&fx, "www-authenticate");
    check_private(&fx);
    CHECK_INT(fixture_get_with(&fx, "GET", "/admins", "X-User: root"), 200);
    fixture_free(&fx);
}

static void test_scope_required__limits_tokens(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, &by_user, NULL);
    CHECK_INT(fixture_get(&fx, "GET", "/robots"), 401);
    CHECK_INT(fixture_get_with(&fx, "GET", "/robots", "X-User: token"), 403);
    CHECK_INT(fixture_get_with(&fx, "GET", "/robots", "X-User: ann"), 200);
    CHECK_INT(fixture_get_with(&fx, "GET", "/readers", "X-User: token"), 200);
    fixture_free(&fx);
}

static void check_led(fixture *fx, const char *location)
{
    CHECK_INT(fx->reply.status, 303);
    CHECK_FIELD(fx, "location", location);
    CHECK_FIELD(fx, "cache-control", "no-store");
    CHECK_FIELD(fx, "vary", "Cookie, Authorization");
}

static void test_login_required_page__leads_to_the_login(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, &by_user, NULL);
    sac__app_set_login_page(fx.app, "/login");
    CHECK_STR(sac_str_of(sac__app_login_page(fx.app)), "/login");
    fixture_get(&fx, "GET", "/page/a%20b?x=1&y=%2F");
    check_led(&fx, "/login?next=%2Fpage%2Fa%2520b%3Fx%3D1%26y%3D%252F");
    fixture_get(&fx, "HEAD", "/page/a");
    check_led(&fx, "/login?next=%2Fpage%2Fa");
    fixture_get_with(&fx, "GET", "/page/a", "Sec-Fetch-Mode: navigate");
    check_led(&fx, "/login?next=%2Fpage%2Fa");
    fixture_get_with(&fx, "GET", "/page/a", "Sec-Fetch-Mode: cors");
    check_led(&fx, "/login");
    fixture_get(&fx, "POST", "/page/a");
    check_led(&fx, "/login");
    CHECK_INT(fixture_get_with(&fx, "GET", "/page/a", "X-User: ann"), 200);
    check_private(&fx);
    fixture_free(&fx);
}

static void test_login_required_page__keeps_the_login_s_own_query(void **state)
{
    char target[4000] = "/page/";
    fixture fx;

    (void)state;
    start(&fx, &by_user, NULL);
    sac__app_set_login_page(fx.app, "/in?lang=en");
    fixture_get(&fx, "GET", "/page/a");
    check_led(&fx, "/in?lang=en&next=%2Fpage%2Fa");
    /* A way back that is too long is not taken. */
    for (size_t i = strlen(target); i + 1 < sizeof target; i++)
        target[i] = '!';
    fixture_get(&fx, "GET", target);
    check_led(&fx, "/in?lang=en");
    fixture_free(&fx);
}

static void test_login_required_page__never_leads_to_another_host(void **state)
{
    static const sac_view_ops all = SAC_VIEW_OPS(.name = "all", .flags = SAC_INLINE,
                                                 .decorators = page_only, .get = say_hello);
    static const char *const targets[] = {"//evil.example/a", "/\\evil.example"};
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    add_way(&fx, &by_user, NULL);
    sac__app_set_login_page(fx.app, "/login");
    fixture_mount(&fx, "/{path:path}", &all, NULL);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        if (fixture_get(&fx, "GET", targets[i]) == 303)
            CHECK_FIELD(&fx, "location", "/login");
    fixture_free(&fx);
}

static void test_login_required_page__is_401_without_a_login(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, &by_user, NULL);
    CHECK(!sac__app_login_page(fx.app));
    fixture_get(&fx, "GET", "/page/a");
    check_refused(&fx, "Cookie realm=\"app\"");
    fixture_free(&fx);
}

typedef struct scene {
    const char *target, *user;
    int status;
} scene;

static const scene scenes[] = {{"/open", "X-User: ann", 200},   {"/members", "X-User: ann", 200},
                               {"/members", "X-User: !", 401},  {"/admins", "X-User: ann", 403},
                               {"/page/a?b", "X-User: !", 303}, {"/open", "X-User: ?", 503}};

static bool run_scene(const scene *s, long k)
{
    const char *const lines[] = {s->user, NULL};
    const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "GET", .target = s->target,
                                                          .headers = lines);
    fault_alloc fault;
    const sac_app_config config = SAC_APP_CONFIG(.alloc = fault_alloc_init(&fault, -1),
                                                 .workers = SAC_NO_WORKERS);
    fixture fx;
    bool reached;
    int rc;

    fixture_new(&fx, &config);
    add_way(&fx, &by_user, NULL);
    sac__app_set_login_page(fx.app, "/login");
    fixture_mount(&fx, "/open", &open_view, NULL);
    fixture_mount(&fx, "/members", &members, NULL);
    fixture_mount(&fx, "/admins", &admins, NULL);
    fixture_mount(&fx, "/page/{path:path}", &pages, NULL);
    CHECK_INT(sac_loopback_new(fx.app, &fx.client, NULL), SAC_OK);
    fault.left = k;
    rc = sac_loopback_send(fx.client, &ask, &fx.reply, NULL);
    reached = fault.left <= 0;
    fault.left = -1;
    if (rc == SAC_OK && fx.reply.status != 500)
        CHECK_INT(fx.reply.status, s->status);
    fixture_free(&fx);
    CHECK_INT(fault.live, 0);
    return reached;
}

static void test_guards__survive_oom(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++) {
        long k = 0;

        while (run_scene(&scenes[i], k))
            CHECK(++k < 100);
    }
}

static void test_authenticator__survives_oom(void **state)
{
    (void)state;
    for (long k = 0, failed = 1; failed; k++) {
        fault_alloc fault;
        const sac_app_config config = SAC_APP_CONFIG(.alloc = fault_alloc_init(&fault, -1));
        fixture fx;

        fixture_new(&fx, &config);
        /* Until the block that the app was made in is used up. */
        fault.left = k;
        failed = 0;
        for (int i = 0; i < 200 && !failed; i++)
            failed = sac_app_authenticator(fx.app, &by_user, NULL, NULL) != SAC_OK;
        fault.left = -1;
        CHECK(k < 20);
        fixture_free(&fx);
        CHECK_INT(fault.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity__is_nobody_without_authenticators),
        cmocka_unit_test(test_identity__is_found_out_once),
        cmocka_unit_test(test_identity__is_asked_in_order_and_wrong_ones_end_it),
        cmocka_unit_test(test_identity__wrong_credentials_do_not_close_an_open_view),
        cmocka_unit_test(test_identity__fails_the_request_when_it_cannot_be_found_out),
        cmocka_unit_test(test_identity__is_found_out_anew_when_forgotten),
        cmocka_unit_test(test_identity__of_an_authenticator_that_asks_is_nobody),
        cmocka_unit_test(test_identity__that_waits_runs_on_workers),
        cmocka_unit_test(test_identity__may_turn_out_to_wait_when_the_app_is_sealed),
        cmocka_unit_test(test_identity__knows_roles_and_scopes),
        cmocka_unit_test(test_authenticator__is_refused_when_it_is_no_good),
        cmocka_unit_test(test_login_required__lets_in_who_is_signed_in),
        cmocka_unit_test(test_login_required__stands_before_its_methods_alone),
        cmocka_unit_test(test_login_required__comes_before_what_is_said_of_a_body),
        cmocka_unit_test(test_login_required__names_every_challenge),
        cmocka_unit_test(test_guards__keep_what_is_stricter),
        cmocka_unit_test(test_guards__merge_into_vary),
        cmocka_unit_test(test_guards__of_your_own_make_answers_private),
        cmocka_unit_test(test_guards__are_known_before_they_run),
        cmocka_unit_test(test_role_required__is_401_then_403),
        cmocka_unit_test(test_scope_required__limits_tokens),
        cmocka_unit_test(test_login_required_page__leads_to_the_login),
        cmocka_unit_test(test_login_required_page__keeps_the_login_s_own_query),
        cmocka_unit_test(test_login_required_page__never_leads_to_another_host),
        cmocka_unit_test(test_login_required_page__is_401_without_a_login),
        cmocka_unit_test(test_guards__survive_oom),
        cmocka_unit_test(test_authenticator__survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

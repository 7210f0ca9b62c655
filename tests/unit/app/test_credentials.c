/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <sacrum/identity.h>

#include "app/app.h"
#include "app/identity/identity.h"

/* The Authorization field against what a browser sends unasked, and what refusals say. */

/* `Bearer ann`; a "!" is wrong, "?" is somebody else's. */
static int identify_bearer(void *self, sac_req *req, sac_identity *out)
{
    const sac_str field = sac_req_header(req, "authorization");

    (void)self;
    if (field.n < 8 || memcmp(field.p, "Bearer ", 7) != 0 || field.p[7] == '?')
        return 0;
    if (field.p[7] == '!')
        return SAC_EUNAUTHORIZED;
    out->name = sac_str_n(field.p + 7, field.n - 7);
    out->scoped = true;
    return 1;
}

static int identify_cookie(void *self, sac_req *req, sac_identity *out)
{
    int *asked = self;

    if (asked)
        ++*asked;
    out->name = sac_req_cookie(req, "user");
    return out->name.p != NULL;
}

static const sac_authenticator_ops by_bearer = SAC_AUTHENTICATOR_OPS(.name = "bearer",
                                                                     .flags = SAC_INLINE,
                                                                     .identify = identify_bearer,
                                                                     .challenge = "Bearer");
static const sac_authenticator_ops by_realm =
    SAC_AUTHENTICATOR_OPS(.name = "realm", .flags = SAC_INLINE, .identify = identify_bearer,
                          .challenge = "Bearer realm=\"api\"");
static const sac_authenticator_ops by_other = SAC_AUTHENTICATOR_OPS(.name = "other",
                                                                    .flags = SAC_INLINE,
                                                                    .identify = identify_bearer,
                                                                    .challenge = "Other");
static const sac_authenticator_ops by_cookie = SAC_AUTHENTICATOR_OPS(.name = "cookie",
                                                                     .flags = SAC_INLINE,
                                                                     .identify = identify_cookie);

static int say_who(void *self, sac_req *req)
{
    const sac_identity *who = sac_req_identity(req);

    (void)self;
    return sac_reply_jsonf(req, 200, "%.*s", (int)who->name.n, who->name.p);
}

static const sac_decorator members_only[] = {SAC_LOGIN_REQUIRED, {.fn = NULL}};
static const sac_decorator readers_only[] = {SAC_SCOPE_REQUIRED("read"), {.fn = NULL}};
static const sac_decorator odd_only[] = {SAC_SCOPE_REQUIRED("a\"b"), {.fn = NULL}};
static const sac_view_ops members = SAC_VIEW_OPS(.name = "members", .flags = SAC_INLINE,
                                                 .decorators = members_only, .get = say_who);
static const sac_view_ops readers = SAC_VIEW_OPS(.name = "readers", .flags = SAC_INLINE,
                                                 .decorators = readers_only, .get = say_who);
static const sac_view_ops odd = SAC_VIEW_OPS(.name = "odd", .flags = SAC_INLINE,
                                             .decorators = odd_only, .get = say_who);

/* The cookie's first, which is asked last all the same; ways end with NULL. */
static void start(fixture *fx, int *asked, const sac_authenticator_ops *const *ways)
{
    fixture_new(fx, NULL);
    CHECK_INT(sac__app_authenticator_last(fx->app, &by_cookie, asked, NULL), 0);
    for (; *ways; ways++)
        CHECK_INT(sac_app_authenticator(fx->app, *ways, NULL, NULL), 0);
    fixture_mount(fx, "/members", &members, NULL);
    fixture_mount(fx, "/readers", &readers, NULL);
    fixture_mount(fx, "/odd", &odd, NULL);
}
#define WAYS(...) ((const sac_authenticator_ops *const[]){__VA_ARGS__, NULL})

static int ask(fixture *fx, const char *target, const char *credentials)
{
    const char *const lines[] = {"Cookie: user=bob", credentials, NULL};
    const sac_loopback_request request = SAC_LOOPBACK_REQUEST(.method = "GET", .target = target,
                                                              .headers = lines);

    return fixture_ask(fx, &request);
}

static void test_credentials__go_before_a_cookie(void **state)
{
    int asked = 0;
    fixture fx;

    (void)state;
    start(&fx, &asked, WAYS(&by_bearer));
    CHECK_INT(ask(&fx, "/members", "Authorization: Bearer ann"), 200);
    CHECK_STR(fx.reply.body, "ann");
    CHECK_INT(ask(&fx, "/members", "Authorization: Bearer !ann"), 401);
    CHECK_INT(ask(&fx, "/members", "Authorization: Bearer ?"), 401);
    CHECK_INT(ask(&fx, "/members", "Authorization: bEARER x"), 401);
    CHECK_INT(ask(&fx, "/members", "Authorization: Bearer"), 401);
    CHECK_INT(asked, 0);
    fixture_free(&fx);
}

static void test_credentials__of_a_scheme_that_nobody_takes_do_not(void **state)
{
    int asked = 0;
    fixture fx;

    (void)state;
    start(&fx, &asked, WAYS(&by_bearer));
    CHECK_INT(ask(&fx, "/members", "Authorization: Digest x"), 200);
    CHECK_STR(fx.reply.body, "bob");
    CHECK_INT(ask(&fx, "/members", "Authorization: Bearerx ann"), 200);
    CHECK_INT(ask(&fx, "/members", NULL), 200);
    CHECK_INT(asked, 3);
    fixture_free(&fx);
}

static void test_credentials__that_are_wrong_are_called_so(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, NULL, WAYS(&by_bearer, &by_bearer));
    CHECK_INT(fixture_get(&fx, "GET", "/members"), 401);
    CHECK_FIELD(&fx, "www-authenticate", "Bearer");
    CHECK_INT(fixture_get_with(&fx, "GET", "/members", "Authorization: Bearer !"), 401);
    CHECK_FIELD(&fx, "www-authenticate", "Bearer error=\"invalid_token\"");
    CHECK_INT(fixture_get_with(&fx, "GET", "/members", "Authorization: Bearer ?"), 401);
    CHECK_FIELD(&fx, "www-authenticate", "Bearer error=\"invalid_token\"");
    CHECK_INT(fixture_get_with(&fx, "GET", "/members", "Authorization: Digest x"), 401);
    CHECK_FIELD(&fx, "www-authenticate", "Bearer");
    fixture_free(&fx);
    start(&fx, NULL, WAYS(&by_realm));
    CHECK_INT(fixture_get_with(&fx, "GET", "/members", "Authorization: Bearer !"), 401);
    CHECK_FIELD(&fx, "www-authenticate", "Bearer realm=\"api\", error=\"invalid_token\"");
    fixture_free(&fx);
    start(&fx, NULL, WAYS(&by_other));
    CHECK_INT(fixture_get_with(&fx, "GET", "/members", "Authorization: Other !"), 401);
    CHECK_FIELD(&fx, "www-authenticate", "Other");
    fixture_free(&fx);
}

static void test_credentials__of_one_challenge_are_named_once(void **state)
{
    size_t n = 0;
    fixture fx;

    (void)state;
    start(&fx, NULL, WAYS(&by_bearer, &by_other, &by_bearer));
    CHECK_INT(fixture_get(&fx, "GET", "/members"), 401);
    for (size_t i = 0; i < fx.reply.n_headers; i++)
        n += sac_str_is(fx.reply.headers[i].name, "WWW-Authenticate");
    CHECK_INT(n, 2);
    fixture_free(&fx);
}

static void test_credentials__without_a_scope_are_told_which(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, NULL, WAYS(&by_realm));
    CHECK_INT(fixture_get_with(&fx, "GET", "/readers", "Authorization: Bearer ann"), 403);
    CHECK_FIELD(&fx, "www-authenticate", "Bearer error=\"insufficient_scope\", scope=\"read\"");
    CHECK_INT(fixture_get_with(&fx, "GET", "/odd", "Authorization: Bearer ann"), 403);
    CHECK_NO_FIELD(&fx, "www-authenticate");
    fixture_free(&fx);
    start(&fx, NULL, WAYS(&by_other));
    CHECK_INT(fixture_get_with(&fx, "GET", "/readers", "Authorization: Bearer ann"), 403);
    CHECK_NO_FIELD(&fx, "www-authenticate");
    fixture_free(&fx);
}

static int count_before(void *self, sac_req *req)
{
    int *order = self;

    (void)req;
    *order = *order * 10 + 2;
    return 0;
}

static int count_first(void *self, sac_req *req)
{
    int *order = self;

    (void)req;
    *order = *order * 10 + 1;
    return 0;
}

static void test_middleware__can_come_first(void **state)
{
    static const sac_middleware_ops usual = SAC_MIDDLEWARE_OPS(.name = "usual", .flags = SAC_INLINE,
                                                               .before = count_before);
    static const sac_middleware_ops first = SAC_MIDDLEWARE_OPS(.name = "first", .flags = SAC_INLINE,
                                                               .before = count_first);
    sac_app *group = NULL;
    int order = 0;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_group(fx.app, "/g", &group, NULL), 0);
    CHECK_INT(sac__app_use_first(group, &first, &order, NULL), 0);
    CHECK_INT(sac_app_use(fx.app, &usual, &order, NULL), 0);
    CHECK_INT(sac_app_use(group, &usual, &order, NULL), 0);
    CHECK_INT(sac__app_use_first(group, &first, &order, NULL), 0);
    CHECK_INT(sac_app_mount(group, "/members", &members, NULL, NULL), 0);
    CHECK_INT(fixture_get(&fx, "GET", "/g/members"), 401);
    CHECK_INT(order, 1122);
    fixture_free(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_credentials__go_before_a_cookie),
        cmocka_unit_test(test_credentials__of_a_scheme_that_nobody_takes_do_not),
        cmocka_unit_test(test_credentials__that_are_wrong_are_called_so),
        cmocka_unit_test(test_credentials__of_one_challenge_are_named_once),
        cmocka_unit_test(test_credentials__without_a_scope_are_told_which),
        cmocka_unit_test(test_middleware__can_come_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

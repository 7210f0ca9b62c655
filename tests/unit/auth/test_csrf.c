/* SPDX-License-Identifier: MIT */
#include <sacrum/csrf.h>

#include <sacrum/form.h>
#include <sacrum/session.h>

#include "guarded.h"

static const char form_type[] = "application/x-www-form-urlencoded";
static const char *const keys[] = {"0123456789abcdef", NULL};
static const sac_sessions sessions = SAC_SESSIONS(.keys = keys);

static int ran; /* handlers of unsafe methods */

static int answer_token(void *self, sac_req *req)
{
    const sac_str token = sac_csrf_token(req);

    (void)self;
    return token.p ? sac_reply_bytes(req, 200, "text/plain", token)
                   : sac_fail(req, SAC_ENOMEM, "no token");
}

static int answer_write(void *self, sac_req *req)
{
    (void)self;
    ran++;
    return sac_reply_text(req, 200, "ok");
}

static int answer_renewed(void *self, sac_req *req)
{
    const int rc = sac_session_renew(req);

    return rc == SAC_OK ? answer_token(self, req) : rc;
}

static int answer_stream(void *self, sac_req *req)
{
    char bytes[64];
    size_t n;
    int rc;

    while ((rc = sac_req_read(req, bytes, sizeof bytes, &n)) == 1)
        ;
    return rc == SAC_OK ? answer_write(self, req) : rc;
}

static const sac_view_ops view = SAC_VIEW_OPS(.name = "view", .flags = SAC_INLINE,
                                              .get = answer_token, .post = answer_write,
                                              .put = answer_write, .patch = answer_write,
                                              .del = answer_write);
static const sac_view_ops renew = SAC_VIEW_OPS(.name = "renew", .flags = SAC_INLINE,
                                               .get = answer_renewed);
static const sac_view_ops streamed = SAC_VIEW_OPS(.name = "streamed", .flags = SAC_STREAM_BODY,
                                                  .post = answer_stream);
static const sac_decorator guards[] = {{.fn = sac_login_required, .flags = SAC_INLINE | SAC_GUARD},
                                       {.fn = NULL}};
static const sac_view_ops guarded_view = SAC_VIEW_OPS(.name = "guarded", .flags = SAC_INLINE,
                                                      .decorators = guards, .post = answer_write);

static void begin(guarded *g, const sac_app_config *config, const sac_csrf *csrf)
{
    sac_err err = {.code = 0};

    ran = 0;
    guarded_new(g, config);
    guarded_identities(g);
    CHECK_INT(sac_app_sessions(g->app, &sessions, NULL), SAC_OK);
    if (sac_app_csrf(g->app, csrf, &err) != SAC_OK)
        fail_msg("%s", err.text);
    CHECK_INT(sac_app_mount(g->app, "/view", &view, NULL, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(g->app, "/renew", &renew, NULL, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(g->app, "/guarded", &guarded_view, NULL, NULL), SAC_OK);
}

static int ask(guarded *g, const char *method, const char *const *lines)
{
    const asking one = {.method = method, .target = "/view", .lines = lines};

    return guarded_ask(g, &one);
}

static void check_refused(guarded *g, const char *const *lines)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE"};
    const int before = ran;

    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (ask(g, methods[i], lines) != 403 || !guarded_problem(g, "csrf"))
            fail_msg("%s, %s: %s is let through", methods[i], lines[0], lines[1]);
    }
    CHECK_INT(ran, before);
}

static void check_passes(guarded *g, const char *const *lines)
{
    const int before = ran;

    if (ask(g, "POST", lines) != 200 || ask(g, "DELETE", lines) != 200)
        fail_msg("%s: %s is refused", lines[0], lines[1]);
    CHECK_INT(ran, before + 2);
}

static void test_csrf__sec_fetch_site_decides_where_it_is_sent(void **state)
{
    static const char *const others[] = {"cross-site", "same-site",    "",    "Same-Origin",
                                         "none, none", "same-origin2", "nul", "null"};
    guarded g;

    (void)state;
    begin(&g, NULL, NULL);
    check_passes(&g, LINES("sec-fetch-site", "same-origin"));
    check_passes(&g, LINES("sec-fetch-site", "none"));
    check_passes(&g, LINES("sec-fetch-site", "none", "origin", "null"));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        check_refused(&g, LINES("sec-fetch-site", others[i]));
        check_refused(&g, LINES("sec-fetch-site", others[i], "origin", "http://sacrum.example"));
    }
    guarded_free(&g);
}

static void test_csrf__safe_methods_are_not_judged(void **state)
{
    static const char *const methods[] = {"GET", "HEAD", "OPTIONS"};
    guarded g;

    (void)state;
    begin(&g, NULL, NULL);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        CHECK(ask(&g, methods[i],
                  LINES("sec-fetch-site", "cross-site", "origin", "https://evil.example")) < 300);
    guarded_free(&g);
}

static void test_csrf__origin_is_scheme_and_host(void **state)
{
    static const char *const others[] = {"http://evil.example",
                                         "https://sacrum.example",
                                         "http://sacrum.example:8080",
                                         "http://sacrum.example.evil.example",
                                         "http://evil.example/http://sacrum.example",
                                         "http://xsacrum.example",
                                         "sacrum.example",
                                         "http://",
                                         "http:",
                                         "null",
                                         ""};
    guarded g;

    (void)state;
    begin(&g, NULL, NULL);
    check_passes(&g, LINES("origin", "http://sacrum.example"));
    check_passes(&g, LINES("origin", "http://sacrum.example", "host", "SACRUM.example"));
    check_passes(&g, LINES("origin", "http://sacrum.example", "host", "sacrum.example:80"));
    check_passes(&g, LINES("origin", "http://[::1]:8080", "host", "[::1]:8080"));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        check_refused(&g, LINES("origin", others[i]));
    check_refused(&g, LINES("origin", "http://sacrum.example", "host", "sacrum.example:443"));
    guarded_free(&g);
}

static void test_csrf__over_tls_the_scheme_is_https(void **state)
{
    asking one = {.method = "POST", .target = "/view", .secure = true};
    guarded g;

    (void)state;
    begin(&g, NULL, NULL);
    one.lines = LINES("origin", "https://sacrum.example");
    CHECK_INT(guarded_ask(&g, &one), 200);
    one.lines = LINES("origin", "https://sacrum.example", "host", "sacrum.example:443");
    CHECK_INT(guarded_ask(&g, &one), 200);
    one.lines = LINES("origin", "http://sacrum.example");
    CHECK_INT(guarded_ask(&g, &one), 403);
    guarded_free(&g);
}

static void test_csrf__the_configured_origin_is_this_site(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS,
                                                 .origin = "https://front.example");
    guarded g;

    (void)state;
    begin(&g, &config, NULL);
    check_passes(&g, LINES("origin", "https://front.example"));
    check_passes(&g, LINES("origin", "http://sacrum.example"));
    check_refused(&g, LINES("origin", "http://front.example"));
    check_refused(&g, LINES("origin", "https://front.example", "sec-fetch-site", "cross-site"));
    guarded_free(&g);
}

static void test_csrf__listed_origins_may_send(void **state)
{
    static const char *const origins[] = {"https://a.example", "http://localhost:3333", NULL};
    const sac_csrf csrf = SAC_CSRF(.origins = origins);
    guarded g;

    (void)state;
    begin(&g, NULL, &csrf);
    check_passes(&g, LINES("origin", "https://a.example"));
    check_passes(&g, LINES("origin", "http://localhost:3333", "sec-fetch-site", "cross-site"));
    check_passes(&g, LINES("origin", "https://a.example", "sec-fetch-site", "same-site"));
    check_refused(&g, LINES("origin", "https://A.example"));
    check_refused(&g, LINES("origin", "https://a.example.", "sec-fetch-site", "cross-site"));
    check_refused(&g, LINES("origin", "null", "sec-fetch-site", "cross-site"));
    check_refused(&g, LINES("sec-fetch-site", "cross-site"));
    guarded_free(&g);
}

static void test_csrf__without_either_header_it_is_no_browser(void **state)
{
    guarded g;

    (void)state;
    begin(&g, NULL, NULL);
    CHECK_INT(ask(&g, "POST", NULL), 200);
    CHECK_INT(ask(&g, "DELETE", LINES("referer", "https://evil.example/")), 200);
    CHECK(!guarded_field(&g, "vary").p);
    guarded_free(&g);
}

/* A session's cookie and one of its tokens, as a page has them. */
typedef struct page {
    char cookie[512], token[128];
} page;

static void open_page(guarded *g, page *p, const char *target, const char *cookie)
{
    const asking one = {
        .method = "GET", .target = target, .lines = cookie ? LINES("cookie", cookie) : NULL};
    sac_str set;

    CHECK_INT(guarded_ask(g, &one), 200);
    snprintf(p->token, sizeof p->token, "%.*s", (int)g->answer->bytes.n, g->answer->bytes.p);
    set = guarded_field(g, "set-cookie");
    if (cookie && !set.p)
        set = sac_str_of(cookie);
    assert_non_null(set.p);
    snprintf(p->cookie, sizeof p->cookie, "%.*s", (int)set.n, set.p);
    p->cookie[strcspn(p->cookie, ";")] = '\0';
}

#define FOREIGN "origin", "https://evil.example"

static void test_csrf__a_token_of_the_session_passes(void **state)
{
    page p;
    guarded g;

    (void)state;
    begin(&g, NULL, NULL);
    open_page(&g, &p, "/view", NULL);
    check_passes(&g, LINES(FOREIGN, "cookie", p.cookie, "x-csrf-token", p.token));
    check_passes(
        &g, LINES("sec-fetch-site", "cross-site", "cookie", p.cookie, "x-csrf-token", p.token));
    check_refused(&g, LINES(FOREIGN, "cookie", p.cookie));
    check_refused(&g, LINES(FOREIGN, "x-csrf-token", p.token));
    guarded_free(&g);
}

static void test_csrf__what_is_no_token_of_the_session_is_refused(void **state)
{
    page p, other;
    guarded g;
    char bad[160];

    (void)state;
    begin(&g, NULL, NULL);
    open_page(&g, &p, "/view", NULL);
    open_page(&g, &other, "/view", NULL);
    check_refused(&g, LINES(FOREIGN, "cookie", p.cookie, "x-csrf-token", other.token));
    check_refused(&g, LINES(FOREIGN, "cookie", other.cookie, "x-csrf-token", p.token));
    check_refused(&g, LINES(FOREIGN, "cookie", p.cookie, "x-csrf-token", ""));
    for (size_t i = 0; i < 86; i++) { /* each character counts */
        strcpy(bad, p.token);
        bad[i] = bad[i] == 'A' ? 'B' : 'A';
        check_refused(&g, LINES(FOREIGN, "cookie", p.cookie, "x-csrf-token", bad));
    }
    strcpy(bad, p.token);
    bad[85] = '\0';
    check_refused(&g, LINES(FOREIGN, "cookie", p.cookie, "x-csrf-token", bad));
    snprintf(bad, sizeof bad, "%s=", p.token);
    check_refused(&g, LINES(FOREIGN, "cookie", p.cookie, "x-csrf-token", bad));
    snprintf(bad, sizeof bad, "%sAA", p.token);
    check_refused(&g, LINES(FOREIGN, "cookie", p.cookie, "x-csrf-token", bad));
    guarded_free(&g);
}

static void test_csrf__a_token_is_masked_anew_and_stays_good(void **state)
{
    page first, second;
    guarded g;

    (void)state;
    begin(&g, NULL, NULL);
    open_page(&g, &first, "/view", NULL);
    open_page(&g, &second, "/view", first.cookie);
    CHECK(strcmp(first.token, second.token) != 0);
    CHECK(!guarded_field(&g, "set-cookie").p); /* the session is as it was */
    CHECK_STR(guarded_field(&g, "vary"), "Cookie");
    check_passes(&g, LINES(FOREIGN, "cookie", first.cookie, "x-csrf-token", first.token));
    check_passes(&g, LINES(FOREIGN, "cookie", first.cookie, "x-csrf-token", second.token));
    guarded_free(&g);
}

static void test_csrf__a_renewed_session_has_another_token(void **state)
{
    page before, after;
    guarded g;

    (void)state;
    begin(&g, NULL, NULL);
    open_page(&g, &before, "/view", NULL);
    open_page(&g, &after, "/renew", before.cookie);
    check_refused(&g, LINES(FOREIGN, "cookie", after.cookie, "x-csrf-token", before.token));
    check_passes(&g, LINES(FOREIGN, "cookie", after.cookie, "x-csrf-token", after.token));
    guarded_free(&g);
}

static int post_form(guarded *g, const page *p, const char *type, const char *format)
{
    char body[512];
    const asking one = {.method = "POST",
                        .target = "/view",
                        .lines = LINES(FOREIGN, "cookie", p->cookie, "content-type", type),
                        .body = body};

    snprintf(body, sizeof body, format, p->token);
    return guarded_ask(g, &one);
}

static void test_csrf__a_form_carries_it_in_a_field(void **state)
{
    page p;
    guarded g;

    (void)state;
    begin(&g, NULL, NULL);
    open_page(&g, &p, "/view", NULL);
    CHECK_INT(post_form(&g, &p, form_type, "a=b&csrf_token=%s&c=d"), 200);
    CHECK_INT(post_form(&g, &p, "multipart/form-data; boundary=x",
                        "--x\r\nContent-Disposition: form-data; name=\"csrf_token\"\r\n\r\n"
                        "%s\r\n--x--\r\n"),
              200);
    CHECK_INT(post_form(&g, &p, form_type, "a=b&csrf_token=A%s"), 403);
    CHECK_INT(post_form(&g, &p, form_type, "a=b&token=%s"), 403);
    CHECK_INT(post_form(&g, &p, form_type, "csrf_token=x&csrf_token=%s"), 403);
    CHECK_INT(post_form(&g, &p, form_type, "csrf_token=%s&%%zz"), 403);
    CHECK_INT(post_form(&g, &p, "application/json", "{\"csrf_token\":\"%s\"}"), 403);
    CHECK_INT(post_form(&g, &p, "text/plain", "csrf_token=%s"), 403);
    guarded_free(&g);
}

static void test_csrf__a_streamed_form_carries_it_in_the_header(void **state)
{
    page p;
    guarded g;
    asking one = {.method = "POST", .target = "/streamed", .body = "csrf_token=1"};

    (void)state;
    begin(&g, &(const sac_app_config)SAC_APP_CONFIG(.workers = 1), NULL);
    CHECK_INT(sac_app_mount(g.app, "/streamed", &streamed, NULL, NULL), SAC_OK);
    open_page(&g, &p, "/view", NULL);
    one.lines = LINES(FOREIGN, "cookie", p.cookie, "content-type", form_type, "x-csrf-token",
                      p.token);
    CHECK_INT(guarded_ask(&g, &one), 200);
    one.lines = LINES(FOREIGN, "cookie", p.cookie, "content-type", form_type);
    CHECK_INT(guarded_ask(&g, &one), 403);
    CHECK(guarded_problem(&g, "csrf"));
    one.lines = LINES("sec-fetch-site", "same-origin", "content-type", form_type);
    CHECK_INT(guarded_ask(&g, &one), 200);
    guarded_free(&g);
}

static void test_csrf__a_token_may_be_needed_always(void **state)
{
    const sac_csrf csrf = SAC_CSRF(.needs_token = true);
    page p;
    guarded g;

    (void)state;
    begin(&g, NULL, &csrf);
    open_page(&g, &p, "/view", NULL);
    check_refused(&g, LINES("cookie", p.cookie));
    check_refused(&g, LINES("cookie", p.cookie, "sec-fetch-site", "same-origin"));
    check_passes(&g, LINES("cookie", p.cookie, "x-csrf-token", p.token));
    check_passes(&g, LINES("x-user", "ann"));
    guarded_free(&g);
}

static void test_csrf__credentials_that_no_browser_sends_unasked_are_exempt(void **state)
{
    guarded g;

    (void)state;
    begin(&g, NULL, NULL);
    check_passes(&g, LINES(FOREIGN, "x-user", "ann"));
    check_refused(&g, LINES(FOREIGN, "x-user", "ann", "x-ambient", "1"));
    check_refused(&g, LINES(FOREIGN, "x-user", "nobody"));
    CHECK_INT(ask(&g, "POST", LINES(FOREIGN, "x-user", "away")), 503);
    CHECK_INT(ran, 2);
    guarded_free(&g);
}

static void test_csrf__strangers_are_told_to_sign_in_first(void **state)
{
    asking one = {.method = "POST", .target = "/guarded", .lines = LINES(FOREIGN)};
    guarded g;

    (void)state;
    begin(&g, NULL, NULL);
    CHECK_INT(guarded_ask(&g, &one), 401);
    one.lines = LINES(FOREIGN, "x-user", "nobody");
    CHECK_INT(guarded_ask(&g, &one), 401);
    one.lines = LINES(FOREIGN, "x-user", "ann", "x-ambient", "1");
    CHECK_INT(guarded_ask(&g, &one), 403);
    CHECK(guarded_problem(&g, "csrf"));
    CHECK_INT(ran, 0);
    one.lines = LINES(FOREIGN, "x-user", "ann");
    CHECK_INT(guarded_ask(&g, &one), 200);
    guarded_free(&g);
}

static void test_csrf__what_is_not_there_is_404_and_405(void **state)
{
    asking one = {.method = "POST", .target = "/none", .lines = LINES(FOREIGN)};
    guarded g;

    (void)state;
    begin(&g, NULL, NULL);
    CHECK_INT(guarded_ask(&g, &one), 404);
    one.target = "/renew";
    CHECK_INT(guarded_ask(&g, &one), 405);
    guarded_free(&g);
}

static void test_csrf__without_sessions_there_is_no_token(void **state)
{
    guarded g;

    (void)state;
    guarded_new(&g, NULL);
    CHECK_INT(sac_app_csrf(g.app, NULL, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(g.app, "/view", &view, NULL, NULL), SAC_OK);
    CHECK_INT(ask(&g, "GET", NULL), 500);
    check_refused(&g, LINES(FOREIGN, "x-csrf-token", "x"));
    check_passes(&g, LINES("origin", "http://sacrum.example"));
    guarded_free(&g);
}

static int ask_at(guarded *g, const char *target, const char *origin)
{
    const asking one = {.method = "POST", .target = target, .lines = LINES("origin", origin)};

    return guarded_ask(g, &one);
}

/* What a group says of origins goes before what its app says. */
static void test_csrf__of_nested_ones_the_innermost_judges(void **state)
{
    static const char *const listed[] = {"https://a.example", NULL};
    const sac_csrf csrf = SAC_CSRF(.origins = listed);
    sac_app *group, *inner, *other;
    guarded g;

    (void)state;
    begin(&g, NULL, NULL);
    CHECK_INT(sac_app_group(g.app, "/a", &group, NULL), SAC_OK);
    CHECK_INT(sac_app_group(group, "/b", &inner, NULL), SAC_OK);
    CHECK_INT(sac_app_group(g.app, "/c", &other, NULL), SAC_OK);
    CHECK_INT(sac_app_csrf(group, &csrf, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(group, "/view", &view, NULL, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(inner, "/view", &view, NULL, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(other, "/view", &view, NULL, NULL), SAC_OK);
    CHECK_INT(sac_app_csrf(group, NULL, NULL), SAC_EEXIST);
    CHECK_INT(sac_app_csrf(g.app, NULL, NULL), SAC_EEXIST);
    CHECK_INT(ask_at(&g, "/a/view", "https://a.example"), 200);
    CHECK_INT(ask_at(&g, "/a/b/view", "https://a.example"), 200);
    CHECK_INT(ask_at(&g, "/c/view", "https://a.example"), 403);
    CHECK_INT(ask_at(&g, "/view", "https://a.example"), 403);
    CHECK_INT(ask_at(&g, "/a/b/view", "https://evil.example"), 403);
    guarded_free(&g);
}

static void test_csrf__what_is_no_origin_is_refused(void **state)
{
    static const char *const bad[] = {"*",
                                      "null",
                                      "https://a.example/",
                                      "a.example",
                                      "https://A.example",
                                      "https://a.example:443",
                                      ""};
    const sac_csrf newer = {.size = sizeof newer + 8};
    const sac_csrf unmade = {.size = 0};
    sac_err err;
    guarded g;

    (void)state;
    guarded_new(&g, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *const origins[] = {"https://good.example", bad[i], NULL};
        const sac_csrf csrf = SAC_CSRF(.origins = origins);

        CHECK_INT(sac_app_csrf(g.app, &csrf, &err), SAC_EINVAL);
        assert_non_null(strstr(err.text, bad[i]));
    }
    CHECK_INT(sac_app_csrf(g.app, &newer, NULL), SAC_EVERSION);
    CHECK_INT(sac_app_csrf(g.app, &unmade, NULL), SAC_EINVAL);
    CHECK_INT(sac_app_seal(g.app, NULL), SAC_OK);
    CHECK_INT(sac_app_csrf(g.app, NULL, NULL), SAC_EINVAL);
    guarded_free(&g);
}

static int set_up(sac_app *app)
{
    static const char *const origins[] = {"https://a.example", "https://b.example", NULL};
    const sac_csrf csrf = SAC_CSRF(.origins = origins);
    sac_app *group = NULL;
    int rc = SAC_OK;

    for (int i = 0; i < 64 && rc == SAC_OK; i++) { /* more than one block of memory */
        rc = sac_app_group(app, "/group", &group, NULL);
        if (rc == SAC_OK)
            rc = sac_app_csrf(group, &csrf, NULL);
    }
    return rc;
}

static void test_csrf__setting_up_survives_oom(void **state)
{
    (void)state;
    guarded_survive_oom(set_up);
}

static void ask_until_it_works(guarded *g, fault_alloc *fault, const asking *one)
{
    int status = 0;

    for (long n = 2; status != 200; n++) { /* the exchange itself takes two */
        fault->left = n;
        status = guarded_ask(g, one);
        fault->left = -1;
        CHECK(status == 200 || status == 500);
        CHECK(n < 200);
    }
}

static void test_csrf__requests_survive_oom(void **state)
{
    fault_alloc fault;
    const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS,
                                                 .alloc = fault_alloc_init(&fault, -1));
    const asking get = {.method = "GET", .target = "/view"};
    page p;
    guarded g;
    char body[256];
    asking post = {.method = "POST", .target = "/view", .body = body};

    (void)state;
    begin(&g, &config, NULL);
    open_page(&g, &p, "/view", NULL);
    snprintf(body, sizeof body, "csrf_token=%s", p.token);
    post.lines = LINES(FOREIGN, "cookie", p.cookie, "content-type", form_type);
    ask_until_it_works(&g, &fault, &post);
    ask_until_it_works(&g, &fault, &get);
    guarded_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csrf__sec_fetch_site_decides_where_it_is_sent),
        cmocka_unit_test(test_csrf__safe_methods_are_not_judged),
        cmocka_unit_test(test_csrf__origin_is_scheme_and_host),
        cmocka_unit_test(test_csrf__over_tls_the_scheme_is_https),
        cmocka_unit_test(test_csrf__the_configured_origin_is_this_site),
        cmocka_unit_test(test_csrf__listed_origins_may_send),
        cmocka_unit_test(test_csrf__without_either_header_it_is_no_browser),
        cmocka_unit_test(test_csrf__a_token_of_the_session_passes),
        cmocka_unit_test(test_csrf__what_is_no_token_of_the_session_is_refused),
        cmocka_unit_test(test_csrf__a_token_is_masked_anew_and_stays_good),
        cmocka_unit_test(test_csrf__a_renewed_session_has_another_token),
        cmocka_unit_test(test_csrf__a_form_carries_it_in_a_field),
        cmocka_unit_test(test_csrf__a_streamed_form_carries_it_in_the_header),
        cmocka_unit_test(test_csrf__a_token_may_be_needed_always),
        cmocka_unit_test(test_csrf__credentials_that_no_browser_sends_unasked_are_exempt),
        cmocka_unit_test(test_csrf__strangers_are_told_to_sign_in_first),
        cmocka_unit_test(test_csrf__what_is_not_there_is_404_and_405),
        cmocka_unit_test(test_csrf__without_sessions_there_is_no_token),
        cmocka_unit_test(test_csrf__of_nested_ones_the_innermost_judges),
        cmocka_unit_test(test_csrf__what_is_no_origin_is_refused),
        cmocka_unit_test(test_csrf__setting_up_survives_oom),
        cmocka_unit_test(test_csrf__requests_survive_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

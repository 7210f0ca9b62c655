/* SPDX-License-Identifier: MIT */
#include "browser.h"

#include <time.h>

#include <sacrum/json.h>

#include "session/session.h"

/* What the settings make of the cookie, and Flask's own lines of it. */

static const char *const keys[] = {A_KEY, NULL};
static const sac_sessions with_key = SAC_SESSIONS(.keys = keys);

/* Flask's own lines, with the SameSite that is sacrum's default. */
static void check_line(const char *got, const char *flasks, bool lax_by_default)
{
    char want[512], date[64], *at;
    const char *value;

    snprintf(want, sizeof want, "%.400s%s", flasks, lax_by_default ? "; SameSite=Lax" : "");
    at = strstr(want, "<signed>");
    if (at) {
        value = strchr(got, '=');
        CHECK(value && value[1] != ';');
        memmove(at, at + 8, strlen(at + 8) + 1);
        CHECK(strncmp(got, "session=", 8) == 0);
        got += strcspn(got, ";");
        memmove(want, strchr(want, ';'), strlen(strchr(want, ';')) + 1);
    }
    at = strstr(want, "<now+31d as IMF-fixdate>");
    if (at) {
        char rest[256];
        struct tm tm;
        time_t expires;

        CHECK(sscanf(got, "; Expires=%63[^;]", date) == 1);
        memset(&tm, 0, sizeof tm);
        CHECK(strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &tm) != NULL);
        expires = timegm(&tm);
        CHECK(llabs((long long)(expires - time(NULL) - 31 * 86400)) < 60);
        snprintf(rest, sizeof rest, "%s", at + 24);
        snprintf(at, sizeof want - (size_t)(at - want), "%s%s", date, rest);
    }
    assert_string_equal(got, want);
}

/* A step of the suite: what Flask says, unless wire.md differs. */
static void check_step(browser *b, sac_str step, bool lax_by_default, int refreshed)
{
    char path[64];
    sac_value lines = sac_bson_get(step, sac_str_of("set_cookie"));
    const sac_value line = sac_bson_get(lines.raw, sac_str_of("0"));
    const sac_str vary = sac_bson_get_str(step, "vary");
    const sac_str to = sac_bson_get_str(step, "path");
    sac_str want = {NULL, 0};

    snprintf(path, sizeof path, "%.*s", (int)to.n, to.p);
    CHECK_INT(browser_get(b, path), 200);
    if (refreshed) { /* only after a tenth of its life, and where something looks at it */
        CHECK_INT(b->n_set, 0);
        return;
    }
    CHECK_INT(b->n_set, line.type == SAC_BSON_STRING);
    if (sac_value_str(&line, &want)) {
        char text[512];

        snprintf(text, sizeof text, "%.*s", (int)want.n, want.p);
        check_line(b->set, text, lax_by_default);
    }
    if (vary.p)
        CHECK_FIELD(&b->fx, "vary", "Cookie");
    else
        CHECK_NO_FIELD(&b->fx, "vary");
}

static void check_case(sac_str one, int number)
{
    const sac_str config = sac_bson_get(one, sac_str_of("config")).raw;
    const sac_str same_site = sac_bson_get_str(config, "SESSION_COOKIE_SAMESITE");
    const sac_str path = sac_bson_get_str(config, "SESSION_COOKIE_PATH");
    const bool secure = sac_bson_get_str(config, "SESSION_COOKIE_SECURE").p;
    char site[16], at[16];
    sac_sessions sessions = SAC_SESSIONS(.keys = keys,
                                         .secure = secure ? SAC_SECURE_ALWAYS : SAC_SECURE_AUTO);
    sac_bson_iter steps;
    browser b;
    int step = 0;

    snprintf(site, sizeof site, "%.*s", (int)same_site.n, same_site.p ? same_site.p : "");
    snprintf(at, sizeof at, "%.*s", (int)path.n, path.p ? path.p : "");
    sessions.same_site = *site ? site : NULL;
    sessions.path = *at ? at : NULL;
    browser_open(&b, NULL, &sessions);
    CHECK_INT(sac_bson_iter_init(&steps, sac_bson_get(one, sac_str_of("steps")).raw), 0);
    for (; sac_bson_iter_next(&steps) == 1; step++)
        check_step(&b, steps.value.raw, !*site, number == 1 && step > 0);
    browser_close(&b);
}

static void test_cookies__are_set_as_flask_does(void **state)
{
    const char *folder = suite_path("flask-session");
    const sac_json_options options = SAC_JSON_OPTIONS(.dialect = SAC_JSON_RELAXED);
    char path[4200];
    sac_str text, all = {NULL, 0};
    sac_bson_iter iter;
    int n = 0;

    (void)state;
    if (!folder) {
        print_message("no suite flask-session\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/vectors.json", folder);
    text = read_file(path);
    CHECK_INT(sac_json_decode(text, &options, NULL, &all, NULL), SAC_OK);
    CHECK_INT(sac_bson_iter_init(&iter, sac_bson_get(all, sac_str_of("http")).raw), 0);
    for (; sac_bson_iter_next(&iter) == 1; n++)
        if (n != 4) /* HttpOnly cannot be switched off */
            check_case(iter.value.raw, n);
    CHECK_INT(n, 5);
    print_message("# skipped of the suite: 1 (HttpOnly off)\n");
    free((void *)(uintptr_t)all.p);
    free((void *)(uintptr_t)text.p);
}

static void check_refused(const sac_app_config *app, const sac_sessions *config, const char *says)
{
    sac_err err = {.code = 0};
    sac_app *made = NULL;
    int rc;

    CHECK_INT(sac_app_new(app, &made, NULL), SAC_OK);
    rc = sac_app_sessions(made, config, &err);
    if (rc == SAC_OK)
        rc = sac_app_seal(made, &err);
    if (rc != SAC_EINVAL || !strstr(err.text, says))
        fail_msg("%s: %d %s", says, rc, err.text);
    CHECK_INT(err.code, SAC_EINVAL);
    sac_app_free(made);
}

#define REFUSED(says, ...)                                     \
    do {                                                       \
        const sac_sessions config = SAC_SESSIONS(__VA_ARGS__); \
                                                               \
        check_refused(&plain, &config, says);                  \
    } while (0)

static void test_cookies__refuse_a_config_that_is_wrong(void **state)
{
    static const char *const short_keys[] = {A_KEY, "15 bytes, short", NULL};
    static const char *const no_keys[] = {NULL};
    static const char *many_keys[18];
    const sac_app_config plain = SAC_APP_CONFIG(.secret = "16 bytes or more of it",
                                                .workers = SAC_NO_WORKERS);
    const sac_app_config bare = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS);
    sac_sessions newer = SAC_SESSIONS(.keys = keys);
    sac_app *app = NULL;
    sac_err err = {.code = 0};

    (void)state;
    for (size_t i = 0; i < 17; i++)
        many_keys[i] = A_KEY;
    REFUSED("keys has one that is shorter", .keys = short_keys);
    REFUSED("keys is empty", .keys = no_keys);
    REFUSED("keys are more than 16", .keys = many_keys);
    REFUSED("kind", .kind = (sac_session_kind)7);
    REFUSED("secure", .secure = (sac_secure)7);
    REFUSED("cookie", .cookie = "a b");
    REFUSED("cookie", .cookie = "");
    REFUSED("path", .path = "app");
    REFUSED("path", .path = "/; x");
    REFUSED("domain", .domain = "a;b");
    REFUSED("same_site", .same_site = "lax");
    REFUSED("secure", .same_site = "None");
    REFUSED("secure", .cookie = "__Host-session");
    REFUSED("secure", .cookie = "__secure-session", .secure = SAC_SECURE_NEVER);
    REFUSED("path", .cookie = "__Host-session", .secure = SAC_SECURE_ALWAYS, .path = "/app");
    REFUSED("domain", .cookie = "__Host-s", .secure = SAC_SECURE_ALWAYS, .domain = "a.org");
    REFUSED("salt", .salt = "");
    REFUSED("collection", .collection = "");
    REFUSED("lifetime", .lifetime = -1);
    REFUSED("idle", .idle = INT64_MAX);
    REFUSED("absolute", .absolute = -5);
    REFUSED("max_cookie", .max_cookie = 100);
    REFUSED("max_size", .max_size = (size_t)1 << 30);
    REFUSED("database", .kind = SAC_SESSION_STORED);
    check_refused(&bare, NULL, "secret");
    newer.size++;
    CHECK_INT(sac_app_new(&plain, &app, NULL), SAC_OK);
    CHECK_INT(sac_app_sessions(app, &newer, &err), SAC_EVERSION);
    newer.size = 0;
    CHECK_INT(sac_app_sessions(app, &newer, &err), SAC_EINVAL);
    CHECK_INT(sac_app_sessions(app, NULL, &err), SAC_OK);
    CHECK_INT(sac_app_sessions(app, NULL, &err), SAC_EEXIST);
    CHECK_INT(sac_app_seal(app, NULL), SAC_OK);
    sac_app_free(app);
}

static void check_attributes(const char *origin, const sac_sessions *config, const char *tail)
{
    const sac_app_config app = SAC_APP_CONFIG(.secret = "16 bytes or more of it", .origin = origin,
                                              .workers = 2);
    browser b;

    browser_open(&b, &app, config);
    CHECK_INT(browser_get(&b, "/set"), 200);
    assert_string_equal(b.set + strcspn(b.set, ";"), tail);
    browser_close(&b);
}

static void test_cookies__have_the_attributes_of_the_config(void **state)
{
    const sac_sessions plain = SAC_SESSIONS(.keys = keys);
    const sac_sessions host = SAC_SESSIONS(.cookie = "__Host-s", .same_site = "Strict");
    const sac_sessions domain = SAC_SESSIONS(.domain = "example.org", .path = "/app",
                                             .secure = SAC_SECURE_NEVER);
    const sac_sessions none = SAC_SESSIONS(.same_site = "None", .secure = SAC_SECURE_ALWAYS);

    (void)state;
    check_attributes("https://example.org", &plain, "; Secure; HttpOnly; Path=/; SameSite=Lax");
    check_attributes("http://example.org", &plain, "; HttpOnly; Path=/; SameSite=Lax");
    check_attributes("https://example.org", &host, "; Secure; HttpOnly; Path=/; SameSite=Strict");
    check_attributes("https://example.org", &domain,
                     "; Domain=example.org; HttpOnly; Path=/app; SameSite=Lax");
    check_attributes(NULL, &none, "; Secure; HttpOnly; Path=/; SameSite=None");
}

/* An app with groups has one kind of session, wherever it was asked for. */
static void test_cookies__are_the_whole_apps(void **state)
{
    browser b;
    sac_app *group = NULL;

    (void)state;
    memset(&b, 0, sizeof b);
    fixture_new(&b.fx, NULL);
    CHECK_INT(sac_app_group(b.fx.app, "/in", &group, NULL), SAC_OK);
    CHECK_INT(sac_app_sessions(group, &with_key, NULL), SAC_OK);
    CHECK(sac__app_has_sessions(b.fx.app));
    browser_mount(&b);
    CHECK_INT(sac_app_mount(group, "/read", &read_ops, NULL, NULL), SAC_OK);
    CHECK_INT(browser_get(&b, "/set"), 200);
    CHECK_INT(browser_get(&b, "/in/read"), 200);
    CHECK_STR(b.fx.reply.body, "{\"k\":\"v\"}");
    browser_close(&b);
}

static int view_without(void *self, sac_req *req)
{
    (void)self;
    CHECK_INT(sac_session_set_int(req, "a", 1), SAC_EINVAL);
    CHECK_INT(sac_session_clear(req), SAC_EINVAL);
    CHECK_INT(sac_session_renew(req), SAC_EINVAL);
    CHECK_INT(sac_flash(req, NULL, sac_str_of("x")), SAC_EINVAL);
    CHECK_INT(sac_session_doc(req).n, 5);
    CHECK_INT(sac_flashes(req).n, 5);
    CHECK(sac_session_is_new(req));
    return sac_reply_empty(req, 204);
}

static const sac_view_ops without_ops = SAC_VIEW_OPS(.name = "without", .get = view_without);

static void test_cookies__an_app_without_sessions_sets_none(void **state)
{
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    CHECK(!sac__app_has_sessions(fx.app));
    fixture_mount(&fx, "/", &without_ops, NULL);
    CHECK_INT(fixture_get(&fx, "GET", "/"), 204);
    CHECK_NO_FIELD(&fx, "vary");
    fixture_free(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cookies__are_set_as_flask_does),
        cmocka_unit_test(test_cookies__refuse_a_config_that_is_wrong),
        cmocka_unit_test(test_cookies__have_the_attributes_of_the_config),
        cmocka_unit_test(test_cookies__are_the_whole_apps),
        cmocka_unit_test(test_cookies__an_app_without_sessions_sets_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

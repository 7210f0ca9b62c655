/* SPDX-License-Identifier: MIT */
#include "browser.h"

#include <time.h>

#include <sacrum/json.h>

#include "session/flask.h"
#include "session/sealed.h"
#include "session/session.h"

static const char *const keys[] = {A_KEY, NULL};
static const sac_sessions with_key = SAC_SESSIONS(.keys = keys);
static const sac_sessions encrypted = SAC_SESSIONS(.kind = SAC_SESSION_ENCRYPTED, .keys = keys);

static void run_keeps(const sac_sessions *config)
{
    browser b;

    browser_open(&b, NULL, config);
    CHECK_INT(browser_get(&b, "/set?key=name&value=Ann"), 200);
    CHECK(strstr(b.set, "; HttpOnly; Path=/; SameSite=Lax"));
    CHECK(!strstr(b.set, "Expires"));
    CHECK_FIELD(&b.fx, "vary", "Cookie");
    CHECK_FIELD(&b.fx, "cache-control", "no-store");
    CHECK_INT(browser_get(&b, "/set?key=age&value=7"), 200);
    CHECK_INT(browser_get(&b, "/read"), 200);
    CHECK_STR(b.fx.reply.body, "{\"age\":\"7\",\"name\":\"Ann\"}");
    CHECK_INT(b.n_set, 0);
    CHECK_FIELD(&b.fx, "vary", "Cookie");
    CHECK_NO_FIELD(&b.fx, "cache-control");
    CHECK_INT(browser_get(&b, "/set?key=age&value=7"), 200);
    CHECK_INT(b.n_set, 0);
    CHECK_INT(browser_get(&b, "/none"), 200);
    CHECK_NO_FIELD(&b.fx, "vary");
    CHECK_INT(browser_get(&b, "/clear"), 200);
    assert_string_equal(b.set, "session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; "
                               "HttpOnly; Path=/; SameSite=Lax");
    CHECK_FIELD(&b.fx, "cache-control", "no-store");
    CHECK_INT(browser_get(&b, "/read"), 200);
    CHECK_STR(b.fx.reply.body, "{}");
    CHECK_INT(b.n_set, 0);
    browser_close(&b);
}

static void test_session__keeps_what_is_set(void **state)
{
    (void)state;
    run_keeps(NULL);
    run_keeps(&with_key);
    run_keeps(&encrypted);
}

/* A cookie of the past, for the apps above. */
static void age(browser *b, const char *json, int64_t issued, int64_t begun, bool sealed)
{
    const sac_str key = sac_str_of(A_KEY);
    const sac_json_options options = SAC_JSON_OPTIONS(.dialect = SAC_JSON_RELAXED);
    const sac__signed_rules rules = {.now = issued, .max = 65536};
    sac__sealed session = {.issued = issued, .begun = begun};
    sac__signing *signing = NULL;
    sac__sealing *sealing = NULL;
    sac__arena_cache *cache = NULL;
    sac__arena *arena;
    sac_str cookie = {NULL, 0};

    CHECK_INT(sac__arena_cache_new(NULL, 4096, 1, &cache), SAC_OK);
    arena = sac__arena_open(cache, SIZE_MAX);
    CHECK_INT(
        sac_json_decode(sac_str_of(json), &options, sac__arena_alloc(arena), &session.doc, NULL),
        SAC_OK);
    CHECK_INT(
        sac__signing_new(sac_alloc_default(), &key, 1, sac_str_of("cookie-session"), &signing),
        SAC_OK);
    CHECK_INT(sac__sealing_new(sac_alloc_default(), &key, 1, sac_str_of("cookie-session"),
                               sac_str_of("session"), &sealing),
              SAC_OK);
    if (sealed)
        CHECK_INT(sac__sealed_write(sealing, &session, arena, &cookie), SAC_OK);
    else
        CHECK_INT(sac__signed_write(signing, session.doc, &rules, arena, &cookie), SAC_OK);
    snprintf(b->cookie, sizeof b->cookie, "Cookie: session=%.*s", (int)cookie.n, cookie.p);
    sac__signing_free(signing);
    sac__sealing_free(sealing);
    sac__arena_close(arena);
    sac__arena_cache_free(cache);
}

enum { DAY = 86400 };

static void test_session__ends_with_its_lifetime(void **state)
{
    const int64_t now = time(NULL);
    browser b;

    (void)state;
    browser_open(&b, NULL, &with_key);
    age(&b, "{\"k\":1}", now - 30 * DAY, 0, false);
    CHECK_INT(browser_get(&b, "/read"), 200);
    CHECK_STR(b.fx.reply.body, "{\"k\":1}");
    CHECK_INT(b.n_set, 0);
    age(&b, "{\"k\":1}", now - 31 * DAY - 60, 0, false);
    CHECK_INT(browser_get(&b, "/read"), 200);
    CHECK_STR(b.fx.reply.body, "{}");
    age(&b, "{\"k\":1}", now + 60, 0, false);
    CHECK_INT(browser_get(&b, "/read"), 200);
    CHECK_STR(b.fx.reply.body, "{}");
    browser_close(&b);
    browser_open(&b, NULL, &encrypted);
    age(&b, "{\"k\":1}", now - DAY, now - 30 * DAY, true);
    CHECK_INT(browser_get(&b, "/read"), 200);
    CHECK_STR(b.fx.reply.body, "{\"k\":1}");
    age(&b, "{\"k\":1}", now - DAY, now - 31 * DAY - 60, true);
    CHECK_INT(browser_get(&b, "/read"), 200);
    CHECK_STR(b.fx.reply.body, "{}");
    browser_close(&b);
}

static void run_slides(const sac_sessions *config, bool sealed)
{
    const int64_t now = time(NULL), tenth = 31 * DAY / 10;
    browser b;

    browser_open(&b, NULL, config);
    age(&b, "{\"_permanent\":true}", now - tenth + 60, now - tenth, sealed);
    CHECK_INT(browser_get(&b, "/read"), 200);
    CHECK_INT(b.n_set, 0);
    age(&b, "{\"_permanent\":true}", now - tenth - 60, now - 5 * tenth, sealed);
    CHECK_INT(browser_get(&b, "/none"), 200);
    CHECK_INT(b.n_set, 0);
    CHECK_INT(browser_get(&b, "/read"), 200);
    CHECK_INT(b.n_set, 1);
    CHECK(strstr(b.set, "; Expires="));
    CHECK_FIELD(&b.fx, "vary", "Cookie");
    CHECK_FIELD(&b.fx, "cache-control", "no-store");
    CHECK_INT(browser_get(&b, "/read"), 200);
    CHECK_INT(b.n_set, 0);
    CHECK_STR(b.fx.reply.body, "{\"_permanent\":true}");
    browser_close(&b);
}

static void test_session__slides_after_a_tenth_of_its_life(void **state)
{
    (void)state;
    run_slides(&with_key, false);
    run_slides(&encrypted, true);
}

/* Sliding does not outlive the absolute end; a renewed session begins anew. */
static void test_session__renew_begins_anew(void **state)
{
    const int64_t now = time(NULL);
    char old[8192];
    browser b;

    (void)state;
    browser_open(&b, NULL, &encrypted);
    age(&b, "{\"_csrf\":\"x\",\"k\":1}", now - DAY, now - 30 * DAY, true);
    snprintf(old, sizeof old, "%s", b.cookie);
    CHECK_INT(browser_get(&b, "/renew"), 200);
    CHECK_INT(b.n_set, 1);
    assert_string_not_equal(old, b.cookie);
    CHECK_INT(browser_get(&b, "/read"), 200);
    CHECK_STR(b.fx.reply.body, "{\"k\":1}");
    browser_close(&b);
    browser_open(&b, NULL, &with_key);
    CHECK_INT(browser_get(&b, "/renew"), 200);
    CHECK_INT(b.n_set, 0);
    browser_close(&b);
}

static void run_garbage(const sac_sessions *config)
{
    static const char *const values[] = {
        "",
        "x",
        "..",
        "e30.ZVPxAA",
        "e30.ZVPxAA.xxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "\"\"",
        "eyJ1IjoxfQ.ZVPxAA.BHlhxkz96UgC1_WnYbxdxLL48ag",
        "....",
        "%00",
        "AAAA",
        "\xff\xfe",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    browser b;

    browser_open(&b, NULL, config);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        snprintf(b.cookie, sizeof b.cookie, "Cookie: session=%s", values[i]);
        CHECK_INT(browser_get(&b, "/read"), 200);
        CHECK_STR(b.fx.reply.body, "{}");
        CHECK_INT(b.n_set, 0);
        CHECK_FIELD(&b.fx, "vary", "Cookie");
    }
    memset(b.cookie, 'A', 6000);
    memcpy(b.cookie, "Cookie: session=", 16);
    b.cookie[6000] = '\0';
    CHECK_INT(browser_get(&b, "/read"), 200);
    CHECK_STR(b.fx.reply.body, "{}");
    browser_close(&b);
}

static void test_session__garbage_is_no_session(void **state)
{
    (void)state;
    run_garbage(&with_key);
    run_garbage(&encrypted);
}

static void test_session__first_of_duplicate_cookies_wins(void **state)
{
    char good[8192];
    browser b;

    (void)state;
    browser_open(&b, NULL, NULL);
    CHECK_INT(browser_get(&b, "/set"), 200);
    snprintf(good, sizeof good, "%.4000s; session=x", b.cookie);
    snprintf(b.cookie, sizeof b.cookie, "%s", good);
    CHECK_INT(browser_get(&b, "/read"), 200);
    CHECK_STR(b.fx.reply.body, "{\"k\":\"v\"}");
    snprintf(b.cookie, sizeof b.cookie, "Cookie: session=x; %.4000s", good + 8);
    CHECK_INT(browser_get(&b, "/read"), 200);
    CHECK_STR(b.fx.reply.body, "{}");
    snprintf(b.cookie, sizeof b.cookie, "Cookie: =%.4000s", good + 8);
    CHECK_INT(browser_get(&b, "/read"), 200);
    CHECK_STR(b.fx.reply.body, "{}");
    browser_close(&b);
}

static void test_session__a_request_that_fails_changes_nothing(void **state)
{
    browser b;

    (void)state;
    browser_open(&b, NULL, NULL);
    CHECK_INT(browser_get(&b, "/fail"), 500);
    CHECK_INT(b.n_set, 0);
    CHECK_FIELD(&b.fx, "vary", "Cookie");
    CHECK_INT(browser_get(&b, "/fail?status=404"), 404);
    CHECK_INT(b.n_set, 1);
    CHECK_FIELD(&b.fx, "cache-control", "no-store");
    CHECK_INT(browser_get(&b, "/read"), 200);
    CHECK_STR(b.fx.reply.body, "{\"failed\":\"yes\"}");
    browser_close(&b);
}

static void test_session__every_method_has_it(void **state)
{
    browser b;

    (void)state;
    browser_open(&b, NULL, NULL);
    CHECK_INT(browser_ask(&b, "HEAD", "/set"), 200);
    CHECK_INT(b.n_set, 1);
    CHECK_INT(browser_ask(&b, "POST", "/read"), 200);
    CHECK_STR(b.fx.reply.body, "{\"k\":\"v\"}");
    CHECK_INT(browser_ask(&b, "OPTIONS", "/read"), 204);
    CHECK_NO_FIELD(&b.fx, "vary");
    CHECK_INT(browser_get(&b, "/nowhere"), 404);
    CHECK_NO_FIELD(&b.fx, "vary");
    browser_close(&b);
}

static int view_not_modified(void *self, sac_req *req)
{
    const int rc = sac_session_set_int(req, "seen", 1);

    (void)self;
    return rc ? rc : sac_reply_empty(req, 304);
}

static int pull_nothing(void *self, sac_req *req, void *buf, size_t cap, size_t *n)
{
    (void)self;
    (void)req;
    (void)buf;
    (void)cap;
    (void)n;
    return 0;
}

static int view_stream(void *self, sac_req *req)
{
    static const sac_stream_ops ops = SAC_STREAM_OPS(.pull = pull_nothing, .flags = SAC_INLINE);
    const int rc = sac_session_set_int(req, "streamed", 1);

    (void)self;
    return rc ? rc : sac_reply_stream(req, 200, "text/plain", -1, &ops, NULL);
}

/* Of the kind that others write, on a worker; it looks at values of each type. */
static int view_types(void *self, sac_req *req)
{
    sac_oid oid;
    int64_t n = 0;
    sac_value v = {SAC_BSON_REGEX, sac_str_n("a\0\0", 3)};
    int rc;

    (void)self;
    CHECK(sac_session_is_new(req));
    sac_req_oid(req, &oid);
    rc = sac_session_set(req, "oid", sac_req_oid_value(req, &oid));
    CHECK_INT(rc, SAC_OK);
    CHECK_INT(sac_session_str(req, "oid").n, 24);
    CHECK_INT(sac_session_set_int(req, "n", INT64_MAX), SAC_OK);
    CHECK(sac_session_int(req, "n", &n) && n == INT64_MAX);
    CHECK(!sac_session_int(req, "oid", &n));
    CHECK_INT(sac_session_set_bool(req, "b", true), SAC_OK);
    CHECK(sac_session_bool(req, "b"));
    CHECK(!sac_session_bool(req, "n"));
    CHECK(!sac_session_str(req, "none").p);
    CHECK_INT(sac_session_get(req, "none").type, SAC_BSON_MISSING);
    CHECK_INT(sac_session_set(req, "x", v), SAC_EINVAL);
    v.type = SAC_BSON_MISSING;
    CHECK_INT(sac_session_set(req, "x", v), SAC_EINVAL);
    CHECK_INT(sac_session_set_str(req, "\xff", sac_str_of("")), SAC_EINVAL);
    CHECK_INT(sac_session_set_str(req, "x", sac_str_of("\xff")), SAC_EINVAL);
    CHECK_INT(sac_session_set_str(req, "_user_id", sac_str_of("1")), SAC_EINVAL);
    CHECK_INT(sac_session_remove(req, "_user_id"), SAC_EINVAL);
    CHECK_INT(sac__session_set(req, "_user_id", sac_req_str_value(req, sac_str_of("1"))), SAC_OK);
    CHECK_INT(sac__session_remove(req, "_user_id"), SAC_OK);
    CHECK_INT(sac_session_remove(req, "never"), SAC_OK);
    CHECK_INT(sac_session_remove(req, "oid"), SAC_OK);
    CHECK_INT(sac_session_set_permanent(req, false), SAC_OK);
    CHECK_INT(sac_session_end_all(req, "n", sac_req_int_value(req, 1)), SAC_ENOSYS);
    CHECK_INT(sac__session_error(req), SAC_OK);
    return sac_reply_bson(req, 200, sac_session_doc(req));
}

static const sac_view_ops not_modified_ops = SAC_VIEW_OPS(.name = "304", .get = view_not_modified);
static const sac_view_ops stream_ops = SAC_VIEW_OPS(.name = "stream", .get = view_stream);
static const sac_view_ops types_ops = SAC_VIEW_OPS(.name = "types", .get = view_types);

static void test_session__goes_with_every_kind_of_answer(void **state)
{
    browser b;

    (void)state;
    browser_open(&b, NULL, NULL);
    fixture_mount(&b.fx, "/304", &not_modified_ops, NULL);
    fixture_mount(&b.fx, "/stream", &stream_ops, NULL);
    CHECK_INT(browser_get(&b, "/304"), 304);
    CHECK_INT(b.n_set, 1);
    CHECK_INT(browser_get(&b, "/stream"), 200);
    CHECK_INT(b.n_set, 1);
    CHECK_INT(browser_get(&b, "/read"), 200);
    CHECK_STR(b.fx.reply.body, "{\"seen\":1,\"streamed\":1}");
    browser_close(&b);
}

static void test_session__holds_the_types_of_flask(void **state)
{
    browser b;

    (void)state;
    browser_open(&b, NULL, NULL);
    fixture_mount(&b.fx, "/types", &types_ops, NULL);
    CHECK_INT(browser_get(&b, "/types"), 200);
    CHECK_STR(b.fx.reply.body, "{\"b\":true,\"n\":\"9223372036854775807\"}");
    CHECK_INT(browser_get(&b, "/read"), 200);
    CHECK_STR(b.fx.reply.body, "{\"b\":true,\"n\":\"9223372036854775807\"}");
    browser_close(&b);
}

static int view_large(void *self, sac_req *req)
{
    char text[5000];
    uint32_t seed = 7;
    int rc;

    (void)self;
    for (size_t i = 0; i < sizeof text; i++) { /* that zlib makes little of */
        seed = seed * 1664525 + 1013904223;
        text[i] = (char)('!' + seed / 65536 % 90);
    }
    rc = sac_session_set_str(req, "large", sac_str_n(text, sizeof text));
    return rc ? rc : sac_reply_text(req, 200, "ok");
}

static const sac_view_ops large_ops = SAC_VIEW_OPS(.name = "large", .get = view_large);

static void test_session__is_not_cut(void **state)
{
    const sac_sessions *const configs[] = {&with_key, &encrypted};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        browser b;

        browser_open(&b, NULL, configs[i]);
        fixture_mount(&b.fx, "/large", &large_ops, NULL);
        CHECK_INT(browser_get(&b, "/large"), 500);
        CHECK_INT(b.n_set, 0);
        CHECK(strstr(b.fx.log, "max_cookie is 4093"));
        CHECK(!contains(b.fx.reply.body, "max_cookie"));
        browser_close(&b);
    }
}

static int after_too_late(void *self, sac_req *req)
{
    (void)self;
    CHECK_INT(sac_session_set_int(req, "late", 1), SAC_EINVAL);
    return SAC_OK;
}

static int after_in_time(void *self, sac_req *req)
{
    (void)self;
    return sac_session_set_int(req, "late", 1);
}

static void test_session__is_written_once(void **state)
{
    static const sac_middleware_ops outer = SAC_MIDDLEWARE_OPS(.name = "outer", .flags = SAC_INLINE,
                                                               .after = after_too_late);
    static const sac_middleware_ops inner = SAC_MIDDLEWARE_OPS(.name = "inner", .flags = SAC_INLINE,
                                                               .after = after_in_time);
    browser b;

    (void)state;
    memset(&b, 0, sizeof b);
    fixture_new(&b.fx, NULL);
    CHECK_INT(sac_app_use(b.fx.app, &outer, NULL, NULL), SAC_OK);
    CHECK_INT(sac_app_sessions(b.fx.app, &with_key, NULL), SAC_OK);
    CHECK_INT(sac_app_use(b.fx.app, &inner, NULL, NULL), SAC_OK);
    browser_mount(&b);
    CHECK_INT(browser_get(&b, "/none"), 200);
    CHECK_INT(b.n_set, 1);
    CHECK_INT(browser_get(&b, "/read"), 200);
    CHECK_STR(b.fx.reply.body, "{\"late\":1}");
    browser_close(&b);
}

/* Messages. */

static int view_flash(void *self, sac_req *req)
{
    int rc = sac_flash(req, NULL, sac_str_of("hello"));

    (void)self;
    if (rc == SAC_OK)
        rc = sac_flash(req, "error", sac_str_of("\xc3\xa9<b>"));
    return rc ? rc : sac_reply_text(req, 200, "ok");
}

static int view_flashes(void *self, sac_req *req)
{
    const sac_str list = sac_flashes(req);
    sac_bson out;
    sac_str doc = {NULL, 0};

    (void)self;
    CHECK(sac_flashes(req).p == list.p);
    sac_bson_init(&out, sac_req_allocator(req), 0);
    sac_bson_add_value(&out, sac_str_of("list"), (sac_value){SAC_BSON_ARRAY, list});
    CHECK_INT(sac_bson_finish(&out, &doc), SAC_OK);
    return sac_reply_bson(req, 200, doc);
}

static const sac_view_ops flash_ops = SAC_VIEW_OPS(.name = "flash", .get = view_flash);
static const sac_view_ops flashes_ops = SAC_VIEW_OPS(.name = "flashes", .get = view_flashes);

static void test_session__messages_are_seen_once(void **state)
{
    browser b;

    (void)state;
    browser_open(&b, NULL, &with_key);
    fixture_mount(&b.fx, "/flash", &flash_ops, NULL);
    fixture_mount(&b.fx, "/flashes", &flashes_ops, NULL);
    CHECK_INT(browser_get(&b, "/flashes"), 200);
    CHECK_STR(b.fx.reply.body, "{\"list\":[]}");
    CHECK_INT(b.n_set, 0);
    CHECK_INT(browser_get(&b, "/flash"), 200);
    CHECK_INT(browser_get(&b, "/flashes"), 200);
    CHECK_STR(b.fx.reply.body, "{\"list\":[{\"category\":\"message\",\"message\":\"hello\"},"
                               "{\"category\":\"error\",\"message\":\"\xc3\xa9<b>\"}]}");
    CHECK_INT(b.n_set, 1);
    CHECK_INT(browser_get(&b, "/flashes"), 200);
    CHECK_STR(b.fx.reply.body, "{\"list\":[]}");
    age(&b, "{\"_flashes\":[[\"a\",\"b\"],1,{\" t\":[\"c\",{\" m\":\"<d>\"}]},{\" t\":[\"e\"]}]}",
        time(NULL), 0, false);
    CHECK_INT(browser_get(&b, "/flashes"), 200);
    CHECK_STR(b.fx.reply.body, "{\"list\":[{\"category\":\"a\",\"message\":\"b\"},"
                               "{\"category\":\"c\",\"message\":\"<d>\"}]}");
    browser_close(&b);
}

/* Whatever fails for want of memory, the answer is right or 500. */
static void run_oom(const sac_sessions *config)
{
    fault_alloc fault;
    int good = 0;

    for (long n = 0; good < 5; n++) {
        const sac_app_config app = SAC_APP_CONFIG(.secret = "16 bytes or more of it",
                                                  .workers = SAC_NO_WORKERS,
                                                  .alloc = fault_alloc_init(&fault, -1));
        const sac_loopback_request request =
            SAC_LOOPBACK_REQUEST(.method = "GET", .target = "/set?key=name&value=Ann");
        browser b;
        int rc;

        browser_open(&b, &app, config);
        CHECK_INT(browser_get(&b, "/none"), 200);
        fault.left = n;
        fault.once = true;
        rc = sac_loopback_send(b.fx.client, &request, &b.fx.reply, NULL);
        fault.left = -1;
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        if (rc == SAC_OK) {
            browser_keep(&b);
            CHECK(b.fx.reply.status == 200 || b.fx.reply.status == 500);
            CHECK_INT(b.fx.reply.status == 200, b.n_set);
        }
        good = rc == SAC_OK && b.n_set == 1 ? good + 1 : 0;
        CHECK(n < 300);
        browser_close(&b);
        CHECK_INT(fault.live, 0);
    }
}

static void test_session__survives_oom(void **state)
{
    fault_alloc fault;
    int rc = SAC_ENOMEM;

    (void)state;
    run_oom(&with_key);
    run_oom(&encrypted);
    for (long n = 0; rc != SAC_OK; n++) {
        const sac_app_config config = SAC_APP_CONFIG(.secret = "16 bytes or more of it",
                                                     .workers = SAC_NO_WORKERS,
                                                     .alloc = fault_alloc_init(&fault, -1));
        sac_app *app = NULL;

        CHECK_INT(sac_app_new(&config, &app, NULL), SAC_OK);
        fault.left = n;
        rc = sac_app_sessions(app, &with_key, NULL);
        if (rc == SAC_OK)
            rc = sac_app_seal(app, NULL);
        fault.left = -1;
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        CHECK(n < 100);
        sac_app_free(app);
        CHECK_INT(fault.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session__keeps_what_is_set),
        cmocka_unit_test(test_session__ends_with_its_lifetime),
        cmocka_unit_test(test_session__slides_after_a_tenth_of_its_life),
        cmocka_unit_test(test_session__renew_begins_anew),
        cmocka_unit_test(test_session__garbage_is_no_session),
        cmocka_unit_test(test_session__first_of_duplicate_cookies_wins),
        cmocka_unit_test(test_session__a_request_that_fails_changes_nothing),
        cmocka_unit_test(test_session__every_method_has_it),
        cmocka_unit_test(test_session__goes_with_every_kind_of_answer),
        cmocka_unit_test(test_session__holds_the_types_of_flask),
        cmocka_unit_test(test_session__is_not_cut),
        cmocka_unit_test(test_session__is_written_once),
        cmocka_unit_test(test_session__messages_are_seen_once),
        cmocka_unit_test(test_session__survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

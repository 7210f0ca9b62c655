/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <float.h>
#include <math.h>

#include <sacrum/form.h>

typedef int act(sac_req *req);

static int run(void *self, sac_req *req)
{
    const int rc = (*(act **)self)(req);

    return rc ? rc : sac_reply_text(req, 200, "ok");
}

static const sac_view_ops view = SAC_VIEW_OPS(.name = "act", .flags = SAC_INLINE, .get = run,
                                              .post = run);

static void start(fixture *fx, act **now)
{
    fixture_new(fx, NULL);
    fixture_mount(fx, "/act", &view, now);
    fixture_mount(fx, "/act/{id}", &view, now);
}

static int send_form(fixture *fx, const char *body)
{
    const char *const lines[] = {"Content-Type: application/x-www-form-urlencoded", NULL};
    const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "POST", .target = "/act",
                                                          .headers = lines,
                                                          .body = sac_str_of(body));

    return fixture_ask(fx, &ask);
}

#define EACH(i, cases) for (size_t i = 0; i < sizeof(cases) / sizeof *(cases); i++)

static int sees_values(sac_req *req)
{
    CHECK_STR(sac_req_query_at(req, "a", 0), "1");
    CHECK_STR(sac_req_query_at(req, "a", 1), "");
    CHECK(sac_req_query_at(req, "a", 1).p != NULL);
    CHECK_STR(sac_req_query_at(req, "a", 2), "3");
    CHECK(!sac_req_query_at(req, "a", 3).p);
    CHECK(!sac_req_query_at(req, "c", 0).p);
    return 0;
}

static void test_typed__tells_each_value_of_a_name(void **state)
{
    act *now = sees_values;
    fixture fx;

    (void)state;
    start(&fx, &now);
    CHECK_INT(fixture_get(&fx, "GET", "/act?a=1&b=2&a&a=3"), 200);
    fixture_free(&fx);
}

static int sees_uuid(sac_req *req)
{
    uint8_t uuid[16] = {0};

    if (!sac_req_param_uuid(req, "id", uuid))
        return sac_fail(req, SAC_ENOTFOUND, "no UUID");
    CHECK(!sac_req_param_uuid(req, "none", uuid));
    CHECK_INT(uuid[0], 0x12);
    CHECK_INT(uuid[15], 0x00);
    return 0;
}

static void test_typed__reads_a_uuid_of_the_path(void **state)
{
    act *now = sees_uuid;
    fixture fx;

    (void)state;
    start(&fx, &now);
    CHECK_INT(fixture_get(&fx, "GET", "/act/123E4567-e89b-12d3-a456-426614174000"), 200);
    CHECK_INT(fixture_get(&fx, "GET", "/act/123E4567-e89b-12d3-a456-42661417400"), 404);
    CHECK_INT(fixture_get(&fx, "GET", "/act/123E4567e89b12d3a456426614174000"), 404);
    fixture_free(&fx);
}

static double low, high, number;

static int reads_double(sac_req *req)
{
    double value = -1;
    const int rc = sac_req_query_double(req, "x", low, high, 7, &value);

    CHECK(rc == SAC_OK || value == -1);
    number = value;
    return rc;
}

static void test_typed__reads_doubles(void **state)
{
    static const struct {
        const char *query;
        double value;
    } good[] = {{"", 7},         {"?x=-0.5", -0.5},  {"?x=1e2", 100},
                {"?x=0.1", 0.1}, {"?x=1e-400", 0.0}, {"?x=9007199254740993", 9007199254740992.0}};
    static const char *const bad[] = {"?x",     "?x=",    "?x=1e999", "?x=NaN",  "?x=Infinity",
                                      "?x=+1",  "?x=.5",  "?x=1.",    "?x=0x10", "?x=1%20",
                                      "?x=1,5", "?x=--1", "?x=01",    "?x=1e",   "?x=%FF"};
    act *now = reads_double;
    fixture fx;

    (void)state;
    start(&fx, &now);
    low = -INFINITY;
    high = INFINITY;
    EACH(i, good)
    {
        char target[64];

        snprintf(target, sizeof target, "/act%s", good[i].query);
        CHECK_INT(fixture_get(&fx, "GET", target), 200);
        CHECK(number == good[i].value);
    }
    EACH(i, bad)
    {
        char target[64];

        snprintf(target, sizeof target, "/act%s", bad[i]);
        CHECK_INT(fixture_get(&fx, "GET", target), 400);
        CHECK(contains(fx.reply.body, "\"bad_parameter\""));
    }
    CHECK_INT(fixture_get(&fx, "GET", "/act?x=y"), 400);
    CHECK(contains(fx.reply.body, "\"x is not a number\""));
    low = 0.5;
    CHECK_INT(fixture_get(&fx, "GET", "/act?x=0.4"), 400);
    CHECK(contains(fx.reply.body, "\"x is not a number of 0.5 or more\""));
    high = 1e100;
    CHECK_INT(fixture_get(&fx, "GET", "/act?x=1e101"), 400);
    CHECK(contains(fx.reply.body, "\"x is not a number from 0.5 to 1e100\""));
    CHECK_INT(fixture_get(&fx, "GET", "/act?x=0.5"), 200);
    low = -INFINITY;
    CHECK_INT(fixture_get(&fx, "GET", "/act?x=1e101"), 400);
    CHECK(contains(fx.reply.body, "\"x is not a number of 1e100 or less\""));
    low = -DBL_MAX;
    high = -DBL_TRUE_MIN;
    CHECK_INT(fixture_get(&fx, "GET", "/act?x=1"), 400);
    CHECK(contains(fx.reply.body, "from -1.7976931348623157e308 to -5e-324\""));
    fixture_free(&fx);
}

static int reads_bool(sac_req *req)
{
    bool fallback = false, value = false;
    int rc = sac_req_query_bool(req, "fallback", false, &fallback);

    if (rc == SAC_OK)
        rc = sac_req_query_bool(req, "x", fallback, &value);
    return rc ? rc : sac_reply_text(req, value ? 201 : 200, "");
}

static int run_reply(void *self, sac_req *req)
{
    return (*(act **)self)(req);
}

static const sac_view_ops replies = SAC_VIEW_OPS(.name = "replies", .flags = SAC_INLINE,
                                                 .get = run_reply, .post = run_reply);

static void test_typed__reads_bools(void **state)
{
    static const struct {
        const char *target;
        int status;
    } cases[] = {{"/b", 200},
                 {"/b?fallback", 201},
                 {"/b?x", 201},
                 {"/b?x=true", 201},
                 {"/b?x=1", 201},
                 {"/b?x=false&fallback=1", 200},
                 {"/b?x=0&fallback", 200},
                 {"/b?x=", 400},
                 {"/b?x=yes", 400},
                 {"/b?x=on", 400},
                 {"/b?x=TRUE", 400}};
    act *now = reads_bool;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/b", &replies, &now);
    EACH(i, cases)
    CHECK_INT(fixture_get(&fx, "GET", cases[i].target), cases[i].status);
    CHECK(contains(fx.reply.body, "\"x is not true, 1, false or 0\""));
    fixture_free(&fx);
}

static int reads_date(sac_req *req)
{
    int64_t ms = 0;
    const int rc = sac_req_query_date(req, "x", -1, &ms);

    return rc ? rc : sac_reply_jsonf(req, 200, "%lld", (long long)ms);
}

static void test_typed__reads_dates(void **state)
{
    act *now = reads_date;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/d", &replies, &now);
    CHECK_INT(fixture_get(&fx, "GET", "/d"), 200);
    CHECK_STR(fx.reply.body, "-1");
    CHECK_INT(fixture_get(&fx, "GET", "/d?x=1970-01-02"), 200);
    CHECK_STR(fx.reply.body, "86400000");
    CHECK_INT(fixture_get(&fx, "GET", "/d?x=1970-01-01T01:00:00.5%2B01:00"), 200);
    CHECK_STR(fx.reply.body, "500");
    CHECK_INT(fixture_get(&fx, "GET", "/d?x=1970-01-01T01:00:00"), 400);
    CHECK_INT(fixture_get(&fx, "GET", "/d?x=1970-02-30"), 400);
    CHECK_INT(fixture_get(&fx, "GET", "/d?x="), 400);
    CHECK_INT(fixture_get(&fx, "GET", "/d?x"), 400);
    CHECK(contains(fx.reply.body, "\"x is not a date like 2026-01-31 or 2026-01-31T12:00:00Z\""));
    fixture_free(&fx);
}

static int reads_oid(sac_req *req)
{
    sac_oid oid;
    char hex[24];
    const int rc = sac_req_query_oid(req, "x", &oid);

    if (rc != SAC_OK)
        return rc;
    sac_oid_hex(&oid, hex);
    return sac_reply_bytes(req, 200, "text/plain", sac_str_n(hex, 24));
}

static void test_typed__reads_object_ids(void **state)
{
    act *now = reads_oid;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/o", &replies, &now);
    CHECK_INT(fixture_get(&fx, "GET", "/o?x=507F1f77bcf86cd799439011"), 200);
    CHECK_STR(fx.reply.body, "507f1f77bcf86cd799439011");
    CHECK_INT(fixture_get(&fx, "GET", "/o"), 400);
    CHECK(contains(fx.reply.body, "\"x is missing\""));
    CHECK_INT(fixture_get(&fx, "GET", "/o?x=507f1f77bcf86cd79943901"), 400);
    CHECK(contains(fx.reply.body, "\"x is not an ObjectId of 24 hex digits\""));
    fixture_free(&fx);
}

static void test_typed__a_malformed_query_is_400_for_each(void **state)
{
    act *const acts[] = {reads_double, reads_bool, reads_date, reads_oid};
    act *now;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/q", &replies, &now);
    EACH(i, acts)
    {
        now = acts[i];
        CHECK_INT(fixture_get(&fx, "GET", "/q?y=%zz"), 400);
        CHECK(contains(fx.reply.body, "the query string is malformed"));
    }
    fixture_free(&fx);
}

static int reads_form(sac_req *req)
{
    int64_t n = 0, ms = 0;
    double x = 0;
    bool box = true;
    int rc = sac_req_form_int(req, "n", -5, 5, 3, &n);

    if (rc == SAC_OK)
        rc = sac_req_form_double(req, "d", 0, 1, 0.5, &x);
    if (rc == SAC_OK)
        rc = sac_req_form_bool(req, "b", &box);
    if (rc == SAC_OK)
        rc = sac_req_form_date(req, "t", -1, &ms);
    return rc ? rc
              : sac_reply_jsonf(req, 200, "[%lld,%g,%d,%lld]", (long long)n, x, box, (long long)ms);
}

static void test_typed__reads_fields_of_a_form(void **state)
{
    static const struct {
        const char *body, *json;
    } good[] = {{"", "[3,0.5,0,-1]"},
                {"n=&d=&b=&t=", "[3,0.5,0,-1]"},
                {"n=-5&d=1e-1&b=on&t=1970-01-01", "[-5,0.1,1,0]"},
                {"b=true", "[3,0.5,1,-1]"},
                {"b=1", "[3,0.5,1,-1]"},
                {"b=off", "[3,0.5,0,-1]"},
                {"b=false", "[3,0.5,0,-1]"},
                {"b=0", "[3,0.5,0,-1]"}};
    static const struct {
        const char *body, *error;
    } bad[] = {{"n=6", "\"n\":[\"must be an integer from -5 to 5\"]"},
               {"n=1.0", "\"n\":[\"must be an integer from -5 to 5\"]"},
               {"n=9223372036854775808", "\"n\":[\"must be an integer from -5 to 5\"]"},
               {"d=1.1", "\"d\":[\"must be a number from 0.0 to 1.0\"]"},
               {"b=yes", "\"b\":[\"must be true, on, 1, false, off or 0\"]"},
               {"t=today", "\"t\":[\"must be a date like 2026-01-31 or 2026-01-31T12:00:00Z\"]"}};
    act *now = reads_form;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/act", &replies, &now);
    EACH(i, good)
    {
        CHECK_INT(send_form(&fx, good[i].body), 200);
        CHECK_STR(fx.reply.body, good[i].json);
    }
    EACH(i, bad)
    {
        CHECK_INT(send_form(&fx, bad[i].body), 422);
        CHECK(contains(fx.reply.body, bad[i].error));
    }
    CHECK_INT(fixture_get(&fx, "POST", "/act"), 415);
    fixture_free(&fx);
}

static int reads_form_oid(sac_req *req)
{
    sac_oid oid;
    const int rc = sac_req_form_oid(req, "o", &oid);

    return rc ? rc : sac_reply_text(req, 200, "ok");
}

static void test_typed__a_form_must_have_its_object_id(void **state)
{
    act *now = reads_form_oid;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/act", &replies, &now);
    CHECK_INT(send_form(&fx, "o=507f1f77bcf86cd799439011"), 200);
    CHECK_INT(send_form(&fx, "o="), 422);
    CHECK(contains(fx.reply.body, "\"o\":[\"required\"]"));
    CHECK_INT(send_form(&fx, "o=1"), 422);
    CHECK(contains(fx.reply.body, "\"o\":[\"must be an ObjectId of 24 hex digits\"]"));
    fixture_free(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_typed__tells_each_value_of_a_name),
        cmocka_unit_test(test_typed__reads_a_uuid_of_the_path),
        cmocka_unit_test(test_typed__reads_doubles),
        cmocka_unit_test(test_typed__reads_bools),
        cmocka_unit_test(test_typed__reads_dates),
        cmocka_unit_test(test_typed__reads_object_ids),
        cmocka_unit_test(test_typed__a_malformed_query_is_400_for_each),
        cmocka_unit_test(test_typed__reads_fields_of_a_form),
        cmocka_unit_test(test_typed__a_form_must_have_its_object_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "support/todos.h"

#define JSON "Content-Type: application/json"

static char etag[64];   /* of /api/todos/a as it was made */
static char match[128]; /* If-Match of it */

static int open_todos(void **state)
{
    static todos t;

    todos_open(&t, &todo_resource);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"_id\":\"a\",\"title\":\"one\"}"), 201);
    snprintf(etag, sizeof etag, "%s", todos_header(&t, "etag"));
    snprintf(match, sizeof match, "If-Match: %s", etag);
    *state = &t;
    return 0;
}

static int close_todos(void **state)
{
    todos_close(*state);
    return 0;
}

static int get_with(todos *t, const char *name, const char *value)
{
    char line[256];

    snprintf(line, sizeof line, "%s: %s", name, value);
    return todos_ask_with(t, "GET", "/api/todos/a", NULL, WITH(line));
}

static void test_tag__unchanged_is_304(void **state)
{
    todos *t = *state;
    char list[128];

    CHECK_INT(get_with(t, "If-None-Match", etag), 304);
    CHECK_INT(t->reply.body.n, 0);
    assert_string_equal(todos_header(t, "etag"), etag);
    assert_string_equal(todos_header(t, "cache-control"), "no-cache");
    assert_string_equal(todos_header(t, "vary"), "Accept");
    CHECK(todos_header(t, "content-type") == NULL);
    snprintf(list, sizeof list, "\"x\", W/%s", etag);
    CHECK_INT(get_with(t, "If-None-Match", list), 304);
    CHECK_INT(get_with(t, "If-None-Match", "*"), 304);
    CHECK_INT(get_with(t, "If-None-Match", "\"x\""), 200);
    CHECK_INT(todos_ask_with(t, "HEAD", "/api/todos/a", NULL, WITH("If-None-Match: *")), 304);
}

static void test_tag__stamp_alone_decides_if_match(void **state)
{
    todos *t = *state;
    char other[96];

    snprintf(other, sizeof other, "%.18s0000000000000000\"", etag);
    CHECK_INT(get_with(t, "If-Match", other), 200);
    CHECK_INT(get_with(t, "If-None-Match", other), 200);
    snprintf(other, sizeof other, "W/%s", etag);
    CHECK_INT(get_with(t, "If-Match", other), 412);
    CHECK_INT(get_with(t, "If-Match", "*"), 200);
    CHECK_INT(get_with(t, "If-Match", "\"x\""), 412);
}

static void test_tag__malformed_is_400(void **state)
{
    static const char *const bad[] = {"", "x", "\"x", "\"a\" \"b\"", "'a'", "W/x", "*, \"a\""};
    todos *t = *state;
    char line[64];

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_INT(get_with(t, "If-Match", bad[i]), 400);
        CHECK(todos_problem(t, "bad_request"));
        snprintf(line, sizeof line, "If-None-Match: %s", bad[i]);
        CHECK_INT(todos_ask_with(t, "PUT", "/api/todos/a", "{\"title\":\"x\"}", WITH(JSON, line)),
                  400);
        CHECK_INT(todos_ask_with(t, "PUT", "/api/todos/q", "{\"title\":\"x\"}", WITH(JSON, line)),
                  400);
    }
}

static void test_tag__guards_writes(void **state)
{
    static const char *const methods[] = {"PUT", "PATCH", "DELETE"};
    todos *t = *state;

    for (int i = 0; i < 3; i++) {
        CHECK_INT(todos_ask_with(t, methods[i], "/api/todos/a", "{\"title\":\"x\"}",
                                 WITH(JSON, "If-Match: \"0.0\"")),
                  412);
        CHECK(todos_problem(t, "precondition_failed"));
        assert_string_equal(todos_header(t, "etag"), etag);
        CHECK_INT(todos_ask_with(t, methods[i], "/api/todos/a", "{\"title\":\"x\"}",
                                 WITH(JSON, "If-None-Match: *")),
                  412);
    }
    CHECK_INT(todos_ask_with(t, "PATCH", "/api/todos/a", "{\"title\":\"x\"}", WITH(JSON, match)),
              200);
    CHECK_INT(todos_ask_with(t, "PATCH", "/api/todos/a", "{\"title\":\"y\"}", WITH(JSON, match)),
              412);
    CHECK_INT(todos_ask_with(t, "DELETE", "/api/todos/a", NULL, WITH(match)), 412);
    CHECK_INT(todos_ask_with(t, "DELETE", "/api/todos/a", NULL, WITH("If-Match: *")), 200);
}

static void test_tag__speaks_of_missing_items(void **state)
{
    todos *t = *state;

    CHECK_INT(
        todos_ask_with(t, "PUT", "/api/todos/new", "{\"title\":\"x\"}", WITH(JSON, "If-Match: *")),
        412);
    CHECK(todos_header(t, "etag") == NULL);
    CHECK_INT(todos_ask_with(t, "PATCH", "/api/todos/new", "{\"title\":\"x\"}", WITH(JSON, match)),
              404);
    CHECK_INT(todos_ask_with(t, "DELETE", "/api/todos/new", NULL, WITH(match)), 404);
    CHECK_INT(todos_ask_with(t, "PUT", "/api/todos/new", "{\"title\":\"x\"}",
                             WITH(JSON, "If-None-Match: *")),
              201);
    CHECK_INT(todos_ask_with(t, "PUT", "/api/todos/new", "{\"title\":\"x\"}",
                             WITH(JSON, "If-None-Match: *")),
              412);
}

static void test_tag__comes_before_the_body(void **state)
{
    todos *t = *state;

    CHECK_INT(todos_ask_with(t, "PUT", "/api/todos/a", "{nonsense", WITH(JSON, "If-Match: \"x\"")),
              412);
    CHECK_INT(todos_ask_with(t, "PUT", "/api/todos/a", "{nonsense", WITH(JSON, match)), 400);
    CHECK_INT(todos_ask_with(t, "PATCH", "/api/todos/zz", "{nonsense", WITH(JSON)), 404);
    CHECK_INT(todos_ask_with(t, "PUT", "/api/todos/a?x=1", "{}", WITH(JSON, "If-Match: \"x\"")),
              400);
    CHECK_INT(todos_ask_with(t, "PUT", "/api/todos/a?x=1", "{}", WITH("Content-Type: text/plain")),
              415);
}

static void test_tag__differs_by_dialect(void **state)
{
    todos *t = *state;
    char tags[3][64];
    static const char *const accepts[] = {"Accept: */*",
                                          "Accept: application/json; dialect=relaxed",
                                          "Accept: application/json;dialect=\"canonical\""};

    for (int i = 0; i < 3; i++) {
        CHECK_INT(todos_ask_with(t, "GET", "/api/todos/a", NULL, WITH(accepts[i])), 200);
        snprintf(tags[i], sizeof tags[i], "%s", todos_header(t, "etag"));
        for (int k = 0; k < i; k++) {
            CHECK(strcmp(tags[i], tags[k]) != 0);
            CHECK(strncmp(tags[i], tags[k], 17) == 0);
        }
    }
    assert_string_equal(todos_header(t, "content-type"), "application/json; dialect=canonical");
}

static void test_tag__accept_is_honoured(void **state)
{
    static const struct {
        const char *accept;
        int status;
    } rows[] = {{"Accept: application/json, text/javascript, */*; q=0.01", 200},
                {"Accept: application/*", 200},
                {"Accept: application/json;q=0.1, text/html", 200},
                {"Accept: application/json; indent=4", 200},
                {"Accept: text/html", 406},
                {"Accept: application/json;q=0", 406},
                {"Accept: application/json; dialect=xml", 406}};
    todos *t = *state;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_INT(todos_ask_with(t, "GET", "/api/todos/a", NULL, WITH(rows[i].accept)),
                  rows[i].status);
        CHECK_INT(todos_ask_with(t, "GET", "/api/todos", NULL, WITH(rows[i].accept)),
                  rows[i].status);
        if (rows[i].status == 406)
            CHECK(todos_problem(t, "not_acceptable"));
    }
}

static void test_tag__is_required_where_said(void **state)
{
    sac_resource resource = todo_resource;
    char line[128];
    todos t;

    (void)state;
    resource.require_if_match = true;
    todos_open(&t, &resource);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"_id\":\"a\",\"title\":\"x\"}"), 201);
    snprintf(line, sizeof line, "If-Match: %s", todos_header(&t, "etag"));
    CHECK_INT(todos_ask(&t, "PATCH", "/api/todos/a", "{nonsense"), 428);
    CHECK(todos_problem(&t, "precondition_required"));
    CHECK_INT(todos_ask(&t, "DELETE", "/api/todos/a", NULL), 428);
    CHECK_INT(todos_ask(&t, "PATCH", "/api/todos/zz", "{\"n\":1}"), 404);
    CHECK_INT(todos_ask(&t, "PUT", "/api/todos/b", "{\"title\":\"x\"}"), 428);
    CHECK_INT(todos_ask_with(&t, "PUT", "/api/todos/b", "{\"title\":\"x\"}",
                             WITH(JSON, "If-None-Match: *")),
              201);
    CHECK_INT(todos_ask_with(&t, "PATCH", "/api/todos/a", "{\"n\":1}", WITH(JSON, line)), 200);
    todos_close(&t);
}

static void test_tag__rev_in_the_body_does_as_well(void **state)
{
    sac_resource resource = todo_resource;
    char body[256], *rev;
    long long old = 0;
    todos t;

    (void)state;
    resource.require_if_match = true;
    resource.show_rev = true;
    todos_open(&t, &resource);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"_id\":\"a\",\"title\":\"x\",\"_rev\":9}"),
              201);
    snprintf(body, sizeof body, "%.*s", (int)t.reply.body.n, t.reply.body.p);
    rev = strstr(body, "\"_rev\":");
    CHECK(rev && sscanf(rev + 7, "%lld", &old) == 1);
    CHECK_INT(todos_ask(&t, "PUT", "/api/todos/a", body), 200);
    snprintf(body, sizeof body, "{\"n\":1,\"_rev\":%lld}", old);
    CHECK_INT(todos_ask(&t, "PATCH", "/api/todos/a", body), 200);
    CHECK(!todos_says(&t, rev));
    CHECK_INT(todos_ask(&t, "PATCH", "/api/todos/a", body), 409);
    CHECK(todos_problem(&t, "stale_revision"));
    CHECK(todos_header(&t, "etag") != NULL);
    CHECK_INT(todos_ask(&t, "PATCH", "/api/todos/a", "{\"n\":2}"), 428);
    todos_close(&t);
}

static void test_tag__outlives_the_app(void **state)
{
    todos *t = *state;

    sac_loopback_free(t->client);
    sac_app_free(t->app);
    todos_make(t);
    CHECK_INT(sac_app_resource(t->app, "/api/todos", &todo_resource, NULL), 0);
    todos_serve(t);
    CHECK_INT(get_with(t, "If-None-Match", etag), 304);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_todos, close_todos)
    const struct CMUnitTest tests[] = {
        TEST(test_tag__unchanged_is_304),
        TEST(test_tag__stamp_alone_decides_if_match),
        TEST(test_tag__malformed_is_400),
        TEST(test_tag__guards_writes),
        TEST(test_tag__speaks_of_missing_items),
        TEST(test_tag__comes_before_the_body),
        TEST(test_tag__differs_by_dialect),
        TEST(test_tag__accept_is_honoured),
        cmocka_unit_test(test_tag__is_required_where_said),
        cmocka_unit_test(test_tag__rev_in_the_body_does_as_well),
        TEST(test_tag__outlives_the_app),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

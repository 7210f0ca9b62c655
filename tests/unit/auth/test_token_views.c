/* SPDX-License-Identifier: MIT */
#include "bearers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

/* Tokens as a user manages them, in a browser. */

static void views_open_with(members *m, const sac_tokens *tokens)
{
    sac_err err = {.code = 0};

    members_begin(m);
    members_make(m);
    if (sac_app_tokens(m->t.app, tokens, &err) != SAC_OK ||
        sac_app_basic(m->t.app, NULL, false, &err) != SAC_OK)
        fail_msg("%s", err.text);
    bearers_mount(m);
    members_serve(m);
    CHECK_INT(sac_account_add(m->t.app, sac_str_of("bob"), sac_str_of("battery staple"), NULL, NULL,
                              &err),
              0);
    members_login(m);
}

static void views_open(members *m)
{
    const sac_tokens tokens = SAC_TOKENS(.path = "/tokens");

    views_open_with(m, &tokens);
}

/* Makes a token by the view: "Bearer sac_…" in `out`; its id in `id`. */
static void make(members *m, const char *json, char out[96], char id[25])
{
    if (members_json(m, "/tokens", json) != 201)
        fail_msg("%.*s", (int)m->t.reply.body.n, m->t.reply.body.p);
    (void)snprintf(out, 96, "Bearer %.88s", bearers_member(m, "token"));
    (void)snprintf(id, 25, "%.24s", bearers_member(m, "_id"));
}

static void test_token_views__show_a_token_once(void **state)
{
    char bearer[96], id[25], location[64];
    members m;

    (void)state;
    views_open(&m);
    make(&m, "{\"name\":\"CI\",\"scopes\":[\"notes:read\",\"a\"]}", bearer, id);
    CHECK_INT(strlen(id), 24);
    (void)snprintf(location, sizeof location, "/tokens/%s", id);
    assert_string_equal(todos_header(&m.t, "location"), location);
    CHECK(strstr(todos_header(&m.t, "cache-control"), "no-store") != NULL);
    CHECK(todos_says(&m.t, "\"name\":\"CI\""));
    CHECK(todos_says(&m.t, "\"scopes\":[\"notes:read\",\"a\"]"));
    CHECK_INT(bearers_get(&m, "/read", bearer), 200);
    CHECK_INT(members_get(&m, "/tokens"), 200);
    CHECK(todos_says(&m.t, id));
    CHECK(todos_says(&m.t, "\"name\":\"CI\""));
    CHECK(todos_says(&m.t, "\"expires\":\""));
    CHECK(!todos_says(&m.t, "sac_"));
    CHECK(!todos_says(&m.t, "digest"));
    CHECK(!todos_says(&m.t, "user"));
    CHECK(strstr(todos_header(&m.t, "cache-control"), "private") != NULL);
    members_close(&m);
}

static void test_token_views__list_ones_own(void **state)
{
    char bearer[96], id[25], basic[64] = "Basic Ym9iOmJhdHRlcnkgc3RhcGxl";
    members m;

    (void)state;
    views_open(&m);
    CHECK_INT(members_get(&m, "/tokens"), 200);
    CHECK_STR(m.t.reply.body, "[]");
    make(&m, "{\"name\":\"one\"}", bearer, id);
    make(&m, "{\"name\":\"two\"}", bearer, id);
    CHECK_INT(members_get(&m, "/tokens"), 200);
    CHECK(todos_says(&m.t, "\"one\"") && todos_says(&m.t, "},{") && todos_says(&m.t, "\"two\""));
    CHECK_INT(bearers_get(&m, "/tokens", basic), 200);
    CHECK_STR(m.t.reply.body, "[]");
    members_close(&m);
}

static void test_token_views__end_ones_own(void **state)
{
    static const char basic[] = "Basic Ym9iOmJhdHRlcnkgc3RhcGxl";
    char bearer[96], id[25], path[64];
    members m;

    (void)state;
    views_open(&m);
    make(&m, "{\"name\":\"one\"}", bearer, id);
    (void)snprintf(path, sizeof path, "/tokens/%s", id);
    CHECK_INT(bearers_ask(&m, "DELETE", path, NULL, basic), 404);
    CHECK_INT(bearers_ask(&m, "DELETE", path, NULL, NULL), 401);
    CHECK_INT(bearers_get(&m, "/private", bearer), 200);
    CHECK_INT(members_send(&m, "DELETE", path, NULL, NULL), 200);
    CHECK_STR(m.t.reply.body, "{}");
    CHECK_INT(bearers_get(&m, "/private", bearer), 401);
    CHECK_INT(members_send(&m, "DELETE", path, NULL, NULL), 404);
    CHECK_INT(members_send(&m, "DELETE", "/tokens/x", NULL, NULL), 404);
    CHECK_INT(members_send(&m, "DELETE", "/tokens", NULL, NULL), 405);
    CHECK_INT(members_get(&m, path), 405);
    CHECK_INT(members_get(&m, "/tokens/x/y"), 404);
    members_close(&m);
}

static void test_token_views__judge_what_is_sent(void **state)
{
    static const struct {
        const char *json, *field;
    } bad[] = {
        {"{}", "name"},
        {"{\"name\":\"\"}", "name"},
        {"{\"name\":null}", "name"},
        {"{\"name\":{\"ne\":null}}", "name"},
        {"{\"name\":\"a\",\"user\":\"bob\"}", "user"},
        {"{\"name\":\"a\",\"_id\":\"x\"}", "_id"},
        {"{\"name\":\"a\",\"token\":\"x\"}", "token"},
        {"{\"name\":\"a\",\"scopes\":\"read\"}", "scopes"},
        {"{\"name\":\"a\",\"scopes\":[]}", "scopes"},
        {"{\"name\":\"a\",\"scopes\":null}", "scopes"},
        {"{\"name\":\"a\",\"scopes\":[1]}", "scopes.0"},
        {"{\"name\":\"a\",\"scopes\":[\"a b\"]}", "scopes.0"},
        {"{\"name\":\"a\",\"scopes\":[\"a\",\"\"]}", "scopes.1"},
        {"{\"name\":\"a\",\"scopes\":[\"a\\\"\"]}", "scopes.0"},
        {"{\"name\":\"a\",\"scopes\":[\"a\\n\"]}", "scopes.0"},
        {"{\"name\":\"a\",\"expires\":\"2001-01-01\"}", "expires"},
        {"{\"name\":\"a\",\"expires\":\"2999-01-01\"}", "expires"},
        {"{\"name\":\"a\",\"expires\":null}", "expires"},
        {"{\"name\":\"a\",\"expires\":3600}", "expires"},
        {"{\"name\":\"a\",\"expires\":\"never\"}", "expires"},
    };
    char key[32];
    members m;

    (void)state;
    views_open(&m);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (members_json(&m, "/tokens", bad[i].json) != 422)
            fail_msg("taken: %s", bad[i].json);
        (void)snprintf(key, sizeof key, "\"%s\":[", bad[i].field);
        if (!todos_says(&m.t, key))
            fail_msg("%s: %.*s", bad[i].json, (int)m.t.reply.body.n, m.t.reply.body.p);
    }
    CHECK_INT(members_json(&m, "/tokens", "{\"name\":\"a\",\"name\":\"b\"}"), 400);
    CHECK_INT(members_json(&m, "/tokens", "{\"name\":{\"$ne\":null}}"), 400);
    CHECK_INT(members_json(&m, "/tokens", "[]"), 400);
    CHECK_INT(members_send(&m, "POST", "/tokens", "text/plain", "{\"name\":\"a\"}"), 415);
    CHECK_INT(members_get(&m, "/tokens"), 200);
    CHECK_STR(m.t.reply.body, "[]");
    members_close(&m);
}

static void test_token_views__know_the_scopes_that_there_are(void **state)
{
    static const char *const known[] = {"notes:read", "notes:write", NULL};
    const sac_tokens tokens = SAC_TOKENS(.path = "/tokens", .scopes = known);
    char bearer[96], id[25];
    members m;

    (void)state;
    views_open_with(&m, &tokens);
    CHECK_INT(members_json(&m, "/tokens", "{\"name\":\"a\",\"scopes\":[\"admin\"]}"), 422);
    make(&m, "{\"name\":\"a\",\"scopes\":[\"notes:write\"]}", bearer, id);
    CHECK_INT(bearers_get(&m, "/read", bearer), 403);
    members_close(&m);
}

static void test_token_views__take_an_expiry(void **state)
{
    const sac_tokens tokens = SAC_TOKENS(.path = "/tokens", .max_lifetime = 86400);
    const time_t soon = time(NULL) + 3600, late = time(NULL) + 90000;
    char bearer[96], id[25], json[96], when[32];
    struct tm tm;
    members m;

    (void)state;
    views_open_with(&m, &tokens);
    CHECK(strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S.000Z", gmtime_r(&soon, &tm)) > 0);
    (void)snprintf(json, sizeof json, "{\"name\":\"a\",\"expires\":\"%s\"}", when);
    make(&m, json, bearer, id);
    assert_string_equal(bearers_member(&m, "expires"), when);
    CHECK_INT(bearers_get(&m, "/private", bearer), 200);
    CHECK(strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&late, &tm)) > 0);
    (void)snprintf(json, sizeof json, "{\"name\":\"a\",\"expires\":\"%s\"}", when);
    CHECK_INT(members_json(&m, "/tokens", json), 422);
    members_close(&m);
}

static void test_token_views__have_a_bound(void **state)
{
    const sac_tokens tokens = SAC_TOKENS(.path = "/tokens", .max_tokens = 2);
    char bearer[96], id[25], path[64];
    members m;

    (void)state;
    views_open_with(&m, &tokens);
    make(&m, "{\"name\":\"a\"}", bearer, id);
    make(&m, "{\"name\":\"b\"}", bearer, id);
    CHECK_INT(members_json(&m, "/tokens", "{\"name\":\"c\"}"), 409);
    CHECK(todos_problem(&m.t, "conflict"));
    CHECK_INT(
        bearers_ask(&m, "POST", "/tokens", "{\"name\":\"b\"}", "Basic Ym9iOmJhdHRlcnkgc3RhcGxl"),
        201);
    (void)snprintf(path, sizeof path, "/tokens/%s", id);
    CHECK_INT(members_send(&m, "DELETE", path, NULL, NULL), 200);
    make(&m, "{\"name\":\"c\"}", bearer, id);
    members_close(&m);
}

typedef struct race {
    members *m;
    atomic_int made, refused;
} race;

static void *ask_for_one(void *self)
{
    race *r = self;
    const char *headers[] = {r->m->cookie, "Content-Type: application/json", NULL};
    const sac_loopback_request request = SAC_LOOPBACK_REQUEST(.method = "POST", .target = "/tokens",
                                                              .headers = headers,
                                                              .body = {"{\"name\":\"a\"}", 12});
    sac_loopback *client = NULL;
    sac_loopback_reply reply;

    for (int i = 0; i < 3; i++) {
        if (sac_loopback_new(r->m->t.app, &client, NULL) == 0 &&
            sac_loopback_send(client, &request, &reply, NULL) == 0) {
            r->made += reply.status == 201;
            r->refused += reply.status == 409;
        }
        sac_loopback_free(client);
    }
    return NULL;
}

static void test_token_views__hold_the_bound_in_a_race(void **state)
{
    const sac_tokens tokens = SAC_TOKENS(.path = "/tokens", .max_tokens = 2);
    const sac_query all = SAC_QUERY(.collection = "tokens");
    pthread_t threads[6];
    race r = {.m = NULL};
    int64_t n = 0;
    members m;

    (void)state;
    views_open_with(&m, &tokens);
    r.m = &m;
    for (int i = 0; i < 6; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, ask_for_one, &r), 0);
    for (int i = 0; i < 6; i++)
        (void)pthread_join(threads[i], NULL);
    CHECK_INT(sac_store_count(sac_app_store(m.t.app), &all, &n, NULL), 0);
    CHECK_INT(r.made + r.refused, 18);
    CHECK(r.made <= 2);
    CHECK_INT(n, r.made);
    members_close(&m);
}

/* A token that leaked could else make itself a longer and a stronger life. */
static void test_token_views__are_closed_to_limited_tokens(void **state)
{
    char limited[96], whole[96], id[25], path[64];
    members m;

    (void)state;
    views_open(&m);
    make(&m, "{\"name\":\"a\",\"scopes\":[\"notes:read\"]}", limited, id);
    (void)snprintf(path, sizeof path, "/tokens/%s", id);
    CHECK_INT(bearers_ask(&m, "POST", "/tokens", "{\"name\":\"b\"}", limited), 403);
    CHECK(todos_problem(&m.t, "forbidden"));
    CHECK_INT(bearers_get(&m, "/tokens", limited), 403);
    CHECK_INT(bearers_ask(&m, "DELETE", path, NULL, limited), 403);
    CHECK_INT(bearers_get(&m, "/tokens", NULL), 401);
    CHECK_INT(bearers_ask(&m, "POST", "/tokens", "{\"name\":\"b\"}", NULL), 401);
    make(&m, "{\"name\":\"a\"}", whole, id);
    CHECK_INT(bearers_ask(&m, "POST", "/tokens", "{\"name\":\"b\"}", whole), 201);
    members_close(&m);
}

static void test_token_views__are_judged_for_csrf(void **state)
{
    members m;

    (void)state;
    views_open(&m);
    CHECK_INT(todos_ask_with(
                  &m.t, "POST", "/tokens", "{\"name\":\"b\"}",
                  WITH("Sec-Fetch-Site: cross-site", "Content-Type: application/json", m.cookie)),
              403);
    CHECK(todos_problem(&m.t, "csrf"));
    CHECK_INT(todos_ask_with(&m.t, "POST", "/tokens", "{\"name\":\"b\"}",
                             WITH("Origin: https://evil.example", "Content-Type: application/json",
                                  "Authorization: Basic Ym9iOmJhdHRlcnkgc3RhcGxl")),
              403);
    CHECK(todos_problem(&m.t, "csrf"));
    members_close(&m);
}

static void test_token_views__stand_in_a_group(void **state)
{
    const sac_tokens tokens = SAC_TOKENS(.path = "/tokens");
    sac_app *group = NULL;
    members m;

    (void)state;
    members_begin(&m);
    members_make(&m);
    CHECK_INT(sac_app_group(m.t.app, "/api", &group, NULL), 0);
    CHECK_INT(sac_app_tokens(group, &tokens, NULL), 0);
    members_serve(&m);
    members_login(&m);
    CHECK_INT(members_json(&m, "/api/tokens", "{\"name\":\"b\"}"), 201);
    CHECK(strncmp(todos_header(&m.t, "location"), "/api/tokens/", 12) == 0);
    members_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token_views__show_a_token_once),
        cmocka_unit_test(test_token_views__list_ones_own),
        cmocka_unit_test(test_token_views__end_ones_own),
        cmocka_unit_test(test_token_views__judge_what_is_sent),
        cmocka_unit_test(test_token_views__know_the_scopes_that_there_are),
        cmocka_unit_test(test_token_views__take_an_expiry),
        cmocka_unit_test(test_token_views__have_a_bound),
        cmocka_unit_test(test_token_views__hold_the_bound_in_a_race),
        cmocka_unit_test(test_token_views__are_closed_to_limited_tokens),
        cmocka_unit_test(test_token_views__are_judged_for_csrf),
        cmocka_unit_test(test_token_views__stand_in_a_group),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

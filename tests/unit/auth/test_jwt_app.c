/* SPDX-License-Identifier: MIT */
#include "bearers.h"

#include <time.h>

#include "jwt_make.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define HS256 "{\"alg\":\"HS256\"}"

static const sac_jwt_key secret_key[] = {
    {.algorithm = SAC_JWT_HS256, .key = {SECRET, sizeof SECRET - 1}}, {.algorithm = 0}};

typedef enum calls { JWT_FIRST, TOKENS_FIRST, JWT_ALONE } calls;

static void jwt_open_with(members *m, const sac_jwt *jwt, calls order)
{
    sac_err err = {.code = 0};
    bool ok;

    members_begin(m);
    members_make(m);
    ok = order != TOKENS_FIRST || sac_app_tokens(m->t.app, NULL, &err) == 0;
    ok = ok && sac_app_jwt(m->t.app, jwt, &err) == 0;
    ok = ok && (order != JWT_FIRST || sac_app_tokens(m->t.app, NULL, &err) == 0);
    if (!ok)
        fail_msg("%s", err.text);
    bearers_mount(m);
    members_serve(m);
}

static void jwt_open(members *m)
{
    const sac_jwt jwt = SAC_JWT(.keys = secret_key);

    jwt_open_with(m, &jwt, JWT_ALONE);
}

/* "Bearer …" of these claims, with an expiry in an hour unless there is one. */
static const char *bearer_of(const char *claims)
{
    static char text[sizeof(jwt_text) + 8];
    static jwt_text token;
    char whole[4096];

    if (strstr(claims, "\"exp\""))
        (void)snprintf(whole, sizeof whole, "%s", claims);
    else
        (void)snprintf(whole, sizeof whole, "{\"exp\":%lld%s%s", (long long)time(NULL) + 3600,
                       claims[1] == '}' ? "" : ",", claims + 1);
    (void)jwt_make(&token, HS256, whole, SECRET, NULL);
    (void)snprintf(text, sizeof text, "Bearer %s", token.p);
    return text;
}

static void test_jwt_app__lets_its_subject_in(void **state)
{
    members m;

    (void)state;
    jwt_open(&m);
    CHECK_INT(bearers_get(&m, "/private", bearer_of("{\"sub\":\"maria\"}")), 200);
    assert_string_equal(bearers_member(&m, "name"), "maria");
    assert_string_equal(bearers_member(&m, "scheme"), "jwt");
    CHECK(todos_says(&m.t, "\"ambient\":false"));
    CHECK(todos_header(&m.t, "set-cookie") == NULL);
    members_close(&m);
}

static void test_jwt_app__refuses_what_is_wrong(void **state)
{
    static const char *const bad[] = {
        "{}",
        "{\"sub\":\"\"}",
        "{\"sub\":7}",
        "{\"sub\":null}",
        "{\"sub\":{\"$oid\":\"0123456789abcdef01234567\"}}",
        "{\"sub\":\"ann\",\"exp\":1000}",
        "{\"sub\":\"ann\",\"nbf\":99999999999}",
        "{\"sub\":\"ann\",\"aud\":\"other\"}",
        "{\"sub\":\"ann\",\"roles\":7}",
        "{\"sub\":\"ann\",\"roles\":[7]}",
        "{\"sub\":\"ann\",\"roles\":{\"admin\":true}}",
        "{\"sub\":\"ann\",\"scope\":null}",
        "{\"sub\":\"ann\",\"sub\":\"bob\"}",
    };
    char long_sub[300];
    members m;

    (void)state;
    jwt_open(&m);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (bearers_get(&m, "/private", bearer_of(bad[i])) != 401)
            fail_msg("taken: %s", bad[i]);
        assert_string_equal(todos_header(&m.t, "www-authenticate"),
                            "Bearer error=\"invalid_token\"");
    }
    (void)snprintf(long_sub, sizeof long_sub, "{\"sub\":\"%0257d\"}", 0);
    CHECK_INT(bearers_get(&m, "/private", bearer_of(long_sub)), 401);
    CHECK_INT(bearers_get(&m, "/private", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ."), 401);
    CHECK_INT(bearers_get(&m, "/private", "Bearer .."), 401);
    CHECK_INT(bearers_get(&m, "/private", "Bearer opaque"), 401);
    CHECK_INT(bearers_get(&m, "/hello", "Bearer opaque"), 200);
    CHECK(todos_says(&m.t, "nobody"));
    members_close(&m);
}

static void test_jwt_app__has_roles(void **state)
{
    const sac_jwt jwt = SAC_JWT(.keys = secret_key, .roles = "realm_access.roles", .scopes = "scp");
    const sac_jwt dotted = SAC_JWT(.keys = secret_key, .roles = "https://issuer.example/roles");
    members m;

    (void)state;
    jwt_open(&m);
    CHECK_INT(bearers_get(&m, "/hello", bearer_of("{\"sub\":\"a\",\"roles\":[\"x\",\"admin\"]}")),
              200);
    CHECK(todos_says(&m.t, "\"admin\":true"));
    CHECK_INT(bearers_get(&m, "/hello", bearer_of("{\"sub\":\"a\",\"roles\":\"x  admin \"}")), 200);
    CHECK(todos_says(&m.t, "\"admin\":true"));
    CHECK_INT(bearers_get(&m, "/hello", bearer_of("{\"sub\":\"a\",\"roles\":\"administrator\"}")),
              200);
    CHECK(todos_says(&m.t, "\"admin\":false"));
    CHECK_INT(bearers_get(&m, "/hello", bearer_of("{\"sub\":\"a\",\"roles\":[\"x admin\"]}")), 200);
    CHECK(todos_says(&m.t, "\"admin\":false"));
    CHECK_INT(bearers_get(&m, "/hello", bearer_of("{\"sub\":\"a\"}")), 200);
    CHECK(todos_says(&m.t, "\"admin\":false"));
    members_close(&m);
    jwt_open_with(&m, &jwt, JWT_ALONE);
    CHECK_INT(bearers_get(&m, "/hello",
                          bearer_of("{\"sub\":\"a\",\"realm_access\":{\"roles\":[\"admin\"]}}")),
              200);
    CHECK(todos_says(&m.t, "\"admin\":true"));
    CHECK_INT(bearers_get(&m, "/read", bearer_of("{\"sub\":\"a\",\"scp\":\"x notes:read\"}")), 200);
    CHECK_INT(bearers_get(&m, "/read", bearer_of("{\"sub\":\"a\",\"scope\":\"notes:read\"}")), 403);
    members_close(&m);
    jwt_open_with(&m, &dotted, JWT_ALONE);
    CHECK_INT(
        bearers_get(&m, "/hello",
                    bearer_of("{\"sub\":\"a\",\"https://issuer.example/roles\":[\"admin\"]}")),
        200);
    CHECK(todos_says(&m.t, "\"admin\":true"));
    members_close(&m);
}

/* Without the claim it has none: an issuer leaves it out where it granted nothing. */
static void test_jwt_app__is_limited_to_its_scopes(void **state)
{
    members m;

    (void)state;
    jwt_open(&m);
    CHECK_INT(bearers_get(&m, "/read", bearer_of("{\"sub\":\"a\",\"scope\":\"x notes:read\"}")),
              200);
    CHECK_INT(bearers_get(&m, "/read", bearer_of("{\"sub\":\"a\",\"scope\":[\"notes:read\"]}")),
              200);
    CHECK_INT(bearers_get(&m, "/read", bearer_of("{\"sub\":\"a\",\"scope\":\"notes:write\"}")),
              403);
    CHECK_INT(bearers_get(&m, "/read", bearer_of("{\"sub\":\"a\",\"scope\":\"\"}")), 403);
    CHECK_INT(bearers_get(&m, "/read", bearer_of("{\"sub\":\"a\"}")), 403);
    CHECK_INT(bearers_get(&m, "/api/notes", bearer_of("{\"sub\":\"a\",\"scope\":\"notes:read\"}")),
              200);
    CHECK_INT(bearers_ask(&m, "POST", "/api/notes", "{\"title\":\"x\"}",
                          bearer_of("{\"sub\":\"a\",\"scope\":\"notes:read\"}")),
              403);
    CHECK_INT(bearers_get(&m, "/private", bearer_of("{\"sub\":\"a\"}")), 200);
    members_close(&m);
}

static void check_both_kinds(calls order)
{
    const sac_jwt jwt = SAC_JWT(.keys = secret_key);
    char text[SAC_TOKEN_TEXT], bearer[96];
    members m;

    jwt_open_with(&m, &jwt, order);
    CHECK_INT(sac_token_add(m.t.app, sac_str_of("ann"), "a", NULL, 0, text, NULL), 0);
    (void)snprintf(bearer, sizeof bearer, "Bearer %s", text);
    CHECK_INT(bearers_get(&m, "/private", bearer), 200);
    assert_string_equal(bearers_member(&m, "scheme"), "token");
    CHECK_INT(bearers_get(&m, "/private", bearer_of("{\"sub\":\"a\"}")), 200);
    assert_string_equal(bearers_member(&m, "scheme"), "jwt");
    CHECK_INT(bearers_get(&m, "/private", "Bearer sac_a.b.c"), 401);
    CHECK_INT(bearers_get(&m, "/private", "Bearer a.b.c"), 401);
    CHECK_INT(bearers_get(&m, "/private", "Bearer opaque"), 401);
    assert_string_equal(todos_header(&m.t, "www-authenticate"), "Bearer error=\"invalid_token\"");
    CHECK_INT(bearers_get(&m, "/private", NULL), 401);
    assert_string_equal(todos_header(&m.t, "www-authenticate"), "Bearer");
    members_close(&m);
}

static void test_jwt_app__stands_beside_tokens_in_any_order(void **state)
{
    (void)state;
    check_both_kinds(JWT_FIRST);
    check_both_kinds(TOKENS_FIRST);
}

static void test_jwt_app__goes_before_a_cookie(void **state)
{
    members m;

    (void)state;
    jwt_open(&m);
    members_login(&m);
    CHECK_INT(bearers_ask_with(&m, "GET", "/private", NULL, bearer_of("{\"sub\":\"a\"}"), m.cookie),
              200);
    assert_string_equal(bearers_member(&m, "scheme"), "jwt");
    CHECK_INT(bearers_ask_with(&m, "GET", "/private", NULL, bearer_of("{\"sub\":\"a\",\"exp\":1}"),
                               m.cookie),
              401);
    CHECK_INT(bearers_ask_with(&m, "GET", "/private", NULL, "Bearer x", m.cookie), 401);
    CHECK_INT(bearers_ask_with(&m, "GET", "/private", NULL, NULL, m.cookie), 200);
    members_close(&m);
}

/* An id of an account in it is no account here: its issuer is another. */
static void test_jwt_app__is_no_account(void **state)
{
    const sac_tokens tokens = SAC_TOKENS(.path = "/tokens");
    const sac_jwt jwt = SAC_JWT(.keys = secret_key);
    char claims[64], hex[25] = "";
    sac_oid id;
    members m;

    (void)state;
    members_begin(&m);
    members_make(&m);
    CHECK_INT(sac_app_jwt(m.t.app, &jwt, NULL), 0);
    CHECK_INT(sac_app_tokens(m.t.app, &tokens, NULL), 0);
    members_serve(&m);
    CHECK_INT(
        sac_account_add(m.t.app, sac_str_of("eve"), sac_str_of("battery staple"), NULL, &id, NULL),
        0);
    sac_oid_hex(&id, hex);
    (void)snprintf(claims, sizeof claims, "{\"sub\":\"%s\"}", hex);
    CHECK_INT(bearers_ask(&m, "POST", "/tokens", "{\"name\":\"x\"}", bearer_of(claims)), 403);
    CHECK_INT(bearers_get(&m, "/tokens", bearer_of(claims)), 403);
    members_close(&m);
}

/* Another service's tokens alone, without accounts of one's own. */
static void test_jwt_app__needs_no_accounts(void **state)
{
    const sac_jwt jwt = SAC_JWT(.keys = secret_key);
    sac_err err = {.code = 0};
    members m;

    (void)state;
    members_begin(&m);
    todos_make(&m.t);
    CHECK_INT(sac_app_jwt(m.t.app, &jwt, &err), 0);
    CHECK_INT(sac_app_jwt(m.t.app, &jwt, &err), SAC_EEXIST);
    bearers_mount(&m);
    todos_serve(&m.t);
    CHECK_INT(bearers_get(&m, "/private", bearer_of("{\"sub\":\"a\"}")), 200);
    CHECK_INT(bearers_get(&m, "/private", "Bearer x"), 401);
    CHECK_INT(bearers_ask(&m, "POST", "/api/notes", "{\"title\":\"x\"}",
                          bearer_of("{\"sub\":\"a\",\"scope\":\"notes:write\"}")),
              201);
    CHECK_INT(sac_app_jwt(m.t.app, &jwt, &err), SAC_EINVAL);
    members_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jwt_app__lets_its_subject_in),
        cmocka_unit_test(test_jwt_app__refuses_what_is_wrong),
        cmocka_unit_test(test_jwt_app__has_roles),
        cmocka_unit_test(test_jwt_app__is_limited_to_its_scopes),
        cmocka_unit_test(test_jwt_app__stands_beside_tokens_in_any_order),
        cmocka_unit_test(test_jwt_app__goes_before_a_cookie),
        cmocka_unit_test(test_jwt_app__is_no_account),
        cmocka_unit_test(test_jwt_app__needs_no_accounts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

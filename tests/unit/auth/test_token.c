/* SPDX-License-Identifier: MIT */
#include "bearers.h"

#include <unistd.h>

static void tokens_open_with(members *m, const sac_tokens *tokens)
{
    sac_err err = {.code = 0};

    members_begin(m);
    members_make(m);
    if (sac_app_tokens(m->t.app, tokens, &err) != SAC_OK)
        fail_msg("%s", err.text);
    bearers_mount(m);
    members_serve(m);
    CHECK_INT(sac_account_add(m->t.app, sac_str_of("bob"), sac_str_of("battery staple"), NULL, NULL,
                              &err),
              0);
}

static void tokens_open(members *m)
{
    const sac_tokens tokens = SAC_TOKENS(.path = "/tokens");

    tokens_open_with(m, &tokens);
}

/* "Bearer sac_…" of an account, in `out`. */
static void make(members *m, const char *account, const char *const *scopes, char out[96])
{
    char text[SAC_TOKEN_TEXT];
    sac_err err = {.code = 0};

    if (sac_token_add(m->t.app, sac_str_of(account), "test", scopes, 0, text, &err) != SAC_OK)
        fail_msg("%s", err.text);
    (void)snprintf(out, 96, "Bearer %s", text);
}

static void test_token__lets_its_user_in(void **state)
{
    char bearer[96], loud[128];
    members m;

    (void)state;
    tokens_open(&m);
    make(&m, "Ann", NULL, bearer);
    CHECK_INT(bearers_get(&m, "/private", bearer), 200);
    assert_string_equal(bearers_member(&m, "name"), "ann");
    assert_string_equal(bearers_member(&m, "scheme"), "token");
    CHECK(todos_says(&m.t, "\"ambient\":false"));
    CHECK(strstr(todos_header(&m.t, "vary"), "Authorization") != NULL);
    CHECK(strstr(todos_header(&m.t, "cache-control"), "private") != NULL);
    CHECK(todos_header(&m.t, "www-authenticate") == NULL);
    (void)snprintf(loud, sizeof loud, "bEARER   %s  ", bearer + 7);
    CHECK_INT(bearers_get(&m, "/private", loud), 200);
    CHECK_INT(bearers_get(&m, "/hello", bearer), 200);
    CHECK(todos_says(&m.t, "\"admin\":true"));
    members_close(&m);
}

static void test_token__is_text_of_one_form(void **state)
{
    char bearer[96];
    members m;

    (void)state;
    tokens_open(&m);
    make(&m, "ann", NULL, bearer);
    CHECK_INT(strlen(bearer + 7), 53);
    CHECK(strncmp(bearer + 7, "sac_", 4) == 0);
    CHECK_INT(strspn(bearer + 11, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
              49);
    members_close(&m);
}

static void check_wrong(members *m, const char *credentials)
{
    if (bearers_get(m, "/private", credentials) != 401)
        fail_msg("not refused: %s", credentials);
    CHECK(todos_problem(&m->t, "unauthorized"));
    assert_string_equal(todos_header(&m->t, "www-authenticate"), "Bearer error=\"invalid_token\"");
    CHECK(strstr(todos_header(&m->t, "vary"), "Authorization") != NULL);
}

static void test_token__that_is_wrong_is_refused(void **state)
{
    static const char *const bad[] = {
        "Bearer",
        "Bearer ",
        "Bearer sac_",
        "Bearer sac_0000000000000000000000000000000000000000000000000",
        "Bearer x",
        "Bearer a.b.c",
        "Bearer {\"$ne\":null}",
        "Bearer SAC_0000000000000000000000000000000000000000000000000",
        "bearer null",
    };
    char bearer[96];
    members m;

    (void)state;
    tokens_open(&m);
    make(&m, "ann", NULL, bearer);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check_wrong(&m, bad[i]);
    for (size_t at = 7; bearer[at]; at++) {
        const char was = bearer[at];

        bearer[at] = was == 'a' ? 'b' : 'a';
        check_wrong(&m, bearer);
        bearer[at] = was;
    }
    (void)strcat(bearer, "0");
    check_wrong(&m, bearer);
    bearer[strlen(bearer) - 2] = '\0';
    check_wrong(&m, bearer);
    members_close(&m);
}

static void test_token__that_is_none_at_all_has_no_error(void **state)
{
    members m;

    (void)state;
    tokens_open(&m);
    CHECK_INT(bearers_get(&m, "/private", NULL), 401);
    assert_string_equal(todos_header(&m.t, "www-authenticate"), "Bearer");
    CHECK_INT(bearers_get(&m, "/private", "Digest username=\"ann\""), 401);
    assert_string_equal(todos_header(&m.t, "www-authenticate"), "Bearer");
    CHECK_INT(bearers_get(&m, "/hello", "Bearer wrong"), 200);
    CHECK(todos_says(&m.t, "nobody"));
    members_close(&m);
}

static void test_token__is_refused_beside_another_field(void **state)
{
    char bearer[96], field[128];
    members m;

    (void)state;
    tokens_open(&m);
    make(&m, "ann", NULL, bearer);
    (void)snprintf(field, sizeof field, "Authorization: %s", bearer);
    CHECK_INT(todos_ask_with(&m.t, "GET", "/private", NULL, WITH(field)), 200);
    CHECK(todos_ask_with(&m.t, "GET", "/private", NULL, WITH(field, field)) >= 400);
    CHECK(todos_ask_with(&m.t, "GET", "/private", NULL, WITH(field, "Authorization: Bearer x")) >=
          400);
    CHECK(todos_ask_with(&m.t, "GET", "/private", NULL, WITH("Authorization: Bearer x", field)) >=
          400);
    members_close(&m);
}

/* The cookie's user must not be who a wrong token's request is taken for. */
static void test_token__goes_before_a_cookie(void **state)
{
    char bearer[96];
    members m;

    (void)state;
    tokens_open(&m);
    make(&m, "bob", NULL, bearer);
    members_login(&m);
    CHECK_INT(bearers_ask_with(&m, "GET", "/private", NULL, NULL, m.cookie), 200);
    assert_string_equal(bearers_member(&m, "scheme"), "session");
    CHECK_INT(bearers_ask_with(&m, "GET", "/private", NULL, bearer, m.cookie), 200);
    assert_string_equal(bearers_member(&m, "name"), "bob");
    CHECK_INT(bearers_ask_with(&m, "GET", "/private", NULL, "Bearer sac_x", m.cookie), 401);
    CHECK_INT(bearers_ask_with(&m, "GET", "/private", NULL, "Bearer other", m.cookie), 401);
    CHECK_INT(bearers_ask_with(&m, "GET", "/hello", NULL, "Bearer other", m.cookie), 200);
    CHECK(todos_says(&m.t, "nobody"));
    /* Of a scheme that nobody takes here. */
    CHECK_INT(bearers_ask_with(&m, "GET", "/private", NULL, "Digest x", m.cookie), 200);
    assert_string_equal(bearers_member(&m, "name"), "ann");
    members_close(&m);
}

/* What a page of another site sends has a cookie, but no token. */
static void test_token__is_not_judged_for_csrf(void **state)
{
    char bearer[96], field[128];
    members m;

    (void)state;
    tokens_open(&m);
    make(&m, "bob", NULL, bearer);
    members_login(&m);
    (void)snprintf(field, sizeof field, "Authorization: %s", bearer);
    CHECK_INT(
        todos_ask_with(&m.t, "POST", "/private", NULL, WITH("Sec-Fetch-Site: cross-site", field)),
        200);
    CHECK_INT(todos_ask_with(&m.t, "POST", "/private", NULL,
                             WITH("Sec-Fetch-Site: cross-site", field, m.cookie)),
              200);
    CHECK_INT(todos_ask_with(&m.t, "POST", "/private", NULL,
                             WITH("Sec-Fetch-Site: cross-site", m.cookie)),
              403);
    CHECK(todos_problem(&m.t, "csrf"));
    CHECK_INT(
        todos_ask_with(&m.t, "POST", "/private", NULL,
                       WITH("Sec-Fetch-Site: cross-site", m.cookie, "Authorization: Bearer sac_x")),
        401);
    members_close(&m);
}

static void test_token__is_limited_to_its_scopes(void **state)
{
    static const char *const reads[] = {"notes:read", NULL}, *const writes[] = {"notes:write",
                                                                                NULL};
    static const char *const near[] = {"notes:rea", "notes:read2", "NOTES:READ", NULL};
    char free_one[96], reader[96], writer[96], other[96];
    members m;

    (void)state;
    tokens_open(&m);
    make(&m, "ann", NULL, free_one);
    make(&m, "ann", reads, reader);
    make(&m, "ann", writes, writer);
    make(&m, "ann", near, other);
    CHECK_INT(bearers_get(&m, "/read", free_one), 200);
    CHECK_INT(bearers_get(&m, "/read", reader), 200);
    CHECK_INT(bearers_get(&m, "/read", writer), 403);
    assert_string_equal(todos_header(&m.t, "www-authenticate"),
                        "Bearer error=\"insufficient_scope\", scope=\"notes:read\"");
    CHECK_INT(bearers_get(&m, "/read", other), 403);
    CHECK_INT(bearers_get(&m, "/private", other), 200);
    CHECK_INT(bearers_get(&m, "/api/notes", reader), 200);
    CHECK_INT(bearers_get(&m, "/api/notes", writer), 403);
    CHECK_INT(bearers_get(&m, "/api/notes", NULL), 401);
    CHECK_INT(bearers_ask(&m, "POST", "/api/notes", "{\"title\":\"a\"}", reader), 403);
    assert_string_equal(todos_header(&m.t, "www-authenticate"),
                        "Bearer error=\"insufficient_scope\", scope=\"notes:write\"");
    CHECK_INT(bearers_ask(&m, "POST", "/api/notes", "{\"title\":\"a\"}", writer), 201);
    CHECK_INT(bearers_ask(&m, "POST", "/api/notes", "{\"title\":\"a\"}", free_one), 201);
    members_close(&m);
}

static void test_token__of_a_disabled_account_is_refused(void **state)
{
    char bearer[96];
    members m;

    (void)state;
    tokens_open(&m);
    make(&m, "bob", NULL, bearer);
    CHECK_INT(bearers_get(&m, "/private", bearer), 200);
    CHECK_INT(sac_account_disable(m.t.app, sac_str_of("bob"), true, NULL), 0);
    check_wrong(&m, bearer);
    CHECK_INT(sac_account_disable(m.t.app, sac_str_of("bob"), false, NULL), 0);
    CHECK_INT(bearers_get(&m, "/private", bearer), 200);
    CHECK_INT(sac_store_drop(sac_app_store(m.t.app), "users", NULL), 0);
    check_wrong(&m, bearer);
    members_close(&m);
}

static void test_token__expires(void **state)
{
    char text[SAC_TOKEN_TEXT], bearer[96];
    members m;

    (void)state;
    tokens_open(&m);
    CHECK_INT(sac_token_add(m.t.app, sac_str_of("ann"), "brief", NULL, 1, text, NULL), 0);
    (void)snprintf(bearer, sizeof bearer, "Bearer %s", text);
    CHECK_INT(bearers_get(&m, "/private", bearer), 200);
    usleep(1100 * 1000);
    check_wrong(&m, bearer);
    members_close(&m);
}

static int no_secret(void *self, const sac_view *view)
{
    const char *text = self;
    sac_value expires = sac_bson_get(view->doc, sac_str_of("expires"));

    CHECK(memmem(view->doc.p, view->doc.n, text, 20) == NULL);
    CHECK_INT(sac_bson_get(view->doc, sac_str_of("_id")).type, SAC_BSON_BINARY);
    CHECK_INT(expires.type, SAC_BSON_DATE);
    return 0;
}

static void test_token__is_stored_as_a_digest(void **state)
{
    const sac_query query = SAC_QUERY(.collection = "tokens");
    char text[SAC_TOKEN_TEXT];
    const sac_sink sink = {.doc = no_secret, .self = text};
    sac_cursor *cursor = NULL;
    int64_t n = 0;
    members m;

    (void)state;
    tokens_open(&m);
    CHECK_INT(sac_token_add(m.t.app, sac_str_of("ann"), "one", NULL, 0, text, NULL), 0);
    CHECK_INT(sac_store_find(sac_app_store(m.t.app), &query, NULL, &cursor, NULL), 0);
    CHECK_INT(sac_cursor_pull(cursor, &sink, NULL), 0);
    sac_cursor_close(cursor);
    CHECK_INT(sac_store_count(sac_app_store(m.t.app), &query, &n, NULL), 0);
    CHECK_INT(n, 1);
    members_close(&m);
}

static void test_token_add__says_what_is_wrong(void **state)
{
    static const char *const blank[] = {"a b", NULL}, *const unknown[] = {"write", NULL};
    static const char *const known[] = {"read", NULL}, *const empty[] = {NULL};
    const sac_tokens tokens = SAC_TOKENS(.scopes = known, .max_lifetime = 1000);
    char text[SAC_TOKEN_TEXT] = "untouched", long_name[402];
    const sac_str ann = sac_str_of("ann");
    members m;

    (void)state;
    tokens_open_with(&m, &tokens);
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    CHECK_INT(sac_token_add(m.t.app, sac_str_of("eve"), "a", NULL, 0, text, NULL), SAC_ENOTFOUND);
    CHECK_INT(sac_token_add(m.t.app, sac_str_of(""), "a", NULL, 0, text, NULL), SAC_ENOTFOUND);
    CHECK_INT(sac_token_add(m.t.app, sac_str_of(long_name), "a", NULL, 0, text, NULL),
              SAC_ENOTFOUND);
    CHECK_INT(sac_token_add(m.t.app, ann, "", NULL, 0, text, NULL), SAC_EINVAL);
    CHECK_INT(sac_token_add(m.t.app, ann, NULL, NULL, 0, text, NULL), SAC_EINVAL);
    CHECK_INT(sac_token_add(m.t.app, ann, long_name, NULL, 0, text, NULL), SAC_EINVAL);
    CHECK_INT(sac_token_add(m.t.app, ann, "\xff", NULL, 0, text, NULL), SAC_EINVAL);
    CHECK_INT(sac_token_add(m.t.app, ann, "a", NULL, -1, text, NULL), SAC_EINVAL);
    CHECK_INT(sac_token_add(m.t.app, ann, "a", NULL, 1001, text, NULL), SAC_EINVAL);
    CHECK_INT(sac_token_add(m.t.app, ann, "a", blank, 0, text, NULL), SAC_EINVAL);
    CHECK_INT(sac_token_add(m.t.app, ann, "a", unknown, 0, text, NULL), SAC_EINVAL);
    assert_string_equal(text, "untouched");
    CHECK_INT(sac_token_add(m.t.app, ann, "a", known, 1000, text, NULL), 0);
    CHECK_INT(sac_token_add(m.t.app, ann, "a", empty, 0, text, NULL), 0);
    members_close(&m);
}

static void check_config(members *m, const sac_tokens *tokens, int code, const char *why)
{
    sac_err err = {.code = 0};

    CHECK_INT(sac_app_tokens(m->t.app, tokens, &err), code);
    if (!strstr(err.text, why))
        fail_msg("\"%s\" instead of \"%s\"", err.text, why);
}

static void test_tokens__config_is_looked_at(void **state)
{
    sac_tokens tokens = SAC_TOKENS(.lifetime = 100, .max_lifetime = 50);
    char text[SAC_TOKEN_TEXT];
    members m;

    (void)state;
    members_begin(&m);
    todos_make(&m.t);
    check_config(&m, NULL, SAC_EINVAL, "sac_app_accounts()");
    CHECK_INT(sac_token_add(m.t.app, sac_str_of("ann"), "a", NULL, 0, text, NULL), SAC_EINVAL);
    sac_app_free(m.t.app);
    members_make(&m);
    check_config(&m, &tokens, SAC_EINVAL, "lifetime");
    tokens.lifetime = -1;
    check_config(&m, &tokens, SAC_EINVAL, "lifetime");
    tokens.lifetime = 0;
    tokens.max_lifetime = -1;
    check_config(&m, &tokens, SAC_EINVAL, "max_lifetime");
    tokens.max_lifetime = INT64_MAX;
    check_config(&m, &tokens, SAC_EINVAL, "max_lifetime");
    tokens.max_lifetime = 0;
    tokens.max_tokens = -1;
    check_config(&m, &tokens, SAC_EINVAL, "max_tokens");
    tokens.max_tokens = 0;
    tokens.size += 8;
    check_config(&m, &tokens, SAC_EVERSION, "newer");
    tokens.size = sizeof tokens;
    tokens.path = "no-slash";
    check_config(&m, &tokens, SAC_EINVAL, "path");
    tokens.path = "/tokens";
    CHECK_INT(sac_app_tokens(m.t.app, &tokens, NULL), 0);
    check_config(&m, &tokens, SAC_EEXIST, "has them");
    CHECK_INT(sac_token_add(m.t.app, sac_str_of("ann"), "a", NULL, 0, text, NULL), SAC_EINVAL);
    members_serve(&m);
    check_config(&m, &tokens, SAC_EINVAL, "sealed");
    members_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token__lets_its_user_in),
        cmocka_unit_test(test_token__is_text_of_one_form),
        cmocka_unit_test(test_token__that_is_wrong_is_refused),
        cmocka_unit_test(test_token__that_is_none_at_all_has_no_error),
        cmocka_unit_test(test_token__is_refused_beside_another_field),
        cmocka_unit_test(test_token__goes_before_a_cookie),
        cmocka_unit_test(test_token__is_not_judged_for_csrf),
        cmocka_unit_test(test_token__is_limited_to_its_scopes),
        cmocka_unit_test(test_token__of_a_disabled_account_is_refused),
        cmocka_unit_test(test_token__expires),
        cmocka_unit_test(test_token__is_stored_as_a_digest),
        cmocka_unit_test(test_token_add__says_what_is_wrong),
        cmocka_unit_test(test_tokens__config_is_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <sacrum/password.h>

#include "../members.h"

static const sac_str ann = {"ann", 3};
static const sac_str good = {"battery staple", 14};

static int add(members *m, const char *name, sac_str password, sac_err *err)
{
    *err = (sac_err){.code = 0};
    return sac_account_add(m->t.app, sac_str_of(name), password, NULL, NULL, err);
}

static void test_program__adds_accounts(void **state)
{
    static const char *const roles[] = {"editor", "admin", NULL};
    char hex[25] = "", text[64];
    members m;
    sac_oid id;
    sac_err err;

    (void)state;
    members_open(&m);
    CHECK_INT(sac_account_add(m.t.app, sac_str_of("Bob"), good, roles, &id, &err), SAC_OK);
    CHECK_INT(members_json(&m, "/login", "{\"username\":\"bob\",\"password\":\"battery staple\"}"),
              200);
    sac_oid_hex(&id, hex);
    snprintf(text, sizeof text, "{\"user\":{\"_id\":\"%s\",", hex);
    CHECK(todos_says(&m.t, text));
    CHECK(todos_says(&m.t, "\"roles\":[\"editor\",\"admin\"]"));
    CHECK_INT(add(&m, "BOB", good, &err), SAC_EEXIST);
    assert_string_equal(err.text, "accounts: the name is taken");
    members_close(&m);
}

static void test_program__adds_none_that_cannot_be(void **state)
{
    char text[SAC_PASSWORD_MAX];
    members m;
    sac_err err;

    (void)state;
    memset(text, 'a', sizeof text);
    members_open(&m);
    CHECK_INT(add(&m, "", good, &err), SAC_EINVAL);
    CHECK_INT(add(&m, "a b", good, &err), SAC_EINVAL);
    CHECK_INT(add(&m, "\xff", good, &err), SAC_EINVAL);
    CHECK_INT(sac_account_add(m.t.app, sac_str_n("a\0b", 3), good, NULL, NULL, &err), SAC_EINVAL);
    CHECK_INT(sac_account_add(m.t.app, sac_str_n(text, 65), good, NULL, NULL, &err), SAC_EINVAL);
    CHECK_INT(add(&m, "bob", sac_str_of(""), &err), SAC_EINVAL);
    CHECK_INT(add(&m, "bob", sac_str_n("a\0b", 3), &err), SAC_EINVAL);
    CHECK_INT(add(&m, "bob", sac_str_n(text, 73), &err), SAC_ETOOBIG);
    CHECK_INT(add(&m, "bob", sac_str_n(text, 72), &err), SAC_OK);
    members_close(&m);
}

static void test_program__sets_passwords(void **state)
{
    members m;
    sac_err err;

    (void)state;
    members_open(&m);
    members_login(&m);
    CHECK_INT(sac_account_set_password(m.t.app, sac_str_of("Ann"), good, &err), SAC_OK);
    CHECK(members_is(&m, "nobody"));
    CHECK_INT(members_json(&m, "/login", RIGHT), 401);
    CHECK_INT(members_json(&m, "/login", "{\"username\":\"ann\",\"password\":\"battery staple\"}"),
              200);
    CHECK(todos_says(&m.t, "\"roles\":[\"admin\"]"));
    CHECK_INT(sac_account_set_password(m.t.app, sac_str_of("nobody"), good, &err), SAC_ENOTFOUND);
    CHECK_INT(sac_account_set_password(m.t.app, ann, sac_str_of(""), &err), SAC_EINVAL);
    CHECK_INT(sac_account_disable(m.t.app, sac_str_of("nobody"), true, &err), SAC_ENOTFOUND);
    CHECK_INT(sac_account_disable(m.t.app, sac_str_of(""), true, &err), SAC_ENOTFOUND);
    members_close(&m);
}

static void test_program__needs_a_sealed_app(void **state)
{
    members m;
    sac_err err;

    (void)state;
    members_begin(&m);
    members_make(&m);
    CHECK_INT(add(&m, "bob", good, &err), SAC_EINVAL);
    CHECK_INT(sac_account_set_password(m.t.app, ann, good, &err), SAC_EINVAL);
    CHECK_INT(sac_account_disable(m.t.app, ann, true, &err), SAC_EINVAL);
    members_close(&m);
    members_begin(&m);
    todos_make(&m.t);
    CHECK_INT(add(&m, "bob", good, &err), SAC_EINVAL);
    assert_string_equal(err.text, "accounts: the app has none");
    todos_serve(&m.t);
    CHECK_INT(add(&m, "bob", good, &err), SAC_EINVAL);
    members_close(&m);
}

static int configure(members *m, const sac_accounts *accounts, sac_err *err)
{
    *err = (sac_err){.code = 0};
    return sac_app_accounts(m->t.app, accounts, err);
}

static void test_program__hears_what_is_wrong(void **state)
{
    static const sac_field reserved[] = {{.name = "roles", .type = SAC_ARRAY}, {.name = NULL}};
    static const sac_field again[] = {{.name = "username", .type = SAC_STRING}, {.name = NULL}};
    static const sac_field bad[] = {{.name = "a.b", .type = SAC_STRING}, {.name = NULL}};
    const sac_accounts wrong[] = {SAC_ACCOUNTS(.cost = 3),
                                  SAC_ACCOUNTS(.cost = 32),
                                  SAC_ACCOUNTS(.name_key = "password"),
                                  SAC_ACCOUNTS(.name_key = "_id"),
                                  SAC_ACCOUNTS(.name_key = "$where"),
                                  SAC_ACCOUNTS(.name_key = "a.b"),
                                  SAC_ACCOUNTS(.name_key = ""),
                                  SAC_ACCOUNTS(.home = "https://evil.com"),
                                  SAC_ACCOUNTS(.min_password = 73),
                                  SAC_ACCOUNTS(.fields = reserved),
                                  SAC_ACCOUNTS(.fields = again),
                                  SAC_ACCOUNTS(.fields = bad),
                                  SAC_ACCOUNTS(.name_pattern = "("),
                                  SAC_ACCOUNTS(.login = "login")};
    sac_accounts newer = SAC_ACCOUNTS(.collection = NULL);
    members m;
    sac_err err;

    (void)state;
    members_begin(&m);
    todos_make(&m.t);
    CHECK_INT(configure(&m, NULL, &err), SAC_EINVAL);
    assert_string_equal(err.text, "accounts: sac_app_sessions() comes before");
    CHECK_INT(sac_app_sessions(m.t.app, &m.sessions, &err), SAC_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (configure(&m, &wrong[i], &err) != SAC_EINVAL)
            fail_msg("row %zu: %d %s", i, err.code, err.text);
        CHECK(err.text[0] != '\0');
    }
    newer.size += 8;
    CHECK_INT(configure(&m, &newer, &err), SAC_EVERSION);
    newer.size = 0;
    CHECK_INT(configure(&m, &newer, &err), SAC_EINVAL);
    CHECK_INT(configure(&m, &m.accounts, &err), SAC_OK);
    CHECK_INT(configure(&m, &m.accounts, &err), SAC_EEXIST);
    members_serve(&m);
    members_login(&m);
    CHECK_INT(configure(&m, &m.accounts, &err), SAC_EINVAL);
    members_close(&m);
}

static void test_program__needs_a_database(void **state)
{
    members m;
    sac_err err;

    (void)state;
    members_begin(&m);
    m.t.config.database = NULL;
    members_make(&m);
    CHECK_INT(sac_app_seal(m.t.app, &err), SAC_EINVAL);
    assert_string_equal(err.text, "accounts: the app has no database");
    members_close(&m);
}

/* Signs in whose `_id` the query says, as one that another service has vouched for. */
static int vouched_get(void *self, sac_req *req)
{
    sac_oid id;
    int rc = sac_req_query_oid(req, "id", &id);

    (void)self;
    if (rc == SAC_OK)
        rc = sac_sign_in(req, sac_req_oid_value(req, &id), true);
    return rc == SAC_OK ? sac_reply_text(req, 200, "in") : rc;
}

static int leave_get(void *self, sac_req *req)
{
    const int rc = sac_sign_out(req);

    (void)self;
    if (rc != SAC_OK)
        return rc;
    return sac_reply_text(req, 200, sac_req_identity(req) ? "in" : "out");
}

static void test_program__signs_in_by_itself(void **state)
{
    static const sac_view_ops vouched = SAC_VIEW_OPS(.name = "vouched", .get = vouched_get,
                                                     .flags = SAC_INLINE);
    static const sac_view_ops leave = SAC_VIEW_OPS(.name = "leave", .get = leave_get,
                                                   .flags = SAC_INLINE);
    char hex[25] = "", target[64];
    members m;
    sac_oid id;
    sac_err err;

    (void)state;
    members_begin(&m);
    members_make(&m);
    CHECK_INT(sac_app_mount(m.t.app, "/vouched", &vouched, NULL, &err), SAC_OK);
    CHECK_INT(sac_app_mount(m.t.app, "/leave", &leave, NULL, &err), SAC_OK);
    members_serve(&m);
    CHECK_INT(sac_account_add(m.t.app, sac_str_of("bob"), good, NULL, &id, &err), SAC_OK);
    sac_oid_hex(&id, hex);
    snprintf(target, sizeof target, "/vouched?id=%s", hex);
    CHECK_INT(members_get(&m, target), 200);
    CHECK(strstr(todos_header(&m.t, "set-cookie"), "Expires"));
    CHECK(members_is(&m, "bob"));
    CHECK_INT(members_get(&m, "/leave"), 200);
    CHECK_STR(m.t.reply.body, "out");
    CHECK(members_is(&m, "nobody"));
    CHECK_INT(members_get(&m, "/vouched?id=0123456789abcdef01234567"), 404);
    CHECK_INT(sac_account_disable(m.t.app, sac_str_of("bob"), true, &err), SAC_OK);
    CHECK_INT(members_get(&m, target), 403);
    CHECK(members_is(&m, "nobody"));
    members_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_program__adds_accounts),
        cmocka_unit_test(test_program__adds_none_that_cannot_be),
        cmocka_unit_test(test_program__sets_passwords),
        cmocka_unit_test(test_program__needs_a_sealed_app),
        cmocka_unit_test(test_program__hears_what_is_wrong),
        cmocka_unit_test(test_program__needs_a_database),
        cmocka_unit_test(test_program__signs_in_by_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

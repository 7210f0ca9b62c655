/* SPDX-License-Identifier: MIT */
#include "bearers.h"

/* Apps that take tokens, while memory ends. */

#define SECRET "0123456789abcdef0123456789abcdef"

static const sac_jwt_key secret_key[] = {
    {.algorithm = SAC_JWT_HS256, .key = {SECRET, sizeof SECRET - 1}}, {.algorithm = 0}};

typedef int setting_up(sac_app *app, sac_err *err);

static int set_up_tokens(sac_app *app, sac_err *err)
{
    static const sac_tokens tokens = SAC_TOKENS(.path = "/tokens");

    return sac_app_tokens(app, &tokens, err);
}

static int set_up_basic(sac_app *app, sac_err *err)
{
    return sac_app_basic(app, "realm", true, err);
}

static int set_up_jwt(sac_app *app, sac_err *err)
{
    static const sac_jwt jwt = SAC_JWT(.keys = secret_key, .issuer = "me", .audience = "api",
                                       .roles = "r", .scopes = "s");

    return sac_app_jwt(app, &jwt, err);
}

static void check_set_up(setting_up *set_up, long least)
{
    fault_alloc fault;
    long n = 0;
    int rc;

    do {
        sac_err err = {.code = 0};
        members m;

        members_begin(&m);
        m.t.config.alloc = fault_alloc_init(&fault, -1);
        members_make(&m);
        fault.left = n++;
        rc = set_up(m.t.app, &err);
        fault.left = -1;
        CHECK_INT(err.code, rc);
        CHECK(rc == 0 || rc == SAC_ENOMEM);
        members_close(&m);
        CHECK_INT(fault.live, 0);
    } while (rc != 0 && n < 1000);
    CHECK_INT(rc, 0);
    CHECK(n > least);
}

static void test_tokens__set_up_survives_oom(void **state)
{
    (void)state;
    check_set_up(set_up_tokens, 3);
}

static void test_basic__set_up_survives_oom(void **state)
{
    (void)state;
    check_set_up(set_up_basic, 1);
}

static void test_jwt_app__set_up_survives_oom(void **state)
{
    (void)state;
    check_set_up(set_up_jwt, 4);
}

static void open_all(members *m, fault_alloc *fault)
{
    members_begin(m);
    m->t.config.alloc = fault_alloc_init(fault, -1);
    m->t.config.workers = SAC_NO_WORKERS;
    m->accounts.max_attempts = 10000;
    members_make(m);
    CHECK_INT(set_up_tokens(m->t.app, NULL), 0);
    CHECK_INT(set_up_basic(m->t.app, NULL), 0);
    CHECK_INT(set_up_jwt(m->t.app, NULL), 0);
    bearers_mount(m);
    members_serve(m);
}

static void test_token_add__survives_oom(void **state)
{
    static const char *const scopes[] = {"a", "b", NULL};
    char text[SAC_TOKEN_TEXT] = "untouched";
    fault_alloc fault;
    members m;
    int rc = -1;

    (void)state;
    open_all(&m, &fault);
    for (long n = 0; rc != 0 && n < 1000; n++) {
        sac_err err = {.code = 0};
        const long live = fault.live;

        fault.left = n;
        rc = sac_token_add(m.t.app, sac_str_of("ann"), "x", scopes, 0, text, &err);
        fault.left = -1;
        CHECK_INT(err.code, rc);
        CHECK_INT(fault.live, live);
        CHECK(rc == 0 || (rc == SAC_ENOMEM && strcmp(text, "untouched") == 0));
    }
    CHECK_INT(rc, 0);
    members_close(&m);
}

/* Whatever is answered while memory ends, it is never another's, and the next request is right. */
static void check_requests(members *m, fault_alloc *fault, const char *credentials, int status)
{
    int got = 0;

    for (long n = 0; got != status && n < 1000; n++) {
        const char *headers[] = {credentials, NULL};
        const sac_loopback_request request = SAC_LOOPBACK_REQUEST(.method = "GET",
                                                                  .target = "/private",
                                                                  .headers = headers);
        int rc;

        fault->left = n;
        rc = sac_loopback_send(m->t.client, &request, &m->t.reply, NULL);
        got = m->t.reply.status;
        fault->left = -1;
        CHECK(rc != 0 || got == status || got >= 500);
        got = rc == 0 ? got : 0;
    }
    CHECK_INT(got, status);
    CHECK_INT(todos_ask_with(&m->t, "GET", "/private", NULL, WITH(credentials)), status);
}

static void test_bearers__survive_oom(void **state)
{
    char text[SAC_TOKEN_TEXT], field[128];
    fault_alloc fault;
    members m;

    (void)state;
    open_all(&m, &fault);
    CHECK_INT(sac_token_add(m.t.app, sac_str_of("ann"), "x", NULL, 0, text, NULL), 0);
    (void)snprintf(field, sizeof field, "Authorization: Bearer %s", text);
    check_requests(&m, &fault, field, 200);
    check_requests(&m, &fault, "Authorization: Bearer sac_x", 401);
    check_requests(&m, &fault, "Authorization: Bearer a.b.c", 401);
    check_requests(&m, &fault, "Authorization: Basic YW5uOmNvcnJlY3QgaG9yc2U=", 200);
    check_requests(&m, &fault, "Authorization: Basic YW5uOndyb25nIGhvcnNl", 401);
    members_close(&m);
    CHECK_INT(fault.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens__set_up_survives_oom),
        cmocka_unit_test(test_basic__set_up_survives_oom),
        cmocka_unit_test(test_jwt_app__set_up_survives_oom),
        cmocka_unit_test(test_token_add__survives_oom),
        cmocka_unit_test(test_bearers__survive_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "../members.h"

static void test_oom__accounts_survive(void **state)
{
    sac_err err = {.code = 0};
    fault_alloc fault;
    members m;
    int rc = SAC_ENOMEM;

    (void)state;
    members_begin(&m);
    for (long n = 0; rc != SAC_OK; n++) {
        CHECK(n < 1000);
        fault_alloc_init(&fault, -1);
        m.t.config.alloc = &fault.alloc;
        todos_make(&m.t);
        CHECK_INT(sac_app_sessions(m.t.app, &m.sessions, &err), SAC_OK);
        fault.left = n;
        rc = sac_app_accounts(m.t.app, &m.accounts, &err);
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        fault.left = -1;
        if (rc != SAC_OK && n % 7 == 0)
            CHECK_INT(sac_app_seal(m.t.app, &err), SAC_OK);
        sac_app_free(m.t.app);
        CHECK_INT(fault.live, 0);
    }
    remove_dir(m.t.dir);
}

/* One request with every allocation failing in turn, until it comes through. */
static void survive(const char *target, const char *json, bool signed_in, int status)
{
    fault_alloc fault;
    int got = 0;
    members m;

    fault_alloc_init(&fault, -1);
    members_begin(&m);
    m.t.config.alloc = &fault.alloc;
    m.accounts.max_attempts = 10000;
    members_make(&m);
    members_serve(&m);
    if (signed_in)
        members_login(&m);
    for (long n = 0; got != status; n++) {
        const char *headers[] = {"Content-Type: application/json", m.cookie[0] ? m.cookie : NULL,
                                 NULL};
        const sac_loopback_request request = SAC_LOOPBACK_REQUEST(.method = json ? "POST" : "GET",
                                                                  .target = target,
                                                                  .headers = headers,
                                                                  .body = sac_str_of(json));
        sac_err err;
        int rc;

        CHECK(n < 600);
        fault.left = n;
        fault.once = true;
        rc = sac_loopback_send(m.t.client, &request, &m.t.reply, &err);
        fault.left = -1;
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        got = rc == SAC_OK && !m.t.reply.cut ? m.t.reply.status : 500;
        /* One that failed behind its commit has made the account. */
        if (got == 409 && strcmp(target, "/sign_up") == 0)
            got = status;
        if (got != status && got != 500 && got != 503)
            fail_msg("%s: %d after %ld: %.*s", target, got, n, (int)m.t.reply.body.n,
                     m.t.reply.body.p);
    }
    members_close(&m);
    CHECK_INT(fault.live, 0);
}

static void test_oom__login_survives(void **state)
{
    (void)state;
    survive("/login", RIGHT, false, 200);
    survive("/login", WRONG, false, 401);
    survive("/login", "{\"username\":7}", false, 422);
}

static void test_oom__sign_up_survives(void **state)
{
    (void)state;
    survive("/sign_up", "{\"username\":\"bob\",\"password\":\"battery staple\",\"age\":7}", false,
            200);
    survive("/sign_up", "{\"username\":\"ann\",\"password\":\"battery staple\"}", false, 409);
}

static void test_oom__me_and_logout_survive(void **state)
{
    (void)state;
    survive("/me", NULL, true, 200);
    survive("/logout", "", true, 200);
}

static void test_oom__calls_of_the_program_survive(void **state)
{
    fault_alloc fault;
    sac_err err;
    members m;
    int rc = SAC_ENOMEM;

    (void)state;
    fault_alloc_init(&fault, -1);
    members_begin(&m);
    m.t.config.alloc = &fault.alloc;
    members_make(&m);
    members_serve(&m);
    for (long n = 0; rc != SAC_OK && rc != SAC_EEXIST; n++) {
        CHECK(n < 300);
        fault.left = n;
        fault.once = true;
        rc = sac_account_add(m.t.app, sac_str_of("bob"), sac_str_of("battery staple"), NULL, NULL,
                             &err);
        fault.left = -1;
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM || rc == SAC_EEXIST);
    }
    rc = SAC_ENOMEM;
    for (long n = 0; rc != SAC_OK; n++) {
        CHECK(n < 300);
        fault.left = n;
        fault.once = true;
        rc = sac_account_set_password(m.t.app, sac_str_of("bob"), sac_str_of("correct horse"),
                                      &err);
        fault.left = -1;
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
    }
    members_close(&m);
    CHECK_INT(fault.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oom__accounts_survive),
        cmocka_unit_test(test_oom__login_survives),
        cmocka_unit_test(test_oom__sign_up_survives),
        cmocka_unit_test(test_oom__me_and_logout_survive),
        cmocka_unit_test(test_oom__calls_of_the_program_survive),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

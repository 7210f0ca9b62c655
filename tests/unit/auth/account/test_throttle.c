/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>

#include "../members.h"

static void open_with(members *m, unsigned attempts, unsigned window)
{
    members_begin(m);
    m->accounts.max_attempts = attempts;
    m->accounts.window = window;
    members_make(m);
    members_serve(m);
}

static void test_throttle__stops_wrong_passwords(void **state)
{
    members m;

    (void)state;
    open_with(&m, 3, 300);
    for (int i = 0; i < 3; i++)
        CHECK_INT(members_json(&m, "/login", WRONG), 401);
    CHECK_INT(members_json(&m, "/login", WRONG), 429);
    CHECK(todos_problem(&m.t, "too_many_requests"));
    CHECK(atoi(todos_header(&m.t, "retry-after")) > 0);
    CHECK(atoi(todos_header(&m.t, "retry-after")) <= 300);
    /* Not with the right one either, whatever the case of the name; others are not concerned. */
    CHECK_INT(members_json(&m, "/login", RIGHT), 429);
    CHECK_INT(members_json(&m, "/login", "{\"username\":\"ANN\",\"password\":\"x\"}"), 429);
    CHECK_INT(members_json(&m, "/login", "{\"username\":\"bob\",\"password\":\"x\"}"), 401);
    members_close(&m);
}

static void test_throttle__is_the_same_for_unknown_names(void **state)
{
    members m;

    (void)state;
    open_with(&m, 2, 300);
    for (int i = 0; i < 2; i++)
        CHECK_INT(members_json(&m, "/login", "{\"username\":\"bob\",\"password\":\"x\"}"), 401);
    CHECK_INT(members_json(&m, "/login", "{\"username\":\"bob\",\"password\":\"x\"}"), 429);
    members_close(&m);
}

static void test_throttle__ends(void **state)
{
    members m;

    (void)state;
    open_with(&m, 2, 1);
    while (members_json(&m, "/login", WRONG) == 401) {
    }
    CHECK_INT(m.t.reply.status, 429);
    assert_string_equal(todos_header(&m.t, "retry-after"), "1");
    usleep(1100 * 1000);
    CHECK_INT(members_json(&m, "/login", RIGHT), 200);
    members_close(&m);
}

static void test_throttle__forgets_at_a_right_one(void **state)
{
    members m;

    (void)state;
    open_with(&m, 3, 300);
    for (int round = 0; round < 3; round++) {
        CHECK_INT(members_json(&m, "/login", WRONG), 401);
        CHECK_INT(members_json(&m, "/login", WRONG), 401);
        CHECK_INT(members_json(&m, "/login", RIGHT), 200);
    }
    members_close(&m);
}

static void test_throttle__stops_an_address_that_tries_many_names(void **state)
{
    char body[128];
    members m;
    int n = 0;

    (void)state;
    open_with(&m, 1, 300);
    do {
        snprintf(body, sizeof body, "{\"username\":\"user%d\",\"password\":\"x\"}", n++);
    } while (members_json(&m, "/login", body) == 401 && n < 100);
    CHECK_INT(m.t.reply.status, 429);
    CHECK_INT(n, 21);
    members_close(&m);
}

static void test_throttle__counts_changes_of_a_password_too(void **state)
{
    static const char body[] = "{\"password\":\"wrong\",\"new_password\":\"battery staple\"}";
    members m;

    (void)state;
    open_with(&m, 2, 300);
    members_login(&m);
    CHECK_INT(members_json(&m, "/password", body), 401);
    CHECK_INT(members_json(&m, "/password", body), 401);
    CHECK_INT(members_json(&m, "/password", body), 429);
    CHECK_INT(members_json(&m, "/login", RIGHT), 429);
    members_close(&m);
}

static void test_throttle__does_not_count_what_is_no_attempt(void **state)
{
    members m;

    (void)state;
    open_with(&m, 1, 300);
    for (int i = 0; i < 5; i++)
        CHECK_INT(members_json(&m, "/login", "{\"username\":\"ann\"}"), 422);
    CHECK_INT(members_json(&m, "/login", RIGHT), 200);
    CHECK_INT(members_json(&m, "/login", RIGHT), 200);
    members_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_throttle__stops_wrong_passwords),
        cmocka_unit_test(test_throttle__is_the_same_for_unknown_names),
        cmocka_unit_test(test_throttle__ends),
        cmocka_unit_test(test_throttle__forgets_at_a_right_one),
        cmocka_unit_test(test_throttle__stops_an_address_that_tries_many_names),
        cmocka_unit_test(test_throttle__counts_changes_of_a_password_too),
        cmocka_unit_test(test_throttle__does_not_count_what_is_no_attempt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

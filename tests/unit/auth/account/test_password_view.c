/* SPDX-License-Identifier: MIT */
#include "../members.h"

#define CHANGE "{\"password\":\"correct horse\",\"new_password\":\"battery staple\"}"
#define NEW "{\"username\":\"ann\",\"password\":\"battery staple\"}"

static void test_password_view__changes_it(void **state)
{
    members m, other;

    (void)state;
    members_open(&m);
    members_login(&m);
    other = m;
    CHECK_INT(members_json(&other, "/login", RIGHT), 200);
    CHECK_INT(members_json(&m, "/password", CHANGE), 200);
    CHECK(todos_says(&m.t, "\"username\":\"ann\""));
    CHECK(todos_says(&m.t, "\"csrf_token\":\""));
    /* This session goes on, as another one; all older ones are over. */
    CHECK(strcmp(m.cookie, other.cookie) != 0);
    CHECK(members_is(&m, "ann"));
    CHECK(members_is(&other, "nobody"));
    CHECK_INT(members_json(&other, "/login", RIGHT), 401);
    CHECK_INT(members_json(&other, "/login", NEW), 200);
    CHECK(members_is(&m, "ann"));
    members_close(&m);
}

static void test_password_view__ends_stored_sessions(void **state)
{
    members m, other;

    (void)state;
    for (int workers = 0; workers < 2; workers++) {
        members_open_with(&m, SAC_SESSION_STORED, workers);
        members_login(&m);
        other = m;
        other.cookie[0] = '\0';
        members_login(&other);
        CHECK(members_is(&m, "ann"));
        CHECK_INT(members_json(&m, "/password", CHANGE), 200);
        CHECK(members_is(&m, "ann"));
        CHECK(members_is(&other, "nobody"));
        members_close(&m);
    }
}

static void test_password_view__needs_the_present_one(void **state)
{
    members m;

    (void)state;
    members_open(&m);
    members_login(&m);
    CHECK_INT(members_json(&m, "/password",
                           "{\"password\":\"wrong horse\",\"new_password\":\"battery staple\"}"),
              401);
    CHECK(todos_problem(&m.t, "bad_credentials"));
    CHECK(members_is(&m, "ann"));
    CHECK_INT(members_json(&m, "/login", RIGHT), 200);
    members_close(&m);
}

static void test_password_view__is_for_members(void **state)
{
    members m;

    (void)state;
    members_open(&m);
    CHECK_INT(members_json(&m, "/password", CHANGE), 401);
    CHECK(todos_problem(&m.t, "unauthorized"));
    CHECK_INT(members_json(&m, "/password", "{}"), 401);
    CHECK_INT(members_json(&m, "/login", RIGHT), 200);
    members_close(&m);
}

static void test_password_view__judges_the_new_one(void **state)
{
    char body[256];
    members m;

    (void)state;
    members_open(&m);
    members_login(&m);
    CHECK_INT(members_json(&m, "/password",
                           "{\"password\":\"correct horse\",\"new_password\":\"short\"}"),
              422);
    CHECK(todos_says(&m.t, "\"new_password\":["));
    snprintf(body, sizeof body, "{\"password\":\"correct horse\",\"new_password\":\"%073d\"}", 0);
    CHECK_INT(members_json(&m, "/password", body), 422);
    CHECK(todos_says(&m.t, "\"new_password\":[\"is longer than 72 bytes\"]"));
    CHECK_INT(members_json(&m, "/password", "{\"new_password\":\"battery staple\"}"), 422);
    CHECK_INT(members_json(&m, "/password",
                           "{\"password\":{\"$ne\":1},\"new_password\":\"battery staple\"}"),
              400);
    CHECK_INT(
        members_json(&m, "/password", "{\"password\":[],\"new_password\":\"battery staple\"}"),
        422);
    CHECK_INT(members_json(&m, "/login", RIGHT), 200);
    members_close(&m);
}

static void test_password_view__of_a_form_leads_on(void **state)
{
    members m;

    (void)state;
    members_open(&m);
    members_login(&m);
    CHECK_INT(members_form(&m, "/password",
                           "password=correct+horse&new_password=battery+staple&next=/done"),
              303);
    assert_string_equal(todos_header(&m.t, "location"), "/done");
    CHECK(members_is(&m, "ann"));
    members_close(&m);
}

static void test_password_view__keeps_the_session_permanent(void **state)
{
    members m;

    (void)state;
    members_open(&m);
    CHECK_INT(members_form(&m, "/login", "username=ann&password=correct+horse&remember=on"), 303);
    CHECK_INT(members_json(&m, "/password", CHANGE), 200);
    CHECK(strstr(todos_header(&m.t, "set-cookie"), "Expires"));
    members_close(&m);
}

static void test_password_view__works_without_workers(void **state)
{
    members m;

    (void)state;
    members_open_with(&m, SAC_SESSION_SIGNED, false);
    members_login(&m);
    CHECK_INT(members_json(&m, "/password", CHANGE), 200);
    CHECK(members_is(&m, "ann"));
    members_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_password_view__changes_it),
        cmocka_unit_test(test_password_view__ends_stored_sessions),
        cmocka_unit_test(test_password_view__needs_the_present_one),
        cmocka_unit_test(test_password_view__is_for_members),
        cmocka_unit_test(test_password_view__judges_the_new_one),
        cmocka_unit_test(test_password_view__of_a_form_leads_on),
        cmocka_unit_test(test_password_view__keeps_the_session_permanent),
        cmocka_unit_test(test_password_view__works_without_workers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "../members.h"

static void check_signs_in_and_out(members *m)
{
    CHECK(members_is(m, "nobody"));
    CHECK_INT(members_get(m, "/me"), 401);
    CHECK(todos_problem(&m->t, "unauthorized"));
    members_login(m);
    CHECK(todos_says(&m->t, "{\"user\":{\"_id\":\""));
    CHECK(todos_says(&m->t, "\"username\":\"ann\",\"roles\":[\"admin\"]}"));
    CHECK(todos_says(&m->t, ",\"csrf_token\":\""));
    CHECK(!todos_says(&m->t, "$2b$") && !todos_says(&m->t, "version"));
    assert_string_equal(todos_header(&m->t, "cache-control"), "no-store");
    CHECK(strstr(todos_header(&m->t, "vary"), "Cookie"));
    CHECK_INT(members_get(m, "/hello"), 200);
    CHECK_STR(m->t.reply.body, "{\"name\":\"ann\",\"admin\":true,\"ambient\":true}");
    CHECK_INT(members_get(m, "/me"), 200);
    CHECK(todos_says(&m->t, "\"username\":\"ann\""));
    CHECK(todos_says(&m->t, "\"csrf_token\":\""));
    CHECK_INT(members_json(m, "/logout", ""), 200);
    CHECK_STR(m->t.reply.body, "{}");
    CHECK(m->cookie[0] == '\0');
    CHECK_INT(members_get(m, "/me"), 401);
}

static void test_login__signs_in_and_out(void **state)
{
    members m;

    (void)state;
    members_open(&m);
    check_signs_in_and_out(&m);
    members_close(&m);
}

static void test_login__needs_no_workers(void **state)
{
    members m;

    (void)state;
    members_open_with(&m, SAC_SESSION_SIGNED, false);
    check_signs_in_and_out(&m);
    members_close(&m);
}

static void test_login__works_where_reads_wait(void **state)
{
    members m;

    (void)state;
    members_begin(&m);
    m.t.config.reads = SAC_READS_ON_WORKERS;
    members_make(&m);
    members_serve(&m);
    check_signs_in_and_out(&m);
    members_close(&m);
    members_open_with(&m, SAC_SESSION_ENCRYPTED, true);
    check_signs_in_and_out(&m);
    members_close(&m);
}

static void test_login__works_with_stored_sessions(void **state)
{
    char planted[4200];
    members m;

    (void)state;
    for (int workers = 0; workers < 2; workers++) {
        members_open_with(&m, SAC_SESSION_STORED, workers);
        check_signs_in_and_out(&m);
        /* Fixation: the id that came before the login is dead after it. */
        members_login(&m);
        snprintf(planted, sizeof planted, "%s", m.cookie);
        members_login(&m);
        CHECK(strcmp(planted, m.cookie) != 0);
        CHECK(members_is(&m, "ann"));
        snprintf(m.cookie, sizeof m.cookie, "%s", planted);
        CHECK(members_is(&m, "nobody"));
        members_close(&m);
    }
}

static void test_login__stands_in_a_group(void **state)
{
    sac_err err = {.code = 0};
    sac_app *group;
    members m;

    (void)state;
    members_begin(&m);
    todos_make(&m.t);
    CHECK_INT(sac_app_sessions(m.t.app, NULL, &err), SAC_OK);
    CHECK_INT(sac_app_group(m.t.app, "/auth", &group, &err), SAC_OK);
    CHECK_INT(sac_app_accounts(group, &m.accounts, &err), SAC_OK);
    members_serve(&m);
    CHECK_INT(members_json(&m, "/login", RIGHT), 404);
    CHECK_INT(members_json(&m, "/auth/login", RIGHT), 200);
    CHECK_INT(members_get(&m, "/auth/me"), 200);
    members_close(&m);
}

static void test_login__name_has_no_case(void **state)
{
    members m;

    (void)state;
    members_open(&m);
    CHECK_INT(members_json(&m, "/login", "{\"username\":\"ANN\",\"password\":\"correct horse\"}"),
              200);
    CHECK(todos_says(&m.t, "\"username\":\"ann\""));
    members_close(&m);
}

/* A copy of an answer, but for what is another each time. */
static void copy_reply(const members *m, char out[1024])
{
    snprintf(out, 1024, "%d %.*s", m->t.reply.status, (int)m->t.reply.body.n, m->t.reply.body.p);
}

static void test_login__unknown_and_wrong_are_alike(void **state)
{
    static const char *const bodies[] = {
        "{\"username\":\"bob\",\"password\":\"correct horse\"}",
        "{\"username\":\"\",\"password\":\"correct horse\"}",
        "{\"username\":\"ann\",\"password\":\"\"}",
        "{\"username\":\"ann\",\"password\":\"correct horse\\u0000\"}",
        "{\"username\":\"ann\\u0000\",\"password\":\"correct horse\"}",
        "{\"username\":\"ann \",\"password\":\"correct horse\"}"};
    char wrong[1024], other[1024];
    members m;

    (void)state;
    members_begin(&m);
    m.accounts.max_attempts = 1000;
    members_make(&m);
    members_serve(&m);
    CHECK_INT(members_json(&m, "/login", WRONG), 401);
    CHECK(todos_problem(&m.t, "bad_credentials"));
    CHECK(todos_header(&m.t, "www-authenticate") != NULL);
    CHECK(todos_header(&m.t, "set-cookie") == NULL);
    copy_reply(&m, wrong);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        CHECK_INT(members_json(&m, "/login", bodies[i]), 401);
        copy_reply(&m, other);
        assert_string_equal(other, wrong);
    }
    CHECK(members_is(&m, "nobody"));
    members_close(&m);
}

static void test_login__too_long_passwords_are_wrong(void **state)
{
    char body[4096];
    members m;

    (void)state;
    members_open(&m);
    for (int n = 73; n <= 3000; n += 1400) {
        snprintf(body, sizeof body, "{\"username\":\"ann\",\"password\":\"%0*d\"}", n, 0);
        CHECK_INT(members_json(&m, "/login", body), 401);
    }
    snprintf(body, sizeof body, "{\"username\":\"%0*d\",\"password\":\"x\"}", 3000, 0);
    CHECK_INT(members_json(&m, "/login", body), 401);
    members_close(&m);
}

static void test_login__takes_strings_alone(void **state)
{
    static const char *const bodies[] = {
        "{\"username\":\"ann\",\"password\":{\"$ne\":null}}",
        "{\"username\":{\"$gt\":\"\"},\"password\":\"x\"}",
        "{\"username\":{\"$ne\":null},\"password\":{\"$ne\":null}}",
        "{\"username\":{\"$oid\":\"0123456789abcdef01234567\"},\"password\":\"x\"}",
        "{\"username\":[\"ann\"],\"password\":\"correct horse\"}",
        "{\"username\":\"ann\",\"password\":[\"correct horse\"]}",
        "{\"username\":\"ann\",\"password\":{\"a\":1}}",
        "{\"username\":\"ann\",\"password\":null}",
        "{\"username\":null,\"password\":\"correct horse\"}",
        "{\"username\":\"ann\",\"password\":true}",
        "{\"username\":\"ann\",\"password\":7}",
        "{\"username\":\"ann\"}",
        "{\"password\":\"correct horse\"}",
        "{\"username\":\"ann\",\"password\":\"correct horse\",\"username\":\"bob\"}",
        "{\"username.$ne\":\"\",\"password\":\"correct horse\"}",
        "{}",
        "[]",
        "\"ann\"",
        "{\"username\":\"ann\",",
        ""};
    members m;

    (void)state;
    members_open(&m);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        const int status = members_json(&m, "/login", bodies[i]);

        if (status != 400 && status != 422)
            fail_msg("%d for %s", status, bodies[i]);
    }
    CHECK_INT(members_form(&m, "/login", "username[$ne]=x&password[$ne]=x"), 422);
    CHECK_INT(members_form(&m, "/login", "username=ann&password[$ne]=x"), 422);
    CHECK_INT(members_form(&m, "/login", "username=ann&username=bob&password=correct+horse"), 422);
    CHECK_INT(members_send(&m, "POST", "/login", "text/plain", RIGHT), 415);
    CHECK_INT(members_send(&m, "POST", "/login", "application/jsonp", RIGHT), 415);
    CHECK_INT(members_send(&m, "POST", "/login?username=ann&password=correct+horse",
                           "application/json", "{}"),
              422);
    CHECK(members_is(&m, "nobody"));
    members_close(&m);
}

static void test_login__of_a_form_leads_on(void **state)
{
    static const char multipart[] =
        "--b\r\nContent-Disposition: form-data; name=\"username\"\r\n\r\n"
        "ann\r\n--b\r\nContent-Disposition: form-data; "
        "name=\"password\"\r\n\r\ncorrect horse\r\n--b--\r\n";
    members m;

    (void)state;
    members_open(&m);
    CHECK_INT(members_form(&m, "/login", "username=ann&password=correct+horse"), 303);
    assert_string_equal(todos_header(&m.t, "location"), "/");
    CHECK(members_is(&m, "ann"));
    CHECK_INT(
        members_form(&m, "/login", "username=ann&password=correct+horse&next=%2Fnotes%3Fa%3D1&x=y"),
        303);
    assert_string_equal(todos_header(&m.t, "location"), "/notes?a=1");
    CHECK_INT(members_form(&m, "/login?next=/other", "username=ann&password=correct+horse"), 303);
    assert_string_equal(todos_header(&m.t, "location"), "/other");
    CHECK_INT(members_form(&m, "/login?next=//evil", "username=ann&password=correct+horse"), 303);
    assert_string_equal(todos_header(&m.t, "location"), "/");
    CHECK_INT(members_send(&m, "POST", "/login", "multipart/form-data; boundary=b", multipart),
              303);
    CHECK_INT(members_form(&m, "/logout", "x=y"), 303);
    assert_string_equal(todos_header(&m.t, "location"), "/");
    CHECK(members_is(&m, "nobody"));
    /* Without a template a form's failure is a problem document too. */
    CHECK_INT(members_form(&m, "/login", "username=ann&password=wrong"), 401);
    CHECK(todos_problem(&m.t, "bad_credentials"));
    members_close(&m);
}

static void test_login__by_get_is_405(void **state)
{
    members m;

    (void)state;
    members_open(&m);
    CHECK_INT(members_get(&m, "/login"), 405);
    assert_string_equal(todos_header(&m.t, "allow"), "POST, OPTIONS");
    CHECK_INT(members_get(&m, "/sign_up"), 405);
    members_login(&m);
    CHECK_INT(members_get(&m, "/logout"), 405);
    CHECK(members_is(&m, "ann"));
    CHECK_INT(members_get(&m, "/password"), 405);
    CHECK_INT(members_send(&m, "DELETE", "/me", NULL, NULL), 405);
    members_close(&m);
}

static void test_login__gives_a_new_session(void **state)
{
    char planted[4200];
    char token[256];
    members m;

    (void)state;
    members_open(&m);
    members_login(&m);
    snprintf(planted, sizeof planted, "%s", m.cookie);
    snprintf(token, sizeof token, "%s", m.token);
    members_login(&m);
    CHECK(strcmp(planted, m.cookie) != 0);
    CHECK(strcmp(token, m.token) != 0);
    members_close(&m);
}

static int plant_get(void *self, sac_req *req)
{
    (void)self;
    if (sac_session_set_str(req, "color", sac_str_of("red")) != SAC_OK)
        return sac_fail(req, SAC_EIO, "no session");
    return sac_reply_text(req, 200, "planted");
}

static int color_get(void *self, sac_req *req)
{
    const sac_str color = sac_session_str(req, "color");

    (void)self;
    return sac_reply_text(req, 200, color.p ? "red" : "none");
}

/* Fixation: what an attacker has put into a session is not there after the login. */
static void test_login__takes_nothing_over(void **state)
{
    static const sac_view_ops plant = SAC_VIEW_OPS(.name = "plant", .get = plant_get,
                                                   .flags = SAC_INLINE);
    static const sac_view_ops color = SAC_VIEW_OPS(.name = "color", .get = color_get,
                                                   .flags = SAC_INLINE);
    sac_err err = {.code = 0};
    members m;

    (void)state;
    members_begin(&m);
    members_make(&m);
    CHECK_INT(sac_app_mount(m.t.app, "/plant", &plant, NULL, &err), SAC_OK);
    CHECK_INT(sac_app_mount(m.t.app, "/color", &color, NULL, &err), SAC_OK);
    members_serve(&m);
    members_get(&m, "/plant");
    members_get(&m, "/color");
    CHECK_STR(m.t.reply.body, "red");
    members_login(&m);
    members_get(&m, "/color");
    CHECK_STR(m.t.reply.body, "none");
    members_get(&m, "/plant");
    members_json(&m, "/logout", "");
    members_get(&m, "/color");
    CHECK_STR(m.t.reply.body, "none");
    members_close(&m);
}

static void test_login__is_permanent_where_asked_for(void **state)
{
    members m;

    (void)state;
    members_open(&m);
    members_login(&m);
    CHECK(!strstr(todos_header(&m.t, "set-cookie"), "Expires"));
    CHECK(strstr(todos_header(&m.t, "set-cookie"), "HttpOnly"));
    CHECK(strstr(todos_header(&m.t, "set-cookie"), "SameSite=Lax"));
    CHECK_INT(members_form(&m, "/login", "username=ann&password=correct+horse&remember=on"), 303);
    CHECK(strstr(todos_header(&m.t, "set-cookie"), "Expires"));
    CHECK_INT(members_json(&m, "/login",
                           "{\"username\":\"ann\",\"password\":\"correct horse\","
                           "\"remember\":true}"),
              200);
    CHECK(strstr(todos_header(&m.t, "set-cookie"), "Expires"));
    CHECK_INT(members_form(&m, "/login", "username=ann&password=correct+horse"), 303);
    CHECK(!strstr(todos_header(&m.t, "set-cookie"), "Expires"));
    members_close(&m);
    members_begin(&m);
    m.accounts.permanent = true;
    members_make(&m);
    members_serve(&m);
    members_login(&m);
    CHECK(strstr(todos_header(&m.t, "set-cookie"), "Expires"));
    members_close(&m);
}

static void test_login__of_a_disabled_account_fails(void **state)
{
    const sac_str name = sac_str_of("ann");
    char wrong[1024], disabled[1024], old[4200];
    sac_err err = {.code = 0};
    members m;

    (void)state;
    members_open(&m);
    members_login(&m);
    snprintf(old, sizeof old, "%s", m.cookie);
    CHECK_INT(sac_account_disable(m.t.app, name, true, &err), SAC_OK);
    /* The session ends, and its cookie with it. */
    CHECK(members_is(&m, "nobody"));
    CHECK(m.cookie[0] == '\0');
    CHECK_INT(members_json(&m, "/login", RIGHT), 401);
    copy_reply(&m, disabled);
    CHECK_INT(members_json(&m, "/login", WRONG), 401);
    copy_reply(&m, wrong);
    assert_string_equal(disabled, wrong);
    CHECK_INT(sac_account_disable(m.t.app, name, false, &err), SAC_OK);
    members_login(&m);
    /* The old one does not come back. */
    snprintf(m.cookie, sizeof m.cookie, "%s", old);
    CHECK(members_is(&m, "nobody"));
    members_close(&m);
}

static void test_login__ends_with_its_user(void **state)
{
    sac_oid id;
    sac_err err = {.code = 0};
    members m;

    (void)state;
    members_open(&m);
    CHECK_INT(
        sac_account_add(m.t.app, sac_str_of("bob"), sac_str_of("battery staple"), NULL, &id, &err),
        SAC_OK);
    CHECK_INT(members_json(&m, "/login", "{\"username\":\"bob\",\"password\":\"battery staple\"}"),
              200);
    CHECK(members_is(&m, "bob"));
    CHECK_INT(sac_store_remove(sac_app_store(m.t.app), "users",
                               (sac_value){SAC_BSON_OBJECTID, sac_str_n(id.bytes, 12)}, &err),
              SAC_OK);
    CHECK(members_is(&m, "nobody"));
    CHECK(m.cookie[0] == '\0');
    members_close(&m);
}

static void test_login__forged_from_another_site_is_403(void **state)
{
    members m;

    (void)state;
    members_open(&m);
    CHECK_INT(todos_ask_with(&m.t, "POST", "/login", "username=ann&password=correct+horse",
                             WITH("Sec-Fetch-Site: cross-site",
                                  "Content-Type: application/x-www-form-urlencoded")),
              403);
    CHECK(todos_header(&m.t, "set-cookie") == NULL);
    members_login(&m);
    CHECK_INT(
        todos_ask_with(&m.t, "POST", "/logout", "", WITH(m.cookie, "Sec-Fetch-Site: cross-site")),
        403);
    CHECK(members_is(&m, "ann"));
    members_close(&m);
}

static void test_login__logs_no_password(void **state)
{
    members m;

    (void)state;
    members_begin(&m);
    m.t.config.log_level = SAC_LOG_DEBUG;
    members_make(&m);
    members_serve(&m);
    m.t.log[0] = '\0';
    members_json(&m, "/login", WRONG);
    CHECK(!strstr(m.t.log, "wrong horse"));
    members_json(&m, "/login", "{\"username\":\"ann\",\"password\":\"correct horse\"");
    CHECK(!strstr(m.t.log, "horse"));
    CHECK(!todos_says(&m.t, "horse"));
    members_json(&m, "/login", "{\"username\":\"ann\",\"password\":[\"correct horse\"]}");
    CHECK(!todos_says(&m.t, "horse"));
    members_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_login__signs_in_and_out),
        cmocka_unit_test(test_login__needs_no_workers),
        cmocka_unit_test(test_login__works_where_reads_wait),
        cmocka_unit_test(test_login__works_with_stored_sessions),
        cmocka_unit_test(test_login__stands_in_a_group),
        cmocka_unit_test(test_login__name_has_no_case),
        cmocka_unit_test(test_login__unknown_and_wrong_are_alike),
        cmocka_unit_test(test_login__too_long_passwords_are_wrong),
        cmocka_unit_test(test_login__takes_strings_alone),
        cmocka_unit_test(test_login__of_a_form_leads_on),
        cmocka_unit_test(test_login__by_get_is_405),
        cmocka_unit_test(test_login__gives_a_new_session),
        cmocka_unit_test(test_login__takes_nothing_over),
        cmocka_unit_test(test_login__is_permanent_where_asked_for),
        cmocka_unit_test(test_login__of_a_disabled_account_fails),
        cmocka_unit_test(test_login__ends_with_its_user),
        cmocka_unit_test(test_login__forged_from_another_site_is_403),
        cmocka_unit_test(test_login__logs_no_password),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "../members.h"

#define BOB "\"username\":\"bob\",\"password\":\"battery staple\""

static void test_sign_up__makes_an_account_and_signs_in(void **state)
{
    members m;

    (void)state;
    members_open(&m);
    CHECK_INT(
        members_json(&m, "/sign_up", "{" BOB ",\"email\":\"b@x.org\",\"age\":7,\"pin\":\"1\"}"),
        200);
    CHECK(todos_says(&m.t, "{\"user\":{\"_id\":\""));
    CHECK(todos_says(&m.t, "\"username\":\"bob\",\"roles\":[],\"email\":\"b@x.org\",\"age\":7}"));
    CHECK(todos_says(&m.t, "\"csrf_token\":\""));
    CHECK(!todos_says(&m.t, "pin") && !todos_says(&m.t, "$2b$"));
    CHECK(members_is(&m, "bob"));
    CHECK_INT(members_get(&m, "/me"), 200);
    CHECK(todos_says(&m.t, "\"age\":7}"));
    members_json(&m, "/logout", "");
    CHECK_INT(members_json(&m, "/login", "{" BOB "}"), 200);
    members_close(&m);
}

static int user_get(void *self, sac_req *req)
{
    const sac_identity *who = sac_req_identity(req);

    (void)self;
    return who ? sac_reply_bson(req, 200, who->user) : sac_reply_text(req, 200, "nobody");
}

static void test_sign_up__secrets_are_not_in_the_identity(void **state)
{
    static const sac_field places[] = {{.name = "city", .type = SAC_STRING},
                                       {.name = "key", .type = SAC_STRING, .secret = true},
                                       {.name = NULL}};
    static const sac_field place = {.name = "", .type = SAC_DOCUMENT, .fields = places};
    static const sac_field fields[] = {{.name = "home", .type = SAC_DOCUMENT, .fields = places},
                                       {.name = "others", .type = SAC_ARRAY, .items = &place},
                                       {.name = "pin", .type = SAC_STRING, .secret = true},
                                       {.name = NULL}};
    static const sac_view_ops user = SAC_VIEW_OPS(.name = "user", .get = user_get,
                                                  .flags = SAC_INLINE);
    sac_err err = {.code = 0};
    members m;

    (void)state;
    members_begin(&m);
    m.accounts.fields = fields;
    members_make(&m);
    CHECK_INT(sac_app_mount(m.t.app, "/user", &user, NULL, &err), SAC_OK);
    members_serve(&m);
    CHECK_INT(members_json(&m, "/sign_up",
                           "{" BOB ",\"pin\":\"S1\",\"home\":{\"city\":\"Ulm\",\"key\":\"S2\"},"
                           "\"others\":[{\"city\":\"Bonn\",\"key\":\"S3\"}]}"),
              200);
    CHECK_INT(members_get(&m, "/user"), 200);
    CHECK(todos_says(&m.t, "\"home\":{\"city\":\"Ulm\"},\"others\":[{\"city\":\"Bonn\"}]}"));
    for (int i = 1; i <= 3; i++) {
        const char secret[] = {'S', (char)('0' + i), '\0'};

        CHECK(!todos_says(&m.t, secret));
    }
    CHECK(!todos_says(&m.t, "password") && !todos_says(&m.t, "version"));
    members_close(&m);
}

static void test_sign_up__gives_roles_of_the_program_alone(void **state)
{
    static const char *const roles[] = {"member", "guest", NULL};
    members m;

    (void)state;
    members_begin(&m);
    m.accounts.sign_up_roles = roles;
    members_make(&m);
    members_serve(&m);
    CHECK_INT(members_json(&m, "/sign_up", "{" BOB "}"), 200);
    CHECK(todos_says(&m.t, "\"roles\":[\"member\",\"guest\"]"));
    members_close(&m);
}

static void test_sign_up__takes_no_member_of_the_librarys(void **state)
{
    static const char *const extras[] = {
        "\"roles\":[\"admin\"]", "\"version\":7",
        "\"disabled\":false",    "\"_id\":\"0123456789abcdef01234567\"",
        "\"level\":9",           "\"is_admin\":true",
        "\"hash\":\"x\"",        "\"_rev\":1"};
    char body[256];
    members m;

    (void)state;
    members_open(&m);
    for (size_t i = 0; i < sizeof extras / sizeof *extras; i++) {
        snprintf(body, sizeof body, "{" BOB ",%s}", extras[i]);
        CHECK_INT(members_json(&m, "/sign_up", body), 422);
        CHECK(todos_problem(&m.t, "validation"));
    }
    CHECK_INT(members_form(&m, "/sign_up", "username=bob&password=battery+staple&roles=admin"),
              422);
    CHECK_INT(members_json(&m, "/sign_up", "{" BOB ",\"roles.0\":\"admin\"}"), 400);
    CHECK(members_is(&m, "nobody"));
    CHECK_INT(members_json(&m, "/login", "{" BOB "}"), 401);
    members_close(&m);
}

static void test_sign_up__tells_every_error_at_once(void **state)
{
    members m;

    (void)state;
    members_open(&m);
    CHECK_INT(members_json(&m, "/sign_up",
                           "{\"username\":\"b ob\",\"password\":\"short\",\"age\":0,\"x\":1,"
                           "\"email\":7}"),
              422);
    CHECK(todos_problem(&m.t, "validation"));
    CHECK(todos_says(&m.t, "\"username\":["));
    CHECK(todos_says(&m.t, "\"password\":["));
    CHECK(todos_says(&m.t, "\"age\":["));
    CHECK(todos_says(&m.t, "\"email\":["));
    CHECK(todos_says(&m.t, "\"x\":["));
    CHECK(!todos_says(&m.t, "short"));
    CHECK_INT(members_json(&m, "/sign_up", "{}"), 422);
    CHECK(todos_says(&m.t, "\"username\":[\"required\"]"));
    CHECK(todos_says(&m.t, "\"password\":[\"required\"]"));
    members_close(&m);
}

static void test_sign_up__judges_names(void **state)
{
    static const char *const bad[] = {"",           " bob",       "bo b",       "bob\\n",
                                      "bob\\u0000", "bo\\tb",     "bob\\u00a0", "b\\u2003b",
                                      "\\u200bbob", "bob\\u202e", "bob\\u007f", "b\\ufeffb"};
    static const char *const good[] = {
        "b", "Bob.Smith@example.org", "\\u00e4nne", "\\u5c0f\\u660e", "$ne", "{\\\"$gt\\\":1}"};
    char body[400];
    members m;

    (void)state;
    members_open(&m);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(body, sizeof body, "{\"username\":\"%s\",\"password\":\"battery staple\"}",
                 bad[i]);
        if (members_json(&m, "/sign_up", body) != 422)
            fail_msg("%d for %s", m.t.reply.status, body);
    }
    snprintf(body, sizeof body, "{\"username\":\"%065d\",\"password\":\"battery staple\"}", 0);
    CHECK_INT(members_json(&m, "/sign_up", body), 422);
    snprintf(body, sizeof body, "{\"username\":\"%064d\",\"password\":\"battery staple\"}", 0);
    CHECK_INT(members_json(&m, "/sign_up", body), 200);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(body, sizeof body, "{\"username\":\"%s\",\"password\":\"battery staple\"}",
                 good[i]);
        if (members_json(&m, "/sign_up", body) != 200)
            fail_msg("%d for %s", m.t.reply.status, body);
        CHECK_INT(members_json(&m, "/login", body), 200);
    }
    members_close(&m);
    members_begin(&m);
    m.accounts.name_pattern = "^[a-z]+@[a-z.]+$";
    m.accounts.name_key = "email";
    m.accounts.fields = NULL;
    members_make(&m);
    todos_serve(&m.t);
    CHECK_INT(members_json(&m, "/sign_up", "{\"email\":\"bob\",\"password\":\"battery staple\"}"),
              422);
    CHECK(todos_says(&m.t, "\"email\":["));
    CHECK_INT(
        members_json(&m, "/sign_up", "{\"email\":\"bob@x.org\",\"password\":\"battery staple\"}"),
        200);
    CHECK_INT(
        members_json(&m, "/login", "{\"email\":\"BOB@x.org\",\"password\":\"battery staple\"}"),
        200);
    members_close(&m);
}

static void test_sign_up__judges_passwords(void **state)
{
    char body[256];
    members m;

    (void)state;
    members_open(&m);
    CHECK_INT(members_json(&m, "/sign_up", "{\"username\":\"bob\",\"password\":\"1234567\"}"), 422);
    /* Eight code points, though more bytes; seven code points of 14 bytes are too few. */
    CHECK_INT(members_json(&m, "/sign_up",
                           "{\"username\":\"bob\",\"password\":\"\\u00e4\\u00e4\\u00e4\\u00e4"
                           "\\u00e4\\u00e4\\u00e4\"}"),
              422);
    CHECK_INT(members_json(&m, "/sign_up",
                           "{\"username\":\"bob\",\"password\":\"\\u00e4\\u00e4\\u00e4\\u00e4"
                           "\\u00e4\\u00e4\\u00e4\\u00e4\"}"),
              200);
    snprintf(body, sizeof body, "{\"username\":\"eve\",\"password\":\"%073d\"}", 0);
    CHECK_INT(members_json(&m, "/sign_up", body), 422);
    CHECK(todos_says(&m.t, "\"password\":[\"is longer than 72 bytes\"]"));
    snprintf(body, sizeof body, "{\"username\":\"eve\",\"password\":\"12345678\\u0000\"}");
    CHECK_INT(members_json(&m, "/sign_up", body), 422);
    CHECK(todos_says(&m.t, "has a NUL in it"));
    snprintf(body, sizeof body, "{\"username\":\"eve\",\"password\":\"%072d\"}", 0);
    CHECK_INT(members_json(&m, "/sign_up", body), 200);
    members_close(&m);
}

static void test_sign_up__of_a_taken_name_is_409(void **state)
{
    members m;

    (void)state;
    members_open(&m);
    CHECK_INT(
        members_json(&m, "/sign_up", "{\"username\":\"ANN\",\"password\":\"battery staple\"}"),
        409);
    CHECK(todos_problem(&m.t, "duplicate"));
    CHECK(todos_says(&m.t, "\"errors\":{\"username\":[\"is taken\"]}"));
    CHECK_INT(members_json(&m, "/sign_up", "{" BOB ",\"email\":\"b@x.org\"}"), 200);
    CHECK_INT(members_json(&m, "/sign_up",
                           "{\"username\":\"eve\",\"password\":\"battery staple\","
                           "\"email\":\"b@x.org\"}"),
              409);
    CHECK(todos_says(&m.t, "\"errors\":{\"email\":[\"is taken\"]}"));
    members_close(&m);
}

static void test_sign_up__of_a_form_leads_on(void **state)
{
    members m;

    (void)state;
    members_open(&m);
    CHECK_INT(members_form(&m, "/sign_up",
                           "username=bob&password=battery+staple&age=7&email=&next=%2Fnotes&"
                           "csrf_token=x&remember=on"),
              303);
    assert_string_equal(todos_header(&m.t, "location"), "/notes");
    CHECK(members_is(&m, "bob"));
    CHECK_INT(members_form(&m, "/sign_up", "username=eve&password=battery+staple&age=x"), 422);
    CHECK_INT(members_form(&m, "/sign_up", "username=eve&password=battery+staple&q=x"), 422);
    CHECK_INT(members_form(&m, "/sign_up", "username=bob&password=battery+staple"), 409);
    members_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sign_up__makes_an_account_and_signs_in),
        cmocka_unit_test(test_sign_up__secrets_are_not_in_the_identity),
        cmocka_unit_test(test_sign_up__gives_roles_of_the_program_alone),
        cmocka_unit_test(test_sign_up__takes_no_member_of_the_librarys),
        cmocka_unit_test(test_sign_up__tells_every_error_at_once),
        cmocka_unit_test(test_sign_up__judges_names),
        cmocka_unit_test(test_sign_up__judges_passwords),
        cmocka_unit_test(test_sign_up__of_a_taken_name_is_409),
        cmocka_unit_test(test_sign_up__of_a_form_leads_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

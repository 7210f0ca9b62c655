/* SPDX-License-Identifier: MIT */
/* docs/reference/security.md, of what clients send: rows 1, 5, 6, 15, 21, 26, 28. */
#include "whole.h"

#include <stdlib.h>

#define FORM "Content-Type: application/x-www-form-urlencoded"

static int refused(int status)
{
    return status == 400 || status == 422;
}

static void test_security__row01_credentials_are_strings(void **state)
{
    static const char *const bodies[] = {
        "{\"username\":{\"$ne\":null},\"password\":{\"$ne\":null}}",
        "{\"username\":{\"$gt\":\"\"},\"password\":\"" PASSWORD "\"}",
        "{\"username\":\"anna\",\"password\":{\"$ne\":\"\"}}",
        "{\"username\":\"anna\",\"password\":{\"$regex\":\".*\"}}",
        "{\"username\":[\"anna\"],\"password\":\"" PASSWORD "\"}",
        "{\"username\":\"anna\",\"password\":[\"" PASSWORD "\"]}",
        "{\"username\":\"anna\",\"password\":null}",
        "{\"username\":\"anna\",\"password\":true}",
        "{\"username\":\"anna\"}",
        "[\"anna\",\"" PASSWORD "\"]",
    };
    static const char *const forms[] = {"username[$ne]=x&password[$ne]=x",
                                        "username=anna&password[$ne]=x",
                                        "username[]=anna&password=correct+horse",
                                        "username=anna&username=root&password=correct+horse"};
    browser b;

    browser_open(&b, *state);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        if (!refused(post(&b, "/login", bodies[i])) || b.cookie[0])
            fail_msg("%d: %s", b.reply.status, bodies[i]);
        CHECK(refused(post(&b, "/sign-up", bodies[i])));
    }
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        (void)browse(&b, "POST", "/login", forms[i], (const char *const[]){FORM, NULL});
        if (!refused(b.reply.status) && b.reply.status != 401)
            fail_msg("%d: %s", b.reply.status, forms[i]);
        CHECK_INT(get(&b, "/me"), 401);
    }
}

static void test_security__row01_ids_and_parameters_are_no_filters(void **state)
{
    browser b;

    browser_open(&b, *state);
    sign_in(&b, "anna");
    make(&b, "/api/notes", "{\"title\":\"one\"}");
    CHECK_INT(get(&b, "/api/notes/%7B%22$ne%22:null%7D"), 404);
    CHECK_INT(get(&b, "/api/notes/%5Bobject%20Object%5D"), 404);
    CHECK_INT(get(&b, "/api/notes/$ne"), 404);
    CHECK_INT(get(&b, "/api/notes?title%5B$ne%5D=x"), 400);
    CHECK_INT(get(&b, "/api/notes?title%5B%5D%5Bne%5D=x"), 400);
    CHECK_INT(get(&b, "/api/notes?$where=1"), 400);
    CHECK_INT(get(&b, "/api/notes?where=%7B%22$where%22:%221%22%7D"), 400);
    CHECK_INT(get(&b, "/api/notes?title%5Bne%5D=x"), 200);
    CHECK(says(&b, "one"));
}

static void test_security__row05_secret_fields_cannot_be_asked_for(void **state)
{
    static const struct {
        const char *before, *behind;
    } targets[] = {
        {"?", "=1"},
        {"?", "%5Bgt%5D=a"},
        {"?where=%7B%22", "%22:%7B%22$gt%22:%22a%22%7D%7D"},
        {"?where=%7B%22$or%22:%5B%7B%22", "%22:%221%22%7D%5D%7D"},
        {"?where=%7B%22$nor%22:%5B%7B%22", "%22:%7B%22$exists%22:true%7D%7D%5D%7D"},
        {"?sort=", ""},
        {"?sort=-", ""},
        {"?fields=", ""},
    };
    browser b;

    browser_open(&b, *state);
    sign_in(&b, "anna");
    make(&b, "/api/notes", "{\"title\":\"one\",\"pin\":\"1\"}");
    CHECK(!says(&b, "pin"));
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        char target[200];

        snprintf(target, sizeof target, "/api/notes%s%s%s", targets[i].before, "pin",
                 targets[i].behind);
        if (get(&b, target) != 400)
            fail_msg("%d: %s", b.reply.status, target);
        snprintf(target, sizeof target, "/api/notes%s%s%s", targets[i].before, "xyz",
                 targets[i].behind);
        CHECK_INT(get(&b, target), 400); /* as what there is not */
    }
    CHECK_INT(get(&b, "/api/notes?q=1"), 200);
    CHECK_STR(b.reply.body, "[]");
}

static void test_security__row05_nobody_sees_a_hash(void **state)
{
    browser b;

    browser_open(&b, *state);
    CHECK_INT(post(&b, "/sign-up",
                   "{\"username\":\"carl\",\"password\":\"" PASSWORD
                   "\",\"email\":\"c@c.example\",\"answer\":\"blue\"}"),
              200);
    CHECK(says(&b, "c@c.example") && !says(&b, "$2b$") && !says(&b, "\"password\"") &&
          !says(&b, "blue"));
    CHECK_INT(get(&b, "/me"), 200);
    CHECK(says(&b, "carl") && !says(&b, "$2b$") && !says(&b, "\"password\"") && !says(&b, "blue"));
    CHECK_INT(get(&b, "/session"), 200);
    CHECK(!says(&b, "$2b$"));
}

static void test_security__row06_sign_up_takes_no_more_than_it_says(void **state)
{
    static const char *const members[] = {"\"roles\":[\"admin\"]",
                                          "\"level\":9",
                                          "\"version\":7",
                                          "\"disabled\":false",
                                          "\"_id\":\"0123456789abcdef01234567\"",
                                          "\"nothing\":1",
                                          "\"roles.0\":\"admin\""};
    browser b;

    browser_open(&b, *state);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        char json[256];

        snprintf(json, sizeof json, "{\"username\":\"carl\",\"password\":\"" PASSWORD "\",%s}",
                 members[i]);
        if (!refused(post(&b, "/sign-up", json)))
            fail_msg("%d: %s", b.reply.status, json);
        CHECK_INT(get(&b, "/me"), 401);
    }
    CHECK_INT(browse(&b, "POST", "/sign-up", "username=carl&password=correct+horse&roles=admin",
                     (const char *const[]){FORM, NULL}),
              422);
    CHECK_INT(post(&b, "/sign-up", "{\"username\":\"carl\",\"password\":\"" PASSWORD "\"}"), 200);
    CHECK_INT(get(&b, "/ruled"), 403);
}

static void test_security__row06_a_name_is_one_persons(void **state)
{
    static const char *const taken[] = {"anna", "ANNA", "aNNa"};
    static const char *const bad[] = {"",      "anna\\u0000", " anna",  "anna ",
                                      "an na", "anna\\n",     "\\u0007"};
    char json[160];
    browser b;

    browser_open(&b, *state);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        snprintf(json, sizeof json, "{\"username\":\"%s\",\"password\":\"another one\"}", taken[i]);
        if (post(&b, "/sign-up", json) != 409)
            fail_msg("%d: %s", b.reply.status, json);
        CHECK(!b.cookie[0]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(json, sizeof json, "{\"username\":\"%s\",\"password\":\"another one\"}", bad[i]);
        if (post(&b, "/sign-up", json) != 422)
            fail_msg("%d: %s", b.reply.status, json);
    }
    CHECK_INT(post(&b, "/login", "{\"username\":\"ANNA\",\"password\":\"" PASSWORD "\"}"), 200);
}

static void test_security__row06_documents_take_no_more_than_their_table(void **state)
{
    static const char *const bodies[] = {
        "{\"title\":\"x\",\"likes\":5}", "{\"title\":\"x\",\"owner\":\"0123456789abcdef01234567\"}",
        "{\"title\":\"x\",\"nothing\":1}", "{\"title\":\"x\",\"_id\":\"0123456789abcdef01234567\"}",
        "{\"title\":\"x\",\"_etag\":\"1\"}"};
    browser b;

    browser_open(&b, *state);
    sign_in(&b, "anna");
    make(&b, "/api/notes", "{\"title\":\"one\"}");
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        if (post(&b, "/api/notes", bodies[i]) != 422 ||
            browse(&b, "PUT", item(&b, "/api/notes"), bodies[i], NULL) != 422 ||
            browse(&b, "PATCH", item(&b, "/api/notes"), bodies[i], NULL) != 422)
            fail_msg("%d: %s", b.reply.status, bodies[i]);
    }
    CHECK_INT(get(&b, "/api/notes"), 200);
    CHECK(!says(&b, "\"x\""));
}

static void test_security__row06_patches_see_no_more_than_the_caller(void **state)
{
    static const char json_patch[] = "Content-Type: application/json-patch+json";
    static const char merge[] = "Content-Type: application/merge-patch+json";
    static const char update[] = "Content-Type: application/vnd.sacrum.update+json";
    static const struct {
        const char *type, *body;
    } rows[] = {
        {json_patch, "[{\"op\":\"copy\",\"from\":\"/pin\",\"path\":\"/text\"}]"},
        {json_patch, "[{\"op\":\"move\",\"from\":\"/pin\",\"path\":\"/text\"}]"},
        {json_patch, "[{\"op\":\"test\",\"path\":\"/pin\",\"value\":\"1234\"}]"},
        {json_patch, "[{\"op\":\"copy\",\"from\":\"/owner\",\"path\":\"/text\"}]"},
        {json_patch,
         "[{\"op\":\"replace\",\"path\":\"/owner\",\"value\":\"0123456789abcdef01234567\"}]"},
        {json_patch, "[{\"op\":\"add\",\"path\":\"/likes\",\"value\":9}]"},
        {merge, "{\"likes\":9}"},
        {update, "{\"$rename\":{\"pin\":\"text\"}}"},
        {update, "{\"$rename\":{\"text\":\"owner\"}}"},
        {update, "{\"$inc\":{\"likes\":1}}"},
        {update, "{\"$unset\":{\"owner\":1}}"},
        {update, "{\"$set\":{\"nothing\":1}}"},
    };
    browser b;

    browser_open(&b, *state);
    sign_in(&b, "anna");
    make(&b, "/api/notes", "{\"title\":\"one\",\"pin\":\"1234\"}");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)browse(&b, "PATCH", item(&b, "/api/notes"), rows[i].body,
                     (const char *const[]){rows[i].type, NULL});
        if (b.reply.status < 400 || b.reply.status >= 500)
            fail_msg("%d: %s", b.reply.status, rows[i].body);
        CHECK(!says(&b, "1234"));
    }
    /* What is not there can be taken away. */
    CHECK_INT(browse(&b, "PATCH", item(&b, "/api/notes"), "{\"owner\":null,\"pin\":null}",
                     (const char *const[]){merge, NULL}) /
                  100,
              2);
    CHECK_INT(get(&b, item(&b, "/api/notes")), 200);
    CHECK(says(&b, "\"text\":\"\"") && says(&b, "\"likes\":0"));
    CHECK(has_field(&b, "ETag", b.etag)); /* as it was made */
}

static void test_security__row15_nameless_and_double_cookies(void **state)
{
    static const struct {
        const char *line, *target, *value;
    } rows[] = {
        {"Cookie: a=1; a=2", "/cookie?name=a", "1"},
        {"Cookie: =__Host-x=bad", "/cookie?name=__Host-x", "(none)"},
        {"Cookie: =a=bad; b=2", "/cookie?name=a", "(none)"},
        {"Cookie: =a=bad; b=2", "/cookie?name=b", "2"},
        {"Cookie: __Host-x ; y=1", "/cookie?name=__Host-x", "(none)"},
        {"Cookie: x=1; __Host-x=2", "/cookie?name=__Host-x", "2"},
        {"Cookie: __host-x=1", "/cookie?name=__Host-x", "(none)"},
        {"Cookie: ;;; =; a=1", "/cookie?name=a", "1"},
    };
    browser b;

    browser_open(&b, *state);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK_INT(
            browse(&b, "GET", rows[i].target, NULL, (const char *const[]){rows[i].line, NULL}),
            200);
        if (!sac_str_is(b.reply.body, rows[i].value))
            fail_msg("%s: %.*s", rows[i].line, (int)b.reply.body.n, b.reply.body.p);
    }
}

static void test_security__row15_a_session_has_one_name(void **state)
{
    char line[4300];
    browser b;

    browser_open(&b, *state);
    sign_in(&b, "anna");
    snprintf(line, sizeof line, "Cookie: =%s", b.cookie);
    b.cookie[0] = '\0';
    CHECK_INT(browse(&b, "GET", "/me", NULL, (const char *const[]){line, NULL}), 401);
    memmove(line + 8, line + 9, strlen(line + 8));
    CHECK_INT(browse(&b, "GET", "/me", NULL, (const char *const[]){line, NULL}), 200);
}

static void test_security__row21_no_answer_is_split(void **state)
{
    static const char *const forms[] = {"name=X-Test&value=a%0D%0ASet-Cookie:+evil=1",
                                        "name=X-Test&value=a%0ASet-Cookie:+evil=1",
                                        "name=X-Test&value=a%0DSet-Cookie:+evil=1",
                                        "name=X-Test&value=a%00b",
                                        "name=X-Test%0D%0ASet-Cookie:+evil&value=1",
                                        "name=X%0ATest&value=1",
                                        "name=X-Test%3A&value=1",
                                        "name=X+Test&value=1",
                                        "name=&value=1"};
    browser b;

    browser_open(&b, *state);
    CHECK_INT(
        browse(&b, "POST", "/header", "name=X-Test&value=good", (const char *const[]){FORM, NULL}),
        200);
    CHECK(has_field(&b, "X-Test", "good"));
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (browse(&b, "POST", "/header", forms[i], (const char *const[]){FORM, NULL}) != 400)
            fail_msg("%d: %s", b.reply.status, forms[i]);
        CHECK(!field(&b, "Set-Cookie").p && !field(&b, "X-Test").p);
    }
    CHECK_INT(get(&b, "/next?next=/a%0d%0aSet-Cookie:%20evil=1"), 303);
    CHECK(!field(&b, "Set-Cookie").p);
    CHECK(has_field(&b, "Location", "/home"));
}

static void test_security__row26_pages_escape_what_they_show(void **state)
{
    browser b;

    browser_open(&b, *state);
    CHECK_INT(get(&b, "/greet?who=%3Cscript%3Ealert(1)%3C/script%3E%22%27%26"), 200);
    CHECK(has_field(&b, "Content-Type", "text/html"));
    CHECK(says(&b, "&lt;script&gt;alert(1)"));
    CHECK(!says(&b, "<script>alert") && !says(&b, "</script>\""));
    CHECK_INT(get(&b, "/greet?who=%E2%80%A8%3C!--"), 200);
    CHECK(!says(&b, "\xe2\x80\xa8\"") && !says(&b, "\"<!--"));
    CHECK_INT(browse(&b, "POST", "/login",
                     "username=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&password=wrong",
                     (const char *const[]){FORM, "Accept: text/html", NULL}),
              401);
    CHECK(says(&b, "Log in") && !says(&b, "<script>alert"));
}

static void test_security__row26_errors_show_no_markup(void **state)
{
    static const char *const targets[] = {"/%3Cscript%3Ealert(1)%3C/script%3E.x",
                                          "/api/%3Cscript%3Ealert(1)%3C/script%3E",
                                          "/api/shelf?%3Cscript%3Ealert(1)%3C/script%3E=1",
                                          "/api/shelf?where=%3Cscript%3Ealert(1)%3C/script%3E",
                                          "/api/shelf/%3Cscript%3Ealert(1)%3C/script%3E"};
    browser b;

    browser_open(&b, *state);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        CHECK(browse(&b, "GET", targets[i], NULL,
                     (const char *const[]){"Accept: text/html,*/*;q=0.8", NULL}) >= 400);
        CHECK(has_field(&b, "X-Content-Type-Options", "nosniff"));
        if (has_field(&b, "Content-Type", "html") && says(&b, "<script>"))
            fail_msg("%s: %.*s", targets[i], (int)b.reply.body.n, b.reply.body.p);
    }
}

static void test_security__row26_json_is_json_and_never_a_script(void **state)
{
    static const char *const targets[] = {"/api/shelf", "/api/shelf/a", "/api/shelf/none",
                                          "/me",        "/tokens",      "/app.js",
                                          "/",          "/next",        "/session"};
    browser b;

    browser_open(&b, *state);
    sign_in(&b, "anna");
    CHECK_INT(post(&b, "/api/shelf", "{\"_id\":\"a\",\"title\":\"</script><script>\"}"), 201);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        (void)get(&b, targets[i]);
        if (!has_field(&b, "X-Content-Type-Options", "nosniff"))
            fail_msg("%s", targets[i]);
        if (i < 2)
            CHECK_STR(field(&b, "Content-Type"), "application/json");
    }
    CHECK_INT(get(&b, "/api/shelf?callback=evil"), 400);
    CHECK_INT(get(&b, "/api/shelf?jsonp=evil"), 400);
    CHECK(!says(&b, "evil("));
}

static void test_security__row28_duplicate_keys_are_refused(void **state)
{
    static const struct {
        const char *method, *target, *type, *body;
    } rows[] = {
        {"POST", "/login", NULL,
         "{\"username\":\"anna\",\"username\":\"root\",\"password\":\"" PASSWORD "\"}"},
        {"POST", "/sign-up", NULL,
         "{\"username\":\"carl\",\"password\":\"" PASSWORD "\",\"password\":\"other one\"}"},
        {"POST", "/sign-up", NULL,
         "{\"username\":\"carl\",\"password\":\"" PASSWORD
         "\",\"roles\":[],\"roles\":[\"admin\"]}"},
        {"POST", "/api/notes", NULL, "{\"title\":\"a\",\"title\":\"b\"}"},
        {"POST", "/api/notes", NULL, "[{\"title\":\"a\"},{\"title\":\"a\",\"title\":\"b\"}]"},
        {"POST", "/tokens", NULL, "{\"name\":\"a\",\"name\":\"b\"}"},
        {"PATCH", NULL, "Content-Type: application/merge-patch+json",
         "{\"text\":\"a\",\"text\":\"b\"}"},
        {"PATCH", NULL, "Content-Type: application/json-patch+json",
         "[{\"op\":\"test\",\"op\":\"remove\",\"path\":\"/text\",\"value\":\"\"}]"},
        {"PATCH", NULL, "Content-Type: application/vnd.sacrum.update+json",
         "{\"$set\":{\"text\":\"a\",\"text\":\"b\"}}"},
        {"GET", "/api/notes?where=%7B%22title%22:%22a%22,%22title%22:%22b%22%7D", NULL, NULL},
    };
    browser b;

    browser_open(&b, *state);
    sign_in(&b, "anna");
    make(&b, "/api/notes", "{\"title\":\"one\"}");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *target = rows[i].target ? rows[i].target : item(&b, "/api/notes");

        if (browse(&b, rows[i].method, target, rows[i].body,
                   (const char *const[]){rows[i].type, NULL}) != 400)
            fail_msg("%d: %s %s", b.reply.status, target, rows[i].body ? rows[i].body : "");
    }
}

static const struct CMUnitTest cases[] = {
    CASE(row01_credentials_are_strings),
    CASE(row01_ids_and_parameters_are_no_filters),
    CASE(row05_secret_fields_cannot_be_asked_for),
    CASE(row05_nobody_sees_a_hash),
    CASE(row06_sign_up_takes_no_more_than_it_says),
    CASE(row06_a_name_is_one_persons),
    CASE(row06_documents_take_no_more_than_their_table),
    CASE(row06_patches_see_no_more_than_the_caller),
    CASE(row15_nameless_and_double_cookies),
    CASE(row15_a_session_has_one_name),
    CASE(row21_no_answer_is_split),
    CASE(row26_pages_escape_what_they_show),
    CASE(row26_errors_show_no_markup),
    CASE(row26_json_is_json_and_never_a_script),
    CASE(row28_duplicate_keys_are_refused),
};

int main(void)
{
    return run_on_hosts(cases, sizeof cases / sizeof *cases);
}

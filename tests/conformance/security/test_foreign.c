/* SPDX-License-Identifier: MIT */
/* docs/reference/security.md, of requests that another site made a browser send: row 9. */
#include "whole.h"

#define FORM "Content-Type: application/x-www-form-urlencoded"
#define EVIL "Origin: https://evil.example"

static int write_with(browser *b, const char *line)
{
    return browse(b, "POST", "/api/notes", "{\"title\":\"x\"}", (const char *const[]){line, NULL});
}

static void test_security__row09_other_sites_cannot_write(void **state)
{
    static const char *const bad[] = {EVIL,
                                      "Origin: null",
                                      "Origin: http://localhost.evil.example",
                                      "Origin: https://localhost",
                                      "Sec-Fetch-Site: cross-site",
                                      "Sec-Fetch-Site: same-site"};
    static const char *const good[] = {"Origin: http://localhost", "Sec-Fetch-Site: same-origin",
                                       "Sec-Fetch-Site: none", "X-Nothing: 1", ("Origin: " FRONT)};
    browser b;

    browser_open(&b, *state);
    sign_in(&b, "anna");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (write_with(&b, bad[i]) != 403 || !problem(&b, "csrf"))
            fail_msg("%d: %s", b.reply.status, bad[i]);
    CHECK_INT(get(&b, "/api/notes"), 200);
    CHECK_STR(b.reply.body, "[]");
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (write_with(&b, good[i]) != 201)
            fail_msg("%d: %s", b.reply.status, good[i]);
}

static void test_security__row09_nor_sign_anybody_in_or_out(void **state)
{
    static const char login[] = "{\"username\":\"bert\",\"password\":\"" PASSWORD "\"}";
    static const char *const foreign[] = {EVIL, NULL};
    static const char *const form[] = {EVIL, FORM, NULL};
    browser b;

    browser_open(&b, *state);
    CHECK_INT(browse(&b, "POST", "/login", login, foreign), 403);
    CHECK_INT(browse(&b, "POST", "/login", "username=bert&password=correct+horse", form), 403);
    CHECK(!b.set[0]);
    CHECK_INT(browse(&b, "POST", "/sign-up",
                     "{\"username\":\"evil\",\"password\":\"" PASSWORD "\"}", foreign),
              403);
    sign_in(&b, "anna");
    CHECK_INT(browse(&b, "POST", "/logout", NULL, foreign), 403);
    CHECK_INT(browse(&b, "POST", "/password",
                     "{\"password\":\"" PASSWORD "\",\"new_password\":\"another one\"}", foreign),
              403);
    CHECK_INT(browse(&b, "POST", "/tokens", "{\"name\":\"evil\"}", foreign), 403);
    CHECK_INT(get(&b, "/me"), 200);
    CHECK(says(&b, "anna"));
    CHECK_INT(browse(&b, "GET", "/logout", NULL, NULL), 405);
    CHECK_INT(get(&b, "/me"), 200);
}

static void test_security__row09_strangers_are_told_to_sign_in_first(void **state)
{
    static const char *const foreign[] = {EVIL, NULL};
    browser b;

    browser_open(&b, *state);
    CHECK_INT(browse(&b, "POST", "/api/notes", "{\"title\":\"x\"}", foreign), 401);
    CHECK_INT(browse(&b, "POST", "/api/shelf", "{\"_id\":\"a\",\"title\":\"x\"}", foreign), 401);
    CHECK_INT(browse(&b, "POST", "/ruled", "{}", foreign), 401);
    CHECK_INT(browse(&b, "POST", "/paged", "{}", foreign), 303);
    CHECK_INT(browse(&b, "POST", "/tokens", "{\"name\":\"x\"}", foreign), 401);
    CHECK_INT(browse(&b, "POST", "/none.x", "{}", foreign) / 100, 4);
    CHECK(!problem(&b, "csrf"));
    sign_in(&b, "anna");
    CHECK_INT(browse(&b, "POST", "/ruled", "{}", foreign), 403);
    CHECK(problem(&b, "csrf")); /* before it is said what roles she has */
    CHECK_INT(browse(&b, "POST", "/ruled", "{}", NULL), 403);
    CHECK(problem(&b, "forbidden"));
}

static void test_security__row09_json_is_what_says_so(void **state)
{
    static const char *const bad[] = {"text/plain",
                                      "application/x-www-form-urlencoded",
                                      "multipart/form-data; boundary=x",
                                      "text/json",
                                      "application/jsonx",
                                      "text/plain; application/json",
                                      "application/json; charset=latin1"};
    static const char *const good[] = {"application/json", "application/json; charset=utf-8",
                                       "Application/JSON;charset=\"UTF-8\""};
    char line[100];
    browser b;

    browser_open(&b, *state);
    sign_in(&b, "anna");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(line, sizeof line, "Content-Type: %s", bad[i]);
        if (write_with(&b, line) != 415)
            fail_msg("%d: %s", b.reply.status, bad[i]);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(line, sizeof line, "Content-Type: %s", good[i]);
        if (write_with(&b, line) != 201)
            fail_msg("%d: %s", b.reply.status, good[i]);
    }
    CHECK_INT(browse(&b, "POST", "/login", "{\"username\":\"anna\",\"password\":\"" PASSWORD "\"}",
                     (const char *const[]){"Content-Type: text/plain", NULL}),
              415);
}

static void test_security__row09_a_token_or_a_bearer_passes(void **state)
{
    char line[200];
    browser b, other;

    browser_open(&b, *state);
    browser_open(&other, *state);
    sign_in(&b, "anna");
    sign_in(&other, "bert");
    snprintf(line, sizeof line, "X-CSRF-Token: %s", b.token);
    CHECK_INT(browse(&b, "POST", "/api/notes", "{\"title\":\"x\"}",
                     (const char *const[]){EVIL, line, NULL}),
              201);
    CHECK_INT(browse(&other, "POST", "/api/notes", "{\"title\":\"x\"}",
                     (const char *const[]){EVIL, line, NULL}),
              403);
    CHECK_INT(browse(&b, "POST", "/tokens", "{\"name\":\"script\"}", NULL), 201);
    CHECK(member(&b, "token", line + 22, sizeof line - 22));
    memcpy(line, "Authorization: Bearer ", 22);
    browser_open(&other, *state);
    CHECK_INT(browse(&other, "POST", "/api/notes", "{\"title\":\"x\"}",
                     (const char *const[]){EVIL, line, NULL}),
              201);
    line[strlen(line) - 1] ^= 1;
    CHECK_INT(browse(&other, "POST", "/api/notes", "{\"title\":\"x\"}",
                     (const char *const[]){EVIL, line, NULL}),
              401);
    CHECK_INT(browse(&b, "POST", "/api/notes", "{\"title\":\"x\"}",
                     (const char *const[]){EVIL, line, NULL}) /
                  100,
              4); /* a token that is none does not make a cookie safe */
}

static void test_security__row09_basic_is_judged(void **state)
{
    /* anna:correct horse */
    static const char basic[] = "Authorization: Basic YW5uYTpjb3JyZWN0IGhvcnNl";
    browser b;

    browser_open(&b, *state);
    CHECK_INT(
        browse(&b, "POST", "/api/notes", "{\"title\":\"x\"}", (const char *const[]){basic, NULL}),
        201);
    CHECK_INT(browse(&b, "POST", "/api/notes", "{\"title\":\"x\"}",
                     (const char *const[]){basic, EVIL, NULL}),
              403);
    CHECK(problem(&b, "csrf"));
}

static const struct CMUnitTest cases[] = {
    CASE(row09_other_sites_cannot_write),
    CASE(row09_nor_sign_anybody_in_or_out),
    CASE(row09_strangers_are_told_to_sign_in_first),
    CASE(row09_json_is_what_says_so),
    CASE(row09_a_token_or_a_bearer_passes),
    CASE(row09_basic_is_judged),
};

int main(void)
{
    return run_on_hosts(cases, sizeof cases / sizeof *cases);
}

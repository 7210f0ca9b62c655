/* SPDX-License-Identifier: MIT */
/* docs/reference/security.md, of signing in: rows 13, 14, 16, 17, 18. */
#include "whole.h"

#include <strings.h>

#define FORM "Content-Type: application/x-www-form-urlencoded"

static void test_security__row13_what_is_no_credential_is_401(void **state)
{
    static const char *const lines[] = {"Authorization: Bearer",
                                        "Authorization: Bearer ",
                                        "Authorization: Bearer x",
                                        "Authorization: Bearer sac_",
                                        "Authorization: Bearer sac_0123456789 sac_",
                                        "Authorization: Basic",
                                        "Authorization: Basic YW5uYQ==",
                                        "Authorization: Basic ====",
                                        "Authorization: Basic YW5uYTpjb3JyZWN0IGhvcnN",
                                        "Authorization: Basic YW5uYTp3cm9uZw==",
                                        "Authorization: Basic OmNvcnJlY3QgaG9yc2U=",
                                        "Authorization: Digest username=\"anna\"",
                                        "Authorization: anna",
                                        "Authorization: "};
    browser b;

    browser_open(&b, *state);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        if (browse(&b, "GET", "/api/notes", NULL, (const char *const[]){lines[i], NULL}) != 401)
            fail_msg("%d: %s", b.reply.status, lines[i]);
        CHECK(!has_field(&b, "WWW-Authenticate", "Basic"));
    }
    CHECK_INT(get(&b, "/api/notes?access_token=x"), 401);
}

/* All of an answer but what differs from one to the next. */
static void whole_answer(browser *b, char *out, size_t cap)
{
    char head[8192];
    size_t n = 0;

    for (const char *line = b->reply.head; *line; line = strstr(line, "\r\n") + 2)
        if (strncasecmp(line, "date:", 5) != 0)
            n += (size_t)snprintf(head + n, sizeof head - n, "%.*s\n",
                                  (int)(strstr(line, "\r\n") - line), line);
    snprintf(out, cap, "%d\n%s\n%.*s", b->reply.status, head, (int)b->reply.body.n,
             b->reply.body.p);
}

static void test_security__row13_unknown_and_wrong_are_answered_alike(void **state)
{
    static const char *const bodies[] = {
        "{\"username\":\"anna\",\"password\":\"wrong horse\"}",
        "{\"username\":\"nobody\",\"password\":\"wrong horse\"}",
        "{\"username\":\"bert\",\"password\":\"" PASSWORD "\"}", /* who is disabled */
    };
    static const char *const forms[] = {"username=anna&password=wrong",
                                        "username=zzzz&password=wrong",
                                        "username=bert&password=correct+horse"};
    whole *w = *state;
    char first[16384], text[16384];
    browser b;

    CHECK_INT(sac_account_disable(w->app, sac_str_of("bert"), true, NULL), SAC_OK);
    for (size_t i = 0; i < 3; i++) {
        browser_open(&b, w);
        CHECK_INT(post(&b, "/login", bodies[i]), 401);
        CHECK(problem(&b, "bad_credentials") && !b.set[0]);
        whole_answer(&b, i ? text : first, sizeof text);
        if (i)
            assert_string_equal(text, first);
    }
    for (size_t i = 0; i < 3; i++) {
        browser_open(&b, w);
        CHECK_INT(browse(&b, "POST", "/login", forms[i], (const char *const[]){FORM, NULL}), 401);
        CHECK(!strstr(b.reply.head, "no such"));
    }
}

static int sign_up(browser *b, const char *password)
{
    char json[2400];

    snprintf(json, sizeof json, "{\"username\":\"carl\",\"password\":\"%s\"}", password);
    return post(b, "/sign-up", json);
}

static void test_security__row14_passwords_that_would_be_cut_are_refused(void **state)
{
    char password[2000];
    char json[2400];
    browser b;

    browser_open(&b, *state);
    memset(password, 'a', sizeof password);
    password[73] = '\0';
    CHECK_INT(sign_up(&b, password), 422);
    CHECK(says(&b, "\"password\""));
    password[73] = 'a';
    password[1025] = '\0';
    CHECK(sign_up(&b, password) == 422 || b.reply.status == 400);
    CHECK_INT(sign_up(&b, "correct\\u0000horse"), 422);
    CHECK_INT(sign_up(&b, "short"), 422);
    CHECK_INT(sign_up(&b, ""), 422);
    password[72] = '\0';
    CHECK_INT(sign_up(&b, password), 200);
    CHECK_INT(post(&b, "/logout", NULL), 200);
    password[72] = 'a'; /* the same in all that bcrypt would look at */
    password[73] = '\0';
    snprintf(json, sizeof json, "{\"username\":\"carl\",\"password\":\"%s\"}", password);
    CHECK_INT(post(&b, "/login", json), 401);
    snprintf(json, sizeof json, "{\"username\":\"anna\",\"password\":\"" PASSWORD "\\u0000x\"}");
    CHECK_INT(post(&b, "/login", json), 401);
    password[72] = '\0';
    snprintf(json, sizeof json, "{\"username\":\"carl\",\"password\":\"%s\"}", password);
    CHECK_INT(post(&b, "/login", json), 200);
}

static void test_security__row14_every_bit_of_a_password_counts(void **state)
{
    browser b;

    browser_open(&b, *state);
    CHECK_INT(sign_up(&b, "p\xc3\xa4ssword \xc3\xbc"), 200);
    CHECK_INT(post(&b, "/logout", NULL), 200);
    CHECK_INT(
        post(&b, "/login", "{\"username\":\"carl\",\"password\":\"p\xc3\xa4ssword \xc3\xbd\"}"),
        401);
    CHECK_INT(
        post(&b, "/login", "{\"username\":\"carl\",\"password\":\"p\xc3\xa4ssword \xc3\xbc\"}"),
        200);
}

typedef struct caller {
    pthread_t thread;
    whole *whole;
    int status;
    bool said_when;
} caller;

static void *call_login(void *self)
{
    caller *c = self;
    void *open = c->whole->on->open(c->whole->app);
    host_reply reply;

    c->whole->on->send(open,
                       &(const host_ask){.method = "POST",
                                         .target = "/login",
                                         .headers = (const char *const[]){"Host: localhost",
                                                                          "Content-Type: "
                                                                          "application/json",
                                                                          NULL},
                                         .body = sac_str_of("{\"username\":\"anna\","
                                                            "\"password\":\"" PASSWORD "\"}")},
                       &reply);
    c->status = reply.status;
    c->said_when = reply_header(&reply, "Retry-After", 0).p;
    c->whole->on->close(open);
    return NULL;
}

static void test_security__row14_too_many_passwords_at_once_are_503(void **state)
{
    enum { CALLERS = 12 };
    caller callers[CALLERS];
    int in = 0;
    int later = 0;
    whole *w = *state;

    w->accounts.cost = 10;
    w->accounts.threads = 1;
    w->accounts.max_hashing = 1;
    whole_serve(w);
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (caller){.whole = w};
        CHECK_INT(pthread_create(&callers[i].thread, NULL, call_login, &callers[i]), 0);
    }
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(callers[i].thread, NULL);
        CHECK(callers[i].status == 200 || callers[i].status == 503);
        in += callers[i].status == 200;
        later += callers[i].status == 503 && callers[i].said_when;
    }
    CHECK(in > 0 && later > 0);
    CHECK_INT(in + later, CALLERS);
}

static bool has_flags(const char *set, bool secure)
{
    return strcasestr(set, "; HttpOnly") && strcasestr(set, "; Path=/") &&
           strcasestr(set, "; SameSite=Lax") && !!strcasestr(set, "; Secure") == secure &&
           !strcasestr(set, "domain=");
}

static void test_security__row16_cookies_have_their_flags(void **state)
{
    browser b;

    browser_open(&b, *state);
    sign_in(&b, "anna");
    CHECK(has_flags(b.set, false));
    CHECK(!strcasestr(b.set, "expires=") && !strcasestr(b.set, "max-age="));
    CHECK_INT(browse(&b, "POST", "/logout", NULL,
                     (const char *const[]){"X-Forwarded-Proto: https", NULL}),
              200);
    CHECK(has_flags(b.set, false) && strcasestr(b.set, "; Max-Age=0"));
    CHECK(strncmp(b.set, "session=;", 9) == 0);
}

static void test_security__row16_of_a_site_under_https_they_are_secure(void **state)
{
    whole *w = *state;
    browser b;

    w->config.origin = "https://sacrum.example";
    whole_serve(w);
    browser_open(&b, w);
    sign_in(&b, "anna");
    CHECK(has_flags(b.set, true));
    CHECK(has_field(&b, "Strict-Transport-Security", "max-age=86400"));
    CHECK_INT(post(&b, "/logout", NULL), 200);
    CHECK(has_flags(b.set, true) && strcasestr(b.set, "; Max-Age=0"));
}

static void test_security__row17_next_stays_on_this_site(void **state)
{
    static const char *const bad[] = {"//evil.example",
                                      "%2F%2Fevil.example",
                                      "/%5Cevil.example",
                                      "%5C%5Cevil.example",
                                      "%5C%5C%5Cgithub.com",
                                      "%2F%5C%2Fevil.example",
                                      "///evil.example",
                                      "https:evil.example",
                                      "https://evil.example",
                                      "http://localhost/a",
                                      "javascript:alert(1)",
                                      "/%09/evil.example",
                                      "/%0A/evil.example",
                                      "%09//evil.example",
                                      "%20//evil.example",
                                      "/a%0D%0AX:1",
                                      "/a%00",
                                      "/.//evil.example",
                                      "/a/..//evil.example",
                                      "/a/%252e%252e//evil.example",
                                      "a",
                                      "?a",
                                      "",
                                      "/login",
                                      "/login?x=1",
                                      "/logout",
                                      "/api/notes",
                                      "/api/notes/1"};
    static const char *const good[] = {"/", "/a", "/a/b?c=d", "/notes%23top", "/a?x=//b"};
    char target[200];
    browser b;

    browser_open(&b, *state);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(target, sizeof target, "/next?next=%s", bad[i]);
        CHECK_INT(get(&b, target), 303);
        if (!sac_str_is(field(&b, "Location"), "/home"))
            fail_msg("%s leads to %.*s", bad[i], (int)field(&b, "Location").n,
                     field(&b, "Location").p);
    }
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        snprintf(target, sizeof target, "/next?next=%s", good[i]);
        CHECK_INT(get(&b, target), 303);
        if (sac_str_is(field(&b, "Location"), "/home"))
            fail_msg("%s is not taken", good[i]);
    }
}

static void test_security__row17_a_login_form_leads_to_no_other_site(void **state)
{
    browser b;

    browser_open(&b, *state);
    CHECK_INT(browse(&b, "POST", "/login",
                     "username=anna&password=correct+horse&next=%2F%2Fevil.example",
                     (const char *const[]){FORM, NULL}),
              303);
    CHECK_STR(field(&b, "Location"), "/");
    browser_open(&b, *state);
    CHECK_INT(browse(&b, "POST", "/login", "username=anna&password=correct+horse&next=%2Fa%3Fb",
                     (const char *const[]){FORM, "Referer: https://evil.example/", NULL}),
              303);
    CHECK_STR(field(&b, "Location"), "/a?b");
}

static void test_security__row18_the_route_decides_between_401_and_login(void **state)
{
    static const char *const ajax[] = {"X-Requested-With: XMLHttpRequest",
                                       "Accept: application/json", NULL};
    static const char *const page[] = {"Accept: text/html", "Sec-Fetch-Mode: navigate",
                                       "Sec-Fetch-Dest: document", NULL};
    browser b;

    browser_open(&b, *state);
    CHECK_INT(browse(&b, "GET", "/api/notes", NULL, ajax), 401);
    CHECK_INT(browse(&b, "GET", "/api/notes", NULL, page), 401);
    CHECK(!field(&b, "Location").p);
    CHECK(field(&b, "WWW-Authenticate").p && !has_field(&b, "WWW-Authenticate", "Basic"));
    CHECK_INT(browse(&b, "GET", "/api/none", NULL, page), 404);
    CHECK(problem(&b, "not_found"));
    CHECK_INT(browse(&b, "GET", "/ruled", NULL, page), 401);
    CHECK_INT(browse(&b, "GET", "/paged", NULL, page), 303);
    CHECK_STR(field(&b, "Location"), "/login?next=%2Fpaged");
    CHECK_INT(browse(&b, "GET", "/paged", NULL, ajax), 303);
    CHECK(has_field(&b, "Cache-Control", "no-store"));
    CHECK_INT(get(&b, "/paged?a=b&c"), 303);
    CHECK_STR(field(&b, "Location"), "/login?next=%2Fpaged%3Fa%3Db%26c");
    CHECK_INT(post(&b, "/paged", "{}"), 303);
    CHECK_STR(field(&b, "Location"), "/login");
    sign_in(&b, "anna");
    CHECK_INT(browse(&b, "GET", "/paged", NULL, ajax), 200);
    CHECK_INT(get(&b, "/ruled"), 403);
}

static const struct CMUnitTest cases[] = {
    CASE(row13_unknown_and_wrong_are_answered_alike),
    CASE(row13_what_is_no_credential_is_401),
    CASE(row14_passwords_that_would_be_cut_are_refused),
    CASE(row14_every_bit_of_a_password_counts),
    UNSERVED(row14_too_many_passwords_at_once_are_503),
    CASE(row16_cookies_have_their_flags),
    UNSERVED(row16_of_a_site_under_https_they_are_secure),
    CASE(row17_next_stays_on_this_site),
    CASE(row17_a_login_form_leads_to_no_other_site),
    CASE(row18_the_route_decides_between_401_and_login),
};

int main(void)
{
    return run_on_hosts(cases, sizeof cases / sizeof *cases);
}

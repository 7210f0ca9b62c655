/* SPDX-License-Identifier: MIT */
/* docs/reference/security.md, of the site as a whole: rows 19, 20, 25, 39, and its headers. */
#include "whole.h"

static const char *const none[] = {NULL};

static void test_security__row19_only_listed_origins_may_read(void **state)
{
    static const char *const bad[] = {
        "Origin: https://evil.example", "Origin: null",          "Origin: " FRONT ".evil.example",
        "Origin: http://front.example", "Origin: " FRONT ":443", "Origin: https://xfront.example"};
    static const char *const front[] = {"Origin: " FRONT, NULL};
    browser b;

    browser_open(&b, *state);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_INT(browse(&b, "GET", "/api/shelf", NULL, (const char *const[]){bad[i], NULL}), 200);
        CHECK(!field(&b, "Access-Control-Allow-Origin").p);
        CHECK(!field(&b, "Access-Control-Allow-Credentials").p);
        CHECK(has_field(&b, "Vary", "Origin"));
    }
    CHECK_INT(browse(&b, "GET", "/api/shelf", NULL, front), 200);
    CHECK_STR(field(&b, "Access-Control-Allow-Origin"), FRONT);
    CHECK_STR(field(&b, "Access-Control-Allow-Credentials"), "true");
    CHECK_INT(browse(&b, "GET", "/api/notes", NULL, front), 401);
    CHECK_STR(field(&b, "Access-Control-Allow-Origin"), FRONT);
    CHECK_INT(get(&b, "/api/shelf"), 200);
    CHECK(has_field(&b, "Vary", "Origin"));
}

static void test_security__row19_any_origin_never_has_credentials(void **state)
{
    static const char *const any[] = {"*", NULL};
    static const char *const null[] = {"null", NULL};
    sac_cors cors = SAC_CORS(.origins = any, .credentials = true);
    whole *w = *state;

    CHECK_INT(sac_app_new(&w->config, &w->app, NULL), SAC_OK);
    CHECK_INT(sac_app_cors(w->app, &cors, NULL), SAC_EINVAL);
    cors.origins = null;
    CHECK_INT(sac_app_cors(w->app, &cors, NULL), SAC_EINVAL);
}

static void test_security__row20_bad_hosts_are_refused(void **state)
{
    static const char *const bad[] = {
        "Host: a b", "Host: evil.example/x", "Host: a,b",    "Host: user@evil.example",
        "Host: a:b", "Host: a:99999",        "Host: %65vil", "Host: a\"b",
        "Host: [::1"};
    browser b;

    browser_open(&b, *state);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (browse(&b, "GET", "/site", NULL, (const char *const[]){bad[i], NULL}) != 400)
            fail_msg("%d: %s", b.reply.status, bad[i]);
    CHECK_INT(browse(&b, "GET", "/site", NULL,
                     (const char *const[]){"Host: localhost", "Host: evil.example", NULL}),
              400);
}

static void test_security__row20_urls_are_made_of_no_strangers_word(void **state)
{
    static const char *const forwarded[] = {"Host: localhost",
                                            "X-Forwarded-Host: evil.example",
                                            "X-Forwarded-Proto: https",
                                            "X-Forwarded-For: 10.0.0.1",
                                            "Forwarded: host=evil.example;proto=https",
                                            "X-Original-URL: /ruled",
                                            NULL};
    browser b;

    browser_open(&b, *state);
    CHECK_INT(browse(&b, "GET", "/site", NULL, forwarded), 200);
    CHECK_STR(b.reply.body, "http://localhost");
    CHECK_INT(browse(&b, "GET", "/site", NULL, (const char *const[]){"Host: evil.example", NULL}),
              200);
    CHECK_STR(b.reply.body, "(none)");
    CHECK_INT(get(&b, "http://evil.example/site"), 200); /* goes before Host */
    CHECK_STR(b.reply.body, "(none)");
    CHECK_INT(browse(&b, "GET", "/paged", NULL, (const char *const[]){"Host: evil.example", NULL}),
              303);
    CHECK_STR(field(&b, "Location"), "/login?next=%2Fpaged");
}

static void test_security__row20_hosts_may_be_listed(void **state)
{
    static const char *const listed[] = {"sacrum.example", NULL};
    whole *w = *state;
    browser b;

    w->config.hosts = listed;
    whole_serve(w);
    browser_open(&b, w);
    CHECK_INT(browse(&b, "GET", "/site", NULL, (const char *const[]){"Host: sacrum.example", NULL}),
              200);
    CHECK_STR(b.reply.body, "http://sacrum.example");
    CHECK_INT(browse(&b, "GET", "/site", NULL, (const char *const[]){"Host: evil.example", NULL}),
              400);
    CHECK(problem(&b, "bad_host") && !says(&b, "evil"));
    CHECK_INT(browse(&b, "GET", "/site", NULL,
                     (const char *const[]){"Host: sacrum.example.evil.example", NULL}),
              400);
}

static void test_security__row20_addresses_are_those_of_the_socket(void **state)
{
    whole *w = *state;
    char line[64];
    browser b;
    int status = 0;

    w->accounts.max_attempts = 3;
    whole_serve(w);
    browser_open(&b, w);
    for (int i = 0; i < 8 && status != 429; i++) {
        snprintf(line, sizeof line, "X-Forwarded-For: 10.0.0.%d", i);
        status = browse(&b, "POST", "/login", "{\"username\":\"anna\",\"password\":\"wrong\"}",
                        (const char *const[]){line, NULL});
        CHECK(status == 401 || status == 429);
    }
    CHECK_INT(status, 429);
    CHECK(field(&b, "Retry-After").p);
}

static void test_security__row25_nothing_outside_the_folder_is_served(void **state)
{
    static const char *const targets[] = {"/../private/secret.txt",
                                          "/..%2fprivate%2fsecret.txt",
                                          "/%2e%2e/private/secret.txt",
                                          "/%2e%2e%2fprivate%2fsecret.txt",
                                          "/sub/../../private/secret.txt",
                                          "/sub/%2e%2e/%2e%2e/private/secret.txt",
                                          "/..%5cprivate%5csecret.txt",
                                          "/..\\private\\secret.txt",
                                          "/%252e%252e/private/secret.txt",
                                          "/app.js%00.html",
                                          "/app.js%00",
                                          "/%00",
                                          "/.env",
                                          "/%2eenv",
                                          "/.git/config",
                                          "/.git%2fconfig",
                                          "/out.txt",
                                          "/etc/passwd",
                                          "//etc/passwd",
                                          "/etc%2fpasswd",
                                          "/sub/..%2f..%2fprivate/secret.txt",
                                          "/%c0%ae%c0%ae/private/secret.txt",
                                          "/app.js/../.env",
                                          "/....//private/secret.txt",
                                          "/whole.db",
                                          "/../private/whole.db"};
    browser b;

    browser_open(&b, *state);
    CHECK_INT(get(&b, "/app.js"), 200);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        const int status = get(&b, targets[i]);

        if (says(&b, "SECRET") || says(&b, "root:"))
            fail_msg("%s is served", targets[i]);
        if (status != 404 && status != 400 && !(status == 200 && says(&b, "front")))
            fail_msg("%s: %d", targets[i], status);
    }
}

static void test_security__row25_names_of_uploads_are_no_paths(void **state)
{
    static const struct {
        const char *sent, *name;
    } rows[] = {{"../../etc/passwd", "passwd"},
                {"/etc/passwd", "passwd"},
                {"C:\\\\Users\\\\x\\\\a.txt", "a.txt"},
                {"a/../b.txt", "b.txt"},
                {"plain.txt", "plain.txt"}};
    char body[400];
    browser b;

    browser_open(&b, *state);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(body, sizeof body,
                 "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n\r\n"
                 "bytes\r\n--x--\r\n",
                 rows[i].sent);
        CHECK_INT(
            browse(&b, "POST", "/upload", body,
                   (const char *const[]){"Content-Type: multipart/form-data; boundary=x", NULL}),
            200);
        CHECK_STR(b.reply.body, rows[i].name);
    }
}

static void test_security__row39_secrets_are_not_logged(void **state)
{
    /* anna:a basic secret */
    static const char basic[] = "Authorization: Basic YW5uYTphIGJhc2ljIHNlY3JldA==";
    whole *w = *state;
    char token[200] = "Authorization: Bearer ";
    browser b;

    browser_open(&b, w);
    CHECK_INT(post(&b, "/login", "{\"username\":\"anna\",\"password\":\"wrong secret\"}"), 401);
    CHECK_INT(post(&b, "/login", "{\"username\":\"anna\",\"password\":\"broken secret"), 400);
    CHECK_INT(browse(&b, "GET", "/api/notes", NULL, (const char *const[]){basic, NULL}), 401);
    sign_in(&b, "anna");
    CHECK_INT(post(&b, "/session", "{}"), 200);
    CHECK_INT(post(&b, "/tokens", "{\"name\":\"script\"}"), 201);
    CHECK(member(&b, "token", token + 22, sizeof token - 22));
    CHECK_INT(browse(&b, "GET", "/api/notes", NULL, (const char *const[]){token, NULL}), 200);
    CHECK_INT(post(&b, "/password", "{\"password\":\"old secret\",\"new_password\":\"a secret\"}"),
              401);
    CHECK_INT(
        browse(&b, "GET", "/log/here?token=a%20secret", NULL, (const char *const[]){token, NULL}),
        500);
    CHECK(whole_logged(w, "it says here") && !says(&b, "here is broken"));
    CHECK(!whole_logged(w, "wrong secret") && !whole_logged(w, "broken secret"));
    CHECK(!whole_logged(w, "basic secret") && !whole_logged(w, "YW5uYTph"));
    CHECK(!whole_logged(w, "old secret") && !whole_logged(w, "a secret"));
    CHECK(!whole_logged(w, PASSWORD) && !whole_logged(w, "$2b$"));
    CHECK(!whole_logged(w, token + 22) && !whole_logged(w, b.cookie + strlen("session=")));
    CHECK(!whole_logged(w, "by the visitor"));
}

static void test_security__row39_control_bytes_are_escaped(void **state)
{
    static const char *const targets[] = {"/api/shelf/a%0AFORGED",
                                          "/raw/notes%0AFORGED/x",
                                          "/raw/a%1B%5B31mFORGED/0123456789abcdef01234567",
                                          "/raw/a%0D%0AFORGED/0123456789abcdef01234567",
                                          "/log/a%0AFORGED",
                                          "/log/a%1B%5B31mFORGED%7F",
                                          "/log/%C2%9BFORGED"};
    whole *w = *state;
    browser b;

    browser_open(&b, w);
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
        CHECK(get(&b, targets[i]) >= 400);
    CHECK_INT(post(&b, "/login", "{\"username\":\"x\\nFORGED\",\"password\":\"x\\r\\n\"}") / 100,
              4);
    CHECK_INT(browse(&b, "POST", "/api/notes", "{}",
                     (const char *const[]){"Origin: https://a\tFORGED", NULL}) /
                  100,
              4);
    CHECK(whole_logged(w, "FORGED"));
    CHECK(!whole_logged(w, "\x7f") && !whole_logged(w, "\xc2\x9b"));
    CHECK(!whole_logged(w, "\nFORGED") && !whole_logged(w, "\x1b") && !whole_logged(w, "\r"));
}

static void test_security__every_answer_has_its_headers(void **state)
{
    static const struct {
        const char *method, *target;
        int status;
    } rows[] = {
        {"GET", "/", 200},           {"GET", "/app.js", 200},    {"GET", "/api/notes", 401},
        {"GET", "/none.x", 404},     {"GET", "/api/none", 404},  {"POST", "/next", 405},
        {"OPTIONS", "/next", 204},   {"GET", "/login", 200},     {"GET", "/greet", 200},
        {"GET", "/paged", 303},      {"GET", "/api/shelf", 200}, {"HEAD", "/api/shelf", 200},
        {"GET", "/api/shelf?x", 400}};
    browser b;

    browser_open(&b, *state);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (browse(&b, rows[i].method, rows[i].target, NULL, none) != rows[i].status)
            fail_msg("%s %s: %d", rows[i].method, rows[i].target, b.reply.status);
        if (!has_field(&b, "X-Content-Type-Options", "nosniff") ||
            !has_field(&b, "Content-Security-Policy", "default-src 'self'") ||
            !has_field(&b, "X-Frame-Options", "SAMEORIGIN") ||
            !has_field(&b, "Referrer-Policy", "strict-origin-when-cross-origin") ||
            !has_field(&b, "Cross-Origin-Opener-Policy", "same-origin") ||
            field(&b, "Strict-Transport-Security").p)
            fail_msg("%s %s: %s", rows[i].method, rows[i].target, b.reply.head);
    }
}

static void test_security__over_the_rate_is_429(void **state)
{
    whole *w = *state;
    browser b;

    w->limit = (sac_limit)SAC_LIMIT(.requests = 5, .seconds = 3600);
    whole_serve(w);
    browser_open(&b, w);
    for (int i = 0; i < 5; i++)
        CHECK_INT(get(&b, "/site"), 200);
    CHECK_INT(get(&b, "/site"), 429);
    CHECK(problem(&b, "too_many_requests") && field(&b, "Retry-After").p);
    CHECK_INT(post(&b, "/login", "{\"username\":\"anna\",\"password\":\"x\"}"), 429);
}

static const struct CMUnitTest cases[] = {
    CASE(row19_only_listed_origins_may_read),
    UNSERVED(row19_any_origin_never_has_credentials),
    CASE(row20_bad_hosts_are_refused),
    CASE(row20_urls_are_made_of_no_strangers_word),
    UNSERVED(row20_hosts_may_be_listed),
    UNSERVED(row20_addresses_are_those_of_the_socket),
    CASE(row25_nothing_outside_the_folder_is_served),
    CASE(row25_names_of_uploads_are_no_paths),
    CASE(row39_secrets_are_not_logged),
    CASE(row39_control_bytes_are_escaped),
    CASE(every_answer_has_its_headers),
    UNSERVED(over_the_rate_is_429),
};

int main(void)
{
    return run_on_hosts(cases, sizeof cases / sizeof *cases);
}

/* SPDX-License-Identifier: MIT */
#include "http/cookie.h"

#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "support/support.h"

static sac_str S(const char *s)
{
    return sac_str_of(s);
}

static void test_cookie__first_of_duplicates_wins(void **state)
{
    const sac_str header = S("a=1; b=2; a=3; A=4");

    (void)state;
    CHECK_STR(sac__cookie_get(header, "a"), "1");
    CHECK_STR(sac__cookie_get(header, "b"), "2");
    CHECK_STR(sac__cookie_get(header, "A"), "4");
    CHECK(!sac__cookie_get(header, "c").p);
    CHECK(!sac__cookie_get(header, "").p);
    CHECK(!sac__cookie_get(sac_str_n(NULL, 0), "a").p);
    CHECK(sac__cookie_get(S("a="), "a").p);
    CHECK_INT(sac__cookie_get(S("a="), "a").n, 0);
}

static void test_cookie__nameless_pairs_name_nothing(void **state)
{
    sac_str rest = S("=__Host-x=bad; =; ; ===a=b;x; = y=1 ;\t__Host-x = good "), name, value;

    (void)state;
    CHECK_STR(sac__cookie_get(rest, "__Host-x"), "good");
    CHECK(sac__cookie_next(&rest, &name, &value));
    CHECK_STR(name, "__Host-x");
    CHECK_STR(value, "good");
    CHECK(!sac__cookie_next(&rest, &name, &value));
    CHECK(!sac__cookie_get(S("__host-x=bad"), "__Host-x").p);
    CHECK(!sac__cookie_get(S("%5F_Host-x=bad"), "__Host-x").p);
}

static void test_cookie__quotes_are_ordinary_bytes(void **state)
{
    sac_str rest = S("a=\"x;y\"; b=\"q\""), name, value;

    (void)state;
    CHECK(sac__cookie_next(&rest, &name, &value));
    CHECK_STR(value, "\"x");
    CHECK(sac__cookie_next(&rest, &name, &value));
    CHECK_STR(name, "b");
    CHECK_STR(value, "\"q\"");
}

static void check_walk(const char *header, const cJSON *sent)
{
    sac_str rest = S(header), name, value;
    const cJSON *pair;

    cJSON_ArrayForEach(pair, sent)
    {
        CHECK(sac__cookie_next(&rest, &name, &value));
        CHECK_STR(name, cJSON_GetObjectItem(pair, "name")->valuestring);
        CHECK_STR(value, cJSON_GetObjectItem(pair, "value")->valuestring);
    }
    CHECK(!sac__cookie_next(&rest, &name, &value));
}

/* What the suite's browser sends, parsed, is what the suite says that it sends. */
static void check_sent(const cJSON *sent)
{
    char header[65536];
    size_t n = 0;
    const cJSON *pair;

    header[0] = '\0';
    cJSON_ArrayForEach(pair, sent)
    {
        const int m = snprintf(header + n, sizeof header - n, "%s%s=%s", n ? "; " : "",
                               cJSON_GetObjectItem(pair, "name")->valuestring,
                               cJSON_GetObjectItem(pair, "value")->valuestring);

        CHECK(m > 0 && (size_t)m < sizeof header - n);
        n += (size_t)m;
    }
    check_walk(header, sent);
}

/*
 * The pair before the first ';' is read as a browser reads it in Set-Cookie.
 * Not so in the two cases that the suite itself has disabled: a NUL or CR in
 * the value, which no host lets through.
 */
static void check_received(const cJSON *received, const cJSON *sent)
{
    char header[65536];

    if (cJSON_GetArraySize(received) != 1 || cJSON_GetArraySize(sent) != 1)
        return;
    snprintf(header, sizeof header, "%s", cJSON_GetArrayItem(received, 0)->valuestring);
    header[strcspn(header, ";")] = '\0';
    check_walk(header, sent);
}

static void test_cookie__reads_the_http_state_suite(void **state)
{
    const char *folder = suite_path("http-state-cookies");
    char path[4200];
    sac_str text;
    cJSON *cases;
    const cJSON *one;
    int disabled = 0;

    (void)state;
    if (!folder) {
        print_message("no suite http-state-cookies\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/parser.json", folder);
    text = read_file(path);
    CHECK(text.p);
    cases = cJSON_ParseWithLength(text.p, text.n);
    CHECK(cJSON_GetArraySize(cases) > 100);
    cJSON_ArrayForEach(one, cases)
    {
        const char *name = cJSON_GetObjectItem(one, "test")->valuestring;

        check_sent(cJSON_GetObjectItem(one, "sent"));
        if (!strcmp(name, "DISABLED_CHROMIUM0022") || !strcmp(name, "DISABLED_CHROMIUM0023"))
            disabled++;
        else
            check_received(cJSON_GetObjectItem(one, "received"), cJSON_GetObjectItem(one, "sent"));
    }
    print_message("# skipped of the suite: %d\n", disabled);
    cJSON_Delete(cases);
    free((void *)(uintptr_t)text.p);
}

static void test_cookie__survives_10000_pairs(void **state)
{
    const size_t n = 20000;
    char *p = malloc(n * 2);
    sac_str rest = sac_str_n(p, n * 2), name, value;

    (void)state;
    for (size_t i = 0; i < n; i++)
        memcpy(p + i * 2, i % 2 ? ";;" : "==", 2);
    CHECK(!sac__cookie_next(&rest, &name, &value));
    CHECK_INT(rest.n, 0);
    free(p);
}

static int print(const sac__cookie *cookie, char out[512])
{
    sac__buf buf;
    int rc;

    sac__buf_init_fixed(&buf, out, 511);
    rc = sac__cookie_print(cookie, &buf);
    out[buf.n] = '\0';
    return rc;
}

static void test_cookie__prints_its_attributes(void **state)
{
    sac__cookie cookie = {.name = S("session"), .value = S("abc"), .max_age = -1};
    char out[512];

    (void)state;
    CHECK_INT(print(&cookie, out), SAC_OK);
    assert_string_equal(out, "session=abc; Path=/");
    cookie = (sac__cookie){.name = S("__Secure-s"),
                           .value = S(""),
                           .path = S("/app"),
                           .domain = S("example.org"),
                           .expires = S("Thu, 01 Jan 1970 00:00:00 GMT"),
                           .max_age = 0,
                           .secure = true,
                           .http_only = true,
                           .same_site = "Lax"};
    CHECK_INT(print(&cookie, out), SAC_OK);
    assert_string_equal(out,
                        "__Secure-s=; Domain=example.org; Expires=Thu, 01 Jan 1970 00:00:00 GMT; "
                        "Max-Age=0; Secure; HttpOnly; Path=/app; SameSite=Lax");
    cookie = (sac__cookie){.name = S("__Host-s"),
                           .value = S("\"q\""),
                           .path = S("/"),
                           .max_age = 31536000,
                           .secure = true,
                           .same_site = "None"};
    CHECK_INT(print(&cookie, out), SAC_OK);
    assert_string_equal(out, "__Host-s=\"q\"; Max-Age=31536000; Secure; Path=/; SameSite=None");
}

static void test_cookie__refuses_bytes_that_break_out(void **state)
{
    static const char *const values[] = {"a;b",    "a b",      "a,b",   "a\"b", "a\\b",
                                         "a\r\nb", "\xc3\xa9", "a\x7f", "\"",   "\"a;\""};
    static const char *const names[] = {"", "a b", "a=b", "a;", "\"a\"", "a\n", "\xc3\xa9"};
    static const char *const paths[] = {"x", "/;", "/\n", "/\xc3\xa9", "/; Domain=evil"};
    static const char *const domains[] = {"a;b", "a b", "a\n", "a/b", "[::1]"};
    sac__cookie cookie = {.name = S("a"), .value = S("b"), .max_age = -1};
    char out[512];

    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        cookie.value = S(values[i]);
        CHECK_INT(print(&cookie, out), SAC_EINVAL);
        assert_string_equal(out, "");
    }
    cookie.value = sac_str_n("a\0b", 3);
    CHECK_INT(print(&cookie, out), SAC_EINVAL);
    cookie.value = S("b");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cookie.name = S(names[i]);
        CHECK_INT(print(&cookie, out), SAC_EINVAL);
    }
    cookie.name = S("a");
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        cookie.path = S(paths[i]);
        CHECK_INT(print(&cookie, out), SAC_EINVAL);
    }
    cookie.path = S("/");
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        cookie.domain = S(domains[i]);
        CHECK_INT(print(&cookie, out), SAC_EINVAL);
    }
    cookie.domain = S("");
    cookie.expires = S("Thu; Path=/x");
    CHECK_INT(print(&cookie, out), SAC_EINVAL);
    cookie.expires = S("");
    cookie.same_site = "lax; Domain=x";
    CHECK_INT(print(&cookie, out), SAC_EINVAL);
    cookie.same_site = "Strict";
    CHECK_INT(print(&cookie, out), SAC_OK);
}

static void test_cookie__keeps_the_promise_of_its_prefix(void **state)
{
    sac__cookie cookie = {.name = S("__Host-a"), .value = S("b"), .max_age = -1, .secure = true};
    char out[512];

    (void)state;
    CHECK_INT(print(&cookie, out), SAC_OK);
    cookie.path = S("/x");
    CHECK_INT(print(&cookie, out), SAC_EINVAL);
    cookie.path = S("/");
    cookie.domain = S("a.org");
    CHECK_INT(print(&cookie, out), SAC_EINVAL);
    cookie.domain = S("");
    cookie.secure = false;
    CHECK_INT(print(&cookie, out), SAC_EINVAL);
    cookie.name = S("__HOST-a");
    CHECK_INT(print(&cookie, out), SAC_EINVAL);
    cookie.name = S("__secure-a");
    CHECK_INT(print(&cookie, out), SAC_EINVAL);
    cookie.name = S("__Securea");
    CHECK_INT(print(&cookie, out), SAC_OK);
}

static void test_cookie__tells_when_the_buffer_ends(void **state)
{
    const sac__cookie cookie = {.name = S("name"), .value = S("value"), .max_age = 1};
    char bytes[8];
    sac__buf buf;

    (void)state;
    sac__buf_init_fixed(&buf, bytes, sizeof bytes);
    CHECK_INT(sac__cookie_print(&cookie, &buf), SAC_ETOOBIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cookie__first_of_duplicates_wins),
        cmocka_unit_test(test_cookie__nameless_pairs_name_nothing),
        cmocka_unit_test(test_cookie__quotes_are_ordinary_bytes),
        cmocka_unit_test(test_cookie__reads_the_http_state_suite),
        cmocka_unit_test(test_cookie__survives_10000_pairs),
        cmocka_unit_test(test_cookie__prints_its_attributes),
        cmocka_unit_test(test_cookie__refuses_bytes_that_break_out),
        cmocka_unit_test(test_cookie__keeps_the_promise_of_its_prefix),
        cmocka_unit_test(test_cookie__tells_when_the_buffer_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

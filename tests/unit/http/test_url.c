/* SPDX-License-Identifier: MIT */
#include "http/url.h"

#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "support/support.h"

typedef struct bench {
    fault_alloc fault;
    sac__arena_cache *cache;
    sac__arena *arena;
} bench;

static int bench_open(bench *b, size_t cap)
{
    *b = (bench){.cache = NULL};
    if (sac__arena_cache_new(fault_alloc_init(&b->fault, -1), 4096, 0, &b->cache) != SAC_OK)
        return -1;
    b->arena = sac__arena_open(b->cache, cap);
    return b->arena ? 0 : -1;
}

static int setup(void **state)
{
    static bench b;

    *state = &b;
    return bench_open(&b, 8 << 20);
}

static int teardown(void **state)
{
    bench *b = *state;

    sac__arena_close(b->arena);
    sac__arena_cache_free(b->cache);
    return b->fault.live != 0;
}

static sac_str S(const char *s)
{
    return sac_str_of(s);
}

static void test_target__splits_path_and_query(void **state)
{
    sac__target t;

    (void)state;
    CHECK_INT(sac__target_parse(S("/a%2Fb/c?x=1?y"), &t), SAC_OK);
    CHECK_STR(t.path, "/a%2Fb/c");
    CHECK_STR(t.query, "x=1?y");
    CHECK(!t.authority.p);
    CHECK_INT(sac__target_parse(S("/"), &t), SAC_OK);
    CHECK(!t.query.p);
    CHECK_INT(sac__target_parse(S("/?"), &t), SAC_OK);
    CHECK_STR(t.path, "/");
    CHECK(t.query.p && t.query.n == 0);
    CHECK_INT(sac__target_parse(S("//evil.org/x"), &t), SAC_OK);
    CHECK_STR(t.path, "//evil.org/x");
}

static void test_target__reads_the_absolute_form(void **state)
{
    sac__target t;

    (void)state;
    CHECK_INT(sac__target_parse(S("HTTP://example.org:81/a?b"), &t), SAC_OK);
    CHECK_STR(t.authority, "example.org:81");
    CHECK_STR(t.path, "/a");
    CHECK_STR(t.query, "b");
    CHECK_INT(sac__target_parse(S("https://[::1]?b"), &t), SAC_OK);
    CHECK_STR(t.authority, "[::1]");
    CHECK_STR(t.path, "/");
    CHECK_STR(t.query, "b");
    CHECK_INT(sac__target_parse(S("http://a"), &t), SAC_OK);
    CHECK_STR(t.path, "/");
}

static void test_target__refuses_everything_else(void **state)
{
    static const char *const bad[] = {"",
                                      "*",
                                      "a",
                                      "?a",
                                      "a/b",
                                      "/a b",
                                      "/a#b",
                                      "/a\nb",
                                      "/\x7f",
                                      "/a\t",
                                      "http://",
                                      "http:///a",
                                      "ftp://a/",
                                      "http:/a",
                                      "http://u@a/",
                                      "http://a:b/",
                                      "http://?a",
                                      "a:80",
                                      "javascript:alert(1)"};
    sac__target t = {.path = S("kept")};

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_INT(sac__target_parse(S(bad[i]), &t), SAC_EINVAL);
    CHECK_INT(sac__target_parse(sac_str_n("/\0", 2), &t), SAC_EINVAL);
    CHECK_INT(sac__target_parse(sac_str_n(NULL, 0), &t), SAC_EINVAL);
    CHECK_STR(t.path, "kept");
}

/* Whatever the length, and each byte alone: they are looked at several at a time. */
static void test_target__looks_at_every_byte(void **state)
{
    enum { LONGEST = 20 };
    char text[LONGEST];
    sac__target t;

    (void)state;
    for (size_t n = 2; n <= LONGEST; n++)
        for (size_t at = 1; at < n; at++)
            for (int c = 0; c < 256; c++) {
                const bool bad = c <= ' ' || c == 0x7f || c == '#';

                memset(text, '/', sizeof text);
                text[at] = (char)c;
                CHECK_INT(sac__target_parse(sac_str_n(text, n), &t), bad ? SAC_EINVAL : SAC_OK);
            }
}

/* p NULL where it cannot be decoded. */
static sac_str decode(bench *b, sac_str raw, bool plus)
{
    sac_str text = sac_str_n(NULL, 0);
    const int rc = sac__url_decode(b->arena, raw, plus, &text);

    CHECK_INT(rc, text.p ? SAC_OK : SAC_ESYNTAX);
    return text;
}

static void test_url__decodes_once(void **state)
{
    bench *b = *state;
    const sac_str plain = S("caf\xc3\xa9+a");

    CHECK(decode(b, plain, false).p == plain.p);
    CHECK_STR(decode(b, plain, true), "caf\xc3\xa9 a");
    CHECK_STR(decode(b, S("a%2Fb%2f%252F"), false), "a/b/%2F");
    CHECK_STR(decode(b, S("%C3%A9"), false), "\xc3\xa9");
    CHECK_STR(decode(b, S("%2B+"), true), "+ ");
    CHECK(decode(b, sac_str_n(NULL, 0), false).p);
    CHECK_INT(decode(b, S(""), false).n, 0);
}

static void test_url__refuses_bad_escapes_and_bad_utf8(void **state)
{
    static const char *const bad[] = {"%",      "%2",     "a%",        "%zz",   "%2g",
                                      "%g2",    "%%20",   "%00",       "a%00b", "%C3",
                                      "%FF",    "%C0%80", "%ED%A0%80", "\xff",  "\xc3",
                                      "%u0041", "%-1",    "% 1",       "%+1",   "%F4%90%80%80"};
    bench *b = *state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(!decode(b, S(bad[i]), false).p);
        CHECK(!decode(b, S(bad[i]), true).p);
    }
    CHECK(!decode(b, sac_str_n("a\0b", 3), false).p);
}

/* What cannot be decoded for want of memory is another thing than what never can. */
static void test_url__tells_no_memory_from_bad_text(void **state)
{
    sac_str text = S("kept");
    bench b;

    (void)state;
    CHECK_INT(bench_open(&b, 4096), 0);
    while (sac__arena_bytes(b.arena, 1))
        continue;
    CHECK_INT(sac__url_decode(b.arena, S("%61"), false, &text), SAC_ENOMEM);
    CHECK_STR(text, "kept");
    CHECK_INT(sac__url_decode(b.arena, S("\xff"), false, &text), SAC_ESYNTAX);
    CHECK_INT(sac__url_decode(b.arena, S("plain"), false, &text), SAC_OK);
    sac__arena_close(b.arena);
    sac__arena_cache_free(b.cache);
}

static void test_url__encodes_all_but_unreserved(void **state)
{
    char bytes[64];
    sac__buf buf;

    (void)state;
    sac__buf_init_fixed(&buf, bytes, sizeof bytes);
    sac__url_encode(&buf, S("aZ09-._~ /?\xc3\xa9%+"));
    CHECK_STR(sac__buf_str(&buf), "aZ09-._~%20%2F%3F%C3%A9%25%2B");
}

static void test_url__decodes_what_it_encodes(void **state)
{
    bench *b = *state;
    char text[256], bytes[1024];
    sac_str s = sac_str_n(text, 0);
    sac__buf buf;

    for (int c = 1; c < 128; c++)
        text[s.n++] = (char)c;
    sac__buf_init_fixed(&buf, bytes, sizeof bytes);
    sac__url_encode(&buf, s);
    CHECK(sac_str_eq(decode(b, sac__buf_str(&buf), false), s));
    CHECK(sac_str_eq(decode(b, sac__buf_str(&buf), true), s));
}

static void escape_all(const char *hex, char *out)
{
    for (; hex[0] && hex[1]; hex += 2, out += 3)
        memcpy(out, (char[]){'%', hex[0], hex[1]}, 3);
    *out = '\0';
}

static void test_url__reads_the_utf8_suite(void **state)
{
    const char *folder = suite_path("utf8");
    bench *b = *state;
    char path[4200], escaped[4096];
    const cJSON *one;
    sac_str text;
    cJSON *root;
    int n = 0;

    if (!folder) {
        print_message("no suite utf8\n");
        skip();
    }
    snprintf(path, sizeof path, "%s/utf8tests.json", folder);
    text = read_file(path);
    CHECK(text.p);
    root = cJSON_ParseWithLength(text.p, text.n);
    cJSON_ArrayForEach(one, cJSON_GetObjectItem(root, "cases"))
    {
        const char *hex = cJSON_GetObjectItem(one, "hex")->valuestring;
        const bool valid = cJSON_IsTrue(cJSON_GetObjectItem(one, "valid"));
        bool nul = false;

        CHECK(strlen(hex) * 3 / 2 < sizeof escaped);
        for (const char *p = hex; *p; p += 2)
            nul |= p[0] == '0' && p[1] == '0';
        escape_all(hex, escaped);
        CHECK_INT(decode(b, S(escaped), false).p != NULL, valid && !nul);
        n++;
    }
    CHECK_INT(n, 222);
    cJSON_Delete(root);
    free((void *)(uintptr_t)text.p);
}

static void test_params__are_read_in_order(void **state)
{
    bench *b = *state;
    sac__params params;

    CHECK_INT(
        sac__params_parse(b->arena, S("a=1&b&&due%5Bgte%5D=x+y&a=2&=z&c=&d=e=f;g=h&"), 7, &params),
        SAC_OK);
    CHECK_INT(params.n, 7);
    CHECK_STR(params.v[0].name, "a");
    CHECK_STR(params.v[0].value, "1");
    CHECK_STR(params.v[1].name, "b");
    CHECK(!params.v[1].value.p);
    CHECK_STR(params.v[2].name, "due[gte]");
    CHECK_STR(params.v[2].value, "x y");
    CHECK_STR(params.v[3].value, "2");
    CHECK_STR(params.v[4].name, "");
    CHECK_STR(params.v[4].value, "z");
    CHECK(params.v[5].value.p && params.v[5].value.n == 0);
    CHECK_STR(params.v[6].value, "e=f;g=h");
    CHECK_STR(sac__params_get(&params, "a")->value, "1");
    CHECK(!sac__params_get(&params, "g"));
}

static void test_params__of_nothing_are_none(void **state)
{
    bench *b = *state;
    sac__params params = {.n = 9};

    CHECK_INT(sac__params_parse(b->arena, sac_str_n(NULL, 0), 0, &params), SAC_OK);
    CHECK_INT(params.n, 0);
    CHECK_INT(sac__params_parse(b->arena, S("&&&"), 0, &params), SAC_OK);
    CHECK_INT(params.n, 0);
    CHECK(!sac__params_get(&params, "a"));
}

static void test_params__refuse_bad_input(void **state)
{
    bench *b = *state;
    sac__params params = {.n = 9};

    CHECK_INT(sac__params_parse(b->arena, S("a=%"), 9, &params), SAC_ESYNTAX);
    CHECK_INT(sac__params_parse(b->arena, S("a=1&%ff=1"), 9, &params), SAC_ESYNTAX);
    CHECK_INT(sac__params_parse(b->arena, S("a=%00"), 9, &params), SAC_ESYNTAX);
    CHECK_INT(sac__params_parse(b->arena, S("a&b&c"), 2, &params), SAC_ELIMIT);
    CHECK_INT(sac__params_parse(b->arena, S("a"), 0, &params), SAC_ELIMIT);
    CHECK_INT(params.n, 9);
}

static void test_params__of_10000_pieces_stay_linear(void **state)
{
    bench *b = *state;
    const size_t n = 10000;
    char *text = malloc(n * 4);
    sac__params params;

    for (size_t i = 0; i < n; i++)
        memcpy(text + i * 4, "a=+&", 4);
    CHECK_INT(sac__params_parse(b->arena, sac_str_n(text, n * 4), 256, &params), SAC_ELIMIT);
    CHECK_INT(sac__params_parse(b->arena, sac_str_n(text, n * 4), n, &params), SAC_OK);
    CHECK_INT(params.n, n);
    free(text);
}

static void test_params__survive_oom(void **state)
{
    static char query[3 * 400];
    size_t failures = 0;
    sac__params params;
    bench b;
    int rc = SAC_ENOMEM;

    (void)state;
    for (size_t i = 0; i < sizeof query; i += 3)
        memcpy(query + i, "+=&", 3);
    for (size_t cap = 512; rc != SAC_OK; cap += 512) {
        CHECK(cap < 200000);
        if (bench_open(&b, cap) == 0) {
            rc = sac__params_parse(b.arena, sac_str_n(query, sizeof query), 1000, &params);
            CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
            failures += rc != SAC_OK;
        }
        sac__arena_close(b.arena);
        sac__arena_cache_free(b.cache);
        CHECK_INT(b.fault.live, 0);
    }
    CHECK(failures > 5);
}

static void test_host__is_a_name_or_an_address(void **state)
{
    static const char *const good[] = {"a",         "example.org", "example.org:8080",
                                       "127.0.0.1", "127.0.0.1:1", "[::1]",
                                       "[::1]:80",  "a_b",         "EXAMPLE.org",
                                       "a.",        "xn--e1a",     "[2001:db8::1]:65535",
                                       "a:0"};
    static const char *const bad[] = {"",
                                      ":80",
                                      "a:",
                                      "a:b",
                                      "a:65536",
                                      "a:123456",
                                      "a b",
                                      "a/b",
                                      "a@b",
                                      "u:p@a",
                                      "a,b",
                                      "[::1",
                                      "::1",
                                      "[]",
                                      "[::1]x",
                                      "[::1]80",
                                      "[g::]",
                                      ".a",
                                      "a..b",
                                      "a:-1",
                                      "a:80:80",
                                      "<a>",
                                      "a\n",
                                      "a%00",
                                      "a'b",
                                      "[fe80::1%eth0]",
                                      "\xc3\xa9",
                                      "a\\b",
                                      "[127.0.0.1]",
                                      "a:80 ",
                                      "a?b",
                                      "a#b"};
    static char longest[257];

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK(sac__host_valid(S(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!sac__host_valid(S(bad[i])));
    memset(longest, 'a', sizeof longest);
    CHECK(sac__host_valid(sac_str_n(longest, 255)));
    CHECK(!sac__host_valid(sac_str_n(longest, 256)));
    CHECK(!sac__host_valid(sac_str_n(NULL, 0)));
    CHECK(!sac__host_valid(sac_str_n("a\0b", 3)));
}

static void test_host__knows_loopback(void **state)
{
    static const char *const good[] = {"localhost",        "LocalHost:80", "127.0.0.1",
                                       "127.255.1.2:8080", "[::1]",        "[::1]:80",
                                       "[0:0:0:0:0:0:0:1]"};
    static const char *const bad[] = {"localhost.evil.org",
                                      "127.0.0.1.evil.org",
                                      "127.evil.org",
                                      "128.0.0.1",
                                      "[::2]",
                                      "localhosts",
                                      "a",
                                      "0.0.0.0",
                                      "127.1",
                                      "localhost@evil.org",
                                      "[::ffff:127.0.0.1]",
                                      ""};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK(sac__host_is_loopback(S(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!sac__host_is_loopback(S(bad[i])));
}

static void test_origin__is_as_browsers_send_it(void **state)
{
    static const char *const good[] = {
        "http://a",     "https://example.org", "http://localhost:3000",     "http://[::1]:8080",
        "https://a:80", "http://a:443",        "chrome-extension://abcdef", "http://127.0.0.1:1"};
    static const char *const bad[] = {"",
                                      "null",
                                      "*",
                                      "http://",
                                      "http:/a",
                                      "a",
                                      "a:80",
                                      "://a",
                                      "http://a/",
                                      "http://a?",
                                      "http://A",
                                      "HTTP://a",
                                      "http://a:80",
                                      "https://a:443",
                                      "http://a:080",
                                      "http://a b",
                                      "http://u@a",
                                      "http://a, http://b",
                                      "1http://a",
                                      "http:",
                                      "http://*.a",
                                      "http://a:",
                                      "ht tp://a"};

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK(sac__origin_valid(S(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!sac__origin_valid(S(bad[i])));
    CHECK(!sac__origin_valid(sac_str_n(NULL, 0)));
}

#define ARENA_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_target__splits_path_and_query),
        cmocka_unit_test(test_target__reads_the_absolute_form),
        cmocka_unit_test(test_target__refuses_everything_else),
        cmocka_unit_test(test_target__looks_at_every_byte),
        ARENA_TEST(test_url__decodes_once),
        ARENA_TEST(test_url__refuses_bad_escapes_and_bad_utf8),
        cmocka_unit_test(test_url__tells_no_memory_from_bad_text),
        cmocka_unit_test(test_url__encodes_all_but_unreserved),
        ARENA_TEST(test_url__decodes_what_it_encodes),
        ARENA_TEST(test_url__reads_the_utf8_suite),
        ARENA_TEST(test_params__are_read_in_order),
        ARENA_TEST(test_params__of_nothing_are_none),
        ARENA_TEST(test_params__refuse_bad_input),
        ARENA_TEST(test_params__of_10000_pieces_stay_linear),
        cmocka_unit_test(test_params__survive_oom),
        cmocka_unit_test(test_host__is_a_name_or_an_address),
        cmocka_unit_test(test_host__knows_loopback),
        cmocka_unit_test(test_origin__is_as_browsers_send_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

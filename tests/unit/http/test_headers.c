/* SPDX-License-Identifier: MIT */
#include "http/headers.h"

#include <stdio.h>

#include "support/support.h"

typedef struct bench {
    fault_alloc fault;
    sac__arena_cache *cache;
    sac__arena *arena;
    sac__headers headers;
} bench;

static int bench_open(bench *b, size_t cap)
{
    *b = (bench){.cache = NULL};
    if (sac__arena_cache_new(fault_alloc_init(&b->fault, -1), 4096, 0, &b->cache) != SAC_OK)
        return -1;
    b->arena = sac__arena_open(b->cache, cap);
    b->headers.arena = b->arena;
    return b->arena ? 0 : -1;
}

static int setup(void **state)
{
    static bench b;

    *state = &b;
    return bench_open(&b, 1 << 20);
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

static sac_str get(const sac__headers *headers, const char *name)
{
    return sac__headers_get(headers->v, headers->n, name);
}

static void test_headers__get_takes_the_first_in_any_case(void **state)
{
    const sac_header list[] = {{S("Accept"), S("a")}, {S("X-A"), S("1")}, {S("x-a"), S("2")}};

    (void)state;
    CHECK_STR(sac__headers_get(list, 3, "x-a"), "1");
    CHECK_STR(sac__headers_get(list, 3, "ACCEPT"), "a");
    CHECK(!sac__headers_get(list, 3, "x").p);
    CHECK(!sac__headers_get(list, 3, "x-aa").p);
    CHECK(!sac__headers_get(NULL, 0, "x-a").p);
    CHECK_INT(sac__headers_count(list, 3, "X-a"), 2);
    CHECK_INT(sac__headers_count(list, 3, "accept"), 1);
    CHECK_INT(sac__headers_count(list, 3, "none"), 0);
    CHECK(sac__header_is(S("ETag"), "etag"));
    CHECK(!sac__header_is(S("ETag"), "etags"));
    CHECK(!sac__header_is(S("ETags"), "etag"));
    CHECK(!sac__header_is(S("@"), "`"));
}

static void test_headers__next_walks_members_and_respects_quotes(void **state)
{
    sac_str rest = S(" a ,, \"b,\\\",c\" , \t,d=\"x,y\";q=1,\"open, e"), member;

    (void)state;
    CHECK(sac__header_next(&rest, &member));
    CHECK_STR(member, "a");
    CHECK(sac__header_next(&rest, &member));
    CHECK_STR(member, "\"b,\\\",c\"");
    CHECK(sac__header_next(&rest, &member));
    CHECK_STR(member, "d=\"x,y\";q=1");
    CHECK(sac__header_next(&rest, &member));
    CHECK_STR(member, "\"open, e");
    CHECK(!sac__header_next(&rest, &member));
    rest = S(" , ,");
    CHECK(!sac__header_next(&rest, &member));
    rest = sac_str_n(NULL, 0);
    CHECK(!sac__header_next(&rest, &member));
    rest = S("\"\\");
    CHECK(sac__header_next(&rest, &member));
}

static void test_headers__set_replaces_every_field_of_the_name(void **state)
{
    bench *b = *state;
    sac__headers *h = &b->headers;

    CHECK_INT(sac__headers_set(h, S("A"), S("1")), SAC_OK);
    CHECK_INT(sac__headers_add(h, S("Set-Cookie"), S("x=1")), SAC_OK);
    CHECK_INT(sac__headers_add(h, S("B"), S("2")), SAC_OK);
    CHECK_INT(sac__headers_add(h, S("set-cookie"), S("y=1")), SAC_OK);
    CHECK_INT(h->n, 4);
    CHECK_INT(sac__headers_count(h->v, h->n, "set-cookie"), 2);
    CHECK_INT(sac__headers_set(h, S("SET-COOKIE"), S("z=1")), SAC_OK);
    CHECK_INT(h->n, 3);
    CHECK_STR(h->v[1].value, "z=1");
    CHECK_STR(h->v[2].name, "B");
    sac__headers_remove(h, "a");
    CHECK_INT(h->n, 2);
    CHECK(!get(h, "a").p);
    sac__headers_remove(h, "none");
    CHECK_INT(h->n, 2);
}

static void test_headers__set_copies_and_static_does_not(void **state)
{
    bench *b = *state;
    char name[] = "X-Name", value[] = "value";

    CHECK_INT(sac__headers_set(&b->headers, S(name), S(value)), SAC_OK);
    CHECK_INT(sac__headers_set_static(&b->headers, S("ETag"), S("\"1\"")), SAC_OK);
    memset(name, '!', 6);
    memset(value, '!', 5);
    CHECK_STR(get(&b->headers, "x-name"), "value");
    CHECK_INT(sac__headers_set_static(&b->headers, S("etag"), S("\"2\"")), SAC_OK);
    CHECK_INT(b->headers.n, 2);
    CHECK_STR(get(&b->headers, "etag"), "\"2\"");
}

static void test_headers__refuse_what_splits_a_response(void **state)
{
    static const char *const values[] = {"a\r\nb", "a\rb", "a\nb", "\n",  "a\x7f",  "a\tb",
                                         " a",     "a ",   "\ta",  "a\t", "\x1b[0m"};
    static const char *const names[] = {"", "a b", "a:", "a\n", "a\r", "(a)", "a\x7f", "\xc3\xa9"};
    bench *b = *state;

    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        CHECK_INT(sac__headers_set(&b->headers, S("A"), S(values[i])), SAC_EINVAL);
        CHECK_INT(sac__headers_add(&b->headers, S("A"), S(values[i])), SAC_EINVAL);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CHECK_INT(sac__headers_set(&b->headers, S(names[i]), S("a")), SAC_EINVAL);
    CHECK_INT(sac__headers_set(&b->headers, S("A"), sac_str_n("a\0b", 3)), SAC_EINVAL);
    CHECK_INT(sac__headers_set(&b->headers, sac_str_n("A\0", 2), S("b")), SAC_EINVAL);
    CHECK_INT(sac__headers_merge(&b->headers, S("Vary"), S("a\nb")), SAC_EINVAL);
    CHECK_INT(b->headers.n, 0);
    CHECK_INT(sac__headers_set(&b->headers, S("A"), S("")), SAC_OK);
    CHECK_INT(sac__headers_set(&b->headers, S("A"), S("caf\xc3\xa9 a")), SAC_OK);
}

static void test_headers__have_limits(void **state)
{
    static char big[16 * 1024 + 1];
    bench *b = *state;
    char name[16];

    memset(big, 'x', sizeof big);
    CHECK_INT(sac__headers_set(&b->headers, S("A"), sac_str_n(big, 16 * 1024)), SAC_ELIMIT);
    CHECK_INT(sac__headers_set(&b->headers, S("A"), sac_str_n(big, 16 * 1024 - 1)), SAC_OK);
    CHECK_INT(sac__headers_merge(&b->headers, S("A"), S("b")), SAC_ELIMIT);
    CHECK_INT(sac__headers_set(&b->headers, sac_str_n(big, 16 * 1024), S("a")), SAC_ELIMIT);
    for (int i = 1; i < 128; i++) {
        snprintf(name, sizeof name, "x-%d", i);
        CHECK_INT(sac__headers_add(&b->headers, S(name), S("v")), SAC_OK);
    }
    CHECK_INT(b->headers.n, 128);
    CHECK_INT(sac__headers_add(&b->headers, S("y"), S("v")), SAC_ELIMIT);
    CHECK_INT(sac__headers_set_static(&b->headers, S("y"), S("v")), SAC_ELIMIT);
    CHECK_INT(sac__headers_set(&b->headers, S("x-127"), S("new")), SAC_OK);
    CHECK_STR(get(&b->headers, "x-127"), "new");
    CHECK_STR(get(&b->headers, "x-1"), "v");
}

static void test_headers__merge_adds_a_member_once(void **state)
{
    bench *b = *state;
    sac__headers *h = &b->headers;

    CHECK_INT(sac__headers_merge(h, S("Vary"), S("Accept")), SAC_OK);
    CHECK_INT(sac__headers_merge(h, S("vary"), S("accept")), SAC_OK);
    CHECK_STR(get(h, "vary"), "Accept");
    CHECK_INT(sac__headers_merge(h, S("vary"), S("Cookie, ACCEPT, Authorization")), SAC_OK);
    CHECK_STR(get(h, "vary"), "Accept, Cookie, Authorization");
    CHECK_INT(sac__headers_add(h, S("Vary"), S("Origin")), SAC_OK);
    CHECK_INT(sac__headers_merge(h, S("vary"), S("origin")), SAC_OK);
    CHECK_INT(h->n, 2);
    CHECK_INT(sac__headers_set_static(h, S("Allow"), S("")), SAC_OK);
    CHECK_INT(sac__headers_merge(h, S("Allow"), S("GET")), SAC_OK);
    CHECK_STR(get(h, "allow"), "GET");
}

static int fill(sac__headers *h)
{
    int rc = sac__headers_set(h, S("A"), S("1"));

    for (int i = 0; rc == SAC_OK && i < 40; i++)
        rc = sac__headers_add(h, S("Set-Cookie"), S("0123456789012345678901234567890123456789"));
    if (rc == SAC_OK)
        rc = sac__headers_merge(h, S("Vary"), S("Accept"));
    if (rc == SAC_OK)
        rc = sac__headers_merge(h, S("Vary"), S("Cookie"));
    return rc == SAC_OK ? sac__headers_set_static(h, S("B"), S("2")) : rc;
}

static void test_headers__survive_oom(void **state)
{
    size_t cap = 512, failures = 0;
    bench b;
    int rc;

    (void)state;
    for (rc = SAC_ENOMEM; rc != SAC_OK; cap += 16) {
        CHECK(cap < 100000);
        if (bench_open(&b, cap) == 0) {
            rc = fill(&b.headers);
            CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
            failures += rc != SAC_OK;
            CHECK(b.headers.n <= b.headers.cap);
        }
        sac__arena_close(b.arena);
        sac__arena_cache_free(b.cache);
        CHECK_INT(b.fault.live, 0);
    }
    CHECK(failures > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers__get_takes_the_first_in_any_case),
        cmocka_unit_test(test_headers__next_walks_members_and_respects_quotes),
        cmocka_unit_test_setup_teardown(test_headers__set_replaces_every_field_of_the_name, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_headers__set_copies_and_static_does_not, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_headers__refuse_what_splits_a_response, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_headers__have_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_headers__merge_adds_a_member_once, setup, teardown),
        cmocka_unit_test(test_headers__survive_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

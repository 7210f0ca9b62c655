/* SPDX-License-Identifier: MIT */
#include <sacrum/bson.h>

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "support/support.h"

static void test_oid__prints_and_parses(void **state)
{
    const char *text = "0123456789abcdef00ff10a5";
    sac_oid oid;
    char hex[24];

    (void)state;
    CHECK(sac_oid_parse(sac_str_of(text), true, &oid));
    CHECK(oid.bytes[0] == 0x01 && oid.bytes[11] == 0xa5);
    sac_oid_hex(&oid, hex);
    CHECK_STR(sac_str_n(hex, sizeof hex), text);
}

static void test_oid__strict_takes_lower_case_only(void **state)
{
    const sac_str upper = sac_str_of("0123456789ABCDEF00FF10A5");
    const sac_str lower = sac_str_of("0123456789abcdef00ff10a5");
    sac_oid a, b;

    (void)state;
    CHECK(!sac_oid_parse(upper, true, &a));
    CHECK(sac_oid_parse(upper, false, &a) && sac_oid_parse(lower, false, &b));
    CHECK(memcmp(&a, &b, sizeof a) == 0);
}

static void test_oid__refuses_all_else(void **state)
{
    const char *texts[] = {"",
                           "0123456789abcdef00ff10a",
                           "0123456789abcdef00ff10a50",
                           "0123456789abcdef00ff10ag",
                           "0123456789abcdef00ff10a/",
                           "0123456789abcdef00ff10a:",
                           "0123456789abcdef00ff10a`",
                           " 123456789abcdef00ff10a5",
                           "g123456789abcdef00ff10a5"};
    sac_oid oid = {{9}};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        CHECK(!sac_oid_parse(sac_str_of(texts[i]), false, &oid));
        CHECK(!sac_oid_parse(sac_str_of(texts[i]), true, &oid));
    }
    CHECK(oid.bytes[0] == 9 && oid.bytes[1] == 0);
}

static uint64_t seconds_of(const sac_oid *oid)
{
    return (uint64_t)oid->bytes[0] << 24 | (uint64_t)oid->bytes[1] << 16 |
           (uint64_t)oid->bytes[2] << 8 | oid->bytes[3];
}

static void test_oid__has_the_time_and_the_sources_bytes(void **state)
{
    const uint64_t before = (uint64_t)time(NULL);
    sac_oid_source source;
    sac_oid oid;

    (void)state;
    CHECK_INT(sac_oid_source_init(&source), SAC_OK);
    CHECK((source.state & 0x800000) == 0);
    sac_oid_next(&source, &oid);
    CHECK(seconds_of(&oid) + 1 >= before && seconds_of(&oid) <= (uint64_t)time(NULL));
    CHECK(memcmp(oid.bytes + 4, source.random, 5) == 0);
}

static void test_oid__ascends_also_when_the_clock_steps_back(void **state)
{
    sac_oid_source source;
    sac_oid last, next;

    (void)state;
    CHECK_INT(sac_oid_source_init(&source), SAC_OK);
    source.state += (uint64_t)3600 << 24; /* an hour ahead of the clock */
    sac_oid_next(&source, &last);
    for (int i = 0; i < 1000; i++) {
        sac_oid_next(&source, &next);
        CHECK(memcmp(&last, &next, sizeof last) < 0);
        last = next;
    }
}

static void test_oid__counter_overflows_into_the_seconds(void **state)
{
    sac_oid_source source;
    sac_oid a, b;

    (void)state;
    CHECK_INT(sac_oid_source_init(&source), SAC_OK);
    source.state = (source.state | 0xffffff) + ((uint64_t)10 << 24) - 1;
    sac_oid_next(&source, &a);
    sac_oid_next(&source, &b);
    CHECK(memcmp(&a, &b, sizeof a) < 0);
    CHECK_INT(seconds_of(&b), seconds_of(&a) + 1);
}

enum { THREADS = 4, EACH = 5000 };

typedef struct maker {
    sac_oid_source *source;
    sac_oid ids[EACH];
} maker;

static void *make(void *self)
{
    maker *m = self;

    for (int i = 0; i < EACH; i++)
        sac_oid_next(m->source, &m->ids[i]);
    return NULL;
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(sac_oid));
}

static void test_oid__threads_never_share_one(void **state)
{
    static maker makers[THREADS];
    static sac_oid all[THREADS * EACH];
    pthread_t threads[THREADS];
    sac_oid_source source;

    (void)state;
    CHECK_INT(sac_oid_source_init(&source), SAC_OK);
    for (int i = 0; i < THREADS; i++) {
        makers[i].source = &source;
        CHECK_INT(pthread_create(&threads[i], NULL, make, &makers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        memcpy(all + (ptrdiff_t)i * EACH, makers[i].ids, sizeof makers[i].ids);
        for (int k = 1; k < EACH; k++)
            CHECK(by_bytes(&makers[i].ids[k - 1], &makers[i].ids[k]) < 0);
    }
    qsort(all, sizeof all / sizeof all[0], sizeof all[0], by_bytes);
    for (size_t i = 1; i < sizeof all / sizeof all[0]; i++)
        CHECK(by_bytes(&all[i - 1], &all[i]) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oid__prints_and_parses),
        cmocka_unit_test(test_oid__strict_takes_lower_case_only),
        cmocka_unit_test(test_oid__refuses_all_else),
        cmocka_unit_test(test_oid__has_the_time_and_the_sources_bytes),
        cmocka_unit_test(test_oid__ascends_also_when_the_clock_steps_back),
        cmocka_unit_test(test_oid__counter_overflows_into_the_seconds),
        cmocka_unit_test(test_oid__threads_never_share_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

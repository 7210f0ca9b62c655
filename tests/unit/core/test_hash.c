/* SPDX-License-Identifier: MIT */
#include "core/hash.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/support.h"

static const sac__hash_key paper_key = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};

/* Appendix A of the paper, and the first and last of the authors' list of 64. */
static void test_hash__keyed_gives_the_papers_digests(void **state)
{
    unsigned char in[64];

    (void)state;
    for (int i = 0; i < 64; i++)
        in[i] = (unsigned char)i;
    CHECK(sac__hash_keyed(&paper_key, in, 15) == 0xa129ca6149be45e5u);
    CHECK(sac__hash_keyed(&paper_key, in, 0) == 0x726fdb47dd0e0e31u);
    CHECK(sac__hash_keyed(&paper_key, in, 1) == 0x74f839c593dc67fdu);
    CHECK(sac__hash_keyed(&paper_key, in, 7) == 0xab0200f58b01d137u);
    CHECK(sac__hash_keyed(&paper_key, in, 8) == 0x93f5f5799a932462u);
    CHECK(sac__hash_keyed(&paper_key, in, 63) == 0x958a324ceb064572u);
}

static void test_hash__keyed_depends_on_the_key(void **state)
{
    const sac__hash_key other = {paper_key.k0, paper_key.k1 + 1};

    (void)state;
    CHECK(sac__hash_keyed(&paper_key, "abc", 3) != sac__hash_keyed(&other, "abc", 3));
}

static int by_value(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void test_hash__quick_spreads_short_strings(void **state)
{
    enum { COUNT = 20000, BUCKETS = 4096 };
    static uint64_t hashes[COUNT];
    static int low[BUCKETS];
    static int high[BUCKETS];
    char text[32];
    int worst = 0;

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        const int n = snprintf(text, sizeof text, "f%d", i);

        hashes[i] = sac__hash_quick(text, (size_t)n);
        low[hashes[i] % BUCKETS]++;
        high[hashes[i] >> 52]++;
    }
    for (int i = 0; i < BUCKETS; i++) {
        worst = low[i] > worst ? low[i] : worst;
        worst = high[i] > worst ? high[i] : worst;
    }
    CHECK(worst < 22); /* 4.9 on average */
    qsort(hashes, COUNT, sizeof hashes[0], by_value);
    for (int i = 1; i < COUNT; i++)
        CHECK(hashes[i] != hashes[i - 1]);
}

static void test_hash__quick_sees_every_byte_and_the_length(void **state)
{
    char in[40] = {0};
    const uint64_t before = sac__hash_quick(in, 37);

    (void)state;
    for (int i = 0; i < 37; i++) {
        in[i] = 1;
        CHECK(sac__hash_quick(in, 37) != before);
        in[i] = 0;
    }
    for (size_t n = 0; n < 37; n++)
        CHECK(sac__hash_quick(in, n) != before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash__keyed_gives_the_papers_digests),
        cmocka_unit_test(test_hash__keyed_depends_on_the_key),
        cmocka_unit_test(test_hash__quick_spreads_short_strings),
        cmocka_unit_test(test_hash__quick_sees_every_byte_and_the_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

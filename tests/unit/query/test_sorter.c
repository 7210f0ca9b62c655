/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "query/sort.h"
#include "support/support.h"

enum { KEY = 24, MANY = 5000 };

/* Keys of several lengths with long common beginnings; xorshift. */
static size_t make_key(uint64_t *seed, unsigned spread, char out[KEY])
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (size_t)snprintf(out, KEY, "same begin %u", (unsigned)(*seed % spread));
}

static int compare_texts(sac_str a, sac_str b)
{
    const int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

    return order ? order : (a.n > b.n) - (a.n < b.n);
}

/* Each thing beside a key is the key itself. */
static sac__sorter *fill(size_t keep, size_t n, unsigned spread)
{
    sac__sorter *sorter = NULL;
    uint64_t seed = 88172645463325252u;
    char key[KEY];

    CHECK_INT(sac__sorter_new((size_t)16 << 20, keep, NULL, &sorter), SAC_OK);
    for (size_t i = 0; i < n; i++) {
        const sac_str k = sac_str_n(key, make_key(&seed, spread, key));

        CHECK_INT(sac__sorter_add(sorter, k, k), SAC_OK);
    }
    return sorter;
}

static void check_ascends(const sac__sorter *sorter, size_t n)
{
    for (size_t i = 1; i < n; i++)
        CHECK(compare_texts(sac__sorter_at(sorter, i - 1), sac__sorter_at(sorter, i)) <= 0);
}

static void test_sorter__sorts(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 3, 15, 16, 17, 18, 100, MANY};
    static const unsigned spreads[] = {1, 2, 50, 1000000};

    (void)state;
    for (size_t i = 0; i < 40; i++) {
        sac__sorter *sorter = fill(0, sizes[i / 4], spreads[i % 4]);

        CHECK_INT(sac__sorter_finish(sorter), sizes[i / 4]);
        check_ascends(sorter, sizes[i / 4]);
        sac__sorter_free(sorter);
    }
}

static void test_sorter__keeps_the_first(void **state)
{
    static const size_t keeps[] = {1, 2, 17, 100, MANY - 1, MANY, MANY + 1};
    sac__sorter *all = fill(0, MANY, 3000);

    (void)state;
    (void)sac__sorter_finish(all);
    for (size_t k = 0; k < sizeof keeps / sizeof *keeps; k++) {
        sac__sorter *some = fill(keeps[k], MANY, 3000);
        const size_t n = sac__sorter_finish(some);

        CHECK_INT(n, keeps[k] < MANY ? keeps[k] : MANY);
        for (size_t i = 0; i < n; i++)
            CHECK(sac_str_eq(sac__sorter_at(some, i), sac__sorter_at(all, i)));
        sac__sorter_free(some);
    }
    sac__sorter_free(all);
}

/* Ascending, descending, both, and what leads a median of three astray (Musser 1997). */
static int place_of(int kind, int i)
{
    const int half = MANY / 2;

    switch (kind) {
    case 0: return i;
    case 1: return MANY - i;
    case 2: return i < half ? i : MANY - i;
    default: return i >= half ? 2 * (i - half + 1) : i % 2 ? half + i : i + 1;
    }
}

static void test_sorter__orders_that_quicksort_dislikes(void **state)
{
    char key[KEY];

    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        sac__sorter *sorter = NULL;

        CHECK_INT(sac__sorter_new((size_t)16 << 20, 0, NULL, &sorter), SAC_OK);
        for (int i = 0; i < MANY; i++) {
            const sac_str k = sac_str_n(key, (size_t)sprintf(key, "%06d", place_of(kind, i)));

            CHECK_INT(sac__sorter_add(sorter, k, k), SAC_OK);
        }
        CHECK_INT(sac__sorter_finish(sorter), MANY);
        check_ascends(sorter, MANY);
        sac__sorter_free(sorter);
    }
}

static void test_sorter__prefixes_come_first(void **state)
{
    static const char *const keys[] = {"b", "ab", "a", "abcdefgh", "", "abcdefghi", "abc"};
    static const char *const want[] = {"", "a", "ab", "abc", "abcdefgh", "abcdefghi", "b"};
    sac__sorter *sorter = NULL;

    (void)state;
    CHECK_INT(sac__sorter_new(65536, 0, NULL, &sorter), SAC_OK);
    for (size_t i = 0; i < 7; i++)
        CHECK_INT(sac__sorter_add(sorter, sac_str_of(keys[i]), sac_str_of(keys[i])), SAC_OK);
    CHECK_INT(sac__sorter_finish(sorter), 7);
    for (size_t i = 0; i < 7; i++)
        CHECK_STR(sac__sorter_at(sorter, i), want[i]);
    sac__sorter_free(sorter);
    sac__sorter_free(NULL);
}

static size_t bytes_live;

static void *counting_resize(void *self, void *p, size_t old, size_t n)
{
    (void)self;
    bytes_live += n - old;
    if (n > 0)
        return realloc(p, n);
    free(p);
    return NULL;
}

static void check_bound(size_t max)
{
    const sac_alloc counting = SAC_ALLOC(.resize = counting_resize);
    sac__sorter *sorter = NULL;
    uint64_t seed = 1;
    char key[KEY];
    int rc = SAC_OK;
    size_t added = 0;

    bytes_live = 0;
    CHECK_INT(sac__sorter_new(max, 0, &counting, &sorter), SAC_OK);
    while (rc == SAC_OK) {
        const sac_str k = sac_str_n(key, make_key(&seed, 1000, key));

        rc = sac__sorter_add(sorter, k, k);
        added += rc == SAC_OK;
        CHECK(bytes_live <= max + 256);
    }
    CHECK_INT(rc, SAC_ELIMIT);
    CHECK(added > max / 150);
    CHECK_INT(sac__sorter_finish(sorter), added);
    check_ascends(sorter, added);
    sac__sorter_free(sorter);
    CHECK_INT(bytes_live, 0);
}

static void test_sorter__stays_within_its_memory(void **state)
{
    (void)state;
    for (size_t max = 1000; max < 20000; max += 333)
        check_bound(max);
}

static void test_sorter__keeping_bounds_memory(void **state)
{
    const sac_alloc counting = SAC_ALLOC(.resize = counting_resize);
    sac__sorter *sorter = NULL;
    uint64_t seed = 1;
    char key[KEY];

    (void)state;
    bytes_live = 0;
    CHECK_INT(sac__sorter_new(10000, 20, &counting, &sorter), SAC_OK);
    for (int i = 0; i < MANY; i++) {
        const sac_str k = sac_str_n(key, make_key(&seed, 100000, key));

        CHECK_INT(sac__sorter_add(sorter, k, k), SAC_OK);
        CHECK(bytes_live <= 3000);
    }
    CHECK_INT(sac__sorter_finish(sorter), 20);
    sac__sorter_free(sorter);
    CHECK_INT(bytes_live, 0);
}

static int sort_some(const sac_alloc *alloc, size_t keep)
{
    sac__sorter *sorter = NULL;
    uint64_t seed = 1;
    char key[KEY];
    int rc = sac__sorter_new(65536, keep, alloc, &sorter);

    for (int i = 0; rc == SAC_OK && i < 100; i++) {
        const sac_str k = sac_str_n(key, make_key(&seed, 100, key));

        rc = sac__sorter_add(sorter, k, k);
    }
    if (rc == SAC_OK)
        check_ascends(sorter, sac__sorter_finish(sorter));
    sac__sorter_free(sorter);
    return rc;
}

static void test_sorter__survives_oom(void **state)
{
    fault_alloc fault;

    (void)state;
    for (size_t keep = 0; keep <= 10; keep += 10) {
        long n = 0;

        while (sort_some(fault_alloc_init(&fault, n), keep) != SAC_OK) {
            CHECK_INT(fault.live, 0);
            CHECK(++n < 200);
        }
        CHECK_INT(fault.live, 0);
        CHECK(n > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sorter__sorts),
        cmocka_unit_test(test_sorter__keeps_the_first),
        cmocka_unit_test(test_sorter__orders_that_quicksort_dislikes),
        cmocka_unit_test(test_sorter__prefixes_come_first),
        cmocka_unit_test(test_sorter__stays_within_its_memory),
        cmocka_unit_test(test_sorter__keeping_bounds_memory),
        cmocka_unit_test(test_sorter__survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

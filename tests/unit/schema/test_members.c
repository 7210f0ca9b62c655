/* SPDX-License-Identifier: MIT */
#include "bson/members.h"

#include <stdio.h>

#include "unit/schema/fixture.h"

static sac_str numbered(fixture *f, int n, int step)
{
    char key[16];
    sac_bson doc;
    sac_str out = {NULL, 0};

    sac_bson_init(&doc, sac__arena_alloc(f->arena), 0);
    for (int i = 0; i < n; i++) {
        snprintf(key, sizeof key, "%d", i * step % n);
        sac_bson_add_int32(&doc, key, i);
    }
    sac_bson_add_int32(&doc, "0", -1);
    CHECK_INT(sac_bson_finish(&doc, &out), SAC_OK);
    return out;
}

static void test_members__finds_the_first_of_a_key(void **state)
{
    static const int sizes[] = {0, 1, 31, 32, 33, 1000};
    fixture f;

    (void)state;
    fixture_fields(&f, NULL, true);
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const int n = sizes[s];
        sac__members members;
        char key[16];

        CHECK_INT(sac__members_read(&members, numbered(&f, n, 7), f.arena), SAC_OK);
        CHECK_INT(members.n, n + 1);
        for (int i = 0; i < n; i++) {
            const sac__member *member;
            int64_t value;

            snprintf(key, sizeof key, "%d", i);
            member = sac__members_find(&members, sac_str_of(key));
            CHECK(member && sac_value_int(&member->value, &value) && value * 7 % n == i);
        }
        CHECK(!sac__members_find(&members, sac_str_of("x")));
        CHECK(!sac__members_find(&members, sac_str_of("")));
        CHECK(!sac__members_find(&members, sac_str_of("99999")));
    }
    fixture_close(&f);
}

static void test_members__refuses_damage(void **state)
{
    sac__members members;
    fixture f;

    (void)state;
    fixture_fields(&f, NULL, true);
    CHECK_INT(sac__members_read(&members, sac_str_n("\5\0\0", 3), f.arena), SAC_ECORRUPT);
    CHECK_INT(sac__members_read(&members, sac_str_n("\7\0\0\0\x01y\0", 7), f.arena), SAC_ECORRUPT);
    fixture_close(&f);
}

static bool less(void *self, size_t a, size_t b)
{
    const unsigned *v = self;

    return v[a] < v[b];
}

static void swap(void *self, size_t a, size_t b)
{
    unsigned *v = self;
    const unsigned kept = v[a];

    v[a] = v[b];
    v[b] = kept;
}

static void test_members__sorts(void **state)
{
    unsigned v[200];
    const sac__sorting sorting = {.less = less, .swap = swap, .self = v};
    unsigned seed = 1;

    (void)state;
    for (size_t n = 0; n <= 200; n++) {
        for (size_t i = 0; i < n; i++) {
            seed = seed * 1103515245U + 12345U;
            v[i] = seed >> 16 & 63;
        }
        sac__sort(&sorting, n);
        for (size_t i = 1; i < n; i++)
            CHECK(v[i - 1] <= v[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members__finds_the_first_of_a_key),
        cmocka_unit_test(test_members__refuses_damage),
        cmocka_unit_test(test_members__sorts),
    };

    return cmocka_run_group_tests_name("schema members", tests, NULL, NULL);
}

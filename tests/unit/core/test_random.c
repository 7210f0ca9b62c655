/* SPDX-License-Identifier: MIT */
#include "core/random.h"

#include <string.h>

#include "support/support.h"

static void test_random__fills_all_and_differs(void **state)
{
    static unsigned char a[70000]; /* more than one getrandom() gives for sure */
    static unsigned char b[70000];
    int counts[256] = {0};

    (void)state;
    CHECK_INT(sac__random(a, sizeof a), SAC_OK);
    CHECK_INT(sac__random(b, sizeof b), SAC_OK);
    CHECK(memcmp(a, b, sizeof a) != 0);
    CHECK(memcmp(a + sizeof a - 16, b + sizeof b - 16, 16) != 0);
    for (size_t i = 0; i < sizeof a; i++)
        counts[a[i]]++;
    for (int i = 0; i < 256; i++)
        CHECK(counts[i] > 100 && counts[i] < 600);
}

static void test_random__nothing_is_well_too(void **state)
{
    (void)state;
    CHECK_INT(sac__random(NULL, 0), SAC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random__fills_all_and_differs),
        cmocka_unit_test(test_random__nothing_is_well_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

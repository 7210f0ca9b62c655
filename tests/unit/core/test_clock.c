/* SPDX-License-Identifier: MIT */
#include "core/clock.h"

#include <time.h>

#include "support/support.h"

static void test_clock__tells_the_systems_time(void **state)
{
    const int64_t before = (int64_t)time(NULL) - 1;
    const int64_t now = sac__clock_ms() / 1000;

    (void)state;
    CHECK(now >= before && now <= (int64_t)time(NULL) + 1);
}

static void test_clock__monotonic_one_goes_forward(void **state)
{
    const struct timespec nap = {.tv_nsec = 2000000};
    const uint64_t start = sac__clock_mono_ns();
    uint64_t passed;

    (void)state;
    nanosleep(&nap, NULL);
    passed = sac__clock_mono_ns() - start;
    CHECK(passed >= 2000000 && passed < 60000000000u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock__tells_the_systems_time),
        cmocka_unit_test(test_clock__monotonic_one_goes_forward),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

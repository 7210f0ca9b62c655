/* SPDX-License-Identifier: MIT */
#include "page/range.h"

#include "support/support.h"

static void check(const char *header, uint64_t size, sac__range want, uint64_t offset,
                  uint64_t length)
{
    uint64_t got_offset = 0, got_length = 0;

    CHECK_INT(sac__range_parse(sac_str_of(header), size, &got_offset, &got_length), want);
    CHECK(got_offset == offset);
    CHECK(got_length == length);
}

static void test_range__takes_one_part(void **state)
{
    (void)state;
    check("bytes=0-0", 10, SAC__RANGE_PART, 0, 1);
    check("bytes=2-4", 10, SAC__RANGE_PART, 2, 3);
    check("Bytes=9-", 10, SAC__RANGE_PART, 9, 1);
    check("bytes=0-", 10, SAC__RANGE_PART, 0, 10);
    check("bytes=5-99", 10, SAC__RANGE_PART, 5, 5);
    check("bytes=-3", 10, SAC__RANGE_PART, 7, 3);
    check("bytes=-99", 10, SAC__RANGE_PART, 0, 10);
    check("bytes=0-99999999999999999999999", 10, SAC__RANGE_PART, 0, 10);
    check("bytes=-18446744073709551616", 10, SAC__RANGE_PART, 0, 10);
    check("bytes=18446744073709551613-18446744073709551614", UINT64_MAX, SAC__RANGE_PART,
          UINT64_MAX - 2, 2);
}

static void test_range__outside_cannot_be_satisfied(void **state)
{
    (void)state;
    check("bytes=10-", 10, SAC__RANGE_OUTSIDE, 0, 0);
    check("bytes=10-20", 10, SAC__RANGE_OUTSIDE, 0, 0);
    check("bytes=-0", 10, SAC__RANGE_OUTSIDE, 0, 0);
    check("bytes=0-", 0, SAC__RANGE_OUTSIDE, 0, 0);
    check("bytes=99999999999999999999999-", UINT64_MAX, SAC__RANGE_OUTSIDE, 0, 0);
}

static void test_range__ignores_what_it_need_not_know(void **state)
{
    static const char *const headers[] = {"",          "bytes",         "bytes=",     "bytes=-",
                                          "bytes=a-",  "bytes=1",       "bytes=1-b",  "bytes=4-2",
                                          "items=0-",  "bytes=0-1,3-4", "bytes= 0-1", "bytes=0 -1",
                                          "bytes=--1", "bytes=+1-2",    "bytes=0x1-2"};

    (void)state;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        check(headers[i], 10, SAC__RANGE_NONE, 0, 0);
    check(NULL, 10, SAC__RANGE_NONE, 0, 0);
    check("bytes=-5", 0, SAC__RANGE_NONE, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_range__takes_one_part),
        cmocka_unit_test(test_range__outside_cannot_be_satisfied),
        cmocka_unit_test(test_range__ignores_what_it_need_not_know),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

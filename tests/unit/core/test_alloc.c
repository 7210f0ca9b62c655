/* SPDX-License-Identifier: MIT */
#include "core/alloc.h"

#include "support/support.h"

static void test_alloc__null_stands_for_malloc(void **state)
{
    char *p = sac__alloc(NULL, 10);

    (void)state;
    CHECK(p != NULL);
    memcpy(p, "123456789", 10);
    p = sac__alloc_resize(NULL, p, 10, 10000);
    CHECK(p != NULL);
    assert_string_equal(p, "123456789");
    sac__alloc_free(NULL, p, 10000);
    CHECK(sac_alloc_default()->size == sizeof(sac_alloc));
}

static void test_alloc__zeroes(void **state)
{
    const unsigned char zero[300] = {0};
    unsigned char *p = sac__alloc_zero(NULL, sizeof zero);

    (void)state;
    CHECK(p != NULL);
    assert_memory_equal(p, zero, sizeof zero);
    sac__alloc_free(NULL, p, sizeof zero);
}

static void test_alloc__nothing_is_a_piece_too(void **state)
{
    fault_alloc fault;
    const sac_alloc *alloc = fault_alloc_init(&fault, -1);
    void *p = sac__alloc(alloc, 0);

    (void)state;
    CHECK(p != NULL);
    p = sac__alloc_resize(alloc, p, 0, 20);
    CHECK(p != NULL);
    p = sac__alloc_resize(alloc, p, 20, 0);
    CHECK(p != NULL);
    sac__alloc_free(alloc, p, 0);
    sac__alloc_free(alloc, NULL, 0);
    CHECK_INT(fault.live, 0);
}

static void test_alloc__passes_failure_on(void **state)
{
    fault_alloc fault;
    const sac_alloc *alloc = fault_alloc_init(&fault, 1);
    char *p = sac__alloc(alloc, 4);

    (void)state;
    CHECK(p != NULL);
    memcpy(p, "abc", 4);
    CHECK(sac__alloc_resize(alloc, p, 4, 8) == NULL);
    CHECK(sac__alloc_zero(alloc, 8) == NULL);
    assert_string_equal(p, "abc");
    sac__alloc_free(alloc, p, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alloc__null_stands_for_malloc),
        cmocka_unit_test(test_alloc__zeroes),
        cmocka_unit_test(test_alloc__nothing_is_a_piece_too),
        cmocka_unit_test(test_alloc__passes_failure_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

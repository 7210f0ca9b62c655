/* SPDX-License-Identifier: MIT */
#include "http/method.h"

#include "support/support.h"

static void test_method__has_a_bit_for_each_name(void **state)
{
    static const char *const names[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

    (void)state;
    for (unsigned i = 0; i < SAC__METHODS; i++) {
        CHECK_INT(sac__method_of(sac_str_of(names[i])), 1U << i);
        CHECK_STR(sac__method_name(1U << i), names[i]);
    }
    CHECK_INT(sac__method_of(sac_str_of("DELETE")), SAC_DELETE);
}

static void test_method__refuses_other_names(void **state)
{
    static const char *const names[] = {"", "get", "GE", "GETS", "TRACE", "CONNECT", "Get"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        CHECK_INT(sac__method_of(sac_str_of(names[i])), 0);
    CHECK_INT(sac__method_of(sac_str_n("GET\0", 4)), 0);
    CHECK(!sac__method_name(0).p);
    CHECK(!sac__method_name(SAC_GET | SAC_POST).p);
    CHECK(!sac__method_name(1U << SAC__METHODS).p);
}

static void test_method__lists_in_the_order_of_bits(void **state)
{
    char bytes[64];
    sac__buf buf;

    (void)state;
    sac__buf_init_fixed(&buf, bytes, sizeof bytes);
    sac__method_list(SAC_OPTIONS | SAC_POST | SAC_GET | SAC_HEAD, &buf);
    CHECK_STR(sac__buf_str(&buf), "GET, HEAD, POST, OPTIONS");
    buf.n = 0;
    sac__method_list(0, &buf);
    CHECK_INT(buf.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_method__has_a_bit_for_each_name),
        cmocka_unit_test(test_method__refuses_other_names),
        cmocka_unit_test(test_method__lists_in_the_order_of_bits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

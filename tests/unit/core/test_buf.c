/* SPDX-License-Identifier: MIT */
#include "core/buf.h"

#include "support/support.h"

static void test_buf__appends_every_kind(void **state)
{
    sac__buf buf;

    (void)state;
    sac__buf_init(&buf, NULL, 1000);
    sac__buf_add(&buf, "ab", 2);
    sac__buf_add_str(&buf, sac_str_of("cd"));
    sac__buf_add_str(&buf, sac_str_n(NULL, 0));
    sac__buf_add_text(&buf, "ef");
    sac__buf_add_char(&buf, 'g');
    sac__buf_printf(&buf, "%s%d", "h", 1);
    CHECK_STR(sac__buf_str(&buf), "abcdefgh1");
    CHECK_INT(buf.error, SAC_OK);
    sac__buf_fini(&buf);
    sac__buf_fini(NULL);
}

static void test_buf__writes_integers(void **state)
{
    const struct {
        int64_t value;
        const char *text;
    } rows[] = {
        {0, "0"},
        {-1, "-1"},
        {10, "10"},
        {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char room[20];
        sac__buf buf;

        sac__buf_init_fixed(&buf, room, sizeof room);
        sac__buf_add_int(&buf, rows[i].value);
        CHECK_STR(sac__buf_str(&buf), rows[i].text);
    }
}

static void test_buf__grows_to_its_maximum_and_no_further(void **state)
{
    sac__buf buf;

    (void)state;
    sac__buf_init(&buf, NULL, 1000);
    for (int i = 0; i < 1000; i++)
        sac__buf_add_char(&buf, 'x');
    CHECK_INT(buf.error, SAC_OK);
    CHECK(buf.cap <= 1000);
    sac__buf_add_char(&buf, 'y');
    CHECK_INT(buf.error, SAC_ETOOBIG);
    CHECK_INT(buf.n, 1000);
    sac__buf_fini(&buf);
}

static void test_buf__error_is_sticky(void **state)
{
    sac__buf buf;

    (void)state;
    sac__buf_init(&buf, NULL, 10);
    sac__buf_add_text(&buf, "12345");
    sac__buf_add_text(&buf, "1234567");
    sac__buf_add_text(&buf, "1");
    sac__buf_add_char(&buf, '2');
    sac__buf_add_int(&buf, 3);
    CHECK_INT(buf.error, SAC_ETOOBIG);
    CHECK_STR(sac__buf_str(&buf), "12345");
    CHECK(!sac__buf_room(&buf, 0));
    sac__buf_fini(&buf);
}

static void test_buf__huge_lengths_do_not_wrap(void **state)
{
    sac__buf buf;

    (void)state;
    sac__buf_init(&buf, NULL, SIZE_MAX);
    sac__buf_add_char(&buf, 'x');
    CHECK(!sac__buf_room(&buf, SIZE_MAX));
    CHECK_INT(buf.error, SAC_ETOOBIG);
    sac__buf_fini(&buf);
}

static void test_buf__fixed_does_not_grow(void **state)
{
    char room[4];
    sac__buf buf;

    (void)state;
    sac__buf_init_fixed(&buf, room, sizeof room);
    sac__buf_add_text(&buf, "1234");
    CHECK_INT(buf.error, SAC_OK);
    CHECK(buf.p == room);
    sac__buf_add_char(&buf, '5');
    CHECK_INT(buf.error, SAC_ETOOBIG);
    CHECK_STR(sac__buf_str(&buf), "1234");
    sac__buf_fini(&buf);
}

static void test_buf__prints_long_texts(void **state)
{
    sac__buf buf;

    (void)state;
    sac__buf_init(&buf, NULL, 1000);
    sac__buf_printf(&buf, "%0600d", 5);
    CHECK_INT(buf.error, SAC_OK);
    CHECK(buf.n == 600 && buf.p[0] == '0' && buf.p[599] == '5');
    sac__buf_printf(&buf, "%0600d", 5);
    CHECK_INT(buf.error, SAC_ETOOBIG);
    CHECK_INT(buf.n, 600);
    sac__buf_fini(&buf);
}

static void test_buf__survives_oom(void **state)
{
    fault_alloc fault;
    int n = 0;

    (void)state;
    for (;; n++) {
        sac__buf buf;
        int error;

        sac__buf_init(&buf, fault_alloc_init(&fault, n), 1 << 20);
        for (int i = 0; i < 100; i++)
            sac__buf_printf(&buf, "%0100d", i);
        error = buf.error;
        sac__buf_fini(&buf);
        CHECK_INT(fault.live, 0);
        if (error == SAC_OK)
            break;
        CHECK_INT(error, SAC_ENOMEM);
        CHECK(n < 100);
    }
    CHECK(n > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf__appends_every_kind),
        cmocka_unit_test(test_buf__writes_integers),
        cmocka_unit_test(test_buf__grows_to_its_maximum_and_no_further),
        cmocka_unit_test(test_buf__error_is_sticky),
        cmocka_unit_test(test_buf__huge_lengths_do_not_wrap),
        cmocka_unit_test(test_buf__fixed_does_not_grow),
        cmocka_unit_test(test_buf__prints_long_texts),
        cmocka_unit_test(test_buf__survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "json/number/numeral.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/support.h"

static void check_printed(double value, const char *plain, const char *extended)
{
    char text[SAC__NUMERAL_MAX];

    CHECK_STR(sac_str_n(text, (size_t)(sac__numeral_print_double(text, value, false) - text)),
              plain);
    CHECK_STR(sac_str_n(text, (size_t)(sac__numeral_print_double(text, value, true) - text)),
              extended);
}

static void test_numeral__prints_doubles(void **state)
{
    (void)state;
    check_printed(0.0, "0.0", "0.0");
    check_printed(-0.0, "-0.0", "-0.0");
    check_printed(1.0, "1.0", "1.0");
    check_printed(-100.0, "-100.0", "-100.0");
    check_printed(0.1, "0.1", "0.1");
    check_printed(0.1 + 0.2, "0.30000000000000004", "0.30000000000000004");
    check_printed(1.5e-5, "0.000015", "1.5E-5");
    check_printed(0.0001, "0.0001", "0.0001");
    check_printed(0.000001, "0.000001", "1.0E-6");
    check_printed(1e-7, "1e-7", "1.0E-7");
    check_printed(1234567892123200000.0, "1234567892123200000.0", "1.2345678921232E+18");
    check_printed(1e15, "1000000000000000.0", "1000000000000000.0");
    check_printed(1e16, "10000000000000000.0", "1.0E+16");
    check_printed(1e20, "100000000000000000000.0", "1.0E+20");
    check_printed(1e21, "1e21", "1.0E+21");
    check_printed(1e100, "1e100", "1.0E+100");
    check_printed(123.456, "123.456", "123.456");
    check_printed(5e-324, "5e-324", "5.0E-324");
    check_printed(2.2250738585072014e-308, "2.2250738585072014e-308", "2.2250738585072014E-308");
    check_printed(-1.7976931348623157e308, "-1.7976931348623157e308", "-1.7976931348623157E+308");
    check_printed(9007199254740993.0, "9007199254740992.0", "9007199254740992.0");
    /* As near to the one as to the other: the even one. */
    check_printed(0x1p-24, "5.960464477539063e-8", "5.960464477539063E-8");
    check_printed(0x1p-25, "2.9802322387695312e-8", "2.9802322387695312E-8");
}

static void test_numeral__prints_integers(void **state)
{
    static const struct {
        int64_t value;
        const char *text;
    } rows[] = {
        {0, "0"},
        {9, "9"},
        {-10, "-10"},
        {99, "99"},
        {100, "100"},
        {12345678, "12345678"},
        {99999999, "99999999"},
        {100000000, "100000000"},
        {9999999999999999, "9999999999999999"},
        {10000000000000000, "10000000000000000"},
        {10000000000000001, "10000000000000001"},
        {INT64_MAX, "9223372036854775807"},
        {INT64_MIN, "-9223372036854775808"},
    };
    char text[SAC__NUMERAL_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK_STR(sac_str_n(text, (size_t)(sac__numeral_print_int(text, rows[i].value) - text)),
                  rows[i].text);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Digits of a printed double, without zeros around them. */
static int significant(const char *text)
{
    int n = 0, zeros = 0;

    for (; *text && *text != 'e'; text++) {
        if (*text < '0' || *text > '9' || (n == 0 && *text == '0'))
            continue;
        zeros = *text == '0' ? zeros + 1 : 0;
        n++;
    }
    return n - zeros;
}

/* Reads back, and no text of one digit less does. */
static void check_shortest(double value)
{
    char text[SAC__NUMERAL_MAX], shorter[40];
    sac__numeral numeral;
    double back;
    int digits;

    *sac__numeral_print_double(text, value, false) = '\0';
    CHECK(strtod(text, NULL) == value);
    CHECK(sac__numeral_scan(text, text + strlen(text), &numeral) == text + strlen(text));
    CHECK(sac__numeral_double(&numeral, &back));
    CHECK(memcmp(&back, &value, sizeof back) == 0);
    digits = significant(text);
    snprintf(shorter, sizeof shorter, "%.*e", digits > 1 ? digits - 2 : 0, value);
    CHECK(digits <= 1 || strtod(shorter, NULL) != value);
    /* Of the texts of this length it is the nearest. */
    snprintf(shorter, sizeof shorter, "%.*e", digits > 0 ? digits - 1 : 0, value);
    if (strtod(shorter, NULL) == value)
        CHECK_INT(significant(shorter) <= digits, 1);
}

static void test_numeral__prints_the_shortest_that_reads_back(void **state)
{
    uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);

    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = next_random(&seed);
        double value;

        if (i % 4 == 1)
            bits &= ~UINT64_C(0) << seed % 52; /* round in binary */
        if (i % 16 == 2)
            bits &= UINT64_C(0x800fffffffffffff); /* subnormal */
        memcpy(&value, &bits, sizeof value);
        if (i % 4 == 3)
            value = (double)(int64_t)(bits >> seed % 60) / 1000; /* round in decimal */
        if (value - value == 0)
            check_shortest(value);
    }
}

static bool parse(const char *text, double *out)
{
    sac__numeral numeral;

    if (sac__numeral_scan(text, text + strlen(text), &numeral) != text + strlen(text))
        fail_msg("%s was not read whole", text);
    return sac__numeral_double(&numeral, out);
}

static void check_parsed(const char *text)
{
    const double want = strtod(text, NULL);
    double got = -1;

    if (!parse(text, &got) || memcmp(&got, &want, sizeof got) != 0)
        fail_msg("%.80s: got %.17g, want %.17g", text, got, want);
}

static void test_numeral__rounds_correctly(void **state)
{
    static const char *const rows[] = {
        "0",
        "-0",
        "0.0e5",
        "1",
        "-1.5",
        "0.1",
        "1e0",
        "1E+2",
        "123456789012345678901234567890",
        "9007199254740993",
        "9007199254740993.0000000000000000000000000000000001",
        "9007199254740991.4999999999999999999999999999999999",
        "9007199254740995",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "2.2250738585072014e-308",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.797693134862315807e308",
        "0.000000000000000000000000000000000000000000000001",
        "3.518437208883201171875e13",
        "1e-400",
        "0e400",
        "0.0000e-999999999999999999999",
        "6.631236846766476e-316",
        "1448997445238699",
        "7.8459735791271921e65",
        "1.00000000000000011102230246251565404236316680908203125",
        "1.00000000000000011102230246251565404236316680908203124",
        "1.00000000000000011102230246251565404236316680908203126",
        "8.5e-45",
        "5e-324",
        "45035996273704985e-1",
        "1e23",
        "9.5e-323",
        "3.2378839133029012895e-319",
    };
    double value;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_parsed(rows[i]);
    CHECK(!parse("1e400", &value));
    CHECK(!parse("-1.797693134862315808e308", &value));
    CHECK(!parse("1e99999999999999999999999", &value));
}

/* The middle between two neighbours, exactly, and a hair to both sides of it. */
/* Of 10^6 doubles, as printed here and by the C library, none reads back as another. */
static void test_numeral__reads_back_what_is_printed(void **state)
{
    uint64_t seed = UINT64_C(0xd1b54a32d192ed03);

    (void)state;
    for (int i = 0; i < 1000000; i++) {
        uint64_t bits = next_random(&seed);
        char text[SAC__NUMERAL_MAX];
        sac__numeral numeral;
        double value, back;
        size_t n;

        if (i % 3 == 2) /* of a size that people write */
            bits = (bits & ~(UINT64_C(0x7ff) << 52)) | (1023 - 40 + (bits >> 52 & 0x7f)) << 52;
        memcpy(&value, &bits, sizeof value);
        if (value - value != 0)
            continue;
        n = i % 2 ? (size_t)snprintf(text, sizeof text, "%.17g", value)
                  : (size_t)(sac__numeral_print_double(text, value, false) - text);
        CHECK(sac__numeral_scan(text, text + n, &numeral) == text + n);
        CHECK(sac__numeral_double(&numeral, &back));
        if (memcmp(&back, &value, sizeof back) != 0)
            fail_msg("%.*s", (int)n, text);
    }
}

/* Texts of random digits, against the C library. */
static void test_numeral__rounds_as_strtod_does(void **state)
{
    uint64_t seed = UINT64_C(0x2545f4914f6cdd1d);

    (void)state;
    for (int i = 0; i < 200000; i++) {
        const size_t n = 1 + (size_t)(next_random(&seed) % 24);
        char text[64] = "1";
        double got, want;

        for (size_t k = 1; k <= n; k++)
            text[k] = (char)('0' + next_random(&seed) % 10);
        if (n > 1 && i % 3)
            text[1 + next_random(&seed) % (n - 1)] = '.';
        snprintf(text + n + 1, sizeof text - n - 1, "e%d", (int)(next_random(&seed) % 640) - 340);
        want = strtod(text, NULL);
        if (parse(text, &got) ? memcmp(&got, &want, sizeof got) != 0 : want - want == 0)
            fail_msg("%s", text);
    }
}

static void test_numeral__decides_at_the_middle(void **state)
{
    uint64_t seed = 42;
    char text[1200], *digit;
    int n;

    (void)state;
    for (int i = 0; i < 300; i++) {
        n = snprintf(text, sizeof text, "%.0f", (double)(next_random(&seed) >> 11) * 0x1p60);

        check_parsed(text);
        CHECK(n > 0);
    }
    /* Half of the smallest double has 751 digits; a hair more, far behind them, rounds up. */
    n = snprintf(text, sizeof text, "%.1075Lf", ldexpl(1, -1075));
    check_parsed(text);
    memset(text + n, '0', 100);
    memcpy(text + n + 100, "1", 2);
    check_parsed(text);
    for (int i = 0; i < 60; i++) {
        const int e = -1 - i * 17;
        const double low = ldexp((double)(next_random(&seed) >> 12 | (uint64_t)1 << 52), e);
        const long double middle = (long double)low + ldexpl(0.5L, e);

        snprintf(text, sizeof text, "%.1090Lf", middle);
        check_parsed(text);
        digit = text + strlen(text) - 1;
        while (*digit == '0')
            digit--;
        ++*digit;
        check_parsed(text);
        *digit = (char)(*digit - 2);
        check_parsed(text);
    }
}

static void test_numeral__knows_integers_by_value(void **state)
{
    static const struct {
        const char *text;
        sac__numeral_fit fit;
        int64_t value;
    } rows[] = {
        {"3.0", SAC__NUMERAL_INT, 3},
        {"1e2", SAC__NUMERAL_INT, 100},
        {"1.5e1", SAC__NUMERAL_INT, 15},
        {"-0", SAC__NUMERAL_INT, 0},
        {"0e99", SAC__NUMERAL_INT, 0},
        {"1000000000000000000000000e-24", SAC__NUMERAL_INT, 1},
        {"1.000000000000000000000000000000", SAC__NUMERAL_INT, 1},
        {"9223372036854775807", SAC__NUMERAL_INT, INT64_MAX},
        {"-9223372036854775808", SAC__NUMERAL_INT, INT64_MIN},
        {"9223372036854775808", SAC__NUMERAL_BEYOND, 0},
        {"-9223372036854775809", SAC__NUMERAL_BEYOND, 0},
        {"92233720368547758070", SAC__NUMERAL_BEYOND, 0},
        {"12345678901234567890123", SAC__NUMERAL_BEYOND, 0},
        {"1e19", SAC__NUMERAL_BEYOND, 0},
        {"1e400", SAC__NUMERAL_BEYOND, 0},
        {"1.5", SAC__NUMERAL_FRACTION, 0},
        {"1e-1", SAC__NUMERAL_FRACTION, 0},
        {"1e-400", SAC__NUMERAL_FRACTION, 0},
        {"1.00000000000000000000000000001", SAC__NUMERAL_FRACTION, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *text = rows[i].text;
        sac__numeral numeral;
        int64_t value = 0;

        CHECK(sac__numeral_scan(text, text + strlen(text), &numeral) != NULL);
        if (sac__numeral_int(&numeral, &value) != rows[i].fit || value != rows[i].value)
            fail_msg("%s", text);
    }
}

static void test_numeral__takes_json_numbers_only(void **state)
{
    static const char *const none[] = {"", "-", "+1", ".5", "1.", "1.e5", "1e", "1e+", "-a", "e5"};
    sac__numeral numeral;

    (void)state;
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (sac__numeral_scan(none[i], none[i] + strlen(none[i]), &numeral))
            fail_msg("%s was taken", none[i]);
    CHECK(sac__numeral_scan("01", (const char *)"01" + 2, &numeral) != NULL);
    CHECK_STR(numeral.text, "0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numeral__prints_doubles),
        cmocka_unit_test(test_numeral__prints_integers),
        cmocka_unit_test(test_numeral__prints_the_shortest_that_reads_back),
        cmocka_unit_test(test_numeral__rounds_correctly),
        cmocka_unit_test(test_numeral__reads_back_what_is_printed),
        cmocka_unit_test(test_numeral__rounds_as_strtod_does),
        cmocka_unit_test(test_numeral__decides_at_the_middle),
        cmocka_unit_test(test_numeral__knows_integers_by_value),
        cmocka_unit_test(test_numeral__takes_json_numbers_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

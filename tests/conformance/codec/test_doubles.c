/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "json/encode.h"
#include "json/number/numeral.h"
#include "support/support.h"

/*
 * Doubles as both builds of the encoder write them: the same text, which reads
 * back as the same bits, and which no shorter text does.
 */

enum { BATCH = 512, RANDOM = 4000000 };

typedef struct batch {
    double values[BATCH];
    size_t n;
    uint64_t seed;
    size_t checked;
} batch;

/* xorshift64*, Marsaglia and Vigna. */
static uint64_t draw(batch *b)
{
    b->seed ^= b->seed >> 12;
    b->seed ^= b->seed << 25;
    b->seed ^= b->seed >> 27;
    return b->seed * UINT64_C(2685821657736338717);
}

static void encode(const sac__elements *elements, sac_str doc, sac__buf *out)
{
    const sac__json_encoding how = {.dialect = SAC_JSON_PLAIN, .elements = elements};

    sac__buf_init(out, NULL, SIZE_MAX);
    CHECK_INT(sac__json_encode(&how, doc, out, NULL), SAC_OK);
}

/* Digits that tell, of a text without blanks. */
static int significant(const char *p, const char *end)
{
    int n = 0, zeros = 0;

    for (; p < end && *p != 'e'; p++) {
        if (*p < '0' || *p > '9' || (n == 0 && *p == '0'))
            continue;
        zeros = *p == '0' ? zeros + 1 : 0;
        n++;
    }
    return n - zeros;
}

static void check_text(const char *p, const char *end, double value, bool length)
{
    char text[SAC__NUMERAL_MAX], shorter[40];
    char *stop;
    const double back = strtod(p, &stop);
    int digits;

    if (stop != end || memcmp(&back, &value, sizeof back) != 0)
        fail_msg("%a: %.*s", value, (int)(end - p), p);
    CHECK(sac_str_eq(
        sac_str_n(p, (size_t)(end - p)),
        sac_str_n(text, (size_t)(sac__numeral_print_double(text, value, false) - text))));
    digits = significant(p, end);
    CHECK(digits <= 17);
    if (!length || digits <= 1)
        return;
    snprintf(shorter, sizeof shorter, "%.*e", digits - 2, value);
    if (strtod(shorter, NULL) == value)
        fail_msg("%a: %.*s, but %s", value, (int)(end - p), p, shorter);
}

/* The values as a document, which is an array's way to be written. */
static void check_batch(batch *b)
{
    sac__buf any, best;
    sac_bson doc;
    sac_str bytes;
    const char *p;

    sac_bson_init(&doc, NULL, 0);
    sac_bson_begin_array(&doc, sac_str_of("a"));
    for (size_t i = 0; i < b->n; i++)
        sac_bson_add_double(&doc, "", b->values[i]);
    sac_bson_end(&doc);
    CHECK_INT(sac_bson_finish(&doc, &bytes), SAC_OK);
    encode(&sac__elements_any, bytes, &any);
    encode(sac__elements_best(), bytes, &best);
    CHECK(sac_str_eq(sac__buf_str(&any), sac__buf_str(&best)));
    CHECK(best.n > 7 && memcmp(best.p, "{\"a\":[", 6) == 0);
    p = best.p + 6;
    for (size_t i = 0; i < b->n; i++) {
        const char *const end = p + strcspn(p, ",]");

        check_text(p, end, b->values[i], b->checked++ % 8 == 0);
        p = end + 1;
    }
    CHECK(p == best.p + best.n - 1);
    sac__buf_fini(&any);
    sac__buf_fini(&best);
    sac_bson_fini(&doc);
    b->n = 0;
}

static void add(batch *b, double value)
{
    if (value - value != 0)
        return;
    b->values[b->n++] = value;
    if (b->n == BATCH)
        check_batch(b);
}

static void add_bits(batch *b, uint64_t bits)
{
    double value;

    memcpy(&value, &bits, sizeof value);
    add(b, value);
}

/* And its neighbours. */
static void add_around(batch *b, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    for (uint64_t i = 0; i < 7; i++)
        add_bits(b, bits - 3 + i);
}

static void test_doubles__at_every_exponent(void **state)
{
    batch b = {.seed = 20261122};

    (void)state;
    for (uint64_t e = 0; e < 2047; e++) {
        for (uint64_t i = 0; i < 4; i++) {
            add_bits(&b, e << 52 | i);
            add_bits(&b, ((e + 1) << 52) - 1 - i);
            add_bits(&b, e << 52 | (draw(&b) >> 12));
            add_bits(&b, e << 52 | (uint64_t)1 << (draw(&b) % 52) | UINT64_C(1) << 63);
        }
    }
    check_batch(&b);
}

static void test_doubles__around_decimals(void **state)
{
    batch b = {.seed = 7};
    char text[40];

    (void)state;
    for (int e = -323; e <= 308; e++) {
        for (int m = 1; m <= 9; m++) {
            snprintf(text, sizeof text, "%de%d", m, e);
            add_around(&b, strtod(text, NULL));
        }
        for (int i = 0; i < 8; i++) {
            snprintf(text, sizeof text, "%llue%d",
                     (unsigned long long)(draw(&b) % UINT64_C(100000000000000000)), e - 16);
            add_around(&b, strtod(text, NULL));
        }
    }
    /* Between integers, and where a half is the last bit. */
    for (int i = 0; i < 20000; i++)
        add_around(&b, (double)(draw(&b) >> (draw(&b) % 40)) / (double)(1 << draw(&b) % 12));
    check_batch(&b);
}

static void test_doubles__at_random(void **state)
{
    static const double scales[] = {1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e12};
    batch b = {.seed = UINT64_C(0x9e3779b97f4a7c15)};

    (void)state;
    for (int i = 0; i < RANDOM; i++) {
        const uint64_t bits = draw(&b);

        if (i % 3 == 0)
            add_bits(&b, bits);
        else if (i % 3 == 1) /* of a size that people write */
            add_bits(&b, (bits & ~(UINT64_C(0x7ff) << 52)) | (1000 + (bits >> 52 & 0x3f)) << 52);
        else
            add(&b, (double)((int64_t)bits >> (20 + draw(&b) % 40)) / scales[draw(&b) % 10]);
    }
    check_batch(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubles__at_every_exponent),
        cmocka_unit_test(test_doubles__around_decimals),
        cmocka_unit_test(test_doubles__at_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

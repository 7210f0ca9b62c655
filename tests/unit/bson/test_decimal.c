/* SPDX-License-Identifier: MIT */
#include "bson/decimal.h"

#include "corpus.h"

#include <sacrum/bson.h>

/* The text in {"d": {"$numberDecimal": text}}, or NULL. */
static char *number_text(const char *json, cJSON **tree)
{
    const cJSON *d;

    *tree = cJSON_Parse(json);
    d = cJSON_GetObjectItemCaseSensitive(*tree, "d");
    d = cJSON_GetObjectItemCaseSensitive(d, "$numberDecimal");
    return cJSON_IsString(d) ? d->valuestring : NULL;
}

static void round_trips(const char *file, const cJSON *row)
{
    const char *forms[] = {"canonical_extjson", "degenerate_extjson"};
    const bool lossy = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(row, "lossy"));
    char text[SAC__DECIMAL_TEXT];
    uint8_t bytes[16];
    sac_value value;
    sac_str doc;
    size_t n;
    char *memory = corpus_bytes(corpus_text(row, "canonical_bson"), &doc);

    value = sac_bson_get(doc, sac_str_of("d"));
    CHECK_INT(value.type, SAC_BSON_DECIMAL128);
    for (int i = 0; i < 2; i++) {
        const char *json = corpus_text(row, forms[i]);
        cJSON *tree;
        char *want;

        if (!json)
            continue;
        want = number_text(json, &tree);
        CHECK(want != NULL);
        if (!sac__decimal_parse(sac_str_of(want), bytes))
            fail_msg("%s, %s: %s is not read", file, corpus_text(row, "description"), want);
        if (!lossy && memcmp(bytes, value.raw.p, 16) != 0)
            fail_msg("%s, %s: %s is read otherwise", file, corpus_text(row, "description"), want);
        if (i == 0) {
            sac__decimal_print((const uint8_t *)value.raw.p, text, &n);
            CHECK(n <= sizeof text);
            CHECK_STR(sac_str_n(text, n), want);
        }
        cJSON_Delete(tree);
    }
    free(memory);
}

static void is_refused(const char *file, const cJSON *row)
{
    uint8_t bytes[16];
    cJSON *tree;
    const char *text = number_text(corpus_text(row, "string"), &tree);

    if (!text)
        text = corpus_text(row, "string");
    if (sac__decimal_parse(sac_str_of(text), bytes))
        fail_msg("%s, %s: %s was taken", file, corpus_text(row, "description"), text);
    cJSON_Delete(tree);
}

static void test_decimal__agrees_with_the_corpus(void **state)
{
    (void)state;
    CHECK_INT(corpus_each("decimal128-", "valid", round_trips), 606);
}

static void test_decimal__refuses_the_corpus_parse_errors(void **state)
{
    (void)state;
    CHECK_INT(corpus_each("decimal128-", "parseErrors", is_refused), 131);
}

static void check_text(const char *in, const char *want)
{
    char text[SAC__DECIMAL_TEXT];
    uint8_t bytes[16];
    size_t n;

    CHECK(sac__decimal_parse(sac_str_of(in), bytes));
    sac__decimal_print(bytes, text, &n);
    CHECK_STR(sac_str_n(text, n), want);
}

static void test_decimal__keeps_34_digits_and_no_more(void **state)
{
    uint8_t bytes[16] = {7};

    (void)state;
    check_text("9999999999999999999999999999999999", "9999999999999999999999999999999999");
    check_text("0000000000009999999999999999999999999999999999",
               "9999999999999999999999999999999999");
    check_text("99999999999999999999999999999999990", "9.999999999999999999999999999999999E+34");
    check_text("1.00000000000000000000000000000000000", "1.000000000000000000000000000000000");
    CHECK(!sac__decimal_parse(sac_str_of("99999999999999999999999999999999991"), bytes));
    CHECK(!sac__decimal_parse(sac_str_of("1.0000000000000000000000000000000000000001"), bytes));
    CHECK_INT(bytes[0], 7);
}

static void test_decimal__keeps_exponents_in_range_without_rounding(void **state)
{
    uint8_t bytes[16];

    (void)state;
    check_text("1E6144", "1.000000000000000000000000000000000E+6144");
    check_text("10E-6177", "1E-6176");
    check_text("0E-99999999999999999999", "0E-6176");
    check_text("-0E+99999999999999999999", "-0E+6111");
    check_text("-.5e-3", "-0.0005");
    check_text("5.", "5");
    CHECK(!sac__decimal_parse(sac_str_of("1E6145"), bytes));
    CHECK(!sac__decimal_parse(sac_str_of("1E-6177"), bytes));
    CHECK(!sac__decimal_parse(sac_str_of("1E99999999999999999999999"), bytes));
    CHECK(!sac__decimal_parse(sac_str_of("1E-99999999999999999999999"), bytes));
}

static void test_decimal__refuses_what_is_no_number(void **state)
{
    const char *texts[] = {"",     "+",    "-",    ".",     "e5",  "1e",  "1e+",  "1e5.0",
                           "1..2", "1.2.", " 1",   "1 ",    "--1", "0x1", "1f",   "infinit",
                           "nano", "in",   "1e5e", "1.e-.", "+-1", "E",   "NaN1", "Infinity1"};
    uint8_t bytes[16];

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        CHECK(!sac__decimal_parse(sac_str_of(texts[i]), bytes));
    CHECK(!sac__decimal_parse(sac_str_n("1\0", 2), bytes));
    CHECK(!sac__decimal_parse(sac_str_n(NULL, 0), bytes));
}

static void test_decimal__prints_any_bytes(void **state)
{
    char text[SAC__DECIMAL_TEXT];
    uint64_t random = 1;
    uint8_t bytes[16];
    uint8_t again[16];
    size_t n;

    (void)state;
    for (int i = 0; i < 50000; i++) {
        for (int k = 0; k < 16; k++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            bytes[k] = (uint8_t)(random >> 56);
        }
        sac__decimal_print(bytes, text, &n);
        CHECK(n > 0 && n <= sizeof text);
        CHECK(sac__decimal_parse(sac_str_n(text, n), again));
        sac__decimal_print(again, text, &n); /* canonical from here on */
        CHECK(sac__decimal_parse(sac_str_n(text, n), bytes));
        CHECK(memcmp(bytes, again, sizeof bytes) == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decimal__agrees_with_the_corpus),
        cmocka_unit_test(test_decimal__refuses_the_corpus_parse_errors),
        cmocka_unit_test(test_decimal__keeps_34_digits_and_no_more),
        cmocka_unit_test(test_decimal__keeps_exponents_in_range_without_rounding),
        cmocka_unit_test(test_decimal__refuses_what_is_no_number),
        cmocka_unit_test(test_decimal__prints_any_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "codec.h"

#include <float.h>
#include <math.h>

static const sac_str dev[] = {{"dev", 3}};

/* What stands in the cookie, and what it is in Extended JSON. */
static const struct {
    const char *json, *extended;
} same[] = {
    {"{}", "{}"},
    {"{\"\":null,\"a\":true,\"b\":false}", "{\"\":null,\"a\":true,\"b\":false}"},
    {"{\"a\":[1,-1,2147483648,-9223372036854775808]}",
     "{\"a\":[{\"$numberInt\":\"1\"},{\"$numberInt\":\"-1\"},{\"$numberLong\":\"2147483648\"},"
     "{\"$numberLong\":\"-9223372036854775808\"}]}"},
    {"{\"a\":9223372036854775808}",
     "{\"a\":{\"$binary\":{\"base64\":\"OTIyMzM3MjAzNjg1NDc3NTgwOA==\",\"subType\":\"80\"}}}"},
    {"{\"a\":[1.5,1e+16,1e-05,0.0001,-0.0,NaN,Infinity,-Infinity]}",
     "{\"a\":[{\"$numberDouble\":\"1.5\"},{\"$numberDouble\":\"1.0E+16\"},"
     "{\"$numberDouble\":\"1.0E-5\"},{\"$numberDouble\":\"0.0001\"},{\"$numberDouble\":\"-0.0\"},"
     "{\"$numberDouble\":\"NaN\"},{\"$numberDouble\":\"Infinity\"},"
     "{\"$numberDouble\":\"-Infinity\"}]}"},
    {"{\"a\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f\\u00e9\\u2028\\ud83d\\ude00\"}",
     "{\"a\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\xc3\xa9\xe2\x80\xa8\xf0\x9f\x98\x80\"}"},
    {"{\"a\":{\" t\":[1,{\" t\":[]}]}}", "{\"a\":{\" t\":[{\"$numberInt\":\"1\"},{\" t\":[]}]}}"},
    {"{\"a\":{\" b\":\"AP8=\"},\"b\":{\" b\":\"\"}}",
     "{\"a\":{\"$binary\":{\"base64\":\"AP8=\",\"subType\":\"00\"}},"
     "\"b\":{\"$binary\":{\"base64\":\"\",\"subType\":\"00\"}}}"},
    {"{\"a\":{\" u\":\"123456781234567812345678123456ff\"}}",
     "{\"a\":{\"$binary\":{\"base64\":\"EjRWeBI0VngSNFZ4EjRW/w==\",\"subType\":\"04\"}}}"},
    {"{\"a\":{\" d\":\"Tue, 14 Nov 2023 22:13:20 GMT\"}}",
     "{\"a\":{\"$date\":{\"$numberLong\":\"1700000000000\"}}}"},
    {"{\"a\":{\" d\":\"Mon, 01 Jan 0001 00:00:00 GMT\"}}",
     "{\"a\":{\"$date\":{\"$numberLong\":\"-62135596800000\"}}}"},
    {"{\"a\":{\" m\":\"<b>\"}}", "{\"a\":{\" m\":\"<b>\"}}"},
    /* Dicts that look like a tag stay escaped where BSON could not tell them apart. */
    {"{\"a\":{\" di\":{\" t__\":[1]}}}", "{\"a\":{\" di\":{\" t__\":[{\"$numberInt\":\"1\"}]}}}"},
    {"{\"a\":{\" di\":{\" t__\":1}}}", "{\"a\":{\" t\":{\"$numberInt\":\"1\"}}}"},
    {"{\"a\":{\" di\":{\" m__\":\"x\"}}}", "{\"a\":{\" di\":{\" m__\":\"x\"}}}"},
    {"{\"a\":{\" di\":{\" m__\":{\" m\":\"x\"}}}}", "{\"a\":{\" m\":{\" m\":\"x\"}}}"},
    {"{\"a\":{\" di\":{\" b__\":\"x\"}}}", "{\"a\":{\" b\":\"x\"}}"},
    {"{\"a\":{\" di\":{\" u__\":{\" b\":\"AA==\"}}}}",
     "{\"a\":{\" u\":{\"$binary\":{\"base64\":\"AA==\",\"subType\":\"00\"}}}}"},
    {"{\"a\":{\" di\":{\" di__\":null}}}", "{\"a\":{\" di\":null}}"},
    {"{\"a\":{\" di\":{\" di__\":{\"a__\":1}}}}",
     "{\"a\":{\" di\":{\" di__\":{\"a__\":{\"$numberInt\":\"1\"}}}}}"},
    {"{\"a\":[{\" di\":{\" d__\":1}},{\" d\":\"Tue, 14 Nov 2023 22:13:20 GMT\"},{\" "
     "b\":\"AA==\"}]}",
     "{\"a\":[{\" d\":{\"$numberInt\":\"1\"}},{\"$date\":{\"$numberLong\":\"1700000000000\"}},"
     "{\"$binary\":{\"base64\":\"AA==\",\"subType\":\"00\"}}]}"},
    /* So does a tag of an app's own. */
    {"{\"a\":{\" od\":[[\"k\",1]]}}", "{\"a\":{\" od\":[[\"k\",{\"$numberInt\":\"1\"}]]}}"},
    {"{\"a\":{\" t\":1,\"b\":2}}",
     "{\"a\":{\" t\":{\"$numberInt\":\"1\"},\"b\":{\"$numberInt\":\"2\"}}}"},
    /* The session itself. */
    {"{\" di\":{\" t__\":[1]}}", "{\" t\":[{\"$numberInt\":\"1\"}]}"},
    {"{\" di\":{\" di__\":{\"a__\":1}}}", "{\" di\":{\"a__\":{\"$numberInt\":\"1\"}}}"},
    {"{\" di\":{\" b__\":{\" b\":\"AA==\"}}}",
     "{\" b\":{\"$binary\":{\"base64\":\"AA==\",\"subType\":\"00\"}}}"}};

static const char *write_doc(codec *c, sac_str doc, int want)
{
    sac__buf out;
    int rc;

    sac__buf_init(&out, sac__arena_alloc(c->arena), SIZE_MAX);
    rc = sac__tagged_write(doc, c->arena, &out);
    sac__buf_add_char(&out, '\0');
    CHECK_INT(rc, want);
    return out.p;
}

static void test_tagged__is_the_same_both_ways(void **state)
{
    codec c;

    (void)state;
    codec_open(&c, dev, 1);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        sac_str doc = {NULL, 0};

        if (sac__tagged_read(S(same[i].json), c.arena, &doc) != SAC_OK)
            fail_msg("not read: %s", same[i].json);
        CHECK_INT(sac_bson_check(doc, NULL), SAC_OK);
        assert_string_equal(codec_text(&c, doc), same[i].extended);
        assert_string_equal(write_doc(&c, doc, SAC_OK), same[i].json);
        assert_string_equal(write_doc(&c, codec_doc(&c, same[i].extended), SAC_OK), same[i].json);
    }
    codec_close(&c);
}

static void test_tagged__takes_what_flask_can_be_told_to_write(void **state)
{
    static const char *const texts[][2] = {
        {"{\"b\":1,\"a\":2}", "{\"a\":2,\"b\":1}"},
        {"{\"b\":{\"z\":1,\"y\":{},\"x\":[]},\"a\":2}",
         "{\"a\":2,\"b\":{\"x\":[],\"y\":{},\"z\":1}}"},
        {"{\"\xc3\xa9\":\"\xf0\x9f\x98\x80\"}", "{\"\\u00e9\":\"\\ud83d\\ude00\"}"},
        {"{\"a\":\"\\/\\u00E9\\u0041\"}", "{\"a\":\"/\\u00e9A\"}"},
        {"{\"a\":[1e16,1E+16,1.50,100e-2,0e5]}", "{\"a\":[1e+16,1e+16,1.5,1.0,0.0]}"}};
    codec c;

    (void)state;
    codec_open(&c, dev, 1);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        sac_str doc = {NULL, 0};

        CHECK_INT(sac__tagged_read(S(texts[i][0]), c.arena, &doc), SAC_OK);
        assert_string_equal(write_doc(&c, doc, SAC_OK), texts[i][1]);
    }
    codec_close(&c);
}

static void test_tagged__makes_text_of_other_types_or_refuses_them(void **state)
{
    static const char *const refused[] = {
        "{\"a\":{\"$numberDecimal\":\"1\"}}",
        "{\"a\":{\"$regularExpression\":{\"pattern\":\"a\",\"options\":\"\"}}}",
        "{\"a\":{\"$timestamp\":{\"t\":1,\"i\":1}}}",
        "{\"a\":[{\"$minKey\":1}]}",
        "{\"a\":{\"b\":{\"$code\":\"x\"}}}",
        "{\"a\":{\"$binary\":{\"base64\":\"AA==\",\"subType\":\"04\"}}}",
        "{\"a\":{\"$binary\":{\"base64\":\"AA==\",\"subType\":\"05\"}}}",
        "{\"a\":{\"$binary\":{\"base64\":\"MQ==\",\"subType\":\"80\"}}}",
        "{\"a\":{\"$date\":{\"$numberLong\":\"-62135596800001\"}}}",
        "{\"a\":{\"$date\":{\"$numberLong\":\"253402300800000\"}}}"};
    codec c;

    (void)state;
    codec_open(&c, dev, 1);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        write_doc(&c, codec_doc(&c, refused[i]), SAC_EINVAL);
    assert_string_equal(
        write_doc(&c,
                  codec_doc(&c, "{\"a\":{\"$oid\":\"5f2b1c9e8d3e4a0012345678\"},"
                                "\"d\":{\"$date\":{\"$numberLong\":\"-1\"}}}"),
                  SAC_OK),
        "{\"a\":\"5f2b1c9e8d3e4a0012345678\",\"d\":{\" d\":\"Wed, 31 Dec 1969 23:59:59 GMT\"}}");
    codec_close(&c);
}

static sac_str doc_of(codec *c, const char *key, const char *second)
{
    sac_bson made;
    sac_str doc = {NULL, 0};

    sac_bson_init(&made, sac__arena_alloc(c->arena), 0);
    sac_bson_add_null(&made, key);
    if (second)
        sac_bson_add_null(&made, second);
    CHECK_INT(sac_bson_finish(&made, &doc), SAC_OK);
    return doc;
}

static void test_tagged__refuses_what_python_could_not_hold(void **state)
{
    codec c;
    sac_bson made;
    sac_str doc = {NULL, 0};

    (void)state;
    codec_open(&c, dev, 1);
    write_doc(&c, doc_of(&c, "\xff", NULL), SAC_EINVAL);
    write_doc(&c, doc_of(&c, "a", "a"), SAC_EINVAL);
    sac_bson_init(&made, sac__arena_alloc(c.arena), 0);
    sac_bson_add_str(&made, "a", S("\xc3"));
    CHECK_INT(sac_bson_finish(&made, &doc), SAC_OK);
    write_doc(&c, doc, SAC_EINVAL);
    codec_close(&c);
}

/* Of CPython 3.11: repr() of each. */
static void test_tagged__prints_floats_as_python_does(void **state)
{
    static const struct {
        double value;
        const char *text;
    } floats[] = {{0, "0.0"},
                  {-0.0, "-0.0"},
                  {1, "1.0"},
                  {-1.5, "-1.5"},
                  {100, "100.0"},
                  {0.1, "0.1"},
                  {0.001, "0.001"},
                  {0.0001, "0.0001"},
                  {0.00012345, "0.00012345"},
                  {0.00001, "1e-05"},
                  {0.000012345, "1.2345e-05"},
                  {1e15, "1000000000000000.0"},
                  {9999999999999998.0, "9999999999999998.0"},
                  {1e16, "1e+16"},
                  {1.2e16, "1.2e+16"},
                  {123456789012345680.0, "1.2345678901234568e+17"},
                  {1e21, "1e+21"},
                  {1e22, "1e+22"},
                  {1e23, "1e+23"},
                  {1e100, "1e+100"},
                  {5e-324, "5e-324"},
                  {DBL_MIN, "2.2250738585072014e-308"},
                  {DBL_MAX, "1.7976931348623157e+308"},
                  {2.0 / 3, "0.6666666666666666"},
                  {1e-7, "1e-07"},
                  {123456.789, "123456.789"},
                  {2251799813685248.5, "2251799813685248.5"}};
    char text[64];

    (void)state;
    for (size_t i = 0; i < sizeof floats / sizeof *floats; i++) {
        const size_t n = (size_t)(sac__python_float(text, floats[i].value) - text);

        CHECK(n <= 32);
        CHECK_STR(sac_str_n(text, n), floats[i].text);
    }
    CHECK_STR(sac_str_n(text, (size_t)(sac__python_float(text, (double)NAN) - text)), "NaN");
}

static void test_tagged__keeps_integers_of_any_size(void **state)
{
    codec c;

    (void)state;
    codec_open(&c, dev, 1);
    for (size_t digits = 19; digits <= SAC__TAGGED_INTEGER_DIGITS + 1; digits += 1427) {
        for (int negative = 0; negative < 2; negative++) {
            char *json = sac__arena_bytes(c.arena, digits + 16);
            char *p = stpcpy(json, negative ? "{\"a\":-" : "{\"a\":");
            sac_str doc = {NULL, 0};
            int rc;

            memset(p, '9', digits);
            strcpy(p + digits, "}");
            rc = sac__tagged_read(S(json), c.arena, &doc);
            CHECK_INT(rc, digits <= SAC__TAGGED_INTEGER_DIGITS ? SAC_OK : SAC_ELIMIT);
            if (rc == SAC_OK)
                assert_string_equal(write_doc(&c, doc, SAC_OK), json);
        }
    }
    codec_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tagged__is_the_same_both_ways),
        cmocka_unit_test(test_tagged__takes_what_flask_can_be_told_to_write),
        cmocka_unit_test(test_tagged__makes_text_of_other_types_or_refuses_them),
        cmocka_unit_test(test_tagged__refuses_what_python_could_not_hold),
        cmocka_unit_test(test_tagged__prints_floats_as_python_does),
        cmocka_unit_test(test_tagged__keeps_integers_of_any_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "json/encode.h"

#include "roundtrip.h"

static void test_encode__writes_every_type_plainly(void **state)
{
    (void)state;
    check_encoded(
        EVERY_TYPE, SAC_JSON_PLAIN, 0,
        "{\"_id\":\"0123456789abcdef01234567\",\"string\":\"a\\\"\\u0000\xe2\x82\xac"
        "b\",\"int\":-7,\"long\":\"9007199254740992\",\"double\":1.5,\"decimal\":\"1.10\","
        "\"date\":\"2026-11-22T09:41:00.123Z\",\"yes\":true,\"no\":false,\"null\":null,"
        "\"uuid\":\"73ffd264-44b3-4c69-90e8-e7d1dfc035d4\",\"old\":\"//8=\","
        "\"regex\":{\"$regularExpression\":{\"pattern\":\"^a\",\"options\":\"im\"}},"
        "\"time\":{\"$timestamp\":{\"t\":4294967295,\"i\":2}},\"code\":{\"$code\":\"f()\"},"
        "\"scoped\":{\"$code\":\"g()\",\"$scope\":{\"x\":1}},\"symbol\":{\"$symbol\":\"s\"},"
        "\"pointer\":{\"$dbPointer\":{\"$ref\":\"c\",\"$id\":{\"$oid\":"
        "\"0123456789abcdef01234567\"}}},\"min\":{\"$minKey\":1},\"max\":{\"$maxKey\":1},"
        "\"undefined\":{\"$undefined\":true},\"document\":{\"a\":{\"b\":{}}},"
        "\"array\":[\"x\",[],{\"y\":null}]}");
}

static void test_encode__round_trips_canonically(void **state)
{
    const sac_str doc = bson_of(EVERY_TYPE);
    const sac_str json = json_of(doc, SAC_JSON_CANONICAL, 0);
    const sac_str again = bson_of(json.p);

    (void)state;
    CHECK(sac_str_eq(again, doc));
    drop(again);
    drop(json);
    drop(doc);
}

static void test_encode__keeps_integers_exact(void **state)
{
    static const char from[] = "{\"a\":9007199254740991,\"b\":-9007199254740991,"
                               "\"c\":9007199254740992,\"d\":-9007199254740992,"
                               "\"e\":{\"$numberLong\":\"1\"},\"f\":2147483647}";

    (void)state;
    check_encoded(from, SAC_JSON_PLAIN, 0,
                  "{\"a\":9007199254740991,\"b\":-9007199254740991,\"c\":\"9007199254740992\","
                  "\"d\":\"-9007199254740992\",\"e\":1,\"f\":2147483647}");
    check_encoded(from, SAC_JSON_PLAIN, SAC_JSON_INT64_STRING,
                  "{\"a\":\"9007199254740991\",\"b\":\"-9007199254740991\","
                  "\"c\":\"9007199254740992\",\"d\":\"-9007199254740992\",\"e\":\"1\","
                  "\"f\":2147483647}");
    check_encoded(from, SAC_JSON_RELAXED, 0,
                  "{\"a\":9007199254740991,\"b\":-9007199254740991,\"c\":9007199254740992,"
                  "\"d\":-9007199254740992,\"e\":1,\"f\":2147483647}");
}

static void test_encode__writes_doubles(void **state)
{
    static const char from[] = "{\"a\":{\"$numberDouble\":\"NaN\"},\"b\":{\"$numberDouble\":"
                               "\"-Infinity\"},\"c\":1e100,\"d\":2.0,\"e\":-0.0}";

    (void)state;
    check_encoded(from, SAC_JSON_PLAIN, 0,
                  "{\"a\":null,\"b\":null,\"c\":1e100,\"d\":2.0,\"e\":-0.0}");
    check_encoded(from, SAC_JSON_RELAXED, 0,
                  "{\"a\":{\"$numberDouble\":\"NaN\"},\"b\":{\"$numberDouble\":\"-Infinity\"},"
                  "\"c\":1.0E+100,\"d\":2.0,\"e\":-0.0}");
}

static void test_encode__writes_dates(void **state)
{
    static const char from[] =
        "{\"a\":{\"$date\":{\"$numberLong\":\"0\"}},\"b\":{\"$date\":{\"$numberLong\":\"-1\"}},"
        "\"c\":{\"$date\":{\"$numberLong\":\"253402300800000\"}},"
        "\"d\":{\"$date\":{\"$numberLong\":\"-62167219200001\"}},"
        "\"e\":{\"$date\":{\"$numberLong\":\"9223372036854775807\"}}}";

    (void)state;
    check_encoded(from, SAC_JSON_PLAIN, 0,
                  "{\"a\":\"1970-01-01T00:00:00.000Z\",\"b\":\"1969-12-31T23:59:59.999Z\","
                  "\"c\":{\"$date\":{\"$numberLong\":\"253402300800000\"}},"
                  "\"d\":{\"$date\":{\"$numberLong\":\"-62167219200001\"}},"
                  "\"e\":{\"$date\":{\"$numberLong\":\"9223372036854775807\"}}}");
    check_encoded(from, SAC_JSON_PLAIN, SAC_JSON_EPOCH_DATES,
                  "{\"a\":0,\"b\":-1,\"c\":253402300800000,\"d\":-62167219200001,"
                  "\"e\":\"9223372036854775807\"}");
    check_encoded("{\"a\":{\"$date\":\"2026-11-22T09:41:00Z\"}}", SAC_JSON_RELAXED, 0,
                  "{\"a\":{\"$date\":\"2026-11-22T09:41:00Z\"}}");
}

static void test_encode__escapes(void **state)
{
    static const char from[] =
        "{\"<&>\":\"\\b\\f\\n\\r\\t\\u0001\\u001f\\u007f/\\\\</script>&\\u2028"
        "\\u2029\\u202a and a long tail without anything special\"}";

    (void)state;
    check_encoded(from, SAC_JSON_PLAIN, 0,
                  "{\"<&>\":\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f/\\\\</script>&\xe2\x80\xa8"
                  "\xe2\x80\xa9\xe2\x80\xaa and a long tail without anything special\"}");
    check_encoded(
        from, SAC_JSON_PLAIN, SAC_JSON_HTML,
        "{\"\\u003c\\u0026\\u003e\":\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f/\\\\\\u003c/script"
        "\\u003e\\u0026\\u2028\\u2029\xe2\x80\xaa and a long tail without anything "
        "special\"}");
    check_encoded(
        "{\"a\\\"b\\n\\u00e9\":1,\"\":2,\"sixteen bytes ab\":3,\"seventeen bytes ab\":4}",
        SAC_JSON_PLAIN, 0,
        "{\"a\\\"b\\n\xc3\xa9\":1,\"\":2,\"sixteen bytes ab\":3,\"seventeen bytes ab\":4}");
}

static void test_encode__is_pretty(void **state)
{
    (void)state;
    check_encoded("{\"a\":{\"b\":[1,[],{}]},\"c\":\"d\"}", SAC_JSON_PLAIN, SAC_JSON_PRETTY,
                  "{\n  \"a\": {\n    \"b\": [\n      1,\n      [],\n      {}\n    ]\n  },\n"
                  "  \"c\": \"d\"\n}");
    check_encoded("{}", SAC_JSON_PLAIN, SAC_JSON_PRETTY, "{}");
}

static void test_encode__takes_the_first_of_duplicates(void **state)
{
    char from[20000] = "{\"x\":1,\"nested\":{\"y\":1,\"y\":2},\"x\":2";
    size_t n = strlen(from);
    sac_str doc, json;

    (void)state;
    check_encoded("{\"a\":1,\"b\":2,\"a\":{\"c\":1},\"b\":3,\"c\":[0,0]}", SAC_JSON_PLAIN, 0,
                  "{\"a\":1,\"b\":2,\"c\":[0,0]}");
    /* Many keys, each twice. */
    for (int i = 0; i < 1000; i++)
        n += (size_t)snprintf(from + n, sizeof from - n, ",\"k%d\":1", i % 500);
    snprintf(from + n, sizeof from - n, "}");
    doc = bson_of(from);
    json = json_of(doc, SAC_JSON_PLAIN, 0);
    CHECK(strncmp(json.p, "{\"x\":1,\"nested\":{\"y\":1},\"k0\":1,", 30) == 0);
    n = 0;
    for (const char *p = json.p; (p = strstr(p, "\"k")) != NULL; p++)
        n++;
    CHECK_INT(n, 500);
    drop(json);
    drop(doc);
}

/* {"s": "<bytes>"}, {"<bytes>": null} and {"s": symbol} in memory of their exact size. */
static sac_str doc_with(sac_str bytes, uint8_t type, const char *key)
{
    char raw[64] = {0};
    sac_bson doc;
    sac_str out;

    sac_bson_init(&doc, NULL, 0);
    raw[0] = (char)(bytes.n + 1);
    memcpy(raw + 4, bytes.p, bytes.n);
    if (key)
        sac_bson_add_value(&doc, sac_str_of(key), (sac_value){type, sac_str_n(raw, bytes.n + 5)});
    else
        sac_bson_add_value(&doc, bytes, (sac_value){SAC_BSON_NULL, {NULL, 0}});
    CHECK_INT(sac_bson_finish(&doc, &out), SAC_OK);
    out = exact_copy(out);
    sac_bson_fini(&doc);
    return out;
}

static void check_bad_utf8(const char *bytes, const char *repaired, size_t pos)
{
    const sac__json_encoding strict = {.dialect = SAC_JSON_PLAIN};
    char want[128];
    sac_str doc = doc_with(sac_str_of(bytes), SAC_BSON_STRING, "s"), json;
    sac_err err = {.code = 0};
    sac__buf out;

    sac__buf_init(&out, NULL, 1 << 20);
    CHECK_INT(sac__json_encode(&strict, doc, &out, &err), SAC_ECORRUPT);
    CHECK_INT(err.pos, 4 + 3 + 4 + pos);
    CHECK_INT(out.n, 0);
    json = json_of(doc, SAC_JSON_PLAIN, SAC_JSON_REPAIR);
    snprintf(want, sizeof want, "{\"s\":\"%s\"}", repaired);
    CHECK_STR(json, want);
    drop(json);
    drop(doc);
    doc = doc_with(sac_str_of(bytes), 0, NULL);
    CHECK_INT(sac__json_encode(&strict, doc, &out, &err), SAC_ECORRUPT);
    json = json_of(doc, SAC_JSON_PLAIN, SAC_JSON_REPAIR);
    snprintf(want, sizeof want, "{\"%s\":null}", repaired);
    CHECK_STR(json, want);
    drop(json);
    drop(doc);
    sac__json_encode_str(&out, sac_str_of(bytes));
    snprintf(want, sizeof want, "\"%s\"", repaired);
    CHECK_STR(sac__buf_str(&out), want);
    sac__buf_fini(&out);
}

#define FFFD "\xef\xbf\xbd"

static void test_encode__repairs_utf8(void **state)
{
    (void)state;
    check_bad_utf8("\xff", FFFD, 0);
    check_bad_utf8("a\x80z", "a" FFFD "z", 1);
    check_bad_utf8("\xc0\xaf", FFFD FFFD, 0);
    check_bad_utf8("\xe0\x80\xaf", FFFD FFFD FFFD, 0);
    check_bad_utf8("\xed\xa0\x80", FFFD FFFD FFFD, 0);
    check_bad_utf8("\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD, 0);
    check_bad_utf8("\xe2\x82", FFFD, 0);
    check_bad_utf8("\xe2\x82x", FFFD "x", 0);
    check_bad_utf8("ok \xf0\x9f\x98 cut", "ok " FFFD " cut", 3);
    check_bad_utf8("\xf0\x9f\x98\x80\xf0\x9f", "\xf0\x9f\x98\x80" FFFD, 4);
    check_bad_utf8("a string of some length\xc3", "a string of some length" FFFD, 23);
}

static void test_encode__keeps_long_strings_whole(void **state)
{
    static const char *const units[] = {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\n"};

    (void)state;
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        for (size_t n = 500; n < 530; n++) {
            const size_t unit = strlen(units[u]);
            char *text = malloc(n * unit);
            sac__buf json;
            sac_str doc;

            CHECK(text != NULL);
            sac__buf_init(&json, NULL, 1 << 20);
            for (size_t i = 0; i < n; i++)
                memcpy(text + i * unit, units[u], unit);
            sac__buf_add_text(&json, "{\"s\":");
            sac__json_encode_str(&json, sac_str_n(text, n * unit));
            sac__buf_add(&json, "}", 2);
            CHECK_INT(json.error, SAC_OK);
            doc = bson_of(json.p);
            CHECK_INT(doc.n, n * unit + 13);
            CHECK(memcmp(doc.p + 11, text, n * unit) == 0);
            drop(doc);
            sac__buf_fini(&json);
            free(text);
        }
    }
}

static void test_encode__counts_a_maximum_exactly(void **state)
{
    const sac__json_encoding how = {.dialect = SAC_JSON_PLAIN};
    const sac_str doc = bson_of(EVERY_TYPE);
    const sac_str json = json_of(doc, SAC_JSON_PLAIN, 0);

    (void)state;
    for (size_t max = json.n - 40; max < json.n + 2; max++) {
        char *memory = malloc(max);
        sac__buf grown, fixed;

        CHECK(memory != NULL);
        sac__buf_init(&grown, NULL, max);
        sac__buf_init_fixed(&fixed, memory, max);
        CHECK_INT(sac__json_encode(&how, doc, &grown, NULL), max < json.n ? SAC_ETOOBIG : SAC_OK);
        CHECK_INT(sac__json_encode(&how, doc, &fixed, NULL), max < json.n ? SAC_ETOOBIG : SAC_OK);
        CHECK_INT(grown.n, max < json.n ? 0 : json.n);
        if (max >= json.n)
            CHECK(sac_str_eq(sac__buf_str(&fixed), json) && sac_str_eq(sac__buf_str(&grown), json));
        sac__buf_fini(&grown);
        free(memory);
    }
    drop(json);
    drop(doc);
}

static sac_str nested(int levels, bool arrays)
{
    sac_bson doc;
    sac_str out;

    sac_bson_init(&doc, NULL, 0);
    for (int i = 1; i < levels; i++)
        arrays ? sac_bson_begin_array(&doc, sac_str_of("a"))
               : sac_bson_begin_doc(&doc, sac_str_of("a"));
    for (int i = 1; i < levels; i++)
        sac_bson_end(&doc);
    CHECK_INT(sac_bson_finish(&doc, &out), SAC_OK);
    out = exact_copy(out);
    sac_bson_fini(&doc);
    return out;
}

static void test_encode__bounds_the_depth(void **state)
{
    (void)state;
    for (int arrays = 0; arrays < 2; arrays++) {
        sac__json_encoding how = {.dialect = SAC_JSON_PLAIN, .max_depth = 9};
        sac_str nine = nested(9, arrays), ten = nested(10, arrays), most = nested(100, arrays);
        sac_err err = {.code = 0};
        sac__buf out;

        sac__buf_init(&out, NULL, 1 << 20);
        CHECK_INT(sac__json_encode(&how, nine, &out, &err), SAC_OK);
        CHECK_INT(sac__json_encode(&how, ten, &out, &err), SAC_ELIMIT);
        how.max_depth = 0;
        CHECK_INT(sac__json_encode(&how, most, &out, &err), SAC_OK);
        sac__buf_fini(&out);
        drop(nine);
        drop(ten);
        drop(most);
    }
}

/* No crash, no read past the end, and never text that is no JSON. */
static void encode_hostile(sac_str bytes)
{
    static const sac_json_dialect dialects[] = {SAC_JSON_PLAIN, SAC_JSON_CANONICAL};

    for (size_t i = 0; i < 2; i++) {
        const sac__json_encoding how = {.dialect = dialects[i],
                                        .flags = i ? SAC_JSON_REPAIR : SAC_JSON_HTML};
        sac_str doc = {NULL, 0};
        sac_err err = {.code = 0};
        sac__buf out;

        sac__buf_init(&out, NULL, 1 << 20);
        if (sac__json_encode(&how, bytes, &out, &err) == SAC_OK) {
            const int rc = sac_json_decode(sac__buf_str(&out), NULL, NULL, &doc, &err);

            if (rc != SAC_OK && !strstr(err.text, "bad key") && !strstr(err.text, "Extended"))
                fail_msg("%s: %.*s", err.text, (int)out.n, out.p);
            drop(doc);
        } else {
            CHECK(err.pos <= bytes.n);
            CHECK_INT(out.n, 0);
        }
        sac__buf_fini(&out);
    }
}

static void test_encode__survives_damage(void **state)
{
    const sac_str doc = bson_of(EVERY_TYPE);

    (void)state;
    for (size_t n = 0; n < doc.n; n++) {
        const sac_str cut = exact_copy(sac_str_n(doc.p, n));

        encode_hostile(cut);
        drop(cut);
    }
    for (size_t i = 0; i < doc.n; i++) {
        static const unsigned char values[] = {0, 1, 4, 5, 0x22, 0x7f, 0x80, 0xc3, 0xff};
        const sac_str copy = exact_copy(doc);
        char *p = (char *)(uintptr_t)copy.p;

        for (size_t v = 0; v < sizeof values; v++) {
            p[i] = (char)values[v];
            encode_hostile(copy);
        }
        for (int bit = 0; bit < 8; bit++) {
            p[i] = (char)(doc.p[i] ^ 1 << bit);
            encode_hostile(copy);
        }
        drop(copy);
    }
    drop(doc);
}

static void test_encode__value_has_no_plan(void **state)
{
    const sac__plan closed = {.fields = NULL};
    const sac__json_encoding how = {.dialect = SAC_JSON_PLAIN, .plan = &closed};
    const sac_str doc = bson_of("{\"a\":{\"b\":[1]},\"c\":\"d\"}");
    sac_value value = sac_bson_get(doc, sac_str_of("a"));
    sac_err err = {.code = 0};
    sac__buf out;

    (void)state;
    sac__buf_init(&out, NULL, 1 << 20);
    CHECK_INT(sac__json_encode_value(&how, &value, &out, &err), SAC_OK);
    value = sac_bson_get(doc, sac_str_of("c"));
    CHECK_INT(sac__json_encode_value(&how, &value, &out, &err), SAC_OK);
    CHECK_STR(sac__buf_str(&out), "{\"b\":[1]}\"d\"");
    value = (sac_value){.type = SAC_BSON_MISSING};
    CHECK_INT(sac__json_encode_value(&how, &value, &out, &err), SAC_EINVAL);
    value = (sac_value){SAC_BSON_INT32, sac_str_n("\1\0\0", 3)};
    CHECK_INT(sac__json_encode_value(&how, &value, &out, &err), SAC_ECORRUPT);
    sac__json_encode_double(&out, 0.5);
    sac__json_encode_double(&out, 1e308 * 10);
    CHECK_STR(sac__buf_str(&out), "{\"b\":[1]}\"d\"0.5null");
    sac__buf_fini(&out);
    drop(doc);
}

static void test_encode__survives_oom(void **state)
{
    const sac__json_encoding how = {.dialect = SAC_JSON_PLAIN};
    char from[3000] = "{\"k\":0";
    size_t n = strlen(from);
    sac_str doc;

    (void)state;
    for (int i = 0; i < 200; i++)
        n += (size_t)snprintf(from + n, sizeof from - n, ",\"k%d\":1", i);
    snprintf(from + n, sizeof from - n, "}");
    doc = bson_of(from);
    for (long i = 0;; i++) {
        sac_err err = {.code = 0};
        fault_alloc fault;
        sac__buf out;
        int rc;

        sac__buf_init(&out, fault_alloc_init(&fault, i), 1 << 20);
        rc = sac__json_encode(&how, doc, &out, &err);
        CHECK(rc == SAC_OK || (rc == SAC_ENOMEM && out.n == 0 && err.code == rc));
        sac__buf_fini(&out);
        CHECK_INT(fault.live, 0);
        if (rc == SAC_OK)
            break;
        CHECK(i < 100);
    }
    drop(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encode__writes_every_type_plainly),
        cmocka_unit_test(test_encode__round_trips_canonically),
        cmocka_unit_test(test_encode__keeps_integers_exact),
        cmocka_unit_test(test_encode__writes_doubles),
        cmocka_unit_test(test_encode__writes_dates),
        cmocka_unit_test(test_encode__escapes),
        cmocka_unit_test(test_encode__is_pretty),
        cmocka_unit_test(test_encode__takes_the_first_of_duplicates),
        cmocka_unit_test(test_encode__repairs_utf8),
        cmocka_unit_test(test_encode__keeps_long_strings_whole),
        cmocka_unit_test(test_encode__counts_a_maximum_exactly),
        cmocka_unit_test(test_encode__bounds_the_depth),
        cmocka_unit_test(test_encode__survives_damage),
        cmocka_unit_test(test_encode__value_has_no_plan),
        cmocka_unit_test(test_encode__survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

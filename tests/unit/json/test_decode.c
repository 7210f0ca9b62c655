/* SPDX-License-Identifier: MIT */
#include "json/decode.h"

#include "decoded.h"

static void check_decoded(const char *text, const char *want)
{
    decoded d;

    decode(&d, (sac__json_decoding){.flags = SAC_JSON_KEY_RULES}, sac_str_of(text));
    if (d.rc != SAC_OK)
        fail_msg("%s: %s", text, d.err.text);
    CHECK_STR(sac_str_of(d.json), want);
}

static void check_refused(const char *text, int code, const char *why)
{
    decoded d;

    decode(&d, (sac__json_decoding){.flags = SAC_JSON_KEY_RULES}, sac_str_of(text));
    if (d.rc != code || !strstr(d.err.text, why))
        fail_msg("%s: %d, %s", text, d.rc, d.err.text);
    CHECK_INT(d.err.code, code);
    CHECK(d.err.pos <= strlen(text));
}

static void test_decode__goes_by_the_text_of_numbers(void **state)
{
    (void)state;
    check_decoded("{\"a\":1,\"b\":-2147483648,\"c\":2147483648,\"d\":9223372036854775807,"
                  "\"e\":9223372036854775808,\"f\":-0,\"g\":1.0,\"h\":1e2,\"i\":0}",
                  "{\"a\":{\"$numberInt\":\"1\"},\"b\":{\"$numberInt\":\"-2147483648\"},"
                  "\"c\":{\"$numberLong\":\"2147483648\"},"
                  "\"d\":{\"$numberLong\":\"9223372036854775807\"},"
                  "\"e\":{\"$numberDouble\":\"9.223372036854776E+18\"},"
                  "\"f\":{\"$numberDouble\":\"-0.0\"},\"g\":{\"$numberDouble\":\"1.0\"},"
                  "\"h\":{\"$numberDouble\":\"100.0\"},\"i\":{\"$numberInt\":\"0\"}}");
    check_refused("{\"a\":1e400}", SAC_ESYNTAX, "number too large");
    check_refused("{\"a\":-1e309}", SAC_ESYNTAX, "number too large");
}

static void test_decode__guesses_nothing_from_strings(void **state)
{
    static const char text[] =
        "{\"a\":\"0123456789abcdef01234567\",\"b\":\"2026-11-22\",\"c\":\"7\"}";

    (void)state;
    check_decoded(text, text);
}

static void test_decode__reads_escapes(void **state)
{
    (void)state;
    check_decoded(
        " { \"\\u0061\" : \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\\ud83d\\uDE00\\u0000.\" } ",
        "{\"a\":\"\\\"\\\\/\\b\\f\\n\\r\\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\\u0000.\"}");
    check_decoded(
        "{\"long enough for a step, \xe2\x82\xac then\":\"\xf0\x9f\x98\x80 and more text \\n\"}",
        "{\"long enough for a step, \xe2\x82\xac then\":\"\xf0\x9f\x98\x80 and more text \\n\"}");
}

static void test_decode__refuses_what_is_no_json(void **state)
{
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", "expected a value at line 1, column 1"},
        {"{", "expected a key at line 1, column 2"},
        {"{\"a\"}", "expected \":\" at line 1, column 5"},
        {"{\"a\":}", "expected a value at line 1, column 6"},
        {"{\"a\":1,}", "expected a key"},
        {"{\"a\":1 \"b\":2}", "expected \",\" or \"}\" at line 1, column 8"},
        {"{\"a\":[1,]}", "expected a value"},
        {"{\"a\":[1 2]}", "expected \",\" or \"]\""},
        {"{\"a\":[}", "expected a value"},
        {"{\"a\":1}x", "text behind the JSON value at line 1, column 8"},
        {"{\"a\":1}{}", "text behind"},
        {"\xef\xbb\xbf{}", "expected a value"},
        {"{a:1}", "expected a key"},
        {"{\"a\":nul}", "unexpected character"},
        {"{\"a\":truex}", "expected \",\""},
        {"{\"a\":01}", "expected \",\""},
        {"{\"a\":1.}", "malformed number"},
        {"{\"a\":-}", "malformed number"},
        {"{\"a\":NaN}", "expected a value"},
        {"{\"a\":'b'}", "expected a value"},
        {"{\"a\":\"b", "unterminated string"},
        {"{\"a\":\"\\x\"}", "bad escape"},
        {"{\"a\":\"\\u12\"}", "bad escape"},
        {"{\"a\":\"\\ud800\"}", "bad escape"},
        {"{\"a\":\"\\ud800\\u0041\"}", "bad escape"},
        {"{\"a\":\"\\udc00\"}", "bad escape"},
        {"{\"a\":\"\t\"}", "control character"},
        {"{\"a\":\"\xff\"}", "invalid UTF-8"},
        {"{\"a\":\"\xed\xa0\x80\"}", "invalid UTF-8"},
        {"{\"a\":\"\xe2\x82\"}", "invalid UTF-8"},
        {"{\"\xc0\x80\":1}", "invalid UTF-8"},
        {"{\"a\":1}\f", "text behind"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_refused(rows[i].text, SAC_ESYNTAX, rows[i].why);
    check_refused("[]", SAC_EINVAL, "expected an object at line 1, column 1");
    check_refused(" 1", SAC_EINVAL, "expected an object at line 1, column 2");
    check_refused("[1,", SAC_ESYNTAX, "expected a value");
    check_refused("\"a\" b", SAC_ESYNTAX, "text behind");
}

static void test_decode__tells_the_place(void **state)
{
    static const char text[] = "{\n  \"\xe2\x82\xac\": \"\xf0\x9f\x98\x80\",\r\n\"\xc3\xa9\": x}";
    decoded d;

    (void)state;
    decode(&d, (sac__json_decoding){.flags = 0}, sac_str_of(text));
    CHECK_INT(d.rc, SAC_ESYNTAX);
    CHECK_INT(d.err.pos, strlen(text) - 2);
    CHECK_STR(sac_str_of(d.err.text), "expected a value at line 3, column 6");
}

static void test_decode__holds_the_key_rules(void **state)
{
    static const char *const bad[] = {
        "{\"a\":1,\"a\":2}",
        "{\"a\":{\"b\":1,\"c\":2,\"b\":3}}",
        "{\"a\":[{\"b\":1,\"b\":2}]}",
        "{\"a\":1,\"\\u0061\":2}",
        "{\"\":1}",
        "{\"a\":{\"\":1}}",
        "{\"a.b\":1}",
        "{\".\":1}",
        "{\"$a\":1}",
        "{\"a\":{\"$gt\":1}}",
        "{\"\\u0024a\":1}",
        "{\"$ref\":\"c\",\"$id\":1}",
        "{\"__proto__\":1}",
        "{\"a\":[{\"__proto__\":1}]}",
        "{\"\\u005f_proto__\":1}",
        "{\"constructor\":{\"prototype\":1}}",
        "{\"constructor\":[{\"prototype\":1}]}",
        "{\"a\\u0000b\":1}",
        "{\"\\u0000\":1}",
        "{\"a\":{\"b\":1,\"$oid\":\"x\"}}",
        "{\"$oid\":\"0123456789abcdef01234567\"}",
        "{\"a.b\":{\"$undefined\":true}}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        decoded d;

        decode(&d, (sac__json_decoding){.flags = SAC_JSON_KEY_RULES}, sac_str_of(bad[i]));
        if (d.rc != SAC_ESYNTAX || strncmp(d.err.text, "bad key", 7) != 0)
            fail_msg("%s: %d, %s", bad[i], d.rc, d.err.text);
    }
    check_decoded(
        "{\"prototype\":true,\"constructor\":{\"a\":{\"prototype\":true}},\"a\":{\"a\":{}}}",
        "{\"prototype\":true,\"constructor\":{\"a\":{\"prototype\":true}},\"a\":{\"a\":{}}}");
}

static void test_decode__takes_any_key_without_the_rules(void **state)
{
    static const char text[] =
        "{\"a\":true,\"a\":false,\"\":true,\"x.y\":{\"$gt\":true,\"__proto__\":true}}";
    decoded d;
    sac_str doc, again;

    (void)state;
    doc = bson_of(text);
    again = bson_of("{\"a\":true,\"b\":false,\"\":true,\"x.y\":{\"$gt\":true,\"__proto__\":true}}");
    CHECK_INT(doc.n, again.n);
    drop(again);
    drop(doc);
    decode(&d, (sac__json_decoding){.flags = 0}, sac_str_of("{\"a\\u0000\":1}"));
    CHECK_INT(d.rc, SAC_ESYNTAX);
    CHECK(strncmp(d.err.text, "bad key", 7) == 0);
}

static int decode_with(bool dotted, bool operators, const char *text)
{
    decoded d;

    decode(
        &d,
        (sac__json_decoding){.flags = SAC_JSON_KEY_RULES, .dotted = dotted, .operators = operators},
        sac_str_of(text));
    CHECK(d.rc == SAC_OK || strncmp(d.err.text, "bad key", 7) == 0);
    return d.rc;
}

static void test_decode__takes_dots_where_it_may(void **state)
{
    (void)state;
    CHECK_INT(decode_with(true, false, "{\"a.b\":1,\"a.0.c\":2}"), SAC_OK);
    CHECK_INT(decode_with(true, false, "{\"a\":{\"b.c\":1}}"), SAC_ESYNTAX);
    CHECK_INT(decode_with(true, false, "{\"a..b\":1}"), SAC_ESYNTAX);
    CHECK_INT(decode_with(true, false, "{\"a.\":1}"), SAC_ESYNTAX);
    CHECK_INT(decode_with(true, false, "{\".a\":1}"), SAC_ESYNTAX);
    CHECK_INT(decode_with(true, false, "{\"a.$b\":1}"), SAC_ESYNTAX);
    CHECK_INT(decode_with(true, false, "{\"$set\":{}}"), SAC_ESYNTAX);
    CHECK_INT(decode_with(true, false, "{\"a.__proto__\":1}"), SAC_ESYNTAX);
    CHECK_INT(decode_with(true, false, "{\"constructor.prototype\":1}"), SAC_ESYNTAX);
    CHECK_INT(decode_with(true, false, "{\"a.b\":1,\"a.b\":1}"), SAC_ESYNTAX);
    CHECK_INT(decode_with(false, true, "{\"$or\":[{\"a.b\":{\"$gt\":1}},{\"a.$.b\":1}]}"), SAC_OK);
    CHECK_INT(decode_with(false, true, "{\"$or\":1,\"$or\":2}"), SAC_ESYNTAX);
    CHECK_INT(decode_with(false, true, "{\"a\":{\"__proto__\":1}}"), SAC_ESYNTAX);
    CHECK_INT(decode_with(false, true, "{\"\":1}"), SAC_ESYNTAX);
}

static void test_decode__finds_a_duplicate_among_many(void **state)
{
    enum { N = 10000 };
    char *text = malloc((size_t)N * 16);
    size_t n = 1;
    decoded d;

    (void)state;
    CHECK(text != NULL);
    text[0] = '{';
    for (int i = 0; i < N; i++)
        n += (size_t)sprintf(text + n, "\"k\\u0030%d\":1,", i);
    memcpy(text + n, "\"k09999\":2}", 12);
    decode(&d, (sac__json_decoding){.flags = SAC_JSON_KEY_RULES}, sac_str_of(text));
    CHECK_INT(d.rc, SAC_ESYNTAX);
    CHECK_INT(d.err.pos, n);
    CHECK(strstr(d.err.text, "duplicate"));
    memcpy(text + n, "\"k19999\":2}", 12);
    decode(&d, (sac__json_decoding){.flags = SAC_JSON_KEY_RULES}, sac_str_of(text));
    CHECK_INT(d.rc, SAC_OK);
    free(text);
}

static void test_decode__reads_extended_json(void **state)
{
    const sac_str doc = bson_of(EVERY_TYPE);
    const sac_str json = json_of(doc, SAC_JSON_CANONICAL, 0);

    (void)state;
    check_decoded(EVERY_TYPE, json.p);
    drop(json);
    drop(doc);
    check_decoded("{\"a\":{\"$date\":\"2026-11-22T09:41:00.123+01:00\"},\"b\":{\"$uuid\":"
                  "\"73ffd264-44b3-4c69-90e8-e7d1dfc035d4\"},\"c\":{\"\\u0024numberInt\":\"5\"},"
                  "\"d\":{\"$scope\":{\"a\":true},\"$code\":\"x\"}}",
                  "{\"a\":{\"$date\":{\"$numberLong\":\"1795336860123\"}},\"b\":{\"$binary\":"
                  "{\"base64\":\"c//SZESzTGmQ6OfR38A11A==\",\"subType\":\"04\"}},\"c\":{"
                  "\"$numberInt\":\"5\"},\"d\":{\"$code\":\"x\",\"$scope\":{\"a\":true}}}");
}

static void test_decode__reads_legacy_extended_json_where_told(void **state)
{
    static const struct {
        const char *text, *canonical;
    } rows[] = {
        {"{\"a\":{\"$date\":1795340460123}}",
         "{\"a\":{\"$date\":{\"$numberLong\":\"1795340460123\"}}}"},
        {"{\"a\":{\"$date\": -1 }}", "{\"a\":{\"$date\":{\"$numberLong\":\"-1\"}}}"},
        {"{\"a\":{\"$date\":{\"$numberLong\":\"5\"}}}",
         "{\"a\":{\"$date\":{\"$numberLong\":\"5\"}}}"},
        {"{\"a\":{\"$binary\":\"AQID\",\"$type\":\"00\"}}",
         "{\"a\":{\"$binary\":{\"base64\":\"AQID\",\"subType\":\"00\"}}}"},
        {"{\"a\":{ \"$binary\" : \"\" , \"$type\" : \"5\" }}",
         "{\"a\":{\"$binary\":{\"base64\":\"\",\"subType\":\"05\"}}}"},
        {"{\"a\":{\"$binary\":{\"base64\":\"AQID\",\"subType\":\"80\"}}}",
         "{\"a\":{\"$binary\":{\"base64\":\"AQID\",\"subType\":\"80\"}}}"},
    };
    static const char *const bad[] = {
        "{\"$date\":1.5}",
        "{\"$date\":1e3}",
        "{\"$date\":9223372036854775808}",
        "{\"$date\":1,\"a\":1}",
        "{\"$date\":-}",
        "{\"$binary\":\"AQID\"}",
        "{\"$binary\":\"AQID\",\"$type\":0}",
        "{\"$binary\":\"AQID\",\"$type\":\"000\"}",
        "{\"$binary\":\"AQID\",\"$type\":\"0g\"}",
        "{\"$binary\":\"AQI\",\"$type\":\"00\"}",
        "{\"$binary\":\"AQID\",\"type\":\"00\"}",
        "{\"$binary\":\"AQID\",\"$type\":\"00\",\"a\":1}",
        "{\"$type\":\"00\",\"$binary\":\"AQID\",\"a\":{\"$binary\":1}}",
    };
    const sac__json_decoding legacy = {.flags = SAC_JSON_LEGACY};
    decoded d;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        decode(&d, legacy, sac_str_of(rows[i].text));
        CHECK_INT(d.rc, SAC_OK);
        CHECK_STR(sac_str_of(d.json), rows[i].canonical);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        decode(&d, legacy, sac_str_of(bad[i]));
        CHECK_INT(d.rc, SAC_ESYNTAX);
    }
}

static void test_decode__refuses_malformed_extended_json(void **state)
{
    static const char *const bad[] = {
        "{\"$oid\":\"0123456789abcdef0123456\"}",
        "{\"$oid\":\"0123456789abcdef0123456g\"}",
        "{\"$oid\":1}",
        "{\"$oid\":\"0123456789abcdef01234567\",\"a\":1}",
        "{\"$oid\"}",
        "{\"$numberInt\":\"2147483648\"}",
        "{\"$numberInt\":\"1.0\"}",
        "{\"$numberInt\":\"\"}",
        "{\"$numberInt\":\" 1\"}",
        "{\"$numberLong\":\"9223372036854775808\"}",
        "{\"$numberDouble\":\"1e400\"}",
        "{\"$numberDouble\":\"inf\"}",
        "{\"$numberDouble\":1}",
        "{\"$numberDecimal\":\"1.\\u0000\"}",
        "{\"$numberDecimal\":1}",
        "{\"$binary\":\"\"}",
        "{\"$binary\":\"AQID\",\"$type\":\"00\"}",
        "{\"$binary\":{\"base64\":\"Zg=\",\"subType\":\"00\"}}",
        "{\"$binary\":{\"base64\":\"\",\"subType\":\"\"}}",
        "{\"$binary\":{\"base64\":\"\",\"subType\":\"000\"}}",
        "{\"$binary\":{\"base64\":\"\",\"subType\":\"0x\"}}",
        "{\"$binary\":{\"base64\":\"\",\"base64\":\"\"}}",
        "{\"$binary\":{\"base64\":\"\"}}",
        "{\"$uuid\":\"\"}",
        "{\"$date\":0}",
        "{\"$date\":\"2026-11-22T09:41:00\"}",
        "{\"$date\":{\"$numberLong\":0}}",
        "{\"$date\":{\"$numberInt\":\"0\"}}",
        "{\"$date\":{\"$numberLong\":\"0\",\"a\":1}}",
        "{\"$timestamp\":{\"t\":1}}",
        "{\"$timestamp\":{\"t\":-1,\"i\":1}}",
        "{\"$timestamp\":{\"t\":4294967296,\"i\":1}}",
        "{\"$timestamp\":{\"t\":1.0,\"i\":1}}",
        "{\"$minKey\":1.0}",
        "{\"$maxKey\":10}",
        "{\"$undefined\":false}",
        "{\"$symbol\":1}",
        "{\"$code\":\"a\",\"$scope\":1}",
        "{\"$scope\":{}}",
        "{\"$scope\":{},\"$scope\":{}}",
        "{\"$code\":\"a\",\"b\":1}",
        "{\"$dbPointer\":{\"$ref\":\"a\",\"$id\":\"b\"}}",
        "{\"$dbPointer\":{\"$ref\":\"a\"}}",
        "{\"$dbPointer\":{\"$ref\":\"a\",\"$id\":{\"$numberInt\":\"1\"}}}",
        "{\"$regularExpression\":\"a\"}",
        "{\"$regularExpression\":{\"pattern\":\"a\\u0000\",\"options\":\"\"}}",
        "{\"a\":1,\"$oid\":\"0123456789abcdef01234567\"}",
    };
    char text[200];

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        decoded d;

        snprintf(text, sizeof text, "{\"v\":%s}", bad[i]);
        decode(&d, (sac__json_decoding){.flags = 0}, sac_str_of(text));
        if (d.rc != SAC_ESYNTAX)
            fail_msg("%s: %d", text, d.rc);
    }
}

static void test_decode__bounds_depth_and_keys(void **state)
{
    static const char *const deep[] = {"{\"a\":{\"b\":{}}}", "{\"a\":[[]]}",
                                       "{\"a\":{\"$code\":\"\",\"$scope\":{\"b\":[]}}}"};
    char text[1000];
    decoded d;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        decode(&d, (sac__json_decoding){.max_depth = 3}, sac_str_of(deep[i]));
        CHECK_INT(d.rc, SAC_OK);
        decode(&d, (sac__json_decoding){.max_depth = 2}, sac_str_of(deep[i]));
        CHECK_INT(d.rc, SAC_ELIMIT);
        CHECK(strstr(d.err.text, "nested too deep at line 1, column"));
    }
    for (int levels = 99; levels <= 101; levels++) {
        memcpy(text, "{\"a\":", 5);
        memset(text + 5, '[', (size_t)levels - 1);
        memset(text + 4 + levels, ']', (size_t)levels - 1);
        memcpy(text + 3 + 2 * levels, "}", 2);
        decode(&d, (sac__json_decoding){.max_depth = 1000}, sac_str_of(text));
        CHECK_INT(d.rc, levels <= 100 ? SAC_OK : SAC_ELIMIT);
    }
    memset(text, '[', sizeof text);
    decode(&d, (sac__json_decoding){.max_depth = 0}, sac_str_n(text, sizeof text));
    CHECK_INT(d.rc, SAC_ELIMIT);
    decode(&d, (sac__json_decoding){.max_keys = 5}, sac_str_of("{\"a\":[1,2],\"b\":{\"c\":1}}"));
    CHECK_INT(d.rc, SAC_OK);
    decode(&d, (sac__json_decoding){.max_keys = 4}, sac_str_of("{\"a\":[1,2],\"b\":{\"c\":1}}"));
    CHECK_INT(d.rc, SAC_ELIMIT);
}

static void test_decode__bounds_the_size(void **state)
{
    const sac__json_decoding how = {.flags = 0};
    const sac_str json = sac_str_of("{\"a\":\"a string\",\"b\":\"with \\\"escapes\\\"\"}");

    (void)state;
    for (size_t max = 10; max < 60; max++) {
        sac_err err = {.code = 0};
        sac_bson out;
        sac_str doc;
        int rc;

        sac_bson_init(&out, NULL, max);
        rc = sac__json_decode(&how, json, &out, &err);
        if (rc == SAC_OK)
            rc = sac_bson_finish(&out, &doc);
        CHECK_INT(rc, max < 43 ? SAC_ETOOBIG : SAC_OK);
        sac_bson_fini(&out);
    }
}

typedef struct items {
    sac_bson doc;
    size_t begun, ended, fail_at;
    decoded seen;
} items;

static int begin_item(void *self, size_t index, sac_bson **out)
{
    items *it = self;

    CHECK_INT(index, it->begun);
    if (index == it->fail_at)
        return SAC_EFULL;
    it->begun++;
    sac_bson_init(&it->doc, NULL, 0);
    *out = &it->doc;
    return SAC_OK;
}

static int end_item(void *self, size_t index)
{
    items *it = self;

    CHECK_INT(index, it->ended);
    it->ended++;
    take_document(&it->seen, &it->doc);
    sac_bson_fini(&it->doc);
    return SAC_OK;
}

static int decode_items_with(const sac_alloc *alloc, items *it, const char *text, sac_err *err)
{
    const sac__json_items calls = {.begin = begin_item, .end = end_item, .self = it};
    const sac__json_decoding how = {.flags = SAC_JSON_KEY_RULES,
                                    .max_keys = 2,
                                    .plan = &plan,
                                    .misfit = note_misfit,
                                    .self = &it->seen};
    int rc;

    memset(it, 0, sizeof *it);
    it->fail_at = 3;
    rc = sac__json_decode_items(&how, sac_str_of(text), alloc, &calls, err);
    if (it->begun > it->ended)
        sac_bson_fini(&it->doc);
    return rc;
}

static int decode_items(items *it, const char *text, sac_err *err)
{
    return decode_items_with(NULL, it, text, err);
}

static void test_decode__reads_items(void **state)
{
    sac_err err = {.code = 0};
    items it;

    (void)state;
    CHECK_INT(decode_items(&it, " [ {\"int\":\"x\"}, {} ,{\"point\":{\"y\":1}}]", &err), SAC_OK);
    CHECK_INT(it.ended, 3);
    CHECK_STR(sac_str_of(it.seen.misfits), "0.int:type 2.point.y:unknown");
    CHECK_INT(decode_items(&it, "[]", &err), SAC_OK);
    CHECK_INT(it.begun, 0);
    CHECK_INT(decode_items(&it, "[{},{},{},{}]", &err), SAC_EFULL);
    CHECK_INT(it.ended, 3);
    CHECK_INT(decode_items(&it, "[{},1]", &err), SAC_EINVAL);
    CHECK_STR(sac_str_of(err.text), "expected an object as element 1 at line 1, column 5");
    CHECK_INT(decode_items(&it, "{}", &err), SAC_EINVAL);
    CHECK_INT(decode_items(&it, "7", &err), SAC_EINVAL);
    CHECK_INT(decode_items(&it, "[{}", &err), SAC_ESYNTAX);
    CHECK_INT(decode_items(&it, "[{}] x", &err), SAC_ESYNTAX);
    CHECK_INT(decode_items(&it, "[{\"ints\":[1,2]}]", &err), SAC_ELIMIT);
    CHECK_INT(decode_items(&it, "[{\"ints\":[1]},{\"ints\":[1]}]", &err), SAC_OK);
}

static void check_value(const sac__plan_field *field, const char *json, int code, const char *want)
{
    decoded d = {.rc = 0};
    const sac__json_decoding how = {.flags = SAC_JSON_KEY_RULES, .misfit = note_misfit, .self = &d};
    sac_bson out;

    sac_bson_init(&out, NULL, 0);
    CHECK_INT(sac__json_decode_value(&how, field, sac_str_of(json), sac_str_of("k"), &out, &d.err),
              code);
    if (code == SAC_OK) {
        take_document(&d, &out);
        CHECK_STR(sac_str_of(d.json), want);
    }
    sac_bson_fini(&out);
}

static void test_decode__reads_single_values(void **state)
{
    (void)state;
    check_value(NULL, " 7 ", SAC_OK, "{\"k\":{\"$numberInt\":\"7\"}}");
    check_value(&typed[5], "7", SAC_OK, "{\"k\":{\"$numberDouble\":\"7.0\"}}");
    check_value(&typed[8], "\"0123456789abcdef01234567\"", SAC_OK,
                "{\"k\":{\"$oid\":\"0123456789abcdef01234567\"}}");
    check_value(NULL, "{\"$oid\":\"0123456789abcdef01234567\"}", SAC_OK,
                "{\"k\":{\"$oid\":\"0123456789abcdef01234567\"}}");
    check_value(NULL, "[1,2", SAC_ESYNTAX, NULL);
    check_value(NULL, "1 2", SAC_ESYNTAX, NULL);
    check_value(NULL, "", SAC_ESYNTAX, NULL);
}

/* Whatever the bytes: no crash, and what is taken is a sound document. */
static void decode_hostile(sac_str text)
{
    decoded d;

    decode(&d, (sac__json_decoding){.flags = SAC_JSON_KEY_RULES}, text);
    decode(&d, (sac__json_decoding){.flags = 0, .plan = &plan}, text);
}

static void test_decode__survives_damage(void **state)
{
    static const char text[] = EVERY_TYPE;
    const size_t n = sizeof text - 1;

    (void)state;
    for (size_t i = 0; i < n; i++) {
        static const char values[] = "\"\\{}[]:,0$ \xc3u";
        char copy[sizeof text];

        decode_hostile(sac_str_n(text, i));
        memcpy(copy, text, n);
        for (size_t v = 0; v < sizeof values; v++) {
            copy[i] = values[v];
            decode_hostile(sac_str_n(copy, n));
        }
        for (int bit = 0; bit < 8; bit++) {
            copy[i] = (char)(text[i] ^ 1 << bit);
            decode_hostile(sac_str_n(copy, n));
        }
    }
}

static void test_decode__items_survive_oom(void **state)
{
    int rc = SAC_ENOMEM;

    (void)state;
    for (long i = 0; rc != SAC_OK; i++) {
        fault_alloc fault;
        sac_err err;
        items it;

        rc = decode_items_with(fault_alloc_init(&fault, i), &it,
                               "[{\"\\u0061\":\"x\\n\"},{\"\\u0062\":\"\\u0063\"}]", &err);
        CHECK_INT(fault.live, 0);
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        /* What is needed on the way comes from the allocator. */
        CHECK((rc == SAC_OK) == (i > 0 && fault.calls <= i));
        CHECK(i < 50);
    }
}

static int decode_failing(fault_alloc *fault, long left, const char *text)
{
    decoded d = {.rc = 0};
    const sac__json_decoding how = {
        .flags = SAC_JSON_KEY_RULES, .plan = &plan, .misfit = note_misfit, .self = &d};
    sac_bson out;
    sac_str doc;
    int rc;

    sac_bson_init(&out, fault_alloc_init(fault, left), 0);
    rc = sac__json_decode(&how, sac_str_of(text), &out, &d.err);
    if (rc == SAC_OK)
        rc = sac_bson_finish(&out, &doc);
    sac_bson_fini(&out);
    return rc;
}

static void test_decode__survives_oom(void **state)
{
    char text[4000] =
        "{\"point\":\"\\u0061\",\"oid\":\"\\u0030\",\"\\u0073tring\":\"a\\n\",\"free\":{"
        "\"a\":{\"$code\":\"x\",\"$scope\":{\"y\":{\"$regularExpression\":{\"pattern\":"
        "\"a\\n\",\"options\":\"\"}}}},\"b\":{\"$binary\":{\"base64\":\"Zm\\u0039v\","
        "\"subType\":\"00\"}}";
    size_t n = strlen(text);

    (void)state;
    for (int i = 0; i < 150; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, ",\"\\u006b%d\":1", i);
    snprintf(text + n, sizeof text - n, "},\"binary\":\"Zm9v\",\"other\":[]}");
    for (long i = 0;; i++) {
        fault_alloc fault;
        const int rc = decode_failing(&fault, i, text);

        CHECK_INT(fault.live, 0);
        if (rc == SAC_OK)
            break;
        CHECK_INT(rc, SAC_ENOMEM);
        CHECK(i < 200);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode__goes_by_the_text_of_numbers),
        cmocka_unit_test(test_decode__guesses_nothing_from_strings),
        cmocka_unit_test(test_decode__reads_escapes),
        cmocka_unit_test(test_decode__refuses_what_is_no_json),
        cmocka_unit_test(test_decode__tells_the_place),
        cmocka_unit_test(test_decode__holds_the_key_rules),
        cmocka_unit_test(test_decode__takes_any_key_without_the_rules),
        cmocka_unit_test(test_decode__takes_dots_where_it_may),
        cmocka_unit_test(test_decode__finds_a_duplicate_among_many),
        cmocka_unit_test(test_decode__reads_extended_json),
        cmocka_unit_test(test_decode__reads_legacy_extended_json_where_told),
        cmocka_unit_test(test_decode__refuses_malformed_extended_json),
        cmocka_unit_test(test_decode__bounds_depth_and_keys),
        cmocka_unit_test(test_decode__bounds_the_size),
        cmocka_unit_test(test_decode__reads_items),
        cmocka_unit_test(test_decode__reads_single_values),
        cmocka_unit_test(test_decode__survives_damage),
        cmocka_unit_test(test_decode__survives_oom),
        cmocka_unit_test(test_decode__items_survive_oom),
    };

    return cmocka_run_group_tests(tests, index_plans, unindex_plans);
}

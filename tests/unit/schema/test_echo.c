/* SPDX-License-Identifier: MIT */
#include "unit/bson/corpus.h"
#include "unit/schema/fixture.h"

typedef struct echo_case {
    const char *stored; /* Extended JSON */
    const char *sent;   /* as it comes out of the decoder, likewise */
    bool echoes;
} echo_case;

#define INT64(n) "{\"$numberLong\":\"" n "\"}"
#define DOUBLE(n) "{\"$numberDouble\":\"" n "\"}"
#define DECIMAL(n) "{\"$numberDecimal\":\"" n "\"}"
#define BINARY(text, subtype) "{\"$binary\":{\"base64\":\"" text "\",\"subType\":\"" subtype "\"}}"
#define UUID "\"00112233-4455-6677-8899-aabbccddeeff\""
#define UUID_BYTES "ABEiM0RVZneImaq7zN3u/w=="
#define DATE(n) "{\"$date\":{\"$numberLong\":\"" n "\"}}"
#define OID "{\"$oid\":\"" ID "\"}"

static const echo_case cases[] = {
    {"1", "1", true},
    {"1", "2", false},
    {INT64("1"), "1", true},
    {DOUBLE("1.0"), "1", true},
    {DOUBLE("1.5"), "1.5", true},
    {DOUBLE("1.5"), "1", false},
    {"3", DOUBLE("3.0"), true},
    {"3", "\"3\"", false},
    {"3", "true", false},
    {DOUBLE("0.0"), DOUBLE("-0.0"), true},
    {DOUBLE("NaN"), "null", true},
    {DOUBLE("Infinity"), "null", true},
    {DOUBLE("NaN"), DOUBLE("NaN"), true},
    {DOUBLE("Infinity"), DOUBLE("-Infinity"), false},
    {DOUBLE("1.0"), "null", false},
    {INT64("9007199254740993"), "\"9007199254740993\"", true},
    {INT64("9007199254740993"), INT64("9007199254740993"), true},
    {INT64("9007199254740993"), INT64("9007199254740992"), false},
    {INT64("9007199254740993"), DOUBLE("9007199254740992.0"), false},
    {INT64("9007199254740991"), "\"9007199254740991\"", false},
    {INT64("9007199254740991"), DOUBLE("9007199254740991.0"), true},
    {INT64("-9007199254740993"), "\"-9007199254740993\"", true},
    {DECIMAL("1.50"), "\"1.50\"", true},
    {DECIMAL("1.50"), "\"1.5\"", false},
    {DECIMAL("1.50"), DECIMAL("1.50"), true},
    {DECIMAL("1.50"), DECIMAL("1.5"), false},
    {DECIMAL("1.5"), DOUBLE("1.5"), false},
    {DOUBLE("0.1"), DECIMAL("0.1"), true},
    {DOUBLE("1e300"), DECIMAL("1E+300"), true},
    {DOUBLE("0.1"), DECIMAL("0.2"), false},
    {DOUBLE("0.1"), DECIMAL("NaN"), false},
    {"7", DECIMAL("7"), true},
    {INT64("9007199254740993"), DECIMAL("9007199254740993"), true},
    {INT64("9007199254740993"), DECIMAL("9007199254740992"), false},
    {"\"1.50\"", DECIMAL("1.50"), true},
    {"\"1.5\"", DECIMAL("1.50"), false},
    {OID, "\"" ID "\"", true},
    {OID, "\"00112233445566778899AABB\"", false},
    {OID, OID, true},
    {"\"00112233445566778899AABB\"", OID, true},
    {"\"00112233445566778899aabc\"", OID, false},
    {DATE("0"), "\"1970-01-01T00:00:00.000Z\"", true},
    {DATE("0"), "\"1970-01-01\"", false},
    {DATE("0"), DATE("0"), true},
    {DATE("0"), "0", false},
    {DATE("-99999999999999"), DATE("-99999999999999"), true},
    {"\"1970-01-01\"", DATE("0"), true},
    {"\"1970-01-02\"", DATE("0"), false},
    {BINARY("AAEC", "00"), "\"AAEC\"", true},
    {BINARY("AAECAwQ=", "05"), "\"AAECAwQ=\"", true},
    {BINARY("AAECAwQ=", "00"), "\"AAECAwU=\"", false},
    {BINARY("AAEC", "00"), "\"AAECAw==\"", false},
    {BINARY("AAEC", "02"), "\"AAEC\"", true},
    {BINARY("AAEC", "05"), BINARY("AAEC", "00"), true},
    {BINARY("AAEC", "00"), BINARY("AAEC", "05"), false},
    {BINARY(UUID_BYTES, "04"), UUID, true},
    {BINARY(UUID_BYTES, "04"), "\"" UUID_BYTES "\"", false},
    {BINARY(UUID_BYTES, "04"), BINARY(UUID_BYTES, "00"), false},
    {BINARY(UUID_BYTES, "03"), "\"" UUID_BYTES "\"", true},
    {BINARY("AAEC", "04"), "\"AAEC\"", true},
    {"\"AAEC\"", BINARY("AAEC", "00"), true},
    {"\"AAED\"", BINARY("AAEC", "00"), false},
    {UUID, BINARY(UUID_BYTES, "04"), true},
    {"\"x\"", "\"x\"", true},
    {"\"x\"", "\"y\"", false},
    {"\"x\"", "null", false},
    {"null", "null", true},
    {"true", "true", true},
    {"true", "false", false},
    {"true", "1", false},
    {"{\"$undefined\":true}", "{\"$undefined\":true}", true},
    {"{\"$undefined\":true}", "null", false},
    {"{\"$minKey\":1}", "{\"$minKey\":1}", true},
    {"{\"$minKey\":1}", "{\"$maxKey\":1}", false},
    {"{\"$symbol\":\"a\"}", "{\"$symbol\":\"a\"}", true},
    {"{\"$timestamp\":{\"t\":1,\"i\":2}}", "{\"$timestamp\":{\"t\":1,\"i\":2}}", true},
    {"{\"$timestamp\":{\"t\":1,\"i\":2}}", "{\"$timestamp\":{\"t\":1,\"i\":3}}", false},
    {"{\"$regularExpression\":{\"pattern\":\"a\",\"options\":\"i\"}}",
     "{\"$regularExpression\":{\"pattern\":\"a\",\"options\":\"i\"}}", true},
    {"{\"$code\":\"x\"}", "{\"$code\":\"x\"}", true},
    {"{\"$code\":\"x\",\"$scope\":{}}", "{\"$code\":\"x\",\"$scope\":{}}", true},
    {"{\"a\":" OID ",\"b\":1}", "{\"b\":1,\"a\":\"" ID "\"}", true},
    {"{\"a\":1,\"b\":1}", "{\"a\":1}", false},
    {"{\"a\":1}", "{\"a\":1,\"b\":1}", false},
    {"{\"a\":1,\"b\":2}", "{\"a\":1,\"c\":2}", false},
    {"[1," DATE("0") "]", "[1,\"1970-01-01T00:00:00.000Z\"]", true},
    {"[1,2]", "[1]", false},
    {"[1]", "[1,2]", false},
    {"[1,2]", "[2,1]", false},
    {"{}", "[]", false},
    {"[]", "{}", false},
};

static sac_value value_of(fixture *f, const char *json)
{
    char text[500];

    snprintf(text, sizeof text, "{\"v\":%s}", json);
    return sac_bson_get(fixture_doc(f, text), sac_str_of("v"));
}

static void test_echo__knows_every_type(void **state)
{
    fixture f;

    (void)state;
    fixture_fields(&f, NULL, true);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const sac_value sent = value_of(&f, cases[i].sent);
        const sac_value stored = value_of(&f, cases[i].stored);

        if (sac__schema_echoes(&sent, &stored) != cases[i].echoes)
            fail_msg("stored %s, sent %s", cases[i].stored, cases[i].sent);
    }
    fixture_close(&f);
}

static void test_echo__takes_nothing_for_something(void **state)
{
    const sac_value missing = {.type = SAC_BSON_MISSING};
    const sac_value null = {.type = SAC_BSON_NULL};

    (void)state;
    CHECK(!sac__schema_echoes(&missing, &missing));
    CHECK(!sac__schema_echoes(&null, &missing));
    CHECK(!sac__schema_echoes(&missing, &null));
}

static bool text_echoes(fixture *f, const char *sent, const char *stored)
{
    sac_bson doc;
    sac_str bytes;
    sac_value a, b;

    sac_bson_init(&doc, sac__arena_alloc(f->arena), 0);
    sac_bson_add_str(&doc, "a", sac_str_of(sent));
    sac_bson_add_str(&doc, "b", sac_str_of(stored));
    CHECK_INT(sac_bson_finish(&doc, &bytes), SAC_OK);
    a = sac_bson_get(bytes, sac_str_of("a"));
    b = sac_bson_get(bytes, sac_str_of("b"));
    return sac__schema_echoes(&a, &b);
}

static void test_echo__knows_strings_that_were_repaired(void **state)
{
    fixture f;

    (void)state;
    fixture_fields(&f, NULL, true);
    CHECK(text_echoes(&f,
                      "a\xef\xbf\xbd"
                      "b\xc3\xa4",
                      "a\xff"
                      "b\xc3\xa4"));
    CHECK(text_echoes(&f, "\xef\xbf\xbd\xef\xbf\xbd", "\xff\xc3"));
    CHECK(text_echoes(&f, "\xef\xbf\xbd!", "\xf0\x9f\x98!"));
    CHECK(!text_echoes(&f, "\xef\xbf\xbd", "\xff\xff"));
    CHECK(!text_echoes(&f, "\xef\xbf\xbd\xef\xbf\xbd", "\xff"));
    CHECK(!text_echoes(&f, "a", "ab"));
    CHECK(!text_echoes(&f, "ab", "a"));
    fixture_close(&f);
}

static void test_echo__bounds_its_depth(void **state)
{
    sac_bson doc;
    sac_str a, b;
    fixture f;

    (void)state;
    fixture_fields(&f, NULL, true);
    sac_bson_init(&doc, sac__arena_alloc(f.arena), 0);
    sac_bson_add_int32(&doc, "a", 1);
    CHECK_INT(sac_bson_finish(&doc, &a), SAC_OK);
    sac_bson_init(&doc, sac__arena_alloc(f.arena), 0);
    sac_bson_add_double(&doc, "a", 1);
    CHECK_INT(sac_bson_finish(&doc, &b), SAC_OK);
    for (int i = 0; i < 150; i++) {
        const sac_value sent = {.type = SAC_BSON_DOCUMENT, .raw = a};
        const sac_value stored = {.type = SAC_BSON_DOCUMENT, .raw = b};

        CHECK_INT(sac__schema_echoes(&sent, &stored), i < SAC_BSON_DEPTH - 1);
        sac_bson_init(&doc, sac__arena_alloc(f.arena), 0);
        sac_bson_add_doc(&doc, "a", a);
        CHECK_INT(sac_bson_finish(&doc, &a), SAC_OK);
        sac_bson_init(&doc, sac__arena_alloc(f.arena), 0);
        sac_bson_add_doc(&doc, "a", b);
        CHECK_INT(sac_bson_finish(&doc, &b), SAC_OK);
    }
    fixture_close(&f);
}

/* Fetches a document in one dialect and saves what it got. */
static bool changes_nothing(sac_str stored, sac_json_dialect dialect, int *taken)
{
    sac__json_encoding encoding = {.dialect = dialect, .flags = SAC_JSON_REPAIR};
    sac__body body;
    sac__making making;
    sac__buf json;
    sac_str doc = {NULL, 0};
    bool same = true;
    fixture f;

    fixture_fields(&f, NULL, true);
    encoding.plan = sac__schema_plan(f.schema);
    sac__buf_init(&json, sac__arena_alloc(f.arena), 1 << 20);
    CHECK_INT(sac__json_encode(&encoding, stored, &json, NULL), SAC_OK);
    if (sac__schema_decode(f.schema, NULL, sac__buf_str(&json), false, f.arena, &body, NULL) ==
        SAC_OK) {
        making = fixture_making(&f);
        CHECK_INT(sac__schema_replace(&making, &body, stored, &doc), SAC_OK);
        same = sac_str_eq(doc, stored);
        ++*taken;
    }
    fixture_close(&f);
    return same;
}

static int plain_taken, relaxed_taken, canonical_taken;

static void check_row(const char *file, const cJSON *row)
{
    sac_str stored;
    char *bytes = corpus_bytes(corpus_text(row, "canonical_bson"), &stored);

    if (!changes_nothing(stored, SAC_JSON_PLAIN, &plain_taken) ||
        !changes_nothing(stored, SAC_JSON_RELAXED, &relaxed_taken) ||
        !changes_nothing(stored, SAC_JSON_CANONICAL, &canonical_taken))
        fail_msg("%s, %s: changed", file, corpus_text(row, "description"));
    free(bytes);
}

static void test_echo__changes_nothing_of_the_corpus(void **state)
{
    (void)state;
    plain_taken = relaxed_taken = canonical_taken = 0;
    CHECK_INT(corpus_each("", "valid", check_row), 734);
    CHECK(plain_taken > 700 && relaxed_taken > 700 && canonical_taken > 700);
}

/* A field of every type, alone, in a document and in an array. */
static void check_declared(sac_type type, const char *value)
{
    const sac_field inner[] = {{.name = "f", .type = type, .max_length = 0}, {.name = NULL}};
    const sac_field fields[] = {{.name = "f", .type = type},
                                {.name = "d", .type = SAC_DOCUMENT, .fields = inner},
                                {.name = "l", .type = SAC_ARRAY, .items = inner},
                                {.name = NULL}};
    sac__json_encoding encoding = {.dialect = SAC_JSON_PLAIN, .flags = SAC_JSON_REPAIR};
    char text[1000];
    sac__buf json;
    sac_str stored;
    fixture f;

    fixture_fields(&f, fields, false);
    snprintf(text, sizeof text, STORED_ID ",\"f\":%s,\"d\":{\"f\":%s},\"l\":[%s]}", value, value,
             value);
    stored = fixture_doc(&f, text);
    encoding.plan = sac__schema_plan(f.schema);
    sac__buf_init(&json, sac__arena_alloc(f.arena), 10000);
    CHECK_INT(sac__json_encode(&encoding, stored, &json, NULL), SAC_OK);
    sac__buf_add_char(&json, '\0');
    stored = fixture_json(&f, stored);
    for (int patch = 0; patch < 2; patch++) {
        const sac_str got = patch ? modify(&f, text, json.p) : replace(&f, text, json.p);

        if (!sac_str_eq(got, stored))
            fail_msg("type %d, stored %s: %.*s", (int)type, value, (int)got.n, got.p);
    }
    fixture_close(&f);
}

static void test_echo__changes_nothing_whatever_the_table_says(void **state)
{
    (void)state;
    for (int type = SAC_ANY; type <= SAC_ARRAY; type++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            check_declared((sac_type)type, cases[i].stored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_echo__knows_every_type),
        cmocka_unit_test(test_echo__takes_nothing_for_something),
        cmocka_unit_test(test_echo__knows_strings_that_were_repaired),
        cmocka_unit_test(test_echo__bounds_its_depth),
        cmocka_unit_test(test_echo__changes_nothing_of_the_corpus),
        cmocka_unit_test(test_echo__changes_nothing_whatever_the_table_says),
    };

    return cmocka_run_group_tests_name("schema echo", tests, NULL, NULL);
}

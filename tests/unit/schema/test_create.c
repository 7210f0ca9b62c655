/* SPDX-License-Identifier: MIT */
#include "unit/schema/fixture.h"

#define HEAD STORED_ID

static void check_create(const sac_field *fields, const char *json, const char *want)
{
    fixture f;

    fixture_fields(&f, fields, false);
    CHECK_STR(create(&f, json), want);
    fixture_close(&f);
}

static const sac_field todo[] = {
    {.name = "title", .type = SAC_STRING, .required = true, .max_length = 5},
    {.name = "completed", .type = SAC_BOOL, .fallback = "false"},
    {.name = "due", .type = SAC_DATE},
    {.name = NULL},
};

static void test_create__puts_id_body_and_defaults(void **state)
{
    (void)state;
    check_create(todo, "{\"due\":\"2026-01-02\",\"title\":\"a\"}",
                 HEAD ",\"due\":{\"$date\":{\"$numberLong\":\"1767312000000\"}},\"title\":\"a\","
                      "\"completed\":false}");
}

static void test_create__tells_every_error_at_once(void **state)
{
    (void)state;
    check_create(todo, "{\"x\":1,\"due\":\"soon\",\"completed\":3}",
                 "x: unknown field; due: must be a date; completed: must be true or false; "
                 "title: required");
}

static void test_create__puts_the_prefix_before_paths(void **state)
{
    fixture f;

    (void)state;
    fixture_fields(&f, todo, false);
    f.prefix = "3.";
    CHECK_STR(create(&f, "{\"x\":1,\"title\":3}"), "3.x: unknown field; 3.title: must be a string");
    fixture_close(&f);
}

static void test_create__does_not_mind_the_errors_of_others(void **state)
{
    const sac_value id = {.type = SAC_BSON_NULL};
    sac__making making;
    sac__body good, bad;
    sac_str doc;
    fixture f;

    (void)state;
    fixture_fields(&f, todo, false);
    bad = fixture_body(&f, "{}", false);
    good = fixture_body(&f, "{\"title\":\"a\"}", false);
    making = fixture_making(&f);
    CHECK_INT(sac__schema_create(&making, &bad, id, &doc), SAC_EVALIDATION);
    CHECK_INT(sac__schema_create(&making, &good, id, &doc), SAC_OK);
    CHECK_INT(f.errors.n, 1);
    fixture_close(&f);
}

static void test_create__counts_errors_beyond_those_it_keeps(void **state)
{
    char json[8000] = "{\"l\":[";
    static const sac_field item[] = {{.name = "", .type = SAC_INT}};
    static const sac_field fields[] = {{.name = "l", .type = SAC_ARRAY, .items = item},
                                       {.name = NULL}};
    fixture f;

    (void)state;
    for (int i = 0; i < 500; i++)
        strcat(json, i ? ",\"x\"" : "\"x\"");
    strcat(json, "]}");
    fixture_fields(&f, fields, false);
    (void)create(&f, json);
    CHECK_INT(f.rc, SAC_EVALIDATION);
    CHECK_INT(f.errors.n, 500);
    fixture_close(&f);
}

static void test_create__counts_code_points(void **state)
{
    (void)state;
    check_create(todo, "{\"title\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80xy\"}",
                 HEAD ",\"title\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80xy\",\"completed\":false}");
    check_create(todo, "{\"title\":\"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\"}",
                 "title: must have at most 5 characters");
}

static void test_create__tells_types(void **state)
{
    static const sac_field fields[] = {
        {.name = "a", .type = SAC_STRING},   {.name = "b", .type = SAC_BOOL},
        {.name = "c", .type = SAC_INT},      {.name = "d", .type = SAC_INT64},
        {.name = "e", .type = SAC_DOUBLE},   {.name = "f", .type = SAC_DECIMAL},
        {.name = "g", .type = SAC_DATE},     {.name = "h", .type = SAC_OBJECTID},
        {.name = "i", .type = SAC_UUID},     {.name = "j", .type = SAC_BINARY},
        {.name = "k", .type = SAC_DOCUMENT}, {.name = "l", .type = SAC_ARRAY},
        {.name = "m", .type = SAC_ANY},      {.name = NULL}};

    (void)state;
    check_create(fields,
                 "{\"a\":1,\"b\":1,\"c\":1.5,\"d\":\"x\",\"e\":\"1\",\"f\":\"x\",\"g\":1,"
                 "\"h\":\"x\",\"i\":\"x\",\"j\":\"*\",\"k\":[],\"l\":{},\"m\":[{}]}",
                 "a: must be a string; b: must be true or false; c: must be an integer; "
                 "d: must be an integer; e: must be a number; f: must be a decimal number; "
                 "g: must be a date; h: must be an ObjectId; i: must be a UUID; "
                 "j: must be base64 data; k: must be an object; l: must be an array");
    check_create(fields, "{\"c\":92233720368547758080,\"d\":92233720368547758080}",
                 "c: out of range; d: out of range");
}

static void test_create__refuses_null_where_it_is_no_value(void **state)
{
    static const sac_field fields[] = {{.name = "a", .type = SAC_STRING},
                                       {.name = "b", .type = SAC_STRING, .nullable = true},
                                       {.name = "c"},
                                       {.name = "d", .type = SAC_INT, .required = true},
                                       {.name = NULL}};

    (void)state;
    check_create(fields, "{\"a\":null,\"b\":null,\"c\":null,\"d\":null}",
                 "a: must not be null; d: must not be null");
    check_create(fields, "{\"b\":null,\"c\":null,\"d\":1}",
                 HEAD ",\"b\":null,\"c\":null,\"d\":{\"$numberInt\":\"1\"}}");
}

static void test_create__keeps_bounds(void **state)
{
    static const char *const colours[] = {"red", "green", NULL};
    static const char *const primes[] = {"2", "3", NULL};
    static const sac_field fields[] = {
        {.name = "a", .type = SAC_INT, .min = "0", .max = "10"},
        {.name = "b", .type = SAC_DATE, .max = "\"2030-01-01\""},
        {.name = "c", .type = SAC_STRING, .one_of = colours},
        {.name = "d", .type = SAC_INT, .one_of = primes},
        {.name = "e", .type = SAC_STRING, .min_length = 1, .pattern = "^[a-z]+$"},
        {.name = "f", .type = SAC_BINARY, .min_length = 2},
        {.name = "g", .type = SAC_ARRAY, .max_length = 1},
        {.name = "h", .type = SAC_DOUBLE, .max = "1.5"},
        {.name = NULL}};

    (void)state;
    check_create(fields,
                 "{\"a\":-1,\"b\":\"2030-01-02\",\"c\":\"blue\",\"d\":4,\"e\":\"\",\"f\":\"AA==\","
                 "\"g\":[1,2],\"h\":{\"$numberDouble\":\"NaN\"}}",
                 "a: must be at least 0; b: must be at most 2030-01-01; "
                 "c: must be one of the allowed values; d: must be one of the allowed values; "
                 "e: must have at least 1 character; f: must have at least 2 bytes; "
                 "g: must have at most 1 item; h: must be at most 1.5");
    check_create(fields, "{\"a\":11,\"e\":\"a1\"}",
                 "a: must be at most 10; e: does not match the pattern");
    check_create(fields, "{\"e\":\"a\\n\"}", "e: does not match the pattern");
    check_create(fields, "{\"a\":10,\"c\":\"red\",\"d\":3,\"e\":\"ab\"}",
                 HEAD ",\"a\":{\"$numberInt\":\"10\"},\"c\":\"red\","
                      "\"d\":{\"$numberInt\":\"3\"},\"e\":\"ab\"}");
}

static void test_create__ends_a_pattern_that_backtracks(void **state)
{
    static const sac_field fields[] = {{.name = "a", .type = SAC_STRING, .pattern = "^(a+)+$"},
                                       {.name = NULL}};

    (void)state;
    check_create(fields,
                 "{\"a\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"}",
                 "a: could not be checked against the pattern");
}

static const sac_field street[] = {
    {.name = "city", .type = SAC_STRING, .required = true},
    {.name = "zip", .type = SAC_STRING, .fallback = "\"?\""},
    {.name = NULL},
};
static const sac_field tag[] = {
    {.name = "", .type = SAC_STRING, .min_length = 2},
};
static const sac_field person[] = {
    {.name = "", .type = SAC_DOCUMENT, .fields = street},
};
static const sac_field nested[] = {
    {.name = "address", .type = SAC_DOCUMENT, .fields = street},
    {.name = "tags", .type = SAC_ARRAY, .items = tag},
    {.name = "people", .type = SAC_ARRAY, .items = person},
    {.name = NULL},
};

static void test_create__looks_into_documents_and_arrays(void **state)
{
    (void)state;
    check_create(nested,
                 "{\"address\":{\"x\":1},\"tags\":[\"aa\",\"b\",null,3],"
                 "\"people\":[{\"city\":\"A\"},{},1]}",
                 "address.x: unknown field; address.city: required; "
                 "tags.1: must have at least 2 characters; tags.2: must not be null; "
                 "tags.3: must be a string; people.1.city: required; people.2: must be an object");
    check_create(nested,
                 "{\"address\":{\"city\":\"A\"},\"people\":[{\"zip\":\"1\",\"city\":\"B\"}]}",
                 HEAD ",\"address\":{\"city\":\"A\",\"zip\":\"?\"},"
                      "\"people\":[{\"zip\":\"1\",\"city\":\"B\"}]}");
    check_create(nested, "{}", HEAD "}");
}

static void test_create__makes_defaults_that_are_calls(void **state)
{
    static const sac_field fields[] = {{.name = "at", .type = SAC_DATE, .fallback = "now()"},
                                       {.name = "key", .type = SAC_UUID, .fallback = "uuid()"},
                                       {.name = "ref", .fallback = "objectid()"},
                                       {.name = NULL}};
    const sac__body body = {.doc = {"\5\0\0\0\0", 5}};
    const sac_value id = {.type = SAC_BSON_NULL};
    sac__making making;
    fixture f;
    sac_str doc;
    sac_value value;
    int64_t ms;
    sac_oid oid;
    uint8_t subtype;
    sac_str bytes;

    (void)state;
    fixture_fields(&f, fields, false);
    making = fixture_making(&f);
    CHECK_INT(sac__schema_create(&making, &body, id, &doc), SAC_OK);
    value = sac_bson_get(doc, sac_str_of("at"));
    CHECK(sac_value_date(&value, &ms) && ms == 1000);
    value = sac_bson_get(doc, sac_str_of("ref"));
    CHECK(sac_value_oid(&value, &oid));
    value = sac_bson_get(doc, sac_str_of("key"));
    CHECK(sac_value_binary(&value, &subtype, &bytes) && subtype == 4 && bytes.n == 16);
    CHECK((bytes.p[6] & 0xf0) == 0x40 && ((unsigned char)bytes.p[8] & 0xc0) == 0x80);
    fixture_close(&f);
}

static void test_create__refuses_read_only_fields(void **state)
{
    static const sac_field fields[] = {
        {.name = "made", .type = SAC_DATE, .read_only = true, .fallback = "now()"},
        {.name = "kind", .type = SAC_STRING, .write_once = true},
        {.name = "pin", .type = SAC_STRING, .secret = true},
        {.name = "url", .computed = SAC_COMPUTED_URL},
        {.name = NULL}};

    (void)state;
    check_create(fields, "{\"made\":\"2026-01-01\"}", "made: read only");
    check_create(fields, "{\"kind\":\"x\",\"pin\":\"1\",\"url\":\"http://h/\"}",
                 HEAD ",\"kind\":\"x\",\"pin\":\"1\","
                      "\"made\":{\"$date\":{\"$numberLong\":\"1000\"}}}");
}

static void test_create__takes_undeclared_members_of_open_tables(void **state)
{
    static const sac_field fields[] = {{.name = "n", .type = SAC_INT}, {.name = NULL}};
    fixture f;

    (void)state;
    fixture_fields(&f, fields, true);
    CHECK_STR(create(&f, "{\"x\":{\"y\":[1,\"a\"]},\"n\":\"x\",\"_rev\":3}"),
              "n: must be an integer");
    CHECK_STR(create(&f, "{\"x\":{\"y\":[1,\"a\"]},\"_rev\":3}"),
              HEAD ",\"x\":{\"y\":[{\"$numberInt\":\"1\"},\"a\"]}}");
    fixture_close(&f);
}

static void test_create__survives_oom(void **state)
{
    static const sac_field fields[] = {
        {.name = "title", .type = SAC_STRING, .required = true, .pattern = "a"},
        {.name = "people", .type = SAC_ARRAY, .items = person},
        {.name = "at", .type = SAC_DATE, .fallback = "now()"},
        {.name = NULL}};
    const char *json = "{\"title\":\"abc\",\"people\":[{\"city\":\"A\"},{\"city\":\"B\"}],\"x\":1}";
    const char *good = "{\"title\":\"abc\",\"people\":[{\"city\":\"A\"},{\"city\":\"B\"}]}";
    fixture f;

    (void)state;
    fixture_fields(&f, fields, false);
    for (int bad = 0; bad < 2; bad++) {
        int rc = SAC_ENOMEM;

        for (long n = 0; rc == SAC_ENOMEM; n++) {
            sac_str doc = {NULL, 0};
            sac__arena *arena = f.arena;
            sac__body body = {.misfits = NULL};
            sac__making making = fixture_making(&f);
            sac_value id = {.type = SAC_BSON_NULL};

            CHECK(n < 200);
            f.fault.left = n;
            making.arena = sac__arena_open(f.cache, 1 << 20);
            rc = making.arena ? SAC_OK : SAC_ENOMEM;
            if (rc == SAC_OK)
                rc = sac__schema_decode(f.schema, NULL, sac_str_of(bad ? json : good), false,
                                        making.arena, &body, NULL);
            if (rc == SAC_OK)
                rc = sac__schema_create(&making, &body, id, &doc);
            CHECK(rc == SAC_OK || doc.p == NULL);
            f.fault.left = -1;
            sac__arena_close(making.arena);
            f.arena = arena;
        }
        CHECK_INT(rc, bad ? SAC_EVALIDATION : SAC_OK);
    }
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create__puts_id_body_and_defaults),
        cmocka_unit_test(test_create__tells_every_error_at_once),
        cmocka_unit_test(test_create__puts_the_prefix_before_paths),
        cmocka_unit_test(test_create__does_not_mind_the_errors_of_others),
        cmocka_unit_test(test_create__counts_errors_beyond_those_it_keeps),
        cmocka_unit_test(test_create__counts_code_points),
        cmocka_unit_test(test_create__tells_types),
        cmocka_unit_test(test_create__refuses_null_where_it_is_no_value),
        cmocka_unit_test(test_create__keeps_bounds),
        cmocka_unit_test(test_create__ends_a_pattern_that_backtracks),
        cmocka_unit_test(test_create__looks_into_documents_and_arrays),
        cmocka_unit_test(test_create__makes_defaults_that_are_calls),
        cmocka_unit_test(test_create__refuses_read_only_fields),
        cmocka_unit_test(test_create__takes_undeclared_members_of_open_tables),
        cmocka_unit_test(test_create__survives_oom),
    };

    return cmocka_run_group_tests_name("schema create", tests, NULL, NULL);
}

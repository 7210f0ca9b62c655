/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "unit/schema/fixture.h"

#define OPEN true
#define CLOSED false

static void check_replace(const sac_field *fields, bool open, const char *stored, const char *json,
                          const char *want)
{
    fixture f;

    fixture_fields(&f, fields, open);
    CHECK_STR(replace(&f, stored, json), want);
    fixture_close(&f);
}

#define I(n) "{\"$numberInt\":\"" #n "\"}"
#define L(n) "{\"$numberLong\":\"" #n "\"}"

static const sac_field plain[] = {
    {.name = "a", .type = SAC_INT},
    {.name = "b", .type = SAC_STRING, .fallback = "\"x\""},
    {.name = "c", .type = SAC_INT, .required = true},
    {.name = NULL},
};

static void test_replace__takes_the_order_of_the_body(void **state)
{
    (void)state;
    check_replace(plain, CLOSED, STORED_ID ",\"a\":1,\"c\":2}", "{\"c\":3,\"a\":4}",
                  STORED_ID ",\"c\":" I(3) ",\"a\":" I(4) ",\"b\":\"x\"}");
}

static void test_replace__removes_what_is_absent_and_asks_for_what_is_required(void **state)
{
    (void)state;
    check_replace(plain, CLOSED, STORED_ID ",\"a\":1,\"c\":2}", "{}", "c: required");
    check_replace(plain, CLOSED, STORED_ID ",\"a\":1,\"b\":\"y\",\"c\":2}", "{\"c\":2}",
                  STORED_ID ",\"c\":" I(2) ",\"b\":\"x\"}");
}

static void test_replace__keeps_what_its_client_cannot_see_or_write(void **state)
{
    static const sac_field fields[] = {
        {.name = "a", .type = SAC_INT},
        {.name = "pin", .type = SAC_STRING, .secret = true, .required = true},
        {.name = "made", .type = SAC_INT, .read_only = true, .fallback = "7"},
        {.name = "kind", .type = SAC_STRING, .write_once = true, .required = true},
        {.name = "url", .computed = SAC_COMPUTED_URL},
        {.name = NULL}};
    const char *stored = STORED_ID ",\"x\":1,\"pin\":\"1\",\"a\":2,\"made\":3,\"kind\":\"k\"}";

    (void)state;
    check_replace(fields, CLOSED, stored, "{\"a\":5}",
                  STORED_ID
                  ",\"a\":" I(5) ",\"x\":" I(1) ",\"pin\":\"1\",\"made\":" I(3) ",\"kind\":\"k\"}");
    check_replace(fields, CLOSED, stored,
                  "{\"kind\":\"k\",\"made\":3.0,\"pin\":\"2\",\"url\":\"u\"}",
                  STORED_ID ",\"kind\":\"k\",\"made\":" I(3) ",\"pin\":\"2\",\"x\":" I(1) "}");
    check_replace(fields, CLOSED, stored, "{\"kind\":\"l\",\"made\":4}",
                  "kind: read only; made: read only");
    check_replace(fields, CLOSED, STORED_ID "}", "{\"kind\":\"l\",\"made\":4}",
                  "kind: read only; made: read only; pin: required");
    check_replace(fields, CLOSED, STORED_ID ",\"pin\":\"1\",\"kind\":\"k\"}", "{}",
                  STORED_ID ",\"pin\":\"1\",\"kind\":\"k\",\"made\":" I(7) "}");
}

static void test_replace__makes_no_default_that_is_a_call(void **state)
{
    static const sac_field fields[] = {
        {.name = "at", .type = SAC_DATE, .fallback = "now()"},
        {.name = "ref", .type = SAC_OBJECTID, .fallback = "objectid()", .required = true},
        {.name = NULL}};

    (void)state;
    check_replace(fields, CLOSED, STORED_ID "}", "{\"ref\":\"" ID "\"}",
                  STORED_ID ",\"ref\":{\"$oid\":\"" ID "\"}}");
    check_replace(fields, CLOSED, STORED_ID "}", "{}", "ref: required");
}

static void test_replace__asks_for_a_document_though_parts_are_kept(void **state)
{
    static const sac_field inner[] = {{.name = "pin", .type = SAC_INT, .secret = true},
                                      {.name = NULL}};
    static const sac_field fields[] = {
        {.name = "in", .type = SAC_DOCUMENT, .fields = inner, .required = true},
        {.name = "other", .type = SAC_DOCUMENT, .fields = inner, .fallback = "{\"pin\":1}"},
        {.name = NULL}};

    (void)state;
    check_replace(fields, CLOSED, STORED_ID ",\"in\":{\"pin\":2}}", "{}", "in: required");
    check_replace(fields, CLOSED, STORED_ID ",\"other\":{\"pin\":2}}", "{\"in\":{}}",
                  STORED_ID ",\"in\":{},\"other\":{\"pin\":" I(2) "}}");
}

static void test_replace__removes_undeclared_fields_of_open_tables(void **state)
{
    (void)state;
    check_replace(plain, OPEN, STORED_ID ",\"x\":1,\"y\":2,\"z.z\":3,\"$s\":4,\"_rev\":5,\"c\":1}",
                  "{\"c\":1,\"y\":3}",
                  STORED_ID ",\"c\":" I(1) ",\"y\":" I(3) ",\"z.z\":" I(3) ",\"$s\":" I(
                      4) ",\"_rev\":" I(5) ",\"b\":\"x\"}");
}

static void test_replace__shortens_arrays(void **state)
{
    (void)state;
    check_replace(NULL, OPEN, STORED_ID ",\"l\":[1,2,3]}", "{\"l\":[1,2]}",
                  STORED_ID ",\"l\":[" I(1) "," I(2) "]}");
    check_replace(NULL, OPEN, STORED_ID ",\"l\":[1]}", "{\"l\":[]}", STORED_ID ",\"l\":[]}");
}

static void test_replace__keeps_what_another_name_covers(void **state)
{
    const sac__schema_config config = {.open = true, .id_type = SAC_OBJECTID, .id_key = "id"};
    fixture f;

    (void)state;
    fixture_open(&f, &config);
    CHECK_STR(replace(&f, STORED_ID ",\"id\":1,\"a\":2}", "{\"id\":\"" ID "\"}"),
              STORED_ID ",\"id\":" I(1) "}");
    fixture_close(&f);
}

static void test_replace__keeps_the_bytes_of_echoes(void **state)
{
    static const sac_field fields[] = {{.name = "n", .type = SAC_INT},
                                       {.name = "s", .type = SAC_STRING, .max_length = 1},
                                       {.name = "d", .type = SAC_DOUBLE},
                                       {.name = "t", .type = SAC_DATE},
                                       {.name = NULL}};

    (void)state;
    check_replace(fields, OPEN,
                  STORED_ID ",\"n\":{\"$numberDouble\":\"3.0\"},\"s\":{\"$oid\":\"" ID "\"},"
                            "\"d\":{\"$numberLong\":\"4\"},\"t\":\"2026-01-01\","
                            "\"u\":[{\"$date\":{\"$numberLong\":\"0\"}},{\"v\":{\"$numberLong\":"
                            "\"9007199254740993\"}}]}",
                  "{\"n\":3,\"s\":\"" ID "\",\"d\":4,\"t\":\"2026-01-01\","
                  "\"u\":[\"1970-01-01T00:00:00.000Z\",{\"v\":\"9007199254740993\"}]}",
                  STORED_ID ",\"n\":{\"$numberDouble\":\"3.0\"},\"s\":{\"$oid\":\"" ID "\"},"
                            "\"d\":" L(4) ",\"t\":\"2026-01-01\","
                                          "\"u\":[{\"$date\":{\"$numberLong\":\"0\"}},{\"v\":" L(
                                              9007199254740993) "}]}");
}

static void test_replace__does_not_judge_echoes(void **state)
{
    static const sac_field inner[] = {{.name = "a", .type = SAC_INT, .min = "5"},
                                      {.name = "b", .type = SAC_INT, .required = true},
                                      {.name = "c", .type = SAC_INT, .fallback = "1"},
                                      {.name = NULL}};
    static const sac_field item[] = {{.name = "", .type = SAC_STRING, .pattern = "^x"}};
    static const sac_field fields[] = {
        {.name = "in", .type = SAC_DOCUMENT, .fields = inner},
        {.name = "list", .type = SAC_ARRAY, .items = item, .max_length = 1},
        {.name = "s", .type = SAC_STRING, .max_length = 1},
        {.name = NULL}};
    const char *stored = STORED_ID
        ",\"in\":{\"z\":0,\"a\":1},\"list\":[\"a\",\"b\"],\"s\":\"long\"}";

    (void)state;
    check_replace(
        fields, CLOSED, stored, "{\"in\":{\"a\":1},\"list\":[\"a\",\"b\"],\"s\":\"long\"}",
        STORED_ID ",\"in\":{\"z\":" I(0) ",\"a\":" I(1) "},\"list\":[\"a\",\"b\"],\"s\":\"long\"}");
    check_replace(fields, CLOSED, stored,
                  "{\"in\":{\"a\":2},\"list\":[\"a\",\"c\"],\"s\":\"looong\"}",
                  "in.a: must be at least 5; in.b: required; list: must have at most 1 item; "
                  "list.1: does not match the pattern; s: must have at most 1 character");
    check_replace(fields, CLOSED, stored, "{\"in\":{\"a\":1,\"b\":2}}",
                  STORED_ID
                  ",\"in\":{\"a\":" I(1) ",\"b\":" I(2) ",\"z\":" I(0) ",\"c\":" I(1) "}}");
}

static void test_replace__finds_members_in_any_order(void **state)
{
    char stored[4000] = STORED_ID, json[4000] = "{", want[4000] = STORED_ID ",\"m\":{";
    size_t s = strlen(stored), j = 1, w = strlen(want);
    fixture f;

    (void)state;
    s += (size_t)snprintf(stored + s, sizeof stored - s, ",\"m\":{");
    j += (size_t)snprintf(json + j, sizeof json - j, "\"m\":{");
    for (int i = 0; i < 60; i++) {
        s += (size_t)snprintf(stored + s, sizeof stored - s, "%s\"k%d\":{\"$numberLong\":\"%d\"}",
                              i ? "," : "", i, i);
        w += (size_t)snprintf(want + w, sizeof want - w, "%s\"k%d\":{\"$numberLong\":\"%d\"}",
                              i ? "," : "", i, i);
        j += (size_t)snprintf(json + j, sizeof json - j, "%s\"k%d\":%d", i ? "," : "", 59 - i,
                              59 - i);
    }
    snprintf(stored + s, sizeof stored - s, "}}");
    snprintf(json + j, sizeof json - j, "}}");
    snprintf(want + w, sizeof want - w, "}}");
    fixture_fields(&f, NULL, OPEN);
    CHECK_STR(replace(&f, stored, json), want);
    fixture_close(&f);
}

static void test_replace__keeps_hidden_parts_of_documents(void **state)
{
    static const sac_field inner[] = {{.name = "a", .type = SAC_INT},
                                      {.name = "pin", .type = SAC_INT, .secret = true},
                                      {.name = "ro", .type = SAC_INT, .read_only = true},
                                      {.name = NULL}};
    static const sac_field item[] = {{.name = "", .type = SAC_DOCUMENT, .fields = inner}};
    static const sac_field fields[] = {{.name = "in", .type = SAC_DOCUMENT, .fields = inner},
                                       {.name = "list", .type = SAC_ARRAY, .items = item},
                                       {.name = NULL}};

    (void)state;
    check_replace(fields, CLOSED, STORED_ID ",\"in\":{\"a\":1,\"pin\":2,\"ro\":3}}",
                  "{\"in\":{\"a\":5}}",
                  STORED_ID ",\"in\":{\"a\":" I(5) ",\"pin\":" I(2) ",\"ro\":" I(3) "}}");
    check_replace(fields, CLOSED, STORED_ID ",\"in\":{\"a\":1,\"pin\":2,\"ro\":3}}", "{}",
                  STORED_ID ",\"in\":{\"pin\":" I(2) ",\"ro\":" I(3) "}}");
    check_replace(fields, CLOSED, STORED_ID ",\"in\":{\"a\":1}}", "{}", STORED_ID "}");
    check_replace(fields, CLOSED, STORED_ID ",\"in\":{\"ro\":1}}", "{\"in\":{\"ro\":2}}",
                  "in.ro: read only");
    check_replace(fields, CLOSED, STORED_ID ",\"list\":[{\"a\":1,\"pin\":1},{\"a\":2,\"pin\":2}]}",
                  "{\"list\":[{\"a\":3},{\"a\":2}]}",
                  STORED_ID ",\"list\":[{\"a\":" I(3) ",\"pin\":" I(1) "},{\"a\":" I(
                      2) ",\"pin\":" I(2) "}]}");
}

/* An element that moved up must not get its predecessor's secret. */
static void test_replace__gives_no_element_anothers_hidden_parts(void **state)
{
    static const sac_field inner[] = {{.name = "a", .type = SAC_INT},
                                      {.name = "pin", .type = SAC_INT, .secret = true},
                                      {.name = NULL}};
    static const sac_field item[] = {{.name = "", .type = SAC_DOCUMENT, .fields = inner}};
    static const sac_field fields[] = {{.name = "list", .type = SAC_ARRAY, .items = item},
                                       {.name = NULL}};
    const char *stored = STORED_ID
        ",\"list\":[{\"a\":0,\"pin\":7},{\"a\":1,\"pin\":8},{\"a\":2,\"pin\":9}]}";

    (void)state;
    check_replace(fields, CLOSED, stored, "{\"list\":[{\"a\":0},{\"a\":2}]}",
                  STORED_ID ",\"list\":[{\"a\":" I(0) ",\"pin\":" I(7) "},{\"a\":" I(2) "}]}");
}

static void test_replace__does_not_let_secrets_be_guessed(void **state)
{
    static const sac_field fields[] = {
        {.name = "pin", .type = SAC_STRING, .secret = true, .min_length = 4}, {.name = NULL}};

    (void)state;
    check_replace(fields, CLOSED, STORED_ID ",\"pin\":\"1\"}", "{\"pin\":\"1\"}",
                  "pin: must have at least 4 characters");
}

static void test_replace__keeps_duplicates_that_are_stored(void **state)
{
    static const char twice[] = "\x1e\0\0\0\7_id\0aaaaaaaaaaaa\x08"
                                "a\0\1\x08"
                                "a\0\0";
    const sac_str stored = {twice, sizeof twice};
    fixture f;
    sac__body body;
    sac__making making;
    sac_str doc;

    (void)state;
    CHECK_INT(sizeof twice, 0x1e);
    fixture_fields(&f, NULL, OPEN);
    body = fixture_body(&f, "{\"a\":true}", false);
    making = fixture_making(&f);
    CHECK_INT(sac__schema_replace(&making, &body, stored, &doc), SAC_OK);
    CHECK(sac_str_eq(doc, stored));
    fixture_close(&f);
}

static void test_replace__refuses_damaged_documents(void **state)
{
    static const char cut[] = "\x0c\0\0\0\x02"
                              "a\0\x09\0\0\0";
    fixture f;
    sac__body body;
    sac__making making;
    sac_str doc = {NULL, 0};

    (void)state;
    fixture_fields(&f, plain, CLOSED);
    body = fixture_body(&f, "{\"c\":1}", false);
    making = fixture_making(&f);
    CHECK_INT(sac__schema_replace(&making, &body, sac_str_n(cut, 12), &doc), SAC_ECORRUPT);
    CHECK(!doc.p);
    fixture_close(&f);
}

static void test_replace__refuses_a_document_that_grows_too_large(void **state)
{
    static const sac_field fields[] = {{.name = "a", .type = SAC_STRING},
                                       {.name = "pin", .type = SAC_STRING, .secret = true},
                                       {.name = NULL}};
    const size_t half = SAC_BSON_MAX / 2 - 16;
    char *text = calloc(1, half + 96);
    sac_bson stored;
    fixture f;
    sac__body body;
    sac__making making;
    sac_str bytes, doc = {NULL, 0};

    (void)state;
    fixture_fields(&f, fields, CLOSED);
    CHECK(text != NULL);
    memset(text, 'x', half);
    sac_bson_init(&stored, NULL, 0);
    sac_bson_add_str(&stored, "pin", sac_str_n(text, half));
    CHECK_INT(sac_bson_finish(&stored, &bytes), SAC_OK);
    memcpy(text, "{\"a\":\"", 6);
    memcpy(text + half, "\"}", 3);
    body = fixture_body(&f, text, false);
    making = fixture_making(&f);
    CHECK_INT(sac__schema_replace(&making, &body, bytes, &doc), SAC_OK);
    memset(text + half, 'x', 64);
    memcpy(text + half + 64, "\"}", 3);
    body = fixture_body(&f, text, false);
    CHECK_INT(sac__schema_replace(&making, &body, bytes, &doc), SAC_ETOOBIG);
    sac_bson_fini(&stored);
    free(text);
    fixture_close(&f);
}

static void test_replace__survives_oom(void **state)
{
    static const sac_field item[] = {{.name = "", .type = SAC_DOCUMENT, .fields = plain}};
    static const sac_field fields[] = {{.name = "list", .type = SAC_ARRAY, .items = item},
                                       {.name = "s", .type = SAC_STRING, .pattern = "b"},
                                       {.name = NULL}};
    int rc = SAC_ENOMEM;
    sac_str stored;
    fixture f;

    (void)state;
    fixture_fields(&f, fields, CLOSED);
    stored = fixture_doc(&f, STORED_ID ",\"list\":[{\"c\":1},{\"c\":2}],\"s\":\"a\"}");
    for (long n = 0; rc == SAC_ENOMEM; n++) {
        sac__making making = fixture_making(&f);
        sac__body body = {.misfits = NULL};
        sac_str doc = {NULL, 0};

        CHECK(n < 200);
        f.fault.left = n;
        making.arena = sac__arena_open(f.cache, 1 << 20);
        rc = making.arena ? SAC_OK : SAC_ENOMEM;
        if (rc == SAC_OK)
            rc = sac__schema_decode(f.schema, NULL,
                                    sac_str_of("{\"list\":[{\"c\":3},{\"c\":2}],\"s\":\"b\"}"),
                                    false, making.arena, &body, NULL);
        if (rc == SAC_OK)
            rc = sac__schema_replace(&making, &body, stored, &doc);
        CHECK((rc == SAC_OK) == (doc.p != NULL));
        f.fault.left = -1;
        sac__arena_close(making.arena);
    }
    CHECK_INT(rc, SAC_OK);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replace__takes_the_order_of_the_body),
        cmocka_unit_test(test_replace__removes_what_is_absent_and_asks_for_what_is_required),
        cmocka_unit_test(test_replace__keeps_what_its_client_cannot_see_or_write),
        cmocka_unit_test(test_replace__makes_no_default_that_is_a_call),
        cmocka_unit_test(test_replace__asks_for_a_document_though_parts_are_kept),
        cmocka_unit_test(test_replace__removes_undeclared_fields_of_open_tables),
        cmocka_unit_test(test_replace__shortens_arrays),
        cmocka_unit_test(test_replace__keeps_what_another_name_covers),
        cmocka_unit_test(test_replace__keeps_the_bytes_of_echoes),
        cmocka_unit_test(test_replace__does_not_judge_echoes),
        cmocka_unit_test(test_replace__finds_members_in_any_order),
        cmocka_unit_test(test_replace__keeps_hidden_parts_of_documents),
        cmocka_unit_test(test_replace__gives_no_element_anothers_hidden_parts),
        cmocka_unit_test(test_replace__does_not_let_secrets_be_guessed),
        cmocka_unit_test(test_replace__keeps_duplicates_that_are_stored),
        cmocka_unit_test(test_replace__refuses_damaged_documents),
        cmocka_unit_test(test_replace__refuses_a_document_that_grows_too_large),
        cmocka_unit_test(test_replace__survives_oom),
    };

    return cmocka_run_group_tests_name("schema replace", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "unit/schema/fixture.h"

#define OPEN true
#define CLOSED false
#define I(n) "{\"$numberInt\":\"" #n "\"}"

static void check_modify(const sac_field *fields, bool open, const char *stored, const char *json,
                         const char *want)
{
    fixture f;

    fixture_fields(&f, fields, open);
    CHECK_STR(modify(&f, stored, json), want);
    fixture_close(&f);
}

static const sac_field street[] = {
    {.name = "city", .type = SAC_STRING, .required = true},
    {.name = "zip", .type = SAC_INT},
    {.name = "since", .type = SAC_DATE, .fallback = "\"2026-01-01\""},
    {.name = "pin", .type = SAC_INT, .secret = true},
    {.name = "ro", .type = SAC_INT, .read_only = true},
    {.name = NULL},
};
static const sac_field number[] = {{.name = "", .type = SAC_INT, .max = "9"}};
static const sac_field place[] = {{.name = "", .type = SAC_DOCUMENT, .fields = street}};
static const sac_field day[] = {{.name = "", .type = SAC_DATE}};
static const sac_field person[] = {
    {.name = "name", .type = SAC_STRING, .required = true, .max_length = 3},
    {.name = "address", .type = SAC_DOCUMENT, .fields = street, .nullable = true},
    {.name = "tags", .type = SAC_ARRAY, .items = number, .max_length = 3},
    {.name = "places", .type = SAC_ARRAY, .items = place},
    {.name = "days", .type = SAC_ARRAY, .items = day},
    {.name = "any"},
    {.name = "hidden", .type = SAC_DOCUMENT, .secret = true},
    {.name = "fixed", .type = SAC_DOCUMENT, .read_only = true},
    {.name = "once", .type = SAC_INT, .write_once = true},
    {.name = "url", .computed = SAC_COMPUTED_URL},
    {.name = NULL},
};

static void test_modify__sets_and_keeps_the_rest(void **state)
{
    (void)state;
    check_modify(person, CLOSED, STORED_ID ",\"x\":1,\"name\":\"toolong\",\"any\":1}",
                 "{\"tags\":[1],\"any\":null}",
                 STORED_ID
                 ",\"x\":" I(1) ",\"name\":\"toolong\",\"any\":null,\"tags\":[" I(1) "]}");
    check_modify(person, CLOSED, STORED_ID "}", "{}", STORED_ID "}");
    check_modify(person, CLOSED, STORED_ID "}", "{\"url\":\"x\"}", STORED_ID "}");
}

static void test_modify__judges_what_it_sets(void **state)
{
    (void)state;
    check_modify(person, CLOSED, STORED_ID "}",
                 "{\"nam\":1,\"name\":null,\"tags\":[10],\"address\":{},\"once\":1,\"fixed\":{}}",
                 "nam: unknown field; name: must not be null; tags.0: must be at most 9; "
                 "address.city: required; once: read only; fixed: read only");
}

static void test_modify__keeps_echoes(void **state)
{
    const char *stored = STORED_ID ",\"name\":\"toolong\",\"once\":{\"$numberLong\":\"3\"},"
                                   "\"fixed\":{\"a\":{\"$date\":{\"$numberLong\":\"0\"}}}}";

    (void)state;
    check_modify(person, CLOSED, stored,
                 "{\"name\":\"toolong\",\"once\":3,\"fixed\":{\"a\":\"1970-01-01T00:00:00.000Z\"}}",
                 stored);
}

static void test_modify__sets_members_by_path(void **state)
{
    (void)state;
    check_modify(person, CLOSED, STORED_ID ",\"address\":{\"city\":\"A\",\"zip\":\"old\"}}",
                 "{\"address.since\":\"1970-01-01\",\"address.city\":\"B\"}",
                 STORED_ID ",\"address\":{\"city\":\"B\",\"zip\":\"old\","
                           "\"since\":{\"$date\":{\"$numberLong\":\"0\"}}}}");
    check_modify(person, CLOSED, STORED_ID ",\"any\":{\"a\":{\"b\":1}}}", "{\"any.a.c\":2}",
                 STORED_ID ",\"any\":{\"a\":{\"b\":" I(1) ",\"c\":" I(2) "}}}");
    check_modify(person, CLOSED, STORED_ID ",\"address\":{\"city\":\"A\"}}",
                 "{\"address.zip\":\"x\",\"address.nope\":1,\"address.city\":null}",
                 "address.nope: unknown field; address.city: must not be null; "
                 "address.zip: must be an integer");
}

static void test_modify__makes_a_declared_document(void **state)
{
    (void)state;
    check_modify(person, CLOSED, STORED_ID "}", "{\"address.city\":\"A\"}",
                 STORED_ID ",\"address\":{\"city\":\"A\"}}");
    check_modify(person, CLOSED, STORED_ID "}", "{\"address.zip\":1}", "address.city: required");
    check_modify(person, CLOSED, STORED_ID "}", "{\"any.a\":1}",
                 "any.a: its parent is neither an object nor an array");
}

static void test_modify__sets_elements_by_index(void **state)
{
    (void)state;
    check_modify(person, CLOSED, STORED_ID ",\"tags\":[1,2]}", "{\"tags.1\":5,\"tags.2\":6}",
                 STORED_ID ",\"tags\":[" I(1) "," I(5) "," I(6) "]}");
    check_modify(person, CLOSED, STORED_ID "}", "{\"tags.0\":5}",
                 STORED_ID ",\"tags\":[" I(5) "]}");
    check_modify(person, CLOSED, STORED_ID ",\"tags\":[1,2]}",
                 "{\"tags.3\":5,\"tags.01\":6,\"tags.x\":7,\"tags.0\":10}",
                 "tags.0: must be at most 9; tags.01: no element has this index; "
                 "tags.3: no element has this index; tags.x: no element has this index");
    check_modify(person, CLOSED, STORED_ID ",\"tags\":[1,2,3]}", "{\"tags.3\":4}",
                 "tags: must have at most 3 items");
    check_modify(person, CLOSED, STORED_ID ",\"tags\":[1,2,3,4]}", "{\"tags.3\":5}",
                 STORED_ID ",\"tags\":[" I(1) "," I(2) "," I(3) "," I(5) "]}");
    check_modify(person, CLOSED, STORED_ID ",\"places\":[{\"city\":\"A\"}]}",
                 "{\"places.0.since\":\"1970-01-01\",\"places.1.city\":\"B\"}",
                 STORED_ID ",\"places\":[{\"city\":\"A\",\"since\":{\"$date\":{\"$numberLong\":"
                           "\"0\"}}},{\"city\":\"B\"}]}");
}

static void test_modify__reads_by_the_type_of_the_path(void **state)
{
    (void)state;
    check_modify(person, CLOSED, STORED_ID ",\"days\":[]}", "{\"days\\u002e0\":\"1970-01-01\"}",
                 STORED_ID ",\"days\":[{\"$date\":{\"$numberLong\":\"0\"}}]}");
    check_modify(person, CLOSED, STORED_ID ",\"days\":[]}", "{\"days.0\":\"soon\"}",
                 "days.0: must be a date");
    check_modify(person, CLOSED, STORED_ID ",\"tags\":[1]}", "{\"tags.0\":92233720368547758080}",
                 "tags.0: out of range");
}

static void test_modify__enters_no_closed_parent(void **state)
{
    const char *stored = STORED_ID ",\"name\":\"A\",\"address\":null,\"hidden\":{\"a\":1},"
                                   "\"fixed\":{\"a\":1},\"x\":{\"a\":1}}";

    (void)state;
    check_modify(person, CLOSED, stored,
                 "{\"name.a\":1,\"address.city\":\"A\",\"hidden.a\":2,\"fixed.a\":2,\"x.a\":2,"
                 "\"_id.a\":1,\"_rev.a\":1,\"url.a\":1}",
                 "hidden.a: unknown field; x.a: unknown field; _rev.a: unknown field; "
                 "url.a: unknown field; _id.a: its parent is neither an object nor an array; "
                 "name.a: its parent is neither an object nor an array; "
                 "address.city: its parent is neither an object nor an array; "
                 "fixed.a: read only");
    check_modify(person, CLOSED, STORED_ID ",\"places\":[{\"city\":\"A\",\"pin\":1,\"ro\":1}]}",
                 "{\"places.0.ro\":2,\"places.0.pin\":3,\"places.0.zip.a\":1}",
                 "places.0.ro: read only; "
                 "places.0.zip.a: its parent is neither an object nor an array");
    check_modify(person, CLOSED, STORED_ID ",\"name\":{\"a\":1},\"tags\":{\"0\":1}}",
                 "{\"name.a\":2,\"tags.0\":2}",
                 "name.a: its parent is neither an object nor an array; "
                 "tags.0: its parent is neither an object nor an array");
    check_modify(person, OPEN, stored, "{\"hidden.a\":2,\"_rev.a\":1,\"url.a\":1}",
                 "_rev.a: its parent is neither an object nor an array; "
                 "hidden.a: unknown field; url.a: unknown field");
}

static void test_modify__refuses_keys_that_overlap(void **state)
{
    static const char *const bodies[] = {"{\"any\":1,\"any.a\":2}", "{\"any.a\":2,\"any\":1}",
                                         "{\"any.a.b\":1,\"any!\":2,\"any.a\":3}",
                                         "{\"any.a\":1,\"any.a.b.c.d\":3,\"any.b\":4}"};

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
        check_modify(person, OPEN, STORED_ID ",\"any\":{}}", bodies[i], "SAC_EINVAL");
    check_modify(person, OPEN, STORED_ID ",\"any\":{\"a\":{}}}",
                 "{\"any.a.b\":1,\"any!\":2,\"any.ab\":3}",
                 STORED_ID ",\"any\":{\"a\":{\"b\":" I(1) "},\"ab\":" I(3) "},\"any!\":" I(2) "}");
}

static void test_modify__appends_in_the_order_of_the_body(void **state)
{
    (void)state;
    check_modify(NULL, OPEN, STORED_ID ",\"m\":1}", "{\"z\":1,\"a\":2,\"m\":3}",
                 STORED_ID ",\"m\":" I(3) ",\"z\":" I(1) ",\"a\":" I(2) "}");
}

static void test_modify__keeps_hidden_parts_of_a_document_it_sets(void **state)
{
    (void)state;
    check_modify(person, CLOSED, STORED_ID ",\"address\":{\"city\":\"A\",\"zip\":1,\"pin\":2}}",
                 "{\"address\":{\"city\":\"B\"}}",
                 STORED_ID ",\"address\":{\"city\":\"B\",\"pin\":" I(2) "}}");
}

static void test_modify__changes_the_first_of_duplicates(void **state)
{
    static const char twice[] = "\x0d\0\0\0\x08"
                                "a\0\1\x08"
                                "a\0\1";
    static const char want[] = "\x0d\0\0\0\x08"
                               "a\0\0\x08"
                               "a\0\1";
    fixture f;
    sac__body body;
    sac__making making;
    sac_str doc;

    (void)state;
    fixture_fields(&f, NULL, OPEN);
    body = fixture_body(&f, "{\"a\":false}", true);
    making = fixture_making(&f);
    CHECK_INT(sac__schema_modify(&making, &body, sac_str_n(twice, sizeof twice), &doc, NULL),
              SAC_OK);
    CHECK(sac_str_eq(doc, sac_str_n(want, sizeof want)));
    fixture_close(&f);
}

static void test_modify__refuses_operators_and_bad_keys(void **state)
{
    static const char *const bodies[] = {"{\"$set\":{}}",
                                         "{\"a.$b\":1}",
                                         "{\"a..b\":1}",
                                         "{\"a.\":1}",
                                         "{\".a\":1}",
                                         "{\"a.__proto__\":1}",
                                         "{\"a.b\":1,\"a\\u002eb\":2}"};
    fixture f;

    (void)state;
    fixture_fields(&f, NULL, OPEN);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        sac__body body;

        CHECK_INT(
            sac__schema_decode(f.schema, NULL, sac_str_of(bodies[i]), true, f.arena, &body, &f.err),
            SAC_ESYNTAX);
        CHECK(strncmp(f.err.text, "bad key", 7) == 0);
    }
    fixture_close(&f);
}

/* Patches one beneath the other must not make what nobody can read again. */
static void test_modify__bounds_the_depth(void **state)
{
    char stored[1000] = STORED_ID, json[1000] = "{\"a", value[400] = "";
    size_t s = strlen(stored), j = strlen(json);
    fixture f;

    (void)state;
    for (int i = 0; i < 60; i++) {
        s += (size_t)snprintf(stored + s, sizeof stored - s, i ? "{\"a\":" : ",\"a\":");
        j += (size_t)snprintf(json + j, sizeof json - j, ".a");
    }
    s += (size_t)snprintf(stored + s, sizeof stored - s, "{");
    for (int i = 0; i < 60; i++)
        s += (size_t)snprintf(stored + s, sizeof stored - s, "}");
    snprintf(stored + s, sizeof stored - s, "}");
    memset(value, '[', 50);
    memset(value + 50, ']', 50);
    snprintf(json + j, sizeof json - j, "\":%s}", value);
    fixture_fields(&f, NULL, OPEN);
    CHECK_STR(modify(&f, stored, json), "SAC_ELIMIT");
    memset(value, '[', 30);
    memset(value + 30, ']', 30);
    value[60] = '\0';
    snprintf(json + j, sizeof json - j, "\":%s}", value);
    (void)modify(&f, stored, json);
    CHECK_INT(f.rc, SAC_OK);
    fixture_close(&f);
}

static void test_modify__survives_oom(void **state)
{
    const char *json =
        "{\"address.since\":\"1970-01-01\",\"places.0.city\":\"B\",\"any\":{\"a\":1},"
        "\"tags.0\":1}";
    int rc = SAC_ENOMEM;
    sac_str stored;
    fixture f;

    (void)state;
    fixture_fields(&f, person, CLOSED);
    stored = fixture_doc(&f, STORED_ID ",\"address\":{\"city\":\"A\"},\"places\":[{}]}");
    for (long n = 0; rc == SAC_ENOMEM; n++) {
        sac__making making = fixture_making(&f);
        sac__body body = {.misfits = NULL};
        sac_str doc = {NULL, 0};

        CHECK(n < 300);
        f.fault.left = n;
        making.arena = sac__arena_open(f.cache, 1 << 20);
        rc = making.arena ? SAC_OK : SAC_ENOMEM;
        if (rc == SAC_OK)
            rc = sac__schema_decode(f.schema, NULL, sac_str_of(json), true, making.arena, &body,
                                    NULL);
        if (rc == SAC_OK)
            rc = sac__schema_modify(&making, &body, stored, &doc, NULL);
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
        cmocka_unit_test(test_modify__sets_and_keeps_the_rest),
        cmocka_unit_test(test_modify__judges_what_it_sets),
        cmocka_unit_test(test_modify__keeps_echoes),
        cmocka_unit_test(test_modify__sets_members_by_path),
        cmocka_unit_test(test_modify__makes_a_declared_document),
        cmocka_unit_test(test_modify__sets_elements_by_index),
        cmocka_unit_test(test_modify__reads_by_the_type_of_the_path),
        cmocka_unit_test(test_modify__enters_no_closed_parent),
        cmocka_unit_test(test_modify__refuses_keys_that_overlap),
        cmocka_unit_test(test_modify__appends_in_the_order_of_the_body),
        cmocka_unit_test(test_modify__keeps_hidden_parts_of_a_document_it_sets),
        cmocka_unit_test(test_modify__changes_the_first_of_duplicates),
        cmocka_unit_test(test_modify__refuses_operators_and_bad_keys),
        cmocka_unit_test(test_modify__bounds_the_depth),
        cmocka_unit_test(test_modify__survives_oom),
    };

    return cmocka_run_group_tests_name("schema modify", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "schema/bind.h"

struct inner {
    sac_str city;
    int32_t zip;
};

/* A member of every type, at alignments of their own. */
struct all {
    char before;
    sac_str string, binary, array, doc;
    bool truth;
    int32_t narrow;
    int64_t wide, big, date;
    double number;
    sac_oid oid;
    uint8_t uuid[16];
    sac_value decimal, any;
    struct inner inner;
    char after;
};

static const sac_field inner_fields[] = {
    {.name = "city", .type = SAC_STRING, SAC_MEMBER(struct inner, city)},
    {.name = "zip", .type = SAC_INT, SAC_MEMBER(struct inner, zip)},
    {.name = "note", .type = SAC_STRING},
    {.name = NULL},
};

static const sac_field all_fields[] = {
    {.name = "string", .type = SAC_STRING, SAC_MEMBER(struct all, string)},
    {.name = "binary", .type = SAC_BINARY, SAC_MEMBER(struct all, binary)},
    {.name = "array", .type = SAC_ARRAY, SAC_MEMBER(struct all, array)},
    {.name = "doc", .type = SAC_DOCUMENT, SAC_MEMBER(struct all, doc)},
    {.name = "truth", .type = SAC_BOOL, SAC_MEMBER(struct all, truth)},
    {.name = "narrow", .type = SAC_INT, .nullable = true, SAC_MEMBER(struct all, narrow)},
    {.name = "wide", .type = SAC_INT, SAC_MEMBER(struct all, wide)},
    {.name = "big", .type = SAC_INT64, SAC_MEMBER(struct all, big)},
    {.name = "date", .type = SAC_DATE, SAC_MEMBER(struct all, date)},
    {.name = "number", .type = SAC_DOUBLE, SAC_MEMBER(struct all, number)},
    {.name = "oid", .type = SAC_OBJECTID, SAC_MEMBER(struct all, oid)},
    {.name = "uuid", .type = SAC_UUID, SAC_MEMBER(struct all, uuid)},
    {.name = "decimal", .type = SAC_DECIMAL, SAC_MEMBER(struct all, decimal)},
    {.name = "any", .type = SAC_ANY, SAC_MEMBER(struct all, any)},
    {.name = "inner", .type = SAC_DOCUMENT, .fields = inner_fields, SAC_MEMBER(struct all, inner)},
    {.name = "unbound", .type = SAC_INT},
    {.name = NULL},
};

static const char all_json[] =
    "{\"string\":\"a\\u0000b\",\"binary\":{\"$binary\":{\"base64\":\"AQI=\",\"subType\":\"00\"}},"
    "\"array\":[{\"$numberInt\":\"1\"},\"x\"],\"doc\":{\"k\":true},\"truth\":true,"
    "\"narrow\":{\"$numberInt\":\"-2147483648\"},\"wide\":{\"$numberLong\":\"4294967296\"},"
    "\"big\":{\"$numberLong\":\"7\"},\"date\":{\"$date\":{\"$numberLong\":\"-5\"}},"
    "\"number\":{\"$numberDouble\":\"0.1\"},\"oid\":{\"$oid\":\"" ID "\"},"
    "\"uuid\":{\"$binary\":{\"base64\":\"EjRWeBI0EjQSNBI0VniQEg==\",\"subType\":\"04\"}},"
    "\"decimal\":{\"$numberDecimal\":\"0.10\"},\"any\":null,"
    "\"inner\":{\"city\":\"Ulm\",\"zip\":{\"$numberInt\":\"89073\"}}}";

static void bind_fields(fixture *f, const sac_field *fields, size_t field_size, size_t struct_size,
                        const sac__binding **binding)
{
    const sac__schema_config config = {.fields = fields, .field_size = field_size, .bare = true};

    fixture_open(f, &config);
    CHECK_INT(sac__binding_new(f->schema, struct_size, binding, &f->err), SAC_OK);
}

static sac_str written(fixture *f, const sac__binding *binding, const void *from)
{
    sac_str bytes = {NULL, 0};
    sac_bson doc;

    sac_bson_init(&doc, sac__arena_alloc(f->arena), 0);
    f->rc = sac__binding_write(binding, from, &doc, &f->err);
    if (f->rc == SAC_OK)
        CHECK_INT(sac_bson_finish(&doc, &bytes), SAC_OK);
    return f->rc ? sac_str_of(f->err.text) : fixture_json(f, bytes);
}

static void test_bind__every_type_goes_there_and_back(void **state)
{
    const sac__binding *binding = NULL;
    struct all all, was;
    sac_str doc;
    fixture f;

    (void)state;
    bind_fields(&f, all_fields, sizeof *all_fields, sizeof all, &binding);
    memset(&all, 0x55, sizeof all);
    doc = fixture_doc(&f, all_json);
    was = all;
    CHECK_INT(sac__binding_read(binding, doc, NULL, NULL), SAC_OK);
    assert_memory_equal(&all, &was, sizeof all);
    CHECK_INT(sac__binding_read(binding, doc, &all, NULL), SAC_OK);
    CHECK(sac_str_eq(all.string, sac_str_n("a\0b", 3)));
    CHECK(all.string.p[3] == '\0' && all.string.p > doc.p && all.string.p < doc.p + doc.n);
    CHECK_STR(all.binary, "\1\2");
    CHECK_INT(sac_bson_check(all.array, NULL), SAC_OK);
    CHECK(all.truth);
    CHECK(all.narrow == INT32_MIN && all.wide == 4294967296 && all.big == 7 && all.date == -5);
    CHECK(all.number == 0.1);
    CHECK_INT(all.oid.bytes[11], 0xbb);
    CHECK_INT(all.uuid[15], 0x12);
    CHECK_INT(all.decimal.type, SAC_BSON_DECIMAL128);
    CHECK_INT(all.any.type, SAC_BSON_NULL);
    CHECK_STR(all.inner.city, "Ulm");
    CHECK_INT(all.inner.zip, 89073);
    CHECK(all.before == 0x55 && all.after == 0x55);
    CHECK_STR(written(&f, binding, &all), all_json);
    fixture_close(&f);
}

static void test_bind__absent_stays_and_null_is_nothing(void **state)
{
    const sac__binding *binding = NULL;
    struct all all = {.narrow = 5, .truth = true, .inner = {.zip = 7}};
    fixture f;

    (void)state;
    bind_fields(&f, all_fields, sizeof *all_fields, sizeof all, &binding);
    all.string = all.doc = all.inner.city = sac_str_of("kept");
    all.any.type = SAC_BSON_MAXKEY;
    CHECK_INT(sac__binding_read(binding, fixture_doc(&f, "{}"), &all, NULL), SAC_OK);
    CHECK_STR(all.string, "kept");
    CHECK(all.narrow == 5 && all.truth && all.any.type == SAC_BSON_MAXKEY);
    CHECK_INT(sac__binding_read(binding,
                                fixture_doc(&f, "{\"string\":null,\"doc\":null,\"narrow\":null,"
                                                "\"truth\":null,\"any\":null,\"inner\":null,"
                                                "\"decimal\":null,\"oid\":null,\"unbound\":null}"),
                                &all, NULL),
              SAC_OK);
    CHECK(!all.string.p && all.string.n == 0 && !all.doc.p);
    CHECK(all.narrow == 5 && all.truth && all.any.type == SAC_BSON_NULL);
    CHECK_INT(all.decimal.type, SAC_BSON_NULL);
    CHECK_STR(all.inner.city, "kept");
    CHECK_INT(all.inner.zip, 7);
    fixture_close(&f);
}

static void test_bind__numbers_fit_by_value(void **state)
{
    const sac__binding *binding = NULL;
    struct all all = {.narrow = 5};
    fixture f;

    (void)state;
    bind_fields(&f, all_fields, sizeof *all_fields, sizeof all, &binding);
    CHECK_INT(sac__binding_read(binding,
                                fixture_doc(&f, "{\"narrow\":{\"$numberDouble\":\"3.0\"},"
                                                "\"number\":{\"$numberInt\":\"4\"},"
                                                "\"big\":{\"$numberInt\":\"9\"}}"),
                                &all, NULL),
              SAC_OK);
    CHECK(all.narrow == 3 && all.number == 4 && all.big == 9);
    fixture_close(&f);
}

static void test_bind__of_duplicates_takes_the_first(void **state)
{
    const sac__binding *binding = NULL;
    struct all all = {.narrow = 5};
    sac_bson doc;
    sac_str bytes;
    fixture f;

    (void)state;
    bind_fields(&f, all_fields, sizeof *all_fields, sizeof all, &binding);
    sac_bson_init(&doc, sac__arena_alloc(f.arena), 0);
    sac_bson_add_int32(&doc, "narrow", 1);
    sac_bson_add_str(&doc, "narrow", sac_str_of("no number"));
    CHECK_INT(sac_bson_finish(&doc, &bytes), SAC_OK);
    CHECK_INT(sac__binding_read(binding, bytes, &all, NULL), SAC_OK);
    CHECK_INT(all.narrow, 1);
    fixture_close(&f);
}

static void test_bind__a_value_of_another_type_is_corrupt(void **state)
{
    static const struct {
        const char *json, *text;
    } cases[] = {
        {"{\"string\":1}", "string: not of its member's type"},
        {"{\"binary\":\"AQI=\"}", "binary: not of its member's type"},
        {"{\"array\":{}}", "array: not of its member's type"},
        {"{\"doc\":[]}", "doc: not of its member's type"},
        {"{\"truth\":1}", "truth: not of its member's type"},
        {"{\"narrow\":true}", "narrow: not of its member's type"},
        {"{\"narrow\":1.5}", "narrow: not of its member's type"},
        {"{\"narrow\":2147483648}", "narrow: not of its member's type"},
        {"{\"narrow\":-2147483649}", "narrow: not of its member's type"},
        {"{\"wide\":\"1\"}", "wide: not of its member's type"},
        {"{\"big\":1e300}", "big: not of its member's type"},
        {"{\"date\":\"2026-01-01\"}", "date: not of its member's type"},
        {"{\"number\":\"1\"}", "number: not of its member's type"},
        {"{\"oid\":\"" ID "\"}", "oid: not of its member's type"},
        {"{\"uuid\":{\"$binary\":{\"base64\":\"AQI=\",\"subType\":\"04\"}}}",
         "uuid: not of its member's type"},
        {"{\"decimal\":1.5}", "decimal: not of its member's type"},
        {"{\"inner\":1}", "inner: not of its member's type"},
        {"{\"inner\":{\"zip\":\"89073\"}}", "inner.zip: not of its member's type"},
    };
    const sac__binding *binding = NULL;
    struct all all;
    fixture f;

    (void)state;
    bind_fields(&f, all_fields, sizeof *all_fields, sizeof all, &binding);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const sac_str doc = fixture_doc(&f, cases[i].json);

        CHECK_INT(sac__binding_read(binding, doc, NULL, &f.err), SAC_ECORRUPT);
        CHECK_STR(sac_str_of(f.err.text), cases[i].text);
    }
    CHECK_INT(sac__binding_read(binding, sac_str_n("\5\0\0\0\1", 5), &all, &f.err), SAC_ECORRUPT);
    CHECK_INT(sac__binding_read(binding, sac_str_of(NULL), &all, &f.err), SAC_ECORRUPT);
    fixture_close(&f);
}

static void test_bind__damaged_bytes_are_never_read_past(void **state)
{
    const sac__binding *binding = NULL;
    struct all all;
    sac_str doc;
    fixture f;

    (void)state;
    bind_fields(&f, all_fields, sizeof *all_fields, sizeof all, &binding);
    doc = fixture_doc(&f, all_json);
    for (size_t i = 0; i < doc.n; i++)
        for (int bit = 0; bit < 8; bit++) {
            char *copy = malloc(doc.n);

            CHECK(copy != NULL);
            memcpy(copy, doc.p, doc.n);
            copy[i] = (char)(copy[i] ^ 1 << bit);
            (void)!sac__binding_read(binding, sac_str_n(copy, doc.n), &all, NULL);
            free(copy);
        }
    fixture_close(&f);
}

static void test_bind__what_is_no_bson_is_not_written(void **state)
{
    const sac__binding *binding = NULL;
    struct all all = {.before = 0};
    fixture f;

    (void)state;
    bind_fields(&f, all_fields, sizeof *all_fields, sizeof all, &binding);
    CHECK_STR(written(&f, binding, &all),
              "{\"truth\":false,\"narrow\":{\"$numberInt\":\"0\"},\"wide\":{\"$numberInt\":\"0\"},"
              "\"big\":{\"$numberLong\":\"0\"},\"date\":{\"$date\":{\"$numberLong\":\"0\"}},"
              "\"number\":{\"$numberDouble\":\"0.0\"},\"oid\":{\"$oid\":"
              "\"000000000000000000000000\"},\"uuid\":{\"$binary\":{\"base64\":"
              "\"AAAAAAAAAAAAAAAAAAAAAA==\",\"subType\":\"04\"}},"
              "\"inner\":{\"zip\":{\"$numberInt\":\"0\"}}}");
    all.string = sac_str_of("\xff");
    CHECK_STR(written(&f, binding, &all), "string: not UTF-8");
    all.string = sac_str_of("");
    all.doc = sac_str_of("12345");
    CHECK_STR(written(&f, binding, &all), "doc: no BSON document");
    all.doc = sac_str_of(NULL);
    all.any = (sac_value){.type = SAC_BSON_INT64, .raw = {"1234", 4}};
    CHECK_STR(written(&f, binding, &all), "any: no BSON value");
    all.any = (sac_value){.type = 0x77, .raw = {"1234", 4}};
    CHECK_STR(written(&f, binding, &all), "any: no BSON value");
    all.any.type = SAC_BSON_MISSING;
    all.decimal = (sac_value){.type = SAC_BSON_INT32, .raw = {"1234", 4}};
    CHECK_STR(written(&f, binding, &all), "decimal: no decimal");
    all.decimal.type = SAC_BSON_MISSING;
    all.inner.city = sac_str_of("\xff");
    CHECK_STR(written(&f, binding, &all), "inner.city: not UTF-8");
    fixture_close(&f);
}

static const char *refusal(const sac_field *fields, size_t struct_size, char text[160])
{
    const sac__schema_config config = {
        .fields = fields, .field_size = sizeof *fields, .bare = true};
    const sac__binding *binding = NULL;
    sac__schema *schema = NULL;
    sac_err err = {.code = 0};
    int rc = sac__schema_new(&config, NULL, &schema, &err);

    if (rc == SAC_OK)
        rc = sac__binding_new(schema, struct_size, &binding, &err);
    sac__schema_free(schema);
    CHECK_INT(rc, SAC_EINVAL);
    CHECK(binding == NULL);
    memcpy(text, err.text, sizeof err.text);
    return text;
}

static void test_bind__refuses_members_that_do_not_fit(void **state)
{
    static const sac_field deep[] = {
        {.name = "zip", .type = SAC_INT, .member_offset = 22, .member_size = 4},
        {.name = NULL},
    };
    static const struct {
        sac_field row;
        size_t struct_size;
        const char *text;
    } cases[] = {
        {{.name = "a", .type = SAC_INT, .member_size = 2},
         64,
         "field \"a\": member: 2 bytes, where int32_t or int64_t is due"},
        {{.name = "a", .type = SAC_INT64, .member_size = 4},
         64,
         "field \"a\": member: 4 bytes, where int64_t is due"},
        {{.name = "a", .type = SAC_STRING, .member_size = 8},
         64,
         "field \"a\": member: 8 bytes, where sac_str is due"},
        {{.name = "a", .type = SAC_BOOL, .member_size = 4},
         64,
         "field \"a\": member: 4 bytes, where bool is due"},
        {{.name = "a", .type = SAC_DATE, .member_size = 16},
         64,
         "field \"a\": member: 16 bytes, where int64_t is due"},
        {{.name = "a", .type = SAC_DOUBLE, .member_size = 4},
         64,
         "field \"a\": member: 4 bytes, where double is due"},
        {{.name = "a", .type = SAC_OBJECTID, .member_size = 24},
         64,
         "field \"a\": member: 24 bytes, where sac_oid is due"},
        {{.name = "a", .type = SAC_UUID, .member_size = 37},
         64,
         "field \"a\": member: 37 bytes, where uint8_t[16] is due"},
        {{.name = "a", .type = SAC_ANY, .member_size = 16},
         64,
         "field \"a\": member: 16 bytes, where sac_value is due"},
        {{.name = "a", .type = SAC_ARRAY, .member_size = 24},
         64,
         "field \"a\": member: 24 bytes, where sac_str is due"},
        {{.name = "a", .type = SAC_INT, .member_offset = 61, .member_size = 4},
         64,
         "field \"a\": member: outside of the struct"},
        {{.name = "a", .type = SAC_INT, .member_offset = UINT32_MAX, .member_size = 4},
         64,
         "field \"a\": member: outside of the struct"},
        {{.name = "a", .type = SAC_INT, .member_size = 4},
         0,
         "field \"a\": member: outside of the struct, as struct_size is not set"},
        {{.name = "a", .type = SAC_DOCUMENT, .fields = deep, .member_size = 24},
         64,
         "field \"a.zip\": member: outside of the struct"},
        {{.name = "a", .type = SAC_INT, .min = "-2147483649", .member_size = 4},
         64,
         "field \"a\": min: less than its member of 32 bits holds"},
        {{.name = "a", .type = SAC_INT, .max = "2147483648", .member_size = 4},
         64,
         "field \"a\": max: more than its member of 32 bits holds"},
        {{.name = "a", .type = SAC_INT, .fallback = "2147483648", .member_size = 4},
         64,
         "field \"a\": fallback: must be at most 2147483647"},
        {{.name = "a", .type = SAC_STRING, .computed = SAC_COMPUTED_URL},
         64,
         "field \"a\": computed: only in the resource's own table"},
    };
    char text[160];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const sac_field fields[] = {cases[i].row, {.name = NULL}};

        CHECK_STR(sac_str_of(refusal(fields, cases[i].struct_size, text)), cases[i].text);
    }
}

static void test_bind__refuses_more_rows_than_it_can_follow(void **state)
{
    static sac_field fields[1026];
    static char names[1026][8];
    char text[160];

    (void)state;
    for (int i = 0; i < 1025; i++) {
        snprintf(names[i], sizeof names[i], "f%d", i);
        fields[i] = (sac_field){.name = names[i], .type = SAC_BOOL, .member_size = 1};
    }
    CHECK_STR(sac_str_of(refusal(fields, 64, text)), "fields: more than 1024 rows of one struct");
}

static void test_bind__rows_of_an_older_header_are_not_bound(void **state)
{
    enum { OLD = offsetof(sac_field, member_offset) };
    static const struct {
        _Alignas(sac_field) char rows[3 * OLD];
    } none = {{0}};
    const sac_field row = {.name = "narrow", .type = SAC_INT, SAC_MEMBER(struct all, narrow)};
    const sac_field next = {.name = "wide", .type = SAC_INT};
    const sac__binding *binding = NULL;
    struct all all = {.narrow = 5};
    char old[sizeof none];
    fixture f;

    (void)state;
    memcpy(old, &none, sizeof old);
    memcpy(old, &row, OLD);
    memcpy(old + OLD, &next, OLD);
    bind_fields(&f, (const void *)old, OLD, 0, &binding);
    CHECK_INT(sac__binding_read(binding, fixture_doc(&f, "{\"narrow\":1,\"wide\":2}"), &all, NULL),
              SAC_OK);
    CHECK_INT(all.narrow, 5);
    fixture_close(&f);
}

static void test_bind__a_bare_schema_knows_no_ids(void **state)
{
    static const sac_field fields[] = {
        {.name = "_id", .type = SAC_INT, .member_offset = 0, .member_size = 4},
        {.name = "_rev", .type = SAC_STRING},
        {.name = NULL},
    };
    const sac__binding *binding = NULL;
    const sac_value none = {.type = SAC_BSON_MISSING};
    sac__body body;
    sac_str doc;
    int32_t id = 0;
    fixture f;

    (void)state;
    bind_fields(&f, fields, sizeof *fields, sizeof id, &binding);
    body = fixture_body(&f, "{\"_id\":3,\"_rev\":\"x\"}", false);
    CHECK_INT(body.id.type, SAC_BSON_MISSING);
    const sac__making making = fixture_making(&f);
    CHECK_INT(sac__schema_create(&making, &body, none, &doc), SAC_OK);
    CHECK_STR(fixture_json(&f, doc), "{\"_id\":{\"$numberInt\":\"3\"},\"_rev\":\"x\"}");
    CHECK_INT(sac__binding_read(binding, doc, &id, NULL), SAC_OK);
    CHECK_INT(id, 3);
    body = fixture_body(&f, "{\"_id\":\"3\",\"_rev\":1}", false);
    const sac__making again = fixture_making(&f);
    CHECK_STR(fixture_outcome(&f, sac__schema_create(&again, &body, none, &doc), doc),
              "_id: must be an integer; _rev: must be a string");
    body = fixture_body(&f, "{\"_id\":9223372036854775808}", false);
    const sac__making beyond = fixture_making(&f);
    CHECK_STR(fixture_outcome(&f, sac__schema_create(&beyond, &body, none, &doc), doc),
              "_id: out of range");
    fixture_close(&f);
}

static void test_bind__an_undeclared_id_is_an_unknown_field(void **state)
{
    static const sac_field fields[] = {{.name = "a", .type = SAC_INT}, {.name = NULL}};
    const sac__binding *binding = NULL;
    const sac_value none = {.type = SAC_BSON_MISSING};
    sac__body body;
    sac_str doc;
    fixture f;

    (void)state;
    bind_fields(&f, fields, sizeof *fields, 0, &binding);
    body = fixture_body(&f, "{\"_id\":3,\"_rev\":1,\"a\":1}", false);
    const sac__making making = fixture_making(&f);
    CHECK_STR(fixture_outcome(&f, sac__schema_create(&making, &body, none, &doc), doc),
              "_id: unknown field; _rev: unknown field");
    fixture_close(&f);
}

static void test_bind__new_survives_oom(void **state)
{
    const sac__schema_config config = {
        .fields = all_fields, .field_size = sizeof *all_fields, .bare = true};
    fault_alloc fault;
    int rc = SAC_ENOMEM;

    (void)state;
    for (long n = 0; rc != SAC_OK; n++) {
        const sac__binding *binding = NULL;
        sac__schema *schema = NULL;

        rc = sac__schema_new(&config, fault_alloc_init(&fault, n), &schema, NULL);
        if (rc == SAC_OK) {
            fault.left = 0;
            rc = sac__binding_new(schema, sizeof(struct all), &binding, NULL);
            CHECK(rc == SAC_ENOMEM ? binding == NULL : binding != NULL);
            fault.left = -1;
        }
        sac__schema_free(schema);
        CHECK_INT(fault.live, 0);
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        CHECK(n < 1000);
        if (rc == SAC_ENOMEM && schema)
            return;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bind__every_type_goes_there_and_back),
        cmocka_unit_test(test_bind__absent_stays_and_null_is_nothing),
        cmocka_unit_test(test_bind__numbers_fit_by_value),
        cmocka_unit_test(test_bind__of_duplicates_takes_the_first),
        cmocka_unit_test(test_bind__a_value_of_another_type_is_corrupt),
        cmocka_unit_test(test_bind__damaged_bytes_are_never_read_past),
        cmocka_unit_test(test_bind__what_is_no_bson_is_not_written),
        cmocka_unit_test(test_bind__refuses_members_that_do_not_fit),
        cmocka_unit_test(test_bind__refuses_more_rows_than_it_can_follow),
        cmocka_unit_test(test_bind__rows_of_an_older_header_are_not_bound),
        cmocka_unit_test(test_bind__a_bare_schema_knows_no_ids),
        cmocka_unit_test(test_bind__an_undeclared_id_is_an_unknown_field),
        cmocka_unit_test(test_bind__new_survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "unit/schema/fixture.h"

static void check_refused(const sac_field *fields, const char *want)
{
    const sac__schema_config config = {
        .fields = fields, .field_size = sizeof *fields, .id_type = SAC_OBJECTID, .id_key = "id"};
    sac__schema *schema = NULL;
    fault_alloc fault;
    sac_err err = {.code = 0};

    CHECK_INT(sac__schema_new(&config, fault_alloc_init(&fault, -1), &schema, &err), SAC_EINVAL);
    CHECK_STR(sac_str_of(err.text), want);
    CHECK(schema == NULL);
    CHECK_INT(fault.live, 0);
}

/* One row beside a good one. */
static void check_row(sac_field row, const char *want)
{
    const sac_field fields[] = {{.name = "good", .type = SAC_INT}, row, {.name = NULL}};

    check_refused(fields, want);
}

static void test_compile__refuses_names(void **state)
{
    (void)state;
    check_row((sac_field){.name = ""}, "field \"\": name: empty");
    check_row((sac_field){.name = "a.b"}, "field \"a.b\": name: a dot or a leading $");
    check_row((sac_field){.name = "$a"}, "field \"$a\": name: a dot or a leading $");
    check_row((sac_field){.name = "_id"}, "field \"_id\": name: is the resource's own");
    check_row((sac_field){.name = "_rev"}, "field \"_rev\": name: is the resource's own");
    check_row((sac_field){.name = "id"}, "field \"id\": name: is the resource's own");
    check_row((sac_field){.name = "good"}, "field \"good\": name: declared twice");
    check_row((sac_field){.name = "__proto__"}, "field \"__proto__\": name: not allowed");
    check_row((sac_field){.name = "a\xff"}, "field \"a?\": name: not UTF-8");
}

static void test_compile__refuses_uses_that_do_not_go_with_the_type(void **state)
{
    static const sac_field searched = {.name = "", .type = SAC_STRING, .searchable = true};
    static const sac_field unfiltered = {.name = "", .type = SAC_STRING, .unfiltered = true};
    static const sac_field indexed = {.name = "", .type = SAC_STRING, .indexed = true};
    static const sac_field unique = {.name = "", .type = SAC_STRING, .unique = true};
    static const sac_field gone = {.name = "", .type = SAC_DATE, .expires = 1};
    const sac_field good[] = {{.name = "a", .type = SAC_ARRAY, .items = &searched},
                              {.name = "b", .type = SAC_DATE, .expires = SAC_EXPIRES_THEN},
                              {.name = "c", .secret = true, .unique = true, .sparse = true},
                              {.name = "d", .type = SAC_STRING, .unfiltered = true},
                              {.name = NULL}};
    const sac__schema_config config = {
        .fields = good, .field_size = sizeof *good, .id_type = SAC_OBJECTID};
    sac__schema *schema = NULL;

    (void)state;
    CHECK_INT(sac__schema_new(&config, NULL, &schema, NULL), SAC_OK);
    sac__schema_free(schema);
    check_row((sac_field){.name = "a", .type = SAC_INT, .searchable = true},
              "field \"a\": searchable: only for strings");
    check_row((sac_field){.name = "a", .searchable = true},
              "field \"a\": searchable: only for strings");
    check_row((sac_field){.name = "a", .type = SAC_STRING, .searchable = true, .secret = true},
              "field \"a\": searchable: but secret");
    check_row((sac_field){.name = "a", .sparse = true}, "field \"a\": sparse: only with unique");
    check_row((sac_field){.name = "a", .type = SAC_INT, .expires = 1},
              "field \"a\": expires: only for dates");
    check_row((sac_field){.name = "a", .type = SAC_DATE, .expires = -2},
              "field \"a\": expires: negative");
    check_row((sac_field){.name = "a", .computed = SAC_COMPUTED_URL, .indexed = true},
              "field \"a\": computed: not with searchable, indexed, unique or expires");
    check_row((sac_field){.name = "a", .type = SAC_ARRAY, .items = &unfiltered},
              "field \"a[]\": unfiltered: not for items");
    check_row((sac_field){.name = "a", .type = SAC_ARRAY, .items = &indexed},
              "field \"a[]\": indexed: not for items: the array has it");
    check_row((sac_field){.name = "a", .type = SAC_ARRAY, .items = &unique},
              "field \"a[]\": unique: not for items: the array has it");
    check_row((sac_field){.name = "a", .type = SAC_ARRAY, .items = &gone},
              "field \"a[]\": expires: not for items: the array has it");
}

static void test_compile__refuses_members_that_do_not_go_with_the_type(void **state)
{
    static const char *const none[] = {NULL};
    static const sac_field inner[] = {{.name = "x"}, {.name = NULL}};

    (void)state;
    check_row((sac_field){.name = "a", .type = (sac_type)99}, "field \"a\": type: unknown");
    check_row((sac_field){.name = "a", .type = SAC_STRING, .min = "1"},
              "field \"a\": min: only for numbers and dates");
    check_row((sac_field){.name = "a", .type = SAC_BOOL, .max = "1"},
              "field \"a\": max: only for numbers and dates");
    check_row((sac_field){.name = "a", .type = SAC_INT, .pattern = "x"},
              "field \"a\": pattern: only for strings");
    check_row((sac_field){.name = "a", .type = SAC_INT, .min_length = 1},
              "field \"a\": min_length: only for strings, binary and arrays");
    check_row((sac_field){.name = "a", .type = SAC_INT, .max_length = 1},
              "field \"a\": max_length: only for strings, binary and arrays");
    check_row((sac_field){.name = "a", .type = SAC_STRING, .min_length = 2, .max_length = 1},
              "field \"a\": min_length: above max_length");
    check_row((sac_field){.name = "a", .type = SAC_ARRAY, .fields = inner},
              "field \"a\": fields: only for documents");
    check_row((sac_field){.name = "a", .type = SAC_DOCUMENT, .items = inner},
              "field \"a\": items: only for arrays");
    check_row((sac_field){.name = "a", .type = SAC_ARRAY, .open = true},
              "field \"a\": open: only for documents");
    check_row((sac_field){.name = "a", .one_of = none}, "field \"a\": one_of: empty");
    check_row((sac_field){.name = "a", .required = true, .read_only = true},
              "field \"a\": required: but read_only, and without a fallback");
}

static void test_compile__refuses_values_that_are_not_of_the_type(void **state)
{
    static const char *const words[] = {"1", "x", NULL};
    static const char *const halves[] = {"1", "1.5", NULL};
    static const sac_field inner[] = {{.name = "x", .type = SAC_INT}, {.name = NULL}};

    (void)state;
    check_row((sac_field){.name = "a", .type = SAC_INT, .min = "1.5"},
              "field \"a\": min: must be an integer");
    check_row((sac_field){.name = "a", .type = SAC_DATE, .max = "\"soon\""},
              "field \"a\": max: must be a date");
    check_row((sac_field){.name = "a", .type = SAC_INT, .min = "null"},
              "field \"a\": min: must be an integer");
    check_row((sac_field){.name = "a", .type = SAC_INT, .min = "2", .max = "1"},
              "field \"a\": min: above max");
    check_row((sac_field){.name = "a", .type = SAC_BOOL, .fallback = "1"},
              "field \"a\": fallback: must be true or false");
    check_row(
        (sac_field){.name = "a", .type = SAC_DOCUMENT, .fields = inner, .fallback = "{\"y\":1}"},
        "field \"a\": fallback: something in it does not fit");
    check_row((sac_field){.name = "a", .type = SAC_STRING, .fallback = "null"},
              "field \"a\": fallback: null, but not nullable");
    check_row((sac_field){.name = "a", .type = SAC_STRING, .fallback = "now()"},
              "field \"a\": fallback: must be a string");
    check_row((sac_field){.name = "a", .type = SAC_INT, .min = "1", .fallback = "0"},
              "field \"a\": fallback: must be at least 1");
    check_row((sac_field){.name = "a", .type = SAC_STRING, .pattern = "b", .fallback = "\"a\""},
              "field \"a\": fallback: does not match the pattern");
    check_row((sac_field){.name = "a", .type = SAC_INT, .one_of = halves},
              "field \"a\": one_of: must be an integer");
    check_row((sac_field){.name = "a", .type = SAC_STRING, .one_of = words, .fallback = "\"z\""},
              "field \"a\": fallback: must be one of the allowed values");
}

static void test_compile__refuses_texts_that_are_no_json(void **state)
{
    const sac_field fields[] = {{.name = "a", .type = SAC_STRING, .fallback = "open"},
                                {.name = NULL}};
    const sac__schema_config config = {
        .fields = fields, .field_size = sizeof *fields, .id_type = SAC_OBJECTID};
    sac__schema *schema;
    sac_err err;

    (void)state;
    CHECK_INT(sac__schema_new(&config, NULL, &schema, &err), SAC_EINVAL);
    CHECK(strncmp(err.text, "field \"a\": fallback: ", 21) == 0);
}

static void test_compile__tells_where_a_pattern_is_wrong(void **state)
{
    (void)state;
    check_row((sac_field){.name = "a", .type = SAC_STRING, .pattern = "a(b"},
              "field \"a\": pattern: missing closing parenthesis at offset 3");
}

static void test_compile__refuses_computed_fields_that_make_no_sense(void **state)
{
    static const sac_field inner[] = {{.name = "u", .computed = SAC_COMPUTED_URL}, {.name = NULL}};

    (void)state;
    check_row((sac_field){.name = "a", .computed = (sac_computed)9},
              "field \"a\": computed: unknown");
    check_row((sac_field){.name = "a", .computed = SAC_COMPUTED_URL, .type = SAC_INT},
              "field \"a\": computed: its type is a string");
    check_row((sac_field){.name = "a", .computed = SAC_COMPUTED_URL, .secret = true},
              "field \"a\": computed: not with required, nullable, write_once or secret");
    check_row((sac_field){.name = "a", .computed = SAC_COMPUTED_URL, .fallback = "1"},
              "field \"a\": computed: not with a fallback or bounds");
    check_row((sac_field){.name = "a", .type = SAC_DOCUMENT, .fields = inner},
              "field \"a.u\": computed: only in the resource's own table");
}

static void test_compile__names_nested_fields(void **state)
{
    static const sac_field leaf[] = {{.name = "x", .type = SAC_INT, .min = "?"}, {.name = NULL}};
    static const sac_field item[] = {{.name = "", .type = SAC_DOCUMENT, .fields = leaf}};
    static const sac_field list[] = {{.name = "l", .type = SAC_ARRAY, .items = item},
                                     {.name = NULL}};
    static const sac_field secret[] = {{.name = "", .secret = true}};
    sac_err err;
    sac__schema *schema;
    const sac_field fields[] = {{.name = "d", .type = SAC_DOCUMENT, .fields = list},
                                {.name = NULL}};
    const sac__schema_config config = {
        .fields = fields, .field_size = sizeof *fields, .id_type = SAC_OBJECTID};

    (void)state;
    CHECK_INT(sac__schema_new(&config, NULL, &schema, &err), SAC_EINVAL);
    CHECK(strncmp(err.text, "field \"d.l[].x\": min: ", 22) == 0);
    check_row((sac_field){.name = "l", .type = SAC_ARRAY, .items = secret},
              "field \"l[]\": secret: not for items");
}

static void test_compile__bounds_nesting(void **state)
{
    static sac_field loop[2] = {{.name = "a", .type = SAC_DOCUMENT}, {.name = NULL}};
    static sac_field chain[33][2];
    const sac__schema_config config = {
        .fields = chain[0], .field_size = sizeof(sac_field), .id_type = SAC_OBJECTID};
    sac__schema *schema;

    (void)state;
    loop[0].fields = loop;
    check_refused(loop,
                  "field \"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a\": "
                  "nested too deep");
    for (int i = 0; i < 32; i++)
        chain[i][0] = (sac_field){
            .name = "a", .type = SAC_DOCUMENT, .fields = i < 31 ? chain[i + 1] : NULL};
    CHECK_INT(sac__schema_new(&config, NULL, &schema, NULL), SAC_OK);
    sac__schema_free(schema);
}

static void test_compile__refuses_a_config(void **state)
{
    sac__schema_config config = {.id_type = SAC_DATE};
    sac__schema *schema;

    (void)state;
    CHECK_INT(sac__schema_new(&config, NULL, &schema, NULL), SAC_EINVAL);
    config = (sac__schema_config){.id_type = SAC_OBJECTID, .id_key = "a.b"};
    CHECK_INT(sac__schema_new(&config, NULL, &schema, NULL), SAC_EINVAL);
    config = (sac__schema_config){.id_type = SAC_OBJECTID, .id_key = "_rev"};
    CHECK_INT(sac__schema_new(&config, NULL, &schema, NULL), SAC_EINVAL);
}

/* A program that was built when a row ended behind `type`. */
static void test_compile__steps_by_the_size_of_a_row(void **state)
{
    typedef struct old_field {
        const char *name;
        sac_type type;
        bool required;
    } old_field;
    static const old_field old[] = {{.name = "a", .type = SAC_INT, .required = true},
                                    {.name = "b", .type = SAC_BOOL},
                                    {.name = NULL}};
    const sac__schema_config config = {.fields = (const sac_field *)(const void *)old,
                                       .field_size = sizeof *old,
                                       .id_type = SAC_OBJECTID};
    fixture f;

    (void)state;
    fixture_open(&f, &config);
    CHECK_STR(create(&f, "{\"b\":1}"), "b: must be true or false; a: required");
    fixture_close(&f);
}

static void test_compile__makes_the_plan(void **state)
{
    static const sac_field inner[] = {{.name = "x", .type = SAC_INT}, {.name = NULL}};
    static const sac_field fields[] = {
        {.name = "a", .type = SAC_DOCUMENT, .fields = inner, .open = true},
        {.name = "pin", .secret = true},
        {.name = "url", .computed = SAC_COMPUTED_URL},
        {.name = NULL}};
    const sac__schema_config config = {.fields = fields,
                                       .field_size = sizeof *fields,
                                       .id_type = SAC_INT64,
                                       .id_key = "id",
                                       .rev = true};
    const sac__plan *plan;
    const sac__plan_field *field;
    size_t hint = 0;
    fixture f;

    (void)state;
    fixture_open(&f, &config);
    plan = sac__schema_plan(f.schema);
    CHECK(plan->computed && !plan->open);
    CHECK_STR(plan->fields[0].name, "_id");
    CHECK_STR(plan->fields[0].shown, "id");
    CHECK_INT(plan->fields[0].type, SAC_INT64);
    field = sac__plan_stored(plan, sac_str_of("a"), &hint);
    CHECK(field && field->plan && field->plan->open && field->plan->n == 1);
    field = sac__plan_stored(plan, sac_str_of("pin"), &hint);
    CHECK_INT(field->flags, SAC__PLAN_HIDDEN);
    field = sac__plan_stored(plan, sac_str_of("url"), &hint);
    CHECK_INT(field->flags, SAC__PLAN_COMPUTED);
    CHECK_INT(sac__schema_computed(field), SAC_COMPUTED_URL);
    field = sac__plan_stored(plan, sac_str_of("_rev"), &hint);
    CHECK_INT(field->flags, SAC__PLAN_COMPUTED);
    CHECK_INT(sac__schema_computed(field), SAC__COMPUTED_REV);
    fixture_close(&f);
}

static uint64_t print_of(const sac_field *fields, const char *id_key, bool open, bool rev)
{
    const sac__schema_config config = {.fields = fields,
                                       .field_size = sizeof *fields,
                                       .open = open,
                                       .id_type = SAC_OBJECTID,
                                       .id_key = id_key,
                                       .rev = rev};
    uint64_t print;
    fixture f;

    fixture_open(&f, &config);
    print = sac__schema_fingerprint(f.schema);
    fixture_close(&f);
    return print;
}

static void test_compile__has_a_fingerprint_of_what_is_shown(void **state)
{
    static const sac_field inner[] = {{.name = "x", .type = SAC_INT}, {.name = NULL}};
    static const sac_field tables[][3] = {
        {{.name = "a"}},
        {{.name = "b"}},
        {{.name = "a", .type = SAC_INT}},
        {{.name = "a", .secret = true}},
        {{.name = "a", .computed = SAC_COMPUTED_URL}},
        {{.name = "a"}, {.name = "b"}},
        {{.name = "b"}, {.name = "a"}},
        {{.name = "a", .type = SAC_DOCUMENT}},
        {{.name = "a", .type = SAC_DOCUMENT, .fields = inner}},
        {{.name = "a", .type = SAC_DOCUMENT, .fields = inner, .open = true}},
        {{.name = "a", .type = SAC_ARRAY}},
        {{.name = "a", .type = SAC_ARRAY, .items = inner}},
    };
    enum { TABLES = sizeof tables / sizeof *tables };
    static const sac_field bounds[] = {{.name = "a", .type = SAC_INT, .max = "3"}, {.name = NULL}};
    uint64_t prints[TABLES + 3];

    (void)state;
    for (size_t i = 0; i < TABLES; i++)
        prints[i] = print_of(tables[i], NULL, false, false);
    prints[TABLES] = print_of(tables[0], "id", false, false);
    prints[TABLES + 1] = print_of(tables[0], NULL, true, false);
    prints[TABLES + 2] = print_of(tables[0], NULL, false, true);
    for (size_t i = 0; i < TABLES + 3; i++)
        for (size_t j = 0; j < i; j++)
            CHECK(prints[i] != prints[j]);
    CHECK(print_of(bounds, NULL, false, false) == prints[2]);
}

static void test_compile__survives_oom(void **state)
{
    static const char *const words[] = {"ab", "b", NULL};
    static const sac_field inner[] = {{.name = "x", .type = SAC_INT, .min = "3", .fallback = "4"},
                                      {.name = NULL}};
    static const sac_field item[] = {{.name = "", .type = SAC_DOCUMENT, .fields = inner}};
    static const sac_field fields[] = {{.name = "a", .type = SAC_ARRAY, .items = item},
                                       {.name = "s",
                                        .type = SAC_STRING,
                                        .one_of = words,
                                        .pattern = "^(a|b)+",
                                        .fallback = "\"b\""},
                                       {.name = NULL}};
    const sac__schema_config config = {
        .fields = fields, .field_size = sizeof *fields, .id_type = SAC_OBJECTID, .rev = true};
    int rc = SAC_ENOMEM;

    (void)state;
    for (long n = 0; rc != SAC_OK; n++) {
        sac__schema *schema = NULL;
        fault_alloc fault;
        sac_err err = {.code = 0};

        CHECK(n < 200);
        rc = sac__schema_new(&config, fault_alloc_init(&fault, n), &schema, &err);
        CHECK((rc == SAC_OK) == (schema != NULL));
        CHECK(rc == SAC_OK || (rc == SAC_ENOMEM && err.code == SAC_ENOMEM));
        sac__schema_free(schema);
        CHECK_INT(fault.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compile__refuses_names),
        cmocka_unit_test(test_compile__refuses_members_that_do_not_go_with_the_type),
        cmocka_unit_test(test_compile__refuses_uses_that_do_not_go_with_the_type),
        cmocka_unit_test(test_compile__refuses_values_that_are_not_of_the_type),
        cmocka_unit_test(test_compile__refuses_texts_that_are_no_json),
        cmocka_unit_test(test_compile__tells_where_a_pattern_is_wrong),
        cmocka_unit_test(test_compile__refuses_computed_fields_that_make_no_sense),
        cmocka_unit_test(test_compile__names_nested_fields),
        cmocka_unit_test(test_compile__bounds_nesting),
        cmocka_unit_test(test_compile__refuses_a_config),
        cmocka_unit_test(test_compile__steps_by_the_size_of_a_row),
        cmocka_unit_test(test_compile__makes_the_plan),
        cmocka_unit_test(test_compile__has_a_fingerprint_of_what_is_shown),
        cmocka_unit_test(test_compile__survives_oom),
    };

    return cmocka_run_group_tests_name("schema compile", tests, NULL, NULL);
}

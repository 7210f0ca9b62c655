/* SPDX-License-Identifier: MIT */
#include "unit/schema/fixture.h"

static const sac_field fields[] = {
    {.name = "a", .type = SAC_INT},
    {.name = "l", .type = SAC_ARRAY},
    {.name = "url", .computed = SAC_COMPUTED_URL},
    {.name = NULL},
};

static void open_as(fixture *f, sac_type id_type, const char *id_key, bool rev, bool open)
{
    const sac__schema_config config = {.fields = fields,
                                       .field_size = sizeof *fields,
                                       .id_type = id_type,
                                       .id_key = id_key,
                                       .rev = rev,
                                       .open = open};

    fixture_open(f, &config);
}

static void test_body__parts_id_and_revision_from_the_document(void **state)
{
    sac__body body;
    sac_oid oid;
    int64_t rev;
    fixture f;

    (void)state;
    open_as(&f, SAC_OBJECTID, "id", true, false);
    body = fixture_body(&f, "{\"id\":\"" ID "\",\"a\":1,\"_rev\":7,\"url\":\"x\"}", false);
    CHECK(sac_value_oid(&body.id, &oid) && !body.id_misfit);
    CHECK(body.rev.type == SAC_BSON_INT64 && sac_value_int(&body.rev, &rev) && rev == 7);
    CHECK_STR(fixture_json(&f, body.doc), "{\"a\":{\"$numberInt\":\"1\"}}");
    CHECK(!body.misfits);
    body = fixture_body(&f, "{\"a\":1}", false);
    CHECK(body.id.type == SAC_BSON_MISSING && body.rev.type == SAC_BSON_MISSING);
    body = fixture_body(&f, "{\"id\":null,\"_rev\":null}", false);
    CHECK(body.id.type == SAC_BSON_MISSING && body.rev.type == SAC_BSON_MISSING);
    CHECK_STR(fixture_json(&f, body.doc), "{}");
    fixture_close(&f);
}

static void test_body__flags_an_id_of_another_type(void **state)
{
    sac__body body;
    fixture f;

    (void)state;
    open_as(&f, SAC_OBJECTID, NULL, false, false);
    body = fixture_body(&f, "{\"_id\":5,\"a\":1}", false);
    CHECK(body.id_misfit && !body.misfits);
    CHECK_STR(fixture_json(&f, body.doc), "{\"a\":{\"$numberInt\":\"1\"}}");
    fixture_close(&f);
    open_as(&f, SAC_STRING, NULL, false, false);
    body = fixture_body(&f, "{\"_id\":\"..\"}", false);
    CHECK(body.id_misfit);
    body = fixture_body(&f, "{\"_id\":\"a\\u0000b\"}", false);
    CHECK(body.id_misfit);
    body = fixture_body(&f, "{\"_id\":\"a\"}", false);
    CHECK(!body.id_misfit && body.id.type == SAC_BSON_STRING);
    fixture_close(&f);
}

static void test_body__has_one_name_for_its_id(void **state)
{
    fixture f;

    (void)state;
    open_as(&f, SAC_OBJECTID, "id", false, true);
    CHECK_STR(create(&f, "{\"_id\":\"" ID "\"}"), "_id: unknown field");
    fixture_close(&f);
}

static void test_body__refuses_a_revision_that_is_no_integer(void **state)
{
    fixture f;

    (void)state;
    open_as(&f, SAC_OBJECTID, NULL, true, false);
    CHECK_STR(create(&f, "{\"_rev\":\"x\"}"), "_rev: must be an integer");
    fixture_close(&f);
    open_as(&f, SAC_OBJECTID, NULL, false, false);
    CHECK_STR(create(&f, "{\"_rev\":1}"), "_rev: unknown field");
    fixture_close(&f);
}

static void test_body__leaves_nested_names_to_the_table(void **state)
{
    static const sac_field inner[] = {
        {.name = "_id", .type = SAC_INT}, {.name = "_rev", .type = SAC_INT}, {.name = NULL}};
    static const sac_field outer[] = {{.name = "d", .type = SAC_DOCUMENT, .fields = inner},
                                      {.name = NULL}};
    const sac__schema_config config = {
        .fields = outer, .field_size = sizeof *outer, .id_type = SAC_OBJECTID, .rev = true};
    fixture f;

    (void)state;
    fixture_open(&f, &config);
    CHECK_STR(create(&f, "{\"d\":{\"_id\":\"x\",\"_rev\":\"x\"}}"),
              "d._id: must be an integer; d._rev: must be an integer");
    fixture_close(&f);
}

static void check_error(const char *json, const sac__schema_limits *limits, int want)
{
    sac__body body = {.misfits = NULL};
    sac_err err = {.code = 0};
    fixture f;

    open_as(&f, SAC_OBJECTID, NULL, false, false);
    CHECK_INT(sac__schema_decode(f.schema, limits, sac_str_of(json), false, f.arena, &body, &err),
              want);
    CHECK_INT(err.code, want);
    CHECK(!body.doc.p);
    CHECK_INT(sac__schema_decode(f.schema, limits, sac_str_of(json), true, f.arena, &body, &err),
              want);
    fixture_close(&f);
}

static void test_body__tells_what_is_wrong_with_the_text(void **state)
{
    static const sac__schema_limits limits = {.max_depth = 3, .max_keys = 4};

    (void)state;
    check_error("{\"a.\":", NULL, SAC_ESYNTAX);
    check_error("[1]", NULL, SAC_EINVAL);
    check_error("{\"a\":1,\"a\":1}", NULL, SAC_ESYNTAX);
    check_error("{\"l\":[[[1]]]}", &limits, SAC_ELIMIT);
    check_error("{\"l\":[1,2,3,4]}", &limits, SAC_ELIMIT);
}

static void test_body__reads_many(void **state)
{
    sac__bodies bodies = {.max = 3};
    sac__making making;
    sac_str doc;
    fixture f;

    (void)state;
    open_as(&f, SAC_OBJECTID, NULL, false, false);
    CHECK_INT(sac__schema_decode_many(f.schema, NULL,
                                      sac_str_of("[{\"a\":1},{\"_id\":\"" ID "\",\"x\":1},"
                                                 "{\"_id\":1,\"a\":92233720368547758080}]"),
                                      f.arena, &bodies, NULL),
              SAC_OK);
    CHECK_INT(bodies.n, 3);
    CHECK_STR(fixture_json(&f, bodies.v[0].doc), "{\"a\":{\"$numberInt\":\"1\"}}");
    CHECK(!bodies.v[0].misfits && bodies.v[0].id.type == SAC_BSON_MISSING);
    CHECK_INT(bodies.v[1].id.type, SAC_BSON_OBJECTID);
    CHECK_STR(bodies.v[1].misfits->path, "x");
    CHECK(bodies.v[2].id_misfit);
    f.prefix = "2.";
    making = fixture_making(&f);
    CHECK_INT(sac__schema_create(&making, &bodies.v[2], bodies.v[1].id, &doc), SAC_EVALIDATION);
    CHECK_STR(fixture_errors(&f), "2.a: out of range");
    fixture_close(&f);
}

static void test_body__bounds_many(void **state)
{
    static const struct {
        const char *json;
        int want;
    } cases[] = {{"[]", SAC_EINVAL},
                 {"{}", SAC_EINVAL},
                 {"[1]", SAC_EINVAL},
                 {"[{},{},{}]", SAC_ETOOBIG},
                 {"[{}", SAC_ESYNTAX}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sac__bodies bodies = {.max = 2};
        sac_err err = {.code = 0};
        fixture f;

        open_as(&f, SAC_OBJECTID, NULL, false, false);
        CHECK_INT(sac__schema_decode_many(f.schema, NULL, sac_str_of(cases[i].json), f.arena,
                                          &bodies, &err),
                  cases[i].want);
        CHECK_INT(err.code, cases[i].want);
        CHECK(!bodies.v && bodies.n == 0);
        fixture_close(&f);
    }
}

static void test_body__survives_oom(void **state)
{
    static const char *const texts[] = {"{\"_id\":1,\"l\":[1,2],\"x\":2,\"a\":\"b\"}",
                                        "[{\"a\":1,\"_id\":\"" ID "\"},{\"x\":2}]",
                                        "{\"l.0\":1,\"a\":2,\"url.b\":3}"};
    fixture f;

    (void)state;
    open_as(&f, SAC_OBJECTID, NULL, true, false);
    for (int kind = 0; kind < 3; kind++) {
        int rc = SAC_ENOMEM;

        for (long n = 0; rc == SAC_ENOMEM; n++) {
            sac__body body = {.misfits = NULL};
            sac__bodies bodies = {.max = 10};
            sac__arena *arena;

            CHECK(n < 200);
            f.fault.left = n;
            arena = sac__arena_open(f.cache, 1 << 20);
            if (arena)
                rc = kind == 1 ? sac__schema_decode_many(f.schema, NULL, sac_str_of(texts[kind]),
                                                         arena, &bodies, NULL)
                               : sac__schema_decode(f.schema, NULL, sac_str_of(texts[kind]),
                                                    kind == 2, arena, &body, NULL);
            CHECK(rc == SAC_OK || (!bodies.v && !body.doc.p));
            f.fault.left = -1;
            sac__arena_close(arena);
        }
        CHECK_INT(rc, SAC_OK);
    }
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_body__parts_id_and_revision_from_the_document),
        cmocka_unit_test(test_body__flags_an_id_of_another_type),
        cmocka_unit_test(test_body__has_one_name_for_its_id),
        cmocka_unit_test(test_body__refuses_a_revision_that_is_no_integer),
        cmocka_unit_test(test_body__leaves_nested_names_to_the_table),
        cmocka_unit_test(test_body__tells_what_is_wrong_with_the_text),
        cmocka_unit_test(test_body__reads_many),
        cmocka_unit_test(test_body__bounds_many),
        cmocka_unit_test(test_body__survives_oom),
    };

    return cmocka_run_group_tests_name("schema body", tests, NULL, NULL);
}

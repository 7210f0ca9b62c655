/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "schema/fields.h"

static const sac_field geo_fields[] = {
    {.name = "lat", .type = SAC_DOUBLE, .required = true},
    {.name = "exact", .type = SAC_BOOL},
    {.name = NULL},
};
static const sac_field address_fields[] = {
    {.name = "city", .type = SAC_STRING, .required = true},
    {.name = "zip", .type = SAC_INT},
    {.name = "geo", .type = SAC_DOCUMENT, .fields = geo_fields},
    {.name = NULL},
};
static const sac_field number_item = {.name = "", .type = SAC_INT};
static const sac_field fields[] = {
    {.name = "name", .type = SAC_STRING},
    {.name = "count", .type = SAC_INT},
    {.name = "big", .type = SAC_INT64},
    {.name = "ratio", .type = SAC_DOUBLE},
    {.name = "price", .type = SAC_DECIMAL},
    {.name = "due", .type = SAC_DATE},
    {.name = "any", .type = SAC_ANY},
    {.name = "done", .type = SAC_BOOL},
    {.name = "locked", .type = SAC_BOOL, .read_only = true},
    {.name = "tags", .type = SAC_ARRAY},
    {.name = "numbers", .type = SAC_ARRAY, .items = &number_item},
    {.name = "address", .type = SAC_DOCUMENT, .fields = address_fields},
    {.name = "meta", .type = SAC_DOCUMENT},
    {.name = NULL},
};

/* `query` as JSON by the table, with the messages behind it. */
static sac_str json_of(fixture *f, const char *query, bool form)
{
    sac__params params;
    const sac__fields given = {.schema = f->schema,
                               .params = &params,
                               .form = form,
                               .arena = f->arena,
                               .errors = &f->errors};
    sac_str json = {NULL, 0};
    sac_str errors;

    f->errors = (sac__problem_errors){.n = 0};
    CHECK_INT(sac__params_parse(f->arena, sac_str_of(query), 20000, &params), SAC_OK);
    CHECK_INT(sac__fields_json(&given, &json), SAC_OK);
    errors = fixture_errors(f);
    return sac__arena_printf(f->arena, "%.*s%s%.*s", (int)json.n, json.p, errors.n ? " " : "",
                             (int)errors.n, errors.n ? errors.p : "");
}

static void open_fields(fixture *f, bool open)
{
    const sac__schema_config config = {
        .fields = fields, .field_size = sizeof *fields, .open = open, .bare = true};

    fixture_open(f, &config);
}

static void test_fields__texts_become_what_their_type_reads(void **state)
{
    static const struct {
        const char *query, *json;
    } cases[] = {
        {"", "{}"},
        {"name=a%22%0ab", "{\"name\":\"a\\\"\\nb\"}"},
        {"name=1&any=1", "{\"any\":\"1\",\"name\":\"1\"}"},
        {"count=-5&big=7&ratio=1e3", "{\"big\":7,\"count\":-5,\"ratio\":1e3}"},
        {"count=1.5", "{\"count\":1.5}"},
        {"count=007", "{\"count\":\"007\"}"},
        {"count=%2B5", "{\"count\":\"+5\"}"},
        {"count=5x", "{\"count\":\"5x\"}"},
        {"count=+5", "{\"count\":\" 5\"}"},
        {"count={}", "{\"count\":\"{}\"}"},
        {"count=1,%22x%22:2", "{\"count\":\"1,\\\"x\\\":2\"}"},
        {"ratio=1e999", "{\"ratio\":\"1e999\"}"},
        {"ratio=NaN", "{\"ratio\":\"NaN\"}"},
        {"price=0.10&due=2026-01-01", "{\"due\":\"2026-01-01\",\"price\":\"0.10\"}"},
        {"done=on", "{\"done\":true}"},
        {"done=off", "{\"done\":false}"},
        {"done=1", "{\"done\":true}"},
        {"done=0", "{\"done\":false}"},
        {"done=true", "{\"done\":true}"},
        {"done=false", "{\"done\":false}"},
        {"done", "{\"done\":true}"},
        {"done=", "{}"},
        {"done=yes", "{\"done\":\"yes\"}"},
        {"count=&big=&due=&price=&ratio=", "{}"},
        {"name=&any=", "{\"any\":\"\",\"name\":\"\"}"},
        {"name", "{\"name\":\"\"}"},
        {"_=123", "{}"},
    };
    fixture f;

    (void)state;
    open_fields(&f, false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_STR(json_of(&f, cases[i].query, false), cases[i].json);
    fixture_close(&f);
}

static void test_fields__repeated_ones_are_arrays(void **state)
{
    static const struct {
        const char *query, *json;
    } cases[] = {
        {"tags=a&name=x&tags=b&tags=", "{\"name\":\"x\",\"tags\":[\"a\",\"b\",\"\"]}"},
        {"tags=a", "{\"tags\":[\"a\"]}"},
        {"numbers=1&numbers=&numbers=x&numbers=2", "{\"numbers\":[1,\"x\",2]}"},
        {"numbers=", "{}"},
        {"count=1&count=2", "{\"count\":1} count: may be given only once"},
        {"count=&count=2&count=", "{\"count\":2}"},
        {"name=a&name=a&name=a", "{\"name\":\"a\"} name: may be given only once"},
    };
    fixture f;

    (void)state;
    open_fields(&f, false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_STR(json_of(&f, cases[i].query, false), cases[i].json);
    fixture_close(&f);
}

static void test_fields__dotted_ones_are_documents(void **state)
{
    static const struct {
        const char *query, *json;
    } cases[] = {
        {"address.zip=1&name=x&address.city=Ulm",
         "{\"address\":{\"city\":\"Ulm\",\"zip\":1},\"name\":\"x\"}"},
        {"address.geo.lat=1.5&address.city=a",
         "{\"address\":{\"city\":\"a\",\"geo\":{\"lat\":1.5}}}"},
        {"address.zip=&address.geo.lat=", "{}"},
        {"address.city=a&address-x=1&address.zip=2&address=",
         "{\"address\":{\"city\":\"a\",\"zip\":2}} address-x: unknown field"},
        {"address=x&address.city=a", "{\"address\":\"x\"}"},
        {"address.street=a&address.city=b", "{\"address\":{\"city\":\"b\"}} "
                                            "address.street: unknown field"},
        {"address.=a", "{} address.: unknown field"},
        {"address.geo.lat.x=1", "{} address.geo.lat.x: unknown field"},
        {"name.x=1", "{} name.x: unknown field"},
        {"meta.x=1&meta=y", "{\"meta\":\"y\"} meta.x: unknown field"},
        {"tags.0=1", "{} tags.0: unknown field"},
        {".=1&..=1&=1&a..b=1", "{} : unknown field; .: unknown field; ..: unknown field; "
                               "a..b: unknown field"},
        {"$set=1&__proto__=1&_=1&_=2", "{} $set: unknown field; __proto__: unknown field"},
    };
    fixture f;

    (void)state;
    open_fields(&f, false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_STR(json_of(&f, cases[i].query, false), cases[i].json);
    fixture_close(&f);
}

static void test_fields__an_open_table_passes_over_what_it_does_not_know(void **state)
{
    fixture f;

    (void)state;
    open_fields(&f, true);
    CHECK_STR(json_of(&f, "x=1&$y=2&count=1&address.street=a&address.city=b&z.z=1", false),
              "{\"address\":{\"city\":\"b\"},\"count\":1} address.street: unknown field");
    fixture_close(&f);
}

static void test_fields__in_a_form_boxes_that_are_absent_are_false(void **state)
{
    fixture f;

    (void)state;
    open_fields(&f, false);
    CHECK_STR(json_of(&f, "", true), "{\"done\":false}");
    CHECK_STR(json_of(&f, "done=on", true), "{\"done\":true}");
    CHECK_STR(json_of(&f, "done=&name=x", true), "{\"name\":\"x\",\"done\":false}");
    CHECK_STR(json_of(&f, "address.geo.lat=1", true),
              "{\"address\":{\"geo\":{\"lat\":1,\"exact\":false}},\"done\":false}");
    CHECK_STR(json_of(&f, "_=1", true), "{\"done\":false} _: unknown field");
    CHECK_STR(json_of(&f, "csrf_token=x", true), "{\"done\":false}");
    CHECK_STR(json_of(&f, "csrf_token=x", false), "{} csrf_token: unknown field");
    fixture_close(&f);
}

static void test_fields__many_names_cost_no_square(void **state)
{
    enum { NAMES = 20000 };
    char *query = malloc(NAMES * 24);
    size_t n = 0;
    fixture f;

    (void)state;
    CHECK(query != NULL);
    open_fields(&f, true);
    for (int i = 0; i < NAMES; i++)
        n += (size_t)sprintf(query + n, "address.n%d=1&", (i * 7919) % NAMES);
    query[n - 1] = '\0';
    (void)json_of(&f, query, false);
    CHECK_INT(f.errors.n, NAMES);
    free(query);
    fixture_close(&f);
}

static void test_fields__survives_oom(void **state)
{
    static const char query[] = "address.city=Ulm&address.geo.lat=1&tags=a&tags=b&x=1&count=1";
    const sac__schema_config config = {
        .fields = fields, .field_size = sizeof *fields, .bare = true};
    sac__problem_errors errors = {.n = 0};
    sac__schema *schema;
    int rc = SAC_ENOMEM;

    (void)state;
    CHECK_INT(sac__schema_new(&config, NULL, &schema, NULL), SAC_OK);
    /* The arena's own cap stands for memory that ends. */
    for (size_t cap = 400; rc != SAC_OK; cap += 8) {
        sac__arena_cache *cache;
        sac__arena *arena;
        sac__params params;
        sac_str json = {NULL, 0};

        CHECK_INT(sac__arena_cache_new(NULL, 1024, 0, &cache), SAC_OK);
        arena = sac__arena_open(cache, cap);
        CHECK(arena != NULL);
        errors = (sac__problem_errors){.n = 0};
        rc = sac__params_parse(arena, sac_str_of(query), 100, &params);
        if (rc == SAC_OK) {
            const sac__fields given = {
                .schema = schema, .params = &params, .arena = arena, .errors = &errors};

            rc = sac__fields_json(&given, &json);
        }
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        CHECK((rc == SAC_OK) == (json.p != NULL));
        CHECK(cap < 100000);
        sac__arena_close(arena);
        sac__arena_cache_free(cache);
    }
    CHECK_INT(errors.n, 1);
    sac__schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields__texts_become_what_their_type_reads),
        cmocka_unit_test(test_fields__repeated_ones_are_arrays),
        cmocka_unit_test(test_fields__dotted_ones_are_documents),
        cmocka_unit_test(test_fields__an_open_table_passes_over_what_it_does_not_know),
        cmocka_unit_test(test_fields__in_a_form_boxes_that_are_absent_are_false),
        cmocka_unit_test(test_fields__many_names_cost_no_square),
        cmocka_unit_test(test_fields__survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

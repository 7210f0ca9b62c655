/* SPDX-License-Identifier: MIT */
#include "json/plan.h"

#include "json/encode.h"
#include "plans.h"
#include "roundtrip.h"

static const sac__plan_field some[] = {
    {.name = NAMED("_id"), .shown = NAMED("id"), .type = SAC_OBJECTID},
    FIELD("title", SAC_STRING, .flags = 0),
    FIELD("secret", SAC_STRING, .flags = SAC__PLAN_HIDDEN),
    FIELD("url", SAC_STRING, .flags = SAC__PLAN_COMPUTED),
};

static void test_plan__finds_fields(void **state)
{
    sac__plan plan = PLAN(some, .open = false);
    size_t hint = 0;

    (void)state;
    index_plan(&plan);
    CHECK(sac__plan_stored(&plan, sac_str_of("_id"), &hint) == &some[0]);
    CHECK_INT(hint, 1);
    CHECK(sac__plan_stored(&plan, sac_str_of("title"), &hint) == &some[1]);
    CHECK(sac__plan_stored(&plan, sac_str_of("url"), &hint) == &some[3]);
    CHECK(sac__plan_stored(&plan, sac_str_of("_id"), &hint) == &some[0]);
    CHECK(sac__plan_stored(&plan, sac_str_of("id"), &hint) == NULL);
    CHECK(sac__plan_shown(&plan, sac_str_of("id"), &hint) == &some[0]);
    CHECK(sac__plan_shown(&plan, sac_str_of("_id"), &hint) == NULL);
    CHECK(sac__plan_shown(&plan, sac_str_of(""), &hint) == NULL);
    sac__plan_unindex(&plan, NULL);
}

static void test_plan__finds_any_of_many(void **state)
{
    enum { N = 1000 };
    static char names[N][8];
    static sac__plan_field fields[N];
    sac__plan plan = PLAN(fields, .open = false);
    size_t hint = 0;

    (void)state;
    for (size_t i = 0; i < N; i++) {
        snprintf(names[i], sizeof names[i], "f%zu", i);
        fields[i].name = fields[i].shown = sac_str_of(names[i]);
    }
    index_plan(&plan);
    for (size_t i = 0; i < N; i++) {
        const size_t at = i * 7 % N;

        CHECK(sac__plan_stored(&plan, sac_str_of(names[at]), &hint) == &fields[at]);
    }
    CHECK(sac__plan_stored(&plan, sac_str_of("f1000"), &hint) == NULL);
    sac__plan_unindex(&plan, NULL);
}

static void test_plan__refuses_one_name_twice(void **state)
{
    static const sac__plan_field stored[] = {FIELD("a", SAC_ANY, .flags = 0),
                                             FIELD("a", SAC_INT, .flags = 0)};
    static const sac__plan_field shown[] = {{.name = NAMED("_id"), .shown = NAMED("id")},
                                            FIELD("id", SAC_INT, .flags = 0)};
    sac__plan first = PLAN(stored, .open = true), second = PLAN(shown, .open = true);
    sac_err err = {.code = 0};

    (void)state;
    CHECK_INT(sac__plan_index(&first, NULL, &err), SAC_EEXIST);
    CHECK(strstr(err.text, "\"a\""));
    CHECK_INT(sac__plan_index(&second, NULL, &err), SAC_EEXIST);
    CHECK(first.by_name == NULL && second.by_name == NULL);
}

static void test_plan__index_survives_oom(void **state)
{
    (void)state;
    for (long i = 0;; i++) {
        sac__plan plan = PLAN(some, .open = false);
        fault_alloc fault;
        const sac_alloc *alloc = fault_alloc_init(&fault, i);
        const int rc = sac__plan_index(&plan, alloc, NULL);

        sac__plan_unindex(&plan, alloc);
        CHECK_INT(fault.live, 0);
        if (rc == SAC_OK)
            break;
        CHECK_INT(rc, SAC_ENOMEM);
        CHECK(i < 10);
    }
}

static int write_url(void *self, const sac__plan_field *field, sac_str doc, sac__buf *out)
{
    const sac_value id = sac_bson_get(doc, sac_str_of("_id"));

    if (self)
        return SAC_EIO;
    CHECK(field == &some[3]);
    sac__buf_printf(out, "\"/%d\"", id.type);
    return SAC_OK;
}

static void check_shown(sac__plan *plan, const char *from, const char *want)
{
    const sac__json_encoding how = {.dialect = SAC_JSON_PLAIN, .plan = plan, .compute = write_url};
    const sac_str doc = bson_of(from);
    const sac_str json = json_by(&how, doc);

    CHECK_STR(json, want);
    drop(json);
    drop(doc);
}

static void test_plan__decides_what_is_shown(void **state)
{
    sac__plan plan = PLAN(some, .open = false, .computed = true);
    static const char from[] =
        "{\"secret\":\"s\",\"title\":\"t\",\"other\":{\"a\":1},\"_id\":7,\"url\":\"stored\","
        "\"title\":\"again\",\"id\":8,\"secret\":\"s\"}";

    (void)state;
    index_plan(&plan);
    check_shown(&plan, from, "{\"title\":\"t\",\"id\":7,\"url\":\"/16\"}");
    check_shown(&plan, "{}", "{\"url\":\"/0\"}");
    plan.open = true;
    check_shown(&plan, from, "{\"title\":\"t\",\"other\":{\"a\":1},\"id\":7,\"url\":\"/16\"}");
    plan.computed = false;
    check_shown(&plan, "{\"title\":\"t\"}", "{\"title\":\"t\"}");
    sac__plan_unindex(&plan, NULL);
}

static int write_long(void *self, const sac__plan_field *field, sac_str doc, sac__buf *out)
{
    (void)self;
    (void)field;
    (void)doc;
    sac__buf_printf(out, "\"%0300d\"", 7);
    return SAC_OK;
}

/* Wherever the encoder's window ends beside the computed value. */
static void test_plan__computed_values_stand_at_every_place(void **state)
{
    sac__plan plan = PLAN(some, .open = true, .computed = true);
    char from[700], want[1100];

    (void)state;
    index_plan(&plan);
    for (int n = 0; n < 600; n++) {
        const sac__json_encoding how = {
            .dialect = SAC_JSON_PLAIN, .plan = &plan, .compute = write_long};
        sac_str doc, json;

        memcpy(from, "{\"x\":\"", 6);
        memset(from + 6, 'b', (size_t)n);
        memcpy(from + 6 + n, "\"}", 3);
        snprintf(want, sizeof want, "%.*s,\"url\":\"%0300d\"}", n + 7, from, 7);
        doc = bson_of(from);
        json = json_by(&how, doc);
        CHECK_STR(json, want);
        drop(json);
        drop(doc);
    }
    sac__plan_unindex(&plan, NULL);
}

static void test_plan__computed_error_ends_the_encoding(void **state)
{
    sac__plan plan = PLAN(some, .open = false, .computed = true);
    sac__json_encoding how = {
        .dialect = SAC_JSON_PLAIN, .plan = &plan, .compute = write_url, .self = &plan};
    const sac_str doc = bson_of("{\"title\":\"t\"}");
    sac_err err = {.code = 0};
    sac__buf out;

    (void)state;
    index_plan(&plan);
    sac__buf_init(&out, NULL, 1 << 20);
    sac__buf_add_text(&out, "[");
    CHECK_INT(sac__json_encode(&how, doc, &out, &err), SAC_EIO);
    CHECK_INT(err.code, SAC_EIO);
    CHECK_STR(sac__buf_str(&out), "[");
    how.self = NULL;
    CHECK_INT(sac__json_encode(&how, doc, &out, &err), SAC_OK);
    CHECK_STR(sac__buf_str(&out), "[{\"title\":\"t\",\"url\":\"/0\"}");
    sac__buf_fini(&out);
    /* Also where the callback meets the end of the buffer. */
    sac__buf_init(&out, NULL, 20);
    CHECK_INT(sac__json_encode(&how, doc, &out, &err), SAC_ETOOBIG);
    CHECK_INT(out.n, 0);
    sac__buf_fini(&out);
    sac__plan_unindex(&plan, NULL);
    drop(doc);
}

static void test_plan__hides_at_every_level(void **state)
{
    static const sac__plan_field inner[] = {FIELD("pin", SAC_STRING, .flags = SAC__PLAN_HIDDEN),
                                            FIELD("name", SAC_STRING, .flags = 0)};
    sac__plan nested = PLAN(inner, .open = false);
    const sac__plan_field item = FIELD("", SAC_DOCUMENT, .plan = &nested);
    const sac__plan_field items = FIELD("", SAC_ARRAY, .item = &item);
    const sac__plan_field fields[] = {FIELD("one", SAC_DOCUMENT, .plan = &nested),
                                      FIELD("many", SAC_ARRAY, .item = &item),
                                      FIELD("grid", SAC_ARRAY, .item = &items)};
    sac__plan plan = PLAN(fields, .open = false);

    (void)state;
    index_plan(&nested);
    index_plan(&plan);
    check_shown(&plan,
                "{\"one\":{\"pin\":1,\"name\":2,\"x\":3},\"many\":[{\"pin\":1},{\"name\":2},3],"
                "\"grid\":[[{\"pin\":1,\"name\":4}]]}",
                "{\"one\":{\"name\":2},\"many\":[{},{\"name\":2},3],\"grid\":[[{\"name\":4}]]}");
    /* Stored values of another shape than declared show no more. */
    check_shown(&plan,
                "{\"one\":[{\"pin\":1,\"name\":2},[{\"pin\":1}]],\"many\":{\"pin\":1},"
                "\"grid\":[{\"pin\":1},[[{\"pin\":1}]]]}",
                "{\"one\":[{\"name\":2},[{}]],\"many\":{},\"grid\":[{},[[{}]]]}");
    sac__plan_unindex(&nested, NULL);
    sac__plan_unindex(&plan, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan__finds_fields),
        cmocka_unit_test(test_plan__finds_any_of_many),
        cmocka_unit_test(test_plan__refuses_one_name_twice),
        cmocka_unit_test(test_plan__index_survives_oom),
        cmocka_unit_test(test_plan__decides_what_is_shown),
        cmocka_unit_test(test_plan__computed_values_stand_at_every_place),
        cmocka_unit_test(test_plan__computed_error_ends_the_encoding),
        cmocka_unit_test(test_plan__hides_at_every_level),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

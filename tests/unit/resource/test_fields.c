/* SPDX-License-Identifier: MIT */
#include "lists.h"

static const sac_field place_fields[] = {
    {.name = "city", .type = SAC_STRING},
    {.name = "zip", .type = SAC_STRING},
    {.name = "pin", .type = SAC_STRING, .secret = true},
    {.name = NULL},
};
static const sac_field place_item = {.name = "", .type = SAC_DOCUMENT, .fields = place_fields};

static const sac_field fields[] = {
    {.name = "name", .type = SAC_STRING},
    {.name = "n", .type = SAC_INT64, .unfiltered = true},
    {.name = "place", .type = SAC_DOCUMENT, .fields = place_fields},
    {.name = "places", .type = SAC_ARRAY, .items = &place_item},
    {.name = "pw", .type = SAC_STRING, .secret = true},
    {.name = "url", .type = SAC_STRING, .computed = SAC_COMPUTED_URL},
    {.name = NULL},
};

static const sac_resource closed = SAC_RESOURCE(.name = "things", .fields = fields,
                                                .id_type = SAC_ID_STRING, .dialects = true);
static const sac_resource open_table = SAC_RESOURCE(.name = "things", .fields = fields,
                                                    .open = true, .id_type = SAC_ID_STRING);

static const char *const docs[] = {
    "{\"_id\":\"a\",\"name\":\"x\",\"n\":{\"$numberLong\":\"7\"},\"extra\":1,\"more\":{\"k\":2},"
    "\"place\":{\"city\":\"R\",\"zip\":\"1\",\"pin\":\"9\"},"
    "\"places\":[{\"city\":\"O\",\"zip\":\"2\",\"pin\":\"9\"}],\"pw\":\"p\"}",
    NULL,
};

static todos t;

static void shows(const char *target, const char *json)
{
    if (todos_ask(&t, "GET", target, NULL) != 200)
        fail_msg("%s: %d %.*s", target, t.reply.status, (int)t.reply.body.n, t.reply.body.p);
    CHECK_STR(t.reply.body, json);
}

static int close_things(void **state)
{
    (void)state;
    todos_close(&t);
    return 0;
}

static int open_closed(void **state)
{
    (void)state;
    lists_open(&t, &closed, docs);
    return 0;
}

static int open_open(void **state)
{
    (void)state;
    lists_open(&t, &open_table, docs);
    return 0;
}

static void test_fields__shows_what_is_named(void **state)
{
    (void)state;
    shows("/api/todos?fields=name", "[{\"_id\":\"a\",\"name\":\"x\"}]");
    shows("/api/todos?fields=n,name", "[{\"_id\":\"a\",\"name\":\"x\",\"n\":7}]");
    shows("/api/todos?fields=_id", "[{\"_id\":\"a\"}]");
    shows("/api/todos?fields=url", "[{\"_id\":\"a\",\"url\":\"/api/todos/a\"}]");
    shows("/api/todos?fields[]=name&fields[]=n", "[{\"_id\":\"a\",\"name\":\"x\",\"n\":7}]");
    shows("/api/todos?fields=place.city", "[{\"_id\":\"a\",\"place\":{\"city\":\"R\"}}]");
    shows("/api/todos?fields=place.city,place",
          "[{\"_id\":\"a\",\"place\":{\"city\":\"R\",\"zip\":\"1\"}}]");
    shows("/api/todos?fields=places.zip", "[{\"_id\":\"a\",\"places\":[{\"zip\":\"2\"}]}]");
    shows("/api/todos/a?fields=name", "{\"_id\":\"a\",\"name\":\"x\"}");
    shows("/api/todos/a?fields=name,name", "{\"_id\":\"a\",\"name\":\"x\"}");
}

static void test_fields__leaves_out_what_is_named(void **state)
{
    (void)state;
    shows("/api/todos/a?fields=-place,-places,-url", "{\"_id\":\"a\",\"name\":\"x\",\"n\":7}");
    shows("/api/todos/a?fields=-name,-n,-url,-places,-place.zip",
          "{\"_id\":\"a\",\"place\":{\"city\":\"R\"}}");
    shows("/api/todos/a?fields=-name,-n,-url,-place,-places.city",
          "{\"_id\":\"a\",\"places\":[{\"zip\":\"2\"}]}");
}

static void test_fields__of_an_open_table_may_be_undeclared(void **state)
{
    (void)state;
    shows("/api/todos/a?fields=extra", "{\"_id\":\"a\",\"extra\":1}");
    shows("/api/todos/a?fields=extra,extra,nothing", "{\"_id\":\"a\",\"extra\":1}");
    shows("/api/todos/a?fields=-extra,-place,-places,-url",
          "{\"_id\":\"a\",\"name\":\"x\",\"n\":7,\"more\":{\"k\":2}}");
    lists_refuses(&t, "fields=more.k", "bad_parameter", "fields: no such field");
    lists_refuses(&t, "fields=_rev", "bad_parameter", "fields: no such field");
}

static void test_fields__hidden_ones_do_not_exist(void **state)
{
    static const char *const bad[] = {
        "fields=pw",
        "fields=-pw",
        "fields=nothing",
        "fields=place.pin",
        "fields=-places.pin",
        "fields=",
        "fields",
        "fields=name,",
        "fields=name,-n",
        "fields=-name,n",
        "fields=-_id",
        "fields=_id.x",
        "fields=name.x",
        "fields=-",
        "fields=$where",
        "fields=place.",
        "fields=name&fields=n",
        "fields=--name",
        "fields=extra",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        lists_refuses(&t, bad[i], "bad_parameter", "fields: ");
    CHECK_INT(todos_ask(&t, "GET", "/api/todos/a?fields=pw", NULL), 400);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos/a?sort=name", NULL), 400);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos/a?name=x", NULL), 400);
}

static void test_fields__are_part_of_the_tag(void **state)
{
    static const char *const targets[] = {"/api/todos/a", "/api/todos/a?fields=name",
                                          "/api/todos/a?fields=n", "/api/todos/a?fields=-n",
                                          "/api/todos/a?json=relaxed"};
    char tags[5][64], line[400];

    (void)state;
    for (int i = 0; i < 5; i++) {
        CHECK_INT(todos_ask(&t, "GET", targets[i], NULL), 200);
        snprintf(tags[i], sizeof tags[i], "%s", todos_header(&t, "etag"));
        for (int k = 0; k < i; k++)
            CHECK(strcmp(tags[i], tags[k]) != 0);
        snprintf(line, sizeof line, "If-None-Match: %s", tags[i]);
        CHECK_INT(todos_ask_with(&t, "GET", targets[i], NULL, WITH(line)), 304);
    }
    /* The stamp is that of the item, however it is shown. */
    CHECK(memcmp(tags[0], tags[1], 17) == 0);
}

static void test_json__chooses_the_dialect(void **state)
{
    (void)state;
    shows("/api/todos/a?json=canonical&fields=n", "{\"_id\":\"a\",\"n\":{\"$numberLong\":\"7\"}}");
    assert_string_equal(todos_header(&t, "content-type"), "application/json; dialect=canonical");
    shows("/api/todos?json=relaxed&fields=n&per_page=1", "[{\"_id\":\"a\",\"n\":7}]");
    assert_string_equal(todos_header(&t, "content-type"), "application/json; dialect=relaxed");
    CHECK(strstr(lists_link(&t, "first"), "?json=relaxed&fields=n&page=1"));
    lists_refuses(&t, "json=what", "bad_parameter", "json: plain, relaxed or canonical");
    lists_refuses(&t, "json", "bad_parameter", "json: ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fields__shows_what_is_named, open_closed,
                                        close_things),
        cmocka_unit_test_setup_teardown(test_fields__leaves_out_what_is_named, open_closed,
                                        close_things),
        cmocka_unit_test_setup_teardown(test_fields__of_an_open_table_may_be_undeclared, open_open,
                                        close_things),
        cmocka_unit_test_setup_teardown(test_fields__hidden_ones_do_not_exist, open_closed,
                                        close_things),
        cmocka_unit_test_setup_teardown(test_fields__are_part_of_the_tag, open_closed,
                                        close_things),
        cmocka_unit_test_setup_teardown(test_json__chooses_the_dialect, open_closed, close_things),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

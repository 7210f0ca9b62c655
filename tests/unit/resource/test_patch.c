/* SPDX-License-Identifier: MIT */
#include "support/todos.h"

#define MERGE "Content-Type: application/merge-patch+json"
#define JSON_PATCH "Content-Type: application/json-patch+json"
#define UPDATE "Content-Type: application/vnd.sacrum.update+json"
#define ALL_PATCHES "application/json, application/merge-patch+json, application/json-patch+json"

static const sac_field address[] = {
    {.name = "street", .type = SAC_STRING},
    {.name = "zip", .type = SAC_STRING, .secret = true},
    {.name = NULL},
};
static const sac_field fields[] = {
    {.name = "title", .type = SAC_STRING, .required = true, .max_length = 20},
    {.name = "n", .type = SAC_INT64},
    {.name = "rate", .type = SAC_DECIMAL},
    {.name = "due", .type = SAC_DATE},
    {.name = "state", .type = SAC_STRING, .fallback = "\"open\""},
    {.name = "code", .type = SAC_STRING, .read_only = true},
    {.name = "pin", .type = SAC_STRING, .secret = true},
    {.name = "tags", .type = SAC_ARRAY},
    {.name = "home", .type = SAC_DOCUMENT, .fields = address},
    {.name = NULL},
};
static const char *const operators[] = {"$set", "$unset", "$inc", "$push", NULL};
static const sac_resource resource = SAC_RESOURCE(.name = "todos", .fields = fields,
                                                  .id_type = SAC_ID_STRING,
                                                  .update_operators = operators);

static int open_items(void **state)
{
    static todos t;

    todos_open(&t, &resource);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos",
                        "{\"_id\":\"a\",\"title\":\"one\",\"n\":\"9007199254740993\",\"rate\":"
                        "\"1.50\",\"due\":\"2026-01-01\",\"pin\":\"s3cret\",\"tags\":[\"x\",\"y\"],"
                        "\"home\":{\"street\":\"Elm\",\"zip\":\"1\"}}"),
              201);
    *state = &t;
    return 0;
}

static int close_items(void **state)
{
    todos_close(*state);
    return 0;
}

static int patch(todos *t, const char *type, const char *body)
{
    return todos_ask_with(t, "PATCH", "/api/todos/a", body, WITH(type));
}

static int find_secrets(void *self, const sac_view *view)
{
    const sac_value home = sac_bson_get(view->doc, sac_str_of("home"));
    sac_str inside;

    *(bool *)self = sac_str_is(sac_bson_get_str(view->doc, "pin"), "s3cret") &&
                    sac_value_doc(&home, &inside) &&
                    sac_str_is(sac_bson_get_str(inside, "zip"), "1");
    return 0;
}

/* Whether what no client sees is stored as it was. */
static bool keeps_secrets(todos *t)
{
    const sac_query query = SAC_QUERY(.collection = "todos");
    bool found = false;
    const sac_sink sink = {.doc = find_secrets, .self = &found};
    sac_cursor *cursor = NULL;
    sac_err err;

    CHECK_INT(sac_store_find(sac_app_store(t->app), &query, NULL, &cursor, &err), SAC_OK);
    CHECK_INT(sac_cursor_pull(cursor, &sink, &err), 0);
    sac_cursor_close(cursor);
    return found;
}

static void test_merge__sets_removes_and_keeps_the_rest(void **state)
{
    todos *t = *state;

    CHECK_INT(patch(t, MERGE, "{\"title\":\"two\",\"tags\":null,\"home\":{\"street\":\"Oak\"}}"),
              200);
    CHECK(todos_says(t, "\"title\":\"two\""));
    CHECK(todos_says(t, "\"n\":\"9007199254740993\""));
    CHECK(todos_says(t, "\"rate\":\"1.50\""));
    CHECK(todos_says(t, "\"due\":\"2026-01-01T00:00:00.000Z\""));
    CHECK(todos_says(t, "\"home\":{\"street\":\"Oak\"}"));
    CHECK(!todos_says(t, "tags"));
    CHECK(keeps_secrets(t));
}

static void test_merge__applies_no_defaults(void **state)
{
    todos *t = *state;

    CHECK_INT(patch(t, MERGE, "{\"state\":null}"), 200);
    CHECK(!todos_says(t, "state"));
    CHECK_INT(patch(t, MERGE, "{\"n\":1}"), 200);
    CHECK(!todos_says(t, "state"));
}

static void test_merge__is_judged_as_a_whole(void **state)
{
    todos *t = *state;

    CHECK_INT(patch(t, MERGE, "{\"title\":null}"), 422);
    CHECK(todos_says(t, "\"title\":[\"required\"]"));
    CHECK_INT(patch(t, MERGE, "{\"n\":\"many\"}"), 422);
    CHECK_INT(patch(t, MERGE, "{\"code\":\"x\"}"), 422);
    CHECK_INT(patch(t, MERGE, "{\"nonesuch\":1}"), 422);
    CHECK_INT(patch(t, MERGE, "{\"_id\":\"b\"}"), 422);
    CHECK_INT(patch(t, MERGE, "{\"tags\":"), 400);
    CHECK(todos_problem(t, "bad_json"));
    CHECK_INT(todos_ask(t, "GET", "/api/todos/a", NULL), 200);
    CHECK(todos_says(t, "\"title\":\"one\""));
}

static void test_merge__reads_values_by_their_fields(void **state)
{
    todos *t = *state;

    CHECK_INT(patch(t, MERGE, "{\"due\":\"2027-02-03T04:05:06+01:00\",\"rate\":\"2.250\"}"), 200);
    CHECK(todos_says(t, "\"due\":\"2027-02-03T03:05:06.000Z\""));
    CHECK(todos_says(t, "\"rate\":\"2.250\""));
}

static void test_merge__that_changes_nothing_raises_nothing(void **state)
{
    todos *t = *state;
    char tag[64];

    CHECK_INT(todos_ask(t, "GET", "/api/todos/a", NULL), 200);
    snprintf(tag, sizeof tag, "%s", todos_header(t, "etag"));
    CHECK_INT(patch(t, MERGE, "{\"n\":\"9007199254740993\",\"rate\":\"1.50\"}"), 200);
    assert_string_equal(todos_header(t, "etag"), tag);
}

static void test_json_patch__runs_its_operations_in_order(void **state)
{
    todos *t = *state;

    CHECK_INT(patch(t, JSON_PATCH,
                    "[{\"op\":\"test\",\"path\":\"/title\",\"value\":\"one\"},"
                    "{\"op\":\"add\",\"path\":\"/tags/-\",\"value\":\"z\"},"
                    "{\"op\":\"remove\",\"path\":\"/tags/0\"},"
                    "{\"op\":\"copy\",\"from\":\"/tags/1\",\"path\":\"/title\"}]"),
              200);
    CHECK(todos_says(t, "\"tags\":[\"y\",\"z\"]"));
    CHECK(todos_says(t, "\"title\":\"z\""));
    CHECK(todos_says(t, "\"n\":\"9007199254740993\""));
}

static void test_json_patch__fails_as_a_whole(void **state)
{
    todos *t = *state;

    CHECK_INT(patch(t, JSON_PATCH,
                    "[{\"op\":\"replace\",\"path\":\"/title\",\"value\":\"two\"},"
                    "{\"op\":\"test\",\"path\":\"/n\",\"value\":7}]"),
              409);
    CHECK(todos_problem(t, "patch_failed"));
    CHECK_INT(patch(t, JSON_PATCH, "[{\"op\":\"remove\",\"path\":\"/nonesuch\"}]"), 409);
    CHECK_INT(todos_ask(t, "GET", "/api/todos/a", NULL), 200);
    CHECK(todos_says(t, "\"title\":\"one\""));
}

static void test_json_patch__malformed_is_400(void **state)
{
    static const char *const bad[] = {"{}", "[1]", "[{\"op\":\"fly\",\"path\":\"/n\"}]",
                                      "[{\"op\":\"add\",\"path\":\"n\",\"value\":1}]",
                                      "[{\"op\":\"add\",\"path\":\"/n\"}]"};
    todos *t = *state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_INT(patch(t, JSON_PATCH, bad[i]), 400);
        CHECK(todos_problem(t, "bad_patch"));
    }
    CHECK_INT(patch(t, JSON_PATCH, "[{\"op\""), 400);
    CHECK(todos_problem(t, "bad_json"));
}

static void test_patches__see_nothing_that_is_hidden(void **state)
{
    static const char *const tries[] = {
        "[{\"op\":\"test\",\"path\":\"/pin\",\"value\":\"s3cret\"}]",
        "[{\"op\":\"copy\",\"from\":\"/pin\",\"path\":\"/title\"}]",
        "[{\"op\":\"move\",\"from\":\"/home/zip\",\"path\":\"/title\"}]",
        "[{\"op\":\"remove\",\"path\":\"/pin\"}]",
        "[{\"op\":\"test\",\"path\":\"/home/zip\",\"value\":\"1\"}]"};
    char first[2048];
    todos *t = *state;

    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        const int status = patch(t, JSON_PATCH, tries[i]);

        CHECK(status == 409 || status == 422);
        CHECK(!todos_says(t, "s3cret"));
    }
    /* The right and the wrong guess are answered alike. */
    CHECK(patch(t, JSON_PATCH, tries[0]) != 200);
    snprintf(first, sizeof first, "%.*s", (int)t->reply.body.n, t->reply.body.p);
    (void)patch(t, JSON_PATCH, "[{\"op\":\"test\",\"path\":\"/pin\",\"value\":\"other\"}]");
    CHECK_STR(t->reply.body, first);
    CHECK_INT(patch(t, UPDATE, "{\"$unset\":{\"pin\":1}}"), 422);
    CHECK_INT(patch(t, UPDATE, "{\"$push\":{\"home.zip\":1}}"), 422);
}

static void test_update__runs_mongodbs_operators(void **state)
{
    todos *t = *state;

    CHECK_INT(patch(t, UPDATE,
                    "{\"$inc\":{\"n\":1},\"$push\":{\"tags\":{\"$each\":[\"b\"],\"$slice\":2}},"
                    "\"$set\":{\"home.street\":\"Fir\",\"due\":\"2027-01-01\"}}"),
              200);
    CHECK(todos_says(t, "\"n\":\"9007199254740994\""));
    CHECK(todos_says(t, "\"tags\":[\"x\",\"y\"]"));
    CHECK(todos_says(t, "\"street\":\"Fir\""));
    CHECK(todos_says(t, "\"due\":\"2027-01-01T00:00:00.000Z\""));
}

static void test_update__takes_only_the_operators_listed(void **state)
{
    todos *t = *state;

    CHECK_INT(patch(t, UPDATE, "{\"$mul\":{\"n\":2}}"), 400);
    CHECK(todos_problem(t, "bad_operator"));
    CHECK(todos_says(t, "$mul"));
    CHECK_INT(patch(t, UPDATE, "{\"title\":\"x\"}"), 400);
    CHECK(todos_problem(t, "bad_patch"));
    CHECK_INT(patch(t, UPDATE, "{\"$inc\":{\"title\":1}}"), 409);
    CHECK(todos_problem(t, "patch_failed"));
    CHECK_INT(patch(t, UPDATE, "{\"$inc\":{\"nonesuch\":1}}"), 422);
    CHECK_INT(patch(t, UPDATE, "{\"$unset\":{\"title\":1}}"), 422);
}

static void test_patches__are_listed(void **state)
{
    sac_resource plain = resource;
    todos *t = *state;
    todos other;

    CHECK_INT(patch(t, "Content-Type: text/plain", "{}"), 415);
    assert_string_equal(todos_header(t, "accept-patch"),
                        ALL_PATCHES ", application/vnd.sacrum.update+json");
    plain.update_operators = NULL;
    todos_open(&other, &plain);
    CHECK_INT(todos_ask_with(&other, "PATCH", "/api/todos/a", "{}", WITH(UPDATE)), 415);
    assert_string_equal(todos_header(&other, "accept-patch"), ALL_PATCHES);
    CHECK_INT(todos_ask(&other, "OPTIONS", "/api/todos/a", NULL), 204);
    assert_string_equal(todos_header(&other, "accept-patch"), ALL_PATCHES);
    todos_close(&other);
}

static void test_patches__keep_the_order_of_checks(void **state)
{
    todos *t = *state;

    CHECK_INT(todos_ask_with(t, "PATCH", "/api/todos/zz", "[", WITH(JSON_PATCH)), 404);
    CHECK_INT(
        todos_ask_with(t, "PATCH", "/api/todos/a", "[", WITH(JSON_PATCH, "If-Match: \"other\"")),
        412);
    CHECK_INT(todos_ask_with(t, "PATCH", "/api/todos/a", "[]", WITH(JSON_PATCH, "If-Match: *")),
              200);
}

static void test_patches__are_of_the_revision_at_hand(void **state)
{
    sac_resource shows = resource;
    char tag[128];
    todos t;

    (void)state;
    shows.show_rev = true;
    shows.require_if_match = true;
    todos_open(&t, &shows);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"_id\":\"a\",\"title\":\"one\"}"), 201);
    CHECK_INT(patch(&t, MERGE, "{\"title\":\"two\"}"), 428);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos/a", NULL), 200);
    snprintf(tag, sizeof tag, "If-Match: %s", todos_header(&t, "etag"));
    CHECK_INT(todos_ask_with(&t, "PATCH", "/api/todos/a", "{\"title\":\"two\"}", WITH(MERGE, tag)),
              200);
    CHECK_INT(todos_ask_with(&t, "PATCH", "/api/todos/a",
                             "[{\"op\":\"replace\",\"path\":\"/_rev\",\"value\":1}]",
                             WITH(JSON_PATCH, "If-Match: *")),
              409);
    CHECK(todos_problem(&t, "stale_revision"));
    todos_close(&t);
}

#define ITEM_TEST(name) cmocka_unit_test_setup_teardown(name, open_items, close_items)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ITEM_TEST(test_merge__sets_removes_and_keeps_the_rest),
        ITEM_TEST(test_merge__applies_no_defaults),
        ITEM_TEST(test_merge__is_judged_as_a_whole),
        ITEM_TEST(test_merge__reads_values_by_their_fields),
        ITEM_TEST(test_merge__that_changes_nothing_raises_nothing),
        ITEM_TEST(test_json_patch__runs_its_operations_in_order),
        ITEM_TEST(test_json_patch__fails_as_a_whole),
        ITEM_TEST(test_json_patch__malformed_is_400),
        ITEM_TEST(test_patches__see_nothing_that_is_hidden),
        ITEM_TEST(test_update__runs_mongodbs_operators),
        ITEM_TEST(test_update__takes_only_the_operators_listed),
        ITEM_TEST(test_patches__are_listed),
        ITEM_TEST(test_patches__keep_the_order_of_checks),
        cmocka_unit_test(test_patches__are_of_the_revision_at_hand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "support/todos.h"

/* Writes by filter, and unique fields. */

#define NEEDS_TRANSACTIONS "the server has no transactions"

static const sac_field fields[] = {
    {.name = "title", .type = SAC_STRING, .required = true, .unique = true},
    {.name = "n", .type = SAC_INT, .indexed = true},
    {.name = "pin", .type = SAC_STRING, .secret = true, .unique = true, .sparse = true},
    {.name = "city", .type = SAC_STRING},
    {.name = "street", .type = SAC_STRING},
    {.name = NULL},
};
static const sac_index indexes[] = {
    {.keys = "city,street", .name = "place", .unique = true, .sparse = true},
    {.keys = NULL},
};
static const char *const operators[] = {"$inc", NULL};
static const sac_resource resource = SAC_RESOURCE(.name = "todos", .fields = fields,
                                                  .id_type = SAC_ID_STRING, .bulk = true,
                                                  .remove_many = true, .modify_many = true,
                                                  .indexes = indexes, .update_operators = operators,
                                                  .max_affected = 3);

static int open_items(void **state)
{
    static todos t;

    todos_open(&t, &resource);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos",
                        "[{\"_id\":\"a\",\"title\":\"1\",\"n\":1},{\"_id\":\"b\",\"title\":\"2\","
                        "\"n\":2},{\"_id\":\"c\",\"title\":\"3\",\"n\":2},{\"_id\":\"d\","
                        "\"title\":\"4\",\"n\":3},{\"_id\":\"e\",\"title\":\"5\",\"n\":2}]"),
              201);
    *state = &t;
    return 0;
}

static int close_items(void **state)
{
    todos_close(*state);
    return 0;
}

static int count(todos *t)
{
    CHECK_INT(todos_ask(t, "GET", "/api/todos?per_page=1", NULL), 200);
    return atoi(todos_header(t, "x-total-count"));
}

static void test_many__are_removed_by_filter(void **state)
{
    todos *t = *state;

    todos_needs_lmdb(NEEDS_TRANSACTIONS);
    CHECK_INT(todos_ask(t, "DELETE", "/api/todos?n=2", NULL), 200);
    CHECK_STR(t->reply.body, "{\"deleted\":3}");
    CHECK_INT(count(t), 2);
    CHECK_INT(todos_ask(t, "DELETE", "/api/todos?n=99", NULL), 200);
    CHECK_STR(t->reply.body, "{\"deleted\":0}");
}

static void test_many__are_modified_by_filter(void **state)
{
    todos *t = *state;

    todos_needs_lmdb(NEEDS_TRANSACTIONS);
    CHECK_INT(todos_ask(t, "PATCH", "/api/todos?n[gte]=2&n[lt]=3", "{\"n\":6}"), 200);
    CHECK_STR(t->reply.body, "{\"matched\":3,\"modified\":3}");
    CHECK_INT(todos_ask(t, "PATCH", "/api/todos?n=6", "{\"n\":6}"), 200);
    CHECK_STR(t->reply.body, "{\"matched\":3,\"modified\":0}");
    CHECK_INT(todos_ask_with(t, "PATCH", "/api/todos?n=6", "{\"$inc\":{\"n\":1}}",
                             WITH("Content-Type: application/vnd.sacrum.update+json")),
              200);
    CHECK_STR(t->reply.body, "{\"matched\":3,\"modified\":3}");
    CHECK_INT(todos_ask(t, "GET", "/api/todos?n=7", NULL), 200);
    CHECK(todos_says(t, "\"_id\":\"b\"") && todos_says(t, "\"_id\":\"e\""));
}

static void test_many__more_than_allowed_change_nothing(void **state)
{
    todos *t = *state;

    todos_needs_lmdb(NEEDS_TRANSACTIONS);
    CHECK_INT(todos_ask(t, "DELETE", "/api/todos?n[gte]=1", NULL), 400);
    CHECK(todos_problem(t, "too_many_affected"));
    CHECK_INT(todos_ask_with(t, "DELETE", "/api/todos?n=2", NULL,
                             WITH("Prefer: handling=strict, max-affected=2")),
              400);
    CHECK(todos_problem(t, "too_many_affected"));
    CHECK_INT(todos_ask_with(t, "DELETE", "/api/todos?n=2", NULL,
                             WITH("Prefer: handling=strict, max-affected=0")),
              400);
    CHECK(todos_problem(t, "too_many_affected"));
    CHECK_INT(todos_ask_with(t, "DELETE", "/api/todos?n=77", NULL,
                             WITH("Prefer: handling=strict, max-affected=0")),
              200);
    CHECK_INT(count(t), 5);
    CHECK_INT(todos_ask_with(t, "DELETE", "/api/todos?n=2", NULL,
                             WITH("Prefer: handling=strict, max-affected=3")),
              200);
    CHECK_INT(count(t), 2);
}

static void test_many__one_that_is_refused_refuses_all(void **state)
{
    todos *t = *state;

    todos_needs_lmdb(NEEDS_TRANSACTIONS);
    CHECK_INT(todos_ask(t, "PATCH", "/api/todos?n=2", "{\"title\":\"same\"}"), 409);
    CHECK(todos_problem(t, "duplicate"));
    CHECK_INT(todos_ask(t, "PATCH", "/api/todos?n=2", "{\"title\":null}"), 422);
    CHECK_INT(todos_ask(t, "GET", "/api/todos/b", NULL), 200);
    CHECK(todos_says(t, "\"title\":\"2\""));
}

static void test_many__need_a_filter_and_no_more(void **state)
{
    todos *t = *state;

    CHECK_INT(todos_ask(t, "DELETE", "/api/todos", NULL), 400);
    CHECK_INT(todos_ask(t, "PATCH", "/api/todos", "{\"n\":1}"), 400);
    CHECK_INT(todos_ask(t, "DELETE", "/api/todos?n=2&per_page=1", NULL), 400);
    CHECK(todos_problem(t, "bad_parameter"));
    CHECK_INT(todos_ask(t, "DELETE", "/api/todos?pin=1", NULL), 400);
    CHECK_INT(todos_ask_with(t, "DELETE", "/api/todos?n=2", NULL, WITH("If-Match: *")), 400);
    CHECK(todos_problem(t, "precondition_unsupported"));
    CHECK_INT(count(t), 5);
}

static void test_many__are_switched_on_by_name(void **state)
{
    sac_resource closed = resource;
    todos t;

    (void)state;
    closed.remove_many = false;
    closed.modify_many = false;
    todos_open(&t, &closed);
    CHECK_INT(todos_ask(&t, "DELETE", "/api/todos?n=2", NULL), 405);
    CHECK_INT(todos_ask(&t, "PATCH", "/api/todos?n=2", "{}"), 405);
    todos_close(&t);
    closed.clear = true;
    todos_open(&t, &closed);
    CHECK_INT(todos_ask(&t, "DELETE", "/api/todos?n=2", NULL), 400);
    CHECK_INT(todos_ask(&t, "DELETE", "/api/todos", NULL), 200);
    todos_close(&t);
}

/* Clearing a list has no bound of its own; a client that names one is held to it. */
static void test_many__the_whole_list_is_bounded_by_the_client(void **state)
{
    static const char *const bounds[] = {"0", "2", "3", "4", "5"};
    sac_resource open = resource;
    todos t;

    (void)state;
    todos_needs_lmdb(NEEDS_TRANSACTIONS);
    open.clear = true;
    todos_open(&t, &open);
    for (int i = 0; i < 5; i++) {
        char body[64];

        snprintf(body, sizeof body, "{\"_id\":\"%d\",\"title\":\"%d\"}", i, i);
        CHECK_INT(todos_ask(&t, "POST", "/api/todos", body), 201);
    }
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        char prefer[64];

        snprintf(prefer, sizeof prefer, "Prefer: handling=strict, max-affected=%s", bounds[i]);
        CHECK_INT(todos_ask_with(&t, "DELETE", "/api/todos", NULL, WITH(prefer)), 400);
        CHECK(todos_problem(&t, "too_many_affected"));
        CHECK_INT(count(&t), 5);
    }
    CHECK_INT(todos_ask(&t, "DELETE", "/api/todos", NULL), 200);
    CHECK(todos_says(&t, "{\"deleted\":5}"));
    todos_close(&t);
}

static void test_unique__names_the_field(void **state)
{
    todos *t = *state;

    CHECK_INT(todos_ask(t, "POST", "/api/todos", "{\"_id\":\"f\",\"title\":\"3\"}"), 409);
    CHECK(todos_problem(t, "duplicate"));
    CHECK(todos_says(t, "\"errors\":{\"title\":[\"is taken\"]}"));
    CHECK_INT(todos_ask(t, "PATCH", "/api/todos/a", "{\"title\":\"2\"}"), 409);
    CHECK(todos_says(t, "\"errors\":{\"title\":[\"is taken\"]}"));
    CHECK_INT(todos_ask(t, "PATCH", "/api/todos/a", "{\"title\":\"1\"}"), 200);
    CHECK_INT(todos_ask(t, "POST", "/api/todos",
                        "[{\"_id\":\"x\",\"title\":\"x\"},{\"_id\":\"y\",\"title\":\"x\"}]"),
              409);
    CHECK(todos_says(t, "\"errors\":{\"1.title\":[\"is taken\"]}"));
    CHECK_INT(count(t), 5);
    CHECK_INT(todos_ask(t, "POST", "/api/todos", "{\"_id\":\"a\",\"title\":\"new\"}"), 409);
    CHECK(todos_problem(t, "exists"));
}

static void test_unique__several_fields_together(void **state)
{
    todos *t = *state;

    CHECK_INT(todos_ask(t, "PATCH", "/api/todos/a", "{\"city\":\"Rome\",\"street\":\"Corso\"}"),
              200);
    CHECK_INT(todos_ask(t, "PATCH", "/api/todos/b", "{\"city\":\"Rome\",\"street\":\"Appia\"}"),
              200);
    CHECK_INT(todos_ask(t, "PATCH", "/api/todos/b", "{\"street\":\"Corso\"}"), 409);
    CHECK(todos_says(t, "\"city\":[") && todos_says(t, "\"street\":["));
}

static void test_unique__does_not_name_what_is_hidden(void **state)
{
    todos *t = *state;

    CHECK_INT(todos_ask(t, "PATCH", "/api/todos/a", "{\"pin\":\"77\"}"), 200);
    CHECK_INT(todos_ask(t, "PATCH", "/api/todos/b", "{\"pin\":\"77\"}"), 409);
    CHECK(todos_problem(t, "duplicate"));
    CHECK(!todos_says(t, "pin"));
}

static void test_indexes__are_checked(void **state)
{
    static const sac_index empty[] = {{.keys = ""}, {.keys = NULL}};
    static const sac_index twice[] = {{.keys = "n,n"}, {.keys = NULL}};
    sac_resource bad = resource;
    sac_err err = {.code = 0};
    todos t;

    (void)state;
    bad.indexes = empty;
    todos_begin(&t);
    todos_make(&t);
    CHECK_INT(sac_app_resource(t.app, "/api/todos", &bad, &err), SAC_EINVAL);
    CHECK(strstr(err.text, "no keys"));
    bad.indexes = twice;
    CHECK_INT(sac_app_resource(t.app, "/api/todos", &bad, &err), SAC_OK);
    CHECK_INT(sac_app_seal(t.app, &err), SAC_EINVAL);
    CHECK(strstr(err.text, "n_1_n_1"));
    sac_app_free(t.app);
    t.app = NULL;
    remove_dir(t.dir);
}

#define ITEM_TEST(name) cmocka_unit_test_setup_teardown(name, open_items, close_items)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ITEM_TEST(test_many__are_removed_by_filter),
        ITEM_TEST(test_many__are_modified_by_filter),
        ITEM_TEST(test_many__more_than_allowed_change_nothing),
        ITEM_TEST(test_many__one_that_is_refused_refuses_all),
        ITEM_TEST(test_many__need_a_filter_and_no_more),
        cmocka_unit_test(test_many__are_switched_on_by_name),
        cmocka_unit_test(test_many__the_whole_list_is_bounded_by_the_client),
        ITEM_TEST(test_unique__names_the_field),
        ITEM_TEST(test_unique__several_fields_together),
        ITEM_TEST(test_unique__does_not_name_what_is_hidden),
        cmocka_unit_test(test_indexes__are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "support/todos.h"

#define PATCHES "application/json, application/merge-patch+json, application/json-patch+json"

static int open_todos(void **state)
{
    static todos t;

    todos_open(&t, &todo_resource);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"_id\":\"a\",\"title\":\"one\",\"n\":1}"),
              201);
    *state = &t;
    return 0;
}

static int close_todos(void **state)
{
    todos_close(*state);
    return 0;
}

static void test_item__is_got(void **state)
{
    todos *t = *state;

    CHECK_INT(todos_ask(t, "GET", "/api/todos/a", NULL), 200);
    CHECK_STR(t->reply.body, "{\"_id\":\"a\",\"title\":\"one\",\"n\":1,\"completed\":false}");
    assert_string_equal(todos_header(t, "content-type"), "application/json");
    assert_string_equal(todos_header(t, "cache-control"), "no-cache");
    assert_string_equal(todos_header(t, "vary"), "Accept");
    CHECK_INT(strlen(todos_header(t, "etag")), 35);
}

static void test_item__takes_a_trailing_slash(void **state)
{
    CHECK_INT(todos_ask(*state, "GET", "/api/todos/a/", NULL), 200);
    CHECK_INT(todos_ask(*state, "GET", "/api/todos/", NULL), 200);
}

static void test_item__head_has_no_body(void **state)
{
    todos *t = *state;

    CHECK_INT(todos_ask(t, "HEAD", "/api/todos/a", NULL), 200);
    CHECK_INT(t->reply.body.n, 0);
    CHECK(todos_header(t, "etag") != NULL);
}

static void test_item__missing_is_404(void **state)
{
    static const char *const methods[] = {"GET", "HEAD", "PATCH", "DELETE"};
    todos *t = *state;

    for (size_t i = 0; i < 4; i++)
        CHECK_INT(todos_ask(t, methods[i], "/api/todos/zz", i == 2 ? "{\"n\":2}" : NULL), 404);
    CHECK(todos_problem(t, "not_found"));
}

static void test_item__405_comes_before_a_bad_id(void **state)
{
    todos *t = *state;

    CHECK_INT(todos_ask(t, "POST", "/api/todos/..%00", "{}"), 404);
    CHECK_INT(todos_ask(t, "POST", "/api/todos/a", "{}"), 405);
    assert_string_equal(todos_header(t, "allow"), "GET, HEAD, PUT, PATCH, DELETE, OPTIONS");
    CHECK_INT(todos_ask(t, "PUT", "/api/todos", "{}"), 405);
    CHECK_INT(todos_ask(t, "DELETE", "/api/todos", NULL), 405);
    CHECK_INT(todos_ask(t, "FETCH", "/api/todos", NULL), 501);
}

static void test_item__options_say_what_is_served(void **state)
{
    todos *t = *state;

    CHECK_INT(todos_ask(t, "OPTIONS", "/api/todos/a", NULL), 204);
    assert_string_equal(todos_header(t, "allow"), "GET, HEAD, PUT, PATCH, DELETE, OPTIONS");
    assert_string_equal(todos_header(t, "accept-patch"), PATCHES);
    CHECK_INT(todos_ask(t, "OPTIONS", "/api/todos", NULL), 204);
    assert_string_equal(todos_header(t, "allow"), "GET, HEAD, POST, OPTIONS");
}

static void test_item__is_replaced(void **state)
{
    todos *t = *state;

    CHECK_INT(todos_ask(t, "PUT", "/api/todos/a", "{\"_id\":\"a\",\"title\":\"two\"}"), 200);
    CHECK_STR(t->reply.body, "{\"_id\":\"a\",\"title\":\"two\",\"completed\":false}");
    assert_string_equal(todos_header(t, "content-location"), "/api/todos/a");
    CHECK(todos_header(t, "etag") != NULL);
    CHECK_INT(todos_ask(t, "GET", "/api/todos/a", NULL), 200);
    CHECK_STR(t->reply.body, "{\"_id\":\"a\",\"title\":\"two\",\"completed\":false}");
}

static void test_item__put_makes_an_absent_one_where_allowed(void **state)
{
    todos *t = *state;

    CHECK_INT(todos_ask(t, "PUT", "/api/todos/b%20%2F", "{\"title\":\"b\"}"), 201);
    assert_string_equal(todos_header(t, "location"), "/api/todos/b%20%2F");
    CHECK(todos_header(t, "etag") != NULL);
    CHECK_INT(todos_ask(t, "GET", "/api/todos/b%20%2F", NULL), 200);
    CHECK_STR(t->reply.body, "{\"_id\":\"b /\",\"title\":\"b\",\"completed\":false}");
}

static void test_item__put_of_an_absent_one_is_404_where_not(void **state)
{
    sac_resource resource = todo_resource;
    todos t;

    (void)state;
    resource.upsert = false;
    todos_open(&t, &resource);
    CHECK_INT(todos_ask(&t, "PUT", "/api/todos/b", "{\"title\":\"b\"}"), 404);
    CHECK_INT(todos_ask(&t, "PUT", "/api/todos/b", "{nonsense"), 404);
    todos_close(&t);
}

static void test_item__another_id_in_the_body_is_422(void **state)
{
    todos *t = *state;

    CHECK_INT(todos_ask(t, "PUT", "/api/todos/a", "{\"_id\":\"b\",\"title\":\"x\"}"), 422);
    CHECK(todos_says(t, "\"_id\":["));
    CHECK_INT(todos_ask(t, "PATCH", "/api/todos/a", "{\"_id\":7}"), 422);
    CHECK_INT(todos_ask(t, "PUT", "/api/todos/new", "{\"_id\":\"b\",\"title\":\"x\"}"), 422);
}

static void test_item__is_patched(void **state)
{
    todos *t = *state;

    CHECK_INT(todos_ask(t, "PATCH", "/api/todos/a", "{\"n\":5}"), 200);
    CHECK_STR(t->reply.body, "{\"_id\":\"a\",\"title\":\"one\",\"n\":5,\"completed\":false}");
    assert_string_equal(todos_header(t, "content-location"), "/api/todos/a");
}

static void test_item__patch_takes_no_other_type(void **state)
{
    static const char *const types[] = {"Content-Type: application/vnd.sacrum.update+json",
                                        "Content-Type: application/x-www-form-urlencoded",
                                        "Content-Type: text/plain"};
    todos *t = *state;

    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(todos_ask_with(t, "PATCH", "/api/todos/a", "{\"n\":5}", WITH(types[i])), 415);
        assert_string_equal(todos_header(t, "accept-patch"), PATCHES);
    }
}

static void test_item__a_write_that_changes_nothing_raises_nothing(void **state)
{
    todos *t = *state;
    char tag[64];

    todos_ask(t, "GET", "/api/todos/a", NULL);
    snprintf(tag, sizeof tag, "%s", todos_header(t, "etag"));
    CHECK_INT(todos_ask(t, "PATCH", "/api/todos/a", "{\"n\":1}"), 200);
    assert_string_equal(todos_header(t, "etag"), tag);
    CHECK_INT(todos_ask(t, "PUT", "/api/todos/a",
                        "{\"_id\":\"a\",\"title\":\"one\",\"n\":1,\"completed\":false}"),
              200);
    assert_string_equal(todos_header(t, "etag"), tag);
    CHECK_INT(todos_ask(t, "PATCH", "/api/todos/a", "{\"n\":2}"), 200);
    CHECK(strcmp(todos_header(t, "etag"), tag) != 0);
}

static void test_item__is_deleted(void **state)
{
    todos *t = *state;

    CHECK_INT(todos_ask(t, "DELETE", "/api/todos/a", "what is this {"), 200);
    CHECK_STR(t->reply.body, "{}");
    assert_string_equal(todos_header(t, "content-type"), "application/json");
    CHECK_INT(todos_ask(t, "GET", "/api/todos/a", NULL), 404);
    CHECK_INT(todos_ask(t, "DELETE", "/api/todos/a", NULL), 404);
}

static void test_item__minimal_answers_on_request(void **state)
{
    static const char *const minimal[] = {"Content-Type: application/json",
                                          "Prefer: respond-async, return=minimal", NULL};
    todos *t = *state;

    CHECK_INT(todos_ask_with(t, "PATCH", "/api/todos/a", "{\"n\":3}", minimal), 204);
    assert_string_equal(todos_header(t, "preference-applied"), "return=minimal");
    CHECK_INT(todos_ask_with(t, "PUT", "/api/todos/a", "{\"title\":\"x\"}", minimal), 204);
    CHECK(todos_header(t, "etag") == NULL);
    CHECK_INT(todos_ask_with(t, "PUT", "/api/todos/m", "{\"title\":\"x\"}", minimal), 201);
    CHECK_STR(t->reply.body, "{\"_id\":\"m\"}");
    CHECK_INT(todos_ask_with(t, "DELETE", "/api/todos/a", NULL, minimal), 204);
    assert_string_equal(todos_header(t, "preference-applied"), "return=minimal");
}

static void test_item__errors_come_all_at_once(void **state)
{
    todos *t = *state;

    CHECK_INT(todos_ask(t, "PATCH", "/api/todos/a",
                        "{\"title\":7,\"n\":\"x\",\"completed\":null,\"what\":1,\"_id\":\"q\"}"),
              422);
    CHECK(todos_problem(t, "validation"));
    CHECK(todos_says(t, "\"title\":[") && todos_says(t, "\"n\":[") &&
          todos_says(t, "\"completed\":[") && todos_says(t, "\"what\":[") &&
          todos_says(t, "\"_id\":["));
}

static void test_item__a_part_cannot_be_put(void **state)
{
    todos *t = *state;

    CHECK_INT(todos_ask_with(t, "PUT", "/api/todos/a", "{\"title\":\"x\"}",
                             WITH("Content-Type: application/json", "Content-Range: bytes 0-3/9")),
              400);
}

static void test_item__takes_no_list_parameters(void **state)
{
    todos *t = *state;

    CHECK_INT(todos_ask(t, "GET", "/api/todos/a?page=1", NULL), 400);
    CHECK(todos_problem(t, "bad_parameter"));
    CHECK(todos_says(t, "page"));
    CHECK_INT(todos_ask(t, "GET", "/api/todos/a?_=123", NULL), 200);
    CHECK_INT(todos_ask(t, "PATCH", "/api/todos/a?x=1", "{\"n\":1}"), 400);
    CHECK_INT(todos_ask(t, "GET", "/api/todos/missing?x=1", NULL), 400);
}

static void test_item__ids_have_one_spelling(void **state)
{
    static const struct {
        sac_id_type type;
        const char *good, *bad[4];
    } rows[] = {
        {SAC_ID_OBJECTID,
         "0123456789abcdef01234567",
         {"0123456789ABCDEF01234567", "0123456789abcdef0123456", "x", "[object%20Object]"}},
        {SAC_ID_UUID,
         "01234567-89ab-4def-8123-456789abcdef",
         {"01234567-89AB-4DEF-8123-456789ABCDEF", "0123456789ab4def8123456789abcdef", "x", "-"}},
        {SAC_ID_INT, "-12", {"012", "+12", "1.0", "9223372036854775808"}},
        {SAC_ID_STRING, "%C3%BC", {"%2E%2E", "%2E", "%00", "%ff"}},
    };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        sac_resource resource = todo_resource;
        char path[128];
        todos t;

        resource.id_type = rows[i].type;
        todos_open(&t, &resource);
        snprintf(path, sizeof path, "/api/todos/%s", rows[i].good);
        CHECK_INT(todos_ask(&t, "PUT", path, "{\"title\":\"x\"}"), 201);
        assert_string_equal(todos_header(&t, "location"), path);
        CHECK_INT(todos_ask(&t, "GET", path, NULL), 200);
        for (size_t k = 0; k < 4; k++) {
            snprintf(path, sizeof path, "/api/todos/%s", rows[i].bad[k]);
            CHECK_INT(todos_ask(&t, "GET", path, NULL), 404);
            CHECK_INT(todos_ask(&t, "PUT", path, "{\"title\":\"x\"}"), 404);
        }
        todos_close(&t);
    }
}

static void test_item__unknown_paths_beneath_are_json(void **state)
{
    todos *t = *state;

    CHECK_INT(todos_ask(t, "GET", "/api/nothing", NULL), 404);
    CHECK(todos_problem(t, "not_found"));
    CHECK_INT(todos_ask(t, "GET", "/api/todos/a/b", NULL), 404);
    CHECK(todos_problem(t, "not_found"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_todos, close_todos)
    const struct CMUnitTest tests[] = {
        TEST(test_item__is_got),
        TEST(test_item__takes_a_trailing_slash),
        TEST(test_item__head_has_no_body),
        TEST(test_item__missing_is_404),
        TEST(test_item__405_comes_before_a_bad_id),
        TEST(test_item__options_say_what_is_served),
        TEST(test_item__is_replaced),
        TEST(test_item__put_makes_an_absent_one_where_allowed),
        cmocka_unit_test(test_item__put_of_an_absent_one_is_404_where_not),
        TEST(test_item__another_id_in_the_body_is_422),
        TEST(test_item__is_patched),
        TEST(test_item__patch_takes_no_other_type),
        TEST(test_item__a_write_that_changes_nothing_raises_nothing),
        TEST(test_item__is_deleted),
        TEST(test_item__minimal_answers_on_request),
        TEST(test_item__errors_come_all_at_once),
        TEST(test_item__a_part_cannot_be_put),
        TEST(test_item__takes_no_list_parameters),
        cmocka_unit_test(test_item__ids_have_one_spelling),
        TEST(test_item__unknown_paths_beneath_are_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

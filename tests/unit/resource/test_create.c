/* SPDX-License-Identifier: MIT */
#include "support/todos.h"

static const sac_resource plain = SAC_RESOURCE(.name = "todos", .fields = todo_fields);

static void test_create__answers_with_the_document(void **state)
{
    char location[64], body[128];
    todos t;

    (void)state;
    todos_open(&t, &plain);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"title\":\"one\"}"), 201);
    snprintf(location, sizeof location, "%s", todos_header(&t, "location"));
    CHECK_INT(strlen(location), strlen("/api/todos/") + 24);
    snprintf(body, sizeof body, "{\"_id\":\"%s\",\"title\":\"one\",\"completed\":false}",
             location + strlen("/api/todos/"));
    CHECK_STR(t.reply.body, body);
    assert_string_equal(todos_header(&t, "content-type"), "application/json");
    snprintf(body, sizeof body, "%s", todos_header(&t, "etag"));
    CHECK_INT(todos_ask(&t, "GET", location, NULL), 200);
    assert_string_equal(todos_header(&t, "etag"), body);
    todos_close(&t);
}

static void test_create__with_the_id_of_another_is_409(void **state)
{
    char body[256];
    todos t;

    (void)state;
    todos_open(&t, &plain);
    todos_ask(&t, "POST", "/api/todos", "{\"title\":\"one\"}");
    snprintf(body, sizeof body, "%.*s", (int)t.reply.body.n, t.reply.body.p);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", body), 409);
    CHECK(todos_problem(&t, "exists"));
    CHECK(todos_says(&t, "idAttribute"));
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?per_page=5", NULL), 200);
    assert_string_equal(todos_header(&t, "x-total-count"), "1");
    todos_close(&t);
}

static void test_create__with_an_id_of_its_own_is_422(void **state)
{
    todos t;

    (void)state;
    todos_open(&t, &plain);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos",
                        "{\"_id\":\"0123456789abcdef01234567\",\"title\":\"one\"}"),
              422);
    CHECK(todos_says(&t, "\"_id\":["));
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"_id\":{\"$ne\":null},\"title\":\"one\"}"),
              400);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"_id\":7,\"title\":\"one\"}"), 422);
    todos_close(&t);
}

static void test_create__keeps_client_ids_where_allowed(void **state)
{
    static const char body[] = "{\"_id\":\"0123456789abcdef01234567\",\"title\":\"one\"}";
    sac_resource resource = plain;
    todos t;

    (void)state;
    resource.client_ids = true;
    todos_open(&t, &resource);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", body), 201);
    assert_string_equal(todos_header(&t, "location"), "/api/todos/0123456789abcdef01234567");
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", body), 409);
    CHECK(todos_problem(&t, "exists"));
    todos_close(&t);
}

static void test_create__string_and_int_ids_come_along(void **state)
{
    sac_resource resource = plain;
    todos t;

    (void)state;
    resource.id_type = SAC_ID_INT;
    todos_open(&t, &resource);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"title\":\"one\"}"), 422);
    CHECK(todos_says(&t, "\"_id\":["));
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"_id\":7,\"title\":\"one\"}"), 201);
    assert_string_equal(todos_header(&t, "location"), "/api/todos/7");
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"_id\":7.0,\"title\":\"one\"}"), 409);
    todos_close(&t);
    resource.id_type = SAC_ID_STRING;
    todos_open(&t, &resource);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"_id\":\"\",\"title\":\"one\"}"), 422);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"_id\":\"..\",\"title\":\"one\"}"), 422);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"_id\":\"a\\u0000b\",\"title\":\"one\"}"),
              422);
    todos_close(&t);
}

static void test_create__uuids_are_made(void **state)
{
    sac_resource resource = plain;
    const char *location;
    todos t;

    (void)state;
    resource.id_type = SAC_ID_UUID;
    todos_open(&t, &resource);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"title\":\"one\"}"), 201);
    location = todos_header(&t, "location");
    CHECK_INT(strlen(location), strlen("/api/todos/") + 36);
    CHECK(location[strlen("/api/todos/") + 14] == '4');
    CHECK_INT(todos_ask(&t, "GET", location, NULL), 200);
    todos_close(&t);
}

static void test_create__renames_the_id(void **state)
{
    static const sac_field fields[] = {{.name = "title", .type = SAC_STRING}, {.name = NULL}};
    static const sac_resource resource = SAC_RESOURCE(.name = "todos", .fields = fields,
                                                      .id_type = SAC_ID_STRING, .id_key = "id");
    todos t;

    (void)state;
    todos_open(&t, &resource);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"id\":\"a\",\"title\":\"one\"}"), 201);
    CHECK_STR(t.reply.body, "{\"id\":\"a\",\"title\":\"one\"}");
    CHECK_INT(todos_ask(&t, "PUT", "/api/todos/a", "{\"id\":\"a\",\"title\":\"two\"}"), 200);
    CHECK_INT(todos_ask(&t, "PUT", "/api/todos/a", "{\"id\":\"b\",\"title\":\"two\"}"), 422);
    CHECK(todos_says(&t, "\"id\":["));
    CHECK_INT(todos_ask(&t, "GET", "/api/todos", NULL), 200);
    CHECK_STR(t.reply.body, "[{\"id\":\"a\",\"title\":\"two\"}]");
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?sort=-id", NULL), 200);
    CHECK_INT(todos_ask_with(&t, "POST", "/api/todos", "{\"id\":\"c\"}",
                             WITH("Content-Type: application/json", "Prefer: return=minimal")),
              201);
    CHECK_STR(t.reply.body, "{\"id\":\"c\"}");
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"id\":\"c\"}"), 409);
    CHECK(todos_says(&t, "idAttribute is \\\"id\\\""));
    todos_close(&t);
}

static void test_create__takes_arrays_where_enabled(void **state)
{
    sac_resource resource = todo_resource;
    todos t;

    (void)state;
    todos_open(&t, &resource);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "[{\"_id\":\"a\",\"title\":\"x\"}]"), 400);
    CHECK(todos_problem(&t, "not_an_object"));
    todos_close(&t);
    resource.bulk = true;
    resource.max_bulk = 3;
    todos_open(&t, &resource);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos",
                        " \n[{\"_id\":\"b\",\"title\":\"x\"},{\"_id\":\"a\",\"title\":\"y\"}]"),
              201);
    CHECK_STR(t.reply.body, "[{\"_id\":\"b\",\"title\":\"x\",\"completed\":false},"
                            "{\"_id\":\"a\",\"title\":\"y\",\"completed\":false}]");
    CHECK(todos_header(&t, "location") == NULL);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "[]"), 400);
    CHECK(todos_problem(&t, "not_an_object"));
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "[{},{},{},{}]"), 400);
    CHECK(todos_problem(&t, "not_an_object"));
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "[{\"_id\":\"q\",\"title\":\"x\"},3]"), 400);
    todos_close(&t);
}

static void test_create__an_array_is_written_whole_or_not(void **state)
{
    sac_resource resource = todo_resource;
    todos t;

    (void)state;
    resource.bulk = true;
    todos_open(&t, &resource);
    CHECK_INT(
        todos_ask(&t, "POST", "/api/todos",
                  "[{\"_id\":\"a\",\"title\":\"x\"},{\"_id\":\"b\"},{\"_id\":\"c\",\"n\":\"x\"}]"),
        422);
    CHECK(todos_says(&t, "\"1.title\":[") && todos_says(&t, "\"2.title\":[") &&
          todos_says(&t, "\"2.n\":["));
    CHECK_INT(todos_ask(&t, "POST", "/api/todos",
                        "[{\"_id\":\"a\",\"title\":\"x\"},{\"_id\":\"a\",\"title\":\"y\"}]"),
              409);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos", NULL), 200);
    CHECK_STR(t.reply.body, "[]");
    todos_close(&t);
}

static void test_create__minimal_answer(void **state)
{
    static const char *const minimal[] = {"Content-Type: application/json",
                                          "Prefer: return=minimal", NULL};
    sac_resource resource = todo_resource;
    todos t;

    (void)state;
    resource.bulk = true;
    todos_open(&t, &resource);
    CHECK_INT(todos_ask_with(&t, "POST", "/api/todos", "{\"_id\":\"a\",\"title\":\"x\"}", minimal),
              201);
    CHECK_STR(t.reply.body, "{\"_id\":\"a\"}");
    assert_string_equal(todos_header(&t, "location"), "/api/todos/a");
    CHECK(todos_header(&t, "etag") != NULL);
    assert_string_equal(todos_header(&t, "preference-applied"), "return=minimal");
    CHECK_INT(todos_ask_with(&t, "POST", "/api/todos",
                             "[{\"_id\":\"b\",\"title\":\"x\"},{\"_id\":\"c\",\"title\":\"x\"}]",
                             minimal),
              201);
    CHECK_STR(t.reply.body, "[{\"_id\":\"b\"},{\"_id\":\"c\"}]");
    todos_close(&t);
}

static void test_create__takes_json_only(void **state)
{
    static const struct {
        const char *type;
        int status;
    } rows[] = {{"Content-Type: application/json", 201},
                {"Content-Type: application/json; charset=UTF-8", 201},
                {"Content-Type: application/json;charset=\"utf-8\"", 201},
                {"Content-Type: application/vnd.api+json", 201},
                {"Content-Type: application/json; charset=iso-8859-1", 415},
                {"Content-Type: text/plain", 415},
                {"Content-Type: application/x-www-form-urlencoded", 415},
                {"Content-Type: multipart/form-data; boundary=x", 415},
                {"Content-Type: application/jsonx", 415},
                {"Content-Type: text/plain; application/json", 415},
                {"Content-Type: nonsense", 415},
                {"X-No: type", 415}};
    char body[64];
    todos t;

    (void)state;
    todos_open(&t, &todo_resource);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        snprintf(body, sizeof body, "{\"_id\":\"%zu\",\"title\":\"x\"}", i);
        CHECK_INT(todos_ask_with(&t, "POST", "/api/todos", body, WITH(rows[i].type)),
                  rows[i].status);
    }
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", NULL), 400);
    CHECK(todos_problem(&t, "bad_json"));
    todos_close(&t);
}

static void test_create__preconditions_are_refused(void **state)
{
    todos t;

    (void)state;
    todos_open(&t, &todo_resource);
    CHECK_INT(todos_ask_with(&t, "POST", "/api/todos", "{nonsense",
                             WITH("Content-Type: application/json", "If-Match: \"x\"")),
              400);
    CHECK(todos_problem(&t, "precondition_unsupported"));
    CHECK_INT(todos_ask_with(&t, "POST", "/api/todos?x=1", "{}",
                             WITH("Content-Type: application/json", "If-None-Match: *")),
              400);
    CHECK(todos_problem(&t, "bad_parameter"));
    todos_close(&t);
}

static void test_create__computed_urls(void **state)
{
    static const sac_field fields[] = {{.name = "title", .type = SAC_STRING},
                                       {.name = "url", .computed = SAC_COMPUTED_URL},
                                       {.name = NULL}};
    static const sac_resource resource = SAC_RESOURCE(.name = "todos", .fields = fields,
                                                      .id_type = SAC_ID_STRING);
    sac_err err;
    todos t;

    (void)state;
    todos_begin(&t);
    t.config.origin = "https://example.org";
    todos_make(&t);
    CHECK_INT(sac_app_resource(t.app, "/api/todos", &resource, &err), 0);
    todos_serve(&t);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"_id\":\"a b\",\"url\":\"mine\"}"), 201);
    CHECK(todos_says(&t, "\"url\":\"https://example.org/api/todos/a%20b\""));
    todos_close(&t);
    todos_open(&t, &resource);
    CHECK_INT(todos_ask_with(&t, "POST", "/api/todos", "{\"_id\":\"a\"}",
                             WITH("Content-Type: application/json", "Host: evil.example")),
              201);
    CHECK(todos_says(&t, "\"url\":\"/api/todos/a\""));
    CHECK_INT(todos_ask_with(&t, "GET", "/api/todos/a", NULL, WITH("Host: localhost:8080")), 200);
    CHECK(todos_says(&t, "\"url\":\"http://localhost:8080/api/todos/a\""));
    todos_close(&t);
}

static void test_create__a_full_database_is_507(void **state)
{
    static char body[64 * 1024];
    static const sac_resource open_table = SAC_RESOURCE(.name = "todos", .open = true,
                                                        .id_type = SAC_ID_INT);
    int status = 201;
    sac_err err;
    todos t;

    (void)state;
    todos_begin(&t);
    snprintf(t.uri, sizeof t.uri, "lmdb:%s/todos.db?map=2M", t.dir);
    todos_make(&t);
    CHECK_INT(sac_app_resource(t.app, "/api/todos", &open_table, &err), 0);
    todos_serve(&t);
    for (int i = 0; i < 100 && status == 201; i++) {
        snprintf(body, sizeof body, "{\"_id\":%d,\"v\":\"%060000d\"}", i, 0);
        status = todos_ask(&t, "POST", "/api/todos", body);
    }
    CHECK_INT(status, 507);
    CHECK(todos_problem(&t, "storage_full"));
    CHECK_INT(todos_ask(&t, "GET", "/api/todos/0", NULL), 200);
    CHECK_INT(todos_ask(&t, "DELETE", "/api/todos/0", NULL), 200);
    todos_close(&t);
}

static void test_create__tags_differ_within_an_array(void **state)
{
    sac_resource resource = plain;
    char first[64];
    todos t;

    (void)state;
    resource.id_type = SAC_ID_INT;
    resource.bulk = true;
    todos_open(&t, &resource);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos",
                        "[{\"_id\":1,\"title\":\"x\"},{\"_id\":2,\"title\":\"x\"}]"),
              201);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos/1", NULL), 200);
    snprintf(first, sizeof first, "%s", todos_header(&t, "etag"));
    CHECK_INT(todos_ask(&t, "GET", "/api/todos/2", NULL), 200);
    CHECK(strncmp(first, todos_header(&t, "etag"), 17) != 0);
    todos_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_create__answers_with_the_document),
        cmocka_unit_test(test_create__with_the_id_of_another_is_409),
        cmocka_unit_test(test_create__with_an_id_of_its_own_is_422),
        cmocka_unit_test(test_create__keeps_client_ids_where_allowed),
        cmocka_unit_test(test_create__string_and_int_ids_come_along),
        cmocka_unit_test(test_create__uuids_are_made),
        cmocka_unit_test(test_create__renames_the_id),
        cmocka_unit_test(test_create__takes_arrays_where_enabled),
        cmocka_unit_test(test_create__an_array_is_written_whole_or_not),
        cmocka_unit_test(test_create__minimal_answer),
        cmocka_unit_test(test_create__takes_json_only),
        cmocka_unit_test(test_create__preconditions_are_refused),
        cmocka_unit_test(test_create__computed_urls),
        cmocka_unit_test(test_create__a_full_database_is_507),
        cmocka_unit_test(test_create__tags_differ_within_an_array),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

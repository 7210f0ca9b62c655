/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stdlib.h>

#include "support/todos.h"

static const sac_resource open_table = SAC_RESOURCE(.name = "todos", .open = true,
                                                    .id_type = SAC_ID_STRING);

static const sac_field secret_fields[] = {
    {.name = "name", .type = SAC_STRING},
    {.name = "role", .type = SAC_STRING, .read_only = true, .fallback = "\"user\""},
    {.name = "pin", .type = SAC_STRING, .secret = true},
    {.name = NULL},
};
static const sac_resource members = SAC_RESOURCE(.name = "members", .fields = secret_fields,
                                                 .id_type = SAC_ID_STRING);

/* After anything at all the next request is served. */
static void check_alive(todos *t)
{
    CHECK_INT(todos_ask(t, "GET", "/api/todos/alive", NULL), 200);
}

static void open_alive(todos *t, const sac_resource *resource)
{
    todos_open(t, resource);
    CHECK_INT(todos_ask(t, "PUT", "/api/todos/alive", "{\"title\":\"x\"}"),
              resource->upsert ? 201 : 404);
    if (!resource->upsert)
        CHECK_INT(todos_ask(t, "POST", "/api/todos", "{\"_id\":\"alive\"}"), 201);
}

static void test_hostile__bodies_are_clear_problems(void **state)
{
    static const struct {
        const char *body;
        int status;
        const char *code;
    } rows[] = {
        {"", 400, "bad_json"},
        {"nonsense", 400, "bad_json"},
        {"{", 400, "bad_json"},
        {"{\"_id\":\"x\",}", 400, "bad_json"},
        {"{\"_id\":\"x\"} {}", 400, "bad_json"},
        {"{\"_id\":\"\xff\"}", 400, "bad_json"},
        {"{\"_id\":\"\xed\xa0\x80\"}", 400, "bad_json"},
        {"{'_id':1}", 400, "bad_json"},
        {"{\"v\":NaN}", 400, "bad_json"},
        {"null", 400, "not_an_object"},
        {"[]", 400, "not_an_object"},
        {"\"x\"", 400, "not_an_object"},
        {"7", 400, "not_an_object"},
        {"{\"_id\":\"x\",\"a\":1,\"a\":1}", 400, "bad_key"},
        {"{\"_id\":\"x\",\"_id\":\"y\"}", 400, "bad_key"},
        {"{\"_id\":\"x\",\"v\":{\"a\":1,\"\\u0061\":1}}", 400, "bad_key"},
        {"{\"_id\":\"x\",\"a\\u0000b\":1}", 400, "bad_key"},
        {"{\"_id\":\"x\",\"$where\":\"1\"}", 400, "bad_key"},
        {"{\"_id\":\"x\",\"v\":{\"$ne\":1}}", 400, "bad_key"},
        {"{\"_id\":\"x\",\"v\":[{\"$gt\":\"\"}]}", 400, "bad_key"},
        {"{\"_id\":{\"$ne\":null}}", 400, "bad_key"},
        {"{\"_id\":\"x\",\"__proto__\":{}}", 400, "bad_key"},
        {"{\"_id\":\"x\",\"v\":{\"constructor\":{\"prototype\":{}}}}", 400, "bad_key"},
        {"{\"_id\":\"x\",\"a.b\":1}", 400, "bad_key"},
        {"{\"_id\":\"x\",\"\":1}", 400, "bad_key"},
        {"{\"_id\":{}}", 422, "validation"},
        {"{\"_id\":[]}", 422, "validation"},
        {"{\"_id\":null}", 422, "validation"},
        {"{\"_id\":true}", 422, "validation"},
    };
    todos t;

    (void)state;
    open_alive(&t, &open_table);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const int status = todos_ask(&t, "POST", "/api/todos", rows[i].body);

        if (status != rows[i].status || !todos_problem(&t, rows[i].code))
            fail_msg("%s: %d %.*s", rows[i].body, status, (int)t.reply.body.n, t.reply.body.p);
        check_alive(&t);
    }
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?page=1", NULL), 200);
    assert_string_equal(todos_header(&t, "x-total-count"), "1");
    todos_close(&t);
}

static void test_hostile__nul_in_a_value_is_kept(void **state)
{
    todos t;

    (void)state;
    open_alive(&t, &open_table);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"_id\":\"x\",\"v\":\"a\\u0000b\"}"), 201);
    CHECK(todos_says(&t, "\"v\":\"a\\u0000b\""));
    check_alive(&t);
    todos_close(&t);
}

static void test_hostile__deep_bodies(void **state)
{
    static char body[200000];
    const size_t deep = sizeof body / 2 - 100;
    todos t;

    (void)state;
    open_alive(&t, &open_table);
    snprintf(body, sizeof body, "{\"_id\":\"x\",\"v\":");
    memset(body + strlen(body), '[', 65);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", body), 400);
    CHECK(todos_problem(&t, "too_deep"));
    memset(body + 14, '[', deep);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", body), 400);
    CHECK_INT(todos_ask(&t, "PATCH", "/api/todos/alive", body), 400);
    check_alive(&t);
    todos_close(&t);
}

static void test_hostile__many_keys(void **state)
{
    static char body[400000];
    size_t n = (size_t)snprintf(body, sizeof body, "{\"_id\":\"x\"");
    todos t;

    (void)state;
    open_alive(&t, &open_table);
    for (int i = 0; i < 10001; i++)
        n += (size_t)snprintf(body + n, sizeof body - n, ",\"k%d\":1", i);
    snprintf(body + n, sizeof body - n, "}");
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", body), 400);
    CHECK(todos_problem(&t, "too_many_keys"));
    check_alive(&t);
    todos_close(&t);
}

static void test_hostile__large_bodies(void **state)
{
    const size_t n = 2 << 20;
    char *body = malloc(n + 1);
    todos t;

    (void)state;
    CHECK(body != NULL);
    memset(body, ' ', n);
    body[n] = '\0';
    open_alive(&t, &open_table);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", body), 413);
    CHECK(todos_problem(&t, "body_too_large"));
    check_alive(&t);
    todos_close(&t);
    free(body);
}

static void test_hostile__assigns_nothing_that_is_not_its_own(void **state)
{
    todos t;

    (void)state;
    open_alive(&t, &members);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"_id\":\"m\",\"name\":\"x\",\"admin\":true}"),
              422);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"_id\":\"m\",\"role\":\"admin\"}"), 422);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"_id\":\"m\",\"pin\":\"1234\"}"), 201);
    CHECK(!todos_says(&t, "pin") && !todos_says(&t, "1234"));
    CHECK_INT(todos_ask(&t, "PATCH", "/api/todos/m", "{\"role\":\"admin\"}"), 422);
    CHECK(todos_says(&t, "\"role\":["));
    CHECK_INT(todos_ask(&t, "PATCH", "/api/todos/m", "{\"role\":\"user\"}"), 200);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos", NULL), 200);
    CHECK(!todos_says(&t, "pin"));
    CHECK_INT(todos_ask(&t, "PUT", "/api/todos/m", "{\"name\":\"new\"}"), 200);
    check_alive(&t);
    todos_close(&t);
}

/* Whether a body of the suite has a key that no document may have. */
static bool is_refused_key(const char *name)
{
    return strstr(name, "duplicated_key") || strstr(name, "empty_key") ||
           strstr(name, "key_with_null") || strstr(name, "escaped_null") ||
           strstr(name, "null_in_key") || strstr(name, "object_basic_dots");
}

static void check_case(todos *t, const char *dir, const char *name)
{
    char path[4400];
    sac_str text;
    char *body;
    int status;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    text = read_file(path);
    CHECK(text.p != NULL);
    body = malloc(text.n + 64);
    CHECK(body != NULL);
    if (*name == 'y')
        snprintf(body, 64, "{\"_id\":\"c\",\"v\":");
    else
        body[0] = '\0';
    {
        const size_t n = strlen(body);
        const char *const headers[] = {"Content-Type: application/json", NULL};
        sac_loopback_request request = SAC_LOOPBACK_REQUEST(.method = "POST",
                                                            .target = "/api/todos",
                                                            .headers = headers);
        sac_err err;

        memcpy(body + n, text.p, text.n);
        body[n + text.n] = '}';
        request.body = sac_str_n(body, n + text.n + (*name == 'y'));
        CHECK_INT(sac_loopback_send(t->client, &request, &t->reply, &err), 0);
    }
    status = t->reply.status;
    if (*name == 'n' ? status != 400 : status != 201 && !(status == 400 && is_refused_key(name)))
        fail_msg("%s: %d %.*s", name, status, (int)t->reply.body.n, t->reply.body.p);
    if (status == 201)
        CHECK_INT(todos_ask(t, "DELETE", "/api/todos/c", NULL), 200);
    free(body);
    free((char *)(uintptr_t)text.p);
}

static void test_hostile__json_test_suite(void **state)
{
    const char *path = suite_path("json-test-suite/test_parsing");
    struct dirent *entry;
    char dir[4096];
    int cases = 0;
    DIR *all;
    todos t;

    (void)state;
    if (!path)
        skip();
    snprintf(dir, sizeof dir, "%s", path);
    open_alive(&t, &open_table);
    all = opendir(dir);
    CHECK(all != NULL);
    while ((entry = readdir(all))) {
        if (strncmp(entry->d_name, "y_", 2) == 0 || strncmp(entry->d_name, "n_", 2) == 0) {
            check_case(&t, dir, entry->d_name);
            cases++;
        }
    }
    closedir(all);
    CHECK(cases > 250);
    check_alive(&t);
    todos_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hostile__bodies_are_clear_problems),
        cmocka_unit_test(test_hostile__nul_in_a_value_is_kept),
        cmocka_unit_test(test_hostile__deep_bodies),
        cmocka_unit_test(test_hostile__many_keys),
        cmocka_unit_test(test_hostile__large_bodies),
        cmocka_unit_test(test_hostile__assigns_nothing_that_is_not_its_own),
        cmocka_unit_test(test_hostile__json_test_suite),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "support/todos.h"

/* Every allocation of one request fails once; then the same request works. */
static void survive(const char *method, const char *target, const char *json, int status)
{
    sac_resource resource = todo_resource;
    fault_alloc fault;
    int got = 0;
    todos t;
    sac_err err;

    fault_alloc_init(&fault, -1);
    todos_begin(&t);
    t.config.alloc = &fault.alloc;
    todos_make(&t);
    resource.bulk = true;
    CHECK_INT(sac_app_resource(t.app, "/api/todos", &resource, &err), 0);
    todos_serve(&t);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos",
                        "[{\"_id\":\"a\",\"title\":\"x\"},{\"_id\":\"b\",\"title\":\"x\"}]"),
              201);
    for (long n = 0; got != status; n++) {
        const char *const headers[] = {"Content-Type: application/json", NULL};
        const sac_loopback_request request = SAC_LOOPBACK_REQUEST(.method = method,
                                                                  .target = target,
                                                                  .headers = headers,
                                                                  .body = sac_str_of(json));
        int rc;

        CHECK(n < 500);
        fault.left = n;
        fault.once = true;
        rc = sac_loopback_send(t.client, &request, &t.reply, &err);
        fault.left = -1;
        CHECK(rc == 0 || rc == SAC_ENOMEM);
        got = rc == 0 && !t.reply.cut ? t.reply.status : 500;
        if (got != status && got != 500 && got != 503)
            fail_msg("%s %s: %d after %ld", method, target, got, n);
        CHECK_INT(todos_ask(&t, "GET", "/api/todos/a", NULL), 200);
        if (strcmp(method, "POST") == 0 && got != status)
            (void)todos_ask(&t, "DELETE", "/api/todos/n", NULL);
    }
    todos_close(&t);
    CHECK_INT(fault.live, 0);
}

static void test_oom__get_survives(void **state)
{
    (void)state;
    survive("GET", "/api/todos/a", NULL, 200);
}

static void test_oom__list_survives(void **state)
{
    (void)state;
    survive("GET", "/api/todos", NULL, 200);
    survive("GET", "/api/todos?per_page=1&envelope=1", NULL, 200);
}

static void test_oom__filters_survive(void **state)
{
    (void)state;
    survive("GET", "/api/todos?title=x&n[exists]=false&_id[]=a&_id[]=b&sort=title,-n&fields=n",
            NULL, 200);
    survive("GET",
            "/api/todos?where={\"$or\":[{\"title\":{\"$in\":[\"x\"]}}]}&per_page=1&sort=title",
            NULL, 200);
    survive("GET", "/api/todos?n=x", NULL, 400);
    survive("GET", "/api/todos/a?fields=-n", NULL, 200);
}

static void test_oom__post_survives(void **state)
{
    (void)state;
    survive("POST", "/api/todos", "{\"_id\":\"n\",\"title\":\"x\"}", 201);
    survive("POST", "/api/todos", "{\"_id\":\"n\"}", 422);
    survive("POST", "/api/todos", "[{\"_id\":\"n\",\"title\":\"x\"}]", 201);
}

static void test_oom__put_survives(void **state)
{
    (void)state;
    survive("PUT", "/api/todos/b", "{\"title\":\"y\"}", 200);
}

static void test_oom__patch_survives(void **state)
{
    (void)state;
    survive("PATCH", "/api/todos/b", "{\"n\":7}", 200);
    survive("PATCH", "/api/todos/b", "{\"n\":\"x\",\"what\":1}", 422);
}

/* What comes from blocks that are kept fails by the request's own cap. */
static void test_oom__a_full_arena_is_500(void **state)
{
    static const sac_resource open_table = SAC_RESOURCE(.name = "todos", .open = true,
                                                        .id_type = SAC_ID_STRING);
    static char body[9000], patch[9000];
    bool failed = false, ok = false;
    sac_err err;

    (void)state;
    snprintf(body, sizeof body, "{\"_id\":\"a\",\"v\":\"%08000d\"}", 0);
    snprintf(patch, sizeof patch, "{\"w\":\"%08000d\"}", 0);
    for (size_t cap = 16384; !ok; cap += 1024) {
        todos t;

        CHECK(cap < 1 << 20);
        todos_begin(&t);
        t.config.max_memory = cap;
        todos_make(&t);
        CHECK_INT(sac_app_resource(t.app, "/api/todos", &open_table, &err), 0);
        todos_serve(&t);
        ok = todos_ask(&t, "POST", "/api/todos", body) == 201;
        failed = failed || t.reply.status == 500;
        CHECK(ok || t.reply.status == 500 || t.reply.status == 413);
        if (ok)
            ok = todos_ask(&t, "PATCH", "/api/todos/a", patch) == 200;
        CHECK(ok || t.reply.status == 500 || t.reply.status == 413);
        if (ok)
            ok = todos_ask(&t, "GET", "/api/todos?page=1&envelope=1", NULL) == 200;
        CHECK(ok || t.reply.status == 500 || t.reply.status == 413);
        CHECK_INT(todos_ask(&t, "GET", "/api/todos/zz", NULL), 404);
        todos_close(&t);
    }
    CHECK(failed);
}

/* A list with all that can be asked for, in less memory than it takes and then in enough. */
static void test_oom__a_list_in_a_full_arena_is_500(void **state)
{
    static const sac_field fields[] = {
        {.name = "title", .type = SAC_STRING, .searchable = true}, {.name = "n"}, {.name = NULL}};
    static const sac_resource searched = SAC_RESOURCE(.name = "todos", .fields = fields,
                                                      .open = true, .regex = true,
                                                      .id_type = SAC_ID_STRING);
    static const char target[] =
        "/api/todos?where={\"$or\":[{\"title\":{\"$regex\":\"x\"}},{\"n\":{\"$in\":[1,2]}}]}"
        "&q=x+y+z&title[ne]=a&w[]=b&w[]=c&sort=title,-n&fields=title,n,w&per_page=3&envelope=1";
    bool failed = false;
    sac_err err;
    int got = 0;

    (void)state;
    for (size_t cap = 16 * 1024; got != 200; cap += 512) {
        todos t;

        CHECK(cap < 1 << 20);
        todos_begin(&t);
        t.config.max_memory = cap;
        todos_make(&t);
        CHECK_INT(sac_app_resource(t.app, "/api/todos", &searched, &err), 0);
        todos_serve(&t);
        got = todos_ask(&t, "GET", target, NULL);
        failed = failed || got == 500;
        CHECK(got == 200 || got == 500 || got == 431 || got == 413);
        todos_close(&t);
    }
    CHECK(failed);
}

static void test_memory__an_item_takes_none_in_the_steady_state(void **state)
{
    fault_alloc fault;
    long before;
    sac_err err;
    todos t;

    (void)state;
    fault_alloc_init(&fault, -1);
    todos_begin(&t);
    t.config.alloc = &fault.alloc;
    todos_make(&t);
    CHECK_INT(sac_app_resource(t.app, "/api/todos", &todo_resource, &err), 0);
    todos_serve(&t);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", "{\"_id\":\"a\",\"title\":\"x\"}"), 201);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos/a", NULL), 200);
    before = fault.calls;
    for (int i = 0; i < 1000; i++)
        CHECK_INT(todos_ask(&t, "GET", "/api/todos/a", NULL), 200);
    CHECK_INT(fault.calls - before, 0);
    todos_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory__an_item_takes_none_in_the_steady_state),
        cmocka_unit_test(test_oom__get_survives),
        cmocka_unit_test(test_oom__list_survives),
        cmocka_unit_test(test_oom__filters_survive),
        cmocka_unit_test(test_oom__post_survives),
        cmocka_unit_test(test_oom__put_survives),
        cmocka_unit_test(test_oom__patch_survives),
        cmocka_unit_test(test_oom__a_full_arena_is_500),
        cmocka_unit_test(test_oom__a_list_in_a_full_arena_is_500),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

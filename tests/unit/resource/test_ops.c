/* SPDX-License-Identifier: MIT */
#include <pthread.h>

#include "support/todos.h"

#define NEW "{\"_id\":\"a\",\"title\":\"x\"}"

static char trace[256]; /* what ran, in order */

static void note(const char *what)
{
    snprintf(trace + strlen(trace), sizeof trace - strlen(trace), "%s ", what);
}

static int create_first(void *self, sac_req *req)
{
    int rc;

    CHECK(strcmp(self, "self") == 0);
    note("first");
    rc = sac_super(self, req);
    note("end");
    return rc;
}

static int create_second(void *self, sac_req *req)
{
    CHECK(strcmp(self, "self") == 0);
    note("second");
    return sac_super(self, req);
}

static pthread_t ran_on;

static int where(void *self, sac_req *req)
{
    ran_on = pthread_self();
    return sac_super(self, req);
}

static int read_own(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_json(req, 200, sac_str_of("{\"own\":true}"));
}

static int remove_refused(void *self, sac_req *req)
{
    (void)self;
    return sac_fail(req, SAC_EFORBIDDEN, "never");
}

static char self[] = "self";
static const sac_resource_ops base = SAC_RESOURCE_OPS(.create = create_second, .read = read_own);
static const sac_resource_ops ops = SAC_RESOURCE_OPS(.super = &base, .create = create_first,
                                                     .remove = remove_refused);
static const sac_resource_ops inline_base = SAC_RESOURCE_OPS(.create = create_second,
                                                             .flags = SAC_INLINE);
static const sac_resource_ops inline_ops = SAC_RESOURCE_OPS(.super = &inline_base,
                                                            .create = create_first,
                                                            .flags = SAC_INLINE);

static void test_ops__super_goes_down_to_the_library(void **state)
{
    sac_resource resource = todo_resource;
    todos t;

    (void)state;
    resource.ops = &ops;
    resource.self = self;
    todos_open(&t, &resource);
    trace[0] = '\0';
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", NEW), 201);
    assert_string_equal(trace, "first second end ");
    CHECK_STR(t.reply.body, "{\"_id\":\"a\",\"title\":\"x\",\"completed\":false}");
    CHECK_INT(todos_ask(&t, "GET", "/api/todos/a", NULL), 200);
    CHECK_STR(t.reply.body, "{\"own\":true}");
    CHECK_INT(todos_ask(&t, "DELETE", "/api/todos/a", NULL), 403);
    CHECK_INT(todos_ask(&t, "PATCH", "/api/todos/a", "{\"n\":1}"), 200);
    todos_close(&t);
}

static void test_ops__inline_slots_park(void **state)
{
    sac_resource resource = todo_resource;
    sac_err err;
    todos t;

    (void)state;
    resource.ops = &inline_ops;
    resource.self = self;
    todos_begin(&t);
    todos_make(&t);
    CHECK_INT(sac_app_resource(t.app, "/api/todos", &resource, &err), 0);
    todos_serve(&t);
    trace[0] = '\0';
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", NEW), 201);
    assert_string_equal(trace, "first second end ");
    todos_close(&t);
}

static void test_ops__blocking_slots_run_on_workers(void **state)
{
    static const sac_resource_ops blocking = SAC_RESOURCE_OPS(.create = where, .list = where);
    static const sac_resource_ops not_blocking = SAC_RESOURCE_OPS(.create = where, .list = where,
                                                                  .flags = SAC_INLINE);
    static const sac_resource_ops mixed = SAC_RESOURCE_OPS(.super = &blocking, .create = where,
                                                           .flags = SAC_INLINE);
    static const struct {
        const sac_resource_ops *ops;
        bool on_worker;
    } rows[] = {{&blocking, true}, {&not_blocking, false}, {&mixed, true}};

    (void)state;
    todos_needs_lmdb("reads always run on workers");
    for (size_t i = 0; i < 3; i++) {
        sac_resource resource = todo_resource;
        todos t;

        resource.ops = rows[i].ops;
        todos_open(&t, &resource);
        CHECK_INT(todos_ask(&t, "POST", "/api/todos", NEW), 201);
        CHECK(!pthread_equal(ran_on, pthread_self()) == rows[i].on_worker);
        CHECK_INT(todos_ask(&t, "GET", "/api/todos", NULL), 200);
        CHECK(!pthread_equal(ran_on, pthread_self()) == rows[i].on_worker);
        todos_close(&t);
    }
}

static void test_ops__without_workers_slots_may_wait(void **state)
{
    sac_resource resource = todo_resource;
    sac_err err = {.code = 0};
    todos t;

    (void)state;
    resource.ops = &inline_ops;
    resource.self = self;
    todos_begin(&t);
    t.config.workers = SAC_NO_WORKERS;
    todos_make(&t);
    CHECK_INT(sac_app_resource(t.app, "/api/todos", &resource, &err), 0);
    todos_serve(&t);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", NEW), 201);
    CHECK_INT(todos_ask(&t, "PUT", "/api/todos/a", NEW), 200);
    todos_close(&t);
}

static int list_own(void *own, sac_req *req)
{
    (void)own;
    return sac_reply_json(req, 200, sac_str_of("[1]"));
}

static void test_ops__a_short_table_has_fewer_slots(void **state)
{
    sac_resource_ops shorter = SAC_RESOURCE_OPS(.list = list_own, .clear = list_own);
    sac_resource resource = todo_resource;
    todos t;

    (void)state;
    shorter.size = offsetof(sac_resource_ops, clear);
    resource.ops = &shorter;
    todos_open(&t, &resource);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos", NULL), 200);
    CHECK_STR(t.reply.body, "[1]");
    CHECK_INT(todos_ask(&t, "DELETE", "/api/todos", NULL), 405);
    todos_close(&t);
}

static void test_ops__an_own_clear_is_served(void **state)
{
    static const sac_resource_ops clearing = SAC_RESOURCE_OPS(.clear = list_own);
    sac_resource resource = todo_resource;
    todos t;

    (void)state;
    resource.ops = &clearing;
    todos_open(&t, &resource);
    CHECK_INT(todos_ask(&t, "DELETE", "/api/todos", NULL), 200);
    CHECK_STR(t.reply.body, "[1]");
    todos_close(&t);
}

static int guard(void *own, sac_req *req, const sac_next *next)
{
    (void)own;
    note(sac_req_param(req, "id").p ? "item" : "list");
    if (!sac_req_header(req, "x-pass").p)
        return sac_fail(req, SAC_EUNAUTHORIZED, "no");
    return sac_next_run(next, req);
}

static void test_ops__decorators_stand_around_both(void **state)
{
    static const sac_decorator decorators[] = {{.fn = guard, .flags = SAC_INLINE}, {.fn = NULL}};
    sac_resource resource = todo_resource;
    todos t;

    (void)state;
    resource.decorators = decorators;
    todos_open(&t, &resource);
    trace[0] = '\0';
    CHECK_INT(todos_ask(&t, "GET", "/api/todos", NULL), 401);
    CHECK_INT(todos_ask(&t, "PUT", "/api/todos/a", "{nonsense"), 401);
    CHECK_INT(todos_ask_with(&t, "GET", "/api/todos", NULL, WITH("X-Pass: 1")), 200);
    assert_string_equal(trace, "list item list ");
    todos_close(&t);
}

static void test_ops__methods_are_restricted(void **state)
{
    sac_resource resource = todo_resource;
    todos t;

    (void)state;
    resource.methods = SAC_GET;
    todos_open(&t, &resource);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", NEW), 405);
    assert_string_equal(todos_header(&t, "allow"), "GET, HEAD, OPTIONS");
    CHECK_INT(todos_ask(&t, "DELETE", "/api/todos/a", NULL), 405);
    CHECK_INT(todos_ask(&t, "OPTIONS", "/api/todos/a", NULL), 204);
    CHECK(todos_header(&t, "accept-patch") == NULL);
    todos_close(&t);
}

static void test_ops__reads_may_be_on_workers(void **state)
{
    sac_err err;
    todos t;

    (void)state;
    todos_begin(&t);
    t.config.reads = SAC_READS_ON_WORKERS;
    todos_make(&t);
    CHECK_INT(sac_app_resource(t.app, "/api/todos", &todo_resource, &err), 0);
    todos_serve(&t);
    CHECK_INT(todos_ask(&t, "POST", "/api/todos", NEW), 201);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos/a", NULL), 200);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos", NULL), 200);
    todos_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ops__super_goes_down_to_the_library),
        cmocka_unit_test(test_ops__inline_slots_park),
        cmocka_unit_test(test_ops__blocking_slots_run_on_workers),
        cmocka_unit_test(test_ops__without_workers_slots_may_wait),
        cmocka_unit_test(test_ops__a_short_table_has_fewer_slots),
        cmocka_unit_test(test_ops__an_own_clear_is_served),
        cmocka_unit_test(test_ops__decorators_stand_around_both),
        cmocka_unit_test(test_ops__methods_are_restricted),
        cmocka_unit_test(test_ops__reads_may_be_on_workers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "support/todos.h"

/* What registration says to a table; nothing is served of a refused one. */
static int mount(const char *path, const sac_resource *resource, sac_err *err)
{
    todos t;
    int rc;

    todos_begin(&t);
    todos_make(&t);
    *err = (sac_err){.code = 0};
    rc = sac_app_resource(t.app, path, resource, err);
    todos_serve(&t);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos", NULL), rc == 0 ? 200 : 404);
    todos_close(&t);
    return rc;
}

#define REFUSED(code, says, ...)                                 \
    do {                                                         \
        const sac_resource refused = SAC_RESOURCE(__VA_ARGS__);  \
        sac_err err;                                             \
        CHECK_INT(mount("/api/todos", &refused, &err), code);    \
        if (!strstr(err.text, says))                             \
            fail_msg("\"%s\" is not in \"%s\"", says, err.text); \
    } while (0)

static void test_resource__says_what_is_wrong(void **state)
{
    static const sac_field clash[] = {{.name = "id", .type = SAC_STRING}, {.name = NULL}};
    static const sac_field bad_row[] = {{.name = "a", .type = SAC_INT, .min = "nonsense"},
                                        {.name = NULL}};

    (void)state;
    REFUSED(SAC_EINVAL, "name", .open = true);
    REFUSED(SAC_EINVAL, "collection", .name = "a b");
    REFUSED(SAC_EINVAL, "collection", .name = "ok", .collection = "$cmd");
    REFUSED(SAC_EINVAL, "collection", .name = "ok", .collection = "system.users");
    REFUSED(SAC_EINVAL, "id", .name = "todos", .fields = clash, .id_key = "id");
    REFUSED(SAC_EINVAL, "id_key", .name = "todos", .id_key = "");
    REFUSED(SAC_EINVAL, "a", .name = "todos", .fields = bad_row);
    REFUSED(SAC_EINVAL, "per_page", .name = "todos", .per_page = 30, .max_per_page = 20);
    REFUSED(SAC_EINVAL, "max_list", .name = "todos", .max_list = -2);
    REFUSED(SAC_EINVAL, "id_type", .name = "todos", .id_type = (sac_id_type)9);
}

/* The text names the table and both sizes. */
static void check_newer(const sac_err *err, const char *table, size_t size, size_t known)
{
    char want[160];

    snprintf(want, sizeof want, "%s of a newer libsacrum: %zu bytes, %zu are known", table, size,
             known);
    if (!strstr(err->text, want))
        fail_msg("\"%s\" is not \"%s\"", err->text, want);
}

static void test_resource__knows_no_newer_tables(void **state)
{
    sac_resource_ops ops = SAC_RESOURCE_OPS(.list = NULL);
    sac_resource resource = todo_resource;
    sac_err err;

    (void)state;
    resource.size++;
    CHECK_INT(mount("/api/todos", &resource, &err), SAC_EVERSION);
    check_newer(&err, "sac_resource", resource.size, sizeof resource);
    resource = todo_resource;
    resource.field_size = 4096;
    CHECK_INT(mount("/api/todos", &resource, &err), SAC_EVERSION);
    check_newer(&err, "row of sac_field", 4096, sizeof(sac_field));
    resource = todo_resource;
    ops.size++;
    resource.ops = &ops;
    CHECK_INT(mount("/api/todos", &resource, &err), SAC_EVERSION);
    check_newer(&err, "sac_resource_ops", ops.size, sizeof ops);
    ops.size = 1;
    CHECK_INT(mount("/api/todos", &resource, &err), SAC_EINVAL);
    ops = (sac_resource_ops)SAC_RESOURCE_OPS(.super = &ops);
    CHECK_INT(mount("/api/todos", &resource, &err), SAC_EINVAL);
    resource = todo_resource;
    resource.size = 0;
    CHECK_INT(mount("/api/todos", &resource, &err), SAC_EINVAL);
}

static void test_resource__takes_an_older_table(void **state)
{
    sac_resource resource = todo_resource;
    sac_err err;

    (void)state;
    resource.size = offsetof(sac_resource, client_ids);
    CHECK_INT(mount("/api/todos", &resource, &err), 0);
}

static void test_resource__wants_a_path(void **state)
{
    static const char *const bad[] = {"", "/", "api/todos", "/api/{x}", "//"};
    sac_err err;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_INT(mount(bad[i], &todo_resource, &err), SAC_EINVAL);
    CHECK_INT(mount("/api/todos/", &todo_resource, &err), 0);
}

static void test_resource__a_path_is_taken_once(void **state)
{
    sac_err err;
    todos t;

    (void)state;
    todos_begin(&t);
    todos_make(&t);
    CHECK_INT(sac_app_resource(t.app, "/api/todos", &todo_resource, &err), 0);
    CHECK_INT(sac_app_resource(t.app, "/api/todos", &todo_resource, &err), SAC_EEXIST);
    todos_serve(&t);
    todos_close(&t);
}

static int stands_in(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_text(req, 200, "mine");
}

static void test_resource__is_mounted_whole_or_not(void **state)
{
    static const sac_view_ops mine = SAC_VIEW_OPS(.name = "mine", .get = stands_in);
    sac_err err;
    todos t;

    (void)state;
    todos_begin(&t);
    todos_make(&t);
    CHECK_INT(sac_app_mount(t.app, "/api/todos/{key}", &mine, NULL, &err), 0);
    CHECK_INT(sac_app_resource(t.app, "/api/todos", &todo_resource, &err), SAC_EEXIST);
    todos_serve(&t);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos", NULL), 404);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos/x", NULL), 200);
    todos_close(&t);
}

static void test_resource__needs_a_database(void **state)
{
    sac_err err = {.code = 0};
    todos t;

    (void)state;
    todos_begin(&t);
    t.config.database = NULL;
    todos_make(&t);
    CHECK_INT(sac_app_resource(t.app, "/api/todos", &todo_resource, &err), 0);
    CHECK_INT(sac_app_seal(t.app, &err), SAC_EINVAL);
    CHECK(strstr(err.text, "database"));
    todos_close(&t);
}

static int page(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_text(req, 200, "page");
}

static void test_resource__fences_its_surroundings(void **state)
{
    static const sac_view_ops pages = SAC_VIEW_OPS(.name = "page", .get = page,
                                                   .flags = SAC_INLINE);
    sac_resource other = todo_resource;
    sac_app *group;
    sac_err err;
    todos t;

    (void)state;
    other.name = "others";
    todos_begin(&t);
    todos_make(&t);
    CHECK_INT(sac_app_mount(t.app, "/{all:path}", &pages, NULL, &err), 0);
    CHECK_INT(sac_app_resource(t.app, "/api/v1/todos", &todo_resource, &err), 0);
    CHECK_INT(sac_app_resource(t.app, "/top", &other, &err), 0);
    CHECK_INT(sac_app_group(t.app, "/group", &group, &err), 0);
    CHECK_INT(sac_app_resource(group, "/deep/others", &other, &err), 0);
    todos_serve(&t);
    CHECK_INT(todos_ask(&t, "GET", "/about", NULL), 200);
    CHECK_INT(todos_ask(&t, "GET", "/api/else", NULL), 200);
    CHECK_INT(todos_ask(&t, "GET", "/api/v1/else", NULL), 404);
    CHECK_INT(todos_ask(&t, "GET", "/top/a/b", NULL), 404);
    CHECK_INT(todos_ask(&t, "GET", "/group/else", NULL), 404);
    CHECK_INT(todos_ask(&t, "GET", "/group/deep/others", NULL), 200);
    CHECK_INT(todos_ask(&t, "PUT", "/group/deep/others/a", "{\"title\":\"x\"}"), 201);
    assert_string_equal(todos_header(&t, "location"), "/group/deep/others/a");
    todos_close(&t);
}

static void test_resource__paths_are_encoded(void **state)
{
    sac_err err;
    todos t;

    (void)state;
    todos_begin(&t);
    todos_make(&t);
    CHECK_INT(sac_app_resource(t.app, "/api/mü,b", &todo_resource, &err), 0);
    todos_serve(&t);
    CHECK_INT(todos_ask(&t, "PUT", "/api/m%C3%BC%2Cb/x", "{\"title\":\"x\"}"), 201);
    assert_string_equal(todos_header(&t, "location"), "/api/m%C3%BC%2Cb/x");
    CHECK_INT(todos_ask(&t, "GET", "/api/m%C3%BC%2Cb?page=1", NULL), 200);
    assert_string_equal(todos_header(&t, "link"),
                        "</api/m%C3%BC%2Cb?page=1&per_page=25>; rel=\"first\", "
                        "</api/m%C3%BC%2Cb?page=1&per_page=25>; rel=\"last\"");
    todos_close(&t);
}

static void test_resource__is_found_by_name(void **state)
{
    char url[64];
    todos t;

    (void)state;
    todos_open(&t, &todo_resource);
    CHECK_INT(sac_app_url_for(t.app, url, sizeof url, "todos", NULL), 0);
    assert_string_equal(url, "/api/todos");
    CHECK_INT(sac_app_url_for(t.app, url, sizeof url, "todos", "id", "a b", NULL), 0);
    assert_string_equal(url, "/api/todos/a%20b");
    todos_close(&t);
}

static void test_resource__registration_survives_oom(void **state)
{
    fault_alloc fault;
    long n = 0;
    int rc;

    (void)state;
    do {
        sac_err err = {.code = 0};
        todos t;

        CHECK(n < 2000);
        todos_begin(&t);
        t.config.alloc = fault_alloc_init(&fault, n++);
        rc = sac_app_new(&t.config, &t.app, &err);
        if (rc == 0)
            rc = sac_app_resource(t.app, "/api/todos", &todo_resource, &err);
        if (rc == 0)
            rc = sac_app_seal(t.app, &err);
        CHECK(rc == 0 || rc == SAC_ENOMEM);
        todos_close(&t);
        CHECK_INT(fault.live, 0);
    } while (rc != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resource__says_what_is_wrong),
        cmocka_unit_test(test_resource__knows_no_newer_tables),
        cmocka_unit_test(test_resource__takes_an_older_table),
        cmocka_unit_test(test_resource__wants_a_path),
        cmocka_unit_test(test_resource__a_path_is_taken_once),
        cmocka_unit_test(test_resource__is_mounted_whole_or_not),
        cmocka_unit_test(test_resource__needs_a_database),
        cmocka_unit_test(test_resource__fences_its_surroundings),
        cmocka_unit_test(test_resource__paths_are_encoded),
        cmocka_unit_test(test_resource__is_found_by_name),
        cmocka_unit_test(test_resource__registration_survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <sacrum/impl/store.h>

#include "app/app.h"

static int get(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_text(req, 200, "ok");
}

static const sac_view_ops view = SAC_VIEW_OPS(.name = "view", .flags = SAC_INLINE, .get = get);

static void refuses(const sac_app_config *config, int code, const char *member)
{
    sac_app *app = NULL;
    sac_err err = {.code = 0};

    CHECK_INT(sac_app_new(config, &app, &err), code);
    CHECK(app == NULL);
    if (!strstr(err.text, member))
        fail_msg("\"%s\" does not name %s", err.text, member);
}

static int no_opener(const sac_store_config *config, sac_store **out, sac_err *err)
{
    (void)config;
    (void)out;
    (void)err;
    return SAC_ENOTMINE;
}

static void test_app_new__checks_its_config(void **state)
{
    static const char *const bad_hosts[] = {"a b", NULL};
    const sac_alloc no_alloc = SAC_ALLOC(.self = NULL);
    const sac_alloc newer_alloc = {.size = sizeof newer_alloc + 8,
                                   .resize = sac_alloc_default()->resize};
    sac_app_config config = SAC_APP_CONFIG(.workers = -2);

    (void)state;
    refuses(&config, SAC_EINVAL, "workers");
    config = (sac_app_config)SAC_APP_CONFIG(.workers = 5000);
    refuses(&config, SAC_EINVAL, "workers");
    config = (sac_app_config)SAC_APP_CONFIG(.reads = (sac_reads)9);
    refuses(&config, SAC_EINVAL, "reads");
    config = (sac_app_config)SAC_APP_CONFIG(.log_level = (sac_log_level)9);
    refuses(&config, SAC_EINVAL, "log_level");
    config = (sac_app_config)SAC_APP_CONFIG(.secret = "short");
    refuses(&config, SAC_EINVAL, "secret");
    config = (sac_app_config)SAC_APP_CONFIG(.origin = "https://a.example/path");
    refuses(&config, SAC_EINVAL, "origin");
    config = (sac_app_config)SAC_APP_CONFIG(.hosts = bad_hosts);
    refuses(&config, SAC_EINVAL, "hosts");
    config = (sac_app_config)SAC_APP_CONFIG(.database = "null:");
    refuses(&config, SAC_EINVAL, "stores");
    config = (sac_app_config)SAC_APP_CONFIG(.database = "", .stores = {no_opener});
    refuses(&config, SAC_EINVAL, "database");
    config = (sac_app_config)SAC_APP_CONFIG(.problem_docs = "");
    refuses(&config, SAC_EINVAL, "problem_docs");
    config = (sac_app_config)SAC_APP_CONFIG(.max_depth = 101);
    refuses(&config, SAC_EINVAL, "max_depth");
    config = (sac_app_config)SAC_APP_CONFIG(.max_memory = 1000);
    refuses(&config, SAC_EINVAL, "max_memory");
    config = (sac_app_config)SAC_APP_CONFIG(.alloc = &no_alloc);
    refuses(&config, SAC_EINVAL, "alloc");
    config = (sac_app_config)SAC_APP_CONFIG(.alloc = &newer_alloc);
    refuses(&config, SAC_EVERSION, "alloc");
    config = (sac_app_config)SAC_APP_CONFIG(.workers = 1);
    config.size = 0;
    refuses(&config, SAC_EINVAL, "size");
    config.size = sizeof config + 1;
    refuses(&config, SAC_EVERSION, "newer");
}

static void test_app_new__takes_an_older_config(void **state)
{
    sac_app_config config = SAC_APP_CONFIG(.max_body = 17);
    sac_app *app;

    (void)state;
    config.size = offsetof(sac_app_config, database);
    CHECK_INT(sac_app_new(&config, &app, NULL), SAC_OK);
    CHECK_INT(sac__app_config(app)->max_body, 1 << 20);
    CHECK_INT(sac__app_config(app)->max_depth, 64);
    sac_app_free(app);
    sac_app_free(NULL);
}

static void refuses_view(sac_app *app, const sac_view_ops *ops, int code, const char *why)
{
    sac_err err = {.code = 0};

    CHECK_INT(sac_app_mount(app, "/x", ops, NULL, &err), code);
    if (!strstr(err.text, why))
        fail_msg("\"%s\" does not say %s", err.text, why);
}

static void test_app_mount__checks_the_table(void **state)
{
    const sac_view_ops nameless = SAC_VIEW_OPS(.get = get);
    const sac_view_ops idle = SAC_VIEW_OPS(.name = "idle");
    const sac_decorator rows[] = {{.fn = NULL}};
    sac_view_ops loop = SAC_VIEW_OPS(.name = "loop", .get = get);
    sac_view_ops ops = view;
    fixture fx;

    (void)state;
    loop.super = &loop;
    fixture_new(&fx, NULL);
    refuses_view(fx.app, &nameless, SAC_EINVAL, "name");
    refuses_view(fx.app, &idle, SAC_EINVAL, "no handler");
    refuses_view(fx.app, &loop, SAC_EINVAL, "supers");
    ops.size = sizeof ops + 8;
    refuses_view(fx.app, &ops, SAC_EVERSION, "newer");
    ops.size = 0;
    refuses_view(fx.app, &ops, SAC_EINVAL, "size");
    ops = view;
    ops.decorators = rows;
    ops.decorator_size = 0;
    refuses_view(fx.app, &ops, SAC_EINVAL, "decorator");
    ops.decorator_size = sizeof *rows + 8;
    refuses_view(fx.app, &ops, SAC_EVERSION, "decorator");
    CHECK_INT(sac_app_mount(fx.app, "x", &view, NULL, NULL), SAC_EINVAL);
    CHECK_INT(sac_app_mount(fx.app, "/{", &view, NULL, NULL), SAC_EINVAL);
    fixture_mount(&fx, "/x", &view, NULL);
    CHECK_INT(sac_app_mount(fx.app, "/x", &view, NULL, NULL), SAC_EEXIST);
    CHECK_INT(fixture_get(&fx, "GET", "/x"), 200);
    fixture_free(&fx);
}

/* A table of an older program ends before `after`: what lies behind it is not read. */
static void test_app_mount__reads_no_slot_past_the_size(void **state)
{
    sac_view_ops ops = view;
    fixture fx;

    (void)state;
    ops.size = offsetof(sac_view_ops, before);
    memset(&ops.before, 0x5a, sizeof ops - offsetof(sac_view_ops, before));
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/x", &ops, NULL);
    CHECK_INT(fixture_get(&fx, "GET", "/x"), 200);
    fixture_free(&fx);
}

static void test_app_group__prefixes_paths(void **state)
{
    sac_app *api;
    sac_app *v1;
    sac_app *none = NULL;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_group(fx.app, "api", &none, NULL), SAC_EINVAL);
    CHECK_INT(sac_app_group(fx.app, "/", &none, NULL), SAC_EINVAL);
    CHECK_INT(sac_app_group(fx.app, "/api/", &none, NULL), SAC_EINVAL);
    CHECK_INT(sac_app_group(fx.app, NULL, &none, NULL), SAC_EINVAL);
    CHECK(none == NULL);
    CHECK_INT(sac_app_group(fx.app, "/api", &api, NULL), SAC_OK);
    CHECK_INT(sac_app_group(api, "/v1", &v1, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(v1, "/x", &view, NULL, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(v1, "/", &view, NULL, NULL), SAC_OK);
    sac_app_free(v1); /* it belongs to the app */
    CHECK_INT(fixture_get(&fx, "GET", "/api/v1/x"), 200);
    CHECK_INT(fixture_get(&fx, "GET", "/api/v1"), 200);
    CHECK_INT(fixture_get(&fx, "GET", "/api/v1/"), 200);
    CHECK_INT(fixture_get(&fx, "GET", "/x"), 404);
    fixture_free(&fx);
}

static void test_app__is_closed_to_building_once_sealed(void **state)
{
    const sac_middleware_ops mw = SAC_MIDDLEWARE_OPS(.name = "mw");
    const sac_converter converter = SAC_CONVERTER(.name = "k");
    sac_app *group;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    CHECK(sac_app_store(fx.app) == NULL);
    CHECK_INT(sac_app_seal(fx.app, NULL), SAC_OK);
    CHECK_INT(sac_app_seal(fx.app, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(fx.app, "/x", &view, NULL, NULL), SAC_EINVAL);
    CHECK_INT(sac_app_group(fx.app, "/g", &group, NULL), SAC_EINVAL);
    CHECK_INT(sac_app_use(fx.app, &mw, NULL, NULL), SAC_EINVAL);
    CHECK_INT(sac_app_converter(fx.app, &converter, NULL), SAC_EINVAL);
    CHECK_INT(sac_app_on_error(fx.app, 0, get, NULL, NULL), SAC_EINVAL);
    fixture_free(&fx);
}

static void test_app_use__checks_the_table(void **state)
{
    sac_middleware_ops mw = SAC_MIDDLEWARE_OPS(.before = get);
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_use(fx.app, &mw, NULL, NULL), SAC_EINVAL);
    mw.name = "mw";
    mw.size += 8;
    CHECK_INT(sac_app_use(fx.app, &mw, NULL, NULL), SAC_EVERSION);
    fixture_free(&fx);
}

static int broken_opener(const sac_store_config *config, sac_store **out, sac_err *err)
{
    (void)out;
    return sac_err_set(err, SAC_EIO, "%s burns", config->uri);
}

static void test_app_seal__asks_openers_in_order(void **state)
{
    const sac_app_config unknown = SAC_APP_CONFIG(.database = "what:ever/secret",
                                                  .stores = {no_opener, no_opener});
    const sac_app_config broken = SAC_APP_CONFIG(.database = "disk:",
                                                 .stores = {no_opener, broken_opener});
    sac_err err;
    fixture fx;

    (void)state;
    fixture_new(&fx, &unknown);
    CHECK_INT(sac_app_seal(fx.app, &err), SAC_EINVAL);
    CHECK(strstr(err.text, "what"));
    CHECK(!strstr(err.text, "secret"));
    fixture_free(&fx);
    fixture_new(&fx, &broken);
    CHECK_INT(sac_app_seal(fx.app, &err), SAC_EIO);
    CHECK(strstr(err.text, "disk: burns"));
    fixture_free(&fx);
}

static int count_up(void *self, sac_app *app, sac_err *err)
{
    int *n = self;

    (void)app;
    return ++*n == 1 ? sac_err_set(err, SAC_EIO, "not yet") : SAC_OK;
}

static void freed(void *self)
{
    ++*(int *)self;
}

static void test_app_seal__may_be_tried_again(void **state)
{
    int tries = 0;
    int frees = 0;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    CHECK_INT(sac__app_at_seal(fx.app, count_up, &tries, NULL), SAC_OK);
    CHECK_INT(sac__app_at_free(fx.app, freed, &frees), SAC_OK);
    CHECK_INT(sac_app_seal(fx.app, NULL), SAC_EIO);
    fixture_mount(&fx, "/x", &view, NULL);
    CHECK_INT(sac_app_seal(fx.app, NULL), SAC_OK);
    CHECK_INT(fixture_get(&fx, "GET", "/x"), 200);
    fixture_free(&fx);
    CHECK_INT(tries, 2);
    CHECK_INT(frees, 1);
}

static void test_app_secret__is_derived(void **state)
{
    const sac_app_config first = SAC_APP_CONFIG(.secret = "0123456789abcdef");
    const sac_app_config other = SAC_APP_CONFIG(.secret = "0123456789abcdeg");
    const sac_app_config *const configs[] = {&first, &first, &other, NULL};
    uint8_t secrets[4][32] = {{0}};
    sac__hash_key keys[4];
    fixture fx;

    (void)state;
    for (int i = 0; i < 4; i++) {
        fixture_new(&fx, configs[i]);
        CHECK_INT(sac_app_seal(fx.app, NULL), SAC_OK);
        CHECK(!sac__app_secret(fx.app) == (i == 3));
        if (i < 3)
            memcpy(secrets[i], sac__app_secret(fx.app), 32);
        keys[i] = *sac__app_tag_key(fx.app);
        fixture_free(&fx);
    }
    assert_memory_equal(secrets[0], secrets[1], 32);
    assert_memory_equal(&keys[0], &keys[1], sizeof keys[0]);
    assert_memory_not_equal(secrets[0], secrets[2], 32);
    assert_memory_not_equal(&keys[0], &keys[2], sizeof keys[0]);
    assert_memory_not_equal(&keys[0], &keys[3], sizeof keys[0]);
    assert_memory_not_equal(secrets[0], &keys[0], sizeof keys[0]);
}

static void test_app__two_do_not_meet(void **state)
{
    fixture one;
    fixture two;

    (void)state;
    fixture_new(&one, NULL);
    fixture_new(&two, NULL);
    fixture_mount(&one, "/one", &view, NULL);
    fixture_mount(&two, "/two", &view, NULL);
    CHECK_INT(fixture_get(&one, "GET", "/one"), 200);
    CHECK_INT(fixture_get(&two, "GET", "/one"), 404);
    fixture_free(&one);
    CHECK_INT(fixture_get(&two, "GET", "/two"), 200);
    fixture_free(&two);
}

static void test_app_options__has_further_fields(void **state)
{
    sac_app *group;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_group(fx.app, "/g", &group, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(group, "/x", &view, NULL, NULL), SAC_OK);
    CHECK_INT(sac__app_set_options(group, "/y", "Accept-Patch", "a/b"), SAC_ENOTFOUND);
    CHECK_INT(sac__app_set_options(group, "/x", "Accept-Patch", "a/b"), SAC_OK);
    CHECK_INT(fixture_get(&fx, "OPTIONS", "/g/x"), 204);
    CHECK_FIELD(&fx, "accept-patch", "a/b");
    CHECK_INT(fixture_get(&fx, "GET", "/g/x"), 200);
    CHECK_NO_FIELD(&fx, "accept-patch");
    CHECK_INT(sac__app_methods_at(fx.app, sac_str_of("/g/x")), SAC_GET | SAC_HEAD | SAC_OPTIONS);
    CHECK_INT(sac__app_methods_at(fx.app, sac_str_of("/g/y")), 0);
    fixture_free(&fx);
}

static int build(const sac_alloc *alloc)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = 1, .alloc = alloc);
    const sac_middleware_ops mw = SAC_MIDDLEWARE_OPS(.name = "mw", .before = get);
    sac_loopback *client = NULL;
    sac_app *app = NULL;
    sac_app *group;
    int rc = sac_app_new(&config, &app, NULL);

    if (rc == SAC_OK)
        rc = sac_app_group(app, "/g", &group, NULL);
    if (rc == SAC_OK)
        rc = sac_app_use(group, &mw, NULL, NULL);
    if (rc == SAC_OK)
        rc = sac_app_mount(group, "/x/{id}", &view, NULL, NULL);
    if (rc == SAC_OK)
        rc = sac_app_on_error(group, 404, get, NULL, NULL);
    if (rc == SAC_OK)
        rc = sac_loopback_new(app, &client, NULL);
    sac_loopback_free(client);
    sac_app_free(app);
    return rc;
}

static void test_app__build_survives_oom(void **state)
{
    fault_alloc fault;
    int rc;
    int n = 0;

    (void)state;
    do {
        rc = build(fault_alloc_init(&fault, n++));
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        CHECK_INT(fault.live, 0);
    } while (rc != SAC_OK && n < 1000);
    CHECK(n > 5 && n < 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_app_new__checks_its_config),
        cmocka_unit_test(test_app_new__takes_an_older_config),
        cmocka_unit_test(test_app_mount__checks_the_table),
        cmocka_unit_test(test_app_mount__reads_no_slot_past_the_size),
        cmocka_unit_test(test_app_group__prefixes_paths),
        cmocka_unit_test(test_app__is_closed_to_building_once_sealed),
        cmocka_unit_test(test_app_use__checks_the_table),
        cmocka_unit_test(test_app_seal__asks_openers_in_order),
        cmocka_unit_test(test_app_seal__may_be_tried_again),
        cmocka_unit_test(test_app_secret__is_derived),
        cmocka_unit_test(test_app__two_do_not_meet),
        cmocka_unit_test(test_app_options__has_further_fields),
        cmocka_unit_test(test_app__build_survives_oom)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

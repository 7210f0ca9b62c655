/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <sacrum/impl/host.h>

/* Views where they are mounted: groups around them, paths and their parameters, tables of the future. */

static int name_get(void *self, sac_req *req)
{
    return sac_reply_text(req, 200, self ? self : "view");
}

static void *text(const char *s)
{
    return (void *)(uintptr_t)s;
}

static const sac_view_ops view = SAC_VIEW_OPS(.name = "view", .flags = SAC_INLINE, .get = name_get);
static const sac_view_ops other = SAC_VIEW_OPS(.name = "other", .flags = SAC_INLINE,
                                               .get = name_get);

static void test_view__twice_at_one_path_is_refused(void **state)
{
    sac_err err = {.code = 0};
    sac_app *group;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_group(fx.app, "/g/{tenant}", &group, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(group, "/{id}", &view, text("first"), NULL), SAC_OK);
    CHECK_INT(sac_app_mount(group, "/{key}", &other, text("second"), &err), SAC_EEXIST);
    CHECK(strstr(err.text, "\"/g/{tenant}/{key}\""));
    CHECK(strstr(err.text, "taken by view \"view\""));
    CHECK_INT(sac_app_mount(fx.app, "/g/{a}/{b}/", &view, text("third"), &err), SAC_EEXIST);
    CHECK_INT(fixture_get(&fx, "GET", "/g/x/1"), 200);
    CHECK_STR(fx.reply.body, "first");
    fixture_free(&fx);
}

static int url_get(void *self, sac_req *req)
{
    const sac_str list = sac_req_url_for(req, "twice", (char *)NULL);
    const sac_str item = sac_req_url_for(req, "twice", "id", "7", (char *)NULL);
    const sac_str page = sac_req_url_for(req, "twice", "id", "7", "page", "2", (char *)NULL);
    const sac_str query = sac_req_url_for(req, "twice", "q", "a b", (char *)NULL);

    (void)self;
    CHECK_STR(list, "/things");
    CHECK_STR(item, "/things/7");
    CHECK_STR(page, "/things/7/2");
    CHECK_STR(query, "/things?q=a%20b");
    return sac_reply_text(req, 200, sac_req_param(req, "id").p ? "item" : "list");
}

static void test_view__at_two_paths_has_two_urls(void **state)
{
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "twice", .flags = SAC_INLINE, .get = url_get);
    char out[64];
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/things", &ops, NULL);
    fixture_mount(&fx, "/things/{id:int}", &ops, NULL);
    fixture_mount(&fx, "/things/{id:int}/{page:int}", &ops, NULL);
    CHECK_INT(fixture_get(&fx, "GET", "/things"), 200);
    CHECK_STR(fx.reply.body, "list");
    CHECK_INT(fixture_get(&fx, "GET", "/things/3"), 200);
    CHECK_STR(fx.reply.body, "item");
    CHECK_INT(sac_app_url_for(fx.app, out, sizeof out, "twice", "id", "x", (char *)NULL),
              SAC_EINVAL);
    fixture_free(&fx);
}

/* What ran, in order. */
static char ran[64];

static int note_before(void *self, sac_req *req)
{
    (void)req;
    strncat(ran, self, sizeof ran - strlen(ran) - 1);
    return 0;
}

static int note_after(void *self, sac_req *req)
{
    const char small[] = {(char)(*(const char *)self | 0x20), '\0'};

    strncat(ran, small, sizeof ran - strlen(ran) - 1);
    return sac_reply_add_header(req, "X-Around", sac_str_of(self));
}

static int tenant_get(void *self, sac_req *req)
{
    const sac_str tenant = sac_req_param(req, "tenant"), id = sac_req_param(req, "id");

    (void)self;
    return sac_reply_jsonf(req, 200, "%.*s/%.*s", (int)tenant.n, tenant.p, (int)id.n, id.p);
}

static void check_ran(fixture *fx, const char *target, int status, const char *text)
{
    ran[0] = '\0';
    CHECK_INT(fixture_get(fx, "GET", target), status);
    assert_string_equal(ran, text);
}

static void test_group__nests_its_middleware(void **state)
{
    static const sac_middleware_ops mw = SAC_MIDDLEWARE_OPS(.name = "note", .flags = SAC_INLINE,
                                                            .before = note_before,
                                                            .after = note_after);
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "tenants", .flags = SAC_INLINE,
                                          .get = tenant_get);
    sac_app *outer, *inner, *beside;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_group(fx.app, "/{tenant}/api", &outer, NULL), SAC_OK);
    CHECK_INT(sac_app_group(outer, "/{kind}", &inner, NULL), SAC_OK);
    CHECK_INT(sac_app_group(fx.app, "/beside", &beside, NULL), SAC_OK);
    CHECK_INT(sac_app_use(inner, &mw, text("D"), NULL), SAC_OK);
    CHECK_INT(sac_app_use(outer, &mw, text("B"), NULL), SAC_OK);
    CHECK_INT(sac_app_use(fx.app, &mw, text("A"), NULL), SAC_OK);
    CHECK_INT(sac_app_use(outer, &mw, text("C"), NULL), SAC_OK);
    CHECK_INT(sac_app_use(beside, &mw, text("X"), NULL), SAC_OK);
    CHECK_INT(sac_app_mount(inner, "/{id}", &ops, NULL, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(outer, "/", &ops, NULL, NULL), SAC_OK);
    check_ran(&fx, "/acme/api/books/7", 200, "ABCDdcba");
    CHECK_STR(fx.reply.body, "acme/7");
    check_ran(&fx, "/acme/api", 200, "ABCcba");
    check_ran(&fx, "/acme/api/books/7/none", 404, "ABCDdcba");
    check_ran(&fx, "/acme/api/books", 404, "ABCDdcba");
    check_ran(&fx, "/acme/none", 404, "Aa");
    check_ran(&fx, "/beside/none", 404, "AXxa");
    CHECK_INT(fixture_get(&fx, "POST", "/acme/api/books/7"), 405);
    fixture_free(&fx);
}

/* Tables of a library to come: refused by name, with both sizes. */
static void check_newer(int rc, const sac_err *err, const char *table, size_t size)
{
    char want[160];

    snprintf(want, sizeof want, "%s of a newer libsacrum: %zu bytes, %zu are known", table,
             size + 8, size);
    CHECK_INT(rc, SAC_EVERSION);
    if (!strstr(err->text, want))
        fail_msg("\"%s\" is not \"%s\"", err->text, want);
}

static bool match_all(void *self, sac_str segment)
{
    (void)self;
    return segment.n > 0;
}

static void test_table__of_a_newer_library_is_refused(void **state)
{
    const sac_decorator rows[] = {{.fn = NULL}};
    sac_app_config config = SAC_APP_CONFIG(.workers = 1);
    sac_alloc alloc = *sac_alloc_default();
    const sac_app_config with_alloc = SAC_APP_CONFIG(.alloc = &alloc);
    sac_view_ops ops = view;
    const sac_view_ops derived = SAC_VIEW_OPS(.name = "derived", .super = &ops, .get = name_get);
    sac_middleware_ops mw = SAC_MIDDLEWARE_OPS(.name = "mw");
    sac_converter converter = SAC_CONVERTER(.name = "kind", .match = match_all);
    sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "GET", .target = "/");
    sac_err err = {.code = 0};
    sac_app *app;
    fixture fx;

    (void)state;
    config.size += 8;
    check_newer(sac_app_new(&config, &app, &err), &err, "sac_app_config", sizeof config);
    alloc.size += 8;
    check_newer(sac_app_new(&with_alloc, &app, &err), &err, "sac_alloc", sizeof alloc);
    fixture_new(&fx, NULL);
    ops.size += 8;
    check_newer(sac_app_mount(fx.app, "/x", &ops, NULL, &err), &err, "sac_view_ops", sizeof ops);
    check_newer(sac_app_mount(fx.app, "/x", &derived, NULL, &err), &err, "sac_view_ops",
                sizeof ops);
    ops = view;
    ops.decorators = rows;
    ops.decorator_size += 8;
    check_newer(sac_app_mount(fx.app, "/x", &ops, NULL, &err), &err, "row of sac_decorator",
                sizeof *rows);
    mw.size += 8;
    check_newer(sac_app_use(fx.app, &mw, NULL, &err), &err, "sac_middleware_ops", sizeof mw);
    converter.size += 8;
    check_newer(sac_app_converter(fx.app, &converter, &err), &err, "sac_converter",
                sizeof converter);
    CHECK_INT(sac_loopback_new(fx.app, &fx.client, NULL), SAC_OK);
    ask.size += 8;
    check_newer(sac_loopback_send(fx.client, &ask, &fx.reply, &err), &err, "sac_loopback_request",
                sizeof ask);
    fixture_free(&fx);
}

static void no_wake(void *self)
{
    (void)self;
}

/* The calls of hosts have no text. */
static void test_table__of_a_newer_host_is_refused(void **state)
{
    sac_host_ops ops = SAC_HOST_OPS(.name = "host", .wake = no_wake);
    sac_head head = SAC_HEAD_INIT(.method = sac_str_of("GET"), .target = sac_str_of("/"));
    sac_exchange *exchange = NULL;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_seal(fx.app, NULL), SAC_OK);
    ops.size += 8;
    CHECK_INT(sac_exchange_open(fx.app, &ops, NULL, &exchange), SAC_EVERSION);
    CHECK(!exchange);
    ops.size -= 8;
    CHECK_INT(sac_exchange_open(fx.app, &ops, NULL, &exchange), SAC_OK);
    head.size += 8;
    CHECK_INT(sac_exchange_head(exchange, &head), SAC_EVERSION);
    CHECK_INT(sac_exchange_refuse(exchange, &head, "bad_request"), SAC_EVERSION);
    sac_exchange_close(exchange);
    fixture_free(&fx);
}

static void count_close(void *self)
{
    *(int *)self += 1;
}

static int no_bytes(void *self, sac_req *req, void *buf, size_t cap, size_t *n)
{
    (void)self;
    (void)req;
    (void)buf;
    (void)cap;
    (void)n;
    return 0;
}

static int newer_stream(void *self, sac_req *req)
{
    sac_stream_ops ops = SAC_STREAM_OPS(.pull = no_bytes, .close = count_close);

    ops.size += 8;
    return sac_reply_stream(req, 200, "text/plain", -1, &ops, self);
}

static int newer_query(void *self, sac_req *req)
{
    sac_query query = SAC_QUERY(.collection = "x");

    (void)self;
    query.size += 8;
    return sac_reply_query(req, 200, &query);
}

/* In a request the log has the text. */
static void test_table__of_a_newer_library_is_logged(void **state)
{
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "newer", .get = newer_stream, .put = newer_query);
    sac_err err = {.code = SAC_EVERSION};
    int closed = 0;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/x", &ops, &closed);
    CHECK_INT(fixture_get(&fx, "GET", "/x"), 500);
    snprintf(err.text, sizeof err.text, "%s", strstr(fx.log, "view newer: "));
    check_newer(SAC_EVERSION, &err, "sac_stream_ops", sizeof(sac_stream_ops));
    CHECK_INT(closed, 1);
    fx.log[0] = '\0';
    CHECK_INT(fixture_get(&fx, "PUT", "/x"), 500);
    snprintf(err.text, sizeof err.text, "%s", strstr(fx.log, "view newer: "));
    check_newer(SAC_EVERSION, &err, "sac_query", sizeof(sac_query));
    fixture_free(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view__twice_at_one_path_is_refused),
        cmocka_unit_test(test_view__at_two_paths_has_two_urls),
        cmocka_unit_test(test_group__nests_its_middleware),
        cmocka_unit_test(test_table__of_a_newer_library_is_refused),
        cmocka_unit_test(test_table__of_a_newer_host_is_refused),
        cmocka_unit_test(test_table__of_a_newer_library_is_logged),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

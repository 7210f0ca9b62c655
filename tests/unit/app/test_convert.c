/* SPDX-License-Identifier: MIT */
#include "raw_host.h"

/* Kinds of path parameters of the program's own, and what they stand for. */

typedef struct kind {
    int made;
    int rc; /* what convert says */
    bool sets_problem, no_memory;
} kind;

static bool match_digits(void *self, sac_str segment)
{
    (void)self;
    for (size_t i = 0; i < segment.n; i++)
        if (segment.p[i] < '0' || segment.p[i] > '9')
            return false;
    return segment.n > 0;
}

static int convert_number(void *self, sac_req *req, sac_str segment, void **value)
{
    kind *k = self;
    int *number = sac_req_alloc(req, sizeof *number);

    k->made++;
    if (!number)
        return SAC_ENOMEM;
    *number = 0;
    for (size_t i = 0; i < segment.n; i++)
        *number = 10 * *number + (segment.p[i] - '0');
    *value = number;
    return k->sets_problem ? sac_problem(req, "list_too_long", "book %d", *number) : k->rc;
}

static sac_converter book_kind(kind *k)
{
    const sac_converter converter = SAC_CONVERTER(.name = "book", .match = match_digits,
                                                  .convert = convert_number, .self = k);

    return converter;
}

static int sum_get(void *self, sac_req *req)
{
    void *a = NULL, *b = NULL, *again = NULL;
    int rc = sac_req_param_value(req, "a", &a);

    (void)self;
    if (rc == SAC_OK)
        rc = sac_req_param_value(req, "b", &b);
    if (rc == SAC_OK)
        rc = sac_req_param_value(req, "a", &again);
    if (rc != SAC_OK) {
        CHECK(!a && !again); /* written on success only */
        return rc;
    }
    CHECK(again == a);
    return sac_reply_jsonf(req, 200, "%d", *(int *)a + *(int *)b);
}

static const sac_view_ops sum = SAC_VIEW_OPS(.name = "sum", .flags = SAC_INLINE, .get = sum_get);

static void test_converter__makes_a_value_once(void **state)
{
    kind k = {.made = 0};
    const sac_converter converter = book_kind(&k);
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_converter(fx.app, &converter, NULL), SAC_OK);
    fixture_mount(&fx, "/sum/{a:book}/{b:book}", &sum, NULL);
    CHECK_INT(fixture_get(&fx, "GET", "/sum/12/30"), 200);
    CHECK_STR(fx.reply.body, "42");
    CHECK_INT(k.made, 2);
    CHECK_INT(fixture_get(&fx, "GET", "/sum/12/%330"), 200);
    CHECK_STR(fx.reply.body, "42");
    CHECK_INT(k.made, 4);
    CHECK_INT(fixture_get(&fx, "GET", "/sum/12/x"), 404);
    CHECK_INT(k.made, 4); /* made when asked for */
    fixture_free(&fx);
}

static int twice_get(void *self, sac_req *req)
{
    void *value;
    int rc = sac_req_param_value(req, "a", &value);

    (void)self;
    CHECK(rc < 0);
    CHECK_INT(sac_reply_text(req, 200, "never mind"), 0);
    CHECK_INT(sac_req_param_value(req, "a", &value), rc);
    return rc;
}

static void test_converter__says_why_not(void **state)
{
    const sac_view_ops twice = SAC_VIEW_OPS(.name = "twice", .flags = SAC_INLINE, .get = twice_get);
    kind k = {.rc = SAC_ENOTFOUND};
    const sac_converter converter = book_kind(&k);
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_converter(fx.app, &converter, NULL), SAC_OK);
    fixture_mount(&fx, "/sum/{a:book}/{b:book}", &sum, NULL);
    fixture_mount(&fx, "/twice/{a:book}", &twice, NULL);
    CHECK_INT(fixture_get(&fx, "GET", "/sum/1/2"), 404);
    CHECK(contains(fx.reply.body, "\"detail\":\"parameter a: "));
    k.made = 0;
    CHECK_INT(fixture_get(&fx, "GET", "/twice/1"), 404);
    CHECK_INT(k.made, 1); /* a failure is remembered too */
    CHECK(contains(fx.reply.body, "\"detail\":\"parameter a: "));
    assert_string_equal(fx.log, "");
    k.rc = SAC_EIO;
    CHECK_INT(fixture_get(&fx, "GET", "/sum/1/2"), 500);
    CHECK(strstr(fx.log, "view sum: parameter a: input/output error"));
    k.rc = SAC_LATER;
    CHECK_INT(fixture_get(&fx, "GET", "/sum/1/2"), 500);
    k.sets_problem = true;
    CHECK_INT(fixture_get(&fx, "GET", "/sum/1/2"), 400);
    CHECK(contains(fx.reply.body, "\"detail\":\"book 1\""));
    fixture_free(&fx);
}

static int no_value_get(void *self, sac_req *req)
{
    void *value = req;
    const int rc = sac_req_param_value(req, self, &value);

    CHECK_INT(rc, SAC_EINVAL);
    CHECK(value == req);
    return rc;
}

static int no_route_before(void *self, sac_req *req)
{
    void *value;

    (void)self;
    CHECK_INT(sac_req_param_value(req, "a", &value), SAC_EINVAL);
    return 0;
}

static void test_converter__without_a_value_is_an_error(void **state)
{
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "none", .flags = SAC_INLINE, .get = no_value_get);
    const sac_middleware_ops mw = SAC_MIDDLEWARE_OPS(.name = "asks", .flags = SAC_INLINE,
                                                     .before = no_route_before);
    const sac_converter plain = SAC_CONVERTER(.name = "plain", .match = match_digits);
    sac_app *group;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_converter(fx.app, &plain, NULL), SAC_OK);
    CHECK_INT(sac_app_group(fx.app, "/g", &group, NULL), SAC_OK);
    CHECK_INT(sac_app_use(group, &mw, NULL, NULL), SAC_OK);
    fixture_mount(&fx, "/plain/{a:plain}", &ops, (void *)(uintptr_t) "a");
    fixture_mount(&fx, "/int/{a:int}", &ops, (void *)(uintptr_t) "a");
    fixture_mount(&fx, "/other/{a:int}", &ops, (void *)(uintptr_t) "b");
    CHECK_INT(fixture_get(&fx, "GET", "/plain/1"), 500);
    CHECK(strstr(fx.log, "view none: parameter a is of a kind without values"));
    CHECK_INT(fixture_get(&fx, "GET", "/int/1"), 500);
    CHECK_INT(fixture_get(&fx, "GET", "/other/1"), 500);
    CHECK(strstr(fx.log, "view none: parameter b is none of its path"));
    CHECK_INT(fixture_get(&fx, "GET", "/g/none"), 500);
    CHECK(strstr(fx.log, "view -: parameter a is none of its path"));
    fixture_free(&fx);
}

/* A table of before values were there. */
static void test_converter__of_an_older_program_works(void **state)
{
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "old", .flags = SAC_INLINE, .get = no_value_get);
    kind k = {.made = 0};
    sac_converter old = book_kind(&k);
    fixture fx;

    (void)state;
    old.size = offsetof(sac_converter, convert);
    memset(&old.convert, 0x5a, sizeof old.convert);
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_converter(fx.app, &old, NULL), SAC_OK);
    fixture_mount(&fx, "/x/{a:book}", &ops, (void *)(uintptr_t) "a");
    CHECK_INT(fixture_get(&fx, "GET", "/x/y"), 404);
    CHECK_INT(fixture_get(&fx, "GET", "/x/1"), 500);
    CHECK_INT(k.made, 0);
    fixture_free(&fx);
}

static void test_converter__is_checked(void **state)
{
    const sac_converter nameless = SAC_CONVERTER(.match = match_digits);
    const sac_converter empty = SAC_CONVERTER(.name = "", .match = match_digits);
    const sac_converter shouting = SAC_CONVERTER(.name = "Book", .match = match_digits);
    const sac_converter matchless = SAC_CONVERTER(.name = "book");
    const sac_converter known = SAC_CONVERTER(.name = "uuid", .match = match_digits);
    sac_converter cut = SAC_CONVERTER(.name = "book", .match = match_digits);
    sac_err err = {.code = 0};
    fixture fx;

    (void)state;
    cut.size = offsetof(sac_converter, self);
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_converter(fx.app, &nameless, NULL), SAC_EINVAL);
    CHECK_INT(sac_app_converter(fx.app, &empty, NULL), SAC_EINVAL);
    CHECK_INT(sac_app_converter(fx.app, &shouting, NULL), SAC_EINVAL);
    CHECK_INT(sac_app_converter(fx.app, &matchless, &err), SAC_EINVAL);
    CHECK(strstr(err.text, "match"));
    CHECK_INT(sac_app_converter(fx.app, &cut, NULL), SAC_EINVAL);
    CHECK_INT(sac_app_converter(fx.app, &known, &err), SAC_EEXIST);
    CHECK(strstr(err.text, "uuid"));
    fixture_free(&fx);
}

/* Values and decoded paths: 500 where memory ends, and never 404. */
static void test_converter__survives_oom(void **state)
{
    const char target[] = "/sum/%312/%330";
    kind k = {.made = 0};
    const sac_converter converter = book_kind(&k);
    bool whole = false;

    (void)state;
    for (long n = 0; !whole; n++) {
        fault_alloc fault;
        const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS,
                                                     .alloc = fault_alloc_init(&fault, -1));
        const sac_answer *answer;
        sac_exchange *exchange = NULL;
        sac_app *app;
        raw_host host;

        CHECK(n < 100);
        CHECK_INT(sac_app_new(&config, &app, NULL), SAC_OK);
        CHECK_INT(sac_app_converter(app, &converter, NULL), SAC_OK);
        CHECK_INT(sac_app_mount(app, "/sum/{a:book}/{b:book}", &sum, NULL, NULL), SAC_OK);
        CHECK_INT(sac_app_seal(app, NULL), SAC_OK);
        raw_init(&host);
        fault.left = n;
        if (sac_exchange_open(app, &raw_ops, &host, &exchange) == SAC_OK) {
            if (raw_head(exchange, "GET", target, 0) == SAC_OK)
                CHECK_INT(sac_exchange_end(exchange), SAC_OK);
            answer = raw_answer(&host, exchange);
            whole = answer->status == 200;
            CHECK(whole || answer->status == 500);
        }
        sac_exchange_close(exchange);
        sac_app_free(app);
        raw_fini(&host);
        CHECK_INT(fault.live, 0);
    }
}

/* Leaves the request so many bytes. */
static int burn(void *self, sac_req *req)
{
    const kind *k = self;

    while (k->no_memory && sac_req_alloc(req, 8))
        continue;
    return 0;
}

static void test_converter__survives_the_end_of_its_memory(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = 1, .max_memory = 32768);
    kind k = {.no_memory = true};
    const sac_middleware_ops burner = SAC_MIDDLEWARE_OPS(.name = "burner", .flags = SAC_INLINE,
                                                         .before = burn);
    const sac_converter converter = book_kind(&k);
    fixture fx;

    (void)state;
    fixture_new(&fx, &config);
    CHECK_INT(sac_app_use(fx.app, &burner, &k, NULL), SAC_OK);
    CHECK_INT(sac_app_converter(fx.app, &converter, NULL), SAC_OK);
    fixture_mount(&fx, "/sum/{a:book}/{b:book}", &sum, NULL);
    CHECK_INT(fixture_get(&fx, "GET", "/sum/1/2"), 500);
    k.no_memory = false;
    CHECK_INT(fixture_get(&fx, "GET", "/sum/1/2"), 200);
    fixture_free(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_converter__makes_a_value_once),
        cmocka_unit_test(test_converter__says_why_not),
        cmocka_unit_test(test_converter__without_a_value_is_an_error),
        cmocka_unit_test(test_converter__of_an_older_program_works),
        cmocka_unit_test(test_converter__is_checked),
        cmocka_unit_test(test_converter__survives_oom),
        cmocka_unit_test(test_converter__survives_the_end_of_its_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

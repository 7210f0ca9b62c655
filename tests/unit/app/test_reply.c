/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <sacrum/bson.h>

/* The handler under test is given to the view as `self`. */
typedef int act(sac_req *req);

typedef struct play {
    act *get;
} play;

static int run(void *self, sac_req *req)
{
    return ((play *)self)->get(req);
}

static const sac_view_ops view = SAC_VIEW_OPS(.name = "act", .flags = SAC_INLINE, .get = run);

static int perform(fixture *fx, const sac_app_config *config, act *get)
{
    static play p;

    p.get = get;
    fixture_new(fx, config);
    fixture_mount(fx, "/act", &view, &p);
    return fixture_get(fx, "GET", "/act");
}

static int all_kinds(sac_req *req)
{
    int rc = sac_reply_header(req, "X-Kept", sac_str_of("1"));

    if (rc == 0)
        rc = sac_reply_text(req, 200, "text");
    if (rc == 0)
        rc = sac_reply_json(req, 200, sac_str_of("[1]"));
    if (rc == 0)
        rc = sac_reply_bytes(req, 201, "text/csv", sac_str_of("a,b"));
    if (rc == 0)
        rc = sac_reply_add_header(req, "Set-Cookie", sac_str_of("a=1"));
    if (rc == 0)
        rc = sac_reply_add_header(req, "Set-Cookie", sac_str_of("b=2"));
    return rc;
}

static void test_reply__the_last_wins_and_fields_stay(void **state)
{
    size_t cookies = 0;
    fixture fx;

    (void)state;
    CHECK_INT(perform(&fx, NULL, all_kinds), 201);
    CHECK_STR(fx.reply.body, "a,b");
    CHECK_FIELD(&fx, "content-type", "text/csv");
    CHECK_FIELD(&fx, "x-kept", "1");
    CHECK_FIELD(&fx, "x-content-type-options", "nosniff");
    for (size_t i = 0; i < fx.reply.n_headers; i++)
        cookies += sac_str_is(fx.reply.headers[i].name, "Set-Cookie");
    CHECK_INT(cookies, 2);
    fixture_free(&fx);
}

static int jsonf(sac_req *req)
{
    return sac_reply_jsonf(req, 200, "{\"n\": %d}", 42);
}

static void test_reply__prints_json(void **state)
{
    fixture fx;

    (void)state;
    CHECK_INT(perform(&fx, NULL, jsonf), 200);
    CHECK_STR(fx.reply.body, "{\"n\": 42}");
    CHECK_FIELD(&fx, "content-type", "application/json");
    fixture_free(&fx);
}

static int bson(sac_req *req)
{
    sac_str out;
    sac_bson doc;

    sac_bson_init(&doc, sac_req_allocator(req), 0);
    sac_bson_add_int32(&doc, "n", 7);
    if (sac_bson_finish(&doc, &out) != SAC_OK)
        return SAC_ENOMEM;
    return sac_reply_bson(req, 200, out);
}

static int bad_bson(sac_req *req)
{
    return sac_reply_bson(req, 200, sac_str_of("nonsense"));
}

static void test_reply__encodes_bson(void **state)
{
    fixture fx;

    (void)state;
    CHECK_INT(perform(&fx, NULL, bson), 200);
    CHECK_STR(fx.reply.body, "{\"n\":7}");
    fixture_free(&fx);
    CHECK_INT(perform(&fx, NULL, bad_bson), 500);
    fixture_free(&fx);
}

static int redirect(sac_req *req)
{
    CHECK_INT(sac_reply_redirect(req, 200, "/x"), SAC_EINVAL);
    CHECK_INT(sac_reply_redirect(req, 303, "/x\r\nA: b"), SAC_EINVAL);
    return sac_reply_redirect(req, 303, "/login");
}

static void test_reply__redirects(void **state)
{
    fixture fx;

    (void)state;
    CHECK_INT(perform(&fx, NULL, redirect), 303);
    CHECK_FIELD(&fx, "location", "/login");
    CHECK_NO_FIELD(&fx, "content-type");
    fixture_free(&fx);
}

static int empty(sac_req *req)
{
    const int rc = sac_reply_text(req, 200, "gone");

    return rc ? rc : sac_reply_empty(req, 304);
}

static int shrunk(sac_req *req)
{
    const int rc = sac_reply_text(req, 200, "gone");

    return rc ? rc : sac_reply_set_status(req, 204);
}

static int bodyless(sac_req *req)
{
    return sac_reply_text(req, 204, "none of this");
}

static void test_reply__204_and_304_have_no_body(void **state)
{
    act *const acts[] = {empty, shrunk, bodyless};
    fixture fx;

    (void)state;
    for (int i = 0; i < 3; i++) {
        CHECK_INT(perform(&fx, NULL, acts[i]), i ? 204 : 304);
        CHECK_INT(fx.reply.body.n, 0);
        CHECK_NO_FIELD(&fx, "content-type");
        CHECK_NO_FIELD(&fx, "content-length");
        fixture_free(&fx);
    }
}

static int wrong(sac_req *req)
{
    CHECK_INT(sac_reply_status(req), 0);
    CHECK_INT(sac_reply_set_status(req, 200), SAC_EINVAL);
    CHECK_INT(sac_reply_text(req, 199, ""), SAC_EINVAL);
    CHECK_INT(sac_reply_text(req, 600, ""), SAC_EINVAL);
    CHECK_INT(sac_reply_bytes(req, 200, "a\nb", sac_str_of("")), SAC_EINVAL);
    CHECK_INT(sac_reply_header(req, "X-A", sac_str_of("a\r\nb")), SAC_EINVAL);
    CHECK_INT(sac_reply_header(req, "X-A", sac_str_n("a\0b", 3)), SAC_EINVAL);
    CHECK_INT(sac_reply_header(req, "X A", sac_str_of("a")), SAC_EINVAL);
    CHECK_INT(sac_reply_header(req, "Content-Length", sac_str_of("1")), SAC_EINVAL);
    CHECK_INT(sac_reply_add_header(req, "Transfer-Encoding", sac_str_of("x")), SAC_EINVAL);
    CHECK_INT(sac_reply_status(req), 0);
    return sac_reply_text(req, 200, "fine");
}

static void test_reply__refuses_what_is_malformed(void **state)
{
    fixture fx;

    (void)state;
    CHECK_INT(perform(&fx, NULL, wrong), 200);
    CHECK_NO_FIELD(&fx, "x-a");
    fixture_free(&fx);
}

static int fails(sac_req *req)
{
    int rc = sac_reply_header(req, "Content-Encoding", sac_str_of("gzip"));

    if (rc == 0)
        rc = sac_reply_header(req, "ETag", sac_str_of("\"a\""));
    if (rc == 0)
        rc = sac_reply_header(req, "Cache-Control", sac_str_of("max-age=1"));
    return rc ? rc : sac_fail(req, SAC_ENOTFOUND, "no %s", "book");
}

static void test_fail__is_a_problem_document(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.problem_docs = "https://x.example/");
    fixture fx;

    (void)state;
    CHECK_INT(perform(&fx, &config, fails), 404);
    CHECK_FIELD(&fx, "content-type", "application/problem+json");
    CHECK_FIELD(&fx, "cache-control", "no-cache");
    CHECK_FIELD(&fx, "x-content-type-options", "nosniff");
    CHECK_FIELD(&fx, "etag", "\"a\"");
    CHECK_NO_FIELD(&fx, "content-encoding");
    CHECK(contains(fx.reply.body, "\"type\":\"https://x.example/not_found\""));
    CHECK(contains(fx.reply.body, "\"status\":404"));
    CHECK(contains(fx.reply.body, "\"detail\":\"no book\""));
    CHECK(contains(fx.reply.body, "\"code\":\"not_found\""));
    assert_string_equal(fx.log, "");
    fixture_free(&fx);
}

static int breaks(sac_req *req)
{
    return sac_fail(req, SAC_EIO, "disk /dev/sda %s", "burns");
}

static void test_fail__of_500_hides_its_text(void **state)
{
    const char *id;
    char want[64];
    fixture fx;

    (void)state;
    CHECK_INT(perform(&fx, NULL, breaks), 500);
    CHECK(!contains(fx.reply.body, "sda"));
    id = strstr(fx.log, "500, error ");
    CHECK(id != NULL);
    snprintf(want, sizeof want, "\"detail\":\"error %.24s\"", id + 11);
    CHECK(contains(fx.reply.body, want));
    CHECK(strstr(fx.log, "GET /act: 500, error "));
    CHECK(strstr(fx.log, "disk /dev/sda burns"));
    fixture_free(&fx);
}

static int unavailable(sac_req *req)
{
    return sac_fail(req, SAC_EUNAVAILABLE, "server db17 is down");
}

static int full(sac_req *req)
{
    return sac_fail(req, SAC_EFULL, "map of 1 TiB");
}

static int unknown(sac_req *req)
{
    CHECK_INT(sac_problem(req, "unknown_outcome", "socket"), SAC_EUNAVAILABLE);
    return SAC_EUNAVAILABLE;
}

static void test_fail__of_503_says_when_to_retry(void **state)
{
    fixture fx;

    (void)state;
    CHECK_INT(perform(&fx, NULL, unavailable), 503);
    CHECK_FIELD(&fx, "retry-after", "1");
    CHECK(!contains(fx.reply.body, "db17"));
    CHECK(contains(fx.reply.body, "try again later"));
    CHECK(strstr(fx.log, "db17"));
    fixture_free(&fx);
    CHECK_INT(perform(&fx, NULL, full), 507);
    CHECK(!contains(fx.reply.body, "TiB"));
    fixture_free(&fx);
    CHECK_INT(perform(&fx, NULL, unknown), 503);
    CHECK(contains(fx.reply.body, "\"unknown_outcome\""));
    fixture_free(&fx);
}

static int fields(sac_req *req)
{
    CHECK_INT(sac_fail_field(req, "title", "is %s", "required"), SAC_EVALIDATION);
    return sac_fail_field(req, "due", "is no date");
}

static void test_fail__names_every_field(void **state)
{
    fixture fx;

    (void)state;
    CHECK_INT(perform(&fx, NULL, fields), 422);
    CHECK(contains(fx.reply.body, "\"title\":[\"is required\"]"));
    CHECK(contains(fx.reply.body, "\"due\":[\"is no date\"]"));
    fixture_free(&fx);
}

static int by_code(sac_req *req)
{
    CHECK_INT(sac_fail(req, SAC_ECONFLICT, NULL), SAC_ECONFLICT);
    CHECK_INT(sac_problem(req, "no_such_problem", NULL), SAC_EIO);
    CHECK_INT(sac_problem(req, "too_many_requests", NULL), SAC_ELIMIT);
    return sac_problem(req, "list_too_long", "use per_page");
}

static void test_problem__is_chosen_by_code(void **state)
{
    fixture fx;

    (void)state;
    CHECK_INT(perform(&fx, NULL, by_code), 400);
    CHECK(contains(fx.reply.body, "\"list_too_long\""));
    CHECK(contains(fx.reply.body, "use per_page"));
    fixture_free(&fx);
}

static int error_page(void *self, sac_req *req)
{
    char text[64];
    sac_ticket *ticket;

    CHECK_INT(sac_req_park(req, error_page, NULL, &ticket), SAC_EINVAL);
    snprintf(text, sizeof text, "%s %d", (const char *)self, sac_reply_status(req));
    return sac_reply_text(req, sac_reply_status(req), text);
}

static int leave_it(void *self, sac_req *req)
{
    (void)self;
    (void)req;
    return 0;
}

static int broken_page(void *self, sac_req *req)
{
    (void)self;
    return sac_fail(req, SAC_EIO, "the page broke");
}

static int explicit_404(sac_req *req)
{
    return sac_reply_text(req, 404, "mine");
}

static void test_on_error__writes_the_answer(void **state)
{
    static char any[] = "any";
    static char lost[] = "lost";
    static play p;
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/act", &view, &p);
    CHECK_INT(sac_app_on_error(fx.app, 0, error_page, any, NULL), SAC_OK);
    CHECK_INT(sac_app_on_error(fx.app, 404, error_page, lost, NULL), SAC_OK);
    CHECK_INT(sac_app_on_error(fx.app, 404, error_page, lost, NULL), SAC_EEXIST);
    CHECK_INT(sac_app_on_error(fx.app, 422, leave_it, NULL, NULL), SAC_OK);
    CHECK_INT(sac_app_on_error(fx.app, 503, broken_page, NULL, NULL), SAC_OK);
    CHECK_INT(sac_app_on_error(fx.app, 200, error_page, NULL, NULL), SAC_EINVAL);
    CHECK_INT(sac_app_on_error(fx.app, 500, NULL, NULL, NULL), SAC_EINVAL);
    p.get = fails;
    CHECK_INT(fixture_get(&fx, "GET", "/act"), 404);
    CHECK_STR(fx.reply.body, "lost 404");
    CHECK_FIELD(&fx, "content-type", "text/plain; charset=utf-8");
    CHECK_INT(fixture_get(&fx, "PUT", "/act"), 405);
    CHECK_STR(fx.reply.body, "any 405");
    CHECK_FIELD(&fx, "allow", "GET, HEAD, OPTIONS");
    p.get = breaks;
    CHECK_INT(fixture_get(&fx, "GET", "/act"), 500);
    CHECK_STR(fx.reply.body, "any 500");
    CHECK(strstr(fx.log, "disk"));
    p.get = fields;
    CHECK_INT(fixture_get(&fx, "GET", "/act"), 422);
    CHECK(contains(fx.reply.body, "is required"));
    p.get = unavailable;
    CHECK_INT(fixture_get(&fx, "GET", "/act"), 500);
    CHECK(contains(fx.reply.body, "\"internal\""));
    CHECK(!contains(fx.reply.body, "broke"));
    p.get = explicit_404;
    CHECK_INT(fixture_get(&fx, "GET", "/act"), 404);
    CHECK_STR(fx.reply.body, "mine");
    fixture_free(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reply__the_last_wins_and_fields_stay),
                                       cmocka_unit_test(test_reply__prints_json),
                                       cmocka_unit_test(test_reply__encodes_bson),
                                       cmocka_unit_test(test_reply__redirects),
                                       cmocka_unit_test(test_reply__204_and_304_have_no_body),
                                       cmocka_unit_test(test_reply__refuses_what_is_malformed),
                                       cmocka_unit_test(test_fail__is_a_problem_document),
                                       cmocka_unit_test(test_fail__of_500_hides_its_text),
                                       cmocka_unit_test(test_fail__of_503_says_when_to_retry),
                                       cmocka_unit_test(test_fail__names_every_field),
                                       cmocka_unit_test(test_problem__is_chosen_by_code),
                                       cmocka_unit_test(test_on_error__writes_the_answer)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "raw_host.h"

#include <sacrum/bson.h>

static char *bytes(size_t n)
{
    char *p = malloc(n + 1);

    for (size_t i = 0; i < n; i++)
        p[i] = (char)('a' + i % 23);
    p[n] = '\0';
    return p;
}

static int echo_post(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_bytes(req, 200, "text/plain", sac_req_body(req));
}

static const sac_view_ops echo = SAC_VIEW_OPS(.name = "echo", .flags = SAC_INLINE,
                                              .post = echo_post, .get = echo_post);

/* Reads what comes, in pieces of its own, and answers with it all. */
static int stream_post(void *self, sac_req *req)
{
    size_t cap = 1000000;
    char *all = sac_req_alloc(req, cap);
    size_t n = 0;
    size_t got;
    int rc;

    if (!all)
        return SAC_ENOMEM;
    while ((rc = sac_req_read(req, all + n, cap - n < 7000 ? cap - n : 7000, &got)) == 1)
        n += got;
    if (rc == 0)
        rc = sac_req_read(req, all, 1, &got); /* the end stays the end */
    (void)self;
    return rc == 0 ? sac_reply_static(req, 200, "text/plain", sac_str_n(all, n)) : rc;
}

static int hasty_put(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_text(req, 200, "enough");
}

static const sac_view_ops streamed = SAC_VIEW_OPS(.name = "streamed", .flags = SAC_STREAM_BODY,
                                                  .post = stream_post, .put = hasty_put);

static const sac_app_config small = SAC_APP_CONFIG(.workers = 2, .max_body = 300000);

static void start(fixture *fx)
{
    fixture_new(fx, &small);
    fixture_mount(fx, "/echo", &echo, NULL);
    fixture_mount(fx, "/streamed", &streamed, NULL);
}

static void test_body__comes_in_any_pieces(void **state)
{
    const size_t sizes[] = {0, 1, 4096, 4097, 70000, 300000};
    const size_t pieces[] = {0, 1000, 65536};
    const char *const targets[] = {"/echo", "/streamed"};
    fixture fx;

    (void)state;
    start(&fx);
    for (int i = 0; i < 6 * 3 * 2 * 2; i++) {
        const size_t n = sizes[i / 12];
        char *body = bytes(n);
        const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "POST",
                                                              .target = targets[i % 2],
                                                              .body = sac_str_n(body, n),
                                                              .chunked = i / 2 % 2,
                                                              .piece = pieces[i / 4 % 3]);

        CHECK_INT(fixture_ask(&fx, &ask), 200);
        CHECK_INT(fx.reply.body.n, n);
        assert_memory_equal(fx.reply.body.p, body, n);
        CHECK_NO_FIELD(&fx, "connection");
        free(body);
    }
    fixture_free(&fx);
}

static void test_body__over_its_limit_is_413(void **state)
{
    char *body = bytes(300001);
    fixture fx;

    (void)state;
    start(&fx);
    for (int chunked = 0; chunked < 2; chunked++) {
        const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "POST", .target = "/echo",
                                                              .body = sac_str_n(body, 300001),
                                                              .chunked = chunked, .piece = 50000);

        CHECK_INT(fixture_ask(&fx, &ask), 413);
        CHECK(contains(fx.reply.body, "\"body_too_large\""));
        CHECK_FIELD(&fx, "connection", "close");
    }
    /* A streamed body has no such limit. */
    const sac_loopback_request more = SAC_LOOPBACK_REQUEST(.method = "POST", .target = "/streamed",
                                                           .body = sac_str_n(body, 300001));
    CHECK_INT(fixture_ask(&fx, &more), 200);
    CHECK_INT(fx.reply.body.n, 300001);
    free(body);
    fixture_free(&fx);
}

static void test_body__beyond_the_requests_memory_is_413(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.max_memory = 65536);
    char *body = bytes(100000);
    const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "POST", .target = "/echo",
                                                          .body = sac_str_n(body, 100000),
                                                          .piece = 9000);
    fixture fx;

    (void)state;
    fixture_new(&fx, &config);
    fixture_mount(&fx, "/echo", &echo, NULL);
    CHECK_INT(fixture_ask(&fx, &ask), 413);
    free(body);
    fixture_free(&fx);
}

static void test_body__unread_closes_the_connection(void **state)
{
    char *body = bytes(500000);
    const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "PUT", .target = "/streamed",
                                                          .body = sac_str_n(body, 500000));
    const sac_loopback_request lost = SAC_LOOPBACK_REQUEST(.method = "POST", .target = "/none",
                                                           .body = sac_str_of("x"));
    fixture fx;

    (void)state;
    start(&fx);
    CHECK_INT(fixture_ask(&fx, &ask), 200);
    CHECK_STR(fx.reply.body, "enough");
    CHECK_FIELD(&fx, "connection", "close");
    CHECK_INT(fixture_ask(&fx, &lost), 404);
    CHECK_FIELD(&fx, "connection", "close");
    CHECK_INT(fixture_get(&fx, "GET", "/none"), 404);
    CHECK_NO_FIELD(&fx, "connection");
    free(body);
    fixture_free(&fx);
}

static void test_body__of_another_length_is_refused(void **state)
{
    const sac_answer *answer;
    sac_exchange *exchange;
    raw_host host;
    size_t taken;
    fixture fx;

    (void)state;
    start(&fx);
    raw_init(&host);
    CHECK_INT(sac_app_seal(fx.app, NULL), SAC_OK);
    exchange = raw_open(&host, fx.app);
    CHECK_INT(raw_head(exchange, "POST", "/echo", 3), 0);
    CHECK_INT(sac_exchange_body(exchange, "abcd", 4, &taken), 1);
    CHECK_INT(sac_exchange_answer(exchange, &answer), 0);
    CHECK_INT(answer->status, 400);
    sac_exchange_close(exchange);

    exchange = raw_open(&host, fx.app);
    CHECK_INT(raw_head(exchange, "POST", "/echo", 3), 0);
    CHECK_INT(sac_exchange_body(exchange, "ab", 2, &taken), 0);
    CHECK_INT(sac_exchange_end(exchange), 0);
    CHECK_INT(sac_exchange_answer(exchange, &answer), 0);
    CHECK_INT(answer->status, 400);
    CHECK(answer->close);
    sac_exchange_close(exchange);

    exchange = raw_open(&host, fx.app);
    CHECK_INT(raw_head(exchange, "POST", "/streamed", 3), 0);
    CHECK_INT(sac_exchange_body(exchange, "ab", 2, &taken), 0);
    CHECK_INT(sac_exchange_end(exchange), 0);
    CHECK_INT(raw_answer(&host, exchange)->status, 500);
    sac_exchange_close(exchange);
    fixture_free(&fx);
    raw_fini(&host);
}

static int slow_post(void *self, sac_req *req)
{
    char buf[10000];
    size_t sum = 0;
    size_t got;
    int rc;

    gate_wait(self);
    while ((rc = sac_req_read(req, buf, sizeof buf, &got)) == 1)
        sum += got;
    return rc ? rc : sac_reply_jsonf(req, 200, "%zu", sum);
}

/* The host is told to stop reading while the handler does not take the body. */
static void test_body__streamed_holds_the_host_back(void **state)
{
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "slow", .flags = SAC_STREAM_BODY,
                                          .post = slow_post);
    char *body = bytes(200000);
    sac_exchange *exchange;
    raw_host host;
    size_t taken = 0;
    size_t given;
    fixture fx;
    gate go;

    (void)state;
    gate_init(&go);
    start(&fx);
    fixture_mount(&fx, "/slow", &ops, &go);
    raw_init(&host);
    CHECK_INT(sac_app_seal(fx.app, NULL), SAC_OK);
    exchange = raw_open(&host, fx.app);
    CHECK_INT(raw_head(exchange, "POST", "/slow", 200000), 0);
    CHECK_INT(sac_exchange_body(exchange, body, 200000, &taken), SAC_LATER);
    CHECK_INT(taken, 131072);
    CHECK_INT(sac_exchange_body(exchange, body, 1, &given), SAC_LATER);
    CHECK_INT(given, 0);
    gate_open(&go);
    raw_wait(&host);
    while (taken < 200000) {
        if (sac_exchange_body(exchange, body + taken, 200000 - taken, &given) == SAC_LATER)
            raw_wait(&host);
        taken += given;
    }
    CHECK_INT(sac_exchange_end(exchange), 0);
    CHECK_STR(raw_answer(&host, exchange)->bytes, "200000");
    sac_exchange_close(exchange);
    fixture_free(&fx);
    raw_fini(&host);
    gate_fini(&go);
    free(body);
}

static void test_body__with_an_encoding_is_415(void **state)
{
    fixture fx;

    (void)state;
    start(&fx);
    CHECK_INT(fixture_get_with(&fx, "POST", "/echo", "Content-Encoding: gzip"), 415);
    CHECK_INT(fixture_get_with(&fx, "POST", "/echo", "content-encoding: Identity"), 200);
    fixture_free(&fx);
}

static void test_stream_body__needs_a_worker(void **state)
{
    const sac_app_config without = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS);
    const sac_view_ops bad = SAC_VIEW_OPS(.name = "bad", .flags = SAC_STREAM_BODY | SAC_INLINE,
                                          .post = echo_post);
    sac_err err;
    fixture fx;

    (void)state;
    fixture_new(&fx, &without);
    fixture_mount(&fx, "/streamed", &streamed, NULL);
    CHECK_INT(sac_app_seal(fx.app, &err), SAC_EINVAL);
    CHECK(strstr(err.text, "streamed"));
    fixture_free(&fx);
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/bad", &bad, NULL);
    CHECK_INT(sac_app_seal(fx.app, &err), SAC_EINVAL);
    CHECK(strstr(err.text, "bad"));
    fixture_free(&fx);
}

static int json_post(void *self, sac_req *req)
{
    sac_str doc;
    sac_value value;
    sac_str text;
    int rc = sac_req_body_bson(req, &doc);

    (void)self;
    if (rc != SAC_OK)
        return rc;
    value = sac_bson_get(doc, sac_str_of("a"));
    if (!sac_value_str(&value, &text))
        return sac_fail(req, SAC_EVALIDATION, "no a");
    return sac_reply_bytes(req, 200, "text/plain", text);
}

static const sac_view_ops json_view = SAC_VIEW_OPS(.name = "json", .flags = SAC_INLINE,
                                                   .post = json_post);

static int post_as(fixture *fx, const char *type, const char *body)
{
    const char *const lines[] = {type, NULL};
    const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "POST", .target = "/json",
                                                          .headers = lines,
                                                          .body = sac_str_of(body));

    return fixture_ask(fx, &ask);
}

static void test_body_bson__reads_json_by_the_rules(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.max_depth = 3, .max_keys = 5);
    fixture fx;

    (void)state;
    fixture_new(&fx, &config);
    fixture_mount(&fx, "/json", &json_view, NULL);
    CHECK_INT(post_as(&fx, "Content-Type: application/json", "{\"a\": \"b\"}"), 200);
    CHECK_STR(fx.reply.body, "b");
    CHECK_INT(
        post_as(&fx, "Content-Type: application/problem+JSON; charset=\"UTF-8\"", "{\"a\": \"b\"}"),
        200);
    CHECK_INT(post_as(&fx, "Content-Type: application/json; charset=latin1", "{}"), 415);
    CHECK_INT(post_as(&fx, "Content-Type: text/plain", "{}"), 415);
    CHECK_INT(post_as(&fx, "X-None: 1", "{}"), 415);
    CHECK_INT(post_as(&fx, "Content-Type: application/json", "{\"a\": "), 400);
    CHECK(contains(fx.reply.body, "\"bad_json\""));
    CHECK_INT(post_as(&fx, "Content-Type: application/json", ""), 400);
    CHECK_INT(post_as(&fx, "Content-Type: application/json", "[1]"), 400);
    CHECK(contains(fx.reply.body, "\"not_an_object\""));
    CHECK_INT(post_as(&fx, "Content-Type: application/json", "{\"a\":1,\"a\":2}"), 400);
    CHECK(contains(fx.reply.body, "\"bad_key\""));
    CHECK_INT(post_as(&fx, "Content-Type: application/json", "{\"$where\":1}"), 400);
    CHECK_INT(post_as(&fx, "Content-Type: application/json", "{\"a\":[[[[]]]]}"), 400);
    CHECK(contains(fx.reply.body, "\"too_deep\""));
    CHECK_INT(post_as(&fx, "Content-Type: application/json", "{\"a\":[1,2,3,4,5,6]}"), 400);
    CHECK(contains(fx.reply.body, "\"too_many_keys\""));
    CHECK_INT(post_as(&fx, "Content-Type: application/json", "{\"b\":1}"), 422);
    fixture_free(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_body__comes_in_any_pieces),
        cmocka_unit_test(test_body__over_its_limit_is_413),
        cmocka_unit_test(test_body__beyond_the_requests_memory_is_413),
        cmocka_unit_test(test_body__unread_closes_the_connection),
        cmocka_unit_test(test_body__of_another_length_is_refused),
        cmocka_unit_test(test_body__streamed_holds_the_host_back),
        cmocka_unit_test(test_body__with_an_encoding_is_415),
        cmocka_unit_test(test_stream_body__needs_a_worker),
        cmocka_unit_test(test_body_bson__reads_json_by_the_rules)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

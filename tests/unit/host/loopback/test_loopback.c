/* SPDX-License-Identifier: MIT */
#include "support/support.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sacrum/host/loopback.h>
#include <sacrum/req.h>

typedef struct bench {
    sac_app *app;
    sac_loopback *client;
    sac_loopback_reply reply;
} bench;

static int echo(void *self, sac_req *req)
{
    const sac_str one = sac_req_header(req, "x-one");
    int rc = SAC_OK;

    (void)self;
    if (one.p)
        rc = sac_reply_header(req, "X-Seen", one);
    return rc ? rc : sac_reply_bytes(req, 200, "text/plain", sac_req_body(req));
}

static int half(void *self, sac_req *req, void *buf, size_t cap, size_t *n)
{
    (void)self;
    (void)req;
    (void)cap;
    memcpy(buf, "half", 4);
    *n = 4;
    return (*(int *)self)++ ? SAC_EIO : 1;
}

static const sac_stream_ops half_stream = SAC_STREAM_OPS(.pull = half, .flags = SAC_INLINE);

static int half_get(void *self, sac_req *req)
{
    int *pulls = sac_req_alloc(req, sizeof *pulls);

    (void)self;
    if (!pulls)
        return SAC_ENOMEM;
    *pulls = 0;
    return sac_reply_stream(req, 200, "text/plain", -1, &half_stream, pulls);
}

static int file_get(void *self, sac_req *req)
{
    /* One byte more than the file has. */
    return sac_reply_file(req, 200, "text/plain", dup(*(int *)self), 0, 11);
}

static const sac_view_ops echo_view = SAC_VIEW_OPS(.name = "echo", .flags = SAC_INLINE, .get = echo,
                                                   .post = echo);
static const sac_view_ops half_view = SAC_VIEW_OPS(.name = "half", .flags = SAC_INLINE,
                                                   .get = half_get);
static const sac_view_ops file_view = SAC_VIEW_OPS(.name = "file", .flags = SAC_INLINE,
                                                   .get = file_get);

static void start(bench *b, int *fd, const sac_alloc *alloc)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = 1, .alloc = alloc);

    memset(b, 0, sizeof *b);
    CHECK_INT(sac_app_new(&config, &b->app, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(b->app, "/echo", &echo_view, NULL, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(b->app, "/half", &half_view, NULL, NULL), SAC_OK);
    CHECK_INT(sac_app_mount(b->app, "/file", &file_view, fd, NULL), SAC_OK);
    CHECK_INT(sac_loopback_new(b->app, &b->client, NULL), SAC_OK);
}

static void end(bench *b)
{
    sac_loopback_free(b->client);
    sac_loopback_free(NULL);
    sac_app_free(b->app);
}

static void test_loopback__carries_head_and_body(void **state)
{
    const char *const lines[] = {"X-One:  a b ", "Host:localhost", NULL};
    const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "POST", .target = "/echo",
                                                          .headers = lines,
                                                          .body = sac_str_of("hello"));
    bench b;

    (void)state;
    start(&b, NULL, NULL);
    CHECK_INT(sac_loopback_send(b.client, &ask, &b.reply, NULL), SAC_OK);
    CHECK_INT(b.reply.status, 200);
    CHECK_STR(b.reply.body, "hello");
    CHECK_STR(sac_loopback_header(&b.reply, "content-type"), "text/plain");
    CHECK_STR(sac_loopback_header(&b.reply, "Content-Length"), "5");
    CHECK_STR(sac_loopback_header(&b.reply, "x-seen"), "a b");
    CHECK(!sac_loopback_header(&b.reply, "x-none").p);
    end(&b);
}

static void test_loopback__keeps_no_answer_of_before(void **state)
{
    bench b;

    (void)state;
    start(&b, NULL, NULL);
    CHECK_INT(sac_loopback_json(b.client, "POST", "/echo", "{}", &b.reply), SAC_OK);
    CHECK_STR(b.reply.body, "{}");
    CHECK_INT(sac_loopback_json(b.client, "GET", "/echo", NULL, &b.reply), SAC_OK);
    CHECK_INT(b.reply.body.n, 0);
    CHECK_INT(sac_loopback_json(b.client, "HEAD", "/none", NULL, &b.reply), SAC_OK);
    CHECK_INT(b.reply.status, 404);
    CHECK_INT(b.reply.body.n, 0);
    end(&b);
}

static void test_loopback__says_when_an_answer_is_cut(void **state)
{
    char path[] = "/tmp/sacrum-loopback-XXXXXX";
    int fd = mkstemp(path);
    bench b;

    (void)state;
    CHECK(fd >= 0 && write(fd, "0123456789", 10) == 10);
    unlink(path);
    start(&b, &fd, NULL);
    CHECK_INT(sac_loopback_json(b.client, "GET", "/half", NULL, &b.reply), SAC_OK);
    CHECK(b.reply.cut);
    CHECK_STR(b.reply.body, "half");
    CHECK_INT(sac_loopback_json(b.client, "GET", "/file", NULL, &b.reply), SAC_OK);
    CHECK(b.reply.cut);
    CHECK_INT(sac_loopback_json(b.client, "GET", "/echo", NULL, &b.reply), SAC_OK);
    CHECK(!b.reply.cut);
    end(&b);
    close(fd);
}

static void test_loopback__refuses_malformed_requests(void **state)
{
    const char *const bad[] = {"no colon", NULL};
    const char *const nameless[] = {": value", NULL};
    const char *many[201];
    sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "GET", .target = "/echo",
                                                    .headers = bad);
    sac_err err;
    bench b;

    (void)state;
    start(&b, NULL, NULL);
    CHECK_INT(sac_loopback_send(b.client, &ask, &b.reply, &err), SAC_EINVAL);
    CHECK(strstr(err.text, "line 0"));
    ask.headers = nameless;
    CHECK_INT(sac_loopback_send(b.client, &ask, &b.reply, NULL), SAC_EINVAL);
    for (int i = 0; i < 200; i++)
        many[i] = "X: 1";
    many[200] = NULL;
    ask.headers = many;
    CHECK_INT(sac_loopback_send(b.client, &ask, &b.reply, NULL), SAC_EINVAL);
    ask.headers = NULL;
    ask.size += 8;
    CHECK_INT(sac_loopback_send(b.client, &ask, &b.reply, NULL), SAC_EVERSION);
    ask.size = 0;
    CHECK_INT(sac_loopback_send(b.client, &ask, &b.reply, NULL), SAC_EINVAL);
    end(&b);
}

static void test_loopback__survives_oom(void **state)
{
    (void)state;
    for (long k = 0; k < 20; k++) {
        fault_alloc fault;
        bench b;
        int rc;

        start(&b, NULL, fault_alloc_init(&fault, -1));
        fault.once = true;
        fault.left = k;
        rc = sac_loopback_json(b.client, "POST", "/echo", "{\"a\": 1}", &b.reply);
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        if (rc == SAC_OK && b.reply.status != 500)
            CHECK_STR(b.reply.body, "{\"a\": 1}");
        fault.left = -1;
        CHECK_INT(sac_loopback_json(b.client, "POST", "/echo", "{\"a\": 1}", &b.reply), SAC_OK);
        CHECK_STR(b.reply.body, "{\"a\": 1}");
        end(&b);
        CHECK_INT(fault.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_loopback__carries_head_and_body),
                                       cmocka_unit_test(test_loopback__keeps_no_answer_of_before),
                                       cmocka_unit_test(test_loopback__says_when_an_answer_is_cut),
                                       cmocka_unit_test(test_loopback__refuses_malformed_requests),
                                       cmocka_unit_test(test_loopback__survives_oom)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

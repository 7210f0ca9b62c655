/* SPDX-License-Identifier: MIT */
#include "raw_host.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

typedef struct source {
    fixture fx;
    size_t total, step;
    atomic_size_t given;
    int64_t length;
    int error;        /* at the end */
    bool parks;       /* before every piece */
    bool from_thread; /* tickets are redeemed by a thread of their own */
    bool lies;        /* says more than cap */
    long nap_us;
    const sac_stream_ops *ops;
    pthread_t thread;
    bool has_thread;
    atomic_int closed, torn, pulls;
    bool parked;
    sac_ticket *ticket;
} source;

static void *redeem(void *self)
{
    nap(200);
    sac_ticket_redeem(self);
    return NULL;
}

static int park(source *src, sac_req *req)
{
    sac_ticket *ticket;
    const int rc = sac_req_park(req, NULL, NULL, &ticket);

    if (rc != SAC_OK)
        return rc;
    src->parked = true;
    src->ticket = ticket;
    if (src->from_thread) {
        if (src->has_thread)
            pthread_join(src->thread, NULL);
        src->has_thread = pthread_create(&src->thread, NULL, redeem, ticket) == 0;
    } else {
        sac_ticket_redeem(ticket);
    }
    return SAC_LATER;
}

static int pull(void *self, sac_req *req, void *buf, size_t cap, size_t *n)
{
    source *src = self;
    size_t left = src->total - src->given;

    atomic_fetch_add(&src->pulls, 1);
    if (src->parks && !src->parked)
        return park(src, req);
    src->parked = false;
    if (src->nap_us > 0)
        nap(src->nap_us);
    if (src->lies) {
        *n = cap + 1;
        return 1;
    }
    if (left == 0)
        return src->error;
    if (left > cap)
        left = cap;
    if (src->step > 0 && left > src->step)
        left = src->step;
    for (size_t i = 0; i < left; i++)
        ((char *)buf)[i] = (char)('a' + (src->given + i) % 23);
    src->given += left;
    *n = left;
    return 1;
}

static void close_source(void *self)
{
    atomic_fetch_add(&((source *)self)->closed, 1);
}

static const sac_stream_ops inline_stream = SAC_STREAM_OPS(.pull = pull, .close = close_source,
                                                           .flags = SAC_INLINE);
static const sac_stream_ops blocking_stream = SAC_STREAM_OPS(.pull = pull, .close = close_source);

static int get(void *self, sac_req *req)
{
    source *src = self;

    return sac_reply_stream(req, 200, "application/octet-stream", src->length, src->ops, src);
}

static int teardown(void *self, sac_req *req)
{
    source *src = self;

    (void)req;
    CHECK_INT(atomic_load(&src->closed), 1);
    atomic_fetch_add(&src->torn, 1);
    return 0;
}

static const sac_view_ops inline_view = SAC_VIEW_OPS(.name = "s", .flags = SAC_INLINE, .get = get,
                                                     .teardown = teardown);
static const sac_view_ops blocking_view = SAC_VIEW_OPS(.name = "s", .get = get,
                                                       .teardown = teardown);

static void source_init(source *src, int which, const sac_app_config *config)
{
    memset(src, 0, sizeof *src);
    src->length = -1;
    src->ops = which & 1 ? &blocking_stream : &inline_stream;
    fixture_new(&src->fx, config);
    fixture_mount(&src->fx, "/s", which & 2 ? &blocking_view : &inline_view, src);
}

static void source_fini(source *src)
{
    if (src->has_thread)
        pthread_join(src->thread, NULL);
    fixture_free(&src->fx);
    CHECK_INT(atomic_load(&src->closed), 1);
    CHECK_INT(atomic_load(&src->torn), 1);
}

static void check_pattern(sac_str body, size_t n)
{
    CHECK_INT(body.n, n);
    for (size_t i = 0; i < n; i++)
        if (body.p[i] != (char)('a' + i % 23))
            fail_msg("byte %zu is wrong", i);
}

static void test_stream__gives_all_bytes(void **state)
{
    const size_t sizes[] = {0, 1, 65535, 131072, 131073, 1000000};
    const sac_app_config without = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS);
    source src;

    (void)state;
    for (int which = 0; which < 8; which++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            source_init(&src, which, which & 4 ? &without : NULL);
            src.total = sizes[i];
            src.step = i % 2 ? 777 : 0;
            src.length = i % 3 ? -1 : (int64_t)sizes[i];
            CHECK_INT(fixture_get(&src.fx, "GET", "/s"), 200);
            CHECK(!src.fx.reply.cut);
            check_pattern(src.fx.reply.body, sizes[i]);
            source_fini(&src);
        }
}

static void test_stream__may_park(void **state)
{
    source src;

    (void)state;
    for (int which = 0; which < 8; which++) {
        source_init(&src, which, NULL);
        src.parks = true;
        src.from_thread = which & 4;
        src.total = 20000;
        src.step = 1000;
        CHECK_INT(fixture_get(&src.fx, "GET", "/s"), 200);
        CHECK(!src.fx.reply.cut);
        check_pattern(src.fx.reply.body, 20000);
        source_fini(&src);
    }
}

static void test_stream__that_fails_is_cut(void **state)
{
    source src;

    (void)state;
    for (int which = 0; which < 4; which++) {
        source_init(&src, which, NULL);
        src.total = 5000;
        src.error = SAC_EIO;
        CHECK_INT(fixture_get(&src.fx, "GET", "/s"), 200);
        CHECK(src.fx.reply.cut);
        check_pattern(src.fx.reply.body, 5000); /* what came before is delivered */
        CHECK(strstr(src.fx.log, "view s: the answer was cut: input/output error"));
        source_fini(&src);
    }
}

static void test_stream__that_breaks_its_promise_is_cut(void **state)
{
    const int64_t lengths[] = {4999, 5001};
    source src;

    (void)state;
    for (int which = 0; which < 4; which++) {
        for (int i = 0; i < 2; i++) {
            source_init(&src, which, NULL);
            src.total = 5000;
            src.length = lengths[i];
            CHECK_INT(fixture_get(&src.fx, "GET", "/s"), 200);
            CHECK(src.fx.reply.cut);
            CHECK(strstr(src.fx.log, "view s: the answer was cut: its length"));
            source_fini(&src);
        }
        source_init(&src, which, NULL);
        src.lies = true;
        CHECK_INT(fixture_get(&src.fx, "GET", "/s"), 200);
        CHECK(src.fx.reply.cut);
        source_fini(&src);
    }
}

static void test_stream__is_closed_unread_for_head(void **state)
{
    source src;

    (void)state;
    for (int which = 0; which < 4; which++) {
        source_init(&src, which, NULL);
        src.total = 5000;
        src.length = 5000;
        CHECK_INT(fixture_get(&src.fx, "HEAD", "/s"), 200);
        CHECK_FIELD(&src.fx, "content-length", "5000");
        CHECK_INT(src.fx.reply.body.n, 0);
        source_fini(&src);
        CHECK_INT(atomic_load(&src.pulls), 0);
    }
}

static int free_get(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_text(req, 200, "free");
}

static const sac_view_ops free_view = SAC_VIEW_OPS(.name = "free", .get = free_get);

/* A client that takes nothing holds no worker. */
static void test_stream__lets_its_worker_go_when_full(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = 1);
    sac_exchange *exchange;
    raw_host host;
    source src;
    char buf[4096];
    size_t got = 0;
    size_t n;
    int rc;

    (void)state;
    source_init(&src, 3, &config);
    fixture_mount(&src.fx, "/free", &free_view, NULL);
    src.total = 1000000;
    raw_init(&host);
    CHECK_INT(sac_app_seal(src.fx.app, NULL), SAC_OK);
    exchange = raw_open(&host, src.fx.app);
    CHECK_INT(raw_head(exchange, "GET", "/s", 0), 0);
    CHECK_INT(sac_exchange_end(exchange), 0);
    CHECK_INT(raw_answer(&host, exchange)->kind, SAC_ANSWER_STREAM);
    nap(50000);
    CHECK_INT(src.given, 131072);
    /* The only worker is free for another request. */
    CHECK_INT(fixture_get(&src.fx, "GET", "/free"), 200);
    while ((rc = sac_exchange_pull(exchange, buf, sizeof buf, &n)) > 0) {
        if (rc == SAC_LATER)
            raw_wait(&host);
        else
            got += n;
    }
    CHECK_INT(rc, 0);
    CHECK_INT(got, 1000000);
    raw_close(&host, exchange);
    source_fini(&src);
    raw_fini(&host);
}

static void test_stream__is_closed_when_the_client_leaves(void **state)
{
    sac_exchange *exchange;
    raw_host host;
    source src;
    char buf[100];
    size_t n;

    (void)state;
    for (int round = 0; round < 60; round++) {
        source_init(&src, round % 4, NULL);
        src.total = 1000000;
        src.nap_us = round % 3 ? 100 : 0;
        src.step = round % 2 ? 3000 : 0;
        raw_init(&host);
        CHECK_INT(sac_app_seal(src.fx.app, NULL), SAC_OK);
        exchange = raw_open(&host, src.fx.app);
        CHECK_INT(raw_head(exchange, "GET", "/s", 0), 0);
        CHECK_INT(sac_exchange_end(exchange), 0);
        if (round > 20)
            (void)raw_answer(&host, exchange);
        if (round > 40)
            while (sac_exchange_pull(exchange, buf, sizeof buf, &n) == SAC_LATER)
                raw_wait(&host);
        raw_close(&host, exchange);
        /* A request that never ran has nothing to close. */
        if (round <= 20 && (round % 4 & 2)) {
            fixture_free(&src.fx);
            CHECK_INT(atomic_load(&src.closed), atomic_load(&src.torn));
        } else {
            source_fini(&src);
        }
        raw_fini(&host);
    }
}

static void test_stream__parked_outlives_its_client(void **state)
{
    sac_exchange *exchange;
    raw_host host;
    source src;
    char buf[100];
    size_t n;

    (void)state;
    source_init(&src, 0, NULL);
    src.parks = true;
    src.total = 100;
    raw_init(&host);
    CHECK_INT(sac_app_seal(src.fx.app, NULL), SAC_OK);
    exchange = raw_open(&host, src.fx.app);
    CHECK_INT(raw_head(exchange, "GET", "/s", 0), 0);
    CHECK_INT(sac_exchange_end(exchange), 0);
    (void)raw_answer(&host, exchange);
    src.from_thread = true;
    CHECK_INT(sac_exchange_pull(exchange, buf, sizeof buf, &n), SAC_LATER);
    raw_close(&host, exchange);
    pthread_join(src.thread, NULL);
    src.has_thread = false;
    source_fini(&src);
    raw_fini(&host);
}

static int late_reply(void *self, sac_req *req, void *buf, size_t cap, size_t *n)
{
    (void)self;
    (void)buf;
    (void)cap;
    (void)n;
    CHECK_INT(sac_reply_text(req, 500, "no"), SAC_EINVAL);
    CHECK_INT(sac_reply_header(req, "X-Late", sac_str_of("1")), SAC_EINVAL);
    CHECK_INT(sac_reply_set_status(req, 500), SAC_EINVAL);
    (void)sac_fail(req, SAC_EIO, "no");
    return 0;
}

static int late_get(void *self, sac_req *req)
{
    static const sac_stream_ops ops = SAC_STREAM_OPS(.pull = late_reply, .flags = SAC_INLINE);

    return sac_reply_stream(req, 200, "text/plain", -1, &ops, self);
}

static void test_stream__cannot_change_its_answer(void **state)
{
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "late", .flags = SAC_INLINE, .get = late_get);
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/late", &ops, NULL);
    CHECK_INT(fixture_get(&fx, "GET", "/late"), 200);
    CHECK_INT(fx.reply.body.n, 0);
    CHECK(!fx.reply.cut);
    fixture_free(&fx);
}

static int replaced_get(void *self, sac_req *req)
{
    source *src = self;
    int rc;

    rc = sac_reply_stream(req, 200, "text/plain", -1, src->ops, src);
    CHECK_INT(rc, 0);
    rc = sac_reply_text(req, 200, "instead");
    CHECK_INT(rc, 0);
    CHECK_INT(atomic_load(&src->closed), 1);
    CHECK_INT(sac_reply_stream(req, 200, "text/plain", -2, src->ops, src), SAC_EINVAL);
    CHECK_INT(sac_reply_stream(req, 99, "text/plain", -1, src->ops, src), SAC_EINVAL);
    CHECK_INT(sac_reply_stream(req, 200, "text\nplain", -1, src->ops, src), SAC_EINVAL);
    CHECK_INT(atomic_load(&src->closed), 4);
    return 0;
}

static void test_stream__is_closed_by_a_later_reply(void **state)
{
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "r", .flags = SAC_INLINE, .get = replaced_get);
    source src;

    (void)state;
    source_init(&src, 0, NULL);
    fixture_mount(&src.fx, "/r", &ops, &src);
    CHECK_INT(fixture_get(&src.fx, "GET", "/r"), 200);
    CHECK_STR(src.fx.reply.body, "instead");
    fixture_free(&src.fx);
    CHECK_INT(atomic_load(&src.closed), 4);
}

static int failing_get(void *self, sac_req *req)
{
    source *src = self;

    CHECK_INT(sac_reply_stream(req, 200, "text/plain", -1, src->ops, src), 0);
    return src->error == SAC_ENOTFOUND ? sac_fail(req, SAC_ENOTFOUND, "gone") : src->error;
}

/* Nothing was sent yet: the error is answered, and the stream closed once. */
static void test_stream__is_dropped_for_an_error(void **state)
{
    sac_view_ops ops = SAC_VIEW_OPS(.name = "r", .get = failing_get);
    source src;

    (void)state;
    for (int which = 0; which < 8; which++) {
        source_init(&src, which, NULL);
        src.total = 5000;
        ops.flags = which & 2 ? SAC_INLINE : 0;
        fixture_mount(&src.fx, "/r", &ops, &src);
        src.error = which & 4 ? SAC_EIO : SAC_ENOTFOUND;
        CHECK_INT(fixture_get(&src.fx, "GET", "/r"), which & 4 ? 500 : 404);
        CHECK(!src.fx.reply.cut);
        CHECK_FIELD(&src.fx, "content-type", "application/problem+json");
        CHECK_INT(atomic_load(&src.closed), 1);
        CHECK_INT(atomic_load(&src.pulls), 0);
        if (which & 4)
            CHECK(strstr(src.fx.log, "view r: handler: input/output error"));
        fixture_free(&src.fx);
    }
}

static void test_stream__that_fails_at_once_is_cut(void **state)
{
    source src;

    (void)state;
    for (int which = 0; which < 4; which++) {
        source_init(&src, which, NULL);
        src.error = SAC_EIO;
        CHECK_INT(fixture_get(&src.fx, "GET", "/s"), 200);
        CHECK(src.fx.reply.cut);
        CHECK_INT(src.fx.reply.body.n, 0);
        CHECK(strstr(src.fx.log, "GET /s: view s: the answer was cut: input/output error"));
        source_fini(&src);
    }
}

static void test_stream__without_its_buffer_is_500(void **state)
{
    fault_alloc fault;
    const sac_app_config config = SAC_APP_CONFIG(.alloc = fault_alloc_init(&fault, -1),
                                                 .workers = 1);
    source src;

    (void)state;
    source_init(&src, 3, &config);
    CHECK_INT(fixture_get(&src.fx, "GET", "/none"), 404); /* warm */
    fault.once = true;
    fault.left = 0;
    CHECK_INT(fixture_get(&src.fx, "GET", "/s"), 500);
    CHECK(strstr(src.fx.log, "no memory for the answer"));
    source_fini(&src);
    CHECK_INT(atomic_load(&src.pulls), 0);
}

typedef struct file {
    int fd[3];
    int n;
} file;

static int file_get(void *self, sac_req *req)
{
    file *f = self;
    int rc;

    rc = sac_reply_file(req, 200, "text/plain", f->fd[0], 0, 3);
    if (rc == 0)
        rc = sac_reply_file(req, 200, "text/plain", f->fd[1], 2, 4);
    CHECK_INT(sac_reply_file(req, 99, "text/plain", f->fd[2], 0, 1), SAC_EINVAL);
    CHECK_INT(sac_reply_file(req, 200, "text/plain", -1, 0, 1), SAC_EINVAL);
    return rc;
}

static void test_file__is_sent_and_closed(void **state)
{
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "f", .flags = SAC_INLINE, .get = file_get);
    char path[] = "/tmp/sacrum-file-XXXXXX";
    file f = {.n = 3};
    fixture fx;

    (void)state;
    f.fd[0] = mkstemp(path);
    CHECK(f.fd[0] >= 0 && write(f.fd[0], "0123456789", 10) == 10);
    f.fd[1] = dup(f.fd[0]);
    f.fd[2] = dup(f.fd[0]);
    unlink(path);
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/f", &ops, &f);
    CHECK_INT(fixture_get(&fx, "GET", "/f"), 200);
    CHECK_STR(fx.reply.body, "2345");
    CHECK_FIELD(&fx, "content-length", "4");
    for (int i = 0; i < 3; i++)
        CHECK_INT(fcntl(f.fd[i], F_GETFD), -1);
    fixture_free(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stream__gives_all_bytes),
        cmocka_unit_test(test_stream__may_park),
        cmocka_unit_test(test_stream__that_fails_is_cut),
        cmocka_unit_test(test_stream__that_breaks_its_promise_is_cut),
        cmocka_unit_test(test_stream__is_closed_unread_for_head),
        cmocka_unit_test(test_stream__lets_its_worker_go_when_full),
        cmocka_unit_test(test_stream__is_closed_when_the_client_leaves),
        cmocka_unit_test(test_stream__parked_outlives_its_client),
        cmocka_unit_test(test_stream__cannot_change_its_answer),
        cmocka_unit_test(test_stream__is_closed_by_a_later_reply),
        cmocka_unit_test(test_stream__is_dropped_for_an_error),
        cmocka_unit_test(test_stream__that_fails_at_once_is_cut),
        cmocka_unit_test(test_stream__without_its_buffer_is_500),
        cmocka_unit_test(test_file__is_sent_and_closed)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

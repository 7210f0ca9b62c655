/* SPDX-License-Identifier: MIT */
#include "raw_host.h"

#include <stdatomic.h>

typedef struct bench {
    fixture fx;
    sac_ticket *ticket;
    int parks; /* how often to park */
    bool redeem_at_once;
    bool from_thread; /* redeemed by a thread of its own */
    bool no_wait;     /* answers in spite of the park */
    pthread_t thread;
    bool has_thread;
    atomic_int resumed, torn, deferred;
    pthread_t torn_on;
} bench;

static int resume(void *self, sac_req *req);

static void *redeem(void *self)
{
    sac_ticket_redeem(self);
    return NULL;
}

static void deferred(void *self)
{
    atomic_fetch_add(&((bench *)self)->deferred, 1);
}

static int park(bench *b, sac_req *req)
{
    sac_ticket *ticket;
    int rc = sac_req_park(req, resume, b, &ticket);

    if (rc != SAC_OK)
        return sac_fail(req, rc, "park");
    b->parks--;
    b->ticket = ticket;
    if (b->redeem_at_once)
        sac_ticket_redeem(ticket);
    if (b->from_thread) {
        if (b->has_thread)
            pthread_join(b->thread, NULL);
        b->has_thread = pthread_create(&b->thread, NULL, redeem, ticket) == 0;
    }
    return b->no_wait ? sac_reply_text(req, 200, "unparked") : SAC_LATER;
}

static int resume(void *self, sac_req *req)
{
    bench *b = self;

    atomic_fetch_add(&b->resumed, 1);
    return b->parks > 0 ? park(b, req) : sac_reply_text(req, 200, "resumed");
}

static int get(void *self, sac_req *req)
{
    if (sac_req_defer(req, deferred, self) != SAC_OK)
        return SAC_ENOMEM;
    return park(self, req);
}

static int teardown(void *self, sac_req *req)
{
    sac_ticket *ticket;

    CHECK_INT(sac_req_park(req, resume, self, &ticket), SAC_EINVAL);
    ((bench *)self)->torn_on = pthread_self();
    atomic_fetch_add(&((bench *)self)->torn, 1);
    return 0;
}

static int after(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_header(req, "X-After", sac_str_of("1"));
}

static int pass(void *self, sac_req *req, const sac_next *next)
{
    (void)self;
    return sac_next_run(next, req);
}

static const sac_decorator inline_rows[] = {{.fn = pass, .flags = SAC_INLINE}, {.fn = NULL}};
static const sac_decorator blocking_rows[] = {{.fn = pass}, {.fn = NULL}};
static const sac_view_ops inline_view = SAC_VIEW_OPS(.name = "park", .flags = SAC_INLINE,
                                                     .decorators = inline_rows, .get = get,
                                                     .after = after, .teardown = teardown);
/* An inline handler beneath a decorator that may wait. */
static const sac_view_ops mixed_view = SAC_VIEW_OPS(.name = "mixed", .flags = SAC_INLINE,
                                                    .decorators = blocking_rows, .get = get,
                                                    .after = after, .teardown = teardown);

static int before_view_get(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_text(req, 200, "went on");
}

static void bench_init(bench *b, const sac_view_ops *ops)
{
    memset(b, 0, sizeof *b);
    fixture_new(&b->fx, NULL);
    fixture_mount(&b->fx, "/park", ops, b);
    b->parks = 1;
}

static void bench_fini(bench *b)
{
    if (b->has_thread)
        pthread_join(b->thread, NULL);
    fixture_free(&b->fx);
    CHECK_INT(atomic_load(&b->torn), 1);
    CHECK_INT(atomic_load(&b->deferred), 1);
}

static void test_park__redeemed_at_once(void **state)
{
    const sac_view_ops *views[] = {&inline_view, &mixed_view};
    bench b;

    (void)state;
    for (int i = 0; i < 2; i++) {
        bench_init(&b, views[i]);
        b.redeem_at_once = true;
        b.parks = 3;
        CHECK_INT(fixture_get(&b.fx, "GET", "/park"), 200);
        CHECK_STR(b.fx.reply.body, "resumed");
        CHECK_FIELD(&b.fx, "x-after", "1");
        CHECK_INT(atomic_load(&b.resumed), 3);
        bench_fini(&b);
    }
}

static void test_park__redeemed_by_another_thread(void **state)
{
    const sac_view_ops *views[] = {&inline_view, &mixed_view};
    bench b;

    (void)state;
    for (int i = 0; i < 100; i++) {
        bench_init(&b, views[i % 2]);
        b.from_thread = true;
        b.parks = 1 + i % 3;
        CHECK_INT(fixture_get(&b.fx, "GET", "/park"), 200);
        CHECK_STR(b.fx.reply.body, "resumed");
        bench_fini(&b);
    }
}

static void test_park__redeemed_after_the_host_has_parked(void **state)
{
    const sac_answer *answer;
    sac_exchange *exchange;
    raw_host host;
    bench b;

    (void)state;
    bench_init(&b, &inline_view);
    raw_init(&host);
    CHECK_INT(sac_app_seal(b.fx.app, NULL), SAC_OK);
    exchange = raw_open(&host, b.fx.app);
    CHECK_INT(raw_head(exchange, "GET", "/park", 0), 0);
    CHECK_INT(sac_exchange_end(exchange), 0);
    CHECK_INT(sac_exchange_answer(exchange, &answer), SAC_LATER);
    CHECK_INT(host.wakes, 0);
    sac_ticket_redeem(b.ticket);
    CHECK_INT(host.wakes, 1);
    CHECK_INT(atomic_load(&b.resumed), 0); /* on the request's thread only */
    CHECK_INT(sac_exchange_answer(exchange, &answer), SAC_OK);
    CHECK_INT(atomic_load(&b.resumed), 1);
    CHECK_STR(answer->bytes, "resumed");
    CHECK_INT(sac_exchange_answer(exchange, &answer), SAC_OK);
    raw_close(&host, exchange);
    raw_fini(&host);
    bench_fini(&b);
}

static void test_park__is_not_resumed_for_a_client_that_left(void **state)
{
    const sac_view_ops *views[] = {&inline_view, &mixed_view};
    const sac_answer *answer;
    sac_exchange *exchange;
    raw_host host;
    bench b;

    (void)state;
    for (int i = 0; i < 2; i++) {
        bench_init(&b, views[i]);
        raw_init(&host);
        CHECK_INT(sac_app_seal(b.fx.app, NULL), SAC_OK);
        exchange = raw_open(&host, b.fx.app);
        CHECK_INT(raw_head(exchange, "GET", "/park", 0), 0);
        CHECK_INT(sac_exchange_end(exchange), 0);
        CHECK_INT(sac_exchange_answer(exchange, &answer), SAC_LATER);
        nap(20000); /* a worker has it, in the second case, until it is parked */
        raw_close(&host, exchange);
        CHECK_INT(atomic_load(&b.deferred), 0);
        sac_ticket_redeem(b.ticket);
        raw_fini(&host);
        bench_fini(&b);
        CHECK_INT(atomic_load(&b.resumed), 0);
        /* What may wait is not run on the thread that redeems. */
        CHECK(pthread_equal(b.torn_on, pthread_self()) ? i == 0 : i == 1);
    }
}

static void test_park__may_be_forsaken(void **state)
{
    bench b;

    (void)state;
    bench_init(&b, &inline_view);
    b.no_wait = true;
    CHECK_INT(fixture_get(&b.fx, "GET", "/park"), 200);
    CHECK_STR(b.fx.reply.body, "unparked");
    CHECK_INT(atomic_load(&b.deferred), 0); /* the ticket still holds it */
    sac_ticket_redeem(b.ticket);
    bench_fini(&b);
    CHECK_INT(atomic_load(&b.resumed), 0);
}

static int forsaking_get(void *self, sac_req *req)
{
    bench *b = self;

    CHECK_INT(sac_req_park(req, resume, b, &b->ticket), SAC_OK);
    return sac_reply_text(req, 200, "unparked");
}

static int parking_after(void *self, sac_req *req)
{
    bench *b = self;
    sac_ticket *second;

    CHECK_INT(sac_req_park(req, resume, b, &second), SAC_EINVAL);
    sac_ticket_redeem(b->ticket);
    CHECK_INT(sac_req_park(req, resume, b, &second), SAC_OK);
    sac_ticket_redeem(second);
    return SAC_LATER;
}

static void test_park__forsaken_is_out_until_redeemed(void **state)
{
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "f", .flags = SAC_INLINE, .get = forsaking_get,
                                          .after = parking_after);
    bench b;

    (void)state;
    memset(&b, 0, sizeof b);
    fixture_new(&b.fx, NULL);
    fixture_mount(&b.fx, "/park", &ops, &b);
    CHECK_INT(fixture_get(&b.fx, "GET", "/park"), 200);
    CHECK_STR(b.fx.reply.body, "resumed"); /* `after` answered anew */
    CHECK_INT(atomic_load(&b.resumed), 1);
    fixture_free(&b.fx);
}

static int base_get(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_text(req, 200, "base");
}

static int derived_get(void *self, sac_req *req)
{
    sac_ticket *ticket;
    const int rc = sac_req_park(req, sac_super, self, &ticket);

    if (rc != SAC_OK)
        return rc;
    sac_ticket_redeem(ticket);
    return SAC_LATER;
}

static void test_park__resumes_at_its_table(void **state)
{
    const sac_view_ops base = SAC_VIEW_OPS(.name = "base", .flags = SAC_INLINE, .get = base_get);
    const sac_view_ops derived = SAC_VIEW_OPS(.name = "derived", .flags = SAC_INLINE,
                                              .super = &base, .get = derived_get);
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/d", &derived, NULL);
    CHECK_INT(fixture_get(&fx, "GET", "/d"), 200);
    CHECK_STR(fx.reply.body, "base");
    fixture_free(&fx);
}

static int twice(void *self, sac_req *req)
{
    bench *b = self;
    sac_ticket *second;

    CHECK_INT(sac_req_park(req, resume, b, &b->ticket), SAC_OK);
    CHECK_INT(sac_req_park(req, resume, b, &second), SAC_EINVAL);
    CHECK_INT(sac_req_park(req, NULL, b, &second), SAC_EINVAL);
    b->parks = 0;
    sac_ticket_redeem(b->ticket);
    return SAC_LATER;
}

static void test_park__gives_one_ticket_at_a_time(void **state)
{
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "twice", .flags = SAC_INLINE, .get = twice);
    bench b;

    (void)state;
    memset(&b, 0, sizeof b);
    fixture_new(&b.fx, NULL);
    fixture_mount(&b.fx, "/park", &ops, &b);
    CHECK_INT(fixture_get(&b.fx, "GET", "/park"), 200);
    fixture_free(&b.fx);
}

static int pass_on(void *self, sac_req *req)
{
    (void)self;
    (void)req;
    return 0;
}

static int parking_step(void *self, sac_req *req)
{
    sac_ticket *ticket;
    const int rc = sac_req_park(req, pass_on, self, &ticket);

    if (rc != SAC_OK)
        return rc;
    sac_ticket_redeem(ticket);
    return SAC_LATER;
}

static void test_park__works_in_before_and_after(void **state)
{
    const sac_middleware_ops mw = SAC_MIDDLEWARE_OPS(.name = "mw", .flags = SAC_INLINE,
                                                     .before = parking_step, .after = parking_step);
    const sac_view_ops ops = SAC_VIEW_OPS(.name = "v", .flags = SAC_INLINE, .get = before_view_get,
                                          .before = parking_step, .after = parking_step);
    fixture fx;

    (void)state;
    fixture_new(&fx, NULL);
    CHECK_INT(sac_app_use(fx.app, &mw, NULL, NULL), SAC_OK);
    fixture_mount(&fx, "/v", &ops, NULL);
    CHECK_INT(fixture_get(&fx, "GET", "/v"), 200);
    CHECK_STR(fx.reply.body, "went on");
    fixture_free(&fx);
}

/* Closing while a worker runs the handler. */
typedef struct stall {
    fixture fx;
    gate entered, go;
    atomic_int torn, deferred;
    int read_result;
} stall;

static void stall_deferred(void *self)
{
    atomic_fetch_add(&((stall *)self)->deferred, 1);
}

static int stall_get(void *self, sac_req *req)
{
    stall *s = self;

    if (sac_req_defer(req, stall_deferred, s) != SAC_OK)
        return SAC_ENOMEM;
    gate_open(&s->entered);
    gate_wait(&s->go);
    return sac_reply_text(req, 200, "late");
}

static int stall_post(void *self, sac_req *req)
{
    stall *s = self;
    char byte;
    size_t n;

    if (sac_req_defer(req, stall_deferred, s) != SAC_OK)
        return SAC_ENOMEM;
    gate_open(&s->entered);
    s->read_result = sac_req_read(req, &byte, 1, &n);
    return s->read_result;
}

static int stall_teardown(void *self, sac_req *req)
{
    (void)req;
    atomic_fetch_add(&((stall *)self)->torn, 1);
    return 0;
}

static const sac_view_ops stall_view = SAC_VIEW_OPS(.name = "stall", .flags = SAC_STREAM_BODY,
                                                    .get = stall_get, .post = stall_post,
                                                    .teardown = stall_teardown);

static void stall_init(stall *s)
{
    memset(s, 0, sizeof *s);
    gate_init(&s->entered);
    gate_init(&s->go);
    fixture_new(&s->fx, NULL);
    fixture_mount(&s->fx, "/stall", &stall_view, s);
    CHECK_INT(sac_app_seal(s->fx.app, NULL), SAC_OK);
}

static void stall_fini(stall *s)
{
    fixture_free(&s->fx);
    CHECK_INT(atomic_load(&s->torn), 1);
    CHECK_INT(atomic_load(&s->deferred), 1);
    gate_fini(&s->entered);
    gate_fini(&s->go);
}

static void test_close__waits_for_a_running_worker(void **state)
{
    const sac_answer *answer;
    sac_exchange *exchange;
    raw_host host;
    stall s;

    (void)state;
    stall_init(&s);
    raw_init(&host);
    exchange = raw_open(&host, s.fx.app);
    CHECK_INT(raw_head(exchange, "GET", "/stall", 0), 0);
    CHECK_INT(sac_exchange_end(exchange), 0);
    gate_wait(&s.entered);
    CHECK_INT(sac_exchange_answer(exchange, &answer), SAC_LATER);
    raw_close(&host, exchange);
    CHECK_INT(atomic_load(&s.deferred), 0);
    gate_open(&s.go);
    stall_fini(&s);
    raw_fini(&host);
}

static void test_close__wakes_a_reader_of_the_body(void **state)
{
    sac_exchange *exchange;
    raw_host host;
    stall s;

    (void)state;
    stall_init(&s);
    raw_init(&host);
    exchange = raw_open(&host, s.fx.app);
    CHECK_INT(raw_head(exchange, "POST", "/stall", 10), 0);
    gate_wait(&s.entered);
    raw_close(&host, exchange);
    stall_fini(&s);
    raw_fini(&host);
    CHECK_INT(s.read_result, SAC_ECLOSED);
}

static void test_close__comes_at_any_stage(void **state)
{
    size_t taken;
    raw_host host;
    bench b;

    (void)state;
    bench_init(&b, &inline_view);
    CHECK_INT(sac_app_seal(b.fx.app, NULL), SAC_OK);
    for (int stage = 0; stage < 4; stage++) {
        sac_exchange *exchange;

        raw_init(&host);
        exchange = raw_open(&host, b.fx.app);
        if (stage > 0)
            CHECK_INT(raw_head(exchange, "GET", "/park", 6), 0);
        if (stage > 1)
            CHECK_INT(sac_exchange_body(exchange, "abc", 3, &taken), 0);
        if (stage > 2) {
            CHECK_INT(sac_exchange_body(exchange, "def", 3, &taken), 0);
            CHECK_INT(sac_exchange_end(exchange), 0);
        }
        raw_close(&host, exchange);
        raw_fini(&host);
    }
    sac_ticket_redeem(b.ticket);
    bench_fini(&b);
}

/* What waits in the queue when its client leaves is never run. */
static void test_close__drops_a_queued_request(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = 1);
    sac_exchange *first;
    sac_exchange *second;
    raw_host host;
    stall s;

    (void)state;
    memset(&s, 0, sizeof s);
    gate_init(&s.entered);
    gate_init(&s.go);
    fixture_new(&s.fx, &config);
    fixture_mount(&s.fx, "/stall", &stall_view, &s);
    CHECK_INT(sac_app_seal(s.fx.app, NULL), SAC_OK);
    raw_init(&host);
    first = raw_open(&host, s.fx.app);
    second = raw_open(&host, s.fx.app);
    CHECK_INT(raw_head(first, "GET", "/stall", 0), 0);
    CHECK_INT(sac_exchange_end(first), 0);
    gate_wait(&s.entered);
    CHECK_INT(raw_head(second, "GET", "/stall", 0), 0);
    CHECK_INT(sac_exchange_end(second), 0);
    sac_exchange_close(second);
    gate_open(&s.go);
    CHECK_INT(raw_answer(&host, first)->status, 200);
    raw_close(&host, first);
    stall_fini(&s);
    raw_fini(&host);
}

static void test_queue__full_is_503(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = 1, .max_jobs = 1);
    const sac_answer *answer;
    sac_exchange *exchange[3];
    raw_host host;
    stall s;

    (void)state;
    memset(&s, 0, sizeof s);
    gate_init(&s.entered);
    gate_init(&s.go);
    fixture_new(&s.fx, &config);
    fixture_mount(&s.fx, "/stall", &stall_view, &s);
    CHECK_INT(sac_app_seal(s.fx.app, NULL), SAC_OK);
    raw_init(&host);
    for (int i = 0; i < 3; i++) {
        exchange[i] = raw_open(&host, s.fx.app);
        CHECK_INT(raw_head(exchange[i], "GET", "/stall", 0), 0);
        CHECK_INT(sac_exchange_end(exchange[i]), 0);
        if (i == 0)
            gate_wait(&s.entered);
    }
    CHECK_INT(sac_exchange_answer(exchange[2], &answer), SAC_OK);
    CHECK_INT(answer->status, 503);
    CHECK(contains(answer->bytes, "\"unavailable\""));
    CHECK(strstr(s.fx.log, "the queue for workers is full"));
    gate_open(&s.go);
    CHECK_INT(raw_answer(&host, exchange[0])->status, 200);
    CHECK_INT(raw_answer(&host, exchange[1])->status, 200);
    for (int i = 0; i < 3; i++)
        sac_exchange_close(exchange[i]);
    fixture_free(&s.fx);
    CHECK_INT(atomic_load(&s.torn), 2);
    gate_fini(&s.entered);
    gate_fini(&s.go);
    raw_fini(&host);
}

static void test_exchange__refuses_calls_out_of_order(void **state)
{
    const sac_answer *answer;
    const sac_host_ops none = SAC_HOST_OPS(.name = "none");
    sac_host_ops newer = raw_ops;
    sac_exchange *exchange;
    raw_host host;
    size_t n;
    char byte;
    bench b;

    (void)state;
    bench_init(&b, &inline_view);
    b.redeem_at_once = true;
    raw_init(&host);
    CHECK_INT(sac_exchange_open(b.fx.app, &raw_ops, &host, &exchange), SAC_EINVAL);
    CHECK_INT(sac_app_seal(b.fx.app, NULL), SAC_OK);
    CHECK_INT(sac_exchange_open(b.fx.app, &none, &host, &exchange), SAC_EINVAL);
    newer.size += 8;
    CHECK_INT(sac_exchange_open(b.fx.app, &newer, &host, &exchange), SAC_EVERSION);
    exchange = raw_open(&host, b.fx.app);
    CHECK_INT(sac_exchange_body(exchange, "x", 1, &n), SAC_EINVAL);
    CHECK_INT(sac_exchange_end(exchange), SAC_EINVAL);
    CHECK_INT(sac_exchange_answer(exchange, &answer), SAC_EINVAL);
    CHECK_INT(raw_head(exchange, "GET", "/park", 0), 0);
    CHECK_INT(raw_head(exchange, "GET", "/park", 0), SAC_EINVAL);
    CHECK_INT(sac_exchange_answer(exchange, &answer), SAC_EINVAL);
    CHECK_INT(sac_exchange_end(exchange), 0);
    CHECK_INT(sac_exchange_answer(exchange, &answer), SAC_OK);
    CHECK_INT(sac_exchange_pull(exchange, &byte, 1, &n), SAC_EINVAL);
    raw_close(&host, exchange);
    sac_exchange_close(NULL);
    raw_fini(&host);
    bench_fini(&b);
}

static int slow_after(void *self, sac_req *req)
{
    return after(self, req);
}

/* What a host cannot take is refused in the app's own words, its middleware's fields included. */
static void test_exchange__refuses_for_its_host(void **state)
{
    const sac_middleware_ops fast = SAC_MIDDLEWARE_OPS(.name = "fast", .flags = SAC_INLINE,
                                                       .after = after);
    const sac_middleware_ops slow = SAC_MIDDLEWARE_OPS(.name = "slow", .after = slow_after);
    const sac_head head = SAC_HEAD_INIT(.method = sac_str_of("GET"), .target = sac_str_of("/x"));

    (void)state;
    for (int i = 0; i < 4; i++) {
        const sac_answer *answer;
        sac_exchange *exchange;
        size_t found = 0;
        raw_host host;
        fixture fx;

        fixture_new(&fx, NULL);
        raw_init(&host);
        CHECK_INT(sac_app_use(fx.app, i & 1 ? &slow : &fast, NULL, NULL), SAC_OK);
        CHECK_INT(sac_app_seal(fx.app, NULL), SAC_OK);
        exchange = raw_open(&host, fx.app);
        CHECK_INT(sac_exchange_refuse(exchange, i & 2 ? &head : NULL, "headers_too_large"), 0);
        CHECK_INT(sac_exchange_refuse(exchange, NULL, "headers_too_large"), SAC_EINVAL);
        answer = raw_answer(&host, exchange);
        CHECK_INT(answer->status, 431);
        CHECK(contains(answer->bytes, "\"headers_too_large\""));
        for (size_t k = 0; k < answer->n_headers; k++)
            found += sac_str_is(answer->headers[k].name, "X-After");
        CHECK_INT(found, 1);
        raw_close(&host, exchange);
        fixture_free(&fx);
        raw_fini(&host);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_park__redeemed_at_once),
        cmocka_unit_test(test_park__redeemed_by_another_thread),
        cmocka_unit_test(test_park__redeemed_after_the_host_has_parked),
        cmocka_unit_test(test_park__is_not_resumed_for_a_client_that_left),
        cmocka_unit_test(test_park__may_be_forsaken),
        cmocka_unit_test(test_park__forsaken_is_out_until_redeemed),
        cmocka_unit_test(test_park__resumes_at_its_table),
        cmocka_unit_test(test_park__gives_one_ticket_at_a_time),
        cmocka_unit_test(test_park__works_in_before_and_after),
        cmocka_unit_test(test_close__waits_for_a_running_worker),
        cmocka_unit_test(test_close__wakes_a_reader_of_the_body),
        cmocka_unit_test(test_close__comes_at_any_stage),
        cmocka_unit_test(test_close__drops_a_queued_request),
        cmocka_unit_test(test_queue__full_is_503),
        cmocka_unit_test(test_exchange__refuses_for_its_host),
        cmocka_unit_test(test_exchange__refuses_calls_out_of_order)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

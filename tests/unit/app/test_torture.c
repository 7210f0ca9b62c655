/* SPDX-License-Identifier: MIT */
#include "raw_host.h"

#include <stdatomic.h>

#include <sacrum/bson.h>

#include "app/req.h"

/* Whole request paths while memory ends, and from many threads. */

static const char a_key;

/* A getter that fails comes after all but the smallest of what takes memory. */
static int plain_get(void *self, sac_req *req)
{
    int rc = sac_reply_header(req, "X-Name", sac_str_of("value"));
    sac_str name;

    (void)self;
    if (rc == 0)
        rc = sac_req_set(req, &a_key, req);
    if (rc == 0)
        rc = sac_reply_text(req, 200, "");
    if (rc != 0)
        return rc;
    name = sac_req_query(req, "name");
    return sac_reply_jsonf(req, 200, "{\"name\": \"%.*s\"}", (int)name.n, name.p ? name.p : "");
}

static int json_post(void *self, sac_req *req)
{
    sac_str doc;
    const int rc = sac_req_body_bson(req, &doc);

    (void)self;
    return rc ? rc : sac_reply_bson(req, 201, doc);
}

static int fail_put(void *self, sac_req *req)
{
    (void)self;
    (void)sac_fail_field(req, "a", "is %s", "bad");
    return sac_fail_field(req, "b", "too");
}

static int break_patch(void *self, sac_req *req)
{
    (void)self;
    return sac_fail(req, SAC_EIO, "a %s", "secret");
}

static int pull(void *self, sac_req *req, void *buf, size_t cap, size_t *n)
{
    size_t *left = self;

    (void)req;
    *n = *left < cap ? *left : cap;
    memset(buf, 'x', *n);
    *left -= *n;
    return *n > 0;
}

static const sac_stream_ops stream = SAC_STREAM_OPS(.pull = pull);

static int stream_del(void *self, sac_req *req)
{
    size_t *left = sac_req_alloc(req, sizeof *left);

    (void)self;
    if (!left)
        return SAC_ENOMEM;
    *left = 200000;
    return sac_reply_stream(req, 200, "text/plain", -1, &stream, left);
}

static const sac_view_ops inline_view = SAC_VIEW_OPS(.name = "in", .flags = SAC_INLINE,
                                                     .get = plain_get, .post = json_post,
                                                     .put = fail_put, .patch = break_patch,
                                                     .del = stream_del);
static const sac_view_ops blocking_view = SAC_VIEW_OPS(.name = "out", .super = &inline_view,
                                                       .before = NULL, .get = plain_get);

static int read_post(void *self, sac_req *req)
{
    char buf[1000];
    size_t sum = 0;
    size_t n;
    int rc;

    (void)self;
    while ((rc = sac_req_read(req, buf, sizeof buf, &n)) == 1)
        sum += n;
    return rc ? rc : sac_reply_jsonf(req, 200, "%zu", sum);
}

static const sac_view_ops read_view = SAC_VIEW_OPS(.name = "read", .flags = SAC_STREAM_BODY,
                                                   .post = read_post);

static const char json[] = "{\"a\": [1, 2, {\"b\": \"c\"}], \"d\": 1.5}";

typedef struct scenario {
    const char *method, *target, *body;
    int status;
    const char *want; /* part of the body */
} scenario;

static const scenario scenarios[] = {
    {"GET", "/in?name=a%20b", NULL, 200, "{\"name\": \"a b\"}"},
    {"GET", "/out?name=a%20b", NULL, 200, "{\"name\": \"a b\"}"},
    {"POST", "/in", json, 201, "{\"a\":[1,2,{\"b\":\"c\"}],\"d\":1.5}"},
    {"PUT", "/out", NULL, 422, "\"a\":[\"is bad\"]"},
    {"PUT", "/in", NULL, 422, "\"b\":[\"too\"]"},
    {"PATCH", "/in", NULL, 500, "\"internal\""},
    {"DELETE", "/out", NULL, 200, "xxxxx"},
    {"DELETE", "/in", NULL, 200, "xxxxx"},
    {"OPTIONS", "/in", NULL, 204, ""},
    {"GET", "/none", NULL, 404, "\"not_found\""},
    {"TRACE", "/in", NULL, 501, "\"not_implemented\""},
    {"PATCH", "/read", NULL, 405, "\"method_not_allowed\""},
    {"POST", "/read", json, 200, "35"},
};

static void send(fixture *fx, const scenario *s, int *rc, bool chunked)
{
    static const char *const lines[] = {"Content-Type: application/json", "Host: localhost", NULL};
    const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = s->method, .target = s->target,
                                                          .headers = lines,
                                                          .body = sac_str_of(s->body),
                                                          .chunked = s->body && chunked);

    *rc = sac_loopback_send(fx->client, &ask, &fx->reply, NULL);
}

static void check_right(fixture *fx, const scenario *s)
{
    CHECK_INT(fx->reply.status, s->status);
    if (!contains(fx->reply.body, s->want) && *s->want)
        fail_msg("%s %s: \"%.*s\"", s->method, s->target, (int)fx->reply.body.n, fx->reply.body.p);
    if (strcmp(s->method, "DELETE") == 0)
        CHECK_INT(fx->reply.body.n, 200000);
}

static void start(fixture *fx, const sac_app_config *config)
{
    fixture_new(fx, config);
    fixture_mount(fx, "/in", &inline_view, NULL);
    fixture_mount(fx, "/out", &blocking_view, NULL);
    fixture_mount(fx, "/read", &read_view, NULL);
    CHECK_INT(sac_loopback_new(fx->app, &fx->client, NULL), SAC_OK);
}

/* With one allocation failing the answer is right, or 500, or cut; the next one is right. */
static void run_with_failure(const scenario *s, long k, bool once, bool *reached)
{
    fault_alloc fault;
    const sac_app_config config = SAC_APP_CONFIG(.alloc = fault_alloc_init(&fault, -1),
                                                 .workers = 1);
    fixture fx;
    int rc;

    start(&fx, &config);
    fault.once = once;
    fault.left = k;
    send(&fx, s, &rc, k % 2);
    *reached = fault.left < 0 || (!once && fault.left == 0);
    fault.left = -1;
    if (rc == SAC_OK && fx.reply.status != 500 && !fx.reply.cut)
        check_right(&fx, s);
    else
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
    send(&fx, s, &rc, false);
    CHECK_INT(rc, SAC_OK);
    check_right(&fx, s);
    fixture_free(&fx);
    CHECK_INT(fault.live, 0);
}

static void test_request__survives_oom(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++)
        for (int once = 0; once < 2; once++) {
            bool reached = true;

            for (long k = 0; reached && k < 100; k++)
                run_with_failure(&scenarios[i], k, once, &reached);
            CHECK(!reached);
        }
}

/* Leaves the request so many bytes. */
static int burn(void *self, sac_req *req)
{
    const size_t left = *(const size_t *)self;
    const size_t used = sac__arena_used(sac__req_arena(req));

    if (used + left >= 65536 || !sac_req_alloc(req, 65536 - used - left))
        return SAC_EIO;
    return 0;
}

/* Every size of the request's memory: the answer is right, or 500, or cut. */
static void test_request__survives_the_end_of_its_memory(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = 1, .max_memory = 65536);
    size_t left = 0;
    const sac_middleware_ops burner = SAC_MIDDLEWARE_OPS(.name = "burner", .flags = SAC_INLINE,
                                                         .before = burn);

    (void)state;
    for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        int right = 0;
        int wrong = 0;
        fixture fx;
        int rc;

        fixture_new(&fx, &config);
        CHECK_INT(sac_app_use(fx.app, &burner, &left, NULL), SAC_OK);
        fixture_mount(&fx, "/in", &inline_view, NULL);
        fixture_mount(&fx, "/out", &blocking_view, NULL);
        fixture_mount(&fx, "/read", &read_view, NULL);
        CHECK_INT(sac_loopback_new(fx.app, &fx.client, NULL), SAC_OK);
        for (left = 0; left < 4000; left += 8) {
            send(&fx, &scenarios[i], &rc, false);
            CHECK_INT(rc, SAC_OK);
            if (fx.reply.status == scenarios[i].status && scenarios[i].status != 500) {
                check_right(&fx, &scenarios[i]);
                right++;
            } else {
                CHECK_INT(fx.reply.status, 500);
                CHECK(contains(fx.reply.body, "\"internal\""));
                CHECK_FIELD(&fx, "content-type", "application/problem+json");
                wrong++;
            }
        }
        CHECK(wrong > 0);
        CHECK(right > 0 || scenarios[i].status == 500);
        fixture_free(&fx);
    }
}

static void test_request__allocates_nothing_once_warm(void **state)
{
    fault_alloc fault;
    const sac_app_config config = SAC_APP_CONFIG(.alloc = fault_alloc_init(&fault, -1),
                                                 .workers = 1);
    fixture fx;
    long calls;
    int rc;

    (void)state;
    start(&fx, &config);
    for (int i = 0; i < 3; i++)
        send(&fx, &scenarios[i], &rc, false);
    calls = fault.calls;
    for (int i = 0; i < 30; i++) {
        send(&fx, &scenarios[i % 3], &rc, false);
        check_right(&fx, &scenarios[i % 3]);
    }
    CHECK_INT(fault.calls, calls);
    fixture_free(&fx);
}

/* Many clients at once, with everything that crosses threads. */

enum { CLIENTS = 8, ROUNDS = 150, REDEEMERS = 2, QUEUE = 64 };

typedef struct crowd {
    fixture fx;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    sac_ticket *tickets[QUEUE];
    size_t n;
    bool end;
    atomic_int wrong, torn, run;
} crowd;

static void *redeem_all(void *self)
{
    crowd *c = self;

    pthread_mutex_lock(&c->lock);
    while (!c->end || c->n > 0) {
        if (c->n == 0) {
            pthread_cond_wait(&c->cond, &c->lock);
            continue;
        }
        sac_ticket *ticket = c->tickets[--c->n];
        pthread_mutex_unlock(&c->lock);
        sac_ticket_redeem(ticket);
        pthread_mutex_lock(&c->lock);
    }
    pthread_mutex_unlock(&c->lock);
    return NULL;
}

static int parked_get(void *self, sac_req *req);

static int resume(void *self, sac_req *req)
{
    int *parks = sac_req_get(req, &a_key);

    return ++*parks < 3 ? parked_get(self, req) : sac_reply_text(req, 200, "resumed");
}

static int parked_get(void *self, sac_req *req)
{
    crowd *c = self;
    int *parks = sac_req_get(req, &a_key);
    sac_ticket *ticket;
    int rc = SAC_OK;

    if (!parks) {
        parks = sac_req_alloc(req, sizeof *parks);
        *parks = 0;
        rc = sac_req_set(req, &a_key, parks);
        atomic_fetch_add(&c->run, 1);
    }
    if (rc == SAC_OK)
        rc = sac_req_park(req, resume, c, &ticket);
    if (rc != SAC_OK)
        return rc;
    pthread_mutex_lock(&c->lock);
    c->tickets[c->n++] = ticket;
    pthread_cond_signal(&c->cond);
    pthread_mutex_unlock(&c->lock);
    return SAC_LATER;
}

static int count_teardown(void *self, sac_req *req)
{
    (void)req;
    atomic_fetch_add(&((crowd *)self)->torn, 1);
    return 0;
}

static int pass(void *self, sac_req *req, const sac_next *next)
{
    (void)self;
    return sac_next_run(next, req);
}

static const sac_decorator rows[] = {{.fn = pass}, {.fn = NULL}};
static const sac_view_ops parked_view = SAC_VIEW_OPS(.name = "parked", .flags = SAC_INLINE,
                                                     .get = parked_get, .teardown = count_teardown);
static const sac_view_ops worker_view = SAC_VIEW_OPS(.name = "worker", .flags = SAC_INLINE,
                                                     .get = parked_get, .decorators = rows,
                                                     .teardown = count_teardown);

static void *one_client(void *self)
{
    static const char *const targets[] = {"/parked", "/worker", "/in?name=x", "/out?name=y"};
    crowd *c = self;
    sac_loopback *client = NULL;
    sac_loopback_reply reply;

    if (sac_loopback_new(c->fx.app, &client, NULL) != SAC_OK)
        return NULL;
    for (int i = 0; i < ROUNDS; i++) {
        const sac_loopback_request del = SAC_LOOPBACK_REQUEST(.method = "DELETE",
                                                              .target = i & 1 ? "/in" : "/out");
        const sac_loopback_request post = SAC_LOOPBACK_REQUEST(.method = "POST", .target = "/read",
                                                               .body = sac_str_of(json),
                                                               .piece = 5);
        const sac_loopback_request get = SAC_LOOPBACK_REQUEST(.method = "GET",
                                                              .target = targets[i % 4]);
        const sac_loopback_request *ask = i % 7 == 6 ? &del : i % 7 == 5 ? &post : &get;

        if (sac_loopback_send(client, ask, &reply, NULL) != SAC_OK || reply.status != 200 ||
            (ask == &del && reply.body.n != 200000)) {
            print_error("%s %s: %d, %zu bytes\n", ask->method, ask->target, reply.status,
                        reply.body.n);
            atomic_fetch_add(&c->wrong, 1);
        }
    }
    sac_loopback_free(client);
    return NULL;
}

/* A client that leaves at a random moment. */
static void *rude_client(void *self)
{
    crowd *c = self;
    unsigned seed = 7;

    for (int i = 0; i < ROUNDS; i++) {
        const sac_answer *answer;
        sac_exchange *exchange;
        raw_host host;
        char buf[500];
        size_t n;

        raw_init(&host);
        exchange = raw_open(&host, c->fx.app);
        (void)raw_head(exchange, i % 3 ? "GET" : "DELETE",
                       i % 3 == 2 ? "/worker"
                       : i % 3    ? "/parked"
                                  : "/out",
                       0);
        CHECK_INT(sac_exchange_end(exchange), 0);
        if (rand_r(&seed) % 2)
            nap(rand_r(&seed) % 300);
        if (rand_r(&seed) % 2 && sac_exchange_answer(exchange, &answer) == SAC_OK &&
            answer->kind == SAC_ANSWER_STREAM &&
            sac_exchange_pull(exchange, buf, sizeof buf, &n) < 0)
            atomic_fetch_add(&c->wrong, 1);
        raw_close(&host, exchange);
        raw_fini(&host);
    }
    return NULL;
}

static void test_threads__many_clients_at_once(void **state)
{
    pthread_t clients[CLIENTS];
    pthread_t redeemers[REDEEMERS];
    pthread_t rude;
    crowd c;

    (void)state;
    memset(&c, 0, sizeof c);
    pthread_mutex_init(&c.lock, NULL);
    pthread_cond_init(&c.cond, NULL);
    fixture_new(&c.fx, NULL);
    fixture_mount(&c.fx, "/in", &inline_view, NULL);
    fixture_mount(&c.fx, "/out", &blocking_view, NULL);
    fixture_mount(&c.fx, "/read", &read_view, NULL);
    fixture_mount(&c.fx, "/parked", &parked_view, &c);
    fixture_mount(&c.fx, "/worker", &worker_view, &c);
    CHECK_INT(sac_app_seal(c.fx.app, NULL), SAC_OK);
    for (int i = 0; i < REDEEMERS; i++)
        CHECK_INT(pthread_create(&redeemers[i], NULL, redeem_all, &c), 0);
    for (int i = 0; i < CLIENTS; i++)
        CHECK_INT(pthread_create(&clients[i], NULL, one_client, &c), 0);
    CHECK_INT(pthread_create(&rude, NULL, rude_client, &c), 0);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(clients[i], NULL);
    pthread_join(rude, NULL);
    nap(50000);
    pthread_mutex_lock(&c.lock);
    c.end = true;
    pthread_cond_broadcast(&c.cond);
    pthread_mutex_unlock(&c.lock);
    for (int i = 0; i < REDEEMERS; i++)
        pthread_join(redeemers[i], NULL);
    fixture_free(&c.fx);
    CHECK_INT(atomic_load(&c.wrong), 0);
    CHECK_INT(atomic_load(&c.torn), atomic_load(&c.run));
    pthread_cond_destroy(&c.cond);
    pthread_mutex_destroy(&c.lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request__survives_oom),
        cmocka_unit_test(test_request__survives_the_end_of_its_memory),
        cmocka_unit_test(test_request__allocates_nothing_once_warm),
        cmocka_unit_test(test_threads__many_clients_at_once)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

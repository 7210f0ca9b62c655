/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sacrum/impl/host.h>

#include "hosts.h"
#include "site.h"

/* One suite over every host: what a program may count on wherever it runs. */

typedef struct fixture {
    site site;
    const host *host;
    void *open;
    host_reply reply;
} fixture;

static int setup_with(void **state, size_t max_body)
{
    fixture *f = calloc(1, sizeof *f);

    f->host = *state;
    site_begin(&f->site);
    f->site.config.max_body = max_body;
    site_make(&f->site);
    f->open = f->host->open(f->site.app);
    *state = f;
    return 0;
}

static int setup(void **state)
{
    return setup_with(state, SITE_MAX_BODY);
}

static int setup_large(void **state)
{
    return setup_with(state, 16 << 20);
}

static int teardown(void **state)
{
    fixture *f = *state;

    f->host->close(f->open);
    site_close(&f->site);
    free(f);
    return 0;
}

static int send_ask(fixture *f, host_ask ask)
{
    f->host->send(f->open, &ask, &f->reply);
    return f->reply.status;
}
#define SEND(f, ...) send_ask(f, (host_ask){__VA_ARGS__})

static int get(fixture *f, const char *target)
{
    return SEND(f, .method = "GET", .target = target);
}

static bool has_header(fixture *f, const char *name)
{
    return reply_header(&f->reply, name, 0).p;
}

static void check_length(fixture *f, const char *length)
{
    CHECK_STR(reply_header(&f->reply, "Content-Length", 0), length);
}

/* Bytes that no other part of a body has; the caller frees them. */
static sac_str make_body(size_t n)
{
    char *p = malloc(n + 1);

    for (size_t i = 0; i < n; i++)
        p[i] = site_byte(i);
    return sac_str_n(p, n);
}

static void test_host__answers_get(void **state)
{
    fixture *f = *state;

    CHECK_INT(get(f, "/hello"), 200);
    CHECK_STR(f->reply.body, "hello");
    check_length(f, "5");
    CHECK_STR(reply_header(&f->reply, "Content-Type", 0), "text/plain; charset=utf-8");
    CHECK_STR(reply_header(&f->reply, "X-Content-Type-Options", 0), "nosniff");
    CHECK_INT(get(f, "/worker"), 200);
    CHECK_STR(f->reply.body, "hello");
}

static void test_host__answers_head_as_get_without_body(void **state)
{
    static const char *const targets[] = {"/hello",          "/worker",
                                          "/file",           "/headers",
                                          "/stream?known=1", "/stream?known=1&worker=1",
                                          "/park?times=1",   "/segment/x"};
    static const char *const unknown[] = {"/stream", "/stream?worker=1"};
    fixture *f = *state;

    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        char length[32];

        CHECK_INT(get(f, targets[i]), 200);
        snprintf(length, sizeof length, "%zu", f->reply.body.n);
        check_length(f, length);
        CHECK_INT(SEND(f, .method = "HEAD", .target = targets[i]), 200);
        check_length(f, length);
        CHECK_INT(f->reply.body.n, 0);
    }
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        CHECK_INT(SEND(f, .method = "HEAD", .target = unknown[i]), 200);
        CHECK(!has_header(f, "Content-Length"));
        CHECK_INT(f->reply.body.n, 0);
    }
    CHECK_INT(SEND(f, .method = "HEAD", .target = "/nowhere"), 404);
    CHECK_INT(f->reply.body.n, 0);
}

static void test_host__carries_bodies(void **state)
{
    static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE"};
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, SITE_MAX_BODY};
    static const size_t pieces[] = {0, 1000, 30000};
    fixture *f = *state;

    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 6; k++)
            for (size_t how = 0; how < 6; how++) {
                sac_str body = make_body(sizes[k]);

                CHECK_INT(SEND(f, .method = methods[i], .target = "/echo", .body = body,
                               .chunked = how % 2, .piece = pieces[how / 2]),
                          200);
                CHECK_INT(f->reply.body.n, body.n);
                CHECK(site_is(f->reply.body, 0));
                free((char *)body.p);
            }
}

static void test_host__carries_a_body_in_single_bytes(void **state)
{
    fixture *f = *state;
    sac_str body = make_body(300);

    for (int chunked = 0; chunked < 2; chunked++) {
        CHECK_INT(SEND(f, .method = "POST", .target = "/worker", .body = body, .chunked = chunked,
                       .piece = 1),
                  200);
        CHECK_INT(f->reply.body.n, 300);
        CHECK(site_is(f->reply.body, 0));
    }
    free((char *)body.p);
}

static void test_host__refuses_a_body_over_the_limit(void **state)
{
    fixture *f = *state;
    sac_str body = make_body(4 * SITE_MAX_BODY);

    for (int chunked = 0; chunked < 2; chunked++)
        for (size_t n = SITE_MAX_BODY + 1; n <= body.n; n += 3 * SITE_MAX_BODY - 1) {
            CHECK_INT(SEND(f, .method = "POST", .target = "/echo", .body = sac_str_n(body.p, n),
                           .chunked = chunked, .piece = 10000),
                      413);
            CHECK(reply_says(&f->reply, "\"code\":\"body_too_large\""));
            CHECK(has_header(f, "X-Middleware"));
            CHECK_STR(reply_header(&f->reply, "Connection", 0), "close");
        }
    free((char *)body.p);
    CHECK_INT(get(f, "/hello"), 200);
}

static void test_host__carries_ten_megabytes(void **state)
{
    fixture *f = *state;
    sac_str body = make_body(10 << 20);

    for (int chunked = 0; chunked < 2; chunked++) {
        CHECK_INT(SEND(f, .method = "POST", .target = "/echo", .body = body, .chunked = chunked,
                       .piece = 100000),
                  200);
        CHECK_INT(f->reply.body.n, body.n);
        CHECK(site_is(f->reply.body, 0));
    }
    free((char *)body.p);
    CHECK_INT(get(f, "/stream?n=10485760"), 200);
    CHECK_INT(f->reply.body.n, 10 << 20);
    CHECK(site_is(f->reply.body, 0));
    CHECK_INT(get(f, "/stream?n=10485760&worker=1&known=1"), 200);
    CHECK_INT(f->reply.body.n, 10 << 20);
    CHECK(site_is(f->reply.body, 0));
}

static void test_host__parks(void **state)
{
    static const char *const targets[] = {"/park?times=1", "/park?times=5", "/park?ms=0",
                                          "/park?ms=20"};
    fixture *f = *state;

    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        CHECK_INT(get(f, targets[i]), 200);
        CHECK_STR(f->reply.body, "parked and back");
        CHECK(has_header(f, "X-Middleware"));
    }
}

/* The redeeming thread and the host meet at every distance. */
static void test_host__loses_no_wake(void **state)
{
    fixture *f = *state;
    pthread_t thread;

    CHECK(pthread_create(&thread, NULL, site_redeem_at_once, &f->site) == 0);
    for (int i = 0; i < 2000; i++) {
        CHECK_INT(get(f, i % 8 ? "/hand" : "/worker"), 200);
        CHECK_STR(f->reply.body, i % 8 ? "parked and back" : "hello");
    }
    atomic_store(&f->site.over, true);
    pthread_join(thread, NULL);
}

static void test_host__sends_no_body_with_204_and_304(void **state)
{
    static const char *const targets[] = {"/empty/204", "/empty/304"};
    fixture *f = *state;

    for (int i = 0; i < 2; i++) {
        CHECK_INT(get(f, targets[i]), i ? 304 : 204);
        CHECK_INT(f->reply.body.n, 0);
        CHECK(!has_header(f, "Content-Type"));
        CHECK(!has_header(f, "Transfer-Encoding"));
    }
    CHECK_INT(get(f, "/empty/200"), 200);
    check_length(f, "0");
}

static void test_host__redirects(void **state)
{
    fixture *f = *state;

    CHECK_INT(get(f, "/redirect"), 303);
    CHECK_STR(reply_header(&f->reply, "Location", 0), "/hello?from=here");
    check_length(f, "0");
}

static void test_host__sends_headers_as_they_were_set(void **state)
{
    fixture *f = *state;
    sac_str value;

    CHECK_INT(get(f, "/headers"), 200);
    CHECK_STR(reply_header(&f->reply, "Set-Cookie", 0), "c0=v0; Path=/; HttpOnly");
    CHECK_STR(reply_header(&f->reply, "Set-Cookie", 1), "c1=v1; Path=/; HttpOnly");
    CHECK_STR(reply_header(&f->reply, "Set-Cookie", 2), "c2=v2; Path=/; HttpOnly");
    CHECK(!reply_header(&f->reply, "Set-Cookie", 3).p);
    CHECK_STR(reply_header(&f->reply, "X-Text", 0), "gr\xc3\xbc\xc3\x9f \"q\", a;b=c");
    value = reply_header(&f->reply, "X-Long", 0);
    CHECK_INT(value.n, 4000);
    CHECK(value.p[3999] == '7');
}

static void test_host__gives_headers_as_they_came(void **state)
{
    fixture *f = *state;

    CHECK_INT(SEND(f, .method = "GET", .target = "/header",
                   .headers = WITH("X-Echo: gr\xc3\xbc\xc3\x9f,  \"a:b\"\tc", "X-Other: 1")),
              200);
    CHECK_STR(f->reply.body, "gr\xc3\xbc\xc3\x9f,  \"a:b\"\tc");
    CHECK_INT(SEND(f, .method = "GET", .target = "/header", .headers = WITH("x-eCHO:v")), 200);
    CHECK_STR(f->reply.body, "v");
    CHECK_INT(SEND(f, .method = "GET", .target = "/header", .headers = WITH("X-Echo:")), 200);
    CHECK_STR(f->reply.body, "");
    CHECK_INT(SEND(f, .method = "GET", .target = "/header", .headers = WITH("X-Echo:  v \t")), 200);
    CHECK_STR(f->reply.body, "v");
    CHECK_INT(get(f, "/header"), 200);
    CHECK_STR(f->reply.body, "(none)");
    CHECK_INT(get(f, "/peer"), 200);
    CHECK_STR(f->reply.body, "127.0.0.1");
}

static void test_host__refuses_too_many_headers(void **state)
{
    enum { TOO_MANY = 120 };
    const char *lines[TOO_MANY + 1] = {NULL};
    fixture *f = *state;

    for (int i = 0; i < 90; i++)
        lines[i] = "A: b";
    CHECK_INT(SEND(f, .method = "GET", .target = "/hello", .headers = lines), 200);
    for (int i = 0; i < TOO_MANY; i++)
        lines[i] = "A: b";
    CHECK_INT(SEND(f, .method = "GET", .target = "/hello", .headers = lines), 431);
    CHECK(reply_says(&f->reply, "\"code\":\"headers_too_large\""));
}

static void test_host__refuses_a_long_target(void **state)
{
    char target[9000] = "/segment/";
    fixture *f = *state;

    memset(target + 9, 'a', 7000);
    CHECK_INT(get(f, target), 200);
    CHECK_INT(f->reply.body.n, 7000 + 8);
    memset(target + 9, 'a', 8900);
    CHECK_INT(get(f, target), 414);
    CHECK(reply_says(&f->reply, "\"code\":\"uri_too_long\""));
}

static void test_host__gives_targets_as_they_came(void **state)
{
    static const struct {
        const char *target, *says;
    } cases[] = {
        {"/segment/a%2Fb", "name=a/b a="},
        {"/segment/a%20b+c?a=1+2%263", "name=a b+c a=1 2&3"},
        {"/segment/gr%C3%BC%C3%9F?a=%E2%82%AC", "name=gr\xc3\xbc\xc3\x9f a=\xe2\x82\xac"},
        {"/segment/x?b=2&a=%3D%3F%26%23%25", "name=x a==?&#%"},
        {"/segment/x?a=?/?&a=2", "name=x a=?/?"},
        {"/segment/x?a", "name=x a="},
        {"/segment/x?&&a=1&", "name=x a=1"},
        {"/segment/x?", "name=x a="},
    };
    fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_INT(get(f, cases[i].target), 200);
        CHECK_STR(f->reply.body, cases[i].says);
    }
    CHECK_INT(get(f, "/segment/a/b"), 404);
    CHECK_INT(get(f, "/segment/%zz"), 404);
}

static void test_host__sends_parts_of_files(void **state)
{
    static const struct {
        const char *target;
        uint64_t offset, length;
    } cases[] = {{"/file", 0, SITE_FILE},
                 {"/file?offset=1&length=299999", 1, 299999},
                 {"/file?offset=100000&length=70000", 100000, 70000},
                 {"/file?offset=299999&length=1", 299999, 1},
                 {"/file?offset=7&length=0", 7, 0}};
    fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_INT(get(f, cases[i].target), 200);
        CHECK_INT(f->reply.body.n, cases[i].length);
        CHECK(site_is(f->reply.body, cases[i].offset));
        CHECK(!f->reply.cut);
    }
}

static void test_host__sends_streams(void **state)
{
    static const char *const how[] = {"", "&known=1", "&park=1&piece=30000",
                                      "&known=1&park=1&piece=30000", "&piece=7001"};
    static const int sizes[] = {0, 1, 50000, 262144, 1000000};
    fixture *f = *state;

    for (int worker = 0; worker < 2; worker++)
        for (size_t i = 0; i < 5; i++)
            for (size_t k = 0; k < 5; k++) {
                char target[128];

                snprintf(target, sizeof target, "/stream?n=%d&worker=%d%s", sizes[k], worker,
                         how[i]);
                CHECK_INT(get(f, target), 200);
                CHECK_INT(f->reply.body.n, sizes[k]);
                CHECK(site_is(f->reply.body, 0));
                CHECK(!f->reply.cut);
            }
    CHECK(site_wait(&f->site.streams, 0));
}

static void test_host__cuts_a_stream_that_fails(void **state)
{
    static const char *const targets[] = {"/stream?n=200000&fail=100000",
                                          "/stream?n=200000&fail=100000&known=1",
                                          "/stream?n=200000&fail=100000&worker=1",
                                          "/stream?n=200000&fail=100000&worker=1&known=1",
                                          "/stream?n=200000&fail=0",
                                          "/stream?n=200000&fail=200000"};
    fixture *f = *state;

    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        CHECK_INT(get(f, targets[i]), 200);
        CHECK(f->reply.cut);
        CHECK(f->reply.body.n <= 200000);
        CHECK(site_is(f->reply.body, 0));
    }
    CHECK(site_wait(&f->site.streams, 0));
    CHECK_INT(get(f, "/hello"), 200);
}

static void test_host__streams_a_body_in(void **state)
{
    static const size_t sizes[] = {0, 1, 8192, 131072, 131073, 1 << 20};
    fixture *f = *state;

    for (size_t k = 0; k < 6; k++)
        for (int chunked = 0; chunked < 2; chunked++) {
            sac_str body = make_body(sizes[k]);
            char want[64];

            snprintf(want, sizeof want, "{\"n\": %zu, \"good\": %zu}", body.n, body.n);
            CHECK_INT(SEND(f, .method = "POST", .target = "/upload", .body = body,
                           .chunked = chunked, .piece = 50000),
                      200);
            CHECK_STR(f->reply.body, want);
            free((char *)body.p);
        }
}

/* The handler takes its time: the body waits outside, and none of it is lost. */
static void test_host__holds_a_streamed_body_back(void **state)
{
    fixture *f = *state;
    sac_str body = make_body(1 << 20);

    CHECK_INT(SEND(f, .method = "POST", .target = "/upload?ms=2", .body = body, .piece = 100000),
              200);
    CHECK_STR(f->reply.body, "{\"n\": 1048576, \"good\": 1048576}");
    free((char *)body.p);
}

static void test_host__answers_before_the_body_has_ended(void **state)
{
    fixture *f = *state;
    sac_str body = make_body(4 << 20);

    for (int chunked = 0; chunked < 2; chunked++) {
        CHECK_INT(SEND(f, .method = "POST", .target = "/upload?enough=1000", .body = body,
                       .chunked = chunked, .piece = 100000),
                  403);
        CHECK(reply_says(&f->reply, "enough"));
        CHECK_INT(SEND(f, .method = "PATCH", .target = "/nowhere", .body = sac_str_n(body.p, 60000),
                       .chunked = chunked),
                  404);
    }
    free((char *)body.p);
    CHECK_INT(get(f, "/hello"), 200);
}

static void test_host__answers_what_no_view_does(void **state)
{
    static const struct {
        const char *method, *target, *code;
        int status;
    } cases[] = {
        {"GET", "/nowhere", "not_found", 404},      {"POST", "/hello", "method_not_allowed", 405},
        {"BREW", "/hello", "not_implemented", 501}, {"get", "/hello", "not_implemented", 501},
        {"GET", "/fail", "conflict", 409},
    };
    fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char code[64];

        snprintf(code, sizeof code, "\"code\":\"%s\"", cases[i].code);
        CHECK_INT(SEND(f, .method = cases[i].method, .target = cases[i].target), cases[i].status);
        if (cases[i].status == 501 && host_gap_of(f->host->gaps, "unknown methods"))
            continue;
        CHECK(reply_says(&f->reply, code));
        CHECK_STR(reply_header(&f->reply, "Content-Type", 0), "application/problem+json");
        CHECK_STR(reply_header(&f->reply, "X-Middleware", 0), "yes");
        CHECK_STR(reply_header(&f->reply, "X-Content-Type-Options", 0), "nosniff");
    }
    CHECK_INT(SEND(f, .method = "POST", .target = "/hello"), 405);
    CHECK_STR(reply_header(&f->reply, "Allow", 0), "GET, HEAD, OPTIONS");
    CHECK_INT(SEND(f, .method = "OPTIONS", .target = "/echo"), 204);
    CHECK_STR(reply_header(&f->reply, "Allow", 0), "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
}

static void test_host__refuses_bad_hosts(void **state)
{
    fixture *f = *state;

    CHECK_INT(SEND(f, .method = "GET", .target = "/hello", .headers = WITH("Host: a b")), 400);
    CHECK(reply_says(&f->reply, "bad_host"));
    CHECK_INT(SEND(f, .method = "GET", .target = "/hello", .headers = WITH("Host: a", "Host: b")),
              400);
    CHECK(reply_says(&f->reply, "bad_host"));
    CHECK_INT(SEND(f, .method = "GET", .target = "/hello", .headers = WITH("Host: a:80")), 200);
}

static void test_host__tears_every_request_down(void **state)
{
    static const char *const targets[] = {"/hello", "/worker",  "/park?ms=1", "/stream?n=9",
                                          "/file",  "/nowhere", "/empty/204", "/fail"};
    fixture *f = *state;
    const size_t n = sizeof targets / sizeof *targets;

    for (size_t i = 0; i < n; i++)
        (void)get(f, targets[i]);
    CHECK(site_wait(&f->site.live, 0));
    CHECK_INT(atomic_load(&f->site.begun), n);
}

/* A host that mounts the app under a path; the contract by hand. */
static void never_woken(void *self)
{
    (void)self;
}

static void test_host__mounts_under_a_prefix(void **state)
{
    const sac_host_ops ops = SAC_HOST_OPS(.name = "hand", .wake = never_woken);
    const sac_head head = SAC_HEAD_INIT(.method = sac_str_of("GET"),
                                        .target = sac_str_of("/segment/x"),
                                        .prefix = sac_str_of("/under/here"));
    const sac_answer *answer = NULL;
    sac_exchange *exchange = NULL;
    fixture *f = *state;

    CHECK_INT(sac_exchange_open(f->site.app, &ops, NULL, &exchange), SAC_OK);
    CHECK_INT(sac_exchange_head(exchange, &head), SAC_OK);
    CHECK_INT(sac_exchange_end(exchange), SAC_OK);
    CHECK_INT(sac_exchange_answer(exchange, &answer), SAC_OK);
    CHECK_INT(answer->status, 200);
    CHECK_STR(answer->bytes, "name=x a=");
    sac_exchange_close(exchange);
}

#define CASE(name)                                      \
    {                                                   \
#name, test_host__##name, setup, teardown, NULL \
    }
#define LARGE(name)                                           \
    {                                                         \
#name, test_host__##name, setup_large, teardown, NULL \
    }
static const struct CMUnitTest cases[] = {
    CASE(answers_get),
    CASE(answers_head_as_get_without_body),
    CASE(carries_bodies),
    CASE(carries_a_body_in_single_bytes),
    CASE(refuses_a_body_over_the_limit),
    LARGE(carries_ten_megabytes),
    CASE(parks),
    CASE(loses_no_wake),
    CASE(sends_no_body_with_204_and_304),
    CASE(redirects),
    CASE(sends_headers_as_they_were_set),
    CASE(gives_headers_as_they_came),
    CASE(refuses_too_many_headers),
    CASE(refuses_a_long_target),
    CASE(gives_targets_as_they_came),
    CASE(sends_parts_of_files),
    CASE(sends_streams),
    CASE(cuts_a_stream_that_fails),
    CASE(streams_a_body_in),
    CASE(holds_a_streamed_body_back),
    CASE(answers_before_the_body_has_ended),
    CASE(answers_what_no_view_does),
    CASE(refuses_bad_hosts),
    CASE(tears_every_request_down),
    CASE(mounts_under_a_prefix),
};

int main(void)
{
    return run_on_hosts(cases, sizeof cases / sizeof *cases);
}

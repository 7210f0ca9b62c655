/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <sacrum/host/loopback.h>

#include <zlib.h>

enum { LARGE = 600 * 1000 };

/* What the view answers. */
static struct {
    int status;
    const char *type, *etag, *name, *value;
    size_t n, step;
    bool random, streams, parks, fails, judges;
    size_t given;
    bool parked;
    int closed;
} as;

static char text[LARGE], noise[LARGE];

static int pull(void *self, sac_req *req, void *buf, size_t cap, size_t *n)
{
    size_t left = as.n - as.given;
    sac_ticket *ticket;

    (void)self;
    if (as.parks && !as.parked) {
        CHECK_INT(sac_req_park(req, NULL, NULL, &ticket), SAC_OK);
        as.parked = true;
        sac_ticket_redeem(ticket);
        return SAC_LATER;
    }
    as.parked = false;
    if (left == 0)
        return as.fails ? SAC_EIO : 0;
    left = left < cap ? left : cap;
    left = as.step && left > as.step ? as.step : left;
    memcpy(buf, text + as.given, left);
    as.given += left;
    *n = left;
    return 1;
}

static void close_source(void *self)
{
    (void)self;
    as.closed++;
}

static const sac_stream_ops inline_source = SAC_STREAM_OPS(.pull = pull, .close = close_source,
                                                           .flags = SAC_INLINE);
static const sac_stream_ops waiting_source = SAC_STREAM_OPS(.pull = pull, .close = close_source);

static int set_fields(sac_req *req)
{
    int rc = as.etag ? sac_reply_header(req, "ETag", sac_str_of(as.etag)) : SAC_OK;

    if (rc == SAC_OK && as.name)
        rc = sac_reply_header(req, as.name, sac_str_of(as.value));
    return rc;
}

static int answer(void *self, sac_req *req)
{
    const int rc = set_fields(req);

    if (rc != SAC_OK)
        return rc;
    if (as.judges && sac_str_is(sac_req_header(req, "if-none-match"), as.etag))
        return sac_reply_empty(req, 304);
    as.given = 0;
    if (as.streams)
        return sac_reply_stream(req, as.status, as.type, -1, self ? self : &inline_source, NULL);
    return sac_reply_static(req, as.status, as.type, sac_str_n(as.random ? noise : text, as.n));
}

/* What the view saw of If-Match. */
static char seen[256];

static int put(void *self, sac_req *req)
{
    const sac_str match = sac_req_header(req, "if-match");

    (void)self;
    snprintf(seen, sizeof seen, "%.*s", (int)match.n, match.p ? match.p : "");
    return sac_reply_json(req, 200, sac_str_of("{}"));
}

static const sac_view_ops view = SAC_VIEW_OPS(.name = "view", .flags = SAC_INLINE, .get = answer,
                                              .put = put);
static const sac_view_ops slow_view = SAC_VIEW_OPS(.name = "slow", .get = answer);

static int build(const sac_alloc *alloc, int workers, sac_app **out)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = workers, .alloc = alloc);
    sac_err err = {.code = 0};
    int rc = sac_app_new(&config, out, &err);

    if (rc == SAC_OK)
        rc = sac_app_gzip(*out, 0, &err);
    if (rc == SAC_OK)
        rc = sac_app_mount(*out, "/view", &view, NULL, &err);
    if (rc == SAC_OK)
        rc = sac_app_mount(*out, "/slow", &slow_view, (void *)&waiting_source, &err);
    if (rc == SAC_OK)
        rc = sac_app_static(*out, "/static", in_top("public"), &err);
    return rc == SAC_OK ? sac_app_seal(*out, &err) : rc;
}

static int setup(void **state)
{
    uint32_t seed = 1;
    FILE *f;

    (void)state;
    make_tree();
    for (size_t i = 0; i < LARGE; i++) {
        seed = seed * 1664525 + 1013904223;
        text[i] = "{\"title\": [1, 23, 456], \"x\"}\n"[(i + (seed >> 30)) % 30];
        noise[i] = (char)(seed >> 24);
    }
    for (int i = 0; i < 2; i++) {
        f = fopen(in_top(i ? "public/large.txt" : "public/small.txt"), "w");
        CHECK(f && fwrite(text, 1, i ? LARGE : 5000, f) > 0 && fclose(f) == 0);
    }
    return build(NULL, SAC_NO_WORKERS, &app);
}

static int teardown(void **state)
{
    (void)state;
    sac_app_free(app);
    return remove_tree();
}

static void check_gunzips(sac_str got, const char *want, size_t n)
{
    char *out = malloc(n + 1);
    z_stream z = {.next_in = (Bytef *)(uintptr_t)got.p,
                  .avail_in = (uInt)got.n,
                  .next_out = (Bytef *)out,
                  .avail_out = (uInt)n + 1};

    CHECK_INT(inflateInit2(&z, 15 + 16), Z_OK);
    CHECK_INT(inflate(&z, Z_FINISH), Z_STREAM_END);
    CHECK_INT(z.avail_in, 0);
    CHECK_INT(n + 1 - z.avail_out, n);
    CHECK(memcmp(out, want, n) == 0);
    CHECK_INT(inflateEnd(&z), Z_OK);
    free(out);
}

static void check_coded(size_t n)
{
    CHECK_INT(reply.status, 200);
    assert_string_equal(header("content-encoding"), "gzip");
    assert_string_equal(header("vary"), "Accept-Encoding");
    check_gunzips(sac_str_n(reply.body, reply.n), text, n);
}

static void check_plain(size_t n)
{
    CHECK_INT(reply.status, 200);
    assert_string_equal(header("content-encoding"), "");
    CHECK_INT(reply.n, n);
}

/* As an ordinary answer of `n` bytes of JSON. */
static void answer_json(size_t n)
{
    memset(&as, 0, sizeof as);
    as.status = 200;
    as.type = "application/json";
    as.n = n;
}

static int ask(const char *target)
{
    return get_with(target, "Accept-Encoding", "gzip");
}

static void test_gzip__codes_what_gains_by_it(void **state)
{
    static const char *const types[] = {"application/json",
                                        "text/html; charset=utf-8",
                                        "application/problem+json",
                                        "text/javascript",
                                        "image/svg+xml",
                                        "application/xml ; a=b",
                                        "APPLICATION/JSON"};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        answer_json(5000);
        as.type = types[i];
        CHECK_INT(ask("/view"), 200);
        check_coded(5000);
        CHECK(reply.n < 3000);
        CHECK_INT(reply.length, reply.n);
    }
    answer_json(1024);
    CHECK_INT(ask("/view"), 200);
    check_coded(1024);
    answer_json(5000);
    as.status = 404;
    CHECK_INT(ask("/view"), 404);
    assert_string_equal(header("content-encoding"), "gzip");
}

static void test_gzip__leaves_the_rest_alone(void **state)
{
    static const struct {
        int status;
        size_t n;
        const char *type, *name, *value;
    } cases[] = {{200, 1023, "application/json", NULL, NULL},
                 {200, 5000, "image/png", NULL, NULL},
                 {200, 5000, "application/octet-stream", NULL, NULL},
                 {200, 5000, "application/jsonx", NULL, NULL},
                 {200, 5000, "application/json", "Content-Encoding", "br"},
                 {200, 5000, "application/json", "Cache-Control", "no-cache, no-transform"},
                 {204, 5000, "application/json", NULL, NULL}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        answer_json(cases[i].n);
        as.status = cases[i].status;
        as.type = cases[i].type;
        as.name = cases[i].name;
        as.value = cases[i].value;
        as.etag = "\"x\"";
        CHECK_INT(ask("/view"), cases[i].status);
        CHECK_INT(reply.n, cases[i].status == 204 ? 0 : cases[i].n);
        assert_string_equal(header("vary"), "");
        assert_string_equal(header("etag"), "\"x\"");
        CHECK(strcmp(header("content-encoding"), "gzip") != 0);
    }
}

static void test_gzip__sends_what_does_not_shrink_as_it_is(void **state)
{
    (void)state;
    answer_json(5000);
    as.random = true;
    as.etag = "\"x\"";
    CHECK_INT(ask("/view"), 200);
    check_plain(5000);
    assert_string_equal(header("etag"), "\"x\"");
    assert_string_equal(header("vary"), "Accept-Encoding");
}

static void test_gzip__is_for_who_takes_it(void **state)
{
    static const char *const refusing[] = {
        "", "br", "gzip;q=0", "identity;q=1, gzip;q=0.5", "*;q=0", "deflate"};
    static const char *const taking[] = {"gzip, deflate, br", "x-gzip", "*", "GZip;q=0.1",
                                         "br;q=1, gzip;q=0.2"};

    (void)state;
    answer_json(5000);
    CHECK_INT(get("/view"), 200);
    check_plain(5000);
    assert_string_equal(header("vary"), "Accept-Encoding");
    for (size_t i = 0; i < sizeof refusing / sizeof *refusing; i++) {
        CHECK_INT(get_with("/view", "Accept-Encoding", refusing[i]), 200);
        check_plain(5000);
        assert_string_equal(header("vary"), "Accept-Encoding");
    }
    for (size_t i = 0; i < sizeof taking / sizeof *taking; i++) {
        CHECK_INT(get_with("/view", "Accept-Encoding", taking[i]), 200);
        check_coded(5000);
    }
}

static void test_gzip__keeps_the_members_of_vary(void **state)
{
    (void)state;
    answer_json(5000);
    as.name = "Vary";
    as.value = "Accept, Cookie";
    CHECK_INT(ask("/view"), 200);
    assert_string_equal(header("vary"), "Accept, Cookie, Accept-Encoding");
}

static void test_gzip__answers_head_as_get(void **state)
{
    const sac_header takes = {{"Accept-Encoding", 15}, {"gzip", 4}};
    static const char *const targets[] = {"/view", "/static/small.txt", "/static/large.txt"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        int64_t length;

        answer_json(5000);
        as.etag = "\"x\"";
        CHECK_INT(ask(targets[i]), 200);
        length = reply.length;
        CHECK_INT(send(app, "HEAD", targets[i], &takes, 1), 200);
        CHECK(reply.head);
        CHECK_INT(reply.length, length);
        assert_string_equal(header("content-encoding"), "gzip");
        assert_string_equal(header("vary"), "Accept-Encoding");
        CHECK(strstr(header("etag"), "-gzip\"") != NULL);
    }
}

static void test_gzip__codes_files(void **state)
{
    (void)state;
    CHECK_INT(ask("/static/small.txt"), 200);
    check_coded(5000);
    CHECK(!reply.is_stream);
    assert_string_equal(header("accept-ranges"), "");
    assert_string_equal(header("content-type"), "text/plain; charset=utf-8");
    for (pull_cap = 1; pull_cap < 70000; pull_cap = pull_cap * 7 + 2) {
        CHECK_INT(ask("/static/large.txt"), 200);
        CHECK(reply.is_stream);
        CHECK_INT(reply.length, -1);
        check_coded(LARGE);
    }
    pull_cap = 16 * 1024;
    CHECK_INT(get("/static/large.txt"), 200);
    CHECK(reply.is_file);
    assert_string_equal(header("vary"), "Accept-Encoding");
    assert_string_equal(header("accept-ranges"), "bytes");
}

static void test_gzip__leaves_ranges_alone(void **state)
{
    const sac_header fields[] = {{{"Accept-Encoding", 15}, {"gzip", 4}},
                                 {{"Range", 5}, {"bytes=0-1999", 12}}};

    (void)state;
    CHECK_INT(send(app, "GET", "/static/small.txt", fields, 2), 206);
    CHECK_INT(reply.n, 2000);
    assert_string_equal(header("content-encoding"), "");
    CHECK(strstr(header("etag"), "gzip") == NULL);
    assert_string_equal(header("vary"), "Accept-Encoding");
}

static void test_gzip__codes_large_bytes_as_a_stream(void **state)
{
    (void)state;
    answer_json(LARGE);
    CHECK_INT(ask("/view"), 200);
    CHECK(reply.is_stream);
    check_coded(LARGE);
}

static void test_gzip__codes_streams_piece_by_piece(void **state)
{
    static const size_t caps[] = {1, 5, 63, 64, 100, 16384};
    static const size_t steps[] = {0, 1, 1000};

    (void)state;
    for (size_t i = 0; i < 18; i++) {
        answer_json(i % 3 == 1 ? 300 : 100000);
        as.streams = true;
        as.parks = i % 2;
        as.step = steps[i % 3];
        pull_cap = caps[i / 3];
        CHECK_INT(ask("/view"), 200);
        CHECK(reply.is_stream);
        check_coded(as.n);
        CHECK_INT(as.closed, 1);
    }
    pull_cap = 16 * 1024;
}

/* Opens an exchange and says what it answers. */
static sac_exchange *open_exchange(sac_app *of, const char *target)
{
    static const sac_host_ops host = {
        .size = sizeof(sac_host_ops), .name = "test", .wake = no_wake};
    const sac_header takes = {{"Accept-Encoding", 15}, {"gzip", 4}};
    const sac_head head = SAC_HEAD_INIT(.method = {"GET", 3}, .target = sac_str_of(target),
                                        .headers = &takes, .n_headers = 1);
    const sac_answer *got;
    sac_exchange *exchange;

    CHECK_INT(sac_exchange_open(of, &host, NULL, &exchange), SAC_OK);
    CHECK(sac_exchange_head(exchange, &head) >= 0);
    CHECK_INT(sac_exchange_end(exchange), SAC_OK);
    CHECK_INT(sac_exchange_answer(exchange, &got), SAC_OK);
    return exchange;
}

static void test_gzip__lets_a_reader_see_each_piece(void **state)
{
    char buf[4096], out[4096];
    sac_exchange *exchange;
    z_stream z = {.next_out = (Bytef *)out, .avail_out = sizeof out};
    size_t n = 0;

    (void)state;
    answer_json(100);
    as.type = "text/event-stream";
    as.streams = true;
    as.step = 10;
    exchange = open_exchange(app, "/view");
    CHECK_INT(sac_exchange_pull(exchange, buf, sizeof buf, &n), 1);
    CHECK_INT(inflateInit2(&z, 15 + 16), Z_OK);
    z.next_in = (Bytef *)buf;
    z.avail_in = (uInt)n;
    CHECK_INT(inflate(&z, Z_SYNC_FLUSH), Z_OK);
    CHECK_INT(sizeof out - z.avail_out, 10);
    CHECK_INT(inflateEnd(&z), Z_OK);
    sac_exchange_close(exchange); /* the client left */
    CHECK_INT(as.closed, 1);
}

static void test_gzip__cuts_where_its_source_fails(void **state)
{
    char buf[4096];
    sac_exchange *exchange;
    size_t n = 0;
    int rc;

    (void)state;
    answer_json(100);
    as.streams = as.fails = true;
    exchange = open_exchange(app, "/view");
    do
        rc = sac_exchange_pull(exchange, buf, sizeof buf, &n);
    while (rc == 1);
    CHECK_INT(rc, SAC_EIO);
    sac_exchange_close(exchange);
    CHECK_INT(as.closed, 1);
}

static void test_gzip__cuts_a_file_that_became_shorter(void **state)
{
    char buf[4096];
    sac_exchange *exchange;
    size_t n = 0;
    int rc;

    (void)state;
    exchange = open_exchange(app, "/static/large.txt");
    CHECK_INT(truncate(in_top("public/large.txt"), 1000), 0);
    do
        rc = sac_exchange_pull(exchange, buf, sizeof buf, &n);
    while (rc == 1);
    CHECK_INT(rc, SAC_EIO);
    sac_exchange_close(exchange);
}

static size_t live, peak;

static void *count(void *self, void *old, size_t old_n, size_t n)
{
    void *p = n ? realloc(old, n) : (free(old), NULL);

    (void)self;
    live = live - old_n + n;
    peak = live > peak ? live : peak;
    return p;
}

static void test_gzip__takes_little_memory_of_any_length(void **state)
{
    const sac_alloc counting = {.size = sizeof counting, .resize = count};
    char buf[16 * 1024];
    sac_app *made = NULL;
    size_t n, before;

    (void)state;
    CHECK_INT(build(&counting, SAC_NO_WORKERS, &made), SAC_OK);
    for (int i = 0; i < 2; i++) {
        sac_exchange *exchange;

        answer_json(LARGE);
        as.streams = true;
        before = peak = live;
        exchange = open_exchange(made, i ? "/static/large.txt" : "/view");
        while (sac_exchange_pull(exchange, buf, sizeof buf, &n) == 1)
            ;
        CHECK(peak - before > 100 * 1024); /* it is counted */
        CHECK(peak - before < 200 * 1024);
        sac_exchange_close(exchange);
    }
    sac_app_free(made);
    CHECK_INT(live, 0);
}

/* A source that waits is drained by a worker. */
static void test_gzip__codes_on_workers(void **state)
{
    static const char *const headers[] = {"Accept-Encoding: gzip", NULL};
    const sac_loopback_request request = SAC_LOOPBACK_REQUEST(.method = "GET", .target = "/slow",
                                                              .headers = headers);
    sac_loopback_reply got = {0};
    sac_loopback *client = NULL;
    sac_app *made = NULL;
    sac_err err = {.code = 0};

    (void)state;
    CHECK_INT(build(NULL, 2, &made), SAC_OK);
    CHECK_INT(sac_loopback_new(made, &client, &err), SAC_OK);
    for (int i = 0; i < 4; i++) {
        answer_json(i < 2 ? LARGE : 5000);
        as.streams = true;
        as.parks = i % 2;
        CHECK_INT(sac_loopback_send(client, &request, &got, &err), SAC_OK);
        CHECK_INT(got.status, 200);
        CHECK(!got.cut);
        check_gunzips(got.body, text, as.n);
    }
    sac_loopback_free(client);
    sac_app_free(made);
    CHECK_INT(as.closed, 1);
}

static int ask_tagged(const char *accept, const char *name, const char *value)
{
    const sac_header fields[] = {{{"Accept-Encoding", 15}, sac_str_of(accept)},
                                 {sac_str_of(name), sac_str_of(value)}};

    answer_json(5000);
    as.etag = "\"s.v\"";
    as.judges = true;
    return send(app, "GET", "/view", fields, 2);
}

static void test_gzip__gives_the_variant_a_tag_of_its_own(void **state)
{
    (void)state;
    CHECK_INT(ask_tagged("gzip", "X", "y"), 200);
    assert_string_equal(header("etag"), "\"s.v-gzip\"");
    CHECK_INT(ask_tagged("gzip", "If-None-Match", "\"s.v-gzip\""), 304);
    assert_string_equal(header("etag"), "\"s.v-gzip\"");
    assert_string_equal(header("vary"), "Accept-Encoding");
    CHECK_INT(ask_tagged("gzip", "If-None-Match", "\"s.v\""), 304);
    assert_string_equal(header("etag"), "\"s.v\"");
    CHECK_INT(ask_tagged("gzip", "If-None-Match", "\"s.w-gzip\""), 200);
    CHECK_INT(ask_tagged("br", "If-None-Match", "\"s.v-gzip\""), 200); /* not what it would get */
    assert_string_equal(header("etag"), "\"s.v\"");
    CHECK_INT(ask_tagged("br", "If-None-Match", "\"s.v\""), 304);
    answer_json(5000);
    as.etag = "W/\"s\"";
    CHECK_INT(ask("/view"), 200);
    assert_string_equal(header("etag"), "W/\"s\"");
}

static void test_gzip__conditions_on_files_see_through_it(void **state)
{
    char plain[64], coded[64], list[256];
    sac_header fields[] = {{{"Accept-Encoding", 15}, {"gzip", 4}}, {{NULL, 0}, {NULL, 0}}};

    (void)state;
    CHECK_INT(get("/static/small.txt"), 200);
    snprintf(plain, sizeof plain, "%s", header("etag"));
    CHECK_INT(ask("/static/small.txt"), 200);
    snprintf(coded, sizeof coded, "%s", header("etag"));
    CHECK(strcmp(plain, coded) != 0);
    snprintf(list, sizeof list, "\"a\", %s, \"b-gzip\"", coded);
    fields[1] = (sac_header){sac_str_of("If-None-Match"), sac_str_of(list)};
    CHECK_INT(send(app, "GET", "/static/small.txt", fields, 2), 304);
    assert_string_equal(header("etag"), coded);
    fields[1] = (sac_header){sac_str_of("If-Match"), sac_str_of(coded)};
    CHECK_INT(send(app, "GET", "/static/small.txt", fields, 2), 200);
    CHECK_INT(send(app, "GET", "/static/small.txt", fields + 1, 1), 200);
    fields[1].value = sac_str_of("\"0-gzip\"");
    CHECK_INT(send(app, "GET", "/static/small.txt", fields, 2), 412);
}

static void test_gzip__a_range_goes_with_its_own_variant(void **state)
{
    char coded[64];
    sac_header fields[] = {{{"Accept-Encoding", 15}, {"gzip", 4}},
                           {{"Range", 5}, {"bytes=0-9", 9}},
                           {{"If-Range", 8}, {NULL, 0}}};

    (void)state;
    CHECK_INT(ask("/static/small.txt"), 200);
    snprintf(coded, sizeof coded, "%s", header("etag"));
    fields[2].value = sac_str_of(coded);
    CHECK_INT(send(app, "GET", "/static/small.txt", fields, 3),
              200); /* no part of another coding */
    check_coded(5000);
}

static void test_gzip__writers_never_see_the_suffix(void **state)
{
    const sac_header fields[] = {{{"If-Match", 8}, sac_str_of("\"a.b-gzip\", W/\"c-gzip\",\"d\"")}};

    (void)state;
    CHECK_INT(send(app, "PUT", "/view", fields, 1), 200);
    assert_string_equal(seen, "\"a.b\", W/\"c\",\"d\"");
}

static void test_gzip__judges_what_it_is_given(void **state)
{
    sac_app *other = NULL;
    sac_err err = {.code = 0};

    (void)state;
    CHECK_INT(sac_app_new(NULL, &other, &err), SAC_OK);
    CHECK_INT(sac_app_gzip(other, -1, &err), SAC_EINVAL);
    CHECK_INT(sac_app_gzip(other, 10, &err), SAC_EINVAL);
    CHECK_INT(sac_app_gzip(other, 9, &err), SAC_OK);
    CHECK_INT(sac_app_gzip(other, 0, &err), SAC_EEXIST);
    sac_app_free(other);
    CHECK_INT(sac_app_gzip(app, 1, &err), SAC_EINVAL);
}

static void test_gzip__survives_oom(void **state)
{
    static const char *const targets[] = {"/view", "/static/small.txt", "/static/large.txt"};
    fault_alloc fault;
    sac_app *made = NULL;
    int rc = SAC_ENOMEM;

    (void)state;
    for (long n = 0; rc != SAC_OK; n++) {
        CHECK(n < 1000);
        made = NULL;
        rc = build(fault_alloc_init(&fault, n), SAC_NO_WORKERS, &made);
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        if (rc != SAC_OK) {
            sac_app_free(made);
            CHECK_INT(fault.live, 0);
        }
    }
    for (size_t i = 0; i < 3; i++)
        for (long n = 1; n < 30; n++) {
            char buf[4096];
            sac_exchange *exchange;
            size_t got;
            int end = 1;

            answer_json(200000);
            as.streams = n % 2;
            as.etag = "\"x\"";
            fault.left = n;
            exchange = open_exchange(made, targets[i]);
            while (end == 1)
                end = sac_exchange_pull(exchange, buf, sizeof buf, &got);
            CHECK(end == 0 || end == SAC_ENOMEM || end == SAC_EINVAL); /* EINVAL: no stream */
            sac_exchange_close(exchange);
            CHECK_INT(as.closed, i == 0 && n % 2 ? 1 : 0);
        }
    fault.left = -1;
    sac_app_free(made);
    CHECK_INT(fault.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gzip__codes_what_gains_by_it),
        cmocka_unit_test(test_gzip__leaves_the_rest_alone),
        cmocka_unit_test(test_gzip__sends_what_does_not_shrink_as_it_is),
        cmocka_unit_test(test_gzip__is_for_who_takes_it),
        cmocka_unit_test(test_gzip__keeps_the_members_of_vary),
        cmocka_unit_test(test_gzip__answers_head_as_get),
        cmocka_unit_test(test_gzip__codes_files),
        cmocka_unit_test(test_gzip__leaves_ranges_alone),
        cmocka_unit_test(test_gzip__codes_large_bytes_as_a_stream),
        cmocka_unit_test(test_gzip__codes_streams_piece_by_piece),
        cmocka_unit_test(test_gzip__lets_a_reader_see_each_piece),
        cmocka_unit_test(test_gzip__cuts_where_its_source_fails),
        cmocka_unit_test(test_gzip__takes_little_memory_of_any_length),
        cmocka_unit_test(test_gzip__codes_on_workers),
        cmocka_unit_test(test_gzip__gives_the_variant_a_tag_of_its_own),
        cmocka_unit_test(test_gzip__conditions_on_files_see_through_it),
        cmocka_unit_test(test_gzip__a_range_goes_with_its_own_variant),
        cmocka_unit_test(test_gzip__writers_never_see_the_suffix),
        cmocka_unit_test(test_gzip__judges_what_it_is_given),
        cmocka_unit_test(test_gzip__survives_oom),
        cmocka_unit_test(test_gzip__cuts_a_file_that_became_shorter),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

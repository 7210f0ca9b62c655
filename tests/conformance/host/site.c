/* SPDX-License-Identifier: MIT */
#include "site.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

void sleep_ms(unsigned ms)
{
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    nanosleep(&t, NULL);
}

double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

bool site_wait(atomic_int *counter, int value)
{
    for (int i = 0; i < 1000 && atomic_load(counter) != value; i++)
        sleep_ms(5);
    return atomic_load(counter) == value;
}

char site_byte(uint64_t at)
{
    return (char)(at * 131 + (at >> 8) * 17);
}

bool site_is(sac_str bytes, uint64_t from)
{
    for (size_t i = 0; i < bytes.n; i++)
        if (bytes.p[i] != site_byte(from + i))
            return false;
    return true;
}

static int64_t query(sac_req *req, const char *name, int64_t fallback)
{
    int64_t n = fallback;

    return sac_req_query_int(req, name, 0, INT64_MAX, fallback, &n) == SAC_OK ? n : fallback;
}

/* Middleware */

static int count_in(void *self, sac_req *req)
{
    site *s = self;

    (void)req;
    atomic_fetch_add(&s->live, 1);
    atomic_fetch_add(&s->begun, 1);
    return 0;
}

static int mark(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_header(req, "X-Middleware", sac_str_of("yes"));
}

static int count_out(void *self, sac_req *req)
{
    site *s = self;

    (void)req;
    atomic_fetch_sub(&s->live, 1);
    return 0;
}

static const sac_middleware_ops counting = SAC_MIDDLEWARE_OPS(.name = "counting",
                                                              .flags = SAC_INLINE,
                                                              .before = count_in, .after = mark,
                                                              .teardown = count_out);

/* Plain answers */

static int say_hello(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_text(req, 200, "hello");
}

static int echo(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_bytes(req, 200, "application/octet-stream", sac_req_body(req));
}

static int echo_header(void *self, sac_req *req)
{
    sac_str value = sac_req_header(req, "x-echo");

    (void)self;
    return sac_reply_bytes(req, 200, "text/plain", value.p ? value : sac_str_of("(none)"));
}

static int be_empty(void *self, sac_req *req)
{
    int64_t status = 0;

    (void)self;
    if (!sac_req_param_int(req, "status", &status))
        return sac_fail(req, SAC_EINVAL, "no status");
    return sac_reply_empty(req, (int)status);
}

static int redirect(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_redirect(req, 303, "/hello?from=here");
}

static int many_headers(void *self, sac_req *req)
{
    int rc = sac_reply_text(req, 200, "ok");

    (void)self;
    for (int i = 0; i < 3 && rc == SAC_OK; i++)
        rc = sac_reply_add_header(req, "Set-Cookie",
                                  sac_req_printf(req, "c%d=v%d; Path=/; HttpOnly", i, i));
    if (rc == SAC_OK)
        rc = sac_reply_header(req, "X-Long", sac_req_printf(req, "%04000d", 7));
    if (rc == SAC_OK)
        rc = sac_reply_header(req, "X-Text", sac_str_of("gr\xc3\xbc\xc3\x9f \"q\", a;b=c"));
    return rc;
}

static int show_segment(void *self, sac_req *req)
{
    sac_str name = sac_req_param(req, "name"), a = sac_req_query(req, "a");

    (void)self;
    return sac_reply_text(
        req, 200,
        sac_req_printf(req, "name=%.*s a=%.*s", (int)name.n, name.p, (int)a.n, a.p ? a.p : "").p);
}

static int fail_on_purpose(void *self, sac_req *req)
{
    (void)self;
    return sac_fail(req, SAC_ECONFLICT, "on purpose");
}

static int show_peer(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_bytes(req, 200, "text/plain", sac_req_peer(req));
}

static int send_file(void *self, sac_req *req)
{
    const site *s = self;

    return sac_reply_file(req, 200, "application/octet-stream", dup(s->file),
                          (uint64_t)query(req, "offset", 0),
                          (uint64_t)query(req, "length", SITE_FILE));
}

static int sleep_a_while(void *self, sac_req *req)
{
    site *s = self;

    atomic_fetch_add(&s->working, 1);
    sleep_ms((unsigned)query(req, "ms", 100));
    atomic_fetch_sub(&s->working, 1);
    return sac_reply_text(req, 200, "slept");
}

/* What was asked must be there for as long as the handler runs, whether or not the client is. */
static int look_later(void *self, sac_req *req)
{
    site *s = self;
    char buf[64];
    size_t n = 0;

    atomic_fetch_add(&s->working, 1);
    while (sac_req_read(req, buf, sizeof buf, &n) == 1)
        ;
    sleep_ms((unsigned)query(req, "ms", 100));
    if (sac_str_is(sac_req_header(req, "x-echo"), "a value") &&
        sac_str_is(sac_req_query(req, "a"), "b c") &&
        sac_str_is(sac_req_param(req, "name"), "some thing") &&
        sac_str_is(sac_req_path(req), "/late/some thing") &&
        sac_str_is(sac_req_peer(req), "127.0.0.1"))
        atomic_fetch_add(&s->intact, 1);
    atomic_fetch_sub(&s->working, 1);
    return sac_reply_text(req, 200, "looked");
}

/* Parking */

static int answer_parked(void *self, sac_req *req)
{
    int *left = self;

    if (left && --*left > 0) {
        sac_ticket *ticket = NULL;
        int rc = sac_req_park(req, answer_parked, left, &ticket);

        if (rc != SAC_OK)
            return rc;
        sac_ticket_redeem(ticket);
        return SAC_LATER;
    }
    return sac_reply_text(req, 200, "parked and back");
}

typedef struct alarm_clock {
    site *s;
    sac_ticket *ticket;
    unsigned ms;
} alarm_clock;

static void *ring(void *self)
{
    alarm_clock *a = self;

    sleep_ms(a->ms);
    sac_ticket_redeem(a->ticket);
    atomic_fetch_sub(&a->s->ringing, 1);
    free(a);
    return NULL;
}

static int redeem_later(site *s, sac_ticket *ticket, unsigned ms)
{
    alarm_clock *a = malloc(sizeof *a);
    pthread_t thread;

    if (!a)
        return SAC_ENOMEM;
    *a = (alarm_clock){s, ticket, ms};
    atomic_fetch_add(&s->ringing, 1);
    if (pthread_create(&thread, NULL, ring, a) != 0)
        abort();
    pthread_detach(thread);
    return SAC_LATER;
}

/* ?ms=: redeemed by another thread so much later; ?times=: at once, so many times. */
static int park(void *self, sac_req *req)
{
    int64_t times = query(req, "times", 0);
    int *left = sac_req_alloc(req, sizeof *left);
    sac_ticket *ticket = NULL;
    int rc = left ? sac_req_park(req, answer_parked, left, &ticket) : SAC_ENOMEM;

    if (rc != SAC_OK)
        return rc;
    *left = (int)times;
    if (times == 0)
        return redeem_later(self, ticket, (unsigned)query(req, "ms", 0));
    sac_ticket_redeem(ticket);
    return SAC_LATER;
}

/* Redeemed by site_redeem_at_once(), so soon that it may be before the host knows. */
static int hand_over(void *self, sac_req *req)
{
    site *s = self;
    sac_ticket *ticket = NULL;
    int rc = sac_req_park(req, answer_parked, NULL, &ticket);

    if (rc != SAC_OK)
        return rc;
    atomic_store(&s->handed, (uintptr_t)ticket);
    return SAC_LATER;
}

void *site_redeem_at_once(void *self)
{
    site *s = self;
    volatile unsigned wait;

    for (unsigned i = 0; !atomic_load(&s->over);) {
        uintptr_t ticket = atomic_exchange(&s->handed, 0);

        if (!ticket)
            continue;
        for (wait = 0; wait < i % 20000; wait++)
            ;
        i += 17;
        sac_ticket_redeem((sac_ticket *)ticket);
    }
    return NULL;
}

static int keep(void *self, sac_req *req)
{
    site *s = self;
    sac_ticket *ticket = NULL;
    int rc = sac_req_park(req, answer_parked, NULL, &ticket);

    if (rc != SAC_OK)
        return rc;
    pthread_mutex_lock(&s->lock);
    s->parked[s->n_parked++] = ticket;
    pthread_mutex_unlock(&s->lock);
    return SAC_LATER;
}

void site_redeem(site *s)
{
    pthread_mutex_lock(&s->lock);
    while (s->n_parked > 0)
        sac_ticket_redeem(s->parked[--s->n_parked]);
    pthread_mutex_unlock(&s->lock);
}

size_t site_parked(site *s)
{
    size_t n;

    pthread_mutex_lock(&s->lock);
    n = s->n_parked;
    pthread_mutex_unlock(&s->lock);
    return n;
}

/* Streams */

typedef struct source {
    site *s;
    uint64_t at, end, fail_at, piece;
    bool parks, parked;
} source;

static int source_pull(void *self, sac_req *req, void *buf, size_t cap, size_t *n)
{
    source *from = self;
    uint64_t left = from->end - from->at;
    char *to = buf;

    if (from->at >= from->fail_at)
        return SAC_EIO;
    if (left == 0)
        return 0;
    if (from->parks && !from->parked) {
        sac_ticket *ticket = NULL;
        int rc = sac_req_park(req, NULL, NULL, &ticket);

        if (rc != SAC_OK)
            return rc;
        from->parked = true;
        return redeem_later(from->s, ticket, 1);
    }
    from->parked = false;
    *n = (size_t)(left < cap ? left : cap);
    if (*n > from->piece)
        *n = (size_t)from->piece;
    for (size_t i = 0; i < *n; i++)
        to[i] = site_byte(from->at + i);
    from->at += *n;
    atomic_fetch_add(&from->s->pulled, (long long)*n);
    return 1;
}

static void source_close(void *self)
{
    source *from = self;

    atomic_fetch_sub(&from->s->streams, 1);
}

static const sac_stream_ops inline_source = SAC_STREAM_OPS(.pull = source_pull,
                                                           .close = source_close,
                                                           .flags = SAC_INLINE);
static const sac_stream_ops blocking_source = SAC_STREAM_OPS(.pull = source_pull,
                                                             .close = source_close);

/* ?n=: bytes; ?known=1: told beforehand; ?fail=: after so many; ?park=1; ?worker=1; ?piece= */
static int send_stream(void *self, sac_req *req)
{
    const int64_t n = query(req, "n", 100000);
    source *from = sac_req_alloc(req, sizeof *from);

    if (!from)
        return SAC_ENOMEM;
    *from = (source){.s = self,
                     .end = (uint64_t)n,
                     .fail_at = (uint64_t)query(req, "fail", INT64_MAX),
                     .piece = (uint64_t)query(req, "piece", 50000),
                     .parks = query(req, "park", 0)};
    atomic_fetch_add(&from->s->streams, 1);
    return sac_reply_stream(req, 200, "application/octet-stream", query(req, "known", 0) ? n : -1,
                            query(req, "worker", 0) ? &blocking_source : &inline_source, from);
}

/* ?ms=: before each read; ?enough=: answers after so many bytes. */
static int take_upload(void *self, sac_req *req)
{
    const unsigned ms = (unsigned)query(req, "ms", 0);
    const int64_t enough = query(req, "enough", INT64_MAX);
    site *s = self;
    int64_t sum = 0, all = 0;
    char buf[8192];
    size_t n = 0;
    int rc = 1;

    while (all < enough && (rc = sac_req_read(req, buf, sizeof buf, &n)) == 1) {
        for (size_t i = 0; i < n; i++)
            sum += buf[i] == site_byte((uint64_t)all + i);
        all += (int64_t)n;
        atomic_fetch_add(&s->read, (long long)n);
        if (ms)
            sleep_ms(ms);
    }
    if (rc < 0)
        return rc;
    return all < enough ? sac_reply_jsonf(req, 200, "{\"n\": %lld, \"good\": %lld}", (long long)all,
                                          (long long)sum)
                        : sac_fail(req, SAC_EFORBIDDEN, "enough");
}

#define INLINE_VIEW(...) SAC_VIEW_OPS(.flags = SAC_INLINE, __VA_ARGS__)

static const sac_view_ops hello = INLINE_VIEW(.name = "hello", .get = say_hello);
static const sac_view_ops echoing = INLINE_VIEW(.name = "echo", .get = echo, .post = echo,
                                                .put = echo, .patch = echo, .del = echo);
static const sac_view_ops working = SAC_VIEW_OPS(.name = "worker", .get = say_hello, .post = echo);
static const sac_view_ops sleeping = SAC_VIEW_OPS(.name = "sleep", .get = sleep_a_while);
static const sac_view_ops late = SAC_VIEW_OPS(.name = "late", .flags = SAC_STREAM_BODY,
                                              .get = look_later, .post = look_later);
static const sac_view_ops echoed = INLINE_VIEW(.name = "header", .get = echo_header);
static const sac_view_ops emptying = INLINE_VIEW(.name = "empty", .get = be_empty);
static const sac_view_ops moved = INLINE_VIEW(.name = "redirect", .get = redirect);
static const sac_view_ops headed = INLINE_VIEW(.name = "headers", .get = many_headers);
static const sac_view_ops segment = INLINE_VIEW(.name = "segment", .get = show_segment);
static const sac_view_ops failing = INLINE_VIEW(.name = "fail", .get = fail_on_purpose);
static const sac_view_ops peered = INLINE_VIEW(.name = "peer", .get = show_peer);
static const sac_view_ops filing = INLINE_VIEW(.name = "file", .get = send_file);
static const sac_view_ops parking = INLINE_VIEW(.name = "park", .get = park);
static const sac_view_ops handing = INLINE_VIEW(.name = "hand", .get = hand_over);
static const sac_view_ops keeping = INLINE_VIEW(.name = "keep", .get = keep);
static const sac_view_ops streaming = INLINE_VIEW(.name = "stream", .get = send_stream);
static const sac_view_ops uploading = SAC_VIEW_OPS(.name = "upload", .flags = SAC_STREAM_BODY,
                                                   .post = take_upload);

static const struct {
    const char *path;
    const sac_view_ops *view;
} views[] = {
    {"/hello", &hello},      {"/echo", &echoing},     {"/worker", &working},
    {"/sleep", &sleeping},   {"/header", &echoed},    {"/empty/{status:int}", &emptying},
    {"/redirect", &moved},   {"/headers", &headed},   {"/segment/{name}", &segment},
    {"/fail", &failing},     {"/peer", &peered},      {"/file", &filing},
    {"/park", &parking},     {"/keep", &keeping},     {"/stream", &streaming},
    {"/upload", &uploading}, {"/late/{name}", &late}, {"/hand", &handing},
};

static void make_file(site *s)
{
    char path[] = "/tmp/sacrum-site-XXXXXX";
    char *bytes = malloc(SITE_FILE);

    s->file = mkstemp(path);
    CHECK(s->file >= 0 && bytes);
    for (size_t i = 0; i < SITE_FILE; i++)
        bytes[i] = site_byte(i);
    CHECK(write(s->file, bytes, SITE_FILE) == SITE_FILE);
    unlink(path);
    free(bytes);
}

void site_begin(site *s)
{
    *s = (site){.n_parked = 0};
    pthread_mutex_init(&s->lock, NULL);
    make_file(s);
    s->config = (sac_app_config)SAC_APP_CONFIG(.workers = 4, .max_body = SITE_MAX_BODY, .state = s,
                                               .alloc = fault_alloc_init(&s->memory, -1));
}

void site_make(site *s)
{
    sac_err err = {.code = 0};
    int rc = sac_app_new(&s->config, &s->app, &err);

    if (rc == SAC_OK)
        rc = sac_app_use(s->app, &counting, s, &err);
    for (size_t i = 0; i < sizeof views / sizeof *views && rc == SAC_OK; i++)
        rc = sac_app_mount(s->app, views[i].path, views[i].view, s, &err);
    if (rc != SAC_OK)
        fail_msg("%s", err.text);
}

void site_close(site *s)
{
    CHECK(site_wait(&s->ringing, 0));
    sac_app_free(s->app);
    CHECK_INT(atomic_load(&s->live), 0);
    CHECK_INT(atomic_load(&s->streams), 0);
    CHECK_INT(s->memory.live, 0);
    close(s->file);
    pthread_mutex_destroy(&s->lock);
}

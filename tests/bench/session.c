/* SPDX-License-Identifier: MIT */

/*
 * In ns of CPU, medians of rounds: an inline request that comes with the session of
 * somebody who is signed in, when it does not look at it, reads it, changes it;
 * for each kind of session. argv[1]: a new database.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sacrum/impl/host.h>
#include <sacrum/session.h>
#include <sacrum/store/lmdb.h>

enum { ROUNDS = 15, REQUESTS = 20000, CHANGES = 2000, KINDS = 3, MAX_COOKIE = 1024 };

static int answer(sac_req *req)
{
    return sac_reply_static(req, 200, "application/json", sac_str_of("{\"a\":1}"));
}

static int none(void *self, sac_req *req)
{
    (void)self;
    return answer(req);
}

static int look(void *self, sac_req *req)
{
    (void)self;
    if (sac_session_str(req, "user_id").n != 24)
        exit(1);
    return answer(req);
}

static int change(void *self, sac_req *req)
{
    static int64_t n;
    const int rc = sac_session_set_int(req, "n", ++n);

    (void)self;
    return rc ? rc : answer(req);
}

static int sign_in(void *self, sac_req *req)
{
    int rc = sac_session_set_str(req, "user_id", sac_str_of("655f00000102030405060708"));

    (void)self;
    if (rc == SAC_OK)
        rc = sac_session_set_int(req, "version", 1);
    if (rc == SAC_OK)
        rc = sac_session_set_str(req, "csrf",
                                 sac_str_of("q7Xb2LdT0mVhFz9RwYc4sKj1NpGuEoA8ItDvCxZe3Mk"));
    return rc ? rc : answer(req);
}

#define VIEW(name_)                                                                           \
    static const sac_view_ops name_##_ops = SAC_VIEW_OPS(.name = #name_, .flags = SAC_INLINE, \
                                                         .get = name_)
VIEW(none);
VIEW(look);
VIEW(change);
VIEW(sign_in);

static const struct {
    const char *path;
    const sac_view_ops *ops;
} views[] = {{"/none", &none_ops},
             {"/look", &look_ops},
             {"/change", &change_ops},
             {"/sign-in", &sign_in_ops}};

static sac_app *new_app(sac_session_kind kind, const char *uri)
{
    const sac_app_config config = SAC_APP_CONFIG(.database = uri, .stores = {sac_lmdb},
                                                 .secret = "a secret of 16 bytes and more",
                                                 .workers = SAC_NO_WORKERS);
    const sac_sessions sessions = SAC_SESSIONS(.kind = kind);
    sac_app *app = NULL;
    int rc = sac_app_new(&config, &app, NULL);

    if (rc == SAC_OK)
        rc = sac_app_sessions(app, &sessions, NULL);
    for (size_t i = 0; i < sizeof views / sizeof *views && rc == SAC_OK; i++)
        rc = sac_app_mount(app, views[i].path, views[i].ops, NULL, NULL);
    if (rc == SAC_OK)
        rc = sac_app_seal(app, NULL);
    if (rc != SAC_OK)
        exit(1);
    return app;
}

static void no_wake(void *self)
{
    (void)self;
}

static sac_header field(const char *name, const char *value)
{
    return (sac_header){sac_str_of(name), sac_str_of(value)};
}

static void keep_cookie(const sac_answer *got, char *cookie)
{
    for (size_t i = 0; i < got->n_headers; i++) {
        const sac_str value = got->headers[i].value;

        if (sac_str_is(got->headers[i].name, "Set-Cookie"))
            snprintf(cookie, MAX_COOKIE, "%.*s",
                     (int)((const char *)memchr(value.p, ';', value.n) - value.p), value.p);
    }
}

static void request(sac_app *app, const char *target, const char *cookie, char *given)
{
    static const sac_host_ops ops = SAC_HOST_OPS(.name = "bench", .wake = no_wake);
    const sac_header headers[] = {
        field("Host", "127.0.0.1:8080"),
        field("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101"),
        field("Accept", "application/json, text/javascript, */*; q=0.01"),
        field("Accept-Language", "en-US,en;q=0.5"),
        field("X-Requested-With", "XMLHttpRequest"),
        field("Cookie", cookie)};
    const sac_head head = SAC_HEAD_INIT(.method = sac_str_of("GET"), .target = sac_str_of(target),
                                        .headers = headers,
                                        .n_headers = sizeof headers / sizeof *headers,
                                        .peer = sac_str_of("127.0.0.1"), .version = 11);
    const sac_answer *got;
    sac_exchange *exchange;

    if (sac_exchange_open(app, &ops, NULL, &exchange) != SAC_OK ||
        sac_exchange_head(exchange, &head) != SAC_OK || sac_exchange_end(exchange) != SAC_OK)
        exit(1);
    while (sac_exchange_answer(exchange, &got) == SAC_LATER)
        ;
    if (got->status != 200)
        exit(1);
    if (given)
        keep_cookie(got, given);
    sac_exchange_close(exchange);
}

/* Of this thread: others may run beside it. */
static double now(void)
{
    struct timespec spent;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return (double)spent.tv_sec * 1e9 + (double)spent.tv_nsec;
}

static double time_of(sac_app *app, const char *target, const char *cookie, int n)
{
    const double begin = now();

    for (int i = 0; i < n; i++)
        request(app, target, cookie, NULL);
    return (now() - begin) / n;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *ns)
{
    qsort(ns, ROUNDS, sizeof *ns, compare);
    return ns[ROUNDS / 2];
}

int main(int argc, char **argv)
{
    static const char *const names[KINDS] = {"signed", "encrypted", "stored"};
    static double without[KINDS][ROUNDS], with[KINDS][ROUNDS], changes[KINDS][ROUNDS];
    static char cookies[KINDS][MAX_COOKIE];
    sac_app *apps[KINDS];

    if (argc != 2)
        return 2;
    for (int kind = 0; kind < KINDS; kind++) {
        char uri[4096];

        snprintf(uri, sizeof uri, "lmdb:%s", argv[1]);
        apps[kind] = new_app((sac_session_kind)kind, kind == SAC_SESSION_STORED ? uri : NULL);
        request(apps[kind], "/sign-in", "a=b", cookies[kind]);
    }
    for (int r = 0; r < ROUNDS; r++)
        for (int kind = 0; kind < KINDS; kind++) {
            without[kind][r] = time_of(apps[kind], "/none", cookies[kind], REQUESTS);
            with[kind][r] = time_of(apps[kind], "/look", cookies[kind], REQUESTS);
            if (kind != SAC_SESSION_STORED) /* what waits for a disk is another table's */
                changes[kind][r] = time_of(apps[kind], "/change", cookies[kind], CHANGES);
        }
    for (int kind = 0; kind < KINDS; kind++) {
        printf("%s %zu %.0f %.0f %.0f\n", names[kind], strlen(cookies[kind]), median(without[kind]),
               median(with[kind]), median(changes[kind]));
        sac_app_free(apps[kind]);
    }
    return 0;
}

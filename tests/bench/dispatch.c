/* SPDX-License-Identifier: MIT */

/*
 * In ns, medians of rounds: finding a route among 10, 100 and 1,000 (two for each
 * resource); a whole inline request without a server; what one more inline
 * decorator and one more inline middleware (before and after) add to it.
 */
#include <stdio.h>
#include <stdlib.h>

#include <sacrum/impl/host.h>

#include "app/router/router.h"
#include "data.h"

enum { ROUNDS = 7, CALLS = 1000000, PATHS = 1000 };
enum { CHAINS = 3, PARTS = 8, CHAIN_ROUNDS = 21, REQUESTS = 20000 };

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *ns, int n)
{
    qsort(ns, (size_t)n, sizeof *ns, compare);
    return ns[n / 2];
}

static double measure(int routes)
{
    static char paths[PATHS][64];
    sac__router *router = NULL;
    double ns[ROUNDS];
    size_t found = 0;

    if (sac__router_new(NULL, &router) != SAC_OK)
        exit(1);
    for (int i = 0; i < routes / 2; i++) {
        sac__route *list, *item;
        char pattern[64];

        snprintf(pattern, sizeof pattern, "/api/collection%d", i);
        if (sac__router_add(router, pattern, "list", NULL, &list, NULL) != SAC_OK)
            exit(1);
        snprintf(pattern, sizeof pattern, "/api/collection%d/{id:objectid}", i);
        if (sac__router_add(router, pattern, "item", NULL, &item, NULL) != SAC_OK)
            exit(1);
        list->methods = item->methods = SAC_GET;
    }
    for (int i = 0; i < PATHS; i++)
        snprintf(paths[i], sizeof paths[i], "/api/collection%d/655f000001020304%08x",
                 rand() % (routes / 2), i);
    for (int r = 0; r < ROUNDS; r++) {
        uint64_t begin = bench_now_ns();

        for (int i = 0; i < CALLS; i++) {
            sac__match match;

            if (sac__router_match(router, sac_str_n(paths[i % PATHS], strlen(paths[i % PATHS])),
                                  SAC_GET, NULL, &match) == SAC_OK)
                found += match.route != NULL;
        }
        ns[r] = (double)(bench_now_ns() - begin) / CALLS;
    }
    sac__router_free(router);
    if (found != (size_t)ROUNDS * CALLS)
        exit(1);
    return median(ns, ROUNDS);
}

static int answer(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_static(req, 200, "application/json", sac_str_of("{\"a\":1}"));
}

static int pass(void *self, sac_req *req, const sac_next *next)
{
    (void)self;
    return sac_next_run(next, req);
}

static int nothing(void *self, sac_req *req)
{
    (void)self;
    (void)req;
    return 0;
}

static void no_wake(void *self)
{
    (void)self;
}

static const sac_middleware_ops middleware = SAC_MIDDLEWARE_OPS(.name = "mw", .flags = SAC_INLINE,
                                                                .before = nothing,
                                                                .after = nothing);
static const sac_decorator rows[PARTS + 1] = {
    {pass, NULL, 0, SAC_INLINE}, {pass, NULL, 0, SAC_INLINE}, {pass, NULL, 0, SAC_INLINE},
    {pass, NULL, 0, SAC_INLINE}, {pass, NULL, 0, SAC_INLINE}, {pass, NULL, 0, SAC_INLINE},
    {pass, NULL, 0, SAC_INLINE}, {pass, NULL, 0, SAC_INLINE}, {.fn = NULL}};
static const sac_view_ops plain = SAC_VIEW_OPS(.name = "plain", .flags = SAC_INLINE, .get = answer);
static const sac_view_ops wrapped = SAC_VIEW_OPS(.name = "wrapped", .flags = SAC_INLINE,
                                                 .decorators = rows, .get = answer);

/* A bare chain, one of decorators, one of middleware. */
static sac_app *new_app(int which)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS);
    sac_app *app;
    int rc = sac_app_new(&config, &app, NULL);

    for (int i = 0; i < PARTS && which == 2 && rc == SAC_OK; i++)
        rc = sac_app_use(app, &middleware, NULL, NULL);
    if (rc == SAC_OK)
        rc = sac_app_mount(app, "/api/items/{id:int}", which == 1 ? &wrapped : &plain, NULL, NULL);
    if (rc == SAC_OK)
        rc = sac_app_seal(app, NULL);
    if (rc != SAC_OK)
        exit(1);
    return app;
}

#define FIELD(name, value)          \
    {                               \
        {name, sizeof name - 1},    \
        {                           \
            value, sizeof value - 1 \
        }                           \
    }

static void request(sac_app *app)
{
    static const sac_host_ops ops = SAC_HOST_OPS(.name = "bench", .wake = no_wake);
    static const sac_header headers[] = {
        FIELD("Host", "127.0.0.1:8080"),
        FIELD("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101"),
        FIELD("Accept", "application/json, text/javascript, */*; q=0.01"),
        FIELD("Accept-Language", "en-US,en;q=0.5"), FIELD("X-Requested-With", "XMLHttpRequest")};
    const sac_head head = SAC_HEAD_INIT(.method = sac_str_of("GET"),
                                        .target = sac_str_of("/api/items/42"), .headers = headers,
                                        .n_headers = sizeof headers / sizeof *headers,
                                        .peer = sac_str_of("127.0.0.1"), .version = 11);
    const sac_answer *got;
    sac_exchange *exchange;

    if (sac_exchange_open(app, &ops, NULL, &exchange) != SAC_OK ||
        sac_exchange_head(exchange, &head) != SAC_OK || sac_exchange_end(exchange) != SAC_OK ||
        sac_exchange_answer(exchange, &got) != SAC_OK || got->status != 200)
        exit(1);
    sac_exchange_close(exchange);
}

/* The chains take turns, so that all meet the same weather. */
static void measure_chains(void)
{
    double ns[CHAINS][CHAIN_ROUNDS];
    sac_app *apps[CHAINS];

    for (int which = 0; which < CHAINS; which++)
        apps[which] = new_app(which);
    for (int r = 0; r < CHAIN_ROUNDS; r++)
        for (int which = 0; which < CHAINS; which++) {
            const uint64_t begin = bench_now_ns();

            for (int i = 0; i < REQUESTS; i++)
                request(apps[which]);
            ns[which][r] = (double)(bench_now_ns() - begin) / REQUESTS;
        }
    for (int r = 0; r < CHAIN_ROUNDS; r++)
        for (int which = 1; which < CHAINS; which++)
            ns[which][r] = (ns[which][r] - ns[0][r]) / PARTS;
    printf("request %.1f\n", median(ns[0], CHAIN_ROUNDS));
    printf("decorator %.1f\n", median(ns[1], CHAIN_ROUNDS));
    printf("middleware %.1f\n", median(ns[2], CHAIN_ROUNDS));
    for (int which = 0; which < CHAINS; which++)
        sac_app_free(apps[which]);
}

int main(void)
{
    for (int routes = 10; routes <= 1000; routes *= 10)
        printf("%d %.1f\n", routes, measure(routes));
    measure_chains();
    return 0;
}

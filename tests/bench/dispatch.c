/* SPDX-License-Identifier: MIT */

/* Route dispatch in ns for 10, 100 and 1,000 resources of two routes each: medians of rounds. */
#include <stdio.h>
#include <stdlib.h>

#include "app/router/router.h"
#include "data.h"

enum { ROUNDS = 7, CALLS = 1000000, PATHS = 1000 };

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
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
    qsort(ns, ROUNDS, sizeof ns[0], compare);
    return ns[ROUNDS / 2];
}

int main(void)
{
    for (int routes = 10; routes <= 1000; routes *= 10)
        printf("%d %.1f\n", routes, measure(routes));
    return 0;
}

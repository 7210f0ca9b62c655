/* SPDX-License-Identifier: MIT */
#include "app/router/router.h"
#include "core/utf8.h"
#include "fuzz.h"

enum { ROUTES = 8 };

static const char *const names[ROUTES] = {"a", "b", "c", "d", "e", "f", "g", "h"};

static int url(const sac__router *router, char *out, size_t cap, const char *name, ...)
{
    va_list pairs;
    int rc;

    va_start(pairs, name);
    rc = sac__router_url(router, name, pairs, out, cap);
    va_end(pairs);
    return rc;
}

static const char *text_of(sac__arena *arena, sac_str s)
{
    return sac__arena_dup(arena, s).p;
}

/* The path that is made of a match leads to the same route. */
static void check_url(const sac__router *router, sac__arena *arena, const sac__match *match)
{
    const sac__route *route = match->route;
    const char *pairs[5] = {NULL};
    sac__match again;
    char path[16384]; /* of 4,096 bytes each may be encoded */

    for (size_t i = 0; i < route->n_params; i++)
        HOLD(match->values[i].p && sac__utf8_valid(match->values[i]));
    if (route->n_params > 2)
        return;
    for (size_t i = 0; i < route->n_params; i++) {
        pairs[2 * i] = text_of(arena, route->params[i]);
        pairs[2 * i + 1] = text_of(arena, match->values[i]);
    }
    HOLD(url(router, path, sizeof path, route->name, pairs[0], pairs[1], pairs[2], pairs[3],
             NULL) == SAC_OK);
    HOLD(sac__router_match(router, sac_str_of(path), SAC_GET, arena, &again) == SAC_OK);
    HOLD(again.route == route);
    for (size_t i = 0; i < route->n_params; i++)
        HOLD(sac_str_eq(again.values[i], match->values[i]));
}

/* Lines of patterns, an empty one, then a path. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sac__arena *arena = fuzz_arena();
    sac_str rest = sac_str_n(data, size), line;
    sac__router *router;
    sac__match match;

    HOLD(sac__router_new(NULL, &router) == SAC_OK);
    for (int n = 0; n < ROUTES && (line = fuzz_line(&rest)).n > 0; n++) {
        const bool fence = *line.p == '!';
        const char *pattern = text_of(arena, sac_str_n(line.p + fence, line.n - fence));
        sac__route *route;

        if (fence)
            (void)!sac__router_fence(router, pattern, NULL);
        else if (sac__router_add(router, pattern, names[n], NULL, &route, NULL) == SAC_OK)
            route->methods = n == 7 ? SAC_POST : SAC_GET;
    }
    HOLD(sac__router_match(router, rest, SAC_GET, arena, &match) == SAC_OK);
    /* A coded slash (%2F) in the rest of a path comes out bare: another route may take it. */
    if (match.route && !memmem(rest.p, rest.n, "%2", 2))
        check_url(router, arena, &match);
    sac__router_free(router);
    sac__arena_close(arena);
    return 0;
}

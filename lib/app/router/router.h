/* SPDX-License-Identifier: MIT */
#ifndef APP_ROUTER_ROUTER_H
#define APP_ROUTER_ROUTER_H

#include <stdarg.h>

#include <sacrum/alloc.h>
#include <sacrum/err.h>
#include <sacrum/view.h>

#include "core/arena.h"

/*
 * Paths to views: a tree with one node a segment. Literal segments are found by
 * hash, parameters in the order of their converters (typed before string
 * before path), with backtracking; the cost does not grow with the number of
 * routes.
 */
typedef struct sac__router sac__router;

enum { SAC__ROUTE_PARAMS = 16 };

typedef struct sac__route {
    sac_str pattern;  /* as given, group prefixes included */
    const char *name; /* the view's */
    unsigned methods; /* set by the owner before the router is used */
    void *target;
    size_t n_params;
    sac_str params[SAC__ROUTE_PARAMS]; /* names */
    struct sac__route *next;           /* in order of addition */
} sac__route;

typedef struct sac__match {
    const sac__route *route; /* NULL: none */
    unsigned allowed;        /* without a route: methods of the paths that matched; 0 is 404 */
    sac_str values[SAC__ROUTE_PARAMS]; /* decoded, in the order of route->params */
} sac__match;

int sac__router_new(const sac_alloc *alloc, sac__router **out);
void sac__router_free(sac__router *router);

/* Borrowed. SAC_EEXIST, SAC_EINVAL. */
int sac__router_converter(sac__router *router, const sac_converter *converter,
                          sac_err *err) SAC_MUST_USE;

/* SAC_EINVAL (what and where in the text), SAC_EEXIST, SAC_ENOMEM; nothing is added then. */
int sac__router_add(sac__router *router, const char *pattern, const char *name, void *target,
                    sac__route **out, sac_err *err) SAC_MUST_USE;

/* Takes a route of this router out again, and frees it. */
void sac__router_remove(sac__router *router, sac__route *gone);

/* Beneath this literal path only its own routes count: no catch-all from above it. */
int sac__router_fence(sac__router *router, const char *path, sac_err *err) SAC_MUST_USE;

/* Whether a raw path is beneath a fence, or is one; also one that cannot be decoded. */
bool sac__router_fenced(const sac__router *router, sac_str path, sac__arena *arena);

/* All routes, in order of addition. */
const sac__route *sac__router_first(const sac__router *router);

/* The kind of a route's i-th parameter. */
const sac_converter *sac__route_converter(const sac__route *route, size_t i);

/*
 * Finds the route of a raw (percent-encoded) path for a method's bit (HEAD
 * matches where GET does). A path that cannot be decoded matches nothing.
 * 0, or SAC_ENOMEM.
 */
int sac__router_match(const sac__router *router, sac_str path, unsigned method, sac__arena *arena,
                      sac__match *out) SAC_MUST_USE;

/* Appends the path of a view; pairs of names and values, ended by NULL. */
int sac__router_url(const sac__router *router, const char *name, va_list pairs, char *out,
                    size_t cap) SAC_MUST_USE;

#endif

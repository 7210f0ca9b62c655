/* SPDX-License-Identifier: MIT */
#include "query/filter.h"

#include <stdarg.h>
#include <stdio.h>

#include "core/table.h"
#include "query/filter/node.h"

enum {
    MAX_NODES = 1000,
    MAX_DEPTH = 20,
    MAX_PATTERN = 1000,
    MAX_STEPS = 100000,
    MAX_STACK_DEPTH = 200, /* whatever the limits say: compiling and matching recurse */
    BLOCK = 2048,
    MEMORY = 64 << 20
};

int sac__compiler_refuse(sac__compiler *c, const char *format, ...)
{
    char text[sizeof c->err->text];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (c->path_n > 0)
        return sac_err_set(c->err, SAC_EINVAL, "%.60s: %s", c->path, text);
    return sac_err_set(c->err, SAC_EINVAL, "%s", text);
}

int sac__compiler_nomem(sac__compiler *c)
{
    if (sac__arena_capped(c->filter->memory))
        return sac_err_set(c->err, SAC_ELIMIT, "filter is too large");
    return sac_err_set(c->err, SAC_ENOMEM, "no memory for a filter");
}

void *sac__compiler_get(sac__compiler *c, size_t n)
{
    return sac__arena_get_zero(c->filter->memory, n);
}

int sac__compiler_count(sac__compiler *c)
{
    if (++c->nodes > c->limits.max_nodes)
        return sac_err_set(c->err, SAC_ELIMIT, "filter has more than %zu conditions",
                           c->limits.max_nodes);
    return SAC_OK;
}

int sac__compiler_ask(sac__compiler *c, const char *op)
{
    if (!c->limits.allow || c->limits.allow(c->limits.self, op, sac_str_n(c->path, c->path_n)) == 0)
        return SAC_OK;
    return sac__compiler_refuse(c, "%s is not allowed here", op);
}

int sac__compiler_enter(sac__compiler *c)
{
    if (++c->depth > c->limits.max_depth)
        return sac_err_set(c->err, SAC_ELIMIT, "filter is nested more than %u deep",
                           c->limits.max_depth);
    return SAC_OK;
}

static void set_defaults(sac_query_limits *limits)
{
    if (limits->max_nodes == 0)
        limits->max_nodes = MAX_NODES;
    if (limits->max_depth == 0)
        limits->max_depth = MAX_DEPTH;
    if (limits->max_depth > MAX_STACK_DEPTH)
        limits->max_depth = MAX_STACK_DEPTH;
    if (limits->max_pattern == 0)
        limits->max_pattern = MAX_PATTERN;
    if (limits->max_steps == 0)
        limits->max_steps = MAX_STEPS;
}

static int new_filter(const sac_alloc *alloc, sac_filter **out)
{
    sac__arena_cache *cache = NULL;
    sac__arena *memory;
    int rc = sac__arena_cache_new(alloc, BLOCK, 0, &cache);

    if (rc != SAC_OK)
        return rc;
    memory = sac__arena_open(cache, MEMORY);
    *out = memory ? sac__arena_get_zero(memory, sizeof **out) : NULL;
    if (!*out) {
        sac__arena_close(memory);
        sac__arena_cache_free(cache);
        return SAC_ENOMEM;
    }
    (*out)->alloc = alloc;
    (*out)->cache = cache;
    (*out)->memory = memory;
    return SAC_OK;
}

static int compile(sac__compiler *c, sac_str filter)
{
    int rc;

    if (filter.n == 0)
        return SAC_OK;
    rc = sac_bson_check(filter, c->err);
    if (rc == SAC_OK)
        rc = sac__compile_group(c, filter, &c->filter->group);
    if (rc != SAC_OK)
        return rc;
    sac__group_finish(c->filter, &c->filter->group);
    return sac__clauses_find(c);
}

int sac_filter_new(sac_str filter, const sac_query_limits *limits, const sac_alloc *alloc,
                   sac_filter **out, sac_err *err)
{
    sac__compiler c;
    int rc;

    c.limits = (sac_query_limits)SAC_QUERY_LIMITS(.max_nodes = 0);
    if (limits && limits->size > sizeof c.limits)
        return sac__table_newer("query limits", limits->size, sizeof c.limits, err);
    if (limits)
        memcpy(&c.limits, limits, limits->size);
    set_defaults(&c.limits);
    c.err = err;
    c.nodes = 0;
    c.depth = 0;
    c.general = NULL;
    c.path_n = 0;
    c.path[0] = 0;
    rc = new_filter(alloc, &c.filter);
    if (rc != SAC_OK)
        return sac_err_set(err, rc, "no memory for a filter");
    c.filter->max_steps = c.limits.max_steps;
    rc = compile(&c, filter);
    if (rc != SAC_OK) {
        sac_filter_free(c.filter);
        return rc;
    }
    *out = c.filter;
    return SAC_OK;
}

void sac_filter_free(sac_filter *filter)
{
    sac__arena_cache *cache;

    if (!filter)
        return;
    cache = filter->cache;
    sac__arena_close(filter->memory);
    sac__arena_cache_free(cache);
}

int sac_filter_match(const sac_filter *filter, sac_str doc, sac_err *err)
{
    const int rc = sac__group_match(filter, &filter->group, doc);

    if (rc >= 0)
        return rc;
    switch (rc) {
    case SAC_ELIMIT: return sac_err_set(err, rc, "a regular expression takes too many steps");
    case SAC_ENOMEM: return sac_err_set(err, rc, "no memory for a regular expression");
    default: return sac_err_set(err, rc, "document is damaged");
    }
}

size_t sac__filter_clauses(const sac_filter *filter, const sac__clause **out)
{
    *out = filter->clauses;
    return filter->n_clauses;
}

bool sac__filter_is_clauses(const sac_filter *filter)
{
    return filter->all_clauses;
}

bool sac__filter_is_empty(const sac_filter *filter)
{
    return filter->group.n == 0 && !filter->group.logics;
}

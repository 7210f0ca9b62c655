/* SPDX-License-Identifier: MIT */
#include "resource/query/select.h"

#include <stdarg.h>
#include <stdio.h>

enum { MAX_NAME = 64, MAX_PATTERN = 256 };

static size_t shown(sac_str name)
{
    return name.n < MAX_NAME ? name.n : MAX_NAME;
}

int sac__select_bad(const sac__select *select, sac_str name, const char *format, ...)
{
    va_list args;
    sac_err why;

    va_start(args, format);
    (void)vsnprintf(why.text, sizeof why.text, format, args);
    va_end(args);
    return sac_problem(select->ask->req, "bad_parameter", "%.*s: %s", (int)shown(name), name.p,
                       why.text);
}

int sac__select_bad_operator(const sac__select *select, sac_str op)
{
    return sac_problem(select->ask->req, "bad_operator", "%.*s is not an operator here",
                       (int)shown(op), op.p);
}

int sac__select_no_memory(const sac__select *select)
{
    return sac_fail(select->ask->req, SAC_ENOMEM, "no memory for a filter");
}

void sac__select_begin(const sac__select *select, sac_bson *condition)
{
    sac_bson_init(condition, sac__arena_alloc(sac__req_arena(select->ask->req)), 0);
}

int sac__select_add(sac__select *select, sac_bson *condition)
{
    sac_str doc;

    if (!select->v)
        select->v = sac__arena_get(sac__req_arena(select->ask->req),
                                   SAC__CONDITIONS * sizeof *select->v);
    if (sac_bson_finish(condition, &doc) != SAC_OK || !select->v)
        return sac__select_no_memory(select);
    if (select->n == SAC__CONDITIONS)
        return sac_problem(select->ask->req, "bad_parameter", "more than %d conditions",
                           SAC__CONDITIONS);
    select->digest += sac__hash_keyed(select->ask->resource->tag_key, doc.p, doc.n);
    select->v[select->n++] = doc;
    return SAC_OK;
}

void sac__select_fix(sac__select *select, sac_str condition)
{
    if (condition.n == 0)
        return;
    select->digest += sac__hash_keyed(select->ask->resource->tag_key, condition.p, condition.n);
    select->fixed[select->n_fixed++] = condition;
}

/* One condition is the filter; more are the elements of an $and. */
static int combine(sac__select *select, size_t n_fixed)
{
    const size_t n = select->n + n_fixed;
    sac_bson all;

    select->filter = sac_str_n(NULL, 0);
    if (n == 1)
        select->filter = select->n == 1 ? select->v[0] : select->fixed[0];
    if (n < 2)
        return SAC_OK;
    sac__select_begin(select, &all);
    sac_bson_begin_array(&all, sac_str_of("$and"));
    for (size_t i = 0; i < n_fixed; i++)
        sac_bson_add_doc(&all, "", select->fixed[i]);
    for (size_t i = 0; i < select->n; i++)
        sac_bson_add_doc(&all, "", select->v[i]);
    sac_bson_end(&all);
    return sac_bson_finish(&all, &select->filter) == SAC_OK ? SAC_OK
                                                            : sac__select_no_memory(select);
}

/* What a store would say of it is said here, before anything is read. */
int sac__select_check(sac__select *select)
{
    const sac_query_limits limits = SAC_QUERY_LIMITS(.max_nodes = SAC__CONDITIONS,
                                                     .max_pattern = MAX_PATTERN);
    const sac_alloc *alloc = sac__arena_alloc(sac__req_arena(select->ask->req));
    sac_filter *filter;
    sac_err err;
    int rc = combine(select, 0);

    if (rc != SAC_OK || select->filter.n == 0)
        return rc;
    rc = sac_filter_new(select->filter, &limits, alloc, &filter, &err);
    if (rc == SAC_ENOMEM)
        return sac__select_no_memory(select);
    if (rc != SAC_OK)
        return sac_problem(select->ask->req, "bad_parameter", "%s", err.text);
    sac_filter_free(filter);
    return SAC_OK;
}

int sac__select_finish(sac__select *select)
{
    return combine(select, select->n_fixed);
}

/* SPDX-License-Identifier: MIT */
#include "resource/query/order.h"

#include "resource/query/spot.h"

enum { MAX_FIELDS = 32 };

typedef struct sorted {
    sac_str path;
    bool descending;
} sorted;

typedef struct reader {
    const sac__ask *ask;
    sorted fields[MAX_FIELDS];
    size_t n;
    bool keyset;
} reader;

static int bad(const reader *r, const sac__param *param, const char *why)
{
    return sac_problem(r->ask->req, "bad_parameter", "%.*s: %s", (int)param->name.n, param->name.p,
                       why);
}

static int add(reader *r, const sac__param *param, sac_str name, bool descending)
{
    sac__spot spot;
    const int rc = sac__spot_find(sac__schema_plan(r->ask->resource->schema), name,
                                  sac__req_arena(r->ask->req), &spot);

    if (rc == SAC_ENOMEM)
        return sac_fail(r->ask->req, rc, "no memory for an order");
    if (rc != SAC_OK || !sac__spot_is_whole(spot.field))
        return bad(r, param, "no field to sort by");
    if (r->n == MAX_FIELDS)
        return bad(r, param, "too many fields");
    for (size_t i = 0; i < r->n; i++)
        if (sac_str_eq(r->fields[i].path, spot.path))
            return bad(r, param, "a field is there twice");
    r->keyset = r->keyset && sac__spot_is_scalar(&spot);
    r->fields[r->n++] = (sorted){spot.path, descending};
    return SAC_OK;
}

static bool takes_minus(sac_str *name)
{
    if (name->n == 0 || *name->p != '-')
        return false;
    *name = sac_str_n(name->p + 1, name->n - 1);
    return true;
}

static int add_list(reader *r, const sac__param *param)
{
    sac_str rest = param->value;
    int rc;

    do {
        const char *comma = rest.n > 0 ? memchr(rest.p, ',', rest.n) : NULL;
        sac_str name = sac_str_n(rest.p, comma ? (size_t)(comma - rest.p) : rest.n);
        const bool descending = takes_minus(&name);

        rc = add(r, param, name, descending);
        if (!comma)
            return rc;
        rest = sac_str_n(comma + 1, rest.n - (size_t)(comma + 1 - rest.p));
    } while (rc == SAC_OK);
    return rc;
}

static int read_way(const reader *r, const sac__param *param, bool *descending)
{
    *descending = sac_str_is(param->value, "desc");
    return *descending || sac_str_is(param->value, "asc") ? SAC_OK : bad(r, param, "asc or desc");
}

static int read_all(reader *r, const sac__order_params *params)
{
    int rc = SAC_OK;

    if (params->n_sort > 0 && params->n_by > 0)
        return bad(r, params->by[0], "not together with sort");
    if (params->n_way > params->n_by)
        return bad(r, params->way[0], "only together with sort_by");
    for (size_t i = 0; i < params->n_sort && rc == SAC_OK; i++)
        rc = add_list(r, params->sort[i]);
    for (size_t i = 0; i < params->n_by && rc == SAC_OK; i++) {
        sac_str name = params->by[i]->value;
        bool descending = takes_minus(&name);

        if (name.n > 0 && memchr(name.p, ',', name.n))
            return bad(r, params->by[i], "one field; sort takes several");
        if (i < params->n_way)
            rc = read_way(r, params->way[i], &descending);
        if (rc == SAC_OK)
            rc = add(r, params->by[i], name, descending);
    }
    return rc;
}

/* What stands behind `_id` decides nothing, and it comes last by itself. */
static void drop_id(reader *r, sac__order *out)
{
    for (size_t i = 0; i < r->n; i++) {
        if (!sac_str_is(r->fields[i].path, "_id"))
            continue;
        r->n = i + 1;
        if (i == 0)
            out->descending = r->fields[i].descending;
        if (i == 0 || r->fields[i - 1].descending == r->fields[i].descending)
            r->n = i;
    }
}

static int write_sort(reader *r, sac__order *out)
{
    sac_bson sort;

    out->keyset = r->keyset;
    out->fields = r->n;
    if (r->n == 0)
        return SAC_OK;
    sac_bson_init(&sort, sac__arena_alloc(sac__req_arena(r->ask->req)), 0);
    for (size_t i = 0; i < r->n; i++) {
        char raw[4] = {1, 0, 0, 0};

        if (r->fields[i].descending)
            memset(raw, 0xff, sizeof raw);
        sac_bson_add_value(&sort, r->fields[i].path,
                           (sac_value){SAC_BSON_INT32, {raw, sizeof raw}});
    }
    if (sac_bson_finish(&sort, &out->sort) != SAC_OK)
        return sac_fail(r->ask->req, SAC_ENOMEM, "no memory for an order");
    return SAC_OK;
}

int sac__order_read(const sac__ask *ask, const sac__order_params *params, sac__order *out)
{
    reader r = {.ask = ask, .keyset = true};
    int rc = read_all(&r, params);

    *out = (sac__order){.descending = false};
    if (rc != SAC_OK)
        return rc;
    drop_id(&r, out);
    return write_sort(&r, out);
}

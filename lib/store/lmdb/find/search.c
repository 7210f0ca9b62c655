/* SPDX-License-Identifier: MIT */
#include "store/lmdb/find/search.h"

#include "bson/key.h"
#include "bson/wire.h"

/*
 * A bound may be longer than any key: cut, it parts the keys as it did whole,
 * as no key is the beginning of another.
 */
static int cut_key(sac__lmdb_key *key, const sac_value *value)
{
    sac__buf buf;
    int rc;

    sac__buf_init(&buf, NULL, SAC__LMDB_BYTES_MAX);
    rc = sac__bson_key(value, &buf);
    if (rc == SAC_OK) {
        key->n = sizeof key->bytes;
        memcpy(key->bytes, buf.p, key->n);
    }
    sac__buf_fini(&buf);
    return rc;
}

int sac__lmdb_search_key(sac__lmdb_key *key, const sac_value *value)
{
    const int rc = sac__lmdb_key_init(key, value, NULL);

    return rc == SAC_ELIMIT ? cut_key(key, value) : rc;
}

/* The key of a bound; with `past` the least key behind it. */
static int bound_key(sac__lmdb_key *key, const sac_value *value, bool past, sac_err *err)
{
    int rc = sac__lmdb_search_key(key, value);

    if (rc != SAC_OK)
        return sac_err_set(err, rc, "bad bound: %s", sac_err_text(rc));
    if (past)
        key->n = sac__lmdb_past(key->bytes, key->n);
    return SAC_OK;
}

static bool less(const sac__lmdb_key *a, const sac__lmdb_key *b)
{
    const MDB_val key = sac__lmdb_key_val(a);

    return sac__lmdb_compare(&key, sac__lmdb_key_str(b)) < 0;
}

static int set_after_id(sac__lmdb_search *search, const sac_query *query, sac_err *err)
{
    sac__lmdb_key after;
    int rc = bound_key(&after, &query->after, !search->descending, err);

    if (rc != SAC_OK)
        return rc;
    if (search->descending && (search->high.n == 0 || less(&after, &search->high)))
        search->high = after;
    if (!search->descending && less(&search->low, &after))
        search->low = after;
    return SAC_OK;
}

static int set_bounds(sac__lmdb_search *search, const sac_query *query, sac_err *err)
{
    int rc = SAC_OK;

    if (query->from.type != SAC_BSON_MISSING)
        rc = bound_key(&search->low, &query->from, false, err);
    if (rc == SAC_OK && query->to.type != SAC_BSON_MISSING)
        rc = bound_key(&search->high, &query->to, true, err);
    if (rc == SAC_OK && search->by_id && query->after.type != SAC_BSON_MISSING)
        rc = set_after_id(search, query, err);
    return rc;
}

static int set_order(sac__lmdb_search *search, const sac_query *query, sac_err *err)
{
    int rc;

    search->by_id = true;
    search->descending = query->descending;
    if (query->sort.n == 0 || (query->sort.n == 5 && sac__wire_is_doc(query->sort)))
        return SAC_OK;
    rc = sac__sort_init(&search->sort, query->sort, err);
    if (rc != SAC_OK)
        return rc;
    while (!sac_str_is(search->sort.fields[search->n_order].path, "_id"))
        search->n_order++;
    search->by_id = search->n_order == 0;
    search->descending = search->sort.fields[search->n_order].descending;
    return SAC_OK;
}

/* Where to go on in an order by fields. */
static int set_after_keys(sac__lmdb_search *search, const sac_query *query, sac_err *err)
{
    int rc;

    sac__buf_init(&search->after, search->alloc, SAC__LMDB_BYTES_MAX);
    if (search->by_id || query->after.type == SAC_BSON_MISSING)
        return SAC_OK;
    rc = sac__sort_key_at(&search->sort, query->after_keys, &query->after, &search->after);
    if (rc == SAC_OK)
        rc = search->after.error;
    if (rc == SAC_OK)
        return SAC_OK;
    sac__buf_fini(&search->after);
    return sac_err_set(err, rc == SAC_ECORRUPT ? SAC_EINVAL : rc, "bad position: %s",
                       sac_err_text(rc));
}

int sac__lmdb_search_init(sac__lmdb_search *search, sac__lmdb_env *env, const sac_query *query,
                          const sac_alloc *alloc, sac_err *err)
{
    int rc;

    memset(search, 0, sizeof *search);
    search->env = env;
    search->alloc = alloc;
    search->query = query;
    rc = set_order(search, query, err);
    if (rc == SAC_OK)
        rc = set_bounds(search, query, err);
    if (rc == SAC_OK)
        rc = set_after_keys(search, query, err);
    if (rc != SAC_OK || query->filter.n == 0)
        return rc;
    rc = sac_filter_new(query->filter, NULL, alloc, &search->filter, err);
    if (rc != SAC_OK) {
        sac__buf_fini(&search->after);
        return rc;
    }
    if (sac__filter_is_empty(search->filter)) {
        sac_filter_free(search->filter);
        search->filter = NULL;
    }
    return SAC_OK;
}

void sac__lmdb_search_fini(sac__lmdb_search *search)
{
    sac_filter_free(search->filter);
    sac__buf_fini(&search->after);
}

bool sac__lmdb_search_has(const sac__lmdb_search *search, const MDB_val *id)
{
    return (search->low.n == 0 || sac__lmdb_compare(id, sac__lmdb_key_str(&search->low)) >= 0) &&
           (search->high.n == 0 || sac__lmdb_compare(id, sac__lmdb_key_str(&search->high)) < 0);
}

/* SPDX-License-Identifier: MIT */
#include "store/lmdb/find/count.h"

#include "store/lmdb/find/collect.h"
#include "store/lmdb/find/find.h"
#include "store/lmdb/find/look.h"
#include "store/lmdb/find/spans.h"

/* Whether all documents lie in the span: then the tree knows their number. */
static int covers(const sac__lmdb_walk *walk, bool *out)
{
    MDB_val key;
    MDB_val data;
    int rc;

    *out = false;
    if (walk->plan->index || walk->plan->n != 1)
        return 0;
    rc = mdb_cursor_get(walk->at, &key, &data, MDB_FIRST);
    if (rc == 0 && sac__lmdb_spans_have(walk->plan, &key)) {
        rc = mdb_cursor_get(walk->at, &key, &data, MDB_LAST);
        *out = rc == 0 && sac__lmdb_spans_have(walk->plan, &key);
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* By keys: what they lead to is not looked at. */
static int count_keys(sac__lmdb_walk *walk, int64_t *count)
{
    MDB_stat stat;
    bool all;
    int64_t n = 0;
    int rc = covers(walk, &all);

    if (rc == 0 && all) {
        rc = mdb_stat(walk->txn, walk->of->dbi, &stat);
        if (rc == 0)
            *count = (int64_t)stat.ms_entries;
        return rc;
    }
    if (rc == 0)
        rc = sac__lmdb_walk_first(walk, NULL);
    while (rc == 0) {
        size_t same = 1;

        if (walk->plan->index)
            rc = mdb_cursor_count(walk->at, &same);
        n += (int64_t)same;
        if (rc == 0)
            rc = sac__lmdb_walk_next_key(walk);
    }
    if (rc == MDB_NOTFOUND)
        *count = n;
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int count_one(const sac__lmdb_walk *walk, sac__buf *key, sac_err *err)
{
    MDB_val doc;
    const int rc = sac__lmdb_walk_takes(walk, &doc, err);

    if (rc != 1 || !walk->plan->sorts || walk->search->by_id || walk->search->after.n == 0)
        return rc;
    return sac__lmdb_collect_key(walk, &doc, key, err);
}

static int count_docs(sac__lmdb_walk *walk, int64_t *count, sac_err *err)
{
    sac__buf key;
    int64_t n = 0;
    int taken = 0;
    int rc = sac__lmdb_walk_first(walk, NULL);

    sac__buf_init(&key, walk->search->alloc, SAC__LMDB_BYTES_MAX);
    while (rc == 0 && (taken = count_one(walk, &key, err)) >= 0) {
        n += taken;
        rc = sac__lmdb_walk_next(walk);
    }
    sac__buf_fini(&key);
    if (taken < 0)
        return taken;
    if (rc != MDB_NOTFOUND)
        return sac__lmdb_fail(walk->search->env, rc, err);
    *count = n;
    return SAC_OK;
}

static int count_walk(sac__lmdb_walk *walk, int64_t *count, sac_err *err)
{
    const sac__lmdb_search *search = walk->search;
    const bool bounds = walk->plan->index && (search->low.n > 0 || search->high.n > 0);
    int rc;

    if (!walk->plan->exact || bounds || search->after.n > 0)
        return count_docs(walk, count, err);
    rc = count_keys(walk, count);
    return rc ? sac__lmdb_fail(search->env, rc, err) : SAC_OK;
}

int sac__lmdb_search_count(const sac__lmdb_search *search, MDB_txn *txn,
                           const sac__lmdb_collection *of, const sac__lmdb_indexes *indexes,
                           int64_t *count, sac_err *err)
{
    sac__lmdb_search counted = *search;
    sac__lmdb_plan plan;
    sac__lmdb_walk walk;
    int rc;

    /* Without a position the order is nothing to a count. */
    if (counted.after.n == 0) {
        counted.by_id = true;
        counted.descending = false;
    }
    rc = sac__lmdb_plan_init(&plan, &counted, indexes, err);
    if (rc != SAC_OK)
        return rc;
    rc = sac__lmdb_walk_open(&walk, txn, of, &counted, &plan);
    if (rc == 0) {
        rc = count_walk(&walk, count, err);
        sac__lmdb_walk_close(&walk);
    } else {
        rc = sac__lmdb_fail(search->env, rc, err);
    }
    sac__lmdb_plan_fini(&plan);
    return rc;
}

static int count_look(const sac__lmdb_search *search, int64_t *count, sac_err *err)
{
    sac__lmdb_look at;
    int64_t n = 0;
    int rc = sac__lmdb_look_begin(&at, search, err);

    if (rc != SAC_OK)
        return rc;
    if (at.of)
        rc = sac__lmdb_search_count(search, at.reader->txn, at.of, at.indexes, &n, err);
    sac__lmdb_look_end(&at, search);
    if (rc == SAC_OK)
        *count = n;
    return rc;
}

static int explain_look(const sac__lmdb_search *search, sac_explain *out, sac_err *err)
{
    sac__lmdb_plan plan;
    sac__lmdb_look at;
    int rc = sac__lmdb_look_begin(&at, search, err);

    if (rc != SAC_OK)
        return rc;
    rc = sac__lmdb_plan_init(&plan, search, at.indexes, err);
    sac__lmdb_look_end(&at, search);
    if (rc != SAC_OK)
        return rc;
    rc = sac__lmdb_plan_allow(&plan, search, err);
    if (rc == SAC_OK) {
        out->scan = plan.scan;
        out->sorts = plan.sorts;
        if (plan.index)
            memcpy(out->index, plan.index->name, sizeof out->index);
    }
    sac__lmdb_plan_fini(&plan);
    return rc;
}

int sac__lmdb_explain(sac__lmdb_env *env, const sac_query *query, sac_explain *out, sac_err *err)
{
    sac__lmdb_search search;
    int rc = sac__lmdb_search_init(&search, env, query, NULL, err);

    if (rc != SAC_OK)
        return rc;
    rc = explain_look(&search, out, err);
    sac__lmdb_search_fini(&search);
    return rc;
}

int sac__lmdb_count(sac__lmdb_env *env, const sac_query *query, int64_t *count, sac_err *err)
{
    sac__lmdb_search search;
    sac_explain plan;
    int rc = sac__lmdb_search_init(&search, env, query, NULL, err);

    if (rc != SAC_OK)
        return rc;
    if (query->indexed)
        rc = explain_look(&search, &plan, err);
    if (rc == SAC_OK)
        rc = count_look(&search, count, err);
    sac__lmdb_search_fini(&search);
    return rc;
}

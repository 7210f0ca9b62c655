/* SPDX-License-Identifier: MIT */
#include "store/lmdb/find/find.h"

#include "store/lmdb/find/walk.h"

typedef struct finding {
    int (*each)(void *self, const MDB_val *key);
    void *self;
    sac_err *err;
} finding;

static int walk_all(sac__lmdb_walk *walk, const finding *to)
{
    MDB_val doc;
    int rc = sac__lmdb_walk_first(walk, NULL);

    while (rc == 0) {
        const MDB_val id = sac__lmdb_walk_id(walk);
        int taken = sac__lmdb_walk_takes(walk, &doc, to->err);

        if (taken == 1)
            taken = to->each(to->self, &id);
        if (taken != 0)
            return taken;
        rc = sac__lmdb_walk_next(walk);
    }
    return rc == MDB_NOTFOUND ? SAC_OK : sac__lmdb_fail(walk->search->env, rc, to->err);
}

static int walk_plan(const sac__lmdb_search *search, MDB_txn *txn, const sac__lmdb_collection *of,
                     const sac__lmdb_plan *plan, const finding *to)
{
    sac__lmdb_walk walk;
    int rc = sac__lmdb_plan_allow(plan, search, to->err);

    if (rc != SAC_OK)
        return rc;
    rc = sac__lmdb_walk_open(&walk, txn, of, search, plan);
    if (rc)
        return sac__lmdb_fail(search->env, rc, to->err);
    rc = walk_all(&walk, to);
    sac__lmdb_walk_close(&walk);
    return rc;
}

static int search_all(const sac__lmdb_search *search, MDB_txn *txn, const sac__lmdb_collection *of,
                      const finding *to)
{
    const sac__lmdb_indexes *indexes = NULL;
    sac__lmdb_plan plan;
    int rc = search->filter ? sac__lmdb_indexes_get(search->env, txn, of->name, &indexes) : 0;

    if (rc)
        return sac__lmdb_fail(search->env, rc, to->err);
    rc = sac__lmdb_plan_init(&plan, search, indexes, to->err);
    if (rc != SAC_OK)
        return rc;
    rc = walk_plan(search, txn, of, &plan, to);
    sac__lmdb_plan_fini(&plan);
    return rc;
}

int sac__lmdb_find_keys(sac__lmdb_env *env, MDB_txn *txn, const sac__lmdb_collection *of,
                        const sac_query *query, int (*each)(void *self, const MDB_val *key),
                        void *self, sac_err *err)
{
    const finding to = {.each = each, .self = self, .err = err};
    sac__lmdb_search search;
    sac_query asked = *query;
    int rc;

    asked.collection = of->name;
    asked.sort = sac_str_n(NULL, 0);
    asked.after = (sac_value){.type = SAC_BSON_MISSING};
    asked.descending = false;
    rc = sac__lmdb_search_init(&search, env, &asked, NULL, err);
    if (rc != SAC_OK)
        return rc;
    rc = search_all(&search, txn, of, &to);
    sac__lmdb_search_fini(&search);
    return rc;
}

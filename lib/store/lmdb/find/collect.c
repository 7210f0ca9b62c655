/* SPDX-License-Identifier: MIT */
#include "store/lmdb/find/collect.h"

#define SORT_DEFAULT ((size_t)32 << 20)
/* So many entries are cheap, whatever their share of the collection. */
#define ENTRIES_FREE 1000
/* Beyond this part of a collection, reading it in order beats fetching by an index. */
#define SHARE 4

typedef struct collection {
    sac__lmdb_walk *walk;
    sac__sorter *sorter;
    sac__buf key;
    int64_t count;
    uint64_t seen;
    uint64_t enough; /* entries after which to give up; 0: never */
} collection;

static size_t max_sort(const sac_query *query)
{
    return query->max_sort ? query->max_sort : SORT_DEFAULT;
}

static int too_large(const sac__lmdb_walk *walk, sac_err *err)
{
    const sac_query *query = walk->search->query;

    return sac_err_set(err, SAC_ELIMIT,
                       "sort of %s takes more than %zu bytes: take an index or a "
                       "limit",
                       query->collection, max_sort(query));
}

static void put_id(const sac__lmdb_walk *walk, sac__buf *key)
{
    const MDB_val id = sac__lmdb_walk_id(walk);
    size_t i;

    sac__buf_add(key, id.mv_data, id.mv_size);
    for (i = 0; walk->search->descending && i < key->n; i++)
        key->p[i] = (char)~key->p[i];
}

int sac__lmdb_collect_key(const sac__lmdb_walk *walk, MDB_val *doc, sac__buf *key, sac_err *err)
{
    const sac__lmdb_search *search = walk->search;
    const MDB_val id = sac__lmdb_walk_id(walk);
    const char *p;
    MDB_val made;
    int rc = doc->mv_data ? 0 : sac__lmdb_walk_doc(walk, doc);

    if (rc)
        return sac__lmdb_fail(search->env, rc, err);
    p = doc->mv_data;
    if (doc->mv_size < SAC__LMDB_HEAD)
        return sac__lmdb_doc_damaged(search->env, walk->of->name, &id, doc, err);
    key->n = 0;
    rc = sac__sort_key(&search->sort, sac_str_n(p + SAC__LMDB_HEAD, doc->mv_size - SAC__LMDB_HEAD),
                       key);
    if (rc == SAC_OK)
        rc = key->error;
    if (rc == SAC_ECORRUPT)
        return sac__lmdb_doc_damaged(search->env, walk->of->name, &id, doc, err);
    if (rc != SAC_OK)
        return sac_err_set(err, rc, "%s: sort: %s", search->env->label, sac_err_text(rc));
    made = (MDB_val){key->n, key->p};
    return sac__lmdb_compare(&made, sac__buf_str(&search->after)) > 0;
}

static int add(collection *self, MDB_val *doc, sac_err *err)
{
    const MDB_val id = sac__lmdb_walk_id(self->walk);
    int rc = 1;

    self->key.n = 0;
    if (self->walk->search->by_id)
        put_id(self->walk, &self->key);
    else
        rc = sac__lmdb_collect_key(self->walk, doc, &self->key, err);
    if (rc != 1)
        return rc;
    if (self->key.error)
        return sac_err_set(err, self->key.error, "no memory for a sort");
    self->count++;
    rc = sac__sorter_add(self->sorter, sac__buf_str(&self->key), sac_str_n(id.mv_data, id.mv_size));
    if (rc == SAC_ELIMIT)
        return self->walk->search->by_id ? SAC_LATER : too_large(self->walk, err);
    return rc ? sac_err_set(err, rc, "no memory for a sort") : SAC_OK;
}

static int add_all(collection *self, sac_err *err)
{
    MDB_val doc;
    int rc = sac__lmdb_walk_first(self->walk, NULL);

    while (rc == 0) {
        int taken = sac__lmdb_walk_takes(self->walk, &doc, err);

        if (taken == 1)
            taken = add(self, &doc, err);
        if (taken != 0)
            return taken;
        if (++self->seen == self->enough)
            return SAC_LATER;
        rc = sac__lmdb_walk_next(self->walk);
    }
    return rc == MDB_NOTFOUND ? SAC_OK : sac__lmdb_fail(self->walk->search->env, rc, err);
}

/* Only where the order of the ids is asked for can all be read without a sort. */
static uint64_t entries_enough(const sac__lmdb_walk *walk)
{
    MDB_stat stat;

    if (!walk->search->by_id || mdb_stat(walk->txn, walk->of->dbi, &stat) != 0)
        return 0;
    return ENTRIES_FREE + stat.ms_entries / SHARE;
}

int sac__lmdb_collect(sac__lmdb_walk *walk, size_t keep, sac__sorter **out, int64_t *count,
                      sac_err *err)
{
    collection self = {.walk = walk, .enough = entries_enough(walk)};
    const sac_alloc *alloc = walk->search->alloc;
    int rc = sac__sorter_new(max_sort(walk->search->query), keep, alloc, &self.sorter);

    if (rc != SAC_OK)
        return sac_err_set(err, rc, "no memory for a sort");
    sac__buf_init(&self.key, alloc, SAC__LMDB_BYTES_MAX);
    rc = add_all(&self, err);
    sac__buf_fini(&self.key);
    if (rc != SAC_OK) {
        sac__sorter_free(self.sorter);
        return rc;
    }
    *out = self.sorter;
    *count = self.count;
    return SAC_OK;
}

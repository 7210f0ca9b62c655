/* SPDX-License-Identifier: MIT */
#include "store/lmdb/find/look.h"

int sac__lmdb_look_begin(sac__lmdb_look *at, const sac__lmdb_search *search, sac_err *err)
{
    int rc;

    memset(at, 0, sizeof *at);
    rc = sac__lmdb_collection_find(search->env, search->query->collection, &at->of, err);
    if (rc != SAC_OK || !at->of)
        return rc;
    rc = sac__lmdb_reader_begin(search->env, &at->reader, err);
    if (rc != SAC_OK)
        return rc;
    if (search->filter || !search->by_id)
        rc = sac__lmdb_indexes_get(search->env, at->reader->txn, at->of->name, &at->indexes);
    if (rc == 0)
        return SAC_OK;
    sac__lmdb_reader_end(search->env, at->reader);
    return sac__lmdb_fail(search->env, rc, err);
}

void sac__lmdb_look_end(const sac__lmdb_look *at, const sac__lmdb_search *search)
{
    if (at->of)
        sac__lmdb_reader_end(search->env, at->reader);
}

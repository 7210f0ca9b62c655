/* SPDX-License-Identifier: MIT */
#include "store/lmdb/read.h"

#include "store/lmdb/doc.h"

int sac__lmdb_snapshot(sac__lmdb_env *env, MDB_txn *txn, const char *collection,
                       sac_snapshot *snapshot)
{
    sac__lmdb_record record = {.revision = 0};
    int rc = sac__lmdb_record_get(env, txn, collection, &record);

    if (rc && rc != MDB_NOTFOUND)
        return rc;
    snapshot->revision = record.revision;
    return 0;
}

static int get_in(sac__lmdb_env *env, MDB_txn *txn, const sac__lmdb_collection *of,
                  const sac__lmdb_key *id, const sac_sink *sink, sac_err *err)
{
    sac_snapshot snapshot = {.count = -1};
    MDB_val key = sac__lmdb_key_val(id);
    MDB_val data;
    sac_view view;
    int rc = mdb_get(txn, of->dbi, &key, &data);

    if (rc == MDB_NOTFOUND)
        return sac_err_set(err, SAC_ENOTFOUND, "no such document");
    if (rc == 0 && !sac__lmdb_doc_view(&data, &view))
        return sac__lmdb_doc_damaged(env, of->name, &key, &data, err);
    if (rc == 0 && sink->begin)
        rc = sac__lmdb_snapshot(env, txn, of->name, &snapshot);
    if (rc)
        return sac__lmdb_fail(env, rc, err);
    if (sink->begin)
        rc = sink->begin(sink->self, &snapshot);
    if (rc == 0)
        rc = sink->doc(sink->self, &view);
    return rc < 0 ? rc : SAC_OK;
}

int sac__lmdb_get(sac__lmdb_env *env, const char *collection, sac_value id, const sac_sink *sink,
                  sac_err *err)
{
    sac__lmdb_collection *of = NULL;
    sac__lmdb_reader *reader;
    sac__lmdb_key key;
    int rc = sac__lmdb_collection_find(env, collection, &of, err);

    if (rc != SAC_OK)
        return rc;
    if (!of || sac__lmdb_key_init(&key, &id, NULL) != SAC_OK)
        return sac_err_set(err, SAC_ENOTFOUND, "no such document");
    rc = sac__lmdb_reader_begin(env, &reader, err);
    if (rc != SAC_OK)
        return rc;
    rc = get_in(env, reader->txn, of, &key, sink, err);
    sac__lmdb_reader_end(env, reader);
    return rc;
}

int sac__lmdb_revision(sac__lmdb_env *env, const char *collection, uint64_t *revision, sac_err *err)
{
    sac_snapshot snapshot = {.revision = 0};
    sac__lmdb_reader *reader;
    int rc = sac__lmdb_reader_begin(env, &reader, err);

    if (rc != SAC_OK)
        return rc;
    rc = sac__lmdb_snapshot(env, reader->txn, collection, &snapshot);
    sac__lmdb_reader_end(env, reader);
    if (rc)
        return sac__lmdb_fail(env, rc, err);
    *revision = snapshot.revision;
    return SAC_OK;
}

int sac__lmdb_collections(sac__lmdb_env *env, int (*name)(void *self, const char *name), void *self,
                          sac_err *err)
{
    sac__lmdb_reader *reader;
    int rc = sac__lmdb_reader_begin(env, &reader, err);

    if (rc != SAC_OK)
        return rc;
    rc = sac__lmdb_catalog_each(env, reader->txn, name, self, err);
    sac__lmdb_reader_end(env, reader);
    return rc;
}

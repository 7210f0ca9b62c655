/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_DOC_H
#define STORE_LMDB_DOC_H

#include "store/lmdb/catalog.h"

/* What LMDB takes. */
#define SAC__LMDB_KEY_MAX 511
/* Before each document: checksum and revision. */
#define SAC__LMDB_HEAD 16

/* An `_id` in the order of sac_value_compare(). */
typedef struct sac__lmdb_key {
    size_t n;
    char bytes[SAC__LMDB_KEY_MAX];
} sac__lmdb_key;

/* SAC_ELIMIT when it is longer than LMDB takes; SAC_EINVAL for no sound value. */
int sac__lmdb_key_init(sac__lmdb_key *key, const sac_value *id, sac_err *err);

static inline MDB_val sac__lmdb_key_val(const sac__lmdb_key *key)
{
    return (MDB_val){key->n, (void *)key->bytes};
}

/* The stored value as a view; false when its checksum says that it is damaged. */
bool sac__lmdb_doc_view(const MDB_val *data, sac_view *view);
/* An LMDB code: MDB_KEYEXIST with MDB_NOOVERWRITE. */
int sac__lmdb_doc_put(MDB_txn *txn, MDB_dbi dbi, const sac__lmdb_key *key, const sac_view *view,
                      unsigned flags);
/* An `_id` for a text: as in the document where there is one, else its key. */
enum { SAC__LMDB_SHOWN = 56 };
void sac__lmdb_doc_show(const MDB_val *key, const MDB_val *data, char out[SAC__LMDB_SHOWN]);
/* SAC_ECORRUPT, naming file, collection and `_id`. */
int sac__lmdb_doc_damaged(const sac__lmdb_env *env, const char *collection, const MDB_val *key,
                          const MDB_val *data, sac_err *err);

#endif

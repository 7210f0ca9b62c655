/* SPDX-License-Identifier: MIT */
#include "store/lmdb/doc.h"

#include <stdio.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "bson/key.h"
#include "bson/wire.h"

#define SHOWN_MAX ((size_t)24)

int sac__lmdb_key_init(sac__lmdb_key *key, const sac_value *id, sac_err *err)
{
    sac__buf buf;
    int rc;

    sac__buf_init_fixed(&buf, key->bytes, sizeof key->bytes);
    rc = sac__bson_key(id, &buf);
    key->n = buf.n;
    if (rc == SAC_ETOOBIG)
        return sac_err_set(err, SAC_ELIMIT, "_id longer than %d bytes", SAC__LMDB_KEY_MAX);
    return rc ? sac_err_set(err, SAC_EINVAL, "_id: %s", sac_err_text(rc)) : SAC_OK;
}

/* A value is the checksum of all that follows it, the revision, the document. */
#define REVISION_AT 8

static uint64_t checksum(const char *value, size_t n)
{
    return XXH3_64bits(value + REVISION_AT, n - REVISION_AT);
}

bool sac__lmdb_doc_view(const MDB_val *data, sac_view *view)
{
    const char *p = data->mv_data;

    if (data->mv_size < SAC__LMDB_HEAD || sac__wire_get64(p) != checksum(p, data->mv_size))
        return false;
    *view = (sac_view){.doc = sac_str_n(p + SAC__LMDB_HEAD, data->mv_size - SAC__LMDB_HEAD),
                       .revision = sac__wire_get64(p + REVISION_AT)};
    return true;
}

int sac__lmdb_doc_put(MDB_txn *txn, MDB_dbi dbi, const sac__lmdb_key *key, const sac_view *view,
                      unsigned flags)
{
    MDB_val at = sac__lmdb_key_val(key);
    MDB_val data = {SAC__LMDB_HEAD + view->doc.n, NULL};
    char *p;
    int rc = mdb_put(txn, dbi, &at, &data, flags | MDB_RESERVE);

    if (rc)
        return rc;
    p = data.mv_data;
    sac__wire_put64(p + REVISION_AT, view->revision);
    memcpy(p + SAC__LMDB_HEAD, view->doc.p, view->doc.n);
    sac__wire_put64(p, checksum(p, data.mv_size));
    return 0;
}

static bool printable(sac_str s)
{
    size_t i;

    for (i = 0; i < s.n && s.p[i] >= ' ' && s.p[i] <= '~'; i++)
        ;
    return i == s.n && s.n <= 2 * SHOWN_MAX;
}

static void show_key(const MDB_val *key, char out[SAC__LMDB_SHOWN])
{
    const unsigned char *p = key->mv_data;
    size_t n = key->mv_size < SHOWN_MAX ? key->mv_size : SHOWN_MAX;
    size_t i;

    memcpy(out, "key ", 5);
    for (i = 0; i < n; i++)
        snprintf(out + 4 + 2 * i, 3, "%02x", p[i]);
}

/* The `_id` is shown as the document has it where that is what the key says. */
void sac__lmdb_doc_show(const MDB_val *key, const MDB_val *data, char out[SAC__LMDB_SHOWN])
{
    sac__lmdb_key again;
    sac_value id = {.type = SAC_BSON_MISSING};
    sac_str text;
    sac_oid oid;
    int64_t number;

    if (data && data->mv_size > SAC__LMDB_HEAD)
        id = sac_bson_get(
            sac_str_n((char *)data->mv_data + SAC__LMDB_HEAD, data->mv_size - SAC__LMDB_HEAD),
            sac_str_n("_id", 3));
    show_key(key, out);
    if (id.type == SAC_BSON_MISSING || sac__lmdb_key_init(&again, &id, NULL) != SAC_OK ||
        again.n != key->mv_size || memcmp(again.bytes, key->mv_data, again.n) != 0)
        return;
    if (sac_value_oid(&id, &oid)) {
        sac_oid_hex(&oid, out);
        out[24] = '\0';
    } else if (sac_value_int(&id, &number)) {
        snprintf(out, SAC__LMDB_SHOWN, "%lld", (long long)number);
    } else if (sac_value_str(&id, &text) && printable(text)) {
        snprintf(out, SAC__LMDB_SHOWN, "\"%.*s\"", (int)text.n, text.p);
    }
}

int sac__lmdb_doc_damaged(const sac__lmdb_env *env, const char *collection, const MDB_val *key,
                          const MDB_val *data, sac_err *err)
{
    char id[SAC__LMDB_SHOWN];

    sac__lmdb_doc_show(key, data, id);
    return sac_err_set(err, SAC_ECORRUPT, "%s: %s: document %s is damaged", env->label, collection,
                       id);
}

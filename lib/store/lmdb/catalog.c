/* SPDX-License-Identifier: MIT */
#include "store/lmdb/catalog.h"

#include <errno.h>

#include "bson/wire.h"
#include "core/alloc.h"
#include "core/hash.h"
#include "core/random.h"
#include "store/lmdb/index/set.h"

/*
 * The named database "sacrum". Key "m": the head (format, 0, generation,
 * sequence, secret). Key "c<name>": a collection (revision, flags, version of
 * its indexes); its documents are in the named database "c:<name>". Integers
 * are little-endian. The records of indexes: index/set.c.
 */
#define CATALOG "sacrum"
#define FORMAT 1
#define HEAD_SIZE 56
#define RECORD_SIZE 16
#define RECORD_DROPPED 1U

static MDB_val head_key(void)
{
    return (MDB_val){1, (char *)"m"};
}

int sac__lmdb_head_get(sac__lmdb_env *env, MDB_txn *txn, sac__lmdb_head *head)
{
    MDB_val key = head_key();
    MDB_val data;
    const char *p;
    int rc = mdb_get(txn, env->catalog, &key, &data);

    if (rc)
        return rc;
    p = data.mv_data;
    if (data.mv_size < HEAD_SIZE)
        return MDB_CORRUPTED;
    if (sac__wire_get32(p) != FORMAT)
        return MDB_VERSION_MISMATCH;
    head->generation = sac__wire_get64(p + 8);
    head->sequence = sac__wire_get64(p + 16);
    memcpy(head->secret, p + 24, sizeof head->secret);
    return 0;
}

int sac__lmdb_head_put(sac__lmdb_env *env, MDB_txn *txn, const sac__lmdb_head *head)
{
    char bytes[HEAD_SIZE];
    MDB_val key = head_key();
    MDB_val data = {sizeof bytes, bytes};

    sac__wire_put32(bytes, FORMAT);
    sac__wire_put32(bytes + 4, 0);
    sac__wire_put64(bytes + 8, head->generation);
    sac__wire_put64(bytes + 16, head->sequence);
    memcpy(bytes + 24, head->secret, sizeof head->secret);
    return mdb_put(txn, env->catalog, &key, &data, 0);
}

MDB_val sac__lmdb_catalog_key(char bytes[SAC__LMDB_CATALOG_KEY], char kind, const char *name)
{
    const size_t n = strlen(name);

    bytes[0] = kind;
    memcpy(bytes + 1, name, n + 1);
    return (MDB_val){n + 1, bytes};
}

int sac__lmdb_record_get(sac__lmdb_env *env, MDB_txn *txn, const char *name,
                         sac__lmdb_record *record)
{
    char bytes[SAC__LMDB_CATALOG_KEY];
    MDB_val key = sac__lmdb_catalog_key(bytes, 'c', name);
    MDB_val data;
    int rc = mdb_get(txn, env->catalog, &key, &data);

    if (rc)
        return rc;
    if (data.mv_size < RECORD_SIZE)
        return MDB_CORRUPTED;
    record->revision = sac__wire_get64(data.mv_data);
    record->dropped = sac__wire_get32((char *)data.mv_data + 8) & RECORD_DROPPED;
    record->indexes = sac__wire_get32((char *)data.mv_data + 12);
    return 0;
}

int sac__lmdb_record_put(sac__lmdb_env *env, MDB_txn *txn, const char *name,
                         const sac__lmdb_record *record)
{
    char bytes[SAC__LMDB_CATALOG_KEY];
    char value[RECORD_SIZE];
    MDB_val key = sac__lmdb_catalog_key(bytes, 'c', name);
    MDB_val data = {sizeof value, value};

    sac__wire_put64(value, record->revision);
    sac__wire_put32(value + 8, record->dropped ? RECORD_DROPPED : 0);
    sac__wire_put32(value + 12, record->indexes);
    return mdb_put(txn, env->catalog, &key, &data, 0);
}

static size_t place_of(const sac__lmdb_env *env, const char *name)
{
    return sac__hash_quick(name, strlen(name)) & (env->table_size - 1);
}

sac__lmdb_collection *sac__lmdb_collection_cached(sac__lmdb_env *env, const char *name)
{
    size_t at = place_of(env, name);

    for (;; at = (at + 1) & (env->table_size - 1)) {
        sac__lmdb_collection *there = atomic_load_explicit(&env->table[at], memory_order_acquire);

        if (!there || strcmp(there->name, name) == 0)
            return there;
    }
}

/* Room is certain: there are no more handles than half the table. */
void sac__lmdb_collection_publish(sac__lmdb_env *env, sac__lmdb_collection *made)
{
    size_t at = place_of(env, made->name);

    while (atomic_load_explicit(&env->table[at], memory_order_relaxed))
        at = (at + 1) & (env->table_size - 1);
    atomic_store_explicit(&env->table[at], made, memory_order_release);
}

static void collection_free(sac__lmdb_collection *made)
{
    if (!made)
        return;
    sac__lmdb_indexes_free(atomic_load_explicit(&made->indexes, memory_order_relaxed));
    sac__alloc_free(NULL, made, sizeof *made);
}

void sac__lmdb_collection_discard(sac__lmdb_env *env, sac__lmdb_collection *made)
{
    collection_free(made);
    env->n_collections--;
}

int sac__lmdb_collection_make(sac__lmdb_env *env, MDB_txn *txn, const char *name, unsigned flags,
                              sac__lmdb_collection **out)
{
    sac__lmdb_collection *made;
    char db_name[SAC__LMDB_NAME_MAX + 3] = "c:";
    int rc;

    if (env->n_collections == env->max_collections)
        return MDB_DBS_FULL;
    made = sac__alloc_zero(NULL, sizeof *made);
    if (!made)
        return ENOMEM;
    memcpy(made->name, name, strlen(name) + 1);
    memcpy(db_name + 2, name, strlen(name) + 1);
    rc = mdb_dbi_open(txn, db_name, flags, &made->dbi);
    if (rc) {
        collection_free(made);
        return rc;
    }
    env->n_collections++;
    *out = made;
    return 0;
}

/* A handle becomes everyone's when the transaction that opened it commits. */
static int open_foreign(sac__lmdb_env *env, const char *name, sac__lmdb_collection **out,
                        sac_err *err)
{
    sac__lmdb_collection *made = NULL;
    sac__lmdb_reader *reader;
    int rc = sac__lmdb_reader_begin(env, &reader, err);

    if (rc != SAC_OK)
        return rc;
    rc = sac__lmdb_collection_make(env, reader->txn, name, 0, &made);
    if (rc) {
        sac__lmdb_reader_end(env, reader);
        return sac__lmdb_fail(env, rc, err);
    }
    rc = sac__lmdb_reader_commit(env, reader);
    if (rc) {
        sac__lmdb_collection_discard(env, made);
        return sac__lmdb_fail(env, rc, err);
    }
    sac__lmdb_collection_publish(env, made);
    *out = made;
    return SAC_OK;
}

static int find_foreign(sac__lmdb_env *env, const char *name, sac__lmdb_collection **out,
                        sac_err *err)
{
    sac__lmdb_collection *found;
    int rc = SAC_OK;

    pthread_mutex_lock(&env->dbi_lock);
    found = sac__lmdb_collection_cached(env, name);
    if (!found)
        rc = open_foreign(env, name, &found, err);
    pthread_mutex_unlock(&env->dbi_lock);
    if (rc == SAC_OK)
        *out = found;
    return rc;
}

int sac__lmdb_collection_find(sac__lmdb_env *env, const char *name, sac__lmdb_collection **out,
                              sac_err *err)
{
    sac__lmdb_collection *found = sac__lmdb_collection_cached(env, name);
    sac__lmdb_reader *reader;
    sac__lmdb_record record;
    int rc;

    if (!found) {
        rc = sac__lmdb_reader_begin(env, &reader, err);
        if (rc != SAC_OK)
            return rc;
        rc = sac__lmdb_record_get(env, reader->txn, name, &record);
        sac__lmdb_reader_end(env, reader);
        if (rc == 0)
            return find_foreign(env, name, out, err);
        if (rc != MDB_NOTFOUND)
            return sac__lmdb_fail(env, rc, err);
    }
    *out = found;
    return SAC_OK;
}

/* The key of a record as a name; false for other keys. */
static bool record_name(const MDB_val *key, char name[SAC__LMDB_NAME_MAX + 1])
{
    const char *p = key->mv_data;

    if (key->mv_size < 2 || key->mv_size > SAC__LMDB_NAME_MAX + 1 || p[0] != 'c')
        return false;
    memcpy(name, p + 1, key->mv_size - 1);
    name[key->mv_size - 1] = '\0';
    return true;
}

int sac__lmdb_catalog_each(sac__lmdb_env *env, MDB_txn *txn,
                           int (*name)(void *self, const char *name), void *self, sac_err *err)
{
    char text[SAC__LMDB_NAME_MAX + 1];
    MDB_cursor *cursor;
    MDB_val key;
    MDB_val data;
    int stop = 0;
    int rc = mdb_cursor_open(txn, env->catalog, &cursor);

    if (rc)
        return sac__lmdb_fail(env, rc, err);
    while (stop == 0 && (rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT)) == 0) {
        if (!record_name(&key, text) || data.mv_size < RECORD_SIZE)
            continue;
        if (!(sac__wire_get32((char *)data.mv_data + 8) & RECORD_DROPPED))
            stop = name(self, text);
    }
    mdb_cursor_close(cursor);
    return rc && rc != MDB_NOTFOUND ? sac__lmdb_fail(env, rc, err) : stop;
}

static int make_head(sac__lmdb_env *env, MDB_txn *txn)
{
    sac__lmdb_head head = {.generation = 1};
    int rc = mdb_dbi_open(txn, CATALOG, MDB_CREATE, &env->catalog);

    if (rc)
        return rc;
    if (sac__random(head.secret, sizeof head.secret) != SAC_OK)
        return EIO;
    memcpy(env->secret, head.secret, sizeof env->secret);
    return sac__lmdb_head_put(env, txn, &head);
}

static int open_head(sac__lmdb_env *env, MDB_txn *txn, sac_err *err)
{
    sac__lmdb_head head;
    MDB_stat stat;
    MDB_dbi root;
    int rc = mdb_dbi_open(txn, NULL, 0, &root);

    if (rc == 0)
        rc = mdb_stat(txn, root, &stat);
    if (rc == 0 && stat.ms_entries == 0)
        rc = make_head(env, txn);
    else if (rc == 0) {
        rc = mdb_dbi_open(txn, CATALOG, 0, &env->catalog);
        if (rc == 0)
            rc = sac__lmdb_head_get(env, txn, &head);
        if (rc == MDB_NOTFOUND || rc == MDB_INCOMPATIBLE || rc == MDB_CORRUPTED)
            return sac_err_set(err, SAC_ECORRUPT, "%s: no database of sacrum's", env->label);
        if (rc == MDB_VERSION_MISMATCH)
            return sac_err_set(err, SAC_EVERSION, "%s: made by a newer sacrum", env->label);
        if (rc == 0)
            memcpy(env->secret, head.secret, sizeof env->secret);
    }
    return rc ? sac__lmdb_fail(env, rc, err) : SAC_OK;
}

typedef struct opening {
    sac__lmdb_env *env;
    MDB_txn *txn;
    sac_err *err;
} opening;

/* Published at once: nobody else sees this environment yet. */
static int open_one(void *self, const char *name)
{
    const opening *open = self;
    sac__lmdb_collection *made = NULL;
    int rc = sac__lmdb_collection_make(open->env, open->txn, name, 0, &made);

    if (rc)
        return sac__lmdb_fail(open->env, rc, open->err);
    sac__lmdb_collection_publish(open->env, made);
    return SAC_OK;
}

int sac__lmdb_catalog_open(sac__lmdb_env *env, sac_err *err)
{
    opening open = {.env = env, .err = err};
    int rc;

    for (env->table_size = 16; env->table_size < 2 * (size_t)env->max_collections;)
        env->table_size *= 2;
    env->table = sac__alloc_zero(NULL, env->table_size * sizeof *env->table);
    env->slots = sac__alloc_zero(NULL, env->max_slots * sizeof *env->slots);
    if (!env->table || !env->slots)
        return sac__lmdb_fail(env, ENOMEM, err);
    rc = mdb_txn_begin(env->mdb, NULL, 0, &open.txn);
    if (rc)
        return sac__lmdb_fail(env, rc, err);
    rc = open_head(env, open.txn, err);
    if (rc == SAC_OK)
        rc = sac__lmdb_catalog_each(env, open.txn, open_one, &open, err);
    if (rc != SAC_OK) {
        mdb_txn_abort(open.txn);
        return rc;
    }
    rc = mdb_txn_commit(open.txn);
    if (rc == 0)
        rc = sac__lmdb_slots_open(env);
    return rc ? sac__lmdb_fail(env, rc, err) : SAC_OK;
}

void sac__lmdb_catalog_close(sac__lmdb_env *env)
{
    size_t i;

    for (i = 0; env->table && i < env->table_size; i++)
        collection_free(atomic_load_explicit(&env->table[i], memory_order_relaxed));
    sac__alloc_free(NULL, (void *)env->table, env->table_size * sizeof *env->table);
    sac__alloc_free(NULL, (void *)env->slots, env->max_slots * sizeof *env->slots);
}

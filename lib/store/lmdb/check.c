/* SPDX-License-Identifier: MIT */
#include "store/lmdb/check.h"

#include "store/lmdb/index/keys.h"
#include "store/lmdb/index/set.h"
#include "store/lmdb/read.h"

/* Of one snapshot. */
#define CHECKED_AT_ONCE 256

/* Where a check has come to. */
typedef struct checking {
    sac__lmdb_env *env;
    sac__lmdb_collection *of;
    sac_err *err;
    sac__lmdb_keys keys;
    sac__lmdb_key last;    /* among documents, or among entries: their key */
    sac__lmdb_key last_id; /* among entries */
    uint64_t revision;     /* at the beginning */
    const sac__lmdb_indexes *indexes;
    int64_t entries[SAC__LMDB_INDEXES]; /* that the documents have in them */
} checking;

/* One piece of a check; 1: there are more. */
typedef int piece(checking *at, MDB_txn *txn, const sac__lmdb_index *index);

static bool is_key(const MDB_val *key, const sac__lmdb_key *id)
{
    return key->mv_size == id->n && memcmp(key->mv_data, id->bytes, id->n) == 0;
}

static void keep(sac__lmdb_key *to, const MDB_val *key)
{
    to->n = key->mv_size;
    memcpy(to->bytes, key->mv_data, key->mv_size);
}

static int lmdb_failed(const checking *at, int rc)
{
    return rc ? sac__lmdb_fail(at->env, rc, at->err) : SAC_OK;
}

static int differs(const checking *at, const sac__lmdb_index *index, const MDB_val *id,
                   const MDB_val *data)
{
    char text[SAC__LMDB_SHOWN];

    sac__lmdb_doc_show(id, data, text);
    return sac_err_set(at->err, SAC_ECORRUPT, "%s: %s: index %s and document %s do not agree",
                       at->env->label, at->of->name, index->name, text);
}

/* Sound at every depth, and where its `_id` belongs. */
static bool is_sound(sac_str doc, const MDB_val *key)
{
    sac__lmdb_key id;
    sac_value value;

    return sac_store_accept(doc, &value, NULL) == SAC_OK &&
           sac__lmdb_key_init(&id, &value, NULL) == SAC_OK && is_key(key, &id);
}

static int check_entries(checking *at, MDB_txn *txn, size_t i, MDB_val id, const MDB_val *data)
{
    const sac__lmdb_index *index = &at->indexes->v[i];
    const sac_str doc = sac_str_n((char *)data->mv_data + SAC__LMDB_HEAD,
                                  data->mv_size - SAC__LMDB_HEAD);
    MDB_cursor *cursor;
    size_t n;
    int rc = sac__lmdb_keys_make(&at->keys, index, doc, true, at->err);

    if (rc != SAC_OK)
        return rc == SAC_ENOMEM ? rc : differs(at, index, &id, data);
    rc = mdb_cursor_open(txn, index->dbi, &cursor);
    if (rc)
        return lmdb_failed(at, rc);
    for (n = 0; rc == 0 && n < at->keys.n; n++) {
        const sac_str entry = sac__lmdb_keys_at(&at->keys, n);
        MDB_val key = {entry.n, (char *)entry.p};

        rc = mdb_cursor_get(cursor, &key, &id, MDB_GET_BOTH);
    }
    mdb_cursor_close(cursor);
    at->entries[i] += (int64_t)at->keys.n;
    return rc == MDB_NOTFOUND ? differs(at, index, &id, data) : lmdb_failed(at, rc);
}

static int check_doc(checking *at, MDB_txn *txn, const MDB_val *key, const MDB_val *data)
{
    sac_view view;
    size_t i;
    int rc = SAC_OK;

    if (!sac__lmdb_doc_view(data, &view) || !is_sound(view.doc, key))
        return sac__lmdb_doc_damaged(at->env, at->of->name, key, data, at->err);
    for (i = 0; rc == SAC_OK && at->indexes && i < at->indexes->n; i++)
        if (at->indexes->v[i].ready)
            rc = check_entries(at, txn, i, *key, data);
    return rc;
}

static int walk_docs(checking *at, MDB_txn *txn, MDB_cursor *cursor)
{
    MDB_val key = sac__lmdb_key_val(&at->last);
    MDB_val data;
    int left = CHECKED_AT_ONCE;
    int rc = mdb_cursor_get(cursor, &key, &data, at->last.n ? MDB_SET_RANGE : MDB_FIRST);

    if (rc == 0 && at->last.n && is_key(&key, &at->last))
        rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT);
    while (rc == 0) {
        const int bad = check_doc(at, txn, &key, &data);

        keep(&at->last, &key);
        if (bad != SAC_OK || --left == 0)
            return bad != SAC_OK ? bad : 1;
        rc = mdb_cursor_get(cursor, &key, &data, MDB_NEXT);
    }
    return rc == MDB_NOTFOUND ? SAC_OK : lmdb_failed(at, rc);
}

/* What changes while documents are read makes the numbers of entries worthless. */
static int note_state(checking *at, MDB_txn *txn)
{
    const sac__lmdb_indexes *indexes;
    sac_snapshot snapshot = {.count = -1};
    int rc = sac__lmdb_indexes_get(at->env, txn, at->of->name, &indexes);

    if (rc == 0)
        rc = sac__lmdb_snapshot(at->env, txn, at->of->name, &snapshot);
    if (rc)
        return lmdb_failed(at, rc);
    if (at->last.n == 0)
        at->revision = snapshot.revision;
    else if (at->revision != snapshot.revision || at->indexes != indexes)
        at->revision = UINT64_MAX;
    at->indexes = indexes;
    return SAC_OK;
}

static int check_docs(checking *at, MDB_txn *txn, const sac__lmdb_index *index)
{
    MDB_cursor *cursor;
    int rc = note_state(at, txn);

    (void)index;
    if (rc != SAC_OK)
        return rc;
    rc = mdb_cursor_open(txn, at->of->dbi, &cursor);
    if (rc)
        return lmdb_failed(at, rc);
    rc = walk_docs(at, txn, cursor);
    mdb_cursor_close(cursor);
    return rc;
}

/* Whether the document of an entry is there and has it. */
static int check_entry(checking *at, MDB_txn *txn, const sac__lmdb_index *index, const MDB_val *key,
                       MDB_val id)
{
    MDB_val data;
    sac_view view;
    size_t i = 0;
    int rc = mdb_get(txn, at->of->dbi, &id, &data);

    if (rc)
        return rc == MDB_NOTFOUND ? differs(at, index, &id, NULL) : lmdb_failed(at, rc);
    if (!sac__lmdb_doc_view(&data, &view))
        return sac__lmdb_doc_damaged(at->env, at->of->name, &id, &data, at->err);
    rc = sac__lmdb_keys_make(&at->keys, index, view.doc, true, at->err);
    if (rc == SAC_ENOMEM)
        return rc;
    while (rc == SAC_OK && i < at->keys.n &&
           sac__lmdb_keys_order(sac__lmdb_keys_at(&at->keys, i),
                                sac_str_n(key->mv_data, key->mv_size)) != 0)
        i++;
    return rc != SAC_OK || i == at->keys.n ? differs(at, index, &id, &data) : SAC_OK;
}

/* To the entry behind the last one. */
static int seek_entry(const checking *at, MDB_cursor *cursor, MDB_val *key, MDB_val *id)
{
    int rc;

    if (at->last.n == 0)
        return mdb_cursor_get(cursor, key, id, MDB_FIRST);
    *key = sac__lmdb_key_val(&at->last);
    *id = sac__lmdb_key_val(&at->last_id);
    rc = mdb_cursor_get(cursor, key, id, MDB_GET_BOTH_RANGE);
    if (rc == 0 && is_key(id, &at->last_id))
        return mdb_cursor_get(cursor, key, id, MDB_NEXT);
    if (rc != MDB_NOTFOUND)
        return rc;
    *key = sac__lmdb_key_val(&at->last);
    rc = mdb_cursor_get(cursor, key, id, MDB_SET_RANGE);
    return rc == 0 && is_key(key, &at->last) ? mdb_cursor_get(cursor, key, id, MDB_NEXT_NODUP) : rc;
}

static int walk_entries(checking *at, MDB_txn *txn, MDB_cursor *cursor,
                        const sac__lmdb_index *index)
{
    int left = CHECKED_AT_ONCE;
    MDB_val key;
    MDB_val id;
    int rc = seek_entry(at, cursor, &key, &id);

    while (rc == 0) {
        const int bad = check_entry(at, txn, index, &key, id);

        keep(&at->last, &key);
        keep(&at->last_id, &id);
        if (bad != SAC_OK || --left == 0)
            return bad != SAC_OK ? bad : 1;
        rc = mdb_cursor_get(cursor, &key, &id, MDB_NEXT);
    }
    return rc == MDB_NOTFOUND ? SAC_OK : lmdb_failed(at, rc);
}

/* The indexes may have changed meanwhile: the same one is sought by its name. */
static int check_index(checking *at, MDB_txn *txn, const sac__lmdb_index *index)
{
    const sac__lmdb_indexes *indexes;
    const sac__lmdb_index *now;
    MDB_cursor *cursor;
    int rc = sac__lmdb_indexes_get(at->env, txn, at->of->name, &indexes);

    if (rc)
        return lmdb_failed(at, rc);
    now = sac__lmdb_index_named(indexes, index->name);
    if (!now || now->slot != index->slot || !now->ready)
        return SAC_OK;
    rc = mdb_cursor_open(txn, now->dbi, &cursor);
    if (rc)
        return lmdb_failed(at, rc);
    rc = walk_entries(at, txn, cursor, now);
    mdb_cursor_close(cursor);
    return rc;
}

static int in_pieces(checking *at, piece *fn, const sac__lmdb_index *index)
{
    sac__lmdb_reader *reader;
    int rc;

    at->last.n = 0;
    do {
        rc = sac__lmdb_reader_begin(at->env, &reader, at->err);
        if (rc != SAC_OK)
            return rc;
        rc = fn(at, reader->txn, index);
        sac__lmdb_reader_end(at->env, reader);
    } while (rc > 0);
    return rc;
}

/* Whether every index has just the entries that the documents were found to have. */
static int count_entries(checking *at, MDB_txn *txn, const sac__lmdb_index *index)
{
    MDB_stat stat;
    size_t i;
    int rc;

    (void)index;
    at->last.n = 1; /* no beginning */
    rc = note_state(at, txn);
    for (i = 0; rc == SAC_OK && at->revision != UINT64_MAX && at->indexes && i < at->indexes->n;
         i++) {
        rc = lmdb_failed(at, mdb_stat(txn, at->indexes->v[i].dbi, &stat));
        if (rc == SAC_OK && at->indexes->v[i].ready && (int64_t)stat.ms_entries != at->entries[i])
            at->revision = UINT64_MAX;
    }
    return rc;
}

/* Each document against the indexes; then, where the numbers differ, each entry. */
static int check_both(checking *at)
{
    const sac__lmdb_indexes *indexes;
    size_t i;
    int rc = in_pieces(at, check_docs, NULL);

    if (rc == SAC_OK && at->indexes)
        rc = in_pieces(at, count_entries, NULL);
    indexes = at->indexes;
    if (at->revision != UINT64_MAX)
        return rc;
    for (i = 0; rc == SAC_OK && indexes && i < indexes->n; i++)
        rc = in_pieces(at, check_index, &indexes->v[i]);
    return rc;
}

static int check_collection(sac__lmdb_env *env, const char *name, sac_err *err)
{
    checking at = {.env = env, .err = err};
    int rc = sac__lmdb_collection_find(env, name, &at.of, err);

    if (rc != SAC_OK || !at.of)
        return rc;
    sac__lmdb_keys_init(&at.keys);
    rc = check_both(&at);
    sac__lmdb_keys_fini(&at.keys);
    return rc;
}

static int add_name(void *self, const char *name)
{
    sac__buf *names = self;

    sac__buf_add(names, name, strlen(name) + 1);
    return names->error;
}

int sac__lmdb_check(sac__lmdb_env *env, const sac_alloc *alloc, sac_err *err)
{
    const char *name;
    sac__buf names;
    int rc;

    sac__buf_init(&names, alloc, (size_t)env->max_collections * (SAC__LMDB_NAME_MAX + 1));
    rc = sac__lmdb_collections(env, add_name, &names, err);
    if (names.error)
        rc = sac_err_set(err, names.error, "%s: %s", env->label, sac_err_text(names.error));
    for (name = names.p; rc == SAC_OK && name < names.p + names.n; name += strlen(name) + 1)
        rc = check_collection(env, name, err);
    sac__buf_fini(&names);
    return rc;
}

/* SPDX-License-Identifier: MIT */
#include "store/lmdb/group.h"

#include "store/lmdb/doc.h"

int sac__lmdb_group_begin(sac__lmdb_group *group)
{
    int rc;

    pthread_mutex_lock(&group->env->dbi_lock);
    group->number++;
    group->bytes = 0;
    group->recorded = false;
    group->touched = NULL;
    group->made = NULL;
    group->txn = NULL;
    rc = mdb_txn_begin(group->env->mdb, NULL, 0, &group->txn);
    return rc ? rc : sac__lmdb_head_get(group->env, group->txn, &group->head);
}

/* The transaction has ended: what it opened becomes known, or is gone. */
static void settle(sac__lmdb_group *group, bool committed)
{
    sac__lmdb_collection *made = group->made;

    group->txn = NULL;
    group->made = NULL;
    while (made) {
        sac__lmdb_collection *next = made->next_made;

        if (committed)
            sac__lmdb_collection_publish(group->env, made);
        else
            sac__lmdb_collection_free(made);
        made = next;
    }
    pthread_mutex_unlock(&group->env->dbi_lock);
}

void sac__lmdb_group_abort(sac__lmdb_group *group)
{
    if (group->txn)
        mdb_txn_abort(group->txn);
    settle(group, false);
}

static int put_records(sac__lmdb_group *group)
{
    sac__lmdb_collection *of;
    int rc = 0;

    for (of = group->touched; rc == 0 && of; of = of->next_touched) {
        const sac__lmdb_record record = {.revision = of->revision, .dropped = !of->exists};

        rc = sac__lmdb_record_put(group->env, group->txn, of->name, &record);
    }
    if (rc == 0) {
        group->head.generation += group->recorded;
        rc = sac__lmdb_head_put(group->env, group->txn, &group->head);
    }
    return rc;
}

int sac__lmdb_group_commit(sac__lmdb_group *group)
{
    int rc;

    if (!group->touched) {
        sac__lmdb_group_abort(group);
        return 0;
    }
    rc = put_records(group);
    if (rc) {
        sac__lmdb_group_abort(group);
        return rc;
    }
    rc = mdb_txn_commit(group->txn);
    settle(group, rc == 0);
    return rc;
}

static sac__lmdb_collection *known(const sac__lmdb_group *group, const char *name)
{
    sac__lmdb_collection *of = group->made;

    while (of && strcmp(of->name, name) != 0)
        of = of->next_made;
    return of ? of : sac__lmdb_collection_cached(group->env, name);
}

/* What the catalog says of a collection in this transaction, kept for the group. */
static int load(sac__lmdb_group *group, sac__lmdb_collection *of)
{
    sac__lmdb_record record = {.dropped = true};
    int rc;

    if (of->group == group->number)
        return 0;
    rc = sac__lmdb_record_get(group->env, group->txn, of->name, &record);
    if (rc && rc != MDB_NOTFOUND)
        return rc;
    of->group = group->number;
    of->revision = record.revision;
    of->exists = !record.dropped;
    of->touched = false;
    return 0;
}

/*
 * The collection, opened where another process made it or MDB_CREATE asks for
 * it; else MDB_NOTFOUND.
 */
static int collection_of(sac__lmdb_group *group, const char *name, unsigned flags,
                         sac__lmdb_collection **out)
{
    sac__lmdb_collection *of = known(group, name);
    sac__lmdb_record record;
    int rc = 0;

    if (!of) {
        if (!flags)
            rc = sac__lmdb_record_get(group->env, group->txn, name, &record);
        if (rc == 0)
            rc = sac__lmdb_collection_make(group->txn, name, flags, &of);
        if (rc)
            return rc;
        of->next_made = group->made;
        group->made = of;
    }
    rc = load(group, of);
    if (rc == 0)
        *out = of;
    return rc;
}

/* The write changed the collection: it takes the next number. */
static void touch(sac__lmdb_group *group, sac__lmdb_collection *of, sac_write *write,
                  int64_t changed)
{
    group->head.sequence++;
    of->revision = group->head.sequence;
    write->revision = group->head.sequence;
    write->changed = changed;
    if (!of->touched) {
        of->touched = true;
        of->next_touched = group->touched;
        group->touched = of;
    }
}

static void touch_existing(sac__lmdb_group *group, sac__lmdb_collection *of, sac_write *write,
                           int64_t changed)
{
    if (!of->exists) {
        of->exists = true;
        group->recorded = true;
    }
    touch(group, of, write, changed);
}

static void refuse(sac_write *write, int code, const char *text)
{
    write->result = sac_err_set(&write->err, code, "%s", text);
}

static int insert_one(const sac__lmdb_group *group, MDB_txn *txn, const sac__lmdb_collection *of,
                      sac_write *write, size_t i)
{
    const sac_view view = {.doc = write->docs[i], .revision = group->head.sequence + 1};
    const sac_value id = sac_bson_get(view.doc, sac_str_n("_id", 3));
    sac__lmdb_key key;
    int rc;

    write->failed = i;
    write->result = sac__lmdb_key_init(&key, &id, &write->err);
    if (write->result != SAC_OK)
        return 0;
    rc = sac__lmdb_doc_put(txn, of->dbi, &key, &view, MDB_NOOVERWRITE);
    if (rc != MDB_KEYEXIST)
        return rc;
    refuse(write, SAC_EEXIST, "a document with this _id exists");
    return 0;
}

static int insert_all(const sac__lmdb_group *group, MDB_txn *txn, const sac__lmdb_collection *of,
                      sac_write *write)
{
    size_t i;
    int rc = 0;

    for (i = 0; rc == 0 && write->result == SAC_OK && i < write->n_docs; i++)
        rc = insert_one(group, txn, of, write, i);
    return rc;
}

/*
 * Several documents go in by a transaction of their own inside the group's: a
 * refusal takes back those before it, a full map only this write. One document
 * has been refused before anything was written.
 */
static int insert_several(sac__lmdb_group *group, const sac__lmdb_collection *of, sac_write *write)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(group->env->mdb, group->txn, 0, &txn);

    if (rc)
        return rc;
    rc = insert_all(group, txn, of, write);
    if (rc == 0 && write->result == SAC_OK)
        return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    if (rc)
        write->result = sac__lmdb_fail(group->env, rc, &write->err);
    return 0;
}

static int apply_insert(sac__lmdb_group *group, sac_write *write)
{
    sac__lmdb_collection *of;
    size_t i;
    int rc = collection_of(group, write->collection, MDB_CREATE, &of);

    if (rc)
        return rc;
    rc = write->n_docs > 1 ? insert_several(group, of, write)
                           : insert_all(group, group->txn, of, write);
    if (rc || write->result != SAC_OK)
        return rc;
    write->failed = 0;
    for (i = 0; i < write->n_docs; i++)
        group->bytes += write->docs[i].n;
    touch_existing(group, of, write, (int64_t)write->n_docs);
    return 0;
}

static int apply_put(sac__lmdb_group *group, sac__lmdb_collection *of, sac_write *write,
                     const sac__lmdb_key *key, const sac_view *stored, sac_str doc)
{
    sac_view view = {.doc = doc, .revision = group->head.sequence + 1};
    sac__lmdb_key again;
    sac_value id;
    int rc = 0;

    write->result = sac_store_accept(doc, &id, &write->err);
    if (write->result == SAC_OK)
        write->result = sac__lmdb_key_init(&again, &id, &write->err);
    if (write->result != SAC_OK)
        return 0;
    if (again.n != key->n || memcmp(again.bytes, key->bytes, key->n) != 0) {
        refuse(write, SAC_EINVAL, "_id may not change");
        return 0;
    }
    if (stored && sac_str_eq(stored->doc, doc)) {
        write->revision = stored->revision;
        return 0;
    }
    if (!of)
        rc = collection_of(group, write->collection, MDB_CREATE, &of);
    if (rc == 0)
        rc = sac__lmdb_doc_put(group->txn, of->dbi, key, &view, 0);
    if (rc)
        return rc;
    group->bytes += doc.n;
    touch_existing(group, of, write, 1);
    return 0;
}

static int apply_remove(sac__lmdb_group *group, sac__lmdb_collection *of, sac_write *write,
                        const sac__lmdb_key *key)
{
    MDB_val at = sac__lmdb_key_val(key);
    int rc = mdb_del(group->txn, of->dbi, &at, NULL);

    if (rc == 0)
        touch_existing(group, of, write, 1);
    return rc;
}

static int apply_change(sac__lmdb_group *group, sac__lmdb_collection *of, sac_write *write,
                        const sac__lmdb_key *key, const sac_view *stored)
{
    sac_change change = {.kind = SAC_CHANGE_KEEP};
    int rc = write->decide(write->self, stored, &change, &write->err);

    if (rc != 0) {
        write->result = rc < 0 ? rc : SAC_EINVAL;
        if (write->err.code != write->result)
            refuse(write, write->result, sac_err_text(write->result));
        return 0;
    }
    if (change.kind == SAC_CHANGE_PUT)
        return apply_put(group, of, write, key, stored, change.doc);
    if (change.kind == SAC_CHANGE_REMOVE && stored)
        return apply_remove(group, of, write, key);
    write->revision = stored ? stored->revision : 0;
    return 0;
}

static int apply_decide(sac__lmdb_group *group, sac_write *write)
{
    sac__lmdb_collection *of = NULL;
    sac__lmdb_key key;
    MDB_val at;
    MDB_val data;
    sac_view stored;
    int rc;

    write->result = sac__lmdb_key_init(&key, &write->id, &write->err);
    if (write->result != SAC_OK)
        return 0;
    rc = collection_of(group, write->collection, 0, &of);
    if (rc == 0) {
        at = sac__lmdb_key_val(&key);
        rc = mdb_get(group->txn, of->dbi, &at, &data);
    }
    if (rc == MDB_NOTFOUND)
        return apply_change(group, of, write, &key, NULL);
    if (rc)
        return rc;
    if (!sac__lmdb_doc_view(&data, &stored)) {
        write->result = sac__lmdb_doc_damaged(group->env, of->name, &at, &data, &write->err);
        return 0;
    }
    return apply_change(group, of, write, &key, &stored);
}

/* CLEAR and DROP: the handle and the named database stay in both. */
static int apply_empty(sac__lmdb_group *group, sac_write *write)
{
    const bool drop = write->kind == SAC_WRITE_DROP;
    sac__lmdb_collection *of;
    MDB_stat stat;
    int rc = collection_of(group, write->collection, 0, &of);

    if (rc == 0)
        rc = mdb_stat(group->txn, of->dbi, &stat);
    if (rc == 0 && stat.ms_entries > 0)
        rc = mdb_drop(group->txn, of->dbi, 0);
    if (rc == MDB_NOTFOUND)
        return 0;
    if (rc)
        return rc;
    if (stat.ms_entries > 0 || (drop && of->exists))
        touch(group, of, write, (int64_t)stat.ms_entries);
    else
        write->revision = of->revision;
    if (drop && of->exists) {
        of->exists = false;
        group->recorded = true;
    }
    return 0;
}

int sac__lmdb_group_apply(sac__lmdb_group *group, sac_write *write)
{
    write->result = SAC_OK;
    write->err.code = SAC_OK;
    write->revision = 0;
    write->changed = 0;
    write->failed = 0;
    switch (write->kind) {
    case SAC_WRITE_INSERT: return apply_insert(group, write);
    case SAC_WRITE_DECIDE: return apply_decide(group, write);
    default: return apply_empty(group, write);
    }
}

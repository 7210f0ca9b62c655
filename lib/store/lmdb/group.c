/* SPDX-License-Identifier: MIT */
#include "store/lmdb/group.h"

#include "store/lmdb/each.h"
#include "store/lmdb/index/maintain.h"
#include "store/lmdb/index/set.h"

int sac__lmdb_group_begin(sac__lmdb_group *group)
{
    int rc;

    pthread_mutex_lock(&group->env->dbi_lock);
    group->number++;
    group->bytes = 0;
    group->recorded = false;
    group->dirty = false;
    group->touched = NULL;
    group->made = NULL;
    group->txn = NULL;
    rc = mdb_txn_begin(group->env->mdb, NULL, 0, &group->txn);
    if (rc)
        return rc;
    group->env->group = group;
    atomic_store_explicit(&group->env->write_txn, group->txn, memory_order_relaxed);
    return sac__lmdb_head_get(group->env, group->txn, &group->head);
}

static void settle_indexes(sac__lmdb_group *group, bool committed)
{
    sac__lmdb_collection *of;

    for (of = group->touched; of; of = of->next_touched) {
        if (committed)
            sac__lmdb_indexes_publish(group->env, of);
        else
            sac__lmdb_indexes_free(of->fresh);
        of->fresh = NULL;
    }
    group->touched = NULL;
}

/* The transaction has ended: what it opened becomes known, or is gone. */
static void settle(sac__lmdb_group *group, bool committed)
{
    sac__lmdb_collection *made = group->made;

    atomic_store_explicit(&group->env->write_txn, NULL, memory_order_relaxed);
    group->txn = NULL;
    group->made = NULL;
    settle_indexes(group, committed);
    while (made) {
        sac__lmdb_collection *next = made->next_made;

        if (committed)
            sac__lmdb_collection_publish(group->env, made);
        else
            sac__lmdb_collection_discard(group->env, made);
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
        const sac__lmdb_record record = {
            .revision = of->revision, .dropped = !of->exists, .indexes = of->version};

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

    if (!group->touched && !group->dirty) {
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

sac__lmdb_collection *sac__lmdb_group_known(const sac__lmdb_group *group, const char *name)
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
    of->version = record.indexes;
    of->now = NULL;
    if (of->version)
        rc = sac__lmdb_indexes_load(group->env, group->txn, of, of->version, &of->now);
    else
        rc = 0;
    if (rc)
        of->group = 0;
    return rc;
}

int sac__lmdb_group_collection(sac__lmdb_group *group, const char *name, unsigned flags,
                               sac__lmdb_collection **out)
{
    sac__lmdb_collection *of = sac__lmdb_group_known(group, name);
    sac__lmdb_record record;
    int rc = 0;

    if (!of) {
        if (!flags)
            rc = sac__lmdb_record_get(group->env, group->txn, name, &record);
        if (rc == 0)
            rc = sac__lmdb_collection_make(group->env, group->txn, name, flags, &of);
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

void sac__lmdb_group_note(sac__lmdb_group *group, sac__lmdb_collection *of)
{
    if (of->touched)
        return;
    of->touched = true;
    of->next_touched = group->touched;
    group->touched = of;
}

void sac__lmdb_group_exists(sac__lmdb_group *group, sac__lmdb_collection *of)
{
    if (of->exists)
        return;
    of->exists = true;
    group->recorded = true;
    sac__lmdb_group_note(group, of);
}

uint64_t sac__lmdb_group_touch(sac__lmdb_group *group, sac__lmdb_collection *of)
{
    group->head.sequence++;
    of->revision = group->head.sequence;
    sac__lmdb_group_note(group, of);
    return of->revision;
}

int sac__lmdb_child_begin(sac__lmdb_group *group, const sac__lmdb_collection *of,
                          sac__lmdb_child *child)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(group->env->mdb, group->txn, 0, &txn);

    if (rc)
        return rc;
    *child = (sac__lmdb_child){
        .parent = group->txn, .now = of->now, .fresh = of->fresh, .version = of->version};
    group->txn = txn;
    return 0;
}

static void take_back(sac__lmdb_collection *of, const sac__lmdb_child *child)
{
    while (of->fresh != child->fresh) {
        struct sac__lmdb_indexes *made = of->fresh;

        of->fresh = made->next;
        made->next = NULL;
        sac__lmdb_indexes_free(made);
    }
    of->now = child->now;
    of->version = child->version;
}

int sac__lmdb_child_end(sac__lmdb_group *group, sac__lmdb_collection *of,
                        const sac__lmdb_child *child, bool keep)
{
    int rc = 0;

    if (keep)
        rc = mdb_txn_commit(group->txn);
    else
        mdb_txn_abort(group->txn);
    group->txn = child->parent;
    if (rc || !keep)
        take_back(of, child);
    return rc;
}

static void touch(sac__lmdb_group *group, sac__lmdb_collection *of, sac_write *write,
                  int64_t changed)
{
    sac__lmdb_group_exists(group, of);
    write->revision = sac__lmdb_group_touch(group, of);
    write->changed = changed;
}

static void refuse(sac_write *write, int code, const char *text)
{
    write->result = sac_err_set(&write->err, code, "%s", text);
}

static void refuse_id(sac_write *write)
{
    memcpy(write->index, "_id_", 5);
    refuse(write, SAC_EEXIST, "a document with this _id exists");
}

/* With indexes everything is looked at before anything is written. */
static int insert_indexed(sac__lmdb_group *group, sac__lmdb_collection *of,
                          const sac__lmdb_key *key, const sac_view *view, sac_write *write)
{
    MDB_val at = sac__lmdb_key_val(key);
    MDB_val data;
    int rc = mdb_get(group->txn, of->dbi, &at, &data);

    if (rc == 0)
        refuse_id(write);
    if (rc != MDB_NOTFOUND)
        return rc;
    rc = sac__lmdb_delta_plan(group, of, key, sac_str_n(NULL, 0), view->doc, write);
    if (rc || write->result != SAC_OK)
        return rc;
    rc = sac__lmdb_doc_put(group->txn, of->dbi, key, view, MDB_NOOVERWRITE);
    return rc ? rc : sac__lmdb_delta_apply(group, of, key);
}

static int insert_one(sac__lmdb_group *group, sac__lmdb_collection *of, sac_write *write, size_t i)
{
    const sac_view view = {.doc = write->docs[i], .revision = group->head.sequence + 1};
    const sac_value id = sac_bson_get(view.doc, sac_str_n("_id", 3));
    sac__lmdb_key key;
    int rc;

    write->failed = i;
    write->result = sac__lmdb_key_init(&key, &id, &write->err);
    if (write->result != SAC_OK)
        return 0;
    if (of->now)
        return insert_indexed(group, of, &key, &view, write);
    rc = sac__lmdb_doc_put(group->txn, of->dbi, &key, &view, MDB_NOOVERWRITE);
    if (rc != MDB_KEYEXIST)
        return rc;
    refuse_id(write);
    return 0;
}

static int insert_all(sac__lmdb_group *group, sac__lmdb_collection *of, sac_write *write)
{
    size_t i;
    int rc = 0;

    for (i = 0; rc == 0 && write->result == SAC_OK && i < write->n_docs; i++)
        rc = insert_one(group, of, write, i);
    return rc;
}

/*
 * Several documents go in by a transaction of their own inside the group's: a
 * refusal takes back those before it, a full map only this write. One document
 * has been refused before anything was written.
 */
static int insert_several(sac__lmdb_group *group, sac__lmdb_collection *of, sac_write *write)
{
    sac__lmdb_child child;
    int rc = sac__lmdb_child_begin(group, of, &child);

    if (rc)
        return rc;
    rc = insert_all(group, of, write);
    if (rc == 0 && write->result == SAC_OK)
        return sac__lmdb_child_end(group, of, &child, true);
    (void)sac__lmdb_child_end(group, of, &child, false);
    if (rc)
        write->result = sac__lmdb_fail(group->env, rc, &write->err);
    return 0;
}

static int apply_insert(sac__lmdb_group *group, sac_write *write)
{
    sac__lmdb_collection *of;
    size_t i;
    int rc = sac__lmdb_group_collection(group, write->collection, MDB_CREATE, &of);

    if (rc)
        return rc;
    rc = write->n_docs > 1 ? insert_several(group, of, write) : insert_all(group, of, write);
    if (rc || write->result != SAC_OK)
        return rc;
    write->failed = 0;
    for (i = 0; i < write->n_docs; i++)
        group->bytes += write->docs[i].n;
    touch(group, of, write, (int64_t)write->n_docs);
    return 0;
}

/* The `_id` of what `decide` puts must be that of the document. */
static bool may_put(const sac__lmdb_key *key, sac_str doc, sac_write *write)
{
    sac__lmdb_key again;
    sac_value id;

    write->result = sac_store_accept(doc, &id, &write->err);
    if (write->result == SAC_OK)
        write->result = sac__lmdb_key_init(&again, &id, &write->err);
    if (write->result != SAC_OK)
        return false;
    if (again.n == key->n && memcmp(again.bytes, key->bytes, key->n) == 0)
        return true;
    refuse(write, SAC_EINVAL, "_id may not change");
    return false;
}

static int put_doc(sac__lmdb_group *group, sac__lmdb_collection *of, const sac__lmdb_key *key,
                   const sac_view *stored, sac_str doc, sac_write *write)
{
    const sac_view view = {.doc = doc, .revision = group->head.sequence + 1};
    const sac_str was = stored ? stored->doc : sac_str_n(NULL, 0);
    int rc = 0;

    if (of->now)
        rc = sac__lmdb_delta_plan(group, of, key, was, doc, write);
    if (rc || write->result != SAC_OK)
        return rc;
    rc = sac__lmdb_doc_put(group->txn, of->dbi, key, &view, 0);
    if (rc == 0 && of->now)
        rc = sac__lmdb_delta_apply(group, of, key);
    group->bytes += doc.n;
    return rc;
}

int sac__lmdb_group_remove(sac__lmdb_group *group, sac__lmdb_collection *of,
                           const sac__lmdb_key *key, const sac_view *stored, sac_write *write)
{
    MDB_val at = sac__lmdb_key_val(key);
    int rc = 0;

    if (of->now)
        rc = sac__lmdb_delta_plan(group, of, key, stored->doc, sac_str_n(NULL, 0), write);
    if (rc || write->result != SAC_OK)
        return rc;
    rc = mdb_del(group->txn, of->dbi, &at, NULL);
    return rc || !of->now ? rc : sac__lmdb_delta_apply(group, of, key);
}

int sac__lmdb_group_change(sac__lmdb_group *group, sac__lmdb_collection **of,
                           const sac__lmdb_key *key, const sac_view *stored, sac_write *write)
{
    sac_change change = {.kind = SAC_CHANGE_KEEP};
    int rc = write->decide(write->self, stored, &change, &write->err);

    if (rc != 0) {
        write->result = rc < 0 ? rc : SAC_EINVAL;
        if (write->err.code != write->result)
            refuse(write, write->result, sac_err_text(write->result));
        return 0;
    }
    if (change.kind == SAC_CHANGE_REMOVE && stored) {
        write->changed++;
        return sac__lmdb_group_remove(group, *of, key, stored, write);
    }
    if (change.kind != SAC_CHANGE_PUT || !may_put(key, change.doc, write))
        return 0;
    if (stored && sac_str_eq(stored->doc, change.doc))
        return 0;
    write->changed++;
    if (!*of)
        rc = sac__lmdb_group_collection(group, write->collection, MDB_CREATE, of);
    return rc ? rc : put_doc(group, *of, key, stored, change.doc, write);
}

static int change_one(sac__lmdb_group *group, sac__lmdb_collection *of, sac_write *write,
                      const sac__lmdb_key *key, const sac_view *stored)
{
    const uint64_t revision = stored ? stored->revision : 0;
    int rc = sac__lmdb_group_change(group, &of, key, stored, write);

    if (rc == 0 && write->result != SAC_OK)
        write->changed = 0;
    else if (rc == 0 && write->changed)
        touch(group, of, write, 1);
    else if (rc == 0)
        write->revision = revision;
    return rc;
}

static int apply_decide(sac__lmdb_group *group, sac_write *write)
{
    sac__lmdb_collection *of = NULL;
    sac__lmdb_key key;
    MDB_val at;
    MDB_val data;
    sac_view stored = {.revision = 0};
    int rc;

    write->result = sac__lmdb_key_init(&key, &write->id, &write->err);
    if (write->result != SAC_OK)
        return 0;
    rc = sac__lmdb_group_collection(group, write->collection, 0, &of);
    if (rc == 0) {
        at = sac__lmdb_key_val(&key);
        rc = mdb_get(group->txn, of->dbi, &at, &data);
    }
    if (rc == MDB_NOTFOUND)
        return change_one(group, of, write, &key, NULL);
    if (rc)
        return rc;
    if (!sac__lmdb_doc_view(&data, &stored)) {
        write->result = sac__lmdb_doc_damaged(group->env, of->name, &at, &data, &write->err);
        return 0;
    }
    return change_one(group, of, write, &key, &stored);
}

/* Its indexes go with a collection: their databases, empty, are free for others. */
static int drop_it(sac__lmdb_group *group, sac__lmdb_collection *of)
{
    if (!of->exists)
        return 0;
    of->exists = false;
    group->recorded = true;
    sac__lmdb_group_note(group, of);
    return of->now ? sac__lmdb_indexes_put(group, of, NULL, 0) : 0;
}

/* CLEAR and DROP: the handle and the named database stay in both. */
static int apply_empty(sac__lmdb_group *group, sac_write *write)
{
    const bool drop = write->kind == SAC_WRITE_DROP;
    sac__lmdb_collection *of;
    MDB_stat stat;
    int rc = sac__lmdb_group_collection(group, write->collection, 0, &of);

    if (rc == 0)
        rc = mdb_stat(group->txn, of->dbi, &stat);
    if (rc == 0 && stat.ms_entries > 0)
        rc = mdb_drop(group->txn, of->dbi, 0);
    if (rc == 0)
        rc = sac__lmdb_delta_empty(group, of);
    if (rc)
        return rc == MDB_NOTFOUND ? 0 : rc;
    write->changed = (int64_t)stat.ms_entries;
    if (stat.ms_entries > 0 || (drop && of->exists))
        write->revision = sac__lmdb_group_touch(group, of);
    else
        write->revision = of->revision;
    return drop ? drop_it(group, of) : 0;
}

int sac__lmdb_group_apply(sac__lmdb_group *group, sac_write *write)
{
    write->result = SAC_OK;
    write->err.code = SAC_OK;
    write->revision = 0;
    write->matched = 0;
    write->changed = 0;
    write->failed = 0;
    write->index[0] = '\0';
    switch ((int)write->kind) {
    case SAC_WRITE_INSERT: return apply_insert(group, write);
    case SAC_WRITE_DECIDE: return apply_decide(group, write);
    case SAC_WRITE_EACH: return sac__lmdb_each(group, write);
    case SAC__LMDB_TASK: return ((sac__lmdb_task *)write)->run(group, (sac__lmdb_task *)write);
    default: return apply_empty(group, write);
    }
}

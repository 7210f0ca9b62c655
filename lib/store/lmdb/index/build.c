/* SPDX-License-Identifier: MIT */
#include "store/lmdb/index/build.h"

#include <errno.h>

#include "bson/wire.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "store/lmdb/index/lease.h"
#include "store/lmdb/index/maintain.h"
#include "store/lmdb/index/set.h"

/*
 * Key "b<collection>": the lease, u32 slot, u32 0, key of the `_id` of the last
 * document that is in the index.
 */
#define PLACE_HEAD 8
#define LEASE_MS 2000
#define ELSEWHERE_MS 100

enum outcome { MORE, DONE, FAILED, ELSEWHERE };

typedef struct build {
    sac__lmdb_group *group;
    sac__lmdb_collection *of;
    const sac__lmdb_index *index;
    size_t number;
    MDB_val at_key;
    char at_bytes[SAC__LMDB_CATALOG_KEY];
    sac__lmdb_key last; /* n 0: none yet */
    uint64_t multikey;
    uint64_t cut;
    enum outcome outcome;
    sac_err err; /* why it FAILED */
} build;

int sac__lmdb_build_forget(sac__lmdb_group *group, const sac__lmdb_collection *of)
{
    char bytes[SAC__LMDB_CATALOG_KEY];
    MDB_val key = sac__lmdb_catalog_key(bytes, 'b', of->name);
    int rc = mdb_del(group->txn, group->env->catalog, &key, NULL);

    return rc == MDB_NOTFOUND ? 0 : rc;
}

int sac__lmdb_build_remove(sac__lmdb_group *group, sac__lmdb_collection *of,
                           const sac__lmdb_index *index)
{
    const size_t n = of->now->n;
    sac__lmdb_index *v = sac__lmdb_indexes_edit(of->now, 0);
    size_t i = 0;
    int rc;

    if (!v)
        return ENOMEM;
    while (strcmp(v[i].name, index->name) != 0)
        i++;
    memmove(&v[i], &v[i + 1], (n - i - 1) * sizeof *v);
    rc = mdb_drop(group->txn, index->dbi, 0);
    if (rc == 0 && !index->ready)
        rc = sac__lmdb_build_forget(group, of);
    if (rc == 0)
        rc = sac__lmdb_indexes_put(group, of, v, n - 1);
    sac__alloc_free(NULL, v, n * sizeof *v);
    return rc;
}

static int read_place(build *self)
{
    sac__lmdb_lease lease;
    const char *p;
    int rc = sac__lmdb_lease_get(self->group, self->at_key, LEASE_MS, &lease);

    if (rc)
        return rc;
    p = lease.rest.mv_data;
    self->last.n = 0;
    self->outcome = lease.ours ? MORE : ELSEWHERE;
    if (lease.rest.mv_size < PLACE_HEAD || sac__wire_get32(p) != self->index->slot)
        return 0;
    self->last.n = lease.rest.mv_size - PLACE_HEAD;
    if (self->last.n > SAC__LMDB_KEY_MAX)
        return MDB_CORRUPTED;
    memcpy(self->last.bytes, p + PLACE_HEAD, self->last.n);
    return 0;
}

static int write_place(build *self)
{
    char rest[SAC__LMDB_LEASE_REST];

    sac__wire_put32(rest, self->index->slot);
    sac__wire_put32(rest + 4, 0);
    memcpy(rest + PLACE_HEAD, self->last.bytes, self->last.n);
    return sac__lmdb_lease_put(self->group, self->at_key, LEASE_MS,
                               (MDB_val){PLACE_HEAD + self->last.n, rest});
}

/* 0 also where the build has failed. */
static int add_entry(build *self, const sac__lmdb_entry *entry)
{
    MDB_val at = {entry->key.n, (char *)entry->key.p};
    MDB_val id = entry->id;
    bool taken = false;
    int rc = 0;

    if (self->index->unique)
        rc = sac__lmdb_delta_taken(self->group, self->of, self->index, entry, &taken);
    if (rc)
        return rc;
    if (taken) {
        self->outcome = FAILED;
        (void)sac_err_set(&self->err, SAC_EEXIST, "index %s: two documents have the same %.*s",
                          self->index->name, (int)self->index->keys.n, self->index->keys.p);
        return 0;
    }
    rc = mdb_put(self->group->txn, self->index->dbi, &at, &id, MDB_NODUPDATA);
    return rc == MDB_KEYEXIST ? 0 : rc;
}

static int add_document(build *self, MDB_val id, const MDB_val *data)
{
    sac__lmdb_keys *keys = &self->group->delta->now;
    sac_view view;
    size_t i;
    int rc = 0;

    if (!sac__lmdb_doc_view(data, &view)) {
        self->outcome = FAILED;
        (void)sac__lmdb_doc_damaged(self->group->env, self->of->name, &id, data, &self->err);
        return 0;
    }
    if (sac__lmdb_keys_make(keys, self->index, view.doc, true, &self->err) != SAC_OK) {
        self->outcome = FAILED;
        return 0;
    }
    self->multikey |= (uint64_t)keys->multikey << self->number;
    self->cut |= (uint64_t)keys->was_cut << self->number;
    for (i = 0; rc == 0 && self->outcome == MORE && i < keys->n; i++) {
        const sac__lmdb_entry entry = {
            .key = sac__lmdb_keys_at(keys, i), .doc = view.doc, .id = id};

        rc = add_entry(self, &entry);
    }
    self->last.n = id.mv_size;
    memcpy(self->last.bytes, id.mv_data, id.mv_size);
    return rc;
}

/* To the first document that is not in the index yet. */
static int seek(const build *self, MDB_cursor *at, MDB_val *key, MDB_val *data)
{
    int rc;

    if (self->last.n == 0)
        return mdb_cursor_get(at, key, data, MDB_FIRST);
    *key = sac__lmdb_key_val(&self->last);
    rc = mdb_cursor_get(at, key, data, MDB_SET_RANGE);
    if (rc == 0 && key->mv_size == self->last.n &&
        memcmp(key->mv_data, self->last.bytes, self->last.n) == 0)
        rc = mdb_cursor_get(at, key, data, MDB_NEXT);
    return rc;
}

static int add_some(build *self, MDB_cursor *at)
{
    const uint64_t until = sac__clock_mono_ns() + SAC__LMDB_STEP_NS;
    MDB_val key;
    MDB_val data;
    int left = SAC__LMDB_STEP_DOCS;
    int rc = seek(self, at, &key, &data);

    while (rc == 0) {
        rc = add_document(self, key, &data);
        if (rc || self->outcome != MORE || --left == 0 || sac__clock_mono_ns() >= until)
            return rc;
        rc = mdb_cursor_get(at, &key, &data, MDB_NEXT);
    }
    if (rc != MDB_NOTFOUND)
        return rc;
    self->outcome = DONE;
    return 0;
}

static int make_ready(build *self)
{
    const size_t n = self->of->now->n;
    sac__lmdb_index *v = sac__lmdb_indexes_edit(self->of->now, 0);
    int rc;

    if (!v)
        return ENOMEM;
    v[self->number].ready = true;
    rc = sac__lmdb_indexes_put(self->group, self->of, v, n);
    sac__alloc_free(NULL, v, n * sizeof *v);
    return rc ? rc : sac__lmdb_build_forget(self->group, self->of);
}

static int settle_step(build *self)
{
    int rc;

    if (self->outcome == FAILED)
        return sac__lmdb_build_remove(self->group, self->of, self->index);
    rc = sac__lmdb_delta_mark(self->group, self->of, self->multikey, self->cut);
    if (rc)
        return rc;
    return self->outcome == DONE ? make_ready(self) : write_place(self);
}

/* The index of the collection that is to be built, if there still is one. */
static int open_build(build *self, const char *name)
{
    size_t i;
    int rc = sac__lmdb_group_collection(self->group, name, 0, &self->of);

    if (rc)
        return rc;
    self->at_key = sac__lmdb_catalog_key(self->at_bytes, 'b', name);
    for (i = 0; self->of->now && i < self->of->now->n; i++)
        if (!self->of->now->v[i].ready) {
            self->index = &self->of->now->v[i];
            self->number = i;
            return 0;
        }
    return MDB_NOTFOUND;
}

static int run_step(build *self, const char *name)
{
    MDB_cursor *at;
    int rc = open_build(self, name);

    if (rc == 0)
        rc = read_place(self);
    if (rc || self->outcome == ELSEWHERE)
        return rc;
    rc = mdb_cursor_open(self->group->txn, self->of->dbi, &at);
    if (rc)
        return rc;
    rc = add_some(self, at);
    mdb_cursor_close(at);
    return rc ? rc : settle_step(self);
}

/* Whoever waits for an index looks again, or hears why it did not come to be. No name: all. */
static void tell(sac__lmdb_env *env, const char *collection, const char *name, const sac_err *err)
{
    sac__lmdb_waiter *waiter;

    pthread_mutex_lock(&env->lock);
    for (waiter = env->waiters; waiter; waiter = waiter->next)
        if (err && (!*name || (strcmp(waiter->collection, collection) == 0 &&
                               strcmp(waiter->name, name) == 0)))
            waiter->failed = *err;
    pthread_cond_broadcast(&env->built);
    pthread_mutex_unlock(&env->lock);
}

/* A build that cannot go on, as the map is full perhaps: the index goes. */
static int64_t give_up(sac__lmdb_group *group, const char *collection, int why)
{
    build self = {.group = group, .outcome = MORE};
    char name[128] = "";
    sac_err err;
    int rc = sac__lmdb_group_begin(group);

    (void)sac__lmdb_fail(group->env, why, &err);
    if (rc == 0)
        rc = open_build(&self, collection);
    if (rc == 0) {
        memcpy(name, self.index->name, sizeof name);
        rc = sac__lmdb_build_remove(group, self.of, self.index);
    }
    if (rc)
        sac__lmdb_group_abort(group);
    else
        rc = sac__lmdb_group_commit(group);
    tell(group->env, collection, name, &err);
    return rc ? 1000 : 0;
}

/* The next collection that has an index to build, others' aside, and a step of it. */
static int step_of_any(build *self, char name[SAC__LMDB_NAME_MAX + 1], bool *elsewhere)
{
    int rc;

    do {
        self->outcome = MORE;
        rc = sac__lmdb_indexes_next(self->group->env, self->group->txn, false, name);
        if (rc == 0)
            rc = run_step(self, name);
        *elsewhere |= self->outcome == ELSEWHERE;
    } while (rc == 0 && self->outcome == ELSEWHERE);
    return rc;
}

int64_t sac__lmdb_build_step(sac__lmdb_group *group)
{
    char collection[SAC__LMDB_NAME_MAX + 1] = "";
    build self = {.group = group};
    char name[128] = "";
    bool elsewhere = false;
    int rc = sac__lmdb_group_begin(group);

    if (rc == 0)
        rc = step_of_any(&self, collection, &elsewhere);
    if (rc == 0)
        memcpy(name, self.index->name, sizeof name);
    if (rc)
        sac__lmdb_group_abort(group);
    else
        rc = sac__lmdb_group_commit(group);
    if (rc == MDB_NOTFOUND)
        return elsewhere ? ELSEWHERE_MS : -1;
    if (rc == MDB_BAD_DBI && sac__lmdb_slots_open(group->env) == 0)
        return ELSEWHERE_MS;
    if (rc)
        return give_up(group, collection, rc);
    if (self.outcome != MORE)
        tell(group->env, collection, name, self.outcome == FAILED ? &self.err : NULL);
    return 0;
}

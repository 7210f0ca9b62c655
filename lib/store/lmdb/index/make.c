/* SPDX-License-Identifier: MIT */
#include "store/lmdb/index/make.h"

#include <errno.h>
#include <time.h>

#include "core/alloc.h"
#include "core/clock.h"
#include "store/lmdb/index/build.h"
#include "store/lmdb/index/set.h"
#include "store/lmdb/writer.h"

/* How often to look whether an index is whole that another process builds. */
#define LOOK_MS 50

/* An index to make or drop, in its turn among the writes. */
typedef struct job {
    sac__lmdb_task task; /* first */
    const char *collection;
    const char *name;
    const sac_index *index; /* to make */
    bool whole;
    bool full; /* another database is wanted first */
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool done;
} job;

static void job_done(void *self, sac_write *write)
{
    job *of = (job *)write;

    (void)self;
    pthread_mutex_lock(&of->lock);
    of->done = true;
    pthread_cond_signal(&of->cond);
    pthread_mutex_unlock(&of->lock);
}

static int run_job(sac__lmdb_env *env, job *of,
                   int (*run)(sac__lmdb_group *group, sac__lmdb_task *task), sac_err *err)
{
    int rc;

    of->task.write = (sac_write)SAC_WRITE(.kind = (sac_write_kind)SAC__LMDB_TASK,
                                          .collection = of->collection, .done = job_done);
    of->task.run = run;
    of->done = false;
    pthread_mutex_init(&of->lock, NULL);
    pthread_cond_init(&of->cond, NULL);
    rc = sac__lmdb_submit(env, &of->task.write, err);
    if (rc == SAC_OK) {
        pthread_mutex_lock(&of->lock);
        while (!of->done)
            pthread_cond_wait(&of->cond, &of->lock);
        pthread_mutex_unlock(&of->lock);
        rc = of->task.write.result;
        if (rc != SAC_OK)
            *err = of->task.write.err;
    }
    pthread_cond_destroy(&of->cond);
    pthread_mutex_destroy(&of->lock);
    return rc;
}

static bool same_options(const sac__lmdb_index *a, const sac_index *b)
{
    return a->unique == b->unique && a->sparse == b->sparse && a->expires == b->expires;
}

/* Whether it is there already; refused where another one stands in its place. */
static bool is_there(const sac__lmdb_indexes *set, const sac_index *index, job *of)
{
    sac_write *write = &of->task.write;
    size_t i;

    for (i = 0; set && i < set->n; i++) {
        const sac__lmdb_index *other = &set->v[i];
        const bool same_name = strcmp(other->name, index->name) == 0;
        const bool same_keys = sac_str_is(other->keys, index->keys);

        if (same_name && same_keys && same_options(other, index)) {
            of->whole = other->ready;
            return true;
        }
        if (same_name || same_keys) {
            write->result = sac_err_set(&write->err, SAC_ECONFLICT,
                                        "index %s has that %s and is another", other->name,
                                        same_name ? "name" : "key");
            return false;
        }
    }
    return false;
}

static int add_index(sac__lmdb_group *group, sac__lmdb_collection *of, const sac_index *index,
                     unsigned slot, bool *whole)
{
    const size_t n = of->now ? of->now->n : 0;
    sac__lmdb_index *v = sac__lmdb_indexes_edit(of->now, 1);
    MDB_stat stat;
    int rc;

    if (!v)
        return ENOMEM;
    rc = mdb_stat(group->txn, of->dbi, &stat);
    *whole = rc == 0 && stat.ms_entries == 0;
    memcpy(v[n].name, index->name, strlen(index->name) + 1);
    v[n].slot = slot;
    v[n].keys = sac_str_of(index->keys);
    v[n].unique = index->unique;
    v[n].sparse = index->sparse;
    v[n].expires = index->expires;
    v[n].ready = *whole;
    if (rc == 0)
        rc = sac__lmdb_indexes_put(group, of, v, n + 1);
    sac__alloc_free(NULL, v, (n + 1) * sizeof *v);
    if (rc == 0)
        sac__lmdb_group_exists(group, of);
    return rc;
}

static int run_make(sac__lmdb_group *group, sac__lmdb_task *task)
{
    job *self = (job *)task;
    sac_write *write = &task->write;
    sac__lmdb_collection *of;
    unsigned slot = 0;
    int rc = sac__lmdb_group_collection(group, write->collection, MDB_CREATE, &of);

    if (rc)
        return rc;
    self->full = false;
    group->env->build_at = 0;
    if (is_there(of->now, self->index, self) || write->result != SAC_OK)
        return 0;
    if (of->now && of->now->n >= SAC__LMDB_INDEXES) {
        write->result = sac_err_set(&write->err, SAC_ELIMIT, "more than %d indexes",
                                    SAC__LMDB_INDEXES);
        return 0;
    }
    rc = sac__lmdb_slots_take(group, &slot);
    if (rc == MDB_NOTFOUND) {
        self->full = true;
        return 0;
    }
    if (rc == 0)
        rc = sac__lmdb_build_forget(group, of);
    return rc ? rc : add_index(group, of, self->index, slot, &self->whole);
}

/* Whether the index is whole by now; SAC_ECONFLICT, or SAC_EEXIST, where it is gone. */
static int look(sac__lmdb_env *env, const char *collection, const sac_index *index, bool *whole,
                sac_err *err)
{
    const sac__lmdb_indexes *set;
    const sac__lmdb_index *there;
    sac__lmdb_reader *reader;
    int rc = sac__lmdb_reader_begin(env, &reader, err);

    if (rc != SAC_OK)
        return rc;
    rc = sac__lmdb_indexes_get(env, reader->txn, collection, &set);
    sac__lmdb_reader_end(env, reader);
    if (rc)
        return sac__lmdb_fail(env, rc, err);
    there = sac__lmdb_index_named(set, index->name);
    *whole = there && there->ready;
    if (there)
        return SAC_OK;
    return sac_err_set(
        err, index->unique ? SAC_EEXIST : SAC_ECONFLICT, "index %s: %s while it was built",
        index->name, index->unique ? "two documents were the same, or it was dropped," : "dropped");
}

static struct timespec soon(void)
{
    const uint64_t at = sac__clock_mono_ns() + (uint64_t)LOOK_MS * 1000000;

    return (struct timespec){.tv_sec = (time_t)(at / 1000000000),
                             .tv_nsec = (long)(at % 1000000000)};
}

static int wait_until_whole(sac__lmdb_env *env, sac__lmdb_waiter *waiter, const sac_index *index,
                            sac_err *err)
{
    bool whole = false;
    int rc = SAC_OK;

    while (rc == SAC_OK && !whole) {
        rc = look(env, waiter->collection, index, &whole, err);
        pthread_mutex_lock(&env->lock);
        if (rc == SAC_OK && !whole && waiter->failed.code == SAC_OK) {
            const struct timespec at = soon();

            (void)pthread_cond_timedwait(&env->built, &env->lock, &at);
        }
        if (!whole && waiter->failed.code != SAC_OK) {
            *err = waiter->failed;
            rc = err->code;
        }
        pthread_mutex_unlock(&env->lock);
    }
    return rc;
}

static void add_waiter(sac__lmdb_env *env, sac__lmdb_waiter *waiter)
{
    pthread_mutex_lock(&env->lock);
    waiter->next = env->waiters;
    env->waiters = waiter;
    pthread_mutex_unlock(&env->lock);
}

static void remove_waiter(sac__lmdb_env *env, const sac__lmdb_waiter *waiter)
{
    sac__lmdb_waiter **at = &env->waiters;

    pthread_mutex_lock(&env->lock);
    while (*at != waiter)
        at = &(*at)->next;
    *at = waiter->next;
    pthread_mutex_unlock(&env->lock);
}

int sac__lmdb_index_make(sac__lmdb_env *env, const char *collection, const sac_index *index,
                         sac_err *err)
{
    sac__lmdb_waiter waiter = {.collection = collection, .name = index->name};
    job of = {.collection = collection, .index = index};
    int rc;

    add_waiter(env, &waiter);
    rc = run_job(env, &of, run_make, err);
    while (rc == SAC_OK && of.full) {
        rc = sac__lmdb_slots_add(env);
        rc = rc ? sac__lmdb_fail(env, rc, err) : run_job(env, &of, run_make, err);
    }
    if (rc == SAC_OK && !of.whole)
        rc = wait_until_whole(env, &waiter, index, err);
    remove_waiter(env, &waiter);
    return rc;
}

static int run_drop(sac__lmdb_group *group, sac__lmdb_task *task)
{
    const job *self = (job *)task;
    sac_write *write = &task->write;
    const sac__lmdb_index *index = NULL;
    sac__lmdb_collection *of;
    int rc = sac__lmdb_group_collection(group, write->collection, 0, &of);

    if (rc == 0)
        index = sac__lmdb_index_named(of->now, self->name);
    if (rc && rc != MDB_NOTFOUND)
        return rc;
    if (index)
        return sac__lmdb_build_remove(group, of, index);
    write->result = sac_err_set(&write->err, SAC_ENOTFOUND, "no index of that name");
    return 0;
}

int sac__lmdb_index_drop(sac__lmdb_env *env, const char *collection, const char *name, sac_err *err)
{
    job of = {.collection = collection, .name = name};

    return run_job(env, &of, run_drop, err);
}

int sac__lmdb_index_list(sac__lmdb_env *env, const char *collection,
                         int (*index)(void *self, const sac_index *index), void *self, sac_err *err)
{
    const sac__lmdb_indexes *set = NULL;
    sac__lmdb_collection *of;
    sac__lmdb_reader *reader;
    size_t i;
    int rc = sac__lmdb_collection_find(env, collection, &of, err);

    if (rc == SAC_OK)
        rc = sac__lmdb_reader_begin(env, &reader, err);
    if (rc != SAC_OK)
        return rc;
    rc = sac__lmdb_indexes_get(env, reader->txn, collection, &set);
    sac__lmdb_reader_end(env, reader);
    if (rc)
        return sac__lmdb_fail(env, rc, err);
    for (i = 0; rc == 0 && set && i < set->n; i++) {
        const sac_index one = {.keys = set->v[i].keys.p,
                               .name = set->v[i].name,
                               .unique = set->v[i].unique,
                               .sparse = set->v[i].sparse,
                               .expires = set->v[i].expires};

        rc = index(self, &one);
    }
    return rc;
}

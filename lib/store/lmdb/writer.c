/* SPDX-License-Identifier: MIT */
#include "store/lmdb/writer.h"

#include <errno.h>
#include <time.h>

#include "core/clock.h"
#include "store/lmdb/index/build.h"
#include "store/lmdb/index/maintain.h"
#include "store/lmdb/index/set.h"
#include "store/lmdb/index/ttl.h"

/* What one commit may hold. */
#define GROUP_WRITES 256
#define GROUP_BYTES ((size_t)4 << 20)
/* A reader that was killed pins its snapshot until someone looks. */
#define COMMITS_BETWEEN_CHECKS 1024
/* For indexes that another process began to build before it died. */
#define LOOK_AGAIN_MS 60000

/* A list of writes in order of submission. */
typedef struct writes {
    sac_write *first;
    size_t n;
} writes;

static uint64_t now_ms(void)
{
    return sac__clock_mono_ns() / 1000000;
}

/* When to look after what is done beside writes. */
static uint64_t due(const sac__lmdb_env *env)
{
    return env->ttl > 0 && env->sweep_at < env->build_at ? env->sweep_at : env->build_at;
}

static void wait_for_work(sac__lmdb_env *env)
{
    const uint64_t until = due(env);
    const struct timespec at = {.tv_sec = (time_t)(until / 1000),
                                .tv_nsec = (long)(until % 1000) * 1000000};
    int rc = 0;

    env->waiting = true;
    while (!env->first && !env->closing && rc == 0)
        rc = pthread_cond_timedwait(&env->work, &env->lock, &at);
    env->waiting = false;
}

/* All that wait, perhaps none; false when the file is being closed and none is left. */
static bool take_all(sac__lmdb_env *env, sac_write **all)
{
    bool more;

    pthread_mutex_lock(&env->lock);
    wait_for_work(env);
    *all = env->first;
    more = *all || !env->closing;
    env->first = NULL;
    env->last = NULL;
    pthread_mutex_unlock(&env->lock);
    return more;
}

/* done() may free its write. */
static void answer(sac__lmdb_env *env, sac_write *first, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        sac_write *write = first;

        first = write->next;
        write->done(write->self, write);
    }
    pthread_mutex_lock(&env->lock);
    env->answered += n;
    pthread_cond_broadcast(&env->drained);
    pthread_mutex_unlock(&env->lock);
}

static void fail_all(sac__lmdb_env *env, sac_write *first, size_t n, int rc)
{
    size_t i;

    for (i = 0; i < n; i++, first = first->next) {
        first->result = sac__lmdb_fail(env, rc, &first->err);
        first->revision = 0;
        first->changed = 0;
    }
}

/* Runs and commits writes from `first` on; `*n` says how many were tried. */
static int run_once(sac__lmdb_group *group, sac_write *first, size_t max, size_t *n)
{
    int rc = sac__lmdb_group_begin(group);

    *n = rc ? 1 : 0;
    while (rc == 0 && first && *n < max && group->bytes < GROUP_BYTES) {
        rc = sac__lmdb_group_apply(group, first);
        first = first->next;
        ++*n;
    }
    if (rc == 0)
        return sac__lmdb_group_commit(group);
    sac__lmdb_group_abort(group);
    return rc;
}

/* Another process may have made an index: its database is opened between two groups. */
static int run(sac__lmdb_group *group, sac_write *first, size_t max, size_t *n)
{
    int rc = run_once(group, first, max, n);

    if (rc == MDB_BAD_DBI)
        rc = sac__lmdb_slots_open(group->env);
    else
        return rc;
    return rc ? rc : run_once(group, first, max, n);
}

/* Errors that one write can cause, and that the others need not share. */
static bool may_be_ones_fault(int rc)
{
    return rc == MDB_MAP_FULL || rc == MDB_TXN_FULL || rc == MDB_DBS_FULL || rc == ENOMEM;
}

static void run_alone(sac__lmdb_group *group, sac_write *first, size_t n)
{
    size_t tried;
    size_t i;

    for (i = 0; i < n; i++, first = first->next) {
        int rc = run(group, first, 1, &tried);

        if (rc)
            fail_all(group->env, first, 1, rc);
    }
}

/* Runs a group from `first` on, answers it, returns what is behind it. */
static sac_write *run_group(sac__lmdb_group *group, sac_write *first)
{
    sac_write *rest = first;
    size_t n;
    size_t i;
    int rc = run(group, first, GROUP_WRITES, &n);

    if (rc && n > 1 && may_be_ones_fault(rc))
        run_alone(group, first, n);
    else if (rc)
        fail_all(group->env, first, n, rc);
    for (i = 0; i < n; i++)
        rest = rest->next;
    answer(group->env, first, n);
    return rest;
}

/* One step of what is due, so that writes do not wait for more than one. */
static void work_beside(sac__lmdb_group *group)
{
    sac__lmdb_env *env = group->env;
    const uint64_t now = now_ms();
    int64_t wait;

    if (now >= env->build_at) {
        wait = sac__lmdb_build_step(group);
        env->build_at = now + (uint64_t)(wait < 0 ? LOOK_AGAIN_MS : wait);
    }
    if (env->ttl > 0 && now >= env->sweep_at)
        env->sweep_at = sac__lmdb_ttl_step(group) ? now : now + (uint64_t)env->ttl * 1000;
}

static void *writer_main(void *self)
{
    sac__lmdb_env *env = self;
    sac__lmdb_delta delta;
    sac__lmdb_group group = {.env = env, .delta = &delta};
    sac_write *waiting;
    int dead;

    sac__lmdb_delta_init(&delta);

    env->sweep_at = now_ms() + (uint64_t)env->ttl * 1000;
    while (take_all(env, &waiting)) {
        while (waiting) {
            waiting = run_group(&group, waiting);
            if (group.number % COMMITS_BETWEEN_CHECKS == 0)
                (void)mdb_reader_check(env->mdb, &dead);
        }
        work_beside(&group);
    }
    sac__lmdb_delta_fini(&delta);
    return NULL;
}

int sac__lmdb_writer_start(sac__lmdb_env *env, sac_err *err)
{
    const int rc = pthread_create(&env->writer, NULL, writer_main, env);

    if (rc)
        return sac__lmdb_fail(env, rc, err);
    env->writing = true;
    return SAC_OK;
}

void sac__lmdb_writer_drain(sac__lmdb_env *env)
{
    uint64_t until;

    pthread_mutex_lock(&env->lock);
    until = env->submitted;
    while (env->answered < until)
        pthread_cond_wait(&env->drained, &env->lock);
    pthread_mutex_unlock(&env->lock);
}

void sac__lmdb_writer_stop(sac__lmdb_env *env)
{
    if (!env->writing)
        return;
    pthread_mutex_lock(&env->lock);
    env->closing = true;
    pthread_cond_signal(&env->work);
    pthread_mutex_unlock(&env->lock);
    pthread_join(env->writer, NULL);
    env->writing = false;
}

int sac__lmdb_submit(sac__lmdb_env *env, sac_write *write, sac_err *err)
{
    bool wake;

    write->next = NULL;
    pthread_mutex_lock(&env->lock);
    if (env->closing) {
        pthread_mutex_unlock(&env->lock);
        return sac_err_set(err, SAC_ECLOSED, "%s: closed", env->label);
    }
    if (env->last)
        env->last->next = write;
    else
        env->first = write;
    env->last = write;
    env->submitted++;
    wake = env->waiting;
    if (wake)
        pthread_cond_signal(&env->work);
    pthread_mutex_unlock(&env->lock);
    return SAC_OK;
}

/* SPDX-License-Identifier: MIT */
#include "store/lmdb/writer.h"

#include <errno.h>

#include "store/lmdb/group.h"

/* What one commit may hold. */
#define GROUP_WRITES 256
#define GROUP_BYTES ((size_t)4 << 20)
/* A reader that was killed pins its snapshot until someone looks. */
#define COMMITS_BETWEEN_CHECKS 1024

/* A list of writes in order of submission. */
typedef struct writes {
    sac_write *first;
    size_t n;
} writes;

static void wait_for_work(sac__lmdb_env *env)
{
    env->waiting = true;
    while (!env->first && !env->closing)
        pthread_cond_wait(&env->work, &env->lock);
    env->waiting = false;
}

/* All that wait; NULL when the file is being closed and none is left. */
static sac_write *take_all(sac__lmdb_env *env)
{
    sac_write *all;

    pthread_mutex_lock(&env->lock);
    wait_for_work(env);
    all = env->first;
    env->first = NULL;
    env->last = NULL;
    pthread_mutex_unlock(&env->lock);
    return all;
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
static int run(sac__lmdb_group *group, sac_write *first, size_t max, size_t *n)
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

static void *writer_main(void *self)
{
    sac__lmdb_env *env = self;
    sac__lmdb_group group = {.env = env};
    sac_write *waiting;
    int dead;

    while ((waiting = take_all(env)))
        while (waiting) {
            waiting = run_group(&group, waiting);
            if (group.number % COMMITS_BETWEEN_CHECKS == 0)
                (void)mdb_reader_check(env->mdb, &dead);
        }
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

/* SPDX-License-Identifier: MIT */
#include "auth/password/pool.h"

#include <pthread.h>
#include <signal.h>

#ifdef __linux__
#include <sched.h>
#include <sys/resource.h>
#endif

#include "core/alloc.h"

struct sac__pool {
    const sac_alloc *alloc;
    size_t max_jobs;
    unsigned cap, n; /* threads: asked for, running */
    pthread_mutex_t lock;
    pthread_cond_t cond;
    /* Under the lock: */
    sac__pool_job *first, *last;
    size_t n_jobs;
    bool ending;
    pthread_t threads[];
};

/* Hashing takes what other threads leave. On Linux both are of this thread alone. */
static void be_idle(void)
{
#ifdef __linux__
    const struct sched_param none = {.sched_priority = 0};

    if (pthread_setschedparam(pthread_self(), SCHED_IDLE, &none) != 0)
        (void)setpriority(PRIO_PROCESS, 0, 19);
#endif
}

static sac__pool_job *take(sac__pool *pool)
{
    sac__pool_job *job;

    pthread_mutex_lock(&pool->lock);
    while (!pool->first && !pool->ending)
        pthread_cond_wait(&pool->cond, &pool->lock);
    job = pool->ending ? NULL : pool->first;
    if (job) {
        pool->first = job->next;
        pool->n_jobs--;
    }
    pthread_mutex_unlock(&pool->lock);
    return job;
}

static void run(sac__pool_job *job)
{
    const bool wanted = job->fresh.p &&
                        !(job->renew && !sac_password_is_weak(job->hash, job->cost));

    job->made = SAC_ENOTFOUND;
    job->result = job->hash.p ? sac_password_verify(job->password, job->hash, NULL) : SAC_OK;
    if (job->result == SAC_OK && wanted)
        job->made = sac_password_hash(job->fresh, job->cost, job->out, NULL);
}

static void *work(void *self)
{
    sac__pool_job *job;

    be_idle();
    while ((job = take(self))) {
        run(job);
        job->done(job->self);
    }
    return NULL;
}

int sac__pool_submit(sac__pool *pool, sac__pool_job *job)
{
    int rc = SAC_OK;

    job->next = NULL;
    pthread_mutex_lock(&pool->lock);
    if (pool->ending)
        rc = SAC_ECLOSED;
    else if (pool->n_jobs >= pool->max_jobs)
        rc = SAC_EUNAVAILABLE;
    if (rc == SAC_OK) {
        if (pool->first)
            pool->last->next = job;
        else
            pool->first = job;
        pool->last = job;
        pool->n_jobs++;
        pthread_cond_signal(&pool->cond);
    }
    pthread_mutex_unlock(&pool->lock);
    return rc;
}

void sac__pool_stop(sac__pool *pool)
{
    sac__pool_job *job;

    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    job = pool->first;
    pool->first = NULL;
    pool->n_jobs = 0;
    pthread_cond_broadcast(&pool->cond);
    pthread_mutex_unlock(&pool->lock);
    while (job) {
        sac__pool_job *next = job->next;

        job->result = SAC_ECLOSED;
        job->made = SAC_ENOTFOUND;
        job->done(job->self);
        job = next;
    }
    for (; pool->n > 0; pool->n--)
        pthread_join(pool->threads[pool->n - 1], NULL);
}

static size_t size_of(unsigned n)
{
    return sizeof(sac__pool) + n * sizeof(pthread_t);
}

void sac__pool_free(sac__pool *pool)
{
    if (!pool)
        return;
    sac__pool_stop(pool);
    pthread_cond_destroy(&pool->cond);
    pthread_mutex_destroy(&pool->lock);
    sac__alloc_free(pool->alloc, pool, size_of(pool->cap));
}

/* Threads inherit the mask: signals are the host program's. */
static bool start_threads(sac__pool *pool)
{
    sigset_t all;
    sigset_t old;

    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &old) != 0)
        return false;
    while (pool->n < pool->cap && pthread_create(&pool->threads[pool->n], NULL, work, pool) == 0)
        pool->n++;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return pool->n == pool->cap;
}

int sac__pool_new(const sac_alloc *alloc, unsigned threads, size_t max_jobs, sac__pool **out,
                  sac_err *err)
{
    sac__pool *pool = sac__alloc_zero(alloc, size_of(threads));

    if (!pool)
        return sac_err_set(err, SAC_ENOMEM, "hashing threads: no memory");
    pool->alloc = alloc;
    pool->max_jobs = max_jobs;
    pool->cap = threads;
    if (pthread_mutex_init(&pool->lock, NULL) != 0)
        goto no_lock;
    if (pthread_cond_init(&pool->cond, NULL) != 0)
        goto no_cond;
    if (!start_threads(pool)) {
        sac__pool_free(pool);
        return sac_err_set(err, SAC_EUNAVAILABLE, "hashing threads: the system gives no %u",
                           threads);
    }
    *out = pool;
    return SAC_OK;
no_cond:
    pthread_mutex_destroy(&pool->lock);
no_lock:
    sac__alloc_free(alloc, pool, size_of(threads));
    return sac_err_set(err, SAC_ENOMEM, "hashing threads: no lock");
}

/* SPDX-License-Identifier: MIT */
#include "app/workers.h"

#include <pthread.h>
#include <signal.h>

#include "core/alloc.h"

struct sac__workers {
    const sac_alloc *alloc;
    size_t max_jobs;
    unsigned cap, n; /* threads: asked for, running */
    pthread_mutex_t lock;
    pthread_cond_t cond;    /* there is a job */
    pthread_cond_t drained; /* nothing is left to do */
    /* Under the lock: */
    sac__job *first, *last;
    size_t n_jobs, n_idle;
    bool ending;
    pthread_t threads[];
};

static sac__job *take(sac__workers *workers)
{
    sac__job *job;

    pthread_mutex_lock(&workers->lock);
    while (!workers->first && !workers->ending) {
        if (++workers->n_idle == workers->cap)
            pthread_cond_broadcast(&workers->drained);
        pthread_cond_wait(&workers->cond, &workers->lock);
        workers->n_idle--;
    }
    job = workers->first;
    if (job) {
        workers->first = job->next;
        workers->n_jobs--;
    }
    pthread_mutex_unlock(&workers->lock);
    return job;
}

static void *work(void *self)
{
    sac__workers *workers = self;
    sac__job *job;

    while ((job = take(workers)))
        job->run(job);
    return NULL;
}

static bool push(sac__workers *workers, sac__job *job, size_t max)
{
    bool wake;

    pthread_mutex_lock(&workers->lock);
    if (workers->n_jobs >= max) {
        pthread_mutex_unlock(&workers->lock);
        return false;
    }
    job->next = NULL;
    if (workers->first)
        workers->last->next = job;
    else
        workers->first = job;
    workers->last = job;
    workers->n_jobs++;
    wake = workers->n_idle > 0;
    if (wake)
        pthread_cond_signal(&workers->cond);
    pthread_mutex_unlock(&workers->lock);
    return true;
}

bool sac__workers_try(sac__workers *workers, sac__job *job)
{
    return push(workers, job, workers->max_jobs);
}

void sac__workers_push(sac__workers *workers, sac__job *job)
{
    (void)push(workers, job, SIZE_MAX);
}

void sac__workers_drain(sac__workers *workers)
{
    if (!workers)
        return;
    pthread_mutex_lock(&workers->lock);
    while (workers->first || workers->n_idle < workers->cap)
        pthread_cond_wait(&workers->drained, &workers->lock);
    pthread_mutex_unlock(&workers->lock);
}

static size_t size_of(unsigned n)
{
    return sizeof(sac__workers) + n * sizeof(pthread_t);
}

void sac__workers_free(sac__workers *workers)
{
    if (!workers)
        return;
    pthread_mutex_lock(&workers->lock);
    workers->ending = true;
    pthread_cond_broadcast(&workers->cond);
    pthread_mutex_unlock(&workers->lock);
    for (unsigned i = 0; i < workers->n; i++)
        pthread_join(workers->threads[i], NULL);
    pthread_cond_destroy(&workers->drained);
    pthread_cond_destroy(&workers->cond);
    pthread_mutex_destroy(&workers->lock);
    sac__alloc_free(workers->alloc, workers, size_of(workers->cap));
}

/* Threads inherit the mask: signals are the host program's. */
static bool start_threads(sac__workers *workers)
{
    sigset_t all;
    sigset_t old;

    sigfillset(&all);
    if (pthread_sigmask(SIG_SETMASK, &all, &old) != 0)
        return false;
    while (workers->n < workers->cap &&
           pthread_create(&workers->threads[workers->n], NULL, work, workers) == 0)
        workers->n++;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return workers->n == workers->cap;
}

int sac__workers_new(const sac_alloc *alloc, unsigned n, size_t max_jobs, sac__workers **out,
                     sac_err *err)
{
    sac__workers *workers = sac__alloc_zero(alloc, size_of(n));

    if (!workers)
        return sac_err_set(err, SAC_ENOMEM, "workers: no memory");
    workers->alloc = alloc;
    workers->max_jobs = max_jobs;
    workers->cap = n;
    if (pthread_mutex_init(&workers->lock, NULL) != 0)
        goto no_lock;
    if (pthread_cond_init(&workers->cond, NULL) != 0)
        goto no_cond;
    if (pthread_cond_init(&workers->drained, NULL) != 0)
        goto no_drained;
    if (!start_threads(workers)) {
        sac__workers_free(workers);
        return sac_err_set(err, SAC_EUNAVAILABLE, "workers: the system gives no %u threads", n);
    }
    *out = workers;
    return SAC_OK;
no_drained:
    pthread_cond_destroy(&workers->cond);
no_cond:
    pthread_mutex_destroy(&workers->lock);
no_lock:
    sac__alloc_free(alloc, workers, size_of(n));
    return sac_err_set(err, SAC_ENOMEM, "workers: no lock");
}

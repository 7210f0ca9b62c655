/* SPDX-License-Identifier: MIT */
#ifndef APP_WORKERS_H
#define APP_WORKERS_H

#include <sacrum/alloc.h>
#include <sacrum/err.h>

/* Threads that run jobs in the order in which they come. */
typedef struct sac__workers sac__workers;

typedef struct sac__job {
    void (*run)(struct sac__job *job); /* the job's memory may be gone when it returns */
    struct sac__job *next;
} sac__job;

/* Every signal is blocked in the threads. SAC_ENOMEM, SAC_EUNAVAILABLE. */
int sac__workers_new(const sac_alloc *alloc, unsigned n, size_t max_jobs, sac__workers **out,
                     sac_err *err) SAC_MUST_USE;
/* Waits until nothing is queued and nothing runs. NULL is a no-op. */
void sac__workers_drain(sac__workers *workers);
/* Runs what is queued, then ends the threads. NULL is a no-op. */
void sac__workers_free(sac__workers *workers);

/* False, and nothing happened, when max_jobs wait already. */
bool sac__workers_try(sac__workers *workers, sac__job *job);
/* The same without a bound: for what has begun already. */
void sac__workers_push(sac__workers *workers, sac__job *job);

#endif

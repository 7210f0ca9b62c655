/* SPDX-License-Identifier: MIT */
#ifndef AUTH_PASSWORD_POOL_H
#define AUTH_PASSWORD_POOL_H

#include "auth/password/password.h"

/* Threads that hash passwords, and nothing else: at idle priority, where the system has it. */
typedef struct sac__pool sac__pool;

/*
 * A password to verify, then one to hash, in memory of the caller that lives
 * until `done` was called: once, on any thread, briefly.
 */
typedef struct sac__pool_job {
    sac_str password, hash; /* hash.p NULL: nothing is verified */
    sac_str fresh;          /* hashed once the other is right; p NULL: none */
    bool renew;             /* `fresh` is hashed only where `hash` is weak */
    int cost;
    void (*done)(void *self);
    void *self;

    int result;                  /* of verifying, or why nothing was done: SAC_ECLOSED */
    int made;                    /* of hashing; SAC_ENOTFOUND: there was none */
    char out[SAC_PASSWORD_HASH]; /* where `made` is SAC_OK */
    struct sac__pool_job *next;
} sac__pool_job;

/* SAC_ENOMEM, SAC_EUNAVAILABLE: the system gives no threads. */
int sac__pool_new(const sac_alloc *alloc, unsigned threads, size_t max_jobs, sac__pool **out,
                  sac_err *err) SAC_MUST_USE;
/* What runs is finished, what waits is done with SAC_ECLOSED; the threads end. */
void sac__pool_stop(sac__pool *pool);
/* Stops it too. NULL is a no-op in both. */
void sac__pool_free(sac__pool *pool);

/* SAC_EUNAVAILABLE when too many wait, SAC_ECLOSED once stopped; then `done` is not called. */
int sac__pool_submit(sac__pool *pool, sac__pool_job *job) SAC_MUST_USE;

#endif

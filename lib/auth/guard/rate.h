/* SPDX-License-Identifier: MIT */
#ifndef AUTH_GUARD_RATE_H
#define AUTH_GUARD_RATE_H

#include <sacrum/alloc.h>
#include <sacrum/err.h>
#include <sacrum/str.h>

/*
 * Rates of many callers, in memory taken once: 32 bytes a caller. When all of
 * it is taken, the caller who may go on soonest is forgotten. Any thread.
 */
typedef struct sac__rate sac__rate;

typedef struct sac__rate_config {
    uint64_t requests; /* so many in `seconds` */
    uint64_t seconds;
    uint64_t burst; /* so many at once; 0: `requests` */
    size_t max_keys;
} sac__rate_config;

enum { SAC__RATE_KEYS = 65536 };

/* SAC_EINVAL for a rate of nothing or beyond nanoseconds; SAC_ENOMEM; SAC_EIO without random bytes. */
int sac__rate_new(const sac__rate_config *config, const sac_alloc *alloc, sac__rate **out,
                  sac_err *err) SAC_MUST_USE;
void sac__rate_free(sac__rate *rate); /* NULL is a no-op */

/*
 * A caller's key in this table: of a name (p NULL: none), an address as
 * sac_req_peer() has it (p NULL: none; an IPv4 one, the /64 of IPv6, what is
 * neither is one caller), or of both together. Keyed: nobody can choose names
 * that meet.
 */
uint64_t sac__rate_key(const sac__rate *rate, sac_str name, sac_str peer);

/* `now` is sac__clock_mono_ns(). 0: taken; else the nanoseconds until one can be. */
uint64_t sac__rate_take(sac__rate *rate, uint64_t key, uint64_t now);
/* The same answer, nothing is taken. */
uint64_t sac__rate_ask(sac__rate *rate, uint64_t key, uint64_t now);
/* Gives one back that was taken. */
void sac__rate_give(sac__rate *rate, uint64_t key);
/* Forgets what was taken under a key. */
void sac__rate_forget(sac__rate *rate, uint64_t key);

#endif

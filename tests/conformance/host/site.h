/* SPDX-License-Identifier: MIT */
#ifndef CONFORMANCE_SITE_H
#define CONFORMANCE_SITE_H

#include <pthread.h>
#include <stdatomic.h>

#include <sacrum/app.h>
#include <sacrum/req.h>

#include "support/support.h"

enum { SITE_FILE = 300000, SITE_MAX_BODY = 65536, SITE_PARKED = 512 };

/* An app with a view for whatever a host may have to carry. */
typedef struct site {
    fault_alloc memory;
    sac_app *app;
    sac_app_config config; /* may be changed between begin and make */
    atomic_int live;       /* requests that were begun and not torn down */
    atomic_int begun;
    atomic_int streams;  /* open */
    atomic_llong pulled; /* bytes of all streams */
    atomic_llong read;   /* bytes of all streamed bodies */
    atomic_int working;  /* handlers of /sleep and /late */
    atomic_int intact;   /* requests of /late whose head was there to the end */
    atomic_int ringing;  /* threads that are to redeem a ticket */
    pthread_mutex_t lock;
    sac_ticket *parked[SITE_PARKED]; /* of /keep: lock */
    size_t n_parked;
    atomic_uintptr_t handed; /* a ticket of /hand */
    atomic_bool over;
    int file;
} site;

/* begin; [config]; make; a host; close. */
void site_begin(site *s);
void site_make(site *s);
void site_close(site *s);

/* Redeems all tickets of /keep. */
void site_redeem(site *s);
size_t site_parked(site *s);
/* A thread that redeems those of /hand until `over`. */
void *site_redeem_at_once(void *self);

/* Waits until a counter has a value, for 5 s at most. */
bool site_wait(atomic_int *counter, int value);
void sleep_ms(unsigned ms);
double now_s(void);

/* The byte of streams and files at a place. */
char site_byte(uint64_t at);
/* Whether bytes are those from a place on. */
bool site_is(sac_str bytes, uint64_t from);

#endif

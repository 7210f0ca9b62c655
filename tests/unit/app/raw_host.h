/* SPDX-License-Identifier: MIT */
#ifndef APP_RAW_HOST_H
#define APP_RAW_HOST_H

#include "fixture.h"

#include <time.h>

#include <sacrum/impl/host.h>

/* A host by hand: each call of the contract on its own. */
typedef struct raw_host {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    int wakes;
    bool closed; /* a wake after it is an error */
    bool late;
} raw_host;

static inline void raw_wake(void *self)
{
    raw_host *host = self;

    pthread_mutex_lock(&host->lock);
    host->wakes++;
    host->late = host->late || host->closed;
    pthread_cond_signal(&host->cond);
    pthread_mutex_unlock(&host->lock);
}

static const sac_host_ops raw_ops = SAC_HOST_OPS(.name = "raw", .wake = raw_wake);

static inline void raw_init(raw_host *host)
{
    memset(host, 0, sizeof *host);
    pthread_mutex_init(&host->lock, NULL);
    pthread_cond_init(&host->cond, NULL);
}

static inline void raw_fini(raw_host *host)
{
    CHECK(!host->late);
    pthread_cond_destroy(&host->cond);
    pthread_mutex_destroy(&host->lock);
}

static inline void raw_wait(raw_host *host)
{
    pthread_mutex_lock(&host->lock);
    while (host->wakes == 0)
        pthread_cond_wait(&host->cond, &host->lock);
    host->wakes--;
    pthread_mutex_unlock(&host->lock);
}

static inline sac_exchange *raw_open(raw_host *host, sac_app *app)
{
    sac_exchange *exchange;

    CHECK_INT(sac_exchange_open(app, &raw_ops, host, &exchange), SAC_OK);
    return exchange;
}

static inline int raw_head(sac_exchange *exchange, const char *method, const char *target,
                           int64_t length)
{
    const sac_head head = SAC_HEAD_INIT(.method = sac_str_of(method), .target = sac_str_of(target),
                                        .length = length);

    return sac_exchange_head(exchange, &head);
}

static inline void raw_close(raw_host *host, sac_exchange *exchange)
{
    sac_exchange_close(exchange);
    pthread_mutex_lock(&host->lock);
    host->closed = true;
    pthread_mutex_unlock(&host->lock);
}

static inline const sac_answer *raw_answer(raw_host *host, sac_exchange *exchange)
{
    const sac_answer *answer = NULL;
    int rc;

    while ((rc = sac_exchange_answer(exchange, &answer)) == SAC_LATER)
        raw_wait(host);
    CHECK_INT(rc, SAC_OK);
    return answer;
}

/* A gate that a thread waits at until it is opened. */
typedef struct gate {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool open;
} gate;

static inline void gate_init(gate *g)
{
    memset(g, 0, sizeof *g);
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->cond, NULL);
}

static inline void gate_open(gate *g)
{
    pthread_mutex_lock(&g->lock);
    g->open = true;
    pthread_cond_broadcast(&g->cond);
    pthread_mutex_unlock(&g->lock);
}

static inline void gate_wait(gate *g)
{
    pthread_mutex_lock(&g->lock);
    while (!g->open)
        pthread_cond_wait(&g->cond, &g->lock);
    pthread_mutex_unlock(&g->lock);
}

static inline void gate_fini(gate *g)
{
    pthread_cond_destroy(&g->cond);
    pthread_mutex_destroy(&g->lock);
}

static inline void nap(long us)
{
    const struct timespec t = {0, us * 1000};

    nanosleep(&t, NULL);
}

#endif

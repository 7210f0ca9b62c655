/* SPDX-License-Identifier: MIT */
#include <signal.h>

#include "core/clock.h"
#include "store/mongo/mongo.h"

#define SECOND_NS ((uint64_t)1000000000)
/* How long a cursor may wait for its next pull. */
#define IDLE_NS SECOND_NS

bool sac__mongo_late(const sac__mongo *store, uint64_t begun)
{
    const uint64_t ms = (uint64_t)sac__mongo_step_ms(store);

    return sac__clock_mono_ns() - begun >= ms * 1000000;
}

static struct timespec timespec_of(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / SECOND_NS), .tv_nsec = (long)(ns % SECOND_NS)};
}

int sac__mongo_thread(pthread_t *thread, void *(*fn)(void *self), void *self, sac_err *err)
{
    sigset_t all;
    sigset_t before;
    int rc;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    rc = pthread_create(thread, NULL, fn, self);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc == 0 ? SAC_OK : sac_err_set(err, SAC_EUNAVAILABLE, "mongodb: no thread to be had");
}

static void unlink_held(sac__mongo *store, sac__mongo_held *held)
{
    *(held->before ? &held->before->behind : &store->oldest) = held->behind;
    *(held->behind ? &held->behind->before : &store->newest) = held->before;
    held->since = 0;
}

/* Under the lock: takes the cursor and the client of one that waits away from it. */
static sac__mongo_held take_away(sac__mongo *store, sac__mongo_held *held)
{
    const sac__mongo_held taken = {.client = held->client, .cursor = held->cursor};

    unlink_held(store, held);
    held->client = NULL;
    held->cursor = NULL;
    return taken;
}

static void *reaper_main(void *self)
{
    sac__mongo *store = self;

    pthread_mutex_lock(&store->lock);
    while (!store->closing) {
        const uint64_t due = store->oldest ? store->oldest->since + IDLE_NS : 0;

        if (!due) {
            pthread_cond_wait(&store->reap, &store->lock);
        } else if (sac__clock_mono_ns() < due) {
            const struct timespec until = timespec_of(due);

            pthread_cond_timedwait(&store->reap, &store->lock, &until);
        } else {
            sac__mongo_held idle = take_away(store, store->oldest);

            pthread_mutex_unlock(&store->lock);
            sac__mongo_let_go(store, &idle);
            pthread_mutex_lock(&store->lock);
        }
    }
    pthread_mutex_unlock(&store->lock);
    return NULL;
}

/* Waits are by the monotonic clock. */
static void init_cond(pthread_cond_t *cond)
{
    pthread_condattr_t attr;

    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attr);
    pthread_condattr_destroy(&attr);
}

int sac__mongo_clients_start(sac__mongo *store, sac_err *err)
{
    int rc;

    pthread_mutex_init(&store->lock, NULL);
    init_cond(&store->freed);
    init_cond(&store->reap);
    rc = sac__mongo_thread(&store->reaper, reaper_main, store, err);
    store->reaping = rc == SAC_OK;
    return rc;
}

void sac__mongo_clients_stop(sac__mongo *store)
{
    if (store->reaping) {
        pthread_mutex_lock(&store->lock);
        store->closing = true;
        pthread_cond_signal(&store->reap);
        pthread_mutex_unlock(&store->lock);
        pthread_join(store->reaper, NULL);
    }
    pthread_cond_destroy(&store->reap);
    pthread_cond_destroy(&store->freed);
    pthread_mutex_destroy(&store->lock);
}

int sac__mongo_take(sac__mongo *store, mongoc_client_t **client, sac_err *err)
{
    const uint64_t ms = store->timeout_ms / 4;
    const struct timespec until = timespec_of(sac__clock_mono_ns() + ms * 1000000);
    sac__mongo_held idle = {.client = NULL};
    int rc = 0;

    pthread_mutex_lock(&store->lock);
    while (store->in_use >= store->clients && !store->oldest && rc == 0)
        rc = pthread_cond_timedwait(&store->freed, &store->lock, &until);
    if (store->in_use < store->clients)
        store->in_use++;
    else if (store->oldest)
        idle = take_away(store, store->oldest);
    else
        rc = -1;
    pthread_mutex_unlock(&store->lock);
    if (rc == -1)
        return sac_err_set(err, SAC_EUNAVAILABLE, "mongodb: all %u clients are in use",
                           store->clients);
    *client = idle.client;
    if (idle.client)
        mongoc_cursor_destroy(idle.cursor);
    else
        *client = mongoc_client_pool_pop(store->pool);
    return SAC_OK;
}

void sac__mongo_give(sac__mongo *store, mongoc_client_t *client)
{
    mongoc_client_pool_push(store->pool, client);
    pthread_mutex_lock(&store->lock);
    store->in_use--;
    pthread_cond_signal(&store->freed);
    pthread_mutex_unlock(&store->lock);
}

void sac__mongo_park(sac__mongo *store, sac__mongo_held *held)
{
    pthread_mutex_lock(&store->lock);
    held->since = sac__clock_mono_ns();
    held->before = store->newest;
    held->behind = NULL;
    *(store->newest ? &store->newest->behind : &store->oldest) = held;
    store->newest = held;
    if (store->oldest == held)
        pthread_cond_signal(&store->reap);
    pthread_cond_signal(&store->freed);
    pthread_mutex_unlock(&store->lock);
}

bool sac__mongo_unpark(sac__mongo *store, sac__mongo_held *held)
{
    bool kept;

    pthread_mutex_lock(&store->lock);
    kept = held->cursor != NULL;
    if (held->since)
        unlink_held(store, held);
    pthread_mutex_unlock(&store->lock);
    return kept;
}

void sac__mongo_let_go(sac__mongo *store, sac__mongo_held *held)
{
    if (held->cursor)
        mongoc_cursor_destroy(held->cursor);
    if (held->client)
        sac__mongo_give(store, held->client);
    held->cursor = NULL;
    held->client = NULL;
}

mongoc_collection_t *sac__mongo_collection(const sac__mongo *store, mongoc_client_t *client,
                                           const char *name)
{
    return mongoc_client_get_collection(client, store->database, name);
}

enum { TYPES_ALL = 1, TYPES_FEW };

bool sac__mongo_has_few_types(sac__mongo *store)
{
    bson_t command = BSON_INITIALIZER;
    mongoc_client_t *client;
    bson_t reply;
    int types = atomic_load(&store->types);

    if (types || sac__mongo_take(store, &client, NULL) != SAC_OK)
        return types == TYPES_FEW;
    BSON_APPEND_INT32(&command, "buildInfo", 1);
    BSON_APPEND_INT64(&command, "maxTimeMS", sac__mongo_limit_ms(store));
    if (mongoc_client_command_simple(client, store->database, &command, NULL, &reply, NULL)) {
        types = sac_bson_get_str(sac__mongo_bytes(&reply), "ferretdbVersion").p ? TYPES_FEW
                                                                                : TYPES_ALL;
        atomic_store(&store->types, types);
    }
    bson_destroy(&reply);
    bson_destroy(&command);
    sac__mongo_give(store, client);
    return types == TYPES_FEW;
}

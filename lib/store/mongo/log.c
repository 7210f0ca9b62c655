/* SPDX-License-Identifier: MIT */
#include "store/mongo/mongo.h"

/*
 * The driver has one log for the whole process and does not say which client
 * a line is of: all open stores get it. This list is why the library has one
 * more global.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sac__mongo *first;

static sac_log_level level_of(mongoc_log_level_t level)
{
    switch (level) {
    case MONGOC_LOG_LEVEL_ERROR:
    case MONGOC_LOG_LEVEL_CRITICAL: return SAC_LOG_ERROR;
    case MONGOC_LOG_LEVEL_WARNING: return SAC_LOG_WARN;
    case MONGOC_LOG_LEVEL_MESSAGE:
    case MONGOC_LOG_LEVEL_INFO: return SAC_LOG_INFO;
    default: return SAC_LOG_DEBUG;
    }
}

static void log_line(mongoc_log_level_t level, const char *domain, const char *message, void *self)
{
    const sac__mongo *store;

    (void)self;
    pthread_mutex_lock(&lock);
    for (store = first; store; store = store->next)
        sac__logf(&store->log, level_of(level), "mongodb: %s: %s", domain, message);
    pthread_mutex_unlock(&lock);
}

static void start(void)
{
    mongoc_init();
    mongoc_log_set_handler(log_line, NULL);
}

void sac__mongo_driver_start(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, start);
}

void sac__mongo_log_add(sac__mongo *store)
{
    pthread_mutex_lock(&lock);
    store->next = first;
    first = store;
    pthread_mutex_unlock(&lock);
}

void sac__mongo_log_remove(sac__mongo *store)
{
    sac__mongo **at = &first;

    pthread_mutex_lock(&lock);
    while (*at && *at != store)
        at = &(*at)->next;
    if (*at)
        *at = store->next;
    pthread_mutex_unlock(&lock);
}

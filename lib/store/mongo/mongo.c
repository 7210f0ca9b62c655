/* SPDX-License-Identifier: MIT */
#include <sacrum/store/mongo.h>

#include <signal.h>

#include "core/alloc.h"
#include "core/random.h"
#include "core/table.h"
#include "store/mongo/mongo.h"
#include "store/mongo/uri.h"

/* ---- collections ---- */

static int read_names(sac__mongo *store, mongoc_client_t *client, sac__buf *out, sac_err *err)
{
    mongoc_database_t *database = mongoc_client_get_database(client, store->database);
    bson_t opts = BSON_INITIALIZER;
    mongoc_cursor_t *cursor;
    bson_error_t error;
    const bson_t *got;
    int rc = SAC_OK;

    BSON_APPEND_BOOL(&opts, "nameOnly", true);
    cursor = mongoc_database_find_collections_with_opts(database, &opts);
    while (mongoc_cursor_next(cursor, &got)) {
        const sac_str name = sac_bson_get_str(sac__mongo_bytes(got), "name");

        if (!name.p || sac_str_is(name, SAC__MONGO_OWN) || strncmp(name.p, "system.", 7) == 0)
            continue;
        sac__buf_add(out, name.p, name.n + 1);
    }
    if (mongoc_cursor_error(cursor, &error))
        rc = sac__mongo_failed(&error, false, err);
    mongoc_cursor_destroy(cursor);
    bson_destroy(&opts);
    mongoc_database_destroy(database);
    return rc == SAC_OK && out->error ? sac_err_set(err, out->error, "mongodb: no memory") : rc;
}

/* The names are read before the first is told: it may use the store. */
static int mongo_collections(void *self, int (*name)(void *self, const char *name), void *name_self,
                             sac_err *err)
{
    sac__mongo *store = self;
    mongoc_client_t *client;
    sac__buf text;
    size_t at = 0;
    int rc = sac__mongo_take(store, &client, err);

    if (rc != SAC_OK)
        return rc;
    sac__buf_init(&text, store->alloc, (size_t)1 << 30);
    rc = read_names(store, client, &text, err);
    sac__mongo_give(store, client);
    while (rc == 0 && at < text.n) {
        rc = name(name_self, text.p + at);
        at += strlen(text.p + at) + 1;
    }
    sac__buf_fini(&text);
    return rc < 0 ? rc : SAC_OK;
}

/* ---- secret ---- */

static sac_value secret_id(void)
{
    return (sac_value){SAC_BSON_STRING, sac_str_n("\7\0\0\0secret", 11)};
}

static int read_secret(sac__mongo *store, mongoc_client_t *client, uint8_t out[32], sac_err *err)
{
    uint8_t subtype;
    sac_value key;
    sac_str bytes;
    sac_str raw;
    bson_t reply;
    int rc = sac__mongo_look(store, client, SAC__MONGO_OWN, secret_id(), true, &reply, &raw, err);

    if (rc == SAC_OK) {
        key = sac_bson_get(raw, sac_str_of("key"));
        if (sac_value_binary(&key, &subtype, &bytes) && bytes.n == 32)
            memcpy(out, bytes.p, 32);
        else
            rc = sac_err_set(err, SAC_ECORRUPT, "mongodb: " SAC__MONGO_OWN ": no secret in it");
    }
    bson_destroy(&reply);
    return rc;
}

/* Another process may be first: then its secret is the one. */
static int make_secret(sac__mongo *store, mongoc_client_t *client, sac_err *err)
{
    mongoc_collection_t *own = sac__mongo_collection(store, client, SAC__MONGO_OWN);
    bson_t doc = BSON_INITIALIZER;
    bson_t opts = BSON_INITIALIZER;
    bson_error_t error;
    uint8_t key[32];
    int rc = sac__random(key, sizeof key);

    BSON_APPEND_UTF8(&doc, "_id", "secret");
    BSON_APPEND_BINARY(&doc, "key", BSON_SUBTYPE_BINARY, key, sizeof key);
    BSON_APPEND_INT64(&opts, "maxTimeMS", sac__mongo_limit_ms(store));
    if (rc != SAC_OK)
        (void)sac_err_set(err, rc, "mongodb: no random bytes");
    else if (!mongoc_collection_insert_one(own, &doc, &opts, NULL, &error))
        rc = sac__mongo_failed(&error, false, err);
    bson_destroy(&opts);
    bson_destroy(&doc);
    mongoc_collection_destroy(own);
    return rc == SAC_EEXIST ? SAC_OK : rc;
}

static int mongo_secret(void *self, uint8_t out[32], sac_err *err)
{
    sac__mongo *store = self;
    mongoc_client_t *client;
    int rc = sac__mongo_take(store, &client, err);

    if (rc != SAC_OK)
        return rc;
    rc = read_secret(store, client, out, err);
    if (rc == SAC_ENOTFOUND) {
        rc = make_secret(store, client, err);
        if (rc == SAC_OK)
            rc = read_secret(store, client, out, err);
    }
    sac__mongo_give(store, client);
    return rc;
}

/* ---- opening ---- */

static void free_store(sac__mongo *store)
{
    if (store->pool)
        mongoc_client_pool_destroy(store->pool);
    sac__mongo_log_remove(store);
    sac__mongo_wishes_free(store);
    pthread_mutex_destroy(&store->wishing);
    sac__alloc_free(store->alloc, store->database, store->database_size);
    sac__alloc_free(store->alloc, store, sizeof *store);
}

static void mongo_close(void *self)
{
    sac__mongo *store = self;

    sac__mongo_writers_stop(store);
    sac__mongo_clients_stop(store);
    free_store(store);
}

static const sac_store_ops mongo_ops =
    SAC_STORE_OPS(.name = "mongodb", .get = sac__mongo_get, .find = sac__mongo_find,
                  .count = sac__mongo_count, .submit = sac__mongo_submit,
                  .collections = mongo_collections, .secret = mongo_secret, .close = mongo_close,
                  .make_index = sac__mongo_make_index, .drop_index = sac__mongo_drop_index,
                  .indexes = sac__mongo_indexes, .explain = sac__mongo_explain, .waits = true);

/*
 * The first client starts the driver's threads, which watch the servers:
 * here, so that every signal is blocked in them.
 */
static int open_pool(sac__mongo *store, const mongoc_uri_t *uri, sac_err *err)
{
    bson_error_t error = {.domain = 0};
    mongoc_client_t *client;
    sigset_t before;
    sigset_t all;

    store->pool = mongoc_client_pool_new_with_error(uri, &error);
    if (!store->pool)
        return sac_err_set(err, SAC_EINVAL, "mongodb: %.120s", error.message);
    (void)mongoc_client_pool_set_error_api(store->pool, MONGOC_ERROR_API_VERSION_2);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    client = mongoc_client_pool_pop(store->pool);
    mongoc_client_pool_push(store->pool, client);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return SAC_OK;
}

static int new_store(const sac_store_config *config, const sac__mongo_uri *uri, sac__mongo **out,
                     sac_err *err)
{
    sac__mongo *store = sac__alloc_zero(config->alloc, sizeof *store);
    int rc;

    if (!store)
        return sac_err_set(err, SAC_ENOMEM, "mongodb: no memory");
    store->alloc = config->alloc;
    store->log = (sac__log){.fn = config->log, .self = config->log_self, .level = SAC_LOG_INFO};
    store->timeout_ms = uri->timeout_ms;
    store->clients = uri->clients;
    pthread_mutex_init(&store->wishing, NULL);
    sac__mongo_log_add(store);
    store->database_size = strlen(uri->database) + 1;
    store->database = sac__alloc(store->alloc, store->database_size);
    if (!store->database) {
        free_store(store);
        return sac_err_set(err, SAC_ENOMEM, "mongodb: no memory");
    }
    memcpy(store->database, uri->database, store->database_size);
    rc = open_pool(store, uri->driver, err);
    if (rc != SAC_OK)
        free_store(store);
    else
        *out = store;
    return rc;
}

static int open_store(const sac_store_config *config, const sac__mongo_uri *uri, sac_store **out,
                      sac_err *err)
{
    sac__mongo *store = NULL;
    int rc = new_store(config, uri, &store, err);

    if (rc != SAC_OK)
        return rc;
    rc = sac__mongo_clients_start(store, err);
    if (rc != SAC_OK) {
        sac__mongo_clients_stop(store);
        free_store(store);
        return rc;
    }
    rc = sac__mongo_writers_start(store, err);
    if (rc == SAC_OK)
        rc = sac_store_new(config->alloc, &mongo_ops, store, out, err);
    if (rc != SAC_OK) {
        mongo_close(store);
        return rc;
    }
    sac__logf(&store->log, SAC_LOG_INFO, "mongodb: database %s, at most %u clients",
              store->database, store->clients);
    return SAC_OK;
}

static int check_config(const sac_store_config *config, sac_err *err)
{
    if (config->size > sizeof *config)
        return sac__table_newer("sac_store_config", config->size, sizeof *config, err);
    if (config->size < sizeof *config)
        return sac_err_set(err, SAC_EINVAL, "sac_store_config without SAC_STORE_CONFIG()");
    return SAC_OK;
}

int sac_mongo(const sac_store_config *config, sac_store **out, sac_err *err)
{
    sac__mongo_uri uri;
    int rc = check_config(config, err);

    if (rc != SAC_OK)
        return rc;
    sac__mongo_driver_start();
    rc = sac__mongo_uri_init(&uri, config->uri, config->alloc, err);
    if (rc != SAC_OK)
        return rc;
    rc = open_store(config, &uri, out, err);
    sac__mongo_uri_fini(&uri);
    return rc;
}

/* SPDX-License-Identifier: MIT */
#include <sacrum/store/lmdb.h>

#include "core/alloc.h"
#include "core/log.h"
#include "core/table.h"
#include "store/lmdb/check.h"
#include "store/lmdb/env.h"
#include "store/lmdb/find/find.h"
#include "store/lmdb/index/make.h"
#include "store/lmdb/read.h"
#include "store/lmdb/uri.h"
#include "store/lmdb/writer.h"

typedef struct lmdb_store {
    const sac_alloc *alloc;
    sac__lmdb_env *env;
} lmdb_store;

static int lmdb_get(void *self, const char *collection, sac_value id, const sac_sink *sink,
                    sac_err *err)
{
    const lmdb_store *store = self;

    return sac__lmdb_get(store->env, collection, id, sink, err);
}

static int lmdb_find(void *self, const sac_query *query, const sac_alloc *alloc,
                     const sac_cursor_ops **ops, void **cursor, sac_err *err)
{
    const lmdb_store *store = self;

    return sac__lmdb_find(store->env, query, alloc, ops, cursor, err);
}

static int lmdb_count(void *self, const sac_query *query, int64_t *count, sac_err *err)
{
    const lmdb_store *store = self;

    return sac__lmdb_count(store->env, query, count, err);
}

static int lmdb_explain(void *self, const sac_query *query, sac_explain *out, sac_err *err)
{
    const lmdb_store *store = self;

    return sac__lmdb_explain(store->env, query, out, err);
}

static int lmdb_revision(void *self, const char *collection, uint64_t *revision, sac_err *err)
{
    const lmdb_store *store = self;

    return sac__lmdb_revision(store->env, collection, revision, err);
}

static int lmdb_submit(void *self, sac_write *write, sac_err *err)
{
    const lmdb_store *store = self;

    return sac__lmdb_submit(store->env, write, err);
}

static int lmdb_collections(void *self, int (*name)(void *self, const char *name), void *name_self,
                            sac_err *err)
{
    const lmdb_store *store = self;

    return sac__lmdb_collections(store->env, name, name_self, err);
}

static int lmdb_check(void *self, sac_err *err)
{
    const lmdb_store *store = self;

    return sac__lmdb_check(store->env, store->alloc, err);
}

static int lmdb_secret(void *self, uint8_t out[32], sac_err *err)
{
    const lmdb_store *store = self;

    (void)err;
    memcpy(out, store->env->secret, 32);
    return SAC_OK;
}

static int lmdb_make_index(void *self, const char *collection, const sac_index *index, sac_err *err)
{
    const lmdb_store *store = self;

    return sac__lmdb_index_make(store->env, collection, index, err);
}

static int lmdb_drop_index(void *self, const char *collection, const char *name, sac_err *err)
{
    const lmdb_store *store = self;

    return sac__lmdb_index_drop(store->env, collection, name, err);
}

static int lmdb_indexes(void *self, const char *collection,
                        int (*index)(void *self, const sac_index *index), void *index_self,
                        sac_err *err)
{
    const lmdb_store *store = self;

    return sac__lmdb_index_list(store->env, collection, index, index_self, err);
}

static void lmdb_close(void *self)
{
    lmdb_store *store = self;

    sac__lmdb_env_close(store->env);
    sac__alloc_free(store->alloc, store, sizeof *store);
}

static const sac_store_ops lmdb_ops =
    SAC_STORE_OPS(.name = "lmdb", .get = lmdb_get, .find = lmdb_find, .count = lmdb_count,
                  .revision = lmdb_revision, .submit = lmdb_submit, .collections = lmdb_collections,
                  .check = lmdb_check, .secret = lmdb_secret, .close = lmdb_close,
                  .make_index = lmdb_make_index, .drop_index = lmdb_drop_index,
                  .indexes = lmdb_indexes, .explain = lmdb_explain);

static int open_store(const sac_store_config *config, const sac__lmdb_uri *uri, sac_store **out,
                      sac_err *err)
{
    const sac_alloc *alloc = config->alloc;
    const sac__log log = {.fn = config->log, .self = config->log_self, .level = SAC_LOG_INFO};
    lmdb_store *store = sac__alloc_zero(alloc, sizeof *store);
    int rc;

    if (!store)
        return sac_err_set(err, SAC_ENOMEM, "lmdb: no memory");
    store->alloc = alloc;
    rc = sac__lmdb_env_open(uri, &store->env, err);
    if (rc != SAC_OK) {
        sac__alloc_free(alloc, store, sizeof *store);
        return rc;
    }
    rc = sac_store_new(alloc, &lmdb_ops, store, out, err);
    if (rc != SAC_OK) {
        lmdb_close(store);
        return rc;
    }
    sac__logf(&log, SAC_LOG_INFO, "lmdb: %s: map of %zu MiB", store->env->label,
              store->env->map >> 20);
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

int sac_lmdb(const sac_store_config *config, sac_store **out, sac_err *err)
{
    sac__lmdb_uri uri;
    int rc = check_config(config, err);

    if (rc == SAC_OK)
        rc = sac__lmdb_uri_init(&uri, config->uri, config->alloc, err);
    if (rc != SAC_OK)
        return rc;
    rc = open_store(config, &uri, out, err);
    sac__lmdb_uri_fini(&uri, config->alloc);
    return rc;
}

/* SPDX-License-Identifier: MIT */
#include <sacrum/store/null.h>

#include <sacrum/impl/store.h>

#include "core/alloc.h"

/* The reference of a store: the least that each mandatory slot must do. */
typedef struct null_store {
    const sac_alloc *alloc;
    uint64_t sequence;
} null_store;

typedef struct null_cursor {
    const sac_alloc *alloc;
    bool count;
} null_cursor;

static int null_pull(void *self, const sac_sink *sink, sac_err *err)
{
    null_cursor *cursor = self;
    const sac_snapshot snapshot = {.count = cursor->count ? 0 : -1};

    (void)err;
    cursor->count = false;
    return sink->begin ? sink->begin(sink->self, &snapshot) : 0;
}

static void null_close_cursor(void *self)
{
    null_cursor *cursor = self;

    sac__alloc_free(cursor->alloc, cursor, sizeof *cursor);
}

static const sac_cursor_ops null_cursor_ops = SAC_CURSOR_OPS(.pull = null_pull,
                                                             .close = null_close_cursor);

static int null_find(void *self, const sac_query *query, const sac_alloc *alloc,
                     const sac_cursor_ops **ops, void **out, sac_err *err)
{
    null_cursor *cursor = sac__alloc_zero(alloc, sizeof *cursor);

    (void)self;
    if (!cursor)
        return sac_err_set(err, SAC_ENOMEM, "no memory for a cursor");
    cursor->alloc = alloc;
    cursor->count = query->count;
    *ops = &null_cursor_ops;
    *out = cursor;
    return SAC_OK;
}

static int decide(sac_write *write, int64_t *changed)
{
    sac_change change = {.kind = SAC_CHANGE_KEEP};
    sac_value id;
    int rc = write->decide(write->self, NULL, &change, &write->err);

    if (rc != SAC_OK || change.kind != SAC_CHANGE_PUT)
        return rc;
    rc = sac_store_accept(change.doc, &id, &write->err);
    if (rc == SAC_OK && sac_value_compare(&id, &write->id) != 0)
        rc = sac_err_set(&write->err, SAC_EINVAL, "_id may not change");
    *changed = rc == SAC_OK;
    return rc;
}

/* A store with a disk queues here, and answers from its own thread. */
static int null_submit(void *self, sac_write *write, sac_err *err)
{
    null_store *store = self;
    int64_t changed = 0;

    (void)err;
    if (write->kind == SAC_WRITE_INSERT)
        changed = (int64_t)write->n_docs;
    else if (write->kind == SAC_WRITE_DECIDE)
        write->result = decide(write, &changed);
    if (changed > 0) {
        write->changed = changed;
        write->revision = __atomic_add_fetch(&store->sequence, 1, __ATOMIC_RELAXED);
    }
    write->done(write->self, write);
    return SAC_OK;
}

static int null_collections(void *self, int (*name)(void *self, const char *name), void *name_self,
                            sac_err *err)
{
    (void)self;
    (void)name;
    (void)name_self;
    (void)err;
    return SAC_OK;
}

static void null_close(void *self)
{
    null_store *store = self;

    sac__alloc_free(store->alloc, store, sizeof *store);
}

static const sac_store_ops null_ops =
    SAC_STORE_OPS(.name = "null",
                  .find = null_find, /* no .get, no .count: store.c goes through find */
                  .submit = null_submit, .collections = null_collections, .close = null_close);

int sac_null(const sac_store_config *config, sac_store **out, sac_err *err)
{
    null_store *store;
    int rc;

    if (!config->uri || strcmp(config->uri, "null:") != 0)
        return sac_err_set(err, SAC_ENOTMINE, "not the null: URI");
    store = sac__alloc_zero(config->alloc, sizeof *store);
    if (!store)
        return sac_err_set(err, SAC_ENOMEM, "null: no memory");
    store->alloc = config->alloc;
    rc = sac_store_new(config->alloc, &null_ops, store, out, err);
    if (rc != SAC_OK)
        null_close(store); /* `self` moves on success only */
    return rc;
}

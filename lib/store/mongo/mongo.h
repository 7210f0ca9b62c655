/* SPDX-License-Identifier: MIT */
#ifndef STORE_MONGO_MONGO_H
#define STORE_MONGO_MONGO_H

#include <pthread.h>
#include <stdatomic.h>

#include <sacrum/impl/store.h>

#include "core/buf.h"
#include "core/log.h"
#include "store/mongo/driver.h"

/* The store from within. */

enum {
    SAC__MONGO_WRITERS = 8,
    SAC__MONGO_REV_BYTES = 14 /* what `_rev` takes of a document */
};

/* Collections have no ':' in their names: this one is the store's own. */
#define SAC__MONGO_OWN "sacrum:own"

typedef struct sac__mongo sac__mongo;
typedef struct sac__mongo_entry sac__mongo_entry;
typedef struct sac__mongo_wish sac__mongo_wish;

/* A cursor with the client that it lives on; between two pulls it waits in the store's list. */
typedef struct sac__mongo_held {
    mongoc_client_t *client;
    mongoc_cursor_t *cursor;
    uint64_t since;
    struct sac__mongo_held *before, *behind;
} sac__mongo_held;

struct sac__mongo {
    const sac_alloc *alloc;
    sac__log log;
    mongoc_client_pool_t *pool;
    char *database;
    size_t database_size;
    unsigned clients;    /* at most so many in use */
    unsigned timeout_ms; /* of a call */
    sac__mongo *next;    /* of the process: log.c */
    atomic_int types;    /* that the server has; 0: not asked yet */

    pthread_mutex_t lock; /* clients */
    pthread_cond_t freed;
    unsigned in_use;
    sac__mongo_held *oldest, *newest; /* cursors that nobody pulls */
    pthread_t reaper;
    pthread_cond_t reap;
    bool reaping, closing;

    pthread_mutex_t queue; /* writes: write.c */
    pthread_cond_t work;
    sac__mongo_entry *first, *last;
    const sac__mongo_entry *running[SAC__MONGO_WRITERS];
    pthread_t writers[SAC__MONGO_WRITERS];
    unsigned n_writers;
    bool draining;

    pthread_mutex_t wishing; /* indexes to be made: wish.c */
    sac__mongo_wish *wishes;
    atomic_bool wished; /* there are some */
};

/* Milliseconds that one message and its answer may take: two of them fit into a call. */
static inline int64_t sac__mongo_step_ms(const sac__mongo *store)
{
    return store->timeout_ms / 2;
}

/* The maxTimeMS of commands: the server's own answer comes before the socket's end. */
static inline int64_t sac__mongo_limit_ms(const sac__mongo *store)
{
    return (int64_t)store->timeout_ms * 2 / 5;
}

/* Whether a call that began then must not begin anything more. */
bool sac__mongo_late(const sac__mongo *store, uint64_t begun);

/* client.c: the locks and the thread that closes waiting cursors. */
int sac__mongo_clients_start(sac__mongo *store, sac_err *err) SAC_MUST_USE;
void sac__mongo_clients_stop(sac__mongo *store);
/* SAC_EUNAVAILABLE when none comes free in time. */
int sac__mongo_take(sac__mongo *store, mongoc_client_t **client, sac_err *err) SAC_MUST_USE;
void sac__mongo_give(sac__mongo *store, mongoc_client_t *client);
/* A cursor that nobody pulls may be closed, by others; true: it has not been. */
void sac__mongo_park(sac__mongo *store, sac__mongo_held *held);
bool sac__mongo_unpark(sac__mongo *store, sac__mongo_held *held);
/* Of one that is not parked; nothing held is a no-op. */
void sac__mongo_let_go(sac__mongo *store, sac__mongo_held *held);
/* FerretDB has no MinKey, MaxKey, Decimal128 and NaN, and hangs where a filter names them. */
bool sac__mongo_has_few_types(sac__mongo *store);
mongoc_collection_t *sac__mongo_collection(const sac__mongo *store, mongoc_client_t *client,
                                           const char *name);
/* pthread_create() with every signal blocked: they are the host program's. */
int sac__mongo_thread(pthread_t *thread, void *(*fn)(void *self), void *self,
                      sac_err *err) SAC_MUST_USE;

/* error.c: what the driver says, as one of ours. A write may have been done all the same. */
int sac__mongo_failed(const bson_error_t *error, bool write, sac_err *err);
/* The same of a reply: the name of the index that refused goes to `index`. */
void sac__mongo_refused_by(const bson_t *reply, const bson_error_t *error, char index[128]);
/* The server worked for as long as maxTimeMS says. */
bool sac__mongo_is_timeout(const bson_error_t *error);
/* Something that is worth asking again at once. */
bool sac__mongo_is_passing(const bson_error_t *error);

/* log.c: the driver's lines go to every open store's log. */
void sac__mongo_driver_start(void);
void sac__mongo_log_add(sac__mongo *store);
void sac__mongo_log_remove(sac__mongo *store);

/* doc.c: the document without its `_rev`, copied to `to`, which is emptied first. */
int sac__mongo_doc_read(sac_str bytes, sac__buf *to, sac_view *view, sac_err *err) SAC_MUST_USE;
/* The document with `_rev` as its last field. */
int sac__mongo_doc_write(sac_str doc, uint64_t revision, sac__buf *to, sac_err *err) SAC_MUST_USE;
uint64_t sac__mongo_stamp(sac_str doc, uint64_t revision);
/* One that is greater, and that no other writer will take. */
int sac__mongo_raise(uint64_t revision, uint64_t *out, sac_err *err) SAC_MUST_USE;

/* filter.c: what the server is asked of a query, from `after` (MISSING: none) on. */
int sac__mongo_filter(sac__mongo *store, const sac_query *query, sac_value after,
                      sac_str after_keys, sac_bson *out, sac_err *err) SAC_MUST_USE;
int sac__mongo_sort(const sac_query *query, sac_bson *out, sac_err *err) SAC_MUST_USE;
/* Refuses what no store takes, before anything is sent. */
int sac__mongo_check_query(const sac__mongo *store, const sac_query *query,
                           sac_err *err) SAC_MUST_USE;
/* {_id: id}, so that no operator can stand in it. */
void sac__mongo_by_id(sac_bson *out, sac_value id);

/* find.c */
int sac__mongo_get(void *self, const char *collection, sac_value id, const sac_sink *sink,
                   sac_err *err);
/* One document as the primary has it: SAC_ENOTFOUND. `raw` (of `to`) has its `_rev` still. */
int sac__mongo_look(sac__mongo *store, mongoc_client_t *client, const char *collection,
                    sac_value id, bool primary, bson_t *reply, sac_str *raw,
                    sac_err *err) SAC_MUST_USE;
int sac__mongo_find(void *self, const sac_query *query, const sac_alloc *alloc,
                    const sac_cursor_ops **ops, void **cursor, sac_err *err);
int sac__mongo_count(void *self, const sac_query *query, int64_t *count, sac_err *err);

/* write.c */
int sac__mongo_writers_start(sac__mongo *store, sac_err *err) SAC_MUST_USE;
void sac__mongo_writers_stop(sac__mongo *store);
int sac__mongo_submit(void *self, sac_write *write, sac_err *err);

/* A write that is being done. */
typedef struct sac__mongo_op {
    sac__mongo *store;
    sac_write *write;
    mongoc_client_t *client;
    mongoc_collection_t *collection;
    mongoc_client_session_t *session; /* NULL: outside a transaction */
    uint64_t begun;
    bool transient;     /* the transaction failed, and may be run again */
    bool passing;       /* the server said that it cannot just now; nothing was done */
    bool unsafe;        /* it was done, and may be undone: not as durable as was asked for */
    uint64_t attempted; /* revision of the last attempt at a document */
    sac__buf doc;       /* for the server: with `_rev` */
    sac__buf seen;      /* from it: without */
} sac__mongo_op;

/* {maxTimeMS, session}: destroy it. */
void sac__mongo_opts(const sac__mongo_op *op, bson_t *out);
/* Removes all documents of a filter: their number. */
int sac__mongo_remove_all(sac__mongo_op *op, sac_str filter, int64_t *n) SAC_MUST_USE;

/* step.c: one document is inserted, replaced or removed where it is as it was seen. */
typedef struct sac__mongo_step {
    sac_value id;
    bool exists;       /* as seen */
    sac_value rev;     /* as seen, MISSING where there is none */
    sac_str doc;       /* with `_rev`; empty: remove it */
    uint64_t revision; /* of doc */
} sac__mongo_step;
/* 1: done; 0: another was faster; SAC_EEXIST by an index that is not `_id_`. */
int sac__mongo_step_do(sac__mongo_op *op, const sac__mongo_step *step) SAC_MUST_USE;
/* {_id, _rev} as seen. */
int sac__mongo_step_filter(const sac__mongo_step *step, sac_bson *out,
                           sac_str *filter) SAC_MUST_USE;

/* decide.c */
int sac__mongo_decide(sac__mongo_op *op);
/* What `decide` said of a document, made ready: SAC_CHANGE_KEEP where nothing changes. */
int sac__mongo_judge(sac__mongo_op *op, const sac_view *stored, sac_change *change,
                     sac__mongo_step *step) SAC_MUST_USE;

/* insert.c */
int sac__mongo_insert(sac__mongo_op *op);

/* many.c */
int sac__mongo_each(sac__mongo_op *op);
int sac__mongo_clear(sac__mongo_op *op);
int sac__mongo_drop(sac__mongo_op *op);
/* Whether the deployment has transactions: 1, 0, or an error. */
int sac__mongo_has_transactions(sac__mongo_op *op) SAC_MUST_USE;
/* Runs `body` in one, again while the server says that it may do. */
int sac__mongo_transact(sac__mongo_op *op, int (*body)(sac__mongo_op *op)) SAC_MUST_USE;

/* index.c */
int sac__mongo_make_index(void *self, const char *collection, const sac_index *index, sac_err *err);
/* One that is not there and has no other in its way. */
int sac__mongo_build_index(sac__mongo *store, const char *collection, const sac_index *index,
                           sac_err *err) SAC_MUST_USE;
int sac__mongo_drop_index(void *self, const char *collection, const char *name, sac_err *err);
int sac__mongo_indexes(void *self, const char *collection,
                       int (*index)(void *self, const sac_index *index), void *index_self,
                       sac_err *err);
int sac__mongo_explain(void *self, const sac_query *query, sac_explain *out, sac_err *err);

/* wish.c: SAC_EUNAVAILABLE, or SAC_ENOMEM. */
int sac__mongo_wish_add(sac__mongo *store, const char *collection, const sac_index *index,
                        sac_err *err) SAC_MUST_USE;
/* Before each write: makes what was wished for. SAC_EUNAVAILABLE when it still cannot. */
int sac__mongo_wishes_grant(sac__mongo *store, const char *collection, sac_err *err) SAC_MUST_USE;
void sac__mongo_wishes_free(sac__mongo *store);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_STORE_H
#define SACRUM_STORE_H

/**
 * A database: named collections of BSON documents under unique `_id`s. The
 * same calls and meanings whatever lies beneath; see docs/reference/store.md.
 *
 * Threads: every call from any thread, unless it says otherwise. The callbacks
 * given to a call run as its comment says.
 */
#include <sacrum/alloc.h>
#include <sacrum/bson.h>
#include <sacrum/err.h>
#include <sacrum/index.h>
#include <sacrum/log.h>
#include <sacrum/query.h>

SAC_BEGIN

typedef struct sac_store sac_store;
typedef struct sac_cursor sac_cursor;

/** A document in place. Valid in the callback that gets it, never longer. */
typedef struct sac_view {
    sac_str doc;
    uint64_t revision; /**< Number of the operation that last wrote it; 0: written by a
                            program that keeps none. */
    uint64_t stamp;    /**< Stands for the stored state where the revision alone does not;
                            0: it does. */
} sac_view;

/** What a read sees. */
typedef struct sac_snapshot {
    uint64_t revision; /**< Of the last operation that changed the collection; 0: never. */
    int64_t count;     /**< Documents in the query, where it asked; else, and from
                            the second pull of a cursor on, -1. */
} sac_snapshot;

/**
 * Where documents go. A slot returns 0 to go on, 1 to stop after this
 * document, or an error, which ends the call with it.
 */
typedef struct sac_sink {
    int (*begin)(void *self, const sac_snapshot *snapshot); /**< Before the documents of each pull; or NULL. */
    int (*doc)(void *self, const sac_view *view);
    void *self;
} sac_sink;

/** How a store is opened; each opener documents its URI. */
typedef struct sac_store_config {
    size_t size; /**< sizeof this struct: SAC_STORE_CONFIG sets it. */
    const char *uri;
    const sac_alloc *alloc; /**< NULL: malloc. */
    sac_log_fn *log;        /**< Or NULL. */
    void *log_self;
} sac_store_config;
#define SAC_STORE_CONFIG(...) { .size = sizeof(sac_store_config), __VA_ARGS__ }

/**
 * Opens a store for the URIs of its scheme; SAC_ENOTMINE for another scheme,
 * then nothing happened. sac_lmdb() is one.
 */
typedef int sac_store_opener(const sac_store_config *config, sac_store **out, sac_err *err);

/**
 * Finish the writes that were submitted, then close. NULL is a no-op.
 * Threads: no other call may run or come.
 */
SAC_API void sac_store_close(sac_store *store);

/**
 * Read one document by its id: `sink->begin` (if any), then `sink->doc` in
 * this call.
 *
 * Errors: SAC_ENOTFOUND, SAC_ECORRUPT (checksum), SAC_EIO, SAC_EUNAVAILABLE;
 * what the sink returned.
 */
SAC_API int sac_store_get(sac_store *store, const char *collection, sac_value id,
                          const sac_sink *sink, sac_err *err) SAC_MUST_USE;

/**
 * Start to read the documents of a query. Nothing is held between two pulls:
 * documents written meanwhile may be seen, none is seen twice (one whose sort
 * fields change meanwhile may be).
 *
 * Ownership: close the cursor; it lives in memory of `alloc` (NULL: the
 * store's). `query` and what it points to must live as long as the cursor.
 * Errors: SAC_EINVAL, SAC_ELIMIT (of filters), SAC_ENOINDEX, SAC_ENOSYS,
 * SAC_ENOMEM.
 */
SAC_API int sac_store_find(sac_store *store, const sac_query *query, const sac_alloc *alloc,
                           sac_cursor **out, sac_err *err) SAC_MUST_USE;

/**
 * Give documents to the sink until it stops or they end: 1 it stopped and the
 * next pull goes on behind the last document that it got, 0 the end.
 *
 * Errors: as sac_store_get(); SAC_ELIMIT when a sort takes too much memory or a
 * regular expression too many steps.
 * Threads: one at a time on one cursor; may be another each time.
 */
SAC_API int sac_cursor_pull(sac_cursor *cursor, const sac_sink *sink, sac_err *err) SAC_MUST_USE;

/** NULL is a no-op. */
SAC_API void sac_cursor_close(sac_cursor *cursor);

/** Count the documents of a query, skip and limit aside. */
SAC_API int sac_store_count(sac_store *store, const sac_query *query, int64_t *count,
                            sac_err *err) SAC_MUST_USE;

/** Revision of the last operation that changed a collection; 0: none yet. */
SAC_API int sac_store_revision(sac_store *store, const char *collection, uint64_t *revision,
                               sac_err *err) SAC_MUST_USE;

/** What a sac_change function decides. */
typedef enum sac_change_kind {
    SAC_CHANGE_KEEP, /**< Change nothing; the write succeeds. */
    SAC_CHANGE_PUT,  /**< Write `doc` in place of the stored one (same `_id`), or insert it. */
    SAC_CHANGE_REMOVE
} sac_change_kind;

typedef struct sac_change {
    sac_change_kind kind;
    sac_str doc; /**< SAC_CHANGE_PUT: memory that lives until the write is done. */
} sac_change;

/**
 * Look at the stored document (NULL: there is none) and decide. It runs inside
 * the write, so nothing comes between what it sees and what it decides; a
 * store may run it again when another's write came first, so it must be able
 * to start anew. It may take long enough to merge a document, not to wait.
 *
 * Errors: any error refuses this write alone and becomes its result; put the
 * text into `err`.
 */
typedef int sac_decide(void *self, const sac_view *stored, sac_change *change, sac_err *err);

typedef enum sac_write_kind {
    SAC_WRITE_INSERT, /**< Insert `docs`, all or none. Each has its `_id`. */
    SAC_WRITE_DECIDE, /**< Show the document `id` to `decide` and do what it says. */
    SAC_WRITE_EACH,   /**< Show each document of `query` to `decide` and do what it says, all or
                           none. */
    SAC_WRITE_CLEAR,  /**< Remove every document of the collection. */
    SAC_WRITE_DROP    /**< Remove the collection itself. */
} sac_write_kind;

typedef struct sac_write sac_write;

/**
 * One write, in memory of the caller that lives until `done` was called. Begin
 * with SAC_WRITE(). All it points to lives as long.
 */
struct sac_write {
    size_t size; /**< sizeof this struct: SAC_WRITE sets it. */
    sac_write_kind kind;
    const char *collection;
    const sac_str *docs; /**< INSERT */
    size_t n_docs;       /**< INSERT: 1 or more. */
    sac_value id;        /**< DECIDE */
    const sac_query *query; /**< EACH: its filter and bounds; order, paging and projection are
                                 not looked at. Its collection is `collection`. */
    int64_t max;         /**< EACH: more documents than this: SAC_ELIMIT; 0: no bound. */
    sac_decide *decide;  /**< DECIDE, EACH: runs on a thread of the store. */
    void *self;          /**< For decide and done. */
    /**
     * Called once, on any thread, when the write is durable or has failed.
     * Must be brief. NULL in blocking calls.
     */
    void (*done)(void *self, sac_write *write);

    int result;        /**< SAC_OK, or SAC_EEXIST, SAC_ENOTFOUND, SAC_EFULL, SAC_EIO, … */
    sac_err err;       /**< With the text where result is an error. */
    uint64_t revision; /**< Of the documents written; of the stored one where nothing changed. */
    uint64_t stamp;    /**< DECIDE: as sac_view.stamp, of the document as it is now; INSERT of
                            one: likewise. */
    int64_t matched;   /**< EACH: documents shown to decide. */
    int64_t changed;   /**< Documents inserted, replaced or removed. */
    size_t failed;     /**< INSERT: index in docs of the one that was refused. */
    char index[128];   /**< SAC_EEXIST: name of the unique index that refused; "_id_". */
    sac_write *next;   /**< The store's. */
};
#define SAC_WRITE(...) { .size = sizeof(sac_write), __VA_ARGS__ }

/**
 * Hand in a write. It is answered through `write->done`, in the order of
 * submission; writes that wait together share one durable commit.
 *
 * Errors: SAC_EINVAL for a malformed write, SAC_ECLOSED; then `done` is not
 * called.
 */
SAC_API int sac_store_submit(sac_store *store, sac_write *write, sac_err *err) SAC_MUST_USE;

/** Submit and wait until it is durable: returns its result, and its text in `err`. */
SAC_API int sac_store_write(sac_store *store, sac_write *write, sac_err *err) SAC_MUST_USE;

/**
 * Blocking forms for programs: insert one document; replace or remove one by
 * id (SAC_ENOTFOUND when there is none).
 */
SAC_API int sac_store_insert(sac_store *store, const char *collection, sac_str doc,
                             sac_err *err) SAC_MUST_USE;
/** Replace the document whose `_id` is that of `doc`. */
SAC_API int sac_store_replace(sac_store *store, const char *collection, sac_str doc,
                              sac_err *err) SAC_MUST_USE;
/** Remove one document by id. */
SAC_API int sac_store_remove(sac_store *store, const char *collection, sac_value id,
                             sac_err *err) SAC_MUST_USE;

/**
 * Update one document by its id with a MongoDB update (sac_update_new());
 * SAC_ENOTFOUND when there is none.
 */
SAC_API int sac_store_update(sac_store *store, const char *collection, sac_value id,
                             sac_str update, sac_err *err) SAC_MUST_USE;

/** How many documents a write by query met, and how many it changed. */
typedef struct sac_affected {
    int64_t matched, changed;
} sac_affected;

/** Update every document of a query, all or none. `affected` may be NULL. */
SAC_API int sac_store_update_many(sac_store *store, const sac_query *query, sac_str update,
                                  sac_affected *affected, sac_err *err) SAC_MUST_USE;
/** Remove every document of a query, all or none. `affected` may be NULL. */
SAC_API int sac_store_remove_many(sac_store *store, const sac_query *query,
                                  sac_affected *affected, sac_err *err) SAC_MUST_USE;

/** Remove a collection with all that is in it; none is no error. */
SAC_API int sac_store_drop(sac_store *store, const char *collection, sac_err *err) SAC_MUST_USE;

/**
 * Make an index, unless it is there. It is built while the store is used and
 * serves queries once it is whole: when this returns.
 *
 * Errors: SAC_EINVAL, naming what is wrong with it; SAC_ECONFLICT when another
 * one has its name or its fields; SAC_EEXIST when two documents have the same
 * values and it is to be unique; SAC_ELIMIT for more than 64; SAC_ENOSYS.
 */
SAC_API int sac_store_make_index(sac_store *store, const char *collection, const sac_index *index,
                                 sac_err *err) SAC_MUST_USE;
/** Remove an index by its name; none is SAC_ENOTFOUND. */
SAC_API int sac_store_drop_index(sac_store *store, const char *collection, const char *name,
                                 sac_err *err) SAC_MUST_USE;
/**
 * The indexes of a collection, that of `_id` aside, to `index` one by one,
 * valid in that call (non-zero stops). One of a kind that sac_index cannot say
 * comes with `keys` NULL.
 */
SAC_API int sac_store_indexes(sac_store *store, const char *collection,
                              int (*index)(void *self, const sac_index *index), void *self,
                              sac_err *err) SAC_MUST_USE;

/** How a query is answered. */
typedef enum sac_scan {
    SAC_SCAN_ALL,  /**< Every document is read. */
    SAC_SCAN_IDS,  /**< A range of `_id`s, or single ones. */
    SAC_SCAN_INDEX /**< A range, or ranges, of an index. */
} sac_scan;

typedef struct sac_explain {
    sac_scan scan;
    char index[128]; /**< SAC_SCAN_INDEX: its name. */
    bool sorts;      /**< The order is made in memory, not taken from the scan. */
} sac_explain;

/** How a query would be answered now. Errors: as sac_store_find(). */
SAC_API int sac_store_explain(sac_store *store, const sac_query *query, sac_explain *out,
                              sac_err *err) SAC_MUST_USE;

/** Names of the collections, to `name` one by one (`self` of the caller's; non-zero stops). */
SAC_API int sac_store_collections(sac_store *store, int (*name)(void *self, const char *name),
                                  void *self, sac_err *err) SAC_MUST_USE;

/**
 * Verify every checksum and the framing of every document.
 * Errors: SAC_ECORRUPT with collection and `_id` of the first bad one in `err`.
 */
SAC_API int sac_store_check(sac_store *store, sac_err *err) SAC_MUST_USE;

/**
 * 32 secret bytes that were made with the database and stay with it, for tags
 * and cursors of apps without a secret of their own.
 */
SAC_API int sac_store_secret(sac_store *store, uint8_t out[32], sac_err *err) SAC_MUST_USE;

SAC_END

#endif

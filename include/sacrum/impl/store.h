/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_IMPL_STORE_H
#define SACRUM_IMPL_STORE_H

/**
 * For people who write a store. Less stable than the calls for users of one.
 *
 * A slot does what the public function of its name documents; arguments have
 * been checked, `err` is never NULL. Slots run from any thread at the same
 * time. lib/store/null.c is the reference implementation.
 */
#include <sacrum/store.h>

SAC_BEGIN

/** What a store's find makes: one table per kind of cursor. */
typedef struct sac_cursor_ops {
    size_t size; /**< sizeof this struct: SAC_CURSOR_OPS sets it. */
    int (*pull)(void *self, const sac_sink *sink, sac_err *err);
    void (*close)(void *self); /**< Also frees what find allocated for the cursor. */
} sac_cursor_ops;
#define SAC_CURSOR_OPS(...) { .size = sizeof(sac_cursor_ops), __VA_ARGS__ }

typedef struct sac_store_ops {
    size_t size;      /**< sizeof this struct: SAC_STORE_OPS sets it. */
    const char *name; /**< "lmdb"; never NULL. */
    /** NULL: find by `from` and `to`. */
    int (*get)(void *self, const char *collection, sac_value id, const sac_sink *sink,
               sac_err *err);
    /** Mandatory. Gives `*ops` and `*cursor`, from `alloc`. */
    int (*find)(void *self, const sac_query *query, const sac_alloc *alloc,
                const sac_cursor_ops **ops, void **cursor, sac_err *err);
    /** NULL: counted through find. */
    int (*count)(void *self, const sac_query *query, int64_t *count, sac_err *err);
    /** NULL: always 0, and lists have no tag from the store. */
    int (*revision)(void *self, const char *collection, uint64_t *revision, sac_err *err);
    /** Mandatory. Must not block on the disk or the network. */
    int (*submit)(void *self, sac_write *write, sac_err *err);
    /** NULL: SAC_ENOSYS. */
    int (*collections)(void *self, int (*name)(void *self, const char *name), void *name_self,
                       sac_err *err);
    /** NULL: every collection is read to the end. */
    int (*check)(void *self, sac_err *err);
    /** NULL: SAC_ENOSYS; tags and cursors then need the app's own secret. */
    int (*secret)(void *self, uint8_t out[32], sac_err *err);
    /** Mandatory. Answers what was submitted, then frees `self`. */
    void (*close)(void *self);
    /** NULL: SAC_ENOSYS. `index->name` is set: given, or made of the keys. */
    int (*make_index)(void *self, const char *collection, const sac_index *index, sac_err *err);
    /** NULL: SAC_ENOSYS. */
    int (*drop_index)(void *self, const char *collection, const char *name, sac_err *err);
    /** NULL: there are none. */
    int (*indexes)(void *self, const char *collection,
                   int (*index)(void *self, const sac_index *index), void *index_self,
                   sac_err *err);
    /** NULL: SAC_ENOSYS. `out` is zero. */
    int (*explain)(void *self, const sac_query *query, sac_explain *out, sac_err *err);
    /** Reads wait for a network: they run on workers, whatever the app's config says. */
    bool waits;
    /* Append only: a slot past `size` reads as NULL. */
} sac_store_ops;
#define SAC_STORE_OPS(...) { .size = sizeof(sac_store_ops), __VA_ARGS__ }

/**
 * Make a store of a table and its state.
 *
 * Ownership: takes `self` on success; on failure it stays the caller's. `ops`
 * is borrowed for good.
 * Errors: SAC_EVERSION for a table of a newer library, SAC_EINVAL naming a
 * mandatory slot that is NULL, SAC_ENOMEM.
 */
SAC_API int sac_store_new(const sac_alloc *alloc, const sac_store_ops *ops, void *self,
                          sac_store **out, sac_err *err) SAC_MUST_USE;

/**
 * What every store asks of a document before it writes it: at most
 * SAC_BSON_MAX bytes, sound at every depth, an `_id` that may be one (neither
 * array, regex nor undefined), which `*id` becomes. What INSERT carries was
 * asked before submit; a store asks it of what `decide` puts.
 *
 * Errors: SAC_ETOOBIG, SAC_EINVAL. Threads: any.
 */
SAC_API int sac_store_accept(sac_str doc, sac_value *id, sac_err *err) SAC_MUST_USE;

SAC_END

#endif

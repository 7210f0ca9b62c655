/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_TRANSFER_H
#define SACRUM_TRANSFER_H

/**
 * Whole databases from one store to another, and to and from folders in
 * MongoDB's dump format (`<folder>/<database>/<collection>.bson` and
 * `.metadata.json`, which mongorestore reads and mongodump writes).
 *
 * Threads: any; each call blocks until it is done. Memory does not grow with
 * the number of documents.
 */
#include <sacrum/log.h>
#include <sacrum/store.h>

SAC_BEGIN

/** How far a transfer is. */
typedef struct sac_transfer_progress {
    const char *collection; /**< The one at work. */
    int64_t done, total;    /**< Its documents; total -1: not known. */
    bool verifying;         /**< Both sides are read and compared, one after the other. */
} sac_transfer_progress;

/** All is optional; 0 stands for the default. */
typedef struct sac_transfer {
    size_t size;            /**< sizeof this struct: SAC_TRANSFER sets it. */
    const char *const *collections; /**< Only these; ends with NULL. NULL: all. One that the
                                         source does not have is empty. */
    /**
     * Go on where an earlier one was stopped: behind the greatest `_id` that a
     * collection of the target holds; of a dump that is restored, behind as many
     * documents as it holds. Without it, a target collection that holds anything
     * is SAC_EEXIST.
     */
    bool resume;
    bool no_indexes;        /**< Leave indexes out. */
    /**
     * Called in the caller's thread at the begin of each collection and every
     * thousand documents or sooner; non-zero stops the transfer with SAC_ECLOSED. Or NULL.
     */
    int (*progress)(void *self, const sac_transfer_progress *progress);
    void *self;             /**< For progress. */
    sac_log_fn *log;        /**< Gets a line for each index that is left out. Or NULL. */
    void *log_self;
    const sac_alloc *alloc; /**< NULL: malloc. */
} sac_transfer;
#define SAC_TRANSFER(...) { .size = sizeof(sac_transfer), __VA_ARGS__ }

/** What a transfer did. */
typedef struct sac_transferred {
    int64_t collections, documents, indexes;
    int64_t copied;    /**< Documents written by this call: fewer than `documents` when
                            resumed. */
    int64_t skipped;   /**< Indexes of kinds that the target does not have. */
    uint64_t checksum; /**< Of all names and documents, whatever their order; both sides had
                            the same. */
} sac_transferred;

/**
 * Copy every collection, its indexes behind its documents. When all is there
 * both sides are read and compared by count and checksum.
 *
 * The first error ends it; what was written by then stays, for `resume`.
 *
 * Errors: SAC_EEXIST, naming the collection that is not empty; SAC_ECONFLICT
 * when the sides differ at the end (the source was written meanwhile), naming
 * collection and counts; SAC_ECLOSED; what the stores say, behind the name of
 * the collection.
 */
SAC_API int sac_store_copy(sac_store *from, sac_store *to, const sac_transfer *how,
                           sac_transferred *out, sac_err *err) SAC_MUST_USE;

/**
 * Write a dump: the folder is made; `database` is the name of the folder in it.
 * Files are written beside their place and renamed when whole.
 *
 * Errors: SAC_EINVAL for a bad `database`; SAC_EIO, naming the file; SAC_EFULL;
 * else as sac_store_copy().
 */
SAC_API int sac_store_dump(sac_store *from, const char *folder, const char *database,
                           const sac_transfer *how, sac_transferred *out,
                           sac_err *err) SAC_MUST_USE;

/**
 * Read a dump, sacrum's or mongodump's (not compressed, no archive). One that was
 * stopped is to be finished first: its half files are refused.
 *
 * Errors: SAC_ECORRUPT, naming file and byte; SAC_EINVAL for a file that is half
 * or compressed, or whose name no collection can have; else as sac_store_copy().
 */
SAC_API int sac_store_restore(sac_store *to, const char *folder, const char *database,
                              const sac_transfer *how, sac_transferred *out,
                              sac_err *err) SAC_MUST_USE;

SAC_END

#endif

/* SPDX-License-Identifier: MIT */
#ifndef STORE_TRANSFER_SIDE_H
#define STORE_TRANSFER_SIDE_H

#include <sacrum/transfer.h>

#include "core/buf.h"

/* How much of a collection a side holds already. */
typedef struct sac__held {
    bool any; /* something is there, be it no document */
    int64_t documents;
    sac_value last; /* greatest `_id`, in memory of the side until the next call; or MISSING */
} sac__held;

/* One end of a transfer: a store, or a folder with a dump. One collection is read at a time. */
typedef struct sac__side_ops {
    int (*collections)(void *self, int (*name)(void *to, const char *name), void *to, sac_err *err);
    /* Starts to read behind what the other side holds. `total` is of all; -1: not known. */
    int (*open)(void *self, const char *collection, const sac__held *behind, int64_t *total,
                sac_err *err);
    /* As sac_cursor_pull(): `doc` returns 1 to stop behind the one that it got. */
    int (*pull)(void *self, int (*doc)(void *to, sac_str doc), void *to, sac_err *err);
    void (*close)(void *self);
    int (*indexes)(void *self, const char *collection,
                   int (*index)(void *to, const sac_index *index), void *to, sac_err *err);
    /* Written to: once, before the documents, and once behind the indexes. */
    int (*begin)(void *self, const char *collection, sac__held *held, sac_err *err);
    int (*write)(void *self, const char *collection, const sac_str *docs, size_t n, sac_err *err);
    int (*make_index)(void *self, const char *collection, const sac_index *index, sac_err *err);
    int (*end)(void *self, const char *collection, sac_err *err);
} sac__side_ops;

typedef struct sac__side {
    const sac__side_ops *ops;
    void *self;
} sac__side;

int sac__transfer_run(const sac__side *from, const sac__side *to, const sac_transfer *how,
                      sac_transferred *out, sac_err *err) SAC_MUST_USE;

/* A store as a side. Begin with zero and `store`, `alloc` set; fini closes what is open. */
typedef struct sac__store_side {
    sac_store *store;
    const sac_alloc *alloc;
    sac_query query;
    sac_cursor *cursor;
    sac__buf last; /* the bytes of the last `_id` */
} sac__store_side;
sac__side sac__store_side_init(sac__store_side *side, sac_store *store, const sac_alloc *alloc);
void sac__store_side_fini(sac__store_side *side);

enum { SAC__DUMP_NAME = 300 };

/* A dump as a side. */
typedef struct sac__dump_side {
    const sac_alloc *alloc;
    int folder;                /* of the database in it */
    int file;                  /* the one that is read or written; -1: none */
    uint64_t at;               /* how far it is */
    char name[SAC__DUMP_NAME]; /* of the file */
    sac__buf doc;              /* the document read last */
    sac__buf keys;             /* indexes to write, as JSON */
} sac__dump_side;
/* `make`: the folders are made. SAC_EIO naming the folder. */
int sac__dump_side_init(sac__dump_side *side, const char *folder, const char *database, bool make,
                        const sac_alloc *alloc, sac__side *out, sac_err *err) SAC_MUST_USE;
void sac__dump_side_fini(sac__dump_side *side);

/* The metadata file's text: `keys` as sac__metadata_add() wrote them. */
void sac__metadata_add(sac__buf *keys, const sac_index *index);
void sac__metadata_write(const sac__buf *keys, const char *collection, sac__buf *out);
/* Its indexes, that of `_id` aside; one that sac_index cannot say has no keys. SAC_ECORRUPT. */
int sac__metadata_read(const char *file, sac_str json,
                       int (*index)(void *to, const sac_index *index), void *to,
                       const sac_alloc *alloc, sac_err *err) SAC_MUST_USE;

#endif

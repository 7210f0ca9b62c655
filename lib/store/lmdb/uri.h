/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_URI_H
#define STORE_LMDB_URI_H

#include <sacrum/alloc.h>
#include <sacrum/err.h>

typedef struct sac__lmdb_uri {
    char *path; /* decoded */
    size_t path_size;
    size_t map;
    bool map_given;
    unsigned readers;
    unsigned collections;
    unsigned ttl; /* seconds */
} sac__lmdb_uri;

/* SAC_ENOTMINE, SAC_EINVAL, SAC_ENOMEM; on success to be given to fini. */
int sac__lmdb_uri_init(sac__lmdb_uri *uri, const char *text, const sac_alloc *alloc, sac_err *err);
void sac__lmdb_uri_fini(sac__lmdb_uri *uri, const sac_alloc *alloc);

#endif

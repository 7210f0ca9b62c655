/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_LOOK_H
#define STORE_LMDB_LOOK_H

#include "store/lmdb/find/search.h"
#include "store/lmdb/index/index.h"

/* A reader of the collection of a search, with the indexes that it may use. */
typedef struct sac__lmdb_look {
    sac__lmdb_collection *of; /* NULL: there is none, and no reader */
    sac__lmdb_reader *reader;
    const sac__lmdb_indexes *indexes;
} sac__lmdb_look;

int sac__lmdb_look_begin(sac__lmdb_look *at, const sac__lmdb_search *search, sac_err *err);
void sac__lmdb_look_end(const sac__lmdb_look *at, const sac__lmdb_search *search);

#endif

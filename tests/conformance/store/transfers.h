/* SPDX-License-Identifier: MIT */
#ifndef TESTS_TRANSFERS_H
#define TESTS_TRANSFERS_H

/* What the tests of copies and dumps share. */
#include "stores.h"

#include <sacrum/transfer.h>

/* An embedded database, a store of the kind that is tested, and a folder for dumps. */
typedef struct transfer_case {
    store_case near, far;
    char folder[160];
    sac_err err;
} transfer_case;

void transfer_case_open(transfer_case *test, const store_kind *kind);
void transfer_case_shut(transfer_case *test);  /* its stores, for a child */
void transfer_case_again(transfer_case *test); /* open them again */
void transfer_case_empty(transfer_case *test); /* far holds nothing any more */
void transfer_case_no_dump(transfer_case *test);
void transfer_case_close(transfer_case *test);

/* In the folder's database "db": a file written; its path. */
void dump_file(const transfer_case *test, const char *name, sac_str bytes);
const char *dump_path(const transfer_case *test, const char *name);

void must(int rc, const sac_err *err);

/* {"_id": from..to, "v": …}. */
void fill(sac_store *store, const char *collection, int from, int to);
void fill_pad(sac_store *store, const char *collection, int n, size_t pad);
/* Ids of many types, values of those in use; with `every`, of every type there ever was. */
void fill_types(sac_store *store, const char *collection, int n, bool every);
/* v,-pad; unique and sparse "by v"; "gone" after an hour. */
void make_indexes(sac_store *store, const char *collection);

int64_t count_of(sac_store *store, const char *collection);
/* Byte for byte, in the order of _id. */
void check_same(sac_store *a, sac_store *b, const char *collection);

/* Counts the bytes that are held, and the most of them. */
typedef struct peak_alloc {
    sac_alloc alloc;
    size_t now, most;
} peak_alloc;

const sac_alloc *peak_alloc_init(peak_alloc *peak);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TESTS_STORES_H
#define TESTS_STORES_H

/* What the tests of every store share: stores to open, documents to write, sinks. */
#include "support/support.h"

#include <sacrum/store.h>

/* A store that the suite runs over. */
typedef struct store_kind {
    const char *name;
    sac_store_opener *open;
    const char *uri; /* "%s" is the path of a new file; NULL: a server */
    const char *env; /* of a server: where its URI is */
    bool revisions;  /* collections have some, of one sequence for the whole store */
    bool fresh;      /* every pull sees what was written before it */
    bool ordered;    /* writes are answered in the order of submission */
    bool transactions;
    bool whole;     /* takes every type of BSON and every name that MongoDB takes */
    size_t max_doc; /* bytes of a document */
} store_kind;

extern const store_kind store_kinds[];

/* Runs the tests over every kind; one that is not here is skipped. What failed. */
int stores_run(const store_kind **kind, const struct CMUnitTest *tests, size_t n);

/* One store open for a test, with the folder it lives in. */
typedef struct store_case {
    const store_kind *kind;
    char folder[128];
    char path[160];
    char uri[512];
    sac_store *store;
} store_case;

void store_case_open(store_case *test, const store_kind *kind, const char *parameters);
void store_case_reopen(store_case *test);
void store_case_close(store_case *test); /* and remove its folder or database */

/*
 * Run a function in a child process; begin it while no store is open. What it
 * returns comes back from child_end(). In it no CHECK: cmocka is the parent's.
 */
typedef struct child {
    int pid;
    int to;   /* child_tell() */
    int from; /* child_hear() */
} child;
void child_begin(child *made, int (*fn)(child *self, void *arg), void *arg);
void child_tell(child *other, char c);
char child_hear(child *other);
int child_end(child *made); /* wait for it; -signal where one ended it */

/* Values in bytes of the caller. */
sac_value value_int(char raw[4], int32_t n);
sac_value value_str(char *raw, const char *text); /* raw: strlen(text) + 5 */

/* {"_id": id, "v": v, "pad": pad spaces}; free() its bytes. */
sac_str doc_int(int32_t id, int64_t v, size_t pad);
sac_str doc_str(const char *id, int64_t v);
sac_str doc_value(sac_value id, int64_t v);
/* Adds 1 to `v` of the document 1 of "a", by a decide; makes it with 1. */
int count_one_more(sac_store *store);
int64_t doc_v(sac_str doc);  /* its "v" */
int64_t doc_id(sac_str doc); /* its "_id", where an integer */

/* Blocking calls that are to succeed. */
void must_insert(sac_store *store, const char *collection, int32_t id, int64_t v);
void must_insert_pad(sac_store *store, const char *collection, int32_t id, int64_t v, size_t pad);
int get_v(sac_store *store, const char *collection, int32_t id, int64_t *v);
int remove_int(sac_store *store, const char *collection, int32_t id);
int replace_int(sac_store *store, const char *collection, int32_t id, int64_t v);
uint64_t revision_of(sac_store *store, const char *collection);

/* A sink that keeps ids and what begin said; stops after `stop` documents (0: never). */
typedef struct seen {
    int64_t ids[4096];
    int64_t vs[4096];
    uint64_t revisions[4096];
    size_t n;
    size_t stop;
    size_t until;
    int fail; /* what the sink returns at its stop, if not 1 */
    int begins;
    sac_snapshot snapshot;
} seen;

sac_sink seen_sink(seen *into);
/* All documents of a query, pulled `stop` at a time. */
int seen_all(sac_store *store, const sac_query *query, seen *into);

#endif

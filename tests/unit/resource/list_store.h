/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_LIST_STORE_H
#define RESOURCE_LIST_STORE_H

#include <sacrum/store.h>

enum { LIST_DOCS = 2000, LIST_TEXT = 8192 };

/*
 * A store of one collection that only reads: any query, by looking at every
 * document. Made of JSON texts, one document each, or of `n` documents with
 * the ids and values 0, 1, ….
 */
typedef struct list_store {
    const char *const *json; /* ends with NULL; or NULL */
    int n, long_titles;      /* and with titles of so many bytes */
    uint64_t revision;       /* 0: it keeps none */
    int find_fails;          /* error codes that are answered, with the text `why` */
    int pull_fails;
    int index_fails;
    const char *why;
    /* What it was asked last. */
    char filter[LIST_TEXT], sort[LIST_TEXT]; /* Extended JSON; "" for none */
    sac_query query;
    int finds, open, indexes;
    long given;
    sac_str docs[LIST_DOCS];
    int n_docs;
} list_store;

/* The one that list_store_open() opens, whatever the URI says. */
extern list_store the_list_store;
sac_store_opener list_store_open;

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TESTS_STORE_MODEL_H
#define TESTS_STORE_MODEL_H

/* Random collections and queries, and the slow and plain answer to them. */
#include "stores.h"

#include <sacrum/query.h>

typedef struct random_source {
    uint64_t state;
} random_source;

/* 0 to n - 1. */
size_t random_below(random_source *random, size_t n);

enum { MODEL_MAX = 400 };

/* Documents as they are in a store: `n` of them is its place here, whatever its _id. */
typedef struct model {
    random_source random;
    bool arrays;     /* documents may have them */
    bool long_texts; /* longer than a key of LMDB may be */
    size_t n;
    sac_str docs[MODEL_MAX];
    bool gone[MODEL_MAX]; /* removed from the store */
} model;

/* A collection of `n` documents, also in the store. */
void model_open(model *of, sac_store *store, const char *collection, size_t n);
void model_close(model *of);
/* One more, put into the store too. */
void model_add(model *of, sac_store *store, const char *collection);
void model_remove(model *of, sac_store *store, const char *collection, size_t i);
sac_value model_id(const model *of, size_t i);

/* A query with memory of its own; `model_query` fills it at random. */
typedef struct asked {
    sac_query query;
    sac_str filter;
    sac_str sort;
} asked;

void model_query(model *of, const char *collection, asked *out);
void asked_free(asked *query);

/* Order of two documents as the query sorts them; 0 for the same alone. */
int model_compare(const sac_query *query, sac_str a, sac_str b);
/* Places of the documents that the query is for, in its order, before skip and limit. */
size_t model_answer(const model *of, const sac_query *query, size_t places[MODEL_MAX]);

/* What a store answers: places, pulled `stop` at a time (0: all at once). */
typedef struct answer {
    const model *of;
    size_t places[2 * MODEL_MAX];
    size_t n;
    size_t stop;
    size_t until;
    int64_t count;
    bool differs; /* a document was not as it is in the model */
} answer;

sac_sink answer_sink(answer *into);
int answer_all(sac_store *store, const sac_query *query, answer *into, sac_err *err);

/* The query in words, for messages: its bytes as JSON. In memory of its own. */
void print_query(const sac_query *query);

#endif

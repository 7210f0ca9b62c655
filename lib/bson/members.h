/* SPDX-License-Identifier: MIT */
#ifndef BSON_MEMBERS_H
#define BSON_MEMBERS_H

#include <sacrum/bson.h>

#include "core/arena.h"

/* Sorts n things that are known by their index, in place and without memory. */
typedef struct sac__sorting {
    bool (*less)(void *self, size_t a, size_t b);
    void (*swap)(void *self, size_t a, size_t b);
    void *self;
} sac__sorting;
void sac__sort(const sac__sorting *sorting, size_t n);

/* The members of a document, to be found by key. */
typedef struct sac__member {
    sac_str key;
    sac_value value;
    bool used;
} sac__member;

typedef struct sac__members {
    sac__member *v;
    size_t n;
    uint32_t *order; /* by key, then place; NULL of few */
} sac__members;

/* SAC_ENOMEM or SAC_ECORRUPT. Memory of the arena. */
int sac__members_read(sac__members *members, sac_str doc, sac__arena *arena) SAC_MUST_USE;

/* The first of a key, or NULL. */
sac__member *sac__members_find(const sac__members *members, sac_str key);

/* Members or elements of a document; of a damaged one, those before the damage. */
size_t sac__members_count(sac_str doc);

#endif

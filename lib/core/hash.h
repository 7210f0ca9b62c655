/* SPDX-License-Identifier: MIT */
#ifndef CORE_HASH_H
#define CORE_HASH_H

#include <sacrum/str.h>

typedef struct sac__hash_key {
    uint64_t k0, k1;
} sac__hash_key;

/*
 * SipHash-2-4, a keyed 64-bit digest: for tags, and for any table whose keys a
 * client chooses. Source: Aumasson and Bernstein, "SipHash: a fast short-input
 * PRF", 2012.
 */
uint64_t sac__hash_keyed(const sac__hash_key *key, const void *p, size_t n);

/* A quick unkeyed hash for tables whose keys the host program chooses. */
uint64_t sac__hash_quick(const void *p, size_t n);

#endif

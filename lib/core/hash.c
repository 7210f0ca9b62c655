/* SPDX-License-Identifier: MIT */
#include "core/hash.h"

/* Little-endian whatever the machine; compilers make one load of it. */
static uint64_t load64(const unsigned char *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

/* The last 0 to 7 bytes. */
static uint64_t load_tail(const unsigned char *p, size_t n)
{
    uint64_t word = 0;

    while (n-- > 0)
        word = word << 8 | p[n];
    return word;
}

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

static inline void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
}

uint64_t sac__hash_keyed(const sac__hash_key *key, const void *p, size_t n)
{
    const unsigned char *in = p;
    uint64_t v[4] = {key->k0 ^ 0x736f6d6570736575u, key->k1 ^ 0x646f72616e646f6du,
                     key->k0 ^ 0x6c7967656e657261u, key->k1 ^ 0x7465646279746573u};
    size_t left;

    for (left = n; left >= 8; left -= 8, in += 8)
        sip_word(v, load64(in));
    sip_word(v, load_tail(in, left) | (uint64_t)n << 56);
    v[2] ^= 0xff;
    for (int i = 0; i < 4; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t sac__hash_quick(const void *p, size_t n)
{
    const unsigned char *in = p;
    uint64_t hash = 0x9e3779b97f4a7c15u ^ n;

    for (; n >= 8; n -= 8, in += 8) {
        hash = (hash ^ load64(in)) * 0xff51afd7ed558ccdu;
        hash ^= hash >> 32;
    }
    hash = (hash ^ load_tail(in, n)) * 0xff51afd7ed558ccdu;
    hash = (hash ^ hash >> 32) * 0xc4ceb9fe1a85ec53u;
    return hash ^ hash >> 29;
}

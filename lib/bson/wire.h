/* SPDX-License-Identifier: MIT */
#ifndef BSON_WIRE_H
#define BSON_WIRE_H

#include <sacrum/bson.h>

/* Little-endian words at any alignment; compilers make one access of each. */
static inline uint32_t sac__wire_get32(const void *at)
{
    const unsigned char *p = (const unsigned char *)at;

    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t sac__wire_get64(const void *at)
{
    const unsigned char *p = (const unsigned char *)at;

    return sac__wire_get32(p) | (uint64_t)sac__wire_get32(p + 4) << 32;
}

static inline void sac__wire_put32(void *at, uint32_t word)
{
    unsigned char *p = (unsigned char *)at;

    p[0] = (unsigned char)word;
    p[1] = (unsigned char)(word >> 8);
    p[2] = (unsigned char)(word >> 16);
    p[3] = (unsigned char)(word >> 24);
}

static inline void sac__wire_put64(void *at, uint64_t word)
{
    sac__wire_put32(at, (uint32_t)word);
    sac__wire_put32((char *)at + 4, (uint32_t)(word >> 32));
}

static inline double sac__wire_get_double(const void *at)
{
    const uint64_t bits = sac__wire_get64(at);
    double value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

/*
 * Size of the value of a type that stands at p with n bytes behind it: its
 * framing is checked, nested documents as far as length and last byte. False
 * when there is no such type or value.
 */
bool sac__wire_size(uint8_t type, const char *p, size_t n, size_t *size);

/* Whether a document's length is that of its slice and its last byte is 0. */
static inline bool sac__wire_is_doc(sac_str doc)
{
    return doc.n >= 5 && sac__wire_get32(doc.p) == doc.n && doc.p[doc.n - 1] == 0;
}

/* The text of a string, symbol or code: behind the length, without the NUL. */
static inline sac_str sac__wire_text(sac_str raw)
{
    return sac_str_n(raw.p + 4, raw.n - 5);
}

/* Code and scope of a code_w_scope. */
static inline sac_str sac__wire_code(sac_str raw)
{
    return sac_str_n(raw.p + 8, sac__wire_get32(raw.p + 4) - 1);
}

static inline sac_str sac__wire_scope(sac_str raw)
{
    const size_t before = 8 + (size_t)sac__wire_get32(raw.p + 4);

    return sac_str_n(raw.p + before, raw.n - before);
}

#endif

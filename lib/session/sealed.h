/* SPDX-License-Identifier: MIT */
#ifndef SESSION_SEALED_H
#define SESSION_SEALED_H

#include <sacrum/bson.h>

#include "core/arena.h"

/*
 * The encrypted cookie, in base64url: a byte that tells keys apart, a random
 * nonce of 12 bytes, and under AES-256-GCM when it was made, when the session
 * began (8 bytes each, seconds) and its BSON; the tag of 16 bytes. Name and
 * salt are authenticated with it. Keys are HKDF-SHA256(key, salt).
 */
typedef struct sac__sealing sac__sealing;

/* The newest key first: it seals, all open. SAC_ENOMEM, SAC_EIO. */
int sac__sealing_new(const sac_alloc *alloc, const sac_str *keys, size_t n, sac_str salt,
                     sac_str name, sac__sealing **out) SAC_MUST_USE;
void sac__sealing_free(sac__sealing *sealing); /* NULL is a no-op */

typedef struct sac__sealed {
    int64_t issued, begun; /* seconds since 1970 */
    sac_str doc;           /* in the arena */
} sac__sealed;

/*
 * SAC_EFORBIDDEN: no cookie of these keys. SAC_ECORRUPT, SAC_ELIMIT: what is in
 * it is no document, or too large. SAC_ENOMEM, SAC_EIO. Ages are the caller's to judge.
 */
int sac__sealed_read(const sac__sealing *sealing, sac_str cookie, size_t max, sac__arena *arena,
                     sac__sealed *out) SAC_MUST_USE;
/* `out` is in the arena. SAC_ENOMEM, SAC_EIO. */
int sac__sealed_write(const sac__sealing *sealing, const sac__sealed *session, sac__arena *arena,
                      sac_str *out) SAC_MUST_USE;

#endif

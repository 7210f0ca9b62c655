/* SPDX-License-Identifier: MIT */
#ifndef SESSION_FLASK_H
#define SESSION_FLASK_H

#include "session/packer.h"
#include "session/tagged.h"

/*
 * Flask's session cookie: `payload.timestamp.signature` of itsdangerous'
 * URLSafeTimedSerializer, each in base64url. The payload is tagged JSON, packed
 * with zlib behind a dot where that is shorter. The signature is HMAC-SHA1
 * under HMAC-SHA1(key, salt).
 */
typedef struct sac__signing sac__signing;

/* Keys of any length, the newest first: it signs, all verify. SAC_ENOMEM, SAC_EIO. */
int sac__signing_new(const sac_alloc *alloc, const sac_str *keys, size_t n, sac_str salt,
                     sac__signing **out) SAC_MUST_USE;
void sac__signing_free(sac__signing *signing); /* NULL is a no-op */

typedef struct sac__signed {
    sac_str doc;    /* in the arena */
    int64_t issued; /* seconds since 1970 */
} sac__signed;

/*
 * SAC_EFORBIDDEN: no cookie of these keys, or older than `max_age` seconds, or
 * of the future. SAC_ESYNTAX, SAC_ELIMIT: signed, but not as Flask writes it,
 * or more than `max` bytes. SAC_ENOMEM, SAC_EIO.
 */
typedef struct sac__signed_rules {
    int64_t now, max_age;
    size_t max;
} sac__signed_rules;
int sac__signed_read(const sac__signing *signing, sac_str cookie, const sac__signed_rules *rules,
                     sac__arena *arena, sac__signed *out) SAC_MUST_USE;
/* `out` is in the arena. SAC_ETOOBIG past `rules->max` bytes of JSON; else as sac__tagged_write(). */
int sac__signed_write(sac__signing *signing, sac_str doc, const sac__signed_rules *rules,
                      sac__arena *arena, sac_str *out) SAC_MUST_USE;

#endif

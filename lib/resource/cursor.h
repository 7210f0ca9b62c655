/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_CURSOR_H
#define RESOURCE_CURSOR_H

#include "resource/resource.h"

/*
 * A place in a list, for clients to carry: behind which document it is, and of
 * which list. Sealed with AES-256-GCM; the nonce is a keyed digest of the
 * content, so that one place has one text and lists keep their tags.
 */
typedef struct sac__cursor {
    uint64_t digest; /* of what was asked for */
    int64_t passed;  /* documents up to here, as far as is known */
    sac_value last;  /* the document's `_id` */
    sac_str keys;    /* its values of the fields of the order, as BSON; empty: by `_id` alone */
} sac__cursor;

/* Its text in memory of the arena. SAC_ETOOBIG for long keys, SAC_ENOMEM. */
int sac__cursor_seal(const sac__resource *resource, const sac__cursor *cursor, sac__arena *arena,
                     sac_str *out) SAC_MUST_USE;
/* SAC_EINVAL for what was not sealed by this resource; SAC_ENOMEM. */
int sac__cursor_open(const sac__resource *resource, sac_str text, sac__arena *arena,
                     sac__cursor *out) SAC_MUST_USE;
/* Derives the keys. */
int sac__cursor_init(sac__resource *resource, const uint8_t secret[32], sac_err *err) SAC_MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_CURSOR_H
#define RESOURCE_CURSOR_H

#include "resource/resource.h"

/*
 * A place in a list, for clients to carry: the last `_id` they got and the
 * direction, sealed with AES-256-GCM. The nonce is a keyed digest of the
 * content, so that one place has one text and lists keep their tags.
 */
typedef struct sac__cursor {
    bool descending;
    sac_value last;
} sac__cursor;

/* Its text in memory of the arena. SAC_ENOMEM. */
int sac__cursor_seal(const sac__resource *resource, const sac__cursor *cursor, sac__arena *arena,
                     sac_str *out) SAC_MUST_USE;
/* SAC_EINVAL for what was not sealed by this resource; SAC_ENOMEM. */
int sac__cursor_open(const sac__resource *resource, sac_str text, sac__arena *arena,
                     sac__cursor *out) SAC_MUST_USE;
/* Derives the keys. */
int sac__cursor_init(sac__resource *resource, const uint8_t secret[32], sac_err *err) SAC_MUST_USE;

#endif

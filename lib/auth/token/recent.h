/* SPDX-License-Identifier: MIT */
#ifndef AUTH_TOKEN_RECENT_H
#define AUTH_TOKEN_RECENT_H

#include "auth/account/account.h"

/*
 * Passwords that were right a minute ago or less, by a keyed digest that the
 * stored hash goes into: with a new password the old one is unknown. In memory
 * taken once. Any thread.
 */
typedef struct sac__recent sac__recent;

enum { SAC__RECENT_DIGEST = 32 };

/* SAC_ENOMEM; SAC_EIO without random bytes. */
int sac__recent_new(const sac_alloc *alloc, sac__recent **out) SAC_MUST_USE;
void sac__recent_free(sac__recent *recent); /* NULL is a no-op */

/* SAC_ENOMEM. */
int sac__recent_digest(const sac__recent *recent, const sac__user *user, sac_str password,
                       uint8_t out[SAC__RECENT_DIGEST]) SAC_MUST_USE;
/* `now` is sac__clock_mono_ns(). */
bool sac__recent_has(sac__recent *recent, const uint8_t digest[SAC__RECENT_DIGEST], uint64_t now);
void sac__recent_add(sac__recent *recent, const uint8_t digest[SAC__RECENT_DIGEST], uint64_t now);

#endif

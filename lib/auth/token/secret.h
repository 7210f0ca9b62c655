/* SPDX-License-Identifier: MIT */
#ifndef AUTH_TOKEN_SECRET_H
#define AUTH_TOKEN_SECRET_H

#include <sacrum/token.h>

/*
 * The text of an API token: `sac_`, 43 random letters and digits (256 bits),
 * and their CRC-32 as six more, by which scanners for secrets know it and a
 * slip of the hand costs no look into the store.
 */
enum { SAC__SECRET_SIZE = 53, SAC__SECRET_DIGEST = 32 };

/* SAC_EIO without random bytes. */
int sac__secret_make(char out[SAC_TOKEN_TEXT]) SAC_MUST_USE;
/* Whether it claims to be one; whether it can be one. */
bool sac__secret_begins(sac_str text);
bool sac__secret_valid(sac_str text);
/* SHA-256 of the text: what is stored. SAC_ENOMEM. */
int sac__secret_digest(sac_str text, uint8_t out[SAC__SECRET_DIGEST]) SAC_MUST_USE;

#endif

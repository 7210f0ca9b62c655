/* SPDX-License-Identifier: MIT */
#ifndef AUTH_PASSWORD_PASSWORD_H
#define AUTH_PASSWORD_PASSWORD_H

#include <sacrum/alloc.h>
#include <sacrum/password.h>

/* Whether a hash is of a kind that is verified, by its form. */
bool sac__password_taken(sac_str hash);

/* Why a new password cannot be hashed: a text for its field; NULL: it can. */
const char *sac__password_refused(sac_str password);

/* A hash of this cost that no password has, to verify against where there is no user. */
int sac__password_dummy(int cost, char out[SAC_PASSWORD_HASH], sac_err *err) SAC_MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
#ifndef AUTH_TOKEN_CREDENTIALS_H
#define AUTH_TOKEN_CREDENTIALS_H

#include <sacrum/req.h>

/*
 * What an Authorization field of this scheme holds behind it: 1; 0 where it is
 * of another scheme or absent; SAC_EUNAUTHORIZED where there is more than one.
 */
int sac__credentials(sac_req *req, const char *scheme, sac_str *out) SAC_MUST_USE;

#endif

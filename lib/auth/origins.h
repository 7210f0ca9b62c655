/* SPDX-License-Identifier: MIT */
#ifndef AUTH_ORIGINS_H
#define AUTH_ORIGINS_H

#include <sacrum/app.h>

/* Origins that a program lists (RFC 6454), compared byte for byte. */
typedef struct sac__origins {
    sac_str *v;
    size_t n;
} sac__origins;

/* Copies a list that ends with NULL (NULL: none) into memory of the app. SAC_EINVAL, SAC_ENOMEM. */
int sac__origins_copy(sac_app *app, const char *what, const char *const *list, sac__origins *out,
                      sac_err *err) SAC_MUST_USE;
bool sac__origins_have(const sac__origins *origins, sac_str origin);

#endif

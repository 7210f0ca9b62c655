/* SPDX-License-Identifier: MIT */
#ifndef AUTH_TOKEN_JWT_H
#define AUTH_TOKEN_JWT_H

#include <openssl/evp.h>

#include <sacrum/token.h>

/* The parts of a verifier: its keys, in keys.c, and its rules for claims, in claims.c. */

typedef struct sac__jwt_key {
    sac_jwt_algorithm algorithm;
    sac_str id;       /* p NULL: any `kid` */
    sac_str secret;   /* of HS256 */
    EVP_PKEY *public; /* of the others */
} sac__jwt_key;

struct sac_jwt_verifier {
    const sac_alloc *alloc;
    sac__jwt_key *keys;
    size_t n_keys;
    sac_str issuer, audience; /* p NULL: none is asked for */
    double leeway;
    bool needs_no_expiry;
    size_t max_size;
};

/* SAC_EINVAL, SAC_ENOMEM. `to` is zeroed; sac__jwt_key_fini() is due also after an error. */
int sac__jwt_key_init(sac__jwt_key *to, const sac_jwt_key *from, const sac_alloc *alloc,
                      sac_err *err) SAC_MUST_USE;
void sac__jwt_key_fini(sac__jwt_key *key, const sac_alloc *alloc);
/* Whether a key is for tokens of this `alg`. */
bool sac__jwt_key_takes(const sac__jwt_key *key, sac_str alg);
/* SAC_OK, SAC_EUNAUTHORIZED, SAC_ENOMEM. */
int sac__jwt_key_verify(const sac__jwt_key *key, sac_str input, sac_str signature) SAC_MUST_USE;

/* Judges what is in a token whose signature is right. SAC_EUNAUTHORIZED saying why. */
int sac__jwt_judge(const sac_jwt_verifier *verifier, sac_str claims, int64_t now,
                   sac_err *err) SAC_MUST_USE;

/*
 * The words of a claim, by name or else by path, that is an array of strings or
 * text with blanks between: SAC_ENOTFOUND, SAC_EUNAUTHORIZED for what is
 * neither, SAC_ENOMEM. In memory of `alloc`, which is an arena's.
 */
int sac__jwt_words(sac_str claims, const char *name, const sac_alloc *alloc, const sac_str **words,
                   size_t *n) SAC_MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
#ifndef TESTS_JWT_MAKE_H
#define TESTS_JWT_MAKE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "support/support.h"

/* Tokens as an issuer makes them, by OpenSSL alone. */

typedef struct jwt_text {
    char p[32768];
    size_t n;
} jwt_text;

/* RFC 4648 §5 without padding, appended. */
static inline void jwt_put(jwt_text *out, const void *bytes, size_t n)
{
    char *to = out->p + out->n;

    CHECK(out->n + n / 3 * 4 + 8 < sizeof out->p);
    (void)EVP_EncodeBlock((unsigned char *)to, bytes, (int)n);
    out->n += (n * 4 + 2) / 3;
    out->p[out->n] = '\0';
    for (; *to; to++)
        *to = (char)(*to == '+' ? '-' : *to == '/' ? '_' : *to);
}

static inline void jwt_dot(jwt_text *out)
{
    out->p[out->n++] = '.';
}

/* Signed by HMAC with SHA-256 when there is a secret, else by the key, whatever the header says. */
static inline sac_str jwt_make_n(jwt_text *out, sac_str header, sac_str claims, const char *secret,
                                 EVP_PKEY *key)
{
    uint8_t signature[2048];
    size_t n = sizeof signature;

    out->n = 0;
    jwt_put(out, header.p, header.n);
    jwt_dot(out);
    jwt_put(out, claims.p, claims.n);
    if (secret) {
        unsigned size = 0;

        CHECK(HMAC(EVP_sha256(), secret, (int)strlen(secret), (uint8_t *)out->p, out->n, signature,
                   &size) != NULL);
        n = size;
    } else {
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        const EVP_MD *digest = EVP_PKEY_is_a(key, "RSA") ? EVP_sha256() : NULL;

        CHECK_INT(EVP_DigestSignInit(context, NULL, digest, NULL, key), 1);
        CHECK_INT(EVP_DigestSign(context, signature, &n, (uint8_t *)out->p, out->n), 1);
        EVP_MD_CTX_free(context);
    }
    jwt_dot(out);
    jwt_put(out, signature, n);
    return sac_str_n(out->p, out->n);
}

static inline sac_str jwt_make(jwt_text *out, const char *header, const char *claims,
                               const char *secret, EVP_PKEY *key)
{
    return jwt_make_n(out, sac_str_of(header), sac_str_of(claims), secret, key);
}

/* The public half in PEM; with `whole` the private one. In memory to be freed. */
static inline sac_str jwt_pem(EVP_PKEY *key, bool whole)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *from = NULL, *copy;
    long n;

    CHECK_INT(whole ? PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL)
                    : PEM_write_bio_PUBKEY(bio, key),
              1);
    n = BIO_get_mem_data(bio, &from);
    copy = malloc((size_t)n + 1);
    CHECK(copy != NULL);
    memcpy(copy, from, (size_t)n);
    copy[n] = '\0';
    BIO_free(bio);
    return sac_str_n(copy, (size_t)n);
}

#endif

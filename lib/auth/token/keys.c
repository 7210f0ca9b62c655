/* SPDX-License-Identifier: MIT */
#include "auth/token/jwt.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "core/alloc.h"

enum { MIN_SECRET = 32, MIN_RSA = 2048, MAX_RSA = 16384, MAX_KEY = 65536, MAX_ID = 256 };

static bool has(sac_str text, const char *what)
{
    return text.p && memmem(text.p, text.n, what, strlen(what));
}

static bool is_pem(sac_str text, const char *what)
{
    return has(text, "-----BEGIN") && has(text, what);
}

/* A key under a passphrase: nobody is asked for it. */
static int no_passphrase(char *buf, int size, int writes, void *self)
{
    (void)buf;
    (void)size;
    (void)writes;
    (void)self;
    return -1;
}

/* NULL where the text holds no public key. The errors that OpenSSL kept are the caller's. */
static EVP_PKEY *read_public(sac_str pem)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL) : NULL;

    BIO_free(bio);
    return key;
}

static int init_secret(sac__jwt_key *to, sac_str secret, const sac_alloc *alloc, sac_err *err)
{
    char *copy;

    if (secret.n < MIN_SECRET)
        return sac_err_set(err, SAC_EINVAL, "jwt: a secret has 32 bytes or more");
    if (is_pem(secret, "PUBLIC KEY") || is_pem(secret, "CERTIFICATE"))
        return sac_err_set(err, SAC_EINVAL, "jwt: a public key is no secret");
    copy = sac__alloc(alloc, secret.n);
    if (!copy)
        return sac_err_set(err, SAC_ENOMEM, "jwt: no memory");
    memcpy(copy, secret.p, secret.n);
    to->secret = sac_str_n(copy, secret.n);
    return SAC_OK;
}

static int init_public(sac__jwt_key *to, sac_str pem, sac_err *err)
{
    if (is_pem(pem, "PRIVATE KEY"))
        return sac_err_set(err, SAC_EINVAL, "jwt: a private key, where the public one is enough");
    ERR_set_mark();
    to->public = read_public(pem);
    ERR_pop_to_mark();
    if (!to->public)
        return sac_err_set(err, SAC_EINVAL, "jwt: no public key in PEM");
    if (to->algorithm == SAC_JWT_EDDSA)
        return EVP_PKEY_is_a(to->public, "ED25519")
                   ? SAC_OK
                   : sac_err_set(err, SAC_EINVAL, "jwt: not a key of Ed25519");
    if (!EVP_PKEY_is_a(to->public, "RSA"))
        return sac_err_set(err, SAC_EINVAL, "jwt: not a key of RSA");
    if (EVP_PKEY_get_bits(to->public) < MIN_RSA || EVP_PKEY_get_bits(to->public) > MAX_RSA)
        return sac_err_set(err, SAC_EINVAL, "jwt: a key of RSA has 2,048 to 16,384 bits");
    return SAC_OK;
}

int sac__jwt_key_init(sac__jwt_key *to, const sac_jwt_key *from, const sac_alloc *alloc,
                      sac_err *err)
{
    const size_t n = from->id ? strlen(from->id) : 0;

    if (from->algorithm < SAC_JWT_HS256 || from->algorithm > SAC_JWT_EDDSA)
        return sac_err_set(err, SAC_EINVAL, "jwt: no such algorithm: %d", (int)from->algorithm);
    if (n > MAX_ID)
        return sac_err_set(err, SAC_EINVAL, "jwt: a key's id has 256 bytes or less");
    if (!from->key.p || from->key.n == 0 || from->key.n > MAX_KEY)
        return sac_err_set(err, SAC_EINVAL, "jwt: a key has 1 to 65,536 bytes");
    to->algorithm = from->algorithm;
    if (from->id) {
        char *copy = sac__alloc(alloc, n);

        if (!copy)
            return sac_err_set(err, SAC_ENOMEM, "jwt: no memory");
        memcpy(copy, from->id, n);
        to->id = sac_str_n(copy, n);
    }
    return to->algorithm == SAC_JWT_HS256 ? init_secret(to, from->key, alloc, err)
                                          : init_public(to, from->key, err);
}

void sac__jwt_key_fini(sac__jwt_key *key, const sac_alloc *alloc)
{
    if (key->secret.p)
        OPENSSL_cleanse((char *)(uintptr_t)key->secret.p, key->secret.n);
    sac__alloc_free(alloc, (char *)(uintptr_t)key->secret.p, key->secret.n);
    sac__alloc_free(alloc, (char *)(uintptr_t)key->id.p, key->id.n);
    EVP_PKEY_free(key->public);
}

bool sac__jwt_key_takes(const sac__jwt_key *key, sac_str alg)
{
    switch (key->algorithm) {
    case SAC_JWT_HS256: return sac_str_is(alg, "HS256");
    case SAC_JWT_RS256: return sac_str_is(alg, "RS256");
    case SAC_JWT_EDDSA:
        return sac_str_is(alg, "EdDSA") || sac_str_is(alg, "Ed25519"); /* RFC 9864 */
    }
    return false;
}

static int verify_secret(const sac__jwt_key *key, sac_str input, sac_str signature)
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned n = 0;

    if (!HMAC(EVP_sha256(), key->secret.p, (int)key->secret.n, (const uint8_t *)input.p, input.n,
              mac, &n))
        return SAC_ENOMEM;
    return signature.n == n && CRYPTO_memcmp(mac, signature.p, n) == 0 ? SAC_OK : SAC_EUNAUTHORIZED;
}

static int verify_public(const sac__jwt_key *key, sac_str input, sac_str signature)
{
    const EVP_MD *digest = key->algorithm == SAC_JWT_RS256 ? EVP_sha256() : NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int rc = SAC_ENOMEM;

    if (!context)
        return SAC_ENOMEM;
    /* RSA's default padding here is PKCS #1 v1.5. */
    if (EVP_DigestVerifyInit(context, NULL, digest, NULL, key->public) == 1)
        rc = EVP_DigestVerify(context, (const uint8_t *)signature.p, signature.n,
                              (const uint8_t *)input.p, input.n) == 1
                 ? SAC_OK
                 : SAC_EUNAUTHORIZED;
    EVP_MD_CTX_free(context);
    return rc;
}

int sac__jwt_key_verify(const sac__jwt_key *key, sac_str input, sac_str signature)
{
    int rc;

    ERR_set_mark();
    rc = key->algorithm == SAC_JWT_HS256 ? verify_secret(key, input, signature)
                                         : verify_public(key, input, signature);
    ERR_pop_to_mark();
    return rc;
}

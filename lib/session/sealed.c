/* SPDX-License-Identifier: MIT */
#include "session/sealed.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "core/alloc.h"
#include "core/base64url.h"
#include "core/random.h"

enum { KEY = 32, NONCE = 12, TAG = 16, TIMES = 16, HEAD = 1 + NONCE, AROUND = HEAD + TIMES + TAG };

typedef struct sealing_key {
    uint8_t key[KEY];
    uint8_t id;
} sealing_key;

struct sac__sealing {
    const sac_alloc *alloc;
    EVP_CIPHER *cipher;
    char *around; /* what is authenticated beside the session */
    size_t n_around;
    size_t n;
    sealing_key keys[];
};

static int derive(sac_str key, sac_str salt, sealing_key *out)
{
    static char info[] = "sacrum 1: encrypted session", digest[] = "SHA256";
    uint8_t made[KEY + 1];
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)(uintptr_t)key.p, key.n),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)(uintptr_t)salt.p, salt.n),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, sizeof info - 1),
        OSSL_PARAM_construct_end()};
    const bool ok = context && EVP_KDF_derive(context, made, sizeof made, params) == 1;

    EVP_KDF_CTX_free(context);
    EVP_KDF_free(kdf);
    if (!ok)
        return SAC_EIO;
    memcpy(out->key, made, KEY);
    out->id = made[KEY];
    OPENSSL_cleanse(made, sizeof made);
    return SAC_OK;
}

static int set_around(sac__sealing *sealing, sac_str salt, sac_str name)
{
    sealing->n_around = name.n + 1 + salt.n;
    sealing->around = sac__alloc(sealing->alloc, sealing->n_around);
    if (!sealing->around)
        return SAC_ENOMEM;
    memcpy(sealing->around, name.p, name.n);
    sealing->around[name.n] = '\0';
    memcpy(sealing->around + name.n + 1, salt.p, salt.n);
    return SAC_OK;
}

int sac__sealing_new(const sac_alloc *alloc, const sac_str *keys, size_t n, sac_str salt,
                     sac_str name, sac__sealing **out)
{
    sac__sealing *sealing = sac__alloc_zero(alloc, sizeof *sealing + n * sizeof(sealing_key));
    int rc;

    if (!sealing)
        return SAC_ENOMEM;
    sealing->alloc = alloc;
    sealing->n = n;
    rc = set_around(sealing, salt, name);
    if (rc == SAC_OK && !(sealing->cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL)))
        rc = SAC_EIO;
    for (size_t i = 0; i < n && rc == SAC_OK; i++)
        rc = derive(keys[i], salt, &sealing->keys[i]);
    if (rc != SAC_OK)
        sac__sealing_free(sealing);
    else
        *out = sealing;
    return rc;
}

void sac__sealing_free(sac__sealing *sealing)
{
    const size_t n = sealing ? sealing->n * sizeof(sealing_key) : 0;

    if (!sealing)
        return;
    EVP_CIPHER_free(sealing->cipher);
    sac__alloc_free(sealing->alloc, sealing->around, sealing->n_around);
    OPENSSL_cleanse(sealing->keys, n);
    sac__alloc_free(sealing->alloc, sealing, sizeof *sealing + n);
}

/* What is between head and tag, in place. False: another key's, or not ours. */
static bool unseal(const sac__sealing *sealing, const sealing_key *key, EVP_CIPHER_CTX *context,
                   uint8_t *bytes, size_t n)
{
    uint8_t *inner = bytes + HEAD;
    const int size = (int)(n - HEAD - TAG);
    int got = 0;

    return EVP_DecryptInit_ex(context, sealing->cipher, NULL, key->key, bytes + 1) == 1 &&
           EVP_DecryptUpdate(context, NULL, &got, (const uint8_t *)sealing->around,
                             (int)sealing->n_around) == 1 &&
           EVP_DecryptUpdate(context, inner, &got, inner, size) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG, inner + size) == 1 &&
           EVP_DecryptFinal_ex(context, inner + size, &got) == 1;
}

static int64_t get_time(const uint8_t *p)
{
    uint64_t value = 0;

    for (int i = 0; i < 8; i++)
        value = value << 8 | p[i];
    return (int64_t)value;
}

static void put_time(uint8_t *p, int64_t seconds)
{
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)((uint64_t)seconds >> (56 - 8 * i));
}

/* Two keys may have the same byte: what fails under one is tried anew under the next. */
static int unseal_any(const sac__sealing *sealing, const uint8_t *bytes, size_t n, uint8_t *work)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int rc = context ? SAC_EFORBIDDEN : SAC_ENOMEM;

    for (size_t i = 0; i < sealing->n && rc == SAC_EFORBIDDEN; i++) {
        if (sealing->keys[i].id != bytes[0])
            continue;
        memcpy(work, bytes, n);
        if (unseal(sealing, &sealing->keys[i], context, work, n))
            rc = SAC_OK;
    }
    EVP_CIPHER_CTX_free(context);
    return rc;
}

int sac__sealed_read(const sac__sealing *sealing, sac_str cookie, size_t max, sac__arena *arena,
                     sac__sealed *out)
{
    const size_t room = cookie.n / 4 * 3 + 2;
    uint8_t *bytes;
    sac_str doc;
    size_t n;
    int rc;

    if (cookie.n > INT32_MAX)
        return SAC_EFORBIDDEN;
    bytes = sac__arena_bytes(arena, 2 * room);
    if (!bytes)
        return SAC_ENOMEM;
    if (!sac__base64url_parse(cookie, bytes, &n) || n < AROUND)
        return SAC_EFORBIDDEN;
    rc = unseal_any(sealing, bytes, n, bytes + room);
    if (rc != SAC_OK)
        return rc;
    doc = sac_str_n(bytes + room + HEAD + TIMES, n - AROUND);
    if (doc.n > max)
        return SAC_ELIMIT;
    rc = sac_bson_check(doc, NULL);
    if (rc == SAC_OK)
        *out = (sac__sealed){.issued = get_time(bytes + room + HEAD),
                             .begun = get_time(bytes + room + HEAD + 8),
                             .doc = doc};
    return rc;
}

static bool seal(const sac__sealing *sealing, uint8_t *bytes, size_t n)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    uint8_t *inner = bytes + HEAD;
    const int size = (int)(n - HEAD - TAG);
    int got = 0;
    const bool ok = context &&
                    EVP_EncryptInit_ex(context, sealing->cipher, NULL, sealing->keys[0].key,
                                       bytes + 1) == 1 &&
                    EVP_EncryptUpdate(context, NULL, &got, (const uint8_t *)sealing->around,
                                      (int)sealing->n_around) == 1 &&
                    EVP_EncryptUpdate(context, inner, &got, inner, size) == 1 &&
                    EVP_EncryptFinal_ex(context, inner + size, &got) == 1 &&
                    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG, inner + size) == 1;

    EVP_CIPHER_CTX_free(context);
    return ok;
}

int sac__sealed_write(const sac__sealing *sealing, const sac__sealed *session, sac__arena *arena,
                      sac_str *out)
{
    const size_t n = AROUND + session->doc.n;
    uint8_t *bytes = sac__arena_bytes(arena, n);
    char *text = sac__arena_bytes(arena, SAC__BASE64URL_SIZE(n));
    int rc;

    if (!bytes || !text)
        return SAC_ENOMEM;
    bytes[0] = sealing->keys[0].id;
    rc = sac__random(bytes + 1, NONCE);
    if (rc != SAC_OK)
        return rc;
    put_time(bytes + HEAD, session->issued);
    put_time(bytes + HEAD + 8, session->begun);
    memcpy(bytes + HEAD + TIMES, session->doc.p, session->doc.n);
    if (!seal(sealing, bytes, n))
        return SAC_EIO;
    *out = sac_str_n(text, (size_t)(sac__base64url_print(text, bytes, n) - text));
    return SAC_OK;
}

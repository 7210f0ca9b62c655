/* SPDX-License-Identifier: MIT */
#include "resource/cursor.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "bson/wire.h"
#include "core/base64url.h"

/* In plain: digest, passed, type and length of the id; the id; the keys. */
enum { NONCE = 12, MAC = 16, HEAD = 8 + 8 + 1 + 4, MAX_RAW = 272, MAX_KEYS = 1024 };
enum { MAX_PLAIN = HEAD + MAX_RAW + MAX_KEYS };
enum { MAX_SEALED = NONCE + MAX_PLAIN + MAC, MAX_TEXT = SAC__BASE64URL_SIZE(MAX_SEALED) };

/*
 * GCM between `plain` and `sealed`, which is nonce, text and tag in a row; the
 * resource's path is authenticated along with it.
 */
static bool crypt_gcm(const sac__resource *resource, bool seal, uint8_t *sealed, uint8_t *plain,
                      size_t n)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t *text = sealed + NONCE, *mac = sealed + NONCE + n;
    uint8_t *out = seal ? text : plain;
    int done = 0;
    bool ok;

    if (!ctx)
        return false;
    ok = EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, resource->cursor_key, sealed, seal) == 1 &&
         (seal || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, MAC, mac) == 1) &&
         EVP_CipherUpdate(ctx, NULL, &done, (const uint8_t *)resource->path.p,
                          (int)resource->path.n) == 1 &&
         EVP_CipherUpdate(ctx, out, &done, seal ? plain : text, (int)n) == 1 &&
         EVP_CipherFinal_ex(ctx, out + done, &done) == 1 &&
         (!seal || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, MAC, mac) == 1);
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

static void make_nonce(const sac__resource *resource, const uint8_t *plain, size_t n, uint8_t *out)
{
    const sac__hash_key other = {resource->nonce_key.k1, ~resource->nonce_key.k0};

    sac__wire_put64(out, sac__hash_keyed(&resource->nonce_key, plain, n));
    sac__wire_put32(out + 8, (uint32_t)sac__hash_keyed(&other, plain, n));
}

int sac__cursor_seal(const sac__resource *resource, const sac__cursor *cursor, sac__arena *arena,
                     sac_str *out)
{
    const sac_str id = cursor->last.raw;
    const size_t n = HEAD + id.n + cursor->keys.n;
    uint8_t plain[MAX_PLAIN], sealed[MAX_SEALED];
    char text[MAX_TEXT], *end;

    if (id.n > MAX_RAW || cursor->keys.n > MAX_KEYS)
        return SAC_ETOOBIG;
    sac__wire_put64(plain, cursor->digest);
    sac__wire_put64(plain + 8, (uint64_t)cursor->passed);
    plain[16] = cursor->last.type;
    sac__wire_put32(plain + 17, (uint32_t)id.n);
    memcpy(plain + HEAD, id.p, id.n);
    if (cursor->keys.n > 0)
        memcpy(plain + HEAD + id.n, cursor->keys.p, cursor->keys.n);
    make_nonce(resource, plain, n, sealed);
    if (!crypt_gcm(resource, true, sealed, plain, n))
        return SAC_ENOMEM;
    end = sac__base64url_print(text, sealed, NONCE + n + MAC);
    *out = sac__arena_dup(arena, sac_str_n(text, (size_t)(end - text)));
    return out->p ? SAC_OK : SAC_ENOMEM;
}

int sac__cursor_open(const sac__resource *resource, sac_str text, sac__arena *arena,
                     sac__cursor *out)
{
    uint8_t sealed[MAX_SEALED + 2], plain[MAX_PLAIN];
    sac_str raw;
    size_t n, n_id;

    if (text.n > MAX_TEXT || !sac__base64url_parse(text, sealed, &n) || n < NONCE + HEAD + MAC)
        return SAC_EINVAL;
    n -= NONCE + MAC;
    if (!crypt_gcm(resource, false, sealed, plain, n))
        return SAC_EINVAL;
    n_id = sac__wire_get32(plain + 17);
    if (n_id > n - HEAD)
        return SAC_EINVAL;
    raw = sac__arena_dup(arena, sac_str_n(plain + HEAD, n - HEAD));
    if (!raw.p)
        return SAC_ENOMEM;
    *out = (sac__cursor){.digest = sac__wire_get64(plain),
                         .passed = (int64_t)sac__wire_get64(plain + 8),
                         .last = {plain[16], {raw.p, n_id}},
                         .keys = {raw.p + n_id, n - HEAD - n_id}};
    return SAC_OK;
}

int sac__cursor_init(sac__resource *resource, const uint8_t secret[32], sac_err *err)
{
    static const char purpose[] = "sacrum cursor 2";
    uint8_t nonce_key[32];
    unsigned n = 0;

    if (!HMAC(EVP_sha256(), secret, 32, (const uint8_t *)purpose, sizeof purpose - 1,
              resource->cursor_key, &n) ||
        !HMAC(EVP_sha256(), resource->cursor_key, 32, (const uint8_t *)"nonce", 5, nonce_key, &n))
        return sac_err_set(err, SAC_ENOMEM, "no memory for the key of cursors");
    resource->nonce_key = (sac__hash_key){sac__wire_get64(nonce_key),
                                          sac__wire_get64(nonce_key + 8)};
    return SAC_OK;
}

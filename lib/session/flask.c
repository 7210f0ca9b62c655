/* SPDX-License-Identifier: MIT */
#include "session/flask.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "core/alloc.h"
#include "core/base64url.h"

enum { BLOCK = 64, DIGEST = 20, SIGNATURE = SAC__BASE64URL_SIZE(DIGEST), STAMP = 8 };

/* HMAC (RFC 2104) with the blocks of its key taken in, to be copied for each text. */
typedef struct keyed {
    EVP_MD_CTX *inner, *outer;
} keyed;

struct sac__signing {
    const sac_alloc *alloc;
    EVP_MD *sha1;
    size_t n;
    sac__packer packer;
    keyed keys[];
};

static EVP_MD_CTX *begin_with(const EVP_MD *md, const uint8_t key[DIGEST], uint8_t pad)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t block[BLOCK];
    bool ok;

    for (size_t i = 0; i < BLOCK; i++)
        block[i] = (uint8_t)((i < DIGEST ? key[i] : 0) ^ pad);
    ok = context && EVP_DigestInit_ex(context, md, NULL) &&
         EVP_DigestUpdate(context, block, sizeof block);
    OPENSSL_cleanse(block, sizeof block);
    if (ok)
        return context;
    EVP_MD_CTX_free(context);
    return NULL;
}

static int add_key(sac__signing *signing, sac_str key, sac_str salt)
{
    keyed *made = &signing->keys[signing->n++];
    uint8_t derived[DIGEST];
    unsigned n = 0;

    *made = (keyed){.inner = NULL};
    if (key.n > INT32_MAX ||
        !HMAC(signing->sha1, key.p, (int)key.n, (const uint8_t *)salt.p, salt.n, derived, &n))
        return SAC_EIO;
    made->inner = begin_with(signing->sha1, derived, 0x36);
    made->outer = begin_with(signing->sha1, derived, 0x5c);
    OPENSSL_cleanse(derived, sizeof derived);
    return made->inner && made->outer ? SAC_OK : SAC_EIO;
}

int sac__signing_new(const sac_alloc *alloc, const sac_str *keys, size_t n, sac_str salt,
                     sac__signing **out)
{
    sac__signing *signing = sac__alloc_zero(alloc, sizeof *signing + n * sizeof(keyed));
    int rc;

    if (!signing)
        return SAC_ENOMEM;
    signing->alloc = alloc;
    rc = sac__packer_init(&signing->packer, alloc);
    if (rc != SAC_OK) {
        sac__alloc_free(alloc, signing, sizeof *signing + n * sizeof(keyed));
        return rc;
    }
    signing->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    rc = signing->sha1 ? SAC_OK : SAC_EIO;
    for (size_t i = 0; i < n && rc == SAC_OK; i++)
        rc = add_key(signing, keys[i], salt);
    if (rc != SAC_OK) {
        signing->n = n; /* what was allocated */
        sac__signing_free(signing);
        return rc;
    }
    *out = signing;
    return SAC_OK;
}

void sac__signing_free(sac__signing *signing)
{
    if (!signing)
        return;
    for (size_t i = 0; i < signing->n; i++) {
        EVP_MD_CTX_free(signing->keys[i].inner);
        EVP_MD_CTX_free(signing->keys[i].outer);
    }
    EVP_MD_free(signing->sha1);
    sac__packer_fini(&signing->packer);
    sac__alloc_free(signing->alloc, signing, sizeof *signing + signing->n * sizeof *signing->keys);
}

static bool sign(const keyed *key, EVP_MD_CTX *work, sac_str text, uint8_t out[DIGEST])
{
    unsigned n = 0;

    return EVP_MD_CTX_copy_ex(work, key->inner) && EVP_DigestUpdate(work, text.p, text.n) &&
           EVP_DigestFinal_ex(work, out, &n) && EVP_MD_CTX_copy_ex(work, key->outer) &&
           EVP_DigestUpdate(work, out, DIGEST) && EVP_DigestFinal_ex(work, out, &n);
}

/* Cuts behind the last dot. */
static bool cut(sac_str *text, sac_str *last)
{
    const char *dot = text->n ? memrchr(text->p, '.', text->n) : NULL;

    if (!dot)
        return false;
    *last = sac_str_n(dot + 1, (size_t)(text->p + text->n - dot - 1));
    text->n = (size_t)(dot - text->p);
    return true;
}

/* Every key is tried, whichever it was. */
static int verify(const sac__signing *signing, sac_str text, sac_str signature)
{
    uint8_t given[SIGNATURE / 4 * 3 + 2], made[DIGEST];
    EVP_MD_CTX *work;
    bool found = false, ok = true;
    size_t n;

    if (signature.n != SIGNATURE || !sac__base64url_parse(signature, given, &n))
        return SAC_EFORBIDDEN;
    work = EVP_MD_CTX_new();
    for (size_t i = 0; i < signing->n && work && ok; i++) {
        ok = sign(&signing->keys[i], work, text, made);
        found |= ok && CRYPTO_memcmp(made, given, DIGEST) == 0;
    }
    EVP_MD_CTX_free(work);
    if (!work || !ok)
        return SAC_EIO;
    return found ? SAC_OK : SAC_EFORBIDDEN;
}

/* Big-endian seconds without zeros in front. */
static bool read_stamp(sac_str text, int64_t *seconds)
{
    uint8_t bytes[STAMP + 4];
    uint64_t value = 0;
    size_t n;

    if (text.n > SAC__BASE64URL_SIZE(STAMP) || !sac__base64url_parse(text, bytes, &n) ||
        (n > 0 && bytes[0] == 0))
        return false;
    for (size_t i = 0; i < n; i++)
        value = value << 8 | bytes[i];
    *seconds = (int64_t)value;
    return value <= INT64_MAX;
}

static int read_payload(const sac__signing *signing, sac_str text, size_t max, sac__arena *arena,
                        sac_str *doc)
{
    const bool packed = text.n > 0 && *text.p == '.';
    sac_str json = {NULL, 0};
    char *bytes;
    int rc = SAC_OK;

    if (packed)
        text = sac_str_n(text.p + 1, text.n - 1);
    bytes = sac__arena_bytes(arena, text.n / 4 * 3 + 3);
    if (!bytes)
        return SAC_ENOMEM;
    if (!sac__base64url_parse(text, bytes, &json.n))
        return SAC_ESYNTAX;
    json.p = bytes;
    if (packed)
        rc = sac__packer_unpack(&signing->packer, json, max, arena, &json);
    else if (json.n > max)
        rc = SAC_ELIMIT;
    return rc == SAC_OK ? sac__tagged_read(json, arena, doc) : rc;
}

int sac__signed_read(const sac__signing *signing, sac_str cookie, const sac__signed_rules *rules,
                     sac__arena *arena, sac__signed *out)
{
    sac_str text = cookie, signature, stamp;
    sac_str doc = {NULL, 0};
    int64_t issued;
    int rc;

    if (!cut(&text, &signature))
        return SAC_EFORBIDDEN;
    rc = verify(signing, text, signature);
    if (rc != SAC_OK)
        return rc;
    if (!cut(&text, &stamp) || !read_stamp(stamp, &issued))
        return SAC_ESYNTAX;
    if (issued > rules->now || rules->now - issued > rules->max_age)
        return SAC_EFORBIDDEN;
    rc = read_payload(signing, text, rules->max, arena, &doc);
    if (rc == SAC_OK)
        *out = (sac__signed){.doc = doc, .issued = issued};
    return rc;
}

static char *put_stamp(char *p, int64_t seconds)
{
    uint8_t bytes[STAMP];
    size_t from = 0;

    for (size_t i = 0; i < STAMP; i++)
        bytes[i] = (uint8_t)((uint64_t)seconds >> (8 * (STAMP - 1 - i)));
    while (from < STAMP && bytes[from] == 0)
        from++;
    return sac__base64url_print(p, bytes + from, STAMP - from);
}

static int put_signature(const sac__signing *signing, sac_str text, char **end)
{
    EVP_MD_CTX *work = EVP_MD_CTX_new();
    uint8_t digest[DIGEST];
    const bool ok = work && sign(&signing->keys[0], work, text, digest);

    EVP_MD_CTX_free(work);
    if (!ok)
        return SAC_EIO;
    *(*end)++ = '.';
    *end = sac__base64url_print(*end, digest, sizeof digest);
    return SAC_OK;
}

int sac__signed_write(sac__signing *signing, sac_str doc, const sac__signed_rules *rules,
                      sac__arena *arena, sac_str *out)
{
    sac__buf json;
    sac_str payload;
    char *text, *end;
    int packed, rc;

    sac__buf_init(&json, sac__arena_alloc(arena), rules->max);
    rc = sac__tagged_write(doc, arena, &json);
    if (rc == SAC_OK)
        rc = json.error;
    if (rc != SAC_OK)
        return rc;
    payload = sac__buf_str(&json);
    packed = sac__packer_pack(&signing->packer, payload, payload.n - 1, arena, &payload);
    text = sac__arena_bytes(arena, SAC__BASE64URL_SIZE(payload.n) + SAC__BASE64URL_SIZE(STAMP) +
                                       SIGNATURE + 8);
    if (packed < 0 || !text)
        return SAC_ENOMEM;
    end = text;
    if (packed)
        *end++ = '.';
    end = sac__base64url_print(end, payload.p, payload.n);
    *end++ = '.';
    end = put_stamp(end, rules->now);
    rc = put_signature(signing, sac_str_n(text, (size_t)(end - text)), &end);
    if (rc == SAC_OK)
        *out = sac_str_n(text, (size_t)(end - text));
    return rc;
}

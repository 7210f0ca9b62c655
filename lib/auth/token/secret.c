/* SPDX-License-Identifier: MIT */
#include "auth/token/secret.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <zlib.h>

#include "core/random.h"

#define BEGIN "sac_"

enum { BEGIN_SIZE = sizeof BEGIN - 1, RANDOM = 43, CHECK = 6, BASE = 62 };

static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* Letters that are all as likely: of 64 values the last two are drawn anew. */
static int draw(char *out)
{
    uint8_t bytes[64];
    size_t n = 0;

    while (n < RANDOM) {
        const int rc = sac__random(bytes, sizeof bytes);

        if (rc != SAC_OK)
            return rc;
        for (size_t i = 0; i < sizeof bytes && n < RANDOM; i++)
            if ((bytes[i] & 63) < BASE)
                out[n++] = letters[bytes[i] & 63];
    }
    OPENSSL_cleanse(bytes, sizeof bytes);
    return SAC_OK;
}

/* Of prefix and letters. */
static void add_check(const char *text, char out[CHECK])
{
    uint32_t sum = (uint32_t)crc32(0, (const uint8_t *)text, BEGIN_SIZE + RANDOM);

    for (int i = CHECK; i-- > 0; sum /= BASE)
        out[i] = letters[sum % BASE];
}

int sac__secret_make(char out[SAC_TOKEN_TEXT])
{
    int rc;

    memcpy(out, BEGIN, BEGIN_SIZE);
    rc = draw(out + BEGIN_SIZE);
    add_check(out, out + BEGIN_SIZE + RANDOM);
    out[SAC__SECRET_SIZE] = '\0';
    return rc;
}

bool sac__secret_begins(sac_str text)
{
    return text.n >= BEGIN_SIZE && memcmp(text.p, BEGIN, BEGIN_SIZE) == 0;
}

bool sac__secret_valid(sac_str text)
{
    char check[CHECK];

    if (text.n != SAC__SECRET_SIZE || !sac__secret_begins(text))
        return false;
    add_check(text.p, check);
    return memcmp(check, text.p + BEGIN_SIZE + RANDOM, CHECK) == 0;
}

int sac__secret_digest(sac_str text, uint8_t out[SAC__SECRET_DIGEST])
{
    return EVP_Digest(text.p, text.n, out, NULL, EVP_sha256(), NULL) == 1 ? SAC_OK : SAC_ENOMEM;
}

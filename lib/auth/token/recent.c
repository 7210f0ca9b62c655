/* SPDX-License-Identifier: MIT */
#include "auth/token/recent.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>

#include "bson/wire.h"
#include "core/alloc.h"
#include "core/random.h"

enum { SETS = 256, WAYS = 4, MESSAGE = 12 + 8 + SAC_PASSWORD_HASH + SAC_PASSWORD_MAX };

#define MINUTE UINT64_C(60000000000)

typedef struct entry {
    uint8_t digest[SAC__RECENT_DIGEST];
    uint64_t until; /* 0: there is none */
} entry;

struct sac__recent {
    const sac_alloc *alloc;
    uint8_t key[32];
    pthread_mutex_t lock;
    entry entries[SETS][WAYS];
};

int sac__recent_new(const sac_alloc *alloc, sac__recent **out)
{
    sac__recent *recent = sac__alloc_zero(alloc, sizeof *recent);
    int rc = SAC_ENOMEM;

    if (recent)
        rc = sac__random(recent->key, sizeof recent->key);
    if (rc == SAC_OK && pthread_mutex_init(&recent->lock, NULL) != 0)
        rc = SAC_ENOMEM;
    if (rc != SAC_OK) {
        sac__alloc_free(alloc, recent, sizeof *recent);
        return rc;
    }
    recent->alloc = alloc;
    *out = recent;
    return SAC_OK;
}

void sac__recent_free(sac__recent *recent)
{
    if (!recent)
        return;
    pthread_mutex_destroy(&recent->lock);
    OPENSSL_cleanse(recent->key, sizeof recent->key);
    sac__alloc_free(recent->alloc, recent, sizeof *recent);
}

/* User and length of the hash first: no two of them make one message. */
int sac__recent_digest(const sac__recent *recent, const sac__user *user, sac_str password,
                       uint8_t out[SAC__RECENT_DIGEST])
{
    uint8_t message[MESSAGE];
    size_t n = sizeof user->id.bytes + 8;
    unsigned size = 0;
    const uint8_t *mac;

    if (user->hash.n > SAC_PASSWORD_HASH || password.n > SAC_PASSWORD_MAX)
        return SAC_ENOMEM;
    memcpy(message, user->id.bytes, sizeof user->id.bytes);
    sac__wire_put64(message + sizeof user->id.bytes, user->hash.n);
    memcpy(message + n, user->hash.p, user->hash.n);
    n += user->hash.n;
    if (password.n > 0)
        memcpy(message + n, password.p, password.n);
    n += password.n;
    mac = HMAC(EVP_sha256(), recent->key, sizeof recent->key, message, n, out, &size);
    OPENSSL_cleanse(message, sizeof message);
    return mac ? SAC_OK : SAC_ENOMEM;
}

bool sac__recent_has(sac__recent *recent, const uint8_t digest[SAC__RECENT_DIGEST], uint64_t now)
{
    const entry *set = recent->entries[digest[0]];
    bool found = false;

    pthread_mutex_lock(&recent->lock);
    for (int i = 0; i < WAYS; i++)
        if (set[i].until > now && CRYPTO_memcmp(set[i].digest, digest, SAC__RECENT_DIGEST) == 0)
            found = true;
    pthread_mutex_unlock(&recent->lock);
    return found;
}

void sac__recent_add(sac__recent *recent, const uint8_t digest[SAC__RECENT_DIGEST], uint64_t now)
{
    entry *set = recent->entries[digest[0]];
    entry *oldest = set;

    pthread_mutex_lock(&recent->lock);
    for (int i = 1; i < WAYS; i++)
        if (set[i].until < oldest->until)
            oldest = &set[i];
    memcpy(oldest->digest, digest, SAC__RECENT_DIGEST);
    oldest->until = now + MINUTE;
    pthread_mutex_unlock(&recent->lock);
}

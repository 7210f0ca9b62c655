/* SPDX-License-Identifier: MIT */
#include "auth/password/password.h"

#include <crypt.h>
#include <errno.h>
#include <stdio.h>

#include <openssl/crypto.h>

#include "core/alloc.h"
#include "core/random.h"

enum {
    BCRYPT_HASH = 60,
    BCRYPT_SALT = 29, /* kind, cost and salt: the setting */
    MIN_COST = 4,
    MAX_COST = 31,
    SALT_BYTES = 16,
    MAX_YESCRYPT = CRYPT_MAX_PASSPHRASE_SIZE - 1
};

static const char kind[] = "$2b$";

/* What crypt(3) needs: its room, and the password with a NUL behind it. */
typedef struct work {
    struct crypt_data data;
    char phrase[SAC_PASSWORD_MAX + 1];
} work;

static bool begins(sac_str s, const char *with)
{
    const size_t n = strlen(with);

    return s.n >= n && memcmp(s.p, with, n) == 0;
}

static bool is_salt(char c)
{
    return (c >= '.' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static int cost_of(sac_str hash)
{
    return (hash.p[4] - '0') * 10 + (hash.p[5] - '0');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_bcrypt(sac_str hash)
{
    if (hash.n != BCRYPT_HASH ||
        !(begins(hash, "$2a$") || begins(hash, "$2b$") || begins(hash, "$2y$")))
        return false;
    if (!is_digit(hash.p[4]) || !is_digit(hash.p[5]) || hash.p[6] != '$' ||
        cost_of(hash) < MIN_COST || cost_of(hash) > MAX_COST)
        return false;
    for (size_t i = 7; i < hash.n; i++)
        if (!is_salt(hash.p[i]))
            return false;
    return true;
}

static bool is_yescrypt(sac_str hash)
{
    if (!begins(hash, "$y$") || hash.n >= SAC_PASSWORD_HASH)
        return false;
    for (size_t i = 3; i < hash.n; i++)
        if (hash.p[i] != '$' && !is_salt(hash.p[i]))
            return false;
    return true;
}

bool sac__password_taken(sac_str hash)
{
    return is_bcrypt(hash) || is_yescrypt(hash);
}

static bool has_nul(sac_str password)
{
    return password.n > 0 && memchr(password.p, '\0', password.n);
}

const char *sac__password_refused(sac_str password)
{
    if (password.n == 0)
        return "is empty";
    if (has_nul(password))
        return "has a NUL in it";
    return password.n > SAC_PASSWORD_BCRYPT ? "is longer than 72 bytes" : NULL;
}

/* The hash, in the work's own memory; NULL when crypt(3) does not take the setting. */
static const char *run(work *w, sac_str password, const char *setting)
{
    const char *made;

    if (password.n > 0)
        memcpy(w->phrase, password.p, password.n);
    w->phrase[password.n] = '\0';
    errno = 0;
    made = crypt_rn(w->phrase, setting, &w->data, sizeof w->data);
    return made && made[0] != '*' ? made : NULL;
}

static void finish(work *w)
{
    OPENSSL_cleanse(w, sizeof *w);
    sac__alloc_free(NULL, w, sizeof *w);
}

static int no_memory(sac_err *err)
{
    return sac_err_set(err, SAC_ENOMEM, "password: no memory");
}

static int make_setting(int cost, char out[CRYPT_GENSALT_OUTPUT_SIZE], sac_err *err)
{
    char salt[SALT_BYTES];

    if (sac__random(salt, sizeof salt) != SAC_OK ||
        !crypt_gensalt_rn(kind, (unsigned long)cost, salt, sizeof salt, out,
                          CRYPT_GENSALT_OUTPUT_SIZE))
        return sac_err_set(err, SAC_EIO, "password: no salt");
    return SAC_OK;
}

static int check_cost(int *cost, sac_err *err)
{
    if (*cost == 0)
        *cost = SAC_PASSWORD_COST;
    if (*cost < MIN_COST || *cost > MAX_COST)
        return sac_err_set(err, SAC_EINVAL, "password: a cost is 4 to 31");
    return SAC_OK;
}

int sac_password_hash(sac_str password, int cost, char out[SAC_PASSWORD_HASH], sac_err *err)
{
    const char *refused = sac__password_refused(password);
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    const char *made;
    work *w;
    int rc = check_cost(&cost, err);

    if (rc == SAC_OK && refused)
        rc = sac_err_set(err, password.n > SAC_PASSWORD_BCRYPT ? SAC_ETOOBIG : SAC_EINVAL,
                         "password: it %s", refused);
    if (rc == SAC_OK)
        rc = make_setting(cost, setting, err);
    if (rc != SAC_OK)
        return rc;
    w = sac__alloc_zero(NULL, sizeof *w);
    if (!w)
        return no_memory(err);
    made = run(w, password, setting);
    if (made && is_bcrypt(sac_str_of(made)))
        memcpy(out, made, BCRYPT_HASH + 1);
    else
        rc = sac_err_set(err, SAC_EIO, "password: the system's crypt(3) makes no %s", kind);
    finish(w);
    return rc;
}

int sac_password_verify(sac_str password, sac_str hash, sac_err *err)
{
    const size_t max = begins(hash, "$y$") ? MAX_YESCRYPT : SAC_PASSWORD_BCRYPT;
    const bool possible = password.n <= max && !has_nul(password);
    char setting[SAC_PASSWORD_HASH];
    const char *made;
    bool same;
    work *w;

    if (!sac__password_taken(hash))
        return sac_err_set(err, SAC_EINVAL, "password: a hash of a kind that is not taken");
    memcpy(setting, hash.p, hash.n);
    setting[hash.n] = '\0';
    w = sac__alloc_zero(NULL, sizeof *w);
    if (!w)
        return no_memory(err);
    /* One that cannot be right takes as long as one that is wrong. */
    made = run(w, possible ? password : sac_str_of("x"), setting);
    if (!made) {
        const bool memory = errno == ENOMEM;

        finish(w);
        return memory
                   ? no_memory(err)
                   : sac_err_set(err, SAC_EINVAL, "password: a hash that crypt(3) does not take");
    }
    same = strlen(made) == hash.n && CRYPTO_memcmp(made, hash.p, hash.n) == 0;
    finish(w);
    if (same && possible)
        return SAC_OK;
    return sac_err_set(err, SAC_EUNAUTHORIZED, "password: another one");
}

bool sac_password_is_weak(sac_str hash, int cost)
{
    if (!is_bcrypt(hash) || !begins(hash, kind))
        return true;
    return cost_of(hash) < (cost ? cost : SAC_PASSWORD_COST);
}

int sac__password_dummy(int cost, char out[SAC_PASSWORD_HASH], sac_err *err)
{
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];
    int rc = check_cost(&cost, err);

    if (rc == SAC_OK)
        rc = make_setting(cost, setting, err);
    if (rc == SAC_OK)
        snprintf(out, SAC_PASSWORD_HASH, "%.*s%031d", BCRYPT_SALT, setting, 0);
    return rc;
}

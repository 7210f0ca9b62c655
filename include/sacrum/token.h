/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_TOKEN_H
#define SACRUM_TOKEN_H

/**
 * Ways to sign in without a session: API tokens, HTTP Basic, and JSON Web
 * Tokens of somebody else's. Each is an authenticator (<sacrum/identity.h>).
 */
#include <sacrum/identity.h>

SAC_BEGIN

/* API tokens (RFC 6750): `Authorization: Bearer sac_…`. Only a digest of them is stored. */

/** All is optional; 0 stands for the default. What it points to must outlive the app. */
typedef struct sac_tokens {
    size_t size;            /**< sizeof this struct: SAC_TOKENS sets it. */
    const char *collection; /**< "tokens" */
    const char *path;       /**< Where users manage their own: GET lists them, POST {"name",
                                 "scopes", "expires"} makes one and shows it this once, DELETE of
                                 an item ends it. NULL: not served. */
    const char *const *scopes; /**< Those that there are; ends with NULL. NULL: any. */
    int64_t lifetime;       /**< Seconds, where `expires` is not given: 90 days. */
    int64_t max_lifetime;   /**< 1 year. */
    int64_t max_tokens;     /**< Of one user: 100. */
} sac_tokens;
#define SAC_TOKENS(...) { .size = sizeof(sac_tokens), __VA_ARGS__ }

/**
 * Take API tokens of accounts. After sac_app_accounts(). `tokens` NULL: all
 * defaults. Errors: as that. Threads: build phase.
 */
SAC_API int sac_app_tokens(sac_app *app, const sac_tokens *tokens, sac_err *err) SAC_MUST_USE;

enum { SAC_TOKEN_TEXT = 64 }; /**< Bytes of a token as text, with its NUL. */

/**
 * Make a token for an account. `scopes` ends with NULL, or is NULL: not
 * limited; `lifetime` 0: the default.
 * Errors: SAC_ENOTFOUND; SAC_EINVAL; what the store says. Threads: any, once sealed.
 */
SAC_API int sac_token_add(sac_app *app, sac_str account, const char *name,
                          const char *const *scopes, int64_t lifetime, char out[SAC_TOKEN_TEXT],
                          sac_err *err) SAC_MUST_USE;

/* HTTP Basic (RFC 7617), UTF-8. */

/**
 * Take names and passwords of accounts by HTTP Basic. After
 * sac_app_accounts(). One that was verified is remembered for a minute, by a
 * keyed digest. `realm` NULL: "api". Never a challenge that would open a
 * browser's own box, unless `challenge`.
 * Errors: SAC_EINVAL, SAC_EEXIST, SAC_ENOMEM, SAC_EIO. Threads: build phase.
 */
SAC_API int sac_app_basic(sac_app *app, const char *realm, bool challenge,
                          sac_err *err) SAC_MUST_USE;

/* JSON Web Tokens (RFC 7519, judged by RFC 8725). */

typedef enum sac_jwt_algorithm {
    SAC_JWT_HS256 = 1, /**< Key: a secret of 32 bytes or more. */
    SAC_JWT_RS256,     /**< Key: a public key in PEM, of 2,048 bits or more. */
    SAC_JWT_EDDSA      /**< Key: a public key in PEM, Ed25519. */
} sac_jwt_algorithm;

/** One key, for one algorithm: the token has no say in it. */
typedef struct sac_jwt_key {
    sac_jwt_algorithm algorithm;
    const char *id;  /**< `kid` of tokens that it is for; NULL: any. */
    sac_str key;
} sac_jwt_key;

/** What it points to is copied. */
typedef struct sac_jwt {
    size_t size;         /**< sizeof this struct: SAC_JWT sets it. */
    size_t key_size;     /**< sizeof a row of `keys`: set likewise. */
    const sac_jwt_key *keys; /**< Ends with {.algorithm = 0}. */
    const char *issuer;   /**< `iss` that must be; NULL: any. */
    const char *audience; /**< `aud` that must be (or be among); NULL: a token with one is refused. */
    const char *roles;    /**< Claim that holds the roles, an array or words; NULL: "roles". */
    const char *scopes;   /**< Claim that holds the scopes; NULL: "scope". */
    int64_t leeway;       /**< Seconds by which clocks may differ: 30; negative: none. */
    bool needs_no_expiry; /**< A token without `exp` is taken. */
    size_t max_size;      /**< Bytes of a token: 8 KiB. */
} sac_jwt;
#define SAC_JWT(...) { .size = sizeof(sac_jwt), .key_size = sizeof(sac_jwt_key), __VA_ARGS__ }

/** Keys and rules, read once. */
typedef struct sac_jwt_verifier sac_jwt_verifier;

/** Errors: SAC_EINVAL naming the key or member; SAC_ENOMEM. `alloc` NULL: malloc. Threads: any. */
SAC_API int sac_jwt_verifier_new(const sac_jwt *config, const sac_alloc *alloc,
                                 sac_jwt_verifier **out, sac_err *err) SAC_MUST_USE;
/** NULL is a no-op. */
SAC_API void sac_jwt_verifier_free(sac_jwt_verifier *verifier);
/**
 * Verify a token at a time in seconds since 1970. Its claims are a BSON
 * document in memory of `alloc` (NULL: malloc): free it with sac_alloc's resize
 * to 0 bytes, its size being that of the document.
 * Errors: SAC_EUNAUTHORIZED, saying why; SAC_ENOMEM. Threads: any.
 */
SAC_API int sac_jwt_verify(const sac_jwt_verifier *verifier, sac_str token, int64_t now,
                           sac_str *claims, const sac_alloc *alloc, sac_err *err) SAC_MUST_USE;

/**
 * Take JSON Web Tokens as `Authorization: Bearer`: `sub` is the user's id, a
 * string; the scopes limit it always, also when it has none.
 * Errors: as sac_jwt_verifier_new(); SAC_EEXIST for a second call. Threads:
 * build phase.
 */
SAC_API int sac_app_jwt(sac_app *app, const sac_jwt *jwt, sac_err *err) SAC_MUST_USE;

SAC_END

#endif

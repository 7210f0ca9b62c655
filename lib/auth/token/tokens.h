/* SPDX-License-Identifier: MIT */
#ifndef AUTH_TOKEN_TOKENS_H
#define AUTH_TOKEN_TOKENS_H

#include <sacrum/token.h>

#include "auth/account/account.h"
#include "auth/token/secret.h"

/*
 * The API tokens of an app. Stored: {_id: digest (binary), id: ObjectId that
 * clients see, user: ObjectId, name, scopes: [string] or absent, created: date,
 * expires: date}.
 */
typedef struct sac__tokens {
    sac__accounts *accounts;
    sac_tokens def;    /* defaults filled in */
    const char *path;  /* whole; NULL: not served */
    sac__schema *body; /* of a POST */
} sac__tokens;

enum { SAC__TOKEN_NAME = 100 /* code points */, SAC__TOKEN_SCOPES = 64 };

/* NULL: the app has none. Any time. */
sac__tokens *sac__tokens_of(const sac_app *app);

/* A token to store, and how long it is taken. */
typedef struct sac__token_new {
    sac_oid id, user;
    sac_str name;
    sac_value scopes;     /* an array; of type SAC_BSON_MISSING: it is not limited */
    int64_t now, expires; /* milliseconds since 1970 */
    uint8_t digest[SAC__SECRET_DIGEST];
} sac__token_new;
int sac__token_doc(const sac__token_new *made, const sac_alloc *alloc, sac_str *out) SAC_MUST_USE;

/* The `_id` of a digest, in memory of the caller. */
enum { SAC__TOKEN_ID = 4 + 1 + SAC__SECRET_DIGEST };
sac_value sac__token_id(const uint8_t digest[SAC__SECRET_DIGEST], char raw[SAC__TOKEN_ID]);

/* A scope's text as RFC 6749 has it, and one of those that there are. */
bool sac__token_scope(const sac__tokens *tokens, sac_str scope);

extern const sac_view_ops sac__token_list, sac__token_item;

#endif

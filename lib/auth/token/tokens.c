/* SPDX-License-Identifier: MIT */
#include "auth/token/tokens.h"

#include "app/identity/identity.h"
#include "auth/token/credentials.h"
#include "bson/wire.h"

#define DAY INT64_C(86400)

enum { MAX_TOKENS = 100, MAX_SCOPE = 64 };

static const char kept; /* its address */

sac__tokens *sac__tokens_of(const sac_app *app)
{
    return sac__app_kept(app, &kept);
}

sac_value sac__token_id(const uint8_t digest[SAC__SECRET_DIGEST], char raw[SAC__TOKEN_ID])
{
    sac__wire_put32(raw, SAC__SECRET_DIGEST);
    raw[4] = 0;
    memcpy(raw + 5, digest, SAC__SECRET_DIGEST);
    return (sac_value){.type = SAC_BSON_BINARY, .raw = {raw, SAC__TOKEN_ID}};
}

int sac__token_doc(const sac__token_new *made, const sac_alloc *alloc, sac_str *out)
{
    char raw[SAC__TOKEN_ID];
    sac_bson doc;

    sac_bson_init(&doc, alloc, 0);
    sac_bson_add_value(&doc, sac_str_of("_id"), sac__token_id(made->digest, raw));
    sac_bson_add_oid(&doc, "id", &made->id);
    sac_bson_add_oid(&doc, "user", &made->user);
    sac_bson_add_str(&doc, "name", made->name);
    sac_bson_add_value(&doc, sac_str_of("scopes"), made->scopes);
    sac_bson_add_date(&doc, "created", made->now);
    sac_bson_add_date(&doc, "expires", made->expires);
    return sac_bson_finish(&doc, out);
}

bool sac__token_scope(const sac__tokens *tokens, sac_str scope)
{
    const char *const *known = tokens->def.scopes;

    if (scope.n == 0 || scope.n > MAX_SCOPE)
        return false;
    for (size_t i = 0; i < scope.n; i++)
        if (scope.p[i] <= ' ' || scope.p[i] > '~' || scope.p[i] == '"' || scope.p[i] == '\\')
            return false;
    while (known && *known && !sac_str_is(scope, *known))
        known++;
    return !known || *known;
}

static int damaged(sac_req *req)
{
    return sac_fail(req, SAC_ECORRUPT, "tokens: a stored document is no token's");
}

/* The strings of a token's `scopes`. */
static int read_scopes(sac_req *req, sac_str doc, sac_identity *out)
{
    const sac_value scopes = sac_bson_get(doc, sac_str_of("scopes"));
    sac_bson_iter iter;
    sac_str array, *v;

    out->scoped = scopes.type != SAC_BSON_MISSING;
    if (!out->scoped)
        return SAC_OK;
    if (!sac_value_doc(&scopes, &array) || sac_bson_iter_init(&iter, array) != SAC_OK)
        return damaged(req);
    v = sac_req_alloc(req, SAC__TOKEN_SCOPES * sizeof *v);
    if (!v)
        return sac_fail(req, SAC_ENOMEM, "tokens: no memory");
    out->scopes = v;
    while (out->n_scopes < SAC__TOKEN_SCOPES && sac_bson_iter_next(&iter) == 1)
        if (!sac_value_str(&iter.value, &v[out->n_scopes++]))
            return damaged(req);
    return SAC_OK;
}

/* Whose token it is: SAC_EUNAUTHORIZED for one that is not taken any more. */
static int read_token(const sac__tokens *tokens, sac_req *req, sac_str doc, sac_identity *out)
{
    const sac_value expires = sac_bson_get(doc, sac_str_of("expires"));
    const sac_value owner = sac_bson_get(doc, sac_str_of("user"));
    sac__user user;
    int64_t until;
    sac_oid id;
    int rc;

    if (!sac_value_date(&expires, &until) || !sac_value_oid(&owner, &id))
        return damaged(req);
    if (until <= sac_req_now(req))
        return SAC_EUNAUTHORIZED;
    rc = sac__user_by_id(tokens->accounts, req, &id, &user);
    if (rc == SAC_ENOTFOUND || (rc == SAC_OK && user.disabled))
        return SAC_EUNAUTHORIZED;
    if (rc == SAC_OK)
        rc = sac__user_identity(tokens->accounts, req, &user, out);
    return rc == SAC_OK ? read_scopes(req, doc, out) : rc;
}

static int identify(void *self, sac_req *req, sac_identity *out)
{
    const sac__tokens *tokens = self;
    uint8_t digest[SAC__SECRET_DIGEST];
    char raw[SAC__TOKEN_ID];
    sac_str text, doc;
    int rc = sac__credentials(req, "Bearer", &text);

    if (rc != 1)
        return rc;
    if (!sac__secret_begins(text))
        return 0;
    if (!sac__secret_valid(text))
        return SAC_EUNAUTHORIZED;
    if (sac__secret_digest(text, digest) != SAC_OK)
        return sac_fail(req, SAC_ENOMEM, "tokens: no memory");
    rc = sac_req_find_one(req, tokens->def.collection, sac__token_id(digest, raw), &doc);
    if (rc == SAC_ENOTFOUND)
        return SAC_EUNAUTHORIZED;
    if (rc == SAC_OK)
        rc = read_token(tokens, req, doc, out);
    return rc == SAC_OK ? 1 : rc;
}

static const sac_authenticator_ops token_ops = SAC_AUTHENTICATOR_OPS(.name = "token",
                                                                     .flags = SAC_INLINE,
                                                                     .identify = identify,
                                                                     .challenge = "Bearer");

static int seal(void *self, sac_app *app, sac_err *err)
{
    static const sac_index indexes[] = {
        {.keys = "user", .name = "user_1"},
        {.keys = "expires", .name = "expires_1", .expires = SAC_EXPIRES_THEN}};
    const sac__tokens *tokens = self;
    sac_err why = {.code = 0};

    /* Where finding out who asks waits, the accounts have said so. */
    for (size_t i = 0; i < sizeof indexes / sizeof *indexes; i++) {
        const int rc = sac_store_make_index(sac_app_store(app), tokens->def.collection, &indexes[i],
                                            &why);

        /* A store that cannot be reached makes it when it can. */
        if (rc != SAC_OK && rc != SAC_EUNAVAILABLE)
            return sac_err_set(err, rc, "tokens: index %s: %s", indexes[i].name, why.text);
    }
    return SAC_OK;
}

static int read_config(const sac_tokens *given, sac_tokens *out, sac_err *err)
{
    const int rc = given ? sac__app_check_size(given->size, sizeof *given, "sac_tokens", err)
                         : SAC_OK;

    if (rc != SAC_OK)
        return rc;
    memset(out, 0, sizeof *out);
    if (given)
        memcpy(out, given, given->size);
    out->collection = out->collection ? out->collection : "tokens";
    out->max_lifetime = out->max_lifetime ? out->max_lifetime : 365 * DAY;
    out->max_tokens = out->max_tokens ? out->max_tokens : MAX_TOKENS;
    if (out->lifetime == 0)
        out->lifetime = out->max_lifetime < 90 * DAY ? out->max_lifetime : 90 * DAY;
    if (out->max_lifetime < 0 || out->max_lifetime > 36500 * DAY)
        return sac_err_set(err, SAC_EINVAL, "tokens: max_lifetime is not up to 100 years");
    if (out->lifetime < 0 || out->lifetime > out->max_lifetime)
        return sac_err_set(err, SAC_EINVAL, "tokens: lifetime is above max_lifetime");
    if (out->max_tokens < 0)
        return sac_err_set(err, SAC_EINVAL, "tokens: max_tokens is below 0");
    return SAC_OK;
}

static int make_body(sac_app *app, sac__tokens *tokens, sac_err *err)
{
    const sac_field scope = {.name = "scope",
                             .type = SAC_STRING,
                             .pattern = "\\A[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,64}\\z",
                             .one_of = tokens->def.scopes};
    const sac_field fields[] = {{.name = "name",
                                 .type = SAC_STRING,
                                 .required = true,
                                 .min_length = 1,
                                 .max_length = SAC__TOKEN_NAME},
                                {.name = "scopes",
                                 .type = SAC_ARRAY,
                                 .items = &scope,
                                 .min_length = 1,
                                 .max_length = SAC__TOKEN_SCOPES},
                                {.name = "expires", .type = SAC_DATE},
                                {.name = NULL}};
    const sac__schema_config config = {
        .fields = fields, .field_size = sizeof *fields, .bare = true};
    sac_err why = {.code = 0};
    const int rc = sac__schema_new(&config, sac__app_config(app)->alloc, &tokens->body, &why);

    return rc ? sac_err_set(err, rc, "tokens: %s", why.text) : SAC_OK;
}

static void free_tokens(void *self)
{
    sac__tokens *tokens = self;

    sac__schema_free(tokens->body);
}

/* The views: the collection at the path, one token beneath it. */
static int mount(sac_app *app, sac__tokens *tokens, sac_err *err)
{
    const char *path = tokens->def.path;
    char item[512];
    int rc;

    if (!path)
        return SAC_OK;
    if (strlen(path) + sizeof "/{id:objectid}" > sizeof item)
        return sac_err_set(err, SAC_EINVAL, "tokens: path is too long");
    (void)stpcpy(stpcpy(item, path), "/{id:objectid}");
    tokens->path = sac__app_path(app, path);
    if (!tokens->path)
        return sac_err_set(err, SAC_ENOMEM, "tokens: no memory");
    rc = sac__app_mount(app, path, &sac__token_list, tokens, 0, err);
    if (rc == SAC_OK)
        rc = sac__app_mount(app, item, &sac__token_item, tokens, 0, err);
    return rc ? rc : sac__app_fence(app, path, err);
}

static int join(sac_app *app, sac__tokens *tokens, sac_err *err)
{
    int rc = mount(app, tokens, err);

    if (rc == SAC_OK)
        rc = sac__app_at_seal(app, seal, tokens, err);
    if (rc == SAC_OK)
        rc = sac_app_authenticator(app, &token_ops, tokens, err);
    if (rc == SAC_OK && sac__app_keep(app, &kept, tokens) != SAC_OK)
        rc = sac_err_set(err, SAC_ENOMEM, "tokens: no memory");
    if (rc != SAC_OK)
        sac__app_unmount(app, tokens);
    return rc;
}

int sac_app_tokens(sac_app *app, const sac_tokens *given, sac_err *err)
{
    sac__tokens *tokens;
    sac_tokens def;
    int rc = sac__app_building(app, "tokens", err);

    if (rc == SAC_OK)
        rc = read_config(given, &def, err);
    if (rc != SAC_OK)
        return rc;
    if (sac__tokens_of(app))
        return sac_err_set(err, SAC_EEXIST, "tokens: the app has them");
    if (!sac__accounts_of(app))
        return sac_err_set(err, SAC_EINVAL, "tokens: sac_app_accounts() comes before");
    tokens = sac__app_get(app, sizeof *tokens);
    if (!tokens)
        return sac_err_set(err, SAC_ENOMEM, "tokens: no memory");
    *tokens = (sac__tokens){.accounts = sac__accounts_of(app), .def = def};
    rc = make_body(app, tokens, err);
    if (rc != SAC_OK)
        return rc;
    if (sac__app_at_free(app, free_tokens, tokens) != SAC_OK) {
        free_tokens(tokens);
        return sac_err_set(err, SAC_ENOMEM, "tokens: no memory");
    }
    return join(app, tokens, err);
}

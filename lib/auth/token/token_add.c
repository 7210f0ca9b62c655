/* SPDX-License-Identifier: MIT */
#include "auth/token/tokens.h"

#include "core/alloc.h"
#include "core/clock.h"
#include "core/utf8.h"

/* What a host program does: the user, then the token. */

enum { MAX_NAME = 400 /* bytes */ };

static int failed(sac_err *err, int rc)
{
    return sac_err_set(err, rc, "token: %s", sac_err_text(rc));
}

typedef struct found {
    const sac__accounts *accounts;
    sac_oid id;
    bool any;
} found;

static int take_user(void *self, const sac_view *view)
{
    found *f = self;
    sac__user user;
    const int rc = sac__user_read(f->accounts, view->doc, &user);

    f->id = user.id;
    f->any = true;
    return rc == SAC_OK ? 1 : rc;
}

static int find_user(const sac__tokens *tokens, sac_store *store, sac_str name,
                     const sac_alloc *alloc, sac_oid *out, sac_err *err)
{
    found f = {.accounts = tokens->accounts};
    const sac_sink sink = {.doc = take_user, .self = &f};
    sac_query query = SAC_QUERY(.collection = tokens->accounts->def.collection, .limit = 1);
    sac_cursor *cursor = NULL;
    int rc = sac__user_filter(tokens->accounts, name, alloc, &query.filter);

    if (rc != SAC_OK)
        return failed(err, rc == SAC_ETOOBIG ? SAC_ENOTFOUND : rc);
    rc = sac_store_find(store, &query, alloc, &cursor, err);
    if (rc != SAC_OK)
        return rc;
    rc = sac_cursor_pull(cursor, &sink, err);
    sac_cursor_close(cursor);
    if (rc < 0)
        return rc;
    *out = f.id;
    return f.any ? SAC_OK : sac_err_set(err, SAC_ENOTFOUND, "token: there is no such account");
}

static int check(const sac__tokens *tokens, const char *name, int64_t lifetime, sac_err *err)
{
    const size_t n = name ? strlen(name) : 0;

    if (n == 0 || n > MAX_NAME || !sac__utf8_valid(sac_str_of(name)))
        return sac_err_set(err, SAC_EINVAL, "token: a name is text of 1 to 400 bytes");
    if (lifetime < 0 || lifetime > tokens->def.max_lifetime)
        return sac_err_set(err, SAC_EINVAL, "token: lifetime is above max_lifetime");
    return SAC_OK;
}

/* The list as an array, under its name, in a document. */
static int add_scopes(const sac__tokens *tokens, const char *const *scopes, sac_bson *doc,
                      sac__token_new *made, sac_err *err)
{
    size_t n = 0;
    sac_str out;

    sac_bson_begin_array(doc, sac_str_of("scopes"));
    for (; scopes[n]; n++) {
        if (n == SAC__TOKEN_SCOPES || !sac__token_scope(tokens, sac_str_of(scopes[n])))
            return sac_err_set(err, SAC_EINVAL, "token: %.60s cannot be a scope of it", scopes[n]);
        sac_bson_add_str(doc, "", sac_str_of(scopes[n]));
    }
    sac_bson_end(doc);
    if (sac_bson_finish(doc, &out) != SAC_OK)
        return failed(err, SAC_ENOMEM);
    made->scopes = sac_bson_get(out, sac_str_of("scopes"));
    return SAC_OK;
}

static int insert(const sac__tokens *tokens, sac_store *store, sac__token_new *made,
                  const sac_alloc *alloc, char text[SAC_TOKEN_TEXT], sac_err *err)
{
    sac_str doc;
    int rc = sac__secret_make(text);

    if (rc == SAC_OK)
        rc = sac__secret_digest(sac_str_of(text), made->digest);
    if (rc == SAC_OK)
        rc = sac__token_doc(made, alloc, &doc);
    if (rc != SAC_OK)
        return failed(err, rc);
    return sac_store_insert(store, tokens->def.collection, doc, err);
}

int sac_token_add(sac_app *app, sac_str account, const char *name, const char *const *scopes,
                  int64_t lifetime, char out[SAC_TOKEN_TEXT], sac_err *err)
{
    sac__tokens *tokens = sac__tokens_of(app);
    sac_store *store = sac_app_store(app);
    sac__token_new made = {.name = sac_str_of(name), .now = sac__clock_ms()};
    sac__arena_cache *cache = NULL;
    sac__arena *arena = NULL;
    char text[SAC_TOKEN_TEXT];
    sac_bson doc;
    int rc;

    if (!tokens || !store)
        return sac_err_set(err, SAC_EINVAL, "token: %s",
                           tokens ? "the app is not sealed" : "the app takes none");
    rc = check(tokens, name, lifetime, err);
    if (rc != SAC_OK)
        return rc;
    made.expires = made.now + (lifetime ? lifetime : tokens->def.lifetime) * 1000;
    if (sac__arena_cache_new(sac__app_config(app)->alloc, 4096, 0, &cache) == SAC_OK)
        arena = sac__arena_open(cache, (size_t)64 << 20);
    if (!arena) {
        sac__arena_cache_free(cache);
        return failed(err, SAC_ENOMEM);
    }
    sac_bson_init(&doc, sac__arena_alloc(arena), 0);
    rc = find_user(tokens, store, account, sac__arena_alloc(arena), &made.user, err);
    if (rc == SAC_OK && scopes)
        rc = add_scopes(tokens, scopes, &doc, &made, err);
    if (rc == SAC_OK) {
        sac_oid_next(&tokens->accounts->oids, &made.id);
        rc = insert(tokens, store, &made, sac__arena_alloc(arena), text, err);
    }
    if (rc == SAC_OK)
        memcpy(out, text, sizeof text);
    sac__arena_close(arena);
    sac__arena_cache_free(cache);
    return rc;
}

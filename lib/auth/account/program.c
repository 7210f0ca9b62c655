/* SPDX-License-Identifier: MIT */
#include "auth/account/account.h"

#include <openssl/crypto.h>

/* What a host program does to accounts. Memory of the call alone. */
typedef struct call {
    const sac__accounts *accounts;
    sac_store *store;
    sac__arena_cache *cache;
    sac__arena *arena;
    sac_err *err;
} call;

enum { BLOCK = 4096, MAX_MEMORY = 64 << 20 };

static void finish(call *c)
{
    sac__arena_close(c->arena);
    sac__arena_cache_free(c->cache);
}

static int begin(call *c, sac_app *app, sac_err *err)
{
    *c = (call){.accounts = sac__accounts_of(app), .store = sac_app_store(app), .err = err};
    if (!c->accounts || !c->store)
        return sac_err_set(err, SAC_EINVAL, "accounts: %s",
                           c->accounts ? "the app is not sealed" : "the app has none");
    if (sac__arena_cache_new(sac__app_config(app)->alloc, BLOCK, 0, &c->cache) != SAC_OK ||
        !(c->arena = sac__arena_open(c->cache, MAX_MEMORY))) {
        finish(c);
        return sac_err_set(err, SAC_ENOMEM, "accounts: no memory");
    }
    return SAC_OK;
}

static int failed(const call *c, int rc)
{
    return sac_err_set(c->err, rc, "accounts: %s", sac_err_text(rc));
}

static int check_name(const call *c, sac_str name)
{
    const char *bad = sac__account_bad_name(c->accounts, name);

    return bad ? sac_err_set(c->err, SAC_EINVAL, "accounts: the name %s", bad) : SAC_OK;
}

static int insert(const call *c, const sac__user_new *made)
{
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = c->accounts->def.collection,
                                .n_docs = 1);
    sac_err why = {.code = 0};
    sac_str doc;
    int rc = sac__user_make(c->accounts, made, sac__arena_alloc(c->arena), &doc);

    if (rc != SAC_OK)
        return failed(c, rc);
    write.docs = &doc;
    rc = sac_store_write(c->store, &write, &why);
    if (rc == SAC_EEXIST)
        return sac_err_set(c->err, rc, "accounts: the name is taken");
    return rc ? sac_err_set(c->err, rc, "accounts: %s", why.text) : SAC_OK;
}

typedef struct copy {
    sac__arena *arena;
    sac_str doc;
} copy;

static int copy_doc(void *self, const sac_view *view)
{
    copy *to = self;

    to->doc = sac__arena_dup(to->arena, view->doc);
    return to->doc.p ? 1 : SAC_ENOMEM;
}

static int find(call *c, sac_str name, sac__user *out)
{
    sac_query query = SAC_QUERY(.collection = c->accounts->def.collection, .limit = 1);
    copy to = {.arena = c->arena};
    const sac_sink sink = {.doc = copy_doc, .self = &to};
    sac_cursor *cursor = NULL;
    int rc = sac__user_filter(c->accounts, name, sac__arena_alloc(c->arena), &query.filter);

    if (rc != SAC_OK)
        return rc == SAC_ETOOBIG ? failed(c, SAC_ENOTFOUND) : failed(c, rc);
    rc = sac_store_find(c->store, &query, sac__arena_alloc(c->arena), &cursor, c->err);
    if (rc != SAC_OK)
        return rc;
    rc = sac_cursor_pull(cursor, &sink, c->err);
    sac_cursor_close(cursor);
    if (rc < 0)
        return rc;
    if (!to.doc.p)
        return sac_err_set(c->err, SAC_ENOTFOUND, "accounts: there is no such user");
    rc = sac__user_read(c->accounts, to.doc, out);
    return rc ? failed(c, rc) : SAC_OK;
}

static int change(call *c, sac_str name, sac__user_change *to)
{
    sac__user user = {.doc = {NULL, 0}};
    int rc = find(c, name, &user);

    if (rc == SAC_OK) {
        sac_write write = SAC_WRITE(.kind = SAC_WRITE_DECIDE,
                                    .collection = c->accounts->def.collection,
                                    .id = sac_bson_get(user.doc, sac_str_of("_id")),
                                    .decide = sac__user_decide, .self = to);

        to->accounts = c->accounts;
        to->alloc = sac__arena_alloc(c->arena);
        rc = sac_store_write(c->store, &write, c->err);
    }
    return rc;
}

int sac_account_add(sac_app *app, sac_str name, sac_str password, const char *const *roles,
                    sac_oid *id, sac_err *err)
{
    sac__user_new made = {.name = name, .roles = roles};
    char hash[SAC_PASSWORD_HASH];
    sac_oid_source oids;
    call c;
    int rc = begin(&c, app, err);

    if (rc != SAC_OK)
        return rc;
    rc = check_name(&c, name);
    if (rc == SAC_OK)
        rc = sac_password_hash(password, c.accounts->def.cost, hash, err);
    if (rc == SAC_OK && (rc = sac_oid_source_init(&oids)) != SAC_OK)
        rc = failed(&c, rc);
    if (rc == SAC_OK) {
        made.hash = sac_str_of(hash);
        sac_oid_next(&oids, &made.id);
        rc = insert(&c, &made);
    }
    finish(&c);
    if (rc == SAC_OK && id)
        *id = made.id;
    return rc;
}

int sac_account_set_password(sac_app *app, sac_str name, sac_str password, sac_err *err)
{
    sac__user_change to = {.disabled = -1, .raise = true};
    char hash[SAC_PASSWORD_HASH];
    call c;
    int rc = begin(&c, app, err);

    if (rc != SAC_OK)
        return rc;
    rc = sac_password_hash(password, c.accounts->def.cost, hash, err);
    if (rc == SAC_OK) {
        to.hash = sac_str_of(hash);
        rc = change(&c, name, &to);
    }
    finish(&c);
    return rc;
}

int sac_account_disable(sac_app *app, sac_str name, bool disabled, sac_err *err)
{
    sac__user_change to = {.disabled = disabled, .raise = disabled};
    call c;
    int rc = begin(&c, app, err);

    if (rc != SAC_OK)
        return rc;
    rc = change(&c, name, &to);
    finish(&c);
    return rc;
}

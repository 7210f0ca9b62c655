/* SPDX-License-Identifier: MIT */
#include "auth/token/tokens.h"

#include "app/identity/identity.h"

static int no_memory(sac_req *req)
{
    return sac_fail(req, SAC_ENOMEM, "tokens: no memory");
}

/*
 * Whose tokens they are: a user's who signed in. What a token is limited to it
 * is not going to widen.
 */
static int find_owner(sac_req *req, sac_oid *out)
{
    const sac_identity *identity = sac_req_identity(req);

    if (!identity)
        return sac__req_refuse_stranger(req);
    if (identity->scoped || !sac_value_oid(&identity->id, out))
        return sac_problem(req, "forbidden", "a token that is limited does not manage tokens");
    return SAC_OK;
}

/* What a client sees of a stored token. */
static void add_shown(sac_bson *out, sac_str doc)
{
    static const char *const members[] = {"name", "scopes", "created", "expires"};

    sac_bson_add_value(out, sac_str_of("_id"), sac_bson_get(doc, sac_str_of("id")));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        sac_bson_add_value(out, sac_str_of(members[i]), sac_bson_get(doc, sac_str_of(members[i])));
}

typedef struct listing {
    const sac_alloc *alloc;
    bool more;
} listing;

static int list_head(void *self, sac_out *out)
{
    (void)self;
    sac_out_text(out, "[");
    return SAC_OK;
}

static int list_row(void *self, const sac_view *view, sac_out *out)
{
    listing *l = self;
    sac_bson doc;
    sac_str shown;
    int rc;

    sac_bson_init(&doc, l->alloc, 0);
    add_shown(&doc, view->doc);
    rc = sac_bson_finish(&doc, &shown);
    if (rc != SAC_OK)
        return rc;
    sac_out_text(out, l->more ? "," : "");
    sac_out_json(out, shown);
    l->more = true;
    sac_bson_fini(&doc);
    return SAC_OK;
}

static int list_tail(void *self, sac_out *out)
{
    (void)self;
    sac_out_text(out, "]");
    return SAC_OK;
}

static const sac_rows_ops list_rows = SAC_ROWS_OPS(.head = list_head, .row = list_row,
                                                   .tail = list_tail, .flags = SAC_INLINE);

/* The living tokens of a user, as a filter. */
static int filter_of(sac_req *req, const sac_oid *user, sac_str *out)
{
    sac_bson doc;

    sac_bson_init(&doc, sac_req_allocator(req), 0);
    sac_bson_add_oid(&doc, "user", user);
    sac_bson_begin_doc(&doc, sac_str_of("expires"));
    sac_bson_add_date(&doc, "$gt", sac_req_now(req));
    sac_bson_end(&doc);
    return sac_bson_finish(&doc, out) == SAC_OK ? SAC_OK : no_memory(req);
}

static int list_get(void *self, sac_req *req)
{
    const sac__tokens *tokens = self;
    sac_query query = SAC_QUERY(.collection = tokens->def.collection);
    listing *l = sac_req_alloc(req, sizeof *l);
    sac_oid user;
    int rc = l ? find_owner(req, &user) : no_memory(req);

    if (rc == SAC_OK)
        rc = filter_of(req, &user, &query.filter);
    if (rc != SAC_OK)
        return rc;
    *l = (listing){.alloc = sac_req_allocator(req)};
    return sac_reply_rows(req, 200, "application/json", &query, &list_rows, l);
}

/* When it ends: 0, or the problem is set. */
static int read_expiry(const sac__tokens *tokens, sac_req *req, sac_str body, int64_t *out)
{
    const sac_value given = sac_bson_get(body, sac_str_of("expires"));
    const int64_t now = sac_req_now(req);

    if (!sac_value_date(&given, out))
        *out = now + tokens->def.lifetime * 1000;
    if (*out <= now)
        return sac_fail_field(req, "expires", "is over already");
    if (*out > now + tokens->def.max_lifetime * 1000)
        return sac_fail_field(req, "expires", "is more than %lld days away",
                              (long long)(tokens->def.max_lifetime / 86400));
    return SAC_OK;
}

/* 409 where a user has more than `most`. */
static int check_count(const sac__tokens *tokens, sac_req *req, const sac_oid *user, int64_t most)
{
    char hex[24];
    int64_t n = 0;
    sac_str filter;
    int rc;

    sac_oid_hex(user, hex);
    filter = sac_req_printf(req, "{\"user\": {\"$oid\": \"%.24s\"}}", hex);
    rc = filter.p ? sac_req_count(req, tokens->def.collection, filter.p, &n) : no_memory(req);
    if (rc == SAC_OK && n > most)
        rc = sac_problem(req, "conflict", "no more than %lld tokens: remove one first",
                         (long long)tokens->def.max_tokens);
    return rc;
}

/* Shows the token, this once. */
static int reply_made(const sac__tokens *tokens, sac_req *req, const sac__token_new *made,
                      sac_str doc, const char *text)
{
    sac_str shown, location;
    char hex[24];
    sac_bson out;
    int rc;

    sac_oid_hex(&made->id, hex);
    location = sac_req_printf(req, "%.*s%s/%.24s", (int)sac__req_head(req)->prefix.n,
                              sac__req_head(req)->prefix.p ? sac__req_head(req)->prefix.p : "",
                              tokens->path, hex);
    sac_bson_init(&out, sac_req_allocator(req), 0);
    add_shown(&out, doc);
    sac_bson_add_str(&out, "token", sac_str_of(text));
    if (!location.p || sac_bson_finish(&out, &shown) != SAC_OK)
        return no_memory(req);
    rc = sac_reply_header(req, "Location", location);
    if (rc == SAC_OK)
        rc = sac_reply_header(req, "Cache-Control", sac_str_of("no-store"));
    return rc == SAC_OK ? sac_reply_bson(req, 201, shown) : no_memory(req);
}

/* Counts anew once it is there: of those that come at the same time none is one too many. */
static int insert(const sac__tokens *tokens, sac_req *req, const sac__token_new *made, sac_str doc)
{
    char raw[SAC__TOKEN_ID];
    int rc = sac_req_insert(req, tokens->def.collection, doc, NULL);

    if (rc != SAC_OK)
        return rc;
    rc = check_count(tokens, req, &made->user, tokens->def.max_tokens);
    if (rc != SAC_OK &&
        sac_req_remove(req, tokens->def.collection, sac__token_id(made->digest, raw)) != SAC_OK)
        sac_req_log(req, SAC_LOG_WARN, "a token that is one too many stays: nobody has it");
    return rc;
}

static int make_token(const sac__tokens *tokens, sac_req *req, sac__token_new *made)
{
    char text[SAC_TOKEN_TEXT];
    sac_str doc;
    int rc = sac__secret_make(text);

    if (rc == SAC_OK)
        rc = sac__secret_digest(sac_str_of(text), made->digest);
    if (rc != SAC_OK)
        return sac_fail(req, rc, "tokens: %s", sac_err_text(rc));
    sac__arena_wipe(sac__req_arena(req));
    sac_req_oid(req, &made->id);
    made->now = sac_req_now(req);
    if (sac__token_doc(made, sac_req_allocator(req), &doc) != SAC_OK)
        return no_memory(req);
    rc = insert(tokens, req, made, doc);
    return rc == SAC_OK ? reply_made(tokens, req, made, doc, text) : rc;
}

static int list_post(void *self, sac_req *req)
{
    const sac__tokens *tokens = self;
    sac__token_new made = {.now = 0};
    sac_str body;
    int rc = find_owner(req, &made.user);

    if (rc == SAC_OK)
        rc = sac__account_read(tokens->accounts, req, tokens->body, &body);
    if (rc == SAC_EVALIDATION)
        return sac__req_invalid(req);
    if (rc == SAC_OK)
        rc = read_expiry(tokens, req, body, &made.expires);
    if (rc == SAC_OK)
        rc = check_count(tokens, req, &made.user, tokens->def.max_tokens - 1);
    if (rc != SAC_OK)
        return rc;
    made.name = sac_bson_get_str(body, "name");
    made.scopes = sac_bson_get(body, sac_str_of("scopes"));
    return make_token(tokens, req, &made);
}

static int not_there(sac_req *req, int rc)
{
    return rc == SAC_ENOTFOUND ? sac_fail(req, rc, "there is no such token") : rc;
}

/* By its digest, which is its `_id`: by a query it would need transactions. */
static int item_del(void *self, sac_req *req)
{
    const sac__tokens *tokens = self;
    sac_query query = SAC_QUERY(.collection = tokens->def.collection);
    sac_oid user, id;
    sac_bson filter;
    sac_str doc;
    int rc = find_owner(req, &user);

    if (rc != SAC_OK)
        return rc;
    if (!sac_req_param_oid(req, "id", &id))
        return not_there(req, SAC_ENOTFOUND);
    sac_bson_init(&filter, sac_req_allocator(req), 0);
    sac_bson_add_oid(&filter, "user", &user);
    sac_bson_add_oid(&filter, "id", &id);
    if (sac_bson_finish(&filter, &query.filter) != SAC_OK)
        return no_memory(req);
    rc = sac_req_find_first(req, &query, &doc);
    if (rc == SAC_OK)
        rc = sac_req_remove(req, tokens->def.collection, sac_bson_get(doc, sac_str_of("_id")));
    return rc == SAC_OK ? sac_reply_json(req, 200, sac_str_of("{}")) : not_there(req, rc);
}

static const sac_decorator members_only[] = {SAC_LOGIN_REQUIRED, {.fn = NULL}};

const sac_view_ops sac__token_list = SAC_VIEW_OPS(.name = "tokens", .decorators = members_only,
                                                  .get = list_get, .post = list_post);
const sac_view_ops sac__token_item = SAC_VIEW_OPS(.name = "token", .decorators = members_only,
                                                  .del = item_del);

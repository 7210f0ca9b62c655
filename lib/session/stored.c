/* SPDX-License-Identifier: MIT */
#include "session/state.h"

#include <openssl/evp.h>

#include "app/identity/identity.h"
#include "bson/wire.h"
#include "core/base64url.h"
#include "core/random.h"

/*
 * A session's document: {_id: SHA-256 of the id in the cookie, data, created,
 * expires} and, to be found by, `user`: a copy of data's `_user_id`.
 */
enum { SECOND = 1000, RAW_DIGEST = 5 + SAC__SESSION_DIGEST };

static const sac_index indexes[] = {{.keys = "expires", .expires = SAC_EXPIRES_THEN},
                                    {.keys = "user", .sparse = true},
                                    {.keys = NULL}};

int sac__stored_seal(sac__sessions *sessions, sac_app *app, sac_err *err)
{
    const char *collection = sessions->config.collection;
    sac_store *store = sac_app_store(app);
    sac_err why = {.code = 0};
    int rc = SAC_OK;

    if (!store)
        return sac_err_set(err, SAC_EINVAL,
                           "sessions: the app has no store to keep them in: set "
                           "sac_app_config.database");
    for (const sac_index *index = indexes; index->keys && rc == SAC_OK; index++) {
        rc = sac_store_make_index(store, collection, index, &why);
        /* A store without indexes leaves the old ones; one that is away makes them when it is back. */
        if (rc == SAC_ENOSYS || rc == SAC_EUNAVAILABLE)
            rc = SAC_OK;
    }
    if (rc != SAC_OK)
        return sac_err_set(err, rc, "sessions: index in %s: %s", collection, why.text);
    sessions->store = store;
    if (!sac__app_reads_inline(app))
        sac__app_identity_waits(app);
    return SAC_OK;
}

static int64_t now_of(const sac_req *req)
{
    return sac_req_now(req) / SECOND;
}

static bool is_permanent(sac_str data)
{
    return sac_bson_get_bool(data, "_permanent", false);
}

static int64_t idle_of(const sac_sessions *config, sac_str data)
{
    enum { DAY = 86400 };

    if (config->idle)
        return config->idle;
    return is_permanent(data) ? config->lifetime : DAY;
}

/* When a session of this content that began then ends, if nobody uses it from now on. */
static int64_t end_of(const sac_sessions *config, sac_str data, int64_t begun, int64_t now)
{
    const int64_t last = begun + config->absolute, idle = now + idle_of(config, data);

    return idle < last ? idle : last;
}

static bool get_date(sac_str doc, const char *key, int64_t *seconds)
{
    const sac_value value = sac_bson_get(doc, sac_str_of(key));
    int64_t ms;

    if (!sac_value_date(&value, &ms))
        return false;
    *seconds = ms / SECOND;
    return true;
}

/* What is stored, in place. False: it is over, or no session. */
static bool read_stored(const sac_sessions *config, sac_str doc, int64_t now, sac__session *out)
{
    const sac_value data = sac_bson_get(doc, sac_str_of("data"));

    if (data.type != SAC_BSON_DOCUMENT || !get_date(doc, "created", &out->begun) ||
        !get_date(doc, "expires", &out->expires))
        return false;
    out->doc = data.raw;
    return out->expires > now && out->begun + config->absolute > now;
}

static bool digest_id(const uint8_t id[SAC__SESSION_ID], uint8_t raw[RAW_DIGEST])
{
    unsigned n = 0;

    sac__wire_put32(raw, SAC__SESSION_DIGEST);
    raw[4] = 0;
    return EVP_Digest(id, SAC__SESSION_ID, raw + 5, &n, EVP_sha256(), NULL) == 1;
}

/* The `_id` of a session's id, in memory of the request. */
static int value_of_id(sac_req *req, const uint8_t id[SAC__SESSION_ID], sac_value *out)
{
    uint8_t *raw = sac_req_alloc(req, RAW_DIGEST);

    if (!raw)
        return SAC_ENOMEM;
    if (!digest_id(id, raw))
        return SAC_EIO;
    *out = (sac_value){SAC_BSON_BINARY, sac_str_n(raw, RAW_DIGEST)};
    return SAC_OK;
}

typedef struct copying {
    sac__session *session;
    sac_req *req;
} copying;

static int copy_stored(void *self, const sac_view *view)
{
    const copying *to = self;
    sac__session *s = to->session;
    sac__session got = {.of = s->of};

    if (!read_stored(&s->of->config, view->doc, now_of(to->req), &got))
        return SAC_OK;
    got.doc = sac_req_dup(to->req, got.doc);
    if (!got.doc.p)
        return SAC_ENOMEM;
    s->doc = got.doc;
    s->begun = got.begun;
    s->expires = got.expires;
    s->found = true;
    return SAC_OK;
}

int sac__stored_read(sac__session *session, sac_req *req, sac_str cookie)
{
    copying to = {.session = session, .req = req};
    const sac_sink sink = {.doc = copy_stored, .self = &to};
    uint8_t id[SAC__SESSION_ID + 4];
    size_t n = 0;
    int rc;

    if (cookie.n != SAC__BASE64URL_SIZE(SAC__SESSION_ID) || !sac__base64url_parse(cookie, id, &n) ||
        n != SAC__SESSION_ID)
        return SAC_EFORBIDDEN;
    session->value = cookie;
    rc = value_of_id(req, id, &session->id);
    if (rc == SAC_OK)
        rc = sac_store_get(session->of->store, session->of->config.collection, session->id, &sink,
                           NULL);
    return rc == SAC_ENOTFOUND ? SAC_EFORBIDDEN : rc;
}

/* What the end of a request does to its session. */
typedef struct writing {
    sac__session *session;
    int64_t now;
    sac__arena *arena;
    sac_write write;
    sac_str doc;    /* that is inserted */
    sac_str left;   /* RENEW: what was in the one that is removed */
    bool ended;     /* what was found is no more */
    sac_str cookie; /* p NULL: is to be forgotten */
} writing;

static bool is_touched(const sac__session *s, sac_str key)
{
    const sac__touched *touched = s->touched;

    while (touched && !sac_str_eq(touched->key, key))
        touched = touched->next;
    return touched != NULL;
}

/* `base`, another request's perhaps, with the changes of this one. */
static int merge(const writing *w, sac_str base, sac_str *out)
{
    const sac__session *s = w->session;
    sac_bson_iter iter;
    sac_bson made;
    int rc = sac_bson_iter_init(&iter, base);

    sac_bson_init(&made, sac__arena_alloc(w->arena), 0);
    while (rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1) {
        if (!is_touched(s, iter.key))
            sac_bson_add_value(&made, iter.key, iter.value);
        rc = SAC_OK;
    }
    if (rc == SAC_OK)
        rc = sac_bson_iter_init(&iter, s->doc);
    while (rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1) {
        if (is_touched(s, iter.key))
            sac_bson_add_value(&made, iter.key, iter.value);
        rc = SAC_OK;
    }
    return rc == SAC_OK ? sac_bson_finish(&made, out) : rc;
}

static int make_doc(const writing *w, sac_value id, sac_str data, int64_t begun, sac_str *out)
{
    const sac_sessions *config = &w->session->of->config;
    sac_bson made;

    if (data.n > config->max_size)
        return SAC_ETOOBIG;
    sac_bson_init(&made, sac__arena_alloc(w->arena), 0);
    sac_bson_add_value(&made, sac_str_of("_id"), id);
    sac_bson_add_doc(&made, "data", data);
    sac_bson_add_date(&made, "created", begun * SECOND);
    sac_bson_add_date(&made, "expires", end_of(config, data, begun, w->now) * SECOND);
    sac_bson_add_value(&made, sac_str_of("user"), sac_bson_get(data, sac_str_of("_user_id")));
    return sac_bson_finish(&made, out);
}

static bool is_empty(sac_str doc)
{
    return doc.n <= 5;
}

/* One that was ended meanwhile stays so. */
static int decide_change(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    writing *w = self;
    sac__session now = {.of = w->session->of};
    sac_str data = {NULL, 0};
    int rc;

    change->kind = SAC_CHANGE_KEEP;
    w->ended = !stored || !read_stored(&now.of->config, stored->doc, w->now, &now);
    if (w->ended)
        return SAC_OK;
    rc = merge(w, now.doc, &data);
    if (rc == SAC_OK && is_empty(data)) {
        w->ended = true;
        change->kind = SAC_CHANGE_REMOVE;
        return rc;
    }
    if (rc == SAC_OK)
        rc = make_doc(w, w->session->id, data, now.begun, &change->doc);
    if (rc != SAC_OK)
        return sac_err_set(err, rc, "session: %s", sac_err_text(rc));
    change->kind = SAC_CHANGE_PUT;
    return rc;
}

static int decide_remove(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    writing *w = self;
    sac__session old = {.of = w->session->of};

    w->left = sac_str_of(NULL);
    change->kind = stored ? SAC_CHANGE_REMOVE : SAC_CHANGE_KEEP;
    if (!stored || w->session->cleared || !read_stored(&old.of->config, stored->doc, w->now, &old))
        return SAC_OK;
    w->left = sac__arena_dup(w->arena, old.doc);
    return w->left.p ? SAC_OK : sac_err_set(err, SAC_ENOMEM, "session: no memory");
}

static int write_failed(sac_req *req, const writing *w, int rc)
{
    if (rc == SAC_ETOOBIG)
        return sac_problem(req, "internal", "session: it is larger than max_size");
    return sac_fail(req, sac_err_status(rc) < 500 ? SAC_EIO : rc, "session: collection %s: %s",
                    w->session->of->config.collection,
                    w->write.err.text[0] ? w->write.err.text : sac_err_text(rc));
}

static int submit(writing *w, sac_req *req, sac_handler *resume)
{
    w->write.self = w;
    w->write.collection = w->session->of->config.collection;
    return sac__req_submit(req, &w->write, resume, w);
}

static int finish(void *self, sac_req *req)
{
    const writing *w = self;

    if (w->write.result != SAC_OK)
        return write_failed(req, w, w->write.result);
    return sac__session_send(req, w->session, w->cookie);
}

/* A session under a new id, of what this request leaves of `base`. */
static int insert(writing *w, sac_req *req, sac_str base)
{
    uint8_t id[SAC__SESSION_ID];
    char *text = sac_req_alloc(req, SAC__BASE64URL_SIZE(sizeof id));
    sac_value digest = {.type = SAC_BSON_MISSING};
    sac_str data = w->session->doc;
    int rc = text ? sac__random(id, sizeof id) : SAC_ENOMEM;

    if (rc == SAC_OK && base.p)
        rc = merge(w, base, &data);
    if (rc == SAC_OK)
        rc = value_of_id(req, id, &digest);
    if (rc == SAC_OK && is_empty(data))
        return sac__session_send(req, w->session, sac_str_of(NULL));
    if (rc == SAC_OK)
        rc = make_doc(w, digest, data, w->now, &w->doc);
    if (rc != SAC_OK)
        return write_failed(req, w, rc);
    w->cookie = sac_str_n(text, (size_t)(sac__base64url_print(text, id, sizeof id) - text));
    w->write = (sac_write)SAC_WRITE(.kind = SAC_WRITE_INSERT, .docs = &w->doc, .n_docs = 1);
    return submit(w, req, finish);
}

/* The old one is gone, whatever comes of the new one. */
static int removed(void *self, sac_req *req)
{
    static const char none[] = "\5\0\0\0";
    writing *w = self;

    if (w->write.result != SAC_OK)
        return write_failed(req, w, w->write.result);
    if (w->session->cleared)
        return insert(w, req, sac_str_of(NULL));
    return insert(w, req, w->left.p ? w->left : sac_str_n(none, sizeof none));
}

static int changed(void *self, sac_req *req)
{
    writing *w = self;
    const sac__session *s = w->session;

    if (w->write.result != SAC_OK)
        return write_failed(req, w, w->write.result);
    if (w->ended)
        return sac__session_send(req, s, sac_str_of(NULL));
    return s->modified || is_permanent(s->doc) ? sac__session_send(req, s, s->value) : SAC_OK;
}

/* Used, so it ends later: written at most once in a tenth of what it may idle. */
static bool is_due(const sac__session *s, int64_t now)
{
    const sac_sessions *config = &s->of->config;
    const int64_t more = end_of(config, s->doc, s->begun, now) - s->expires;

    return more > 0 && more >= idle_of(config, s->doc) / 10;
}

int sac__stored_write(sac__session *s, sac_req *req)
{
    const int64_t now = now_of(req);
    writing *w;

    if (!s->found && sac__session_is_empty(s))
        return s->modified ? sac__session_send(req, s, sac_str_of(NULL)) : SAC_OK;
    if (!s->modified && !s->renewed && !(s->found && is_due(s, now)))
        return SAC_OK;
    w = sac__arena_get_zero(sac__req_arena(req), sizeof *w);
    if (!w)
        return sac_fail(req, SAC_ENOMEM, "session: no memory");
    w->session = s;
    w->now = now;
    w->arena = sac__req_arena(req);
    if (!s->found)
        return insert(w, req, sac_str_of(NULL));
    w->write = (sac_write)SAC_WRITE(.kind = SAC_WRITE_DECIDE, .id = s->id);
    if (s->cleared || s->renewed) {
        w->write.decide = decide_remove;
        return submit(w, req, removed);
    }
    w->write.decide = decide_change;
    return submit(w, req, changed);
}

/* A member of `data` by its path, which it has only if its name is no path itself. */
static sac_str path_of(sac_req *req, const char *key)
{
    if (strcmp(key, "_user_id") == 0)
        return sac_str_of("user");
    if (!*key || *key == '$' || strchr(key, '.'))
        return sac_str_of(NULL);
    return sac_req_printf(req, "data.%s", key);
}

static int remove_each(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    (void)self;
    (void)stored;
    (void)err;
    change->kind = SAC_CHANGE_REMOVE;
    return SAC_OK;
}

static int make_filter(sac_req *req, const sac__session *s, sac_str path, sac_value value,
                       sac_str *out)
{
    sac_bson made;

    sac_bson_init(&made, sac_req_allocator(req), 0);
    sac_bson_begin_doc(&made, path);
    sac_bson_add_value(&made, sac_str_of("$eq"), value);
    sac_bson_end(&made);
    if (s->found) {
        sac_bson_begin_doc(&made, sac_str_of("_id"));
        sac_bson_add_value(&made, sac_str_of("$ne"), s->id);
        sac_bson_end(&made);
    }
    return sac_bson_finish(&made, out);
}

enum { IDS = 64 };

typedef struct ids {
    sac_req *req;
    sac_value v[IDS];
    size_t n;
} ids;

static int collect_id(void *self, const sac_view *view)
{
    ids *found = self;
    sac_value id = sac_bson_get(view->doc, sac_str_of("_id"));

    id.raw = sac_req_dup(found->req, id.raw);
    if (!id.raw.p)
        return SAC_ENOMEM;
    found->v[found->n++] = id;
    return found->n == IDS;
}

/* Some of them, as many as there are at once; 0: there were none. */
static int remove_some(ids *found, sac_store *store, const sac_query *query, sac_err *err)
{
    const sac_sink sink = {.doc = collect_id, .self = found};
    sac_cursor *cursor = NULL;
    int rc = sac_store_find(store, query, sac_req_allocator(found->req), &cursor, err);

    if (rc != SAC_OK)
        return rc;
    found->n = 0;
    while ((rc = sac_cursor_pull(cursor, &sink, err)) == 1 && found->n < IDS)
        ;
    sac_cursor_close(cursor);
    for (size_t i = 0; i < found->n && rc >= 0; i++) {
        rc = sac_store_remove(store, query->collection, found->v[i], err);
        rc = rc == SAC_ENOTFOUND ? SAC_OK : rc;
    }
    return rc < 0 ? rc : found->n > 0;
}

/* At once, or where the store cannot do that one by one. */
static int remove_all(sac_req *req, sac_store *store, const sac_query *query, sac_err *err)
{
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_EACH, .collection = query->collection,
                                .query = query, .decide = remove_each);
    ids found = {.req = req};
    int rc = sac_store_write(store, &write, err);

    if (rc != SAC_ENOSYS)
        return rc;
    do
        rc = remove_some(&found, store, query, err);
    while (rc == 1);
    return rc;
}

int sac_session_end_all(sac_req *req, const char *key, sac_value value)
{
    sac__session *s = NULL;
    const sac_str path = path_of(req, key);
    sac_query query = SAC_QUERY(.limit = 0);
    sac_err err = {.code = 0};
    int rc = sac__session_change(req, &s);

    if (rc == SAC_OK && s->of->config.kind != SAC_SESSION_STORED)
        return SAC_ENOSYS;
    if (rc == SAC_OK && (!path.p || value.type == SAC_BSON_MISSING))
        return SAC_EINVAL;
    if (rc == SAC_OK)
        rc = sac__tagged_normal(&value, sac__req_arena(req), s->of->config.max_size, &value);
    if (rc == SAC_OK)
        rc = make_filter(req, s, path, value, &query.filter);
    if (rc != SAC_OK)
        return rc;
    if (!sac__req_may_wait(req))
        return sac_problem(req, "internal", "sac_session_end_all waits, so it is for workers");
    query.collection = s->of->config.collection;
    rc = remove_all(req, s->of->store, &query, &err);
    return rc == SAC_OK ? rc : sac_fail(req, rc, "session: %s", err.text);
}

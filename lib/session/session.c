/* SPDX-License-Identifier: MIT */
#include "session/state.h"

#include "bson/wire.h"
#include "core/utf8.h"

static const char empty_doc[] = "\5\0\0\0";

static sac_str no_doc(void)
{
    return sac_str_n(empty_doc, sizeof empty_doc);
}

/* Keys of what is kept for an app and for a request. */
static const char kept_sessions, kept_session;

const void *sac__sessions_key(void)
{
    return &kept_sessions;
}

static const sac__sessions *sessions_of(const sac_app *app)
{
    return sac__app_kept(app, &kept_sessions);
}

bool sac__app_has_sessions(const sac_app *app)
{
    return sessions_of(app) != NULL;
}

sac__session *sac__session_looked(sac_req *req)
{
    return sac_req_get(req, &kept_session);
}

static int64_t now_of(const sac_req *req)
{
    return sac_req_now(req) / 1000;
}

static int read_signed(sac__session *s, sac_req *req, sac_str cookie)
{
    const sac_sessions *config = &s->of->config;
    const sac__signed_rules rules = {
        .now = now_of(req), .max_age = config->lifetime, .max = config->max_size};
    sac__signed got;
    const int rc = sac__signed_read(s->of->signing, cookie, &rules, sac__req_arena(req), &got);

    if (rc != SAC_OK)
        return rc;
    s->doc = got.doc;
    s->issued = got.issued;
    s->found = true;
    return rc;
}

static int read_sealed(sac__session *s, sac_req *req, sac_str cookie)
{
    const sac_sessions *config = &s->of->config;
    const int64_t now = now_of(req);
    sac__sealed got;
    const int rc = sac__sealed_read(s->of->sealing, cookie, config->max_size, sac__req_arena(req),
                                    &got);

    if (rc != SAC_OK)
        return rc;
    if (got.issued > now || now - got.issued > config->lifetime || got.begun > got.issued ||
        now - got.begun > config->absolute)
        return SAC_EFORBIDDEN;
    s->doc = got.doc;
    s->issued = got.issued;
    s->begun = got.begun;
    s->found = true;
    return rc;
}

/* Whatever is wrong with a cookie, it is none. */
static bool is_fault(int rc)
{
    return rc != SAC_OK && rc != SAC_EFORBIDDEN && rc != SAC_ESYNTAX && rc != SAC_ELIMIT;
}

static void read_session(sac__session *s, sac_req *req)
{
    const sac_str cookie = sac_req_cookie(req, s->of->config.cookie);
    int rc = SAC_OK;

    if (cookie.n == 0 || cookie.n > s->of->config.max_cookie)
        return;
    switch (s->of->config.kind) {
    case SAC_SESSION_SIGNED: rc = read_signed(s, req, cookie); break;
    case SAC_SESSION_ENCRYPTED: rc = read_sealed(s, req, cookie); break;
    default: rc = sac__stored_read(s, req, cookie);
    }
    if (is_fault(rc))
        s->error = rc;
}

sac__session *sac__session_look(sac_req *req)
{
    sac__session *s = sac__session_looked(req);
    const sac__sessions *of;

    if (s)
        return s;
    of = sessions_of(sac_req_app(req));
    s = of ? sac__arena_get_zero(sac__req_arena(req), sizeof *s) : NULL;
    if (!s)
        return NULL;
    s->of = of;
    s->doc = no_doc();
    if (sac_req_set(req, &kept_session, s) != SAC_OK)
        return NULL;
    read_session(s, req);
    return s;
}

int sac__session_error(sac_req *req)
{
    const sac__session *s = sac__session_look(req);

    if (!s)
        return sac__app_has_sessions(sac_req_app(req)) ? SAC_ENOMEM : SAC_OK;
    return s->error;
}

int sac__session_change(sac_req *req, sac__session **out)
{
    sac__session *s = sac__session_look(req);

    if (!s)
        return sac__app_has_sessions(sac_req_app(req)) ? SAC_ENOMEM : SAC_EINVAL;
    if (s->error)
        return s->error;
    if (s->written)
        return SAC_EINVAL;
    *out = s;
    return SAC_OK;
}

bool sac__session_is_empty(const sac__session *s)
{
    return s->doc.n <= sizeof empty_doc;
}

bool sac__session_is_permanent(const sac__session *s)
{
    return sac_bson_get_bool(s->doc, "_permanent", false);
}

sac_value sac_session_get(sac_req *req, const char *key)
{
    const sac__session *s = sac__session_look(req);

    return s ? sac_bson_get(s->doc, sac_str_of(key)) : (sac_value){.type = SAC_BSON_MISSING};
}

sac_str sac_session_str(sac_req *req, const char *key)
{
    const sac_value value = sac_session_get(req, key);
    sac_str text = {NULL, 0};

    (void)sac_value_str(&value, &text);
    return text;
}

bool sac_session_int(sac_req *req, const char *key, int64_t *out)
{
    const sac_value value = sac_session_get(req, key);

    return (value.type == SAC_BSON_INT32 || value.type == SAC_BSON_INT64) &&
           sac_value_int(&value, out);
}

bool sac_session_bool(sac_req *req, const char *key)
{
    const sac_value value = sac_session_get(req, key);
    bool is = false;

    return sac_value_bool(&value, &is) && is;
}

sac_str sac_session_doc(sac_req *req)
{
    const sac__session *s = sac__session_look(req);

    return s ? s->doc : no_doc();
}

bool sac_session_is_new(sac_req *req)
{
    const sac__session *s = sac__session_look(req);

    return !s || !s->found;
}

static int touch(sac__session *s, sac_req *req, sac_str key)
{
    sac__touched *one;

    s->modified = true;
    if (s->of->config.kind != SAC_SESSION_STORED)
        return SAC_OK;
    one = sac__arena_get(sac__req_arena(req), sizeof *one);
    if (!one)
        return SAC_ENOMEM;
    *one = (sac__touched){.key = sac_req_dup(req, key), .next = s->touched};
    if (!one->key.p)
        return SAC_ENOMEM;
    s->touched = one;
    return SAC_OK;
}

static bool is_before(sac_str a, sac_str b)
{
    const int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

    return order < 0 || (order == 0 && a.n < b.n);
}

/* The document with that value (missing: without any), where its key belongs by order. */
static int replace(const sac__session *s, sac_req *req, sac_str key, sac_value value, sac_str *out)
{
    bool put = false;
    sac_bson_iter iter;
    sac_bson made;
    int rc = sac_bson_iter_init(&iter, s->doc);

    sac_bson_init(&made, sac__arena_alloc(sac__req_arena(req)), 0);
    while (rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1) {
        const bool same = sac_str_eq(iter.key, key);

        if (!put && (same || is_before(key, iter.key))) {
            sac_bson_add_value(&made, key, value);
            put = true;
        }
        if (!same)
            sac_bson_add_value(&made, iter.key, iter.value);
        rc = SAC_OK;
    }
    if (!put)
        sac_bson_add_value(&made, key, value);
    return rc == SAC_OK ? sac_bson_finish(&made, out) : rc;
}

static int put(sac_req *req, sac_str key, sac_value value)
{
    sac__session *s = NULL;
    sac_str made = {NULL, 0};
    sac_value old;
    int rc = sac__session_change(req, &s);

    if (rc != SAC_OK)
        return rc;
    old = sac_bson_get(s->doc, key);
    if (old.type == value.type && sac_str_eq(old.raw, value.raw))
        return SAC_OK;
    rc = replace(s, req, key, value, &made);
    if (rc == SAC_OK)
        rc = touch(s, req, key);
    if (rc == SAC_OK)
        s->doc = made;
    return rc;
}

/* Numbers and words are what they will be when they are read; the rest is made so. */
static int set_normal(sac_req *req, sac_str key, sac_value value)
{
    const sac__sessions *of = sessions_of(sac_req_app(req));
    sac_value normal = value;
    int rc = SAC_OK;

    if (!of || value.type == SAC_BSON_MISSING || !sac__utf8_valid(key))
        return SAC_EINVAL;
    if (value.type != SAC_BSON_INT32 && value.type != SAC_BSON_BOOL && value.type != SAC_BSON_NULL)
        rc = sac__tagged_normal(&value, sac__req_arena(req), of->config.max_size, &normal);
    if (rc == SAC_ESYNTAX || rc == SAC_ELIMIT || rc == SAC_ECORRUPT)
        return SAC_EINVAL;
    return rc == SAC_OK ? put(req, key, normal) : rc;
}

int sac__session_set(sac_req *req, const char *key, sac_value value)
{
    return set_normal(req, sac_str_of(key), value);
}

int sac__session_remove(sac_req *req, const char *key)
{
    return put(req, sac_str_of(key), (sac_value){.type = SAC_BSON_MISSING});
}

int sac_session_set(sac_req *req, const char *key, sac_value value)
{
    return *key == '_' ? SAC_EINVAL : sac__session_set(req, key, value);
}

int sac_session_set_str(sac_req *req, const char *key, sac_str value)
{
    const sac_value text = sac_req_str_value(req, value);

    return text.type == SAC_BSON_MISSING ? SAC_ENOMEM : sac_session_set(req, key, text);
}

int sac_session_set_int(sac_req *req, const char *key, int64_t value)
{
    const sac_value number = sac_req_int_value(req, value);

    return number.type == SAC_BSON_MISSING ? SAC_ENOMEM : sac_session_set(req, key, number);
}

static sac_value bool_value(bool value)
{
    return (sac_value){SAC_BSON_BOOL, sac_str_n(value ? "\1" : "\0", 1)};
}

int sac_session_set_bool(sac_req *req, const char *key, bool value)
{
    return sac_session_set(req, key, bool_value(value));
}

int sac_session_remove(sac_req *req, const char *key)
{
    return *key == '_' ? SAC_EINVAL : sac__session_remove(req, key);
}

int sac_session_clear(sac_req *req)
{
    sac__session *s = NULL;
    const int rc = sac__session_change(req, &s);

    if (rc != SAC_OK)
        return rc;
    s->doc = no_doc();
    s->touched = NULL;
    s->modified = s->cleared = true;
    return SAC_OK;
}

int sac_session_set_permanent(sac_req *req, bool permanent)
{
    if (!permanent && sac_session_get(req, "_permanent").type == SAC_BSON_MISSING)
        return SAC_OK;
    return sac__session_set(req, "_permanent", bool_value(permanent));
}

int sac_session_renew(sac_req *req)
{
    sac__session *s = NULL;
    int rc = sac__session_change(req, &s);

    if (rc == SAC_OK)
        rc = sac__session_remove(req, "_csrf");
    if (rc == SAC_OK)
        s->renewed = true;
    return rc;
}

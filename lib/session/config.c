/* SPDX-License-Identifier: MIT */
#include "session/state.h"

#include <openssl/crypto.h>

#include "core/utf8.h"
#include "http/cookie.h"
#include "http/token.h"

enum { MIN_KEY = 16, MAX_COOKIE = 16 * 1024, MIN_COOKIE = 256, MAX_SIZE = 16 << 20 };

static const int64_t month = 31 * 86400, max_seconds = INT64_C(100) * 366 * 86400;

static int wrong(sac_err *err, const char *member, const char *why)
{
    return sac_err_set(err, SAC_EINVAL, "sessions: %s %s", member, why);
}

static void set_defaults(sac_sessions *c)
{
    c->cookie = c->cookie ? c->cookie : "session";
    c->path = c->path ? c->path : "/";
    c->same_site = c->same_site ? c->same_site : "Lax";
    c->salt = c->salt ? c->salt : "cookie-session";
    c->collection = c->collection ? c->collection : "sessions";
    c->lifetime = c->lifetime ? c->lifetime : month;
    c->absolute = c->absolute ? c->absolute : month;
    c->max_cookie = c->max_cookie ? c->max_cookie : 4093;
    c->max_size = c->max_size ? c->max_size : (size_t)64 << 10;
}

static int check_times(const sac_sessions *c, sac_err *err)
{
    if (c->lifetime < 0 || c->lifetime > max_seconds)
        return wrong(err, "lifetime", "is not 1 second to 100 years");
    if (c->idle < 0 || c->idle > max_seconds)
        return wrong(err, "idle", "is not 1 second to 100 years");
    if (c->absolute < 0 || c->absolute > max_seconds)
        return wrong(err, "absolute", "is not 1 second to 100 years");
    if (c->max_cookie < MIN_COOKIE || c->max_cookie > MAX_COOKIE)
        return wrong(err, "max_cookie", "is not 256 bytes to 16 KiB");
    if (c->max_size > MAX_SIZE)
        return wrong(err, "max_size", "is above 16 MiB");
    return SAC_OK;
}

static int check_keys(const sac_sessions *c, sac_err *err)
{
    size_t n = 0;

    if (!c->keys)
        return SAC_OK;
    for (; c->keys[n]; n++) {
        if (n == SAC__SESSION_KEYS)
            return wrong(err, "keys", "are more than 16");
        if (strlen(c->keys[n]) < MIN_KEY)
            return wrong(err, "keys", "has one that is shorter than 16 bytes");
    }
    return n ? SAC_OK : wrong(err, "keys", "is empty");
}

static bool prints(const sac__cookie *cookie)
{
    char text[1024];
    sac__buf out;

    sac__buf_init_fixed(&out, text, sizeof text);
    return sac__cookie_print(cookie, &out) == SAC_OK;
}

/* What a cookie of these attributes promises is tried with one. */
static int check_cookie(const sac__sessions *s, const sac_app_config *app, sac_err *err)
{
    const sac_sessions *c = &s->config;
    sac__cookie cookie = {
        .name = sac_str_of(c->cookie), .value = sac_str_of("x"), .max_age = -1, .secure = true};

    if (!prints(&cookie))
        return wrong(err, "cookie", "is no name of one");
    if (*c->path != '/')
        return wrong(err, "path", "does not begin with a slash");
    if (strcmp(c->same_site, "Lax") != 0 && strcmp(c->same_site, "Strict") != 0 &&
        strcmp(c->same_site, "None") != 0)
        return wrong(err, "same_site", "is neither Lax, Strict nor None");
    cookie.secure = sac__sessions_secure(s, app, false);
    if (strcmp(c->same_site, "None") == 0 && !cookie.secure)
        return wrong(err, "secure", "has to be, with same_site None");
    if (!prints(&cookie))
        return wrong(err, "secure", "has to be, with a cookie of this name");
    cookie.path = sac_str_of(c->path);
    if (!prints(&cookie))
        return wrong(err, "path", "cannot be that of this cookie");
    cookie.domain = sac_str_of(c->domain);
    return prints(&cookie) ? SAC_OK : wrong(err, "domain", "cannot be that of this cookie");
}

static int check(const sac__sessions *s, const sac_app_config *app, sac_err *err)
{
    const sac_sessions *c = &s->config;
    int rc;

    if (c->kind < SAC_SESSION_SIGNED || c->kind > SAC_SESSION_STORED)
        return wrong(err, "kind", "is none of the three");
    if (c->secure < SAC_SECURE_AUTO || c->secure > SAC_SECURE_NEVER)
        return wrong(err, "secure", "is none of the three");
    if (!*c->collection || !*c->salt)
        return wrong(err, *c->salt ? "collection" : "salt", "is empty");
    rc = check_times(c, err);
    if (rc == SAC_OK)
        rc = check_keys(c, err);
    return rc == SAC_OK ? check_cookie(s, app, err) : rc;
}

/* Its own copy of a text; the absent one stays so. */
static bool keep(sac_app *app, const char **text)
{
    const size_t n = *text ? strlen(*text) + 1 : 0;
    char *copy = n ? sac__app_get(app, n) : NULL;

    if (copy)
        memcpy(copy, *text, n);
    *text = copy;
    return copy || n == 0;
}

static bool keep_all(sac_app *app, sac__sessions *s)
{
    sac_sessions *c = &s->config;

    for (; c->keys && c->keys[s->n_keys]; s->n_keys++) {
        const char *key = c->keys[s->n_keys];

        if (!keep(app, &key))
            return false;
        s->keys[s->n_keys] = sac_str_of(key);
    }
    c->keys = NULL;
    return keep(app, &c->cookie) && keep(app, &c->path) && keep(app, &c->domain) &&
           keep(app, &c->same_site) && keep(app, &c->salt) && keep(app, &c->collection);
}

static int seal_keys(sac__sessions *s, sac_app *app, sac_err *err)
{
    const sac_sessions *c = &s->config;
    const uint8_t *secret = sac__app_secret(app);
    const sac_str own = sac_str_n(secret, 32);
    const sac_str *keys = s->n_keys ? s->keys : &own;
    const size_t n = s->n_keys ? s->n_keys : 1;
    int rc;

    if (!s->n_keys && !secret)
        return sac_err_set(err, SAC_EINVAL,
                           "sessions: the app has no secret to sign with, and "
                           "there are no keys: set sac_app_config.secret");
    if (c->kind == SAC_SESSION_SIGNED)
        rc = sac__signing_new(s->alloc, keys, n, sac_str_of(c->salt), &s->signing);
    else
        rc = sac__sealing_new(s->alloc, keys, n, sac_str_of(c->salt), sac_str_of(c->cookie),
                              &s->sealing);
    return rc == SAC_OK ? rc : sac_err_set(err, rc, "sessions: keys: %s", sac_err_text(rc));
}

static void drop(void *self)
{
    sac__sessions *s = self;

    sac__signing_free(s->signing);
    sac__sealing_free(s->sealing);
    s->signing = NULL;
    s->sealing = NULL;
    for (size_t i = 0; i < s->n_keys; i++)
        OPENSSL_cleanse((char *)(uintptr_t)s->keys[i].p, s->keys[i].n);
}

/* A seal that failed may be tried again. */
static int seal(void *self, sac_app *app, sac_err *err)
{
    sac__sessions *s = self;

    if (s->config.kind == SAC_SESSION_STORED)
        return sac__stored_seal(s, app, err);
    return s->signing || s->sealing ? SAC_OK : seal_keys(s, app, err);
}

static const sac_middleware_ops middleware = SAC_MIDDLEWARE_OPS(.name = "sessions",
                                                                .flags = SAC_INLINE,
                                                                .after = sac__session_after);

static int install(sac_app *app, sac__sessions *s, sac_err *err)
{
    int rc = keep_all(app, s) ? SAC_OK : SAC_ENOMEM;

    if (rc == SAC_OK)
        rc = sac__app_at_free(app, drop, s);
    if (rc != SAC_OK)
        return sac_err_set(err, rc, "sessions: no memory");
    rc = sac__app_at_seal(app, seal, s, err);
    if (rc == SAC_OK)
        rc = sac_app_use(sac__app_root(app), &middleware, s, err);
    if (rc == SAC_OK && sac__app_keep(app, sac__sessions_key(), s) != SAC_OK)
        rc = sac_err_set(err, SAC_ENOMEM, "sessions: no memory");
    return rc;
}

int sac_app_sessions(sac_app *app, const sac_sessions *config, sac_err *err)
{
    const sac_sessions none = SAC_SESSIONS(.kind = SAC_SESSION_SIGNED);
    const sac_app_config *of = sac__app_config(app);
    sac__sessions *s;
    int rc = sac__app_building(app, "sessions", err);

    config = config ? config : &none;
    if (rc == SAC_OK)
        rc = sac__app_check_size(config->size, sizeof *config, "sac_sessions", err);
    if (rc != SAC_OK)
        return rc;
    if (sac__app_has_sessions(app))
        return sac_err_set(err, SAC_EEXIST, "sessions: the app has them already");
    s = sac__app_get(app, sizeof *s);
    if (!s)
        return sac_err_set(err, SAC_ENOMEM, "sessions: no memory");
    memcpy(&s->config, config, config->size);
    s->alloc = of->alloc;
    set_defaults(&s->config);
    rc = check(s, of, err);
    return rc == SAC_OK ? install(app, s, err) : rc;
}

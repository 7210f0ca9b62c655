/* SPDX-License-Identifier: MIT */
#include "session/state.h"

#include "http/cookie.h"
#include "http/precondition.h"
#include "http/token.h"

static bool is_https(const char *origin)
{
    return sac__token_same(sac_str_n(origin, strnlen(origin, 8)), sac_str_of("https://"));
}

bool sac__sessions_secure(const sac__sessions *sessions, const sac_app_config *app, bool request)
{
    if (sessions->config.secure != SAC_SECURE_AUTO)
        return sessions->config.secure == SAC_SECURE_ALWAYS;
    return app->origin ? is_https(app->origin) : request;
}

/* How the cookie of this answer is set, or forgotten. */
static sac__cookie cookie_of(sac_req *req, const sac__session *s, sac_str value, char date[29])
{
    const sac_sessions *config = &s->of->config;
    sac__cookie cookie = {.name = sac_str_of(config->cookie),
                          .value = value,
                          .path = sac_str_of(config->path),
                          .domain = sac_str_of(config->domain),
                          .max_age = -1,
                          .http_only = true,
                          .same_site = config->same_site,
                          .secure = sac__sessions_secure(s->of, sac__app_config(sac_req_app(req)),
                                                         sac__req_head(req)->secure)};

    if (!value.p) {
        sac__http_date_print(0, date);
        cookie.max_age = 0;
    } else if (sac__session_is_permanent(s)) {
        sac__http_date_print(sac_req_now(req) / 1000 + config->lifetime, date);
    } else {
        return cookie;
    }
    cookie.expires = sac_str_n(date, 29);
    return cookie;
}

static int add_cookie(sac_req *req, const sac__session *s, sac_str value, size_t *n)
{
    char date[29];
    const sac__cookie cookie = cookie_of(req, s, value, date);
    sac__headers *headers = sac__req_reply_headers(req);
    sac__buf text;
    int rc;

    sac__buf_init(&text, sac__arena_alloc(sac__req_arena(req)), SIZE_MAX);
    rc = sac__cookie_print(&cookie, &text);
    *n = text.n;
    if (rc == SAC_OK && text.n > s->of->config.max_cookie)
        return SAC_ETOOBIG;
    if (rc == SAC_OK)
        rc = sac__headers_add(headers, sac_str_of("Set-Cookie"), sac__buf_str(&text));
    if (rc == SAC_OK)
        rc = sac__headers_set_static(headers, sac_str_of("Cache-Control"), sac_str_of("no-store"));
    return rc;
}

int sac__session_send(sac_req *req, const sac__session *s, sac_str value)
{
    size_t n = 0;
    const int rc = add_cookie(req, s, value, &n);

    if (rc == SAC_ETOOBIG)
        return sac_problem(req, "internal",
                           "session: it takes a cookie of %zu bytes, and max_cookie is %zu", n,
                           s->of->config.max_cookie);
    return rc == SAC_OK ? rc : sac_fail(req, SAC_EIO, "session: cookie: %s", sac_err_text(rc));
}

static int failed(sac_req *req, int rc)
{
    if (rc == SAC_ETOOBIG)
        return sac_problem(req, "internal", "session: it is larger than max_size");
    return sac_fail(req, sac_err_status(rc) < 500 ? SAC_EIO : rc, "session: %s", sac_err_text(rc));
}

static int write_signed(sac_req *req, const sac__session *s, int64_t now)
{
    const sac__signed_rules rules = {.now = now, .max = s->of->config.max_size};
    sac_str value = {NULL, 0};
    const int rc = sac__signed_write(s->of->signing, s->doc, &rules, sac__req_arena(req), &value);

    return rc == SAC_OK ? sac__session_send(req, s, value) : failed(req, rc);
}

static int write_sealed(sac_req *req, const sac__session *s, int64_t now)
{
    const sac__sealed session = {
        .issued = now, .begun = s->found && !s->renewed ? s->begun : now, .doc = s->doc};
    sac_str value = {NULL, 0};
    int rc = s->doc.n > s->of->config.max_size ? SAC_ETOOBIG : SAC_OK;

    if (rc == SAC_OK)
        rc = sac__sealed_write(s->of->sealing, &session, sac__req_arena(req), &value);
    return rc == SAC_OK ? sac__session_send(req, s, value) : failed(req, rc);
}

/* A permanent session slides: it is made anew after a tenth of its life. */
static bool is_due(const sac__session *s, int64_t now)
{
    return s->found && sac__session_is_permanent(s) &&
           now - s->issued >= s->of->config.lifetime / 10;
}

static int save(sac_req *req, sac__session *s)
{
    const int64_t now = sac_req_now(req) / 1000;

    if (s->of->config.kind == SAC_SESSION_STORED)
        return sac__stored_write(s, req);
    if (sac__session_is_empty(s))
        return s->modified ? sac__session_send(req, s, sac_str_of(NULL)) : SAC_OK;
    if (!s->modified && !s->renewed && !is_due(s, now))
        return SAC_OK;
    return s->of->config.kind == SAC_SESSION_SIGNED ? write_signed(req, s, now)
                                                    : write_sealed(req, s, now);
}

/* What a request that failed did to its session is forgotten, as other writes of it are. */
int sac__session_after(void *self, sac_req *req)
{
    sac__session *s = sac__session_looked(req);
    int rc;

    (void)self;
    if (!s || s->written)
        return SAC_OK;
    s->written = true;
    rc = sac__headers_merge(sac__req_reply_headers(req), sac_str_of("Vary"), sac_str_of("Cookie"));
    if (rc == SAC_OK)
        rc = s->error;
    if (rc != SAC_OK)
        return failed(req, rc);
    return sac_reply_status(req) >= 500 ? SAC_OK : save(req, s);
}

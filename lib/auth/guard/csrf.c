/* SPDX-License-Identifier: MIT */
#include <sacrum/csrf.h>

#include <openssl/crypto.h>

#include <sacrum/form.h>
#include <sacrum/session.h>

#include "app/app.h"
#include "app/identity/identity.h"
#include "app/req.h"
#include "auth/origins.h"
#include "core/base64url.h"
#include "core/random.h"
#include "http/token.h"
#include "session/session.h"

enum {
    SECRET = 32,
    MASKED = 2 * SECRET,
    SECRET_TEXT = SAC__BASE64URL_SIZE(SECRET),
    MASKED_TEXT = SAC__BASE64URL_SIZE(MASKED)
};

typedef struct csrf {
    const sac_app *app;
    bool needs_token;
    sac__origins origins;
    const struct csrf *next; /* all of an app and its groups */
} csrf;

static const char kept; /* its address */

/* The session's secret; false when there is none. */
static bool get_secret(sac_req *req, unsigned char secret[SECRET])
{
    const sac_str text = sac_session_str(req, "_csrf");
    unsigned char bytes[SECRET + 2];
    size_t n;

    if (text.n != SECRET_TEXT || !sac__base64url_parse(text, bytes, &n))
        return false;
    memcpy(secret, bytes, SECRET);
    return true;
}

static bool make_secret(sac_req *req, unsigned char secret[SECRET])
{
    char text[SECRET_TEXT];
    sac_value value;

    if (sac__random(secret, SECRET) != SAC_OK)
        return false;
    sac__base64url_print(text, secret, SECRET);
    value = sac_req_str_value(req, sac_str_n(text, sizeof text));
    return value.type != SAC_BSON_MISSING && sac__session_set(req, "_csrf", value) == SAC_OK;
}

/*
 * Masked anew each time: a secret that stood in compressed pages as it is could
 * be guessed byte by byte by their lengths (BREACH).
 */
sac_str sac_csrf_token(sac_req *req)
{
    unsigned char masked[MASKED];
    unsigned char secret[SECRET];
    char text[MASKED_TEXT];

    if (!get_secret(req, secret) && !make_secret(req, secret))
        return sac_str_n(NULL, 0);
    if (sac__random(masked, SECRET) != SAC_OK)
        return sac_str_n(NULL, 0);
    for (size_t i = 0; i < SECRET; i++)
        masked[SECRET + i] = masked[i] ^ secret[i];
    sac__base64url_print(text, masked, sizeof masked);
    return sac_req_dup(req, sac_str_n(text, sizeof text));
}

static bool is_token(sac_req *req, sac_str text)
{
    unsigned char masked[MASKED + 2];
    unsigned char secret[SECRET];
    size_t n;

    if (text.n != MASKED_TEXT || !sac__base64url_parse(text, masked, &n) ||
        !get_secret(req, secret))
        return false;
    for (size_t i = 0; i < SECRET; i++)
        masked[SECRET + i] ^= masked[i];
    return CRYPTO_memcmp(masked + SECRET, secret, SECRET) == 0;
}

static bool has_token(sac_req *req)
{
    return is_token(req, sac_req_header(req, "x-csrf-token")) ||
           is_token(req, sac_req_form(req, "csrf_token"));
}

static bool begins_with(sac_str s, sac_str with)
{
    return s.n >= with.n && memcmp(s.p, with.p, with.n) == 0;
}

/* Browsers leave the scheme's own port out; proxies put it into Host. */
static sac_str without_port(sac_str host, const char *port)
{
    const size_t n = strlen(port);

    if (host.n > n && memcmp(host.p + host.n - n, port, n) == 0)
        host.n -= n;
    return host;
}

/* Whether an Origin is this site's, by the scheme and Host of the request. */
static bool is_own(const sac_req *req, sac_str origin)
{
    const sac_app_config *config = sac__app_config(sac_req_app(req));
    const bool secure = sac__req_head(req)->secure;
    const sac_str scheme = sac_str_of(secure ? "https://" : "http://");
    const sac_str host = without_port(sac_req_header(req, "host"), secure ? ":443" : ":80");

    if (config->origin && sac_str_is(origin, config->origin))
        return true;
    return host.n > 0 && begins_with(origin, scheme) &&
           sac__token_same(sac_str_n(origin.p + scheme.n, origin.n - scheme.n), host);
}

/* Whether it was not another site that sent it. */
static bool is_from_here(const csrf *c, const sac_req *req)
{
    const sac_str site = sac_req_header(req, "sec-fetch-site");
    const sac_str origin = sac_req_header(req, "origin");

    if (sac_str_is(site, "same-origin") || sac_str_is(site, "none"))
        return true;
    if (origin.p && sac__origins_have(&c->origins, origin))
        return true;
    return !site.p && (!origin.p || is_own(req, origin));
}

static const csrf *find(const sac_app *app)
{
    const csrf *c = sac__app_kept(app, &kept);

    while (c && c->app != app)
        c = c->next;
    return c;
}

/* Of a group's judge and its app's, the group's has the say. */
static bool is_innermost(const csrf *c, const sac_req *req)
{
    const sac_app *group = sac__req_group(req);

    while (group && !find(group))
        group = sac__app_parent(group);
    return group == c->app;
}

static int csrf_before(void *self, sac_req *req)
{
    const csrf *c = self;
    const sac_identity *identity = NULL;
    int rc;

    if (sac_req_method(req) & (SAC_GET | SAC_HEAD | SAC_OPTIONS) || !sac__req_route(req) ||
        !is_innermost(c, req))
        return SAC_OK;
    if ((!c->needs_token && is_from_here(c, req)) || has_token(req))
        return SAC_OK;
    rc = sac__req_identify(req, &identity);
    if (rc != SAC_OK)
        return rc;
    /* A stranger is going to be told to sign in. */
    if (identity ? !identity->ambient : sac__req_has_guard(req))
        return SAC_OK;
    return sac_problem(req, "csrf", "%s",
                       is_from_here(c, req) ? "it needs the session's token in X-CSRF-Token"
                                            : "it was sent by a page of another site");
}

static const sac_middleware_ops csrf_ops = SAC_MIDDLEWARE_OPS(.name = "csrf", .flags = SAC_INLINE,
                                                              .before = csrf_before);

int sac_app_csrf(sac_app *app, const sac_csrf *config, sac_err *err)
{
    sac_csrf known = {.size = 0};
    csrf *c;
    int rc = sac__app_building(app, "csrf", err);

    if (rc == SAC_OK && config)
        rc = sac__app_check_size(config->size, sizeof known, "sac_csrf", err);
    if (rc != SAC_OK)
        return rc;
    if (config)
        memcpy(&known, config, config->size);
    if (find(app))
        return sac_err_set(err, SAC_EEXIST, "csrf: requests are judged already");
    c = sac__app_get(app, sizeof *c);
    if (!c)
        return sac_err_set(err, SAC_ENOMEM, "csrf: no memory");
    *c = (csrf){.app = app, .needs_token = known.needs_token, .next = sac__app_kept(app, &kept)};
    rc = sac__origins_copy(app, "csrf", known.origins, &c->origins, err);
    if (rc == SAC_OK)
        rc = sac_app_use(app, &csrf_ops, c, err);
    if (rc == SAC_OK && sac__app_keep(app, &kept, c) != SAC_OK)
        rc = sac_err_set(err, SAC_ENOMEM, "csrf: no memory");
    return rc;
}

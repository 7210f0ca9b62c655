/* SPDX-License-Identifier: MIT */
#include "app/identity/identity.h"

#include "app/exchange/exchange.h"
#include "http/token.h"
#include "http/url.h"

static int set_header(sac_req *req, const char *name, const char *value)
{
    return sac__headers_set_static(&req->headers, sac_str_of(name), sac_str_of(value));
}

/* RFC 6750 §3: a token that was sent, and is none. */
static sac_str challenge_of(sac_req *req, const sac__authenticator *authenticator)
{
    const sac_str own = authenticator->challenge;
    const sac_str scheme = sac__identity_scheme(own);

    if (authenticator != req->who.refused || !sac__token_same(scheme, sac_str_of("Bearer")))
        return own;
    return sac__arena_printf(req->arena, "%.*s%s error=\"invalid_token\"", (int)own.n, own.p,
                             own.n > scheme.n ? "," : "");
}

/* Whether one before it says the same. */
static bool is_said(const sac_req *req, const sac__authenticator *authenticator)
{
    const sac__authenticator *other = req->core->authenticators;

    while (other != authenticator && !sac_str_eq(other->challenge, authenticator->challenge))
        other = other->next;
    return other != authenticator;
}

static int set_challenges(sac_req *req)
{
    const sac_str name = sac_str_of("WWW-Authenticate");
    const sac__authenticator *authenticator = req->core->authenticators;
    bool any = false;
    int rc = SAC_OK;

    sac__headers_remove(&req->headers, "www-authenticate");
    for (; authenticator && rc == SAC_OK; authenticator = authenticator->next) {
        sac_str challenge;

        if (!authenticator->challenge.p || is_said(req, authenticator))
            continue;
        challenge = challenge_of(req, authenticator);
        rc = challenge.p ? sac__headers_add(&req->headers, name, challenge) : SAC_ENOMEM;
        any = true;
    }
    /* No scheme that a browser knows: it would open a box of its own. */
    return any || rc != SAC_OK
               ? rc
               : sac__headers_set_static(&req->headers, name, sac_str_of("Cookie realm=\"app\""));
}

int sac__req_refuse_stranger(sac_req *req)
{
    int rc = set_challenges(req);

    if (rc == SAC_OK)
        rc = sac__req_guarded(req);
    if (rc == SAC_OK)
        rc = set_header(req, "Cache-Control", "no-store");
    return rc == SAC_OK ? sac_problem(req, "unauthorized", NULL)
                        : sac_fail(req, rc, "401: %s", sac_err_text(rc));
}

/* Of text that stands in quotes. */
static bool is_scope(const char *scope)
{
    return !strpbrk(scope, "\"\\") && sac__token_text(sac_str_of(scope), ' ');
}

int sac__req_refuse_scope(sac_req *req, const char *scope)
{
    const sac__authenticator *bearer = req->core->authenticators;
    sac_str text;
    int rc = SAC_OK;

    while (bearer &&
           !sac__token_same(sac__identity_scheme(bearer->challenge), sac_str_of("Bearer")))
        bearer = bearer->next;
    if (bearer && is_scope(scope)) {
        text = sac__arena_printf(req->arena, "Bearer error=\"insufficient_scope\", scope=\"%s\"",
                                 scope);
        rc = text.p ? sac__headers_set_static(&req->headers, sac_str_of("WWW-Authenticate"), text)
                    : SAC_ENOMEM;
    }
    return rc == SAC_OK ? sac_problem(req, "forbidden", "the token is not for %s", scope)
                        : sac_fail(req, rc, "403: %s", sac_err_text(rc));
}

/* What stands before whatever is guarded: 0 and who asks. */
static int ask(sac_req *req, const sac_identity **out)
{
    const int rc = sac__req_guarded(req);

    return rc == SAC_OK ? sac__req_identify(req, out) : rc;
}

/* The same, and 401 for nobody. */
static int ask_member(sac_req *req, const sac_identity **out)
{
    const int rc = ask(req, out);

    return rc == SAC_OK && !*out ? sac__req_refuse_stranger(req) : rc;
}

int sac_login_required(void *self, sac_req *req, const sac_next *next)
{
    const sac_identity *identity = NULL;
    const int rc = ask_member(req, &identity);

    (void)self;
    return rc == SAC_OK ? sac_next_run(next, req) : rc;
}

/* Whether the browser goes to a page, and so can be led back to it. */
static bool is_navigation(const sac_req *req)
{
    const sac_str mode = sac_req_header(req, "sec-fetch-mode");
    const sac_str path = req->target.path;

    if (!(req->method & (SAC_GET | SAC_HEAD)) || (mode.p && !sac_str_is(mode, "navigate")))
        return false;
    /* Two slashes would lead to another host. */
    return req->head.prefix.n > 0 || path.n < 2 || (path.p[1] != '/' && path.p[1] != '\\');
}

static void add_next(sac_req *req, sac__buf *out)
{
    const sac__target *target = &req->target;

    sac__buf_add_text(out, strchr(req->core->login_page, '?') ? "&next=" : "?next=");
    sac__url_encode(out, req->head.prefix);
    sac__url_encode(out, target->path);
    if (target->query.p) {
        sac__url_encode(out, sac_str_of("?"));
        sac__url_encode(out, target->query);
    }
}

static int redirect(sac_req *req)
{
    enum { MAX_LOCATION = 8 * 1024 }; /* a longer way back is not taken */
    sac__buf out;
    size_t n;
    int rc = set_header(req, "Cache-Control", "no-store");

    sac__buf_init(&out, sac__arena_alloc(req->arena), SIZE_MAX);
    sac__buf_add_str(&out, req->head.prefix);
    sac__buf_add_text(&out, req->core->login_page);
    n = out.n;
    if (is_navigation(req))
        add_next(req, &out);
    if (out.n > MAX_LOCATION)
        out.n = n;
    sac__buf_add_char(&out, '\0');
    if (rc == SAC_OK)
        rc = out.error;
    return rc == SAC_OK ? sac_reply_redirect(req, 303, out.p)
                        : sac_fail(req, rc, "303: %s", sac_err_text(rc));
}

int sac_login_required_page(void *self, sac_req *req, const sac_next *next)
{
    const sac_identity *identity = NULL;
    const int rc = ask(req, &identity);

    (void)self;
    if (rc != SAC_OK)
        return rc;
    if (identity)
        return sac_next_run(next, req);
    return req->core->login_page ? redirect(req) : sac__req_refuse_stranger(req);
}

int sac_role_required(void *self, sac_req *req, const sac_next *next)
{
    const sac_identity *identity = NULL;
    const int rc = ask_member(req, &identity);

    if (rc != SAC_OK)
        return rc;
    return sac_identity_has_role(identity, self) ? sac_next_run(next, req)
                                                 : sac_problem(req, "forbidden", NULL);
}

int sac_scope_required(void *self, sac_req *req, const sac_next *next)
{
    const sac_identity *identity = NULL;
    const int rc = ask_member(req, &identity);

    if (rc != SAC_OK)
        return rc;
    return sac_identity_has_scope(identity, self) ? sac_next_run(next, req)
                                                  : sac__req_refuse_scope(req, self);
}

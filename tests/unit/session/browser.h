/* SPDX-License-Identifier: MIT */
#ifndef SESSION_BROWSER_H
#define SESSION_BROWSER_H

/* A client that keeps the cookie it is given, and views that use the session. */
#include "unit/app/fixture.h"

#include <sacrum/session.h>

#define A_KEY "a key of some 16 bytes or more"

typedef struct browser {
    fixture fx;
    char cookie[8192]; /* "Cookie: session=…"; empty: none */
    char set[8192];    /* the last Set-Cookie, whole; empty: none */
    int n_set;
} browser;

/* The session as JSON, which looks at it. */
static inline int view_read(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_bson(req, 200, sac_session_doc(req));
}

static inline int view_none(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_text(req, 200, "none");
}

/* ?key=value: a string; `n` an integer. */
static inline int view_set(void *self, sac_req *req)
{
    const sac_str key = sac_req_query(req, "key"), value = sac_req_query(req, "value");
    int rc;

    (void)self;
    rc = sac_session_set_str(req, key.p ? sac_req_dup(req, key).p : "k",
                             value.p ? value : sac_str_of("v"));
    return rc ? rc : sac_reply_text(req, 200, "set");
}

static inline int view_clear(void *self, sac_req *req)
{
    const int rc = sac_session_clear(req);

    (void)self;
    return rc ? rc : sac_reply_text(req, 200, "cleared");
}

static inline int view_permanent(void *self, sac_req *req)
{
    int rc = sac_session_set_permanent(req, true);

    (void)self;
    if (rc == SAC_OK)
        rc = sac_session_set_str(req, "k", sac_str_of("v"));
    return rc ? rc : sac_reply_text(req, 200, "permanent");
}

static inline int view_renew(void *self, sac_req *req)
{
    const int rc = sac_session_renew(req);

    (void)self;
    return rc ? rc : sac_reply_text(req, 200, "renewed");
}

/* Changes the session, and fails with ?status. */
static inline int view_fail(void *self, sac_req *req)
{
    int64_t status = 0;
    int rc = sac_session_set_str(req, "failed", sac_str_of("yes"));

    (void)self;
    if (rc == SAC_OK)
        rc = sac_req_query_int(req, "status", 400, 599, 500, &status);
    if (rc == SAC_OK && status == 404)
        return sac_fail(req, SAC_ENOTFOUND, "nothing here");
    return rc ? rc : sac_fail(req, SAC_EIO, "broken");
}

#define BROWSER_VIEW(name_)                                                                   \
    static const sac_view_ops name_##_ops = SAC_VIEW_OPS(.name = #name_, .flags = SAC_INLINE, \
                                                         .get = view_##name_,                 \
                                                         .post = view_##name_)
BROWSER_VIEW(read);
BROWSER_VIEW(none);
BROWSER_VIEW(set);
BROWSER_VIEW(clear);
BROWSER_VIEW(permanent);
BROWSER_VIEW(renew);
BROWSER_VIEW(fail);
#undef BROWSER_VIEW

static inline void browser_mount(browser *b)
{
    fixture_mount(&b->fx, "/read", &read_ops, NULL);
    fixture_mount(&b->fx, "/none", &none_ops, NULL);
    fixture_mount(&b->fx, "/set", &set_ops, NULL);
    fixture_mount(&b->fx, "/clear", &clear_ops, NULL);
    fixture_mount(&b->fx, "/perm", &permanent_ops, NULL);
    fixture_mount(&b->fx, "/renew", &renew_ops, NULL);
    fixture_mount(&b->fx, "/fail", &fail_ops, NULL);
}

static inline void browser_open(browser *b, const sac_app_config *config,
                                const sac_sessions *sessions)
{
    const sac_app_config with_secret = SAC_APP_CONFIG(.secret = "a secret of 16 bytes and more",
                                                      .workers = 2);
    sac_err err = {.code = 0};

    memset(b, 0, sizeof *b);
    fixture_new(&b->fx, config ? config : &with_secret);
    if (sac_app_sessions(b->fx.app, sessions, &err) != SAC_OK)
        fail_msg("%s", err.text);
    browser_mount(b);
}

static inline void browser_close(browser *b)
{
    fixture_free(&b->fx);
}

/* Keeps or forgets what the answer says. */
static inline void browser_keep(browser *b)
{
    b->set[0] = '\0';
    b->n_set = 0;
    for (size_t i = 0; i < b->fx.reply.n_headers; i++) {
        const sac_header *h = &b->fx.reply.headers[i];

        if (h->name.n != 10 || strncasecmp(h->name.p, "set-cookie", 10) != 0)
            continue;
        b->n_set++;
        snprintf(b->set, sizeof b->set, "%.*s", (int)h->value.n, h->value.p);
        if (strstr(b->set, "Max-Age=0"))
            b->cookie[0] = '\0';
        else
            snprintf(b->cookie, sizeof b->cookie, "Cookie: %.*s", (int)strcspn(b->set, ";"),
                     b->set);
    }
}

static inline int browser_ask(browser *b, const char *method, const char *target)
{
    const int status = b->cookie[0] ? fixture_get_with(&b->fx, method, target, b->cookie)
                                    : fixture_get(&b->fx, method, target);

    browser_keep(b);
    return status;
}

static inline int browser_get(browser *b, const char *target)
{
    return browser_ask(b, "GET", target);
}

/* The value of the cookie that is kept. */
static inline sac_str browser_value(const browser *b)
{
    const char *equals = strchr(b->cookie, '=');

    return sac_str_of(equals ? equals + 1 : "");
}

#endif

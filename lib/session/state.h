/* SPDX-License-Identifier: MIT */
#ifndef SESSION_STATE_H
#define SESSION_STATE_H

#include "app/app.h"
#include "app/req.h"
#include "session/flask.h"
#include "session/sealed.h"
#include "session/session.h"

/* Sessions from within: of an app, and the one of a request. */

enum { SAC__SESSION_KEYS = 16, SAC__SESSION_ID = 32, SAC__SESSION_DIGEST = 32 };

typedef struct sac__sessions {
    sac_sessions config; /* defaults filled in */
    size_t n_keys;
    sac_str keys[SAC__SESSION_KEYS];
    const sac_alloc *alloc;
    sac__signing *signing; /* SIGNED */
    sac__sealing *sealing; /* ENCRYPTED */
    sac_store *store;      /* STORED */
} sac__sessions;

typedef struct sac__touched {
    sac_str key;
    struct sac__touched *next;
} sac__touched;

typedef struct sac__session {
    const sac__sessions *of;
    int error;    /* why it could not be read */
    bool found;   /* the cookie that came was a session */
    bool written; /* the answer is made */
    bool modified, cleared, renewed;
    sac_str doc;
    int64_t issued;  /* seconds: when what came was made */
    int64_t begun;   /* ENCRYPTED, STORED: when the session was */
    sac_str flashes; /* p NULL: not asked for yet */
    /* STORED */
    sac_value id;          /* of the document that was found */
    sac_str value;         /* of the cookie */
    int64_t expires;       /* of it, in seconds */
    sac__touched *touched; /* keys that this request changed */
} sac__session;

/* Under which an app keeps them. */
const void *sac__sessions_key(void);
/* Whether cookies go over https alone, where the request came over it or not. */
bool sac__sessions_secure(const sac__sessions *sessions, const sac_app_config *app, bool request);

/* Of the request, read; NULL: the app has no sessions, or memory ended. Makes its answer vary. */
sac__session *sac__session_look(sac_req *req);
/* The same to be changed: SAC_EINVAL, or why it cannot be read. */
int sac__session_change(sac_req *req, sac__session **out) SAC_MUST_USE;
/* Of the request, if anything looked at it. */
sac__session *sac__session_looked(sac_req *req);

bool sac__session_is_permanent(const sac__session *session);
bool sac__session_is_empty(const sac__session *session);

/* save.c: the middleware's `after`. */
int sac__session_after(void *self, sac_req *req);
/* Adds the cookie, or (value.p NULL) has the browser forget it; then all is done. */
int sac__session_send(sac_req *req, const sac__session *session, sac_str value) SAC_MUST_USE;

/* stored.c */
int sac__stored_seal(sac__sessions *sessions, sac_app *app, sac_err *err) SAC_MUST_USE;
/* Finds the document of a cookie: 0, or SAC_ENOMEM, or what the store said. */
int sac__stored_read(sac__session *session, sac_req *req, sac_str cookie) SAC_MUST_USE;
/* Writes, or removes, and then sends the cookie. May be SAC_LATER. */
int sac__stored_write(sac__session *session, sac_req *req) SAC_MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_SESSION_H
#define SACRUM_SESSION_H

/**
 * Sessions: a small document that stays with a browser from request to
 * request. In a signed cookie, byte for byte Flask's, so that a C service and
 * a Flask app may share a login; in an encrypted one; or in a collection, with
 * an id in the cookie. The calls are the same.
 *
 * A session is read at the first call of a request that looks at it, and
 * written when the answer is made, if it changed. Answers that looked at it
 * have `Vary: Cookie`, those that set it `Cache-Control: no-store`.
 *
 * Threads: the request's, but for sac_app_sessions().
 */
#include <sacrum/req.h>

SAC_BEGIN

/** Where a session is kept. */
typedef enum sac_session_kind {
    SAC_SESSION_SIGNED = 0, /**< In the cookie: Flask's format. The browser's user can read it. */
    SAC_SESSION_ENCRYPTED,  /**< In the cookie: AES-256-GCM. */
    SAC_SESSION_STORED      /**< In a collection of the app's store. */
} sac_session_kind;

/** Whether cookies go over https alone. */
typedef enum sac_secure {
    SAC_SECURE_AUTO = 0, /**< Where sac_app_config.origin, else the request, says https. */
    SAC_SECURE_ALWAYS,
    SAC_SECURE_NEVER
} sac_secure;

/** All is optional; 0 stands for the default. Copied, with what it points to. */
typedef struct sac_sessions {
    size_t size;            /**< sizeof this struct: SAC_SESSIONS sets it. */
    sac_session_kind kind;
    const char *cookie;     /**< Its name: "session". `__Host-` and `__Secure-` are held to. */
    const char *path;       /**< "/" */
    const char *domain;     /**< NULL: this host alone. */
    const char *same_site;  /**< "Lax", "Strict" or "None" (then Secure); NULL: "Lax". */
    sac_secure secure;
    const char *const *keys; /**< To sign with, the newest first, each of 16 bytes or more; ends
                                  with NULL. The first one signs, all verify. NULL: one of the
                                  app's secret. */
    const char *salt;       /**< "cookie-session", as Flask's. */
    int64_t lifetime;       /**< Seconds that a permanent session lives: 31 days. */
    int64_t idle;           /**< STORED: seconds without a request after which it ends: 1 day for
                                 a browser session, `lifetime` for a permanent one. */
    int64_t absolute;       /**< STORED, ENCRYPTED: seconds after which it ends in any case, from
                                 sac_session_renew() or its making on: 31 days. */
    size_t max_cookie;      /**< Bytes of the cookie, name and attributes included: 4,093. */
    size_t max_size;        /**< Bytes of the session once it is inflated: 64 KiB. */
    const char *collection; /**< STORED: "sessions". */
} sac_sessions;
#define SAC_SESSIONS(...) { .size = sizeof(sac_sessions), __VA_ARGS__ }

/**
 * Give an app sessions. `config` NULL: all defaults.
 *
 * Errors: SAC_EINVAL naming the member; SAC_EEXIST for a second call;
 * SAC_ENOMEM. A kind that needs a secret or a store which the app has not is
 * refused when it is sealed.
 * Threads: build phase.
 */
SAC_API int sac_app_sessions(sac_app *app, const sac_sessions *config, sac_err *err) SAC_MUST_USE;

/* Reading. Without a session there is nothing in it. What is got lives as long as the request. */

/** A value; of type SAC_BSON_MISSING when there is none. */
SAC_API sac_value sac_session_get(sac_req *req, const char *key);
/** A string; p NULL when there is none. */
SAC_API sac_str sac_session_str(sac_req *req, const char *key);
/** An integer; false when there is none. */
SAC_API bool sac_session_int(sac_req *req, const char *key, int64_t *out);
/** Whether it is there and true. */
SAC_API bool sac_session_bool(sac_req *req, const char *key);
/** All of it, as a document; empty ({}) when there is none. Keys that begin with `_` are the library's. */
SAC_API sac_str sac_session_doc(sac_req *req);
/** Whether the request came without a session. */
SAC_API bool sac_session_is_new(sac_req *req);

/*
 * Writing. Errors: SAC_EINVAL when the app has no sessions or the answer is made
 * already, or for a value that the format cannot hold (regular expressions, …);
 * SAC_ETOOBIG for one beyond max_size; SAC_ENOMEM; why the session could not be
 * read. One that is too large for its cookie fails the request with 500 when it is
 * written: a cookie is not cut. A request that fails with 500 or more leaves
 * the session as it was.
 */

/** Set a value of any type: see docs/reference/session.md for what Flask reads it as. */
SAC_API int sac_session_set(sac_req *req, const char *key, sac_value value) SAC_MUST_USE;
/** Set a string, which is UTF-8. */
SAC_API int sac_session_set_str(sac_req *req, const char *key, sac_str value) SAC_MUST_USE;
/** Set an integer. */
SAC_API int sac_session_set_int(sac_req *req, const char *key, int64_t value) SAC_MUST_USE;
/** Set a bool. */
SAC_API int sac_session_set_bool(sac_req *req, const char *key, bool value) SAC_MUST_USE;
/** Take a value out; none is no error. */
SAC_API int sac_session_remove(sac_req *req, const char *key) SAC_MUST_USE;
/** Empty it; the browser is told to forget the cookie. */
SAC_API int sac_session_clear(sac_req *req) SAC_MUST_USE;
/** A permanent session outlives the browser, for sac_sessions.lifetime; others do not. */
SAC_API int sac_session_set_permanent(sac_req *req, bool permanent) SAC_MUST_USE;
/**
 * Make it another session with the same content: a new id (the old one is
 * dead), a new beginning, a new CSRF token. At every change of who it is:
 * sac_sign_in() does it.
 */
SAC_API int sac_session_renew(sac_req *req) SAC_MUST_USE;
/**
 * End every other session of the store whose `key` has this value. It waits: for
 * handlers on workers. Errors: SAC_ENOSYS where not STORED; SAC_EINVAL for a key that
 * is empty, begins with `$` or has a dot.
 */
SAC_API int sac_session_end_all(sac_req *req, const char *key, sac_value value) SAC_MUST_USE;

/* Messages for the next page (Flask's flash). */

/** Keep a message until it is read; `category` NULL: "message". */
SAC_API int sac_flash(sac_req *req, const char *category, sac_str message) SAC_MUST_USE;
/**
 * The messages that are kept, as an array of {category, message} in BSON;
 * empty when there are none. They are gone from the session then; later calls
 * of the same request see them still.
 */
SAC_API sac_str sac_flashes(sac_req *req);

SAC_END

#endif

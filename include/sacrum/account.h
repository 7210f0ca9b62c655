/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_ACCOUNT_H
#define SACRUM_ACCOUNT_H

/**
 * Accounts: a collection of users with passwords and roles, and the views by
 * which they sign in and out. Needs sac_app_sessions() before it.
 *
 * A password is verified on threads of its own (half the CPUs, at idle
 * priority), the request waits without one. Unknown names cost as much as
 * wrong passwords and are answered alike. A session holds the user's id and a
 * version; a changed password raises the version, and with it every older
 * session ends. CSRF protection (<sacrum/csrf.h>) comes with it, unless it was
 * set up before.
 */
#include <sacrum/identity.h>
#include <sacrum/schema.h>
#include <sacrum/session.h>

SAC_BEGIN

/**
 * All is optional; 0 stands for the default. A path that is NULL is not
 * served. What it points to must outlive the app.
 */
typedef struct sac_accounts {
    size_t size;             /**< sizeof this struct: SAC_ACCOUNTS sets it. */
    size_t field_size;       /**< sizeof a row of `fields`: set likewise. */
    const char *collection;  /**< "users" */
    const sac_field *fields; /**< Further fields of a user, beside the library's: taken at
                                  sign-up unless read-only, shown to the user unless secret. */
    const char *name_key;    /**< Field that one signs in with, as "email": "username". Unique;
                                  compared in lower case (ASCII), as it is stored. */
    const char *name_pattern; /**< PCRE2 pattern of a name at sign-up; NULL: 1 to 64 bytes
                                   without blanks and control bytes. */
    const char *login;       /**< POST: signs in. GET: the page, from `login_template`. */
    const char *logout;      /**< POST: signs out. */
    const char *sign_up;     /**< POST: makes an account and signs in. GET: its page. */
    const char *me;          /**< GET: the user, and the CSRF token. 401 for nobody. */
    const char *password;    /**< POST {"password", "new_password"}: changes it. */
    const char *login_template;   /**< Of sac_app_templates(): "login"; without templates no page. */
    const char *sign_up_template; /**< "sign_up" */
    const char *home;        /**< Where a form leads without `next`: "/". */
    const char *const *sign_up_roles; /**< Of accounts made at sign-up; ends with NULL; or NULL. */
    bool permanent;          /**< Sessions outlive the browser; a form's `remember` asks for it. */
    int cost;                /**< Of bcrypt: 12. Cheaper hashes are made anew at sign-in. */
    unsigned min_password;   /**< Code points: 8. */
    unsigned threads;        /**< That hash: half the CPUs, at least one. */
    size_t max_hashing;      /**< Passwords that wait for one, then 503: 64. */
    unsigned max_attempts;   /**< Wrong passwords of one account from one address, in `window`, then
                                  429: 5. Of one address in all: 20 times as many. */
    unsigned window;         /**< Seconds: 300. */
} sac_accounts;
#define SAC_ACCOUNTS(...)                                                      \
    { .size = sizeof(sac_accounts), .field_size = sizeof(sac_field), __VA_ARGS__ }

/**
 * Give an app accounts. Paths of views are those of the app or group.
 *
 * Views take JSON (as `{"username", "password"}`) and answer JSON: 200 with
 * the user and `csrf_token`, 401 `bad_credentials`, 422, 429. A form
 * (application/x-www-form-urlencoded) they answer with 303 to `next`, when
 * that is a path of this site, or with the page again and what was wrong.
 *
 * Errors: SAC_EINVAL naming the member or field; SAC_EEXIST; SAC_EVERSION;
 * SAC_ENOMEM.
 * Threads: build phase.
 */
SAC_API int sac_app_accounts(sac_app *app, const sac_accounts *accounts, sac_err *err) SAC_MUST_USE;

/**
 * Make an account, as a host program makes the first one. Blocks while it
 * hashes. `roles` ends with NULL, or is NULL; `id` may be NULL.
 *
 * Errors: SAC_EEXIST when the name is taken; SAC_EINVAL, SAC_ETOOBIG for a
 * name or password that cannot be; what the store says.
 * Threads: any, once sealed.
 */
SAC_API int sac_account_add(sac_app *app, sac_str name, sac_str password, const char *const *roles,
                            sac_oid *id, sac_err *err) SAC_MUST_USE;
/** Set an account's password and end its sessions. SAC_ENOTFOUND; as sac_account_add(). */
SAC_API int sac_account_set_password(sac_app *app, sac_str name, sac_str password,
                                     sac_err *err) SAC_MUST_USE;
/** Let an account sign in no more (and end its sessions), or again. SAC_ENOTFOUND. */
SAC_API int sac_account_disable(sac_app *app, sac_str name, bool disabled,
                                sac_err *err) SAC_MUST_USE;

/*
 * For sign-in views of your own. Threads: the request's.
 */

/** Sign a user in by `_id`, however you know who it is: a new session. SAC_ENOTFOUND, SAC_EFORBIDDEN (disabled). */
SAC_API int sac_sign_in(sac_req *req, sac_value user, bool permanent) SAC_MUST_USE;
/** Sign out: the session is emptied. */
SAC_API int sac_sign_out(sac_req *req) SAC_MUST_USE;
/**
 * The query's or form's `next`, if it is a path of this site that a redirect
 * may lead to (docs/reference/account.md has the rule), else `fallback`.
 */
SAC_API sac_str sac_req_next(sac_req *req, const char *fallback);

SAC_END

#endif

/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_CSRF_H
#define SACRUM_CSRF_H

/**
 * Requests that another site makes a browser send (CSRF), and headers that
 * tell browsers to be careful.
 */
#include <sacrum/req.h>

SAC_BEGIN

/** All is optional; 0 stands for the default. Copied, with what it points to. */
typedef struct sac_csrf {
    size_t size; /**< sizeof this struct: SAC_CSRF sets it. */
    const char *const *origins; /**< Other origins that may send, exact; ends with NULL. */
    bool needs_token; /**< A token is needed always, from programs too. */
} sac_csrf;
#define SAC_CSRF(...) { .size = sizeof(sac_csrf), __VA_ARGS__ }

/**
 * Judge every request but GET, HEAD and OPTIONS that is, or may become,
 * authenticated by what a browser sends unasked. It passes when
 * `Sec-Fetch-Site` is `same-origin` or `none`, or its `Origin` is this site's
 * or a listed one; without either header it comes from no browser and passes;
 * or when it carries the session's token, in `X-CSRF-Token` or in a form's
 * `csrf_token`. Else: 403 `csrf`. One whose token of `Authorization: Bearer`
 * is valid is exempt.
 *
 * `config` NULL: the defaults. sac_app_accounts() does this for an app that
 * has not. Of a group's and its app's, the group's holds.
 * Errors: SAC_EINVAL naming what is no origin; SAC_EEXIST; SAC_ENOMEM.
 * Threads: build phase.
 */
SAC_API int sac_app_csrf(sac_app *app, const sac_csrf *config, sac_err *err) SAC_MUST_USE;

/**
 * The session's token, masked anew at each call, for a form or a `<meta>`;
 * makes a session where there is none. p NULL: no memory, or no sessions.
 * Threads: the request's.
 */
SAC_API sac_str sac_csrf_token(sac_req *req);

/** Header fields of every answer of an app or group. NULL: the default; "": not sent. */
typedef struct sac_secure_headers {
    size_t size; /**< sizeof this struct: SAC_SECURE_HEADERS sets it. */
    const char *content_security_policy; /**< "default-src 'self'; object-src 'none'; base-uri
                                              'self'; frame-ancestors 'self'; form-action 'self'" */
    const char *referrer_policy;    /**< "strict-origin-when-cross-origin" */
    const char *frame_options;      /**< "SAMEORIGIN" */
    const char *opener_policy;      /**< "same-origin" */
    const char *permissions_policy; /**< "": not sent. */
    int64_t hsts;                   /**< Seconds of Strict-Transport-Security, over https; 0: not
                                         sent. */
    bool hsts_subdomains;
} sac_secure_headers;
#define SAC_SECURE_HEADERS(...) { .size = sizeof(sac_secure_headers), __VA_ARGS__ }

/**
 * Send headers that narrow what browsers do with answers (OWASP's Secure
 * Headers); one that a view has set stays as it is. `X-Content-Type-Options:
 * nosniff` is on every answer anyhow. `config` NULL: the defaults. Copied.
 * Errors: SAC_EINVAL for what is no header's value; SAC_ENOMEM. Threads: build phase.
 */
SAC_API int sac_app_secure_headers(sac_app *app, const sac_secure_headers *config,
                                   sac_err *err) SAC_MUST_USE;

SAC_END

#endif

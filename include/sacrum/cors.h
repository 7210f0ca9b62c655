/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_CORS_H
#define SACRUM_CORS_H

/**
 * Cross-origin requests (the Fetch standard's CORS protocol). Off until
 * origins are listed.
 */
#include <sacrum/app.h>

SAC_BEGIN

typedef struct sac_cors {
    size_t size; /**< sizeof this struct: SAC_CORS sets it. */
    const char *const *origins; /**< `https://front.example`, exact; ends with NULL. Or one "*". */
    bool credentials;  /**< Cookies may come along; never with "*". */
    const char *const *headers; /**< Request headers to allow beside the usual; or NULL. */
    const char *const *expose;  /**< Answer headers to show beside the usual; or NULL. */
    unsigned max_age;  /**< Seconds a preflight may be remembered; 0: 600. */
} sac_cors;
#define SAC_CORS(...) { .size = sizeof(sac_cors), __VA_ARGS__ }

/**
 * Let other origins use an app or a group: every answer, errors and 304 too,
 * carries the headers; preflights are answered without a login.
 *
 * Ownership: `cors` and all in it is copied.
 * Errors: SAC_EINVAL naming the origin that is none, or "*" with credentials;
 * SAC_ENOMEM.
 * Threads: build phase.
 */
SAC_API int sac_app_cors(sac_app *app, const sac_cors *cors, sac_err *err) SAC_MUST_USE;

SAC_END

#endif

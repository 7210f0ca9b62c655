/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_ERR_H
#define SACRUM_ERR_H

#include <sacrum/export.h>

SAC_BEGIN

/**
 * Error codes: 0 is success, every error is negative. Each row gives the
 * name, the text and the HTTP status that a failed request answers with when
 * the handler chose none.
 */
#define SAC_ERRORS(X)                                                          \
    X(SAC_EINVAL, -1, "invalid argument", 400)                                 \
    X(SAC_ESYNTAX, -2, "unreadable input", 400)                                \
    X(SAC_ELIMIT, -3, "over a limit", 400)                                     \
    X(SAC_EUNAUTHORIZED, -4, "not signed in", 401)                             \
    X(SAC_EFORBIDDEN, -5, "not allowed", 403)                                  \
    X(SAC_ENOTFOUND, -6, "not found", 404)                                     \
    X(SAC_EMETHOD, -7, "method not allowed", 405)                              \
    X(SAC_ENOTACCEPTABLE, -8, "not acceptable", 406)                           \
    X(SAC_EEXIST, -9, "exists already", 409)                                   \
    X(SAC_ECONFLICT, -10, "conflict", 409)                                     \
    X(SAC_EPRECONDITION, -11, "precondition failed", 412)                      \
    X(SAC_ETOOBIG, -12, "too large", 413)                                      \
    X(SAC_EMEDIATYPE, -13, "unsupported media type", 415)                      \
    X(SAC_EVALIDATION, -14, "validation failed", 422)                          \
    X(SAC_EREQUIRED, -15, "precondition required", 428)                        \
    X(SAC_ENOMEM, -16, "out of memory", 500)                                   \
    X(SAC_EIO, -17, "input/output error", 500)                                 \
    X(SAC_ECORRUPT, -18, "stored data is damaged", 500)                        \
    X(SAC_EVERSION, -19, "made for another version", 500)                      \
    X(SAC_ENOSYS, -20, "not implemented", 501)                                 \
    X(SAC_EUNAVAILABLE, -21, "unavailable", 503)                               \
    X(SAC_EFULL, -22, "storage is full", 507)                                  \
    X(SAC_ECLOSED, -23, "closed", 500)                                         \
    X(SAC_ENOTMINE, -24, "another opener's scheme", 500)                       \
    X(SAC_ENOINDEX, -25, "no index for this query", 400)                       \
    X(SAC_EUNKNOWN, -26, "outcome unknown", 503)

enum {
    SAC_OK = 0,
    SAC_LATER = 2, /**< Not yet: the call is to be made again when woken. */
#define SAC_ERROR_ENUM(name, number, text, status) name = (number),
    SAC_ERRORS(SAC_ERROR_ENUM)
#undef SAC_ERROR_ENUM
};

/**
 * What went wrong, in memory of the caller. Written only by a call that
 * fails; nullable wherever it is a parameter.
 */
typedef struct sac_err {
    int code;       /**< One of the SAC_E codes. */
    size_t pos;     /**< Byte offset in the input, where there is one. */
    char text[160]; /**< One line for a person; always NUL-terminated, UTF-8. */
} sac_err;

/**
 * Fill `err`, if given, with a printf-style text, cut at its size.
 *
 * Errors: returns `code`, so that `return sac_err_set(err, …)` reads well.
 * Threads: any.
 */
SAC_API int sac_err_set(sac_err *err, int code, const char *format, ...)
    SAC_PRINTF(3, 4);

/** Name of a code as written here ("SAC_EINVAL"); "SAC_E?" if unknown. Threads: any. */
SAC_API const char *sac_err_name(int code);

/** Text of a code, a static string, never NULL. Threads: any. */
SAC_API const char *sac_err_text(int code);

/** HTTP status that a code stands for; 500 if unknown. Threads: any. */
SAC_API int sac_err_status(int code);

SAC_END

#endif

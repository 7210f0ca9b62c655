/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_PASSWORD_H
#define SACRUM_PASSWORD_H

/**
 * Passwords and their hashes, by the system's crypt(3) (libxcrypt). New hashes
 * are bcrypt's `$2b$`; `$2a$`, `$2y$` and yescrypt's `$y$` are verified too.
 * `$2x$`, whose makers had a bug, and anything else is refused.
 *
 * These calls take a quarter of a second by design: do not call them on a
 * host's thread. The library's own views hash on threads of their own.
 *
 * Threads: any.
 */
#include <sacrum/err.h>
#include <sacrum/str.h>

SAC_BEGIN

enum {
    SAC_PASSWORD_COST = 12,   /**< bcrypt's default here: 2^12 rounds. */
    SAC_PASSWORD_HASH = 384,  /**< Bytes that any hash fits in, with its NUL. */
    SAC_PASSWORD_MAX = 1024,  /**< Bytes of a password. */
    SAC_PASSWORD_BCRYPT = 72  /**< Bytes of a password that bcrypt looks at. */
};

/**
 * Hash a password with a new salt. `cost` 0: SAC_PASSWORD_COST; else 4 to 31.
 * Errors: SAC_EINVAL for a NUL in it, an empty one or a bad cost; SAC_ETOOBIG
 * for more than 72 bytes: bcrypt would not look at the rest; SAC_ENOMEM,
 * SAC_EIO.
 */
SAC_API int sac_password_hash(sac_str password, int cost, char out[SAC_PASSWORD_HASH],
                              sac_err *err) SAC_MUST_USE;

/**
 * Verify a password against a hash: SAC_OK; SAC_EUNAUTHORIZED when it is
 * another one's (also one with a NUL, or too long); SAC_EINVAL for a hash of a
 * kind that is not taken.
 * Takes as long for a wrong password as for the right one.
 */
SAC_API int sac_password_verify(sac_str password, sac_str hash, sac_err *err) SAC_MUST_USE;

/** Whether a hash should be made anew at the next sign-in: of another kind, or cheaper than `cost`. */
SAC_API bool sac_password_is_weak(sac_str hash, int cost);

SAC_END

#endif

/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_LIMIT_H
#define SACRUM_LIMIT_H

/** Rates of requests. */
#include <sacrum/app.h>

SAC_BEGIN

/** Whose requests are counted together. */
typedef enum sac_limit_by {
    SAC_LIMIT_BY_USER = 0, /**< Of whoever is signed in, else of the address. */
    SAC_LIMIT_BY_ADDRESS   /**< Of the address: an IPv4 one, or a /64 of IPv6. */
} sac_limit_by;

typedef struct sac_limit {
    size_t size;       /**< sizeof this struct: SAC_LIMIT sets it. */
    unsigned requests; /**< So many in `seconds`; mandatory. */
    unsigned seconds;  /**< 0: 60. */
    unsigned burst;    /**< So many at once; 0: `requests`. */
    unsigned methods;  /**< Which are counted, bits as SAC_GET; 0: all but OPTIONS. */
    sac_limit_by by;
    size_t max_keys;   /**< Callers remembered; 0: 65,536 (of 32 bytes). Beyond that the one whose
                            rate is lowest is forgotten. */
} sac_limit;
#define SAC_LIMIT(...) { .size = sizeof(sac_limit), __VA_ARGS__ }

/**
 * Answer what goes over a rate with 429 and Retry-After (generic cell rate
 * algorithm, ITU-T I.371). Several limits on one app or group all hold.
 * Counted in this process alone.
 *
 * Errors: SAC_EINVAL, SAC_ENOMEM. Threads: build phase.
 */
SAC_API int sac_app_limit(sac_app *app, const sac_limit *limit, sac_err *err) SAC_MUST_USE;

SAC_END

#endif

/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_LOG_H
#define SACRUM_LOG_H

#include <sacrum/str.h>

SAC_BEGIN

typedef enum sac_log_level {
    SAC_LOG_ERROR, /**< Something is broken and someone should look. */
    SAC_LOG_WARN,  /**< A request or an operation failed for an outer cause. */
    SAC_LOG_INFO,  /**< Life of the app: start, stop, what was opened. */
    SAC_LOG_DEBUG
} sac_log_level;

/**
 * Where the library's log lines go. `line` is one line without its end,
 * control bytes escaped, free of cookies, credentials and document contents.
 *
 * Threads: called from any thread, at the same time.
 */
typedef void sac_log_fn(void *self, sac_log_level level, sac_str line);

SAC_END

#endif

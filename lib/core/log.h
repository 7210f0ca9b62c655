/* SPDX-License-Identifier: MIT */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include <sacrum/log.h>

typedef struct sac__log {
    sac_log_fn *fn; /* NULL: nothing is logged */
    void *self;
    sac_log_level level; /* lines above it are dropped */
} sac__log;

/* One line, at most 1 KiB; control bytes and invalid UTF-8 come out as \xNN. */
void sac__logf(const sac__log *log, sac_log_level level, const char *format, ...) SAC_PRINTF(3, 4);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef APP_DATA_OUT_H
#define APP_DATA_OUT_H

#include <sacrum/out.h>

#include "core/buf.h"

struct sac_out {
    sac__buf *buf; /* its maximum is the limit */
};

#endif

/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_HTTP_H
#define SACRUM_HTTP_H

#include <sacrum/str.h>

SAC_BEGIN

/** HTTP methods as bits, so that a set of them is an `unsigned`. */
enum {
    SAC_GET = 1 << 0,
    SAC_HEAD = 1 << 1,
    SAC_POST = 1 << 2,
    SAC_PUT = 1 << 3,
    SAC_PATCH = 1 << 4,
    SAC_DELETE = 1 << 5,
    SAC_OPTIONS = 1 << 6
};

/** One header field: its name (any case) and its value without outer blanks. */
typedef struct sac_header {
    sac_str name;
    sac_str value;
} sac_header;

SAC_END

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>

int64_t sac__clock_ms(void);       /* since 1970, as BSON dates are */
uint64_t sac__clock_mono_ns(void); /* for durations */

#endif

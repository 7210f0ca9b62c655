/* SPDX-License-Identifier: MIT */
#ifndef CORE_RANDOM_H
#define CORE_RANDOM_H

#include <sacrum/err.h>

/* Random bytes of the system, fit for keys. SAC_EIO when there are none. */
int sac__random(void *p, size_t n) SAC_MUST_USE;

#endif

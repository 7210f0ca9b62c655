/* SPDX-License-Identifier: MIT */
#ifndef CORE_PATTERN_H
#define CORE_PATTERN_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <sacrum/alloc.h>

/* PCRE2's memory from an allocator; NULL when there is none. */
pcre2_general_context *sac__pattern_memory(const sac_alloc *alloc);

#endif

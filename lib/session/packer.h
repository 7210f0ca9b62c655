/* SPDX-License-Identifier: MIT */
#ifndef SESSION_PACKER_H
#define SESSION_PACKER_H

#include <pthread.h>

#include <zlib.h>

#include <sacrum/err.h>

#include "core/arena.h"

/*
 * zlib streams. To begin one takes 20 times as long as to pack a session with
 * it, so one is kept for whom finds it free.
 */
typedef struct sac__packer {
    const sac_alloc *alloc;
    pthread_mutex_t lock;
    z_stream kept; /* lock */
    bool begun;    /* lock */
} sac__packer;

int sac__packer_init(sac__packer *packer, const sac_alloc *alloc) SAC_MUST_USE;
void sac__packer_fini(sac__packer *packer);

/*
 * Packs as Python's zlib.compress() does, where that is shorter than `room`
 * bytes: 1, 0 where it is not, or SAC_ENOMEM. `out` is in the arena.
 */
int sac__packer_pack(sac__packer *packer, sac_str in, size_t room, sac__arena *arena,
                     sac_str *out) SAC_MUST_USE;
/* One whole stream of at most `max` bytes, nothing behind it: SAC_ESYNTAX, SAC_ELIMIT, SAC_ENOMEM. */
int sac__packer_unpack(const sac__packer *packer, sac_str in, size_t max, sac__arena *arena,
                       sac_str *out) SAC_MUST_USE;

#endif

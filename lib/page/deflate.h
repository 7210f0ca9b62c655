/* SPDX-License-Identifier: MIT */
#ifndef PAGE_DEFLATE_H
#define PAGE_DEFLATE_H

#include <sacrum/alloc.h>

#include "app/req.h"

/* gzip (RFC 1952) of bytes and of replies, with memory of an allocator. */

/*
 * Writes at most `cap` bytes: how many is in `*n`. False when they are too few
 * or memory ends.
 */
bool sac__deflate_bytes(const sac_alloc *alloc, int level, sac_str in, char *out, size_t cap,
                        size_t *n);

/* Puts a stream that codes what a reply was in its place, which then is the stream's. SAC_ENOMEM. */
int sac__deflate_reply(sac_req *req, int level, sac__reply *reply) SAC_MUST_USE;

#endif

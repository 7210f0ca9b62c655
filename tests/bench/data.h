/* SPDX-License-Identifier: MIT */
#ifndef BENCH_DATA_H
#define BENCH_DATA_H

#include <sacrum/bson.h>
#include <sacrum/resource.h>

/*
 * Different small documents of about 560 bytes: ids, dates, integers, doubles
 * of many digits, null, bools, arrays, nested documents, a fifth of the words
 * not ASCII, escapes. The same seed gives the same documents.
 */
extern const sac_field bench_fields[];

/* Document `i` into an initialised writer; its `_id` counts up. */
void bench_doc(uint64_t i, sac_bson *out);
void bench_id(uint64_t i, sac_oid *out);

uint64_t bench_now_ns(void);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef STORE_MONGO_DRIVER_H
#define STORE_MONGO_DRIVER_H

/*
 * The driver, 1.23 and later or 2.x, and all that differs between them. Its
 * allocations, libbson's among them, abort the process when memory ends.
 */
#include <mongoc/mongoc.h>

#include <sacrum/bson.h>

/* Bytes in the clothes of a bson_t, which must not be destroyed. */
static inline bool sac__mongo_dress(bson_t *out, sac_str doc)
{
    return bson_init_static(out, (const uint8_t *)doc.p, doc.n);
}

static inline sac_str sac__mongo_bytes(const bson_t *doc)
{
    return sac_str_n((const char *)bson_get_data(doc), doc->len);
}

#endif

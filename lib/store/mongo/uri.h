/* SPDX-License-Identifier: MIT */
#ifndef STORE_MONGO_URI_H
#define STORE_MONGO_URI_H

#include "store/mongo/driver.h"

typedef struct sac__mongo_uri {
    mongoc_uri_t *driver; /* without our options; its times are bounded by ours */
    const char *database; /* of it */
    unsigned timeout_ms, clients;
} sac__mongo_uri;

/* SAC_ENOTMINE, SAC_EINVAL, SAC_ENOMEM. */
int sac__mongo_uri_init(sac__mongo_uri *uri, const char *text, const sac_alloc *alloc,
                        sac_err *err) SAC_MUST_USE;
void sac__mongo_uri_fini(sac__mongo_uri *uri);

#endif

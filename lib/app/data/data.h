/* SPDX-License-Identifier: MIT */
#ifndef APP_DATA_DATA_H
#define APP_DATA_DATA_H

#include "app/exchange/exchange.h"

/* What the calls of a request on the store share. Where one fails, the problem is set. */

/* Every call that may wait asks it first: SAC_EIO, logged, where the host's thread runs it. */
int sac__data_may_wait(sac_req *req, const char *call) SAC_MUST_USE;
/* The same of a read, which waits only where the app says so. */
int sac__data_may_read(sac_req *req, const char *call) SAC_MUST_USE;

/* Answers for an error of the store. */
int sac__data_failed(sac_req *req, const char *collection, int rc, const sac_err *err);

/* The store, for a call of that name that writes. */
int sac__data_begin_write(sac_req *req, const char *call, sac_store **out) SAC_MUST_USE;
/* The result of a write: SAC_ENOTFOUND is the caller's to judge. */
int sac__data_end_write(sac_req *req, const char *collection, int rc, const sac_err *err);

/* A query of any size that is known, as the library knows it. SAC_EINVAL, SAC_EVERSION. */
int sac__data_query(sac_req *req, const sac_query *query, sac_query *out) SAC_MUST_USE;

/* A cursor in memory of the request; `query` must live as long. */
int sac__data_find(sac_req *req, const sac_query *query, sac_cursor **out) SAC_MUST_USE;

static inline const char *sac__data_view(const sac_req *req)
{
    return req->mount ? req->mount->name : "-";
}

#endif

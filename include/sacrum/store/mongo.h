/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_STORE_MONGO_H
#define SACRUM_STORE_MONGO_H

#include <sacrum/store.h>

SAC_BEGIN

/**
 * Open a database of a MongoDB deployment: `mongodb://…/NAME` or
 * `mongodb+srv://…/NAME`, with the options of MongoDB's connection strings; the
 * database must be named. Of sacrum's own are `sacrumTimeoutMS` (default
 * 10000): the longest that one call may take, and `sacrumClients` (default
 * 16): the most connections that it uses at once.
 *
 * Nothing is asked of the server here: one that cannot be reached is
 * SAC_EUNAVAILABLE at each call, until it can be.
 *
 * Errors: SAC_ENOTMINE for another scheme; SAC_EINVAL for a bad URI or one
 * without a database; SAC_ENOMEM.
 * Threads: any. The driver is initialised once a process.
 */
SAC_API int sac_mongo(const sac_store_config *config, sac_store **out,
                      sac_err *err) SAC_MUST_USE;

SAC_END

#endif

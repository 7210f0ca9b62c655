/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_INDEX_TTL_H
#define STORE_LMDB_INDEX_TTL_H

#include "store/lmdb/group.h"

/*
 * Removes documents whose time is over, as many as one transaction may take.
 * Whether there may be more.
 */
bool sac__lmdb_ttl_step(sac__lmdb_group *group);

#endif

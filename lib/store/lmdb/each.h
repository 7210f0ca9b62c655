/* SPDX-License-Identifier: MIT */
#ifndef STORE_LMDB_EACH_H
#define STORE_LMDB_EACH_H

#include "store/lmdb/group.h"

/* SAC_WRITE_EACH in a group. An LMDB code; 0 also when the write is refused. */
int sac__lmdb_each(sac__lmdb_group *group, sac_write *write);

#endif

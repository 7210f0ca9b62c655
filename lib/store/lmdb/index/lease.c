/* SPDX-License-Identifier: MIT */
#include "store/lmdb/index/lease.h"

#include "bson/wire.h"
#include "core/clock.h"

/* u64 owner, u64 until (ms since 1970), then the rest. */
#define HEAD 16

int sac__lmdb_lease_get(const sac__lmdb_group *group, MDB_val key, int64_t ms,
                        sac__lmdb_lease *lease)
{
    const int64_t now = sac__clock_ms();
    int64_t until;
    char *p;
    int rc = mdb_get(group->txn, group->env->catalog, &key, &lease->rest);

    if (rc == MDB_NOTFOUND) {
        *lease = (sac__lmdb_lease){.ours = true};
        return 0;
    }
    if (rc)
        return rc;
    if (lease->rest.mv_size < HEAD)
        return MDB_CORRUPTED;
    p = lease->rest.mv_data;
    until = (int64_t)sac__wire_get64(p + 8);
    /* One that runs too far ahead is of a clock that was set back. */
    lease->ours = sac__wire_get64(p) == group->env->owner || now >= until || until - now > ms;
    lease->rest = (MDB_val){lease->rest.mv_size - HEAD, p + HEAD};
    return 0;
}

int sac__lmdb_lease_put(sac__lmdb_group *group, MDB_val key, int64_t ms, MDB_val rest)
{
    char bytes[HEAD + SAC__LMDB_LEASE_REST];
    MDB_val data = {HEAD + rest.mv_size, bytes};

    sac__wire_put64(bytes, group->env->owner);
    sac__wire_put64(bytes + 8, (uint64_t)(sac__clock_ms() + ms));
    if (rest.mv_size > 0)
        memcpy(bytes + HEAD, rest.mv_data, rest.mv_size);
    group->dirty = true;
    return mdb_put(group->txn, group->env->catalog, &key, &data, 0);
}

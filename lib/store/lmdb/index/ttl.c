/* SPDX-License-Identifier: MIT */
#include "store/lmdb/index/ttl.h"

#include <errno.h>

#include "bson/key.h"
#include "bson/wire.h"
#include "core/clock.h"
#include "store/lmdb/index/build.h"
#include "store/lmdb/index/lease.h"
#include "store/lmdb/index/set.h"

#define DATE_KEY 9 /* rank and eight bytes */

typedef struct sweep {
    sac__lmdb_group *group;
    sac__lmdb_collection *of;
    uint64_t until;
    int left;
    int64_t removed; /* of the collection */
    int64_t removed_in_all;
    sac__buf ids; /* length in two bytes, key of an `_id` */
} sweep;

/* The key in the index of the latest date whose time is over. */
static int last_key(const sac__lmdb_index *index, int64_t now, char key[DATE_KEY])
{
    const int64_t after = index->expires == SAC_EXPIRES_THEN ? 0 : index->expires;
    sac_value date = {.type = SAC_BSON_DATE};
    char raw[8];
    sac__buf out;
    int rc;

    sac__wire_put64(raw, (uint64_t)(now - after * 1000));
    date.raw = sac_str_n(raw, sizeof raw);
    sac__buf_init_fixed(&out, key, DATE_KEY);
    rc = sac__bson_key(&date, &out);
    for (size_t i = 0; index->fields[0].descending && i < DATE_KEY; i++)
        key[i] = (char)~key[i];
    return rc;
}

/* To the date that is over first of all, or, descending, last. */
static int first_entry(const sac__lmdb_index *index, const char last[DATE_KEY], MDB_cursor *at,
                       MDB_val *key, MDB_val *id)
{
    *key = (MDB_val){index->fields[0].descending ? DATE_KEY : 1, (char *)last};
    return mdb_cursor_get(at, key, id, MDB_SET_RANGE);
}

static bool is_over(const sac__lmdb_index *index, const char last[DATE_KEY], const MDB_val *key)
{
    const char *p = key->mv_data;

    if (key->mv_size != DATE_KEY || p[0] != last[0])
        return false;
    return index->fields[0].descending || memcmp(p, last, DATE_KEY) <= 0;
}

/* The ids are read first, as removing moves the cursor's ground. */
static int collect(sweep *self, const sac__lmdb_index *index)
{
    char last[DATE_KEY];
    MDB_cursor *at;
    MDB_val key;
    MDB_val id;
    int left = self->left;
    int rc = last_key(index, sac__clock_ms(), last);

    self->ids.n = 0;
    if (rc == 0)
        rc = mdb_cursor_open(self->group->txn, index->dbi, &at);
    if (rc)
        return rc;
    rc = first_entry(index, last, at, &key, &id);
    for (; rc == 0 && left > 0 && is_over(index, last, &key); left--) {
        const char n[2] = {(char)(id.mv_size & 255), (char)(id.mv_size >> 8)};

        sac__buf_add(&self->ids, n, sizeof n);
        sac__buf_add(&self->ids, id.mv_data, id.mv_size);
        rc = mdb_cursor_get(at, &key, &id, MDB_NEXT);
    }
    mdb_cursor_close(at);
    if (self->ids.error)
        return ENOMEM;
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* One that is damaged stays: its entries are unknown. */
static int remove_one(sweep *self, const sac__lmdb_key *key)
{
    sac_write write = SAC_WRITE(.result = SAC_OK);
    MDB_val at = sac__lmdb_key_val(key);
    MDB_val data;
    sac_view view;
    int rc = mdb_get(self->group->txn, self->of->dbi, &at, &data);

    if (rc)
        return rc == MDB_NOTFOUND ? 0 : rc;
    if (!sac__lmdb_doc_view(&data, &view))
        return 0;
    rc = sac__lmdb_group_remove(self->group, self->of, key, &view, &write);
    self->removed += rc == 0 && write.result == SAC_OK;
    return rc;
}

static int remove_some(sweep *self)
{
    const sac__buf *ids = &self->ids;
    sac__lmdb_key key;
    size_t at = 0;
    int rc = 0;

    while (rc == 0 && at < ids->n && self->left > 0 && sac__clock_mono_ns() < self->until) {
        const unsigned char *p = (const unsigned char *)ids->p + at;

        key.n = (size_t)p[0] | (size_t)p[1] << 8;
        memcpy(key.bytes, p + 2, key.n);
        rc = remove_one(self, &key);
        self->left--;
        at += 2 + key.n;
    }
    if (at < ids->n)
        self->left = 0;
    return rc;
}

static int sweep_collection(sweep *self, const char *name)
{
    size_t i;
    int rc = sac__lmdb_group_collection(self->group, name, 0, &self->of);

    self->removed = 0;
    for (i = 0; rc == 0 && self->of->now && self->left > 0 && i < self->of->now->n; i++) {
        const sac__lmdb_index *index = &self->of->now->v[i];

        if (!index->ready || index->expires == 0)
            continue;
        rc = collect(self, index);
        if (rc == 0)
            rc = remove_some(self);
    }
    if (rc == 0 && self->removed > 0)
        (void)sac__lmdb_group_touch(self->group, self->of);
    self->removed_in_all += self->removed;
    return rc;
}

static int sweep_all(sweep *self)
{
    const int64_t ms = 2 * (int64_t)self->group->env->ttl * 1000;
    char name[SAC__LMDB_NAME_MAX + 1] = "";
    const MDB_val key = {1, (char *)"t"};
    const MDB_val rest = {0, NULL};
    sac__lmdb_lease lease;
    int rc = sac__lmdb_lease_get(self->group, key, ms, &lease);

    if (rc || !lease.ours)
        return rc;
    rc = sac__lmdb_indexes_next(self->group->env, self->group->txn, true, name);
    if (rc == 0)
        rc = sac__lmdb_lease_put(self->group, key, ms, rest);
    while (rc == 0) {
        rc = sweep_collection(self, name);
        if (rc == 0 && self->left == 0)
            return 0;
        if (rc == 0)
            rc = sac__lmdb_indexes_next(self->group->env, self->group->txn, true, name);
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

bool sac__lmdb_ttl_step(sac__lmdb_group *group)
{
    sweep self = {.group = group,
                  .left = SAC__LMDB_STEP_DOCS,
                  .until = sac__clock_mono_ns() + SAC__LMDB_STEP_NS};
    int rc;

    sac__buf_init(&self.ids, NULL, SAC__LMDB_STEP_DOCS * (SAC__LMDB_KEY_MAX + 2));
    rc = sac__lmdb_group_begin(group);
    if (rc == 0)
        rc = sweep_all(&self);
    if (rc)
        sac__lmdb_group_abort(group);
    else
        rc = sac__lmdb_group_commit(group);
    sac__buf_fini(&self.ids);
    if (rc == MDB_BAD_DBI)
        (void)sac__lmdb_slots_open(group->env);
    return rc == 0 && self.left == 0 && self.removed_in_all > 0;
}

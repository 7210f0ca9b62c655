/* SPDX-License-Identifier: MIT */
#include "store/lmdb/each.h"

#include <errno.h>

#include "core/buf.h"
#include "store/lmdb/find/find.h"

/* The keys of the documents that it is about: length in two bytes, key. */
#define KEYS_MAX ((size_t)1 << 30)

typedef struct found {
    sac_write *write;
    sac__buf keys;
} found;

static int add_key(void *self, const MDB_val *key)
{
    found *to = self;
    const char n[2] = {(char)(key->mv_size & 255), (char)(key->mv_size >> 8)};

    if (to->write->max > 0 && to->write->matched == to->write->max)
        return sac_err_set(&to->write->err, SAC_ELIMIT, "more than %lld documents match",
                           (long long)to->write->max);
    to->write->matched++;
    sac__buf_add(&to->keys, n, sizeof n);
    sac__buf_add(&to->keys, key->mv_data, key->mv_size);
    if (to->keys.error)
        return sac_err_set(&to->write->err, to->keys.error == SAC_ENOMEM ? SAC_ENOMEM : SAC_ELIMIT,
                           "too many documents match");
    return 0;
}

static int change_one(sac__lmdb_group *group, sac__lmdb_collection *of, const sac__lmdb_key *key,
                      sac_write *write)
{
    MDB_val at = sac__lmdb_key_val(key);
    MDB_val data;
    sac_view stored;
    int rc = mdb_get(group->txn, of->dbi, &at, &data);

    if (rc)
        return rc;
    if (!sac__lmdb_doc_view(&data, &stored)) {
        write->result = sac__lmdb_doc_damaged(group->env, of->name, &at, &data, &write->err);
        return 0;
    }
    return sac__lmdb_group_change(group, &of, key, &stored, write);
}

static int change_all(sac__lmdb_group *group, sac__lmdb_collection *of, const sac__buf *keys,
                      sac_write *write)
{
    sac__lmdb_key key;
    size_t at = 0;
    int rc = 0;

    while (rc == 0 && write->result == SAC_OK && at < keys->n) {
        const unsigned char *p = (const unsigned char *)keys->p + at;

        key.n = (size_t)p[0] | (size_t)p[1] << 8;
        memcpy(key.bytes, p + 2, key.n);
        rc = change_one(group, of, &key, write);
        at += 2 + key.n;
    }
    return rc;
}

/* All or none; a full map is this write's alone. */
static int change_in_child(sac__lmdb_group *group, sac__lmdb_collection *of, const sac__buf *keys,
                           sac_write *write)
{
    sac__lmdb_child child;
    int rc = sac__lmdb_child_begin(group, of, &child);

    if (rc)
        return rc;
    rc = change_all(group, of, keys, write);
    if (rc == 0 && write->result == SAC_OK && write->changed > 0) {
        rc = sac__lmdb_child_end(group, of, &child, true);
        if (rc == 0)
            write->revision = sac__lmdb_group_touch(group, of);
        return rc;
    }
    (void)sac__lmdb_child_end(group, of, &child, false);
    if (rc)
        write->result = sac__lmdb_fail(group->env, rc, &write->err);
    write->revision = of->revision;
    return 0;
}

static int each_of(sac__lmdb_group *group, sac__lmdb_collection *of, sac_write *write)
{
    found to = {.write = write};
    int rc = 0;

    sac__buf_init(&to.keys, NULL, KEYS_MAX);
    write->result = sac__lmdb_find_keys(group->env, group->txn, of, write->query, add_key, &to,
                                        &write->err);
    if (write->result == SAC_OK)
        rc = change_in_child(group, of, &to.keys, write);
    sac__buf_fini(&to.keys);
    return rc;
}

int sac__lmdb_each(sac__lmdb_group *group, sac_write *write)
{
    sac__lmdb_collection *of;
    int rc = sac__lmdb_group_collection(group, write->collection, 0, &of);

    if (rc == 0)
        rc = each_of(group, of, write);
    else if (rc == MDB_NOTFOUND)
        rc = 0;
    if (write->result != SAC_OK) {
        write->matched = 0;
        write->changed = 0;
        write->revision = 0;
    }
    return rc;
}

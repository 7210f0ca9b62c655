/* SPDX-License-Identifier: MIT */
#include "store/lmdb/index/maintain.h"

#include <errno.h>
#include <stdio.h>

#include "bson/wire.h"
#include "core/alloc.h"
#include "store/lmdb/index/set.h"

/* Scratch that is kept from one write to the next. */
#define KEPT ((size_t)1 << 20)
/* A step: index, what, two bytes of length, the key as the database has it. */
#define STEP_HEAD 4
enum { REMOVE, ADD };

void sac__lmdb_delta_init(sac__lmdb_delta *delta)
{
    sac__lmdb_keys_init(&delta->was);
    sac__lmdb_keys_init(&delta->now);
    sac__buf_init(&delta->steps, NULL, SIZE_MAX);
}

void sac__lmdb_delta_fini(sac__lmdb_delta *delta)
{
    sac__lmdb_keys_fini(&delta->was);
    sac__lmdb_keys_fini(&delta->now);
    sac__buf_fini(&delta->steps);
}

static bool equal(const MDB_val *a, const MDB_val *b)
{
    return a->mv_size == b->mv_size && memcmp(a->mv_data, b->mv_data, a->mv_size) == 0;
}

/* Whether two documents have a value in common whose key is too long to tell. */
static int share_long_key(const sac__lmdb_index *index, sac_str a, sac_str b, bool *share)
{
    sac__lmdb_keys of_a;
    sac__lmdb_keys of_b;
    size_t i = 0;
    size_t j = 0;
    int rc;

    sac__lmdb_keys_init(&of_a);
    sac__lmdb_keys_init(&of_b);
    rc = sac__lmdb_keys_make(&of_a, index, a, false, NULL);
    if (rc == SAC_OK)
        rc = sac__lmdb_keys_make(&of_b, index, b, false, NULL);
    *share = false;
    while (rc == SAC_OK && !*share && i < of_a.n && j < of_b.n) {
        const sac_str key = sac__lmdb_keys_at(&of_a, i);
        const int order = sac__lmdb_keys_order(key, sac__lmdb_keys_at(&of_b, j));

        *share = order == 0 && key.n > SAC__LMDB_WHOLE;
        i += order <= 0;
        j += order >= 0;
    }
    sac__lmdb_keys_fini(&of_a);
    sac__lmdb_keys_fini(&of_b);
    return rc == SAC_ENOMEM ? ENOMEM : rc ? MDB_CORRUPTED : 0;
}

/* Whether the document of an entry with the same key has the same value. */
static int same_value(const sac__lmdb_group *group, const sac__lmdb_collection *of,
                      const sac__lmdb_index *index, sac_str doc, MDB_val id, bool *same)
{
    MDB_val data;
    sac_view view;
    int rc = mdb_get(group->txn, of->dbi, &id, &data);

    if (rc == MDB_NOTFOUND)
        return MDB_CORRUPTED;
    if (rc)
        return rc;
    if (!sac__lmdb_doc_view(&data, &view))
        return MDB_CORRUPTED;
    return share_long_key(index, doc, view.doc, same);
}

int sac__lmdb_delta_taken(const sac__lmdb_group *group, const sac__lmdb_collection *of,
                          const sac__lmdb_index *index, const sac__lmdb_entry *entry, bool *taken)
{
    MDB_val at = {entry->key.n, (char *)entry->key.p};
    MDB_cursor *cursor;
    MDB_val data;
    int rc = mdb_get(group->txn, index->dbi, &at, &data);

    *taken = false;
    if (rc)
        return rc == MDB_NOTFOUND ? 0 : rc;
    rc = mdb_cursor_open(group->txn, index->dbi, &cursor);
    if (rc)
        return rc;
    rc = mdb_cursor_get(cursor, &at, &data, MDB_SET_KEY);
    while (rc == 0 && !*taken) {
        if (!equal(&data, &entry->id)) {
            *taken = entry->key.n <= SAC__LMDB_WHOLE;
            if (!*taken)
                rc = same_value(group, of, index, entry->doc, data, taken);
        }
        if (rc == 0 && !*taken)
            rc = mdb_cursor_get(cursor, &at, &data, MDB_NEXT_DUP);
    }
    mdb_cursor_close(cursor);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

/* A write to one document, while it is worked out what it does. */
typedef struct planning {
    const sac__lmdb_group *group;
    const sac__lmdb_collection *of;
    sac__lmdb_delta *delta;
    sac_str was;
    sac_str now;
    MDB_val id;
    sac_write *write;
} planning;

static void add_step(sac__lmdb_delta *delta, size_t index, int what, sac_str key)
{
    char head[STEP_HEAD] = {(char)index, (char)what, (char)(key.n & 255), (char)(key.n >> 8)};

    sac__buf_add(&delta->steps, head, sizeof head);
    sac__buf_add_str(&delta->steps, key);
}

static void refuse_taken(const sac__lmdb_index *index, sac_write *write)
{
    memcpy(write->index, index->name, sizeof write->index);
    write->result = sac_err_set(&write->err, SAC_EEXIST, "another document has this %.*s",
                                (int)index->keys.n, index->keys.p);
}

/* One that comes must be nobody else's where the index is unique. */
static int plan_add(const planning *plan, size_t i, sac_str key)
{
    const sac__lmdb_index *index = &plan->of->now->v[i];
    const sac__lmdb_entry entry = {.key = key, .doc = plan->now, .id = plan->id};
    bool taken = false;
    int rc = 0;

    if (index->unique)
        rc = sac__lmdb_delta_taken(plan->group, plan->of, index, &entry, &taken);
    if (rc == 0 && taken)
        refuse_taken(index, plan->write);
    add_step(plan->delta, i, ADD, key);
    return rc;
}

/* Which of two lists has the next key: < 0 the first alone, > 0 the second, 0 both. */
static int next_of(const sac__lmdb_keys *a, size_t i, const sac__lmdb_keys *b, size_t j)
{
    if (i == a->n || j == b->n)
        return i == a->n ? 1 : -1;
    return sac__lmdb_keys_order(sac__lmdb_keys_at(a, i), sac__lmdb_keys_at(b, j));
}

/* Both lists are in order: what only one of them has goes or comes. */
static int plan_steps(const planning *plan, size_t i)
{
    const sac__lmdb_keys *was = &plan->delta->was;
    const sac__lmdb_keys *now = &plan->delta->now;
    size_t a = 0;
    size_t b = 0;
    int rc = 0;

    while (rc == 0 && plan->write->result == SAC_OK && (a < was->n || b < now->n)) {
        const int order = next_of(was, a, now, b);

        if (order < 0)
            add_step(plan->delta, i, REMOVE, sac__lmdb_keys_at(was, a));
        else if (order > 0)
            rc = plan_add(plan, i, sac__lmdb_keys_at(now, b));
        a += order <= 0;
        b += order >= 0;
    }
    return rc;
}

static int plan_index(const planning *plan, size_t i)
{
    const sac__lmdb_index *index = &plan->of->now->v[i];
    sac__lmdb_delta *delta = plan->delta;
    int rc = sac__lmdb_keys_make(&delta->was, index, plan->was, true, &plan->write->err);

    /* What cannot be indexed was written before the index was begun, and is not in it. */
    if (rc != SAC_OK && rc != SAC_ENOMEM && !index->ready) {
        delta->was.n = 0;
        rc = SAC_OK;
    }
    if (rc == SAC_OK)
        rc = sac__lmdb_keys_make(&delta->now, index, plan->now, true, &plan->write->err);
    if (rc != SAC_OK) {
        plan->write->result = rc;
        return 0;
    }
    if (delta->now.multikey && !index->multikey)
        delta->multikey |= (uint64_t)1 << i;
    if (delta->now.was_cut && !index->cut)
        delta->cut |= (uint64_t)1 << i;
    return plan_steps(plan, i);
}

/* A large document's scratch is not kept. */
static void reset(sac__lmdb_delta *delta)
{
    if (delta->was.bytes.cap + delta->was.scratch.cap + delta->now.bytes.cap +
                delta->now.scratch.cap + delta->steps.cap >
            KEPT ||
        delta->steps.error) {
        sac__lmdb_delta_fini(delta);
        sac__lmdb_delta_init(delta);
    }
    delta->steps.n = 0;
    delta->multikey = 0;
    delta->cut = 0;
}

int sac__lmdb_delta_plan(sac__lmdb_group *group, const sac__lmdb_collection *of,
                         const sac__lmdb_key *key, sac_str was, sac_str now, sac_write *write)
{
    const planning plan = {.group = group,
                           .of = of,
                           .delta = group->delta,
                           .was = was,
                           .now = now,
                           .id = sac__lmdb_key_val(key),
                           .write = write};
    size_t i;
    int rc = 0;

    reset(group->delta);
    for (i = 0; rc == 0 && write->result == SAC_OK && i < of->now->n; i++)
        rc = plan_index(&plan, i);
    return rc == 0 && group->delta->steps.error ? ENOMEM : rc;
}

int sac__lmdb_delta_mark(sac__lmdb_group *group, sac__lmdb_collection *of, uint64_t multikey,
                         uint64_t cut)
{
    const size_t n = of->now->n;
    sac__lmdb_index *v;
    size_t i;
    int rc;

    if (!(multikey | cut))
        return 0;
    v = sac__lmdb_indexes_edit(of->now, 0);
    if (!v)
        return ENOMEM;
    for (i = 0; i < n; i++) {
        v[i].multikey |= multikey >> i & 1;
        v[i].cut |= cut >> i & 1;
    }
    rc = sac__lmdb_indexes_put(group, of, v, n);
    sac__alloc_free(NULL, v, n * sizeof *v);
    return rc;
}

/*
 * By key and data: LMDB's ways to replace or remove what a cursor stands on have
 * been wrong for MDB_DUPSORT. While an index is built it lacks some that go, and
 * has some that come.
 */
static int apply_step(const sac__lmdb_group *group, const sac__lmdb_index *index, int what,
                      MDB_val key, MDB_val id)
{
    int rc;

    if (what == REMOVE) {
        rc = mdb_del(group->txn, index->dbi, &key, &id);
        return rc == MDB_NOTFOUND ? 0 : rc;
    }
    rc = mdb_put(group->txn, index->dbi, &key, &id, MDB_NODUPDATA);
    return rc == MDB_KEYEXIST ? 0 : rc;
}

int sac__lmdb_delta_apply(sac__lmdb_group *group, sac__lmdb_collection *of,
                          const sac__lmdb_key *key)
{
    const sac__buf *steps = &group->delta->steps;
    size_t at = 0;
    int rc = sac__lmdb_delta_mark(group, of, group->delta->multikey, group->delta->cut);

    while (rc == 0 && at < steps->n) {
        const unsigned char *p = (const unsigned char *)steps->p + at;
        const size_t n = (size_t)p[2] | (size_t)p[3] << 8;

        rc = apply_step(group, &of->now->v[p[0]], p[1], (MDB_val){n, (void *)(p + STEP_HEAD)},
                        sac__lmdb_key_val(key));
        at += STEP_HEAD + n;
    }
    return rc;
}

int sac__lmdb_delta_empty(const sac__lmdb_group *group, const sac__lmdb_collection *of)
{
    MDB_stat stat;
    size_t i;
    int rc = 0;

    for (i = 0; rc == 0 && of->now && i < of->now->n; i++) {
        rc = mdb_stat(group->txn, of->now->v[i].dbi, &stat);
        if (rc == 0 && stat.ms_entries > 0)
            rc = mdb_drop(group->txn, of->now->v[i].dbi, 0);
    }
    return rc;
}

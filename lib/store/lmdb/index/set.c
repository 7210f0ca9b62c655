/* SPDX-License-Identifier: MIT */
#include "store/lmdb/index/set.h"

#include <errno.h>
#include <stdio.h>

#include "bson/wire.h"
#include "core/alloc.h"
#include "store/index.h"

/*
 * In the catalog, key "x<collection>": u32 version, u32 number of indexes; of
 * each u32 slot, u32 flags, u64 expires, u32 lengths of what follows: name and
 * keys. Little-endian.
 */
#define HEAD 8
#define ENTRY 24
#define RECORD_MAX (HEAD + SAC__LMDB_INDEXES * (ENTRY + 128 + SAC__INDEX_KEYS))

enum { UNIQUE = 1, SPARSE = 2, READY = 4, MULTIKEY = 8, CUT = 16 };

void sac__lmdb_indexes_free(sac__lmdb_indexes *first)
{
    while (first) {
        sac__lmdb_indexes *next = first->next;

        sac__alloc_free(NULL, first, first->size);
        first = next;
    }
}

static uint32_t flags_of(const sac__lmdb_index *index)
{
    return (index->unique ? UNIQUE : 0u) | (index->sparse ? SPARSE : 0u) |
           (index->ready ? READY : 0u) | (index->multikey ? MULTIKEY : 0u) |
           (index->cut ? CUT : 0u);
}

static void encode_one(const sac__lmdb_index *index, sac__buf *out)
{
    const size_t name = strlen(index->name);
    char head[ENTRY];

    sac__wire_put32(head, index->slot);
    sac__wire_put32(head + 4, flags_of(index));
    sac__wire_put64(head + 8, (uint64_t)index->expires);
    sac__wire_put32(head + 16, (uint32_t)name);
    sac__wire_put32(head + 20, (uint32_t)index->keys.n);
    sac__buf_add(out, head, sizeof head);
    sac__buf_add(out, index->name, name);
    sac__buf_add_str(out, index->keys);
}

static void encode(uint32_t version, const sac__lmdb_index *v, size_t n, sac__buf *out)
{
    char head[HEAD];
    size_t i;

    sac__wire_put32(head, version);
    sac__wire_put32(head + 4, (uint32_t)n);
    sac__buf_add(out, head, sizeof head);
    for (i = 0; i < n; i++)
        encode_one(&v[i], out);
}

static bool has_number(sac_str path)
{
    bool digits = true;
    size_t i;

    for (i = 0; i < path.n; i++) {
        if (path.p[i] == '.' && digits)
            return true;
        digits = path.p[i] == '.' || (digits && path.p[i] >= '0' && path.p[i] <= '9');
    }
    return digits;
}

static int read_fields(sac__lmdb_index *to)
{
    sac_str rest = to->keys;

    while (rest.n > 0) {
        sac__sort_field *field = &to->fields[to->n];

        if (to->n++ == SAC__SORT_FIELDS)
            return MDB_CORRUPTED;
        field->path = sac__index_field(&rest, &field->descending);
        to->numbered |= has_number(field->path);
    }
    return to->n > 0 ? 0 : MDB_CORRUPTED;
}

/* One index, its texts in memory at `*text`; MDB_BAD_DBI where its database is not open. */
static int decode_one(const sac__lmdb_env *env, sac_str *in, char **text, sac__lmdb_index *to)
{
    const char *p = in->p;
    const size_t name = in->n < ENTRY ? 128 : sac__wire_get32(p + 16);
    const size_t keys = in->n < ENTRY ? 0 : sac__wire_get32(p + 20);
    uint32_t flags;

    if (name > 127 || in->n - ENTRY < name || in->n - ENTRY - name < keys)
        return MDB_CORRUPTED;
    to->slot = sac__wire_get32(p);
    flags = sac__wire_get32(p + 4);
    to->unique = flags & UNIQUE;
    to->sparse = flags & SPARSE;
    to->ready = flags & READY;
    to->multikey = flags & MULTIKEY;
    to->cut = flags & CUT;
    to->expires = (int64_t)sac__wire_get64(p + 8);
    memcpy(to->name, p + ENTRY, name);
    memcpy(*text, p + ENTRY + name, keys);
    (*text)[keys] = '\0';
    to->keys = sac_str_n(*text, keys);
    *text += keys + 1;
    *in = sac_str_n(p + ENTRY + name + keys, in->n - ENTRY - name - keys);
    if (to->slot >= env->max_slots)
        return MDB_DBS_FULL;
    to->dbi = atomic_load(&env->slots[to->slot]);
    return to->dbi ? read_fields(to) : MDB_BAD_DBI;
}

static int decode(const sac__lmdb_env *env, sac_str in, sac__lmdb_indexes **out)
{
    const size_t n = in.n < HEAD ? SAC__LMDB_INDEXES + 1 : sac__wire_get32(in.p + 4);
    const size_t size = sizeof(sac__lmdb_indexes) + n * sizeof(sac__lmdb_index);
    sac__lmdb_indexes *made;
    char *text;
    size_t i;
    int rc = 0;

    if (n > SAC__LMDB_INDEXES)
        return MDB_CORRUPTED;
    made = sac__alloc_zero(NULL, size + in.n);
    if (!made)
        return ENOMEM;
    made->size = size + in.n;
    made->version = sac__wire_get32(in.p);
    made->n = n;
    text = (char *)made + size;
    in = sac_str_n(in.p + HEAD, in.n - HEAD);
    for (i = 0; rc == 0 && i < n; i++)
        rc = decode_one(env, &in, &text, &made->v[i]);
    if (rc) {
        sac__lmdb_indexes_free(made);
        return rc;
    }
    *out = made;
    return 0;
}

static const sac__lmdb_indexes *known(sac__lmdb_collection *of, uint32_t version)
{
    const sac__lmdb_indexes *set = atomic_load_explicit(&of->indexes, memory_order_acquire);

    while (set && set->version != version)
        set = set->next;
    return set;
}

/* No indexes are no set. */
static const sac__lmdb_indexes *usual(const sac__lmdb_indexes *set)
{
    return set && set->n > 0 ? set : NULL;
}

/* With sets_lock held. */
static void add(sac__lmdb_collection *of, sac__lmdb_indexes *made)
{
    made->next = atomic_load_explicit(&of->indexes, memory_order_relaxed);
    atomic_store_explicit(&of->indexes, made, memory_order_release);
}

int sac__lmdb_indexes_load(sac__lmdb_env *env, MDB_txn *txn, sac__lmdb_collection *of,
                           uint32_t version, const sac__lmdb_indexes **out)
{
    char bytes[SAC__LMDB_CATALOG_KEY];
    MDB_val key = sac__lmdb_catalog_key(bytes, 'x', of->name);
    const sac__lmdb_indexes *set = known(of, version);
    sac__lmdb_indexes *made;
    MDB_val data;
    int rc;

    *out = usual(set);
    if (set)
        return 0;
    rc = mdb_get(txn, env->catalog, &key, &data);
    if (rc == 0)
        rc = decode(env, sac_str_n(data.mv_data, data.mv_size), &made);
    if (rc)
        return rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc;
    pthread_mutex_lock(&env->sets_lock);
    *out = known(of, version);
    if (!*out) {
        add(of, made);
        *out = made;
        made = NULL;
    }
    pthread_mutex_unlock(&env->sets_lock);
    sac__lmdb_indexes_free(made);
    *out = usual(*out);
    return 0;
}

void sac__lmdb_indexes_publish(sac__lmdb_env *env, sac__lmdb_collection *of)
{
    sac__lmdb_indexes *made;

    pthread_mutex_lock(&env->sets_lock);
    while ((made = of->fresh)) {
        of->fresh = made->next;
        if (known(of, (uint32_t)made->version)) {
            made->next = NULL;
            sac__lmdb_indexes_free(made);
        } else {
            add(of, made);
        }
    }
    pthread_mutex_unlock(&env->sets_lock);
}

int sac__lmdb_indexes_put(sac__lmdb_group *group, sac__lmdb_collection *of,
                          const sac__lmdb_index *v, size_t n)
{
    char bytes[SAC__LMDB_CATALOG_KEY];
    MDB_val key = sac__lmdb_catalog_key(bytes, 'x', of->name);
    sac__lmdb_indexes *made = NULL;
    MDB_val data;
    sac__buf record;
    int rc;

    sac__buf_init(&record, NULL, RECORD_MAX);
    encode(of->version + 1, v, n, &record);
    rc = record.error ? ENOMEM : decode(group->env, sac__buf_str(&record), &made);
    if (rc == 0) {
        data = (MDB_val){record.n, record.p};
        rc = mdb_put(group->txn, group->env->catalog, &key, &data, 0);
    }
    sac__buf_fini(&record);
    if (rc) {
        sac__lmdb_indexes_free(made);
        return rc;
    }
    made->next = of->fresh;
    of->fresh = made;
    of->now = usual(made);
    of->version++;
    sac__lmdb_group_note(group, of);
    return 0;
}

sac__lmdb_index *sac__lmdb_indexes_edit(const sac__lmdb_indexes *set, size_t more)
{
    const size_t n = set ? set->n : 0;
    sac__lmdb_index *copy = sac__alloc_zero(NULL, (n + more) * sizeof *copy);

    if (copy && n > 0)
        memcpy(copy, set->v, n * sizeof *copy);
    return copy;
}

const sac__lmdb_index *sac__lmdb_index_named(const sac__lmdb_indexes *set, const char *name)
{
    size_t i;

    for (i = 0; set && i < set->n; i++)
        if (strcmp(set->v[i].name, name) == 0)
            return &set->v[i];
    return NULL;
}

/* Whether each database is one that this transaction may use: it began when it was open. */
static bool usable(MDB_txn *txn, const sac__lmdb_indexes *set)
{
    unsigned flags;
    size_t i;

    for (i = 0; i < set->n && mdb_dbi_flags(txn, set->v[i].dbi, &flags) == 0; i++)
        ;
    return i == set->n;
}

static int get_once(sac__lmdb_env *env, MDB_txn *txn, sac__lmdb_collection *of,
                    const sac__lmdb_indexes **out)
{
    sac__lmdb_record record;
    int rc = sac__lmdb_record_get(env, txn, of->name, &record);

    *out = NULL;
    if (rc || record.indexes == 0)
        return rc == MDB_NOTFOUND ? 0 : rc;
    rc = sac__lmdb_indexes_load(env, txn, of, record.indexes, out);
    return rc == 0 && *out && !usable(txn, *out) ? MDB_BAD_DBI : rc;
}

int sac__lmdb_indexes_get(sac__lmdb_env *env, MDB_txn *txn, const char *collection,
                          const sac__lmdb_indexes **out)
{
    sac__lmdb_collection *of;
    int rc;

    if (txn == atomic_load_explicit(&env->write_txn, memory_order_relaxed)) {
        of = sac__lmdb_group_known(env->group, collection);
        *out = of ? of->now : NULL;
        return 0;
    }
    of = sac__lmdb_collection_cached(env, collection);
    if (!of) {
        *out = NULL;
        return 0;
    }
    rc = get_once(env, txn, of, out);
    if (rc != MDB_BAD_DBI)
        return rc;
    mdb_txn_reset(txn);
    rc = sac__lmdb_slots_open(env);
    if (rc == 0)
        rc = mdb_txn_renew(txn);
    return rc ? rc : get_once(env, txn, of, out);
}

/*
 * In a transaction of its own, begun with dbi_lock held: known once that has
 * committed. Not one that reads, as those have few places.
 */
static int open_slot(sac__lmdb_env *env, unsigned slot, unsigned flags)
{
    char name[16];
    MDB_txn *txn;
    MDB_dbi dbi;
    int rc = mdb_txn_begin(env->mdb, NULL, 0, &txn);

    if (rc)
        return rc;
    snprintf(name, sizeof name, "i:%u", slot);
    rc = mdb_dbi_open(txn, name, MDB_DUPSORT | flags, &dbi);
    if (rc) {
        mdb_txn_abort(txn);
        return rc;
    }
    rc = mdb_txn_commit(txn);
    if (rc == 0)
        atomic_store(&env->slots[slot], dbi);
    return rc;
}

static unsigned count_slots(const sac__lmdb_env *env)
{
    unsigned n = 0;

    while (n < env->max_slots && atomic_load(&env->slots[n]))
        n++;
    return n;
}

static int open_slots(sac__lmdb_env *env, unsigned flags, unsigned more)
{
    unsigned slot;
    int rc = 0;

    pthread_mutex_lock(&env->dbi_lock);
    slot = count_slots(env);
    if (flags && slot == env->max_slots)
        rc = MDB_DBS_FULL;
    for (; rc == 0 && more > 0 && slot < env->max_slots; more--)
        rc = open_slot(env, slot++, flags);
    pthread_mutex_unlock(&env->dbi_lock);
    return rc;
}

int sac__lmdb_slots_open(sac__lmdb_env *env)
{
    int rc = open_slots(env, 0, env->max_slots);

    return rc == MDB_NOTFOUND ? 0 : rc;
}

int sac__lmdb_slots_add(sac__lmdb_env *env)
{
    return open_slots(env, MDB_CREATE, 1);
}

/* Whether the entry of an index in a record is one of those looked for. */
typedef bool entry_is(const char *entry, unsigned arg);

static bool has_slot(const char *entry, unsigned slot)
{
    return sac__wire_get32(entry) == slot;
}

static bool is_unfinished(const char *entry, unsigned arg)
{
    (void)arg;
    return !(sac__wire_get32(entry + 4) & READY);
}

static bool is_expiring(const char *entry, unsigned arg)
{
    return !is_unfinished(entry, arg) && sac__wire_get64(entry + 8) != 0;
}

static bool record_has(const MDB_val *record, entry_is *is, unsigned arg)
{
    size_t at = HEAD;

    while (at + ENTRY <= record->mv_size) {
        const char *p = (const char *)record->mv_data + at;

        if (is(p, arg))
            return true;
        at += ENTRY + (size_t)sac__wire_get32(p + 16) + sac__wire_get32(p + 20);
    }
    return false;
}

/* The first record from `key` on with such an entry. */
static int next_record(MDB_cursor *catalog, MDB_val *key, entry_is *is, unsigned arg)
{
    MDB_val data;
    int rc = mdb_cursor_get(catalog, key, &data, MDB_SET_RANGE);

    while (rc == 0 && *(char *)key->mv_data == 'x' && !record_has(&data, is, arg))
        rc = mdb_cursor_get(catalog, key, &data, MDB_NEXT);
    return rc == 0 && *(char *)key->mv_data != 'x' ? MDB_NOTFOUND : rc;
}

int sac__lmdb_indexes_next(const sac__lmdb_env *env, MDB_txn *txn, bool expiring,
                           char name[SAC__LMDB_NAME_MAX + 1])
{
    char bytes[SAC__LMDB_CATALOG_KEY];
    MDB_val key = sac__lmdb_catalog_key(bytes, 'x', name);
    MDB_cursor *catalog;
    int rc = mdb_cursor_open(txn, env->catalog, &catalog);

    if (rc)
        return rc;
    key.mv_size++; /* its NUL: behind the name itself */
    rc = next_record(catalog, &key, expiring ? is_expiring : is_unfinished, 0);
    if (rc == 0 && key.mv_size > SAC__LMDB_NAME_MAX + 1)
        rc = MDB_CORRUPTED;
    if (rc == 0) {
        memcpy(name, (char *)key.mv_data + 1, key.mv_size - 1);
        name[key.mv_size - 1] = '\0';
    }
    mdb_cursor_close(catalog);
    return rc;
}

int sac__lmdb_slots_take(sac__lmdb_group *group, unsigned *slot)
{
    const unsigned n = count_slots(group->env);
    MDB_cursor *catalog;
    unsigned i;
    int rc = mdb_cursor_open(group->txn, group->env->catalog, &catalog);

    if (rc)
        return rc;
    for (i = 0; rc == 0 && i < n; i++) {
        MDB_val key = {1, (char *)"x"};

        rc = next_record(catalog, &key, has_slot, i);
        *slot = i;
    }
    mdb_cursor_close(catalog);
    if (rc == MDB_NOTFOUND)
        return 0;
    return rc ? rc : MDB_NOTFOUND;
}

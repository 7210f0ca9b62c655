/* SPDX-License-Identifier: MIT */
#include "store/lmdb/read.h"

#include "bson/key.h"
#include "core/alloc.h"
#include "core/buf.h"
#include "store/lmdb/doc.h"

/* One end of a range of keys. */
typedef struct bound {
    bool set;
    bool open; /* the key itself is outside */
    sac__lmdb_key key;
} bound;

typedef struct range {
    bound low;
    bound high;
    bool descending;
} range;

typedef struct cursor {
    const sac_alloc *alloc;
    sac__lmdb_env *env;
    const char *collection;
    range rest; /* what is still to come: its near end moves with each document */
    int64_t skip;
    int64_t left; /* < 0: no limit */
    bool count;
    bool verify; /* more than the checksum */
    bool ended;
} cursor;

static int compare(const MDB_val *a, const sac__lmdb_key *b)
{
    const size_t n = a->mv_size < b->n ? a->mv_size : b->n;
    const int order = memcmp(a->mv_data, b->bytes, n);

    return order ? order : (a->mv_size > b->n) - (a->mv_size < b->n);
}

/*
 * A bound may be longer than any key: cut, it parts the keys as it did whole,
 * as no key is the beginning of another.
 */
static int cut_key(sac__lmdb_key *key, const sac_value *value)
{
    sac__buf buf;
    int rc;

    sac__buf_init(&buf, NULL, 4 * SAC_BSON_MAX);
    rc = sac__bson_key(value, &buf);
    if (rc == SAC_OK) {
        key->n = sizeof key->bytes;
        memcpy(key->bytes, buf.p, key->n);
    }
    sac__buf_fini(&buf);
    return rc;
}

static int bound_init(bound *end, const sac_value *value, bool open, sac_err *err)
{
    int rc;

    if (value->type == SAC_BSON_MISSING)
        return SAC_OK;
    end->set = true;
    end->open = open;
    rc = sac__lmdb_key_init(&end->key, value, NULL);
    if (rc == SAC_ELIMIT)
        rc = cut_key(&end->key, value);
    return rc ? sac_err_set(err, rc, "bad bound: %s", sac_err_text(rc)) : SAC_OK;
}

static bool tighter(const bound *a, const bound *b, bool low)
{
    const MDB_val key = sac__lmdb_key_val(&a->key);
    const int order = compare(&key, &b->key);

    if (order == 0)
        return a->open && !b->open;
    return low ? order > 0 : order < 0;
}

static int range_init(range *in, const sac_query *query, sac_err *err)
{
    bound after = {.set = false};
    bound *end = query->descending ? &in->high : &in->low;
    int rc = bound_init(&in->low, &query->from, false, err);

    in->descending = query->descending;
    if (rc == SAC_OK)
        rc = bound_init(&in->high, &query->to, false, err);
    if (rc == SAC_OK)
        rc = bound_init(&after, &query->after, true, err);
    if (rc == SAC_OK && after.set && (!end->set || tighter(&after, end, !query->descending)))
        *end = after;
    return rc;
}

static bool inside(const range *in, const MDB_val *key)
{
    const bound *far = in->descending ? &in->low : &in->high;
    int order;

    if (!far->set)
        return true;
    order = compare(key, &far->key);
    if (order == 0)
        return !far->open;
    return in->descending ? order > 0 : order < 0;
}

static int seek_up(const bound *low, MDB_cursor *at, MDB_val *key)
{
    int rc;

    if (!low->set)
        return mdb_cursor_get(at, key, NULL, MDB_FIRST);
    *key = sac__lmdb_key_val(&low->key);
    rc = mdb_cursor_get(at, key, NULL, MDB_SET_RANGE);
    if (rc == 0 && low->open && compare(key, &low->key) == 0)
        rc = mdb_cursor_get(at, key, NULL, MDB_NEXT);
    return rc;
}

static int seek_down(const bound *high, MDB_cursor *at, MDB_val *key)
{
    int rc;

    if (!high->set)
        return mdb_cursor_get(at, key, NULL, MDB_LAST);
    *key = sac__lmdb_key_val(&high->key);
    rc = mdb_cursor_get(at, key, NULL, MDB_SET_RANGE);
    if (rc == MDB_NOTFOUND)
        return mdb_cursor_get(at, key, NULL, MDB_LAST);
    if (rc == 0 && (high->open || compare(key, &high->key) != 0))
        rc = mdb_cursor_get(at, key, NULL, MDB_PREV);
    return rc;
}

/* To the first key of the range, then from one to the next: MDB_NOTFOUND behind the last. */
static int walk_first(const range *in, MDB_cursor *at, MDB_val *key)
{
    int rc = in->descending ? seek_down(&in->high, at, key) : seek_up(&in->low, at, key);

    return rc == 0 && !inside(in, key) ? MDB_NOTFOUND : rc;
}

static int walk_next(const range *in, MDB_cursor *at, MDB_val *key)
{
    int rc = mdb_cursor_get(at, key, NULL, in->descending ? MDB_PREV : MDB_NEXT);

    return rc == 0 && !inside(in, key) ? MDB_NOTFOUND : rc;
}

static bool within(const bound *low, const bound *high, const MDB_val *key)
{
    const int above = low->set ? compare(key, &low->key) : 1;
    const int beneath = high->set ? compare(key, &high->key) : -1;

    return (above > 0 || (above == 0 && !low->open)) &&
           (beneath < 0 || (beneath == 0 && !high->open));
}

/* Whether every key lies in the range: then the tree knows their number. */
static bool covers(const range *in, MDB_cursor *at)
{
    MDB_val key;

    return mdb_cursor_get(at, &key, NULL, MDB_FIRST) == 0 && within(&in->low, &in->high, &key) &&
           mdb_cursor_get(at, &key, NULL, MDB_LAST) == 0 && within(&in->low, &in->high, &key);
}

static int count_range(const range *in, MDB_txn *txn, MDB_dbi dbi, int64_t *count)
{
    MDB_cursor *at;
    MDB_stat stat;
    MDB_val key;
    int64_t n = 0;
    int rc;

    rc = mdb_cursor_open(txn, dbi, &at);
    if (rc)
        return rc;
    if (covers(in, at)) {
        mdb_cursor_close(at);
        rc = mdb_stat(txn, dbi, &stat);
        if (rc == 0)
            *count = (int64_t)stat.ms_entries;
        return rc;
    }
    for (rc = walk_first(in, at, &key); rc == 0; rc = walk_next(in, at, &key))
        n++;
    mdb_cursor_close(at);
    if (rc != MDB_NOTFOUND)
        return rc;
    *count = n;
    return 0;
}

/* The revision of a collection, 0 when it has no record, to `snapshot`. */
static int snapshot_revision(sac__lmdb_env *env, MDB_txn *txn, const char *collection,
                             sac_snapshot *snapshot)
{
    sac__lmdb_record record = {.revision = 0};
    int rc = sac__lmdb_record_get(env, txn, collection, &record);

    if (rc && rc != MDB_NOTFOUND)
        return rc;
    snapshot->revision = record.revision;
    return 0;
}

static int get_in(sac__lmdb_env *env, MDB_txn *txn, const sac__lmdb_collection *of,
                  const sac__lmdb_key *id, const sac_sink *sink, sac_err *err)
{
    sac_snapshot snapshot = {.count = -1};
    MDB_val key = sac__lmdb_key_val(id);
    MDB_val data;
    sac_view view;
    int rc = mdb_get(txn, of->dbi, &key, &data);

    if (rc == MDB_NOTFOUND)
        return sac_err_set(err, SAC_ENOTFOUND, "no such document");
    if (rc == 0 && !sac__lmdb_doc_view(&data, &view))
        return sac__lmdb_doc_damaged(env, of->name, &key, &data, err);
    if (rc == 0 && sink->begin)
        rc = snapshot_revision(env, txn, of->name, &snapshot);
    if (rc)
        return sac__lmdb_fail(env, rc, err);
    if (sink->begin)
        rc = sink->begin(sink->self, &snapshot);
    if (rc == 0)
        rc = sink->doc(sink->self, &view);
    return rc < 0 ? rc : SAC_OK;
}

int sac__lmdb_get(sac__lmdb_env *env, const char *collection, sac_value id, const sac_sink *sink,
                  sac_err *err)
{
    sac__lmdb_collection *of = NULL;
    sac__lmdb_reader *reader;
    sac__lmdb_key key;
    int rc = sac__lmdb_collection_find(env, collection, &of, err);

    if (rc != SAC_OK)
        return rc;
    if (!of || sac__lmdb_key_init(&key, &id, NULL) != SAC_OK)
        return sac_err_set(err, SAC_ENOTFOUND, "no such document");
    rc = sac__lmdb_reader_begin(env, &reader, err);
    if (rc != SAC_OK)
        return rc;
    rc = get_in(env, reader->txn, of, &key, sink, err);
    sac__lmdb_reader_end(env, reader);
    return rc;
}

static int pull_begin(cursor *self, MDB_txn *txn, const sac__lmdb_collection *of,
                      const sac_sink *sink, sac_err *err)
{
    sac_snapshot snapshot = {.count = -1};
    int rc = 0;

    if (!sink->begin)
        return SAC_OK;
    if (of)
        rc = snapshot_revision(self->env, txn, of->name, &snapshot);
    if (self->count && !of)
        snapshot.count = 0;
    if (rc == 0 && self->count && of)
        rc = count_range(&self->rest, txn, of->dbi, &snapshot.count);
    if (rc)
        return sac__lmdb_fail(self->env, rc, err);
    self->count = false;
    return sink->begin(sink->self, &snapshot);
}

/* Sound at every depth, and where its `_id` belongs. */
static bool is_sound(sac_str doc, const MDB_val *key)
{
    sac__lmdb_key id;
    sac_value value;

    return sac_store_accept(doc, &value, NULL) == SAC_OK &&
           sac__lmdb_key_init(&id, &value, NULL) == SAC_OK && compare(key, &id) == 0;
}

static int give(cursor *self, MDB_cursor *at, const MDB_val *key, const char *collection,
                const sac_sink *sink, sac_err *err)
{
    bound *near = self->rest.descending ? &self->rest.high : &self->rest.low;
    MDB_val again = *key;
    MDB_val data;
    sac_view view;
    int rc = mdb_cursor_get(at, &again, &data, MDB_GET_CURRENT);

    if (rc)
        return sac__lmdb_fail(self->env, rc, err);
    if (!sac__lmdb_doc_view(&data, &view) || (self->verify && !is_sound(view.doc, key)))
        return sac__lmdb_doc_damaged(self->env, collection, key, &data, err);
    near->set = true;
    near->open = true;
    near->key.n = key->mv_size;
    memcpy(near->key.bytes, key->mv_data, key->mv_size);
    if (self->left > 0)
        self->left--;
    return sink->doc(sink->self, &view);
}

static int pull_in(cursor *self, MDB_cursor *at, const char *collection, const sac_sink *sink,
                   sac_err *err)
{
    MDB_val key;
    int given = 0;
    int rc = self->left == 0 ? MDB_NOTFOUND : walk_first(&self->rest, at, &key);

    for (; rc == 0 && self->skip > 0; self->skip--)
        rc = walk_next(&self->rest, at, &key);
    while (rc == 0) {
        given = give(self, at, &key, collection, sink, err);
        if (given != 0)
            return given;
        rc = self->left == 0 ? MDB_NOTFOUND : walk_next(&self->rest, at, &key);
    }
    if (rc != MDB_NOTFOUND)
        return sac__lmdb_fail(self->env, rc, err);
    self->ended = true;
    return 0;
}

static int pull_open(cursor *self, MDB_txn *txn, const sac__lmdb_collection *of,
                     const sac_sink *sink, sac_err *err)
{
    MDB_cursor *at;
    int rc = pull_begin(self, txn, of, sink, err);

    if (rc != 0)
        return rc;
    rc = mdb_cursor_open(txn, of->dbi, &at);
    if (rc)
        return sac__lmdb_fail(self->env, rc, err);
    rc = pull_in(self, at, of->name, sink, err);
    mdb_cursor_close(at);
    return rc;
}

static int cursor_pull(void *self, const sac_sink *sink, sac_err *err)
{
    cursor *pulled = self;
    sac__lmdb_collection *of = NULL;
    sac__lmdb_reader *reader;
    int rc;

    if (pulled->ended)
        return 0;
    rc = sac__lmdb_collection_find(pulled->env, pulled->collection, &of, err);
    if (rc != SAC_OK)
        return rc;
    if (!of) {
        pulled->ended = true;
        return pull_begin(pulled, NULL, NULL, sink, err);
    }
    rc = sac__lmdb_reader_begin(pulled->env, &reader, err);
    if (rc != SAC_OK)
        return rc;
    rc = pull_open(pulled, reader->txn, of, sink, err);
    sac__lmdb_reader_end(pulled->env, reader);
    return rc;
}

static void cursor_close(void *self)
{
    cursor *closed = self;

    sac__alloc_free(closed->alloc, closed, sizeof *closed);
}

static const sac_cursor_ops cursor_ops = SAC_CURSOR_OPS(.pull = cursor_pull, .close = cursor_close);

/* An empty document filters nothing. */
static int check_filter(const sac_query *query, sac_err *err)
{
    if (query->filter.n <= 5)
        return SAC_OK;
    return sac_err_set(err, SAC_ENOSYS, "lmdb: finds by _id only");
}

int sac__lmdb_find(sac__lmdb_env *env, const sac_query *query, const sac_alloc *alloc,
                   const sac_cursor_ops **ops, void **out, sac_err *err)
{
    cursor *made;
    int rc = check_filter(query, err);

    if (rc != SAC_OK)
        return rc;
    made = sac__alloc_zero(alloc, sizeof *made);
    if (!made)
        return sac_err_set(err, SAC_ENOMEM, "no memory for a cursor");
    made->alloc = alloc;
    made->env = env;
    made->collection = query->collection;
    made->count = query->count;
    made->skip = query->skip;
    made->left = query->limit ? query->limit : -1;
    rc = range_init(&made->rest, query, err);
    if (rc != SAC_OK) {
        cursor_close(made);
        return rc;
    }
    *ops = &cursor_ops;
    *out = made;
    return SAC_OK;
}

int sac__lmdb_count(sac__lmdb_env *env, const sac_query *query, int64_t *count, sac_err *err)
{
    range in = {.descending = false};
    sac__lmdb_collection *of = NULL;
    sac__lmdb_reader *reader;
    int64_t n = 0;
    int rc = check_filter(query, err);

    if (rc == SAC_OK)
        rc = range_init(&in, query, err);
    if (rc == SAC_OK)
        rc = sac__lmdb_collection_find(env, query->collection, &of, err);
    if (rc != SAC_OK)
        return rc;
    if (of) {
        rc = sac__lmdb_reader_begin(env, &reader, err);
        if (rc != SAC_OK)
            return rc;
        rc = count_range(&in, reader->txn, of->dbi, &n);
        sac__lmdb_reader_end(env, reader);
    }
    if (rc)
        return sac__lmdb_fail(env, rc, err);
    *count = n;
    return SAC_OK;
}

int sac__lmdb_revision(sac__lmdb_env *env, const char *collection, uint64_t *revision, sac_err *err)
{
    sac_snapshot snapshot = {.revision = 0};
    sac__lmdb_reader *reader;
    int rc = sac__lmdb_reader_begin(env, &reader, err);

    if (rc != SAC_OK)
        return rc;
    rc = snapshot_revision(env, reader->txn, collection, &snapshot);
    sac__lmdb_reader_end(env, reader);
    if (rc)
        return sac__lmdb_fail(env, rc, err);
    *revision = snapshot.revision;
    return SAC_OK;
}

int sac__lmdb_collections(sac__lmdb_env *env, int (*name)(void *self, const char *name), void *self,
                          sac_err *err)
{
    sac__lmdb_reader *reader;
    int rc = sac__lmdb_reader_begin(env, &reader, err);

    if (rc != SAC_OK)
        return rc;
    rc = sac__lmdb_catalog_each(env, reader->txn, name, self, err);
    sac__lmdb_reader_end(env, reader);
    return rc;
}

#define CHECKED_AT_ONCE 256

static int add_name(void *self, const char *name)
{
    sac__buf *names = self;

    sac__buf_add(names, name, strlen(name) + 1);
    return names->error;
}

static int count_down(void *self, const sac_view *view)
{
    int *left = self;

    (void)view;
    return --*left == 0;
}

static int check_collection(sac__lmdb_env *env, const char *name, sac_err *err)
{
    cursor all = {.env = env, .collection = name, .left = -1, .verify = true};
    int left;
    const sac_sink sink = {.doc = count_down, .self = &left};
    int rc;

    do {
        left = CHECKED_AT_ONCE;
        rc = cursor_pull(&all, &sink, err);
    } while (rc > 0);
    return rc;
}

int sac__lmdb_check(sac__lmdb_env *env, const sac_alloc *alloc, sac_err *err)
{
    const char *name;
    sac__buf names;
    int rc;

    sac__buf_init(&names, alloc, (size_t)env->max_collections * (SAC__LMDB_NAME_MAX + 1));
    rc = sac__lmdb_collections(env, add_name, &names, err);
    if (names.error)
        rc = sac_err_set(err, names.error, "%s: %s", env->label, sac_err_text(names.error));
    for (name = names.p; rc == SAC_OK && name < names.p + names.n; name += strlen(name) + 1)
        rc = check_collection(env, name, err);
    sac__buf_fini(&names);
    return rc;
}

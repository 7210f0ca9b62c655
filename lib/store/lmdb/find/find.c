/* SPDX-License-Identifier: MIT */
#include "store/lmdb/find/find.h"

#include "core/alloc.h"
#include "store/lmdb/find/collect.h"
#include "store/lmdb/find/count.h"
#include "store/lmdb/find/look.h"
#include "store/lmdb/read.h"

typedef struct cursor {
    const sac_alloc *alloc;
    sac__lmdb_search search;
    sac_projection *projection;
    sac_bson shown; /* what it shows of one document; its memory serves the next */
    sac__lmdb_plan plan;
    bool planned;
    sac__lmdb_place place;
    /* An order that is made in memory: ids. */
    sac__sorter *sorted;
    size_t n_sorted;
    size_t next_sorted;
    int64_t skip;
    int64_t left; /* < 0: no limit */
    bool count;
    bool ended;
} cursor;

/* One pull: what lives as long as its reader. */
typedef struct pull {
    cursor *self;
    sac__lmdb_look at;
    const sac_sink *sink;
    sac_err *err;
    bool again; /* the ids were sorted in an earlier one */
} pull;

static int fail(const pull *now, int rc)
{
    return sac__lmdb_fail(now->self->search.env, rc, now->err);
}

static void drop_plan(cursor *self)
{
    if (self->planned)
        sac__lmdb_plan_fini(&self->plan);
    self->planned = false;
}

static bool same_index(const sac__lmdb_index *a, const sac__lmdb_index *b)
{
    return a->dbi == b->dbi && a->ready == b->ready && a->multikey == b->multikey &&
           a->cut == b->cut && strcmp(a->name, b->name) == 0 && sac_str_eq(a->keys, b->keys);
}

/* The indexes have changed, but may be not the one that is walked. */
static bool keep_plan(sac__lmdb_plan *plan, const sac__lmdb_indexes *indexes)
{
    size_t i;

    for (i = 0; plan->index && indexes && i < indexes->n; i++)
        if (same_index(&indexes->v[i], plan->index)) {
            plan->index = &indexes->v[i];
            plan->of = indexes;
            return true;
        }
    return !plan->index;
}

/* The index that was walked is no more: what is left is asked for anew. */
static void ask_for_rest(cursor *self)
{
    sac__lmdb_search *search = &self->search;

    if (self->place.set && search->by_id && search->descending)
        search->high = self->place.id;
    else if (self->place.set && search->by_id)
        search->low = self->place.id;
}

static int plan_pull(const pull *now)
{
    cursor *self = now->self;
    int rc;

    if (self->planned && (self->plan.of == now->at.indexes || self->sorted ||
                          keep_plan(&self->plan, now->at.indexes)))
        return SAC_OK;
    drop_plan(self);
    ask_for_rest(self);
    if (self->place.set && !self->search.by_id)
        rc = sac__lmdb_plan_scan(&self->plan, &self->search, now->err);
    else
        rc = sac__lmdb_plan_init(&self->plan, &self->search, now->at.indexes, now->err);
    self->planned = rc == SAC_OK;
    self->place.set = false;
    return rc == SAC_OK ? sac__lmdb_plan_allow(&self->plan, &self->search, now->err) : rc;
}

static size_t kept(const cursor *self)
{
    return self->left < 0 || self->left > INT64_MAX - self->skip
               ? 0
               : (size_t)(self->left + self->skip);
}

static int collect_once(const pull *now, int64_t *count)
{
    cursor *self = now->self;
    sac__lmdb_walk walk;
    int rc = sac__lmdb_walk_open(&walk, now->at.reader->txn, now->at.of, &self->search,
                                 &self->plan);

    if (rc)
        return fail(now, rc);
    rc = sac__lmdb_collect(&walk, kept(self), &self->sorted, count, now->err);
    sac__lmdb_walk_close(&walk);
    return rc;
}

static int collect(const pull *now, int64_t *count)
{
    cursor *self = now->self;
    int rc = self->left == 0 && !self->count ? SAC_OK : collect_once(now, count);

    if (rc == SAC_OK && self->sorted) {
        self->n_sorted = sac__sorter_finish(self->sorted);
        self->next_sorted = self->skip < (int64_t)self->n_sorted ? (size_t)self->skip
                                                                 : self->n_sorted;
    }
    if (rc != SAC_LATER)
        return rc;
    drop_plan(self);
    rc = sac__lmdb_plan_scan(&self->plan, &self->search, now->err);
    self->planned = rc == SAC_OK;
    return rc;
}

static int begin(const pull *now)
{
    cursor *self = now->self;
    sac_snapshot snapshot = {.count = -1};
    int64_t count = -1;
    int rc = SAC_OK;

    if (now->at.of && self->plan.sorts && !self->sorted)
        rc = collect(now, &count);
    if (rc != SAC_OK || !now->sink->begin)
        return rc;
    if (self->count && !now->at.of)
        count = 0;
    if (self->count && count < 0)
        rc = sac__lmdb_search_count(&self->search, now->at.reader->txn, now->at.of, now->at.indexes,
                                    &count, now->err);
    if (rc != SAC_OK)
        return rc;
    if (self->count)
        snapshot.count = count;
    self->count = false;
    if (now->at.of)
        rc = sac__lmdb_snapshot(self->search.env, now->at.reader->txn, now->at.of->name, &snapshot);
    return rc ? fail(now, rc) : now->sink->begin(now->sink->self, &snapshot);
}

/* A writer begun anew in the memory that it has. */
static void begin_again(sac_bson *doc)
{
    char *p = doc->p;
    const size_t cap = doc->cap;

    sac_bson_init(doc, doc->alloc, 0);
    doc->p = p;
    doc->cap = cap;
}

static int show(cursor *self, sac_view *view)
{
    int rc;

    begin_again(&self->shown);
    rc = sac_projection_apply(self->projection, view->doc, &self->shown);
    return rc == SAC_OK ? sac_bson_finish(&self->shown, &view->doc) : rc;
}

static int give(const pull *now, const MDB_val *id, const MDB_val *doc)
{
    cursor *self = now->self;
    sac_view view = {.stamp = 0};
    int rc = SAC_OK;

    if (!sac__lmdb_doc_view(doc, &view))
        return sac__lmdb_doc_damaged(self->search.env, now->at.of->name, id, doc, now->err);
    if (self->projection)
        rc = show(self, &view);
    if (rc == SAC_ECORRUPT)
        return sac__lmdb_doc_damaged(self->search.env, now->at.of->name, id, doc, now->err);
    if (rc != SAC_OK)
        return sac_err_set(now->err, rc, "projection: %s", sac_err_text(rc));
    if (self->left > 0)
        self->left--;
    return now->sink->doc(now->sink->self, &view);
}

/* Where the next pull goes on; by the document too, should the index be gone by then. */
static int remember(const pull *now, const sac__lmdb_walk *walk, MDB_val *doc)
{
    cursor *self = now->self;
    int rc;

    sac__lmdb_walk_place(walk, &self->place);
    if (self->search.by_id)
        return SAC_OK;
    rc = sac__lmdb_collect_key(walk, doc, &self->search.after, now->err);
    return rc < 0 ? rc : SAC_OK;
}

static int give_entry(const pull *now, const sac__lmdb_walk *walk)
{
    cursor *self = now->self;
    const MDB_val id = sac__lmdb_walk_id(walk);
    MDB_val doc;
    int remembered;
    int rc = sac__lmdb_walk_takes(walk, &doc, now->err);

    if (rc != 1)
        return rc;
    if (self->skip > 0) {
        self->skip--;
        return 0;
    }
    rc = doc.mv_data ? 0 : sac__lmdb_walk_doc(walk, &doc);
    if (rc)
        return fail(now, rc == MDB_NOTFOUND ? MDB_CORRUPTED : rc);
    rc = give(now, &id, &doc);
    if (rc == 0)
        return 0;
    remembered = remember(now, walk, &doc);
    return rc < 0 ? rc : remembered < 0 ? remembered : rc;
}

static int end(cursor *self)
{
    self->ended = true;
    return 0;
}

static int give_walk(const pull *now)
{
    cursor *self = now->self;
    sac__lmdb_walk walk;
    int given = 0;
    int rc;

    if (self->left == 0)
        return end(self);
    rc = sac__lmdb_walk_open(&walk, now->at.reader->txn, now->at.of, &self->search, &self->plan);
    if (rc)
        return fail(now, rc);
    rc = sac__lmdb_walk_first(&walk, &self->place);
    while (rc == 0 && given == 0) {
        given = give_entry(now, &walk);
        if (given == 0)
            rc = self->left == 0 ? MDB_NOTFOUND : sac__lmdb_walk_next(&walk);
    }
    sac__lmdb_walk_close(&walk);
    if (given != 0)
        return given;
    return rc == MDB_NOTFOUND ? end(self) : fail(now, rc);
}

/* What was removed meanwhile, or no longer meets the filter, is left out. */
static int give_sorted_one(const pull *now, sac_str id)
{
    cursor *self = now->self;
    MDB_val key = {id.n, (void *)id.p};
    MDB_val doc;
    int taken = 1;
    int rc = mdb_get(now->at.reader->txn, now->at.of->dbi, &key, &doc);

    if (rc)
        return rc == MDB_NOTFOUND ? 0 : fail(now, rc);
    if (now->again)
        taken = sac__lmdb_search_takes(&self->search, now->at.of, &key, &doc, now->err);
    return taken == 1 ? give(now, &key, &doc) : taken;
}

static int give_sorted(const pull *now)
{
    cursor *self = now->self;
    int rc = 0;

    while (rc == 0 && self->left != 0 && self->next_sorted < self->n_sorted)
        rc = give_sorted_one(now, sac__sorter_at(self->sorted, self->next_sorted++));
    return rc == 0 ? end(self) : rc;
}

static int pull_open(pull *now)
{
    cursor *self = now->self;
    int rc = SAC_OK;

    now->again = self->sorted;
    if (now->at.of)
        rc = plan_pull(now);
    if (rc == SAC_OK)
        rc = begin(now);
    if (rc != SAC_OK)
        return rc;
    if (!now->at.of)
        return end(self);
    return self->plan.sorts ? give_sorted(now) : give_walk(now);
}

static int cursor_pull(void *self, const sac_sink *sink, sac_err *err)
{
    cursor *pulled = self;
    pull now = {.self = pulled, .sink = sink, .err = err};
    int rc;

    if (pulled->ended)
        return 0;
    rc = sac__lmdb_look_begin(&now.at, &pulled->search, err);
    if (rc != SAC_OK)
        return rc;
    rc = pull_open(&now);
    sac__lmdb_look_end(&now.at, &pulled->search);
    return rc;
}

static void cursor_close(void *self)
{
    cursor *closed = self;

    drop_plan(closed);
    sac__sorter_free(closed->sorted);
    sac_projection_free(closed->projection);
    sac_bson_fini(&closed->shown);
    sac__lmdb_search_fini(&closed->search);
    sac__alloc_free(closed->alloc, closed, sizeof *closed);
}

static const sac_cursor_ops cursor_ops = SAC_CURSOR_OPS(.pull = cursor_pull, .close = cursor_close);

/* A query that asks for an index hears now whether there is one. */
static int check_indexed(cursor *self, sac_err *err)
{
    pull now = {.self = self, .err = err};
    int rc = SAC_OK;

    if (!self->search.query->indexed)
        return SAC_OK;
    rc = sac__lmdb_look_begin(&now.at, &self->search, err);
    if (rc != SAC_OK || !now.at.of)
        return rc;
    rc = plan_pull(&now);
    sac__lmdb_look_end(&now.at, &self->search);
    return rc;
}

int sac__lmdb_find(sac__lmdb_env *env, const sac_query *query, const sac_alloc *alloc,
                   const sac_cursor_ops **ops, void **out, sac_err *err)
{
    cursor *made = sac__alloc_zero(alloc, sizeof *made);
    int rc;

    if (!made)
        return sac_err_set(err, SAC_ENOMEM, "no memory for a cursor");
    made->alloc = alloc;
    made->count = query->count;
    made->skip = query->skip;
    made->left = query->limit ? query->limit : -1;
    sac_bson_init(&made->shown, alloc, 0);
    rc = sac__lmdb_search_init(&made->search, env, query, alloc, err);
    if (rc != SAC_OK) {
        sac__alloc_free(alloc, made, sizeof *made);
        return rc;
    }
    if (query->projection.n > 0)
        rc = sac_projection_new(query->projection, NULL, alloc, &made->projection, err);
    if (rc == SAC_OK)
        rc = check_indexed(made, err);
    if (rc != SAC_OK) {
        cursor_close(made);
        return rc;
    }
    *ops = &cursor_ops;
    *out = made;
    return SAC_OK;
}

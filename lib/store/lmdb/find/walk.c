/* SPDX-License-Identifier: MIT */
#include "store/lmdb/find/walk.h"

#include "store/lmdb/find/spans.h"

int sac__lmdb_walk_open(sac__lmdb_walk *walk, MDB_txn *txn, const sac__lmdb_collection *of,
                        const sac__lmdb_search *search, const sac__lmdb_plan *plan)
{
    *walk = (sac__lmdb_walk){.search = search, .plan = plan, .of = of, .txn = txn};
    return mdb_cursor_open(txn, plan->index ? plan->index->dbi : of->dbi, &walk->at);
}

void sac__lmdb_walk_close(sac__lmdb_walk *walk)
{
    mdb_cursor_close(walk->at);
}

static int move(sac__lmdb_walk *walk, MDB_cursor_op op)
{
    return mdb_cursor_get(walk->at, &walk->key, &walk->data, op);
}

static bool against(const sac__lmdb_walk *walk)
{
    return walk->plan->index && walk->plan->ids_backwards != walk->plan->backwards;
}

/*
 * After a move to another key, which left it at the id that the keys' direction comes to first.
 * MDB_SET_KEY and not MDB_FIRST_DUP, which leaves the mark that MDB_LAST has set: no next one.
 */
static int settle(sac__lmdb_walk *walk, int rc)
{
    if (rc == 0 && against(walk))
        rc = move(walk, walk->plan->ids_backwards ? MDB_LAST_DUP : MDB_SET_KEY);
    return rc;
}

/* To the first key that is not less than the bound. */
static int seek_up(sac__lmdb_walk *walk, sac_str bound)
{
    if (bound.n == 0)
        return move(walk, MDB_FIRST);
    walk->key = (MDB_val){bound.n, (void *)bound.p};
    return move(walk, MDB_SET_RANGE);
}

/* To the last key that is less; no bytes: to the last. */
static int seek_down(sac__lmdb_walk *walk, sac_str bound)
{
    int rc = bound.n > 0 ? seek_up(walk, bound) : MDB_NOTFOUND;

    return rc == MDB_NOTFOUND ? move(walk, MDB_LAST) : rc ? rc : move(walk, MDB_PREV_NODUP);
}

static bool inside(const sac__lmdb_walk *walk)
{
    const sac__lmdb_span *span = &walk->plan->spans[walk->span];

    if (walk->plan->backwards)
        return span->n_low == 0 ||
               sac__lmdb_compare(&walk->key, sac__lmdb_plan_low(walk->plan, walk->span)) >= 0;
    return span->n_high == 0 ||
           sac__lmdb_compare(&walk->key, sac__lmdb_plan_high(walk->plan, walk->span)) < 0;
}

static bool next_span(sac__lmdb_walk *walk)
{
    if (walk->plan->backwards)
        return walk->span-- > 0;
    return ++walk->span < walk->plan->n;
}

/* To where the span begins. */
static int enter(sac__lmdb_walk *walk)
{
    return walk->plan->backwards ? seek_down(walk, sac__lmdb_plan_high(walk->plan, walk->span))
                                 : seek_up(walk, sac__lmdb_plan_low(walk->plan, walk->span));
}

/* `rc` is of the move to where the walk is now: goes on to the spans that follow if need be. */
static int arrive(sac__lmdb_walk *walk, int rc)
{
    while (rc == 0 && !inside(walk))
        rc = next_span(walk) ? enter(walk) : MDB_NOTFOUND;
    return rc;
}

/*
 * Skipped at one go, as seeking them one by one would be slow; the place is
 * within the span then, or before it.
 */
static bool skip_spans(sac__lmdb_walk *walk, const MDB_val *key)
{
    const sac__lmdb_plan *plan = walk->plan;

    for (;;) {
        const sac_str low = sac__lmdb_plan_low(plan, walk->span);
        const sac_str high = sac__lmdb_plan_high(plan, walk->span);
        const bool done = plan->backwards ? low.n > 0 && sac__lmdb_compare(key, low) < 0
                                          : high.n > 0 && sac__lmdb_compare(key, high) >= 0;

        if (!done)
            return true;
        if (!next_span(walk))
            return false;
    }
}

static bool within(const sac__lmdb_walk *walk, const MDB_val *key)
{
    const sac_str low = sac__lmdb_plan_low(walk->plan, walk->span);
    const sac_str high = sac__lmdb_plan_high(walk->plan, walk->span);

    return sac__lmdb_compare(key, low) >= 0 && (high.n == 0 || sac__lmdb_compare(key, high) < 0);
}

static int seek_key(sac__lmdb_walk *walk, const sac__lmdb_place *place)
{
    walk->key = sac__lmdb_key_val(&place->key);
    return move(walk, MDB_SET_KEY);
}

/* Among the ids of the place's key: MDB_NOTFOUND when none of them is left. */
static int enter_key(sac__lmdb_walk *walk, const sac__lmdb_place *place)
{
    int rc = seek_key(walk, place);

    if (rc)
        return rc;
    walk->data = sac__lmdb_key_val(&place->id);
    rc = move(walk, MDB_GET_BOTH_RANGE);
    if (rc == 0 && walk->plan->ids_backwards) {
        rc = move(walk, MDB_PREV_DUP);
    } else if (rc == MDB_NOTFOUND && walk->plan->ids_backwards) {
        rc = seek_key(walk, place); /* the failed move has left it nowhere */
        if (rc == 0)
            rc = move(walk, MDB_LAST_DUP);
    }
    return rc ? rc : move(walk, MDB_GET_CURRENT);
}

/* Behind all entries of the place's key. */
static int leave_key(sac__lmdb_walk *walk, const sac__lmdb_place *place)
{
    const sac_str key = sac__lmdb_key_str(&place->key);
    int rc;

    if (walk->plan->backwards)
        return arrive(walk, seek_down(walk, key));
    rc = seek_up(walk, key);
    if (rc == 0 && sac__lmdb_compare(&walk->key, key) == 0)
        rc = move(walk, MDB_NEXT_NODUP);
    return arrive(walk, rc);
}

static int resume_ids(sac__lmdb_walk *walk, const sac__lmdb_place *place)
{
    const sac_str key = sac__lmdb_key_str(&place->key);

    return arrive(walk, walk->plan->backwards ? seek_down(walk, key) : seek_up(walk, key));
}

static int resume(sac__lmdb_walk *walk, const sac__lmdb_place *place)
{
    const MDB_val key = sac__lmdb_key_val(&place->key);
    int rc;

    if (!skip_spans(walk, &key))
        return MDB_NOTFOUND;
    if (!within(walk, &key))
        return settle(walk, arrive(walk, enter(walk)));
    if (!walk->plan->index)
        return resume_ids(walk, place);
    rc = enter_key(walk, place);
    return rc == MDB_NOTFOUND ? settle(walk, leave_key(walk, place)) : rc;
}

/* The bounds of the ids are where the ids of a single key begin. */
static bool first_id(const sac__lmdb_walk *walk, sac__lmdb_place *place)
{
    const sac__lmdb_key *id = walk->plan->ids_backwards ? &walk->search->high : &walk->search->low;
    const sac_str low = walk->plan->n > 0 ? sac__lmdb_plan_low(walk->plan, 0) : sac_str_n(NULL, 0);

    if (!walk->plan->single || id->n == 0 || low.n == 0)
        return false;
    place->set = true;
    place->id = *id;
    place->key.n = low.n;
    memcpy(place->key.bytes, low.p, low.n);
    return true;
}

int sac__lmdb_walk_first(sac__lmdb_walk *walk, const sac__lmdb_place *place)
{
    sac__lmdb_place first;

    if (walk->plan->n == 0)
        return MDB_NOTFOUND;
    walk->span = walk->plan->backwards ? walk->plan->n - 1 : 0;
    if (place && place->set)
        return resume(walk, place);
    if (walk->plan->start.set)
        return resume(walk, &walk->plan->start);
    if (first_id(walk, &first))
        return resume(walk, &first);
    return settle(walk, arrive(walk, enter(walk)));
}

int sac__lmdb_walk_next_key(sac__lmdb_walk *walk)
{
    return arrive(walk, move(walk, walk->plan->backwards ? MDB_PREV_NODUP : MDB_NEXT_NODUP));
}

/* Through the ids of a key in the one direction, through the keys in the other. */
static int step_against(sac__lmdb_walk *walk)
{
    const bool down = walk->plan->backwards;
    int rc = move(walk, walk->plan->ids_backwards ? MDB_PREV_DUP : MDB_NEXT_DUP);

    if (rc != MDB_NOTFOUND)
        return rc;
    return settle(walk, arrive(walk, move(walk, down ? MDB_PREV_NODUP : MDB_NEXT_NODUP)));
}

int sac__lmdb_walk_next(sac__lmdb_walk *walk)
{
    if (against(walk))
        return step_against(walk);
    return arrive(walk, move(walk, walk->plan->backwards ? MDB_PREV : MDB_NEXT));
}

void sac__lmdb_walk_place(const sac__lmdb_walk *walk, sac__lmdb_place *place)
{
    sac__lmdb_key *last = walk->plan->index ? &place->id : &place->key;
    const bool down = walk->plan->index ? walk->plan->ids_backwards : walk->plan->backwards;

    place->set = true;
    sac__lmdb_key_set(&place->key, &walk->key);
    if (walk->plan->index)
        sac__lmdb_key_set(&place->id, &walk->data);
    if (!down)
        last->n = sac__lmdb_past(last->bytes, last->n);
}

int sac__lmdb_walk_doc(const sac__lmdb_walk *walk, MDB_val *doc)
{
    MDB_val id = walk->data;

    if (walk->plan->index)
        return mdb_get(walk->txn, walk->of->dbi, &id, doc);
    *doc = walk->data;
    return 0;
}

int sac__lmdb_search_takes(const sac__lmdb_search *search, const sac__lmdb_collection *of,
                           const MDB_val *id, const MDB_val *doc, sac_err *err)
{
    const char *p = doc->mv_data;
    int rc;

    if (doc->mv_size < SAC__LMDB_HEAD)
        return sac__lmdb_doc_damaged(search->env, of->name, id, doc, err);
    if (!search->filter)
        return 1;
    rc = sac_filter_match(search->filter,
                          sac_str_n(p + SAC__LMDB_HEAD, doc->mv_size - SAC__LMDB_HEAD), err);
    return rc == SAC_ECORRUPT ? sac__lmdb_doc_damaged(search->env, of->name, id, doc, err) : rc;
}

/* Non-zero when an entry is in the spans, and before the one that the walk is at. */
static int is_earlier(void *self, sac_str key)
{
    const sac__lmdb_walk *walk = self;
    sac__lmdb_key stored;
    MDB_val val;
    bool cut;

    sac__lmdb_index_cut(key, &stored, &cut);
    val = sac__lmdb_key_val(&stored);
    if (!sac__lmdb_spans_have(walk->plan, &val))
        return 0;
    return sac__lmdb_compare(&walk->key, sac__lmdb_key_str(&stored)) > 0;
}

/* Of a document with several entries the least in the spans counts: 1, 0 or an error. */
static int is_first(const sac__lmdb_walk *walk, const MDB_val *doc, sac_err *err)
{
    const char *p = doc->mv_data;
    const MDB_val id = sac__lmdb_walk_id(walk);
    const int rc = sac__lmdb_index_entries(
        walk->plan->index, sac_str_n(p + SAC__LMDB_HEAD, doc->mv_size - SAC__LMDB_HEAD), is_earlier,
        (void *)walk, err);

    if (rc < 0 && rc != SAC_ENOMEM)
        return sac__lmdb_doc_damaged(walk->search->env, walk->of->name, &id, doc, err);
    return rc < 0 ? rc : rc == 0;
}

int sac__lmdb_walk_takes(const sac__lmdb_walk *walk, MDB_val *doc, sac_err *err)
{
    const sac__lmdb_search *search = walk->search;
    const MDB_val id = sac__lmdb_walk_id(walk);
    int rc;

    doc->mv_data = NULL;
    if (walk->plan->index && !sac__lmdb_search_has(search, &id))
        return 0;
    if (walk->plan->exact && !walk->plan->repeats)
        return 1;
    rc = sac__lmdb_walk_doc(walk, doc);
    if (rc == MDB_NOTFOUND)
        rc = MDB_CORRUPTED;
    if (rc)
        return sac__lmdb_fail(search->env, rc, err);
    rc = sac__lmdb_search_takes(search, walk->of, &id, doc, err);
    return rc == 1 && walk->plan->repeats ? is_first(walk, doc, err) : rc;
}

/* SPDX-License-Identifier: MIT */
#include "store/lmdb/find/plan.h"

#include "core/alloc.h"
#include "store/lmdb/find/reach.h"
#include "store/lmdb/find/spans.h"

/* What a plan is worth; the reasons are in docs/design/lmdb.md. */
enum {
    WORTH_NOTHING = 0,
    WORTH_BOUNDS = 1, /* of the query, not of its filter: they may take in every document */
    WORTH_ORDER = 5,
    WORTH_RANGE = 10,
    WORTH_ID_RANGE = 15,
    WORTH_POINT = 20,
    WORTH_UNIQUE = 900,
    WORTH_ID = 1000
};

/* An index that might serve, and how. */
typedef struct candidate {
    const sac__lmdb_index *index;
    sac__lmdb_reach reach;
    int worth;
    bool ordered;   /* gives the order of the search */
    bool backwards; /* when walked in this direction */
} candidate;

/* The documents' own tree as an index. */
static const sac__lmdb_index ids = {
    .name = "_id_",
    .n = 1,
    .fields = {{.path = {.p = "_id", .n = 3}}},
    .unique = true,
    .ready = true,
};

/* Whether the i-th field of an index has the same value in all that the reach leads to. */
static bool is_fixed(const candidate *of, size_t i)
{
    return i < of->reach.n && of->reach.fields[i].n == 1 && !of->reach.fields[i].wide;
}

static bool is_fixed_path(const candidate *of, sac_str path)
{
    size_t i;

    for (i = 0; i < of->reach.n; i++)
        if (is_fixed(of, i) && sac_str_eq(of->index->fields[i].path, path))
            return true;
    return false;
}

static bool all_fixed(const candidate *of)
{
    return of->reach.n == of->index->n && of->reach.single;
}

/*
 * Whether the fields of the order stand in the index one by one, all in one
 * direction or all in the other, fixed ones aside on both sides. An array sorts by its
 * least or greatest element, which an entry does not tell; a cut key has lost
 * its end.
 */
static bool gives_order(candidate *of, const sac__lmdb_search *search)
{
    const sac__lmdb_index *index = of->index;
    bool turned = false;
    bool decided = false;
    size_t i = 0;
    size_t k;

    if (search->by_id)
        return all_fixed(of);
    if (index->multikey || index->cut)
        return false;
    for (k = 0; k < search->n_order; k++) {
        const sac__sort_field *field = &search->sort.fields[k];

        if (is_fixed_path(of, field->path))
            continue;
        while (is_fixed(of, i))
            i++;
        if (i == index->n || !sac_str_eq(index->fields[i].path, field->path))
            return false;
        if (decided && turned != (index->fields[i].descending != field->descending))
            return false;
        turned = index->fields[i].descending != field->descending;
        decided = true;
        i++;
    }
    while (is_fixed(of, i))
        i++;
    of->backwards = decided ? turned : search->descending;
    return i == index->n;
}

static void weigh(candidate *of, const sac__lmdb_index *index, const sac__lmdb_search *search)
{
    of->index = index;
    of->worth = WORTH_NOTHING;
    sac__lmdb_reach_init(&of->reach, index, search);
    if (!index->ready || index->numbered || (index->sparse && !of->reach.present))
        return;
    of->backwards = search->descending;
    of->ordered = gives_order(of, search);
    of->worth = (int)of->reach.n * WORTH_POINT + (of->reach.range ? WORTH_RANGE : 0) +
                (of->ordered ? WORTH_ORDER : 0);
    if (index->unique && of->reach.n == index->n)
        of->worth = WORTH_UNIQUE;
}

static void weigh_ids(candidate *of, const sac__lmdb_search *search)
{
    const sac_query *query = search->query;

    of->index = &ids;
    sac__lmdb_reach_init(&of->reach, &ids, search);
    of->ordered = search->by_id;
    of->backwards = search->by_id && search->descending;
    of->worth = WORTH_NOTHING;
    if (of->reach.n > 0)
        of->worth = WORTH_ID;
    else if (of->reach.range)
        of->worth = WORTH_ID_RANGE;
    else if (query->from.type != SAC_BSON_MISSING || query->to.type != SAC_BSON_MISSING)
        of->worth = WORTH_BOUNDS;
}

static int fail(const sac__lmdb_search *search, int rc, sac_err *err)
{
    return sac_err_set(err, rc, "%s: %s", search->env->label, sac_err_text(rc));
}

static int begin(sac__lmdb_plan *plan, const sac__lmdb_search *search, const candidate *of,
                 bool *cut)
{
    memset(plan, 0, sizeof *plan);
    sac__buf_init(&plan->bytes, search->alloc, 0);
    plan->exact = of->reach.exact;
    plan->sorts = !of->ordered;
    plan->backwards = of->backwards;
    plan->ids_backwards = search->descending;
    return sac__lmdb_spans_make(plan, of->index, &of->reach, cut);
}

static int make_scan(sac__lmdb_plan *plan, const sac__lmdb_search *search, const candidate *of,
                     sac_err *err)
{
    bool cut = false;
    int rc = begin(plan, search, of, &cut);

    plan->scan = of->worth > WORTH_NOTHING ? SAC_SCAN_IDS : SAC_SCAN_ALL;
    plan->unhelped = of->worth <= WORTH_BOUNDS;
    plan->exact = plan->exact && !cut;
    if (rc == SAC_OK)
        rc = sac__lmdb_spans_clip(plan, search);
    if (rc == SAC_OK)
        return SAC_OK;
    sac__lmdb_plan_fini(plan);
    return fail(search, rc, err);
}

static int value_at(sac_str array, size_t i, sac_value *out)
{
    sac_bson_iter iter;
    int rc = sac_bson_iter_init(&iter, array);

    if (rc == SAC_OK)
        rc = sac_bson_iter_next(&iter);
    for (; rc == 1 && i > 0; i--)
        rc = sac_bson_iter_next(&iter);
    if (rc != 1)
        return rc < 0 ? rc : SAC_EINVAL;
    *out = iter.value;
    return SAC_OK;
}

/* The value of the i-th field of the index where the search goes on. */
static int start_value(const candidate *of, const sac__lmdb_search *search, size_t i,
                       sac_value *out)
{
    size_t k = 0;

    if (is_fixed(of, i)) {
        *out = of->reach.fields[i].points[0];
        return SAC_OK;
    }
    while (!sac_str_eq(search->sort.fields[k].path, of->index->fields[i].path))
        k++;
    return value_at(search->query->after_keys, k, out);
}

static int set_start_id(sac__lmdb_place *start, const sac__lmdb_search *search)
{
    int rc = sac__lmdb_search_key(&start->id, &search->query->after);

    if (rc == SAC_OK && !search->descending)
        start->id.n = sac__lmdb_past(start->id.bytes, start->id.n);
    return rc;
}

/* Longer than any key, the rest of it parts no two of them. */
static int set_start(sac__lmdb_place *start, const candidate *of, const sac__lmdb_search *search)
{
    sac__buf bytes;
    size_t i;
    int rc = set_start_id(start, search);

    sac__buf_init(&bytes, search->alloc, SAC__LMDB_BYTES_MAX);
    for (i = 0; rc == SAC_OK && i < of->index->n && bytes.n < sizeof start->key.bytes; i++) {
        sac_value value;

        rc = start_value(of, search, i, &value);
        if (rc == SAC_OK)
            rc = sac__lmdb_spans_key(&bytes, &value, of->index->fields[i].descending);
    }
    if (rc == SAC_OK) {
        start->key.n = bytes.n < sizeof start->key.bytes ? bytes.n : sizeof start->key.bytes;
        memcpy(start->key.bytes, bytes.p, start->key.n);
        start->set = true;
    }
    sac__buf_fini(&bytes);
    return rc;
}

static int make_index(sac__lmdb_plan *plan, const sac__lmdb_search *search, const candidate *of,
                      sac_err *err)
{
    bool cut = false;
    int rc = begin(plan, search, of, &cut);

    if (rc == SAC_OK && of->ordered && search->after.n > 0)
        rc = set_start(&plan->start, of, search);
    if (rc != SAC_OK) {
        sac__lmdb_plan_fini(plan);
        return fail(search, rc, err);
    }
    plan->index = of->index;
    plan->scan = SAC_SCAN_INDEX;
    plan->exact = plan->exact && !cut;
    plan->single = all_fixed(of) && !cut;
    plan->repeats = of->index->multikey && !plan->single;
    plan->sorts = plan->sorts || (search->by_id && !plan->single);
    return SAC_OK;
}

int sac__lmdb_plan_scan(sac__lmdb_plan *plan, const sac__lmdb_search *search, sac_err *err)
{
    candidate all;

    weigh_ids(&all, search);
    return make_scan(plan, search, &all, err);
}

static bool is_better(const candidate *a, const candidate *b)
{
    if (a->worth != b->worth)
        return a->worth > b->worth;
    return b->index != &ids && a->index->n < b->index->n;
}

int sac__lmdb_plan_init(sac__lmdb_plan *plan, const sac__lmdb_search *search,
                        const sac__lmdb_indexes *indexes, sac_err *err)
{
    candidate two[2];
    candidate *best = &two[0];
    candidate *other = &two[1];
    size_t i;
    int rc;

    weigh_ids(best, search);
    for (i = 0; indexes && i < indexes->n; i++) {
        candidate *worse = best;

        weigh(other, &indexes->v[i], search);
        if (!is_better(other, best))
            continue;
        best = other;
        other = worse;
    }
    rc = best->index == &ids ? make_scan(plan, search, best, err)
                             : make_index(plan, search, best, err);
    if (rc == SAC_OK)
        plan->of = indexes;
    return rc;
}

void sac__lmdb_plan_fini(sac__lmdb_plan *plan)
{
    sac__alloc_free(plan->bytes.alloc, plan->spans, plan->room * sizeof *plan->spans);
    plan->spans = NULL;
    sac__buf_fini(&plan->bytes);
}

int sac__lmdb_plan_allow(const sac__lmdb_plan *plan, const sac__lmdb_search *search, sac_err *err)
{
    if (!search->query->indexed || !plan->unhelped || (!search->filter && search->by_id))
        return SAC_OK;
    return sac_err_set(err, SAC_ENOINDEX, "no index of %s helps with this filter or sort",
                       search->query->collection);
}

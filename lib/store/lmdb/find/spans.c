/* SPDX-License-Identifier: MIT */
#include "store/lmdb/find/spans.h"

#include "bson/key.h"
#include "core/alloc.h"

/* Of a longer key the database may have something else behind these. */
#define KEPT ((size_t)SAC__LMDB_CUT)

/* Bytes that begin one end of a span, while they are put together. */
typedef struct edge {
    size_t at;
    bool open; /* what begins with them is outside */
} edge;

typedef struct maker {
    sac__lmdb_plan *plan;
    const sac__lmdb_index *index;
    const sac__lmdb_reach *reach;
    bool cut;
} maker;

static void complement(sac__buf *bytes, size_t from)
{
    size_t i;

    for (i = from; i < bytes->n; i++)
        bytes->p[i] = (char)~bytes->p[i];
}

int sac__lmdb_spans_key(sac__buf *bytes, const sac_value *value, bool descending)
{
    const size_t from = bytes->n;
    int rc = sac__bson_key(value, bytes);

    if (rc == SAC_OK && descending)
        complement(bytes, from);
    return rc;
}

/* Null stands for a missing field and for undefined as well: the ranks of both are one stretch. */
static void add_rank(sac__buf *bytes, uint8_t type, bool descending)
{
    const uint8_t rank = sac__bson_rank(type);

    sac__buf_add_char(bytes, (char)(descending ? ~rank : rank));
}

static bool is_null(const sac_value *value)
{
    return sac__bson_rank(value->type) == sac__bson_rank(SAC_BSON_NULL) ||
           value->type == SAC_BSON_UNDEFINED;
}

/* One end of the i-th field's range, as the index has it: turned where that descends. */
static int add_range_edge(maker *make, const sac__lmdb_bound *bound, bool high, bool descending,
                          edge *end)
{
    const bool upper = high != descending;
    const sac_value *value = upper ? bound->high : bound->low;
    const sac_value nan = sac__lmdb_nan();
    sac__buf *bytes = &make->plan->bytes;

    end->open = value && (upper ? bound->high_open : bound->low_open);
    if (!value && !upper && bound->rank == sac__bson_rank(nan.type)) {
        value = &nan;
        end->open = true;
    }
    if (value)
        return sac__lmdb_spans_key(bytes, value, descending);
    sac__buf_add_char(bytes, (char)(descending ? ~bound->rank : bound->rank));
    return bytes->error;
}

/* The value of the i-th field in the combination of this number, the last field fastest. */
static const sac_value *point_of(const maker *make, size_t number, size_t i)
{
    const sac__lmdb_reach *reach = make->reach;
    const sac__lmdb_bound *bound = &reach->fields[i];
    size_t k;
    size_t at;

    for (k = reach->n; k-- > i + 1;)
        number /= reach->fields[k].n;
    at = number % bound->n;
    return &bound->points[make->index->fields[i].descending ? bound->n - 1 - at : at];
}

/* One end of a span, in front of its turning into a limit that is or is not reached. */
static int add_edge(maker *make, size_t number, bool high, edge *end)
{
    const sac__lmdb_reach *reach = make->reach;
    sac__buf *bytes = &make->plan->bytes;
    size_t i;
    int rc = SAC_OK;

    end->at = bytes->n;
    end->open = false;
    for (i = 0; rc == SAC_OK && i < reach->n; i++) {
        const bool descending = make->index->fields[i].descending;
        const sac_value *point = point_of(make, number, i);

        if (is_null(point))
            add_rank(bytes, high != descending ? SAC_BSON_NULL : SAC_BSON_UNDEFINED, descending);
        else
            rc = sac__lmdb_spans_key(bytes, point, descending);
    }
    if (rc == SAC_OK && reach->range)
        rc = add_range_edge(make, &reach->fields[i], high, make->index->fields[i].descending, end);
    if (rc == SAC_OK)
        rc = bytes->error;
    if (rc == SAC_OK && bytes->n - end->at > KEPT) {
        bytes->n = end->at + KEPT;
        end->open = false;
        make->cut = true;
    }
    return rc;
}

/* A closed lower end begins at its bytes, an open one behind all that begin with them. */
static int add_limit(maker *make, size_t number, bool high, uint32_t *at, uint32_t *n)
{
    sac__buf *bytes = &make->plan->bytes;
    edge end;
    int rc = add_edge(make, number, high, &end);

    if (rc != SAC_OK)
        return rc;
    if (end.open != high)
        bytes->n = end.at + sac__lmdb_past(bytes->p + end.at, bytes->n - end.at);
    *at = (uint32_t)end.at;
    *n = (uint32_t)(bytes->n - end.at);
    return SAC_OK;
}

static MDB_val low_of(const sac__lmdb_plan *plan, size_t i)
{
    const sac_str low = sac__lmdb_plan_low(plan, i);

    return (MDB_val){low.n, (void *)low.p};
}

static bool is_empty(const sac__lmdb_plan *plan, size_t i)
{
    const MDB_val low = low_of(plan, i);

    return plan->spans[i].n_high > 0 && sac__lmdb_compare(&low, sac__lmdb_plan_high(plan, i)) >= 0;
}

/* Cut or of null, two combinations can have the same span. */
static bool is_again(const sac__lmdb_plan *plan, size_t i)
{
    const MDB_val low = low_of(plan, i);

    return i > 0 && sac__lmdb_compare(&low, sac__lmdb_plan_low(plan, i - 1)) == 0;
}

int sac__lmdb_spans_make(sac__lmdb_plan *plan, const sac__lmdb_index *index,
                         const sac__lmdb_reach *reach, bool *cut)
{
    maker make = {.plan = plan, .index = index, .reach = reach};
    size_t i;
    int rc = SAC_OK;

    plan->bytes.max = SAC__LMDB_BYTES_MAX;
    plan->spans = sac__alloc(plan->bytes.alloc, (reach->spans + 1) * sizeof *plan->spans);
    if (!plan->spans)
        return SAC_ENOMEM;
    plan->room = reach->spans + 1;
    for (i = 0; rc == SAC_OK && i < reach->spans; i++) {
        sac__lmdb_span *span = &plan->spans[plan->n];

        rc = add_limit(&make, i, false, &span->low, &span->n_low);
        if (rc == SAC_OK)
            rc = add_limit(&make, i, true, &span->high, &span->n_high);
        if (rc == SAC_OK && !is_empty(plan, plan->n) && !is_again(plan, plan->n))
            plan->n++;
    }
    *cut = make.cut;
    return rc == SAC_ETOOBIG ? SAC_ELIMIT : rc;
}

static int add_bytes(sac__buf *bytes, const sac__lmdb_key *key, uint32_t *at, uint32_t *n)
{
    *at = (uint32_t)bytes->n;
    *n = (uint32_t)key->n;
    sac__buf_add(bytes, key->bytes, key->n);
    return bytes->error;
}

int sac__lmdb_spans_clip(sac__lmdb_plan *plan, const sac__lmdb_search *search)
{
    const MDB_val low = sac__lmdb_key_val(&search->low);
    const MDB_val high = sac__lmdb_key_val(&search->high);
    const size_t n = plan->n;
    size_t i;
    int rc = SAC_OK;

    plan->n = 0;
    for (i = 0; rc == SAC_OK && i < n; i++) {
        sac__lmdb_span *span = &plan->spans[plan->n];

        *span = plan->spans[i];
        if (sac__lmdb_compare(&low, sac__lmdb_plan_low(plan, plan->n)) > 0)
            rc = add_bytes(&plan->bytes, &search->low, &span->low, &span->n_low);
        if (rc == SAC_OK && high.mv_size > 0 &&
            (span->n_high == 0 || sac__lmdb_compare(&high, sac__lmdb_plan_high(plan, plan->n)) < 0))
            rc = add_bytes(&plan->bytes, &search->high, &span->high, &span->n_high);
        if (rc == SAC_OK && !is_empty(plan, plan->n))
            plan->n++;
    }
    return rc;
}

bool sac__lmdb_spans_have(const sac__lmdb_plan *plan, const MDB_val *key)
{
    size_t from = 0;
    size_t to = plan->n;

    /* The last that begins at the key or before it. */
    while (from < to) {
        const size_t middle = (from + to) / 2;

        if (sac__lmdb_compare(key, sac__lmdb_plan_low(plan, middle)) >= 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from > 0 && (plan->spans[from - 1].n_high == 0 ||
                        sac__lmdb_compare(key, sac__lmdb_plan_high(plan, from - 1)) < 0);
}

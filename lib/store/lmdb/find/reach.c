/* SPDX-License-Identifier: MIT */
#include "store/lmdb/find/reach.h"

#include "bson/key.h"

/* More combinations of single values than this are not walked one by one. */
#define SPANS_MAX 1000

sac_value sac__lmdb_nan(void)
{
    return (sac_value){SAC_BSON_DOUBLE, sac_str_n("\0\0\0\0\0\0\xf8\x7f", 8)};
}

static bool is_nan(const sac_value *value)
{
    const sac_value nan = sac__lmdb_nan();

    return sac__bson_rank(value->type) == sac__bson_rank(nan.type) &&
           sac_value_compare(value, &nan) == 0;
}

static bool is_null(const sac_value *value)
{
    return value->type == SAC_BSON_NULL || value->type == SAC_BSON_UNDEFINED ||
           value->type == SAC_BSON_MISSING;
}

/* Whether it equals the values of its own key alone. */
static bool is_plain(const sac_value *value)
{
    return !is_null(value) && !is_nan(value) && value->type != SAC_BSON_MINKEY &&
           value->type != SAC_BSON_MAXKEY;
}

static bool is_points(const sac__clause *clause)
{
    return clause->op == SAC__CLAUSE_EQ || clause->op == SAC__CLAUSE_IN ||
           (clause->n == 1 && is_null(clause->values));
}

/* A bound of these types says nothing that a range of keys could. */
static bool is_range(const sac__clause *clause)
{
    return !is_points(clause) && is_plain(clause->values);
}

/* The clause of single values on a path that has the fewest; NULL: none. */
static const sac__clause *best_points(const sac__clause *clauses, size_t n, sac_str path)
{
    const sac__clause *best = NULL;
    size_t i;

    for (i = 0; i < n; i++)
        if (is_points(&clauses[i]) && sac_str_eq(clauses[i].path, path) &&
            (!best || clauses[i].n < best->n))
            best = &clauses[i];
    return best;
}

static void set_points(sac__lmdb_bound *bound, const sac__clause *clause, sac__lmdb_reach *reach)
{
    bool plain = clause->op == SAC__CLAUSE_EQ || clause->op == SAC__CLAUSE_IN;
    size_t i;

    bound->points = clause->values;
    bound->n = clause->n;
    for (i = 0; i < clause->n; i++) {
        bound->wide = bound->wide || is_null(&clause->values[i]);
        plain = plain && is_plain(&clause->values[i]);
    }
    reach->present = reach->present || !bound->wide;
    reach->exact = reach->exact && plain;
}

static void narrow(sac__lmdb_bound *bound, const sac__clause *clause)
{
    const bool low = clause->op == SAC__CLAUSE_GT || clause->op == SAC__CLAUSE_GTE;
    const bool open = clause->op == SAC__CLAUSE_GT || clause->op == SAC__CLAUSE_LT;
    const sac_value **end = low ? &bound->low : &bound->high;
    bool *end_open = low ? &bound->low_open : &bound->high_open;
    const int order = *end ? sac_value_compare(clause->values, *end) : 0;

    if (*end && order == 0)
        *end_open = *end_open || open;
    if (!*end || (low ? order > 0 : order < 0)) {
        *end = clause->values;
        *end_open = open;
    }
}

/* How many clauses went into it. Of an array each may be met by another element: one then. */
static size_t set_range(sac__lmdb_bound *bound, const sac__clause *clauses, size_t n, sac_str path,
                        bool multikey)
{
    size_t used = 0;
    size_t i;

    for (i = 0; i < n && !(multikey && used); i++) {
        const sac__clause *clause = &clauses[i];

        if (!sac_str_eq(clause->path, path) || !is_range(clause))
            continue;
        if (bound->rank && bound->rank != sac__bson_rank(clause->values->type))
            continue;
        bound->rank = sac__bson_rank(clause->values->type);
        narrow(bound, clause);
        used++;
    }
    return used;
}

static sac_str first_name(sac_str path)
{
    const char *dot = path.n ? memchr(path.p, '.', path.n) : NULL;

    return sac_str_n(path.p, dot ? (size_t)(dot - path.p) : path.n);
}

/*
 * Two fields through one array: the values that meet a filter may come from
 * different elements, an entry has those of one.
 */
static bool may_share_array(const sac__lmdb_index *index, size_t i)
{
    size_t k;

    for (k = 0; index->multikey && k < i; k++)
        if (sac_str_eq(first_name(index->fields[k].path), first_name(index->fields[i].path)))
            return true;
    return false;
}

void sac__lmdb_reach_init(sac__lmdb_reach *reach, const sac__lmdb_index *index,
                          const sac__lmdb_search *search)
{
    const sac__clause *clauses = NULL;
    const size_t n = search->filter ? sac__filter_clauses(search->filter, &clauses) : 0;
    size_t used = 0;
    size_t i;
    bool wide = false;

    memset(reach, 0, offsetof(sac__lmdb_reach, fields));
    reach->spans = 1;
    reach->exact = true;
    for (i = 0; i < index->n && !wide && !may_share_array(index, i); i++) {
        sac__lmdb_bound *bound = &reach->fields[i];
        const sac_str path = index->fields[i].path;
        const sac__clause *points = best_points(clauses, n, path);
        size_t taken;

        memset(bound, 0, sizeof *bound);
        if (points && points->n <= SPANS_MAX / (reach->spans ? reach->spans : 1)) {
            set_points(bound, points, reach);
            reach->spans *= points->n;
            used++;
            reach->n++;
            wide = bound->wide;
            continue;
        }
        taken = set_range(bound, clauses, n, path, index->multikey);
        reach->range = taken > 0;
        reach->present = reach->present || taken > 0;
        used += taken;
        break;
    }
    reach->single = reach->spans == 1 && !wide;
    reach->exact = reach->exact && used == n && !index->multikey && !index->cut &&
                   (!search->filter || sac__filter_is_clauses(search->filter));
}

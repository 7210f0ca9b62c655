/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "query/sort.h"
#include "store/mongo/mongo.h"

/*
 * MongoDB compares within a type only: {$gt: 5} finds no strings. Bounds here
 * are of the order of all types, so types that come wholly behind a bound are
 * named beside the comparison. The order is that of sac_value_compare().
 */
enum { RANK_MIN, RANK_NULL, RANK_NUMBER, RANK_REGEX = 11, RANK_MAX = 15 };

static const struct {
    uint8_t type;
    int8_t code; /* as $type has it; 0: it is not named, as servers no longer know it */
    uint8_t rank;
} types[] = {
    {SAC_BSON_MINKEY, -1, RANK_MIN},
    {SAC_BSON_NULL, 0, RANK_NULL},
    {SAC_BSON_UNDEFINED, 0, RANK_NULL},
    {SAC_BSON_MISSING, 0, RANK_NULL},
    {SAC_BSON_DOUBLE, 1, RANK_NUMBER},
    {SAC_BSON_INT32, 16, RANK_NUMBER},
    {SAC_BSON_INT64, 18, RANK_NUMBER},
    {SAC_BSON_DECIMAL128, 19, RANK_NUMBER},
    {SAC_BSON_STRING, 2, 3},
    {SAC_BSON_SYMBOL, 0, 3},
    {SAC_BSON_DOCUMENT, 3, 4},
    {SAC_BSON_BINARY, 5, 6},
    {SAC_BSON_OBJECTID, 7, 7},
    {SAC_BSON_BOOL, 8, 8},
    {SAC_BSON_DATE, 9, 9},
    {SAC_BSON_TIMESTAMP, 17, 10},
    {SAC_BSON_REGEX, 11, RANK_REGEX},
    {SAC_BSON_DBPOINTER, 0, 12},
    {SAC_BSON_CODE, 0, 13},
    {SAC_BSON_CODE_W_SCOPE, 0, 14},
    {SAC_BSON_MAXKEY, 127, RANK_MAX},
};

/* Whom a filter is made for, and where errors go. */
typedef struct form {
    sac__mongo *store;
    sac_err *err;
} form;

/* Of an array there is none: its elements are compared, not it. */
static int rank_of(const sac_value *value)
{
    size_t i;

    for (i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].type == value->type)
            return types[i].rank;
    return -1;
}

static bool is_nan(const sac_value *value)
{
    double number = 0;

    return value->type == SAC_BSON_DOUBLE && sac_value_double(value, &number) && isnan(number);
}

/* One condition, {path: {op: value}}, as an element of the array that is open. */
static void add_condition(sac_bson *out, sac_str path, const char *op, const sac_value *value)
{
    sac_bson_begin_doc(out, sac_str_of("0"));
    sac_bson_begin_doc(out, path);
    sac_bson_add_value(out, sac_str_of(op), *value);
    sac_bson_end(out);
    sac_bson_end(out);
}

static void add_equal(sac_bson *out, sac_str path, const sac_value *value)
{
    static const sac_value none = {SAC_BSON_NULL, {"", 0}};

    add_condition(out, path, "$eq", rank_of(value) == RANK_NULL ? &none : value);
}

static void add_types(const form *how, sac_bson *out, sac_str path, int from, int to)
{
    const bool few = sac__mongo_has_few_types(how->store);
    const int low = few ? RANK_NUMBER : RANK_MIN;
    const int high = few ? RANK_REGEX : RANK_MAX;
    size_t i;

    from = from < low ? low : from;
    to = to > high ? high : to;
    if (from > to)
        return;
    sac_bson_begin_doc(out, sac_str_of("0"));
    sac_bson_begin_doc(out, path);
    sac_bson_begin_array(out, sac_str_of("$type"));
    for (i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].rank >= from && types[i].rank <= to && types[i].code &&
            !(few && types[i].type == SAC_BSON_DECIMAL128))
            sac_bson_add_int32(out, "0", types[i].code);
    sac_bson_end(out);
    sac_bson_end(out);
    sac_bson_end(out);
}

/* What is of the value's own type and behind it; `with`: or the value itself. */
static void add_within(const form *how, sac_bson *out, sac_str path, const sac_value *value,
                       bool up, bool with)
{
    static const sac_value lowest = {SAC_BSON_DOUBLE, {"\0\0\0\0\0\0\xf0\xff", 8}};
    static const sac_value nan = {SAC_BSON_DOUBLE, {"\0\0\0\0\0\0\xf8\x7f", 8}};
    const int rank = rank_of(value);

    if (rank == RANK_NULL || rank == RANK_MIN || rank == RANK_MAX) {
        if (with)
            add_equal(out, path, value);
        return;
    }
    if (!is_nan(value)) {
        add_condition(out, path, up ? (with ? "$gte" : "$gt") : (with ? "$lte" : "$lt"), value);
        if (!up && rank == RANK_NUMBER && !sac__mongo_has_few_types(how->store))
            add_equal(out, path, &nan); /* before all numbers */
        return;
    }
    if (with)
        add_equal(out, path, &nan);
    if (up)
        add_condition(out, path, "$gte", &lowest);
}

/* {$or: […]}: all that comes behind a value, as an element of the array that is open. */
static int add_beyond(const form *how, sac_bson *out, sac_str path, const sac_value *value, bool up,
                      bool with)
{
    static const sac_value null = {SAC_BSON_NULL, {"", 0}};
    static const sac_value empty = {SAC_BSON_ARRAY, {"\5\0\0\0\0", 5}};
    const int rank = rank_of(value);

    if (rank < 0 || rank == RANK_REGEX)
        return sac_err_set(how->err, SAC_EINVAL,
                           "mongodb: %.*s: a position cannot be an array or a regular expression",
                           path.n < 60 ? (int)path.n : 60, path.p);
    if (!with && rank == (up ? RANK_MAX : RANK_MIN)) {
        add_condition(out, path, "$in", &empty); /* nothing */
        return SAC_OK;
    }
    sac_bson_begin_doc(out, sac_str_of("0"));
    sac_bson_begin_array(out, sac_str_of("$or"));
    add_within(how, out, path, value, up, with);
    if (up) {
        if (rank < RANK_NULL)
            add_equal(out, path, &null);
        add_types(how, out, path, rank + 1, RANK_MAX);
    } else {
        if (rank > RANK_NULL)
            add_equal(out, path, &null);
        add_types(how, out, path, RANK_MIN, rank - 1);
        if (rank >= RANK_NULL && !sac_str_is(path, "_id"))
            add_equal(out, path, &empty); /* sorts before null */
    }
    sac_bson_end(out);
    sac_bson_end(out);
    return SAC_OK;
}

/* Both ends in one type: {_id: {$gte: from, $lte: to}}, which an index can answer best. */
static bool is_simple(const sac_value *from, const sac_value *to)
{
    const int rank = rank_of(from);

    return from->type != SAC_BSON_MISSING && to->type != SAC_BSON_MISSING && rank == rank_of(to) &&
           rank > RANK_NULL && rank < RANK_MAX && rank != RANK_REGEX && !is_nan(from) &&
           !is_nan(to);
}

static int add_bounds(const form *how, const sac_query *query, sac_bson *out)
{
    const sac_str id = sac_str_of("_id");
    int rc = SAC_OK;

    if (is_simple(&query->from, &query->to)) {
        add_condition(out, id, "$gte", &query->from);
        add_condition(out, id, "$lte", &query->to);
        return SAC_OK;
    }
    if (query->from.type != SAC_BSON_MISSING)
        rc = add_beyond(how, out, id, &query->from, true, true);
    if (rc == SAC_OK && query->to.type != SAC_BSON_MISSING)
        rc = add_beyond(how, out, id, &query->to, false, true);
    return rc;
}

/* Values of a position, one for each field of the order but `_id`. */
static int read_position(const sac__sort *sort, sac_value after, sac_str keys, sac_value *values,
                         sac_err *err)
{
    sac_bson_iter iter;
    size_t i;

    if (keys.n && sac_bson_iter_init(&iter, keys) != SAC_OK)
        return sac_err_set(err, SAC_EINVAL, "after_keys is no array");
    for (i = 0; i < sort->n; i++) {
        if (sac_str_is(sort->fields[i].path, "_id")) {
            values[i] = after;
            continue;
        }
        if (!keys.n || sac_bson_iter_next(&iter) != 1)
            return sac_err_set(err, SAC_EINVAL, "after_keys: a value is missing");
        values[i] = iter.value;
    }
    return SAC_OK;
}

/* Equal in the fields before the i-th, and behind in that one. */
static int add_level(const form *how, const sac__sort *sort, const sac_value *values, size_t at,
                     sac_bson *out)
{
    const sac__sort_field *field = &sort->fields[at];
    size_t i;
    int rc;

    sac_bson_begin_doc(out, sac_str_of("0"));
    sac_bson_begin_array(out, sac_str_of("$and"));
    for (i = 0; i < at; i++)
        add_equal(out, sort->fields[i].path, &values[i]);
    rc = add_beyond(how, out, field->path, &values[at], !field->descending, false);
    sac_bson_end(out);
    sac_bson_end(out);
    return rc;
}

/* Behind a position in the order of `sort`. */
static int add_position(const form *how, const sac__sort *sort, sac_value after, sac_str keys,
                        sac_bson *out)
{
    sac_value values[SAC__SORT_FIELDS + 1];
    size_t i;
    int rc = read_position(sort, after, keys, values, how->err);

    if (rc != SAC_OK)
        return rc;
    sac_bson_begin_doc(out, sac_str_of("0"));
    sac_bson_begin_array(out, sac_str_of("$or"));
    for (i = 0; i < sort->n && rc == SAC_OK; i++) {
        rc = add_level(how, sort, values, i, out);
        if (sac_str_is(sort->fields[i].path, "_id"))
            break;
    }
    sac_bson_end(out);
    sac_bson_end(out);
    return rc;
}

static bool is_sorted(const sac_query *query)
{
    return query->sort.n > 5;
}

static int add_after(const form *how, const sac_query *query, sac_value after, sac_str keys,
                     sac_bson *out)
{
    const bool up = !query->descending;
    const sac_str id = sac_str_of("_id");
    sac__sort sort;
    int rc;

    if (!is_sorted(query) && is_simple(&after, up ? &query->to : &query->from)) {
        add_condition(out, id, up ? "$gt" : "$lt", &after); /* other types are out of bounds */
        return SAC_OK;
    }
    if (!is_sorted(query))
        return add_beyond(how, out, id, &after, up, false);
    rc = sac__sort_init(&sort, query->sort, how->err);
    return rc == SAC_OK ? add_position(how, &sort, after, keys, out) : rc;
}

int sac__mongo_filter(sac__mongo *store, const sac_query *query, sac_value after,
                      sac_str after_keys, sac_bson *out, sac_err *err)
{
    const form how = {.store = store, .err = err};
    const bool filtered = query->filter.n > 5;
    int rc = SAC_OK;

    if (!filtered && after.type == SAC_BSON_MISSING && query->from.type == SAC_BSON_MISSING &&
        query->to.type == SAC_BSON_MISSING)
        return SAC_OK;
    sac_bson_begin_array(out, sac_str_of("$and"));
    rc = add_bounds(&how, query, out);
    if (rc == SAC_OK && after.type != SAC_BSON_MISSING)
        rc = add_after(&how, query, after, after_keys, out);
    if (filtered)
        sac_bson_add_doc(out, "0", query->filter);
    sac_bson_end(out);
    return rc;
}

int sac__mongo_sort(const sac_query *query, sac_bson *out, sac_err *err)
{
    sac__sort sort;
    size_t i;
    int rc;

    if (!is_sorted(query)) {
        sac_bson_add_int32(out, "_id", query->descending ? -1 : 1);
        return SAC_OK;
    }
    rc = sac__sort_init(&sort, query->sort, err);
    if (rc != SAC_OK)
        return rc;
    for (i = 0; i < sort.n; i++) {
        static const char one[2][4] = {{1, 0, 0, 0}, {-1, -1, -1, -1}};
        const sac_value direction = {SAC_BSON_INT32, sac_str_n(one[sort.fields[i].descending], 4)};

        sac_bson_add_value(out, sort.fields[i].path, direction);
    }
    return SAC_OK;
}

int sac__mongo_check_query(const sac__mongo *store, const sac_query *query, sac_err *err)
{
    sac_filter *filter = NULL;
    sac_projection *projection = NULL;
    sac__sort sort;
    int rc = SAC_OK;

    if (query->filter.n > 5)
        rc = sac_filter_new(query->filter, NULL, store->alloc, &filter, err);
    sac_filter_free(filter);
    if (rc == SAC_OK && query->projection.n > 5)
        rc = sac_projection_new(query->projection, NULL, store->alloc, &projection, err);
    sac_projection_free(projection);
    if (rc == SAC_OK && is_sorted(query))
        rc = sac__sort_init(&sort, query->sort, err);
    return rc;
}

void sac__mongo_by_id(sac_bson *out, sac_value id)
{
    if (id.type != SAC_BSON_DOCUMENT) {
        sac_bson_add_value(out, sac_str_of("_id"), id);
        return;
    }
    sac_bson_begin_doc(out, sac_str_of("_id"));
    sac_bson_add_value(out, sac_str_of("$eq"), id);
    sac_bson_end(out);
}

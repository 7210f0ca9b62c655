/* SPDX-License-Identifier: MIT */
#include "query/update/array.h"

#include "core/alloc.h"
#include "bson/members.h"

struct sac__push {
    bool sorts;
    bool has_slice, has_position, has_each;
    int whole;  /* sort the elements themselves: 1 or -1 */
    sac_str by; /* else by these paths */
    int64_t slice, position;
};

static int direction(const sac_value *value)
{
    int64_t n = 0;

    return sac__number_is_int(value, &n) && (n == 1 || n == -1) ? (int)n : 0;
}

static int compile_sort(sac__compiling *c, sac__leaf *leaf, sac__push *push, const sac_value *value)
{
    static const char bad[] = "$sort needs 1, -1, or a document of fields with 1 or -1 each";
    sac_bson_iter iter;
    size_t n = 0;

    push->sorts = true;
    push->whole = direction(value);
    if (push->whole != 0)
        return SAC_OK;
    push->by = value->raw;
    if (value->type != SAC_BSON_DOCUMENT || sac_bson_iter_init(&iter, value->raw))
        return sac__update_invalid(c, leaf, bad);
    for (; sac_bson_iter_next(&iter) == 1; n++) {
        const sac_str path = iter.key;

        if (direction(&iter.value) == 0 || path.n == 0 || path.p[0] == '.' ||
            path.p[path.n - 1] == '.' || memmem(path.p, path.n, "..", 2))
            return sac__update_invalid(c, leaf, bad);
    }
    return n > 0 ? sac__tree_count(&c->limits, &c->n_nodes, n, c->err)
                 : sac__update_invalid(c, leaf, bad);
}

static int compile_modifier(sac__compiling *c, sac__leaf *leaf, sac__push *push, sac_str name,
                            const sac_value *value)
{
    if (sac_str_is(name, "$each") && !push->has_each) {
        push->has_each = true;
        if (value->type != SAC_BSON_ARRAY)
            return sac__update_invalid(c, leaf, "$each needs an array");
        return sac__array_list(c, leaf, value->raw);
    }
    if (sac_str_is(name, "$slice") && !push->has_slice) {
        push->has_slice = true;
        return sac__number_is_int(value, &push->slice)
                   ? SAC_OK
                   : sac__update_invalid(c, leaf, "$slice needs an integer");
    }
    if (sac_str_is(name, "$position") && !push->has_position) {
        push->has_position = true;
        return sac__number_is_int(value, &push->position)
                   ? SAC_OK
                   : sac__update_invalid(c, leaf, "$position needs an integer");
    }
    if (sac_str_is(name, "$sort") && !push->sorts)
        return compile_sort(c, leaf, push, value);
    return sac__update_invalid(c, leaf, "only $each, $slice, $sort and $position, each once");
}

static int compile_modifiers(sac__compiling *c, sac__leaf *leaf)
{
    sac__push *push = sac__arena_get_zero(c->arena, sizeof *push);
    sac_bson_iter iter;
    int rc = sac_bson_iter_init(&iter, leaf->arg.raw);

    if (!push)
        return sac__update_no_memory(c->err);
    leaf->push = push;
    while (rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1)
        rc = compile_modifier(c, leaf, push, iter.key, &iter.value);
    return rc;
}

/* A modifier without $each would be taken for a value. */
static bool is_modifier(sac_str doc)
{
    sac_bson_iter iter;

    return sac_bson_iter_init(&iter, doc) == SAC_OK && sac_bson_iter_next(&iter) == 1 &&
           (sac_str_is(iter.key, "$slice") || sac_str_is(iter.key, "$sort") ||
            sac_str_is(iter.key, "$position"));
}

int sac__compile_push(sac__compiling *c, sac__leaf *leaf)
{
    if (leaf->arg.type == SAC_BSON_DOCUMENT) {
        if (sac_bson_get(leaf->arg.raw, sac_str_of("$each")).type != SAC_BSON_MISSING)
            return compile_modifiers(c, leaf);
        if (is_modifier(leaf->arg.raw))
            return sac__update_invalid(c, leaf, "$slice, $sort and $position need $each");
    }
    leaf->values = &leaf->arg;
    leaf->n = 1;
    return sac__value_depth(&leaf->arg, &leaf->depth);
}

/* Where among n elements new ones go. */
static size_t position_in(const sac__push *push, size_t n)
{
    const int64_t count = (int64_t)n;

    if (!push || !push->has_position || push->position >= count)
        return n;
    if (push->position >= 0)
        return (size_t)push->position;
    return push->position > -count ? n - (size_t)-push->position : 0;
}

/* Which of n elements a $slice leaves. */
static void slice_of(const sac__push *push, size_t n, size_t *from, size_t *to)
{
    *from = 0;
    *to = n;
    if (!push || !push->has_slice)
        return;
    if (push->slice >= 0 && (uint64_t)push->slice < n)
        *to = (size_t)push->slice;
    if (push->slice < 0 && push->slice > -(int64_t)n)
        *from = n - (size_t)-push->slice;
}

static sac_value field_of(const sac_value *value, sac_str path)
{
    sac_value found = {.type = SAC_BSON_MISSING};

    if (value->type == SAC_BSON_DOCUMENT)
        found = sac_bson_path(value->raw, path);
    if (found.type == SAC_BSON_MISSING)
        found = (sac_value){.type = SAC_BSON_NULL, .raw = sac_str_n(NULL, 0)};
    return found;
}

static int compare_fields(const sac__push *push, const sac_value *a, const sac_value *b)
{
    sac_bson_iter iter;
    int rc = 0;

    if (sac_bson_iter_init(&iter, push->by) != SAC_OK)
        return 0;
    while (rc == 0 && sac_bson_iter_next(&iter) == 1) {
        const sac_value x = field_of(a, iter.key);
        const sac_value y = field_of(b, iter.key);

        rc = direction(&iter.value) * sac_value_compare(&x, &y);
    }
    return rc;
}

static int compare(const sac__push *push, const sac_value *a, const sac_value *b)
{
    return push->whole ? push->whole * sac_value_compare(a, b) : compare_fields(push, a, b);
}

/* Merges two runs that follow each other, [from, middle) and [middle, to). */
static void merge(const sac__push *push, const sac_value *in, sac_value *out, const size_t at[3])
{
    size_t left = at[0];
    size_t right = at[1];

    for (size_t i = at[0]; i < at[2]; i++) {
        const bool take_left = right == at[2] ||
                               (left < at[1] && compare(push, &in[left], &in[right]) <= 0);

        out[i] = in[take_left ? left++ : right++];
    }
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Equal elements keep their order; `spare` has room for as many. Where they stand then. */
static sac_value *sort(const sac__push *push, sac_value *values, sac_value *spare, size_t n)
{
    sac_value *sorted;

    for (size_t run = 1; run < n; run *= 2) {
        for (size_t i = 0; i < n; i += 2 * run)
            merge(push, values, spare, (size_t[3]){i, least(i + run, n), least(i + 2 * run, n)});
        sorted = spare;
        spare = values;
        values = sorted;
    }
    return values;
}

/* The stored elements, with the new ones at position `at`. */
static int list_all(const sac__leaf *leaf, sac_str array, size_t at, sac_value *values)
{
    sac_bson_iter iter;
    size_t n = 0;
    int rc = sac_bson_iter_init(&iter, array);

    for (; rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1; rc = SAC_OK, n++)
        values[n < at ? n : n + leaf->n] = iter.value;
    for (size_t i = 0; i < leaf->n; i++)
        values[at + i] = leaf->values[i];
    return rc;
}

/* Stored and new elements in their new order. */
static int put_sorted(sac__run *run, const sac__leaf *leaf, sac_str array, size_t n)
{
    const size_t all = n + leaf->n;
    sac_value *values = sac__alloc(run->alloc, (2 * all + 1) * sizeof *values);
    const sac_value *sorted;
    size_t from, to;
    int rc;

    if (!values)
        return sac__update_no_memory(run->err);
    rc = list_all(leaf, array, position_in(leaf->push, n), values);
    if (rc == SAC_OK) {
        sorted = sort(leaf->push, values, values + all, all);
        slice_of(leaf->push, all, &from, &to);
        rc = sac__array_put(run, leaf, sorted + from, to - from);
    }
    sac__alloc_free(run->alloc, values, (2 * all + 1) * sizeof *values);
    return rc;
}

/* The stored elements before the new ones, the new ones, the others; of all a slice. */
static int put_spliced(sac__run *run, const sac__leaf *leaf, sac_str array, size_t n)
{
    const size_t at = position_in(leaf->push, n);
    const size_t end = at + leaf->n;
    size_t from, to, first, last;
    int rc;

    slice_of(leaf->push, n + leaf->n, &from, &to);
    rc = sac__array_copy(run, array, from, least(at, to));
    first = from > at ? least(from - at, leaf->n) : 0;
    last = to > at ? least(to - at, leaf->n) : 0;
    if (rc == SAC_OK && last > first)
        rc = sac__array_put(run, leaf, leaf->values + first, last - first);
    if (rc == SAC_OK && to > end)
        rc = sac__array_copy(run, array, from > end ? from - leaf->n : at, to - leaf->n);
    return rc;
}

int sac__apply_push(sac__run *run, const sac__leaf *leaf, sac_str key, const sac_value *old)
{
    static const char empty[5] = {5, 0, 0, 0, 0};
    const size_t start = run->out.n;
    sac_str array = sac_str_n(empty, sizeof empty);
    int rc;

    if (!sac__array_is_stored(run, leaf, old, &rc))
        return rc;
    if (old->type == SAC_BSON_ARRAY)
        array = old->raw;
    sac_bson_begin_array(&run->out, key);
    if (leaf->push && leaf->push->sorts)
        rc = put_sorted(run, leaf, array, sac__members_count(array));
    else
        rc = put_spliced(run, leaf, array, sac__members_count(array));
    sac_bson_end(&run->out);
    if (rc == SAC_OK && !run->out.error)
        sac__update_compare(run, start, old);
    return rc;
}

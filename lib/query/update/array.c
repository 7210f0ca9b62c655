/* SPDX-License-Identifier: MIT */
#include "query/update/array.h"

#include "core/alloc.h"
#include "bson/members.h"

int sac__array_list(sac__compiling *c, sac__leaf *leaf, sac_str array)
{
    const size_t n = sac__members_count(array);
    sac_value *values;
    sac_bson_iter iter;
    unsigned depth;
    int rc = sac__tree_count(&c->limits, &c->n_nodes, n, c->err);

    if (rc != SAC_OK)
        return rc;
    values = sac__arena_get(c->arena, (n + 1) * sizeof *values);
    if (!values)
        return sac__update_no_memory(c->err);
    rc = sac_bson_iter_init(&iter, array);
    for (size_t i = 0; rc == SAC_OK && i < n && sac_bson_iter_next(&iter) == 1; i++) {
        values[i] = iter.value;
        rc = sac__value_depth(&values[i], &depth);
        leaf->depth = depth > leaf->depth ? depth : leaf->depth;
    }
    leaf->values = values;
    leaf->n = n;
    return rc;
}

bool sac__array_is_stored(sac__run *run, const sac__leaf *leaf, const sac_value *old, int *rc)
{
    *rc = SAC_OK;
    if (old->type != SAC_BSON_ARRAY && old->type != SAC_BSON_MISSING)
        *rc = sac__update_conflict(run, leaf, "the stored value is no array");
    return *rc == SAC_OK;
}

int sac__array_copy(sac__run *run, sac_str array, size_t from, size_t to)
{
    sac_bson_iter iter;
    size_t i = 0;
    int rc = sac_bson_iter_init(&iter, array);

    for (; rc == SAC_OK && i < to && (rc = sac_bson_iter_next(&iter)) == 1; i++) {
        rc = SAC_OK;
        if (i >= from)
            sac_bson_add_value(&run->out, iter.key, iter.value);
    }
    return rc;
}

int sac__array_put(sac__run *run, const sac__leaf *leaf, const sac_value *values, size_t n)
{
    if (n > 0 && run->out.depth + 1 + (int)leaf->depth > SAC_BSON_DEPTH)
        return sac_err_set(run->err, SAC_ELIMIT, "the document would nest too deep");
    for (size_t i = 0; i < n; i++)
        sac_bson_add_value(&run->out, sac_str_of(""), values[i]);
    return SAC_OK;
}

/* Of the listed values, the first that is not less than a value. */
static size_t place_of(const sac__leaf *leaf, const sac_value *value)
{
    size_t low = 0;
    size_t high = leaf->n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (sac_value_compare(&leaf->values[leaf->order[middle]], value) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The place of a value in the order of those listed; leaf->n: it is not among them. */
static size_t find_listed(const sac__leaf *leaf, const sac_value *value)
{
    const size_t at = place_of(leaf, value);

    if (at < leaf->n && sac_value_compare(&leaf->values[leaf->order[at]], value) == 0)
        return at;
    return leaf->n;
}

/* Their order by value; of equal ones the first alone is kept. Lists are short: max_nodes. */
static int sort_listed(sac__compiling *c, sac__leaf *leaf)
{
    const size_t n = leaf->n;
    size_t *order = sac__arena_get(c->arena, (n + 1) * sizeof *order);
    size_t at;

    if (!order)
        return sac__update_no_memory(c->err);
    leaf->order = order;
    leaf->n = 0;
    for (size_t i = 0; i < n; i++) {
        at = place_of(leaf, &leaf->values[i]);
        if (at < leaf->n && sac_value_compare(&leaf->values[order[at]], &leaf->values[i]) == 0)
            continue;
        memmove(order + at + 1, order + at, (leaf->n - at) * sizeof *order);
        order[at] = i;
        leaf->n++;
    }
    return SAC_OK;
}

int sac__compile_pull_all(sac__compiling *c, sac__leaf *leaf)
{
    int rc;

    if (leaf->arg.type != SAC_BSON_ARRAY)
        return sac__update_invalid(c, leaf, "it needs an array");
    rc = sac__array_list(c, leaf, leaf->arg.raw);
    return rc == SAC_OK ? sort_listed(c, leaf) : rc;
}

int sac__array_keep_if(sac__run *run, sac_str key, const sac_value *old, sac__array_test *gone,
                       void *self)
{
    sac_bson_iter iter;
    int rc = sac_bson_iter_init(&iter, old->raw);

    sac_bson_begin_array(&run->out, key);
    while (rc == SAC_OK && !run->out.error && (rc = sac_bson_iter_next(&iter)) == 1) {
        rc = gone(self, &iter.value);
        if (rc == 0)
            sac_bson_add_value(&run->out, iter.key, iter.value);
        else if (rc == 1)
            run->changed = true;
        rc = rc < 0 ? rc : SAC_OK;
    }
    sac_bson_end(&run->out);
    return rc;
}

static int is_listed(void *self, const sac_value *value)
{
    const sac__leaf *leaf = self;

    return find_listed(leaf, value) < leaf->n;
}

/* Of null nothing is removed: so three of the servers and libraries that speak MongoDB have it. */
int sac__apply_pull_all(sac__run *run, const sac__leaf *leaf, sac_str key, const sac_value *old)
{
    int rc;

    if (old->type == SAC_BSON_NULL)
        return sac__update_keep(run, key, old);
    if (!sac__array_is_stored(run, leaf, old, &rc))
        return rc;
    return sac__array_keep_if(run, key, old, is_listed, (void *)(uintptr_t)leaf);
}

int sac__compile_add(sac__compiling *c, sac__leaf *leaf)
{
    static const char bad[] = "it needs a value, or {$each: […]}";
    sac_bson_iter iter;
    int rc;

    if (leaf->arg.type != SAC_BSON_DOCUMENT || sac_bson_iter_init(&iter, leaf->arg.raw) ||
        sac_bson_iter_next(&iter) != 1 || !sac_str_is(iter.key, "$each")) {
        leaf->values = &leaf->arg;
        leaf->n = 1;
        rc = sac__value_depth(&leaf->arg, &leaf->depth);
    } else if (iter.value.type != SAC_BSON_ARRAY) {
        return sac__update_invalid(c, leaf, bad);
    } else {
        rc = sac__array_list(c, leaf, iter.value.raw);
        if (rc == SAC_OK && sac_bson_iter_next(&iter) != 0)
            return sac__update_invalid(c, leaf, bad);
    }
    return rc == SAC_OK ? sort_listed(c, leaf) : rc;
}

/* Copies what is stored, and marks in `found` those of the listed values that are there. */
static int copy_marking(sac__run *run, const sac__leaf *leaf, sac_str array, bool *found)
{
    sac_bson_iter iter;
    size_t at;
    int rc = sac_bson_iter_init(&iter, array);

    while (rc == SAC_OK && !run->out.error && (rc = sac_bson_iter_next(&iter)) == 1) {
        rc = SAC_OK;
        sac_bson_add_value(&run->out, iter.key, iter.value);
        at = find_listed(leaf, &iter.value);
        if (at < leaf->n)
            found[leaf->order[at]] = true;
    }
    return rc;
}

static size_t last_listed(const sac__leaf *leaf)
{
    size_t last = 0;

    for (size_t i = 0; i < leaf->n; i++)
        last = leaf->order[i] > last ? leaf->order[i] : last;
    return last;
}

/* Those listed that are not there, in the order in which they are given. */
static int add_others(sac__run *run, const sac__leaf *leaf, bool *found, size_t n)
{
    int rc = SAC_OK;

    for (size_t i = 0; i < n && rc == SAC_OK; i++) {
        if (found[i])
            continue;
        run->changed = true;
        rc = sac__array_put(run, leaf, &leaf->values[i], 1);
    }
    return rc;
}

int sac__apply_add(sac__run *run, const sac__leaf *leaf, sac_str key, const sac_value *old)
{
    const size_t n = leaf->n > 0 ? last_listed(leaf) + 1 : 1;
    bool *found;
    int rc;

    if (!sac__array_is_stored(run, leaf, old, &rc))
        return rc;
    found = sac__alloc(run->alloc, n);
    if (!found)
        return sac__update_no_memory(run->err);
    memset(found, 1, n);
    for (size_t i = 0; i < leaf->n; i++)
        found[leaf->order[i]] = false;
    sac_bson_begin_array(&run->out, key);
    if (old->type == SAC_BSON_MISSING)
        run->changed = true;
    else
        rc = copy_marking(run, leaf, old->raw, found);
    if (rc == SAC_OK)
        rc = add_others(run, leaf, found, n);
    sac_bson_end(&run->out);
    sac__alloc_free(run->alloc, found, n);
    return rc;
}

int sac__compile_pop(sac__compiling *c, sac__leaf *leaf)
{
    int64_t n = 0;

    if (!sac__number_is_int(&leaf->arg, &n) || (n != 1 && n != -1))
        return sac__update_invalid(c, leaf, "it needs 1 or -1");
    return SAC_OK;
}

int sac__apply_pop(sac__run *run, const sac__leaf *leaf, sac_str key, const sac_value *old)
{
    int64_t end = 0;
    size_t n;
    int rc;

    if (!sac__array_is_stored(run, leaf, old, &rc))
        return rc;
    n = sac__members_count(old->raw);
    if (n == 0)
        return sac__update_keep(run, key, old);
    (void)sac__number_is_int(&leaf->arg, &end);
    run->changed = true;
    sac_bson_begin_array(&run->out, key);
    rc = sac__array_copy(run, old->raw, end < 0 ? 1 : 0, end < 0 ? n : n - 1);
    sac_bson_end(&run->out);
    return rc;
}

int sac__compile_pull(sac__compiling *c, sac__leaf *leaf)
{
    const sac__condition_at at = {
        .path = leaf->path, .limits = &c->limits, .arena = c->arena, .alloc = c->alloc};

    return sac__condition_new(&at, &leaf->arg, &leaf->condition, c->err);
}

/* A $pull at work. */
typedef struct pulling {
    const sac__leaf *leaf;
    sac__buf scratch;
    sac_err *err;
} pulling;

static int is_pulled(void *self, const sac_value *value)
{
    pulling *p = self;

    return sac__condition_match(&p->leaf->condition, value, &p->scratch, p->err);
}

int sac__apply_pull(sac__run *run, const sac__leaf *leaf, sac_str key, const sac_value *old)
{
    pulling p = {.leaf = leaf, .err = run->err};
    int rc;

    if (old->type == SAC_BSON_NULL)
        return sac__update_keep(run, key, old);
    if (!sac__array_is_stored(run, leaf, old, &rc))
        return rc;
    sac__buf_init(&p.scratch, run->alloc, INT32_MAX);
    rc = sac__array_keep_if(run, key, old, is_pulled, &p);
    sac__buf_fini(&p.scratch);
    return rc;
}

/* SPDX-License-Identifier: MIT */
#include "query/patch/json_equal.h"

#include "query/scratch.h"
#include "query/update/ops.h"
#include "bson/members.h"

static int equal(const sac_value *a, const sac_value *b, sac__arena *arena, int depth);

static int equal_arrays(sac_str x, sac_str y, sac__arena *arena, int depth)
{
    sac_bson_iter a, b;
    int more_a, more_b;
    int rc = sac_bson_iter_init(&a, x);

    if (rc == SAC_OK)
        rc = sac_bson_iter_init(&b, y);
    if (rc != SAC_OK)
        return rc;
    do {
        more_a = sac_bson_iter_next(&a);
        more_b = sac_bson_iter_next(&b);
        if (more_a < 0 || more_b < 0)
            return SAC_ECORRUPT;
        if (more_a != more_b)
            return 0;
        rc = more_a ? equal(&a.value, &b.value, arena, depth) : 1;
    } while (rc == 1 && more_a);
    return rc;
}

static int equal_docs(sac_str x, sac_str y, sac__arena *arena, int depth)
{
    sac__members a, b;
    const sac__member *other;
    int rc = sac__members_read(&a, x, arena);

    if (rc == SAC_OK)
        rc = sac__members_read(&b, y, arena);
    if (rc != SAC_OK)
        return rc;
    rc = a.n == b.n;
    for (size_t i = 0; i < a.n && rc == 1; i++) {
        other = sac__members_find(&b, a.v[i].key);
        rc = other ? equal(&a.v[i].value, &other->value, arena, depth) : 0;
    }
    return rc;
}

static int equal(const sac_value *a, const sac_value *b, sac__arena *arena, int depth)
{
    if (depth > SAC_BSON_DEPTH)
        return SAC_ELIMIT;
    if (sac__value_same(a, b))
        return 1;
    if (sac__is_number(a->type) && sac__is_number(b->type))
        return sac_value_compare(a, b) == 0;
    if (a->type != b->type)
        return 0;
    if (a->type == SAC_BSON_DOCUMENT)
        return equal_docs(a->raw, b->raw, arena, depth + 1);
    if (a->type == SAC_BSON_ARRAY)
        return equal_arrays(a->raw, b->raw, arena, depth + 1);
    return sac_value_compare(a, b) == 0;
}

int sac__json_equal(const sac_value *a, const sac_value *b, const sac_alloc *alloc)
{
    sac__scratch scratch;
    int rc = sac__scratch_open(&scratch, alloc);

    if (rc != SAC_OK)
        return rc;
    rc = equal(a, b, scratch.arena, 0);
    sac__scratch_close(&scratch);
    return rc;
}

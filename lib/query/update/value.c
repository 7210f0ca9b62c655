/* SPDX-License-Identifier: MIT */
#include "query/update/update.h"

#include "bson/wire.h"

bool sac__value_same(const sac_value *a, const sac_value *b)
{
    return a->type == b->type && sac_str_eq(a->raw, b->raw);
}

static int depth_of(sac_str doc, unsigned level, unsigned *depth)
{
    sac_bson_iter iter;
    int rc = sac_bson_iter_init(&iter, doc);

    if (level > SAC_BSON_DEPTH)
        return SAC_ELIMIT;
    if (*depth < level)
        *depth = level;
    while (rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1) {
        rc = SAC_OK;
        if (iter.value.type == SAC_BSON_DOCUMENT || iter.value.type == SAC_BSON_ARRAY)
            rc = depth_of(iter.value.raw, level + 1, depth);
    }
    return rc;
}

int sac__value_depth(const sac_value *value, unsigned *depth)
{
    *depth = 0;
    if (value->type != SAC_BSON_DOCUMENT && value->type != SAC_BSON_ARRAY)
        return SAC_OK;
    return depth_of(value->raw, 1, depth);
}

int sac__update_keep(sac__run *run, sac_str key, const sac_value *old)
{
    sac_bson_add_value(&run->out, key, *old);
    return SAC_OK;
}

int sac__update_put(sac__run *run, sac_str key, const sac_value *old, sac_value value,
                    unsigned depth)
{
    if (run->out.depth + 1 + (int)depth > SAC_BSON_DEPTH)
        return sac_err_set(run->err, SAC_ELIMIT, "the document would nest too deep");
    if (!sac__value_same(old, &value))
        run->changed = true;
    sac_bson_add_value(&run->out, key, value);
    return SAC_OK;
}

void sac__update_compare(sac__run *run, size_t start, const sac_value *old)
{
    const char *p = run->out.p + start;
    const char *value = p + strlen(p + 1) + 2;
    const sac_value made = {.type = (uint8_t)*p,
                            .raw = sac_str_n(value, (size_t)(run->out.p + run->out.n - value))};

    if (!sac__value_same(&made, old))
        run->changed = true;
}

/* Whether `_id` is set to what it is, in another type of number. */
static bool is_same_id(const sac__leaf *leaf, const sac_value *old)
{
    return sac_str_is(leaf->path, "_id") && sac_value_compare(old, &leaf->arg) == 0;
}

int sac__compile_put(sac__compiling *c, sac__leaf *leaf)
{
    (void)c;
    return sac__value_depth(&leaf->arg, &leaf->depth);
}

int sac__apply_set(sac__run *run, const sac__leaf *leaf, sac_str key, const sac_value *old)
{
    if (is_same_id(leaf, old))
        return sac__update_keep(run, key, old);
    return sac__update_put(run, key, old, leaf->arg, leaf->depth);
}

int sac__apply_keep(sac__run *run, const sac__leaf *leaf, sac_str key, const sac_value *old)
{
    (void)leaf;
    return sac__update_keep(run, key, old);
}

/* The place of an array's element stays, with null in it. */
int sac__apply_unset(sac__run *run, const sac__leaf *leaf, sac_str key, const sac_value *old)
{
    const sac_value null = {.type = SAC_BSON_NULL, .raw = sac_str_n(NULL, 0)};

    (void)leaf;
    if (run->out.array[run->out.depth])
        return sac__update_put(run, key, old, null, 0);
    run->changed = true;
    return SAC_OK;
}

int sac__apply_rename_to(sac__run *run, const sac__leaf *leaf, sac_str key, const sac_value *old)
{
    const sac_value *value = &run->moved[leaf->moved];
    unsigned depth;
    int rc;

    if (value->type == SAC_BSON_MISSING)
        return sac__update_keep(run, key, old);
    if (run->in_array)
        return sac__update_conflict(run, leaf, "it leads through an array");
    rc = sac__value_depth(value, &depth);
    if (rc != SAC_OK)
        return rc;
    run->changed = true;
    return sac__update_put(run, key, old, *value, depth);
}

int sac__compile_number(sac__compiling *c, sac__leaf *leaf)
{
    return sac__is_number(leaf->arg.type) ? SAC_OK
                                          : sac__update_invalid(c, leaf, "it needs a number");
}

static int apply_number(sac__run *run, const sac__leaf *leaf, sac_str key, const sac_value *old,
                        bool (*combine)(const sac_value *a, const sac_value *b, sac__sum *out))
{
    sac__sum sum;

    if (!sac__is_number(old->type))
        return sac__update_conflict(run, leaf, "the stored value is no number");
    if (!combine(old, &leaf->arg, &sum))
        return sac__update_conflict(run, leaf, "the result is too large for an int64");
    return sac__update_put(run, key, old, sac__number_value(&sum), 0);
}

int sac__apply_inc(sac__run *run, const sac__leaf *leaf, sac_str key, const sac_value *old)
{
    if (old->type == SAC_BSON_MISSING)
        return sac__update_put(run, key, old, leaf->arg, 0);
    return apply_number(run, leaf, key, old, sac__number_add);
}

int sac__apply_mul(sac__run *run, const sac__leaf *leaf, sac_str key, const sac_value *old)
{
    sac__sum zero;

    if (old->type != SAC_BSON_MISSING)
        return apply_number(run, leaf, key, old, sac__number_multiply);
    sac__number_zero(leaf->arg.type, &zero);
    return sac__update_put(run, key, old, sac__number_value(&zero), 0);
}

static int apply_compared(sac__run *run, const sac__leaf *leaf, sac_str key, const sac_value *old,
                          int sign)
{
    if (old->type != SAC_BSON_MISSING && sign * sac_value_compare(&leaf->arg, old) <= 0)
        return sac__update_keep(run, key, old);
    return sac__update_put(run, key, old, leaf->arg, leaf->depth);
}

int sac__apply_min(sac__run *run, const sac__leaf *leaf, sac_str key, const sac_value *old)
{
    return apply_compared(run, leaf, key, old, -1);
}

int sac__apply_max(sac__run *run, const sac__leaf *leaf, sac_str key, const sac_value *old)
{
    return apply_compared(run, leaf, key, old, 1);
}

int sac__compile_date(sac__compiling *c, sac__leaf *leaf)
{
    static const char bad[] = "it needs true, {$type: \"date\"} or {$type: \"timestamp\"}";
    sac_bson_iter iter;
    sac_str type;

    if (leaf->arg.type == SAC_BSON_BOOL)
        return SAC_OK;
    if (leaf->arg.type != SAC_BSON_DOCUMENT || sac_bson_iter_init(&iter, leaf->arg.raw) ||
        sac_bson_iter_next(&iter) != 1 || !sac_str_is(iter.key, "$type") ||
        !sac_value_str(&iter.value, &type) || sac_bson_iter_next(&iter) != 0)
        return sac__update_invalid(c, leaf, bad);
    leaf->timestamp = sac_str_is(type, "timestamp");
    return leaf->timestamp || sac_str_is(type, "date") ? SAC_OK : sac__update_invalid(c, leaf, bad);
}

/* A timestamp is seconds, and a number within the second. */
int sac__apply_date(sac__run *run, const sac__leaf *leaf, sac_str key, const sac_value *old)
{
    char bytes[8];

    if (leaf->timestamp)
        sac__wire_put64(bytes, (uint64_t)(uint32_t)(run->now / 1000) << 32 | 1);
    else
        sac__wire_put64(bytes, (uint64_t)run->now);
    return sac__update_put(run, key, old,
                           (sac_value){.type = leaf->timestamp ? SAC_BSON_TIMESTAMP : SAC_BSON_DATE,
                                       .raw = sac_str_n(bytes, sizeof bytes)},
                           0);
}

static bool is_integer(uint8_t type)
{
    return type == SAC_BSON_INT32 || type == SAC_BSON_INT64;
}

static bool is_bit_operation(sac_str name)
{
    return sac_str_is(name, "and") || sac_str_is(name, "or") || sac_str_is(name, "xor");
}

int sac__compile_bit(sac__compiling *c, sac__leaf *leaf)
{
    static const char bad[] = "it needs and, or, xor with an integer each";
    sac_bson_iter iter;
    size_t n = 0;

    if (leaf->arg.type != SAC_BSON_DOCUMENT || sac_bson_iter_init(&iter, leaf->arg.raw))
        return sac__update_invalid(c, leaf, bad);
    for (; sac_bson_iter_next(&iter) == 1; n++) {
        if (!is_bit_operation(iter.key) || !is_integer(iter.value.type))
            return sac__update_invalid(c, leaf, bad);
    }
    return n > 0 ? sac__tree_count(&c->limits, &c->n_nodes, n, c->err)
                 : sac__update_invalid(c, leaf, bad);
}

static int64_t bit_operation(sac_str name, int64_t a, int64_t b)
{
    if (sac_str_is(name, "and"))
        return a & b;
    return sac_str_is(name, "or") ? a | b : a ^ b;
}

int sac__apply_bit(sac__run *run, const sac__leaf *leaf, sac_str key, const sac_value *old)
{
    sac__sum sum = {.type = old->type == SAC_BSON_INT64 ? SAC_BSON_INT64 : SAC_BSON_INT32};
    sac_bson_iter iter;
    int64_t bits = 0;
    int64_t arg = 0;
    int rc = sac_bson_iter_init(&iter, leaf->arg.raw);

    if (old->type != SAC_BSON_MISSING && !is_integer(old->type))
        return sac__update_conflict(run, leaf, "the stored value is no integer");
    (void)sac_value_int(old, &bits);
    while (rc == SAC_OK && (rc = sac_bson_iter_next(&iter)) == 1) {
        rc = SAC_OK;
        (void)sac_value_int(&iter.value, &arg);
        bits = bit_operation(iter.key, bits, arg);
        if (iter.value.type == SAC_BSON_INT64)
            sum.type = SAC_BSON_INT64;
    }
    if (sum.type == SAC_BSON_INT64)
        sac__wire_put64(sum.bytes, (uint64_t)bits);
    else
        sac__wire_put32(sum.bytes, (uint32_t)bits);
    return rc == SAC_OK ? sac__update_put(run, key, old, sac__number_value(&sum), 0) : rc;
}

/* SPDX-License-Identifier: MIT */
#include "bson/key.h"
#include "bson/number.h"
#include "bson/wire.h"

static int compare_values(const sac_value *a, const sac_value *b, int depth);

static int sign(int x)
{
    return (x > 0) - (x < 0);
}

static int compare_sizes(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_text(sac_str a, sac_str b)
{
    const size_t n = a.n < b.n ? a.n : b.n;
    const int rc = n ? memcmp(a.p, b.p, n) : 0;

    return rc ? sign(rc) : compare_sizes(a.n, b.n);
}

static int compare_ranks(const sac_value *a, const sac_value *b)
{
    return (int)sac__bson_rank(a->type) - (int)sac__bson_rank(b->type);
}

/* Element by element: type, then name, then value; what runs out first is less. */
static int compare_docs(sac_str x, sac_str y, bool names, int depth)
{
    sac_bson_iter a, b;
    int rc;

    if (depth > SAC_BSON_DEPTH || sac_bson_iter_init(&a, x) || sac_bson_iter_init(&b, y))
        return 0;
    for (;;) {
        const bool more_a = sac_bson_iter_next(&a) == 1;
        const bool more_b = sac_bson_iter_next(&b) == 1;

        if (!more_a || !more_b)
            return (int)more_a - (int)more_b;
        rc = compare_ranks(&a.value, &b.value);
        if (rc == 0 && names)
            rc = compare_text(a.key, b.key);
        if (rc == 0)
            rc = compare_values(&a.value, &b.value, depth);
        if (rc != 0)
            return sign(rc);
    }
}

/* Length, subtype, bytes. */
static int compare_binary(sac_str a, sac_str b)
{
    if (a.n != b.n)
        return compare_sizes(a.n, b.n);
    return sign(memcmp(a.p + 4, b.p + 4, a.n - 4));
}

static int compare_code_w_scope(sac_str a, sac_str b, int depth)
{
    const int rc = compare_text(sac__wire_code(a), sac__wire_code(b));

    return rc ? rc : compare_docs(sac__wire_scope(a), sac__wire_scope(b), true, depth);
}

static int compare_dates(sac_str a, sac_str b)
{
    const int64_t x = (int64_t)sac__wire_get64(a.p);
    const int64_t y = (int64_t)sac__wire_get64(b.p);

    return (x > y) - (x < y);
}

/* Both of one rank. */
static int compare_values(const sac_value *a, const sac_value *b, int depth)
{
    const sac_str x = a->raw;
    const sac_str y = b->raw;

    switch (a->type) {
    case SAC_BSON_INT32:
    case SAC_BSON_INT64:
    case SAC_BSON_DOUBLE:
    case SAC_BSON_DECIMAL128: return sac__number_compare(a, b);
    case SAC_BSON_STRING:
    case SAC_BSON_SYMBOL:
    case SAC_BSON_CODE: return compare_text(sac__wire_text(x), sac__wire_text(y));
    case SAC_BSON_DOCUMENT: return compare_docs(x, y, true, depth + 1);
    case SAC_BSON_ARRAY: return compare_docs(x, y, false, depth + 1);
    case SAC_BSON_BINARY: return compare_binary(x, y);
    case SAC_BSON_OBJECTID:
    case SAC_BSON_BOOL:
    case SAC_BSON_REGEX: return compare_text(x, y);
    case SAC_BSON_DATE: return compare_dates(x, y);
    case SAC_BSON_TIMESTAMP: return compare_sizes(sac__wire_get64(x.p), sac__wire_get64(y.p));
    case SAC_BSON_DBPOINTER: return x.n == y.n ? compare_text(x, y) : compare_sizes(x.n, y.n);
    case SAC_BSON_CODE_W_SCOPE: return compare_code_w_scope(x, y, depth + 1);
    default: return 0;
    }
}

int sac_value_compare(const sac_value *a, const sac_value *b)
{
    const int rc = compare_ranks(a, b);

    return rc ? sign(rc) : compare_values(a, b, 0);
}

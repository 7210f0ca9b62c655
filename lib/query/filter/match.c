/* SPDX-License-Identifier: MIT */
#include "bson/key.h"
#include "bson/wire.h"
#include "query/filter/node.h"

static const sac_value missing = {.type = SAC_BSON_MISSING};

/* The elements of a document, of which most are passed over. */
typedef struct cursor {
    const char *p, *end;
    const char *key;
    size_t key_n;
    uint64_t head; /* the first 8 bytes of the key, 0 behind it */
    const char *value;
    size_t value_n;
} cursor;

/* Which byte of a word is its first 0; 8: none. */
static unsigned first_nul(uint64_t word)
{
    const uint64_t ones = UINT64_MAX / 255;
    const uint64_t nul = (word - ones) & ~word & ones << 7;

    return nul ? (unsigned)__builtin_ctzll(nul) / 8 : 8;
}

/* Reads the key at c->p + 1. */
static bool read_key(cursor *c)
{
    const char *key = c->p + 1;
    const size_t left = (size_t)(c->end - key);
    const char *nul;
    unsigned n = 0;

    if (left >= 8) {
        c->head = sac__wire_get64(key);
        n = first_nul(c->head);
    } else {
        c->head = 0;
        while (n < left && key[n] != 0) {
            c->head |= (uint64_t)(unsigned char)key[n] << 8 * n;
            n++;
        }
        if (n == left)
            return false;
    }
    c->key = key;
    c->key_n = n;
    if (n < 8) {
        c->head &= ((uint64_t)1 << 8 * n) - 1;
        return true;
    }
    nul = memchr(key + 8, 0, left - 8);
    if (!nul)
        return false;
    c->key_n = (size_t)(nul - key);
    return true;
}

/* The size of a value, so far as to pass over it: nothing in it is looked at. */
static bool size_of(uint8_t type, const char *p, size_t left, size_t *size)
{
    switch (type) {
    case SAC_BSON_DOUBLE:
    case SAC_BSON_DATE:
    case SAC_BSON_TIMESTAMP:
    case SAC_BSON_INT64: *size = 8; break;
    case SAC_BSON_INT32: *size = 4; break;
    case SAC_BSON_BOOL: *size = 1; break;
    case SAC_BSON_OBJECTID: *size = 12; break;
    case SAC_BSON_NULL: *size = 0; break;
    case SAC_BSON_STRING:
        if (left < 4)
            return false;
        *size = (size_t)sac__wire_get32(p) + 4;
        break;
    case SAC_BSON_DOCUMENT:
    case SAC_BSON_ARRAY:
        if (left < 4)
            return false;
        *size = sac__wire_get32(p);
        return *size >= 5 && *size <= left;
    default: return sac__wire_size(type, p, left, size);
    }
    return *size <= left;
}

/* 1, 0 at the end, SAC_ECORRUPT. */
static int next(cursor *c)
{
    if (c->p == c->end)
        return 0;
    if (!read_key(c))
        return SAC_ECORRUPT;
    c->value = c->key + c->key_n + 1;
    if (!size_of((uint8_t)*c->p, c->value, (size_t)(c->end - c->value), &c->value_n))
        return SAC_ECORRUPT;
    return 1;
}

/* The current value, its framing checked. */
static bool current(const cursor *c, sac_value *out)
{
    size_t n;

    if (!sac__wire_size((uint8_t)*c->p, c->value, c->value_n, &n) || n != c->value_n)
        return false;
    *out = (sac_value){.type = (uint8_t)*c->p, .raw = sac_str_n(c->value, n)};
    return true;
}

static bool holds(sac__cond_op op, int order)
{
    switch (op) {
    case SAC__COND_GT: return order > 0;
    case SAC__COND_GTE: return order >= 0;
    case SAC__COND_LT: return order < 0;
    case SAC__COND_LTE: return order <= 0;
    default: return order == 0;
    }
}

/* Against a value of another kind: only MinKey and MaxKey compare with all. */
static bool compare_kinds(const sac__cond *cond)
{
    switch (cond->of.value.type) {
    case SAC_BSON_MINKEY: return cond->op == SAC__COND_GT || cond->op == SAC__COND_GTE;
    case SAC_BSON_MAXKEY: return cond->op == SAC__COND_LT || cond->op == SAC__COND_LTE;
    default: return false;
    }
}

static bool compare(const sac__cond *cond, const sac_value *value)
{
    const sac_value *than = &cond->of.value;

    if (cond->plain && value->type == than->type)
        return value->raw.n == than->raw.n && memcmp(value->raw.p, than->raw.p, than->raw.n) == 0;
    if (sac__bson_rank(value->type) != cond->rank)
        return compare_kinds(cond);
    if (cond->op != SAC__COND_EQ && (cond->nan || sac__value_is_nan(value)))
        return (cond->op == SAC__COND_GTE || cond->op == SAC__COND_LTE) && cond->nan &&
               sac__value_is_nan(value);
    return holds(cond->op, sac_value_compare(value, than));
}

static bool is_listed(const sac__cond *cond, const sac_value *value)
{
    size_t low = 0, high = cond->of.in.n;

    while (low < high) {
        const size_t i = low + (high - low) / 2;
        const int order = sac_value_compare(value, &cond->of.in.v[i]);

        if (order == 0)
            return true;
        if (order < 0)
            high = i;
        else
            low = i + 1;
    }
    return false;
}

static int match_in(const sac_filter *filter, const sac__cond *cond, const sac_value *value)
{
    int rc = is_listed(cond, value);

    for (const sac__regex *r = cond->of.in.regexes; rc == 0 && r; r = r->next)
        rc = sac__regex_match(r, filter->max_steps, filter->alloc, value);
    return rc;
}

static bool match_mod(const sac__cond *cond, const sac_value *value)
{
    int64_t n;

    if (!sac__number_truncate(value, &n))
        return false;
    if (cond->of.mod.divisor == -1) /* what INT64_MIN has no remainder by in C */
        return cond->of.mod.remainder == 0;
    return n % cond->of.mod.divisor == cond->of.mod.remainder;
}

/* Whether an array has so many elements. */
static int match_size(const sac__cond *cond, sac_str array)
{
    sac_bson_iter iter;
    int64_t n = 0;
    int rc = sac_bson_iter_init(&iter, array);

    if (rc != SAC_OK)
        return rc;
    while ((rc = sac_bson_iter_next(&iter)) == 1 && n <= cond->of.size)
        n++;
    return rc < 0 ? rc : n == cond->of.size;
}

static int match_value(const sac_filter *filter, const sac__cond *cond, const sac_value *value);

static int match_all(const sac_filter *filter, const sac__cond *list, const sac_value *value)
{
    int rc = 1;

    for (; rc == 1 && list; list = list->next)
        rc = match_value(filter, list, value);
    return rc;
}

/* Whether one of an array's elements meets a list of conditions, or a group. */
static int match_element(const sac_filter *filter, const sac__cond *cond, sac_str array)
{
    sac_bson_iter iter;
    sac_str doc;
    int found = 0;
    int rc = sac_bson_iter_init(&iter, array);

    if (rc != SAC_OK)
        return rc;
    while (found == 0 && (rc = sac_bson_iter_next(&iter)) == 1) {
        if (cond->op == SAC__COND_ELEM_VALUE)
            found = match_all(filter, cond->of.list, &iter.value);
        else if (sac_value_doc(&iter.value, &doc))
            found = sac__group_match(filter, cond->of.group, doc);
    }
    return rc < 0 ? rc : found;
}

static int negate(int rc)
{
    return rc < 0 ? rc : !rc;
}

/* One value as it is, arrays whole. */
static int match_value(const sac_filter *filter, const sac__cond *cond, const sac_value *value)
{
    const bool is_array = value->type == SAC_BSON_ARRAY;

    switch (cond->op) {
    case SAC__COND_EQ:
    case SAC__COND_GT:
    case SAC__COND_GTE:
    case SAC__COND_LT:
    case SAC__COND_LTE: return compare(cond, value);
    case SAC__COND_IN: return match_in(filter, cond, value);
    case SAC__COND_EXISTS: return value->type != SAC_BSON_MISSING;
    case SAC__COND_TYPE: return (cond->of.types & sac__type_bit(value->type)) != 0;
    case SAC__COND_MOD: return match_mod(cond, value);
    case SAC__COND_REGEX:
        return sac__regex_match(cond->of.regex, filter->max_steps, filter->alloc, value);
    case SAC__COND_SIZE: return is_array ? match_size(cond, value->raw) : 0;
    case SAC__COND_ELEM_VALUE:
    case SAC__COND_ELEM_DOC: return is_array ? match_element(filter, cond, value->raw) : 0;
    case SAC__COND_NOT: return negate(match_all(filter, cond->of.list, value));
    case SAC__COND_NEVER: break;
    }
    return 0;
}

typedef struct reached {
    const sac_filter *filter;
    const sac__cond *cond;
} reached;

/* What a path leads to: the elements of an array, and itself. */
static int match_reached(void *self, const sac_value *value, bool whole)
{
    const reached *r = (const reached *)self;
    sac_bson_iter iter;
    int rc;

    if (value->type != SAC_BSON_ARRAY || whole || r->cond->op >= SAC__COND_SIZE)
        return match_value(r->filter, r->cond, value);
    rc = sac_bson_iter_init(&iter, value->raw);
    if (rc != SAC_OK)
        return rc;
    while ((rc = sac_bson_iter_next(&iter)) == 1) {
        rc = match_value(r->filter, r->cond, &iter.value);
        if (rc != 0)
            return rc;
    }
    return rc < 0 ? rc : match_value(r->filter, r->cond, value);
}

static int match_list(const sac_filter *filter, const sac__cond *list, const sac_value *value)
{
    int rc = 1;

    for (; rc == 1 && list; list = list->next) {
        reached r = {.filter = filter, .cond = list};

        if (list->op == SAC__COND_NOT)
            rc = negate(match_list(filter, list->of.list, value));
        else if (list->n_rest > 0)
            rc = sac__path_walk(value, list->rest, list->n_rest, match_reached, &r);
        else
            rc = match_reached(&r, value, false);
    }
    return rc;
}

/* The place of the current key among the fields, or n. */
static size_t find(const sac__group *group, const cursor *c)
{
    size_t i = 0;

    for (; i < group->n; i++) {
        const sac__field *f = &group->fields[i];

        if (f->head == c->head && f->name.n == c->key_n &&
            (c->key_n <= 8 || memcmp(f->name.p + 8, c->key + 8, c->key_n - 8) == 0))
            break;
    }
    return i;
}

/* What holds of the names that the document does not have. */
static int match_missing(const sac__group *group, uint64_t seen)
{
    for (size_t i = 0; i < group->n; i++)
        if (!(seen >> i & 1) && !group->fields[i].if_missing)
            return 0;
    return 1;
}

static int match_fields(const sac_filter *filter, const sac__group *group, sac_str doc)
{
    cursor c = {.p = doc.p + 4, .end = doc.p + doc.n - 1};
    sac_value value = missing;
    uint64_t seen = 0;
    size_t left = group->n;
    int rc;

    while (left > 0 && (rc = next(&c)) != 0) {
        size_t i;

        if (rc < 0)
            return rc;
        i = find(group, &c);
        if (i < group->n && !(seen >> i & 1)) {
            if (!current(&c, &value))
                return SAC_ECORRUPT;
            rc = match_list(filter, group->fields[i].conds, &value);
            if (rc != 1)
                return rc;
            seen |= (uint64_t)1 << i;
            left--;
        }
        c.p = c.value + c.value_n;
    }
    return left == 0 ? 1 : match_missing(group, seen);
}

static int match_branches(const sac_filter *filter, const sac__logic *logic, sac_str doc)
{
    int rc = 0;

    for (const sac__group *g = logic->branches; rc == 0 && g; g = g->next)
        rc = sac__group_match(filter, g, doc);
    return logic->nor ? negate(rc) : rc;
}

int sac__group_match(const sac_filter *filter, const sac__group *group, sac_str doc)
{
    const sac__group *g = group;
    int rc;

    if (!sac__wire_is_doc(doc))
        return SAC_ECORRUPT;
    do {
        rc = match_fields(filter, g, doc);
        g = g->more;
    } while (rc == 1 && g);
    for (const sac__logic *l = group->logics; rc == 1 && l; l = l->next)
        rc = match_branches(filter, l, doc);
    return rc;
}

void sac__group_finish(const sac_filter *filter, sac__group *group)
{
    for (sac__group *g = group; g; g = g->more)
        for (size_t i = 0; i < g->n; i++)
            g->fields[i].if_missing = match_list(filter, g->fields[i].conds, &missing) == 1;
}

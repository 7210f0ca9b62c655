/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "bson/number.h"
#include "bson/wire.h"
#include "query/filter/node.h"
#include "core/pattern.h"

static bool truncate_decimal(const sac_value *value, int64_t *out)
{
    sac__decimal d;
    uint64_t n = 0;
    int whole; /* digits before the point */

    sac__decimal_get(value->raw.p, &d);
    whole = d.n + d.exponent;
    if (d.kind != SAC__DECIMAL_FINITE || (d.n > 0 && whole > 19))
        return false;
    for (int i = 0; d.n > 0 && i < whole; i++)
        n = n * 10 + (i < d.n ? d.digits[i] : 0);
    if (n > (uint64_t)INT64_MAX + d.negative)
        return false;
    *out = d.negative ? -(int64_t)(n / 2) - (int64_t)(n - n / 2) : (int64_t)n;
    return true;
}

bool sac__number_truncate(const sac_value *value, int64_t *out)
{
    double d;

    switch (value->type) {
    case SAC_BSON_INT32:
    case SAC_BSON_INT64: return sac_value_int(value, out);
    case SAC_BSON_DECIMAL128: return truncate_decimal(value, out);
    case SAC_BSON_DOUBLE:
        d = sac__wire_get_double(value->raw.p);
        if (!(d >= -0x1p63 && d < 0x1p63))
            return false;
        *out = (int64_t)d;
        return true;
    default: return false;
    }
}

/* A number that is an integer. */
static bool get_integer(const sac_value *value, int64_t *out)
{
    char raw[8] = {0};
    const sac_value whole = {.type = SAC_BSON_INT64, .raw = sac_str_n(raw, sizeof raw)};

    if (!sac__number_truncate(value, out))
        return false;
    sac__wire_put64(raw, (uint64_t)*out);
    return sac_value_compare(&whole, value) == 0;
}

static bool is_number(const sac_value *value)
{
    return value->type == SAC_BSON_INT32 || value->type == SAC_BSON_INT64 ||
           value->type == SAC_BSON_DOUBLE || value->type == SAC_BSON_DECIMAL128;
}

bool sac__value_truth(const sac_value *value)
{
    const sac_value zero = {.type = SAC_BSON_INT32, .raw = sac_str_n("\0\0\0\0", 4)};

    switch (value->type) {
    case SAC_BSON_MISSING:
    case SAC_BSON_NULL:
    case SAC_BSON_UNDEFINED: return false;
    case SAC_BSON_BOOL: return value->raw.p[0] != 0;
    default: return !is_number(value) || sac_value_compare(value, &zero) != 0;
    }
}

bool sac__value_is_nan(const sac_value *value)
{
    sac__decimal d;

    if (value->type == SAC_BSON_DOUBLE)
        return isnan(sac__wire_get_double(value->raw.p));
    if (value->type != SAC_BSON_DECIMAL128)
        return false;
    sac__decimal_get(value->raw.p, &d);
    return d.kind == SAC__DECIMAL_NAN;
}

int sac__argument_pattern(sac__compiler *c, sac_str pattern, sac_str options, sac__regex **out)
{
    sac__regex *regex = sac__compiler_get(c, sizeof *regex);
    char why[100];
    uint32_t bits;
    int rc;

    if (pattern.n > c->limits.max_pattern)
        return sac_err_set(c->err, SAC_ELIMIT, "%.60s: a pattern has more than %zu bytes", c->path,
                           c->limits.max_pattern);
    if (pattern.n > 0 && memchr(pattern.p, 0, pattern.n))
        return sac__compiler_refuse(c, "a pattern must not contain NUL");
    if (!sac__regex_options(options, &bits))
        return sac__compiler_refuse(c, "options of a pattern are i, m, s, u and x, not \"%.*s\"",
                                    (int)(options.n < 20 ? options.n : 20), options.p);
    if (!c->general)
        c->general = sac__pattern_memory(sac__arena_alloc(c->filter->memory));
    if (!regex || !c->general)
        return sac__compiler_nomem(c);
    *regex = (sac__regex){.pattern = pattern, .options = options};
    rc = sac__regex_compile(regex, c->general, why);
    if (rc == SAC_ENOMEM)
        return sac__compiler_nomem(c);
    if (rc != SAC_OK)
        return sac__compiler_refuse(c, "unreadable pattern: %s", why);
    *out = regex;
    return SAC_OK;
}

int sac__argument_regex(sac__compiler *c, const sac_value *value, sac__regex **out)
{
    const sac_str pattern = sac_str_of(value->raw.p);
    const size_t before = pattern.n + 1; /* the options, with their NUL, are the rest */

    return sac__argument_pattern(c, pattern,
                                 sac_str_n(value->raw.p + before, value->raw.n - before - 1), out);
}

static int by_order(const void *a, const void *b)
{
    return sac_value_compare(a, b);
}

/* Ascending, each once: how many are left. */
static size_t sort_values(sac_value *values, size_t n)
{
    size_t kept = 0;

    qsort(values, n, sizeof *values, by_order);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || sac_value_compare(&values[kept - 1], &values[i]) != 0)
            values[kept++] = values[i];
    return kept;
}

static int add_listed(sac__compiler *c, const char *op, const sac_value *value, sac_value *values,
                      sac__cond *cond)
{
    sac__regex *regex = NULL;
    int rc = sac__compiler_count(c);

    if (rc != SAC_OK)
        return rc;
    if (value->type == SAC_BSON_UNDEFINED)
        return sac__compiler_refuse(c, "%s cannot hold undefined", op);
    if (sac__is_operators(value))
        return sac__compiler_refuse(c, "%s cannot hold operators", op);
    if (value->type != SAC_BSON_REGEX) {
        values[cond->of.in.n++] = *value;
        return SAC_OK;
    }
    rc = sac__compiler_ask(c, "$regex");
    if (rc == SAC_OK)
        rc = sac__argument_regex(c, value, &regex);
    if (rc != SAC_OK || !regex)
        return rc;
    regex->next = cond->of.in.regexes;
    cond->of.in.regexes = regex;
    return SAC_OK;
}

int sac__argument_in(sac__compiler *c, const char *op, const sac_value *value, sac__cond *cond)
{
    sac_bson_iter iter;
    sac_value *values;
    size_t n = 0;
    int rc;

    if (value->type != SAC_BSON_ARRAY)
        return sac__compiler_refuse(c, "%s needs an array", op);
    rc = sac_bson_iter_init(&iter, value->raw);
    while (rc == SAC_OK && sac_bson_iter_next(&iter) == 1)
        n++;
    values = sac__compiler_get(c, n * sizeof *values);
    if (!values)
        return sac__compiler_nomem(c);
    rc = sac_bson_iter_init(&iter, value->raw);
    while (rc == SAC_OK && sac_bson_iter_next(&iter) == 1)
        rc = add_listed(c, op, &iter.value, values, cond);
    cond->of.in.n = sort_values(values, cond->of.in.n);
    cond->of.in.v = values;
    return rc;
}

static const struct type_name {
    const char *name;
    uint8_t type;
} type_names[] = {
    {"double", SAC_BSON_DOUBLE},
    {"string", SAC_BSON_STRING},
    {"object", SAC_BSON_DOCUMENT},
    {"array", SAC_BSON_ARRAY},
    {"binData", SAC_BSON_BINARY},
    {"undefined", SAC_BSON_UNDEFINED},
    {"objectId", SAC_BSON_OBJECTID},
    {"bool", SAC_BSON_BOOL},
    {"date", SAC_BSON_DATE},
    {"null", SAC_BSON_NULL},
    {"regex", SAC_BSON_REGEX},
    {"dbPointer", SAC_BSON_DBPOINTER},
    {"javascript", SAC_BSON_CODE},
    {"symbol", SAC_BSON_SYMBOL},
    {"javascriptWithScope", SAC_BSON_CODE_W_SCOPE},
    {"int", SAC_BSON_INT32},
    {"timestamp", SAC_BSON_TIMESTAMP},
    {"long", SAC_BSON_INT64},
    {"decimal", SAC_BSON_DECIMAL128},
    {"minKey", SAC_BSON_MINKEY},
    {"maxKey", SAC_BSON_MAXKEY},
};

static int add_named_type(sac__compiler *c, sac_str name, uint64_t *types)
{
    if (sac_str_is(name, "number")) {
        *types |= sac__type_bit(SAC_BSON_DOUBLE) | sac__type_bit(SAC_BSON_INT32) |
                  sac__type_bit(SAC_BSON_INT64) | sac__type_bit(SAC_BSON_DECIMAL128);
        return SAC_OK;
    }
    for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++) {
        if (sac_str_is(name, type_names[i].name)) {
            *types |= sac__type_bit(type_names[i].type);
            return SAC_OK;
        }
    }
    return sac__compiler_refuse(c, "$type has no type \"%.*s\"", (int)(name.n < 40 ? name.n : 40),
                                name.p);
}

static int add_type(sac__compiler *c, const sac_value *value, uint64_t *types)
{
    int64_t code;
    sac_str name;

    if (sac_value_str(value, &name))
        return add_named_type(c, name, types);
    if (!is_number(value))
        return sac__compiler_refuse(c, "$type takes names and numbers of types");
    if (!get_integer(value, &code))
        return sac__compiler_refuse(c, "$type takes whole numbers");
    for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++) {
        const uint8_t type = type_names[i].type;

        if (code == (type == SAC_BSON_MINKEY ? -1 : type)) {
            *types |= sac__type_bit(type);
            return SAC_OK;
        }
    }
    return sac__compiler_refuse(c, "$type has no type %lld", (long long)code);
}

int sac__argument_type(sac__compiler *c, const sac_value *value, sac__cond *cond)
{
    sac_bson_iter iter;
    int rc;

    if (value->type != SAC_BSON_ARRAY)
        return add_type(c, value, &cond->of.types);
    rc = sac_bson_iter_init(&iter, value->raw);
    while (rc == SAC_OK && sac_bson_iter_next(&iter) == 1) {
        rc = sac__compiler_count(c);
        if (rc == SAC_OK)
            rc = add_type(c, &iter.value, &cond->of.types);
    }
    if (rc == SAC_OK && cond->of.types == 0)
        return sac__compiler_refuse(c, "$type needs a type");
    return rc;
}

int sac__argument_mod(sac__compiler *c, const sac_value *value, sac__cond *cond)
{
    sac_bson_iter iter;
    int64_t n[2];
    size_t i = 0;

    if (value->type != SAC_BSON_ARRAY)
        return sac__compiler_refuse(c, "$mod needs an array");
    if (sac_bson_iter_init(&iter, value->raw) != SAC_OK)
        return SAC_ECORRUPT;
    for (; sac_bson_iter_next(&iter) == 1; i++) {
        if (i == 2)
            return sac__compiler_refuse(c, "$mod takes two numbers, not more");
        if (!is_number(&iter.value))
            return sac__compiler_refuse(c, "$mod takes two numbers");
        if (!sac__number_truncate(&iter.value, &n[i]))
            return sac__compiler_refuse(c, "$mod takes numbers of 64 bits");
    }
    if (i < 2)
        return sac__compiler_refuse(c, "$mod takes two numbers, not fewer");
    if (n[0] == 0)
        return sac__compiler_refuse(c, "$mod cannot divide by 0");
    cond->of.mod.divisor = n[0];
    cond->of.mod.remainder = n[1];
    return SAC_OK;
}

int sac__argument_size(sac__compiler *c, const sac_value *value, sac__cond *cond)
{
    if (!is_number(value))
        return sac__compiler_refuse(c, "$size needs a number");
    if (!get_integer(value, &cond->of.size))
        return sac__compiler_refuse(c, "$size must be a whole number");
    if (cond->of.size < 0)
        return sac__compiler_refuse(c, "$size must not be negative");
    if (cond->of.size > INT32_MAX)
        return sac__compiler_refuse(c, "$size takes numbers of 32 bits");
    return SAC_OK;
}

/* SPDX-License-Identifier: MIT */
#include "bson/wire.h"

bool sac_value_str(const sac_value *value, sac_str *out)
{
    if (value->type != SAC_BSON_STRING)
        return false;
    *out = sac__wire_text(value->raw);
    return true;
}

bool sac_value_doc(const sac_value *value, sac_str *out)
{
    if (value->type != SAC_BSON_DOCUMENT && value->type != SAC_BSON_ARRAY)
        return false;
    *out = value->raw;
    return true;
}

bool sac_value_bool(const sac_value *value, bool *out)
{
    if (value->type != SAC_BSON_BOOL)
        return false;
    *out = value->raw.p[0] != 0;
    return true;
}

bool sac_value_oid(const sac_value *value, sac_oid *out)
{
    if (value->type != SAC_BSON_OBJECTID)
        return false;
    memcpy(out->bytes, value->raw.p, sizeof out->bytes);
    return true;
}

bool sac_value_date(const sac_value *value, int64_t *ms)
{
    if (value->type != SAC_BSON_DATE)
        return false;
    *ms = (int64_t)sac__wire_get64(value->raw.p);
    return true;
}

bool sac_value_binary(const sac_value *value, uint8_t *subtype, sac_str *out)
{
    size_t before = 5;

    if (value->type != SAC_BSON_BINARY)
        return false;
    *subtype = (uint8_t)value->raw.p[4];
    if (*subtype == 2)
        before += 4;
    *out = sac_str_n(value->raw.p + before, value->raw.n - before);
    return true;
}

/* 2^63 is the first double that is too large; -2^63 still fits. */
static bool double_to_int(double d, int64_t *out)
{
    int64_t whole;

    if (!(d >= -0x1p63 && d < 0x1p63))
        return false;
    whole = (int64_t)d;
    if ((double)whole != d)
        return false;
    *out = whole;
    return true;
}

bool sac_value_int(const sac_value *value, int64_t *out)
{
    switch (value->type) {
    case SAC_BSON_INT32: *out = (int32_t)sac__wire_get32(value->raw.p); return true;
    case SAC_BSON_INT64: *out = (int64_t)sac__wire_get64(value->raw.p); return true;
    case SAC_BSON_BOOL: *out = value->raw.p[0] != 0; return true;
    case SAC_BSON_DOUBLE: return double_to_int(sac__wire_get_double(value->raw.p), out);
    default: return false;
    }
}

bool sac_value_double(const sac_value *value, double *out)
{
    switch (value->type) {
    case SAC_BSON_INT32: *out = (int32_t)sac__wire_get32(value->raw.p); return true;
    case SAC_BSON_INT64: *out = (double)(int64_t)sac__wire_get64(value->raw.p); return true;
    case SAC_BSON_DOUBLE: *out = sac__wire_get_double(value->raw.p); return true;
    default: return false;
    }
}

sac_str sac_bson_get_str(sac_str doc, const char *key)
{
    const sac_value value = sac_bson_get(doc, sac_str_of(key));
    sac_str s = {NULL, 0};

    (void)sac_value_str(&value, &s);
    return s;
}

int64_t sac_bson_get_int(sac_str doc, const char *key, int64_t fallback)
{
    const sac_value value = sac_bson_get(doc, sac_str_of(key));

    (void)sac_value_int(&value, &fallback);
    return fallback;
}

double sac_bson_get_double(sac_str doc, const char *key, double fallback)
{
    const sac_value value = sac_bson_get(doc, sac_str_of(key));

    (void)sac_value_double(&value, &fallback);
    return fallback;
}

bool sac_bson_get_bool(sac_str doc, const char *key, bool fallback)
{
    const sac_value value = sac_bson_get(doc, sac_str_of(key));

    (void)sac_value_bool(&value, &fallback);
    return fallback;
}

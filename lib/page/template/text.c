/* SPDX-License-Identifier: MIT */
#include "page/template/text.h"

#include "bson/decimal.h"
#include "bson/wire.h"
#include "json/encode.h"
#include "json/number/numeral.h"
#include "json/text.h"

static bool is_zero(const sac_value *value)
{
    sac__decimal decimal;
    double d = 1;

    if (value->type == SAC_BSON_DECIMAL128) {
        sac__decimal_get(value->raw.p, &decimal);
        return decimal.kind == SAC__DECIMAL_NAN ||
               (decimal.kind == SAC__DECIMAL_FINITE && decimal.n == 0);
    }
    return sac_value_double(value, &d) && (d == 0 || d != d);
}

bool sac__value_is_true(const sac_value *value)
{
    switch (value->type) {
    case SAC_BSON_MISSING:
    case SAC_BSON_NULL:
    case SAC_BSON_UNDEFINED: return false;
    case SAC_BSON_BOOL: return value->raw.p[0] != 0;
    case SAC_BSON_ARRAY: return value->raw.n > 5;
    case SAC_BSON_STRING:
    case SAC_BSON_SYMBOL:
    case SAC_BSON_CODE: return sac__wire_text(value->raw).n > 0;
    default: return !is_zero(value);
    }
}

static char *put(char *w, const char *text)
{
    while (*text)
        *w++ = *text++;
    return w;
}

/* JavaScript's: shortest, and no fraction where there is none. */
static char *print_double(char *w, double d)
{
    char *end;

    if (d != d)
        return put(w, "NaN");
    if (d - d != 0)
        return put(w, d < 0 ? "-Infinity" : "Infinity");
    end = sac__numeral_print_double(w, d, false);
    return end - w > 2 && memcmp(end - 2, ".0", 2) == 0 ? end - 2 : end;
}

static char *print_date(char *w, int64_t ms)
{
    if (ms < SAC__TEXT_YEAR_0 || ms >= SAC__TEXT_YEAR_10000)
        return sac__numeral_print_int(w, ms);
    return sac__text_print_date(w, ms);
}

/* A value of few bytes, at most SAC__DECIMAL_TEXT; NULL: it is another one. */
static char *print_small(char *w, const sac_value *value)
{
    const char *raw = value->raw.p;
    uint8_t subtype;
    sac_str bytes;
    size_t n;

    switch (value->type) {
    case SAC_BSON_MISSING:
    case SAC_BSON_NULL:
    case SAC_BSON_UNDEFINED: return w;
    case SAC_BSON_BOOL: return put(w, *raw ? "true" : "false");
    case SAC_BSON_INT32: return sac__numeral_print_int(w, (int32_t)sac__wire_get32(raw));
    case SAC_BSON_INT64: return sac__numeral_print_int(w, (int64_t)sac__wire_get64(raw));
    case SAC_BSON_DOUBLE: return print_double(w, sac__wire_get_double(raw));
    case SAC_BSON_DATE: return print_date(w, (int64_t)sac__wire_get64(raw));
    case SAC_BSON_ARRAY: return value->raw.n > 5 ? NULL : w;
    case SAC_BSON_OBJECTID: return sac__text_print_hex(w, raw, sizeof(sac_oid));
    case SAC_BSON_DECIMAL128: sac__decimal_print((const uint8_t *)raw, w, &n); return w + n;
    case SAC_BSON_BINARY:
        if (sac_value_binary(value, &subtype, &bytes) && subtype == 4 && bytes.n == 16)
            return sac__text_print_uuid(w, bytes.p);
        return NULL;
    default: return NULL;
    }
}

static int add_base64(const sac_value *value, sac__buf *room)
{
    uint8_t subtype;
    sac_str bytes;
    size_t n;

    (void)sac_value_binary(value, &subtype, &bytes);
    n = (bytes.n + 2) / 3 * 4;
    if (!sac__buf_room(room, n))
        return room->error;
    sac__text_print_base64(room->p + room->n, bytes.p, bytes.n);
    room->n += n;
    return SAC_OK;
}

int sac__value_text(const sac_value *value, sac__buf *room, sac_str *out)
{
    int rc = SAC_OK;
    char *end;

    if (value->type == SAC_BSON_STRING || value->type == SAC_BSON_SYMBOL ||
        value->type == SAC_BSON_CODE) {
        *out = sac__wire_text(value->raw);
        return SAC_OK;
    }
    room->n = 0;
    if (!sac__buf_room(room, SAC__DECIMAL_TEXT + SAC__NUMERAL_MAX))
        return room->error;
    end = print_small(room->p, value);
    if (end)
        room->n = (size_t)(end - room->p);
    else
        rc = value->type == SAC_BSON_BINARY ? add_base64(value, room)
                                            : sac__value_json(value, room);
    *out = sac__buf_str(room);
    return rc;
}

int sac__value_json(const sac_value *value, sac__buf *out)
{
    static const sac__json_encoding encoding = {.dialect = SAC_JSON_PLAIN,
                                                .flags = SAC_JSON_HTML | SAC_JSON_REPAIR};

    if (value->type != SAC_BSON_MISSING)
        return sac__json_encode_value(&encoding, value, out, NULL);
    sac__buf_add_text(out, "null");
    return out->error;
}

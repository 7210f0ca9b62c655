/* SPDX-License-Identifier: MIT */
#include "schema/id.h"

#include <stdio.h>

#include "bson/wire.h"
#include "core/utf8.h"
#include "json/text.h"

#define LONGEST_STRING 256

bool sac__id_string_ok(sac_str text)
{
    return text.n >= 1 && text.n <= LONGEST_STRING && !memchr(text.p, 0, text.n) &&
           !sac_str_is(text, ".") && !sac_str_is(text, "..") && sac__utf8_valid(text);
}

static bool parse_int(sac_str text, int64_t *out)
{
    char again[24];
    int64_t value;
    int n;

    if (!sac__json_parse_int(text, &value))
        return false;
    n = snprintf(again, sizeof again, "%lld", (long long)value);
    if (n < 0 || !sac_str_eq(text, sac_str_n(again, (size_t)n)))
        return false;
    *out = value;
    return true;
}

static bool parse_uuid(sac_str text, uint8_t out[16])
{
    char again[36];

    if (!sac__json_parse_uuid(text, out))
        return false;
    sac__text_print_uuid(again, out);
    return memcmp(text.p, again, sizeof again) == 0;
}

static bool keep(sac__arena *arena, uint8_t type, const void *p, size_t n, sac_value *out)
{
    char *raw = sac__arena_bytes(arena, n);

    if (!raw)
        return false;
    memcpy(raw, p, n);
    *out = (sac_value){type, sac_str_n(raw, n)};
    return true;
}

static bool keep_uuid(sac__arena *arena, const uint8_t uuid[16], sac_value *out)
{
    char raw[5 + 16];

    sac__wire_put32(raw, 16);
    raw[4] = 4;
    memcpy(raw + 5, uuid, 16);
    return keep(arena, SAC_BSON_BINARY, raw, sizeof raw, out);
}

static bool keep_int(sac__arena *arena, int64_t number, sac_value *out)
{
    char raw[8];

    sac__wire_put64(raw, (uint64_t)number);
    return keep(arena, SAC_BSON_INT64, raw, sizeof raw, out);
}

static bool keep_string(sac__arena *arena, sac_str text, sac_value *out)
{
    char raw[4 + LONGEST_STRING + 1];

    sac__wire_put32(raw, (uint32_t)text.n + 1);
    memcpy(raw + 4, text.p, text.n);
    raw[4 + text.n] = '\0';
    return keep(arena, SAC_BSON_STRING, raw, text.n + 5, out);
}

bool sac__schema_id_parse(const sac__schema *schema, sac_str text, sac__arena *arena,
                          sac_value *out)
{
    uint8_t uuid[16];
    int64_t number;
    sac_oid oid;

    switch (schema->id_type) {
    case SAC_OBJECTID:
        return sac_oid_parse(text, true, &oid) &&
               keep(arena, SAC_BSON_OBJECTID, oid.bytes, sizeof oid.bytes, out);
    case SAC_UUID: return parse_uuid(text, uuid) && keep_uuid(arena, uuid, out);
    case SAC_INT64: return parse_int(text, &number) && keep_int(arena, number, out);
    case SAC_STRING: return sac__id_string_ok(text) && keep_string(arena, text, out);
    default: return false;
    }
}

void sac__schema_id_print(const sac_value *id, sac__buf *out)
{
    char text[36];
    int64_t number;
    uint8_t subtype;
    sac_oid oid;
    sac_str s;

    if (sac_value_oid(id, &oid)) {
        sac_oid_hex(&oid, text);
        sac__buf_add(out, text, 24);
    } else if (sac_value_binary(id, &subtype, &s) && s.n == 16) {
        sac__text_print_uuid(text, s.p);
        sac__buf_add(out, text, 36);
    } else if (sac_value_str(id, &s)) {
        sac__buf_add_str(out, s);
    } else if (sac_value_int(id, &number)) {
        sac__buf_add_int(out, number);
    }
}

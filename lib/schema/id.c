/* SPDX-License-Identifier: MIT */
#include "schema/id.h"

#include <stdio.h>

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

static bool add_id(sac_type type, sac_str text, sac_bson *doc)
{
    uint8_t uuid[16];
    int64_t number;
    sac_oid oid;

    if (type == SAC_OBJECTID && sac_oid_parse(text, true, &oid))
        sac_bson_add_oid(doc, "", &oid);
    else if (type == SAC_UUID && parse_uuid(text, uuid))
        sac_bson_add_binary(doc, "", 4, sac_str_n(uuid, sizeof uuid));
    else if (type == SAC_INT64 && parse_int(text, &number))
        sac_bson_add_int64(doc, "", number);
    else if (type == SAC_STRING && sac__id_string_ok(text))
        sac_bson_add_str(doc, "", text);
    else
        return false;
    return true;
}

bool sac__schema_id_parse(const sac__schema *schema, sac_str text, sac__arena *arena,
                          sac_value *out)
{
    sac_bson doc;
    sac_str bytes;

    sac_bson_init(&doc, sac__arena_alloc(arena), 0);
    if (!add_id(schema->id_type, text, &doc) || sac_bson_finish(&doc, &bytes) != SAC_OK)
        return false;
    *out = sac_bson_get(bytes, sac_str_n("", 0));
    return true;
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

/* SPDX-License-Identifier: MIT */
#include "resource/query/convert.h"

#include "json/encode.h"
#include "resource/query/spot.h"
#include "resource/render.h"
#include "schema/fields.h"

/* JSON text by the row's type. */
static int decode(const sac__ask *ask, const sac__plan_field *field, sac_str json, sac_str key,
                  sac_bson *out)
{
    bool misfits = false;
    const sac__json_decoding decoding = {.flags = SAC_JSON_KEY_RULES,
                                         .max_depth = ask->resource->limits.max_depth,
                                         .max_keys = ask->resource->limits.max_keys,
                                         .misfit = sac__schema_note_misfit,
                                         .self = &misfits};
    sac_err err;
    const int rc = sac__json_decode_value(&decoding, field, json, key, out, &err);

    if (rc == SAC_ENOMEM)
        return rc;
    return rc != SAC_OK || misfits ? SAC_EVALIDATION : SAC_OK;
}

static bool is_number(sac_str text)
{
    return text.n > 0 && (text.p[0] == '-' || (text.p[0] >= '0' && text.p[0] <= '9'));
}

int sac__convert_text(const sac__ask *ask, const sac__plan_field *field, sac_str text, sac_str key,
                      sac_bson *out)
{
    const sac__plan_field *one = sac__spot_item(field);
    sac__buf json;
    bool truth;

    switch (one ? one->type : SAC_ANY) {
    case SAC_BOOL:
        if (!sac__fields_bool(text, &truth))
            return SAC_EVALIDATION;
        return decode(ask, one, sac_str_of(truth ? "true" : "false"), key, out);
    case SAC_INT:
    case SAC_INT64:
    case SAC_DOUBLE: return is_number(text) ? decode(ask, one, text, key, out) : SAC_EVALIDATION;
    default: break;
    }
    sac__render_buf(ask->req, &json);
    sac__json_encode_str(&json, text);
    return json.error ? SAC_ENOMEM : decode(ask, one, sac__buf_str(&json), key, out);
}

int sac__convert_value(const sac__ask *ask, const sac__plan_field *field, const sac_value *value,
                       sac_str key, sac_bson *out)
{
    static const sac__json_encoding exact = {.dialect = SAC_JSON_CANONICAL};
    sac__buf json;
    int rc;

    if (value->type != SAC_BSON_ARRAY)
        field = sac__spot_item(field);
    sac__render_buf(ask->req, &json);
    rc = sac__json_encode_value(&exact, value, &json, NULL);
    if (rc != SAC_OK || json.error)
        return rc == SAC_ENOMEM || json.error ? SAC_ENOMEM : SAC_EVALIDATION;
    return decode(ask, field, sac__buf_str(&json), key, out);
}

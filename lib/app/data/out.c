/* SPDX-License-Identifier: MIT */
#include "app/data/out.h"

#include "json/encode.h"

static const sac__json_encoding plain = {.dialect = SAC_JSON_PLAIN};

static void settle(sac_out *out, int rc)
{
    if (rc != SAC_OK && !out->buf->error)
        out->buf->error = rc;
}

void sac_out_str(sac_out *out, sac_str bytes)
{
    sac__buf_add_str(out->buf, bytes);
}

void sac_out_text(sac_out *out, const char *text)
{
    sac__buf_add_text(out->buf, text);
}

void sac_out_printf(sac_out *out, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    sac__buf_vprintf(out->buf, format, args);
    va_end(args);
}

void sac_out_json(sac_out *out, sac_str doc)
{
    if (!out->buf->error)
        settle(out, sac__json_encode(&plain, doc, out->buf, NULL));
}

void sac_out_value(sac_out *out, const sac_value *value)
{
    if (!out->buf->error && value->type != SAC_BSON_MISSING)
        settle(out, sac__json_encode_value(&plain, value, out->buf, NULL));
}

int sac_out_error(const sac_out *out)
{
    return out->buf->error;
}

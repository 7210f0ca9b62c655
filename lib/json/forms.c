/* SPDX-License-Identifier: MIT */
#include "json/encoder.h"

#include "bson/decimal.h"
#include "bson/wire.h"
#include "json/number/numeral.h"
#include "json/text.h"

/* Bytes of binary that become base64 in one go. */
#define PIECE ((size_t)1536)
#define BASE64_PIECE (PIECE / 3 * 4)

static char *put(char *w, const char *text)
{
    while (*text)
        *w++ = *text++;
    return w;
}

/* Forms that fit SAC__ENCODER_SCALAR: `begin` print() `end`. */
static int put_int_form(sac__encoder *x, const char *begin, int64_t value, const char *end)
{
    if (!sac__emit_room(&x->emit, SAC__ENCODER_SCALAR))
        return x->emit.error;
    x->emit.w = put(sac__numeral_print_int(put(x->emit.w, begin), value), end);
    return SAC_OK;
}

static int put_text_form(sac__encoder *x, const char *begin, sac_str text, const char *end)
{
    int rc;

    sac__emit_text(&x->emit, begin);
    rc = sac__encoder_string(x, text);
    if (rc == SAC_OK)
        sac__emit_text(&x->emit, end);
    return rc ? rc : x->emit.error;
}

static int put_oid(sac__encoder *x, const char *begin, const char *oid, const char *end)
{
    if (!sac__emit_room(&x->emit, SAC__ENCODER_SCALAR))
        return x->emit.error;
    x->emit.w = put(sac__text_print_hex(put(x->emit.w, begin), oid, 12), end);
    return SAC_OK;
}

static int put_date(sac__encoder *x, int64_t ms)
{
    const bool plain = x->how->dialect == SAC_JSON_PLAIN;
    const bool text = x->how->dialect == SAC_JSON_RELAXED
                          ? ms >= 0 && ms < SAC__TEXT_YEAR_10000
                          : plain && ms >= SAC__TEXT_YEAR_0 && ms < SAC__TEXT_YEAR_10000;
    char *w;

    if (!text)
        return put_int_form(x, "{\"$date\":{\"$numberLong\":\"", ms, "\"}}");
    if (!sac__emit_room(&x->emit, SAC__ENCODER_SCALAR))
        return x->emit.error;
    w = sac__text_print_date(put(x->emit.w, plain ? "\"" : "{\"$date\":\""), ms);
    if (!plain && ms % 1000 == 0) {
        w -= 5; /* ".000Z": Extended JSON leaves it out */
        *w++ = 'Z';
    }
    x->emit.w = put(w, plain ? "\"" : "\"}");
    return SAC_OK;
}

static int put_double(sac__encoder *x, double value)
{
    char *w;

    if (!sac__emit_room(&x->emit, SAC__ENCODER_SCALAR))
        return x->emit.error;
    w = put(x->emit.w, "{\"$numberDouble\":\"");
    if (value != value)
        w = put(w, "NaN");
    else if (value - value != 0)
        w = put(w, value > 0 ? "Infinity" : "-Infinity");
    else
        w = sac__numeral_print_double(w, value, true);
    x->emit.w = put(w, "\"}");
    return SAC_OK;
}

static int put_decimal(sac__encoder *x, const char *bytes)
{
    const bool plain = x->how->dialect == SAC_JSON_PLAIN;
    char text[SAC__DECIMAL_TEXT];
    char *w;
    size_t n;

    if (!sac__emit_room(&x->emit, SAC__ENCODER_SCALAR))
        return x->emit.error;
    sac__decimal_print((const uint8_t *)bytes, text, &n);
    w = put(x->emit.w, plain ? "\"" : "{\"$numberDecimal\":\"");
    memcpy(w, text, n);
    x->emit.w = put(w + n, plain ? "\"" : "\"}");
    return SAC_OK;
}

static int put_base64(sac__encoder *x, sac_str bytes)
{
    while (bytes.n > 0) {
        const size_t n = bytes.n < PIECE ? bytes.n : PIECE;

        if (!sac__emit_room(&x->emit, BASE64_PIECE))
            return x->emit.error;
        x->emit.w = sac__text_print_base64(x->emit.w, bytes.p, n);
        bytes = sac_str_n(bytes.p + n, bytes.n - n);
    }
    return SAC_OK;
}

static int put_binary(sac__encoder *x, const char *p)
{
    const bool plain = x->how->dialect == SAC_JSON_PLAIN;
    const uint8_t subtype = (uint8_t)p[4];
    sac_str bytes = sac_str_n(p + 5, sac__wire_get32(p));
    char end[24] = "\"";
    int rc;

    if (plain && subtype == 4 && bytes.n == 16) {
        if (!sac__emit_room(&x->emit, SAC__ENCODER_SCALAR))
            return x->emit.error;
        x->emit.w = put(sac__text_print_uuid(put(x->emit.w, "\""), bytes.p), "\"");
        return SAC_OK;
    }
    if (subtype == 2) /* the old subtype repeats its length */
        bytes = sac_str_n(bytes.p + 4, bytes.n - 4);
    sac__emit_text(&x->emit, plain ? "\"" : "{\"$binary\":{\"base64\":\"");
    rc = put_base64(x, bytes);
    if (!plain) {
        char *w = put(end, "\",\"subType\":\"");

        *put(sac__text_print_hex(w, &subtype, 1), "\"}}") = '\0';
    }
    if (rc == SAC_OK)
        sac__emit_text(&x->emit, end);
    return x->emit.error;
}

/* Options in alphabetical order, as BSON wants them. */
static int put_regex(sac__encoder *x, sac_str raw)
{
    const sac_str pattern = sac_str_of(raw.p);
    sac_str options = sac_str_n(raw.p + pattern.n + 1, raw.n - pattern.n - 2);
    char sorted[16];
    const char *readable = x->emit.readable;
    int rc = put_text_form(x, "{\"$regularExpression\":{\"pattern\":", pattern, ",\"options\":");

    if (rc != SAC_OK)
        return rc;
    if (options.n <= sizeof sorted && sac__text_sort(sorted, options)) {
        options.p = sorted;
        x->emit.readable = sorted + options.n;
    }
    rc = put_text_form(x, "", options, "}}");
    x->emit.readable = readable;
    return rc;
}

static int put_timestamp(sac__encoder *x, const char *p)
{
    const int rc = put_int_form(x, "{\"$timestamp\":{\"t\":", sac__wire_get32(p + 4), ",\"i\":");

    return rc ? rc : put_int_form(x, "", sac__wire_get32(p), "}}");
}

static int put_code_w_scope(sac__encoder *x, sac_str raw, unsigned depth)
{
    int rc = put_text_form(x, "{\"$code\":", sac__wire_code(raw), ",\"$scope\":");

    if (rc == SAC_OK)
        rc = sac__encoder_document(x, sac__wire_scope(raw), depth);
    if (rc == SAC_OK)
        sac__emit_text(&x->emit, "}");
    return rc ? rc : x->emit.error;
}

static int put_dbpointer(sac__encoder *x, sac_str raw)
{
    const int rc = put_text_form(
        x, "{\"$dbPointer\":{\"$ref\":", sac__wire_text(sac_str_n(raw.p, raw.n - sizeof(sac_oid))),
        ",\"$id\":");

    return rc ? rc : put_oid(x, "{\"$oid\":\"", raw.p + raw.n - sizeof(sac_oid), "\"}}}");
}

static int put_constant(sac__encoder *x, const char *text)
{
    sac__emit_text(&x->emit, text);
    return x->emit.error;
}

int sac__encoder_form(sac__encoder *x, sac_value value, unsigned depth)
{
    const char *p = value.raw.p;

    switch (value.type) {
    case SAC_BSON_DOUBLE: return put_double(x, sac__wire_get_double(p));
    case SAC_BSON_INT32:
        return put_int_form(x, "{\"$numberInt\":\"", (int32_t)sac__wire_get32(p), "\"}");
    case SAC_BSON_INT64:
        return put_int_form(x, "{\"$numberLong\":\"", (int64_t)sac__wire_get64(p), "\"}");
    case SAC_BSON_OBJECTID: return put_oid(x, "{\"$oid\":\"", p, "\"}");
    case SAC_BSON_DATE: return put_date(x, (int64_t)sac__wire_get64(p));
    case SAC_BSON_DECIMAL128: return put_decimal(x, p);
    case SAC_BSON_BINARY: return put_binary(x, p);
    case SAC_BSON_REGEX: return put_regex(x, value.raw);
    case SAC_BSON_TIMESTAMP: return put_timestamp(x, p);
    case SAC_BSON_CODE: return put_text_form(x, "{\"$code\":", sac__wire_text(value.raw), "}");
    case SAC_BSON_SYMBOL: return put_text_form(x, "{\"$symbol\":", sac__wire_text(value.raw), "}");
    case SAC_BSON_CODE_W_SCOPE: return put_code_w_scope(x, value.raw, depth);
    case SAC_BSON_DBPOINTER: return put_dbpointer(x, value.raw);
    case SAC_BSON_UNDEFINED: return put_constant(x, "{\"$undefined\":true}");
    case SAC_BSON_MINKEY: return put_constant(x, "{\"$minKey\":1}");
    case SAC_BSON_MAXKEY: return put_constant(x, "{\"$maxKey\":1}");
    default: return sac__encoder_corrupt(x, p);
    }
}

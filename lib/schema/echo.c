/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "bson/decimal.h"
#include "bson/wire.h"
#include "json/escape.h"
#include "json/number/numeral.h"
#include "json/text.h"
#include "schema/rule.h"

/* The largest integer that a JavaScript number holds without a neighbour: 2^53 - 1. */
#define SAFE_INTEGER INT64_C(9007199254740991)

static bool is_safe(int64_t value)
{
    return value >= -SAFE_INTEGER && value <= SAFE_INTEGER;
}

static bool is_int(const sac_value *value)
{
    return value->type == SAC_BSON_INT32 || value->type == SAC_BSON_INT64;
}

static bool is_int_text(sac_str text, int64_t value)
{
    char digits[SAC__NUMERAL_MAX];

    return sac_str_eq(text,
                      sac_str_n(digits, (size_t)(sac__numeral_print_int(digits, value) - digits)));
}

static bool is_decimal_text(sac_str text, const sac_value *decimal)
{
    char digits[SAC__DECIMAL_TEXT];
    size_t n;

    sac__decimal_print((const uint8_t *)decimal->raw.p, digits, &n);
    return sac_str_eq(text, sac_str_n(digits, n));
}

static bool is_base64(sac_str text, sac_str bytes)
{
    char quad[4];

    if (text.n != (bytes.n + 2) / 3 * 4)
        return false;
    for (size_t i = 0; i < bytes.n; i += 3) {
        sac__text_print_base64(quad, bytes.p + i, bytes.n - i < 3 ? bytes.n - i : 3);
        if (memcmp(text.p + i / 3 * 4, quad, sizeof quad) != 0)
            return false;
    }
    return true;
}

/* The longest beginning of a sequence that went wrong: what one U+FFFD stands for. */
static size_t bad_length(const char *p, const char *end)
{
    for (size_t n = 3; n >= 2; n--) {
        char bytes[4] = {'\x80', '\x80', '\x80', '\x80'};

        if ((size_t)(end - p) < n)
            continue;
        memcpy(bytes, p, n);
        if (sac__escape_sequence(bytes, bytes + 4) > n)
            return n;
    }
    return 1;
}

/* Stored bytes that are no UTF-8 are shown as U+FFFD. */
static bool repaired_echoes(sac_str text, sac_str stored)
{
    const char *p = stored.p, *end = stored.p + stored.n;

    while (p < end) {
        const size_t n = sac__escape_sequence(p, end);
        const sac_str want = n ? sac_str_n(p, n) : sac_str_n("\xef\xbf\xbd", 3);

        if (text.n < want.n || memcmp(text.p, want.p, want.n) != 0)
            return false;
        text = sac_str_n(text.p + want.n, text.n - want.n);
        p += n ? n : bad_length(p, end);
    }
    return text.n == 0;
}

#define SHORT_TEXT 48

/* What a value is shown as, where that is a string and not long; p NULL: it is not. */
static sac_str text_of(const sac_value *value, char out[SHORT_TEXT])
{
    sac_str s = {NULL, 0};
    int64_t number;
    uint8_t subtype;
    sac_oid oid;

    if (sac_value_str(value, &s))
        return s;
    if (sac_value_oid(value, &oid)) {
        sac_oid_hex(&oid, out);
        return sac_str_n(out, 24);
    }
    if (sac_value_date(value, &number)) {
        sac__json_print_date(number, out, &s.n);
        return sac_str_n(s.n ? out : NULL, s.n);
    }
    if (sac_value_binary(value, &subtype, &s)) {
        if (subtype == 4 && s.n == 16)
            return sac_str_n(out, (size_t)(sac__text_print_uuid(out, s.p) - out));
        if (s.n > (size_t)SHORT_TEXT / 4 * 3)
            return sac_str_n(NULL, 0);
        return sac_str_n(out, (size_t)(sac__text_print_base64(out, s.p, s.n) - out));
    }
    if (value->type == SAC_BSON_INT64 && sac_value_int(value, &number) && !is_safe(number))
        return sac_str_n(out, (size_t)(sac__numeral_print_int(out, number) - out));
    if (value->type == SAC_BSON_DECIMAL128)
        sac__decimal_print((const uint8_t *)value->raw.p, out, &s.n);
    return sac_str_n(s.n ? out : NULL, s.n);
}

/* A string was sent: is it the text of what is stored? */
static bool string_echoes(sac_str text, const sac_value *stored)
{
    char shown[SHORT_TEXT];
    uint8_t subtype;
    sac_str s;

    if (sac_value_str(stored, &s))
        return repaired_echoes(text, s);
    if (sac_value_binary(stored, &subtype, &s) && (subtype != 4 || s.n != 16))
        return is_base64(text, s);
    s = text_of(stored, shown);
    return s.p && sac_str_eq(text, s);
}

/* What is shown as a string was read as what the table says: was it this one? */
static bool text_echoes(const sac_value *sent, sac_str stored)
{
    uint8_t subtype, uuid[16];
    int64_t number, other;
    sac_oid oid, sent_oid;
    sac_str bytes;

    switch (sent->type) {
    case SAC_BSON_OBJECTID:
        (void)sac_value_oid(sent, &sent_oid);
        return sac_oid_parse(stored, false, &oid) && memcmp(&oid, &sent_oid, sizeof oid) == 0;
    case SAC_BSON_DATE:
        (void)sac_value_date(sent, &number);
        return sac__json_parse_date(stored, &other) && other == number;
    case SAC_BSON_INT64:
        (void)sac_value_int(sent, &number);
        return !is_safe(number) && is_int_text(stored, number);
    case SAC_BSON_DECIMAL128: return is_decimal_text(stored, sent);
    case SAC_BSON_BINARY:
        if (!sac_value_binary(sent, &subtype, &bytes))
            return false;
        if (subtype == 0)
            return is_base64(stored, bytes);
        return subtype == 4 && bytes.n == sizeof uuid && sac__json_parse_uuid(stored, uuid) &&
               memcmp(uuid, bytes.p, sizeof uuid) == 0;
    default: return false;
    }
}

/* A double's rendering, read as a decimal. */
static bool decimal_is_double(const sac_value *decimal, double stored)
{
    char digits[SAC__DECIMAL_TEXT];
    sac__numeral numeral;
    double value;
    size_t n;

    sac__decimal_print((const uint8_t *)decimal->raw.p, digits, &n);
    return sac__numeral_scan(digits, digits + n, &numeral) == digits + n &&
           sac__numeral_double(&numeral, &value) && value == stored;
}

static bool double_echoes(const sac_value *sent, double stored)
{
    double value;

    if (!isfinite(stored))
        return sent->type == SAC_BSON_NULL ||
               (sac_value_double(sent, &value) &&
                (value == stored || (isnan(value) && isnan(stored))));
    if (sent->type == SAC_BSON_DECIMAL128)
        return decimal_is_double(sent, stored);
    return sac_value_double(sent, &value) && value == stored;
}

static bool int_echoes(const sac_value *sent, const sac_value *stored)
{
    int64_t value, number;
    double d;

    (void)sac_value_int(stored, &number);
    if (is_int(sent))
        return sac_value_int(sent, &value) && value == number;
    if (sent->type == SAC_BSON_DECIMAL128)
        return sac_value_compare(sent, stored) == 0;
    return is_safe(number) && sac_value_double(sent, &d) && d == (double)number;
}

/* Base64 was sent: its subtype is not in the text. */
static bool binary_echoes(const sac_value *sent, const sac_value *stored)
{
    uint8_t sent_subtype, subtype;
    sac_str sent_bytes, bytes;

    return sac_value_binary(sent, &sent_subtype, &sent_bytes) &&
           sac_value_binary(stored, &subtype, &bytes) && sent_subtype == 0 &&
           (subtype != 4 || bytes.n != 16) && sac_str_eq(sent_bytes, bytes);
}

/* NaNs and zeros of too many digits have several spellings in bits, but one as text. */
static bool decimal_echoes(const sac_value *sent, const sac_value *stored)
{
    char digits[SAC__DECIMAL_TEXT];
    int64_t value;
    size_t n;

    if (sent->type == SAC_BSON_INT64)
        return sac_value_int(sent, &value) && !is_safe(value) &&
               sac_value_compare(sent, stored) == 0;
    if (sent->type != SAC_BSON_DECIMAL128)
        return false;
    sac__decimal_print((const uint8_t *)sent->raw.p, digits, &n);
    return is_decimal_text(sac_str_n(digits, n), stored);
}

static bool scalar_echoes(const sac_value *sent, const sac_value *stored)
{
    char shown[SHORT_TEXT];
    double number;
    sac_str text;

    if (sac_value_str(sent, &text))
        return string_echoes(text, stored);
    text = text_of(stored, shown);
    if (text.p && text_echoes(sent, text))
        return true;
    switch (stored->type) {
    case SAC_BSON_DOUBLE: return sac_value_double(stored, &number) && double_echoes(sent, number);
    case SAC_BSON_INT32:
    case SAC_BSON_INT64: return int_echoes(sent, stored);
    case SAC_BSON_DECIMAL128: return decimal_echoes(sent, stored);
    case SAC_BSON_BINARY: return binary_echoes(sent, stored);
    default: return false;
    }
}

static bool echoes(const sac_value *sent, const sac_value *stored, unsigned depth);

static bool array_echoes(sac_str sent, sac_str stored, unsigned depth)
{
    sac_bson_iter a, b;
    int more;

    if (sac_bson_iter_init(&a, sent) != SAC_OK || sac_bson_iter_init(&b, stored) != SAC_OK)
        return false;
    while ((more = sac_bson_iter_next(&a)) == 1)
        if (sac_bson_iter_next(&b) != 1 || !echoes(&a.value, &b.value, depth))
            return false;
    return more == 0 && sac_bson_iter_next(&b) == 0;
}

/* The first value of a key, looked for from `next` on, where it is when both have one order. */
static bool find_from(sac_bson_iter *next, sac_str doc, sac_str key, sac_value *out)
{
    sac_bson_iter begin = *next;

    if (sac_bson_iter_next(next) == 1 && sac_str_eq(next->key, key)) {
        *out = next->value;
        return true;
    }
    *next = begin;
    *out = sac_bson_get(doc, key);
    return out->type != SAC_BSON_MISSING;
}

static bool document_echoes(sac_str sent, sac_str stored, unsigned depth)
{
    sac_bson_iter a, b, all;
    sac_value value;
    size_t left = 0;
    int more;

    if (sac_bson_iter_init(&a, sent) != SAC_OK || sac_bson_iter_init(&b, stored) != SAC_OK)
        return false;
    for (all = b; (more = sac_bson_iter_next(&all)) == 1; left++)
        ;
    if (more < 0)
        return false;
    for (; (more = sac_bson_iter_next(&a)) == 1; left--)
        if (left == 0 || !find_from(&b, stored, a.key, &value) || !echoes(&a.value, &value, depth))
            return false;
    return more == 0 && left == 0;
}

static bool echoes(const sac_value *sent, const sac_value *stored, unsigned depth)
{
    if (sent->type == stored->type && sac_str_eq(sent->raw, stored->raw))
        return true;
    if (sent->type == SAC_BSON_DOCUMENT && stored->type == SAC_BSON_DOCUMENT)
        return depth < SAC_BSON_DEPTH && document_echoes(sent->raw, stored->raw, depth + 1);
    if (sent->type == SAC_BSON_ARRAY && stored->type == SAC_BSON_ARRAY)
        return depth < SAC_BSON_DEPTH && array_echoes(sent->raw, stored->raw, depth + 1);
    return scalar_echoes(sent, stored);
}

bool sac__schema_echoes(const sac_value *sent, const sac_value *stored)
{
    return sent->type != SAC_BSON_MISSING && stored->type != SAC_BSON_MISSING &&
           echoes(sent, stored, 1);
}

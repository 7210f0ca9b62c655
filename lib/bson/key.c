/* SPDX-License-Identifier: MIT */
#include "bson/key.h"

#include <math.h>

#include "bson/number.h"
#include "bson/wire.h"

/*
 * A key is the rank of the type and, by type:
 *   number      8 bytes: the bits of the double next to it towards zero, turned
 *               so that they sort; 1 byte: whether that is the number itself;
 *               if not, its decimal exponent and digits. Of a negative number
 *               everything is complemented.
 *   string, code                  bytes, 00 as 00 FF, at the end 00 00
 *   document    per element rank, name, 00, rest of the value's key; at the end 00
 *   array       per element its key; at the end 00
 *   binary      length, subtype, bytes       ObjectId   12 bytes
 *   bool        1 byte                       date       8 bytes, sign turned
 *   timestamp   8 bytes                      regex      two C strings
 *   dbpointer   length, bytes                code_w_scope   code, scope
 */

#define END 0x00
#define EXPONENT_BIAS 8192 /* above any Decimal128's adjusted exponent */

static int put_body(const sac_value *value, sac__buf *out, int depth);

uint8_t sac__bson_rank(uint8_t type)
{
    switch (type) {
    case SAC_BSON_MINKEY: return 0x08;
    case SAC_BSON_UNDEFINED: return 0x10;
    case SAC_BSON_MISSING:
    case SAC_BSON_NULL: return 0x18;
    case SAC_BSON_INT32:
    case SAC_BSON_INT64:
    case SAC_BSON_DOUBLE:
    case SAC_BSON_DECIMAL128: return 0x20;
    case SAC_BSON_STRING:
    case SAC_BSON_SYMBOL: return 0x28;
    case SAC_BSON_DOCUMENT: return 0x30;
    case SAC_BSON_ARRAY: return 0x38;
    case SAC_BSON_BINARY: return 0x40;
    case SAC_BSON_OBJECTID: return 0x48;
    case SAC_BSON_BOOL: return 0x50;
    case SAC_BSON_DATE: return 0x58;
    case SAC_BSON_TIMESTAMP: return 0x60;
    case SAC_BSON_REGEX: return 0x68;
    case SAC_BSON_DBPOINTER: return 0x70;
    case SAC_BSON_CODE: return 0x78;
    case SAC_BSON_CODE_W_SCOPE: return 0x80;
    case SAC_BSON_MAXKEY: return 0xf0;
    default: return 0;
    }
}

static void put_big(sac__buf *out, uint64_t word, size_t n)
{
    char bytes[8];

    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)(word >> 8 * (n - 1 - i));
    sac__buf_add(out, bytes, n);
}

/* Exponent and digits: a digit is a nibble of its value + 1, 0 ends them. */
static void put_digits(sac__buf *out, const sac__decimal *digits)
{
    const int exponent = digits->exponent + digits->n - 1 + EXPONENT_BIAS;
    unsigned byte;

    put_big(out, (uint64_t)exponent, 2);
    for (int i = 0; i <= digits->n; i += 2) {
        byte = i < digits->n ? (digits->digits[i] + 1u) << 4 : 0;
        byte |= i + 1 < digits->n ? digits->digits[i + 1] + 1u : 0;
        sac__buf_add_char(out, (char)byte);
    }
}

static void put_number(const sac_value *value, sac__buf *out)
{
    const size_t start = out->n;
    sac__number number;
    uint64_t bits;

    sac__number_split(value, &number);
    if (isnan(number.floor)) {
        put_big(out, 0, 8);
        sac__buf_add_char(out, 0);
        return;
    }
    memcpy(&bits, &number.floor, sizeof bits);
    put_big(out, bits | (uint64_t)1 << 63, 8);
    sac__buf_add_char(out, number.exact ? 0 : 1);
    if (!number.exact)
        put_digits(out, &number.digits);
    if (!number.negative || (number.exact && number.floor == 0))
        return;
    for (size_t i = start; i < out->n; i++)
        out->p[i] = (char)~out->p[i];
}

static void put_text(sac__buf *out, sac_str text)
{
    const char *nul;
    size_t n;

    while (text.n > 0 && (nul = memchr(text.p, 0, text.n))) {
        n = (size_t)(nul - text.p) + 1;
        sac__buf_add(out, text.p, n);
        sac__buf_add_char(out, (char)0xff);
        text = sac_str_n(text.p + n, text.n - n);
    }
    sac__buf_add_str(out, text);
    sac__buf_add(out, "\0\0", 2);
}

static int put_elements(sac_str doc, bool names, sac__buf *out, int depth)
{
    sac_bson_iter iter;
    int rc;

    if (depth > SAC_BSON_DEPTH)
        return SAC_ELIMIT;
    rc = sac_bson_iter_init(&iter, doc);
    if (rc != SAC_OK)
        return rc;
    while ((rc = sac_bson_iter_next(&iter)) == 1) {
        sac__buf_add_char(out, (char)sac__bson_rank(iter.value.type));
        if (names)
            sac__buf_add(out, iter.key.p, iter.key.n + 1);
        rc = put_body(&iter.value, out, depth);
        if (rc != SAC_OK)
            return rc;
    }
    sac__buf_add_char(out, END);
    return rc;
}

static int put_body(const sac_value *value, sac__buf *out, int depth)
{
    const sac_str raw = value->raw;

    switch (value->type) {
    case SAC_BSON_MISSING:
    case SAC_BSON_UNDEFINED:
    case SAC_BSON_NULL:
    case SAC_BSON_MINKEY:
    case SAC_BSON_MAXKEY: break;
    case SAC_BSON_INT32:
    case SAC_BSON_INT64:
    case SAC_BSON_DOUBLE:
    case SAC_BSON_DECIMAL128: put_number(value, out); break;
    case SAC_BSON_STRING:
    case SAC_BSON_SYMBOL:
    case SAC_BSON_CODE: put_text(out, sac__wire_text(raw)); break;
    case SAC_BSON_DOCUMENT: return put_elements(raw, true, out, depth + 1);
    case SAC_BSON_ARRAY: return put_elements(raw, false, out, depth + 1);
    case SAC_BSON_BINARY:
        put_big(out, sac__wire_get32(raw.p), 4);
        sac__buf_add(out, raw.p + 4, raw.n - 4);
        break;
    case SAC_BSON_OBJECTID:
    case SAC_BSON_BOOL:
    case SAC_BSON_REGEX: sac__buf_add_str(out, raw); break;
    case SAC_BSON_DATE: put_big(out, sac__wire_get64(raw.p) ^ (uint64_t)1 << 63, 8); break;
    case SAC_BSON_TIMESTAMP: put_big(out, sac__wire_get64(raw.p), 8); break;
    case SAC_BSON_DBPOINTER:
        put_big(out, raw.n, 4);
        sac__buf_add_str(out, raw);
        break;
    case SAC_BSON_CODE_W_SCOPE:
        put_text(out, sac__wire_code(raw));
        return put_elements(sac__wire_scope(raw), true, out, depth + 1);
    default: return SAC_ECORRUPT;
    }
    return SAC_OK;
}

int sac__bson_key(const sac_value *value, sac__buf *out)
{
    int rc;

    sac__buf_add_char(out, (char)sac__bson_rank(value->type));
    rc = put_body(value, out, 0);
    return rc ? rc : out->error;
}

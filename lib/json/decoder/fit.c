/* SPDX-License-Identifier: MIT */
#include "bson/decimal.h"
#include "bson/wire.h"
#include "json/decoder/decoder.h"
#include "json/text.h"

/* Scalar values, read as declared types take them. */

/* A value behind the key that has been written; the document may move. */
static sac__cursor put_raw(sac__decoder *d, sac__cursor c, const sac__place *at, sac_value value)
{
    *at->head = (char)value.type;
    c.w = sac__decoder_need(d, c.w, value.raw.n);
    if (!c.w)
        return sac__decoder_quit(d, d->code);
    if (value.raw.n > 0)
        memcpy(c.w, value.raw.p, value.raw.n);
    c.w += value.raw.n;
    return c;
}

static sac__cursor put_bytes(sac__decoder *d, sac__cursor c, const sac__place *at, uint8_t type,
                             sac_str bytes)
{
    return put_raw(d, c, at, (sac_value){type, bytes});
}

/* A value of eight bytes. */
static sac__cursor put_word(sac__cursor c, const sac__place *at, uint8_t type, uint64_t word)
{
    *at->head = (char)type;
    sac__wire_put64(c.w, word);
    c.w += 8;
    return c;
}

static sac__cursor put_int(sac__cursor c, const sac__place *at, int64_t value, bool wide)
{
    if (wide || value < INT32_MIN || value > INT32_MAX)
        return put_word(c, at, SAC_BSON_INT64, (uint64_t)value);
    *at->head = SAC_BSON_INT32;
    sac__wire_put32(c.w, (uint32_t)value);
    c.w += 4;
    return c;
}

static sac__cursor put_string(sac__decoder *d, sac__cursor c, const sac__place *at,
                              const sac__token *token)
{
    *at->head = SAC_BSON_STRING;
    c.w = sac__decoder_need(d, c.w, token->n);
    if (!c.w)
        return sac__decoder_quit(d, d->code);
    sac__wire_put32(c.w, (uint32_t)token->n + 1);
    sac__lex_unescape(token, c.w + 4);
    c.w += 4 + token->n;
    *c.w++ = '\0';
    return c;
}

static void add_path(sac__buf *path, const sac__place *at)
{
    if (at->up) {
        add_path(path, at->up);
        sac__buf_add_char(path, '.');
    }
    if (at->in_array)
        sac__buf_add_int(path, (int64_t)at->index);
    else
        sac__buf_add_str(path, at->shown);
}

int sac__decoder_misfit(sac__decoder *d, sac__json_misfit misfit, const sac__place *at)
{
    if (!d->how->misfit)
        return SAC_OK;
    d->path.n = 0;
    add_path(&d->path, at);
    if (d->path.error)
        return d->path.error;
    d->how->misfit(d->how->self, misfit, sac__buf_str(&d->path), at->field);
    return SAC_OK;
}

/* `given` is what the number was in Extended JSON, or NULL. */
static sac__cursor fit_numeral(sac__decoder *d, sac__cursor c, const sac__place *at,
                               const sac__numeral *numeral, const sac_value *given)
{
    sac__json_misfit misfit = SAC__JSON_WRONG_TYPE;
    uint8_t decimal[16];
    uint64_t bits;
    int64_t value;
    double real;
    int rc;

    switch (at->field->type) {
    case SAC_INT:
    case SAC_INT64:
        switch (sac__numeral_int(numeral, &value)) {
        case SAC__NUMERAL_INT: return put_int(c, at, value, at->field->type == SAC_INT64);
        case SAC__NUMERAL_BEYOND: misfit = SAC__JSON_OUT_OF_RANGE; break;
        case SAC__NUMERAL_FRACTION: break;
        }
        break;
    case SAC_DOUBLE:
        if (!sac__numeral_double(numeral, &real))
            return sac__decoder_stop(d, SAC_ESYNTAX, c.p, "number too large");
        memcpy(&bits, &real, sizeof bits);
        return put_word(c, at, SAC_BSON_DOUBLE, bits);
    case SAC_DECIMAL:
        if (sac__decimal_parse(numeral->text, decimal))
            return put_bytes(d, c, at, SAC_BSON_DECIMAL128, sac_str_n(decimal, sizeof decimal));
        misfit = SAC__JSON_OUT_OF_RANGE;
        break;
    default: break;
    }
    rc = sac__decoder_misfit(d, misfit, at);
    if (rc != SAC_OK)
        return sac__decoder_quit(d, rc);
    return given ? put_raw(d, c, at, *given) : sac__decoder_put_number(d, c, at->head, numeral);
}

sac__cursor sac__decoder_fit_number(sac__decoder *d, sac__cursor c, const sac__place *at)
{
    sac__numeral numeral;
    const char *end = sac__numeral_scan(c.p, d->end, &numeral);

    if (!end)
        return sac__decoder_stop(d, SAC_ESYNTAX, c.p, "malformed number");
    c.p = end;
    return fit_numeral(d, c, at, &numeral, NULL);
}

/* `*fits` is false, and nothing written, where the text is no base64. */
static sac__cursor put_base64(sac__decoder *d, sac__cursor c, const sac__place *at, sac_str text,
                              bool *fits)
{
    size_t n;

    d->raw.n = 0;
    if (!sac__buf_room(&d->raw, 5 + text.n / 4 * 3))
        return sac__decoder_quit(d, d->raw.error);
    *fits = sac__text_parse_base64(text, d->raw.p + 5, &n);
    if (!*fits)
        return c;
    sac__wire_put32(d->raw.p, (uint32_t)n);
    d->raw.p[4] = 0;
    return put_bytes(d, c, at, SAC_BSON_BINARY, sac_str_n(d->raw.p, n + 5));
}

/* Whether a string is out of range for a number's field rather than no number at all. */
static sac__json_misfit misfit_of(const sac__plan_field *field, sac_str text)
{
    const char *end = text.p + text.n;
    sac__numeral numeral;
    int64_t value;

    if (text.n == 0 || sac__numeral_scan(text.p, end, &numeral) != end)
        return SAC__JSON_WRONG_TYPE;
    if (field->type == SAC_DECIMAL ||
        (field->type == SAC_INT64 && sac__numeral_int(&numeral, &value) == SAC__NUMERAL_BEYOND))
        return SAC__JSON_OUT_OF_RANGE;
    return SAC__JSON_WRONG_TYPE;
}

/* `*fits` is false, and nothing written, where the declared type does not take the text. */
static sac__cursor fit_text(sac__decoder *d, sac__cursor c, const sac__place *at, sac_str text,
                            bool *fits)
{
    uint8_t bytes[5 + 16] = {16, 0, 0, 0, 4}; /* length and subtype of a UUID */
    int64_t value;

    *fits = true;
    switch (at->field->type) {
    case SAC_INT64:
        if (sac__json_parse_int(text, &value))
            return put_int(c, at, value, true);
        break;
    case SAC_DECIMAL:
        if (sac__decimal_parse(text, bytes))
            return put_bytes(d, c, at, SAC_BSON_DECIMAL128, sac_str_n(bytes, 16));
        break;
    case SAC_DATE:
        if (sac__json_parse_date(text, &value))
            return put_word(c, at, SAC_BSON_DATE, (uint64_t)value);
        break;
    case SAC_OBJECTID:
        if (text.n == 24 && sac__text_parse_hex(text, bytes))
            return put_bytes(d, c, at, SAC_BSON_OBJECTID, sac_str_n(bytes, 12));
        break;
    case SAC_UUID:
        if (sac__json_parse_uuid(text, bytes + 5))
            return put_bytes(d, c, at, SAC_BSON_BINARY, sac_str_n(bytes, sizeof bytes));
        break;
    case SAC_BINARY: return put_base64(d, c, at, text, fits);
    default: break;
    }
    *fits = false;
    return c;
}

sac__cursor sac__decoder_fit_string(sac__decoder *d, sac__cursor c, const sac__place *at)
{
    sac__token token;
    sac_str text;
    bool fits;
    int rc;

    d->p = c.p;
    rc = sac__lex_string(d, &token);
    if (rc != SAC_OK)
        return sac__decoder_quit(d, rc);
    /* MongoDB's legacy regular expression: a pattern holds no NUL. */
    if (token.nul && (sac_str_is(at->shown, "$regex") || sac_str_is(at->shown, "$options")))
        return sac__decoder_stop(d, SAC_ESYNTAX, c.p, "NUL in a regular expression");
    c.p = d->p;
    if (sac__decoder_takes(at->field, SAC_STRING))
        return put_string(d, c, at, &token);
    text = sac__lex_text(d, &token);
    if (!text.p)
        return sac__decoder_quit(d, SAC_ENOMEM);
    c = fit_text(d, c, at, text, &fits);
    if (!c.p || fits)
        return c;
    rc = sac__decoder_misfit(d, misfit_of(at->field, text), at);
    return rc ? sac__decoder_quit(d, rc) : put_string(d, c, at, &token);
}

static bool extended_fits(const sac__plan_field *field, const sac_value *value)
{
    switch (field->type) {
    case SAC_DATE: return value->type == SAC_BSON_DATE;
    case SAC_OBJECTID: return value->type == SAC_BSON_OBJECTID;
    case SAC_DOUBLE: return value->type == SAC_BSON_DOUBLE;
    case SAC_DECIMAL: return value->type == SAC_BSON_DECIMAL128;
    case SAC_BINARY: return value->type == SAC_BSON_BINARY;
    case SAC_UUID:
        return value->type == SAC_BSON_BINARY && value->raw.n == 21 && value->raw.p[4] == 4;
    default: return false;
    }
}

sac__cursor sac__decoder_extended(sac__decoder *d, sac__cursor c, const sac__place *at)
{
    sac__extended e;
    int rc;

    d->p = c.p;
    rc = sac__extended_read(d, at->depth, &e);
    if (rc != SAC_OK)
        return sac__decoder_quit(d, rc);
    c.p = d->p;
    if (!sac__decoder_takes(at->field, SAC_ANY) && !extended_fits(at->field, &e.value)) {
        if (e.is_numeral)
            return fit_numeral(d, c, at, &e.numeral, &e.value);
        rc = sac__decoder_misfit(d, SAC__JSON_WRONG_TYPE, at);
        if (rc != SAC_OK)
            return sac__decoder_quit(d, rc);
    }
    return put_raw(d, c, at, e.value);
}

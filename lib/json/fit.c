/* SPDX-License-Identifier: MIT */
#include "bson/decimal.h"
#include "bson/wire.h"
#include "json/decoder.h"
#include "json/text.h"

/* Scalar values, read as declared types take them. */

static int add_raw(sac__decoder *d, const sac__place *at, uint8_t type, const void *p, size_t n)
{
    sac_bson_add_value(d->out, at->key, (sac_value){type, sac_str_n(p, n)});
    return d->out->error;
}

static int add_word(sac__decoder *d, const sac__place *at, uint8_t type, uint64_t word, size_t n)
{
    char bytes[8];

    sac__wire_put64(bytes, word);
    return add_raw(d, at, type, bytes, n);
}

static int add_int(sac__decoder *d, const sac__place *at, int64_t value, bool wide)
{
    if (!wide && value >= INT32_MIN && value <= INT32_MAX)
        return add_word(d, at, SAC_BSON_INT32, (uint64_t)value, 4);
    return add_word(d, at, SAC_BSON_INT64, (uint64_t)value, 8);
}

static int add_double(sac__decoder *d, const sac__place *at, const sac__numeral *numeral)
{
    double value;
    uint64_t bits;

    if (!sac__numeral_double(numeral, &value))
        return sac__decoder_fail(d, SAC_ESYNTAX, d->p, "number too large");
    memcpy(&bits, &value, sizeof bits);
    return add_word(d, at, SAC_BSON_DOUBLE, bits, 8);
}

/* By its text alone. */
static int add_number(sac__decoder *d, const sac__place *at, const sac__numeral *numeral)
{
    int64_t value;

    if (numeral->plain && !(numeral->negative && numeral->digits == 0) &&
        sac__numeral_int(numeral, &value) == SAC__NUMERAL_INT)
        return add_int(d, at, value, false);
    return add_double(d, at, numeral);
}

static int add_string(sac__decoder *d, const sac__place *at, const sac__token *token)
{
    char *p;

    d->raw.n = 0;
    if (!sac__buf_room(&d->raw, token->n + 5))
        return d->raw.error;
    p = d->raw.p;
    sac__wire_put32(p, (uint32_t)token->n + 1);
    if (token->n == token->text.n)
        memcpy(p + 4, token->text.p, token->n);
    else
        sac__lex_unescape(token, p + 4);
    p[4 + token->n] = '\0';
    return add_raw(d, at, SAC_BSON_STRING, p, token->n + 5);
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

int sac__decoder_misfit(sac__decoder *d, sac__json_misfit misfit, const sac__place *at,
                        const sac__plan_field *field)
{
    if (!d->how->misfit)
        return SAC_OK;
    d->path.n = 0;
    add_path(&d->path, at);
    if (d->path.error)
        return d->path.error;
    d->how->misfit(d->how->self, misfit, sac__buf_str(&d->path), field);
    return SAC_OK;
}

/* A number as a declared type takes it; `given` is what it was in Extended JSON, or NULL. */
static int fit_number(sac__decoder *d, const sac__plan_field *field, const sac__place *at,
                      const sac__numeral *numeral, const sac_value *given)
{
    sac__json_misfit misfit = SAC__JSON_WRONG_TYPE;
    uint8_t decimal[16];
    int64_t value;
    int rc;

    switch (field->type) {
    case SAC_INT:
    case SAC_INT64:
        switch (sac__numeral_int(numeral, &value)) {
        case SAC__NUMERAL_INT: return add_int(d, at, value, field->type == SAC_INT64);
        case SAC__NUMERAL_BEYOND: misfit = SAC__JSON_OUT_OF_RANGE; break;
        case SAC__NUMERAL_FRACTION: break;
        }
        break;
    case SAC_DOUBLE: return add_double(d, at, numeral);
    case SAC_DECIMAL:
        if (sac__decimal_parse(numeral->text, decimal))
            return add_raw(d, at, SAC_BSON_DECIMAL128, decimal, sizeof decimal);
        misfit = SAC__JSON_OUT_OF_RANGE;
        break;
    default: break;
    }
    rc = sac__decoder_misfit(d, misfit, at, field);
    if (rc != SAC_OK)
        return rc;
    return given ? add_raw(d, at, given->type, given->raw.p, given->raw.n)
                 : add_number(d, at, numeral);
}

int sac__decoder_number(sac__decoder *d, const sac__plan_field *field, const sac__place *at)
{
    sac__numeral numeral;
    const int rc = sac__lex_number(d, &numeral);

    if (rc != SAC_OK)
        return rc;
    return sac__decoder_takes(field, SAC_ANY) ? add_number(d, at, &numeral)
                                              : fit_number(d, field, at, &numeral, NULL);
}

static int add_base64(sac__decoder *d, const sac__place *at, sac_str text, bool *fits)
{
    size_t n;

    d->raw.n = 0;
    if (!sac__buf_room(&d->raw, 5 + text.n / 4 * 3))
        return d->raw.error;
    *fits = sac__text_parse_base64(text, d->raw.p + 5, &n);
    if (!*fits)
        return SAC_OK;
    sac__wire_put32(d->raw.p, (uint32_t)n);
    d->raw.p[4] = 0;
    return add_raw(d, at, SAC_BSON_BINARY, d->raw.p, n + 5);
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

/* A string as a declared type takes it; `*fits` is false, and nothing added, where it does not. */
static int fit_text(sac__decoder *d, const sac__plan_field *field, const sac__place *at,
                    sac_str text, bool *fits)
{
    uint8_t bytes[5 + 16] = {16, 0, 0, 0, 4}; /* length and subtype of a UUID */
    int64_t value;

    *fits = true;
    switch (field->type) {
    case SAC_INT64:
        if (sac__json_parse_int(text, &value))
            return add_int(d, at, value, true);
        break;
    case SAC_DECIMAL:
        if (sac__decimal_parse(text, bytes))
            return add_raw(d, at, SAC_BSON_DECIMAL128, bytes, 16);
        break;
    case SAC_DATE:
        if (sac__json_parse_date(text, &value))
            return add_word(d, at, SAC_BSON_DATE, (uint64_t)value, 8);
        break;
    case SAC_OBJECTID:
        if (text.n == 24 && sac__text_parse_hex(text, bytes))
            return add_raw(d, at, SAC_BSON_OBJECTID, bytes, 12);
        break;
    case SAC_UUID:
        if (sac__json_parse_uuid(text, bytes + 5))
            return add_raw(d, at, SAC_BSON_BINARY, bytes, sizeof bytes);
        break;
    case SAC_BINARY: return add_base64(d, at, text, fits);
    default: break;
    }
    *fits = false;
    return SAC_OK;
}

int sac__decoder_string(sac__decoder *d, const sac__plan_field *field, const sac__place *at)
{
    const char *begin = d->p;
    sac__token token;
    sac_str text;
    bool fits;
    int rc = sac__lex_string(d, &token);

    if (rc != SAC_OK)
        return rc;
    /* MongoDB's legacy regular expression: a pattern holds no NUL. */
    if (token.nul && (sac_str_is(at->shown, "$regex") || sac_str_is(at->shown, "$options")))
        return sac__decoder_fail(d, SAC_ESYNTAX, begin, "NUL in a regular expression");
    if (sac__decoder_takes(field, SAC_STRING))
        return add_string(d, at, &token);
    text = sac__lex_text(d, &token);
    if (!text.p)
        return SAC_ENOMEM;
    rc = fit_text(d, field, at, text, &fits);
    if (rc != SAC_OK || fits)
        return rc;
    rc = sac__decoder_misfit(d, misfit_of(field, text), at, field);
    return rc ? rc : add_string(d, at, &token);
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

int sac__decoder_extended(sac__decoder *d, const sac__plan_field *field, const sac__place *at,
                          unsigned depth)
{
    sac__extended e;
    int rc = sac__extended_read(d, depth, &e);

    if (rc != SAC_OK)
        return rc;
    if (!sac__decoder_takes(field, SAC_ANY) && !extended_fits(field, &e.value)) {
        if (e.is_numeral)
            return fit_number(d, field, at, &e.numeral, &e.value);
        rc = sac__decoder_misfit(d, SAC__JSON_WRONG_TYPE, at, field);
        if (rc != SAC_OK)
            return rc;
    }
    return add_raw(d, at, e.value.type, e.value.raw.p, e.value.raw.n);
}

int sac__decoder_word(sac__decoder *d, const char *word, const sac__plan_field *field,
                      const sac__place *at)
{
    const bool null = *word == 'n';
    int rc = sac__lex_word(d, word);

    if (rc == SAC_OK && !null && !sac__decoder_takes(field, SAC_BOOL))
        rc = sac__decoder_misfit(d, SAC__JSON_WRONG_TYPE, at, field);
    if (rc != SAC_OK)
        return rc;
    return null ? add_raw(d, at, SAC_BSON_NULL, NULL, 0)
                : add_raw(d, at, SAC_BSON_BOOL, *word == 't' ? "\1" : "\0", 1);
}

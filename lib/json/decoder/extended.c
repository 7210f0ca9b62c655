/* SPDX-License-Identifier: MIT */
#include "bson/decimal.h"
#include "bson/wire.h"
#include "json/decoder/decoder.h"
#include "json/text.h"

/*
 * Sources: MongoDB Extended JSON specification v2, and v1 for the two forms
 * that SAC_JSON_LEGACY adds. A form that is not exactly as there is an error,
 * never a document.
 */

static const char malformed[] = "malformed Extended JSON";

static int fail(sac__decoder *d)
{
    return sac__decoder_fail(d, SAC_ESYNTAX, d->p, malformed);
}

static int read_string(sac__decoder *d, sac__token *out)
{
    return sac__lex_peek(d) == '"' ? sac__lex_string(d, out) : fail(d);
}

/* The value in d->raw becomes the result. */
static int give_raw(sac__decoder *d, uint8_t type, sac__extended *out)
{
    if (d->raw.error)
        return d->raw.error;
    out->value = (sac_value){type, sac__buf_str(&d->raw)};
    out->is_numeral = false;
    return SAC_OK;
}

static int give_bytes(sac__decoder *d, uint8_t type, const void *p, size_t n, sac__extended *out)
{
    sac__buf_add(&d->raw, p, n);
    return give_raw(d, type, out);
}

static int give_word(sac__decoder *d, uint8_t type, uint64_t word, sac__extended *out)
{
    char bytes[8];

    sac__wire_put64(bytes, word);
    return give_bytes(d, type, bytes, sizeof bytes, out);
}

/* Appends a length, the text and a NUL. */
static void add_string(sac__decoder *d, const sac__token *token)
{
    char length[4];

    sac__wire_put32(length, (uint32_t)token->n + 1);
    sac__buf_add(&d->raw, length, sizeof length);
    if (sac__buf_room(&d->raw, token->n + 1)) {
        sac__lex_unescape(token, d->raw.p + d->raw.n);
        d->raw.n += token->n;
        d->raw.p[d->raw.n++] = '\0';
    }
}

/* Both members of an object, in any order, each read by `read`. */
static int read_pair(sac__decoder *d, const char *const names[2],
                     int (*read)(sac__decoder *d, int which, void *out), void *out)
{
    bool seen[2] = {false, false};
    int rc;

    for (int i = 0; i < 2; i++) {
        sac__token token = {.n = 0};
        sac_str key;
        int which;

        if (!sac__lex_take(d, i == 0 ? '{' : ','))
            return fail(d);
        rc = read_string(d, &token);
        if (rc != SAC_OK)
            return rc;
        key = sac__lex_text(d, &token);
        if (!key.p)
            return SAC_ENOMEM;
        which = sac_str_is(key, names[1]);
        if ((!which && !sac_str_is(key, names[0])) || seen[which] || !sac__lex_take(d, ':'))
            return fail(d);
        seen[which] = true;
        rc = read(d, which, out);
        if (rc != SAC_OK)
            return rc;
    }
    return sac__lex_take(d, '}') ? SAC_OK : fail(d);
}

static int read_token_of_pair(sac__decoder *d, int which, void *out)
{
    return read_string(d, (sac__token *)out + which);
}

static int read_text(sac__decoder *d, sac_str *out)
{
    sac__token token = {.n = 0};
    const int rc = read_string(d, &token);

    if (rc != SAC_OK)
        return rc;
    *out = sac__lex_text(d, &token);
    return out->p ? SAC_OK : SAC_ENOMEM;
}

static int read_hex(sac__decoder *d, uint8_t oid[sizeof(sac_oid)])
{
    sac_str text;
    const int rc = read_text(d, &text);

    if (rc != SAC_OK)
        return rc;
    return text.n == 2 * sizeof(sac_oid) && sac__text_parse_hex(text, oid) ? SAC_OK : fail(d);
}

static int read_oid(sac__decoder *d, sac__extended *out)
{
    uint8_t bytes[sizeof(sac_oid)];
    const int rc = read_hex(d, bytes);

    return rc ? rc : give_bytes(d, SAC_BSON_OBJECTID, bytes, sizeof bytes, out);
}

static int read_uuid(sac__decoder *d, sac__extended *out)
{
    uint8_t bytes[5 + 16] = {16, 0, 0, 0, 4};
    sac_str text;
    const int rc = read_text(d, &text);

    if (rc != SAC_OK)
        return rc;
    if (!sac__json_parse_uuid(text, bytes + 5))
        return fail(d);
    return give_bytes(d, SAC_BSON_BINARY, bytes, sizeof bytes, out);
}

static bool is_numeral(sac_str text, sac__numeral *out)
{
    return sac__numeral_scan(text.p, text.p + text.n, out) == text.p + text.n;
}

static int read_int(sac__decoder *d, uint8_t type, sac__extended *out)
{
    sac__numeral numeral;
    sac_str text;
    int64_t value;
    int rc = read_text(d, &text);

    if (rc != SAC_OK)
        return rc;
    if (!is_numeral(text, &numeral) || !numeral.plain ||
        sac__numeral_int(&numeral, &value) != SAC__NUMERAL_INT ||
        (type == SAC_BSON_INT32 && (value < INT32_MIN || value > INT32_MAX)))
        return fail(d);
    rc = give_word(d, type, (uint64_t)value, out);
    if (type == SAC_BSON_INT32)
        out->value.raw.n = 4;
    out->numeral = numeral;
    out->is_numeral = true;
    return rc;
}

static int read_double(sac__decoder *d, sac__extended *out)
{
    sac__numeral numeral;
    sac_str text;
    double value = 0;
    uint64_t bits = 0;
    bool number;
    int rc = read_text(d, &text);

    if (rc != SAC_OK)
        return rc;
    number = is_numeral(text, &numeral);
    if (number && !sac__numeral_double(&numeral, &value))
        return sac__decoder_fail(d, SAC_ESYNTAX, d->p, "number too large");
    memcpy(&bits, &value, sizeof bits);
    if (!number && sac_str_is(text, "NaN"))
        bits = UINT64_C(0x7ff8000000000000);
    else if (!number && sac_str_is(text, "Infinity"))
        bits = UINT64_C(0x7ff0000000000000);
    else if (!number && sac_str_is(text, "-Infinity"))
        bits = UINT64_C(0xfff0000000000000);
    else if (!number)
        return fail(d);
    rc = give_word(d, SAC_BSON_DOUBLE, bits, out);
    out->is_numeral = number;
    if (number)
        out->numeral = numeral;
    return rc;
}

static int read_decimal(sac__decoder *d, sac__extended *out)
{
    uint8_t bytes[16];
    sac_str text;
    int rc = read_text(d, &text);

    if (rc != SAC_OK)
        return rc;
    if (!sac__decimal_parse(text, bytes))
        return fail(d);
    rc = give_bytes(d, SAC_BSON_DECIMAL128, bytes, sizeof bytes, out);
    out->is_numeral = is_numeral(text, &out->numeral);
    return rc;
}

/* The form of v1: `"AQID","$type":"00"`. */
static int read_legacy_binary(sac__decoder *d, sac__token tokens[2])
{
    sac_str key;
    int rc = read_string(d, &tokens[0]);

    if (rc != SAC_OK)
        return rc;
    if (!sac__lex_take(d, ','))
        return fail(d);
    rc = read_text(d, &key);
    if (rc != SAC_OK)
        return rc;
    if (!sac_str_is(key, "$type") || !sac__lex_take(d, ':'))
        return fail(d);
    return read_string(d, &tokens[1]);
}

/* What a binary's Base64 and the hex digits of its subtype say. */
static int give_binary(sac__decoder *d, const sac__token tokens[2], sac__extended *out)
{
    uint8_t subtype = 0;
    char digits[2] = {'0', '0'};
    char *p;
    sac_str text = tokens[1].text;
    size_t n, inner;

    if (text.n < 1 || text.n > 2)
        return fail(d);
    memcpy(digits + 2 - text.n, text.p, text.n);
    if (!sac__text_parse_hex(sac_str_n(digits, 2), &subtype))
        return fail(d);
    inner = subtype == 2 ? 4 : 0; /* the old subtype repeats its length */
    text = sac__lex_text(d, &tokens[0]);
    if (!text.p || !sac__buf_room(&d->raw, 5 + inner + text.n / 4 * 3))
        return SAC_ENOMEM;
    p = d->raw.p;
    if (!sac__text_parse_base64(text, p + 5 + inner, &n))
        return fail(d);
    sac__wire_put32(p, (uint32_t)(inner + n));
    p[4] = (char)subtype;
    if (inner)
        sac__wire_put32(p + 5, (uint32_t)n);
    d->raw.n = 5 + inner + n;
    return give_raw(d, SAC_BSON_BINARY, out);
}

static int read_binary(sac__decoder *d, sac__extended *out)
{
    static const char *const names[] = {"base64", "subType"};
    const bool legacy = (d->how->flags & SAC_JSON_LEGACY) && sac__lex_peek(d) == '"';
    sac__token tokens[2] = {{.n = 0}, {.n = 0}};
    const int rc = legacy ? read_legacy_binary(d, tokens)
                          : read_pair(d, names, read_token_of_pair, tokens);

    return rc ? rc : give_binary(d, tokens, out);
}

/* The form of v1: milliseconds as they are. */
static int read_legacy_date(sac__decoder *d, sac__extended *out)
{
    sac__numeral numeral;
    int64_t ms;
    const int rc = sac__lex_number(d, &numeral);

    if (rc != SAC_OK)
        return rc;
    if (!numeral.plain || sac__numeral_int(&numeral, &ms) != SAC__NUMERAL_INT)
        return fail(d);
    return give_word(d, SAC_BSON_DATE, (uint64_t)ms, out);
}

/* Whether a number begins with this. */
static bool is_number(char c)
{
    return c == '-' || (c >= '0' && c <= '9');
}

static int read_date(sac__decoder *d, sac__extended *out)
{
    sac_str text;
    int64_t ms;
    int rc;

    if ((d->how->flags & SAC_JSON_LEGACY) && is_number(sac__lex_peek(d)))
        return read_legacy_date(d, out);
    if (sac__lex_peek(d) != '{') {
        rc = read_text(d, &text);
        if (rc != SAC_OK)
            return rc;
        if (!sac__json_parse_date(text, &ms))
            return fail(d);
        return give_word(d, SAC_BSON_DATE, (uint64_t)ms, out);
    }
    d->p++;
    rc = read_text(d, &text);
    if (rc != SAC_OK)
        return rc;
    if (!sac_str_is(text, "$numberLong") || !sac__lex_take(d, ':'))
        return fail(d);
    rc = read_int(d, SAC_BSON_INT64, out);
    if (rc != SAC_OK)
        return rc;
    out->value.type = SAC_BSON_DATE;
    out->is_numeral = false;
    return sac__lex_take(d, '}') ? SAC_OK : fail(d);
}

static int read_u32_of_pair(sac__decoder *d, int which, void *out)
{
    sac__numeral numeral;
    int64_t value;
    int rc;

    sac__lex_blanks(d);
    rc = sac__lex_number(d, &numeral);
    if (rc != SAC_OK)
        return rc;
    if (!numeral.plain || sac__numeral_int(&numeral, &value) != SAC__NUMERAL_INT || value < 0 ||
        value > UINT32_MAX)
        return fail(d);
    ((uint32_t *)out)[which] = (uint32_t)value;
    return SAC_OK;
}

static int read_timestamp(sac__decoder *d, sac__extended *out)
{
    static const char *const names[] = {"i", "t"};
    uint32_t words[2] = {0, 0};
    const int rc = read_pair(d, names, read_u32_of_pair, words);

    return rc ? rc : give_word(d, SAC_BSON_TIMESTAMP, words[0] | (uint64_t)words[1] << 32, out);
}

static void add_cstring(sac__decoder *d, const sac__token *token)
{
    add_string(d, token);
    if (!d->raw.error) {
        /* The same without the length before it. */
        memmove(d->raw.p + d->raw.n - token->n - 5, d->raw.p + d->raw.n - token->n - 1,
                token->n + 1);
        d->raw.n -= 4;
    }
}

static int read_regex(sac__decoder *d, sac__extended *out)
{
    static const char *const names[] = {"pattern", "options"};
    sac__token tokens[2] = {{.n = 0}, {.n = 0}};
    char sorted[16];
    sac_str options;
    const int rc = read_pair(d, names, read_token_of_pair, tokens);

    if (rc != SAC_OK)
        return rc;
    if (tokens[0].nul || tokens[1].nul)
        return fail(d);
    add_cstring(d, &tokens[0]);
    add_cstring(d, &tokens[1]);
    if (d->raw.error)
        return d->raw.error;
    options = sac_str_n(d->raw.p + d->raw.n - tokens[1].n - 1, tokens[1].n);
    if (options.n <= sizeof sorted && sac__text_sort(sorted, options))
        memcpy(d->raw.p + d->raw.n - options.n - 1, sorted, options.n);
    return give_raw(d, SAC_BSON_REGEX, out);
}

typedef struct pointer {
    sac__token ref;
    uint8_t id[sizeof(sac_oid)];
} pointer;

static int read_half_of_pointer(sac__decoder *d, int which, void *out)
{
    pointer *to = out;
    sac_str key;
    int rc;

    if (which == 0)
        return read_string(d, &to->ref);
    if (!sac__lex_take(d, '{'))
        return fail(d);
    rc = read_text(d, &key);
    if (rc != SAC_OK)
        return rc;
    if (!sac_str_is(key, "$oid") || !sac__lex_take(d, ':'))
        return fail(d);
    rc = read_hex(d, to->id);
    return rc || sac__lex_take(d, '}') ? rc : fail(d);
}

static int read_dbpointer(sac__decoder *d, sac__extended *out)
{
    static const char *const names[] = {"$ref", "$id"};
    pointer to = {.id = {0}};
    const int rc = read_pair(d, names, read_half_of_pointer, &to);

    if (rc != SAC_OK)
        return rc;
    add_string(d, &to.ref);
    return give_bytes(d, SAC_BSON_DBPOINTER, to.id, sizeof to.id, out);
}

/* The members of a scope, into a document of their own. */
static int read_scope(sac__decoder *d, sac_bson *scope, unsigned depth)
{
    sac_bson *out = d->out;
    char *base = d->base, *limit = d->limit;
    sac__cursor c = {NULL, NULL};
    int rc;

    if (!sac__lex_take(d, '{'))
        return fail(d);
    c.p = d->p;
    c.w = sac__decoder_open(d, scope, 0);
    if (c.w)
        c = sac__decoder_members(d, c, NULL, NULL, depth + 1);
    rc = c.p && c.w ? sac__decoder_close(d, c.w) : d->code;
    d->p = c.p;
    d->out = out;
    d->base = base;
    d->limit = limit;
    return rc;
}

/* Code, and its scope where it has one; the two may come in any order. */
static int read_code_of(sac__decoder *d, unsigned depth, bool scope_first, sac_bson *scope,
                        sac__token *code, bool *scoped)
{
    sac_str key;
    int rc = scope_first ? read_scope(d, scope, depth) : read_string(d, code);

    *scoped = scope_first;
    if (rc != SAC_OK || !sac__lex_take(d, ','))
        return rc || !scope_first ? rc : fail(d);
    rc = read_text(d, &key);
    if (rc != SAC_OK)
        return rc;
    if (!sac_str_is(key, scope_first ? "$code" : "$scope") || !sac__lex_take(d, ':'))
        return fail(d);
    *scoped = true;
    return scope_first ? read_string(d, code) : read_scope(d, scope, depth);
}

static int read_code(sac__decoder *d, unsigned depth, bool scope_first, sac__extended *out)
{
    sac__token code = {.n = 0};
    sac_bson scope;
    sac_str bytes = {NULL, 0};
    char length[4] = {0};
    bool scoped;
    int rc;

    sac_bson_init(&scope, d->out->alloc, d->out->max);
    rc = read_code_of(d, depth, scope_first, &scope, &code, &scoped);
    if (rc == SAC_OK && scoped)
        rc = sac_bson_finish(&scope, &bytes);
    if (rc == SAC_OK) {
        d->raw.n = 0;
        if (scoped)
            sac__buf_add(&d->raw, length, sizeof length);
        add_string(d, &code);
        sac__buf_add_str(&d->raw, bytes);
        if (scoped && !d->raw.error)
            sac__wire_put32(d->raw.p, (uint32_t)d->raw.n);
        rc = give_raw(d, scoped ? SAC_BSON_CODE_W_SCOPE : SAC_BSON_CODE, out);
    }
    sac_bson_fini(&scope);
    return rc;
}

static int read_symbol(sac__decoder *d, sac__extended *out)
{
    sac__token token = {.n = 0};
    const int rc = read_string(d, &token);

    if (rc != SAC_OK)
        return rc;
    add_string(d, &token);
    return give_raw(d, SAC_BSON_SYMBOL, out);
}

static int read_constant(sac__decoder *d, uint8_t type, const char *word, sac__extended *out)
{
    if (sac__lex_peek(d) != *word || sac__lex_word(d, word) != SAC_OK)
        return fail(d);
    return give_raw(d, type, out);
}

enum {
    CODE = SAC_BSON_CODE,
    SCOPE = SAC_BSON_CODE_W_SCOPE,
    UUID = 0x80 /* no type of BSON: a binary of another form */
};

static const struct {
    const char *key;
    uint8_t kind;
} keys[] = {
    {"$oid", SAC_BSON_OBJECTID},
    {"$date", SAC_BSON_DATE},
    {"$numberInt", SAC_BSON_INT32},
    {"$numberLong", SAC_BSON_INT64},
    {"$numberDouble", SAC_BSON_DOUBLE},
    {"$numberDecimal", SAC_BSON_DECIMAL128},
    {"$binary", SAC_BSON_BINARY},
    {"$uuid", UUID},
    {"$regularExpression", SAC_BSON_REGEX},
    {"$timestamp", SAC_BSON_TIMESTAMP},
    {"$code", CODE},
    {"$scope", SCOPE},
    {"$symbol", SAC_BSON_SYMBOL},
    {"$dbPointer", SAC_BSON_DBPOINTER},
    {"$minKey", SAC_BSON_MINKEY},
    {"$maxKey", SAC_BSON_MAXKEY},
    {"$undefined", SAC_BSON_UNDEFINED},
};

static uint8_t kind_of(sac_str key)
{
    for (size_t i = 0; key.n > 0 && key.p[0] == '$' && i < sizeof keys / sizeof *keys; i++)
        if (sac_str_is(key, keys[i].key))
            return keys[i].kind;
    return 0;
}

bool sac__extended_is_key(sac_str key)
{
    return kind_of(key) != 0;
}

static int read_kind(sac__decoder *d, uint8_t kind, unsigned depth, sac__extended *out)
{
    switch (kind) {
    case SAC_BSON_OBJECTID: return read_oid(d, out);
    case SAC_BSON_DATE: return read_date(d, out);
    case SAC_BSON_INT32:
    case SAC_BSON_INT64: return read_int(d, kind, out);
    case SAC_BSON_DOUBLE: return read_double(d, out);
    case SAC_BSON_DECIMAL128: return read_decimal(d, out);
    case SAC_BSON_BINARY: return read_binary(d, out);
    case UUID: return read_uuid(d, out);
    case SAC_BSON_REGEX: return read_regex(d, out);
    case SAC_BSON_TIMESTAMP: return read_timestamp(d, out);
    case CODE:
    case SCOPE: return read_code(d, depth, kind == SCOPE, out);
    case SAC_BSON_SYMBOL: return read_symbol(d, out);
    case SAC_BSON_DBPOINTER: return read_dbpointer(d, out);
    case SAC_BSON_MINKEY:
    case SAC_BSON_MAXKEY: return read_constant(d, kind, "1", out);
    case SAC_BSON_UNDEFINED: return read_constant(d, kind, "true", out);
    default: return fail(d);
    }
}

int sac__extended_read(sac__decoder *d, unsigned depth, sac__extended *out)
{
    sac_str key;
    int rc;

    d->raw.n = 0;
    rc = read_text(d, &key);
    if (rc != SAC_OK)
        return rc;
    if (!sac__lex_take(d, ':'))
        return fail(d);
    rc = read_kind(d, kind_of(key), depth, out);
    if (rc != SAC_OK)
        return rc;
    return sac__lex_take(d, '}') ? SAC_OK : fail(d);
}

/* SPDX-License-Identifier: MIT */
#include "bson/wire.h"
#include "json/decoder/decoder.h"
#include "json/number/digits.h"
#include "json/decoder/scan.h"

/*
 * JSON as it stands, straight into the document: each element's type byte is
 * left open while its key is copied, and set when the value is seen.
 */

static inline bool is_at(const sac__decoder *d, const char *p, char c)
{
    return p < d->end && *p == c;
}

/* Bytes of a string to c.w. The cursor comes to stand behind them and behind the quote. */
static inline sac__cursor copy_string(sac__decoder *d, sac__cursor c)
{
    for (;;) {
        while (d->end - c.p >= SAC__SCAN && c.w <= d->limit) {
            const size_t n = sac__scan_copy(c.w, c.p);

            if (n < SAC__SCAN) {
                c.p += n;
                c.w += n;
                break;
            }
            /* A constant: the next step need not wait for this one. */
            c.p += SAC__SCAN;
            c.w += SAC__SCAN;
        }
        if (is_at(d, c.p, '"'))
            break;
        c = sac__lex_copy(d, c);
        if (!c.p)
            return c;
    }
    c.p++;
    return c;
}

static inline sac__cursor read_string(sac__decoder *d, sac__cursor c, const sac__place *at)
{
    size_t begin;

    /* A declared type may want something else; a legacy regular expression holds no NUL. */
    if (!sac__decoder_takes(at->field, SAC_STRING) || (at->shown.n > 0 && at->shown.p[0] == '$'))
        return sac__decoder_fit_string(d, c, at);
    *at->head = SAC_BSON_STRING;
    begin = (size_t)(c.w - d->base) + 4;
    c.p++;
    c.w += 4;
    c = copy_string(d, c);
    if (!c.p)
        return c;
    *c.w++ = '\0';
    sac__wire_put32(d->base + begin - 4, (uint32_t)((size_t)(c.w - d->base) - begin));
    return c;
}

/* As many digits cannot run over, and make an int64. */
#define SHORT 18

/* The end of a number of few digits without an exponent, or NULL where it is none. */
static inline const char *scan_short(const char *p, const char *end, sac__numeral *out)
{
    const bool negative = *p == '-';
    const char *const begin = p, *const whole = p + negative;
    uint64_t digits = 0;

    if (end - p < SHORT + 3)
        return NULL;
    p = whole;
    for (int i = 0; i < SHORT / 8; i++) {
        const uint64_t values = sac__digits_at(p);

        if (sac__digits_beyond(values))
            break;
        digits = digits * 100000000 + sac__digits_join(values);
        p += 8;
    }
    while (*p >= '0' && *p <= '9' && p - whole <= SHORT)
        digits = digits * 10 + (uint64_t)(*p++ - '0');
    if (p == whole || (*whole == '0' && p - whole > 1))
        return NULL;
    out->exponent = 0;
    out->plain = true;
    if (*p == '.') {
        const char *point = p++;

        p = sac__digits_gather(p, end, &digits);
        out->exponent = point + 1 - p;
        out->plain = false;
        if (p - point <= 1 || p - whole > SHORT + 1)
            return NULL;
    }
    if (p - whole > SHORT + !out->plain || p == end || *p == 'e' || *p == 'E')
        return NULL;
    out->text = sac_str_n(begin, (size_t)(p - begin));
    out->digits = digits;
    out->negative = negative;
    out->exact = true;
    return p;
}

static inline sac__cursor put_int(sac__cursor c, char *head, int64_t value)
{
    if (value >= INT32_MIN && value <= INT32_MAX) {
        *head = SAC_BSON_INT32;
        sac__wire_put32(c.w, (uint32_t)value);
        c.w += 4;
    } else {
        *head = SAC_BSON_INT64;
        sac__wire_put64(c.w, (uint64_t)value);
        c.w += 8;
    }
    return c;
}

static inline sac__cursor put_double(sac__decoder *d, sac__cursor c, char *head,
                                     const sac__numeral *numeral)
{
    uint64_t bits;
    double value;

    if (!sac__numeral_double(numeral, &value))
        return sac__decoder_stop(d, SAC_ESYNTAX, c.p, "number too large");
    memcpy(&bits, &value, sizeof bits);
    *head = SAC_BSON_DOUBLE;
    sac__wire_put64(c.w, bits);
    c.w += 8;
    return c;
}

sac__cursor sac__decoder_put_number(sac__decoder *d, sac__cursor c, char *head,
                                    const sac__numeral *numeral)
{
    int64_t integer;

    if (numeral->plain && !(numeral->negative && numeral->digits == 0) &&
        sac__numeral_int(numeral, &integer) == SAC__NUMERAL_INT)
        return put_int(c, head, integer);
    return put_double(d, c, head, numeral);
}

static inline sac__cursor read_number(sac__decoder *d, sac__cursor c, const sac__place *at)
{
    sac__numeral numeral;
    const char *end;
    int64_t value;

    if (!sac__decoder_takes(at->field, SAC_ANY))
        return sac__decoder_fit_number(d, c, at);
    end = scan_short(c.p, d->end, &numeral);
    if (end) {
        value = (int64_t)numeral.digits;
        c.p = end;
        return numeral.plain && !(numeral.negative && value == 0)
                   ? put_int(c, at->head, numeral.negative ? -value : value)
                   : put_double(d, c, at->head, &numeral);
    }
    end = sac__numeral_scan(c.p, d->end, &numeral);
    if (!end)
        return sac__decoder_stop(d, SAC_ESYNTAX, c.p, "malformed number");
    c.p = end;
    return sac__decoder_put_number(d, c, at->head, &numeral);
}

static inline sac__cursor read_word(sac__decoder *d, sac__cursor c, const sac__place *at,
                                    sac_str word)
{
    if ((size_t)(d->end - c.p) < word.n || memcmp(c.p, word.p, word.n) != 0)
        return sac__decoder_stop(d, SAC_ESYNTAX, c.p, "unexpected character");
    if (*c.p == 'n') {
        *at->head = SAC_BSON_NULL;
    } else {
        if (!sac__decoder_takes(at->field, SAC_BOOL)) {
            const int rc = sac__decoder_misfit(d, SAC__JSON_WRONG_TYPE, at);

            if (rc != SAC_OK)
                return sac__decoder_quit(d, rc);
        }
        *at->head = SAC_BSON_BOOL;
        *c.w++ = *c.p == 't';
    }
    c.p += word.n;
    return c;
}

/* Opens a document or array at the cursor: where its length goes. */
static inline size_t open_doc(sac__decoder *d, sac__cursor *c)
{
    const size_t begin = (size_t)(c->w - d->base);

    c->w += 4;
    return begin;
}

static inline sac__cursor close_doc(sac__decoder *d, sac__cursor c, size_t begin)
{
    c.w = sac__decoder_need(d, c.w, 0);
    if (!c.w)
        return sac__decoder_quit(d, d->code);
    *c.w++ = '\0';
    sac__wire_put32(d->base + begin, (uint32_t)((size_t)(c.w - d->base) - begin));
    return c;
}

/* Whether the object behind the brace at d->p is Extended JSON, by its first key. */
static int look_at_object(sac__decoder *d, bool *extended)
{
    const char *begin = d->p;
    sac__token token;
    sac_str key;
    int rc;

    (void)sac__lex_peek(d);
    rc = sac__lex_string(d, &token);
    if (rc != SAC_OK)
        return rc;
    key = sac__lex_text(d, &token);
    if (!key.p)
        return SAC_ENOMEM;
    *extended = sac__extended_is_key(key);
    d->p = begin;
    return SAC_OK;
}

/* Counts a member or element; makes room for it. */
static inline sac__cursor begin_element(sac__decoder *d, sac__cursor c, sac__place *at)
{
    if (d->members-- == 0)
        return sac__decoder_stop(d, SAC_ELIMIT, c.p, "too many keys and elements");
    c.w = sac__decoder_need(d, c.w, 0);
    if (!c.w)
        return sac__decoder_quit(d, d->code);
    at->head = c.w++;
    return c;
}

static sac__cursor read_object(sac__decoder *d, sac__cursor c, const sac__place *at)
{
    const sac__plan_field *field = at->field;
    const char *key = sac__scan_blanks(++c.p, d->end);
    bool extended = false;
    size_t begin;
    int rc = SAC_OK;

    if (d->end - key >= 2 && *key == '"' && (key[1] == '$' || key[1] == '\\')) {
        d->p = c.p;
        rc = look_at_object(d, &extended);
    }
    if (extended)
        return sac__decoder_extended(d, c, at);
    if (rc == SAC_OK && !sac__decoder_takes(field, SAC_DOCUMENT)) {
        rc = sac__decoder_misfit(d, SAC__JSON_WRONG_TYPE, at);
        field = NULL;
    }
    if (rc != SAC_OK)
        return sac__decoder_quit(d, rc);
    *at->head = SAC_BSON_DOCUMENT;
    begin = open_doc(d, &c);
    c = sac__decoder_members(d, c, field ? field->plan : NULL, at, at->depth + 1);
    return c.p ? close_doc(d, c, begin) : c;
}

/* The decimal text of an index as a little-endian word, of at most eight digits. */
typedef struct index_text {
    uint64_t word;
    unsigned n;
} index_text;

static index_text index_of(size_t index)
{
    char digits[SAC__NUMERAL_MAX] = {0};
    const char *end = sac__numeral_print_int(digits, (int64_t)index);

    return (index_text){sac__wire_get64(digits), (unsigned)(end - digits)};
}

/* The next index; one in ten has more to change than its last digit. */
static inline index_text next_of(index_text text, size_t next)
{
    const unsigned last = 8 * (text.n - 1);

    if (text.n > 8 || (text.word >> last & 15) == 9)
        return index_of(next);
    text.word += (uint64_t)1 << last;
    return text;
}

/* Writes the key of an element. */
static inline char *put_index(char *w, index_text text, size_t index)
{
    if (text.n > 8)
        w = sac__numeral_print_int(w, (int64_t)index);
    else
        sac__wire_put64(w, text.word);
    if (text.n <= 8)
        w += text.n;
    *w++ = '\0';
    return w;
}

static sac__cursor read_elements(sac__decoder *d, sac__cursor c, sac__place *at)
{
    index_text key = {'0', 1};

    c.p = sac__scan_blanks(c.p, d->end);
    if (is_at(d, c.p, ']')) {
        c.p++;
        return c;
    }
    for (;;) {
        c = begin_element(d, c, at);
        if (!c.p)
            return c;
        c.w = put_index(c.w, key, at->index);
        c = sac__decoder_value(d, c, at);
        if (!c.p)
            return c;
        c.p = sac__scan_blanks(c.p, d->end);
        if (!is_at(d, c.p, ','))
            break;
        c.p++;
        key = next_of(key, ++at->index);
    }
    if (!is_at(d, c.p, ']'))
        return sac__decoder_stop(d, SAC_ESYNTAX, c.p, "expected \",\" or \"]\"");
    c.p++;
    return c;
}

static sac__cursor read_array(sac__decoder *d, sac__cursor c, const sac__place *at)
{
    sac__place inner = {.up = at, .depth = at->depth + 1, .in_array = true};
    size_t begin;

    if (inner.depth > d->max_depth)
        return sac__decoder_stop(d, SAC_ELIMIT, c.p, "nested too deep");
    if (!sac__decoder_takes(at->field, SAC_ARRAY)) {
        const int rc = sac__decoder_misfit(d, SAC__JSON_WRONG_TYPE, at);

        if (rc != SAC_OK)
            return sac__decoder_quit(d, rc);
    } else if (at->field) {
        inner.field = at->field->item;
    }
    *at->head = SAC_BSON_ARRAY;
    begin = open_doc(d, &c);
    c.p++;
    c = read_elements(d, c, &inner);
    return c.p ? close_doc(d, c, begin) : c;
}

sac__cursor sac__decoder_value(sac__decoder *d, sac__cursor c, const sac__place *at)
{
    c.p = sac__scan_blanks(c.p, d->end);
    switch (c.p < d->end ? *c.p : '\0') {
    case '"': return read_string(d, c, at);
    case '{': return read_object(d, c, at);
    case '[': return read_array(d, c, at);
    case 't': return read_word(d, c, at, sac_str_n("true", 4));
    case 'f': return read_word(d, c, at, sac_str_n("false", 5));
    case 'n': return read_word(d, c, at, sac_str_n("null", 4));
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return read_number(d, c, at);
    default: return sac__decoder_stop(d, SAC_ESYNTAX, c.p, "expected a value");
    }
}

/* An object that is being read. */
typedef struct object {
    const sac__plan *plan;
    size_t hint;
    sac__place at; /* of its current member */
    sac__key_level keys;
} object;

/* Whether nothing can be wrong with a key: what is forbidden and begins otherwise has 9 letters. */
static inline bool is_ordinary(sac_str key)
{
    return key.n > 0 && key.n != 9 && key.p[0] != '$' && !sac__scan_has(key.p, key.n, '.');
}

/* `quote` is where the key begins in the text. */
static int check_key(sac__decoder *d, object *o, const char *quote)
{
    const sac_str key = o->at.shown;
    const char *why;
    int rc;

    if (key.n > 0 && key.p[0] == '$' && sac__extended_is_key(key))
        return sac__decoder_fail(d, SAC_ESYNTAX, quote,
                                 d->how->flags & SAC_JSON_KEY_RULES
                                     ? "bad key: Extended JSON out of place"
                                     : "malformed Extended JSON");
    if (!(d->how->flags & SAC_JSON_KEY_RULES))
        return SAC_OK;
    why = is_ordinary(key) ? NULL : sac__decoder_bad_key(d, &o->at);
    if (why)
        return sac__decoder_fail(d, SAC_ESYNTAX, quote, why);
    rc = sac__keys_add(&d->keys, &o->keys, key);
    if (rc == 0)
        return sac__decoder_fail(d, SAC_ESYNTAX, quote, "bad key: duplicate");
    return rc < 0 ? rc : SAC_OK;
}

/* A key that is near the text's end, or written with escapes; from its quote on. */
static sac__cursor copy_hard_key(sac__decoder *d, sac__cursor c, sac_str *key)
{
    sac__token token;
    int rc;

    d->p = c.p;
    rc = sac__lex_string(d, &token);
    if (rc != SAC_OK)
        return sac__decoder_quit(d, rc);
    if (token.nul)
        return sac__decoder_stop(d, SAC_ESYNTAX, c.p, "bad key: has a NUL");
    *key = sac__lex_keep(d, &token);
    if (!key->p)
        return sac__decoder_quit(d, SAC_ENOMEM);
    c.w = sac__decoder_need(d, c.w, key->n);
    if (!c.w)
        return sac__decoder_quit(d, d->code);
    memcpy(c.w, key->p, key->n);
    c.w += key->n;
    c.p = d->p;
    return c;
}

/* Copies a key from its quote on; leaves it in *key too. */
static inline sac__cursor copy_key(sac__decoder *d, sac__cursor c, sac_str *key)
{
    sac__cursor at = {c.p + 1, c.w};

    while (d->end - at.p >= SAC__SCAN && at.w <= d->limit) {
        const size_t n = sac__scan_copy(at.w, at.p);

        if (n == SAC__SCAN) {
            at.p += SAC__SCAN;
            at.w += SAC__SCAN;
            continue;
        }
        at.p += n;
        at.w += n;
        if (*at.p != '"')
            break;
        *key = sac_str_n(c.p + 1, (size_t)(at.p - c.p) - 1);
        at.p++;
        return at;
    }
    return copy_hard_key(d, c, key);
}

/* Reads a key and its colon, and writes the key as it stands. */
static inline sac__cursor read_key(sac__decoder *d, sac__cursor c, object *o)
{
    const char *quote;
    int rc;

    c.p = sac__scan_blanks(c.p, d->end);
    if (!is_at(d, c.p, '"'))
        return sac__decoder_stop(d, SAC_ESYNTAX, c.p, "expected a key");
    quote = c.p;
    c = copy_key(d, c, &o->at.shown);
    if (!c.p)
        return c;
    *c.w++ = '\0';
    rc = check_key(d, o, quote);
    if (rc != SAC_OK)
        return sac__decoder_quit(d, rc);
    c.p = sac__scan_blanks(c.p, d->end);
    if (!is_at(d, c.p, ':'))
        return sac__decoder_stop(d, SAC_ESYNTAX, c.p, "expected \":\"");
    c.p++;
    return c;
}

/* Reads a value for its syntax's sake. */
static sac__cursor skip_value(sac__decoder *d, sac__cursor c, object *o)
{
    const size_t before = (size_t)(o->at.head - d->base);

    c = sac__decoder_value(d, c, &o->at);
    c.w = d->base + before;
    return c;
}

/* The value of a member that a plan is asked about. */
static sac__cursor read_planned(sac__decoder *d, sac__cursor c, object *o)
{
    sac__place *at = &o->at;
    const sac__plan_field *field = sac__plan_shown(o->plan, at->shown, &o->hint);
    size_t hint = 0;

    at->field = NULL;
    /* Where another field is stored under this name it cannot be written as such. */
    if (!field && (!o->plan->open || sac__plan_stored(o->plan, at->shown, &hint))) {
        const int rc = sac__decoder_misfit(d, SAC__JSON_UNKNOWN_FIELD, at);

        return rc ? sac__decoder_quit(d, rc) : skip_value(d, c, o);
    }
    if (field && (field->flags & SAC__PLAN_COMPUTED))
        return skip_value(d, c, o);
    if (field && field->name.p != field->shown.p) {
        const size_t begin = (size_t)(at->head - d->base);

        c.w = sac__decoder_need(d, at->head + 1, field->name.n);
        if (!c.w)
            return sac__decoder_quit(d, d->code);
        at->head = d->base + begin;
        memcpy(c.w, field->name.p, field->name.n);
        c.w += field->name.n;
        *c.w++ = '\0';
    }
    at->field = field;
    return sac__decoder_value(d, c, at);
}

static inline sac__cursor read_member(sac__decoder *d, sac__cursor c, object *o)
{
    c = begin_element(d, c, &o->at);
    if (c.p)
        c = read_key(d, c, o);
    if (!c.p)
        return c;
    /* A long key may have moved the document. */
    o->at.head = c.w - o->at.shown.n - 2;
    if (o->plan)
        return read_planned(d, c, o);
    /* What values mostly are, without a call. */
    if (is_at(d, c.p, '"'))
        return read_string(d, c, &o->at);
    return sac__decoder_value(d, c, &o->at);
}

static sac__cursor read_members(sac__decoder *d, sac__cursor c, object *o)
{
    c.p = sac__scan_blanks(c.p, d->end);
    if (is_at(d, c.p, '}')) {
        c.p++;
        return c;
    }
    for (;;) {
        c = read_member(d, c, o);
        if (!c.p)
            return c;
        c.p = sac__scan_blanks(c.p, d->end);
        if (!is_at(d, c.p, ','))
            break;
        c.p++;
    }
    if (!is_at(d, c.p, '}'))
        return sac__decoder_stop(d, SAC_ESYNTAX, c.p, "expected \",\" or \"}\"");
    c.p++;
    return c;
}

sac__cursor sac__decoder_members(sac__decoder *d, sac__cursor c, const sac__plan *plan,
                                 const sac__place *up, unsigned depth)
{
    object o;

    if (depth > d->max_depth)
        return sac__decoder_stop(d, SAC_ELIMIT, c.p, "nested too deep");
    o.plan = plan;
    o.hint = 0;
    o.at = (sac__place){.up = up, .depth = depth};
    if (!(d->how->flags & SAC_JSON_KEY_RULES))
        return read_members(d, c, &o);
    sac__keys_begin(&d->keys, &o.keys);
    c = read_members(d, c, &o);
    sac__keys_end(&d->keys, &o.keys);
    return c;
}

/* SPDX-License-Identifier: MIT */
#include "json/encode.h"

#include "bson/wire.h"
#include "json/encoder.h"
#include "json/escape.h"
#include "json/numeral.h"
#include "json/text.h"

/* The largest integer that a JavaScript number holds without a neighbour: 2^53 - 1. */
#define SAFE_INTEGER INT64_C(9007199254740991)

/* A document or array that is being written. */
typedef struct level {
    const char *p, *end;          /* what is left of its elements */
    const sac__plan *plan;        /* of a document, or NULL */
    const sac__plan_field *items; /* of an array, or NULL */
    size_t hint;
    unsigned depth;
    bool array, empty;
    sac__key_level keys;
} level;

/* An element that has been looked at. */
typedef struct element {
    uint8_t type;
    bool clean; /* the key needs no escapes */
    sac_str key;
    const char *value;
    const sac__plan_field *field;
} element;

static int put_value(sac__encoder *x, level *at, const element *e);

int sac__encoder_corrupt(sac__encoder *x, const char *at)
{
    x->bad = at;
    return SAC_ECORRUPT;
}

static int put_escaped(sac__encoder *x, sac_str s, const char *readable)
{
    const char *bad;

    if (sac__emit_escaped(&x->emit, s, readable, x->escape, &bad))
        return SAC_OK;
    return bad ? sac__encoder_corrupt(x, bad) : x->emit.error;
}

static int put_char(sac__encoder *x, char c)
{
    if (!sac__emit_room(&x->emit, 1))
        return x->emit.error;
    *x->emit.w++ = c;
    return SAC_OK;
}

int sac__encoder_string(sac__encoder *x, sac_str s)
{
    int rc = put_char(x, '"');

    if (rc == SAC_OK)
        rc = put_escaped(x, s, x->readable);
    return rc ? rc : put_char(x, '"');
}

static int put_indent(sac__encoder *x, unsigned depth)
{
    if (!sac__emit_room(&x->emit, 1 + 2 * (size_t)depth))
        return x->emit.error;
    *x->emit.w++ = '\n';
    memset(x->emit.w, ' ', 2 * (size_t)depth);
    x->emit.w += 2 * (size_t)depth;
    return SAC_OK;
}

/* The type and key that stand at at->p. */
static bool read_head(const sac__encoder *x, const level *at, element *e)
{
    const char *key = at->p + 1;
    const char *nul;

    e->type = (uint8_t)*at->p;
    if (x->readable - key >= SAC__STEP) {
        const size_t n = sac__escape_step(key);

        if (n < SAC__STEP && key[n] == '\0') {
            e->key = sac_str_n(key, n);
            e->clean = true;
            e->value = key + n + 1;
            return e->value <= at->end;
        }
    }
    nul = memchr(key, 0, (size_t)(at->end - key));
    e->key = sac_str_n(key, nul ? (size_t)(nul - key) : 0);
    e->clean = false;
    e->value = nul ? nul + 1 : NULL;
    return nul != NULL;
}

/* Whether an element is shown: 1, 0, or an error. Sets its field. */
static int choose(sac__encoder *x, level *at, element *e)
{
    if (at->plan) {
        e->field = sac__plan_stored(at->plan, e->key, &at->hint);
        if (e->field ? e->field->flags & (SAC__PLAN_HIDDEN | SAC__PLAN_COMPUTED) : !at->plan->open)
            return 0;
        if (!e->field) {
            size_t hint = 0;

            /* Another field is shown under this name. */
            if (sac__plan_shown(at->plan, e->key, &hint))
                return 0;
        }
    }
    return sac__keys_add(&x->keys, &at->keys, e->key);
}

static int put_slow_key(sac__encoder *x, sac_str key, const char *readable)
{
    int rc = put_char(x, '"');

    if (rc == SAC_OK)
        rc = put_escaped(x, key, readable);
    if (rc != SAC_OK || !sac__emit_room(&x->emit, 3))
        return rc ? rc : x->emit.error;
    x->emit.w[0] = '"';
    x->emit.w[1] = ':';
    x->emit.w[2] = ' ';
    x->emit.w += x->how->flags & SAC_JSON_PRETTY ? 3 : 2;
    return SAC_OK;
}

static int put_key(sac__encoder *x, const element *e)
{
    const sac__plan_field *field = e->field;
    char *w;

    if (field && !sac_str_eq(field->shown, e->key))
        return put_slow_key(x, field->shown, field->shown.p + field->shown.n);
    if (!e->clean || (x->escape & SAC__ESCAPE_HTML) || (x->how->flags & SAC_JSON_PRETTY))
        return put_slow_key(x, e->key, x->readable);
    if (!sac__emit_room(&x->emit, SAC__STEP + 3))
        return x->emit.error;
    w = x->emit.w;
    *w++ = '"';
    memcpy(w, e->key.p, SAC__STEP);
    w += e->key.n;
    w[0] = '"';
    w[1] = ':';
    x->emit.w = w + 2;
    return SAC_OK;
}

static int put_separator(sac__encoder *x, level *at)
{
    const int rc = at->empty ? SAC_OK : put_char(x, ',');

    at->empty = false;
    if (x->how->flags & SAC_JSON_PRETTY)
        return rc ? rc : put_indent(x, at->depth);
    return rc;
}

/* Leaves an element out; its framing is checked nevertheless. */
static int skip_value(sac__encoder *x, level *at, const element *e)
{
    size_t size;

    if (!sac__wire_size(e->type, e->value, (size_t)(at->end - e->value), &size))
        return sac__encoder_corrupt(x, e->value);
    at->p = e->value + size;
    return SAC_OK;
}

static int put_element(sac__encoder *x, level *at)
{
    element e = {.field = at->items};
    int rc;

    if (!read_head(x, at, &e))
        return sac__encoder_corrupt(x, at->p);
    if (!at->array) {
        rc = choose(x, at, &e);
        if (rc <= 0)
            return rc ? rc : skip_value(x, at, &e);
    }
    rc = put_separator(x, at);
    if (rc == SAC_OK && !at->array)
        rc = put_key(x, &e);
    return rc ? rc : put_value(x, at, &e);
}

static int put_computed(sac__encoder *x, level *at, sac_str doc)
{
    for (size_t i = 0; i < at->plan->n; i++) {
        const element e = {.field = &at->plan->fields[i]};
        int rc;

        if (!(e.field->flags & SAC__PLAN_COMPUTED) || (e.field->flags & SAC__PLAN_HIDDEN))
            continue;
        rc = put_separator(x, at);
        if (rc == SAC_OK)
            rc = put_slow_key(x, e.field->shown, e.field->shown.p + e.field->shown.n);
        if (rc == SAC_OK)
            rc = sac__emit_commit(&x->emit);
        if (rc == SAC_OK)
            rc = x->how->compute(x->how->self, e.field, doc, x->emit.out);
        if (rc == SAC_OK)
            rc = x->emit.out->error;
        if (rc != SAC_OK)
            return rc;
    }
    return SAC_OK;
}

static int put_elements(sac__encoder *x, level *at, sac_str doc)
{
    int rc = put_char(x, at->array ? '[' : '{');

    while (rc == SAC_OK && at->p < at->end)
        rc = put_element(x, at);
    if (rc == SAC_OK && at->depth == 1 && at->plan && at->plan->computed && x->how->compute)
        rc = put_computed(x, at, doc);
    if (rc == SAC_OK && (x->how->flags & SAC_JSON_PRETTY) && !at->empty)
        rc = put_indent(x, at->depth - 1);
    return rc ? rc : put_char(x, at->array ? ']' : '}');
}

static bool open_level(level *at, sac_str doc, unsigned depth)
{
    if (!sac__wire_is_doc(doc))
        return false;
    at->p = doc.p + 4;
    at->end = doc.p + doc.n - 1;
    at->hint = 0;
    at->depth = depth;
    at->empty = true;
    return true;
}

int sac__encoder_document(sac__encoder *x, sac_str doc, const sac__plan_field *field,
                          unsigned depth)
{
    level at;
    int rc;

    if (!open_level(&at, doc, depth))
        return sac__encoder_corrupt(x, doc.p);
    if (depth > x->max_depth)
        return SAC_ELIMIT;
    /* A document where an array of them is declared hides what its elements would. */
    while (field && field->item)
        field = field->item;
    at.plan = depth == 1 ? x->how->plan : field ? field->plan : NULL;
    at.items = NULL;
    at.array = false;
    sac__keys_begin(&x->keys, &at.keys);
    rc = put_elements(x, &at, doc);
    sac__keys_end(&x->keys, &at.keys);
    return rc;
}

static int put_array(sac__encoder *x, sac_str doc, const sac__plan_field *field, unsigned depth)
{
    level at;

    if (!open_level(&at, doc, depth))
        return sac__encoder_corrupt(x, doc.p);
    if (depth > x->max_depth)
        return SAC_ELIMIT;
    at.plan = NULL;
    at.items = field && field->item ? field->item : field;
    at.array = true;
    return put_elements(x, &at, doc);
}

static int put_nested(sac__encoder *x, level *at, const element *e)
{
    const size_t left = (size_t)(at->end - e->value);
    sac_str doc;

    if (left < 5 || sac__wire_get32(e->value) > left)
        return sac__encoder_corrupt(x, e->value);
    doc = sac_str_n(e->value, sac__wire_get32(e->value));
    at->p = doc.p + doc.n;
    if (e->type == SAC_BSON_ARRAY)
        return put_array(x, doc, e->field, at->depth + 1);
    return sac__encoder_document(x, doc, e->field, at->depth + 1);
}

static int put_string(sac__encoder *x, level *at, const element *e)
{
    const size_t left = (size_t)(at->end - e->value);
    sac_str s;

    if (left < 5)
        return sac__encoder_corrupt(x, e->value);
    s = sac_str_n(e->value + 4, (size_t)sac__wire_get32(e->value) - 1);
    if (s.n > left - 5 || s.p[s.n] != '\0')
        return sac__encoder_corrupt(x, e->value);
    at->p = s.p + s.n + 1;
    return sac__encoder_string(x, s);
}

static char *print_quoted(char *w, int64_t value)
{
    *w++ = '"';
    w = sac__numeral_print_int(w, value);
    *w++ = '"';
    return w;
}

/* Values of the plain dialect that have a size of their own; false: none of these. */
static bool put_plain(sac__encoder *x, const element *e)
{
    const unsigned flags = x->how->flags;
    const char *p = e->value;
    char *w = x->emit.w;
    int64_t n;

    switch (e->type) {
    case SAC_BSON_DOUBLE: {
        const double value = sac__wire_get_double(p);

        if (value - value != 0) {
            sac__emit_text(&x->emit, "null");
            return true;
        }
        w = sac__numeral_print_double(w, value, false);
        break;
    }
    case SAC_BSON_INT32: w = sac__numeral_print_int(w, (int32_t)sac__wire_get32(p)); break;
    case SAC_BSON_INT64:
        n = (int64_t)sac__wire_get64(p);
        if ((flags & SAC_JSON_INT64_STRING) || n > SAFE_INTEGER || n < -SAFE_INTEGER)
            w = print_quoted(w, n);
        else
            w = sac__numeral_print_int(w, n);
        break;
    case SAC_BSON_OBJECTID:
        *w = '"';
        w = sac__text_print_hex(w + 1, p, 12);
        *w++ = '"';
        break;
    case SAC_BSON_DATE:
        n = (int64_t)sac__wire_get64(p);
        if (flags & SAC_JSON_EPOCH_DATES) {
            w = n > SAFE_INTEGER || n < -SAFE_INTEGER ? print_quoted(w, n)
                                                      : sac__numeral_print_int(w, n);
            break;
        }
        return false;
    default: return false;
    }
    x->emit.w = w;
    return true;
}

static int put_scalar(sac__encoder *x, level *at, const element *e)
{
    size_t size;

    if (!sac__wire_size(e->type, e->value, (size_t)(at->end - e->value), &size))
        return sac__encoder_corrupt(x, e->value);
    at->p = e->value + size;
    if (!sac__emit_room(&x->emit, SAC__ENCODER_SCALAR))
        return x->emit.error;
    switch (e->type) {
    case SAC_BSON_BOOL: sac__emit_text(&x->emit, *e->value ? "true" : "false"); return SAC_OK;
    case SAC_BSON_NULL: sac__emit_text(&x->emit, "null"); return SAC_OK;
    case SAC_BSON_INT32:
    case SAC_BSON_INT64:
        if (x->how->dialect == SAC_JSON_RELAXED) {
            const int64_t n = e->type == SAC_BSON_INT32 ? (int32_t)sac__wire_get32(e->value)
                                                        : (int64_t)sac__wire_get64(e->value);

            x->emit.w = sac__numeral_print_int(x->emit.w, n);
            return SAC_OK;
        }
        break;
    default: break;
    }
    if (x->how->dialect == SAC_JSON_PLAIN && put_plain(x, e))
        return SAC_OK;
    return sac__encoder_form(x, (sac_value){e->type, sac_str_n(e->value, size)}, at->depth + 1);
}

static int put_value(sac__encoder *x, level *at, const element *e)
{
    switch (e->type) {
    case SAC_BSON_STRING: return put_string(x, at, e);
    case SAC_BSON_DOCUMENT:
    case SAC_BSON_ARRAY: return put_nested(x, at, e);
    default: return put_scalar(x, at, e);
    }
}

void sac__encoder_init(sac__encoder *x, const sac__json_encoding *how, const sac_alloc *alloc)
{
    x->how = how;
    x->escape = (how->flags & SAC_JSON_HTML ? SAC__ESCAPE_HTML : 0) |
                (how->flags & SAC_JSON_REPAIR ? SAC__ESCAPE_REPAIR : 0);
    x->max_depth = how->max_depth ? how->max_depth : SAC_BSON_DEPTH;
    x->bad = NULL;
    sac__keys_init(&x->keys, alloc);
}

static int report(const sac__encoder *x, int rc, sac_err *err)
{
    switch (rc) {
    case SAC_OK: break;
    case SAC_ECORRUPT:
        sac_err_set(err, rc, "damaged BSON at byte %zu", (size_t)(x->bad - x->start));
        if (err)
            err->pos = (size_t)(x->bad - x->start);
        break;
    case SAC_ELIMIT: sac_err_set(err, rc, "BSON nested more than %u levels", x->max_depth); break;
    default: sac_err_set(err, rc, "JSON: %s", sac_err_text(rc)); break;
    }
    return rc;
}

int sac__encoder_run(sac__encoder *x, sac_str doc, sac_err *err)
{
    int rc;

    x->start = doc.p;
    x->readable = doc.p + doc.n;
    rc = sac__encoder_document(x, doc, NULL, 1);
    return report(x, rc ? rc : sac__emit_commit(&x->emit), err);
}

int sac__json_encode(const sac__json_encoding *encoding, sac_str doc, sac__buf *out, sac_err *err)
{
    const size_t before = out->n;
    sac__encoder x;
    int rc;

    sac__encoder_init(&x, encoding, out->alloc);
    sac__emit_to_buf(&x.emit, out);
    rc = sac__encoder_run(&x, doc, err);
    if (rc != SAC_OK)
        out->n = before;
    return rc;
}

int sac__json_encode_value(const sac__json_encoding *encoding, const sac_value *value,
                           sac__buf *out, sac_err *err)
{
    const size_t before = out->n;
    const element e = {.type = value->type, .value = value->raw.p};
    level at = {.end = value->raw.p + value->raw.n, .array = true, .depth = 1};
    sac__encoder x;
    int rc;

    if (value->type == SAC_BSON_MISSING)
        return sac_err_set(err, SAC_EINVAL, "no value to encode");
    sac__encoder_init(&x, encoding, out->alloc);
    sac__emit_to_buf(&x.emit, out);
    x.start = value->raw.p;
    x.readable = at.end;
    rc = put_value(&x, &at, &e);
    rc = report(&x, rc ? rc : sac__emit_commit(&x.emit), err);
    if (rc != SAC_OK)
        out->n = before;
    return rc;
}

void sac__json_encode_str(sac__buf *out, sac_str s)
{
    const sac__json_encoding how = {.flags = SAC_JSON_REPAIR};
    sac__encoder x;

    sac__encoder_init(&x, &how, out->alloc);
    sac__emit_to_buf(&x.emit, out);
    x.readable = s.p + s.n;
    if (sac__encoder_string(&x, s) == SAC_OK && sac__emit_commit(&x.emit) == SAC_OK)
        return;
    if (!out->error)
        out->error = x.emit.error;
}

void sac__json_encode_double(sac__buf *out, double value)
{
    char text[SAC__NUMERAL_MAX];

    if (value - value == 0)
        sac__buf_add(out, text, (size_t)(sac__numeral_print_double(text, value, false) - text));
    else
        sac__buf_add_text(out, "null");
}

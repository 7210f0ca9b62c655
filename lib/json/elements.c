/* SPDX-License-Identifier: MIT */
#include "json/encoder.h"

#include "bson/wire.h"
#include "json/escape.h"
#include "json/number/numeral.h"
#include "json/text.h"

/* The largest integer that a JavaScript number holds without a neighbour: 2^53 - 1. */
#define SAFE_INTEGER INT64_C(9007199254740991)

/* Room for a key that is ready, what stands around it, and a scalar. */
#define ELEMENT (SAC__ENCODER_SCALAR + 64)

/* Fields that are compared with a key before the plan's table is asked. */
#define NEAR 4

/*
 * Where the encoder reads and writes. It travels in two registers: kept in the
 * encoder, both would be stored and loaded again for each value. `w` is NULL
 * after an error, which is then in the encoder.
 */
typedef struct cursor {
    const char *p;
    char *w;
} cursor;

/* A document or array that is being written. */
typedef struct level {
    const char *end;              /* of its elements */
    const sac__plan *plan;        /* of a document, or NULL */
    const sac__plan_field *items; /* of an array, or NULL */
    size_t hint, ready;           /* where to look in plan->keys, and how many there are */
    uint64_t seen;                /* which of the first fields were there */
    unsigned depth;
    bool array, empty;
    sac__key_level keys; /* which other keys were there */
} level;

/* An element that has been looked at. */
typedef struct element {
    bool clean; /* the key needs no escapes, and 16 bytes of it can be read */
    sac_str key;
    const char *value;
    const sac__plan_field *field;
} element;

static cursor put_nested(sac__encoder *x, const level *at, cursor c, uint8_t type,
                         const sac__plan_field *field);

int sac__encoder_corrupt(sac__encoder *x, const char *at)
{
    x->bad = at;
    return SAC_ECORRUPT;
}

static cursor fail(sac__encoder *x, int error)
{
    x->error = error;
    return (cursor){NULL, NULL};
}

static cursor corrupt(sac__encoder *x, const char *at)
{
    return fail(x, sac__encoder_corrupt(x, at));
}

/* After a NULL of sac__emit_escaped() or sac__emit_need(). */
static int why_not(sac__encoder *x)
{
    return x->emit.error ? x->emit.error : sac__encoder_corrupt(x, x->emit.bad);
}

/* A string with its quotes, from where one byte is free; room for SAC__STEP - 1 is left. */
static char *put_quoted(sac__encoder *x, char *w, sac_str s)
{
    *w++ = '"';
    w = sac__emit_escaped(&x->emit, w, s);
    if (w)
        *w++ = '"';
    return w;
}

int sac__encoder_string(sac__encoder *x, sac_str s)
{
    char *w;

    if (!sac__emit_room(&x->emit, 1))
        return x->emit.error;
    w = put_quoted(x, x->emit.w, s);
    if (!w)
        return why_not(x);
    x->emit.w = w;
    return SAC_OK;
}

static cursor put_string(sac__encoder *x, const level *at, cursor c)
{
    const size_t left = (size_t)(at->end - c.p);
    sac_str s;

    if (left < 5)
        return corrupt(x, c.p);
    s = sac_str_n(c.p + 4, (size_t)sac__wire_get32(c.p) - 1);
    if (s.n > left - 5 || s.p[s.n] != '\0')
        return corrupt(x, c.p);
    c.w = put_quoted(x, c.w, s);
    return c.w ? (cursor){s.p + s.n + 1, c.w} : fail(x, why_not(x));
}

/* A value that put_value() does not write itself, or that is cut off. */
static cursor put_other(sac__encoder *x, const level *at, cursor c, uint8_t type)
{
    size_t size;
    int rc;

    if (!sac__wire_size(type, c.p, (size_t)(at->end - c.p), &size))
        return corrupt(x, c.p);
    if (x->how->dialect == SAC_JSON_RELAXED && type == SAC_BSON_INT32)
        return (cursor){c.p + size, sac__numeral_print_int(c.w, (int32_t)sac__wire_get32(c.p))};
    if (x->how->dialect == SAC_JSON_RELAXED && type == SAC_BSON_INT64)
        return (cursor){c.p + size, sac__numeral_print_int(c.w, (int64_t)sac__wire_get64(c.p))};
    x->emit.w = c.w;
    rc = sac__encoder_form(x, (sac_value){type, sac_str_n(c.p, size)}, at->depth + 1);
    return rc ? fail(x, rc) : (cursor){c.p + size, x->emit.w};
}

static char *print_int(char *w, int64_t n, bool quoted)
{
    if (!quoted && n <= SAFE_INTEGER && n >= -SAFE_INTEGER)
        return sac__numeral_print_int(w, n);
    *w++ = '"';
    w = sac__numeral_print_int(w, n);
    *w++ = '"';
    return w;
}

static char *print_double(char *w, double value)
{
    if (value - value == 0)
        return sac__numeral_print_double(w, value, false);
    memcpy(w, "null", 4);
    return w + 4;
}

static char *print_date(char *w, int64_t ms)
{
    *w++ = '"';
    w = sac__text_print_date(w, ms);
    *w++ = '"';
    return w;
}

static char *print_oid(char *w, const char *bytes)
{
    *w++ = '"';
    w = sac__text_print_hex(w, bytes, sizeof(sac_oid));
    *w++ = '"';
    return w;
}

static cursor put_int64(const sac__encoder *x, cursor c)
{
    const int64_t n = (int64_t)sac__wire_get64(c.p);

    return (cursor){c.p + 8, print_int(c.w, n, x->how->flags & SAC_JSON_INT64_STRING)};
}

static cursor put_date(sac__encoder *x, const level *at, cursor c)
{
    const int64_t n = (int64_t)sac__wire_get64(c.p);

    if (x->how->flags & SAC_JSON_EPOCH_DATES)
        return (cursor){c.p + 8, print_int(c.w, n, false)};
    if (n >= SAC__TEXT_YEAR_0 && n < SAC__TEXT_YEAR_10000)
        return (cursor){c.p + 8, print_date(c.w, n)};
    return put_other(x, at, c, SAC_BSON_DATE);
}

/*
 * A value, from where SAC__ENCODER_SCALAR bytes are free. Inside the loops, so
 * that the processor learns for each of them which type comes after which.
 */
static inline cursor put_value(sac__encoder *x, const level *at, cursor c, uint8_t type,
                               const sac__plan_field *field)
{
    const size_t left = x->plain ? (size_t)(at->end - c.p) : 0;

    switch (type) {
    case SAC_BSON_STRING: return put_string(x, at, c);
    case SAC_BSON_DOCUMENT:
    case SAC_BSON_ARRAY: return put_nested(x, at, c, type, field);
    case SAC_BSON_NULL: memcpy(c.w, "null", 4); return (cursor){c.p, c.w + 4};
    case SAC_BSON_BOOL:
        if (c.p == at->end || (unsigned char)*c.p > 1)
            break;
        memcpy(c.w, *c.p ? "true " : "false", 5);
        return (cursor){c.p + 1, c.w + (*c.p ? 4 : 5)};
    case SAC_BSON_INT32:
        if (left < 4)
            break;
        return (cursor){c.p + 4, sac__numeral_print_int(c.w, (int32_t)sac__wire_get32(c.p))};
    case SAC_BSON_DOUBLE:
        if (left < 8)
            break;
        return (cursor){c.p + 8, print_double(c.w, sac__wire_get_double(c.p))};
    case SAC_BSON_INT64: return left < 8 ? put_other(x, at, c, type) : put_int64(x, c);
    case SAC_BSON_DATE: return left < 8 ? put_other(x, at, c, type) : put_date(x, at, c);
    case SAC_BSON_OBJECTID:
        if (left < sizeof(sac_oid))
            break;
        return (cursor){c.p + sizeof(sac_oid), print_oid(c.w, c.p)};
    default: break;
    }
    return put_other(x, at, c, type);
}

/* A new line for what stands `depth` levels deep. */
static char *put_indent(sac__encoder *x, char *w, unsigned depth)
{
    w = sac__emit_need(&x->emit, w, ELEMENT);
    if (w)
        *w++ = '\n';
    for (unsigned i = 0; i < depth && w; i++) {
        w = sac__emit_need(&x->emit, w, ELEMENT);
        if (w) {
            memcpy(w, "  ", 2);
            w += 2;
        }
    }
    return w;
}

/* Where 16 bytes from p on can be loaded; behind the document's end they are 0. */
static inline const char *step_at(const sac__encoder *x, const char *p)
{
    const size_t left = (size_t)(x->emit.readable - p);

    return left >= SAC__STEP ? p : x->tail + SAC__STEP - left;
}

/* The key at p. */
static bool read_key(const sac__encoder *x, const level *at, const char *key, element *e)
{
    const char *nul;

    if (x->emit.readable - key >= SAC__STEP) {
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

/* Whether a key is new in its document: 1, 0, or an error. */
static int add_key(sac__encoder *x, level *at, const element *e)
{
    const size_t i = e->field ? (size_t)(e->field - at->plan->fields) : SAC__PLAN_KEYS;
    const bool fresh = i >= SAC__PLAN_KEYS || !(at->seen >> i & 1);

    if (i >= SAC__PLAN_KEYS)
        return sac__keys_add(&x->keys, &at->keys, e->key);
    at->seen |= (uint64_t)1 << i;
    return fresh;
}

/* Whether an element is shown: 1, 0, or an error. */
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
    return add_key(x, at, e);
}

static char *put_slow_key(sac__encoder *x, char *w, sac_str key, const char *readable)
{
    const char *const whole = x->emit.readable;

    x->emit.readable = readable;
    w = put_quoted(x, w, key);
    x->emit.readable = whole;
    if (!w)
        return NULL;
    w[0] = ':';
    w[1] = ' ';
    return sac__emit_need(&x->emit, w + (x->how->flags & SAC_JSON_PRETTY ? 2 : 1), ELEMENT);
}

static char *put_key(sac__encoder *x, char *w, const element *e)
{
    const sac__plan_field *field = e->field;

    if (field && !sac_str_eq(field->shown, e->key))
        return put_slow_key(x, w, field->shown, field->shown.p + field->shown.n);
    if (!e->clean || !x->dense)
        return put_slow_key(x, w, e->key, x->emit.readable);
    *w++ = '"';
    memcpy(w, e->key.p, SAC__STEP);
    memcpy(w + e->key.n, "\":", 2);
    return w + e->key.n + 2;
}

static char *put_separator(sac__encoder *x, level *at, char *w)
{
    if (!at->empty)
        *w++ = ',';
    at->empty = false;
    return x->how->flags & SAC_JSON_PRETTY ? put_indent(x, w, at->depth) : w;
}

/* Leaves an element out; its framing is checked. */
static cursor skip_value(sac__encoder *x, const level *at, cursor c, uint8_t type)
{
    size_t size;

    if (!sac__wire_size(type, c.p, (size_t)(at->end - c.p), &size))
        return corrupt(x, c.p);
    return (cursor){c.p + size, c.w};
}

/* A member whose key is not the one expected. */
static cursor put_other_member(sac__encoder *x, level *at, cursor c)
{
    const uint8_t type = (uint8_t)*c.p;
    element e = {.field = NULL};
    int shown;

    if (!read_key(x, at, c.p + 1, &e))
        return corrupt(x, c.p);
    c.p = e.value;
    shown = choose(x, at, &e);
    if (shown <= 0)
        return shown ? fail(x, shown) : skip_value(x, at, c, type);
    c.w = put_separator(x, at, c.w);
    if (c.w)
        c.w = put_key(x, c.w, &e);
    return c.w ? put_value(x, at, c, type, e.field) : fail(x, why_not(x));
}

static inline bool is_key(const sac__plan_key *key, const char *step)
{
#ifdef __SSE2__
    const __m128i name = _mm_loadu_si128((const __m128i *)(const void *)key->name);
    const __m128i here = _mm_loadu_si128((const __m128i *)(const void *)step);

    return (key->bits & ~(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(name, here))) == 0;
#else
    return key->bits >> SAC__STEP == 0 && memcmp(key->name, step, key->name_n + 1U) == 0;
#endif
}

/* The field of the plan that the key at p belongs to, if it is near and was not here before. */
static inline const sac__plan_key *near_key(const sac__encoder *x, level *at, const char *p)
{
    const char *const step = step_at(x, p);

    for (size_t i = at->hint; i < at->ready && i < at->hint + NEAR; i++) {
        const sac__plan_key *key = &at->plan->keys[i];

        if (!is_key(key, step))
            continue;
        if ((at->seen >> i & 1) || at->end - p <= key->name_n)
            return NULL;
        at->seen |= (uint64_t)1 << i;
        at->hint = i + 1;
        return key;
    }
    return NULL;
}

static inline cursor put_member(sac__encoder *x, level *at, cursor c)
{
    const sac__plan_key *const key = near_key(x, at, c.p + 1);
    const uint8_t type = (uint8_t)*c.p;

    if (!key)
        return put_other_member(x, at, c);
    /* As many bytes as any text has; the comma is left out before the first. */
    memcpy(c.w, key->text + at->empty, SAC__PLAN_TEXT);
    c.w += key->text_n - at->empty;
    c.p += key->name_n + 2;
    at->empty = false;
    return put_value(x, at, c, type, &at->plan->fields[at->hint - 1]);
}

static inline cursor put_item(sac__encoder *x, level *at, cursor c)
{
    const uint8_t type = (uint8_t)*c.p;
    /* An index below ten is the commonest key; others are only passed over. */
    const char *nul = at->end - c.p > 2 && c.p[2] == '\0' && c.p[1] != '\0'
                          ? c.p + 2
                          : memchr(c.p + 1, 0, (size_t)(at->end - c.p - 1));

    if (!nul)
        return corrupt(x, c.p);
    c.w = put_separator(x, at, c.w);
    if (!c.w)
        return fail(x, why_not(x));
    return put_value(x, at, (cursor){nul + 1, c.w}, type, at->items);
}

static int put_computed(sac__encoder *x, level *at, sac_str doc)
{
    for (size_t i = 0; i < at->plan->n; i++) {
        const sac__plan_field *field = &at->plan->fields[i];
        char *w;
        int rc;

        if (!(field->flags & SAC__PLAN_COMPUTED) || (field->flags & SAC__PLAN_HIDDEN))
            continue;
        w = sac__emit_need(&x->emit, x->emit.w, ELEMENT);
        if (w)
            w = put_separator(x, at, w);
        if (w)
            w = put_slow_key(x, w, field->shown, field->shown.p + field->shown.n);
        if (!w)
            return why_not(x);
        x->emit.w = w;
        rc = sac__emit_commit(&x->emit);
        if (rc == SAC_OK)
            rc = x->how->compute(x->how->self, field, doc, x->emit.out);
        if (rc == SAC_OK)
            rc = x->emit.out->error;
        if (rc != SAC_OK)
            return rc;
    }
    return SAC_OK;
}

static cursor put_members(sac__encoder *x, level *at, cursor c)
{
    while (c.p < at->end) {
        c.w = sac__emit_need(&x->emit, c.w, ELEMENT);
        if (!c.w)
            return fail(x, x->emit.error);
        c = put_member(x, at, c);
        if (!c.w)
            break;
    }
    return c;
}

static cursor put_items(sac__encoder *x, level *at, cursor c)
{
    while (c.p < at->end) {
        c.w = sac__emit_need(&x->emit, c.w, ELEMENT);
        if (!c.w)
            return fail(x, x->emit.error);
        c = put_item(x, at, c);
        if (!c.w)
            break;
    }
    return c;
}

static cursor close_level(sac__encoder *x, const level *at, cursor c)
{
    if ((x->how->flags & SAC_JSON_PRETTY) && !at->empty)
        c.w = put_indent(x, c.w, at->depth - 1);
    if (c.w)
        c.w = sac__emit_need(&x->emit, c.w, 1);
    if (!c.w)
        return fail(x, x->emit.error);
    *c.w++ = at->array ? ']' : '}';
    c.p = at->end + 1;
    return c;
}

/* The level of a document or array, depth `depth`; an error has been noted when false. */
static inline bool open_level(sac__encoder *x, level *at, sac_str doc, unsigned depth)
{
    if (!sac__wire_is_doc(doc)) {
        x->error = sac__encoder_corrupt(x, doc.p);
        return false;
    }
    if (depth > x->max_depth) {
        x->error = SAC_ELIMIT;
        return false;
    }
    at->end = doc.p + doc.n - 1;
    at->depth = depth;
    at->empty = true;
    return true;
}

static cursor put_document(sac__encoder *x, char *w, sac_str doc, const sac__plan *plan,
                           unsigned depth)
{
    cursor c = {doc.p + 4, w};
    level at;

    if (!open_level(x, &at, doc, depth))
        return (cursor){NULL, NULL};
    at.plan = plan;
    at.hint = 0;
    at.ready = 0;
    at.seen = 0;
    if (x->dense && plan && plan->keys)
        at.ready = plan->n < SAC__PLAN_KEYS ? plan->n : SAC__PLAN_KEYS;
    at.array = false;
    sac__keys_begin(&x->keys, &at.keys);
    *c.w++ = '{';
    c = put_members(x, &at, c);
    if (c.w && depth == 1 && plan && plan->computed && x->how->compute) {
        x->emit.w = c.w;
        x->error = put_computed(x, &at, doc);
        c.w = x->error ? NULL : x->emit.w;
    }
    if (c.w)
        c = close_level(x, &at, c);
    sac__keys_end(&x->keys, &at.keys);
    return c;
}

static cursor put_array(sac__encoder *x, char *w, sac_str doc, const sac__plan_field *field,
                        unsigned depth)
{
    cursor c = {doc.p + 4, w};
    level at;

    if (!open_level(x, &at, doc, depth))
        return (cursor){NULL, NULL};
    at.items = field && field->item ? field->item : field;
    at.array = true;
    *c.w++ = '[';
    c = put_items(x, &at, c);
    return c.w ? close_level(x, &at, c) : c;
}

/* The plan of a document that stands in a field. */
static const sac__plan *plan_in(const sac__plan_field *field)
{
    /* A document where an array of them is declared hides what its elements would. */
    while (field && field->item)
        field = field->item;
    return field ? field->plan : NULL;
}

int sac__encoder_document(sac__encoder *x, sac_str doc, unsigned depth)
{
    cursor c;

    if (!sac__emit_room(&x->emit, 1))
        return x->emit.error;
    c = put_document(x, x->emit.w, doc, depth == 1 ? x->how->plan : NULL, depth);
    if (!c.w)
        return x->error;
    x->emit.w = c.w;
    return SAC_OK;
}

static cursor put_nested(sac__encoder *x, const level *at, cursor c, uint8_t type,
                         const sac__plan_field *field)
{
    const size_t left = (size_t)(at->end - c.p);
    sac_str doc;

    if (left < 5 || sac__wire_get32(c.p) > left)
        return corrupt(x, c.p);
    doc = sac_str_n(c.p, sac__wire_get32(c.p));
    if (type == SAC_BSON_ARRAY)
        return put_array(x, c.w, doc, field, at->depth + 1);
    return put_document(x, c.w, doc, plan_in(field), at->depth + 1);
}

int sac__encoder_value(sac__encoder *x, const sac_value *value)
{
    const level at = {.end = value->raw.p + value->raw.n, .array = true, .depth = 1};
    cursor c = {value->raw.p, sac__emit_need(&x->emit, x->emit.w, ELEMENT)};

    if (!c.w)
        return x->emit.error;
    c = put_value(x, &at, c, value->type, NULL);
    if (!c.w)
        return x->error;
    x->emit.w = c.w;
    return SAC_OK;
}

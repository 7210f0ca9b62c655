/* SPDX-License-Identifier: MIT */
#include "json/simd/level.h"
#include "json/simd/numbers.h"
#include "json/text.h"

/* The name of what this file makes: the build sets another where it compiles it once more. */
#ifndef SAC__ELEMENTS
#define SAC__ELEMENTS sac__elements_any
#endif
extern const sac__elements SAC__ELEMENTS;

/* The largest integer that a JavaScript number holds without a neighbour: 2^53 - 1. */
#define SAFE_INTEGER INT64_C(9007199254740991)

/* Levels that are held in one call; documents nested more are further calls. */
#define FRAME 12

/* No type of BSON: an element that was left out. */
#define LEFT_OUT 0x100

/*
 * Where the encoder reads and writes. It travels in two registers: kept in the
 * encoder, both would be stored and loaded again for each value. `w` is NULL
 * after an error, which is then in the encoder.
 */
typedef struct cursor {
    const char *p;
    char *w;
} cursor;

static cursor fail(sac__encoder *x, int error)
{
    x->error = error;
    return (cursor){NULL, NULL};
}

static cursor corrupt(sac__encoder *x, const char *at)
{
    return fail(x, sac__encoder_corrupt(x, at));
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
    return c.w ? (cursor){s.p + s.n + 1, c.w} : fail(x, sac__encoder_why_not(x));
}

/* A value that put_value() does not write itself, or that is cut off. */
static cursor put_other(sac__encoder *x, const level *at, cursor c, unsigned type)
{
    size_t size;
    int rc;

    if (!sac__wire_size((uint8_t)type, c.p, (size_t)(at->end - c.p), &size))
        return corrupt(x, c.p);
    x->emit.w = c.w;
    rc = sac__encoder_form(x, (sac_value){(uint8_t)type, sac_str_n(c.p, size)}, at->depth + 1);
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

static cursor put_double(sac__encoder *x, const level *at, cursor c)
{
    const double value = sac__wire_get_double(c.p);
    char *const w = sac__numbers_print(c.w, value);

    if (sac__likely(w != NULL))
        return (cursor){c.p + 8, w};
    if (value - value == 0)
        return (cursor){c.p + 8, sac__numeral_print_double(c.w, value, !x->plain)};
    if (!x->plain)
        return put_other(x, at, c, SAC_BSON_DOUBLE);
    memcpy(c.w, "null", 4);
    return (cursor){c.p + 8, c.w + 4};
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

    if (!x->plain)
        return (cursor){c.p + 8, sac__numeral_print_int(c.w, n)};
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

/* A value that is neither document nor array, from where SAC__ENCODER_SCALAR bytes are free. */
static SAC__INLINE cursor put_value(sac__encoder *x, const level *at, cursor c, unsigned type)
{
    const size_t left = x->bare ? (size_t)(at->end - c.p) : 0;

    switch (type) {
    case SAC_BSON_STRING: return put_string(x, at, c);
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
        return put_double(x, at, c);
    case SAC_BSON_INT64: return left < 8 ? put_other(x, at, c, type) : put_int64(x, c);
    case SAC_BSON_DATE:
        if (left < 8 || !x->plain)
            break;
        return put_date(x, at, c);
    case SAC_BSON_OBJECTID:
        if (left < sizeof(sac_oid) || !x->plain)
            break;
        return (cursor){c.p + sizeof(sac_oid), print_oid(c.w, c.p)};
    case LEFT_OUT: return c;
    default: break;
    }
    return put_other(x, at, c, type);
}

/* A new line for what stands `depth` levels deep. */
static char *put_indent(sac__encoder *x, char *w, unsigned depth)
{
    w = sac__emit_usual(&x->emit, w);
    if (w)
        *w++ = '\n';
    for (unsigned i = 0; i < depth && w; i++) {
        w = sac__emit_usual(&x->emit, w);
        if (w) {
            memcpy(w, "  ", 2);
            w += 2;
        }
    }
    return w;
}

static char *put_slow_key(sac__encoder *x, char *w, sac_str key, const char *readable)
{
    const char *const whole = x->emit.readable;

    x->emit.readable = readable;
    *w = '"';
    w = sac__emit_escaped(&x->emit, w + 1, key);
    x->emit.readable = whole;
    if (!w)
        return NULL;
    memcpy(w, "\": ", 3);
    w++;
    return sac__emit_usual(&x->emit, w + (x->pretty ? 2 : 1));
}

static char *put_key(sac__encoder *x, char *w, const element *e)
{
    const sac__plan_field *field = e->field;

    if (field && !sac_str_eq(field->shown, e->key))
        return put_slow_key(x, w, field->shown, field->shown.p + field->shown.n);
    if (!e->clean || !x->dense)
        return put_slow_key(x, w, e->key, x->emit.readable);
    *w++ = '"';
    memcpy(w, e->look, SAC__ENCODER_LOOK / 2);
    if (e->key.n > SAC__ENCODER_LOOK / 2)
        memcpy(w + SAC__ENCODER_LOOK / 2, e->look + SAC__ENCODER_LOOK / 2, SAC__ENCODER_LOOK / 2);
    memcpy(w + e->key.n, "\":", 2);
    return w + e->key.n + 2;
}

static inline char *put_comma(level *at, char *w)
{
    *w = ',';
    w += at->begun;
    at->begun = true;
    return w;
}

static inline char *put_separator(sac__encoder *x, level *at, char *w)
{
    w = put_comma(at, w);
    return sac__likely(!x->pretty) ? w : put_indent(x, w, at->depth);
}

/* Leaves an element out; its framing is checked. */
static cursor skip_value(sac__encoder *x, const level *at, cursor c, unsigned type)
{
    size_t size;

    if (!sac__wire_size((uint8_t)type, c.p, (size_t)(at->end - c.p), &size))
        return corrupt(x, c.p);
    return (cursor){c.p + size, c.w};
}

static int put_computed(sac__encoder *x, level *at, sac_str doc)
{
    for (size_t i = 0; i < at->plan->n; i++) {
        const sac__plan_field *field = &at->plan->fields[i];
        char *w;
        int rc;

        if (!(field->flags & SAC__PLAN_COMPUTED) || (field->flags & SAC__PLAN_HIDDEN))
            continue;
        w = sac__emit_usual(&x->emit, x->emit.w);
        if (w)
            w = put_separator(x, at, w);
        if (w)
            w = put_slow_key(x, w, field->shown, field->shown.p + field->shown.n);
        if (!w)
            return sac__encoder_why_not(x);
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

/*
 * The beginnings of elements: separator and key. They leave the cursor where
 * the value begins, or past it when the type is then LEFT_OUT.
 */
static SAC__COLD cursor begin_other(sac__encoder *x, level *at, cursor c)
{
    element e;
    int shown;

    x->type = (uint8_t)*c.p;
    e.field = NULL;
    if (!read_key(x, at, c.p + 1, &e))
        return corrupt(x, c.p);
    c.p = e.value;
    shown = choose(x, at, &e);
    if (shown < 0)
        return fail(x, shown);
    if (!shown) {
        c = skip_value(x, at, c, x->type);
        x->type = LEFT_OUT;
        return c;
    }
    at->field = e.field;
    c.w = put_separator(x, at, c.w);
    if (c.w)
        c.w = put_key(x, c.w, &e);
    return c.w ? c : fail(x, sac__encoder_why_not(x));
}

static inline cursor begin_word(level *at, cursor c, sac__word *word)
{
    const unsigned n = word->n;

    c.w = put_comma(at, c.w);
    sac__words_put(word, n, c.w);
    at->word = word;
    at->link = &word->next;
    return (cursor){c.p + n + 2, c.w + n + 3};
}

static inline cursor begin_field(level *at, cursor c, const sac__plan_key *key)
{
    c.w = put_comma(at, c.w);
    /* As many bytes as any text has, without its comma. */
    memcpy(c.w, key->text + 1, SAC__PLAN_TEXT);
    at->field = &at->plan->fields[at->hint - 1];
    return (cursor){c.p + key->name_n + 2, c.w + key->text_n - 1};
}

static SAC__COLD cursor begin_other_item(sac__encoder *x, level *at, cursor c)
{
    const char *const value = skip_key(at, c.p + 1);

    if (!value)
        return corrupt(x, c.p);
    if (x->pretty)
        at->index = NO_INDEX; /* they all come here */
    c.w = put_separator(x, at, c.w);
    return c.w ? (cursor){value, c.w} : fail(x, sac__encoder_why_not(x));
}

/* Separator and key of the element at the cursor: as expected, or else by a call. */
static SAC__INLINE cursor begin(sac__encoder *x, level *at, cursor c, unsigned *type)
{
    *type = (uint8_t)*c.p;
    if (at->kind == WORDS) {
        sac__word *const word = expected(x, at, c.p + 1);

        if (sac__likely(word != NULL))
            return begin_word(at, c, word);
    } else if (at->kind == ITEMS) {
        const char *const value = skip_index(x, at, c.p + 1);

        if (sac__likely(value != NULL))
            return (cursor){value, put_comma(at, c.w)};
        return begin_other_item(x, at, c);
    } else if (at->ready > 0) {
        const sac__plan_key *const key = near_key(x, at, c.p + 1);

        if (key)
            return begin_field(at, c, key);
    }
    c = begin_other(x, at, c);
    *type = x->type;
    return c;
}

/* The plan of a document that stands in a field. */
static const sac__plan *plan_in(const sac__plan_field *field)
{
    /* A document where an array of them is declared hides what its elements would. */
    while (field && field->item)
        field = field->item;
    return field ? field->plan : NULL;
}

/* How the keys of a document are found. */
static inline void expect_keys(sac__encoder *x, level *at, const level *up, const sac__plan *plan)
{
    at->plan = plan;
    at->field = NULL;
    at->word = &x->words->list[0];
    at->in = up->word;
    at->seen = 0;
    at->kind = plan || up->kind == FIELDS || !up->word->again ? FIELDS : x->kind;
    up->word->again = true;
    if (at->kind == WORDS) {
        at->link = &up->word->child;
    } else {
        at->hint = 0;
        at->ready = !plan || !plan->keys || !x->dense ? 0
                    : plan->n < SAC__PLAN_KEYS        ? plan->n
                                                      : SAC__PLAN_KEYS;
    }
}

static inline void expect_items(const sac__encoder *x, level *at, const level *up)
{
    if (up->kind == FIELDS && x->words->n == 0)
        sac__words_begin(x->words);
    at->field = up->field && up->field->item ? up->field->item : up->field;
    at->word = up->word;
    at->word->again = true;
    at->kind = ITEMS;
    at->index = x->pretty ? NO_INDEX : (uint64_t)0x80 << 8; /* one digit */
    at->index_n = 2;
}

/* The level of the document or array at the cursor, which stands in `up`. */
static SAC__INLINE cursor open_level(sac__encoder *x, level *at, const level *up, cursor c,
                                     bool array)
{
    const size_t left = (size_t)(up->end - c.p);
    const size_t n = left < 5 ? 0 : sac__wire_get32(c.p);

    at->others = false;
    if (n < 5 || n > left || c.p[n - 1] != '\0')
        return corrupt(x, c.p);
    if (up->depth >= x->max_depth)
        return fail(x, SAC_ELIMIT);
    at->end = c.p + n - 1;
    at->depth = up->depth + 1;
    at->begun = false;
    at->close = array ? ']' : '}';
    if (array)
        expect_items(x, at, up);
    else
        expect_keys(x, at, up, up->depth == 0 ? x->how->plan : plan_in(up->field));
    *c.w = array ? '[' : '{';
    return (cursor){c.p + 4, c.w + 1};
}

/* What few levels need at their end. */
static SAC__COLD char *close_other(sac__encoder *x, level *at, char *w)
{
    if (at->others)
        sac__keys_end(&x->keys, &at->keys);
    at->others = false;
    if (at->depth == 1 && at->plan && at->plan->computed && x->how->compute) {
        x->emit.w = w;
        x->error = put_computed(x, at, sac_str_n(x->start, (size_t)(at->end + 1 - x->start)));
        if (x->error)
            return NULL;
        w = x->emit.w;
    }
    if (x->pretty && at->begun)
        w = put_indent(x, w, at->depth - 1);
    if (w)
        w = sac__emit_need(&x->emit, w, 1);
    if (!w)
        x->error = x->emit.error;
    return w;
}

static inline cursor close_level(sac__encoder *x, level *at, cursor c)
{
    if (at->others || x->pretty || at->depth == 1 || c.w == x->emit.limit) {
        c.w = close_other(x, at, c.w);
        if (!c.w)
            return c;
    }
    *c.w = at->close;
    /* Not at->end + 1, which is the same, but known later. */
    return (cursor){c.p + 1, c.w + 1};
}

/* After an error. */
static void end_all(sac__encoder *x, level *levels, level *at)
{
    for (;; at--) {
        if (at->others)
            sac__keys_end(&x->keys, &at->keys);
        if (at == levels)
            break;
    }
}

static cursor put_tree(sac__encoder *x, const level *up, cursor c, bool array);

/* The document or array at the cursor becomes the level to be written, or is written by a call. */
static SAC__INLINE cursor enter(sac__encoder *x, level **at, const level *last, cursor c,
                                bool array)
{
    const level *const up = *at;

    if (up == last)
        return put_tree(x, up, c, array);
    return open_level(x, ++*at, up, c, array);
}

/* The document or array at the cursor, with all that is in it. */
static cursor put_tree(sac__encoder *x, const level *up, cursor c, bool array)
{
    level levels[FRAME], *at = levels;
    unsigned type;

    c = open_level(x, at, up, c, array);
    while (c.w) {
        if (c.p == at->end) {
            c = close_level(x, at, c);
            if (c.w && at == levels)
                return c;
            at -= c.w != NULL;
            continue;
        }
        c.w = sac__emit_usual(&x->emit, c.w);
        if (!c.w) {
            fail(x, x->emit.error);
            break;
        }
        c = begin(x, at, c, &type);
        if (!c.w)
            break;
        if (type == SAC_BSON_ARRAY)
            c = enter(x, &at, &levels[FRAME - 1], c, true);
        else if (type == SAC_BSON_DOCUMENT)
            c = enter(x, &at, &levels[FRAME - 1], c, false);
        else
            c = put_value(x, at, c, type);
    }
    end_all(x, levels, at);
    return c;
}

static int put_root(sac__encoder *x, const level *up, const char *p, unsigned type)
{
    cursor c = {p, sac__emit_usual(&x->emit, x->emit.w)};

    x->kind = x->dense ? WORDS : FIELDS;
    if (!c.w)
        return x->emit.error;
    if (type == SAC_BSON_DOCUMENT || type == SAC_BSON_ARRAY)
        c = put_tree(x, up, c, type == SAC_BSON_ARRAY);
    else
        c = put_value(x, up, c, type);
    if (!c.w)
        return x->error;
    x->emit.w = c.w;
    return SAC_OK;
}

static int encode_document(sac__encoder *x, sac_str doc, unsigned depth)
{
    const level up = {.end = doc.p + doc.n,
                      .depth = depth - 1,
                      .word = &x->words->list[0],
                      .kind = x->words == &x->own ? FIELDS : WORDS};

    if (!sac__wire_is_doc(doc))
        return sac__encoder_corrupt(x, doc.p);
    return put_root(x, &up, doc.p, SAC_BSON_DOCUMENT);
}

static int encode_value(sac__encoder *x, const sac_value *value)
{
    const level up = {
        .end = value->raw.p + value->raw.n, .kind = ITEMS, .depth = 1, .word = &x->words->list[0]};

    if (x->words->n == 0)
        sac__words_begin(x->words);
    return put_root(x, &up, value->raw.p, value->type);
}

const sac__elements SAC__ELEMENTS = {.document = encode_document, .value = encode_value};

/* SPDX-License-Identifier: MIT */
#ifndef JSON_SIMD_LEVEL_H
#define JSON_SIMD_LEVEL_H

#include "bson/wire.h"
#include "json/simd/strings.h"

/* Documents and arrays that are being written, and how the keys in them are found: of elements.c only. */

/* Fields that are compared with a key before the plan's table is asked. */
#define NEAR 4

/* How its elements begin. */
enum {
    ITEMS, /* of an array: with an index */
    WORDS, /* with the words of documents before */
    FIELDS /* with the plan's, or any key */
};

/* As `index`: none is the same. */
#define NO_INDEX 1

typedef struct level {
    const char *end;  /* of its elements */
    sac__word **link; /* which word is expected next */
    sac__word *word;  /* what is being written here; the first one when it is none */
    sac__word *in;    /* what this stands in */
    uint64_t seen;    /* which of the first fields, or of the words, were there */
    uint64_t index;   /* of an array: where an index ended, as a bit, */
    size_t index_n;   /* and its bytes */
    unsigned depth;
    uint8_t kind;
    char close;                   /* the character that does */
    bool begun;                   /* some element was written */
    bool others;                  /* `keys` is in use */
    const sac__plan *plan;        /* of a document, or NULL */
    const sac__plan_field *field; /* of what is being written here, or NULL */
    size_t hint, ready;           /* where to look in plan->keys, and how many there are */
    sac__key_level keys;          /* which keys were there that are neither field nor word */
} level;

/* A key that has been looked at. */
typedef struct element {
    bool clean; /* it needs no escapes, and SAC__ENCODER_LOOK bytes of `look` can be read */
    sac_str key;
    const char *look;
    const char *value;
    const sac__plan_field *field;
} element;

/* Bytes of a key at p before the first that needs care, as far as SAC__ENCODER_LOOK. */
static inline size_t clean_length(const char *p)
{
    for (size_t i = 0; i < SAC__ENCODER_LOOK; i += SAC__WIDTH) {
        const sac__step v = sac__step_load(p + i);
        const uint32_t care = sac__step_special(v) | sac__step_beyond(v);

        if (care)
            return i + sac__step_first(care);
    }
    return SAC__ENCODER_LOOK;
}

/* The key at p. */
static bool read_key(const sac__encoder *x, const level *at, const char *key, element *e)
{
    const char *nul;
    size_t n;

    e->look = look_at(x, key);
    n = clean_length(e->look);
    e->clean = n < SAC__ENCODER_LOOK && e->look[n] == '\0';
    if (e->clean) {
        e->key = sac_str_n(key, n);
        e->value = key + n + 1;
        return e->value <= at->end;
    }
    nul = memchr(key, 0, (size_t)(at->end - key));
    e->key = sac_str_n(key, nul ? (size_t)(nul - key) : 0);
    e->value = nul ? nul + 1 : NULL;
    return nul != NULL;
}

/* Eight bits of a clean key, without branches. */
static inline unsigned mix_of(const element *e)
{
    const size_t n = e->key.n < 8 ? e->key.n : 8;
    const uint64_t mask = n < 8 ? ((uint64_t)1 << 8 * n) - 1 : UINT64_MAX;
    const uint64_t first = sac__wire_get64(e->look) & mask;
    const uint64_t last = sac__wire_get64(e->look + e->key.n - n) & mask;

    return (unsigned)((first * UINT64_C(0x9e3779b97f4a7c15) +
                       (last ^ e->key.n) * UINT64_C(0xc2b2ae3d27d4eb4f)) >>
                      56);
}

/* Notes that a field or word was here: false when it was before. */
static inline bool take(uint64_t *seen, uint64_t bit)
{
    const bool fresh = !(*seen & bit);

    *seen |= bit;
    return fresh;
}

/* A key that is neither field nor word: 1 when it is new in its document, 0, or an error. */
static int add_other(sac__encoder *x, level *at, const element *e)
{
    if (!at->others)
        sac__keys_begin(&x->keys, &at->keys);
    at->others = true;
    at->link = &x->words->list[0].next;
    return sac__keys_add_mixed(&x->keys, &at->keys, e->key,
                               e->clean ? mix_of(e) : sac__keys_mix(e->key));
}

/*
 * The same for a level that goes by words. Keys that are no words may become
 * some later: once there are such keys here, words are looked up there too.
 */
static int add_word(sac__encoder *x, level *at, const element *e)
{
    sac__word *word;
    unsigned mix;

    at->word = &x->words->list[0];
    if (!e->clean || e->key.n > SAC__WORD)
        return add_other(x, at, e);
    mix = mix_of(e);
    word = sac__words_find(x->words, at->in, e->look, mix);
    if (!word)
        word = sac__words_learn(x->words, at->in, e->key, mix);
    if (!word)
        return add_other(x, at, e);
    if (!take(&at->seen, word->bit))
        return 0;
    at->word = word;
    if (at->others)
        return add_other(x, at, e);
    *at->link = word;
    at->link = &word->next;
    return 1;
}

/* Whether a key is new in its document: 1, 0, or an error. */
static int add_key(sac__encoder *x, level *at, const element *e)
{
    const size_t i = e->field ? (size_t)(e->field - at->plan->fields) : SAC__PLAN_KEYS;

    if (i < SAC__PLAN_KEYS)
        return take(&at->seen, (uint64_t)1 << i);
    return at->kind == WORDS ? add_word(x, at, e) : add_other(x, at, e);
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

static inline bool is_key(const sac__plan_key *key, const char *look)
{
#ifdef __SSE2__
    const __m128i name = _mm_loadu_si128((const __m128i *)(const void *)key->name);
    const __m128i here = _mm_loadu_si128((const __m128i *)(const void *)look);

    return (key->bits & ~(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(name, here))) == 0;
#else
    return key->bits >> sizeof key->name == 0 && memcmp(key->name, look, key->name_n + 1U) == 0;
#endif
}

/* The field of the plan that the key at p belongs to, if it is near and was not here before. */
static inline const sac__plan_key *near_key(const sac__encoder *x, level *at, const char *p)
{
    const char *const look = look_at(x, p);

    for (size_t i = at->hint; i < at->ready && i < at->hint + NEAR; i++) {
        const sac__plan_key *key = &at->plan->keys[i];

        if (!is_key(key, look))
            continue;
        if (at->end - p <= key->name_n || !take(&at->seen, (uint64_t)1 << i))
            return NULL;
        at->hint = i + 1;
        return key;
    }
    return NULL;
}

/*
 * The word that the key at p is, where it is the one that is expected and new.
 * A NUL stands at at->end: no key goes on behind it.
 */
static inline sac__word *expected(const sac__encoder *x, level *at, const char *p)
{
    sac__word *const word = *at->link;
    const char *const look = sac__likely(p <= x->near) ? p : look_at(x, p);

    return sac__likely(sac__words_is(word, look) && p + word->n < at->end &&
                       take(&at->seen, word->bit))
               ? word
               : NULL;
}

/* The lowest bits of bytes that are NUL, among eight; above the first of them maybe more. */
static inline uint64_t nul_of(const char *p)
{
    const uint64_t v = sac__wire_get64(p);
    const uint64_t zeros = (v - UINT64_C(0x0101010101010101)) & ~v & UINT64_C(0x8080808080808080);

    return zeros & (0 - zeros);
}

/* Behind the key of an item, an index, where it has as many digits as the last one; else NULL. */
static inline const char *skip_index(const sac__encoder *x, const level *at, const char *p)
{
    return sac__likely(p <= x->near && nul_of(p) == at->index && p + at->index_n <= at->end)
               ? p + at->index_n
               : NULL;
}

/* The same for any key. */
static const char *skip_key(level *at, const char *p)
{
    const char *const nul = memchr(p, 0, (size_t)(at->end - p));

    if (!nul)
        return NULL;
    if (nul - p < 8) {
        at->index = (uint64_t)0x80 << 8 * (nul - p);
        at->index_n = (size_t)(nul - p) + 1;
    }
    return nul + 1;
}

#endif

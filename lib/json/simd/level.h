/* SPDX-License-Identifier: MIT */
#ifndef JSON_SIMD_LEVEL_H
#define JSON_SIMD_LEVEL_H

#include "bson/wire.h"
#include "json/simd/strings.h"

/* Documents and arrays that are being written, and how the keys in them are found: of elements.c only. */

/* Fields that are compared with a key before the plan's table is asked. */
#define NEAR 4

typedef struct level {
    const char *end;              /* of its elements */
    const sac__plan_field *field; /* of what is being written here, or NULL */
    uint8_t *link;                /* which word is expected next */
    uint64_t seen[2];             /* which of the first fields, or of the words, were there */
    unsigned depth;
    unsigned word;   /* what is being written here */
    unsigned taught; /* words */
    bool array, empty;
    bool learns;           /* in an array: documents go by words */
    bool others;           /* `keys` is in use */
    uint64_t index;        /* of an array: where an index ended, as a bit, */
    size_t index_n;        /* and its bytes */
    const sac__plan *plan; /* of a document, or NULL */
    size_t hint, ready;    /* where to look in plan->keys, and how many there are */
    sac__key_level keys;   /* which keys were there that are neither field nor word */
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
static inline bool take(level *at, size_t i)
{
    uint64_t *const seen = &at->seen[i / 64];
    const uint64_t bit = (uint64_t)1 << i % 64;
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
    return sac__keys_add_mixed(&x->keys, &at->keys, e->key,
                               e->clean ? mix_of(e) : sac__keys_mix(e->key));
}

/*
 * The same for a level that goes by words. Keys that are no words may become
 * some later: once there are such keys here, words are looked up there too.
 */
static int add_word(sac__encoder *x, level *at, const element *e)
{
    unsigned mix, i;

    at->word = 0;
    if (!e->clean || e->key.n > SAC__WORD)
        return add_other(x, at, e);
    mix = mix_of(e);
    i = sac__words_find(&x->words, e->look, mix);
    if (i == 0 && at->taught < SAC__WORDS_OF_LEVEL) {
        i = sac__words_learn(&x->words, e->look, e->key.n, mix);
        at->taught++;
    }
    if (i == 0)
        return add_other(x, at, e);
    if (!take(at, i))
        return 0;
    at->word = i;
    *at->link = (uint8_t)i;
    at->link = &x->words.next[i];
    return at->others ? add_other(x, at, e) : 1;
}

/* Whether a key is new in its document: 1, 0, or an error. */
static int add_key(sac__encoder *x, level *at, const element *e)
{
    const size_t i = e->field ? (size_t)(e->field - at->plan->fields) : SAC__PLAN_KEYS;

    if (i < SAC__PLAN_KEYS)
        return take(at, i);
    return at->learns ? add_word(x, at, e) : add_other(x, at, e);
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
        if (at->end - p <= key->name_n || !take(at, i))
            return NULL;
        at->hint = i + 1;
        return key;
    }
    return NULL;
}

/* Whether the key at p is the word that is expected. */
static inline bool is_expected(const sac__encoder *x, level *at, const char *p)
{
    const unsigned i = *at->link;

    if (i == 0 || !sac__words_is(&x->words, i, look_at(x, p)) ||
        at->end - p <= x->words.length[i] || at->others)
        return false;
    at->word = i;
    return take(at, i);
}

/* Behind the key of an item, an index, or NULL. They have few digits, and as many as the last one. */
static inline const char *skip_index(level *at, const char *p)
{
    const char *nul;

    if (at->end - p >= 8) {
        const uint64_t v = sac__wire_get64(p);
        const uint64_t zeros = (v - UINT64_C(0x0101010101010101)) & ~v &
                               UINT64_C(0x8080808080808080);

        if ((zeros & (0 - zeros)) == at->index && zeros)
            return p + at->index_n;
        if (zeros) {
            at->index = zeros & (0 - zeros);
            at->index_n = strlen(p) + 1;
            return p + at->index_n;
        }
    }
    nul = memchr(p, 0, (size_t)(at->end - p));
    return nul ? nul + 1 : NULL;
}

#endif

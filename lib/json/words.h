/* SPDX-License-Identifier: MIT */
#ifndef JSON_WORDS_H
#define JSON_WORDS_H

#include "json/encode.h"
#include "json/simd/step.h"

/*
 * Keys of documents in arrays, as they were met, ready to be written. Documents
 * in the same field have the same keys in the same order mostly: each word
 * belongs to such a field, itself a word, and knows which one came next, and
 * which began the documents in its own field. What is expected is compared at
 * once; that also says where the value begins. The first document in a field
 * that is in no array teaches nothing: documents that are tables would fill the
 * list.
 */
#define SAC__WORDS 256
#define SAC__WORDS_OF_LEVEL 64 /* in one field */
#define SAC__WORD 44           /* bytes of a key at most */
#define SAC__WORD_TEXT 48      /* bytes of its text that may be copied */

typedef struct sac__word {
    char text[SAC__WORD_TEXT]; /* a quote, then the bytes of the key and its NUL */
    uint64_t care;             /* a bit for each of those of the first 32; beyond: it is no word */
    uint64_t bit;              /* among the words of its field */
    uint8_t n;                 /* bytes of the key */
    uint8_t chain;             /* of the same slot */
    uint8_t children;          /* how many words belong to it */
    bool again;                /* an array or a document was in it: the next document teaches */
    struct sac__word *field, *next, *child;
} sac__word;

struct sac__words {
    unsigned n; /* with the first, which is no key; 0: not begun */
    uint8_t slots[256];
    sac__word list[SAC__WORDS];
};

static inline void sac__words_begin(sac__words *words)
{
    sac__word *const none = &words->list[0];

    words->n = 1;
    memset(words->slots, 0, sizeof words->slots);
    memset(none, 0, sizeof *none);
    none->care = UINT64_MAX;
    none->again = true;
    none->field = none->next = none->child = none;
}

/* Which of 32 bytes are the same, as bits. */
static inline uint64_t sac__words_same(const char *a, const char *b)
{
#if defined __AVX2__
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(sac__step_load(a), sac__step_load(b)));
#elif defined __SSE2__
    const __m128i low = _mm_cmpeq_epi8(sac__step_load(a), sac__step_load(b));
    const __m128i high = _mm_cmpeq_epi8(sac__step_load(a + 16), sac__step_load(b + 16));

    return (uint32_t)_mm_movemask_epi8(low) | (uint32_t)_mm_movemask_epi8(high) << 16;
#else
    uint64_t same = 0;

    for (unsigned i = 0; i < 32; i++)
        same |= (uint64_t)(a[i] == b[i]) << i;
    return same;
#endif
}

/* Whether the key at p, from where SAC__WORD_TEXT bytes can be read, is this word. */
static inline bool sac__words_is(const sac__word *word, const char *p)
{
    if (word->care & ~sac__words_same(word->text + 1, p))
        return false;
    return sac__likely(word->n < 32) || memcmp(word->text + 1 + 32, p + 32, word->n - 31U) == 0;
}

/* Writes `"key":`, and maybe some bytes behind it. */
static inline void sac__words_put(const sac__word *word, unsigned n, char *w)
{
    for (size_t i = 0; i < 32; i += SAC__WIDTH)
        sac__step_store(w + i, sac__step_load(word->text + i));
    if (!sac__likely(n < 32))
        memcpy(w + 32, word->text + 32, SAC__WORD_TEXT - 32);
    memcpy(w + 1 + n, "\":", 2);
}

static inline uint8_t *sac__words_slot(sac__words *words, const sac__word *field, unsigned mix)
{
    return &words->slots[(mix + 37 * (unsigned)(field - words->list)) & 255];
}

/* A key of at most SAC__WORD bytes that needs no escapes: its word in that field, or NULL. */
static inline sac__word *sac__words_find(sac__words *words, const sac__word *field, const char *p,
                                         unsigned mix)
{
    unsigned i = *sac__words_slot(words, field, mix);

    while (i && !(words->list[i].field == field && sac__words_is(&words->list[i], p)))
        i = words->list[i].chain;
    return i ? &words->list[i] : NULL;
}

/* A new one; NULL when there are too many. */
static inline sac__word *sac__words_learn(sac__words *words, sac__word *field, sac_str key,
                                          unsigned mix)
{
    sac__word *const word = &words->list[words->n];
    uint8_t *const slot = sac__words_slot(words, field, mix);

    if (words->n == SAC__WORDS || field->children == SAC__WORDS_OF_LEVEL)
        return NULL;
    memset(word, 0, sizeof *word);
    word->text[0] = '"';
    memcpy(word->text + 1, key.p, key.n);
    word->care = key.n < 32 ? ((uint64_t)2 << key.n) - 1 : UINT32_MAX;
    word->bit = (uint64_t)1 << field->children++;
    word->n = (uint8_t)key.n;
    word->field = field;
    word->next = word->child = &words->list[0];
    word->chain = *slot;
    *slot = (uint8_t)words->n++;
    return word;
}

#endif

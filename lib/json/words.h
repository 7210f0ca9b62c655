/* SPDX-License-Identifier: MIT */
#ifndef JSON_WORDS_H
#define JSON_WORDS_H

#include "json/keys.h"
#include "json/simd/step.h"

/*
 * Keys of documents in arrays, as they were met, ready to be written. Such
 * documents have the same keys in the same order mostly: each word knows which
 * one came next, and which began the documents in its field. What is expected
 * is compared at once; that also says where the value begins.
 */
#define SAC__WORDS 128
#define SAC__WORDS_OF_LEVEL 48 /* that one document may teach */
#define SAC__WORD 28           /* bytes of a key at most */
#define SAC__WORD_TEXT 32      /* bytes that are copied, whether used or not */
#define SAC__WORD_LOOK 32      /* bytes that have to be readable from a key on */

typedef struct sac__words {
    unsigned n; /* with word 0, which is no key; 0: not begun */
    uint8_t slots[256], chain[SAC__WORDS];
    uint8_t next[SAC__WORDS], child[SAC__WORDS], length[SAC__WORDS];
    char bytes[SAC__WORDS]
              [SAC__WORD_TEXT + SAC__WORD_LOOK]; /* `,"key":`, and the key with its NUL */
} sac__words;

static inline void sac__words_begin(sac__words *words)
{
    words->n = 1;
    memset(words->slots, 0, sizeof words->slots);
    words->next[0] = words->child[0] = 0;
}

/* Whether the key at p is the word i. */
static inline bool sac__words_is(const sac__words *words, unsigned i, const char *p)
{
    const char *const key = words->bytes[i] + SAC__WORD_TEXT;
#if defined __AVX2__
    const __m256i same = _mm256_cmpeq_epi8(sac__step_load(key), sac__step_load(p));

    return (~(uint32_t)_mm256_movemask_epi8(same) << (31 - words->length[i])) == 0;
#elif defined __SSE2__
    const __m128i same = _mm_cmpeq_epi8(sac__step_load(key), sac__step_load(p));
    const uint32_t other = ~(uint32_t)_mm_movemask_epi8(same);
    const unsigned n = words->length[i];

    if (n < 16)
        return other << (31 - n) == 0;
    return (other & 0xffff) == 0 && memcmp(key + 16, p + 16, n - 15) == 0;
#else
    return memcmp(key, p, words->length[i] + 1U) == 0;
#endif
}

/* A key of at most SAC__WORD bytes that needs no escapes: its word or 0. */
static inline unsigned sac__words_find(const sac__words *words, const char *p, unsigned mix)
{
    unsigned i = words->slots[mix];

    while (i && !sac__words_is(words, i, p))
        i = words->chain[i];
    return i;
}

/* A new one; 0 when there are too many. */
static inline unsigned sac__words_learn(sac__words *words, const char *p, size_t n, unsigned mix)
{
    const unsigned i = words->n;
    char *const bytes = words->bytes[i];

    if (i == SAC__WORDS)
        return 0;
    words->n++;
    memcpy(bytes, ",\"", 2);
    memcpy(bytes + 2, p, SAC__WORD);
    memcpy(bytes + 2 + n, "\":", 2);
    memcpy(bytes + SAC__WORD_TEXT, p, SAC__WORD_LOOK);
    words->length[i] = (uint8_t)n;
    words->next[i] = words->child[i] = 0;
    words->chain[i] = words->slots[mix];
    words->slots[mix] = (uint8_t)i;
    return i;
}

#endif

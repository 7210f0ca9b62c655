/* SPDX-License-Identifier: MIT */
#ifndef JSON_SIMD_STRINGS_H
#define JSON_SIMD_STRINGS_H

#include "json/encoder.h"
#include "json/escape.h"
#include "json/simd/utf8.h"

/* The strings of a document: of elements.c only. */

/* Where SAC__ENCODER_LOOK bytes from p on can be loaded; behind the source's end they are 0. */
static inline const char *look_at(const sac__encoder *x, const char *p)
{
    const size_t left = (size_t)(x->emit.readable - p);

    return sac__likely(left >= SAC__ENCODER_LOOK) ? p : x->tail + SAC__ENCODER_LOOK - left;
}

/* Whether is_utf8() knows; else bytes beyond ASCII are left to emit.c. */
#ifdef __AVX2__
#define KNOWS_UTF8 true

/* Of a text that a NUL ends. */
static bool is_utf8(const sac__encoder *x, sac_str s)
{
    const __m256i zero = _mm256_setzero_si256();
    __m256i wrong = zero, prev = zero, v, last;
    uint32_t right;

    for (; s.n >= SAC__WIDTH; s = sac_str_n(s.p + SAC__WIDTH, s.n - SAC__WIDTH)) {
        v = sac__step_load(s.p);
        wrong = _mm256_or_si256(wrong, sac__utf8_wrong(v, prev));
        prev = v;
    }
    last = sac__utf8_wrong(sac__step_load(look_at(x, s.p)), prev);
    right = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(last, zero));
    /* With the NUL: where the last sequence is cut off, that is wrong. */
    return _mm256_testz_si256(wrong, wrong) && (~right << (SAC__WIDTH - 1 - s.n)) == 0;
}

#else
#define KNOWS_UTF8 false

static inline bool is_utf8(const sac__encoder *x, sac_str s)
{
    (void)x;
    (void)s;
    return false;
}

#endif

/* Strings up to here are written first and checked then. */
#define CHECKED_LATER 512

/* Room that one step of text needs, an escape and more of the usual behind it. */
#define TEXT_STEP (2 * SAC__WIDTH + 8)

/*
 * A string of the document, so that a NUL ends it, without its quotes: a step
 * at a time, as far as nothing needs an escape. Its end, from where
 * a byte is free, or NULL.
 */
static char *put_text(sac__encoder *x, char *w, sac_str s)
{
    const char *p = s.p, *const end = s.p + s.n;
    char *const begin = w;
    uint32_t beyond = 0;

    if (KNOWS_UTF8 && s.n > CHECKED_LATER && !is_utf8(x, s))
        return sac__emit_escaped(&x->emit, w, s);
    for (;;) {
        const sac__step v = sac__step_load(look_at(x, p));
        const uint32_t special = sac__step_special(v);

        sac__step_store(w, v);
        beyond |= sac__step_beyond(v) & sac__step_before(special);
        if (!KNOWS_UTF8 && beyond)
            return sac__emit_escaped(&x->emit, w, sac_str_n(p, (size_t)(end - p)));
        if (special == 0) {
            p += SAC__WIDTH;
            w += SAC__WIDTH;
        } else {
            p += sac__step_first(special);
            w += sac__step_first(special);
            if (p == end)
                break;
            w = sac__escape_put(w, (unsigned char)*p++, false);
        }
        w = sac__emit_need(&x->emit, w, TEXT_STEP);
        if (!w)
            return NULL;
    }
    if (beyond && s.n <= CHECKED_LATER && !is_utf8(x, s))
        return sac__emit_escaped(&x->emit, begin, s);
    return w;
}

/* The same for any string and flag. */
static char *put_any(sac__encoder *x, char *w, sac_str s)
{
    if (x->emit.escape & SAC__ESCAPE_HTML)
        return sac__emit_escaped(&x->emit, w, s);
    if (s.n <= CHECKED_LATER)
        w = sac__emit_need(&x->emit, w, 6 * s.n + TEXT_STEP);
    return w ? put_text(x, w, s) : NULL;
}

/* A string with its quotes, from where TEXT_STEP bytes are free. */
static inline char *put_quoted(sac__encoder *x, char *w, sac_str s)
{
    const sac__step v = sac__step_load(look_at(x, s.p));
    const uint32_t before = sac__step_before(sac__step_special(v));

    *w++ = '"';
    sac__step_store(w, v);
    if (s.n < SAC__WIDTH && before == ((uint32_t)1 << s.n) - 1 &&
        (sac__step_beyond(v) & before) == 0 && !(x->emit.escape & SAC__ESCAPE_HTML))
        w += s.n;
    else
        w = put_any(x, w, s);
    if (w)
        *w++ = '"';
    return w;
}

#endif

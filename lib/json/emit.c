/* SPDX-License-Identifier: MIT */
#include "json/emit.h"

#include "bson/wire.h"
#include "json/escape.h"

/* RFC 3629 on up to four bytes as a little-endian word; bytes behind the text are 0. */
static unsigned sequence_of(uint32_t v)
{
    if ((v & 0x80) == 0)
        return 1;
    if ((v & 0xc0e0) == 0x80c0)
        return v & 0x1e ? 2 : 0;
    if ((v & 0xc0c0f0) == 0x8080e0) {
        const uint32_t bits = v & 0x200f;

        return bits != 0 && bits != 0x200d ? 3 : 0;
    }
    if ((v & 0xc0c0c0f8) == 0x808080f0) {
        const uint32_t lead = v & 7, second = v & 0x3000;

        return (lead || second) && (lead < 4 || (lead == 4 && !second)) ? 4 : 0;
    }
    return 0;
}

unsigned sac__escape_sequence(const char *s, const char *end)
{
    char bytes[4] = {0};

    if (end - s >= 4)
        return sequence_of(sac__wire_get32(s));
    memcpy(bytes, s, (size_t)(end - s));
    return sequence_of(sac__wire_get32(bytes));
}

/* The longest beginning of a sequence that went wrong, as the Unicode standard counts them. */
static size_t bad_length(const char *s, const char *end)
{
    for (size_t kept = 3; kept >= 2; kept--) {
        char bytes[4] = {'\x80', '\x80', '\x80', '\x80'};

        if ((size_t)(end - s) < kept)
            continue;
        memcpy(bytes, s, kept);
        if (sequence_of(sac__wire_get32(bytes)) > kept)
            return kept;
    }
    return 1;
}

/* A run of bytes beyond ASCII. Moves *s; returns the end, or NULL at bytes that are no UTF-8. */
static char *put_wide(char *w, const char **s, const char *end, unsigned flags)
{
    const char *p = *s;

    while (p < end && (unsigned char)*p >= 0x80) {
        const unsigned n = sac__escape_sequence(p, end);

        if (n == 0) {
            *s = p;
            if (!(flags & SAC__ESCAPE_REPAIR))
                return NULL;
            w[0] = '\xef';
            w[1] = '\xbf';
            w[2] = '\xbd';
            w += 3;
            p += bad_length(p, end);
        } else if ((flags & SAC__ESCAPE_HTML) && n == 3 && memcmp(p, "\xe2\x80", 2) == 0 &&
                   (p[2] == '\xa8' || p[2] == '\xa9')) {
            w = sac__escape_unicode(w, p[2] == '\xa8' ? 0x2028 : 0x2029);
            p += 3;
        } else {
            /* A sequence of two or three near the end is short of four bytes to copy. */
            memcpy(w, p, end - p >= 4 ? 4 : n);
            w += n;
            p += n;
        }
    }
    *s = p;
    return w;
}

/*
 * Writes a text at most six times as long, and uses up to SAC__STEP bytes of
 * room behind it. NULL on invalid UTF-8 that is not to be repaired.
 */
static char *put_text(char *w, sac_str text, const char *readable, unsigned flags, const char **bad)
{
    const bool html = flags & SAC__ESCAPE_HTML;
    const char *s = text.p, *end = text.p + text.n;

    while (s < end) {
        if (readable - s >= SAC__STEP) {
            const size_t plain = sac__escape_copy_step(w, s, html);

            if (plain >= (size_t)(end - s))
                return w + (end - s);
            s += plain;
            w += plain;
            if (plain == SAC__STEP)
                continue;
        }
        if ((unsigned char)*s < 0x80) {
            w = sac__escape_put(w, (unsigned char)*s++, html);
            continue;
        }
        w = put_wide(w, &s, end, flags);
        if (!w) {
            *bad = s;
            return NULL;
        }
    }
    return w;
}

/* Bytes of a string in one go: six times as many, and a step, are room at most. */
#define PIECE 512

static void use_window(sac__emit *emit, char *p, size_t n)
{
    emit->begin = emit->w = p;
    emit->limit = p + n;
    emit->roomy = n > SAC__EMIT_USUAL ? emit->limit - SAC__EMIT_USUAL : p;
}

void sac__emit_to_buf(sac__emit *emit, sac__buf *out)
{
    emit->out = out;
    emit->sink = NULL;
    emit->error = out->error;
    use_window(emit, emit->small, 0);
}

void sac__emit_to_sink(sac__emit *emit, sac_json_sink *sink, void *self, sac_str block, size_t max)
{
    emit->out = NULL;
    emit->sink = sink;
    emit->self = self;
    emit->error = SAC_OK;
    emit->total = 0;
    emit->max = max;
    use_window(emit, (char *)(uintptr_t)block.p, block.n);
}

int sac__emit_commit(sac__emit *emit)
{
    const size_t n = (size_t)(emit->w - emit->begin);

    if (emit->error)
        return emit->error;
    if (emit->sink && n == 0)
        return SAC_OK;
    if (emit->sink) {
        if (n > emit->max - emit->total)
            return emit->error = SAC_ETOOBIG;
        emit->total += n;
        emit->error = emit->sink(emit->self, emit->begin, n);
    } else if (emit->begin == emit->small) {
        sac__buf_add(emit->out, emit->small, n);
        emit->error = emit->out->error;
    } else {
        emit->out->n += n;
    }
    emit->w = emit->begin;
    /* Whoever writes to the buffer next moves its end: an empty window goes too. */
    if (!emit->sink)
        use_window(emit, emit->small, 0);
    return emit->error;
}

bool sac__emit_room_slow(sac__emit *emit, size_t n)
{
    sac__buf *out = emit->out;

    if (sac__emit_commit(emit))
        return false;
    if (emit->sink)
        return true;
    if (out->max - out->n < n) {
        use_window(emit, emit->small, sizeof emit->small);
        return true;
    }
    if (!sac__buf_room(out, n)) {
        emit->error = out->error;
        return false;
    }
    use_window(emit, out->p + out->n, out->cap - out->n);
    return true;
}

void sac__emit_text(sac__emit *emit, const char *text)
{
    const size_t n = strlen(text);

    if (sac__emit_room(emit, n)) {
        memcpy(emit->w, text, n);
        emit->w += n;
    }
}

char *sac__emit_more(sac__emit *emit, char *w, size_t n)
{
    emit->w = w;
    return sac__emit_room_slow(emit, n) ? emit->w : NULL;
}

/* The largest piece of s that fits the window whole and ends where a sequence does. */
static size_t piece_of(const sac__emit *emit, const char *w, sac_str s)
{
    size_t room = ((size_t)(emit->limit - w) - SAC__STEP) / 6;
    size_t n = s.n < room ? s.n : room;

    for (size_t back = 0; n < s.n && back < 4 && back < n; back++)
        if (((unsigned char)s.p[n - back] & 0xc0) != 0x80)
            return n - back;
    return n;
}

/* Any string, with every flag. */
static char *put_any(sac__emit *emit, char *w, sac_str s)
{
    do {
        const size_t want = s.n < PIECE ? s.n : PIECE;
        size_t n;

        w = sac__emit_need(emit, w, want * 6 + SAC__STEP);
        if (!w)
            return NULL;
        n = piece_of(emit, w, s);
        w = put_text(w, sac_str_n(s.p, n), emit->readable, emit->escape, &emit->bad);
        s = sac_str_n(s.p + n, s.n - n);
    } while (w && s.n > 0);
    return w;
}

#ifdef __SSE2__

static unsigned mask_of(__m128i v)
{
    return (unsigned)_mm_movemask_epi8(v);
}

/* The first n places of a mask, n up to 31. */
static unsigned low(unsigned mask, size_t n)
{
    return mask & ((1U << n) - 1);
}

/*
 * How many of the first n of the 16 bytes at s are whole sequences of UTF-8;
 * 0 where they begin with none. Bytes of each class as masks: behind a lead
 * of k bytes k - 1 places have to hold continuations, and no other may.
 */
static size_t whole_wide(__m128i v, unsigned beyond, const char *s, size_t n)
{
    const unsigned tails = mask_of(_mm_cmplt_epi8(v, _mm_set1_epi8('\xc0')));
    const unsigned three = mask_of(_mm_cmpgt_epi8(v, _mm_set1_epi8('\xdf'))) & beyond;
    const unsigned four = mask_of(_mm_cmpgt_epi8(v, _mm_set1_epi8('\xef'))) & beyond;
    const unsigned leads = beyond & ~tails;
    const unsigned wanted = leads << 1 | three << 2 | four << 3;
    const __m128i even = _mm_and_si128(v, _mm_set1_epi8('\xfe'));
    const __m128i odd = _mm_or_si128(_mm_cmpeq_epi8(even, _mm_set1_epi8('\xc0')),
                                     _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\xe0')),
                                                  _mm_cmpeq_epi8(v, _mm_set1_epi8('\xed'))));
    unsigned doubtful;

    if (n == SAC__STEP && wanted >> SAC__STEP)
        n = 31 - (size_t)__builtin_clz(leads); /* the last one goes on in the next step */
    if (low(wanted, n + 1) != low(tails, n))
        return 0;
    /* Leads that not every second byte may follow. */
    for (doubtful = low(mask_of(odd) | four, n); doubtful; doubtful &= doubtful - 1)
        if (sac__escape_sequence(s + __builtin_ctz(doubtful), s + SAC__STEP + 3) == 0)
            return 0;
    return n;
}

/* Bytes that may be looked at, and that may be written, from where a step begins. */
#define LOOK (SAC__STEP + 3)
#define WRITE (2 * SAC__STEP + 6)

/* Steps of 16 bytes as far as they go; leaves what is to be done otherwise in *s. */
static char *put_steps(sac__emit *emit, char *w, sac_str *s)
{
    const char *p = s->p, *const end = s->p + s->n;

    while (p < end && emit->readable - p >= LOOK) {
        const size_t left = (size_t)(end - p);
        unsigned special, beyond;
        size_t n;
        __m128i v;

        w = sac__emit_need(emit, w, WRITE);
        if (!w)
            return NULL;
        v = _mm_loadu_si128((const __m128i *)(const void *)p);
        _mm_storeu_si128((__m128i *)(void *)w, v);
        special = mask_of(sac__escape_ascii(v));
        n = (size_t)__builtin_ctz(special | 1U << (left < SAC__STEP ? left : SAC__STEP));
        beyond = low(mask_of(v), n);
        if (beyond) {
            n = whole_wide(v, mask_of(v), p, n);
            if (n == 0)
                break;
        }
        p += n;
        w += n;
        if (p < end && (special >> n & 1))
            w = sac__escape_put(w, (unsigned char)*p++, false);
    }
    *s = sac_str_n(p, (size_t)(end - p));
    return w;
}

#else

static char *put_steps(sac__emit *emit, char *w, sac_str *s)
{
    (void)emit;
    (void)s;
    return w;
}

#endif

char *sac__emit_escaped(sac__emit *emit, char *w, sac_str s)
{
    emit->bad = NULL;
    if (!(emit->escape & SAC__ESCAPE_HTML))
        w = put_steps(emit, w, &s);
    if (w && s.n > 0)
        return put_any(emit, w, s);
    return w ? sac__emit_need(emit, w, SAC__STEP) : NULL;
}

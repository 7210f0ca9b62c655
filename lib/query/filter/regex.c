/* SPDX-License-Identifier: MIT */
#include "query/filter/regex.h"

#include <stddef.h>

#include "bson/wire.h"
#include "core/alloc.h"

/* PCRE2 takes 20 KiB at first, and little beside. */
enum { SCRATCH = 22 * 1024, HEAP_KIB = 8192 };

/*
 * PCRE2's match limit holds for each place where a match may begin. So a short
 * text gets less of it the longer it is; in a longer one steps are counted: one
 * for an item, and one for so many bytes that it went over.
 */
enum { SHORT = 256, FULL_LIMIT = 64, BYTES_A_STEP = 16, STEPS_A_BYTE = 8 };

/* Memory of one match: on the stack as long as that is enough. */
typedef struct scratch {
    const sac_alloc *alloc;
    size_t used;
    _Alignas(max_align_t) char bytes[SCRATCH];
} scratch;

/* PCRE2 frees without telling sizes. */
typedef struct piece {
    _Alignas(max_align_t) size_t n; /* 0: of the scratch */
} piece;

static void *get_piece(PCRE2_SIZE n, void *self)
{
    scratch *s = (scratch *)self;
    const size_t whole = (n + 2 * sizeof(piece) - 1) / sizeof(piece) * sizeof(piece);
    const bool fits = whole >= n && whole <= SCRATCH - s->used;
    piece *p = NULL;

    if (fits) {
        p = (piece *)(void *)(s->bytes + s->used);
        s->used += whole;
    } else if (whole >= n) {
        p = (piece *)sac__alloc(s->alloc, whole);
    }
    if (!p)
        return NULL;
    p->n = fits ? 0 : whole;
    return p + 1;
}

static void free_piece(void *p, void *self)
{
    const scratch *s = (const scratch *)self;
    piece *begin = p ? (piece *)p - 1 : NULL;

    if (begin && begin->n > 0)
        sac__alloc_free(s->alloc, begin, begin->n);
}

bool sac__regex_options(sac_str options, uint32_t *out)
{
    *out = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    for (size_t i = 0; i < options.n; i++) {
        switch (options.p[i]) {
        case 'i': *out |= PCRE2_CASELESS; break;
        case 'm': *out |= PCRE2_MULTILINE; break;
        case 's': *out |= PCRE2_DOTALL; break;
        case 'x': *out |= PCRE2_EXTENDED; break;
        case 'u': break; /* always */
        default: return false;
        }
    }
    return true;
}

static int compile(const sac__regex *regex, uint32_t more, pcre2_compile_context *context,
                   pcre2_code **out)
{
    uint32_t options;
    PCRE2_SIZE offset;
    int number;

    (void)sac__regex_options(regex->options, &options);
    *out = pcre2_compile((PCRE2_SPTR)regex->pattern.p, regex->pattern.n, options | more, &number,
                         &offset, context);
    return *out ? 0 : number;
}

int sac__regex_compile(sac__regex *regex, pcre2_general_context *general, char why[100])
{
    pcre2_compile_context *context = pcre2_compile_context_create(general);
    int number;

    if (!context)
        return SAC_ENOMEM;
    number = compile(regex, 0, context, &regex->code);
    if (number == 0)
        number = compile(regex, PCRE2_AUTO_CALLOUT, context, &regex->counted);
    pcre2_compile_context_free(context);
    if (number == 0)
        return SAC_OK;
    (void)pcre2_get_error_message(number, (PCRE2_UCHAR *)why, 100);
    return number == PCRE2_ERROR_HEAP_FAILED ? SAC_ENOMEM : SAC_EINVAL;
}

typedef struct counter {
    size_t left;  /* steps */
    size_t place; /* in the text, at the last one */
} counter;

static int count_step(pcre2_callout_block *block, void *self)
{
    counter *c = (counter *)self;
    const size_t place = block->current_position;
    const size_t went = place > c->place ? place - c->place : c->place - place;
    const size_t steps = 1 + went / BYTES_A_STEP;

    c->place = place;
    if (steps > c->left)
        return PCRE2_ERROR_CALLOUT;
    c->left -= steps;
    return 0;
}

static int run(const sac__regex *regex, uint32_t max_steps, sac_str text, scratch *s)
{
    pcre2_general_context *general = pcre2_general_context_create(get_piece, free_piece, s);
    pcre2_match_context *context = general ? pcre2_match_context_create(general) : NULL;
    pcre2_match_data *data = context ? pcre2_match_data_create(1, general) : NULL;
    const bool is_short = text.n <= SHORT;
    counter c = {.left = max_steps + STEPS_A_BYTE * text.n};
    uint32_t limit = max_steps;
    int rc = PCRE2_ERROR_NOMEMORY;

    if (is_short && text.n > FULL_LIMIT)
        limit = (uint32_t)(max_steps / (double)text.n * FULL_LIMIT);
    if (data) {
        (void)pcre2_set_match_limit(context, is_short ? limit : UINT32_MAX);
        (void)pcre2_set_heap_limit(context, HEAP_KIB);
        if (!is_short)
            (void)pcre2_set_callout(context, count_step, &c);
        rc = pcre2_match(is_short ? regex->code : regex->counted, (PCRE2_SPTR)text.p, text.n, 0, 0,
                         data, context);
    }
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    pcre2_general_context_free(general);
    return rc;
}

/* A stored regex: pattern and options, each with a NUL behind it. */
static bool is_same(const sac__regex *regex, sac_str raw)
{
    const sac_str pattern = regex->pattern, options = regex->options;

    return raw.n == pattern.n + options.n + 2 && memcmp(raw.p, pattern.p, pattern.n) == 0 &&
           raw.p[pattern.n] == 0 && memcmp(raw.p + pattern.n + 1, options.p, options.n) == 0;
}

int sac__regex_match(const sac__regex *regex, uint32_t max_steps, const sac_alloc *alloc,
                     const sac_value *value)
{
    scratch s;
    int rc;

    if (value->type == SAC_BSON_REGEX)
        return is_same(regex, value->raw);
    if (value->type != SAC_BSON_STRING && value->type != SAC_BSON_SYMBOL)
        return 0;
    s.alloc = alloc;
    s.used = 0;
    rc = run(regex, max_steps, sac__wire_text(value->raw), &s);
    if (rc >= 0)
        return 1;
    switch (rc) {
    case PCRE2_ERROR_NOMATCH: return 0;
    case PCRE2_ERROR_NOMEMORY: return SAC_ENOMEM;
    default: return SAC_ELIMIT;
    }
}

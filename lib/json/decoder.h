/* SPDX-License-Identifier: MIT */
#ifndef JSON_DECODER_H
#define JSON_DECODER_H

#include "core/buf.h"
#include "json/decode.h"
#include "json/keys.h"
#include "json/number/numeral.h"

/*
 * The decoder's inside: text in lex.c, scalars in fit.c and extended.c, objects
 * and arrays in decode.c.
 */

typedef struct sac__key_block sac__key_block;

typedef struct sac__decoder {
    const sac__json_decoding *how;
    const char *begin, *p, *end;
    sac_bson *out;
    unsigned max_depth;
    size_t members;
    sac__buf text; /* a string without its escapes */
    sac__buf raw;  /* a value on its way to `out` */
    sac__buf path;
    sac__keys keys;
    sac__key_block *key_blocks; /* keys without their escapes */
    const char *bad;            /* what went wrong: where and why */
    const char *why;
    char message[64]; /* for a reason that is not constant */
} sac__decoder;

/* Where a value stands, for its path. */
typedef struct sac__place {
    const struct sac__place *up;
    sac_str key;   /* as stored */
    sac_str shown; /* as the client has it */
    size_t index;  /* in an array, and then there are no keys */
    bool in_array;
} sac__place;

void sac__decoder_init(sac__decoder *d, const sac__json_decoding *how, sac_str json,
                       const sac_alloc *alloc);
void sac__decoder_fini(sac__decoder *d);

/* Remembers place and reason; returns the code. */
int sac__decoder_fail(sac__decoder *d, int code, const char *at, const char *why);
/* Fills `err` of a code that was returned. */
int sac__decoder_report(const sac__decoder *d, int code, sac_err *err);

/* A string as it stands between its quotes. */
typedef struct sac__token {
    sac_str text;
    size_t n; /* bytes without escapes; text.n where there are none */
    bool nul; /* holds \u0000 */
} sac__token;

void sac__lex_blanks(sac__decoder *d);
/* The character that comes after blanks, 0 at the end; not taken. */
char sac__lex_peek(sac__decoder *d);
bool sac__lex_take(sac__decoder *d, char c);           /* after blanks */
int sac__lex_string(sac__decoder *d, sac__token *out); /* d->p is at the quote */
int sac__lex_number(sac__decoder *d, sac__numeral *out);
int sac__lex_word(sac__decoder *d, const char *word);
/* Writes exactly token->n bytes. */
void sac__lex_unescape(const sac__token *token, char *out);
/* The string's bytes, in the text itself or in d->text; p NULL without memory. */
sac_str sac__lex_text(sac__decoder *d, const sac__token *token);
/* The same, valid until the decoder ends. */
sac_str sac__lex_keep(sac__decoder *d, const sac__token *token);

/* The value of an Extended JSON object. */
typedef struct sac__extended {
    sac_value value;      /* raw in d->raw */
    sac__numeral numeral; /* of a number that is no NaN or infinity */
    bool is_numeral;
} sac__extended;

/* Whether a key makes its object Extended JSON. */
bool sac__extended_is_key(sac_str key);
/* Reads such an object; d->p is behind its brace. */
int sac__extended_read(sac__decoder *d, unsigned depth, sac__extended *out);

/*
 * Scalars, read by a field or NULL and added to d->out: in fit.c. d->p is at the
 * first character, for an extended one behind its brace.
 */
int sac__decoder_number(sac__decoder *d, const sac__plan_field *field, const sac__place *at);
int sac__decoder_string(sac__decoder *d, const sac__plan_field *field, const sac__place *at);
int sac__decoder_word(sac__decoder *d, const char *word, const sac__plan_field *field,
                      const sac__place *at);
int sac__decoder_extended(sac__decoder *d, const sac__plan_field *field, const sac__place *at,
                          unsigned depth);

/* Whether a value of the type fits. */
static inline bool sac__decoder_takes(const sac__plan_field *field, sac_type type)
{
    return !field || field->type == type || field->type == SAC_ANY;
}

int sac__decoder_misfit(sac__decoder *d, sac__json_misfit misfit, const sac__place *at,
                        const sac__plan_field *field);

/* The members of an object, d->p behind its brace. `up` is its own place. */
int sac__decoder_object(sac__decoder *d, const sac__plan *plan, const sac__place *up,
                        unsigned depth);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef JSON_DECODER_DECODER_H
#define JSON_DECODER_DECODER_H

#include "core/buf.h"
#include "json/decode.h"
#include "json/keys.h"
#include "json/number/numeral.h"

/*
 * The decoder's inside: objects, arrays and scalars as they stand in parse.c,
 * what fields and Extended JSON make of them in fit.c and extended.c, text and
 * errors in lex.c.
 */

typedef struct sac__key_block sac__key_block;

typedef struct sac__decoder {
    const sac__json_decoding *how;
    const char *begin, *p;
    const char *end;  /* of the text, or of what is UTF-8 of it */
    const char *last; /* the end of the text */
    sac_bson *out;
    char *base, *limit; /* its memory, and how far elements may begin */
    unsigned max_depth;
    size_t members; /* that may still come */
    int code;       /* the error that stopped it */
    sac__buf text;  /* a string without its escapes */
    sac__buf raw;   /* a value on its way to `out` */
    sac__buf path;
    sac__keys keys;
    sac__key_block *key_blocks; /* keys without their escapes */
    const char *bad;            /* what went wrong: where and why */
    const char *why;
    char message[64]; /* for a reason that is not constant */
} sac__decoder;

/* Where reading and writing have come to; p is NULL where they stopped, with d->code set. */
typedef struct sac__cursor {
    const char *p;
    char *w;
} sac__cursor;

/* Where a value stands. */
typedef struct sac__place {
    const struct sac__place *up;
    const sac__plan_field *field; /* what it is read by, or NULL */
    char *head;                   /* its type's byte, while nothing behind it is written */
    sac_str shown;                /* its key as the client has it */
    size_t index;                 /* in an array, and then there are no keys */
    unsigned depth;               /* of what it is in */
    bool in_array;
} sac__place;

void sac__decoder_init(sac__decoder *d, const sac__json_decoding *how, sac_str json,
                       const sac_alloc *alloc);
void sac__decoder_fini(sac__decoder *d);

/* Remembers place and reason; returns the code. */
int sac__decoder_fail(sac__decoder *d, int code, const char *at, const char *why);
/* The same for those who move a cursor. */
sac__cursor sac__decoder_stop(sac__decoder *d, int code, const char *at, const char *why);
sac__cursor sac__decoder_quit(sac__decoder *d, int code);
/* Fills `err` of a code that was returned. */
int sac__decoder_report(const sac__decoder *d, int code, sac_err *err);

/*
 * What is written goes to out's memory directly. Up to SAC__DECODER_ROOM bytes
 * have room wherever w is not beyond d->limit; the document's maximum is
 * looked at when it grows, and when the decoder is done with it.
 */
#define SAC__DECODER_ROOM 64

/* Begins to write behind what `out` holds, with room for n bytes; NULL after an error. */
char *sac__decoder_open(sac__decoder *d, sac_bson *out, size_t n);
/* Hands over what was written up to w. */
int sac__decoder_close(sac__decoder *d, const char *w);
/* The same place, maybe in other memory, with room for n bytes more; NULL after an error. */
char *sac__decoder_more(sac__decoder *d, char *w, size_t n);
static inline char *sac__decoder_need(sac__decoder *d, char *w, size_t n)
{
    return d->limit - w >= (ptrdiff_t)n ? w : sac__decoder_more(d, w, n);
}

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
/*
 * A step of copying a string where 16 bytes at once will not do: more memory,
 * the text's last bytes, an escape. What is next may be the closing quote.
 */
sac__cursor sac__lex_copy(sac__decoder *d, sac__cursor c);
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

/* Whether a value of the type fits. */
static inline bool sac__decoder_takes(const sac__plan_field *field, sac_type type)
{
    return !field || field->type == type || field->type == SAC_ANY;
}

int sac__decoder_misfit(sac__decoder *d, sac__json_misfit misfit, const sac__place *at);

/*
 * Scalars of fields that do not take them as they stand, in fit.c. The cursor
 * is at the first character, of an extended one behind its brace.
 */
sac__cursor sac__decoder_fit_number(sac__decoder *d, sac__cursor c, const sac__place *at);
sac__cursor sac__decoder_fit_string(sac__decoder *d, sac__cursor c, const sac__place *at);
sac__cursor sac__decoder_extended(sac__decoder *d, sac__cursor c, const sac__place *at);

/* A number as its text has it, from behind it. */
sac__cursor sac__decoder_put_number(sac__decoder *d, sac__cursor c, char *head,
                                    const sac__numeral *numeral);

/* Why the key rules forbid the key of a member; NULL: they do not. */
const char *sac__decoder_bad_key(const sac__decoder *d, const sac__place *at);

/* A value of any kind, from its first character or blanks before it. */
sac__cursor sac__decoder_value(sac__decoder *d, sac__cursor c, const sac__place *at);
/* The members of an object that is at `depth`, the cursor behind its brace; `up` is its own place. */
sac__cursor sac__decoder_members(sac__decoder *d, sac__cursor c, const sac__plan *plan,
                                 const sac__place *up, unsigned depth);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef JSON_ENCODER_H
#define JSON_ENCODER_H

#include "json/emit.h"
#include "json/encode.h"
#include "json/keys.h"
#include "json/words.h"

/* The encoder's inside: documents and the common values in elements.c, the rest in forms.c. */

/* Room that any scalar, or the frame of a larger value, takes at most. */
#define SAC__ENCODER_SCALAR 128

/* Bytes from any place on that may be looked at, through a copy near the end. */
#define SAC__ENCODER_LOOK 64

typedef struct sac__encoder {
    sac__emit emit;
    const sac__json_encoding *how;
    const sac__elements *elements;
    const char *start; /* of the bytes that are encoded; emit.readable is their end */
    const char *near;  /* up to here SAC__ENCODER_LOOK bytes can be read */
    unsigned max_depth;
    bool bare;  /* numbers stand as such: in all dialects but the canonical */
    bool plain; /* the dialect */
    bool dense; /* keys need neither blanks nor HTML's escapes */
    bool pretty;
    uint8_t kind;                     /* of level.h: how the keys of documents in arrays go */
    unsigned type;                    /* of an element whose beginning took longer */
    int error;                        /* why the cursor is NULL */
    const char *bad;                  /* where the bytes went wrong */
    char tail[2 * SAC__ENCODER_LOOK]; /* the last bytes, zeros behind them */
    sac__keys keys;
    sac__words *words;
    sac__words own; /* where none are given */
} sac__encoder;

/* What elements.c has, compiled once for each kind of processor. */
struct sac__elements {
    int (*document)(sac__encoder *x, sac_str doc, unsigned depth);
    int (*value)(sac__encoder *x, const sac_value *value);
};

void sac__encoder_init(sac__encoder *x, const sac__json_encoding *how, const sac_alloc *alloc);

/* The members of a document between braces; the outermost, of depth 1, by the plan. */
int sac__encoder_document(sac__encoder *x, sac_str doc, unsigned depth);

/* The outermost document, its computed fields too; committed; fills `err`. */
int sac__encoder_run(sac__encoder *x, sac_str doc, sac_err *err);

/* A value whose framing has been checked and that elements.c does not write itself. */
int sac__encoder_form(sac__encoder *x, sac_value value, unsigned depth);

/* With its quotes. */
int sac__encoder_string(sac__encoder *x, sac_str s);

int sac__encoder_corrupt(sac__encoder *x, const char *at);

/* Why sac__emit_escaped() or sac__emit_need() gave NULL. */
int sac__encoder_why_not(sac__encoder *x);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef JSON_ENCODER_H
#define JSON_ENCODER_H

#include "json/emit.h"
#include "json/encode.h"
#include "json/keys.h"

/* The encoder's inside: documents and the common values in elements.c, the rest in forms.c. */

/* Room that any scalar, or the frame of a larger value, takes at most. */
#define SAC__ENCODER_SCALAR 128

typedef struct sac__encoder {
    sac__emit emit;
    const sac__json_encoding *how;
    const char *start; /* of the bytes that are encoded; emit.readable is their end */
    unsigned max_depth;
    bool plain;      /* the dialect */
    bool dense;      /* keys need neither blanks nor HTML's escapes */
    int error;       /* why the cursor is NULL */
    const char *bad; /* where the bytes went wrong */
    char tail[32];   /* the last 16 bytes, zeros behind them: for wide loads near the end */
    sac__keys keys;
} sac__encoder;

void sac__encoder_init(sac__encoder *x, const sac__json_encoding *how, const sac_alloc *alloc);

/* The members of a document between braces; the outermost, of depth 1, by the plan. */
int sac__encoder_document(sac__encoder *x, sac_str doc, unsigned depth);

/* The outermost document, its computed fields too; committed; fills `err`. */
int sac__encoder_run(sac__encoder *x, sac_str doc, sac_err *err);

/* One value that no plan is for. */
int sac__encoder_value(sac__encoder *x, const sac_value *value);

/* A value whose framing has been checked and that elements.c does not write itself. */
int sac__encoder_form(sac__encoder *x, sac_value value, unsigned depth);

/* With its quotes. */
int sac__encoder_string(sac__encoder *x, sac_str s);

int sac__encoder_corrupt(sac__encoder *x, const char *at);

#endif

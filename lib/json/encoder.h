/* SPDX-License-Identifier: MIT */
#ifndef JSON_ENCODER_H
#define JSON_ENCODER_H

#include "json/emit.h"
#include "json/encode.h"
#include "json/keys.h"

/* The encoder's inside: documents and the common values in encode.c, the rest in forms.c. */

/* Room that any scalar, or the frame of a larger value, takes at most. */
#define SAC__ENCODER_SCALAR 128

typedef struct sac__encoder {
    sac__emit emit;
    const sac__json_encoding *how;
    const char *start;    /* of the bytes that are encoded */
    const char *readable; /* their end: wide loads stop there */
    unsigned escape;      /* flags of escape.h */
    unsigned max_depth;
    const char *bad; /* where the bytes went wrong */
    sac__keys keys;
} sac__encoder;

void sac__encoder_init(sac__encoder *x, const sac__json_encoding *how, const sac_alloc *alloc);

/* The members of a document between braces, by a plan or NULL. */
int sac__encoder_document(sac__encoder *x, sac_str doc, const sac__plan_field *field,
                          unsigned depth);

/* The outermost document, its computed fields too; committed; fills `err`. */
int sac__encoder_run(sac__encoder *x, sac_str doc, sac_err *err);

/* A value whose framing has been checked and that encode.c does not write itself. */
int sac__encoder_form(sac__encoder *x, sac_value value, unsigned depth);

/* With its quotes. */
int sac__encoder_string(sac__encoder *x, sac_str s);

int sac__encoder_corrupt(sac__encoder *x, const char *at);

#endif

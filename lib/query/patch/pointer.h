/* SPDX-License-Identifier: MIT */
#ifndef QUERY_PATCH_POINTER_H
#define QUERY_PATCH_POINTER_H

#include <sacrum/bson.h>

#include "core/buf.h"

/* Follows JSON pointers (RFC 6901) in a document's bytes. */
typedef struct sac__pointer {
    sac__buf name;   /* the last name, its escapes resolved */
    sac__buf dotted; /* the path, without array indexes */
} sac__pointer;

/* Where a pointer leads. Offsets are from the beginning of the document. */
typedef struct sac__place {
    size_t starts[SAC_BSON_DEPTH]; /* of the documents and arrays around it, outermost first */
    int depth;                     /* how many; 0: it is the whole document */
    bool parent;                   /* the last of them is there */
    bool array;                    /* it is an array */
    bool found;
    bool at_end;       /* not found, but the next place of an array */
    bool dotted_name;  /* a name has a dot in it */
    size_t begin, end; /* of the element; where nothing is found both are `finish` */
    size_t finish;     /* the last byte of the parent */
    size_t index;      /* in an array */
    sac_str name;
    sac_value value;
} sac__place;

void sac__pointer_init(sac__pointer *pointer, const sac_alloc *alloc);
void sac__pointer_fini(sac__pointer *pointer);

/* The path is well-formed. `*out` is valid until the next call. SAC_ENOMEM, SAC_ECORRUPT, SAC_ELIMIT. */
int sac__pointer_find(sac__pointer *pointer, sac_str doc, sac_str path,
                      sac__place *out) SAC_MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_WRITE_PATCH_H
#define RESOURCE_WRITE_PATCH_H

#include "resource/render.h"

/*
 * The body of a PATCH (wire.md §5). Fields to set (application/json) are a
 * sac__body, made of it once. The others are made of the document as its
 * client sees it, so each stored document gives a body of its own: what the
 * patch leaves, which then replaces what is stored.
 */
typedef struct sac__patch {
    const sac__ask *ask;
    sac_str doc; /* MERGE: the patch; JSON: its operations, a BSON array; UPDATE: the update */
    sac_update *update;
    bool bad_operator;
    sac_str unseen; /* the path that an update may not name; p NULL: none */
} sac__patch;

/* Reads the body. The errors are those of sac__ask_bad_body(), or SAC_EVALIDATION with `unseen`. */
int sac__patch_read(sac__patch *patch, const sac__ask *ask, sac_err *err) SAC_MUST_USE;

/*
 * What a stored document becomes, as a body and as a document. SAC_ECONFLICT: it
 * cannot be done to this one; SAC_EINVAL: a malformed patch; SAC_ESYNTAX,
 * SAC_ELIMIT, SAC_ETOOBIG of the result.
 */
int sac__patch_apply(const sac__patch *patch, const sac__making *making, const sac_view *stored,
                     sac__body *body, sac_err *err) SAC_MUST_USE;

#endif

/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_WRITE_MERGE_H
#define RESOURCE_WRITE_MERGE_H

#include "resource/write/patch.h"

/* Why a body makes no document of a stored one; told when the write is over. */
typedef enum sac__unmerged {
    SAC__UNMERGED_NOT,
    SAC__UNMERGED_BODY, /* it cannot be read */
    SAC__UNMERGED_STALE,
    SAC__UNMERGED_INVALID,
    SAC__UNMERGED_OVERLAP,
    SAC__UNMERGED_PATCH,  /* malformed */
    SAC__UNMERGED_RESULT, /* what a patch leaves cannot be a body */
    SAC__UNMERGED_UNSEEN, /* a patch names what its client does not see */
    SAC__UNMERGED_FAILED  /* a patch cannot be applied */
} sac__unmerged;

/* The body of a PUT or PATCH, and what came of it with the document at hand. */
typedef struct sac__merge {
    const sac__ask *ask;
    bool replaces; /* PUT */
    int body_rc;
    sac_err body_err;
    sac__body body;
    sac__patch patch;
    /* Of the last document; decide may run again. */
    sac__unmerged why;
    int result_rc;
    sac__problem_errors errors;
} sac__merge;

/* Reads the body. That it cannot be read is an error only after the item's own state. */
void sac__merge_read(sac__merge *merge, const sac__ask *ask, bool replaces);
/* Whether the body says which revision it is of. */
bool sac__merge_has_rev(const sac__merge *merge);

/* The new document. SAC_ECONFLICT: refused, `why` says it; else an error of the making. */
int sac__merge_stored(sac__merge *merge, const sac_view *stored, sac_str *doc,
                      sac_err *err) SAC_MUST_USE;
/* The same where nothing is stored. */
int sac__merge_new(sac__merge *merge, sac_value id, sac_str *doc, sac_err *err) SAC_MUST_USE;

/* Answers for a refusal; `tag` is of the stored document, or NULL. */
int sac__merge_refused(sac__merge *merge, const sac__tag *tag) SAC_MUST_USE;

#endif

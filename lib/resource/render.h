/* SPDX-License-Identifier: MIT */
#ifndef RESOURCE_RENDER_H
#define RESOURCE_RENDER_H

#include "json/encode.h"
#include "resource/ask.h"

/* Writes documents as a client of one request sees them. */
typedef struct sac__render {
    sac__json_encoding encoding;
    const sac__ask *ask;
    sac_str doc;       /* the one being written */
    uint64_t revision; /* its own */
} sac__render;

void sac__render_init(sac__render *render, const sac__ask *ask);
/* Appends one document. SAC_ECORRUPT, SAC_ENOMEM, SAC_ETOOBIG; `out` has its old length then. */
int sac__render_doc(sac__render *render, sac_str doc, uint64_t revision, sac__buf *out,
                    sac_err *err) SAC_MUST_USE;
/* Appends {"_id": …}. */
int sac__render_id(const sac__render *render, const sac_value *id, sac__buf *out,
                   sac_err *err) SAC_MUST_USE;
/* Answers for an error of the two above. */
int sac__render_failed(sac_req *req, int code, const sac_err *err) SAC_MUST_USE;

/* A buffer in the request's memory. */
void sac__render_buf(sac_req *req, sac__buf *out);
/* Path of an item, the host's prefix included, NUL behind it; p NULL when memory ends. */
sac_str sac__render_path(const sac__ask *ask, const sac_value *id);

#endif

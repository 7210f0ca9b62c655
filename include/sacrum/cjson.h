/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_CJSON_H
#define SACRUM_CJSON_H

/**
 * Requests and answers as cJSON trees, for views that want a tree. Include
 * <cjson/cJSON.h> beside it. A cJSON number is a double: an integer beyond 2^53
 * becomes a string on its way into a tree, as in the plain dialect.
 *
 * Threads: the request's; sac_cjson_ calls: any.
 */
#include <sacrum/req.h>

struct cJSON;

SAC_BEGIN

/**
 * The body, sent as application/json, as a tree: any JSON value, by the same
 * grammar and limits as sac_req_body_bson().
 *
 * Ownership: the request's, which deletes it at its end.
 * Errors: 400 (a string with a NUL too: a tree cannot hold it), 415, with the
 * problem set: return it.
 */
SAC_API int sac_req_body_cjson(sac_req *req, struct cJSON **out) SAC_MUST_USE;

/**
 * Answer with a tree. It stays the caller's. NaN and infinities are null; raw
 * nodes must be JSON.
 *
 * Errors: SAC_EINVAL for a tree that is no valid JSON, SAC_ELIMIT past 100
 * levels, SAC_ETOOBIG, SAC_ENOMEM: the request then fails with 500, and the
 * log says why.
 */
SAC_API int sac_reply_cjson(sac_req *req, int status, const struct cJSON *tree) SAC_MUST_USE;

/**
 * Answer with a template, as sac_reply_template() does, with a tree for its
 * data: an object, or NULL for none. It stays the caller's.
 */
SAC_API int sac_reply_template_cjson(sac_req *req, int status, const char *name,
                                     const struct cJSON *tree) SAC_MUST_USE;

/**
 * A document as a tree, which the caller deletes.
 * Errors: SAC_ECORRUPT; SAC_EINVAL for a string with a NUL, which a tree cannot
 * hold; SAC_ELIMIT past SAC_BSON_DEPTH; SAC_ENOMEM.
 */
SAC_API int sac_cjson_of(sac_str doc, struct cJSON **out, sac_err *err) SAC_MUST_USE;

/**
 * A tree, which must be an object, as a document. Numbers that are integers
 * become int32 or int64, others double.
 *
 * Ownership: `*doc` is memory of `alloc` (NULL: malloc), of exactly doc->n bytes.
 * Errors: SAC_EINVAL naming what a document cannot hold, SAC_ELIMIT, SAC_ETOOBIG,
 * SAC_ENOMEM.
 */
SAC_API int sac_cjson_bson(const struct cJSON *tree, const sac_alloc *alloc, sac_str *doc,
                           sac_err *err) SAC_MUST_USE;

SAC_END

#endif

/* SPDX-License-Identifier: MIT */
#ifndef QUERY_PATCH_H
#define QUERY_PATCH_H

#include <sacrum/query.h>

/*
 * RFC 7396: the document as a merge patch leaves it, both as BSON. Nulls
 * remove, documents merge, all else replaces. `*out` as in sac_update_apply().
 */
int sac__merge_patch(sac_str doc, sac_str patch, const sac_alloc *alloc, sac_str *out,
                     sac_err *err) SAC_MUST_USE;

enum { SAC__PATCH_OPERATIONS = 1000 };

/*
 * RFC 6902: `patch` is a BSON array of operations. SAC_EINVAL for a malformed
 * patch, SAC_ECONFLICT for a failed `test` or a path that is missing, with the
 * number of the operation and its path in `err`; SAC_ELIMIT for too many;
 * SAC_ETOOBIG. `allow` is asked of each path read or written (dotted).
 */
int sac__json_patch(sac_str doc, sac_str patch, const sac_query_limits *limits,
                    const sac_alloc *alloc, sac_str *out, sac_err *err) SAC_MUST_USE;

#endif

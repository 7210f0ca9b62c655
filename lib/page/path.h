/* SPDX-License-Identifier: MIT */
#ifndef PAGE_PATH_H
#define PAGE_PATH_H

#include <sacrum/req.h>

/* Paths of URLs that stand for files. */

/*
 * Whether each segment is a plain name: not empty, no dot in front, no byte
 * that some systems split at. A slash may stand at the end.
 */
bool sac__path_is_fit(sac_str path);

/* Likewise of the path as it was sent, where an escaped slash is one more level than is seen. */
bool sac__path_is_fit_raw(sac_str raw);

/* To the path that was asked for, with what `cut` bytes at its end are replaced by. Keeps the query. */
int sac__path_redirect(sac_req *req, int status, size_t cut, const char *add);

/* `path` without the slash at its end, and a pattern for all beneath it; SAC_ENOMEM. */
int sac__path_patterns(sac_app *app, const char *path, char **root, char **beneath) SAC_MUST_USE;

#endif

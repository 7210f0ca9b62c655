/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_PAGE_H
#define SACRUM_PAGE_H

/** What a browser loads beside the API. */
#include <sacrum/app.h>

SAC_BEGIN

/**
 * Serve the files of a folder under a path: GET and HEAD, with types, tags,
 * dates and ranges; a folder's own path answers its index.html, but a view
 * that was mounted at `path` before keeps it. Nothing outside the folder, no
 * dot file and no special file is ever served.
 *
 * Ownership: `path` and `folder` are copied; the folder stays open until
 * sac_app_free().
 * Errors: SAC_EIO naming a folder that cannot be opened; as sac_app_mount().
 * Threads: build phase.
 */
SAC_API int sac_app_static(sac_app *app, const char *path, const char *folder,
                           sac_err *err) SAC_MUST_USE;

/** A folder from which views send files. */
typedef struct sac_folder sac_folder;

/**
 * Open a folder for sac_reply_file_in(). It stays open until sac_app_free().
 * Errors: SAC_EIO naming a folder that cannot be opened, SAC_ENOMEM.
 * Threads: build phase.
 */
SAC_API int sac_app_folder(sac_app *app, const char *folder, const sac_folder **out,
                           sac_err *err) SAC_MUST_USE;

/**
 * Answer a GET with a file beneath a folder, as sac_app_static() does: type,
 * tag, date, ranges, conditions. `path` is relative and may be the client's
 * word: what is outside, hidden or no plain file is 404. `type`: NULL for the
 * type that the name's extension says.
 */
SAC_API int sac_reply_file_in(sac_req *req, const sac_folder *folder, sac_str path,
                              const char *type) SAC_MUST_USE;

SAC_END

#endif

/* SPDX-License-Identifier: MIT */
#ifndef PAGE_FILE_H
#define PAGE_FILE_H

#include <sys/stat.h>

#include <sacrum/page.h>
#include <sacrum/req.h>

/* Files of a folder as answers. */

struct sac_folder {
    int fd;
};

/* Opens a folder until sac_app_free(); `what` stands before the text of an error. */
int sac__folder_open(sac_app *app, const char *what, const char *folder, sac_folder **out,
                     sac_err *err) SAC_MUST_USE;

/* Something open and what is told about it. */
typedef struct sac__file {
    int fd;
    struct stat st;
    sac_str path;     /* NUL behind it */
    const char *type; /* NULL: by the path's ending */
    uint64_t size;
    int64_t mtime; /* seconds; never later than now */
    sac_str etag;
} sac__file;

/*
 * Whether each segment is a plain name: not empty, no dot in front, no byte
 * that some systems split at. A slash may stand at the end.
 */
bool sac__file_is_fit(sac_str path);

/* Opens file->path, which is fit: a file, a folder, …; on failure the problem is set. */
int sac__file_open(const sac_folder *folder, sac_req *req, sac__file *file) SAC_MUST_USE;

/* Answers with an open regular file, with conditions and ranges for GET and HEAD; closes it. */
int sac__file_serve(sac_req *req, sac__file *file) SAC_MUST_USE;

int sac__file_missing(sac_req *req);

#endif

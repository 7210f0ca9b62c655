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
    sac_str path;       /* NUL behind it */
    const char *type;   /* NULL: by the path's ending */
    const char *cache;  /* Cache-Control; NULL: no-cache */
    bool varies;        /* there may be a variant of another coding */
    const char *coding; /* fd and st are those of a variant; NULL: they are not */
    uint64_t state;     /* of the file, where fd is a variant's */
    uint64_t size;
    int64_t mtime; /* seconds; never later than now */
    sac_str etag;
} sac__file;

/*
 * Opens file->path, which is fit: a file, a folder, …; SAC_ENOTFOUND for what
 * is missing or outside, SAC_EUNAVAILABLE, SAC_EIO, SAC_ENOMEM.
 */
int sac__file_try(const sac_folder *folder, sac__file *file) SAC_MUST_USE;
/* The problem of such an error. */
int sac__file_fail(sac_req *req, int rc);
/* Both. */
int sac__file_open(const sac_folder *folder, sac_req *req, sac__file *file) SAC_MUST_USE;

/* A number for what stat says of a file's content. */
uint64_t sac__file_state(const struct stat *st);

/* Answers with an open regular file, with conditions and ranges for GET and HEAD; closes it. */
int sac__file_serve(sac_req *req, sac__file *file) SAC_MUST_USE;

int sac__file_missing(sac_req *req);

#endif

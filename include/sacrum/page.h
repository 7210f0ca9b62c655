/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_PAGE_H
#define SACRUM_PAGE_H

/** What a browser loads beside the API. */
#include <sacrum/app.h>
#include <sacrum/bson.h>

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

/* The front end: a single-page app and its pages. */

/** Adds to the data of a page's template, in memory of the request; 0, or an error to answer with. */
typedef int sac_page_data(void *self, sac_req *req, sac_bson *data);

/** All but `folders` is optional. What it points to must outlive the app. */
typedef struct sac_front {
    size_t size;           /**< sizeof this struct: SAC_FRONT sets it. */
    size_t decorator_size; /**< sizeof a row of `decorators`: set likewise. */
    const char *const *folders; /**< Of files, as sac_app_static(); looked into in this order; up
                                     to 16; ends with NULL. */
    const char *index;     /**< Template of the index page; NULL: the file index.html. */
    bool single_page;      /**< The index answers every path that no route, no file and no API
                                owns, unless it looks like a file's (its last segment has a dot). */
    const sac_decorator *decorators; /**< Around the index, as {SAC_LOGIN_REQUIRED_PAGE, …}; ends
                                     with {.fn = NULL}. Files are served to anybody. */
    sac_page_data *data;   /**< For the template; NULL: none. */
    void *self;            /**< For data. */
    int64_t max_age;       /**< Seconds that browsers keep files without asking; 0: they ask every
                                time. */
    const char *const *immutable; /**< Folders (`assets/`) whose files' names change with their
                                     content: kept for a year; ends with NULL; or NULL. */
} sac_front;
#define SAC_FRONT(...)                                                         \
    { .size = sizeof(sac_front), .decorator_size = sizeof(sac_decorator), __VA_ARGS__ }

/**
 * Serve a front end under a path: its index, its files, and where asked for
 * the index for every other page path. A file `app.js.br` or `app.js.gz` beside
 * `app.js`, not older, is sent to who takes that coding.
 *
 * With a template the file index.html is never served, and its path leads to
 * the index.
 *
 * Errors: SAC_EINVAL naming the member; SAC_EEXIST when the path is taken;
 * SAC_EIO naming a folder that cannot be opened. A template that is missing is
 * SAC_ENOTFOUND at the seal. Threads: build phase.
 */
SAC_API int sac_app_front(sac_app *app, const char *path, const sac_front *front,
                          sac_err *err) SAC_MUST_USE;

/** A page by itself. All but `name` is optional. What it points to must outlive the app. */
typedef struct sac_page {
    size_t size;           /**< sizeof this struct: SAC_PAGE sets it. */
    size_t decorator_size; /**< sizeof a row of `decorators`: set likewise. */
    const char *name;      /**< Of its template, and of the view. */
    const sac_decorator *decorators; /**< Outermost first, ends with {.fn = NULL}; or NULL. */
    sac_page_data *data;   /**< For the template; NULL: none. It may wait. */
    void *self;            /**< For data. */
} sac_page;
#define SAC_PAGE(...)                                                          \
    { .size = sizeof(sac_page), .decorator_size = sizeof(sac_decorator), __VA_ARGS__ }

/**
 * Mount a page: GET renders a template of sac_app_templates(). `page` is copied.
 * Errors: as sac_app_mount(). A template that is missing is found out at the
 * seal. Threads: build phase.
 */
SAC_API int sac_app_page(sac_app *app, const char *path, const sac_page *page,
                         sac_err *err) SAC_MUST_USE;

/**
 * Answer failed requests of browsers' navigation (`Accept` with text/html, no
 * API prefix) with a template: `error_404` where there is one, else `name`. Its
 * data: status, code, title, detail. Without templates a plain page of the
 * library's. A handler of sac_app_on_error() goes before. `name` NULL: "error".
 * Errors: SAC_EINVAL, SAC_EEXIST, SAC_ENOMEM. Threads: build phase.
 */
SAC_API int sac_app_error_pages(sac_app *app, const char *name, sac_err *err) SAC_MUST_USE;

/**
 * Compress answers (gzip) to those who take it: text, JSON and the like of
 * 1 KiB and more; files and streams as they are sent. Their tags say so. What a
 * view has marked with Content-Encoding, or `Cache-Control: no-transform`, is
 * left alone.
 * `level` 1 to 9; 0: 1. Errors: SAC_EINVAL, SAC_EEXIST, SAC_ENOMEM. Threads: build phase.
 */
SAC_API int sac_app_gzip(sac_app *app, int level, sac_err *err) SAC_MUST_USE;

SAC_END

#endif

/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_APP_H
#define SACRUM_APP_H

/**
 * An app: its store, its routes, its limits. It is built by one thread, then
 * sealed (by sac_app_seal() or by a host's run), and from then on read-only
 * and used by any number of threads.
 *
 * Threads: build phase, unless a call says otherwise.
 */
#include <sacrum/alloc.h>
#include <sacrum/log.h>
#include <sacrum/store.h>
#include <sacrum/view.h>

SAC_BEGIN

enum {
    SAC_NO_WORKERS = -1 /**< For sac_app_config.workers: run everything inline. */
};

/** Where reads of the library's own operations run. */
typedef enum sac_reads {
    SAC_READS_INLINE,    /**< On the host's thread: right for data that fits in memory. */
    SAC_READS_ON_WORKERS /**< On a worker: for data larger than memory. */
} sac_reads;

/** All is optional; 0 stands for the default. What it points to must outlive the app. */
typedef struct sac_app_config {
    size_t size;          /**< sizeof this struct: SAC_APP_CONFIG sets it. */
    const char *database; /**< URI of the store; NULL: the app has none. */
    sac_store_opener *stores[8]; /**< Asked in this order; unused ones NULL. */
    const char *origin;   /**< `https://example.org`: for absolute URLs. */
    const char *const *hosts; /**< Host headers to accept, ends with NULL; without it any host
                                   is served, but only loopback ones are put into URLs. */
    const char *secret;   /**< 16 bytes or more; NULL: one kept in the database. */
    const char *problem_docs; /**< URL before the code in `type` of problems; NULL: about:blank. */
    void *state;          /**< The host program's own: sac_req_state(). */

    int workers;          /**< Threads for blocking handlers; 0: two a CPU. */
    size_t max_jobs;      /**< Requests that wait for a worker, then 503; 0: 1,024. */
    sac_reads reads;

    size_t max_body;      /**< Bytes of a collected body; 0: 1 MiB. */
    size_t max_memory;    /**< Bytes of a request's arena; 0: 64 MiB. */
    size_t max_target;    /**< Bytes of the request target, then 414; 0: 8 KiB. */
    size_t max_headers;   /**< Header fields of a request, then 431; 0: 100. */
    size_t max_params;    /**< Query parameters; 0: 256. */
    unsigned max_depth;   /**< Levels of a JSON body; 0: 64. */
    size_t max_keys;      /**< Keys and elements of a JSON body; 0: 10,000. */

    sac_log_fn *log;      /**< NULL: nothing is logged. */
    void *log_self;
    sac_log_level log_level;
    const sac_alloc *alloc; /**< NULL: malloc. */

    const char *const *proxies; /**< Who stands in front: addresses, networks ("10.0.0.0/8"), "unix"
                                     for a socket of the file system; ends with NULL. Of these
                                     X-Forwarded-For and X-Forwarded-Proto are believed. NULL:
                                     nobody's. */
} sac_app_config;
#define SAC_APP_CONFIG(...) { .size = sizeof(sac_app_config), __VA_ARGS__ }

/**
 * Make an app. Nothing is opened or started before it is sealed.
 *
 * Ownership: free it with sac_app_free().
 * Errors: SAC_ENOMEM; SAC_EVERSION for a config of a newer library;
 * SAC_EINVAL naming the member.
 */
SAC_API int sac_app_new(const sac_app_config *config, sac_app **out, sac_err *err) SAC_MUST_USE;

/**
 * End the workers, finish and close the store, free all. NULL is a no-op.
 * Threads: no host may serve it any more.
 */
SAC_API void sac_app_free(sac_app *app);

/**
 * A group: an app under a path prefix, for all the calls of the build phase,
 * with middleware of its own. Groups nest. It belongs to the app and is freed
 * with it.
 *
 * Errors: SAC_EINVAL for a bad prefix, SAC_ENOMEM.
 */
SAC_API int sac_app_group(sac_app *app, const char *prefix, sac_app **group,
                          sac_err *err) SAC_MUST_USE;

/**
 * Mount a view at a path, as `/books/{isbn}` or `/books/{id:int}/pages`. Kinds
 * of parameters: string (the default: one segment), int, objectid, uuid, path
 * (the rest, slashes included), and those of sac_app_converter(). A trailing
 * slash is accepted, without a redirect.
 *
 * Ownership: `ops` and `self` are borrowed and must outlive the app; `path` is
 * copied.
 * Errors: SAC_EEXIST if the path is taken, SAC_EINVAL for a bad pattern or
 * table (the text says what), SAC_EVERSION, SAC_ENOMEM. On error nothing is
 * mounted.
 *
 *     static const sac_view_ops book = SAC_VIEW_OPS(
 *         .name = "book", .get = book_get, .del = book_del);
 *     rc = sac_app_mount(app, "/books/{isbn}", &book, &shelf, &err);
 */
SAC_API int sac_app_mount(sac_app *app, const char *path, const sac_view_ops *ops, void *self,
                          sac_err *err) SAC_MUST_USE;

/** Add middleware to an app or a group. Borrowed: both must outlive the app. */
SAC_API int sac_app_use(sac_app *app, const sac_middleware_ops *ops, void *self,
                        sac_err *err) SAC_MUST_USE;

/** Add a kind of path parameter, before the paths that name it. Borrowed. */
SAC_API int sac_app_converter(sac_app *app, const sac_converter *converter,
                              sac_err *err) SAC_MUST_USE;

/**
 * Write the answer to failed requests yourself: `handler` runs in place of the
 * problem document when a request of this app or group ends with `status` (0:
 * with any status of 400 or more). It answers, or returns without having
 * answered to leave it to the library; sac_req_problem() says what happened.
 * It must be inline.
 *
 * Of all that fit one runs: the innermost group's; there first one by code
 * (sac_app_on_problem()), then one by status, then that of 0.
 *
 * Errors: SAC_EINVAL, SAC_EEXIST for a second one, SAC_ENOMEM.
 */
SAC_API int sac_app_on_error(sac_app *app, int status, sac_handler *handler, void *self,
                             sac_err *err) SAC_MUST_USE;
/** The same for a problem's code, as "list_too_long". Errors: SAC_EINVAL for an unknown one too. */
SAC_API int sac_app_on_problem(sac_app *app, const char *code, sac_handler *handler, void *self,
                               sac_err *err) SAC_MUST_USE;

/**
 * End the build phase: open the store, start the workers. A second call is a
 * no-op.
 *
 * Errors: what the opener says; SAC_EINVAL when no opener knows the URI's
 * scheme; SAC_ENOMEM. On error the app is as before and may be sealed again.
 */
SAC_API int sac_app_seal(sac_app *app, sac_err *err) SAC_MUST_USE;

/** The open store; NULL before sac_app_seal() or without one. Threads: any. */
SAC_API sac_store *sac_app_store(const sac_app *app);

/**
 * Build the path of a view by its name: pairs of parameter name and value,
 * then NULL; of the view's paths the one whose parameters are all given; what
 * is left over becomes the query string. Written with its NUL into `out`.
 *
 * Errors: SAC_ENOTFOUND for an unknown name or a missing parameter, SAC_EINVAL
 * for a value that the path could not match, SAC_ETOOBIG.
 * Threads: any, once sealed.
 */
SAC_API int sac_app_url_for(const sac_app *app, char *out, size_t cap, const char *view,
                            ...) SAC_MUST_USE;

SAC_END

#endif

/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_HOST_LIBEVENT_H
#define SACRUM_HOST_LIBEVENT_H

/**
 * For programs that run a libevent loop and an evhttp server (2.1.12 or newer)
 * already: an app is attached to the server, under a prefix, beside the
 * program's own routes, and answers in its loop. Handlers that wait run on the
 * app's workers; the loop is never blocked.
 *
 * evhttp reads a request's body whole before it is asked for: bodies are capped
 * (max_body), and a view with SAC_STREAM_BODY reads one that is there already.
 * The timeouts are the program's: evhttp_set_timeout(). What evhttp answers by
 * itself is in docs/reference/host.md.
 *
 * Threads: the loop's, for every call. The base needs no locking of its own.
 */
#include <sacrum/app.h>

struct evhttp;
struct evhttp_request;

SAC_BEGIN

typedef struct sac_libevent sac_libevent;

/** 0 stands for the default. */
typedef struct sac_libevent_config {
    size_t size;        /**< sizeof this struct: SAC_LIBEVENT_CONFIG sets it. */
    const char *prefix; /**< Path under which the app answers, as "/api"; NULL: all paths. */
    /**
     * Gets what is not under the prefix, as evhttp_set_gencb() would, since
     * the attached app takes that place; NULL: evhttp's 404. Paths set with
     * evhttp_set_cb() come first in any case.
     */
    void (*other)(struct evhttp_request *request, void *arg);
    void *arg;
    /**
     * The program keeps its own evhttp_set_gencb() and calls
     * sac_libevent_handle() itself, until the host is gone.
     */
    bool no_gencb;
    /**
     * Bytes of a body, set with evhttp_set_max_body_size() for the whole
     * server; 0: sac_app_config.max_body; SAC_KEEP_MAX_BODY: left alone.
     */
    int64_t max_body;
    unsigned stop_timeout; /**< Seconds that sac_libevent_detach() waits; 0: 5. */
    /**
     * Bytes of a request's head, set with evhttp_set_max_headers_size() for the
     * whole server, which has no limit by itself; 0: 64 KiB; SAC_KEEP_MAX_HEAD:
     * left alone.
     */
    int64_t max_head;
    /**
     * Leave evhttp_set_allowed_methods() to the program. Else the server takes
     * PATCH and OPTIONS beside the five that evhttp takes by itself: routes of
     * evhttp_set_cb() see them too, `other` does not (501, as before).
     */
    bool keep_methods;
    bool secure; /**< The server speaks TLS (evhttp_set_bevcb()). */
} sac_libevent_config;
#define SAC_LIBEVENT_CONFIG(...) { .size = sizeof(sac_libevent_config), __VA_ARGS__ }

enum {
    SAC_KEEP_MAX_BODY = -1, /**< For sac_libevent_config.max_body. */
    SAC_KEEP_MAX_HEAD = -1  /**< For sac_libevent_config.max_head. */
};

/**
 * Seal the app and let it answer requests of `http`.
 *
 * Ownership: `app` and `http` must outlive it; end it with
 * sac_libevent_detach() or sac_libevent_free(), before evhttp_free().
 * Errors: SAC_EINVAL for a bad prefix; SAC_EEXIST when another app has the
 * place of evhttp_set_gencb() (attach both with no_gencb); SAC_EIO;
 * SAC_EVERSION; SAC_ENOMEM; as sac_app_seal(). On error `http` is as before.
 */
SAC_API int sac_libevent_attach(sac_app *app, struct evhttp *http,
                                const sac_libevent_config *config, sac_libevent **out,
                                sac_err *err) SAC_MUST_USE;

/** Answer a request whose path is under the prefix: true, and it is taken. Else false. */
SAC_API bool sac_libevent_handle(sac_libevent *host, struct evhttp_request *request);

/**
 * Take the app off gracefully: requests that come now are 503, those in flight
 * are finished, up to stop_timeout, then cut. After that `done(arg)` (if any)
 * is called once, from the loop, and the host is gone: sac_app_free() may
 * follow there. It returns at once; the loop must run on.
 */
SAC_API void sac_libevent_detach(sac_libevent *host, void (*done)(void *arg), void *arg);

/** Take it off now, cutting what is in flight: for a loop that has ended. NULL is a no-op. */
SAC_API void sac_libevent_free(sac_libevent *host);

SAC_END

#endif

/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_VIEW_H
#define SACRUM_VIEW_H

/**
 * Views: tables of handlers, one slot per HTTP method, and what stands around
 * them. The shape is Flask's MethodView.
 *
 * A handler is an ordinary blocking function. It answers with one of the
 * sac_reply_ calls and returns 0, or returns what sac_fail() returned. It runs
 * on a worker thread, unless its table says SAC_INLINE: then on the host's own
 * thread, where it must not wait. A request whose chain (middleware,
 * decorators, handler) is inline in every part never leaves the host's thread.
 */
#include <sacrum/err.h>
#include <sacrum/http.h>
#include <sacrum/str.h>

SAC_BEGIN

typedef struct sac_app sac_app;
typedef struct sac_req sac_req;
typedef struct sac_next sac_next;
typedef struct sac_view_ops sac_view_ops;

/** 0: answered. SAC_LATER: parked (inline handlers only). Negative: failed. */
typedef int sac_handler(void *self, sac_req *req);

/**
 * Stands around a handler. It runs the rest of the chain with sac_next_run(),
 * at most once, and returns what that returned; or it answers by itself.
 * Afterwards status and headers may still change, the body not; of a streamed
 * answer it sees the head only. SAC_LATER from an inline chain means that the
 * answer comes later: return it.
 */
typedef int sac_decorate(void *self, sac_req *req, const sac_next *next);

enum {
    SAC_INLINE = 1 << 0,     /**< Does not wait: may run on the host's thread. */
    SAC_STREAM_BODY = 1 << 1, /**< View: the body is not collected but read with sac_req_read(). */
    SAC_GUARD = 1 << 2 /**< Decorator: refuses who is not signed in; see <sacrum/identity.h>. */
};

/** One row of a table of decorators; a row whose fn is NULL ends it. */
typedef struct sac_decorator {
    sac_decorate *fn;
    void *self;
    unsigned methods; /**< Bits as SAC_GET; 0: all. GET is HEAD too. */
    unsigned flags;   /**< SAC_INLINE, SAC_GUARD */
} sac_decorator;

/**
 * One view: a table of handlers, one slot per HTTP method.
 *
 * A table is written once as a static const object and shared by every
 * request. A slot left NULL is looked up in `super`, then answered by the
 * library: HEAD by running `get` without its body, OPTIONS from the slots
 * that are set, anything else by 405 with an Allow header.
 *
 * Threads: slots of one table run at the same time on different requests;
 * `self` is shared, so guard what you change in it.
 */
struct sac_view_ops {
    size_t size;               /**< sizeof this struct: SAC_VIEW_OPS sets it. */
    size_t decorator_size;     /**< sizeof a row of `decorators`: set likewise. */
    const char *name;          /**< For logs and URL building; never NULL. */
    const sac_view_ops *super; /**< Where NULL slots are looked up, or NULL. */
    const sac_decorator *decorators; /**< Outermost first, ends with {.fn = NULL}; or NULL. */
    unsigned flags;            /**< SAC_INLINE, SAC_STREAM_BODY: of the slots of this table. */
    sac_handler *get;
    sac_handler *post;
    sac_handler *put;
    sac_handler *patch;
    sac_handler *del;
    sac_handler *before;       /**< Runs first; answering or an error ends the request. */
    sac_handler *after;        /**< Runs when there is an answer, errors included. */
    sac_handler *teardown;     /**< Runs last, whatever happened; cannot answer. */
    /* Append only: a slot past `size` reads as NULL. */
};
#define SAC_VIEW_OPS(...) \
    { .size = sizeof(sac_view_ops), .decorator_size = sizeof(sac_decorator), __VA_ARGS__ }

/**
 * What runs around every view of an app or a group: `before` in the order of
 * sac_app_use(), app first; `after` and `teardown` in the opposite order.
 * Before and after run for 404 and 405 too, as far as the group is known.
 */
typedef struct sac_middleware_ops {
    size_t size;      /**< sizeof this struct: SAC_MIDDLEWARE_OPS sets it. */
    const char *name; /**< For logs; never NULL. */
    unsigned flags;   /**< SAC_INLINE */
    sac_handler *before;   /**< Answering (or an error) skips the view; NULL: nothing. */
    sac_handler *after;    /**< May change status and headers; NULL: nothing. */
    sac_handler *teardown; /**< NULL: nothing. */
} sac_middleware_ops;
#define SAC_MIDDLEWARE_OPS(...) { .size = sizeof(sac_middleware_ops), __VA_ARGS__ }

/**
 * Run the rest of the chain. A second call of one decorator is SAC_EINVAL, and
 * the request is answered with 500.
 * Threads: the request's.
 */
SAC_API int sac_next_run(const sac_next *next, sac_req *req) SAC_MUST_USE;

/**
 * Run the next definition of the running slot: the one below the table in
 * which it was found (`super`, or the library's own operation of a resource).
 *
 * Errors: what that handler returned; SAC_EMETHOD when there is none.
 * Threads: the request's.
 */
SAC_API int sac_super(void *self, sac_req *req) SAC_MUST_USE;

/**
 * A kind of path parameter of your own: `{name:kind}` matches a segment when
 * `match` says so; what it stands for is sac_req_param_value()'s.
 */
typedef struct sac_converter {
    size_t size;      /**< sizeof this struct: SAC_CONVERTER sets it. */
    const char *name; /**< The kind; lower-case letters. */
    bool (*match)(void *self, sac_str segment); /**< Percent-decoded. Threads: any. */
    void *self;
    /**
     * Make a value of a segment that matched, in memory of the request: 0, or
     * an error to answer with (SAC_ENOTFOUND: there is no such thing). Runs
     * when the value is first asked for. NULL: there is no value.
     */
    int (*convert)(void *self, sac_req *req, sac_str segment, void **value);
} sac_converter;
#define SAC_CONVERTER(...) { .size = sizeof(sac_converter), __VA_ARGS__ }

SAC_END

#endif

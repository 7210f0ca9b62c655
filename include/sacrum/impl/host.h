/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_IMPL_HOST_H
#define SACRUM_IMPL_HOST_H

/**
 * For people who write a host: what carries requests from a server to an app.
 * Less stable than the calls for programs that use one.
 *
 * For each request: open, head, body as often as there are bytes, end, answer
 * (again when woken), pull (for a stream), close. Calls on one exchange never
 * overlap; they may come from different threads one after the other. Any of
 * them may be followed by close, at any time. lib/host/loopback is the
 * reference implementation.
 */
#include <sacrum/app.h>
#include <sacrum/req.h>

SAC_BEGIN

typedef struct sac_exchange sac_exchange;

/** What an exchange asks of its host. */
typedef struct sac_host_ops {
    size_t size;      /**< sizeof this struct: SAC_HOST_OPS sets it. */
    const char *name; /**< "microhttpd"; for logs. */
    /**
     * What answered SAC_LATER may be called again. From any thread, also from
     * within a call on this exchange, also before the host has seen SAC_LATER:
     * latch it. Never after close has returned: close waits for one that runs,
     * so it may neither call the exchange nor wait for a lock that is held
     * around close. Mandatory.
     */
    void (*wake)(void *self);
} sac_host_ops;
#define SAC_HOST_OPS(...) { .size = sizeof(sac_host_ops), __VA_ARGS__ }

/**
 * A request's head. It is copied: slices need only last for the call. The app
 * judges it anew: names and values of fields, and Content-Length and
 * Transfer-Encoding beside each other and `length`. What two servers could
 * read in two ways is refused, and the answer says `close`.
 */
typedef struct sac_head {
    size_t size;      /**< sizeof this struct: SAC_HEAD_INIT sets it. */
    sac_str method;   /**< As sent. */
    sac_str target;   /**< As sent, percent-encoded, query included; the prefix taken off. */
    sac_str prefix;   /**< Path under which the app is mounted, without a slash at its end. */
    const sac_header *headers;
    size_t n_headers;
    int64_t length;   /**< Of the body, as the host's parser read it; 0: none, -1: chunked. */
    sac_str peer;     /**< Address of the client, without port; may be empty. */
    bool secure;      /**< Came over TLS. */
    unsigned version; /**< 10 for HTTP/1.0, 11 for later 1.x: the fields must then frame a body
                           of `length`, and 1.1 has a Host. 0: both are the host's business. */
} sac_head;
#define SAC_HEAD_INIT(...) { .size = sizeof(sac_head), __VA_ARGS__ }

typedef enum sac_answer_kind {
    SAC_ANSWER_BYTES,
    SAC_ANSWER_FILE,
    SAC_ANSWER_STREAM /**< Get it by sac_exchange_pull(). */
} sac_answer_kind;

/** The answer's head and, unless it is a stream, its body. Valid until close. */
typedef struct sac_answer {
    size_t size;
    int status;
    const sac_header *headers; /**< Without Content-Length, Date, Connection. */
    size_t n_headers;
    sac_answer_kind kind;
    bool head;        /**< The request was HEAD: send no body, but the length. */
    bool close;       /**< Close the connection after it (the body was not read to its end, or
                           where it ends is not known). */
    sac_str bytes;
    int fd;           /**< Stays the exchange's. */
    uint64_t offset;  /**< Into the file. */
    int64_t length;   /**< Of the body; -1: unknown. */
} sac_answer;

/** The app's allocator, for a host's own state. Threads: any. */
SAC_API const sac_alloc *sac_app_allocator(const sac_app *app);

/** The app's limit for a collected body, in bytes. Threads: any. */
SAC_API size_t sac_app_max_body(const sac_app *app);

/** A line to the app's log. Threads: any. */
SAC_API void sac_app_log(const sac_app *app, sac_log_level level, const char *format, ...)
    SAC_PRINTF(3, 4);

/**
 * Begin a request on a sealed app. `self` goes to the slots of `ops`.
 * Errors: SAC_EINVAL (not sealed), SAC_ENOMEM, SAC_EVERSION.
 */
SAC_API int sac_exchange_open(sac_app *app, const sac_host_ops *ops, void *self,
                              sac_exchange **out) SAC_MUST_USE;

/**
 * Give the head. 0: go on with the body, or with end. 1: the answer is there
 * already (404, 413, …): body bytes need not be given, go to answer.
 */
SAC_API int sac_exchange_head(sac_exchange *exchange, const sac_head *head) SAC_MUST_USE;

/**
 * Give body bytes: `*taken` of them were copied. SAC_LATER: stop reading the
 * socket until woken, then give the rest. 1: the answer is there already.
 */
SAC_API int sac_exchange_body(sac_exchange *exchange, const void *p, size_t n,
                              size_t *taken) SAC_MUST_USE;

/** The body is complete: run the request. */
SAC_API int sac_exchange_end(sac_exchange *exchange) SAC_MUST_USE;

/** 0 and the answer, or SAC_LATER: ask again when woken. */
SAC_API int sac_exchange_answer(sac_exchange *exchange, const sac_answer **out) SAC_MUST_USE;

/**
 * Get bytes of a stream: 1 and `*n` > 0 bytes, 0 the end, SAC_LATER, an error
 * to cut the connection. Never waits.
 */
SAC_API int sac_exchange_pull(sac_exchange *exchange, void *buf, size_t cap,
                              size_t *n) SAC_MUST_USE;

/**
 * Done, or the client is gone. The exchange may not be used afterwards; its
 * memory goes when a worker or a ticket that still has it lets go.
 */
SAC_API void sac_exchange_close(sac_exchange *exchange);

/**
 * Refuse a request that the host itself cannot read or take (400, 413, 414,
 * 431, 503) with the app's own problem document and middleware's headers: in
 * place of head, body and end. `head` may be NULL. The answer says `close`.
 */
SAC_API int sac_exchange_refuse(sac_exchange *exchange, const sac_head *head,
                                const char *problem) SAC_MUST_USE;

SAC_END

#endif

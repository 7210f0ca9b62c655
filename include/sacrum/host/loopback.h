/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_HOST_LOOPBACK_H
#define SACRUM_HOST_LOOPBACK_H

/**
 * A host without a socket: a request goes straight into an app and its answer
 * comes back. For tests of host programs, and the reference for people who
 * write hosts.
 *
 * Threads: one client at a time on one sac_loopback; any number of them.
 */
#include <sacrum/app.h>
#include <sacrum/http.h>

SAC_BEGIN

/** A request to make. Everything but method and target is optional. */
typedef struct sac_loopback_request {
    size_t size; /**< sizeof this struct: SAC_LOOPBACK_REQUEST sets it. */
    const char *method;
    const char *target;        /**< `/api/todos?page=2` */
    const char *const *headers; /**< "Name: value", ends with NULL; or NULL. */
    sac_str body;
    bool chunked;   /**< Do not tell the body's length beforehand. */
    size_t piece;   /**< Give the body in pieces of so many bytes; 0: whole. */
} sac_loopback_request;
#define SAC_LOOPBACK_REQUEST(...) { .size = sizeof(sac_loopback_request), __VA_ARGS__ }

/** The whole answer. */
typedef struct sac_loopback_reply {
    int status;
    const sac_header *headers;
    size_t n_headers;
    sac_str body;
    bool cut;        /**< The stream ended with an error: a server would cut the connection. */
} sac_loopback_reply;

/** A client; it keeps the memory of its last answer. */
typedef struct sac_loopback sac_loopback;

/** Make a client of an app, which it seals. Free it before the app. */
SAC_API int sac_loopback_new(sac_app *app, sac_loopback **out, sac_err *err) SAC_MUST_USE;
/** NULL is a no-op. */
SAC_API void sac_loopback_free(sac_loopback *client);

/**
 * Make a request and wait for the end of its answer, which is valid until the
 * client's next request.
 *
 * Errors: SAC_ENOMEM; SAC_EINVAL for a malformed header line. A refused
 * request is no error: look at the status.
 *
 *     sac_loopback_request ask = SAC_LOOPBACK_REQUEST(
 *         .method = "GET", .target = "/api/todos");
 *     rc = sac_loopback_send(client, &ask, &reply, &err);
 */
SAC_API int sac_loopback_send(sac_loopback *client, const sac_loopback_request *request,
                              sac_loopback_reply *reply, sac_err *err) SAC_MUST_USE;

/** The same in short: a method, a target and, where not NULL, a JSON body. */
SAC_API int sac_loopback_json(sac_loopback *client, const char *method, const char *target,
                              const char *json, sac_loopback_reply *reply) SAC_MUST_USE;

/** A header field of an answer; p NULL when there is none. */
SAC_API sac_str sac_loopback_header(const sac_loopback_reply *reply, const char *name);

SAC_END

#endif

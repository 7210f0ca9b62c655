/* SPDX-License-Identifier: MIT */
#ifndef APP_REQ_H
#define APP_REQ_H

#include <sacrum/impl/host.h>
#include <sacrum/req.h>

#include "app/router/router.h"
#include "core/arena.h"
#include "core/log.h"
#include "http/headers.h"
#include "http/problem.h"
#include "http/url.h"

/* What the layers above lib/app may do with a request. */

sac__arena *sac__req_arena(sac_req *req);
const sac_head *sac__req_head(const sac_req *req);
/* The innermost group that it is of, or the app. */
const sac_app *sac__req_group(const sac_req *req);
/* The raw path without the query, and the route; NULL before or without a match. */
sac_str sac__req_raw_path(const sac_req *req);
const sac__route *sac__req_route(const sac_req *req);
/* Methods of the paths before that route's that matched too, but not this method; 0: none. */
unsigned sac__req_passed_methods(const sac_req *req);
/* The parsed query; on a malformed one the problem is set: return the error. */
int sac__req_params(sac_req *req, const sac__params **out) SAC_MUST_USE;
/* The form's fields (files left out), decoded, in the order sent; likewise. */
int sac__req_form_fields(sac_req *req, const sac__params **out) SAC_MUST_USE;
/* Whether the body was sent as JSON; else the problem is set. */
int sac__req_json_type(sac_req *req) SAC_MUST_USE;
/* Sets the problem for what a decoder of the body said. */
int sac__req_json_failed(sac_req *req, int rc, const sac_err *err);

/* Whether this thread may wait (a worker, or an app without workers), or must park. */
bool sac__req_may_wait(const sac_req *req);

/* The answer's header fields so far. */
sac__headers *sac__req_reply_headers(sac_req *req);

/* The answer's body so far. */
typedef enum sac__reply_kind {
    SAC__REPLY_NONE,
    SAC__REPLY_BYTES,
    SAC__REPLY_FILE,
    SAC__REPLY_STREAM,
    SAC__REPLY_PROBLEM
} sac__reply_kind;

typedef struct sac__reply {
    sac__reply_kind kind;
    int status;
    sac_str bytes;
    int fd;
    uint64_t offset;
    int64_t length;
    int (*pull)(void *self, sac_req *req, void *buf, size_t cap, size_t *n);
    void (*close)(void *self);
    void *self;
    bool is_inline; /* the stream's pull */
} sac__reply;
sac__reply *sac__req_reply(sac_req *req);

/* Field errors for a 422; sac__req_invalid() answers with them. */
sac__problem_errors *sac__req_errors(sac_req *req);
int sac__req_invalid(sac_req *req);

/* The problem that a table which a handler gave is a newer library's: SAC_EVERSION. */
int sac__req_newer(sac_req *req, const char *what, size_t size, size_t known);

/*
 * What sac_super() runs. Whoever calls a slot of the program's sets it before
 * and puts the old one back after.
 */
typedef struct sac__super {
    int (*run)(const struct sac__super *super, void *self, sac_req *req);
} sac__super;
const sac__super *sac__req_set_super(sac_req *req, const sac__super *super);

/*
 * Submits a write and answers through `resume`: parks where the thread may not
 * wait, else waits and calls `resume` at once. `resume` looks at
 * write->result. The write lives in memory of the request.
 */
int sac__req_submit(sac_req *req, sac_write *write, sac_handler *resume, void *self) SAC_MUST_USE;

#endif

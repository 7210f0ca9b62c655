/* SPDX-License-Identifier: MIT */
#include "app/exchange/exchange.h"

#include <unistd.h>

#include "json/encode.h"

void sac__reply_drop(sac_req *req)
{
    const sac__reply old = req->reply;

    req->reply = (sac__reply){.kind = SAC__REPLY_NONE, .fd = -1};
    if (old.kind == SAC__REPLY_FILE)
        close(old.fd);
    else if (old.kind == SAC__REPLY_STREAM && old.close)
        old.close(old.self);
}

static bool has_no_body(int status)
{
    return status == 204 || status == 304;
}

static bool is_status(int status)
{
    return status >= 200 && status <= 599;
}

/* Media types that need no copy. */
static sac_str known_type(const char *type)
{
    static const char *const known[] = {"application/json", "text/plain; charset=utf-8",
                                        "text/html; charset=utf-8"};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(type, known[i]) == 0)
            return sac_str_of(known[i]);
    return sac_str_of(NULL);
}

static int set_type(sac_req *req, const char *type)
{
    const sac_str name = sac_str_of("Content-Type");
    const sac_str known = type ? known_type(type) : sac_str_of(NULL);

    if (!type) {
        sac__headers_remove(&req->headers, "content-type");
        return SAC_OK;
    }
    return known.p ? sac__headers_set_static(&req->headers, name, known)
                   : sac__headers_set(&req->headers, name, sac_str_of(type));
}

/* Puts a reply in place of the one that was; it stays the caller's on failure. */
static int put(sac_req *req, const char *type, const sac__reply *reply)
{
    int rc;

    if (!is_status(reply->status) || req->stage >= SAC__STAGE_ANSWERED)
        return SAC_EINVAL;
    rc = set_type(req, has_no_body(reply->status) ? NULL : type);
    if (rc != SAC_OK)
        return rc;
    sac__reply_drop(req);
    req->reply = *reply;
    if (!req->in_error_handler)
        req->problem = NULL;
    return SAC_OK;
}

int sac_reply_static(sac_req *req, int status, const char *type, sac_str body)
{
    const sac__reply reply = {.kind = SAC__REPLY_BYTES,
                              .status = status,
                              .bytes = has_no_body(status) ? sac_str_of("") : body,
                              .fd = -1};

    return put(req, type, &reply);
}

int sac_reply_bytes(sac_req *req, int status, const char *type, sac_str body)
{
    const sac_str copy = sac__arena_dup(req->arena, body);

    return copy.p ? sac_reply_static(req, status, type, copy) : SAC_ENOMEM;
}

int sac_reply_text(sac_req *req, int status, const char *text)
{
    return sac_reply_bytes(req, status, "text/plain; charset=utf-8", sac_str_of(text));
}

int sac_reply_json(sac_req *req, int status, sac_str json)
{
    return sac_reply_bytes(req, status, "application/json", json);
}

int sac_reply_jsonf(sac_req *req, int status, const char *format, ...)
{
    va_list args;
    sac_str json;

    va_start(args, format);
    json = sac__arena_vprintf(req->arena, format, args);
    va_end(args);
    return json.p ? sac_reply_static(req, status, "application/json", json) : SAC_ENOMEM;
}

int sac_reply_bson(sac_req *req, int status, sac_str doc)
{
    const sac__json_encoding encoding = {.dialect = SAC_JSON_PLAIN};
    sac_err err = {.code = 0};
    sac__buf out;
    int rc;

    sac__buf_init(&out, sac__arena_alloc(req->arena), req->core->config.max_memory);
    rc = sac__json_encode(&encoding, doc, &out, &err);
    if (rc == SAC_ENOMEM)
        return rc;
    if (rc != SAC_OK)
        return sac_problem(req, "internal", "reply: %s", err.text);
    return sac_reply_static(req, status, "application/json", sac__buf_str(&out));
}

int sac_reply_redirect(sac_req *req, int status, const char *location)
{
    int rc;

    if (status != 301 && status != 302 && status != 303 && status != 307 && status != 308)
        return SAC_EINVAL;
    rc = sac__headers_set(&req->headers, sac_str_of("Location"), sac_str_of(location));
    return rc == SAC_OK ? sac_reply_empty(req, status) : rc;
}

int sac_reply_empty(sac_req *req, int status)
{
    return sac_reply_static(req, status, NULL, sac_str_of(""));
}

int sac_reply_file(sac_req *req, int status, const char *type, int fd, uint64_t offset,
                   uint64_t length)
{
    const sac__reply reply = {.kind = SAC__REPLY_FILE,
                              .status = status,
                              .fd = fd,
                              .offset = offset,
                              .length = (int64_t)length};
    int rc = SAC_EINVAL;

    if (fd >= 0 && offset <= INT64_MAX && length <= (uint64_t)INT64_MAX - offset)
        rc = put(req, type, &reply);
    if (rc == SAC_OK && has_no_body(status))
        return sac_reply_empty(req, status);
    if (rc != SAC_OK && fd >= 0)
        close(fd);
    return rc;
}

#define SLOT(ops, member) SAC__SLOT(ops, sac_stream_ops, member)

int sac_reply_stream(sac_req *req, int status, const char *type, int64_t length,
                     const sac_stream_ops *ops, void *self)
{
    const sac__reply reply = {.kind = SAC__REPLY_STREAM,
                              .status = status,
                              .fd = -1,
                              .length = length,
                              .pull = SLOT(ops, pull),
                              .close = SLOT(ops, close),
                              .self = self,
                              .is_inline = SLOT(ops, flags) & SAC_INLINE};
    int rc = SAC_EINVAL;

    if (ops->size > sizeof *ops)
        rc = sac__req_newer(req, "sac_stream_ops", ops->size, sizeof *ops);
    else if (reply.pull && length >= -1)
        rc = put(req, type, &reply);
    if (rc == SAC_OK && has_no_body(status))
        return sac_reply_empty(req, status);
    if (rc != SAC_OK && reply.close)
        reply.close(self);
    return rc;
}

int sac_reply_status(const sac_req *req)
{
    return req->reply.kind == SAC__REPLY_NONE ? 0 : req->reply.status;
}

int sac_reply_set_status(sac_req *req, int status)
{
    const sac__problem_kind *kind = sac__problem_kind_for_status(status);

    if (req->reply.kind == SAC__REPLY_NONE || !is_status(status) ||
        req->stage >= SAC__STAGE_ANSWERED)
        return SAC_EINVAL;
    if (has_no_body(status))
        return sac_reply_empty(req, status);
    if (req->reply.kind == SAC__REPLY_PROBLEM && kind)
        req->problem = kind;
    req->reply.status = status;
    return SAC_OK;
}

/* Fields that are the host's. */
static bool is_hosts_field(const char *name)
{
    static const char *const fields[] = {"content-length", "connection", "date",
                                         "transfer-encoding"};

    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (sac__header_is(sac_str_of(name), fields[i]))
            return true;
    return false;
}

int sac_reply_header(sac_req *req, const char *name, sac_str value)
{
    if (is_hosts_field(name) || req->stage >= SAC__STAGE_ANSWERED)
        return SAC_EINVAL;
    return sac__headers_set(&req->headers, sac_str_of(name), value);
}

int sac_reply_add_header(sac_req *req, const char *name, sac_str value)
{
    if (is_hosts_field(name) || req->stage >= SAC__STAGE_ANSWERED)
        return SAC_EINVAL;
    return sac__headers_add(&req->headers, sac_str_of(name), value);
}

sac__reply *sac__req_reply(sac_req *req)
{
    return &req->reply;
}

sac__headers *sac__req_reply_headers(sac_req *req)
{
    return &req->headers;
}

/* Whether the host may still be sending a body that nobody is going to read. */
static bool is_unread(sac_exchange *exchange)
{
    bool ended = exchange->got_end;

    if (exchange->body) {
        pthread_mutex_lock(&exchange->lock);
        ended = exchange->body->ended;
        pthread_mutex_unlock(&exchange->lock);
    }
    return !ended && exchange->req.head.length != 0;
}

static void answer_bare(sac_exchange *exchange)
{
    sac_answer *answer = &exchange->answer;

    sac_req_log(&exchange->req, SAC_LOG_ERROR, "500: no memory for the answer");
    sac__reply_drop(&exchange->req);
    answer->status = 500;
    answer->kind = SAC_ANSWER_BYTES;
    answer->bytes = sac__fail_bare(&answer->headers, &answer->n_headers);
    answer->length = (int64_t)answer->bytes.n;
}

/* A stream that may wait needs a pipe, where there are workers to fill it. */
static bool get_pipe(sac_exchange *exchange)
{
    const sac_req *req = &exchange->req;

    if (req->reply.kind != SAC__REPLY_STREAM || req->reply.is_inline || !req->core->workers ||
        exchange->answer.head)
        return true;
    exchange->out = sac__pipe_new(req->core->alloc);
    return exchange->out;
}

/* Fields that answers have whatever was answered, by whom. */
static int finish_fields(sac_req *req)
{
    const sac_app *group = req->group;
    int rc = sac__headers_set_static(&req->headers, sac_str_of("X-Content-Type-Options"),
                                     sac_str_of("nosniff"));

    while (group && !group->at_answer)
        group = group->parent;
    if (rc == SAC_OK && group)
        rc = group->at_answer(group->at_answer_self, req);
    return rc == SAC_OK ? sac__identity_finish(req) : rc;
}

void sac__reply_answer(sac_exchange *exchange)
{
    sac_req *req = &exchange->req;
    const sac__reply *reply = &req->reply;
    sac_answer *answer = &exchange->answer;

    exchange->bare = exchange->bare || finish_fields(req) != SAC_OK ||
                     sac__coding_answer(req) != SAC_OK;
    *answer = (sac_answer){.size = sizeof *answer,
                           .status = reply->status,
                           .kind = reply->kind == SAC__REPLY_FILE     ? SAC_ANSWER_FILE
                                   : reply->kind == SAC__REPLY_STREAM ? SAC_ANSWER_STREAM
                                                                      : SAC_ANSWER_BYTES,
                           .head = req->method == SAC_HEAD,
                           .close = exchange->misread || is_unread(exchange),
                           .bytes = reply->bytes,
                           .fd = reply->fd,
                           .offset = reply->offset,
                           .length = reply->length};
    if (answer->kind == SAC_ANSWER_BYTES)
        answer->length = (int64_t)reply->bytes.n;
    if (exchange->bare || !get_pipe(exchange)) {
        answer_bare(exchange);
    } else {
        answer->headers = req->headers.v;
        answer->n_headers = req->headers.n;
    }
    exchange->answered = true;
}

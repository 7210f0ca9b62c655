/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_REQ_H
#define SACRUM_REQ_H

/**
 * One request, as a handler sees it: what was asked, memory that lasts until
 * the answer is done, and the answer. Every pointer got from a request lives
 * as long as the request. A sac_str whose `p` is NULL is absent.
 *
 * Threads: the request's: the thread that runs the handler.
 */
#include <sacrum/app.h>
#include <sacrum/json.h>
#include <sacrum/out.h>
#include <sacrum/view.h>

SAC_BEGIN

/* What was asked. */

/** The method's bit; HEAD says SAC_HEAD though `get` runs. */
SAC_API unsigned sac_req_method(const sac_req *req);
/** The decoded path, without the host's prefix. */
SAC_API sac_str sac_req_path(const sac_req *req);
/** A path parameter, decoded. */
SAC_API sac_str sac_req_param(const sac_req *req, const char *name);
/** The same as an integer; false when there is none of that name or it is no int64. */
SAC_API bool sac_req_param_int(const sac_req *req, const char *name, int64_t *out);
/** The same as an ObjectId. */
SAC_API bool sac_req_param_oid(const sac_req *req, const char *name, sac_oid *out);
/** The same as the 16 bytes of a UUID. */
SAC_API bool sac_req_param_uuid(const sac_req *req, const char *name, uint8_t out[16]);
/**
 * What its converter makes of it; made once a request. Errors: what `convert`
 * returned, with the problem set; SAC_EINVAL when there is no such parameter or
 * its kind has no values.
 */
SAC_API int sac_req_param_value(sac_req *req, const char *name, void **value) SAC_MUST_USE;
/** A query parameter's first value, decoded; empty when it has no `=`. */
SAC_API sac_str sac_req_query(const sac_req *req, const char *name);
/** The i-th value (from 0) of that name; p NULL past the last. */
SAC_API sac_str sac_req_query_at(const sac_req *req, const char *name, size_t i);
/**
 * The query parameter as an integer between min and max; `fallback` when it is
 * absent. Errors: SAC_EINVAL, with the problem set: return it.
 */
SAC_API int sac_req_query_int(sac_req *req, const char *name, int64_t min, int64_t max,
                              int64_t fallback, int64_t *out) SAC_MUST_USE;
/** Likewise a finite number. */
SAC_API int sac_req_query_double(sac_req *req, const char *name, double min, double max,
                                 double fallback, double *out) SAC_MUST_USE;
/** Likewise `true`, `1` (or nothing behind the name), or `false`, `0`. */
SAC_API int sac_req_query_bool(sac_req *req, const char *name, bool fallback,
                               bool *out) SAC_MUST_USE;
/** Likewise an RFC 3339 date, with or without a time, in ms since 1970. */
SAC_API int sac_req_query_date(sac_req *req, const char *name, int64_t fallback,
                               int64_t *ms) SAC_MUST_USE;
/** Likewise an ObjectId, which must be there. */
SAC_API int sac_req_query_oid(sac_req *req, const char *name, sac_oid *out) SAC_MUST_USE;
/** A header field's first value. The name in lower case. */
SAC_API sac_str sac_req_header(const sac_req *req, const char *name);
/** A cookie's value; of duplicates the first. */
SAC_API sac_str sac_req_cookie(const sac_req *req, const char *name);
/** The address of the client, as the host gave it. */
SAC_API sac_str sac_req_peer(const sac_req *req);
/** The collected body; empty when there was none. */
SAC_API sac_str sac_req_body(const sac_req *req);
/**
 * The body, sent as application/json, as a BSON document; nothing is guessed
 * from strings. Errors: 400, 415, with the problem set: return it.
 */
SAC_API int sac_req_body_bson(sac_req *req, sac_str *doc) SAC_MUST_USE;
/**
 * Read the body as it comes, in a view with SAC_STREAM_BODY: waits for bytes;
 * 1 and `*n` bytes, 0 at the end. Errors: SAC_ECLOSED when the client left.
 */
SAC_API int sac_req_read(sac_req *req, void *buf, size_t cap, size_t *n) SAC_MUST_USE;

/* Memory and state. */

/** Memory of the request, aligned for any type; NULL past sac_app_config.max_memory. */
SAC_API void *sac_req_alloc(sac_req *req, size_t n);
/** A copy in memory of the request, NUL behind it; p NULL when memory ends. */
SAC_API sac_str sac_req_dup(sac_req *req, sac_str s);
/** A printf-style string in memory of the request, NUL behind it; p NULL when memory ends. */
SAC_API sac_str sac_req_printf(sac_req *req, const char *format, ...) SAC_PRINTF(2, 3);
/** The request's memory as an allocator, for calls that take one. */
SAC_API const sac_alloc *sac_req_allocator(sac_req *req);
/** Call `fn(self)` when the request is over; last in, first out. SAC_ENOMEM: it is not going to be called. */
SAC_API int sac_req_defer(sac_req *req, void (*fn)(void *self), void *self) SAC_MUST_USE;
/** Keep a value for this request under a key (any address of yours). */
SAC_API int sac_req_set(sac_req *req, const void *key, void *value) SAC_MUST_USE;
/** What sac_req_set() kept, or NULL. */
SAC_API void *sac_req_get(const sac_req *req, const void *key);
/** The app. */
SAC_API sac_app *sac_req_app(const sac_req *req);
/** sac_app_config.state. */
SAC_API void *sac_req_state(const sac_req *req);
/** A line to the app's log, with the request's method and path before it. */
SAC_API void sac_req_log(sac_req *req, sac_log_level level, const char *format, ...)
    SAC_PRINTF(3, 4);
/** A new ObjectId of the app's source. */
SAC_API void sac_req_oid(sac_req *req, sac_oid *out);
/** The time: milliseconds since 1970. */
SAC_API int64_t sac_req_now(const sac_req *req);
/**
 * As sac_app_url_for(), in memory of the request, with the host's prefix; p
 * NULL on error.
 */
SAC_API sac_str sac_req_url_for(sac_req *req, const char *view, ...);
/** Scheme and authority for absolute URLs: the configured origin, else made of an allowed Host; empty when neither. */
SAC_API sac_str sac_req_origin(const sac_req *req);

/* The answer. Each sac_reply_ call returns 0, or an error to return. */

/** Bytes with a media type; copied. */
SAC_API int sac_reply_bytes(sac_req *req, int status, const char *type, sac_str body) SAC_MUST_USE;
/** The same, of memory that lives as long as the request (or the app). */
SAC_API int sac_reply_static(sac_req *req, int status, const char *type, sac_str body) SAC_MUST_USE;
/** text/plain; charset=utf-8 */
SAC_API int sac_reply_text(sac_req *req, int status, const char *text) SAC_MUST_USE;
/** application/json of ready JSON text; copied. */
SAC_API int sac_reply_json(sac_req *req, int status, sac_str json) SAC_MUST_USE;
/** The same, printf-style. */
SAC_API int sac_reply_jsonf(sac_req *req, int status, const char *format, ...)
    SAC_MUST_USE SAC_PRINTF(3, 4);
/** application/json of a BSON document. */
SAC_API int sac_reply_bson(sac_req *req, int status, sac_str doc) SAC_MUST_USE;
/** A redirect (301, 302, 303, 307, 308) to a path or URL. */
SAC_API int sac_reply_redirect(sac_req *req, int status, const char *location) SAC_MUST_USE;
/** A status without a body: 204, 304. */
SAC_API int sac_reply_empty(sac_req *req, int status) SAC_MUST_USE;
/** Part of an open file. Takes `fd`, also on failure. */
SAC_API int sac_reply_file(sac_req *req, int status, const char *type, int fd, uint64_t offset,
                           uint64_t length) SAC_MUST_USE;

/** A body that is made while it is sent. */
typedef struct sac_stream_ops {
    size_t size; /**< sizeof this struct: SAC_STREAM_OPS sets it. */
    /**
     * Put up to `cap` bytes into `buf`: 1 and *n > 0, 0 at the end, SAC_LATER
     * after sac_req_park(), an error to cut the connection. It must not wait,
     * unless SAC_INLINE is missing from `flags`: then it runs on a worker and
     * may.
     */
    int (*pull)(void *self, sac_req *req, void *buf, size_t cap, size_t *n);
    void (*close)(void *self); /**< Always called once, at the end; or NULL. */
    unsigned flags;            /**< SAC_INLINE */
} sac_stream_ops;
#define SAC_STREAM_OPS(...) { .size = sizeof(sac_stream_ops), __VA_ARGS__ }

/** Answer with a stream of `length` bytes (-1: unknown). `ops` is borrowed; `close` is called also when this fails. */
SAC_API int sac_reply_stream(sac_req *req, int status, const char *type, int64_t length,
                             const sac_stream_ops *ops, void *self) SAC_MUST_USE;

/** How a query's documents become the text of an answer. */
typedef struct sac_rows_ops {
    size_t size; /**< sizeof this struct: SAC_ROWS_OPS sets it. */
    int (*head)(void *self, sac_out *out); /**< What stands before the rows; or NULL. */
    int (*row)(void *self, const sac_view *view, sac_out *out); /**< One document; 1: the last. */
    int (*tail)(void *self, sac_out *out); /**< What stands behind them; or NULL. */
    unsigned flags; /**< SAC_INLINE: none of them waits. */
} sac_rows_ops;
#define SAC_ROWS_OPS(...) { .size = sizeof(sac_rows_ops), __VA_ARGS__ }

/**
 * Answer with the documents of a query as text of any kind (CSV, NDJSON, …),
 * made while it is sent, in constant memory. An error of a slot is answered as
 * usual until the first 64 KiB are there; after that it cuts the connection,
 * with a line in the log.
 *
 * Ownership: `ops` is borrowed; `query` and what it points to are copied;
 * `self` must live as long as the request.
 * Errors: SAC_EINVAL, SAC_ENOMEM; what the store or a slot returned.
 */
SAC_API int sac_reply_rows(sac_req *req, int status, const char *type, const sac_query *query,
                           const sac_rows_ops *ops, void *self) SAC_MUST_USE;
/** The same as a JSON array of the documents, plain. */
SAC_API int sac_reply_query(sac_req *req, int status, const sac_query *query) SAC_MUST_USE;

/** The status of the answer so far; 0: there is none. */
SAC_API int sac_reply_status(const sac_req *req);
/** Change the status of an answer, body and all else left. */
SAC_API int sac_reply_set_status(sac_req *req, int status) SAC_MUST_USE;
/** Set a header field of the answer (kept by a later sac_reply_ call). SAC_EINVAL for CR, LF, NUL. */
SAC_API int sac_reply_header(sac_req *req, const char *name, sac_str value) SAC_MUST_USE;
/** Add a field beside others of its name (Set-Cookie). */
SAC_API int sac_reply_add_header(sac_req *req, const char *name, sac_str value) SAC_MUST_USE;
/**
 * Have a browser save the answer under a name (Content-Disposition, RFC 6266
 * and RFC 8187). Any UTF-8; path separators and control bytes become `_`.
 */
SAC_API int sac_reply_attachment(sac_req *req, sac_str filename) SAC_MUST_USE;

/**
 * Answer with a problem document for an error code (its usual status): returns
 * `code`, so that `return sac_fail(req, SAC_ENOTFOUND, "no such book");`
 * reads well. For codes of 500 the text goes to the log alone.
 */
SAC_API int sac_fail(sac_req *req, int code, const char *format, ...) SAC_PRINTF(3, 4);
/** The same by problem code ("list_too_long"; docs/reference/problems.md). Returns a negative code. */
SAC_API int sac_problem(sac_req *req, const char *problem, const char *format, ...)
    SAC_PRINTF(3, 4);
/** Add one field's message; the request then fails with 422 `validation`. Returns SAC_EVALIDATION. */
SAC_API int sac_fail_field(sac_req *req, const char *field, const char *format, ...)
    SAC_PRINTF(3, 4);

/** What a failed request is going to say; for error handlers. */
typedef struct sac_problem_info {
    size_t size; /**< sizeof this struct, as the library knows it. */
    int status;
    const char *code;  /**< "validation": docs/reference/problems.md. */
    const char *title; /**< "Validation failed" */
    sac_str detail;    /**< For people; p NULL: none. Of 500 or more: without inner detail. */
    size_t n_errors;   /**< Fields with a message: sac_req_problem_field(). */
} sac_problem_info;
/** The problem that the request failed with, as it is now; NULL: it did not. */
SAC_API const sac_problem_info *sac_req_problem(sac_req *req);
/** The i-th message for a field; false past the last. */
SAC_API bool sac_req_problem_field(const sac_req *req, size_t i, sac_str *field, sac_str *message);

/* Waiting without a thread. */

typedef struct sac_ticket sac_ticket;

/**
 * Park an inline request: return SAC_LATER after it. Once the ticket is
 * redeemed, `resume(self, req)` runs on the request's thread and answers, or
 * parks again. If the client leaves first, it is not run.
 */
SAC_API int sac_req_park(sac_req *req, sac_handler *resume, void *self,
                         sac_ticket **out) SAC_MUST_USE;
/** Redeem a ticket: exactly once, from any thread, also before the park is known to the host. */
SAC_API void sac_ticket_redeem(sac_ticket *ticket);

/* The store, by collection name. Blocking: for handlers on workers; reads may be inline on LMDB. */

/*
 * Values for `_id`s and bounds, in memory of the request. Of type
 * SAC_BSON_MISSING when memory ends; the request then fails with 500, whatever
 * is made of it.
 */

/** A string. */
SAC_API sac_value sac_req_str_value(sac_req *req, sac_str s);
/** An ObjectId. */
SAC_API sac_value sac_req_oid_value(sac_req *req, const sac_oid *oid);
/** An integer, as int32 where it fits, else int64. */
SAC_API sac_value sac_req_int_value(sac_req *req, int64_t n);

/** A copy of one document. SAC_ENOTFOUND sets no problem; other errors do. */
SAC_API int sac_req_find_one(sac_req *req, const char *collection, sac_value id,
                             sac_str *doc) SAC_MUST_USE;
/** Documents that match a filter in JSON (NULL: all). */
SAC_API int sac_req_count(sac_req *req, const char *collection, const char *filter,
                          int64_t *count) SAC_MUST_USE;
/** A copy of the first document of a query. As sac_req_find_one(). */
SAC_API int sac_req_find_first(sac_req *req, const sac_query *query, sac_str *doc) SAC_MUST_USE;
/** The documents of a query, each in place: see sac_sink. An error of the sink is returned as it is. */
SAC_API int sac_req_find(sac_req *req, const sac_query *query, const sac_sink *sink) SAC_MUST_USE;
/** Insert a document; a missing `_id` is made (an ObjectId) and written to `*id`, if given. */
SAC_API int sac_req_insert(sac_req *req, const char *collection, sac_str doc,
                           sac_oid *id) SAC_MUST_USE;
/** Insert many, all or none; each has its `_id`. SAC_EEXIST: `*failed` (if given) is the index. */
SAC_API int sac_req_insert_many(sac_req *req, const char *collection, const sac_str *docs,
                                size_t n, size_t *failed) SAC_MUST_USE;
/** Replace the document whose `_id` is that of `doc`. SAC_ENOTFOUND sets no problem. */
SAC_API int sac_req_replace(sac_req *req, const char *collection, sac_str doc) SAC_MUST_USE;
/** Remove a document. SAC_ENOTFOUND sets no problem. */
SAC_API int sac_req_remove(sac_req *req, const char *collection, sac_value id) SAC_MUST_USE;
/** Update one document by its id with a MongoDB update, as `{"$inc": {"hits": 1}}` in JSON. */
SAC_API int sac_req_update(sac_req *req, const char *collection, sac_value id,
                           const char *update) SAC_MUST_USE;
/** Update every document of a query; `affected` may be NULL. All or none. */
SAC_API int sac_req_update_many(sac_req *req, const sac_query *query, sac_str update,
                                sac_affected *affected) SAC_MUST_USE;
/** Remove every document of a query; `affected` may be NULL. All or none. */
SAC_API int sac_req_remove_many(sac_req *req, const sac_query *query,
                                sac_affected *affected) SAC_MUST_USE;
/**
 * Read and write one document in one step, with nothing in between: `decide`
 * sees what is stored and says what becomes of it; see sac_decide. `*revision`
 * (if given) is that of the document then.
 */
SAC_API int sac_req_decide(sac_req *req, const char *collection, sac_value id,
                           sac_decide *decide, void *self, uint64_t *revision) SAC_MUST_USE;
/** Any write; see sac_store_write(). */
SAC_API int sac_req_write(sac_req *req, sac_write *write) SAC_MUST_USE;

SAC_END

#endif

/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_FORM_H
#define SACRUM_FORM_H

/**
 * Submitted forms: application/x-www-form-urlencoded and multipart/form-data.
 * Sources: WHATWG URL §5.1; RFC 7578; RFC 2046 §5.1. A field's name is given
 * as it was sent, a file's name without a path in front; it is the client's
 * word, never a path to open.
 *
 * Threads: the request's.
 */
#include <sacrum/req.h>

SAC_BEGIN

/** One field or file of a form. What it points to lives as long as the request. */
typedef struct sac_form_part {
    size_t size;      /**< sizeof this struct, as the library knows it. */
    sac_str name;     /**< UTF-8. */
    sac_str filename; /**< p NULL: a field; else a file, whose name may be empty. */
    sac_str type;     /**< Its Content-Type; p NULL: none was sent. */
    sac_str value;    /**< Its bytes; of a part that streams: empty. */
} sac_form_part;

/*
 * Collected: in any view without SAC_STREAM_BODY. The form is read at the first
 * of these calls, from a body of at most sac_app_config.max_body bytes and with
 * at most max_params parts.
 */

/**
 * Read the form now. Needless before a getter; it tells a form that lacks a
 * field from a body that is none.
 *
 * Errors: 415 `unsupported_media_type` for another Content-Type, 400
 * `bad_form` with the byte at which it cannot be read, 400 `too_many_parts`,
 * 413: with the problem set; return it.
 */
SAC_API int sac_req_read_form(sac_req *req) SAC_MUST_USE;

/** A field's first value, which is UTF-8; p NULL when there is none, or no readable form. */
SAC_API sac_str sac_req_form(sac_req *req, const char *name);
/** The i-th value (from 0) of that name; p NULL past the last. */
SAC_API sac_str sac_req_form_at(sac_req *req, const char *name, size_t i);
/** The i-th part of the form, fields and files in the order sent; NULL past the last. */
SAC_API const sac_form_part *sac_req_form_part(sac_req *req, size_t i);
/** The first file of that name; NULL when there is none. */
SAC_API const sac_form_part *sac_req_form_file(sac_req *req, const char *name);

/*
 * Typed: an empty field is an absent one, as browsers send it. Errors:
 * SAC_EVALIDATION with the field's message set, so that the form fails with 422
 * naming it; as sac_req_read_form().
 */

/** An integer between min and max; `fallback` when absent. */
SAC_API int sac_req_form_int(sac_req *req, const char *name, int64_t min, int64_t max,
                             int64_t fallback, int64_t *out) SAC_MUST_USE;
/** A number between min and max, finite; `fallback` when absent. */
SAC_API int sac_req_form_double(sac_req *req, const char *name, double min, double max,
                                double fallback, double *out) SAC_MUST_USE;
/** `true`, `on`, `1` or `false`, `off`, `0`; absent (an empty checkbox) is false. */
SAC_API int sac_req_form_bool(sac_req *req, const char *name, bool *out) SAC_MUST_USE;
/** An RFC 3339 date, with or without a time, in ms since 1970; `fallback` when absent. */
SAC_API int sac_req_form_date(sac_req *req, const char *name, int64_t fallback,
                              int64_t *ms) SAC_MUST_USE;
/** An ObjectId, which must be there. */
SAC_API int sac_req_form_oid(sac_req *req, const char *name, sac_oid *out) SAC_MUST_USE;

/** Takes a form part by part, in constant memory, in a view with SAC_STREAM_BODY. */
typedef struct sac_form_ops {
    size_t size; /**< sizeof this struct: SAC_FORM_OPS sets it. */
    /**
     * A part begins. Its bytes go to `*fd` when that is set to an open file
     * (which stays yours), else to `data`; 1: pass this part over. `part`
     * is valid until its `end`.
     */
    int (*begin)(void *self, sac_req *req, const sac_form_part *part, int *fd);
    int (*data)(void *self, sac_req *req, sac_str bytes); /**< Some of its bytes; or NULL. */
    int (*end)(void *self, sac_req *req); /**< All of them came (of passed over ones, too); or NULL. */
    size_t max_parts;  /**< Then 400 `too_many_parts`; 0: 1,000. */
    size_t max_head;   /**< Bytes of a part's header fields; then 400; 0: 16 KiB. */
    uint64_t max_part; /**< Bytes of one part, then 413; 0: sac_app_config.max_body. */
    uint64_t max_form; /**< Bytes of all parts, then 413; 0: as max_parts and max_part allow. */
} sac_form_ops;
#define SAC_FORM_OPS(...) { .size = sizeof(sac_form_ops), __VA_ARGS__ }

/**
 * Read a form as it comes. Values are not checked for UTF-8; a field of an
 * urlencoded form comes whole. A slot that returns an error ends the call with
 * it; what it opened is its own to close: sac_req_defer() is the place.
 *
 * Errors: as sac_req_read_form(); 500 when a file cannot be written, 507 when
 * there is no room for it; SAC_ECLOSED when the client left; SAC_EVERSION for a
 * table of a newer library.
 *
 *     static const sac_form_ops upload = SAC_FORM_OPS(
 *         .begin = upload_begin, .max_part = 1 << 30);
 *     rc = sac_req_stream_form(req, &upload, &state);
 */
SAC_API int sac_req_stream_form(sac_req *req, const sac_form_ops *ops, void *self) SAC_MUST_USE;

SAC_END

#endif

/* SPDX-License-Identifier: MIT */
#ifndef HTTP_PROBLEM_H
#define HTTP_PROBLEM_H

#include <sacrum/err.h>
#include <sacrum/str.h>

#include "core/arena.h"
#include "core/buf.h"

/*
 * Every problem that the library answers: code (stable, part of the contract),
 * status, title. docs/reference/problems.md lists the same rows; a test
 * compares them.
 */
#define SAC__PROBLEMS(X)                                                  \
    X("bad_request", 400, "Bad request")                                  \
    X("bad_host", 400, "Bad Host header")                                 \
    X("bad_json", 400, "Unreadable JSON")                                 \
    X("bad_key", 400, "A key that may not be used")                       \
    X("too_deep", 400, "Nested too deep")                                 \
    X("too_many_keys", 400, "Too many keys")                              \
    X("not_an_object", 400, "Not an object")                              \
    X("bad_parameter", 400, "Bad query parameter")                        \
    X("bad_form", 400, "Unreadable form")                                 \
    X("too_many_parts", 400, "Too many parts in a form")                  \
    X("bad_patch", 400, "Malformed patch")                                \
    X("bad_operator", 400, "Operator not allowed")                        \
    X("bad_cursor", 400, "Bad cursor")                                    \
    X("cursor_mismatch", 400, "Cursor of another list")                   \
    X("list_too_long", 400, "List too long")                              \
    X("not_indexed", 400, "No index for this query")                      \
    X("sort_too_large", 400, "Too much to sort")                          \
    X("precondition_unsupported", 400, "Precondition not supported here") \
    X("too_many_affected", 400, "More documents than allowed")            \
    X("unauthorized", 401, "Not signed in")                               \
    X("bad_credentials", 401, "Wrong name or password")                   \
    X("forbidden", 403, "Not allowed")                                    \
    X("bad_origin", 403, "Origin not allowed")                            \
    X("csrf", 403, "Sent by another site, or without its token")          \
    X("not_found", 404, "Not found")                                      \
    X("method_not_allowed", 405, "Method not allowed")                    \
    X("not_acceptable", 406, "Not acceptable")                            \
    X("exists", 409, "Exists already")                                    \
    X("duplicate", 409, "Duplicate value")                                \
    X("conflict", 409, "Conflict")                                        \
    X("patch_failed", 409, "Patch cannot be applied")                     \
    X("stale_revision", 409, "Stale revision")                            \
    X("precondition_failed", 412, "Precondition failed")                  \
    X("body_too_large", 413, "Body too large")                            \
    X("uri_too_long", 414, "URI too long")                                \
    X("unsupported_media_type", 415, "Unsupported media type")            \
    X("range_not_satisfiable", 416, "Range not satisfiable")              \
    X("validation", 422, "Validation failed")                             \
    X("precondition_required", 428, "Precondition required")              \
    X("too_many_requests", 429, "Too many requests")                      \
    X("headers_too_large", 431, "Header fields too large")                \
    X("internal", 500, "Internal error")                                  \
    X("not_implemented", 501, "Not implemented")                          \
    X("no_transactions", 501, "Needs transactions")                       \
    X("unavailable", 503, "Unavailable")                                  \
    X("unknown_outcome", 503, "Outcome unknown")                          \
    X("storage_full", 507, "Storage full")

/* The row of a code, or of a status's first row, or NULL. */
typedef struct sac__problem_kind {
    const char *code;
    int status;
    const char *title;
} sac__problem_kind;
const sac__problem_kind *sac__problem_kind_of(const char *code);
const sac__problem_kind *sac__problem_kind_for_status(int status);

/* Field errors, in an arena; at most 100 are kept, the rest counted. */
typedef struct sac__problem_error {
    sac_str field; /* dotted path as the client sees it */
    sac_str message;
    struct sac__problem_error *next;
} sac__problem_error;
typedef struct sac__problem_errors {
    sac__problem_error *first, *last;
    size_t n;
} sac__problem_errors;
/* Copies both. SAC_ENOMEM. */
int sac__problem_errors_add(sac__problem_errors *errors, sac__arena *arena, sac_str field,
                            const char *format, ...) SAC_MUST_USE SAC_PRINTF(4, 5);

/* RFC 9457 body. `type` is `docs` + code where `docs` is given, else about:blank. */
void sac__problem_print(sac__buf *out, const sac__problem_kind *kind, const char *docs,
                        sac_str detail, const sac__problem_errors *errors);

#endif

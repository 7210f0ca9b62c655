/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_BIND_H
#define SACRUM_BIND_H

/**
 * Structs bound to requests by a field table: one table says what may come
 * (types, bounds, defaults), and where in the struct each value goes.
 *
 *     struct order { sac_str item; int32_t count; int64_t due; };
 *     static const sac_field order_fields[] = {
 *         {.name = "item", .type = SAC_STRING, .required = true,
 *          SAC_MEMBER(struct order, item)},
 *         {.name = "count", .type = SAC_INT, .min = "1", .fallback = "1",
 *          SAC_MEMBER(struct order, count)},
 *         {.name = "due", .type = SAC_DATE, SAC_MEMBER(struct order, due)},
 *         {.name = NULL},
 *     };
 *     static const sac_schema order_schema = SAC_SCHEMA(
 *         .name = "order", .fields = order_fields, .struct_size = sizeof(struct order));
 *
 *     rc = sac_req_bind_body(req, &order_schema, &order);
 *
 * Members by type: SAC_STRING, SAC_BINARY sac_str; SAC_BOOL bool; SAC_INT
 * int32_t or int64_t; SAC_INT64, SAC_DATE (ms since 1970) int64_t; SAC_DOUBLE
 * double; SAC_OBJECTID sac_oid; SAC_UUID uint8_t[16]; SAC_DECIMAL, SAC_ANY
 * sac_value; SAC_ARRAY sac_str, its BSON bytes; SAC_DOCUMENT sac_str likewise,
 * or a struct where `fields` has members of its own. A row without SAC_MEMBER
 * is checked and not bound, with all that is in it. An int32_t bounds its field.
 *
 * Null, where the row is nullable: a sac_str has p NULL, a sac_value is of
 * SAC_BSON_NULL; other members stay as they were.
 */
#include <sacrum/req.h>
#include <sacrum/schema.h>

SAC_BEGIN

/** A field table by itself. Static const, like the rest. */
typedef struct sac_schema {
    size_t size;       /**< sizeof this struct: SAC_SCHEMA sets it. */
    size_t field_size; /**< sizeof a row of `fields`: set likewise. */
    const char *name;  /**< For error texts; never NULL. */
    const sac_field *fields;
    size_t struct_size; /**< Of the struct that the members are of; 0: none is bound. */
    bool open;          /**< Undeclared fields are passed over instead of refused. */
} sac_schema;
#define SAC_SCHEMA(...)                                                        \
    { .size = sizeof(sac_schema), .field_size = sizeof(sac_field), __VA_ARGS__ }

/**
 * Tell the app of a schema before requests are bound by it.
 *
 * Ownership: borrowed; it must outlive the app.
 * Errors: SAC_EINVAL naming the field and what is wrong with its row or its
 * member (type and size do not fit, outside of the struct); SAC_EEXIST when it
 * was told before; SAC_EVERSION; SAC_ENOMEM.
 * Threads: build phase.
 */
SAC_API int sac_app_schema(sac_app *app, const sac_schema *schema, sac_err *err) SAC_MUST_USE;

/*
 * Fill a struct from a request. Members whose field is absent and has no
 * fallback stay as they were: give them their own defaults before. What the
 * members point to lives as long as the request. Errors: 422 `validation` with
 * a message for every field that is wrong, and the struct untouched; return it.
 */

/** From a JSON body. Errors: 400 and 415 too, as sac_req_body_bson(). */
SAC_API int sac_req_bind_body(sac_req *req, const sac_schema *schema, void *out) SAC_MUST_USE;
/**
 * From a form's fields, text read by the field's type: an empty one is absent
 * unless it is a string, a repeated one goes into a SAC_ARRAY, `address.city`
 * into the document `address`, an absent SAC_BOOL is an unchecked box: false.
 * Files are passed over. Errors: as sac_req_read_form() too.
 */
SAC_API int sac_req_bind_form(sac_req *req, const sac_schema *schema, void *out) SAC_MUST_USE;
/**
 * From the query's parameters, likewise; but absent is absent, and `_` is
 * passed over. Errors: 400 `bad_parameter` instead of 422.
 */
SAC_API int sac_req_bind_query(sac_req *req, const sac_schema *schema, void *out) SAC_MUST_USE;

/**
 * From a document of the store: nothing is validated; a value of another type
 * than its member's is SAC_ECORRUPT, with the problem set.
 */
SAC_API int sac_req_bind_doc(sac_req *req, const sac_schema *schema, sac_str doc,
                             void *out) SAC_MUST_USE;
/**
 * And back: the bound members as a BSON document in memory of the request.
 * A sac_str whose p is NULL and a sac_value of SAC_BSON_MISSING are left out.
 */
SAC_API int sac_req_struct_doc(sac_req *req, const sac_schema *schema, const void *in,
                               sac_str *doc) SAC_MUST_USE;
/** Answer with the struct as JSON; fields that are `secret` are not shown. */
SAC_API int sac_reply_struct(sac_req *req, int status, const sac_schema *schema,
                             const void *in) SAC_MUST_USE;

SAC_END

#endif

/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_BSON_H
#define SACRUM_BSON_H

/**
 * BSON documents as bytes: read and written in place, without libbson's
 * allocations. Source: bsonspec.org, version 1.1.
 *
 * A document is a sac_str of at least 5 bytes whose first four are its length
 * (little-endian int32) and whose last is 0. Everything here holds on hostile
 * bytes: a lying length is SAC_ECORRUPT, never a read past the slice. Views
 * may start at any alignment.
 *
 * Threads: any, as long as each writer and reader is used by one at a time.
 */
#include <sacrum/alloc.h>
#include <sacrum/err.h>
#include <sacrum/str.h>

SAC_BEGIN

typedef enum sac_bson_type {
    SAC_BSON_MISSING = 0, /**< No value; not a type on the wire. */
    SAC_BSON_DOUBLE = 0x01,
    SAC_BSON_STRING = 0x02,
    SAC_BSON_DOCUMENT = 0x03,
    SAC_BSON_ARRAY = 0x04,
    SAC_BSON_BINARY = 0x05,
    SAC_BSON_UNDEFINED = 0x06,
    SAC_BSON_OBJECTID = 0x07,
    SAC_BSON_BOOL = 0x08,
    SAC_BSON_DATE = 0x09,
    SAC_BSON_NULL = 0x0a,
    SAC_BSON_REGEX = 0x0b,
    SAC_BSON_DBPOINTER = 0x0c,
    SAC_BSON_CODE = 0x0d,
    SAC_BSON_SYMBOL = 0x0e,
    SAC_BSON_CODE_W_SCOPE = 0x0f,
    SAC_BSON_INT32 = 0x10,
    SAC_BSON_TIMESTAMP = 0x11,
    SAC_BSON_INT64 = 0x12,
    SAC_BSON_DECIMAL128 = 0x13,
    SAC_BSON_MINKEY = 0xff,
    SAC_BSON_MAXKEY = 0x7f
} sac_bson_type;

/** A document may not be larger than MongoDB takes: 16 MiB. */
#define SAC_BSON_MAX ((size_t)16 << 20)

/** How deep documents and arrays may nest, the outermost being 1. */
#define SAC_BSON_DEPTH 100

typedef struct sac_oid {
    uint8_t bytes[12];
} sac_oid;

/**
 * A view of one value: its type and the bytes that stand for it on the wire
 * (of a string: length prefix, bytes and NUL). Valid as long as the document.
 * A value of type SAC_BSON_MISSING has no bytes.
 */
typedef struct sac_value {
    uint8_t type; /**< sac_bson_type */
    sac_str raw;
} sac_value;

/** Reads the elements of a document or array in order. */
typedef struct sac_bson_iter {
    const char *p;
    const char *end;
    sac_str key;     /**< Of the current element; NUL stands behind it. */
    sac_value value; /**< Of the current element. */
} sac_bson_iter;

/**
 * Start to read a document (or array) at its first element.
 *
 * Errors: SAC_ECORRUPT when `doc` is no well-framed document.
 */
SAC_API int sac_bson_iter_init(sac_bson_iter *iter, sac_str doc) SAC_MUST_USE;

/** Go to the next element: 1 there is one, 0 the end, SAC_ECORRUPT. */
SAC_API int sac_bson_iter_next(sac_bson_iter *iter) SAC_MUST_USE;

/** The first value called `key` in `doc`, else a value of type SAC_BSON_MISSING. */
SAC_API sac_value sac_bson_get(sac_str doc, sac_str key);

/** A string member's bytes; p NULL when there is none, or one of another type. */
SAC_API sac_str sac_bson_get_str(sac_str doc, const char *key);
/** An integer member, as sac_value_int() reads it; else `fallback`. */
SAC_API int64_t sac_bson_get_int(sac_str doc, const char *key, int64_t fallback);
/** A number, as sac_value_double() reads it; else `fallback`. */
SAC_API double sac_bson_get_double(sac_str doc, const char *key, double fallback);
/** A bool member; else `fallback`. */
SAC_API bool sac_bson_get_bool(sac_str doc, const char *key, bool fallback);

/**
 * The value at a dotted path (`a.b.0`); an array element by its index.
 * SAC_BSON_MISSING where there is none.
 */
SAC_API sac_value sac_bson_path(sac_str doc, sac_str path);

/**
 * Check a document whole, at every depth: framing, types, UTF-8 of strings and
 * keys, booleans, depth.
 *
 * Errors: SAC_ECORRUPT with the byte offset in `err->pos`; SAC_ELIMIT past
 * SAC_BSON_DEPTH.
 */
SAC_API int sac_bson_check(sac_str doc, sac_err *err) SAC_MUST_USE;

/*
 * Readers of a value: true and `*out` when the value is of the type, else
 * false and nothing written.
 */

/** A string's bytes, without the NUL. */
SAC_API bool sac_value_str(const sac_value *value, sac_str *out);
/** A document or an array. */
SAC_API bool sac_value_doc(const sac_value *value, sac_str *out);
/** A bool. */
SAC_API bool sac_value_bool(const sac_value *value, bool *out);
/** An ObjectId. */
SAC_API bool sac_value_oid(const sac_value *value, sac_oid *out);
/** A date, in milliseconds since 1970. */
SAC_API bool sac_value_date(const sac_value *value, int64_t *ms);
/** A binary; of the old subtype 2 the inner bytes. */
SAC_API bool sac_value_binary(const sac_value *value, uint8_t *subtype, sac_str *out);
/** An int32, an int64, or a double or bool that is exactly an integer. */
SAC_API bool sac_value_int(const sac_value *value, int64_t *out);
/** A double, int32 or int64, as the nearest double. */
SAC_API bool sac_value_double(const sac_value *value, double *out);

/**
 * Compare two values in MongoDB's order of BSON types and values (numbers by
 * value across types, strings by bytes, MinKey first).
 */
SAC_API int sac_value_compare(const sac_value *a, const sac_value *b);

/**
 * Writes a document. Errors are sticky: append freely, look at the result of
 * sac_bson_finish(). Never aborts.
 */
typedef struct sac_bson {
    const sac_alloc *alloc;
    char *p;
    size_t n, cap, max;
    int error;
    int depth;
    uint32_t start[SAC_BSON_DEPTH];
    uint32_t index[SAC_BSON_DEPTH]; /**< Next index, where an array is open. */
    bool array[SAC_BSON_DEPTH];
} sac_bson;

/**
 * Begin a document of at most `max` bytes (0: SAC_BSON_MAX) in memory of
 * `alloc` (NULL: malloc).
 */
SAC_API void sac_bson_init(sac_bson *doc, const sac_alloc *alloc, size_t max);

/** Free what the writer holds; needless where the allocator is a request's. */
SAC_API void sac_bson_fini(sac_bson *doc);

/*
 * Appenders. A NUL in a key is SAC_EINVAL at finish; inside an open array the
 * key is ignored and the next index written.
 */

/** A value as it was read; one that is SAC_BSON_MISSING adds nothing. */
SAC_API void sac_bson_add_value(sac_bson *doc, sac_str key, sac_value value);
/** A double. */
SAC_API void sac_bson_add_double(sac_bson *doc, const char *key, double value);
/** A string, which should be UTF-8. */
SAC_API void sac_bson_add_str(sac_bson *doc, const char *key, sac_str value);
/** A whole document. */
SAC_API void sac_bson_add_doc(sac_bson *doc, const char *key, sac_str value);
/** An ObjectId. */
SAC_API void sac_bson_add_oid(sac_bson *doc, const char *key, const sac_oid *value);
/** A bool. */
SAC_API void sac_bson_add_bool(sac_bson *doc, const char *key, bool value);
/** A date, in milliseconds since 1970. */
SAC_API void sac_bson_add_date(sac_bson *doc, const char *key, int64_t ms);
/** Null. */
SAC_API void sac_bson_add_null(sac_bson *doc, const char *key);
/** An int32. */
SAC_API void sac_bson_add_int32(sac_bson *doc, const char *key, int32_t value);
/** An int64. */
SAC_API void sac_bson_add_int64(sac_bson *doc, const char *key, int64_t value);
/** A binary of any subtype. */
SAC_API void sac_bson_add_binary(sac_bson *doc, const char *key, uint8_t subtype, sac_str bytes);

/** Open a document under `key`; what follows goes inside until sac_bson_end(). */
SAC_API void sac_bson_begin_doc(sac_bson *doc, sac_str key);
/** Open an array, likewise. */
SAC_API void sac_bson_begin_array(sac_bson *doc, sac_str key);
/** Close what was opened last. */
SAC_API void sac_bson_end(sac_bson *doc);

/**
 * Close the document. `*out` is valid until sac_bson_fini().
 *
 * Errors: the first that happened: SAC_ENOMEM, SAC_ETOOBIG, SAC_ELIMIT (depth),
 * SAC_EINVAL (NUL in a key).
 */
SAC_API int sac_bson_finish(sac_bson *doc, sac_str *out) SAC_MUST_USE;

/**
 * Where new ObjectIds come from: seconds, five random bytes of the source, a
 * counter that starts at random. Ids of one source ascend, also when the
 * clock steps back.
 */
typedef struct sac_oid_source {
    uint64_t state; /**< Seconds and counter in one word, changed atomically. */
    uint8_t random[5];
} sac_oid_source;

/** Errors: SAC_EIO when the system gives no random bytes. */
SAC_API int sac_oid_source_init(sac_oid_source *source) SAC_MUST_USE;

/** The next id of a source. Threads: any, at the same time. */
SAC_API void sac_oid_next(sac_oid_source *source, sac_oid *out);

/** Write 24 lower-case hex digits, without a NUL. */
SAC_API void sac_oid_hex(const sac_oid *oid, char out[24]);

/** Read 24 hex digits; with `strict` only lower-case ones. */
SAC_API bool sac_oid_parse(sac_str hex, bool strict, sac_oid *out);

SAC_END

#endif

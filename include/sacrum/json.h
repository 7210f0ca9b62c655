/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_JSON_H
#define SACRUM_JSON_H

/**
 * BSON documents to JSON text and back, for any program that has BSON in hand.
 * Sources: RFC 8259; MongoDB Extended JSON v2; docs/reference/json.md has the
 * table of dialects.
 *
 * Threads: any.
 */
#include <sacrum/alloc.h>
#include <sacrum/bson.h>
#include <sacrum/err.h>
#include <sacrum/str.h>

SAC_BEGIN

typedef enum sac_json_dialect {
    SAC_JSON_PLAIN,    /**< What a browser expects: ids and dates as strings. */
    SAC_JSON_RELAXED,  /**< Extended JSON v2, relaxed. */
    SAC_JSON_CANONICAL /**< Extended JSON v2, canonical. */
} sac_json_dialect;

enum {
    SAC_JSON_INT64_STRING = 1 << 0, /**< Encode, plain: every int64 as a decimal string. */
    SAC_JSON_EPOCH_DATES = 1 << 1,  /**< Encode, plain: dates as milliseconds. */
    SAC_JSON_HTML = 1 << 2,         /**< Encode: escape < > & U+2028 U+2029. */
    SAC_JSON_PRETTY = 1 << 3,       /**< Encode: two blanks a level. */
    SAC_JSON_REPAIR = 1 << 4,       /**< Encode: U+FFFD for invalid UTF-8 instead of an error. */
    SAC_JSON_KEY_RULES = 1 << 5,    /**< Decode: refuse duplicate, empty, dotted, `$`, NUL and prototype keys. */
    SAC_JSON_LEGACY = 1 << 6        /**< Decode: dates and binaries of Extended JSON v1 too. */
};

/** How to encode or decode; {0} through SAC_JSON_OPTIONS() is plain with the default limits. */
typedef struct sac_json_options {
    size_t size; /**< sizeof this struct: SAC_JSON_OPTIONS sets it. */
    sac_json_dialect dialect;
    unsigned flags;
    size_t max_size;    /**< Bytes of output; 0: 64 MiB of JSON, 16 MiB of BSON. */
    unsigned max_depth; /**< Levels of input, the outermost being 1; 0: 100. */
    size_t max_keys;    /**< Decode: members and elements in all; 0: no bound. */
} sac_json_options;
#define SAC_JSON_OPTIONS(...) { .size = sizeof(sac_json_options), __VA_ARGS__ }

/** Takes a piece of output; non-zero stops the encoder, which returns that value. */
typedef int sac_json_sink(void *self, const char *p, size_t n);

/**
 * Write one document as JSON to a sink, in pieces of up to 64 KiB, in one
 * pass. Numbers keep their value, whatever their type; output is valid UTF-8.
 *
 * Errors: SAC_ECORRUPT with the byte offset in `err->pos` (the sink may have
 * got a part by then); SAC_ELIMIT; SAC_ETOOBIG; SAC_ENOMEM; SAC_EVERSION for
 * options of a newer library; what the sink returned.
 */
SAC_API int sac_json_encode(sac_str doc, const sac_json_options *options,
                            sac_json_sink *sink, void *self, sac_err *err) SAC_MUST_USE;

/** Encodes one document after the other. */
typedef struct sac_json_encoder sac_json_encoder;

/**
 * Make an encoder for many documents. It remembers the keys of those before,
 * which makes small documents of one kind about half as fast again as
 * sac_json_encode(); the text is the same. `options` NULL: the defaults;
 * `alloc` NULL: malloc. It takes 100 KiB.
 *
 * Ownership: free it with sac_json_encoder_free().
 * Errors: SAC_ENOMEM; SAC_EVERSION for options of a newer library.
 */
SAC_API int sac_json_encoder_new(const sac_json_options *options, const sac_alloc *alloc,
                                 sac_json_encoder **out, sac_err *err) SAC_MUST_USE;
/**
 * Write the next document. Errors: as sac_json_encode(); another one may
 * follow all the same. Threads: one at a time.
 */
SAC_API int sac_json_encoder_add(sac_json_encoder *encoder, sac_str doc, sac_json_sink *sink,
                                 void *self, sac_err *err) SAC_MUST_USE;
/** NULL is a no-op. */
SAC_API void sac_json_encoder_free(sac_json_encoder *encoder);

/**
 * Read one JSON object (in any mix of plain and Extended JSON) into a BSON
 * document. Without a schema nothing is guessed from strings: integers become
 * int32 or int64, other numbers double.
 *
 * Ownership: `*doc` is memory of `alloc` (NULL: malloc), of exactly
 * `doc->n` bytes; free it with the same allocator.
 * Errors: SAC_ESYNTAX with the byte offset in `err->pos` and line and column
 * in the text; SAC_ELIMIT, SAC_ETOOBIG, SAC_ENOMEM, SAC_EVERSION.
 */
SAC_API int sac_json_decode(sac_str json, const sac_json_options *options,
                            const sac_alloc *alloc, sac_str *doc, sac_err *err) SAC_MUST_USE;

SAC_END

#endif

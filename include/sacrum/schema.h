/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_SCHEMA_H
#define SACRUM_SCHEMA_H

/**
 * The field table: what the documents of a collection hold. One table drives
 * decoding, validation, defaults and what is shown.
 */
#include <sacrum/type.h>

SAC_BEGIN

/** A value that is made, not sent. */
typedef enum sac_computed {
    SAC_NOT_COMPUTED = 0,
    SAC_COMPUTED_URL /**< The item's own URL, absolute where the origin is known. */
} sac_computed;

/**
 * One field. A table is an array of these that ends with {.name = NULL}. What
 * is not set is not asked for. Values are written as JSON text, so that they
 * are exact in every type: `.min = "0"`, `.fallback = "\"open\""`,
 * `.max = "\"2030-01-01\""`.
 */
typedef struct sac_field {
    const char *name;     /**< Key in the document; UTF-8, no dot, no leading `$`. */
    sac_type type;
    bool required;        /**< Must be in a POST or PUT. */
    bool nullable;        /**< `null` is a value of it. */
    bool read_only;       /**< Never written by clients: a differing value is 422 `read_only`. */
    bool write_once;      /**< Written at creation only; afterwards as read_only. */
    bool secret;          /**< Taken, stored, never shown. */
    bool open;            /**< SAC_DOCUMENT: undeclared members are taken and shown. */
    bool unfiltered;      /**< Lists cannot be filtered or sorted by it. */
    bool searchable;      /**< Strings: `?q=` looks into it. */
    bool indexed;         /**< The store keeps an index on it, for filters and sorts. */
    bool unique;          /**< The same, and no two documents have one value: 409. */
    bool sparse;          /**< With unique: documents without the field are exempt. */
    int64_t expires;      /**< SAC_DATE: the document goes so many seconds after it, as in
                               sac_index; 0: never. */
    const char *fallback; /**< Default: JSON text, or `now()`, `objectid()`, `uuid()`. */
    const char *min, *max; /**< Numbers and dates: least and greatest value. */
    const char *const *one_of; /**< The values allowed, ends with NULL: strings as they are,
                                    other types as JSON text. */
    const char *pattern;  /**< Strings: a PCRE2 pattern that must match somewhere. */
    uint32_t min_length, max_length; /**< Strings: in code points; binary: bytes; arrays: items.
                                          max 0: no bound. */
    const struct sac_field *fields; /**< SAC_DOCUMENT: its members; NULL: any. */
    const struct sac_field *items;  /**< SAC_ARRAY: one row for its elements (its name is not
                                         used, but may not be NULL); NULL: any. */
    sac_computed computed;
    uint32_t member_offset, member_size; /**< Of a struct: SAC_MEMBER sets them (sacrum/bind.h). */
} sac_field;

/** Binds a row of a field table to a member of a struct, as the last of its initialisers. */
#define SAC_MEMBER(type, member)                                               \
    .member_offset = offsetof(type, member), .member_size = sizeof(((type *)0)->member)

SAC_END

#endif

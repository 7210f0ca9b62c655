/* SPDX-License-Identifier: MIT */
#ifndef SACRUM_TYPE_H
#define SACRUM_TYPE_H

#include <sacrum/export.h>

SAC_BEGIN

/** What a declared field holds; how JSON is read for it and how BSON keeps it. */
typedef enum sac_type {
    SAC_ANY = 0,  /**< Whatever the text says; nothing is guessed from strings. */
    SAC_STRING,   /**< UTF-8 string. */
    SAC_BOOL,
    SAC_INT,      /**< Integer by value, stored as int32 where it fits, else int64. */
    SAC_INT64,    /**< The same, always stored as int64; also taken as a decimal string. */
    SAC_DOUBLE,
    SAC_DECIMAL,  /**< Decimal128, exact; a string or a number in JSON. */
    SAC_DATE,     /**< Milliseconds since 1970; RFC 3339 in JSON. */
    SAC_OBJECTID, /**< 24 hex digits in JSON. */
    SAC_UUID,     /**< Binary subtype 4; its usual text in JSON. */
    SAC_BINARY,   /**< Base64 in JSON. */
    SAC_DOCUMENT, /**< A nested document, by `fields` where given. */
    SAC_ARRAY     /**< An array, of `items` where given. */
} sac_type;

SAC_END

#endif

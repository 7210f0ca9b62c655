/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_JSON_ROUNDTRIP_H
#define TESTS_UNIT_JSON_ROUNDTRIP_H

#include <stdio.h>
#include <stdlib.h>

#include "json/decode.h"
#include "json/encode.h"
#include "support/support.h"

/* A document of exactly its size, for a JSON text without the key rules. */
static inline sac_str bson_of(const char *json)
{
    sac_str doc = {NULL, 0};
    sac_err err = {.code = 0};

    if (sac_json_decode(sac_str_of(json), NULL, NULL, &doc, &err) != SAC_OK)
        fail_msg("%s: %s", json, err.text);
    return doc;
}

static inline void drop(sac_str s)
{
    free((void *)(uintptr_t)s.p);
}

/* The text of a document, NUL behind it. */
static inline sac_str json_by(const sac__json_encoding *how, sac_str doc)
{
    sac_err err = {.code = 0};
    sac__buf out;

    sac__buf_init(&out, NULL, (size_t)1 << 28);
    if (sac__json_encode(how, doc, &out, &err) != SAC_OK)
        fail_msg("%s", err.text);
    sac__buf_add_char(&out, '\0');
    CHECK_INT(out.error, SAC_OK);
    return sac_str_n(out.p, out.n - 1);
}

static inline sac_str json_of(sac_str doc, sac_json_dialect dialect, unsigned flags)
{
    const sac__json_encoding how = {.dialect = dialect, .flags = flags};

    return json_by(&how, doc);
}

/* Checks the text of a document that another text stands for. */
static inline void check_encoded(const char *from, sac_json_dialect dialect, unsigned flags,
                                 const char *want)
{
    const sac_str doc = bson_of(from);
    const sac_str json = json_of(doc, dialect, flags);

    CHECK_STR(json, want);
    drop(json);
    drop(doc);
}

/* A copy in memory of its own that ends where the slice does. */
static inline sac_str exact_copy(sac_str s)
{
    char *p = malloc(s.n ? s.n : 1);

    CHECK(p != NULL);
    memcpy(p, s.p, s.n);
    return sac_str_n(p, s.n);
}

/* One document with a value of every type. */
#define EVERY_TYPE                                                                          \
    "{\"_id\":{\"$oid\":\"0123456789abcdef01234567\"},\"string\":\"a\\\"\\u0000\\u20acb\"," \
    "\"int\":{\"$numberInt\":\"-7\"},\"long\":{\"$numberLong\":\"9007199254740992\"},"      \
    "\"double\":{\"$numberDouble\":\"1.5\"},\"decimal\":{\"$numberDecimal\":\"1.10\"},"     \
    "\"date\":{\"$date\":{\"$numberLong\":\"1795340460123\"}},\"yes\":true,\"no\":false,"   \
    "\"null\":null,\"uuid\":{\"$binary\":{\"base64\":\"c//SZESzTGmQ6OfR38A11A==\","         \
    "\"subType\":\"04\"}},\"old\":{\"$binary\":{\"base64\":\"//8=\",\"subType\":\"02\"}},"  \
    "\"regex\":{\"$regularExpression\":{\"pattern\":\"^a\",\"options\":\"im\"}},"           \
    "\"time\":{\"$timestamp\":{\"t\":4294967295,\"i\":2}},\"code\":{\"$code\":\"f()\"},"    \
    "\"scoped\":{\"$code\":\"g()\",\"$scope\":{\"x\":{\"$numberInt\":\"1\"}}},"             \
    "\"symbol\":{\"$symbol\":\"s\"},\"pointer\":{\"$dbPointer\":{\"$ref\":\"c\","           \
    "\"$id\":{\"$oid\":\"0123456789abcdef01234567\"}}},\"min\":{\"$minKey\":1},"            \
    "\"max\":{\"$maxKey\":1},\"undefined\":{\"$undefined\":true},"                          \
    "\"document\":{\"a\":{\"b\":{}}},\"array\":[\"x\",[],{\"y\":null}]}"

#endif

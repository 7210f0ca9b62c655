/* SPDX-License-Identifier: MIT */
#ifndef TESTS_QUERIES_H
#define TESTS_QUERIES_H

#include <stdio.h>
#include <stdlib.h>

#include <sacrum/json.h>
#include <sacrum/query.h>

#include "support/support.h"

/* Documents and filters are written as Extended JSON, with ' for ". */

/* The BSON of a text in malloc'ed memory of exactly its size: an overread is seen. */
static inline sac_str bson_of(const char *json)
{
    const sac_json_options options = SAC_JSON_OPTIONS(.dialect = SAC_JSON_RELAXED);
    char *text = strdup(json);
    sac_err err = {.code = 0};
    sac_str doc;

    for (char *p = text; *p; p++)
        *p = *p == '\'' ? '"' : *p;
    if (sac_json_decode(sac_str_of(text), &options, NULL, &doc, &err) != SAC_OK)
        fail_msg("%s: %s", json, err.text);
    free(text);
    return doc;
}

static inline void drop(sac_str doc)
{
    free((void *)(uintptr_t)doc.p);
}

/* What a filter says of a document: 1, 0 or an error. */
static inline int matched(const char *filter, const char *json)
{
    const sac_str f = bson_of(filter);
    const sac_str doc = bson_of(json);
    sac_filter *compiled = NULL;
    sac_err err = {.code = 0};
    int rc = sac_filter_new(f, NULL, NULL, &compiled, &err);

    if (rc != SAC_OK)
        fail_msg("%s: %s", filter, err.text);
    rc = sac_filter_match(compiled, doc, &err);
    sac_filter_free(compiled);
    drop(f);
    drop(doc);
    return rc;
}

#define TAKES(filter, doc) check_match(filter, doc, 1, __FILE__, __LINE__)
#define LEAVES(filter, doc) check_match(filter, doc, 0, __FILE__, __LINE__)

static inline void check_match(const char *filter, const char *doc, int want, const char *file,
                               int line)
{
    const int got = matched(filter, doc);

    if (got != want) {
        print_error("%s:%d: %s on %s: %d\n", file, line, filter, doc, got);
        fail();
    }
}

/* A filter is refused with this code and these words. */
#define REFUSED(filter, limits, code, words) \
    check_refused(filter, limits, code, words, __FILE__, __LINE__)

static inline void check_refused(const char *filter, const sac_query_limits *limits, int code,
                                 const char *words, const char *file, int line)
{
    const sac_str f = bson_of(filter);
    sac_filter *compiled = NULL;
    sac_err err = {.code = 0};
    const int rc = sac_filter_new(f, limits, NULL, &compiled, &err);

    drop(f);
    if (rc != code || compiled || strcmp(err.text, words) != 0) {
        print_error("%s:%d: %s: %d \"%s\"\n", file, line, filter, rc, err.text);
        sac_filter_free(compiled);
        fail();
    }
}

#endif

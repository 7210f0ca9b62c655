/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UPDATES_H
#define TESTS_UPDATES_H

#include <stdio.h>
#include <stdlib.h>

#include "queries.h"

/* 2024-05-06T07:08:09.123Z */
#define NOW INT64_C(1714979289123)

/* What documents become; all are Extended JSON with ' for ", compared by bytes. */
#define BECOMES(update, doc, want) check_update(update, doc, want, __FILE__, __LINE__)
#define KEEPS(update, doc) check_update(update, doc, doc, __FILE__, __LINE__)
/* What cannot be compiled, and what cannot be done to a document: the texts have these words. */
#define UPDATE_REFUSED(update, words) \
    check_failure(update, NULL, NULL, SAC_EINVAL, words, __FILE__, __LINE__)
#define CONFLICTS(update, doc, words) \
    check_failure(update, NULL, doc, SAC_ECONFLICT, words, __FILE__, __LINE__)

static inline int keep_json(void *self, const char *p, size_t n)
{
    char *text = self;
    const size_t old = strlen(text);

    snprintf(text + old, 2048 - old, "%.*s", (int)n, p);
    return 0;
}

static inline void show(const char *what, sac_str doc)
{
    const sac_json_options options = SAC_JSON_OPTIONS(.dialect = SAC_JSON_CANONICAL);
    char text[2048] = "";

    (void)(sac_json_encode(doc, &options, keep_json, text, NULL) == SAC_OK);
    print_error("  %s %s\n", what, text);
}

static inline void check_same(sac_str got, const char *want, const char *file, int line)
{
    const sac_str wanted = bson_of(want);

    if (!sac_str_eq(got, wanted)) {
        print_error("%s:%d:\n", file, line);
        show("got ", got);
        show("want", wanted);
        drop(wanted);
        fail();
    }
    drop(wanted);
}

/* Compiles an update and applies it once. */
static inline int run_update(const char *update, const sac_query_limits *limits, const char *doc,
                             const sac_alloc *alloc, sac_str *out, sac_err *err)
{
    const sac_str u = bson_of(update);
    const sac_str d = doc ? bson_of(doc) : sac_str_n(NULL, 0);
    sac_update *compiled = NULL;
    int rc = sac_update_new(u, limits, alloc, &compiled, err);

    if (rc == SAC_OK && doc)
        rc = sac_update_apply(compiled, d, NOW, alloc, out, err);
    sac_update_free(compiled);
    drop(u);
    drop(d);
    return rc;
}

static inline void check_update(const char *update, const char *doc, const char *want,
                                const char *file, int line)
{
    sac_err err = {.code = 0};
    sac_str out = {NULL, 0};

    if (run_update(update, NULL, doc, NULL, &out, &err) != SAC_OK)
        fail_msg("%s:%d: %s", file, line, err.text);
    check_same(out, want, file, line);
    drop(out);
}

static inline void check_failure(const char *update, const sac_query_limits *limits,
                                 const char *doc, int code, const char *words, const char *file,
                                 int line)
{
    sac_err err = {.code = 0};
    sac_str out = {NULL, 0};
    const int rc = run_update(update, limits, doc, NULL, &out, &err);

    if (rc != code || err.code != code || out.p || !strstr(err.text, words)) {
        print_error("%s:%d: %s: %d \"%s\"\n", file, line, update, rc, err.text);
        drop(out);
        fail();
    }
}

#endif

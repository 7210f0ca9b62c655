/* SPDX-License-Identifier: MIT */
#ifndef HTTP_MULTIPART_RUN_H
#define HTTP_MULTIPART_RUN_H

#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>

#include "http/multipart.h"

/* What came of a body: the parts as text, and the error. */
typedef struct outcome {
    sac__buf text;
    int rc;
    const char *error;
    uint64_t error_at;
    size_t most; /* bytes of the head's buffer */
} outcome;

static inline sac_str S(const char *s)
{
    return sac_str_of(s);
}

static inline void add_part(sac__buf *out, sac_str name, sac_str filename, sac_str type)
{
    sac__buf_printf(out, "[%.*s", (int)name.n, name.p);
    if (filename.p)
        sac__buf_printf(out, "|%.*s", (int)filename.n, filename.p);
    if (type.p)
        sac__buf_printf(out, "|%.*s", (int)type.n, type.p);
    sac__buf_add_char(out, ':');
}

static inline void add_event(sac__buf *out, const sac__multipart_event *event)
{
    switch (event->kind) {
    case SAC__MULTIPART_BEGIN:
        add_part(out, event->part.name, event->part.filename, event->part.type);
        break;
    case SAC__MULTIPART_DATA:
        CHECK(event->data.n > 0);
        sac__buf_add_str(out, event->data);
        break;
    case SAC__MULTIPART_END: sac__buf_add_char(out, ']'); break;
    }
}

/* Gives it in copies of their own, so that a look past one is an error to a sanitizer. */
static inline int feed(sac__multipart *mp, sac_str piece, sac__buf *out)
{
    char *copy = malloc(piece.n ? piece.n : 1);
    sac_str in = sac_str_n(copy, piece.n);
    sac__multipart_event event;
    int rc;

    CHECK(copy != NULL);
    if (piece.n)
        memcpy(copy, piece.p, piece.n);
    while ((rc = sac__multipart_next(mp, &in, &event)) == 1)
        add_event(out, &event);
    CHECK(rc < 0 || in.n == 0);
    free(copy);
    return rc;
}

/* The first `first` bytes at once, then `piece` at a time (0: the rest). */
static inline outcome run_limited(sac_str body, const char *boundary, size_t first, size_t piece,
                                  size_t max_head)
{
    outcome got = {.rc = 0};
    sac__multipart mp;

    sac__buf_init(&got.text, NULL, SIZE_MAX);
    CHECK_INT(sac__multipart_init(&mp, NULL, S(boundary), max_head), SAC_OK);
    got.rc = feed(&mp, sac_str_n(body.p, first), &got.text);
    for (size_t at = first; at < body.n && got.rc == 0;) {
        const size_t n = piece && piece < body.n - at ? piece : body.n - at;

        got.rc = feed(&mp, sac_str_n(body.p + at, n), &got.text);
        at += n;
    }
    if (got.rc == 0)
        got.rc = sac__multipart_end(&mp);
    if (got.rc < 0) {
        const outcome before = got;

        got.rc = feed(&mp, S("more"), &got.text); /* an error stays */
        CHECK_INT(got.rc, before.rc);
        CHECK_INT(got.text.n, before.text.n);
    } else {
        CHECK(sac__multipart_closed(&mp));
    }
    got.error = mp.error;
    got.error_at = mp.error_at;
    got.most = mp.head.cap;
    sac__multipart_fini(&mp);
    return got;
}

static inline outcome run(sac_str body, const char *boundary, size_t first, size_t piece)
{
    return run_limited(body, boundary, first, piece, 16384);
}

static inline void check_same(const outcome *a, const outcome *b, size_t at)
{
    if (a->rc != b->rc || a->error_at != b->error_at || a->error != b->error ||
        !sac_str_eq(sac__buf_str(&a->text), sac__buf_str(&b->text)))
        fail_msg("split at %zu: %d, %s at %llu, %.*s", at, b->rc, b->error ? b->error : "",
                 (unsigned long long)b->error_at, (int)b->text.n, b->text.p);
}

/* Every splitting in two, and small pieces, come to the same. */
static inline outcome run_split(sac_str body, const char *boundary)
{
    const outcome whole = run(body, boundary, body.n, 0);

    for (size_t at = 0; at < body.n + 4; at++) {
        outcome other = at < body.n ? run(body, boundary, at, 0)
                                    : run(body, boundary, 0, at - body.n + 1);

        check_same(&whole, &other, at);
        sac__buf_fini(&other.text);
    }
    return whole;
}

static inline void check_read(const char *body, const char *want)
{
    outcome got = run_split(S(body), "b");

    if (got.rc != SAC_OK || !sac_str_is(sac__buf_str(&got.text), want))
        fail_msg("%s: %d, %s at %llu, %.*s", body, got.rc, got.error ? got.error : "",
                 (unsigned long long)got.error_at, (int)got.text.n, got.text.p);
    sac__buf_fini(&got.text);
}

static inline void check_refused(const char *body, size_t at, const char *error)
{
    outcome got = run_split(S(body), "b");

    if (got.rc != SAC_ESYNTAX || got.error_at != at || strcmp(got.error, error) != 0)
        fail_msg("%s: %d, %s at %llu", body, got.rc, got.error ? got.error : "",
                 (unsigned long long)got.error_at);
    sac__buf_fini(&got.text);
}

#define HEAD "Content-Disposition: form-data; name=a\r\n\r\n"

static inline char *filled(const char *before, size_t n, const char *with, const char *after)
{
    const size_t step = strlen(with);
    char *body = malloc(strlen(before) + n * step + strlen(after) + 1);
    char *to = body + strlen(before);

    CHECK(body != NULL);
    strcpy(body, before);
    for (size_t i = 0; i < n; i++, to += step)
        memcpy(to, with, step);
    strcpy(to, after);
    return body;
}

#endif

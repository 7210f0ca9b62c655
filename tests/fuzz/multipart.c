/* SPDX-License-Identifier: MIT */
#include "http/multipart.h"

#include "core/utf8.h"
#include "fuzz.h"

/* What came of a form: its parts, and the error. */
typedef struct outcome {
    sac__buf text;
    int rc;
    uint64_t at;
} outcome;

static void check_head(const sac__part_head *head, sac__buf *out)
{
    HOLD(head->name.p && sac__utf8_valid(head->name));
    sac__buf_add_str(out, head->name);
    sac__buf_add_char(out, head->filename.p ? '|' : ':');
    HOLD(sac__utf8_valid(head->filename));
    for (size_t i = 0; i < head->filename.n; i++)
        HOLD(head->filename.p[i] != '/' && head->filename.p[i] != '\\' && head->filename.p[i]);
    sac__buf_add_str(out, head->filename);
    sac__buf_add_char(out, head->type.p ? '|' : ':');
    sac__buf_add_str(out, head->type);
}

static int feed(sac__multipart *mp, sac_str in, sac__buf *out, bool *open)
{
    sac__multipart_event event;
    int rc;

    while ((rc = sac__multipart_next(mp, &in, &event)) == 1) {
        HOLD(*open == (event.kind != SAC__MULTIPART_BEGIN));
        *open = event.kind != SAC__MULTIPART_END;
        if (event.kind == SAC__MULTIPART_BEGIN)
            check_head(&event.part, out);
        if (event.kind == SAC__MULTIPART_END)
            sac__buf_add_char(out, ']');
        HOLD(event.kind != SAC__MULTIPART_DATA || event.data.n > 0);
        if (event.kind == SAC__MULTIPART_DATA)
            sac__buf_add_str(out, event.data);
    }
    HOLD(rc < 0 || in.n == 0);
    return rc;
}

/* In pieces of 1 to `step` bytes, in turn; 0: whole. */
static outcome run(sac__arena *arena, sac_str boundary, sac_str body, size_t step)
{
    sac__multipart mp;
    outcome got = {.rc = 0};
    bool open = false;
    size_t piece = 0;

    sac__buf_init(&got.text, sac__arena_alloc(arena), (size_t)1 << 20);
    HOLD(sac__multipart_init(&mp, sac__arena_alloc(arena), boundary, 300) == 0);
    for (size_t at = 0; at < body.n && got.rc == 0; at += piece) {
        piece = step ? 1 + piece % step : body.n;
        if (piece > body.n - at)
            piece = body.n - at;
        got.rc = feed(&mp, sac_str_n(body.p + at, piece), &got.text, &open);
    }
    if (got.rc == 0)
        got.rc = sac__multipart_end(&mp);
    HOLD(got.rc == SAC_OK || got.rc == SAC_ESYNTAX || got.rc == SAC_ELIMIT);
    HOLD(got.rc == SAC_OK ? !open : mp.error != NULL && mp.error_at <= body.n);
    HOLD(got.text.error == SAC_OK && got.text.n <= body.n);
    got.at = mp.error_at;
    return got;
}

/* A line, the boundary, then the body: it comes to the same in any pieces. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t steps[] = {1, 2, 7, 61};
    sac_str rest = sac_str_n(data, size);
    const sac_str boundary = fuzz_line(&rest);
    sac__arena *arena = fuzz_arena();
    sac__multipart mp;

    if (sac__multipart_init(&mp, NULL, boundary, 300) == SAC_OK) {
        const outcome whole = run(arena, boundary, rest, 0);

        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
            const outcome other = run(arena, boundary, rest, steps[i]);

            HOLD(other.rc == whole.rc && other.at == whole.at);
            HOLD(sac_str_eq(sac__buf_str(&other.text), sac__buf_str(&whole.text)));
        }
    }
    sac__arena_close(arena);
    return 0;
}

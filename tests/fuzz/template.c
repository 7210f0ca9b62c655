/* SPDX-License-Identifier: MIT */
#include <sacrum/json.h>

#include "fuzz.h"
#include "page/template/render.h"

/*
 * A byte of flags, then up to three texts with a NUL between them: a template,
 * a partial that goes by any name, and data in JSON (or BSON as it comes).
 */
enum { LAMBDAS = 1, BSON = 2 };

static sac_str next_text(sac_str *rest)
{
    const char *end = rest->n ? memchr(rest->p, '\0', rest->n) : NULL;
    const sac_str text = sac_str_n(rest->p, end ? (size_t)(end - rest->p) : rest->n);

    *rest = end ? sac_str_n(end + 1, rest->n - text.n - 1) : sac_str_n(rest->p + rest->n, 0);
    return text;
}

/* Whether all that it shows of the data is escaped. */
static bool is_plain(sac_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (memchr("<&=", text.p[i], 3))
            return false;
        if (text.p[i] == '{' && (i + 1 == text.n || text.p[++i] != '{'))
            return false;
    }
    return true;
}

static const sac_template *any_partial(void *self, sac_str name)
{
    (void)name;
    return self;
}

static int any_name(void *self, sac_str key, sac_value *out)
{
    (void)self;
    if (sac_str_is(key, "user"))
        *out = (sac_value){SAC_BSON_STRING, sac_str_n("\4\0\0\0<u>", 8)};
    return SAC_OK;
}

static int any_url(void *self, sac_str words, sac__buf *out, sac_err *err)
{
    (void)self;
    (void)err;
    sac__buf_add_str(out, words);
    return out->error;
}

typedef struct sum {
    sac_str whole;
    size_t n;
} sum;

/* Piece by piece it is what it is in one. */
static int check_piece(void *self, sac_str text)
{
    sum *s = self;

    HOLD(text.n > 0 && text.n <= s->whole.n - s->n);
    HOLD(memcmp(s->whole.p + s->n, text.p, text.n) == 0);
    s->n += text.n;
    return SAC_OK;
}

static void render(const sac_template *t, const sac_rendering *with, bool plain)
{
    const sac__beside beside = {.name = any_name, .url = any_url};
    char block[4096];
    sac__buf whole, pieces;
    sum s = {.n = 0};
    const sac__render_to at_once = {.buf = &whole};
    const sac__render_to in_pieces = {.buf = &pieces, .write = check_piece, .self = &s};
    int rc;

    sac__buf_init(&whole, NULL, (size_t)1 << 20);
    rc = sac__template_render(t, with, &beside, &at_once, NULL);
    HOLD(rc == SAC_OK || rc == SAC_ELIMIT || rc == SAC_ECORRUPT);
    HOLD(!plain || !whole.n || !memchr(whole.p, '<', whole.n));
    s.whole = sac__buf_str(&whole);
    sac__buf_init_fixed(&pieces, block, sizeof block);
    if (rc == SAC_OK) {
        HOLD(sac__template_render(t, with, &beside, &in_pieces, NULL) == SAC_OK);
        HOLD(s.n == whole.n);
    }
    sac__buf_fini(&whole);
}

static sac_template *compile(sac_str text, unsigned flags)
{
    sac_template *t = NULL;
    sac_err err = {.code = 0};
    const int rc = sac__template_compile(text, flags & LAMBDAS, NULL, &t, &err);

    HOLD((rc == SAC_OK) == (t != NULL) && rc == err.code);
    HOLD(rc == SAC_OK || rc == SAC_ELIMIT || (rc == SAC_ESYNTAX && err.pos <= text.n));
    return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sac_str rest = sac_str_n(data, size);
    const unsigned flags = fuzz_byte(&rest);
    const sac_str text = next_text(&rest), part = next_text(&rest);
    sac_template *t = compile(text, flags), *partial = compile(part, flags);
    sac_rendering with = SAC_RENDERING(.data = rest, .partial = any_partial,
                                       .partial_self = partial);
    sac_str doc = {NULL, 0};

    if (!(flags & BSON)) {
        if (sac_json_decode(rest, NULL, NULL, &doc, NULL) != SAC_OK)
            doc.n = 0;
        with.data = doc;
    }
    if (t)
        render(t, &with, is_plain(text) && is_plain(part));
    if (doc.n > 0)
        sac_alloc_default()->resize(NULL, (void *)(uintptr_t)doc.p, doc.n, 0);
    sac_template_free(t);
    sac_template_free(partial);
    return 0;
}

/* SPDX-License-Identifier: MIT */
#include "json/encode.h"

#include "json/encoder.h"
#include "json/escape.h"
#include "json/number/numeral.h"

#ifdef SAC__JSON_AVX2
extern const sac__elements sac__elements_avx2;
#endif

const sac__elements *sac__elements_best(void)
{
#ifdef SAC__JSON_AVX2
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
        __builtin_cpu_supports("bmi2"))
        return &sac__elements_avx2;
#endif
    return &sac__elements_any;
}

void sac__encoder_init(sac__encoder *x, const sac__json_encoding *how, const sac_alloc *alloc)
{
    x->how = how;
    x->elements = how->elements ? how->elements : sac__elements_best();
    x->plain = how->dialect == SAC_JSON_PLAIN;
    x->bare = how->dialect != SAC_JSON_CANONICAL;
    x->dense = !(how->flags & (SAC_JSON_HTML | SAC_JSON_PRETTY));
    x->emit.bad = NULL;
    x->emit.escape = (how->flags & SAC_JSON_HTML ? SAC__ESCAPE_HTML : 0) |
                     (how->flags & SAC_JSON_REPAIR ? SAC__ESCAPE_REPAIR : 0);
    x->max_depth = how->max_depth ? how->max_depth : SAC_BSON_DEPTH;
    x->bad = NULL;
    x->pretty = how->flags & SAC_JSON_PRETTY;
    x->words = how->words ? how->words : &x->own;
    x->own.n = 0;
    sac__keys_init(&x->keys, alloc);
}

/* The bytes that are encoded. */
static void set_source(sac__encoder *x, sac_str bytes)
{
    char *const end = x->tail + SAC__ENCODER_LOOK;

    x->start = bytes.p;
    x->emit.readable = bytes.p + bytes.n;
    x->near = bytes.n >= SAC__ENCODER_LOOK ? x->emit.readable - SAC__ENCODER_LOOK : NULL;
    memset(x->tail, 0, sizeof x->tail);
    if (bytes.n >= SAC__ENCODER_LOOK)
        memcpy(x->tail, x->emit.readable - SAC__ENCODER_LOOK, SAC__ENCODER_LOOK);
    else if (bytes.n > 0)
        memcpy(end - bytes.n, bytes.p, bytes.n);
}

int sac__encoder_corrupt(sac__encoder *x, const char *at)
{
    x->bad = at;
    return SAC_ECORRUPT;
}

int sac__encoder_why_not(sac__encoder *x)
{
    return x->emit.error ? x->emit.error : sac__encoder_corrupt(x, x->emit.bad);
}

int sac__encoder_document(sac__encoder *x, sac_str doc, unsigned depth)
{
    return x->elements->document(x, doc, depth);
}

int sac__encoder_string(sac__encoder *x, sac_str s)
{
    char *w;

    if (!sac__emit_room(&x->emit, 1))
        return x->emit.error;
    *x->emit.w = '"';
    w = sac__emit_escaped(&x->emit, x->emit.w + 1, s);
    if (!w)
        return sac__encoder_why_not(x);
    *w++ = '"';
    x->emit.w = w;
    return SAC_OK;
}

static int report(const sac__encoder *x, int rc, sac_err *err)
{
    switch (rc) {
    case SAC_OK: break;
    case SAC_ECORRUPT:
        sac_err_set(err, rc, "damaged BSON at byte %zu", (size_t)(x->bad - x->start));
        if (err)
            err->pos = (size_t)(x->bad - x->start);
        break;
    case SAC_ELIMIT: sac_err_set(err, rc, "BSON nested more than %u levels", x->max_depth); break;
    default: sac_err_set(err, rc, "JSON: %s", sac_err_text(rc)); break;
    }
    return rc;
}

int sac__encoder_run(sac__encoder *x, sac_str doc, sac_err *err)
{
    int rc;

    set_source(x, doc);
    rc = sac__encoder_document(x, doc, 1);
    return report(x, rc ? rc : sac__emit_commit(&x->emit), err);
}

int sac__json_encode(const sac__json_encoding *encoding, sac_str doc, sac__buf *out, sac_err *err)
{
    const size_t before = out->n;
    sac__encoder x;
    int rc;

    sac__encoder_init(&x, encoding, out->alloc);
    sac__emit_to_buf(&x.emit, out);
    rc = sac__encoder_run(&x, doc, err);
    if (rc != SAC_OK)
        out->n = before;
    return rc;
}

int sac__json_encode_value(const sac__json_encoding *encoding, const sac_value *value,
                           sac__buf *out, sac_err *err)
{
    const size_t before = out->n;
    sac__encoder x;
    int rc;

    if (value->type == SAC_BSON_MISSING)
        return sac_err_set(err, SAC_EINVAL, "no value to encode");
    sac__encoder_init(&x, encoding, out->alloc);
    sac__emit_to_buf(&x.emit, out);
    set_source(&x, value->raw);
    rc = x.elements->value(&x, value);
    rc = report(&x, rc ? rc : sac__emit_commit(&x.emit), err);
    if (rc != SAC_OK)
        out->n = before;
    return rc;
}

void sac__json_encode_str(sac__buf *out, sac_str s)
{
    const sac__json_encoding how = {.flags = SAC_JSON_REPAIR};
    sac__encoder x;

    sac__encoder_init(&x, &how, out->alloc);
    sac__emit_to_buf(&x.emit, out);
    x.emit.readable = s.p + s.n;
    if (sac__encoder_string(&x, s) == SAC_OK && sac__emit_commit(&x.emit) == SAC_OK)
        return;
    if (!out->error)
        out->error = x.emit.error;
}

void sac__json_encode_double(sac__buf *out, double value)
{
    char text[SAC__NUMERAL_MAX];

    if (value - value == 0)
        sac__buf_add(out, text, (size_t)(sac__numeral_print_double(text, value, false) - text));
    else
        sac__buf_add_text(out, "null");
}

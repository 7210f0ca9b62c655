/* SPDX-License-Identifier: MIT */
#include "json/decode.h"

#include <stdio.h>

#include "bson/writer.h"
#include "json/decoder/decoder.h"

static int read_end(sac__decoder *d)
{
    sac__lex_blanks(d);
    return d->p == d->last ? SAC_OK
                           : sac__decoder_fail(d, SAC_ESYNTAX, d->p, "text behind the JSON value");
}

/* A value of any kind, by a field or NULL, and nothing behind it. */
static int read_only(sac__decoder *d, const sac__plan_field *field, sac_str key, sac_bson *out)
{
    const size_t end = out->n;
    const unsigned levels = SAC_BSON_DEPTH - 1 - (unsigned)out->depth;
    sac__place at = {.field = field, .shown = field ? field->shown : key};
    sac__cursor c = {d->p, NULL};
    int rc;

    d->max_depth = d->max_depth < levels ? d->max_depth : levels;
    if (!sac__bson_element(out, SAC_BSON_NULL, key, 0))
        return out->error;
    c.w = sac__decoder_open(d, out, 0);
    if (!c.w)
        return d->code;
    at.head = d->base + end;
    c = sac__decoder_value(d, c, &at);
    d->p = c.p;
    rc = c.p ? sac__decoder_close(d, c.w) : d->code;
    if (rc == SAC_OK)
        rc = read_end(d);
    if (rc != SAC_OK)
        sac__bson_undo(out, end);
    return rc;
}

/* What is wrong with a text that has something else where an object or array is due. */
static int read_other(sac__decoder *d, const sac_alloc *alloc, const char *why)
{
    const char *begin = d->p;
    sac_bson out;
    int rc;

    sac_bson_init(&out, alloc, 0);
    rc = read_only(d, NULL, sac_str_of(""), &out);
    sac_bson_fini(&out);
    return rc ? rc : sac__decoder_fail(d, SAC_EINVAL, begin, why);
}

/* The object whose brace is at d->p; `size` is a guess of its document's. */
static int read_document(sac__decoder *d, sac_bson *out, const sac__place *up, size_t size)
{
    const unsigned levels = SAC_BSON_DEPTH - (unsigned)out->depth;
    sac__cursor c = {d->p + 1, NULL};

    d->max_depth = d->max_depth < levels ? d->max_depth : levels;
    c.w = sac__decoder_open(d, out, size);
    if (!c.w)
        return d->code;
    c = sac__decoder_members(d, c, d->how->plan, up, 1);
    d->p = c.p;
    return c.p ? sac__decoder_close(d, c.w) : d->code;
}

int sac__json_decode(const sac__json_decoding *decoding, sac_str json, sac_bson *out, sac_err *err)
{
    sac__decoder d;
    int rc;

    sac__decoder_init(&d, decoding, json, out->alloc);
    if (sac__lex_peek(&d) != '{') {
        rc = read_other(&d, out->alloc, "expected an object");
    } else {
        /* Short names and many small values grow on the way. */
        const size_t size = json.n + json.n / 4;

        rc = read_document(&d, out, NULL, size < out->max ? size : out->max);
        if (rc == SAC_OK)
            rc = read_end(&d);
    }
    rc = sac__decoder_report(&d, rc, err);
    sac__decoder_fini(&d);
    return rc;
}

static int read_item(sac__decoder *d, const sac__json_items *items, size_t index)
{
    const sac__place at = {.index = index, .in_array = true};
    sac_bson *out;
    int rc;

    if (sac__lex_peek(d) != '{') {
        snprintf(d->message, sizeof d->message, "expected an object as element %zu", index);
        return sac__decoder_fail(d, SAC_EINVAL, d->p, d->message);
    }
    d->members = d->how->max_keys ? d->how->max_keys : SIZE_MAX;
    rc = items->begin(items->self, index, &out);
    if (rc == SAC_OK)
        rc = read_document(d, out, &at, 0);
    return rc ? rc : items->end(items->self, index);
}

static int read_items(sac__decoder *d, const sac__json_items *items)
{
    int rc;

    d->p++;
    if (!sac__lex_take(d, ']')) {
        size_t index = 0;

        do {
            rc = read_item(d, items, index++);
            if (rc != SAC_OK)
                return rc;
        } while (sac__lex_take(d, ','));
        if (!sac__lex_take(d, ']'))
            return sac__decoder_fail(d, SAC_ESYNTAX, d->p, "expected \",\" or \"]\"");
    }
    return read_end(d);
}

int sac__json_decode_items(const sac__json_decoding *decoding, sac_str json, const sac_alloc *alloc,
                           const sac__json_items *items, sac_err *err)
{
    sac__decoder d;
    int rc;

    sac__decoder_init(&d, decoding, json, alloc);
    if (sac__lex_peek(&d) != '[')
        rc = read_other(&d, alloc, "expected an array");
    else
        rc = read_items(&d, items);
    rc = sac__decoder_report(&d, rc, err);
    sac__decoder_fini(&d);
    return rc;
}

int sac__json_decode_value(const sac__json_decoding *decoding, const sac__plan_field *field,
                           sac_str json, sac_str key, sac_bson *out, sac_err *err)
{
    sac__decoder d;
    int rc;

    sac__decoder_init(&d, decoding, json, out->alloc);
    rc = sac__decoder_report(&d, read_only(&d, field, key, out), err);
    sac__decoder_fini(&d);
    return rc;
}

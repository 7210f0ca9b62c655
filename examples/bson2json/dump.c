/* SPDX-License-Identifier: MIT */
#include "bson2json.h"

#include <inttypes.h>

typedef struct dump {
    const options *o;
    sac_json_options how;
    sac_json_encoder *encoder;
    output *out;
    sac_str doc;
    bool sound; /* the document has been encoded once without an error */
    sac_err err;
} dump;

static int drop(void *self, const char *p, size_t n)
{
    (void)self;
    (void)p;
    (void)n;
    return 0;
}

/*
 * A line is written whole or not at all: what is collected can still be taken
 * back, and before a part of a line is written, the document is tried.
 */
static int take(void *self, const char *p, size_t n)
{
    dump *d = self;

    if (n > d->out->cap - d->out->n && !d->sound) {
        const int rc = sac_json_encode(d->doc, &d->how, drop, NULL, &d->err);

        if (rc != SAC_OK)
            return rc;
        d->sound = true;
    }
    return output_add(d->out, p, n) ? SAC_EIO : SAC_OK;
}

static int encode(dump *d)
{
    const size_t line = d->out->n;
    int rc = sac_json_encoder_add(d->encoder, d->doc, take, d, &d->err);

    if (rc == SAC_OK && output_add(d->out, "\n", 1) != 0)
        rc = SAC_EIO;
    if (rc != SAC_OK && !d->sound)
        d->out->n = line;
    return rc;
}

static int dump_one(dump *d)
{
    int rc = SAC_OK;

    d->sound = false;
    d->err = (sac_err){.code = 0};
    if (d->o->check)
        rc = sac_bson_check(d->doc, &d->err);
    if (rc != SAC_OK)
        return rc;
    return d->o->debug ? debug_document(d->doc, d->out) : encode(d);
}

/* The length of the document that begins here; 0: the input ends, -1: it is none. */
static int64_t next_length(input *in, uint64_t number)
{
    const size_t there = input_want(in, 4);
    const uint8_t *p = (const uint8_t *)in->p + in->begin;
    int64_t n;

    if (in->error || there == 0)
        return in->error ? -1 : 0;
    if (there < 4) {
        complain(in->progress,
                 "document %" PRIu64 " at byte %" PRIu64 ": the input ends in its length", number,
                 in->offset);
        return -1;
    }
    n = (int32_t)((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
                  (uint32_t)p[3] << 24);
    if (n < 5 || n > (int64_t)SAC_BSON_MAX) {
        complain(in->progress,
                 "document %" PRIu64 " at byte %" PRIu64 ": %" PRId64 " is no length of a document",
                 number, in->offset, n);
        return -1;
    }
    if (input_want(in, (size_t)n) < (size_t)n) {
        if (!in->error)
            complain(in->progress,
                     "document %" PRIu64 " at byte %" PRIu64
                     ": the input ends after %zu of its %" PRId64 " bytes",
                     number, in->offset, in->end - in->begin, n);
        return -1;
    }
    return n;
}

/* A damaged document is left out and the next one, which its length leads to, comes on. */
static int dump_all(dump *d, input *in)
{
    uint64_t number = 1;
    int status = ALL_WELL, rc;
    int64_t n;

    while ((n = next_length(in, number)) > 0) {
        d->doc = sac_str_n(in->p + in->begin, (size_t)n);
        rc = dump_one(d);
        if (d->out->error)
            return FAILED;
        if (rc != SAC_OK) {
            complain(in->progress,
                     "document %" PRIu64 " at byte %" PRIu64 ", damaged at byte %" PRIu64 ": %s",
                     number, in->offset, in->offset + d->err.pos, d->err.text);
            status = DAMAGED;
            if (d->o->check)
                return status;
        } else {
            in->progress->documents++;
        }
        number++;
        input_take(in, (size_t)n);
    }
    return n < 0 ? DAMAGED : status;
}

int dump_documents(const options *o, input *in, output *out)
{
    dump d = {
        .o = o,
        .out = out,
        .how = SAC_JSON_OPTIONS(.dialect = o->dialect, .flags = o->flags, .max_size = SIZE_MAX)};
    int status;

    if (sac_json_encoder_new(&d.how, NULL, &d.encoder, &d.err) != SAC_OK) {
        complain(in->progress, "%s", d.err.text);
        return FAILED;
    }
    status = dump_all(&d, in);
    sac_json_encoder_free(d.encoder);
    return status;
}

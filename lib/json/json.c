/* SPDX-License-Identifier: MIT */
#include <sacrum/json.h>

#include "core/alloc.h"
#include "core/table.h"
#include "json/decode.h"
#include "json/encoder.h"

#define SINK_PIECE ((size_t)64 << 10)
#define MAX_JSON ((size_t)64 << 20)

static int read_options(const sac_json_options *given, sac_json_options *out, sac_err *err)
{
    memset(out, 0, sizeof *out);
    if (!given)
        return SAC_OK;
    if (given->size == 0)
        return sac_err_set(err, SAC_EVERSION, "sac_json_options without SAC_JSON_OPTIONS()");
    if (given->size > sizeof *out)
        return sac__table_newer("sac_json_options", given->size, sizeof *out, err);
    memcpy(out, given, given->size);
    return SAC_OK;
}

struct sac_json_encoder {
    const sac_alloc *alloc;
    sac__json_encoding how;
    size_t max_size;
    sac__words words;
    sac__encoder x;
    char block[SINK_PIECE];
};

static sac__json_encoding encoding_of(const sac_json_options *chosen)
{
    const sac__json_encoding how = {
        .dialect = chosen->dialect, .flags = chosen->flags, .max_depth = chosen->max_depth};

    return how;
}

int sac_json_encode(sac_str doc, const sac_json_options *options, sac_json_sink *sink, void *self,
                    sac_err *err)
{
    sac__json_encoding how;
    sac_json_options chosen;
    sac__encoder x;
    char *block;
    int rc = read_options(options, &chosen, err);

    if (rc != SAC_OK)
        return rc;
    block = sac__alloc(NULL, SINK_PIECE);
    if (!block)
        return sac_err_set(err, SAC_ENOMEM, "JSON: %s", sac_err_text(SAC_ENOMEM));
    how = encoding_of(&chosen);
    sac__encoder_init(&x, &how, NULL);
    sac__emit_to_sink(&x.emit, sink, self, sac_str_n(block, SINK_PIECE),
                      chosen.max_size ? chosen.max_size : MAX_JSON);
    rc = sac__encoder_run(&x, doc, err);
    sac__alloc_free(NULL, block, SINK_PIECE);
    return rc;
}

int sac_json_encoder_new(const sac_json_options *options, const sac_alloc *alloc,
                         sac_json_encoder **out, sac_err *err)
{
    sac_json_encoder *encoder;
    sac_json_options chosen;
    int rc = read_options(options, &chosen, err);

    if (rc != SAC_OK)
        return rc;
    encoder = sac__alloc(alloc, sizeof *encoder);
    if (!encoder)
        return sac_err_set(err, SAC_ENOMEM, "JSON: %s", sac_err_text(SAC_ENOMEM));
    encoder->alloc = alloc;
    encoder->how = encoding_of(&chosen);
    encoder->how.words = &encoder->words;
    encoder->max_size = chosen.max_size ? chosen.max_size : MAX_JSON;
    sac__words_begin(&encoder->words);
    *out = encoder;
    return SAC_OK;
}

int sac_json_encoder_add(sac_json_encoder *encoder, sac_str doc, sac_json_sink *sink, void *self,
                         sac_err *err)
{
    sac__encoder_init(&encoder->x, &encoder->how, encoder->alloc);
    sac__emit_to_sink(&encoder->x.emit, sink, self, sac_str_n(encoder->block, SINK_PIECE),
                      encoder->max_size);
    return sac__encoder_run(&encoder->x, doc, err);
}

void sac_json_encoder_free(sac_json_encoder *encoder)
{
    if (encoder)
        sac__alloc_free(encoder->alloc, encoder, sizeof *encoder);
}

/* A document's memory cut to its size. */
static sac_str take_memory(sac_bson *doc, const sac_alloc *alloc, size_t n)
{
    char *p = sac__alloc_resize(alloc, doc->p, doc->cap, n);

    return sac_str_n(p ? p : doc->p, n);
}

int sac_json_decode(sac_str json, const sac_json_options *options, const sac_alloc *alloc,
                    sac_str *doc, sac_err *err)
{
    sac__json_decoding how = {.flags = 0};
    sac_json_options chosen;
    sac_bson out;
    sac_str bytes;
    int rc = read_options(options, &chosen, err);

    if (rc != SAC_OK)
        return rc;
    how.flags = chosen.flags;
    how.max_depth = chosen.max_depth;
    how.max_keys = chosen.max_keys;
    sac_bson_init(&out, alloc, chosen.max_size);
    rc = sac__json_decode(&how, json, &out, err);
    if (rc == SAC_EINVAL) {
        rc = SAC_ESYNTAX;
        if (err)
            err->code = rc;
    } else if (rc == SAC_OK) {
        rc = sac_bson_finish(&out, &bytes);
        if (rc != SAC_OK)
            sac_err_set(err, rc, "JSON: %s", sac_err_text(rc));
    }
    if (rc == SAC_OK)
        *doc = take_memory(&out, alloc, bytes.n);
    else
        sac_bson_fini(&out);
    return rc;
}

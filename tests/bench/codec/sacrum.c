/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "codec.h"
#include "json/decode.h"
#include "json/encode.h"

/* Into one buffer that is used again. */

static size_t encode(const corpus *c, const sac__json_encoding *how)
{
    static sac__buf out;
    size_t total = 0;

    if (!out.p)
        sac__buf_init(&out, NULL, SIZE_MAX);
    for (size_t i = 0; i < c->n; i++) {
        out.n = 0;
        if (sac__json_encode(how, sac_str_n(c->bson[i].p, c->bson[i].n), &out, NULL) != SAC_OK)
            return 0;
        total += out.n;
    }
    return total;
}

/* As if each document were the only one. */
static size_t encode_apart(const corpus *c, void *none)
{
    const sac__json_encoding how = {.dialect = SAC_JSON_PLAIN};

    (void)none;
    return encode(c, &how);
}

static size_t encode_relaxed(const corpus *c, void *none)
{
    const sac__json_encoding how = {.dialect = SAC_JSON_RELAXED};

    (void)none;
    return encode(c, &how);
}

/* The public calls. */

static int count(void *self, const char *p, size_t n)
{
    (void)p;
    *(size_t *)self += n;
    return 0;
}

static size_t encode_to_sink(const corpus *c, void *none)
{
    size_t total = 0;

    (void)none;
    for (size_t i = 0; i < c->n; i++)
        if (sac_json_encode(sac_str_n(c->bson[i].p, c->bson[i].n), NULL, count, &total, NULL) !=
            SAC_OK)
            return 0;
    return total;
}

static void *make_encoder(const corpus *c)
{
    sac_json_encoder *encoder = NULL;

    (void)c;
    return sac_json_encoder_new(NULL, NULL, &encoder, NULL) == SAC_OK ? encoder : NULL;
}

static size_t encode_in_turn(const corpus *c, void *encoder)
{
    size_t total = 0;

    for (size_t i = 0; i < c->n; i++)
        if (sac_json_encoder_add(encoder, sac_str_n(c->bson[i].p, c->bson[i].n), count, &total,
                                 NULL) != SAC_OK)
            return 0;
    return total;
}

static void free_encoder(const corpus *c, void *encoder)
{
    (void)c;
    sac_json_encoder_free(encoder);
}

/* The floor: what it takes to find every key and value, and to do nothing with them. */

static const char *skip_value(const char *p, int type)
{
    uint32_t n = 0;

    switch (type) {
    case SAC_BSON_STRING: memcpy(&n, p, 4); return p + 4 + n;
    case SAC_BSON_DOCUMENT:
    case SAC_BSON_ARRAY:
    case SAC_BSON_INT32: return p + 4; /* what is inside stands behind the length */
    case SAC_BSON_OBJECTID: return p + 12;
    case SAC_BSON_BOOL: return p + 1;
    case SAC_BSON_NULL: return p;
    default: return p + 8;
    }
}

static size_t walk(const corpus *c, void *none)
{
    size_t elements = 0;

    (void)none;
    for (size_t i = 0; i < c->n; i++) {
        const char *p = c->bson[i].p + 4, *const end = c->bson[i].p + c->bson[i].n;

        while (p < end) {
            const int type = *p++;

            if (type == 0)
                continue;
            p = skip_value(p + strlen(p) + 1, type);
            elements++;
        }
    }
    return elements;
}

/* Another: the finished text, copied. */
static size_t copy(const corpus *c, void *to)
{
    for (size_t i = 0; i < c->n; i++) {
        memcpy(to, c->json[i].p, c->json[i].n);
        __asm__ volatile("" : : "r"(to) : "memory");
    }
    return c->json_size;
}

static void *make_target(const corpus *c)
{
    return malloc(c->largest);
}

static void free_target(const corpus *c, void *to)
{
    (void)c;
    free(to);
}

const way sacrum_encoders[] = {
    {"sacrum", make_encoder, encode_in_turn, free_encoder},
    {"sacrum-apart", NULL, encode_apart, NULL},
    {"sacrum-relaxed", NULL, encode_relaxed, NULL},
    {"sacrum-sink", NULL, encode_to_sink, NULL},
    {"walk", NULL, walk, NULL},
    {"memcpy", make_target, copy, free_target},
    {NULL, NULL, NULL, NULL},
};

static size_t decode(const corpus *c, void *none)
{
    const sac__json_decoding how = {.flags = 0};
    static sac_bson out;
    size_t total = 0;
    sac_str doc;

    (void)none;
    for (size_t i = 0; i < c->n; i++) {
        sac_bson_init(&out, NULL, 0);
        if (sac__json_decode(&how, sac_str_n(c->json[i].p, c->json[i].n), &out, NULL) != SAC_OK ||
            sac_bson_finish(&out, &doc) != SAC_OK)
            return 0;
        total += doc.n;
        sac_bson_fini(&out);
    }
    return total;
}

const way sacrum_decoders[] = {{"sacrum", NULL, decode, NULL}, {NULL, NULL, NULL, NULL}};

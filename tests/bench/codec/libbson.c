/* SPDX-License-Identifier: MIT */
#include <bson/bson.h>

#include "codec.h"

static size_t encode(const corpus *c, void *none)
{
    size_t total = 0, n = 0;
    bson_t doc;

    (void)none;
    for (size_t i = 0; i < c->n; i++) {
        char *text;

        bson_init_static(&doc, (const uint8_t *)c->bson[i].p, c->bson[i].n);
        text = bson_as_relaxed_extended_json(&doc, &n);
        total += n;
        bson_free(text);
    }
    return total;
}

const way libbson_encoders[] = {{"libbson", NULL, encode, NULL}, {NULL, NULL, NULL, NULL}};

static size_t decode(const corpus *c, void *none)
{
    size_t total = 0;
    bson_error_t error;
    bson_t doc;

    (void)none;
    for (size_t i = 0; i < c->n; i++) {
        if (!bson_init_from_json(&doc, c->json[i].p, (ssize_t)c->json[i].n, &error))
            return 0;
        total += doc.len;
        bson_destroy(&doc);
    }
    return total;
}

const way libbson_decoders[] = {{"libbson", NULL, decode, NULL}, {NULL, NULL, NULL, NULL}};

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bson/bson.h>
#include <cjson/cJSON.h>

#include "codec.h"

/* bson_iter, a tree, its text: dates and ids as the plain dialect has them. */

static cJSON *tree_of(bson_iter_t *iter, bool array);

static cJSON *value_of(bson_iter_t *iter)
{
    bson_iter_t inner;
    char text[64];

    switch (bson_iter_type(iter)) {
    case BSON_TYPE_UTF8: return cJSON_CreateString(bson_iter_utf8(iter, NULL));
    case BSON_TYPE_INT32: return cJSON_CreateNumber(bson_iter_int32(iter));
    case BSON_TYPE_INT64: return cJSON_CreateNumber((double)bson_iter_int64(iter));
    case BSON_TYPE_DOUBLE: return cJSON_CreateNumber(bson_iter_double(iter));
    case BSON_TYPE_BOOL: return cJSON_CreateBool(bson_iter_bool(iter));
    case BSON_TYPE_OID: bson_oid_to_string(bson_iter_oid(iter), text); break;
    case BSON_TYPE_DATE_TIME: {
        const int64_t ms = bson_iter_date_time(iter);
        const time_t seconds = (time_t)(ms / 1000);
        struct tm when;

        gmtime_r(&seconds, &when);
        snprintf(text + strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &when), 8, ".%03dZ",
                 (int)(ms % 1000));
        break;
    }
    case BSON_TYPE_DOCUMENT:
    case BSON_TYPE_ARRAY:
        if (!bson_iter_recurse(iter, &inner))
            return NULL;
        return tree_of(&inner, bson_iter_type(iter) == BSON_TYPE_ARRAY);
    default: return cJSON_CreateNull();
    }
    return cJSON_CreateString(text);
}

static cJSON *tree_of(bson_iter_t *iter, bool array)
{
    cJSON *tree = array ? cJSON_CreateArray() : cJSON_CreateObject();

    while (bson_iter_next(iter))
        if (array)
            cJSON_AddItemToArray(tree, value_of(iter));
        else
            cJSON_AddItemToObject(tree, bson_iter_key(iter), value_of(iter));
    return tree;
}

static size_t encode(const corpus *c, void *none)
{
    size_t total = 0;
    bson_iter_t iter;
    bson_t doc;

    (void)none;
    for (size_t i = 0; i < c->n; i++) {
        cJSON *tree;
        char *text;

        bson_init_static(&doc, (const uint8_t *)c->bson[i].p, c->bson[i].n);
        bson_iter_init(&iter, &doc);
        tree = tree_of(&iter, false);
        text = cJSON_PrintUnformatted(tree);
        total += strlen(text);
        cJSON_free(text);
        cJSON_Delete(tree);
    }
    return total;
}

const way cjson_encoders[] = {{"cjson", NULL, encode, NULL}, {NULL, NULL, NULL, NULL}};

static size_t parse(const corpus *c, void *none)
{
    size_t total = 0;

    (void)none;
    for (size_t i = 0; i < c->n; i++) {
        cJSON *tree = cJSON_ParseWithLength(c->json[i].p, c->json[i].n);

        total += tree != NULL;
        cJSON_Delete(tree);
    }
    return total;
}

const way cjson_decoders[] = {{"cjson-parse", NULL, parse, NULL}, {NULL, NULL, NULL, NULL}};

/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <bson/bson.h>

#include "codec.h"
#include "yyjson.h"

/* bson_iter, a mutable tree, its text: all in one pool that is used again. */

typedef struct pool {
    void *memory;
    size_t size;
} pool;

static yyjson_mut_val *tree_of(yyjson_mut_doc *tree, bson_iter_t *iter, bool array);

static yyjson_mut_val *date_of(yyjson_mut_doc *tree, int64_t ms)
{
    const time_t seconds = (time_t)(ms / 1000);
    struct tm when;
    char text[64];

    gmtime_r(&seconds, &when);
    snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", when.tm_year + 1900,
             when.tm_mon + 1, when.tm_mday, when.tm_hour, when.tm_min, when.tm_sec,
             (int)(ms % 1000));
    return yyjson_mut_strncpy(tree, text, 24);
}

static yyjson_mut_val *value_of(yyjson_mut_doc *tree, bson_iter_t *iter)
{
    bson_iter_t inner;
    uint32_t n = 0;
    const char *s;
    char text[25];

    switch (bson_iter_type(iter)) {
    case BSON_TYPE_UTF8: s = bson_iter_utf8(iter, &n); return yyjson_mut_strn(tree, s, n);
    case BSON_TYPE_INT32: return yyjson_mut_sint(tree, bson_iter_int32(iter));
    case BSON_TYPE_INT64: return yyjson_mut_sint(tree, bson_iter_int64(iter));
    case BSON_TYPE_DOUBLE: return yyjson_mut_real(tree, bson_iter_double(iter));
    case BSON_TYPE_BOOL: return yyjson_mut_bool(tree, bson_iter_bool(iter));
    case BSON_TYPE_OID:
        bson_oid_to_string(bson_iter_oid(iter), text);
        return yyjson_mut_strncpy(tree, text, 24);
    case BSON_TYPE_DATE_TIME: return date_of(tree, bson_iter_date_time(iter));
    case BSON_TYPE_DOCUMENT:
    case BSON_TYPE_ARRAY:
        if (!bson_iter_recurse(iter, &inner))
            return NULL;
        return tree_of(tree, &inner, bson_iter_type(iter) == BSON_TYPE_ARRAY);
    default: return yyjson_mut_null(tree);
    }
}

static yyjson_mut_val *tree_of(yyjson_mut_doc *tree, bson_iter_t *iter, bool array)
{
    yyjson_mut_val *root = array ? yyjson_mut_arr(tree) : yyjson_mut_obj(tree);

    while (bson_iter_next(iter))
        if (array)
            yyjson_mut_arr_append(root, value_of(tree, iter));
        else
            yyjson_mut_obj_add(root,
                               yyjson_mut_strn(tree, bson_iter_key(iter), bson_iter_key_len(iter)),
                               value_of(tree, iter));
    return root;
}

static void *make_pool(const corpus *c)
{
    pool *p = malloc(sizeof *p);

    p->size = 64 * c->largest + (1 << 20);
    p->memory = malloc(p->size);
    return p;
}

static void free_pool(const corpus *c, void *prepared)
{
    pool *p = prepared;

    (void)c;
    free(p->memory);
    free(p);
}

static size_t encode(const corpus *c, void *prepared)
{
    pool *p = prepared;
    size_t total = 0;
    bson_iter_t iter;
    bson_t doc;

    for (size_t i = 0; i < c->n; i++) {
        yyjson_mut_doc *tree;
        yyjson_alc alloc;
        size_t n;

        yyjson_alc_pool_init(&alloc, p->memory, p->size);
        tree = yyjson_mut_doc_new(&alloc);
        bson_init_static(&doc, (const uint8_t *)c->bson[i].p, c->bson[i].n);
        bson_iter_init(&iter, &doc);
        yyjson_mut_doc_set_root(tree, tree_of(tree, &iter, false));
        if (!yyjson_mut_write_opts(tree, 0, &alloc, &n, NULL))
            return 0;
        total += n;
    }
    return total;
}

/* Printing alone: the trees are there already. */

typedef struct forest {
    yyjson_doc **trees;
    pool *pool;
} forest;

static void *make_forest(const corpus *c)
{
    forest *f = malloc(sizeof *f);

    f->pool = make_pool(c);
    f->trees = malloc(c->n * sizeof *f->trees);
    for (size_t i = 0; i < c->n; i++)
        f->trees[i] = yyjson_read(c->json[i].p, c->json[i].n, 0);
    return f;
}

static void free_forest(const corpus *c, void *prepared)
{
    forest *f = prepared;

    for (size_t i = 0; i < c->n; i++)
        yyjson_doc_free(f->trees[i]);
    free(f->trees);
    free_pool(c, f->pool);
    free(f);
}

static size_t print(const corpus *c, void *prepared)
{
    const forest *f = prepared;
    size_t total = 0;

    for (size_t i = 0; i < c->n; i++) {
        yyjson_alc alloc;
        size_t n = 0;

        yyjson_alc_pool_init(&alloc, f->pool->memory, f->pool->size);
        if (!yyjson_write_opts(f->trees[i], 0, &alloc, &n, NULL))
            return 0;
        total += n;
    }
    return total;
}

const way yyjson_encoders[] = {
    {"yyjson-tree", make_pool, encode, free_pool},
    {"yyjson-print", make_forest, print, free_forest},
    {NULL, NULL, NULL, NULL},
};

static size_t parse(const corpus *c, void *prepared)
{
    pool *p = prepared;
    size_t total = 0;

    for (size_t i = 0; i < c->n; i++) {
        yyjson_alc alloc;

        yyjson_alc_pool_init(&alloc, p->memory, p->size);
        total += yyjson_read_opts((char *)(uintptr_t)c->json[i].p, c->json[i].n, 0, &alloc, NULL) !=
                 NULL;
    }
    return total;
}

const way yyjson_decoders[] = {
    {"yyjson-parse", make_pool, parse, free_pool},
    {NULL, NULL, NULL, NULL},
};

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
    char *target; /* of a document, where there has to be one */
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
    p->target = NULL;
    return p;
}

static void free_pool(const corpus *c, void *prepared)
{
    pool *p = prepared;

    (void)c;
    free(p->target);
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

/* The tree as BSON, into memory that is large enough: no checks, no growth. */

static char *put_members(char *w, yyjson_val *root);

static char *put_bytes(char *w, const void *p, size_t n)
{
    memcpy(w, p, n);
    return w + n;
}

static char *put_value(char *w, char *type, yyjson_val *v)
{
    int64_t integer;
    double real;
    uint32_t n;

    switch (yyjson_get_type(v)) {
    case YYJSON_TYPE_STR:
        *type = BSON_TYPE_UTF8;
        n = (uint32_t)yyjson_get_len(v) + 1;
        return put_bytes(put_bytes(w, &n, 4), yyjson_get_str(v), n);
    case YYJSON_TYPE_BOOL:
        *type = BSON_TYPE_BOOL;
        *w = yyjson_get_bool(v);
        return w + 1;
    case YYJSON_TYPE_NUM:
        if (yyjson_is_real(v)) {
            *type = BSON_TYPE_DOUBLE;
            real = yyjson_get_real(v);
            return put_bytes(w, &real, 8);
        }
        integer = yyjson_get_sint(v);
        *type = integer == (int32_t)integer ? BSON_TYPE_INT32 : BSON_TYPE_INT64;
        return put_bytes(w, &integer, integer == (int32_t)integer ? 4 : 8);
    case YYJSON_TYPE_OBJ: *type = BSON_TYPE_DOCUMENT; return put_members(w, v);
    case YYJSON_TYPE_ARR: *type = BSON_TYPE_ARRAY; return put_members(w, v);
    default: *type = BSON_TYPE_NULL; return w;
    }
}

static char *put_index(char *w, uint32_t index)
{
    char digits[10];
    size_t at = sizeof digits;

    do
        digits[--at] = (char)('0' + index % 10);
    while (index /= 10);
    return put_bytes(w, digits + at, sizeof digits - at);
}

static char *put_members(char *w, yyjson_val *root)
{
    char *const begin = w;
    size_t i, n;
    yyjson_val *key, *v;
    uint32_t size;

    w += 4;
    if (yyjson_is_arr(root)) {
        yyjson_arr_foreach(root, i, n, v)
        {
            char *type = w;

            w = put_index(w + 1, (uint32_t)i);
            *w++ = 0;
            w = put_value(w, type, v);
        }
    } else {
        yyjson_obj_foreach(root, i, n, key, v)
        {
            char *type = w;

            w = put_bytes(w + 1, yyjson_get_str(key), yyjson_get_len(key) + 1);
            w = put_value(w, type, v);
        }
    }
    *w++ = 0;
    size = (uint32_t)(w - begin);
    memcpy(begin, &size, 4);
    return w;
}

static void *make_pool_and_target(const corpus *c)
{
    pool *p = make_pool(c);

    p->target = malloc(8 * c->largest);
    return p;
}

static size_t decode(const corpus *c, void *prepared)
{
    pool *p = prepared;
    size_t total = 0;

    for (size_t i = 0; i < c->n; i++) {
        yyjson_alc alloc;
        yyjson_doc *tree;

        yyjson_alc_pool_init(&alloc, p->memory, p->size);
        tree = yyjson_read_opts((char *)(uintptr_t)c->json[i].p, c->json[i].n, 0, &alloc, NULL);
        if (!tree)
            return 0;
        total += (size_t)(put_members(p->target, yyjson_doc_get_root(tree)) - p->target);
    }
    return total;
}

const way yyjson_decoders[] = {
    {"yyjson-parse", make_pool, parse, free_pool},
    {"yyjson-bson", make_pool_and_target, decode, free_pool},
    {NULL, NULL, NULL, NULL},
};

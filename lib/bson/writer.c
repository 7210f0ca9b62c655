/* SPDX-License-Identifier: MIT */
#include "bson/writer.h"

#include "bson/wire.h"
#include "core/alloc.h"

#define FIRST_CAP 256
#define HEAD 4
#define FINISHED (-1)

void sac_bson_init(sac_bson *doc, const sac_alloc *alloc, size_t max)
{
    doc->alloc = alloc;
    doc->p = NULL;
    doc->n = HEAD;
    doc->cap = 0;
    doc->max = max == 0 ? SAC_BSON_MAX : max < INT32_MAX ? max : INT32_MAX;
    doc->error = SAC_OK;
    doc->depth = 0;
    doc->start[0] = 0;
    doc->array[0] = false;
}

void sac_bson_fini(sac_bson *doc)
{
    if (!doc)
        return;
    sac__alloc_free(doc->alloc, doc->p, doc->cap);
    doc->p = NULL;
    doc->cap = 0;
    doc->error = doc->error ? doc->error : SAC_EINVAL;
}

static bool fail(sac_bson *doc, int error)
{
    if (!doc->error)
        doc->error = error;
    return false;
}

/* Memory for n bytes more, and twice what there was while that is within the maximum. */
static bool grow(sac_bson *doc, size_t n)
{
    size_t cap = doc->cap > doc->max / 2 ? doc->max : doc->cap * 2;
    char *p;

    if (cap < FIRST_CAP)
        cap = doc->max < FIRST_CAP ? doc->max : FIRST_CAP;
    if (cap < doc->n + n)
        cap = doc->n + n;
    p = sac__alloc_resize(doc->alloc, doc->p, doc->cap, cap);
    if (!p)
        return fail(doc, SAC_ENOMEM);
    doc->p = p;
    doc->cap = cap;
    return true;
}

static bool room(sac_bson *doc, size_t n)
{
    if (doc->error)
        return false;
    if (n > doc->max || doc->n > doc->max - n)
        return fail(doc, SAC_ETOOBIG);
    return doc->n + n <= doc->cap || grow(doc, n);
}

bool sac__bson_reserve(sac_bson *doc, size_t n)
{
    if (doc->depth == FINISHED)
        fail(doc, SAC_EINVAL);
    if (!doc->error && doc->n > doc->max)
        fail(doc, SAC_ETOOBIG);
    if (doc->error)
        return false;
    return (n <= doc->cap && doc->n <= doc->cap - n) || grow(doc, n);
}

int sac__bson_extend(sac_bson *doc, const char *end)
{
    doc->n = (size_t)(end - doc->p);
    if (doc->n > doc->max) {
        doc->n = doc->max;
        fail(doc, SAC_ETOOBIG);
    }
    return doc->error;
}

static sac_str index_key(uint32_t index, char digits[10])
{
    size_t at = 10;

    do
        digits[--at] = (char)('0' + index % 10);
    while (index /= 10);
    return sac_str_n(digits + at, 10 - at);
}

char *sac__bson_element(sac_bson *doc, uint8_t type, sac_str key, size_t n)
{
    char digits[10];
    char *p;

    if (doc->depth == FINISHED)
        fail(doc, SAC_EINVAL);
    if (doc->error)
        return NULL;
    if (doc->array[doc->depth])
        key = index_key(doc->index[doc->depth], digits);
    else if (key.n > 0 && memchr(key.p, 0, key.n))
        fail(doc, SAC_EINVAL);
    if (key.n > doc->max || n > doc->max) {
        fail(doc, SAC_ETOOBIG);
        return NULL;
    }
    if (!room(doc, 2 + key.n + n))
        return NULL;
    if (doc->array[doc->depth])
        doc->index[doc->depth]++;
    p = doc->p + doc->n;
    *p++ = (char)type;
    if (key.n > 0)
        memcpy(p, key.p, key.n);
    p[key.n] = 0;
    doc->n += 2 + key.n + n;
    return p + key.n + 1;
}

void sac__bson_undo(sac_bson *doc, size_t end)
{
    doc->n = end;
    if (doc->array[doc->depth])
        doc->index[doc->depth]--;
}

void sac_bson_add_value(sac_bson *doc, sac_str key, sac_value value)
{
    char *p;

    if (value.type == SAC_BSON_MISSING)
        return;
    p = sac__bson_element(doc, value.type, key, value.raw.n);
    if (p && value.raw.n > 0)
        memcpy(p, value.raw.p, value.raw.n);
}

static void add_word32(sac_bson *doc, uint8_t type, const char *key, uint32_t word)
{
    char *p = sac__bson_element(doc, type, sac_str_of(key), 4);

    if (p)
        sac__wire_put32(p, word);
}

static void add_word64(sac_bson *doc, uint8_t type, const char *key, uint64_t word)
{
    char *p = sac__bson_element(doc, type, sac_str_of(key), 8);

    if (p)
        sac__wire_put64(p, word);
}

static void add_bytes(sac_bson *doc, uint8_t type, const char *key, sac_str bytes)
{
    sac_bson_add_value(doc, sac_str_of(key), (sac_value){type, bytes});
}

void sac_bson_add_double(sac_bson *doc, const char *key, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    add_word64(doc, SAC_BSON_DOUBLE, key, bits);
}

void sac_bson_add_str(sac_bson *doc, const char *key, sac_str value)
{
    char *p;

    if (value.n > doc->max) {
        fail(doc, SAC_ETOOBIG);
        return;
    }
    p = sac__bson_element(doc, SAC_BSON_STRING, sac_str_of(key), 5 + value.n);
    if (!p)
        return;
    sac__wire_put32(p, (uint32_t)value.n + 1);
    if (value.n > 0)
        memcpy(p + 4, value.p, value.n);
    p[4 + value.n] = 0;
}

void sac_bson_add_doc(sac_bson *doc, const char *key, sac_str value)
{
    if (sac__wire_is_doc(value))
        add_bytes(doc, SAC_BSON_DOCUMENT, key, value);
    else
        fail(doc, SAC_EINVAL);
}

void sac_bson_add_oid(sac_bson *doc, const char *key, const sac_oid *value)
{
    add_bytes(doc, SAC_BSON_OBJECTID, key, sac_str_n(value->bytes, sizeof value->bytes));
}

void sac_bson_add_bool(sac_bson *doc, const char *key, bool value)
{
    add_bytes(doc, SAC_BSON_BOOL, key, sac_str_n(value ? "\1" : "\0", 1));
}

void sac_bson_add_date(sac_bson *doc, const char *key, int64_t ms)
{
    add_word64(doc, SAC_BSON_DATE, key, (uint64_t)ms);
}

void sac_bson_add_null(sac_bson *doc, const char *key)
{
    add_bytes(doc, SAC_BSON_NULL, key, sac_str_n(NULL, 0));
}

void sac_bson_add_int32(sac_bson *doc, const char *key, int32_t value)
{
    add_word32(doc, SAC_BSON_INT32, key, (uint32_t)value);
}

void sac_bson_add_int64(sac_bson *doc, const char *key, int64_t value)
{
    add_word64(doc, SAC_BSON_INT64, key, (uint64_t)value);
}

void sac_bson_add_binary(sac_bson *doc, const char *key, uint8_t subtype, sac_str bytes)
{
    const size_t inner = subtype == 2 ? 4 : 0; /* the old subtype repeats its length */
    char *p;

    if (bytes.n > doc->max) {
        fail(doc, SAC_ETOOBIG);
        return;
    }
    p = sac__bson_element(doc, SAC_BSON_BINARY, sac_str_of(key), 5 + inner + bytes.n);
    if (!p)
        return;
    sac__wire_put32(p, (uint32_t)(inner + bytes.n));
    p[4] = (char)subtype;
    if (inner)
        sac__wire_put32(p + 5, (uint32_t)bytes.n);
    if (bytes.n > 0)
        memcpy(p + 5 + inner, bytes.p, bytes.n);
}

static void begin(sac_bson *doc, uint8_t type, sac_str key)
{
    if (doc->depth + 1 >= SAC_BSON_DEPTH)
        fail(doc, SAC_ELIMIT);
    if (!sac__bson_element(doc, type, key, HEAD))
        return;
    doc->depth++;
    doc->start[doc->depth] = (uint32_t)(doc->n - HEAD);
    doc->index[doc->depth] = 0;
    doc->array[doc->depth] = type == SAC_BSON_ARRAY;
}

void sac_bson_begin_doc(sac_bson *doc, sac_str key)
{
    begin(doc, SAC_BSON_DOCUMENT, key);
}

void sac_bson_begin_array(sac_bson *doc, sac_str key)
{
    begin(doc, SAC_BSON_ARRAY, key);
}

/* Ends the innermost document: its last byte, and its length at its start. */
static void seal(sac_bson *doc)
{
    const size_t start = doc->start[doc->depth];

    if (!room(doc, 1))
        return;
    doc->p[doc->n++] = 0;
    sac__wire_put32(doc->p + start, (uint32_t)(doc->n - start));
    doc->depth--;
}

void sac_bson_end(sac_bson *doc)
{
    if (doc->depth <= 0)
        fail(doc, SAC_EINVAL);
    else
        seal(doc);
}

int sac_bson_finish(sac_bson *doc, sac_str *out)
{
    if (doc->depth > 0)
        fail(doc, SAC_EINVAL);
    if (doc->depth == 0)
        seal(doc);
    if (doc->error)
        return doc->error;
    *out = sac_str_n(doc->p, doc->n);
    return SAC_OK;
}

/* SPDX-License-Identifier: MIT */
#include "bson/wire.h"

int sac_bson_iter_init(sac_bson_iter *iter, sac_str doc)
{
    if (!sac__wire_is_doc(doc))
        return SAC_ECORRUPT;
    *iter = (sac_bson_iter){.p = doc.p + 4, .end = doc.p + doc.n - 1};
    return SAC_OK;
}

/* A length word of at least `least` with so many bytes behind it. */
static bool get_length(const char *p, size_t n, size_t least, size_t *length)
{
    if (n < 4)
        return false;
    *length = sac__wire_get32(p);
    return *length >= least && *length <= n - 4;
}

static bool string_size(const char *p, size_t n, size_t *size)
{
    size_t length;

    if (!get_length(p, n, 1, &length) || p[4 + length - 1] != 0)
        return false;
    *size = 4 + length;
    return true;
}

static bool doc_size(const char *p, size_t n, size_t *size)
{
    if (n < 5)
        return false;
    *size = sac__wire_get32(p);
    return *size >= 5 && *size <= n && p[*size - 1] == 0;
}

static bool binary_size(const char *p, size_t n, size_t *size)
{
    size_t length;

    if (!get_length(p, n, 0, &length) || length >= n - 4)
        return false;
    *size = 5 + length;
    /* The old subtype 2 has its length a second time. */
    return p[4] != 2 || (length >= 4 && sac__wire_get32(p + 5) == length - 4);
}

static bool regex_size(const char *p, size_t n, size_t *size)
{
    const char *pattern_end = memchr(p, 0, n);
    const char *end;

    if (!pattern_end)
        return false;
    end = memchr(pattern_end + 1, 0, n - (size_t)(pattern_end + 1 - p));
    if (!end)
        return false;
    *size = (size_t)(end + 1 - p);
    return true;
}

static bool dbpointer_size(const char *p, size_t n, size_t *size)
{
    if (!string_size(p, n, size) || n - *size < sizeof(sac_oid))
        return false;
    *size += sizeof(sac_oid);
    return true;
}

static bool code_w_scope_size(const char *p, size_t n, size_t *size)
{
    size_t total, code, scope;

    if (n < 4)
        return false;
    total = sac__wire_get32(p);
    if (total < 4 || total > n || !string_size(p + 4, total - 4, &code) ||
        !doc_size(p + 4 + code, total - 4 - code, &scope) || 4 + code + scope != total)
        return false;
    *size = total;
    return true;
}

static bool fixed_size(size_t want, size_t n, size_t *size)
{
    *size = want;
    return want <= n;
}

bool sac__wire_size(uint8_t type, const char *p, size_t n, size_t *size)
{
    switch (type) {
    case SAC_BSON_STRING:
    case SAC_BSON_CODE:
    case SAC_BSON_SYMBOL: return string_size(p, n, size);
    case SAC_BSON_DOCUMENT:
    case SAC_BSON_ARRAY: return doc_size(p, n, size);
    case SAC_BSON_OBJECTID: return fixed_size(sizeof(sac_oid), n, size);
    case SAC_BSON_BOOL: return fixed_size(1, n, size) && (unsigned char)*p <= 1;
    case SAC_BSON_INT32: return fixed_size(4, n, size);
    case SAC_BSON_DOUBLE:
    case SAC_BSON_DATE:
    case SAC_BSON_TIMESTAMP:
    case SAC_BSON_INT64: return fixed_size(8, n, size);
    case SAC_BSON_NULL:
    case SAC_BSON_UNDEFINED:
    case SAC_BSON_MINKEY:
    case SAC_BSON_MAXKEY: return fixed_size(0, n, size);
    case SAC_BSON_BINARY: return binary_size(p, n, size);
    case SAC_BSON_DECIMAL128: return fixed_size(16, n, size);
    case SAC_BSON_REGEX: return regex_size(p, n, size);
    case SAC_BSON_DBPOINTER: return dbpointer_size(p, n, size);
    case SAC_BSON_CODE_W_SCOPE: return code_w_scope_size(p, n, size);
    default: return false;
    }
}

int sac_bson_iter_next(sac_bson_iter *iter)
{
    const size_t left = (size_t)(iter->end - iter->p);
    const char *key = iter->p + 1;
    const char *key_end;
    size_t size;

    if (left == 0)
        return 0;
    key_end = memchr(key, 0, left - 1);
    if (!key_end ||
        !sac__wire_size((uint8_t)*iter->p, key_end + 1, (size_t)(iter->end - key_end) - 1, &size))
        return SAC_ECORRUPT;
    iter->value = (sac_value){(uint8_t)*iter->p, sac_str_n(key_end + 1, size)};
    iter->key = sac_str_n(key, (size_t)(key_end - key));
    iter->p = key_end + 1 + size;
    return 1;
}

sac_value sac_bson_get(sac_str doc, sac_str key)
{
    const sac_value missing = {.type = SAC_BSON_MISSING};
    sac_bson_iter iter;

    if (sac_bson_iter_init(&iter, doc) != SAC_OK)
        return missing;
    while (sac_bson_iter_next(&iter) == 1) {
        if (sac_str_eq(iter.key, key))
            return iter.value;
    }
    return missing;
}

sac_value sac_bson_path(sac_str doc, sac_str path)
{
    sac_value value = {.type = SAC_BSON_MISSING};
    const char *dot;
    sac_str key;

    for (;;) {
        dot = path.n ? memchr(path.p, '.', path.n) : NULL;
        key = sac_str_n(path.p, dot ? (size_t)(dot - path.p) : path.n);
        value = sac_bson_get(doc, key);
        if (!dot || value.type == SAC_BSON_MISSING)
            return value;
        path = sac_str_n(dot + 1, path.n - key.n - 1);
        if (!sac_value_doc(&value, &doc))
            return (sac_value){.type = SAC_BSON_MISSING};
    }
}

/* SPDX-License-Identifier: MIT */
#include "page/template/member.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "bson/wire.h"

/* The value of a type at p, of which n bytes are there; false when it is none. */
static inline bool value_size(uint8_t type, const char *p, size_t n, size_t *size)
{
    switch (type) {
    case SAC_BSON_STRING:
        if (n < 5)
            return false;
        *size = (size_t)sac__wire_get32(p) + 4;
        return *size > 4 && *size <= n && p[*size - 1] == '\0';
    case SAC_BSON_INT32: *size = 4; return n >= 4;
    case SAC_BSON_DOUBLE:
    case SAC_BSON_DATE:
    case SAC_BSON_INT64: *size = 8; return n >= 8;
    case SAC_BSON_OBJECTID: *size = sizeof(sac_oid); return n >= sizeof(sac_oid);
    default: return sac__wire_size(type, p, n, size);
    }
}

/* The NUL behind a key; NULL: there is none before `end`. */
static inline const char *key_end(const char *p, const char *end)
{
#ifdef __SSE2__
    if (end - p >= 16) {
        const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        const int mask = _mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_setzero_si128()));

        if (mask)
            return p + __builtin_ctz((unsigned)mask);
    }
#endif
    return memchr(p, '\0', (size_t)(end - p));
}

int sac__member_get(sac_str doc, sac_str key, sac_value *out)
{
    const char *p = doc.p + 4, *const end = doc.p + doc.n - 1;
    size_t size;

    *out = (sac_value){.type = SAC_BSON_MISSING};
    if (!sac__wire_is_doc(doc))
        return SAC_ECORRUPT;
    while (p < end) {
        const uint8_t type = (uint8_t)*p++;
        const bool found = (size_t)(end - p) > key.n && *p == *key.p && p[key.n] == '\0' &&
                           memcmp(p, key.p, key.n) == 0;
        const char *value = found ? p + key.n : key_end(p, end);

        if (!value || !value_size(type, value + 1, (size_t)(end - value) - 1, &size))
            return SAC_ECORRUPT;
        if (found) {
            *out = (sac_value){type, sac_str_n(value + 1, size)};
            return SAC_OK;
        }
        p = value + 1 + size;
    }
    return SAC_OK;
}

/* SPDX-License-Identifier: MIT */
#include <sacrum/json.h>

#include "core/buf.h"
#include "fuzz.h"

/* What stands in the way of bytes that come back as they were. */
typedef struct traits {
    bool dollar;  /* a key begins with $: it may be read as Extended JSON */
    bool variant; /* a value has several spellings and this is not the canonical one */
    bool twice;   /* a key is there twice: the first is shown */
} traits;

static void drop(sac_str s)
{
    free((void *)(uintptr_t)s.p);
}

static uint64_t little(const char *p, size_t n)
{
    uint64_t v = 0;

    while (n-- > 0)
        v = v << 8 | (unsigned char)p[n];
    return v;
}

/* The one NaN that is printed, and every number. */
static bool is_canonical_double(const char *p)
{
    const uint64_t bits = little(p, 8);

    return (bits << 1) <= UINT64_C(0x7ff) << 53 || bits == UINT64_C(0x7ff8000000000000);
}

/* Coefficients up to 10^34 - 1; infinities and NaN without anything behind them. */
static bool is_canonical_decimal(const char *p)
{
    const uint64_t low = little(p, 8), high = little(p + 8, 8);
    const uint64_t top = high & UINT64_C(0x1ffffffffffff);

    if ((high >> 58 & 31) >= 30)
        return low == 0 && ((high << 1) == UINT64_C(0xf0) << 56 || high == UINT64_C(0x7c) << 56);
    if ((high >> 61 & 3) == 3)
        return false;
    return top < UINT64_C(0x1ed09bead87c0) ||
           (top == UINT64_C(0x1ed09bead87c0) && low <= UINT64_C(0x378d8e63ffffffff));
}

/* More than 16, or others than ASCII, are none of a regular expression's and stay as they are. */
static bool is_sorted(const char *options)
{
    const size_t n = strlen(options);
    bool sorted = true;

    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)options[i] >= 0x80)
            return true;
        sorted &= i == 0 || options[i - 1] <= options[i];
    }
    return sorted || n > 16;
}

static bool is_canonical(const sac_value *value)
{
    const char *p = value->raw.p;

    switch (value->type) {
    case SAC_BSON_DOUBLE: return is_canonical_double(p);
    case SAC_BSON_DECIMAL128: return is_canonical_decimal(p);
    case SAC_BSON_REGEX: return is_sorted(p + strlen(p) + 1);
    case SAC_BSON_BINARY:
        return p[4] != 2 || (little(p, 4) >= 4 && little(p + 5, 4) == little(p, 4) - 4);
    default: return true;
    }
}

static void look(sac_str doc, bool array, traits *t)
{
    sac_bson_iter i;
    uint32_t index = 0;

    HOLD(sac_bson_iter_init(&i, doc) == SAC_OK);
    while (sac_bson_iter_next(&i) > 0) {
        char name[16];
        sac_str inner;

        t->dollar |= i.key.n > 0 && i.key.p[0] == '$';
        t->variant |= !is_canonical(&i.value);
        t->twice |= !array && sac_bson_get(doc, i.key).raw.p != i.value.raw.p;
        snprintf(name, sizeof name, "%u", index++);
        t->variant |= array && !sac_str_is(i.key, name);
        if (sac_value_doc(&i.value, &inner))
            look(inner, i.value.type == SAC_BSON_ARRAY, t);
        if (i.value.type == SAC_BSON_CODE_W_SCOPE) {
            const size_t before = 8 + (size_t)little(i.value.raw.p + 4, 4);

            look(sac_str_n(i.value.raw.p + before, i.value.raw.n - before), false, t);
        }
    }
}

static int add(void *self, const char *p, size_t n)
{
    sac__buf_add(self, p, n);
    return 0;
}

static sac_str encode(sac_str doc, sac_json_dialect dialect, unsigned flags)
{
    const sac_json_options options = SAC_JSON_OPTIONS(.dialect = dialect, .flags = flags,
                                                      .max_size = SIZE_MAX);
    sac__buf out;

    sac__buf_init(&out, NULL, (size_t)1 << 30);
    HOLD(sac_json_encode(doc, &options, add, &out, NULL) == SAC_OK && out.error == SAC_OK);
    return sac__buf_str(&out);
}

/* Text of text is that text; and however it was dressed, it reads as the same. */
static void check_dialect(sac_str doc, sac_json_dialect dialect, const traits *t)
{
    const sac_str json = encode(doc, dialect, 0);
    const sac_str dressed = encode(doc, dialect, SAC_JSON_PRETTY | SAC_JSON_HTML);
    sac_str once, twice;
    sac_err err = {.code = 0};
    const int rc = sac_json_decode(json, NULL, NULL, &once, &err);

    HOLD(fuzz_is_json(json));
    HOLD(rc == SAC_OK || t->dollar || rc == SAC_ELIMIT);
    HOLD(sac_json_decode(dressed, NULL, NULL, &twice, NULL) == rc);
    if (rc == SAC_OK) {
        HOLD(sac_bson_check(once, NULL) == SAC_OK);
        HOLD(sac_str_eq(once, twice));
        HOLD(dialect != SAC_JSON_CANONICAL || t->dollar || t->variant || t->twice ||
             sac_str_eq(once, doc));
        drop(twice);
        twice = encode(once, dialect, 0);
        HOLD(t->dollar || sac_str_eq(twice, json));
        drop(twice);
        drop(once);
    }
    drop(dressed);
    drop(json);
}

static void check_document(sac_str doc, bool read)
{
    traits t = {.dollar = false};

    look(doc, false, &t);
    HOLD(!read || !t.variant);
    for (int dialect = SAC_JSON_PLAIN; dialect <= SAC_JSON_CANONICAL; dialect++)
        check_dialect(doc, (sac_json_dialect)dialect, &t);
}

/* A document, or else a text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const sac_str given = sac_str_n(data, size);
    sac_str doc;

    if (sac_bson_check(given, NULL) == SAC_OK) {
        check_document(given, false);
    } else if (sac_json_decode(given, NULL, NULL, &doc, NULL) == SAC_OK) {
        check_document(doc, true);
        drop(doc);
    }
    return 0;
}

/* SPDX-License-Identifier: MIT */
#include "json/encode.h"
#include "json/words.h"

#include "roundtrip.h"

/*
 * The encoder for any processor and the one for this one, by itself and with
 * the keys of all documents before: the same bytes, errors and places.
 * OTHER_ELEMENTS is another build of it, where there is one.
 */
#ifdef OTHER_ELEMENTS
extern const sac__elements OTHER_ELEMENTS;
#endif

enum { DOCUMENTS = 12000, CAP = 32768 };

typedef struct source {
    uint64_t state;
    char p[CAP];
    size_t n;
} source;

/* xorshift64*, Marsaglia and Vigna. */
static uint64_t draw(source *s, uint64_t below)
{
    s->state ^= s->state >> 12;
    s->state ^= s->state << 25;
    s->state ^= s->state >> 27;
    return (s->state * UINT64_C(2685821657736338717) >> 20) % below;
}

static void put(source *s, const void *p, size_t n)
{
    CHECK(s->n + n <= CAP);
    memcpy(s->p + s->n, p, n);
    s->n += n;
}

static void put_number(source *s, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++, value >>= 8)
        put(s, &(char){(char)value}, 1);
}

static void set_length(source *s, size_t at, size_t n)
{
    for (int i = 0; i < 4; i++)
        s->p[at + (size_t)i] = (char)(n >> 8 * i);
}

static const char *const care[] = {"\"",
                                   "\\",
                                   "\n",
                                   "\x01",
                                   "\x1f",
                                   "<",
                                   "&",
                                   "\x7f",
                                   "\xc3\xa9",
                                   "\xdf\xbf",
                                   "\xe0\xa0\x80",
                                   "\xe2\x80\xa8",
                                   "\xed\x9f\xbf",
                                   "\xef\xbf\xbd",
                                   "\xf0\x90\x80\x80",
                                   "\xf4\x8f\xbf\xbf"};
static const char *const bad[] = {"\x80",
                                  "\xbf",
                                  "\xc0\x80",
                                  "\xc1\xbf",
                                  "\xe0\x9f\xbf",
                                  "\xed\xa0\x80",
                                  "\xf0\x8f\xbf\xbf",
                                  "\xf4\x90\x80\x80",
                                  "\xf5\x80\x80\x80",
                                  "\xff",
                                  "\xc3",
                                  "\xe6\x9d",
                                  "\xf0\x9f\x98"};

/* Plain text, text with bytes that need care, and seldom what is no UTF-8. */
static void put_letters(source *s, size_t most)
{
    const uint64_t kind = draw(s, 8);

    for (size_t n = draw(s, most + 1); n > 0; n--) {
        if (kind > 4 && draw(s, kind == 7 ? 3 : 20) == 0) {
            const char *unit = care[draw(s, sizeof care / sizeof *care)];

            put(s, unit, strlen(unit));
        } else {
            put(s, &(char){(char)('a' + draw(s, 26))}, 1);
        }
        if (draw(s, 4000) == 0) {
            const char *unit = bad[draw(s, sizeof bad / sizeof *bad)];

            put(s, unit, strlen(unit));
        }
    }
}

static void put_text(source *s, size_t most)
{
    const size_t at = s->n;

    put_number(s, 0, 4);
    put_letters(s, most);
    if (draw(s, 200) == 0)
        put_number(s, 0, 1);
    put_number(s, 0, 1);
    set_length(s, at, s->n - at - 4);
}

/* Keys come again often, in another order, twice, and with all that may be in them. */
static void put_key(source *s, uint64_t i)
{
    static const char *const known[] = {"",
                                        "a",
                                        "id",
                                        "created_at",
                                        "fifteen_bytes_a",
                                        "sixteen_bytes_ab",
                                        "profile_background_color",
                                        "profile_sidebar_border_color",
                                        "profile_sidebar_border_colors",
                                        "a_name_that_is_long_indeed_thirty",
                                        "quote\"d",
                                        "caf\xc3\xa9"};

    if (draw(s, 12) == 0)
        put_letters(s, 40);
    else
        put(s, known[i % 12], strlen(known[i % 12]));
    put_number(s, 0, 1);
}

static void put_value(source *s, int type, unsigned depth);

static void put_document(source *s, bool array, unsigned depth)
{
    const size_t at = s->n;
    const uint64_t n = draw(s, array ? 12 : 14);

    put_number(s, 0, 4);
    for (uint64_t i = 0, key = draw(s, 3); i < n && s->n < CAP / 2; i++) {
        static const uint8_t types[] = {1, 2,  2,  2,  3,  3,  4,  5,  7,  8,
                                        9, 10, 11, 13, 16, 16, 17, 18, 19, 255};
        const int type = types[draw(s, sizeof types)];
        const bool nested = type == 3 || type == 4;
        char index[24];

        key += draw(s, 8) ? 1 : draw(s, 12);
        put_number(s, (uint64_t)(nested && depth == 0 ? 10 : type), 1);
        if (array)
            put(s, index, (size_t)snprintf(index, sizeof index, "%d", (int)i) + 1);
        else
            put_key(s, key);
        put_value(s, nested && depth == 0 ? 10 : type, depth);
    }
    put_number(s, 0, 1);
    set_length(s, at, s->n - at);
}

static void put_value(source *s, int type, unsigned depth)
{
    const uint64_t bits = draw(s, UINT64_MAX) >> draw(s, 64);

    switch (type) {
    case 2:
    case 13: put_text(s, draw(s, 20) ? 70 : 1200); break;
    case 3:
    case 4: put_document(s, type == 4, depth - 1); break;
    case 5:
        put_number(s, 3, 4);
        put_number(s, 0, 1);
        put(s, "abc", 3);
        break;
    case 7:
        put_number(s, bits, 8);
        put_number(s, bits, 4);
        break;
    case 8: put_number(s, bits & 1, 1); break;
    case 11: put(s, "a\"+\0xi", 7); break;
    case 16: put_number(s, bits, 4); break;
    case 1:
    case 9:
    case 17:
    case 18: put_number(s, draw(s, 2) ? bits : 0 - bits, 8); break;
    case 19:
        put_number(s, bits, 8);
        put_number(s, UINT64_C(0x3040000000000000), 8);
        break;
    default: break;
    }
}

static void encode_by(const sac__elements *elements, sac__json_encoding how, sac_str doc,
                      sac__buf *out, sac_err *err)
{
    int rc;

    *err = (sac_err){.code = 0};
    sac__buf_init(out, NULL, (size_t)1 << 24);
    how.elements = elements;
    rc = sac__json_encode(&how, doc, out, err);
    CHECK_INT(err->code, rc);
}

/* One more way, which has to give what is known. */
static void check_one(sac__json_encoding way, sac_str doc, sac_str want, const sac_err *why)
{
    sac__buf out;
    sac_err err;

    encode_by(way.elements, way, doc, &out, &err);
    CHECK_INT(err.code, why->code);
    CHECK_INT(err.pos, why->pos);
    CHECK(sac_str_eq(sac__buf_str(&out), want));
    sac__buf_fini(&out);
}

static void check_same(sac_str doc)
{
    static const sac__json_encoding ways[] = {
        {.dialect = SAC_JSON_PLAIN},
        {.dialect = SAC_JSON_PLAIN, .flags = SAC_JSON_REPAIR},
        {.dialect = SAC_JSON_PLAIN, .flags = SAC_JSON_REPAIR | SAC_JSON_HTML},
        {.dialect = SAC_JSON_RELAXED, .flags = SAC_JSON_REPAIR | SAC_JSON_PRETTY},
        {.dialect = SAC_JSON_CANONICAL, .flags = SAC_JSON_REPAIR},
    };
    static sac__words words[2];

    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        sac__json_encoding way = ways[i];
        sac__buf any;
        sac_err why;

        encode_by(&sac__elements_any, way, doc, &any, &why);
        way.elements = sac__elements_best();
        check_one(way, doc, sac__buf_str(&any), &why);
        for (int k = 0; k < 2; k++) {
            if (words[k].n == 0)
                sac__words_begin(&words[k]);
            way.words = &words[k];
            check_one(way, doc, sac__buf_str(&any), &why);
            way.elements = &sac__elements_any;
        }
#ifdef OTHER_ELEMENTS
        way.elements = &OTHER_ELEMENTS;
        check_one(way, doc, sac__buf_str(&any), &why);
        way.words = NULL;
        check_one(way, doc, sac__buf_str(&any), &why);
#endif
        sac__buf_fini(&any);
    }
}

static void for_each(void (*check)(source *s, char *block, size_t n))
{
    source *s;

    s = calloc(1, sizeof *s);
    CHECK(s != NULL);
    s->state = 20261122;
    for (int i = 0; i < DOCUMENTS; i++) {
        char *block;

        s->n = 0;
        put_document(s, false, 4);
        block = malloc(s->n);
        CHECK(block != NULL);
        memcpy(block, s->p, s->n);
        check(s, block, s->n);
        free(block);
    }
    free(s);
}

static void check_whole(source *s, char *block, size_t n)
{
    (void)s;
    check_same(sac_str_n(block, n));
}

static void test_paths__agree(void **state)
{
    (void)state;
    for_each(check_whole);
}

/* One byte changed; the document's length and end stay, so that the inside is read. */
static void check_damaged(source *s, char *block, size_t n)
{
    if (n > 5)
        block[4 + draw(s, n - 5)] = (char)draw(s, 256);
    check_same(sac_str_n(block, n));
}

static void test_paths__agree_on_damage(void **state)
{
    (void)state;
    for_each(check_damaged);
}

/* Every length of text before and behind each unit, in blocks of their exact size. */
static void test_paths__agree_on_any_length(void **state)
{
    const size_t n_care = sizeof care / sizeof *care, n_bad = sizeof bad / sizeof *bad;
    source *s = calloc(1, sizeof *s);

    (void)state;
    CHECK(s != NULL);
    for (size_t u = 0; u < n_care + n_bad; u++) {
        const char *unit = u < n_care ? care[u] : bad[u - n_care];

        for (size_t before = 0; before < 70; before++) {
            for (size_t behind = 0; behind < 40; behind += 1 + before % 3) {
                sac_str doc;
                size_t at;

                s->n = 0;
                put_number(s, 0, 4);
                put(s, "\2k", 3);
                at = s->n;
                put_number(s, 0, 4);
                memset(s->p + s->n, 'x', before);
                s->n += before;
                put(s, unit, strlen(unit));
                memset(s->p + s->n, 'y', behind);
                s->n += behind;
                put_number(s, 0, 1);
                set_length(s, at, s->n - at - 4);
                put_number(s, 0, 1);
                set_length(s, 0, s->n);
                doc = exact_copy(sac_str_n(s->p, s->n));
                check_same(doc);
                drop(doc);
            }
        }
    }
    free(s);
}

/* A key whose NUL is the one that ends its document, where that very key is expected. */
static void test_paths__refuse_a_key_without_a_value(void **state)
{
    static const char bytes[] = "\x26\0\0\0\4a\0\x1e\0\0\0"
                                "\3"
                                "0\0\x0c\0\0\0\x10k\0\1\0\0\0\0"
                                "\3"
                                "1\0\7\0\0\0\x10k\0"
                                "\0";
    const sac_str doc = exact_copy(sac_str_n(bytes, sizeof bytes));
    const sac__elements *const all[] = {&sac__elements_any, sac__elements_best()};

    (void)state;
    CHECK_INT(doc.n, 0x26);
    for (size_t i = 0; i < 2; i++) {
        sac__buf out;
        sac_err err;

        encode_by(all[i], (sac__json_encoding){.dialect = SAC_JSON_PLAIN}, doc, &out, &err);
        CHECK_INT(err.code, SAC_ECORRUPT);
        CHECK_INT(err.pos, 33);
        sac__buf_fini(&out);
    }
    drop(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths__agree),
        cmocka_unit_test(test_paths__agree_on_damage),
        cmocka_unit_test(test_paths__agree_on_any_length),
        cmocka_unit_test(test_paths__refuse_a_key_without_a_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

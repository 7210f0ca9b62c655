/* SPDX-License-Identifier: MIT */
#include "bson/wire.h"
#include "json/decode.h"

#include "plans.h"
#include "roundtrip.h"

/* Wide steps through a text stop where they have to, wherever it lies and ends. */

/* What a string may hold, and what that stands for; NULL: nothing may. */
typedef struct special {
    const char *text, *bytes;
    const char *why;
} special;

static const special specials[] = {
    {"", "", NULL},
    {"\\\"", "\"", NULL},
    {"\\\\", "\\", NULL},
    {"\\n", "\n", NULL},
    {"\\u00e9", "\xc3\xa9", NULL},
    {"\\ud83d\\ude00", "\xf0\x9f\x98\x80", NULL},
    {"\x7f", "\x7f", NULL},
    {"\xc3\xa9", "\xc3\xa9", NULL},
    {"\xe6\x9d\xb1", "\xe6\x9d\xb1", NULL},
    {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", NULL},
    {"\\x", NULL, "bad escape"},
    {"\\ud83d", NULL, "bad escape"},
    {"\x1f", NULL, "control character in a string"},
    {"\n", NULL, "control character in a string"},
    {"\xff", NULL, "invalid UTF-8"},
    {"\xe6\x9d", NULL, "invalid UTF-8"},
    {"\xed\xa0\x80", NULL, "invalid UTF-8"},
};

typedef struct text {
    char p[256];
    size_t n;
} text;

static void add(text *t, const char *s, size_t n)
{
    memcpy(t->p + t->n, s, n);
    t->n += n;
}

static void add_letters(text *t, size_t n)
{
    for (; n > 0; n--, t->n++)
        t->p[t->n] = (char)('a' + t->n % 26);
}

/* `length` letters with one special thing among them, as the text has them or as they are read. */
static void add_string(text *t, const char *thing, size_t place, size_t length)
{
    add_letters(t, place);
    add(t, thing, strlen(thing));
    add_letters(t, length - place);
}

static void check_read(sac_str json, const text *want)
{
    const sac_str copy = exact_copy(json);
    sac_err err = {.code = 0};
    sac_str doc;

    if (sac_json_decode(copy, NULL, NULL, &doc, &err) != SAC_OK)
        fail_msg("%.*s: %s", (int)json.n, json.p, err.text);
    if (!sac_str_eq(doc, sac_str_n(want->p, want->n)))
        fail_msg("%.*s", (int)json.n, json.p);
    drop(doc);
    drop(copy);
}

static void check_refused(sac_str json, size_t at, const char *why)
{
    const sac_str copy = exact_copy(json);
    sac_err err = {.code = 0};
    sac_str doc;

    CHECK_INT(sac_json_decode(copy, NULL, NULL, &doc, &err), SAC_ESYNTAX);
    if (err.pos != at || strncmp(err.text, why, strlen(why)) != 0)
        fail_msg("%.*s: %s, not %s at %zu", (int)json.n, json.p, err.text, why, at);
    drop(copy);
}

/* As a value or as a key, `ahead` blanks in front of all and `behind` behind it. */
static void check_string(const special *s, size_t place, size_t length, size_t ahead, size_t behind,
                         bool is_key)
{
    text json = {.n = 0}, doc = {.n = 4}, bytes = {.n = 0};
    size_t at;

    memset(json.p, ' ', ahead);
    json.n = ahead;
    add(&json, is_key ? "{\"" : "{\"k\":\"", is_key ? 2 : 6);
    at = json.n + place;
    add_string(&json, s->text, place, length);
    add(&json, is_key ? "\":null}" : "\"}", is_key ? 7 : 2);
    memset(json.p + json.n, ' ', behind);
    json.n += behind;
    if (!s->bytes) {
        check_refused(sac_str_n(json.p, json.n), at, s->why);
        return;
    }
    /* Letters go by their place in the text. */
    bytes.n = at - place;
    add_letters(&bytes, place);
    bytes.n += strlen(s->text);
    add_letters(&bytes, length - place);
    doc.p[doc.n++] = is_key ? SAC_BSON_NULL : SAC_BSON_STRING;
    if (!is_key) {
        add(&doc, "k\0", 2);
        sac__wire_put32(doc.p + doc.n, (uint32_t)(length + strlen(s->bytes) + 1));
        doc.n += 4;
    }
    add(&doc, bytes.p + at - place, place);
    add(&doc, s->bytes, strlen(s->bytes));
    add(&doc, bytes.p + at + strlen(s->text), length - place);
    add(&doc, "\0\0", 2);
    sac__wire_put32(doc.p, (uint32_t)doc.n);
    check_read(sac_str_n(json.p, json.n), &doc);
}

static void test_scan__reads_strings_wherever_they_lie(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof specials / sizeof *specials; s++)
        for (size_t length = 0; length <= 80; length++)
            for (size_t place = 0; place <= length; place++) {
                /* Every alignment and distance from the end, in turn. */
                const size_t ahead = (place + length) % 16, behind = (place * 7 + length) % 37;

                check_string(&specials[s], place, length, ahead, behind, false);
                check_string(&specials[s], place, length, ahead, behind, true);
            }
}

static void test_scan__stops_where_a_text_does(void **state)
{
    static const char json[] =
        "{\"a string of some length\":\"and \\\"another\\\" one\",\"numbers\":"
        "[1,-22,333,4444.5,-123456789012345678,-1234567890123456789,12345678.87654321],"
        "\"words\":[true,false,null],\"na\xc3\xafve \xf0\x9f\x98\x80\":{}}";

    (void)state;
    for (size_t n = 0; n < sizeof json - 1; n++) {
        const sac_str cut = exact_copy(sac_str_n(json, n));
        sac_err err = {.code = 0};
        sac_str doc;

        CHECK_INT(sac_json_decode(cut, NULL, NULL, &doc, &err), SAC_ESYNTAX);
        CHECK(err.pos <= n);
        drop(cut);
    }
    drop(bson_of(json));
}

/* One number as an element, with nothing behind it but what has to be. */
static sac_value number_in(sac_str json, sac_str *doc)
{
    sac_bson_iter iter;
    sac_err err = {.code = 0};
    sac_str array;

    if (sac_json_decode(json, NULL, NULL, doc, &err) != SAC_OK)
        fail_msg("%.*s: %s", (int)json.n, json.p, err.text);
    CHECK_INT(sac_bson_iter_init(&iter, *doc), SAC_OK);
    CHECK_INT(sac_bson_iter_next(&iter), 1);
    CHECK(sac_value_doc(&iter.value, &array));
    CHECK_INT(sac_bson_iter_init(&iter, array), SAC_OK);
    CHECK_INT(sac_bson_iter_next(&iter), 1);
    return iter.value;
}

static void check_number(const char *digits, size_t n, size_t behind)
{
    text t = {.n = 0};
    sac_str json, doc;
    sac_value value;
    int64_t integer;
    double number;

    add(&t, "{\"\":[", 5);
    add(&t, digits, n);
    add(&t, "]}", 2);
    memset(t.p + t.n, '\n', behind);
    json = exact_copy(sac_str_n(t.p, t.n + behind));
    value = number_in(json, &doc);
    CHECK(sac_value_double(&value, &number));
    if (memchr(digits, '.', n) || n - (*digits == '-') > 18) {
        CHECK_INT(value.type == SAC_BSON_DOUBLE || n < 21, 1);
        CHECK(number == strtod(t.p + 5, NULL));
    } else {
        CHECK(sac_value_int(&value, &integer));
        CHECK_INT(integer, strtoll(t.p + 5, NULL, 10));
        CHECK_INT(value.type, integer == (int32_t)integer ? SAC_BSON_INT32 : SAC_BSON_INT64);
    }
    drop(doc);
    drop(json);
}

/* Up to 40 digits, with a point at every place or none, a sign or none. */
static void test_scan__reads_numbers_of_every_length(void **state)
{
    static const char pi[] = "3141592653589793238462643383279502884197";

    (void)state;
    for (size_t n = 1; n < sizeof pi; n++)
        for (size_t point = 1; point <= n; point++)
            for (size_t behind = 0; behind < 30; behind += 1 + n % 3) {
                char number[64] = "-";
                size_t length = n + 1;

                memcpy(number + 1, pi, point);
                if (point < n) {
                    number[1 + point] = '.';
                    length++;
                }
                memcpy(number + 1 + point + (point < n), pi + point, n - point);
                check_number(number, length, behind);
                check_number(number + 1, length - 1, behind);
            }
}

static void test_scan__counts_elements(void **state)
{
    enum { ELEMENTS = 100012 };
    char *json = malloc(8 + 2 * (size_t)ELEMENTS), *p = json + 5;
    sac_bson_iter iter;
    sac_str doc, array;
    sac_value value;

    (void)state;
    CHECK(json != NULL);
    memcpy(json, "{\"a\":", 5);
    for (int i = 0; i < ELEMENTS; i++) {
        *p++ = i ? ',' : '[';
        *p++ = (char)('0' + i % 10);
    }
    memcpy(p, "]}", 3);
    doc = bson_of(json);
    value = sac_bson_get(doc, sac_str_of("a"));
    CHECK(sac_value_doc(&value, &array));
    CHECK_INT(sac_bson_iter_init(&iter, array), SAC_OK);
    for (int i = 0; i < ELEMENTS; i++) {
        char key[16];

        CHECK_INT(sac_bson_iter_next(&iter), 1);
        snprintf(key, sizeof key, "%d", i);
        CHECK_STR(iter.key, key);
    }
    CHECK_INT(sac_bson_iter_next(&iter), 0);
    drop(doc);
    free(json);
}

/* Documents that grow in several steps, and are as large as they may be or a byte larger. */
static void test_scan__holds_the_maximum(void **state)
{
    static const char *const members[] = {
        "\"n\":[1,2,3,4,5,6,7,8,9,0]",
        "\"a key of more than sixty-four bytes, which is more than is kept free at any time\":1",
        "\"s\":\"a string of more than sixty-four bytes, which is more than is kept free always\"",
        "\"d\":{\"d\":{\"d\":{\"d\":{\"d\":{\"d\":{\"d\":{\"d\":{\"d\":{\"d\":{}}}}}}}}}}",
    };

    (void)state;
    for (size_t m = 0; m < 4; m++) {
        char json[4096] = "{";
        sac_str want;

        for (int i = 0; i < 20; i++) {
            strcat(json, i ? "," : "");
            strcat(json, members[m]);
        }
        strcat(json, "}");
        want = bson_of(json);
        for (size_t max = want.n - 130; max < want.n + 3; max++) {
            const sac_json_options options = SAC_JSON_OPTIONS(.max_size = max);
            sac_err err = {.code = 0};
            sac_str doc = {NULL, 0};

            CHECK_INT(sac_json_decode(sac_str_of(json), &options, NULL, &doc, &err),
                      max < want.n ? SAC_ETOOBIG : SAC_OK);
            CHECK(max < want.n || sac_str_eq(doc, want));
            drop(doc);
        }
        drop(want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scan__reads_strings_wherever_they_lie),
        cmocka_unit_test(test_scan__stops_where_a_text_does),
        cmocka_unit_test(test_scan__reads_numbers_of_every_length),
        cmocka_unit_test(test_scan__counts_elements),
        cmocka_unit_test(test_scan__holds_the_maximum),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

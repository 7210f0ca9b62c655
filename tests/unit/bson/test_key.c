/* SPDX-License-Identifier: MIT */
#include "bson/key.h"

#include <stdio.h>

#include "numbers.h"
#include "support/support.h"

#define PAIRS 300000

static uint64_t state_of_random = 42;

static uint32_t random_below(uint32_t n)
{
    state_of_random = state_of_random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state_of_random >> 33) % n);
}

static uint64_t random_word(void)
{
    return (uint64_t)random_below(0x7fffffff) << 33 ^ (uint64_t)random_below(0x7fffffff) << 11 ^
           random_below(0x7fffffff);
}

/* Text of few letters, so that many begin alike; NUL and 0xff among them. */
static sac_str random_text(char *bytes, bool nul)
{
    static const char letters[] = {'a', 'b', 1, (char)0xff, 0};
    const size_t n = random_below(6);

    for (size_t i = 0; i < n; i++)
        bytes[i] = letters[random_below(nul ? 5 : 4)];
    bytes[n] = 0;
    return sac_str_n(bytes, n);
}

static int64_t random_int(void)
{
    const int64_t around[] = {
        0, (int64_t)1 << 31, (int64_t)1 << 53, (int64_t)1 << 62, INT64_MAX - 3, INT64_MIN + 3};
    const uint64_t i = (uint64_t)around[random_below(6)] + random_below(7) - 3;

    return (int64_t)(random_below(2) ? i : random_below(8) ? 0 - i : random_word());
}

static double random_double(void)
{
    const uint64_t around[] = {0,
                               (uint64_t)1 << 52,
                               (uint64_t)0x7fe << 52,
                               (uint64_t)0x433 << 52,
                               (uint64_t)0x3ff << 52,
                               (uint64_t)0x43e << 52};
    uint64_t bits = around[random_below(6)] + random_below(5) - 2;
    double d;

    if (random_below(4) == 0)
        return (double)random_int();
    if (random_below(4) == 0)
        bits = random_word();
    bits ^= (uint64_t)random_below(2) << 63;
    memcpy(&d, &bits, sizeof d);
    return d;
}

/* Any bits, the digits of a double or an integer, or few digits and any exponent. */
static void random_decimal(char bytes[16])
{
    char text[64];
    const double d = random_double();
    const int kind = (int)random_below(5);

    if (kind == 0)
        snprintf(text, sizeof text, "%.*e", (int)random_below(34), d);
    else if (kind == 1)
        snprintf(text, sizeof text, "%lld%s", (long long)random_int(),
                 random_below(2) ? ".000" : ".5");
    else if (kind == 2)
        snprintf(text, sizeof text, "%d.%uE%d", (int)random_below(20) - 10, random_below(100),
                 (int)random_below(12200) - 6150);
    else
        snprintf(text, sizeof text, "%dE%d", (int)random_below(20) - 10,
                 (int)random_below(700) - 350);
    if (!sac__decimal_parse(sac_str_of(text), (uint8_t *)bytes)) {
        const uint64_t words[2] = {random_word(), random_word()};

        memcpy(bytes, words, 16);
    }
}

static void add_number(sac_bson *doc, const char *key)
{
    char bytes[16];

    switch (random_below(4)) {
    case 0: sac_bson_add_int32(doc, key, (int32_t)random_int()); break;
    case 1: sac_bson_add_int64(doc, key, random_int()); break;
    case 2: sac_bson_add_double(doc, key, random_double()); break;
    default:
        random_decimal(bytes);
        sac_bson_add_value(doc, sac_str_of(key), (sac_value){SAC_BSON_DECIMAL128, {bytes, 16}});
    }
}

static void add_raw(sac_bson *doc, const char *key, uint8_t type)
{
    char text[8];
    char bytes[40] = {0};
    sac_str s = random_text(text, type != SAC_BSON_REGEX);
    size_t n = 0;

    if (type == SAC_BSON_OBJECTID || type == SAC_BSON_TIMESTAMP) {
        n = type == SAC_BSON_OBJECTID ? 12 : 8;
        memcpy(bytes + random_below(4), s.p, s.n);
    } else if (type == SAC_BSON_REGEX) {
        memcpy(bytes, s.p, s.n + 1);
        n = s.n + 1;
        s = random_text(text, false);
        memcpy(bytes + n, s.p, s.n + 1);
        n += s.n + 1;
    } else if (type != SAC_BSON_MINKEY && type != SAC_BSON_MAXKEY && type != SAC_BSON_UNDEFINED) {
        bytes[0] = (char)(s.n + 1);
        memcpy(bytes + 4, s.p, s.n + 1);
        n = 4 + s.n + 1 + (type == SAC_BSON_DBPOINTER ? 12 : 0);
    }
    sac_bson_add_value(doc, sac_str_of(key), (sac_value){type, {bytes, n}});
}

static void add_random(sac_bson *doc, const char *key, int depth);

static void add_nested(sac_bson *doc, const char *key, bool array, int depth)
{
    static const char *names[] = {"a", "b", "aa", ""};

    if (array)
        sac_bson_begin_array(doc, sac_str_of(key));
    else
        sac_bson_begin_doc(doc, sac_str_of(key));
    for (uint32_t n = random_below(4); n > 0; n--)
        add_random(doc, names[random_below(4)], depth + 1);
    sac_bson_end(doc);
}

static void add_code_w_scope(sac_bson *doc, const char *key)
{
    char bytes[32] = {0};
    char text[8];
    const sac_str s = random_text(text, true);
    const size_t n = 4 + 4 + s.n + 1 + 5;

    bytes[0] = (char)n;
    bytes[4] = (char)(s.n + 1);
    memcpy(bytes + 8, s.p, s.n);
    bytes[8 + s.n + 1] = 5;
    sac_bson_add_value(doc, sac_str_of(key), (sac_value){SAC_BSON_CODE_W_SCOPE, {bytes, n}});
}

static void add_random(sac_bson *doc, const char *key, int depth)
{
    static const uint8_t raw[] = {SAC_BSON_MINKEY,   SAC_BSON_MAXKEY,    SAC_BSON_UNDEFINED,
                                  SAC_BSON_OBJECTID, SAC_BSON_TIMESTAMP, SAC_BSON_REGEX,
                                  SAC_BSON_STRING,   SAC_BSON_SYMBOL,    SAC_BSON_CODE,
                                  SAC_BSON_DBPOINTER};
    char text[8];

    switch (random_below(depth < 4 ? 12 : 10)) {
    case 0: sac_bson_add_null(doc, key); break;
    case 1: sac_bson_add_bool(doc, key, random_below(2)); break;
    case 2: sac_bson_add_date(doc, key, random_int()); break;
    case 3: sac_bson_add_binary(doc, key, (uint8_t)random_below(3), random_text(text, true)); break;
    case 4: add_code_w_scope(doc, key); break;
    case 5:
    case 6:
    case 7: add_raw(doc, key, raw[random_below(sizeof raw)]); break;
    case 8:
    case 9: add_number(doc, key); break;
    default: add_nested(doc, key, random_below(2), depth);
    }
}

static int sign(int x)
{
    return (x > 0) - (x < 0);
}

/* As an ordered byte store does it. */
static int key_order(const sac__buf *a, const sac__buf *b)
{
    const size_t n = a->n < b->n ? a->n : b->n;
    const int rc = memcmp(a->p, b->p, n);

    CHECK(rc != 0 || a->n == b->n); /* no key is the beginning of another */
    return sign(rc);
}

static char *hex_of(const sac__buf *key, char *out)
{
    for (size_t i = 0; i < key->n && i < 60; i++)
        snprintf(out + 2 * i, 3, "%02x", (unsigned char)key->p[i]);
    return out;
}

static int compare_by_key(const sac_value *a, const sac_value *b)
{
    char x_room[2000], y_room[2000], x_hex[128] = "", y_hex[128] = "";
    sac__buf x, y;
    int rc;

    sac__buf_init_fixed(&x, x_room, sizeof x_room);
    sac__buf_init_fixed(&y, y_room, sizeof y_room);
    CHECK_INT(sac__bson_key(a, &x), SAC_OK);
    CHECK_INT(sac__bson_key(b, &y), SAC_OK);
    rc = key_order(&x, &y);
    if (rc != sac_value_compare(a, b))
        fail_msg("types %02x %02x: keys %d, values %d: %s %s", a->type, b->type, rc,
                 sac_value_compare(a, b), hex_of(&x, x_hex), hex_of(&y, y_hex));
    return rc;
}

typedef void adder(sac_bson *doc, const char *key);

static void add_any(sac_bson *doc, const char *key)
{
    add_random(doc, key, 0);
}

/* In lots of 32 values, each against each. */
static void check_pairs(adder *add, int pairs, int *equal, int *different)
{
    sac_value values[32];
    sac_bson doc;
    sac_bson_iter iter;
    sac_str bytes;

    while (pairs > 0) {
        sac_bson_init(&doc, NULL, 0);
        for (int i = 0; i < 32; i++)
            add(&doc, "");
        CHECK_INT(sac_bson_finish(&doc, &bytes), SAC_OK);
        CHECK_INT(sac_bson_iter_init(&iter, bytes), SAC_OK);
        for (int i = 0; i < 32; i++) {
            CHECK_INT(sac_bson_iter_next(&iter), 1);
            values[i] = iter.value;
            for (int k = 0; k < i; k++, pairs--)
                ++*(compare_by_key(&values[k], &values[i]) ? different : equal);
        }
        sac_bson_fini(&doc);
    }
}

static void test_key__orders_numbers_as_compare_does(void **state)
{
    int equal = 0;
    int different = 0;

    (void)state;
    check_pairs(add_number, PAIRS, &equal, &different);
    CHECK(equal > 1000 && different > 100000);
}

static void test_key__orders_all_types_as_compare_does(void **state)
{
    int equal = 0;
    int different = 0;

    (void)state;
    check_pairs(add_any, PAIRS, &equal, &different);
    CHECK(equal > 1000 && different > 100000);
}

static void test_key__numbers_by_exact_value(void **state)
{
    char a[16], b[16];

    (void)state;
    for (size_t i = 0; i < NUMBERS; i++) {
        for (size_t k = 0; k < NUMBERS; k++) {
            const sac_value x = number_value(i, a);
            const sac_value y = number_value(k, b);

            CHECK_INT(compare_by_key(&x, &y), sign(numbers[i].place - numbers[k].place));
        }
    }
}

static void check_size(const sac_value *value, size_t n)
{
    char room[64];
    sac__buf key;

    sac__buf_init_fixed(&key, room, sizeof room);
    CHECK_INT(sac__bson_key(value, &key), SAC_OK);
    CHECK_INT(key.n, n);
}

static void test_key__common_keys_are_compact(void **state)
{
    const sac_value oid = {SAC_BSON_OBJECTID, {"123456789012", 12}};
    const sac_value five = {SAC_BSON_INT32, {"\5\0\0\0", 4}};
    const sac_value word = {SAC_BSON_STRING, {"\5\0\0\0word\0", 9}};
    const sac_value missing = {.type = SAC_BSON_MISSING};

    (void)state;
    check_size(&oid, 13);
    check_size(&five, 10);
    check_size(&word, 7);
    check_size(&missing, 1);
}

static void test_key__refuses_what_is_damaged_or_too_deep(void **state)
{
    const sac_value damaged = {SAC_BSON_DOCUMENT,
                               {"\x08\0\0\0\x14"
                                "a\0\0",
                                8}};
    const sac_value unknown = {0x14, {"", 0}};
    sac_value deep = {.type = SAC_BSON_ARRAY};
    static char bytes[SAC_BSON_DEPTH * 8 + 16];
    size_t n = 5;
    sac__buf key;

    (void)state;
    sac__buf_init(&key, NULL, 4000);
    CHECK_INT(sac__bson_key(&damaged, &key), SAC_ECORRUPT);
    CHECK_INT(sac__bson_key(&unknown, &key), SAC_ECORRUPT);
    memcpy(bytes + sizeof bytes - 5, "\5\0\0\0\0", 5);
    for (int depth = 1; depth <= SAC_BSON_DEPTH + 1; depth++) {
        deep.raw = sac_str_n(bytes, n);
        memmove(bytes, bytes + (depth == 1 ? sizeof bytes - 5 : 0), n);
        CHECK_INT(sac__bson_key(&deep, &key), depth > SAC_BSON_DEPTH ? SAC_ELIMIT : SAC_OK);
        key.n = 0;
        memmove(bytes + 7, bytes, n); /* one level around it */
        n += 8;
        memcpy(bytes,
               "\0\0\0\0\x04"
               "0",
               7);
        bytes[0] = (char)n;
        bytes[1] = (char)(n >> 8);
        bytes[n - 1] = 0;
    }
    sac__buf_fini(&key);
}

static void test_key__reports_a_full_buffer(void **state)
{
    const sac_value number = {SAC_BSON_INT64, {"\1\0\0\0\0\0\x20\x80", 8}};
    char room[64];
    sac__buf key;

    (void)state;
    for (size_t n = 0; n < 22; n++) {
        sac__buf_init_fixed(&key, room, n);
        CHECK_INT(sac__bson_key(&number, &key), SAC_ETOOBIG);
    }
    check_size(&number, 22);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key__orders_numbers_as_compare_does),
        cmocka_unit_test(test_key__orders_all_types_as_compare_does),
        cmocka_unit_test(test_key__numbers_by_exact_value),
        cmocka_unit_test(test_key__common_keys_are_compact),
        cmocka_unit_test(test_key__refuses_what_is_damaged_or_too_deep),
        cmocka_unit_test(test_key__reports_a_full_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

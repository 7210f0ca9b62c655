/* SPDX-License-Identifier: MIT */

/* Against libbson, which others wrote: generated documents in both directions. */
#include <sacrum/json.h>

#include <stdio.h>
#include <stdlib.h>

#include <bson/bson.h>

#include "core/buf.h"
#include "support/generate.h"
#include "support/support.h"

#if defined(SANITIZED)
enum { DOCUMENTS = 10000 };
#else
enum { DOCUMENTS = 100000 };
#endif

static void drop(sac_str s)
{
    free((void *)(uintptr_t)s.p);
}

static int add(void *self, const char *p, size_t n)
{
    sac__buf_add(self, p, n);
    return 0;
}

/* NUL behind it. */
static sac_str json_of(sac_str doc, sac_json_dialect dialect)
{
    const sac_json_options options = SAC_JSON_OPTIONS(.dialect = dialect);
    sac_err err = {.code = 0};
    sac__buf out;

    sac__buf_init(&out, NULL, (size_t)1 << 28);
    if (sac_json_encode(doc, &options, add, &out, &err) != SAC_OK)
        fail_msg("%s", err.text);
    sac__buf_add_char(&out, '\0');
    CHECK_INT(out.error, SAC_OK);
    return sac_str_n(out.p, out.n - 1);
}

static sac_str bson_from(sac_str json)
{
    sac_str doc = {NULL, 0};
    sac_err err = {.code = 0};

    if (sac_json_decode(json, NULL, NULL, &doc, &err) != SAC_OK)
        fail_msg("%s: %.*s", err.text, (int)json.n, json.p);
    return doc;
}

/* A token from p on: a string with its quotes, a number, a word, or one character. */
static size_t token(const char *p)
{
    size_t n = 1;

    if (*p == '"') {
        for (; p[n] != '"'; n++)
            n += p[n] == '\\';
        return n + 1;
    }
    if (strchr("{}[],:", *p))
        return 1;
    return strcspn(p, "{}[],: ");
}

/*
 * libbson prints doubles with 20 digits, and control characters that have a
 * short escape with it as it has: those are compared by what they stand for.
 */
static bool is_same_token(const char *a, size_t an, const char *b, size_t bn, bool number)
{
    double x, y;

    if (an == bn && memcmp(a, b, an) == 0)
        return true;
    if (!number)
        return false;
    x = strtod(a + (*a == '"'), NULL);
    y = strtod(b + (*b == '"'), NULL);
    return memcmp(&x, &y, sizeof x) == 0;
}

/*
 * libbson 1.23 writes a date after 9999 as a year of more digits, which relaxed
 * Extended JSON does not have: where it does, ours is a number after the year 9999.
 */
static bool is_late_date(const char **a, const char **b)
{
    static const char ours[] = "{\"$numberLong\":\"";
    const char *year = *b + 1;
    char *end;

    if (strncmp(*a, ours, sizeof ours - 1) != 0 || **b != '"' || strspn(year, "0123456789") < 5)
        return false;
    CHECK(strtoll(*a + sizeof ours - 1, &end, 10) > INT64_C(253402300799999));
    CHECK(strncmp(end, "\"}", 2) == 0);
    *a = end + 2;
    *b += token(*b);
    return true;
}

static void check_same_json(uint64_t i, const char *ours, const char *theirs)
{
    const char *a = ours, *b = theirs;
    bool number = false;

    while (*a && *b) {
        size_t an, bn;

        b += strspn(b, " ");
        if (is_late_date(&a, &b))
            continue;
        an = token(a);
        bn = token(b);
        if (!is_same_token(a, an, b, bn, number || *a != '"'))
            fail_msg("document %llu: %.*s is %.*s to libbson, before %.60s", (unsigned long long)i,
                     (int)an, a, (int)bn, b, a + an);
        number = an == 15 && memcmp(a, "\"$numberDouble\"", an) == 0 ? true : number && *a == ':';
        a += an;
        b += bn;
    }
    b += strspn(b, " ");
    CHECK(!*a && !*b);
}

static void check_same_bytes(uint64_t i, const char *what, sac_str got, sac_str want)
{
    sac_str a, b;
    size_t at = 0;

    if (sac_str_eq(got, want))
        return;
    a = json_of(got, SAC_JSON_CANONICAL);
    b = json_of(want, SAC_JSON_CANONICAL);
    while (a.p[at] && a.p[at] == b.p[at])
        at++;
    at = at > 30 ? at - 30 : 0;
    fail_msg("document %llu: %s gives other bytes: …%.80s, not …%.80s", (unsigned long long)i, what,
             a.p + at, b.p + at);
}

typedef char *libbson_writer(const bson_t *bson, size_t *length);

/* Their text is what ours is, and says the same to both. */
static void check_text(uint64_t i, sac_str doc, sac_json_dialect dialect, libbson_writer *write)
{
    const sac_str ours = json_of(doc, dialect);
    bson_t bson;
    char *theirs;
    size_t n;

    CHECK(bson_init_static(&bson, (const uint8_t *)doc.p, doc.n));
    theirs = write(&bson, &n);
    CHECK(theirs != NULL);
    check_same_json(i, ours.p, theirs);
    if (dialect == SAC_JSON_CANONICAL) {
        const sac_str again = bson_from(sac_str_n(theirs, n)), own = bson_from(ours);

        check_same_bytes(i, "libbson's text", again, doc);
        check_same_bytes(i, "our text", own, doc);
        drop(again);
        drop(own);
    }
    bson_free(theirs);
    drop(ours);
}

/*
 * What libbson 1.23 reads wrongly, as test_libbson__misreads() shows: code or a
 * DBPointer in an array, whose index is lost, and code in a scope, which stays an object.
 */
static bool is_misread(sac_str doc, bool array, bool scope)
{
    sac_bson_iter i;
    bool found = false;

    CHECK_INT(sac_bson_iter_init(&i, doc), SAC_OK);
    while (!found && sac_bson_iter_next(&i) > 0) {
        const unsigned type = i.value.type;
        sac_str inner;

        found = (array && type == SAC_BSON_DBPOINTER) ||
                ((array || scope) && (type == SAC_BSON_CODE || type == SAC_BSON_CODE_W_SCOPE));
        if (sac_value_doc(&i.value, &inner))
            found |= is_misread(inner, type == SAC_BSON_ARRAY, scope);
        if (type == SAC_BSON_CODE_W_SCOPE) {
            int32_t code;

            memcpy(&code, i.value.raw.p + 4, 4);
            inner = sac_str_n(i.value.raw.p + 8 + code, i.value.raw.n - 8 - (size_t)code);
            found |= is_misread(inner, false, true);
        }
    }
    return found;
}

/* What they read in our text is what we read in it. */
static void check_read(uint64_t i, sac_str doc, sac_json_dialect dialect)
{
    const sac_str json = json_of(doc, dialect), ours = bson_from(json);
    bson_error_t error;
    bson_t *theirs = bson_new_from_json((const uint8_t *)json.p, (ssize_t)json.n, &error);

    if (!theirs)
        fail_msg("document %llu: %s: %s", (unsigned long long)i, error.message, json.p);
    check_same_bytes(i, "reading", ours, sac_str_n(bson_get_data(theirs), theirs->len));
    bson_destroy(theirs);
    drop(ours);
    drop(json);
}

static void each(void (*check)(uint64_t i, sac_str doc))
{
    char *bytes = malloc(GENERATE_MAX);

    CHECK(bytes != NULL);
    for (uint64_t i = 0; i < DOCUMENTS; i++)
        check(i, generate_doc(GENERATE_SEED, i, false, bytes));
    free(bytes);
}

static void check_canonical(uint64_t i, sac_str doc)
{
    CHECK_INT(sac_bson_check(doc, NULL), SAC_OK);
    check_text(i, doc, SAC_JSON_CANONICAL, bson_as_canonical_extended_json);
}

static void test_libbson__canonical_text_is_the_same(void **state)
{
    (void)state;
    each(check_canonical);
}

static void check_relaxed(uint64_t i, sac_str doc)
{
    check_text(i, doc, SAC_JSON_RELAXED, bson_as_relaxed_extended_json);
}

static void test_libbson__relaxed_text_is_the_same(void **state)
{
    (void)state;
    each(check_relaxed);
}

static unsigned long read_alike;

static void check_reading(uint64_t i, sac_str doc)
{
    if (is_misread(doc, false, false))
        return;
    read_alike++;
    for (int dialect = SAC_JSON_PLAIN; dialect <= SAC_JSON_CANONICAL; dialect++)
        check_read(i, doc, (sac_json_dialect)dialect);
}

static void test_libbson__reads_the_same_in_every_dialect(void **state)
{
    (void)state;
    each(check_reading);
    print_message("%lu read\n", read_alike);
    CHECK(read_alike > DOCUMENTS / 3 * 2);
}

static void check_misread(const char *text, const char *ours, const char *theirs)
{
    const sac_str doc = bson_from(sac_str_of(text));
    bson_t *other = bson_new_from_json((const uint8_t *)text, -1, NULL);
    char hex[200], *at;

    CHECK(other != NULL);
    CHECK(doc.n == strlen(ours) / 2 && other->len == strlen(theirs) / 2);
    at = hex;
    for (size_t i = 0; i < doc.n; i++)
        at += sprintf(at, "%02x", (unsigned char)doc.p[i]);
    assert_string_equal(hex, ours);
    at = hex;
    for (size_t i = 0; i < other->len; i++)
        at += sprintf(at, "%02x", bson_get_data(other)[i]);
    assert_string_equal(hex, theirs);
    bson_destroy(other);
    drop(doc);
}

/* Here sacrum does as the specification says. */
static void test_libbson__misreads(void **state)
{
    (void)state;
    if (BSON_MAJOR_VERSION > 1)
        skip();
    check_misread("{\"x\":{\"$code\":\"f\",\"$scope\":{\"a\":{\"$code\":\"g\"}}}}",
                  "200000000f7800180000000200000066000e0000000d61000200000067000000",
                  "2c0000000f7800240000000200000066001a00000003610012000000"
                  "0224636f646500020000006700000000");
    check_misread("{\"b\":{\"$code\":\"g\\u0000h\"}}", "100000000d6200040000006700680000",
                  "0e0000000d62000200000067"
                  "0000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_libbson__canonical_text_is_the_same),
        cmocka_unit_test(test_libbson__relaxed_text_is_the_same),
        cmocka_unit_test(test_libbson__reads_the_same_in_every_dialect),
        cmocka_unit_test(test_libbson__misreads),
    };

    print_message("%d documents of seed %llu\n", DOCUMENTS, (unsigned long long)GENERATE_SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

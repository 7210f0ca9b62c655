/* SPDX-License-Identifier: MIT */
/* Keys of LMDB's indexes: their order is that of the values, each as its field goes. */
#include "stores.h"

#include <stdio.h>
#include <stdlib.h>

#include "store/lmdb/index/keys.h"
#include "unit/query/queries.h"

#define DOCS 120

static sac__lmdb_index index_of(const char *a, bool a_down, const char *b, bool b_down)
{
    sac__lmdb_index index = {.name = "test", .n = b ? 2 : 1};

    index.fields[0] = (sac__sort_field){.path = sac_str_of(a), .descending = a_down};
    if (b)
        index.fields[1] = (sac__sort_field){.path = sac_str_of(b), .descending = b_down};
    return index;
}

static uint64_t seed;

static unsigned roll(unsigned n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % n;
}

/* A value of any type that keys know, small enough that many are the same. */
static void add_random(sac_bson *doc, const char *key, int depth)
{
    const char text[4] = {(char)roll(3), (char)('a' + roll(2)), (char)roll(256), 'x'};

    switch (roll(depth > 1 ? 9 : 11)) {
    case 0: sac_bson_add_int32(doc, key, (int32_t)roll(5) - 2); break;
    case 1: sac_bson_add_int64(doc, key, (int64_t)roll(3) << 53); break;
    case 2: sac_bson_add_double(doc, key, ((double)roll(9) - 4) / 2); break;
    case 3: sac_bson_add_str(doc, key, sac_str_n(text, roll(5))); break;
    case 4: sac_bson_add_bool(doc, key, roll(2)); break;
    case 5: sac_bson_add_date(doc, key, (int64_t)roll(5) - 2); break;
    case 6: sac_bson_add_null(doc, key); break;
    case 7: sac_bson_add_binary(doc, key, (uint8_t)roll(2), sac_str_n(text, roll(4))); break;
    case 8: break; /* missing */
    default:
        sac_bson_begin_doc(doc, sac_str_of(key));
        add_random(doc, "x", depth + 1);
        add_random(doc, "y", depth + 1);
        sac_bson_end(doc);
    }
}

static sac_str random_doc(void)
{
    sac_bson doc;
    sac_str made;
    char *copy;

    sac_bson_init(&doc, NULL, 0);
    add_random(&doc, "a", 0);
    add_random(&doc, "b", 0);
    CHECK_INT(sac_bson_finish(&doc, &made), SAC_OK);
    copy = malloc(made.n);
    assert_non_null(copy);
    memcpy(copy, made.p, made.n);
    sac_bson_fini(&doc);
    return sac_str_n(copy, made.n);
}

static int take_key(void *self, sac_str key)
{
    sac__buf_add_str(self, key);
    return 0;
}

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static int compare_docs(const sac__lmdb_index *index, sac_str a, sac_str b)
{
    size_t i;
    int order = 0;

    for (i = 0; order == 0 && i < index->n; i++) {
        sac_value of_a = sac_bson_get(a, index->fields[i].path);
        sac_value of_b = sac_bson_get(b, index->fields[i].path);

        if (of_a.type == SAC_BSON_MISSING)
            of_a.type = SAC_BSON_NULL;
        if (of_b.type == SAC_BSON_MISSING)
            of_b.type = SAC_BSON_NULL;
        order = sign(sac_value_compare(&of_a, &of_b));
        if (index->fields[i].descending)
            order = -order;
    }
    return order;
}

static void check_order(const sac__lmdb_index *index, sac_str docs[DOCS])
{
    sac__buf keys[DOCS];
    size_t i;
    size_t k;

    for (i = 0; i < DOCS; i++) {
        sac__buf_init(&keys[i], NULL, 1 << 20);
        CHECK_INT(sac__lmdb_index_entries(index, docs[i], take_key, &keys[i], NULL), SAC_OK);
    }
    for (i = 0; i < DOCS; i++)
        for (k = 0; k < DOCS; k++) {
            const int order = sac__lmdb_keys_order(sac__buf_str(&keys[i]), sac__buf_str(&keys[k]));

            if (sign(order) != compare_docs(index, docs[i], docs[k]))
                fail_msg("documents %zu and %zu, seed %llu", i, k, (unsigned long long)seed);
        }
    for (i = 0; i < DOCS; i++)
        sac__buf_fini(&keys[i]);
}

static void test_keys__are_in_the_order_of_the_values(void **state)
{
    sac_str docs[DOCS];
    unsigned round;
    size_t i;

    (void)state;
    seed = getenv("SACRUM_SEED") ? strtoull(getenv("SACRUM_SEED"), NULL, 10) : 20261122;
    for (round = 0; round < 24; round++) {
        const sac__lmdb_index index = index_of("a", round & 1, round & 4 ? NULL : "b", round & 2);

        for (i = 0; i < DOCS; i++)
            docs[i] = random_doc();
        check_order(&index, docs);
        for (i = 0; i < DOCS; i++)
            drop(docs[i]);
    }
}

/* ---- which entries a document has ---- */

/* The entries as documents {a, b}: their keys must be those of `json` in the index. */
static void check_entries(const sac__lmdb_index *index, const char *json, size_t n,
                          const char *const *wants)
{
    sac__lmdb_index flat = index_of("a", index->fields[0].descending, index->n > 1 ? "b" : NULL,
                                    index->fields[1].descending);
    const sac_str doc = bson_of(json);
    sac__lmdb_keys got;
    sac__lmdb_keys want;
    size_t i;

    sac__lmdb_keys_init(&got);
    sac__lmdb_keys_init(&want);
    CHECK_INT(sac__lmdb_keys_make(&got, index, doc, false, NULL), SAC_OK);
    if (got.n != n)
        fail_msg("%s: %zu entries, want %zu", json, got.n, n);
    for (i = 0; i < n; i++) {
        const sac_str one = bson_of(wants[i]);

        CHECK_INT(sac__lmdb_keys_make(&want, &flat, one, false, NULL), SAC_OK);
        CHECK_INT(want.n, 1);
        if (sac__lmdb_keys_order(sac__lmdb_keys_at(&got, i), sac__lmdb_keys_at(&want, 0)) != 0)
            fail_msg("%s: entry %zu is not %s", json, i, wants[i]);
        drop(one);
    }
    sac__lmdb_keys_fini(&got);
    sac__lmdb_keys_fini(&want);
    drop(doc);
}

#define ENTRIES(index, json, ...)                                                            \
    check_entries(index, json, sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *), \
                  (const char *const[]){__VA_ARGS__})

static void test_entries__of_one_path(void **state)
{
    const sac__lmdb_index index = index_of("l.p", false, NULL, false);
    const sac__lmdb_index plain = index_of("l", true, NULL, false);

    (void)state;
    ENTRIES(&index, "{}", "{'a': null}");
    ENTRIES(&index, "{'l': 5}", "{'a': null}");
    ENTRIES(&index, "{'l': {'p': 5}}", "{'a': 5}");
    ENTRIES(&index, "{'l': {'p': {'q': 5}}}", "{'a': {'q': 5}}");
    ENTRIES(&index, "{'l': {'p': [2, 1, 2]}}", "{'a': 1}", "{'a': 2}");
    ENTRIES(&index, "{'l': [{'p': 3}, {'p': [2, 1]}]}", "{'a': 1}", "{'a': 2}", "{'a': 3}");
    ENTRIES(&index, "{'l': [{'p': 3}, 7, {'q': 1}]}", "{'a': null}", "{'a': 3}");
    ENTRIES(&index, "{'l': [[{'p': 3}]]}", "{'a': null}");
    ENTRIES(&index, "{'l': []}", "{'a': null}");
    ENTRIES(&index, "{'l': {'p': []}}", "{'a': {'$undefined': true}}");
    ENTRIES(&plain, "{'l': [1, 3, 2]}", "{'a': 3}", "{'a': 2}", "{'a': 1}");
}

static void test_entries__of_two_fields(void **state)
{
    const sac__lmdb_index same = index_of("l.p", false, "l.q", true);
    const sac__lmdb_index other = index_of("l", false, "v", false);

    (void)state;
    ENTRIES(&same, "{'l': [{'p': 1, 'q': 2}, {'p': 1, 'q': 3}, {'p': 0}]}", "{'a': 0}",
            "{'a': 1, 'b': 3}", "{'a': 1, 'b': 2}");
    ENTRIES(&other, "{'l': [1, 2], 'v': 'x'}", "{'a': 1, 'b': 'x'}", "{'a': 2, 'b': 'x'}");
    ENTRIES(&other, "{'l': [], 'v': 'x'}", "{'a': {'$undefined': true}, 'b': 'x'}");
    ENTRIES(&other, "{'v': [3, 4]}", "{'b': 3}", "{'b': 4}");
}

static void test_entries__of_numbers_in_a_path(void **state)
{
    const sac__lmdb_index index = index_of("l.1", false, NULL, false);

    (void)state;
    ENTRIES(&index, "{'l': [5, 6, 7]}", "{'a': 6}");
    ENTRIES(&index, "{'l': [5, [6, 7]]}", "{'a': 6}", "{'a': 7}");
    ENTRIES(&index, "{'l': [{'1': 8}]}", "{'a': 8}");
    ENTRIES(&index, "{'l': {'1': 9}}", "{'a': 9}");
}

static void test_entries__of_sparse_ones(void **state)
{
    sac__lmdb_index index = index_of("a", false, "b", false);
    sac__lmdb_keys keys;
    const sac_str none = bson_of("{'c': 1}");

    (void)state;
    index.sparse = true;
    sac__lmdb_keys_init(&keys);
    CHECK_INT(sac__lmdb_keys_make(&keys, &index, none, true, NULL), SAC_OK);
    CHECK_INT(keys.n, 0);
    sac__lmdb_keys_fini(&keys);
    ENTRIES(&index, "{'b': 1}", "{'b': 1}");
    ENTRIES(&index, "{'a': null}", "{'a': null}");
    drop(none);
}

static void test_entries__of_arrays_in_two_fields_are_refused(void **state)
{
    const sac__lmdb_index index = index_of("a", false, "b.c", false);
    const sac_str docs[] = {bson_of("{'a': [1], 'b': [{'c': 1}]}"),
                            bson_of("{'a': [], 'b': {'c': []}}")};
    sac__lmdb_keys keys;
    sac_err err = {.code = 0};
    size_t i;

    (void)state;
    sac__lmdb_keys_init(&keys);
    for (i = 0; i < 2; i++) {
        CHECK_INT(sac__lmdb_keys_make(&keys, &index, docs[i], true, &err), SAC_EINVAL);
        CHECK(strstr(err.text, "index test"));
        drop(docs[i]);
    }
    sac__lmdb_keys_fini(&keys);
}

static void test_cut__keeps_what_fits_and_tells_the_rest_apart(void **state)
{
    char long_key[2000];
    sac__lmdb_key a;
    sac__lmdb_key b;
    bool cut;

    (void)state;
    memset(long_key, 'k', sizeof long_key);
    sac__lmdb_index_cut(sac_str_n(long_key, SAC__LMDB_WHOLE), &a, &cut);
    CHECK(!cut);
    CHECK_INT(a.n, SAC__LMDB_WHOLE);
    sac__lmdb_index_cut(sac_str_n(long_key, SAC__LMDB_WHOLE + 1), &a, &cut);
    CHECK(cut);
    CHECK_INT(a.n, SAC__LMDB_KEY_MAX);
    sac__lmdb_index_cut(sac_str_n(long_key, 1999), &a, &cut);
    long_key[1500] = 'j';
    sac__lmdb_index_cut(sac_str_n(long_key, 1999), &b, &cut);
    CHECK_INT(a.n, b.n);
    CHECK_INT(memcmp(a.bytes, b.bytes, SAC__LMDB_CUT), 0);
    CHECK(memcmp(a.bytes, b.bytes, a.n) != 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys__are_in_the_order_of_the_values),
        cmocka_unit_test(test_entries__of_one_path),
        cmocka_unit_test(test_entries__of_two_fields),
        cmocka_unit_test(test_entries__of_numbers_in_a_path),
        cmocka_unit_test(test_entries__of_sparse_ones),
        cmocka_unit_test(test_entries__of_arrays_in_two_fields_are_refused),
        cmocka_unit_test(test_cut__keeps_what_fits_and_tells_the_rest_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

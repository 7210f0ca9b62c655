/* SPDX-License-Identifier: MIT */
#include "query/sort.h"

#include "queries.h"

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static sac__buf key_of(const sac__sort *sort, const char *json)
{
    const sac_str doc = bson_of(json);
    sac__buf key;

    sac__buf_init(&key, NULL, 65536);
    CHECK_INT(sac__sort_key(sort, doc, &key), SAC_OK);
    drop(doc);
    return key;
}

/* How a sort puts two documents. */
static int compare(const char *spec, const char *a, const char *b)
{
    const sac_str bytes = bson_of(spec);
    sac__sort sort;
    sac__buf x, y;
    int order;

    CHECK_INT(sac__sort_init(&sort, bytes, NULL), SAC_OK);
    x = key_of(&sort, a);
    y = key_of(&sort, b);
    order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
    order = order ? order : (x.n > y.n) - (x.n < y.n);
    sac__buf_fini(&x);
    sac__buf_fini(&y);
    drop(bytes);
    return sign(order);
}

#define ASCEND(spec, ...) check_ascend(spec, (const char *const[]){__VA_ARGS__, NULL}, 1)
#define DESCEND(spec, ...) check_ascend(spec, (const char *const[]){__VA_ARGS__, NULL}, -1)

static void check_ascend(const char *spec, const char *const *docs, int want)
{
    for (size_t i = 0; docs[i]; i++) {
        for (size_t k = 0; docs[k]; k++) {
            const int order = compare(spec, docs[i], docs[k]);

            if (order != want * ((i > k) - (i < k)))
                fail_msg("%s: %s against %s: %d", spec, docs[i], docs[k], order);
        }
    }
}

static void test_sort__by_kind_and_value(void **state)
{
    (void)state;
    ASCEND("{'a': 1}", "{'a': {'$minKey': 1}}", "{'a': []}", "{'a': null}",
           "{'a': {'$numberDouble': 'NaN'}}", "{'a': -1}", "{'a': 0.5}", "{'a': 2}", "{'a': ''}",
           "{'a': 'a'}", "{'a': 'b'}", "{'a': {}}", "{'a': {'$oid': '5f0000000000000000000001'}}",
           "{'a': false}", "{'a': true}", "{'a': {'$date': {'$numberLong': '0'}}}",
           "{'a': {'$maxKey': 1}}");
    DESCEND("{'a': -1}", "{'a': []}", "{'a': null}", "{'a': 1}", "{'a': 2}", "{'a': 'x'}",
            "{'a': 'xy'}", "{'a': {'x': 1}}", "{'a': true}");
}

static void test_sort__missing_is_null(void **state)
{
    (void)state;
    CHECK_INT(compare("{'a': 1}", "{}", "{'a': null}"), 0);
    CHECK_INT(compare("{'a.b': 1}", "{'a': 5}", "{'a': {'b': null}}"), 0);
    CHECK_INT(compare("{'a': -1}", "{}", "{'a': null}"), 0);
}

static void test_sort__arrays_by_least_or_greatest(void **state)
{
    (void)state;
    ASCEND("{'a': 1}", "{'a': [9, 1]}", "{'a': 2}", "{'a': [3, 8]}", "{'a': ['x', 4]}");
    DESCEND("{'a': -1}", "{'a': [2, 1]}", "{'a': [0, 3]}", "{'a': 4}", "{'a': [9, 0]}",
            "{'a': [9, 'x']}");
    CHECK_INT(compare("{'a': 1}", "{'a': [[1, 2], [0]]}", "{'a': [[0]]}"), 0);
    CHECK_INT(compare("{'a': 1}", "{'a': []}", "{'a': [[]]}"), -1);
}

static void test_sort__through_arrays_of_documents(void **state)
{
    (void)state;
    ASCEND("{'a.b': 1}", "{'a': [{'b': 5}, {'c': 1}]}", "{'a': [{'b': 3}, {'b': 9}]}",
           "{'a': {'b': 4}}");
    CHECK_INT(compare("{'a.b': 1}", "{'a': []}", "{}"), 0);
    CHECK_INT(compare("{'a.b': 1}", "{'a': [1]}", "{}"), 0);
    CHECK_INT(compare("{'a.b': 1}", "{'a': [{'b': []}]}", "{}"), -1);
    CHECK_INT(compare("{'a.b': -1}", "{'a': [{'b': 1}, {'b': 7}]}", "{'a': {'b': 7}}"), 0);
    CHECK_INT(compare("{'a.b.c': 1}", "{'a': [{'b': [{'c': 2}]}]}", "{'a': {'b': {'c': 2}}}"), 0);
}

static void test_sort__by_index(void **state)
{
    (void)state;
    CHECK_INT(compare("{'a.1': 1}", "{'a': [9, 2, 0]}", "{'a': [0, 2, 7]}"), 0);
    CHECK_INT(compare("{'a.0.b': 1}", "{'a': [{'b': 2}, {'b': 0}]}", "{'a': [{'b': 2}]}"), 0);
    CHECK_INT(compare("{'a.5': 1}", "{'a': [1, 2]}", "{}"), 0);
    CHECK_INT(compare("{'a.0': 1}", "{'a': [[3, 1]]}", "{'a': [[3, 1], 0]}"), 0);
    CHECK_INT(compare("{'a.0': 1}", "{'a': [[3, 1]]}", "{'a': [2]}"), 1);
    CHECK_INT(compare("{'a.0': 1}", "{'a': {'0': 2}}", "{'a': [2]}"), 0);
}

static void test_sort__compound_then_id(void **state)
{
    (void)state;
    ASCEND("{'a': 1, 'b': -1}", "{'a': 1, 'b': 3}", "{'a': 1, 'b': 2}", "{'a': 1}",
           "{'a': 2, 'b': 9}");
    CHECK_INT(compare("{'a': 1}", "{'a': 1, '_id': 1}", "{'a': 1, '_id': 2}"), -1);
    CHECK_INT(compare("{'b': 1, 'a': -1}", "{'a': 1, '_id': 1}", "{'a': 1, '_id': 2}"), 1);
    CHECK_INT(compare("{'_id': -1, 'a': 1}", "{'a': 1, '_id': 1}", "{'a': 1, '_id': 2}"), 1);
    CHECK_INT(compare("{}", "{'_id': 1}", "{'_id': 2}"), -1);
    CHECK_INT(compare("{'a': 1}", "{'a': 'x', '_id': 9}", "{'a': 'xy', '_id': 1}"), -1);
}

static void test_sort__appends_id(void **state)
{
    const sac_str one = bson_of("{'a': 1, 'b': {'$numberDecimal': '-1.0'}}");
    const sac_str own = bson_of("{'_id': {'$numberLong': '-1'}, 'a': 1.0}");
    sac__sort sort;

    (void)state;
    CHECK_INT(sac__sort_init(&sort, one, NULL), SAC_OK);
    CHECK_INT(sort.n, 3);
    CHECK(sort.fields[1].descending && sort.fields[2].descending && !sort.fields[0].descending);
    CHECK_STR(sort.fields[2].path, "_id");
    CHECK_INT(sac__sort_init(&sort, own, NULL), SAC_OK);
    CHECK_INT(sort.n, 2);
    CHECK(sort.fields[0].descending && !sort.fields[1].descending);
    CHECK_INT(sac__sort_init(&sort, sac_str_n(NULL, 0), NULL), SAC_OK);
    CHECK_INT(sort.n, 1);
    CHECK(!sort.fields[0].descending);
    drop(one);
    drop(own);
}

static void check_spec(const char *json, const char *words)
{
    const sac_str spec = bson_of(json);
    sac_err err = {.code = 0};
    sac__sort sort = {.n = 77};

    CHECK_INT(sac__sort_init(&sort, spec, &err), SAC_EINVAL);
    assert_string_equal(err.text, words);
    CHECK_INT(sort.n, 77);
    drop(spec);
}

static void test_sort__refuses_malformed_specifications(void **state)
{
    char many[1024] = "{";
    sac__sort sort;

    (void)state;
    check_spec("{'a': 2}", "sort of a must be 1 or -1");
    check_spec("{'a': true}", "sort of a must be 1 or -1");
    check_spec("{'a': '1'}", "sort of a must be 1 or -1");
    check_spec("{'a': {'$meta': 'textScore'}}", "sort of a must be 1 or -1");
    check_spec("{'': 1}", "cannot sort by \"\"");
    check_spec("{'a..b': 1}", "cannot sort by \"a..b\"");
    check_spec("{'a.': 1}", "cannot sort by \"a.\"");
    check_spec("{'.a': 1}", "cannot sort by \".a\"");
    check_spec("{'a.$b': 1}", "cannot sort by \"a.$b\"");
    check_spec("{'$natural': 1}", "cannot sort by \"$natural\"");
    check_spec("{'a': 1, 'b': 1, 'a': -1}", "sort has a twice");
    check_spec("{'a.1.2.3.4.5.6.7.8.9': 1}", "sort has too long a path: a.1.2.3.4.5.6.7.8.9");
    for (int i = 0; i < 33; i++)
        sprintf(many + strlen(many), "%s'f%d': 1", i ? ", " : "", i);
    strcat(many, "}");
    check_spec(many, "sort has more than 32 fields: f32");
    CHECK_INT(sac__sort_init(&sort, sac_str_n("\5\0\0", 3), NULL), SAC_ECORRUPT);
}

static void test_sort__keys_stand_for_a_position(void **state)
{
    static const char *const docs[] = {"{'_id': 7, 'a': 'x', 'b': 5}",
                                       "{'_id': 7, 'a': ['x', 1], 'b': []}", "{'_id': 7}",
                                       "{'_id': 7, 'a': {'$numberDouble': 'NaN'}, 'b': [[1], 2]}"};
    const sac_str specs[] = {bson_of("{'a': 1, 'b': -1}"), bson_of("{'b': 1, '_id': -1, 'a': 1}"),
                             bson_of("{'_id': -1}")};

    (void)state;
    for (size_t i = 0; i < 12; i++) {
        const sac_str doc = bson_of(docs[i % 4]);
        const sac_value id = sac_bson_get(doc, sac_str_of("_id"));
        sac__buf x, y;
        sac__sort sort;
        sac_bson keys;
        sac_str values;

        sac_bson_init(&keys, NULL, 0);
        CHECK_INT(sac_sort_keys(specs[i / 4], doc, &keys, NULL), SAC_OK);
        CHECK_INT(sac_bson_finish(&keys, &values), SAC_OK);
        CHECK_INT(sac_bson_check(values, NULL), SAC_OK);
        CHECK_INT(sac__sort_init(&sort, specs[i / 4], NULL), SAC_OK);
        x = key_of(&sort, docs[i % 4]);
        sac__buf_init(&y, NULL, 65536);
        CHECK_INT(sac__sort_key_at(&sort, values, &id, &y), SAC_OK);
        CHECK(sac_str_eq(sac__buf_str(&x), sac__buf_str(&y)));
        sac__buf_fini(&x);
        sac__buf_fini(&y);
        sac_bson_fini(&keys);
        drop(doc);
    }
    for (size_t i = 0; i < 3; i++)
        drop(specs[i]);
}

static void test_sort__positions_must_have_all_fields(void **state)
{
    const sac_str spec = bson_of("{'a': 1, 'b': 1}");
    const sac_str one = bson_of("{'0': 1}"), three = bson_of("{'0': 1, '1': 2, '2': 3}");
    const sac_value id = {.type = SAC_BSON_NULL, .raw = {"", 0}};
    sac__sort sort;
    sac__buf key;

    (void)state;
    sac__buf_init(&key, NULL, 65536);
    CHECK_INT(sac__sort_init(&sort, spec, NULL), SAC_OK);
    CHECK_INT(sac__sort_key_at(&sort, one, &id, &key), SAC_EINVAL);
    CHECK_INT(sac__sort_key_at(&sort, three, &id, &key), SAC_EINVAL);
    CHECK_INT(sac__sort_key_at(&sort, sac_str_n("\5\0", 2), &id, &key), SAC_ECORRUPT);
    sac__buf_fini(&key);
    drop(spec);
    drop(one);
    drop(three);
}

static void test_sort__survives_hostile_documents(void **state)
{
    const sac_str spec = bson_of("{'a.b': 1, 'c': -1, 'd.1.e': 1}");
    const sac_str doc = bson_of(
        "{'_id': 1, 'a': [{'b': 'x'}, {'b': [1]}], 'c': [2, 3], 'd': [0, {'e': 1}]}");
    sac__sort sort;
    sac__buf key;

    (void)state;
    CHECK_INT(sac__sort_init(&sort, spec, NULL), SAC_OK);
    for (size_t i = 4; i < doc.n; i++) {
        char *bytes = memcpy(malloc(doc.n), doc.p, doc.n);

        bytes[i] = (char)(bytes[i] ^ 0x7f);
        sac__buf_init(&key, NULL, 65536);
        (void)!sac__sort_key(&sort, sac_str_n(bytes, doc.n), &key);
        sac__buf_fini(&key);
        free(bytes);
    }
    drop(spec);
    drop(doc);
}

static void test_sort__key_survives_oom(void **state)
{
    const sac_str spec = bson_of("{'a': 1, 'b': -1}");
    const sac_str doc = bson_of("{'_id': 1, 'a': 'some text', 'b': {'x': [1, 2, 3]}}");
    fault_alloc fault;
    sac__sort sort;
    sac__buf key;
    long n = 0;
    int rc;

    (void)state;
    CHECK_INT(sac__sort_init(&sort, spec, NULL), SAC_OK);
    do {
        sac__buf_init(&key, fault_alloc_init(&fault, n), 65536);
        rc = sac__sort_key(&sort, doc, &key);
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        sac__buf_fini(&key);
        CHECK_INT(fault.live, 0);
        CHECK(++n < 100);
    } while (rc != SAC_OK);
    CHECK(n > 1);
    drop(spec);
    drop(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sort__by_kind_and_value),
        cmocka_unit_test(test_sort__missing_is_null),
        cmocka_unit_test(test_sort__arrays_by_least_or_greatest),
        cmocka_unit_test(test_sort__through_arrays_of_documents),
        cmocka_unit_test(test_sort__by_index),
        cmocka_unit_test(test_sort__compound_then_id),
        cmocka_unit_test(test_sort__appends_id),
        cmocka_unit_test(test_sort__refuses_malformed_specifications),
        cmocka_unit_test(test_sort__keys_stand_for_a_position),
        cmocka_unit_test(test_sort__positions_must_have_all_fields),
        cmocka_unit_test(test_sort__survives_hostile_documents),
        cmocka_unit_test(test_sort__key_survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "query/filter.h"

#include "queries.h"

static void check_clauses(const char *json, const char *want)
{
    static const char *const ops[] = {"=", ">", ">=", "<", "<=", "in"};
    const sac_str f = bson_of(json);
    const sac__clause *clauses;
    sac_filter *filter = NULL;
    char got[512] = "";
    size_t n;

    CHECK_INT(sac_filter_new(f, NULL, NULL, &filter, NULL), SAC_OK);
    n = sac__filter_clauses(filter, &clauses);
    for (size_t i = 0; i < n; i++)
        sprintf(got + strlen(got), "%.*s%s%zu ", (int)clauses[i].path.n, clauses[i].path.p,
                ops[clauses[i].op], clauses[i].n);
    assert_string_equal(got, want);
    sac_filter_free(filter);
    drop(f);
}

static void test_clauses__of_and(void **state)
{
    (void)state;
    check_clauses("{'a': 5, 'b.c': {'$gt': 1, '$lte': 3}}", "a=1 b.c>1 b.c<=1 ");
    check_clauses("{'a.0.b': null, 'a': 1}", "a.0.b=1 a=1 ");
    check_clauses("{'$and': [{'a': {'$gte': 1}}, {'$and': [{'b': {'$lt': 2}}]}]}", "a>=1 b<1 ");
    check_clauses("{'a': {'$in': [3, 1, 3.0, 2]}}", "ain3 ");
    check_clauses("{'a': {'$in': []}}", "ain0 ");
    check_clauses("{'a': {'$all': [1, 2]}}", "a=1 a=1 ");
}

static void test_clauses__leave_out_what_does_not_bound(void **state)
{
    (void)state;
    check_clauses("{}", "");
    check_clauses("{'$or': [{'a': 1}], '$nor': [{'b': 1}]}", "");
    check_clauses("{'a': {'$ne': 1}, 'b': {'$nin': [1]}, 'c': {'$not': {'$gt': 1}}}", "");
    check_clauses("{'a': {'$exists': true}, 'b': {'$type': 'int'}, 'c': {'$size': 1}}", "");
    check_clauses("{'a': {'$elemMatch': {'b': 1}}, 'c': {'$mod': [2, 1]}}", "");
    check_clauses("{'a': [1], 'b': {'$gt': []}, 'c': {'$in': [1, [2]]}, 'd': 1}", "d=1 ");
    check_clauses("{'a': {'$gt': {'$minKey': 1}}, 'b': {'$lte': {'$maxKey': 1}}}", "");
    check_clauses("{'a': {'$regularExpression': {'pattern': '^x', 'options': ''}}}", "");
    check_clauses("{'a': {'$in': [1, {'$regularExpression': {'pattern': 'x', 'options': ''}}]}}",
                  "");
}

static void test_clauses__lists_ascend(void **state)
{
    const sac_str f = bson_of("{'a': {'$in': ['x', 2, null, 1, 'b', 2.0]}}");
    const sac__clause *clauses;
    sac_filter *filter = NULL;

    (void)state;
    CHECK_INT(sac_filter_new(f, NULL, NULL, &filter, NULL), SAC_OK);
    CHECK_INT(sac__filter_clauses(filter, &clauses), 1);
    CHECK_INT(clauses[0].n, 5);
    for (size_t i = 1; i < 5; i++)
        CHECK(sac_value_compare(&clauses[0].values[i - 1], &clauses[0].values[i]) < 0);
    sac_filter_free(filter);
    drop(f);
}

static bool is_empty(const char *json)
{
    const sac_str f = bson_of(json);
    sac_filter *filter = NULL;
    bool empty;

    CHECK_INT(sac_filter_new(f, NULL, NULL, &filter, NULL), SAC_OK);
    empty = sac__filter_is_empty(filter);
    sac_filter_free(filter);
    drop(f);
    return empty;
}

static void test_clauses__empty_filters(void **state)
{
    (void)state;
    CHECK(is_empty("{}"));
    CHECK(is_empty("{'$comment': 'x'}"));
    CHECK(is_empty("{'$and': [{}]}"));
    CHECK(!is_empty("{'a': {'$exists': true}}"));
    CHECK(!is_empty("{'$or': [{}]}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clauses__of_and),
        cmocka_unit_test(test_clauses__leave_out_what_does_not_bound),
        cmocka_unit_test(test_clauses__lists_ascend),
        cmocka_unit_test(test_clauses__empty_filters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

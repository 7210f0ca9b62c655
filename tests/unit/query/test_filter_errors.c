/* SPDX-License-Identifier: MIT */
#include "queries.h"

#include "query/filter.h"

static void test_filter_errors__operators_that_are_unknown(void **state)
{
    (void)state;
    REFUSED("{'$foo': 1}", NULL, SAC_EINVAL, "unknown operator $foo");
    REFUSED("{'$where': 'x'}", NULL, SAC_EINVAL, "unknown operator $where");
    REFUSED("{'$expr': {}}", NULL, SAC_EINVAL, "unknown operator $expr");
    REFUSED("{'a.0.b': {'$foo': 1}}", NULL, SAC_EINVAL, "a.b: unknown operator $foo");
    REFUSED("{'a': {'$gt': 1, 'b': 2}}", NULL, SAC_EINVAL, "a: unknown operator b");
    REFUSED("{'a': {'$not': {'b': 2}}}", NULL, SAC_EINVAL, "a: unknown operator b");
    REFUSED("{'a': {'$elemMatch': {'b': {'$foo': 1}}}}", NULL, SAC_EINVAL,
            "a.b: unknown operator $foo");
    REFUSED("{'a': {'$and': []}}", NULL, SAC_EINVAL, "a: unknown operator $and");
    REFUSED("{'a': {'$elemMatch': {'$gt': 1, '$or': []}}}", NULL, SAC_EINVAL,
            "a: unknown operator $or");
    REFUSED("{'a': {'$comment': 'x'}}", NULL, SAC_EINVAL, "a: unknown operator $comment");
}

static void test_filter_errors__arguments_of_lists(void **state)
{
    (void)state;
    REFUSED("{'a': {'$in': 1}}", NULL, SAC_EINVAL, "a: $in needs an array");
    REFUSED("{'a': {'$nin': {}}}", NULL, SAC_EINVAL, "a: $nin needs an array");
    REFUSED("{'a': {'$in': [{'$gt': 1}]}}", NULL, SAC_EINVAL, "a: $in cannot hold operators");
    REFUSED("{'a': {'$in': [{'$undefined': true}]}}", NULL, SAC_EINVAL,
            "a: $in cannot hold undefined");
    REFUSED("{'a': {'$all': 1}}", NULL, SAC_EINVAL, "a: $all needs an array");
    REFUSED("{'a': {'$all': [{'$gt': 1}]}}", NULL, SAC_EINVAL, "a: $all cannot hold operators");
    REFUSED("{'a': {'$all': [1, {'$elemMatch': {}}]}}", NULL, SAC_EINVAL,
            "a: $all takes values or $elemMatch, not both");
    REFUSED("{'a': {'$all': [{'$elemMatch': {}}, 1]}}", NULL, SAC_EINVAL,
            "a: $all takes values or $elemMatch, not both");
    REFUSED("{'$or': {}}", NULL, SAC_EINVAL, "$or must be an array");
    REFUSED("{'$and': []}", NULL, SAC_EINVAL, "$and must not be empty");
    REFUSED("{'$nor': []}", NULL, SAC_EINVAL, "$nor must not be empty");
    REFUSED("{'$or': [1]}", NULL, SAC_EINVAL, "$or must hold documents only");
    REFUSED("{'$or': [[]]}", NULL, SAC_EINVAL, "$or must hold documents only");
}

static void test_filter_errors__arguments_of_values(void **state)
{
    (void)state;
    REFUSED("{'a': {'$undefined': true}}", NULL, SAC_EINVAL, "a: $eq cannot compare to undefined");
    REFUSED("{'a': {'$gt': {'$undefined': true}}}", NULL, SAC_EINVAL,
            "a: $gt cannot compare to undefined");
    REFUSED("{'a': {'$ne': {'$regularExpression': {'pattern': 'x', 'options': ''}}}}", NULL,
            SAC_EINVAL, "a: $ne cannot take a regular expression");
    REFUSED("{'a': {'$lte': {'$regularExpression': {'pattern': 'x', 'options': ''}}}}", NULL,
            SAC_EINVAL, "a: $lte cannot take a regular expression");
    REFUSED("{'a': {'$not': 1}}", NULL, SAC_EINVAL,
            "a: $not needs a document or a regular expression");
    REFUSED("{'a': {'$not': {}}}", NULL, SAC_EINVAL, "a: $not cannot be empty");
    REFUSED("{'a': {'$elemMatch': []}}", NULL, SAC_EINVAL, "a: $elemMatch needs a document");
    REFUSED("{'a': {'$size': 'x'}}", NULL, SAC_EINVAL, "a: $size needs a number");
    REFUSED("{'a': {'$size': 1.5}}", NULL, SAC_EINVAL, "a: $size must be a whole number");
    REFUSED("{'a': {'$size': -1}}", NULL, SAC_EINVAL, "a: $size must not be negative");
    REFUSED("{'a': {'$size': 2147483648}}", NULL, SAC_EINVAL, "a: $size takes numbers of 32 bits");
    REFUSED("{'a': {'$size': {'$numberDouble': 'NaN'}}}", NULL, SAC_EINVAL,
            "a: $size must be a whole number");
}

static void test_filter_errors__arguments_of_type(void **state)
{
    (void)state;
    REFUSED("{'a': {'$type': 'text'}}", NULL, SAC_EINVAL, "a: $type has no type \"text\"");
    REFUSED("{'a': {'$type': 'missing'}}", NULL, SAC_EINVAL, "a: $type has no type \"missing\"");
    REFUSED("{'a': {'$type': 0}}", NULL, SAC_EINVAL, "a: $type has no type 0");
    REFUSED("{'a': {'$type': 20}}", NULL, SAC_EINVAL, "a: $type has no type 20");
    REFUSED("{'a': {'$type': 255}}", NULL, SAC_EINVAL, "a: $type has no type 255");
    REFUSED("{'a': {'$type': 1.5}}", NULL, SAC_EINVAL, "a: $type takes whole numbers");
    REFUSED("{'a': {'$type': true}}", NULL, SAC_EINVAL,
            "a: $type takes names and numbers of types");
    REFUSED("{'a': {'$type': []}}", NULL, SAC_EINVAL, "a: $type needs a type");
    REFUSED("{'a': {'$type': [['int']]}}", NULL, SAC_EINVAL,
            "a: $type takes names and numbers of types");
}

static void test_filter_errors__arguments_of_mod(void **state)
{
    (void)state;
    REFUSED("{'a': {'$mod': 2}}", NULL, SAC_EINVAL, "a: $mod needs an array");
    REFUSED("{'a': {'$mod': []}}", NULL, SAC_EINVAL, "a: $mod takes two numbers, not fewer");
    REFUSED("{'a': {'$mod': [1]}}", NULL, SAC_EINVAL, "a: $mod takes two numbers, not fewer");
    REFUSED("{'a': {'$mod': [1, 2, 3]}}", NULL, SAC_EINVAL, "a: $mod takes two numbers, not more");
    REFUSED("{'a': {'$mod': ['x', 2]}}", NULL, SAC_EINVAL, "a: $mod takes two numbers");
    REFUSED("{'a': {'$mod': [2, null]}}", NULL, SAC_EINVAL, "a: $mod takes two numbers");
    REFUSED("{'a': {'$mod': [0, 2]}}", NULL, SAC_EINVAL, "a: $mod cannot divide by 0");
    REFUSED("{'a': {'$mod': [0.9, 2]}}", NULL, SAC_EINVAL, "a: $mod cannot divide by 0");
    REFUSED("{'a': {'$mod': [{'$numberDouble': 'NaN'}, 2]}}", NULL, SAC_EINVAL,
            "a: $mod takes numbers of 64 bits");
    REFUSED("{'a': {'$mod': [2, 1e30]}}", NULL, SAC_EINVAL, "a: $mod takes numbers of 64 bits");
}

static void test_filter_errors__limits_of_size(void **state)
{
    const sac_query_limits five = SAC_QUERY_LIMITS(.max_nodes = 5);
    const sac_query_limits three = SAC_QUERY_LIMITS(.max_depth = 3);
    const char *deep = "{'$or': [{'$or': [{'$or': [{'a': 1}]}]}]}";

    (void)state;
    REFUSED("{'a': 1, 'b': 1, 'c': 1, 'd': 1, 'e': 1, 'f': 1}", &five, SAC_ELIMIT,
            "filter has more than 5 conditions");
    REFUSED("{'a': {'$in': [1, 2, 3, 4, 5]}}", &five, SAC_ELIMIT,
            "filter has more than 5 conditions");
    REFUSED("{'$or': [{'a': 1}, {'$or': [{'b': 1}, {'c': 1}]}, {'d': 1}]}", &five, SAC_ELIMIT,
            "filter has more than 5 conditions");
    REFUSED("{'a': {'$type': [1, 2, 3, 4, 5]}}", &five, SAC_ELIMIT,
            "filter has more than 5 conditions");
    REFUSED(deep, &three, SAC_ELIMIT, "filter is nested more than 3 deep");
    REFUSED("{'a': {'$not': {'$not': {'$not': {'$gt': 1}}}}}", &three, SAC_ELIMIT,
            "filter is nested more than 3 deep");
    REFUSED("{'a': {'$elemMatch': {'b': {'$elemMatch': {'c': {'$gt': 1}}}}}}", &three, SAC_ELIMIT,
            "filter is nested more than 3 deep");
    TAKES(deep, "{'a': 1}");
}

static void test_filter_errors__limits_of_paths(void **state)
{
    char filter[4096];
    size_t n = 2;

    (void)state;
    memcpy(filter, "{'", 2);
    for (int i = 0; i < 101; i++)
        n += (size_t)sprintf(filter + n, "%sa", i ? "." : "");
    sprintf(filter + n, "': 1}");
    TAKES("{'a.0.0.0.0.0.0.0.0': {'$exists': false}}", "{}");
    {
        const sac_str f = bson_of(filter);
        sac_filter *compiled = NULL;

        CHECK_INT(sac_filter_new(f, NULL, NULL, &compiled, NULL), SAC_ELIMIT);
        drop(f);
    }
    REFUSED("{'a.0.0.0.0.0.0.0.0.0': 1}", NULL, SAC_ELIMIT,
            "a path has too many names or indexes: a.0.0.0.0.0.0.0.0.0");
    memset(filter + 2, 'a', 1100);
    strcpy(filter + 1102, "': 1}");
    {
        const sac_str f = bson_of(filter);
        sac_filter *compiled = NULL;

        CHECK_INT(sac_filter_new(f, NULL, NULL, &compiled, NULL), SAC_ELIMIT);
        drop(f);
    }
}

static void test_filter_errors__refuses_damaged_filters(void **state)
{
    const sac_str f = bson_of("{'a': {'$in': ['x', 2]}, '$or': [{'b': 1}]}");
    sac_filter *compiled = NULL;
    sac_err err = {.code = 0};

    (void)state;
    for (size_t n = 1; n < f.n; n++) {
        CHECK_INT(sac_filter_new(sac_str_n(f.p, n), NULL, NULL, &compiled, &err), SAC_ECORRUPT);
        CHECK(!compiled);
    }
    drop(f);
}

static void test_filter_errors__refuses_newer_limits(void **state)
{
    sac_query_limits limits = SAC_QUERY_LIMITS(.max_nodes = 5);
    sac_filter *compiled = NULL;

    (void)state;
    limits.size += 8;
    CHECK_INT(sac_filter_new(sac_str_n(NULL, 0), &limits, NULL, &compiled, NULL), SAC_EVERSION);
}

/* What `allow` was asked, one behind the other; "$type" is refused. */
static int note(void *self, const char *op, sac_str path)
{
    char *text = (char *)self;

    sprintf(text + strlen(text), "%s(%.*s) ", op, (int)path.n, path.p);
    return strcmp(op, "$type") == 0;
}

static void check_asked(const char *filter, const char *want)
{
    char asked[1024] = "";
    const sac_query_limits limits = SAC_QUERY_LIMITS(.allow = note, .self = asked);
    const sac_str f = bson_of(filter);
    sac_filter *compiled = NULL;

    CHECK_INT(sac_filter_new(f, &limits, NULL, &compiled, NULL), SAC_OK);
    sac_filter_free(compiled);
    drop(f);
    assert_string_equal(asked, want);
}

static void test_filter_errors__asks_allow_with_paths(void **state)
{
    char asked[1024] = "";
    const sac_query_limits limits = SAC_QUERY_LIMITS(.allow = note, .self = asked);

    (void)state;
    check_asked("{'a': 1, 'b.c': {'$gt': 1, '$lt': 2}}", "$eq(a) $gt(b.c) $lt(b.c) ");
    check_asked("{'a.0.b': null}", "$eq(a.b) ");
    check_asked("{'0': 1}", "$eq(0) ");
    check_asked("{'$and': [{'$or': [{'a': 1}]}], '$comment': 1}",
                "$and() $or() $eq(a) $comment() ");
    check_asked("{'l': {'$elemMatch': {'x.y': 1, '$nor': [{'z': 1}]}}}",
                "$elemMatch(l) $eq(l.x.y) $nor() $eq(l.z) ");
    check_asked("{'l.0': {'$elemMatch': {'$gt': 1}}}", "$elemMatch(l) $gt(l) ");
    check_asked("{'l': {'$all': [{'$elemMatch': {'x': 1}}]}}", "$all(l) $elemMatch(l) $eq(l.x) ");
    check_asked("{'a': {'$not': {'$in': [1]}}, 'b': {'$ne': 1}}", "$not(a) $in(a) $ne(b) ");
    check_asked("{'a': {'$regularExpression': {'pattern': 'x', 'options': ''}}}", "$regex(a) ");
    check_asked("{'a': {'$regex': 'x', '$options': 'i'}}", "$regex(a) ");
    check_asked("{'a': {'$in': [{'$regularExpression': {'pattern': 'x', 'options': ''}}]}}",
                "$in(a) $regex(a) ");
    check_asked("{'a': {'$all': [{'$regularExpression': {'pattern': 'x', 'options': ''}}]}}",
                "$all(a) $regex(a) ");
    check_asked("{'a': {'$not': {'$regularExpression': {'pattern': 'x', 'options': ''}}}}",
                "$not(a) $regex(a) ");
    REFUSED("{'a.b': {'$exists': true, '$type': 1}}", &limits, SAC_EINVAL,
            "a.b: $type is not allowed here");
}

static void test_filter_errors__survives_oom(void **state)
{
    const sac_str f = bson_of("{'a': {'$in': [1, 2, 3], '$not': {'$regex': '^x(y|z)+'}}, "
                              "'$or': [{'b': 1}, {'c.d.e': {'$elemMatch': {'x': 1}}}], "
                              "'e': 1, 'f': 1, 'g': 1, 'h': {'$all': [1, 2]}}");
    sac_filter *filter = NULL;
    fault_alloc fault;
    long n = 0;

    (void)state;
    while (sac_filter_new(f, NULL, fault_alloc_init(&fault, n), &filter, NULL) != SAC_OK) {
        CHECK(!filter);
        CHECK_INT(fault.live, 0);
        CHECK(++n < 100);
    }
    CHECK(n > 2);
    sac_filter_free(filter);
    CHECK_INT(fault.live, 0);
    drop(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filter_errors__operators_that_are_unknown),
        cmocka_unit_test(test_filter_errors__arguments_of_lists),
        cmocka_unit_test(test_filter_errors__arguments_of_values),
        cmocka_unit_test(test_filter_errors__arguments_of_type),
        cmocka_unit_test(test_filter_errors__arguments_of_mod),
        cmocka_unit_test(test_filter_errors__limits_of_size),
        cmocka_unit_test(test_filter_errors__limits_of_paths),
        cmocka_unit_test(test_filter_errors__refuses_damaged_filters),
        cmocka_unit_test(test_filter_errors__refuses_newer_limits),
        cmocka_unit_test(test_filter_errors__asks_allow_with_paths),
        cmocka_unit_test(test_filter_errors__survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "updates.h"

#define PUSH(arg, old, want) \
    BECOMES("{'$push': {'a': " arg "}}", "{'a': " old "}", "{'a': " want "}")

static void test_push__appends(void **state)
{
    (void)state;
    PUSH("3", "[1, 2]", "[1, 2, 3]");
    PUSH("[3, 4]", "[1]", "[1, [3, 4]]");
    PUSH("{'x': 1}", "[]", "[{'x': 1}]");
    PUSH("null", "[1]", "[1, null]");
    PUSH("{'$each': [3, 4]}", "[1]", "[1, 3, 4]");
    BECOMES("{'$push': {'a': 1, 'b.c': {'$each': [1, 2]}}}", "{}",
            "{'a': [1], 'b': {'c': [1, 2]}}");
    BECOMES("{'$push': {'a.0': 2}}", "{'a': [[1]]}", "{'a': [[1, 2]]}");
    BECOMES("{'$push': {'a.1': 2}}", "{'a': [[1]]}", "{'a': [[1], [2]]}");
    BECOMES("{'$push': {'a': {'$each': []}}}", "{}", "{'a': []}");
    KEEPS("{'$push': {'a': {'$each': []}}}", "{'a': [1]}");
}

static void test_push__takes_a_position(void **state)
{
    (void)state;
    PUSH("{'$each': [8, 9], '$position': 0}", "[1, 2, 3]", "[8, 9, 1, 2, 3]");
    PUSH("{'$each': [8, 9], '$position': 1}", "[1, 2, 3]", "[1, 8, 9, 2, 3]");
    PUSH("{'$position': 3, '$each': [8]}", "[1, 2, 3]", "[1, 2, 3, 8]");
    PUSH("{'$position': 99, '$each': [8]}", "[1, 2, 3]", "[1, 2, 3, 8]");
    PUSH("{'$position': -1, '$each': [8, 9]}", "[1, 2, 3]", "[1, 2, 8, 9, 3]");
    PUSH("{'$position': -2, '$each': [8]}", "[1, 2, 3]", "[1, 8, 2, 3]");
    PUSH("{'$position': -3, '$each': [8]}", "[1, 2, 3]", "[8, 1, 2, 3]");
    PUSH("{'$position': -99, '$each': [8]}", "[1, 2, 3]", "[8, 1, 2, 3]");
    PUSH("{'$position': {'$numberLong': '-9223372036854775808'}, '$each': [8]}", "[1]", "[8, 1]");
    PUSH("{'$position': 1.0, '$each': [8]}", "[1, 2]", "[1, 8, 2]");
}

static void test_push__slices(void **state)
{
    (void)state;
    PUSH("{'$each': [3, 4], '$slice': 3}", "[1, 2]", "[1, 2, 3]");
    PUSH("{'$each': [3, 4], '$slice': -3}", "[1, 2]", "[2, 3, 4]");
    PUSH("{'$each': [3, 4], '$slice': 0}", "[1, 2]", "[]");
    PUSH("{'$each': [3, 4], '$slice': 99}", "[1, 2]", "[1, 2, 3, 4]");
    PUSH("{'$each': [3, 4], '$slice': -99}", "[1, 2]", "[1, 2, 3, 4]");
    PUSH("{'$each': [3, 4], '$slice': -5}", "[1, 2]", "[1, 2, 3, 4]");
    PUSH("{'$slice': 1, '$each': []}", "[1, 2]", "[1]");
    PUSH("{'$slice': -1, '$each': []}", "[1, 2]", "[2]");
    PUSH("{'$slice': 2, '$each': [8, 9], '$position': 0}", "[1, 2]", "[8, 9]");
    PUSH("{'$slice': 3, '$each': [8, 9], '$position': 1}", "[1, 2]", "[1, 8, 9]");
    PUSH("{'$slice': -2, '$each': [8, 9], '$position': 0}", "[1, 2, 3]", "[2, 3]");
    PUSH("{'$slice': -4, '$each': [8, 9], '$position': 0}", "[1, 2, 3]", "[9, 1, 2, 3]");
    PUSH("{'$slice': -1, '$each': [8, 9], '$position': 1}", "[1]", "[9]");
    PUSH("{'$slice': {'$numberLong': '-9223372036854775808'}, '$each': [8]}", "[1]", "[1, 8]");
    KEEPS("{'$push': {'a': {'$each': [], '$slice': 5}}}", "{'a': [1, 2]}");
    KEEPS("{'$push': {'a': {'$each': [3], '$slice': 2}}}", "{'a': [1, 2]}");
}

static void test_push__sorts(void **state)
{
    (void)state;
    PUSH("{'$each': [2, 9], '$sort': 1}", "[5, 1]", "[1, 2, 5, 9]");
    PUSH("{'$each': [2, 9], '$sort': -1}", "[5, 1]", "[9, 5, 2, 1]");
    PUSH("{'$sort': 1, '$each': []}", "[3, 'x', null, 1]", "[null, 1, 3, 'x']");
    PUSH("{'$each': [2, 9], '$sort': 1, '$slice': 2}", "[5, 1]", "[1, 2]");
    PUSH("{'$slice': -2, '$sort': -1, '$each': [2, 9]}", "[5, 1]", "[2, 1]");
    PUSH("{'$each': [{'n': 2}], '$sort': {'n': 1}}", "[{'n': 3}, {'n': 1}]",
         "[{'n': 1}, {'n': 2}, {'n': 3}]");
    PUSH("{'$each': [], '$sort': {'a': 1, 'b': -1}}",
         "[{'a': 2, 'b': 1}, {'a': 1, 'b': 1}, {'a': 1, 'b': 2}]",
         "[{'a': 1, 'b': 2}, {'a': 1, 'b': 1}, {'a': 2, 'b': 1}]");
    PUSH("{'$each': [], '$sort': {'n.m': -1}}", "[{'n': {'m': 1}}, {'n': {'m': 2}}, 5, {'x': 1}]",
         "[{'n': {'m': 2}}, {'n': {'m': 1}}, 5, {'x': 1}]");
    PUSH("{'$each': [{'n': 1, 'i': 9}], '$sort': {'n': 1}, '$position': 0}",
         "[{'n': 1, 'i': 1}, {'n': 0, 'i': 2}]",
         "[{'n': 0, 'i': 2}, {'n': 1, 'i': 9}, {'n': 1, 'i': 1}]");
    PUSH("{'$each': [3, 1, 2], '$sort': 1}", "[9, 8, 7, 6, 5]", "[1, 2, 3, 5, 6, 7, 8, 9]");
    BECOMES("{'$push': {'a': {'$each': [3, 1, 2], '$sort': 1}}}", "{}", "{'a': [1, 2, 3]}");
    KEEPS("{'$push': {'a': {'$each': [], '$sort': 1}}}", "{'a': [1, 2, 3]}");
}

static void test_push__refuses(void **state)
{
    (void)state;
    CONFLICTS("{'$push': {'a': 1}}", "{'a': 1}", "$push of 'a': the stored value is no array");
    CONFLICTS("{'$push': {'a': 1}}", "{'a': null}", "no array");
    CONFLICTS("{'$push': {'a': 1}}", "{'a': {}}", "no array");
    UPDATE_REFUSED("{'$push': {'a': {'$each': 1}}}", "$each needs an array");
    UPDATE_REFUSED("{'$push': {'a': {'$each': [], '$slice': 1.5}}}", "$slice needs an integer");
    UPDATE_REFUSED("{'$push': {'a': {'$each': [], '$slice': '1'}}}", "$slice needs an integer");
    UPDATE_REFUSED("{'$push': {'a': {'$each': [], '$position': null}}}",
                   "$position needs an integer");
    UPDATE_REFUSED("{'$push': {'a': {'$each': [], '$sort': 2}}}", "$sort needs 1, -1");
    UPDATE_REFUSED("{'$push': {'a': {'$each': [], '$sort': {}}}}", "$sort needs 1, -1");
    UPDATE_REFUSED("{'$push': {'a': {'$each': [], '$sort': {'a': 2}}}}", "$sort needs 1, -1");
    UPDATE_REFUSED("{'$push': {'a': {'$each': [], '$sort': {'a..b': 1}}}}", "$sort needs 1, -1");
    UPDATE_REFUSED("{'$push': {'a': {'$each': [], '$sort': 'a'}}}", "$sort needs 1, -1");
    UPDATE_REFUSED("{'$push': {'a': {'$each': [], 'x': 1}}}",
                   "only $each, $slice, $sort and $position");
    UPDATE_REFUSED("{'$push': {'a': {'$slice': 1}}}", "need $each");
}

static void test_pull__removes_equal_values(void **state)
{
    (void)state;
    BECOMES("{'$pull': {'a': 1}}", "{'a': [1, 2, 1.0, '1', {'$numberLong': '1'}]}",
            "{'a': [2, '1']}");
    BECOMES("{'$pull': {'a': 'x'}}", "{'a': ['x', 'y', ['x']]}", "{'a': ['y', ['x']]}");
    BECOMES("{'$pull': {'a': null}}", "{'a': [1, null]}", "{'a': [1]}");
    BECOMES("{'$pull': {'a': [1, 2]}}", "{'a': [[1, 2], [2, 1], 1, 2]}", "{'a': [[2, 1], 1, 2]}");
    BECOMES("{'$pull': {'a.b': 1}}", "{'a': {'b': [1, 2]}}", "{'a': {'b': [2]}}");
    BECOMES("{'$pull': {'a.0': 1}}", "{'a': [[1, 2], [1]]}", "{'a': [[2], [1]]}");
    KEEPS("{'$pull': {'a': 1}}", "{'a': [2]}");
    KEEPS("{'$pull': {'a': 1}}", "{'a': null}");
    KEEPS("{'$pull': {'b': 1, 'c.d': 1}}", "{'a': [2]}");
    CONFLICTS("{'$pull': {'a': 1}}", "{'a': 1}", "$pull of 'a': the stored value is no array");
}

static void test_pull__removes_by_condition(void **state)
{
    (void)state;
    BECOMES("{'$pull': {'a': {'$gte': 5}}}", "{'a': [1, 5, 9, 'x']}", "{'a': [1, 'x']}");
    BECOMES("{'$pull': {'a': {'$in': [1, 'x']}}}", "{'a': [1, 5, 9, 'x']}", "{'a': [5, 9]}");
    BECOMES("{'$pull': {'a': {'$ne': 5}}}", "{'a': [1, 5, 9]}", "{'a': [5]}");
    BECOMES("{'$pull': {'a': {'$gt': 1, '$lt': 9}}}", "{'a': [1, 5, 9]}", "{'a': [1, 9]}");
    BECOMES("{'$pull': {'a': {'$exists': true}}}", "{'a': [1, null]}", "{'a': []}");
    BECOMES("{'$pull': {'a': {'$regularExpression': {'pattern': '^x', 'options': ''}}}}",
            "{'a': ['xa', 'b']}", "{'a': ['b']}");
    BECOMES("{'$pull': {'a': {'$elemMatch': {'q': 2}}}}", "{'a': [[{'q': 2}], [{'q': 3}]]}",
            "{'a': [[{'q': 3}]]}");
    BECOMES("{'$pull': {'x.2': {'$gte': 5}}}", "{'x': [0, 0, [4, 5]]}", "{'x': [0, 0, [4]]}");
}

static void test_pull__removes_documents_by_a_filter(void **state)
{
    static const char doc[] =
        "{'r': [{'i': 'A', 's': 5}, {'i': 'B', 's': 8, 'c': 'x'}, {'i': 'B', 's': 4}, 8]}";

    (void)state;
    BECOMES("{'$pull': {'r': {'s': 8, 'i': 'B'}}}", doc,
            "{'r': [{'i': 'A', 's': 5}, {'i': 'B', 's': 4}, 8]}");
    BECOMES("{'$pull': {'r': {'s': {'$lt': 6}}}}", doc, "{'r': [{'i': 'B', 's': 8, 'c': 'x'}, 8]}");
    BECOMES("{'$pull': {'r': {'$or': [{'i': 'A'}, {'c': 'x'}]}}}", doc,
            "{'r': [{'i': 'B', 's': 4}, 8]}");
    BECOMES("{'$pull': {'r': {}}}", doc, "{'r': [8]}");
    BECOMES("{'$pull': {'r': {'a': {'$elemMatch': {'q': 2, 'v': {'$gte': 8}}}}}}",
            "{'r': [{'a': [{'q': 1, 'v': 9}, {'q': 2, 'v': 8}]}, {'a': [{'q': 2, 'v': 5}]}]}",
            "{'r': [{'a': [{'q': 2, 'v': 5}]}]}");
    UPDATE_REFUSED("{'$pull': {'r': {'$gte': 1, 'x': 1}}}", "");
    UPDATE_REFUSED("{'$pull': {'r': {'$unknown': 1}}}", "$unknown");
    UPDATE_REFUSED("{'$pull': {'r': {'s': {'$unknown': 1}}}}", "$unknown");
}

static void test_pull_all__removes_what_is_listed(void **state)
{
    (void)state;
    BECOMES("{'$pullAll': {'a': [0, 5]}}", "{'a': [0, 2, 5, 5.0, 1, 0]}", "{'a': [2, 1]}");
    BECOMES("{'$pullAll': {'a': [{'x': 1}, 'b', [1]]}}",
            "{'a': [{'x': 1}, {'x': 1, 'y': 2}, 'b', [1], 1]}", "{'a': [{'x': 1, 'y': 2}, 1]}");
    KEEPS("{'$pullAll': {'a': []}}", "{'a': [1]}");
    KEEPS("{'$pullAll': {'b': [1]}}", "{'a': [1]}");
    KEEPS("{'$pullAll': {'a': [null]}}", "{'a': null}");
    CONFLICTS("{'$pullAll': {'a': [1]}}", "{'a': 1}", "no array");
    UPDATE_REFUSED("{'$pullAll': {'a': 1}}", "$pullAll of 'a': it needs an array");
}

static void test_add_to_set__adds_what_is_not_there(void **state)
{
    (void)state;
    BECOMES("{'$addToSet': {'a': 3}}", "{'a': [1, 2]}", "{'a': [1, 2, 3]}");
    KEEPS("{'$addToSet': {'a': 2.0}}", "{'a': [1, 2]}");
    BECOMES("{'$addToSet': {'a': [1, 2]}}", "{'a': [1, 2]}", "{'a': [1, 2, [1, 2]]}");
    BECOMES("{'$addToSet': {'a': {'x': 1, 'y': 2}}}", "{'a': [{'y': 2, 'x': 1}]}",
            "{'a': [{'y': 2, 'x': 1}, {'x': 1, 'y': 2}]}");
    BECOMES("{'$addToSet': {'a': {'$each': [3, 1, 4, 3]}}}", "{'a': [1, 2]}",
            "{'a': [1, 2, 3, 4]}");
    BECOMES("{'$addToSet': {'a': {'$each': [3, 3.0]}}}", "{}", "{'a': [3]}");
    BECOMES("{'$addToSet': {'a': {'$each': []}}}", "{}", "{'a': []}");
    BECOMES("{'$addToSet': {'a.b': 'x'}}", "{}", "{'a': {'b': ['x']}}");
    KEEPS("{'$addToSet': {'a': {'$each': []}}}", "{'a': [1, 1]}");
    KEEPS("{'$addToSet': {'a': {'$each': [1, 2]}}}", "{'a': [2, 1, 1]}");
    CONFLICTS("{'$addToSet': {'a': 1}}", "{'a': 1}",
              "$addToSet of 'a': the stored value is no array");
    UPDATE_REFUSED("{'$addToSet': {'a': {'$each': 1}}}", "$addToSet of 'a'");
    UPDATE_REFUSED("{'$addToSet': {'a': {'$each': [], '$slice': 1}}}", "$addToSet of 'a'");
}

static void test_pop__takes_an_end(void **state)
{
    (void)state;
    BECOMES("{'$pop': {'a': 1}}", "{'a': [1, 2, 3]}", "{'a': [1, 2]}");
    BECOMES("{'$pop': {'a': -1}}", "{'a': [1, 2, 3]}", "{'a': [2, 3]}");
    BECOMES("{'$pop': {'a': 1.0}}", "{'a': [1]}", "{'a': []}");
    BECOMES("{'$pop': {'a.0.b': -1}}", "{'a': [{'b': [1, 2]}]}", "{'a': [{'b': [2]}]}");
    KEEPS("{'$pop': {'a': 1}}", "{'a': []}");
    KEEPS("{'$pop': {'b': 1}}", "{'a': []}");
    CONFLICTS("{'$pop': {'a': 1}}", "{'a': 'x'}", "$pop of 'a': the stored value is no array");
    UPDATE_REFUSED("{'$pop': {'a': 2}}", "$pop of 'a': it needs 1 or -1");
    UPDATE_REFUSED("{'$pop': {'a': '1'}}", "it needs 1 or -1");
    UPDATE_REFUSED("{'$pop': {'a': true}}", "it needs 1 or -1");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_push__appends),
        cmocka_unit_test(test_push__takes_a_position),
        cmocka_unit_test(test_push__slices),
        cmocka_unit_test(test_push__sorts),
        cmocka_unit_test(test_push__refuses),
        cmocka_unit_test(test_pull__removes_equal_values),
        cmocka_unit_test(test_pull__removes_by_condition),
        cmocka_unit_test(test_pull__removes_documents_by_a_filter),
        cmocka_unit_test(test_pull_all__removes_what_is_listed),
        cmocka_unit_test(test_add_to_set__adds_what_is_not_there),
        cmocka_unit_test(test_pop__takes_an_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "updates.h"

static void test_update__sets_in_place_and_adds_behind(void **state)
{
    (void)state;
    BECOMES("{'$set': {'a': 2}}", "{'_id': 1, 'a': 1, 'b': 1}", "{'_id': 1, 'a': 2, 'b': 1}");
    BECOMES("{'$set': {'c': 'x'}}", "{'_id': 1, 'a': 1}", "{'_id': 1, 'a': 1, 'c': 'x'}");
    BECOMES("{'$set': {'a': {'b': [1, {}]}}}", "{'a': 'x'}", "{'a': {'b': [1, {}]}}");
    BECOMES("{'$set': {'a': {'$numberLong': '1'}}}", "{'a': 1}", "{'a': {'$numberLong': '1'}}");
    KEEPS("{'$set': {'a': 1}}", "{'a': 1}");
    KEEPS("{'$set': {}}", "{'a': 1}");
    KEEPS("{'$set': {}, '$unset': {}, '$inc': {}}", "{'a': 1}");
}

static void test_update__makes_documents_on_the_way(void **state)
{
    (void)state;
    BECOMES("{'$set': {'a.b.c': 1}}", "{'_id': 1}", "{'_id': 1, 'a': {'b': {'c': 1}}}");
    BECOMES("{'$set': {'a.b.c': 1}}", "{'a': {'x': 0}}", "{'a': {'x': 0, 'b': {'c': 1}}}");
    BECOMES("{'$set': {'a.b.c': 1, 'a.b.d': 2, 'a.e': 3}}", "{}",
            "{'a': {'b': {'c': 1, 'd': 2}, 'e': 3}}");
    BECOMES("{'$set': {'a.0.b': 1}}", "{}", "{'a': {'0': {'b': 1}}}");
}

static void test_update__adds_fields_by_name(void **state)
{
    (void)state;
    BECOMES("{'$set': {'b': 1, 'a': 2, 'C': 3}}", "{'x': 0}", "{'x': 0, 'C': 3, 'a': 2, 'b': 1}");
    BECOMES("{'$set': {'z': 1, '10': 2, '9': 3, '01': 4}}", "{}",
            "{'9': 3, '10': 2, '01': 4, 'z': 1}");
    BECOMES("{'$set': {'b': 1}, '$inc': {'a': 1}}", "{}", "{'a': 1, 'b': 1}");
}

static void test_update__goes_into_arrays_by_index(void **state)
{
    (void)state;
    BECOMES("{'$set': {'a.1': 'x'}}", "{'a': [1, 2, 3]}", "{'a': [1, 'x', 3]}");
    BECOMES("{'$set': {'a.1.b': 'x'}}", "{'a': [1, {'b': 2}]}", "{'a': [1, {'b': 'x'}]}");
    BECOMES("{'$set': {'a.0.1': 9}}", "{'a': [[1, 2], 3]}", "{'a': [[1, 9], 3]}");
    BECOMES("{'$set': {'a.3': 4}}", "{'a': [1]}", "{'a': [1, null, null, 4]}");
    BECOMES("{'$set': {'a.2.b': 4}}", "{'a': [1]}", "{'a': [1, null, {'b': 4}]}");
    BECOMES("{'$set': {'a.2': 2, 'a.10': 10, 'a.0': 0}}", "{'a': [9]}",
            "{'a': [0, null, 2, null, null, null, null, null, null, null, 10]}");
    CONFLICTS("{'$set': {'a.x': 1}}", "{'a': [1]}", "'a.x': it leads through an array");
    CONFLICTS("{'$set': {'a.01': 1}}", "{'a': [1]}", "leads through an array without an index");
    CONFLICTS("{'$set': {'a.-1': 1}}", "{'a': [1]}", "leads through an array without an index");
    CONFLICTS("{'$set': {'a.x.y': 1}}", "{'a': [{'x': {'y': 0}}]}", "'a.x.y'");
}

static void test_update__bounds_what_it_pads(void **state)
{
    (void)state;
    CONFLICTS("{'$set': {'a.1500002': 1}}", "{'a': [1]}", "too far behind the array's end");
    CONFLICTS("{'$set': {'a.99999999999999999999': 1}}", "{'a': []}", "too far behind");
}

static void test_update__does_not_lead_through_scalars(void **state)
{
    (void)state;
    CONFLICTS("{'$set': {'a.b': 1}}", "{'a': 5}",
              "$set of 'a.b': it leads through 'a', which is no document");
    CONFLICTS("{'$set': {'a.b.c': 1}}", "{'a': {'b': null}}", "through 'a.b'");
    CONFLICTS("{'$inc': {'a.b': 1}}", "{'a': 'x'}", "$inc of 'a.b'");
    CONFLICTS("{'$push': {'a.b': 1}}", "{'a': true}", "$push of 'a.b'");
    CONFLICTS("{'$currentDate': {'a.b': true}}", "{'a': 1}", "$currentDate of 'a.b'");
    KEEPS("{'$unset': {'a.b': 1}}", "{'a': 5}");
    KEEPS("{'$unset': {'a.x': 1}}", "{'a': [1]}");
    KEEPS("{'$pull': {'a.b': 1}}", "{'a': 5}");
    KEEPS("{'$pop': {'a.b': 1}}", "{'a': 5}");
}

static void test_update__unsets(void **state)
{
    (void)state;
    BECOMES("{'$unset': {'a': ''}}", "{'_id': 1, 'a': {'x': 1}, 'b': 2}", "{'_id': 1, 'b': 2}");
    BECOMES("{'$unset': {'a.x': 1}}", "{'a': {'x': 1}}", "{'a': {}}");
    BECOMES("{'$unset': {'a.1': 1}}", "{'a': [1, 2, 3]}", "{'a': [1, null, 3]}");
    BECOMES("{'$unset': {'a.1.b': 1}}", "{'a': [1, {'b': 2}]}", "{'a': [1, {}]}");
    KEEPS("{'$unset': {'a.7': 1}}", "{'a': [1, null]}");
    KEEPS("{'$unset': {'a.1': 1}}", "{'a': [1, null]}");
    KEEPS("{'$unset': {'x': 1, 'y.z': 1}}", "{'a': 1}");
}

static void test_update__renames(void **state)
{
    (void)state;
    BECOMES("{'$rename': {'a': 'b'}}", "{'_id': 1, 'a': 5, 'c': 6}", "{'_id': 1, 'c': 6, 'b': 5}");
    BECOMES("{'$rename': {'a': 'b'}}", "{'a': 5, 'b': 6, 'c': 7}", "{'b': 5, 'c': 7}");
    BECOMES("{'$rename': {'a.b': 'c.d'}}", "{'a': {'b': [1]}}", "{'a': {}, 'c': {'d': [1]}}");
    BECOMES("{'$rename': {'a': 'x', 'b': 'y'}}", "{'b': 2, 'a': 1}", "{'x': 1, 'y': 2}");
    BECOMES("{'$rename': {'a': 'b'}, '$set': {'c': 1}}", "{'a': 2}", "{'b': 2, 'c': 1}");
    KEEPS("{'$rename': {'x': 'y.z'}}", "{'a': 1}");
    KEEPS("{'$rename': {'x': 'a'}}", "{'a': 1}");
    KEEPS("{'$rename': {'x': 'a.b'}}", "{'a': 1}");
    KEEPS("{'$rename': {'a.b.c': 'x'}}", "{'a': {}}");
    CONFLICTS("{'$rename': {'a': 'b.c'}}", "{'a': 1, 'b': 2}", "it leads through 'b'");
    CONFLICTS("{'$rename': {'a.b': 'c'}}", "{'a': 1}", "$rename of 'a.b': it leads through 'a'");
    CONFLICTS("{'$rename': {'a.0': 'c'}}", "{'a': [1]}", "it leads through 'a'");
    CONFLICTS("{'$rename': {'a': 'b.0'}}", "{'a': 1, 'b': [5]}", "it leads through an array");
    CONFLICTS("{'$rename': {'a': 'b.0.x'}}", "{'a': 1, 'b': [{}]}", "it leads through an array");
    UPDATE_REFUSED("{'$rename': {'a': 1}}", "the new name is no string");
    UPDATE_REFUSED("{'$rename': {'a': 'a'}}", "in conflict");
    UPDATE_REFUSED("{'$rename': {'a': 'a.b'}}", "in conflict");
    UPDATE_REFUSED("{'$rename': {'a.b': 'a'}}", "in conflict");
    UPDATE_REFUSED("{'$rename': {'a': ''}}", "empty name");
    UPDATE_REFUSED("{'$rename': {'a': 'b\\u0000c'}}", "NUL");
    UPDATE_REFUSED("{'$rename': {'a': 'b', 'b': 'c'}}", "in conflict");
    UPDATE_REFUSED("{'$rename': {'a': 'b'}, '$set': {'b': 1}}", "in conflict");
}

static void test_update__leaves_set_on_insert(void **state)
{
    (void)state;
    KEEPS("{'$setOnInsert': {'a': 2, 'x.y': 1}}", "{'a': 1}");
    BECOMES("{'$setOnInsert': {'a': 2}, '$set': {'b': 1}}", "{'a': 1}", "{'a': 1, 'b': 1}");
    UPDATE_REFUSED("{'$setOnInsert': {'a': 2}, '$set': {'a': 1}}", "in conflict");
}

static void test_update__keeps_the_id(void **state)
{
    (void)state;
    KEEPS("{'$set': {'_id': 1}}", "{'_id': 1, 'a': 1}");
    KEEPS("{'$set': {'_id': 1.0}}", "{'_id': 1, 'a': 1}");
    BECOMES("{'$set': {'_id': 1, 'a': 2}}", "{'_id': 1, 'a': 1}", "{'_id': 1, 'a': 2}");
    KEEPS("{'$setOnInsert': {'_id': 7}}", "{'_id': 1}");
    CONFLICTS("{'$set': {'_id': 2}}", "{'_id': 1}", "would change '_id'");
    CONFLICTS("{'$set': {'_id.b': 2}}", "{'_id': {'a': 1}}", "would change '_id'");
    CONFLICTS("{'$unset': {'_id': 2}}", "{'_id': 1}", "would change '_id'");
    CONFLICTS("{'$inc': {'_id': 1}}", "{'_id': 1}", "would change '_id'");
    CONFLICTS("{'$rename': {'_id': 'b'}}", "{'_id': 1}", "would change '_id'");
    CONFLICTS("{'$rename': {'a': '_id'}}", "{'_id': 1, 'a': 2}", "would change '_id'");
    CONFLICTS("{'$set': {'_id': 2}}", "{'a': 1}", "would change '_id'");
    BECOMES("{'$set': {'a._id': 2}}", "{'_id': 1, 'a': {'_id': 1}}", "{'_id': 1, 'a': {'_id': 2}}");
}

static void test_update__sets_the_date(void **state)
{
    (void)state;
    BECOMES("{'$currentDate': {'a': true, 'b': {'$type': 'date'}}}", "{'a': 1}",
            "{'a': {'$date': {'$numberLong': '1714979289123'}}, "
            "'b': {'$date': {'$numberLong': '1714979289123'}}}");
    BECOMES("{'$currentDate': {'a.b': {'$type': 'timestamp'}}}", "{}",
            "{'a': {'b': {'$timestamp': {'t': 1714979289, 'i': 1}}}}");
    KEEPS("{'$currentDate': {'a': true}}", "{'a': {'$date': {'$numberLong': '1714979289123'}}}");
    UPDATE_REFUSED("{'$currentDate': {'a': 1}}", "$currentDate of 'a'");
    UPDATE_REFUSED("{'$currentDate': {'a': {'$type': 'x'}}}", "$currentDate of 'a'");
    UPDATE_REFUSED("{'$currentDate': {'a': {'$type': 'date', 'b': 1}}}", "$currentDate of 'a'");
    UPDATE_REFUSED("{'$currentDate': {'a': {}}}", "$currentDate of 'a'");
}

static void test_update__first_of_equal_names_counts(void **state)
{
    (void)state;
    BECOMES("{'$set': {'a': 3}}", "{'a': 1, 'a': 2}", "{'a': 3, 'a': 2}");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_update__sets_in_place_and_adds_behind),
        cmocka_unit_test(test_update__makes_documents_on_the_way),
        cmocka_unit_test(test_update__adds_fields_by_name),
        cmocka_unit_test(test_update__goes_into_arrays_by_index),
        cmocka_unit_test(test_update__bounds_what_it_pads),
        cmocka_unit_test(test_update__does_not_lead_through_scalars),
        cmocka_unit_test(test_update__unsets),
        cmocka_unit_test(test_update__renames),
        cmocka_unit_test(test_update__leaves_set_on_insert),
        cmocka_unit_test(test_update__keeps_the_id),
        cmocka_unit_test(test_update__sets_the_date),
        cmocka_unit_test(test_update__first_of_equal_names_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

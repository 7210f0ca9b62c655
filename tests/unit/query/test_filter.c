/* SPDX-License-Identifier: MIT */
#include "queries.h"

static void test_filter__empty_takes_all(void **state)
{
    sac_filter *filter = NULL;
    const sac_str doc = bson_of("{'a': 1}");

    (void)state;
    TAKES("{}", "{}");
    TAKES("{}", "{'a': 1}");
    TAKES("{'$comment': 'why'}", "{}");
    CHECK_INT(sac_filter_new(sac_str_n(NULL, 0), NULL, NULL, &filter, NULL), SAC_OK);
    CHECK_INT(sac_filter_match(filter, doc, NULL), 1);
    sac_filter_free(filter);
    sac_filter_free(NULL);
    drop(doc);
}

static void test_filter__eq_by_value(void **state)
{
    (void)state;
    TAKES("{'a': 5}", "{'x': 1, 'a': 5}");
    LEAVES("{'a': 5}", "{'a': 6}");
    LEAVES("{'a': 5}", "{'a': '5'}");
    LEAVES("{'a': 5}", "{'b': 5}");
    TAKES("{'a': 5}", "{'a': 5.0}");
    TAKES("{'a': 5}", "{'a': {'$numberLong': '5'}}");
    TAKES("{'a': 5}", "{'a': {'$numberDecimal': '5.00'}}");
    TAKES("{'a': {'$numberDecimal': '0.5'}}", "{'a': 0.5}");
    LEAVES("{'a': {'$numberDecimal': '0.1'}}", "{'a': 0.1}");
    TAKES("{'a': 0}", "{'a': -0.0}");
    TAKES("{'a': 'x'}", "{'a': {'$symbol': 'x'}}");
    LEAVES("{'a': 'x'}", "{'a': 'xx'}");
    LEAVES("{'a': true}", "{'a': 1}");
    TAKES("{'a': {'$eq': true}}", "{'a': true}");
    TAKES("{'a': {'$date': {'$numberLong': '7'}}}", "{'a': {'$date': {'$numberLong': '7'}}}");
    LEAVES("{'a': {'$date': {'$numberLong': '7'}}}", "{'a': {'$timestamp': {'t': 0, 'i': 7}}}");
    TAKES("{'a': {'$numberDouble': 'NaN'}}", "{'a': {'$numberDecimal': 'NaN'}}");
    TAKES("{'longer_than_eight': 1}", "{'longer_than_seven': 0, 'longer_than_eight': 1}");
    LEAVES("{'longer_than_eight': 1}", "{'longer_t': 1}");
}

static void test_filter__eq_compares_documents_and_arrays_whole(void **state)
{
    (void)state;
    TAKES("{'a': {'x': 1, 'y': 2}}", "{'a': {'x': 1.0, 'y': 2}}");
    LEAVES("{'a': {'x': 1, 'y': 2}}", "{'a': {'y': 2, 'x': 1}}");
    LEAVES("{'a': {'x': 1}}", "{'a': {'x': 1, 'y': 2}}");
    TAKES("{'a': {'x': 1}}", "{'a': [0, {'x': 1}]}");
    TAKES("{'a': {}}", "{'a': {}}");
    LEAVES("{'a': {}}", "{'a': []}");
    TAKES("{'a': [1, 2]}", "{'a': [1, 2]}");
    LEAVES("{'a': [1, 2]}", "{'a': [2, 1]}");
    LEAVES("{'a': [1, 2]}", "{'a': [1, 2, 3]}");
    TAKES("{'a': [1, 2]}", "{'a': [[1, 2], 3]}");
    LEAVES("{'a': [1, 2]}", "{'a': [[[1, 2]]]}");
    TAKES("{'a': []}", "{'a': []}");
    TAKES("{'a': {'$eq': {'$x': 1}}}", "{'a': {'$x': 1}}");
}

static void test_filter__eq_looks_into_arrays(void **state)
{
    (void)state;
    TAKES("{'a': 2}", "{'a': [1, 2]}");
    LEAVES("{'a': 2}", "{'a': [[2]]}");
    LEAVES("{'a': 2}", "{'a': []}");
    TAKES("{'a': {'$gt': 3}}", "{'a': [1, 5]}");
    TAKES("{'a': {'$gt': 3, '$lt': 2}}", "{'a': [1, 5]}");
    LEAVES("{'a': {'$gt': 5}}", "{'a': [1, 5]}");
    LEAVES("{'a': {'$ne': 2}}", "{'a': [1, 2]}");
    TAKES("{'a.1': [2, 4]}", "{'a': [5, [2, 4]]}");
    LEAVES("{'a.1': 2}", "{'a': [5, [2, 4]]}");
    LEAVES("{'a.1': {'$type': 'int'}}", "{'a': [5, [2, 4]]}");
    TAKES("{'a.1.0': 2}", "{'a': [5, [2, 4]]}");
}

static void test_filter__null_takes_missing_but_not_undefined(void **state)
{
    (void)state;
    TAKES("{'a': null}", "{'a': null}");
    TAKES("{'a': null}", "{'b': 1}");
    TAKES("{'a': null, 'b': 1}", "{'b': 1}");
    LEAVES("{'a': null}", "{'a': {'$undefined': true}}");
    LEAVES("{'a': null}", "{'a': 0}");
    LEAVES("{'a': null}", "{'a': []}");
    TAKES("{'a': null}", "{'a': [1, null]}");
    TAKES("{'a.b': null}", "{'a': 1}");
    TAKES("{'a.b': null}", "{'a': {}}");
    TAKES("{'a.b': null}", "{'a': [{'b': 1}, {'c': 1}]}");
    LEAVES("{'a.b': null}", "{'a': [{'b': 1}]}");
    LEAVES("{'a.b': null}", "{'a': []}");
    LEAVES("{'a.b': null}", "{'a': [1, 2]}");
    TAKES("{'a': {'$gte': null}}", "{}");
    TAKES("{'a': {'$lte': null}}", "{'a': null}");
    LEAVES("{'a': {'$gt': null}}", "{}");
    LEAVES("{'a': {'$lte': null}}", "{'a': 1}");
    LEAVES("{'a': {'$ne': null}}", "{}");
    TAKES("{'a': {'$ne': null}}", "{'a': {'$undefined': true}}");
    TAKES("{'a': {'$in': [1, null]}}", "{}");
    LEAVES("{'a': {'$in': [1, null]}}", "{'a': {'$undefined': true}}");
    LEAVES("{'a': {'$nin': [null]}}", "{}");
    TAKES("{'a': {'$all': [null]}}", "{}");
}

static void test_filter__order_holds_within_a_kind(void **state)
{
    (void)state;
    TAKES("{'a': {'$gt': 1}}", "{'a': 1.5}");
    TAKES("{'a': {'$gte': 1}}", "{'a': {'$numberDecimal': '1.0'}}");
    LEAVES("{'a': {'$gt': 1}}", "{'a': 'x'}");
    LEAVES("{'a': {'$lt': 1}}", "{'a': null}");
    LEAVES("{'a': {'$lt': 1}}", "{}");
    TAKES("{'a': {'$lt': 'b'}}", "{'a': 'a'}");
    LEAVES("{'a': {'$lte': 'b'}}", "{'a': 'ba'}");
    TAKES("{'a': {'$gt': false}}", "{'a': true}");
    LEAVES("{'a': {'$gt': false}}", "{'a': 1}");
    TAKES("{'a': {'$gt': {'x': 1}}}", "{'a': {'x': 2}}");
    TAKES("{'a': {'$gte': [1, 2]}}", "{'a': [1, 3]}");
    LEAVES("{'a': {'$gt': [1, 2]}}", "{'a': [1]}");
    TAKES("{'a': {'$lt': {'$date': '2026-01-01T00:00:00Z'}}}",
          "{'a': {'$date': '2025-01-01T00:00:00Z'}}");
    TAKES("{'a': {'$gt': {'$oid': '5f0000000000000000000001'}}}",
          "{'a': {'$oid': '5f0000000000000000000002'}}");
    TAKES("{'a': {'$gte': 9007199254740993}}", "{'a': 9007199254740993}");
    LEAVES("{'a': {'$gte': 9007199254740993}}", "{'a': 9007199254740992.0}");
}

static void test_filter__nan_is_beside_the_order(void **state)
{
    (void)state;
    LEAVES("{'a': {'$lt': 5}}", "{'a': {'$numberDouble': 'NaN'}}");
    LEAVES("{'a': {'$gt': 5}}", "{'a': {'$numberDouble': 'NaN'}}");
    LEAVES("{'a': {'$lte': {'$numberDouble': 'NaN'}}}", "{'a': 5}");
    TAKES("{'a': {'$lte': {'$numberDouble': 'NaN'}}}", "{'a': {'$numberDecimal': 'NaN'}}");
    TAKES("{'a': {'$gte': {'$numberDouble': 'NaN'}}}", "{'a': {'$numberDouble': 'NaN'}}");
    LEAVES("{'a': {'$gt': {'$numberDouble': 'NaN'}}}", "{'a': {'$numberDouble': 'NaN'}}");
    LEAVES("{'a': {'$gt': {'$numberDouble': 'NaN'}}}", "{'a': 5}");
}

static void test_filter__minkey_and_maxkey_compare_with_all(void **state)
{
    (void)state;
    TAKES("{'a': {'$gt': {'$minKey': 1}}}", "{'a': 'x'}");
    TAKES("{'a': {'$gte': {'$minKey': 1}}}", "{'a': {'$minKey': 1}}");
    LEAVES("{'a': {'$gt': {'$minKey': 1}}}", "{'a': {'$minKey': 1}}");
    LEAVES("{'a': {'$lt': {'$minKey': 1}}}", "{'a': 1}");
    TAKES("{'a': {'$lt': {'$maxKey': 1}}}", "{'a': 1}");
    TAKES("{'a': {'$lt': {'$maxKey': 1}}}", "{}");
    LEAVES("{'a': {'$gte': {'$maxKey': 1}}}", "{'a': 1}");
    TAKES("{'a': {'$gte': {'$maxKey': 1}}}", "{'a': {'$maxKey': 1}}");
    LEAVES("{'a': {'$maxKey': 1}}", "{'a': 1}");
    TAKES("{'a': {'$lt': {'$maxKey': 1}}}", "{'a': {'$numberDouble': 'NaN'}}");
}

static void test_filter__in_and_nin(void **state)
{
    (void)state;
    TAKES("{'a': {'$in': [3, 1, 2]}}", "{'a': 2.0}");
    TAKES("{'a': {'$in': [3, 'x', 2, 2, 3]}}", "{'a': 'x'}");
    LEAVES("{'a': {'$in': [3, 1]}}", "{'a': 2}");
    LEAVES("{'a': {'$in': []}}", "{'a': 2}");
    LEAVES("{'a': {'$in': []}}", "{}");
    TAKES("{'a': {'$nin': []}}", "{}");
    TAKES("{'a': {'$in': [[1, 2]]}}", "{'a': [1, 2]}");
    TAKES("{'a': {'$in': [[1, 2]]}}", "{'a': [[1, 2]]}");
    TAKES("{'a': {'$in': [5, 2]}}", "{'a': [1, 2]}");
    TAKES("{'a': {'$in': [{'x': 1}]}}", "{'a': {'x': 1}}");
    LEAVES("{'a': {'$nin': [2]}}", "{'a': [1, 2]}");
    TAKES("{'a': {'$nin': [2]}}", "{'b': 2}");
    TAKES("{'a': {'$in': [{'$regularExpression': {'pattern': '^x', 'options': ''}}, 7]}}",
          "{'a': ['xy']}");
    TAKES("{'a': {'$in': [{'$regularExpression': {'pattern': '^x', 'options': ''}}, 7]}}",
          "{'a': 7}");
    LEAVES("{'a': {'$nin': [{'$regularExpression': {'pattern': '^x', 'options': ''}}]}}",
           "{'a': 'xy'}");
    TAKES("{'a': {'$in': [{'$numberDouble': 'NaN'}]}}", "{'a': {'$numberDouble': 'NaN'}}");
}

static void test_filter__exists_by_truth(void **state)
{
    (void)state;
    TAKES("{'a': {'$exists': true}}", "{'a': null}");
    LEAVES("{'a': {'$exists': true}}", "{}");
    TAKES("{'a': {'$exists': true}}", "{'a': []}");
    TAKES("{'a': {'$exists': false}}", "{}");
    LEAVES("{'a': {'$exists': false}}", "{'a': null}");
    TAKES("{'a': {'$exists': 1}}", "{'a': 1}");
    TAKES("{'a': {'$exists': ''}}", "{'a': 1}");
    TAKES("{'a': {'$exists': {'$numberDouble': 'NaN'}}}", "{'a': 1}");
    LEAVES("{'a': {'$exists': 0}}", "{'a': 1}");
    LEAVES("{'a': {'$exists': -0.0}}", "{'a': 1}");
    LEAVES("{'a': {'$exists': {'$numberDecimal': '0E+3'}}}", "{'a': 1}");
    LEAVES("{'a': {'$exists': null}}", "{'a': 1}");
    TAKES("{'a.b': {'$exists': true}}", "{'a': [1, {'b': 1}]}");
    TAKES("{'a.b': {'$exists': false}}", "{'a': []}");
    TAKES("{'a.1': {'$exists': true}}", "{'a': [1, 2]}");
    TAKES("{'a.2': {'$exists': false}}", "{'a': [1, 2]}");
}

static void test_filter__type_by_number_name_and_list(void **state)
{
    (void)state;
    TAKES("{'a': {'$type': 2}}", "{'a': 'x'}");
    TAKES("{'a': {'$type': 'string'}}", "{'a': [1, 'x']}");
    LEAVES("{'a': {'$type': 'string'}}", "{'a': 1}");
    LEAVES("{'a': {'$type': 'string'}}", "{}");
    TAKES("{'a': {'$type': 'number'}}", "{'a': {'$numberDecimal': '1'}}");
    LEAVES("{'a': {'$type': 'number'}}", "{'a': true}");
    TAKES("{'a': {'$type': ['bool', 16.0]}}", "{'a': 1}");
    TAKES("{'a': {'$type': ['bool', 16]}}", "{'a': true}");
    LEAVES("{'a': {'$type': ['bool', 'int']}}", "{'a': {'$numberLong': '1'}}");
    TAKES("{'a': {'$type': 'array'}}", "{'a': []}");
    TAKES("{'a': {'$type': 4}}", "{'a': [[1]]}");
    LEAVES("{'a': {'$type': 'array'}}", "{'a': 1}");
    TAKES("{'a': {'$type': 'object'}}", "{'a': [{}]}");
    TAKES("{'a': {'$type': 'null'}}", "{'a': null}");
    LEAVES("{'a': {'$type': 'null'}}", "{}");
    TAKES("{'a': {'$type': 'undefined'}}", "{'a': {'$undefined': true}}");
    TAKES("{'a': {'$type': -1}}", "{'a': {'$minKey': 1}}");
    LEAVES("{'a': {'$type': 'minKey'}}", "{'a': {'$maxKey': 1}}");
    TAKES("{'a': {'$type': 127}}", "{'a': {'$maxKey': 1}}");
    TAKES("{'a': {'$type': 'decimal'}}", "{'a': {'$numberDecimal': '1'}}");
    TAKES("{'a': {'$type': 'objectId'}}", "{'a': {'$oid': '5f0000000000000000000001'}}");
    TAKES("{'a': {'$not': {'$type': 'int'}}}", "{}");
}

static void test_filter__all_of_a_list(void **state)
{
    (void)state;
    TAKES("{'a': {'$all': [1, 2]}}", "{'a': [2, 3, 1]}");
    LEAVES("{'a': {'$all': [1, 2]}}", "{'a': [1, 3]}");
    TAKES("{'a': {'$all': [1]}}", "{'a': 1}");
    LEAVES("{'a': {'$all': []}}", "{'a': []}");
    LEAVES("{'a': {'$all': []}}", "{'a': 1}");
    TAKES("{'a': {'$not': {'$all': []}}}", "{'a': 1}");
    TAKES("{'a': {'$all': [[1, 2]]}}", "{'a': [1, 2]}");
    TAKES("{'a': {'$all': [{'x': 1}]}}", "{'a': [{'x': 1}]}");
    TAKES("{'a': {'$all': [{'$regularExpression': {'pattern': '^x', 'options': ''}}, 'b']}}",
          "{'a': ['b', 'xx']}");
    TAKES("{'a': {'$all': [{'$elemMatch': {'x': 1}}, {'$elemMatch': {'x': 2, 'y': 3}}]}}",
          "{'a': [{'x': 1}, {'x': 2, 'y': 3}]}");
    LEAVES("{'a': {'$all': [{'$elemMatch': {'x': 1}}, {'$elemMatch': {'x': 2, 'y': 3}}]}}",
           "{'a': [{'x': 1, 'y': 3}, {'x': 2}]}");
    TAKES("{'a.b': {'$all': [1, 2]}}", "{'a': [{'b': 1}, {'b': 2}]}");
}

static void test_filter__size(void **state)
{
    (void)state;
    TAKES("{'a': {'$size': 2}}", "{'a': [1, 2]}");
    LEAVES("{'a': {'$size': 2}}", "{'a': [1, 2, 3]}");
    LEAVES("{'a': {'$size': 2}}", "{'a': [1]}");
    LEAVES("{'a': {'$size': 2}}", "{'a': [[1, 2]]}");
    TAKES("{'a': {'$size': 0}}", "{'a': []}");
    LEAVES("{'a': {'$size': 0}}", "{'a': 0}");
    LEAVES("{'a': {'$size': 0}}", "{}");
    TAKES("{'a': {'$size': 1.0}}", "{'a': [1]}");
    TAKES("{'a': {'$size': {'$numberDecimal': '1.0'}}}", "{'a': [1]}");
    LEAVES("{'a': {'$size': {'$numberLong': '2147483647'}}}", "{'a': [1]}");
    TAKES("{'a.0': {'$size': 2}}", "{'a': [[1, 2]]}");
    TAKES("{'a.b': {'$size': 1}}", "{'a': [{'b': 1}, {'b': [1]}]}");
}

static void test_filter__elem_match_of_operators(void **state)
{
    (void)state;
    TAKES("{'a': {'$elemMatch': {'$gt': 3, '$lt': 6}}}", "{'a': [1, 5, 9]}");
    LEAVES("{'a': {'$elemMatch': {'$gt': 3, '$lt': 6}}}", "{'a': [1, 9]}");
    LEAVES("{'a': {'$elemMatch': {'$gt': 3, '$lt': 6}}}", "{'a': 5}");
    LEAVES("{'a': {'$elemMatch': {'$eq': 5}}}", "{'a': [[5]]}");
    TAKES("{'a': {'$elemMatch': {'$elemMatch': {'$eq': 5}}}}", "{'a': [[5]]}");
    TAKES("{'a': {'$elemMatch': {'$not': {'$gt': 3}}}}", "{'a': [9, 1]}");
    LEAVES("{'a': {'$elemMatch': {'$not': {'$gt': 3}}}}", "{'a': [9]}");
    TAKES("{'a': {'$elemMatch': {'$ne': 9}}}", "{'a': [9, 1]}");
    LEAVES("{'a': {'$elemMatch': {'$nin': [9, 1]}}}", "{'a': [9, 1]}");
    TAKES("{'a': {'$elemMatch': {'$in': [1, 2], '$exists': true}}}", "{'a': [9, 1]}");
    TAKES("{'a': {'$elemMatch': {'$size': 2}}}", "{'a': [[1, 2]]}");
    TAKES("{'a': {'$elemMatch': {'$regex': '^x', '$options': 'i'}}}", "{'a': ['Xy']}");
    LEAVES("{'a': {'$elemMatch': {'$exists': false}}}", "{'a': [1]}");
    TAKES("{'a.b': {'$elemMatch': {'$gt': 1}}}", "{'a': [{'b': [1]}, {'b': [2]}]}");
}

static void test_filter__elem_match_of_documents(void **state)
{
    (void)state;
    TAKES("{'a': {'$elemMatch': {'x': 1, 'y': {'$gt': 2}}}}", "{'a': [{'x': 1, 'y': 3}]}");
    LEAVES("{'a': {'$elemMatch': {'x': 1, 'y': {'$gt': 2}}}}",
           "{'a': [{'x': 1, 'y': 1}, {'x': 2, 'y': 3}]}");
    LEAVES("{'a': {'$elemMatch': {'x': 1}}}", "{'a': {'x': 1}}");
    TAKES("{'a': {'$elemMatch': {'x.y': 1}}}", "{'a': [{'x': [{'y': 1}]}]}");
    TAKES("{'a': {'$elemMatch': {'$or': [{'x': 1}, {'x': 2}]}}}", "{'a': [3, {'x': 2}]}");
    TAKES("{'a': {'$elemMatch': {'$and': [{'x': 1}], 'y': 2}}}", "{'a': [{'x': 1, 'y': 2}]}");
    TAKES("{'a': {'$elemMatch': {}}}", "{'a': [1, {}]}");
    TAKES("{'a': {'$elemMatch': {}}}", "{'a': [[]]}");
    LEAVES("{'a': {'$elemMatch': {}}}", "{'a': [1]}");
    TAKES("{'a': {'$elemMatch': {'0': 7}}}", "{'a': [[7]]}");
    TAKES("{'a': {'$elemMatch': {'x': null}}}", "{'a': [{'y': 1}]}");
    LEAVES("{'a': {'$elemMatch': {'x': null}}}", "{'a': [1]}");
    TAKES("{'a': {'$elemMatch': {'b': {'$elemMatch': {'c': 1}}}}}", "{'a': [{'b': [{'c': 1}]}]}");
    TAKES("{'a': {'$not': {'$elemMatch': {'x': 1}}}}", "{}");
    TAKES("{'a.0.b': {'$elemMatch': {'c': 1}}}", "{'a': [{'b': [{'c': 1}]}]}");
}

static void test_filter__mod_cuts_to_integers(void **state)
{
    (void)state;
    TAKES("{'a': {'$mod': [4, 1]}}", "{'a': 9}");
    TAKES("{'a': {'$mod': [4, 1]}}", "{'a': 9.9}");
    TAKES("{'a': {'$mod': [4, 1]}}", "{'a': {'$numberDecimal': '9.99'}}");
    TAKES("{'a': {'$mod': [4.9, 1.9]}}", "{'a': [9]}");
    TAKES("{'a': {'$mod': [{'$numberDecimal': '4.9'}, 1]}}", "{'a': 9}");
    TAKES("{'a': {'$mod': [4, -1]}}", "{'a': -9}");
    TAKES("{'a': {'$mod': [-4, 1]}}", "{'a': 9}");
    LEAVES("{'a': {'$mod': [4, 1]}}", "{'a': -9}");
    LEAVES("{'a': {'$mod': [4, 0]}}", "{'a': 'x'}");
    LEAVES("{'a': {'$mod': [4, 0]}}", "{}");
    LEAVES("{'a': {'$mod': [1, 0]}}", "{'a': {'$numberDouble': 'NaN'}}");
    LEAVES("{'a': {'$mod': [1, 0]}}", "{'a': {'$numberDouble': '-Infinity'}}");
    LEAVES("{'a': {'$mod': [1, 0]}}", "{'a': 1e300}");
    LEAVES("{'a': {'$mod': [1, 0]}}", "{'a': 9223372036854775808.0}");
    LEAVES("{'a': {'$mod': [1, 0]}}", "{'a': {'$numberDecimal': '9223372036854775808'}}");
    LEAVES("{'a': {'$mod': [1, 0]}}", "{'a': {'$numberDecimal': '18446744073709551617'}}");
    TAKES("{'a': {'$mod': [10, 7]}}", "{'a': {'$numberDecimal': '9223372036854775807'}}");
    TAKES("{'a': {'$mod': [10, -8]}}", "{'a': {'$numberDecimal': '-9223372036854775808'}}");
    TAKES("{'a': {'$mod': [-1, 0]}}", "{'a': {'$numberLong': '-9223372036854775808'}}");
    TAKES("{'a': {'$mod': [1, 0]}}", "{'a': {'$numberDecimal': '1E-40'}}");
    TAKES("{'a': {'$mod': [7, 2]}}", "{'a': {'$numberDecimal': '1E+2'}}");
    LEAVES("{'a': {'$mod': [1, 0]}}", "{'a': {'$numberDecimal': 'Infinity'}}");
}

static void test_filter__not_of_operators(void **state)
{
    (void)state;
    TAKES("{'a': {'$not': {'$gt': 3}}}", "{'a': 1}");
    TAKES("{'a': {'$not': {'$gt': 3}}}", "{}");
    TAKES("{'a': {'$not': {'$gt': 3}}}", "{'a': 'x'}");
    LEAVES("{'a': {'$not': {'$gt': 3}}}", "{'a': [1, 5]}");
    LEAVES("{'a': {'$not': {'$gt': 3, '$lt': 2}}}", "{'a': [1, 5]}");
    TAKES("{'a': {'$not': {'$gt': 3, '$lt': 2}}}", "{'a': [5]}");
    TAKES("{'a': {'$not': {'$not': {'$gt': 3}}}}", "{'a': 5}");
    TAKES("{'a': {'$not': {'$eq': 3}, '$gt': 1}}", "{'a': 2}");
    TAKES("{'a': {'$not': {'$regularExpression': {'pattern': 'b', 'options': 'i'}}}}",
          "{'a': 'a'}");
    LEAVES("{'a': {'$not': {'$regularExpression': {'pattern': 'B', 'options': 'i'}}}}",
           "{'a': 'ab'}");
    LEAVES("{'a': {'$not': {'$regex': 'B', '$options': 'i'}}}", "{'a': 'ab'}");
    TAKES("{'a.b': {'$not': {'$exists': true}}}", "{'a': [1]}");
}

static void test_filter__logic(void **state)
{
    (void)state;
    TAKES("{'$and': [{'a': 1}, {'b': 2}]}", "{'a': 1, 'b': 2}");
    LEAVES("{'$and': [{'a': 1}, {'b': 2}]}", "{'a': 1, 'b': 3}");
    TAKES("{'$or': [{'a': 1}, {'b': 2}]}", "{'b': 2}");
    LEAVES("{'$or': [{'a': 1}, {'b': 2}]}", "{'b': 3}");
    TAKES("{'$nor': [{'a': 1}, {'b': 2}]}", "{'b': 3}");
    LEAVES("{'$nor': [{'a': 1}, {'b': 2}]}", "{'b': 2}");
    TAKES("{'$or': [{}]}", "{}");
    LEAVES("{'$nor': [{}]}", "{}");
    TAKES("{'a': 1, '$or': [{'b': 1}, {'b': 2}]}", "{'a': 1, 'b': 2}");
    LEAVES("{'a': 1, '$or': [{'b': 1}, {'b': 2}]}", "{'a': 2, 'b': 2}");
    LEAVES("{'$and': [{'$or': [{'a': 1}]}, {'$or': [{'a': 2}]}]}", "{'a': 1}");
    TAKES("{'$and': [{'$or': [{'a': 1}]}, {'$or': [{'a': 2}]}]}", "{'a': [1, 2]}");
    TAKES("{'$and': [{'a': {'$gt': 1}}, {'a': {'$lt': 3}}], 'a': 2}", "{'a': 2}");
    LEAVES("{'$and': [{'a': 1}, {'a': 2}]}", "{'a': 1}");
    TAKES("{'$nor': [{'$nor': [{'a': 1}]}]}", "{'a': 1}");
}

static void test_filter__more_fields_than_one_walk(void **state)
{
    char filter[4096] = "{", doc[4096] = "{";
    size_t f = 1, d = 1;

    (void)state;
    for (int i = 0; i < 150; i++) {
        f += (size_t)sprintf(filter + f, "%s'f%d': %d", i ? ", " : "", i, i);
        d += (size_t)sprintf(doc + d, "%s'f%d': %d", i ? ", " : "", 149 - i, 149 - i);
    }
    sprintf(filter + f, "}");
    sprintf(doc + d, "}");
    TAKES(filter, doc);
    *strstr(doc, " 77") = '7'; /* 777 */
    LEAVES(filter, doc);
}

static void test_filter__references_are_values(void **state)
{
    const char *doc = "{'a': {'$ref': 'c', '$id': 5, '$db': 'd'}, "
                      "'l': [{'$ref': 'c', '$id': 6}]}";

    (void)state;
    TAKES("{'a': {'$ref': 'c', '$id': 5, '$db': 'd'}}", doc);
    LEAVES("{'a': {'$ref': 'c', '$id': 5}}", doc);
    TAKES("{'a.$id': 5}", doc);
    TAKES("{'l': {'$elemMatch': {'$id': 6, '$ref': 'c'}}}", doc);
    TAKES("{'l': {'$in': [{'$ref': 'c', '$id': 6}]}}", doc);
    TAKES("{'l': {'$all': [{'$ref': 'c', '$id': 6}]}}", doc);
}

static void test_filter__first_of_equal_names_counts(void **state)
{
    (void)state;
    TAKES("{'a': 1}", "{'a': 1, 'a': 2}");
    LEAVES("{'a': 2}", "{'a': 1, 'a': 2}");
    TAKES("{'a': 1, 'b': 2}", "{'a': 1, 'a': 2, 'b': 2, 'b': 1}");
    TAKES("{'': 1}", "{'': 1}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_filter__empty_takes_all),
        cmocka_unit_test(test_filter__eq_by_value),
        cmocka_unit_test(test_filter__eq_compares_documents_and_arrays_whole),
        cmocka_unit_test(test_filter__eq_looks_into_arrays),
        cmocka_unit_test(test_filter__null_takes_missing_but_not_undefined),
        cmocka_unit_test(test_filter__order_holds_within_a_kind),
        cmocka_unit_test(test_filter__nan_is_beside_the_order),
        cmocka_unit_test(test_filter__minkey_and_maxkey_compare_with_all),
        cmocka_unit_test(test_filter__in_and_nin),
        cmocka_unit_test(test_filter__exists_by_truth),
        cmocka_unit_test(test_filter__type_by_number_name_and_list),
        cmocka_unit_test(test_filter__all_of_a_list),
        cmocka_unit_test(test_filter__size),
        cmocka_unit_test(test_filter__elem_match_of_operators),
        cmocka_unit_test(test_filter__elem_match_of_documents),
        cmocka_unit_test(test_filter__mod_cuts_to_integers),
        cmocka_unit_test(test_filter__not_of_operators),
        cmocka_unit_test(test_filter__logic),
        cmocka_unit_test(test_filter__more_fields_than_one_walk),
        cmocka_unit_test(test_filter__references_are_values),
        cmocka_unit_test(test_filter__first_of_equal_names_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "queries.h"

#define PATTERN(pattern, options) \
    "{'a': {'$regularExpression': {'pattern': '" pattern "', 'options': '" options "'}}}"

/* Alone the two would be read as a regex; beside another operator they are operators. */
#define OPERATORS(pattern, options) \
    "{'a': {'$exists': true, '$regex': '" pattern "', '$options': '" options "'}}"

static void test_regex__matches_strings_and_symbols(void **state)
{
    (void)state;
    TAKES("{'a': {'$regex': 'b+c'}}", "{'a': 'abbc'}");
    LEAVES("{'a': {'$regex': '^b'}}", "{'a': 'abbc'}");
    LEAVES("{'a': {'$regex': 'b'}}", "{'a': 5}");
    LEAVES("{'a': {'$regex': ''}}", "{}");
    TAKES("{'a': {'$regex': ''}}", "{'a': ''}");
    TAKES("{'a': {'$regex': 'b'}}", "{'a': {'$symbol': 'b'}}");
    TAKES("{'a': {'$regex': 'b'}}", "{'a': ['x', 'b']}");
    TAKES(PATTERN("B$", "i"), "{'a': 'ab'}");
    TAKES("{'a': {'$regex': {'$regularExpression': {'pattern': 'B', 'options': 'i'}}}}",
          "{'a': 'b'}");
    TAKES("{'a': {'$regex': {'$regularExpression': {'pattern': 'B', 'options': ''}}, "
          "'$options': 'i'}}",
          "{'a': 'b'}");
    TAKES("{'a': {'$regex': 'b', '$ne': 'b'}}", "{'a': 'ab'}");
}

static void test_regex__options(void **state)
{
    (void)state;
    TAKES(OPERATORS("B", "i"), "{'a': 'b'}");
    TAKES("{'a': {'$options': 'i', '$exists': true, '$regex': 'B'}}", "{'a': 'b'}");
    LEAVES(OPERATORS("^b", ""), "{'a': 'a\\nb'}");
    TAKES(OPERATORS("^b", "m"), "{'a': 'a\\nb'}");
    LEAVES(OPERATORS("a.b", ""), "{'a': 'a\\nb'}");
    TAKES(OPERATORS("a.b", "s"), "{'a': 'a\\nb'}");
    TAKES(OPERATORS("a b # c", "x"), "{'a': 'ab'}");
    TAKES(OPERATORS("A", "imsux"), "{'a': 'a'}");
    TAKES(PATTERN("^b", "m"), "{'a': 'a\\nb'}");
}

static void test_regex__is_utf8(void **state)
{
    (void)state;
    TAKES("{'a': {'$regex': '^.$'}}", "{'a': 'é'}");
    TAKES("{'a': {'$regex': 'É', '$options': 'i'}}", "{'a': 'é'}");
    TAKES("{'a': {'$regex': '^\\\\p{Lu}$'}}", "{'a': 'É'}");
}

static void test_regex__text_that_is_no_utf8_matches_around_it(void **state)
{
    char doc[] = "\x12\0\0\0\x02"
                 "a\0\6\0\0\0xy\xff\xfez\0";
    const sac_str bytes = sac_str_n(doc, sizeof doc); /* its last byte ends the document */
    const sac_str f = bson_of("{'a': {'$regex': 'xy|no'}}");
    const sac_str over = bson_of("{'a': {'$regex': 'y.*z'}}");
    sac_filter *filter = NULL;

    (void)state;
    CHECK_INT(sac_filter_new(f, NULL, NULL, &filter, NULL), SAC_OK);
    CHECK_INT(sac_filter_match(filter, bytes, NULL), 1);
    sac_filter_free(filter);
    CHECK_INT(sac_filter_new(over, NULL, NULL, &filter, NULL), SAC_OK);
    CHECK_INT(sac_filter_match(filter, bytes, NULL), 0);
    sac_filter_free(filter);
    drop(f);
    drop(over);
}

static void test_regex__equals_a_stored_one(void **state)
{
    (void)state;
    TAKES(PATTERN("b", "i"), PATTERN("b", "i"));
    LEAVES(PATTERN("b", "i"), PATTERN("b", ""));
    LEAVES(PATTERN("b", ""), PATTERN("bb", ""));
    TAKES("{'a': {'$eq': {'$regularExpression': {'pattern': 'b', 'options': ''}}}}",
          PATTERN("b", ""));
    LEAVES("{'a': {'$eq': {'$regularExpression': {'pattern': 'b', 'options': ''}}}}", "{'a': 'b'}");
}

static void test_regex__refuses_what_is_malformed(void **state)
{
    (void)state;
    REFUSED("{'a': {'$regex': 5}}", NULL, SAC_EINVAL,
            "a: $regex must be a string or a regular expression");
    REFUSED("{'a': {'$regex': 'x', '$options': 5}}", NULL, SAC_EINVAL,
            "a: $options must be a string");
    REFUSED("{'a': {'$options': 'i'}}", NULL, SAC_EINVAL, "a: $options needs a $regex");
    REFUSED(OPERATORS("x", "g"), NULL, SAC_EINVAL,
            "a: options of a pattern are i, m, s, u and x, not \"g\"");
    REFUSED("{'a': {'$regex': {'$regularExpression': {'pattern': 'x', 'options': 'i'}}, "
            "'$options': 'm'}}",
            NULL, SAC_EINVAL, "a: options are set in both $regex and $options");
    REFUSED("{'a': {'$regex': '(x'}}", NULL, SAC_EINVAL,
            "a: unreadable pattern: missing closing parenthesis");
    REFUSED("{'a': {'$in': [{'$regularExpression': {'pattern': '[', 'options': ''}}]}}", NULL,
            SAC_EINVAL, "a: unreadable pattern: missing terminating ] for character class");
}

static void test_regex__refuses_nul(void **state)
{
    sac_filter *filter = NULL;
    sac_err err = {.code = 0};
    sac_bson doc;
    sac_str f;

    (void)state;
    sac_bson_init(&doc, NULL, 0);
    sac_bson_begin_doc(&doc, sac_str_of("a"));
    sac_bson_add_str(&doc, "$regex", sac_str_n("x\0y", 3));
    sac_bson_end(&doc);
    CHECK_INT(sac_bson_finish(&doc, &f), SAC_OK);
    CHECK_INT(sac_filter_new(f, NULL, NULL, &filter, &err), SAC_EINVAL);
    assert_string_equal(err.text, "a: a pattern must not contain NUL");
    sac_bson_fini(&doc);
}

/* A document with one long text, "abab...". */
static sac_str long_doc(size_t n)
{
    char *text = malloc(n);
    sac_bson doc;
    sac_str bytes;

    CHECK(text);
    for (size_t i = 0; i < n; i++)
        text[i] = i % 2 ? 'b' : 'a';
    sac_bson_init(&doc, NULL, 0); /* of malloc: drop() frees it */
    sac_bson_add_str(&doc, "a", sac_str_n(text, n));
    CHECK_INT(sac_bson_finish(&doc, &bytes), SAC_OK);
    free(text);
    return bytes;
}

static void test_regex__has_limits(void **state)
{
    const sac_query_limits four = SAC_QUERY_LIMITS(.max_pattern = 4);
    const sac_query_limits steps = SAC_QUERY_LIMITS(.max_steps = 1000);
    const sac_str slow = bson_of("{'a': {'$regex': '^(a+)+$'}}");
    const sac_str doc = bson_of("{'a': 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab'}");
    const sac_str easy = bson_of("{'a': 'aaab'}");
    sac_filter *filter = NULL;
    sac_err err = {.code = 0};

    (void)state;
    REFUSED("{'a': {'$regex': 'abcde'}}", &four, SAC_ELIMIT, "a: a pattern has more than 4 bytes");
    CHECK_INT(sac_filter_new(slow, &steps, NULL, &filter, NULL), SAC_OK);
    CHECK_INT(sac_filter_match(filter, doc, &err), SAC_ELIMIT);
    assert_string_equal(err.text, "a regular expression takes too many steps");
    CHECK_INT(sac_filter_match(filter, easy, NULL), 0);
    sac_filter_free(filter);
    CHECK_INT(sac_filter_new(slow, NULL, NULL, &filter, NULL), SAC_OK);
    CHECK_INT(sac_filter_match(filter, doc, &err), SAC_ELIMIT);
    sac_filter_free(filter);
    drop(slow);
    drop(doc);
    drop(easy);
}

static int match_long(const char *filter, size_t n)
{
    const sac_str f = bson_of(filter), doc = long_doc(n);
    sac_filter *compiled = NULL;
    int rc;

    CHECK_INT(sac_filter_new(f, NULL, NULL, &compiled, NULL), SAC_OK);
    rc = sac_filter_match(compiled, doc, NULL);
    sac_filter_free(compiled);
    drop(f);
    drop(doc);
    return rc;
}

/* What is within the limit at every place, but not in all of them together. */
static void test_regex__limits_hold_for_the_whole_text(void **state)
{
    (void)state;
    CHECK_INT(match_long("{'a': {'$regex': '(?:[ab]?){15}[xy]'}}", 200), SAC_ELIMIT);
    CHECK_INT(match_long("{'a': {'$regex': '(?:[ab]?){15}[xy]'}}", 5000), SAC_ELIMIT);
    CHECK_INT(match_long("{'a': {'$regex': '[ab]*[xy]'}}", 100000), SAC_ELIMIT);
    CHECK_INT(match_long("{'a': {'$regex': 'bb|a.*c'}}", 200), 0);
    CHECK_INT(match_long("{'a': {'$regex': '^.*x'}}", 1000000), 0);
    CHECK_INT(match_long("{'a': {'$regex': 'abab(ab)+$'}}", 20000), 1);
    CHECK_INT(match_long("{'a': {'$regex': 'bb'}}", 1000000), 0);
    CHECK_INT(match_long("{'a': {'$regex': 'b[^a]'}}", 200000), 0);
}

static void test_regex__match_survives_oom(void **state)
{
    const sac_str f = bson_of("{'a': {'$regex': '^((a)(b))+$'}}"); /* more than the stack holds */
    const sac_query_limits limits = SAC_QUERY_LIMITS(.max_steps = 1000000);
    const sac_str doc = long_doc(2000);
    sac_filter *filter = NULL;
    fault_alloc fault;
    long made, n = 0;

    (void)state;
    CHECK_INT(sac_filter_new(f, &limits, fault_alloc_init(&fault, -1), &filter, NULL), SAC_OK);
    made = fault.live;
    fault.left = 0;
    CHECK_INT(sac_filter_match(filter, doc, NULL), SAC_ENOMEM);
    for (;;) {
        fault.left = n;
        if (sac_filter_match(filter, doc, NULL) == 1)
            break;
        CHECK_INT(fault.live, made);
        CHECK(++n < 100);
    }
    CHECK(n > 0);
    CHECK_INT(fault.live, made);
    sac_filter_free(filter);
    CHECK_INT(fault.live, 0);
    drop(f);
    drop(doc);
}

static void test_regex__small_match_takes_no_memory(void **state)
{
    const sac_str f = bson_of("{'a': {'$regex': '(b|a)+c', '$options': 'i'}}");
    const sac_str doc = bson_of("{'a': 'abababaC'}");
    sac_filter *filter = NULL;
    fault_alloc fault;

    (void)state;
    CHECK_INT(sac_filter_new(f, NULL, fault_alloc_init(&fault, -1), &filter, NULL), SAC_OK);
    fault.left = 0;
    CHECK_INT(sac_filter_match(filter, doc, NULL), 1);
    sac_filter_free(filter);
    drop(f);
    drop(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_regex__matches_strings_and_symbols),
        cmocka_unit_test(test_regex__options),
        cmocka_unit_test(test_regex__is_utf8),
        cmocka_unit_test(test_regex__text_that_is_no_utf8_matches_around_it),
        cmocka_unit_test(test_regex__equals_a_stored_one),
        cmocka_unit_test(test_regex__refuses_what_is_malformed),
        cmocka_unit_test(test_regex__refuses_nul),
        cmocka_unit_test(test_regex__has_limits),
        cmocka_unit_test(test_regex__limits_hold_for_the_whole_text),
        cmocka_unit_test(test_regex__match_survives_oom),
        cmocka_unit_test(test_regex__small_match_takes_no_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "query/path.h"

#include "queries.h"

typedef struct given {
    char text[512]; /* the values as `type:text`, one behind the other */
    int stop_at, n;
} given;

static void print_value(const sac_value *value, char *out)
{
    int64_t number;
    sac_str s;

    if (value->type == SAC_BSON_MISSING)
        strcpy(out, "missing ");
    else if (value->type == SAC_BSON_ARRAY)
        sprintf(out, "array%zu ", value->raw.n);
    else if (value->type == SAC_BSON_DOCUMENT)
        sprintf(out, "document%zu ", value->raw.n);
    else if (sac_value_str(value, &s))
        sprintf(out, "'%.*s' ", (int)s.n, s.p);
    else if (sac_value_int(value, &number))
        sprintf(out, "%lld ", (long long)number);
    else
        sprintf(out, "type%d ", value->type);
}

static int take(void *self, const sac_value *value)
{
    given *g = (given *)self;

    print_value(value, g->text + strlen(g->text));
    return ++g->n == g->stop_at;
}

static void check_gives(const char *path, const char *json, const char *want)
{
    const sac_str doc = bson_of(json);
    given g = {.text = ""};

    CHECK_INT(sac__path_each(doc, sac_str_of(path), take, &g), SAC_OK);
    if (strcmp(g.text, want) != 0)
        fail_msg("%s of %s: %s", path, json, g.text);
    drop(doc);
}

static void test_path__goes_into_documents(void **state)
{
    (void)state;
    check_gives("a", "{'x': 4, 'a': 5}", "5 ");
    check_gives("a.b.c", "{'a': {'b': {'c': 5}}}", "5 ");
    check_gives("a", "{}", "missing ");
    check_gives("a.b", "{'a': {'c': 5}}", "missing ");
    check_gives("a.b", "{'a': 4}", "missing ");
    check_gives("a", "{'a': {'b': 1}}", "document12 ");
    check_gives("a", "{'a': [5, 6]}", "array19 ");
    check_gives("", "{'': 7}", "7 ");
    check_gives("a..b", "{'a': {'': {'b': 7}}}", "7 ");
}

static void test_path__goes_through_arrays(void **state)
{
    (void)state;
    check_gives("a.b", "{'a': [{'b': 5}, 3, {}, {'b': [9, 11]}, {'b': 7}]}",
                "5 missing array19 7 ");
    check_gives("a.b.c", "{'a': [{'b': [{'c': 1}, {'c': 2}]}, {'b': {'c': 3}}, {'b': 1}]}",
                "1 2 3 missing ");
    check_gives("a.b", "{'a': [[{'b': 1}]]}", "missing ");
}

static void test_path__gives_missing_where_nothing_is(void **state)
{
    (void)state;
    check_gives("a.b", "{'a': []}", "missing ");
    check_gives("a.b", "{'a': [4]}", "missing ");
    check_gives("a.b.c", "{'a': [{'b': []}, {'b': []}]}", "missing ");
}

static void test_path__takes_numbers_as_indexes(void **state)
{
    (void)state;
    check_gives("a.1", "{'a': [5, 7, 3]}", "7 ");
    check_gives("a.1", "{'a': [5, [2, 4], 3]}", "array19 ");
    check_gives("a.1", "{'a': [5, {'1': 4}, 3]}", "4 document12 ");
    check_gives("a.1.b", "{'a': [5, {'b': 4}, 3]}", "missing 4 ");
    check_gives("a.1.b", "{'a': [5, [{'b': 4}], 3]}", "4 ");
    check_gives("a.0.b", "{'a': [{'b': [2]}, {'b': [4, 5]}]}", "missing array12 missing ");
    check_gives("a.0", "{'a': {'0': 5}}", "5 ");
    check_gives("a.01", "{'a': [5, 7]}", "missing ");
    check_gives("a.-1", "{'a': [5, 7]}", "missing ");
    check_gives("a.2", "{'a': [5, 7]}", "missing ");
    check_gives("a.0.1", "{'a': [[5, 7]]}", "7 ");
    check_gives("a.0.0", "{'a': [5]}", "missing ");
}

static void test_path__stops_when_told(void **state)
{
    const sac_str doc = bson_of("{'a': [{'b': 1}, {'b': 2}, {'b': 3}]}");
    given g = {.text = "", .stop_at = 2};

    (void)state;
    CHECK_INT(sac__path_each(doc, sac_str_of("a.b"), take, &g), 1);
    assert_string_equal(g.text, "1 2 ");
    drop(doc);
}

static void test_path__has_limits(void **state)
{
    const sac_str doc = bson_of("{'a': 1}");
    given g = {.text = ""};
    char path[202];

    (void)state;
    for (size_t i = 0; i < sizeof path; i++)
        path[i] = i % 2 ? '.' : 'a';
    CHECK_INT(sac__path_each(doc, sac_str_n(path, 199), take, &g), SAC_OK);
    CHECK_INT(sac__path_each(doc, sac_str_n(path, 201), take, &g), SAC_ELIMIT);
    CHECK_INT(sac__path_each(doc, sac_str_of("1.2.3.4.5.6.7.8"), take, &g), SAC_OK);
    CHECK_INT(sac__path_each(doc, sac_str_of("1.2.3.4.5.6.7.8.9"), take, &g), SAC_ELIMIT);
    drop(doc);
}

static void test_path__refuses_damage(void **state)
{
    const sac_str doc = bson_of("{'a': [{'b': 'x'}, {'b': {'c': 1}}]}");
    char *bytes = malloc(doc.n);
    given g = {.text = ""};

    (void)state;
    for (size_t n = 0; n < doc.n; n++)
        CHECK_INT(sac__path_each(sac_str_n(doc.p, n), sac_str_of("a.b.c"), take, &g), SAC_ECORRUPT);
    for (size_t i = 0; i < doc.n; i++) {
        memcpy(bytes, doc.p, doc.n);
        bytes[i] = (char)(bytes[i] ^ 0x55);
        g.text[0] = 0;
        (void)!sac__path_each(sac_str_n(bytes, doc.n), sac_str_of("a.b.c"), take, &g);
    }
    free(bytes);
    drop(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path__goes_into_documents),
        cmocka_unit_test(test_path__goes_through_arrays),
        cmocka_unit_test(test_path__gives_missing_where_nothing_is),
        cmocka_unit_test(test_path__takes_numbers_as_indexes),
        cmocka_unit_test(test_path__stops_when_told),
        cmocka_unit_test(test_path__has_limits),
        cmocka_unit_test(test_path__refuses_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

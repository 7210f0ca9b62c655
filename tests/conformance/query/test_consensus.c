/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include <sacrum/json.h>

#include "query/sort.h"
#include "support/support.h"

/*
 * Filters and sorts whose answers three or four other implementations agree on:
 * ../shared/suites/mongo-query-consensus.
 */

typedef struct suite {
    sac_str filters, sorts; /* the files, as BSON */
    sac_str documents[100];
    size_t n;
} suite;

static sac_str load(const char *name)
{
    const sac_json_options options = SAC_JSON_OPTIONS(.dialect = SAC_JSON_RELAXED);
    const char *path = suite_path(name);
    sac_err err = {.code = 0};
    sac_str text, doc = {NULL, 0};

    if (!path)
        fail_msg("%s is missing", name);
    text = read_file(path);
    if (!text.p || sac_json_decode(text, &options, NULL, &doc, &err) != SAC_OK)
        fail_msg("%s: %s", path, err.text);
    free((void *)(uintptr_t)text.p);
    return doc;
}

/* Steps through the array called `name`. */
static sac_bson_iter items_of(sac_str doc, const char *name)
{
    const sac_value list = sac_bson_get(doc, sac_str_of(name));
    sac_bson_iter iter;

    CHECK_INT(list.type, SAC_BSON_ARRAY);
    CHECK_INT(sac_bson_iter_init(&iter, list.raw), SAC_OK);
    return iter;
}

static int64_t id_of(sac_str doc)
{
    return sac_bson_get_int(doc, "_id", -1);
}

static int load_suite(void **state)
{
    suite *s = calloc(1, sizeof *s);
    sac_bson_iter iter;

    if (!s)
        return -1;
    *state = s;
    if (!suite_path("mongo-query-consensus"))
        return 0;
    s->filters = load("mongo-query-consensus/filters.json");
    s->sorts = load("mongo-query-consensus/sorts.json");
    iter = items_of(s->filters, "documents");
    while (sac_bson_iter_next(&iter) == 1)
        s->documents[s->n++] = iter.value.raw;
    return 0;
}

static int free_suite(void **state)
{
    suite *s = *state;

    free((void *)(uintptr_t)s->filters.p);
    free((void *)(uintptr_t)s->sorts.p);
    free(s);
    return 0;
}

static int match_case(const suite *s, sac_str of)
{
    const sac_value filter = sac_bson_get(of, sac_str_of("filter"));
    sac_bson_iter ids = items_of(of, "ids");
    sac_filter *compiled = NULL;
    sac_err err = {.code = 0};
    int wrong = 0;
    int64_t want;
    bool more = sac_bson_iter_next(&ids) == 1;

    if (sac_filter_new(filter.raw, NULL, NULL, &compiled, &err) != SAC_OK) {
        print_error("refused: %s\n", err.text);
        return 1;
    }
    for (size_t i = 0; i < s->n; i++) {
        const bool due = more && sac_value_int(&ids.value, &want) && want == id_of(s->documents[i]);

        wrong += sac_filter_match(compiled, s->documents[i], NULL) != due;
        if (due)
            more = sac_bson_iter_next(&ids) == 1;
    }
    sac_filter_free(compiled);
    return wrong + more;
}

/* Cases that MongoDB's manual answers otherwise. */
static const struct struck {
    int number;
    const char *why;
} struck[] = {
    {2, "{$all: [null]} is {$and: [{$eq: null}]} by the manual, which takes a missing field"},
};

static bool is_struck(int number)
{
    for (size_t i = 0; i < sizeof struck / sizeof *struck; i++) {
        if (struck[i].number != number)
            continue;
        print_message("# filter %d is struck: %s\n", number, struck[i].why);
        return true;
    }
    return false;
}

static void test_consensus__filters(void **state)
{
    const suite *s = *state;
    sac_bson_iter cases;
    int n = 0, wrong = 0;

    if (s->n == 0)
        skip();
    cases = items_of(s->filters, "cases");
    for (; sac_bson_iter_next(&cases) == 1; n++) {
        const int of = is_struck(n) ? 0 : match_case(s, cases.value.raw);

        if (of > 0)
            print_error("filter %d: %d documents wrong\n", n, of);
        wrong += of > 0;
    }
    print_message("# %d filters answered as agreed, %d not, %zu struck\n",
                  n - wrong - (int)(sizeof struck / sizeof *struck), wrong,
                  sizeof struck / sizeof *struck);
    CHECK(n >= 200);
    CHECK_INT(wrong, 0);
}

/* [["n", 1], ["_id", 1]] as {"n": 1, "_id": 1}. */
static void make_spec(sac_str of, sac_bson *out)
{
    sac_bson_iter fields = items_of(of, "sort");
    sac_str name;

    sac_bson_init(out, NULL, 0);
    while (sac_bson_iter_next(&fields) == 1) {
        const sac_value path = sac_bson_get(fields.value.raw, sac_str_of("0"));

        CHECK(sac_value_str(&path, &name));
        sac_bson_add_value(out, name, sac_bson_get(fields.value.raw, sac_str_of("1")));
    }
}

static int sort_case(const suite *s, sac_str of)
{
    sac_bson_iter ids = items_of(of, "ids");
    sac__sorter *sorter = NULL;
    sac__sort sort;
    sac_bson spec;
    sac_str bytes;
    sac__buf key;
    int64_t want;
    size_t n;
    int wrong = 0;

    make_spec(of, &spec);
    CHECK_INT(sac_bson_finish(&spec, &bytes), SAC_OK);
    CHECK_INT(sac__sort_init(&sort, bytes, NULL), SAC_OK);
    CHECK_INT(sac__sorter_new((size_t)1 << 20, 0, NULL, &sorter), SAC_OK);
    sac__buf_init(&key, NULL, (size_t)1 << 20);
    for (size_t i = 0; i < s->n; i++) {
        key.n = 0;
        CHECK_INT(sac__sort_key(&sort, s->documents[i], &key), SAC_OK);
        CHECK_INT(sac__sorter_add(sorter, sac__buf_str(&key), s->documents[i]), SAC_OK);
    }
    n = sac__sorter_finish(sorter);
    for (size_t i = 0; i < n; i++)
        wrong += sac_bson_iter_next(&ids) != 1 || !sac_value_int(&ids.value, &want) ||
                 want != id_of(sac__sorter_at(sorter, i));
    sac__buf_fini(&key);
    sac__sorter_free(sorter);
    sac_bson_fini(&spec);
    return wrong + (sac_bson_iter_next(&ids) == 1);
}

static void test_consensus__sorts(void **state)
{
    const suite *s = *state;
    sac_bson_iter cases;
    int n = 0, wrong = 0;

    if (s->n == 0)
        skip();
    cases = items_of(s->sorts, "cases");
    for (; sac_bson_iter_next(&cases) == 1; n++) {
        const int of = sort_case(s, cases.value.raw);

        if (of > 0)
            print_error("sort %d: %d places wrong\n", n, of);
        wrong += of > 0;
    }
    print_message("# %d of %d sorts answered as agreed\n", n - wrong, n);
    CHECK(n >= 8);
    CHECK_INT(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_consensus__filters),
        cmocka_unit_test(test_consensus__sorts),
    };

    return cmocka_run_group_tests(tests, load_suite, free_suite);
}

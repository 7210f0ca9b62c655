/* SPDX-License-Identifier: MIT */
#include "updates.h"

#include "query/patch.h"

/* Patches are written as the array alone. */
#define PATCHES(patch, doc, want) check_patched(patch, doc, want, __FILE__, __LINE__)
#define PATCH_FAILS(patch, doc, code, words) \
    check_failing(patch, NULL, doc, code, words, __FILE__, __LINE__)

static int patch(const char *operations, const sac_query_limits *limits, const char *doc,
                 const sac_alloc *alloc, sac_str *out, sac_err *err)
{
    const size_t size = strlen(operations) + 16;
    char *text = malloc(size);
    sac_str p, d;
    int rc;

    snprintf(text, size, "{'p': %s}", operations);
    p = bson_of(text);
    d = bson_of(doc);
    rc = sac__json_patch(d, sac_bson_get(p, sac_str_of("p")).raw, limits, alloc, out, err);
    free(text);
    drop(p);
    drop(d);
    return rc;
}

static void check_patched(const char *operations, const char *doc, const char *want,
                          const char *file, int line)
{
    sac_err err = {.code = 0};
    sac_str out = {NULL, 0};

    if (patch(operations, NULL, doc, NULL, &out, &err) != SAC_OK)
        fail_msg("%s:%d: %s", file, line, err.text);
    check_same(out, want, file, line);
    CHECK_INT(sac_bson_check(out, NULL), SAC_OK);
    drop(out);
}

static void check_failing(const char *operations, const sac_query_limits *limits, const char *doc,
                          int code, const char *words, const char *file, int line)
{
    sac_err err = {.code = 0};
    sac_str out = {NULL, 0};
    const int rc = patch(operations, limits, doc, NULL, &out, &err);

    if (rc != code || out.p || !strstr(err.text, words)) {
        print_error("%s:%d: %s: %d \"%s\"\n", file, line, operations, rc, err.text);
        drop(out);
        fail();
    }
}

static void test_json_patch__adds(void **state)
{
    (void)state;
    PATCHES("[]", "{'a': 1}", "{'a': 1}");
    PATCHES("[{'op': 'add', 'path': '/b', 'value': 2}]", "{'a': 1}", "{'a': 1, 'b': 2}");
    PATCHES("[{'op': 'add', 'path': '/a', 'value': 2}]", "{'a': 1, 'b': 1}", "{'a': 2, 'b': 1}");
    PATCHES("[{'op': 'add', 'path': '/a/b/c', 'value': {'d': []}}]", "{'a': {'b': {}}, 'z': 1}",
            "{'a': {'b': {'c': {'d': []}}}, 'z': 1}");
    PATCHES("[{'op': 'add', 'path': '/a/0', 'value': 9}]", "{'a': [1, 2]}", "{'a': [9, 1, 2]}");
    PATCHES("[{'op': 'add', 'path': '/a/1', 'value': 9}]", "{'a': [1, 2], 'b': 1}",
            "{'a': [1, 9, 2], 'b': 1}");
    PATCHES("[{'op': 'add', 'path': '/a/2', 'value': 9}]", "{'a': [1, 2]}", "{'a': [1, 2, 9]}");
    PATCHES("[{'op': 'add', 'path': '/a/-', 'value': 9}]", "{'a': [1, 2]}", "{'a': [1, 2, 9]}");
    PATCHES("[{'op': 'add', 'path': '/-', 'value': 9}]", "{'a': 1}", "{'a': 1, '-': 9}");
    PATCHES("[{'op': 'add', 'path': '', 'value': {'b': 1}}]", "{'a': 1}", "{'b': 1}");
    PATCHES("[{'op': 'add', 'path': '/a~1b~0c', 'value': 1}]", "{}", "{'a/b~c': 1}");
    PATCHES("[{'op': 'add', 'path': '/~01', 'value': 1}]", "{}", "{'~1': 1}");
    PATCH_FAILS("[{'op': 'add', 'path': '/a/3', 'value': 9}]", "{'a': [1, 2]}", SAC_ECONFLICT,
                "operation 0, add of '/a/3': the array has no such place");
    PATCH_FAILS("[{'op': 'add', 'path': '/a/01', 'value': 9}]", "{'a': [1, 2]}", SAC_ECONFLICT,
                "no such place");
    PATCH_FAILS("[{'op': 'add', 'path': '/a/-1', 'value': 9}]", "{'a': [1, 2]}", SAC_ECONFLICT,
                "no such place");
    PATCH_FAILS("[{'op': 'add', 'path': '/a/1e0', 'value': 9}]", "{'a': [1, 2]}", SAC_ECONFLICT,
                "no such place");
    PATCH_FAILS("[{'op': 'add', 'path': '/a/4294967296', 'value': 9}]", "{'a': []}", SAC_ECONFLICT,
                "no such place");
    PATCH_FAILS("[{'op': 'add', 'path': '/a/b', 'value': 9}]", "{'a': 1}", SAC_ECONFLICT,
                "to add to");
    PATCH_FAILS("[{'op': 'add', 'path': '/x/y/z', 'value': 9}]", "{'a': 1}", SAC_ECONFLICT,
                "to add to");
    PATCH_FAILS("[{'op': 'add', 'path': '', 'value': [1]}]", "{'a': 1}", SAC_ECONFLICT,
                "must stay an object");
}

static void test_json_patch__removes(void **state)
{
    (void)state;
    PATCHES("[{'op': 'remove', 'path': '/a'}]", "{'a': {'b': 1}, 'c': 1}", "{'c': 1}");
    PATCHES("[{'op': 'remove', 'path': '/a/b'}]", "{'a': {'b': 1}, 'c': 1}", "{'a': {}, 'c': 1}");
    PATCHES("[{'op': 'remove', 'path': '/a/0'}]", "{'a': [1, 2, 3]}", "{'a': [2, 3]}");
    PATCHES("[{'op': 'remove', 'path': '/a/2'}]", "{'a': [1, 2, 3]}", "{'a': [1, 2]}");
    PATCHES("[{'op': 'remove', 'path': '/a/1/0'}]", "{'a': [1, [2, 3], 4]}", "{'a': [1, [3], 4]}");
    PATCH_FAILS("[{'op': 'remove', 'path': '/b'}]", "{'a': 1}", SAC_ECONFLICT, "nothing is there");
    PATCH_FAILS("[{'op': 'remove', 'path': '/a/-'}]", "{'a': [1]}", SAC_ECONFLICT,
                "nothing is there");
    PATCH_FAILS("[{'op': 'remove', 'path': '/a/1'}]", "{'a': [1]}", SAC_ECONFLICT,
                "nothing is there");
    PATCH_FAILS("[{'op': 'remove', 'path': ''}]", "{'a': [1]}", SAC_ECONFLICT, "cannot be removed");
}

static void test_json_patch__replaces(void **state)
{
    (void)state;
    PATCHES("[{'op': 'replace', 'path': '/a', 'value': {'x': 1}}]", "{'a': 1, 'b': 1}",
            "{'a': {'x': 1}, 'b': 1}");
    PATCHES("[{'op': 'replace', 'path': '/a/1', 'value': 'longer than before'}]",
            "{'a': [1, 2, 3]}", "{'a': [1, 'longer than before', 3]}");
    PATCHES("[{'op': 'replace', 'path': '/a/1', 'value': 1}]", "{'a': [1, 'long text here', 3]}",
            "{'a': [1, 1, 3]}");
    PATCHES("[{'op': 'replace', 'path': '', 'value': {'x': 1}}]", "{'a': 1}", "{'x': 1}");
    PATCH_FAILS("[{'op': 'replace', 'path': '/b', 'value': 1}]", "{'a': 1}", SAC_ECONFLICT,
                "nothing is there");
    PATCH_FAILS("[{'op': 'replace', 'path': '/a/-', 'value': 1}]", "{'a': [1]}", SAC_ECONFLICT,
                "nothing is there");
}

static void test_json_patch__moves_and_copies(void **state)
{
    (void)state;
    PATCHES("[{'op': 'move', 'from': '/a', 'path': '/b'}]", "{'a': {'x': [1]}, 'c': 1}",
            "{'c': 1, 'b': {'x': [1]}}");
    PATCHES("[{'op': 'move', 'from': '/a', 'path': '/a'}]", "{'a': 1, 'c': 1}", "{'a': 1, 'c': 1}");
    PATCHES("[{'op': 'move', 'from': '/a/0', 'path': '/a/2'}]", "{'a': [1, 2, 3]}",
            "{'a': [2, 3, 1]}");
    PATCHES("[{'op': 'move', 'from': '/a/b', 'path': '/a'}]", "{'a': {'b': 1}}", "{'a': 1}");
    PATCHES("[{'op': 'copy', 'from': '/a', 'path': '/b/0'}]", "{'a': {'x': 1}, 'b': [5]}",
            "{'a': {'x': 1}, 'b': [{'x': 1}, 5]}");
    PATCHES("[{'op': 'copy', 'from': '', 'path': '/b'}]", "{'a': 1}", "{'a': 1, 'b': {'a': 1}}");
    PATCHES("[{'op': 'copy', 'from': '/a', 'path': '/a/b'}]", "{'a': {'x': 1}}",
            "{'a': {'x': 1, 'b': {'x': 1}}}");
    PATCH_FAILS("[{'op': 'move', 'from': '/a', 'path': '/a/b'}]", "{'a': {}}", SAC_EINVAL,
                "into itself");
    PATCH_FAILS("[{'op': 'move', 'from': '', 'path': '/a'}]", "{'a': {}}", SAC_EINVAL,
                "into itself");
    PATCH_FAILS("[{'op': 'move', 'from': '/x', 'path': '/x'}]", "{'a': {}}", SAC_ECONFLICT,
                "nothing is there");
    PATCH_FAILS("[{'op': 'copy', 'from': '/x', 'path': '/y'}]", "{'a': {}}", SAC_ECONFLICT,
                "copy of '/x'");
}

static void test_json_patch__tests(void **state)
{
    (void)state;
#define TEST(value) "[{'op': 'test', 'path': '/a', 'value': " value "}]"
    PATCHES(TEST("1.0"), "{'a': 1}", "{'a': 1}");
    PATCHES(TEST("{'$numberDecimal': '1.00'}"), "{'a': 1}", "{'a': 1}");
    PATCHES(TEST("{'y': [1, 2], 'x': 1.0}"), "{'a': {'x': 1, 'y': [1.0, 2]}}",
            "{'a': {'x': 1, 'y': [1.0, 2]}}");
    PATCHES(TEST("null"), "{'a': null}", "{'a': null}");
    PATCHES("[{'op': 'test', 'path': '', 'value': {'a': 1}}]", "{'a': 1}", "{'a': 1}");
    PATCH_FAILS(TEST("'1'"), "{'a': 1}", SAC_ECONFLICT,
                "operation 0, test of '/a': another value is there");
    PATCH_FAILS(TEST("false"), "{'a': 0}", SAC_ECONFLICT, "another value");
    PATCH_FAILS(TEST("{'x': 1}"), "{'a': {'x': 1, 'y': 2}}", SAC_ECONFLICT, "another value");
    PATCH_FAILS(TEST("{'x': 1, 'z': 2}"), "{'a': {'x': 1, 'y': 2}}", SAC_ECONFLICT,
                "another value");
    PATCH_FAILS(TEST("{'x': 1, 'y': 2}"), "{'a': {'x': 1}}", SAC_ECONFLICT, "another value");
    PATCH_FAILS(TEST("[1]"), "{'a': [1, 2]}", SAC_ECONFLICT, "another value");
    PATCH_FAILS(TEST("[2, 1]"), "{'a': [1, 2]}", SAC_ECONFLICT, "another value");
    PATCH_FAILS(TEST("null"), "{'b': 1}", SAC_ECONFLICT, "nothing is there");
    PATCH_FAILS(
        "[{'op': 'add', 'path': '/b', 'value': 1}, {'op': 'test', 'path': '/b', 'value': 2}]", "{}",
        SAC_ECONFLICT, "operation 1, test of '/b'");
}

static void test_json_patch__refuses_what_is_malformed(void **state)
{
    (void)state;
    PATCH_FAILS("[1]", "{}", SAC_EINVAL, "operation 0 is no object");
    PATCH_FAILS("[{}]", "{}", SAC_EINVAL, "op is none of");
    PATCH_FAILS("[{'op': 'spam', 'path': '/a'}]", "{}", SAC_EINVAL, "op is none of");
    PATCH_FAILS("[{'op': 'ADD', 'path': '/a', 'value': 1}]", "{}", SAC_EINVAL, "op is none of");
    PATCH_FAILS("[{'op': 'add', 'value': 1}]", "{}", SAC_EINVAL, "path is no JSON pointer");
    PATCH_FAILS("[{'op': 'add', 'path': 'a', 'value': 1}]", "{}", SAC_EINVAL,
                "path is no JSON pointer");
    PATCH_FAILS("[{'op': 'add', 'path': '/a~', 'value': 1}]", "{}", SAC_EINVAL,
                "path is no JSON pointer");
    PATCH_FAILS("[{'op': 'add', 'path': '/a~2', 'value': 1}]", "{}", SAC_EINVAL,
                "path is no JSON pointer");
    PATCH_FAILS("[{'op': 'add', 'path': '/a\\u0000', 'value': 1}]", "{}", SAC_EINVAL,
                "path is no JSON pointer");
    PATCH_FAILS("[{'op': 'add', 'path': '/a'}]", "{}", SAC_EINVAL, "there is no value");
    PATCH_FAILS("[{'op': 'copy', 'path': '/a'}]", "{}", SAC_EINVAL, "from is no JSON pointer");
    PATCH_FAILS("[{'op': 'copy', 'path': '/a', 'from': 'x'}]", "{}", SAC_EINVAL,
                "from is no JSON pointer");
    /* What is malformed is said before what cannot be done. */
    PATCH_FAILS("[{'op': 'remove', 'path': '/x'}, {'op': 'x', 'path': '/a'}]", "{}", SAC_EINVAL,
                "operation 1");
}

static void test_json_patch__bounds_operations(void **state)
{
    const size_t each = strlen("{'op': 'test', 'path': '/a', 'value': 1}, ");
    char *text = malloc(each * 1002 + 3);
    sac_err err = {.code = 0};
    sac_str out = {NULL, 0};
    char *p = text;

    (void)state;
    *p++ = '[';
    for (int i = 0; i < 1001; i++)
        p += sprintf(p, "{'op': 'test', 'path': '/a', 'value': 1}%s", i < 1000 ? ", " : "]");
    CHECK_INT(patch(text, NULL, "{'a': 1}", NULL, &out, &err), SAC_ELIMIT);
    strcpy(text + 1 + each * 999 + each - 2, "]");
    CHECK_INT(patch(text, NULL, "{'a': 1}", NULL, &out, &err), SAC_OK);
    drop(out);
    free(text);
}

/* Each copy doubles the document. */
static void test_json_patch__bounds_the_size_and_depth(void **state)
{
    char *text = malloc(100 * 200);
    sac_err err = {.code = 0};
    sac_str out = {NULL, 0};
    char *p = text;

    (void)state;
    p += sprintf(p, "[");
    for (int i = 0; i < 40; i++)
        p += sprintf(p, "%s{'op': 'copy', 'from': '/a', 'path': '/a/-'}", i ? ", " : "");
    sprintf(p, "]");
    CHECK_INT(patch(text, NULL, "{'a': ['0123456789']}", NULL, &out, &err), SAC_ETOOBIG);
    p = text + sprintf(text, "[");
    for (int i = 0; i < 100; i++)
        p += sprintf(p,
                     "%s{'op': 'copy', 'from': '/a', 'path': '/b'}, {'op': 'add', 'path': '/a', "
                     "'value': {}},"
                     " {'op': 'move', 'from': '/b', 'path': '/a/x'}",
                     i ? ", " : "");
    sprintf(p, "]");
    CHECK_INT(patch(text, NULL, "{'a': {}}", NULL, &out, &err), SAC_ELIMIT);
    CHECK(out.p == NULL);
    free(text);
}

typedef struct asked {
    char text[512];
} asked;

static int ask(void *self, const char *op, sac_str path)
{
    asked *a = self;

    sprintf(a->text + strlen(a->text), "%s:%.*s ", op, (int)path.n, path.p);
    return sac_str_is(path, "secret") || sac_str_is(path, "list.secret");
}

static void test_json_patch__asks_whether_paths_are_allowed(void **state)
{
    asked a = {.text = ""};
    const sac_query_limits limits = SAC_QUERY_LIMITS(.allow = ask, .self = &a);
    sac_err err = {.code = 0};
    sac_str out = {NULL, 0};

    (void)state;
    CHECK_INT(patch("[{'op': 'add', 'path': '/l/0/x', 'value': 1}, {'op': 'copy', 'from': '/d/0', "
                    "'path': '/l/-'}]",
                    &limits, "{'l': [{}], 'd': {'0': 1}}", NULL, &out, &err),
              SAC_OK);
    assert_string_equal(a.text, "add:l.x copy:d.0 copy:l ");
    drop(out);
#define SECRET(op, doc) \
    check_failing(op, &limits, doc, SAC_EINVAL, "it is not allowed there", __FILE__, __LINE__)
    SECRET("[{'op': 'test', 'path': '/secret', 'value': 1}]", "{'secret': 1}");
    SECRET("[{'op': 'test', 'path': '/secret', 'value': 1}]", "{}");
    SECRET("[{'op': 'remove', 'path': '/secret'}]", "{}");
    SECRET("[{'op': 'copy', 'from': '/secret', 'path': '/b'}]", "{'secret': 1}");
    SECRET("[{'op': 'move', 'from': '/b', 'path': '/secret'}]", "{'b': 1}");
    SECRET("[{'op': 'add', 'path': '/list/0/secret', 'value': 1}]", "{'list': [{}]}");
    check_failing("[{'op': 'add', 'path': '/a.b', 'value': 1}]", &limits, "{}", SAC_EINVAL,
                  "a name with a dot", __FILE__, __LINE__);
}

static void test_json_patch__holds_on_damaged_documents(void **state)
{
    const sac_str doc = bson_of("{'a': {'b': [1, {'c': 'x'}]}, 'd': 5}");
    const sac_str p = bson_of(
        "{'p': [{'op': 'add', 'path': '/a/b/0', 'value': 1}, {'op': 'remove', 'path': '/a/b/1'},"
        " {'op': 'copy', 'from': '/a', 'path': '/e'}, {'op': 'test', 'path': '/e/b', 'value': "
        "[]}]}");
    char bytes[128];
    sac_str out;

    (void)state;
    for (size_t i = 0; i < doc.n; i++) {
        for (int byte = 0; byte < 256; byte += 15) {
            memcpy(bytes, doc.p, doc.n);
            bytes[i] = (char)byte;
            if (sac__json_patch(sac_str_n(bytes, doc.n), sac_bson_get(p, sac_str_of("p")).raw, NULL,
                                NULL, &out, NULL) == SAC_OK)
                drop(out);
        }
    }
    drop(p);
    drop(doc);
}

static void test_json_patch__survives_oom(void **state)
{
    static const char operations[] = "[{'op': 'add', 'path': '/a/0', 'value': {'x': 1}}, {'op': "
                                     "'copy', 'from': '/a', 'path': '/b'},"
                                     " {'op': 'test', 'path': '/b', 'value': [{'x': 1.0}, 1]}]";
    sac_str out = {NULL, 0};
    fault_alloc fault;
    sac_err err;
    long n = 0;

    (void)state;
    while (patch(operations, NULL, "{'a': [1]}", fault_alloc_init(&fault, n), &out, &err) !=
           SAC_OK) {
        CHECK_INT(err.code, SAC_ENOMEM);
        CHECK_INT(fault.live, 0);
        CHECK(++n < 50);
    }
    CHECK(n > 4);
    check_same(out, "{'a': [{'x': 1}, 1], 'b': [{'x': 1}, 1]}", __FILE__, __LINE__);
    drop(out);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_patch__adds),
        cmocka_unit_test(test_json_patch__removes),
        cmocka_unit_test(test_json_patch__replaces),
        cmocka_unit_test(test_json_patch__moves_and_copies),
        cmocka_unit_test(test_json_patch__tests),
        cmocka_unit_test(test_json_patch__refuses_what_is_malformed),
        cmocka_unit_test(test_json_patch__bounds_operations),
        cmocka_unit_test(test_json_patch__bounds_the_size_and_depth),
        cmocka_unit_test(test_json_patch__asks_whether_paths_are_allowed),
        cmocka_unit_test(test_json_patch__holds_on_damaged_documents),
        cmocka_unit_test(test_json_patch__survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "updates.h"

static void test_update__consists_of_operators(void **state)
{
    (void)state;
    UPDATE_REFUSED("{}", "the update is empty");
    UPDATE_REFUSED("{'a': 1}", "an update consists of operators, 'a' is none");
    UPDATE_REFUSED("{'$set': {'a': 1}, 'b': 1}", "'b' is none");
    UPDATE_REFUSED("{'': 1}", "'' is none");
    UPDATE_REFUSED("{'$foo': {'a': 1}}", "unknown update operator $foo");
    UPDATE_REFUSED("{'$': {'a': 1}}", "unknown update operator $");
    UPDATE_REFUSED("{'$set': 1}", "$set needs a document of paths");
    UPDATE_REFUSED("{'$set': [1]}", "$set needs a document of paths");
    UPDATE_REFUSED("{'$unset': 'a'}", "$unset needs a document of paths");
}

static void test_update__refuses_paths_that_overlap(void **state)
{
    (void)state;
    UPDATE_REFUSED("{'$set': {'a': 1, 'a.b': 2}}", "'a.b' is in conflict with another path at 'a'");
    UPDATE_REFUSED("{'$set': {'a.b': 1, 'a': 2}}", "'a' is in conflict with another path at 'a'");
    UPDATE_REFUSED("{'$set': {'a': 1}, '$inc': {'a': 2}}", "in conflict");
    UPDATE_REFUSED("{'$set': {'a.b.c': 1}, '$unset': {'a.b': 2}}", "in conflict");
    UPDATE_REFUSED("{'$push': {'a': 1}, '$pull': {'a': 2}}", "in conflict");
    BECOMES("{'$set': {'a.b': 1, 'ab': 2, 'a.c': 3}}", "{}", "{'a': {'b': 1, 'c': 3}, 'ab': 2}");
}

static void test_update__refuses_malformed_paths(void **state)
{
    (void)state;
    UPDATE_REFUSED("{'$set': {'': 1}}", "empty name");
    UPDATE_REFUSED("{'$set': {'a.': 1}}", "'a.' has an empty name in it");
    UPDATE_REFUSED("{'$set': {'.a': 1}}", "empty name");
    UPDATE_REFUSED("{'$set': {'a..b': 1}}", "empty name");
    UPDATE_REFUSED("{'$set': {'$a': 1}}", "'$a': no name may begin with $");
    UPDATE_REFUSED("{'$set': {'$id': 1}}", "no name may begin with $");
    BECOMES("{'$set': {'a.$id': 2}}", "{'a': {'$id': 1}}", "{'a': {'$id': 2}}");
}

static void test_update__refuses_positional_paths(void **state)
{
    (void)state;
    UPDATE_REFUSED("{'$set': {'a.$': 1}}", "'a.$': the positional $ is not supported");
    UPDATE_REFUSED("{'$set': {'a.$.b': 1}}", "the positional $ is not supported");
    UPDATE_REFUSED("{'$inc': {'a.$[]': 1}}", "the positional $ is not supported");
    UPDATE_REFUSED("{'$inc': {'a.$[x].b': 1}}", "the positional $ is not supported");
    UPDATE_REFUSED("{'$rename': {'a': 'b.$'}}", "the positional $ is not supported");
}

static void test_update__works_on_many_paths_at_once(void **state)
{
    (void)state;
    BECOMES("{'$set': {'a.x': 1, 'n': 'new'}, '$unset': {'b': 1}, '$inc': {'a.y': 1, 'c.0': 5},"
            " '$push': {'d': 1}, '$rename': {'e': 'f'}}",
            "{'_id': 1, 'a': {'y': 1, 'x': 0}, 'b': 2, 'c': [1], 'd': [], 'e': 'e'}",
            "{'_id': 1, 'a': {'y': 2, 'x': 1}, 'c': [6], 'd': [1], 'f': 'e', 'n': 'new'}");
}

/* Sets a path of so many names. */
static void check_depth(int names, const char *value, int want)
{
    char update[512] = "{'$set': {'a";
    sac_err err = {.code = 0};
    sac_str out = {NULL, 0};
    int rc;

    for (int i = 1; i < names; i++)
        strcat(update, ".a");
    strcat(update, "': ");
    strcat(update, value);
    strcat(update, "}}");
    rc = run_update(update, NULL, "{'_id': 1}", NULL, &out, &err);
    CHECK_INT(rc, want);
    if (rc == SAC_OK)
        CHECK_INT(sac_bson_check(out, NULL), SAC_OK);
    drop(out);
}

static void test_update__bounds_the_depth(void **state)
{
    (void)state;
    check_depth(99, "1", SAC_OK);
    check_depth(100, "1", SAC_ELIMIT);
    check_depth(99, "{}", SAC_OK);
    check_depth(98, "{'b': {}}", SAC_OK);
    check_depth(99, "{'b': {}}", SAC_ELIMIT);
    check_depth(99, "[]", SAC_OK);
    check_depth(99, "[[]]", SAC_ELIMIT);
}

/* A document of one member. */
static void make_long(sac_bson *doc, const char *outer, const char *name, sac_str *out)
{
    static char text[(size_t)9 << 20];

    memset(text, 'x', sizeof text);
    sac_bson_init(doc, NULL, 0);
    if (outer)
        sac_bson_begin_doc(doc, sac_str_of(outer));
    sac_bson_add_str(doc, name, sac_str_n(text, sizeof text));
    if (outer)
        sac_bson_end(doc);
    CHECK_INT(sac_bson_finish(doc, out), SAC_OK);
}

static void test_update__bounds_the_size(void **state)
{
    sac_str doc, update, out = {NULL, 0};
    sac_update *compiled = NULL;
    sac_bson d, u;

    (void)state;
    make_long(&d, NULL, "a", &doc);
    make_long(&u, "$set", "b", &update);
    CHECK_INT(sac_update_new(update, NULL, NULL, &compiled, NULL), SAC_OK);
    CHECK_INT(sac_update_apply(compiled, doc, NOW, NULL, &out, NULL), SAC_ETOOBIG);
    CHECK(out.p == NULL);
    sac_update_free(compiled);
    sac_bson_fini(&d);
    sac_bson_fini(&u);
}

static void test_update__counts_what_it_holds(void **state)
{
    const sac_query_limits limits = SAC_QUERY_LIMITS(.max_nodes = 3);
    sac_err err = {.code = 0};

    (void)state;
    CHECK_INT(run_update("{'$set': {'a': 1, 'b': 1, 'c': 1}}", &limits, NULL, NULL, NULL, &err), 0);
    check_failure("{'$set': {'a': 1, 'b': 1, 'c': 1, 'd': 1}}", &limits, NULL, SAC_ELIMIT,
                  "more than 3 conditions, operators and values", __FILE__, __LINE__);
    check_failure("{'$pullAll': {'a': [1, 2, 3]}}", &limits, NULL, SAC_ELIMIT, "more than 3",
                  __FILE__, __LINE__);
    check_failure("{'$addToSet': {'a': {'$each': [1, 2, 3]}}}", &limits, NULL, SAC_ELIMIT,
                  "more than 3", __FILE__, __LINE__);
    check_failure("{'$rename': {'a': 'b', 'c': 'd'}}", &limits, NULL, SAC_ELIMIT, "more than 3",
                  __FILE__, __LINE__);
}

static void test_update__refuses_limits_of_a_newer_library(void **state)
{
    const sac_query_limits limits = {.size = sizeof limits + 8};
    sac_err err = {.code = 0};

    (void)state;
    CHECK_INT(run_update("{'$set': {'a': 1}}", &limits, NULL, NULL, NULL, &err), SAC_EVERSION);
}

/* What limits.allow was asked, each with a blank behind it. */
typedef struct asked {
    char text[512];
    const char *refuse;
} asked;

static int ask(void *self, const char *op, sac_str path)
{
    asked *a = self;
    char one[128];

    snprintf(one, sizeof one, "%s:%.*s ", op, (int)path.n, path.p);
    strcat(a->text, one);
    return a->refuse && strncmp(one, a->refuse, strlen(a->refuse)) == 0;
}

static void test_update__asks_whether_paths_are_allowed(void **state)
{
    asked a = {.text = ""};
    const sac_query_limits limits = SAC_QUERY_LIMITS(.allow = ask, .self = &a);
    sac_err err = {.code = 0};

    (void)state;
    CHECK_INT(
        run_update("{'$set': {'a.0.b': 1, '0': 2}, '$rename': {'c': 'd.e'}, '$unset': {'f.10': 1}}",
                   &limits, NULL, NULL, NULL, &err),
        SAC_OK);
    assert_string_equal(a.text, "$set:a.b $set:0 $rename:c $rename:d.e $unset:f ");
    a.text[0] = '\0';
    CHECK_INT(
        run_update("{'$pull': {'a.b': {'c.d': {'$gt': 1}}, 'e': {'$gt': 1}, 'f.1': {'$gt': 1}}}",
                   &limits, NULL, NULL, NULL, &err),
        SAC_OK);
    CHECK(strstr(a.text, "$pull:a.b ") != NULL);
    CHECK(strstr(a.text, "$gt:a.b.c.d ") != NULL);
    CHECK(strstr(a.text, "$gt:e ") != NULL);
    CHECK(strstr(a.text, "$gt:f ") != NULL);
    a.refuse = "$rename:d";
    check_failure("{'$rename': {'c': 'd'}}", &limits, NULL, SAC_EINVAL,
                  "$rename is not allowed on 'd'", __FILE__, __LINE__);
    a.text[0] = '\0';
    a.refuse = "$gt:e.f";
    check_failure("{'$pull': {'e': {'f': {'$gt': 1}}}}", &limits, NULL, SAC_EINVAL, "$gt", __FILE__,
                  __LINE__);
}

static void test_update__refuses_damaged_bytes(void **state)
{
    const sac_str good = bson_of("{'$set': {'a': 1}}");
    const sac_str doc = bson_of("{'a': {'b': {'c': 'text'}}, 'd': [1, 2]}");
    char bytes[128];
    sac_update *update = NULL;
    sac_str out;

    (void)state;
    CHECK_INT(sac_update_new(sac_str_n("\5\0\0\0", 4), NULL, NULL, &update, NULL), SAC_ECORRUPT);
    CHECK_INT(sac_update_new(sac_str_n(good.p, good.n - 1), NULL, NULL, &update, NULL),
              SAC_ECORRUPT);
    CHECK_INT(sac_update_new(good, NULL, NULL, &update, NULL), SAC_OK);
    CHECK_INT(sac_update_apply(update, sac_str_n(doc.p, 3), NOW, NULL, &out, NULL), SAC_ECORRUPT);
    sac_update_free(update);
    drop(good);
    update = NULL;
    {
        const sac_str deep = bson_of("{'$set': {'a.b.c': 1, 'd.1': 5}}");

        CHECK_INT(sac_update_new(deep, NULL, NULL, &update, NULL), SAC_OK);
        for (size_t i = 0; i < doc.n; i++) {
            for (int byte = 0; byte < 256; byte += 15) {
                memcpy(bytes, doc.p, doc.n);
                bytes[i] = (char)byte;
                out = sac_str_n(NULL, 0);
                if (sac_update_apply(update, sac_str_n(bytes, doc.n), NOW, NULL, &out, NULL) == 0)
                    drop(out);
            }
        }
        sac_update_free(update);
        drop(deep);
    }
    drop(doc);
}

static void test_update__survives_oom(void **state)
{
    static const char update[] =
        "{'$set': {'a.b.c.d': 1, 'x': {'y': 1}}, '$push': {'l': {'$each': [3, 1], '$sort': 1}},"
        " '$addToSet': {'s': {'$each': [1, 2]}}, '$pull': {'p': {'$gte': 2}, 'q': {'z': 1}},"
        " '$rename': {'r': 't.u'}, '$inc': {'i': 1}}";
    static const char doc[] = "{'_id': 1, 'l': [2], 's': [2], 'p': [1, 2, 3], 'q': [{'z': 1}, {}],"
                              " 'r': 'moved', 'i': 1}";
    sac_str out = {NULL, 0};
    fault_alloc fault;
    sac_err err;
    long n = 0;

    (void)state;
    while (run_update(update, NULL, doc, fault_alloc_init(&fault, n), &out, &err) != SAC_OK) {
        CHECK_INT(err.code, SAC_ENOMEM);
        CHECK(out.p == NULL);
        CHECK_INT(fault.live, 0);
        CHECK(++n < 200);
    }
    CHECK(n > 10);
    CHECK_INT(fault.live, 1);
    check_same(out,
               "{'_id': 1, 'l': [1, 2, 3], 's': [2, 1], 'p': [1], 'q': [{}], 'i': 2,"
               " 'a': {'b': {'c': {'d': 1}}}, 't': {'u': 'moved'}, 'x': {'y': 1}}",
               __FILE__, __LINE__);
    fault.alloc.resize(fault.alloc.self, (void *)(uintptr_t)out.p, out.n, 0);
    CHECK_INT(fault.live, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_update__consists_of_operators),
        cmocka_unit_test(test_update__refuses_paths_that_overlap),
        cmocka_unit_test(test_update__refuses_malformed_paths),
        cmocka_unit_test(test_update__refuses_positional_paths),
        cmocka_unit_test(test_update__works_on_many_paths_at_once),
        cmocka_unit_test(test_update__bounds_the_depth),
        cmocka_unit_test(test_update__bounds_the_size),
        cmocka_unit_test(test_update__counts_what_it_holds),
        cmocka_unit_test(test_update__refuses_limits_of_a_newer_library),
        cmocka_unit_test(test_update__asks_whether_paths_are_allowed),
        cmocka_unit_test(test_update__refuses_damaged_bytes),
        cmocka_unit_test(test_update__survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

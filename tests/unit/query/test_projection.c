/* SPDX-License-Identifier: MIT */
#include "updates.h"

/* What a projection shows of a document; by bytes. */
#define SHOWS(projection, doc, want) check_shown(projection, doc, want, __FILE__, __LINE__)
#define PROJECTION_REFUSED(projection, words) \
    check_refused_projection(projection, NULL, words, __FILE__, __LINE__)

static int run_projection(const char *projection, const sac_query_limits *limits, const char *doc,
                          const sac_alloc *alloc, sac_bson *out, sac_err *err)
{
    const sac_str spec = bson_of(projection);
    const sac_str d = bson_of(doc);
    sac_projection *compiled = NULL;
    sac_str made;
    int rc = sac_projection_new(spec, limits, alloc, &compiled, err);

    sac_bson_init(out, alloc, 0);
    if (rc == SAC_OK)
        rc = sac_projection_apply(compiled, d, out);
    if (rc == SAC_OK)
        rc = sac_bson_finish(out, &made);
    sac_projection_free(compiled);
    drop(spec);
    drop(d);
    return rc;
}

static void check_shown(const char *projection, const char *doc, const char *want, const char *file,
                        int line)
{
    sac_err err = {.code = 0};
    sac_bson out;

    if (run_projection(projection, NULL, doc, NULL, &out, &err) != SAC_OK)
        fail_msg("%s:%d: %s: %s", file, line, projection, err.text);
    check_same(sac_str_n(out.p, out.n), want, file, line);
    sac_bson_fini(&out);
}

static void check_refused_projection(const char *projection, const sac_query_limits *limits,
                                     const char *words, const char *file, int line)
{
    sac_err err = {.code = 0};
    sac_bson out;
    const int rc = run_projection(projection, limits, "{}", NULL, &out, &err);

    sac_bson_fini(&out);
    if (rc != SAC_EINVAL || !strstr(err.text, words))
        fail_msg("%s:%d: %s: %d \"%s\"", file, line, projection, rc, err.text);
}

static const char person[] =
    "{'_id': 1, 'name': 'A', 'age': 30, 'home': {'city': 'X', 'zip': 1, 'geo':"
    " {'lat': 1, 'lon': 2}}, 'tags': [1, 2]}";

static void test_projection__shows_names(void **state)
{
    (void)state;
    SHOWS("{'name': 1}", person, "{'_id': 1, 'name': 'A'}");
    SHOWS("{'tags': 1, 'name': true}", person, "{'_id': 1, 'name': 'A', 'tags': [1, 2]}");
    SHOWS("{'name': 1, '_id': 0}", person, "{'name': 'A'}");
    SHOWS("{'_id': 1}", person, "{'_id': 1}");
    SHOWS("{'none': 1}", person, "{'_id': 1}");
    SHOWS("{'home.city': 1}", person, "{'_id': 1, 'home': {'city': 'X'}}");
    SHOWS("{'home.geo.lon': 1, 'home.city': 1}", person,
          "{'_id': 1, 'home': {'city': 'X', 'geo': {'lon': 2}}}");
    SHOWS("{'home': {'zip': 1, 'geo': {'lat': 1}}}", person,
          "{'_id': 1, 'home': {'zip': 1, 'geo': {'lat': 1}}}");
    SHOWS("{'home.none': 1}", person, "{'_id': 1, 'home': {}}");
    SHOWS("{'name.none': 1}", person, "{'_id': 1}");
    SHOWS("{'name': 2.5}", person, "{'_id': 1, 'name': 'A'}");
    SHOWS("{'b': 1, 'a': 1}", "{'a': 1, '_id': 2, 'b': 3}", "{'a': 1, '_id': 2, 'b': 3}");
}

static void test_projection__hides_names(void **state)
{
    (void)state;
    SHOWS("{'home': 0, 'tags': false}", person, "{'_id': 1, 'name': 'A', 'age': 30}");
    SHOWS("{'_id': 0}", "{'_id': 1, 'a': 2}", "{'a': 2}");
    SHOWS("{'_id': 0, 'a': 0}", "{'_id': 1, 'a': 2, 'b': 3}", "{'b': 3}");
    SHOWS("{'_id': 1, 'a': 0}", "{'_id': 1, 'a': 2, 'b': 3}", "{'_id': 1, 'b': 3}");
    SHOWS("{'a.b': 0}", "{'a': {'b': 1, 'c': 2}}", "{'a': {'c': 2}}");
    SHOWS("{'a.b': 0}", "{'a': 5}", "{'a': 5}");
    SHOWS("{'a.b.c': 0, 'a.d': 0}", "{'a': {'b': {'c': 1, 'x': 1}, 'd': 1}}",
          "{'a': {'b': {'x': 1}}}");
    SHOWS("{'a': 0.0}", "{'a': 5}", "{}");
    SHOWS("{}", person, person);
}

static void test_projection__goes_through_arrays(void **state)
{
    (void)state;
    SHOWS("{'a.b': 1}", "{'a': [{'b': 1, 'c': 2}, 5, {'c': 3}, [{'b': 4, 'c': 5}]]}",
          "{'a': [{'b': 1}, {}, [{'b': 4}]]}");
    SHOWS("{'a.b': 0}", "{'a': [{'b': 1, 'c': 2}, 5, {'c': 3}, [{'b': 4, 'c': 5}]]}",
          "{'a': [{'c': 2}, 5, {'c': 3}, [{'c': 5}]]}");
    SHOWS("{'a.b': 1}", "{'a': []}", "{'a': []}");
    SHOWS("{'a.0': 1}", "{'a': [1, 2]}", "{'a': []}");
}

static void test_projection__takes_slices(void **state)
{
    (void)state;
    SHOWS("{'a': {'$slice': 2}}", "{'_id': 1, 'a': [1, 2, 3], 'b': 1}",
          "{'_id': 1, 'a': [1, 2], 'b': 1}");
    SHOWS("{'a': {'$slice': -2}}", "{'a': [1, 2, 3]}", "{'a': [2, 3]}");
    SHOWS("{'a': {'$slice': -9}}", "{'a': [1, 2, 3]}", "{'a': [1, 2, 3]}");
    SHOWS("{'a': {'$slice': 0}}", "{'a': [1, 2, 3]}", "{'a': []}");
    SHOWS("{'a': {'$slice': [1, 1]}}", "{'a': [1, 2, 3]}", "{'a': [2]}");
    SHOWS("{'a': {'$slice': [-2, 1]}}", "{'a': [1, 2, 3]}", "{'a': [2]}");
    SHOWS("{'a': {'$slice': [-9, 1]}}", "{'a': [1, 2, 3]}", "{'a': [1]}");
    SHOWS("{'a': {'$slice': [9, 1]}}", "{'a': [1, 2, 3]}", "{'a': []}");
    SHOWS("{'a': {'$slice': 1}, 'b': 1}", "{'_id': 1, 'a': [1, 2], 'b': 1, 'c': 1}",
          "{'_id': 1, 'a': [1], 'b': 1}");
    SHOWS("{'a': {'$slice': 1}, 'b': 0}", "{'_id': 1, 'a': [1, 2], 'b': 1, 'c': 1}",
          "{'_id': 1, 'a': [1], 'c': 1}");
    SHOWS("{'a.b': {'$slice': 1}}", "{'a': {'b': [1, 2], 'c': 1}}", "{'a': {'b': [1], 'c': 1}}");
    SHOWS("{'a': {'$slice': 1}}", "{'a': 5}", "{'a': 5}");
    PROJECTION_REFUSED("{'a': {'$slice': 'x'}}", "$slice needs");
    PROJECTION_REFUSED("{'a': {'$slice': [1]}}", "$slice needs");
    PROJECTION_REFUSED("{'a': {'$slice': [1, 0]}}", "$slice needs");
    PROJECTION_REFUSED("{'a': {'$slice': [1, 1, 1]}}", "$slice needs");
}

static void test_projection__takes_the_first_match(void **state)
{
    static const char doc[] =
        "{'_id': 1, 'r': [{'n': 1}, {'n': 5, 'x': 1}, {'n': 6}], 'v': [1, 7, 9], 'z': 1}";

    (void)state;
    SHOWS("{'r': {'$elemMatch': {'n': {'$gte': 5}}}}", doc, "{'_id': 1, 'r': [{'n': 5, 'x': 1}]}");
    SHOWS("{'v': {'$elemMatch': {'$gte': 5}}}", doc, "{'_id': 1, 'v': [7]}");
    SHOWS("{'v': {'$elemMatch': {'$gte': 50}}}", doc, "{'_id': 1}");
    SHOWS("{'v': {'$elemMatch': {'$gte': 5}}, 'z': 1}", doc, "{'_id': 1, 'z': 1, 'v': [7]}");
    SHOWS("{'z': {'$elemMatch': {'$gte': 5}}}", doc, "{'_id': 1}");
    PROJECTION_REFUSED("{'r': {'$elemMatch': 1}}", "$elemMatch needs a document");
    PROJECTION_REFUSED("{'a.r': {'$elemMatch': {'n': 1}}}", "$elemMatch is for fields at the top");
    PROJECTION_REFUSED("{'r': {'$elemMatch': {'n': 1}}, 'a': 0}", "cannot be mixed");
}

static void test_projection__refuses(void **state)
{
    (void)state;
    PROJECTION_REFUSED("{'a': 1, 'b': 0}",
                       "projection of 'b': names to show and names to hide cannot");
    PROJECTION_REFUSED("{'a': 0, 'b.c': 1}", "cannot be mixed");
    PROJECTION_REFUSED("{'a': 1, 'a.b': 1}", "in conflict");
    PROJECTION_REFUSED("{'a.b': 1, 'a': 1}", "in conflict");
    PROJECTION_REFUSED("{'a.$': 1}", "the positional $ is not supported");
    PROJECTION_REFUSED("{'a': '$b'}", "projection of 'a': it needs 1 or 0");
    PROJECTION_REFUSED("{'a': {}}", "not an empty document");
    PROJECTION_REFUSED("{'a': {'$meta': 'x'}}", "$meta is not supported");
    PROJECTION_REFUSED("{'a': {'$slice': 1, 'b': 1}}", "one operator alone");
    PROJECTION_REFUSED("{'a..b': 1}", "empty name");
    PROJECTION_REFUSED("{'': 1}", "empty name");
    PROJECTION_REFUSED("{'$a': 1}", "no name may begin with $");
}

static int no_secret(void *self, const char *op, sac_str path)
{
    (void)self;
    return sac_str_is(path, "a.secret") || strcmp(op, "$slice") == 0;
}

static void test_projection__asks_whether_paths_are_allowed(void **state)
{
    const sac_query_limits limits = SAC_QUERY_LIMITS(.allow = no_secret);

    (void)state;
    check_refused_projection("{'a.secret': 1}", &limits, "$project is not allowed on 'a.secret'",
                             __FILE__, __LINE__);
    check_refused_projection("{'a': {'secret': 1}}", &limits, "not allowed on 'a.secret'", __FILE__,
                             __LINE__);
    check_refused_projection("{'b': {'$slice': 1}}", &limits, "$slice is not allowed on 'b'",
                             __FILE__, __LINE__);
    check_refused_projection("{'a': {'$elemMatch': {'secret': 1}}}", &limits, "secret", __FILE__,
                             __LINE__);
}

static void test_projection__holds_on_damaged_documents(void **state)
{
    const sac_str doc = bson_of("{'a': [{'b': 1}, 5], 'c': {'d': 'x'}}");
    const sac_str spec = bson_of("{'a.b': 1, 'c.d': 1}");
    sac_projection *projection = NULL;
    char bytes[128];

    (void)state;
    CHECK_INT(sac_projection_new(spec, NULL, NULL, &projection, NULL), SAC_OK);
    for (size_t i = 0; i < doc.n; i++) {
        for (int byte = 0; byte < 256; byte += 15) {
            sac_bson out;

            memcpy(bytes, doc.p, doc.n);
            bytes[i] = (char)byte;
            sac_bson_init(&out, NULL, 0);
            (void)!sac_projection_apply(projection, sac_str_n(bytes, doc.n), &out);
            sac_bson_fini(&out);
        }
    }
    sac_projection_free(projection);
    drop(doc);
    drop(spec);
}

static void test_projection__survives_oom(void **state)
{
    fault_alloc fault;
    sac_err err;
    sac_bson out;
    long n = 0;

    (void)state;
    for (;; n++) {
        const int rc = run_projection("{'a': {'b': 1}, 'c.d': 1, 'v': {'$elemMatch': {'$gt': 1}}}",
                                      NULL, "{'a': {'b': 1, 'c': 2}, 'v': [1, 2]}",
                                      fault_alloc_init(&fault, n), &out, &err);

        if (rc == SAC_OK)
            break;
        CHECK_INT(rc, SAC_ENOMEM);
        sac_bson_fini(&out);
        CHECK_INT(fault.live, 0);
        CHECK(n < 100);
    }
    check_same(sac_str_n(out.p, out.n), "{'a': {'b': 1}, 'v': [2]}", __FILE__, __LINE__);
    sac_bson_fini(&out);
    CHECK_INT(fault.live, 0);
    CHECK(n > 5);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_projection__shows_names),
        cmocka_unit_test(test_projection__hides_names),
        cmocka_unit_test(test_projection__goes_through_arrays),
        cmocka_unit_test(test_projection__takes_slices),
        cmocka_unit_test(test_projection__takes_the_first_match),
        cmocka_unit_test(test_projection__refuses),
        cmocka_unit_test(test_projection__asks_whether_paths_are_allowed),
        cmocka_unit_test(test_projection__holds_on_damaged_documents),
        cmocka_unit_test(test_projection__survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

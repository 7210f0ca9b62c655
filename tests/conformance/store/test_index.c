/* SPDX-License-Identifier: MIT */
/* Indexes on every store: made, listed, dropped; what unique ones refuse. */
#include "stores.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit/query/queries.h"

static store_case the_case;
static const store_kind *the_kind;

static int open_case(void **state)
{
    store_case_open(&the_case, the_kind, NULL);
    *state = &the_case;
    return 0;
}

/* Whatever a test did, the indexes agree with the documents. */
static int close_case(void **state)
{
    sac_err err = {.code = 0};

    if (sac_store_check(the_case.store, &err) != SAC_OK)
        fail_msg("check: %s", err.text);
    store_case_close(*state);
    return 0;
}

static sac_store *store_of(void **state)
{
    return ((store_case *)*state)->store;
}

static int make(sac_store *store, const sac_index *index)
{
    return sac_store_make_index(store, "a", index, NULL);
}

static int make_unique(sac_store *store, const char *keys)
{
    const sac_index index = {.keys = keys, .unique = true};

    return make(store, &index);
}

static int insert(sac_store *store, const char *json)
{
    const sac_str doc = bson_of(json);
    int rc = sac_store_insert(store, "a", doc, NULL);

    drop(doc);
    return rc;
}

static int replace(sac_store *store, const char *json)
{
    const sac_str doc = bson_of(json);
    int rc = sac_store_replace(store, "a", doc, NULL);

    drop(doc);
    return rc;
}

static int64_t count(sac_store *store)
{
    const sac_query query = SAC_QUERY(.collection = "a");
    int64_t n = -1;

    CHECK_INT(sac_store_count(store, &query, &n, NULL), SAC_OK);
    return n;
}

/* The indexes of "a" as a text: "name:keys:options " of each. */
typedef struct listed {
    char text[2000];
} listed;

static int list_one(void *self, const sac_index *index)
{
    listed *to = self;
    const size_t n = strlen(to->text);

    snprintf(to->text + n, sizeof to->text - n, "%s:%s:%s%s%lld ", index->name,
             index->keys ? index->keys : "?", index->unique ? "u" : "", index->sparse ? "s" : "",
             (long long)index->expires);
    return 0;
}

static void check_list(sac_store *store, const char *want)
{
    listed got = {.text = ""};

    CHECK_INT(sac_store_indexes(store, "a", list_one, &got, NULL), SAC_OK);
    assert_string_equal(got.text, want);
}

/* ---- definitions ---- */

static void test_index__is_made_listed_and_dropped(void **state)
{
    if (!the_kind->whole)
        skip(); /* FerretDB v1: no TTL, and unique indexes that are not MongoDB's */
    sac_store *store = store_of(state);
    const sac_index compound = {.keys = "city,-name", .unique = true};
    const sac_index dated = {.keys = "at", .name = "old", .expires = 3600};
    listed got = {.text = ""};

    check_list(store, "");
    CHECK_INT(make(store, &compound), SAC_OK);
    CHECK_INT(make(store, &dated), SAC_OK);
    CHECK_INT(sac_store_indexes(store, "a", list_one, &got, NULL), SAC_OK);
    CHECK(strstr(got.text, "city_1_name_-1:city,-name:u0 "));
    CHECK(strstr(got.text, "old:at:3600 "));
    store_case_reopen(*state);
    store = store_of(state);
    CHECK_INT(sac_store_drop_index(store, "a", "old", NULL), SAC_OK);
    check_list(store, "city_1_name_-1:city,-name:u0 ");
    CHECK_INT(sac_store_drop_index(store, "a", "old", NULL), SAC_ENOTFOUND);
    CHECK_INT(sac_store_drop_index(store, "b", "old", NULL), SAC_ENOTFOUND);
    CHECK_INT(sac_store_drop_index(store, "a", "city_1_name_-1", NULL), SAC_OK);
    check_list(store, "");
}

static void test_index__the_same_again_is_no_error(void **state)
{
    sac_store *store = store_of(state);
    const sac_index index = {.keys = "v", .unique = true};
    const sac_index other_keys = {.keys = "w", .name = "v_1"};

    CHECK_INT(insert(store, "{'_id': 1, 'v': 1}"), SAC_OK);
    CHECK_INT(make(store, &index), SAC_OK);
    CHECK_INT(make(store, &index), SAC_OK);
    check_list(store, "v_1:v:u0 ");
    CHECK_INT(make(store, &other_keys), SAC_ECONFLICT);
    check_list(store, "v_1:v:u0 ");
}

static void test_index__another_of_its_fields_is_a_conflict(void **state)
{
    sac_store *store = store_of(state);
    const sac_index index = {.keys = "v"};
    const sac_index other_name = {.keys = "v", .name = "mine"};

    if (!the_kind->whole)
        skip();
    CHECK_INT(make(store, &index), SAC_OK);
    CHECK_INT(make(store, &other_name), SAC_ECONFLICT);
    check_list(store, "v_1:v:0 ");
}

static void test_index__refuses_bad_definitions(void **state)
{
    static const sac_index bad[] = {
        {.keys = NULL},
        {.keys = ""},
        {.keys = ","},
        {.keys = "a,"},
        {.keys = ",a"},
        {.keys = "-"},
        {.keys = "a..b"},
        {.keys = ".a"},
        {.keys = "a."},
        {.keys = "$a"},
        {.keys = "a.$b"},
        {.keys = "a,-a"},
        {.keys = "_id"},
        {.keys = "-_id"},
        {.keys = "\xff"},
        {.keys = "a", .name = ""},
        {.keys = "a", .name = "_id_"},
        {.keys = "a", .expires = -2},
        {.keys = "a", .expires = (int64_t)INT32_MAX + 1},
        {.keys = "a,b", .expires = 1},
    };
    sac_store *store = store_of(state);
    char name[200];
    sac_index longer = {.keys = "a", .name = name};
    size_t i;

    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        sac_err err = {.code = 0};

        if (sac_store_make_index(store, "a", &bad[i], &err) != SAC_EINVAL || !err.text[0])
            fail_msg("%zu was not refused", i);
    }
    memset(name, 'n', sizeof name);
    name[128] = '\0';
    CHECK_INT(make(store, &longer), SAC_EINVAL);
    longer.keys = name; /* its default name is too long */
    longer.name = NULL;
    CHECK_INT(make(store, &longer), SAC_EINVAL);
    CHECK_INT(sac_store_make_index(store, "$", &bad[16], NULL), SAC_EINVAL);
    CHECK_INT(sac_store_drop_index(store, "a", "", NULL), SAC_EINVAL);
    check_list(store, "");
}

static void test_index__takes_32_fields(void **state)
{
    char keys[200] = "f0";
    const sac_index index = {.keys = keys, .name = "many"};
    char more[8];
    int i;

    for (i = 1; i < 32; i++) {
        snprintf(more, sizeof more, ",f%d", i);
        strcat(keys, more);
    }
    CHECK_INT(make(store_of(state), &index), SAC_OK);
    CHECK_INT(insert(store_of(state), "{'_id': 1, 'f31': 1}"), SAC_OK);
    strcat(keys, ",f32");
    CHECK_INT(make(store_of(state), &index), SAC_EINVAL);
}

static void test_index__stays_when_cleared_not_when_dropped(void **state)
{
    sac_store *store = store_of(state);
    sac_write clear = SAC_WRITE(.kind = SAC_WRITE_CLEAR, .collection = "a");

    CHECK_INT(insert(store, "{'_id': 1, 'v': 1}"), SAC_OK);
    CHECK_INT(make_unique(store, "v"), SAC_OK);
    CHECK_INT(sac_store_write(store, &clear, NULL), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 2, 'v': 1}"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 3, 'v': 1}"), SAC_EEXIST);
    CHECK_INT(sac_store_drop(store, "a", NULL), SAC_OK);
    check_list(store, "");
    CHECK_INT(insert(store, "{'_id': 2, 'v': 1}"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 3, 'v': 1}"), SAC_OK);
}

/* ---- unique ---- */

static void test_unique__refuses_and_says_which(void **state)
{
    if (!the_kind->whole)
        skip(); /* FerretDB v1: no TTL, and unique indexes that are not MongoDB's */
    sac_store *store = store_of(state);
    const sac_str docs[] = {bson_of("{'_id': 2, 'v': 2}"), bson_of("{'_id': 3, 'v': 1}")};
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "a", .docs = &docs[1],
                                .n_docs = 1);

    CHECK_INT(make_unique(store, "v"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 1, 'v': 1}"), SAC_OK);
    CHECK_INT(sac_store_write(store, &write, NULL), SAC_EEXIST);
    assert_string_equal(write.index, "v_1");
    CHECK_INT(count(store), 1);
    write.docs = docs;
    write.n_docs = 2;
    if (the_kind->transactions) {
        CHECK_INT(sac_store_write(store, &write, NULL), SAC_EEXIST);
        assert_string_equal(write.index, "v_1");
        CHECK_INT(write.failed, 1);
        CHECK_INT(count(store), 1);
    }
    CHECK_INT(insert(store, "{'_id': 2, 'v': 2}"), SAC_OK);
    CHECK_INT(replace(store, "{'_id': 2, 'v': 1}"), SAC_EEXIST);
    CHECK_INT(replace(store, "{'_id': 2, 'v': 3}"), SAC_OK);
    CHECK_INT(replace(store, "{'_id': 1, 'v': 2}"), SAC_OK);
    CHECK_INT(replace(store, "{'_id': 1, 'v': 2, 'w': 1}"), SAC_OK);
    CHECK_INT(remove_int(store, "a", 1), SAC_OK);
    CHECK_INT(replace(store, "{'_id': 2, 'v': 2}"), SAC_OK);
    write.docs = docs; /* its _id */
    write.n_docs = 1;
    CHECK_INT(sac_store_write(store, &write, NULL), SAC_EEXIST);
    assert_string_equal(write.index, "_id_");
    drop(docs[0]);
    drop(docs[1]);
}

static void test_unique__numbers_are_the_same_by_value(void **state)
{
    sac_store *store = store_of(state);

    CHECK_INT(make_unique(store, "-v"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 1, 'v': 1}"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 2, 'v': 1.0}"), SAC_EEXIST);
    CHECK_INT(insert(store, "{'_id': 3, 'v': '1'}"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 4, 'v': 1.5}"), SAC_OK);
}

static void test_unique__missing_counts_as_null(void **state)
{
    if (!the_kind->whole)
        skip(); /* FerretDB v1: no TTL, and unique indexes that are not MongoDB's */
    sac_store *store = store_of(state);

    CHECK_INT(make_unique(store, "v"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 1}"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 2}"), SAC_EEXIST);
    CHECK_INT(insert(store, "{'_id': 3, 'v': null}"), SAC_EEXIST);
    CHECK_INT(insert(store, "{'_id': 4, 'v': 0}"), SAC_OK);
    CHECK_INT(replace(store, "{'_id': 4}"), SAC_EEXIST);
}

static void test_unique__sparse_exempts_documents_without(void **state)
{
    sac_store *store = store_of(state);
    const sac_index index = {.keys = "v,w", .unique = true, .sparse = true};

    if (!the_kind->whole)
        skip();
    CHECK_INT(make(store, &index), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 1}"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 2}"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 3, 'v': 1}"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 4, 'v': 1, 'w': null}"), SAC_EEXIST);
    CHECK_INT(insert(store, "{'_id': 5, 'w': null}"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 6, 'w': null}"), SAC_EEXIST);
    CHECK_INT(replace(store, "{'_id': 3}"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 4, 'v': 1, 'w': null}"), SAC_OK);
}

static void test_unique__is_of_all_its_fields(void **state)
{
    if (!the_kind->whole)
        skip(); /* FerretDB v1: no TTL, and unique indexes that are not MongoDB's */
    sac_store *store = store_of(state);

    CHECK_INT(make_unique(store, "v,-w"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 1, 'v': 1, 'w': 'x'}"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 2, 'v': 1, 'w': 'y'}"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 3, 'v': 2, 'w': 'x'}"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 4, 'v': 1, 'w': 'x'}"), SAC_EEXIST);
    CHECK_INT(replace(store, "{'_id': 2, 'v': 1, 'w': 'x'}"), SAC_EEXIST);
}

static void test_unique__an_array_counts_by_element(void **state)
{
    sac_store *store = store_of(state);

    if (!the_kind->whole)
        skip();
    CHECK_INT(make_unique(store, "v"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 1, 'v': [1, 2, 2]}"), SAC_OK); /* twice in one is no clash */
    CHECK_INT(insert(store, "{'_id': 2, 'v': [3, 2]}"), SAC_EEXIST);
    CHECK_INT(insert(store, "{'_id': 3, 'v': 1}"), SAC_EEXIST);
    CHECK_INT(insert(store, "{'_id': 4, 'v': [3, 4]}"), SAC_OK);
    CHECK_INT(replace(store, "{'_id': 4, 'v': [4, 1]}"), SAC_EEXIST);
    CHECK_INT(replace(store, "{'_id': 4, 'v': [4, 5]}"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 5, 'v': 3}"), SAC_OK);
}

static void test_unique__a_path_leads_through_arrays_of_documents(void **state)
{
    sac_store *store = store_of(state);

    if (!the_kind->whole)
        skip();
    CHECK_INT(make_unique(store, "l.p"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 1, 'l': [{'p': 1}, {'p': 2}]}"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 2, 'l': {'p': 2}}"), SAC_EEXIST);
    CHECK_INT(insert(store, "{'_id': 3, 'l': [{'q': 2}]}"), SAC_OK); /* null */
    CHECK_INT(insert(store, "{'_id': 4, 'l': 7}"), SAC_EEXIST);
    CHECK_INT(insert(store, "{'_id': 5, 'l': {'p': [4, 3]}}"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 6, 'l': [{'p': 3}]}"), SAC_EEXIST);
}

static void test_unique__what_is_there_must_be_too(void **state)
{
    if (!the_kind->whole)
        skip(); /* FerretDB v1: no TTL, and unique indexes that are not MongoDB's */
    sac_store *store = store_of(state);

    CHECK_INT(insert(store, "{'_id': 1, 'v': 1}"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 2, 'v': 1}"), SAC_OK);
    CHECK_INT(make_unique(store, "v"), SAC_EEXIST);
    check_list(store, "");
    CHECK_INT(insert(store, "{'_id': 3, 'v': 1}"), SAC_OK);
    CHECK_INT(remove_int(store, "a", 1), SAC_OK);
    CHECK_INT(remove_int(store, "a", 3), SAC_OK);
    CHECK_INT(make_unique(store, "v"), SAC_OK);
    CHECK_INT(insert(store, "{'_id': 3, 'v': 1}"), SAC_EEXIST);
}

/* Who waits for an index reads the catalog while the writer changes it. */
static void test_index__made_over_and_over_is_there_each_time(void **state)
{
    static const char *const keys[] = {"n", "s,-n", "t", "-n"};
    sac_store *store = store_of(state);
    sac_err err = {.code = 0};

    for (int round = 0; round < 40; round++) {
        CHECK_INT(sac_store_drop(store, "a", &err), SAC_OK);
        for (int i = 0; i < 8; i++) {
            char json[64];

            snprintf(json, sizeof json, "{'_id': %d, 'n': %d, 's': 'x', 't': [1, 2]}", i, i % 3);
            CHECK_INT(insert(store, json), SAC_OK);
        }
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            const sac_index index = {.keys = keys[i]};

            if (sac_store_make_index(store, "a", &index, &err) != SAC_OK)
                fail_msg("round %d: %s", round, err.text);
        }
    }
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, open_case, close_case)

static const struct CMUnitTest tests[] = {
    STORE_TEST(test_index__is_made_listed_and_dropped),
    STORE_TEST(test_index__the_same_again_is_no_error),
    STORE_TEST(test_index__another_of_its_fields_is_a_conflict),
    STORE_TEST(test_index__refuses_bad_definitions),
    STORE_TEST(test_index__takes_32_fields),
    STORE_TEST(test_index__made_over_and_over_is_there_each_time),
    STORE_TEST(test_index__stays_when_cleared_not_when_dropped),
    STORE_TEST(test_unique__refuses_and_says_which),
    STORE_TEST(test_unique__numbers_are_the_same_by_value),
    STORE_TEST(test_unique__missing_counts_as_null),
    STORE_TEST(test_unique__sparse_exempts_documents_without),
    STORE_TEST(test_unique__is_of_all_its_fields),
    STORE_TEST(test_unique__an_array_counts_by_element),
    STORE_TEST(test_unique__a_path_leads_through_arrays_of_documents),
    STORE_TEST(test_unique__what_is_there_must_be_too),
};

int main(void)
{
    return stores_run(&the_kind, tests, sizeof tests / sizeof *tests) != 0;
}

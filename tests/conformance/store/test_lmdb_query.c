/* SPDX-License-Identifier: MIT */
/* How LMDB answers queries: which index it takes, what it reads, damage on the way. */
#include "stores.h"

#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit/query/queries.h"

static store_case the_case;
static seen got;

static int open_case(void **state)
{
    store_case_open(&the_case, store_kinds, NULL);
    memset(&got, 0, sizeof got);
    *state = &the_case;
    return 0;
}

static int close_case(void **state)
{
    store_case_close(*state);
    return 0;
}

static sac_store *store_of(void **state)
{
    return ((store_case *)*state)->store;
}

static void make(sac_store *store, sac_index index)
{
    sac_err err = {.code = 0};

    if (sac_store_make_index(store, "a", &index, &err) != SAC_OK)
        fail_msg("index %s: %s", index.keys, err.text);
}

static void insert_json(sac_store *store, const char *json)
{
    const sac_str doc = bson_of(json);
    sac_err err = {.code = 0};

    if (sac_store_insert(store, "a", doc, &err) != SAC_OK)
        fail_msg("%s: %s", json, err.text);
    drop(doc);
}

/* ---- the plan ---- */

static sac_explain explain(sac_store *store, const char *filter, const char *sort)
{
    const sac_str f = bson_of(filter);
    const sac_str s = bson_of(sort ? sort : "{}");
    const sac_query query = SAC_QUERY(.collection = "a", .filter = f, .sort = s);
    sac_explain plan = {.sorts = false};
    sac_err err = {.code = 0};

    if (sac_store_explain(store, &query, &plan, &err) != SAC_OK)
        fail_msg("%s: %s", filter, err.text);
    drop(f);
    drop(s);
    return plan;
}

typedef struct want {
    const char *filter;
    const char *sort;
    sac_scan scan;
    const char *index;
    bool sorts;
} want;

static void check_plans(sac_store *store, const want *wants, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        const want *w = &wants[i];
        const sac_explain plan = explain(store, w->filter, w->sort);

        if (plan.scan != w->scan || plan.sorts != w->sorts ||
            strcmp(plan.index, w->index ? w->index : "") != 0)
            fail_msg("%s sort %s: scan %d of \"%s\", sorts %d", w->filter, w->sort ? w->sort : "-",
                     plan.scan, plan.index, plan.sorts);
    }
}

#define CHECK_PLANS(store, wants) check_plans(store, wants, sizeof wants / sizeof *wants)

static void test_plan__without_an_index_reads_all_or_ids(void **state)
{
    static const want wants[] = {
        {"{}", NULL, SAC_SCAN_ALL, NULL, false},
        {"{'a': 1}", NULL, SAC_SCAN_ALL, NULL, false},
        {"{}", "{'a': 1}", SAC_SCAN_ALL, NULL, true},
        {"{}", "{'_id': -1}", SAC_SCAN_ALL, NULL, false},
        {"{'_id': 1}", NULL, SAC_SCAN_IDS, NULL, false},
        {"{'_id': {'$in': [1, 2]}, 'a': 3}", NULL, SAC_SCAN_IDS, NULL, false},
        {"{'_id': {'$gt': 1}}", NULL, SAC_SCAN_IDS, NULL, false},
        {"{'_id': {'$gt': 1}}", "{'a': 1}", SAC_SCAN_IDS, NULL, true},
        {"{'_id': {'$ne': 1}}", NULL, SAC_SCAN_ALL, NULL, false},
    };

    must_insert(store_of(state), "a", 1, 1);
    CHECK_PLANS(store_of(state), wants);
}

static void test_plan__takes_the_index_that_narrows_most(void **state)
{
    static const want wants[] = {
        {"{'a': 1}", NULL, SAC_SCAN_INDEX, "a_1", false},
        {"{'a': {'$gt': 1}}", NULL, SAC_SCAN_INDEX, "a_1", true},
        {"{'a': {'$in': [1, 2]}}", NULL, SAC_SCAN_INDEX, "a_1", true},
        {"{'a': {'$in': [1]}}", NULL, SAC_SCAN_INDEX, "a_1", false},
        {"{'a': 1, 'b': 2}", NULL, SAC_SCAN_INDEX, "a_1_b_-1", false},
        {"{'a': 1, 'b': {'$lt': 2}}", NULL, SAC_SCAN_INDEX, "a_1_b_-1", true},
        {"{'b': 2}", NULL, SAC_SCAN_ALL, NULL, false},
        {"{'b': 2, 'u': 3, 'a': 1}", NULL, SAC_SCAN_INDEX, "u_1", false},
        {"{'_id': 7, 'u': 3}", NULL, SAC_SCAN_IDS, NULL, false},
        {"{'_id': {'$gt': 7}, 'a': 3}", NULL, SAC_SCAN_INDEX, "a_1", false},
        {"{'_id': {'$gt': 7}, 'a': {'$gt': 3}}", NULL, SAC_SCAN_IDS, NULL, false},
        {"{'$or': [{'a': 1}]}", NULL, SAC_SCAN_ALL, NULL, false},
        {"{'$and': [{'a': 1}]}", NULL, SAC_SCAN_INDEX, "a_1", false},
        {"{'a': {'$regex': '^x'}}", NULL, SAC_SCAN_ALL, NULL, false},
    };

    must_insert(store_of(state), "a", 1, 1);
    make(store_of(state), (sac_index){.keys = "a"});
    make(store_of(state), (sac_index){.keys = "a,-b"});
    make(store_of(state), (sac_index){.keys = "u", .unique = true});
    CHECK_PLANS(store_of(state), wants);
}

static void test_plan__takes_the_order_of_an_index(void **state)
{
    static const want wants[] = {
        {"{}", "{'a': 1}", SAC_SCAN_INDEX, "a_1", false},
        {"{}", "{'a': -1}", SAC_SCAN_INDEX, "a_1", false},
        {"{}", "{'a': -1, '_id': 1}", SAC_SCAN_INDEX, "a_1", false},
        {"{'x': 1}", "{'a': 1}", SAC_SCAN_INDEX, "a_1", false},
        {"{}", "{'a': 1, 'b': -1}", SAC_SCAN_INDEX, "a_1_b_-1", false},
        {"{}", "{'a': -1, 'b': 1}", SAC_SCAN_INDEX, "a_1_b_-1", false},
        {"{}", "{'a': 1, 'b': 1}", SAC_SCAN_ALL, NULL, true},
        {"{'a': 5}", "{'b': 1}", SAC_SCAN_INDEX, "a_1_b_-1", false},
        {"{'a': 5}", "{'a': 1, 'b': 1}", SAC_SCAN_INDEX, "a_1_b_-1", false},
        {"{'a': {'$gt': 5}}", "{'a': 1, 'b': -1}", SAC_SCAN_INDEX, "a_1_b_-1", false},
        {"{'a': {'$in': [5, 6]}}", "{'a': 1}", SAC_SCAN_INDEX, "a_1", false},
        {"{'a': {'$in': [5, 6]}}", "{'b': 1}", SAC_SCAN_INDEX, "a_1", true},
        {"{}", "{'b': 1}", SAC_SCAN_ALL, NULL, true},
    };

    must_insert(store_of(state), "a", 1, 1);
    make(store_of(state), (sac_index){.keys = "a"});
    make(store_of(state), (sac_index){.keys = "a,-b"});
    CHECK_PLANS(store_of(state), wants);
}

static void test_plan__arrays_take_the_order_away(void **state)
{
    static const want before[] = {{"{}", "{'a': 1}", SAC_SCAN_INDEX, "a_1", false}};
    static const want after[] = {
        {"{}", "{'a': 1}", SAC_SCAN_ALL, NULL, true},
        {"{'a': 1}", NULL, SAC_SCAN_INDEX, "a_1", false},
        {"{'a': 1}", "{'a': 1}", SAC_SCAN_INDEX, "a_1", true},
    };

    make(store_of(state), (sac_index){.keys = "a"});
    insert_json(store_of(state), "{'_id': 1, 'a': 1}");
    CHECK_PLANS(store_of(state), before);
    insert_json(store_of(state), "{'_id': 2, 'a': [1, 2]}");
    CHECK_PLANS(store_of(state), after);
}

static void test_plan__a_sparse_index_serves_who_asks_for_values(void **state)
{
    static const want wants[] = {
        {"{'a': 1}", NULL, SAC_SCAN_INDEX, "a_1", false},
        {"{'a': {'$gt': 1}}", "{'a': 1}", SAC_SCAN_INDEX, "a_1", false},
        {"{'a': null}", NULL, SAC_SCAN_ALL, NULL, false},
        {"{'a': {'$in': [1, null]}}", NULL, SAC_SCAN_ALL, NULL, false},
        {"{}", "{'a': 1}", SAC_SCAN_ALL, NULL, true},
    };

    make(store_of(state), (sac_index){.keys = "a", .sparse = true});
    insert_json(store_of(state), "{'_id': 1, 'a': 1}");
    CHECK_PLANS(store_of(state), wants);
}

static void test_plan__a_path_of_numbers_has_no_index(void **state)
{
    static const want wants[] = {{"{'a.0': 1}", NULL, SAC_SCAN_ALL, NULL, false}};

    make(store_of(state), (sac_index){.keys = "a.0"});
    insert_json(store_of(state), "{'_id': 1, 'a': [1]}");
    CHECK_PLANS(store_of(state), wants);
}

static void test_plan__of_no_collection_reads_nothing(void **state)
{
    static const want wants[] = {{"{'a': 1}", "{'b': 1}", SAC_SCAN_ALL, NULL, true}};

    CHECK_PLANS(store_of(state), wants);
}

/* ---- what is read ---- */

/* In the text of the document with this `v`, wherever the file has it: in old pages too. */
static void damage(store_case *test, int64_t v)
{
    char bytes[8];
    sac_str file;
    char *at;
    FILE *out;
    int i;

    for (i = 0; i < 8; i++)
        bytes[i] = (char)(v >> 8 * i);
    sac_store_close(test->store);
    test->store = NULL;
    file = read_file(test->path);
    CHECK(file.p != NULL);
    at = (char *)(uintptr_t)file.p;
    while ((at = memmem(at, file.n - (size_t)(at - file.p), bytes, sizeof bytes))) {
        at += 20; /* v, type, name, length, some of the text */
        *at = '#';
    }
    out = fopen(test->path, "r+b");
    CHECK(out != NULL);
    CHECK_INT(fwrite(file.p, 1, file.n, out), file.n);
    fclose(out);
    drop(file);
    store_case_reopen(test);
}

static int run(sac_store *store, const char *filter, const char *sort)
{
    const sac_str f = bson_of(filter);
    const sac_str s = bson_of(sort);
    const sac_query query = SAC_QUERY(.collection = "a", .filter = f, .sort = s);
    int rc = seen_all(store, &query, &got);

    drop(f);
    drop(s);
    return rc;
}

static void test_query__checksums_are_of_what_is_given(void **state)
{
    store_case *test = *state;
    int i;

    for (i = 1; i <= 5; i++)
        must_insert_pad(test->store, "a", i, 1000000007 * (int64_t)i, 20);
    damage(test, 1000000007 * (int64_t)3);
    CHECK_INT(run(test->store, "{'v': {'$lt': 3000000000}}", "{}"), SAC_OK);
    CHECK_INT(got.n, 2);
    CHECK_INT(run(test->store, "{'_id': {'$gte': 2}}", "{}"), SAC_ECORRUPT);
    CHECK_INT(got.n, 1);
    CHECK_INT(run(test->store, "{}", "{'v': -1}"), SAC_ECORRUPT);
    CHECK_INT(got.n, 2);
}

static void break_framing(const store_case *test, int32_t id)
{
    char key_bytes[] = {0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    const double number = id;
    uint64_t bits;
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val key = {sizeof key_bytes, key_bytes};
    char value[40] = {0};
    MDB_val data = {sizeof value, value};
    int i;

    memcpy(&bits, &number, sizeof bits);
    bits |= (uint64_t)1 << 63;
    for (i = 0; i < 8; i++)
        key_bytes[1 + i] = (char)(bits >> 8 * (7 - i));
    value[16] = 24; /* says that it is a document of the right size */
    value[20] = 0x02;
    value[21] = 'v';
    value[23] = (char)0xff; /* of a string that ends far behind it */
    value[26] = 0x7f;
    CHECK_INT(mdb_env_create(&env), 0);
    CHECK_INT(mdb_env_set_maxdbs(env, 8), 0);
    CHECK_INT(mdb_env_set_mapsize(env, (size_t)64 << 20), 0); /* not all that the store reserves */
    CHECK_INT(mdb_env_open(env, test->path, MDB_NOSUBDIR, 0600), 0);
    CHECK_INT(mdb_txn_begin(env, NULL, 0, &txn), 0);
    CHECK_INT(mdb_dbi_open(txn, "c:a", 0, &dbi), 0);
    CHECK_INT(mdb_put(txn, dbi, &key, &data, 0), 0);
    CHECK_INT(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void test_query__a_broken_document_is_named(void **state)
{
    store_case *test = *state;
    const sac_str filter = bson_of("{'v': 30}");
    const sac_query query = SAC_QUERY(.collection = "a", .filter = filter);
    const sac_sink sink = seen_sink(&got);
    sac_cursor *cursor = NULL;
    sac_err err = {.code = 0};
    int64_t count;
    int i;

    for (i = 1; i <= 3; i++)
        must_insert(test->store, "a", i, i * 10);
    sac_store_close(test->store);
    test->store = NULL;
    break_framing(test, 2);
    store_case_reopen(test);
    CHECK_INT(sac_store_find(test->store, &query, NULL, &cursor, NULL), SAC_OK);
    CHECK_INT(sac_cursor_pull(cursor, &sink, &err), SAC_ECORRUPT);
    CHECK(strstr(err.text, "a: document"));
    sac_cursor_close(cursor);
    CHECK_INT(sac_store_count(test->store, &query, &count, NULL), SAC_ECORRUPT);
    CHECK_INT(run(test->store, "{}", "{'v': 1}"), SAC_ECORRUPT);
    drop(filter);
}

/* A wide range by an index, in the order of ids: given up for reading all, and right. */
static void test_query__a_wide_range_is_read_in_order(void **state)
{
    static sac_str docs[4000];
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "a", .docs = docs,
                                .n_docs = 4000);
    const sac_str filter = bson_of("{'v': {'$gte': 10}}");
    sac_query query = SAC_QUERY(.collection = "a", .filter = filter, .max_sort = 60000);
    int i;

    for (i = 0; i < 4000; i++)
        docs[i] = doc_int(i, (i * 7) % 4000, 0);
    CHECK_INT(sac_store_write(store_of(state), &write, NULL), SAC_OK);
    for (i = 0; i < 4000; i++)
        drop(docs[i]);
    make(store_of(state), (sac_index){.keys = "v"});
    CHECK_INT(explain(store_of(state), "{'v': {'$gte': 10}}", NULL).scan, SAC_SCAN_INDEX);
    got.stop = 1000;
    query.count = true;
    query.limit = 3500;
    CHECK_INT(seen_all(store_of(state), &query, &got), SAC_OK);
    CHECK_INT(got.n, 3500);
    CHECK_INT(got.snapshot.count, 3990);
    for (i = 1; i < 3500; i++)
        CHECK(got.ids[i - 1] < got.ids[i]);
    drop(filter);
}

/* The index that a cursor walks is dropped between two pulls. */
static void check_goes_on(sac_store *store, const char *sort, const char *filter, const char *index)
{
    const sac_str s = bson_of(sort);
    const sac_str f = bson_of(filter);
    const sac_query query = SAC_QUERY(.collection = "a", .sort = s, .filter = f);
    const sac_sink sink = seen_sink(&got);
    sac_cursor *cursor = NULL;
    int64_t ids[60];
    size_t n;

    CHECK_INT(seen_all(store, &query, &got), SAC_OK);
    n = got.n;
    CHECK(n > 20 && n <= 60);
    memcpy(ids, got.ids, n * sizeof *ids);
    CHECK_INT(sac_store_find(store, &query, NULL, &cursor, NULL), SAC_OK);
    got.n = 0;
    got.until = 7;
    CHECK_INT(sac_cursor_pull(cursor, &sink, NULL), 1);
    CHECK_INT(sac_store_drop_index(store, "a", index, NULL), SAC_OK);
    got.until = 15;
    CHECK_INT(sac_cursor_pull(cursor, &sink, NULL), 1);
    make(store, (sac_index){.keys = "w"});
    got.until = 0;
    CHECK_INT(sac_cursor_pull(cursor, &sink, NULL), SAC_OK);
    CHECK_INT(got.n, n);
    assert_memory_equal(got.ids, ids, n * sizeof *ids);
    sac_cursor_close(cursor);
    CHECK_INT(sac_store_drop_index(store, "a", "w_1", NULL), SAC_OK);
    make(store, (sac_index){.keys = "v"});
    drop(s);
    drop(f);
}

static void test_cursor__goes_on_when_its_index_is_dropped(void **state)
{
    sac_store *store = store_of(state);
    int i;

    for (i = 0; i < 60; i++)
        must_insert(store, "a", i, i % 2);
    make(store, (sac_index){.keys = "v"});
    check_goes_on(store, "{'v': 1}", "{}", "v_1");
    check_goes_on(store, "{'v': -1}", "{}", "v_1");
    check_goes_on(store, "{'v': 1, '_id': -1}", "{}", "v_1");
    check_goes_on(store, "{}", "{'v': 1}", "v_1");
    check_goes_on(store, "{'_id': -1}", "{'v': 1}", "v_1");
}

#define LMDB_TEST(name) cmocka_unit_test_setup_teardown(name, open_case, close_case)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LMDB_TEST(test_plan__without_an_index_reads_all_or_ids),
        LMDB_TEST(test_plan__takes_the_index_that_narrows_most),
        LMDB_TEST(test_plan__takes_the_order_of_an_index),
        LMDB_TEST(test_plan__arrays_take_the_order_away),
        LMDB_TEST(test_plan__a_sparse_index_serves_who_asks_for_values),
        LMDB_TEST(test_plan__a_path_of_numbers_has_no_index),
        LMDB_TEST(test_plan__of_no_collection_reads_nothing),
        LMDB_TEST(test_query__checksums_are_of_what_is_given),
        LMDB_TEST(test_query__a_broken_document_is_named),
        LMDB_TEST(test_query__a_wide_range_is_read_in_order),
        LMDB_TEST(test_cursor__goes_on_when_its_index_is_dropped),
    };

    return cmocka_run_group_tests_name("lmdb_query", tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/* Updates and removals by id and by query on every store. */
#include "stores.h"

#include <stdio.h>
#include <stdlib.h>

#include "unit/query/queries.h"

static store_case the_case;
static const store_kind *the_kind;

/* Documents 1 to 5, each with its id in "v". */
static int open_case(void **state)
{
    store_case_open(&the_case, the_kind, NULL);
    *state = the_case.store;
    for (int32_t id = 1; id <= 5; id++)
        must_insert(the_case.store, "a", id, id);
    return 0;
}

static int close_case(void **state)
{
    (void)state;
    store_case_close(&the_case);
    return 0;
}

static int update(sac_store *store, int32_t id, const char *json, sac_err *err)
{
    const sac_str bytes = bson_of(json);
    char raw[4];
    const int rc = sac_store_update(store, "a", value_int(raw, id), bytes, err);

    drop(bytes);
    return rc;
}

static int update_many(sac_store *store, const char *filter, const char *json,
                       sac_affected *affected, sac_err *err)
{
    const sac_str f = bson_of(filter);
    const sac_str bytes = bson_of(json);
    const sac_query query = SAC_QUERY(.collection = "a", .filter = f);
    const int rc = sac_store_update_many(store, &query, bytes, affected, err);

    drop(f);
    drop(bytes);
    return rc;
}

static int64_t v_of(sac_store *store, int32_t id)
{
    int64_t v = -1;

    CHECK_INT(get_v(store, "a", id, &v), SAC_OK);
    return v;
}

static void test_update__changes_one(void **state)
{
    sac_err err = {.code = 0};

    CHECK_INT(update(*state, 2, "{'$inc': {'v': 40}}", &err), SAC_OK);
    CHECK_INT(v_of(*state, 2), 42);
    CHECK_INT(v_of(*state, 3), 3);
    CHECK_INT(update(*state, 9, "{'$inc': {'v': 40}}", &err), SAC_ENOTFOUND);
    CHECK_INT(update(*state, 2, "{'$push': {'v': 1}}", &err), SAC_ECONFLICT);
    CHECK(strstr(err.text, "$push of 'v'") != NULL);
    CHECK_INT(update(*state, 2, "{'$set': {'_id': 7}}", &err), SAC_ECONFLICT);
    CHECK_INT(update(*state, 2, "{'v': 7}", &err), SAC_EINVAL);
    CHECK_INT(v_of(*state, 2), 42);
}

/* Where writes of many documents cannot be all or none, they are refused. */
static bool has_many(sac_store *store)
{
    const sac_query query = SAC_QUERY(.collection = "none");

    if (the_kind->transactions)
        return true;
    CHECK_INT(sac_store_remove_many(store, &query, NULL, NULL), SAC_ENOSYS);
    return false;
}

static void test_update__that_changes_nothing_raises_nothing(void **state)
{
    uint64_t before;

    if (!the_kind->revisions || !has_many(*state))
        skip();
    before = revision_of(*state, "a");

    CHECK_INT(update(*state, 2, "{'$set': {'v': {'$numberLong': '2'}}}", NULL), SAC_OK);
    CHECK_INT(update_many(*state, "{}", "{'$max': {'v': 0}}", NULL, NULL), SAC_OK);
    CHECK_INT(revision_of(*state, "a"), before);
}

static void test_update_many__changes_what_matches(void **state)
{
    sac_affected affected = {0};

    if (!has_many(*state))
        skip();
    CHECK_INT(update_many(*state, "{'v': {'$gte': 3}}", "{'$max': {'v': 4}}", &affected, NULL),
              SAC_OK);
    CHECK_INT(affected.matched, 3);
    CHECK_INT(affected.changed, 1);
    CHECK_INT(v_of(*state, 2), 2);
    CHECK_INT(v_of(*state, 3), 4);
    CHECK_INT(v_of(*state, 5), 5);
    CHECK_INT(update_many(*state, "{'v': 77}", "{'$inc': {'v': 4}}", &affected, NULL), SAC_OK);
    CHECK_INT(affected.matched, 0);
}

/* The last of them cannot be changed, so that none is. */
static void test_update_many__is_all_or_none(void **state)
{
    sac_affected affected = {.matched = -7};
    sac_err err = {.code = 0};

    if (!has_many(*state))
        skip();
    CHECK_INT(update(*state, 5, "{'$set': {'v': 'text'}}", NULL), SAC_OK);
    CHECK_INT(update_many(*state, "{}", "{'$inc': {'v': 1}}", &affected, &err), SAC_ECONFLICT);
    CHECK(strstr(err.text, "$inc of 'v'") != NULL);
    CHECK_INT(affected.matched, -7);
    for (int32_t id = 1; id <= 4; id++)
        CHECK_INT(v_of(*state, id), id);
}

static void test_remove_many__removes_what_matches(void **state)
{
    sac_query query = SAC_QUERY(.collection = "a");
    const sac_query all = SAC_QUERY(.collection = "a");
    sac_affected affected = {0};
    int64_t count = 0;

    if (!has_many(*state))
        skip();
    query.filter = bson_of("{'v': {'$in': [2, 4, 9]}}");
    CHECK_INT(sac_store_remove_many(*state, &query, &affected, NULL), SAC_OK);
    CHECK_INT(affected.matched, 2);
    CHECK_INT(affected.changed, 2);
    CHECK_INT(sac_store_count(*state, &all, &count, NULL), SAC_OK);
    CHECK_INT(count, 3);
    CHECK_INT(v_of(*state, 3), 3);
    CHECK_INT(sac_store_remove_many(*state, &all, &affected, NULL), SAC_OK);
    CHECK_INT(affected.changed, 3);
    drop(query.filter);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_case, close_case)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_update__changes_one),
        TEST(test_update__that_changes_nothing_raises_nothing),
        TEST(test_update_many__changes_what_matches),
        TEST(test_update_many__is_all_or_none),
        TEST(test_remove_many__removes_what_matches),
    };

    return stores_run(&the_kind, tests, sizeof tests / sizeof *tests) != 0;
}

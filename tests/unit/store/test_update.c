/* SPDX-License-Identifier: MIT */
#include "support/things.h"

static const char *const docs[] = {"{\"_id\":1,\"n\":1}", "{\"_id\":2,\"n\":2}",
                                   "{\"_id\":3,\"n\":3,\"s\":\"x\"}", NULL};

static memory_store memory;

static int open_memory(void **state)
{
    sac_store *store = NULL;

    if (memory_open(&memory, NULL, docs, &store, NULL) != SAC_OK)
        return -1;
    *state = store;
    return 0;
}

static int close_memory(void **state)
{
    sac_store_close(*state);
    return 0;
}

static sac_str bson_of(const char *json)
{
    sac_str doc = {NULL, 0};

    CHECK_INT(sac_json_decode(sac_str_of(json), NULL, NULL, &doc, NULL), SAC_OK);
    return doc;
}

static int update_one(sac_store *store, int i, const char *json, sac_err *err)
{
    sac_str update = bson_of(json);
    const sac_value id = sac_bson_get(memory.docs[i], sac_str_of("_id"));
    const int rc = sac_store_update(store, "things", id, update, err);

    memory_free(&update);
    return rc;
}

static int update_many(sac_store *store, const char *filter, const char *json,
                       sac_affected *affected, sac_err *err)
{
    sac_str f = bson_of(filter);
    sac_str update = bson_of(json);
    const sac_query query = SAC_QUERY(.collection = "things", .filter = f);
    const int rc = sac_store_update_many(store, &query, update, affected, err);

    memory_free(&f);
    memory_free(&update);
    return rc;
}

static void test_update__changes_one_document(void **state)
{
    sac_err err = {.code = 0};

    memory.runs = 3;
    CHECK_INT(update_one(*state, 1, "{\"$inc\":{\"n\":5}}", &err), SAC_OK);
    CHECK(memory_is(&memory, 0, docs[0]));
    CHECK(memory_is(&memory, 1, "{\"_id\":2,\"n\":7}"));
    CHECK_INT(update_one(*state, 1, "{\"$set\":{\"n\":7}}", &err), SAC_OK);
    CHECK(memory_is(&memory, 1, "{\"_id\":2,\"n\":7}"));
}

static void test_update__says_why_not(void **state)
{
    sac_str update = bson_of("{\"$inc\":{\"n\":1}}");
    sac_err err = {.code = 0};

    CHECK_INT(sac_store_update(*state, "things", (sac_value){.type = SAC_BSON_NULL}, update, &err),
              SAC_ENOTFOUND);
    memory_free(&update);
    CHECK_INT(update_one(*state, 2, "{\"$inc\":{\"s\":1}}", &err), SAC_ECONFLICT);
    assert_string_equal(err.text, "$inc of 's': the stored value is no number");
    CHECK_INT(update_one(*state, 2, "{\"$foo\":{\"s\":1}}", &err), SAC_EINVAL);
    CHECK_INT(update_one(*state, 2, "{\"$set\":{\"_id\":9}}", &err), SAC_ECONFLICT);
    CHECK(memory_is(&memory, 2, docs[2]));
    memory.refuse = SAC_ECLOSED;
    CHECK_INT(update_one(*state, 2, "{\"$inc\":{\"n\":1}}", &err), SAC_ECLOSED);
}

static void test_update_many__changes_all_of_a_query(void **state)
{
    sac_affected affected = {0};
    sac_err err = {.code = 0};

    CHECK_INT(update_many(*state, "{\"n\":{\"$gte\":2}}", "{\"$set\":{\"n\":3}}", &affected, &err),
              SAC_OK);
    CHECK_INT(affected.matched, 2);
    CHECK_INT(affected.changed, 1);
    CHECK(memory_is(&memory, 0, docs[0]));
    CHECK(memory_is(&memory, 1, "{\"_id\":2,\"n\":3}"));
    CHECK_INT(update_many(*state, "{\"n\":77}", "{\"$set\":{\"n\":3}}", &affected, &err), SAC_OK);
    CHECK_INT(affected.matched, 0);
    CHECK_INT(update_many(*state, "{}", "{\"$unset\":{\"n\":1}}", NULL, &err), SAC_OK);
    CHECK(memory_is(&memory, 2, "{\"_id\":3,\"s\":\"x\"}"));
}

static void test_update_many__is_all_or_none(void **state)
{
    sac_affected affected = {.matched = 77};
    sac_err err = {.code = 0};

    CHECK_INT(update_many(*state, "{}", "{\"$push\":{\"s\":1}}", &affected, &err), SAC_ECONFLICT);
    CHECK_INT(affected.matched, 77);
    CHECK(strstr(err.text, "$push of 's'") != NULL);
    for (int i = 0; i < 3; i++)
        CHECK(memory_is(&memory, i, docs[i]));
    CHECK_INT(update_many(*state, "{}", "{}", &affected, &err), SAC_EINVAL);
}

static void test_remove_many__removes_all_of_a_query(void **state)
{
    sac_str filter = bson_of("{\"n\":{\"$ne\":2}}");
    const sac_query query = SAC_QUERY(.collection = "things", .filter = filter);
    sac_affected affected = {0};

    CHECK_INT(sac_store_remove_many(*state, &query, &affected, NULL), SAC_OK);
    CHECK_INT(affected.matched, 2);
    CHECK_INT(affected.changed, 2);
    CHECK(memory_is(&memory, 0, NULL));
    CHECK(memory_is(&memory, 1, docs[1]));
    CHECK(memory_is(&memory, 2, NULL));
    memory_free(&filter);
}

static void test_write_each__is_checked(void **state)
{
    const sac_query query = SAC_QUERY(.collection = "things");
    const sac_query old = {.size = 8};
    const sac_query newer = {.size = sizeof newer + 8};
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_EACH, .collection = "things");
    sac_err err;

    CHECK_INT(sac_store_write(*state, &write, &err), SAC_EINVAL);
    assert_string_equal(err.text, "no decide function");
    write.decide = (sac_decide *)abort;
    CHECK_INT(sac_store_write(*state, &write, &err), SAC_EINVAL);
    assert_string_equal(err.text, "no query");
    write.query = &old;
    CHECK_INT(sac_store_write(*state, &write, &err), SAC_EINVAL);
    write.query = &newer;
    CHECK_INT(sac_store_write(*state, &write, &err), SAC_EVERSION);
    write.query = &query;
    write.max = -1;
    CHECK_INT(sac_store_write(*state, &write, &err), SAC_EINVAL);
    write.max = 0;
    write.collection = "";
    CHECK_INT(sac_store_write(*state, &write, &err), SAC_EINVAL);
}

static void test_update__survives_oom(void **state)
{
    sac_str update = bson_of("{\"$inc\":{\"n\":1}}");
    const sac_query query = SAC_QUERY(.collection = "things");
    memory_store own;
    sac_store *store = NULL;
    sac_affected affected;
    fault_alloc fault;
    long n = 0;
    int rc;

    (void)state;
    CHECK_INT(memory_open(&own, fault_alloc_init(&fault, -1), docs, &store, NULL), SAC_OK);
    for (;; n++) {
        fault.left = n;
        rc = sac_store_update_many(store, &query, update, &affected, NULL);
        CHECK_INT(fault.live, 1); /* the store itself */
        if (rc == SAC_OK)
            break;
        CHECK_INT(rc, SAC_ENOMEM);
        CHECK(memory_is(&own, 0, docs[0]));
        CHECK(n < 100);
    }
    CHECK(n > 5);
    CHECK(memory_is(&own, 2, "{\"_id\":3,\"n\":4,\"s\":\"x\"}"));
    sac_store_close(store);
    memory_free(&update);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_memory, close_memory)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_update__changes_one_document),        TEST(test_update__says_why_not),
        TEST(test_update_many__changes_all_of_a_query), TEST(test_update_many__is_all_or_none),
        TEST(test_remove_many__removes_all_of_a_query), TEST(test_write_each__is_checked),
        cmocka_unit_test(test_update__survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

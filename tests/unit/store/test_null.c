/* SPDX-License-Identifier: MIT */
#include "support/support.h"

#include <sacrum/store/null.h>

static const char doc_bytes[] = "\x0e\0\0\0\x10_id\0\1\0\0\0";
static const char other_bytes[] = "\x0e\0\0\0\x10_id\0\2\0\0\0";

static sac_str doc(void)
{
    return sac_str_n(doc_bytes, 14);
}

static int open_null(const char *uri, const sac_alloc *alloc, sac_store **out)
{
    const sac_store_config config = SAC_STORE_CONFIG(.uri = uri, .alloc = alloc);

    return sac_null(&config, out, NULL);
}

static void test_null_store__open_survives_oom(void **state)
{
    sac_store *store = NULL;
    fault_alloc fault;
    long n = 0;

    (void)state;
    while (open_null("null:", fault_alloc_init(&fault, n), &store) != SAC_OK) {
        CHECK(store == NULL);
        CHECK_INT(fault.live, 0);
        CHECK(++n < 100);
    }
    CHECK_INT(n, 2);
    sac_store_close(store);
    CHECK_INT(fault.live, 0);
}

static void test_null_store__is_for_its_own_scheme(void **state)
{
    sac_store *store = NULL;

    (void)state;
    CHECK_INT(open_null("lmdb:x", NULL, &store), SAC_ENOTMINE);
    CHECK_INT(open_null("null:x", NULL, &store), SAC_ENOTMINE);
    CHECK_INT(open_null(NULL, NULL, &store), SAC_ENOTMINE);
    CHECK(store == NULL);
}

static int put(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    (void)err;
    CHECK(stored == NULL);
    change->kind = SAC_CHANGE_PUT;
    change->doc = *(sac_str *)self;
    return 0;
}

static int no_doc(void *self, const sac_view *view)
{
    (void)self;
    (void)view;
    return SAC_EINVAL;
}

static void test_null_store__takes_writes_and_keeps_nothing(void **state)
{
    sac_str given = doc();
    const sac_value id = sac_bson_get(given, sac_str_of("_id"));
    const sac_query query = SAC_QUERY(.collection = "a");
    const sac_sink sink = {.doc = no_doc};
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_DECIDE, .collection = "a", .id = id,
                                .decide = put, .self = &given);
    sac_store *store = NULL;
    sac_cursor *cursor = NULL;
    int64_t count = -1;

    (void)state;
    CHECK_INT(open_null("null:", NULL, &store), SAC_OK);
    CHECK_INT(sac_store_insert(store, "a", given, NULL), SAC_OK);
    CHECK_INT(sac_store_write(store, &write, NULL), SAC_OK);
    CHECK_INT(write.changed, 1);
    CHECK_INT(write.revision, 2);
    given = sac_str_n(other_bytes, 14);
    CHECK_INT(sac_store_write(store, &write, NULL), SAC_EINVAL); /* another _id */
    CHECK_INT(sac_store_replace(store, "a", given, NULL), SAC_ENOTFOUND);
    CHECK_INT(sac_store_remove(store, "a", id, NULL), SAC_ENOTFOUND);
    CHECK_INT(sac_store_drop(store, "a", NULL), SAC_OK);
    CHECK_INT(sac_store_get(store, "a", id, &sink, NULL), SAC_ENOTFOUND);
    CHECK_INT(sac_store_count(store, &query, &count, NULL), SAC_OK);
    CHECK_INT(count, 0);
    CHECK_INT(sac_store_find(store, &query, NULL, &cursor, NULL), SAC_OK);
    CHECK_INT(sac_cursor_pull(cursor, &sink, NULL), 0);
    sac_cursor_close(cursor);
    CHECK_INT(sac_store_check(store, NULL), SAC_OK);
    sac_store_close(store);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_null_store__open_survives_oom),
        cmocka_unit_test(test_null_store__is_for_its_own_scheme),
        cmocka_unit_test(test_null_store__takes_writes_and_keeps_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "support/support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <sacrum/impl/store.h>

/* A store of three documents {"_id": 1..3} that counts what is asked of it. */
typedef struct fake {
    int finds;
    int closed;
    int cursors;
    int submits;
    bool later; /* done comes from another thread */
    int refuse;
    pthread_t thread;
    sac_write *write;
} fake;

typedef struct fake_cursor {
    fake *of;
    sac_query query;
    int next;
} fake_cursor;

static const char docs[3][14] = {
    "\x0e\0\0\0\x10_id\0\1\0\0\0",
    "\x0e\0\0\0\x10_id\0\2\0\0\0",
    "\x0e\0\0\0\x10_id\0\3\0\0\0",
};

static sac_str doc_at(int i)
{
    return sac_str_n(docs[i], 14);
}

static bool in_bounds(const sac_query *query, int i)
{
    const sac_value id = sac_bson_get(doc_at(i), sac_str_of("_id"));

    return (query->from.type == SAC_BSON_MISSING || sac_value_compare(&id, &query->from) >= 0) &&
           (query->to.type == SAC_BSON_MISSING || sac_value_compare(&id, &query->to) <= 0);
}

static int fake_pull(void *self, const sac_sink *sink, sac_err *err)
{
    fake_cursor *cursor = self;
    const sac_snapshot snapshot = {.revision = 9, .count = -1};
    int rc = sink->begin ? sink->begin(sink->self, &snapshot) : 0;

    CHECK(err != NULL);
    while (rc == 0 && cursor->next < 3) {
        const int i = cursor->next++;
        const sac_view view = {.doc = doc_at(i), .revision = 4};

        if (in_bounds(&cursor->query, i))
            rc = sink->doc(sink->self, &view);
    }
    return rc;
}

static void fake_close_cursor(void *self)
{
    fake_cursor *cursor = self;

    cursor->of->cursors--;
    free(cursor);
}

static const sac_cursor_ops fake_cursor_ops = SAC_CURSOR_OPS(.pull = fake_pull,
                                                             .close = fake_close_cursor);

static int fake_find(void *self, const sac_query *query, const sac_alloc *alloc,
                     const sac_cursor_ops **ops, void **out, sac_err *err)
{
    fake *of = self;
    fake_cursor *cursor;

    CHECK(alloc != NULL);
    of->finds++;
    if (of->refuse)
        return sac_err_set(err, of->refuse, "refused");
    cursor = calloc(1, sizeof *cursor);
    cursor->of = of;
    cursor->query = *query;
    of->cursors++;
    *ops = &fake_cursor_ops;
    *out = cursor;
    return SAC_OK;
}

static void *answer_later(void *arg)
{
    fake *of = arg;

    of->write->done(of->write->self, of->write);
    return NULL;
}

static int fake_submit(void *self, sac_write *write, sac_err *err)
{
    fake *of = self;

    of->submits++;
    if (of->refuse)
        return sac_err_set(err, of->refuse, "refused");
    write->revision = 7;
    write->changed = 1;
    write->failed = 3;
    write->result = sac_err_set(&write->err, SAC_EEXIST, "taken");
    if (write->kind == SAC_WRITE_CLEAR)
        write->result = SAC_OK;
    of->write = write;
    if (!of->later)
        answer_later(of);
    else
        CHECK_INT(pthread_create(&of->thread, NULL, answer_later, of), 0);
    return SAC_OK;
}

static int fake_collections(void *self, int (*name)(void *self, const char *name), void *name_self,
                            sac_err *err)
{
    (void)self;
    (void)err;
    return name(name_self, "one") ? 1 : name(name_self, "two");
}

static void fake_close(void *self)
{
    ((fake *)self)->closed++;
}

static const sac_store_ops least_ops = SAC_STORE_OPS(.name = "fake", .find = fake_find,
                                                     .submit = fake_submit, .close = fake_close);

static sac_store *open_fake(fake *of, const sac_store_ops *ops)
{
    sac_store *store = NULL;

    memset(of, 0, sizeof *of);
    CHECK_INT(sac_store_new(NULL, ops, of, &store, NULL), SAC_OK);
    return store;
}

static sac_value id_of(int i)
{
    return sac_bson_get(doc_at(i - 1), sac_str_of("_id"));
}

/* ---- tests ---- */

static void test_store__new_names_the_slot_that_is_missing(void **state)
{
    static const char *const names[] = {"name", "find", "submit", "close"};
    sac_store *store = NULL;
    sac_err err;
    fake of;
    int i;

    (void)state;
    for (i = 0; i < 4; i++) {
        sac_store_ops ops = least_ops;

        ops.name = i == 0 ? NULL : ops.name;
        ops.find = i == 1 ? NULL : ops.find;
        ops.submit = i == 2 ? NULL : ops.submit;
        ops.close = i == 3 ? NULL : ops.close;
        CHECK_INT(sac_store_new(NULL, &ops, &of, &store, &err), SAC_EINVAL);
        CHECK(strstr(err.text, names[i]) != NULL);
        CHECK(store == NULL);
    }
}

static void test_store__new_refuses_a_newer_table_and_reads_an_older_one(void **state)
{
    sac_store_ops ops = least_ops;
    sac_store *store = NULL;
    uint64_t revision = 5;
    fake of = {.closed = 0};
    sac_err err = {.code = 0};
    char want[80];

    (void)state;
    ops.size = sizeof ops + sizeof(void *);
    CHECK_INT(sac_store_new(NULL, &ops, &of, &store, &err), SAC_EVERSION);
    snprintf(want, sizeof want, "sac_store_ops of a newer libsacrum: %zu bytes, %zu are known",
             ops.size, sizeof ops);
    assert_string_equal(err.text, want);
    ops.size = 8; /* everything behind it reads as NULL */
    CHECK_INT(sac_store_new(NULL, &ops, &of, &store, NULL), SAC_EINVAL);
    ops.size = sizeof ops;
    CHECK_INT(sac_store_new(NULL, &ops, &of, &store, NULL), SAC_OK);
    CHECK_INT(sac_store_revision(store, "a", &revision, NULL), SAC_OK);
    CHECK_INT(revision, 0);
    sac_store_close(store);
    CHECK_INT(of.closed, 1);
    sac_store_close(NULL);
}

static void test_store__new_survives_oom(void **state)
{
    sac_store *store = NULL;
    fault_alloc fault;
    fake of = {.closed = 0};
    long n = 0;

    (void)state;
    while (sac_store_new(fault_alloc_init(&fault, n), &least_ops, &of, &store, NULL)) {
        CHECK(store == NULL);
        CHECK_INT(of.closed, 0); /* self moves on success only */
        CHECK(++n < 10);
    }
    CHECK_INT(n, 1);
    sac_store_close(store);
    CHECK_INT(fault.live, 0);
}

typedef struct kept {
    int n;
    int begins;
    uint64_t revision;
    int answer;
} kept;

static int keep_begin(void *self, const sac_snapshot *snapshot)
{
    kept *into = self;

    into->begins++;
    into->revision = snapshot->revision;
    return 0;
}

static int keep_doc(void *self, const sac_view *view)
{
    kept *into = self;

    CHECK_INT(view->revision, 4);
    into->n++;
    return into->answer;
}

static void test_store__get_falls_back_to_find(void **state)
{
    kept into = {.n = 0};
    const sac_sink sink = {.begin = keep_begin, .doc = keep_doc, .self = &into};
    const sac_value array = {SAC_BSON_ARRAY, sac_str_n("\5\0\0\0\0", 5)};
    const sac_value missing = {.type = SAC_BSON_MISSING};
    fake of;
    sac_store *store = open_fake(&of, &least_ops);
    char raw[] = {9, 0, 0, 0};
    const sac_value nine = {SAC_BSON_INT32, sac_str_n(raw, 4)};

    (void)state;
    CHECK_INT(sac_store_get(store, "a", id_of(2), &sink, NULL), SAC_OK);
    CHECK_INT(into.n, 1);
    CHECK_INT(into.begins, 1);
    CHECK_INT(into.revision, 9);
    CHECK_INT(sac_store_get(store, "a", nine, &sink, NULL), SAC_ENOTFOUND);
    CHECK_INT(into.begins, 1);
    into.answer = SAC_EFORBIDDEN;
    CHECK_INT(sac_store_get(store, "a", id_of(2), &sink, NULL), SAC_EFORBIDDEN);
    CHECK_INT(sac_store_get(store, "a", array, &sink, NULL), SAC_EINVAL);
    CHECK_INT(sac_store_get(store, "a", missing, &sink, NULL), SAC_EINVAL);
    of.refuse = SAC_EUNAVAILABLE;
    CHECK_INT(sac_store_get(store, "a", id_of(2), &sink, NULL), SAC_EUNAVAILABLE);
    CHECK_INT(of.cursors, 0);
    sac_store_close(store);
}

static void test_store__count_falls_back_to_find(void **state)
{
    sac_query query = SAC_QUERY(.collection = "a", .skip = 1, .limit = 1);
    int64_t count = -1;
    fake of;
    sac_store *store = open_fake(&of, &least_ops);

    (void)state;
    CHECK_INT(sac_store_count(store, &query, &count, NULL), SAC_OK);
    CHECK_INT(count, 3); /* skip and limit aside */
    query.from = id_of(2);
    CHECK_INT(sac_store_count(store, &query, &count, NULL), SAC_OK);
    CHECK_INT(count, 2);
    of.refuse = SAC_ENOSYS;
    CHECK_INT(sac_store_count(store, &query, &count, NULL), SAC_ENOSYS);
    CHECK_INT(count, 2);
    CHECK_INT(of.cursors, 0);
    sac_store_close(store);
}

static void test_store__what_has_no_fallback_is_not_implemented(void **state)
{
    uint8_t secret[32];
    sac_err err;
    fake of;
    sac_store *store = open_fake(&of, &least_ops);

    (void)state;
    CHECK_INT(sac_store_secret(store, secret, &err), SAC_ENOSYS);
    CHECK(strstr(err.text, "fake") != NULL);
    CHECK_INT(sac_store_collections(store, NULL, NULL, NULL), SAC_ENOSYS);
    CHECK_INT(sac_store_check(store, NULL), SAC_ENOSYS);
    sac_store_close(store);
}

static void test_store__check_reads_every_collection(void **state)
{
    sac_store_ops ops = least_ops;
    sac_store *store;
    fake of;

    (void)state;
    ops.collections = fake_collections;
    store = open_fake(&of, &ops);
    CHECK_INT(sac_store_check(store, NULL), SAC_OK);
    CHECK_INT(of.finds, 2);
    CHECK_INT(of.cursors, 0);
    sac_store_close(store);
}

static void test_store__find_survives_oom(void **state)
{
    const sac_query query = SAC_QUERY(.collection = "a");
    sac_cursor *cursor = NULL;
    fault_alloc fault;
    fake of;
    sac_store *store = open_fake(&of, &least_ops);

    (void)state;
    CHECK_INT(sac_store_find(store, &query, fault_alloc_init(&fault, 0), &cursor, NULL),
              SAC_ENOMEM);
    CHECK(cursor == NULL);
    CHECK_INT(of.finds, 0);
    of.refuse = SAC_ENOMEM;
    CHECK_INT(sac_store_find(store, &query, fault_alloc_init(&fault, -1), &cursor, NULL),
              SAC_ENOMEM);
    CHECK_INT(fault.live, 0);
    sac_cursor_close(NULL);
    sac_store_close(store);
}

static int decide_nothing(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    (void)self;
    (void)stored;
    (void)change;
    (void)err;
    return 0;
}

static void check_waits(bool later)
{
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_DECIDE, .collection = "a", .id = id_of(1),
                                .decide = decide_nothing);
    sac_err err = {.code = 0};
    fake of;
    sac_store *store = open_fake(&of, &least_ops);

    of.later = later;
    CHECK_INT(sac_store_write(store, &write, &err), SAC_EEXIST);
    if (later)
        pthread_join(of.thread, NULL);
    CHECK_INT(err.code, SAC_EEXIST);
    assert_string_equal(err.text, "taken");
    CHECK_INT(write.result, SAC_EEXIST);
    CHECK_INT(write.revision, 7);
    CHECK_INT(write.changed, 1);
    CHECK_INT(write.failed, 3);
    CHECK(write.done == NULL);
    sac_store_close(store);
}

static void test_store__write_waits_for_done(void **state)
{
    (void)state;
    check_waits(false);
    check_waits(true);
}

static void test_store__write_returns_what_submit_refused(void **state)
{
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_CLEAR, .collection = "a");
    sac_err err = {.code = 0};
    fake of;
    sac_store *store = open_fake(&of, &least_ops);

    (void)state;
    CHECK_INT(sac_store_write(store, &write, &err), SAC_OK);
    CHECK_INT(err.code, 0); /* written by a call that fails only */
    of.refuse = SAC_ECLOSED;
    CHECK_INT(sac_store_write(store, &write, &err), SAC_ECLOSED);
    CHECK_INT(err.code, SAC_ECLOSED);
    sac_store_close(store);
}

static void test_accept__takes_a_sound_document_with_an_id(void **state)
{
    sac_value id = {.type = SAC_BSON_MISSING};
    sac_err err = {.code = 0};

    (void)state;
    CHECK_INT(sac_store_accept(doc_at(0), &id, &err), SAC_OK);
    CHECK_INT(id.type, SAC_BSON_INT32);
    id.type = SAC_BSON_MISSING;
    CHECK_INT(sac_store_accept(sac_str_n("\5\0\0\0\0", 5), &id, &err), SAC_EINVAL);
    CHECK_INT(err.code, SAC_EINVAL);
    CHECK_INT(sac_store_accept(sac_str_n("\5\0\0\0\1", 5), &id, &err), SAC_EINVAL);
    CHECK_INT(err.code, SAC_EINVAL);
    CHECK_INT(sac_store_accept(sac_str_n(NULL, 0), &id, NULL), SAC_EINVAL);
    CHECK_INT(sac_store_accept(sac_str_n("", SAC_BSON_MAX + 1), &id, &err), SAC_ETOOBIG);
    CHECK_INT(id.type, SAC_BSON_MISSING);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store__new_names_the_slot_that_is_missing),
        cmocka_unit_test(test_store__new_refuses_a_newer_table_and_reads_an_older_one),
        cmocka_unit_test(test_store__new_survives_oom),
        cmocka_unit_test(test_store__get_falls_back_to_find),
        cmocka_unit_test(test_store__count_falls_back_to_find),
        cmocka_unit_test(test_store__what_has_no_fallback_is_not_implemented),
        cmocka_unit_test(test_store__check_reads_every_collection),
        cmocka_unit_test(test_store__find_survives_oom),
        cmocka_unit_test(test_store__write_waits_for_done),
        cmocka_unit_test(test_store__write_returns_what_submit_refused),
        cmocka_unit_test(test_accept__takes_a_sound_document_with_an_id),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

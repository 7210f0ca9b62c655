/* SPDX-License-Identifier: MIT */
/* Many at once: groups, their order, and threads that read and write together. */
#include "stores.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

static store_case the_case;
static const store_kind *the_kind;
static seen got;

static int open_case(void **state)
{
    store_case_open(&the_case, the_kind, NULL);
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

/* ---- groups ---- */

typedef struct queued {
    sac_write write;
    char raw[4];
    sac_str doc;
    int32_t id;
    int64_t add;
    atomic_int *order;
    int at;
    char bytes[64];
} queued;

static void note_order(void *self, sac_write *write)
{
    queued *one = self;

    (void)write;
    one->at = atomic_fetch_add(one->order, 1);
}

/* {_id, v: v + add}, in the bytes of the write. */
static int add_to_v(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    queued *one = self;
    sac_str doc;

    if (one->add == 0)
        return sac_err_set(err, SAC_EPRECONDITION, "refused");
    doc = doc_int(one->id, (stored ? doc_v(stored->doc) : 0) + one->add, 0);
    memcpy(one->bytes, doc.p, doc.n);
    change->kind = SAC_CHANGE_PUT;
    change->doc = sac_str_n(one->bytes, doc.n);
    free((char *)doc.p);
    return SAC_OK;
}

static void submit_add(sac_store *store, queued *one, int32_t id, int64_t add, atomic_int *order)
{
    one->id = id;
    one->add = add;
    one->order = order;
    one->write = (sac_write)SAC_WRITE(.kind = SAC_WRITE_DECIDE, .collection = "a",
                                      .id = value_int(one->raw, id), .decide = add_to_v,
                                      .self = one, .done = note_order);
    CHECK_INT(sac_store_submit(store, &one->write, NULL), SAC_OK);
}

#define QUEUED 1000
static queued queue[QUEUED];

static void test_group__answers_in_order_and_a_refused_one_rolls_back_alone(void **state)
{
    sac_store *store = store_of(state);
    const sac_query query = SAC_QUERY(.collection = "a");
    atomic_int order = 0;
    int64_t v = 0;
    int i;

    must_insert(store, "a", 0, 0);
    for (i = 0; i < QUEUED; i++)
        submit_add(store, &queue[i], 0, i % 5 ? 1 : 0, &order);
    store_case_reopen(*state); /* closing answers them all */
    store = store_of(state);
    CHECK_INT(atomic_load(&order), QUEUED);
    for (i = 0; i < QUEUED; i++) {
        if (the_kind->ordered)
            CHECK_INT(queue[i].at, i);
        CHECK_INT(queue[i].write.result, i % 5 ? SAC_OK : SAC_EPRECONDITION);
        if (the_kind->revisions && i > 1 && i % 5 > 1)
            CHECK_INT(queue[i].write.revision, queue[i - 1].write.revision + 1);
    }
    CHECK_INT(get_v(store, "a", 0, &v), SAC_OK);
    CHECK_INT(v, QUEUED * 4 / 5);
    CHECK_INT(seen_all(store, &query, &got), 0);
    CHECK_INT(got.n, 1);
}

static void test_group__a_refused_insert_of_several_leaves_none(void **state)
{
    sac_store *store = store_of(state);
    const sac_query query = SAC_QUERY(.collection = "a");
    const sac_str docs[2] = {doc_int(5, 5, 0), doc_int(0, 0, 0)};
    atomic_int order = 0;
    int i;

    must_insert(store, "a", 0, 0);
    for (i = 0; i < 200; i += 2) {
        submit_add(store, &queue[i], 0, 1, &order); /* so that the group is committed */
        queue[i + 1].order = &order;
        queue[i + 1].write = (sac_write)SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "a",
                                                  .docs = docs, .n_docs = 2, .self = &queue[i + 1],
                                                  .done = note_order);
        CHECK_INT(sac_store_submit(store, &queue[i + 1].write, NULL), SAC_OK);
    }
    store_case_reopen(*state);
    store = store_of(state);
    for (i = 1; i < 200; i += 2) {
        CHECK_INT(queue[i].write.result, SAC_EEXIST);
        CHECK_INT(queue[i].write.failed, 1);
    }
    CHECK_INT(seen_all(store, &query, &got), 0);
    CHECK_INT(got.n, 1);
    CHECK_INT(got.vs[0], 100);
    free((char *)docs[0].p);
    free((char *)docs[1].p);
}

static void test_group__each_write_sees_those_before_it(void **state)
{
    sac_store *store = store_of(state);
    atomic_int order = 0;
    sac_str docs[3] = {doc_int(1, 1, 0), doc_int(2, 2, 0), doc_int(1, 3, 0)};
    queued insert = {.order = &order};
    queued again = {.order = &order};
    queued drop = {.order = &order};
    queued first;
    queued after;
    int64_t v = 0;

    submit_add(store, &first, 1, 1, &order); /* makes the collection */
    insert.write = (sac_write)SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "a",
                                        .docs = &docs[1], .n_docs = 2, .self = &insert,
                                        .done = note_order); /* 2, 1: refused */
    CHECK_INT(sac_store_submit(store, &insert.write, NULL), SAC_OK);
    drop.write = (sac_write)SAC_WRITE(.kind = SAC_WRITE_DROP, .collection = "a", .self = &drop,
                                      .done = note_order);
    CHECK_INT(sac_store_submit(store, &drop.write, NULL), SAC_OK);
    again.write = (sac_write)SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "a", .docs = docs,
                                       .n_docs = 2, .self = &again, .done = note_order);
    CHECK_INT(sac_store_submit(store, &again.write, NULL), SAC_OK);
    submit_add(store, &after, 2, 40, &order);
    store_case_reopen(*state);
    store = store_of(state);
    CHECK_INT(first.write.result, SAC_OK);
    CHECK_INT(insert.write.result, SAC_EEXIST);
    CHECK_INT(insert.write.failed, 1);
    CHECK_INT(drop.write.changed, 1);
    CHECK_INT(again.write.result, SAC_OK);
    CHECK_INT(get_v(store, "a", 2, &v), SAC_OK);
    CHECK_INT(v, 42);
    CHECK_INT(get_v(store, "a", 1, &v), SAC_OK);
    CHECK_INT(v, 1);
    if (the_kind->revisions)
        CHECK_INT(revision_of(store, "a"), after.write.revision);
    free((char *)docs[0].p);
    free((char *)docs[1].p);
    free((char *)docs[2].p);
}

/* ---- threads ---- */

#define THREADS 8
#define ROUNDS 150

typedef struct worker {
    pthread_t thread;
    sac_store *store;
    int number;
    int errors;
    atomic_bool *stop;
} worker;

static void *add_loop(void *arg)
{
    worker *self = arg;
    queued one;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        one.id = 1;
        one.add = 1;
        one.write = (sac_write)SAC_WRITE(.kind = SAC_WRITE_DECIDE, .collection = "a",
                                         .id = value_int(one.raw, 1), .decide = add_to_v,
                                         .self = &one);
        self->errors += sac_store_write(self->store, &one.write, NULL) != SAC_OK;
    }
    return NULL;
}

static int run_workers(sac_store *store, void *(*const loops[THREADS])(void *), atomic_bool *stop)
{
    worker workers[THREADS];
    int errors = 0;
    int i;

    for (i = 0; i < THREADS; i++) {
        workers[i] = (worker){.store = store, .number = i, .stop = stop};
        CHECK_INT(pthread_create(&workers[i].thread, NULL, loops[i], &workers[i]), 0);
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        if (stop && i == THREADS / 2 - 1)
            atomic_store(stop, true); /* the first half writes, the other reads until then */
        errors += workers[i].errors;
    }
    return errors;
}

static void test_threads__increments_are_not_lost(void **state)
{
    static void *(*const loops[THREADS])(void *) = {add_loop, add_loop, add_loop, add_loop,
                                                    add_loop, add_loop, add_loop, add_loop};
    int64_t v = 0;

    CHECK_INT(run_workers(store_of(state), loops, NULL), 0);
    CHECK_INT(get_v(store_of(state), "a", 1, &v), SAC_OK);
    CHECK_INT(v, THREADS * ROUNDS);
}

/* Each document is written with v = 10 * id, in pairs that come and go together. */
static void *pair_loop(void *arg)
{
    static const char *const names[] = {"p", "q", "r", "s"};
    worker *self = arg;
    const int id = self->number * 2;
    const sac_str docs[2] = {doc_int(id, id * 10, 0), doc_int(id + 1, (id + 1) * 10, 300)};
    int i;

    for (i = 0; i < ROUNDS / 3; i++) {
        const char *name = names[(self->number + i) % 4];
        sac_write insert = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = name, .docs = docs,
                                     .n_docs = 2);

        self->errors += sac_store_write(self->store, &insert, NULL) != SAC_OK;
        self->errors += remove_int(self->store, name, id) != SAC_OK;
        self->errors += remove_int(self->store, name, id + 1) != SAC_OK;
        if (i % 10 == 9)
            self->errors += sac_store_drop(self->store, "dropped", NULL) != SAC_OK;
        if (i % 10 == 5 && self->number == 0)
            self->errors += sac_store_insert(self->store, "dropped", docs[0], NULL) != SAC_OK;
    }
    free((char *)docs[0].p);
    free((char *)docs[1].p);
    return NULL;
}

typedef struct check_sum {
    int64_t last;
    int errors;
    int n;
} check_sum;

static int check_one(void *self, const sac_view *view)
{
    check_sum *sum = self;
    const int64_t id = doc_id(view->doc);

    sum->errors += id <= sum->last || doc_v(view->doc) != id * 10;
    sum->last = id;
    return ++sum->n % 3 == 0;
}

static void *read_loop(void *arg)
{
    static const char *const names[] = {"p", "q", "r", "s", "dropped", "later"};
    worker *self = arg;
    int i;

    for (i = 0; !atomic_load(self->stop); i++) {
        const char *name = names[i % 6];
        const sac_query query = SAC_QUERY(.collection = name, .count = true);
        check_sum sum = {.last = -1};
        const sac_sink sink = {.doc = check_one, .self = &sum};
        sac_cursor *cursor = NULL;
        int64_t v = 0;
        int rc = sac_store_find(self->store, &query, NULL, &cursor, NULL);

        while (rc == SAC_OK && (rc = sac_cursor_pull(cursor, &sink, NULL)) == 1)
            rc = SAC_OK;
        sac_cursor_close(cursor);
        self->errors += rc != 0 || sum.errors;
        rc = get_v(self->store, name, i % 8, &v);
        self->errors += rc != SAC_ENOTFOUND && (rc != SAC_OK || v != (i % 8) * 10);
        self->errors += sac_store_count(self->store, &query, &v, NULL) != SAC_OK;
    }
    return NULL;
}

static void test_threads__readers_see_whole_writes_beside_writers(void **state)
{
    static void *(*const loops[THREADS])(void *) = {pair_loop, pair_loop, pair_loop, pair_loop,
                                                    read_loop, read_loop, read_loop, read_loop};
    atomic_bool stop = false;

    CHECK_INT(run_workers(store_of(state), loops, &stop), 0);
    CHECK_INT(sac_store_check(store_of(state), NULL), SAC_OK);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, open_case, close_case)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        STORE_TEST(test_group__answers_in_order_and_a_refused_one_rolls_back_alone),
        STORE_TEST(test_group__a_refused_insert_of_several_leaves_none),
        STORE_TEST(test_group__each_write_sees_those_before_it),
        STORE_TEST(test_threads__increments_are_not_lost),
        STORE_TEST(test_threads__readers_see_whole_writes_beside_writers),
    };

    return stores_run(&the_kind, tests, sizeof tests / sizeof *tests) != 0;
}

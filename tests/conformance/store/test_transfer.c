/* SPDX-License-Identifier: MIT */
/* From an embedded database to every store and back, and by way of dumps. */
#include "stores.h"
#include "transfers.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static const store_kind *the_kind;
static transfer_case the_case;

static int open_case(void **state)
{
    transfer_case_open(&the_case, the_kind);
    *state = &the_case;
    return 0;
}

static int close_case(void **state)
{
    transfer_case_close(*state);
    return 0;
}

/* ---- what arrives ---- */

/* mongo-java-server cuts the connection at those that were given up long ago. */
static bool has_every_type(void)
{
    return the_kind->uri || strcmp(the_kind->name, "mongodb") == 0;
}

static int count_index(void *self, const sac_index *index)
{
    if (strcmp(index->keys, "v,-pad") == 0 && strcmp(index->name, "v_1_pad_-1") == 0)
        ++*(int *)self;
    if (strcmp(index->name, "by v") == 0 && index->unique && index->sparse)
        *(int *)self += 10;
    if (strcmp(index->name, "gone") == 0 && index->expires == 3600)
        *(int *)self += 100;
    return 0;
}

static void test_copy__brings_documents_and_indexes_there_and_back(void **state)
{
    transfer_case *test = *state;
    sac_transferred there = {.documents = 0}, back = {.documents = 0};
    store_case home;
    int indexes = 0;

    fill(test->near.store, "a", 1, 2500);
    fill_types(test->near.store, "b.c", the_kind->whole ? 300 : 0, has_every_type());
    make_indexes(test->near.store, "a");
    must(sac_store_copy(test->near.store, test->far.store, NULL, &there, &test->err), &test->err);
    CHECK_INT(there.collections, the_kind->whole ? 2 : 1);
    CHECK_INT(there.documents, the_kind->whole ? 2800 : 2500);
    CHECK_INT(there.copied, there.documents);
    CHECK_INT(there.indexes + there.skipped, 3);
    CHECK_INT(there.skipped, the_kind->whole ? 0 : 1);
    check_same(test->near.store, test->far.store, "a");
    check_same(test->near.store, test->far.store, "b.c");

    store_case_open(&home, &store_kinds[0], NULL);
    must(sac_store_copy(test->far.store, home.store, NULL, &back, &test->err), &test->err);
    CHECK_INT(back.documents, there.documents);
    CHECK_INT(back.indexes, there.indexes);
    CHECK(back.checksum == there.checksum);
    check_same(test->near.store, home.store, "a");
    check_same(test->near.store, home.store, "b.c");
    must(sac_store_indexes(home.store, "a", count_index, &indexes, &test->err), &test->err);
    CHECK_INT(the_kind->whole ? indexes : indexes % 10, the_kind->whole ? 111 : 1);
    store_case_close(&home);
}

static void test_copy__takes_only_what_is_named(void **state)
{
    transfer_case *test = *state;
    const char *const names[] = {"b", "none", NULL};
    const sac_transfer how = SAC_TRANSFER(.collections = names, .no_indexes = true);
    sac_transferred done = {.documents = 0};

    fill(test->near.store, "a", 1, 10);
    fill(test->near.store, "b", 1, 20);
    make_indexes(test->near.store, "b");
    must(sac_store_copy(test->near.store, test->far.store, &how, &done, &test->err), &test->err);
    CHECK_INT(done.collections, 2);
    CHECK_INT(done.documents, 20);
    CHECK_INT(done.indexes, 0);
    CHECK_INT(count_of(test->far.store, "a"), 0);
    CHECK_INT(count_of(test->far.store, "b"), 20);
}

static void test_copy__of_nothing_is_done(void **state)
{
    transfer_case *test = *state;
    sac_write clear = SAC_WRITE(.kind = SAC_WRITE_CLEAR, .collection = "a");
    sac_transferred done = {.documents = 7};

    must(sac_store_copy(test->near.store, test->far.store, NULL, &done, &test->err), &test->err);
    CHECK_INT(done.documents, 0);
    CHECK_INT(done.collections, 0);
    fill(test->near.store, "a", 1, 3);
    must(sac_store_write(test->near.store, &clear, &test->err), &test->err);
    must(sac_store_copy(test->near.store, test->far.store, NULL, &done, &test->err), &test->err);
    CHECK_INT(done.documents, 0);
    CHECK_INT(done.collections, 1);
}

static void test_copy__leaves_what_is_there_alone(void **state)
{
    transfer_case *test = *state;
    sac_transferred done = {.documents = 7};

    fill(test->near.store, "todos", 1, 5);
    fill(test->far.store, "todos", 9, 9);
    CHECK_INT(sac_store_copy(test->near.store, test->far.store, NULL, &done, &test->err),
              SAC_EEXIST);
    CHECK(strstr(test->err.text, "todos: the target holds 1 documents"));
    CHECK_INT(done.documents, 7);
    CHECK_INT(count_of(test->far.store, "todos"), 1);
}

/* ---- stopped and resumed ---- */

typedef int run_fn(transfer_case *test, const sac_transfer *how, sac_transferred *done);

static int run_copy(transfer_case *test, const sac_transfer *how, sac_transferred *done)
{
    return sac_store_copy(test->near.store, test->far.store, how, done, &test->err);
}

static int run_dump(transfer_case *test, const sac_transfer *how, sac_transferred *done)
{
    return sac_store_dump(test->near.store, test->folder, "db", how, done, &test->err);
}

static int run_restore(transfer_case *test, const sac_transfer *how, sac_transferred *done)
{
    return sac_store_restore(test->far.store, test->folder, "db", how, done, &test->err);
}

typedef struct stopper {
    int left;
    int64_t last;
    bool verified;
} stopper;

static int stop_after(void *self, const sac_transfer_progress *progress)
{
    stopper *s = self;

    assert_non_null(progress->collection);
    assert_true(progress->total < 0 || progress->done <= progress->total);
    if (!progress->verifying && progress->done > 0)
        assert_true(progress->done >= s->last);
    s->last = progress->done;
    s->verified |= progress->verifying;
    return s->left-- == 0;
}

/* Stopped at each call of progress, and each time finished by a second run; how many stops. */
static int stop_everywhere(transfer_case *test, run_fn *run, int64_t documents)
{
    for (int stop = 0;; stop++) {
        stopper s = {.left = stop};
        const sac_transfer first = SAC_TRANSFER(.progress = stop_after, .self = &s);
        const sac_transfer second = SAC_TRANSFER(.resume = true);
        sac_transferred done = {.documents = -1};
        const int rc = run(test, &first, &done);

        if (rc != SAC_OK) {
            CHECK_INT(rc, SAC_ECLOSED);
            CHECK(strstr(test->err.text, "stopped"));
            CHECK_INT(done.documents, -1);
            must(run(test, &second, &done), &test->err);
        }
        CHECK_INT(done.documents, documents);
        CHECK(done.copied <= documents);
        CHECK_INT(done.indexes + done.skipped, 3);
        if (rc == SAC_OK) {
            CHECK(s.verified);
            return stop;
        }
        transfer_case_empty(test);
        if (run != run_restore)
            transfer_case_no_dump(test);
    }
}

static void test_copy__goes_on_wherever_it_was_stopped(void **state)
{
    transfer_case *test = *state;

    fill(test->near.store, "a", 1, 2500);
    fill(test->near.store, "b", 1, 1);
    make_indexes(test->near.store, "a");
    CHECK(stop_everywhere(test, run_copy, 2501) > 8);
    check_same(test->near.store, test->far.store, "a");
}

static void test_dump__goes_on_wherever_it_was_stopped(void **state)
{
    transfer_case *test = *state;

    fill(test->near.store, "a", 1, 2500);
    fill(test->near.store, "b", 1, 1);
    make_indexes(test->near.store, "a");
    CHECK(stop_everywhere(test, run_dump, 2501) > 8);
    CHECK(stop_everywhere(test, run_restore, 2501) > 8);
    check_same(test->near.store, test->far.store, "a");
}

/* Writes one more into the source when it is called for the `left`-th time. */
typedef struct disturber {
    sac_store *store;
    int left;
} disturber;

static int disturb(void *self, const sac_transfer_progress *progress)
{
    disturber *d = self;

    (void)progress;
    if (d->left-- == 0)
        must_insert(d->store, "a", -1, 1);
    return 0;
}

static void test_copy__finds_that_the_source_was_written(void **state)
{
    transfer_case *test = *state;
    disturber d = {test->near.store, 1};
    const sac_transfer how = SAC_TRANSFER(.progress = disturb, .self = &d);

    fill(test->near.store, "a", 1, 1500);
    CHECK_INT(run_copy(test, &how, NULL), SAC_ECONFLICT);
    CHECK(strstr(test->err.text, "a: the sides differ: 1501 documents here, 1500 there"));
    CHECK_INT(remove_int(test->near.store, "a", -1), SAC_OK);
    CHECK_INT(replace_int(test->near.store, "a", 7, 12345), SAC_OK);
    CHECK_INT(run_copy(test, &(sac_transfer)SAC_TRANSFER(.resume = true), NULL), SAC_ECONFLICT);
    CHECK(strstr(test->err.text, "of other contents"));
}

/* ---- killed ---- */

typedef struct victim {
    transfer_case test; /* its stores are the child's own */
    run_fn *run;
    child *parent;
} victim;

static int tell_parent(void *self, const sac_transfer_progress *progress)
{
    victim *v = self;

    (void)progress;
    child_tell(v->parent, '.');
    return child_hear(v->parent) != 'g'; /* it waits, so that every kill is at its place */
}

static int be_killed(child *parent, void *arg)
{
    victim *v = arg;
    const sac_transfer how = SAC_TRANSFER(.progress = tell_parent, .self = v, .resume = true);

    v->parent = parent;
    store_case_reopen(&v->test.near);
    store_case_reopen(&v->test.far);
    return v->run(&v->test, &how, NULL) == SAC_OK ? 0 : 1;
}

/* Kill it at its first, second, … call, each time a new process that goes on. */
static void kill_everywhere(transfer_case *test, run_fn *run)
{
    int status = -SIGKILL;

    for (int calls = 1; status == -SIGKILL; calls++) {
        victim v = {.test = *test, .run = run};
        child made;
        int i = 0;

        v.test.near.store = v.test.far.store = NULL;
        child_begin(&made, be_killed, &v);
        while (i++ < calls && child_hear(&made) == '.')
            if (i < calls)
                child_tell(&made, 'g');
        if (i > calls)
            kill(made.pid, SIGKILL);
        status = child_end(&made);
    }
    CHECK_INT(status, 0);
}

static void kill_and_compare(transfer_case *test, run_fn *run)
{
    sac_transferred done = {.documents = 0};

    transfer_case_shut(test);
    kill_everywhere(test, run);
    transfer_case_again(test);
    must(run(test, &(sac_transfer)SAC_TRANSFER(.resume = true), &done), &test->err);
    CHECK_INT(done.documents, 3500);
    CHECK_INT(done.copied, 0);
    CHECK_INT(done.indexes, 3);
}

static void test_copy__survives_that_it_is_killed(void **state)
{
    transfer_case *test = *state;

    if (!the_kind->uri)
        skip(); /* the driver does not live on in a child */
    fill(test->near.store, "a", 1, 3500);
    make_indexes(test->near.store, "a");
    kill_and_compare(test, run_copy);
    check_same(test->near.store, test->far.store, "a");
}

static void test_dump__survives_that_it_is_killed(void **state)
{
    transfer_case *test = *state;

    if (!the_kind->uri)
        skip();
    fill(test->near.store, "a", 1, 3500);
    make_indexes(test->near.store, "a");
    kill_and_compare(test, run_dump);
    kill_and_compare(test, run_restore);
    check_same(test->near.store, test->far.store, "a");
}

/* ---- limits ---- */

static int dump_into_little_room(child *parent, void *arg)
{
    transfer_case *test = arg;
    const struct rlimit room = {40000, 40000};
    int rc;

    (void)parent;
    store_case_reopen(&test->near);
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &room);
    rc = run_dump(test, NULL, NULL);
    return rc == SAC_EFULL && strstr(test->err.text, "a.bson.part: cannot write") ? 0 : 1;
}

static void test_dump__on_a_full_disk_ends_and_goes_on(void **state)
{
    transfer_case *test = *state;
    transfer_case own = *test;
    child made;

    fill(test->near.store, "a", 1, 3500);
    transfer_case_shut(test);
    own.near.store = own.far.store = NULL;
    child_begin(&made, dump_into_little_room, &own);
    CHECK_INT(child_end(&made), 0);
    transfer_case_again(test);
    must(run_dump(test, &(sac_transfer)SAC_TRANSFER(.resume = true), NULL), &test->err);
}

static void test_copy__into_a_full_map_names_it(void **state)
{
    transfer_case *test = *state;
    store_case small;

    fill_pad(test->near.store, "a", 9000, 200);
    store_case_open(&small, &store_kinds[0], "?map=1M");
    CHECK_INT(sac_store_copy(test->near.store, small.store, NULL, NULL, &test->err), SAC_EFULL);
    CHECK_INT(strncmp(test->err.text, "a: ", 3), 0);
    store_case_close(&small);
}

/* The most bytes at once that a run takes for `n` documents of half a KiB. */
static size_t peak_of(transfer_case *test, run_fn *run, int n)
{
    peak_alloc peak;
    const sac_transfer how = SAC_TRANSFER(.alloc = peak_alloc_init(&peak));

    transfer_case_empty(test);
    if (run != run_restore) {
        transfer_case_no_dump(test);
        must(sac_store_drop(test->near.store, "a", &test->err), &test->err);
        fill_pad(test->near.store, "a", n, 500);
    }
    must(run(test, &how, NULL), &test->err);
    CHECK_INT(peak.now, 0);
    return peak.most;
}

static void test_transfers__take_no_more_memory_for_more_documents(void **state)
{
    static run_fn *const runs[] = {run_copy, run_dump, run_restore};
    transfer_case *test = *state;
    size_t few[3];

    for (size_t i = 0; i < 3; i++)
        few[i] = peak_of(test, runs[i], 3000);
    for (size_t i = 0; i < 3; i++)
        CHECK(peak_of(test, runs[i], 12000) <= few[i]);
    CHECK(few[0] < 6 << 20);
}

static void survive_oom(transfer_case *test, run_fn *run)
{
    int rc = SAC_ENOMEM;

    for (long n = 0; rc != SAC_OK; n++) {
        fault_alloc fault;
        const sac_transfer how = SAC_TRANSFER(.alloc = fault_alloc_init(&fault, n), .resume = true);

        rc = run(test, &how, NULL);
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        CHECK_INT(fault.live, 0);
    }
}

static void test_transfers__survive_oom(void **state)
{
    transfer_case *test = *state;

    fill(test->near.store, "a", 1, 1100);
    fill(test->near.store, "b", 1, 10);
    make_indexes(test->near.store, "a");
    survive_oom(test, run_copy);
    check_same(test->near.store, test->far.store, "a");
    transfer_case_empty(test);
    survive_oom(test, run_dump);
    survive_oom(test, run_restore);
    check_same(test->near.store, test->far.store, "a");
}

static void test_transfers__refuse_what_is_no_transfer(void **state)
{
    transfer_case *test = *state;
    const sac_transfer none = {.size = 0}, newer = {.size = sizeof newer + 8};
    static const char *const names[] = {"", "a/b", ".", "..", ".x"};

    CHECK_INT(run_copy(test, &none, NULL), SAC_EINVAL);
    CHECK_INT(run_copy(test, &newer, NULL), SAC_EVERSION);
    for (size_t i = 0; i < 5; i++) {
        CHECK_INT(sac_store_dump(test->near.store, test->folder, names[i], NULL, NULL, NULL),
                  SAC_EINVAL);
        CHECK_INT(sac_store_restore(test->near.store, test->folder, names[i], NULL, NULL, NULL),
                  SAC_EINVAL);
    }
    CHECK_INT(sac_store_restore(test->far.store, test->folder, "none", NULL, NULL, &test->err),
              SAC_EIO);
    CHECK(strstr(test->err.text, "/none: cannot open"));
    CHECK_INT(sac_store_dump(test->near.store, "/dev/null", "db", NULL, NULL, &test->err), SAC_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define EACH(test) cmocka_unit_test_setup_teardown(test, open_case, close_case)
        EACH(test_copy__brings_documents_and_indexes_there_and_back),
        EACH(test_copy__takes_only_what_is_named),
        EACH(test_copy__of_nothing_is_done),
        EACH(test_copy__leaves_what_is_there_alone),
        EACH(test_copy__goes_on_wherever_it_was_stopped),
        EACH(test_dump__goes_on_wherever_it_was_stopped),
        EACH(test_copy__finds_that_the_source_was_written),
        EACH(test_copy__survives_that_it_is_killed),
        EACH(test_dump__survives_that_it_is_killed),
        EACH(test_dump__on_a_full_disk_ends_and_goes_on),
        EACH(test_copy__into_a_full_map_names_it),
        EACH(test_transfers__take_no_more_memory_for_more_documents),
        EACH(test_transfers__survive_oom),
        EACH(test_transfers__refuse_what_is_no_transfer),
    };

    return stores_run(&the_kind, tests, sizeof tests / sizeof *tests);
}

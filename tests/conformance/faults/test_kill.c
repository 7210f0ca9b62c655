/* SPDX-License-Identifier: MIT */
/*
 * Processes that are killed amid writes by query, the building of indexes and
 * the removal of what has expired. What they were told is in memory shared with
 * the test. (test_crash.c of the store's suite kills amid single writes.)
 */
#include "scenario.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define THREADS 4
#define OF_GROUP 8 /* documents that one write changes */
#define LOG_OF(thread) ((thread)*1000000)
#define CYCLES 50
#define SWEEPS 10 /* every so many cycles one lives until the sweep */
#define OLD 1000  /* documents each time, every fourth stays */
#define ACKED 10000
#define SECONDS 40 /* after that, only what is asked for */

/* What a thread wants and has been told. */
typedef struct ledger {
    volatile int64_t counted; /* writes by query, each $inc of its group */
    volatile int64_t counting;
    volatile int64_t logged; /* documents inserted: 0 to logged - 1 */
    volatile int errors;
} ledger;

typedef struct killed {
    store_case test;
    ledger ledgers[THREADS];
    volatile int64_t built;
    int old; /* documents with a date */
    int kept;
    unsigned seed;
} killed;

typedef struct writer {
    pthread_t thread;
    sac_store *store;
    killed *shared;
    int number;
} writer;

static const sac_index indexes[] = {{.keys = "n"}, {.keys = "w,-_id", .unique = true}};
static const char *const names[] = {"n_1", "w_1__id_-1"};

/* ---- the process ---- */

static void one_by_query(writer *self)
{
    ledger *book = &self->shared->ledgers[self->number];
    const sac_str filter = scenario_doc("g", self->number);
    const sac_query query = SAC_QUERY(.collection = "groups", .filter = filter);
    sac_affected affected = {.matched = 0};
    sac_bson update;
    sac_str increment = {NULL, 0};

    sac_bson_init(&update, NULL, 0);
    sac_bson_begin_doc(&update, sac_str_of("$inc"));
    sac_bson_add_int32(&update, "n", 1);
    sac_bson_end(&update);
    book->counting = 1;
    if (sac_bson_finish(&update, &increment) != SAC_OK ||
        sac_store_update_many(self->store, &query, increment, &affected, NULL) != SAC_OK ||
        affected.matched != OF_GROUP || affected.changed != OF_GROUP)
        book->errors++;
    book->counted++;
    book->counting = 0;
    sac_bson_fini(&update);
    free((char *)filter.p);
}

static void one_logged(writer *self)
{
    ledger *book = &self->shared->ledgers[self->number];
    const int32_t id = LOG_OF(self->number) + (int32_t)book->logged;
    const sac_str doc = doc_int(id, id, (size_t)id % 50);

    if (sac_store_insert(self->store, "log", doc, NULL) != SAC_OK)
        book->errors++;
    book->logged++;
    free((char *)doc.p);
}

static void *write_until_killed(void *arg)
{
    writer *self = arg;

    for (;;) {
        one_by_query(self);
        one_logged(self);
        one_logged(self);
    }
    return NULL;
}

/* Of documents that change, and of a collection that grows. */
static void build_until_killed(killed *shared, sac_store *store)
{
    for (;;) {
        if (sac_store_make_index(store, "groups", &indexes[0], NULL) != SAC_OK ||
            sac_store_make_index(store, "log", &indexes[1], NULL) != SAC_OK ||
            sac_store_drop_index(store, "groups", names[0], NULL) != SAC_OK ||
            sac_store_drop_index(store, "log", names[1], NULL) != SAC_OK)
            shared->ledgers[0].errors++;
        shared->built++;
    }
}

static int run_until_killed(child *parent, void *arg)
{
    killed *shared = arg;
    store_case own = shared->test; /* what is shared holds the other's store */
    writer writers[THREADS];
    int i;

    scenario_signals();
    store_case_reopen(&own);
    for (i = 0; i < THREADS; i++) {
        writers[i] = (writer){.store = own.store, .shared = shared, .number = i};
        if (pthread_create(&writers[i].thread, NULL, write_until_killed, &writers[i]) != 0)
            return 1;
    }
    child_tell(parent, 'r');
    build_until_killed(shared, own.store);
    return 0;
}

/* ---- what the file holds ---- */

static int64_t count_of(sac_store *store, sac_query query)
{
    int64_t n = -1;

    CHECK_INT(sac_store_count(store, &query, &n, NULL), SAC_OK);
    return n;
}

/* A write by query is done to all of its documents or to none. */
static void verify_group(killed *shared, int number)
{
    ledger *book = &shared->ledgers[number];
    int64_t n;

    for (n = book->counted + book->counting; n >= book->counted; n--) {
        sac_bson filter;
        sac_str made;
        int64_t found;

        sac_bson_init(&filter, NULL, 0);
        sac_bson_add_int32(&filter, "g", number);
        sac_bson_add_int64(&filter, "n", n);
        CHECK_INT(sac_bson_finish(&filter, &made), SAC_OK);
        found = count_of(shared->test.store,
                         (sac_query)SAC_QUERY(.collection = "groups", .filter = made));
        sac_bson_fini(&filter);
        if (found == OF_GROUP)
            break;
        CHECK_INT(found, 0);
    }
    if (n < book->counted)
        fail_msg("group %d: %lld acknowledged, not there", number, (long long)book->counted);
    book->counted = n;
    book->counting = 0;
}

static void verify_log(killed *shared, int number)
{
    ledger *book = &shared->ledgers[number];
    char from[4];
    char to[4];
    sac_query query = SAC_QUERY(.collection = "log");
    int64_t v;

    query.from = value_int(from, LOG_OF(number));
    query.to = value_int(to, LOG_OF(number) + (int32_t)book->logged - 1);
    CHECK_INT(count_of(shared->test.store, query), book->logged);
    if (get_v(shared->test.store, "log", LOG_OF(number) + (int32_t)book->logged, &v) == SAC_OK)
        book->logged++;
}

static void verify(killed *shared)
{
    const sac_str filter = scenario_doc("stays", 1);
    sac_store *store = shared->test.store;
    sac_err err = {.code = 0};
    int i;

    for (i = 0; i < THREADS; i++) {
        CHECK_INT(shared->ledgers[i].errors, 0);
        verify_group(shared, i);
        verify_log(shared, i);
    }
    CHECK_INT(count_of(store, (sac_query)SAC_QUERY(.collection = "old", .filter = filter)),
              shared->kept);
    free((char *)filter.p);
    if (sac_store_check(store, &err) != SAC_OK)
        fail_msg("%s", err.text);
}

/* ---- cycles ---- */

static sac_str old_doc(int id, bool stays)
{
    sac_bson doc;
    sac_str made;
    char *copy;

    sac_bson_init(&doc, NULL, 0);
    sac_bson_add_int32(&doc, "_id", id);
    sac_bson_add_int32(&doc, "stays", stays);
    sac_bson_add_date(&doc, "d", ((int64_t)time(NULL) + (stays ? 86400 : -10)) * 1000);
    CHECK_INT(sac_bson_finish(&doc, &made), SAC_OK);
    copy = malloc(made.n);
    assert_non_null(copy);
    memcpy(copy, made.p, made.n);
    sac_bson_fini(&doc);
    return sac_str_n(copy, made.n);
}

static void insert_old(killed *shared)
{
    sac_str docs[OLD];
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "old", .docs = docs,
                                .n_docs = OLD);
    int i;

    for (i = 0; i < OLD; i++) {
        docs[i] = old_doc(shared->old++, i % 4 == 0);
        shared->kept += i % 4 == 0;
    }
    CHECK_INT(sac_store_write(shared->test.store, &write, NULL), SAC_OK);
    for (i = 0; i < OLD; i++)
        free((char *)docs[i].p);
}

static void close_store(killed *shared)
{
    sac_store_close(shared->test.store);
    shared->test.store = NULL;
}

static void one_cycle(killed *shared, int ms)
{
    child other;

    child_begin(&other, run_until_killed, shared);
    CHECK_INT(child_hear(&other), 'r');
    poll(NULL, 0, ms);
    CHECK_INT(kill(other.pid, SIGKILL), 0);
    CHECK_INT(child_end(&other), -SIGKILL);
    store_case_reopen(&shared->test);
    verify(shared);
}

static void insert_groups(sac_store *store)
{
    int i;

    for (i = 0; i < THREADS * OF_GROUP; i++) {
        sac_bson doc;
        sac_str made;

        sac_bson_init(&doc, NULL, 0);
        sac_bson_add_int32(&doc, "_id", i);
        sac_bson_add_int32(&doc, "g", i % THREADS);
        sac_bson_add_int32(&doc, "n", 0);
        CHECK_INT(sac_bson_finish(&doc, &made), SAC_OK);
        CHECK_INT(sac_store_insert(store, "groups", made, NULL), SAC_OK);
        sac_bson_fini(&doc);
    }
}

static killed *shared_new(void)
{
    static const sac_index then = {.keys = "d", .expires = SAC_EXPIRES_THEN};
    killed *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                          -1, 0);

    assert_true(shared != MAP_FAILED);
    shared->seed = (unsigned)scenario_number("SACRUM_TEST_SEED", (long)time(NULL) & 0xffff);
    store_case_open(&shared->test, store_kinds, "?ttl=1");
    insert_groups(shared->test.store);
    CHECK_INT(sac_store_make_index(shared->test.store, "old", &then, NULL), SAC_OK);
    insert_old(shared);
    return shared;
}

static int64_t acked(const killed *shared)
{
    int64_t n = 0;
    int i;

    for (i = 0; i < THREADS; i++)
        n += shared->ledgers[i].counted + shared->ledgers[i].logged;
    return n;
}

static int64_t left_of_old(const killed *shared)
{
    return count_of(shared->test.store, (sac_query)SAC_QUERY(.collection = "old"));
}

static void test_kill__loses_nothing_amid_queries_builds_and_sweeps(void **state)
{
    const long least = scenario_number("SACRUM_TEST_KILLS", CYCLES);
    killed *shared = shared_new();
    const time_t start = time(NULL);
    const unsigned seed = shared->seed;
    int64_t swept = 0;
    long cycles;

    (void)state;
    for (cycles = 0; cycles < least || acked(shared) < ACKED; cycles++) {
        const bool late = least == CYCLES && time(NULL) - start > SECONDS;
        const int64_t before = left_of_old(shared);
        int ms = late ? 5 : 5 + (int)(scenario_roll(&shared->seed) % 196);

        if (!late && cycles % SWEEPS == 1)
            ms = 1000 + (int)(scenario_roll(&shared->seed) % 30);
        close_store(shared);
        one_cycle(shared, ms);
        swept += before - left_of_old(shared);
        if (cycles % SWEEPS == 1)
            insert_old(shared);
    }
    print_message("# seed %u, %ld kills, %lld acknowledged writes, none lost, %lld indexes made, "
                  "%lld documents expired, %ld s\n",
                  seed, cycles, (long long)acked(shared), (long long)shared->built * 2,
                  (long long)swept, (long)(time(NULL) - start));
    store_case_close(&shared->test);
    munmap(shared, sizeof *shared);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kill__loses_nothing_amid_queries_builds_and_sweeps),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
/*
 * Processes that are killed while they write. Four threads insert, replace,
 * remove and count up, in a collection with indexes too; what they were told is
 * in memory shared with the test, which kills the process, opens the file and
 * compares.
 */
#include "stores.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define THREADS 4
#define IDS 64 /* of each thread */
#define COUNTER 1000000
#define CYCLES 50
#define ACKED 10000
#define SECONDS 45 /* after that, only what is asked for */

/* What a thread wants and has been told, of its own documents. -1: none. */
typedef struct ledger {
    volatile int64_t acked[IDS];
    volatile int64_t wanted[IDS]; /* differs while a write is under way */
    volatile int64_t n_acked;
    volatile int64_t counted; /* increments acknowledged, of all cycles */
    volatile int64_t counting;
    volatile uint64_t revision;
    volatile int errors;
} ledger;

typedef struct killed {
    store_case test;
    ledger ledgers[THREADS];
    unsigned seed;
} killed;

typedef struct writer {
    pthread_t thread;
    sac_store *store;
    ledger *book;
    int number;
    unsigned seed;
} writer;

static unsigned roll(unsigned *seed)
{
    *seed = *seed * 1103515245 + 12345;
    return *seed >> 16;
}

static int count_up(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    sac_str *doc = self;

    (void)err;
    free((char *)doc->p);
    *doc = doc_int(COUNTER, (stored ? doc_v(stored->doc) : 0) + 1, 0);
    change->kind = SAC_CHANGE_PUT;
    change->doc = *doc;
    return SAC_OK;
}

static int write_counter(sac_store *store, uint64_t *revision)
{
    sac_str doc = {NULL, 0};
    char raw[4];
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_DECIDE, .collection = "counters",
                                .id = value_int(raw, COUNTER), .decide = count_up, .self = &doc);
    int rc = sac_store_write(store, &write, NULL);

    free((char *)doc.p);
    *revision = write.revision;
    return rc;
}

static void one_increment(writer *self)
{
    uint64_t revision = 0;

    self->book->counting = 1;
    if (write_counter(self->store, &revision) != SAC_OK || revision <= self->book->revision)
        self->book->errors++;
    self->book->revision = revision;
    self->book->counted++;
    self->book->counting = 0;
    self->book->n_acked++;
}

/* {_id, v, pad, u: [two numbers of this id's own]} */
static sac_str doc_indexed(int32_t id, int64_t v, size_t pad)
{
    const sac_str plain = doc_int(id, v, pad);
    sac_bson_iter iter;
    sac_bson doc;
    sac_str made = {NULL, 0};
    char *copy = NULL;

    sac_bson_init(&doc, NULL, 0);
    if (sac_bson_iter_init(&iter, plain) == SAC_OK)
        while (sac_bson_iter_next(&iter) == 1)
            sac_bson_add_value(&doc, iter.key, iter.value);
    sac_bson_begin_array(&doc, sac_str_of("u"));
    sac_bson_add_int64(&doc, "", id * INT64_C(10) + v % 3);
    sac_bson_add_int64(&doc, "", id * INT64_C(10) + 5 + v % 2);
    sac_bson_end(&doc);
    if (sac_bson_finish(&doc, &made) == SAC_OK)
        copy = malloc(made.n);
    if (copy)
        memcpy(copy, made.p, made.n);
    sac_bson_fini(&doc);
    free((char *)plain.p);
    return sac_str_n(copy, copy ? made.n : 0);
}

static void one_document(writer *self)
{
    const int at = (int)(roll(&self->seed) % IDS);
    const int32_t id = self->number * IDS + at;
    const int64_t was = self->book->acked[at];
    const bool remove = was >= 0 && roll(&self->seed) % 3 == 0;
    const int64_t v = remove ? -1 : (int64_t)roll(&self->seed) << 8 | (at & 255);
    const sac_str doc = doc_indexed(id, v < 0 ? 0 : v, roll(&self->seed) % 8 ? 50 : 5000);
    int rc;

    self->book->wanted[at] = v;
    if (remove)
        rc = remove_int(self->store, "docs", id);
    else if (was < 0)
        rc = sac_store_insert(self->store, "docs", doc, NULL);
    else
        rc = sac_store_replace(self->store, "docs", doc, NULL);
    free((char *)doc.p);
    if (rc != SAC_OK)
        self->book->errors++;
    self->book->acked[at] = v;
    self->book->n_acked++;
}

static void *write_until_killed(void *arg)
{
    writer *self = arg;

    for (;;)
        if (roll(&self->seed) % 4 == 0)
            one_increment(self);
        else
            one_document(self);
    return NULL;
}

static int write_process(child *parent, void *arg)
{
    killed *shared = arg;
    store_case own = shared->test; /* what is shared holds the other's store */
    writer writers[THREADS];
    int i;

    store_case_reopen(&own);
    for (i = 0; i < THREADS; i++) {
        writers[i] = (writer){.store = own.store,
                              .book = &shared->ledgers[i],
                              .number = i,
                              .seed = shared->seed * 10 + (unsigned)i};
        if (pthread_create(&writers[i].thread, NULL, write_until_killed, &writers[i]) != 0)
            return 1;
    }
    child_tell(parent, 'r');
    for (;;)
        pause();
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void sleep_ms(unsigned ms)
{
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000};

    nanosleep(&t, NULL);
}

/* Each document is as acknowledged last, or as the one write under way wanted it. */
static void verify_documents(killed *shared, int number)
{
    ledger *book = &shared->ledgers[number];
    int at;

    for (at = 0; at < IDS; at++) {
        int64_t v = -1;
        const int rc = get_v(shared->test.store, "docs", number * IDS + at, &v);

        CHECK(rc == SAC_OK || rc == SAC_ENOTFOUND);
        if (v != book->acked[at] && v != book->wanted[at])
            fail_msg("document %d: %lld, acknowledged %lld, wanted %lld", number * IDS + at,
                     (long long)v, (long long)book->acked[at], (long long)book->wanted[at]);
        book->acked[at] = v;
        book->wanted[at] = v;
    }
    CHECK_INT(book->errors, 0);
    CHECK(book->revision <= revision_of(shared->test.store, "counters"));
}

static void verify_documents_of_all(killed *shared)
{
    int i;

    for (i = 0; i < THREADS; i++)
        verify_documents(shared, i);
}

static void verify_counter(killed *shared)
{
    int64_t acked = 0;
    int64_t under_way = 0;
    int64_t v = 0;
    int i;

    for (i = 0; i < THREADS; i++) {
        acked += shared->ledgers[i].counted;
        under_way += shared->ledgers[i].counting;
        shared->ledgers[i].counting = 0;
    }
    if (get_v(shared->test.store, "counters", COUNTER, &v) != SAC_OK)
        v = 0;
    if (v < acked || v > acked + under_way)
        fail_msg("counter %lld, acknowledged %lld, under way %lld", (long long)v, (long long)acked,
                 (long long)under_way);
    shared->ledgers[0].counted += v - acked;
}

/* Kill it at some moment, open the file again, compare. */
static void one_cycle(killed *shared, unsigned ms)
{
    child other;
    double start;

    child_begin(&other, write_process, shared);
    CHECK_INT(child_hear(&other), 'r');
    sleep_ms(ms);
    CHECK_INT(kill(other.pid, SIGKILL), 0);
    CHECK_INT(child_end(&other), -SIGKILL);
    start = now();
    store_case_reopen(&shared->test);
    CHECK(now() - start < 1.0);
    verify_documents_of_all(shared);
    verify_counter(shared);
    CHECK_INT(sac_store_check(shared->test.store, NULL), SAC_OK);
    sac_store_close(shared->test.store);
    shared->test.store = NULL;
}

static killed *shared_new(void)
{
    /* Of a unique one and one with arrays, and one whose keys are too long at times. */
    static const sac_index indexes[] = {{.keys = "u", .unique = true}, {.keys = "pad,-v"}};
    killed *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                          -1, 0);
    int i;
    int at;

    CHECK(shared != MAP_FAILED);
    store_case_open(&shared->test, store_kinds, NULL);
    for (i = 0; i < 2; i++)
        CHECK_INT(sac_store_make_index(shared->test.store, "docs", &indexes[i], NULL), SAC_OK);
    sac_store_close(shared->test.store);
    shared->test.store = NULL;
    for (i = 0; i < THREADS; i++)
        for (at = 0; at < IDS; at++)
            shared->ledgers[i].acked[at] = shared->ledgers[i].wanted[at] = -1;
    return shared;
}

static int64_t acked_in_all(const killed *shared)
{
    int64_t n = 0;
    int i;

    for (i = 0; i < THREADS; i++)
        n += shared->ledgers[i].n_acked;
    return n;
}

static void test_crash__loses_nothing_that_was_acknowledged(void **state)
{
    killed *shared = shared_new();
    const double start = now();
    unsigned seed = (unsigned)time(NULL);
    int cycles;

    (void)state;
    print_message("# seed %u\n", seed);
    for (cycles = 0; cycles < CYCLES || acked_in_all(shared) < ACKED; cycles++) {
        shared->seed = seed + (unsigned)cycles;
        one_cycle(shared, cycles < CYCLES && now() - start > SECONDS ? 5 : 5 + roll(&seed) % 496);
    }
    print_message("# %d kills, %lld acknowledged writes, none lost, %.0f s\n", cycles,
                  (long long)acked_in_all(shared), now() - start);
    store_case_close(&shared->test);
    munmap(shared, sizeof *shared);
}

/* ---- two processes ---- */

#define ADDS 300

static int adding_process(child *parent, void *arg)
{
    const killed *shared = arg;
    store_case own = shared->test;
    uint64_t revision;
    uint64_t last = 0;
    int i;

    store_case_reopen(&own);
    child_tell(parent, 'r');
    child_hear(parent);
    for (i = 0; i < ADDS; i++) {
        if (write_counter(own.store, &revision) != SAC_OK || revision <= last)
            return 1;
        last = revision;
    }
    sac_store_close(own.store);
    return 0;
}

static void test_crash__two_processes_write_at_once(void **state)
{
    killed *shared = shared_new();
    child others[2];
    int64_t v = 0;
    int i;

    (void)state;
    for (i = 0; i < 2; i++) {
        child_begin(&others[i], adding_process, shared);
        CHECK_INT(child_hear(&others[i]), 'r');
    }
    for (i = 0; i < 2; i++)
        child_tell(&others[i], 'g');
    for (i = 0; i < 2; i++)
        CHECK_INT(child_end(&others[i]), 0);
    store_case_reopen(&shared->test);
    CHECK_INT(get_v(shared->test.store, "counters", COUNTER, &v), SAC_OK);
    CHECK_INT(v, 2 * ADDS);
    store_case_close(&shared->test);
    munmap(shared, sizeof *shared);
}

/* One of two processes is killed, again and again, while the other goes on writing. */
static void test_crash__a_killed_process_does_not_stop_another(void **state)
{
    killed *shared = shared_new();
    uint64_t revision;
    child other;
    int64_t v = 0;
    int n = 0;
    int i;

    (void)state;
    for (i = 0; i < 10; i++) {
        const double until = now() + 0.03;

        child_begin(&other, write_process, shared);
        CHECK_INT(child_hear(&other), 'r');
        store_case_reopen(&shared->test);
        while (now() < until) {
            CHECK_INT(write_counter(shared->test.store, &revision), SAC_OK);
            n++;
        }
        CHECK_INT(kill(other.pid, SIGKILL), 0);
        CHECK_INT(write_counter(shared->test.store, &revision), SAC_OK);
        n++;
        CHECK_INT(child_end(&other), -SIGKILL);
        verify_documents_of_all(shared);
        sac_store_close(shared->test.store);
        shared->test.store = NULL;
    }
    store_case_reopen(&shared->test);
    CHECK_INT(get_v(shared->test.store, "counters", COUNTER, &v), SAC_OK);
    for (i = 0; i < THREADS; i++)
        v -= shared->ledgers[i].counted;
    CHECK(v >= n && v <= n + 10 * THREADS);
    CHECK_INT(sac_store_check(shared->test.store, NULL), SAC_OK);
    store_case_close(&shared->test);
    munmap(shared, sizeof *shared);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crash__loses_nothing_that_was_acknowledged),
        cmocka_unit_test(test_crash__two_processes_write_at_once),
        cmocka_unit_test(test_crash__a_killed_process_does_not_stop_another),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

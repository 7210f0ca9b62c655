/* SPDX-License-Identifier: MIT */
/*
 * Reads and writes at once, with indexes, for a while: what the process takes
 * stays as it is after the first third, and the file does not grow for ever.
 *
 * SACRUM_TEST_SOAK: seconds (6).
 */
#include "scenario.h"

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define SECONDS 6
#define WRITERS 2
#define READERS 3
#define PLACES "?readers=8&collections=8" /* a few more than are needed */
#define DOCS 1500
/*
 * KiB. A reader that waits for a processor keeps pages from being used again;
 * were none, it would be this after two seconds.
 */
#define FILE_MOST (64 << 10)

typedef struct soak {
    store_case test;
    atomic_bool stop;
    atomic_long reads;
    atomic_long writes;
    atomic_int errors;
} soak;

typedef struct worker {
    pthread_t thread;
    soak *of;
    unsigned seed;
} worker;

/* What the process and its file take. */
typedef struct taken {
    long descriptors;
    long memory; /* KiB of its own */
    long file;   /* KiB */
} taken;

static void tally(worker *self, atomic_long *kind, int rc)
{
    if (rc == SAC_OK || rc == SAC_ENOTFOUND || rc == SAC_EEXIST || rc == 1)
        atomic_fetch_add(kind, 1);
    else
        atomic_fetch_add(&self->of->errors, 1);
}

static int write_something(sac_store *store, unsigned *seed)
{
    const int32_t id = (int32_t)(scenario_roll(seed) % DOCS);
    const unsigned dice = scenario_roll(seed) % 100;
    sac_str doc;
    int rc;

    if (dice < 10)
        return remove_int(store, "a", id);
    doc = doc_int(id, scenario_roll(seed) % 300, dice < 13 ? 9000 : scenario_roll(seed) % 400);
    if (dice < 60)
        rc = sac_store_insert(store, "a", doc, NULL);
    else
        rc = sac_store_replace(store, "a", doc, NULL);
    free((char *)doc.p);
    return rc;
}

static int remove_by_query(sac_store *store, unsigned *seed)
{
    const sac_str filter = scenario_doc("v", (int32_t)(scenario_roll(seed) % 300));
    const sac_query query = SAC_QUERY(.collection = "a", .filter = filter);
    int rc = sac_store_remove_many(store, &query, NULL, NULL);

    free((char *)filter.p);
    return rc;
}

static void *write_on(void *arg)
{
    worker *self = arg;
    sac_store *store = self->of->test.store;

    while (!atomic_load(&self->of->stop))
        tally(self, &self->of->writes,
              scenario_roll(&self->seed) % 50 ? write_something(store, &self->seed)
                                              : remove_by_query(store, &self->seed));
    return NULL;
}

static int take(void *self, const sac_view *view)
{
    (void)view;
    return ++*(int *)self % 10 == 0;
}

/* By an index, in an order that none gives, or from an id on; in several pulls. */
static int read_something(sac_store *store, unsigned *seed)
{
    static const char *const orders[] = {"v", "pad", "_id"};
    const sac_str filter = scenario_doc("v", (int32_t)(scenario_roll(seed) % 300));
    const sac_str sort = scenario_doc(orders[scenario_roll(seed) % 3], 1);
    const sac_query query = SAC_QUERY(.collection = "a", .sort = sort, .limit = 40,
                                      .filter = scenario_roll(seed) % 2 ? filter : (sac_str){0});
    sac_cursor *cursor = NULL;
    int n = 0;
    const sac_sink sink = {.doc = take, .self = &n};
    int rc = sac_store_find(store, &query, NULL, &cursor, NULL);

    while (rc == SAC_OK && (rc = sac_cursor_pull(cursor, &sink, NULL)) == 1)
        rc = SAC_OK;
    sac_cursor_close(cursor);
    free((char *)filter.p);
    free((char *)sort.p);
    return rc;
}

static void *read_on(void *arg)
{
    worker *self = arg;

    while (!atomic_load(&self->of->stop))
        tally(self, &self->of->reads, read_something(self->of->test.store, &self->seed));
    return NULL;
}

static long count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    long n = 0;

    while (folder && readdir(folder))
        n++;
    if (folder)
        closedir(folder);
    return n;
}

static long own_memory(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[200];
    long kib = 0;

    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "RssAnon: %ld", &kib) == 1)
            break;
    if (status)
        fclose(status);
    return kib;
}

static taken look(const soak *of)
{
    struct stat st;

    CHECK_INT(stat(of->test.path, &st), 0);
    return (taken){count_descriptors(), own_memory(), (long)(st.st_size >> 10)};
}

static void begin(soak *of, worker *workers)
{
    int i;

    for (i = 0; i < WRITERS + READERS; i++) {
        workers[i] = (worker){.of = of, .seed = (unsigned)i + 1};
        CHECK_INT(
            pthread_create(&workers[i].thread, NULL, i < WRITERS ? write_on : read_on, &workers[i]),
            0);
    }
}

static void end(soak *of, worker *workers)
{
    int i;

    atomic_store(&of->stop, true);
    for (i = 0; i < WRITERS + READERS; i++)
        pthread_join(workers[i].thread, NULL);
}

static void test_soak__takes_no_more_as_time_goes_by(void **state)
{
    static const sac_index indexes[] = {{.keys = "v"}, {.keys = "-v,pad"}};
    const int ms = (int)scenario_number("SACRUM_TEST_SOAK", SECONDS) * 1000;
    worker workers[WRITERS + READERS];
    soak of = {.stop = false};
    taken early;
    taken late;
    int32_t i;

    (void)state;
    store_case_open(&of.test, store_kinds, PLACES);
    CHECK_INT(sac_store_make_index(of.test.store, "a", &indexes[0], NULL), SAC_OK);
    CHECK_INT(sac_store_make_index(of.test.store, "a", &indexes[1], NULL), SAC_OK);
    for (i = 0; i < DOCS; i++)
        must_insert_pad(of.test.store, "a", i, i % 300, (size_t)i * 7 % 400);
    begin(&of, workers);
    poll(NULL, 0, ms / 3);
    early = look(&of);
    poll(NULL, 0, ms - ms / 3);
    late = look(&of);
    end(&of, workers);
    print_message("# %d s, %ld reads, %ld writes: descriptors %ld, then %ld; memory %ld, %ld KiB; "
                  "file %ld, %ld KiB\n",
                  ms / 1000, atomic_load(&of.reads), atomic_load(&of.writes), early.descriptors,
                  late.descriptors, early.memory, late.memory, early.file, late.file);
    CHECK_INT(atomic_load(&of.errors), 0);
    CHECK_INT(late.descriptors, early.descriptors);
#ifndef SANITIZED
    CHECK(late.memory < early.memory + 4096);
#endif
    CHECK(late.file < FILE_MOST);
    CHECK_INT(sac_store_check(of.test.store, NULL), SAC_OK);
    store_case_close(&of.test);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_soak__takes_no_more_as_time_goes_by),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

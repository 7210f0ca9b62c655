/* SPDX-License-Identifier: MIT */
/*
 * Servers that stop, die and come back while threads read and write: nothing
 * hangs, what was acknowledged is there, and no increment is done twice.
 */
#include "conformance/store/stores.h"
#include "support/server.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <sacrum/store/mongo.h>

enum { THREADS = 4, TIMEOUT_MS = 2000 };

typedef struct fixture {
    server peer;
    sac_store *store;
    char folder[64];
    const char *arguments[2];
    atomic_bool stop;
    atomic_long acked, unknown, refused;
    atomic_long wrong; /* errors that none may see */
    double slowest[THREADS];
} fixture;

static fixture fx;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void sleep_ms(long ms)
{
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&t, NULL);
}

static void open_store(void)
{
    char uri[256];
    const sac_store_config config = SAC_STORE_CONFIG(.uri = uri);
    sac_err err = {.code = 0};

    snprintf(uri, sizeof uri, "%stest?sacrumTimeoutMS=%d&sacrumClients=6", fx.peer.uri, TIMEOUT_MS);
    if (sac_mongo(&config, &fx.store, &err) != SAC_OK)
        fail_msg("%s: %s", uri, err.text);
}

static int set_up(void **state)
{
    (void)state;
    memset(&fx, 0, sizeof fx);
    if (server_missing("ferretdb"))
        return 0;
    snprintf(fx.folder, sizeof fx.folder, "/tmp/sacrum-loss-XXXXXX");
    assert_non_null(mkdtemp(fx.folder));
    fx.arguments[0] = fx.folder;
    server_start(&fx.peer, "ferretdb", 0, fx.arguments);
    open_store();
    return 0;
}

static void remove_folder(const char *folder)
{
    char path[400];
    const struct dirent *entry;
    DIR *listed = opendir(folder);

    while (listed && (entry = readdir(listed))) {
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        unlink(path);
    }
    closedir(listed);
    rmdir(folder);
}

static int tear_down(void **state)
{
    (void)state;
    if (!fx.store)
        return 0;
    sac_store_close(fx.store);
    server_stop(&fx.peer);
    remove_folder(fx.folder);
    return 0;
}

static int increment(void)
{
    return count_one_more(fx.store);
}

static void tally(int rc)
{
    if (rc == SAC_OK)
        atomic_fetch_add(&fx.acked, 1);
    else if (rc == SAC_EUNKNOWN)
        atomic_fetch_add(&fx.unknown, 1);
    else if (rc == SAC_EUNAVAILABLE)
        atomic_fetch_add(&fx.refused, 1);
    else
        atomic_fetch_add(&fx.wrong, 1);
}

static void *load(void *arg)
{
    double *slowest = arg;
    int64_t v = 0;

    while (!atomic_load(&fx.stop)) {
        const double begun = now();
        int rc = increment();

        tally(rc);
        if (now() - begun > *slowest)
            *slowest = now() - begun;
        rc = get_v(fx.store, "a", 1, &v);
        if (rc != SAC_OK && rc != SAC_EUNAVAILABLE && rc != SAC_ENOTFOUND)
            atomic_fetch_add(&fx.wrong, 1);
        sleep_ms(2);
    }
    return NULL;
}

/* Seconds until a write is done again. */
static double recovers(void)
{
    const double begun = now();
    const long before = atomic_load(&fx.acked);

    while (atomic_load(&fx.acked) == before && now() - begun < 20)
        sleep_ms(10);
    return now() - begun;
}

static void check_counted(void)
{
    const long acked = atomic_load(&fx.acked);
    const long unknown = atomic_load(&fx.unknown);
    int64_t v = -1;

    CHECK_INT(get_v(fx.store, "a", 1, &v), SAC_OK);
    print_message("%ld acknowledged, %ld unknown, %ld refused: %lld counted\n", acked, unknown,
                  atomic_load(&fx.refused), (long long)v);
    CHECK(v >= acked);
    CHECK(v <= acked + unknown);
}

static void run(void (*trouble)(void))
{
    pthread_t threads[THREADS];
    double slowest = 0;
    double recovered;
    int i;

    for (i = 0; i < THREADS; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, load, &fx.slowest[i]), 0);
    sleep_ms(300);
    trouble();
    recovered = recovers();
    atomic_store(&fx.stop, true);
    for (i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        slowest = fx.slowest[i] > slowest ? fx.slowest[i] : slowest;
    }
    print_message("slowest call %.2f s, back after %.2f s\n", slowest, recovered);
    CHECK_INT(atomic_load(&fx.wrong), 0);
    CHECK(recovered < 10);
    CHECK(slowest < TIMEOUT_MS / 1000.0 + 1);
    check_counted();
}

static void pause_and_resume(void)
{
    server_pause(&fx.peer);
    sleep_ms(4000);
    server_resume(&fx.peer);
}

static void kill_and_restart(void)
{
    int i;

    for (i = 0; i < 3; i++) {
        server_kill(&fx.peer);
        sleep_ms(i * 1500);
        server_start(&fx.peer, "ferretdb", fx.peer.port, fx.arguments);
        sleep_ms(500);
    }
}

static void skip_without_server(void)
{
    if (fx.store)
        return;
    print_message("ferretdb: %s\n", server_missing("ferretdb"));
    skip();
}

static void test_server__that_stops_for_a_while_loses_nothing(void **state)
{
    (void)state;
    skip_without_server();
    run(pause_and_resume);
}

static void test_server__that_is_killed_loses_nothing(void **state)
{
    (void)state;
    skip_without_server();
    run(kill_and_restart);
}

static int insert_v(int32_t id, int64_t v, sac_err *err)
{
    char raw[4];
    const sac_str doc = doc_value(value_int(raw, id), v);
    const int rc = sac_store_insert(fx.store, "later", doc, err);

    free((void *)(uintptr_t)doc.p);
    return rc;
}

static int count_index(void *self, const sac_index *index)
{
    *(int *)self += strcmp(index->name, "v_1") == 0 && index->unique;
    return 0;
}

static void test_index__asked_for_while_the_server_is_away_is_made_later(void **state)
{
    const sac_index index = {.keys = "v", .unique = true};
    sac_err err = {.code = 0};
    int found = 0;

    (void)state;
    skip_without_server();
    server_kill(&fx.peer);
    CHECK_INT(sac_store_make_index(fx.store, "later", &index, &err), SAC_EUNAVAILABLE);
    server_start(&fx.peer, "ferretdb", fx.peer.port, fx.arguments);
    sleep_ms(500);
    while (insert_v(1, 7, &err) == SAC_EUNAVAILABLE)
        sleep_ms(100);
    CHECK_INT(sac_store_indexes(fx.store, "later", count_index, &found, &err), SAC_OK);
    CHECK_INT(found, 1);
    CHECK_INT(insert_v(2, 7, &err), SAC_EEXIST);
}

static void test_server__that_is_away_is_unavailable(void **state)
{
    const double begun = now();
    int64_t v = 0;

    (void)state;
    skip_without_server();
    server_kill(&fx.peer);
    CHECK_INT(get_v(fx.store, "a", 1, &v), SAC_EUNAVAILABLE);
    CHECK_INT(increment(), SAC_EUNAVAILABLE);
    CHECK(now() - begun < 2 * (TIMEOUT_MS / 1000.0 + 1));
    server_start(&fx.peer, "ferretdb", fx.peer.port, fx.arguments);
}

#define LOSS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LOSS_TEST(test_server__that_stops_for_a_while_loses_nothing),
        LOSS_TEST(test_server__that_is_killed_loses_nothing),
        LOSS_TEST(test_server__that_is_away_is_unavailable),
        LOSS_TEST(test_index__asked_for_while_the_server_is_away_is_made_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "raw_host.h"

#include <signal.h>
#include <stdatomic.h>

#include "app/workers.h"

typedef struct task {
    sac__job job; /* first */
    atomic_int *ran;
    gate *wait;
    bool masked;
} task;

static void run(sac__job *job)
{
    task *t = (task *)job;
    sigset_t mask;

    if (t->wait)
        gate_wait(t->wait);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    t->masked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGUSR1) == 1;
    atomic_fetch_add(t->ran, 1);
}

static void test_workers__run_every_job(void **state)
{
    sac__workers *workers;
    atomic_int ran = 0;
    task tasks[100];
    sigset_t before;
    sigset_t after;

    (void)state;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    CHECK_INT(sac__workers_new(NULL, 3, 1000, &workers, NULL), SAC_OK);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    CHECK_INT(sigismember(&before, SIGTERM), sigismember(&after, SIGTERM));
    for (int i = 0; i < 100; i++) {
        tasks[i] = (task){.job = {.run = run}, .ran = &ran};
        CHECK(sac__workers_try(workers, &tasks[i].job));
    }
    sac__workers_drain(workers);
    CHECK_INT(atomic_load(&ran), 100);
    for (int i = 0; i < 100; i++)
        CHECK(tasks[i].masked);
    sac__workers_push(workers, &tasks[0].job);
    sac__workers_free(workers); /* what is queued is run */
    CHECK_INT(atomic_load(&ran), 101);
    sac__workers_free(NULL);
    sac__workers_drain(NULL);
}

static void test_workers__refuse_past_the_bound(void **state)
{
    sac__workers *workers;
    atomic_int ran = 0;
    task tasks[5];
    gate go;

    (void)state;
    gate_init(&go);
    CHECK_INT(sac__workers_new(NULL, 1, 2, &workers, NULL), SAC_OK);
    for (int i = 0; i < 5; i++)
        tasks[i] = (task){.job = {.run = run}, .ran = &ran, .wait = &go};
    CHECK(sac__workers_try(workers, &tasks[0].job));
    nap(20000); /* it is running now, the queue is empty */
    CHECK(sac__workers_try(workers, &tasks[1].job));
    CHECK(sac__workers_try(workers, &tasks[2].job));
    CHECK(!sac__workers_try(workers, &tasks[3].job));
    sac__workers_push(workers, &tasks[4].job);
    gate_open(&go);
    sac__workers_drain(workers);
    CHECK_INT(atomic_load(&ran), 4);
    sac__workers_free(workers);
    gate_fini(&go);
}

static void test_workers__survive_oom(void **state)
{
    sac__workers *workers = NULL;
    fault_alloc fault;

    (void)state;
    CHECK_INT(sac__workers_new(fault_alloc_init(&fault, 0), 1, 1, &workers, NULL), SAC_ENOMEM);
    CHECK(workers == NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_workers__run_every_job),
                                       cmocka_unit_test(test_workers__refuse_past_the_bound),
                                       cmocka_unit_test(test_workers__survive_oom)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

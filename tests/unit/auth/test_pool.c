/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "auth/password/pool.h"
#include "support/support.h"

#ifdef __linux__
#include <sched.h>
#endif

enum { JOBS = 64 };

typedef struct job {
    sac__pool_job job;
    atomic_int done;
    int policy;
} job;

static void note(void *self)
{
    job *j = self;

#ifdef __linux__
    j->policy = sched_getscheduler(0);
#endif
    atomic_fetch_add(&j->done, 1);
}

static void wait_for(job *j)
{
    for (int i = 0; i < 20000 && !atomic_load(&j->done); i++)
        usleep(1000);
    CHECK_INT(atomic_load(&j->done), 1);
}

static sac__pool *pool_of(unsigned threads, size_t max)
{
    sac__pool *pool = NULL;
    sac_err err = {.code = 0};

    if (sac__pool_new(NULL, threads, max, &pool, &err) != SAC_OK)
        fail_msg("%s", err.text);
    return pool;
}

static job job_of(sac__pool_job what)
{
    job j = {.job = what};

    j.job.done = note;
    j.job.cost = 4;
    return j;
}

#define JOB(...) job_of((sac__pool_job){__VA_ARGS__})

static void run(sac__pool *pool, job *j)
{
    j->job.self = j;
    CHECK_INT(sac__pool_submit(pool, &j->job), SAC_OK);
    wait_for(j);
}

static void test_pool__verifies_and_hashes(void **state)
{
    sac__pool *pool = pool_of(2, 8);
    job made = JOB(.fresh = sac_str_of("secret"));
    job right, wrong, both, strong, weak;

    (void)state;
    run(pool, &made);
    CHECK_INT(made.job.result, SAC_OK);
    CHECK_INT(made.job.made, SAC_OK);
    right = JOB(.password = sac_str_of("secret"), .hash = sac_str_of(made.job.out));
    run(pool, &right);
    CHECK_INT(right.job.result, SAC_OK);
    CHECK_INT(right.job.made, SAC_ENOTFOUND);
    wrong = JOB(.password = sac_str_of("secreu"), .hash = sac_str_of(made.job.out),
                .fresh = sac_str_of("new"));
    run(pool, &wrong);
    CHECK_INT(wrong.job.result, SAC_EUNAUTHORIZED);
    CHECK_INT(wrong.job.made, SAC_ENOTFOUND);
    both = JOB(.password = sac_str_of("secret"), .hash = sac_str_of(made.job.out),
               .fresh = sac_str_of("new"));
    run(pool, &both);
    CHECK_INT(both.job.made, SAC_OK);
    CHECK_INT(sac_password_verify(sac_str_of("new"), sac_str_of(both.job.out), NULL), SAC_OK);
    strong = JOB(.password = sac_str_of("secret"), .hash = sac_str_of(made.job.out),
                 .fresh = sac_str_of("secret"), .renew = true);
    run(pool, &strong);
    CHECK_INT(strong.job.made, SAC_ENOTFOUND);
    weak = strong;
    weak = JOB(.password = sac_str_of("secret"), .hash = sac_str_of(made.job.out),
               .fresh = sac_str_of("secret"), .renew = true);
    weak.job.cost = 5;
    run(pool, &weak);
    CHECK_INT(weak.job.made, SAC_OK);
    CHECK(memcmp(weak.job.out, "$2b$05$", 7) == 0);
    sac__pool_free(pool);
}

static void test_pool__runs_at_idle_priority(void **state)
{
#ifdef __linux__
    const int own = sched_getscheduler(0);
    sac__pool *pool = pool_of(1, 8);
    job j = JOB(.fresh = sac_str_of("secret"));

    (void)state;
    run(pool, &j);
    CHECK_INT(j.policy, SCHED_IDLE);
    CHECK_INT(sched_getscheduler(0), own);
    sac__pool_free(pool);
#else
    (void)state;
    skip();
#endif
}

static void test_pool__takes_no_more_than_its_bound(void **state)
{
    sac__pool *pool = pool_of(1, 2);
    static job jobs[JOBS];
    int taken = 0, refused = 0;

    (void)state;
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = JOB(.fresh = sac_str_of("secret"));
        jobs[i].job.cost = 8;
        jobs[i].job.self = &jobs[i];
        if (sac__pool_submit(pool, &jobs[i].job) == SAC_OK)
            taken++;
        else
            refused++;
    }
    CHECK(refused > 0);
    CHECK(taken >= 2);
    sac__pool_stop(pool);
    for (int i = 0; i < JOBS; i++)
        taken -= atomic_load(&jobs[i].done);
    CHECK_INT(taken, 0);
    sac__pool_free(pool);
}

static void test_pool__ends_with_jobs_outstanding(void **state)
{
    sac__pool *pool = pool_of(2, JOBS);
    static job jobs[JOBS];
    job late = JOB(.fresh = sac_str_of("secret"));
    int closed = 0;

    (void)state;
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = JOB(.fresh = sac_str_of("secret"));
        jobs[i].job.cost = 8;
        jobs[i].job.self = &jobs[i];
        CHECK_INT(sac__pool_submit(pool, &jobs[i].job), SAC_OK);
    }
    sac__pool_stop(pool);
    for (int i = 0; i < JOBS; i++) {
        CHECK_INT(atomic_load(&jobs[i].done), 1);
        closed += jobs[i].job.result == SAC_ECLOSED;
        CHECK(jobs[i].job.result == SAC_ECLOSED || jobs[i].job.made == SAC_OK);
    }
    CHECK(closed > 0);
    CHECK_INT(sac__pool_submit(pool, &late.job), SAC_ECLOSED);
    sac__pool_stop(pool);
    sac__pool_free(pool);
    sac__pool_stop(NULL);
    sac__pool_free(NULL);
}

static void *submit_many(void *self)
{
    sac__pool *pool = self;

    for (int i = 0; i < 16; i++) {
        job j = JOB(.fresh = sac_str_of("secret"));

        j.job.self = &j;
        if (sac__pool_submit(pool, &j.job) == SAC_OK)
            wait_for(&j);
    }
    return NULL;
}

static void test_pool__serves_many_threads(void **state)
{
    sac__pool *pool = pool_of(3, 8);
    pthread_t threads[4];

    (void)state;
    for (int i = 0; i < 4; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, submit_many, pool), 0);
    for (int i = 0; i < 4; i++)
        CHECK_INT(pthread_join(threads[i], NULL), 0);
    sac__pool_free(pool);
}

static void test_pool__new_survives_oom(void **state)
{
    sac__pool *pool = NULL;
    fault_alloc fault;
    sac_err err;
    long n = 0;

    (void)state;
    while (sac__pool_new(fault_alloc_init(&fault, n), 1, 1, &pool, &err) != SAC_OK) {
        CHECK_INT(err.code, SAC_ENOMEM);
        CHECK(pool == NULL);
        CHECK_INT(fault.live, 0);
        CHECK(++n < 10);
    }
    sac__pool_free(pool);
    CHECK_INT(fault.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool__verifies_and_hashes),
        cmocka_unit_test(test_pool__runs_at_idle_priority),
        cmocka_unit_test(test_pool__takes_no_more_than_its_bound),
        cmocka_unit_test(test_pool__ends_with_jobs_outstanding),
        cmocka_unit_test(test_pool__serves_many_threads),
        cmocka_unit_test(test_pool__new_survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

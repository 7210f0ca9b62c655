/* SPDX-License-Identifier: MIT */
/*
 * Calls to the system that fail. A process makes a file, writes documents and
 * indexes; in each run one call, or all from one on, fails. What it was told is
 * compared with what the file holds.
 */
#include "calls.h"
#include "scenario.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define STEPS 56
#ifdef SANITIZED /* fork() takes long there: some of the points */
#define POINTS 300
#define STRIDE 7
#else
#define POINTS 2000
#define STRIDE 1
#endif
#define LAST 987654 /* `v` of the write after all */

/* What fails: once, or from then on. */
typedef struct failure {
    call_fault how;
    bool lasting;
} failure;

static const failure failures[] = {
    {{.kind = CALL_PWRITE, .error = ENOSPC}, false},
    {{.kind = CALL_PWRITE, .error = ENOSPC}, true},
    {{.kind = CALL_PWRITE, .error = EIO}, false},
    {{.kind = CALL_PWRITE, .error = EIO, .carried = true}, false},
    {{.kind = CALL_PWRITE, .error = EIO, .carried = true}, true},
    {{.kind = CALL_PWRITE, .error = EINTR}, false},
    {{.kind = CALL_PWRITE}, false},
    {{.kind = CALL_WRITE, .error = ENOSPC}, false},
    {{.kind = CALL_WRITE, .error = ENOSPC}, true},
    {{.kind = CALL_WRITE, .error = EIO}, false},
    {{.kind = CALL_WRITE, .error = EIO, .carried = true}, false},
    {{.kind = CALL_WRITE, .error = EINTR}, false},
    {{.kind = CALL_WRITE}, false},
    {{.kind = CALL_SYNC, .error = EIO}, false},
    {{.kind = CALL_SYNC, .error = EIO}, true},
    {{.kind = CALL_SYNC, .error = ENOSPC}, false},
    {{.kind = CALL_SYNC, .error = EINTR}, false},
    {{.kind = CALL_TRUNCATE, .error = ENOSPC}, false},
    {{.kind = CALL_TRUNCATE, .error = EINTR}, false},
    {{.kind = CALL_OPEN, .error = EMFILE}, false},
    {{.kind = CALL_OPEN, .error = EIO}, true},
    {{.kind = CALL_OPEN, .error = EINTR}, false},
    {{.kind = CALL_MMAP, .error = ENOMEM}, false},
    {{.kind = CALL_MMAP, .error = EAGAIN}, true},
};

/* What the process says, in memory shared with it. */
typedef struct report {
    bool met; /* there were so many calls */
    int n_failed;
    int reopened;
    int results[STEPS];
    contents seen;
    sac_err err;
    const char *wrong; /* the same text in both */
} report;

typedef struct run {
    store_case test;
    char path[200];
    call_fault fault;
    step steps[STEPS];
    report *told;
} run;

/* ---- the process with failing calls ---- */

/* It may fail while calls do; then it says why, and opens when they do no more. */
static const char *open_it(run *of, sac_store **store)
{
    sac_err *err = &of->told->err;
    int rc = scenario_open(of->path, store, err);

    if (rc == SAC_OK)
        return NULL;
    of->told->n_failed++;
    if (err->code != rc || !err->text[0])
        return "a file does not open, and nothing says why";
    of->told->met |= calls_made(of->fault.kind) >= of->fault.at;
    calls_fail(NULL);
    return scenario_open(of->path, store, err) == SAC_OK ? NULL : "it does not open any more";
}

/* A failed write says why; whether the file is to be opened again, too. */
static const char *after_failure(run *of, sac_store **store, int rc)
{
    const sac_err *err = &of->told->err;

    of->told->n_failed++;
    if (err->code != rc || !err->text[0])
        return "a write fails and does not say why";
    if (!strstr(err->text, "open it again"))
        return NULL;
    of->told->reopened++;
    of->told->met |= calls_made(of->fault.kind) >= of->fault.at;
    calls_fail(NULL);
    sac_store_close(*store);
    *store = NULL;
    return open_it(of, store);
}

static const char *run_steps(run *of, sac_store **store)
{
    const char *wrong = NULL;
    int i;

    for (i = 0; !wrong && i < STEPS; i++) {
        of->told->err.code = 0;
        of->told->results[i] = step_run(*store, &of->steps[i], &of->told->err);
        if (of->told->results[i] != SAC_OK)
            wrong = after_failure(of, store, of->told->results[i]);
    }
    of->told->met |= calls_made(of->fault.kind) >= of->fault.at;
    calls_fail(NULL);
    return wrong;
}

/* Now that nothing fails: it goes on, unless it says that it has to be opened again. */
static const char *go_on(run *of, sac_store **store)
{
    step last = {.kind = STEP_PUT, .id = IDS - 1, .v = LAST};
    const char *wrong = NULL;
    int rc = step_run(*store, &last, &of->told->err);

    if (rc != SAC_OK) {
        wrong = after_failure(of, store, rc);
        if (!wrong && step_run(*store, &last, &of->told->err) != SAC_OK)
            wrong = "it does not go on, nor says that it has to be opened again";
    }
    if (!wrong)
        wrong = scenario_look(*store, &of->told->seen);
    if (!wrong && sac_store_check(*store, &of->told->err) != SAC_OK)
        wrong = "sac_store_check() finds damage";
    steps_free(&last, 1);
    return wrong;
}

static int run_it(child *parent, void *arg)
{
    run *of = arg;
    sac_store *store = NULL;

    (void)parent;
    scenario_signals();
    calls_watch(of->path);
    calls_fail(&of->fault);
    of->told->wrong = open_it(of, &store);
    if (!of->told->wrong)
        of->told->wrong = run_steps(of, &store);
    if (!of->told->wrong)
        of->told->wrong = go_on(of, &store);
    sac_store_close(store);
    return of->told->wrong != NULL;
}

/* ---- what the file holds ---- */

/* What was acknowledged, and one write (or -1) that was not. */
static bool is_as_told(const run *of, int but)
{
    contents now;
    int i;

    contents_init(&now);
    for (i = 0; i < STEPS; i++)
        if (of->told->results[i] == SAC_OK || i == but)
            (void)contents_apply(&now, &of->steps[i]);
    now.v[IDS - 1] = LAST;
    return memcmp(&now, &of->told->seen, sizeof now) == 0;
}

/* A write whose last call failed may be there: whole, and no other with it. */
static const char *compare(const run *of)
{
    int i;

    if (is_as_told(of, -1))
        return NULL;
    for (i = 0; i < STEPS; i++)
        if (of->told->results[i] != SAC_OK && is_as_told(of, i))
            return NULL;
    return "it holds what nobody acknowledged, or lacks what was";
}

static const char *look_again(const run *of)
{
    sac_store *store = NULL;
    contents found;
    const char *wrong;

    if (scenario_open(of->path, &store, &of->told->err) != SAC_OK)
        return "it does not open";
    wrong = scenario_look(store, &found);
    if (!wrong && memcmp(&found, &of->told->seen, sizeof found) != 0)
        wrong = "it holds something else than it did before it was closed";
    if (!wrong && sac_store_check(store, &of->told->err) != SAC_OK)
        wrong = "sac_store_check() finds damage when it is open again";
    sac_store_close(store);
    return wrong;
}

static void remove_files(const run *of)
{
    char beside[220];

    snprintf(beside, sizeof beside, "%s-lock", of->path);
    unlink(of->path);
    unlink(beside);
}

/* False when there are not so many calls. */
static bool run_once(run *of)
{
    const call_fault *how = &of->fault;
    const char *wrong;
    child other;
    int rc;

    memset(of->told, 0, sizeof *of->told);
    remove_files(of);
    child_begin(&other, run_it, of);
    rc = child_end(&other);
    wrong = rc == 0 ? compare(of) : rc < 0 ? "it dies" : of->told->wrong;
    if (!wrong)
        wrong = look_again(of);
    if (!wrong && !of->told->met && of->told->n_failed)
        wrong = "a write fails where no call does";
    if (wrong)
        fail_msg("calls of kind %d, %ld to %ld, error %d%s: %s (%s)", how->kind, how->at, how->last,
                 how->error, how->carried ? ", carried out" : "", wrong, of->told->err.text);
    return of->told->met;
}

static void test_calls__that_fail_lose_nothing(void **state)
{
    run *of = calloc(1, sizeof *of);
    const time_t start = time(NULL);
    long points = 0;
    long failed = 0;
    long reopened = 0;
    size_t i;
    long k;

    (void)state;
    assert_non_null(of);
    of->told = mmap(NULL, sizeof *of->told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                    0);
    assert_true(of->told != MAP_FAILED);
    store_case_open(&of->test, store_kinds, NULL);
    sac_store_close(of->test.store);
    of->test.store = NULL;
    snprintf(of->path, sizeof of->path, "%s/written", of->test.folder);
    calls_watch(of->path); /* no test needs what is synced */
    steps_make(of->steps, STEPS, 1);
    for (i = 0; i < sizeof failures / sizeof *failures; i++)
        for (k = 1;; k += STRIDE) {
            of->fault = failures[i].how;
            of->fault.at = k;
            of->fault.last = failures[i].lasting ? LONG_MAX : k;
            if (!run_once(of))
                break;
            points++;
            failed += of->told->n_failed;
            reopened += of->told->reopened;
        }
    print_message("# %ld points, %ld calls answered with an error, %ld times opened again, %ld s\n",
                  points, failed, reopened, (long)(time(NULL) - start));
    CHECK(points >= POINTS);
    calls_watch(NULL);
    steps_free(of->steps, STEPS);
    munmap(of->told, sizeof *of->told);
    store_case_close(&of->test);
    free(of);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls__that_fail_lose_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

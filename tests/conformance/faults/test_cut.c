/* SPDX-License-Identifier: MIT */
/*
 * Power cuts. A process writes while every call to its file is recorded, with
 * what it was told; from the record come files as a disk may hold them after a
 * cut at any moment: what was synced is there, of the rest any part.
 *
 * SACRUM_TEST_CUTS: how many (5,000); SACRUM_TEST_SEED: of what is chosen.
 */
#include "calls.h"
#include "scenario.h"

#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define CUTS 5000
#define BLIND 50    /* of the test of the test */
#define CREATION 12 /* events */
#define STEPS 300
#define BATCH 5
#define IMAGE_MAX ((size_t)16 << 20)
#define PENDING 4096

typedef struct recording {
    store_case test;
    char path[200];
    char image[200];
    trace *events;
    step steps[STEPS];
    contents states[STEPS + 1]; /* after so many steps */
    unsigned seed;
    sem_t answered; /* in the process that writes */
    int errors;
} recording;

/* What a file must hold. */
typedef struct promise {
    int least; /* steps answered … */
    int most;  /* … and asked for */
    int index[INDEXES];
} promise;

/* What the disk holds at some event. */
typedef struct disk {
    size_t at;    /* events so far */
    char *synced; /* IMAGE_MAX */
    size_t n_synced;
    const event *pending[PENDING]; /* since the last sync, in order … */
    bool written[PENDING];         /* … some of them on the disk */
    size_t n_pending;
    char *image; /* with a part of the pending ones */
    size_t n_image;
} disk;

/* ---- the process that is recorded ---- */

static recording *writing; /* its own */

static void acknowledge(void *self, sac_write *write)
{
    const step *of = self;

    if (write->result == SAC_OK)
        trace_note(EVENT_ANSWERED, of - writing->steps);
    else
        writing->errors++;
    sem_post(&writing->answered);
}

static int submit(sac_store *store, step *of)
{
    sac_write *write = step_write(of);

    write->done = acknowledge;
    trace_note(EVENT_ASKED, of - writing->steps);
    return sac_store_submit(store, write, NULL);
}

static int run_index(sac_store *store, step *of)
{
    int rc;

    trace_note(EVENT_ASKED, of - writing->steps);
    rc = step_run(store, of, NULL);
    trace_note(EVENT_ANSWERED, of - writing->steps);
    return rc;
}

/* Some writes at once, an index built beside them, then wait for all. */
static int run_batch(sac_store *store, int *at)
{
    const int end = *at + BATCH < STEPS ? *at + BATCH : STEPS;
    int writes = 0;
    int rc = SAC_OK;

    for (; rc == SAC_OK && *at < end; ++*at)
        if (step_is_index(&writing->steps[*at])) {
            rc = run_index(store, &writing->steps[*at]);
        } else {
            rc = submit(store, &writing->steps[*at]);
            writes++;
        }
    while (rc == SAC_OK && writes--)
        sem_wait(&writing->answered);
    return rc;
}

static int write_recorded(child *parent, void *arg)
{
    sac_store *store = NULL;
    int rc;
    int at = 0;

    (void)parent;
    writing = arg;
    sem_init(&writing->answered, 0, 0);
    calls_watch(writing->path);
    calls_record(writing->events);
    rc = scenario_open(writing->path, &store, NULL);
    while (rc == SAC_OK && at < STEPS)
        rc = run_batch(store, &at);
    sac_store_close(store);
    return rc != SAC_OK || writing->errors || writing->events->full;
}

/* ---- the disk ---- */

static void put(char *image, size_t *size, const trace *events, const event *write, size_t from,
                size_t n)
{
    const size_t at = (size_t)write->at + from;

    assert_true(at + n <= IMAGE_MAX);
    if (at > *size)
        memset(image + *size, 0, at - *size);
    memcpy(image + at, events->bytes + write->data + from, n);
    if (at + n > *size)
        *size = at + n;
}

static void sync_all(disk *of, const trace *events)
{
    size_t i;

    for (i = 0; i < of->n_pending; i++)
        put(of->synced, &of->n_synced, events, of->pending[i], 0, of->pending[i]->n);
    of->n_pending = 0;
}

static void disk_step(disk *of, const trace *events)
{
    const event *next = &events->events[of->at++];

    switch (next->kind) {
    case EVENT_WRITE:
        assert_true(of->n_pending < PENDING);
        of->written[of->n_pending] = false;
        of->pending[of->n_pending++] = next;
        break;
    case EVENT_WRITTEN: of->written[of->n_pending - 1] = true; break;
    case EVENT_SYNCED: sync_all(of, events); break;
    case EVENT_TRUNCATE: fail_msg("LMDB is not known to do that"); break;
    default: break;
    }
}

/* Some of the sectors, pages, or all, of a write. */
static void put_torn(disk *of, const trace *events, const event *write, unsigned part,
                     unsigned *seed)
{
    static const size_t units[] = {512, 4096, SIZE_MAX};
    const size_t unit = units[scenario_roll(seed) % 3];
    size_t from = 0;

    while (from < write->n) {
        size_t n = unit - ((size_t)write->at + from) % unit;

        if (n > write->n - from)
            n = write->n - from;
        if (scenario_roll(seed) % 4 < part)
            put(of->image, &of->n_image, events, write, from, n);
        from += n;
    }
}

static void disk_cut(disk *of, const trace *events, unsigned *seed)
{
    const unsigned part = scenario_roll(seed) % 5; /* fourths of what was on its way */
    size_t i;

    memcpy(of->image, of->synced, of->n_synced);
    of->n_image = of->n_synced;
    for (i = 0; i < of->n_pending; i++)
        put_torn(of, events, of->pending[i], of->written[i] ? 4 : part, seed);
}

static void image_write(const disk *of, const char *path)
{
    char beside[220];
    int fd;

    unlink(path); /* an emptied one would be synced when it is closed */
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, of->image, of->n_image), of->n_image);
    close(fd);
    snprintf(beside, sizeof beside, "%s-lock", path);
    unlink(beside);
}

/* ---- what it must hold ---- */

static void promise_init(promise *made, const recording *of, size_t n_events)
{
    size_t i;

    *made = (promise){.least = 0};
    for (i = 0; i < n_events; i++) {
        const event *next = &of->events->events[i];
        const bool answered = next->kind == EVENT_ANSWERED;
        const step *about;

        if (next->kind != EVENT_ASKED && !answered)
            continue;
        about = &of->steps[next->at];
        if (step_is_index(about))
            made->index[about->id] = answered ? about->kind == STEP_MAKE : -1;
        else if (answered && made->least < next->at + 1)
            made->least = (int)next->at + 1;
        else if (!answered)
            made->most = (int)next->at + 1;
    }
}

static bool is_promised(const recording *of, const promise *by, const contents *found)
{
    int i;

    for (i = by->least; i <= by->most; i++)
        if (memcmp(&of->states[i], found, sizeof *found) == 0)
            return true;
    return false;
}

static const char *look_at_store(const recording *of, const promise *by, sac_store *store)
{
    step after = {.kind = STEP_PUT, .id = IDS - 1, .v = 12345};
    contents found;
    const char *wrong = scenario_look(store, &found);
    int i;

    if (!wrong && !is_promised(of, by, &found))
        wrong = "a write is lost, or done in part";
    for (i = 0; !wrong && i < INDEXES; i++)
        if (by->index[i] >= 0 && scenario_index(store, i) != by->index[i])
            wrong = "an index is not as it was acknowledged";
    if (!wrong && sac_store_check(store, NULL) != SAC_OK)
        wrong = "sac_store_check() finds damage";
    if (!wrong &&
        (step_run(store, &after, NULL) != SAC_OK || sac_store_check(store, NULL) != SAC_OK))
        wrong = "it cannot be written any more";
    steps_free(&after, 1);
    return wrong;
}

/* NULL, or what is wrong with the file. */
static const char *judge(const recording *of, const promise *by, const char *path)
{
    static sac_err err;
    sac_store *store = NULL;
    const char *wrong;

    if (scenario_open(path, &store, &err) != SAC_OK)
        return err.text;
    wrong = look_at_store(of, by, store);
    sac_store_close(store);
    return wrong;
}

typedef struct question {
    const recording *of;
    const promise *by;
    const char *path;
} question;

static int judge_apart(child *parent, void *arg)
{
    const question *asked = arg;

    (void)parent;
    scenario_signals();
    return judge(asked->of, asked->by, asked->path) != NULL;
}

/* In a process of its own: LMDB does not survive a file that lacks pages. */
static bool is_wrong(const recording *of, const promise *by, const char *path)
{
    question asked = {of, by, path};
    child other;

    child_begin(&other, judge_apart, &asked);
    return child_end(&other) != 0;
}

/* ---- the tests ---- */

static recording *record(bool unsynced)
{
    recording *of = calloc(1, sizeof *of);
    child other;
    int i;

    assert_non_null(of);
    of->seed = (unsigned)scenario_number("SACRUM_TEST_SEED", (long)time(NULL) & 0xffff);
    of->events = trace_new();
    assert_non_null(of->events);
    of->events->unsynced = unsynced;
    store_case_open(&of->test, store_kinds, NULL);
    sac_store_close(of->test.store);
    of->test.store = NULL;
    snprintf(of->path, sizeof of->path, "%s/written", of->test.folder);
    snprintf(of->image, sizeof of->image, "%s/image", of->test.folder);
    steps_make(of->steps, STEPS, of->seed);
    contents_init(&of->states[0]);
    for (i = 0; i < STEPS; i++) {
        of->states[i + 1] = of->states[i];
        (void)contents_apply(&of->states[i + 1], &of->steps[i]);
    }
    child_begin(&other, write_recorded, of);
    CHECK_INT(child_end(&other), 0);
    return of;
}

static void record_free(recording *of)
{
    steps_free(of->steps, STEPS);
    trace_free(of->events);
    store_case_close(&of->test);
    free(of);
}

/* The file as a cut behind the next part of the record may leave it. */
static void cut_next(recording *of, disk *on, size_t until, promise *by, unsigned *seed)
{
    while (on->at < until)
        disk_step(on, of->events);
    disk_cut(on, of->events, seed);
    image_write(on, of->image);
    promise_init(by, of, on->at);
}

static void disk_init(disk *made)
{
    *made = (disk){.synced = malloc(IMAGE_MAX), .image = malloc(IMAGE_MAX)};
    assert_true(made->synced && made->image);
}

static void disk_fini(disk *old)
{
    free(old->synced);
    free(old->image);
}

/* Cuts behind the first `until` events. */
static void cut_and_judge(recording *of, size_t until, long cuts)
{
    unsigned seed = of->seed;
    promise by;
    disk on;
    long i;

    disk_init(&on);
    calls_watch(of->image);
    for (i = 0; i < cuts; i++) {
        const char *why;

        cut_next(of, &on, until * (size_t)(i + 1) / (size_t)cuts, &by, &seed);
        why = judge(of, &by, of->image);
        if (why)
            fail_msg("seed %u, cut %ld of %ld, behind call %zu, steps %d to %d: %s", of->seed, i,
                     cuts, on.at, by.least, by.most, why);
    }
    calls_watch(NULL);
    disk_fini(&on);
}

static void test_cut__loses_nothing_that_was_acknowledged(void **state)
{
    const long cuts = scenario_number("SACRUM_TEST_CUTS", CUTS);
    const time_t start = time(NULL);
    recording *of = record(false);

    (void)state;
    print_message("# seed %u, %zu events, %zu KiB written\n", of->seed, of->events->n,
                  of->events->used >> 10);
    cut_and_judge(of, of->events->n, cuts - cuts / 10);
    cut_and_judge(of, CREATION, cuts / 10); /* while the file is made */
    print_message("# %ld cuts, all opened, none lost an acknowledged write, %ld s\n", cuts,
                  (long)(time(NULL) - start));
    record_free(of);
}

/* The test above sees what it is to see. */
static void test_cut__without_syncs_loses_writes(void **state)
{
    recording *of = record(true);
    unsigned seed = of->seed;
    promise by;
    int wrong = 0;
    disk on;
    int i;

    (void)state;
    disk_init(&on);
    for (i = 1; i <= BLIND; i++) {
        cut_next(of, &on, of->events->n * (size_t)i / BLIND, &by, &seed);
        wrong += is_wrong(of, &by, of->image);
    }
    print_message("# without syncs %d of %d cuts lost something\n", wrong, BLIND);
    CHECK(wrong > BLIND / 2);
    disk_fini(&on);
    record_free(of);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cut__loses_nothing_that_was_acknowledged),
        cmocka_unit_test(test_cut__without_syncs_loses_writes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

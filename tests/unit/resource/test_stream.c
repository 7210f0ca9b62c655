/* SPDX-License-Identifier: MIT */
#include <sacrum/impl/host.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/todos.h"

enum { TITLE = 900 };

/* `n` documents of about 1 KiB with int ids, without going through HTTP. */
static void fill(const todos *t, long n)
{
    enum { BATCH = 1000 };
    static sac_bson docs[BATCH];
    sac_str raw[BATCH];
    char title[TITLE];
    sac_err err;

    memset(title, 'x', sizeof title);
    for (long from = 0; from < n; from += BATCH) {
        sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "todos", .docs = raw);

        for (long i = from; i < n && i < from + BATCH; i++) {
            sac_bson *doc = &docs[i - from];

            sac_bson_init(doc, NULL, 0);
            sac_bson_add_int64(doc, "_id", i);
            sac_bson_add_str(doc, "title", sac_str_n(title, sizeof title));
            CHECK_INT(sac_bson_finish(doc, &raw[i - from]), 0);
            write.n_docs++;
        }
        CHECK_INT(sac_store_write(sac_app_store(t->app), &write, &err), 0);
        for (size_t i = 0; i < write.n_docs; i++)
            sac_bson_fini(&docs[i]);
    }
}

static void open_filled(todos *t, long n, sac_reads reads, int64_t max_list)
{
    static sac_resource resource;
    sac_err err;

    resource = todo_resource;
    resource.id_type = SAC_ID_INT;
    resource.max_list = max_list;
    todos_begin(t);
    t->config.reads = reads;
    todos_make(t);
    CHECK_INT(sac_app_resource(t->app, "/api/todos", &resource, &err), 0);
    todos_serve(t);
    fill(t, n);
}

static size_t count(const todos *t, const char *what)
{
    const char *p = t->reply.body.p, *end = p + t->reply.body.n;
    size_t n = 0;

    while ((p = memmem(p, (size_t)(end - p), what, strlen(what)))) {
        p++;
        n++;
    }
    return n;
}

static void test_stream__long_lists_are_whole(void **state)
{
    static const sac_reads reads[] = {SAC_READS_INLINE, SAC_READS_ON_WORKERS};
    todos t;

    (void)state;
    for (int i = 0; i < 2; i++) {
        open_filled(&t, 500, reads[i], 0);
        CHECK_INT(todos_ask(&t, "GET", "/api/todos", NULL), 200);
        CHECK(!t.reply.cut);
        CHECK_INT(count(&t, "\"_id\":"), 500);
        CHECK(t.reply.body.p[0] == '[' && t.reply.body.p[t.reply.body.n - 1] == ']');
        CHECK_INT(count(&t, "},{"), 499);
        todos_close(&t);
    }
}

static void test_stream__long_pages_have_their_links_first(void **state)
{
    static const char *const targets[] = {"/api/todos?per_page=300&envelope=1",
                                          "/api/todos?per_page=300&sort=-_id&envelope=1"};
    static const char *const first[] = {"{\"_id\":0,", "{\"_id\":499,"};
    static const char *const last[] = {"{\"_id\":299,", "{\"_id\":200,"};
    static const char *const beyond[] = {"{\"_id\":300,", "{\"_id\":199,"};
    todos t;

    (void)state;
    open_filled(&t, 500, SAC_READS_INLINE, 0);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(todos_ask(&t, "GET", targets[i], NULL), 200);
        CHECK_INT(count(&t, "\"_id\":"), 300);
        CHECK(todos_says(&t, first[i]) && todos_says(&t, last[i]) && !todos_says(&t, beyond[i]));
        CHECK(strstr(todos_header(&t, "link"), "rel=\"next\""));
        assert_string_equal(todos_header(&t, "x-total-count"), "500");
        CHECK_INT(count(&t, "},{"), 299);
        CHECK(todos_says(&t, "],\"meta\":{\"page\":1,\"per_page\":300,\"total\":500},\"links\":{"));
    }
    /* A page that crosses the first chunk with its very last document. */
    for (int n = 66; n < 76; n++) {
        char target[64];

        snprintf(target, sizeof target, "/api/todos?per_page=%d", n);
        CHECK_INT(todos_ask(&t, "GET", target, NULL), 200);
        CHECK_INT(count(&t, "\"_id\":"), n);
        CHECK_INT(count(&t, "},{"), n - 1);
    }
    CHECK_INT(todos_ask(&t, "HEAD", "/api/todos", NULL), 200);
    CHECK_INT(t.reply.body.n, 0);
    todos_close(&t);
}

/* Flips a byte in the stored title of the document behind `at` others. */
static void damage(const char *dir, const char *needle, char with)
{
    char path[96];
    sac_str file;
    char *p;
    int fd;

    snprintf(path, sizeof path, "%s/todos.db", dir);
    file = read_file(path);
    fd = open(path, O_WRONLY);
    CHECK(file.p && fd >= 0);
    p = memmem(file.p, file.n, needle, strlen(needle));
    CHECK(p != NULL);
    CHECK_INT(pwrite(fd, &with, 1, p - file.p + 1), 1);
    close(fd);
    free((char *)(uintptr_t)file.p);
}

static void test_stream__damage_is_500_or_cuts(void **state)
{
    todos t;

    (void)state;
    todos_needs_lmdb("it damages the file");
    open_filled(&t, 500, SAC_READS_INLINE, 0);
    CHECK_INT(todos_ask(&t, "PATCH", "/api/todos/400", "{\"title\":\"needle\"}"), 200);
    damage(t.dir, "needle", 'x');
    CHECK_INT(todos_ask(&t, "GET", "/api/todos/400", NULL), 500);
    CHECK(todos_problem(&t, "internal"));
    CHECK(!todos_says(&t, "needle"));
    CHECK_INT(todos_ask(&t, "GET", "/api/todos/399", NULL), 200);
    t.log[0] = '\0';
    CHECK_INT(todos_ask(&t, "GET", "/api/todos", NULL), 200);
    CHECK(t.reply.cut);
    CHECK(t.log[0]);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos?sort=-_id&per_page=200", NULL), 500);
    CHECK_INT(todos_ask(&t, "PATCH", "/api/todos/400", "{\"n\":1}"), 500);
    CHECK_INT(todos_ask(&t, "GET", "/api/todos/1", NULL), 200);
    todos_close(&t);
}

/* A host that throws the bytes away. */
typedef struct drain {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool woken;
} drain;

static void wake(void *self)
{
    drain *d = self;

    pthread_mutex_lock(&d->lock);
    d->woken = true;
    pthread_cond_signal(&d->cond);
    pthread_mutex_unlock(&d->lock);
}

static void await(drain *d)
{
    pthread_mutex_lock(&d->lock);
    while (!d->woken)
        pthread_cond_wait(&d->cond, &d->lock);
    d->woken = false;
    pthread_mutex_unlock(&d->lock);
}

static long rss_anon_kib(void)
{
    char line[256];
    long kib = -1;
    FILE *f = fopen("/proc/self/status", "r");

    CHECK(f != NULL);
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "RssAnon: %ld", &kib) == 1)
            break;
    fclose(f);
    return kib;
}

static size_t drain_list(sac_app *app, long *peak)
{
    static const sac_host_ops ops = SAC_HOST_OPS(.name = "drain", .wake = wake);
    const sac_head head = SAC_HEAD_INIT(.method = sac_str_of("GET"),
                                        .target = sac_str_of("/api/todos"));
    static char buf[32 * 1024];
    drain d = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
    const sac_answer *answer;
    sac_exchange *exchange;
    size_t total = 0, n;
    int rc;

    CHECK_INT(sac_exchange_open(app, &ops, &d, &exchange), 0);
    CHECK_INT(sac_exchange_head(exchange, &head), 0);
    CHECK_INT(sac_exchange_end(exchange), 0);
    while ((rc = sac_exchange_answer(exchange, &answer)) == SAC_LATER)
        await(&d);
    CHECK_INT(rc, 0);
    CHECK_INT(answer->status, 200);
    CHECK_INT(answer->kind, SAC_ANSWER_STREAM);
    while ((rc = sac_exchange_pull(exchange, buf, sizeof buf, &n)) != 0) {
        const long now = rss_anon_kib();

        CHECK(rc > 0);
        if (rc == SAC_LATER)
            await(&d);
        else
            total += n;
        *peak = now > *peak ? now : *peak;
    }
    sac_exchange_close(exchange);
    return total;
}

static void test_stream__memory_does_not_grow_with_the_list(void **state)
{
    const long n = getenv("SACRUM_TEST_DOCS") ? atol(getenv("SACRUM_TEST_DOCS")) : 50000;
    static const sac_reads reads[] = {SAC_READS_INLINE, SAC_READS_ON_WORKERS};

    (void)state;
    todos_needs_lmdb("the driver keeps batches of its own");
    for (int i = 0; i < 2; i++) {
        long before, peak = 0;
        todos t;

        open_filled(&t, n, reads[i], SAC_NO_LIMIT);
        CHECK_INT(todos_ask(&t, "GET", "/api/todos/1", NULL), 200);
        before = rss_anon_kib();
        CHECK(drain_list(t.app, &peak) > (size_t)n * TITLE);
        print_message("# %ld documents: %ld KiB\n", n, peak - before);
#ifndef SANITIZED_THREADS
        CHECK(peak - before < 16 * 1024);
#endif
        todos_close(&t);
    }
}

static void test_stream__a_client_may_leave(void **state)
{
    static const sac_host_ops ops = SAC_HOST_OPS(.name = "drain", .wake = wake);
    const sac_head head = SAC_HEAD_INIT(.method = sac_str_of("GET"),
                                        .target = sac_str_of("/api/todos"));
    todos t;

    (void)state;
    todos_needs_lmdb("reads always run on workers");
    open_filled(&t, 500, SAC_READS_INLINE, 0);
    for (int pulls = 0; pulls < 4; pulls++) {
        drain d = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
        const sac_answer *answer;
        sac_exchange *exchange;
        char buf[1000];
        size_t n;

        CHECK_INT(sac_exchange_open(t.app, &ops, &d, &exchange), 0);
        CHECK_INT(sac_exchange_head(exchange, &head), 0);
        CHECK_INT(sac_exchange_end(exchange), 0);
        CHECK_INT(sac_exchange_answer(exchange, &answer), 0);
        for (int i = 0; i < pulls * 40; i++)
            CHECK_INT(sac_exchange_pull(exchange, buf, sizeof buf, &n), 1);
        sac_exchange_close(exchange);
    }
    todos_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stream__long_lists_are_whole),
        cmocka_unit_test(test_stream__long_pages_have_their_links_first),
        cmocka_unit_test(test_stream__damage_is_500_or_cuts),
        cmocka_unit_test(test_stream__memory_does_not_grow_with_the_list),
        cmocka_unit_test(test_stream__a_client_may_leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include <sacrum/impl/host.h>

#include <pthread.h>

#include "support/todos.h"

/* The calls of a request on a store, over LMDB. */

typedef int act(sac_req *req);

static act *now;

static int run(void *self, sac_req *req)
{
    (void)self;
    return now(req);
}

static const sac_view_ops view = SAC_VIEW_OPS(.name = "act", .get = run);
static const sac_view_ops inline_view = SAC_VIEW_OPS(.name = "inline", .flags = SAC_INLINE,
                                                     .get = run);

static void start(todos *t, sac_reads reads)
{
    sac_err err;

    todos_begin(t);
    t->config.reads = reads;
    todos_make(t);
    CHECK_INT(sac_app_mount(t->app, "/act", &view, NULL, &err), 0);
    CHECK_INT(sac_app_mount(t->app, "/inline", &inline_view, NULL, &err), 0);
    todos_serve(t);
}

static int perform(todos *t, act *what)
{
    now = what;
    return todos_ask(t, "GET", "/act", NULL);
}

static sac_value int_id(const int64_t *id)
{
    const sac_value value = {SAC_BSON_INT64, {(const char *)id, 8}};

    return value;
}

static sac_str number_doc(sac_bson *doc, int64_t id, int64_t n)
{
    sac_str bytes = {NULL, 0};

    sac_bson_init(doc, NULL, 0);
    sac_bson_add_int64(doc, "_id", id);
    sac_bson_add_int64(doc, "n", n);
    CHECK_INT(sac_bson_finish(doc, &bytes), 0);
    return bytes;
}

/* `n` documents {_id: i, n: 2 i}. */
static void fill(const todos *t, const char *collection, int64_t n)
{
    enum { BATCH = 1000 };
    static sac_bson docs[BATCH];
    sac_str raw[BATCH];
    sac_err err;

    for (int64_t from = 0; from < n; from += BATCH) {
        sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = collection,
                                    .docs = raw);

        for (int64_t i = from; i < n && i < from + BATCH; i++)
            raw[write.n_docs++] = number_doc(&docs[i - from], i, 2 * i);
        CHECK_INT(sac_store_write(sac_app_store(t->app), &write, &err), 0);
        for (size_t i = 0; i < write.n_docs; i++)
            sac_bson_fini(&docs[i]);
    }
}

static int add_one(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    const sac_value old = sac_bson_get(stored->doc, sac_str_of("n"));
    sac_bson *doc = self;
    int64_t n = 0;

    (void)err;
    CHECK(sac_value_int(&old, &n));
    sac_bson_fini(doc);
    change->kind = SAC_CHANGE_PUT;
    change->doc = number_doc(doc, 1, n + 1);
    return SAC_OK;
}

static int writes(sac_req *req)
{
    const int64_t one = 1, nine = 9;
    uint64_t revision = 0;
    sac_bson docs[3], changed = {.p = NULL};
    sac_str raw[3], found;
    size_t failed = 0;

    for (int i = 0; i < 3; i++)
        raw[i] = number_doc(&docs[i], i, 10);
    CHECK_INT(sac_req_insert_many(req, "c", raw, 2, NULL), 0);
    CHECK_INT(sac_req_insert_many(req, "c", raw + 1, 2, &failed), SAC_EEXIST);
    CHECK_INT(failed, 0);
    CHECK_INT(sac_req_replace(req, "c", raw[2]), SAC_ENOTFOUND);
    CHECK_INT(sac_req_replace(req, "c", raw[0]), 0);
    CHECK_INT(sac_req_decide(req, "c", int_id(&one), add_one, &changed, &revision), 0);
    CHECK(revision > 0);
    CHECK_INT(sac_req_find_one(req, "c", int_id(&one), &found), 0);
    CHECK_INT(sac_req_remove(req, "c", int_id(&nine)), SAC_ENOTFOUND);
    sac_bson_fini(&changed);
    for (int i = 0; i < 3; i++)
        sac_bson_fini(&docs[i]);
    return sac_reply_bson(req, 200, found);
}

static int removes(sac_req *req)
{
    const sac_query query = SAC_QUERY(.collection = "c", .descending = true);
    const int64_t one = 1;
    sac_str found;
    int rc = sac_req_remove(req, "c", int_id(&one));

    if (rc == SAC_OK)
        rc = sac_req_find_first(req, &query, &found);
    return rc ? rc : sac_reply_bson(req, 200, found);
}

static void test_req_writes__over_lmdb(void **state)
{
    todos t;

    (void)state;
    start(&t, SAC_READS_INLINE);
    CHECK_INT(perform(&t, writes), 200);
    CHECK_STR(t.reply.body, "{\"_id\":1,\"n\":11}");
    CHECK_INT(perform(&t, removes), 200);
    CHECK_STR(t.reply.body, "{\"_id\":0,\"n\":10}");
    CHECK_INT(perform(&t, removes), 404);
    todos_close(&t);
}

/* A row that looks another document up, and writes one: it waits. */
static int joined_row(void *self, const sac_view *stored, sac_out *out)
{
    const sac_value id = sac_bson_get(stored->doc, sac_str_of("_id"));
    int64_t *last = self;
    sac_req *req = *(sac_req **)(last + 1);
    int64_t i = -1;
    sac_str other;
    int rc;

    CHECK(sac_value_int(&id, &i) && i == *last + 1);
    *last = i;
    rc = sac_req_find_one(req, "b", id, &other);
    if (rc == SAC_OK && i % 1000 == 0)
        rc = sac_req_insert(req, "log", stored->doc, NULL);
    if (rc != SAC_OK)
        return rc;
    sac_out_json(out, other);
    sac_out_text(out, "\n");
    return SAC_OK;
}

typedef struct joining {
    int64_t last;
    sac_req *req;
} joining;

static int joins(sac_req *req)
{
    static const sac_rows_ops ops = SAC_ROWS_OPS(.row = joined_row);
    const sac_query query = SAC_QUERY(.collection = "a");
    joining *both = sac_req_alloc(req, sizeof *both);

    CHECK(both != NULL);
    *both = (joining){.last = -1, .req = req};
    return sac_reply_rows(req, 200, "application/x-ndjson", &query, &ops, both);
}

static void test_reply_rows__may_use_the_store_in_a_row(void **state)
{
    enum { N = 5000 };
    const sac_query written = SAC_QUERY(.collection = "log");
    int64_t lines = 0;
    todos t;

    (void)state;
    start(&t, SAC_READS_INLINE);
    fill(&t, "a", N);
    fill(&t, "b", N);
    CHECK_INT(perform(&t, joins), 200);
    CHECK(!t.reply.cut);
    for (size_t i = 0; i < t.reply.body.n; i++)
        lines += t.reply.body.p[i] == '\n';
    CHECK_INT(lines, N);
    CHECK_INT(sac_store_count(sac_app_store(t.app), &written, &lines, NULL), 0);
    CHECK_INT(lines, 5);
    todos_close(&t);
}

static int csv_row(void *self, const sac_view *stored, sac_out *out)
{
    const sac_value id = sac_bson_get(stored->doc, sac_str_of("_id"));
    const sac_value n = sac_bson_get(stored->doc, sac_str_of("n"));

    (void)self;
    sac_out_value(out, &id);
    sac_out_text(out, ",");
    sac_out_value(out, &n);
    sac_out_printf(out, ",%0900d\n", 0);
    return SAC_OK;
}

static const sac_rows_ops csv = SAC_ROWS_OPS(.row = csv_row, .flags = SAC_INLINE);
static const sac_rows_ops waiting_csv = SAC_ROWS_OPS(.row = csv_row);
static const sac_rows_ops *exported;

static int exports(sac_req *req)
{
    const sac_query query = SAC_QUERY(.collection = "a");

    return sac_reply_rows(req, 200, "text/csv", &query, exported, NULL);
}

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

/* The bytes of an answer that is read and thrown away. */
static size_t throw_away(sac_app *app, const char *target, long *peak)
{
    static const sac_host_ops ops = SAC_HOST_OPS(.name = "drain", .wake = wake);
    const sac_head head = SAC_HEAD_INIT(.method = sac_str_of("GET"), .target = sac_str_of(target));
    static char buf[32 * 1024];
    drain d = {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
    const sac_answer *answer;
    sac_exchange *exchange;
    size_t total = 0, n = 0;
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
        const long kib = rss_anon_kib();

        CHECK(rc > 0);
        if (rc == SAC_LATER)
            await(&d);
        else
            total += n;
        *peak = kib > *peak ? kib : *peak;
    }
    sac_exchange_close(exchange);
    return total;
}

static void test_reply_rows__take_constant_memory(void **state)
{
    static const struct {
        const char *target;
        const sac_rows_ops *ops;
        sac_reads reads;
    } ways[] = {{"/inline", &csv, SAC_READS_INLINE},
                {"/act", &csv, SAC_READS_INLINE},
                {"/act", &csv, SAC_READS_ON_WORKERS},
                {"/act", &waiting_csv, SAC_READS_INLINE}};

    (void)state;
#ifdef SANITIZED
    skip();
#endif
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        long before, peak = 0;
        size_t got;
        todos t;

        start(&t, ways[i].reads);
        fill(&t, "a", 100000);
        now = exports;
        exported = ways[i].ops;
        CHECK_INT(todos_ask(&t, "HEAD", ways[i].target, NULL), 200);
        before = rss_anon_kib();
        got = throw_away(t.app, ways[i].target, &peak);
        print_message("# %zu bytes of 100,000 documents: %ld KiB\n", got, peak - before);
        CHECK(got > (size_t)100000 * 900);
        CHECK(peak - before < 1024);
        todos_close(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_writes__over_lmdb),
        cmocka_unit_test(test_reply_rows__may_use_the_store_in_a_row),
        cmocka_unit_test(test_reply_rows__take_constant_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

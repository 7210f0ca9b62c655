/* SPDX-License-Identifier: MIT */
#include "many_store.h"

#include "app/data/out.h"
#include "sacrum/store/null.h"

/* What is asked and how it is written; the view's `self`. */
typedef struct table {
    const sac_rows_ops *ops;
    sac_query query;
    int status;
    long fail_at; /* the row that returns `error` */
    int error;
    size_t pad;   /* bytes more in each row */
    bool replace; /* with a text, afterwards */
    pthread_t host;
    atomic_bool here, outside; /* a row ran on the host's thread; out of the store's read */
    sac_req *req;              /* set: a failing row says why with it */
    int rc;
} table;

static table now;

static int csv_head(void *self, sac_out *out)
{
    (void)self;
    sac_out_text(out, "id,name\n");
    return 0;
}

static int csv_row(void *self, const sac_view *view, sac_out *out)
{
    const sac_value id = sac_bson_get(view->doc, sac_str_of("_id"));
    const sac_value name = sac_bson_get(view->doc, sac_str_of("x"));
    table *t = self;
    int64_t i = -1;
    sac_str text = {NULL, 0};

    CHECK(sac_value_int(&id, &i) && sac_value_str(&name, &text));
    CHECK_INT(view->revision, i + 1);
    if (pthread_equal(pthread_self(), t->host))
        atomic_store(&t->here, true);
    if (!atomic_load(&the_many.reading))
        atomic_store(&t->outside, true);
    if (i == t->fail_at && t->req)
        return sac_fail(t->req, SAC_ECONFLICT, "row %d is odd", (int)i);
    if (i == t->fail_at && t->error < 0)
        return t->error;
    sac_out_printf(out, "%lld,%.*s%0*d\n", (long long)i, (int)text.n, text.p, (int)t->pad, 0);
    return i == t->fail_at ? t->error : 0;
}

static int csv_tail(void *self, sac_out *out)
{
    (void)self;
    sac_out_str(out, sac_str_of("end\n"));
    return 0;
}

static const sac_rows_ops inline_rows = SAC_ROWS_OPS(.head = csv_head, .row = csv_row,
                                                     .tail = csv_tail, .flags = SAC_INLINE);
static const sac_rows_ops waiting_rows = SAC_ROWS_OPS(.head = csv_head, .row = csv_row,
                                                      .tail = csv_tail);

/* The query's memory is gone when the handler returns. */
static int answer(sac_req *req, table *t)
{
    char *name = strdup("links");
    char *filter = malloc(5);
    sac_query *query = malloc(sizeof *query);
    int rc;

    CHECK(name && filter && query);
    memcpy(filter, "\5\0\0\0", 5);
    *query = t->query;
    query->collection = name;
    query->filter = sac_str_n(filter, 5);
    query->from = (sac_value){SAC_BSON_BOOL, {filter + 4, 1}};
    rc = sac_reply_rows(req, t->status, "text/csv", query, t->ops, t);
    memset(name, 'x', 5);
    memset(filter, 'x', 5);
    free(name);
    free(filter);
    free(query);
    return rc;
}

static int get(void *self, sac_req *req)
{
    table *t = self;

    if (t->req)
        t->req = req;
    t->rc = answer(req, t);
    if (t->rc == 0 && t->replace)
        return sac_reply_text(req, 200, "instead");
    return t->rc;
}

static const sac_view_ops inline_view = SAC_VIEW_OPS(.name = "in", .flags = SAC_INLINE, .get = get);
static const sac_view_ops blocking_view = SAC_VIEW_OPS(.name = "out", .get = get);

static void start_with(fixture *fx, long n, const sac_app_config *config)
{
    sac_app_config full = *config;

    memset(&the_many, 0, sizeof the_many);
    the_many.n = n;
    the_many.fail_at = -1;
    now = (table){.ops = &inline_rows,
                  .query = SAC_QUERY(),
                  .status = 200,
                  .fail_at = -1,
                  .pad = 1,
                  .host = pthread_self()};
    if (!full.database) {
        full.database = "many:";
        full.stores[0] = many_open;
    }
    fixture_new(fx, &full);
    fixture_mount(fx, "/in", &inline_view, &now);
    fixture_mount(fx, "/out", &blocking_view, &now);
}

static void start(fixture *fx, long n)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = 2);

    start_with(fx, n, &config);
}

static void test_rows__short_answers_have_a_length(void **state)
{
    static const char *const targets[] = {"/in", "/out"};
    fixture fx;

    (void)state;
    start(&fx, 2);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(fixture_get(&fx, "GET", targets[i]), 200);
        CHECK_STR(fx.reply.body, "id,name\n0,name 00\n1,name 10\nend\n");
        CHECK_FIELD(&fx, "content-length", "32");
        CHECK_FIELD(&fx, "content-type", "text/csv");
        CHECK_INT(atomic_load(&the_many.n_name), strlen("links"));
        CHECK_INT(atomic_load(&the_many.n_filter), 5);
    }
    now.ops = &waiting_rows;
    CHECK_INT(fixture_get(&fx, "GET", "/out"), 200);
    CHECK_STR(fx.reply.body, "id,name\n0,name 00\n1,name 10\nend\n");
    CHECK_INT(fixture_get(&fx, "HEAD", "/out"), 200);
    CHECK_FIELD(&fx, "content-length", "32");
    CHECK_INT(fx.reply.body.n, 0);
    now.status = 204;
    CHECK_INT(fixture_get(&fx, "GET", "/out"), 204);
    CHECK_INT(fx.reply.body.n, 0);
    now.status = 99;
    CHECK(fixture_get(&fx, "GET", "/in") >= 400);
    CHECK(now.rc < 0);
    fixture_free(&fx);
}

static void test_rows__of_nothing_are_head_and_tail(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.database = "null:", .stores = {sac_null});
    fixture fx;

    (void)state;
    start_with(&fx, 0, &config);
    CHECK_INT(fixture_get(&fx, "GET", "/in"), 200);
    CHECK_STR(fx.reply.body, "id,name\nend\n");
    now.ops = &waiting_rows;
    CHECK_INT(fixture_get(&fx, "GET", "/out"), 200);
    CHECK_STR(fx.reply.body, "id,name\nend\n");
    fixture_free(&fx);
}

static void check_lines(sac_str body, long n)
{
    const char *p = body.p, *end = body.p + body.n;
    char line[64];

    CHECK(body.n > 8 && memcmp(p, "id,name\n", 8) == 0);
    p += 8;
    for (long i = 0; i < n; i++) {
        const size_t want = (size_t)snprintf(line, sizeof line, "%ld,name %ld0\n", i, i);

        CHECK((size_t)(end - p) > want && memcmp(p, line, want) == 0);
        p += want;
    }
    CHECK_STR(sac_str_n(p, (size_t)(end - p)), "end\n");
}

enum { LONG = 40000 }; /* about 700 KiB */

/* Where the rows ran, and whether the store's read was over. */
typedef struct way {
    const char *target;
    const sac_rows_ops *ops;
    sac_reads reads;
    int workers;
    bool here, outside;
} way;

static const way ways[] = {
    {"/in", &inline_rows, SAC_READS_INLINE, 2, true, false},
    {"/out", &inline_rows, SAC_READS_INLINE, 2, true, false},
    {"/out", &inline_rows, SAC_READS_ON_WORKERS, 2, false, false},
    {"/out", &waiting_rows, SAC_READS_INLINE, 2, false, true},
    {"/out", &waiting_rows, SAC_READS_ON_WORKERS, 2, false, true},
    {"/out", &waiting_rows, SAC_READS_INLINE, SAC_NO_WORKERS, true, true},
    {"/out", &inline_rows, SAC_READS_ON_WORKERS, SAC_NO_WORKERS, true, false},
};
enum { WAYS = sizeof ways / sizeof *ways };

static void start_way(fixture *fx, long n, const way *by)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = by->workers, .reads = by->reads);

    start_with(fx, n, &config);
    now.ops = by->ops;
}

static void test_rows__long_answers_are_streamed(void **state)
{
    fixture fx;

    (void)state;
    for (int i = 0; i < WAYS; i++) {
        start_way(&fx, LONG, &ways[i]);
        CHECK_INT(fixture_get(&fx, "GET", ways[i].target), 200);
        CHECK(!fx.reply.cut);
        CHECK_NO_FIELD(&fx, "content-length");
        check_lines(fx.reply.body, LONG);
        CHECK_INT(atomic_load(&now.here), ways[i].here);
        CHECK_INT(atomic_load(&now.outside), ways[i].outside);
        fixture_free(&fx);
    }
}

static void test_rows__head_reads_no_more_than_the_first_piece(void **state)
{
    fixture fx;

    (void)state;
    for (int i = 0; i < WAYS; i++) {
        start_way(&fx, LONG, &ways[i]);
        CHECK_INT(fixture_get(&fx, "HEAD", ways[i].target), 200);
        CHECK_NO_FIELD(&fx, "content-length");
        CHECK_INT(fx.reply.body.n, 0);
        CHECK(atomic_load(&the_many.given) < LONG / 4);
        fixture_free(&fx);
    }
}

static void test_rows__may_be_larger_than_a_piece(void **state)
{
    fixture fx;

    (void)state;
    for (int i = 0; i < WAYS; i++) {
        start_way(&fx, 5, &ways[i]);
        now.pad = 200000;
        CHECK_INT(fixture_get(&fx, "GET", ways[i].target), 200);
        CHECK(!fx.reply.cut);
        CHECK_INT(fx.reply.body.n, 8 + 5 * (2 + 6 + 200000 + 1) + 4);
        fixture_free(&fx);
    }
}

static void test_rows__larger_than_the_memory_are_500(void **state)
{
    fixture fx;

    (void)state;
    for (int i = 0; i < WAYS; i++) {
        const sac_app_config config = SAC_APP_CONFIG(.workers = ways[i].workers,
                                                     .reads = ways[i].reads, .max_memory = 300000);

        start_with(&fx, 5, &config);
        now.ops = ways[i].ops;
        now.pad = 400000;
        CHECK_INT(fixture_get(&fx, "GET", ways[i].target), 500);
        CHECK_INT(now.rc, SAC_ENOMEM);
        CHECK(strstr(fx.log, ": row: out of memory"));
        fixture_free(&fx);
    }
}

static void test_rows__early_errors_are_answered(void **state)
{
    fixture fx;

    (void)state;
    for (int i = 0; i < WAYS; i++) {
        start_way(&fx, LONG, &ways[i]);
        now.fail_at = 100;
        now.error = SAC_EFORBIDDEN;
        CHECK_INT(fixture_get(&fx, "GET", ways[i].target), 403);
        now.error = SAC_LATER;
        CHECK_INT(fixture_get(&fx, "GET", ways[i].target), 500);
        CHECK(strstr(fx.log, ways[i].target[1] == 'i' ? "view in: row: " : "view out: row: "));
        now.req = (sac_req *)&now; /* becomes the request */
        CHECK_INT(fixture_get(&fx, "GET", ways[i].target), 409);
        CHECK(contains(fx.reply.body, "row 100 is odd"));
        now.fail_at = -1;
        the_many.fail_at = 20;
        CHECK_INT(fixture_get(&fx, "GET", ways[i].target), 500);
        CHECK(strstr(fx.log, "collection links: the disk is gone"));
        CHECK_INT(atomic_load(&the_many.cursors), 0);
        fixture_free(&fx);
    }
}

static void test_rows__late_errors_cut(void **state)
{
    fixture fx;

    (void)state;
    for (int i = 0; i < WAYS; i++) {
        const char *view = ways[i].target[1] == 'i' ? "view in: the answer was cut short: "
                                                    : "view out: the answer was cut short: ";

        start_way(&fx, LONG, &ways[i]);
        now.fail_at = LONG - 1;
        now.error = SAC_EFORBIDDEN;
        CHECK_INT(fixture_get(&fx, "GET", ways[i].target), 200);
        CHECK(fx.reply.cut);
        CHECK(strstr(fx.log, view));
        CHECK(strstr(fx.log, "row: not allowed"));
        now.fail_at = -1;
        the_many.fail_at = LONG - 1;
        CHECK_INT(fixture_get(&fx, "GET", ways[i].target), 200);
        CHECK(fx.reply.cut);
        CHECK(strstr(fx.log, "cut short: the disk is gone"));
        fixture_free(&fx);
    }
}

static int failing_slot(void *self, sac_out *out)
{
    sac_out_text(out, "x");
    (void)self;
    return SAC_ECONFLICT;
}

static int ten_rows(void *self, const sac_view *view, sac_out *out)
{
    const sac_value id = sac_bson_get(view->doc, sac_str_of("_id"));

    (void)self;
    sac_out_value(out, &id);
    return sac_str_eq(id.raw, sac_str_n("\x9\0\0\0\0\0\0", 8)) ? 1 : 0;
}

static int damaged_row(void *self, const sac_view *view, sac_out *out)
{
    (void)self;
    (void)view;
    sac_out_json(out, sac_str_of("no document"));
    sac_out_text(out, "after");
    return 0;
}

static void test_rows__slots_are_heeded(void **state)
{
    const sac_rows_ops bad_head = SAC_ROWS_OPS(.head = failing_slot, .row = csv_row, .flags = 1);
    const sac_rows_ops bad_tail = SAC_ROWS_OPS(.row = ten_rows, .tail = failing_slot, .flags = 1);
    const sac_rows_ops bad_text = SAC_ROWS_OPS(.row = damaged_row, .flags = 1);
    const sac_rows_ops last = SAC_ROWS_OPS(.row = ten_rows, .tail = csv_tail, .flags = 1);
    const sac_rows_ops last_waiting = SAC_ROWS_OPS(.row = ten_rows, .tail = csv_tail);
    fixture fx;

    (void)state;
    start(&fx, 100);
    now.ops = &bad_head;
    CHECK_INT(fixture_get(&fx, "GET", "/in"), 409);
    CHECK_INT(atomic_load(&the_many.given), 0);
    now.ops = &bad_tail;
    CHECK_INT(fixture_get(&fx, "GET", "/in"), 409);
    now.ops = &bad_text;
    CHECK_INT(fixture_get(&fx, "GET", "/in"), 500);
    CHECK_INT(now.rc, SAC_ECORRUPT);
    now.ops = &last;
    CHECK_INT(fixture_get(&fx, "GET", "/in"), 200);
    CHECK_STR(fx.reply.body, "0123456789end\n");
    now.ops = &last_waiting;
    CHECK_INT(fixture_get(&fx, "GET", "/out"), 200);
    CHECK_STR(fx.reply.body, "0123456789end\n");
    fixture_free(&fx);
}

static void test_rows__tables_of_other_versions(void **state)
{
    sac_rows_ops newer = inline_rows, none = SAC_ROWS_OPS(.head = csv_head);
    sac_rows_ops shorter = inline_rows;
    fixture fx;

    (void)state;
    start(&fx, 2);
    newer.size += 8;
    now.ops = &newer;
    CHECK_INT(fixture_get(&fx, "GET", "/in"), 500);
    CHECK_INT(now.rc, SAC_EVERSION);
    CHECK(strstr(fx.log, "view in: sac_rows_ops of a newer libsacrum"));
    now.ops = &none;
    CHECK_INT(fixture_get(&fx, "GET", "/in"), 500);
    CHECK_INT(now.rc, SAC_EINVAL);
    CHECK(strstr(fx.log, "a table without row"));
    shorter.size = offsetof(sac_rows_ops, tail);
    now.ops = &shorter;
    CHECK_INT(fixture_get(&fx, "GET", "/out"), 200);
    CHECK_STR(fx.reply.body, "id,name\n0,name 00\n1,name 10\n");
    now.ops = &inline_rows;
    now.query.size += 8;
    CHECK_INT(fixture_get(&fx, "GET", "/in"), 500);
    CHECK_INT(now.rc, SAC_EVERSION);
    now.query.size = 0;
    CHECK_INT(fixture_get(&fx, "GET", "/in"), 500);
    CHECK_INT(now.rc, SAC_EINVAL);
    now.query.size = offsetof(sac_query, limit);
    now.query.limit = 1; /* not known to that size */
    CHECK_INT(fixture_get(&fx, "GET", "/in"), 200);
    CHECK_STR(fx.reply.body, "id,name\n0,name 00\n1,name 10\nend\n");
    fixture_free(&fx);
}

static void test_rows__that_wait_are_not_for_inline_views(void **state)
{
    const sac_app_config on_workers = SAC_APP_CONFIG(.workers = 1, .reads = SAC_READS_ON_WORKERS);
    const sac_app_config alone = SAC_APP_CONFIG(.workers = SAC_NO_WORKERS);
    fixture fx;

    (void)state;
    start(&fx, 2);
    now.ops = &waiting_rows;
    CHECK_INT(fixture_get(&fx, "GET", "/in"), 500);
    CHECK(strstr(fx.log, "view in: sac_reply_rows without SAC_INLINE in its table waits, so the "
                         "view cannot be SAC_INLINE"));
    fixture_free(&fx);
    start_with(&fx, 2, &alone);
    now.ops = &waiting_rows;
    CHECK_INT(fixture_get(&fx, "GET", "/in"), 500);
    CHECK_INT(fixture_get(&fx, "GET", "/out"), 200);
    fixture_free(&fx);
    start_with(&fx, 2, &on_workers);
    CHECK_INT(fixture_get(&fx, "GET", "/in"), 500);
    CHECK(strstr(fx.log, "view in: sac_reply_rows waits where reads are SAC_READS_ON_WORKERS"));
    CHECK_INT(atomic_load(&the_many.given), 0);
    fixture_free(&fx);
}

static void test_rows__are_dropped_by_a_later_reply(void **state)
{
    fixture fx;

    (void)state;
    for (int i = 0; i < WAYS; i++) {
        start_way(&fx, LONG, &ways[i]);
        now.replace = true;
        CHECK_INT(fixture_get(&fx, "GET", ways[i].target), 200);
        CHECK_STR(fx.reply.body, "instead");
        CHECK_INT(atomic_load(&the_many.cursors), 0);
        fixture_free(&fx);
    }
}

/* Takes `pulls` pieces, or all, and leaves; the bytes that it got. */
static size_t drain(fixture *fx, const char *target, long pulls)
{
    static char buf[8192];
    sac_exchange *exchange;
    raw_host host;
    size_t got = 0, n = 0;
    int rc = 1;

    raw_init(&host);
    CHECK_INT(sac_app_seal(fx->app, NULL), SAC_OK);
    exchange = raw_open(&host, fx->app);
    CHECK_INT(raw_head(exchange, "GET", target, 0), 0);
    CHECK_INT(sac_exchange_end(exchange), 0);
    CHECK_INT(raw_answer(&host, exchange)->kind, SAC_ANSWER_STREAM);
    while (rc > 0 && pulls != 0) {
        rc = sac_exchange_pull(exchange, buf, sizeof buf, &n);
        if (rc == SAC_LATER)
            raw_wait(&host);
        got += rc == 1 ? n : 0;
        pulls -= rc == 1;
    }
    CHECK(rc >= 0);
    raw_close(&host, exchange);
    raw_fini(&host);
    return got;
}

static void test_rows__a_client_may_leave(void **state)
{
    fixture fx;

    (void)state;
    for (int i = 0; i < WAYS; i++) {
        start_way(&fx, LONG, &ways[i]);
        for (long pulls = 0; pulls < 30; pulls += 7)
            (void)drain(&fx, ways[i].target, pulls);
        fixture_free(&fx); /* the store looks for open cursors */
    }
}

static int free_get(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_text(req, 200, "free");
}

static const sac_view_ops free_view = SAC_VIEW_OPS(.name = "free", .get = free_get);

static void test_rows__a_slow_client_holds_no_worker(void **state)
{
    const sac_app_config config = SAC_APP_CONFIG(.workers = 1);
    sac_exchange *exchange;
    raw_host host;
    fixture fx;
    long given;

    (void)state;
    start_with(&fx, LONG, &config);
    now.ops = &waiting_rows;
    fixture_mount(&fx, "/free", &free_view, NULL);
    raw_init(&host);
    CHECK_INT(sac_app_seal(fx.app, NULL), SAC_OK);
    exchange = raw_open(&host, fx.app);
    CHECK_INT(raw_head(exchange, "GET", "/out", 0), 0);
    CHECK_INT(sac_exchange_end(exchange), 0);
    CHECK_INT(raw_answer(&host, exchange)->kind, SAC_ANSWER_STREAM);
    CHECK_INT(fixture_get(&fx, "GET", "/free"), 200);
    given = atomic_load(&the_many.given);
    CHECK(given < LONG / 2);
    nap(20000);
    CHECK_INT(atomic_load(&the_many.given), given);
    CHECK_INT(fixture_get(&fx, "GET", "/free"), 200);
    raw_close(&host, exchange);
    raw_fini(&host);
    fixture_free(&fx);
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

static void test_rows__take_constant_memory(void **state)
{
    fixture fx;

    (void)state;
#ifdef SANITIZED
    skip();
#endif
    for (int i = 0; i < WAYS; i++) {
        long before;
        size_t got;

        start_way(&fx, 100000, &ways[i]);
        now.pad = 1000;
        (void)drain(&fx, ways[i].target, 100);
        before = rss_anon_kib();
        got = drain(&fx, ways[i].target, -1);
        CHECK(got > 100000 * (size_t)1000);
        print_message("# %zu bytes of 100,000 documents: %ld KiB\n", got, rss_anon_kib() - before);
        CHECK(rss_anon_kib() - before < 512);
        fixture_free(&fx);
    }
}

static void test_rows__survive_oom(void **state)
{
    static const long sizes[] = {3, 6000};

    (void)state;
    for (int i = 0; i < 2 * WAYS; i++) {
        const way *by = &ways[i / 2];
        int status = 500;

        for (long n = 0; status != 200; n++) {
            fault_alloc fault;
            const sac_app_config config = SAC_APP_CONFIG(.workers = by->workers, .reads = by->reads,
                                                         .alloc = fault_alloc_init(&fault, -1));
            sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "GET", .target = by->target);
            sac_err err;
            fixture fx;

            CHECK(n < 200);
            start_with(&fx, sizes[i % 2], &config);
            now.ops = by->ops;
            CHECK_INT(sac_loopback_new(fx.app, &fx.client, NULL), SAC_OK);
            fault.left = n;
            status = sac_loopback_send(fx.client, &ask, &fx.reply, &err) == SAC_OK ? fx.reply.status
                                                                                   : 500;
            fault.left = -1;
            CHECK(status == 200 || status == 500);
            if (status == 200 && fx.reply.cut)
                status = 500;
            if (status == 200)
                check_lines(fx.reply.body, sizes[i % 2]);
            CHECK_INT(fixture_get(&fx, "GET", by->target), 200);
            fixture_free(&fx);
            CHECK_INT(fault.live, 0);
        }
    }
}

static int query_get(void *self, sac_req *req)
{
    const sac_query query = SAC_QUERY(.collection = "links", .limit = *(int64_t *)self);

    return sac_reply_query(req, 200, &query);
}

static const sac_view_ops query_view = SAC_VIEW_OPS(.name = "all", .flags = SAC_INLINE,
                                                    .get = query_get);

static void test_reply_query__is_an_array(void **state)
{
    int64_t limit = 2;
    fixture fx;

    (void)state;
    start(&fx, LONG);
    fixture_mount(&fx, "/all", &query_view, &limit);
    CHECK_INT(fixture_get(&fx, "GET", "/all"), 200);
    CHECK_STR(fx.reply.body, "[{\"_id\":0,\"x\":\"name 0\"},{\"_id\":1,\"x\":\"name 1\"}]");
    CHECK_FIELD(&fx, "content-type", "application/json");
    limit = 0;
    CHECK_INT(fixture_get(&fx, "GET", "/all"), 200);
    CHECK(!fx.reply.cut);
    CHECK(contains(fx.reply.body, "{\"_id\":39999,\"x\":\"name 39999\"}]"));
    the_many.n = 0;
    CHECK_INT(fixture_get(&fx, "GET", "/all"), 200);
    CHECK_STR(fx.reply.body, "[]");
    the_many.n = 3;
    the_many.fail_at = 2;
    the_many.damaged = "nonsense";
    CHECK_INT(fixture_get(&fx, "GET", "/all"), 500);
    CHECK(strstr(fx.log, "view all: row: stored data is damaged"));
    fixture_free(&fx);
}

static void test_out__writes_until_it_is_full(void **state)
{
    const sac_value none = {.type = SAC_BSON_MISSING};
    const sac_value yes = {SAC_BSON_BOOL, {"\1", 1}};
    char memory[40], doc[100];
    sac__buf buf;
    sac_out out = {.buf = &buf};

    (void)state;
    sac__buf_init_fixed(&buf, memory, sizeof memory);
    sac_out_str(&out, sac_str_n("a\0b", 3));
    sac_out_text(&out, "c");
    sac_out_printf(&out, "%d", 5);
    sac_out_value(&out, &none);
    sac_out_value(&out, &yes);
    sac_out_json(&out, many_doc(doc, 7));
    CHECK_INT(sac_out_error(&out), SAC_OK);
    CHECK(sac_str_eq(sac__buf_str(&buf), sac_str_n("a\0bc5true{\"_id\":7,\"x\":\"name 7\"}", 31)));
    sac_out_json(&out, many_doc(doc, 7));
    CHECK_INT(sac_out_error(&out), SAC_ETOOBIG);
    CHECK_INT(buf.n, 31);
    sac_out_text(&out, "!");
    sac_out_value(&out, &yes);
    CHECK_INT(buf.n, 31);
    sac__buf_init_fixed(&buf, memory, sizeof memory);
    sac_out_json(&out, sac_str_of("x"));
    CHECK_INT(sac_out_error(&out), SAC_ECORRUPT);
    sac_out_json(&out, many_doc(doc, 7));
    CHECK_INT(buf.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows__short_answers_have_a_length),
        cmocka_unit_test(test_rows__of_nothing_are_head_and_tail),
        cmocka_unit_test(test_rows__long_answers_are_streamed),
        cmocka_unit_test(test_rows__head_reads_no_more_than_the_first_piece),
        cmocka_unit_test(test_rows__may_be_larger_than_a_piece),
        cmocka_unit_test(test_rows__larger_than_the_memory_are_500),
        cmocka_unit_test(test_rows__early_errors_are_answered),
        cmocka_unit_test(test_rows__late_errors_cut),
        cmocka_unit_test(test_rows__slots_are_heeded),
        cmocka_unit_test(test_rows__tables_of_other_versions),
        cmocka_unit_test(test_rows__that_wait_are_not_for_inline_views),
        cmocka_unit_test(test_rows__are_dropped_by_a_later_reply),
        cmocka_unit_test(test_rows__a_client_may_leave),
        cmocka_unit_test(test_rows__a_slow_client_holds_no_worker),
        cmocka_unit_test(test_rows__take_constant_memory),
        cmocka_unit_test(test_rows__survive_oom),
        cmocka_unit_test(test_reply_query__is_an_array),
        cmocka_unit_test(test_out__writes_until_it_is_full)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "many_store.h"

#include "app/app.h"
#include "app/req.h"
#include "core/alloc.h"

/* A store of one document that answers its writes as it is told. */
typedef struct fake {
    const sac_alloc *alloc;
    bool async;
    int refuse; /* what submit answers with */
    int result; /* of every write */
    bool has;   /* a stored document for who decides */
    sac_change change;
    pthread_t thread;
    bool has_thread;
    sac_write *pending;
    atomic_int writes;
    sac_str filter; /* of the last count */
    char last[64];  /* the last document's bytes, as far as they fit */
    size_t n_last;
} fake;

static fake the_store;

static const char one_doc[] = "\x0c\x00\x00\x00\x10n\x00\x05\x00\x00\x00";

static int fake_get(void *self, const char *collection, sac_value id, const sac_sink *sink,
                    sac_err *err)
{
    const sac_view found = {.doc = sac_str_n(one_doc, sizeof one_doc), .revision = 1};

    (void)self;
    (void)id;
    if (strcmp(collection, "broken") == 0)
        return sac_err_set(err, SAC_EIO, "disk");
    return strcmp(collection, "things") == 0 ? sink->doc(sink->self, &found) : SAC_ENOTFOUND;
}

static int fake_find(void *self, const sac_query *query, const sac_alloc *alloc,
                     const sac_cursor_ops **ops, void **cursor, sac_err *err)
{
    (void)self;
    (void)query;
    (void)alloc;
    (void)ops;
    (void)cursor;
    return sac_err_set(err, SAC_ENOSYS, "no find");
}

static int fake_count(void *self, const sac_query *query, int64_t *count, sac_err *err)
{
    fake *store = self;

    store->filter = query->filter;
    if (query->filter.n > 5)
        return sac_err_set(err, SAC_ENOSYS, "no filters");
    *count = 12;
    return SAC_OK;
}

static void answer(fake *store, sac_write *write)
{
    const sac_view stored = {.doc = sac_str_n(one_doc, sizeof one_doc), .revision = 7};

    store->change = (sac_change){.kind = SAC_CHANGE_KEEP};
    write->result = store->result;
    write->failed = store->result == SAC_EEXIST ? 2 : 0;
    write->revision = 9;
    if (write->kind == SAC_WRITE_DECIDE && store->result == SAC_OK)
        write->result = write->decide(write->self, store->has ? &stored : NULL, &store->change,
                                      &write->err);
    if (write->kind == SAC_WRITE_INSERT) {
        store->n_last = write->docs[0].n < sizeof store->last ? write->docs[0].n : 0;
        memcpy(store->last, write->docs[0].p, store->n_last);
    }
    atomic_fetch_add(&store->writes, 1);
    write->done(write->self, write);
}

static void *answer_later(void *self)
{
    fake *store = self;

    nap(500);
    answer(store, store->pending);
    return NULL;
}

static int fake_submit(void *self, sac_write *write, sac_err *err)
{
    fake *store = self;

    if (store->refuse)
        return sac_err_set(err, store->refuse, "refused");
    if (!store->async) {
        answer(store, write);
        return SAC_OK;
    }
    if (store->has_thread)
        pthread_join(store->thread, NULL);
    store->pending = write;
    store->has_thread = pthread_create(&store->thread, NULL, answer_later, store) == 0;
    return SAC_OK;
}

static int fake_secret(void *self, uint8_t out[32], sac_err *err)
{
    (void)self;
    (void)err;
    memset(out, 7, 32);
    return SAC_OK;
}

static void fake_close(void *self)
{
    fake *store = self;

    if (store->has_thread)
        pthread_join(store->thread, NULL);
    store->has_thread = false;
}

static const sac_store_ops fake_ops = SAC_STORE_OPS(.name = "fake", .get = fake_get,
                                                    .find = fake_find, .count = fake_count,
                                                    .submit = fake_submit, .secret = fake_secret,
                                                    .close = fake_close);

static int fake_open(const sac_store_config *config, sac_store **out, sac_err *err)
{
    memset(&the_store, 0, sizeof the_store);
    return sac_store_new(config->alloc, &fake_ops, &the_store, out, err);
}

static const sac_app_config config = SAC_APP_CONFIG(.database = "fake:", .stores = {fake_open},
                                                    .workers = 2);

typedef int act(sac_req *req);
typedef struct play {
    act *post;
} play;

static play now;

static int run(void *self, sac_req *req)
{
    return ((play *)self)->post(req);
}

static const sac_view_ops inline_view = SAC_VIEW_OPS(.name = "in", .flags = SAC_INLINE,
                                                     .post = run);
static const sac_view_ops blocking_view = SAC_VIEW_OPS(.name = "out", .post = run);

static void start(fixture *fx, act *post)
{
    now.post = post;
    fixture_new(fx, &config);
    fixture_mount(fx, "/in", &inline_view, &now);
    fixture_mount(fx, "/out", &blocking_view, &now);
    CHECK_INT(sac_app_seal(fx->app, NULL), SAC_OK);
}

static int reads(sac_req *req)
{
    const sac_value id = {.type = SAC_BSON_NULL};
    sac_str doc;
    int rc = sac_req_find_one(req, "others", id, &doc);

    CHECK_INT(rc, SAC_ENOTFOUND);
    CHECK_INT(sac_reply_status(req), 0);
    rc = sac_req_find_one(req, "things", id, &doc);
    CHECK_INT(rc, 0);
    CHECK_INT(sac_req_find_one(req, "broken", id, &doc), SAC_EIO);
    CHECK_INT(sac_reply_status(req), 500);
    return sac_reply_bson(req, 200, doc);
}

static void test_req_find_one__copies(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, reads);
    CHECK_INT(fixture_get(&fx, "POST", "/out"), 200);
    CHECK_STR(fx.reply.body, "{\"n\":5}");
    fixture_free(&fx);
}

static int counts(sac_req *req)
{
    int64_t n = 0;
    int rc = sac_req_count(req, "things", NULL, &n);

    CHECK_INT(rc, 0);
    CHECK_INT(n, 12);
    rc = sac_req_count(req, "things", "{\"done\": false}", &n);
    CHECK_INT(rc, SAC_ENOSYS);
    return rc;
}

static int counts_nonsense(sac_req *req)
{
    int64_t n = 0;

    return sac_req_count(req, "things", "{\"done\"", &n);
}

static void test_req_count__hands_the_filter_on(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, counts);
    CHECK_INT(fixture_get(&fx, "POST", "/out"), 501);
    CHECK(the_store.filter.n > 5);
    now.post = counts_nonsense;
    CHECK_INT(fixture_get(&fx, "POST", "/out"), 400);
    fixture_free(&fx);
}

static int inserts(sac_req *req)
{
    sac_oid id;
    sac_oid stored;
    sac_value value;
    int rc = sac_req_insert(req, "things", sac_str_n(one_doc, sizeof one_doc), &id);

    if (rc != SAC_OK)
        return rc;
    value = sac_bson_get(sac_str_n(the_store.last, the_store.n_last), sac_str_of("_id"));
    CHECK(sac_value_oid(&value, &stored));
    assert_memory_equal(&id, &stored, sizeof id);
    return sac_reply_text(req, 201, "made");
}

static void test_req_insert__makes_an_id(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, inserts);
    CHECK_INT(fixture_get(&fx, "POST", "/out"), 201);
    the_store.async = true;
    CHECK_INT(fixture_get(&fx, "POST", "/out"), 201);
    the_store.result = SAC_EEXIST;
    CHECK_INT(fixture_get(&fx, "POST", "/out"), 409);
    CHECK(contains(fx.reply.body, "\"exists\""));
    the_store.result = SAC_EFULL;
    CHECK_INT(fixture_get(&fx, "POST", "/out"), 507);
    fixture_free(&fx);
}

static int bad_insert(sac_req *req)
{
    return sac_req_insert(req, "things", sac_str_of("x"), NULL);
}

static void test_req_insert__refuses_bytes_that_are_no_document(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, bad_insert);
    CHECK_INT(fixture_get(&fx, "POST", "/out"), 500);
    CHECK_INT(atomic_load(&the_store.writes), 0);
    fixture_free(&fx);
}

typedef struct job {
    sac_write write;
    int decided;
} job;

static int decide(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    (void)stored;
    (void)change;
    (void)err;
    ((job *)self)->decided++;
    return SAC_OK;
}

static int written(void *self, sac_req *req)
{
    job *j = self;

    CHECK(j->write.self == j && j->write.decide == decide);
    if (j->write.result != SAC_OK)
        return sac_fail(req, j->write.result, "%s", j->write.err.text);
    return sac_reply_jsonf(req, 200, "%d", j->decided);
}

static int submits(sac_req *req)
{
    job *j = sac_req_alloc(req, sizeof *j);

    if (!j)
        return SAC_ENOMEM;
    *j = (job){.write = SAC_WRITE(.kind = SAC_WRITE_DECIDE, .collection = "things",
                                  .id = {.type = SAC_BSON_NULL}, .decide = decide, .self = j)};
    return sac__req_submit(req, &j->write, written, j);
}

static void test_submit__parks_or_waits(void **state)
{
    const char *const targets[] = {"/in", "/out"};
    fixture fx;

    (void)state;
    start(&fx, submits);
    for (int i = 0; i < 4; i++) {
        the_store.async = i & 2;
        CHECK_INT(fixture_get(&fx, "POST", targets[i & 1]), 200);
        CHECK_STR(fx.reply.body, "1");
        the_store.result = SAC_EFULL;
        CHECK_INT(fixture_get(&fx, "POST", targets[i & 1]), 507);
        the_store.result = SAC_OK;
        the_store.refuse = SAC_ECLOSED;
        CHECK_INT(fixture_get(&fx, "POST", targets[i & 1]), 500);
        the_store.refuse = SAC_OK;
    }
    fixture_free(&fx);
}

/* The write goes on without its client, in memory that waits for it. */
static void test_submit__outlives_its_client(void **state)
{
    const sac_answer *ans;
    sac_exchange *exchange;
    raw_host host;
    fixture fx;

    (void)state;
    start(&fx, submits);
    the_store.async = true;
    raw_init(&host);
    exchange = raw_open(&host, fx.app);
    CHECK_INT(raw_head(exchange, "POST", "/in", 0), 0);
    CHECK_INT(sac_exchange_end(exchange), 0);
    CHECK_INT(sac_exchange_answer(exchange, &ans), SAC_LATER);
    raw_close(&host, exchange);
    fixture_free(&fx);
    CHECK_INT(atomic_load(&the_store.writes), 1);
    raw_fini(&host);
}

static const char with_id[] = "\x0e\0\0\0\x10_id\0\5\0\0\0"; /* and its NUL */
static const sac_value five = {SAC_BSON_INT32, {"\5\0\0\0", 4}};

static int inserts_many(sac_req *req)
{
    const sac_str docs[3] = {{with_id, 14}, {with_id, 14}, {with_id, 14}};
    size_t failed = 77;
    int rc = sac_req_insert_many(req, "things", docs, 3, &failed);

    CHECK_INT(failed, rc == SAC_EEXIST ? 2 : 77);
    return rc ? rc : sac_reply_empty(req, 204);
}

static int inserts_none(sac_req *req)
{
    const int rc = sac_req_insert_many(req, "things", NULL, 0, NULL);

    return rc ? rc : sac_reply_empty(req, 204);
}

static int inserts_without_id(sac_req *req)
{
    const sac_str docs[2] = {{with_id, 14}, {one_doc, sizeof one_doc}};

    return sac_req_insert_many(req, "things", docs, 2, NULL);
}

static void test_req_insert_many__says_which_failed(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, inserts_many);
    CHECK_INT(fixture_get(&fx, "POST", "/out"), 204);
    the_store.result = SAC_EEXIST;
    CHECK_INT(fixture_get(&fx, "POST", "/out"), 409);
    the_store.result = SAC_EFULL;
    CHECK_INT(fixture_get(&fx, "POST", "/out"), 507);
    CHECK_INT(atomic_load(&the_store.writes), 3);
    the_store.result = SAC_OK;
    now.post = inserts_none;
    CHECK_INT(fixture_get(&fx, "POST", "/out"), 204);
    now.post = inserts_without_id;
    CHECK_INT(fixture_get(&fx, "POST", "/out"), 400);
    CHECK(contains(fx.reply.body, "no _id"));
    CHECK_INT(atomic_load(&the_store.writes), 3);
    fixture_free(&fx);
}

static int replaces(sac_req *req)
{
    const int rc = sac_req_replace(req, "things", sac_str_n(with_id, 14));

    CHECK(rc != SAC_ENOTFOUND || sac_reply_status(req) == 0);
    return rc ? rc : sac_reply_empty(req, 204);
}

static int removes(sac_req *req)
{
    const int rc = sac_req_remove(req, "things", five);

    CHECK(rc != SAC_ENOTFOUND || sac_reply_status(req) == 0);
    return rc ? rc : sac_reply_empty(req, 204);
}

static int updates(sac_req *req)
{
    const int rc = sac_req_update(req, "things", five, "{\"$inc\": {\"n\": 1}}");

    return rc ? rc : sac_reply_empty(req, 204);
}

static void test_req_replace_and_remove__want_what_is_there(void **state)
{
    act *const acts[] = {replaces, removes};
    const sac_change_kind kinds[] = {SAC_CHANGE_PUT, SAC_CHANGE_REMOVE};
    fixture fx;

    (void)state;
    start(&fx, NULL);
    for (int i = 0; i < 2; i++) {
        now.post = acts[i];
        CHECK_INT(fixture_get(&fx, "POST", "/out"), 404);
        the_store.has = true;
        CHECK_INT(fixture_get(&fx, "POST", "/out"), 204);
        CHECK_INT(the_store.change.kind, kinds[i]);
        the_store.has = false;
        the_store.result = SAC_EFULL;
        CHECK_INT(fixture_get(&fx, "POST", "/out"), 507);
        the_store.result = SAC_OK;
    }
    fixture_free(&fx);
}

static int only_if_new(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    if (stored)
        return sac_err_set(err, SAC_ECONFLICT, "revision %d is there", (int)stored->revision);
    change->kind = SAC_CHANGE_PUT;
    change->doc = *(sac_str *)self;
    return SAC_OK;
}

static int decides(sac_req *req)
{
    sac_str doc = sac_str_n(with_id, 14);
    uint64_t revision = 3;
    int rc = sac_req_decide(req, "things", five, only_if_new, &doc, NULL);

    CHECK(rc == SAC_OK || rc == SAC_ECONFLICT);
    rc = sac_req_decide(req, "things", five, only_if_new, &doc, &revision);
    CHECK_INT(revision, rc == SAC_OK ? 9 : 3);
    return rc ? rc : sac_reply_empty(req, 204);
}

static void test_req_decide__sees_and_says(void **state)
{
    fixture fx;

    (void)state;
    start(&fx, decides);
    CHECK_INT(fixture_get(&fx, "POST", "/out"), 204);
    CHECK_INT(the_store.change.kind, SAC_CHANGE_PUT);
    the_store.has = true;
    CHECK_INT(fixture_get(&fx, "POST", "/out"), 409);
    CHECK(contains(fx.reply.body, "\"detail\":\"revision 7 is there\""));
    fixture_free(&fx);
}

static int blocking_write(sac_req *req)
{
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_CLEAR, .collection = "things");

    return sac_req_write(req, &write);
}

static int blocking_decide(sac_req *req)
{
    return sac_req_decide(req, "things", five, only_if_new, NULL, NULL);
}

static int blocking_insert(sac_req *req)
{
    return sac_req_insert(req, "things", sac_str_n(with_id, 14), NULL);
}

/* What would hold the host's thread up is a mistake that is told. */
static void test_writes__are_not_for_inline_views(void **state)
{
    const struct {
        act *post;
        const char *name;
    } calls[] = {{blocking_write, "sac_req_write"},     {blocking_insert, "sac_req_insert"},
                 {inserts_many, "sac_req_insert_many"}, {inserts_none, "sac_req_insert_many"},
                 {replaces, "sac_req_replace"},         {removes, "sac_req_remove"},
                 {blocking_decide, "sac_req_decide"}};
    const int workers[] = {2, SAC_NO_WORKERS};
    char want[100];

    (void)state;
    for (size_t i = 0; i < 2 * sizeof calls / sizeof *calls; i++) {
        sac_app_config other = config;
        fixture fx;

        other.workers = workers[i % 2];
        now.post = calls[i / 2].post;
        fixture_new(&fx, &other);
        fixture_mount(&fx, "/in", &inline_view, &now);
        fixture_mount(&fx, "/out", &blocking_view, &now);
        CHECK_INT(fixture_get(&fx, "POST", "/in"), 500);
        CHECK_INT(atomic_load(&the_store.writes), 0);
        snprintf(want, sizeof want, "view in: %s waits, so the view cannot be SAC_INLINE",
                 calls[i / 2].name);
        CHECK(strstr(fx.log, want));
        CHECK(!contains(fx.reply.body, "INLINE"));
        the_store.has = true;
        CHECK_INT(fixture_get(&fx, "POST", "/out") == 500,
                  now.post == blocking_write || now.post == blocking_insert);
        fixture_free(&fx);
    }
}

static int teardown_writes(void *self, sac_req *req)
{
    (void)self;
    CHECK_INT(blocking_insert(req), SAC_EIO);
    return 0;
}

static int says_done(sac_req *req)
{
    return sac_reply_text(req, 200, "done");
}

static void test_writes__of_a_teardown_are_logged(void **state)
{
    const sac_view_ops view = SAC_VIEW_OPS(.name = "late", .flags = SAC_INLINE, .post = run,
                                           .teardown = teardown_writes);
    fixture fx;

    (void)state;
    now.post = says_done;
    fixture_new(&fx, &config);
    fixture_mount(&fx, "/late", &view, &now);
    CHECK_INT(fixture_get(&fx, "POST", "/late"), 200);
    CHECK(strstr(fx.log, "view late: sac_req_insert waits"));
    fixture_free(&fx);
}

static int reads_one(sac_req *req)
{
    sac_str doc;
    const int rc = sac_req_find_one(req, "things", five, &doc);

    return rc ? rc : sac_reply_bson(req, 200, doc);
}

static void test_reads__on_workers_are_not_for_inline_views(void **state)
{
    sac_app_config other = config;
    fixture fx;

    (void)state;
    now.post = reads_one;
    other.reads = SAC_READS_ON_WORKERS;
    fixture_new(&fx, &other);
    fixture_mount(&fx, "/in", &inline_view, &now);
    fixture_mount(&fx, "/out", &blocking_view, &now);
    CHECK_INT(fixture_get(&fx, "POST", "/in"), 500);
    CHECK(strstr(fx.log, "view in: sac_req_find_one waits where reads are SAC_READS_ON_WORKERS"));
    CHECK_INT(fixture_get(&fx, "POST", "/out"), 200);
    fixture_free(&fx);
}

static const sac_app_config many_config = SAC_APP_CONFIG(.database = "many:", .stores = {many_open},
                                                         .workers = 2);

static void start_many(fixture *fx, act *post, long n)
{
    memset(&the_many, 0, sizeof the_many);
    the_many.n = n;
    the_many.fail_at = -1;
    now.post = post;
    fixture_new(fx, &many_config);
    fixture_mount(fx, "/in", &inline_view, &now);
    fixture_mount(fx, "/out", &blocking_view, &now);
}

static int finds_first(sac_req *req)
{
    sac_query query = SAC_QUERY(.collection = "things", .limit = 50);
    sac_str doc = {NULL, 1};
    const int rc = sac_req_find_first(req, &query, &doc);

    CHECK(rc == SAC_OK || (!doc.p && doc.n == 1));
    CHECK(rc != SAC_ENOTFOUND || sac_reply_status(req) == 0);
    return rc ? rc : sac_reply_bson(req, 200, doc);
}

static void test_req_find_first__copies(void **state)
{
    fixture fx;

    (void)state;
    start_many(&fx, finds_first, 3);
    CHECK_INT(fixture_get(&fx, "POST", "/in"), 200);
    CHECK_STR(fx.reply.body, "{\"_id\":0,\"x\":\"name 0\"}");
    CHECK_INT(fixture_get(&fx, "POST", "/out"), 200);
    CHECK_INT(atomic_load(&the_many.given), 2);
    the_many.n = 0;
    CHECK_INT(fixture_get(&fx, "POST", "/in"), 404);
    the_many.n = 3;
    the_many.fail_at = 0;
    CHECK_INT(fixture_get(&fx, "POST", "/in"), 500);
    CHECK(strstr(fx.log, "collection things: the disk is gone"));
    fixture_free(&fx);
}

typedef struct seen {
    int begun, docs, end_at, rc;
} seen;

static int see_begin(void *self, const sac_snapshot *snapshot)
{
    CHECK_INT(snapshot->revision, 1);
    ((seen *)self)->begun++;
    return 0;
}

static int see_doc(void *self, const sac_view *view)
{
    seen *s = self;

    CHECK_INT(view->revision, s->docs + 1);
    CHECK(atomic_load(&the_many.reading));
    return ++s->docs == s->end_at ? s->rc : 0;
}

static seen all_seen;

static int finds(sac_req *req)
{
    const sac_query query = SAC_QUERY(.collection = "things");
    const sac_sink sink = {.begin = see_begin, .doc = see_doc, .self = &all_seen};
    const int rc = sac_req_find(req, &query, &sink);

    CHECK(rc != SAC_EFORBIDDEN || sac_reply_status(req) == 0);
    return rc ? rc : sac_reply_jsonf(req, 200, "%d", all_seen.docs);
}

static void test_req_find__gives_documents_in_place(void **state)
{
    fixture fx;

    (void)state;
    start_many(&fx, finds, 30);
    for (int i = 0; i < 2; i++) {
        const char *target = i ? "/in" : "/out";

        all_seen = (seen){.docs = 0};
        CHECK_INT(fixture_get(&fx, "POST", target), 200);
        CHECK_STR(fx.reply.body, "30");
        CHECK_INT(all_seen.begun, 1);
        all_seen = (seen){.end_at = 10, .rc = 1};
        CHECK_INT(fixture_get(&fx, "POST", target), 200);
        CHECK_STR(fx.reply.body, "10");
        all_seen = (seen){.end_at = 10, .rc = SAC_EFORBIDDEN};
        CHECK_INT(fixture_get(&fx, "POST", target), 403);
        CHECK_INT(all_seen.docs, 10);
        all_seen = (seen){.docs = 0};
        the_many.fail_at = 5;
        CHECK_INT(fixture_get(&fx, "POST", target), 500);
        the_many.fail_at = -1;
        CHECK_INT(atomic_load(&the_many.cursors), 0);
    }
    fixture_free(&fx);
}

static int query_of_another_size(sac_req *req)
{
    sac_query query = SAC_QUERY(.collection = "things");
    const sac_sink sink = {.doc = see_doc, .self = &all_seen};

    query.size += 8;
    CHECK_INT(sac_req_find(req, &query, &sink), SAC_EVERSION);
    query.size = 0;
    CHECK_INT(sac_req_find(req, &query, &sink), SAC_EINVAL);
    query.size = offsetof(sac_query, skip);
    query.skip = -1;
    query.limit = -1;
    return sac_req_find(req, &query, &sink) ? SAC_EIO : sac_reply_text(req, 200, "ok");
}

static void test_req_find__takes_older_queries(void **state)
{
    fixture fx;

    (void)state;
    all_seen = (seen){.docs = 0};
    start_many(&fx, query_of_another_size, 3);
    CHECK_INT(fixture_get(&fx, "POST", "/in"), 200);
    CHECK_INT(all_seen.docs, 3);
    fixture_free(&fx);
}

/* Every call while memory ends: an error that is told, and the next request is right. */
static void survive(act *post, const sac_app_config *with, int status)
{
    int got = 500;

    for (long n = 0; got == 500; n++) {
        fault_alloc fault;
        sac_app_config failing = *with;
        const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "POST", .target = "/out");
        sac_err err;
        fixture fx;

        CHECK(n < 100);
        now.post = post;
        failing.alloc = fault_alloc_init(&fault, -1);
        fixture_new(&fx, &failing);
        fixture_mount(&fx, "/out", &blocking_view, &now);
        CHECK_INT(sac_loopback_new(fx.app, &fx.client, NULL), SAC_OK);
        the_store.has = true;
        all_seen = (seen){.docs = 0};
        fault.left = n;
        got = sac_loopback_send(fx.client, &ask, &fx.reply, &err) == 0 ? fx.reply.status : 500;
        fault.left = -1;
        CHECK(got == 500 || got == status);
        all_seen = (seen){.docs = 0};
        CHECK_INT(fixture_get(&fx, "POST", "/out"), status);
        fixture_free(&fx);
        CHECK_INT(fault.live, 0);
    }
}

static void test_data__survives_oom(void **state)
{
    act *const writes[] = {inserts_many, replaces, removes, updates};
    act *const queries[] = {finds_first, finds};

    (void)state;
    for (int i = 0; i < 4; i++)
        survive(writes[i], &config, 204);
    the_many = (many){.n = 20, .fail_at = -1};
    for (int i = 0; i < 2; i++)
        survive(queries[i], &many_config, 200);
}

static int needs_store(sac_req *req)
{
    int64_t n;

    return sac_req_count(req, "things", NULL, &n);
}

static void test_req_count__without_a_store_is_500(void **state)
{
    fixture fx;

    (void)state;
    now.post = needs_store;
    fixture_new(&fx, NULL);
    fixture_mount(&fx, "/in", &inline_view, &now);
    CHECK_INT(fixture_get(&fx, "POST", "/in"), 500);
    CHECK(strstr(fx.log, "no database"));
    fixture_free(&fx);
}

static void test_app_secret__comes_from_the_store(void **state)
{
    uint8_t first[32];
    fixture fx;

    (void)state;
    start(&fx, reads);
    CHECK(sac_app_store(fx.app) != NULL);
    CHECK(sac__app_secret(fx.app) != NULL);
    memcpy(first, sac__app_secret(fx.app), 32);
    fixture_free(&fx);
    start(&fx, reads);
    assert_memory_equal(first, sac__app_secret(fx.app), 32);
    CHECK(first[0] != 7 || first[1] != 7);
    fixture_free(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_req_find_one__copies),
        cmocka_unit_test(test_req_count__hands_the_filter_on),
        cmocka_unit_test(test_req_insert__makes_an_id),
        cmocka_unit_test(test_req_insert__refuses_bytes_that_are_no_document),
        cmocka_unit_test(test_req_insert_many__says_which_failed),
        cmocka_unit_test(test_req_replace_and_remove__want_what_is_there),
        cmocka_unit_test(test_req_decide__sees_and_says),
        cmocka_unit_test(test_writes__are_not_for_inline_views),
        cmocka_unit_test(test_writes__of_a_teardown_are_logged),
        cmocka_unit_test(test_reads__on_workers_are_not_for_inline_views),
        cmocka_unit_test(test_req_find_first__copies),
        cmocka_unit_test(test_req_find__gives_documents_in_place),
        cmocka_unit_test(test_req_find__takes_older_queries),
        cmocka_unit_test(test_data__survives_oom),
        cmocka_unit_test(test_submit__parks_or_waits),
        cmocka_unit_test(test_submit__outlives_its_client),
        cmocka_unit_test(test_req_count__without_a_store_is_500),
        cmocka_unit_test(test_app_secret__comes_from_the_store)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

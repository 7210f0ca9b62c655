/* SPDX-License-Identifier: MIT */
#include "raw_host.h"

#include <stdatomic.h>

#include <sacrum/impl/store.h>

#include "app/app.h"
#include "app/req.h"
#include "core/alloc.h"

/* A store of one document that answers its writes as it is told. */
typedef struct fake {
    const sac_alloc *alloc;
    bool async;
    int refuse; /* what submit answers with */
    int result; /* of every write */
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
    sac_change change = {.kind = SAC_CHANGE_KEEP};

    write->result = store->result;
    if (write->kind == SAC_WRITE_DECIDE && store->result == SAC_OK)
        write->result = write->decide(write->self, NULL, &change, &write->err);
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
        cmocka_unit_test(test_submit__parks_or_waits),
        cmocka_unit_test(test_submit__outlives_its_client),
        cmocka_unit_test(test_req_count__without_a_store_is_500),
        cmocka_unit_test(test_app_secret__comes_from_the_store)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

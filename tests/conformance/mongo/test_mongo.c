/* SPDX-License-Identifier: MIT */
/* What no server does on command: a scripted one answers late, wrongly, by half or not at all. */
#include "conformance/store/stores.h"
#include "support/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <sacrum/store/mongo.h>

typedef struct fixture {
    server peer;
    sac_store *store;
    char uri[256];
} fixture;

static fixture fx;
static seen got;

static void open_store(const char *options)
{
    const sac_store_config config = SAC_STORE_CONFIG(.uri = fx.uri);
    sac_err err = {.code = 0};
    const char *query = strchr(fx.peer.uri, '?');

    snprintf(fx.uri, sizeof fx.uri, "mongodb://127.0.0.1:%d/test%s%csacrumTimeoutMS=2000%s",
             fx.peer.port, query ? query : "", query ? '&' : '?', options);
    if (sac_mongo(&config, &fx.store, &err) != SAC_OK)
        fail_msg("%s: %s", fx.uri, err.text);
}

static int begin(const char *const *arguments)
{
    memset(&got, 0, sizeof got);
    fx.store = NULL;
    server_start(&fx.peer, "opmsg", 0, arguments);
    open_store("");
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    return begin(NULL);
}

static int set_up_alone(void **state)
{
    static const char *const alone[] = {"--standalone", NULL};

    (void)state;
    return begin(alone);
}

static int tear_down(void **state)
{
    (void)state;
    sac_store_close(fx.store);
    server_stop(&fx.peer);
    return 0;
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void rule(const char *json)
{
    server_tell(&fx.peer, json);
}

static void insert_range(int from, int to)
{
    int i;

    for (i = from; i <= to; i++)
        must_insert(fx.store, "a", i, i * 10);
}

/* ---- one document, once ---- */

static int increment(void)
{
    return count_one_more(fx.store);
}

static void check_v(int64_t want)
{
    int64_t v = -1;

    CHECK_INT(get_v(fx.store, "a", 1, &v), SAC_OK);
    CHECK_INT(v, want);
}

/* What happens to a command, to the insert of a document or to an update. */
static const struct {
    const char *rule;
    int rc;
} faults[] = {
    {"\"error\": {\"code\": 10107, \"name\": \"NotWritablePrimary\"}", SAC_OK},
    {"\"error\": {\"code\": 91, \"name\": \"ShutdownInProgress\"}", SAC_OK},
    {"\"error\": {\"code\": 11600, \"name\": \"InterruptedAtShutdown\"}", SAC_OK},
    {"\"error\": {\"code\": 11600, \"name\": \"InterruptedAtShutdown\"}, \"run\": true", SAC_OK},
    {"\"close\": \"before\"", SAC_OK},
    {"\"close\": \"before\", \"run\": true", SAC_OK},
    {"\"close\": \"middle\"", SAC_OK},
    {"\"close\": \"after\"", SAC_OK},
    {"\"damage\": \"bson\"", SAC_OK},
    {"\"damage\": \"huge\"", SAC_OK},
    {"\"damage\": \"responseTo\"", SAC_OK},
    {"\"damage\": \"garbage\"", SAC_OK},
    {"\"writeError\": {\"code\": 50, \"errmsg\": \"time\"}", SAC_EUNAVAILABLE},
    {"\"error\": {\"code\": 14031, \"name\": \"OutOfDiskSpace\"}", SAC_EFULL},
    {"\"error\": {\"code\": 13, \"name\": \"Unauthorized\"}", SAC_EIO},
};

static void check_increments(const char *command)
{
    size_t i;
    int64_t v = 0;
    int64_t is = -1;

    if (strcmp(command, "update") == 0)
        v = increment() == SAC_OK;
    for (i = 0; i < sizeof faults / sizeof *faults; i++) {
        char json[200];

        if (strcmp(command, "insert") == 0 && v) {
            CHECK_INT(remove_int(fx.store, "a", 1), SAC_OK);
            v = 0;
        }
        snprintf(json, sizeof json, "{\"on\": \"%s\", %s}", command, faults[i].rule);
        rule(json);
        if (increment() != faults[i].rc)
            fail_msg("%s: not %d", json, faults[i].rc);
        rule("{\"do\": \"clear\"}");
        v += faults[i].rc == SAC_OK;
        if (v && (get_v(fx.store, "a", 1, &is) != SAC_OK || is != v))
            fail_msg("%s: %lld, not %lld", json, (long long)is, (long long)v);
    }
}

static void test_update__is_done_once_whatever_happens_to_its_answer(void **state)
{
    (void)state;
    check_increments("update");
}

static void test_insert__is_done_once_whatever_happens_to_its_answer(void **state)
{
    (void)state;
    check_increments("insert");
}

static void test_write__says_that_its_outcome_is_unknown(void **state)
{
    sac_err err = {.code = 0};
    const sac_str doc = doc_int(1, 7, 0);

    (void)state;
    CHECK_INT(increment(), SAC_OK);
    rule("{\"on\": \"update\", \"close\": \"before\", \"times\": 0}");
    CHECK_INT(increment(), SAC_EUNKNOWN);
    rule("{\"on\": \"insert\", \"writeConcernError\": {\"code\": 64, \"errmsg\": \"waiting\"}}");
    CHECK_INT(sac_store_insert(fx.store, "b", doc, &err), SAC_EUNKNOWN);
    CHECK(err.text[0] != '\0');
    free((char *)doc.p);
}

static void test_decide__gives_up_when_others_are_always_faster(void **state)
{
    (void)state;
    CHECK_INT(increment(), SAC_OK);
    rule("{\"on\": \"update\", \"reply\": {\"ok\": 1, \"n\": 0, \"nModified\": 0}, \"times\": 0}");
    CHECK_INT(increment(), SAC_EUNAVAILABLE);
    CHECK_INT(server_seen(&fx.peer, "update"), 16);
    rule("{\"do\": \"clear\"}");
    check_v(1);
}

static void test_write__names_the_index_that_refuses(void **state)
{
    const sac_str doc = doc_int(1, 7, 0);
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "a", .docs = &doc,
                                .n_docs = 1);

    (void)state;
    rule(
        "{\"on\": \"insert\", \"writeError\": {\"code\": 11000, \"errmsg\": \"E11000 duplicate key "
        "error collection: test.a index: email_1 dup key: { email: \\\"x\\\" }\"}}");
    CHECK_INT(sac_store_write(fx.store, &write, NULL), SAC_EEXIST);
    assert_string_equal(write.index, "email_1");
    CHECK_INT(sac_store_write(fx.store, &write, NULL), SAC_OK);
    CHECK_INT(sac_store_write(fx.store, &write, NULL), SAC_EEXIST);
    assert_string_equal(write.index, "_id_");
    free((char *)doc.p);
}

/* ---- reading ---- */

static void test_get__fails_in_time_and_recovers(void **state)
{
    /*
     * Not "section", "opcode", "short" and "long": version 1.23 of the driver
     * reads past the end of such messages.
     */
    static const char *const damages[] = {"bson",       "huge",  "negative",
                                          "responseTo", "flags", "garbage"};
    int64_t v = 0;
    size_t i;

    (void)state;
    insert_range(1, 1);
    for (i = 0; i < sizeof damages / sizeof *damages; i++) {
        char json[100];
        const double begun = now();

        snprintf(json, sizeof json, "{\"on\": \"find\", \"damage\": \"%s\", \"times\": 0}",
                 damages[i]);
        rule(json);
        (void)get_v(fx.store, "a", 1, &v); /* what is wrong with it may not matter */
        CHECK(now() - begun < 3);
        rule("{\"do\": \"clear\"}");
        CHECK_INT(get_v(fx.store, "a", 1, &v), SAC_OK);
    }
    rule("{\"on\": \"find\", \"hang\": true}");
    CHECK_INT(get_v(fx.store, "a", 1, &v), SAC_EUNAVAILABLE); /* no time is left */
    rule("{\"on\": \"find\", \"close\": \"middle\"}");
    CHECK_INT(get_v(fx.store, "a", 1, &v), SAC_OK);
    CHECK_INT(v, 10);
}

static void test_get__ends_when_the_server_is_too_slow(void **state)
{
    double begun;
    int64_t v = 0;

    (void)state;
    insert_range(1, 1);
    rule("{\"on\": \"find\", \"work\": 5}"); /* the server obeys maxTimeMS */
    begun = now();
    CHECK_INT(get_v(fx.store, "a", 1, &v), SAC_EUNAVAILABLE);
    CHECK(now() - begun < 3);
    rule("{\"on\": \"find\", \"delay\": 5, \"times\": 0}");
    begun = now();
    CHECK_INT(get_v(fx.store, "a", 1, &v), SAC_EUNAVAILABLE);
    CHECK(now() - begun < 3);
}

static void test_commands__have_a_limit_of_time(void **state)
{
    static const char *const commands[] = {"find",   "insert", "update",
                                           "delete", "drop",   "aggregate"};
    const sac_query query = SAC_QUERY(.collection = "a", .count = true);
    sac_write clear = SAC_WRITE(.kind = SAC_WRITE_CLEAR, .collection = "a");
    size_t i;

    (void)state;
    for (i = 0; i < sizeof commands / sizeof *commands; i++) {
        char json[200];

        snprintf(json, sizeof json,
                 "{\"on\": \"%s\", \"has\": {\"maxTimeMS\": null}, \"merge\": {\"ok\": 1}, "
                 "\"times\": 0}",
                 commands[i]);
        rule(json);
        snprintf(json, sizeof json, "{\"on\": \"%s\", \"error\": {\"code\": 8}, \"times\": 0}",
                 commands[i]);
        rule(json);
    }
    insert_range(2, 3);
    CHECK_INT(increment(), SAC_OK);
    CHECK_INT(increment(), SAC_OK);
    CHECK_INT(seen_all(fx.store, &query, &got), 0);
    CHECK_INT(got.n, 3);
    CHECK_INT(got.snapshot.count, 3);
    CHECK_INT(remove_int(fx.store, "a", 1), SAC_OK);
    CHECK_INT(sac_store_write(fx.store, &clear, NULL), SAC_OK);
    CHECK_INT(clear.changed, 2);
    CHECK_INT(sac_store_drop(fx.store, "a", NULL), SAC_OK);
}

/* ---- cursors ---- */

enum { MANY = 2500 };

static void insert_many(void)
{
    static sac_str docs[MANY];
    sac_write write = SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "a", .docs = docs,
                                .n_docs = MANY);
    sac_err err = {.code = 0};
    int i;

    for (i = 0; i < MANY; i++)
        docs[i] = doc_int(i, i / 10, 0);
    if (sac_store_write(fx.store, &write, &err) != SAC_OK)
        fail_msg("%s", err.text);
    for (i = 0; i < MANY; i++)
        free((char *)docs[i].p);
}

static void check_all_seen(const sac_query *query)
{
    size_t i;

    CHECK_INT(seen_all(fx.store, query, &got), 0);
    CHECK_INT(got.n, MANY);
    for (i = 0; i < got.n; i++)
        CHECK_INT(got.ids[i], query->descending ? MANY - 1 - i : i);
}

static void test_cursor__that_breaks_goes_on_by_key(void **state)
{
    static const char *const breaks[] = {
        "\"close\": \"before\"",        "\"close\": \"middle\"", "\"error\": {\"code\": 43}",
        "\"error\": {\"code\": 11600}", "\"hang\": true",
    };
    static const char by_v[] = "\x0c\0\0\0\x10v\0\1\0\0\0";
    sac_query query = SAC_QUERY(.collection = "a");
    size_t i;

    (void)state;
    insert_many();
    for (i = 0; i < sizeof breaks / sizeof *breaks; i++) {
        char json[100];

        snprintf(json, sizeof json, "{\"on\": \"getMore\", %s}", breaks[i]);
        rule(json);
        query.descending = i % 2;
        query.sort = i == 2 ? sac_str_n(by_v, 12) : sac_str_n(NULL, 0);
        check_all_seen(&query);
    }
}

static void sleep_ms(long ms)
{
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    nanosleep(&t, NULL);
}

static void pull(sac_cursor *cursor, size_t n, int want)
{
    const sac_sink sink = seen_sink(&got);

    got.until = got.n + n;
    CHECK_INT(sac_cursor_pull(cursor, &sink, NULL), want);
}

static void test_cursor__that_waits_is_closed_and_goes_on(void **state)
{
    const sac_query query = SAC_QUERY(.collection = "a", .limit = 2000);
    sac_cursor *cursor = NULL;
    size_t i;

    (void)state;
    insert_many();
    CHECK_INT(sac_store_find(fx.store, &query, NULL, &cursor, NULL), SAC_OK);
    pull(cursor, 10, 1);
    CHECK_INT(server_seen(&fx.peer, "killCursors"), 0);
    sleep_ms(1500);
    CHECK_INT(server_seen(&fx.peer, "killCursors"), 1);
    pull(cursor, 3000, 0);
    CHECK_INT(got.n, 2000);
    for (i = 0; i < got.n; i++)
        CHECK_INT(got.ids[i], i);
    sac_cursor_close(cursor);
}

static void test_cursor__gives_its_client_to_who_needs_one(void **state)
{
    const sac_query query = SAC_QUERY(.collection = "a");
    sac_cursor *cursors[3] = {NULL, NULL, NULL};
    int64_t v = 0;
    int i;

    (void)state;
    insert_many();
    sac_store_close(fx.store);
    open_store("&sacrumClients=2");
    for (i = 0; i < 3; i++) {
        got.n = 0;
        CHECK_INT(sac_store_find(fx.store, &query, NULL, &cursors[i], NULL), SAC_OK);
        pull(cursors[i], 5, 1);
    }
    CHECK_INT(get_v(fx.store, "a", 1, &v), SAC_OK);
    for (i = 0; i < 3; i++) {
        got.n = 5;
        pull(cursors[i], 4000, 0);
        CHECK_INT(got.n, MANY);
        CHECK_INT(got.ids[5], 5);
        sac_cursor_close(cursors[i]);
    }
}

/* ---- transactions ---- */

static int insert_pair(int a, int b, sac_write *write)
{
    const sac_str docs[2] = {doc_int(a, a, 0), doc_int(b, b, 0)};
    int rc;

    *write = (sac_write)SAC_WRITE(.kind = SAC_WRITE_INSERT, .collection = "a", .docs = docs,
                                  .n_docs = 2);
    rc = sac_store_write(fx.store, write, NULL);
    free((char *)docs[0].p);
    free((char *)docs[1].p);
    return rc;
}

static int64_t count_a(void)
{
    const sac_query query = SAC_QUERY(.collection = "a");
    int64_t n = -1;

    CHECK_INT(sac_store_count(fx.store, &query, &n, NULL), SAC_OK);
    return n;
}

static void test_insert__of_several_is_one_transaction(void **state)
{
    sac_write write;

    (void)state;
    CHECK_INT(insert_pair(1, 2, &write), SAC_OK);
    CHECK_INT(server_seen(&fx.peer, "commitTransaction"), 1);
    CHECK_INT(insert_pair(3, 1, &write), SAC_EEXIST);
    CHECK_INT(write.failed, 1);
    CHECK_INT(server_seen(&fx.peer, "abortTransaction"), 1);
    CHECK_INT(server_seen(&fx.peer, "delete"), 0);
    CHECK_INT(count_a(), 2);
}

static void test_transaction__is_run_again_when_the_server_says_so(void **state)
{
    sac_write write;

    (void)state;
    rule("{\"on\": \"insert\", \"error\": {\"code\": 112, \"labels\": "
         "[\"TransientTransactionError\"]}, \"times\": 2}");
    CHECK_INT(insert_pair(1, 2, &write), SAC_OK);
    CHECK_INT(server_seen(&fx.peer, "insert"), 3);
    rule("{\"on\": \"commitTransaction\", \"close\": \"before\", \"run\": true}");
    CHECK_INT(insert_pair(3, 4, &write), SAC_OK);
    CHECK_INT(count_a(), 4);
}

static void test_insert__without_transactions_takes_back(void **state)
{
    sac_write write;

    (void)state;
    CHECK_INT(insert_pair(1, 2, &write), SAC_OK);
    CHECK_INT(insert_pair(3, 1, &write), SAC_EEXIST);
    CHECK_INT(write.failed, 1);
    CHECK_INT(server_seen(&fx.peer, "commitTransaction"), 0);
    CHECK_INT(count_a(), 2);
}

static int add_hundred(void *self, const sac_view *stored, sac_change *change, sac_err *err)
{
    sac_str *docs = self;
    const int64_t id = doc_id(stored->doc);

    if (id == 99)
        return sac_err_set(err, SAC_EPRECONDITION, "not this one");
    change->kind = id == 3 ? SAC_CHANGE_REMOVE : id == 4 ? SAC_CHANGE_KEEP : SAC_CHANGE_PUT;
    free((char *)docs[id].p);
    docs[id] = doc_int((int32_t)id, doc_v(stored->doc) + 100, 0);
    change->doc = docs[id];
    return SAC_OK;
}

static int each(const sac_query *query, int64_t max, sac_write *write)
{
    sac_str docs[10] = {{NULL, 0}};
    size_t i;
    int rc;

    *write = (sac_write)SAC_WRITE(.kind = SAC_WRITE_EACH, .collection = "a", .query = query,
                                  .max = max, .decide = add_hundred, .self = docs);
    rc = sac_store_write(fx.store, write, NULL);
    for (i = 0; i < 10; i++)
        free((char *)docs[i].p);
    return rc;
}

static void test_each__changes_all_or_none(void **state)
{
    const sac_query query = SAC_QUERY(.collection = "a");
    int64_t v = 0;
    sac_write write;

    (void)state;
    insert_range(1, 5);
    CHECK_INT(each(&query, 4, &write), SAC_ELIMIT);
    CHECK_INT(each(&query, 5, &write), SAC_OK);
    CHECK_INT(write.matched, 5);
    CHECK_INT(write.changed, 4);
    check_v(110);
    CHECK_INT(get_v(fx.store, "a", 3, &v), SAC_ENOTFOUND);
    CHECK_INT(get_v(fx.store, "a", 4, &v), SAC_OK);
    CHECK_INT(v, 40);
    must_insert(fx.store, "a", 99, 1);
    CHECK_INT(each(&query, 0, &write), SAC_EPRECONDITION);
    check_v(110);
}

static void test_each__needs_transactions(void **state)
{
    const sac_query query = SAC_QUERY(.collection = "a");
    sac_write write;

    (void)state;
    insert_range(1, 2);
    CHECK_INT(each(&query, 0, &write), SAC_ENOSYS);
    CHECK(strstr(write.err.text, "no_transactions") != NULL);
    check_v(10);
}

/* ---- opening ---- */

static int try_open(const char *uri)
{
    const sac_store_config config = SAC_STORE_CONFIG(.uri = uri);
    sac_store *store = NULL;
    sac_err err = {.code = 0};
    const int rc = sac_mongo(&config, &store, &err);

    CHECK(rc == SAC_OK || err.text[0] != '\0');
    sac_store_close(store);
    return rc;
}

static void test_open__judges_the_uri(void **state)
{
    (void)state;
    CHECK_INT(try_open("lmdb:x"), SAC_ENOTMINE);
    CHECK_INT(try_open("mongodb"), SAC_ENOTMINE);
    CHECK_INT(try_open("mongodb://127.0.0.1:1/"), SAC_EINVAL);
    CHECK_INT(try_open("mongodb://127.0.0.1:99999/x"), SAC_EINVAL);
    CHECK_INT(try_open("mongodb://127.0.0.1:1/x?sacrumTimeoutMS=0"), SAC_EINVAL);
    CHECK_INT(try_open("mongodb://127.0.0.1:1/x?sacrumTimeoutMS=1s"), SAC_EINVAL);
    CHECK_INT(try_open("mongodb://127.0.0.1:1/x?w=1&sacrumClients=0"), SAC_EINVAL);
    CHECK_INT(try_open("mongodb://127.0.0.1:1/x?sacrumclients=5000"), SAC_EINVAL);
    CHECK_INT(try_open("mongodb://127.0.0.1:1/x?sacrumTimeoutMS=500&w=1&sacrumClients=2"), SAC_OK);
}

static void test_open__survives_oom(void **state)
{
    fault_alloc fault;
    sac_store *store = NULL;
    long n = 0;

    (void)state;
    for (;;) {
        const sac_alloc *alloc = fault_alloc_init(&fault, n);
        const sac_store_config config = SAC_STORE_CONFIG(.uri = fx.uri, .alloc = alloc);
        const int rc = sac_mongo(&config, &store, NULL);

        if (rc == SAC_OK)
            break;
        CHECK_INT(rc, SAC_ENOMEM);
        CHECK(store == NULL);
        CHECK_INT(fault.live, 0);
        CHECK(++n < 100);
    }
    sac_store_close(store);
    CHECK_INT(fault.live, 0);
}

static void test_store__survives_oom(void **state)
{
    const sac_str doc = doc_int(1, 1, 0);
    const sac_query query = SAC_QUERY(.collection = "a", .count = true);
    const sac_sink sink = seen_sink(&got);
    static fault_alloc fault; /* the store is closed behind this function */
    const sac_store_config config = SAC_STORE_CONFIG(.uri = fx.uri,
                                                     .alloc = fault_alloc_init(&fault, -1));
    char raw[4];
    long n;

    (void)state;
    sac_store_close(fx.store);
    fx.store = NULL;
    CHECK_INT(sac_mongo(&config, &fx.store, NULL), SAC_OK);
    for (n = 0; n < 60; n++) {
        sac_cursor *cursor = NULL;
        int rc;

        fault.left = n;
        rc = sac_store_insert(fx.store, "a", doc, NULL);
        CHECK(rc == SAC_OK || rc == SAC_EEXIST || rc == SAC_ENOMEM);
        fault.left = n;
        rc = sac_store_get(fx.store, "a", value_int(raw, 1), &sink, NULL);
        CHECK(rc == SAC_OK || rc == SAC_ENOTFOUND || rc == SAC_ENOMEM);
        fault.left = n;
        rc = increment();
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        fault.left = n;
        rc = sac_store_find(fx.store, &query, NULL, &cursor, NULL);
        got.n = 0;
        if (rc == SAC_OK)
            rc = sac_cursor_pull(cursor, &sink, NULL);
        CHECK(rc == SAC_OK || rc == SAC_ENOMEM);
        sac_cursor_close(cursor);
        fault.left = -1;
    }
    CHECK_INT(increment(), SAC_OK);
    free((char *)doc.p);
}

static void test_secret__is_made_once(void **state)
{
    uint8_t first[32];
    uint8_t second[32];

    (void)state;
    CHECK_INT(sac_store_secret(fx.store, first, NULL), SAC_OK);
    sac_store_close(fx.store);
    open_store("");
    CHECK_INT(sac_store_secret(fx.store, second, NULL), SAC_OK);
    assert_memory_equal(first, second, 32);
    CHECK_INT(server_seen(&fx.peer, "insert"), 1);
}

#define MONGO_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define ALONE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_alone, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        MONGO_TEST(test_update__is_done_once_whatever_happens_to_its_answer),
        MONGO_TEST(test_insert__is_done_once_whatever_happens_to_its_answer),
        MONGO_TEST(test_write__says_that_its_outcome_is_unknown),
        MONGO_TEST(test_decide__gives_up_when_others_are_always_faster),
        MONGO_TEST(test_write__names_the_index_that_refuses),
        MONGO_TEST(test_get__fails_in_time_and_recovers),
        MONGO_TEST(test_get__ends_when_the_server_is_too_slow),
        MONGO_TEST(test_commands__have_a_limit_of_time),
        MONGO_TEST(test_cursor__that_breaks_goes_on_by_key),
        MONGO_TEST(test_cursor__that_waits_is_closed_and_goes_on),
        MONGO_TEST(test_cursor__gives_its_client_to_who_needs_one),
        MONGO_TEST(test_insert__of_several_is_one_transaction),
        MONGO_TEST(test_transaction__is_run_again_when_the_server_says_so),
        ALONE_TEST(test_insert__without_transactions_takes_back),
        ALONE_TEST(test_update__is_done_once_whatever_happens_to_its_answer),
        ALONE_TEST(test_insert__is_done_once_whatever_happens_to_its_answer),
        MONGO_TEST(test_each__changes_all_or_none),
        ALONE_TEST(test_each__needs_transactions),
        MONGO_TEST(test_open__judges_the_uri),
        MONGO_TEST(test_open__survives_oom),
        ALONE_TEST(test_store__survives_oom),
        MONGO_TEST(test_secret__is_made_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

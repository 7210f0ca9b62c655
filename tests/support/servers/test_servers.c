/* SPDX-License-Identifier: MIT */
/*
 * What each of the servers that the tests can have does and does not do, so that a test which
 * leans on one of them knows, and learns when a new version changes it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <mongoc/mongoc.h>

#include "support/server.h"
#include "support/support.h"

typedef struct peer {
    mongoc_client_t *client;
    mongoc_database_t *db;
    bson_t reply;
    bson_error_t error;
} peer;

static int64_t number_at(peer *to, const char *path)
{
    bson_iter_t top;
    bson_iter_t at;

    if (!bson_iter_init(&top, &to->reply) || !bson_iter_find_descendant(&top, path, &at))
        return -1;
    return bson_iter_as_int64(&at);
}

/* Where no document was refused, too. */
static bool run(peer *to, const char *json)
{
    bson_t *command = bson_new_from_json((const uint8_t *)json, -1, NULL);
    int64_t code;
    bool done;

    assert_non_null(command);
    bson_destroy(&to->reply);
    done = mongoc_database_write_command_with_opts(to->db, command, NULL, &to->reply, &to->error);
    bson_destroy(command);
    code = number_at(to, "writeErrors.0.code");
    if (done && code > 0)
        to->error.code = (uint32_t)code;
    return done && code < 0;
}

static int64_t count(peer *to, const char *collection)
{
    char json[128];

    snprintf(json, sizeof json, "{\"count\": \"%s\", \"query\": {}}", collection);
    return run(to, json) ? number_at(to, "n") : -1;
}

static bool by_id(peer *to)
{
    return run(to, "{\"insert\": \"ids\", \"documents\": [{\"_id\": 1, \"v\": 1}]}") &&
           !run(to, "{\"insert\": \"ids\", \"documents\": [{\"_id\": 1, \"v\": 2}]}") &&
           to->error.code == 11000 &&
           run(to, "{\"update\": \"ids\", \"updates\": [{\"q\": {\"_id\": 1, \"v\": 1},"
                   " \"u\": {\"$set\": {\"v\": 5}}}]}") &&
           run(to, "{\"update\": \"ids\", \"updates\": [{\"q\": {\"_id\": 1, \"v\": 1},"
                   " \"u\": {\"_id\": 1, \"v\": 6}}]}") &&
           number_at(to, "n") == 0 && run(to, "{\"find\": \"ids\", \"filter\": {\"_id\": 1}}") &&
           number_at(to, "cursor.firstBatch.0.v") == 5 &&
           run(to, "{\"delete\": \"ids\", \"deletes\": [{\"q\": {\"_id\": 1}, \"limit\": 1}]}") &&
           number_at(to, "n") == 1 && count(to, "ids") == 0;
}

static bool cursors(peer *to)
{
    mongoc_collection_t *many = mongoc_database_get_collection(to->db, "many");
    bson_t *opts = bson_new_from_json((const uint8_t *)"{\"batchSize\": 10}", -1, NULL);
    bson_t all = BSON_INITIALIZER;
    mongoc_cursor_t *cursor;
    const bson_t *doc;
    int n = 0;
    bool good;

    for (int i = 0; i < 100; i++) {
        bson_t *one = BCON_NEW("_id", BCON_INT32(i));

        mongoc_collection_insert_one(many, one, NULL, NULL, NULL);
        bson_destroy(one);
    }
    cursor = mongoc_collection_find_with_opts(many, &all, opts, NULL);
    while (mongoc_cursor_next(cursor, &doc))
        n++;
    good = !mongoc_cursor_error(cursor, &to->error) && n == 100;
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(many);
    bson_destroy(opts);
    return good;
}

static bool find_and_modify(peer *to)
{
    return run(to, "{\"insert\": \"fam\", \"documents\": [{\"_id\": 1, \"v\": 1}]}") &&
           run(to, "{\"findAndModify\": \"fam\", \"query\": {\"_id\": 1, \"v\": 1},"
                   " \"update\": {\"$inc\": {\"v\": 1}}, \"new\": true}") &&
           number_at(to, "value.v") == 2 &&
           run(to, "{\"findAndModify\": \"fam\", \"query\": {\"_id\": 1, \"v\": 1},"
                   " \"update\": {\"$inc\": {\"v\": 1}}, \"new\": true}") &&
           number_at(to, "value.v") == -1;
}

/* An index, then two documents of which only the second insert is in question. */
static bool second_insert(peer *to, const char *name, const char *key, const char *options,
                          const char *fields)
{
    char json[512];

    snprintf(json, sizeof json,
             "{\"createIndexes\": \"%s\","
             " \"indexes\": [{\"key\": {\"%s\": 1}, \"name\": \"i\"%s}]}",
             name, key, options);
    if (!run(to, json))
        return false;
    for (int i = 1; i <= 2; i++) {
        snprintf(json, sizeof json, "{\"insert\": \"%s\", \"documents\": [{\"_id\": %d%s}]}", name,
                 i, fields);
        if (!run(to, json))
            return false;
    }
    return true;
}

static bool unique_index(peer *to)
{
    return !second_insert(to, "unique", "a", ", \"unique\": true", ", \"a\": 1") &&
           to->error.code == 11000;
}

static bool unique_index_counts_missing(peer *to)
{
    return !second_insert(to, "missing", "a", ", \"unique\": true", "") && to->error.code == 11000;
}

static bool unique_sparse_index(peer *to)
{
    return second_insert(to, "sparse", "a", ", \"unique\": true, \"sparse\": true", "");
}

static bool unique_partial_index(peer *to)
{
    const char *partial =
        ", \"unique\": true, \"partialFilterExpression\": {\"open\": {\"$eq\": true}}";

    return second_insert(to, "partial", "a", partial, ", \"a\": 1, \"open\": false");
}

static bool max_time(peer *to)
{
    return run(to, "{\"insert\": \"time\", \"documents\": [{\"_id\": 1}], \"maxTimeMS\": 5000}") &&
           run(to, "{\"find\": \"time\", \"filter\": {}, \"maxTimeMS\": 5000}");
}

static bool in_transaction(peer *to, bool commit)
{
    mongoc_client_session_t *session = mongoc_client_start_session(to->client, NULL, &to->error);
    mongoc_collection_t *into = mongoc_database_get_collection(to->db, "transaction");
    bson_t opts = BSON_INITIALIZER;
    bson_t *doc = BCON_NEW("_id", BCON_INT32(commit ? 1 : 2));
    bool done = false;

    if (session && mongoc_client_session_start_transaction(session, NULL, &to->error) &&
        mongoc_client_session_append(session, &opts, &to->error) &&
        mongoc_collection_insert_one(into, doc, &opts, NULL, &to->error))
        done = commit ? mongoc_client_session_commit_transaction(session, NULL, &to->error)
                      : mongoc_client_session_abort_transaction(session, &to->error);
    if (session)
        mongoc_client_session_destroy(session);
    mongoc_collection_destroy(into);
    bson_destroy(&opts);
    bson_destroy(doc);
    return done;
}

static bool transactions(peer *to)
{
    return run(to, "{\"create\": \"transaction\"}") && in_transaction(to, true) &&
           count(to, "transaction") == 1 && in_transaction(to, false) &&
           count(to, "transaction") == 1;
}

static bool change_streams(peer *to)
{
    return run(to, "{\"insert\": \"stream\", \"documents\": [{\"_id\": 1}]}") &&
           run(to, "{\"aggregate\": \"stream\", \"pipeline\": [{\"$changeStream\": {}}],"
                   " \"cursor\": {}}");
}

static bool pipeline_updates(peer *to)
{
    return run(to, "{\"insert\": \"pipe\", \"documents\": [{\"_id\": 1}]}") &&
           run(to, "{\"update\": \"pipe\", \"updates\": [{\"q\": {\"_id\": 1},"
                   " \"u\": [{\"$set\": {\"v\": 1}}]}]}") &&
           number_at(to, "nModified") == 1;
}

enum { OPMSG = 1, JAVA = 2, FERRETDB = 4, GIVEN = 8, ALL = 15 };

/* `on`: the servers that do it. */
static const struct ability {
    const char *name;
    bool (*works)(peer *to);
    int on;
} abilities[] = {
    {"reads and writes by id", by_id, ALL},
    {"cursors", cursors, ALL},
    {"findAndModify", find_and_modify, ALL},
    {"unique indexes", unique_index, ALL},
    {"unique indexes, missing fields alike", unique_index_counts_missing, OPMSG | JAVA | GIVEN},
    {"unique sparse indexes", unique_sparse_index, ALL},
    {"unique partial indexes", unique_partial_index, OPMSG | GIVEN},
    {"maxTimeMS", max_time, ALL},
    {"transactions", transactions, OPMSG},
    {"change streams", change_streams, JAVA},
    {"pipeline updates", pipeline_updates, GIVEN},
};

enum { ABILITIES = sizeof abilities / sizeof abilities[0] };

typedef struct wanted {
    const char *name;
    const char *variable; /* that has its URI; NULL: the test starts it */
    int bit;
} wanted;

static const wanted servers[] = {
    {"opmsg", NULL, OPMSG},
    {"java", "SACRUM_TEST_MONGODB_JAVA", JAVA},
    {"ferretdb", "SACRUM_TEST_MONGODB_FERRETDB", FERRETDB},
    {"given", "SACRUM_TEST_MONGODB_URI", GIVEN},
};

enum { SERVERS = sizeof servers / sizeof servers[0] };

typedef struct question {
    char name[80];
    const wanted *server;
    const struct ability *ability;
} question;

static bool answer(const question *q, const char *uri)
{
    peer to = {.client = mongoc_client_new(uri)};
    char name[48];
    bool works;

    assert_non_null(to.client);
    mongoc_client_set_error_api(to.client, 2);
    snprintf(name, sizeof name, "abilities_%ld_%d", (long)getpid(), (int)(q->ability - abilities));
    to.db = mongoc_client_get_database(to.client, name);
    bson_init(&to.reply);
    works = q->ability->works(&to);
    if (!works)
        print_message("%s: %s\n", q->name, to.error.message);
    mongoc_database_drop(to.db, NULL);
    bson_destroy(&to.reply);
    mongoc_database_destroy(to.db);
    mongoc_client_destroy(to.client);
    return works;
}

static void test_server__does_what_is_known_of_it(void **state)
{
    const question *q = *state;
    bool works;

    if (q->server->variable) {
        works = answer(q, getenv(q->server->variable));
    } else {
        server own;

        server_start(&own, q->server->name, 0, NULL);
        works = answer(q, own.uri);
        server_stop(&own);
    }
    /* One that stands alone is a good MongoDB, too. */
    if (q->server->bit != GIVEN || (q->ability->on & GIVEN))
        CHECK_INT(works, (q->ability->on & q->server->bit) != 0);
}

static bool insert(mongoc_client_t *client, int id, bson_error_t *error)
{
    mongoc_collection_t *to = mongoc_client_get_collection(client, "test", "faults");
    bson_t *doc = BCON_NEW("_id", BCON_INT32(id));
    const bool done = mongoc_collection_insert_one(to, doc, NULL, NULL, error);

    bson_destroy(doc);
    mongoc_collection_destroy(to);
    return done;
}

static void test_opmsg__write_is_retried_and_done_once(void **state)
{
    const char *faults[] = {
        "{\"on\": \"insert\", \"error\": {\"code\": 10107, \"name\": \"NotWritablePrimary\","
        " \"labels\": [\"RetryableWriteError\"]}}",
        "{\"on\": \"insert\", \"close\": \"before\", \"run\": true}",
    };
    server own;

    (void)state;
    for (int i = 0; i < 2; i++) {
        mongoc_client_t *client;
        bson_error_t error;

        server_start(&own, "opmsg", 0, NULL);
        client = mongoc_client_new(own.uri);
        server_tell(&own, faults[i]);
        if (!insert(client, 1, &error))
            fail_msg("%s", error.message);
        CHECK_INT(server_seen(&own, "insert"), 2);
        CHECK(!insert(client, 1, &error));
        CHECK_INT(error.code, 11000);
        mongoc_client_destroy(client);
        server_stop(&own);
    }
}

/* With a client of its own, which has not been told to wait. */
static bool reaches(const server *own, int id)
{
    mongoc_client_t *client;
    bson_error_t error;
    char uri[256];
    bool done;

    snprintf(uri, sizeof uri, "%s&connectTimeoutMS=300&socketTimeoutMS=300", own->uri);
    client = mongoc_client_new(uri);
    done = insert(client, id, &error);
    mongoc_client_destroy(client);
    return done;
}

static void test_opmsg__is_killed_and_comes_back_where_it_was(void **state)
{
    server own;
    int port;

    (void)state;
    server_start(&own, "opmsg", 0, NULL);
    port = own.port;
    CHECK(reaches(&own, 1));
    server_pause(&own);
    CHECK(!reaches(&own, 2));
    server_resume(&own);
    CHECK(reaches(&own, 3));
    server_kill(&own);
    CHECK(!reaches(&own, 4));
    server_start(&own, "opmsg", port, NULL);
    CHECK_INT(own.port, port);
    CHECK(reaches(&own, 1));
    server_stop(&own);
}

static void test_server__is_not_there(void **state)
{
    const question *q = *state;

    print_message("%s is not set\n", q->server->variable);
    skip();
}

static bool is_there(const wanted *of)
{
    const char *uri = of->variable ? getenv(of->variable) : "own";

    return uri && *uri;
}

static int ask_all(question *questions, struct CMUnitTest *tests)
{
    int n = 0;

    for (int s = 0; s < SERVERS; s++) {
        const bool there = is_there(&servers[s]);

        for (int a = 0; a < (there ? ABILITIES : 1); a++, n++) {
            question *q = &questions[n];

            q->server = &servers[s];
            q->ability = &abilities[a];
            snprintf(q->name, sizeof q->name, "test_server_%s__%s", servers[s].name,
                     there ? abilities[a].name : "is there");
            tests[n] = (struct CMUnitTest){
                .name = q->name,
                .test_func = there ? test_server__does_what_is_known_of_it
                                   : test_server__is_not_there,
                .initial_state = q,
            };
        }
    }
    return n;
}

int main(void)
{
    static question questions[SERVERS * ABILITIES];
    static struct CMUnitTest tests[SERVERS * ABILITIES + 2] = {
        cmocka_unit_test(test_opmsg__write_is_retried_and_done_once),
        cmocka_unit_test(test_opmsg__is_killed_and_comes_back_where_it_was),
    };
    const int n = 2 + ask_all(questions, tests + 2);
    int failed;

    mongoc_init();
    mongoc_log_set_handler(NULL, NULL);
    failed = _cmocka_run_group_tests("servers", tests, (size_t)n, NULL, NULL);
    mongoc_cleanup();
    return failed;
}

/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include <sacrum/impl/host.h>
#include <sacrum/password.h>

#include "../members.h"

static const char login_head[] = "application/json";

/* Writes a user as another program has left it. */
static void store_user(members *m, const char *name, const char *hash)
{
    static const sac_oid ids[] = {{{1}}, {{2}}, {{3}}, {{4}}};
    static unsigned next;
    sac_err err = {.code = 0};
    sac_bson doc;
    sac_str bytes;

    sac_bson_init(&doc, NULL, 0);
    sac_bson_add_oid(&doc, "_id", &ids[next++ % 4]);
    sac_bson_add_str(&doc, "username", sac_str_of(name));
    if (hash)
        sac_bson_add_str(&doc, "password", sac_str_of(hash));
    CHECK_INT(sac_bson_finish(&doc, &bytes), SAC_OK);
    CHECK_INT(sac_store_insert(sac_app_store(m->t.app), "users", bytes, &err), SAC_OK);
    sac_bson_fini(&doc);
}

static int copy_hash(void *self, const sac_view *view)
{
    const sac_str hash = sac_bson_get_str(view->doc, "password");

    snprintf(self, SAC_PASSWORD_HASH, "%.*s", (int)hash.n, hash.p);
    return 1;
}

static void stored_hash(members *m, const char *name, char out[SAC_PASSWORD_HASH])
{
    sac_query query = SAC_QUERY(.collection = "users");
    const sac_sink sink = {.doc = copy_hash, .self = out};
    sac_cursor *cursor = NULL;
    sac_err err = {.code = 0};
    sac_bson filter;

    sac_bson_init(&filter, NULL, 0);
    sac_bson_add_str(&filter, "username", sac_str_of(name));
    CHECK_INT(sac_bson_finish(&filter, &query.filter), SAC_OK);
    CHECK_INT(sac_store_find(sac_app_store(m->t.app), &query, NULL, &cursor, &err), SAC_OK);
    CHECK(sac_cursor_pull(cursor, &sink, &err) >= 0);
    sac_cursor_close(cursor);
    sac_bson_fini(&filter);
}

static int login_as(members *m, const char *name, const char *password)
{
    char body[256];

    snprintf(body, sizeof body, "{\"username\":\"%s\",\"password\":\"%s\"}", name, password);
    return members_json(m, "/login", body);
}

static void check_renewed(members *m, const char *name, const char *password)
{
    char before[SAC_PASSWORD_HASH] = "", after[SAC_PASSWORD_HASH] = "";

    stored_hash(m, name, before);
    CHECK_INT(login_as(m, name, "wrong"), 401);
    stored_hash(m, name, after);
    assert_string_equal(before, after);
    CHECK_INT(login_as(m, name, password), 200);
    stored_hash(m, name, after);
    CHECK(strcmp(before, after) != 0);
    CHECK(memcmp(after, "$2b$05$", 7) == 0);
    CHECK(members_is(m, name));
    /* Once is enough, and no session ends by it. */
    CHECK_INT(login_as(m, name, password), 200);
    stored_hash(m, name, before);
    assert_string_equal(before, after);
}

static void check_weak_ones(members *m)
{
    store_user(m, "cheap", "$2b$04$2Siw3Nv3Q/gTOIPetAyPr.GNj3aO0lb1E5E9UumYGKjP9BYqlNWJe");
    store_user(m, "php", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e");
    store_user(m, "yes",
               "$y$j75$nBrQnBrQnBrQnBrQnBrQn/$ebzLRD6fu1pizGCEoaoNSbBukCWF7MPB.pbXFvFdpKC");
    check_renewed(m, "cheap", "dEe6XfVGrrfSH");
    check_renewed(m, "yes", "secret");
    CHECK_INT(login_as(m, "php", "wrong"), 401);
}

static void test_hashing__makes_weak_hashes_anew(void **state)
{
    members m;

    (void)state;
    for (int workers = 0; workers < 2; workers++) {
        members_begin(&m);
        m.accounts.cost = 5;
        m.accounts.max_attempts = 100;
        m.t.config.workers = workers ? 2 : SAC_NO_WORKERS;
        members_make(&m);
        members_serve(&m);
        check_weak_ones(&m);
        members_close(&m);
    }
}

static void test_hashing__keeps_what_bcrypt_cannot_hold(void **state)
{
    /* yescrypt takes 511 bytes: such a password goes on as it is. */
    static const char hash[] = "$y$j9T$nBrQnBrQnBrQnBrQnBrQn/$"
                               "ejXkyZDOLhmoPaaxkWWThqmkejaDjjMZ/jUtxPwXpw1";
    char body[700], after[SAC_PASSWORD_HASH];
    int n;
    members m;

    (void)state;
    members_open(&m);
    store_user(&m, "long", hash);
    n = snprintf(body, sizeof body, "{\"username\":\"long\",\"password\":\"");
    memset(body + n, 'a', 511);
    memcpy(body + n + 511, "\"}", 3);
    CHECK_INT(members_json(&m, "/login", body), 200);
    stored_hash(&m, "long", after);
    assert_string_equal(after, hash);
    members_close(&m);
}

static void test_hashing__of_other_kinds_never_signs_in(void **state)
{
    members m;

    (void)state;
    members_open(&m);
    store_user(&m, "bug", "$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e");
    store_user(&m, "none", NULL);
    store_user(&m, "locked", "*0");
    store_user(&m, "empty", "");
    CHECK_INT(login_as(&m, "bug", "\\u00ff\\u00ff\\u00a3"), 401);
    CHECK_INT(login_as(&m, "none", ""), 401);
    CHECK_INT(login_as(&m, "locked", "*0"), 401);
    CHECK_INT(login_as(&m, "empty", ""), 401);
    members_close(&m);
}

enum { CROWD = 16 };

typedef struct one {
    members *m;
    const char *target, *body;
    int status;
    char retry[16];
    pthread_t thread;
} one;

static void *ask_one(void *self)
{
    one *o = self;
    const char *const headers[] = {"Content-Type: application/json", NULL};
    const sac_loopback_request request = SAC_LOOPBACK_REQUEST(.method = "POST", .target = o->target,
                                                              .headers = headers,
                                                              .body = sac_str_of(o->body));
    sac_loopback *client = NULL;
    sac_loopback_reply reply;
    sac_str retry;
    sac_err err;

    if (sac_loopback_new(o->m->t.app, &client, &err) != SAC_OK)
        return NULL;
    if (sac_loopback_send(client, &request, &reply, &err) == SAC_OK) {
        o->status = reply.status;
        retry = sac_loopback_header(&reply, "retry-after");
        snprintf(o->retry, sizeof o->retry, "%.*s", (int)retry.n, retry.n ? retry.p : "");
    }
    sac_loopback_free(client);
    return NULL;
}

static void begin_all(one crowd[CROWD], members *m, const char *target, const char *body)
{
    for (int i = 0; i < CROWD; i++) {
        crowd[i] = (one){.m = m, .target = target, .body = body};
        CHECK_INT(pthread_create(&crowd[i].thread, NULL, ask_one, &crowd[i]), 0);
    }
}

/* How many were answered with a status. */
static int end_all(one crowd[CROWD], int status)
{
    int n = 0;

    for (int i = 0; i < CROWD; i++) {
        if (crowd[i].m)
            CHECK_INT(pthread_join(crowd[i].thread, NULL), 0);
        crowd[i].m = NULL;
        n += crowd[i].status == status;
    }
    return n;
}

static void test_hashing__past_its_bound_is_503(void **state)
{
    static one crowd[CROWD];
    int good, away;
    members m;

    (void)state;
    members_begin(&m);
    m.accounts.cost = 9;
    m.accounts.max_hashing = 2;
    m.accounts.max_attempts = 1000;
    members_make(&m);
    members_serve(&m);
    begin_all(crowd, &m, "/login", RIGHT);
    good = end_all(crowd, 200);
    away = end_all(crowd, 503);
    for (int i = 0; i < CROWD; i++)
        CHECK(crowd[i].status != 503 || crowd[i].retry[0]);
    CHECK_INT(good + away, CROWD);
    CHECK(good >= 2);
    CHECK(away >= 1);
    CHECK_INT(login_as(&m, "ann", "correct horse"), 200);
    members_close(&m);
}

typedef struct host {
    atomic_int wakes;
} host;

static void wake(void *self)
{
    host *h = self;

    atomic_fetch_add(&h->wakes, 1);
}

static sac_exchange *begin_login(members *m, host *h, const char *body)
{
    static const sac_host_ops ops = SAC_HOST_OPS(.name = "test", .wake = wake);
    static const sac_header fields[] = {{{"content-type", 12}, {login_head, sizeof login_head - 1}},
                                        {{"host", 4}, {"x", 1}}};
    const sac_head head = SAC_HEAD_INIT(.method = sac_str_of("POST"),
                                        .target = sac_str_of("/login"), .headers = fields,
                                        .n_headers = 2, .length = (int64_t)strlen(body));
    const sac_answer *answer = NULL;
    sac_exchange *exchange = NULL;
    size_t taken = 0;

    CHECK_INT(sac_exchange_open(m->t.app, &ops, h, &exchange), SAC_OK);
    CHECK_INT(sac_exchange_head(exchange, &head), SAC_OK);
    CHECK_INT(sac_exchange_body(exchange, body, strlen(body), &taken), SAC_OK);
    CHECK_INT(sac_exchange_end(exchange), SAC_OK);
    CHECK(sac_exchange_answer(exchange, &answer) >= 0);
    return exchange;
}

static void test_hashing__that_is_not_done_is_no_attempt(void **state)
{
    static host hosts[2];
    sac_exchange *exchanges[2];
    char body[64];
    int away = 0;
    members m;

    (void)state;
    members_begin(&m);
    m.accounts.cost = 12;
    m.accounts.max_hashing = 1;
    m.accounts.max_attempts = 1;
    members_make(&m);
    members_serve(&m);
    for (int i = 0; i < 2; i++) {
        snprintf(body, sizeof body, "{\"username\":\"u%d\",\"password\":\"x\"}", i);
        exchanges[i] = begin_login(&m, &hosts[i], body);
        usleep(50 * 1000);
    }
    /* When a place is free it is 200; but it is never 429. */
    for (int i = 0; i < 4; i++) {
        const int status = login_as(&m, "ann", "correct horse");

        CHECK(status == 503 || status == 200);
        away += status == 503;
    }
    CHECK(away > 0);
    for (int i = 0; i < 2; i++)
        sac_exchange_close(exchanges[i]);
    members_close(&m);
}

static void test_hashing__outlives_its_client(void **state)
{
    static host hosts[CROWD];
    sac_exchange *exchanges[CROWD];
    members m;

    (void)state;
    members_begin(&m);
    m.accounts.cost = 8;
    m.accounts.max_attempts = 1000;
    members_make(&m);
    members_serve(&m);
    for (int i = 0; i < CROWD; i++)
        exchanges[i] = begin_login(&m, &hosts[i], RIGHT);
    for (int i = 0; i < CROWD; i++)
        sac_exchange_close(exchanges[i]);
    CHECK_INT(login_as(&m, "ann", "correct horse"), 200);
    /* And its app: some of these wait when it is freed. */
    for (int i = 0; i < CROWD; i++)
        exchanges[i] = begin_login(&m, &hosts[i], RIGHT);
    for (int i = 0; i < CROWD; i++)
        sac_exchange_close(exchanges[i]);
    members_close(&m);
}

static void test_hashing__holds_no_worker(void **state)
{
    static one crowd[CROWD];
    members m;

    (void)state;
    members_begin(&m);
    m.t.config.workers = 1;
    m.accounts.cost = 9;
    m.accounts.max_attempts = 1000;
    members_make(&m);
    members_serve(&m);
    begin_all(crowd, &m, "/login", RIGHT);
    for (int i = 0; i < 100; i++)
        CHECK_INT(members_get(&m, "/hello"), 200);
    CHECK_INT(end_all(crowd, 200), CROWD);
    members_close(&m);
}

static void test_hashing__of_one_name_twice_makes_one_account(void **state)
{
    static const char body[] = "{\"username\":\"bob\",\"password\":\"battery staple\"}";
    static one crowd[CROWD];
    members m;

    (void)state;
    members_begin(&m);
    m.accounts.cost = 7;
    m.accounts.threads = 4;
    members_make(&m);
    members_serve(&m);
    begin_all(crowd, &m, "/sign_up", body);
    CHECK_INT(end_all(crowd, 200), 1);
    CHECK_INT(end_all(crowd, 409), CROWD - 1);
    members_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hashing__makes_weak_hashes_anew),
        cmocka_unit_test(test_hashing__keeps_what_bcrypt_cannot_hold),
        cmocka_unit_test(test_hashing__of_other_kinds_never_signs_in),
        cmocka_unit_test(test_hashing__past_its_bound_is_503),
        cmocka_unit_test(test_hashing__that_is_not_done_is_no_attempt),
        cmocka_unit_test(test_hashing__outlives_its_client),
        cmocka_unit_test(test_hashing__holds_no_worker),
        cmocka_unit_test(test_hashing__of_one_name_twice_makes_one_account),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

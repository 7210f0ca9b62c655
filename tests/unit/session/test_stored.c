/* SPDX-License-Identifier: MIT */
#include "stored.h"

static void test_stored__keeps_what_is_set(void **state)
{
    client c;

    (void)state;
    open_client(&c);
    CHECK_INT(get(&c, "/read"), 200);
    check_body(&c, "{}");
    CHECK_INT(c.n_set, 0);
    CHECK_INT(get(&c, "/set?a=1"), 200);
    CHECK_INT(c.n_set, 1);
    CHECK_INT(strlen(c.cookie), strlen("Cookie: session=") + 43);
    assert_string_equal(todos_header(&c.t, "cache-control"), "no-store");
    CHECK_INT(get(&c, "/set-on-worker?b=2"), 200);
    CHECK_INT(get(&c, "/read"), 200);
    check_body(&c, "{\"a\":\"1\",\"b\":\"2\"}");
    CHECK_INT(c.n_set, 0);
    assert_string_equal(todos_header(&c.t, "vary"), "Cookie");
    CHECK_INT(count(&c), 1);
    CHECK_INT(get(&c, "/none"), 200);
    CHECK(todos_header(&c.t, "vary") == NULL);
    CHECK_INT(get(&c, "/clear"), 200);
    CHECK_INT(c.n_set, 1);
    CHECK_INT(count(&c), 0);
    assert_string_equal(c.cookie, "");
    close_client(&c);
}

static void test_stored__keeps_no_id_that_opens_it(void **state)
{
    client c;
    sac_str doc;

    (void)state;
    open_client(&c);
    CHECK_INT(get(&c, "/set?a=1"), 200);
    doc = stored(&c);
    CHECK(!memmem(doc.p, doc.n, c.cookie + 16, 43));
    CHECK_INT(sac_bson_get(doc, sac_str_of("_id")).raw.n, 5 + 32);
    free((void *)(uintptr_t)doc.p);
    close_client(&c);
}

static void test_stored__refuses_ids_of_nobody(void **state)
{
    client c;
    char good[256];

    (void)state;
    open_client(&c);
    CHECK_INT(get(&c, "/set?a=1"), 200);
    snprintf(good, sizeof good, "%s", c.cookie);
    for (size_t i = 16; i < strlen(good); i++) {
        snprintf(c.cookie, sizeof c.cookie, "%s", good);
        c.cookie[i] = c.cookie[i] == 'A' ? 'E' : 'A';
        CHECK_INT(get(&c, "/read"), 200);
        check_body(&c, "{}");
        CHECK_INT(c.n_set, 0);
    }
    snprintf(c.cookie, sizeof c.cookie, "%.58s", good);
    CHECK_INT(get(&c, "/read"), 200);
    check_body(&c, "{}");
    /* One of a client's own making does not become a session's. */
    snprintf(c.cookie, sizeof c.cookie, "Cookie: session=%043d", 0);
    snprintf(good, sizeof good, "%s", c.cookie);
    CHECK_INT(get(&c, "/set?a=2"), 200);
    CHECK_INT(c.n_set, 1);
    assert_string_not_equal(good, c.cookie);
    close_client(&c);
}

static void test_stored__renew_changes_the_id(void **state)
{
    client c;
    char old[256], now[256];

    (void)state;
    open_client(&c);
    CHECK_INT(get(&c, "/set?a=1"), 200);
    snprintf(old, sizeof old, "%s", c.cookie);
    shift(&c, "created", -1000);
    CHECK_INT(get(&c, "/renew?user=ann"), 200);
    assert_string_not_equal(old, c.cookie);
    snprintf(now, sizeof now, "%s", c.cookie);
    CHECK_INT(count(&c), 1);
    CHECK(llabs((long long)stored_date(&c, "created")) < 30);
    snprintf(c.cookie, sizeof c.cookie, "%s", old);
    CHECK_INT(get(&c, "/read"), 200);
    check_body(&c, "{}");
    snprintf(c.cookie, sizeof c.cookie, "%s", now);
    CHECK_INT(get(&c, "/read"), 200);
    check_body(&c, "{\"a\":\"1\",\"user\":\"ann\"}");
    CHECK_INT(get(&c, "/renew?fresh&user=bob"), 200);
    CHECK_INT(get(&c, "/read"), 200);
    check_body(&c, "{\"user\":\"bob\"}");
    CHECK_INT(count(&c), 1);
    CHECK_INT(get(&c, "/renew?fresh"), 200);
    CHECK_INT(count(&c), 0);
    assert_string_equal(c.cookie, "");
    close_client(&c);
}

static void test_stored__ends_when_it_idles_or_is_old(void **state)
{
    enum { DAY = 86400 };
    client c;

    (void)state;
    open_client(&c);
    CHECK_INT(get(&c, "/set?a=1"), 200);
    CHECK(llabs((long long)(stored_date(&c, "expires") - DAY)) < 30);
    shift(&c, "expires", 5);
    CHECK_INT(get(&c, "/read"), 200);
    check_body(&c, "{\"a\":\"1\"}");
    CHECK_INT(c.n_set, 0); /* and lives on: the cookie is the browser's */
    CHECK(llabs((long long)(stored_date(&c, "expires") - DAY)) < 30);
    shift(&c, "created", -31 * DAY + 3600);
    CHECK_INT(get(&c, "/set?b=1"), 200);
    CHECK(llabs((long long)(stored_date(&c, "expires") - 3600)) < 30);
    CHECK_INT(get(&c, "/read"), 200);
    check_body(&c, "{\"a\":\"1\",\"b\":\"1\"}");
    shift(&c, "created", -31 * DAY - 5);
    CHECK_INT(get(&c, "/read"), 200);
    check_body(&c, "{}");
    shift(&c, "created", 0);
    CHECK_INT(get(&c, "/read"), 200);
    check_body(&c, "{\"a\":\"1\",\"b\":\"1\"}");
    close_client(&c);
}

/* Whether the store has removed it already or not. */
static void test_stored__is_over_at_its_date(void **state)
{
    client c;

    (void)state;
    open_client(&c);
    CHECK_INT(get(&c, "/set?a=1"), 200);
    shift(&c, "expires", -1);
    CHECK_INT(get(&c, "/read"), 200);
    check_body(&c, "{}");
    CHECK_INT(get(&c, "/set?b=1"), 200);
    CHECK_INT(get(&c, "/read"), 200);
    check_body(&c, "{\"b\":\"1\"}");
    close_client(&c);
}

static uint64_t revision(client *c)
{
    uint64_t now = 0;

    CHECK_INT(sac_store_revision(sac_app_store(c->t.app), "sessions", &now, NULL), SAC_OK);
    return now;
}

static void test_stored__is_refreshed_once_in_a_tenth(void **state)
{
    enum { DAY = 86400 };
    client c;
    uint64_t before;

    (void)state;
    todos_needs_lmdb("revisions");
    open_client(&c);
    CHECK_INT(get(&c, "/set?a=1"), 200);
    shift(&c, "expires", DAY - DAY / 10 + 60);
    before = revision(&c);
    CHECK_INT(get(&c, "/read"), 200);
    CHECK_INT(revision(&c), before);
    shift(&c, "expires", DAY - DAY / 10 - 60);
    before = revision(&c);
    CHECK_INT(get(&c, "/none"), 200);
    CHECK_INT(revision(&c), before);
    CHECK_INT(get(&c, "/read"), 200);
    CHECK_INT(revision(&c), before + 1);
    CHECK_INT(get(&c, "/read"), 200);
    CHECK_INT(revision(&c), before + 1);
    /* A permanent one is given to the browser anew with it. */
    CHECK_INT(get(&c, "/set?permanent"), 200);
    CHECK(llabs((long long)(stored_date(&c, "expires") - 31 * DAY)) < 30);
    shift(&c, "created", 100);
    shift(&c, "expires", 20 * DAY);
    CHECK_INT(get(&c, "/read"), 200);
    CHECK_INT(c.n_set, 1);
    CHECK(strstr(todos_header(&c.t, "set-cookie"), "Expires="));
    close_client(&c);
}

/* Two requests of one session: what each has set is there. */
static void test_stored__requests_at_once_lose_nothing(void **state)
{
    client c;

    (void)state;
    open_client(&c);
    CHECK_INT(get(&c, "/set?a=1&b=1"), 200);
    snprintf(meanwhile_cookie, sizeof meanwhile_cookie, "%s", c.cookie);
    snprintf(meanwhile, sizeof meanwhile, "/set?a=2&user=ann");
    CHECK_INT(get(&c, "/slow?b=3"), 200);
    CHECK_INT(get(&c, "/read"), 200);
    check_body(&c, "{\"a\":\"2\",\"user\":\"ann\",\"b\":\"3\"}");
    snprintf(meanwhile, sizeof meanwhile, "/set?a=4");
    CHECK_INT(get(&c, "/slow?without=a"), 200);
    CHECK_INT(get(&c, "/read"), 200);
    check_body(&c, "{\"user\":\"ann\",\"b\":\"3\"}");
    close_client(&c);
}

static void test_stored__what_was_ended_stays_so(void **state)
{
    client c;

    (void)state;
    open_client(&c);
    CHECK_INT(get(&c, "/set?user=ann"), 200);
    snprintf(meanwhile_cookie, sizeof meanwhile_cookie, "%s", c.cookie);
    snprintf(meanwhile, sizeof meanwhile, "/clear");
    CHECK_INT(get(&c, "/slow?b=3"), 200);
    assert_string_equal(c.cookie, "");
    CHECK_INT(count(&c), 0);
    /* Renewed, it has nothing of the one that was ended. */
    CHECK_INT(get(&c, "/set?user=ann&a=1"), 200);
    snprintf(meanwhile_cookie, sizeof meanwhile_cookie, "%s", c.cookie);
    CHECK_INT(get(&c, "/slow-renew"), 200);
    CHECK_INT(count(&c), 0);
    assert_string_equal(c.cookie, "");
    CHECK_INT(get(&c, "/set?user=ann&a=1"), 200);
    snprintf(meanwhile_cookie, sizeof meanwhile_cookie, "%s", c.cookie);
    CHECK_INT(get(&c, "/slow-renew?user=bob"), 200);
    CHECK_INT(get(&c, "/read"), 200);
    check_body(&c, "{\"user\":\"bob\"}");
    close_client(&c);
}

static void test_stored__ends_all_others(void **state)
{
    client c;
    char others[3][256];

    (void)state;
    open_client(&c);
    for (int i = 0; i < 3; i++) {
        c.cookie[0] = '\0';
        CHECK_INT(get(&c, i == 2 ? "/set?user=bob" : "/set?user=ann"), 200);
        snprintf(others[i], sizeof others[i], "%s", c.cookie);
    }
    c.cookie[0] = '\0';
    CHECK_INT(get(&c, "/set?user=ann"), 200);
    CHECK_INT(count(&c), 4);
    CHECK_INT(get(&c, "/end?key=user&is=ann"), 200);
    CHECK_INT(count(&c), 2);
    CHECK_INT(get(&c, "/read"), 200);
    check_body(&c, "{\"user\":\"ann\"}");
    snprintf(c.cookie, sizeof c.cookie, "%s", others[2]);
    CHECK_INT(get(&c, "/read"), 200);
    check_body(&c, "{\"user\":\"bob\"}");
    snprintf(c.cookie, sizeof c.cookie, "%s", others[0]);
    CHECK_INT(get(&c, "/read"), 200);
    check_body(&c, "{}");
    c.cookie[0] = '\0';
    CHECK_INT(get(&c, "/end?key=user&is=bob"), 200);
    CHECK_INT(count(&c), 1);
    CHECK_INT(get(&c, "/end?key=a.b&is=bob"), 400);
    CHECK_INT(get(&c, "/end?key=$where&is=bob"), 400);
    CHECK_INT(get(&c, "/end?key=&is=bob"), 400);
    CHECK_INT(get(&c, "/end?key=_user_id&is=bob"), 200);
    close_client(&c);
}

static void test_stored__has_the_indexes_that_it_needs(void **state)
{
    const sac_query query = SAC_QUERY(.collection = "sessions");
    sac_query by_user = query;
    sac_explain how;
    sac_bson filter;
    client c;

    (void)state;
    todos_needs_lmdb("explain");
    open_client(&c);
    sac_bson_init(&filter, NULL, 0);
    sac_bson_add_str(&filter, "user", sac_str_of("x"));
    CHECK_INT(sac_bson_finish(&filter, &by_user.filter), SAC_OK);
    CHECK_INT(sac_store_explain(sac_app_store(c.t.app), &by_user, &how, NULL), SAC_OK);
    CHECK_INT(how.scan, SAC_SCAN_INDEX);
    sac_bson_fini(&filter);
    close_client(&c);
}

static void test_stored__holds_more_than_a_cookie(void **state)
{
    const sac_sessions config = SAC_SESSIONS(.kind = SAC_SESSION_STORED, .max_size = 6000);
    char target[8100] = "/set?a=";
    client c;

    (void)state;
    open_with(&c, &config);
    memset(target + 7, 'x', 5500);
    CHECK_INT(get(&c, target), 200);
    memcpy(target, "/set?b=", 7);
    CHECK_INT(get(&c, target), 500);
    CHECK(strstr(c.t.log, "max_size"));
    CHECK_INT(get(&c, "/read"), 200);
    CHECK(c.t.reply.body.n > 5500 && c.t.reply.body.n < 6000);
    close_client(&c);
}

static void test_stored__works_where_reads_wait(void **state)
{
    const sac_sessions config = SAC_SESSIONS(.kind = SAC_SESSION_STORED);
    client c;

    (void)state;
    memset(&c, 0, sizeof c);
    todos_begin(&c.t);
    c.t.config.reads = SAC_READS_ON_WORKERS;
    todos_make(&c.t);
    CHECK_INT(sac_app_sessions(c.t.app, &config, NULL), SAC_OK);
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        CHECK_INT(sac_app_mount(c.t.app, views[i].path, views[i].ops, NULL, NULL), SAC_OK);
    todos_serve(&c.t);
    CHECK_INT(get(&c, "/set?a=1"), 200);
    CHECK_INT(get(&c, "/read"), 200);
    check_body(&c, "{\"a\":\"1\"}");
    CHECK_INT(get(&c, "/clear"), 200);
    CHECK_INT(count(&c), 0);
    close_client(&c);
}

static void *many_requests(void *self)
{
    client *c = self;
    const char *const lines[] = {c->cookie, NULL};
    static const char *const targets[] = {"/set?a=1", "/read", "/set-on-worker?b=2",
                                          "/set?without=a", "/set?user=ann"};
    sac_loopback *own = NULL;
    sac_loopback_reply reply;

    CHECK_INT(sac_loopback_new(c->t.app, &own, NULL), 0);
    for (int i = 0; i < 100; i++) {
        const sac_loopback_request ask = SAC_LOOPBACK_REQUEST(.method = "GET",
                                                              .target = targets[i % 5],
                                                              .headers = i % 7 ? lines : NULL);

        CHECK_INT(sac_loopback_send(own, &ask, &reply, NULL), 0);
        CHECK_INT(reply.status, 200);
    }
    sac_loopback_free(own);
    return NULL;
}

static void run_threads(sac_session_kind kind)
{
    const sac_sessions config = SAC_SESSIONS(.kind = kind);
    pthread_t threads[8];
    client c;

    open_with(&c, &config);
    CHECK_INT(get(&c, "/set?keep=1&b=0"), 200);
    for (int i = 0; i < 8; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, many_requests, &c), 0);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(get(&c, "/read"), 200);
    if (kind == SAC_SESSION_STORED) {
        CHECK(todos_says(&c.t, "\"user\":\"ann\""));
        CHECK(todos_says(&c.t, "\"b\":\"2\""));
    } else { /* what a browser has not taken up is not there */
        check_body(&c, "{\"b\":\"0\"}");
    }
    close_client(&c);
}

static void test_stored__takes_many_threads(void **state)
{
    (void)state;
    run_threads(SAC_SESSION_STORED);
    run_threads(SAC_SESSION_SIGNED);
    run_threads(SAC_SESSION_ENCRYPTED);
}

static void test_stored__survives_oom(void **state)
{
    static const char *const targets[] = {"/set?a=2", "/renew?user=x", "/read", "/clear"};

    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        int good = 0;

        for (long n = 0; good < 3; n++) {
            const sac_sessions config = SAC_SESSIONS(.kind = SAC_SESSION_STORED);
            fault_alloc fault;
            client c;
            int status;

            memset(&c, 0, sizeof c);
            todos_begin(&c.t);
            c.t.config.alloc = fault_alloc_init(&fault, -1);
            c.t.config.workers = SAC_NO_WORKERS;
            todos_make(&c.t);
            CHECK_INT(sac_app_sessions(c.t.app, &config, NULL), SAC_OK);
            for (size_t j = 0; j < sizeof views / sizeof *views; j++)
                CHECK_INT(sac_app_mount(c.t.app, views[j].path, views[j].ops, NULL, NULL), SAC_OK);
            todos_serve(&c.t);
            CHECK_INT(get(&c, "/set?a=1"), 200);
            fault.once = true;
            fault.left = n;
            status = c.cookie[0] ? todos_ask_with(&c.t, "GET", targets[i], NULL, WITH(c.cookie))
                                 : 0;
            CHECK(status == 200 || status == 500 || status == 503);
            good = fault.left > 0 ? good + 1 : 0;
            fault.left = -1;
            CHECK(n < 200);
            close_client(&c);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stored__keeps_what_is_set),
        cmocka_unit_test(test_stored__keeps_no_id_that_opens_it),
        cmocka_unit_test(test_stored__refuses_ids_of_nobody),
        cmocka_unit_test(test_stored__renew_changes_the_id),
        cmocka_unit_test(test_stored__ends_when_it_idles_or_is_old),
        cmocka_unit_test(test_stored__is_over_at_its_date),
        cmocka_unit_test(test_stored__is_refreshed_once_in_a_tenth),
        cmocka_unit_test(test_stored__requests_at_once_lose_nothing),
        cmocka_unit_test(test_stored__what_was_ended_stays_so),
        cmocka_unit_test(test_stored__ends_all_others),
        cmocka_unit_test(test_stored__has_the_indexes_that_it_needs),
        cmocka_unit_test(test_stored__holds_more_than_a_cookie),
        cmocka_unit_test(test_stored__works_where_reads_wait),
        cmocka_unit_test(test_stored__takes_many_threads),
        cmocka_unit_test(test_stored__survives_oom),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SPDX-License-Identifier: MIT */
#include "bearers.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

/* ann:correct horse, bob:Ünïcode ☃ pass:word, ann:wrong horse */
#define ANN "Basic YW5uOmNvcnJlY3QgaG9yc2U="
#define BOB "Basic Ym9iOsOcbsOvY29kZSDimIMgcGFzczp3b3Jk"
#define WRONG_ANN "Basic YW5uOndyb25nIGhvcnNl"

static int open_get(void *self, sac_req *req)
{
    (void)self;
    return sac_reply_text(req, 200, "for everybody");
}

static const sac_view_ops open_view = SAC_VIEW_OPS(.name = "open", .flags = SAC_INLINE,
                                                   .get = open_get);
static const char *const fronts[] = {"https://front.example", NULL};
static const sac_cors cors = SAC_CORS(.origins = fronts);

static void basic_open_with(members *m, bool challenge)
{
    sac_err err = {.code = 0};

    members_make(m);
    if (sac_app_basic(m->t.app, NULL, challenge, &err) != SAC_OK)
        fail_msg("%s", err.text);
    bearers_mount(m);
    CHECK_INT(sac_app_mount(m->t.app, "/open", &open_view, NULL, &err), 0);
    CHECK_INT(sac_app_cors(m->t.app, &cors, &err), 0);
    members_serve(m);
    CHECK_INT(sac_account_add(m->t.app, sac_str_of("bob"),
                              sac_str_of("\xc3\x9cn\xc3\xaf"
                                         "code \xe2\x98\x83 pass:word"),
                              NULL, NULL, &err),
              0);
}

static void basic_open(members *m)
{
    members_begin(m);
    basic_open_with(m, false);
}

static void test_basic__lets_in_who_is_right(void **state)
{
    members m;

    (void)state;
    basic_open(&m);
    CHECK_INT(bearers_get(&m, "/private", ANN), 200);
    assert_string_equal(bearers_member(&m, "name"), "ann");
    assert_string_equal(bearers_member(&m, "scheme"), "basic");
    CHECK(todos_says(&m.t, "\"ambient\":true"));
    CHECK(todos_header(&m.t, "set-cookie") == NULL);
    CHECK_INT(bearers_get(&m, "/private", BOB), 200);
    assert_string_equal(bearers_member(&m, "name"), "bob");
    CHECK_INT(bearers_get(&m, "/private", "bAsIc   YW5uOmNvcnJlY3QgaG9yc2U=  "), 200);
    CHECK_INT(bearers_get(&m, "/private", "Basic QU5OOmNvcnJlY3QgaG9yc2U="), 200); /* ANN */
    CHECK_INT(bearers_get(&m, "/hello", ANN), 200);
    CHECK(todos_says(&m.t, "\"admin\":true"));
    members_close(&m);
}

static void test_basic__refuses_what_is_wrong(void **state)
{
    static const char *const bad[] = {
        WRONG_ANN,
        "Basic",
        "Basic ",
        "Basic =",
        "Basic YW5u",                     /* ann */
        "Basic OmNvcnJlY3QgaG9yc2U=",     /* :correct horse */
        "Basic YW5uOg==",                 /* ann: */
        "Basic YW5uOmNvcnJlY3QgaG9yc2U",  /* without its padding */
        "Basic YW5uOmNvcnJlY3QgaG9yc2V=", /* stray bits */
        "Basic YW5uOmNvcnJlY3Qg aG9yc2U=",
        "Basic YW5uOmNvcnJlY3QgaG9yc2U=, x",
        "Basic YW5uOmNvcnJlY3QgaG9yc2UA",     /* a NUL behind it */
        "Basic YW5uAGE6Y29ycmVjdCBob3JzZQ==", /* ann NUL a:correct horse */
        "Basic YW5uOmNvcnJlY3QgaG9yc2UK",     /* a line's end behind it */
        "Basic YW5uIDpjb3JyZWN0IGhvcnNl",     /* a blank behind the name */
        "Basic /zphYmM=",                     /* no UTF-8 */
        "Basic ZXZlOmNvcnJlY3QgaG9yc2U=",     /* eve */
        "Basic eyIkbmUiOm51bGx9OmE=",         /* {"$ne":null}:a */
    };
    members m;

    (void)state;
    members_begin(&m);
    m.accounts.max_attempts = 100;
    basic_open_with(&m, false);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (bearers_get(&m, "/private", bad[i]) != 401)
            fail_msg("taken: %s", bad[i]);
        CHECK(strstr(todos_header(&m.t, "www-authenticate"), "Basic") == NULL);
        CHECK_INT(bearers_get(&m, "/hello", bad[i]), 200);
        CHECK(todos_says(&m.t, "nobody"));
    }
    members_close(&m);
}

static void test_basic__has_a_bound_for_its_size(void **state)
{
    char credentials[8000];
    members m;

    (void)state;
    basic_open(&m);
    (void)snprintf(credentials, sizeof credentials, "Basic YW5uO%0*d", 1500, 0);
    CHECK_INT(bearers_get(&m, "/private", credentials), 401);
    (void)snprintf(credentials, sizeof credentials, "Basic YW5uO%0*d", 7000, 0);
    CHECK_INT(bearers_get(&m, "/private", credentials), 401);
    members_close(&m);
}

static void test_basic__challenges_where_it_is_asked_to(void **state)
{
    members m;

    (void)state;
    members_begin(&m);
    basic_open_with(&m, true);
    CHECK_INT(bearers_get(&m, "/private", NULL), 401);
    assert_string_equal(todos_header(&m.t, "www-authenticate"),
                        "Basic realm=\"api\", charset=\"UTF-8\"");
    CHECK_INT(bearers_get(&m, "/private", WRONG_ANN), 401);
    assert_string_equal(todos_header(&m.t, "www-authenticate"),
                        "Basic realm=\"api\", charset=\"UTF-8\"");
    members_close(&m);
}

static void test_basic__goes_before_a_cookie(void **state)
{
    members m;

    (void)state;
    basic_open(&m);
    members_login(&m);
    CHECK_INT(bearers_ask_with(&m, "GET", "/private", NULL, BOB, m.cookie), 200);
    assert_string_equal(bearers_member(&m, "name"), "bob");
    CHECK_INT(bearers_ask_with(&m, "GET", "/private", NULL, WRONG_ANN, m.cookie), 401);
    CHECK_INT(bearers_ask_with(&m, "GET", "/private", NULL, "Basic x", m.cookie), 401);
    members_close(&m);
}

/* A browser sends it unasked, once it has it. */
static void test_basic__is_judged_for_csrf(void **state)
{
    members m;

    (void)state;
    basic_open(&m);
    CHECK_INT(todos_ask_with(&m.t, "POST", "/private", NULL, WITH("Authorization: " ANN)), 200);
    CHECK_INT(todos_ask_with(&m.t, "POST", "/private", NULL,
                             WITH("Authorization: " ANN, "Sec-Fetch-Site: cross-site")),
              403);
    CHECK(todos_problem(&m.t, "csrf"));
    CHECK_INT(todos_ask_with(&m.t, "POST", "/private", NULL,
                             WITH("Authorization: " ANN, "Origin: https://evil.example")),
              403);
    CHECK_INT(todos_ask_with(&m.t, "POST", "/private", NULL,
                             WITH("Authorization: " ANN, "Sec-Fetch-Site: same-origin")),
              200);
    members_close(&m);
}

static void test_basic__forgets_with_the_password(void **state)
{
    members m;

    (void)state;
    basic_open(&m);
    CHECK_INT(bearers_get(&m, "/private", ANN), 200);
    CHECK_INT(bearers_get(&m, "/private", ANN), 200);
    CHECK_INT(sac_account_set_password(m.t.app, sac_str_of("ann"), sac_str_of("wrong horse"), NULL),
              0);
    CHECK_INT(bearers_get(&m, "/private", ANN), 401);
    CHECK_INT(bearers_get(&m, "/private", WRONG_ANN), 200);
    CHECK_INT(sac_account_disable(m.t.app, sac_str_of("ann"), true, NULL), 0);
    CHECK_INT(bearers_get(&m, "/private", WRONG_ANN), 401);
    members_close(&m);
}

static void test_basic__is_throttled_with_the_login(void **state)
{
    members m;

    (void)state;
    members_begin(&m);
    m.accounts.max_attempts = 3;
    basic_open_with(&m, false);
    CHECK_INT(bearers_get(&m, "/private", WRONG_ANN), 401);
    CHECK_INT(bearers_get(&m, "/private", WRONG_ANN), 401);
    CHECK_INT(members_json(&m, "/login", WRONG), 401);
    CHECK_INT(bearers_get(&m, "/private", WRONG_ANN), 429);
    CHECK(todos_header(&m.t, "retry-after") != NULL);
    CHECK_INT(bearers_get(&m, "/private", ANN), 429);
    CHECK_INT(bearers_get(&m, "/hello", ANN), 429);
    CHECK_INT(bearers_get(&m, "/open", ANN), 200);
    CHECK(todos_header(&m.t, "retry-after") == NULL);
    /* Other middleware stands around it, whatever the order of the calls. */
    CHECK_INT(todos_ask_with(&m.t, "GET", "/private", NULL,
                             WITH("Authorization: " ANN, "Origin: https://front.example")),
              429);
    assert_string_equal(todos_header(&m.t, "access-control-allow-origin"), "https://front.example");
    CHECK_INT(members_json(&m, "/login", RIGHT), 429);
    CHECK_INT(bearers_get(&m, "/private", BOB), 200);
    members_close(&m);
}

static double seconds(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Of cost 10, the first takes tens of milliseconds; 20 that are remembered take less. */
static void test_basic__is_remembered_for_a_while(void **state)
{
    double first, others;
    members m;

    (void)state;
    members_begin(&m);
    m.accounts.cost = 10;
    basic_open_with(&m, false);
    first = seconds();
    CHECK_INT(bearers_get(&m, "/private", ANN), 200);
    others = seconds();
    first = others - first;
    for (int i = 0; i < 20; i++)
        CHECK_INT(bearers_get(&m, "/private", ANN), 200);
    others = seconds() - others;
    CHECK(others < 20 * first / 2);
    members_close(&m);
}

typedef struct burst {
    sac_app *app;
    const char *credentials;
    atomic_int right, wrong, other;
} burst;

static void *ask_once(void *self)
{
    burst *b = self;
    const char *headers[] = {b->credentials, NULL};
    const sac_loopback_request request = SAC_LOOPBACK_REQUEST(.method = "GET", .target = "/private",
                                                              .headers = headers);
    sac_loopback *client = NULL;
    sac_loopback_reply reply;

    if (sac_loopback_new(b->app, &client, NULL) == 0 &&
        sac_loopback_send(client, &request, &reply, NULL) == 0) {
        if (reply.status == 200)
            b->right++;
        else if (reply.status == 401)
            b->wrong++;
        else
            b->other++;
    }
    sac_loopback_free(client);
    return NULL;
}

/* One password is verified once for all that ask at the same time, and counts as one attempt. */
static void test_basic__verifies_one_password_once(void **state)
{
    enum { N = 16 };
    pthread_t threads[N];
    burst b = {.credentials = "Authorization: " ANN};
    members m;

    (void)state;
    members_begin(&m);
    m.accounts.cost = 9;
    m.accounts.max_attempts = 3;
    basic_open_with(&m, false);
    b.app = m.t.app;
    for (int i = 0; i < N; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, ask_once, &b), 0);
    for (int i = 0; i < N; i++)
        (void)pthread_join(threads[i], NULL);
    CHECK_INT(b.right, N);
    CHECK_INT(b.wrong + b.other, 0);
    b.credentials = "Authorization: " WRONG_ANN;
    b.right = 0;
    for (int i = 0; i < N; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, ask_once, &b), 0);
    for (int i = 0; i < N; i++)
        (void)pthread_join(threads[i], NULL);
    CHECK_INT(b.right, 0);
    CHECK_INT(b.wrong + b.other, N);
    CHECK(b.wrong > 0);
    members_close(&m);
}

static void check_config(members *m, const char *realm, int code)
{
    sac_err err = {.code = 0};

    CHECK_INT(sac_app_basic(m->t.app, realm, true, &err), code);
    CHECK_INT(err.code, code);
}

static void test_basic__config_is_looked_at(void **state)
{
    char long_realm[80];
    members m;

    (void)state;
    memset(long_realm, 'x', sizeof long_realm - 1);
    long_realm[sizeof long_realm - 1] = '\0';
    members_begin(&m);
    todos_make(&m.t);
    check_config(&m, NULL, SAC_EINVAL);
    sac_app_free(m.t.app);
    members_make(&m);
    check_config(&m, "a\"b", SAC_EINVAL);
    check_config(&m, "a\\b", SAC_EINVAL);
    check_config(&m, "a\r\nb", SAC_EINVAL);
    check_config(&m, long_realm, SAC_EINVAL);
    CHECK_INT(sac_app_basic(m.t.app, "my api", true, NULL), 0);
    check_config(&m, NULL, SAC_EEXIST);
    bearers_mount(&m);
    members_serve(&m);
    CHECK_INT(bearers_get(&m, "/private", NULL), 401);
    assert_string_equal(todos_header(&m.t, "www-authenticate"),
                        "Basic realm=\"my api\", charset=\"UTF-8\"");
    members_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_basic__lets_in_who_is_right),
        cmocka_unit_test(test_basic__refuses_what_is_wrong),
        cmocka_unit_test(test_basic__has_a_bound_for_its_size),
        cmocka_unit_test(test_basic__challenges_where_it_is_asked_to),
        cmocka_unit_test(test_basic__goes_before_a_cookie),
        cmocka_unit_test(test_basic__is_judged_for_csrf),
        cmocka_unit_test(test_basic__forgets_with_the_password),
        cmocka_unit_test(test_basic__is_throttled_with_the_login),
        cmocka_unit_test(test_basic__is_remembered_for_a_while),
        cmocka_unit_test(test_basic__verifies_one_password_once),
        cmocka_unit_test(test_basic__config_is_looked_at),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

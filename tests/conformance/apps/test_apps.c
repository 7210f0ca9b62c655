/* SPDX-License-Identifier: MIT */
/*
 * Two apps in one process, used at the same time by a thread each: their
 * tables are the same objects, all else is their own.
 */
#include "host/hosts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sacrum/host/loopback.h>
#include <sacrum/resource.h>
#include <sacrum/store/lmdb.h>

enum { ROUNDS = 100, SMALL_BODY = 1000 };

typedef struct party {
    const char *name, *other;
    char database[160], origin[32];
    sac_app *app;
    sac_loopback *client;
    sac_loopback_reply reply;
    atomic_int logged;  /* lines of its own */
    atomic_int foreign; /* lines of the other's */
    void *server;
    unsigned port;
    int wrong; /* answers, of its thread */
} party;

typedef struct pair {
    char folder[128];
    party anna, bert;
} pair;

/* What the app is, and whom the view was mounted for. */
static int who_get(void *self, sac_req *req)
{
    const party *of = sac_req_state(req);
    const party *mounted = self;
    const sac_str origin = sac_req_origin(req);
    char text[160];

    snprintf(text, sizeof text, "%s %s %.*s", of->name, mounted->name, (int)origin.n, origin.p);
    sac_req_log(req, SAC_LOG_INFO, "asked %s", mounted->name);
    return sac_reply_text(req, 200, text);
}
static const sac_view_ops who = SAC_VIEW_OPS(.name = "who", .get = who_get);

static const sac_field note_fields[] = {
    {.name = "text", .type = SAC_STRING, .required = true},
    {.name = NULL},
};
static const sac_resource notes = SAC_RESOURCE(.name = "notes", .fields = note_fields);

static void party_log(void *self, sac_log_level level, sac_str line)
{
    party *p = self;

    (void)level;
    if (memmem(line.p, line.n, p->name, strlen(p->name)))
        atomic_fetch_add(&p->logged, 1);
    if (memmem(line.p, line.n, p->other, strlen(p->other)))
        atomic_fetch_add(&p->foreign, 1);
}

static void party_make(party *p, const char *secret, size_t max_body)
{
    char path[32];
    const sac_app_config config = SAC_APP_CONFIG(.database = p->database, .stores = {sac_lmdb},
                                                 .origin = p->origin, .secret = secret, .state = p,
                                                 .workers = 2, .max_body = max_body,
                                                 .log = party_log, .log_self = p,
                                                 .log_level = SAC_LOG_DEBUG);
    sac_err err = {.code = 0};
    int rc;

    snprintf(path, sizeof path, "/only-%s", p->name);
    snprintf(p->origin, sizeof p->origin, "http://%s.example", p->name);
    rc = sac_app_new(&config, &p->app, &err);
    if (rc == SAC_OK)
        rc = sac_app_mount(p->app, "/who", &who, p, &err);
    if (rc == SAC_OK)
        rc = sac_app_mount(p->app, path, &who, p, &err);
    if (rc == SAC_OK)
        rc = sac_app_resource(p->app, "/notes", &notes, &err);
    if (rc != SAC_OK)
        fail_msg("%s: %s", p->name, err.text);
}

/* `same`: on one file. */
static void pair_open(pair *two, bool same)
{
    const char *tmp = getenv("TMPDIR");

    memset(two, 0, sizeof *two);
    snprintf(two->folder, sizeof two->folder, "%.90s/sacrum-apps-XXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(two->folder));
    two->anna.name = two->bert.other = "anna";
    two->bert.name = two->anna.other = "bert";
    snprintf(two->anna.database, sizeof two->anna.database, "lmdb:%s/one.db", two->folder);
    snprintf(two->bert.database, sizeof two->bert.database, "lmdb:%s/%s.db", two->folder,
             same ? "one" : "two");
    party_make(&two->anna, "the secret of the first", SMALL_BODY);
    party_make(&two->bert, "the secret of the second", 0);
}

static void party_client(party *p)
{
    sac_err err = {.code = 0};

    if (sac_loopback_new(p->app, &p->client, &err) != SAC_OK)
        fail_msg("%s: %s", p->name, err.text);
}

static void party_free(party *p)
{
    sac_loopback_free(p->client);
    sac_app_free(p->app);
    p->client = NULL;
    p->app = NULL;
}

static void pair_close(pair *two)
{
    static const char *const files[] = {"one.db", "one.db-lock", "two.db", "two.db-lock"};
    char path[160];

    party_free(&two->anna);
    party_free(&two->bert);
    CHECK_INT(two->anna.foreign, 0);
    CHECK_INT(two->bert.foreign, 0);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", two->folder, files[i]);
        unlink(path);
    }
    CHECK_INT(rmdir(two->folder), 0);
}

/* Of threads, too: no CHECK. */
static bool gets(party *p, const char *method, const char *target, const char *json, int status)
{
    return sac_loopback_json(p->client, method, target, json, &p->reply) == SAC_OK &&
           p->reply.status == status;
}

static bool is_itself(const party *p, const char *text, size_t n)
{
    char want[80];

    snprintf(want, sizeof want, "%s %s http://%s.example", p->name, p->name, p->name);
    return n == strlen(want) && memcmp(text, want, n) == 0;
}

static void *ask_rounds(void *self)
{
    char json[64], own[32], others[32];
    party *p = self;

    snprintf(json, sizeof json, "{\"text\": \"of %s\"}", p->name);
    snprintf(own, sizeof own, "/only-%s", p->name);
    snprintf(others, sizeof others, "/only-%s", p->other);
    for (int i = 0; i < ROUNDS; i++) {
        if (!gets(p, "GET", "/who", NULL, 200) || !is_itself(p, p->reply.body.p, p->reply.body.n))
            p->wrong++;
        if (!gets(p, "POST", "/notes", json, 201) || !gets(p, "GET", own, NULL, 200) ||
            !gets(p, "GET", others, NULL, 404))
            p->wrong++;
    }
    return NULL;
}

static void run_both(pair *two, void *(*run)(void *self))
{
    pthread_t threads[2];

    CHECK_INT(pthread_create(&threads[0], NULL, run, &two->anna), 0);
    CHECK_INT(pthread_create(&threads[1], NULL, run, &two->bert), 0);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    CHECK_INT(two->anna.wrong, 0);
    CHECK_INT(two->bert.wrong, 0);
}

/* How often the list of all notes says a text. */
static int count_notes(party *p, const char *text)
{
    const char *at, *end;
    int n = 0;

    CHECK(gets(p, "GET", "/notes", NULL, 200));
    at = p->reply.body.p;
    end = at + p->reply.body.n;
    while ((at = memmem(at, (size_t)(end - at), text, strlen(text)))) {
        at++;
        n++;
    }
    return n;
}

static void test_apps__know_nothing_of_each_other(void **state)
{
    pair two;

    (void)state;
    pair_open(&two, false);
    party_client(&two.anna);
    party_client(&two.bert);
    run_both(&two, ask_rounds);
    CHECK_INT(count_notes(&two.anna, "of anna"), ROUNDS);
    CHECK_INT(count_notes(&two.anna, "of bert"), 0);
    CHECK_INT(count_notes(&two.bert, "of bert"), ROUNDS);
    CHECK_INT(count_notes(&two.bert, "of anna"), 0);
    CHECK(two.anna.logged >= ROUNDS && two.bert.logged >= ROUNDS);
    pair_close(&two);
}

static void test_apps__have_limits_of_their_own(void **state)
{
    char large[SMALL_BODY + 64];
    pair two;

    (void)state;
    pair_open(&two, false);
    party_client(&two.anna);
    party_client(&two.bert);
    snprintf(large, sizeof large, "{\"text\": \"%0*d\"}", SMALL_BODY, 0);
    CHECK(gets(&two.anna, "POST", "/notes", large, 413));
    CHECK(gets(&two.bert, "POST", "/notes", large, 201));
    pair_close(&two);
}

static void test_apps__do_not_open_the_others_cursors(void **state)
{
    char target[1024];
    sac_str link;
    pair two;

    (void)state;
    pair_open(&two, true);
    party_client(&two.anna);
    party_client(&two.bert);
    for (int i = 0; i < 3; i++)
        CHECK(gets(&two.anna, "POST", "/notes", "{\"text\": \"x\"}", 201));
    CHECK(gets(&two.anna, "GET", "/notes?per_page=1", NULL, 200));
    link = sac_loopback_header(&two.anna.reply, "link");
    link.p = memmem(link.p, link.n, "cursor=", 7);
    assert_non_null(link.p);
    snprintf(target, sizeof target, "/notes?%.*s", (int)strcspn(link.p, "&>"), link.p);
    CHECK(gets(&two.anna, "GET", target, NULL, 200));
    CHECK(gets(&two.bert, "GET", target, NULL, 400));
    pair_close(&two);
}

static void test_apps__share_one_file(void **state)
{
    pair two;

    (void)state;
    pair_open(&two, true);
    party_client(&two.anna);
    party_client(&two.bert);
    run_both(&two, ask_rounds);
    CHECK_INT(count_notes(&two.anna, "of bert"), ROUNDS);
    CHECK_INT(count_notes(&two.bert, "of anna"), ROUNDS);
    party_free(&two.anna); /* it opened the environment */
    CHECK(gets(&two.bert, "POST", "/notes", "{\"text\": \"of bert\"}", 201));
    CHECK_INT(count_notes(&two.bert, "of bert"), ROUNDS + 1);
    CHECK_INT(count_notes(&two.bert, "of anna"), ROUNDS);
    pair_close(&two);
}

static void *ask_server(void *self)
{
    static const char request[] = "GET /who HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    party *p = self;

    for (int i = 0; i < ROUNDS; i++) {
        wire_reply reply;
        const bool right = wire_ask(p->port, request, &reply) && reply.status == 200 &&
                           is_itself(p, reply.body, reply.n);

        p->wrong += !right;
        wire_reply_fini(&reply);
    }
    return NULL;
}

static void serve_on(const socket_host *first, const socket_host *second)
{
    const socket_limits limits = {0};
    pair two;

    pair_open(&two, false);
    two.anna.server = first->open(two.anna.app, &limits, &two.anna.port);
    two.bert.server = second->open(two.bert.app, &limits, &two.bert.port);
    CHECK(two.anna.port != two.bert.port);
    run_both(&two, ask_server);
    first->close(two.anna.server);
    party_free(&two.anna);
    ask_server(&two.bert);
    CHECK_INT(two.bert.wrong, 0);
    second->close(two.bert.server);
    pair_close(&two);
}

static void test_apps__are_served_beside_each_other(void **state)
{
    (void)state;
    if (n_socket_hosts == 0)
        skip();
    for (size_t i = 0; i < n_socket_hosts; i++) {
        for (size_t k = 0; k < n_socket_hosts; k++)
            serve_on(socket_hosts[i], socket_hosts[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apps__know_nothing_of_each_other),
        cmocka_unit_test(test_apps__have_limits_of_their_own),
        cmocka_unit_test(test_apps__do_not_open_the_others_cursors),
        cmocka_unit_test(test_apps__share_one_file),
        cmocka_unit_test(test_apps__are_served_beside_each_other),
    };

    return cmocka_run_group_tests_name("apps", tests, NULL, NULL);
}

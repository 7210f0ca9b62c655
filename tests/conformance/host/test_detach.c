/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "program.h"

/* Taking an app off a server that goes on. */

typedef struct fixture {
    site site;
    program program;
    sac_libevent *host;
} fixture;

static int setup(void **state)
{
    const sac_libevent_config config = SAC_LIBEVENT_CONFIG(.prefix = "/api", .other = program_other,
                                                           .stop_timeout = 1);
    fixture *f = calloc(1, sizeof *f);

    site_begin(&f->site);
    site_make(&f->site);
    program_open(&f->program);
    f->host = program_attach(&f->program, f->site.app, &config);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;

    program_close(&f->program);
    site_close(&f->site);
    free(f);
    return 0;
}

/* The program serves as it did before. */
static void check_gone(fixture *f)
{
    wire_reply got;

    CHECK_INT(program_get(&f->program, "/own"), 200);
    CHECK_INT(program_ask(&f->program, "GET /api/hello HTTP/1.1\r\nHost: a\r\n\r\n", &got), 200);
    assert_string_equal(got.body, "other");
    wire_reply_fini(&got);
}

static void test_detach__is_at_once_when_all_is_quiet(void **state)
{
    fixture *f = *state;
    int idle = wire_connect(f->program.port, 0);
    const double begin = now_s();

    CHECK_INT(program_get(&f->program, "/api/hello"), 200);
    program_detach(&f->program, f->host);
    CHECK(site_wait(&f->program.done, 1));
    CHECK(now_s() - begin < 0.5);
    check_gone(f);
    close(idle);
}

static void test_detach__finishes_what_is_in_flight(void **state)
{
    static const char *const targets[] = {"/api/sleep?ms=500", "/api/park?ms=600",
                                          "/api/stream?n=60000&park=1&piece=1000",
                                          "/api/stream?n=60000&park=1&piece=1000&worker=1"};
    fixture *f = *state;
    int fds[4];

    for (int i = 0; i < 4; i++)
        fds[i] = program_begin(&f->program, targets[i]);
    CHECK(site_wait(&f->site.begun, 4));
    program_detach(&f->program, f->host);
    CHECK_INT(atomic_load(&f->program.done), 0);
    CHECK_INT(program_get(&f->program, "/api/hello"), 503);
    CHECK_INT(program_get(&f->program, "/own"), 200);
    CHECK_INT(program_get(&f->program, "/elsewhere"), 200);
    for (int i = 0; i < 4; i++)
        CHECK_INT(program_end(fds[i]), 200);
    CHECK(site_wait(&f->program.done, 1));
    check_gone(f);
    CHECK_INT(atomic_load(&f->program.done), 1);
}

static void test_detach__gives_up_after_its_time(void **state)
{
    fixture *f = *state;
    int kept = program_begin(&f->program, "/api/keep");
    int asleep = program_begin(&f->program, "/api/sleep?ms=2500");
    int stalled = wire_connect(f->program.port, 4096);
    double begin;

    CHECK(wire_print(stalled, "GET /api/stream?n=1000000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(site_wait(&f->site.begun, 3));
    begin = now_s();
    program_detach(&f->program, f->host);
    CHECK(site_wait(&f->program.done, 1));
    CHECK(now_s() - begin > 0.9 && now_s() - begin < 2);
    CHECK_INT(program_end(kept), 503);
    CHECK_INT(program_end(asleep), 503);
    CHECK_INT(program_end(stalled), 0);
    check_gone(f);
    site_redeem(&f->site);
    CHECK(site_wait(&f->site.live, 0));
}

typedef struct client {
    program *p;
    pthread_t thread;
    int answered, refused, other, dropped;
} client;

static atomic_bool over;

static void *hammer(void *self)
{
    client *c = self;
    int fd = -1;

    while (!atomic_load(&over)) {
        char connection[32] = "";
        wire_reply got = {.status = 0};

        if (fd < 0)
            fd = wire_connect(c->p->port, 0);
        if (!wire_print(fd, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n",
                        c->answered % 3 ? "/api/hello" : "/api/worker") ||
            !wire_read(fd, false, &got) || got.cut) {
            c->dropped++;
            break;
        }
        c->refused += got.status == 503;
        c->other += got.status == 200 && strcmp(got.body, "other") == 0;
        c->answered += got.status == 200 && strcmp(got.body, "hello") == 0;
        (void)wire_header(&got, "Connection", connection, sizeof connection);
        wire_reply_fini(&got);
        if (strcmp(connection, "close") == 0) {
            close(fd);
            fd = -1;
        }
    }
    close(fd);
    return NULL;
}

static void test_detach__drops_nothing_under_load(void **state)
{
    enum { CLIENTS = 8 };
    fixture *f = *state;
    client clients[CLIENTS] = {{NULL, 0, 0, 0, 0, 0}};
    int answered = 0, other = 0, dropped = 0;

    atomic_store(&over, false);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i].p = &f->program;
        CHECK(pthread_create(&clients[i].thread, NULL, hammer, &clients[i]) == 0);
    }
    sleep_ms(200);
    program_detach(&f->program, f->host);
    CHECK(site_wait(&f->program.done, 1));
    sleep_ms(100);
    atomic_store(&over, true);
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        answered += clients[i].answered;
        other += clients[i].other;
        dropped += clients[i].dropped;
    }
    CHECK(answered > CLIENTS && other > 0);
    CHECK_INT(dropped, 0);
}

static void free_app(void *self)
{
    fixture *f = self;

    sac_app_free(f->site.app);
    f->site.app = NULL;
    atomic_fetch_add(&f->program.done, 1);
}

static void detach_and_free(void *self)
{
    fixture *f = self;

    sac_libevent_detach(f->host, free_app, f);
}

static void test_detach__lets_the_app_go(void **state)
{
    fixture *f = *state;
    int fd = program_begin(&f->program, "/api/sleep?ms=200");

    CHECK(site_wait(&f->site.working, 1));
    program_call(&f->program, detach_and_free, f);
    CHECK_INT(program_end(fd), 200);
    CHECK(site_wait(&f->program.done, 1));
    check_gone(f);
}

static void test_detach__is_cut_short_by_free(void **state)
{
    fixture *f = *state;
    int fd = program_begin(&f->program, "/api/keep");

    CHECK(site_wait(&f->site.begun, 1));
    program_detach(&f->program, f->host);
    program_free(&f->program, f->host);
    CHECK_INT(program_end(fd), 0);
    check_gone(f);
    CHECK_INT(atomic_load(&f->program.done), 0);
    site_redeem(&f->site);
}

static void test_free__cuts_what_is_in_flight(void **state)
{
    static const char *const targets[] = {
        "/api/keep", "/api/sleep?ms=300", "/api/stream?n=1000000000",
        "/api/stream?n=1000000000&worker=1", "/api/stream?n=1000000&park=1&piece=1000"};
    fixture *f = *state;
    int fds[5];
    double begin;

    for (int i = 0; i < 5; i++)
        fds[i] = program_begin(&f->program, targets[i]);
    CHECK(site_wait(&f->site.begun, 5));
    CHECK(site_wait(&f->site.streams, 3));
    begin = now_s();
    program_free(&f->program, f->host);
    CHECK(now_s() - begin < 0.2);
    for (int i = 0; i < 5; i++)
        CHECK_INT(program_end(fds[i]), 0);
    check_gone(f);
    site_redeem(&f->site);
    CHECK(site_wait(&f->site.live, 0));
}

/* Again and again, while requests come. */
static void test_free__meets_requests(void **state)
{
    const sac_libevent_config config = SAC_LIBEVENT_CONFIG(.prefix = "/api");
    enum { CLIENTS = 4, ROUNDS = 20 };
    client clients[CLIENTS] = {{NULL, 0, 0, 0, 0, 0}};
    fixture *f = *state;

    for (int round = 0; round < ROUNDS; round++) {
        atomic_store(&over, false);
        for (int i = 0; i < CLIENTS; i++) {
            clients[i].p = &f->program;
            CHECK(pthread_create(&clients[i].thread, NULL, hammer, &clients[i]) == 0);
        }
        sleep_ms(20);
        program_free(&f->program, f->host);
        atomic_store(&over, true);
        for (int i = 0; i < CLIENTS; i++)
            pthread_join(clients[i].thread, NULL);
        f->host = program_attach(&f->program, f->site.app, &config);
    }
    CHECK_INT(program_get(&f->program, "/api/worker"), 200);
    program_free(&f->program, f->host);
}

/* Before it listens anywhere an evhttp does not tell its loop. */
static void test_detach__works_before_there_is_a_socket(void **state)
{
    struct event_base *base = event_base_new();
    struct evhttp *http = evhttp_new(base);
    sac_libevent *attached = NULL;
    fixture *f = *state;
    sac_err err = {.code = 0};

    for (int i = 0; i < 2; i++) {
        CHECK_INT(sac_libevent_attach(f->site.app, http, NULL, &attached, &err), SAC_OK);
        if (i == 0) {
            sac_libevent_detach(attached, NULL, NULL);
            continue;
        }
        evhttp_bind_socket(http, "127.0.0.1", 0);
        event_base_loop(base, EVLOOP_NONBLOCK);
        sac_libevent_free(attached);
    }
    sac_libevent_free(NULL);
    evhttp_free(http);
    event_base_free(base);
    program_free(&f->program, f->host);
}

#define CASE(name)                                \
    {                                             \
#name, test_##name, setup, teardown, NULL \
    }
int main(void)
{
    static const struct CMUnitTest cases[] = {
        CASE(detach__is_at_once_when_all_is_quiet),
        CASE(detach__finishes_what_is_in_flight),
        CASE(detach__gives_up_after_its_time),
        CASE(detach__drops_nothing_under_load),
        CASE(detach__lets_the_app_go),
        CASE(detach__is_cut_short_by_free),
        CASE(detach__works_before_there_is_a_socket),
        CASE(free__cuts_what_is_in_flight),
        CASE(free__meets_requests),
    };

    return cmocka_run_group_tests(cases, NULL, NULL);
}

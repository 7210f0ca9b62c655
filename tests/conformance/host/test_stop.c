/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hosts.h"

/* A graceful stop: what is in flight is finished, and nothing waits for ever. */

static int setup_with(void **state, unsigned threads)
{
    const socket_limits limits = {.stop_timeout = 1, .threads = threads};
    served *s = calloc(1, sizeof *s);

    served_open(s, *state, &limits);
    *state = s;
    return 0;
}

static int setup(void **state)
{
    return setup_with(state, 1);
}

static int setup_threads(void **state)
{
    return setup_with(state, 3);
}

static int teardown(void **state)
{
    served *s = *state;

    served_close(s);
    free(s);
    return 0;
}

static int begin_get(served *s, const char *target)
{
    int fd = wire_connect(s->port, 0);

    CHECK(fd >= 0);
    CHECK(wire_print(fd, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", target));
    return fd;
}

/* The status of a whole answer; 0: none, or cut. */
static int end_get(int fd)
{
    wire_reply got;
    int status = wire_read(fd, false, &got) && !got.cut ? got.status : 0;

    wire_reply_fini(&got);
    close(fd);
    return status;
}

static double time_stop(served *s)
{
    const double begin = now_s();

    served_stop(s);
    return now_s() - begin;
}

static void check_below(double value, double limit)
{
    if (value > limit)
        fail_msg("%.2f s is more than %.2f s", value, limit);
}

static void test_stop__finishes_what_is_in_flight(void **state)
{
    static const char *const targets[] = {"/sleep?ms=300",
                                          "/sleep?ms=500",
                                          "/park?ms=300",
                                          "/park?ms=600",
                                          "/stream?n=90000&park=1&piece=1000",
                                          "/stream?n=60000&park=1&piece=1000&worker=1"};
    served *s = *state;
    int fds[6];

    for (int i = 0; i < 6; i++)
        fds[i] = begin_get(s, targets[i]);
    CHECK(site_wait(&s->site.begun, 6));
    check_below(time_stop(s), 1.4);
    for (int i = 0; i < 6; i++)
        CHECK_INT(end_get(fds[i]), 200);
    CHECK(wire_connect(s->port, 0) < 0);
}

typedef struct client {
    served *s;
    pthread_t thread;
    bool keeps; /* its connection */
    int answered, dropped;
} client;

static atomic_bool over;

/* Asks again and again, until it is told that the connection ends or is not let in. */
static void *hammer(void *self)
{
    client *c = self;
    int fd = -1;

    while (!atomic_load(&over)) {
        char connection[32] = "";
        wire_reply got;

        if (fd < 0)
            fd = wire_connect(c->s->port, 0);
        if (fd < 0)
            break;
        if (!wire_print(fd, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n",
                        c->answered % 3 ? "/hello" : "/worker") ||
            !wire_read(fd, false, &got) || got.cut || got.status != 200) {
            c->dropped++;
            break;
        }
        c->answered++;
        (void)wire_header(&got, "Connection", connection, sizeof connection);
        wire_reply_fini(&got);
        if (!c->keeps || strcmp(connection, "close") == 0) {
            close(fd);
            fd = -1;
        }
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

static void test_stop__drops_nothing_under_load(void **state)
{
    enum { CLIENTS = 12 };
    served *s = *state;
    client clients[CLIENTS] = {{NULL, 0, false, 0, 0}};
    int answered = 0, dropped = 0;

    atomic_store(&over, false);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i].s = s;
        clients[i].keeps = i % 4 != 0;
        CHECK(pthread_create(&clients[i].thread, NULL, hammer, &clients[i]) == 0);
    }
    sleep_ms(300);
    check_below(time_stop(s), 1.5);
    atomic_store(&over, true);
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        answered += clients[i].answered;
        dropped += clients[i].dropped;
    }
    CHECK(answered > CLIENTS);
    CHECK_INT(dropped, 0);
}

static void *stop_it(void *self)
{
    served_stop(self);
    return NULL;
}

static void test_stop__refuses_who_comes_meanwhile(void **state)
{
    served *s = *state;
    int fd = begin_get(s, "/sleep?ms=600");
    int other = wire_connect(s->port, 0);
    const unsigned port = s->port;
    pthread_t thread;
    wire_reply got;
    char value[32] = "";

    CHECK(site_wait(&s->site.working, 1));
    CHECK(pthread_create(&thread, NULL, stop_it, s) == 0);
    sleep_ms(200);
    CHECK(wire_connect(port, 0) < 0);
    /* One that was connected is still answered, and told. */
    CHECK(wire_print(other, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(wire_read(other, false, &got));
    CHECK_INT(got.status, 200);
    CHECK(wire_header(&got, "Connection", value, sizeof value));
    assert_string_equal(value, "close");
    wire_reply_fini(&got);
    close(other);
    CHECK_INT(end_get(fd), 200);
    pthread_join(thread, NULL);
}

static void test_stop__is_immediate_with_idle_connections(void **state)
{
    enum { IDLE = 20 };
    served *s = *state;
    int fds[IDLE];

    for (int i = 0; i < IDLE; i++) {
        wire_reply got;

        fds[i] = i % 4 == 0 ? wire_connect(s->port, 0) : begin_get(s, "/hello");
        if (i % 4 == 0)
            continue;
        CHECK(wire_read(fds[i], false, &got));
        wire_reply_fini(&got);
        if (i % 4 == 1)
            CHECK(wire_print(fds[i], "GET /hello HT"));
    }
    sleep_ms(200);
    check_below(time_stop(s), 0.3);
    for (int i = 0; i < IDLE; i++)
        close(fds[i]);
}

/* Tickets that are redeemed when the server is long gone. */
static void test_stop__gives_up_on_parked_requests(void **state)
{
    enum { PARKED = 40 };
    served *s = *state;
    int fds[PARKED];

    for (int i = 0; i < PARKED; i++)
        fds[i] = begin_get(s, "/keep");
    CHECK(site_wait(&s->site.begun, PARKED));
    check_below(time_stop(s), 2);
    for (int i = 0; i < PARKED; i++)
        CHECK_INT(end_get(fds[i]), 503);
    CHECK_INT(site_parked(&s->site), PARKED);
    site_redeem(&s->site);
    CHECK(site_wait(&s->site.live, 0));
}

/* Tickets that are redeemed while the server stops. */
static void test_stop__meets_late_tickets(void **state)
{
    enum { PARKED = 60 };
    served *s = *state;
    int fds[PARKED];
    pthread_t thread;
    int good = 0;

    for (int i = 0; i < PARKED; i++)
        fds[i] = begin_get(s, i % 2 ? "/keep" : i % 4 ? "/park?ms=1200" : "/park?ms=990");
    CHECK(site_wait(&s->site.begun, PARKED));
    CHECK(pthread_create(&thread, NULL, stop_it, s) == 0);
    sleep_ms(995);
    site_redeem(&s->site);
    pthread_join(thread, NULL);
    for (int i = 0; i < PARKED; i++) {
        int status = end_get(fds[i]);

        CHECK(status == 200 || status == 503);
        good += status == 200;
    }
    CHECK(good > 0);
    CHECK(site_wait(&s->site.live, 0));
}

static void test_stop__gives_up_on_what_hangs(void **state)
{
    static char body[300000];
    served *s = *state;
    int working = begin_get(s, "/sleep?ms=2600");
    int late = wire_connect(s->port, 0);
    int stalled = wire_connect(s->port, 4096), piped = wire_connect(s->port, 4096);
    int sending = wire_connect(s->port, 0), half = wire_connect(s->port, 0);

    CHECK(wire_print(late, "GET /late/some%%20thing?ms=2200&a=b+c HTTP/1.1\r\nHost: a\r\n"
                           "X-Echo: a value\r\n\r\n"));
    CHECK(wire_print(stalled, "GET /stream?n=1000000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(wire_print(piped, "GET /stream?n=1000000000&worker=1 HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(wire_print(sending, "POST /upload?ms=300 HTTP/1.1\r\nHost: a\r\n"
                              "Content-Length: 900000\r\n\r\n"));
    CHECK(wire_send(sending, body, sizeof body));
    CHECK(wire_print(half, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nfive"));
    sleep_ms(100);
    check_below(time_stop(s), 2);
    CHECK_INT(end_get(working), 503);
    CHECK_INT(end_get(late), 503);
    close(stalled);
    close(piped);
    close(sending);
    close(half);
    CHECK(site_wait(&s->site.live, 0));
    CHECK_INT(atomic_load(&s->site.intact), 1);
}

static void test_stop__comes_right_after_start(void **state)
{
    served *s = *state;
    const socket_limits limits = {.stop_timeout = 1};

    for (int i = 0; i < 5; i++) {
        served_stop(s);
        s->server = s->host->open(s->site.app, &limits, &s->port);
        if (i % 2)
            CHECK_INT(served_get(s, "/hello"), 200);
    }
}

static void test_stop__of_one_server_leaves_the_other(void **state)
{
    served *s = *state;
    const socket_limits limits = {.stop_timeout = 1};
    unsigned port = s->port;
    void *second = s->host->open(s->site.app, &limits, &s->port);

    CHECK(s->port != port);
    CHECK_INT(served_get(s, "/worker"), 200);
    served_stop(s);
    s->server = second;
    CHECK_INT(served_get(s, "/worker"), 200);
}

#define CASE(name)                                      \
    {                                                   \
#name, test_stop__##name, setup, teardown, NULL \
    }
#define THREADS(name)                                                        \
    {                                                                        \
#name " (3 loops)", test_stop__##name, setup_threads, teardown, NULL \
    }
int main(void)
{
    static const struct CMUnitTest cases[] = {
        CASE(finishes_what_is_in_flight),     CASE(drops_nothing_under_load),
        CASE(refuses_who_comes_meanwhile),    CASE(is_immediate_with_idle_connections),
        CASE(gives_up_on_parked_requests),    CASE(meets_late_tickets),
        CASE(gives_up_on_what_hangs),         CASE(comes_right_after_start),
        CASE(of_one_server_leaves_the_other), THREADS(finishes_what_is_in_flight),
        THREADS(drops_nothing_under_load),    THREADS(refuses_who_comes_meanwhile),
        THREADS(gives_up_on_parked_requests), THREADS(meets_late_tickets),
        THREADS(gives_up_on_what_hangs),
    };

    return run_on_socket_hosts(cases, sizeof cases / sizeof *cases);
}

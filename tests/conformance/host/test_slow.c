/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hosts.h"

/* Clients that take their time, and the bounds that keep them from hurting others. */

static int setup_with(void **state, const socket_limits *limits)
{
    served *s = calloc(1, sizeof *s);

    served_open(s, *state, limits);
    *state = s;
    return 0;
}

static int setup(void **state)
{
    const socket_limits limits = {.header_timeout = 1, .idle_timeout = 2, .min_body_rate = 2000};

    return setup_with(state, &limits);
}

static int setup_demanding(void **state)
{
    const socket_limits limits = {.header_timeout = 1, .idle_timeout = 2, .min_body_rate = 500000};

    return setup_with(state, &limits);
}

static int setup_patient(void **state)
{
    const socket_limits limits = {.stop_timeout = 1};

    return setup_with(state, &limits);
}

static int setup_few(void **state)
{
    const socket_limits limits = {.max_connections = 4};

    return setup_with(state, &limits);
}

static int setup_per_ip(void **state)
{
    const socket_limits limits = {.max_connections_per_ip = 3};

    return setup_with(state, &limits);
}

static int teardown(void **state)
{
    served *s = *state;

    served_close(s);
    free(s);
    return 0;
}

/* Seconds until the connection is closed, while a byte is sent each so often; 0: it is not. */
static double time_to_close(int fd, unsigned every_ms, double limit)
{
    const double begin = now_s();

    while (now_s() - begin < limit) {
        (void)send(fd, "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (wire_closed(fd, (int)every_ms))
            return now_s() - begin;
    }
    return 0;
}

static void check_between(double low, double value, double high)
{
    if (value < low || value > high)
        fail_msg("%.2f is not between %.2f and %.2f", value, low, high);
}

static void test_slow__heads_are_cut(void **state)
{
    static const char *const begun[] = {"", "GET /", "GET /hello HTTP/1.1\r\nHo",
                                        "GET /hello HTTP/1.1\r\nHost: a\r\nX: "};
    served *s = *state;

    for (size_t i = 0; i < 4; i++) {
        int fd = wire_connect(s->port, 0);

        CHECK(wire_print(fd, "%s", begun[i]));
        check_between(0.9, time_to_close(fd, 100, 6), 2.5);
        close(fd);
    }
    served_check(s);
}

static void test_slow__heads_on_a_used_connection_are_cut(void **state)
{
    served *s = *state;
    int fd = wire_connect(s->port, 0);
    wire_reply got;

    CHECK(wire_print(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(wire_read(fd, false, &got));
    wire_reply_fini(&got);
    CHECK(wire_print(fd, "GET /hello HTTP/1.1\r\nX: "));
    check_between(0.9, time_to_close(fd, 100, 6), 2.5);
    close(fd);
    served_check(s);
}

static void test_slow__bodies_are_cut(void **state)
{
    static const char *const targets[] = {"/echo", "/upload"};
    served *s = *state;

    for (size_t i = 0; i < 2; i++) {
        int fd = wire_connect(s->port, 0);

        CHECK(wire_print(fd, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n",
                         targets[i]));
        check_between(1.5, time_to_close(fd, 50, 8), 4);
        close(fd);
    }
    served_check(s);
}

static void test_slow__fair_bodies_are_not_cut(void **state)
{
    static const char *const targets[] = {"/echo", "/upload"};
    served *s = *state;
    char piece[400];
    int fds[2];

    memset(piece, 'x', sizeof piece);
    for (size_t i = 0; i < 2; i++) {
        fds[i] = wire_connect(s->port, 0);
        CHECK(wire_print(fds[i], "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 16000\r\n\r\n",
                         targets[i]));
    }
    for (int k = 0; k < 40; k++, sleep_ms(100))
        for (size_t i = 0; i < 2; i++)
            CHECK(wire_send(fds[i], piece, sizeof piece));
    for (size_t i = 0; i < 2; i++) {
        wire_reply got;

        CHECK(wire_read(fds[i], false, &got));
        CHECK_INT(got.status, 200);
        wire_reply_fini(&got);
        close(fds[i]);
    }
    served_check(s);
}

/* That the app does not read is no fault of the client. */
static void test_slow__handlers_do_not_cost_the_client(void **state)
{
    enum { SIZE = 600000 };
    served *s = *state;
    char *body = malloc(SIZE);
    int fd = wire_connect(s->port, 0);
    wire_reply got;

    memset(body, 'x', SIZE);
    CHECK(wire_print(fd, "POST /upload?ms=60 HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n",
                     SIZE));
    CHECK(wire_send(fd, body, SIZE));
    CHECK(wire_read(fd, false, &got));
    CHECK_INT(got.status, 200);
    wire_reply_fini(&got);
    close(fd);
    free(body);
    CHECK_INT(served_get(s, "/sleep?ms=3500"), 200);
    CHECK_INT(served_get(s, "/park?ms=3500"), 200);
    served_check(s);
}

static void test_slow__idle_connections_are_closed(void **state)
{
    served *s = *state;
    int fd = wire_connect(s->port, 0);
    double begin;
    wire_reply got;

    CHECK(wire_print(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK(wire_read(fd, false, &got));
    wire_reply_fini(&got);
    begin = now_s();
    CHECK(wire_closed(fd, 8000));
    check_between(1.5, now_s() - begin, 4);
    close(fd);
    served_check(s);
}

/* A client that does not read: nothing more is made for it, and it is given up. */
static void test_slow__readers_stop_the_source(void **state)
{
    enum { BUFFERS = 8 << 20 };
    static const char *const targets[] = {"/stream?n=1000000000", "/stream?n=1000000000&known=1",
                                          "/stream?n=1000000000&worker=1"};
    served *s = *state;

    for (size_t i = 0; i < 3; i++) {
        int fd = wire_connect(s->port, 4096);
        long long pulled;

        atomic_store(&s->site.pulled, 0);
        CHECK(wire_print(fd, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", targets[i]));
        sleep_ms(400);
        pulled = atomic_load(&s->site.pulled);
        CHECK(pulled > 0 && pulled < BUFFERS);
        sleep_ms(300);
        CHECK_INT(atomic_load(&s->site.pulled), pulled);
        CHECK(site_wait(&s->site.streams, 0));
        close(fd);
    }
    served_check(s);
}

static void test_slow__readers_leave_the_others_alone(void **state)
{
    enum { STALLED = 200, ASKED = 300 };
    served *s = *state;
    int fds[STALLED];
    double worst = 0;

    for (int i = 0; i < STALLED; i++) {
        fds[i] = wire_connect(s->port, 4096);
        CHECK(fds[i] >= 0);
        CHECK(wire_print(fds[i], "GET /stream?n=1000000000&worker=%d HTTP/1.1\r\nHost: a\r\n\r\n",
                         i % 2));
    }
    CHECK(site_wait(&s->site.streams, STALLED));
    for (int i = 0; i < ASKED; i++) {
        const double begin = now_s();

        CHECK_INT(served_get(s, i % 2 ? "/hello" : "/worker"), 200);
        if (i > 20 && now_s() - begin > worst)
            worst = now_s() - begin;
    }
#ifdef SANITIZED
    check_between(0, worst, 5); /* slow, but not as slow as a stalled client */
#else
    check_between(0, worst, 0.5);
#endif
    for (int i = 0; i < STALLED; i++)
        close(fds[i]);
    served_check(s);
}

static int connect_and_ask(served *s)
{
    int fd = wire_connect(s->port, 0);

    CHECK(fd >= 0);
    CHECK(wire_print(fd, "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"));
    return fd;
}

static bool is_answered(int fd)
{
    wire_reply got;
    bool good = wire_read(fd, false, &got) && got.status == 200;

    wire_reply_fini(&got);
    return good;
}

static void test_slow__connections_are_bounded(void **state)
{
    served *s = *state;
    int fds[5];
    char c;

    for (int i = 0; i < 4; i++) {
        fds[i] = connect_and_ask(s);
        CHECK(is_answered(fds[i]));
    }
    fds[4] = connect_and_ask(s);
    sleep_ms(200);
    CHECK(recv(fds[4], &c, 1, MSG_DONTWAIT) < 0); /* it waits */
    close(fds[0]);
    CHECK(is_answered(fds[4]));
    for (int i = 1; i < 5; i++)
        close(fds[i]);
    served_check(s);
}

static void test_slow__connections_of_one_address_are_bounded(void **state)
{
    served *s = *state;
    int fds[4];

    for (int i = 0; i < 3; i++) {
        fds[i] = connect_and_ask(s);
        CHECK(is_answered(fds[i]));
    }
    fds[3] = wire_connect(s->port, 0);
    CHECK(wire_closed(fds[3], 2000));
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    sleep_ms(100);
    served_check(s);
}

#define CASE(name, setup)                               \
    {                                                   \
#name, test_slow__##name, setup, teardown, NULL \
    }
int main(void)
{
    static const struct CMUnitTest cases[] = {
        CASE(heads_are_cut, setup),
        CASE(heads_on_a_used_connection_are_cut, setup),
        CASE(bodies_are_cut, setup),
        CASE(fair_bodies_are_not_cut, setup),
        CASE(handlers_do_not_cost_the_client, setup_demanding),
        CASE(idle_connections_are_closed, setup),
        CASE(readers_stop_the_source, setup),
        CASE(readers_leave_the_others_alone, setup_patient),
        CASE(connections_are_bounded, setup_few),
        CASE(connections_of_one_address_are_bounded, setup_per_ip),
    };

    return run_on_socket_hosts(cases, sizeof cases / sizeof *cases);
}

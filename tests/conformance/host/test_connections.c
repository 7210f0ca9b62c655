/* SPDX-License-Identifier: MIT */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hosts.h"

/* What one connection may go through: many requests, and a client that leaves at any point. */

static int setup(void **state)
{
    const socket_limits limits = {.threads = 0};
    served *s = calloc(1, sizeof *s);

    served_open(s, *state, &limits);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    served *s = *state;

    served_close(s);
    free(s);
    return 0;
}

static int read_status(int fd)
{
    wire_reply got;
    int status = wire_read(fd, false, &got) && !got.cut ? got.status : 0;

    wire_reply_fini(&got);
    return status;
}

static int ask_on(int fd, const char *method, const char *target)
{
    wire_reply got;
    int status;

    CHECK(wire_print(fd, "%s %s HTTP/1.1\r\nHost: a\r\n\r\n", method, target));
    status = wire_read(fd, strcmp(method, "HEAD") == 0, &got) && !got.cut ? got.status : 0;
    wire_reply_fini(&got);
    return status;
}

static void test_connection__serves_many_requests(void **state)
{
    static const char *const targets[] = {
        "/hello",  "/nowhere",   "/stream?n=70000",     "/park?ms=1",
        "/worker", "/empty/204", "/stream?n=9&known=1", "/file",
        "/fail",   "/empty/304", "/stream?n=0",         "/stream?n=500000&worker=1"};
    static const int wants[] = {200, 404, 200, 200, 200, 204, 200, 200, 409, 304, 200, 200};
    served *s = *state;
    const char *extension = host_gap_of(s->host->gaps, "chunk extensions") ? "" : ";ext=1";
    int fd = wire_connect(s->port, 0);

    for (int round = 0; round < 5; round++)
        for (size_t i = 0; i < sizeof wants / sizeof *wants; i++) {
            CHECK_INT(ask_on(fd, "GET", targets[i]), wants[i]);
            CHECK_INT(ask_on(fd, "HEAD", "/hello"), 200);
        }
    for (int i = 0; i < 100; i++) {
        CHECK(wire_print(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfive%d",
                         i % 10));
        CHECK_INT(read_status(fd), 200);
        CHECK(wire_print(fd,
                         "POST /worker HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked"
                         "\r\n\r\n4%s\r\nfour\r\n0\r\n\r\n",
                         extension));
        CHECK_INT(read_status(fd), 200);
    }
    close(fd);
    served_check(s);
}

/* The end of a body that HEAD does not have must not come into the next answer. */
static void test_connection__goes_on_after_head_of_a_stream(void **state)
{
    served *s = *state;

    for (int worker = 0; worker < 2; worker++) {
        int fd = wire_connect(s->port, 0);
        char extra[16];

        CHECK_INT(ask_on(fd, "HEAD", worker ? "/stream?worker=1" : "/stream"), 200);
        if (!wire_closed(fd, 200)) {
            CHECK(recv(fd, extra, sizeof extra, MSG_DONTWAIT) < 0);
            CHECK_INT(ask_on(fd, "GET", "/hello"), 200);
        }
        close(fd);
    }
    served_check(s);
}

static void test_connection__answers_pipelined_requests_in_order(void **state)
{
    served *s = *state;
    int fd = wire_connect(s->port, 0);
    char text[8192];
    size_t n = 0;

    for (int i = 0; i < 60; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "GET %s?a=%d HTTP/1.1\r\nHost: a\r\n\r\n",
                              i % 3   ? "/segment/x"
                              : i % 2 ? "/park"
                                      : "/worker",
                              i);
    CHECK(wire_send(fd, text, n));
    for (int i = 0; i < 60; i++) {
        char want[32];
        wire_reply got;

        snprintf(want, sizeof want, "name=x a=%d", i);
        CHECK(wire_read(fd, false, &got));
        CHECK_INT(got.status, 200);
        assert_string_equal(got.body, i % 3 ? want : i % 2 ? "parked and back" : "hello");
        wire_reply_fini(&got);
    }
    close(fd);
    served_check(s);
}

static void test_connection__takes_bodies_in_a_pipeline(void **state)
{
    served *s = *state;
    int fd = wire_connect(s->port, 0);

    CHECK(wire_print(fd, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                         "PUT /worker HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
                         "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"));
    CHECK_INT(read_status(fd), 200);
    CHECK_INT(read_status(fd), 405);
    /* What was refused before its body costs the connection or goes on rightly. */
    if (!wire_closed(fd, 300))
        CHECK_INT(read_status(fd), 200);
    close(fd);
    served_check(s);
}

static void test_connection__closes_where_it_was_asked_to(void **state)
{
    static const char *const texts[] = {
        "GET /hello HTTP/1.0\r\n\r\n",
        "GET /hello HTTP/1.0\r\nHost: a\r\n\r\n",
        "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /worker HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET /stream?n=100000 HTTP/1.0\r\n\r\n",
        "GET /stream?n=100000&worker=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"};
    served *s = *state;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int fd = wire_connect(s->port, 0);
        wire_reply got;

        CHECK(wire_print(fd, "%s", texts[i]));
        CHECK(wire_read(fd, false, &got));
        CHECK_INT(got.status, 200);
        CHECK(!got.cut);
        CHECK_INT(got.n, i < 4 ? 5 : 100000);
        CHECK(wire_closed(fd, 1000));
        wire_reply_fini(&got);
        close(fd);
    }
    served_check(s);
}

static void test_connection__keeps_http_1_0_where_it_was_asked_to(void **state)
{
    served *s = *state;
    int fd = wire_connect(s->port, 0);

    for (int i = 0; i < 3; i++) {
        CHECK(wire_print(fd, "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
        CHECK_INT(read_status(fd), 200);
    }
    close(fd);
    served_check(s);
}

/* Whether a 100 comes within a moment. */
static bool says_continue(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char text[25 + 1] = "";

    if (poll(&p, 1, 500) != 1)
        return false;
    return recv(fd, text, 25, MSG_WAITALL) == 25 &&
           strncmp(text, "HTTP/1.1 100 Continue\r\n", 23) == 0;
}

static void test_connection__continues_when_expected(void **state)
{
    static const char *const targets[] = {"/echo", "/worker", "/upload"};
    served *s = *state;

    for (size_t i = 0; i < 3; i++) {
        int fd = wire_connect(s->port, 0);

        CHECK(wire_print(fd,
                         "POST %s HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                         "Content-Length: 3\r\n\r\n",
                         targets[i]));
        CHECK(says_continue(fd));
        CHECK(wire_print(fd, "abc"));
        CHECK_INT(read_status(fd), 200);
        close(fd);
    }
    served_check(s);
}

static void test_connection__answers_without_continue_when_refused(void **state)
{
    static const struct {
        const char *target;
        unsigned length;
        int status;
    } cases[] = {{"/echo", SITE_MAX_BODY + 1, 413}, {"/nowhere", 3, 404}, {"/hello", 3, 405}};
    served *s = *state;

    for (size_t i = 0; i < 3; i++) {
        int fd = wire_connect(s->port, 0);
        char first[13] = "";

        CHECK(wire_print(fd,
                         "POST %s HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                         "Content-Length: %u\r\n\r\n",
                         cases[i].target, cases[i].length));
        CHECK(recv(fd, first, 12, MSG_PEEK | MSG_WAITALL) == 12);
        CHECK(strncmp(first, "HTTP/1.1 4", 10) == 0);
        CHECK_INT(read_status(fd), cases[i].status);
        CHECK(wire_closed(fd, 1000));
        close(fd);
    }
    served_check(s);
}

/* A body length that was declared takes no memory by itself, and 413 comes before the body. */
static void test_connection__refuses_a_declared_length_at_once(void **state)
{
    served *s = *state;
    int fd = wire_connect(s->port, 0);

    CHECK(wire_print(fd, "PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000000000\r\n\r\n"));
    CHECK_INT(read_status(fd), 413);
    CHECK(wire_closed(fd, 1000));
    close(fd);
    served_check(s);
}

static void leave(int fd)
{
    const struct linger hard = {.l_onoff = 1};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
}

/* Everything up to each byte of a request, then the client is gone. */
static void test_connection__survives_a_client_that_leaves_while_asking(void **state)
{
    static const char text[] =
        "POST /upload HTTP/1.1\r\nHost: a\r\nX-Some: thing\r\n"
        "Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n3\r\nabc\r\n0\r\n\r\n";
    served *s = *state;

    for (size_t n = 0; n < sizeof text; n++) {
        int fd = wire_connect(s->port, 0);

        CHECK(fd >= 0);
        CHECK(wire_send(fd, text, n));
        if (n % 2)
            shutdown(fd, SHUT_WR);
        close(fd);
    }
    served_check(s);
    for (size_t n = 0; n < sizeof text; n += 3) {
        int fd = wire_connect(s->port, 0);

        CHECK(wire_send(fd, text, n));
        leave(fd);
    }
    served_check(s);
}

static void leave_after(served *s, const char *target, unsigned ms, size_t bytes)
{
    int fd = wire_connect(s->port, 0);
    char buf[4096];

    CHECK(wire_print(fd, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", target));
    while (bytes > 0) {
        ssize_t n = recv(fd, buf, bytes < sizeof buf ? bytes : sizeof buf, 0);

        CHECK(n > 0);
        bytes -= (size_t)n;
    }
    sleep_ms(ms);
    leave(fd);
}

static void test_connection__survives_a_client_that_leaves_while_served(void **state)
{
    static const char *const slow[] = {"/park?ms=60", "/sleep?ms=60",
                                       "/stream?n=200000&park=1&piece=2000"};
    static const char *const large[] = {"/stream?n=100000000", "/stream?n=100000000&known=1",
                                        "/stream?n=100000000&worker=1",
                                        "/stream?n=100000000&park=1&piece=9000", "/file"};
    served *s = *state;

    for (int round = 0; round < 4; round++) {
        for (size_t i = 0; i < 3; i++)
            leave_after(s, slow[i], (unsigned)round * 10, 0);
        for (size_t i = 0; i < 5; i++)
            leave_after(s, large[i], 0, (size_t)round * 30000);
    }
    served_check(s);
    leave_after(s, "/keep", 20, 0);
    for (int i = 0; i < 400 && site_parked(&s->site) == 0; i++)
        sleep_ms(5);
    site_redeem(&s->site);
    served_check(s);
}

static void test_connection__keeps_the_head_of_a_client_that_left(void **state)
{
    enum { CLIENTS = 8 };
    served *s = *state;

    for (int i = 0; i < CLIENTS; i++) {
        int fd = wire_connect(s->port, 0);

        CHECK(wire_print(fd,
                         "%s /late/some%%20thing?ms=100&a=b+c HTTP/1.1\r\nHost: a\r\n"
                         "X-Echo: a value\r\nContent-Length: 9\r\n\r\nhalf",
                         i % 2 ? "POST" : "GET"));
        CHECK(site_wait(&s->site.working, 1));
        leave(fd);
        CHECK(site_wait(&s->site.working, 0));
    }
    CHECK(site_wait(&s->site.live, 0));
    CHECK_INT(atomic_load(&s->site.intact), CLIENTS);
    served_check(s);
}

static void test_connection__survives_a_client_that_leaves_while_sending(void **state)
{
    static const char *const targets[] = {"/upload", "/upload?ms=5", "/upload?enough=10", "/echo"};
    served *s = *state;
    char piece[60000];

    memset(piece, 'x', sizeof piece);
    for (size_t i = 0; i < 4; i++)
        for (int pieces = 1; pieces < 5; pieces += 3) {
            int fd = wire_connect(s->port, 0);

            CHECK(wire_print(fd, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n",
                             targets[i]));
            for (int k = 0; k < pieces; k++)
                (void)wire_send(fd, piece, sizeof piece);
            close(fd);
        }
    served_check(s);
}

#define CASE(name)                                            \
    {                                                         \
#name, test_connection__##name, setup, teardown, NULL \
    }
int main(void)
{
    static const struct CMUnitTest cases[] = {
        CASE(serves_many_requests),
        CASE(goes_on_after_head_of_a_stream),
        CASE(answers_pipelined_requests_in_order),
        CASE(takes_bodies_in_a_pipeline),
        CASE(closes_where_it_was_asked_to),
        CASE(keeps_http_1_0_where_it_was_asked_to),
        CASE(continues_when_expected),
        CASE(answers_without_continue_when_refused),
        CASE(refuses_a_declared_length_at_once),
        CASE(survives_a_client_that_leaves_while_asking),
        CASE(survives_a_client_that_leaves_while_served),
        CASE(keeps_the_head_of_a_client_that_left),
        CASE(survives_a_client_that_leaves_while_sending),
    };

    return run_on_socket_hosts(cases, sizeof cases / sizeof *cases);
}

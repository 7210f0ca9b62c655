/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hosts.h"

/* What is no HTTP, or HTTP that two servers could read in two ways. */

static int setup(void **state)
{
    const socket_limits limits = {.header_timeout = 1, .idle_timeout = 1};
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

typedef struct raw_text {
    const char *name, *text;
    size_t n;
} raw_text;
#define RAW(name, text)              \
    {                                \
        name, text, sizeof(text) - 1 \
    }
#define GET "GET /hello HTTP/1.1\r\nHost: a\r\n"
#define POST "POST /echo HTTP/1.1\r\nHost: a\r\n"
#define NEXT "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"

static const raw_text refused[] = {
    RAW("two lengths", POST "Content-Length: 3\r\nContent-Length: 5\r\n\r\nabcde"),
    RAW("the same length twice", POST "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc"),
    RAW("a list of lengths", POST "Content-Length: 3, 3\r\n\r\nabc"),
    RAW("length and coding", POST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "0\r\n\r\n" NEXT),
    RAW("coding and length", POST "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"
                                  "0\r\n\r\n" NEXT),
    RAW("unknown coding", POST "Transfer-Encoding: gzip\r\n\r\n" NEXT),
    RAW("list of codings", POST "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" NEXT),
    RAW("chunked first", POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" NEXT),
    RAW("coding twice", POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "0\r\n\r\n" NEXT),
    RAW("disguised coding", POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" NEXT),
    RAW("quoted coding", POST "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n" NEXT),
    RAW("empty coding", POST "Transfer-Encoding:\r\n\r\n" NEXT),
    RAW("coding of a GET", GET "Transfer-Encoding: gzip\r\n\r\n" NEXT),
    RAW("coding in 1.0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    RAW("coding before a colon", POST "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" NEXT),
    RAW("negative length", POST "Content-Length: -3\r\n\r\nabc"),
    RAW("length with a sign", POST "Content-Length: +3\r\n\r\nabc"),
    RAW("huge length", POST "Content-Length: 99999999999999999999999999\r\n\r\nabc"),
    RAW("length of 2^63", POST "Content-Length: 9223372036854775808\r\n\r\nabc"),
    RAW("length of 2^64 - 2", POST "Content-Length: 18446744073709551614\r\n\r\nabc"),
    RAW("length in words", POST "Content-Length: three\r\n\r\nabc"),
    RAW("length in hex", POST "Content-Length: 0x3\r\n\r\nabc"),
    RAW("length and a letter", POST "Content-Length: 3a\r\n\r\nabc"),
    RAW("empty length", POST "Content-Length:\r\n\r\nabc"),
    RAW("bare LF everywhere", "GET /hello HTTP/1.1\nHost: a\nX: 1\n\n"),
    RAW("bare LF behind the request line", "GET /hello HTTP/1.1\nHost: a\r\n\r\n"),
    RAW("bare LF behind a field", GET "X: 1\nY: 2\r\n\r\n"),
    RAW("bare LF behind the last field", GET "X: 1\n\r\n" NEXT),
    RAW("bare LF for the empty line", POST "Content-Length: 3\r\n\nabc"),
    RAW("bare CR in a value", GET "X: 1\rY: 2\r\n\r\n"),
    RAW("NUL in a value", GET "X: 1\0Y: 2\r\n\r\n"),
    RAW("NUL in a name", GET "X\0Y: 2\r\n\r\n"),
    RAW("NUL in the target", "GET /hello\0/x HTTP/1.1\r\nHost: a\r\n\r\n"),
    RAW("NUL in the version", "GET /hello HTTP/1.1\0\r\nHost: a\r\n\r\n"),
    RAW("control byte in a value", GET "X: a\001b\r\n\r\n"),
    RAW("DEL in a value", GET "X: a\177b\r\n\r\n"),
    RAW("control byte in a name", GET "X\001: b\r\n\r\n"),
    RAW("blank before the colon", GET "X : b\r\n\r\n"),
    RAW("blank before the first field", "GET /hello HTTP/1.1\r\n X: b\r\nHost: a\r\n\r\n"),
    RAW("folded field", GET "X: b\r\n  c\r\n\r\n"),
    RAW("folded by a tab", GET "X: b\r\n\tc: d\r\nY: 1\r\n\r\n"),
    RAW("field without a name", GET ": b\r\n\r\n"),
    RAW("field without a name in between", "GET /hello HTTP/1.1\r\n: b\r\nHost: a\r\n\r\n"),
    RAW("field without a colon", GET "X\r\n\r\n"),
    RAW("no Host", "GET /hello HTTP/1.1\r\n\r\n"),
    RAW("two Hosts", GET "Host: b\r\n\r\n"),
    RAW("blank in the target", "GET /hello x HTTP/1.1\r\nHost: a\r\n\r\n"),
    RAW("two blanks", "GET  /hello HTTP/1.1\r\nHost: a\r\n\r\n"),
    RAW("tab for a blank", "GET\t/hello\tHTTP/1.1\r\nHost: a\r\n\r\n"),
    RAW("no version", "GET /hello\r\nHost: a\r\n\r\n"),
    RAW("unknown version", "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n"),
    RAW("version 0.9", "GET /hello HTTP/0.9\r\nHost: a\r\n\r\n"),
    RAW("version in small letters", "GET /hello http/1.1\r\nHost: a\r\n\r\n"),
    RAW("target without a slash", "GET hello HTTP/1.1\r\nHost: a\r\n\r\n"),
    RAW("raw bytes in the target", "GET /h\xff\x01 HTTP/1.1\r\nHost: a\r\n\r\n"),
    RAW("chunk of no number", POST "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n"),
    RAW("negative chunk", POST "Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n"),
    RAW("huge chunk", POST "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc\r\n"),
    RAW("chunk of 2^63", POST "Transfer-Encoding: chunked\r\n\r\n8000000000000000\r\nabc\r\n"),
    RAW("chunk longer than it says",
        POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n"),
    RAW("garbage", "\001\002\xff\xfe garbage \r\n\r\n\r\n"),
    RAW("garbage of text", "hello, server\r\n\r\n"),
    RAW("TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n\x00\x20 \r\n"),
    RAW("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
};

/* Reads to the end of a connection, in which nothing may be served any more. */
static void check_ends(int fd, const char *name)
{
    const struct timeval timeout = {.tv_sec = 3};
    char rest[4096] = "";
    size_t n = 0;
    ssize_t got;

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    while (n + 1 < sizeof rest && (got = recv(fd, rest + n, sizeof rest - 1 - n, 0)) > 0)
        n += (size_t)got;
    if (recv(fd, rest, 1, MSG_DONTWAIT) != 0 && errno == EAGAIN)
        fail_msg("%s: the connection goes on", name);
    if (strstr(rest, "HTTP/1.1 2"))
        fail_msg("%s: %s", name, rest);
}

/* What a host cannot see must not hurt it. */
static bool is_unseen(served *s, const raw_text *raw)
{
    const host_gap *gap = host_gap_of(s->host->gaps, raw->name);
    wire_reply got;
    int fd;

    if (!gap)
        return false;
    print_message("%s: %s\n", raw->name, gap->why);
    fd = wire_connect(s->port, 0);
    CHECK(wire_send(fd, raw->text, raw->n));
    CHECK(wire_read(fd, false, &got));
    wire_reply_fini(&got);
    close(fd);
    return true;
}

/* A refusal, or a connection that ends without having served anything. */
static void check_refused(served *s, const raw_text *raw)
{
    int fd = wire_connect(s->port, 0);
    wire_reply got;

    CHECK(wire_send(fd, raw->text, raw->n));
    if (wire_read(fd, false, &got)) {
        const bool good = (got.status >= 400 && got.status < 500) || got.status == 501 ||
                          got.status == 505;

        if (!good)
            fail_msg("%s: %d %s", raw->name, got.status, got.body);
        wire_reply_fini(&got);
    }
    check_ends(fd, raw->name);
    close(fd);
}

static void test_malformed__is_refused(void **state)
{
    served *s = *state;

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (!is_unseen(s, &refused[i]))
            check_refused(s, &refused[i]);
    served_check(s);
}

/* The same on a connection that has served something. */
static void test_malformed__is_refused_later_too(void **state)
{
    served *s = *state;

    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        char text[1024] = NEXT;
        const size_t n = strlen(NEXT);
        wire_reply got;
        int fd;

        if (host_gap_of(s->host->gaps, refused[i].name))
            continue;
        fd = wire_connect(s->port, 0);
        memcpy(text + n, refused[i].text, refused[i].n);
        CHECK(wire_send(fd, text, n + refused[i].n));
        CHECK(wire_read(fd, false, &got));
        CHECK_INT(got.status, 200);
        wire_reply_fini(&got);
        if (wire_read(fd, false, &got) && got.status < 400)
            fail_msg("%s: %d", refused[i].name, got.status);
        wire_reply_fini(&got);
        check_ends(fd, refused[i].name);
        close(fd);
    }
    served_check(s);
}

static const raw_text accepted[] = {
    RAW("plain", GET "\r\n"),
    RAW("blanks around values", GET "X:  \t 1 \t \r\nY:\r\nZ: \r\n\r\n"),
    RAW("empty lines before", "\r\n\r\n" GET "\r\n"),
    RAW("1.0 without fields", "GET /hello HTTP/1.0\r\n\r\n"),
    RAW("1.2", "GET /hello HTTP/1.2\r\nHost: a\r\n\r\n"),
    RAW("absolute target", "GET http://a/hello HTTP/1.1\r\nHost: a\r\n\r\n"),
    RAW("names of odd letters", GET "x!#$%&'*+-.^_`|~9: 1\r\n\r\n"),
    RAW("bytes beyond ASCII in a value", GET "X: \xe4\xff\x80\r\n\r\n"),
    RAW("length of zero", "GET /hello HTTP/1.1\r\nContent-Length: 0\r\nHost: a\r\n\r\n"),
    RAW("coding in capitals", POST "TRANSFER-ENCODING: CHUNKED\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    RAW("trailers", POST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: 1\r\n\r\n"),
    RAW("leading zeros", POST "Content-Length: 00003\r\n\r\nabc"),
};

static void check_accepted(served *s, const raw_text *raw, size_t piece)
{
    int fd = wire_connect(s->port, 0);
    wire_reply got;

    for (size_t i = 0; i < raw->n; i += piece) {
        CHECK(wire_send(fd, raw->text + i, raw->n - i < piece ? raw->n - i : piece));
        if (piece < raw->n)
            sleep_ms(1);
    }
    CHECK(wire_read(fd, false, &got));
    if (got.status != 200)
        fail_msg("%s: %d %s", raw->name, got.status, got.body);
    wire_reply_fini(&got);
    close(fd);
}

static void test_malformed__leaves_what_is_well_formed(void **state)
{
    served *s = *state;

    for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
        if (is_unseen(s, &accepted[i]))
            continue;
        check_accepted(s, &accepted[i], 1 << 20);
        check_accepted(s, &accepted[i], 1);
        check_accepted(s, &accepted[i], 7);
    }
    served_check(s);
}

/* Heads of every size up to the limit are read rightly, however they come. */
static void test_malformed__leaves_large_heads(void **state)
{
    served *s = *state;

    for (size_t size = 50; size < 13000; size = size * 3 / 2) {
        char text[16000];
        raw_text raw = {"large head", text, 0};
        size_t n = (size_t)snprintf(text, sizeof text, GET);

        while (n < size)
            n += (size_t)snprintf(text + n, sizeof text - n, "X-%zu: %0*d\r\n", n, (int)(size / 40),
                                  7);
        raw.n = n + (size_t)snprintf(text + n, sizeof text - n, "\r\n");
        check_accepted(s, &raw, raw.n);
        check_accepted(s, &raw, 1000);
        check_accepted(s, &raw, raw.n / 2 + 1);
    }
    served_check(s);
}

static void test_malformed__bounds_the_head(void **state)
{
    enum { SIZE = 100000 };
    served *s = *state;
    char *text = malloc(SIZE + 64);
    raw_text long_field = {"a long field", text, SIZE}, long_line = {"a long line", text, SIZE};
    raw_text many = {"many fields", text, 0}, many_params = {"many parameters", text, 0};
    size_t n;

    memset(text, 'a', SIZE);
    memcpy(text, GET "X: ", strlen(GET "X: "));
    memcpy(text + SIZE - 4, "\r\n\r\n", 4);
    check_refused(s, &long_field);
    memset(text, 'a', SIZE);
    memcpy(text, "GET /", 5);
    check_refused(s, &long_line);
    n = (size_t)sprintf(text, GET);
    while (n < SIZE)
        n += (size_t)sprintf(text + n, "X: %zu\r\n", n);
    many.n = n + (size_t)sprintf(text + n, "Connection: close\r\n\r\n");
    check_refused(s, &many);
    n = (size_t)sprintf(text, "GET /hello?");
    while (n < 8000)
        n += (size_t)sprintf(text + n, "a&");
    many_params.n = n + (size_t)sprintf(text + n, " HTTP/1.1\r\nHost: a\r\nX\r\n\r\n");
    check_refused(s, &many_params);
    free(text);
    served_check(s);
}

#define CASE(name)                                           \
    {                                                        \
#name, test_malformed__##name, setup, teardown, NULL \
    }
int main(void)
{
    static const struct CMUnitTest cases[] = {
        CASE(is_refused),         CASE(is_refused_later_too), CASE(leaves_what_is_well_formed),
        CASE(leaves_large_heads), CASE(bounds_the_head),
    };

    return run_on_socket_hosts(cases, sizeof cases / sizeof *cases);
}

/* SPDX-License-Identifier: MIT */
#include "support/wire.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

int wire_connect(unsigned port, int rcvbuf)
{
    struct sockaddr_in where = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval timeout = {.tv_sec = 10};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (rcvbuf)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf, sizeof rcvbuf);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    if (connect(fd, (struct sockaddr *)&where, sizeof where) == 0)
        return fd;
    close(fd);
    return -1;
}

bool wire_send(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        bytes += sent;
        n -= (size_t)sent;
    }
    return true;
}

bool wire_print(int fd, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    bool ok;
    int n;

    va_start(args, format);
    n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0)
        return false;
    ok = wire_send(fd, text, (size_t)n);
    free(text);
    return ok;
}

/* Byte by byte: the next answer on the connection is left alone. */
static bool read_until(int fd, const char *mark, char *out, size_t cap)
{
    size_t n = 0, m = strlen(mark);

    while (n + 1 < cap && recv(fd, out + n, 1, 0) == 1) {
        n++;
        out[n] = '\0';
        if (n >= m && memcmp(out + n - m, mark, m) == 0)
            return true;
    }
    return false;
}

static bool read_bytes(int fd, wire_reply *out, size_t n)
{
    char *grown = realloc(out->body, out->n + n + 1);

    if (!grown)
        return false;
    out->body = grown;
    while (n > 0) {
        ssize_t got = recv(fd, out->body + out->n, n, 0);

        if (got <= 0)
            return false;
        out->n += (size_t)got;
        n -= (size_t)got;
    }
    out->body[out->n] = '\0';
    return true;
}

static bool read_chunks(int fd, wire_reply *out)
{
    char line[64];

    for (;;) {
        size_t n;

        if (!read_until(fd, "\r\n", line, sizeof line))
            return false;
        if (!isxdigit((unsigned char)line[0]))
            return false;
        n = strtoul(line, NULL, 16);
        if (!read_bytes(fd, out, n) || !read_until(fd, "\r\n", line, sizeof line))
            return false;
        if (n == 0)
            return true;
    }
}

static bool read_to_close(int fd, wire_reply *out)
{
    while (read_bytes(fd, out, 1))
        ;
    return true;
}

bool wire_header(const wire_reply *reply, const char *name, char *out, size_t cap)
{
    size_t n = strlen(name);

    for (const char *line = reply->head; *line; line = strstr(line, "\r\n") + 2) {
        if (strncasecmp(line, name, n) != 0 || line[n] != ':')
            continue;
        line += n + 1;
        line += strspn(line, " ");
        snprintf(out, cap, "%.*s", (int)(strstr(line, "\r\n") - line), line);
        return true;
    }
    return false;
}

/* Header lines without the empty one behind them. */
static bool read_fields(int fd, char *out, size_t cap)
{
    size_t n = 0;

    do {
        if (!read_until(fd, "\r\n", out + n, cap - n))
            return false;
        n += strlen(out + n);
    } while (n >= 4 && memcmp(out + n - 4, "\r\n\r\n", 4) != 0);
    out[n - 2] = '\0';
    return true;
}

bool wire_read(int fd, bool head_request, wire_reply *out)
{
    char status[256], value[64];

    memset(out, 0, sizeof *out);
    do {
        if (!read_until(fd, "\r\n", status, sizeof status) ||
            sscanf(status, "HTTP/1.%*d %d", &out->status) != 1 ||
            !read_fields(fd, out->head, sizeof out->head))
            return false;
    } while (out->status == 100);
    out->body = calloc(1, 1);
    if (head_request || out->status == 204 || out->status == 304)
        return true;
    if (wire_header(out, "Content-Length", value, sizeof value))
        out->cut = !read_bytes(fd, out, strtoul(value, NULL, 10));
    else if (wire_header(out, "Transfer-Encoding", value, sizeof value)) {
        out->chunked = true;
        out->cut = !read_chunks(fd, out);
    } else
        out->cut = !read_to_close(fd, out);
    return true;
}

void wire_reply_fini(wire_reply *reply)
{
    free(reply->body);
    reply->body = NULL;
}

bool wire_closed(int fd, int ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char c;

    return poll(&p, 1, ms) == 1 && recv(fd, &c, 1, 0) <= 0;
}

bool wire_ask(unsigned port, const char *request, wire_reply *out)
{
    int fd = wire_connect(port, 0);
    bool ok = fd >= 0 && wire_send(fd, request, strlen(request)) && wire_read(fd, false, out);

    if (fd >= 0)
        close(fd);
    return ok;
}

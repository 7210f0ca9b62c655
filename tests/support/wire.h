/* SPDX-License-Identifier: MIT */
#ifndef TESTS_WIRE_H
#define TESTS_WIRE_H

#include <stdbool.h>
#include <stddef.h>

/* HTTP over a loopback socket, by hand: what a client could send, and what came back. */

typedef struct wire_reply {
    int status;
    char head[16384]; /* header lines, NUL-terminated */
    char *body;       /* malloc'ed, NUL behind it */
    size_t n;
    bool cut; /* the connection ended before the body did */
    bool chunked;
} wire_reply;

/* A connected socket with a receive timeout of 10 s, or -1. `rcvbuf` 0: the system's. */
int wire_connect(unsigned port, int rcvbuf);

/* All the bytes; false when the peer closed. */
bool wire_send(int fd, const char *bytes, size_t n);
bool wire_print(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One answer. `head_request`: it has no body. False when none came. */
bool wire_read(int fd, bool head_request, wire_reply *out);
void wire_reply_fini(wire_reply *reply);

/* A field's value up to the line's end into `out`; false when there is none. */
bool wire_header(const wire_reply *reply, const char *name, char *out, size_t cap);

/* True when the peer has closed (or does so within `ms`) and nothing is left to read. */
bool wire_closed(int fd, int ms);

/* Connect, send, read, close. */
bool wire_ask(unsigned port, const char *request, wire_reply *out);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef CONFORMANCE_HOSTS_H
#define CONFORMANCE_HOSTS_H

#include <sacrum/app.h>

#include "site.h"
#include "support/support.h"
#include "support/wire.h"

/* A request; what is left out is none. */
typedef struct host_ask {
    const char *method, *target;
    const char *const *headers; /* "Name: value", ends with NULL */
    sac_str body;
    bool chunked; /* its length is not told beforehand */
    size_t piece; /* bytes of the body given at a time; 0: all */
} host_ask;
#define WITH(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Its whole answer, until the next one. */
typedef struct host_reply {
    int status;
    char *head; /* "Name: value\r\n" */
    sac_str body;
    bool cut; /* it broke off */
} host_reply;

/* A test, or a malformed request, that a host cannot pass, and why. */
typedef struct host_gap {
    const char *what, *why;
} host_gap;
/* NULL: it must pass. `gaps` ends with what NULL. */
const host_gap *host_gap_of(const host_gap *gaps, const char *what);

/* Something that carries requests to an app: one row a host. */
typedef struct host {
    const char *name;
    void *(*open)(sac_app *app);
    void (*send)(void *self, const host_ask *ask, host_reply *out);
    void (*close)(void *self);
    const host_gap *gaps;
} host;
extern const host hosts[];
extern const size_t n_hosts;

/* Those with a socket on 127.0.0.1. 0 stands for the host's default. */
typedef struct socket_limits {
    unsigned threads, header_timeout, idle_timeout, min_body_rate, stop_timeout;
    unsigned max_connections, max_connections_per_ip;
} socket_limits;

typedef struct socket_host {
    const char *name;
    void *(*open)(sac_app *app, const socket_limits *limits, unsigned *port);
    void (*close)(void *server);
    const host_gap *gaps;
} socket_host;
extern const socket_host *const socket_hosts[];
extern const size_t n_socket_hosts;

/* The site, served by one of them. */
typedef struct served {
    site site;
    const socket_host *host;
    void *server; /* NULL: stopped already */
    unsigned port;
} served;
void served_open(served *s, const socket_host *on, const socket_limits *limits);
void served_stop(served *s);
void served_close(served *s);
/* A GET on a connection of its own: its status, 0 when none came. */
int served_get(served *s, const char *target);
/* That nothing is left behind, and the next request is right. */
void served_check(served *s);

/* Runs a suite once for each host, as the tests' initial state; gaps are skipped. */
int run_on_hosts(const struct CMUnitTest *cases, size_t n);
/* The same for each socket host. */
int run_on_socket_hosts(const struct CMUnitTest *cases, size_t n);

/* A field of an answer, by number among those of its name; p NULL: there is none. */
sac_str reply_header(const host_reply *reply, const char *name, size_t number);
bool reply_says(const host_reply *reply, const char *text);

#endif

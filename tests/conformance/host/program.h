/* SPDX-License-Identifier: MIT */
#ifndef CONFORMANCE_PROGRAM_H
#define CONFORMANCE_PROGRAM_H

#include <event2/event.h>
#include <event2/http.h>

#include <sacrum/host/libevent.h>

#include "hosts.h"

/*
 * A program with an evhttp server of its own, in a thread: "/own" is a route of
 * it, `program_other` says "other" to all else.
 */
typedef struct program {
    struct event_base *base;
    struct evhttp *http;
    struct evhttp_bound_socket *socket;
    unsigned port;
    pthread_t thread;
    int calls[2]; /* socket pair: what the loop is to call, and that it has */
    struct event *on_call;
    atomic_int done; /* times that a detach has ended */
} program;

void program_open(program *p);
void program_close(program *p);

/* Runs a function in the loop, and waits for its end. */
void program_call(program *p, void (*fn)(void *self), void *self);
void program_other(struct evhttp_request *request, void *self);

/* In the loop: */
sac_libevent *program_attach(program *p, sac_app *app, const sac_libevent_config *config);
void program_detach(program *p, sac_libevent *attached); /* counts `done` */
void program_free(program *p, sac_libevent *attached);

/* One request on a connection of its own: the status, 0 when none came. */
int program_ask(program *p, const char *text, wire_reply *out);
int program_get(program *p, const char *target);
/* A request that is begun; its status, 0: none or cut. */
int program_begin(program *p, const char *target);
int program_end(int fd);

#endif

/* SPDX-License-Identifier: MIT */
#include "program.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>

typedef struct call {
    void (*fn)(void *self);
    void *self;
} call;

static void say(struct evhttp_request *request, const char *text)
{
    evbuffer_add_printf(evhttp_request_get_output_buffer(request), "%s", text);
    evhttp_send_reply(request, 200, NULL, NULL);
}

static void own(struct evhttp_request *request, void *self)
{
    (void)self;
    say(request, "own");
}

void program_other(struct evhttp_request *request, void *self)
{
    (void)self;
    say(request, "other");
}

static void run_call(evutil_socket_t fd, short what, void *self)
{
    program *p = self;
    call c;

    (void)what;
    if (read(fd, &c, sizeof c) != (ssize_t)sizeof c)
        return;
    if (c.fn)
        c.fn(c.self);
    else
        event_base_loopbreak(p->base);
    if (write(fd, "", 1) != 1)
        abort();
}

void program_call(program *p, void (*fn)(void *self), void *self)
{
    const call c = {fn, self};
    char end;

    CHECK(write(p->calls[0], &c, sizeof c) == (ssize_t)sizeof c);
    CHECK(read(p->calls[0], &end, 1) == 1);
}

static void *loop(void *self)
{
    program *p = self;
    sigset_t pipes;

    sigemptyset(&pipes);
    sigaddset(&pipes, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipes, NULL);
    event_base_dispatch(p->base);
    return NULL;
}

void program_open(program *p)
{
    struct sockaddr_in where;
    socklen_t n = sizeof where;

    *p = (program){.port = 0};
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, p->calls) == 0);
    p->base = event_base_new();
    p->http = evhttp_new(p->base);
    CHECK(evhttp_set_cb(p->http, "/own", own, p) == 0);
    evhttp_set_gencb(p->http, program_other, p);
    p->socket = evhttp_bind_socket_with_handle(p->http, "127.0.0.1", 0);
    CHECK(p->socket);
    CHECK(getsockname(evhttp_bound_socket_get_fd(p->socket), (void *)&where, &n) == 0);
    p->port = ntohs(where.sin_port);
    p->on_call = event_new(p->base, p->calls[1], EV_READ | EV_PERSIST, run_call, p);
    event_add(p->on_call, NULL);
    CHECK(pthread_create(&p->thread, NULL, loop, p) == 0);
}

void program_close(program *p)
{
    program_call(p, NULL, NULL);
    pthread_join(p->thread, NULL);
    event_free(p->on_call);
    evhttp_free(p->http);
    event_base_free(p->base);
    close(p->calls[0]);
    close(p->calls[1]);
}

typedef struct attachment {
    program *p;
    sac_app *app;
    const sac_libevent_config *config;
    sac_libevent *host;
    sac_err err;
    int rc;
} attachment;

static void attach(void *self)
{
    attachment *a = self;

    a->rc = sac_libevent_attach(a->app, a->p->http, a->config, &a->host, &a->err);
}

sac_libevent *program_attach(program *p, sac_app *app, const sac_libevent_config *config)
{
    attachment a = {.p = p, .app = app, .config = config};

    program_call(p, attach, &a);
    if (a.rc != SAC_OK)
        fail_msg("%s", a.err.text);
    return a.host;
}

static void count_done(void *self)
{
    program *p = self;

    atomic_fetch_add(&p->done, 1);
}

static void detach(void *self)
{
    attachment *a = self;

    sac_libevent_detach(a->host, count_done, a->p);
}

void program_detach(program *p, sac_libevent *attached)
{
    attachment a = {.p = p, .host = attached};

    program_call(p, detach, &a);
}

static void take_off(void *self)
{
    attachment *a = self;

    sac_libevent_free(a->host);
}

void program_free(program *p, sac_libevent *attached)
{
    attachment a = {.p = p, .host = attached};

    program_call(p, take_off, &a);
}

int program_ask(program *p, const char *text, wire_reply *out)
{
    *out = (wire_reply){.status = 0};
    return wire_ask(p->port, text, out) && !out->cut ? out->status : 0;
}

int program_begin(program *p, const char *target)
{
    int fd = wire_connect(p->port, 0);

    CHECK(fd >= 0);
    CHECK(wire_print(fd, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", target));
    return fd;
}

int program_end(int fd)
{
    wire_reply got = {.status = 0};
    int status = wire_read(fd, false, &got) && !got.cut ? got.status : 0;

    wire_reply_fini(&got);
    close(fd);
    return status;
}

int program_get(program *p, const char *target)
{
    return program_end(program_begin(p, target));
}

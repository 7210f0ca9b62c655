/* SPDX-License-Identifier: MIT */

/*
 * The floor for the libevent host: an evhttp handler that answers each method
 * with one canned response.
 *
 *   bench-evhttp-bare GET-FILE POST-FILE     prints the port, stops at EOF
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

#include "canned.h"

static canned get, post;

static void answer(struct evhttp_request *request, void *self)
{
    const canned *c = evhttp_request_get_command(request) == EVHTTP_REQ_POST ? &post : &get;
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    struct evbuffer *body = evbuffer_new();

    (void)self;
    for (int i = 0; i < c->n; i++)
        evhttp_add_header(headers, c->names[i], c->values[i]);
    evbuffer_add_reference(body, c->body, c->body_n, NULL, NULL);
    evhttp_send_reply(request, c->status, NULL, body);
    evbuffer_free(body);
}

static void on_input(evutil_socket_t fd, short what, void *self)
{
    char c;

    (void)what;
    if (read(fd, &c, 1) <= 0)
        event_base_loopbreak(self);
}

int main(int argc, char **argv)
{
    struct event_base *base = event_base_new();
    struct evhttp *http = base ? evhttp_new(base) : NULL;
    struct evhttp_bound_socket *bound;
    struct sockaddr_in where;
    socklen_t n = sizeof where;
    struct event *input;

    if (argc != 3 || canned_load(argv[1], &get) != 0 || canned_load(argv[2], &post) != 0)
        return 2;
    bound = http ? evhttp_bind_socket_with_handle(http, "127.0.0.1", 0) : NULL;
    if (!bound || getsockname(evhttp_bound_socket_get_fd(bound), (void *)&where, &n) != 0)
        return 1;
    signal(SIGPIPE, SIG_IGN);
    evhttp_set_gencb(http, answer, NULL);
    input = event_new(base, STDIN_FILENO, EV_READ | EV_PERSIST, on_input, base);
    event_add(input, NULL);
    printf("%u\n", ntohs(where.sin_port));
    fflush(stdout);
    event_base_dispatch(base);
    event_free(input);
    evhttp_free(http);
    event_base_free(base);
    return 0;
}

/* SPDX-License-Identifier: MIT */
#include "hosts.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include <sacrum/host/loopback.h>
#ifdef HAVE_MICROHTTPD
#include <sacrum/host/microhttpd.h>
#endif
#ifdef HAVE_LIBEVENT
#include <arpa/inet.h>
#include <signal.h>

#include <event2/event.h>
#include <event2/http.h>

#include <sacrum/host/libevent.h>
#endif

sac_str reply_header(const host_reply *reply, const char *name, size_t number)
{
    size_t n = strlen(name);

    for (const char *line = reply->head; *line; line = strstr(line, "\r\n") + 2) {
        const char *end = strstr(line, "\r\n");

        if (strncasecmp(line, name, n) == 0 && line[n] == ':' && number-- == 0) {
            line += n + 1;
            line += strspn(line, " ");
            return sac_str_n(line, (size_t)(end - line));
        }
    }
    return sac_str_n(NULL, 0);
}

bool reply_says(const host_reply *reply, const char *text)
{
    return reply->body.n > 0 && memmem(reply->body.p, reply->body.n, text, strlen(text));
}

const host_gap *host_gap_of(const host_gap *gaps, const char *what)
{
    for (; gaps->what; gaps++) {
        const size_t n = strlen(gaps->what);

        if (strncmp(gaps->what, what, n) == 0 && (!what[n] || strncmp(what + n, " (", 2) == 0))
            return gaps;
    }
    return NULL;
}

static const host_gap no_gaps[] = {{NULL, NULL}};

/* loopback */

typedef struct looped {
    sac_loopback *client;
    char head[16384];
} looped;

static void *loopback_open(sac_app *app)
{
    looped *l = calloc(1, sizeof *l);
    sac_err err = {.code = 0};

    if (!l || sac_loopback_new(app, &l->client, &err) != SAC_OK)
        fail_msg("%s", err.text);
    return l;
}

static void loopback_send(void *self, const host_ask *ask, host_reply *out)
{
    const sac_loopback_request request =
        SAC_LOOPBACK_REQUEST(.method = ask->method, .target = ask->target, .headers = ask->headers,
                             .body = ask->body, .chunked = ask->chunked, .piece = ask->piece);
    sac_loopback_reply got;
    looped *l = self;
    sac_err err = {.code = 0};
    size_t n = 0;

    if (sac_loopback_send(l->client, &request, &got, &err) != SAC_OK)
        fail_msg("%s %s: %s", ask->method, ask->target, err.text);
    l->head[0] = '\0';
    for (size_t i = 0; i < got.n_headers; i++)
        n += (size_t)snprintf(l->head + n, sizeof l->head - n, "%.*s: %.*s\r\n",
                              (int)got.headers[i].name.n, got.headers[i].name.p,
                              (int)got.headers[i].value.n, got.headers[i].value.p);
    *out = (host_reply){.status = got.status, .head = l->head, .body = got.body, .cut = got.cut};
}

static void loopback_close(void *self)
{
    looped *l = self;

    sac_loopback_free(l->client);
    free(l);
}

#if defined(HAVE_MICROHTTPD) || defined(HAVE_LIBEVENT)

/* Hosts with a socket: a connection for each request. */

typedef struct socketed {
    const socket_host *host;
    void *server;
    unsigned port;
    wire_reply last;
} socketed;

static void send_body(int fd, const host_ask *ask)
{
    sac_str rest = ask->body;

    while (rest.n > 0) {
        size_t n = ask->piece && ask->piece < rest.n ? ask->piece : rest.n;

        if ((ask->chunked && !wire_print(fd, "%zx\r\n", n)) || !wire_send(fd, rest.p, n) ||
            (ask->chunked && !wire_print(fd, "\r\n")))
            return; /* answered and closed already */
        rest = sac_str_n(rest.p + n, rest.n - n);
    }
    if (ask->chunked)
        (void)wire_print(fd, "0\r\n\r\n");
}

static void socket_send(void *self, const host_ask *ask, host_reply *out)
{
    socketed *s = self;
    int fd = wire_connect(s->port, 0);
    bool has_host = false;

    CHECK(fd >= 0);
    wire_reply_fini(&s->last);
    for (size_t i = 0; ask->headers && ask->headers[i]; i++)
        has_host = has_host || strncasecmp(ask->headers[i], "host:", 5) == 0;
    CHECK(wire_print(fd, "%s %s HTTP/1.1\r\n%s", ask->method, ask->target,
                     has_host ? "" : "Host: localhost\r\n"));
    for (size_t i = 0; ask->headers && ask->headers[i]; i++)
        CHECK(wire_print(fd, "%s\r\n", ask->headers[i]));
    if (ask->chunked)
        CHECK(wire_print(fd, "Transfer-Encoding: chunked\r\n"));
    else if (ask->body.n > 0)
        CHECK(wire_print(fd, "Content-Length: %zu\r\n", ask->body.n));
    CHECK(wire_print(fd, "\r\n"));
    send_body(fd, ask);
    if (!wire_read(fd, strcmp(ask->method, "HEAD") == 0, &s->last))
        fail_msg("%s %s: no answer", ask->method, ask->target);
    close(fd);
    *out = (host_reply){.status = s->last.status,
                        .head = s->last.head,
                        .body = sac_str_n(s->last.body, s->last.n),
                        .cut = s->last.cut};
}

static void *socketed_open(const socket_host *on, sac_app *app)
{
    const socket_limits limits = {.threads = 0};
    socketed *s = calloc(1, sizeof *s);

    CHECK(s != NULL);
    s->host = on;
    s->server = on->open(app, &limits, &s->port);
    return s;
}

static void socketed_close(void *self)
{
    socketed *s = self;

    s->host->close(s->server);
    wire_reply_fini(&s->last);
    free(s);
}

#endif

#ifdef HAVE_MICROHTTPD
static void *microhttpd_open(sac_app *app, const socket_limits *limits, unsigned *port)
{
    const sac_microhttpd_config config = SAC_MICROHTTPD_CONFIG(
            .listen = "127.0.0.1:0", .threads = limits->threads,
            .header_timeout = limits->header_timeout, .idle_timeout = limits->idle_timeout,
            .min_body_rate = limits->min_body_rate, .stop_timeout = limits->stop_timeout,
            .max_connections = limits->max_connections,
            .max_connections_per_ip = limits->max_connections_per_ip);
    sac_microhttpd *server = NULL;
    sac_err err = {.code = 0};

    if (sac_microhttpd_start(app, &config, &server, &err) != SAC_OK)
        fail_msg("%s", err.text);
    *port = sac_microhttpd_port(server);
    return server;
}

static void microhttpd_close(void *server)
{
    sac_microhttpd_stop(server);
}

static const socket_host microhttpd_host = {"microhttpd", microhttpd_open, microhttpd_close,
                                            no_gaps};

static void *microhttpd_socketed(sac_app *app)
{
    return socketed_open(&microhttpd_host, app);
}
#endif

#ifdef HAVE_LIBEVENT

/* A program with a loop of its own, which it ends when the app is detached. */
typedef struct looping {
    struct event_base *base;
    struct evhttp *http;
    struct evhttp_bound_socket *socket;
    struct event *on_stop;
    sac_libevent *host;
    pthread_t thread;
    int stop[2];
} looping;

static void detached(void *self)
{
    looping *l = self;

    event_base_loopbreak(l->base);
}

static void stop_looping(evutil_socket_t fd, short what, void *self)
{
    looping *l = self;

    (void)fd;
    (void)what;
    evhttp_del_accept_socket(l->http, l->socket);
    sac_libevent_detach(l->host, detached, l);
}

static void *loop(void *self)
{
    looping *l = self;
    sigset_t pipes;

    sigemptyset(&pipes);
    sigaddset(&pipes, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipes, NULL);
    event_base_dispatch(l->base);
    return NULL;
}

static void *libevent_open(sac_app *app, const socket_limits *limits, unsigned *port)
{
    const sac_libevent_config config = SAC_LIBEVENT_CONFIG(.max_body = 16 << 20,
                                                           .stop_timeout = limits->stop_timeout);
    looping *l = calloc(1, sizeof *l);
    struct sockaddr_in where;
    socklen_t n = sizeof where;
    sac_err err = {.code = 0};

    CHECK(l && pipe(l->stop) == 0);
    l->base = event_base_new();
    l->http = evhttp_new(l->base);
    if (limits->idle_timeout)
        evhttp_set_timeout(l->http, (int)limits->idle_timeout);
    l->socket = evhttp_bind_socket_with_handle(l->http, "127.0.0.1", 0);
    CHECK(l->socket);
    CHECK(getsockname(evhttp_bound_socket_get_fd(l->socket), (void *)&where, &n) == 0);
    *port = ntohs(where.sin_port);
    if (sac_libevent_attach(app, l->http, &config, &l->host, &err) != SAC_OK)
        fail_msg("%s", err.text);
    l->on_stop = event_new(l->base, l->stop[0], EV_READ, stop_looping, l);
    event_add(l->on_stop, NULL);
    CHECK(pthread_create(&l->thread, NULL, loop, l) == 0);
    return l;
}

static void libevent_close(void *server)
{
    looping *l = server;

    CHECK(write(l->stop[1], "", 1) == 1);
    pthread_join(l->thread, NULL);
    event_free(l->on_stop);
    evhttp_free(l->http);
    event_base_free(l->base);
    close(l->stop[0]);
    close(l->stop[1]);
    free(l);
}

#define WHOLE "evhttp reads a body whole before anyone is asked"
#define PROGRAMS "the limit is the program's: evhttp has none"
#define IDLE "evhttp_set_timeout() counts from the last byte"
#define EATEN "evhttp takes it, and leaves nothing of it to be seen"
static const host_gap libevent_gaps[] = {
    {"unknown methods", "evhttp answers 501 by itself"},
    {"chunk extensions", "evhttp answers 413 by itself"},
    {"answers_without_continue_when_refused", WHOLE},
    {"keeps_the_head_of_a_client_that_left", WHOLE},
    {"heads_are_cut", IDLE},
    {"heads_on_a_used_connection_are_cut", IDLE},
    {"bodies_are_cut", IDLE},
    {"connections_are_bounded", PROGRAMS},
    {"connections_of_one_address_are_bounded", PROGRAMS},
    {"drops_nothing_under_load", "a detached app answers 503: the server is the program's"},
    {"refuses_who_comes_meanwhile", "a detached app answers 503: the server is the program's"},
    {"bare LF everywhere", EATEN},
    {"bare LF behind the request line", EATEN},
    {"bare LF behind a field", EATEN},
    {"bare LF behind the last field", EATEN},
    {"bare LF for the empty line", EATEN},
    {"NUL in a value", EATEN},
    {"NUL in the version", EATEN},
    {"folded field", EATEN},
    {"folded by a tab", EATEN},
    {"empty lines before", "evhttp refuses them"},
    {NULL, NULL},
};
static const socket_host libevent_host = {"libevent", libevent_open, libevent_close, libevent_gaps};

static void *libevent_socketed(sac_app *app)
{
    return socketed_open(&libevent_host, app);
}
#endif

const host hosts[] = {
    {"loopback", loopback_open, loopback_send, loopback_close, no_gaps},
#ifdef HAVE_MICROHTTPD
    {"microhttpd", microhttpd_socketed, socket_send, socketed_close, no_gaps},
#endif
#ifdef HAVE_LIBEVENT
    {"libevent", libevent_socketed, socket_send, socketed_close, libevent_gaps},
#endif
};
const size_t n_hosts = sizeof hosts / sizeof *hosts;

const socket_host *const socket_hosts[] = {
#ifdef HAVE_MICROHTTPD
    &microhttpd_host,
#endif
#ifdef HAVE_LIBEVENT
    &libevent_host,
#endif
    NULL,
};
const size_t n_socket_hosts = sizeof socket_hosts / sizeof *socket_hosts - 1;

static void skip_gap(void **state)
{
    const host_gap *gap = *state;

    print_message("%s\n", gap->why);
    skip();
}

void served_open(served *s, const socket_host *on, const socket_limits *limits)
{
    site_begin(&s->site);
    site_make(&s->site);
    s->host = on;
    s->server = on->open(s->site.app, limits, &s->port);
}

void served_stop(served *s)
{
    s->host->close(s->server);
    s->server = NULL;
}

void served_close(served *s)
{
    if (s->server)
        served_stop(s);
    site_close(&s->site);
}

int served_get(served *s, const char *target)
{
    int fd = wire_connect(s->port, 0);
    wire_reply got = {.status = 0};
    int status = 0;

    if (fd < 0)
        return 0;
    if (wire_print(fd, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target) &&
        wire_read(fd, false, &got) && !got.cut)
        status = got.status;
    wire_reply_fini(&got);
    close(fd);
    return status;
}

void served_check(served *s)
{
    CHECK(site_wait(&s->site.live, 0));
    CHECK(site_wait(&s->site.streams, 0));
    CHECK_INT(served_get(s, "/hello"), 200);
}

/* What a suite is run on. */
typedef struct ground {
    const char *name;
    const host_gap *gaps;
    const void *host;
} ground;

static int run_on(const ground *grounds, size_t n_grounds, const struct CMUnitTest *cases, size_t n)
{
    struct CMUnitTest *all = calloc(n_grounds * n + 1, sizeof *all);
    char(*names)[128] = calloc(n_grounds * n + 1, sizeof *names);
    size_t k = 0;
    int failed;

    if (!all || !names)
        return 1;
    for (size_t h = 0; h < n_grounds; h++)
        for (size_t i = 0; i < n; i++, k++) {
            const host_gap *gap = host_gap_of(grounds[h].gaps, cases[i].name);

            snprintf(names[k], sizeof names[k], "%s: %s", grounds[h].name, cases[i].name);
            all[k] = gap ? (struct CMUnitTest){.test_func = skip_gap} : cases[i];
            all[k].name = names[k];
            all[k].initial_state = gap ? (void *)gap : (void *)grounds[h].host;
        }
    failed = _cmocka_run_group_tests("hosts", all, k, NULL, NULL);
    free(all);
    free(names);
    return failed;
}

int run_on_hosts(const struct CMUnitTest *cases, size_t n)
{
    ground grounds[sizeof hosts / sizeof *hosts];

    for (size_t h = 0; h < n_hosts; h++)
        grounds[h] = (ground){hosts[h].name, hosts[h].gaps, &hosts[h]};
    return run_on(grounds, n_hosts, cases, n);
}

int run_on_socket_hosts(const struct CMUnitTest *cases, size_t n)
{
    ground grounds[sizeof socket_hosts / sizeof *socket_hosts] = {{.name = NULL}};

    for (size_t h = 0; h < n_socket_hosts; h++)
        grounds[h] = (ground){socket_hosts[h]->name, socket_hosts[h]->gaps, socket_hosts[h]};
    return run_on(grounds, n_socket_hosts, cases, n);
}

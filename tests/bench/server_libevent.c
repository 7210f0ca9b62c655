/* SPDX-License-Identifier: MIT */

/*
 * bench-server-libevent FILE      serve a database that bench-server has filled,
 *                                 in a libevent loop; prints the port, stops at EOF
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/http.h>

#include <sacrum/sacrum.h>
#include <sacrum/host/libevent.h>
#include <sacrum/store/lmdb.h>

#include "data.h"

static const sac_resource docs = SAC_RESOURCE(.name = "docs", .fields = bench_fields,
                                              .max_list = SAC_NO_LIMIT);

static void on_input(evutil_socket_t fd, short what, void *self)
{
    char c;

    (void)what;
    if (read(fd, &c, 1) <= 0)
        event_base_loopbreak(self);
}

static int serve(struct event_base *base, struct evhttp *http, sac_app *app, sac_err *err)
{
    struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);
    struct event *input = event_new(base, STDIN_FILENO, EV_READ | EV_PERSIST, on_input, base);
    struct sockaddr_in where;
    socklen_t n = sizeof where;
    sac_libevent *host = NULL;
    int rc = SAC_EIO;

    if (bound && input && event_add(input, NULL) == 0 &&
        getsockname(evhttp_bound_socket_get_fd(bound), (void *)&where, &n) == 0)
        rc = sac_libevent_attach(app, http, NULL, &host, err);
    if (rc == SAC_OK) {
        printf("%u\n", ntohs(where.sin_port));
        fflush(stdout);
        event_base_dispatch(base);
    }
    sac_libevent_free(host);
    if (input)
        event_free(input);
    return rc;
}

int main(int argc, char **argv)
{
    struct event_base *base = event_base_new();
    struct evhttp *http = base ? evhttp_new(base) : NULL;
    char uri[4096];
    sac_app *app = NULL;
    sac_err err = {.code = 0};
    int rc;

    if (argc != 2 || !http)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    snprintf(uri, sizeof uri, "lmdb:%s", argv[1]);

    const sac_app_config config = SAC_APP_CONFIG(.database = uri, .stores = {sac_lmdb});

    rc = sac_app_new(&config, &app, &err);
    if (rc == SAC_OK)
        rc = sac_app_resource(app, "/api/docs", &docs, &err);
    if (rc == SAC_OK)
        rc = serve(base, http, app, &err);
    evhttp_free(http);
    event_base_free(base);
    sac_app_free(app);
    if (rc != SAC_OK)
        fprintf(stderr, "bench-server-libevent: %s\n", err.text);
    return rc == SAC_OK ? 0 : 1;
}

/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const uint64_t millisecond = 1000000;

/*
 * Whether a connection is, or may at once be, in the middle of a request. One
 * that was busy a moment ago gets the time to send the request that is under
 * way, and is told with its answer that the connection ends.
 */
static bool is_busy(conn *c, uint64_t now)
{
    enum { MOMENT = 150 };
    const uint64_t since = atomic_load_explicit(&c->since_ns, memory_order_relaxed);
    int unread = 0;

    if (now < since + MOMENT * millisecond)
        return true;
    return atomic_load_explicit(&c->phase, memory_order_acquire) == PHASE_IDLE &&
           ioctl(c->fd, FIONREAD, &unread) == 0 && unread > 0;
}

static bool is_quiet(sac_microhttpd *server, bool wholly)
{
    const uint64_t now = sac__microhttpd_server_now_ns();

    if (atomic_load(&server->in_flight) > 0)
        return false;
    for (conn *c = server->conns; c && wholly; c = c->next)
        if (is_busy(c, now))
            return false;
    return true;
}

/* Waits until nothing is in flight; `wholly`: nor about to be. */
static void drain(sac_microhttpd *server, uint64_t ns, bool wholly)
{
    const uint64_t until = sac__microhttpd_server_now_ns() + ns;

    pthread_mutex_lock(&server->mutex);
    while (!is_quiet(server, wholly) && sac__microhttpd_server_now_ns() < until)
        sac__microhttpd_server_wait(server, 5 * millisecond);
    pthread_mutex_unlock(&server->mutex);
}

/* Clients that connected before are served; whoever comes now is refused. */
static void close_door(sac_microhttpd *server, int fd)
{
    struct sockaddr_storage from;
    socklen_t n = sizeof from;
    int client;

    if (fd < 0)
        return;
    while ((client = accept(fd, (struct sockaddr *)&from, &n)) >= 0) {
        (void)MHD_add_connection(server->daemon, client, (struct sockaddr *)&from, n);
        n = sizeof from;
    }
    (void)shutdown(fd, SHUT_RDWR);
}

void sac__microhttpd_server_stop(sac_microhttpd *server)
{
    int fd;

    atomic_store(&server->stopping, true);
    fd = MHD_quiesce_daemon(server->daemon);
    close_door(server, fd);
    drain(server, (uint64_t)server->config.stop_timeout * 1000 * millisecond, true);
    /* libmicrohttpd aborts when it is stopped with a suspended connection. */
    atomic_store(&server->aborting, true);
    pthread_mutex_lock(&server->mutex);
    for (conn *c = server->conns; c; c = c->next)
        sac__microhttpd_conn_wake(c);
    pthread_mutex_unlock(&server->mutex);
    drain(server, 500 * millisecond, false);
    MHD_stop_daemon(server->daemon);
    if (fd >= 0)
        close(fd);
}

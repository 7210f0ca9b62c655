/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <sys/socket.h>

/*
 * What libmicrohttpd does not see. A socket that is shut down here is noticed
 * and closed by its loop.
 */
static const uint64_t second = 1000000000;

/* It only knows a timeout between two bytes: a client that sends them one by one never meets it. */
static bool is_slow(const sac_microhttpd *server, const conn *c, int phase, uint64_t age)
{
    const uint64_t head = server->config.header_timeout * second;

    switch (phase) {
    case PHASE_HEAD: return age > head;
    case PHASE_BODY:
        return age > head && atomic_load_explicit(&c->body_read, memory_order_relaxed) <
                                 (age - head) / second * server->config.min_body_rate;
    /* A request line that never ends. */
    case PHASE_IDLE: return age > server->config.idle_timeout * second + head;
    default: return false;
    }
}

/*
 * It misses (0.9.75) the end of a connection that comes together with bytes:
 * its edge of epoll is spent on them.
 */
static bool is_gone(const conn *c, int phase, uint64_t age)
{
    char byte;

    if (phase == PHASE_ANSWER || (phase == PHASE_IDLE && age > 2 * second))
        return false;
    return recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void judge(const sac_microhttpd *server, const conn *c, uint64_t now)
{
    const int phase = atomic_load_explicit(&c->phase, memory_order_acquire);
    const uint64_t since = atomic_load_explicit(&c->since_ns, memory_order_relaxed);
    const uint64_t age = now > since ? now - since : 0;

    if (is_slow(server, c, phase, age) || (age > second / 4 && is_gone(c, phase, age)))
        (void)shutdown(c->fd, SHUT_RDWR);
}

static void *reap(void *self)
{
    sac_microhttpd *server = self;

    pthread_mutex_lock(&server->mutex);
    while (server->reaping) {
        const uint64_t now = sac__microhttpd_server_now_ns();

        for (conn *c = server->conns; c; c = c->next)
            judge(server, c, now);
        sac__microhttpd_server_wait(server, second / 2);
    }
    pthread_mutex_unlock(&server->mutex);
    return NULL;
}

int sac__microhttpd_reaper_start(sac_microhttpd *server)
{
    server->reaping = true;
    if (pthread_create(&server->reaper, NULL, reap, server) == 0)
        return SAC_OK;
    server->reaping = false;
    return SAC_ENOMEM;
}

void sac__microhttpd_reaper_stop(sac_microhttpd *server)
{
    pthread_mutex_lock(&server->mutex);
    server->reaping = false;
    pthread_cond_broadcast(&server->changed);
    pthread_mutex_unlock(&server->mutex);
    pthread_join(server->reaper, NULL);
}

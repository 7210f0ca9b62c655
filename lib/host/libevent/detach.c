/* SPDX-License-Identifier: MIT */
#include "server.h"

static void finish(sac_libevent *host)
{
    void (*done)(void *arg) = host->done;
    void *arg = host->done_arg;

    sac__libevent_host_free(host);
    if (done)
        done(arg);
}

static void cut_all(sac_libevent *host)
{
    while (host->asks)
        sac__libevent_ask_cut(host->asks);
}

/* Time is up: who still waits is told so, and gets a moment to hear it. */
static void abort_all(sac_libevent *host)
{
    const struct timeval moment = {.tv_usec = 500 * 1000};

    host->aborting = true;
    for (ask *a = host->asks, *next; a; a = next) {
        next = a->next;
        sac__libevent_ask_abort(a);
    }
    if (host->asks && event_add(host->on_stop, &moment) != 0)
        cut_all(host);
}

void sac__libevent_stop_quiet(sac_libevent *host)
{
    event_active(host->on_stop, EV_TIMEOUT, 0);
}

void sac__libevent_stop_timer(evutil_socket_t fd, short what, void *self)
{
    sac_libevent *host = self;

    (void)fd;
    (void)what;
    if (!host->leaving)
        return;
    if (host->asks && !host->aborting)
        abort_all(host);
    else
        cut_all(host);
    if (!host->asks)
        finish(host);
}

void sac_libevent_detach(sac_libevent *host, void (*done)(void *arg), void *arg)
{
    const struct timeval wait = {.tv_sec = host->config.stop_timeout};

    host->done = done;
    host->done_arg = arg;
    host->leaving = true;
    if (!host->base)
        finish(host); /* without a socket or a request the loop is not even known */
    else if (!host->asks || event_add(host->on_stop, &wait) != 0)
        sac__libevent_stop_quiet(host);
}

void sac_libevent_free(sac_libevent *host)
{
    if (!host)
        return;
    host->leaving = false;
    cut_all(host);
    sac__libevent_host_free(host);
}

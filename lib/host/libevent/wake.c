/* SPDX-License-Identifier: MIT */
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/eventfd.h>
#endif

/* The loop's base may have no locking: nothing of libevent is called from other threads. */

int sac__libevent_wake_init(sac_libevent *host)
{
#ifdef __linux__
    host->wake_from = host->wake_to = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (host->wake_from < 0)
        return SAC_EIO;
#else
    int ends[2];

    if (pipe(ends) != 0)
        return SAC_EIO;
    for (int i = 0; i < 2; i++) {
        (void)fcntl(ends[i], F_SETFD, FD_CLOEXEC);
        (void)fcntl(ends[i], F_SETFL, O_NONBLOCK);
    }
    host->wake_from = ends[0];
    host->wake_to = ends[1];
#endif
    if (pthread_mutex_init(&host->lock, NULL) == 0)
        return SAC_OK;
    close(host->wake_from);
    if (host->wake_to != host->wake_from)
        close(host->wake_to);
    return SAC_ENOMEM;
}

void sac__libevent_wake_fini(sac_libevent *host)
{
    pthread_mutex_destroy(&host->lock);
    close(host->wake_from);
    if (host->wake_to != host->wake_from)
        close(host->wake_to);
}

/* With the lock held. */
static void take_out(ask *a)
{
    ask_list *list = &a->host->woken;

    if (a->prev_woken)
        a->prev_woken->next_woken = a->next_woken;
    else
        list->first = a->next_woken;
    if (a->next_woken)
        a->next_woken->prev_woken = a->prev_woken;
    else
        list->last = a->prev_woken;
    a->woken = false;
}

/* Under the exchange's lock: it takes none that is held while an exchange is called. */
void sac__libevent_wake_ask(void *self)
{
    static const uint64_t one = 1;
    ask *a = self;
    sac_libevent *host = a->host;

    pthread_mutex_lock(&host->lock);
    if (!a->woken) {
        ask_list *list = &host->woken;
        const bool first = !list->first;

        a->woken = true;
        a->next_woken = NULL;
        a->prev_woken = list->last;
        if (list->last)
            list->last->next_woken = a;
        else
            list->first = a;
        list->last = a;
        if (first) /* a full pipe has woken the loop already */
            while (write(host->wake_to, &one, sizeof one) < 0 && errno == EINTR)
                ;
    }
    pthread_mutex_unlock(&host->lock);
}

void sac__libevent_wake_forget(ask *a)
{
    pthread_mutex_lock(&a->host->lock);
    if (a->woken)
        take_out(a);
    pthread_mutex_unlock(&a->host->lock);
}

static ask *next_woken(sac_libevent *host)
{
    ask *a;

    pthread_mutex_lock(&host->lock);
    a = host->woken.first;
    if (a)
        take_out(a);
    pthread_mutex_unlock(&host->lock);
    return a;
}

static ask *last_woken(sac_libevent *host)
{
    ask *a;

    pthread_mutex_lock(&host->lock);
    a = host->woken.last;
    pthread_mutex_unlock(&host->lock);
    return a;
}

/* Serves those that are there; who is woken meanwhile waits for the loop's next turn. */
void sac__libevent_wake_read(evutil_socket_t fd, short what, void *self)
{
    sac_libevent *host = self;
    const ask *last = last_woken(host);
    char drained[256];
    ask *a = NULL;

    (void)what;
    while (read(fd, drained, sizeof drained) == (ssize_t)sizeof drained)
        ;
    while (a != last && (a = next_woken(host)))
        sac__libevent_ask_advance(a);
    if (last_woken(host))
        event_active(host->on_wake, EV_READ, 0);
}

/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "serve.h"

enum { WIDTH = 30 };

static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

void progress_catch_signals(void)
{
    const struct sigaction action = {.sa_handler = stop, .sa_flags = SA_RESTART};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void show_bar(const progress *p, const sac_transfer_progress *now)
{
    const double share = now->total > 0 ? (double)now->done / (double)now->total : 0;
    const int full = (int)(WIDTH * (share > 1 ? 1 : share));
    const double passed = seconds() - p->began;

    fprintf(stderr, "\r%s %-20s ", now->verifying ? "comparing" : "copying  ", now->collection);
    if (now->total > 0) {
        fputc('[', stderr);
        for (int i = 0; i < WIDTH; i++)
            fputc(i < full ? '#' : '.', stderr);
        fprintf(stderr, "] %3.0f %% ", 100 * (share > 1 ? 1 : share));
    }
    fprintf(stderr, "%" PRId64, now->done);
    if (passed > 0.5)
        fprintf(stderr, ", %.0f/s", (double)(now->done - p->before) / passed);
    fputs("\033[K", stderr);
}

static void show_line(const sac_transfer_progress *now)
{
    fprintf(stderr, "serve: %s: %s", now->collection, now->verifying ? "comparing" : "copying");
    if (now->total >= 0)
        fprintf(stderr, " %" PRId64 " documents", now->total);
    if (!now->verifying && now->done > 0)
        fprintf(stderr, ", %" PRId64 " are there", now->done);
    fputc('\n', stderr);
}

int progress_show(void *self, const sac_transfer_progress *now)
{
    progress *p = self;
    const double at = seconds();
    const bool another = !p->collection || strcmp(p->collection, now->collection) != 0 ||
                         p->verifying != now->verifying;

    if (another) {
        p->collection = now->collection;
        p->verifying = now->verifying;
        p->began = at;
        p->before = now->verifying ? 0 : now->done;
    }
    if (p->bar && (another || at - p->shown > 0.1)) {
        p->shown = at;
        show_bar(p, now);
    } else if (!p->bar && another) {
        show_line(now);
    }
    return stopped;
}

void progress_end(progress *p)
{
    if (p->bar && p->collection)
        fputs("\r\033[K", stderr);
}

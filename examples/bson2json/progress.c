/* SPDX-License-Identifier: MIT */
#include "bson2json.h"

#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

void progress_start(progress *p, int in, bool quiet)
{
    struct stat st;

    *p = (progress){.shown = !quiet && isatty(STDERR_FILENO), .began = seconds()};
    p->last = p->began;
    if (fstat(in, &st) == 0 && S_ISREG(st.st_mode))
        p->total = (uint64_t)st.st_size;
}

void progress_show(progress *p)
{
    double now, passed;

    if (!p->shown)
        return;
    now = seconds();
    passed = now - p->began;
    if (passed < 1 || now - p->last < 0.2)
        return;
    p->last = now;
    fprintf(stderr, "\r%.1f MB", (double)p->bytes / 1e6);
    if (p->total)
        fprintf(stderr, ", %.0f %%", 100.0 * (double)p->bytes / (double)p->total);
    fprintf(stderr, ", %.1f MB/s, %.0f documents/s\033[K", (double)p->bytes / 1e6 / passed,
            (double)p->documents / passed);
}

void progress_clear(progress *p)
{
    if (p->last > p->began)
        fputs("\r\033[K", stderr);
}

void complain(progress *p, const char *format, ...)
{
    va_list arguments;

    progress_clear(p);
    fputs("bson2json: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

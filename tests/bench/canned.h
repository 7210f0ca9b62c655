/* SPDX-License-Identifier: MIT */
#ifndef BENCH_CANNED_H
#define BENCH_CANNED_H

#include <stddef.h>

/*
 * An answer that a bare handler gives to every request, from a file that
 * holds the status, header lines, an empty line and the body.
 */
typedef struct canned {
    int status;
    char *text, *body;
    size_t body_n;
    char *names[32], *values[32];
    int n;
} canned;

/* For the life of the program. 0, or -1 when there is no such answer. */
int canned_load(const char *path, canned *out);

#endif

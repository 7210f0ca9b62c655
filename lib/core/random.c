/* SPDX-License-Identifier: MIT */
#include "core/random.h"

#include <errno.h>
#include <sys/random.h>

int sac__random(void *p, size_t n)
{
    char *out = p;
    ssize_t got;

    while (n > 0) {
        got = getrandom(out, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return SAC_EIO;
        out += got;
        n -= (size_t)got;
    }
    return SAC_OK;
}

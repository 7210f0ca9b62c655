/* SPDX-License-Identifier: MIT */

/* generate NUMBER [SEED]: ordinary documents of generate.h to standard output. */
#include <stdio.h>
#include <stdlib.h>

#include "support/generate.h"

int main(int argc, char **argv)
{
    static char bytes[GENERATE_MAX];
    const uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 0;
    const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : GENERATE_SEED;

    for (uint64_t i = 0; i < n; i++) {
        const sac_str doc = generate_doc(seed, i, true, bytes);

        if (fwrite(doc.p, 1, doc.n, stdout) != doc.n)
            return 1;
    }
    return fflush(stdout) != 0 || n == 0;
}

/* SPDX-License-Identifier: MIT */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void check_str(sac_str got, const char *want, const char *file, int line)
{
    if (sac_str_is(got, want))
        return;
    print_error("%s:%d: got \"%.*s\", want \"%s\"\n", file, line, (int)got.n, got.p ? got.p : "",
                want);
    _fail(file, line);
}

static void *fault_resize(void *self, void *p, size_t old, size_t n)
{
    fault_alloc *fault = self;

    (void)old;
    if (n == 0) {
        if (p)
            __atomic_sub_fetch(&fault->live, 1, __ATOMIC_RELAXED);
        free(p);
        return NULL;
    }
    __atomic_add_fetch(&fault->calls, 1, __ATOMIC_RELAXED);
    if (fault->left >= 0 && __atomic_fetch_sub(&fault->left, 1, __ATOMIC_RELAXED) <= 0) {
        fault->left = fault->once ? -1 : 0;
        return NULL;
    }
    p = p ? realloc(p, n) : malloc(n);
    if (p && old == 0)
        __atomic_add_fetch(&fault->live, 1, __ATOMIC_RELAXED);
    return p;
}

const sac_alloc *fault_alloc_init(fault_alloc *fault, long left)
{
    *fault = (fault_alloc){.alloc = SAC_ALLOC(.resize = fault_resize, .self = fault), .left = left};
    return &fault->alloc;
}

sac_str read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    sac_str s = {NULL, 0};
    char *p = NULL;
    long n;

    if (!f)
        return s;
    if (fseek(f, 0, SEEK_END) == 0 && (n = ftell(f)) >= 0 && fseek(f, 0, SEEK_SET) == 0) {
        p = malloc((size_t)n + 1);
        if (p && fread(p, 1, (size_t)n, f) == (size_t)n) {
            p[n] = '\0';
            s = sac_str_n(p, (size_t)n);
            p = NULL;
        }
    }
    free(p);
    fclose(f);
    return s;
}

const char *suite_path(const char *name)
{
    static char path[4096];
    const char *root = getenv("SACRUM_SUITES");

    snprintf(path, sizeof path, "%s/%s", root ? root : "../shared/suites", name);
    return access(path, R_OK) == 0 ? path : NULL;
}

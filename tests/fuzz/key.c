/* SPDX-License-Identifier: MIT */
#include "bson/key.h"
#include "fuzz.h"

enum { VALUES = 4 };

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static void compare(const sac_value *a, const sac_value *b, const sac__buf *ka, const sac__buf *kb)
{
    const size_t n = ka->n < kb->n ? ka->n : kb->n;
    const int order = memcmp(ka->p, kb->p, n);

    HOLD(sign(order) == sign(sac_value_compare(a, b)));
    HOLD(sign(order) == -sign(sac_value_compare(b, a)));
    HOLD(order != 0 || ka->n == kb->n); /* no key is the beginning of another */
}

/* A document: its first values are compared each with each. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const sac_str doc = sac_str_n(data, size);
    const bool sound = sac_bson_check(doc, NULL) == SAC_OK;
    sac_value values[VALUES];
    sac__buf keys[VALUES];
    sac_bson_iter iter;
    size_t n = 0;

    if (sac_bson_iter_init(&iter, doc) != SAC_OK)
        return 0;
    while (n < VALUES && sac_bson_iter_next(&iter) == 1) {
        int rc;

        sac__buf_init(&keys[n], NULL, (size_t)1 << 20);
        values[n] = iter.value;
        rc = sac__bson_key(&values[n], &keys[n]);
        HOLD(rc == SAC_OK || !sound);
        if (rc == SAC_OK)
            n++;
        else
            sac__buf_fini(&keys[n]);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k <= i; k++)
            compare(&values[i], &values[k], &keys[i], &keys[k]);
    for (size_t i = 0; i < n; i++)
        sac__buf_fini(&keys[i]);
    return 0;
}

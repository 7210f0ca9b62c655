/* SPDX-License-Identifier: MIT */
#include "auth/origins.h"

#include "app/app.h"
#include "http/url.h"

int sac__origins_copy(sac_app *app, const char *what, const char *const *list, sac__origins *out,
                      sac_err *err)
{
    sac__origins made = {.n = 0};
    size_t n = 0;

    while (list && list[n])
        n++;
    made.v = sac__app_get(app, (n + 1) * sizeof *made.v);
    for (; made.v && made.n < n; made.n++) {
        const char *origin = list[made.n];

        if (!sac__origin_valid(sac_str_of(origin)))
            return sac_err_set(err, SAC_EINVAL, "%s: %.100s is no origin", what, origin);
        made.v[made.n] = sac__app_dup(app, origin);
        if (!made.v[made.n].p)
            break;
    }
    if (!made.v || made.n < n)
        return sac_err_set(err, SAC_ENOMEM, "%s: no memory", what);
    *out = made;
    return SAC_OK;
}

bool sac__origins_have(const sac__origins *origins, sac_str origin)
{
    for (size_t i = 0; i < origins->n; i++)
        if (sac_str_eq(origins->v[i], origin))
            return true;
    return false;
}

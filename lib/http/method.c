/* SPDX-License-Identifier: MIT */
#include "http/method.h"

static const sac_str names[SAC__METHODS] = {
    {"GET", 3}, {"HEAD", 4}, {"POST", 4}, {"PUT", 3}, {"PATCH", 5}, {"DELETE", 6}, {"OPTIONS", 7},
};

unsigned sac__method_of(sac_str name)
{
    for (unsigned i = 0; i < SAC__METHODS; i++)
        if (sac_str_eq(names[i], name))
            return 1U << i;
    return 0;
}

sac_str sac__method_name(unsigned method)
{
    for (unsigned i = 0; i < SAC__METHODS; i++)
        if (method == 1U << i)
            return names[i];
    return sac_str_n(NULL, 0);
}

void sac__method_list(unsigned methods, sac__buf *out)
{
    const char *between = "";

    for (unsigned i = 0; i < SAC__METHODS; i++) {
        if (!(methods & 1U << i))
            continue;
        sac__buf_add_text(out, between);
        sac__buf_add_str(out, names[i]);
        between = ", ";
    }
}

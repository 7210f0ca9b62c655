/* SPDX-License-Identifier: MIT */
#include "json/decoder/decoder.h"

/* What wire.md forbids in keys. */

static const char *bad_segment(sac_str name, const sac__place *up, sac_str before, bool operators)
{
    while (up && up->in_array)
        up = up->up;
    if (name.n == 0)
        return "bad key: empty";
    if (name.p[0] == '$' && !operators)
        return "bad key: begins with $";
    if (sac_str_is(name, "__proto__"))
        return "bad key: __proto__";
    if (sac_str_is(name, "prototype") &&
        (sac_str_is(before, "constructor") ||
         (!before.p && up && sac_str_is(up->shown, "constructor"))))
        return "bad key: prototype of constructor";
    return NULL;
}

const char *sac__decoder_bad_key(const sac__decoder *d, const sac__place *at)
{
    const bool operators = d->how->operators;
    sac_str key = at->shown;
    sac_str before = {NULL, 0};
    const char *dot, *why;

    if (!operators && !(d->how->dotted && at->depth == 1)) {
        if (key.n > 0 && memchr(key.p, '.', key.n))
            return "bad key: has a dot";
        return bad_segment(key, at->up, before, false);
    }
    while (key.n > 0 && (dot = memchr(key.p, '.', key.n)) != NULL) {
        const sac_str name = sac_str_n(key.p, (size_t)(dot - key.p));

        why = bad_segment(name, at->up, before, operators);
        if (why)
            return why;
        before = name;
        key = sac_str_n(dot + 1, key.n - name.n - 1);
    }
    return bad_segment(key, at->up, before, operators);
}

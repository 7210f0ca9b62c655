/* SPDX-License-Identifier: MIT */
#ifndef STORE_INDEX_H
#define STORE_INDEX_H

#include <sacrum/err.h>
#include <sacrum/index.h>
#include <sacrum/str.h>

/* What the keys of an index may be: "city,-name". */
enum {
    SAC__INDEX_FIELDS = 32,
    SAC__INDEX_NAME = 127,
    SAC__INDEX_FIELD = 255,
    SAC__INDEX_KEYS = 1000
};

/* Takes the first field off the keys of an index. */
static inline sac_str sac__index_field(sac_str *keys, bool *descending)
{
    const char *comma = memchr(keys->p, ',', keys->n);
    sac_str field = sac_str_n(keys->p, comma ? (size_t)(comma - keys->p) : keys->n);
    const size_t used = field.n + (comma ? 1 : 0);

    *keys = sac_str_n(keys->p + used, keys->n - used);
    *descending = field.n > 0 && field.p[0] == '-';
    return *descending ? sac_str_n(field.p + 1, field.n - 1) : field;
}

/* As MongoDB names it: "city,-name" is "city_1_name_-1". SAC_EINVAL: too long. */
int sac__index_name(const char *keys, char name[SAC__INDEX_NAME + 1], sac_err *err) SAC_MUST_USE;

#endif

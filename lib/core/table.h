/* SPDX-License-Identifier: MIT */
#ifndef CORE_TABLE_H
#define CORE_TABLE_H

#include <sacrum/err.h>

/* Of a table (or a row of one) that a newer library's header made. */
static inline int sac__table_newer(const char *what, size_t size, size_t known, sac_err *err)
{
    return sac_err_set(err, SAC_EVERSION, "%s of a newer libsacrum: %zu bytes, %zu are known", what,
                       size, known);
}

#endif
